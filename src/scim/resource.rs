//! What a resource must be like before anything is done with it: its types, what may be written, what must be there
//! (RFC 7643 §2, §3; RFC 7644 §3.3, §3.5.1).

use std::fmt;

use crate::scim::error::{Error, ErrorType};
use crate::scim::filter::{Filter, Op as Comparison};
use crate::scim::json::{Kind, Value, is_one_plain_text, same_name};
use crate::scim::name::{self, AttrPath};
use crate::scim::patch::{self, Op, Operation};
use crate::scim::path::Path;
use crate::scim::schema::{Attribute, AttributeType, Catalog, Mutability, ResourceType};

/// Members that one request may carry.
pub const MAX_MEMBERS: usize = 50_000;
/// Elements of any other multi-valued attribute.
pub const MAX_ELEMENTS: usize = 100;

/// Which request a body belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// POST
    Create,
    /// PUT
    Replace,
}

/// The body of a POST or PUT as the rest of the bridge may rely on it: every value has its attribute's type, nothing
/// read-only, `null` or unknown is in it, required attributes are there, and `schemas` lists exactly what is used.
/// "[]" stays in a PUT, where it says "unassign".
///
/// # Errors
/// `invalidSyntax` when it is no resource, `invalidValue` when a value does not fit, `tooMany` for too many members.
pub fn accept(mut body: Value, catalog: &Catalog, write: Write) -> Result<Value, Error> {
    if !body.is_object() {
        return Err(Error::syntax("the body must be a JSON object"));
    }
    check_schemas(&body)?;
    let mut wrong = None;
    body.retain(|key, value| {
        let keep = keep_member(key, value, catalog, write);
        keep.unwrap_or_else(|error| {
            wrong.get_or_insert(error);
            true
        })
    });
    if let Some(error) = wrong {
        return Err(error);
    }
    for attribute in catalog.core.attributes.iter().filter(|attribute| attribute.required) {
        let blank = body.text_at(&attribute.name).is_none_or(|text| text.trim().is_empty());
        if blank {
            return Err(Error::value(format!("{} is required and must not be empty", attribute.name)));
        }
    }
    list_schemas(&mut body, catalog);
    Ok(body)
}

fn check_schemas(body: &Value) -> Result<(), Error> {
    match body.get("schemas") {
        Some(schemas) if !schemas.is_null() => {
            let right = schemas.is_list() && schemas.items().iter().all(|urn| urn.as_str().is_some());
            if right { Ok(()) } else { Err(Error::syntax("\"schemas\" must be a list of URNs")) }
        }
        _ => Ok(()), // clients leave it out, and the endpoint says what it is
    }
}

fn keep_member(key: &str, value: &mut Value, catalog: &Catalog, write: Write) -> Result<bool, Error> {
    if value.is_null() || (write == Write::Create && value.is_unassigned()) {
        return Ok(false);
    }
    if let Some(attribute) = catalog.core_attribute(key) {
        if attribute.mutability == Mutability::ReadOnly {
            return Ok(false);
        }
        check(attribute, Named::of(&attribute.name), value)?;
        return Ok(true);
    }
    let extension = catalog.extension(key);
    if extension.is_none() && !name::is_schema_urn(key) {
        return Ok(false);
    }
    if !value.is_object() {
        return Err(Error::value(format!("the value of the extension {key} must be an object")));
    }
    let mut wrong = None;
    value.retain(|name, value| {
        if value.is_null() || (write == Write::Create && value.is_unassigned()) {
            return false;
        }
        match extension.and_then(|schema| schema.attribute(name)) {
            Some(attribute) if attribute.mutability == Mutability::ReadOnly => return false,
            Some(attribute) => {
                wrong = wrong.take().or(check(attribute, Named::of(&attribute.name), value).err());
            }
            None => {}
        }
        true
    });
    wrong.map_or(Ok(value.members().len() > 0), Err)
}

