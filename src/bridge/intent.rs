//! Every write is written down before its first byte goes to the vendor, and crossed out when it is done.
//!
//! Writes about the same resource take turns, in the order in which they were written down. What takes access away is carried
//! out until the vendor has confirmed it, whatever the identity provider was told and whether or not it calls again; another
//! write that failed half-way is repeated, too, until a later one takes its place. A creation is never sent twice blindly: it
//! is looked for first (see [`super::doubtful`]).

use std::sync::Arc;

use super::error::Error;
use super::write::{self, Write, is_off};
use super::{Answer, Context, Integration, Kind};
use crate::clock::Clock;
use crate::scim::ResourceType;
use crate::scim::json::Value;
use crate::scim::patch::{Op, Operation};
use crate::scim::request::{Action, Request};
use crate::store::{Intent, Target};

/// What becomes of an intent after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is done, or need not be.
    Done,
    /// It is tried again soon.
    Again,
    /// The vendor refuses to take access away: it is tried again later, for ever, and somebody must look.
    Parked,
    /// It was refused, and whoever asked knows.
    Refused,
}

impl Outcome {
    /// Whether the intent stays.
    pub fn stays(self) -> bool {
        matches!(self, Self::Again | Self::Parked)
    }
}

/// Carries a write out.
pub(super) async fn carry_out(
    integration: &Arc<Integration>,
    request: Request,
    context: &Context,
) -> Result<Answer, Error> {
    let target = Target::of(&request).filter(|_| integration.remembers);
    let Some(target) = target else { return write::write(integration, request, context).await };
    let store = &integration.store;
    let _turn = integration.outbox.turn(&target, context.deadline).await?;
    let mark = store.mark();
    let mut earlier = store.intents_for(&integration.name, &target).await?;
    if matches!(request.action, Action::Create(_)) {
        if let Some(answer) = integration.made_before(&request, &earlier, context).await? {
            return Ok(answer);
        }
    } else if !replaces(&request) {
        let (refused, waits): (Vec<_>, Vec<_>) = earlier.into_iter().partition(|intent| intent.parked);
        for intent in waits {
            integration.first(intent, context).await?;
        }
        earlier = refused.into_iter().filter(|intent| contradicts(&request, intent)).collect();
    }
    let revokes = revokes(&request);
    let since = Clock::system().now().as_millisecond();
    let number = store.intend(&integration.name, &target, &request, revokes, since).await?;
    store.sync(mark).await?;
    let answer = match write::write(integration, request.clone(), context).await {
        // Whether it was made, the vendor knows.
        Err(error) if error.passes() && context.trail.doubtful() => {
            match integration.made_now(&request, since, context).await {
                Some(answer) => Ok(answer),
                None => Err(error),
            }
        }
        answer => answer,
    };
    let outcome = match request.action {
        Action::Create(_) if answer.is_err() && !context.trail.doubtful() => Outcome::Refused,
        _ => concluded(&answer, revokes, &context.trail),
    };
    let mut done: Vec<u64> = Vec::new();
    match outcome {
        Outcome::Done => {
            // What this one replaces need not be done any more.
            done.extend(earlier.iter().map(|intent| intent.number));
            done.push(number);
        }
        Outcome::Refused => done.push(number),
        Outcome::Again => integration.outbox.note(number, outcome, 0),
        Outcome::Parked => {
            integration.outbox.note(number, outcome, 0);
            let name = integration.name.as_str();
            tracing::error!(
                integration = name,
                number,
                "the vendor refuses to take access away: look at it there"
            );
            store.tried(&integration.name, number, 0, true).await?;
        }
    }
    if !done.is_empty() {
        // Whoever asked is told of the write, which is done or not; an intent too many is carried out once more.
        if let Err(error) = store.fulfil(&integration.name, &done).await {
            let integration = integration.name.as_str();
            tracing::error!(integration, %error, "a change that is done could not be crossed out");
        }
    }
    if outcome.stays() {
        integration.look_after_intents();
    }
    answer
}

