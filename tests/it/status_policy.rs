//! Which status each failure of the vendor becomes, for Okta and for Entra: Okta repeats a request by itself after 429 and
//! nothing else, Entra takes 429 to mean that it is too fast itself, and either gives up on an answer that seems final. So
//! what passes must look passing, what stays must look final, and the bridge's own trouble like neither.

use tokio::net::TcpSocket;

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::peer::bridge::{Bridge, Plan, TOKEN, vendor};
use crate::peer::client::{Answer, Client};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const SECRET: &str = "ana@private.example was here";

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    Read,
    Filter,
    List,
    Post,
    Put,
    Patch,
    Delete,
}

use Ask::{Delete, Filter, List, Patch, Post, Put, Read};

const EACH: &[Ask] = &[Read, Filter, List, Post, Put, Patch, Delete];
const KNOWN: &[Ask] = &[Read, Put, Patch, Delete];
const SAFE: &[Ask] = &[Read, Filter, List, Put, Patch, Delete];
const WRITES: &[Ask] = &[Post, Put, Patch, Delete];

impl Ask {
    async fn of(self, client: &Client, id: &str, name: &str) -> Answer {
        // Two clients do not make the same user: the second would hear of the first.
        let user =
            json!({ "schemas": [USER], "userName": format!("{name}@acme.example"), "title": "Captain" });
        let title = json!([{ "op": "replace", "path": "title", "value": "Captain" }]);
        match self {
            Read => client.get(&format!("/Users/{id}")).await,
            Filter => client.get("/Users?filter=userName%20eq%20%22ana%40acme.example%22").await,
            List => client.get("/Users?count=5").await,
            Post => client.post("/Users", &user).await,
            Put => client.put(&format!("/Users/{id}"), &user).await,
            Patch => client.patch(&format!("/Users/{id}"), &title).await,
            Delete => client.delete(&format!("/Users/{id}")).await,
        }
    }
}

/// An answer, and the seconds to wait that it names, if any.
type Said = (u16, Option<u64>);

/// One row: what the vendor does, who asks, what Okta and what Entra hears, and the RFC's word for it.
type Row<'r> = (&'r str, Value, &'r [Ask], Said, Said, Option<&'r str>);

fn respond(status: u16, body: &Value) -> Value {
    json!({ "respond": { "status": status, "body": body } })
}

fn with(status: u16, name: &str, value: &str) -> Value {
    json!({ "respond": { "status": status, "headers": { name: value }, "body": SECRET } })
}

fn once(status: u16) -> Said {
    (status, None)
}

