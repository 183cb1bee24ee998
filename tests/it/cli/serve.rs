//! `serve`: what is printed and logged, and what each side is told when something is wrong.

use std::path::Path;

use rustix::process::Signal;
use scim_bridge::simulator::Vendor;
use serde_json::Value;

use super::program::{Follow, Up, program, run};
use crate::peer::bridge::{TOKEN, vendor};
use crate::peer::client::Client;

struct Served {
    up: Up,
    base: String,
    admin: String,
    _folder: tempfile::TempDir,
}

/// A bridge of its own process, with a vendor at a URL.
fn serve(url: &str, token: &str, head: &str) -> Served {
    serve_by("mapping: ninjaone", url, token, head)
}

/// The same with a mapping, beside which lies one that takes over accounts of Amplitude's.
fn serve_by(mapping: &str, url: &str, token: &str, head: &str) -> Served {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("idp.token", TOKEN);
    write("vendor.token", token);
    write("taking.yaml", "format: 1\nuse: amplitude\nusers: { match: { by: $.userName } }\n");
    let yaml = format!(
        "listen: 127.0.0.1:0\npublic_url: https://scim.acme.example\nadmin: {{ listen: 127.0.0.1:0 }}\n{head}integrations:\n  acme:\n    \
         idp: {{ auth: [ bearer: {{ file: idp.token }} ] }}\n    {mapping}\n    vendor: {{ url: '{url}', credential: {{ \
         token: {{ file: vendor.token }} }} }}\n"
    );
    write("bridge.yaml", &yaml);
    let mut up = Up::start(program(folder.path(), &["serve"]), Follow::Err);
    let listen = |line: String| {
        let line: Value = serde_json::from_str(&line).unwrap();
        line["listen"].as_str().unwrap().to_owned()
    };
    let base = format!("http://{}", listen(up.until("\"serving\"")));
    let admin = listen(up.until("health checks"));
    Served { up, base, admin, _folder: folder }
}

impl Served {
    fn client(&self) -> Client {
        Client::new(format!("{}/acme/scim/v2", self.base), TOKEN)
    }

    /// Ends it, and gives every line that it logged.
    fn stop(self) -> Vec<Value> {
        let (code, lines) = self.up.stop(Signal::TERM);
        assert_eq!(code, Some(0), "{lines:#?}");
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The one line that says so.
#[track_caller]
fn line<'l>(lines: &'l [Value], message: &str) -> &'l Value {
    let found: Vec<_> = lines.iter().filter(|line| line["message"] == message).collect();
    let [only] = found.as_slice() else { panic!("{message}: {lines:#?}") };
    only
}

#[tokio::test]
async fn it_says_what_an_operator_needs_and_ends_when_told() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let served = serve(&ninjaone.base_url(), &ninjaone.token(), "");
    assert_eq!(served.client().get("/Users").await.status, 200);
    for arguments in
        [&["health", "--admin", &served.admin][..], &["health", "--ready", "--admin", &served.admin]]
    {
        let ended = run(Path::new("."), arguments);
        assert_eq!((ended.code, ended.out + &ended.err), (Some(0), String::new()));
    }
    let lines = served.stop();
    let integration = line(&lines, "integration");
    assert_eq!(integration["url"], "https://scim.acme.example/acme/scim/v2");
    assert_eq!(integration["vendor_url"], ninjaone.base_url());
    let answered = line(&lines, "answered");
    assert_eq!((&answered["span"]["integration"], &answered["status"]), (&"acme".into(), &200.into()));
    assert!(answered["span"]["id"].is_string());
    line(&lines, "stopped");
}

