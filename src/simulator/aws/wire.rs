//! The forms of AWS: errors, resources, pages and discovery. AW-03, AW-05, AW-07, AW-08.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, list};
use crate::simulator::harness::records::Record;
use crate::simulator::harness::shape::{ENTERPRISE, GROUP, USER};
use crate::simulator::oracle::Refusal;
use crate::simulator::oracle::attribute::is_urn;

const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// A refusal.
#[derive(Clone, Debug)]
pub(super) struct Trouble {
    status: u16,
    detail: String,
}

impl Trouble {
    pub(super) fn new(status: u16, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into() }
    }

    /// AW-03.
    pub(super) fn reply(self, world: &mut World) -> Reply {
        let now = world.now().to_zoned(TimeZone::UTC);
        let body = json!({
            "schema": [ERROR],
            "schemas": [ERROR],
            "detail": self.detail,
            "status": self.status.to_string(),
            "exceptionRequestId": world.ids.uuid(),
            "timeStamp": now.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string(),
        });
        Reply::json(self.status, body)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::new(400, refusal.detail)
    }
}

/// What the shared reading of a PATCH refuses.
impl From<Reply> for Trouble {
    fn from(reply: Reply) -> Self {
        let detail = reply.value()["detail"].as_str().unwrap_or_default().to_owned();
        Self::new(reply.status.as_u16(), detail)
    }
}

/// There is no such resource.
pub(super) fn gone(kind: &str, id: &str) -> Trouble {
    Trouble::new(404, format!("{kind} not found for id {id}"))
}

/// Something is there already (AW-17).
pub(super) fn duplicate() -> Trouble {
    Trouble::new(409, "Refused to create a new, duplicate resource.")
}

/// AW-07.
pub(super) fn new_id(world: &mut World) -> String {
    let uuid = world.ids.uuid();
    match world.knobs.word("ids") {
        "uuid" => uuid,
        _ => format!("{}-{uuid}", world.ids.hex(10)),
    }
}

/// A resource, a group without members (AW-08, AW-13).
pub(super) fn shown(record: &Record, kind: &str) -> Map<String, Value> {
    let mut shown = record.attributes.clone();
    shown.remove("members");
    let core = if kind == "Group" { GROUP } else { USER };
    let extensions = record.attributes.keys().filter(|name| is_urn(name)).map(String::as_str);
    shown.insert("schemas".to_owned(), json!(std::iter::once(core).chain(extensions).collect::<Vec<_>>()));
    shown.insert("id".to_owned(), json!(record.id));
    let second = |at: Timestamp| at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let meta = json!({
        "resourceType": kind,
        "created": second(record.created),
        "lastModified": second(record.modified),
    });
    shown.insert("meta".to_owned(), meta);
    shown
}

/// AW-05, as recorded in AW3.
pub(super) fn service_provider_config() -> Reply {
    let no = || json!({ "supported": false });
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/manage-your-identity-source-idp.html",
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "OAuth Bearer Token",
            "description": "Authentication scheme using the OAuth Bearer Token Standard",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "documentationUri": "https://docs.aws.amazon.com/singlesignon/latest/userguide/provision-automatically.html",
            "primary": true,
        }],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": 50 },
        "changePassword": no(),
        "sort": no(),
        "etag": no(),
    });
    Reply::json(200, body)
}

pub(super) fn resource_types() -> Reply {
    let one = |name: &str, schema: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name, "name": name, "endpoint": format!("/{name}s"), "schema": schema,
        })
    };
    Reply::json(200, list(2, 1, vec![one("User", USER), one("Group", GROUP)]))
}

pub(super) fn schemas() -> Reply {
    let one = |id: &str, name: &str| json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"], "id": id, "name": name, "attributes": [] });
    let all = vec![one(USER, "User"), one(GROUP, "Group"), one(ENTERPRISE, "EnterpriseUser")];
    Reply::json(200, list(3, 1, all))
}
