//! Values that are made from nothing: the time and chance. Both are handed in, so that a mapping stays a function of what
//! it is given; they are written once, when a resource is made, and kept.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest as _, Sha256};

use crate::scim::json::Value;
use crate::yaml::Span;

/// The characters of a `random` text: letters and digits, without those that are read for one another.
const CHARACTERS: &str = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/// When something happens, and what chance gives to it.
#[derive(Clone, Copy)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// Random bytes, from which all values of one request are drawn. A secret: passwords may come from it.
    pub seed: [u8; 32],
}

impl Default for Moment {
    /// The beginning of time, and no chance at all: for rules that make nothing, and for examples.
    fn default() -> Self {
        Self { now: Timestamp::UNIX_EPOCH, seed: [0; 32] }
    }
}

impl fmt::Debug for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moment").field("now", &self.now).finish_non_exhaustive()
    }
}

/// What makes a value from nothing.
#[derive(Clone, Debug)]
pub enum Made {
    /// The time: RFC 3339, or in a form (strftime), always in UTC.
    Now(Option<String>),
    /// A UUID, version 4.
    Uuid,
    /// A text of so many characters.
    Random {
        /// How many.
        length: usize,
        /// Out of which.
        characters: Vec<char>,
    },
}

impl Made {
    /// Their names.
    pub const NAMES: [&'static str; 3] = ["now", "uuid", "random"];
    /// The longest text.
    pub const LONGEST: usize = 256;

    /// A text of so many characters, out of the usual ones.
    pub fn random(length: usize, characters: Option<&str>) -> Self {
        Self::Random { length, characters: characters.unwrap_or(CHARACTERS).chars().collect() }
    }

    /// Whether the form of a time can be written.
    pub fn is_form(form: &str) -> bool {
        jiff::fmt::strtime::format(form, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)).is_ok()
    }

    /// The value for the rule at a place: each rule draws its own.
    pub fn make(&self, moment: &Moment, rule: Span) -> Option<Value> {
        match self {
            Self::Now(None) => Some(Value::from(moment.now.to_string())),
            Self::Now(Some(form)) => {
                jiff::fmt::strtime::format(form, &moment.now.to_zoned(TimeZone::UTC)).ok().map(Value::from)
            }
            Self::Uuid => {
                let mut bytes = [0; 16];
                bytes.iter_mut().zip(draw(moment, rule)).for_each(|(byte, drawn)| *byte = drawn);
                let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
                Some(Value::from(uuid.hyphenated().to_string()))
            }
            Self::Random { length, characters } => {
                // A byte beyond the last whole round would favour the first characters.
                let round = 256 - 256 % characters.len().clamp(1, 256);
                let drawn = draw(moment, rule).map(usize::from).filter(|byte| *byte < round);
                let text = drawn.filter_map(|byte| characters.get(byte % characters.len())).take(*length);
                Some(Value::from(text.collect::<String>()))
            }
        }
    }
}

/// Bytes without end from a seed, others for each rule: SHA-256 of seed, rule and counter.
fn draw(moment: &Moment, rule: Span) -> impl Iterator<Item = u8> {
    let seed = moment.seed;
    (0_u64..).flat_map(move |counter| {
        let mut hash = Sha256::new();
        hash.update(seed);
        hash.update(rule.file.to_be_bytes());
        hash.update(rule.line.to_be_bytes());
        hash.update(rule.column.to_be_bytes());
        hash.update(counter.to_be_bytes());
        <[u8; 32]>::from(hash.finalize())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(made: &Made, seed: u8, line: u32) -> String {
        let moment = Moment { now: "2026-05-01T08:30:00Z".parse().unwrap(), seed: [seed; 32] };
        let rule = Span { line, ..Span::default() };
        made.make(&moment, rule).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn time_and_chance_are_what_is_handed_in() {
        assert_eq!(make(&Made::Now(None), 0, 1), "2026-05-01T08:30:00Z");
        assert_eq!(make(&Made::Now(Some("%d.%m.%Y".to_owned())), 0, 1), "01.05.2026");
        assert!(Made::is_form("%Y-%m-%d") && !Made::is_form("%Y %"));
        for made in [Made::Uuid, Made::random(24, None)] {
            assert_eq!(make(&made, 7, 1), make(&made, 7, 1));
            assert_ne!(make(&made, 7, 1), make(&made, 8, 1), "another request");
            assert_ne!(make(&made, 7, 1), make(&made, 7, 2), "another rule");
        }
        let uuid = make(&Made::Uuid, 7, 1);
        assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
        let text = make(&Made::random(200, None), 7, 1);
        assert!(text.len() == 200 && text.chars().all(|c| CHARACTERS.contains(c)), "{text}");
        assert!(make(&Made::random(50, Some("äb")), 7, 1).chars().all(|c| "äb".contains(c)));
        assert!(!format!("{:?}", Moment { seed: [250; 32], ..Moment::default() }).contains("250"));
    }
}
