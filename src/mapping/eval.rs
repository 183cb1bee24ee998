//! What rules make of a resource, and what is read back from what they made.

use super::Lens;
use super::compile::overlaps;
use super::expression::with_specials;
use super::function::Pipeline;
use super::path::Given;
use super::rule::{Back, From, Rule, Verb};
use super::turn::Turn;
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::resource::list_schemas;
use crate::yaml::Span;

/// Where an attribute that the vendor gets comes from; for people who ask why.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The place on the vendor's side.
    pub target: String,
    /// The rule that decided.
    pub rule: Span,
    /// In words.
    pub how: String,
}

/// What a rule has to say about its target.
enum Outcome {
    /// It does not apply.
    Silent,
    /// Nothing that it reads has changed: what the vendor has stays, whatever it is.
    Kept,
    /// The target has this value, or none.
    Is(Option<Value>, &'static str),
}

impl Lens {
    /// What the vendor gets for a resource of the identity provider. `before` is what the vendor has now, if anything:
    /// what the identity provider cannot see stays as it is, and so does what is made by rules of whose sources a PATCH
    /// changes nothing. An account that was there before the bridge may hold what no rule would make, and can be
    /// deactivated all the same.
    ///
    /// # Errors
    /// `invalidValue` when a rule refuses the resource, or a function cannot take its value.
    pub fn forward(
        &self,
        mut resource: Value,
        given: &Given<'_>,
        before: Option<&Value>,
        mut origins: Option<&mut Vec<Origin>>,
    ) -> Result<Value, Error> {
        if self.is_identity() {
            return Ok(resource);
        }
        let turns = self.turns(&resource, given, before);
        let outcomes = if self.has_conditions {
            with_specials(&mut resource, given, |resource| self.outcomes(resource, given, &turns))?
        } else {
            self.outcomes(&resource, given, &turns)?
        };
        let mut out = match before {
            _ if self.pass => resource,
            // What no rule names is not the identity provider's, and stays as it is.
            Some(before) => before.clone(),
            None => common(&mut resource),
        };
        if self.pass {
            self.clear_ours(&mut out);
        } else {
            self.rules.iter().filter_map(target).for_each(|to| drop(to.take(&mut out)));
        }
        if let Some(before) = before {
            self.keep_theirs(before, &mut out);
        }
        for (rule, outcome) in self.rules.iter().zip(outcomes) {
            let Some(to) = target(rule) else { continue };
            match outcome {
                Outcome::Silent if rule.applies_to(given.operation) => {}
                Outcome::Silent | Outcome::Kept => {
                    let shown = before.filter(|before| to.get(before).is_some());
                    match (shown, made_before(rule, given)) {
                        (None, Some(made)) => to.set(&mut out, made.clone()),
                        _ => before.into_iter().for_each(|before| to.keep(before, &mut out)),
                    }
                }
                Outcome::Is(Some(value), how) => {
                    if let Some(origins) = origins.as_deref_mut() {
                        let (target, how) = (to.to_string(), describe(rule, how));
                        origins.push(Origin { target, rule: rule.span, how });
                    }
                    let value = rule.merge.onto(to.get(&out), value);
                    to.set(&mut out, value);
                }
                Outcome::Is(None, _) => {}
            }
        }
        self.merge(&mut out, before, given);
        list_schemas(&mut out, &self.catalog);
        Ok(out)
    }

    /// What the identity provider reads of a resource of the vendor, before what is remembered is put back.
    pub fn back(&self, vendor: Value) -> Value {
        if self.is_identity() {
            return vendor;
        }
        let mut found = Vec::with_capacity(self.rules.len());
        for rule in &self.rules {
            match &rule.verb {
                Verb::Move { from, to, via, .. } if rule.back != Back::Hide => {
                    let undone = |value: &Value| match rule.back {
                        Back::Vendor => value.clone(),
                        _ => via.invert(value.clone()),
                    };
                    found.extend(to.get(&vendor).map(|value| (from, undone(value))));
                }
                Verb::Set { to, .. } if rule.back == Back::Vendor => {
                    found.extend(to.get(&vendor).map(|value| (to, value.clone())));
                }
                _ => {}
            }
        }
        let mut vendor = vendor;
        let mut out = if self.pass { std::mem::take(&mut vendor) } else { common(&mut vendor) };
        for rule in &self.rules {
            match &rule.verb {
                Verb::Move { from, to, .. } => {
                    to.take(&mut out);
                    from.take(&mut out);
                }
                Verb::Set { to, .. } | Verb::Hide(to) | Verb::Drop(to) => drop(to.take(&mut out)),
                Verb::Refuse { .. } => {}
            }
        }
        for (from, value) in found {
            from.set(&mut out, value);
        }
        list_schemas(&mut out, &self.catalog);
        out
    }

