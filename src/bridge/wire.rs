//! Calls on their way to the vendor: sent, or only written down.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::error::{Error, MINUTE};
use super::replay::Replay;
use super::trail::Trail;
use super::{Context, Integration, version};
use crate::emulation::{self, Call, Status, Verb, Verdict};
use crate::scim::ResourceType;
use crate::scim::error::ErrorType;
use crate::scim::json::{Limits, Value};
use crate::scim::name::ENTERPRISE;
use crate::scim::patch::{self, Operation};
use crate::upstream::{self, Failure, Outgoing};

/// Where calls go.
pub enum Wire {
    /// To the vendor.
    Vendor(Endpoint),
    /// Nowhere: they are answered from what is known, for `explain`.
    Dry(Dry),
    /// Nowhere: they are answered as they were when they were recorded, for `replay`.
    Replay(Replay),
}

/// A vendor that is only imagined: what it has, by type and id.
#[derive(Default)]
pub struct Dry(Mutex<HashMap<(ResourceType, CompactString), Value>>);

impl Dry {
    /// A vendor that has these resources.
    pub fn with(resources: impl IntoIterator<Item = (ResourceType, CompactString, Value)>) -> Self {
        Self(Mutex::new(resources.into_iter().map(|(resource, id, value)| ((resource, id), value)).collect()))
    }

    /// Notes what it has.
    pub(super) fn learn(&self, resource: ResourceType, id: &str, value: Option<Value>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match value {
            Some(value) => drop(known.insert((resource, id.into()), value)),
            None => drop(known.remove(&(resource, CompactString::from(id)))),
        }
    }

    /// What it has now.
    pub fn resource(&self, resource: ResourceType, id: &str) -> Option<Value> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(resource, id.into())).cloned()
    }
}

/// The vendor's answer to a call.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Its status.
    pub status: u16,
    /// Its body, if it is JSON.
    pub body: Option<Value>,
    /// The id at the end of its `Location`.
    pub located: Option<CompactString>,
    /// When the vendor is worth asking again, by its own account.
    pub retry_after: Option<Duration>,
}

impl Reply {
    /// Whether the call did what it should.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What the answer means when it is not a success.
    pub fn error(&self, call: &Call) -> Error {
        let said = self.body.as_ref().and_then(|body| body.text_at("scimType")).and_then(ErrorType::parse);
        let cause = format!(
            "{} {} answered {}{}",
            call.verb.word(),
            call.resource.endpoint(),
            self.status,
            said.map(|kind| format!(" {}", kind.word())).unwrap_or_default()
        );
        let error = match self.status {
            400 | 422 => {
                let kind = said.unwrap_or(ErrorType::InvalidValue);
                let detail =
                    format!("the vendor refused the request as not valid ({}, {})", self.status, kind.word());
                crate::scim::Error::new(kind, detail).into()
            }
            403 => Error::forbidden(),
            404 => Error::not_found(),
            405 | 501 => {
                Error::not_implemented(&format!("{} of a {}", call.verb.word(), call.resource.name()))
            }
            409 => Error::conflict(),
            412 | 428 => Error::outdated(),
            413 => {
                crate::scim::Error::new(ErrorType::TooMany, "the vendor does not take so much in one request")
                    .into()
            }
            408 | 504 => Error::overdue(),
            500..=599 => Error::unavailable(self.retry_after.unwrap_or(MINUTE).max(MINUTE)),
            _ => Error::broken("an unexpected status"),
        };
        let more = error.cause.clone().map(|more| format!("{cause}: {more}")).unwrap_or(cause);
        error.because(more)
    }
}

impl Integration {
    /// Sends a call, and puts the answer right; both in the identifiers that the identity provider knows.
    ///
    /// # Errors
    /// As [`Wire::send`].
    pub(super) async fn call(&self, call: &Call, context: &Context) -> Result<Reply, Error> {
        match self.has_aliases() {
            _ if self.is_kept(call.resource) => Box::pin(self.kept(call, context)).await,
            true => Box::pin(self.call_by_alias(call, None, context)).await,
            false => {
                let reply = self.sent(call, context).await?;
                self.settle(call, &reply);
                Ok(reply)
            }
        }
    }

