//! Whether a call is tried again, and when: decided from values, so that the rule can be read and tested without a clock.
//!
//! At most two tries; a second one only where it cannot do a thing twice, within the deadline, and out of a budget of a
//! tenth of all calls, so that a vendor that fails is not failed further by us.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, StatusCode, header::RETRY_AFTER};
use jiff::Timestamp;
use tower::retry::budget::{Budget as _, TpsBudget};

use super::failure::{Failure, Kind};
use super::{Repeat, Reply};

/// Tries of one call, in all.
pub(super) const TRIES: u32 = 2;

/// A vendor that says 429 and not for how long.
const UNSAID: Duration = Duration::from_secs(5);

/// How many retries a vendor gets: a tenth of the calls of the last ten seconds, and one a second in any case. And the
/// spread of their waits, so that calls which failed together do not come back together.
pub(super) struct Retries {
    budget: TpsBudget,
    spread: [Duration; 2],
    random: AtomicU64,
}

impl Retries {
    /// Waits are spread between the two.
    pub(super) fn new(spread: [Duration; 2]) -> Self {
        let budget = TpsBudget::new(Duration::from_secs(10), 1, 0.1);
        Self { budget, spread, random: AtomicU64::new(RandomState::new().hash_one(0)) }
    }

    /// A call is made: it pays into the budget.
    pub(super) fn called(&self) {
        self.budget.deposit();
    }

    /// How long to wait before another try, or `None` for no other try. `left` is the time to the deadline.
    pub(super) fn again(
        &self,
        outcome: &Result<Reply, Failure>,
        repeat: Repeat,
        tries: u32,
        left: Duration,
    ) -> Option<Duration> {
        let wait = wait(outcome, repeat)?.unwrap_or_else(|| self.jitter());
        let again = tries < TRIES && wait < left && self.budget.withdraw();
        // A pause is waited out in the account's queue, where a revoke keeps its place.
        let paused = matches!(outcome, Err(Failure { kind: Kind::Throttled { .. }, .. }));
        again.then_some(if paused { Duration::ZERO } else { wait })
    }

    fn jitter(&self) -> Duration {
        // SplitMix64: as good as any for this, and no state but a counter.
        let mut bits = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Relaxed);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let [least, most] = self.spread;
        least + most.saturating_sub(least).mul_f64((bits >> 32) as f64 / f64::from(u32::MAX))
    }
}

/// Whether trying again can help and cannot harm; with the vendor's word for when, if it gave one.
fn wait(outcome: &Result<Reply, Failure>, repeat: Repeat) -> Option<Option<Duration>> {
    match outcome {
        // Nothing was done: anything may be sent again.
        Err(Failure { kind: Kind::NotSent, .. }) => Some(None),
        Err(Failure { kind: Kind::Throttled { retry_after }, .. }) => Some(Some(*retry_after)),
        Err(Failure { kind: Kind::Ambiguous, .. }) if repeat == Repeat::Safe => Some(None),
        Ok(reply) if repeat == Repeat::Safe && is_passing(reply.status) => Some(reply.retry_after),
        _ => None,
    }
}

/// Failures that tend to be over in a moment. Not 500, which is the vendor's answer to this very request.
fn is_passing(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT)
}

/// How a vendor says how long to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryHeader {
    /// By `Retry-After`.
    RetryAfter,
    /// By a header that holds the second of the epoch from which on it takes calls again.
    Epoch(HeaderName),
    /// By a header that holds how many seconds that is from now.
    Relative(HeaderName),
    /// Not at all.
    Unsaid,
}

impl RetryHeader {
    /// How long it asks to wait, between a second and an hour; `None` if it does not say so that it can be read.
    pub(super) fn wait(&self, headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
        let number = |name: &HeaderName| {
            let text = headers.get(name)?.to_str().ok()?.trim();
            text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0)
        };
        let seconds = match self {
            Self::RetryAfter => return retry_after(headers, now),
            Self::Unsaid => return None,
            Self::Epoch(name) => number(name)? - now.as_second() as f64,
            Self::Relative(name) => number(name)?,
        };
        Some(Duration::from_secs_f64(seconds.ceil().clamp(1.0, 3600.0)))
    }
}

/// What a `Retry-After` asks for (RFC 9110 §10.2.3: seconds, or a date), between a second and an hour; `None` if there
/// is none that can be read.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit()) {
        text.parse().unwrap_or(u64::MAX)
    } else {
        let date = httpdate::parse_http_date(text).ok()?;
        let date = date.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        date.saturating_sub(now.as_second().try_into().unwrap_or(0))
    };
    Some(Duration::from_secs(seconds.clamp(1, 3600)))
}

