//! A vendor's limits for some calls: so many with these methods, to these paths, in a window of time.

use std::num::NonZeroU32;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::{NotUntil, Quota, RateLimiter};
use http::Method;
use tokio::time::Duration;

use super::account::{Limiter, RuntimeClock, keyed, limiter};

/// A call, as far as it is counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted<'c> {
    /// Its method.
    pub method: &'c Method,
    /// Its path below the base: the collection, and the resource if it is about one.
    pub segments: &'c [&'c str],
    /// How many operations its body holds; one, if it holds none.
    pub operations: u32,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Calls.
    #[default]
    Call,
    /// Their operations.
    Operation,
    /// Resources that are made: a POST to a collection.
    Creation,
}

/// One limit, and what is left of it.
pub struct Bucket {
    methods: Vec<Method>,
    path: Option<String>,
    unit: Unit,
    burst: NonZeroU32,
    limiter: Limiters,
}

/// What is left: for all calls together, or for each resource apart.
enum Limiters {
    All(Limiter),
    Each(Keyed),
}

/// So many calls in a time, by the path of a resource.
pub(super) type Keyed = RateLimiter<String, HashMapStateStore<String>, RuntimeClock, NoOpMiddleware<Nanos>>;

/// Resources whose limit is kept in mind until those that are whole again are forgotten.
const MOST: usize = 10_000;

impl Bucket {
    /// A limit for calls of these methods (of all, if there are none) to a path below the base, or to all that begin with
    /// what stands before a `*` at its end; to all paths, if there is none.
    pub fn new(methods: Vec<Method>, path: Option<String>, quota: Quota) -> Self {
        let (unit, burst) = (Unit::Call, quota.burst_size());
        Self { methods, path, unit, burst, limiter: Limiters::All(limiter(quota)) }
    }

    /// The same for each resource apart.
    pub fn of_each(methods: Vec<Method>, path: Option<String>, quota: Quota) -> Self {
        Self { limiter: Limiters::Each(keyed(quota)), ..Self::new(methods, path, quota) }
    }

    /// The same, of something else than calls.
    #[must_use]
    pub fn counting(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// Whether it counts a call.
    pub(super) fn counts(&self, call: &Counted<'_>) -> bool {
        let place = format!("/{}", call.segments.join("/"));
        let path = self.path.as_deref().is_none_or(|path| match path.strip_suffix('*') {
            Some(begin) => place.starts_with(begin),
            None => place == path,
        });
        let resource = matches!(self.limiter, Limiters::All(_)) || call.segments.len() > 1;
        let unit = self.unit != Unit::Creation || (*call.method == Method::POST && call.segments.len() == 1);
        path && resource && unit && (self.methods.is_empty() || self.methods.contains(call.method))
    }

    /// Takes a call out of it; one that is more than it ever holds, as all that it holds.
    ///
    /// # Errors
    /// How long to wait until there is room.
    pub(super) fn take(&self, call: &Counted<'_>) -> Result<(), Duration> {
        let number = match self.unit {
            Unit::Operation => NonZeroU32::new(call.operations).unwrap_or(NonZeroU32::MIN).min(self.burst),
            Unit::Call | Unit::Creation => NonZeroU32::MIN,
        };
        let wait = |until: NotUntil<Nanos>, now: Nanos| until.wait_time_from(now);
        match &self.limiter {
            Limiters::All(limiter) => match limiter.check_n(number) {
                Ok(taken) => taken.map_err(|until| wait(until, limiter.clock().now())),
                Err(_) => Ok(()),
            },
            Limiters::Each(limiter) => {
                if limiter.len() >= MOST {
                    limiter.retain_recent();
                }
                let place = call.segments.iter().take(2).copied().collect::<Vec<_>>().join("/");
                match limiter.check_key_n(&place, number) {
                    Ok(taken) => taken.map_err(|until| wait(until, limiter.clock().now())),
                    Err(_) => Ok(()),
                }
            }
        }
    }
}
