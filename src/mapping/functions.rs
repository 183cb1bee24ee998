//! Functions as a file writes them: `lower`, `prefix: x`, `swap: [a, b]`, `country: { from: alpha2, to: name }`.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::compile::{parts, unknown_function};
use super::function::{CountryForm, Function, Rewrite, is_country, pattern as compiles};
use super::made::Made;
use super::scope::Scope;
use super::template::Template;
use crate::scim::json::Value;
use crate::yaml::{Mistake, Node, Span, nearest};

/// Compiles one function.
///
/// # Errors
/// What is wrong with it, with its place.
pub(super) fn function(node: &Node, scope: &Scope) -> Result<Function, Mistake> {
    let (name, span, argument) = parts(node).ok_or_else(|| {
        Mistake::new(node.span, "a function is a name, or a mapping with one key")
            .hint("such as lower, or { prefix: x- }")
    })?;
    let place = argument.map_or(span, |argument| argument.span);
    let need = |what: &str| needs(name, what, place);
    let text = |what: &str| {
        let text = argument.and_then(Node::text).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or_else(|| need(what))
    };
    let number = |what: &str| {
        let number = argument.and_then(Node::whole).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| need(what))
    };
    let pair = |what: &str| match argument.map(Node::items) {
        Some([a, b]) => match (a.text(), b.text()) {
            (Some(a), Some(b)) => Ok((a.to_owned(), b.to_owned())),
            _ => Err(need(what)),
        },
        _ => Err(need(what)),
    };
    let plain = |function: Function| match argument {
        Some(argument) => Err(takes_nothing(name, argument.span)),
        None => Ok(function),
    };
    match name {
        "prefix" => text("the text to put in front").map(Function::Prefix),
        "suffix" => text("the text to put behind").map(Function::Suffix),
        "swap" => match pair("two beginnings: [this, for that]")? {
            (from, to) if from == to || from.is_empty() || to.is_empty() => {
                Err(need("two different beginnings"))
            }
            (from, to) => Ok(Function::Swap(from, to)),
        },
        "split" => text("a separator").map(Function::Split),
        "join" => text("a separator").map(Function::Join),
        "not" => plain(Function::Not),
        "bool" => plain(Function::Bool),
        "number" => plain(Function::Number),
        "text" => plain(Function::Text),
        "wrap" => Ok(Function::Wrap(argument.and_then(Node::text).map(str::to_owned))),
        "unwrap" => Ok(Function::Unwrap(argument.and_then(Node::text).map(str::to_owned))),
        "base64" => plain(Function::Base64),
        "unbase64" => plain(Function::Unbase64),
        "country" => match (country(argument), argument) {
            (Some(function), Some(argument)) => only(argument, &["from", "to"], function),
            _ => Err(need(&format!(
                "{{ from: FORM, to: FORM }}, each one of {}",
                CountryForm::NAMES.join(", ")
            ))),
        },
        "locale" => plain(Function::Locale),
        "date" => {
            let part = |key: &str| argument?.get(key).and_then(|node| Some((node, node.text()?)));
            match (argument, part("from"), part("to")) {
                (Some(argument), Some(from), Some(to)) => only(argument, &["from", "to"], date(from, to)?),
                _ => Err(need("{ from: FORMAT, to: FORMAT }, as in strftime")),
            }
        }
        "table" => {
            let table = text("the name of a table")?;
            scope.tables.get(&table).cloned().map(Function::Table).ok_or_else(|| {
                let mistake = Mistake::new(place, format!("unknown table `{table}`"));
                match nearest(&table, scope.tables.keys().map(String::as_str)) {
                    Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                    None => mistake.hint("tables are defined at the top of the file"),
                }
            })
        }
        "lower" => plain(Function::Lower),
        "upper" => plain(Function::Upper),
        "trim" => plain(Function::Trim),
        "squeeze" => plain(Function::Squeeze),
        "distinct" => plain(Function::Distinct),
        "sort" => plain(Function::Sort),
        "deburr" => plain(Function::Deburr),
        "word" => match number("which word, from 1")? {
            0 => Err(need("which word, from 1")),
            n => Ok(Function::Word(n)),
        },
        "before" => text("a mark").map(Function::Before),
        "after" => text("a mark").map(Function::After),
        "slice" => slice(argument).ok_or_else(|| need("[from] or [from, to], counted from 0")),
        "replace" => match pair("two texts: [this, by that]")? {
            (from, _) if from.is_empty() => Err(need("a text to replace")),
            (from, to) => Ok(Function::Replace(from, to)),
        },
        "title" => plain(Function::Title),
        "fit" => number("a number of characters").map(Function::Fit),
        "strip" => match (argument.and_then(Node::text), argument) {
            (Some(prefix), _) if !prefix.is_empty() => Ok(Function::Strip(prefix.to_owned(), String::new())),
            (None, Some(argument)) => {
                let part = |key: &str| argument.text_at(key).unwrap_or_default().to_owned();
                match (part("prefix"), part("suffix")) {
                    (prefix, suffix) if prefix.is_empty() && suffix.is_empty() => Err(need(STRIP)),
                    (prefix, suffix) => {
                        only(argument, &["prefix", "suffix"], Function::Strip(prefix, suffix))
                    }
                }
            }
            _ => Err(need(STRIP)),
        },
        "regex" => {
            let pattern = argument.and_then(|argument| argument.get("match"));
            match (argument, pattern.and_then(|node| Some((node, node.text()?)))) {
                (Some(argument), Some((node, pattern))) => {
                    let wrong =
                        |node: &Node, why: String| Mistake::new(node.span, why).hint(example("regex"));
                    compiles(pattern).map_err(|why| wrong(node, why))?;
                    let to = argument.get("to");
                    let rewrite =
                        rewrite(pattern, to, scope).map_err(|why| wrong(to.unwrap_or(node), why))?;
                    only(argument, &["match", "to"], Function::Regex(Arc::new(rewrite)))
                }
                _ => Err(need("{ match: EXPRESSION, to: \"{1}…\" }; the expression matches the whole value")),
            }
        }
        "phone" => match argument {
            None => Ok(Function::Phone(None)),
            Some(argument) => {
                let country = argument.text().and_then(|text| parameter(text, scope));
                match country.filter(|country| is_country(country)) {
                    Some(country) => Ok(Function::Phone(Some(country))),
                    None => Err(need(
                        "nothing, or the country (ISO 3166-1 alpha-2) of numbers without a country code",
                    )),
                }
            }
        },
        "sha256" => plain(Function::Sha256),
        "plus" => {
            let span = argument.and_then(Node::text).and_then(|text| text.parse::<jiff::Span>().ok());
            span.map(Function::Plus).ok_or_else(|| need("a time span such as 30d, -2h or P1Y6M"))
        }
        "each" => match argument {
            Some(argument) => function(argument, scope).map(|inner| Function::Each(Box::new(inner))),
            None => Err(need("a function")),
        },
        _ => Err(unknown_function(name, span)),
    }
}

