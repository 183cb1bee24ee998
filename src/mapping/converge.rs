//! Whether the identity provider reads back what it wrote: tried with values made for the purpose when a file is loaded.

use super::Lens;
use super::expression::Condition;
use super::function::{Class, Function, Pipeline};
use super::path::{Given, Place, Source};
use super::rule::{Back, Rule, Verb};
use super::table::Match;
use crate::scim::json::Value;
use crate::scim::schema::{AttributeType, Catalog};
use crate::yaml::Span;

/// A value that does not come back, and what comes back in its place.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The rule.
    pub rule: Span,
    /// The place on the identity provider's side.
    pub place: String,
    /// What it would write.
    pub written: Value,
    /// What the resource has besides, if that matters.
    pub beside: Option<String>,
    /// The place on the vendor's side.
    pub target: String,
    /// What the vendor would hold there.
    pub held: Option<Value>,
    /// What it would read.
    pub read: Option<Value>,
}

/// For every rule that is undone by its inverse and does not read back: the shortest value that shows it.
pub fn witnesses(lens: &Lens) -> Vec<Witness> {
    let asked: Vec<_> = lens.rules.iter().filter_map(condition).collect();
    let compared = || asked.iter().flat_map(|condition| literals(condition)).map(str::to_owned).collect();
    let of = |rule: &Rule| match &rule.verb {
        Verb::Move { from, to, via, .. } if rule.back == Back::Invert && via.can_be_undone() => {
            let mut values = candidates(from, via, &lens.catalog, compared());
            values.sort_by_cached_key(|value| value.to_json().len());
            besides(lens, &asked, from).iter().enumerate().find_map(|(at, beside)| {
                let many = if at == 0 { values.len() } else { WITH_EACH };
                let mut values = values.iter().take(many).cloned();
                values.find_map(|value| try_one(lens, (rule, from, to, via), beside, value))
            })
        }
        _ => None,
    };
    lens.rules.iter().filter_map(of).collect()
}

/// Rules that make one of values which differ only in case, where the schema says that case tells them apart.
pub fn warnings(lens: &Lens) -> Vec<(Span, String)> {
    let of = |rule: &Rule| match &rule.verb {
        Verb::Move { from, via, .. } if rule.back == Back::Invert => {
            let function = via.0.iter().find(|function| folds_case(function))?;
            let attribute = lens.catalog.target(&from.attribute)?;
            let text = format!(
                "{from} is case-exact, and `{}` makes one value of those that differ in case alone",
                function.name()
            );
            attribute.case_exact.then_some((rule.span, text))
        }
        _ => None,
    };
    lens.rules.iter().filter_map(of).collect()
}

fn folds_case(function: &Function) -> bool {
    match function {
        Function::Lower | Function::Upper => true,
        Function::Table(table) => table.by() == Match::Ci,
        Function::Each(inner) => folds_case(inner),
        _ => false,
    }
}

fn condition(rule: &Rule) -> Option<&Condition> {
    match &rule.verb {
        Verb::Refuse { when, .. } => Some(when),
        _ => rule.when.as_ref(),
    }
}

/// The texts that a condition compares with.
fn literals(condition: &Condition) -> impl Iterator<Item = &str> {
    condition.text.split(['\'', '"']).skip(1).step_by(2)
}

/// A value that cannot be read out of what functions make of it, and what they do: an example for whoever wrote them.
pub(super) fn lost(from: &Place, via: &Pipeline, catalog: &Catalog) -> Option<String> {
    candidates(from, via, catalog, Vec::new()).into_iter().find_map(|written| {
        match via.carry(written.clone()) {
            Ok(Some(made)) if made != written => {
                Some(format!("{} would be sent as {}", written.to_json(), made.to_json()))
            }
            _ => None,
        }
    })
}

fn try_one(
    lens: &Lens,
    (rule, from, to, via): (&Rule, &Place, &Place, &Pipeline),
    beside: &Beside,
    written: Value,
) -> Option<Witness> {
    let mut resource = beside.resource.clone();
    from.set(&mut resource, written.clone());
    // What a rule refuses is no answer that would be wrong.
    let given = Given { groups: Some(&beside.groups), ..Given::default() };
    let vendor = lens.forward(resource, &given, None, None).ok()?;
    let held = to.get(&vendor).cloned();
    let back = lens.back(vendor);
    let read = from.get(&back).cloned();
    // A canonical form means the same, and is given back as it was written from memory.
    let same = match (&read, via.class()) {
        (Some(read), Class::Retract) => via.apply(read.clone()).ok() == via.apply(written.clone()).ok(),
        (read, _) => read.as_ref() == Some(&written),
    };
    let beside = beside.shown.clone();
    let (place, target) = (from.to_string(), to.to_string());
    (!same).then(|| Witness { rule: rule.span, place, written, beside, target, held, read })
}

/// What a resource has besides the attribute that is tried, and the groups that the user is in.
struct Beside {
    resource: Value,
    groups: Value,
    shown: Option<String>,
}

/// How many values are tried besides the attribute itself, and how many of its own with each.
const BESIDE: usize = 8;
const WITH_EACH: usize = 12;

