//! The mapping language: how attributes on the identity provider's side relate to attributes on the vendor's.
//!
//! A rule turns a resource into a resource. From one rule come the request body ([`Lens::forward`]), the answer
//! ([`Lens::back`]), the attribute and literal of a filter ([`Lens::filter`]), the path and value of a PATCH
//! ([`Lens::direct`]), `attributes` and `sortBy`. Reading gives back what was written, by the inverse of the rule or by
//! what the bridge remembers ([`Lens::remembered`]).

mod compile;
mod converge;
mod eval;
mod expression;
mod filter;
mod function;
mod functions;
mod known;
mod made;
mod merge;
mod parts;
mod patch;
mod path;
mod push;
mod rows;
mod rule;
mod scope;
mod shape;
mod table;
mod template;
mod turn;
mod unread;

use std::sync::Arc;

use crate::remainder::Remembered;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Catalog, Returned};
use crate::yaml::{Mistake, Node};

pub use converge::{warnings, witnesses};
pub use eval::Origin;
pub use filter::MappedFilter;
pub use made::Moment;
pub use patch::{Case, Direct};
pub use path::Given;
pub use scope::Scope;
pub use shape::MAPPING as SHAPE;

use function::Class;
use path::Place;
use rule::{Back, Rule, Verb};

/// What is being done to a resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    /// It is made.
    #[default]
    Create,
    /// It is written anew as a whole.
    Replace,
    /// Parts of it are changed.
    Patch,
}

impl Operation {
    /// The word of the file.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Replace => "replace",
            Self::Patch => "patch",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Create, Self::Replace, Self::Patch].into_iter().find(|operation| operation.word() == word)
    }
}

/// The rules for users and for groups.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// For users.
    pub users: Lens,
    /// For groups.
    pub groups: Lens,
    /// What becomes of groups within groups.
    pub nested: Nested,
}

/// What becomes of groups within groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Nested {
    /// The vendor has them.
    #[default]
    Keep,
    /// Whoever is in a group within is in the outer one at the vendor.
    Flatten,
    /// The vendor is told of a group's own users alone.
    Drop,
}

impl Mapping {
    /// Compiles a file whose shape is right and whose `use` rules have been replaced. `remembers`: the bridge keeps
    /// what the vendor cannot hold.
    pub fn compile(
        file: &Node,
        scope: &Scope,
        users: Arc<Catalog>,
        groups: Arc<Catalog>,
        remembers: bool,
        mistakes: &mut Vec<Mistake>,
    ) -> Self {
        Self {
            users: compile::lens(file.get("users"), scope, users, remembers, mistakes),
            groups: compile::lens(file.get("groups"), scope, groups, remembers, mistakes),
            nested: nested(file.get("groups"), remembers, mistakes),
        }
    }

    /// The lens of a resource type.
    pub fn lens(&self, resource: crate::scim::ResourceType) -> &Lens {
        match resource {
            crate::scim::ResourceType::User => &self.users,
            crate::scim::ResourceType::Group => &self.groups,
        }
    }
}

/// What a file says of groups within groups. What the vendor does not have must be remembered, or it could not be read.
fn nested(groups: Option<&Node>, remembers: bool, mistakes: &mut Vec<Mistake>) -> Nested {
    let Some(said) = groups.and_then(|groups| groups.get("nested")) else { return Nested::Keep };
    let nested = match said.text() {
        Some("flatten") => Nested::Flatten,
        Some("drop") => Nested::Drop,
        _ => return Nested::Keep,
    };
    if !remembers {
        let message = "groups within groups must be remembered, and nothing is (`state: none`)";
        mistakes.push(Mistake::new(said.span, message).hint("`keep` them, or remember"));
        return Nested::Keep;
    }
    nested
}

/// The rules of one resource type, compiled.
#[derive(Clone, Debug)]
pub struct Lens {
    catalog: Arc<Catalog>,
    rules: Vec<Rule>,
    /// Attributes that no rule names go through.
    pass: bool,
    /// Some rule has an expression, which may read what the bridge hands in.
    has_conditions: bool,
    reads_groups: bool,
    remembered: Remembered,
}

