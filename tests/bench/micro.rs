//! What one step costs, on a user of 1.5 KB, beside serde_json on the same bytes in the same run.
//!
//! `cargo bench --bench micro`; `tests/bench/ratios.py` runs it and divides by the yardstick.

#![expect(clippy::unwrap_used, reason = "a measurement of what fails says nothing")]

use std::sync::Arc;

use divan::{Bencher, black_box};
use scim_bridge::emulation::Profile;
use scim_bridge::mapping::{Given, Lens, Mapping, Scope};
use scim_bridge::scim::json::Limits;
use scim_bridge::scim::patch::{Operation, apply, operations};
use scim_bridge::scim::{Catalog, Filter, ResourceType, Value, diff};
use scim_bridge::yaml::parse;

const USER: &str = include_str!("bodies/user.json");
const VENDOR_USER: &str = include_str!("bodies/vendor_user.json");
const NINJAONE: &str = include_str!("../../mappings/ninjaone.yaml");
const TEN_RULES: &str = include_str!("ten_rules.yaml");

/// Filters, by name.
const FILTERS: [&str; 2] = ["lookup", "nested"];
const LOOKUP: &str = r#"userName eq "ana.silva00000042@acme.example""#;
const NESTED: &str =
    r#"emails[type eq "work" and value ew "@acme.example"] and (active eq true or not (title co "Intern"))"#;
const PATCH: &str = r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
    {"op":"replace","path":"active","value":false},
    {"op":"replace","path":"emails[type eq \"work\"].value","value":"ana@acme.example"},
    {"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Legal"},
    {"op":"add","path":"name.middleName","value":"Maria"},
    {"op":"remove","path":"addresses[type eq \"work\"]"}]}"#;

fn main() {
    divan::Divan::from_args().sample_count(1_000).main();
}

/// A body as it travels: without what makes the file readable.
fn compact(json: &str) -> String {
    value(json).to_json()
}

fn value(json: &str) -> Value {
    Value::read(json.as_bytes(), &Limits::REQUEST).expect("the body is JSON")
}

fn filter_text(name: &str) -> &'static str {
    if name == "lookup" { LOOKUP } else { NESTED }
}

fn catalog() -> Catalog {
    Catalog::standard(ResourceType::User)
}

fn lens(file: &str) -> Lens {
    let file = parse(0, file).expect("the mapping is YAML");
    let mut mistakes = Vec::new();
    let scope = Scope::read(&file, None, &mut mistakes);
    let profile = Profile::read(file.get("profile"), &scope.prefixes, &mut mistakes);
    let [users, groups] = ResourceType::ALL.map(|resource| Arc::new(profile.catalog(resource)));
    let mapping = Mapping::compile(&file, &scope, users, groups, true, &mut mistakes);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    mapping.users
}

mod json {
    use super::{Bencher, Limits, VENDOR_USER, Value, black_box, compact};

    /// The yardstick.
    #[divan::bench]
    fn serde_json_read_and_print(bencher: Bencher<'_, '_>) {
        let body = compact(VENDOR_USER);
        bencher.bench(|| {
            let read: serde_json::Value = serde_json::from_slice(black_box(body.as_bytes())).unwrap();
            serde_json::to_vec(&read).unwrap()
        });
    }

    #[divan::bench]
    fn read_and_print(bencher: Bencher<'_, '_>) {
        let body = compact(VENDOR_USER);
        bencher.bench(|| Value::read(black_box(body.as_bytes()), &Limits::REQUEST).unwrap().to_bytes());
    }

    #[divan::bench]
    fn read(bencher: Bencher<'_, '_>) {
        let body = compact(VENDOR_USER);
        bencher.bench(|| Value::read(black_box(body.as_bytes()), &Limits::REQUEST).unwrap());
    }
}

mod filter {
    use super::{Bencher, FILTERS, Filter, USER, black_box, catalog, filter_text, value};

    #[divan::bench(args = FILTERS)]
    fn parse(bencher: Bencher<'_, '_>, name: &str) {
        let text = filter_text(name);
        bencher.bench(|| Filter::parse(black_box(text)).unwrap());
    }

    #[divan::bench(args = FILTERS)]
    fn eval(bencher: Bencher<'_, '_>, name: &str) {
        let (filter, user, catalog) = (Filter::parse(filter_text(name)).unwrap(), value(USER), catalog());
        bencher.bench(|| filter.matches(black_box(&user), &catalog));
    }
}

mod patch {
    use super::{Bencher, Operation, PATCH, USER, Value, apply, black_box, catalog, diff, operations, value};

    fn patch() -> Vec<Operation> {
        let body = value(PATCH);
        let read = operations(&body).unwrap().iter().map(Operation::read).collect::<Result<_, _>>();
        read.expect("the operations are SCIM")
    }

    /// Five operations of a message that has been read as JSON.
    #[divan::bench]
    fn read(bencher: Bencher<'_, '_>) {
        let body = value(PATCH);
        bencher.bench(|| -> Vec<Operation> {
            operations(black_box(&body)).unwrap().iter().map(|one| Operation::read(one).unwrap()).collect()
        });
    }

    /// Five operations; the copy of the user that they change is not counted.
    #[divan::bench(name = "apply")]
    fn applied(bencher: Bencher<'_, '_>) {
        let (user, patch, catalog) = (value(USER), patch(), catalog());
        bencher.with_inputs(|| user.clone()).bench_values(|user| apply(user, &patch, &catalog).unwrap());
    }

    /// The difference that the same operations made.
    #[divan::bench]
    fn changes(bencher: Bencher<'_, '_>) {
        let (user, catalog) = (value(USER), catalog());
        let after: Value = apply(user.clone(), &patch(), &catalog).unwrap();
        bencher.bench(|| diff::changes(black_box(&user), black_box(&after), &catalog));
    }

    /// The difference of two that are alike.
    #[divan::bench]
    fn no_changes(bencher: Bencher<'_, '_>) {
        let (user, catalog) = (value(USER), catalog());
        let after = user.clone();
        bencher.bench(|| diff::changes(black_box(&user), black_box(&after), &catalog));
    }
}

mod mapping {
    use super::{
        Bencher, Filter, Given, LOOKUP, NINJAONE, TEN_RULES, USER, VENDOR_USER, black_box, lens, value,
    };

    const NAMES: [&str; 2] = ["ninjaone", "ten_rules"];

    fn file(name: &str) -> &'static str {
        if name == "ninjaone" { NINJAONE } else { TEN_RULES }
    }

    #[divan::bench(args = NAMES)]
    fn forward(bencher: Bencher<'_, '_>, name: &str) {
        let (lens, user) = (lens(file(name)), value(USER));
        bencher
            .with_inputs(|| user.clone())
            .bench_values(|user| lens.forward(user, &Given::default(), None, None).unwrap());
    }

    #[divan::bench(args = NAMES)]
    fn back(bencher: Bencher<'_, '_>, name: &str) {
        let lens = lens(file(name));
        let sent = lens.forward(value(USER), &Given::default(), None, None).unwrap();
        let mut answer = value(VENDOR_USER);
        for (name, value) in sent.into_members() {
            answer.set(&name, value);
        }
        bencher.with_inputs(|| answer.clone()).bench_values(|answer| lens.back(answer));
    }

    #[divan::bench(args = NAMES)]
    fn filter(bencher: Bencher<'_, '_>, name: &str) {
        let (lens, filter) = (lens(file(name)), Filter::parse(LOOKUP).unwrap());
        bencher.bench(|| lens.filter(black_box(&filter)));
    }
}
