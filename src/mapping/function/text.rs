//! Functions of one text.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{Function, Unfit, unfit};
use crate::scim::json::Value;

/// What a function makes of a text; `None` when it has nothing to give.
pub(super) fn apply(function: &Function, text: &str) -> Result<Option<String>, Unfit> {
    let found = |part: Option<&str>| Ok(part.map(str::to_owned));
    let text = match function {
        Function::Prefix(prefix) => format!("{prefix}{text}"),
        Function::Suffix(suffix) => format!("{text}{suffix}"),
        Function::Swap(from, to) => return swap(from, to, text).map(Some),
        Function::Lower => text.to_lowercase(),
        Function::Upper => text.to_uppercase(),
        Function::Trim => text.trim().to_owned(),
        Function::Squeeze => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Function::Deburr => deburr(text),
        Function::Word(n) => return found(text.split_whitespace().nth(n.saturating_sub(1))),
        Function::Before(mark) => return found(text.split_once(mark.as_str()).map(|(before, _)| before)),
        Function::After(mark) => return found(text.split_once(mark.as_str()).map(|(_, after)| after)),
        Function::Slice(from, to) => text.chars().take(to.unwrap_or(usize::MAX)).skip(*from).collect(),
        Function::Replace(from, to) => text.replace(from.as_str(), to),
        Function::Title => title(text),
        Function::Strip(prefix, suffix) => return found(super::partial::strip(prefix, suffix, text)),
        Function::Phone(country) => return super::lossy::phone(country.as_deref(), text).map(Some),
        Function::Sha256 => super::lossy::sha256(text),
        Function::Plus(span) => return super::lossy::plus(span, text).map(Some),
        Function::Fit(most) => text.chars().take(*most).collect(),
        _ => return unfit("text is not what this function takes"),
    };
    Ok(Some(text))
}

/// Undoes an exact one; `None` when the value could not have come from it.
pub(super) fn undo(function: &Function, value: &Value) -> Option<Value> {
    let text = value.as_str()?;
    match function {
        Function::Prefix(prefix) => text.strip_prefix(prefix.as_str()).map(Value::from),
        Function::Suffix(suffix) => text.strip_suffix(suffix.as_str()).map(Value::from),
        Function::Swap(from, to) => {
            text.strip_prefix(to.as_str()).map(|rest| Value::from(format!("{from}{rest}")))
        }
        _ => None,
    }
}

/// A value that begins with `to` already would come back beginning with `from`.
fn swap(from: &str, to: &str, text: &str) -> Result<String, Unfit> {
    match text.strip_prefix(from) {
        Some(rest) => Ok(format!("{to}{rest}")),
        None if text.starts_with(to) => {
            unfit(format!("it begins with \"{to}\" already, and could not be told apart"))
        }
        None => Ok(text.to_owned()),
    }
}

/// Without accents; letters that have no other form than with a stroke or joined are written out.
fn deburr(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' => out.push_str("ss"),
            'ẞ' => out.push_str("SS"),
            'æ' => out.push_str("ae"),
            'Æ' => out.push_str("AE"),
            'œ' => out.push_str("oe"),
            'Œ' => out.push_str("OE"),
            'ø' => out.push('o'),
            'Ø' => out.push('O'),
            'ł' => out.push('l'),
            'Ł' => out.push('L'),
            'đ' => out.push('d'),
            'Đ' => out.push('D'),
            'ı' => out.push('i'),
            other => out.push(other),
        }
    }
    out
}

fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut start = true;
    for c in text.chars() {
        if start {
            out.extend(c.to_uppercase());
        } else {
            out.extend(c.to_lowercase());
        }
        start = !c.is_alphanumeric() && c != '\'';
    }
    out
}
