//! A vendor's limits are kept before it has to say so, for the calls that each counts; and its word for how long to wait is
//! understood.

use serde_json::{Value, json};

use crate::attributes::bridge;
use crate::peer::directory::Directory;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

fn user(name: &str) -> Value {
    json!({ "schemas": [USER], "userName": name })
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
