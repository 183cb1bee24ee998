//! The body of a POST or PUT: names and schemas put right, then each value.

use compact_str::CompactString;

use super::rule::{Rule, Touched};
use super::{scim11, value};
use crate::scim::json::Value;
use crate::scim::name::{self, AttrPath, ENTERPRISE};
use crate::scim::resource::Write;
use crate::scim::schema::{Attribute, Catalog, Mutability};

/// Enterprise URNs that are not the RFC's: SCIM 1.1, OneLogin's own, and one that Microsoft's page misspells.
const ENTERPRISE_LOOKALIKES: [&str; 3] = [
    "urn:scim:schemas:extension:enterprise:1.0",
    "urn:scim:schemas:extension:enterprise:2.0",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
];

/// The body in canonical form, but for what [`crate::scim::resource::accept`] checks and cleans afterwards.
pub(super) fn canonical(body: Value, catalog: &Catalog, write: Write, touched: &mut Touched) -> Value {
    let version_1 = scim11::is(&body);
    let listed = body.get("schemas").cloned();
    let mut out = Value::object_with_room(body.members().len());
    for (key, value) in body.into_members() {
        member(&mut out, &key, value, catalog, write, touched);
    }
    if version_1 {
        scim11::resource(&mut out, touched);
    }
    note_schemas(listed.as_ref(), &out, catalog, touched);
    out
}

fn member(
    out: &mut Value,
    key: &CompactString,
    mut value: Value,
    catalog: &Catalog,
    write: Write,
    touched: &mut Touched,
) {
    if key.eq_ignore_ascii_case("schemas") {
        out.set("schemas", value);
        return;
    }
    // What is left in place here, where a rule is off, is dropped without a word when the resource is checked.
    let read_only = |attribute: &Attribute| attribute.mutability == Mutability::ReadOnly;
    let known = catalog.core_attribute(key);
    let dropped = if known.is_some_and(read_only) {
        Some(Rule::ReadOnlyAttribute)
    } else if value.is_null() {
        Some(Rule::NullAttribute)
    } else if write == Write::Create && value.is_unassigned() {
        Some(Rule::EmptyList)
    } else {
        None
    };
    if let Some(rule) = dropped {
        if !touched.by(rule) {
            out.set(key, value);
        }
        return;
    }
    // Nearly always there is nothing to be put right about a name.
    if let Some(known) = known.filter(|known| known.name == *key) {
        return plain(out, known, value, touched);
    }
    if key.eq_ignore_ascii_case(scim11::GROUP_DESCRIPTION) {
        touched.by(Rule::GroupDescription);
        return;
    }
    if name::is_core_urn(key) {
        // The core attributes under the URN of their schema; those of another schema nobody has.
        let own = key.eq_ignore_ascii_case(catalog.resource.urn()) && value.is_object();
        touched.by(if own { Rule::UrnKey } else { Rule::UnknownAttribute });
        for (name, inner) in value.into_members().filter(|_| own) {
            if !name::is_core_urn(&name) {
                member(out, &name, inner, catalog, write, touched);
            }
        }
        return;
    }
    if let Some(urn) = extension_urn(key, catalog, touched) {
        if !value.is_object() {
            out.set(&urn, value); // refused later: what it was to say, nobody knows
            return;
        }
        let mut extension = Value::object();
        let schema = catalog.extension(&urn);
        for (name, mut inner) in value.into_members() {
            let known = schema.and_then(|schema| schema.attribute(&name)).filter(|known| known.name == name);
            if let Some(known) = known {
                value::canonical(known, &mut inner, touched);
                extension.entry(&urn).set(&name, inner);
                continue;
            }
            let Some(path) = within(&urn, &name, touched) else {
                touched.by(Rule::UnknownAttribute);
                continue;
            };
            attribute(&mut extension, path, inner, catalog, touched);
        }
        // What a flat key has put there already stays.
        let slot = out.entry(&urn);
        for (name, inner) in extension.remove(&urn).unwrap_or_default().into_members() {
            slot.set(&name, inner);
        }
        if slot.is_null() {
            *slot = Value::object();
        }
        return;
    }
    let Some(path) = place(key, catalog, touched) else {
        touched.by(Rule::UnknownAttribute);
        return;
    };
    if catalog.attribute(&path).is_some_and(read_only) && touched.by(Rule::ReadOnlyAttribute) {
        return;
    }
    if path.schema.is_none() && catalog.attribute(&path).is_none() {
        touched.by(Rule::UnknownAttribute);
        return;
    }
    if path.is_core("name") && path.sub.is_none() {
        without_empty_parts(&mut value, touched);
    }
    attribute(out, path, value, catalog, touched);
}

/// A core attribute that clients write, its name as the schema spells it.
fn plain(out: &mut Value, known: &Attribute, mut value: Value, touched: &mut Touched) {
    if known.name == "name" {
        without_empty_parts(&mut value, touched);
    }
    value::canonical(known, &mut value, touched);
    out.set(&known.name, value);
}

