//! `attributes` and `excludedAttributes`, RFC 7644 §3.9.

use serde_json::{Map, Value};

use super::message::Request;
use crate::simulator::oracle::Refusal;
use crate::simulator::oracle::attribute::{AttributePath, Place, member};

/// Attributes whose `returned` is `always` (RFC 7643 §3.1), and `schemas`, without which nothing else can be read.
const ALWAYS: [&str; 2] = ["id", "schemas"];

/// Which attributes an answer shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Projection {
    only: Option<Vec<AttributePath>>,
    without: Vec<AttributePath>,
}

impl Projection {
    /// Reads the two parameters, each a list of attribute paths.
    ///
    /// # Errors
    ///
    /// `invalidValue` when a path is malformed, or both are given: they exclude each other.
    pub(crate) fn new(attributes: Option<&[String]>, excluded: Option<&[String]>) -> Result<Self, Refusal> {
        if attributes.is_some() && excluded.is_some() {
            return Err(Refusal::new("invalidValue", "attributes and excludedAttributes exclude each other"));
        }
        let parse = |paths: &[String]| {
            let parse = |path: &String| AttributePath::parse(path.trim());
            paths
                .iter()
                .map(parse)
                .collect::<Result<Vec<_>, _>>()
                .map_err(|detail| Refusal::new("invalidValue", detail))
        };
        Ok(Self {
            only: attributes.map(parse).transpose()?,
            without: excluded.map(parse).transpose()?.unwrap_or_default(),
        })
    }

    /// Reads them from the query of a request.
    ///
    /// # Errors
    ///
    /// As [`Projection::new`].
    pub(crate) fn of(request: &Request) -> Result<Self, Refusal> {
        let names = |name: &str| {
            let given = request.parameter(name).filter(|given| !given.is_empty());
            given.map(|given| given.split(',').map(str::to_owned).collect::<Vec<_>>())
        };
        Self::new(names("attributes").as_deref(), names("excludedAttributes").as_deref())
    }

    /// Whether an attribute at the top can be seen at all, so that the costly ones need not be made.
    pub(crate) fn shows(&self, name: &str) -> bool {
        let named = |paths: &[AttributePath], whole: bool| {
            paths.iter().any(|path| path.name.eq_ignore_ascii_case(name) && !(whole && path.sub.is_some()))
        };
        match &self.only {
            Some(only) => named(only, false),
            None => !named(&self.without, true),
        }
    }

    /// What is shown of `resource`.
    pub(crate) fn apply(&self, resource: Map<String, Value>) -> Map<String, Value> {
        let places =
            |paths: &[AttributePath]| paths.iter().map(|path| path.place(&resource)).collect::<Vec<_>>();
        let chosen = match &self.only {
            Some(only) => cut(&resource, &places(only), true),
            None if self.without.is_empty() => return resource,
            None => cut(&resource, &places(&self.without), false),
        };
        let always = ALWAYS.iter().filter_map(|name| member(&resource, name));
        let mut chosen = chosen;
        chosen.extend(always.map(|(key, value)| (key.clone(), value.clone())));
        chosen
    }
}

/// Keeps what is named, or what is not.
fn cut(resource: &Map<String, Value>, places: &[Place], keep: bool) -> Map<String, Value> {
    let top: Vec<_> = places.iter().filter(|place| place.extension.is_none()).collect();
    let mut result = cut_level(resource, &top, keep);
    for (urn, extension) in resource.iter().filter(|(key, _)| key.contains(':')) {
        let of_it =
            |place: &&Place| place.extension.as_deref().is_some_and(|named| named.eq_ignore_ascii_case(urn));
        let inside: Vec<_> = places.iter().filter(of_it).collect();
        let whole = inside.iter().any(|place| place.attribute.is_none());
        result.remove(urn);
        match extension {
            Value::Object(extension) if !whole => {
                let rest = cut_level(extension, &inside, keep);
                if !rest.is_empty() {
                    result.insert(urn.clone(), Value::Object(rest));
                }
            }
            extension if whole == keep => {
                result.insert(urn.clone(), extension.clone());
            }
            _ => {}
        }
    }
    result
}

fn cut_level(object: &Map<String, Value>, places: &[&Place], keep: bool) -> Map<String, Value> {
    let mut result = Map::new();
    for (key, value) in object {
        let is_key =
            |place: &&&Place| place.attribute.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(key));
        let named: Vec<_> = places.iter().filter(is_key).collect();
        let subs: Vec<&str> = named.iter().filter_map(|place| place.sub.as_deref()).collect();
        if subs.len() == named.len() && !named.is_empty() {
            result.insert(key.clone(), cut_subs(value, &subs, keep));
        } else if named.is_empty() != keep {
            result.insert(key.clone(), value.clone());
        }
    }
    result
}

fn cut_subs(value: &Value, subs: &[&str], keep: bool) -> Value {
    match value {
        Value::Array(values) => values.iter().map(|value| cut_subs(value, subs, keep)).collect(),
        Value::Object(members) => {
            let named = |key: &str| subs.iter().any(|sub| sub.eq_ignore_ascii_case(key));
            let kept = members.iter().filter(|(key, _)| named(key) == keep);
            Value::Object(kept.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        simple => simple.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_choose_what_is_shown() {
        let urn = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let resource = json!({
            "schemas": [urn], "id": "1", "userName": "a", "title": "t",
            "emails": [{ "value": "v", "type": "work" }],
            urn: { "department": "d", "division": "e" }
        });
        let shown = |only: Option<&str>, without: Option<&str>| {
            let list = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<_>>();
            let (only, without) = (only.map(list), without.map(list));
            let projection = Projection::new(only.as_deref(), without.as_deref()).unwrap();
            let mut shown = projection.apply(resource.as_object().cloned().unwrap());
            shown.remove("schemas");
            Value::Object(shown)
        };
        assert_eq!(shown(Some("USERNAME"), None), json!({ "id": "1", "userName": "a" }));
        assert_eq!(shown(Some("emails.type"), None), json!({ "id": "1", "emails": [{ "type": "work" }] }));
        let department = format!("{urn}:department");
        assert_eq!(shown(Some(&department), None), json!({ "id": "1", urn: { "department": "d" } }));
        assert_eq!(shown(Some(urn), None), json!({ "id": "1", urn: { "department": "d", "division": "e" } }));
        let without = format!("id,title,emails.type,{department}");
        let expected =
            json!({ "id": "1", "userName": "a", "emails": [{ "value": "v" }], urn: { "division": "e" } });
        assert_eq!(shown(None, Some(&without)), expected);
        assert!(Projection::new(Some(&["a".into()]), Some(&["b".into()])).is_err());
    }
}
