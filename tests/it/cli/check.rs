//! `check`: every mistake at once, where it stands, with what to do about it.

use std::path::Path;

use super::program::{is_as_recorded, run, stable};

/// Eight mistakes, no two of a kind: six here, two in the mapping.
const BRIDGE: &str = r"listen: 0.0.0.0:8443
log: { levl: debug }
integrations:
  acme:
    idp:
      dialect: octa
      auth:
        - bearer: { file: idp.token }
    mapping: ./acme.yaml
    limits: { burst: many }
    vendor:
      url: https://vendor.example/scim/v2
      credential:
        token: { file: vendor.token }
";

const MAPPING: &str = r"format: 1
vendor: Acme
users:
  rules:
    - move: [$.nikName, $.displayName]
    - set: $.title
      value: Engineer
    - set: $.title
      value: Dr
";

fn eight() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("bridge.yaml", BRIDGE);
    write("acme.yaml", MAPPING);
    write("idp.token", "a-token-that-is-long-enough\n");
    folder
}

#[test]
fn eight_mistakes_are_shown_at_once() {
    let folder = eight();
    let ended = run(folder.path(), &["check"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(78), ""));
    assert!(ended.err.ends_with("8 mistakes\n"), "{}", ended.err);
    is_as_recorded("check_eight_mistakes", &stable(&ended.err, folder.path()));
}

#[test]
fn a_program_reads_the_same_eight() {
    let folder = eight();
    let ended = run(folder.path(), &["check", "--json"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(78), ""));
    let read: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let shown = run(folder.path(), &["check"]).err;
    let mistakes = read["mistakes"].as_array().unwrap();
    assert_eq!(mistakes.len(), 8);
    for mistake in mistakes {
        let text = |name: &str| mistake[name].as_str().unwrap().to_owned();
        let place = format!("--> {}:{}:{}\n", text("file"), mistake["line"], mistake["column"]);
        assert!(shown.contains(&format!("error: {}\n", text("message"))), "{mistake}");
        assert!(shown.contains(&place) && shown.contains(&format!("hint: {}\n", text("hint"))), "{mistake}");
    }
}

#[test]
fn serve_and_explain_refuse_the_same() {
    let folder = eight();
    let shown = run(folder.path(), &["check"]).err;
    let ended = run(folder.path(), &["serve"]);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(78), "", shown.as_str()));
    // `explain` reads no secrets, and so does not miss one.
    let ended = run(folder.path(), &["explain", "--integration", "acme", "-"]);
    assert_eq!(ended.code, Some(78));
    assert!(ended.err.ends_with("7 mistakes\n"), "{}", ended.err);
    let ended = run(folder.path(), &["check", "--without-secrets"]);
    assert!(ended.code == Some(78) && ended.err.ends_with("7 mistakes\n"), "{}", ended.err);
}

