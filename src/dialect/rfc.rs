//! The strict reading: RFC 7643 and 7644 as they stand. Nothing is put right, and what they do not allow is refused.

use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::{self, AttrPath};
use crate::scim::patch::{self, Op, Operation};
use crate::scim::path::Path;
use crate::scim::resource;
use crate::scim::schema::Catalog;

/// Whether a body is a resource as RFC 7643 §3 wants it: `schemas` lists the core schema and every extension that is
/// used, and every attribute is one of theirs.
///
/// # Errors
/// When it is not.
pub(super) fn check_resource(body: &Value, catalog: &Catalog) -> Result<(), Error> {
    let listed = |urn: &str| {
        let schemas = body.get("schemas").map(Value::items).unwrap_or_default();
        schemas.iter().filter_map(Value::as_str).any(|listed| listed.eq_ignore_ascii_case(urn))
    };
    if !listed(catalog.resource.urn()) {
        return Err(Error::syntax(format!("\"schemas\" must list {}", catalog.resource.urn())));
    }
    for (key, _) in body.members() {
        if catalog.extension(key).is_some() || name::is_schema_urn(key) {
            if !listed(key) {
                return Err(Error::syntax(format!("\"schemas\" must list the extension {key}")));
            }
        } else if !key.eq_ignore_ascii_case("schemas") && catalog.core_attribute(key).is_none() {
            return Err(unknown(key, catalog));
        }
    }
    Ok(())
}

/// The operations of a PATCH, as they stand.
///
/// # Errors
/// When one is not of the RFC's form.
pub(super) fn operations(body: &Value, catalog: &Catalog) -> Result<Vec<Operation>, Error> {
    patch::operations(body)?.iter().map(|from| operation(from, catalog)).collect()
}

fn operation(from: &Value, catalog: &Catalog) -> Result<Operation, Error> {
    let read = Operation::read(from)?;
    // Elsewhere it says what to remove; the RFC knows no such thing, and would have all of it removed.
    if read.op == Op::Remove && !read.value.is_null() {
        return Err(Error::value("a remove operation has no value: a filter in its path says what goes"));
    }
    if read.path.is_none() {
        if !read.value.is_object() {
            return Err(Error::value("an operation without a path needs an object of attributes"));
        }
        for (key, value) in read.value.members() {
            check_member(key, value, read.op, catalog)?;
        }
    }
    Ok(read)
}

/// Whether a member of a value without a path is an attribute, or an extension with attributes.
fn check_member(key: &str, value: &Value, op: Op, catalog: &Catalog) -> Result<(), Error> {
    if key.eq_ignore_ascii_case("schemas") {
        return Ok(());
    }
    let check = |path: AttrPath, value: &Value| {
        let mut one = Operation::new(op, Path::Attribute(path), value.clone());
        resource::check_operation(&mut one, catalog)
    };
    if let Some(schema) = catalog.extension(key) {
        let within = |name: &str| AttrPath { schema: Some(schema.id.clone()), name: name.into(), sub: None };
        return value.members().try_for_each(|(name, value)| check(within(name), value));
    }
    if name::is_schema_urn(key) {
        return Ok(());
    }
    match catalog.core_attribute(key) {
        Some(attribute) => check(AttrPath::core(&attribute.name), value),
        None => Err(unknown(key, catalog)),
    }
}

fn unknown(key: &str, catalog: &Catalog) -> Error {
    // The name is the client's own text: it is repeated only if it is a name.
    match AttrPath::parse(key) {
        Some(path) => Error::path(format!("{path} is not an attribute of a {}", catalog.resource.name())),
        None => {
            Error::path(format!("a member of the body is not an attribute of a {}", catalog.resource.name()))
        }
    }
}