impl Integration {
    /// Carries out what was accepted before about the same resource, so that a later write does not overtake it.
    ///
    /// # Errors
    /// When the vendor cannot do it now.
    async fn first(self: &Arc<Self>, intent: Intent, context: &Context) -> Result<(), Error> {
        let context = Context { trail: context.trail.apart(), ..context.clone() };
        let result = write::write(self, intent.request.clone(), &context).await;
        let outcome = concluded(&result, intent.revokes, &context.trail);
        self.conclude(&intent, outcome, result.as_ref().err()).await?;
        match result {
            Err(error) if outcome == Outcome::Again => Err(error),
            _ => Ok(()),
        }
    }

    /// Notes what became of an intent that was tried again.
    pub(super) async fn conclude(
        &self,
        intent: &Intent,
        outcome: Outcome,
        error: Option<&Error>,
    ) -> Result<(), Error> {
        let (integration, tries) = (self.name.as_str(), intent.tries.saturating_add(1));
        let number = intent.number;
        match (outcome, error) {
            (Outcome::Again, Some(error)) => {
                tracing::warn!(integration, number, tries, %error, "a change could not be carried out yet");
            }
            (Outcome::Parked, Some(error)) => {
                tracing::error!(integration, number, tries, %error, "the vendor refuses to take access away: look at it there");
            }
            (Outcome::Refused, Some(error)) => {
                tracing::error!(integration, number, tries, %error, "a change that was accepted is given up: the vendor refuses it");
            }
            _ => {}
        }
        if outcome.stays() {
            self.outbox.note(number, outcome, tries);
            let parked = outcome == Outcome::Parked;
            return Ok(self.store.tried(&self.name, number, tries, parked).await?);
        }
        self.outbox.forget(number);
        Ok(self.store.fulfil(&self.name, &[number]).await?)
    }

    /// A creation whose earlier try may have succeeded, though its answer was lost: what it made, if it did.
    ///
    /// # Errors
    /// When the vendor cannot be asked, or the earlier try may still be under way.
    async fn made_before(
        self: &Arc<Self>,
        request: &Request,
        earlier: &[Intent],
        context: &Context,
    ) -> Result<Option<Answer>, Error> {
        let (Some(last), Action::Create(body)) = (earlier.last(), &request.action) else { return Ok(None) };
        let change = Write::of(self, request, context);
        let answer = change.made_in_doubt(body, last.since).await;
        let answer = answer.map_err(|error| match error.passes() {
            true => Error::unavailable(self.doubt()).because(error),
            false => error,
        })?;
        let age = Clock::system().now().as_millisecond().saturating_sub(last.since);
        if answer.is_none() && age < self.doubt().as_millis().try_into().unwrap_or(i64::MAX) {
            let detail = "an earlier creation of the same name may still be under way at the vendor";
            return Err(Error::unavailable(self.doubt()).because(detail));
        }
        let numbers: Vec<u64> = earlier.iter().map(|intent| intent.number).collect();
        numbers.iter().for_each(|number| self.outbox.forget(*number));
        self.store.fulfil(&self.name, &numbers).await?;
        Ok(answer)
    }

    /// The same of a creation whose answer was lost just now. What cannot be found out now is found out later.
    async fn made_now(self: &Arc<Self>, request: &Request, since: i64, context: &Context) -> Option<Answer> {
        let Action::Create(body) = &request.action else { return None };
        context.trail.note("the answer to the creation was lost: it is looked for");
        Write::of(self, request, context).made_in_doubt(body, since).await.ok().flatten()
    }
}

/// What becomes of an intent that was tried.
pub(super) fn concluded<T>(result: &Result<T, Error>, revokes: bool, trail: &super::Trail) -> Outcome {
    match result {
        Ok(_) => Outcome::Done,
        // Whoever is not there has no access, and nothing that could be changed.
        Err(error) if error.kind == Kind::NotFound => Outcome::Done,
        Err(error) if error.passes() && (revokes || trail.touched()) => Outcome::Again,
        Err(error) if error.passes() => Outcome::Refused,
        // The vendor was asked to take access away and did not.
        Err(_) if revokes && trail.touched() && !trail.relieved() => Outcome::Parked,
        Err(_) => Outcome::Refused,
    }
}

/// Whether what was accepted before about the same resource need not be done once this is.
fn replaces(request: &Request) -> bool {
    matches!(request.action, Action::Replace(..) | Action::Delete(_))
}

