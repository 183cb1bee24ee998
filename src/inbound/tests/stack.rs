//! The stack: what each layer does, and that the order of the layers is the one that is meant.

use std::cell::RefCell;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Once};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use hyper::body::Incoming;
use tokio::sync::Notify;
use tracing::Level;

use super::{AUTH, Server, Setup, echo, header, status};
use crate::inbound::{Caller, Reply, body, respond, route};
use crate::telemetry::{self, Format};

#[tokio::test]
async fn a_handler_gets_its_integration_and_the_path_after_the_prefix() {
    let server = Setup::default().serve(echo).await;
    let reply = server.get("/acme/scim/v2/Users/1?", AUTH).await;
    assert_eq!(status(&reply), 200);
    assert!(reply.ends_with("acme /Users/1"), "{reply}");
    assert_eq!(header(&reply, "x-request-id").unwrap().len(), 13);
    assert_eq!(header(&reply, "server"), None);
    let other = "Authorization: bearer  token-of-other\r\nX-Forwarded-Host: evil\r\nX-Request-Id: mine\r\n";
    let reply = server.get("/other/scim/v2", other).await;
    assert!(reply.ends_with("other ") && !reply.contains("mine"), "{reply}");
}

#[tokio::test]
async fn a_handler_that_reads_a_body() {
    async fn handle(caller: Caller<&'static str>, request: Request<Incoming>) -> Reply {
        let (parts, mut body) = request.into_parts();
        match body::read(&parts.headers, &mut body, 4, body::DEADLINE).await {
            Ok(bytes) => respond::json(StatusCode::OK, bytes, None, None),
            Err(error) => error.reply(caller.id()),
        }
    }
    let server = Setup::default().serve(handle).await;
    let post = |rest: &str| {
        format!(
            "POST /acme/scim/v2/Users HTTP/1.1\r\nHost: a\r\n{AUTH}Content-Type: application/json\r\n{rest}"
        )
    };
    let reply = server
        .ask(&post("Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"))
        .await;
    assert!(reply.ends_with("{}"), "{reply}");
    // None of these says `Connection: close` itself: the bridge has to, since it does not read the body to its end.
    for (rest, expected) in [
        ("Content-Length: 5\r\n\r\n", 413),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\n", 400),
        ("Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", 400),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n", 413),
    ] {
        let mut client = server.connect().await;
        client.send(post(rest)).await;
        if rest.ends_with("5\r\n") && expected == 400 {
            tokio::io::AsyncWriteExt::shutdown(&mut client.0).await.unwrap();
            client.rest().await;
            continue; // The client left in the middle: whatever is said is said to nobody.
        }
        let reply = client.rest().await;
        assert_eq!((status(&reply), header(&reply, "connection")), (expected, Some("close")), "{rest}");
    }
}

