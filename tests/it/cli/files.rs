//! Files that are no mappings, mappings that any editor writes, and what `check` says of those that are right.

use std::fmt::Write as _;
use std::path::Path;

use super::program::{is_as_recorded, run, stable};

#[test]
fn files_that_are_no_mappings_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let bomb = (1..9).fold("docs: &a0 [x]\n".to_owned(), |text, n| {
        let items = vec![format!("*a{}", n - 1); 10].join(", ");
        text + &format!("d{n}: &a{n} [{items}]\n")
    });
    let keys = |many: usize| (0..many).map(|n| format!("k{n}: v\n")).collect::<String>();
    let deep = |open: &str, close: &str| format!("docs: {}{}\n", open.repeat(5_000), close.repeat(5_000));
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    let mut whole = String::new();
    for (file, text) in [
        ("empty.yaml", Vec::new()),
        ("comments.yaml", b"# nothing yet\n\n".to_vec()),
        ("list.yaml", b"- format: 1\n".to_vec()),
        ("text.yaml", b"hello\n".to_vec()),
        ("binary.yaml", b"\x7fELF\x02\x01\x01\0\xff\xfe".to_vec()),
        ("utf16.yaml", b"\xff\xfef\0o\0r\0m\0a\0t\0".to_vec()),
        ("control.yaml", b"format: 1\nvendor: A\x07cme\n".to_vec()),
        ("large.yaml", format!("format: 1\nvendor: {}\n", "x".repeat(5 << 20)).into_bytes()),
        (
            "many.yaml",
            ("tables:\n  t:\n    rows:\n".to_owned() + &keys(110_000).replace('k', "      k")).into_bytes(),
        ),
        ("brackets.yaml", deep("[", "]").into_bytes()),
        ("braces.yaml", deep("{ a: ", "}").into_bytes()),
        ("bomb.yaml", bomb.into_bytes()),
        ("folder", Vec::new()),
        ("nowhere.yaml", Vec::new()),
    ] {
        if !["folder", "nowhere.yaml"].contains(&file) {
            std::fs::write(folder.path().join(file), text).unwrap();
        }
        let ended = run(folder.path(), &["check", file]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(78), ""), "{file}: {}", ended.err);
        let cut = ended.err.lines().map(|line| line.chars().take(100).collect::<String>() + "\n");
        let _ = write!(whole, "===== {file}\n{}", cut.collect::<String>());
        assert!(ended.err.contains("\n  hint: "), "{file}: {}", ended.err);
    }
    is_as_recorded("refused_files", &stable(&whole, folder.path()));
}

#[test]
fn editors_of_all_systems_write_the_same_mapping() {
    let folder = tempfile::tempdir().unwrap();
    let text = "format: 1\nvendor: Acme\ndocs: &sources [here]\nassumed: *sources\nusers:\n  rules:\n    - drop: $.nikName\n";
    let texts =
        [text.to_owned(), text.replace('\n', "\r\n"), format!("\u{feff}{text}"), format!("---\n{text}...\n")];
    for (at, text) in texts.iter().enumerate() {
        std::fs::write(folder.path().join("m.yaml"), text).unwrap();
        let ended = run(folder.path(), &["check", "m.yaml"]);
        let line = if at == 3 { 8 } else { 7 };
        assert!(ended.err.contains(&format!("--> m.yaml:{line}:13\n")), "{text:?}: {}", ended.err);
        assert!(ended.err.contains("| ") && !ended.err.contains('\r'), "{text:?}: {:?}", ended.err);
        std::fs::write(folder.path().join("m.yaml"), text.replace("nikName", "nickName")).unwrap();
        let ended = run(folder.path(), &["check", "m.yaml"]);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{text:?}");
    }
}

#[test]
fn a_case_that_matters_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let rules = "format: 1\nvendor: Acme\nusers:\n  rules:\n    - move: [$.externalId, $.nickName]\n      via: [lower]\n";
    std::fs::write(folder.path().join("m.yaml"), rules).unwrap();
    let says =
        "line 5: externalId is case-exact, and `lower` makes one value of those that differ in case alone";
    let ended = run(folder.path(), &["check", "m.yaml"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.contains(&format!("\n  warning: {says}\n")), "{}", ended.out);
    let ended = run(folder.path(), &["check", "--json", "m.yaml"]);
    let read: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(read["mappings"][0]["warnings"], serde_json::json!([says]));
    for quiet in [rules.replace("externalId", "title"), format!("{rules}      back: echo\n")] {
        std::fs::write(folder.path().join("m.yaml"), quiet).unwrap();
        let ended = run(folder.path(), &["check", "m.yaml"]);
        assert!(ended.code == Some(0) && !ended.out.contains("warning"), "{}{}", ended.out, ended.err);
    }
}

#[test]
fn the_case_of_every_path_is_told() {
    let mappings = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let mut whole = String::new();
    for file in ["ninjaone.yaml", "okta-only.yaml"] {
        let ended = run(&mappings, &["check", "-v", file]);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
        whole.push_str(&ended.out);
    }
    is_as_recorded("check_verbose", &whole);
}