fn needs(name: &str, what: &str, place: Span) -> Mistake {
    Mistake::new(place, format!("`{name}` needs {what}")).hint(example(name))
}

fn takes_nothing(name: &str, place: Span) -> Mistake {
    Mistake::new(place, format!("`{name}` takes nothing")).hint(format!("write just {name}"))
}

/// How a function that takes something is written.
fn example(name: &str) -> &'static str {
    match name {
        "prefix" => "such as prefix: emp-",
        "suffix" => "such as suffix: \"@acme.example\"",
        "swap" => "such as swap: [okta, acme]",
        "split" | "join" => "such as join: \", \"",
        "country" => "such as country: { from: alpha2, to: name }",
        "date" => "such as date: { from: \"%Y-%m-%d\", to: \"%d.%m.%Y\" }",
        "table" => "such as table: organizations",
        "word" => "such as word: 1",
        "before" | "after" => "such as before: \"@\"",
        "slice" => "such as slice: [0, 2]",
        "replace" => "such as replace: [\" \", \"_\"]",
        "fit" => "such as fit: 64",
        "strip" => "such as strip: emp-, or strip: { suffix: \"@acme.example\" }",
        "regex" => "such as regex: { match: \"(\\\\w+)@.*\", to: \"{1}\" }",
        "phone" => "such as phone, or phone: PT",
        "plus" => "such as plus: 30d",
        "each" => "such as each: lower",
        "now" => "such as now, or now: \"%Y-%m-%d\"",
        "random" => "such as random: 24",
        _ => "see the functions of the mapping language",
    }
}

const STRIP: &str = "a beginning to take away, or { prefix: TEXT, suffix: TEXT }";

/// The function, if its argument has no other keys than these.
fn only<T>(argument: &Node, keys: &[&str], function: T) -> Result<T, Mistake> {
    match argument.entries().iter().find(|(key, _)| !keys.contains(&key.text.as_str())) {
        None => Ok(function),
        Some((key, _)) => {
            let mistake = Mistake::new(key.span, format!("unknown key `{}`", key.text));
            Err(match nearest(&key.text, keys.iter().copied()) {
                Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                None => mistake.hint(format!("known keys: {}", keys.join(", "))),
            })
        }
    }
}

