//! What the two versions put around the same content: URNs, lists and errors. SL-02 to SL-04, V1-03 to V1-05.

use serde_json::{Map, Value, json};

use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::shape::{ENTERPRISE, GROUP, USER};

/// The guest extension, in its SCIM 2.0 spelling.
pub(super) const GUEST: &str = "urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User";
/// The profile extension, in its SCIM 2.0 spelling.
pub(super) const PROFILE: &str = "urn:ietf:params:scim:schemas:extension:slack:profile:2.0:User";
/// The only schema of SCIM 1.1.
pub(super) const CORE_V1: &str = "urn:scim:schemas:core:1.0";

/// The URNs of SCIM 1.1 beside those by which the state is held.
const URNS: [(&str, &str); 3] = [
    ("urn:scim:schemas:extension:enterprise:1.0", ENTERPRISE),
    ("urn:scim:schemas:extension:slack:guest:1.0", GUEST),
    ("urn:scim:schemas:extension:slack:profile:1.0", PROFILE),
];

/// The extension, in its SCIM 2.0 spelling, and the attribute of `urn:…:1.0:attribute`: how SCIM 1.1 names an attribute of
/// an extension (protocol §3.8).
pub(super) fn of_extension(name: &str) -> Option<(&'static str, &str)> {
    URNS.iter().find_map(|(old, new)| Some((*new, name.strip_prefix(old)?.strip_prefix(':')?)))
}

/// Which SCIM is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

/// A refusal, before it takes the form of one version.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trouble {
    status: u16,
    code: &'static str,
    retry_after: Option<u64>,
}

impl Trouble {
    pub(super) fn new(status: u16, code: &'static str) -> Self {
        Self { status, code, retry_after: None }
    }

    /// The same with the seconds after which to try again.
    pub(super) fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..self }
    }

    pub(super) fn reply(self, version: Version, world: &World) -> Reply {
        let one = || json!({ "description": self.code, "code": self.status.to_string() });
        let body = match version {
            Version::V2 => json!({
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                "detail": self.code,
                "status": self.status,
            }),
            Version::V1 => match world.knobs.word("errors") {
                "object" => json!({ "Errors": one() }),
                "string" => json!({ "error": self.code }),
                _ => json!({ "Errors": [one()] }),
            },
        };
        let reply = Reply::json(self.status, body);
        match self.retry_after {
            Some(seconds) => reply.header("retry-after", seconds.to_string()),
            None => reply,
        }
    }
}

/// What the shared reading of PATCH and paths refuses; Slack's own codes for it are not published (assumed).
impl From<Reply> for Trouble {
    fn from(reply: Reply) -> Self {
        Self::new(reply.status.as_u16(), "invalid_request")
    }
}

/// A body with its schemas, in the terms of the state.
pub(super) fn body(request: &Request, version: Version) -> Result<Value, Trouble> {
    let body: Value = serde_json::from_slice(&request.body).map_err(|_| Trouble::new(400, "invalid_json"))?;
    let schemas = body.get("schemas").and_then(Value::as_array).filter(|schemas| !schemas.is_empty());
    let schemas = schemas.ok_or(Trouble::new(400, "missing_schema_element"))?;
    let Value::Object(members) = &body else { return Err(Trouble::new(400, "invalid_json")) };
    if version == Version::V2 {
        return Ok(body);
    }
    let is_2 = |text: &str| text.starts_with("urn:ietf:params:scim:");
    if schemas.iter().filter_map(Value::as_str).any(is_2) || members.keys().any(|name| is_2(name)) {
        return Err(Trouble::new(400, "invalid_schema")); // V1-03
    }
    let named = |name: &String| {
        URNS.iter().find(|(old, _)| old == name).map_or_else(|| name.clone(), |(_, new)| (*new).to_owned())
    };
    Ok(Value::Object(members.iter().map(|(name, value)| (named(name), value.clone())).collect()))
}

/// A resource, in the terms of the version.
pub(super) fn resource(version: Version, held: Map<String, Value>) -> Value {
    if version == Version::V2 {
        return Value::Object(held);
    }
    let named = |name: &str| {
        URNS.iter()
            .find(|(_, new)| *new == name)
            .map(|(old, _)| *old)
            .or([USER, GROUP].contains(&name).then_some(CORE_V1))
            .map_or_else(|| name.to_owned(), str::to_owned)
    };
    let mut shown: Map<String, Value> = held.into_iter().map(|(name, value)| (named(&name), value)).collect();
    if let Some(Value::Array(schemas)) = shown.get_mut("schemas") {
        for schema in schemas {
            *schema = json!(named(schema.as_str().unwrap_or_default()));
        }
    }
    if let Some(Value::Object(meta)) = shown.get_mut("meta") {
        meta.remove("resourceType");
    }
    Value::Object(shown)
}

/// A page.
pub(super) fn page(version: Version, total: usize, start: usize, resources: Vec<Value>) -> Reply {
    let mut body = list(total, start, resources);
    if version == Version::V1 {
        body["schemas"] = json!([CORE_V1]);
    }
    Reply::json(200, body)
}
