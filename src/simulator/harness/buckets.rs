//! Rate limits as token buckets: so many requests a second on average, and so many at once after a pause.

use std::collections::HashMap;

use jiff::Timestamp;

/// How fast a bucket fills, and how much it holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    pub(crate) name: &'static str,
    pub(crate) a_minute: u32,
    pub(crate) burst: u32,
}

/// The buckets of one vendor, full until they are drawn from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets(HashMap<&'static str, (f64, Timestamp)>);

impl Buckets {
    /// Draws one from each of `limits`, or from none. `Err` is how many seconds, rounded up, until all would give one.
    pub(crate) fn take(&mut self, limits: &[Limit], now: Timestamp) -> Result<(), u64> {
        let waits = limits.iter().map(|limit| self.wait(*limit, now)).fold(0.0, f64::max);
        if waits > 0.0 {
            // Never 0, which would invite the client to try at once.
            let mut seconds: u32 = 1;
            while waits > f64::from(seconds) {
                seconds += 1;
            }
            return Err(u64::from(seconds));
        }
        for limit in limits {
            self.draw(*limit, 1, now);
        }
        Ok(())
    }

    /// Draws `count`, or what there is: what another client of the same limit uses up.
    pub(crate) fn draw(&mut self, limit: Limit, count: u32, now: Timestamp) {
        let level = (self.level(limit, now) - f64::from(count)).max(0.0);
        self.0.insert(limit.name, (level, now));
    }

    fn level(&self, limit: Limit, now: Timestamp) -> f64 {
        let Some((level, at)) = self.0.get(limit.name) else { return f64::from(limit.burst) };
        let passed = now.duration_since(*at).as_secs_f64().max(0.0);
        (level + passed * f64::from(limit.a_minute) / 60.0).min(f64::from(limit.burst))
    }

    fn wait(&self, limit: Limit, now: Timestamp) -> f64 {
        // Floating point may leave it a hair short of what has exactly been filled.
        let short = 1.0 - self.level(limit, now);
        if short <= 1e-9 { 0.0 } else { short * 60.0 / f64::from(limit.a_minute) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let slow = Limit { name: "slow", a_minute: 20, burst: 2 };
        let wide = Limit { name: "wide", a_minute: 600, burst: 100 };
        let mut buckets = Buckets::default();
        let start = Timestamp::UNIX_EPOCH;
        assert_eq!(buckets.take(&[slow, wide], start), Ok(()));
        assert_eq!(buckets.take(&[slow, wide], start), Ok(()));
        assert_eq!(buckets.take(&[slow, wide], start), Err(3));
        let later = start + SignedDuration::from_secs(3);
        assert_eq!(buckets.take(&[slow, wide], later), Ok(()));
        assert_eq!(buckets.take(&[slow], later), Err(3));
        buckets.draw(wide, 1_000, later);
        assert_eq!(buckets.take(&[wide], later), Err(1), "somebody else has emptied it");
    }
}
