//! The rules of users run again because their groups have changed: at once for the request that changed them, and in the
//! background for whatever a request left undone.
//!
//! In the background one user is renewed at a time, those who may lose something first, through the vendor's limits like
//! every call. Who fails is tried again later and later, and keeps nobody else waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use compact_str::CompactString;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::{Context, Error, Integration, Kind, Trail, read};
use crate::emulation;
use crate::mapping::{Given, Operation};
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;
use crate::store::Debt;

/// How many users are brought up to date at a time for one request.
const AT_ONCE: usize = 4;
/// How long one thing may take in the background.
const TURN: Duration = Duration::from_secs(25);
/// The waits after the first tries that failed; the last one holds for all others.
const WAITS: [u64; 4] = [1, 5, 15, 60];
/// The wait after a refusal that may be for good, such as 403 for an account that the vendor protects.
const PARKED: Duration = Duration::from_secs(15 * 60);
/// So many failures one after the other are the vendor's, and not the users'.
const IN_A_ROW: u32 = 8;
/// After so many tries a user is left to the background: no request fails because of him any more.
const TRIES: u32 = 8;

/// What is left to be made up for, and what was tried.
#[derive(Default)]
pub(super) struct Renewals {
    state: Mutex<State>,
    woken: Arc<Notify>,
}

#[derive(Default)]
struct State {
    /// Whether somebody looks after it.
    running: bool,
    tried: HashMap<CompactString, Tried>,
}

struct Tried {
    times: u32,
    next: Instant,
}

impl Renewals {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a failure; gives how many there were.
    fn failed(&self, what: &str, error: &Error) -> u32 {
        let mut state = self.lock();
        let tried = state.tried.entry(what.into()).or_insert(Tried { times: 0, next: Instant::now() });
        let step = usize::try_from(tried.times).unwrap_or(usize::MAX).min(WAITS.len() - 1);
        tried.times = tried.times.saturating_add(1);
        tried.next = Instant::now() + if error.passes() { Duration::from_secs(WAITS[step]) } else { PARKED };
        tried.times
    }

    fn succeeded(&self, what: &str) {
        self.lock().tried.remove(what);
    }

    /// When it is worth trying again, if that is later.
    fn not_before(&self, what: &str) -> Option<Instant> {
        self.lock().tried.get(what).map(|tried| tried.next).filter(|next| *next > Instant::now())
    }
}

impl Integration {
    /// Runs the rules again for those whom a change of a group concerns, now or from an earlier time when it failed: the
    /// client repeats what failed, and then the group does not change any more. Those who lose something come first; one
    /// who fails does not keep the others waiting.
    ///
    /// # Errors
    /// The first failure that a repetition may mend. What the vendor refuses for good is no reason to repeat the request:
    /// it was carried out, and the operator hears of the rest.
    pub(super) async fn bring_up_to_date(
        self: &Arc<Self>,
        group: &str,
        context: &Context,
    ) -> Result<(), Error> {
        let mut failed = None;
        let mut report = |result: Result<(), Error>| failed = failed.take().or(result.err());
        let mut pending = FuturesUnordered::new();
        for debt in self.store.owed(&self.name, Some(group)).await? {
            if pending.len() == AT_ONCE
                && let Some(result) = pending.next().await
            {
                report(result);
            }
            pending.push(self.renew(debt, context));
        }
        while let Some(result) = pending.next().await {
            report(result);
        }
        failed.map_or(Ok(()), Err)
    }

    /// Renews one user. An error is one that a repetition may mend; any failure is noted, and tried again in the
    /// background.
    async fn renew(self: &Arc<Self>, debt: Debt, context: &Context) -> Result<(), Error> {
        let user = debt.user;
        if Instant::now() >= context.deadline {
            self.make_up_for_it();
            return Err(Error::overdue().because("there was no time left to renew all users of a group"));
        }
        let _held = match self.locks.hold(ResourceType::User, &user, context.deadline).await {
            Ok(held) => held,
            Err(error) => {
                self.make_up_for_it();
                return Err(error);
            }
        };
        // Somebody else may have done it since, or may owe him again: what is settled is what is read after this.
        let Some(debt) = self.store.debt(&self.name, &user).await? else { return Ok(()) };
        match self.run_rules_again(&user, context).await {
            Ok(()) => {
                self.renewals.succeeded(&user);
                Ok(self.store.settle(&self.name, &debt).await?)
            }
            Err(error) => {
                let times = self.renewals.failed(&user, &error);
                self.make_up_for_it();
                let integration = self.name.as_str();
                tracing::warn!(integration, times, %error, "a user could not be renewed after a change of groups");
                if error.passes() && times < TRIES { Err(error) } else { Ok(()) }
            }
        }
    }

