//! Finds, reads and compiles mapping files: the shipped ones, those beside bridge.yaml, and a path.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use super::literals::Literals;
use super::shipped::SHIPPED;
use super::source::{Sources, beside};
use super::{tests, unused};
use crate::emulation::{self, Profile};
use crate::mapping::{self, Mapping, Scope};
use crate::scim::ResourceType;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::yaml::shape::Need;
use crate::yaml::{Field, Key, Kind, Mistake, Node, Shape, Span, nearest};

/// A mapping, ready for one integration.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// Whose endpoint it is for.
    pub vendor: String,
    /// Its rules.
    pub mapping: Mapping,
    /// What the vendor can do.
    pub profile: Profile,
    /// What the file says that it only assumes.
    pub assumed: Vec<String>,
    /// What it says that may be meant otherwise: what is wrong, and in which line.
    pub warnings: Vec<String>,
    /// The values that it names.
    pub literals: Literals,
    /// How many tests of its own it has passed.
    pub tests: usize,
}

/// Reads mapping files.
pub struct Loader<'l> {
    /// Every file read.
    pub sources: &'l mut Sources,
    /// Where mistakes are noted.
    pub mistakes: &'l mut Vec<Mistake>,
    /// The file that asks: paths are relative to it.
    pub asked_by: &'l Path,
}

impl Loader<'_> {
    /// A mapping that is part of the program.
    pub fn shipped(&mut self, name: &str) -> Option<Node> {
        let (name, text) = SHIPPED.iter().find(|(known, _)| *known == name)?;
        match self.sources.add(format!("{name}.yaml (shipped)"), (*text).to_owned()) {
            Ok(node) => Some(node),
            Err(mistake) => {
                self.mistakes.push(mistake);
                None
            }
        }
    }

    /// Finds a mapping by its name, or by its path if it begins with a dot or a slash. `span` is where it is named.
    pub fn find(&mut self, name: &str, span: Span) -> Option<Node> {
        let naming = self.sources.get(span.file).map_or(self.asked_by, |source| Path::new(&source.name));
        let own = match name.starts_with(['.', '/']) {
            true => Some(beside(naming, name)),
            false => {
                // A file that stands on the one of its own name stands on the shipped one.
                let mut places = vec![beside(self.asked_by, &format!("mappings/{name}.yaml"))];
                if naming != self.asked_by || is_mapping_folder(naming) {
                    places.push(beside(naming, &format!("{name}.yaml")));
                }
                places.into_iter().find(|file| file != naming && file.exists())
            }
        };
        if let Some(missing) = own.as_ref().filter(|file| !file.exists()) {
            let mistake = Mistake::new(span, format!("there is no file {}", missing.display()));
            let hint =
                format!("a path is relative to the file that names it; a name ({}) has no dot", names());
            self.mistakes.push(mistake.hint(hint));
            return None;
        }
        let Some(file) = own else {
            let shipped = self.shipped(name);
            if shipped.is_none() {
                let mistake = Mistake::new(span, format!("there is no mapping `{name}`"));
                let near = nearest(name, SHIPPED.iter().map(|(known, _)| *known));
                self.mistakes.push(match near {
                    Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                    None => mistake.hint(format!(
                        "there are {}; one of your own is mappings/{name}.yaml beside this file, or a path such as ./{name}.yaml",
                        names()
                    )),
                });
            }
            return shipped;
        };
        match self.sources.open(&file) {
            Ok(node) => Some(node),
            Err(mistake) => {
                self.mistakes.push(mistake);
                None
            }
        }
    }

    /// Checks a mapping file and compiles it with the parameters of an integration, if there is one. `None` when there
    /// are mistakes.
    pub fn compile(&mut self, file: &Node, with: Option<&Node>, remembers: bool) -> Option<Compiled> {
        let before = self.mistakes.len();
        check_shape(file, self.mistakes);
        let file = self.with_uses(file.clone(), &mut HashSet::new());
        if self.mistakes.len() > before {
            return None;
        }
        unused::check(&file, self.mistakes);
        let mut compiled = compile(&file, with, remembers, self.mistakes);
        if self.mistakes.len() == before {
            compiled.tests = tests::run(&file, self.mistakes);
        }
        (self.mistakes.len() == before).then_some(compiled)
    }

    /// Replaces `use` by what it names: at the top of a file everything of another, in a list of rules its rules.
    fn with_uses(&mut self, mut file: Node, seen: &mut HashSet<String>) -> Node {
        if let Some(base) = file.get("use").cloned()
            && let Some(other) = self.used(&base, seen)
        {
            file = laid_over(&other, file);
        }
        for section in ["users", "groups"] {
            let rules = file
                .get(section)
                .and_then(|section| section.get("rules"))
                .map(Node::items)
                .unwrap_or_default();
            let mut out = Vec::new();
            let mut bases = Vec::new();
            for rule in rules {
                match rule.get("use") {
                    Some(name) => {
                        if let Some(other) = self.used(&name.clone(), seen) {
                            let rules = other.get(section).and_then(|section| section.get("rules"));
                            out.extend(rules.map(Node::items).unwrap_or_default().iter().cloned());
                            bases.push(other);
                        }
                    }
                    None => out.push(rule.clone()),
                }
            }
            if !bases.is_empty() {
                set_rules(&mut file, section, out);
                for base in bases {
                    file = with_names(&base, file);
                }
            }
        }
        file
    }

    fn used(&mut self, name: &Node, seen: &mut HashSet<String>) -> Option<Node> {
        let text = name.text()?.to_owned();
        if !seen.insert(text.clone()) {
            let message = format!("`{text}` is used already: mappings cannot use each other");
            self.mistakes.push(Mistake::new(name.span, message).hint("take one of the `use` out"));
            return None;
        }
        let other = self.find(&text, name.span)?;
        let before = self.mistakes.len();
        check_shape(&other, self.mistakes);
        (self.mistakes.len() == before).then(|| self.with_uses(other, seen))
    }
}

