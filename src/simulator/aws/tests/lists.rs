//! Lists: AW-09 to AW-12.

use serde_json::json;

use super::{make, people, refused, start, user};
use crate::simulator::harness::shape::ENTERPRISE;

#[tokio::test]
async fn aw_09_aw_11_the_first_hundred() {
    let (simulator, client) = start(&json!({})).await;
    for at in 0..103 {
        make(&client, "/Users", &user(&format!("u{at}"), &json!({}))).await;
    }
    let list = client.get("/Users").await.expect(200);
    assert_eq!(
        (&list["totalResults"], &list["itemsPerPage"], &list["startIndex"]),
        (&json!(103), &json!(100), &json!(1))
    );
    let again = client.get("/Users?startIndex=101&count=2").await.expect(200);
    assert_eq!((&again["Resources"][0]["userName"], &again["itemsPerPage"]), (&json!("u0"), &json!(2)));
    for count in ["0", "101", "x"] {
        refused(&client.get(&format!("/Users?count={count}")).await, 400);
    }
    assert!(client.get("/Users?attributes=id").await.expect(200)["Resources"][0]["userName"].is_string());
    simulator.set_knob("over", json!("clamp")).unwrap();
    assert_eq!(client.get("/Users?count=0").await.expect(200)["itemsPerPage"], 1);
    assert_eq!(client.get("/Users?count=500").await.expect(200)["itemsPerPage"], 100);
    simulator.set_knob("start_index", json!("400")).unwrap();
    refused(&client.get("/Users?startIndex=1").await, 400);
    simulator.set_knob("projection", json!("400")).unwrap();
    refused(&client.get("/Users?attributes=id").await, 400);
    refused(&client.get("/Groups?excludedAttributes=members").await, 400);
}

#[tokio::test]
async fn aw_10_a_cursor_walks() {
    let (_simulator, client) = start(&json!({})).await;
    for at in 0..5 {
        make(&client, "/Users", &user(&format!("u{at}"), &json!({}))).await;
    }
    let (mut cursor, mut names) = (String::new(), Vec::new());
    loop {
        let page = client.get(&format!("/Users?count=2&cursor={cursor}")).await.expect(200);
        assert_eq!((page.get("totalResults"), page.get("startIndex")), (None, None));
        names.extend(page["Resources"].as_array().unwrap().iter().map(|user| user["userName"].to_string()));
        match page.get("nextCursor") {
            Some(next) => cursor = next.as_str().unwrap().to_owned(),
            None => break,
        }
        assert!(cursor.chars().all(|c| c.is_ascii_alphanumeric() || "-+=/:_".contains(c)), "{cursor}");
    }
    assert_eq!(names, ["\"u0\"", "\"u1\"", "\"u2\"", "\"u3\"", "\"u4\""]);
    refused(&client.get("/Users?cursor=foreign").await, 400);
    refused(&client.get("/Users?cursor=AWS:x:y").await, 400);
}

#[tokio::test]
async fn aw_12_filters() {
    let (_simulator, client) = start(&json!({})).await;
    let ada = make(&client, "/Users", &user("ada", &json!({ "externalId": "Ext" }))).await;
    let bo =
        make(&client, "/Users", &user("bo", &json!({ ENTERPRISE: { "manager": { "value": ada } } }))).await;
    let group =
        json!({ "displayName": "Crew", "externalId": "g", "members": people(std::slice::from_ref(&ada)) });
    let group = make(&client, "/Groups", &group).await;
    for (filter, found) in [
        ("Users?filter=userName eq \"ADA\"".to_owned(), 1),
        ("Users?filter=externalId eq \"Ext\"".to_owned(), 1),
        ("Users?filter=externalId eq \"ext\"".to_owned(), 0),
        (format!("Users?filter=groups.value eq \"{group}\""), 1),
        (format!("Users?filter=id eq \"{bo}\" and manager eq \"{ada}\""), 1),
        (format!("Users?filter=manager eq \"{bo}\" and id eq \"{ada}\""), 0),
        ("Groups?filter=displayName eq \"crew\"".to_owned(), 1),
        ("Groups?filter=externalId eq \"g\"".to_owned(), 1),
        (format!("Groups?filter=members.value eq \"{ada}\""), 1),
        (format!("Groups?filter=id eq \"{group}\" and members eq \"{ada}\""), 1),
        (format!("Groups?filter=member eq \"{bo}\" and id eq \"{group}\""), 0),
    ] {
        assert_eq!(client.get(&format!("/{filter}")).await.expect(200)["totalResults"], found, "{filter}");
    }
    for bad in [
        "Users?filter=userName co \"a\"",
        "Users?filter=id eq \"a\"",
        "Users?filter=userName eq \"a\" and externalId eq \"b\"",
        "Users?filter=userName eq \"a\" or userName eq \"b\"",
        "Users?filter=title pr",
        "Groups?filter=members eq \"a\"",
        "Groups?filter=nonsense",
    ] {
        refused(&client.get(&format!("/{bad}")).await, 400);
    }
}
