//! Queries, versions and discovery.

use serde_json::json;

use super::{GROUP, USER, create, named, start};
use crate::simulator::harness::client::Client;

#[tokio::test]
async fn queries_filter_sort_page_and_project() {
    let (simulator, client) = start().await;
    for name in ["Delta", "alpha", "Charlie", "bravo"] {
        let mut user = named(name);
        if name != "bravo" {
            user["title"] = json!(format!("t{name}"));
        }
        create(&client, "/Users", &user).await;
        simulator.advance(std::time::Duration::from_secs(1));
    }
    create(&client, "/Groups", &json!({ "schemas": [GROUP], "displayName": "echo" })).await;
    let names = async |query: &str| {
        let body = client.get(&format!("/Users?{query}")).await.expect(200);
        let names = body["Resources"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["userName"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>().join(" "), body["totalResults"].as_u64().unwrap())
    };
    let is = |names: &str, total: u64| (names.to_owned(), total);
    assert_eq!(names("").await, is("Delta alpha Charlie bravo", 4));
    assert_eq!(names("sortBy=userName").await, is("alpha bravo Charlie Delta", 4));
    assert_eq!(
        names("sortBy=userName&sortOrder=descending&startIndex=2&count=2").await,
        is("Charlie bravo", 4)
    );
    assert_eq!(names("sortBy=title").await, is("alpha Charlie Delta bravo", 4));
    assert_eq!(names("sortBy=meta.created&sortOrder=descending&count=1").await, is("bravo", 4));
    assert_eq!(names("filter=title pr and not (userName sw \"c\")").await, is("Delta alpha", 2));
    assert_eq!(names("filter=meta.lastModified gt \"2026-01-01T00:00:01Z\"").await, is("Charlie bravo", 2));
    assert_eq!(names("filter=userName+eq+%22ALPHA%22").await, is("alpha", 1));
    assert_eq!(names("startIndex=-3&count=-1").await, is("", 4));
    assert_eq!(names("startIndex=9").await, is("", 4));
    simulator.set_knob("max_results", json!(3)).unwrap();
    assert_eq!(names("count=1000").await, is("Delta alpha Charlie", 4));

    let only = client.get("/Users?attributes=title&count=1").await.expect(200)["Resources"][0].clone();
    let keys: Vec<_> = only.as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["id", "schemas", "title"]);
    let path = format!("/Users/{}?excludedAttributes=title,meta.version", only["id"].as_str().unwrap());
    let rest = client.get(&path).await.expect(200);
    assert!(
        rest.get("title").is_none() && rest["meta"].get("version").is_none() && rest["userName"] == "Delta"
    );

    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "attributes": ["displayName", "userName"],
        "filter": "displayName eq \"echo\" or userName eq \"delta\"", "startIndex": 1, "count": 10
    });
    let found = client.post("/.search", &search).await.expect(200);
    assert_eq!(found["totalResults"], 2);
    assert_eq!(client.post("/Users/.search", &search).await.expect(200)["totalResults"], 1);
    assert_eq!(client.get("/?filter=displayName pr").await.expect(200)["totalResults"], 1);
    let bare = json!({ "filter": "userName pr" });
    client.post("/Users/.search", &bare).await.refused(400, "invalidSyntax");
    assert_eq!(simulator.counters().writes, 5, "a search is no write");

    for (query, keyword) in [
        ("filter=userName eq delta", "invalidFilter"),
        ("filter=emails[type eq \"work\"].value eq \"x\"", "invalidFilter"),
        ("filter=manager eq \"x\"", "invalidFilter"),
        ("filter=active eq \"true\"", "invalidFilter"),
        ("filter=active gt true", "invalidFilter"),
        ("filter=password eq \"x\"", "invalidFilter"),
        ("filter=name eq \"x\"", "invalidFilter"),
        ("filter=emails.kind eq \"x\"", "invalidFilter"),
        ("filter=emails[kind pr]", "invalidFilter"),
        ("filter=meta.created gt \"yesterday\"", "invalidFilter"),
        ("filter=", "invalidFilter"),
        ("sortBy=nosuch", "invalidValue"),
        ("sortBy=userName&sortOrder=up", "invalidValue"),
        ("count=ten", "invalidValue"),
        ("attributes=a&excludedAttributes=b", "invalidValue"),
    ] {
        client.get(&format!("/Users?{query}")).await.refused(400, keyword);
    }
}

#[tokio::test]
async fn versions_guard_reads_and_writes() {
    let (_simulator, client) = start().await;
    let answer = client.post("/Users", &named("a")).await;
    let old = answer.header("etag").to_owned();
    let path = format!("/Users/{}", answer.body["id"].as_str().unwrap());
    let when = |header: &str, tag: &str| client.with(header, tag);
    assert_eq!(when("if-none-match", &old).get(&path).await.status, 304);
    when("if-match", &old).put(&path, &named("b")).await.expect(200);
    when("if-none-match", &old).get(&path).await.expect(200);
    when("if-match", &old).put(&path, &named("c")).await.refused(412, "");
    when("if-match", &old).patch(&path, &json!([])).await.refused(412, "");
    when("if-match", &old).delete(&path).await.refused(412, "");
    when("if-none-match", "*").put(&path, &named("c")).await.refused(412, "");
    when("if-match", "*").put(&path, &named("c")).await.expect(200);
    let new = client.get(&path).await.header("etag").to_owned();
    assert_eq!(when("if-match", &format!("\"x\", {new}")).delete(&path).await.status, 204);
}

#[tokio::test]
async fn it_says_what_it_is() {
    let (simulator, client) = start().await;
    let config = client.get("/ServiceProviderConfig").await.expect(200);
    assert_eq!((&config["patch"]["supported"], &config["bulk"]["supported"]), (&json!(true), &json!(false)));
    assert_eq!(config["filter"]["maxResults"], 200);
    let types = client.get("/ResourceTypes").await.expect(200);
    assert_eq!((&types["totalResults"], &types["Resources"][0]["endpoint"]), (&json!(2), &json!("/Users")));
    assert_eq!(client.get("/ResourceTypes/Group").await.expect(200)["schema"], GROUP);
    let schemas = client.get("/Schemas").await.expect(200);
    assert_eq!(schemas["totalResults"], 3);
    let user = client.get(&format!("/Schemas/{USER}")).await.expect(200);
    let attribute = |name: &str| {
        user["attributes"].as_array().unwrap().iter().find(|one| one["name"] == name).cloned().unwrap()
    };
    assert_eq!(attribute("userName")["uniqueness"], "server");
    assert_eq!(attribute("password")["returned"], "never");
    assert_eq!(attribute("groups")["mutability"], "readOnly");
    client.get("/Schemas/urn:x").await.expect(404);
    client.get("/Schemas?filter=id pr").await.refused(403, "");
    client.post("/Schemas", &json!({})).await.expect(405);
    client.get("/Me").await.refused(501, "");
    client.post("/Bulk", &json!({})).await.refused(501, "");
    client.get("/Toys").await.refused(404, "");
    assert_eq!(client.delete("/Users").await.header("allow"), "GET, POST");
    Client::new(&simulator.base_url()).get("/Users").await.refused(401, "");
}
