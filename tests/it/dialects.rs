//! Every recorded or documented request has the effect of its canonical form: the one goes through the bridge, the other
//! straight to a strict vendor of the same kind.

use std::collections::BTreeMap;
use std::path::Path;

use percent_encoding::percent_decode_str;
use scim_bridge::bridge::Step;
use scim_bridge::dialect::Rule;
use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Plan, vendor};
use crate::peer::client::{Answer, Client};

/// A conformant vendor with the extension that one of the cases is about.
const MAPPING: &str = "format: 1\nvendor: a conformant one\nprofile:\n  extensions:\n    - urn: \
                       urn:ietf:params:scim:schemas:extension:AcmeBadge:2.0:User\n      attrs: [badge, { name: zoneIds, multi: \
                       true }]\n";
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

pub fn cases() -> BTreeMap<String, Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut out = BTreeMap::new();
    for folder in std::fs::read_dir(root).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let case: Value =
                serde_json::from_str(&std::fs::read_to_string(file.unwrap().path()).unwrap()).unwrap();
            out.insert(case["name"].as_str().unwrap().to_owned(), case);
        }
    }
    assert!(out.len() > 80, "the case files were not found");
    out
}

/// One vendor, prepared for a case: people and groups with the ids that the case names.
pub struct Scene {
    pub simulator: Simulator,
    ids: BTreeMap<String, String>,
}

impl Scene {
    async fn set(case: &Value) -> Self {
        let simulator = vendor(Vendor::Rfc).await;
        let direct = Client::new(simulator.base_url(), simulator.token());
        let given = case["given"].as_str().unwrap_or_default();
        let path = case["canonical"]["path"].as_str().unwrap();
        let mut ids = BTreeMap::new();
        let mut people = named_people(&case["canonical"]);
        people.insert("somebody-else".to_owned());
        for person in &people {
            let body = json!({ "schemas": [USER], "userName": format!("{person}@acme.example") });
            ids.insert(person.clone(), made(&direct.post("/Users", &body).await));
        }
        if let Some(id) = path.strip_prefix("/Users/") {
            ids.insert(plain(id), made(&direct.post("/Users", &user(given)).await));
        }
        if let Some(id) = path.strip_prefix("/Groups/") {
            let member = |person: &String| json!({ "value": ids[person] });
            let removes =
                case["canonical"].to_string().contains("remove") || given.contains("already a member");
            let members: Vec<Value> =
                people.iter().filter(|p| removes || *p == "somebody-else").map(member).collect();
            let group = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "before",
                "externalId": "before", "members": members });
            ids.insert(plain(id), made(&direct.post("/Groups", &group).await));
        }
        let literals = literals(path);
        if let ([id, manager], true) = (literals.as_slice(), path.contains("manager")) {
            let boss = made(&direct.post("/Users", &json!({ "schemas": [USER], "userName": "boss" })).await);
            let mut report = user("");
            report[ENTERPRISE]["manager"] = json!({ "value": boss });
            ids.insert(id.clone(), made(&direct.post("/Users", &report).await));
            ids.insert(manager.clone(), boss);
        }
        for literal in literals.into_iter().filter(|_| !path.contains("manager")) {
            let name = ids.get(&literal).cloned().unwrap_or(literal);
            let mut body = json!({ "schemas": [USER], "userName": name, "externalId": name,
                "emails": [{ "type": "work", "value": name }] });
            if path.starts_with("/Groups") {
                body = json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name });
            }
            assert!(matches!(direct.post(path.split('?').next().unwrap(), &body).await.status, 201 | 409));
        }
        simulator.clear_log();
        Self { simulator, ids }
    }

    /// The request with the ids that the vendor gave.
    fn request(&self, request: &Value) -> (String, String, Option<String>) {
        let fill =
            |text: &str| self.ids.iter().fold(text.to_owned(), |text, (old, new)| text.replace(old, new));
        let body = Some(&request["body"]).filter(|body| !body.is_null()).map(|body| fill(&body.to_string()));
        (request["method"].as_str().unwrap().to_owned(), fill(request["path"].as_str().unwrap()), body)
    }

    pub fn state(&self) -> Value {
        without_links(&self.simulator.state())
    }
}

fn made(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body["id"].as_str().unwrap().to_owned()
}

fn user(given: &str) -> Value {
    if given.contains("has no email") {
        return json!({ "schemas": [USER], "userName": "before" });
    }
    json!({
        "schemas": [USER, ENTERPRISE],
        "userName": "before", "displayName": "Before", "title": "Before", "active": true, "externalId": "before",
        "name": { "givenName": "Be", "familyName": "Fore" },
        "emails": [{ "type": "work", "value": "before@work", "primary": true }, { "type": "home", "value": "before@home" }],
        "phoneNumbers": [{ "type": "work", "value": "1" }],
        "addresses": [{ "type": "work", "formatted": "before" }],
        "roles": [{ "value": "admin", "primary": true }],
        ENTERPRISE: { "department": "Before" },
    })
}

