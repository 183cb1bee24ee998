//! A vendor that wants to be told with each write which version it is about.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, vendor};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

async fn bridge(if_match: &str) -> (Simulator, Bridge) {
    let simulator = vendor(Vendor::Rfc).await;
    // Each operation in a request of its own, so that there are several.
    let mapping = format!(
        "format: 1\nvendor: Odd\nprofile:\n  if_match: {if_match}\n  resources: {{ Users: {{ patch: {{ max_ops: 1 }} }} }}\n"
    );
    let mut plan = Plan::new().file("odd.yaml", &mapping);
    plan.integration("acme", &simulator.base_url(), &simulator.token()).mapping("./odd.yaml").done();
    (simulator, plan.start().await)
}

/// The conditions of the writes since the last time.
fn conditions(simulator: &Simulator) -> Vec<(String, Option<String>)> {
    let log = simulator.log();
    simulator.clear_log();
    let writes = log.into_iter().filter(|entry| entry.method != "GET");
    writes.map(|entry| (entry.method.clone(), entry.header("if-match").map(str::to_owned))).collect()
}

fn user() -> Value {
    json!({ "schemas": [USER], "userName": "ana", "displayName": "Ana", "title": "Engineer", "active": true })
}

#[tokio::test]
async fn writes_have_the_condition_that_the_vendor_wants() {
    for word in ["never", "wildcard", "etag"] {
        let (simulator, bridge) = bridge(word).await;
        let idp = bridge.client();
        let made = idp.post("/Users", &user()).await;
        assert_eq!(conditions(&simulator), [("POST".to_owned(), None)], "there is nothing yet");
        let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
        let change = json!([
            { "op": "replace", "path": "displayName", "value": "Ana S" },
            { "op": "replace", "path": "title", "value": "Director" },
        ]);
        assert!(idp.patch(&path, &change).await.status < 300);
        let mut whole = idp.get(&path).await.body;
        whole["title"] = json!("Chair");
        assert_eq!(idp.put(&path, &whole).await.status, 200);
        assert_eq!(idp.delete(&path).await.status, 204);
        let sent = conditions(&simulator);
        let methods: Vec<_> = sent.iter().map(|(method, _)| method.as_str()).collect();
        assert_eq!(methods, ["PATCH", "PATCH", "PATCH", "DELETE"], "{word}");
        let tags: Vec<_> = sent.iter().filter_map(|(_, tag)| tag.as_deref()).collect();
        match word {
            "never" => assert!(tags.is_empty(), "{tags:?}"),
            "wildcard" => assert_eq!(tags, ["*"; 4]),
            _ => {
                // The simulator refuses any but the current one; each change makes another.
                let different: std::collections::BTreeSet<_> = tags.iter().collect();
                assert_eq!((tags.len(), different.len()), (4, 4), "{tags:?}");
            }
        }
    }
}

#[tokio::test]
async fn who_is_overtaken_reads_again_and_tries_again_once() {
    let taken = |method: &str, always: bool| {
        let which = if always { json!({ "method": method }) } else { json!({ "method": method, "nth": 1 }) };
        json!({ "match": which, "respond": { "status": 412, "body": {} } })
    };
    for (word, always, status, writes) in [
        ("etag", false, 200, 2),
        ("etag", true, 412, 2),
        ("wildcard", false, 200, 2),
        ("never", false, 412, 1),
    ] {
        for method in ["PATCH", "DELETE"] {
            let (simulator, bridge) = bridge(word).await;
            let idp = bridge.client();
            let made = idp.post("/Users", &user()).await;
            let path = format!("/Users/{}", made.body["id"].as_str().unwrap());
            conditions(&simulator);
            simulator.fault(&taken(method, always)).unwrap();
            let answer = match method {
                "PATCH" => {
                    let change = json!([{ "op": "replace", "path": "title", "value": "Director" }]);
                    idp.patch(&path, &change).await
                }
                _ => idp.delete(&path).await,
            };
            let expected = if status == 200 && method == "DELETE" { 204 } else { status };
            assert_eq!(answer.status, expected, "{word} {method}: {}", answer.text);
            let sent: Vec<_> = conditions(&simulator);
            assert_eq!(sent.len(), writes, "{word} {method}: {sent:?}");
        }
    }
}
