//! `serve --capture` and `replay`: what is recorded, and what another configuration would have done with it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::Signal;
use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use super::program::{Ended, Follow, Up, program, run};
use crate::peer::bridge::{TOKEN, vendor};
use crate::peer::client::Client;

const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What says who somebody is; none of it may be in a capture.
const PERSONAL: [&str; 8] = [
    "Quirina",
    "Zaunbrecher",
    "quirina",
    "acme.example",
    "Vogelsang",
    "4711-0815",
    "Sw0rdfish",
    "Geheimbund",
];

fn bridge_yaml(folder: &Path, url: &str, mapping: &str) {
    let yaml = format!(
        "listen: 127.0.0.1:0\npublic_url: https://scim.acme.example\nadmin: {{ listen: 127.0.0.1:0 }}\nintegrations:\n  acme:\n    \
         idp: {{ auth: [ bearer: {{ file: idp.token }} ] }}\n    mapping: {mapping}\n    vendor: {{ url: '{url}', credential: {{ \
         token: {{ file: vendor.token }} }} }}\n"
    );
    std::fs::write(folder.join("bridge.yaml"), yaml).unwrap();
}

/// A folder with a capture of two clients at the simulated NinjaOne.
async fn captured(more: &[&str]) -> (tempfile::TempDir, String) {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("idp.token"), TOKEN).unwrap();
    std::fs::write(folder.path().join("vendor.token"), ninjaone.token()).unwrap();
    bridge_yaml(folder.path(), &ninjaone.base_url(), "ninjaone");
    let arguments = [&["serve", "--capture", "capture.jsonl"], more].concat();
    let mut up = Up::start(program(folder.path(), &arguments), Follow::Err);
    let line: Value = serde_json::from_str(&up.until("\"serving\"")).unwrap();
    let client = Client::new(format!("http://{}/acme/scim/v2", line["listen"].as_str().unwrap()), TOKEN);

    // As Okta does: look up, create, read, change whole.
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "quirina.zaunbrecher@acme.example",
        "name": {"givenName": "Quirina", "familyName": "Zaunbrecher"}, "displayName": "Quirina Zaunbrecher",
        "emails": [{"value": "quirina.zaunbrecher@acme.example", "type": "work", "primary": true}],
        "externalId": "4711-0815", "active": true, "password": "Sw0rdfish!",
        DEPARTMENT: {"department": "Vogelsang"}
    });
    let filter =
        "/Users?filter=userName%20eq%20%22quirina.zaunbrecher%40acme.example%22&startIndex=1&count=100";
    assert_eq!(client.get(filter).await.body["totalResults"], 0);
    let made = client.post("/Users", &user).await;
    assert_eq!(made.status, 201, "{made:?}");
    let id = made.body["id"].as_str().unwrap().to_owned();
    assert_eq!(client.get(filter).await.body["totalResults"], 1);
    // As Entra ID does: a group, its member, a change of one attribute.
    let group =
        json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Geheimbund"});
    let group = client.post("/Groups", &group).await.body["id"].as_str().unwrap().to_owned();
    let join = json!([{"op": "Add", "path": "members", "value": [{"value": id}]}]);
    assert!(client.patch(&format!("/Groups/{group}"), &join).await.status < 300);
    let rename = json!([{"op": "Replace", "path": "name.familyName", "value": "Vogelsang"}]);
    assert!(client.patch(&format!("/Users/{id}"), &rename).await.status < 300);
    let leave = json!([{"op": "Remove", "path": format!("members[value eq \"{id}\"]")}]);
    assert!(client.patch(&format!("/Groups/{group}"), &leave).await.status < 300);
    let off = json!([{"op": "Replace", "path": "active", "value": "False"}]);
    assert!(client.patch(&format!("/Users/{id}"), &off).await.status < 300);
    assert_eq!(client.get(&format!("/Users/{id}")).await.body["active"], false);
    assert_eq!(client.get("/Users/nobody-here").await.status, 404);

    let (code, lines) = up.stop(Signal::TERM);
    assert_eq!(code, Some(0), "{lines:#?}");
    assert!(!lines.join("\n").contains("Sw0rdfish"));
    let text = std::fs::read_to_string(folder.path().join("capture.jsonl")).unwrap();
    (folder, text)
}

fn replay(folder: &Path, more: &[&str]) -> Ended {
    // Another process at another time: the vendor is gone.
    run(folder, &[&["replay", "--integration", "acme", "capture.jsonl"], more].concat())
}

