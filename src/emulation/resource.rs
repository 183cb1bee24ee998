//! How one resource type of a vendor differs, read from its part of a profile.

use super::adoption::Adoption;
use super::bounds::{Bounds, MaxValues};
use super::elements::Elements;
use super::external_id::ExternalId;
use super::group_rules::GroupRules;
use super::id::Ids;
use super::life::Life;
use super::manager::{self, Manager};
use super::members::{AddForm, Members};
use super::op_form::OpForm;
use super::policy::Policy;
use super::profile::{Reader, clamp};
use super::protect::Protected;
use super::put::{Omitted, Put};
use super::question::Wording;
use super::removal::Removal;
use super::username::Username;
use super::words::{Roles, Words};
use crate::remainder::Remembered;
use crate::scim::filter::Op;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::Catalog;
use crate::scim::scim11::{older, older_path};
use crate::yaml::Node;

/// How one resource type differs.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    /// The vendor does not have them at all.
    pub unsupported: bool,
    /// SCIM 1.1 is spoken.
    pub scim11: bool,
    /// How many bytes the body of a request may have; `None`: any number.
    pub body_max: Option<usize>,
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
    /// How operations are written.
    pub(super) op_form: OpForm,
    /// How members are shown and changed; of groups.
    pub members: Members,
    /// What PUT does.
    pub put: Put,
    /// What becomes of what a PUT does not name.
    pub omitted: Omitted,
    /// All attributes that can be emptied; `None`: every one.
    pub clearable: Option<Vec<AttrPath>>,
    /// How one of them ends.
    pub removal: Removal,
    /// Which filters it evaluates.
    pub filter: Filter,
    /// All attributes that it accepts; `None`: every one.
    pub allow: Option<Vec<AttrPath>>,
    /// Attributes that it does not accept.
    pub deny: Vec<AttrPath>,
    /// What a creation needs.
    pub required: Vec<AttrPath>,
    /// All attributes of the schemas in use, where others are not sent: the vendor refuses them, or loses them.
    pub only_known: Option<Vec<AttrPath>>,
    /// What the elements of lists need.
    pub elements: Elements,
    /// Closed sets of values.
    pub enums: Vec<Enum>,
    /// What a creation sends when there is nothing.
    pub defaults: Vec<(AttrPath, Value)>,
    /// What bounds its attributes.
    pub bounds: Bounds,
    /// What `userName` must be.
    pub username: Username,
    /// Other names and shapes of attributes.
    pub words: Words,
    /// By what it names managers, where they are looked up.
    pub manager: Option<Manager>,
    /// The vendor has none of its own: they are attributes of others, and the bridge keeps them.
    pub kept: bool,
    /// Lists leave out whom it has.
    pub unlisted: bool,
    /// Users are shown without their groups.
    pub no_groups: bool,
    /// What becomes of a change that it cannot make.
    pub policy: Policy,
    /// What groups are called, and how many there are.
    pub group_rules: GroupRules,
    /// What it does with `externalId`.
    pub external_id: ExternalId,
    /// Its identifiers.
    pub ids: Ids,
    /// What becomes of whom it deactivates.
    pub life: Life,
    /// What cannot be changed, or given.
    pub protected: Protected,
    /// What becomes of a creation of what is there already.
    pub adoption: Adoption,
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
    /// How it wants to be asked.
    pub wording: Wording,
}

/// A closed set of values.
#[derive(Clone, Debug)]
pub struct Enum {
    /// Of which attribute.
    pub path: AttrPath,
    /// The values.
    pub values: Vec<String>,
    /// What some values become.
    pub map: Vec<(String, String)>,
    /// What is sent in place of any other.
    pub default: Option<Value>,
    /// Another case is another value.
    pub exact: bool,
}

impl Resource {
    /// The attributes, in the vendor's terms, that do not come back as they were sent, or not when they were emptied.
    pub fn remembered(&self) -> Remembered {
        let emptied = self.emptied().map(Remembered::AllBut).unwrap_or_default();
        self.altered().and(emptied)
    }

