//! One suite over every store: whatever is asked in whatever order, each answers as the plain one in memory does.

use compact_str::CompactString;

use super::postgres::tests::Server;
use super::{
    Absent, Debt, Group, GroupChange, Intent, Key, Memory, Place, Said, State, Store, StoreKey, Target,
    VendorId, open,
};
use crate::remainder::{Entry, Remainder, Sent};
use crate::scim::json::{Limits, Value};
use crate::scim::request::{Action, Request};
use crate::scim::{AttrPath, ResourceType};

/// A source of choices that gives the same ones again (SplitMix64).
#[derive(Clone)]
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    fn of<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }

    fn integration(&mut self) -> &'static str {
        if self.below(2) == 0 { "acme" } else { "other" }
    }

    fn resource(&mut self) -> ResourceType {
        *self.of(&ResourceType::ALL)
    }

    fn id(&mut self) -> CompactString {
        (*self.of(&["1", "2", "3", "A", "ä@x.example", "a b"])).into()
    }

    fn ids(&mut self) -> Vec<CompactString> {
        (0..self.below(4)).map(|_| self.id()).collect()
    }

    fn key(&mut self) -> Key {
        Key { integration: self.integration().into(), resource: self.resource(), id: self.id() }
    }

    fn value(&mut self) -> Value {
        let all = [r#""Ana""#, r#""ANA""#, r#"{"value":"Bo"}"#, "[1,2.50]", "null", r#""ß""#];
        Value::read(self.of(&all).as_bytes(), &Limits::REPLY).unwrap()
    }

    fn path(&mut self) -> AttrPath {
        let extension = AttrPath { schema: Some("urn:x:2.0:User".into()), name: "a".into(), sub: None };
        self.of(&[AttrPath::core("userName"), AttrPath::core("manager"), extension]).clone()
    }

    fn remainder(&mut self) -> Remainder {
        let mut remainder = Remainder::default();
        for _ in 0..self.below(3) {
            let (path, wrote) = (self.path(), (self.below(4) > 0).then(|| self.value()));
            remainder.0.push(Entry { path, wrote, seen: Some(self.value()) });
        }
        let sent = (0..self.below(2)).map(|_| Sent { path: self.path(), value: self.value() }).collect();
        remainder.with_sent(sent)
    }

    fn group(&mut self) -> Group {
        Group { display_name: (*self.of(&["Ops", "Dev", ""])).into(), members: self.ids() }
    }

    fn change(&mut self) -> GroupChange {
        let display_name = (self.below(2) == 0).then(|| self.group().display_name);
        GroupChange { display_name, replaced: self.below(3) == 0, added: self.ids(), removed: self.ids() }
    }

    fn said(&mut self) -> Said {
        let (group, other, is) = (self.id(), self.id(), self.below(3) > 0);
        match self.below(8) {
            0 => Said::Group { group },
            1 | 2 => Said::User { group, user: other, is },
            3 | 4 => Said::Edge { parent: group, child: other, is },
            5 => Said::Applied { group, user: other, is },
            6 => Said::GroupGone { group },
            _ => Said::UserGone { user: other },
        }
    }

    fn request(&mut self) -> Request {
        let (resource, id) = (self.resource(), self.id());
        let mut body = Value::object();
        body.set(if resource == ResourceType::User { "userName" } else { "displayName" }, id.as_str());
        let action = match self.below(4) {
            0 => Action::Create(body),
            1 => Action::Replace(id, body),
            2 => Action::Modify(id, Vec::new()),
            _ => Action::Delete(id),
        };
        Request::new(resource, action)
    }

    fn absent(&mut self) -> Option<Absent> {
        let states = [State::Leaving, State::Left, State::Returning, State::Pending, State::Frozen];
        (self.below(3) > 0).then(|| Absent { account: self.value(), state: *self.of(&states) })
    }
}

/// Intents without their numbers.
fn told(intents: Vec<Intent>) -> String {
    let one = |intent: Intent| {
        let Intent { request, revokes, tries, parked, .. } = intent;
        format!("{request:?} {revokes} {tries} {parked}")
    };
    intents.into_iter().map(one).collect::<Vec<_>>().join("\n")
}

