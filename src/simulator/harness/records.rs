//! Resources in memory, in the order of their creation.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::behaviour::Refused;

/// One resource: what a client wrote, and what the vendor adds to it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) id: String,
    /// Without `id`, `meta` and what is computed.
    pub(crate) attributes: Map<String, Value>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// Counts the changes, from 1.
    pub(crate) version: u64,
    /// Its `userName`, or the `displayName` of what has none, in lower case: what look-ups compare, thousands of times.
    pub(crate) key: String,
}

impl Record {
    /// A top-level attribute as text; empty when it is absent or something else.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.attributes.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The resources of one type.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    rows: BTreeMap<u64, Record>,
    by_id: HashMap<String, u64>,
    /// By what may not be there twice: see `marks`.
    by_mark: HashMap<String, BTreeSet<u64>>,
    next: u64,
}

impl Records {
    pub(crate) fn insert(&mut self, id: String, attributes: Map<String, Value>, now: Timestamp) -> &Record {
        self.next += 1;
        self.by_id.insert(id.clone(), self.next);
        self.mark(self.next, &attributes);
        let key = key(&attributes);
        let record = Record { id, attributes, created: now, modified: now, version: 1, key };
        self.rows.entry(self.next).or_insert(record)
    }

    /// The records that have their name, their `externalId` or an address in common with these attributes, in order.
    pub(crate) fn like(&self, attributes: &Map<String, Value>) -> impl Iterator<Item = &Record> {
        let rows = marks(attributes).filter_map(|mark| self.by_mark.get(&mark)).flatten();
        let rows: BTreeSet<u64> = rows.copied().collect();
        rows.into_iter().filter_map(|row| self.rows.get(&row))
    }

    fn mark(&mut self, row: u64, attributes: &Map<String, Value>) {
        for mark in marks(attributes) {
            self.by_mark.entry(mark).or_default().insert(row);
        }
    }

    fn unmark(&mut self, row: u64, attributes: &Map<String, Value>) {
        for mark in marks(attributes) {
            if let Some(rows) = self.by_mark.get_mut(&mark) {
                rows.remove(&row);
                if rows.is_empty() {
                    self.by_mark.remove(&mark);
                }
            }
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Record> {
        self.rows.get(self.by_id.get(id)?)
    }

    /// Exchanges what is stored. Whether that changed anything; the version and the time move only then.
    pub(crate) fn update(&mut self, id: &str, attributes: Map<String, Value>, now: Timestamp) -> bool {
        let Some(row) = self.by_id.get(id).copied() else { return false };
        let Some(record) = self.rows.get(&row).filter(|record| record.attributes != attributes) else {
            return false;
        };
        let before = record.attributes.clone();
        self.unmark(row, &before);
        self.mark(row, &attributes);
        let Some(record) = self.rows.get_mut(&row) else { return false };
        record.key = key(&attributes);
        record.attributes = attributes;
        record.modified = now;
        record.version += 1;
        true
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<Record> {
        let row = self.by_id.remove(id)?;
        let record = self.rows.remove(&row)?;
        self.unmark(row, &record.attributes);
        Some(record)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.rows.values()
    }
}

fn key(attributes: &Map<String, Value>) -> String {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str);
    text("userName").or_else(|| text("displayName")).unwrap_or_default().to_lowercase()
}

/// What a vendor may want nobody else to have: the name, the `externalId`, the addresses.
fn marks(attributes: &Map<String, Value>) -> impl Iterator<Item = String> {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let emails = attributes.get("emails").and_then(Value::as_array).into_iter().flatten();
    let addresses = emails.filter_map(|email| email["value"].as_str());
    let address = addresses.map(|address| format!("address {}", address.to_lowercase()));
    let external = text("externalId").map(|external| format!("external {external}"));
    std::iter::once(format!("key {}", key(attributes))).chain(external).chain(address)
}

/// The resource that a console action names by its `id`.
pub(crate) fn named(arguments: &Value) -> Result<&str, Refused> {
    arguments.get("id").and_then(Value::as_str).ok_or_else(|| Refused::invalid("id must be a string"))
}

/// An administrator's edit behind the back of the client: `{"id": …, "set": {attribute: value}}`, where `null` clears.
/// The vendor checks nothing of it.
pub(crate) fn edit(all: [&mut Records; 2], arguments: &Value, now: Timestamp) -> Result<Value, Refused> {
    let id = named(arguments)?;
    let set = arguments.get("set").and_then(Value::as_object);
    let set = set.ok_or_else(|| Refused::invalid("set must be an object of attributes"))?;
    for records in all {
        if let Some(record) = records.get(id) {
            let mut attributes = record.attributes.clone();
            for (name, value) in set {
                match value {
                    Value::Null => attributes.remove(name),
                    value => attributes.insert(name.clone(), value.clone()),
                };
            }
            records.update(id, attributes.clone(), now);
            return Ok(Value::Object(attributes));
        }
    }
    Err(Refused::unknown(format!("there is no {id}")))
}

/// The identifiers under `value` of the elements of a list such as `members`.
pub(crate) fn member_ids(attributes: &Map<String, Value>) -> impl Iterator<Item = &str> {
    let members = attributes.get("members").and_then(Value::as_array).into_iter().flatten();
    members.filter_map(|member| member.get("value").and_then(Value::as_str))
}

/// Takes a member out of every group that holds it.
pub(crate) fn forget_member(groups: &mut Records, id: &str, now: Timestamp) {
    let holds = |group: &&Record| member_ids(&group.attributes).any(|member| member == id);
    let holding: Vec<Record> = groups.iter().filter(holds).cloned().collect();
    for mut group in holding {
        if let Some(members) = group.attributes.get_mut("members").and_then(Value::as_array_mut) {
            members.retain(|member| member.get("value").and_then(Value::as_str) != Some(id));
        }
        groups.update(&group.id, group.attributes, now);
    }
}