fn rows() -> Vec<Row<'static>> {
    let later = |status, seconds| (status, Some(seconds));
    let error = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "400", "detail": SECRET,
    });
    // The endpoint is there, and of a vendor that has not answered before that is looked at first.
    let mut nobody = respond(404, &error);
    nobody["match"] = json!({ "path": "/Users*" });
    let html = json!(format!("<html>{SECRET}</html>"));
    let stranger = json!({ "schemas": [USER], "id": "somebody-else", "userName": SECRET });
    vec![
        ("no such user", nobody.clone(), &[Read, Put, Patch], once(404), once(404), None),
        ("gone already", nobody.clone(), &[Delete], once(204), once(204), None),
        ("nobody found", nobody, &[Filter], once(200), once(200), None),
        ("nothing at all", respond(404, &error), EACH, later(429, 300), later(503, 300), None),
        ("no endpoint", respond(404, &html), EACH, later(429, 300), later(503, 300), None),
        ("cut after sending", json!({ "reset": true }), SAFE, later(429, 60), later(504, 60), None),
        (
            "cut after creating",
            json!({ "apply_then_fail": true }),
            &[Post],
            later(429, 60),
            later(503, 60),
            None,
        ),
        ("too fast", with(429, "retry-after", "90"), EACH, later(429, 90), later(429, 90), None),
        (
            "too fast until a date",
            with(429, "retry-after", "Fri, 21 Nov 2036 12:00:00 GMT"),
            EACH,
            later(429, 3600),
            later(429, 3600),
            None,
        ),
        ("500", respond(500, &html), EACH, later(429, 60), later(503, 60), None),
        ("502", respond(502, &html), EACH, later(429, 60), later(503, 60), None),
        ("503", respond(503, &html), EACH, later(429, 60), later(503, 60), None),
        ("503 for longer", with(503, "retry-after", "600"), EACH, later(429, 600), later(503, 600), None),
        ("504", respond(504, &html), EACH, later(429, 60), later(504, 60), None),
        ("cannot", respond(501, &error), EACH, once(501), once(501), None),
        ("may not this way", respond(405, &error), WRITES, once(501), once(501), None),
        ("our token", respond(401, &error), EACH, later(429, 120), later(503, 120), None),
        (
            "our token, or its scope",
            respond(403, &error),
            &[Filter, List],
            later(429, 120),
            later(503, 120),
            None,
        ),
        ("not this user", respond(403, &error), KNOWN, once(403), once(403), None),
        (
            "there already",
            respond(409, &error),
            &[Post, Put, Patch],
            once(409),
            once(409),
            Some("uniqueness"),
        ),
        (
            "not JSON",
            respond(200, &html),
            &[Read, Filter, List, Post, Put],
            later(429, 300),
            later(502, 300),
            None,
        ),
        (
            "nothing",
            respond(200, &Value::Null),
            &[Read, Filter, List, Post, Put],
            later(429, 300),
            later(502, 300),
            None,
        ),
        ("another user", respond(200, &stranger), &[Read, Put], later(429, 300), later(502, 300), None),
        ("not valid", respond(400, &error), WRITES, once(400), once(400), Some("invalidValue")),
        ("not processable", respond(422, &error), WRITES, once(400), once(400), Some("invalidValue")),
        ("changed since", respond(412, &error), KNOWN, once(412), once(412), None),
        ("too much", respond(413, &error), WRITES, once(400), once(400), Some("tooMany")),
        ("moved", with(301, "location", "http://127.0.0.1:1/"), EACH, later(429, 300), later(502, 300), None),
        (
            "see elsewhere",
            with(302, "location", "http://127.0.0.1:1/"),
            EACH,
            later(429, 300),
            later(502, 300),
            None,
        ),
        (
            "keep the method",
            with(307, "location", "http://127.0.0.1:1/"),
            EACH,
            later(429, 300),
            later(502, 300),
            None,
        ),
        (
            "from now on",
            with(308, "location", "http://127.0.0.1:1/"),
            EACH,
            later(429, 300),
            later(502, 300),
            None,
        ),
    ]
}

/// A user at the vendor, and a bridge to it.
async fn scene(simulator: &Simulator) -> (Bridge, String) {
    let direct = Client::new(simulator.base_url(), simulator.token());
    let made = direct.post("/Users", &json!({ "schemas": [USER], "userName": "ana@acme.example" })).await;
    let mut plan = Plan::new();
    plan.integration("acme", &simulator.base_url(), &simulator.token()).done();
    (plan.start().await, made.body["id"].as_str().unwrap().to_owned())
}

