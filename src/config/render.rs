//! How a mistake looks: what is wrong, where, the line as it was written, and what to do about it.

use std::fmt::Write as _;
use std::path::Path;

use super::source::Sources;
use super::{Checked, Compiled, Report};
use crate::yaml::Mistake;

/// All mistakes, sorted by place, as text.
pub fn render(mistakes: &[Mistake], sources: &Sources) -> String {
    let mut out = String::new();
    // A secret is not shown with another mistake of its line either.
    let secret_from = |mistake: &Mistake| {
        let place = |mistake: &Mistake| (mistake.span.file, mistake.span.line);
        let same_line = mistakes.iter().filter(|other| other.hidden && place(other) == place(mistake));
        same_line.map(|other| other.span.column.saturating_sub(1) as usize).min()
    };
    for mistake in mistakes {
        one(mistake, sources, secret_from(mistake), &mut out);
    }
    let count = mistakes.len();
    let _ = writeln!(out, "{count} mistake{}", if count == 1 { "" } else { "s" });
    out
}

/// So much of a line is shown, in characters: a longer one would hide what it is about.
const LONGEST: usize = 240;

fn one(mistake: &Mistake, sources: &Sources, secret_from: Option<usize>, out: &mut String) {
    let span = mistake.span;
    let source = sources.get(span.file);
    let name = source.map_or("?", |source| source.name.as_str());
    let _ = writeln!(out, "error: {}", mistake.message);
    if span.line == 0 {
        let _ = writeln!(out, "  --> {name}");
    } else {
        let number = span.line.to_string();
        let margin = " ".repeat(number.len());
        let _ = writeln!(out, "{margin} --> {name}:{}:{}", span.line, span.column);
        let line = source.and_then(|source| source.text.lines().nth(span.line as usize - 1));
        if let Some(line) = line {
            let mut line = line.replace(char::is_control, " ");
            if let Some(at) = secret_from {
                line = line.chars().take(at).chain("…".chars()).collect();
            }
            let mut before = span.column.saturating_sub(1) as usize;
            if line.chars().count() > LONGEST {
                let start = before.saturating_sub(LONGEST / 2);
                line = line.chars().skip(start).take(LONGEST).chain("…".chars()).collect();
                if start > 0 {
                    line.insert(0, '…');
                    before = before - start + 1;
                }
            }
            // What a parser takes for a part of a word may end with blanks.
            let word: String = line.chars().skip(before).take(span.width as usize).collect();
            let mark = "^".repeat(word.trim_end().chars().count().max(1));
            let _ = writeln!(out, "{margin} |\n{number} | {line}\n{margin} | {}{mark}", " ".repeat(before));
        }
    }
    if let Some(hint) = &mistake.hint {
        let _ = writeln!(out, "  hint: {hint}");
    }
    out.push('\n');
}

/// What was found in any number of files for a program to read, as one object: the mistakes, and of each mapping without
/// mistakes how many of its own tests it passed and what it only assumes.
pub fn render_json(reports: &[Report], right: &[(&Path, Checked)]) -> String {
    let mistakes: Vec<_> = reports.iter().flat_map(rows).collect();
    let mapping = |file: &Path, integration: Option<&str>, compiled: &Compiled| {
        serde_json::json!({
            "file": file.display().to_string(),
            "integration": integration,
            "vendor": compiled.vendor,
            "tests": compiled.tests,
            "assumed": compiled.assumed,
            "warnings": compiled.warnings,
        })
    };
    let mappings = right.iter().flat_map(|(file, checked)| match checked {
        Checked::Mapping(compiled) => vec![mapping(file, None, compiled)],
        Checked::Bridge(options) => {
            let all = options.integrations.iter();
            all.map(|one| mapping(file, Some(&one.name), &one.compiled)).collect()
        }
    });
    serde_json::json!({ "mistakes": mistakes, "mappings": mappings.collect::<Vec<_>>() }).to_string()
}

fn rows(Report { mistakes, sources }: &Report) -> Vec<serde_json::Value> {
    mistakes
        .iter()
        .map(|mistake| {
            serde_json::json!({
                "file": sources.get(mistake.span.file).map(|source| source.name.as_str()),
                "line": mistake.span.line,
                "column": mistake.span.column,
                "message": mistake.message,
                "hint": mistake.hint,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Span;

    #[test]
    fn a_mistake_is_shown_where_it_stands() {
        let mut sources = Sources::default();
        drop(sources.add("bridge.yaml".to_owned(), "listen: x\nlisten_on: y\n".to_owned()));
        let span = Span { file: 0, line: 2, column: 1, width: 9 };
        let mistake = Mistake::new(span, "unknown key `listen_on`").hint("did you mean `listen`?");
        let expected = "error: unknown key `listen_on`\n  --> bridge.yaml:2:1\n  |\n2 | listen_on: y\n  | ^^^^^^^^^\n  hint: did \
                        you mean `listen`?\n\n1 mistake\n";
        assert_eq!(render(&[mistake], &sources), expected);
    }

    #[test]
    fn what_may_be_a_secret_is_not_shown() {
        let mut sources = Sources::default();
        drop(sources.add("bridge.yaml".to_owned(), "- { beerer: x, bearer: hunter2 }\n".to_owned()));
        let span = |column, width| Span { file: 0, line: 1, column, width };
        let mistakes = [
            Mistake::new(span(5, 6), "unknown key `beerer`"),
            Mistake::new(span(24, 7), "expected exactly one of env, file").hidden(),
        ];
        let shown = render(&mistakes, &sources);
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("1 | - { beerer: x, bearer: …\n  |                        ^\n"), "{shown}");
    }
}
