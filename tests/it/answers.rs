//! What each identity provider needs from answers, as a table: dialect × verb.

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, TOKEN, vendor};
use crate::peer::client::{Answer, Client};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// How a dialect wants to be answered.
struct Wanted {
    dialect: &'static str,
    /// The status of a PATCH of a group that can be answered with the group.
    group_patch: u16,
    media: &'static str,
    /// The status of a failure that passes.
    transient: u16,
    version: u8,
}

const SCIM_JSON: &str = "application/scim+json;charset=utf-8";
const JSON: &str = "application/json;charset=utf-8";

const fn plain(dialect: &'static str) -> Wanted {
    Wanted { dialect, group_patch: 200, media: SCIM_JSON, transient: 503, version: 2 }
}

const TABLE: [Wanted; 17] = [
    plain("auto"),
    Wanted { group_patch: 204, ..plain("entra") },
    Wanted { transient: 429, ..plain("okta") },
    Wanted { transient: 429, media: JSON, version: 1, ..plain("okta11") },
    Wanted { media: JSON, ..plain("onelogin") },
    plain("jumpcloud"),
    plain("google"),
    plain("ping"),
    plain("cyberark"),
    plain("sailpoint"),
    plain("authentik"),
    plain("keycloak"),
    plain("rauthy"),
    plain("wso2"),
    plain("rippling"),
    plain("duo"),
    plain("rfc"),
];

fn kind(answer: &Answer) -> &str {
    answer.headers.get("content-type").map(|kind| kind.to_str().unwrap()).unwrap_or_default()
}

impl Wanted {
    fn schemas(&self, urns: &[&str]) -> Value {
        let old = |urn: &str| {
            if urn == ENTERPRISE {
                "urn:scim:schemas:extension:enterprise:1.0"
            } else {
                "urn:scim:schemas:core:1.0"
            }
        };
        match self.version {
            1 => urns.iter().map(|urn| old(urn)).collect(),
            _ => json!(urns),
        }
    }

    /// What every body has: its media type, `schemas`; a resource also `id` and `meta`.
    fn resource(&self, what: &str, answer: &Answer, status: u16, urns: &[&str]) {
        let context = format!("{} {what}: {answer:?}", self.dialect);
        assert_eq!((answer.status, kind(answer)), (status, self.media), "{context}");
        assert_eq!(answer.body["schemas"], self.schemas(urns), "{context}");
        assert!(answer.body["id"].as_str().is_some_and(|id| !id.is_empty()), "{context}");
        let meta = &answer.body["meta"];
        assert!(
            meta["location"].as_str().unwrap().ends_with(answer.body["id"].as_str().unwrap()),
            "{context}"
        );
        assert!(meta["created"].is_string() && meta["lastModified"].is_string(), "{context}");
        let name = if urns[0] == USER { "User" } else { "Group" };
        let expected = if self.version == 1 { Value::Null } else { json!(name) };
        assert_eq!(meta["resourceType"], expected, "{context}");
        if urns[0] == USER {
            assert!(answer.body["active"].is_boolean(), "{context}");
        }
    }

    fn empty(&self, what: &str, answer: &Answer) {
        assert_eq!((answer.status, answer.text.as_str()), (204, ""), "{} {what}: {answer:?}", self.dialect);
    }

    /// A page, whose numbers are numbers.
    fn page(&self, what: &str, answer: &Answer, total: u64) {
        let context = format!("{} {what}: {answer:?}", self.dialect);
        assert_eq!((answer.status, kind(answer)), (200, self.media), "{context}");
        assert_eq!(answer.body["schemas"], self.schemas(&[LIST]), "{context}");
        assert_eq!(answer.body["totalResults"].as_u64(), Some(total), "{context}");
        assert_eq!(answer.body["startIndex"].as_u64(), Some(1), "{context}");
        assert_eq!(answer.body["itemsPerPage"].as_u64(), Some(total), "{context}");
        assert_eq!(answer.body["Resources"].as_array().unwrap().len() as u64, total, "{context}");
    }

    fn error(&self, what: &str, answer: &Answer, status: u16, scim_type: Option<&str>) {
        let context = format!("{} {what}: {answer:?}", self.dialect);
        assert_eq!((answer.status, kind(answer)), (status, self.media), "{context}");
        if self.version == 1 {
            let error = &answer.body["Errors"][0];
            assert_eq!(error["code"], status.to_string(), "{context}");
            assert!(error["description"].as_str().is_some_and(|text| !text.is_empty()), "{context}");
            return;
        }
        assert_eq!(answer.body["schemas"], json!([ERROR]), "{context}");
        assert_eq!(answer.body["status"], status.to_string(), "{context}");
        assert!(answer.body["detail"].is_string(), "{context}");
        assert_eq!(answer.body["scimType"].as_str(), scim_type, "{context}");
    }
}

fn body(name: &str) -> Value {
    json!({ "schemas": [USER, ENTERPRISE], "userName": name, "active": true, "externalId": name,
        "emails": [{ "value": name, "type": "work", "primary": true }], ENTERPRISE: { "department": "Deck" } })
}