    /// Takes out of the identity provider's resource what has another place, or none, at the vendor.
    fn clear_ours(&self, resource: &mut Value) {
        for rule in &self.rules {
            match &rule.verb {
                Verb::Move { from, .. } => drop(from.take(resource)),
                Verb::Drop(place) | Verb::Hide(place) => drop(place.take(resource)),
                Verb::Set { .. } | Verb::Refuse { .. } => {}
            }
        }
        for rule in &self.rules {
            match &rule.verb {
                // What is derived is not the identity provider's to write, and what it writes at B is not A.
                Verb::Set { to, .. } | Verb::Move { to, .. } => drop(to.take(resource)),
                _ => {}
            }
        }
    }

    /// Leaves what the identity provider does not see as the vendor has it, but where a rule writes.
    fn keep_theirs(&self, before: &Value, out: &mut Value) {
        for rule in &self.rules {
            let (Verb::Hide(place) | Verb::Drop(place)) = &rule.verb else { continue };
            let written = self.rules.iter().filter_map(target).any(|to| overlaps(to, place));
            if !written {
                place.keep(before, out);
            }
        }
    }

    fn outcomes(&self, resource: &Value, given: &Given<'_>, turns: &[Turn]) -> Result<Vec<Outcome>, Error> {
        let one = |(rule, turn): (&Rule, &Turn)| match turn {
            Turn::Speaks => outcome(rule, resource, given),
            Turn::IfItCan => outcome(rule, resource, given).or(Ok(Outcome::Kept)),
            Turn::Keeps => Ok(Outcome::Kept),
        };
        self.rules.iter().zip(turns).map(one).collect()
    }

    /// The values that the `set` rules at these places in the list give, for a resource of which only what they read is
    /// known. For a PATCH that needs no look at the vendor.
    pub(super) fn derived(
        &self,
        rules: &[usize],
        mut known: Value,
        given: &Given<'_>,
    ) -> Result<Vec<(usize, Option<Value>)>, Error> {
        with_specials(&mut known, given, |known| {
            let mut out = Vec::new();
            for &at in rules {
                let rule = &self.rules[at];
                match outcome(rule, known, given)? {
                    Outcome::Is(value, _) => out.push((at, value)),
                    // Nobody else writes there, so that what it once made goes.
                    Outcome::Silent if rule.applies_to(given.operation) => out.push((at, None)),
                    Outcome::Silent | Outcome::Kept => {}
                }
            }
            Ok(out)
        })
    }
}

/// What every resource has, whatever the rules: taken out of one.
fn common(resource: &mut Value) -> Value {
    let mut out = Value::object();
    for name in ["schemas", "id", "meta"] {
        if let Some(value) = resource.remove(name) {
            out.set(name, value);
        }
    }
    out
}

/// The place on the vendor's side that a rule writes.
pub(super) fn target(rule: &Rule) -> Option<&super::path::Place> {
    match &rule.verb {
        Verb::Move { to, .. } | Verb::Set { to, .. } => Some(to),
        Verb::Hide(_) | Verb::Drop(_) | Verb::Refuse { .. } => None,
    }
}

/// What a rule made when the resource was made, where the vendor does not show it.
fn made_before<'g>(rule: &Rule, given: &Given<'g>) -> Option<&'g Value> {
    match &rule.verb {
        Verb::Set { to, from: From::Made(_), .. } => given.known?.sent(&to.attribute),
        _ => None,
    }
}

