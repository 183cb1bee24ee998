//! Functions between types and forms. Country codes come from rust_iso3166, language tags from oxilangtag, dates from
//! jiff.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::fmt::strtime;
use oxilangtag::LanguageTag;

use super::{Function, Unfit, unfit};
use crate::scim::json::{Kind, Value};

/// How a country is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CountryForm {
    /// `PT`
    Alpha2,
    /// `PRT`
    Alpha3,
    /// `620`
    Numeric,
    /// `Portugal`
    Name,
}

impl CountryForm {
    /// The words of the file.
    pub const NAMES: [&'static str; 4] = ["alpha2", "alpha3", "numeric", "name"];

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "alpha2" => Some(Self::Alpha2),
            "alpha3" => Some(Self::Alpha3),
            "numeric" => Some(Self::Numeric),
            "name" => Some(Self::Name),
            _ => None,
        }
    }

    fn find(self, text: &str) -> Option<rust_iso3166::CountryCode> {
        match self {
            Self::Alpha2 => rust_iso3166::from_alpha2(text),
            Self::Alpha3 => rust_iso3166::from_alpha3(text),
            Self::Numeric => rust_iso3166::from_numeric_str(text),
            Self::Name => rust_iso3166::ALL.iter().find(|country| country.name == text).copied(),
        }
    }

    fn write(self, country: &rust_iso3166::CountryCode) -> String {
        match self {
            Self::Alpha2 => country.alpha2.to_owned(),
            Self::Alpha3 => country.alpha3.to_owned(),
            Self::Numeric => format!("{:03}", country.numeric),
            Self::Name => country.name.to_owned(),
        }
    }
}

/// Lists and objects.
pub(super) fn structure(function: &Function, value: Value) -> Result<Value, Unfit> {
    match function {
        Function::Split(separator) => {
            let Some(text) = value.as_str() else { return unfit("text is needed to split") };
            let parts: Vec<_> = text.split(separator.as_str()).collect();
            if parts.iter().any(|part| part.is_empty()) {
                return unfit(format!("there is nothing between two \"{separator}\" or at an end"));
            }
            Ok(parts.into_iter().map(Value::from).collect())
        }
        Function::Join(separator) => {
            let texts = value.each().iter().map(Value::scalar_text).collect::<Option<Vec<_>>>();
            let Some(texts) = texts else { return unfit("only texts can be joined") };
            if texts.iter().any(|text| text.is_empty() || text.contains(separator.as_str())) {
                return unfit(format!(
                    "an element is empty or holds \"{separator}\", and could not be told apart"
                ));
            }
            Ok(Value::from(texts.join(separator)))
        }
        Function::Wrap(None) => Ok(Value::from(vec![value])),
        Function::Wrap(Some(key)) => Ok(Value::from_iter([(key.as_str(), value)])),
        Function::Unwrap(None) => match value.items() {
            [only] => Ok(only.clone()),
            _ => unfit("a list of one is needed to unwrap"),
        },
        Function::Unwrap(Some(key)) => {
            let only = value.get(key).filter(|_| value.members().len() == 1).cloned();
            only.ok_or_else(|| Unfit(format!("an object with \"{key}\" alone is needed to unwrap")))
        }
        Function::Distinct => {
            let mut out: Vec<Value> = Vec::new();
            for item in value.into_items() {
                if !out.contains(&item) {
                    out.push(item);
                }
            }
            Ok(Value::from(out))
        }
        Function::Sort => {
            let mut items = value.into_items();
            items.sort_by_cached_key(|item| item.scalar_text().map_or_else(|| item.to_json(), str::to_owned));
            Ok(Value::from(items))
        }
        _ => unfit("not a function of lists"),
    }
}

/// Between scalars of other types or forms. Each refuses what its inverse would not give back.
pub(super) fn scalar(function: &Function, value: &Value) -> Result<Value, Unfit> {
    let text = || value.as_str().ok_or_else(|| Unfit("text is needed here".to_owned()));
    match function {
        Function::Not => match value.as_bool() {
            Some(truth) => Ok(Value::from(!truth)),
            None => unfit("true or false is needed"),
        },
        Function::Bool => match text()? {
            "true" => Ok(Value::from(true)),
            "false" => Ok(Value::from(false)),
            _ => unfit("\"true\" or \"false\" is needed"),
        },
        Function::Number => {
            Value::number(text()?).map_or_else(|| unfit("the text of a number is needed"), Ok)
        }
        Function::Text => match value.kind() {
            Kind::Bool | Kind::Number => Ok(Value::from(value.scalar_text().unwrap_or_default())),
            _ => unfit("a number or truth value is needed"),
        },
        Function::Base64 => Ok(Value::from(STANDARD.encode(text()?))),
        Function::Unbase64 => {
            let bytes = STANDARD.decode(text()?).map_err(|_| Unfit("base64 is needed".to_owned()))?;
            String::from_utf8(bytes)
                .map(Value::from)
                .map_err(|_| Unfit("base64 of text is needed".to_owned()))
        }
        Function::Country(from, to) => match from.find(text()?) {
            Some(country) => Ok(Value::from(to.write(&country))),
            None => unfit("a country of ISO 3166-1 is needed"),
        },
        Function::Locale => locale(text()?).map(Value::from),
        Function::Date(from, to) => {
            let there = reformat(from, to, text()?)?;
            // Exact only when the other form says as much: "May 2026" has no day.
            match reformat(to, from, &there) {
                Ok(back) if back == text()? => Ok(Value::from(there)),
                _ => unfit("the other form of the date would lose a part of it"),
            }
        }
        _ => unfit("not a function of this value"),
    }
}

/// Undoes an exact one; `None` when the value could not have come from it.
pub(super) fn undo(function: &Function, value: &Value) -> Option<Value> {
    let opposite = match function {
        Function::Not => Function::Not,
        Function::Bool | Function::Number => Function::Text,
        Function::Text => {
            let text = value.as_str()?;
            return text.parse::<bool>().ok().map(Value::from).or_else(|| Value::number(text));
        }
        Function::Base64 => Function::Unbase64,
        Function::Unbase64 => Function::Base64,
        Function::Country(from, to) => Function::Country(*to, *from),
        Function::Locale => {
            let hyphenated = value.as_str()?.replace('_', "-");
            return LanguageTag::parse(hyphenated).ok().map(|tag| Value::from(tag.into_inner()));
        }
        Function::Date(from, to) => Function::Date(to.clone(), from.clone()),
        _ => return None,
    };
    scalar(&opposite, value).ok()
}

/// `en-US` → `en_US`. What is no language tag (RFC 5646) stays as it is: clients send anything.
fn locale(text: &str) -> Result<String, Unfit> {
    if text.contains('_') {
        return unfit("it has an underscore already, and could not be told apart");
    }
    Ok(if LanguageTag::parse(text).is_ok() { text.replace('-', "_") } else { text.to_owned() })
}

fn reformat(from: &str, to: &str, text: &str) -> Result<String, Unfit> {
    let read =
        strtime::parse(from, text).map_err(|_| Unfit(format!("a date of the form {from} is needed")))?;
    read.to_string(to).map_err(|_| Unfit(format!("the date cannot be written as {to}")))
}
