//! The edges of the protocol: which hosts, methods and spellings are served, what headers say, and where limits lie.

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::peer::bridge::{Bridge, Plan, TOKEN, vendor};
use crate::peer::client::{Answer, Client};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().unwrap())
}

async fn made(client: &Client, name: &str) -> Answer {
    let answer = client.post("/Users", &json!({ "userName": name })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer
}

/// Bytes out, and everything that comes back.
async fn raw(bridge: &Bridge, request: &str) -> String {
    let mut socket = TcpStream::connect(bridge.addr()).await.unwrap();
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn get(path: &str, host: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    )
}

#[tokio::test]
async fn a_bridge_is_called_by_its_own_names_and_behind_a_proxy_by_any() {
    for (more, strange) in [("", "421"), ("behind_proxy: true\n", "200")] {
        let simulator = vendor(Vendor::Rfc).await;
        let mut plan = Plan::new()
            .head(&format!("listen: 127.0.0.1:0\npublic_url: https://SCIM.acme.example/x\n{more}"));
        plan.integration("acme", &simulator.base_url(), &simulator.token()).done();
        let bridge = plan.start().await;
        let port = bridge.addr().port();
        for (host, expected) in [
            ("scim.acme.example", "200"),
            ("scim.acme.example:443", "200"),
            (&format!("127.0.0.1:{port}"), "200"),
            ("localhost", "200"),
            ("[::1]:1", "200"),
            ("evil.example", strange),
            ("scim.acme.example.evil.example", strange),
            ("169.254.169.254", strange),
        ] {
            let answer = raw(&bridge, &get("/acme/scim/v2/Users?count=0", host)).await;
            assert_eq!(answer.get(9..12), Some(expected), "{host} {answer}");
        }
        bridge.stop().await;
    }
}

#[tokio::test]
async fn a_location_is_ours_and_so_is_every_header() {
    let simulator = vendor(Vendor::Rfc).await;
    let mut plan =
        Plan::new().head("listen: 127.0.0.1:0\npublic_url: https://scim.acme.example\nbehind_proxy: true\n");
    plan.integration("acme", &simulator.base_url(), &simulator.token()).done();
    let bridge = plan.start().await;
    let client = bridge.client().with("x-forwarded-host", "evil.example").with("x-request-id", "mine");
    let user = made(&client, "ana@acme.example").await;
    let id = user.body["id"].as_str().unwrap();
    let location = format!("https://scim.acme.example/acme/scim/v2/Users/{id}");
    assert_eq!(
        (header(&user, "location"), &user.body["meta"]["location"]),
        (Some(&*location), &json!(location))
    );
    assert_ne!(header(&user, "x-request-id"), Some("mine"));
    let noisy = json!({
        "set-cookie": "a=b", "server": "vendor", "x-powered-by": "vendor", "strict-transport-security": "max-age=1",
        "access-control-allow-origin": "*", "etag": "\"theirs\"", "location": "http://evil.example/",
        "cache-control": "public", "x-request-id": "theirs", "content-location": "http://evil.example/",
    });
    let body = json!({ "schemas": [USER], "id": id, "userName": "ana@acme.example" });
    simulator.fault(&json!({ "respond": { "status": 200, "headers": noisy, "body": body } })).unwrap();
    let read = client.get(&format!("/Users/{id}")).await;
    let mut names: Vec<_> = read.headers.keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-length", "content-type", "date", "etag", "x-request-id"], "{read:?}");
    assert!(header(&read, "etag").unwrap().starts_with("W/"), "of what is shown, not the vendor's");
    bridge.stop().await;
}

#[tokio::test]
async fn conditions_hold_for_the_version_that_was_read() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let client = bridge.client();
    let user = made(&client, "ana@acme.example").await;
    let path = format!("/Users/{}", user.body["id"].as_str().unwrap());
    let tag = header(&user, "etag").unwrap().to_owned();
    assert_eq!(user.body["meta"]["version"], json!(tag));
    let send = |method: &'static str, body: Value, name: &'static str, value: String| {
        let (client, path) = (&client, &path);
        async move {
            let body = (!body.is_null()).then(|| body.to_string());
            client.send(method, path, body, &[(name, &value)]).await
        }
    };
    for condition in [tag.clone(), "*".to_owned(), format!("\"x\", {tag}")] {
        let answer = send("GET", Value::Null, "if-none-match", condition).await;
        assert_eq!((answer.status, header(&answer, "etag"), &*answer.text), (304, Some(&*tag), ""));
    }
    assert_eq!(send("GET", Value::Null, "if-none-match", "\"x\"".to_owned()).await.status, 200);
    let title = |title: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "replace", "path": "title", "value": title }],
        })
    };
    assert_eq!(send("PATCH", title("a"), "if-match", "\"x\"".to_owned()).await.status, 412);
    let changed = send("PATCH", title("a"), "if-match", tag.clone()).await;
    assert!(changed.status == 200 && header(&changed, "etag") != Some(&*tag), "{changed:?}");
    assert_eq!(send("PATCH", title("b"), "if-match", tag.clone()).await.status, 412, "it has changed since");
    let put = json!({ "userName": "ana@acme.example" });
    assert_eq!(send("PUT", put.clone(), "if-match", tag.clone()).await.status, 412);
    assert_eq!(send("DELETE", Value::Null, "if-match", tag).await.status, 412);
    assert_eq!(send("PUT", put, "if-match", "*".to_owned()).await.status, 200);
    assert_eq!(send("DELETE", Value::Null, "if-match", "*".to_owned()).await.status, 204);
    bridge.stop().await;
}

