//! Groups: whether there are any, and on one that is made for it, what their lists, filters, PUT and name are like.

use super::Probe;
use super::{filter, member, user};
use crate::cli::complain;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::ResourceType;

const GROUP: ResourceType = ResourceType::Group;

pub(super) async fn probe(probe: &mut Probe, subject: Option<&str>) {
    let okta = probe.ask.profile.speak == crate::emulation::Speak::Okta;
    let query: &[(&str, &str)] = if okta { &[("startIndex", "1"), ("count", "2")] } else { &[] };
    let listed = probe.ask.get(GROUP.endpoint(), query).await;
    if listed.is_missing() {
        probe.note("resources.Groups.supported", "false");
        return;
    }
    if subject.is_none() {
        filter::probe(probe, GROUP, None).await;
        return;
    }
    let Some(id) = made(probe).await else { return };
    filter::probe(probe, GROUP, Some(&id)).await;
    member::probe(probe, &id).await;
    name(probe, &id).await;
    put(probe, &id).await;
    end(probe, &id).await;
}

/// Makes a group with one member, or with none where that is not taken.
async fn made(probe: &mut Probe) -> Option<String> {
    let member = probe.people.first().map(|id| crate::emulation::as_members([id.as_str().into()]));
    for members in [member, None] {
        let mut body = Value::object();
        body.set("schemas", vec![Value::from(GROUP.urn())]);
        body.set("displayName", user::name());
        if let Some(members) = members {
            body.set("members", members);
        }
        let answer = probe.ask.create(GROUP, body).await;
        let id = answer.id().map(str::to_owned).or_else(|| answer.located.as_ref().map(ToString::to_string));
        if let Some(id) = id.filter(|_| answer.is_success()) {
            probe.left.push((GROUP, id.clone()));
            return Some(id);
        }
    }
    complain(&format!("a group cannot be made, so its changes are not tried: {}", probe.ask.last));
    None
}

/// `rename`
async fn name(probe: &mut Probe, id: &str) {
    let new = user::name();
    let path = Path::Attribute(AttrPath::core("displayName"));
    let rename = Operation::new(Op::Replace, path, new.as_str());
    let profile = probe.ask.profile.clone();
    let Some(answer) = probe.ask.patch(&profile, (GROUP, id), &[rename]).await else { return };
    let asked = probe.ask.last.clone();
    let after = probe.ask.resource(GROUP, id).await;
    let named = after.body.as_ref().and_then(|group| group.text_at("displayName"));
    if !answer.is_success() && named.is_some_and(|named| named != new) {
        probe.note_why("resources.Groups.rename", "false", asked);
    }
}

/// `put`
async fn put(probe: &mut Probe, id: &str) {
    let Some(mut whole) = probe.ask.there(GROUP, id).await else { return };
    whole.set("displayName", user::name());
    let answer = probe.ask.replace(GROUP, id, whole).await;
    if answer.is_missing() {
        probe.note("resources.Groups.put", "none");
    } else if answer.is_success()
        && answer.body.is_none()
        && probe.ask.profile.echo == crate::emulation::Echo::Full
    {
        probe.note("responses.body", "none");
    }
}

/// `delete`
async fn end(probe: &mut Probe, id: &str) {
    let answer = probe.ask.delete(GROUP, id).await;
    if matches!(answer.status, 405 | 501) {
        probe.note("resources.Groups.delete", "unsupported");
    } else if answer.is_success() {
        probe.left.retain(|(resource, left)| *resource != GROUP || left != id);
    }
}