/// Ids of people in a request, besides the one in its path.
fn named_people(request: &Value) -> std::collections::BTreeSet<String> {
    let mut out = std::collections::BTreeSet::new();
    let text = request["body"].to_string();
    for part in text.split("members[value eq \\\"").skip(1) {
        out.extend(part.split("\\\"").next().map(str::to_owned));
    }
    walk(&request["body"], &mut |name, value| {
        let people = ["members", "manager"].iter().any(|known| name.ends_with(known));
        for one in value.as_array().map(Vec::as_slice).unwrap_or(std::slice::from_ref(value)) {
            out.extend(one["value"].as_str().filter(|_| people).map(str::to_owned));
        }
    });
    out
}

/// Calls `visit` with every member, an operation's value under the name of its path.
fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    if let Some(path) = value["path"].as_str() {
        visit(path, &value["value"]);
    }
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            visit(name, value);
            walk(value, visit);
        }),
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

/// The strings in the filter of a path.
fn literals(path: &str) -> Vec<String> {
    let Some((_, filter)) = path.split_once("filter=") else { return Vec::new() };
    let filter = percent_decode_str(filter.split('&').next().unwrap()).decode_utf8().unwrap().into_owned();
    filter.split('"').skip(1).step_by(2).filter(|literal| *literal != "work").map(str::to_owned).collect()
}

fn plain(id: &str) -> String {
    id.split(['?', '&']).next().unwrap().to_owned()
}

/// A state without what differs between two vendors: URLs, versions.
fn without_links(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| {
                !["$ref", "meta", "counters", "log", "token", "base_url"].contains(&name.as_str())
            })
            .map(|(name, value)| (name.clone(), without_links(value)))
            .collect(),
        Value::Array(items) => items.iter().map(without_links).collect(),
        other => other.clone(),
    }
}

/// A case played through a bridge.
pub struct Played {
    pub scene: Scene,
    pub answer: Answer,
    /// What touched the request.
    pub rules: Vec<Rule>,
}

/// Plays a case through a bridge whose integration has these lines about its identity provider.
pub async fn play(case: &Value, idp: &str) -> Played {
    let scene = Scene::set(case).await;
    let mut plan = Plan::new().file("mapping.yaml", MAPPING);
    plan.integration("acme", &scene.simulator.base_url(), &scene.simulator.token())
        .mapping("./mapping.yaml")
        .idp(idp)
        .done();
    let (bridge, told) = plan.start_watched().await;
    let headers = case["request"]["headers"].as_object().cloned().unwrap_or_default();
    let headers: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
    let (method, path, body) = scene.request(&case["request"]);
    // The document examples have blanks that no HTTP client sends.
    let answer = bridge.client().send(&method, &path.replace(' ', "%20"), body, &headers).await;
    let told = std::mem::take(&mut *told.lock().unwrap());
    let rules = told.into_iter().flat_map(|told| told.steps).filter_map(|step| match step {
        Step::Tolerated(rules) => Some(rules),
        _ => None,
    });
    Played { scene, answer, rules: rules.flatten().collect() }
}

async fn check(case: &Value) -> Result<(), String> {
    let canonical = Scene::set(case).await;
    let Played { scene: spoken, answer: through, .. } = play(case, "").await;
    let (method, path, body) = canonical.request(&case["canonical"]);
    let direct = Client::new(canonical.simulator.base_url(), canonical.simulator.token());
    let straight = direct.send(&method, &path, body, &[]).await;

    if straight.status >= 400 {
        return Err(format!("the canonical form itself is refused: {straight:?}"));
    }
    if through.status >= 400 {
        return Err(format!("answered {} {}", through.status, through.text));
    }
    if spoken.state() != canonical.state() {
        return Err(format!("leaves\n{:#}\nnot\n{:#}", spoken.state(), canonical.state()));
    }
    if method == "GET" {
        let (mut got, mut wanted) = (without_links(&through.body), without_links(&straight.body));
        if path.contains("attributes=") {
            // Whether a part of a resource lists the schemas of the whole is left open.
            for answer in [&mut got, &mut wanted] {
                for one in answer["Resources"].as_array_mut().into_iter().flatten() {
                    one.as_object_mut().unwrap().remove("schemas");
                }
            }
        }
        if got["Resources"] != wanted["Resources"] || got["totalResults"] != wanted["totalResults"] {
            return Err(format!("gives\n{got:#}\nnot\n{wanted:#}"));
        }
        if path.contains("filter=")
            && !case["name"].as_str().unwrap().contains("random-guid")
            && wanted["totalResults"] == 0
        {
            return Err("the look-up finds nobody, and so shows nothing".to_owned());
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_case_has_the_effect_of_its_canonical_form() {
    let mut wrong = Vec::new();
    for (name, case) in cases() {
        if let Err(why) = check(&case).await {
            wrong.push(format!("{name}: {why}"));
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n\n"));
}