/// Whether an operation fits the schema. Its path is known to be well formed.
///
/// # Errors
/// `invalidPath` when the path names nothing that the schemas know, `mutability` when that cannot be changed so,
/// `invalidValue` when the value does not fit.
pub fn check_operation(operation: &mut Operation, catalog: &Catalog) -> Result<(), Error> {
    if let Some(Path::Attribute(path) | Path::Element { attribute: path, .. }) = &operation.path {
        patch::check_mutability(path, operation, catalog)?;
    }
    let Operation { op, path, value, .. } = operation;
    let (attribute, sub) = match path {
        Some(Path::Attribute(path)) => (path.whole(), path.sub.clone()),
        Some(Path::Element { attribute, sub, .. }) => (attribute.clone(), sub.clone()),
        Some(Path::Extension(_)) if *op != Op::Remove && !value.is_unassigned() && !value.is_object() => {
            return Err(Error::value("the value of an extension must be an object"));
        }
        Some(Path::Extension(_)) | None => return Ok(()),
    };
    let known = catalog.attribute(&attribute);
    if known.is_none()
        && (attribute.schema.is_none()
            || catalog.extension(attribute.schema.as_deref().unwrap_or_default()).is_some())
    {
        return Err(Error::path(format!("{attribute} is not an attribute of a {}", catalog.resource.name())));
    }
    let Some(known) = known else { return Ok(()) };
    if *op == Op::Remove
        && let Some(Path::Element { filter, .. }) = path
        && !can_select(filter, known)
    {
        return Err(Error::path(format!("the filter in the path can select no value of {attribute}")));
    }
    if *op == Op::Remove || value.is_unassigned() {
        // Emptying a group by a value that says nothing would take everybody's access away.
        let careless = *op != Op::Remove && value.is_null() && attribute.is_core("members");
        return if careless { Err(Error::value("null is not a list of members")) } else { Ok(()) };
    }
    match (&sub, path) {
        (Some(sub), _) => match known.sub(sub) {
            Some(known) => {
                let whole = attribute.to_string();
                check(known, Named { within: Some(&Named::of(&whole)), name: sub }, value)
            }
            None => Ok(()),
        },
        (None, Some(Path::Element { .. })) => {
            let mut each = value.each().iter();
            each.try_for_each(|element| check_one(known, Named::of(&known.name), &mut element.clone()))
        }
        (None, _) if known.multi_valued && !value.is_list() => {
            check_one(known, Named::of(&known.name), value)
        }
        (None, _) => check(known, Named::of(&known.name), value),
    }
}

/// The name of an attribute that is checked: text only when there is something to say about it.
#[derive(Clone, Copy)]
struct Named<'n> {
    within: Option<&'n Named<'n>>,
    name: &'n str,
}

impl<'n> Named<'n> {
    const fn of(name: &'n str) -> Self {
        Self { within: None, name }
    }

    fn is(&self, name: &str) -> bool {
        self.within.is_none() && same_name(self.name, name)
    }

    /// Whether it is the value of each of several: of `emails`, `phoneNumbers` and others.
    fn is_one_of_many(&self) -> bool {
        self.name == "value" && self.within.is_some_and(|within| within.name.ends_with('s'))
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within {
            write!(f, "{within}.")?;
        }
        f.write_str(self.name)
    }
}

/// Whether a filter compares what the elements have with what they can hold. One that does not selects nothing, and what
/// was to be removed would stay without a word.
fn can_select(filter: &Filter, attribute: &Attribute) -> bool {
    let sub =
        |path: &AttrPath| attribute.sub(&path.name).filter(|_| path.schema.is_none() && path.sub.is_none());
    match filter {
        _ if attribute.kind != AttributeType::Complex || attribute.sub_attributes.is_empty() => true,
        Filter::Compare { path, op: Comparison::Eq, value } => sub(path).is_some_and(|sub| match sub.kind {
            AttributeType::Boolean => value.as_bool().is_some(),
            AttributeType::Integer | AttributeType::Decimal => value.kind() == Kind::Number,
            _ => value.kind() == Kind::Text,
        }),
        Filter::Compare { path, .. } | Filter::Present(path) => sub(path).is_some(),
        Filter::Element(..) => false,
        Filter::And(parts) | Filter::Or(parts) => parts.iter().all(|part| can_select(part, attribute)),
        Filter::Not(inner) => can_select(inner, attribute),
    }
}

