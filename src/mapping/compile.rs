//! From the nodes of a file to rules, with every mistake found on the way.

use std::sync::Arc;

use compact_str::CompactString;

use super::expression::{Condition, special_member};
use super::function::{Class, Function, Pipeline};
use super::parts::Part;
use super::path::{self, Place, Source};
use super::rule::{Back, From, Rule, Verb};
use super::scope::{Scope, Wrong};
use super::template::Template;
use super::{Lens, Operation, functions, shape};
use crate::scim::name::AttrPath;
use crate::scim::schema::{AttributeType, Catalog};
use crate::yaml::{Kind, Mistake, Node, Span, nearest};

/// Compiles the rules of one resource type. The nodes have the right shape, and `use` has been replaced by what it names.
pub fn lens(
    section: Option<&Node>,
    scope: &Scope,
    catalog: Arc<Catalog>,
    remembers: bool,
    mistakes: &mut Vec<Mistake>,
) -> Lens {
    let mut compiler = Compiler { scope, catalog: &catalog, remembers, mistakes };
    let rules = section.and_then(|section| section.get("rules")).map(Node::items).unwrap_or_default();
    let rules: Vec<Rule> = rules.iter().filter_map(|node| compiler.rule(node)).collect();
    compiler.check_targets(&rules);
    let pass = section.and_then(|section| section.text_at("pass")) != Some("none");
    Lens::new(catalog, rules, pass)
}

/// What paths look like, for whoever wrote one that does not.
const PATHS: &str = "such as $.name.givenName, $.emails[?@.type == 'work'].value or $prefix.attribute";
/// What the bridge knows of a group that a user is in.
const GROUP_MEMBERS: [&str; 2] = ["value", "displayName"];

struct Compiler<'c> {
    scope: &'c Scope,
    catalog: &'c Catalog,
    remembers: bool,
    mistakes: &'c mut Vec<Mistake>,
}

