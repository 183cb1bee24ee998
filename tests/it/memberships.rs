//! Rules that read `$groups`, while vendors fail: nobody keeps what a membership gave him, and nobody waits for another.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan};
use crate::peer::directory::Directory;
use crate::peer::script::{self, Asked, Script};

const MAPPING: &str = "format: 1\nvendor: a scripted one\nusers:\n  rules:\n    - set: $.userType\n      value: Technician\n      \
                       when: $groups[?@.displayName == 'Techs']\n      else: endUser\n";

/// What strikes a request before the directory has it, and after.
type Fault = Box<dyn FnMut(&Asked) -> Option<(u16, bool)> + Send>;

struct Scene {
    script: Script,
    directory: Arc<Mutex<Directory>>,
    fault: Arc<Mutex<Fault>>,
    bridge: Bridge,
}

impl Scene {
    async fn set(directory: Directory) -> Self {
        let directory = Arc::new(Mutex::new(directory));
        let fault: Arc<Mutex<Fault>> = Arc::new(Mutex::new(Box::new(|_| None)));
        let (held, strikes) = (directory.clone(), fault.clone());
        let script = Script::start(move |asked| match strikes.lock().unwrap()(asked) {
            Some((status, applied)) => {
                if applied {
                    held.lock().unwrap().answer(asked);
                }
                (status, Value::Null)
            }
            None => held.lock().unwrap().answer(asked),
        })
        .await;
        let mut plan = Plan::new().file("techs.yaml", MAPPING);
        plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./techs.yaml").done();
        Self { bridge: plan.start().await, script, directory, fault }
    }

    /// Orders a fault: a status, and whether the vendor did what was asked.
    fn strike(&self, fault: impl FnMut(&Asked) -> Option<(u16, bool)> + Send + 'static) {
        *self.fault.lock().unwrap() = Box::new(fault);
    }

    fn kind(&self, user: &str) -> Value {
        self.directory.lock().unwrap().resources[&format!("/Users/{user}")]["userType"].clone()
    }

    /// Waits until a user has become something.
    async fn becomes(&self, user: &str, kind: &str) {
        self.script.until(|_| self.kind(user) == kind).await;
    }
}

/// Ana and Bo are technicians.
fn techs() -> Directory {
    let tech = || json!({ "userType": "Technician" });
    Directory::default()
        .user("ana", &tech())
        .user("bo", &tech())
        .user("cem", &json!({ "userType": "endUser" }))
        .group("g1", "Techs", &["ana", "bo"])
        .group("g2", "Others", &[])
}

fn put(members: &[&str]) -> Value {
    let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
    json!({ "displayName": "Techs", "members": members })
}

fn remove(user: &str) -> Value {
    json!([{ "op": "remove", "path": format!("members[value eq \"{user}\"]") }])
}

fn add(user: &str) -> Value {
    json!([{ "op": "add", "path": "members", "value": [{ "value": user }] }])
}

fn is(asked: &Asked, method: &str, path: &str) -> bool {
    asked.method == method && asked.path == path
}

#[tokio::test]
async fn a_removal_whose_answer_was_lost_takes_away_what_the_membership_gave() {
    for repeated in [true, false] {
        for whole in [true, false] {
            let scene = Scene::set(techs()).await;
            let idp = scene.bridge.client();
            let send = async || match whole {
                true => idp.put("/Groups/g1", &put(&["bo"])).await,
                false => idp.patch("/Groups/g1", &remove("ana")).await,
            };
            // The vendor does it, and says that it failed.
            scene
                .strike(|asked| (asked.path == "/Groups/g1" && asked.method != "GET").then_some((500, true)));
            let lost = send().await;
            assert_eq!(lost.status, 503, "{lost:?}");
            scene.strike(|_| None);
            if repeated {
                // Now the group does not differ any more.
                let again = send().await;
                assert!([200, 204].contains(&again.status), "{again:?}");
            } else {
                scene.becomes("ana", "endUser").await;
            }
            assert_eq!((scene.kind("ana"), scene.kind("bo")), (json!("endUser"), json!("Technician")));
        }
    }
}

#[tokio::test]
async fn operations_on_members_count_in_their_order() {
    let replace = |user: &str| json!({ "op": "replace", "path": "members", "value": [{ "value": user }] });
    for (operations, technicians) in [
        (json!([add("cem")[0], replace("bo")]), &["bo"][..]),
        (json!([replace("bo"), add("cem")[0]]), &["bo", "cem"]),
        (json!([remove("ana")[0], add("ana")[0]]), &["ana", "bo"]),
        (json!([add("cem")[0], remove("cem")[0]]), &["ana", "bo"]),
        (json!([{ "op": "remove", "path": "members" }, add("cem")[0]]), &["cem"]),
    ] {
        let scene = Scene::set(techs()).await;
        let answer = scene.bridge.client().patch("/Groups/g1", &operations).await;
        assert!([200, 204].contains(&answer.status), "{answer:?}");
        for user in ["ana", "bo", "cem"] {
            let expected = if technicians.contains(&user) { "Technician" } else { "endUser" };
            assert_eq!(scene.kind(user), expected, "{user} after {operations}");
        }
    }
}

