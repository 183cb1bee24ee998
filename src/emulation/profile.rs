//! A profile, read: every field with the RFC's behaviour as its default.

use std::collections::HashMap;
use std::sync::Arc;

use compact_str::CompactString;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, HOST, TE, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::bounds::Bounds;
use super::members::Members;
use super::paging::Paging;
use super::repair::Repair;
use crate::remainder::Remembered;
use crate::scim::filter::Op;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Attribute, AttributeType, Catalog, ResourceType, Schema};
use crate::yaml::{Mistake, Node};

/// How a vendor differs from the RFCs.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Whose requests it was made for.
    pub speak: Speak,
    /// Headers that it insists on.
    pub headers: HeaderMap,
    /// The largest page that it gives; `None`: as large as it is asked for.
    pub max_count: Option<usize>,
    /// The name of the parameter for the size of a page.
    pub count_param: CompactString,
    /// How pages follow each other.
    pub paging: Paging,
    /// Its `totalResults` cannot be trusted.
    pub wrong_total: bool,
    /// What its answers to writes hold.
    pub echo: Echo,
    /// What has to be put right in its answers.
    pub repair: Repair,
    /// Its paths of users and of groups, where they are others than the RFC's.
    pub paths: [Option<CompactString>; 2],
    /// Whether it honours `sortBy`.
    pub sort: Option<bool>,
    /// Whether it honours `attributes` and `excludedAttributes`.
    pub projection: Option<bool>,
    /// Its own schemas.
    pub extensions: Vec<(ResourceType, Arc<Schema>)>,
    users: Resource,
    groups: Resource,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            speak: Speak::Rfc,
            headers: HeaderMap::new(),
            max_count: None,
            count_param: COUNT.into(),
            paging: Paging::Index,
            wrong_total: false,
            echo: Echo::Full,
            repair: Repair::default(),
            paths: [None, None],
            sort: None,
            projection: None,
            extensions: Vec::new(),
            users: Resource::default(),
            groups: Resource::default(),
        }
    }
}

/// The RFC's name of the parameter for the size of a page (RFC 7644 §3.4.2.4).
const COUNT: &str = "count";

/// What a vendor's answers to writes hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Echo {
    /// The resource as it is.
    #[default]
    Full,
    /// Perhaps something, but not the resource as it is: it is read again.
    ReadAgain,
}

/// Whose requests a vendor was made for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Speak {
    /// Any that the RFCs allow.
    #[default]
    Rfc,
    /// Those that Okta's client sends, and perhaps no others.
    Okta,
}

/// How one resource type differs.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// The vendor does not have them at all.
    pub unsupported: bool,
    /// What PATCH does.
    pub patch: Patch,
    /// All attributes that PATCH changes; `None`: every one.
    pub patch_listed: Option<Vec<AttrPath>>,
    /// How many operations a PATCH may hold.
    pub max_ops: Option<usize>,
    /// Attributes that only one operation of a PATCH may name.
    pub one_op: Vec<AttrPath>,
    /// Attributes that `remove` must not name.
    pub never_removed: Vec<AttrPath>,
    /// How members are shown and changed; of groups.
    pub members: Members,
    /// PUT is not there.
    pub no_put: bool,
    /// What DELETE does.
    pub delete: Delete,
    /// Which filters it evaluates.
    pub filter: Filter,
    /// All attributes that it accepts; `None`: every one.
    pub allow: Option<Vec<AttrPath>>,
    /// Attributes that it does not accept.
    pub deny: Vec<AttrPath>,
    /// What a creation needs.
    pub required: Vec<AttrPath>,
    /// Closed sets of values.
    pub enums: Vec<Enum>,
    /// What a creation sends when there is nothing.
    pub defaults: Vec<(AttrPath, Value)>,
    /// What bounds its attributes.
    pub bounds: Bounds,
}

/// What PATCH does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Patch {
    /// What the RFC says.
    #[default]
    Full,
    /// It changes `active`, and nothing else.
    ActiveOnly,
    /// It is not there.
    None,
}

/// What DELETE does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delete {
    /// The record goes.
    #[default]
    Hard,
    /// The record stays, inactive.
    Deactivate,
    /// There is no DELETE: the bridge deactivates.
    Unsupported,
}

