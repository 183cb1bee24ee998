//! A profile, read: every field with the RFC's behaviour as its default.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;

use super::auth::Auth;
use super::base_url::BaseUrl;
use super::headers::Headers;
use super::native::Native;
use super::okta;
use super::paging::Paging;
use super::policy::Policy;
use super::rate::Rate;
use super::repair::Repair;
use super::resource::Resource;
use super::scim11;
use super::truth::{self, Truth};
use crate::scim::filter::Filter;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Attribute, AttributeType, Catalog, ResourceType, Schema};
use crate::yaml::{Mistake, Node};

/// How a vendor differs from the RFCs.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Whose requests it was made for.
    pub speak: Speak,
    /// Whether it speaks SCIM 1.1.
    pub scim11: bool,
    /// It speaks no SCIM.
    pub(super) native: Option<Native>,
    /// How many bytes the body of a request may have; `None`: any number.
    pub body_max: Option<usize>,
    /// Two writes of one resource at a time are refused, whoever sends them.
    pub locks: bool,
    /// What its writes need as `If-Match`.
    pub if_match: IfMatch,
    /// How it wants the credential.
    pub auth: Auth,
    /// Its address, with places for what an integration says.
    pub base_url: Option<BaseUrl>,
    /// Headers that it insists on.
    pub headers: Headers,
    /// The largest page that it gives; `None`: as large as it is asked for.
    pub max_count: Option<usize>,
    /// Its limits.
    pub rate: Rate,
    /// A page of no resources cannot be asked for.
    pub no_zero: bool,
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
    /// The first write does what cannot be undone: its operator must have said that he knows.
    pub arm_required: bool,
    /// How far its answers can be believed.
    pub truth: Truth,
    /// How long look-ups may show what was before a write.
    pub settle: Option<Duration>,
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
            scim11: false,
            native: None,
            body_max: None,
            auth: Auth::Bearer,
            base_url: None,
            if_match: IfMatch::Never,
            locks: false,
            headers: Headers::default(),
            max_count: None,
            no_zero: false,
            rate: Rate::default(),
            count_param: COUNT.into(),
            paging: Paging::Index,
            wrong_total: false,
            echo: Echo::Full,
            repair: Repair::default(),
            arm_required: false,
            truth: Truth::default(),
            settle: None,
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

/// Which condition a vendor wants with a write (RFC 7644 §3.14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IfMatch {
    /// None.
    #[default]
    Never,
    /// `*`: that there is something.
    Wildcard,
    /// The version that was read.
    Etag,
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

impl Profile {
    /// Whether it has an interface of its own in place of SCIM.
    pub const fn is_native(&self) -> bool {
        self.native.is_some()
    }

    /// How a resource type differs.
    pub fn resource(&self, resource: ResourceType) -> &Resource {
        match resource {
            ResourceType::User => &self.users,
            ResourceType::Group => &self.groups,
        }
    }

    /// Whether a page of that size that begins there can be asked for as it is.
    pub fn reaches(&self, start: usize, count: usize) -> bool {
        match self.speak {
            Speak::Okta => okta::reaches(start, count),
            Speak::Rfc => self.paging.reaches(start),
        }
    }

    /// A filter as the vendor is asked it.
    pub fn words(&self, resource: ResourceType, filter: &Filter) -> String {
        let wording = &self.resource(resource).filter.wording;
        match self.scim11 {
            true => wording.text(&scim11::filter(filter.clone())),
            false => wording.text(filter),
        }
    }

    pub(super) fn resource_mut(&mut self, resource: ResourceType) -> &mut Resource {
        match resource {
            ResourceType::User => &mut self.users,
            ResourceType::Group => &mut self.groups,
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
            scim11: node.text_at("scim_version") == Some("1.1"),
            native: Native::read(node),
            body_max: node.get("body_max_bytes").and_then(Node::whole).map(clamp),
            if_match: match node.text_at("if_match") {
                Some("wildcard") => IfMatch::Wildcard,
                Some("etag") => IfMatch::Etag,
                _ => IfMatch::Never,
            },
            locks: node.get("rate").and_then(|rate| rate.text_at("lock")) == Some("per_resource"),
            auth: Auth::read(node.get("auth"), &mut reader),
            base_url: BaseUrl::read(node, &mut reader),
            headers: Headers::read(node, &mut reader),
            max_count: list.and_then(|count| count.get("max")).and_then(Node::whole).map(clamp),
            rate: node.get("rate").map(|node| Rate::read(node, reader.mistakes)).unwrap_or_default(),
            no_zero: list.and_then(|count| count.get("zero_ok")).and_then(Node::truth) == Some(false),
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
        profile.truth = Truth::read(node, reader.mistakes);
        profile.settle = truth::settle(node);
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
        (profile.users.body_max, profile.groups.body_max) = (profile.body_max, profile.body_max);
        let kept = resources.and_then(|node| node.get("Groups")?.get("as"));
        if let Some(kept) = kept.filter(|_| profile.groups.kept && profile.scim11) {
            let mistake =
                Mistake::new(kept.span, "groups that the bridge keeps are not supported with SCIM 1.1");
            reader.mistakes.push(mistake.hint("`supported: false`, if the vendor has no groups"));
        }
        if profile.scim11 {
            [&mut profile.users, &mut profile.groups].into_iter().for_each(Resource::speak_scim11);
            if let Some(speak) = node.get("speak").filter(|_| profile.speak == Speak::Okta) {
                let mistake = Mistake::new(speak.span, "`speak` says how SCIM 2.0 is spoken");
                reader.mistakes.push(mistake.hint("leave it out: SCIM 1.1 has one way to say a thing"));
            }
        }
        let catalog = profile.catalog(ResourceType::User);
        if let Some(native) = &mut profile.native {
            native.know(&catalog);
            Native::bound(&mut profile.users);
            (profile.sort, profile.projection) = (Some(false), Some(false));
            // Groups are in no such interface as users are.
            profile.groups.unsupported |= !profile.groups.kept;
        }
        let policy = node.get("policy");
        profile.arm_required =
            policy.and_then(|policy| policy.get("arm_required")).and_then(Node::truth) == Some(true);
        profile.users.policy = Policy::read(policy, ResourceType::User);
        profile.groups.policy = Policy::read(policy, ResourceType::Group);
        profile.users.unlisted |= policy.and_then(|policy| policy.text_at("import")) == Some("none");
        let users = resources.and_then(|node| node.get("Users")?.get("external_id")?.get("groups"));
        if users.and_then(Node::truth) == Some(false) {
            profile.groups.lose_external_id();
        }
        let users = resources.and_then(|node| node.get("Users"));
        let delete = policy.and_then(|policy| policy.text_at("delete"));
        profile.users.removal = profile.users.removal.under(delete, users);
        profile
    }
}

pub(super) fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).max(1)
}

/// Reads the parts of a profile, and notes what is wrong with them.
pub(super) struct Reader<'r> {
    pub(super) prefixes: &'r HashMap<String, String>,
    pub(super) mistakes: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
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