/// A right file but for what a test puts in the place of some lines.
fn yaml(replaced: &[(&str, &str)]) -> String {
    let mut yaml = r"listen: 127.0.0.1:0
public_url: http://127.0.0.1:8080
admin: { listen: 127.0.0.1:0 }
integrations:
  acme:
    idp: { auth: [ bearer: { file: idp.token } ] }
    mapping: ninjaone
    with: { organization: '17' }
    vendor: { url: https://vendor.example/scim/v2, credential: { token: { file: idp.token } } }
"
    .to_owned();
    for (from, to) in replaced {
        assert!(yaml.contains(from), "{from}");
        yaml = yaml.replacen(from, to, 1);
    }
    yaml
}

fn folder_with(bridge: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bridge.yaml"), bridge).unwrap();
    std::fs::write(folder.path().join("idp.token"), "a-token-that-is-long-enough\n").unwrap();
    folder
}

/// Checks that a file has one mistake, with a place, a line and a hint, and gives how it is shown.
#[track_caller]
fn refused(folder: &Path, says: &str) -> String {
    let ended = run(folder, &["check"]);
    assert_eq!(ended.code, Some(78), "{says}: {}{}", ended.out, ended.err);
    let shown = ended.err;
    assert!(shown.contains(says) && shown.ends_with("\n1 mistake\n"), "{says}:\n{shown}");
    assert!(shown.contains(" --> ") && shown.contains(" | ") && shown.contains("  hint: "), "{shown}");
    shown
}

#[test]
fn what_is_right_says_what_it_means() {
    let folder = folder_with(&yaml(&[]));
    let ended = run(folder.path(), &["check"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    is_as_recorded("check_right", &ended.out);
    let ended = run(folder.path(), &["check", "--json"]);
    let read: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((ended.code, &read["mistakes"]), (Some(0), &serde_json::json!([])));
    let [mapping] = read["mappings"].as_array().unwrap().as_slice() else { panic!("{read}") };
    assert_eq!((&mapping["integration"], &mapping["vendor"]), (&"acme".into(), &"NinjaOne".into()));
    assert_eq!(mapping["assumed"].as_array().map(Vec::len), Some(7), "{mapping}");
    assert!(mapping["tests"].as_u64() > Some(0), "{mapping}");
    let ended = run(folder.path(), &["check", "-v"]);
    assert!(ended.out.contains("\n    recompute urn:…:enterprise:2.0:User:department\n"), "{}", ended.out);
    for mapping in ["rfc", "okta-only"] {
        let folder = folder_with(&yaml(&[("ninjaone", mapping), ("    with: { organization: '17' }\n", "")]));
        let ended = run(folder.path(), &["check"]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
}

#[test]
fn the_shipped_mappings_are_right() {
    let mappings = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let right = ["ninjaone.yaml", "okta-only.yaml", "rfc.yaml", "knowbe4.yaml", "slack.yaml"];
    let ended = run(&mappings, &[&["check"][..], &right].concat());
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    assert_eq!(ended.out.matches("no mistakes").count(), 5, "{}", ended.out);
    assert_eq!(ended.out.matches(" passed\n").count(), 5, "{}", ended.out);
    assert!(
        ended.out.contains("\n  7 things assumed, not documented by the vendor:\n    PATCH takes"),
        "{}",
        ended.out
    );
    // What a vendor needs and the bridge does not have yet is refused where it is written.
    let ended = run(&mappings, &["check", "zoom.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(78), ""));
    let says = "error: `oauth2_client_credentials` is not supported yet\n   --> zoom.yaml:";
    assert!(ended.err.contains(says) && ended.err.ends_with("\n1 mistake\n"), "{}", ended.err);
}

#[test]
fn each_mistake_in_bridge_yaml_is_refused_where_it_stands() {
    let bearer = "bearer: { file: idp.token }";
    let credential = "credential: { token: { file: idp.token } }";
    let mut whole = String::new();
    for (from, to, says) in [
        ("127.0.0.1:0\npublic", "localhost\npublic", "expected an address and port"),
        ("http://127.0.0.1:8080", "scim.acme.example", "expected a URL"),
        ("  acme:", "  Acme:", "`Acme` cannot be the name of an integration"),
        (bearer, "bearer: { sha256: abc }", "expected 64 hex digits"),
        (
            "    with:",
            "    allow: { email_domains: ['@acme.example'] }\n    with:",
            "expected a domain such as",
        ),
        (bearer, "bearer: { env: NOT_SET_ANYWHERE }", "`NOT_SET_ANYWHERE` is not set"),
        (bearer, "bearer: { file: nowhere }", "there is no file"),
        (bearer, "", "without a token, nobody could call"),
        ("mapping: ninjaone", "mapping: ninjone", "there is no mapping `ninjone`"),
        ("mapping: ninjaone", "mapping: ./ninjaone.yaml", "there is no file"),
        ("organization:", "organisation:", "the mapping has no parameter `organisation`"),
        ("organization: '17'", "technicians: Helpdesk", "the parameter `technicians` must be a list"),
        ("https://vendor", "http://vendor", "a token must not travel in plain text"),
        ("https://vendor", "https://me:secret@vendor", "credentials do not belong into a URL"),
        ("    vendor: {", "    limits: { burst: 0 }\n    vendor: {", "expected a whole number from 1"),
        (
            credential,
            "limits: { burst: 5 }, credential: { token: { file: idp.token } }",
            "`burst` has no meaning",
        ),
        (
            credential,
            "networks: [ten], credential: { token: { file: idp.token } }",
            "expected a network such as",
        ),
        (
            credential,
            "tls: { ca: idp.token }, credential: { token: { file: idp.token } }",
            "there is no certificate in",
        ),
        ("admin: { listen: 127.0.0.1:0 }", "admin: { listen: }", "expected text"),
    ] {
        let folder = folder_with(&yaml(&[(from, to)]));
        let shown = run(folder.path(), &["check"]).err;
        assert!(shown.contains(says), "{says}:\n{shown}");
        if says != "expected text" {
            refused(folder.path(), says);
        }
        assert!(!shown.contains("secret@"), "{shown}");
        whole.push_str(&stable(&shown, folder.path()));
    }
    is_as_recorded("refused_bridge", &whole);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_shown_again() {
    for (from, to) in [
        ("bearer: { file: idp.token }", "bearer: hunter2-hunter2-hunter2"),
        ("bearer: { file: idp.token }", "bearer: { sha256: hunter2-hunter2-hunter2 }"),
        ("token: { file: idp.token }", "token: hunter2-hunter2-hunter2"),
    ] {
        let folder = folder_with(&yaml(&[(from, to)]));
        assert!(!refused(folder.path(), "expected").contains("hunter2"));
    }
    let folder = folder_with(&yaml(&[]));
    std::fs::write(folder.path().join("idp.token"), "Bearer hunter2-hunter2").unwrap();
    let shown = run(folder.path(), &["check"]).err;
    assert!(shown.contains("the token alone, without `Bearer`") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn what_is_not_built_yet_is_refused_by_name() {
    let bearer = "bearer: { file: idp.token }";
    for (from, to, name) in [
        ("admin: { listen: 127.0.0.1:0 }", "admin: { listen: 127.0.0.1:0, token: { env: X } }", "token"),
        (bearer, "jwt: { issuer: x }", "jwt"),
        (bearer, "basic: { user: okta }", "basic"),
        (bearer, "header: { name: x-api-key }", "header"),
        ("    with:", "    guard: { removals: 20% }\n    with:", "guard"),
        ("    with:", "    allow: { networks: [] }\n    with:", "networks"),
        ("{ token: {", "{ expires: 2027-05-01, token: {", "expires"),
        ("{ token: {", "{ warn: [30d], token: {", "warn"),
        ("{ token: {", "{ oauth2: { scope: x }, token: {", "oauth2"),
        ("{ token: {", "{ renew: { token: $.token }, token: {", "renew"),
        ("{ token: {", "{ command: [print-token], token: {", "command"),
    ] {
        let folder = folder_with(&yaml(&[(from, to)]));
        refused(folder.path(), &format!("`{name}` is not supported yet"));
    }
}

#[test]
fn integrations_and_addresses_that_are_in_each_others_way_are_refused() {
    let second = |path: &str| {
        let one = yaml(&[]);
        let (_, acme) = one.split_once("  acme:\n").unwrap();
        format!("{one}  other:\n    path: {path}\n{acme}")
    };
    refused(folder_with(&second("/acme/scim/v2")).path(), "`acme` has the same path /acme/scim/v2");
    refused(folder_with(&second("/acme/scim/v2/")).path(), "`acme` has the same path /acme/scim/v2");
    refused(folder_with(&second("/acme")).path(), "is within the other");
    refused(folder_with(&second("/acme/scim/v2/Users")).path(), "is within the other");
    assert_eq!(run(folder_with(&second("/acme/scim/v3")).path(), &["check"]).code, Some(0));
    for admin in ["127.0.0.1:8080", "0.0.0.0:8080"] {
        let bridge = yaml(&[("127.0.0.1:0", "127.0.0.1:8080"), ("127.0.0.1:0", admin)]);
        refused(folder_with(&bridge).path(), "identity providers are served at this address already");
    }
    refused(folder_with(&yaml(&[("127.0.0.1:0", "0.0.0.0:8080")])).path(), "only a loopback address");
    let behind = yaml(&[("127.0.0.1:0", "0.0.0.0:8080"), ("admin:", "behind_proxy: true\nadmin:")]);
    assert_eq!(run(folder_with(&behind).path(), &["check"]).code, Some(0));
}

#[test]
fn a_mapping_is_found_beside_then_among_the_shipped() {
    let own = "format: 1\nvendor: Own\n";
    let folder = folder_with(&yaml(&[("    with: { organization: '17' }\n", "")]));
    let vendor = || run(folder.path(), &["check"]).out.lines().nth(1).unwrap().to_owned();
    assert!(vendor().ends_with(": NinjaOne"), "{}", vendor());
    std::fs::create_dir(folder.path().join("mappings")).unwrap();
    std::fs::write(folder.path().join("mappings/ninjaone.yaml"), own).unwrap();
    assert!(vendor().ends_with(": Own"), "{}", vendor());
    // On top of a shipped one: its own table in the place of the other's, and its rules after the other's.
    let top = "format: 1\nuse: okta-only\nvendor: Top\nusers: { rules: [ drop: $.displayName ] }\n";
    std::fs::write(folder.path().join("mappings/ninjaone.yaml"), top).unwrap();
    assert!(vendor().ends_with(": Top"), "{}", vendor());
    std::fs::write(folder.path().join("mappings/ninjaone.yaml"), "use: nowhere\nformat: 1\n").unwrap();
    refused(folder.path(), "there is no mapping `nowhere`");
    // Of its own name, it can only mean the shipped one.
    std::fs::write(folder.path().join("mappings/ninjaone.yaml"), "use: ninjaone\nformat: 1\n").unwrap();
    assert!(vendor().ends_with(": NinjaOne"), "{}", vendor());
    // A path is relative to the file that names it, whoever asks for that.
    std::fs::write(folder.path().join("mappings/ninjaone.yaml"), "use: ./base.yaml\nformat: 1\n").unwrap();
    std::fs::write(
        folder.path().join("mappings/base.yaml"),
        "use: ./ninjaone.yaml\nformat: 1\nvendor: Base\n",
    )
    .unwrap();
    refused(folder.path(), "mappings cannot use each other");
    std::fs::write(folder.path().join("mappings/base.yaml"), "format: 1\nvendor: Base\n").unwrap();
    assert!(vendor().ends_with(": Base"), "{}", vendor());
    assert_eq!(run(folder.path(), &["check", "mappings/ninjaone.yaml"]).code, Some(0));
    std::fs::write(folder.path().join("mappings/ninjaone.yaml"), "use: base\nformat: 1\n").unwrap();
    assert_eq!(run(folder.path(), &["check", "bridge.yaml", "mappings/ninjaone.yaml"]).code, Some(0));
}

#[test]
fn without_memory_nothing_can_be_echoed() {
    let folder = folder_with(&yaml(&[
        ("mapping: ninjaone", "mapping: ./acme.yaml\n    state: none"),
        ("    with: { organization: '17' }\n", ""),
    ]));
    let rules = "format: 1\nvendor: Acme\nusers: { rules: [ { drop: $.title, back: echo } ] }\n";
    std::fs::write(folder.path().join("acme.yaml"), rules).unwrap();
    refused(folder.path(), "`back: echo` needs memory");
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["check"][..], &["serve"], &["explain", "--integration", "x", "-"]] {
        let ended = run(folder.path(), arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(78), ""));
        assert!(
            ended.err.starts_with("error: there is no such file\n  --> bridge.yaml\n  hint: "),
            "{}",
            ended.err
        );
    }
    std::fs::write(folder.path().join("m.yaml"), "format: 1\nvendor: Acme\n").unwrap();
    let ended = run(folder.path(), &["serve", "--config", "m.yaml"]);
    assert_eq!(ended.code, Some(78));
    assert!(ended.err.contains("this is a mapping, and not the configuration of a bridge"), "{}", ended.err);
}
