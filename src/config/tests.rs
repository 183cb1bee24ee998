//! The `tests:` of a mapping file, run whenever it is checked: a file that breaks its own examples is not loaded.

use super::mapping::{Compiled, compile};
use crate::emulation;
use crate::mapping::{Given, Operation};
use crate::remainder::Remainder;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::schema::ResourceType;
use crate::yaml::{Mistake, Node};

/// Runs every test of a file that compiles, with the parameters that the test gives: what an integration gives is no
/// part of the file's examples.
pub(super) fn run(file: &Node, mistakes: &mut Vec<Mistake>) {
    for test in file.get("tests").map(Node::items).unwrap_or_default() {
        let mut own = Vec::new();
        let empty = Node::empty(test.span);
        let compiled = compile(file, Some(test.get("with").unwrap_or(&empty)), true, &mut own);
        if !own.is_empty() {
            // A parameter without a default is the test's to give.
            mistakes.extend(own);
            return;
        }
        if let Err(why) = one(file, test, &compiled) {
            let name = test.text_at("name").unwrap_or_default();
            mistakes.push(Mistake::new(test.span, format!("the test \"{name}\" fails: {why}")));
        }
    }
}

fn one(file: &Node, test: &Node, compiled: &Compiled) -> Result<(), String> {
    let resource = match test.text_at("resource") {
        Some("groups") => ResourceType::Group,
        _ => ResourceType::User,
    };
    let lens = compiled.mapping.lens(resource);
    if let Some(filter) = test.text_at("filter") {
        let filter = Filter::parse(&expanded_text(file, filter)).map_err(|error| error.to_string())?;
        let mapped = lens.filter(&filter);
        let asked = mapped
            .ask
            .map(|ask| emulation::pushdown(&compiled.profile, resource, ask))
            .and_then(|pushed| pushed.ask);
        let expected = test.text_at("vendor").map(|text| expanded_text(file, text));
        let asked = asked.map(|filter| filter.to_string());
        if asked != expected {
            let show = |text: Option<String>| text.unwrap_or_else(|| "no filter at all".to_owned());
            return Err(format!("the vendor is asked {}, not {}", show(asked), show(expected)));
        }
        return Ok(());
    }
    let written = expanded(file, &test.get("idp").ok_or("it needs `idp` or `filter`")?.to_value());
    let groups: Value = test
        .get("groups")
        .map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::text)
        .map(|name| Value::from_iter([("value", Value::from(name)), ("displayName", Value::from(name))]))
        .collect();
    let operation = test.text_at("op").and_then(Operation::parse).unwrap_or_default();
    let given = Given { groups: Some(&groups), operation, ..Given::default() };
    let before = Value::object();
    let sent = lens.forward(written.clone(), &given, None, None);
    let creates = operation == Operation::Create;
    let sent = sent.and_then(|sent| {
        emulation::fit(
            compiled.profile.resource(resource),
            sent,
            lens.catalog(),
            (!creates).then_some(&before),
        )
    });
    let refused = test.get("refused").and_then(Node::truth) == Some(true);
    let sent = match (sent, refused) {
        (Err(_), true) => return Ok(()),
        (Ok(_), true) => return Err("it is not refused".to_owned()),
        (Err(error), false) => return Err(error.detail),
        (Ok(sent), false) => sent,
    };
    if let Some(expected) = test.get("vendor") {
        let expected = expanded(file, &expected.to_value());
        let got = without_schemas(sent.clone());
        if got != expected {
            return Err(format!("the vendor gets {}, not {}", got.to_json(), expected.to_json()));
        }
    }
    let which = lens.remembered().clone().and(compiled.profile.resource(resource).remembered());
    let mut back = lens.back(sent);
    Remainder::of(&which, &written, &back.clone(), lens.catalog()).restore(&mut back);
    let mut expected = without_schemas(written);
    expected.remove("password");
    let back = without_schemas(back);
    if back != expected {
        return Err(format!(
            "the identity provider reads back {}, not {}",
            back.to_json(),
            expected.to_json()
        ));
    }
    Ok(())
}

fn without_schemas(mut value: Value) -> Value {
    value.remove("schemas");
    value
}

/// A resource with `$name` for a URN, as tests write it.
fn expanded(file: &Node, value: &Value) -> Value {
    let urn = |name: &str| {
        let prefix = name.strip_prefix('$')?;
        file.get("prefixes")?.text_at(prefix)
    };
    let mut out = Value::object();
    for (name, member) in value.members() {
        out.set(urn(name).unwrap_or(name), member.clone());
    }
    out
}

/// A filter with `$name.` for a URN.
fn expanded_text(file: &Node, text: &str) -> String {
    let mut out = text.to_owned();
    for (key, urn) in file.get("prefixes").map(Node::entries).unwrap_or_default() {
        out = out.replace(&format!("${}.", key.text), &format!("{}:", urn.text().unwrap_or_default()));
    }
    out
}
