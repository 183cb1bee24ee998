//! The life that every cell plays, and what must hold after each step of it.

use std::collections::BTreeMap;

use scim_bridge::simulator::idp::{Answer, Client, Deed, Idp, Members, Stage};
use scim_bridge::simulator::{Options, Simulator};
use serde_json::{Value, json};

use super::Cell;
use crate::peer::bridge::{Bridge, Plan, TOKEN};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const DEPARTMENT: &str = "/urn:ietf:params:scim:schemas:extension:enterprise:2.0:User/department";

type Checked<T = ()> = Result<T, String>;

/// A life being played.
pub struct Story<'c> {
    cell: &'c Cell,
    simulator: Simulator,
    idp: Idp,
    /// What the identity provider has of everybody who is there.
    people: BTreeMap<&'static str, Value>,
    /// Its groups: the name, and the keys of the members.
    groups: BTreeMap<&'static str, (String, Vec<String>)>,
    /// What each deed cost at the vendor: how many calls, for the first of its title.
    costs: Vec<(String, usize)>,
}

fn person(key: &str, given: &str, family: &str, title: &str) -> Value {
    let mail = format!("{}.{}@acme.example", given.to_lowercase(), family.to_lowercase());
    json!({
        "schemas": [USER, ENTERPRISE],
        "externalId": key,
        "userName": mail,
        "active": true,
        "displayName": format!("{given} {family}"),
        "emails": [{ "primary": true, "type": "work", "value": mail }],
        "name": { "givenName": given, "familyName": family },
        "title": title,
        "locale": "en-US",
        ENTERPRISE: { "department": "Retail" },
    })
}

fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err(why()) }
}

