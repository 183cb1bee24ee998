//! Users, on one that is made for it and removed again: what a creation needs, what PATCH and PUT change, what comes
//! back, and what becomes of an account without access.

use super::Probe;
use super::ask::Answer;
use crate::cli::complain;
use crate::emulation::{Patch, Put, Speak};
use crate::scim::json::Value;
use crate::scim::name::{AttrPath, ENTERPRISE, is_schema_urn};
use crate::scim::patch::{self, Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::{Catalog, ResourceType};

const USER: ResourceType = ResourceType::User;

/// What is tried beside what every user has: a path and a value.
const EXTRAS: [(&str, &str); 12] = [
    ("title", "\"Probe\""),
    ("nickName", "\"Probe\""),
    ("userType", "\"Employee\""),
    ("preferredLanguage", "\"en\""),
    ("locale", "\"en-US\""),
    ("timezone", "\"Europe/Lisbon\""),
    ("phoneNumbers", r#"[{"value":"+351210000000","type":"work"}]"#),
    ("addresses", r#"[{"streetAddress":"1 Probe Street","locality":"Lisbon","type":"work"}]"#),
    ("roles", r#"[{"value":"probe"}]"#),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "\"Probe\""),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:costCenter", "\"Probe\""),
    ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "\"7\""),
];

/// A name that people recognise, of 21 characters at most.
pub(super) fn name() -> String {
    let mut seed = [0_u8; 2];
    // Without randomness, the name may be taken, and another is tried.
    let _ = getrandom::fill(&mut seed);
    format!("scim-bridge-probe-{:03x}", u16::from_le_bytes(seed) & 0xfff)
}

fn read(json: &str) -> Value {
    Value::read(json.as_bytes(), &crate::scim::json::Limits::REQUEST).unwrap_or_default()
}

/// Somebody of that name.
fn person(name: &str, domain: &str) -> Value {
    let text = |text: &str| Value::from(text).to_json();
    let mail = format!("{name}@{domain}");
    read(&format!(
        r#"{{"schemas":["{}"],"userName":{mail},"externalId":{},"displayName":{},"name":{{"givenName":"SCIM","familyName":"Probe"}},"emails":[{{"value":{mail},"type":"work","primary":true}}],"active":true}}"#,
        USER.urn(),
        text(name),
        text(name),
        mail = text(&mail),
    ))
}

impl Probe {
    /// Somebody new, with what every user must have here.
    fn person(&self) -> Value {
        let mut body = person(&name(), &self.domain);
        let mut schemas = body.get("schemas").cloned().unwrap_or_default();
        for (name, value) in self.user.members() {
            if is_schema_urn(name) {
                schemas.push(name.into());
            }
            body.set(name, value.clone());
        }
        body.set("schemas", schemas);
        body
    }

    /// Who may be lost by what is tried: the last that was made.
    fn risked(&self) -> Option<String> {
        self.people.last().cloned()
    }
}

/// Makes the users on whom everything is tried. `None` when that is not possible, or they cannot be read.
pub(super) async fn made(probe: &mut Probe) -> Option<String> {
    let mut ids: Vec<String> = Vec::new();
    for _ in 0..8 {
        if ids.len() == 3 {
            break;
        }
        let body = probe.person();
        let answer = probe.ask.create(USER, body).await;
        match id_of(&answer) {
            Some(id) if answer.is_success() => {
                probe.left.push((USER, id.clone()));
                if ids.is_empty() {
                    created(probe, &answer);
                }
                ids.push(id);
            }
            _ if answer.status == 409 => {}
            _ => {
                complain(&format!("a user cannot be made, so writes are not tried: {}", probe.ask.last));
                let said = answer.body.as_ref().and_then(|body| body.text_at("detail"));
                said.into_iter().for_each(|said| complain(&format!("  the vendor says: {said}")));
                complain("  hint: what each user must have here can be given with --user FILE");
                break;
            }
        }
    }
    probe.people.clone_from(&ids);
    let first = ids.first()?.clone();
    let answer = probe.ask.resource(USER, &first).await;
    if answer.is_success() {
        return Some(first);
    }
    complain(&format!("who was made cannot be read, so writes are not tried: {}", probe.ask.last));
    None
}

fn id_of(answer: &Answer) -> Option<String> {
    answer.id().map(str::to_owned).or_else(|| answer.located.as_ref().map(ToString::to_string))
}

/// What the answer to a creation tells of answers to writes.
fn created(probe: &mut Probe, answer: &Answer) {
    if answer.status != 201 {
        probe.note("responses.status", format!("{{ \"POST /Users\": {} }}", answer.status));
    }
    if answer.body.is_none() {
        probe.note("responses.body", "none");
    }
}

pub(super) async fn probe(probe: &mut Probe, id: &str) {
    let Some(before) = probe.ask.there(USER, id).await else { return };
    shape(probe, &before);
    changes(probe, id, &before).await;
    if probe.ask.profile.speak != Speak::Okta {
        kept(probe, id, &before).await;
        fixed(probe, id).await;
        required(probe).await;
    }
    if let Some(id) = probe.risked() {
        access(probe, &id).await;
    }
}

/// What is wrong with a resource as it is read.
fn shape(probe: &mut Probe, user: &Value) {
    let meta = user.get("meta");
    let has = |name: &str| meta.is_some_and(|meta| meta.text_at(name).is_some_and(|text| !text.is_empty()));
    for (name, path) in [
        ("location", "responses.meta.location"),
        ("created", "responses.meta.created"),
        ("resourceType", "responses.meta.resource_type"),
    ] {
        // SCIM 1.1 has no `resourceType`.
        let known = name == "resourceType" && probe.ask.profile.scim11;
        if !has(name) && !known {
            probe.note(path, "missing");
        }
    }
    if user.members().any(|(_, value)| value.is_null()) {
        probe.note("responses.nulls", "true");
    }
    if user.get("active").is_some_and(|active| active.as_str().is_some()) {
        probe.note("responses.types", "[{ path: active, cast: boolean }]");
    }
}

fn set(path: &str, value: Value) -> Option<Operation> {
    Some(Operation::new(Op::Replace, Path::Attribute(AttrPath::parse(path)?), value))
}

/// Changes a user in whatever way the vendor has for it.
async fn change(probe: &mut Probe, id: &str, operations: &[Operation]) -> Answer {
    let profile = probe.ask.profile.clone();
    if let Some(answer) = probe.ask.patch(&profile, (USER, id), operations).await {
        return answer;
    }
    let Some(before) = probe.ask.there(USER, id).await else { return Answer::default() };
    match patch::apply(before, operations, &Catalog::standard(USER)) {
        Ok(after) => probe.ask.replace(USER, id, after).await,
        Err(_) => Answer::default(),
    }
}

/// `patch` and `put`
async fn changes(probe: &mut Probe, id: &str, before: &Value) {
    let okta = probe.ask.profile.speak == Speak::Okta;
    let family = AttrPath::core("name").with_sub("familyName");
    let tried: Vec<_> = [
        set("name.familyName", "Patched".into()),
        set("displayName", "Patched".into()),
        set("title", "Patched".into()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let profile = probe.ask.profile.clone();
    let (mut any, mut missing, mut why) = (okta, false, String::new());
    for operation in tried.iter().filter(|_| !okta) {
        let Some(answer) = probe.ask.patch(&profile, (USER, id), std::slice::from_ref(operation)).await
        else {
            continue;
        };
        if why.is_empty() {
            why.clone_from(&probe.ask.last);
        }
        missing |= matches!(answer.status, 404 | 405 | 501);
        let Some(after) = probe.ask.there(USER, id).await else { continue };
        let path = operation.path.as_ref().and_then(Path::as_plain);
        if path.and_then(|path| path.get(&after)).and_then(Value::as_str) == Some("Patched") {
            any = true;
            break;
        }
    }
    if !any && missing {
        probe.note_why("resources.Users.patch", "none", why);
    } else if !any {
        // Who is deactivated may be gone.
        let id = &probe.risked().unwrap_or_else(|| id.to_owned());
        let off: Vec<_> = set("active", false.into()).into_iter().collect();
        probe.ask.patch(&profile, (USER, id), &off).await;
        let tried = probe.ask.last.clone();
        let after = probe.ask.resource(USER, id).await;
        let off =
            after.body.as_ref().and_then(|user| user.get("active")).and_then(Value::as_bool) == Some(false);
        let (word, why) = if off { ("active_only", tried) } else { ("none", why) };
        // Where it takes away everything, it is still the way to take access away.
        let word = if after.status == 404 { "active_only" } else { word };
        probe.note_why("resources.Users.patch", word, why);
        if off {
            let on: Vec<_> = set("active", true.into()).into_iter().collect();
            probe.ask.patch(&profile, (USER, id), &on).await;
        }
    }
    let mut whole = probe.ask.there(USER, id).await.unwrap_or_else(|| before.clone());
    family.set(&mut whole, "Put");
    let answer = probe.ask.replace(USER, id, whole).await;
    if matches!(answer.status, 404 | 405 | 501) && probe.ask.resource(USER, id).await.is_success() {
        probe.note_why("resources.Users.put", "none", format!("PUT /Users/{{id}} → {}", answer.status));
    } else if answer.is_success() {
        let asked = probe.ask.last.clone();
        echoed(probe, id, &answer).await;
        let after = probe.ask.there(USER, id).await;
        let changed =
            after.as_ref().and_then(|after| family.get(after)).and_then(Value::as_str) == Some("Put");
        let kept = before.get("name").is_some_and(|name| !name.is_empty());
        if !changed && kept {
            switch_only(probe, &asked).await;
        }
    }
}

/// `put: active_only`: a PUT changed nothing, and perhaps it changes that.
async fn switch_only(probe: &mut Probe, asked: &str) {
    let Some(id) = probe.risked() else { return };
    let Some(mut whole) = probe.ask.there(USER, &id).await else { return };
    whole.set("active", false);
    probe.ask.replace(USER, &id, whole.clone()).await;
    let after = probe.ask.resource(USER, &id).await;
    let off = after.body.as_ref().and_then(|user| user.get("active")).and_then(Value::as_bool) == Some(false);
    if off || after.status == 404 {
        probe.note_why(
            "resources.Users.put",
            "active_only",
            format!("{asked}, and nothing changes but `active`"),
        );
        whole.set("active", true);
        probe.ask.replace(USER, &id, whole).await;
    }
}

/// `responses.body`: whether what a write is answered with is what there is.
async fn echoed(probe: &mut Probe, id: &str, answer: &Answer) {
    let why = probe.ask.last.clone();
    let Some(there) = probe.ask.there(USER, id).await else { return };
    let Some(shown) = &answer.body else {
        probe.note_why("responses.body", "none", why);
        return;
    };
    let names = |value: &Value| -> Vec<String> {
        value.members().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.to_lowercase()).collect()
    };
    let (shown, there) = (names(shown), names(&there));
    if there.iter().any(|name| !shown.contains(name)) {
        probe.note_why("responses.body", "partial", format!("{why}, with less than GET"));
    } else if shown.iter().any(|name| !there.contains(name)) {
        probe.note_why("responses.body", "echo_request", format!("{why}, with more than GET"));
    }
}

/// `attrs.deny`, `attrs.max_values`
async fn kept(probe: &mut Probe, id: &str, before: &Value) {
    let (mut deny, mut why) = (Vec::new(), String::new());
    let basic = person("x", "x.example");
    for (name, _) in basic.members().filter(|(name, _)| *name != "schemas") {
        if before.get(name).is_none_or(Value::is_empty) {
            deny.push(name.to_owned());
            "POST /Users, and a GET without it".clone_into(&mut why);
        }
    }
    let able = probe.ask.profile.resource(USER);
    // Who can change nothing keeps nothing that is changed.
    if able.patch != Patch::Full && able.put != Put::Full {
        return;
    }
    for (name, json) in EXTRAS {
        let Some(operation) = set(name, read(json)) else { continue };
        let answer = change(probe, id, &[operation]).await;
        let asked = probe.ask.last.clone();
        let after = probe.ask.there(USER, id).await.unwrap_or_default();
        let there =
            AttrPath::parse(name).and_then(|path| path.get(&after).map(Value::is_empty)) == Some(false);
        if !there {
            let word = if answer.is_success() { ", not kept" } else { "" };
            why = format!("{asked}{word}");
            deny.push(match name.strip_prefix(ENTERPRISE) {
                Some(rest) => format!("\"{ENTERPRISE}{rest}\""),
                None => name.to_owned(),
            });
        }
    }
    if !deny.is_empty() {
        probe.note_why("resources.Users.attrs.deny", format!("[{}]", deny.join(", ")), why);
    }
    if !deny.iter().any(|name| name == "emails") {
        addresses(probe, id).await;
    }
}

/// `attrs.max_values`: two addresses, and whether there are two then; one, where two are refused.
async fn addresses(probe: &mut Probe, id: &str) {
    let mails = [name(), name()].map(|name| Value::from(format!("{name}@{}", probe.domain)).to_json());
    let one = format!(r#"{{"value":{},"type":"work","primary":true}}"#, mails[0]);
    let two = format!(r#"{one},{{"value":{},"type":"other"}}"#, mails[1]);
    let (mut asked, mut refused) = (String::new(), false);
    for list in [two, one] {
        let Some(operation) = set("emails", read(&format!("[{list}]"))) else { return };
        let answer = change(probe, id, &[operation]).await;
        if asked.is_empty() {
            asked.clone_from(&probe.ask.last);
        }
        let after = probe.ask.there(USER, id).await.unwrap_or_default();
        let held = after.get("emails").map(Value::items).unwrap_or_default();
        let new = held
            .iter()
            .filter(|mail| mail.get("value").is_some_and(|value| mails.contains(&value.to_json())));
        match (new.count(), answer.is_success()) {
            (1, true) => {
                let word = if refused { "two are refused, one is not" } else { "one kept of two" };
                let why = format!("{asked}, {word}");
                return probe.note_why("resources.Users.attrs.max_values", "{ emails: 1 }", why);
            }
            (_, true) => return,
            (_, false) => refused = true,
        }
    }
}

/// `attrs.create_only`, `attrs.immutable`
async fn fixed(probe: &mut Probe, id: &str) {
    let (mut once, mut never) = (Vec::new(), Vec::new());
    let (mut of_once, mut of_never) = (String::new(), String::new());
    for path in ["userName", "externalId", "displayName"] {
        // Where an id is made of it, nobody is found by the old one any more.
        let other = probe.people.get(1).filter(|_| path == "externalId").cloned();
        let id = other.as_deref().unwrap_or(id);
        let Some(before) = probe.ask.there(USER, id).await else { return };
        if before.text_at(path).is_none_or(str::is_empty) {
            continue;
        }
        let new = if path == "userName" { format!("{}@{}", name(), probe.domain) } else { name() };
        let Some(operation) = set(path, new.into()) else { continue };
        let answer = change(probe, id, &[operation]).await;
        let asked = probe.ask.last.clone();
        let after = probe.ask.resource(USER, id).await;
        if after.status == 404 {
            complain(&format!("the id depends on {path}: {asked}; then {}", probe.ask.last));
            continue;
        }
        let same = after.body.as_ref().and_then(|user| user.text_at(path)) == before.text_at(path);
        if same && answer.is_success() {
            once.push(path);
            of_once = format!("{asked}, and nothing changes");
        } else if same && answer.status != 0 {
            never.push(path);
            of_never = asked;
        }
    }
    if !once.is_empty() {
        probe.note_why("resources.Users.attrs.create_only", format!("[{}]", once.join(", ")), of_once);
    }
    if !never.is_empty() {
        probe.note_why("resources.Users.attrs.immutable", format!("[{}]", never.join(", ")), of_never);
    }
}

/// `attrs.required`
async fn required(probe: &mut Probe) {
    let (mut needed, mut why) = (Vec::new(), String::new());
    for (path, part) in [
        ("externalId", "externalId"),
        ("displayName", "displayName"),
        ("name", "name.familyName"),
        ("emails", "emails.value"),
    ] {
        let mut body = probe.person();
        body.remove(path);
        let answer = probe.ask.create(USER, body).await;
        match id_of(&answer) {
            Some(id) if answer.is_success() => probe.left.push((USER, id)),
            _ if matches!(answer.status, 400 | 422) => {
                why = format!("POST /Users without {path} → {}", answer.status);
                needed.push(part);
            }
            _ => {}
        }
    }
    if !needed.is_empty() {
        probe.note_why("resources.Users.attrs.required", format!("[{}]", needed.join(", ")), why);
    }
}

/// `deactivate`: whether an account without access is still there, and whether it comes back.
async fn access(probe: &mut Probe, id: &str) {
    let name =
        |answer: &Answer| answer.body.as_ref().and_then(|user| user.text_at("userName").map(str::to_owned));
    // What is found here is about how an account without access is shown; it is given back as it was taken away.
    let before = probe.ask.resource(USER, id).await;
    if before.status == 404 {
        probe.note("resources.Users.deactivate.effect", "remove");
        probe.note("resources.Users.deactivate.keeps_record", "false");
        return;
    }
    let profile = probe.ask.profile.clone();
    let off: Vec<_> = set("active", false.into()).into_iter().collect();
    let answer = change(probe, id, &off).await;
    let asked = probe.ask.last.clone();
    let after = probe.ask.resource(USER, id).await;
    if !answer.is_success() {
        complain(&format!("an account cannot be deactivated: {asked}"));
        return;
    }
    let shown = probe.ask.last.clone();
    if after.status == 404 {
        probe.note_why("resources.Users.deactivate.effect", "remove", format!("{asked}; then {shown}"));
        probe.note_why("resources.Users.deactivate.keeps_record", "false", shown);
        return;
    }
    let effect = if name(&before) == name(&after) { "flag" } else { "obfuscate" };
    probe.note_why("resources.Users.deactivate.effect", effect, asked);
    probe.note_why("resources.Users.deactivate.keeps_record", "true", shown);
    let on: Vec<_> = set("active", true.into()).into_iter().collect();
    if probe.ask.patch(&profile, (USER, id), &on).await.is_none() {
        change(probe, id, &on).await;
    }
    let asked = probe.ask.last.clone();
    let back = probe.ask.resource(USER, id).await;
    if back.body.as_ref().and_then(|user| user.get("active")).and_then(Value::as_bool) == Some(true) {
        probe.note_why("resources.Users.reactivate", "patch", asked);
    }
}

/// `delete`
pub(super) async fn end(probe: &mut Probe, id: &str) {
    let answer = probe.ask.delete(USER, id).await;
    let asked = probe.ask.last.clone();
    if matches!(answer.status, 405 | 501) {
        probe.note_why("resources.Users.delete", "unsupported", asked);
        return;
    }
    let after = probe.ask.resource(USER, id).await;
    if answer.is_success() {
        probe.left.retain(|(resource, left)| *resource != USER || left != id);
    }
    if after.is_success() && answer.is_success() {
        complain("users whose names begin with scim-bridge-probe stay at the vendor, inactive");
        let why = format!("{asked}; then {}", probe.ask.last);
        probe.note_why("resources.Users.delete", "deactivate", why);
    }
}

/// Takes access away from somebody whom the vendor does not delete.
pub(super) async fn off(probe: &mut Probe, resource: ResourceType, id: &str) {
    if resource == USER
        && let Some(off) = set("active", false.into())
    {
        change(probe, id, &[off]).await;
    }
}