/// What is logged in a test. One subscriber for all tests, since `tracing` caches what is enabled across threads; a
/// buffer for each, since a test and its server are one thread.
struct Log;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Log {
    fn start() -> Self {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let log = telemetry::Log::new(Format::Json, Level::TRACE, Level::TRACE, |_, line: &[u8]| {
                LINES.with_borrow_mut(|lines| lines.extend_from_slice(line));
            });
            tracing::subscriber::set_global_default(log).unwrap();
            // What another test has come across a moment before this may have been found to interest nobody.
            tracing::callsite::rebuild_interest_cache();
        });
        Self
    }

    fn events(&self) -> Vec<serde_json::Value> {
        let text = LINES.with_borrow(|lines| String::from_utf8(lines.clone()).unwrap());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn the_event_of_a_request_names_it_and_nothing_personal() {
    let log = Log::start();
    let server = Setup::default()
        .serve(|caller, request| async move {
            assert!(request.headers()[AUTHORIZATION].is_sensitive());
            route("/Users/{id}");
            echo(caller, request).await
        })
        .await;
    let reply = server.get("/acme/scim/v2/Users/4711?filter=userName%20eq%20%22eve%22", AUTH).await;
    let events = log.events();
    let [event] = &events[..] else { panic!("{events:?}") };
    let span = &event["span"];
    assert_eq!(
        span["id"].as_str(),
        header(&reply, "x-request-id"),
        "the id is given before the span is opened"
    );
    assert_eq!((&span["integration"], &span["route"]), (&"acme".into(), &"/Users/{id}".into()));
    assert_eq!((&span["method"], &event["status"]), (&"GET".into(), &200.into()));
}

#[tokio::test]
async fn nothing_logs_a_token_or_a_path_at_any_level() {
    let log = Log::start();
    let server = Setup::default()
        .serve(|_, request| async move {
            tracing::trace!(headers = ?request.headers(), "a careless handler");
            respond::empty(StatusCode::NOT_FOUND)
        })
        .await;
    server.get("/acme/scim/v2/Users/id-of-mallory?filter=mallory", AUTH).await;
    server.get("/acme/scim/v2/Users/id-of-mallory?access_token=token-of-acme", "").await;
    let ours =
        log.events().into_iter().filter(|event| event["target"].as_str().unwrap().starts_with("scim_bridge"));
    let text: String = ours.map(|event| event.to_string()).collect();
    assert!(text.contains("careless") && text.contains("Sensitive"), "{text}");
    for secret in ["token-of-acme", "mallory"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_its_status_is_in_the_event() {
    let log = Log::start();
    let server = Setup::default()
        .serve(|caller, request| async move {
            assert!(!request.uri().path().ends_with("1"), "the first is not survived");
            echo(caller, request).await
        })
        .await;
    let reply = server.get("/acme/scim/v2/Users/1", AUTH).await;
    assert_eq!(status(&reply), 500);
    assert!(reply.contains("api:messages:2.0:Error") && !reply.contains("survived"), "{reply}");
    assert_eq!(header(&reply, "retry-after"), Some("300"));
    // Swapped, the span would be dropped by the panic before it saw a status.
    let events = log.events();
    assert_eq!(events.last().unwrap()["status"], 500, "{events:?}");
    assert_eq!(status(&server.get("/acme/scim/v2/Users/2", AUTH).await), 200);
}

#[tokio::test]
async fn a_refusal_is_a_scim_error_with_the_id_of_its_header() {
    let server = Setup::default().serve(echo).await;
    for (path, headers, expected) in
        [("/acme/scim/v2//Users", AUTH, 400), ("/acme/scim/v2/Users", "", 401), ("/metrics", AUTH, 404)]
    {
        let reply = server.get(path, headers).await;
        assert_eq!(status(&reply), expected, "{path}");
        let id = header(&reply, "x-request-id").unwrap();
        assert!(
            reply.contains("api:messages:2.0:Error") && reply.contains(&format!("(request {id})")),
            "{reply}"
        );
    }
    let reply = server.ask("TRACE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await;
    assert_eq!((status(&reply), header(&reply, "allow")), (405, Some("GET, POST, PUT, PATCH, DELETE")));
}

#[tokio::test]
async fn a_path_is_read_strictly_before_it_chooses_an_integration() {
    let server = Setup::default().serve(echo).await;
    let reply = server.get("/%61cme/scim/v2/Users", AUTH).await;
    assert!(reply.ends_with("acme /Users"), "the gate is looked for in the plain path: {reply}");
    assert_eq!(status(&server.get("/acme/scim/v2/../../../other/scim/v2", "").await), 400, "and not 401");
}

#[tokio::test]
async fn whatever_is_wrong_with_a_credential_has_one_answer() {
    let server = Setup::default().serve(echo).await;
    let mut answers = std::collections::HashSet::new();
    for (path, headers) in [
        ("/acme/scim/v2/Users", ""),
        ("/acme/scim/v2/Users", "Authorization: Bearer token-of-acm\r\n"),
        ("/acme/scim/v2/Users", "Authorization: Bearer token-of-other\r\n"),
        ("/acme/scim/v2/Users", "Authorization: Bearer token-of-acme x\r\n"),
        ("/acme/scim/v2/Users", "Authorization: Bearer\r\n"),
        ("/acme/scim/v2/Users", "Authorization: Basic dTpw\r\n"),
        ("/acme/scim/v2/Users", "Authorization: Bearer token-of-acme\r\nAuthorization: Bearer x\r\n"),
        ("/acme/scim/v2/Users?access_token=token-of-acme", ""),
        ("/acme/scim/v2/Users?a=1&access_token=token-of-acme", AUTH),
        ("/nobody/scim/v2/Users", AUTH),
        ("/nobody/scim/v2/Users", ""),
    ] {
        let reply = server.get(path, headers).await;
        assert_eq!(header(&reply, "www-authenticate"), Some("Bearer"));
        let id = header(&reply, "x-request-id").unwrap().to_owned();
        let date = header(&reply, "date").unwrap().to_owned();
        answers.insert(reply.replace(&id, "").replace(&date, ""));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn an_unauthenticated_body_is_not_read() {
    let server = Setup::default().serve(echo).await;
    let head = "POST /acme/scim/v2/Users HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n";
    let reply = server.ask(head).await;
    assert_eq!(
        (status(&reply), header(&reply, "connection")),
        (401, Some("close")),
        "at once, with no 100 before it"
    );
}

#[tokio::test]
async fn failed_attempts_are_slowed_down_and_the_right_token_is_not() {
    let server = Setup::default().serve(echo).await;
    let wrong = "Authorization: Bearer guess\r\n";
    for _ in 0..20 {
        assert_eq!(status(&server.get("/acme/scim/v2/Users", wrong).await), 401);
    }
    let reply = server.get("/acme/scim/v2/Users", wrong).await;
    assert_eq!(status(&reply), 429);
    assert!((1..=7).contains(&header(&reply, "retry-after").unwrap().parse().unwrap()), "{reply}");
    assert_eq!(status(&server.get("/acme/scim/v2/Users", AUTH).await), 200);
}

#[tokio::test]
async fn the_rate_of_an_integration_is_its_own_and_strangers_do_not_use_it_up() {
    let server = Setup { rate: 2, ..Setup::default() }.serve(echo).await;
    for _ in 0..3 {
        assert_eq!(status(&server.get("/acme/scim/v2/Users", "").await), 401);
    }
    for _ in 0..2 {
        assert_eq!(status(&server.get("/acme/scim/v2/Users", AUTH).await), 200);
    }
    let reply = server.get("/acme/scim/v2/Users", AUTH).await;
    assert_eq!(
        (status(&reply), header(&reply, "retry-after")),
        (429, Some("1")),
        "also to clients that are not Okta"
    );
    let other = "Authorization: Bearer token-of-other\r\n";
    assert_eq!(status(&server.get("/other/scim/v2/Users", other).await), 200);
}

/// A handler that waits until it is let go, and counts those that wait.
async fn holding(setup: Setup) -> (Server, Arc<Notify>, Arc<AtomicUsize>) {
    let (go, held) = (Arc::new(Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (notify, count) = (Arc::clone(&go), Arc::clone(&held));
    let server = setup
        .serve(move |caller, request| {
            let (notify, held) = (Arc::clone(&notify), Held::new(&count));
            async move {
                notify.notified().await;
                drop(held);
                echo(caller, request).await
            }
        })
        .await;
    (server, go, held)
}

/// Counts itself for as long as it lives.
struct Held(Arc<AtomicUsize>);

impl Held {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

async fn until(count: &AtomicUsize, wanted: usize) {
    while count.load(SeqCst) != wanted {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_there_is_no_room_for_is_refused_at_once_and_reads_first() {
    let (server, go, held) = holding(Setup::stack(|stack| stack.in_flight = 5)).await;
    let mut waiting = Vec::new();
    for count in 1..=4 {
        let mut client = server.connect().await;
        client.send(format!("GET /acme/scim/v2/Users HTTP/1.1\r\nHost: a\r\n{AUTH}\r\n")).await;
        until(&held, count).await;
        waiting.push(client);
    }
    let reply = server.get("/acme/scim/v2/Users", AUTH).await;
    assert_eq!(
        (status(&reply), header(&reply, "retry-after")),
        (503, Some("15")),
        "one slot is left, not for reads"
    );
    let okta = format!("{AUTH}User-Agent: Okta SCIM Client 1.0.0\r\n");
    assert_eq!(status(&server.get("/acme/scim/v2/Users", &okta).await), 429);
    let mut revoke = server.connect().await;
    revoke.send(format!("DELETE /acme/scim/v2/Users/1 HTTP/1.1\r\nHost: a\r\n{AUTH}\r\n")).await;
    until(&held, 5).await;
    go.notify_waiters();
    assert_eq!(status(&revoke.reply().await), 200);
    until(&held, 0).await;
    go.notify_one();
    assert_eq!(status(&server.get("/acme/scim/v2/Users", AUTH).await), 200, "the slots were given back");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_dropped_and_answered() {
    let (server, _go, held) =
        holding(Setup::stack(|stack| (stack.deadline, stack.in_flight) = (Duration::from_millis(5), 1)))
            .await;
    for (agent, expected) in [("", 504), ("User-Agent: Okta\r\n", 429)] {
        let reply = server.get("/acme/scim/v2/Users", &format!("{AUTH}{agent}")).await;
        assert_eq!((status(&reply), header(&reply, "retry-after")), (expected, Some("60")));
        until(&held, 0).await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_takes_its_request_with_it() {
    let (server, _go, held) = holding(Setup::default()).await;
    let mut client = server.connect().await;
    client.send(format!("GET /acme/scim/v2/Users HTTP/1.1\r\nHost: a\r\n{AUTH}\r\n")).await;
    until(&held, 1).await;
    drop(client);
    until(&held, 0).await;
}

#[tokio::test]
async fn each_request_of_a_connection_authenticates_alone() {
    let server = Setup::default().serve(echo).await;
    let reply = server
        .ask(&format!(
            "GET /acme/scim/v2/Users HTTP/1.1\r\nHost: a\r\n{AUTH}\r\n\
             DELETE /acme/scim/v2/Users/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        ))
        .await;
    assert!(reply.starts_with("HTTP/1.1 200") && reply.contains("HTTP/1.1 401"), "{reply}");
}

#[tokio::test]
async fn only_hosts_that_are_ours_are_served() {
    let server = Setup::stack(|stack| stack.hosts = vec!["SCIM.example".into()]).serve(echo).await;
    for (host, expected) in
        [("scim.example", 200), ("scim.example:8443", 200), ("evil.example", 421), ("a b", 400)]
    {
        let request =
            format!("GET /acme/scim/v2 HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{AUTH}\r\n");
        assert_eq!(status(&server.ask(&request).await), expected, "{host}");
    }
}
