//! Members of a group: whether they are shown, and in which forms they are added, taken out and replaced.

use std::collections::BTreeSet;

use super::Probe;
use crate::cli::complain;
use crate::emulation;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::ResourceType;

const GROUP: ResourceType = ResourceType::Group;
const ADD: &str = "resources.Groups.members.add_form";
const REMOVE: &str = "resources.Groups.members.remove_form";

/// How the members of the group are seen.
#[derive(Clone, Copy)]
enum Seen {
    WithGroup,
    /// By asking which users have the group.
    ByFilter,
}

pub(super) async fn probe(probe: &mut Probe, group: &str) {
    let [first, second, ..] = &probe.people.clone()[..] else { return };
    // Some make groups empty, whatever is said.
    let forms = ["path_array", "pathless_object", "path_object", "partial_resource"];
    let mut seen = None;
    for form in forms.into_iter().take(if probe.ask.profile.scim11 { 1 } else { 4 }) {
        let Some(asked) = tried(probe, group, &[(ADD, form)], &add(second)).await else { continue };
        seen = seen_by(probe, group, second).await;
        if seen.is_some() {
            if form != "path_array" {
                probe.note_why(ADD, form, asked);
            }
            break;
        }
    }
    let Some(seen) = seen else {
        complain("members cannot be seen, so their changes are not tried");
        return;
    };
    removal(probe, (group, seen), first, second).await;
    whole(probe, (group, seen), first, second).await;
}

/// Carries an operation out with a profile that is tried. Gives what was asked, and answered.
async fn tried(
    probe: &mut Probe,
    group: &str,
    lines: &[(&'static str, &str)],
    operation: &Operation,
) -> Option<String> {
    let profile = probe.found.profile(lines).ok()?;
    probe.ask.patch(&profile, (GROUP, group), std::slice::from_ref(operation)).await?;
    Some(probe.ask.last.clone())
}

fn add(id: &str) -> Operation {
    Operation::new(Op::Add, members(), emulation::as_members([id.into()]))
}

fn remove(id: &str) -> Operation {
    let (attribute, filter) = (AttrPath::core("members"), Filter::eq(AttrPath::core("value"), id));
    Operation::new(Op::Remove, Path::Element { attribute, filter, sub: None }, Value::null())
}

fn members() -> Path {
    Path::Attribute(AttrPath::core("members"))
}

/// Whether somebody is seen to be a member, and how.
async fn seen_by(probe: &mut Probe, group: &str, id: &str) -> Option<Seen> {
    for seen in [Seen::WithGroup, Seen::ByFilter] {
        if ids(probe, group, seen).await.contains(id) {
            if matches!(seen, Seen::ByFilter) {
                let why = probe.ask.last.clone();
                // One without the other is no profile.
                probe.found.note(
                    "resources.Groups.members.returned",
                    "never",
                    "GET /Groups/{id} → 200, without members",
                );
                probe.note_why("resources.Groups.members.query", "groups.value", why);
            }
            return Some(seen);
        }
    }
    None
}

async fn ids(probe: &mut Probe, group: &str, seen: Seen) -> BTreeSet<String> {
    let text = |one: &Value, name: &str| one.get(name).and_then(Value::scalar_text).map(str::to_owned);
    match seen {
        Seen::WithGroup => {
            let answer = probe.ask.resource(GROUP, group).await;
            let members = answer.body.as_ref().and_then(|group| group.get("members")).map(Value::items);
            members.unwrap_or_default().iter().filter_map(|one| text(one, "value")).collect()
        }
        Seen::ByFilter => {
            let filter = format!("groups.value eq {}", Value::from(group).to_json());
            let answer = probe.ask.filtered(ResourceType::User, &filter).await;
            answer.resources().iter().filter_map(|one| text(one, "id")).collect()
        }
    }
}

/// `members.remove_form`
async fn removal(probe: &mut Probe, (group, seen): (&str, Seen), first: &str, second: &str) {
    for id in [first, second] {
        tried(probe, group, &[], &add(id)).await;
    }
    let forms = ["filter_path", "filter_path_unquoted", "value_array", "v1_operation"];
    for form in forms.into_iter().take(if probe.ask.profile.scim11 { 1 } else { 4 }) {
        let Some(asked) = tried(probe, group, &[(REMOVE, form)], &remove(second)).await else { continue };
        let left = ids(probe, group, seen).await;
        if !left.contains(second) && left.contains(first) {
            if form != "filter_path" {
                probe.note_why(REMOVE, form, asked);
            }
            return;
        }
        if !left.contains(first) {
            tried(probe, group, &[], &add(first)).await;
        }
    }
}

/// `members.replace` and `members.remove_all`
async fn whole(probe: &mut Probe, (group, seen): (&str, Seen), first: &str, second: &str) {
    let replace = Operation::new(Op::Replace, members(), emulation::as_members([second.into()]));
    if let Some(asked) = tried(probe, group, &[], &replace).await {
        let left = ids(probe, group, seen).await;
        match (left.contains(first), left.contains(second)) {
            (false, true) => {}
            (true, true) => {
                probe.note_why("resources.Groups.members.replace", "additive", asked);
            }
            _ => probe.note_why("resources.Groups.members.replace", "forbidden", asked),
        }
    }
    let remove = Operation::new(Op::Remove, members(), Value::null());
    let Ok(profile) = probe.found.profile(&[]) else { return };
    if probe.ask.patch(&profile, (GROUP, group), std::slice::from_ref(&remove)).await.is_some() {
        let asked = probe.ask.last.clone();
        if !ids(probe, group, seen).await.is_empty() {
            probe.note_why("resources.Groups.members.remove_all", "false", asked);
        }
    }
}