/// Checks a whole value against its attribute, and drops the `null`s in it.
fn check(attribute: &Attribute, name: Named<'_>, value: &mut Value) -> Result<(), Error> {
    if !attribute.multi_valued {
        return check_one(attribute, name, value);
    }
    // A group may rightly have more members than one request may carry; nobody has that many addresses.
    let (most, kind) = match name.is("members") {
        true => (MAX_MEMBERS, ErrorType::TooMany),
        false => (MAX_ELEMENTS, ErrorType::InvalidValue),
    };
    let Some(items) = value.items_mut() else {
        return Err(Error::value(format!("{name} must be a list")));
    };
    if items.len() > most {
        return Err(Error::new(kind, format!("{name} may hold {most} values in one request")));
    }
    let mut primaries = 0;
    for item in items.iter_mut() {
        check_one(attribute, name, item)?;
        primaries += usize::from(item.get("primary").and_then(Value::as_bool) == Some(true));
    }
    if primaries > 1 {
        return Err(Error::value(format!("only one element of {name} can be primary")));
    }
    Ok(())
}

fn check_one(attribute: &Attribute, name: Named<'_>, value: &mut Value) -> Result<(), Error> {
    let right = match attribute.kind {
        AttributeType::Boolean => value.as_bool().is_some(),
        AttributeType::Integer | AttributeType::Decimal => value.kind() == Kind::Number,
        AttributeType::Complex => value.is_object(),
        _ => value.kind() == Kind::Text,
    };
    if !right {
        let wanted = match attribute.kind {
            AttributeType::Boolean => "true or false",
            AttributeType::Integer | AttributeType::Decimal => "a number",
            AttributeType::Complex => "an object",
            _ => "a string",
        };
        let each = if attribute.multi_valued { "each value of " } else { "" };
        return Err(Error::value(format!("{each}{name} must be {wanted}")));
    }
    if let Some(text) = value.as_str() {
        return check_text(attribute, name, text);
    }
    if attribute.kind != AttributeType::Complex {
        return Ok(());
    }
    let mut wrong = None;
    value.retain(|sub, value| {
        if value.is_null() {
            return false;
        }
        if let Some(known) = attribute.sub(sub) {
            if known.mutability == Mutability::ReadOnly {
                return false;
            }
            let name = Named { within: Some(&name), name: &known.name };
            wrong = wrong.take().or(check(known, name, value).err());
        }
        true
    });
    let nameless = name.is("members") && value.text_at("value").is_none_or(str::is_empty);
    match wrong {
        Some(error) => Err(error),
        None if nameless => Err(Error::value("each of members needs a value: the id of a resource")),
        None => Ok(()),
    }
}

/// Formats are not enforced, since real clients send what they have. Control characters are refused: they forge headers,
/// log lines and mails further on. In a name that people sign in with, so are characters that cannot be seen.
fn check_text(attribute: &Attribute, name: Named<'_>, text: &str) -> Result<(), Error> {
    // Nearly every text is: then there is nothing else to look for.
    if is_one_plain_text(text) {
        return Ok(());
    }
    // Two addresses in one would be one that nobody can be found by.
    let addresses = || text.split([',', ';']).filter(|part| part.contains('@')).count();
    if text.contains([',', ';']) && addresses() > 1 && name.to_string() == "emails.value" {
        return Err(Error::value("each of emails has one address: several are several values"));
    }
    let identifies = attribute.uniqueness != "none" || name.is("externalId") || name.is_one_of_many();
    let control = |c: char| c.is_control() && (identifies || !matches!(c, '\n' | '\r' | '\t'));
    let invisible = |c: char| matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if text.contains(control) {
        return Err(Error::value(format!("{name} must not contain control characters")));
    }
    if attribute.uniqueness != "none" && text.contains(invisible) {
        return Err(Error::value(format!("{name} must not contain invisible characters")));
    }
    Ok(())
}

/// Sees to it that `schemas` lists the core schema, and every extension that has something in the resource (RFC 7643 §3).
pub fn list_schemas(resource: &mut Value, catalog: &Catalog) {
    let listed = resource.get("schemas").filter(|listed| listed.is_list());
    if listed
        .is_some_and(|listed| listed.items().iter().map(Value::as_str).eq(used(resource, catalog).map(Some)))
    {
        return;
    }
    let urns: Value = used(resource, catalog).map(Value::from).collect();
    if resource.has("schemas") {
        resource.set("schemas", urns);
    } else {
        // Where people look for it.
        resource.set_first("schemas", urns);
    }
}

