//! One account at a vendor: so many calls a second, so many at once, and a pause when the vendor asks for one. Shared by
//! the integrations that use the account, since the vendor counts them together.
//!
//! Calls wait in two queues, urgent (revokes) and ordinary, each first come first served; the ordinary one moves only
//! while the urgent one is empty. Only the call at the head tries for a place, so that a place goes to whoever is next
//! and not to whoever wakes first. A stream of urgent calls can keep ordinary ones waiting up to their deadlines, which
//! is meant: a leaver's access is worth more than a joiner's.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::buckets::{Bucket, Counted, Keyed};
use super::failure::Failure;

/// The limits of one vendor account, and who waits for them. Clones are the same account.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

/// So many calls in a time.
pub(super) type Limiter = RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Nanos>>;

/// A limiter for each key that keeps the runtime's time.
pub(super) fn keyed(quota: Quota) -> Keyed {
    RateLimiter::new(quota, HashMapStateStore::default(), RuntimeClock(Instant::now()))
}

/// A limiter that keeps the runtime's time.
pub(super) fn limiter(quota: Quota) -> Limiter {
    RateLimiter::direct_with_clock(quota, RuntimeClock(Instant::now()))
}

struct Inner {
    limiter: Limiter,
    buckets: Vec<Bucket>,
    state: Mutex<State>,
}

struct State {
    /// Calls that may still begin.
    free: usize,
    paused: Option<Instant>,
    /// Those who wait: urgent, ordinary.
    queues: [VecDeque<Arc<Notify>>; 2],
}

impl State {
    /// Whose turn it is.
    fn head(&self) -> Option<&Arc<Notify>> {
        self.queues.iter().find_map(VecDeque::front)
    }

    fn wake_head(&self) {
        if let Some(head) = self.head() {
            head.notify_one();
        }
    }
}

impl Account {
    /// An account that takes calls at this rate and `in_flight` of them at once (at least one).
    pub fn new(rate: Quota, in_flight: usize) -> Self {
        Self::limited(rate, in_flight, Vec::new())
    }

    /// The same, with limits for some calls besides.
    pub fn limited(rate: Quota, in_flight: usize, buckets: Vec<Bucket>) -> Self {
        let state = State { free: in_flight.max(1), paused: None, queues: Default::default() };
        Self(Arc::new(Inner { limiter: limiter(rate), buckets, state: Mutex::new(state) }))
    }

    /// Until when no call is made, if the vendor has asked for a pause.
    pub fn paused_until(&self) -> Option<Instant> {
        self.0.lock().paused.filter(|until| *until > Instant::now())
    }

    /// Makes no call until then. A pause is never shortened; who cannot wait that long learns it now.
    pub(super) fn pause(&self, until: Instant) {
        let mut state = self.0.lock();
        state.paused = state.paused.max(Some(until));
        state.queues.iter().flatten().for_each(|waiting| waiting.notify_one());
    }

    /// Waits for a place and takes one from the rate, and from each limit that counts the call. The place is given back when
    /// dropped.
    ///
    /// # Errors
    /// `Overdue` when the deadline comes first, or is certain to; `Throttled` when the account pauses beyond it, or a limit
    /// is reached until then.
    pub(super) async fn enter(
        &self,
        urgent: bool,
        deadline: Instant,
        call: Counted<'_>,
    ) -> Result<Place, Failure> {
        let mut ticket = None;
        let mut due: Vec<&Bucket> = self.0.buckets.iter().filter(|bucket| bucket.counts(&call)).collect();
        loop {
            let again = match self.0.attempt(urgent, ticket.as_ref(), deadline, (&call, &mut due))? {
                Attempt::Entered => return Ok(Place(Arc::clone(&self.0))),
                Attempt::At(again) => again.min(deadline),
                Attempt::WhenWoken => deadline,
            };
            let ticket = ticket.get_or_insert_with(|| Ticket::new(&self.0, urgent));
            tokio::select! {
                () = ticket.woken.notified() => {}
                () = sleep_until(again) => {}
            }
        }
    }
}

