//! Certificates: `certs dev` makes what `serve` can use, and `check` finds what it cannot.

use std::path::Path;

use rcgen::{CertificateParams, KeyPair};

use super::program::run;

fn bridge(folder: &Path) {
    let yaml = r"listen: 0.0.0.0:0
public_url: https://127.0.0.1:8443
tls: { certificate: certs/server.pem, key: certs/server-key.pem }
integrations:
  acme:
    idp: { auth: [ bearer: { file: idp.token } ] }
    mapping: rfc
    vendor:
      url: https://vendor.example/scim/v2
      credential: { token: { file: idp.token } }
      tls: { ca: certs/ca.pem }
";
    std::fs::write(folder.join("bridge.yaml"), yaml).unwrap();
    std::fs::write(folder.join("idp.token"), "a-token-that-is-long-enough\n").unwrap();
}

#[test]
fn what_certs_dev_makes_is_right() {
    let folder = tempfile::tempdir().unwrap();
    bridge(folder.path());
    let ended = run(folder.path(), &["check"]);
    assert_eq!(ended.code, Some(78));
    assert_eq!(ended.err.matches("`scim-bridge certs dev` makes certificates").count(), 3, "{}", ended.err);

    let made = run(folder.path(), &["certs", "dev"]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    assert!(
        made.err.contains("tls: { certificate: certs/server.pem, key: certs/server-key.pem }"),
        "{}",
        made.err
    );
    let ended = run(folder.path(), &["check"]);
    assert_eq!(ended.code, Some(0), "{}", ended.err);

    let key = std::fs::metadata(folder.path().join("certs/server-key.pem")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&key.permissions()) & 0o777, 0o600);
    let file = folder.path().join("certs/ca.pem/x");
    let ended = run(folder.path(), &["certs", "dev", "--out", &file.display().to_string()]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.starts_with("the certificates could not be made in "), "{}", ended.err);
}

#[test]
fn what_serve_could_not_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    bridge(folder.path());
    run(folder.path(), &["certs", "dev"]);
    let path = |name: &str| folder.path().join("certs").join(name);
    let right = ["server.pem", "server-key.pem", "ca.pem"].map(|name| std::fs::read(path(name)).unwrap());
    let key = KeyPair::generate().unwrap();
    let lasting = |from: i32, until: i32| {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.not_before = rcgen::date_time_ymd(from, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        parameters.self_signed(&key).unwrap().pem()
    };
    for (name, text, says) in [
        ("server.pem", lasting(2020, 2021), "the certificate ended on 2021-01-01"),
        ("server.pem", lasting(2090, 2091), "the certificate is valid from 2090-01-01"),
        ("server.pem", "nothing\n".to_owned(), "there is no certificate in"),
        ("server-key.pem", "nothing\n".to_owned(), "there is no private key in"),
        ("server-key.pem", key.serialize_pem(), "the key and the certificate cannot be used"),
        ("ca.pem", String::new(), "there is no certificate in"),
    ] {
        std::fs::write(path(name), text).unwrap();
        let ended = run(folder.path(), &["check"]);
        assert_eq!(ended.code, Some(78), "{says}: {}", ended.out);
        assert!(ended.err.contains(says) && ended.err.ends_with("\n1 mistake\n"), "{says}:\n{}", ended.err);
        assert!(ended.err.contains("hint: "), "{}", ended.err);
        let served = run(folder.path(), &["serve"]);
        assert_eq!((served.code, served.err), (Some(78), ended.err));
        // A machine that has none of these files can still check the rest.
        let ended = run(folder.path(), &["check", "--without-secrets"]);
        assert_eq!(ended.code, Some(0), "{}", ended.err);
        for (name, text) in ["server.pem", "server-key.pem", "ca.pem"].into_iter().zip(&right) {
            std::fs::write(path(name), text).unwrap();
        }
    }
    assert_eq!(run(folder.path(), &["check"]).code, Some(0));
}
