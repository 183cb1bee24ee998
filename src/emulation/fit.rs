//! A resource cut to what the vendor accepts. What falls away here is remembered by the bridge.

use super::policy::Policy;
use super::put::keep_uncleared;
use super::resource::{Enum, Resource};
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::resource::list_schemas;
use crate::scim::schema::Catalog;

/// The resource as the vendor gets it. `before`: what it has; `None` when it is about to be made. A value that it has
/// already is not judged: it was there before the bridge, or the vendor's set of values is larger than is known.
///
/// # Errors
/// `invalidValue` when the vendor needs an attribute that is not there, or has no value like the one given: the vendor
/// is not asked.
pub fn fit(
    profile: &Resource,
    mut resource: Value,
    catalog: &Catalog,
    before: Option<&Value>,
) -> Result<Value, Error> {
    let creates = before.is_none();
    for one in &profile.enums {
        let known = before.and_then(|before| one.path.get(before));
        if known.is_none() || known != one.path.get(&resource) {
            close(one, &mut resource)?;
        }
    }
    if creates {
        for (path, value) in &profile.defaults {
            if path.get(&resource).is_none_or(Value::is_empty) {
                path.set(&mut resource, value.clone());
            }
        }
    }
    profile.bounds.apply(&mut resource, before, catalog)?;
    profile.members.within(&resource, before)?;
    if let Some(before) = before {
        keep_uncleared(profile, &mut resource, before, catalog);
        Policy::apply(profile, &mut resource, before, catalog);
    }
    profile.group_rules.check(&resource, before)?;
    profile.elements.apply(&mut resource);
    profile.words.roles.fit(&mut resource);
    let mut resource = trim(profile, resource, catalog);
    if creates
        && let Some(path) =
            profile.required.iter().find(|path| path.get(&resource).is_none_or(Value::is_empty))
    {
        return Err(Error::value(format!("the vendor needs {path}, and nothing was sent that gives it")));
    }
    list_schemas(&mut resource, catalog);
    Ok(resource)
}

/// The resource with the values that a creation was given in place of none, where the vendor has them still. A client that
/// writes a resource anew does not know of them, and takes nothing away by leaving them out.
pub fn keep_defaults(profile: &Resource, mut resource: Value, before: &Value) -> Value {
    for (path, value) in &profile.defaults {
        if path.get(before) == Some(value) && path.get(&resource).is_none() {
            path.set(&mut resource, value.clone());
        }
    }
    resource
}

/// The resource without what the vendor does not accept.
pub(super) fn trim(profile: &Resource, mut resource: Value, catalog: &Catalog) -> Value {
    for path in &profile.deny {
        take(path, &mut resource);
    }
    if let Some(allow) = &profile.allow {
        keep(allow, &mut resource, catalog);
    }
    if profile.only_known.is_some() {
        keep_known(&mut resource, catalog);
    }
    resource
}

/// Puts a value into the vendor's spelling, or its default in the place of an unknown one.
fn close(one: &Enum, resource: &mut Value) -> Result<(), Error> {
    let Some(given) = one.path.get(resource).and_then(Value::scalar_text) else { return Ok(()) };
    let alike = |other: &str| if one.exact { other == given } else { other.eq_ignore_ascii_case(given) };
    let mapped = one.map.iter().find(|(from, _)| alike(from)).map(|(_, to)| to.clone());
    let text = mapped.as_deref().unwrap_or(given);
    let same = |value: &&String| if one.exact { *value == text } else { value.eq_ignore_ascii_case(text) };
    let known = one.values.iter().find(same).map(|value| Value::from(value.as_str()));
    match known.or_else(|| one.default.clone()) {
        Some(value) => {
            one.path.set(resource, value);
            Ok(())
        }
        None => Err(Error::value(format!("{} must be one of {}", one.path, one.values.join(", ")))),
    }
}

/// Takes an attribute out, or a sub-attribute out of every element.
fn take(path: &AttrPath, resource: &mut Value) {
    let holder = match &path.schema {
        Some(schema) => resource.get_mut(schema),
        None => Some(&mut *resource),
    };
    let items = holder.and_then(|holder| holder.get_mut(&path.name)).and_then(Value::items_mut);
    match (items, &path.sub) {
        (Some(items), Some(sub)) => items.iter_mut().for_each(|item| drop(item.remove(sub))),
        _ => drop(path.remove(resource)),
    }
}

