//! What is legal on the wire and does harm all the same: each of the known hazards, through the socket.

use std::collections::BTreeSet;

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, UNPROFILED, vendor};
use crate::peer::client::{Answer, Client};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

async fn made(client: &Client, path: &str, body: Value) -> String {
    let answer = client.post(path, &body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.body["id"].as_str().unwrap().to_owned()
}

fn person(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": format!("{name}@acme.example"), "active": true, "displayName": name,
        "name": { "givenName": name, "familyName": "X" },
        "emails": [{ "value": format!("{name}@acme.example"), "type": "work", "primary": true }] })
}

/// A vendor behind a bridge, with people and a group of the first of them.
struct Scene {
    simulator: Simulator,
    bridge: Bridge,
    client: Client,
    people: Vec<String>,
    group: String,
}

impl Scene {
    async fn set(kind: Vendor, people: usize, members: usize) -> Self {
        let simulator = vendor(kind).await;
        let bridge = Bridge::to(&simulator).await;
        let client = bridge.client();
        let mut ids = Vec::new();
        for number in 0..people {
            ids.push(made(&client, "/Users", person(&format!("p{number}"))).await);
        }
        let group = made(&client, "/Groups", json!({ "schemas": [GROUP], "displayName": "Crew" })).await;
        if members > 0 {
            let list: Vec<_> = ids[..members].iter().map(|id| json!({ "value": id })).collect();
            let operation = json!([{ "op": "add", "path": "members", "value": list }]);
            assert!(client.patch(&format!("/Groups/{group}"), &operation).await.status < 300);
        }
        simulator.clear_log();
        Self { simulator, bridge, client, people: ids, group }
    }

    fn group(&self) -> String {
        format!("/Groups/{}", self.group)
    }

    fn fault(&self, method: &str, path: &str, respond: &Value) {
        let mut order = json!({ "match": { "path": path }, "respond": respond });
        if method != "*" {
            order["match"]["method"] = json!(method);
        }
        self.simulator.fault(&order).unwrap();
    }

    fn well_again(&self) {
        self.simulator.fault(&Value::Null).unwrap();
    }

    fn members(&self) -> BTreeSet<String> {
        let state = self.simulator.state();
        let groups = state["groups"].as_array().unwrap();
        let group = groups.iter().find(|group| group["id"] == self.group.as_str()).unwrap();
        let members = group["members"].as_array().cloned().unwrap_or_default();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect()
    }

    async fn modify(&self, operation: Value) -> Answer {
        self.client.patch(&self.group(), &json!([operation])).await
    }
}

/// The headers by which clients are told apart.
const CLIENTS: [(&str, &str); 3] = [
    ("adscimversion", "Date:2026-01-01"),
    ("user-agent", "Okta SCIM Client 1.0.0"),
    ("user-agent", "another"),
];

#[tokio::test]
async fn excluded_members_are_left_out_even_where_the_vendor_shows_them() {
    let scene = Scene::set(Vendor::Rfc, 2, 2).await;
    let shown = json!({ "schemas": [GROUP], "id": scene.group, "displayName": "Crew",
        "members": [{ "value": scene.people[0] }], "meta": { "resourceType": "Group" } });
    let list = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 1,
        "startIndex": 1, "itemsPerPage": 1, "Resources": [shown] });
    scene.fault("GET", "/Groups/*", &json!({ "status": 200, "body": shown }));
    scene.fault("GET", "/Groups*", &json!({ "status": 200, "body": list }));
    for query in ["excludedAttributes=members", "excludedAttributes=MEMBERS", "attributes=displayName"] {
        let one = scene.client.get(&format!("{}?{query}", scene.group())).await;
        assert_eq!((one.status, &one.body["displayName"]), (200, &json!("Crew")), "{query}");
        assert!(one.body.get("members").is_none(), "{query}: {one:?}");
        let filter = "filter=displayName%20eq%20%22Crew%22";
        let many = scene.client.get(&format!("/Groups?{query}&{filter}")).await;
        assert_eq!(many.body["totalResults"], 1, "{many:?}");
        assert!(many.body["Resources"][0].get("members").is_none(), "{query}: {many:?}");
    }
    let whole = scene.client.get(&scene.group()).await;
    assert!(whole.body["members"].is_array(), "{whole:?}");
}