    /// The same in the vendor's identifiers.
    pub(super) async fn sent(&self, call: &Call, context: &Context) -> Result<Reply, Error> {
        let told = self.profile.told(call);
        let told = told.as_ref().unwrap_or(call);
        if let (Some(most), Some(body)) = (self.profile.body_max, &told.body)
            && body.to_bytes().len() > most
        {
            return Err(Error::too_large(most));
        }
        let mut reply = self.wire.send((call, told), context.deadline, &context.trail).await?;
        if let Some(body) = reply.body.as_mut().filter(|_| (200..300).contains(&reply.status)) {
            self.profile.heard(call.resource, body);
            if self.profile.is_native() {
                each(body, ids_as_text);
            }
        }
        if self.profile.scim11 {
            reply.body = reply.body.map(|body| emulation::read_scim11(call.resource, body));
        }
        let mut doubtful = false;
        match self.profile.truth.of(call, reply.status, reply.body.as_ref()) {
            Verdict::AsItSays => {}
            Verdict::Gated(gate) => {
                let cause =
                    format!("{} {} answered {}", call.verb.word(), call.resource.endpoint(), reply.status);
                return Err(Error::gated(&gate.meaning, gate.again).because(cause));
            }
            Verdict::Failed(Status { status: None, scim_type: None }) => return Err(Error::not_carried_out()),
            Verdict::Failed(means) => {
                reply.status = means.status.unwrap_or(400);
                if let Some(kind) = means.scim_type {
                    reply.body.get_or_insert_with(Value::object).set("scimType", kind.word());
                }
                return Ok(reply);
            }
            Verdict::Doubtful => doubtful = true,
        }
        self.repair(call.resource, &mut reply);
        if doubtful {
            Box::pin(self.verify(call, &reply, context)).await?;
        }
        Ok(reply)
    }

    /// Puts an answer right.
    fn repair(&self, resource: ResourceType, reply: &mut Reply) {
        let repair = &self.profile.repair;
        if repair.is_nothing() {
            return;
        }
        if !reply.is_success() {
            let means = repair.error(reply.status, reply.body.as_ref());
            reply.status = means.status.unwrap_or(reply.status);
            if let Some(kind) = means.scim_type {
                reply.body.get_or_insert_with(Value::object).set("scimType", kind.word());
            }
        } else if let Some(body) = &mut reply.body {
            match body.get_mut("Resources").and_then(Value::items_mut) {
                Some(resources) => resources.iter_mut().for_each(|one| repair.resource(resource, one)),
                None => repair.resource(resource, body),
            }
        }
    }
}

impl Wire {
    /// Sends a call, as it is told the vendor, and waits for its answer, at most until the deadline.
    ///
    /// # Errors
    /// When there is no answer, or one of a kind that is never an answer: throttled, unauthorised, a redirect.
    pub async fn send(
        &self,
        (call, told): (&Call, &Call),
        deadline: Instant,
        trail: &Trail,
    ) -> Result<Reply, Error> {
        let mut result = match self {
            // Whatever sends a call is the smaller for this box.
            Self::Vendor(vendor) => Box::pin(send(vendor, told, deadline, trail)).await,
            // What is imagined has the names of the schemas.
            Self::Dry(dry) => Ok(dry.answer(call)),
            Self::Replay(replay) => Ok(replay.answer(told)),
        };
        if let Ok(Reply { body: Some(body), .. }) = &mut result {
            each(body, ids_as_text);
        }
        trail.called(told, result.as_ref().ok());
        result
    }
}

/// Does something to the resource of an answer, or to each of them.
fn each(body: &mut Value, what: impl Fn(&mut Value)) {
    match body.get_mut("Resources").and_then(Value::items_mut) {
        Some(resources) => resources.iter_mut().for_each(what),
        None => what(body),
    }
}

/// "id", and the `value` of a reference to a resource, are strings (RFC 7643 §3.1, §4.1.2, §4.2). Some vendors give
/// numbers: as numbers they would equal no id that a client sends.
fn ids_as_text(resource: &mut Value) {
    let text = |holder: &mut Value, name: &str| {
        if let Some(number) = holder.get(name).and_then(Value::as_number).map(Value::from) {
            holder.set(name, number);
        }
    };
    text(resource, "id");
    for name in ["members", "groups"] {
        let items = resource.get_mut(name).and_then(Value::items_mut);
        items.into_iter().flatten().for_each(|item| text(item, "value"));
    }
    if let Some(manager) = resource.get_mut(ENTERPRISE).and_then(|extension| extension.get_mut("manager")) {
        text(manager, "value");
    }
}

