//! From the nodes of a file to rules, with every mistake found on the way.

use std::sync::Arc;

use super::converge::lost;
use super::expression::Condition;
use super::function::{Class, Function, Pipeline};
use super::made::Made;
use super::merge::Merge;
use super::path::{self, Place, Source};
use super::rule::{Back, From, Rule, Verb};
use super::scope::{Scope, Wrong};
use super::table::Match;
use super::template::Template;
use super::{Lens, Operation, functions, shape};
use crate::scim::schema::Catalog;
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
    let rules: Vec<(Rule, Span)> =
        rules.iter().filter_map(|node| compiler.rule(node).map(|rule| (rule, target_span(node)))).collect();
    compiler.check_targets(&rules);
    let rules: Vec<Rule> = rules.into_iter().map(|(rule, _)| rule).collect();
    let pass = section.and_then(|section| section.text_at("pass")) != Some("none");
    Lens::new(catalog, rules, pass)
}

/// What paths look like, for whoever wrote one that does not.
const PATHS: &str = "such as $.name.givenName, $.emails[?@.type == 'work'].value or $prefix.attribute";

/// Compiles the rules of one resource type, and gathers every mistake.
pub(super) struct Compiler<'c> {
    scope: &'c Scope,
    pub(super) catalog: &'c Catalog,
    remembers: bool,
    pub(super) mistakes: &'c mut Vec<Mistake>,
}

