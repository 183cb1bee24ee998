//! Whether the identity provider reads back what it wrote: tried with values made for the purpose when a file is loaded.

use super::Lens;
use super::expression::Condition;
use super::function::{Class, Function, Pipeline};
use super::path::{Given, Place};
use super::rule::{Back, Rule, Verb};
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
    /// What it would read.
    pub read: Option<Value>,
}

/// For every rule that is undone by its inverse and does not read back: the shortest value that shows it.
pub fn witnesses(lens: &Lens) -> Vec<Witness> {
    let asked: Vec<_> = lens.rules.iter().filter_map(condition).collect();
    // A user of whom nothing else is known, and each of whom something holds that a rule asks about.
    let mut base = Value::object();
    base.set("userName", "ana@acme.example");
    let mut resources = vec![base.clone()];
    for (condition, literal) in asked.iter().flat_map(|one| literals(one).map(move |text| (one, text))) {
        resources.extend(condition.attributes.iter().flatten().map(|path| {
            let mut resource = base.clone();
            path.set(&mut resource, Value::from(literal));
            resource
        }));
    }
    let of = |rule: &Rule| match &rule.verb {
        Verb::Move { from, via, .. } if rule.back == Back::Invert && via.can_be_undone() => {
            let compared = asked.iter().flat_map(|condition| literals(condition)).map(str::to_owned);
            let mut values = candidates(from, via, &lens.catalog, compared.collect());
            values.sort_by_cached_key(|value| value.to_json().len());
            let tried = |value: Value| {
                resources.iter().find_map(|one| try_one(lens, rule, (from, via), one.clone(), value.clone()))
            };
            values.into_iter().find_map(tried)
        }
        _ => None,
    };
    lens.rules.iter().filter_map(of).collect()
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

fn try_one(
    lens: &Lens,
    rule: &Rule,
    (from, via): (&Place, &Pipeline),
    mut resource: Value,
    written: Value,
) -> Option<Witness> {
    from.set(&mut resource, written.clone());
    // What a rule refuses is no answer that would be wrong.
    let vendor = lens.forward(resource, &Given::default(), None, None).ok()?;
    let back = lens.back(vendor);
    let read = from.get(&back).cloned();
    // A canonical form means the same, and is given back as it was written from memory.
    let same = match (&read, via.class()) {
        (Some(read), Class::Retract) => via.apply(read.clone()).ok() == via.apply(written.clone()).ok(),
        (read, _) => read.as_ref() == Some(&written),
    };
    (!same).then(|| Witness { rule: rule.span, place: from.to_string(), written, read })
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
        Function::Strip(prefix, suffix) => vec![format!("{prefix}x{suffix}")],
        Function::Each(inner) => about(inner),
        _ => Vec::new(),
    }
}
