//! Hostile and clumsy requests, byte by byte through the socket: what each is answered, and that the vendor hears of none
//! that is not sound.
//!
//! `tests/bad/*.jsonl` holds a case a line: a request (`method`, `path`, `headers` besides the usual ones, with
//! `null` for none, `body`) or its bytes (`raw`); the statuses that are right; the `scimType`; and with `vendor: true` that
//! the vendor may be asked. `runs` are texts and how often each is repeated, `in` says where they go.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};

use crate::peer::bridge::{Bridge, Plan, TOKEN, vendor};

/// A case by its name, and what is right for it here.
type Exception = (&'static str, &'static [u16], Option<&'static str>, bool, &'static str);

/// What is answered otherwise than a reader of the RFCs alone would: the statuses, the `scimType`, whether the vendor is
/// asked, and why.
const ON_PURPOSE: &[Exception] = &[
    (
        "path-metadata-ip-id",
        &[404],
        None,
        true,
        "an id is a segment of the vendor's own URL, whatever it looks like",
    ),
    ("patch-unknown-user", &[404], None, true, "which users there are, the vendor knows"),
    (
        "patch-no-schemas",
        &[200],
        None,
        true,
        "the endpoint says what the body is; real clients leave `schemas` out",
    ),
    (
        "patch-path-nul",
        &[400],
        Some("invalidValue"),
        false,
        "NUL is refused wherever it stands, before paths are read",
    ),
    ("filter-unquoted", &[200], None, true, "`auto`: some clients leave the quotes out"),
    (
        "filter-single-quote",
        &[200],
        None,
        true,
        "`auto`: a text without quotes, whose first character is one",
    ),
    ("filter-number-overflow", &[200, 400], None, true, "numbers are kept digit by digit, however large"),
    ("filter-or-chain-5000", &[431], None, false, "a head of more than 32 KiB is not read to its end"),
    (
        "group-patch-remove-bad-filter",
        &[400],
        Some("invalidPath"),
        false,
        "of a path, all parts are the path",
    ),
];

/// What HTTP itself refuses, before there is a request: with no body.
const NOT_HTTP: [u16; 3] = [400, 414, 431];

struct Case {
    name: String,
    wire: Vec<u8>,
    status: Vec<u16>,
    scim_type: Option<String>,
    vendor: bool,
    replies: usize,
}