impl Compiler<'_> {
    fn rule(&mut self, node: &Node) -> Option<Rule> {
        const VERBS: [&str; 6] = ["move", "set", "drop", "hide", "refuse", "use"];
        let verbs: Vec<_> =
            node.entries().iter().filter(|(key, _)| VERBS.contains(&key.text.as_str())).collect();
        let [(verb, target)] = verbs.as_slice() else {
            let span = verbs.get(1).map_or(node.span, |(second, _)| second.span);
            let mistake = Mistake::new(span, format!("a rule has exactly one of {}", VERBS.join(", ")));
            self.mistakes.push(mistake.hint(match verbs.as_slice() {
                [] => "say what it does, such as set: $.title",
                _ => "two things to do are two rules",
            }));
            return None;
        };
        for (key, _) in node.entries().iter().filter(|(key, _)| key.text != verb.text) {
            if !shape::modifiers(&verb.text).contains(&key.text.as_str()) {
                let mistake =
                    Mistake::new(key.span, format!("`{}` has no meaning with `{}`", key.text, verb.text));
                let known = shape::modifiers(&verb.text);
                self.mistakes.push(match known {
                    [] => mistake.hint("leave it out"),
                    known => {
                        mistake.hint(format!("beside `{}`, there can be {}", verb.text, known.join(", ")))
                    }
                });
            }
        }
        let span = verb.span;
        let when = node.get("when").and_then(|node| self.condition(node));
        let ops = node.get("ops").map(Node::each).unwrap_or_default();
        if let Some(none) = node.get("ops").filter(|_| ops.is_empty()) {
            let hint = "leave `ops` out for a rule that always applies, or name create, replace or patch";
            self.wrong(none.span, "a rule without any operation would never apply", hint);
        }
        let ops: Vec<_> = ops.iter().filter_map(|node| node.text().and_then(Operation::parse)).collect();
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
        let merge = self.merge(node, &verb);
        if matches!(&verb, Verb::Set { from: From::Made(_), .. }) && ops != [Operation::Create] {
            let place = node.get("ops").or_else(|| node.get("via")).map_or(node.span, |node| node.span);
            let message = "what is made from nothing would be another with each request";
            self.wrong(place, message, "say `ops: [create]`: it is made once, and kept");
        }
        Some(Rule { span, verb, when, ops, back, merge })
    }

    fn move_rule(&mut self, node: &Node, target: &Node, asked: Option<&str>) -> Option<(Verb, Back)> {
        let [from, to] = target.items() else {
            let mistake = Mistake::new(target.span, "`move` takes two paths");
            let hint = "move: [on the identity provider's side, on the vendor's]";
            self.mistakes.push(mistake.hint(hint));
            return None;
        };
        let (from, to) = (self.place(from), self.place(to));
        let via = self.pipeline(node);
        let otherwise = node.get("else").and_then(|node| self.template(node, &[]));
        let partial = otherwise.is_some() || node.get("when").is_some() || node.get("ops").is_some();
        let merged = node.text_at("merge").is_some_and(|merge| merge != "replace");
        let needs_back = via.class() >= Class::Partial || partial || merged;
        if needs_back && asked.is_none() {
            let worst = via.0.iter().position(|function| function.class() == via.class());
            let lossy = worst.map(|at| &via.0[at]).filter(|function| function.class() == Class::Lossy);
            let step = worst.and_then(|at| node.get("via")?.each().get(at));
            let place = match step {
                _ if partial => ["when", "ops", "else"].iter().find_map(|key| node.get(key)),
                _ if via.class() >= Class::Partial => step,
                _ => node.get("merge"),
            };
            let example = from.as_ref().filter(|_| !partial && !merged);
            let example = example.and_then(|from| lost(from, &via, self.catalog));
            let why = match lossy {
                _ if partial => "the rule does not always apply".to_owned(),
                _ if via.class() == Class::Partial => "not every value has a result".to_owned(),
                None if merged => "the vendor has more than it is sent".to_owned(),
                Some(Function::Table(table)) if matches!(table.by(), Match::Prefix | Match::Regex) => {
                    "a row of the table stands for many values".to_owned()
                }
                Some(Function::Table(_)) => "several rows of the table have the same value".to_owned(),
                Some(Function::Each(_)) | None => "something is lost on the way".to_owned(),
                Some(function) => format!("`{}` loses something", function.name()),
            };
            let example = example.map_or(String::new(), |lost| format!(" ({lost})"));
            let message = format!("what the identity provider reads back is not known: {why}{example}");
            let span = place.map_or(node.span, |node| node.span);
            self.wrong(span, message, "say `back: echo` (what it wrote), `back: vendor` or `back: hide`");
        }
        // One mistake is enough: nobody needs to be told what the inverse would give.
        let default = if needs_back { Back::Echo } else { Back::Invert };
        let back = self.back(node, asked, default, &[Back::Invert, Back::Echo, Back::Hide, Back::Vendor]);
        if asked == Some("invert") && (partial || merged || !via.can_be_undone()) {
            let span = node.get("back").map_or(node.span, |node| node.span);
            self.wrong(
                span,
                "this rule cannot be undone",
                "use `back: echo`, `back: vendor` or `back: hide`",
            );
        }
        self.check_keys(node, &via, None);
        Some((Verb::Move { from: from?, to: to?, via, otherwise }, back))
    }

    fn set_rule(&mut self, node: &Node, target: &Node, asked: Option<&str>) -> Option<(Verb, Back)> {
        let to = self.place(target);
        let mut from = node.get("from").map_or(Some(From::Nothing), |node| self.from(node));
        let via = match self.made(node) {
            Some(made) => {
                from = Some(From::Made(made));
                self.steps(node.get("via").map(Node::each).unwrap_or_default().get(1..).unwrap_or_default())
            }
            None => self.pipeline(node),
        };
        let names = match &from {
            Some(From::Named(named)) => named.iter().map(|(name, _)| name.as_str()).collect(),
            Some(From::First(_)) | None => vec!["it"],
            Some(From::Nothing | From::Made(_)) => Vec::new(),
        };
        let value = node.get("value").and_then(|node| self.template(node, &names));
        if matches!(from, Some(From::Nothing)) && node.get("value").is_none() {
            let mistake = Mistake::new(target.span, "`set` needs a `value` or a `from`");
            self.mistakes.push(mistake.hint("value: a literal; from: the path that it is made from"));
        }
        if matches!(from, Some(From::Named(_))) && node.get("value").is_none() {
            self.check_keys(node, &via, Some(&names));
        } else {
            self.check_keys(node, &via, None);
        }
        let otherwise = node.get("else").and_then(|node| self.template(node, &[]));
        let back = self.back(node, asked, Back::Echo, &[Back::Echo, Back::Hide, Back::Vendor]);
        Some((Verb::Set { to: to?, from: from?, value, via, otherwise }, back))
    }

    /// What makes a value from nothing: the first function of a `set` that has no other source.
    fn made(&mut self, node: &Node) -> Option<Made> {
        let first = node.get("via").map(Node::each).unwrap_or_default().first()?;
        match functions::made(first) {
            Ok(made) => {
                for key in ["from", "value"].iter().filter(|_| made.is_some()) {
                    if let Some(other) = node.get(key) {
                        let message = format!("`{key}` has no meaning here: the value is made from nothing");
                        self.wrong(other.span, message, "take it out, or put another function first");
                    }
                }
                made
            }
            Err(mistake) => {
                self.mistakes.push(mistake);
                Some(Made::Uuid)
            }
        }
    }

    /// A table with several keys needs just these, all in one value, and everything that has several needs such a table.
    fn check_keys(&mut self, node: &Node, via: &Pipeline, names: Option<&[&str]>) {
        let place =
            node.get("via").map_or(node.span, |via| via.each().first().map_or(via.span, |first| first.span));
        let wanted = |function: &Function| match function {
            Function::Table(table) if !table.names().is_empty() => Some(table.names().to_vec()),
            _ => None,
        };
        match (via.0.first().and_then(wanted), names) {
            (None, Some(_)) => {
                let message = "with named sources, `set` needs a `value` that uses the names";
                let hint = "such as from: { first: $.name.givenName } with value: \"{first}\", or a table with these `keys`";
                self.wrong(node.get("from").map_or(node.span, |from| from.span), message, hint);
            }
            (Some(keys), Some(names)) => {
                if let Some(key) = keys.iter().find(|key| !names.contains(&key.as_str())) {
                    let message = format!("the table has a key `{key}`, and `from` has no such name");
                    self.wrong(place, message, format!("the names are {}", names.join(", ")));
                } else if let Some(name) = names.iter().find(|name| !keys.iter().any(|key| key == *name)) {
                    let message = format!("`from` has the name `{name}`, and the table has no such key");
                    self.wrong(place, message, format!("its keys are {}", keys.join(", ")));
                }
            }
            (Some(keys), None) if node.get("move").is_none() => {
                let message = "a table with several keys needs several values under their names";
                let pairs: Vec<_> = keys.iter().map(|key| format!("{key}: $.…")).collect();
                self.wrong(place, message, format!("from: {{ {} }}", pairs.join(", ")));
            }
            _ => {}
        }
        if via.0.iter().skip(1).any(|function| wanted(function).is_some()) {
            self.wrong(place, "a table with several keys stands first", "put it at the beginning of `via`");
        }
    }

    fn wrong(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.mistakes.push(Mistake::new(span, message).hint(hint));
    }

    fn merge(&mut self, node: &Node, verb: &Verb) -> Merge {
        let merge = node.text_at("merge").and_then(Merge::parse).unwrap_or_default();
        let (Verb::Move { to, .. } | Verb::Set { to, .. }) = verb else { return merge };
        let span = node.get("merge").map_or(node.span, |node| node.span);
        let list = to.element.is_none()
            && to.attribute.sub.is_none()
            && self.catalog.attribute(&to.attribute).is_none_or(|attribute| attribute.multi_valued);
        if merge != Merge::Replace && !list {
            let message = format!("`merge` is for lists, and {to} holds one value");
            self.wrong(span, message, "take `merge` out, or write the whole list");
        }
        if merge == Merge::Owned && !self.remembers {
            let mistake =
                Mistake::new(span, "`merge: owned` needs memory, and the integration has `state: none`");
            self.mistakes.push(mistake.hint("take `state: none` away, or use `merge: union`"));
        }
        merge
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
                let hint = expression_hint(text);
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

    fn pipeline(&mut self, node: &Node) -> Pipeline {
        self.steps(node.get("via").map(Node::each).unwrap_or_default())
    }

    fn steps(&mut self, steps: &[Node]) -> Pipeline {
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
            let what =
                if names.is_empty() { "no parameter" } else { "neither a parameter nor a name of `from`" };
            let mistake = Mistake::new(node.span, format!("`{{{name}}}` is {what}"));
            let candidates = names.iter().copied().chain(self.scope.parameter_names());
            self.mistakes.push(match nearest(name, candidates) {
                Some(near) => mistake.hint(format!("did you mean `{{{near}}}`?")),
                None if names.is_empty() => mistake
                    .hint("only parameters are filled in here, since nothing is read; write {{ for a brace"),
                None => mistake.hint("write {{ for a brace"),
            });
        }
        Some(template)
    }

    /// Two rules that write one place contradict each other, unless the later only sometimes does.
    fn check_targets(&mut self, rules: &[(Rule, Span)]) {
        let target = |rule: &Rule| match &rule.verb {
            Verb::Move { to, .. } | Verb::Set { to, .. } => Some(to.clone()),
            _ => None,
        };
        for (at, (rule, span)) in rules.iter().enumerate() {
            if rule.when.is_some() || !rule.ops.is_empty() {
                continue;
            }
            let moved = |rule: &Rule| match &rule.verb {
                Verb::Move { from, .. } => Some(from.clone()),
                _ => None,
            };
            let taken = |from| rules[..at].iter().find(|(other, _)| moved(other) == from);
            if let Some((earlier, _)) = moved(rule).and_then(|from| taken(Some(from))) {
                let message = format!("the rule at line {} moves this attribute already", earlier.span.line);
                let hint =
                    "a second place at the vendor is another rule: `set` that place, `from` this attribute";
                self.wrong(rule.span, message, hint);
            }
            let Some(place) = target(rule) else { continue };
            let overlapping =
                |(other, _): &&(Rule, Span)| target(other).is_some_and(|other| overlaps(&other, &place));
            if let Some((earlier, _)) = rules[..at].iter().find(overlapping) {
                let message = format!("{place} is written already by the rule at line {}", earlier.span.line);
                self.wrong(*span, message, "give the later rule a `when`, or take one of the two out");
            }
        }
    }
}

