//! The laws that hold whatever is mapped: what was written is read, a repetition changes nothing, what does not change is
//! not sent, nothing is invented, nothing is bruised, and the fast way leads where the slow one does.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use scim_bridge::bridge::{self, Context, Dry, Integration, Parts, Trail, Wire};
use scim_bridge::config::{self, Checked, Secrets};
use scim_bridge::dialect::{Dialect, Hints, Options, Speaker, Touched};
use scim_bridge::scim::json::{Limits, Value as Ours};
use scim_bridge::scim::patch::{self, Operation};
use scim_bridge::scim::request::{Action, Request};
use scim_bridge::scim::resource::Write;
use scim_bridge::scim::{Catalog, ResourceType};
use scim_bridge::simulator::idp::{Body, Client, Idp, Step};
use scim_bridge::simulator::{LogEntry, Simulator, Vendor};
use scim_bridge::store::Memory;
use serde_json::{Map, Value, json};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::peer::bridge::{Bridge, TOKEN, UNPROFILED, vendor};
use crate::properties;

const NINJA: &str = "urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User";
/// What Okta's client says of everybody, whether it is known or not.
const OKTA_SAYS: [&str; 4] = ["name", "displayName", "locale", "active"];

/// The members of a resource without what only a service provider writes, and without what says nothing.
fn written(resource: &Value) -> Map<String, Value> {
    let said = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    let ours = ["id", "meta", "schemas", "groups", "password"];
    let members = resource.as_object().cloned().unwrap_or_default();
    members.into_iter().filter(|(name, value)| !ours.contains(&name.as_str()) && said(value)).collect()
}

/// Without the references and names that the bridge adds to members.
fn plain(mut resource: Value) -> Value {
    for member in resource["members"].as_array_mut().into_iter().flatten() {
        *member = json!({ "value": member["value"] });
    }
    resource
}

/// What a PATCH makes of what was read before.
fn patched(kind: ResourceType, before: &Value, body: &Value) -> Value {
    let catalog = Catalog::standard(kind);
    let speaker = Speaker::of(&Options { dialect: Dialect::Entra, ..Options::default() }, &Hints::default());
    let operations = speaker.operations(&properties::ours(body), &catalog, &mut Touched::default()).unwrap();
    let after = patch::apply(properties::ours(before), &operations, &catalog).unwrap();
    serde_json::from_str(&after.to_json()).unwrap()
}

/// What a whole resource of a client means that has forms of its own.
fn meant(kind: ResourceType, method: &str, body: &Value) -> Value {
    let write = if method == "POST" { Write::Create } else { Write::Replace };
    let (catalog, speaker) = (Catalog::standard(kind), Speaker::of(&Options::default(), &Hints::default()));
    let read = speaker.resource(properties::ours(body), &catalog, write, &mut Touched::default()).unwrap();
    serde_json::from_str(&read.to_json()).unwrap()
}

pub fn is_write(entry: &LogEntry) -> bool {
    entry.method != "GET"
}

/// The attributes that a call carries.
fn carried(entry: &LogEntry) -> BTreeSet<String> {
    let body = entry.body.clone().unwrap_or_default();
    let name = |path: &str| match path.rsplit_once(':') {
        Some((urn, _)) => urn.to_owned(),
        None => path.split(['.', '[']).next().unwrap_or_default().to_owned(),
    };
    let operations = body["Operations"].as_array().cloned().unwrap_or_default();
    let of = |operation: &Value| match operation["path"].as_str() {
        Some(path) => vec![name(path)],
        None => written(&operation["value"]).keys().cloned().collect(),
    };
    operations.iter().flat_map(of).collect()
}

/// Everything that a vendor holds, without times.
pub fn held(simulator: &Simulator) -> Value {
    fn timeless(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| name != "meta");
                members.values_mut().for_each(timeless);
            }
            Value::Array(items) => items.iter_mut().for_each(timeless),
            _ => {}
        }
    }
    let state = simulator.state();
    let mut held = json!({ "users": state["users"], "groups": state["groups"] });
    timeless(&mut held);
    held
}

/// The attributes of a resource that the vendor holds otherwise than before.
fn changed(before: &Value, after: &Value) -> BTreeSet<String> {
    let resources = |state: &Value| -> Vec<Value> {
        let lists = ["users", "groups"]
            .into_iter()
            .flat_map(|list| state[list].as_array().cloned().unwrap_or_default());
        lists.map(|one| one.get("scim").cloned().unwrap_or(one)).collect()
    };
    let (before, after) = (resources(before), resources(after));
    let mut names = BTreeSet::new();
    for new in &after {
        let old = before.iter().find(|old| old["id"] == new["id"]).cloned().unwrap_or_default();
        let keys = written(new).into_iter().chain(written(&old)).map(|(name, _)| name);
        names.extend(keys.filter(|name| old.get(name) != new.get(name)));
    }
    names
}