async fn every_verb(wanted: &Wanted) {
    let simulator = vendor(Vendor::Rfc).await;
    let mut plan = Plan::new();
    plan.integration("acme", &simulator.base_url(), &simulator.token()).dialect(wanted.dialect).done();
    let bridge = plan.start().await;
    let client = bridge.client();

    let made = client.post("/Users", &body("ana")).await;
    wanted.resource("POST", &made, 201, &[USER, ENTERPRISE]);
    let id = made.body["id"].as_str().unwrap();
    let path = format!("/Users/{id}");
    assert_eq!(made.headers["location"].to_str().unwrap(), format!("{}{path}", bridge.url("acme")));
    wanted.error("POST of the same", &client.post("/Users", &body("ana")).await, 409, Some("uniqueness"));
    wanted.error(
        "POST of nothing",
        &client.post("/Users", &json!({ "schemas": [USER] })).await,
        400,
        Some("invalidValue"),
    );
    wanted.resource("GET", &client.get(&path).await, 200, &[USER, ENTERPRISE]);
    let off = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{ "op": "replace", "path": "active", "value": false }] });
    let patched = client.send("PATCH", &path, Some(off.to_string()), &[]).await;
    wanted.resource("PATCH", &patched, 200, &[USER, ENTERPRISE]);
    assert_eq!(patched.body["active"], false);
    wanted.resource("PUT", &client.put(&path, &body("ana")).await, 200, &[USER, ENTERPRISE]);
    wanted.page("GET of many", &client.get("/Users?startIndex=1&count=100").await, 1);
    wanted.page("GET by filter", &client.get("/Users?filter=userName%20eq%20%22ana%22").await, 1);
    wanted.page("GET of nobody", &client.get("/Users?filter=userName%20eq%20%22bo%22").await, 0);
    wanted.error("GET of another", &client.get("/Users/nobody").await, 404, None);

    let group = client.post("/Groups", &json!({ "schemas": [GROUP], "displayName": "Crew" })).await;
    wanted.resource("POST of a group", &group, 201, &[GROUP]);
    let group = format!("/Groups/{}", group.body["id"].as_str().unwrap());
    let join = json!([{ "op": "add", "path": "members", "value": [{ "value": id }] }]);
    let joined = client.patch(&group, &join).await;
    match wanted.group_patch {
        204 => wanted.empty("PATCH of a group", &joined),
        status => wanted.resource("PATCH of a group", &joined, status, &[GROUP]),
    }
    let shown = client.get(&group).await;
    wanted.resource("GET of a group", &shown, 200, &[GROUP]);
    assert_eq!(shown.body["members"][0]["value"], id);
    wanted.empty("DELETE of a group", &client.delete(&group).await);
    wanted.empty("DELETE", &client.delete(&path).await);

    simulator.fault(&json!({ "match": { "path": "*" }, "respond": { "status": 503 } })).unwrap();
    let later = client.get("/Users?startIndex=1&count=2").await;
    wanted.error("GET while the vendor is down", &later, wanted.transient, None);
    assert!(later.headers["retry-after"].to_str().unwrap().parse::<u64>().is_ok());
}

#[tokio::test]
async fn every_dialect_is_answered_as_it_needs() {
    for wanted in &TABLE {
        every_verb(wanted).await;
    }
    let named: Vec<_> = TABLE.iter().map(|wanted| wanted.dialect).collect();
    assert_eq!(named, scim_bridge::dialect::Dialect::NAMES);
}

#[tokio::test]
async fn a_client_that_wants_plain_json_gets_it() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    for (accept, expected) in [
        ("application/json", JSON),
        ("application/json, text/html", JSON),
        ("application/scim+json", SCIM_JSON),
        ("application/json, application/scim+json", SCIM_JSON),
        ("*/*", SCIM_JSON),
    ] {
        let client = Client::new(bridge.url("acme"), TOKEN).with("accept", accept);
        assert_eq!(kind(&client.get("/Users").await), expected, "{accept}");
        assert_eq!(kind(&client.get("/Users/nobody").await), expected, "{accept}");
        assert_eq!(kind(&client.get("/ServiceProviderConfig").await), expected, "{accept}");
    }
}

/// What clients ask before anything else.
#[tokio::test]
async fn first_questions_are_answered() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let client = bridge.client();
    for path in [
        "/ServiceProviderConfig",
        "/ServiceProviderConfigs",
        "/ResourceTypes",
        "/ResourceTypes/User",
        "/ResourceTypes/Group",
        "/Schemas",
        "/Users?count=1",
        "/Users?startIndex=1&count=2",
        "/Groups?startIndex=1&count=100",
        "/Users?filter=userName%20eq%20%2253d9f5d6-0f4c-4f1c-9d4c-000000000000%22",
    ] {
        assert_eq!(client.get(path).await.status, 200, "{path}");
    }
}
