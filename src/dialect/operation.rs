//! The operations of a PATCH: each becomes canonical ones, with a path, one attribute each.

use super::rule::{Rule, Touched};
use super::{Speaker, body, filter, value};
use crate::scim::error::{Error, ErrorType};
use crate::scim::filter::Filter;
use crate::scim::json::{Kind, Value};
use crate::scim::name::{self, AttrPath};
use crate::scim::patch::{Missing, Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, AttributeType, Catalog, Mutability};

/// What one operation of the client means.
///
/// # Errors
/// When its `op` is unknown, its path cannot be read, or what it needs is missing.
pub(super) fn canonical(
    from: &Value,
    catalog: &Catalog,
    speaker: &Speaker,
    touched: &mut Touched,
) -> Result<Vec<Operation>, Error> {
    let op = op(from, touched)?;
    let known = ["op", "path", "value"];
    if from.members().any(|(name, _)| !known.iter().any(|known| known.eq_ignore_ascii_case(name))) {
        touched.by(Rule::OperationExtra);
    }
    let given = from.get("value").cloned();
    let Some(path) = path(from, catalog, touched)? else {
        return pathless(op, given.as_ref(), catalog, speaker, touched);
    };
    let Some(given) = given else {
        return match (op, path.as_member()) {
            (Op::Remove, _) => Ok(vec![Operation::new(op, path, Value::null())]),
            (Op::Add, Some(id)) => {
                touched.by(Rule::AddByPath);
                let member = Value::from_iter([("value", Value::from(id))]);
                Ok(vec![Operation::new(Op::Add, Path::Attribute(AttrPath::core("members")), vec![member])])
            }
            _ => Err(Error::value(format!("the {} operation needs a value", op.word()))),
        };
    };
    if op == Op::Remove {
        if given.is_null() {
            touched.by(Rule::NullMember);
        }
        return removals(&path, &given, catalog, touched);
    }
    if let Path::Extension(urn) = &path {
        return members_of(Some(urn), op, &given, catalog, speaker, touched);
    }
    Ok(one(op, path, given, catalog, speaker, touched))
}

fn op(from: &Value, touched: &mut Touched) -> Result<Op, Error> {
    let word = from.text_at("op").ok_or_else(|| Error::syntax("each operation needs an \"op\""))?;
    if let Some(op) = Op::parse(word) {
        return Ok(op);
    }
    touched.by(Rule::CapitalisedOp);
    Op::parse(&word.to_ascii_lowercase())
        .ok_or_else(|| Error::syntax("each operation needs an \"op\" of add, remove or replace"))
}

fn path(from: &Value, catalog: &Catalog, touched: &mut Touched) -> Result<Option<Path>, Error> {
    let text = match from.get("path") {
        None => return Ok(None),
        Some(null) if null.is_null() => {
            touched.by(Rule::NullMember);
            return Ok(None);
        }
        Some(path) => path.as_str().ok_or_else(|| Error::path("a path must be a string"))?,
    };
    let text = undotted(text, catalog, touched);
    let path =
        Path::parse(&text).map_err(|error| Error::path(format!("the path cannot be read: {error}")))?;
    Ok(Some(match path {
        Path::Attribute(path) => Path::Attribute(spelt(path, catalog, touched)),
        Path::Element { attribute, mut filter, sub } => {
            let attribute = spelt(attribute, catalog, touched);
            let known = catalog.attribute(&attribute);
            filter::canonical_element(&mut filter, known, touched);
            let sub = sub
                .map(|sub| known.and_then(|known| known.sub(&sub)).map_or(sub, |known| known.name.clone()));
            Path::Element { attribute, filter, sub }
        }
        Path::Extension(urn) => Path::Extension(body::extension_urn(&urn, catalog, touched).unwrap_or(urn)),
    }))
}

fn spelt(path: AttrPath, catalog: &Catalog, touched: &mut Touched) -> AttrPath {
    let path = body::qualified(path, catalog, touched);
    body::spelt(path, catalog, touched)
}

/// `urn:…:User.department`, as Entra's jobs from before December 2018 write it.
fn undotted(text: &str, catalog: &Catalog, touched: &mut Touched) -> String {
    for schema in catalog.schemas() {
        let urn = schema.id.as_str();
        let starts = text.get(..urn.len()).is_some_and(|start| start.eq_ignore_ascii_case(urn));
        if starts && text.as_bytes().get(urn.len()) == Some(&b'.') {
            touched.by(Rule::DottedUrn);
            return format!("{urn}:{}", &text[urn.len() + 1..]);
        }
    }
    text.to_owned()
}

