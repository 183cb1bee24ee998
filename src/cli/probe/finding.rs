//! What was found, as a profile: each line with what it rests on.

use std::collections::HashMap;
use std::fmt::Write as _;

use crate::emulation::{Profile, SHAPE};
use crate::yaml;

/// What was found, in its order.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

/// One line of the profile.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// The keys that lead to it.
    pub(super) path: Vec<&'static str>,
    /// What stands there, as YAML in one line.
    pub(super) value: String,
    /// The request and its answer.
    pub(super) why: String,
}

impl Findings {
    /// Notes what stands at a path such as `list.count.max`; what stood there before is replaced.
    pub(super) fn note(&mut self, path: &'static str, value: impl Into<String>, why: impl Into<String>) {
        let path: Vec<_> = path.split('.').collect();
        self.0.retain(|known| known.path != path);
        self.0.push(Finding { path, value: value.into(), why: why.into() });
    }

    pub(super) fn all(&self) -> &[Finding] {
        &self.0
    }

    /// What is known, as the bridge reads it; with lines that are only tried.
    pub(super) fn profile(&self, tried: &[(&'static str, &str)]) -> Result<Profile, String> {
        let mut all = self.clone();
        tried.iter().for_each(|(path, value)| all.note(path, *value, ""));
        let text = all.yaml(0, false);
        let text = if text.is_empty() { "{}\n" } else { &text };
        let node = yaml::parse(0, text).map_err(|mistake| mistake.message)?;
        let mut mistakes = Vec::new();
        SHAPE.check(&node, &mut mistakes);
        let profile = Profile::read(Some(&node), &HashMap::new(), &mut mistakes);
        match mistakes.first() {
            Some(mistake) => Err(format!("{} (line {})", mistake.message, mistake.span.line)),
            None => Ok(profile),
        }
    }

    /// The lines, so far indented, with or without what they rest on.
    pub(super) fn yaml(&self, indent: usize, told: bool) -> String {
        let all: Vec<_> = self.0.iter().map(|finding| (&finding.path[..], finding)).collect();
        let mut out = String::new();
        lines(&all, indent, told, &mut out);
        out
    }
}

fn lines(findings: &[(&[&str], &Finding)], indent: usize, told: bool, out: &mut String) {
    let mut done: Vec<&str> = Vec::new();
    for (path, finding) in findings {
        let Some((key, rest)) = path.split_first() else { continue };
        if done.contains(key) {
            continue;
        }
        done.push(key);
        let pad = " ".repeat(indent);
        if rest.is_empty() {
            let why = if told { format!("  # {}", finding.why) } else { String::new() };
            let _ = writeln!(out, "{pad}{key}: {}{why}", finding.value);
            continue;
        }
        let _ = writeln!(out, "{pad}{key}:");
        let below: Vec<_> = findings
            .iter()
            .filter(|(path, _)| path.first() == Some(key))
            .map(|(path, finding)| (&path[1..], *finding))
            .collect();
        lines(&below, indent + 2, told, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_together_with_what_they_rest_on() {
        let mut found = Findings::default();
        found.note("list.count.max", "100", "asked");
        found.note("sort", "false", "tried");
        found.note("list.total", "absent", "read");
        found.note("list.count.max", "50", "asked again");
        let expected =
            "list:\n  total: absent  # read\n  count:\n    max: 50  # asked again\nsort: false  # tried\n";
        let mut sorted: Vec<_> = found.yaml(0, true).lines().map(str::to_owned).collect();
        let mut wanted: Vec<_> = expected.lines().map(str::to_owned).collect();
        sorted.sort();
        wanted.sort();
        assert_eq!(sorted, wanted);
        assert_eq!(found.profile(&[]).unwrap().max_count, Some(50));
        assert!(found.profile(&[("list.total", "perhaps")]).is_err());
    }
}
