//! How a vendor is reached: its address, the credential and the headers that it wants.

use scim_bridge::config::{self, Secrets};
use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::json;

use crate::peer::bridge::{Bridge, Plan, TOKEN, vendor};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

async fn asked(profile: &str, token: Option<&str>) -> (Simulator, Bridge) {
    let simulator = vendor(Vendor::Rfc).await;
    let mapping = format!("format: 1\nvendor: Odd\nprofile: {profile}\n");
    let mut plan = Plan::new().file("odd.yaml", &mapping);
    let own = simulator.token();
    plan.integration("acme", &simulator.base_url(), token.unwrap_or(&own)).mapping("./odd.yaml").done();
    let bridge = plan.start().await;
    let idp = bridge.client();
    idp.get("/Users").await;
    idp.post("/Users", &json!({ "schemas": [USER], "userName": "ana" })).await;
    (simulator, bridge)
}

fn header(simulator: &Simulator, method: &str, name: &str) -> Option<String> {
    let log = simulator.log();
    let entry = log.iter().find(|entry| entry.method == method).unwrap();
    entry.header(name).map(str::to_owned)
}

#[tokio::test]
async fn the_credential_is_presented_as_the_vendor_wants_it() {
    for (profile, expected) in [
        ("{}", "Bearer ana:pw"),
        ("{ auth: { kind: bearer } }", "Bearer ana:pw"),
        ("{ auth: { kind: oauth2_static } }", "Bearer ana:pw"),
        ("{ auth: { kind: basic } }", "Basic YW5hOnB3"),
        ("{ auth: { kind: prefix, prefix: 'ApiToken ' } }", "ApiToken ana:pw"),
        ("{ auth: { kind: prefix, prefix: 'Token token=' } }", "Token token=ana:pw"),
    ] {
        let (simulator, _bridge) = asked(profile, Some("ana:pw")).await;
        assert_eq!(header(&simulator, "GET", "authorization").as_deref(), Some(expected), "{profile}");
    }
}

/// A bridge.yaml whose integration gives the address in parts.
fn checked(profile: &str, with: &str, url: &str) -> Result<String, Vec<(usize, String, String)>> {
    let plan = Plan::new().file("odd.yaml", &format!("format: 1\nvendor: Odd\nprofile: {profile}\n"));
    let plan = plan.file("idp.token", TOKEN);
    let mapping = if profile.starts_with('{') { "./odd.yaml" } else { profile };
    let yaml = format!(
        "listen: 127.0.0.1:0\npublic_url: http://127.0.0.1:0\nintegrations:\n  acme:\n    mapping: {mapping}\n    with: {with}\n    idp: {{ \
         auth: [bearer: {{ file: idp.token }}] }}\n    vendor: {{ {url} credential: {{ token: {{ file: idp.token }} }} }}\n"
    );
    let plan = plan.file("bridge.yaml", &yaml);
    match config::load(&plan.folder().join("bridge.yaml"), Secrets::Read) {
        Ok(options) => Ok(options.integrations[0].vendor.base.to_string()),
        Err(report) => Err(report
            .mistakes
            .into_iter()
            .map(|mistake| (mistake.span.line as usize, mistake.message, mistake.hint.unwrap_or_default()))
            .collect()),
    }
}