/// Which filters a vendor evaluates.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Attributes, as they stand in a filter; `None`: every one.
    pub attributes: Option<Vec<AttrPath>>,
    /// Attributes by which it does not find everybody whom it should.
    pub unreliable: Vec<AttrPath>,
    /// Operators; `None`: every one.
    pub ops: Option<Vec<Op>>,
    /// Whether `pr` is among the operators.
    pub no_present: bool,
    /// `and` is not understood.
    pub no_and: bool,
    /// `or` is not understood.
    pub no_or: bool,
    /// `not` is not understood.
    pub no_not: bool,
    /// `attr[filter]` is not understood.
    pub no_element: bool,
    /// How many comparisons and operators a filter may have; `None`: any number.
    pub max_nodes: Option<usize>,
}

/// A closed set of values.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Of which attribute.
    pub path: AttrPath,
    /// The values.
    pub values: Vec<String>,
    /// What is sent in place of any other.
    pub default: Option<Value>,
    /// Another case is another value.
    pub exact: bool,
}

impl Profile {
    /// How a resource type differs.
    pub fn resource(&self, resource: ResourceType) -> &Resource {
        match resource {
            ResourceType::User => &self.users,
            ResourceType::Group => &self.groups,
        }
    }

    /// The schemas of a resource type, the vendor's own included.
    pub fn catalog(&self, resource: ResourceType) -> Catalog {
        let mut catalog = Catalog::standard(resource);
        let own = self.extensions.iter().filter(|(of, _)| *of == resource);
        catalog.extensions.extend(own.map(|(_, schema)| schema.clone()));
        catalog
    }

    /// Reads a profile whose shape is right. `prefixes` are the names for URNs that the file defines.
    pub fn read(
        node: Option<&Node>,
        prefixes: &HashMap<String, String>,
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        let mut reader = Reader { prefixes, mistakes };
        let Some(node) = node else { return Self::default() };
        let list = node.get("list").and_then(|list| list.get("count"));
        let extensions = node.get("extensions").map(Node::items).unwrap_or_default();
        let mut profile = Self {
            speak: if node.text_at("speak") == Some("okta") { Speak::Okta } else { Speak::Rfc },
            headers: reader.headers(node),
            max_count: list.and_then(|count| count.get("max")).and_then(Node::whole).map(clamp),
            count_param: list.and_then(|count| count.text_at("param")).unwrap_or(COUNT).into(),
            paging: Paging::read(node.get("list").and_then(|list| list.get("paging"))),
            wrong_total: node.get("list").and_then(|list| list.text_at("total")) == Some("wrong"),
            echo: match node.get("responses").and_then(|responses| responses.text_at("body")) {
                Some("echo_request" | "partial") => Echo::ReadAgain,
                _ => Echo::Full,
            },
            sort: node.get("sort").and_then(Node::truth),
            projection: node.get("projection").and_then(Node::truth),
            extensions: extensions.iter().filter_map(|node| reader.extension(node)).collect(),
            ..Self::default()
        };
        profile.repair = Repair::read(node, &mut reader);
        let path =
            |name: &str| node.get("paths").and_then(|paths| paths.text_at(name)).map(CompactString::from);
        profile.paths = [path("Users"), path("Groups")];
        let resources = node.get("resources");
        let mut resource = |kind: ResourceType| {
            let catalog = profile.catalog(kind);
            let node = resources.and_then(|node| node.get(kind.endpoint()));
            node.map(|node| reader.resource(node, &catalog)).unwrap_or_default()
        };
        (profile.users, profile.groups) = (resource(ResourceType::User), resource(ResourceType::Group));
        profile
    }
}

impl Resource {
    /// The attributes, in the vendor's terms, that do not come back as they were sent.
    pub fn remembered(&self) -> Remembered {
        let mut these: Vec<AttrPath> = self.deny.iter().map(AttrPath::whole).collect();
        these.extend(self.enums.iter().map(|one| one.path.whole()));
        these.extend(self.bounds.remembered().map(AttrPath::whole));
        let changed = Remembered::These(these);
        match &self.allow {
            None => changed,
            Some(allow) => {
                let whole = allow.iter().filter(|path| path.sub.is_none()).cloned().collect();
                Remembered::AllBut(whole).and(changed)
            }
        }
    }
}