fn outcome(rule: &Rule, resource: &Value, given: &Given<'_>) -> Result<Outcome, Error> {
    if !rule.applies_to(given.operation) {
        return Ok(Outcome::Silent);
    }
    let holds = rule.when.as_ref().is_none_or(|when| when.holds(resource));
    match &rule.verb {
        Verb::Drop(_) | Verb::Hide(_) => Ok(Outcome::Silent),
        Verb::Refuse { when, detail } if when.holds(resource) => Err(Error::value(detail.clone())),
        Verb::Refuse { .. } => Ok(Outcome::Silent),
        Verb::Move { from, to, via, otherwise } => {
            let value = from.get(resource).filter(|value| holds && !value.is_unassigned()).cloned();
            let otherwise = || otherwise.as_ref().and_then(|template| template.fill(&|_: &str| None));
            let Some(value) = value else { return Ok(Outcome::Is(otherwise(), "else")) };
            match via.carry(value).map_err(|unfit| cannot(rule, &to.to_string(), &unfit))? {
                Some(value) => Ok(Outcome::Is(Some(value), "moved")),
                None => match otherwise() {
                    Some(value) => Ok(Outcome::Is(Some(value), "else")),
                    None => Err(cannot(rule, &to.to_string(), &"no row of its table has the value")),
                },
            }
        }
        Verb::Set { to, from, value, via, otherwise } => {
            let made = match from {
                _ if !holds => None,
                From::Made(made) => made.make(&given.moment, rule.span),
                from => make(from, value.as_ref(), resource, given),
            };
            let made = match made {
                Some(value) => via.apply(value).map_err(|unfit| cannot(rule, &to.to_string(), &unfit))?,
                None => None,
            };
            if let Some(value) = made.filter(|value| !value.is_empty()) {
                return Ok(Outcome::Is(Some(value), "set"));
            }
            match otherwise.as_ref().and_then(|template| template.fill(&|_: &str| None)) {
                Some(value) => Ok(Outcome::Is(Some(value), "else")),
                // A rule that only sometimes writes leaves an earlier one's value alone.
                None if rule.when.is_some() && !holds => Ok(Outcome::Silent),
                None => Ok(Outcome::Is(None, "set")),
            }
        }
    }
}

fn make(
    from: &From,
    value: Option<&super::template::Template>,
    resource: &Value,
    given: &Given<'_>,
) -> Option<Value> {
    let read = |source: &super::path::Source| source.read(resource, given).filter(|value| !value.is_empty());
    match (from, value) {
        (From::Nothing | From::Made(_), value) => value?.fill(&|_: &str| None),
        (From::First(sources), None) => sources.iter().find_map(read),
        (From::First(sources), Some(value)) => {
            let it = sources.iter().find_map(read)?;
            value.fill(&|name: &str| (name == "it").then(|| it.clone()))
        }
        // A row of a table with several keys is found by all of them together.
        (From::Named(sources), None) => {
            let read = sources.iter().filter_map(|(name, source)| Some((name.as_str(), read(source)?)));
            Some(read.collect::<Value>()).filter(|value| !value.is_empty())
        }
        (From::Named(sources), Some(value)) => value.fill(&|name: &str| {
            sources.iter().find(|(known, _)| known == name).and_then(|(_, source)| read(source))
        }),
    }
}

fn cannot(rule: &Rule, target: &str, why: &dyn std::fmt::Display) -> Error {
    Error::value(format!(
        "{target} cannot be made from what was sent: {why} (mapping rule at line {})",
        rule.span.line
    ))
}

/// The functions that a value went through.
fn through(via: &Pipeline) -> String {
    if via.is_empty() { String::new() } else { format!(" through {}", via.names()) }
}

fn describe(rule: &Rule, how: &str) -> String {
    let condition = rule.when.as_ref().map(|when| when.text.as_str());
    match (&rule.verb, how) {
        (Verb::Move { from, via, .. }, "moved") => format!("moved from {from}{}", through(via)),
        (_, "else") => match condition {
            Some(text) => format!("its `else`, because `{text}` is false or gives nothing"),
            None => "its `else`, because nothing else gives a value".to_owned(),
        },
        (Verb::Set { from, via, .. }, _) => {
            let sources: Vec<_> = from.sources().map(ToString::to_string).collect();
            let made = if sources.is_empty() {
                "set".to_owned()
            } else {
                format!("made from {}", sources.join(", "))
            };
            let made = format!("{made}{}", through(via));
            match condition {
                Some(text) => format!("{made}, because `{text}` is true"),
                None => made,
            }
        }
        _ => how.to_owned(),
    }
}