/// Plays one step, and looks at everything that holds after it.
async fn step(
    client: Client,
    idp: &mut Idp,
    simulator: &Simulator,
    step: &Step,
    said: &mut BTreeSet<String>,
) {
    let (vendor, before) = (simulator.vendor(), held(simulator));
    let of = format!("{} → {}: {}", client.name(), vendor.name(), step.title);
    let known = match step.method {
        "PATCH" | "PUT" => {
            let look = Step { method: "GET", body: Body::None, keep: None, ..step.clone() };
            Some(idp.play(&look).await.unwrap())
        }
        _ => None,
    };
    simulator.clear_log();
    let answer = idp.play(step).await.unwrap();
    assert!(step.expect.contains(&answer.status), "{of}: {answer:?}");
    let (method, path, body) = answer.sent.clone();
    let Some(body) = body else { return };
    let log = simulator.log();
    let after = held(simulator);
    let kind = if path.starts_with("/Groups") { ResourceType::Group } else { ResourceType::User };

    // Minimality: no attribute travels that was not named and did not change, unless the vendor takes nothing but all.
    let named = |name: &String| method == "PATCH" && body.to_string().contains(name.as_str());
    for entry in log.iter().filter(|entry| entry.method == "PATCH") {
        for name in carried(entry) {
            assert!(
                named(&name) || changed(&before, &after).contains(&name),
                "{of}: {name} in {:?}",
                entry.body
            );
        }
    }
    let forced = vendor == Vendor::OktaOnly;
    assert!(forced || log.iter().all(|entry| entry.method != "PUT"), "{of}: a PUT that was not needed");

    // Convergence: what was written is read.
    let id =
        answer.body["id"].as_str().map_or_else(|| path.rsplit('/').next().unwrap().to_owned(), str::to_owned);
    let place = format!("/{}/{id}", kind.endpoint());
    let read = idp.send("GET", &place, None).await.unwrap();
    assert_eq!(read.status, 200, "{of}");
    let expected = match known {
        Some(known) if method == "PATCH" => patched(kind, &known.body, &body),
        _ if Client::COMMON.contains(&client) => body.clone(),
        _ => meant(kind, &method, &body),
    };
    assert_eq!(written(&plain(read.body.clone())), written(&plain(expected)), "{of}: another echo");

    // Nothing invented: the vendor holds what somebody said, and what a rule derives.
    said.extend(written(&body).into_iter().map(|(name, _)| name));
    said.extend(body.to_string().split(['"', '.', '[', ':']).map(str::to_owned));
    let derived = |name: &str| match vendor {
        Vendor::NinjaOne => name == NINJA,
        Vendor::OktaOnly => OKTA_SAYS.contains(&name),
        _ => false,
    };
    for name in changed(&Value::Null, &after) {
        assert!(derived(&name) || said.contains(&name), "{of}: {name} came from nowhere");
    }

    // Idempotence: the same again changes nothing. What goes without a look at the vendor may be sent again, as it was.
    if method != "POST" {
        let writes: Vec<_> =
            log.iter().filter(|entry| is_write(entry)).map(|entry| entry.body.clone()).collect();
        simulator.clear_log();
        let again = idp.play(step).await.unwrap();
        assert!(step.expect.contains(&again.status), "{of}: {again:?}");
        assert_eq!(held(simulator), after, "{of}: a repetition changed something");
        let log = simulator.log();
        for entry in log.iter().filter(|entry| is_write(entry)) {
            let looked = log
                .iter()
                .any(|other| other.method == "GET" && other.path == entry.path && other.seq < entry.seq);
            let once_more = writes.contains(&entry.body) && entry.method == "PATCH";
            assert!(!looked && once_more, "{of}: a repetition was sent: {:?}", entry.body);
        }
    }
}

#[tokio::test]
async fn every_step_of_every_client_keeps_the_laws() {
    for kind in UNPROFILED {
        for client in Client::ALL {
            let simulator = vendor(kind).await;
            let bridge = Bridge::to(&simulator).await;
            let mut idp = Idp::new(client, &bridge.url("acme"), TOKEN);
            let mut said = BTreeSet::new();
            for one in client.life_cycle() {
                step(client, &mut idp, &simulator, &one, &mut said).await;
            }
            bridge.stop().await;
        }
    }
}