#[tokio::test]
async fn an_account_that_the_vendor_protects_is_in_nobodys_way() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    scene.strike(|asked| is(asked, "PATCH", "/Users/ana").then_some((403, false)));
    let emptied = idp.patch("/Groups/g1", &json!([{ "op": "remove", "path": "members" }])).await;
    assert!([200, 204].contains(&emptied.status), "a repetition would mend nothing: {emptied:?}");
    assert_eq!((scene.kind("ana"), scene.kind("bo")), (json!("Technician"), json!("endUser")));
    scene.script.asked();
    let other = idp.patch("/Groups/g1", &add("cem")).await;
    assert!([200, 204].contains(&other.status), "{other:?}");
    assert_eq!(scene.kind("cem"), "Technician");
    assert!(!scene.script.asked().iter().any(|asked| asked.path == "/Users/bo"), "he is not concerned");
}

#[tokio::test]
async fn a_request_answers_for_those_whom_it_concerns_and_the_rest_is_made_up_for() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    scene.strike(|asked| is(asked, "PATCH", "/Users/ana").then_some((500, false)));
    let emptied = idp.patch("/Groups/g1", &json!([{ "op": "remove", "path": "members" }])).await;
    assert_eq!(emptied.status, 503, "it is worth a repetition");
    assert_eq!(scene.kind("bo"), "endUser", "one who fails keeps nobody waiting");
    let other = idp.patch("/Groups/g2", &add("cem")).await;
    assert!([200, 204].contains(&other.status), "another group has nothing to do with it: {other:?}");
    scene.strike(|_| None);
    scene.becomes("ana", "endUser").await;
}

#[tokio::test]
async fn a_group_request_does_not_fail_for_ever() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    scene.strike(|asked| is(asked, "PATCH", "/Users/ana").then_some((500, false)));
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(idp.patch("/Groups/g1", &remove("ana")).await.status);
    }
    assert_eq!(statuses[0], 503);
    assert!([200, 204].contains(statuses.last().unwrap()), "{statuses:?}");
}

#[tokio::test]
async fn a_group_that_was_made_at_the_vendor_is_learnt_when_it_is_changed() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    // The bridge has learnt what groups there are.
    assert!([200, 204].contains(&idp.patch("/Groups/g2", &add("cem")).await.status));
    let behind = Directory::default().group("g3", "Techs", &[]).resources;
    scene.directory.lock().unwrap().resources.extend(behind);
    assert_eq!(scene.kind("cem"), "endUser");
    let added = idp.patch("/Groups/g3", &add("cem")).await;
    assert!([200, 204].contains(&added.status), "{added:?}");
    assert_eq!(scene.kind("cem"), "Technician");
    assert_eq!(idp.delete("/Groups/g3").await.status, 204);
    assert_eq!(scene.kind("cem"), "endUser");
}

#[tokio::test]
async fn groups_that_cannot_be_learnt_are_in_the_way_of_those_alone_who_need_them() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    scene.strike(|asked| is(asked, "GET", "/Groups").then_some((500, false)));
    let off = idp.patch("/Users/ana", &json!([{ "op": "replace", "path": "active", "value": false }])).await;
    assert!([200, 204].contains(&off.status), "{off:?}");
    let gone = idp.put("/Users/bo", &json!({ "userName": "bo", "active": false })).await;
    assert_eq!(gone.status, 200, "{gone:?}");
    for user in ["ana", "bo"] {
        let resources = scene.directory.lock().unwrap().resources.clone();
        assert_eq!(resources[&format!("/Users/{user}")]["active"], false, "{user}");
    }
    // The group is changed, and whom it concerns is not forgotten.
    let removed = idp.patch("/Groups/g1", &remove("ana")).await;
    assert_eq!(removed.status, 503, "{removed:?}");
    let members = scene.directory.lock().unwrap().resources["/Groups/g1"]["members"].clone();
    assert_eq!(members, json!([{ "value": "bo" }]));
    scene.strike(|_| None);
    scene.becomes("ana", "endUser").await;
    assert_eq!(scene.kind("bo"), "Technician");
}

