//! More members than a vendor takes in one request: in as many requests as it needs, one after the other.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::script::{self, Asked, Script};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const CORE_1: &str = "urn:scim:schemas:core:1.0";

type Members = Arc<Mutex<BTreeSet<String>>>;

fn ids(elements: &Value) -> impl Iterator<Item = String> {
    let elements = elements.as_array().cloned().unwrap_or_default();
    elements.into_iter().filter_map(|element| element["value"].as_str().map(str::to_owned))
}

/// Who joins and who leaves by a PATCH, as SCIM 2.0 or as SCIM 1.1 says it.
fn named(body: &Value) -> (Vec<String>, Vec<String>) {
    let (mut join, mut leave) = (Vec::new(), Vec::new());
    for operation in body["Operations"].as_array().into_iter().flatten() {
        let path = operation["path"].as_str().unwrap();
        match (operation["op"].as_str().unwrap(), path) {
            ("add", "members") => join.extend(ids(&operation["value"])),
            ("remove", path) => {
                leave.extend(
                    path.strip_prefix("members[value eq ").map(|rest| rest.trim_matches(']').to_owned()),
                );
            }
            other => panic!("{other:?}"),
        }
    }
    for element in body["members"].as_array().into_iter().flatten() {
        let list = if element["operation"] == "delete" { &mut leave } else { &mut join };
        list.extend(element["value"].as_str().map(str::to_owned));
    }
    (join, leave)
}

/// A vendor with one group, which takes 5,000 members in a PATCH.
async fn bridge(mapping: &str) -> (Bridge, Script, Members) {
    let members: Members = Arc::default();
    let known = members.clone();
    let core = if mapping == "slack-v1" { CORE_1 } else { GROUP };
    let script = Script::start(move |asked: &Asked| {
        let mut members = known.lock().unwrap();
        if asked.method == "PATCH" {
            let (join, leave) = named(&asked.body);
            if join.len() + leave.len() > 5_000 {
                return (400, json!({ "detail": "too_many_users", "status": 400 }));
            }
            members.retain(|id| !leave.contains(id));
            members.extend(join);
        }
        let members: Vec<_> = members.iter().map(|id| json!({ "value": id })).collect();
        (200, json!({ "schemas": [core], "id": "S1", "displayName": "Staff", "members": members }))
    })
    .await;
    let mut plan = Plan::new();
    plan.integration("acme", &script.base_url(), script::TOKEN).mapping(mapping).done();
    (plan.start().await, script, members)
}

#[tokio::test]
async fn a_put_of_12_000_members_becomes_serial_chunks() {
    for mapping in ["slack", "slack-v1"] {
        let (bridge, script, members) = bridge(mapping).await;
        let idp = bridge.client();
        let put = |range: std::ops::Range<usize>| {
            let members: Vec<_> = range.map(|at| json!({ "value": format!("U{at:05}") })).collect();
            json!({ "schemas": [GROUP], "id": "S1", "displayName": "Staff", "members": members })
        };
        let sent = || {
            let writes = script.asked().into_iter().filter(|asked| asked.method != "GET");
            let size = |asked: &Asked| {
                let (join, leave) = named(&asked.body);
                (asked.method.clone(), leave.len(), join.len())
            };
            writes.map(|asked| size(&asked)).collect::<Vec<_>>()
        };
        let patch = |leave, join| ("PATCH".to_owned(), leave, join);
        let answer = idp.put("/Groups/S1", &put(0..12_000)).await;
        assert_eq!((answer.status, members.lock().unwrap().len()), (200, 12_000), "{mapping}");
        assert_eq!(sent(), [patch(0, 5_000), patch(0, 5_000), patch(0, 2_000)], "{mapping}");
        // Who leaves goes first, and no request more than it takes.
        assert_eq!(idp.put("/Groups/S1", &put(6_000..18_000)).await.status, 200);
        assert_eq!(sent(), [patch(5_000, 0), patch(1_000, 4_000), patch(0, 2_000)], "{mapping}");
        let (number, first) = {
            let members = members.lock().unwrap();
            (members.len(), members.first().cloned())
        };
        assert_eq!((number, first.as_deref()), (12_000, Some("U06000")), "{mapping}");
        // The same again is nothing.
        assert_eq!(idp.put("/Groups/S1", &put(6_000..18_000)).await.status, 200);
        assert_eq!(sent(), [], "{mapping}");
        bridge.stop().await;
    }
}