/// The schemas that a resource uses.
fn used<'r>(resource: &'r Value, catalog: &'r Catalog) -> impl Iterator<Item = &'r str> {
    let extensions = resource.members().filter(|(_, value)| value.is_object()).filter_map(|(key, _)| {
        let extension = catalog.extension(key).map(|schema| schema.id.as_str());
        extension.or_else(|| name::is_schema_urn(key).then_some(key))
    });
    std::iter::once(catalog.resource.urn()).chain(extensions)
}

/// Carries a PUT out on the resource as it was: what the body does not name is gone, but for what only the service
/// provider may write (RFC 7644 §3.5.1), what the client cannot know of, since no schema in use has it, and `active`:
/// whether somebody has access does not change because nothing was said of it.
///
/// # Errors
/// `mutability` when an immutable attribute has a value already and the body gives another.
pub fn replace(before: &Value, body: Value, catalog: &Catalog) -> Result<Value, Error> {
    let mut after = body;
    for (key, value) in before.members() {
        let new = after.get(key);
        match catalog.core_attribute(key).map(|attribute| attribute.mutability) {
            Some(Mutability::ReadOnly) => after.set(key, value.clone()),
            Some(Mutability::Immutable) if new.is_some_and(|new| new != value) => {
                return Err(Error::mutability(key));
            }
            None if new.is_none() && catalog.extension(key).is_none() => after.set(key, value.clone()),
            Some(_) if new.is_none() && AttrPath::core("active").is_core(key) => {
                after.set(key, value.clone());
            }
            _ => {}
        }
    }
    Ok(after)
}

