//! Decides the calls. Pure: what is sent, waited for or retried is somebody else's business.

use compact_str::CompactString;

use super::blind::blind;
use super::fit::trim;
use super::life::Via;
use super::paging::{At, Paging};
use super::profile::{IfMatch, Profile, Speak};
use super::resource::{Patch, Resource};
use super::{okta, patch, put, scim11};
use crate::scim::diff::{self, Change};
use crate::scim::error::Error;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::scim::projection::Projection;
use crate::scim::resource::list_schemas;
use crate::scim::schema::{Catalog, Mutability, ResourceType};

/// The method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "HTTP's own words")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Verb {
    /// The method of that word.
    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete]
            .into_iter()
            .find(|verb| verb.word() == word)
    }

    /// HTTP's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One HTTP request to the vendor.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its method.
    pub verb: Verb,
    /// The endpoint.
    pub resource: ResourceType,
    /// The resource, if it is about one.
    pub id: Option<CompactString>,
    /// What of the resource, below its own path.
    pub below: Option<CompactString>,
    /// The version that the resource must have.
    pub if_match: Option<CompactString>,
    /// Parameters of the URL, not encoded.
    pub query: Vec<(CompactString, String)>,
    /// The body.
    pub body: Option<Value>,
    /// Whether sending it twice does no more than sending it once.
    pub repeatable: bool,
    /// Whether it takes access away, and goes before everything else.
    pub revokes: bool,
    /// Why this call and not another; for people who ask.
    pub why: &'static str,
}

impl Call {
    pub(super) fn new(verb: Verb, resource: ResourceType, id: Option<&str>, why: &'static str) -> Self {
        Self {
            verb,
            resource,
            id: id.map(Into::into),
            below: None,
            if_match: None,
            query: Vec::new(),
            body: None,
            repeatable: verb != Verb::Post,
            revokes: verb == Verb::Delete,
            why,
        }
    }

    fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// The call in the words of the vendor's version.
    fn in_version(self, profile: &Profile) -> Self {
        if profile.scim11 { scim11::written(self) } else { self }
    }
}

/// The call that makes a resource, and what must be done to it once it is there.
pub fn create(profile: &Profile, resource: ResourceType, mut body: Value) -> (Call, Vec<Operation>) {
    body.remove("id");
    body.remove("meta");
    without_refs(&mut body);
    if profile.speak == Speak::Okta {
        let later = okta::shape_creation(resource, &mut body);
        let members = Path::Attribute(AttrPath::core("members"));
        let then = later.map(|later| Operation::new(Op::Add, members, later)).into_iter().collect();
        return (
            Call::new(Verb::Post, resource, None, "made with the attributes that Okta sends").with(body),
            then,
        );
    }
    let then = patch::after_creation(profile.resource(resource), &mut body);
    let call = Call::new(Verb::Post, resource, None, "a new resource").with(body);
    (call.in_version(profile), then)
}

/// The call that reads one resource.
pub fn read(
    profile: &Profile,
    resource: ResourceType,
    id: &str,
    projection: &Projection,
    why: &'static str,
) -> Call {
    let mut call = Call::new(Verb::Get, resource, Some(id), why);
    project(profile, projection, &mut call);
    flag(profile, projection, &mut call);
    call
}

/// The call that asks for a page of at most so many resources.
pub fn list(
    profile: &Profile,
    resource: ResourceType,
    filter: Option<&Filter>,
    (at, count): (&At, Option<usize>),
    sort: Option<(&AttrPath, bool)>,
    projection: &Projection,
) -> Call {
    let mut call = Call::new(Verb::Get, resource, None, "a page of resources");
    call.query.extend(filter.map(|filter| ("filter".into(), profile.words(resource, filter))));
    let count = match profile.max_count {
        Some(max) => Some(count.unwrap_or(max).min(max)),
        None => count,
    };
    let count = count.map(|count| count.max(usize::from(profile.no_zero)));
    if let (Speak::Okta, At::Index(start_index)) = (profile.speak, at) {
        call.query.push(("startIndex".into(), start_index.to_string()));
        let size = if okta::tests(*start_index, count, filter.is_some()) { okta::TEST } else { okta::PAGE };
        call.query.push((profile.count_param.clone(), size.to_string()));
        return call;
    }
    call.query.extend(profile.paging.parameter(at));
    if profile.paging != Paging::None {
        call.query.extend(count.map(|count| (profile.count_param.clone(), count.to_string())));
    }
    if let Some((path, descending)) = sort {
        call.query.push(("sortBy".into(), path_in_query(profile, path)));
        if descending {
            call.query.push(("sortOrder".into(), "descending".to_owned()));
        }
    }
    project(profile, projection, &mut call);
    flag(profile, projection, &mut call);
    call
}

