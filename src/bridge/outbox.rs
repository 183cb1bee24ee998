//! What was accepted and is not done is carried out in the background, until it is: what takes access away first, one resource
//! after the other, through the vendor's limits like every call. What fails is tried again later and later, and keeps nobody
//! else waiting.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::intent::{Outcome, concluded};
use super::lock::{Held, Locks};
use super::write::{self, Write};
use super::{Context, Error, Integration, Trail};
use crate::clock::Clock;
use crate::scim::request::Action;
use crate::store::{Intent, Named, Target};

/// How long one change may take in the background.
const TURN: Duration = Duration::from_secs(25);
/// The waits after the first tries; the last one holds for all others.
const WAITS: [u64; 4] = [1, 5, 15, 60];
/// The wait after a refusal.
const PARKED: Duration = Duration::from_secs(15 * 60);
/// So many failures one after the other are the vendor's: the rest of a round would fail, too.
const IN_A_ROW: u32 = 4;
/// After so long, what takes nobody's access away is given up.
const GIVEN_UP: i64 = 7 * 24 * 60 * 60 * 1_000;

/// What is to be carried out, and when.
#[derive(Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    woken: Arc<Notify>,
    turns: Locks,
}

#[derive(Default)]
struct State {
    /// Whether somebody looks after it.
    running: bool,
    /// When what was tried is to be tried again.
    next: HashMap<u64, Instant>,
}

impl Outbox {
    /// Waits until it is somebody's turn to change a resource, or to make one of a name.
    ///
    /// # Errors
    /// When another's turn takes longer.
    pub async fn turn(&self, target: &Target, deadline: Instant) -> Result<Held, Error> {
        let place = match &target.named {
            Named::Id(id) => format!("id {id}"),
            Named::Name(name) => format!("name {name}"),
        };
        self.turns.hold(target.resource, &place, deadline).await
    }

    /// Notes that a change is to be tried again.
    pub fn note(&self, number: u64, outcome: Outcome, tries: u32) {
        let step = usize::try_from(tries).unwrap_or(usize::MAX).min(WAITS.len() - 1);
        let wait = if outcome == Outcome::Parked { PARKED } else { Duration::from_secs(WAITS[step]) };
        self.lock().next.insert(number, Instant::now() + wait);
    }

    pub fn forget(&self, number: u64) {
        self.lock().next.remove(&number);
    }

    fn not_before(&self, number: u64) -> Option<Instant> {
        self.lock().next.get(&number).copied().filter(|next| *next > Instant::now())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Integration {
    /// Goes on with what was not done when the bridge last ended.
    pub fn resume(self: &Arc<Self>) {
        self.look_after_intents();
        self.resume_nested();
    }

    /// Sees to it that what was accepted is carried out, soon and in the background.
    pub(super) fn look_after_intents(self: &Arc<Self>) {
        let running = std::mem::replace(&mut self.outbox.lock().running, true);
        if running {
            self.outbox.woken.notify_one();
        } else {
            self.come_back_for_intents(Duration::ZERO);
        }
    }

    /// Waits outside of what a stopping bridge waits for, and holds nothing that would keep it.
    fn come_back_for_intents(self: &Arc<Self>, after: Duration) {
        let (integration, woken) = (Arc::downgrade(self), self.outbox.woken.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = sleep(after) => {}
                () = woken.notified() => {}
            }
            let integration = integration.upgrade().filter(|integration| !integration.tasks.is_closed());
            let Some(integration) = integration else { return };
            let tasks = integration.tasks.clone();
            tasks.spawn(async move {
                match integration.carry_on().await {
                    Some(next) => {
                        integration.come_back_for_intents(next.saturating_duration_since(Instant::now()));
                    }
                    None => integration.rest_from_intents(),
                }
            });
        });
    }

    /// Nothing was left. Whoever has left something since finds out that nobody looks after it, or is found here.
    fn rest_from_intents(self: &Arc<Self>) {
        *self.outbox.lock() = State::default();
        if futures_util::FutureExt::now_or_never(self.outbox.woken.notified()).is_some() {
            self.look_after_intents();
        }
    }

