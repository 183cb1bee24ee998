//! Groups within groups, at vendors that hold flat groups only: what was said is read back, and the vendor has exactly who belongs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use scim_bridge::bridge::{Dry, Integration, Parts, Wire};
use scim_bridge::config::{self, Checked, Secrets};
use scim_bridge::groups::Stored;
use scim_bridge::scim::json::Limits;
use scim_bridge::scim::{ResourceType, Value as Scim};
use scim_bridge::simulator::{Options, Simulator, Vendor};
use scim_bridge::store::{Memory, Said, Store as _};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::peer::bridge::{Bridge, Plan};
use crate::peer::client::{Answer, Client};

const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const FLATTEN: &str = "\ngroups:\n  nested: flatten\n";
/// A vendor that changes groups by PUT alone.
const PUT_ONLY: &str = "format: 1\nvendor: any\nprofile:\n  resources:\n    Groups: { patch: none }\n";

/// Who is in what, by name.
type Sets = BTreeMap<String, BTreeSet<String>>;

struct Scene {
    simulator: Simulator,
    _bridge: Bridge,
    client: Client,
    users: Vec<String>,
    /// Groups: name and id.
    groups: BTreeMap<&'static str, String>,
}

impl Scene {
    /// A vendor with so many users, and groups without members, made through the bridge.
    async fn set(vendor: Vendor, mapping: String, users: u64, groups: &[&'static str]) -> Self {
        let knobs = match vendor {
            Vendor::Aws => [("rps".to_owned(), json!(0))].into_iter().collect(),
            _ => serde_json::Map::new(),
        };
        let simulator = Simulator::start(vendor, Options { knobs, ..Options::default() }).await.unwrap();
        if vendor == Vendor::KnowBe4 {
            simulator.console("test-mode", &json!({ "on": false })).unwrap();
        }
        let people = simulator.people(users, &json!({})).unwrap();
        let users = people.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
        let mut plan = Plan::new().file("flat.yaml", &mapping);
        plan.integration("acme", &simulator.base_url(), &simulator.token())
            .mapping("./flat.yaml")
            .vendor(if vendor == Vendor::KnowBe4 { "      armed: true\n" } else { "" })
            .done();
        let bridge = plan.start().await;
        let client = bridge.client();
        let mut scene = Self { simulator, _bridge: bridge, client, users, groups: BTreeMap::new() };
        for name in groups {
            scene.make(name).await;
        }
        scene
    }

    /// AWS IAM Identity Center: PATCH alone, a hundred members a call, and members are never shown.
    async fn aws(users: u64, groups: &[&'static str]) -> Self {
        let mapping = include_str!("../../mappings/aws-identity-center.yaml").to_owned() + FLATTEN;
        Self::set(Vendor::Aws, mapping, users, groups).await
    }

    async fn put_only(users: u64, groups: &[&'static str]) -> Self {
        Self::set(Vendor::Rfc, PUT_ONLY.to_owned() + FLATTEN, users, groups).await
    }

    async fn make(&mut self, name: &'static str) {
        let body = json!({ "schemas": [GROUP], "displayName": name });
        let made = self.client.post("/Groups", &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        self.groups.insert(name, made.body["id"].as_str().unwrap().to_owned());
    }

    fn id(&self, name: &str) -> &str {
        &self.groups[name]
    }

    fn path(&self, group: &str) -> String {
        format!("/Groups/{}", self.id(group))
    }

    /// As Entra ID does: a member each, named by id alone.
    async fn entra(&self, op: &str, group: &str, member: &str) -> Answer {
        let operation = json!({ "op": op, "path": "members", "value": [{ "value": member }] });
        let answer = self.client.patch(&self.path(group), &json!([operation])).await;
        assert!(answer.status == 204 || answer.status == 200, "{} {}", answer.status, answer.text);
        answer
    }

    /// As Okta does: the whole group.
    async fn okta(&self, group: &str, members: &[Value]) -> Answer {
        let id = self.id(group);
        let body = json!({ "schemas": [GROUP], "id": id, "displayName": group, "members": members });
        let answer = self.client.put(&self.path(group), &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }

    /// Who is in each group at the vendor.
    fn at_vendor(&self) -> Sets {
        let state = self.simulator.state();
        let id = |member: &Value| member["value"].as_str().or(member.as_str()).unwrap().to_owned();
        let members = |group: &Value| group["members"].as_array().into_iter().flatten().map(id).collect();
        let name = |group: &Value| group["displayName"].as_str().unwrap().to_owned();
        state["groups"].as_array().unwrap().iter().map(|group| (name(group), members(group))).collect()
    }

    fn members(&self, group: &str) -> BTreeSet<String> {
        self.at_vendor().remove(group).unwrap()
    }

    fn some(&self, which: impl IntoIterator<Item = usize>) -> BTreeSet<String> {
        which.into_iter().map(|at| self.users[at].clone()).collect()
    }

    /// The members that the identity provider reads: id and type.
    async fn read(&self, group: &str) -> BTreeSet<(String, String)> {
        let read = self.client.get(&self.path(group)).await;
        assert_eq!(read.status, 200, "{}", read.text);
        shown(&read.body)
    }
}

fn shown(group: &Value) -> BTreeSet<(String, String)> {
    let text = |member: &Value, name: &str| member[name].as_str().unwrap_or("User").to_owned();
    let member = |member: &Value| (text(member, "value"), text(member, "type"));
    group["members"].as_array().into_iter().flatten().map(member).collect()
}

fn user(id: &str) -> Value {
    json!({ "value": id, "type": "User" })
}

fn within(id: &str) -> Value {
    json!({ "value": id, "type": "Group" })
}

#[tokio::test]
async fn a_group_within_another_brings_its_members_a_hundred_a_call() {
    let scene = Scene::aws(250, &["outer", "inner"]).await;
    let all: Vec<_> = scene.users.iter().map(|id| json!({ "value": id })).collect();
    let add = json!([{ "op": "Add", "path": "members", "value": all }]);
    assert_eq!(scene.client.patch(&scene.path("inner"), &add).await.status, 204);
    scene.simulator.clear_log();
    scene.entra("Add", "outer", scene.id("inner")).await;
    assert_eq!(scene.members("outer"), scene.some(0..250));
    let calls = scene.simulator.log().iter().filter(|entry| entry.method == "PATCH").count();
    assert_eq!(calls, 3, "250 members, and none twice");
    assert_eq!(scene.read("outer").await, [(scene.id("inner").to_owned(), "Group".to_owned())].into());
    scene.simulator.clear_log();
    scene.entra("Remove", "inner", &scene.users[7]).await;
    scene.entra("Add", "outer", &scene.users[7]).await;
    assert_eq!(scene.members("inner"), scene.some((0..250).filter(|at| *at != 7)));
    assert_eq!(scene.members("outer"), scene.some(0..250));
    scene.entra("Remove", "outer", scene.id("inner")).await;
    assert_eq!(scene.members("outer"), scene.some([7]));
    assert_eq!(scene.read("outer").await, [(scene.users[7].clone(), "User".to_owned())].into());
}

#[tokio::test]
async fn a_group_that_is_put_with_another_within_it_is_put_flat() {
    let scene = Scene::put_only(6, &["outer", "middle", "inner"]).await;
    scene.okta("inner", &[user(&scene.users[0]), user(&scene.users[1])]).await;
    scene.okta("middle", &[user(&scene.users[2]), within(scene.id("inner"))]).await;
    let answer = scene.okta("outer", &[user(&scene.users[1]), within(scene.id("middle"))]).await;
    assert_eq!(scene.members("outer"), scene.some(0..3));
    let expected: BTreeSet<_> =
        [(scene.users[1].clone(), "User".to_owned()), (scene.id("middle").to_owned(), "Group".to_owned())]
            .into();
    assert_eq!(shown(&answer.body), expected, "what was written is answered");
    assert_eq!(scene.read("outer").await, expected, "and read");
    let list = scene.client.get("/Groups?filter=displayName%20eq%20%22outer%22").await;
    assert_eq!(shown(&list.body["Resources"][0]), expected, "and listed");
    scene.okta("inner", &[user(&scene.users[5])]).await;
    assert_eq!(scene.members("outer"), scene.some([1, 2, 5]));
    assert_eq!(scene.members("middle"), scene.some([2, 5]));
    scene.okta("outer", &[user(&scene.users[1])]).await;
    assert_eq!(scene.members("outer"), scene.some([1]));
    assert!(!scene.simulator.log().iter().any(|entry| entry.method == "PATCH"));
}

#[tokio::test]
async fn who_leaves_through_a_group_within_leaves_before_anybody_joins() {
    let scene = Scene::aws(4, &["outer", "inner", "other"]).await;
    scene.entra("Add", "inner", &scene.users[0]).await;
    scene.entra("Add", "other", &scene.users[1]).await;
    scene.entra("Add", "outer", scene.id("inner")).await;
    scene.simulator.clear_log();
    let swap = json!([
        { "op": "Add", "path": "members", "value": [{ "value": scene.id("other") }] },
        { "op": "Remove", "path": "members", "value": [{ "value": scene.id("inner") }] },
    ]);
    assert_eq!(scene.client.patch(&scene.path("outer"), &swap).await.status / 100, 2);
    assert_eq!(scene.members("outer"), scene.some([1]));
    let log = scene.simulator.log();
    let bodies: Vec<_> =
        log.iter().filter(|entry| entry.method == "PATCH").flat_map(|entry| entry.body.clone()).collect();
    let first = bodies[0]["Operations"][0]["op"].as_str().unwrap().to_lowercase();
    assert_eq!(first, "remove", "{bodies:?}");
}

#[tokio::test]
async fn a_group_of_the_middle_that_is_deleted_takes_its_members_with_it() {
    for scene in [
        Scene::aws(3, &["outer", "middle", "inner"]).await,
        Scene::put_only(3, &["outer", "middle", "inner"]).await,
    ] {
        scene.entra("Add", "inner", &scene.users[0]).await;
        scene.entra("Add", "middle", &scene.users[1]).await;
        scene.entra("Add", "outer", &scene.users[2]).await;
        scene.entra("Add", "middle", scene.id("inner")).await;
        scene.entra("Add", "outer", scene.id("middle")).await;
        assert_eq!(scene.members("outer"), scene.some(0..3));
        assert_eq!(scene.client.delete(&scene.path("middle")).await.status, 204);
        assert_eq!(scene.members("outer"), scene.some([2]));
        assert_eq!(scene.members("inner"), scene.some([0]));
        assert_eq!(scene.read("outer").await, [(scene.users[2].clone(), "User".to_owned())].into());
    }
}

#[tokio::test]
async fn a_user_who_is_deleted_is_in_no_group_any_more() {
    let scene = Scene::put_only(2, &["outer", "inner"]).await;
    scene.okta("inner", &[user(&scene.users[0]), user(&scene.users[1])]).await;
    scene.okta("outer", &[within(scene.id("inner"))]).await;
    assert_eq!(scene.client.delete(&format!("/Users/{}", scene.users[0])).await.status, 204);
    scene.okta("outer", &[within(scene.id("inner")), user(&scene.users[1])]).await;
    assert_eq!(scene.members("outer"), scene.some([1]));
    assert_eq!(scene.read("inner").await, [(scene.users[1].clone(), "User".to_owned())].into());
}

#[tokio::test]
async fn a_group_is_made_with_groups_within_it() {
    let mut scene = Scene::aws(3, &["inner"]).await;
    scene.entra("Add", "inner", &scene.users[0]).await;
    let members = [user(&scene.users[1]), within(scene.id("inner"))];
    let body = json!({ "schemas": [GROUP], "displayName": "outer", "members": members });
    let made = scene.client.post("/Groups", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(shown(&made.body).len(), 2, "{}", made.text);
    scene.groups.insert("outer", made.body["id"].as_str().unwrap().to_owned());
    assert_eq!(scene.members("outer"), scene.some(0..2));
}

#[tokio::test]
async fn what_a_member_says_of_its_type_may_be_wrong() {
    let scene = Scene::put_only(2, &["outer", "inner"]).await;
    scene.okta("inner", &[user(&scene.users[0])]).await;
    let by_reference =
        json!({ "value": scene.id("inner"), "$ref": format!("../Groups/{}", scene.id("inner")) });
    let lies = [within(&scene.users[1]), user(scene.id("inner"))];
    for members in [lies, [user(&scene.users[1]), by_reference]] {
        scene.okta("outer", &members).await;
        assert_eq!(scene.members("outer"), scene.some(0..2), "{members:?}");
        scene.okta("outer", &[]).await;
        assert_eq!(scene.members("outer"), scene.some([]), "{members:?}");
    }
}

#[tokio::test]
async fn groups_within_each_other_have_the_same_members() {
    let scene = Scene::aws(2, &["a", "b"]).await;
    scene.entra("Add", "a", &scene.users[0]).await;
    scene.entra("Add", "b", &scene.users[1]).await;
    scene.entra("Add", "a", scene.id("b")).await;
    scene.entra("Add", "b", scene.id("a")).await;
    assert_eq!((scene.members("a"), scene.members("b")), (scene.some(0..2), scene.some(0..2)));
    scene.entra("Remove", "a", scene.id("b")).await;
    assert_eq!((scene.members("a"), scene.members("b")), (scene.some([0]), scene.some(0..2)));
}

#[tokio::test]
async fn knowbe4_is_told_of_users_alone() {
    let mapping = include_str!("../../mappings/knowbe4.yaml").to_owned();
    let scene = Scene::set(Vendor::KnowBe4, mapping, 2, &["Everybody", "Warehouse"]).await;
    scene.entra("Add", "Warehouse", &scene.users[0]).await;
    scene.entra("Add", "Everybody", &scene.users[1]).await;
    scene.entra("Add", "Everybody", scene.id("Warehouse")).await;
    assert_eq!(scene.members("Everybody"), scene.some(0..2));
    assert_eq!(scene.read("Everybody").await.len(), 2, "a user and a group");
}

#[tokio::test]
async fn groups_within_groups_that_are_dropped_are_read_back_all_the_same() {
    let mapping = PUT_ONLY.to_owned() + "groups:\n  nested: drop\n";
    let scene = Scene::set(Vendor::Rfc, mapping, 2, &["outer", "inner"]).await;
    scene.okta("inner", &[user(&scene.users[0])]).await;
    scene.okta("outer", &[user(&scene.users[1]), within(scene.id("inner"))]).await;
    assert_eq!(scene.members("outer"), scene.some([1]));
    assert_eq!(scene.read("outer").await.len(), 2);
}

#[tokio::test]
async fn what_fails_for_an_outer_group_is_made_up_for() {
    let scene = Scene::aws(2, &["outer", "inner"]).await;
    scene.entra("Add", "inner", &scene.users[0]).await;
    scene.entra("Add", "outer", scene.id("inner")).await;
    let fault = json!({
        "match": { "method": "PATCH", "path": scene.path("outer"), "nth": 1 },
        "respond": { "status": 403 },
    });
    scene.simulator.fault(&fault).unwrap();
    scene.entra("Remove", "inner", &scene.users[0]).await;
    assert_eq!(scene.members("inner"), scene.some([]), "the request itself was carried out");
    while !scene.members("outer").is_empty() {
        tokio::task::yield_now().await;
    }
}

/// Two users: at a vendor that makes no inactive accounts, and at one that removes whom it deactivates.
async fn away() -> [(Scene, [String; 2]); 2] {
    let refuses =
        "format: 1\nvendor: any\nprofile: { resources: { Users: { create: { inactive: rejected } } } }\n";
    let segment = include_str!("../../mappings/segment.yaml");
    let both = [(Vendor::Rfc, refuses, false), (Vendor::Segment, segment, true)];
    let mut scenes = Vec::new();
    for (vendor, mapping, active) in both {
        let scene = Scene::set(vendor, mapping.to_owned() + FLATTEN, 0, &["outer", "inner"]).await;
        let [ana, bo] = [scene.account("ana", active).await, scene.account("bo", active).await];
        if active {
            scene.turn(&ana, false).await;
            scene.turn(&bo, false).await;
        }
        scenes.push((scene, [ana, bo]));
    }
    scenes.try_into().unwrap_or_else(|_| unreachable!("there are two"))
}

impl Scene {
    async fn account(&self, name: &str, active: bool) -> String {
        let mail = format!("{name}@acme.example");
        let body = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "userName": mail,
            "displayName": name,
            "name": { "givenName": name, "familyName": "Silva" },
            "emails": [{ "value": mail, "primary": true }],
            "active": active,
        });
        let made = self.client.post("/Users", &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.body["id"].as_str().unwrap().to_owned()
    }

    async fn turn(&self, user: &str, active: bool) {
        let operation = json!([{ "op": "replace", "path": "active", "value": active }]);
        let answer = self.client.patch(&format!("/Users/{user}"), &operation).await;
        assert!(answer.status < 300, "{}", answer.text);
    }
}

#[tokio::test]
async fn who_is_not_there_joins_the_outer_groups_when_he_comes() {
    for (scene, [ana, bo]) in away().await {
        scene.entra("Add", "outer", scene.id("inner")).await;
        scene.entra("Add", "inner", &ana).await;
        scene.entra("Add", "inner", &bo).await;
        assert_eq!((scene.members("inner").len(), scene.members("outer").len()), (0, 0));
        let both = [ana.clone(), bo.clone()].map(|user| (user, "User".to_owned()));
        assert_eq!(scene.read("inner").await, both.into());
        assert_eq!(scene.read("outer").await, [(scene.id("inner").to_owned(), "Group".to_owned())].into());
        scene.entra("Remove", "inner", &bo).await;
        scene.turn(&ana, true).await;
        scene.turn(&bo, true).await;
        assert_eq!((scene.members("inner").len(), scene.members("outer").len()), (1, 1), "ana alone");
        scene.entra("Remove", "outer", scene.id("inner")).await;
        assert_eq!((scene.members("inner").len(), scene.members("outer").len()), (1, 0));
    }
}

/// The vendor is imagined: it takes everything.
#[tokio::test(start_paused = true)]
async fn what_was_not_sent_when_the_bridge_ended_is_sent_when_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let mapping = folder.path().join("flat.yaml");
    std::fs::write(&mapping, format!("format: 1\nvendor: any\n{FLATTEN}")).unwrap();
    let Ok(Checked::Mapping(compiled)) = config::check(&mapping, Secrets::Unread) else {
        panic!("it is right")
    };
    let store = Arc::new(Memory::default());
    let user = |user: &str| Said::User { group: "inner".into(), user: user.into(), is: true };
    let edge = Said::Edge { parent: "outer".into(), child: "inner".into(), is: true };
    let applied = Said::Applied { group: "outer".into(), user: "gone".into(), is: true };
    let groups = ["outer", "inner"].map(|group| Said::Group { group: group.into() });
    let said = groups.into_iter().chain([user("ana"), user("bo"), edge, applied]).collect();
    store.say("acme", said).await.unwrap();
    let there = ["outer", "inner"].map(|id| {
        let group = format!(r#"{{"schemas":["{GROUP}"],"id":"{id}","displayName":"{id}"}}"#);
        let group = Scim::read(group.as_bytes(), &Limits::REQUEST);
        (ResourceType::Group, id.into(), group.unwrap())
    });
    let integration = Arc::new(Integration::new(Parts {
        name: "acme".into(),
        base: "https://bridge.example/acme".to_owned(),
        dialect: scim_bridge::dialect::Options::default(),
        mapping: compiled.mapping,
        profile: compiled.profile,
        remembers: true,
        held: false,
        domains: Vec::new(),
        store: store.clone(),
        wire: Wire::Dry(Dry::with(there)),
        tasks: TaskTracker::new(),
        observer: None,
    }));
    integration.resume();
    let both = ["ana", "bo"];
    let is_sent = |groups: Vec<Stored>| groups.len() == 2 && groups.iter().all(|group| group.applied == both);
    // Long enough for the first try, and no longer than a test may take.
    for _ in 0..1_000 {
        if is_sent(store.nested("acme").await.unwrap()) {
            return;
        }
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    panic!("{:?}", store.nested("acme").await);
}

/// Who belongs, by recursion, with nothing remembered.
fn flat(
    group: &str,
    said: &BTreeMap<&str, (BTreeSet<String>, BTreeSet<&str>)>,
    seen: &mut BTreeSet<String>,
    out: &mut BTreeSet<String>,
) {
    if seen.insert(group.to_owned()) {
        let (users, children) = &said[group];
        out.extend(users.iter().cloned());
        children.iter().for_each(|child| flat(child, said, seen, out));
    }
}

#[tokio::test]
async fn a_random_story_leaves_exactly_who_belongs() {
    const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];
    for (vendor, scene) in [("aws", Scene::aws(4, &NAMES).await), ("put", Scene::put_only(4, &NAMES).await)] {
        let mut said: BTreeMap<&str, (BTreeSet<String>, BTreeSet<&str>)> =
            NAMES.iter().map(|name| (*name, Default::default())).collect();
        let mut state = 11_u64;
        let mut dice = move |most: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap() % most
        };
        for step in 0..70 {
            let (group, child, member) = (NAMES[dice(5)], NAMES[dice(5)], scene.users[dice(4)].clone());
            let own = said.get_mut(group).unwrap();
            match dice(6) {
                0 | 1 => {
                    own.0.insert(member.clone());
                    scene.entra("Add", group, &member).await;
                }
                2 => {
                    own.0.remove(&member);
                    scene.entra("Remove", group, &member).await;
                }
                3 | 4 => {
                    own.1.insert(child);
                    scene.entra("Add", group, scene.id(child)).await;
                }
                _ => {
                    own.1.remove(child);
                    scene.entra("Remove", group, scene.id(child)).await;
                }
            }
            let at_vendor = scene.at_vendor();
            for name in NAMES {
                let mut expected = BTreeSet::new();
                flat(name, &said, &mut BTreeSet::new(), &mut expected);
                assert_eq!(at_vendor[name], expected, "{vendor}, step {step}: {name}");
            }
        }
    }
}