#[tokio::test]
async fn a_filtered_look_up_never_answers_404() {
    let scene = Scene::set(Vendor::Rfc, 1, 0).await;
    let html =
        json!({ "status": 404, "headers": { "content-type": "text/html" }, "body": "<h1>Not Found</h1>" });
    for respond in [json!({ "status": 404 }), html] {
        scene.fault("GET", "*", &respond);
        for (name, value) in CLIENTS {
            let client = Client::new(scene.bridge.url("acme"), crate::peer::bridge::TOKEN).with(name, value);
            for query in [
                "/Users?filter=userName%20eq%20%22nobody%22",
                "/Users?filter=externalId%20eq%20%22nobody%22&startIndex=1&count=100",
                "/Users?filter=emails%5Btype%20eq%20%22work%22%5D.value%20eq%20%22nobody%22",
                "/Groups?excludedAttributes=members&filter=displayName%20eq%20%22nobody%22",
            ] {
                let answer = client.get(query).await;
                assert_eq!(
                    (answer.status, &answer.body["totalResults"]),
                    (200, &json!(0)),
                    "{query} {answer:?}"
                );
                assert_eq!(answer.body["Resources"], json!([]), "{query}");
            }
        }
    }
}

#[tokio::test]
async fn no_404_is_invented() {
    for kind in UNPROFILED {
        let scene = Scene::set(kind, 2, 1).await;
        let user = format!("/Users/{}", scene.people[0]);
        let add = json!({ "op": "add", "path": "members", "value": [{ "value": scene.people[1] }] });
        let off = json!([{ "op": "replace", "path": "active", "value": false }]);
        // The resource is there: only what is asked to change it is not.
        for method in ["PATCH", "PUT", "POST"] {
            scene.fault(method, "*", &json!({ "status": 404 }));
        }
        let mut whole = person("p0");
        whole["name"]["familyName"] = json!("Y");
        for (what, answer) in [
            ("create", scene.client.post("/Users", &person("new")).await),
            ("modify", scene.client.patch(&user, &off).await),
            ("replace", scene.client.put(&user, &whole).await),
            ("join", scene.modify(add.clone()).await),
        ] {
            assert!(answer.status >= 400 && answer.status != 404, "{} {what}: {answer:?}", kind.name());
        }
        scene.well_again();
        // The endpoint is not where it should be, or fails: nobody is gone.
        for status in [401, 403, 404, 500, 502, 503] {
            scene.fault("*", "*", &json!({ "status": status }));
            let list = scene.client.get("/Users?startIndex=1&count=2").await;
            assert!(list.status >= 400 && list.status != 404, "{} {status}: {list:?}", kind.name());
            if status != 404 {
                for path in [&user, &scene.group()] {
                    let read = scene.client.get(path).await;
                    assert!(read.status >= 400 && read.status != 404, "{} {status}: {read:?}", kind.name());
                }
            }
            scene.well_again();
        }
        assert_eq!(scene.client.get(&user).await.status, 200);
        assert_eq!(scene.client.get("/Users/nobody-has-this-id").await.status, 404, "{}", kind.name());
    }
}

#[tokio::test]
async fn repeats_and_removals_of_what_is_gone_succeed() {
    for kind in UNPROFILED {
        let scene = Scene::set(kind, 2, 1).await;
        let add = json!({ "op": "Add", "path": "members", "value": [{ "value": scene.people[1] }] });
        let by_path = json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", scene.people[1]) });
        let by_value = json!({ "op": "Remove", "path": "members", "value": [{ "value": scene.people[1] }] });
        for operation in [&add, &add, &by_path, &by_path, &by_value, &add, &by_value, &by_value] {
            let answer = scene.modify(operation.clone()).await;
            assert!(matches!(answer.status, 200 | 204), "{} {operation}: {answer:?}", kind.name());
        }
        assert_eq!(scene.members(), BTreeSet::from([scene.people[0].clone()]), "{}", kind.name());
        let user = format!("/Users/{}", scene.people[1]);
        let off = json!([{ "op": "replace", "value": { "active": false } }]);
        for _ in 0..2 {
            assert!(scene.client.patch(&user, &off).await.status < 300, "{}", kind.name());
        }
        for path in [&scene.group(), &scene.group()] {
            assert_eq!(scene.client.delete(path).await.status, 204, "{}", kind.name());
        }
        assert_eq!(scene.client.delete(&user).await.status, 204, "{}", kind.name());
    }
}

