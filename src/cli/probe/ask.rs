//! Questions to a vendor, one at a time, and what each is answered with. Nothing of a resource is told but its shape.

use std::time::Duration;

use bytes::Bytes;
use compact_str::CompactString;
use http::Method;
use tokio::time::{Instant, sleep};

use crate::emulation::{self, Call, Profile, Speak, Verb};
use crate::scim::ResourceType;
use crate::scim::json::{Limits, Value};
use crate::scim::name::is_schema_urn;
use crate::scim::patch::Operation;
use crate::upstream::{Kind, Outgoing, Repeat, Vendor};

/// One question waits no longer.
const PATIENCE: Duration = Duration::from_secs(60);
/// So often is a question put again when the vendor asks for patience.
const TRIES: u32 = 5;

/// Puts questions.
pub(super) struct Asker {
    vendor: Vendor,
    /// What is known of the vendor so far: how calls are written.
    pub(super) profile: Profile,
    /// How many requests were sent.
    pub(super) sent: u32,
    /// The last question and its answer, for whoever wants to know what a finding rests on.
    pub(super) last: String,
}

/// What a question is answered with.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    /// 0: there was no answer.
    pub(super) status: u16,
    pub(super) body: Option<Value>,
    /// The id at the end of its `Location`.
    pub(super) located: Option<CompactString>,
    /// Why there was none.
    pub(super) failure: Option<String>,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the vendor says that it has no such method or endpoint.
    pub(super) fn is_missing(&self) -> bool {
        matches!(self.status, 404 | 405 | 501)
    }

    /// The resources of a list.
    pub(super) fn resources(&self) -> &[Value] {
        self.body.as_ref().and_then(|body| body.get("Resources")).map(Value::items).unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.body.as_ref()?.get(name)?.scalar_text()?.parse().ok()
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.body.as_ref()?.get("id")?.scalar_text().filter(|id| !id.is_empty())
    }
}

impl Asker {
    pub(super) fn new(vendor: Vendor, profile: Profile) -> Self {
        Self { vendor, profile, sent: 0, last: String::new() }
    }

    /// A GET of a path below the base, with a query.
    pub(super) async fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Answer {
        let segments: Vec<&str> = path.split('/').collect();
        let line = format!("GET /{path}{}", shown(query.iter().copied()));
        self.put(Method::GET, &segments, query, None, line).await
    }

    /// A page of resources for a filter.
    pub(super) async fn filtered(&mut self, resource: ResourceType, filter: &str) -> Answer {
        let okta = [("filter", filter), ("startIndex", "1"), ("count", "100")];
        let query = if self.profile.speak == Speak::Okta { &okta[..] } else { &okta[..1] };
        let answer = self.get(&self.path(resource), query).await;
        self.read(resource, answer)
    }

    pub(super) async fn resource(&mut self, resource: ResourceType, id: &str) -> Answer {
        let call = emulation::read(&self.profile, resource, id, &Default::default(), "");
        self.call(&call).await
    }

    /// A resource, if it is there.
    pub(super) async fn there(&mut self, resource: ResourceType, id: &str) -> Option<Value> {
        let answer = self.resource(resource, id).await;
        let is_success = answer.is_success();
        answer.body.filter(|_| is_success)
    }

    pub(super) async fn create(&mut self, resource: ResourceType, body: Value) -> Answer {
        let (call, _) = emulation::create(&self.profile, resource, body);
        self.call(&call).await
    }

    pub(super) async fn delete(&mut self, resource: ResourceType, id: &str) -> Answer {
        let call = emulation::delete(&self.profile, resource, id);
        self.call(&call).await
    }

    /// Operations as a vendor with this profile takes them; `None`: they cannot be said so.
    pub(super) async fn patch(
        &mut self,
        profile: &Profile,
        (resource, id): (ResourceType, &str),
        operations: &[Operation],
    ) -> Option<Answer> {
        let calls = emulation::direct(profile, resource, id, operations, &profile.catalog(resource))?;
        let mut answer = Answer::default();
        for call in &calls {
            answer = self.call(call).await;
            if !answer.is_success() {
                break;
            }
        }
        Some(answer)
    }

    /// The whole of a resource.
    pub(super) async fn replace(&mut self, resource: ResourceType, id: &str, body: Value) -> Answer {
        let call = emulation::replace(&self.profile, resource, id, &body);
        self.call(&call).await
    }

