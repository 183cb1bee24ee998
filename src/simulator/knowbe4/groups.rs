//! Groups: KB-16, KB-18.

use serde_json::{Map, Value, json};

use super::{Book, KnowBe4, invalid, not_found};
use crate::simulator::harness::World;
use crate::simulator::harness::group::{self, Members};
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::query::{Page, equality};
use crate::simulator::harness::records::Record;
use crate::simulator::harness::shape::{document, only, text};

const KEPT: &[&str] = &["displayName", "externalId"];

/// A group as answered.
pub(super) fn shown(group: &Record, world: &World) -> Value {
    Value::Object(document(group, "Group", world))
}

impl KnowBe4 {
    pub(super) fn list_groups(&self, request: &Request, world: &mut World) -> Result<Reply, Reply> {
        let groups = &self.reads().groups;
        let found: Vec<&Record> = match request.parameter("filter") {
            Some(filter) => {
                let (_, wanted) = equality(&filter, &["displayName"]).ok_or_else(|| {
                    Reply::error(400, Some("invalidFilter"), "The filter must be displayName eq")
                })?;
                let wanted = wanted.to_lowercase();
                groups.iter().filter(|group| group.key == wanted).collect()
            }
            None => groups.iter().collect(),
        };
        let page = Page::of(request, 100, 100);
        page.cut(&found).for_each(|group| world.members.shown(&group.id));
        let shown = page.cut(&found).map(|group| shown(group, world)).collect();
        Ok(Reply::scim(200, list(found.len(), page.start, shown)))
    }
}

impl Book {
    pub(super) fn create_group(&mut self, body: &Value, world: &mut World) -> Result<(Reply, String), Reply> {
        let mut attributes = only(body, KEPT);
        self.unique_name(&text(body, "displayName")?, None)?;
        let members = self.people(group::named(body.get("members"))?.into_iter().collect(), world)?;
        group::put(&mut attributes, &members);
        let id = world.ids.uuid();
        let reply = Reply::scim(201, shown(self.groups.insert(id.clone(), attributes, world.now()), world));
        Ok((reply.header("location", world.location("Groups", &id)), id))
    }

    pub(super) fn patch_group(
        &mut self,
        id: &str,
        body: &Value,
        world: &mut World,
    ) -> Result<(Reply, String), Reply> {
        let mut attributes: Map<String, Value> =
            self.groups.get(id).ok_or_else(not_found)?.attributes.clone();
        let mut members = group::held(&attributes);
        let stated = group::carry_out(group::changes(body)?, KEPT, &mut attributes, &mut members);
        self.unique_name(&text(&json!(attributes), "displayName")?, Some(id))?;
        let members = self.people(members, world)?;
        group::store(&mut self.groups, id, attributes, &members, stated, world);
        let group = self.groups.get(id).ok_or_else(not_found)?;
        Ok((Reply::scim(200, shown(group, world)), group.id.clone()))
    }

    /// A member is a user; a group as one is refused or left out (KB-16), and so is an unknown id refused (assumed).
    fn people(&self, mut members: Members, world: &World) -> Result<Members, Reply> {
        let nested = |id: &str| self.groups.get(id).is_some();
        if world.knobs.word("nested") == "ignore" {
            members.retain(|member| !nested(member));
        }
        match members.iter().find(|member| self.users.get(member).is_none()) {
            Some(member) if nested(member) => Err(invalid("Nested groups are not supported")),
            Some(member) => Err(invalid(&format!("There is no user {member}"))),
            None => Ok(members),
        }
    }

    fn unique_name(&self, name: &str, own: Option<&str>) -> Result<(), Reply> {
        let wanted = name.to_lowercase();
        if self.groups.iter().any(|group| group.key == wanted && own != Some(group.id.as_str())) {
            return Err(Reply::error(409, Some("uniqueness"), "A group with this displayName exists"));
        }
        Ok(())
    }
}