/// What an expression looks like, for whoever wrote one that does not.
fn expression_hint(text: &str) -> &'static str {
    let words = [" eq ", " ne ", " co ", " sw ", " ew ", " pr", " and ", " or ", "not "];
    let assigns = text.replace("==", "").replace("!=", "").replace("<=", "").replace(">=", "").contains('=');
    if assigns {
        "equality is written with two signs: $.title == 'x'"
    } else if words.iter().any(|word| text.contains(word)) {
        "this is no SCIM filter: write ==, !=, &&, || and !, such as $.title == 'x' && $.active == true"
    } else {
        "such as $.title == 'x', $.emails[?@.type == 'work'] or !$.active; the functions are length(), count() and value()"
    }
}

/// Where a rule names the place that it writes.
fn target_span(rule: &Node) -> Span {
    let moved = rule.get("move").and_then(|pair| pair.items().get(1));
    moved.or_else(|| rule.get("set")).map_or(rule.span, |node| node.span)
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
    if Made::NAMES.contains(&name) {
        let mistake = Mistake::new(span, format!("`{name}` takes no value: it makes one from nothing"));
        return mistake
            .hint("it stands first under a `set` with `ops: [create]` and without `from` and `value`");
    }
    let mistake = Mistake::new(span, format!("unknown function `{name}`"));
    match nearest(name, shape::function_names()) {
        Some(near) => mistake.hint(format!("did you mean `{near}`?")),
        None => mistake.hint(format!("one of {}", Function::NAMES.join(", "))),
    }
}