#[tokio::test]
async fn other_methods_are_refused_and_an_expectation_is_met() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let host = bridge.addr();
    let auth = format!("Host: {host}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n");
    for target in [
        "HEAD /acme/scim/v2/Users",
        "OPTIONS /acme/scim/v2/Users",
        "OPTIONS *",
        "TRACE /acme/scim/v2/Users",
        "CONNECT evil.example:443",
        "SEARCH /acme/scim/v2/Users",
    ] {
        let answer = raw(&bridge, &format!("{target} HTTP/1.1\r\n{auth}\r\n")).await;
        assert!(
            answer.starts_with("HTTP/1.1 405") && answer.contains("allow: GET, POST"),
            "{target} {answer}"
        );
        assert!(!answer.contains(TOKEN), "nothing is echoed: {answer}");
    }
    let body = json!({ "userName": "ana@acme.example" }).to_string();
    let head = format!(
        "POST /acme/scim/v2/Users HTTP/1.1\r\n{auth}Content-Type: application/scim+json\r\nContent-Length: {}\r\n\
         Expect: 100-continue\r\n\r\n",
        body.len()
    );
    let mut socket = TcpStream::connect(host).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    socket.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(body.as_bytes()).await.unwrap();
    let mut rest = String::new();
    socket.read_to_string(&mut rest).await.unwrap();
    assert!(rest.starts_with("HTTP/1.1 201"), "{rest}");
    bridge.stop().await;
}

#[tokio::test]
async fn a_query_is_read_as_the_rfc_says() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let client = bridge.client();
    for name in ["ana", "bo", "cem"] {
        made(&client, name).await;
    }
    for (query, status, items) in [
        ("", 200, 3),
        ("?", 200, 3),
        ("?&", 200, 3),
        ("?unknown=1&unknown=2", 200, 3),
        ("?count=0", 200, 0),
        ("?count=-5", 200, 0),
        ("?count=2", 200, 2),
        ("?COUNT=2", 200, 2),
        ("?count=9223372036854775807", 200, 3),
        ("?count=99999999999999999999", 400, 0),
        ("?count=1.5", 400, 0),
        ("?count=", 400, 0),
        ("?count=%32", 200, 2),
        ("?count=1&count=2", 400, 0),
        ("?startIndex=0", 200, 3),
        ("?startIndex=-1", 200, 3),
        ("?startIndex=3", 200, 1),
        ("?startIndex=4", 200, 0),
        ("?startIndex=9223372036854775807", 200, 0),
        ("?startIndex=one", 400, 0),
        ("?sortOrder=up", 400, 0),
        ("?filter=", 400, 0),
        ("?filter=userName%20eq%20%22bo%22", 200, 1),
        ("?filter=userName+eq+%22bo%22", 200, 1),
        ("?filter=userName%20eq%20%22bo%22&filter=userName%20pr", 400, 0),
        ("?filter=%ff", 400, 0),
    ] {
        let answer = client.get(&format!("/Users{query}")).await;
        assert_eq!(answer.status, status, "{query} {answer:?}");
        let resources = answer.body["Resources"].as_array().map_or(0, Vec::len);
        assert_eq!(resources, items, "{query} {answer:?}");
        let all = if query.contains("filter=") { 1 } else { 3 };
        assert!(status != 200 || answer.body["totalResults"] == all, "{query} {answer:?}");
    }
    simulator.clear_log();
    client.get("/Users?count=1000000").await;
    assert_eq!(simulator.log()[0].query, "count=200", "a page has a size, whatever is asked for");
    let search = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],
        "filter": "userName eq \"bo\"", "attributes": ["userName"], "count": 5,
    });
    let found = client.post("/Users/.search", &search).await;
    assert_eq!((found.status, &found.body["Resources"][0]["userName"]), (200, &json!("bo")));
    let same = client.get("/Users?filter=userName%20eq%20%22bo%22&attributes=userName&count=5").await;
    assert_eq!(found.body, same.body);
    assert_eq!(client.post("/Users/.search", &json!({ "filter": 7 })).await.status, 400);
    assert_eq!(client.get("/Users/.search").await.status, 405);
    bridge.stop().await;
}

