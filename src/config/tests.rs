//! The `tests:` of a mapping file, run whenever it is checked: a file that breaks its own examples is not loaded.

use super::mapping::{Compiled, compile};
use crate::bridge;
use crate::emulation;
use crate::mapping::{Given, Moment, Operation};
use crate::remainder::{Remainder, Remembered};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{self, Operation as PatchOperation};
use crate::scim::schema::ResourceType;
use crate::yaml::{Mistake, Node};

/// Runs every test of a file that compiles, with the parameters that the test gives: what an integration gives is no
/// part of the file's examples. Gives how many there are.
pub(super) fn run(file: &Node, mistakes: &mut Vec<Mistake>) -> usize {
    let tests = file.get("tests").map(Node::items).unwrap_or_default();
    for test in tests {
        let mut own = Vec::new();
        let empty = Node::empty(test.span);
        let compiled = compile(file, Some(test.get("with").unwrap_or(&empty)), true, &mut own);
        if !own.is_empty() {
            // A parameter without a default is the test's to give.
            mistakes.extend(own);
            return tests.len();
        }
        if let Err(why) = one(file, test, &compiled) {
            let name = test.text_at("name").unwrap_or_default();
            let mistake = Mistake::new(test.span, format!("the test \"{name}\" fails: {why}"));
            mistakes.push(mistake.hint("correct the test, or the rules that it is about"));
        }
    }
    tests.len()
}

fn one(file: &Node, test: &Node, compiled: &Compiled) -> Result<(), String> {
    let resource = match test.text_at("resource") {
        Some("groups") => ResourceType::Group,
        _ => ResourceType::User,
    };
    let lens = compiled.mapping.lens(resource);
    if let Some(filter) = test.text_at("filter") {
        let filter = Filter::parse(&expanded_text(file, filter))
            .map_err(|error| format!("the filter cannot be read: {error}"))?;
        let which = remembered(compiled, resource);
        let pushed = bridge::question(&filter, resource, lens, &compiled.profile, &which);
        let all: Vec<_> = pushed.each().flatten().cloned().collect();
        let asked = if all.len() > 1 { Some(Filter::Or(all)) } else { pushed.ask };
        let asked = asked.map(|filter| compiled.profile.words(resource, &filter));
        let expected = test.text_at("vendor").map(|text| expanded_text(file, text));
        let show = |text: &Option<String>| {
            text.as_ref().map_or("no filter at all".to_owned(), |text| format!("`{text}`"))
        };
        return match asked == expected {
            true => Ok(()),
            false => Err(format!(
                "the vendor is asked something else: expected {}, got {}",
                show(&expected),
                show(&asked)
            )),
        };
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
    let now = test.text_at("now").map_or(Ok(Moment::default().now), str::parse);
    let now = now.map_err(|_| "`now` is a time such as 2026-05-01T08:00:00Z")?;
    let moment = Moment { now, ..Moment::default() };
    let given = Given { groups: Some(&groups), operation, moment, ..Given::default() };
    if test.get("patch").is_some() {
        return patched(file, test, compiled, &Change { resource, given, before: &written });
    }
    let before = Value::object();
    let sent = lens.forward(written.clone(), &given, None, None);
    let creates = operation == Operation::Create;
    let able = compiled.profile.resource(resource);
    let sent = sent.and_then(|mut sent| {
        able.username.apply(&mut sent, &written, None)?;
        emulation::fit(able, sent, lens.catalog(), (!creates).then_some(&before))
    });
    let refused = test.get("refused").and_then(Node::truth) == Some(true);
    let sent = match (sent, refused) {
        (Err(_), true) => return Ok(()),
        (Ok(_), true) => return Err("expected a refusal, and the resource is taken".to_owned()),
        (Err(error), false) => return Err(format!("the resource is refused: {}", error.detail)),
        (Ok(sent), false) => sent,
    };
    if let Some(expected) = test.get("vendor") {
        let expected = expanded(file, &expected.to_value());
        same(file, "the vendor gets something else", &expected, &without_schemas(sent.clone()))?;
    }
    let which = remembered(compiled, resource);
    let mut back = lens.back(sent);
    Remainder::of(&which, &written, &back.clone(), lens.catalog()).restore(&mut back);
    let mut expected = without_schemas(written);
    expected.remove("password");
    same(file, "the identity provider reads something else back", &expected, &without_schemas(back))
}

/// The attributes, on the identity provider's side, that the bridge remembers.
fn remembered(compiled: &Compiled, resource: ResourceType) -> Remembered {
    let lens = compiled.mapping.lens(resource);
    let ours = |paths: Vec<AttrPath>| paths.iter().map(|path| lens.idp_side(path)).collect();
    lens.remembered().clone().and(match compiled.profile.resource(resource).remembered() {
        Remembered::These(paths) => Remembered::These(ours(paths)),
        Remembered::AllBut(paths) => Remembered::AllBut(ours(paths)),
    })
}

/// What a PATCH of a resource sends.
fn patched(file: &Node, test: &Node, compiled: &Compiled, change: &Change<'_>) -> Result<(), String> {
    let Change { resource, given, before } = change;
    let lens = compiled.mapping.lens(*resource);
    let able = compiled.profile.resource(*resource);
    let operations: Vec<_> = test.get("patch").map(Node::items).unwrap_or_default().iter().collect();
    let operations = operations.into_iter().map(|node| {
        let mut operation = node.to_value();
        if let Some(path) = node.text_at("path") {
            operation.set("path", expanded_text(file, path));
        }
        PatchOperation::read(&operation)
    });
    let operations = operations.collect::<Result<Vec<_>, _>>().map_err(|error| error.detail)?;
    let to_vendor = |resource: Value, old: Option<&Value>, there: Option<&Value>| {
        let given = Given { operation: Operation::Patch, old, ..*given };
        let mut sent = lens.forward(resource.clone(), &given, there, None)?;
        able.username.apply(&mut sent, &resource, there.map(|there| (there, old)))?;
        emulation::fit(able, sent, lens.catalog(), Some(there.unwrap_or(&Value::object())))
    };
    let sent = || {
        let there = to_vendor((*before).clone(), None, None)?;
        let after = patch::apply((*before).clone(), &operations, lens.catalog())?;
        let after = to_vendor(after, Some(before), Some(&there))?;
        emulation::change(&compiled.profile, *resource, "id", &there, &after, lens.catalog())
    };
    let sent = sent().map_err(|error| error.detail)?;
    // What several calls carry, one after the other.
    let mut operations = Vec::new();
    let mut whole = None;
    for mut body in sent.into_iter().filter_map(|call| call.body) {
        match body.remove("Operations") {
            Some(some) => operations.extend(some.into_items()),
            None => whole = Some(without_schemas(body)),
        }
    }
    let got = whole.unwrap_or_else(|| Value::from(operations));
    let expected = test.get("vendor").map(Node::to_value).unwrap_or_default();
    let expected = if expected.is_list() {
        let operations = expected.items().iter().map(|operation| {
            let mut operation = operation.clone();
            if let Some(path) = operation.text_at("path").map(|path| expanded_text(file, path)) {
                operation.set("path", path);
            }
            operation
        });
        operations.collect()
    } else {
        expanded(file, &expected)
    };
    same(file, "the vendor gets something else", &expected, &got)
}

/// A resource that is about to be changed.
struct Change<'c> {
    resource: ResourceType,
    given: Given<'c>,
    before: &'c Value,
}