/// Nothing besides; then one value in everything that the rules read: any, and each that they compare with.
fn besides(lens: &Lens, asked: &[&Condition], own: &Place) -> Vec<Beside> {
    let mut plain = Value::object();
    plain.set("userName", "ana@acme.example");
    let mut out = vec![Beside { resource: plain.clone(), groups: Value::from(Vec::new()), shown: None }];
    let mut words = vec!["x1".to_owned()];
    for word in asked.iter().flat_map(|condition| literals(condition)) {
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    let sources = lens.rules.iter().flat_map(|rule| match &rule.verb {
        Verb::Set { from, .. } => from.sources().filter_map(Source::as_place).cloned().collect(),
        _ => Vec::new(),
    });
    let compared = asked.iter().flat_map(|when| when.attributes.iter().flatten());
    let compared = compared.map(|path| Place { attribute: path.clone(), element: None });
    let is_text = |place: &Place| {
        let attribute = lens.catalog.target(&place.attribute);
        let one = attribute.is_none_or(|attribute| !attribute.multi_valued) || place.element.is_some();
        one && attribute.is_none_or(|attribute| attribute.kind == AttributeType::String)
    };
    let places: Vec<Place> = sources
        .chain(compared)
        .filter(|place| is_text(place) && !place.attribute.same_attribute(&own.attribute))
        .collect();
    for word in words.into_iter().take(BESIDE) {
        let mut resource = plain.clone();
        places.iter().for_each(|place| place.set(&mut resource, Value::from(word.as_str())));
        let group =
            Value::from_iter([("value", word.as_str().into()), ("displayName", word.as_str().into())]);
        let mut names: Vec<String> = places.iter().map(ToString::to_string).collect();
        names.dedup();
        names.extend(lens.reads_groups.then(|| "a group".to_owned()));
        if !names.is_empty() {
            let shown = Some(format!("{} = \"{word}\"", names.join(", ")));
            out.push(Beside { resource, groups: Value::from(vec![group]), shown });
        }
    }
    out
}

/// Values that an identity provider might send there: ordinary ones, and ones that the functions are about.
fn candidates(from: &Place, via: &Pipeline, catalog: &Catalog, compared: Vec<String>) -> Vec<Value> {
    let attribute = catalog.attribute(&from.attribute);
    let sub = from.element.as_ref().map_or(from.attribute.sub.as_ref(), |element| element.sub.as_ref());
    let target = match (attribute, sub) {
        (Some(attribute), Some(sub)) => attribute.sub(sub),
        (attribute, _) => attribute,
    };
    let mut texts: Vec<String> = [
        "ana@acme.example",
        "Ana Silva",
        "ANA",
        "a",
        "O'Neil-Łódź",
        "00u1a2",
        "PT",
        "en-US",
        "2026-05-01",
        "  x ",
    ]
    .map(str::to_owned)
    .to_vec();
    for function in &via.0 {
        texts.extend(about(function));
    }
    texts.extend(compared);
    match target.map(|attribute| attribute.kind) {
        Some(AttributeType::Boolean) => vec![Value::from(true), Value::from(false)],
        Some(AttributeType::Integer | AttributeType::Decimal) => {
            ["0", "7", "1.10", "-3"].iter().filter_map(|text| Value::number(text)).collect()
        }
        Some(AttributeType::Complex) if sub.is_none() => {
            let element = Value::from_iter([("value", Value::from("x1")), ("type", Value::from("work"))]);
            vec![if attribute.is_some_and(|attribute| attribute.multi_valued) && from.element.is_none() {
                Value::from(vec![element])
            } else {
                element
            }]
        }
        _ => {
            let pieces = texts.clone();
            texts.extend(generated(&pieces));
            let inputs = via.0.iter().flat_map(inputs);
            let values = texts.into_iter().map(Value::from).chain(inputs);
            match attribute {
                Some(attribute) if attribute.multi_valued && from.element.is_none() => {
                    let values: Vec<_> = values.collect();
                    let several = values.chunks(3).map(|few| Value::from(few.to_vec()));
                    several.chain(values.iter().map(|value| Value::from(vec![value.clone()]))).collect()
                }
                _ => values.collect(),
            }
        }
    }
}

/// How many values are made up for a rule.
const GENERATED: usize = 64;

/// Texts made of one to three pieces, always the same ones: a file that loads today loads tomorrow.
fn generated(pieces: &[String]) -> Vec<String> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |bound: usize| {
        // xorshift64: any spread will do.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % bound.max(1) as u64).unwrap_or(0)
    };
    let one = |_| (0..=below(3)).map(|_| pieces[below(pieces.len())].as_str()).collect::<String>();
    (0..GENERATED).map(one).collect()
}

/// The keys of tables.
fn inputs(function: &Function) -> Vec<Value> {
    match function {
        Function::Table(table) => table.inputs(),
        Function::Each(inner) => inputs(inner),
        _ => Vec::new(),
    }
}

/// Texts at the edges of what a function does.
fn about(function: &Function) -> Vec<String> {
    match function {
        Function::Prefix(text) | Function::Suffix(text) => vec![text.clone(), format!("{text}{text}")],
        Function::Swap(from, to) => vec![from.clone(), format!("{from}x"), to.clone(), format!("{to}x")],
        Function::Split(separator) | Function::Join(separator) => vec![format!("a{separator}b")],
        Function::Table(table) => {
            table.inputs().iter().filter_map(Value::scalar_text).map(str::to_owned).collect()
        }
        Function::Date(from, _) => ["2026-05-01T00:00:00Z", "2028-02-29T23:59:58Z"]
            .iter()
            .filter_map(|text| text.parse::<jiff::Timestamp>().ok())
            .filter_map(|time| jiff::fmt::strtime::format(from, &time.to_zoned(jiff::tz::TimeZone::UTC)).ok())
            .collect(),
        Function::Strip(prefix, suffix) => vec![format!("{prefix}x{suffix}")],
        Function::Each(inner) => about(inner),
        _ => Vec::new(),
    }
}