/// A removal that carries a value names what to remove, where the RFC has a filter. An empty list removes nobody. What
/// names nobody that can be found is refused: it takes access away, and must not seem to have been done.
fn removals(
    path: &Path,
    given: &Value,
    catalog: &Catalog,
    touched: &mut Touched,
) -> Result<Vec<Operation>, Error> {
    let whole = || vec![Operation::new(Op::Remove, path.clone(), Value::null())];
    let plain = path.as_plain().filter(|_| !given.is_null());
    let Some((plain, attribute)) = plain.and_then(|plain| Some((plain, catalog.attribute(plain)?))) else {
        return Ok(whole());
    };
    if !attribute.multi_valued {
        return Ok(whole());
    }
    if plain.sub.is_some() {
        return Err(Error::path("a removal from a list names elements, not a part of each"));
    }
    touched.by(Rule::RemoveByValue);
    if given.each().iter().any(|item| item.has("$ref")) {
        touched.by(Rule::ForeignRef);
    }
    let removal = |item: &Value| {
        let value = if attribute.kind == AttributeType::Complex { item.get("value") } else { Some(item) };
        let value =
            value.filter(|value| matches!(value.kind(), Kind::Text | Kind::Number) && !value.is_empty());
        let value = value.ok_or_else(|| {
            Error::value(format!("each value of a removal from {} names one element", attribute.name))
        })?;
        let by_value = Filter::eq(AttrPath::core("value"), value.clone());
        let by_type = item.get("type").filter(|_| !plain.is_core("members")).cloned();
        if by_type.as_ref().is_some_and(|kind| kind.kind() != Kind::Text) {
            return Err(Error::value("the type of what is removed must be a string"));
        }
        let by_type = by_type.map(|kind| Filter::eq(AttrPath::core("type"), kind));
        let mut filter = Filter::all(std::iter::once(by_value).chain(by_type))
            .ok_or_else(|| Error::value("a removal names nothing"))?;
        filter::canonical_element(&mut filter, Some(attribute), touched);
        let path = Path::Element { attribute: plain.clone(), filter, sub: None };
        Ok(Operation::new(Op::Remove, path, Value::null()))
    };
    given.each().iter().map(removal).collect()
}

fn pathless(
    op: Op,
    given: Option<&Value>,
    catalog: &Catalog,
    speaker: &Speaker,
    touched: &mut Touched,
) -> Result<Vec<Operation>, Error> {
    if op == Op::Remove {
        return Err(Error::new(ErrorType::NoTarget, "a remove operation needs a path"));
    }
    let given = given.filter(|value| value.is_object());
    let given =
        given.ok_or_else(|| Error::value("an operation without a path needs an object of attributes"))?;
    touched.by(Rule::Pathless);
    members_of(None, op, given, catalog, speaker, touched)
}

/// An operation a member of the object, in the extension `urn` or in the resource itself.
pub(super) fn members_of(
    urn: Option<&compact_str::CompactString>,
    op: Op,
    object: &Value,
    catalog: &Catalog,
    speaker: &Speaker,
    touched: &mut Touched,
) -> Result<Vec<Operation>, Error> {
    let mut out = Vec::new();
    if !object.is_object() && !object.is_unassigned() {
        return Err(Error::value("the value of an extension must be an object"));
    }
    for (key, value) in object.members() {
        if key.eq_ignore_ascii_case("schemas") {
            continue;
        }
        let path = match urn {
            Some(urn) => body::within(urn, key, touched),
            None if name::is_core_urn(key) => {
                let own = key.eq_ignore_ascii_case(catalog.resource.urn());
                touched.by(if own { Rule::UrnKey } else { Rule::UnknownAttribute });
                let mut within = value.clone();
                within.retain(|name, _| own && !name::is_core_urn(name));
                out.extend(members_of(None, op, &within, catalog, speaker, touched)?);
                continue;
            }
            None => {
                // One that is no object is refused: what it was to say, nobody knows.
                let extension = catalog.extension(key).is_some() || name::is_schema_urn(key);
                if let Some(urn) = extension.then(|| body::extension_urn(key, catalog, touched)).flatten() {
                    out.extend(members_of(Some(&urn), op, value, catalog, speaker, touched)?);
                    continue;
                }
                body::place(key, catalog, touched)
            }
        };
        let Some(path) = path else {
            touched.by(Rule::UnknownAttribute);
            continue;
        };
        let path = body::spelt(path, catalog, touched);
        match catalog.attribute(&path) {
            // Ignored in any case: a PATCH of `id` or `meta` would be refused as a whole.
            Some(attribute) if attribute.mutability == Mutability::ReadOnly => {
                touched.by(Rule::ReadOnlyAttribute);
            }
            None if path.schema.is_none() => {
                touched.by(Rule::UnknownAttribute);
            }
            _ => out.extend(one(op, Path::Attribute(path), value.clone(), catalog, speaker, touched)),
        }
    }
    Ok(out)
}

