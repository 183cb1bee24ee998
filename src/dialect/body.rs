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
    let mut out = Value::object();
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
    if value.is_null() {
        touched.by(Rule::NullAttribute);
        return;
    }
    if write == Write::Create && value.is_unassigned() {
        touched.by(Rule::EmptyList);
        return;
    }
    // Nearly always there is nothing to be put right about a name.
    if let Some(known) = catalog.core_attribute(key).filter(|known| known.name == *key) {
        return plain(out, known, value, touched);
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
            let path = AttrPath { schema: Some(urn.clone()), name, sub: None };
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
    if catalog.attribute(&path).is_some_and(|attribute| attribute.mutability == Mutability::ReadOnly) {
        touched.by(Rule::ReadOnlyAttribute);
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

/// A core attribute whose name is as the schema spells it.
fn plain(out: &mut Value, known: &Attribute, mut value: Value, touched: &mut Touched) {
    if known.mutability == Mutability::ReadOnly {
        touched.by(Rule::ReadOnlyAttribute);
        return;
    }
    if known.name == "name" {
        without_empty_parts(&mut value, touched);
    }
    value::canonical(known, &mut value, touched);
    out.set(&known.name, value);
}

fn without_empty_parts(name: &mut Value, touched: &mut Touched) {
    name.retain(|_, part| {
        let empty = part.as_str() == Some("");
        if empty {
            touched.by(Rule::EmptyName);
        }
        !empty
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
    if path.name != attribute.name || sub.is_some_and(|sub| Some(&sub.name) != path.sub.as_ref()) {
        touched.by(Rule::NameCase);
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
    let extra = listed.iter().any(|urn| catalog.extension(urn).is_some() && !used(urn));
    let lacking = body.members().any(|(key, value)| {
        value.is_object()
            && name::is_schema_urn(key)
            && !listed.iter().any(|urn| urn.eq_ignore_ascii_case(key))
    });
    if extra || lacking {
        touched.by(Rule::SchemaList);
    }
}
