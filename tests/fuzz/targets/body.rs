//! The body of a POST, PUT or PATCH in any dialect: no panic, and what is understood is what the strict dialect reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scim_bridge::dialect::{Dialect, Hints, Options, Speaker, Touched};
use scim_bridge::scim::json::{Limits, Value};
use scim_bridge::scim::patch::{self, Operation};
use scim_bridge::scim::resource::Write;
use scim_bridge::scim::{Catalog, ResourceType};

fn speaker(dialect: Dialect) -> Speaker {
    Speaker::of(&Options { dialect, ..Options::default() }, &Hints::default())
}

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (dialect, kind, bytes) = input;
    let dialect = Dialect::ALL[usize::from(dialect) % Dialect::ALL.len()];
    let catalog = Catalog::standard(ResourceType::ALL[usize::from(kind) % 2]);
    let Ok(body) = Value::read(bytes, &Limits::REQUEST) else { return };
    let (speaker, strict) = (speaker(dialect), speaker(Dialect::Rfc));
    let mut touched = Touched::default();
    for write in [Write::Create, Write::Replace] {
        if let Ok(read) = speaker.resource(body.clone(), &catalog, write, &mut touched) {
            let again = strict.resource(read.clone(), &catalog, write, &mut touched);
            assert_eq!(again.map(|again| again.to_json()), Ok(read.to_json()));
        }
    }
    let Ok(read) = speaker.operations(&body, &catalog, &mut touched) else { return };
    if !read.is_empty() {
        let shown = |read: &[Operation]| read.iter().map(|one| one.to_value().to_json()).collect::<Vec<_>>();
        let again = strict.operations(&patch::message(&read), &catalog, &mut touched);
        assert_eq!(again.map(|again| shown(&again)), Ok(shown(&read)));
    }
});