#[tokio::test]
async fn who_is_refused_learns_little_and_the_operator_learns_why() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let served = serve(&ninjaone.base_url(), &ninjaone.token(), "");
    let base = served.base.clone();
    let mut details = Vec::new();
    for (path, token) in
        [("/acme/scim/v2", "a-wrong-token-of-somebody"), ("/acme/scim/v2", ""), ("/other/scim/v2", TOKEN)]
    {
        let answer = Client::new(format!("{base}{path}"), token).get("/Users").await;
        assert_eq!(answer.status, 401);
        let detail = answer.body["detail"].as_str().unwrap();
        details.push(detail.split(" (request").next().unwrap().to_owned());
    }
    details.dedup();
    let [only] = details.as_slice() else { panic!("{details:?}") };
    assert!(only.contains("the base URL and the bearer token"), "{only}");
    let answer = Client::new(base, TOKEN).get("/Users").await;
    assert_eq!(answer.status, 404);
    assert!(answer.body["detail"].as_str().unwrap().contains("/NAME/scim/v2"), "{answer:?}");
    let lines = served.stop();
    for (message, integration) in [
        ("refused: the token is not one of this integration's", Value::from("acme")),
        ("refused: there is no bearer token, or more than one", Value::from("acme")),
        ("refused: no integration has this path", Value::Null),
        ("refused: no integration has such a path", Value::Null),
    ] {
        let line = line(&lines, message);
        assert_eq!(line["span"]["integration"], integration);
        assert!(line["span"]["id"].is_string());
    }
    assert!(!format!("{lines:?}").contains("a-wrong-token"));
}

/// What the identity provider is answered, and what the log says, when something is wrong with the vendor.
async fn wrong(url: &str, token: &str) -> (u16, String, Value) {
    let served = serve(url, token, "");
    let user =
        serde_json::json!({ "userName": "bo@acme.example", "emails": [{ "value": "bo@acme.example" }] });
    let answer = served.client().post("/Users", &user).await;
    let lines = served.stop();
    let failed = line(&lines, "failed").clone();
    assert_eq!(
        (failed["level"].as_str(), failed["span"]["integration"].as_str()),
        (Some("WARN"), Some("acme"))
    );
    let id = failed["span"]["id"].as_str().unwrap();
    let detail = answer.body["detail"].as_str().unwrap().to_owned();
    assert!(detail.ends_with(&format!(" (request {id})")), "{detail}");
    let text = format!("{failed} {detail}");
    assert!(!text.contains(token) && !text.contains("bo@acme"), "{text}");
    (answer.status, detail, failed)
}

#[tokio::test]
async fn a_vendor_that_is_wrong_is_explained_to_both_sides() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let (url, token) = (ninjaone.base_url(), ninjaone.token());
    let closed = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/scim/v2", listener.local_addr().unwrap())
    };
    for (url, token, status, detail, error, advice) in [
        (
            url.replace("/ws/", "/wrong/"),
            token.clone(),
            503,
            "no SCIM endpoint where the bridge looks for it",
            "404",
            "vendor.url",
        ),
        (
            url.clone(),
            "a-token-of-before".to_owned(),
            503,
            "does not accept the credential",
            "credential",
            "new token",
        ),
        (closed, token.clone(), 503, "the vendor is not available", "Connection refused", "check vendor.url"),
        (
            url.replace("http:", "https:"),
            token.clone(),
            503,
            "the vendor is not available",
            "corrupt message",
            "TLS",
        ),
        (
            "https://localhost:1/scim/v2".to_owned(),
            token,
            503,
            "the vendor is not available",
            "no public address",
            "check vendor.url",
        ),
    ] {
        let (got, told, failed) = wrong(&url, &token).await;
        assert_eq!(got, status, "{url}");
        assert!(told.contains(detail), "{told}");
        assert!(failed["error"].as_str().unwrap().contains(error), "{failed}");
        assert!(failed["advice"].as_str().unwrap().contains(advice), "{failed}");
    }
}

#[tokio::test]
async fn a_page_for_people_is_no_answer() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    let page = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0_u8; 4096]).await;
            let reply = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 21\r\nconnection: close\r\n\r\n<html>Sign in.</html>";
            let _ = stream.write_all(reply.as_bytes()).await;
        }
    });
    let (status, told, failed) = wrong(&url, "a-token-of-the-vendor").await;
    page.abort();
    assert_eq!(status, 502);
    assert!(told.contains("the vendor's answer could not be used"), "{told}");
    assert!(failed["error"].as_str().unwrap().contains("POST Users answered 200"), "{failed}");
    assert!(
        failed["advice"].as_str().unwrap().contains("the base of the vendor's SCIM endpoint"),
        "{failed}"
    );
}

