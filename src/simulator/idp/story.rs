//! The life of three people and a group, which every client tells in its own words.

use serde_json::{Value, json};

use super::deed::{Deed, Members};
use super::{Client, DEPARTMENT, PEOPLE, Person, Stage, Step, TECHNICIANS};

impl Client {
    /// The story, step by step.
    pub fn life_cycle(self) -> Vec<Step> {
        let mut teller = Teller { client: self, steps: Vec::new() };
        teller.tell();
        teller.steps
    }
}

struct Teller {
    client: Client,
    steps: Vec<Step>,
}

impl Teller {
    fn say(&mut self, stage: Stage, title: &str, deed: Deed<'_>) {
        self.steps.extend(self.client.say(stage, title, deed));
    }

    fn tell(&mut self) {
        self.say(Stage::Connect, "tests the connection", Deed::Connect);
        let [ana, bo, cem] = &PEOPLE;
        for person in &PEOPLE {
            self.create(person);
        }
        self.change(
            Stage::Rename,
            "gives Ana her new family name",
            ana.key,
            &mut ana.attributes(),
            &[
                ("/displayName", json!("Ana Souza")),
                ("/name/familyName", json!("Souza")),
                ("/emails/0/value", json!("ana.souza@acme.example")),
            ],
        );
        let mut whole = bo.attributes();
        let moved = [(DEPARTMENT, json!("Logistics - Porto"))];
        self.change(Stage::Department, "moves Bo to another department", bo.key, &mut whole, &moved);
        self.group(ana.key, bo.key);
        for (title, active) in [("deactivates Bo", false), ("lets Bo come back", true)] {
            whole["active"] = json!(active);
            self.say(Stage::Suspend, title, Deed::Activate { key: bo.key, whole: &whole, active });
        }
        let mut gone = cem.attributes();
        gone["active"] = json!(false);
        self.say(Stage::Leave, "deactivates Cem, who leaves", Deed::Leave { key: cem.key, whole: &gone });
        self.say(Stage::Read, "reads Ana", Deed::Read { key: ana.key });
        self.say(Stage::Read, "reads Bo", Deed::Read { key: bo.key });
    }

    fn create(&mut self, person: &Person) {
        let name = person.display_name();
        let find = Deed::Find { user_name: person.user_name, external_id: person.key };
        self.say(Stage::Create, &format!("looks {name} up"), find);
        let create = Deed::Create { key: person.key, body: &person.attributes() };
        self.say(Stage::Create, &format!("creates {name}"), create);
    }

    fn change(
        &mut self,
        stage: Stage,
        title: &str,
        key: &str,
        whole: &mut Value,
        changes: &[(&'static str, Value)],
    ) {
        for (pointer, value) in changes {
            if let Some(place) = whole.pointer_mut(pointer) {
                *place = value.clone();
            }
        }
        self.say(stage, title, Deed::Change { key, whole, changes });
    }

    fn group(&mut self, ana: &str, bo: &str) {
        let (key, name) = ("group", TECHNICIANS);
        self.say(Stage::Group, "looks the group up", Deed::FindGroup { name });
        self.say(Stage::Group, "creates the group", Deed::CreateGroup { key, name });
        for (title, joining, leaving, all) in [
            ("adds Ana to the group", &[ana][..], &[][..], &[ana][..]),
            ("adds Bo to the group", &[bo][..], &[][..], &[ana, bo][..]),
            ("removes Bo from the group", &[][..], &[bo][..], &[ana][..]),
        ] {
            self.say(Stage::Group, title, Deed::Members(Members { key, name, joining, leaving, all }));
        }
    }
}