impl Compiler<'_> {
    fn rule(&mut self, node: &Node) -> Option<Rule> {
        const VERBS: [&str; 6] = ["move", "set", "drop", "hide", "refuse", "use"];
        let verbs: Vec<_> =
            node.entries().iter().filter(|(key, _)| VERBS.contains(&key.text.as_str())).collect();
        let [(verb, target)] = verbs.as_slice() else {
            let mistake = Mistake::new(node.span, format!("a rule has exactly one of {}", VERBS.join(", ")));
            self.mistakes.push(mistake.hint("two things to do are two rules"));
            return None;
        };
        for (key, _) in node.entries().iter().filter(|(key, _)| key.text != verb.text) {
            if !shape::modifiers(&verb.text).contains(&key.text.as_str()) {
                let mistake =
                    Mistake::new(key.span, format!("`{}` has no meaning with `{}`", key.text, verb.text));
                let known = shape::modifiers(&verb.text);
                self.mistakes.push(match known {
                    [] => mistake.hint("leave it out"),
                    known => mistake.hint(format!("it takes {}", known.join(", "))),
                });
            }
        }
        let when = node.get("when").and_then(|node| self.condition(node));
        let ops = node.get("ops").map(Node::each).unwrap_or_default();
        let ops = ops.iter().filter_map(|node| node.text().and_then(Operation::parse)).collect();
        let asked = node.text_at("back");
        let (verb, back) = match verb.text.as_str() {
            "move" => self.move_rule(node, target, asked)?,
            "set" => self.set_rule(node, target, asked)?,
            "drop" => (
                Verb::Drop(self.place(target)?),
                self.back(node, asked, Back::Echo, &[Back::Echo, Back::Hide]),
            ),
            "hide" => (Verb::Hide(self.place(target)?), Back::Hide),
            "refuse" => {
                let when = self.condition(target)?;
                let detail = node.text_at("detail").unwrap_or("the vendor does not allow this");
                (Verb::Refuse { when, detail: detail.to_owned() }, Back::Hide)
            }
            _ => return None,
        };
        Some(Rule { span: node.span, verb, when, ops, back })
    }

    fn move_rule(&mut self, node: &Node, target: &Node, asked: Option<&str>) -> Option<(Verb, Back)> {
        let [from, to] = target.items() else {
            let mistake = Mistake::new(target.span, "`move` takes two paths");
            let hint = "[on the identity provider's side, on the vendor's]";
            self.mistakes.push(mistake.hint(hint));
            return None;
        };
        let (from, to) = (self.place(from), self.place(to));
        let via = self.pipeline(node);
        let otherwise = node.get("else").and_then(|node| self.template(node, &[]));
        let partial = otherwise.is_some() || node.get("when").is_some() || node.get("ops").is_some();
        let needs_back = via.class() == Class::Lossy || partial;
        if needs_back && asked.is_none() {
            let lossy = via.0.iter().find(|function| function.class() == Class::Lossy);
            let why = match lossy {
                _ if partial => "the rule does not always apply".to_owned(),
                Some(Function::Table(_)) => "several rows of the table have the same value".to_owned(),
                Some(Function::Each(_)) | None => "something is lost on the way".to_owned(),
                Some(function) => format!("`{}` loses something", function.name()),
            };
            let mistake =
                Mistake::new(node.span, format!("what the identity provider reads back is not known: {why}"));
            self.mistakes
                .push(mistake.hint("say `back: echo` (what it wrote), `back: vendor` or `back: hide`"));
        }
        let back =
            self.back(node, asked, Back::Invert, &[Back::Invert, Back::Echo, Back::Hide, Back::Vendor]);
        if needs_back && asked == Some("invert") {
            let mistake = Mistake::new(node.span, "this rule cannot be undone");
            self.mistakes.push(mistake.hint("use `back: echo`, `back: vendor` or `back: hide`"));
        }
        Some((Verb::Move { from: from?, to: to?, via, otherwise }, back))
    }

    fn set_rule(&mut self, node: &Node, target: &Node, asked: Option<&str>) -> Option<(Verb, Back)> {
        let to = self.place(target);
        let from = node.get("from").map_or(Some(From::Nothing), |node| self.from(node));
        let via = self.pipeline(node);
        let mut names = vec!["it"];
        if let Some(From::Named(named)) = &from {
            names = named.iter().map(|(name, _)| name.as_str()).collect();
        }
        let value = node.get("value").and_then(|node| self.template(node, &names));
        if matches!(from, Some(From::Nothing)) && node.get("value").is_none() {
            let mistake = Mistake::new(node.span, "`set` needs a `value` or a `from`");
            self.mistakes.push(mistake.hint("value: a literal; from: the path that it is made from"));
        }
        if matches!(from, Some(From::Named(_))) && node.get("value").is_none() {
            let mistake =
                Mistake::new(node.span, "with named sources, `set` needs a `value` that uses the names");
            self.mistakes
                .push(mistake.hint("such as from: { first: $.name.givenName } with value: \"{first}\""));
        }
        let otherwise = node.get("else").and_then(|node| self.template(node, &[]));
        let back = self.back(node, asked, Back::Echo, &[Back::Echo, Back::Hide, Back::Vendor]);
        Some((Verb::Set { to: to?, from: from?, value, via, otherwise }, back))
    }

    fn back(&mut self, node: &Node, asked: Option<&str>, default: Back, allowed: &[Back]) -> Back {
        let back = match asked {
            Some("invert") => Back::Invert,
            Some("echo") => Back::Echo,
            Some("hide") => Back::Hide,
            Some("vendor") => Back::Vendor,
            _ => default,
        };
        let span = node.get("back").map_or(node.span, |node| node.span);
        if !allowed.contains(&back) {
            let mistake =
                Mistake::new(span, format!("`back: {}` has no meaning here", asked.unwrap_or_default()));
            let known: Vec<_> = allowed.iter().map(|back| back.word()).collect();
            self.mistakes.push(mistake.hint(format!("one of {}", known.join(", "))));
        }
        if asked == Some("echo") && !self.remembers {
            let mistake =
                Mistake::new(span, "`back: echo` needs memory, and the integration has `state: none`");
            self.mistakes.push(mistake.hint("take `state: none` away, or use `back: hide`"));
        }
        back
    }

    fn from(&mut self, node: &Node) -> Option<From> {
        match &node.kind {
            Kind::Map(entries) => {
                let named = entries.iter().map(|(key, node)| Some((key.text.clone(), self.source(node)?)));
                named.collect::<Option<_>>().map(From::Named)
            }
            _ => node.each().iter().map(|node| self.source(node)).collect::<Option<_>>().map(From::First),
        }
    }

    fn condition(&mut self, node: &Node) -> Option<Condition> {
        let text = node.text().unwrap_or_default();
        let expanded = self.scope.expand(text, true);
        let compiled = expanded.and_then(|expanded| Ok(Condition::compile(text, &expanded)?));
        match compiled {
            Ok(condition) => {
                for path in condition.attributes.iter().flatten() {
                    self.check_known(path, node.span);
                }
                condition.parts.iter().for_each(|part| self.check_part(part, node.span));
                Some(condition)
            }
            Err(why) => {
                let hint = "such as $.title == 'x', $.emails[?@.type == 'work'] or !$.active";
                self.unusable("expression", why, hint, node.span)
            }
        }
    }

    fn source(&mut self, node: &Node) -> Option<Source> {
        let text = node.text().unwrap_or_default();
        if !text.starts_with('$') {
            return self.no_path(text, node.span);
        }
        match self.scope.expand(text, false).and_then(|expanded| Ok(path::source(&expanded)?)) {
            Ok(source) => {
                if let Some(place) = source.as_place() {
                    self.check_place(place, node.span);
                } else if source.root() == path::Root::Resource {
                    for path in source.attributes().iter().flatten() {
                        self.check_known(path, node.span);
                    }
                }
                source.parts().iter().for_each(|part| self.check_part(part, node.span));
                Some(source)
            }
            Err(why) => self.unusable("path", why, PATHS, node.span),
        }
    }

    fn place(&mut self, node: &Node) -> Option<Place> {
        let text = node.text().unwrap_or_default();
        if !text.starts_with('$') {
            return self.no_path(text, node.span);
        }
        match self.scope.expand(text, false).and_then(|expanded| Ok(path::place(&expanded)?)) {
            Ok(place) => {
                self.check_place(&place, node.span);
                Some(place)
            }
            Err(why) => self.unusable("path", why, PATHS, node.span),
        }
    }

    fn unusable<T>(&mut self, what: &str, why: Wrong, hint: &str, span: Span) -> Option<T> {
        let mistake = Mistake::new(span, format!("the {what} cannot be used: {}", why.what));
        self.mistakes.push(mistake.hint(why.hint.unwrap_or_else(|| hint.to_owned())));
        None
    }

    fn no_path<T>(&mut self, text: &str, span: Span) -> Option<T> {
        let mistake = Mistake::new(span, "a path begins with $");
        let hint = if text.is_empty() { "$.userName".to_owned() } else { format!("$.{text}") };
        self.mistakes.push(mistake.hint(format!("such as {hint}")));
        None
    }

    fn check_place(&mut self, place: &Place, span: Span) {
        if !self.check_known(&place.attribute.whole(), span) {
            return;
        }
        let attribute = place.attribute.whole();
        let part = |sub: &CompactString, of_elements| Part {
            attribute: attribute.clone(),
            sub: sub.clone(),
            of_elements,
        };
        match &place.element {
            None => {
                if let Some(sub) = &place.attribute.sub {
                    self.check_part(&part(sub, false), span);
                }
            }
            Some(element) => {
                let before = self.mistakes.len();
                self.check_part(&part(&element.key, true), span);
                if let Some(sub) = element.sub.as_ref().filter(|_| self.mistakes.len() == before) {
                    self.check_part(&part(sub, true), span);
                }
            }
        }
    }

    /// Whether an attribute has the part that a path names, and in the way in which it names it.
    fn check_part(&mut self, part: &Part, span: Span) {
        let sub = part.sub.as_str();
        if part.attribute.is_core(&special_member("groups")) {
            if !GROUP_MEMBERS.contains(&sub) {
                let mistake = Mistake::new(span, format!("a group of $groups has no `{sub}`"));
                self.mistakes.push(mistake.hint(format!("it has {}", GROUP_MEMBERS.join(" and "))));
            }
            return;
        }
        let Some(attribute) = self.catalog.attribute(&part.attribute) else { return };
        let name = &attribute.name;
        let mistake = if attribute.kind != AttributeType::Complex {
            let mistake = Mistake::new(span, format!("{name} has no sub-attributes"));
            mistake.hint("it holds plain values")
        } else if attribute.multi_valued && !part.of_elements {
            let mistake = Mistake::new(span, format!("{name} is a list"));
            mistake.hint(format!("say which element: $.{name}[?@.type == 'work'].{sub}"))
        } else if !attribute.multi_valued && part.of_elements {
            let mistake = Mistake::new(span, format!("{name} holds one value, and has no elements"));
            mistake.hint(format!("$.{name}.{sub}"))
        } else if !attribute.sub_attributes.is_empty() && attribute.sub(sub).is_none() {
            let known = || attribute.sub_attributes.iter().map(|sub| sub.name.as_str());
            let mistake = Mistake::new(span, format!("{name} has no sub-attribute `{sub}`"));
            match nearest(sub, known()) {
                Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                None => mistake.hint(format!("it has {}", known().collect::<Vec<_>>().join(", "))),
            }
        } else {
            return;
        };
        self.mistakes.push(mistake);
    }

    /// Whether the schemas in use have the attribute; a mistake with the nearest name if not.
    fn check_known(&mut self, path: &AttrPath, span: Span) -> bool {
        let schema = match &path.schema {
            None => Some(self.catalog.core.as_ref()),
            Some(urn) => self.catalog.extension(urn),
        };
        let Some(schema) = schema else { return true }; // nothing is known of that extension
        if self.catalog.attribute(path).is_some() {
            return true;
        }
        let mistake = Mistake::new(span, format!("{} has no attribute `{}`", schema.id, path.name));
        let mistake =
            match nearest(&path.name, schema.attributes.iter().map(|attribute| attribute.name.as_str())) {
                Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                None => match self.catalog.only_extension_with(&path.name) {
                    Some(other) => mistake.hint(format!("{} has it", other.id)),
                    None => mistake.hint("declare the vendor's own attributes under profile.extensions"),
                },
            };
        self.mistakes.push(mistake);
        false
    }

    fn pipeline(&mut self, node: &Node) -> Pipeline {
        let steps = node.get("via").map(Node::each).unwrap_or_default();
        let mut out = Vec::new();
        for step in steps {
            match functions::function(step, self.scope) {
                Ok(function) => out.push(function),
                Err(mistake) => self.mistakes.push(mistake),
            }
        }
        Pipeline(out)
    }

    fn template(&mut self, node: &Node, names: &[&str]) -> Option<Template> {
        let compiled = Template::compile(&node.to_value());
        let template = match compiled {
            Ok(template) => template.bind(&|name: &str| self.scope.parameters.get(name).cloned()),
            Err(why) => {
                self.mistakes
                    .push(Mistake::new(node.span, why).hint("\"{name}\" is filled in, {{ is a brace"));
                return None;
            }
        };
        for name in template.names().into_iter().filter(|name| !names.contains(name)) {
            let mistake =
                Mistake::new(node.span, format!("`{{{name}}}` is neither a parameter nor a name of `from`"));
            let candidates = names.iter().copied().chain(self.scope.parameter_names());
            self.mistakes.push(match nearest(name, candidates) {
                Some(near) => mistake.hint(format!("did you mean `{{{near}}}`?")),
                None => mistake.hint("write {{ for a brace"),
            });
        }
        Some(template)
    }

    /// Two rules that write one place contradict each other, unless the later only sometimes does.
    fn check_targets(&mut self, rules: &[Rule]) {
        let target = |rule: &Rule| match &rule.verb {
            Verb::Move { to, .. } | Verb::Set { to, .. } => Some(to.clone()),
            _ => None,
        };
        for (at, rule) in rules.iter().enumerate() {
            let Some(place) = target(rule) else { continue };
            let earlier =
                rules[..at].iter().find(|other| target(other).is_some_and(|other| overlaps(&other, &place)));
            if let Some(earlier) = earlier.filter(|_| rule.when.is_none() && rule.ops.is_empty()) {
                let message = format!("{place} is written already by the rule at line {}", earlier.span.line);
                self.mistakes.push(Mistake::new(rule.span, message).hint("give the later rule a `when`"));
            }
        }
    }
}