/// Whether what was written is in what is read: every attribute, every value of a list, every part of a value.
fn is_in(wrote: &Value, read: &Value) -> bool {
    match (wrote, read) {
        (Value::Object(wrote), Value::Object(read)) => {
            wrote.iter().all(|(name, value)| is_in(value, read.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(wrote), Value::Array(read)) => {
            wrote.iter().all(|value| read.iter().any(|other| is_in(value, other)))
        }
        (wrote, read) => wrote == read,
    }
}

impl<'c> Story<'c> {
    /// Plays it; the error says where it went wrong.
    pub async fn play(cell: &'c Cell) -> Checked<Vec<(String, usize)>> {
        let options = Options { knobs: cell.stand.set(cell.knob), ..Options::default() };
        let simulator = Simulator::start(cell.stand.vendor, options).await.unwrap();
        (cell.stand.prepare)(&simulator);
        let mut plan = Plan::new();
        let mapping = match cell.stand.unlimited {
            true => {
                let known = scim_bridge::config::SHIPPED.iter();
                let (_, shipped) = known.into_iter().find(|(name, _)| *name == cell.stand.mapping).unwrap();
                plan = plan.file("own.yaml", &crate::rates::unlimited(shipped));
                "./own.yaml"
            }
            false => cell.stand.mapping,
        };
        plan.integration("acme", &simulator.base_url(), &simulator.token())
            .mapping(mapping)
            .more(cell.stand.more)
            .dialect(dialect(cell.client))
            .done();
        let bridge = plan.start().await;
        let idp = Idp::new(cell.client, &bridge.url("acme"), TOKEN);
        let mut story = Self {
            cell,
            simulator,
            idp,
            people: BTreeMap::new(),
            groups: BTreeMap::new(),
            costs: Vec::new(),
        };
        let told = story.tell(&bridge).await;
        bridge.stop().await;
        told.map(|()| story.costs)
    }

    async fn tell(&mut self, _: &Bridge) -> Checked {
        if self.cell.stand.groups || self.cell.client != Client::Rauthy {
            self.say("connects", Deed::Connect).await?;
        }
        self.arrive().await?;
        self.look_up().await?;
        self.list().await?;
        self.change().await?;
        if self.cell.stand.groups {
            self.group().await?;
            self.crowd().await?;
        }
        self.leave().await?;
        self.end()
    }

    /// Has the client do something, and expects the statuses with which it goes on.
    async fn say(&mut self, title: &str, deed: Deed<'_>) -> Checked<Answer> {
        let mut last = None;
        self.simulator.clear_log();
        for step in self.cell.client.say(Stage::Read, title, deed) {
            let answer = self.idp.play(&step).await.map_err(|error| format!("{title}: {error}"))?;
            ensure(step.expect.contains(&answer.status), || {
                format!("{title}: {} {}: {} {}", step.method, step.path, answer.status, answer.body)
            })?;
            last = Some(answer);
        }
        if !self.costs.iter().any(|(known, _)| known == title) {
            self.costs.push((title.to_owned(), self.simulator.log().len()));
        }
        last.ok_or_else(|| format!("{title}: says nothing"))
    }

    async fn get(&self, path: &str) -> Checked<Answer> {
        self.idp.send("GET", path, None).await
    }

    fn id(&self, key: &str) -> String {
        self.idp.id(key).unwrap_or_default().to_owned()
    }

    /// Everything is read as it was written.
    async fn reads_back(&self, after: &str) -> Checked {
        for (key, wrote) in &self.people {
            let read = self.get(&format!("/Users/{}", self.id(key))).await?;
            ensure(read.status == 200, || format!("{after}: {key} is read: {} {}", read.status, read.body))?;
            let mut wrote = wrote.clone();
            wrote.as_object_mut().unwrap().remove("schemas");
            ensure(is_in(&wrote, &read.body), || format!("{after}: {key} is {}, not {wrote}", read.body))?;
        }
        for (key, (name, members)) in &self.groups {
            let read = self.get(&format!("/Groups/{}", self.id(key))).await?;
            ensure(read.status == 200, || format!("{after}: {key} is read: {} {}", read.status, read.body))?;
            let mut ids: Vec<_> = read.body["members"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|one| one["value"].clone())
                .collect();
            ids.sort_by_key(ToString::to_string);
            let mut wanted: Vec<_> = members.iter().map(|key| json!(self.id(key))).collect();
            wanted.sort_by_key(ToString::to_string);
            ensure(ids == wanted && read.body["displayName"] == name.as_str(), || {
                format!("{after}: {name} is {}, not {wanted:?}", read.body)
            })?;
        }
        Ok(())
    }

    async fn arrive(&mut self) -> Checked {
        let people = [
            ("ana", person("ana", "Ana", "Silva", "Engineer")),
            ("bo", person("bo", "Bo", "Lund", "Buyer")),
            ("cem", person("cem", "Cem", "Arslan", "Driver")),
        ];
        for (key, whole) in people {
            let user_name = whole["userName"].as_str().unwrap_or_default();
            let found = self.say("looks up", Deed::Find { user_name, external_id: key }).await?;
            ensure(found.body["totalResults"] == 0, || format!("{key} is there already: {}", found.body))?;
            self.say("creates", Deed::Create { key, body: &whole }).await?;
            self.people.insert(key, whole);
        }
        self.reads_back("creation").await?;
        // Whoever is there is not made again.
        let body = self.people["bo"].clone();
        for step in
            self.cell.client.say(Stage::Read, "creates again", Deed::Create { key: "again", body: &body })
        {
            let answer = self.idp.play(&step).await?;
            // A vendor that answers a second creation with the first account makes nobody twice.
            let same = answer.status == 201 && answer.body["id"] == self.id("bo");
            ensure(answer.status == 409 || same, || {
                format!("creates again: {} {}", answer.status, answer.body)
            })?;
        }
        Ok(())
    }

    /// Everybody is found by every attribute that he has to himself, and nobody else is.
    async fn look_up(&self) -> Checked {
        for filter in [
            "userName eq \"bo.lund@acme.example\"",
            "userName eq \"BO.LUND@acme.example\"",
            "externalId eq \"bo\"",
            "emails.value eq \"bo.lund@acme.example\"",
            "emails[type eq \"work\"].value eq \"bo.lund@acme.example\"",
            "displayName eq \"Bo Lund\"",
            "name.familyName eq \"Lund\"",
            "title eq \"Buyer\"",
            "userName eq \"bo.lund@acme.example\" and active eq true",
        ] {
            // RFC 7644 has no sub-attribute behind the brackets of a filter, and its client none either.
            if self.cell.client == Client::Rfc && filter.contains("].") {
                continue;
            }
            let found = self.get(&format!("/Users?filter={}", encoded(filter))).await?;
            let ids: Vec<_> =
                found.body["Resources"].as_array().into_iter().flatten().map(|one| &one["id"]).collect();
            ensure(
                found.status == 200 && ids == [&json!(self.id("bo"))] && found.body["totalResults"] == 1,
                || format!("{filter} finds {} {}", found.status, found.body),
            )?;
        }
        Ok(())
    }

    /// A list is walked, page by page.
    async fn list(&self) -> Checked {
        let mut seen = Vec::new();
        let all = 3 + self.cell.stand.others;
        for start in [1, 3] {
            let page = self.get(&format!("/Users?startIndex={start}&count=2")).await?;
            let of_page = page.body["Resources"].as_array().cloned().unwrap_or_default();
            ensure(
                page.status == 200
                    && page.body["totalResults"] == all
                    && of_page.len() == if start == 1 { 2 } else { all - 2 },
                || format!("the page from {start} is {} {}", page.status, page.body),
            )?;
            seen.extend(of_page.into_iter().map(|one| one["id"].clone()));
        }
        seen.sort_by_key(ToString::to_string);
        seen.dedup();
        ensure(seen.len() == all, || format!("the pages hold {seen:?}"))
    }

    async fn update(&mut self, title: &str, key: &'static str, changes: &[(&str, Value)]) -> Checked {
        let mut whole = self.people[key].clone();
        for (pointer, value) in changes {
            let (above, name) = pointer.rsplit_once('/').unwrap_or_default();
            match (whole.pointer_mut(above), value) {
                (Some(Value::Object(members)), Value::Null) => drop(members.remove(name)),
                (Some(Value::Array(items)), value) => match name.parse::<usize>() {
                    Ok(index) if index < items.len() => items[index] = value.clone(),
                    _ => items.push(value.clone()),
                },
                (Some(above), value) => above[name] = value.clone(),
                (None, _) => return Err(format!("{pointer} is nowhere")),
            }
        }
        self.say(title, Deed::Change { key, whole: &whole, changes }).await?;
        self.people.insert(key, whole);
        self.reads_back(title).await
    }

    async fn change(&mut self) -> Checked {
        let named = [("/displayName", json!("Ana Souza")), ("/name/familyName", json!("Souza"))];
        self.update("gives Ana another name", "ana", &named).await?;
        if self.cell.stand.renames {
            let mail = json!("ana.souza@acme.example");
            let renamed = [("/userName", mail.clone()), ("/emails/0/value", mail)];
            self.update("gives Ana another address", "ana", &renamed).await?;
        }
        self.update("moves Bo", "bo", &[(DEPARTMENT, json!("Legal"))]).await?;
        let phones = json!([
            { "value": "+351 21 000 0000", "type": "work" },
            { "value": "+351 900 000 000", "type": "mobile" },
        ]);
        self.update("gives Bo two phones", "bo", &[("/phoneNumbers", phones.clone())]).await?;
        let one = json!([phones[1]]);
        if self.cell.client != Client::Authentik {
            self.update("takes one of them away", "bo", &[("/phoneNumbers", one)]).await?;
        }
        if self.cell.client.clears() {
            self.update("takes Bo's title away", "bo", &[("/title", Value::Null)]).await?;
            let read = self.get(&format!("/Users/{}", self.id("bo"))).await?;
            ensure(read.body.get("title").is_none(), || format!("the title is still there: {}", read.body))?;
        }
        Ok(())
    }

    async fn members(
        &mut self,
        title: &str,
        key: &'static str,
        (joining, leaving): (&[&str], &[&str]),
    ) -> Checked {
        let (name, mut all) = self.groups[key].clone();
        all.retain(|one| !leaving.contains(&one.as_str()));
        all.extend(joining.iter().map(|one| (*one).to_owned()));
        let keys: Vec<&str> = all.iter().map(String::as_str).collect();
        let members = Members { key, name: &name, joining, leaving, all: &keys };
        self.say(title, Deed::Members(members)).await?;
        self.groups.insert(key, (name, all));
        self.reads_back(title).await
    }

    async fn group(&mut self) -> Checked {
        let (key, name) = ("staff", "staff");
        self.say("looks the group up", Deed::FindGroup { name }).await?;
        self.say("creates the group", Deed::CreateGroup { key, name }).await?;
        self.groups.insert(key, (name.to_owned(), Vec::new()));
        self.reads_back("the creation of the group").await?;
        self.members("adds Ana and Bo", key, (&["ana", "bo"], &[])).await?;
        self.members("adds Cem", key, (&["cem"], &[])).await?;
        self.members("removes Ana", key, (&[], &["ana"])).await?;
        let found = self.get(&format!("/Groups?filter={}", encoded("displayName eq \"staff\""))).await?;
        ensure(found.body["totalResults"] == 1, || format!("the group is found: {}", found.body))?;
        let members = self.groups[key].1.clone();
        let keys: Vec<&str> = members.iter().map(String::as_str).collect();
        self.say("renames the group", Deed::RenameGroup { key, name: "crew", members: &keys }).await?;
        self.groups.insert(key, ("crew".to_owned(), members));
        self.reads_back("the group's other name").await?;
        let replaced = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [
            { "op": "replace", "path": "members", "value": [{ "value": self.id("ana") }] }] });
        let path = format!("/Groups/{}", self.id(key));
        let answer = self.idp.send("PATCH", &path, Some(replaced)).await?;
        ensure(answer.status < 300, || format!("replaces all: {} {}", answer.status, answer.body))?;
        self.groups.insert(key, ("crew".to_owned(), vec!["ana".to_owned()]));
        self.reads_back("the replacement of all members").await?;
        let all = json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{ "op": "remove", "path": "members" }] });
        let answer = self.idp.send("PATCH", &path, Some(all)).await?;
        ensure(answer.status < 300, || format!("empties: {} {}", answer.status, answer.body))?;
        self.groups.insert(key, ("crew".to_owned(), Vec::new()));
        self.reads_back("the removal of all members").await?;
        self.members("adds Ana and Bo again", key, (&["ana", "bo"], &[])).await
    }

    /// A large group comes at once, grows by one, loses two, and goes.
    async fn crowd(&mut self) -> Checked {
        let number = self.cell.crowd;
        let keys: Vec<String> = (0..number).map(|index| format!("extra{index:03}")).collect();
        for key in &keys {
            let whole = person(key, &key.replace("extra", "Extra"), "Example", "Guest");
            self.say("creates one of many", Deed::Create { key, body: &whole }).await?;
        }
        let key = "crowd";
        self.say("creates the large group", Deed::CreateGroup { key, name: key }).await?;
        self.groups.insert(key, (key.to_owned(), Vec::new()));
        let all: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.members("fills it", key, (&all, &[])).await?;
        self.members("adds one", key, (&["ana"], &[])).await?;
        self.members("removes two", key, (&[], &[all[1], all[number - 1]])).await?;
        self.say("deletes the large group", Deed::DeleteGroup { key }).await?;
        self.groups.remove(key);
        let path = format!("/Groups/{}", self.id(key));
        let read = self.get(&path).await?;
        ensure(read.status == 404, || format!("the deleted group is read: {} {}", read.status, read.body))?;
        for key in &keys {
            self.say("deletes one of many", Deed::Delete { key }).await?;
        }
        self.reads_back("the end of the crowd").await
    }

    async fn leave(&mut self) -> Checked {
        for (title, active) in [("deactivates Bo", false), ("lets Bo come back", true)] {
            let mut whole = self.people["bo"].clone();
            whole["active"] = json!(active);
            self.say(title, Deed::Activate { key: "bo", whole: &whole, active }).await?;
            self.people.insert("bo", whole);
            self.reads_back(title).await?;
        }
        let mut whole = self.people["cem"].clone();
        whole["active"] = json!(false);
        self.say("lets Cem go", Deed::Leave { key: "cem", whole: &whole }).await?;
        // Some delete, some deactivate: in the end he is deleted.
        let path = format!("/Users/{}", self.id("cem"));
        let gone = self.idp.send("DELETE", &path, None).await?;
        ensure(matches!(gone.status, 204 | 404), || format!("deletes Cem: {} {}", gone.status, gone.body))?;
        self.people.remove("cem");
        let read = self.get(&path).await?;
        ensure(read.status == 404, || format!("who was deleted is read: {} {}", read.status, read.body))?;
        let filter = encoded("userName eq \"cem.arslan@acme.example\"");
        let found = self.get(&format!("/Users?filter={filter}")).await?;
        ensure(found.body["totalResults"] == 0, || format!("who was deleted is found: {}", found.body))?;
        self.reads_back("the leave").await
    }

    /// What the vendor holds in the end, and what it counted.
    fn end(&self) -> Checked {
        let state = self.simulator.state();
        let list = |name: &str| state[name].as_array().cloned().unwrap_or_default();
        let users: Vec<Value> =
            list("users").iter().map(|user| user.get("scim").unwrap_or(user).clone()).collect();
        let with_access = |user: &&Value| user["active"] != false;
        let active = users.iter().filter(with_access).count();
        let all = 2 + self.cell.stand.others;
        ensure(active == all, || format!("{active} have access, not {all}: {users:?}"))?;
        ensure(self.cell.stand.keeps || users.len() == all, || format!("too many are held: {users:?}"))?;
        if self.cell.stand.groups {
            let groups = list("groups");
            ensure(groups.len() == 1 && groups[0]["displayName"] == "crew", || {
                format!("groups: {groups:?}")
            })?;
            let members = groups[0]["members"].as_array().map_or(0, Vec::len);
            ensure(members == 2, || format!("{members} members: {groups:?}"))?;
        }
        let counters = self.simulator.counters();
        let bad = [
            counters.members_lost,
            counters.duplicate_creates,
            counters.rate_violations,
            counters.concurrent_writes_same_resource,
            counters.unauthorised,
        ];
        ensure(bad == [0; 5], || format!("counted: {counters:?}"))
    }
}

/// The dialect that an administrator would name for a client.
fn dialect(client: Client) -> &'static str {
    match client {
        Client::Entra | Client::EntraFlag => "entra",
        Client::Okta | Client::OktaWizard => "okta",
        other => other.slug(),
    }
}
