//! Every published deviation is handled by a rule with a name, has a case, and can be switched off; or it is legal, and
//! passes as it is. The table is `deviations.json`: a row a deviation.

use std::collections::BTreeSet;

use scim_bridge::dialect::{Off, Rule};
use serde_json::Value;

use crate::dialects::{Played, cases, play};

fn table() -> Vec<Value> {
    let table: Vec<Value> = serde_json::from_str(include_str!("deviations.json")).unwrap();
    assert_eq!(table.len(), 91);
    table
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

fn rules(row: &Value) -> Vec<Rule> {
    let named = |name: &str| Rule::parse(name).unwrap_or_else(|| panic!("{name} in {row}"));
    texts(&row["rules"]).into_iter().map(named).collect()
}

/// What an integration must say for a rule to be applied at all.
fn needs(rule: Rule) -> &'static str {
    if rule == Rule::PartialMembersReplace { "      partial_members_replace: true\n" } else { "" }
}

#[test]
fn every_deviation_has_a_rule_and_a_case() {
    let (table, cases) = (table(), cases());
    let mut names = BTreeSet::new();
    let mut used = BTreeSet::new();
    for row in &table {
        let name = row["name"].as_str().unwrap();
        assert!(names.insert(name), "{name} is there twice");
        let (rules, files) = (rules(row), texts(&row["cases"]));
        // What is legal needs no rule; what is not cannot do without.
        assert_eq!(rules.is_empty(), row["legal"].is_string(), "{name}");
        assert!(!rules.is_empty() || row["kind"] == "legal-variant" || row["kind"] == "ignorable", "{name}");
        assert!(!files.is_empty(), "{name} has no case");
        for file in files {
            let case = cases.get(file).unwrap_or_else(|| panic!("{name}: there is no case {file}"));
            assert!(texts(&case["deviation"]).contains(&name), "{file} is not about {name}");
        }
        used.extend(rules.iter().map(|rule| rule.name()));
    }
    for (file, case) in &cases {
        assert!(texts(&case["deviation"]).iter().all(|name| names.contains(name)), "{file}");
    }
    let idle: Vec<_> = Rule::NAMES.iter().filter(|name| !used.contains(*name)).collect();
    assert!(idle.is_empty(), "rules for nothing that anybody sends: {idle:?}");
}

#[tokio::test]
async fn every_deviation_is_touched_by_its_rules() {
    let cases = cases();
    let mut wrong = Vec::new();
    for row in table() {
        for file in texts(&row["cases"]) {
            let expected = rules(&row);
            let idp: String = expected.iter().map(|rule| needs(*rule)).collect();
            let Played { answer, rules, .. } = play(&cases[file], &idp).await;
            let missing: Vec<_> = expected.iter().filter(|rule| !rules.contains(rule)).collect();
            if answer.status >= 400 || !missing.is_empty() {
                wrong.push(format!(
                    "{} in {file}: {} without {missing:?}, by {rules:?}",
                    row["name"], answer.status
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Off, a rule's form is refused by its name before the vendor hears of it, or it is read as what it says by itself.
#[tokio::test]
async fn every_rule_can_be_switched_off() {
    let (table, cases) = (table(), cases());
    let mut wrong = Vec::new();
    for rule in Rule::ALL {
        let rows = table.iter().filter(|row| rules(row).contains(&rule));
        let files: BTreeSet<&str> = rows.flat_map(|row| texts(&row["cases"])).collect();
        let idp = format!("{}      rules: {{ off: [{}] }}\n", needs(rule), rule.name());
        for file in files {
            let Played { scene, answer, rules } = play(&cases[file], &idp).await;
            let named = answer.body["detail"].as_str().is_some_and(|detail| detail.contains(rule.name()));
            let right = match rule.off() {
                Off::Refused => answer.status == 400 && named && scene.simulator.log().is_empty(),
                // RFC 7644 §3.5.2.3: "noTarget".
                Off::Passed if rule == Rule::MissingElement => answer.body["scimType"] == "noTarget",
                Off::Passed => answer.status < 400,
            };
            if !right || rules.contains(&rule) {
                wrong.push(format!("{} off, {file}: {} {}", rule.name(), answer.status, answer.text));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is called legal is: the strict dialect takes it, and nothing touches it.
#[tokio::test]
async fn what_is_legal_is_left_alone() {
    let cases = cases();
    for row in table().iter().filter(|row| row["legal"].is_string()) {
        for file in
            texts(&row["cases"]).into_iter().filter(|file| texts(&cases[*file]["deviation"]).len() == 1)
        {
            let Played { answer, rules, .. } = play(&cases[file], "      dialect: rfc\n").await;
            let repaired = cases[file]["request"]["body"].to_string().contains("\"Add\"");
            assert!(answer.status < 400 || repaired, "{file}: {answer:?}");
            assert!(rules.is_empty(), "{file}: {rules:?}");
        }
    }
}

#[tokio::test]
async fn a_rule_that_does_not_exist_is_refused_with_the_nearest() {
    let mut plan = crate::peer::bridge::Plan::new();
    plan.integration("acme", "https://vendor.example", "token-of-the-vendor")
        .idp("      rules: { off: [capitalized-op] }\n")
        .done();
    let path = plan.folder().join("bridge.yaml");
    std::fs::write(&path, plan.yaml()).unwrap();
    let report = scim_bridge::config::load(&path, scim_bridge::config::Secrets::Unread).err().unwrap();
    let shown = scim_bridge::config::render(&report.mistakes, &report.sources);
    assert!(shown.contains("did you mean `capitalised-op`?"), "{shown}");
    let schema = scim_bridge::config::bridge_schema().to_string();
    assert!(Rule::NAMES.iter().all(|name| schema.contains(&format!("\"{name}\""))));
}