/// One verb, chosen; gives which, and what it answered.
async fn step(choices: &mut Choices, store: &dyn Store) -> String {
    let c = choices;
    let some = |c: &mut Choices| (c.below(2) == 0).then(|| c.id());
    macro_rules! ask {
        ($what:literal, $verb:expr) => {
            format!("{}: {:?}", $what, $verb.await.unwrap())
        };
    }
    match c.below(43) {
        0 | 1 => ask!("keep", store.keep(&c.key(), c.remainder())),
        2 => ask!("remainder", store.remainder(&c.key())),
        3 => {
            let (integration, resource, path, text) = (c.integration(), c.resource(), c.path(), c.value());
            let text = text.scalar_text().unwrap_or("bo").to_owned();
            ask!("wrote", store.wrote(integration, resource, &path, &text))
        }
        4 => ask!("forget", store.forget(&c.key())),
        5 => ask!("vendor_ids", store.vendor_ids(c.integration(), c.resource(), &c.ids())),
        6 => {
            let (integration, resource) = (c.integration(), c.resource());
            let ids: Vec<VendorId> = c.ids().into_iter().map(VendorId).collect();
            ask!("own_ids", store.own_ids(integration, resource, &ids))
        }
        7 => ask!("bind", store.bind(&c.key(), VendorId(c.id()))),
        8 => ask!("mint", store.mint(&c.key(), VendorId(c.id()))),
        9 => ask!("unbind", store.unbind(&c.key())),
        10 => ask!("absent", store.absent(&c.key())),
        11 => ask!("set_absent", store.set_absent(&c.key(), c.absent())),
        12 => ask!("has_absent", store.has_absent(c.integration(), c.resource())),
        13 => ask!("all_absent", store.all_absent(c.integration(), c.resource())),
        14 => ask!("park", store.park(c.integration(), &c.id(), &c.ids())),
        15 => {
            let (integration, user, group) = (c.integration(), some(c), some(c));
            ask!("unpark", store.unpark(integration, user.as_deref(), group.as_deref()))
        }
        16 => ask!("parked_of", store.parked_of(c.integration(), &c.id())),
        17 => ask!("parked_in", store.parked_in(c.integration(), &c.id())),
        18 => ask!("told", store.told(c.integration(), &c.id())),
        19 => {
            let (integration, group) = (c.integration(), c.id());
            let change = (c.below(5) > 0).then(|| c.change());
            ask!("tell", store.tell(integration, &group, change))
        }
        20 => ask!("claim", store.claim(&c.key())),
        21 => ask!("is_claimed", store.is_claimed(&c.key())),
        22 => ask!("bury", store.bury(&c.key())),
        23 => ask!("is_buried", store.is_buried(&c.key())),
        24 => ask!("has_buried", store.has_buried(c.integration(), c.resource())),
        25 => ask!("unbury", store.unbury(&c.key())),
        26 => {
            let (integration, group) = (c.integration(), c.id());
            let doubt = store.doubt(integration, &group, &c.ids(), &c.ids()).await.unwrap();
            let told = format!("doubt: {doubt:?}");
            if c.below(2) == 0 {
                store.take_back(integration, &group, doubt).await.unwrap();
            }
            told
        }
        27 => ask!("doubtful", store.doubtful(c.integration())),
        28 => {
            let (integration, group) = (c.integration(), some(c));
            ask!("owed", store.owed(integration, group.as_deref()))
        }
        29 => {
            let (integration, user) = (c.integration(), c.id());
            let debt = store.debt(integration, &user).await.unwrap();
            let told = format!("debt: {debt:?}");
            if let Some(debt) = debt {
                let number = debt.number + c.below(2);
                store.settle(integration, &Debt { number, ..debt }).await.unwrap();
            }
            told
        }
        30 => {
            let (integration, user) = (c.integration(), c.id());
            let mut groups = store.groups_of(integration, &user).await.unwrap();
            groups.sort();
            format!("groups_of: {groups:?}")
        }
        31 => ask!("members_of", store.members_of(c.integration(), &c.id())),
        32 => ask!("name_of", store.name_of(c.integration(), &c.id())),
        33 => {
            let (integration, group) = (c.integration(), c.id());
            let now = (c.below(4) > 0).then(|| c.group());
            ask!("learn_group", store.learn_group(integration, &group, now))
        }
        34 => ask!("change_group", store.change_group(c.integration(), &c.id(), c.change())),
        35 => ask!("forget_member", store.forget_member(c.integration(), &c.id())),
        36 => {
            let (integration, request, revokes) = (c.integration(), c.request(), c.below(2) == 0);
            let target = Target::of(&request).unwrap();
            // Numbers may differ; who came first may not.
            store.intend(integration, &target, &request, revokes, 7).await.unwrap();
            told(store.intents_for(integration, &target).await.unwrap())
        }
        37 => told(store.intents(c.integration()).await.unwrap()),
        38 => {
            let integration = c.integration();
            let all = store.intents(integration).await.unwrap();
            if all.is_empty() {
                return "no intents".to_owned();
            }
            let one = c.of(&all);
            store.tried(integration, one.number, one.tries + 1, !one.parked).await.unwrap();
            if c.below(2) == 0 {
                store.fulfil(integration, &[one.number]).await.unwrap();
            }
            "tried".to_owned()
        }
        39 | 40 => {
            let integration = c.integration();
            let said = (0..c.below(6)).map(|_| c.said()).collect();
            store.say(integration, said).await.unwrap();
            ask!("nested", store.nested(integration))
        }
        _ if c.below(8) == 0 => {
            let integration = c.integration();
            let groups = (0..c.below(3)).map(|_| (c.id(), c.group())).collect();
            ask!("learn_groups", store.learn_groups(integration, groups))
        }
        _ => ask!("knows_groups", store.knows_groups(c.integration())),
    }
}

/// Whether a store answers as the plain one does, and still does after each time it was opened again.
async fn conforms(seed: u64, steps: usize, again: usize, place: &Place) {
    let plain = Memory::default();
    let key = StoreKey::random().unwrap();
    let mut store = open(place, &key).await.unwrap();
    let mut choices = Choices(seed);
    for at in 0..steps {
        let mut same = choices.clone();
        let expected = step(&mut choices, &plain).await;
        assert_eq!(step(&mut same, &*store).await, expected, "seed {seed}, step {at}");
        if at % again == again - 1 {
            store.sync(store.mark()).await.unwrap();
            drop(store);
            store = open(place, &key).await.unwrap();
        }
    }
}

#[tokio::test]
async fn sqlite_in_memory() {
    for seed in 0..8 {
        conforms(seed, 2_000, usize::MAX, &Place::Memory).await;
    }
}

#[tokio::test]
async fn sqlite_in_a_file() {
    for seed in 100..104 {
        let folder = tempfile::tempdir().unwrap();
        conforms(seed, 1_000, 97, &Place::File(folder.path().join("bridge.db"))).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgresql() {
    let Some(server) = Server::start("store::conformance::postgresql") else { return };
    for seed in 200..203 {
        let place = Place::parse(&server.database(&format!("seed{seed}"))).unwrap();
        conforms(seed, 1_000, 331, &place).await;
    }
}
