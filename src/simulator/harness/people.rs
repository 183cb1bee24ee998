//! Many people at once, so that a mapping can be tried at the size of a real directory.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Map, Value, json};

use super::behaviour::Refused;
use super::hub::Hub;
use super::message::{Content, Request, SCIM_JSON};

/// The most at once.
const MOST: u64 = 1_000_000;

impl Hub {
    /// Has the vendor make so many users, as if a client had sent them one after the other, and gives their ids. Their
    /// requests are not in the log. `more` are further attributes of each, or others than the usual ones.
    pub(crate) fn people(&self, count: u64, more: &Map<String, Value>) -> Result<Vec<Value>, Refused> {
        if count > MOST {
            return Err(Refused::invalid(format!("count must be at most {MOST}")));
        }
        let path = format!("{}/Users", self.base_path());
        let inner = &mut *self.lock();
        let mut ids = Vec::new();
        for number in 1..=count {
            let mut headers = HeaderMap::new();
            let token = HeaderValue::from_str(&format!("Bearer {}", inner.world.tokens.latest()));
            headers.insert(AUTHORIZATION, token.map_err(|_| Refused::invalid("the token is no header"))?);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(SCIM_JSON));
            headers.insert(USER_AGENT, HeaderValue::from_static("Okta SCIM Client 1.0.0"));
            let request = Request {
                method: Method::POST,
                path: path.clone(),
                query: String::new(),
                headers,
                body: Bytes::from(person(number, more).to_string()),
                host: String::new(),
                overlaps: false,
            };
            let reply = inner.behaviour.answer(&request, &mut inner.world);
            let answer = match reply.body {
                Content::Json(_, body) => body,
                _ => Value::Null,
            };
            if !reply.status.is_success() {
                let why = format!("the vendor refused number {number}: {} {answer}", reply.status);
                return Err(Refused::forbidden(why));
            }
            ids.push(answer["id"].clone());
        }
        Ok(ids)
    }
}

fn person(number: u64, more: &Map<String, Value>) -> Value {
    let name = format!("person.{number:06}");
    let mail = format!("{name}@example.com");
    let mut body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "externalId": name,
        "userName": mail,
        "displayName": format!("Person {number}"),
        "name": { "givenName": "Person", "familyName": format!("{number:06}") },
        "emails": [{ "value": mail, "type": "work", "primary": true }],
        "active": true,
    });
    if let Some(body) = body.as_object_mut() {
        body.extend(more.clone());
    }
    body
}
