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

/// Line, column and width.
type Place = (usize, usize, usize);

/// The places that a file marks: a comment of blanks and carets below the wrong word, in which the `#` itself is a caret
/// when carets alone, or nothing, follow it.
fn marked(text: &str) -> Vec<Place> {
    let mark = |line: &str| {
        let rest = line.strip_prefix('#')?;
        let carets = rest.trim_start_matches(' ');
        let blanks = rest.len() - carets.len();
        let only = carets.bytes().all(|byte| byte == b'^') && (blanks == 0 || !carets.is_empty());
        only.then(|| if blanks == 0 { (1, carets.len() + 1) } else { (blanks + 2, carets.len()) })
    };
    let lines = text.lines().enumerate();
    lines.filter_map(|(above, line)| mark(line).map(|(column, width)| (above, column, width))).collect()
}

/// The places that `check` shows.
fn shown(text: &str) -> Vec<Place> {
    let mut out: Vec<Place> = Vec::new();
    for line in text.lines() {
        if let Some((_, place)) = line.split_once("--> ") {
            let mut parts = place.rsplit(':').map(|part| part.parse().unwrap_or(0));
            let (column, line) = (parts.next().unwrap(), parts.next().unwrap_or(0));
            out.push((line, column, 0));
        } else if let Some((_, carets)) =
            line.split_once("| ").filter(|(_, rest)| rest.trim_matches(['^', ' ']).is_empty())
        {
            out.last_mut().unwrap().2 = carets.matches('^').count();
        }
    }
    out
}

/// The place of each is that of the wrong word itself, in the files that mark it.
#[test]
fn the_wrong_word_itself_is_pointed_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused");
    let mut count = 0;
    for file in files() {
        let places = marked(&std::fs::read_to_string(&file).unwrap());
        if !places.is_empty() {
            let ended = run(&folder, &["check", file.file_name().unwrap().to_str().unwrap()]);
            assert_eq!(shown(&ended.err), places, "{}", ended.err);
            count += 1;
        }
    }
    assert!(count >= 25, "{count} files mark a word");
}

/// Files that say where `back: echo` would stand are right with it.
#[test]
fn what_is_remembered_reads_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut witnesses = 0;
    for file in files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let echoed = text.replace("# back: echo", "back: echo");
        if echoed != text {
            let write = |text: &str| std::fs::write(folder.path().join("m.yaml"), text).unwrap();
            write(&text);
            let refused = run(folder.path(), &["check", "m.yaml"]).err;
            assert!(
                refused.contains(" would be sent as ") || refused.contains(" and comes back as "),
                "{refused}"
            );
            write(&echoed);
            let ended = run(folder.path(), &["check", "m.yaml"]);
            assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", file.display());
            witnesses += 1;
        }
    }
    assert!(witnesses >= 4, "{witnesses} files show a value");
}