/// From one form of a date (strftime) into another that says as much.
fn date(from: (&Node, &str), to: (&Node, &str)) -> Result<Function, Mistake> {
    let wrong = |(node, form): (&Node, &str), why: &dyn std::fmt::Display| {
        Mistake::new(node.span, format!("`{form}` is no form of a date: {why}")).hint(example("date"))
    };
    // An afternoon, which a form with %I and without %p would lose.
    let moment = Timestamp::from_second(54_015).unwrap_or_default().to_zoned(TimeZone::UTC);
    for form in [from, to] {
        let written = strtime::format(form.1, &moment).map_err(|error| wrong(form, &error))?;
        if written == form.1 {
            return Err(wrong(form, &"it has no directive such as %Y"));
        }
        strtime::parse(form.1, &written).map_err(|error| wrong(form, &error))?;
    }
    let function = Function::Date(from.1.to_owned(), to.1.to_owned());
    let sample = strtime::format(from.1, &moment).map_err(|error| wrong(from, &error))?;
    match function.apply(Value::from(sample.as_str())) {
        Ok(_) => Ok(function),
        Err(why) => {
            let message = format!("a date of the form `{}` cannot take this form: {why}", from.1);
            Err(Mistake::new(to.0.span, message)
                .hint("both forms name the same parts of a date, and no others"))
        }
    }
}

/// A text that may be one parameter in braces.
fn parameter(text: &str, scope: &Scope) -> Option<String> {
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(name) => scope.parameters.get(name.trim())?.scalar_text().map(str::to_owned),
        None => Some(text.to_owned()),
    }
}

/// What a text that an expression matches becomes: its groups, by number or name, in a template; else its first group,
/// or all of it.
fn rewrite(pattern: &str, to: Option<&Node>, scope: &Scope) -> Result<Rewrite, String> {
    let bound = |template: Template| template.bind(&|name: &str| scope.parameters.get(name).cloned());
    match to {
        Some(to) => Rewrite::new(pattern, bound(Template::compile(&to.to_value())?)),
        None => Rewrite::new(pattern, Template::Hole("1".to_owned()))
            .or_else(|_| Rewrite::new(pattern, Template::Hole("0".to_owned()))),
    }
}

/// What makes a value from nothing, if a function does.
///
/// # Errors
/// What is wrong with its argument, with its place.
pub(super) fn made(node: &Node) -> Result<Option<Made>, Mistake> {
    let Some((name, span, argument)) = parts(node).filter(|(name, ..)| Made::NAMES.contains(name)) else {
        return Ok(None);
    };
    let place = argument.map_or(span, |argument| argument.span);
    let need = |what: &str| needs(name, what, place);
    let length = |node: Option<&Node>| {
        let length = node.and_then(Node::whole).and_then(|length| usize::try_from(length).ok());
        length.filter(|length| (1..=Made::LONGEST).contains(length))
    };
    match (name, argument) {
        ("now", None) => Ok(Made::Now(None)),
        ("now", Some(argument)) => match argument.text().filter(|form| Made::is_form(form)) {
            Some(form) => Ok(Made::Now(Some(form.to_owned()))),
            None => Err(need("nothing, or a form as in strftime, such as \"%Y-%m-%d\"")),
        },
        ("uuid", None) => Ok(Made::Uuid),
        ("uuid", Some(_)) => Err(takes_nothing(name, place)),
        (_, argument) => {
            let of = argument.and_then(|argument| argument.get("of")).and_then(Node::text);
            let whole = argument.map(|argument| argument.get("length").unwrap_or(argument));
            match (length(whole), of.map(|of| of.chars().count())) {
                (Some(length), None | Some(2..=256)) => match argument {
                    Some(argument) => only(argument, &["length", "of"], Made::random(length, of)),
                    None => Ok(Made::random(length, of)),
                },
                _ => {
                    Err(need("a length up to 256, or { length: 24, of: \"the characters to choose from\" }"))
                }
            }
        }
    }
    .map(Some)
}

fn country(argument: Option<&Node>) -> Option<Function> {
    let form = |key: &str| argument?.text_at(key).and_then(CountryForm::parse);
    Some(Function::Country(form("from")?, form("to")?))
}

fn slice(argument: Option<&Node>) -> Option<Function> {
    let number = |node: &Node| node.whole().and_then(|number| usize::try_from(number).ok());
    match argument?.items() {
        [from] => Some(Function::Slice(number(from)?, None)),
        [from, to] => Some(Function::Slice(number(from)?, Some(number(to)?))),
        _ => None,
    }
}