/// How long the account pauses after a 429.
pub(super) fn pause(said: Option<Duration>) -> Duration {
    said.unwrap_or(UNSAID)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_vendor_says_in_its_own_way_how_long_to_wait() {
        let name = HeaderName::from_static("x-ratelimit-reset");
        let now = Timestamp::from_second(1_000).unwrap();
        let wait = |how: &RetryHeader, value: &str| {
            let headers = [(name.clone(), value.parse().unwrap()), (RETRY_AFTER, "7".parse().unwrap())];
            how.wait(&HeaderMap::from_iter(headers), now).map(|wait| wait.as_secs())
        };
        let (epoch, relative) = (RetryHeader::Epoch(name.clone()), RetryHeader::Relative(name.clone()));
        for (how, value, expected) in [
            (&epoch, "1030", Some(30)),
            (&epoch, "900", Some(1)),
            (&epoch, "99999999", Some(3600)),
            (&relative, "30", Some(30)),
            (&relative, "0.4", Some(1)),
            (&relative, "soon", None),
            (&relative, "-1", None),
            (&RetryHeader::RetryAfter, "30", Some(7)),
            (&RetryHeader::Unsaid, "30", None),
        ] {
            assert_eq!(wait(how, value), expected, "{how:?} {value}");
        }
    }

    const LEFT: Duration = Duration::from_secs(20);
    const SPREAD: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];

    fn reply(status: u16, retry_after: Option<u64>) -> Result<Reply, Failure> {
        let status = StatusCode::from_u16(status).unwrap();
        let retry_after = retry_after.map(Duration::from_secs);
        Ok(Reply { status, body: Bytes::new(), etag: None, location: None, retry_after, json: false })
    }

    fn failure(kind: Kind) -> Result<Reply, Failure> {
        Err(kind.into())
    }

    #[test]
    fn only_what_can_do_no_harm_is_tried_again() {
        let throttled = Kind::Throttled { retry_after: Duration::from_secs(3) };
        for (outcome, safe, unsafe_) in [
            (failure(Kind::NotSent), true, true),
            (failure(throttled), true, true),
            (failure(Kind::Ambiguous), true, false),
            (reply(503, None), true, false),
            (reply(502, None), true, false),
            (reply(504, None), true, false),
            (reply(500, None), false, false),
            (reply(501, None), false, false),
            (reply(404, None), false, false),
            (reply(200, None), false, false),
            (failure(Kind::TooLarge), false, false),
            (failure(Kind::Redirect), false, false),
            (failure(Kind::Unauthorised), false, false),
            (failure(Kind::Overdue), false, false),
        ] {
            for (repeat, expected) in [(Repeat::Safe, safe), (Repeat::Unsafe, unsafe_)] {
                let again = Retries::new(SPREAD).again(&outcome, repeat, 1, LEFT);
                assert_eq!(again.is_some(), expected, "{outcome:?} {repeat:?}");
            }
        }
    }

    #[test]
    fn a_retry_has_a_number_a_deadline_and_a_wait() {
        let retries = Retries::new(SPREAD);
        let again = |outcome, tries, left| retries.again(&outcome, Repeat::Safe, tries, left);
        assert_eq!(again(failure(Kind::NotSent), TRIES, LEFT), None, "twice is enough");
        assert_eq!(
            again(failure(Kind::NotSent), 1, Duration::from_millis(100)),
            None,
            "never after the deadline"
        );
        assert_eq!(
            again(reply(503, Some(7)), 1, LEFT),
            Some(Duration::from_secs(7)),
            "the vendor's word counts"
        );
        assert_eq!(again(reply(503, Some(60)), 1, LEFT), None);
        let throttled = |seconds| failure(Kind::Throttled { retry_after: Duration::from_secs(seconds) });
        assert_eq!(again(throttled(7), 1, LEFT), Some(Duration::ZERO), "the account waits");
        assert_eq!(again(throttled(60), 1, LEFT), None);
        let waits: Vec<_> = (0..8).filter_map(|_| again(failure(Kind::NotSent), 1, LEFT)).collect();
        assert!(waits.iter().all(|wait| (100..=400).contains(&wait.as_millis())), "{waits:?}");
        assert!(waits.iter().any(|wait| *wait != waits[0]), "{waits:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_vendor_that_always_fails_gets_a_tenth_more_and_one_a_second() {
        let retries = Retries::new(SPREAD);
        let mut again = 0;
        for _ in 0..1000 {
            retries.called();
            again += u32::from(retries.again(&failure(Kind::NotSent), Repeat::Safe, 1, LEFT).is_some());
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert!((90..=120).contains(&again), "{again} of 1000 in ten seconds");
    }

    #[test]
    fn retry_after_is_read_and_clamped() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        for (value, seconds) in [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("0", Some(1)),
            ("1000000000000", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("Sat, 21 Nov 2026 12:01:30 GMT", Some(90)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(1)),
            ("Fri, 21 Nov 2036 12:00:00 GMT", Some(3600)),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), seconds.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