/// Compiles a file whose shape is right.
pub(super) fn compile(
    file: &Node,
    with: Option<&Node>,
    remembers: bool,
    mistakes: &mut Vec<Mistake>,
) -> Compiled {
    let file = &with_profile(file);
    let own = with.map(|with| without_vars(file, with.clone()));
    let scope = Scope::read(file, own.as_ref(), mistakes);
    let mut profile = Profile::read(file.get("profile"), &scope.prefixes, mistakes);
    profile.read_matches(file, &scope.prefixes, mistakes);
    let [users, groups] =
        [ResourceType::User, ResourceType::Group].map(|resource| Arc::new(profile.catalog(resource)));
    let mapping = Mapping::compile(file, &scope, users, groups, remembers, mistakes);
    for resource in ResourceType::ALL {
        for witness in mapping::witnesses(mapping.lens(resource)) {
            let shown = |value: Option<Value>| value.map_or("nothing".to_owned(), |value| value.to_json());
            let beside = witness.beside.map_or(String::new(), |beside| format!(" (with {beside})"));
            let message = format!(
                "the identity provider would not read back what it wrote: {} = {}{beside} is held by the vendor as {} = {} and comes \
                 back as {}",
                witness.place,
                witness.written.to_json(),
                witness.target,
                shown(witness.held),
                shown(witness.read)
            );
            mistakes.push(
                Mistake::new(witness.rule, message).hint(
                    "say `back: echo` (what it wrote), or change the rules that write to the same place",
                ),
            );
        }
    }
    for resource in ResourceType::ALL {
        for path in &profile.resource(resource).adoption.by {
            let asked = Filter::eq(path.clone(), "");
            if let Some(why) = mapping.lens(resource).unread(&asked, remembers) {
                let section = if resource == ResourceType::User { "users" } else { "groups" };
                let place = file.get(section).and_then(|section| section.get("match"));
                let span = place.map_or(file.span, |place| place.span);
                let mistake = Mistake::new(span, format!("nothing can be found by {path}: {why}"));
                mistakes
                    .push(mistake.hint("match by what the identity provider reads back, such as $.userName"));
            }
        }
    }
    let as_attribute = || file.get("profile")?.get("resources")?.get("Groups")?.get("as");
    if let Some(place) = as_attribute()
        && profile.resource(ResourceType::Group).kept
        && !mapping.lens(ResourceType::User).reads_groups()
    {
        let mistake = Mistake::new(place.span, "groups would mean nothing: no rule of users reads $groups");
        mistakes.push(mistake.hint(
            "a rule such as: set: $.userType, value: Admin, when: $groups[?@.displayName == 'Admins']",
        ));
    }
    let warnings =
        ResourceType::ALL.into_iter().flat_map(|resource| mapping::warnings(mapping.lens(resource)));
    let warnings = warnings.map(|(rule, text)| format!("line {}: {text}", rule.line)).collect();
    let assumed = file.get("assumed").map(Node::items).unwrap_or_default();
    Compiled {
        vendor: file.text_at("vendor").unwrap_or_default().to_owned(),
        mapping,
        profile,
        warnings,
        literals: Literals::of(file, &scope),
        assumed: assumed.iter().filter_map(Node::text).map(str::to_owned).collect(),
        tests: 0,
    }
}

