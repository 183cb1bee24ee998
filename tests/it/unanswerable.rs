//! Questions that have no true answer are refused, with the rule that is the cause.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::json;

use crate::peer::bridge::{Bridge, Plan, vendor};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

const RULES: &str = "format: 1
vendor: one that is told little
profile:
  resources:
    Users:
      attrs: { deny: [nickName, emails.display] }
users:
  rules:
    - drop: $.externalId
    - hide: $.locale
    - move: [$.title, $.displayName]
      via: [{ before: ' ' }]
      back: vendor
    - move: [$.userType, $.timezone]
      back: hide
    - set: $.profileUrl
      from: $.userName
    - drop: \"$.phoneNumbers[?@.type == 'fax'].value\"
    - move: [$.preferredLanguage, $.preferredLanguage]
      via: [{ strip: x- }]
      back: invert
";

async fn bridge(simulator: &Simulator, more: &str) -> Bridge {
    let mut plan = Plan::new().file("rules.yaml", RULES);
    plan.integration("acme", &simulator.base_url(), &simulator.token())
        .mapping("./rules.yaml")
        .more(more)
        .done();
    plan.start().await
}

fn encoded(filter: &str) -> String {
    percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[tokio::test]
async fn nobody_is_no_answer_about_what_is_never_read_back() {
    let forgetful = [
        ("externalId eq \"7\"", "line 9"),
        ("userName eq \"ana\" and externalId eq \"7\"", "line 9"),
        ("not (externalId pr)", "line 9"),
        ("nickName eq \"Ana\"", "the vendor does not keep it"),
        ("emails[display eq \"Ana\"]", "the vendor does not keep it"),
        ("profileUrl eq \"x\"", "line 16"),
        ("displayName eq \"Dr\"", "keeps title there"),
        ("phoneNumbers[type eq \"fax\" and value eq \"1\"]", "line 18"),
    ];
    let always = [
        ("locale eq \"en\"", "line 10"),
        ("userType eq \"a\"", "line 14"),
        ("title eq \"Dr med\"", "line 11"),
    ];
    for (more, refused, found) in [
        ("    state: none\n", [&forgetful[..], &always[..]].concat(), vec![]),
        (
            "",
            always.to_vec(),
            vec![
                "externalId eq \"7\"",
                "nickName eq \"Ana\"",
                "phoneNumbers[type eq \"fax\" and value eq \"1\"]",
            ],
        ),
    ] {
        let simulator = vendor(Vendor::Rfc).await;
        let bridge = bridge(&simulator, more).await;
        let idp = bridge.client();
        let user = json!({ "schemas": [USER], "userName": "ana", "externalId": "7", "nickName": "Ana", "title": "Dr med",
            "userType": "a", "phoneNumbers": [{ "type": "fax", "value": "1" }, { "type": "work", "value": "2" }] });
        let made = idp.post("/Users", &user).await;
        assert_eq!(made.status, 201, "{made:?}");
        for (filter, why) in refused {
            simulator.clear_log();
            let answer = idp.get(&format!("/Users?filter={}", encoded(filter))).await;
            assert_eq!(
                (answer.status, answer.body["scimType"].as_str()),
                (400, Some("invalidFilter")),
                "{filter}: {answer:?}"
            );
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.contains(why) && !detail.contains('"'), "{filter}: {detail}");
            assert_eq!(detail.contains("state: none"), detail.contains("nothing is remembered"), "{detail}");
            assert!(simulator.log().is_empty(), "the vendor is not asked what has no answer");
        }
        let by_name = [
            "userName eq \"ana\"",
            "title eq \"Dr\"",
            "phoneNumbers[type eq \"work\" and value eq \"2\"]",
            "id pr",
        ];
        for filter in found.into_iter().chain(by_name) {
            let answer = idp.get(&format!("/Users?filter={}", encoded(filter))).await;
            assert_eq!(
                (answer.status, answer.body["totalResults"].as_i64()),
                (200, Some(1)),
                "{filter}: {answer:?}"
            );
        }
    }
}