impl Resource {
    /// Whether the vendor keeps an attribute, or a part of it, that it is sent.
    pub fn keeps(&self, path: &AttrPath) -> bool {
        let covers =
            |whole: &AttrPath| whole.same_attribute(path) && (whole.sub.is_none() || whole.sub == path.sub);
        let part = |part: &AttrPath| part.same_attribute(path) && path.sub.is_none();
        let allowed = |allow: &Vec<AttrPath>| allow.iter().any(|one| covers(one) || part(one));
        !self.deny.iter().any(covers) && self.allow.as_ref().is_none_or(allowed)
    }
}

pub(super) fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).max(1)
}

/// Reads the parts of a profile, and notes what is wrong with them.
pub(super) struct Reader<'r> {
    prefixes: &'r HashMap<String, String>,
    pub(super) mistakes: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    fn headers(&mut self, node: &Node) -> HeaderMap {
        let mut out = HeaderMap::new();
        for (key, value) in node.get("headers").map(Node::entries).unwrap_or_default() {
            // These belong to the connection and the credential.
            let own = [AUTHORIZATION, HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, TE, UPGRADE];
            let name = key.text.parse::<HeaderName>().ok().filter(|name| !own.contains(name));
            match (name, value.text().unwrap_or_default().parse::<HeaderValue>()) {
                (Some(name), Ok(value)) if !value.is_empty() => drop(out.insert(name, value)),
                _ => {
                    let text = format!("`{}` is not a header that can be set, or not to that", key.text);
                    let hint = "the credential, the host and what frames a message are the bridge's own";
                    self.mistakes.push(Mistake::new(key.span, text).hint(hint));
                }
            }
        }
        out
    }

    fn extension(&mut self, node: &Node) -> Option<(ResourceType, Arc<Schema>)> {
        let resource = match node.text_at("resource") {
            Some("Group") => ResourceType::Group,
            _ => ResourceType::User,
        };
        let urn_node = node.get("urn")?;
        let urn = match urn_node.text()?.strip_prefix('$') {
            Some(name) => self.prefixes.get(name).cloned(),
            None => urn_node.text().map(str::to_owned),
        };
        let Some(urn) = urn.filter(|urn| crate::scim::name::is_schema_urn(urn)) else {
            let mistake = Mistake::new(urn_node.span, "not the URN of a schema");
            self.mistakes.push(
                mistake
                    .hint("urn:ietf:params:scim:schemas:extension:<vendor>:2.0:User, or a prefix as $name"),
            );
            return None;
        };
        let attributes =
            node.get("attrs").map(Node::items).unwrap_or_default().iter().filter_map(attribute).collect();
        let name = node.text_at("name").unwrap_or_else(|| urn.rsplit(':').nth(2).unwrap_or("Extension"));
        let (id, name) = (urn.as_str().into(), name.into());
        Some((resource, Arc::new(Schema { id, name, description: "Of the vendor".into(), attributes })))
    }

    fn resource(&mut self, node: &Node, catalog: &Catalog) -> Resource {
        let attrs = node.get("attrs");
        let of = |key: &str| attrs.and_then(|attrs| attrs.get(key));
        let allow = of("allow").map(|list| self.paths(list, catalog));
        let required = of("required").map(|list| self.paths(list, catalog)).unwrap_or_default();
        let deny = of("deny").map(|list| self.paths(list, catalog)).unwrap_or_default();
        let mut bounds = attrs.map(|attrs| Bounds::read(attrs, self, catalog)).unwrap_or_default();
        if node.get("rename").and_then(Node::truth) == Some(false) {
            bounds.immutable.push(AttrPath::core("displayName"));
        }
        bounds.garbled = Bounds::garbled(node.get("deactivate").and_then(|node| node.text_at("effect")));
        let mut filter = node.get("filter").map(|node| self.filter(node, catalog)).unwrap_or_default();
        filter.unreliable.clone_from(&bounds.garbled);
        let mut enums = Vec::new();
        for (key, definition) in of("enum").map(Node::entries).unwrap_or_default() {
            let Some(path) = self.path(&key.text, key.span, catalog) else { continue };
            let values = definition.get("values").map(Node::items).unwrap_or_default();
            enums.push(Enum {
                path,
                values: values.iter().filter_map(Node::text).map(str::to_owned).collect(),
                default: definition.get("default").filter(|node| !node.is_null()).map(Node::to_value),
                exact: definition.text_at("case") == Some("exact"),
            });
        }
        let mut defaults = Vec::new();
        for (key, value) in of("default").map(Node::entries).unwrap_or_default() {
            defaults.extend(self.path(&key.text, key.span, catalog).map(|path| (path, value.to_value())));
        }
        let patch = node.get("patch");
        let part = |key: &str| patch.and_then(|patch| patch.get(key));
        let patch_listed = part("listed").map(|list| self.paths(list, catalog));
        let one_op = part("one_op_per_attr").map(|list| self.paths(list, catalog)).unwrap_or_default();
        let never_removed =
            part("remove_forbidden").map(|list| self.paths(list, catalog)).unwrap_or_default();
        let members = node.get("members").map(|node| Members::read(node, self)).unwrap_or_default();
        Resource {
            patch_listed,
            max_ops: part("max_ops").and_then(Node::whole).map(clamp),
            one_op,
            never_removed,
            members,
            unsupported: node.get("supported").and_then(Node::truth) == Some(false),
            patch: match node.text_at("patch").or_else(|| part("kind").and_then(Node::text)) {
                Some("active_only") => Patch::ActiveOnly,
                Some("none") => Patch::None,
                _ => Patch::Full,
            },
            no_put: node.text_at("put") == Some("none"),
            delete: match node.text_at("delete") {
                Some("deactivate") => Delete::Deactivate,
                Some("unsupported") => Delete::Unsupported,
                _ => Delete::Hard,
            },
            filter,
            allow,
            deny,
            required,
            enums,
            defaults,
            bounds,
        }
    }

    fn filter(&mut self, node: &Node, catalog: &Catalog) -> Filter {
        let no = |key: &str| node.get(key).and_then(Node::truth) == Some(false);
        let words: Option<Vec<&str>> =
            node.get("ops").map(|ops| ops.items().iter().filter_map(Node::text).collect());
        Filter {
            attributes: node.get("attrs").map(|list| self.paths(list, catalog)),
            unreliable: Vec::new(),
            no_present: words.as_ref().is_some_and(|words| !words.contains(&"pr")),
            ops: words.map(|words| words.into_iter().filter_map(Op::parse).collect()),
            no_and: no("and"),
            no_or: no("or"),
            no_not: no("not"),
            no_element: no("element"),
            max_nodes: node.get("max_nodes").and_then(Node::whole).map(clamp),
        }
    }

    pub(super) fn paths(&mut self, list: &Node, catalog: &Catalog) -> Vec<AttrPath> {
        let items = list.items().iter();
        items.filter_map(|node| self.path(node.text().unwrap_or_default(), node.span, catalog)).collect()
    }

    /// An attribute as SCIM writes it, or with a prefix: `emails.value`, `$ent.department`.
    pub(super) fn path(
        &mut self,
        text: &str,
        span: crate::yaml::Span,
        catalog: &Catalog,
    ) -> Option<AttrPath> {
        let expanded = text.strip_prefix('$').map(|rest| {
            let (name, path) = rest.split_once('.')?;
            if name.is_empty() {
                Some(path.to_owned())
            } else {
                Some(format!("{}:{path}", self.prefixes.get(name)?))
            }
        });
        let text = match expanded {
            Some(expanded) => expanded,
            None => Some(text.to_owned()),
        };
        let path = text.as_deref().and_then(AttrPath::parse);
        let known = path.as_ref().is_some_and(|path| catalog.target(path).is_some());
        if !known {
            let mistake = Mistake::new(span, "not an attribute of the schemas in use");
            let names = catalog.core.attributes.iter().map(|attribute| attribute.name.as_str());
            let near = path.as_ref().and_then(|path| crate::yaml::nearest(&path.name, names));
            self.mistakes.push(match near {
                Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                None => mistake.hint("userName, name.givenName, urn:…:User:department, or $prefix.attribute"),
            });
        }
        path.filter(|_| known)
    }
}

fn attribute(node: &Node) -> Option<Attribute> {
    let mut attribute = Attribute::string(node.text().or_else(|| node.text_at("name"))?);
    attribute.kind = node.text_at("type").and_then(AttributeType::parse).unwrap_or(AttributeType::String);
    attribute.multi_valued = node.get("multi").and_then(Node::truth).unwrap_or(false);
    attribute.case_exact = node.get("case_exact").and_then(Node::truth).unwrap_or(false);
    attribute.description = node.text_at("description").unwrap_or_default().into();
    Some(attribute)
}
