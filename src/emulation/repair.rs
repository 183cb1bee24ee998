//! A vendor's answers, put right: names and JSON types that are not SCIM's, and errors that mean something else than they say.

use compact_str::CompactString;
use regex::Regex;

use super::profile::Reader;
use crate::scim::error::ErrorType;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Catalog, ResourceType};
use crate::yaml::{Mistake, Node};

/// What has to be put right.
#[derive(Clone, Debug, Default)]
pub struct Repair {
    /// Members that stand under another name, and where they belong.
    rename: Vec<(CompactString, AttrPath)>,
    /// Attributes of a resource type whose values have another JSON type.
    casts: Vec<(Option<ResourceType>, AttrPath, Cast)>,
    /// What errors mean; the first that fits decides.
    errors: Vec<Meaning>,
}

/// What a value should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cast {
    Text,
    Truth,
    Number,
    /// One value where a list should be.
    List,
}

/// An error, and what it means.
#[derive(Clone, Debug)]
struct Meaning {
    /// The status that it comes with; `None`: any.
    status: Option<u16>,
    /// What some text of its body says; `None`: anything.
    code: Option<Regex>,
    then: Status,
}

/// What an error is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Its status; `None`: as it is.
    pub status: Option<u16>,
    /// Its `scimType`; `None`: as it is.
    pub scim_type: Option<ErrorType>,
}

impl Repair {
    pub(super) fn read(profile: &Node, reader: &mut Reader<'_>) -> Self {
        let responses = profile.get("responses");
        let list = |of: Option<&'_ Node>, key: &str| {
            of.and_then(|of| of.get(key)).map(Node::items).unwrap_or_default().to_vec()
        };
        let users = Catalog::standard(ResourceType::User);
        let groups = Catalog::standard(ResourceType::Group);
        let mut out = Self::default();
        for node in list(responses, "rename") {
            let (Some(from), Some(to)) = (node.text_at("from"), node.get("to")) else { continue };
            if let Some(path) = reader.path(to.text().unwrap_or_default(), to.span, &users) {
                out.rename.push((from.into(), path));
            }
        }
        for node in list(responses, "types") {
            let Some(path) = node.get("path") else { continue };
            let text = path.text().unwrap_or_default();
            // The bridge reads the status of an error from the answer itself, and every id as text.
            let (of, text) = match text.trim_start_matches('/').split_once('.') {
                Some(("Users", rest)) => (Some(ResourceType::User), rest),
                Some(("Groups", rest)) => (Some(ResourceType::Group), rest),
                _ => (None, text.trim_start_matches('/')),
            };
            let cast = match node.text_at("cast") {
                Some("boolean") => Cast::Truth,
                Some("number") => Cast::Number,
                Some("list") => Cast::List,
                _ => Cast::Text,
            };
            if matches!(text, "status" | "id") {
                continue;
            }
            let catalog = if of == Some(ResourceType::Group) { &groups } else { &users };
            out.casts.extend(reader.path(text, path.span, catalog).map(|path| (of, path, cast)));
        }
        for node in list(profile.get("errors"), "map") {
            out.errors.extend(meaning(&node, reader.mistakes));
        }
        out
    }

    /// Whether answers are as they should be.
    pub fn is_nothing(&self) -> bool {
        self.rename.is_empty() && self.casts.is_empty() && self.errors.is_empty()
    }

    /// Puts a resource of the vendor right.
    pub fn resource(&self, resource: ResourceType, value: &mut Value) {
        for (from, to) in &self.rename {
            if let Some(inner) = value.remove(from) {
                to.set(value, inner);
            }
        }
        for (_, path, cast) in self.casts.iter().filter(|(of, ..)| of.is_none_or(|of| of == resource)) {
            let holder = path.attribute_in(value).cloned();
            let Some(mut attribute) = holder else { continue };
            match (&path.sub, attribute.items_mut()) {
                (Some(sub), Some(items)) => items.iter_mut().for_each(|item| cast.member(item, sub)),
                (Some(sub), None) => cast.member(&mut attribute, sub),
                (None, _) => attribute = cast.value(attribute),
            }
            path.whole().set(value, attribute);
        }
    }

    /// What an error means.
    pub fn error(&self, status: u16, body: Option<&Value>) -> Status {
        let fits = |meaning: &&Meaning| {
            meaning.status.is_none_or(|known| known == status)
                && meaning.code.as_ref().is_none_or(|code| body.is_some_and(|body| says(body, code)))
        };
        self.errors.iter().find(fits).map(|meaning| meaning.then).unwrap_or_default()
    }
}

