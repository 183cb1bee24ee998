//! Functions as a file writes them: `lower`, `prefix: x`, `swap: [a, b]`, `country: { from: alpha2, to: name }`.

use super::compile::{parts, unknown_function};
use super::function::{CountryForm, Function};
use super::scope::Scope;
use crate::yaml::{Mistake, Node, nearest};

/// Compiles one function.
///
/// # Errors
/// What is wrong with it, with its place.
pub(super) fn function(node: &Node, scope: &Scope) -> Result<Function, Mistake> {
    let (name, span, argument) = parts(node)
        .ok_or_else(|| Mistake::new(node.span, "a function is a name, or a mapping with one key"))?;
    let place = argument.map_or(span, |argument| argument.span);
    let need = |what: &str| Mistake::new(place, format!("`{name}` needs {what}"));
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
        Some(argument) => Err(Mistake::new(argument.span, format!("`{name}` takes nothing"))),
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
        "country" => country(argument).ok_or_else(|| {
            need(&format!("{{ from: FORM, to: FORM }}, each one of {}", CountryForm::NAMES.join(", ")))
        }),
        "locale" => plain(Function::Locale),
        "date" => {
            let part = |key: &str| argument.and_then(|argument| argument.text_at(key)).map(str::to_owned);
            match (part("from"), part("to")) {
                (Some(from), Some(to)) => Ok(Function::Date(from, to)),
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
        "each" => match argument {
            Some(argument) => function(argument, scope).map(|inner| Function::Each(Box::new(inner))),
            None => Err(need("a function")),
        },
        _ => Err(unknown_function(name, span)),
    }
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