#[tokio::test]
async fn a_value_that_nobody_touches_arrives_as_it_was_sent() {
    const BADGE: &str = "urn:ietf:params:scim:schemas:extension:AcmeBadge:2.0:User";
    let values = r#"{"price":1.10,"big":123456789012345678901234567890,"tiny":1e-7,"o":{"z":1.0,"a":[],"m":{}},"text":"\u00e9 \/ é"}"#;
    let kept = ["1.10", "123456789012345678901234567890", "1e-7", r#"{"z":1.0,"a":[],"m":{}}"#];
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let user = |name: &str| {
        format!(
            r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","{BADGE}"],"userName":"{name}","{BADGE}":{values}}}"#
        )
    };
    let made = idp.send("POST", "/Users", Some(user("ana")), &[]).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
    let replaced = idp.send("PUT", &path, Some(user("ana").replace("1.10", "2.20")), &[]).await;
    assert_eq!(replaced.status, 200, "{replaced:?}");
    let patch = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{{"op":"replace","path":"{BADGE}:o","value":{{"z":1.0,"a":[],"m":{{}}}}}}]}}"#
    );
    assert_eq!(idp.send("PATCH", &path, Some(patch), &[]).await.status, 200);
    let writes: Vec<_> = simulator.log().into_iter().filter(is_write).collect();
    let [post, put, patch] = writes.as_slice() else { panic!("{} calls", writes.len()) };
    for text in kept {
        assert!(String::from_utf8_lossy(&post.raw).contains(text), "{text} in {:?}", post.raw);
        // The simulator keeps no order.
        let read = idp.get(&path).await.text;
        assert!(text.starts_with('{') || read.contains(&text.replace("1.10", "2.20")), "{text} in {read}");
    }
    // A number that changes in its digits alone is another text of the same attribute, and no other attribute is sent.
    assert_eq!(carried(put), BTreeSet::from([BADGE.to_owned()]));
    assert!(String::from_utf8_lossy(&put.raw).contains("2.20"));
    assert!(String::from_utf8_lossy(&patch.raw).contains(r#"{"z":1.0,"a":[],"m":{}}"#));
}

/// A bridge in front of a vendor that is only imagined.
fn imagined(mapping: &Path) -> Arc<Integration> {
    let Ok(Checked::Mapping(compiled)) = config::check(mapping, Secrets::Unread) else {
        panic!("{} is not right", mapping.display())
    };
    Arc::new(Integration::new(Parts {
        name: "acme".into(),
        base: "https://bridge.example/acme".to_owned(),
        dialect: Options::default(),
        mapping: compiled.mapping,
        profile: compiled.profile,
        remembers: true,

        held: false,
        domains: Vec::new(),
        store: Arc::new(Memory::default()),
        wire: Wire::Dry(Dry::default()),
        tasks: TaskTracker::new(),
        observer: None,
    }))
}

async fn carry_out(integration: &Arc<Integration>, request: Request) -> Result<(), String> {
    let context = Context { deadline: Instant::now() + Duration::from_secs(60), trail: Trail::default() };
    let answer = bridge::handle(integration, request, context).await;
    answer.map(drop).map_err(|error| format!("{:?}", error.kind))
}

/// What the vendor holds after a user was made and changed, and what the change was answered with.
async fn way(
    mapping: &Path,
    user: &Ours,
    operations: &[Operation],
    slow: bool,
) -> Option<(Result<(), String>, String)> {
    let integration = imagined(mapping);
    carry_out(&integration, Request::new(ResourceType::User, Action::Create(user.clone()))).await.ok()?;
    let mut change = Request::new(ResourceType::User, Action::Modify("new-id".into(), operations.to_vec()));
    change.if_match = slow.then(|| "*".into());
    let answer = carry_out(&integration, change).await;
    let Wire::Dry(dry) = &integration.wire else { return None };
    let mut held: Value =
        serde_json::from_str(&dry.resource(ResourceType::User, "new-id")?.to_json()).unwrap();
    held.as_object_mut().unwrap().remove("schemas");
    held.sort_all_objects();
    Some((answer, held.to_string()))
}

const RULES: &str = "format: 1\nvendor: one with rules\nprefixes:\n  ent: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\ntables:\n  \
                     codes: { match: prefix, rows: { a: \"1\", b: \"2\" } }\nusers:\n  rules:\n    - move: [$.title, $.nickName]\n      via: [{ prefix: x- }]\n    \
                     - set: $.userType\n      from: $ent.department\n      via: [table: codes]\n      else: none\n    - drop: $.locale\n    \
                     - set: $.profileUrl\n      value: active\n      when: $.active == true\n      else: inactive\n";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_fast_way_leads_where_the_slow_one_does(user in properties::user(), operations in prop::collection::vec(properties::operation(), 1..4)) {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("rules.yaml");
        std::fs::write(&own, RULES).unwrap();
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let catalog = Catalog::standard(ResourceType::User);
        let speaker = Speaker::of(&Options::default(), &Hints::default());
        let body = json!({ "Operations": operations });
        let read = Ours::read(body.to_string().as_bytes(), &Limits::REQUEST).unwrap();
        let Ok(operations) = speaker.operations(&read, &catalog, &mut Touched::default()) else { return Ok(()) };
        let names = ["rfc", "ninjaone", "okta-only", "knowbe4", "slack", "atlassian", "snowflake", "databricks", "github-enterprise", "aws-identity-center", "servicenow"];
        let all = names.into_iter().map(|name| shipped.join(format!("{name}.yaml"))).chain([own]);
        for mapping in all {
            let user = properties::ours(&user);
            let fast = runtime.block_on(way(&mapping, &user, &operations, false));
            let slow = runtime.block_on(way(&mapping, &user, &operations, true));
            prop_assert_eq!(fast, slow, "{} {}", mapping.display(), body);
        }
    }
}
