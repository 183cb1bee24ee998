//! Functions that lose something: telephone numbers in E.164 (phonelib), digests, and dates moved in time (jiff).

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use phonelib::PhoneNumber;
use sha2::{Digest as _, Sha256};

use super::{Unfit, unfit};

/// `+351212345678`, whatever blanks, brackets and hyphens it was written with. `country` (ISO 3166-1 alpha-2) is for
/// numbers without a country code; an extension has no place in E.164.
pub(super) fn phone(country: Option<&str>, text: &str) -> Result<String, Unfit> {
    let parsed = match country {
        Some(country) => PhoneNumber::try_parse_with_country(text, country),
        None => PhoneNumber::try_parse(text),
    };
    match parsed {
        Ok(number) => Ok(number.e164().to_owned()),
        Err(_) if country.is_none() => unfit("a telephone number with its country code (+351…) is needed"),
        Err(_) => unfit("a telephone number is needed"),
    }
}

/// Whether a country has telephone numbers.
pub(in crate::mapping) fn is_country(code: &str) -> bool {
    // No number is this short, so all that can be wrong with it besides is the country.
    !matches!(PhoneNumber::try_parse_with_country("1", code), Err(phonelib::ParseError::UnknownCountry))
}

/// In hexadecimal, lower case.
pub(super) fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A date, or a moment (RFC 3339), some time later. Lossy, for months have no equal length: a month after 31 January is
/// 28 February, and so is a month after the 28th.
pub(super) fn plus(span: &Span, text: &str) -> Result<String, Unfit> {
    let late = || Unfit("the result is no date any more".to_owned());
    if let Ok(moment) = text.parse::<Timestamp>() {
        let later = moment.to_zoned(TimeZone::UTC).checked_add(*span).map_err(|_| late())?;
        return Ok(later.timestamp().to_string());
    }
    match (text.parse::<DateTime>(), text.parse::<Date>()) {
        // A date with a time parses as a date, too: the time is looked at first.
        (Ok(moment), _) if text.contains(['T', 't', ' ']) => {
            moment.checked_add(*span).map(|later| later.to_string()).map_err(|_| late())
        }
        (_, Ok(date)) => date.checked_add(*span).map(|later| later.to_string()).map_err(|_| late()),
        _ => unfit("a date such as 2026-05-01, or a moment such as 2026-05-01T08:00:00Z, is needed"),
    }
}