/// What came of trying for a place.
enum Attempt {
    Entered,
    /// It is this call's turn, then.
    At(Instant),
    /// It is another's turn, or all places are taken.
    WhenWoken,
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `due`: the limits that the call has still to be taken from.
    fn attempt(
        &self,
        urgent: bool,
        ticket: Option<&Ticket>,
        deadline: Instant,
        (call, due): (&Counted<'_>, &mut Vec<&Bucket>),
    ) -> Result<Attempt, Failure> {
        let now = Instant::now();
        if now >= deadline {
            return Err(Failure::overdue());
        }
        let mut state = self.lock();
        if let Some(until) = state.paused.filter(|until| *until > now) {
            return if until < deadline {
                Ok(Attempt::At(until))
            } else {
                Err(Failure::throttled(until - now))
            };
        }
        let first = match (state.head(), ticket) {
            (None, _) => true,
            (Some(head), Some(ticket)) => Arc::ptr_eq(head, &ticket.woken),
            // Ahead of those who wait, if none of them is urgent.
            (Some(_), None) => urgent && state.queues[0].is_empty(),
        };
        if !first || state.free == 0 {
            return Ok(Attempt::WhenWoken);
        }
        while let Some(bucket) = due.last() {
            match bucket.take(call) {
                Ok(()) => drop(due.pop()),
                Err(wait) if now + wait < deadline => return Ok(Attempt::At(now + wait)),
                Err(wait) => return Err(Failure::throttled(wait)),
            }
        }
        match self.limiter.check() {
            Ok(()) => {
                state.free -= 1;
                Ok(Attempt::Entered)
            }
            Err(until) => match now + until.wait_time_from(self.limiter.clock().now()) {
                ready if ready < deadline => Ok(Attempt::At(ready)),
                _ => Err(Failure::overdue()),
            },
        }
    }
}

/// A call that waits. Leaving the queue, by whatever way, lets the next one try.
struct Ticket {
    account: Arc<Inner>,
    woken: Arc<Notify>,
    queue: usize,
}

impl Ticket {
    fn new(account: &Arc<Inner>, urgent: bool) -> Self {
        let ticket =
            Self { account: Arc::clone(account), woken: Arc::default(), queue: usize::from(!urgent) };
        let mut state = account.lock();
        state.queues[ticket.queue].push_back(Arc::clone(&ticket.woken));
        // What it waits for may have come since it last looked.
        state.wake_head();
        drop(state);
        ticket
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.account.lock();
        state.queues[self.queue].retain(|waiting| !Arc::ptr_eq(waiting, &self.woken));
        state.wake_head();
    }
}

/// A call in flight.
pub(super) struct Place(Arc<Inner>);

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.free += 1;
        state.wake_head();
    }
}

/// The runtime's clock, for the limiter: a rate is then waited for on the clock that deadlines are kept on.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuntimeClock(Instant);

