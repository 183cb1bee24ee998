//! Every refusal of a mapping: one small file each under `tests/refused`, and what `check` prints of it, whole.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::program::{is_as_recorded, run};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The line, snippet and hint of each, as a person sees them.
#[test]
fn each_mistake_is_refused_where_it_stands_with_a_way_out() {
    let (folder, mut all) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused"), String::new());
    for file in files() {
        let name = file.file_name().unwrap().to_str().unwrap();
        let ended = run(&folder, &["check", name]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(78), ""), "{name}: {}", ended.err);
        let (mistakes, hints) = (ended.err.matches("error: ").count(), ended.err.matches("  hint: ").count());
        assert_eq!(mistakes, hints, "{name}: {}", ended.err);
        assert!(ended.err.contains(&format!("--> {name}:")), "{name}: {}", ended.err);
        let _ = writeln!(all, "$ scim-bridge check {name}\n{}", ended.err);
    }
    is_as_recorded("refused", &all);
}

/// Programs read the same.
#[test]
fn each_mistake_is_told_to_programs_too() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    for file in files() {
        let name = file.file_name().unwrap().to_str().unwrap();
        let ended = run(&folder, &["check", "--json", name]);
        let told: Value =
            serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{name}: {error}: {}", ended.out));
        let mistakes = told["mistakes"].as_array().unwrap();
        assert!(!mistakes.is_empty() && ended.code == Some(78), "{name}");
        for mistake in mistakes {
            assert!(mistake["line"].is_u64() && mistake["hint"].is_string(), "{name}: {mistake}");
        }
    }
}

/// A rule that loses something is refused with a value that would not come back; with `back: echo` it is right.
#[test]
fn what_does_not_read_back_is_refused_with_a_witness_and_passes_with_an_echo() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("acme.yaml");
    for (rule, after, says) in [
        ("set: $.nickName, value: x, when: $.userName", "move: [$.title, $.nickName]", "title = "),
        ("set: $.title, value: x, when: $.title == 'y'", "move: [$.title, $.title]", "title = "),
    ] {
        let write = |back: &str| {
            let text = format!(
                "format: 1\nvendor: Acme\nusers:\n  rules:\n    - {{ {after}{back} }}\n    - {{ {rule} }}\n"
            );
            std::fs::write(&file, text).unwrap();
            run(folder.path(), &["check", "acme.yaml"])
        };
        let refused = write("");
        assert_eq!(refused.code, Some(78), "{}", refused.out);
        assert!(
            refused.err.contains("would not read back what it wrote: ") && refused.err.contains(says),
            "{}",
            refused.err
        );
        assert!(refused.err.contains(" comes back as "), "{}", refused.err);
        let passes = write(", back: echo");
        assert_eq!(passes.code, Some(0), "{}", passes.err);
    }
    for via in ["word: 1", "sha256", "{ regex: { match: \"(.*)@.*\" } }", "{ slice: [0, 2] }", "{ strip: x }"]
    {
        let write = |back: &str| {
            let text = format!(
                "format: 1\nvendor: Acme\nusers:\n  rules:\n    - {{ move: [$.title, $.nickName], via: [{via}]{back} }}\n"
            );
            std::fs::write(&file, text).unwrap();
            run(folder.path(), &["check", "acme.yaml"])
        };
        assert_eq!(write("").code, Some(78), "{via}");
        let passes = write(", back: echo");
        assert_eq!(passes.code, Some(0), "{via}: {}", passes.err);
    }
}