    /// One round. Gives when the next is due, if anything is left.
    async fn carry_on(self: &Arc<Self>) -> Option<Instant> {
        let soon = || Some(Instant::now() + Duration::from_secs(WAITS[0]));
        let Ok(all) = self.store.intents(&self.name).await else { return soon() };
        let mut order: Vec<Target> = Vec::new();
        let mut due: HashMap<Target, BTreeMap<u64, Intent>> = HashMap::new();
        for intent in all {
            let Some(target) = Target::of(&intent.request) else { continue };
            let about = due.entry(target.clone()).or_insert_with(|| {
                order.push(target);
                BTreeMap::new()
            });
            about.insert(intent.number, intent);
        }
        let mut next: Option<Instant> = None;
        let mut in_a_row = 0;
        for target in order {
            if self.tasks.is_closed() {
                return None;
            }
            let first = due.remove(&target).and_then(|about| about.into_keys().next());
            let at = first.and_then(|first| self.outbox.not_before(first));
            let at = match at {
                Some(at) => Some(at),
                None if in_a_row >= IN_A_ROW => soon(),
                None => {
                    let at = self.carry_on_with(&target).await;
                    in_a_row = if at.is_some() { in_a_row + 1 } else { 0 };
                    at
                }
            };
            if let Some(at) = at {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        next
    }

    /// Carries out what was accepted about one resource, in order; gives when the rest is due, if there is any.
    async fn carry_on_with(self: &Arc<Self>, target: &Target) -> Option<Instant> {
        let soon = || Some(Instant::now() + Duration::from_secs(WAITS[0]));
        let deadline = Instant::now() + TURN;
        let Ok(_turn) = self.outbox.turn(target, deadline).await else { return soon() };
        // What has been done meanwhile is not done once more.
        let Ok(intents) = self.store.intents_for(&self.name, target).await else { return soon() };
        for intent in intents {
            // It was tried meanwhile, by the request that brought it.
            if let Some(at) = self.outbox.not_before(intent.number) {
                match intent.parked {
                    true => continue,
                    false => return Some(at),
                }
            }
            let context = Context { deadline, trail: Trail::default() };
            let (outcome, error) = self.try_again(&intent, &context).await;
            if self.conclude(&intent, outcome, error.as_ref()).await.is_err() {
                return soon();
            }
            match outcome {
                Outcome::Again => return self.outbox.not_before(intent.number).or_else(soon),
                Outcome::Parked | Outcome::Done | Outcome::Refused => {}
            }
        }
        let left = self.store.intents_for(&self.name, target).await.ok()?;
        left.iter().filter_map(|intent| self.outbox.not_before(intent.number)).min()
    }

    async fn try_again(self: &Arc<Self>, intent: &Intent, context: &Context) -> (Outcome, Option<Error>) {
        let age = Clock::system().now().as_millisecond().saturating_sub(intent.since);
        if let Action::Create(body) = &intent.request.action {
            // It is looked for, and never sent again from here: whoever wanted it was told that it may not be there.
            let made = Write::of(self, &intent.request, context).made_in_doubt(body, intent.since).await;
            let over = age >= self.doubt().as_millis().try_into().unwrap_or(i64::MAX);
            return match made {
                Ok(Some(_)) => (Outcome::Done, None),
                Ok(None) if over => (Outcome::Done, None),
                Ok(None) => (Outcome::Again, None),
                Err(error) if age < GIVEN_UP => (Outcome::Again, Some(error)),
                Err(error) => (Outcome::Refused, Some(error)),
            };
        }
        let result = write::write(self, intent.request.clone(), context).await;
        let outcome = match concluded(&result, intent.revokes, &context.trail) {
            // It was accepted: that nothing was sent this time does not end it.
            _ if result.as_ref().is_err_and(Error::passes) => Outcome::Again,
            outcome => outcome,
        };
        let given_up = outcome == Outcome::Again && !intent.revokes && age >= GIVEN_UP;
        (if given_up { Outcome::Refused } else { outcome }, result.err())
    }
}
