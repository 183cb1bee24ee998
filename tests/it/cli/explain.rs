//! `explain`: one request, hop by hop.

use std::path::Path;

use super::program::{Ended, is_as_recorded, run_with, stable};

const CREATE: &str = r#"POST /Users
User-Agent: Okta SCIM Client 1.0.0
Content-Type: application/scim+json

{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"bo@acme.example","active":"True","password":"Sw0rdfish!",
 "emails":[{"value":"bo@acme.example","type":"work","primary":true}],"phoneNumbers":[{"value":"+351 900 000 000"}],
 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Retail - Lisbon"}}
"#;

const MOVE: &str = r#"PATCH http://127.0.0.1:8080/acme/scim/v2/Users/7 HTTP/1.1

{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace",
 "path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Logistics"}]}
"#;

const STATE: &str = r#"{"id":"7","userName":"bo@acme.example","emails":[{"value":"bo@acme.example"}],
 "urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User":{"userType":"endUser","organizationId":"All"}}"#;

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The secrets are not there: they are not needed to explain.
    let yaml = r"listen: 127.0.0.1:8080
public_url: http://127.0.0.1:8080
integrations:
  acme:
    idp: { auth: [ bearer: { env: NOT_SET_ANYWHERE } ] }
    mapping: ninjaone
    vendor: { url: https://vendor.example/scim/v2, credential: { token: { file: nowhere } } }
";
    std::fs::write(folder.path().join("bridge.yaml"), yaml).unwrap();
    std::fs::write(folder.path().join("state.json"), STATE).unwrap();
    folder
}

fn explained(folder: &Path, request: &str, more: &[&str]) -> Ended {
    let arguments: Vec<_> =
        ["explain", "--integration", "acme"].into_iter().chain(more.iter().copied()).collect();
    run_with(folder, &[&arguments[..], &["-"]].concat(), request)
}

#[test]
fn a_request_is_told_hop_by_hop() {
    let folder = folder();
    let mut all = String::new();
    for (request, more) in [
        (CREATE, &[][..]),
        (MOVE, &["--state", "state.json"]),
        ("GET /Users?filter=userName eq \"bo@acme.example\" and active eq true", &[]),
        ("DELETE /acme/scim/v2/Users/7", &[]),
        ("GET /ServiceProviderConfig", &[]),
    ] {
        let ended = explained(folder.path(), request, more);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
        all.push_str(&ended.out);
        all.push('\n');
    }
    assert!(!all.contains("Sw0rdfish"), "{all}");
    is_as_recorded("explain", &stable(&all, folder.path()));
}

#[test]
fn a_file_and_json_are_read_too() {
    let folder = folder();
    std::fs::write(folder.path().join("request.http"), CREATE).unwrap();
    let from_file = super::program::run(folder.path(), &["explain", "--integration", "acme", "request.http"]);
    assert_eq!(from_file.out, explained(folder.path(), CREATE, &[]).out);
    let json =
        r#"{"method":"post","path":"/Users","headers":{"User-Agent":"Okta"},"body":{"userName":"bo"}}"#;
    let ended = explained(folder.path(), json, &[]);
    assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
}

#[test]
fn what_would_be_refused_says_why() {
    let folder = folder();
    for (request, answer) in [
        ("POST /Users\n\n{}", "answer  400 invalidValue: userName is required"),
        ("POST /Users\n\n{\"a\":", "answer  400 invalidSyntax: the body ends"),
        ("GET /Users?filter=userName", "answer  400 invalidFilter: "),
        (MOVE, "answer  404: there is no such resource"),
    ] {
        let ended = explained(folder.path(), request, &[]);
        assert_eq!(ended.code, Some(1), "{request}");
        assert!(ended.out.contains(answer) && ended.out.ends_with("Nothing was sent.\n"), "{}", ended.out);
    }
    assert!(explained(folder.path(), MOVE, &[]).err.contains("--state FILE"));
}

#[test]
fn each_wrong_use_says_what_is_right() {
    let folder = folder();
    for (request, says) in [
        ("", "the first line is not `METHOD /path`"),
        ("/Users", "the first line is not `METHOD /path`"),
        ("BREW /Users", "`BREW` is not a method that SCIM has"),
        ("GET /Users\nnonsense\n", "a header is not `Name: value`"),
        ("{\"method\":\"GET\"}", "there is no `path`"),
        ("{", "it is not JSON"),
        ("DELETE /Users", "/Users takes GET, POST, and not DELETE"),
        ("GET /Userz", "there is nothing at /Userz"),
        ("GET /Bulk", "/Bulk is not offered"),
    ] {
        let ended = explained(folder.path(), request, &[]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{request}");
        assert!(ended.err.contains(says), "{request}: {}", ended.err);
    }
    std::fs::write(folder.path().join("bad.json"), "nothing").unwrap();
    let ended = explained(folder.path(), MOVE, &["--state", "bad.json"]);
    assert!(
        ended.code == Some(1) && ended.err.contains("the state in bad.json cannot be read"),
        "{}",
        ended.err
    );
    let ended = run_with(folder.path(), &["explain", "--integration", "acne", "-"], MOVE);
    assert_eq!(ended.code, Some(2));
    assert_eq!(ended.err, "there is no integration `acne`\n  hint: did you mean `acme`?\n");
}