#[tokio::test]
async fn a_capture_holds_nothing_personal_and_is_played_again() {
    let (folder, text) = captured(&[]).await;
    for word in PERSONAL.iter().chain([&TOKEN]) {
        assert!(!text.contains(word), "{word} in {text}");
    }
    let mode = std::fs::metadata(folder.path().join("capture.jsonl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let ended = replay(folder.path(), &[]);
    assert_eq!(
        (ended.code, ended.out.as_str(), ended.err.as_str()),
        (Some(0), "10 requests: 10 the same, 0 differ\n", "")
    );
    // What stands in the way of one line does not stand in the way of the others.
    let broken = format!("{text}{{\"format\":1,\"integra\n");
    std::fs::write(folder.path().join("capture.jsonl"), broken).unwrap();
    let ended = replay(folder.path(), &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.starts_with("10 requests: 10 the same, 0 differ, 1 lines could not be read"),
        "{}",
        ended.out
    );
    assert!(
        ended.err.starts_with("capture.jsonl:12: the line cannot be read: it is not JSON"),
        "{}",
        ended.err
    );
}

#[tokio::test]
async fn a_changed_mapping_shows_what_it_changes() {
    let (folder, text) = captured(&[]).await;
    std::fs::create_dir(folder.path().join("mappings")).unwrap();
    let own = "format: 1\nuse: ninjaone\nusers: { rules: [ { drop: $.displayName }, { set: $.title, from: $.name.familyName, via: [upper] } ] }\n";
    std::fs::write(folder.path().join("mappings/own.yaml"), own).unwrap();
    bridge_yaml(folder.path(), "https://vendor.example/scim/v2", "own");
    let ended = replay(folder.path(), &[]);
    assert_eq!(ended.code, Some(1), "{}{}", ended.out, ended.err);
    let family =
        serde_json::from_str::<Value>(text.lines().nth(2).unwrap()).unwrap()["body"]["name"]["familyName"]
            .as_str()
            .unwrap()
            .to_owned();
    let upper = family.to_uppercase();
    assert!(ended.out.contains(&format!("title: nothing → \"{upper}\"")), "{}", ended.out);
    assert!(ended.out.contains("displayName: ") && ended.out.contains(" → nothing"), "{}", ended.out);
    // The creation and the change of the family name are sent otherwise, and nothing else is.
    let json = replay(folder.path(), &["--json"]);
    let lines: Vec<Value> = json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let differs: Vec<_> =
        lines.iter().filter(|line| line["outcome"] == "differs" && line["calls"] != json!([])).collect();
    let methods: Vec<_> = differs.iter().map(|line| line["method"].as_str().unwrap()).collect();
    assert_eq!(methods, ["POST", "PATCH"], "{}", ended.out);
    assert_eq!(lines.last().unwrap()["requests"], 10);
    // A mapping that cannot be loaded is refused as everywhere.
    std::fs::write(
        folder.path().join("mappings/own.yaml"),
        "format: 1\nuse: ninjaone\nusers: { rules: [ drop: $.nikName ] }\n",
    )
    .unwrap();
    assert_eq!(replay(folder.path(), &[]).code, Some(78));
}

#[tokio::test]
async fn values_stay_as_they_are_when_the_operator_says_so_but_for_secrets() {
    let (folder, text) = captured(&["--capture-plain"]).await;
    for word in ["Quirina", "quirina.zaunbrecher", "4711-0815", "Geheimbund"] {
        assert!(text.contains(word), "{word}");
    }
    assert!(!text.contains("Sw0rdfish") && !text.contains(TOKEN));
    let ended = replay(folder.path(), &[]);
    assert_eq!(
        (ended.code, ended.out.as_str()),
        (Some(0), "10 requests: 10 the same, 0 differ\n"),
        "{}",
        ended.err
    );
}

#[test]
fn what_cannot_be_played_is_said() {
    let folder = tempfile::tempdir().unwrap();
    bridge_yaml(folder.path(), "https://vendor.example/scim/v2", "rfc");
    let ended = replay(folder.path(), &[]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.err.starts_with("the capture capture.jsonl cannot be read") && ended.err.contains("hint: "),
        "{}",
        ended.err
    );
    let other =
        r#"{"format":1,"integration":"other","method":"GET","target":"/Users/1","calls":[],"status":200}"#;
    let unknown = r#"{"format":1,"integration":"acme","method":"GET","target":"/acme/scim/v2/Users/1","calls":[],"status":200}"#;
    std::fs::write(folder.path().join("capture.jsonl"), format!("{other}\n{unknown}\n")).unwrap();
    let ended = replay(folder.path(), &[]);
    assert_eq!(ended.code, Some(1));
    assert_eq!(
        ended.out,
        "2: GET /acme/scim/v2/Users/1\n  could not be replayed: the capture does not hold what the vendor would answer to GET /Users/1\n\
         1 requests: 0 the same, 0 differ, 1 could not be replayed, 1 of other integrations left out\n"
    );
    assert_eq!(run(folder.path(), &["replay", "--integration", "acm", "capture.jsonl"]).code, Some(2));
    assert_eq!(run(folder.path(), &["serve", "--capture-plain"]).code, Some(2));
}