/// Asks for the members of groups, where that needs a parameter of its own.
fn flag(profile: &Profile, projection: &Projection, call: &mut Call) {
    let flag = &profile.resource(call.resource).members.flag;
    call.query.extend(
        flag.clone()
            .filter(|_| projection.shows(&AttrPath::core("members")))
            .map(|(name, value)| (name, value.into())),
    );
}

fn path_in_query(profile: &Profile, path: &AttrPath) -> String {
    if profile.scim11 { scim11::named(path).to_string() } else { path.to_string() }
}

fn project(profile: &Profile, projection: &Projection, call: &mut Call) {
    if profile.projection == Some(false) || profile.speak == Speak::Okta {
        return;
    }
    let names = |paths: &[AttrPath]| {
        paths.iter().map(|path| path_in_query(profile, path)).collect::<Vec<_>>().join(",")
    };
    if !projection.only.is_empty() {
        call.query.push(("attributes".into(), names(&projection.only)));
    }
    // SCIM 1.1 knows `attributes` alone.
    if !projection.without.is_empty() && !profile.scim11 {
        call.query.push(("excludedAttributes".into(), names(&projection.without)));
    }
}

/// The call that ends a resource, at a vendor that has one.
pub fn delete(profile: &Profile, resource: ResourceType, id: &str) -> Call {
    let why = match profile.resource(resource).removal.keeps {
        true => "the vendor keeps the record, inactive",
        false => "the vendor deletes it",
    };
    Call::new(Verb::Delete, resource, Some(id), why)
}

/// The call that writes the whole of a resource.
pub fn replace(profile: &Profile, resource: ResourceType, id: &str, body: &Value) -> Call {
    let body = whole(body, &profile.catalog(resource));
    Call::new(Verb::Put, resource, Some(id), "the whole resource").with(body).in_version(profile)
}

/// The calls for operations that need no look at the vendor; `None` when this vendor would not take them as they are.
pub fn direct(
    profile: &Profile,
    resource: ResourceType,
    id: &str,
    operations: &[Operation],
    catalog: &Catalog,
) -> Option<Vec<Call>> {
    let told = blind(profile, resource, operations, catalog)?;
    if told.len() < operations.len() {
        return None;
    }
    as_they_are(profile, resource, id, told)
}

/// The calls for operations that are what the vendor is to be sent; `None` when it would not take them.
pub fn as_they_are(
    profile: &Profile,
    resource: ResourceType,
    id: &str,
    mut operations: Vec<Operation>,
) -> Option<Vec<Call>> {
    let able = profile.resource(resource);
    if profile.speak == Speak::Okta {
        let ruled = |operation: &Operation| {
            let attribute = operation.path.as_ref().and_then(Path::attribute);
            attribute.is_some_and(|path| able.group_rules.concern(&path))
        };
        if operations.iter().any(ruled) {
            return None;
        }
        let revokes = operations.iter().any(revokes);
        let body = okta::direct(resource, id, &operations)?;
        let why = "as Okta sends it";
        return Some(vec![Call { revokes, ..Call::new(Verb::Patch, resource, Some(id), why).with(body) }]);
    }
    let patchable = match able.patch {
        Patch::Full => true,
        Patch::ActiveOnly => operations.iter().all(is_active),
        Patch::None => false,
    };
    // Without a look at it, its version is not known.
    let put = able.life.via == Via::Put && operations.iter().any(revokes);
    if profile.if_match == IfMatch::Etag
        || !patchable
        || put
        || !patch::takes(able, &operations)
        || !sayable(able, resource, &operations)
    {
        return None;
    }
    operations.iter_mut().for_each(|operation| without_refs(&mut operation.value));
    Some(patches(able, resource, id, operations, "the operations need no look at the vendor first"))
}