#[tokio::test]
async fn at_trace_level_nothing_is_said_of_people_or_tokens() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let served = serve(&ninjaone.base_url(), &ninjaone.token(), "log: { level: trace, format: json }\n");
    let idp = served.client();
    let user = serde_json::json!({ "userName": "zoe@acme.example", "emails": [{ "value": "zoe@acme.example" }], "title": "Wizard" });
    let made = idp.post("/Users", &user).await;
    assert_eq!(made.status, 201);
    assert_eq!(idp.get("/Users?filter=userName%20eq%20%22zoe%40acme.example%22").await.status, 200);
    assert_eq!(idp.post("/Users", &user).await.status, 409);
    let lines = served.stop();
    assert!(lines.iter().any(|line| line["level"] == "DEBUG"));
    let all = format!("{lines:?}");
    for private in ["zoe", "Wizard", TOKEN, &ninjaone.token()] {
        assert!(!all.contains(private), "{private}");
    }
}

#[tokio::test]
async fn an_account_that_is_taken_over_is_told_of_without_saying_whose() {
    let amplitude = vendor(Vendor::Amplitude).await;
    let user =
        serde_json::json!({ "userName": "zoe@acme.example", "emails": [{ "value": "zoe@acme.example" }] });
    let console = Client::new(amplitude.base_url(), amplitude.token());
    assert_eq!(console.post("/Users", &user).await.status, 201);
    let served = serve_by(
        "mapping: ./taking.yaml",
        &amplitude.base_url(),
        &amplitude.token(),
        "log: { level: trace, format: json }\n",
    );
    let made = served.client().post("/Users", &user).await;
    assert_eq!((made.status, &made.body["id"]), (201, &"zoe@acme.example".into()), "{}", made.text);
    let lines = served.stop();
    let told = line(&lines, "what the vendor had already was taken over");
    assert_eq!((&told["by"], &told["id"]), (&"userName".into(), &"-".into()), "{told}");
    assert_eq!((&told["level"], &told["integration"]), (&"WARN".into(), &"acme".into()), "{told}");
    assert!(!format!("{lines:?}").contains("zoe"));
}

#[tokio::test]
async fn an_address_that_is_taken_is_named() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let first = serve(&ninjaone.base_url(), &ninjaone.token(), "");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("idp.token"), TOKEN).unwrap();
    let address = first.base.trim_start_matches("http://");
    let yaml = format!(
        "listen: {address}\npublic_url: http://{address}\nintegrations:\n  acme:\n    idp: {{ auth: [ bearer: {{ file: idp.token }} ] }}\n    \
         mapping: rfc\n    vendor: {{ url: https://vendor.example, credential: {{ token: {{ file: idp.token }} }} }}\n"
    );
    std::fs::write(folder.path().join("bridge.yaml"), yaml).unwrap();
    let ended = run(folder.path(), &["serve"]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("could not start") && ended.err.contains(address), "{}", ended.err);
}

#[tokio::test]
async fn the_admin_address_says_what_it_is() {
    let ninjaone = vendor(Vendor::NinjaOne).await;
    let served = serve(&ninjaone.base_url(), &ninjaone.token(), "");
    let ask = |method: &'static str, path: &'static str| {
        let admin = served.admin.clone();
        async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let mut stream = tokio::net::TcpStream::connect(admin).await.unwrap();
            let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut reply = String::new();
            stream.read_to_string(&mut reply).await.unwrap();
            reply
        }
    };
    assert!(ask("GET", "/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(ask("HEAD", "/readyz").await.starts_with("HTTP/1.1 200"));
    let lost = ask("GET", "/acme/scim/v2/Users").await;
    assert!(
        lost.starts_with("HTTP/1.1 404") && lost.contains("GET /readyz") && lost.contains("`listen`"),
        "{lost}"
    );
    let posted = ask("POST", "/healthz").await;
    assert!(posted.starts_with("HTTP/1.1 405") && posted.contains("allow: GET, HEAD"), "{posted}");
    drop(served);
}
