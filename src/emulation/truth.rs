//! Answers that mean something else than their status says: successes that are none (`errors.success_lies`), or not yet
//! (`responses.eventual`), and states of the whole account that look like errors of one resource (`gate`).
//!
//! Needed by KnowBe4, Bitwarden, ServiceNow, Cisco Secure Access and ICE Mortgage (`success_lies`); KnowBe4, Cisco Secure
//! Access and ICE Mortgage (`eventual`); HCP Terraform, NinjaOne,
//! KnowBe4, Segment, GitHub, Amplitude and 6sense (`gate`).

use std::time::Duration;

use regex::Regex;

use super::plan::{Call, Verb};
use super::repair::{Status, compiled, says};
use super::scim11;
use crate::scim::diff;
use crate::scim::error::ErrorType;
use crate::scim::json::Value;
use crate::scim::patch::{self, Op, Operation};
use crate::scim::schema::{Catalog, ResourceType};
use crate::yaml::{Mistake, Node, scalar};

/// How long look-ups show what was before a write, where a profile does not say.
const SETTLE: Duration = Duration::from_secs(300);

/// How long look-ups may show what was before a write; `None`: not at all.
pub(super) fn settle(profile: &Node) -> Option<Duration> {
    let eventual = profile.get("responses")?.get("eventual")?;
    let said = eventual.text_at("settle").and_then(scalar::duration);
    let later = match eventual.text().or_else(|| eventual.text_at("kind")) {
        Some(kind) => kind == "async",
        None => said.is_some(),
    };
    later.then(|| said.unwrap_or(SETTLE))
}

/// How far a vendor's answers can be believed.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    lies: Vec<Lie>,
    gates: Vec<Gate>,
    /// Of this type a page is asked for at the start, to learn of the account's state before an identity provider does.
    pub probe: Option<ResourceType>,
}

/// Successes that are none, or may be none.
#[derive(Clone, Debug)]
struct Lie {
    verbs: Vec<Verb>,
    resource: Option<ResourceType>,
    status: Option<u16>,
    code: Option<Regex>,
    /// What they mean; `None`: what the vendor has then must be read.
    means: Option<Status>,
}

/// A state of the account in which it does not do what it is asked.
#[derive(Clone, Debug)]
pub struct Gate {
    status: Option<u16>,
    code: Option<Regex>,
    /// What state it is, for people.
    pub meaning: String,
    /// When it is worth asking again.
    pub again: Duration,
}

/// What an answer is.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'t> {
    /// What its status says.
    AsItSays,
    /// About the account, and not about what was asked.
    Gated(&'t Gate),
    /// A failure, for all that it says.
    Failed(Status),
    /// Perhaps a success: what the vendor has must be read.
    Doubtful,
}

/// How long a state of the account is taken to last.
const AGAIN: Duration = Duration::from_secs(300);

impl Truth {
    pub(super) fn read(profile: &Node, mistakes: &mut Vec<Mistake>) -> Self {
        let list = |of: Option<&Node>, key: &str| {
            of.and_then(|of| of.get(key)).map(Node::items).map(<[Node]>::to_vec)
        };
        let lies = list(profile.get("errors"), "success_lies").unwrap_or_default();
        let gate = profile.get("gate");
        let gates = list(gate, "states").unwrap_or_default();
        let eventual = profile.get("responses").and_then(|responses| responses.get("eventual"));
        let tried = eventual.is_some_and(|eventual| {
            eventual.get("test_mode").and_then(Node::truth) == Some(true)
                || eventual.text().or_else(|| eventual.text_at("kind")) == Some("dry_run")
        });
        let all = Lie { verbs: Vec::new(), resource: None, status: None, code: None, means: None };
        Self {
            lies: lies.iter().filter_map(|node| lie(node, mistakes)).chain(tried.then_some(all)).collect(),
            gates: gates.iter().filter_map(|node| gated(node, mistakes)).collect(),
            probe: gate.and_then(|gate| gate.text_at("probe")).and_then(of_type),
        }
    }

    /// What an answer to a call is.
    pub fn of(&self, call: &Call, status: u16, body: Option<&Value>) -> Verdict<'_> {
        let fits = |known: Option<u16>, code: &Option<Regex>| {
            known.is_none_or(|known| known == status)
                && code.as_ref().is_none_or(|code| body.is_some_and(|body| says(body, code)))
        };
        if let Some(gate) = self.gates.iter().find(|gate| fits(gate.status, &gate.code)) {
            return Verdict::Gated(gate);
        }
        if call.verb == Verb::Get || !(200..300).contains(&status) {
            return Verdict::AsItSays;
        }
        let of = |lie: &&Lie| {
            (lie.verbs.is_empty() || lie.verbs.contains(&call.verb))
                && lie.resource.is_none_or(|resource| resource == call.resource)
                && fits(lie.status, &lie.code)
        };
        // What says that it failed need not be read.
        let mut all: Vec<&Lie> = self.lies.iter().filter(of).collect();
        all.sort_by_key(|lie| lie.means.is_none());
        match all.first() {
            None => Verdict::AsItSays,
            Some(Lie { means: Some(status), .. }) => Verdict::Failed(*status),
            Some(Lie { means: None, .. }) => Verdict::Doubtful,
        }
    }
}