#[tokio::test]
async fn a_vendor_that_refuses_repeats_is_not_in_the_way() {
    let scene = Scene::set(Vendor::Rfc, 2, 1).await;
    let again = json!({ "op": "add", "path": "members", "value": [{ "value": scene.people[0] }] });
    let absent = json!({ "op": "remove", "path": format!("members[value eq \"{}\"]", scene.people[1]) });
    for status in [400, 404, 409] {
        scene.fault("PATCH", "*", &json!({ "status": status }));
        for operation in [&again, &absent] {
            let answer = scene.modify(operation.clone()).await;
            assert!(answer.status < 300, "{status} {operation}: {answer:?}");
        }
        scene.well_again();
    }
    scene.fault("DELETE", "*", &json!({ "status": 404 }));
    assert_eq!(scene.client.delete(&scene.group()).await.status, 204);
}

#[tokio::test]
async fn parallel_changes_of_one_group_lose_nothing() {
    const PEOPLE: usize = 24;
    for kind in UNPROFILED {
        let scene = Scene::set(kind, PEOPLE, PEOPLE / 2).await;
        // One half leaves while the other joins, each by a request of its own.
        let change = |at: usize| {
            let id = &scene.people[at];
            match at < PEOPLE / 2 {
                true if at.is_multiple_of(2) => {
                    json!({ "op": "remove", "path": format!("members[value eq \"{id}\"]") })
                }
                true => json!({ "op": "Remove", "path": "members", "value": [{ "value": id }] }),
                false => json!({ "op": "Add", "path": "members", "value": [{ "$ref": null, "value": id }] }),
            }
        };
        let answers = futures_util::future::join_all((0..PEOPLE).map(|at| scene.modify(change(at)))).await;
        assert!(answers.iter().all(|answer| answer.status < 300), "{}: {answers:?}", kind.name());
        let expected: BTreeSet<_> = scene.people[PEOPLE / 2..].iter().cloned().collect();
        assert_eq!(scene.members(), expected, "{}", kind.name());
    }
}

#[tokio::test]
async fn a_removal_of_all_members_is_one_and_nothing_else_is() {
    for kind in UNPROFILED {
        let scene = Scene::set(kind, 2, 2).await;
        let nobody = scene.modify(json!({ "op": "remove", "path": "members", "value": [] })).await;
        assert!(nobody.status < 300, "{}: {nobody:?}", kind.name());
        assert_eq!(scene.members().len(), 2, "{}: an empty list of whom to remove", kind.name());
        let all = scene.modify(json!({ "op": "remove", "path": "members" })).await;
        assert!(all.status < 300, "{}: {all:?}", kind.name());
        assert_eq!(scene.members().len(), 0, "{}", kind.name());
    }
}

#[tokio::test]
async fn retry_after_is_always_a_whole_number_of_seconds() {
    let scene = Scene::set(Vendor::Rfc, 1, 0).await;
    let user = format!("/Users/{}", scene.people[0]);
    for status in [429, 500, 502, 503, 504] {
        for given in
            ["Wed, 21 Oct 2099 07:28:00 GMT", "1.5", "-3", "soon", "99999999999999999999", "0", "7", ""]
        {
            scene.fault("*", "*", &json!({ "status": status, "headers": { "retry-after": given } }));
            for (name, value) in CLIENTS {
                let client =
                    Client::new(scene.bridge.url("acme"), crate::peer::bridge::TOKEN).with(name, value);
                let answer =
                    client.patch(&user, &json!([{ "op": "replace", "path": "title", "value": "x" }])).await;
                let after = answer.headers.get("retry-after").unwrap().to_str().unwrap();
                let seconds: u64 = after.parse().unwrap_or_else(|_| panic!("{status} {given}: {after}"));
                assert!((1..=3_600).contains(&seconds), "{status} {given}: {seconds}");
                if value.starts_with("Okta") {
                    assert_eq!(answer.status, 429, "the only status after which Okta tries again by itself");
                }
            }
            scene.well_again();
        }
    }
}

#[tokio::test]
async fn an_answer_has_the_schemas_that_the_vendor_left_out() {
    let scene = Scene::set(Vendor::Rfc, 1, 0).await;
    let id = &scene.people[0];
    scene.fault(
        "GET",
        "/Users/*",
        &json!({ "status": 200, "body": { "id": id, "userName": "p0@acme.example" } }),
    );
    let answer = scene.client.get(&format!("/Users/{id}")).await;
    assert_eq!(answer.body["schemas"], json!([USER]), "{answer:?}");
    assert_eq!(answer.body["meta"]["resourceType"], "User");
}