/// Whether a write says that what the vendor refused to take away is not to be taken away any more: the identity provider was
/// told of the refusal, and goes on with the resource.
fn contradicts(request: &Request, refused: &Intent) -> bool {
    let Action::Modify(_, operations) = &request.action else { return true };
    match (&refused.request.action, request.resource) {
        (Action::Modify(..), ResourceType::User) => {
            operations.iter().any(|operation| match &operation.path {
                Some(path) => {
                    path.attribute().is_some_and(|path| path.is_core("active"))
                        && operation.value.as_bool() == Some(true)
                }
                None => operation.value.get("active").and_then(Value::as_bool) == Some(true),
            })
        }
        (Action::Modify(..), ResourceType::Group) => {
            operations.iter().any(|operation| operation.op != Op::Remove && !of_members(operation).is_empty())
        }
        _ => true,
    }
}

/// The members that an operation names with their values.
fn of_members(operation: &Operation) -> &[Value] {
    let value = match &operation.path {
        Some(path) if path.attribute().is_some_and(|path| path.is_core("members")) => Some(&operation.value),
        Some(_) => None,
        None => operation.value.get("members"),
    };
    value.map(Value::each).unwrap_or_default()
}

/// Whether somebody may lose access by it.
pub(super) fn revokes(request: &Request) -> bool {
    let of_members = |operation: &Operation| match &operation.path {
        Some(path) => operation.op != Op::Add && path.attribute().is_some_and(|path| path.is_core("members")),
        None => operation.op == Op::Replace && operation.value.has("members"),
    };
    let off = |operation: &Operation| match &operation.path {
        Some(path) => {
            let active = path.attribute().is_some_and(|path| path.is_core("active"));
            active && (operation.op == Op::Remove || operation.value.as_bool() == Some(false))
        }
        None => is_off(&operation.value),
    };
    match (&request.action, request.resource) {
        (Action::Delete(_), _) | (Action::Replace(..), ResourceType::Group) => true,
        (Action::Replace(_, body), ResourceType::User) => is_off(body),
        (Action::Modify(_, operations), ResourceType::User) => operations.iter().any(off),
        (Action::Modify(_, operations), ResourceType::Group) => operations.iter().any(of_members),
        (Action::Create(_) | Action::Read(_) | Action::List(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    #[test]
    fn what_takes_access_away_is_known_by_its_form() {
        let value = |json: &str| Value::read(json.as_bytes(), &Limits::REQUEST).unwrap();
        let patch = |resource, json: &str| {
            Request::new(resource, Action::Modify("1".into(), vec![Operation::read(&value(json)).unwrap()]))
        };
        use ResourceType::{Group, User};
        for (request, expected) in [
            (Request::new(User, Action::Delete("1".into())), true),
            (Request::new(Group, Action::Delete("1".into())), true),
            (Request::new(User, Action::Replace("1".into(), value(r#"{"active":false}"#))), true),
            (Request::new(User, Action::Replace("1".into(), value(r#"{"userName":"a"}"#))), false),
            (Request::new(Group, Action::Replace("1".into(), value(r#"{"displayName":"a"}"#))), true),
            (Request::new(User, Action::Create(value(r#"{"active":false}"#))), false),
            (patch(User, r#"{"op":"replace","path":"active","value":false}"#), true),
            (patch(User, r#"{"op":"replace","path":"active","value":true}"#), false),
            (patch(User, r#"{"op":"replace","value":{"active":false,"title":"x"}}"#), true),
            (patch(User, r#"{"op":"remove","path":"active"}"#), true),
            (patch(User, r#"{"op":"replace","path":"title","value":"x"}"#), false),
            (patch(Group, r#"{"op":"remove","path":"members[value eq \"7\"]"}"#), true),
            (patch(Group, r#"{"op":"remove","path":"members"}"#), true),
            (patch(Group, r#"{"op":"replace","path":"members","value":[]}"#), true),
            (patch(Group, r#"{"op":"replace","value":{"members":[]}}"#), true),
            (patch(Group, r#"{"op":"add","path":"members","value":[{"value":"7"}]}"#), false),
            (patch(Group, r#"{"op":"replace","path":"displayName","value":"x"}"#), false),
        ] {
            assert_eq!(revokes(&request), expected, "{request:?}");
        }
    }
}