fn clients(url: &str, token: &str) -> [(&'static str, Client); 2] {
    let client = || Client::new(url, token);
    [
        ("Okta", client().with("user-agent", "Okta SCIM Client 1.0.0")),
        ("Entra", client().with("adscimversion", "Date:2026-11-24, ActivityId:1")),
    ]
}

/// What is wrong with an answer.
fn judge(answer: &Answer, (status, wait): Said, word: Option<&str>) -> Option<String> {
    let header = |name| answer.headers.get(name).map(|value: &http::HeaderValue| value.to_str().unwrap());
    let said = header("retry-after").map(str::parse::<u64>);
    let waits = match (wait, said) {
        (None, None) => true,
        // A pause that was asked for some seconds ago is shorter by them.
        (Some(wait), Some(Ok(said))) => said <= wait && said + 10 >= wait,
        _ => false,
    };
    let allowed =
        ["content-type", "content-length", "x-request-id", "retry-after", "date", "location", "etag"];
    let stray = answer.headers.keys().find(|name| !allowed.contains(&name.as_str()));
    let wrong = [
        (answer.status != status, "status"),
        (!waits, "Retry-After"),
        (word.is_some_and(|word| answer.body["scimType"] != word), "scimType"),
        (header("x-request-id").is_none_or(|id| id.len() != 13), "X-Request-Id"),
        (stray.is_some(), "a header that is none of ours"),
        (answer.status >= 400 && answer.text.contains("private.example"), "the vendor's words"),
    ];
    let found = wrong.iter().find(|(wrong, _)| *wrong)?;
    Some(format!("{}: {} {:?} {}", found.1, answer.status, answer.headers, answer.text))
}

/// Plays one row for one kind of request: how many answers there were, and what was wrong with them.
async fn play(
    (name, fault, okta, entra, word): (&str, Value, Said, Said, Option<&str>),
    ask: Ask,
) -> Vec<String> {
    let simulator = vendor(Vendor::Rfc).await;
    let (bridge, id) = scene(&simulator).await;
    let mut wrong = Vec::new();
    for ((client_name, client), said) in clients(&bridge.url("acme"), TOKEN).iter().zip([okta, entra]) {
        simulator.fault(&Value::Null).unwrap();
        simulator.fault(&fault).unwrap();
        simulator.clear_log();
        let answer = ask.of(client, &id, client_name).await;
        if let Some(why) = judge(&answer, said, word) {
            wrong.push(format!("{name}, {ask:?}, {client_name}: {why}"));
        }
        let creates = simulator.log().iter().filter(|entry| entry.method == "POST").count();
        if creates > 1 {
            wrong.push(format!("{name}, {client_name}: {creates} creates for one"));
        }
    }
    bridge.stop().await;
    wrong
}

#[tokio::test]
async fn each_failure_of_the_vendor_is_told_as_each_client_understands_it() {
    let mut plays = Vec::new();
    for (name, fault, asks, okta, entra, word) in rows() {
        plays.extend(asks.iter().map(|ask| play((name, fault.clone(), okta, entra, word), *ask)));
    }
    assert!(plays.len() > 130, "{}", plays.len());
    let wrong: Vec<_> = futures_util::future::join_all(plays).await.concat();
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

#[tokio::test]
async fn a_vendor_that_cannot_be_reached_is_away_for_a_while() {
    // Bound and not listening: nobody else can be given the port meanwhile.
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", taken.local_addr().unwrap());
    let mut plan = Plan::new();
    plan.integration("acme", &url, "token-of-the-vendor").done();
    let bridge = plan.start().await;
    for ((name, client), status) in clients(&bridge.url("acme"), TOKEN).iter().zip([429, 503]) {
        for ask in EACH {
            let answer = ask.of(client, "1", name).await;
            assert_eq!(judge(&answer, (status, Some(60)), None), None, "{name} {ask:?}");
        }
    }
    bridge.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_the_same_for_everybody() {
    let simulator = vendor(Vendor::Rfc).await;
    let (bridge, id) = scene(&simulator).await;
    let one = format!("/Users/{id}");
    simulator.clear_log();
    let big = format!("{{\"userName\":\"{}\"}}", "x".repeat(1024 * 1024));
    let [known, unknown] = [TOKEN, "wrong"].map(|token| clients(&bridge.url("acme"), token));
    for ((name, client), (_, stranger)) in known.iter().zip(&unknown) {
        for (method, path, body, headers, status, word) in [
            ("GET", "/Users", "", &[][..], 401, None),
            ("GET", "/Users?filter=userName%20eq", "", &[], 400, Some("invalidFilter")),
            ("GET", "/Users?filter=password%20eq%20%22x%22", "", &[], 403, Some("sensitive")),
            ("GET", "/Users?count=many", "", &[], 400, Some("invalidValue")),
            ("GET", "/Printers", "", &[], 404, None),
            ("GET", "/Users/1/2", "", &[], 404, None),
            ("GET", "/users", "", &[], 404, None),
            ("GET", "/Me", "", &[], 501, None),
            ("POST", "/Bulk", "{}", &[], 501, None),
            ("POST", "/Users", "{", &[], 400, Some("invalidSyntax")),
            ("POST", "/Users", "{}", &[], 400, Some("invalidValue")),
            ("POST", "/Users", &big, &[], 413, None),
            ("POST", "/Users", "{}", &[("content-type", "text/plain")], 415, None),
            ("POST", "/Users", "{}", &[("content-encoding", "gzip")], 415, None),
            ("DELETE", "/Users", "", &[], 405, None),
            ("POST", &one, "{}", &[], 405, None),
            ("PUT", &one, "{}", &[("if-match", "garbage")], 400, Some("invalidValue")),
            ("PATCH", &one, "{}", &[], 400, Some("invalidSyntax")),
        ] {
            let body = Some(body).filter(|body| !body.is_empty()).map(str::to_owned);
            let client = if status == 401 { stranger } else { client };
            let answer = client.send(method, path, body, headers).await;
            assert_eq!(
                (answer.status, answer.headers.get("retry-after")),
                (status, None),
                "{name} {method} {path}"
            );
            assert_eq!(answer.body["scimType"].as_str(), word, "{name} {method} {path}");
            assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
            assert_eq!(answer.headers.contains_key("allow"), status == 405);
        }
    }
    assert!(simulator.log().is_empty(), "the vendor hears of none of it");
    bridge.stop().await;
}