impl Lens {
    fn new(catalog: Arc<Catalog>, rules: Vec<Rule>, pass: bool) -> Self {
        let has_conditions =
            rules.iter().any(|rule| rule.when.is_some() || matches!(rule.verb, Verb::Refuse { .. }));
        let reads_groups = rules.iter().any(Rule::reads_groups);
        let remembered = remembered(&rules, pass, &catalog);
        Self { catalog, rules, pass, has_conditions, reads_groups, remembered }
    }

    /// A lens that changes nothing.
    pub fn identity(catalog: Arc<Catalog>) -> Self {
        Self::new(catalog, Vec::new(), true)
    }

    /// The schemas that its resources have.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Whether it changes nothing at all.
    pub fn is_identity(&self) -> bool {
        self.rules.is_empty() && self.pass
    }

    /// Whether a rule reads `$groups`, so that a change of membership changes users.
    pub fn reads_groups(&self) -> bool {
        self.reads_groups
    }

    /// Whether some rule may make something else of a user who is in a group (an element of `$groups`) than of one who is
    /// not.
    pub fn concerns_group(&self, group: &Value) -> bool {
        self.rules.iter().any(|rule| rule.concerns_group(group))
    }

    /// The attribute of the identity provider that an attribute of the vendor is; itself, if no rule moves one there.
    pub fn idp_side(&self, path: &AttrPath) -> AttrPath {
        let moved = self.rules.iter().find_map(|rule| match &rule.verb {
            Verb::Move { from, to, .. } if to.whole().same_attribute(path) => Some(from.whole()),
            _ => None,
        });
        moved.unwrap_or_else(|| path.clone())
    }

    /// The attributes, on the identity provider's side, that reading alone would not give back as they were written.
    pub fn remembered(&self) -> &Remembered {
        &self.remembered
    }
}

fn remembered(rules: &[Rule], pass: bool, catalog: &Catalog) -> Remembered {
    let moved_away = |path: &AttrPath| {
        rules
            .iter()
            .any(|rule| matches!(&rule.verb, Verb::Move { from, .. } if from.whole().same_attribute(path)))
    };
    // Of an attribute a part of which a rule names, the other parts go through, or are remembered with all of it.
    let is_all = |place: &Place| pass || (place.element.is_none() && place.attribute.sub.is_none());
    let mut these: Vec<AttrPath> = Vec::new();
    let mut read_back: Vec<AttrPath> = Vec::new();
    for rule in rules {
        match &rule.verb {
            Verb::Drop(place) if rule.back == Back::Echo => these.push(place.whole()),
            Verb::Set { to, .. } if rule.back == Back::Echo => these.push(to.whole()),
            Verb::Set { to, .. } | Verb::Drop(to) | Verb::Hide(to) => {
                read_back.extend(is_all(to).then(|| to.whole()));
            }
            Verb::Move { from, to, via, .. } => {
                let exact = rule.back == Back::Invert && via.class() == Class::Iso && from.element.is_none();
                if exact || matches!(rule.back, Back::Hide | Back::Vendor) {
                    read_back.extend(is_all(from).then(|| from.whole()));
                } else {
                    these.push(from.whole());
                }
                // What the identity provider writes at B has no place of its own at the vendor.
                if !to.whole().same_attribute(&from.whole()) && !moved_away(&to.whole()) {
                    these.push(to.whole());
                }
            }
            Verb::Refuse { .. } => {}
        }
    }
    let kept = |path: &AttrPath| {
        catalog.attribute(path).is_none_or(|attribute| attribute.returned != Returned::Never)
    };
    these.retain(kept);
    if pass {
        Remembered::These(Vec::new()).and(Remembered::These(these))
    } else {
        read_back.retain(|path| !these.iter().any(|other| other.same_attribute(path)));
        Remembered::AllBut(read_back)
    }
}

#[cfg(test)]
mod tests;