/// What an integration gives without what is for the vendor's address.
fn without_vars(file: &Node, mut with: Node) -> Node {
    let vars = file.get("profile").and_then(|profile| profile.get("vars"));
    if let Kind::Map(entries) = &mut with.kind {
        entries.retain(|(key, _)| vars.is_none_or(|vars| vars.get(&key.text).is_none()));
    }
    with
}

/// Every mistake in the shape of a mapping file, its profile included.
pub(super) fn check_shape(file: &Node, mistakes: &mut Vec<Mistake>) {
    let mut fields: Vec<Field> = mapping::SHAPE.to_vec();
    // A file that stands on another says only what differs.
    if file.get("use").is_some() {
        fields
            .iter_mut()
            .filter(|field| field.name == "vendor")
            .for_each(|field| field.need = Need::Optional);
    }
    fields.push(Field::optional("use", Shape::Text, "another mapping, on which this one stands"));
    crate::yaml::shape::check_object(file, &fields, mistakes);
    if let Some(profile) = file.get("profile") {
        emulation::SHAPE.check(profile, mistakes);
    }
}

/// The file with the rules that its profile stands for, after its own.
fn with_profile(file: &Node) -> Node {
    let mut out = file.clone();
    for (section, resource) in [("users", ResourceType::User), ("groups", ResourceType::Group)] {
        let more = file.get("profile").map(|profile| emulation::rules(profile, resource)).unwrap_or_default();
        if !more.is_empty() {
            let own = file.get(section).and_then(|section| section.get("rules"));
            let own = own.map(Node::items).unwrap_or_default();
            set_rules(&mut out, section, own.iter().cloned().chain(more).collect());
        }
    }
    out
}

/// Everything of a file on top of another: named things are joined, rules follow those of the other.
fn laid_over(base: &Node, top: Node) -> Node {
    let mut out = with_names(base, top);
    for section in ["users", "groups"] {
        let rules = |file: &Node| -> Vec<Node> {
            let rules = file.get(section).and_then(|section| section.get("rules"));
            rules.map(Node::items).unwrap_or_default().to_vec()
        };
        let mut all = rules(base);
        all.extend(rules(&out));
        if let Some(below) = base.get(section) {
            join(&mut out, section, below);
        }
        if !all.is_empty() {
            set_rules(&mut out, section, all);
        }
    }
    for (key, value) in base.entries() {
        if out.get(&key.text).is_none() && key.text != "tests" && key.text != "use" {
            insert(&mut out, &key.text, value.clone());
        }
    }
    out
}

/// The file with the prefixes, parameters and tables of another, its own first.
fn with_names(base: &Node, mut top: Node) -> Node {
    for section in ["prefixes", "parameters", "tables"] {
        if let Some(below) = base.get(section) {
            join(&mut top, section, below);
        }
    }
    top
}

/// Adds the entries of `below` that the section does not have.
fn join(file: &mut Node, section: &str, below: &Node) {
    if file.get(section).is_none() {
        insert(file, section, Node::empty(below.span));
    }
    let Some(own) = get_mut(file, section) else { return };
    for (key, value) in below.entries() {
        if own.get(&key.text).is_none() {
            insert(own, &key.text, value.clone());
        }
    }
}

fn set_rules(file: &mut Node, section: &str, rules: Vec<Node>) {
    if file.get(section).is_none() {
        insert(file, section, Node::empty(file.span));
    }
    let Some(section) = get_mut(file, section) else { return };
    let list = Node { span: section.span, kind: Kind::List(rules) };
    match get_mut(section, "rules") {
        Some(slot) => *slot = list,
        None => insert(section, "rules", list),
    }
}

fn get_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.kind {
        Kind::Map(entries) => entries.iter_mut().find(|(name, _)| name.text == key).map(|(_, node)| node),
        _ => None,
    }
}

/// Whether a file lies where mappings do.
fn is_mapping_folder(file: &Path) -> bool {
    file.parent().and_then(Path::file_name).is_some_and(|folder| folder == "mappings")
}

/// The names of the shipped ones.
fn names() -> String {
    SHIPPED.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn insert(node: &mut Node, key: &str, value: Node) {
    if let Kind::Map(entries) = &mut node.kind {
        entries.push((Key { span: value.span, text: key.to_owned() }, value));
    }
}