fn without_empty_parts(name: &mut Value, touched: &mut Touched) {
    name.retain(|_, part| {
        let empty = part.as_str() == Some("");
        !(empty && touched.by(Rule::EmptyName))
    });
}

/// Sets an attribute, its value made canonical and its name spelt as the schema does.
fn attribute(out: &mut Value, path: AttrPath, mut value: Value, catalog: &Catalog, touched: &mut Touched) {
    let path = spelt(path, catalog, touched);
    if let Some(attribute) = catalog.target(&path) {
        match path.sub {
            Some(_) => value::single(attribute, &mut value, touched),
            None => value::canonical(attribute, &mut value, touched),
        }
    }
    path.set(out, value);
}

/// The extension that a name is the URN of, in its right spelling.
pub(super) fn extension_urn(key: &str, catalog: &Catalog, touched: &mut Touched) -> Option<CompactString> {
    if ENTERPRISE_LOOKALIKES.iter().any(|urn| urn.eq_ignore_ascii_case(key)) {
        touched.by(Rule::SchemaUrn);
        return Some(ENTERPRISE.into());
    }
    match catalog.extension(key) {
        Some(schema) => Some(schema.id.clone()),
        None => name::is_schema_urn(key).then(|| key.into()),
    }
}

/// The attribute that the name of a member stands for: as it is, dotted, with a URN before it, or of an extension that
/// should have been named. `None` when it is no name of an attribute at all.
pub(super) fn place(key: &str, catalog: &Catalog, touched: &mut Touched) -> Option<AttrPath> {
    let path = AttrPath::parse(key)?;
    if path.schema.is_some() {
        touched.by(Rule::UrnKey);
    } else if path.sub.is_some() {
        touched.by(Rule::DottedKey);
    }
    Some(qualified(path, catalog, touched))
}

/// The attribute of an extension that the name of a member of it stands for. `None` when it is no name.
pub(super) fn within(urn: &CompactString, key: &str, touched: &mut Touched) -> Option<AttrPath> {
    let path = AttrPath::parse(key).filter(|path| !key.contains(':') && path.schema.is_none())?;
    if path.sub.is_some() {
        touched.by(Rule::DottedKey);
    }
    Some(AttrPath { schema: Some(urn.clone()), ..path })
}

/// The same attribute with the URN of its extension, where the client left it out and only one can be meant.
pub(super) fn qualified(mut path: AttrPath, catalog: &Catalog, touched: &mut Touched) -> AttrPath {
    if path.schema.is_none()
        && catalog.core_attribute(&path.name).is_none()
        && let Some(schema) = catalog.only_extension_with(&path.name)
    {
        touched.by(Rule::UnqualifiedExtension);
        path.schema = Some(schema.id.clone());
    }
    path
}

/// The same attribute as the schema spells it.
pub(super) fn spelt(mut path: AttrPath, catalog: &Catalog, touched: &mut Touched) -> AttrPath {
    let Some(attribute) = catalog.attribute(&path) else { return path };
    let sub = path.sub.as_ref().and_then(|sub| attribute.sub(sub));
    let differs = path.name != attribute.name || sub.is_some_and(|sub| Some(&sub.name) != path.sub.as_ref());
    if differs && touched.by(Rule::NameCase) {
        path.name = attribute.name.clone();
        path.sub = sub.map(|sub| sub.name.clone()).or(path.sub);
    }
    if let Some(schema) = path.schema.as_deref().and_then(|urn| catalog.extension(urn)) {
        path.schema = Some(schema.id.clone());
    }
    path
}

/// `schemas` is written anew later from what is used; here it is only noted what was wrong with the client's.
fn note_schemas(listed: Option<&Value>, body: &Value, catalog: &Catalog, touched: &mut Touched) {
    let Some(listed) = listed else {
        touched.by(Rule::SchemaList);
        return;
    };
    let listed: Vec<&str> = listed.items().iter().filter_map(Value::as_str).collect();
    let known =
        |urn: &str| urn.eq_ignore_ascii_case(catalog.resource.urn()) || catalog.extension(urn).is_some();
    if listed.iter().any(|urn| !known(urn) && !body.has(urn)) {
        touched.by(Rule::SchemaUrn);
    }
    let used = |urn: &str| body.get(urn).is_some_and(|value| value.members().len() > 0);
    let extension = |urn: &str| {
        let lookalike = ENTERPRISE_LOOKALIKES.iter().any(|other| other.eq_ignore_ascii_case(urn));
        catalog.extension(if lookalike { ENTERPRISE } else { urn })
    };
    let extra = listed.iter().filter_map(|urn| extension(urn)).any(|schema| !used(&schema.id));
    let lacking = body.members().any(|(key, value)| {
        value.is_object()
            && !listed.iter().any(|urn| urn.eq_ignore_ascii_case(key))
            && name::is_schema_urn(key)
    });
    if extra || lacking {
        touched.by(Rule::SchemaList);
    }
}
