//! Virtual time: a clock that is moved by `POST /_sim/clock`, and the few things done with an instant.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::clock::Clock;

/// A clock and how far this simulator has been moved ahead of it.
#[derive(Clone, Debug)]
pub(crate) struct VirtualTime {
    clock: Clock,
    ahead: Arc<AtomicI64>,
}

impl VirtualTime {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, ahead: Arc::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        let ahead = self.ahead.load(Ordering::SeqCst);
        Timestamp::from_millisecond(self.clock.now().as_millisecond().saturating_add(ahead))
            .unwrap_or(Timestamp::MAX)
    }

    /// Moves time forward. A manual clock is moved itself, so that everyone who shares it agrees on the time; the
    /// system's clock cannot be, so the difference is kept here.
    pub(crate) fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let before = self.clock.now().as_millisecond();
        self.clock.advance(by);
        if self.clock.now().as_millisecond().saturating_sub(before) < by {
            self.ahead.fetch_add(by, Ordering::SeqCst);
        }
    }
}

/// The instant so many calendar months later, in UTC; the end of a shorter month where the day does not exist.
pub(crate) fn months_later(from: Timestamp, months: i32) -> Timestamp {
    utc(from).checked_add(months.months()).map_or(Timestamp::MAX, |later| later.timestamp())
}

/// The form of a `Date` header (RFC 9110 §5.6.7).
pub(crate) fn http_date(at: Timestamp) -> String {
    utc(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn utc(at: Timestamp) -> Zoned {
    at.to_zoned(TimeZone::UTC)
}

/// Reads `190d`, `1h30m`, `250ms`: numbers with one of the units `w d h m s ms`. `None` for anything else.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, tail) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?);
        let (unit, tail) = tail.split_at(tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len()));
        let milliseconds: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        sum += Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(milliseconds)?);
        rest = tail;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_numbers_with_units() {
        for (text, seconds) in [("190d", 190 * 86_400), ("1h30m", 5_400), ("0s", 0), ("2w", 14 * 86_400)] {
            assert_eq!(parse_duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        for bad in
            ["", "5", "d", "5y", "-5d", "1.5h", "5 d", "99999999999999999999d", "18446744073709551615w"]
        {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn months_are_those_of_the_calendar() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(months_later(at("2026-01-15T10:00:00Z"), 6), at("2026-07-15T10:00:00Z"));
        assert_eq!(months_later(at("2025-08-31T00:00:00Z"), 6), at("2026-02-28T00:00:00Z"));
    }

    #[test]
    fn a_manual_clock_is_moved_and_a_system_clock_is_outrun() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        VirtualTime::new(clock.clone()).advance(Duration::from_secs(5));
        assert_eq!(clock.now().as_second(), 5);
        let time = VirtualTime::new(Clock::system());
        let before = time.now();
        time.advance(Duration::from_secs(86_400));
        assert!(time.now().as_second() - before.as_second() >= 86_400);
        assert_eq!(http_date(Timestamp::UNIX_EPOCH), "Thu, 01 Jan 1970 00:00:00 GMT");
    }
}
