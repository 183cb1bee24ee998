//! The program as a process: what its environment may not change, and how it ends while it is busy.

use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::process::{Pid, Signal, kill_process};
use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::peer::bridge::{Plan, TOKEN, vendor};
use crate::peer::client::Client;

const PATIENCE: Duration = Duration::from_secs(30);

/// A bridge in a process of its own.
struct Process {
    child: Child,
    addr: String,
    _folder: tempfile::TempDir,
}

impl Process {
    async fn start(simulator: &Simulator, proxy: &str) -> Self {
        let mut plan = Plan::new();
        plan.integration("acme", &simulator.base_url(), &simulator.token()).done();
        let folder = plan.write();
        let mut command = Command::new(env!("CARGO_BIN_EXE_scim-bridge"));
        command.args(["serve", "--config"]).arg(folder.path().join("bridge.yaml")).kill_on_drop(true);
        for name in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env(name, proxy);
        }
        let mut child =
            command.env_remove("NO_PROXY").env_remove("no_proxy").stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let addr = loop {
            let line = timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().expect("it serves");
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["message"] == "serving" {
                break event["listen"].as_str().unwrap().to_owned();
            }
        };
        // What it logs later must not block it.
        tokio::spawn(async move { while lines.next_line().await.is_ok_and(|line| line.is_some()) {} });
        Self { child, addr, _folder: folder }
    }

    fn client(&self) -> Client {
        Client::new(format!("http://{}/acme/scim/v2", self.addr), TOKEN)
    }

    fn terminate(&self) {
        let pid = Pid::from_raw(self.child.id().unwrap() as i32).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
    }
}

#[tokio::test]
async fn proxies_of_the_environment_get_no_token_to_see() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let simulator = vendor(Vendor::Rfc).await;
    let process = Process::start(&simulator, &format!("http://{}", proxy.local_addr().unwrap())).await;
    assert_eq!(process.client().get("/Users?count=1").await.status, 200);
    assert_eq!(simulator.log().len(), 1);
    assert!(futures_util::FutureExt::now_or_never(proxy.accept()).is_none(), "nobody came to the proxy");
}

#[tokio::test]
async fn a_stop_under_load_loses_no_request() {
    const EACH: usize = 12;
    let simulator = vendor(Vendor::Rfc).await;
    let mut process = Process::start(&simulator, "").await;
    simulator.fault(&json!({ "delay": "500ms" })).unwrap();
    let mut asked = tokio::task::JoinSet::new();
    for number in 0..EACH {
        let client = process.client();
        asked.spawn(async move {
            client.post("/Users", &json!({ "userName": format!("one-{number}@acme.example") })).await.status
        });
    }
    // The same on streams of one HTTP/2 connection.
    let socket = TcpStream::connect(&process.addr).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    let connection = tokio::spawn(connection);
    for number in 0..EACH {
        let body = json!({ "userName": format!("two-{number}@acme.example") }).to_string();
        let request = Request::post(format!("http://{}/acme/scim/v2/Users", process.addr))
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/scim+json")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let mut sender = sender.clone();
        asked.spawn(async move {
            let reply = sender.send_request(request).await.unwrap();
            let (head, body) = reply.into_parts();
            assert!(!body.collect().await.unwrap().to_bytes().is_empty());
            head.status.as_u16()
        });
    }
    drop(sender);
    while simulator.log().len() < 2 * EACH {
        tokio::task::yield_now().await;
    }
    process.terminate();
    let statuses = timeout(PATIENCE, asked.join_all()).await.unwrap();
    assert_eq!(statuses, vec![201; 2 * EACH]);
    connection.await.unwrap().unwrap();
    let end = timeout(PATIENCE, process.child.wait()).await.unwrap().unwrap();
    assert_eq!(end.code(), Some(0));
    assert!(TcpStream::connect(&process.addr).await.is_err());
    assert_eq!(simulator.state()["users"].as_array().unwrap().len(), 2 * EACH);
}

#[tokio::test]
async fn a_write_whose_client_left_is_finished_before_the_end() {
    let simulator = vendor(Vendor::Rfc).await;
    let mut process = Process::start(&simulator, "").await;
    let client = process.client();
    let user = client.post("/Users", &json!({ "userName": "ana@acme.example" })).await;
    let path = format!("/Users/{}", user.body["id"].as_str().unwrap());
    simulator.clear_log();
    simulator.fault(&json!({ "match": { "method": "GET" }, "delay": "300ms" })).unwrap();
    let leaves = tokio::spawn(async move {
        client.put(&path, &json!({ "userName": "ana@acme.example", "active": false })).await
    });
    while simulator.log().is_empty() {
        tokio::task::yield_now().await;
    }
    leaves.abort();
    process.terminate();
    let end = timeout(PATIENCE, process.child.wait()).await.unwrap().unwrap();
    assert_eq!(end.code(), Some(0));
    assert_eq!(
        simulator.state()["users"][0]["active"],
        json!(false),
        "the revoke was begun and is carried out"
    );
}