impl Cast {
    fn member(self, holder: &mut Value, name: &str) {
        if let Some(inner) = holder.remove(name) {
            holder.set(name, self.value(inner));
        }
    }

    /// The value as the type that it should have; one that cannot be that stays as it is.
    fn value(self, value: Value) -> Value {
        let truth = |text: &str| text.parse().ok().or_else(|| text.to_lowercase().parse::<bool>().ok());
        match self {
            Self::Text => value.scalar_text().map(str::to_owned).map_or(value, Value::from),
            Self::Truth => value.as_str().and_then(truth).map_or(value, Value::from),
            Self::Number => value.as_str().and_then(Value::number).unwrap_or(value),
            Self::List if value.is_list() || value.is_null() => value,
            Self::List => Value::from(vec![value]),
        }
    }
}

/// Whether some text of a body matches.
pub(super) fn says(body: &Value, code: &Regex) -> bool {
    if let Some(text) = body.scalar_text() {
        return code.is_match(text);
    }
    body.items().iter().any(|item| says(item, code)) || body.members().any(|(_, inner)| says(inner, code))
}

/// The regular expression at a place of a profile.
pub(super) fn compiled(code: &Node, mistakes: &mut Vec<Mistake>) -> Option<Regex> {
    let compiled = Regex::new(code.text().unwrap_or_default()).ok();
    if compiled.is_none() {
        let mistake = Mistake::new(code.span, "the regular expression cannot be compiled");
        mistakes.push(mistake.hint("such as username_taken|email_taken"));
    }
    compiled
}

fn meaning(node: &Node, mistakes: &mut Vec<Mistake>) -> Option<Meaning> {
    let (when, then) = (node.get("when")?, node.get("then")?);
    let status =
        |of: &Node| of.get("status").and_then(Node::whole).and_then(|status| u16::try_from(status).ok());
    let code = match when.get("code") {
        None => None,
        Some(code) => Some(compiled(code, mistakes)?),
    };
    let then =
        Status { status: status(then), scim_type: then.text_at("scimType").and_then(ErrorType::parse) };
    Some(Meaning { status: status(when), code, then })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::emulation::Profile;
    use crate::scim::json::Limits;

    fn profile(text: &str) -> Profile {
        let mut mistakes = Vec::new();
        let profile =
            Profile::read(Some(&crate::yaml::parse(0, text).unwrap()), &HashMap::new(), &mut mistakes);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        profile
    }

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REPLY).unwrap()
    }

    #[test]
    fn names_and_types_are_put_right() {
        let profile = profile(
            "responses:\n  rename: [{ from: name.formatted, to: name.formatted }]\n  types:\n    - { path: active, cast: boolean }\n    - { path: Users.emails, cast: list }\n    - { path: emails.primary, cast: boolean }\n    - { path: title, cast: string }\n    - { path: /status, cast: string }\n",
        );
        let mut user = value(
            r#"{"id":"7","name.formatted":"Ana Silva","name":{"givenName":"Ana"},"active":"True","title":5,"emails":{"value":"a","primary":"false"}}"#,
        );
        profile.repair.resource(ResourceType::User, &mut user);
        assert_eq!(
            user.to_json(),
            r#"{"id":"7","name":{"givenName":"Ana","formatted":"Ana Silva"},"active":true,"title":"5","emails":[{"value":"a","primary":false}]}"#
        );
        let mut group = value(r#"{"id":"8","emails":"x","active":"maybe"}"#);
        profile.repair.resource(ResourceType::Group, &mut group);
        assert_eq!(group.to_json(), r#"{"id":"8","emails":"x","active":"maybe"}"#);
    }

    #[test]
    fn errors_mean_what_the_profile_says() {
        let profile = profile(
            "errors:\n  map:\n    - { when: { code: \"username_taken|email_taken\" }, then: { status: 409, scimType: uniqueness } }\n    - { when: { status: 403, code: paused }, then: { status: 503 } }\n    - { when: { status: 400 }, then: { scimType: mutability } }\n",
        );
        let status = |status, body: &str| profile.repair.error(status, Some(&value(body)));
        let means = |status, scim_type| Status { status, scim_type };
        assert_eq!(
            status(400, r#"{"Errors":[{"description":"email_taken"}]}"#),
            means(Some(409), Some(ErrorType::Uniqueness))
        );
        assert_eq!(status(403, r#"{"detail":"the account is paused"}"#), means(Some(503), None));
        assert_eq!(status(403, r#"{"detail":"no"}"#), Status::default());
        assert_eq!(profile.repair.error(400, None), means(None, Some(ErrorType::Mutability)));
        assert!(Profile::default().repair.is_nothing() && !profile.repair.is_nothing());
    }
}
