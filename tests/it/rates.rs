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
