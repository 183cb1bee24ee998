//! `schema`: JSON Schema that takes what `check` takes, as far as a schema can tell, judged by Python's jsonschema.

use std::path::Path;
use std::process::{Command, Stdio};

use scim_bridge::config::{self, Secrets};
use scim_bridge::yaml::parse;

use super::program::run;

const JUDGE: &str = "
import json, sys
from jsonschema import Draft202012Validator
schema, documents = json.load(open('schema.json')), json.load(open('documents.json'))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
print(json.dumps([[error.message for error in validator.iter_errors(one)] for one in documents]))
";

/// What is wrong with each document; `None` without Python's jsonschema.
fn judged(of: &str, documents: &[String]) -> Option<Vec<Vec<String>>> {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(folder.path(), &["schema", of]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    let documents: Vec<_> =
        documents.iter().map(|yaml| parse(0, yaml).unwrap().to_value().to_json()).collect();
    std::fs::write(folder.path().join("schema.json"), ended.out).unwrap();
    std::fs::write(folder.path().join("documents.json"), format!("[{}]", documents.join(","))).unwrap();
    let mut python = Command::new("python3");
    let found = python.args(["-c", "import jsonschema"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        use std::io::Write as _;
        let _ = std::io::stderr().write_all(b"skipped: schema: python3 has no jsonschema\n");
        return None;
    }
    let output = Command::new("python3").args(["-c", JUDGE]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn a_full_bridge_yaml_is_valid_and_mistakes_are_not() {
    let full = r"
listen: 0.0.0.0:8443
public_url: https://scim.acme.example
tls: { certificate: certs/server.pem, key: certs/server-key.pem }
behind_proxy: false
admin: { listen: 127.0.0.1:9090 }
log: { format: json, level: info }
integrations:
  acme-ninjaone:
    path: /acme-ninjaone/scim/v2
    idp:
      dialect: auto
      partial_members_replace: true
      auth:
        - bearer: { env: ACME_NINJAONE_TOKEN }
        - bearer: { file: /run/secrets/token }
        - bearer: { sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 }
    mapping: ninjaone
    with: { organization: '17', technicians: [Helpdesk] }
    vendor:
      url: https://eu.vendor.example/scim/v2
      credential: { token: { file: /run/secrets/ninjaone } }
      account: ninjaone-acme
      limits: { rate: 10/s, burst: 20, in_flight: 4 }
      networks: [10.0.0.0/8]
      insecure: false
      tls: { ca: ca.pem }
    limits: { rate: 600/m, burst: 200 }
    state: full
";
    let without = |line: &str| full.replace(line, "");
    let instead = |from: &str, to: &str| full.replacen(from, to, 1);
    let documents = [
        full.to_owned(),
        instead("level: info", "levl: info"),
        without("public_url: https://scim.acme.example\n"),
        instead("burst: 200", "burst: many"),
        instead("burst: 200", "burst: 0"),
        instead("dialect: auto", "dialect: octa"),
        instead("rate: 10/s", "rate: fast"),
        instead("{ env: ACME_NINJAONE_TOKEN }", "a-token-in-its-place"),
        instead("{ env: ACME_NINJAONE_TOKEN }", "{ env: A, file: b }"),
        format!("{full}store: {{ key: {{ env: KEY }} }}\n"),
    ];
    let Some(found) = judged("bridge", &documents) else { return };
    assert!(found[0].is_empty(), "{:?}", found[0]);
    for (document, found) in documents.iter().zip(&found).skip(1) {
        assert!(!found.is_empty(), "{document}");
    }
}

#[test]
fn every_shipped_mapping_is_valid_and_mistakes_are_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|file| file.extension().is_some_and(|kind| kind == "yaml")).collect();
    // The schema has what is built, as `check` has: both refuse the same files, but for what no schema can say.
    let mut refused = Vec::new();
    let mut documents = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        match config::check(file, Secrets::Unread) {
            Err(report) if report.mistakes.iter().any(|one| one.message.ends_with("not supported yet")) => {
                refused.push(text);
            }
            _ => documents.push(text),
        }
    }
    assert!(documents.len() >= 9 && refused.len() < 5);
    // A file that stands on another says only what differs.
    documents.push("format: 1\nuse: ninjaone\ntables: { t: { rows: { a: b } } }\n".to_owned());
    let right = documents.len();
    for wrong in [
        "vendor: Acme\n",
        "format: 2\nvendor: Acme\n",
        "format: 1\n",
        "format: 1\nvendor: Acme\nuser: {}\n",
        "format: 1\nvendor: Acme\nusers: { rules: { drop: $.title } }\n",
        "format: 1\nvendor: Acme\nusers: { rules: [ { drop: $.title, wen: x } ] }\n",
        "format: 1\nvendor: Acme\ntables: { t: { match: exakt, rows: {} } }\n",
        "format: 1\nvendor: Acme\nprofile: { speak: entra }\n",
    ] {
        documents.push(wrong.to_owned());
    }
    documents.append(&mut refused);
    let Some(found) = judged("mapping", &documents) else { return };
    for (at, (document, found)) in documents.iter().zip(&found).enumerate() {
        assert_eq!(found.is_empty(), at < right, "{document}\n{found:?}");
    }
}