/// Whether two values are the same; if not, where they differ.
fn same(file: &Node, what: &str, expected: &Value, got: &Value) -> Result<(), String> {
    if expected == got {
        return Ok(());
    }
    let mut places = Vec::new();
    differences(file, "", Some(expected), Some(got), &mut places);
    if places.is_empty() {
        places.push("the same attributes in another order".to_owned());
    }
    let more = places.len().saturating_sub(SHOWN);
    places.truncate(SHOWN);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    Err(format!("{what}: {}{more}", places.join("; ")))
}

/// So many differences are enough to see what is wrong.
const SHOWN: usize = 5;

fn differences(file: &Node, at: &str, expected: Option<&Value>, got: Option<&Value>, out: &mut Vec<String>) {
    let both = expected.zip(got);
    if let Some((expected, got)) = both.filter(|(expected, got)| expected.is_object() && got.is_object()) {
        let missing = got.members().filter(|(name, _)| !expected.has(name));
        for (name, _) in expected.members().chain(missing) {
            let name_here = prefixed(file, name);
            let place = if at.is_empty() { name_here } else { format!("{at}.{name_here}") };
            differences(file, &place, expected.get(name), got.get(name), out);
        }
        return;
    }
    if both.is_none_or(|(expected, got)| expected != got) {
        let show = |value: Option<&Value>| value.map_or("nothing".to_owned(), Value::to_json);
        let place = if at.is_empty() { String::new() } else { format!("{at}: ") };
        out.push(format!("{place}expected {}, got {}", show(expected), show(got)));
    }
}

/// A schema's URN as the file writes it.
fn prefixed(file: &Node, name: &str) -> String {
    let prefixes = file.get("prefixes").map(Node::entries).unwrap_or_default();
    match prefixes.iter().find(|(_, urn)| urn.text() == Some(name)) {
        Some((prefix, _)) => format!("${}", prefix.text),
        None => name.to_owned(),
    }
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