/// The resource types by endpoint name, exactly as it is written: one spelling reaches the vendor.
pub fn resource_type(endpoint: &str) -> Option<ResourceType> {
    ResourceType::ALL.into_iter().find(|resource| resource.endpoint() == endpoint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;
    use crate::scim::name::ENTERPRISE;

    fn value(json: &str) -> Value {
        Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
    }

    fn users() -> Catalog {
        Catalog::standard(ResourceType::User)
    }

    #[test]
    fn a_body_is_made_clean() {
        let body = r#"{"id":"x","meta":{"location":"http://evil"},"groups":[],"userName":"ana","title":null,"roles":[],
            "__proto__":{"a":1},"favouriteColour":"red","name":{"givenName":"A","middleName":null},
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Deck","division":null},
            "urn:x:1.0:User":{"badge":7},"schemas":["urn:whatever"]}"#;
        let clean = |write| accept(value(body), &users(), write).unwrap().to_json();
        let expected = format!(
            r#"{{"userName":"ana","name":{{"givenName":"A"}},"{ENTERPRISE}":{{"department":"Deck"}},"urn:x:1.0:User":{{"badge":7}},"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","{ENTERPRISE}","urn:x:1.0:User"]}}"#
        );
        assert_eq!(clean(Write::Create), expected);
        assert!(clean(Write::Replace).contains(r#""roles":[]"#));
        let bare = accept(value(r#"{"userName":"ana"}"#), &users(), Write::Create).unwrap();
        assert!(bare.to_json().starts_with(r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"]"#));
    }

    #[test]
    fn a_body_that_does_not_fit_is_refused() {
        let refusal = |json: &str| accept(value(json), &users(), Write::Create).unwrap_err().kind.word();
        for (json, expected) in [
            ("[]", "invalidSyntax"),
            (r#"{"schemas":"urn:x","userName":"a"}"#, "invalidSyntax"),
            (r#"{"userName":"  "}"#, "invalidValue"),
            (r#"{"displayName":"x"}"#, "invalidValue"),
            (r#"{"userName":null}"#, "invalidValue"),
            (r#"{"userName":["a"]}"#, "invalidValue"),
            (r#"{"userName":"a\nb"}"#, "invalidValue"),
            (r#"{"userName":"ad\u200bmin"}"#, "invalidValue"),
            (r#"{"userName":"a","active":0}"#, "invalidValue"),
            (r#"{"userName":"a","active":"nope"}"#, "invalidValue"),
            (r#"{"userName":"a","externalId":7}"#, "invalidValue"),
            (r#"{"userName":"a","emails":["a@x"]}"#, "invalidValue"),
            (r#"{"userName":"a","emails":[{"value":["a","b"]}]}"#, "invalidValue"),
            (r#"{"userName":"a","emails":{"value":"a"}}"#, "invalidValue"),
            (r#"{"userName":"a","emails":[{"value":"a@x, b@y"}]}"#, "invalidValue"),
            (r#"{"userName":"a","emails":[{"value":"a@x;b@y"}]}"#, "invalidValue"),
            (
                r#"{"userName":"a","emails":[{"value":"1","primary":true},{"value":"2","primary":true}]}"#,
                "invalidValue",
            ),
            (&format!(r#"{{"userName":"a","{ENTERPRISE}":{{"department":5}}}}"#), "invalidValue"),
            (&format!(r#"{{"userName":"a","{ENTERPRISE}":"x"}}"#), "invalidValue"),
            (
                &format!(
                    r#"{{"userName":"a","roles":[{}{{"value":"x"}}]}}"#,
                    r#"{"value":"x"},"#.repeat(100)
                ),
                "invalidValue",
            ),
        ] {
            assert_eq!(refusal(json), expected, "{json}");
        }
        let groups = Catalog::standard(ResourceType::Group);
        for json in [
            r#"{"displayName":""}"#,
            r#"{"displayName":"g","members":"u1"}"#,
            r#"{"displayName":"g","members":[{}]}"#,
        ] {
            assert_eq!(
                accept(value(json), &groups, Write::Create).unwrap_err().kind,
                ErrorType::InvalidValue,
                "{json}"
            );
        }
        // An address may have lines.
        assert!(
            accept(value(r#"{"userName":"a","addresses":[{"formatted":"a\nb"}]}"#), &users(), Write::Create)
                .is_ok()
        );
    }

    #[test]
    fn operations_are_checked_against_the_schema() {
        let check = |json: &str, catalog: &Catalog| {
            let mut operation = Operation::read(&value(json)).unwrap();
            check_operation(&mut operation, catalog).map_err(|error| error.kind.word())
        };
        let groups = Catalog::standard(ResourceType::Group);
        for (json, expected) in [
            (r#"{"op":"replace","path":"active","value":[false,true]}"#, Err("invalidValue")),
            (r#"{"op":"replace","path":"active","value":"False"}"#, Err("invalidValue")),
            (r#"{"op":"replace","path":"owners","value":"x"}"#, Err("invalidPath")),
            (r#"{"op":"replace","path":"emails[type eq \"work\"].value","value":7}"#, Err("invalidValue")),
            (
                r#"{"op":"replace","path":"emails[type eq \"work\"].value","value":"a@x;b@y"}"#,
                Err("invalidValue"),
            ),
            (r#"{"op":"replace","path":"emails[type eq \"work\"].value","value":"\"a,b\"@x"}"#, Ok(())),
            (r#"{"op":"add","path":"urn:x:1.0:User","value":"x"}"#, Err("invalidValue")),
            (r#"{"op":"add","path":"emails","value":{"value":"a"}}"#, Ok(())),
            (r#"{"op":"replace","path":"urn:x:1.0:User:badge","value":7}"#, Ok(())),
            (r#"{"op":"replace","path":"externalId","value":null}"#, Ok(())),
            (r#"{"op":"replace","path":"id","value":"x"}"#, Err("mutability")),
            (r#"{"op":"add","path":"groups","value":[{"value":"x"}]}"#, Err("mutability")),
            (r#"{"op":"replace","path":"meta.created","value":"x"}"#, Err("mutability")),
            (r#"{"op":"remove","path":"userName"}"#, Err("mutability")),
            (r#"{"op":"remove","path":"title"}"#, Ok(())),
        ] {
            assert_eq!(check(json, &users()), expected, "{json}");
        }
        for json in [
            r#"{"op":"replace","path":"members","value":null}"#,
            r#"{"op":"replace","path":"members","value":""}"#,
            r#"{"op":"replace","path":"members","value":[{}]}"#,
        ] {
            assert_eq!(check(json, &groups), Err("invalidValue"), "{json}");
        }
    }

    #[test]
    fn a_put_keeps_what_the_client_cannot_write() {
        let before = format!(
            r#"{{"id":"1","userName":"ana","title":"T","active":false,"meta":{{"version":"v"}},"theirs":7,"{ENTERPRISE}":{{"department":"D"}}}}"#
        );
        let after = replace(&value(&before), value(r#"{"userName":"bo"}"#), &users()).unwrap();
        assert_eq!(
            after,
            value(r#"{"id":"1","userName":"bo","active":false,"meta":{"version":"v"},"theirs":7}"#)
        );
    }
}
