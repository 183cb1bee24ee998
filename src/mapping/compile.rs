//! From the nodes of a file to rules, with every mistake found on the way.

use std::sync::Arc;

use super::expression::Condition;
use super::function::{Class, Function, Pipeline};
use super::path::{self, Place, Source};
use super::rule::{Back, From, Rule, Verb};
use super::scope::Scope;
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

struct Compiler<'c> {
    scope: &'c Scope,
    catalog: &'c Catalog,
    remembers: bool,
    mistakes: &'c mut Vec<Mistake>,
}

impl Compiler<'_> {
    fn wrong(&mut self, span: Span, message: impl Into<String>) {
        self.mistakes.push(Mistake::new(span, message));
    }

    fn rule(&mut self, node: &Node) -> Option<Rule> {
        const VERBS: [&str; 6] = ["move", "set", "drop", "hide", "refuse", "use"];
        let verbs: Vec<_> =
            node.entries().iter().filter(|(key, _)| VERBS.contains(&key.text.as_str())).collect();
        let [(verb, target)] = verbs.as_slice() else {
            self.wrong(node.span, format!("a rule has exactly one of {}", VERBS.join(", ")));
            return None;
        };
        for (key, _) in node.entries().iter().filter(|(key, _)| key.text != verb.text) {
            if !shape::modifiers(&verb.text).contains(&key.text.as_str()) {
                self.wrong(key.span, format!("`{}` has no meaning with `{}`", key.text, verb.text));
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
            self.wrong(
                target.span,
                "`move` takes two paths: [on the identity provider's side, on the vendor's]",
            );
            return None;
        };
        let (from, to) = (self.place(from), self.place(to));
        let via = self.pipeline(node);
        let otherwise = node.get("else").and_then(|node| self.template(node, &[]));
        let partial = otherwise.is_some() || node.get("when").is_some() || node.get("ops").is_some();
        let needs_back = via.class() == Class::Lossy || partial;
        if needs_back && asked.is_none() {
            let why = if partial { "it does not always apply" } else { "it loses something" };
            let mistake =
                Mistake::new(node.span, format!("what the identity provider reads back is not known: {why}"));
            self.mistakes
                .push(mistake.hint("say `back: echo` (what it wrote), `back: vendor` or `back: hide`"));
        }
        let back =
            self.back(node, asked, Back::Invert, &[Back::Invert, Back::Echo, Back::Hide, Back::Vendor]);
        if needs_back && asked == Some("invert") {
            self.wrong(node.span, "this rule cannot be undone: use `back: echo`, `vendor` or `hide`");
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
            self.wrong(node.span, "`set` needs a `value` or a `from`");
        }
        if matches!(from, Some(From::Named(_))) && node.get("value").is_none() {
            self.wrong(node.span, "with named sources, `set` needs a `value` that uses the names");
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
            self.wrong(span, format!("`back: {}` has no meaning here", asked.unwrap_or_default()));
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
        let compiled = self.scope.expand(text, true).and_then(|expanded| Condition::compile(text, &expanded));
        match compiled {
            Ok(condition) => {
                for path in condition.attributes.iter().flatten() {
                    self.check_known(path, node.span);
                }
                Some(condition)
            }
            Err(why) => {
                self.wrong(node.span, format!("the expression cannot be used: {why}"));
                None
            }
        }
    }

    fn source(&mut self, node: &Node) -> Option<Source> {
        let text = node.text().unwrap_or_default();
        if !text.starts_with('$') {
            self.wrong(node.span, "a path begins with $");
            return None;
        }
        match self.scope.expand(text, false).and_then(|expanded| path::source(&expanded)) {
            Ok(source) => {
                if let Some(place) = source.as_place() {
                    self.check_place(place, node.span);
                } else if source.root() == path::Root::Resource {
                    for path in source.attributes().iter().flatten() {
                        self.check_known(path, node.span);
                    }
                }
                Some(source)
            }
            Err(why) => {
                self.wrong(node.span, format!("the path cannot be used: {why}"));
                None
            }
        }
    }

    fn place(&mut self, node: &Node) -> Option<Place> {
        let text = node.text().unwrap_or_default();
        if !text.starts_with('$') {
            self.wrong(node.span, "a path begins with $");
            return None;
        }
        match self.scope.expand(text, false).and_then(|expanded| path::place(&expanded)) {
            Ok(place) => {
                self.check_place(&place, node.span);
                Some(place)
            }
            Err(why) => {
                self.wrong(node.span, format!("the path cannot be used: {why}"));
                None
            }
        }
    }

    fn check_place(&mut self, place: &Place, span: Span) {
        if !self.check_known(&place.attribute.whole(), span) {
            return;
        }
        let Some(attribute) = self.catalog.attribute(&place.attribute) else { return };
        let name = &attribute.name;
        let sub = place.element.as_ref().map_or(place.attribute.sub.as_ref(), |element| element.sub.as_ref());
        if let Some(sub) =
            sub.filter(|_| attribute.kind == AttributeType::Complex && !attribute.sub_attributes.is_empty())
            && attribute.sub(sub).is_none()
        {
            let mistake = Mistake::new(span, format!("{name} has no sub-attribute `{sub}`"));
            let near = nearest(sub, attribute.sub_attributes.iter().map(|sub| sub.name.as_str()));
            let mistake = match near {
                Some(near) => mistake.hint(format!("did you mean `{near}`?")),
                None => mistake,
            };
            self.mistakes.push(mistake);
        }
        if attribute.multi_valued && place.attribute.sub.is_some() {
            let mistake = Mistake::new(span, format!("{name} is a list"));
            self.mistakes.push(mistake.hint(format!("say which element: $.{name}[?@.type == 'work'].value")));
        }
        if !attribute.multi_valued && place.element.is_some() {
            self.wrong(span, format!("{name} holds one value, and has no elements"));
        }
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
                self.wrong(node.span, why);
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
        return Mistake::new(span, format!("the function `{name}` is not supported yet"));
    }
    let mistake = Mistake::new(span, format!("unknown function `{name}`"));
    match nearest(name, shape::function_names()) {
        Some(near) => mistake.hint(format!("did you mean `{near}`?")),
        None => mistake,
    }
}