    /// The attributes, in the vendor's terms, that do not come back as they were sent.
    pub fn altered(&self) -> Remembered {
        let mut these: Vec<AttrPath> = self.deny.iter().map(AttrPath::whole).collect();
        these.extend(self.enums.iter().map(|one| one.path.whole()));
        these.extend(self.bounds.remembered().map(AttrPath::whole));
        these.extend(self.unshown());
        these.extend((self.words.roles != Roles::Objects).then(|| AttrPath::core("roles")));
        these.extend(self.manager.map(|_| manager::path()));
        these.extend(self.elements.lists().map(AttrPath::whole));
        these.extend(self.username.changes().then(|| AttrPath::core("userName")));
        let changed = Remembered::These(these);
        let changed = changed.and(Policy::remembered(self));
        let changed = match &self.only_known {
            Some(known) => changed.and(Remembered::AllBut(known.clone())),
            None => changed,
        };
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
    /// What SCIM 1.1 has not: `ne`, `ew`, `not` and `attr[filter]` (protocol 1.1 §3.2.2.1).
    pub(super) fn speak_scim11(&mut self) {
        self.scim11 = true;
        self.words.speak_scim11();
        let filter = &mut self.filter;
        (filter.no_not, filter.no_element) = (true, true);
        // A filter is put into its names first.
        for (path, name) in &mut filter.wording.alias {
            *path = older_path(path);
            if let Some(mut theirs) = AttrPath::parse(name)
                && let Some(schema) = &theirs.schema
            {
                theirs.schema = Some(older(schema));
                *name = theirs.to_string().into();
            }
        }
        let ops = filter.ops.get_or_insert_with(|| Op::ALL.to_vec());
        ops.retain(|op| !matches!(op, Op::Ne | Op::Ew));
    }

    /// Whether the vendor keeps an attribute, or a part of it, that it is sent.
    pub fn keeps(&self, path: &AttrPath) -> bool {
        let covers =
            |whole: &AttrPath| whole.same_attribute(path) && (whole.sub.is_none() || whole.sub == path.sub);
        let part = |part: &AttrPath| part.same_attribute(path) && path.sub.is_none();
        let allowed = |allow: &Vec<AttrPath>| allow.iter().any(|one| covers(one) || part(one));
        !self.deny.iter().any(covers) && self.allow.as_ref().is_none_or(allowed)
    }
}

/// All attributes of the schemas in use.
fn known(catalog: &Catalog) -> Vec<AttrPath> {
    let own = catalog.core.attributes.iter().map(|attribute| AttrPath::core(&attribute.name));
    let extensions = catalog.extensions.iter().flat_map(|schema| {
        schema.attributes.iter().map(|attribute| AttrPath {
            schema: Some(schema.id.clone()),
            name: attribute.name.clone(),
            sub: None,
        })
    });
    own.chain(extensions).chain(["schemas", "id", "meta", "externalId"].map(AttrPath::core)).collect()
}

impl Reader<'_> {
    pub(super) fn resource(&mut self, node: &Node, catalog: &Catalog) -> Resource {
        let attrs = node.get("attrs");
        let of = |key: &str| attrs.and_then(|attrs| attrs.get(key));
        let allow = of("allow").map(|list| self.paths(list, catalog));
        let required = of("required").map(|list| self.paths(list, catalog)).unwrap_or_default();
        let mut deny = of("deny").map(|list| self.paths(list, catalog)).unwrap_or_default();
        let mut bounds = attrs.map(|attrs| Bounds::read(attrs, self, catalog)).unwrap_or_default();
        if node.get("rename").and_then(Node::truth) == Some(false) {
            bounds.immutable.push(AttrPath::core("displayName"));
        }
        bounds.garbled = Bounds::garbled(node.get("deactivate").and_then(|node| node.text_at("effect")));
        let words = Words::read(node, self, catalog);
        if node
            .get("manager")
            .is_some_and(|node| node.text().or_else(|| node.text_at("kind")) == Some("none"))
        {
            deny.push(manager::path());
        }
        let roles = node.get("roles_form").and_then(|form| form.get("max")).and_then(Node::whole).map(clamp);
        let one = matches!(words.roles, Roles::Text | Roles::Object).then_some(1);
        bounds.max_values.extend(one.or(roles).map(|n| MaxValues::primary(AttrPath::core("roles"), n)));
        let username = node.get("username");
        if let Some(most) = username.and_then(|node| node.get("max_len")).and_then(Node::whole) {
            bounds.max_len.push((AttrPath::core("userName"), clamp(most)));
        }
        let username = username.map(|node| Username::read(node, self)).unwrap_or_default();
        let mut filter = node.get("filter").map(|node| self.filter(node, catalog)).unwrap_or_default();
        filter.unreliable.clone_from(&bounds.garbled);
        filter.wording.alias.extend(words.aliases());
        if username.lower {
            filter.wording.lower(&AttrPath::core("userName"));
        }
        // What is wrong with them is said of the rules that they become.
        let said = self.mistakes.len();
        for one in of("transform").map(Node::items).unwrap_or_default() {
            let (Some(path), Some(via)) = (one.get("path"), one.get("fn")) else { continue };
            if let Some(path) = self.path(path.text().unwrap_or_default(), path.span, catalog)
                && via.each().iter().any(|function| function.text() == Some("lower"))
            {
                filter.wording.lower(&path);
            }
        }
        self.mistakes.truncate(said);
        let mut enums = Vec::new();
        for (key, definition) in of("enum").map(Node::entries).unwrap_or_default() {
            let Some(path) = self.path(&key.text, key.span, catalog) else { continue };
            let values = definition.get("values").map(Node::items).unwrap_or_default();
            let map = definition.get("map").map(Node::entries).unwrap_or_default().iter();
            let map = map.map(|(from, to)| (from.text.clone(), to.text().unwrap_or_default().to_owned()));
            enums.push(Enum {
                path,
                map: map.collect(),
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
        let mut members = node.get("members").map(|node| Members::read(node, self)).unwrap_or_default();
        if part("pathless").and_then(Node::text) == Some("required_for_members") {
            members.add_form = AddForm::PathlessObject;
        }
        let (put, omitted) = Put::read(node);
        let clearable = of("clearable").map(|list| self.paths(list, catalog));
        let mut able = Resource {
            scim11: false,
            body_max: None,
            patch_listed,
            max_ops: part("max_ops").and_then(Node::whole).map(clamp),
            one_op,
            never_removed,
            op_form: part("op_form").map(OpForm::read).unwrap_or_default(),
            members,
            unsupported: node.get("supported").and_then(Node::truth) == Some(false),
            patch: match node.text_at("patch").or_else(|| part("kind").and_then(Node::text)) {
                Some("active_only") => Patch::ActiveOnly,
                Some("none") => Patch::None,
                _ => Patch::Full,
            },
            only_known: of("unknown")
                .and_then(Node::text)
                .filter(|word| *word != "ignored")
                .map(|_| known(catalog)),
            elements: of("element_defaults")
                .map(|node| Elements::read(node, self, catalog))
                .unwrap_or_default(),
            put,
            omitted,
            clearable,
            removal: Removal::read(node),
            filter,
            allow,
            deny,
            required,
            enums,
            defaults,
            bounds,
            username,
            ids: Ids::read(node.get("id")),
            life: Life::read(node, self),
            adoption: Adoption::read(node, self, catalog),
            protected: Protected::read(node.get("protected")),
            words,
            manager: node.get("manager").and_then(Manager::read),
            kept: node.text_at("as") == Some("attribute"),
            unlisted: node.text_at("visibility") == Some("none"),
            no_groups: node.get("groups_returned").and_then(Node::truth) == Some(false),
            policy: Policy::default(),
            group_rules: GroupRules::default(),
            external_id: ExternalId::default(),
        };
        if let Some(node) = node.get("external_id") {
            ExternalId::read(node, &mut able);
        }
        GroupRules::read(node, &mut able, self);
        if able.kept {
            // What is kept here is asked, changed and shown as a conformant vendor's, but for filters, which the bridge has
            // of its own.
            let rules = std::mem::take(&mut able.group_rules);
            able = Resource { kept: true, bounds: able.bounds, group_rules: rules, ..Resource::default() };
            able.filter.attributes = Some(Vec::new());
        }
        able
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
            wording: Wording::read(node, self, catalog),
        }
    }
}