/// Whether what was asked for is there: `said` is what the vendor answered, `read` what it has when it is asked.
///
/// An answer that shows what is read then was true, whatever the vendor makes of values. Otherwise it was done if doing it
/// once more would change nothing.
pub fn is_done(
    call: &Call,
    said: Option<&Value>,
    read: Option<&Value>,
    catalog: &Catalog,
    hides: bool,
) -> bool {
    let Some(read) = read else { return call.verb == Verb::Delete };
    let whole = |said: &&Value| said.has("id") && said.has("schemas");
    if call.verb != Verb::Delete
        && said.filter(whole).is_some_and(|said| diff::changes(said, read, catalog).is_empty())
    {
        return true;
    }
    match (call.verb, &call.body) {
        // Some vendors keep the record of whom they end.
        (Verb::Delete, _) => read.get("active").and_then(Value::as_bool) == Some(false),
        // It is there, under the id that was given.
        (Verb::Get | Verb::Post, _) | (_, None) => true,
        (Verb::Put, Some(body)) => {
            scim11::read(call.resource, body.clone()).members().all(|(name, wrote)| {
                ["id", "meta", "schemas"].iter().any(|own| own.eq_ignore_ascii_case(name))
                    || (hides && name.eq_ignore_ascii_case("members"))
                    || holds(read.get(name), wrote)
            })
        }
        (Verb::Patch, Some(body)) => {
            let operations = operations(body, hides);
            let again = match body.has("Operations") {
                true => patch::apply(read.clone(), &operations, catalog),
                false => {
                    let again = scim11::merged(scim11::resource(read.clone()), body);
                    Ok(scim11::read(call.resource, again))
                }
            };
            match again {
                Ok(again) => diff::changes(read, &again, catalog).is_empty(),
                // What is taken away is not there to be taken away again.
                Err(_) => operations.iter().all(|operation| operation.op == Op::Remove),
            }
        }
    }
}

/// The operations of a PATCH; without those on members, where the vendor does not show them.
fn operations(body: &Value, hides: bool) -> Vec<Operation> {
    let all = patch::operations(body).unwrap_or_default();
    let all = all.iter().filter_map(|one| Operation::read(one).ok());
    let of_members = |operation: &Operation| {
        let path = operation.path.as_ref().and_then(crate::scim::path::Path::attribute);
        path.is_some_and(|path| path.is_core("members"))
    };
    all.filter(|operation| !(hides && of_members(operation))).collect()
}

/// Whether what was written is in what is read: every part of it, every value of a list.
fn holds(read: Option<&Value>, wrote: &Value) -> bool {
    let Some(read) = read.filter(|read| !read.is_empty()) else { return wrote.is_empty() };
    match (wrote.is_object(), wrote.is_list()) {
        (true, _) => wrote.members().all(|(name, value)| holds(read.get(name), value)),
        (_, true) => {
            wrote.items().iter().all(|item| read.each().iter().any(|other| holds(Some(other), item)))
        }
        _ => {
            wrote.scalar_text().map(str::to_lowercase) == read.scalar_text().map(str::to_lowercase)
                && wrote.as_bool() == read.as_bool()
        }
    }
}

fn of_type(word: &str) -> Option<ResourceType> {
    ResourceType::ALL.into_iter().find(|resource| resource.endpoint() == word)
}

fn status(of: &Node) -> Option<u16> {
    of.get("status").and_then(Node::whole).and_then(|status| u16::try_from(status).ok())
}

fn lie(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Lie> {
    let (when, then) = (node.get("when"), node.get("then"));
    let verify = node.get("verify").and_then(Node::truth) == Some(true);
    let code = match when.and_then(|when| when.get("code")) {
        None => None,
        Some(code) => Some(compiled(code, mistakes)?),
    };
    if !verify && code.is_none() && when.and_then(status).is_none() {
        let mistake = Mistake::new(node.span, "every success would be a failure");
        mistakes.push(
            mistake.hint(
                "`verify: true` to have what was written read again, or a `status` or `code` in `when`",
            ),
        );
        return None;
    }
    let methods = when.and_then(|when| when.get("method")).map(Node::each).unwrap_or_default();
    let means = Status {
        status: then.and_then(status),
        scim_type: then.and_then(|then| then.text_at("scimType")).and_then(ErrorType::parse),
    };
    Some(Lie {
        verbs: methods.iter().filter_map(Node::text).filter_map(Verb::parse).collect(),
        resource: when.and_then(|when| when.text_at("resource")).and_then(of_type),
        status: when.and_then(status),
        code,
        means: (!verify).then_some(means),
    })
}

fn gated(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Gate> {
    let (when, meaning) = (node.get("when")?, node.text_at("meaning")?);
    let code = match when.get("code") {
        None => None,
        Some(code) => Some(compiled(code, mistakes)?),
    };
    if code.is_none() && status(when).is_none() {
        mistakes.push(
            Mistake::new(when.span, "every answer would be of this state")
                .hint("give a `status` or a `code`"),
        );
        return None;
    }
    let again = node.text_at("retry_after").and_then(scalar::duration).unwrap_or(AGAIN);
    Some(Gate { status: status(when), code, meaning: meaning.to_owned(), again })
}
