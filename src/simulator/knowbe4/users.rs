//! Users: KB-05 to KB-08, KB-10 to KB-12, KB-15, KB-18.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{Book, KnowBe4, invalid, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::query::{Page, equality};
use crate::simulator::harness::records::Record;
use crate::simulator::harness::shape::{ENTERPRISE, document, only, operations, text};
use crate::simulator::oracle;

/// KnowBe4's own extension.
pub(super) const EXTENSION: &str = "urn:ietf:params:scim:schemas:extension:knowbe4:kmsat:2.0:User";

/// KB-07.
const KEPT: &[&str] = &["userName", "active", "title", "displayName", "externalId"];
const TEXTS: &[&str] = &["customField1", "customField2", "customField3", "customField4"];
const DATES: &[&str] = &["customDate1", "customDate2"];

/// A user as answered.
pub(super) fn shown(user: &Record, world: &World) -> Value {
    let mut shown = document(user, "User", world);
    // The userName is the e-mail.
    shown.insert("emails".to_owned(), json!([{ "value": user.text("userName"), "primary": true }]));
    Value::Object(shown)
}

/// What is kept of a user's body.
fn intake(body: &Value) -> Result<Map<String, Value>, Reply> {
    let mut kept = only(body, KEPT);
    kept.insert("userName".to_owned(), json!(text(body, "userName")?));
    match kept.entry("active").or_insert(json!(true)) {
        Value::Bool(_) => {}
        _ => return Err(invalid("active must be true or false")),
    }
    let mut complex = |name: &str, inner: Map<String, Value>| {
        if !inner.is_empty() {
            kept.insert(name.to_owned(), Value::Object(inner));
        }
    };
    let part = |name: &str| body.get(name).cloned().unwrap_or_default();
    complex("name", only(&part("name"), &["givenName", "familyName"]));
    let known = ["employeeNumber", "department", "division", "organization", "manager"];
    let mut enterprise = only(&part(ENTERPRISE), &known);
    if let Some(manager) = enterprise.get_mut("manager")
        && manager.is_object()
    {
        *manager = Value::Object(only(manager, &["value"]));
    }
    complex(ENTERPRISE, enterprise);
    let mut own = only(&part(EXTENSION), TEXTS);
    if own.values().any(|value| !value.is_string()) {
        return Err(invalid("a customField is a string"));
    }
    for (name, date) in only(&part(EXTENSION), DATES) {
        // KB-08.
        let fits = date
            .as_str()
            .is_some_and(|date| date.parse::<Timestamp>().is_ok() || date.parse::<Date>().is_ok());
        if !fits {
            return Err(invalid(&format!("{name} must be an ISO 8601 date")));
        }
        own.insert(name, date);
    }
    complex(EXTENSION, own);
    Ok(kept)
}

impl KnowBe4 {
    pub(super) fn list_users(&self, request: &Request, world: &World) -> Result<Reply, Reply> {
        let filter = request.parameter("filter");
        // KB-05.
        let lagging = filter.is_some() && world.knobs.flag("lag_filter") && self.trial.is_none();
        let book = if lagging { &self.applied } else { self.reads() };
        let found: Vec<&Record> = match filter {
            Some(filter) => {
                let (_, wanted) = equality(&filter, &["userName"]).ok_or_else(|| {
                    Reply::error(400, Some("invalidFilter"), "The filter must be userName eq")
                })?;
                let wanted = wanted.to_lowercase();
                book.users.iter().filter(|user| user.key == wanted).collect()
            }
            None => book.users.iter().collect(),
        };
        let page = Page::of(request, 100, 100);
        let shown = page.cut(&found).map(|user| shown(user, world)).collect();
        Ok(Reply::scim(200, list(found.len(), page.start, shown)))
    }
}

impl Book {
    pub(super) fn create_user(&mut self, body: &Value, world: &mut World) -> Result<(Reply, String), Reply> {
        let attributes = intake(body)?;
        self.unique(&attributes, None)?;
        let id = world.ids.uuid();
        let reply = Reply::scim(201, shown(self.users.insert(id.clone(), attributes, world.now()), world));
        Ok((reply.header("location", world.location("Users", &id)), id))
    }

    pub(super) fn replace_user(
        &mut self,
        id: &str,
        body: &Value,
        world: &World,
    ) -> Result<(Reply, String), Reply> {
        let before = self.users.get(id).ok_or_else(not_found)?;
        let mut attributes = intake(body)?;
        if body.get("active").is_none_or(Value::is_null) {
            // Archived stays archived when nothing is said of it (assumed).
            attributes.insert("active".to_owned(), before.attributes["active"].clone());
        }
        self.unique(&attributes, Some(id))?;
        self.users.update(id, attributes, world.now());
        let user = self.users.get(id).ok_or_else(not_found)?;
        Ok((Reply::scim(200, shown(user, world)), user.id.clone()))
    }

    pub(super) fn patch_user(
        &mut self,
        id: &str,
        body: &Value,
        world: &World,
    ) -> Result<(Reply, String), Reply> {
        let before = shown(self.users.get(id).ok_or_else(not_found)?, world);
        let before = before.as_object().cloned().unwrap_or_default();
        let after = oracle::apply(&before, &Value::Array(operations(body)?))?;
        self.replace_user(id, &Value::Object(after), world)
    }

    /// KB-11.
    pub(super) fn archive_user(&mut self, id: &str, world: &World) -> Result<(Reply, String), Reply> {
        let mut attributes = self.users.get(id).ok_or_else(not_found)?.attributes.clone();
        attributes.insert("active".to_owned(), json!(false));
        self.users.update(id, attributes, world.now());
        Ok((Reply::empty(204), id.to_owned()))
    }

    /// KB-06.
    fn unique(&self, attributes: &Map<String, Value>, own: Option<&str>) -> Result<(), Reply> {
        let wanted = attributes["userName"].as_str().unwrap_or_default().to_lowercase();
        if self.users.iter().any(|user| user.key == wanted && own != Some(user.id.as_str())) {
            return Err(Reply::error(409, Some("uniqueness"), "A user with this userName exists"));
        }
        Ok(())
    }
}
