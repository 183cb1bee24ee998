//! Groups: SL-12, SL-13, SL-19.

use serde_json::{Map, Value, json};

use super::users::understood;
use super::wire::{Trouble, Version, page, resource};
use super::{Slack, partial};
use crate::simulator::harness::World;
use crate::simulator::harness::group::{self, Change, Form, Members};
use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::harness::query::{Page, equality};
use crate::simulator::harness::records::{Record, member_ids};
use crate::simulator::harness::shape::{document, only};
use crate::simulator::oracle::matches;

/// How many users one write may name (SL-19).
const MOST: usize = 15_000;

const KEPT: &[&str] = &["displayName", "externalId"];

impl Slack {
    pub(super) fn shown_group(&self, group: &Record, world: &World) -> Value {
        let mut shown = document(group, "Group", world);
        let member = |id: &str| {
            let name = self.users.get(id).map(|user| user.text("userName")).unwrap_or_default();
            json!({ "value": id, "display": name })
        };
        let members: Vec<Value> = member_ids(&group.attributes).map(member).collect();
        shown.insert("members".to_owned(), json!(members));
        shown.entry("externalId").or_insert(json!("")); // SL-09
        resource(self.version, shown)
    }

    pub(super) fn list_groups(&self, request: &Request, world: &mut World) -> Result<Reply, Trouble> {
        let all = self.groups.iter();
        let found: Vec<&Record> = match request.parameter("filter") {
            Some(filter) if self.version == Version::V1 => {
                let filter = understood(&filter, &["displayName"])?;
                all.filter(|group| matches(&filter, &group.attributes)).collect()
            }
            Some(filter) if world.knobs.word("v2_filter") == "eq_username_email" => {
                let (_, wanted) =
                    equality(&filter, &["displayName"]).ok_or(Trouble::new(400, "invalid_filter"))?;
                let wanted = wanted.to_lowercase();
                all.filter(|group| group.key == wanted).collect()
            }
            _ => all.collect(),
        };
        let at = Page::of(request, 10, 1_000);
        at.cut(&found).for_each(|group| world.members.shown(&group.id));
        let shown = at.cut(&found).map(|group| self.shown_group(group, world)).collect();
        Ok(page(self.version, found.len(), at.start, shown))
    }

    pub(super) fn read_group(&self, id: &str, world: &mut World) -> Result<Reply, Trouble> {
        world.members.shown(id);
        self.answer_group(id, 200, world)
    }

    fn answer_group(&self, id: &str, status: u16, world: &World) -> Result<Reply, Trouble> {
        let group = self.groups.get(id).ok_or(Trouble::new(404, "no_such_group"))?;
        Ok(Reply::json(status, self.shown_group(group, world)))
    }

    pub(super) fn create_group(&mut self, body: &Value, world: &mut World) -> Result<Reply, Trouble> {
        let (mut attributes, members) = self.whole(body)?;
        if self
            .groups
            .iter()
            .any(|group| group.attributes.get("displayName") == attributes.get("displayName"))
        {
            world.counters.duplicate_creates += 1;
        }
        group::put(&mut attributes, &members);
        let id = format!("S{}", world.ids.hex(10).to_uppercase());
        self.groups.insert(id.clone(), attributes, world.now());
        Ok(self.answer_group(&id, 201, world)?.header("location", world.location("Groups", &id)))
    }

    pub(super) fn replace_group(
        &mut self,
        id: &str,
        body: &Value,
        world: &mut World,
    ) -> Result<Reply, Trouble> {
        let before = self.groups.get(id).ok_or(Trouble::new(404, "no_such_group"))?.attributes.clone();
        let (mut attributes, members) = self.whole(body)?;
        keep_external_id(&mut attributes, &before);
        group::store(&mut self.groups, id, attributes, &members, true, world);
        self.answer_group(id, 200, world)
    }

    pub(super) fn patch_group(
        &mut self,
        id: &str,
        body: &Value,
        world: &mut World,
    ) -> Result<Reply, Trouble> {
        let before = self.groups.get(id).ok_or(Trouble::new(404, "no_such_group"))?.attributes.clone();
        let changes = match self.version {
            Version::V1 => partial::changes(body)?,
            Version::V2 => group::changes(body)?,
        };
        let quoted = self.version == Version::V1 || world.knobs.word("quoted") == "accept";
        let mut named = 0;
        for change in &changes {
            match change {
                Change::Remove(Form::Filter, _) if !quoted => {
                    return Err(Trouble::new(400, "invalid_path")); // SL-13
                }
                Change::Add(ids) | Change::Replace(ids) | Change::Remove(_, ids) => named += ids.len(),
                Change::Set(..) | Change::Empty => {}
            }
        }
        if named > MOST {
            return Err(Trouble::new(400, "too_many_users"));
        }
        let mut attributes = before.clone();
        let mut members = group::held(&attributes);
        let stated = group::carry_out(changes, KEPT, &mut attributes, &mut members);
        named_well(&attributes)?;
        keep_external_id(&mut attributes, &before);
        self.people(&members)?;
        group::store(&mut self.groups, id, attributes, &members, stated, world);
        self.answer_group(id, 200, world)
    }

    /// SL-19.
    pub(super) fn delete_group(&mut self, id: &str) -> Result<Reply, Trouble> {
        if self.linked.contains(id) {
            return Err(Trouble::new(409, "idp_group_linked_to_channels"));
        }
        self.groups.remove(id).map(|_| Reply::empty(204)).ok_or(Trouble::new(404, "no_such_group"))
    }

    /// The whole of a group, as POST and PUT state it.
    fn whole(&self, body: &Value) -> Result<(Map<String, Value>, Members), Trouble> {
        let attributes = only(body, KEPT);
        named_well(&attributes)?;
        let members = group::named(body.get("members"))?;
        if members.len() > MOST {
            return Err(Trouble::new(400, "too_many_users"));
        }
        let members = members.into_iter().collect();
        self.people(&members)?;
        Ok((attributes, members))
    }

    fn people(&self, members: &Members) -> Result<(), Trouble> {
        let unknown = members.iter().any(|member| self.users.get(member).is_none());
        if unknown { Err(Trouble::new(400, "unknown_user")) } else { Ok(()) }
    }
}

fn named_well(attributes: &Map<String, Value>) -> Result<(), Trouble> {
    let name = attributes.get("displayName").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() { Err(Trouble::new(400, "missing_display_name")) } else { Ok(()) }
}

/// SL-11.
fn keep_external_id(attributes: &mut Map<String, Value>, before: &Map<String, Value>) {
    attributes.remove("externalId");
    if let Some(external) = before.get("externalId") {
        attributes.insert("externalId".to_owned(), external.clone());
    }
}