#[tokio::test]
async fn a_path_has_one_meaning() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let client = bridge.client();
    let user = made(&client, "ana").await;
    let id = user.body["id"].as_str().unwrap();
    let encoded: String = id.bytes().map(|byte| format!("%{byte:02x}")).collect();
    for (path, status) in [
        (format!("/Users/{id}"), 200),
        (format!("/Users/{id}/"), 200),
        (format!("/Users/{encoded}"), 200),
        (format!("/%55sers/{id}"), 200),
        ("/Users/".to_owned(), 200),
        (format!("/users/{id}"), 404),
        (format!("/USERS/{id}"), 404),
        (format!("/Users/{id}/groups"), 404),
        (format!("/Users//{id}"), 400),
        (format!("/Users%2F{id}"), 400),
        (format!("/Users/{id}%00"), 400),
        (format!("/Users/{id};v=1"), 400),
        (format!("/Groups/../Users/{id}"), 400),
        (format!("/Users/{}", "a".repeat(129)), 400),
    ] {
        assert_eq!(client.get(&path).await.status, status, "{path}");
    }
    assert!(simulator.log().iter().all(|entry| !entry.path.contains('%')), "one spelling reaches the vendor");
    bridge.stop().await;
}

#[tokio::test]
async fn limits_lie_where_they_are_said_to_lie() {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge = Bridge::to(&simulator).await;
    let client = bridge.client();
    let user = made(&client, "ana").await;
    let path = format!("/Users/{}", user.body["id"].as_str().unwrap());
    let title = |count: usize| json!(vec![json!({ "op": "replace", "path": "title", "value": "a" }); count]);
    assert_eq!(client.patch(&path, &title(1000)).await.status, 200);
    let too_many = client.patch(&path, &title(1001)).await;
    assert_eq!((too_many.status, &too_many.body["scimType"]), (400, &json!("tooMany")));
    let emails = |count: usize| {
        let emails: Vec<_> = (0..count).map(|n| json!({ "value": format!("{n}@acme.example") })).collect();
        json!({ "userName": "ana", "emails": emails })
    };
    assert_eq!(client.put(&path, &emails(100)).await.status, 200);
    let too_many = client.put(&path, &emails(101)).await;
    assert_eq!((too_many.status, &too_many.body["scimType"]), (400, &json!("invalidValue")));
    let text = |length: usize| json!({ "userName": "ana", "title": "a".repeat(length) });
    assert_eq!(client.put(&path, &text(64 * 1024)).await.status, 200);
    let too_long = client.put(&path, &text(64 * 1024 + 1)).await;
    assert_eq!((too_long.status, &too_long.body["scimType"]), (400, &json!("invalidValue")));
    let members =
        |count: usize| json!({ "displayName": "g", "members": vec![json!({ "value": "1" }); count] });
    let too_many = client.post("/Groups", &members(50_001)).await;
    assert_eq!((too_many.status, &too_many.body["scimType"]), (400, &json!("tooMany")));

    let search = |filter: String| {
        let client = &client;
        async move { client.post("/Users/.search", &json!({ "filter": filter, "count": 1 })).await }
    };
    let deep = |depth: usize| format!("{}userName pr{}", "(".repeat(depth), ")".repeat(depth));
    let wide = |nodes: usize| vec!["title pr"; nodes].join(" or ");
    let long = |length: usize| format!("title eq \"{}\"", "a".repeat(length - 11));
    for (name, filter, status) in [
        ("depth", deep(40), 200),
        ("depth", deep(41), 400),
        ("depth", deep(4000), 400),
        ("nodes", wide(256), 200),
        ("nodes", wide(257), 400),
        ("length", long(8 * 1024), 200),
        ("length", long(8 * 1024 + 1), 400),
        ("length", long(100_000), 400),
    ] {
        let answer = search(filter).await;
        assert_eq!(answer.status, status, "{name} {answer:?}");
        assert!(status == 200 || answer.body["scimType"] == "invalidFilter", "{name} {answer:?}");
    }
    bridge.stop().await;
}