#[test]
fn an_address_is_made_of_what_the_integration_says() {
    let profile = "{ base_url: 'https://scim.{region}.vendor.example/{tenant}/scim/v2', vars: { region: { enum: [eu, us], default: eu }, tenant: { pattern: '[0-9a-f-]+' } } }";
    for (with, url, expected) in [
        ("{ tenant: a1-b2 }", "", "https://scim.eu.vendor.example/a1-b2/scim/v2"),
        ("{ tenant: a1, region: us }", "", "https://scim.us.vendor.example/a1/scim/v2"),
        ("{}", "url: https://other.example/scim,", "https://other.example/scim"),
    ] {
        assert_eq!(checked(profile, with, url).as_deref(), Ok(expected), "{with}");
    }
    for (with, message, hint) in [
        ("{}", "the vendor's address needs `tenant`", "[0-9a-f-]+"),
        ("{ tenant: a1, region: mars }", "`mars` cannot be the vendor's `region`", "one of eu, us"),
        ("{ tenant: 'a1/../x' }", "`a1/../x` cannot be the vendor's `tenant`", "[0-9a-f-]+"),
        ("{ tenant: a1, regoin: us }", "the mapping has no parameter `regoin`", ""),
    ] {
        let mistakes = checked(profile, with, "").unwrap_err();
        let [(line, said, hinted)] = &mistakes[..] else { panic!("{mistakes:?}") };
        assert_eq!((*line, said.as_str()), (6, message), "{with}");
        assert!(hinted.contains(hint), "{with}: {hinted}");
    }
    // Shipped ones know the addresses of their vendors.
    for (mapping, with, expected) in [
        (
            "aws-identity-center",
            "{ region: eu-west-1, tenant_id: a1-b2 }",
            "https://scim.eu-west-1.amazonaws.com/a1-b2/scim/v2",
        ),
        ("knowbe4", "{ host: eu.knowbe4.com }", "https://eu.knowbe4.com/scim/v2"),
        ("slack", "{}", "https://api.slack.com/scim/v2"),
        ("slack-v1", "{}", "https://api.slack.com/scim/v1"),
    ] {
        assert_eq!(checked(mapping, with, "").as_deref(), Ok(expected), "{mapping}");
    }
    // What nobody said a form of cannot end a host or a segment.
    let open = "{ base_url: 'https://{host}/scim', vars: { host: {} } }";
    assert_eq!(
        checked(open, "{ host: eu.vendor.example }", "").as_deref(),
        Ok("https://eu.vendor.example/scim")
    );
    assert!(checked(open, "{ host: 'evil.example/x' }", "").is_err());
    let missing = checked("{}", "{}", "").unwrap_err();
    assert!(missing[0].1.contains("`url` is missing"), "{missing:?}");
    let unknown =
        checked("{ base_url: 'https://{regoin}.example', vars: { region: {} } }", "{}", "").unwrap_err();
    assert_eq!(
        (unknown[0].1.as_str(), unknown[0].2.as_str()),
        ("`{regoin}` is none of `vars`", "did you mean `{region}`?")
    );
}

#[tokio::test]
async fn headers_are_those_that_the_vendor_wants() {
    let scim = Some("application/scim+json");
    for (profile, method, name, expected) in [
        ("{}", "POST", "content-type", scim),
        ("{}", "GET", "accept", Some("application/scim+json, application/json")),
        ("{ content_type: application/json }", "POST", "content-type", Some("application/json")),
        (
            "{ content_type: { send: application/json, accept: text/json, tolerate: [text/html] } }",
            "GET",
            "accept",
            Some("text/json"),
        ),
        ("{ content_type: { send: application/json } }", "POST", "content-type", Some("application/json")),
        ("{ content_type: { accept: text/json } }", "POST", "content-type", scim),
        ("{ headers: { X-Plan: pro } }", "GET", "x-plan", Some("pro")),
        ("{ headers: { X-Plan: { POST: pro } } }", "POST", "x-plan", Some("pro")),
        ("{ headers: { X-Plan: { POST: pro } } }", "GET", "x-plan", None),
        (
            "{ headers: { Content-Type: { POST: application/json } } }",
            "POST",
            "content-type",
            Some("application/json"),
        ),
        ("{ headers: { Content-Type: { GET: application/json } } }", "GET", "content-type", None),
    ] {
        let (simulator, _bridge) = asked(profile, None).await;
        assert_eq!(header(&simulator, method, name).as_deref(), expected, "{profile}: {method} {name}");
    }
    let wrong = checked("{ headers: { Host: { GET: x } } }", "{}", "url: https://a.example,").unwrap_err();
    assert!(wrong[0].1.contains("`Host` is not a header that can be set"), "{wrong:?}");
    // How a vendor describes itself is noted, and nothing depends on it.
    let described = "{ discovery: { spc: path, schemas: [/Schemas/Users, /Schemas/Groups], resource_types: missing, auth: true } }";
    assert!(checked(described, "{}", "url: https://a.example,").is_ok());
    assert!(checked("{ discovery: { spc: perhaps } }", "{}", "url: https://a.example,").is_err());
}
