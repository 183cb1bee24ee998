//! Scalars with a unit: `90s`, `30d`, `10/s`, `20%`, `2027-05-01`.

use std::time::Duration;

/// `90s`, `15m`, `12h`, `30d`, `2w`, `500ms`.
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

/// So many in a period: `10/s`, `600/m`, `1000/h`, `5/30s`. At least one.
pub fn rate(text: &str) -> Option<(u32, Duration)> {
    let (count, period) = text.split_once('/')?;
    let count: u32 = count.trim().parse().ok().filter(|count| *count > 0)?;
    let period = period.trim();
    let period = duration(period).or_else(|| duration(&format!("1{period}")))?;
    (!period.is_zero()).then_some((count, period))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_read() {
        for (text, seconds) in
            [("90s", 90), ("15m", 900), ("2h", 7_200), ("30d", 2_592_000), ("2w", 1_209_600)]
        {
            assert_eq!(duration(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        for text in ["", "s", "10", "-1s", "1.5h", "10 s", "99999999999999999999d"] {
            assert_eq!(duration(text), None, "{text}");
        }
        assert_eq!(rate("10/s"), Some((10, Duration::from_secs(1))));
        assert_eq!(rate("600/m"), Some((600, Duration::from_secs(60))));
        assert_eq!(rate("5/30s"), Some((5, Duration::from_secs(30))));
        for text in ["10", "0/s", "/s", "10/", "10/0s", "x/s"] {
            assert_eq!(rate(text), None, "{text}");
        }
    }
}
