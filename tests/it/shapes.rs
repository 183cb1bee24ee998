//! Attributes of other names and shapes at a vendor: the identity provider writes, reads and finds those of the schemas; each
//! field with what the vendor gets without it.

use scim_bridge::simulator::Vendor;
use serde_json::{Value, json};

use crate::attributes::{bridge, found, replace, users};
use crate::peer::bridge::{Bridge, vendor};
use crate::peer::directory::Directory;

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn ana() -> Value {
    json!({ "schemas": [USER, ENTERPRISE], "userName": "ana", "active": true,
        "name": { "givenName": "Ana", "familyName": "Silva" }, "title": "Dr",
        "roles": [{ "value": "user" }, { "value": "admin", "primary": true }], ENTERPRISE: { "department": "Retail" } })
}

/// Makes a user, and gives his id.
async fn made(idp: &crate::peer::client::Client, user: &Value) -> String {
    let made = idp.post("/Users", user).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn attributes_of_another_name_are_written_read_and_found() {
    let rename = "attrs: { rename: [{ scim: name.givenName, vendor: first_name }, { scim: title, vendor: job.title }, \
                  { scim: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department', vendor: team }] }";
    let (idp, vendor, _bridge) = bridge(&users(rename), Directory::default()).await;
    let id = made(&idp, &ana()).await;
    let path = format!("/Users/{id}");
    let held = vendor.user(&id);
    assert_eq!(
        (&held["first_name"], &held["job"]["title"], &held["team"]),
        (&json!("Ana"), &json!("Dr"), &json!("Retail"))
    );
    assert_eq!((&held["name"], &held["title"]), (&json!({ "familyName": "Silva" }), &Value::Null));
    let read = idp.get(&path).await.body;
    for name in ["name", "title", ENTERPRISE] {
        assert_eq!(read[name], ana()[name], "{read}");
    }
    assert_eq!((&read["first_name"], &read["team"]), (&Value::Null, &Value::Null));
    vendor.script.asked();
    assert_eq!(found(&idp, "name.givenName eq \"Ana\" and title eq \"Dr\"").await, [id.as_str()]);
    assert_eq!(vendor.filters(), ["first_name eq \"Ana\" and job.title eq \"Dr\""]);
    let change = json!([{ "op": "replace", "path": "name.givenName", "value": "Anna" }, { "op": "remove", "path": "title" },
        { "op": "replace", "path": "name.familyName", "value": "Costa" }]);
    assert_eq!(idp.patch(&path, &change).await.status, 200);
    let held = vendor.user(&id);
    assert_eq!((&held["first_name"], &held["name"]["familyName"]), (&json!("Anna"), &json!("Costa")));
    assert_eq!((held["job"].get("title"), held["name"].get("givenName")), (None, None));
    let whole =
        json!([{ "op": "replace", "path": "name", "value": { "givenName": "A", "familyName": "B" } }]);
    assert_eq!(idp.patch(&path, &whole).await.status, 200);
    assert_eq!(
        (&vendor.user(&id)["first_name"], &vendor.user(&id)["name"]),
        (&json!("A"), &json!({ "familyName": "B" }))
    );
    vendor.writes();
    let read = idp.get(&path).await.body;
    assert_eq!(read["name"], json!({ "familyName": "B", "givenName": "A" }));
    assert_eq!(idp.put(&path, &read).await.status, 200);
    assert_eq!(vendor.writes(), []);

    let (idp, vendor, _bridge) = bridge("{}", Directory::default()).await;
    let id = made(&idp, &ana()).await;
    assert_eq!((&vendor.user(&id)["name"], &vendor.user(&id)["title"]), (&ana()["name"], &json!("Dr")));
}

#[tokio::test]
async fn roles_have_the_form_that_the_vendor_knows() {
    for (form, expected, after) in [
        ("roles_form: string", json!("admin"), json!("owner")),
        ("roles_form: object", json!({ "value": "admin", "primary": true }), json!({ "value": "owner" })),
        ("roles_form: array", json!(["user", "admin"]), json!(["owner"])),
        ("roles_form: { form: array, max: 1 }", json!(["admin"]), json!(["owner"])),
        ("groups: {}", ana()["roles"].clone(), json!([{ "value": "owner" }])),
    ] {
        let profile = if form.starts_with("groups") { "{}".to_owned() } else { users(form) };
        let (idp, vendor, _bridge) = bridge(&profile, Directory::default()).await;
        let directory = vendor.directory.clone();
        // Whatever stands in an operation is the attribute then, be it of what form it may.
        vendor.script.otherwise(move |asked| {
            let operations = asked.body["Operations"].as_array().filter(|_| asked.method == "PATCH")?;
            let mut directory = directory.lock().unwrap();
            let user = directory.resources.get_mut(&asked.path)?;
            for operation in operations {
                user[operation["path"].as_str()?] = operation["value"].clone();
            }
            Some((200, user.clone()))
        });
        let id = made(&idp, &ana()).await;
        let path = format!("/Users/{id}");
        assert_eq!(vendor.user(&id)["roles"], expected, "{form}");
        let read = idp.get(&path).await.body;
        assert_eq!(read["roles"], ana()["roles"], "{form}");
        vendor.writes();
        assert_eq!(idp.put(&path, &read).await.status, 200);
        assert_eq!(vendor.writes(), [], "{form}");
        let changed = idp.patch(&path, &replace("roles", json!([{ "value": "owner" }]))).await;
        assert_eq!((changed.status, &changed.body["roles"]), (200, &json!([{ "value": "owner" }])), "{form}");
        assert_eq!(vendor.user(&id)["roles"], after, "{form}");
        // What an administrator gave him at the vendor is the truth.
        let other = match &after {
            Value::String(_) => json!("guest"),
            Value::Array(list) if list[0].is_string() => json!(["guest"]),
            Value::Array(_) => json!([{ "value": "guest" }]),
            _ => json!({ "value": "guest" }),
        };
        vendor.directory.lock().unwrap().resources.get_mut(&path).unwrap()["roles"] = other;
        assert_eq!(idp.get(&path).await.body["roles"], json!([{ "value": "guest" }]), "{form}");
    }
}

fn boss() -> Directory {
    Directory::default()
        .user("b1", &json!({ "userName": "boss", "externalId": "B", "emails": [{ "value": "boss@acme.example", "primary": true }] }))
}

fn led_by(manager: &str) -> Value {
    let mut user = ana();
    user[ENTERPRISE]["manager"] = json!({ "value": manager });
    user
}

#[tokio::test]
async fn a_manager_is_named_as_the_vendor_names_him() {
    for (field, expected) in [
        ("manager: { kind: email, key: managerMail }", json!({ "managerMail": "boss@acme.example" })),
        ("manager: username", json!({ "value": "boss" })),
        ("manager: { kind: id, key: managerId }", json!({ "managerId": "b1" })),
        ("manager: { key: managerId }", json!({ "managerId": "b1" })),
        ("manager: none", Value::Null),
        ("", json!({ "value": "b1" })),
    ] {
        let (idp, vendor, _bridge) = bridge(&users(field), boss()).await;
        let id = made(&idp, &led_by("b1")).await;
        let path = format!("/Users/{id}");
        assert_eq!(vendor.user(&id)[ENTERPRISE]["manager"], expected, "{field}");
        let read = idp.get(&path).await.body;
        assert_eq!(read[ENTERPRISE]["manager"]["value"], "b1", "{field}");
        vendor.writes();
        assert_eq!(idp.put(&path, &read).await.status, 200);
        assert_eq!(vendor.writes(), [], "{field}");
        assert_eq!(idp.patch(&path, &replace("title", "Prof")).await.status, 200);
        assert_eq!(vendor.user(&id)[ENTERPRISE]["manager"], expected, "{field}");
        let manager = format!("{ENTERPRISE}:manager");
        let gone = idp.patch(&path, &json!([{ "op": "remove", "path": manager }])).await;
        assert_eq!((gone.status, &gone.body[ENTERPRISE]["manager"]), (200, &Value::Null), "{field}");
        assert_eq!(vendor.user(&id)[ENTERPRISE]["manager"], Value::Null, "{field}");
        // By what he is called elsewhere he is found, too.
        if field.contains("kind") || field.ends_with("username") {
            for name in ["boss", "B"] {
                let id = made(&idp, &led_by(name)).await;
                assert_eq!(vendor.user(&id)[ENTERPRISE]["manager"], expected, "{field} {name}");
                assert_eq!(idp.get(&format!("/Users/{id}")).await.body[ENTERPRISE]["manager"]["value"], name);
            }
        }
    }
}

#[tokio::test]
async fn who_is_made_before_his_manager_is_linked_when_the_manager_is_there() {
    let (idp, vendor, _bridge) = bridge(&users("manager: email"), Directory::default()).await;
    let id = made(&idp, &led_by("boss")).await;
    let path = format!("/Users/{id}");
    assert_eq!(vendor.user(&id)[ENTERPRISE], json!({ "department": "Retail" }));
    assert_eq!(idp.get(&path).await.body[ENTERPRISE]["manager"]["value"], "boss");
    // Each write tries again, and is not refused.
    assert_eq!(idp.patch(&path, &replace("title", "Prof")).await.status, 200);
    vendor.writes();
    let manager =
        json!({ "schemas": [USER], "userName": "Boss", "emails": [{ "value": "boss@acme.example" }] });
    made(&idp, &manager).await;
    vendor.script.until(|asked| asked.method == "PATCH").await;
    assert_eq!(vendor.user(&id)[ENTERPRISE]["manager"], json!({ "value": "boss@acme.example" }));
    let read = idp.get(&path).await.body;
    assert_eq!(read[ENTERPRISE]["manager"]["value"], "boss");
    let put = idp.put(&path, &read).await;
    assert_eq!((put.status, &put.body[ENTERPRISE]["manager"]["value"]), (200, &json!("boss")));
}

#[tokio::test]
async fn slack_knows_a_manager_by_its_own_key() {
    let simulator = vendor(Vendor::Slack).await;
    let bridge = Bridge::to(&simulator).await;
    let idp = bridge.client();
    let user = |name: &str, manager: Option<&str>| {
        let address = format!("{name}@acme.example");
        let mut user = json!({ "schemas": [USER], "userName": address, "active": true, "emails": [{ "value": address, "primary": true }] });
        if let Some(manager) = manager {
            user[ENTERPRISE] = json!({ "manager": { "value": manager } });
        }
        user
    };
    let early = made(&idp, &user("early", Some("boss@acme.example"))).await;
    let boss = made(&idp, &user("boss", None)).await;
    let late = made(&idp, &user("late", Some(&boss))).await;
    for (id, manager) in [(&late, boss.as_str()), (&early, "boss@acme.example")] {
        let read = idp.get(&format!("/Users/{id}")).await.body;
        assert_eq!(read[ENTERPRISE]["manager"]["value"], manager);
    }
    assert!(simulator.state().to_string().contains(&format!("\"managerId\":\"{boss}\"")));
    let same = json!([{ "op": "replace", "path": format!("{ENTERPRISE}:manager.value"), "value": boss }]);
    assert!(idp.patch(&format!("/Users/{late}"), &same).await.status < 300);
}