/// Whether writing one place changes what is at the other.
pub(super) fn overlaps(a: &Place, b: &Place) -> bool {
    let same_attribute = a.attribute.same_attribute(&b.attribute);
    let same_sub =
        a.attribute.sub.is_none() || b.attribute.sub.is_none() || a.attribute.sub == b.attribute.sub;
    let same_element = match (&a.element, &b.element) {
        (Some(a), Some(b)) => a.value == b.value && (a.sub.is_none() || b.sub.is_none() || a.sub == b.sub),
        _ => true,
    };
    same_attribute && same_sub && same_element
}

/// A function that stands in a file: a name, or one key with what it needs.
pub(super) fn parts(node: &Node) -> Option<(&str, Span, Option<&Node>)> {
    match &node.kind {
        Kind::Scalar { text, .. } => Some((text, node.span, None)),
        Kind::Map(entries) => match entries.as_slice() {
            [(key, argument)] => Some((key.text.as_str(), key.span, Some(argument))),
            _ => None,
        },
        Kind::List(_) => None,
    }
}

/// What a name is not, with the nearest that is.
pub(super) fn unknown_function(name: &str, span: Span) -> Mistake {
    if Function::LATER.contains(&name) {
        let mistake = Mistake::new(span, format!("the function `{name}` is not supported yet"));
        return mistake.hint(format!("for now, one of {}", Function::NAMES.join(", ")));
    }
    let mistake = Mistake::new(span, format!("unknown function `{name}`"));
    match nearest(name, shape::function_names()) {
        Some(near) => mistake.hint(format!("did you mean `{near}`?")),
        None => mistake.hint(format!("one of {}", Function::NAMES.join(", "))),
    }
}