    pub(super) async fn call(&mut self, call: &Call) -> Answer {
        let path = self.path(call.resource);
        let mut segments: Vec<&str> = path.split('/').collect();
        segments.extend(call.id.as_deref());
        segments.extend(call.below.as_deref());
        let query: Vec<_> = call.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let id = if call.id.is_some() { "/{id}" } else { "" };
        let line = format!("{} /{path}{id}{}", call.verb.word(), shown(query.iter().copied()));
        let line = match &call.body {
            Some(body) => format!("{line} {}", outline(body)),
            None => line,
        };
        let method = match call.verb {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        let body = call.body.as_ref().map(Value::to_bytes);
        let answer = self.put(method, &segments, &query, body, line).await;
        self.read(call.resource, answer)
    }

    fn path(&self, resource: ResourceType) -> String {
        let [users, groups] = &self.profile.paths;
        let own = if resource == ResourceType::User { users } else { groups };
        own.as_deref().unwrap_or(resource.endpoint()).to_owned()
    }

    fn read(&self, resource: ResourceType, mut answer: Answer) -> Answer {
        if self.profile.scim11 {
            answer.body = answer.body.map(|body| emulation::read_scim11(resource, body));
        }
        answer
    }

    async fn put(
        &mut self,
        method: Method,
        segments: &[&str],
        query: &[(&str, &str)],
        body: Option<Vec<u8>>,
        line: String,
    ) -> Answer {
        let call = Outgoing {
            repeat: if method == Method::POST { Repeat::Unsafe } else { Repeat::Safe },
            method,
            segments,
            query,
            operations: 1,
            body: body.map(Bytes::from),
            urgent: false,
            if_match: None,
            deadline: Instant::now() + PATIENCE,
        };
        let mut answer = Answer::default();
        for _ in 0..TRIES {
            self.sent += 1;
            answer = match self
                .vendor
                .send(&Outgoing { deadline: Instant::now() + PATIENCE, ..call.clone() })
                .await
            {
                Ok(reply) => Answer {
                    status: reply.status.as_u16(),
                    located: reply.location.as_deref().and_then(|url| url.rsplit('/').next()).map(Into::into),
                    body: Value::read(&reply.body, &Limits::REPLY).ok(),
                    failure: None,
                },
                Err(failure) => match failure.kind {
                    Kind::Throttled { retry_after } => {
                        sleep(retry_after.min(PATIENCE)).await;
                        Answer { status: 429, ..Answer::default() }
                    }
                    Kind::Unauthorised => Answer { status: 401, ..Answer::default() },
                    _ => Answer { failure: Some(failure.to_string()), ..Answer::default() },
                },
            };
            if answer.status != 429 {
                break;
            }
        }
        self.last = format!("{line} → {}", told(&answer));
        answer
    }
}

/// A query as it is told: what is looked for is nobody's business.
fn shown<'q>(query: impl Iterator<Item = (&'q str, &'q str)>) -> String {
    let one = |(name, value): (&str, &str)| {
        let value = if name == "filter" { without_texts(value) } else { value.to_owned() };
        format!("{name}={value}")
    };
    let all: Vec<_> = query.map(one).collect();
    if all.is_empty() { String::new() } else { format!("?{}", all.join("&")) }
}

/// A filter without what stands in quotes.
fn without_texts(filter: &str) -> String {
    let parts = filter.split('"').enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { "\"…\"" } else { part }).collect()
}

/// What a body says, without its values.
fn outline(body: &Value) -> String {
    if let Some(operations) = body.get("Operations") {
        let one = |operation: &Value| {
            let path =
                operation.text_at("path").map(without_texts).map_or(String::new(), |path| format!(" {path}"));
            format!("{}{path}", operation.text_at("op").unwrap_or_default())
        };
        return format!("[{}]", operations.items().iter().map(one).collect::<Vec<_>>().join(", "));
    }
    let names = body.members().map(|(name, _)| name).filter(|name| *name != "schemas");
    let short = |name: &str| if is_schema_urn(name) { "…".to_owned() } else { name.to_owned() };
    format!("{{{}}}", names.map(short).collect::<Vec<_>>().join(", "))
}

fn told(answer: &Answer) -> String {
    let what = match (&answer.body, &answer.failure) {
        (_, Some(failure)) => return format!("no answer ({failure})"),
        (Some(body), _) if body.has("Resources") => {
            let total = answer.number("totalResults").map_or(String::new(), |total| format!(" of {total}"));
            format!(", {}{total}", answer.resources().len())
        }
        (Some(_), _) => String::new(),
        (None, _) => ", without a body".to_owned(),
    };
    format!("{}{what}", answer.status)
}
