//! Knobs: the behaviours of a vendor that are assumed, each with the values that a test may set.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// One assumption that can be turned.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// Its name.
    pub name: &'static str,
    /// Its value at the start, as JSON.
    pub default: &'static str,
    /// What it may be set to.
    pub allowed: Allowed,
    /// What it does, in one line.
    pub help: &'static str,
}

/// The values of a [`Knob`].
#[derive(Clone, Copy, Debug)]
pub enum Allowed {
    /// `true` or `false`.
    Flag,
    /// A whole number, zero included.
    Count,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of whole numbers.
    Counts,
}

impl Knob {
    /// The value at the start.
    pub fn default_value(&self) -> Value {
        // The texts are constants of this crate; one test reads them all.
        serde_json::from_str(self.default).unwrap_or_default()
    }

    fn check(&self, value: &Value) -> Result<(), String> {
        let fits = match self.allowed {
            Allowed::Flag => value.is_boolean(),
            Allowed::Count => value.is_u64(),
            Allowed::OneOf(words) => value.as_str().is_some_and(|value| words.contains(&value)),
            Allowed::Counts => value.as_array().is_some_and(|all| all.iter().all(Value::is_u64)),
        };
        if fits { Ok(()) } else { Err(format!("{} cannot be {value}: {}", self.name, self.allowed)) }
    }
}

impl std::fmt::Display for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Flag => f.write_str("true or false"),
            Self::Count => f.write_str("a whole number"),
            Self::OneOf(words) => f.write_str(&words.join(", ")),
            Self::Counts => f.write_str("a list of whole numbers"),
        }
    }
}

/// The knobs of one simulator with their values.
#[derive(Clone, Debug)]
pub(crate) struct Knobs {
    known: &'static [Knob],
    values: BTreeMap<&'static str, Value>,
}

impl Knobs {
    pub(crate) fn new(known: &'static [Knob]) -> Self {
        Self { known, values: known.iter().map(|knob| (knob.name, knob.default_value())).collect() }
    }

    /// Sets several, or none: `Err` says which one does not exist or does not take its value.
    pub(crate) fn set(&mut self, given: &Map<String, Value>) -> Result<(), String> {
        let mut next = self.values.clone();
        for (name, value) in given {
            let Some(knob) = self.known.iter().find(|knob| knob.name == name) else {
                let names: Vec<_> = self.known.iter().map(|knob| knob.name).collect();
                return Err(format!("no knob `{name}`: there are {}", names.join(", ")));
            };
            knob.check(value)?;
            next.insert(knob.name, value.clone());
        }
        self.values = next;
        Ok(())
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.value(name).as_bool().unwrap_or_default()
    }

    pub(crate) fn count(&self, name: &str) -> u64 {
        self.value(name).as_u64().unwrap_or_default()
    }

    pub(crate) fn word(&self, name: &str) -> &str {
        self.value(name).as_str().unwrap_or_default()
    }

    pub(crate) fn counts(&self, name: &str) -> Vec<u64> {
        self.value(name)
            .as_array()
            .map(|all| all.iter().filter_map(Value::as_u64).collect())
            .unwrap_or_default()
    }

    pub(crate) fn to_json(&self) -> Value {
        json!(self.values)
    }

    fn value(&self, name: &str) -> &Value {
        debug_assert!(self.values.contains_key(name), "no knob {name}");
        self.values.get(name).unwrap_or(&Value::Null)
    }
}
