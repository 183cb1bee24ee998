//! Groups: AW-13, AW-17, AW-21 to AW-23.

use serde_json::{Map, Value};

use super::Aws;
use super::query::read;
use super::users::ONE_ATTRIBUTE;
use super::wire::{Trouble, duplicate, gone, new_id, shown};
use crate::simulator::harness::World;
use crate::simulator::harness::group::{self, Change, Members};
use crate::simulator::harness::message::Reply;
use crate::simulator::harness::shape::{only, operations};

/// How many members one request may name.
const MOST: usize = 100;

const KEPT: &[&str] = &["displayName", "externalId"];

impl Aws {
    pub(super) fn read_group(&self, id: &str) -> Result<Reply, Trouble> {
        let group = self.groups.get(id).ok_or_else(|| gone("GROUP", id))?;
        Ok(Reply::json(200, Value::Object(read(group))))
    }

    pub(super) fn create_group(&mut self, body: &Value, world: &mut World) -> Result<Reply, Trouble> {
        let mut attributes = only(body, KEPT);
        let members = group::named(body.get("members"))?;
        if members.len() > MOST {
            return Err(too_many());
        }
        let members = members.into_iter().collect();
        self.people(&members, world)?;
        self.unique_name(&attributes, None)?;
        group::put(&mut attributes, &members);
        let id = new_id(world);
        let group = self.groups.insert(id, attributes, world.now());
        Ok(Reply::json(201, Value::Object(shown(group, "Group"))))
    }

    /// AW-22.
    pub(super) fn patch_group(
        &mut self,
        id: &str,
        body: &Value,
        world: &mut World,
    ) -> Result<Reply, Trouble> {
        let bad = |detail: &str| Err(Trouble::new(400, detail));
        let mut attributes = self.groups.get(id).ok_or_else(|| gone("GROUP", id))?.attributes.clone();
        for operation in operations(body)? {
            let whole = operation.get("value").and_then(Value::as_object);
            if operation.get("path").is_none() && whole.is_none_or(|set| set.len() != 1) {
                return bad(ONE_ATTRIBUTE);
            }
        }
        let changes = group::changes(body)?;
        let mut named = Vec::new();
        for change in &changes {
            match change {
                Change::Set(name, _) if !KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(name)) => {
                    return bad("only displayName, externalId and members are changed");
                }
                Change::Set(..) => {}
                Change::Replace(_) => return bad("members cannot be replaced"),
                Change::Empty => return bad("a removal of members names them"),
                Change::Remove(_, ids) if ids.is_empty() => return bad("a removal of members names them"),
                Change::Add(ids) | Change::Remove(_, ids) => named.extend(ids.iter().cloned()),
            }
        }
        if named.len() > MOST {
            return Err(too_many());
        }
        self.people(&named.into_iter().collect(), world)?;
        let mut members = group::held(&attributes);
        group::carry_out(changes, KEPT, &mut attributes, &mut members);
        self.unique_name(&attributes, Some(id))?;
        group::store(&mut self.groups, id, attributes, &members, false, world);
        Ok(Reply::empty(204))
    }

    /// AW-23.
    fn people(&self, members: &Members, world: &World) -> Result<(), Trouble> {
        let status = world.knobs.word("unknown_member").parse().unwrap_or(404);
        match members.iter().find(|member| self.users.get(member).is_none()) {
            Some(member) => Err(Trouble::new(status, format!("USER not found for id {member}"))),
            None => Ok(()),
        }
    }

    fn unique_name(&self, attributes: &Map<String, Value>, own: Option<&str>) -> Result<(), Trouble> {
        let name = attributes.get("displayName").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        if name.is_empty() {
            return Err(Trouble::new(400, "displayName is required and must not be empty"));
        }
        let external = attributes.get("externalId");
        let taken = self.groups.iter().filter(|group| own != Some(group.id.as_str())).any(|group| {
            group.key == name || (external.is_some() && group.attributes.get("externalId") == external)
        });
        if taken { Err(duplicate()) } else { Ok(()) }
    }
}

fn too_many() -> Trouble {
    Trouble::new(400, "Request contains more than 100 members")
}