async fn send(vendor: &Endpoint, call: &Call, deadline: Instant, trail: &Trail) -> Result<Reply, Error> {
    let mut segments = vec![vendor.path(call.resource)];
    segments.extend(call.id.as_deref());
    segments.extend(call.below.as_deref().into_iter().flat_map(|below| below.split('/')));
    let query: Vec<(&str, &str)> =
        call.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let outgoing = Outgoing {
        method: match call.verb {
            Verb::Get => http::Method::GET,
            Verb::Post => http::Method::POST,
            Verb::Put => http::Method::PUT,
            Verb::Patch => http::Method::PATCH,
            Verb::Delete => http::Method::DELETE,
        },
        segments: &segments,
        query: &query,
        operations: call.body.as_ref().map_or(1, operations),
        body: call.body.as_ref().map(|body| Bytes::from(body.to_bytes())),
        repeat: if call.repeatable { upstream::Repeat::Safe } else { upstream::Repeat::Unsafe },
        urgent: call.revokes,
        if_match: call.if_match.as_deref(),
        deadline,
    };
    let reply = vendor.send(&outgoing).await;
    let unsent = |failure: &Failure| {
        use upstream::Kind::{NotSent, Throttled, Unauthorised};
        matches!(failure.kind, NotSent | Throttled { .. } | Unauthorised)
    };
    if call.verb != Verb::Get && !reply.as_ref().is_err_and(unsent) {
        trail.touch();
        // A redirect and a refusal are certain: nothing was made.
        let certain = reply.as_ref().is_ok_and(|reply| {
            reply.as_ref().is_none_or(|reply| reply.status.is_client_error() || reply.status.is_redirection())
        }) || matches!(&reply, Err(Failure { kind: upstream::Kind::Redirect, .. }));
        if call.verb == Verb::Post && !certain {
            trail.doubt();
        }
    }
    let reply = reply.map_err(|failure| failed(&failure, call))?;
    let Some(reply) = reply else { return Err(Error::misplaced()) };
    let status = reply.status.as_u16();
    // A web page is not how a SCIM endpoint says that somebody is gone: it is not there itself.
    if status == 404 && reply.body.trim_ascii_start().starts_with(b"<") {
        return Err(Error::misplaced());
    }
    let body = if reply.body.is_empty() {
        None
    } else {
        match Value::read(&reply.body, &Limits::REPLY) {
            Ok(mut value) => {
                version::note(&reply, &mut value);
                Some(value)
            }
            Err(error) if (200..300).contains(&status) => {
                let (verb, endpoint) = (call.verb.word(), call.resource.endpoint());
                return Err(Error::broken(format!("{verb} {endpoint} answered {status}: {error}")));
            }
            Err(_) => None, // the body of an error is of no interest when it is no SCIM error
        }
    };
    let located =
        reply.location.as_deref().and_then(|location| location.rsplit('/').next()).map(CompactString::from);
    Ok(Reply { status, body, located, retry_after: reply.retry_after })
}

/// How many operations a body holds, for limits that count them.
fn operations(body: &Value) -> u32 {
    let operations = body.get("Operations").map_or(1, |operations| operations.items().len());
    u32::try_from(operations).unwrap_or(u32::MAX).max(1)
}

fn failed(failure: &Failure, call: &Call) -> Error {
    use upstream::Kind;
    let error = match failure.kind {
        Kind::NotSent => Error::unavailable(MINUTE),
        // Whether it was created, the next creation shows.
        Kind::Ambiguous if call.verb == Verb::Post => Error::unavailable(MINUTE),
        Kind::Ambiguous | Kind::Overdue => Error::overdue(),
        Kind::Throttled { retry_after } => Error::throttled(retry_after),
        Kind::Unauthorised => Error::credential(),
        Kind::TooLarge | Kind::Redirect => Error::broken("an answer that is not used"),
    };
    let advice = failure.advice().or(error.advice);
    error.because(failure).advise(advice)
}

impl Dry {
    pub(super) fn answer(&self, call: &Call) -> Reply {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = call.id.clone().map(|id| (call.resource, id));
        let found = place.as_ref().and_then(|place| known.get(place).cloned());
        let reply =
            |status: u16, body: Option<Value>| Reply { status, body, located: None, retry_after: None };
        match (call.verb, place, found) {
            (Verb::Post, _, _) => {
                let mut body = call.body.clone().unwrap_or_default();
                body.set("id", "new-id");
                known.insert((call.resource, "new-id".into()), body.clone());
                reply(201, Some(body))
            }
            (Verb::Get, None, _) => {
                let resources: Vec<_> = known
                    .iter()
                    .filter(|((kind, _), _)| *kind == call.resource)
                    .map(|(_, value)| value.clone())
                    .collect();
                reply(200, Some(crate::scim::request::list_response(resources.len(), 1, resources)))
            }
            (Verb::Delete, _, _) => reply(204, None),
            (_, _, None) => reply(404, None),
            (Verb::Get, _, Some(found)) => reply(200, Some(found)),
            (Verb::Put, Some(place), Some(_)) => {
                let body = call.body.clone().unwrap_or_default();
                known.insert(place, body.clone());
                reply(200, Some(body))
            }
            // A part of the resource, as SCIM 1.1 has it.
            (Verb::Patch, Some(place), Some(found))
                if call.body.as_ref().is_some_and(|body| !body.has("Operations")) =>
            {
                let after = emulation::merged(found, &call.body.clone().unwrap_or_default());
                known.insert(place, after.clone());
                reply(200, Some(after))
            }
            (Verb::Patch, Some(place), Some(found)) => {
                let catalog = crate::scim::Catalog::standard(call.resource);
                let operations =
                    call.body.as_ref().and_then(|body| patch::operations(body).ok()).unwrap_or_default();
                let operations: Vec<_> =
                    operations.iter().filter_map(|one| Operation::read(one).ok()).collect();
                match patch::apply(found, &operations, &catalog) {
                    Ok(after) => {
                        known.insert(place, after.clone());
                        reply(200, Some(after))
                    }
                    Err(_) => reply(400, None),
                }
            }
            (_, None, Some(_)) => reply(400, None),
        }
    }
}