impl Clock for RuntimeClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use http::Method;
    use std::time::Duration;

    use super::super::buckets::Unit;
    use super::super::failure::Kind;
    use super::*;

    /// A call that no limit counts.
    const ANY: Counted<'static> = Counted { method: &Method::GET, segments: &[], operations: 1 };
    const MS: Duration = Duration::from_millis(1);

    fn account(per_second: u32, burst: u32, in_flight: usize) -> Account {
        let rate = Quota::per_second(NonZeroU32::new(per_second).unwrap());
        Account::new(rate.allow_burst(NonZeroU32::new(burst).unwrap()), in_flight)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    async fn kind(account: &Account, deadline: Instant) -> Option<Kind> {
        account.enter(false, deadline, ANY).await.err().map(|failure| failure.kind)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_begin_at_the_rate_after_a_burst() {
        let (account, start) = (account(10, 2, 100), Instant::now());
        let mut at = Vec::new();
        for _ in 0..4 {
            let _place = account.enter(false, soon(), ANY).await.unwrap();
            at.push(start.elapsed().as_millis() / 100);
        }
        assert_eq!(at, [0, 0, 1, 2]);
        let deadline = Instant::now() + 50 * MS;
        assert_eq!(kind(&account, deadline).await, Some(Kind::Overdue));
        assert!(Instant::now() < deadline, "what is certain is said at once");
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_waited_for_and_given_back() {
        let account = account(1000, 1000, 1);
        let place = account.enter(false, soon(), ANY).await.unwrap();
        assert_eq!(kind(&account, Instant::now() + 50 * MS).await, Some(Kind::Overdue));
        let waiting = tokio::spawn({
            let account = account.clone();
            async move { account.enter(false, soon(), ANY).await.map(drop).map_err(|failure| failure.kind) }
        });
        tokio::time::sleep(MS).await;
        drop(place);
        assert_eq!(waiting.await.unwrap(), Ok(()));
        assert_eq!(kind(&account, soon()).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_urgent_call_overtakes_and_the_rest_keep_their_order() {
        let account = account(10, 1, 1);
        let first = account.enter(false, soon(), ANY).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for (name, urgent) in
            [("a", false), ("b", false), ("revoke 1", true), ("c", false), ("revoke 2", true)]
        {
            let (account, order) = (account.clone(), Arc::clone(&order));
            waiting.push(tokio::spawn(async move {
                let place = account.enter(urgent, soon(), ANY).await.unwrap();
                order.lock().unwrap().push(name);
                tokio::time::sleep(MS).await;
                drop(place);
            }));
            tokio::time::sleep(MS).await;
        }
        drop(first);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["revoke 1", "revoke 2", "a", "b", "c"]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_does_not_block_the_next() {
        let account = account(1000, 1000, 1);
        let place = account.enter(false, soon(), ANY).await.unwrap();
        let enter = |urgent, deadline| {
            let account = account.clone();
            tokio::spawn(async move { account.enter(urgent, deadline, ANY).await.map(drop).is_ok() })
        };
        let gives_up = enter(true, Instant::now() + 5 * MS);
        let aborted = enter(true, soon());
        let stays = enter(false, soon());
        tokio::time::sleep(MS).await;
        aborted.abort();
        assert!(!gives_up.await.unwrap());
        drop(place);
        assert!(stays.await.unwrap());
        assert!(account.0.lock().head().is_none(), "nobody is left in the queues");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody_and_refuses_who_cannot_wait() {
        let (account, start) = (account(10, 10, 10), Instant::now());
        account.pause(start + Duration::from_secs(5));
        account.pause(start + Duration::from_secs(1));
        assert!(account.paused_until().is_some(), "the longer one counts");
        let refused = kind(&account, start + Duration::from_secs(2)).await;
        assert_eq!(refused, Some(Kind::Throttled { retry_after: Duration::from_secs(5) }));
        account.enter(true, soon(), ANY).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 5);
        assert!(account.paused_until().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_reaches_those_who_wait() {
        let account = account(1000, 1000, 1);
        let _place = account.enter(false, soon(), ANY).await.unwrap();
        let waiting = tokio::spawn({
            let account = account.clone();
            async move { kind(&account, soon()).await }
        });
        tokio::time::sleep(MS).await;
        account.pause(Instant::now() + Duration::from_secs(60));
        let retry_after = Duration::from_secs(60);
        assert_eq!(waiting.await.unwrap(), Some(Kind::Throttled { retry_after }));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_for_each_limit_that_counts_it() {
        let each = |seconds, burst| {
            let quota = Quota::with_period(Duration::from_secs(seconds)).unwrap();
            quota.allow_burst(NonZeroU32::new(burst).unwrap())
        };
        let writes = Bucket::new(vec![Method::POST, Method::PUT], None, each(1, 3));
        let users = Bucket::new(vec![Method::POST], Some("/Users*".to_owned()), each(10, 2));
        let one = Bucket::new(Vec::new(), Some("/Me".to_owned()), each(100, 1));
        let rate = Quota::per_second(NonZeroU32::MAX);
        let (account, start) = (Account::limited(rate, 10, vec![writes, users, one]), Instant::now());
        let at = async |method: Method, path: &str, wait: u64| {
            let deadline = Instant::now() + Duration::from_secs(wait);
            let call = Counted { method: &method, segments: &[path], operations: 1 };
            let entered = account.enter(false, deadline, call).await;
            entered.map(|_| start.elapsed().as_secs()).map_err(|failure| failure.kind)
        };
        assert_eq!(at(Method::POST, "Users", 60).await, Ok(0));
        assert_eq!(at(Method::POST, "Users", 60).await, Ok(0));
        assert_eq!(at(Method::POST, "Users", 60).await, Ok(10), "two users at once, and one in ten seconds");
        assert_eq!(at(Method::GET, "Users", 60).await, Ok(10), "reads are not counted");
        for after in [10, 10, 11, 12, 13] {
            assert_eq!(at(Method::PUT, "Groups", 60).await, Ok(after));
        }
        assert_eq!(at(Method::GET, "Me", 60).await, Ok(13));
        let retry_after = Duration::from_secs(100);
        assert_eq!(
            at(Method::GET, "Me", 60).await,
            Err(Kind::Throttled { retry_after }),
            "it is not waited for"
        );
        assert_eq!(at(Method::GET, "Menu", 60).await, Ok(13));
    }

    #[tokio::test(start_paused = true)]
    async fn operations_creations_and_single_resources_are_counted() {
        let each = |seconds, burst| {
            let quota = Quota::with_period(Duration::from_secs(seconds)).unwrap();
            quota.allow_burst(NonZeroU32::new(burst).unwrap())
        };
        let operations = Bucket::new(vec![Method::PATCH], None, each(1, 10)).counting(Unit::Operation);
        let creations = Bucket::new(Vec::new(), None, each(100, 1)).counting(Unit::Creation);
        let one = Bucket::of_each(vec![Method::PUT], Some("/Groups*".to_owned()), each(10, 1));
        let rate = Quota::per_second(NonZeroU32::MAX);
        let account = Account::limited(rate, 10, vec![operations, creations, one]);
        let start = Instant::now();
        let at = async |method: Method, segments: &[&str], operations: u32| {
            let call = Counted { method: &method, segments, operations };
            let entered = account.enter(false, Instant::now() + Duration::from_secs(200), call).await;
            entered.map(|_| start.elapsed().as_secs()).map_err(|failure| failure.kind)
        };
        assert_eq!(at(Method::PATCH, &["Users", "1"], 8).await, Ok(0));
        assert_eq!(
            at(Method::PATCH, &["Users", "2"], 5).await,
            Ok(3),
            "two were left, and one comes a second"
        );
        assert_eq!(
            at(Method::PATCH, &["Users", "1"], 1_000).await,
            Ok(13),
            "more than it holds is all of it"
        );
        assert_eq!(at(Method::POST, &["Users"], 1).await, Ok(13));
        assert_eq!(at(Method::POST, &["Users", ".search"], 1).await, Ok(13), "nothing is made");
        assert_eq!(at(Method::PUT, &["Groups", "1"], 1).await, Ok(13));
        assert_eq!(at(Method::PUT, &["Groups", "2"], 1).await, Ok(13), "each has its own");
        assert_eq!(at(Method::PUT, &["Groups", "1", "Members"], 1).await, Ok(23));
        assert_eq!(at(Method::PUT, &["Groups"], 1).await, Ok(23));
        assert_eq!(at(Method::POST, &["Groups"], 1).await, Ok(113));
    }
}
