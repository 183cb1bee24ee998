//! Groups: SG-12, SG-13.

use serde_json::{Value, json};

use super::{Segment, invalid, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::group::{self, Change, Form, Members};
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::query::{Page, equality};
use crate::simulator::harness::records::Record;
use crate::simulator::harness::shape::{document, text};

/// A group as answered.
pub(super) fn shown(group: &Record, world: &World) -> Value {
    Value::Object(document(group, "Group", world))
}

impl Segment {
    pub(super) fn list_groups(&self, request: &Request, world: &mut World) -> Result<Reply, Reply> {
        let found: Vec<&Record> = match request.parameter("filter") {
            Some(filter) => {
                let (_, wanted) = equality(&filter, &["displayName"]).ok_or_else(|| {
                    Reply::error(400, Some("invalidFilter"), "The filter must be displayName eq")
                })?;
                let wanted = wanted.to_lowercase();
                self.groups.iter().filter(|group| group.key == wanted).collect()
            }
            None => self.groups.iter().collect(),
        };
        let page = Page::of(request, 100, 100);
        page.cut(&found).for_each(|group| world.members.shown(&group.id));
        let shown = page.cut(&found).map(|group| shown(group, world)).collect();
        Ok(Reply::scim(200, list(found.len(), page.start, shown)))
    }

    pub(super) fn answer_group(&self, id: &str, status: u16, world: &World) -> Result<Reply, Reply> {
        let group = self.groups.get(id).ok_or_else(not_found)?;
        Ok(Reply::scim(status, shown(group, world)))
    }

    pub(super) fn create_group(&mut self, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let name = text(body, "displayName")?;
        if self.groups.iter().any(|group| group.key == name.to_lowercase()) {
            return Err(Reply::error(409, Some("uniqueness"), "A group with this displayName exists"));
        }
        let members: Members = group::named(body.get("members"))?.into_iter().collect();
        self.people(&members)?;
        let mut attributes = [("displayName".to_owned(), json!(name))].into_iter().collect();
        group::put(&mut attributes, &members);
        let id = world.ids.hex(22);
        self.groups.insert(id.clone(), attributes, world.now());
        Ok(self.answer_group(&id, 201, world)?.header("location", world.location("Groups", &id)))
    }

    pub(super) fn patch_group(&mut self, id: &str, body: &Value, world: &mut World) -> Result<Reply, Reply> {
        let mut attributes = self.groups.get(id).ok_or_else(not_found)?.attributes.clone();
        let mut changes = Vec::new();
        for change in group::changes(body)? {
            match (change, world.knobs.word("legacy_remove")) {
                (Change::Remove(Form::Values, _), "remove_all") => changes.push(Change::Empty),
                (Change::Remove(Form::Values, _), "noop") => {} // SG-13
                (Change::Remove(Form::Values | Form::Unquoted, _), _) => {
                    return Err(Reply::error(
                        400,
                        Some("invalidPath"),
                        "A removal is members[value eq \"id\"]",
                    ));
                }
                (change, _) => changes.push(change),
            }
        }
        let mut members = group::held(&attributes);
        let stated = group::carry_out(changes, &["displayName"], &mut attributes, &mut members);
        text(&json!(attributes), "displayName")?;
        self.people(&members)?;
        group::store(&mut self.groups, id, attributes, &members, stated, world);
        self.answer_group(id, 200, world)
    }

    /// A member of a group is one of the workspace (assumed).
    fn people(&self, members: &Members) -> Result<(), Reply> {
        match members.iter().find(|member| !self.members.contains_key(*member)) {
            Some(member) => Err(invalid(&format!("There is no user {member}"))),
            None => Ok(()),
        }
    }
}
