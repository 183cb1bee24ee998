//! The query of a URL: `application/x-www-form-urlencoded`, read strictly.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::scim::error::Error;
use crate::scim::request::Parameters;

/// More parameters than that are an attack.
const MAX: usize = 64;
/// What has a meaning, and can therefore mean one thing only. Two readers of a parameter that stands twice would not agree
/// on which one counts.
const ONCE: [&str; 7] =
    ["filter", "startIndex", "count", "sortBy", "sortOrder", "attributes", "excludedAttributes"];

/// Reads the parameters of a query. A separator at the end is legal, and sent by real clients.
///
/// # Errors
/// `invalidFilter` when a filter is not percent-encoded UTF-8 or stands twice, `invalidValue` for any other parameter.
pub(super) fn parameters(query: Option<&str>) -> Result<Parameters, Error> {
    let mut out = Parameters::default();
    let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let mut seen = [false; ONCE.len()];
    for (count, pair) in pairs.enumerate() {
        if count == MAX {
            return Err(Error::value("the URL has too many parameters"));
        }
        let (name, text) = pair.split_once('=').unwrap_or((pair, ""));
        let name =
            decoded(name).ok_or_else(|| Error::value("the name of a parameter is not well encoded"))?;
        let text = decoded(text).ok_or_else(|| match name.as_ref() {
            "filter" => Error::filter("the filter is not well encoded"),
            _ => Error::value("the value of a parameter is not well encoded"),
        })?;
        if let Some(known) = ONCE.iter().position(|known| known.eq_ignore_ascii_case(&name)) {
            let twice = std::mem::replace(&mut seen[known], true);
            match ONCE[known] {
                "filter" if twice => return Err(Error::filter("there can be one filter")),
                name if twice => return Err(Error::value(format!("there can be one {name}"))),
                _ => {}
            }
        }
        out.take(&name, &text)?;
    }
    Ok(out)
}

/// `+` is a space, and every percent sign begins a triplet.
fn decoded(text: &str) -> Option<Cow<'_, str>> {
    let sound = text.match_indices('%').all(|(at, _)| {
        text.get(at + 1..at + 3).is_some_and(|pair| pair.bytes().all(|byte| byte.is_ascii_hexdigit()))
    });
    if !sound {
        return None;
    }
    if text.contains('+') {
        let spaced = text.replace('+', " ");
        let decoded = percent_decode_str(&spaced).decode_utf8().ok()?.into_owned();
        return Some(Cow::Owned(decoded));
    }
    percent_decode_str(text).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once() {
        let read = parameters(Some("filter=userName+eq+%22a%2Bb%2540x%22&startIndex=2&")).unwrap();
        assert_eq!(read.filter.as_deref(), Some(r#"userName eq "a+b%40x""#));
        assert_eq!(read.query.start_index, Some(2));
        assert!(parameters(None).unwrap().filter.is_none());
        assert!(parameters(Some("")).is_ok());
    }

    #[test]
    fn what_is_not_well_encoded_is_refused() {
        for query in [
            "filter=%zz",
            "filter=%2",
            "filter=%ff",
            "filter=a&filter=b",
            "count=1&COUNT=2",
            "count=%",
            "%zz=1",
        ] {
            assert!(parameters(Some(query)).is_err(), "{query}");
        }
        assert!(parameters(Some(&"a=1&".repeat(65))).is_err());
    }
}