/// Whether operations can be said where they are written as a part of the resource.
pub(super) fn sayable(able: &Resource, resource: ResourceType, operations: &[Operation]) -> bool {
    let mut parts = operations.iter().filter(|operation| patch::is_part(able, operation)).peekable();
    parts.peek().is_none() || scim11::can_say(resource, parts)
}

/// One PATCH, or as many as the vendor's limits make of it.
pub(super) fn patches(
    able: &Resource,
    resource: ResourceType,
    id: &str,
    operations: Vec<Operation>,
    why: &'static str,
) -> Vec<Call> {
    let call = |request: patch::Request| Call {
        revokes: request.revokes,
        ..Call::new(Verb::Patch, resource, Some(id), why).with(request.body)
    };
    patch::requests(able, operations, revokes).into_iter().map(call).collect()
}

/// The calls that make a resource of the vendor from what it is into what it shall be; none when nothing differs. Each can
/// be repeated, and what is left when one of them fails is the difference then.
///
/// # Errors
/// When this vendor has no way to change it.
pub fn change(
    profile: &Profile,
    resource: ResourceType,
    id: &str,
    before: &Value,
    after: &Value,
    catalog: &Catalog,
) -> Result<Vec<Call>, Error> {
    let able = profile.resource(resource);
    // What the vendor has besides what it accepts from us is its own business.
    let mut changes = diff::changes(&trim(able, before.clone(), catalog), after, catalog);
    changes.iter_mut().filter_map(|change| change.after.as_mut()).for_each(without_refs);
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    if profile.speak == Speak::Okta {
        let (verb, body, why) = okta::change(resource, id, before, after, &changes);
        let revokes = changes.iter().any(takes_away);
        return Ok(vec![Call { revokes, ..Call::new(verb, resource, Some(id), why).with(body) }]);
    }
    let calls = put::calls(able, resource, id, (before, after), &changes, (catalog, takes_away))?;
    Ok(calls
        .into_iter()
        .map(|call| if call.verb == Verb::Put { call.in_version(profile) } else { call })
        .collect())
}

/// The whole resource as a PUT carries it: with its id, without what only the vendor writes.
pub(super) fn whole(after: &Value, catalog: &Catalog) -> Value {
    let mut body = after.clone();
    without_refs(&mut body);
    body.retain(|name, _| {
        let written =
            catalog.core_attribute(name).is_none_or(|attribute| attribute.mutability != Mutability::ReadOnly);
        written || name.eq_ignore_ascii_case("id")
    });
    list_schemas(&mut body, catalog);
    body
}

/// `$ref`s are the bridge's own URLs, which mean nothing to the vendor, or somebody else's, which nobody should follow.
fn without_refs(value: &mut Value) {
    if value.has("value") {
        value.remove("$ref");
    }
    match value.items_mut() {
        Some(items) => items.iter_mut().for_each(without_refs),
        None => value.retain(|_, member| {
            without_refs(member);
            true
        }),
    }
}

fn is_active(operation: &Operation) -> bool {
    let path = operation.path.as_ref().and_then(Path::as_plain);
    path.is_some_and(|path| path.is_core("active") && path.sub.is_none())
}

/// Whether an operation takes access away.
fn revokes(operation: &Operation) -> bool {
    let off = operation.op == Op::Remove || operation.value.as_bool() == Some(false);
    let attribute = operation.path.as_ref().and_then(Path::attribute);
    let leaves = operation.op == Op::Remove && attribute.is_some_and(|path| path.is_core("members"));
    (is_active(operation) && off) || leaves
}

fn takes_away(change: &Change) -> bool {
    let off = change.path.is_core("active") && change.after.as_ref().and_then(Value::as_bool) != Some(true);
    let leaves = change.path.is_core("members") && !diff::members(change).removed.is_empty();
    off || leaves
}