/// A vendor whose requests have at most 2,000 bytes.
#[tokio::test]
async fn a_body_is_no_longer_than_the_vendor_takes() {
    for (profile, requests) in [("{}", 1), ("{ body_max_bytes: 2000 }", 5)] {
        let script = Script::start(|asked: &Asked| {
            let group = json!({ "schemas": [GROUP], "id": "S1", "displayName": "Staff", "members": [] });
            (if asked.method == "POST" { 201 } else { 200 }, group)
        })
        .await;
        let mut plan = Plan::new().file("odd.yaml", &format!("format: 1\nvendor: Odd\nprofile: {profile}\n"));
        plan.integration("acme", &script.base_url(), script::TOKEN).mapping("./odd.yaml").done();
        let bridge = plan.start().await;
        let idp = bridge.client();
        let members: Vec<_> = (0..200).map(|at| json!({ "value": format!("U{at:030}") })).collect();
        let group = json!({ "schemas": [GROUP], "id": "S1", "displayName": "Staff", "members": members });
        let add = json!([{ "op": "add", "path": "members", "value": members }]);
        for status in [
            idp.post("/Groups", &group).await.status,
            idp.put("/Groups/S1", &group).await.status,
            idp.patch("/Groups/S1", &add).await.status,
        ] {
            assert!(status < 300, "{profile}: {status}");
        }
        let sent: Vec<_> = script.asked().into_iter().filter(|asked| asked.method != "GET").collect();
        assert!(sent.len() >= 3 * requests, "{profile}: {}", sent.len());
        let longest = sent.iter().map(|asked| asked.body.to_string().len()).max();
        assert!(requests == 1 || longest <= Some(2_000), "{longest:?}");
        let added: usize = sent.iter().map(|asked| named_anywhere(&asked.body)).sum();
        assert_eq!(added, 600, "{profile}: everybody is named once in each");
        // What has no parts is not sent at all.
        let long = json!([{ "op": "replace", "path": "displayName", "value": "x".repeat(3_000) }]);
        let refused = idp.patch("/Groups/S1", &long).await;
        let expected = if requests == 1 { (200, 1) } else { (413, 0) };
        let sent = script.asked().into_iter().filter(|asked| asked.method != "GET").count();
        assert_eq!((refused.status, sent), expected, "{}", refused.text);
        assert!(requests == 1 || refused.body["detail"].as_str().unwrap().contains("2000 bytes"));
    }
}

fn named_anywhere(body: &Value) -> usize {
    let operations = body["Operations"].as_array().into_iter().flatten();
    let whole = body["members"].as_array().map_or(0, Vec::len);
    whole + operations.map(|operation| operation["value"].as_array().map_or(0, Vec::len)).sum::<usize>()
}

/// Two identity providers write the same group of one account at the same time; the vendor refuses the second of two.
#[tokio::test]
async fn integrations_of_an_account_wait_for_each_other() {
    for (profile, waits) in
        [("{}", false), ("{ rate: { lock: none } }", false), ("{ rate: { lock: per_resource } }", true)]
    {
        let simulator = vendor(Vendor::Slack).await;
        let mapping = format!("format: 1\nvendor: Odd\nprofile: {profile}\n");
        let mut plan = Plan::new().file("odd.yaml", &mapping);
        for name in ["acme", "other"] {
            let account = plan.integration(name, &simulator.base_url(), &simulator.token());
            account.mapping("./odd.yaml").vendor("      account: slack\n").done();
        }
        let bridge = plan.start().await;
        let idps = ["acme", "other"]
            .map(|name| crate::peer::client::Client::new(bridge.url(name), crate::peer::bridge::TOKEN));
        let made = idps[0].post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Staff" })).await;
        let path = format!("/Groups/{}", made.body["id"].as_str().unwrap());
        simulator.fault(&json!({ "match": { "method": "PATCH" }, "delay": "100ms" })).unwrap();
        let rename = |name: &str| json!([{ "op": "replace", "path": "displayName", "value": name }]);
        let (one, two) = (rename("One"), rename("Two"));
        let (first, second) = tokio::join!(idps[0].patch(&path, &one), idps[1].patch(&path, &two));
        let together = simulator.counters().concurrent_writes_same_resource;
        assert_eq!(together == 0, waits, "{profile}: {} {}", first.status, second.status);
        assert!(!waits || (first.status < 300 && second.status < 300));
        bridge.stop().await;
    }
}
