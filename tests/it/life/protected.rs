//! Accounts that cannot be changed are left alone, and roles that cannot be given are not asked for.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::json;

use super::{make, profiled, replace, user};
use crate::peer::bridge::{Bridge, vendor};

async fn with(protected: &str) -> (Simulator, Bridge) {
    let simulator = vendor(Vendor::Rfc).await;
    let bridge =
        profiled(&simulator, &format!("{{ resources: {{ Users: {{ protected: {protected} }} }} }}")).await;
    (simulator, bridge)
}

/// The methods of what the vendor was asked to write, and of nothing else.
fn written(simulator: &Simulator) -> Vec<String> {
    simulator.log().into_iter().map(|entry| entry.method).filter(|method| method != "GET").collect()
}

#[tokio::test]
async fn who_is_protected_is_neither_changed_nor_ended() {
    for (protected, update, deactivate, delete) in [
        ("[{ email: ana@acme.example, reason: she owns the account }]", false, false, false),
        ("[{ userName: ANA@acme.example, ops: [deactivate, delete] }]", true, false, false),
        ("[{ userName: ana@acme.example, ops: [delete] }]", true, true, false),
        ("[{ userName: bo@acme.example }, { id: nobody }]", true, true, true),
        ("[]", true, true, true),
    ] {
        let (simulator, bridge) = with(protected).await;
        let idp = bridge.client();
        let path = format!("/Users/{}", make(&idp, "ana").await);
        let mut off = user("ana");
        off["active"] = json!(false);
        simulator.clear_log();
        let answers = [
            (idp.patch(&path, &replace("title", "Prof")).await, update),
            (idp.patch(&path, &replace("active", false)).await, deactivate),
            (idp.put(&path, &off).await, deactivate),
            (idp.delete(&path).await, delete),
        ];
        for (answer, allowed) in &answers {
            assert_eq!(answer.status < 300, *allowed, "{protected}: {}", answer.text);
            if !allowed {
                assert_eq!(answer.status, 403, "{protected}: {}", answer.text);
                assert!(answer.body["detail"].as_str().unwrap().contains("protects"), "{}", answer.text);
            }
        }
        if !(update || deactivate || delete) {
            assert!(answers[0].0.text.contains("she owns the account"));
            assert!(written(&simulator).is_empty());
            assert_eq!(idp.get(&path).await.body["active"], true);
        }
    }
}

#[tokio::test]
async fn a_role_that_is_protected_is_not_given() {
    let roles = |role: &str| json!([{ "value": role }]);
    let (simulator, bridge) = with("[{ role: system_administrator, ops: [assign] }]").await;
    let idp = bridge.client();
    let mut boss = user("boss");
    boss["roles"] = roles("System_Administrator");
    simulator.clear_log();
    let refused = idp.post("/Users", &boss).await;
    assert_eq!((refused.status, &refused.body["scimType"]), (400, &json!("mutability")), "{}", refused.text);
    let path = format!("/Users/{}", make(&idp, "ana").await);
    let refused = idp.patch(&path, &replace("roles", roles("system_administrator"))).await;
    assert_eq!((refused.status, &refused.body["scimType"]), (400, &json!("mutability")), "{}", refused.text);
    assert_eq!(written(&simulator), ["POST"]);
    assert!(idp.patch(&path, &replace("roles", roles("reader"))).await.status < 300);

    let (simulator, bridge) = with("[]").await;
    let made = bridge.client().post("/Users", &boss).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(simulator.state()["users"][0]["roles"], roles("System_Administrator"));
}
