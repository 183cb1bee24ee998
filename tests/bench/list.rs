//! What a page of 5,000 users costs on its way back, in time and in memory at its height: read, every user mapped, printed.
//!
//! `cargo bench --bench list`. "max alloc" is the most that was held at once beside the body itself. Time is counted
//! with an allocator that keeps accounts, for the yardstick as well.

#![expect(clippy::expect_used, reason = "a measurement of what fails says nothing")]

use std::sync::Arc;

use divan::counter::BytesCount;
use divan::{AllocProfiler, Bencher, black_box};
use scim_bridge::emulation::Profile;
use scim_bridge::mapping::{Lens, Mapping, Scope};
use scim_bridge::scim::json::Limits;
use scim_bridge::scim::{ResourceType, Value};
use scim_bridge::yaml::parse;

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const VENDOR_USER: &str = include_str!("bodies/vendor_user.json");
const TEN_RULES: &str = include_str!("ten_rules.yaml");
const USERS: usize = 5_000;

fn main() {
    divan::Divan::from_args().sample_count(10).sample_size(1).main();
}

fn lens() -> Lens {
    let file = parse(0, TEN_RULES).expect("the mapping is YAML");
    let mut mistakes = Vec::new();
    let scope = Scope::read(&file, None, &mut mistakes);
    let profile = Profile::read(file.get("profile"), &scope.prefixes, &mut mistakes);
    let [users, groups] = ResourceType::ALL.map(|resource| Arc::new(profile.catalog(resource)));
    let mapping = Mapping::compile(&file, &scope, users, groups, true, &mut mistakes);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    mapping.users
}

/// A page as it travels, no two users alike.
fn page() -> String {
    let user = Value::read(VENDOR_USER.as_bytes(), &Limits::REPLY).expect("the body is JSON").to_json();
    let users: Vec<_> = (0..USERS).map(|number| user.replace("########", &format!("{number:08}"))).collect();
    let counts = format!(r#""totalResults":{USERS},"startIndex":1,"itemsPerPage":{USERS}"#);
    let schema = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
    format!(r#"{{"schemas":["{schema}"],{counts},"Resources":[{}]}}"#, users.join(","))
}

/// The yardstick.
#[divan::bench]
fn serde_json_read_and_print(bencher: Bencher<'_, '_>) {
    let page = page();
    bencher.counter(BytesCount::of_str(&page)).bench(|| {
        let read: serde_json::Value = serde_json::from_str(black_box(&page)).expect("the body is JSON");
        serde_json::to_vec(&read).expect("it prints")
    });
}

#[divan::bench]
fn read_map_back_and_print(bencher: Bencher<'_, '_>) {
    let (page, lens) = (page(), lens());
    bencher.counter(BytesCount::of_str(&page)).bench(|| {
        let mut read = Value::read(black_box(page.as_bytes()), &Limits::REPLY).expect("the body is JSON");
        for user in read.get_mut("Resources").and_then(Value::items_mut).into_iter().flatten() {
            *user = lens.back(std::mem::take(user));
        }
        read.to_bytes()
    });
}
