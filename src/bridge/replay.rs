//! A vendor that is only remembered: it answers a call as it did when the call was recorded.

use std::sync::{Mutex, MutexGuard, PoisonError};

use compact_str::CompactString;

use super::trail::line;
use super::wire::{Dry, Reply};
use crate::emulation::{Call, Verb};
use crate::scim::ResourceType;
use crate::scim::json::Value;

/// An answer of the vendor that was recorded.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The call, as a trail tells it.
    pub line: String,
    /// The status; `None`: there was no answer.
    pub status: Option<u16>,
    /// The body.
    pub body: Option<Value>,
    /// The id at the end of its `Location`.
    pub located: Option<CompactString>,
}

/// What is recorded of a vendor.
#[derive(Default)]
pub struct Replay {
    script: Mutex<Script>,
    /// What it has, as far as its answers have shown it.
    shown: Dry,
}

#[derive(Default)]
struct Script {
    answers: Vec<Answered>,
    /// Calls for which there was no answer, and none could be made of what is known.
    unknown: Vec<String>,
}

impl Replay {
    /// The answers for the request that is played next.
    pub fn expect(&self, answers: Vec<Answered>) {
        self.script().answers = answers;
    }

    /// The calls of that request which nothing recorded could answer.
    pub fn take_unknown(&self) -> Vec<String> {
        std::mem::take(&mut self.script().unknown)
    }

    /// Learns what the vendor has from an answer that was recorded.
    pub fn learn(&self, answered: &Answered) {
        let Some((verb, resource, id)) = parsed(&answered.line) else { return };
        if !answered.status.is_some_and(|status| (200..300).contains(&status)) {
            return;
        }
        let body = answered.body.as_ref();
        match (verb, id) {
            ("DELETE", Some(id)) => self.shown.learn(resource, id, None),
            ("GET", None) => {
                let resources = body.and_then(|body| body.get("Resources")).map(Value::items);
                resources.into_iter().flatten().for_each(|one| self.learn_one(resource, one));
            }
            _ => body.into_iter().for_each(|one| self.learn_one(resource, one)),
        }
    }

    fn learn_one(&self, resource: ResourceType, one: &Value) {
        if let Some(id) = one.get("id").and_then(Value::scalar_text) {
            self.shown.learn(resource, id, Some(one.clone()));
        }
    }

    pub(super) fn answer(&self, call: &Call) -> Reply {
        let asked = line(call);
        let mut script = self.script();
        if let Some(at) = script.answers.iter().position(|answered| answered.line == asked) {
            let answered = script.answers.remove(at);
            // What had no answer had no effect that is known of.
            let status = answered.status.unwrap_or(503);
            return Reply { status, body: answered.body, located: answered.located, retry_after: None };
        }
        let known = call.id.as_ref().is_none_or(|id| self.shown.resource(call.resource, id).is_some());
        if !known && call.verb != Verb::Delete {
            script.unknown.push(asked);
        }
        self.shown.answer(call)
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The verb, type and id of a line.
fn parsed(line: &str) -> Option<(&str, ResourceType, Option<&str>)> {
    let (verb, target) = line.split_once(' ')?;
    let path = target.split('?').next()?.strip_prefix('/')?;
    let (endpoint, id) = path.split_once('/').map_or((path, None), |(endpoint, id)| (endpoint, Some(id)));
    Some((verb, crate::scim::resource::resource_type(endpoint)?, id))
}