    async fn run_rules_again(self: &Arc<Self>, user: &str, context: &Context) -> Result<(), Error> {
        let resource = ResourceType::User;
        if self.is_buried(resource, user).await? {
            return Ok(());
        }
        let why = "its groups have changed, and a rule depends on them";
        let before = match read::fetch(self, resource, user, &Projection::default(), why, context).await {
            Ok(before) => before,
            Err(error) if error.kind == Kind::NotFound => return Ok(()), // a member that is a group, or gone
            Err(error) => return Err(error),
        };
        let canonical = self.back(resource, before.clone()).await?;
        let groups = self.groups_of(Some(user), context).await?;
        let known = self.noted(resource, user).await?;
        let known = known.as_deref();
        let (groups, old, operation) = (groups.as_ref(), Some(&canonical), Operation::Patch);
        let given = Given { groups, old, regrouped: true, operation, known, ..Given::default() };
        let after = self.forward(resource, canonical.clone(), &given, Some(&before), context)?;
        let noted = self.to_note(resource, &after, Some(&before), known);
        let calls =
            emulation::change(&self.profile, resource, user, &before, &after, self.catalog(resource))?;
        for call in calls {
            let reply = self.call(&call, context).await?;
            if !reply.is_success() && reply.status != 404 {
                return Err(reply.error(&call));
            }
        }
        self.note_sent(resource, user, noted).await
    }

    /// Sees to it that what is owed is made up for, soon and in the background.
    pub(super) fn make_up_for_it(self: &Arc<Self>) {
        let running = std::mem::replace(&mut self.renewals.lock().running, true);
        if running {
            self.renewals.woken.notify_one();
        } else {
            self.come_back(Duration::from_secs(WAITS[0]));
        }
    }

    /// Waits outside of what a stopping bridge waits for, and holds nothing that would keep it.
    fn come_back(self: &Arc<Self>, after: Duration) {
        let (integration, woken) = (Arc::downgrade(self), self.renewals.woken.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = sleep(after) => {}
                () = woken.notified() => sleep(Duration::from_secs(WAITS[0])).await,
            }
            let Some(integration) =
                integration.upgrade().filter(|integration| !integration.tasks.is_closed())
            else {
                return;
            };
            let tasks = integration.tasks.clone();
            tasks.spawn(async move {
                let next = integration.make_up().await;
                match next {
                    Some(next) => integration.come_back(next.saturating_duration_since(Instant::now())),
                    None => integration.rest(),
                }
            });
        });
    }

    /// Nothing was left. Whoever has left something since finds out that nobody looks after it, or is found here.
    fn rest(self: &Arc<Self>) {
        *self.renewals.lock() = State::default();
        if futures_util::FutureExt::now_or_never(self.renewals.woken.notified()).is_some() {
            self.make_up_for_it();
        }
    }

    /// One round. Gives when the next is due, if anything is left.
    async fn make_up(self: &Arc<Self>) -> Option<Instant> {
        let soon = || Instant::now() + Duration::from_secs(WAITS[0]);
        let turn = || Context { deadline: Instant::now() + TURN, trail: Trail::default() };
        let mut next: Option<Instant> = None;
        let mut later = |at: Instant| next = Some(next.map_or(at, |next| next.min(at)));
        let (Ok(doubtful), Ok(owed)) =
            (self.store.doubtful(&self.name).await, self.store.owed(&self.name, None).await)
        else {
            return Some(soon());
        };
        if doubtful.is_empty() && owed.is_empty() {
            return None;
        }
        if let Some(at) = self.not_learnt(&turn()).await {
            return Some(at);
        }
        for group in doubtful {
            if self.tasks.is_closed() {
                return None;
            }
            if let Some(at) = self.clear_up(&group, &turn()).await {
                later(at);
            }
        }
        // Those whom a group concerned that was cleared up are owed, too.
        let Ok(owed) = self.store.owed(&self.name, None).await else { return Some(soon()) };
        let mut in_a_row = 0;
        for debt in owed {
            if self.tasks.is_closed() {
                return None;
            }
            if in_a_row == IN_A_ROW {
                return Some(Instant::now() + Duration::from_secs(WAITS[2]));
            }
            let user = debt.user.clone();
            if self.renewals.not_before(&user).is_none() {
                let renewed = self.renew(debt, &turn()).await; // a failure is noted
                in_a_row = if renewed.is_err() { in_a_row + 1 } else { 0 };
            }
            if let Some(at) = self.renewals.not_before(&user) {
                later(at);
            }
        }
        // One who was owed again while he was renewed, by somebody who does it himself or fails to.
        let left = self.store.owed(&self.name, None).await.map_or(true, |owed| !owed.is_empty());
        next.or_else(|| left.then(soon))
    }

    /// Learns the groups if they are not known; when to try again, if they cannot be learnt.
    async fn not_learnt(self: &Arc<Self>, context: &Context) -> Option<Instant> {
        const LEARNING: &str = "";
        match self.know_groups(context).await {
            Ok(()) => {
                self.renewals.succeeded(LEARNING);
                None
            }
            Err(error) => {
                self.renewals.failed(LEARNING, &error);
                self.renewals.not_before(LEARNING)
            }
        }
    }

    /// Reads a group that is in doubt; when to try again, if it cannot be read.
    async fn clear_up(self: &Arc<Self>, group: &str, context: &Context) -> Option<Instant> {
        let what = format!("Groups/{group}");
        if let Some(at) = self.renewals.not_before(&what) {
            return Some(at);
        }
        let cleared = match self.locks.hold(ResourceType::Group, group, context.deadline).await {
            Ok(_held) => self.learn_group(group, context).await,
            Err(error) => Err(error),
        };
        match cleared {
            Ok(()) => {
                self.renewals.succeeded(&what);
                None
            }
            Err(error) => {
                let times = self.renewals.failed(&what, &error);
                let integration = self.name.as_str();
                tracing::warn!(integration, times, %error, "a group whose change is in doubt could not be read");
                self.renewals.not_before(&what)
            }
        }
    }
}
