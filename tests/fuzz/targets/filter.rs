//! A filter in any dialect: no panic, and what is understood is what the strict dialect reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scim_bridge::dialect::{Dialect, Hints, Options, Speaker, Touched};
use scim_bridge::scim::{Catalog, ResourceType};

fuzz_target!(|input: (u8, u8, &str)| {
    let (dialect, kind, text) = input;
    let dialect = Dialect::ALL[usize::from(dialect) % Dialect::ALL.len()];
    let catalog = Catalog::standard(ResourceType::ALL[usize::from(kind) % 2]);
    let speaker = |dialect| Speaker::of(&Options { dialect, ..Options::default() }, &Hints::default());
    let mut touched = Touched::default();
    if let Ok(read) = speaker(dialect).filter(text, &catalog, &mut touched) {
        let printed = read.to_string();
        let again = speaker(Dialect::Rfc).filter(&printed, &catalog, &mut touched);
        assert_eq!(again.map(|again| again.to_string()), Ok(printed));
    }
});
