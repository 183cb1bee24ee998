//! The mappings that are part of the program: those of the folder `mappings`.

/// The mappings that are part of the program.
pub const SHIPPED: &[(&str, &str)] = &[
    ("amplitude", include_str!("../../mappings/amplitude.yaml")),
    ("atlassian", include_str!("../../mappings/atlassian.yaml")),
    ("aws-identity-center", include_str!("../../mappings/aws-identity-center.yaml")),
    ("bitwarden", include_str!("../../mappings/bitwarden.yaml")),
    ("databricks", include_str!("../../mappings/databricks.yaml")),
    ("github-enterprise", include_str!("../../mappings/github-enterprise.yaml")),
    ("gitlab", include_str!("../../mappings/gitlab.yaml")),
    ("knowbe4", include_str!("../../mappings/knowbe4.yaml")),
    ("launchdarkly", include_str!("../../mappings/launchdarkly.yaml")),
    ("miro", include_str!("../../mappings/miro.yaml")),
    ("ninjaone", include_str!("../../mappings/ninjaone.yaml")),
    ("okta-only", include_str!("../../mappings/okta-only.yaml")),
    ("rfc", include_str!("../../mappings/rfc.yaml")),
    ("salesforce", include_str!("../../mappings/salesforce.yaml")),
    ("segment", include_str!("../../mappings/segment.yaml")),
    ("sentinelone", include_str!("../../mappings/sentinelone.yaml")),
    ("sentinelone-api", include_str!("../../mappings/sentinelone-api.yaml")),
    ("sentry", include_str!("../../mappings/sentry.yaml")),
    ("servicenow", include_str!("../../mappings/servicenow.yaml")),
    ("slack", include_str!("../../mappings/slack.yaml")),
    ("slack-v1", include_str!("../../mappings/slack-v1.yaml")),
    ("snowflake", include_str!("../../mappings/snowflake.yaml")),
    ("zoom", include_str!("../../mappings/zoom.yaml")),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::mapping::Loader;
    use crate::config::source::Sources;
    use crate::yaml::{Kind, Mistake, Node, Span};

    /// The shipped mappings that are refused, and what of their profiles is not built yet. A file whose fields are all
    /// built loads, and leaves this list.
    const REFUSED: &[(&str, &[&str])] = &[("zoom", &["`oauth2_client_credentials`"])];

    #[test]
    fn every_file_of_the_folder_is_shipped() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut names: Vec<_> = files
            .filter(|file| file.extension().is_some_and(|extension| extension == "yaml"))
            .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort_unstable();
        assert_eq!(names, SHIPPED.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }

    /// A file is refused for what its profile has and the bridge does not, by name, each with a line and a hint, and for
    /// nothing else: without those fields it loads, and passes its tests.
    #[test]
    fn what_is_refused_is_refused_by_name_and_everything_else_loads() {
        for (name, text) in SHIPPED {
            let mut file = crate::yaml::parse(0, text).unwrap();
            let mut said = Vec::new();
            let tests = loop {
                let (tests, mistakes) = loaded(&file);
                if mistakes.is_empty() {
                    break tests;
                }
                for mistake in mistakes {
                    assert!(mistake.hint.is_some() && mistake.span.line > 0, "{name}: {mistake:?}");
                    take_out(&mut file, mistake.span);
                    said.push(mistake.message.replace(" is not supported yet", ""));
                }
                assert!(said.len() < 10, "{name}: {said:?}");
            };
            let refused = REFUSED.iter().find(|(other, _)| other == name).map(|(_, fields)| *fields);
            assert_eq!(said, refused.unwrap_or_default(), "{name}");
            assert!(tests >= if refused.is_some() { 1 } else { 3 }, "{name} shows too little: {tests}");
        }
    }

    /// What was measured and what was not is told apart in every file, and where the facts come from.
    #[test]
    fn every_file_says_where_its_facts_come_from_and_what_is_assumed() {
        for (name, text) in SHIPPED {
            let file = crate::yaml::parse(0, text).unwrap();
            let count = |key: &str| file.get(key).map(Node::items).unwrap_or_default().len();
            assert!(count("docs") > 0, "{name}");
            assert!(count("assumed") > 0 || *name == "rfc", "{name}");
            let tests = file.get("tests").map(Node::items).unwrap_or_default();
            let has = |key: &str| tests.iter().any(|test| test.get(key).is_some());
            assert!(has("idp") && has("filter") || REFUSED.iter().any(|(other, _)| other == name), "{name}");
        }
    }

    fn loaded(file: &Node) -> (usize, Vec<Mistake>) {
        let (mut sources, mut mistakes) = (Sources::default(), Vec::new());
        let mut loader = Loader { sources: &mut sources, mistakes: &mut mistakes, asked_by: Path::new("") };
        let tests = loader.compile(file, None, true).map(|compiled| compiled.tests).unwrap_or_default();
        (tests, mistakes)
    }

    /// Takes the entry whose key or value stands there out. A block begins where its first key does, and is not meant.
    fn take_out(node: &mut Node, at: Span) {
        match &mut node.kind {
            Kind::Map(entries) => {
                let begins = |value: &Node| value.entries().first().is_some_and(|(key, _)| key.span == at);
                entries.retain(|(key, value)| key.span != at && (value.span != at || begins(value)));
                entries.iter_mut().for_each(|(_, value)| take_out(value, at));
            }
            Kind::List(items) => items.iter_mut().for_each(|item| take_out(item, at)),
            Kind::Scalar { .. } => {}
        }
    }
}