/// Leaves what some schema in use has.
fn keep_known(resource: &mut Value, catalog: &Catalog) {
    resource.retain(|key, value| {
        let common =
            ["schemas", "id", "meta", "externalId"].iter().any(|name| name.eq_ignore_ascii_case(key));
        match catalog.extension(key) {
            Some(schema) => {
                value.retain(|name, _| schema.attribute(name).is_some());
                value.members().len() > 0
            }
            None => common || catalog.core_attribute(key).is_some(),
        }
    });
}

/// Leaves what is allowed: whole attributes, or some of their parts.
fn keep(allow: &[AttrPath], resource: &mut Value, catalog: &Catalog) {
    let parts = |value: &mut Value, schema: Option<&str>, name: &str| {
        let of = |path: &&AttrPath| {
            let same_schema = match (&path.schema, schema) {
                (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
                (a, b) => a.is_none() && b.is_none(),
            };
            same_schema && path.name.eq_ignore_ascii_case(name)
        };
        let named: Vec<&AttrPath> = allow.iter().filter(of).collect();
        if named.iter().any(|path| path.sub.is_none()) {
            return true;
        }
        let trim = |element: &mut Value| {
            element.retain(|sub, _| {
                named
                    .iter()
                    .any(|path| path.sub.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(sub)))
            });
        };
        match value.items_mut() {
            Some(items) => items.iter_mut().for_each(trim),
            None => trim(value),
        }
        !named.is_empty() && !value.is_empty()
    };
    resource.retain(|key, value| {
        if ["schemas", "id", "meta"].iter().any(|name| name.eq_ignore_ascii_case(key)) {
            return true;
        }
        if catalog.extension(key).is_some() || (value.is_object() && crate::scim::name::is_schema_urn(key)) {
            value.retain(|name, value| parts(value, Some(key), name));
            return value.members().len() > 0;
        }
        parts(value, None, key)
    });
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::emulation::Profile;
    use crate::scim::json::Limits;
    use crate::scim::schema::ResourceType;
    use crate::yaml::parse;

    fn fitted(profile: &str, user: &str, creates: bool) -> Result<String, String> {
        let mut mistakes = Vec::new();
        let text = format!("resources:\n  Users:\n    attrs: {profile}\n");
        let profile = Profile::read(Some(&parse(0, &text).unwrap()), &HashMap::new(), &mut mistakes);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        let user = Value::read(user.as_bytes(), &Limits::REQUEST).unwrap();
        let catalog = profile.catalog(ResourceType::User);
        let before = Value::object();
        let before = (!creates).then_some(&before);
        let mut out =
            fit(profile.resource(ResourceType::User), user, &catalog, before).map_err(|e| e.detail)?;
        out.remove("schemas");
        Ok(out.to_json())
    }

    #[test]
    fn only_what_is_allowed_is_left() {
        let user = r#"{"userName":"a","title":"T","name":{"givenName":"G","middleName":"M"},"emails":[{"value":"e","display":"d"}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D","division":"V"}}"#;
        let allow = "{ allow: [userName, name.givenName, emails.value, 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department'] }";
        assert_eq!(
            fitted(allow, user, true).unwrap(),
            r#"{"userName":"a","name":{"givenName":"G"},"emails":[{"value":"e"}],"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"D"}}"#
        );
        let deny = "{ deny: [title, emails.display] }";
        assert!(!fitted(deny, user, true).unwrap().contains("title"));
        assert!(fitted(deny, user, true).unwrap().contains(r#""emails":[{"value":"e"}]"#));
    }

    #[test]
    fn values_are_closed_required_and_given() {
        let kind = "{ enum: { userType: { values: [endUser, Technician] } } }";
        assert_eq!(
            fitted(kind, r#"{"userType":"TECHNICIAN"}"#, true).unwrap(),
            r#"{"userType":"Technician"}"#
        );
        assert!(fitted(kind, r#"{"userType":"boss"}"#, true).unwrap_err().contains("endUser, Technician"));
        let default = "{ enum: { userType: { values: [a], default: a, case: exact } } }";
        assert_eq!(fitted(default, r#"{"userType":"A"}"#, true).unwrap(), r#"{"userType":"a"}"#);
        let required = "{ required: [displayName], default: { title: X } }";
        assert!(fitted(required, r#"{"userName":"a"}"#, true).unwrap_err().contains("displayName"));
        assert_eq!(
            fitted(required, r#"{"displayName":"a"}"#, true).unwrap(),
            r#"{"displayName":"a","title":"X"}"#
        );
        assert_eq!(fitted(required, "{}", false).unwrap(), "{}");
    }
}