/// Plays a file of cases against a bridge of its own.
async fn play(file: &str, dialect: &str) {
    let simulator = vendor(Vendor::Rfc).await;
    let mut plan = Plan::new();
    plan.integration("acme", &simulator.base_url(), &simulator.token())
        .dialect(dialect)
        .more("    path: /scim/v2\n")
        .done();
    let bridge = plan.start().await;
    let known = seed(&bridge).await;
    let text = std::fs::read_to_string(format!("tests/bad/{file}.jsonl")).unwrap();
    let mut wrong = String::new();
    for (number, line) in text.lines().enumerate() {
        let case = Case::read(&known.fill(line, number), dialect);
        if let Err(why) = case.play(&bridge, &simulator).await {
            let _ = writeln!(wrong, "{}: {why}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(text.lines().count() > 5, "{file} holds cases");
    let answer = reply(&bridge, &request("GET", "/scim/v2/Users?count=1", &bridge), 1).await;
    assert_eq!(statuses(&answer), [200], "the bridge is as well as before");
    bridge.stop().await;
}

/// What is put into the cases.
struct Known {
    host: String,
    user: String,
    group: String,
}

impl Known {
    fn fill(&self, line: &str, number: usize) -> Value {
        let upper = TOKEN.to_uppercase();
        let short = &TOKEN[..TOKEN.len() - 1];
        let digest = "cf3d".repeat(16);
        let pairs = [
            ("${TOKEN:0:-1}", short),
            ("${TOKEN^^}", &upper),
            ("${TOKEN_SHA256}", &digest),
            ("${TOKEN}", TOKEN),
            ("${HOST}", &self.host),
            ("${USER_ID}", &self.user),
            ("${GROUP_ID}", &self.group),
        ];
        let own = pairs.iter().fold(line.to_owned(), |line, (name, text)| line.replace(name, text));
        // Names of its own, so that no case gets the 409 of another.
        let own = own.replace("bad.input@", &format!("bad.input.{number}@"));
        let own = own.replace("bad-input-group", &format!("bad-input-group-{number}"));
        let mut case: Value = serde_json::from_str(&own).unwrap();
        case["host"] = self.host.as_str().into();
        case
    }
}

async fn seed(bridge: &Bridge) -> Known {
    let client = crate::peer::client::Client::new(format!("http://{}/scim/v2", bridge.addr()), TOKEN);
    // The strict dialect wants them.
    let schemas = |name: &str| [format!("urn:ietf:params:scim:schemas:core:2.0:{name}")];
    let user = json!({ "schemas": schemas("User"), "userName": "seed@example.test" });
    let user = client.post("/Users", &user).await;
    let group = client.post("/Groups", &json!({ "schemas": schemas("Group"), "displayName": "seed" })).await;
    let id = |answer: &Value| answer["id"].as_str().unwrap().to_owned();
    Known { host: bridge.addr().to_string(), user: id(&user.body), group: id(&group.body) }
}

impl Case {
    fn read(case: &Value, dialect: &str) -> Self {
        let text = |name: &str| case[name].as_str().map(str::to_owned);
        let name = text("name").unwrap();
        let given: Vec<u16> = serde_json::from_value(case["status"].clone()).unwrap();
        let (mut status, mut scim_type) = (given, text("scimType"));
        let mut vendor = case["vendor"] == true;
        let tolerates = dialect == "auto";
        let mut rows = ON_PURPOSE.iter().filter(|row| tolerates || !row.4.starts_with("`auto`"));
        if let Some((_, right, word, asked, _)) = rows.find(|row| row.0 == name) {
            (status, scim_type, vendor) = (right.to_vec(), word.map(str::to_owned), *asked);
        }
        let replies = case["replies"].as_u64().unwrap_or(1) as usize;
        Self { name, wire: wire(case), status, scim_type, vendor, replies }
    }

    async fn play(&self, bridge: &Bridge, simulator: &Simulator) -> Result<(), String> {
        let before = simulator.log().len();
        let answer = reply(bridge, &self.wire, self.replies).await;
        let calls = simulator.log().len() - before;
        let found = statuses(&answer);
        let shown: String = answer.chars().take(600).collect();
        let found = if found.is_empty() { vec![0] } else { found };
        if !found.iter().all(|status| self.status.contains(status)) {
            return Err(format!("{found:?} is none of {:?}\n{shown}", self.status));
        }
        if !self.vendor && calls > 0 {
            return Err("the vendor was asked".to_owned());
        }
        for secret in [TOKEN, "CANARY-", "panicked", "RUST_BACKTRACE"] {
            if answer.contains(secret) {
                return Err(format!("{secret} is in the answer"));
            }
        }
        if found[0] < 400 {
            return Ok(());
        }
        let Some((_, body)) = answer.split_once("\r\n\r\n").filter(|(_, body)| !body.is_empty()) else {
            return if NOT_HTTP.contains(&found[0]) { Ok(()) } else { Err("there is no body".to_owned()) };
        };
        let body: Value = serde_json::from_str(body).map_err(|error| format!("{error}\n{shown}"))?;
        if body["schemas"] != json!(["urn:ietf:params:scim:api:messages:2.0:Error"])
            || body["status"].as_str() != Some(&found[0].to_string())
        {
            return Err(format!("this is no SCIM error: {body}"));
        }
        if answer.contains("169.254.169.254") || answer.len() > 1024 {
            return Err(format!("the request is repeated in the answer: {body}"));
        }
        match &self.scim_type {
            Some(word) if body["scimType"] != **word => Err(format!("scimType is not {word}: {body}")),
            _ => Ok(()),
        }
    }
}

/// The bytes of a case.
fn wire(case: &Value) -> Vec<u8> {
    let binary = |name: &str| case[name].as_str().map(|text| STANDARD.decode(text).unwrap());
    if let Some(raw) = case["raw"].as_str() {
        return repeated(raw).into_bytes();
    }
    if let Some(raw) = binary("raw_base64") {
        return raw;
    }
    let mut runs = String::new();
    for run in case["runs"].as_array().into_iter().flatten() {
        let (text, count) = (run[0].as_str().unwrap(), run[1].as_u64().unwrap());
        if !text.contains("${i}") {
            runs.push_str(&text.repeat(count as usize));
            continue;
        }
        for number in 0..count {
            runs.push_str(&text.replace("${i}", &number.to_string()));
        }
    }
    let place = case["in"].as_str().unwrap_or_default();
    let runs_in = |name: &str| if place == name { runs.as_str() } else { "" };
    let body = match binary("body_base64") {
        Some(bytes) => bytes,
        None => {
            [repeated(case["body"].as_str().unwrap_or_default()), runs_in("body").to_owned()].concat().into()
        }
    };
    let method = case["method"].as_str().unwrap();
    let writes = matches!(method, "POST" | "PUT" | "PATCH") || !body.is_empty();
    let mut head =
        format!("{method} {}{} HTTP/1.1\r\n", repeated(case["path"].as_str().unwrap()), runs_in("path"));
    let given = case["headers"].as_object();
    let is_given = |name: &str| given.is_some_and(|given| given.contains_key(name));
    let (host, token) = (case["host"].as_str().unwrap(), format!("Bearer {TOKEN}"));
    let media_type = if writes { Some("application/scim+json") } else { None };
    let usual = [("Host", Some(host)), ("Authorization", Some(&*token)), ("Content-Type", media_type)];
    for (name, value) in usual {
        if let Some(value) = value.filter(|_| !is_given(name)) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    let mut chunked = false;
    for (name, value) in given.into_iter().flatten() {
        if let Some(value) = value.as_str() {
            chunked |= name.eq_ignore_ascii_case("transfer-encoding");
            let _ = write!(head, "{name}: {}\r\n", repeated(value));
        }
    }
    head.push_str(runs_in("headers"));
    if writes && !chunked {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("Connection: close\r\n\r\n");
    let mut bytes = head.into_bytes();
    if chunked {
        bytes.extend(format!("{:x}\r\n", body.len()).bytes());
        bytes.extend(&body);
        bytes.extend(b"\r\n0\r\n\r\n");
    } else {
        bytes.extend(&body);
    }
    bytes
}

/// `${x*3}` is `xxx`.
fn repeated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((run, after)) = after.split_once('}') else { break };
        let Some((unit, count)) = run.split_once('*') else { break };
        out.push_str(before);
        out.push_str(&unit.repeat(count.parse().unwrap()));
        rest = after;
    }
    out + rest
}

fn request(method: &str, path: &str, bridge: &Bridge) -> Vec<u8> {
    wire(&json!({ "method": method, "path": path, "host": bridge.addr().to_string() }))
}

/// What comes back, up to so many whole replies or the end of the connection.
async fn reply(bridge: &Bridge, wire: &[u8], replies: usize) -> String {
    let (mut reader, mut writer) = TcpStream::connect(bridge.addr()).await.unwrap().into_split();
    let mut bytes = Vec::new();
    let talk = async {
        let send = async {
            // The bridge may hang up before it has everything.
            let _ = writer.write_all(wire).await;
            std::future::pending::<()>().await;
        };
        let receive =
            async { while whole(&bytes) < replies && reader.read_buf(&mut bytes).await.unwrap_or(0) > 0 {} };
        tokio::select! { () = send => {}, () = receive => {} }
    };
    assert!(timeout(Duration::from_secs(20), talk).await.is_ok(), "no answer, and still open");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// How many replies are there as a whole.
fn whole(mut bytes: &[u8]) -> usize {
    let mut count = 0;
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        let Some(rest) = bytes.get(end + 4 + length..) else { break };
        (bytes, count) = (rest, count + 1);
    }
    count
}

fn statuses(answer: &str) -> Vec<u16> {
    answer.split("HTTP/1.1 ").skip(1).filter_map(|reply| reply.get(..3)?.parse().ok()).collect()
}

#[tokio::test]
async fn a_strict_dialect_tolerates_no_filter() {
    play("filters", "rfc").await;
}

macro_rules! files {
    ($($name:ident)*) => {$(
        #[tokio::test]
        async fn $name() {
            play(stringify!($name), "auto").await;
        }
    )*};
}

files!(authentication controls filters framing groups headers json patches queries targets users);