/// One addition or replacement at a path, with a value.
pub(super) fn one(
    op: Op,
    path: Path,
    mut given: Value,
    catalog: &Catalog,
    speaker: &Speaker,
    touched: &mut Touched,
) -> Vec<Operation> {
    let attribute = path.attribute().and_then(|whole| catalog.attribute(&whole));
    let is_members = path.as_plain().is_some_and(|path| path.is_core("members") && path.sub.is_none());
    if let Some(attribute) = attribute {
        if has_parts(&path, attribute, &given) && touched.by(Rule::SplitComplex) {
            return parts(op, &path, &given, attribute, catalog, speaker, touched);
        }
        match &path {
            Path::Attribute(AttrPath { sub: None, .. }) => value::canonical(attribute, &mut given, touched),
            Path::Attribute(AttrPath { sub: Some(sub), .. }) | Path::Element { sub: Some(sub), .. } => {
                if let Some(sub) = attribute.sub(sub) {
                    value::single(sub, &mut given, touched);
                }
            }
            Path::Element { sub: None, .. } | Path::Extension(_) => {}
        }
    }
    if let Some(rule) = clears(&given, is_members, speaker)
        && touched.by(rule)
    {
        if op == Op::Add && rule != Rule::EmptyStringClears {
            return Vec::new(); // adding nothing changes nothing
        }
        return vec![Operation::new(Op::Remove, path, Value::null())];
    }
    let adds = is_members && op == Op::Replace && speaker.partial_members_replace;
    let op = if adds && touched.by(Rule::PartialMembersReplace) { Op::Add } else { op };
    let missing = match &path {
        Path::Element { .. } if touched.by(Rule::MissingElement) => Missing::Create,
        _ => Missing::Refuse,
    };
    vec![Operation { op, path: Some(path), value: given, missing }]
}

/// The rule by which a value that says nothing means removal. For the members of a group neither "" nor null says who
/// leaves: the schema check refuses them.
fn clears(given: &Value, is_members: bool, speaker: &Speaker) -> Option<Rule> {
    if given.as_str() == Some("") && speaker.dialect.empty_string_clears() && !is_members {
        Some(Rule::EmptyStringClears)
    } else if given.is_list() && given.is_unassigned() {
        Some(Rule::EmptyListClears)
    } else if given.is_null() && !is_members {
        Some(Rule::NullAttribute)
    } else {
        None
    }
}

/// Whether this is some of the parts of a complex attribute, such as `name`. One with a `value`, such as `manager`, is a
/// whole: its other parts belong to that value.
fn has_parts(path: &Path, attribute: &Attribute, given: &Value) -> bool {
    path.as_plain().is_some_and(|path| path.sub.is_none())
        && attribute.kind == AttributeType::Complex
        && !attribute.multi_valued
        && attribute.sub("value").is_none()
        && given.members().len() > 0
}

/// "A set of sub-attributes that replaces any existing values or adds" (RFC 7644 §3.5.2.3): what is not named stays, also
/// at a vendor that would replace the whole.
fn parts(
    op: Op,
    path: &Path,
    given: &Value,
    attribute: &Attribute,
    catalog: &Catalog,
    speaker: &Speaker,
    touched: &mut Touched,
) -> Vec<Operation> {
    let Some(whole) = path.attribute() else { return Vec::new() };
    let mut out = Vec::new();
    for (name, value) in given.members() {
        // What is no name cannot be a path; no schema has it either.
        let known = attribute.sub(name).map(|sub| sub.name.as_str());
        let Some(part) = known.map(|name| whole.with_sub(name)) else {
            touched.by(Rule::UnknownAttribute);
            continue;
        };
        out.extend(one(op, Path::Attribute(part), value.clone(), catalog, speaker, touched));
    }
    out
}
