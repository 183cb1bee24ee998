//! PUT from PATCH and PATCH from PUT: whatever each of them does at a vendor, the identity provider may use both, and what
//! it reads is what it wrote.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use scim_bridge::simulator::oracle;
use serde_json::{Value, json};

use crate::peer::bridge::Plan;
use crate::peer::script::{self, Asked, Script};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ALL: &[&str] = &["title", "displayName", "active"];

/// What PATCH does, and which attributes it changes.
const PATCHES: [(&str, &[&str]); 4] =
    [("full", ALL), ("{ listed: [title] }", &["title"]), ("active_only", &["active"]), ("none", &[])];

/// What PUT does, which attributes it changes, and whether it empties them.
const PUTS: [(&str, &[&str], bool); 6] = [
    ("full", ALL, true),
    ("{ omitted: cleared }", ALL, true),
    ("{ omitted: kept }", ALL, true),
    ("merge_nonzero", ALL, false),
    ("active_only", &["active"], false),
    ("none", &[], false),
];

type Change = Vec<(&'static str, Value)>;

/// What the identity provider changes: attribute and value, `null` for none.
fn changes() -> [Change; 8] {
    [
        vec![("title", json!("Prof"))],
        vec![("title", Value::Null)],
        vec![("displayName", json!("Bo"))],
        vec![("active", json!(false))],
        vec![("title", json!("Prof")), ("displayName", json!("Bo"))],
        vec![("title", Value::Null), ("displayName", json!("Bo"))],
        vec![("title", json!("Prof")), ("active", json!(false))],
        vec![("title", json!("Dr"))],
    ]
}

fn start() -> Value {
    json!({ "schemas": [USER], "id": "u1", "userName": "ana", "displayName": "Ana", "title": "Dr", "active": true,
        "nickName": "of the vendor" })
}

/// A vendor that does with PATCH and PUT what is said of them, and no more.
fn answer(user: &mut Value, asked: &Asked, patch: usize, put: usize) -> (u16, Value) {
    let (patched, kind) = (PATCHES[patch].1, PUTS[put].0);
    match asked.method.as_str() {
        "GET" => {}
        "PATCH" if patched.is_empty() => return (501, Value::Null),
        "PATCH" => {
            // What it does not change it ignores, and says that all is well.
            let mut taken = asked.body["Operations"].clone();
            taken.as_array_mut().unwrap().retain(|one| patched.contains(&one["path"].as_str().unwrap()));
            *user = oracle::apply_patch(user, &taken).unwrap();
        }
        "PUT" if kind == "none" => return (501, Value::Null),
        "PUT" => {
            let body = asked.body.as_object().unwrap().clone();
            let held = user.as_object_mut().unwrap();
            let written = body.into_iter().filter(|(name, value)| match kind {
                "active_only" => name == "active",
                "merge_nonzero" => !value.is_null() && *value != json!(""),
                _ => true,
            });
            if ["full", "{ omitted: cleared }"].contains(&kind) {
                held.clear();
            }
            held.extend(written);
            held.insert("id".to_owned(), json!("u1"));
            held.retain(|_, value| !value.is_null());
        }
        _ => return (404, Value::Null),
    }
    (200, user.clone())
}

/// What becomes of a change: whether it can be made, and what the vendor has then.
fn expected(change: &Change, patch: usize, put: usize) -> (bool, Value) {
    let (patched, (kind, written, empties)) = (PATCHES[patch].1, PUTS[put]);
    let is_new = |(name, value): &(&str, Value)| start()[name] != *value;
    // Emptied for the identity provider alone.
    let stays =
        |(name, value): &(&str, Value)| value.is_null() && !patched.contains(name) && kind == "merge_nonzero";
    let can = |one: &(&str, Value)| {
        let by_put = written.contains(&one.0) && (empties || !one.1.is_null());
        !is_new(one) || stays(one) || patched.contains(&one.0) || by_put
    };
    let possible = change.iter().all(can);
    let mut held = start();
    for one in change.iter().filter(|one| possible && !stays(one)) {
        held[one.0] = one.1.clone();
    }
    // Access is taken away whatever becomes of the rest.
    if change.iter().any(|one| one.0 == "active" && can(one)) {
        held["active"] = json!(false);
    }
    held.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    (possible, held)
}

#[tokio::test]
async fn each_change_is_made_by_what_the_vendor_has() {
    let (mut wrong, mut cases) = (String::new(), 0);
    let pairs = (0..PATCHES.len()).flat_map(|patch| (0..PUTS.len()).map(move |put| (patch, put)));
    for (patch, put) in pairs {
        let (patch_kind, put_kind) = (PATCHES[patch].0, PUTS[put].0);
        let user = Arc::new(Mutex::new(start()));
        let held = user.clone();
        let script =
            Script::start(move |asked: &Asked| answer(&mut held.lock().unwrap(), asked, patch, put)).await;
        let attrs = "{ allow: [userName, displayName, title, active] }";
        let users = format!("{{ patch: {patch_kind}, put: {put_kind}, attrs: {attrs} }}");
        let mapping =
            format!("format: 1\nvendor: a scripted one\nprofile: {{ resources: {{ Users: {users} }} }}\n");
        let mut plan = Plan::new().file("vendor.yaml", &mapping);
        plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./vendor.yaml").done();
        let bridge = plan.start().await;
        let idp = bridge.client();
        let cases_of =
            changes().into_iter().flat_map(|change| ["PUT", "PATCH"].map(|method| (change.clone(), method)));
        for (change, method) in cases_of {
            cases += 1;
            *user.lock().unwrap() = start();
            let mut whole = json!({ "schemas": [USER], "userName": "ana", "displayName": "Ana", "title": "Dr", "active": true });
            // What was remembered of the case before is written over.
            assert_eq!(idp.put("/Users/u1", &whole).await.status, 200);
            script.asked();
            let mut operations = Vec::new();
            for (name, value) in &change {
                let op = if value.is_null() { "remove" } else { "replace" };
                operations.push(json!({ "op": op, "path": name, "value": value }));
                whole[name] = value.clone();
            }
            whole.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            let answer = match method {
                "PUT" => idp.put("/Users/u1", &whole).await,
                _ => idp.patch("/Users/u1", &json!(operations)).await,
            };
            let mut say = |what: &str| {
                let _ =
                    writeln!(wrong, "patch: {patch_kind}, put: {put_kind}, {change:?} by {method}: {what}");
            };
            let (possible, mut expected) = expected(&change, patch, put);
            let right = match possible {
                true => [200, 204].contains(&answer.status),
                false => answer.status == 400 && answer.body["scimType"] == "mutability",
            };
            if !right {
                say(&format!("answered {} {}", answer.status, answer.text));
            }
            let writes = script.asked().into_iter().filter(|asked| asked.method != "GET");
            let writes: Vec<_> = writes.map(|asked| asked.method).collect();
            if writes.len() > 2 || (writes.len() == 2 && writes[0] == writes[1]) {
                say(&format!("sent {writes:?}"));
            }
            // What a PUT may clear of the vendor's own, it clears, unless that is known.
            if put_kind == "full" && writes.contains(&"PUT".to_owned()) {
                expected.as_object_mut().unwrap().remove("nickName");
            }
            let held = user.lock().unwrap().clone();
            if held != expected {
                say(&format!("the vendor has {held}, not {expected}"));
            }
            let read = idp.get("/Users/u1").await.body;
            if possible && change.iter().any(|(name, value)| read[name] != *value) {
                say(&format!("it reads {read}"));
            }
        }
    }
    assert_eq!(cases, PATCHES.len() * PUTS.len() * changes().len() * 2);
    assert!(wrong.is_empty(), "{wrong}");
}
