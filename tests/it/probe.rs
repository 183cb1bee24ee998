//! `probe` in front of every simulated vendor: it finds what they do otherwise than the RFCs, prints it as a mapping that
//! loads, and leaves nothing behind that could be taken away. What it must find is `probe.json`: of every vendor all lines,
//! and of a knob that is turned those that it changes.

use std::collections::BTreeMap;

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

use crate::cli::program::{Ended, run};
use crate::peer::bridge::vendor;

type Found = BTreeMap<String, String>;

fn table() -> Value {
    serde_json::from_str(include_str!("probe.json")).unwrap()
}

/// What a vendor needs before it can be asked.
async fn started(kind: Vendor, knob: Option<(&str, &Value)>) -> Simulator {
    let simulator = vendor(kind).await;
    // Its time stands still, so that whoever waits for a limit waits for ever.
    for (name, off) in [("limits", json!(false)), ("rps", json!(0))] {
        if kind.knobs().iter().any(|knob| knob.name == name) {
            simulator.set_knob(name, off).unwrap();
        }
    }
    if let Some((name, value)) = knob {
        simulator.set_knob(name, value.clone()).unwrap();
    }
    simulator
}

/// Asks a vendor, which answers while the program runs.
async fn probe(
    simulator: &Simulator,
    row: &Value,
    more: &'static [&'static str],
) -> (Ended, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("vendor.token", &simulator.token());
    write("user.json", &row["user"].as_object().cloned().map_or(json!({}), Value::Object).to_string());
    let mapping = row["mapping"].as_str().unwrap_or("rfc");
    write(
        "bridge.yaml",
        &format!(
            "listen: 127.0.0.1:0\npublic_url: http://127.0.0.1:0\nintegrations:\n  acme:\n    mapping: {mapping}\n    idp: {{ auth: [ bearer: \
             {{ sha256: {} }} ] }}\n    vendor: {{ url: '{}', credential: {{ token: {{ file: vendor.token }} }} }}\n",
            "0".repeat(64),
            simulator.base_url()
        ),
    );
    let path = folder.path().to_owned();
    let ended = tokio::task::spawn_blocking(move || {
        let mut arguments = vec!["probe", "--integration", "acme"];
        arguments.extend(more);
        run(&path, &arguments)
    });
    (ended.await.unwrap(), folder)
}

const WRITE: &[&str] = &["--write", "--user", "user.json"];
const WRITE_JSON: &[&str] = &["--write", "--user", "user.json", "--json"];

/// The lines that were found, each of which rests on something.
fn found(ended: &Ended) -> Found {
    let out: Value =
        serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{} {}", ended.out, ended.err));
    let findings = out["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            assert!(!finding["evidence"].as_str().unwrap().is_empty(), "{finding}");
            (finding["path"].as_str().unwrap().to_owned(), finding["value"].as_str().unwrap().to_owned())
        })
        .collect()
}

fn expected(row: &Value) -> Found {
    serde_json::from_value(row["found"].clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_every_vendor_does_otherwise_is_found() {
    let table = table();
    let mut wrong = Vec::new();
    for kind in Vendor::ALL {
        let name = kind.name();
        let row = table.get(name).unwrap_or_else(|| panic!("{name} is not in the table"));
        let simulator = started(kind, None).await;
        let (ended, _folder) = probe(&simulator, row, WRITE_JSON).await;
        if let Some(why) = row["refused"].as_str() {
            assert!(
                ended.code == Some(1) && ended.err.contains(why) && ended.out.is_empty(),
                "{name}: {ended:?}"
            );
            continue;
        }
        assert_eq!(
            ended.code,
            Some(i32::try_from(row["code"].as_i64().unwrap_or(0)).unwrap()),
            "{name}: {}",
            ended.err
        );
        let found = found(&ended);
        let differs = |a: &Found, b: &Found| -> Vec<String> {
            a.iter()
                .filter(|(path, value)| b.get(*path) != Some(value))
                .map(|(path, value)| format!("{path}: {value}"))
                .collect()
        };
        let expected = expected(row);
        let (more, less) = (differs(&found, &expected), differs(&expected, &found));
        if !more.is_empty() || !less.is_empty() {
            wrong.push(format!(
                "{name}: found {more:?}, expected {less:?}\n{}",
                json!({ name: { "found": found } })
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_knob_changes_is_found() {
    let table = table();
    let mut turned = 0;
    for (name, row) in table.as_object().unwrap() {
        let kind = Vendor::from_name(name).unwrap();
        for turn in row["knobs"].as_array().into_iter().flatten() {
            let knob = (turn["knob"].as_str().unwrap(), &turn["value"]);
            let simulator = started(kind, Some(knob)).await;
            let (ended, _folder) = probe(&simulator, row, WRITE_JSON).await;
            let found = found(&ended);
            for (path, value) in expected(turn) {
                // "-": it is not there.
                let is = found.get(&path).map_or("-", String::as_str);
                assert_eq!(is, value, "{name} with {}={}: {path}", knob.0, knob.1);
            }
            turned += 1;
        }
    }
    assert!(turned >= 10, "{turned}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_loads_and_nothing_is_left_behind() {
    let table = table();
    for kind in Vendor::ALL {
        let (name, row) = (kind.name(), &table[kind.name()]);
        if row["refused"].is_string() {
            continue;
        }
        let simulator = started(kind, None).await;
        let (ended, folder) = probe(&simulator, row, WRITE).await;
        std::fs::write(folder.path().join("found.yaml"), &ended.out).unwrap();
        let checked = run(folder.path(), &["check", "found.yaml"]);
        assert_eq!(checked.code, Some(0), "{name}: {}\n{}", checked.err, ended.out);
        let lines =
            ended.out.lines().filter(|line| line.starts_with("  ") && !line.trim_end().ends_with(':'));
        assert!(lines.clone().all(|line| line.contains("  # ")), "{name}: {}", ended.out);
        // The token, and whoever was looked for, are nobody's business.
        assert!(!ended.out.contains(&simulator.token()) && !ended.out.contains("@example.com"), "{name}");
        let state = simulator.state();
        let left = |user: &&Value| {
            let user = user.get("scim").unwrap_or(user);
            user.to_string().contains("scim-bridge-probe") && user["active"] != json!(false)
        };
        let users = state["users"].as_array().cloned().unwrap_or_default();
        let left = users.iter().filter(left).count();
        assert_eq!(left, usize::try_from(row["left"].as_u64().unwrap_or(0)).unwrap(), "{name}: {state:#}");
        assert!(state["groups"].as_array().is_none_or(Vec::is_empty), "{name}: {state:#}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_leave_nothing_is_written() {
    let simulator = started(Vendor::Rfc, None).await;
    let (ended, folder) = probe(&simulator, &json!({}), &[]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(ended.out.contains("by reading alone"), "{}", ended.out);
    assert!(simulator.log().iter().all(|entry| entry.method == "GET"));
    for (arguments, code) in [
        (&["probe", "--integration", "acne"][..], 2),
        (&["probe", "--integration", "acme", "--user", "user.json"], 2),
        (&["probe", "--integration", "acme", "--write", "--user", "nowhere.json"], 2),
        (&["probe", "--config", "nowhere.yaml", "--integration", "acme"], 78),
    ] {
        let ended = run(folder.path(), arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(code), ""), "{arguments:?}: {}", ended.err);
    }
}
