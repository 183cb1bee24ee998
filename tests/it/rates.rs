//! A vendor's limits are kept before it has to say so, for the calls that each counts; and its word for how long to wait is
//! understood.

use std::time::Duration;

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use crate::attributes::bridge;
use crate::peer::bridge::{Plan, vendor};
use crate::peer::directory::Directory;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name })
}

/// A mapping without its limits by kind of call.
pub(crate) fn unlimited(mapping: &str) -> String {
    let of_limits = |line: &&str| line.starts_with("    buckets:") || line.starts_with("      - { match:");
    mapping.lines().filter(|line| !of_limits(line)).flat_map(|line| [line, "\n"]).collect()
}

fn profile(bucket: &str) -> String {
    format!("{{ rate: {{ buckets: [{bucket}] }} }}")
}

#[tokio::test]
async fn what_is_over_a_limit_is_refused_before_the_vendor_has_to() {
    let writes =
        profile("{ match: { method: [POST, PUT], path: '/Users*' }, limit: 1, window: 1h, burst: 2 }");
    for (profile, taken) in [(writes, 2), ("{}".to_owned(), 4)] {
        let (idp, vendor, _bridge) = bridge(&profile, Directory::default()).await;
        let mut made = 0;
        for name in ["a", "b", "c", "d"] {
            let answer = idp.post("/Users", &user(name)).await;
            if answer.status == 201 {
                made += 1;
                continue;
            }
            // It would take longer than the client waits: it is told when, and the vendor is not asked.
            assert!(answer.status == 429 && answer.headers.contains_key("retry-after"), "{answer:?}");
        }
        assert_eq!((made, vendor.writes().len()), (taken, taken));
        // Others are not counted.
        assert_eq!(idp.get("/Users").await.body["totalResults"], taken);
        let group =
            json!({ "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Staff" });
        assert_eq!(idp.post("/Groups", &group).await.status, 201);
    }
}

#[tokio::test]
async fn a_call_that_a_limit_counts_waits_for_its_turn() {
    let fast = profile("{ limit: 20, window: 1s, burst: 1 }");
    let (idp, vendor, _bridge) = bridge(&fast, Directory::default()).await;
    let start = std::time::Instant::now();
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(idp.post("/Users", &user(name)).await.status, 201);
    }
    assert!(start.elapsed() >= std::time::Duration::from_millis(200), "{:?}", start.elapsed());
    assert_eq!(vendor.writes().len(), 5);
}

#[tokio::test]
async fn operations_creations_and_single_resources_are_limited() {
    let two = json!([{ "op": "replace", "path": "title", "value": "Dr" }, { "op": "replace", "path": "nickName", "value": "A" }]);
    let one = json!([{ "op": "replace", "path": "title", "value": "Prof" }]);
    let rest = "limit: 1, window: 1h, burst: 2";
    // Which of them the vendor is asked: two operations of Ana, one of Ana, one of Bo, then two more users.
    for (bucket, asked) in [
        (format!("{{ match: {{ method: PATCH }}, {rest}, unit: op }}"), [true, false, false, true, true]),
        (
            format!("{{ match: {{ path: '/Users/*' }}, {rest}, scope: resource, unit: op }}"),
            [true, false, true, true, true],
        ),
        (
            format!("{{ match: {{ method: PATCH }}, {rest}, scope: resource }}"),
            [true, true, true, true, true],
        ),
        (format!("{{ {rest}, unit: create }}"), [true, true, true, true, false]),
        (format!("{{ {rest}, unit: request }}"), [true, true, false, false, false]),
    ] {
        let there = Directory::default().user("ana", &json!({})).user("bo", &json!({}));
        let (idp, vendor, _bridge) = bridge(&profile(&bucket), there).await;
        let mut seen = Vec::new();
        if bucket.contains("create") {
            assert_eq!(idp.post("/Users", &user("cem")).await.status, 201);
        }
        for answer in [
            idp.patch("/Users/ana", &two).await,
            idp.patch("/Users/ana", &one).await,
            idp.patch("/Users/bo", &one).await,
            idp.post("/Users", &user("dee")).await,
            idp.post("/Users", &user("eve")).await,
        ] {
            assert!(answer.status < 300 || answer.status == 429, "{bucket}: {answer:?}");
            seen.push(answer.status < 300);
        }
        assert_eq!(seen, asked, "{bucket}");
        let calls = asked.iter().filter(|asked| **asked).count() + usize::from(bucket.contains("create"));
        assert_eq!(vendor.writes().len(), calls, "{bucket}");
    }
}

#[tokio::test]
async fn the_limits_of_slack_are_kept_and_not_found_out() {
    let shipped = include_str!("../../mappings/slack.yaml");
    let without = unlimited(shipped);
    for (mapping, users, violated) in [(shipped, 23, false), (&without, 60, true)] {
        let slack = vendor(Vendor::Slack).await;
        let mut plan = Plan::new().file("own.yaml", mapping);
        plan.integration("acme", &slack.base_url(), &slack.token()).mapping("./own.yaml").done();
        let bridge = plan.start().await;
        let idp = bridge.client();
        let made = (0..users).map(|at| {
            let name = format!("u{at}@acme.example");
            let user = json!({ "schemas": [USER], "userName": name, "emails": [{ "value": name, "primary": true }] });
            let idp = &idp;
            async move { idp.post("/Users", &user).await.status }
        });
        // The vendor's clock goes with ours, and faster, so that it is never behind.
        let clock = async {
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            loop {
                ticks.tick().await;
                slack.advance(Duration::from_millis(30));
            }
        };
        let made = tokio::select! {
            made = futures_util::future::join_all(made) => made,
            () = clock => Vec::new(),
        };
        assert!(violated || made.iter().all(|status| *status == 201), "{made:?}");
        assert_eq!(slack.counters().rate_violations > 0, violated, "{:?}", slack.counters());
    }
}