#[tokio::test]
async fn a_bridge_stops_with_debts() {
    let scene = Scene::set(techs()).await;
    scene.strike(|asked| is(asked, "PATCH", "/Users/ana").then_some((500, false)));
    let idp = scene.bridge.client();
    assert_eq!(idp.patch("/Groups/g1", &remove("ana")).await.status, 503);
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(20), scene.bridge.stop()).await;
    assert!(stopped.is_ok(), "what is left to do keeps nobody from stopping");
}

#[tokio::test]
async fn a_name_that_is_said_again_concerns_nobody() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    assert!([200, 204].contains(&idp.patch("/Groups/g2", &add("cem")).await.status));
    scene.script.asked();
    let named = json!([{ "op": "replace", "value": { "id": "g1", "displayName": "Techs" } }]);
    assert!([200, 204].contains(&idp.patch("/Groups/g1", &named).await.status));
    assert!(!scene.script.asked().iter().any(|asked| asked.path.starts_with("/Users")));
    let named = json!([{ "op": "replace", "value": { "id": "g1", "displayName": "Others" } }]);
    assert!([200, 204].contains(&idp.patch("/Groups/g1", &named).await.status));
    assert_eq!((scene.kind("ana"), scene.kind("bo")), (json!("endUser"), json!("endUser")));
}

#[tokio::test]
async fn an_account_that_a_creation_takes_over_keeps_what_its_groups_give() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    assert!([200, 204].contains(&idp.patch("/Groups/g2", &add("cem")).await.status));
    // The vendor has her already, and answers with her.
    let held = scene.directory.clone();
    scene.script.otherwise(move |asked| {
        is(asked, "POST", "/Users").then(|| {
            let mut made = asked.body.clone();
            made["id"] = json!("ana");
            held.lock().unwrap().resources.insert("/Users/ana".to_owned(), made.clone());
            (201, made)
        })
    });
    scene.script.asked();
    let made = idp.post("/Users", &json!({ "userName": "ana" })).await;
    assert_eq!((made.status, &made.body["id"]), (201, &json!("ana")), "{made:?}");
    let sent = scene.script.asked().into_iter().find(|asked| asked.method == "POST").unwrap();
    assert_eq!(sent.body["userType"], "endUser", "as of somebody who is in no group");
    scene.becomes("ana", "Technician").await;
}

#[tokio::test]
async fn a_group_of_which_no_rule_makes_anything_concerns_nobody() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    let named = |name: &str| json!([{ "op": "replace", "path": "displayName", "value": name }]);
    let others = json!({ "displayName": "Crew", "members": [{ "value": "ana" }, { "value": "cem" }] });
    for answer in [
        idp.patch("/Groups/g2", &add("cem")).await,
        idp.patch("/Groups/g2", &named("Crew")).await,
        idp.put("/Groups/g2", &others).await,
        idp.patch("/Groups/g2", &remove("ana")).await,
    ] {
        assert!(answer.status < 300, "{answer:?}");
    }
    let asked = scene.script.asked();
    assert!(asked.iter().all(|asked| !asked.path.starts_with("/Users")), "{asked:?}");
    // Who is in it is known all the same, once its name means something, and until it does not any more.
    assert!(idp.patch("/Groups/g2", &named("Techs")).await.status < 300);
    assert_eq!((scene.kind("ana"), scene.kind("cem")), (json!("Technician"), json!("Technician")));
    assert!(idp.patch("/Groups/g2", &named("Crew")).await.status < 300);
    assert_eq!((scene.kind("ana"), scene.kind("cem")), (json!("Technician"), json!("endUser")));
    scene.script.asked();
    assert_eq!(idp.delete("/Groups/g2").await.status, 204);
    assert!(scene.script.asked().iter().all(|asked| !asked.path.starts_with("/Users")));
}

#[tokio::test]
async fn a_group_in_doubt_concerns_everybody_whatever_it_is_called_now() {
    let scene = Scene::set(techs()).await;
    let idp = scene.bridge.client();
    // The vendor does it, and says that it failed; it does not answer the look at the users either.
    scene.strike(|asked| match asked.method.as_str() {
        "PATCH" if asked.path == "/Groups/g1" => Some((500, true)),
        "GET" if asked.path.starts_with("/Users/") => Some((500, false)),
        _ => None,
    });
    let named = json!([{ "op": "replace", "path": "displayName", "value": "Crew" }]);
    assert_eq!(idp.patch("/Groups/g1", &named).await.status, 503);
    scene.strike(|_| None);
    assert!(idp.patch("/Groups/g1", &remove("bo")).await.status < 300);
    scene.becomes("ana", "endUser").await;
    scene.becomes("bo", "endUser").await;
}
