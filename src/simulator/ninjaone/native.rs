//! NJ-24: the public API on the same users (NJ6). Read only, which is what a bridge needs of it.
//!
//! `POST /ws/oauth/token` gives an access token for an hour to the client `simulator` with the secret `simulator`. A
//! SCIM token is none here, and the other way round.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::NinjaOne;
use super::person::{Class, Person};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request};

/// The name and the secret of the one client.
const CLIENT: &str = "simulator";
const LIFE: i64 = 3_600;

impl NinjaOne {
    pub(super) fn native(&mut self, request: &Request, world: &mut World) -> Reply {
        let path = request.path.trim_matches('/').split('/').collect::<Vec<_>>();
        if let ("POST", ["ws", "oauth", "token"]) = (request.method.as_str(), path.as_slice()) {
            return self.access_token(request, world);
        }
        if path.first() != Some(&"v2") {
            return Reply::error(404, None, "Not found");
        }
        if self.access_tokens.find(request.bearer(), world.now()).is_none() {
            return Reply::json(401, json!({ "error": "invalid_token" }));
        }
        let class = match path.as_slice() {
            ["v2", "users"] => match request.parameter("userType").as_deref() {
                Some("TECHNICIAN") => Some(Class::Technician),
                Some("END_USER") => Some(Class::EndUser),
                _ => None,
            },
            ["v2", "user", "technicians" | "technician", ..] => Some(Class::Technician),
            ["v2", "user", "end-users" | "end-user", ..] => Some(Class::EndUser),
            _ => return failed(404, "NOT_FOUND", "There is no such resource"),
        };
        match (request.method.as_str(), path.as_slice()) {
            ("GET", ["v2", "users"] | ["v2", "user", "technicians" | "end-users"]) => {
                let wanted = |person: &&Person| class.is_none_or(|class| person.class == class);
                let users = self.people.values().filter(wanted).map(|person| self.native_user(person));
                Reply::json(200, users.collect())
            }
            ("GET", ["v2", "user", "technician" | "end-user", id]) => {
                let person = id.parse().ok().and_then(|id: u64| self.people.get(&id));
                match person {
                    None => failed(404, "NOT_FOUND", "There is no such user"),
                    Some(person) if Some(person.class) != class => {
                        failed(400, "FAILURE", "The user is of the other type")
                    }
                    Some(person) => Reply::json(200, self.native_user(person)),
                }
            }
            _ => failed(405, "METHOD_NOT_ALLOWED", "Only reading is simulated"),
        }
    }

    fn access_token(&mut self, request: &Request, world: &mut World) -> Reply {
        let form = String::from_utf8_lossy(&request.body);
        let field = |name: &str| form.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        if field("grant_type") != Some("client_credentials") {
            return Reply::json(400, json!({ "error": "unsupported_grant_type" }));
        }
        if field("client_id") != Some(CLIENT) || field("client_secret") != Some(CLIENT) {
            return Reply::json(401, json!({ "error": "invalid_client" }));
        }
        let (token, now) = (world.ids.hex(40), world.now());
        self.access_tokens.issue(&token, now, now.checked_add(SignedDuration::from_secs(LIFE)).ok(), "");
        Reply::json(
            200,
            json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFE, "scope": "monitoring" }),
        )
    }

    /// A user as the public API shows it.
    pub(super) fn native_user(&self, person: &Person) -> Value {
        json!({
            "id": person.id,
            "uid": person.uid,
            "enabled": person.enabled,
            "firstName": person.name("givenName"),
            "lastName": person.name("familyName"),
            "email": person.mail(),
            "phone": person.phone,
            "language": person.language,
            // A global end user belongs to none in particular.
            "organizationId": person.organization.as_deref().and_then(|id| id.parse::<u64>().ok()),
            "scimUser": person.scim,
            "authType": if person.scim { "SSO" } else { "NATIVE" },
            "userType": person.class.native_name(),
            "invitationStatus": "REGISTERED",
            "administrator": person.administrator,
            "roles": self.roles_of(person.id),
        })
    }
}

fn failed(status: u16, code: &str, message: &str) -> Reply {
    Reply::json(status, json!({ "resultCode": code, "errorMessage": message }))
}
