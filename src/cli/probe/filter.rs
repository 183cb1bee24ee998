//! Filters: which attributes and operators the vendor evaluates, and what it does with others.

use super::Probe;
use super::ask::Answer;
use crate::scim::ResourceType;
use crate::scim::json::Value;

/// Attributes that are asked about, and other names that vendors have for them in filters.
const OF_USERS: [(&str, &[&str]); 8] = [
    ("userName", &["username", "user_name"]),
    ("externalId", &[]),
    ("emails.value", &["email", "emails"]),
    ("id", &[]),
    ("displayName", &[]),
    ("name.familyName", &[]),
    ("title", &[]),
    ("active", &[]),
];
const OF_GROUPS: [(&str, &[&str]); 3] = [("displayName", &[]), ("externalId", &[]), ("id", &[])];

/// Nobody has this.
const NOBODY: &str = "scim-bridge-probe-nobody";

/// What became of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It finds whom it should, and nobody else.
    Right,
    Refused,
    /// It finds nobody.
    Empty,
    /// It finds everybody.
    All,
}

/// A resource that must be found, and how its filters are kept.
struct Subject {
    resource: ResourceType,
    id: String,
    value: Value,
    paths: [&'static str; 7],
}

const USERS: [&str; 7] = [
    "resources.Users.filter.attrs",
    "resources.Users.filter.ops",
    "resources.Users.filter.and",
    "resources.Users.filter.or",
    "resources.Users.filter.not",
    "resources.Users.filter.element",
    "resources.Users.filter.unsupported",
];
const GROUPS: [&str; 7] = [
    "resources.Groups.filter.attrs",
    "resources.Groups.filter.ops",
    "resources.Groups.filter.and",
    "resources.Groups.filter.or",
    "resources.Groups.filter.not",
    "resources.Groups.filter.element",
    "resources.Groups.filter.unsupported",
];

/// Asks about one resource: the one with this id, or the first that is listed.
pub(super) async fn probe(probe: &mut Probe, resource: ResourceType, id: Option<&str>) {
    let okta = probe.ask.profile.speak == crate::emulation::Speak::Okta;
    let query: &[(&str, &str)] = if okta { &[("startIndex", "1"), ("count", "2")] } else { &[] };
    let first = match id {
        Some(id) => probe.ask.there(resource, id).await,
        None => probe.ask.get(resource.endpoint(), query).await.resources().first().cloned(),
    };
    let Some(value) = first else { return };
    let Some(id) = value.get("id").and_then(Value::scalar_text).map(str::to_owned) else { return };
    let paths = if resource == ResourceType::User { USERS } else { GROUPS };
    let subject = Subject { resource, id, value, paths };
    let known = attributes(probe, &subject).await;
    if let Some((name, text)) = known.first() {
        operators(probe, &subject, name, text).await;
    }
}

async fn outcome(probe: &mut Probe, subject: &Subject, right: &str, wrong: &str) -> Outcome {
    let holds = |answer: &Answer| {
        answer.resources().iter().any(|one| one.get("id").and_then(Value::scalar_text) == Some(&subject.id))
    };
    let nobody = probe.ask.filtered(subject.resource, wrong).await;
    if !nobody.resources().is_empty() {
        return Outcome::All;
    }
    let found = probe.ask.filtered(subject.resource, right).await;
    match found.is_success() {
        true if holds(&found) => Outcome::Right,
        true => Outcome::Empty,
        false => Outcome::Refused,
    }
}

/// `filter.attrs`, `attr_alias` and `unsupported`. Gives the names that work, with the subject's value.
async fn attributes(probe: &mut Probe, subject: &Subject) -> Vec<(&'static str, String)> {
    let asked: &[(&str, &[&str])] =
        if subject.resource == ResourceType::User { &OF_USERS } else { &OF_GROUPS };
    let (mut known, mut attrs, mut aliases, mut other) = (Vec::new(), Vec::new(), Vec::new(), None);
    let (mut tried, mut why) = (0, String::new());
    for (name, aliased) in asked {
        let Some(text) = literal(&subject.value, name) else { continue };
        tried += 1;
        let nobody = if *name == "active" { "false".to_owned() } else { format!("\"{NOBODY}\"") };
        for alias in std::iter::once(name).chain(*aliased) {
            let (right, wrong) = (format!("{alias} eq {text}"), format!("{alias} eq {nobody}"));
            let outcome = outcome(probe, subject, &right, &wrong).await;
            if outcome == Outcome::Right {
                known.push((*alias, text.clone()));
                attrs.push(*name);
                if alias != name {
                    aliases.push(format!("{name}: {alias}"));
                }
                break;
            }
            if other.is_none() {
                (other, why) = (Some(outcome), probe.ask.last.clone());
            }
        }
    }
    if attrs.len() < tried {
        let last = format!("{} of {tried} attributes asked about; else {why}", attrs.len());
        probe.note_why(subject.paths[0], format!("[{}]", attrs.join(", ")), last);
    }
    if !aliases.is_empty() {
        probe.note_why(
            "resources.Users.filter.attr_alias",
            format!("{{ {} }}", aliases.join(", ")),
            "found by that name alone",
        );
    }
    if let Some(other) = other {
        let word = match other {
            Outcome::Refused | Outcome::Right => "error_400",
            Outcome::Empty => "silent_empty",
            Outcome::All => "silent_all",
        };
        probe.note_why(subject.paths[6], word, why);
    }
    known
}

/// The subject's value as it stands in a filter.
fn literal(subject: &Value, name: &str) -> Option<String> {
    let path = crate::scim::AttrPath::parse(name)?;
    let value = path.get(subject)?;
    let usable = value.as_str().is_some_and(|text| !text.is_empty()) || value.as_bool() == Some(true);
    usable.then(|| value.to_json())
}

/// `filter.ops`, `and`, `or`, `not`, `element`
async fn operators(probe: &mut Probe, subject: &Subject, name: &str, text: &str) {
    let inner = text.trim_matches('"');
    let cut = |from: usize, to: usize| {
        let part: String = inner.chars().skip(from).take(to).collect();
        format!("\"{part}\"")
    };
    let length = inner.chars().count();
    let (start, end, middle) = (cut(0, length - 1), cut(1, length), cut(1, length.saturating_sub(2).max(1)));
    let nobody = format!("\"{NOBODY}\"");
    let mut ops = vec!["eq"];
    for (op, right, wrong) in [
        ("ne", nobody.clone(), text.to_owned()),
        ("co", middle, nobody.clone()),
        ("sw", start, nobody.clone()),
        ("ew", end, nobody.clone()),
        ("gt", "\" \"".to_owned(), "\"~\"".to_owned()),
        ("ge", "\" \"".to_owned(), "\"~\"".to_owned()),
        ("lt", "\"~\"".to_owned(), "\" \"".to_owned()),
        ("le", "\"~\"".to_owned(), "\" \"".to_owned()),
    ] {
        let (right, wrong) = (format!("{name} {op} {right}"), format!("{name} {op} {wrong}"));
        // `ne` of the subject's own value finds everybody else, and that is right.
        let is = match op {
            "ne" => {
                let others = probe.ask.filtered(subject.resource, &wrong).await;
                let absent = !others
                    .resources()
                    .iter()
                    .any(|one| one.get("id").and_then(Value::scalar_text) == Some(&subject.id));
                let found = probe.ask.filtered(subject.resource, &right).await;
                others.is_success() && absent && !found.resources().is_empty()
            }
            _ => outcome(probe, subject, &right, &wrong).await == Outcome::Right,
        };
        if is {
            ops.push(op);
        }
    }
    let (all, none) = (format!("{name} pr"), format!("{name} eq {nobody}"));
    if outcome(probe, subject, &all, &none).await == Outcome::Right {
        ops.push("pr");
    }
    if ops.len() < 10 {
        let why = format!("{} of 10 operators, tried on {name}", ops.len());
        probe.note_why(subject.paths[1], format!("[{}]", ops.join(", ")), why);
    }
    let eq = format!("{name} eq {text}");
    for (at, right, wrong) in [
        (2, format!("{eq} and {eq}"), format!("{eq} and {none}")),
        (3, format!("{none} or {eq}"), format!("{none} or {none}")),
        (4, format!("not ({none})"), format!("not ({eq}) and {eq}")),
        (5, "emails[value pr]".to_owned(), format!("emails[value eq {nobody}]")),
    ] {
        if at == 5
            && (subject.resource != ResourceType::User || literal(&subject.value, "emails.value").is_none())
        {
            continue;
        }
        if outcome(probe, subject, &right, &wrong).await != Outcome::Right {
            probe.note(subject.paths[at], "false");
        }
    }
}
