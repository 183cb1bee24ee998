//! `when` and `refuse`: logical expressions of RFC 9535, compiled once, run by jsonpath-rust with the resource as `$`.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use jsonpath_rust::query::js_path_process;

use super::parts::{self, Part};
use super::path::{self, Given};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Condition {
    query: JpQuery,
    /// The same, if it is of the commonest form.
    element: Option<AnElement>,
    /// Attributes that it reads; `None`: perhaps all.
    pub(super) attributes: Option<Vec<AttrPath>>,
    /// The parts of attributes that it names.
    pub(super) parts: Vec<Part>,
    /// Whether it reads the user's groups.
    pub(super) groups: bool,
    /// The text as it was written.
    pub(super) text: String,
}

impl Condition {
    /// Compiles an expression. `$groups`, `$old` and `$op` have become members of `$` in `expanded`.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn compile(text: &str, expanded: &str) -> Result<Self, String> {
        // A filter selects among elements, so it is given one to select: `$` is the resource, `@` means nothing.
        let query = path::parse(&format!("$['{PROBE}'][?{expanded}]"))?;
        let [_, Segment::Selector(Selector::Filter(filter))] = query.segments.as_slice() else {
            return Err("not a logical expression (RFC 9535 section 2.3.5)".to_owned());
        };
        let mut reads = Reads::default();
        reads.filter(filter, true)?;
        Ok(Self {
            element: AnElement::of(filter),
            groups: reads.groups,
            attributes: (!reads.anything).then_some(reads.attributes),
            parts: reads.parts,
            text: text.to_owned(),
            query,
        })
    }

    /// Whether it may be otherwise for who is in a group than for who is not, whatever other groups he is in.
    pub(super) fn concerns_group(&self, group: &Value) -> bool {
        match &self.element {
            _ if !self.groups => false,
            Some(element) if element.list == special_member("groups") => element.selects(group),
            _ => true,
        }
    }

    /// Whether it holds for a resource that carries the special members.
    pub(super) fn holds(&self, resource: &Value) -> bool {
        if let Some(element) = &self.element {
            return element.is_in(resource) != element.not;
        }
        js_path_process(&self.query, resource).is_ok_and(|found| !found.is_empty())
    }
}

/// `$.list[?@.key == 'value']`, or `!` that: whether there is such an element, walked by hand.
#[derive(Clone, Debug)]
struct AnElement {
    not: bool,
    list: String,
    /// Any of these: the key, and its value.
    any: Vec<(String, Value)>,
}

impl AnElement {
    fn of(filter: &Filter) -> Option<Self> {
        match filter {
            Filter::Or(parts) | Filter::And(parts) => match parts.as_slice() {
                [only] => Self::of(only),
                _ => None,
            },
            Filter::Atom(FilterAtom::Filter { expr, not }) => {
                let inner = Self::of(expr)?;
                Some(Self { not: inner.not != *not, ..inner })
            }
            Filter::Atom(FilterAtom::Test { expr, not }) => {
                let Test::AbsQuery(JpQuery { segments }) = expr.as_ref() else { return None };
                let [Segment::Selector(Selector::Name(list)), Segment::Selector(Selector::Filter(filter))] =
                    segments.as_slice()
                else {
                    return None;
                };
                let any = path::equalities(filter)?;
                Some(Self { not: *not, list: list.clone(), any })
            }
            Filter::Atom(FilterAtom::Comparison(_)) => None,
        }
    }

    fn is_in(&self, resource: &Value) -> bool {
        let Some(list) = resource.get(&self.list) else { return false };
        list.items().iter().any(|item| self.selects(item))
            || list.members().any(|(_, member)| self.selects(member))
    }

    fn selects(&self, element: &Value) -> bool {
        self.any.iter().any(|(key, value)| element.get(key).is_some_and(|found| found == value))
    }
}

/// The member whose one element a condition selects, or does not.
const PROBE: &str = "$probe";

/// The name of the member that a special becomes.
pub(super) fn special_member(name: &str) -> String {
    format!("${name}")
}

/// Lends a resource the members that expressions read, for the time of a call.
pub(super) fn with_specials<T>(resource: &mut Value, given: &Given<'_>, run: impl FnOnce(&Value) -> T) -> T {
    resource.set("$groups", given.groups.cloned().unwrap_or_else(|| Value::from(Vec::new())));
    resource.set("$op", given.operation.word());
    if let Some(old) = given.old {
        resource.set("$old", old.clone());
    }
    resource.set(PROBE, vec![Value::null()]);
    let out = run(resource);
    resource.remove(PROBE);
    for name in ["$groups", "$old", "$op"] {
        resource.remove(name);
    }
    out
}

/// Checks what the library does not: functions that it misreads or runs slowly, wherever they stand.
pub(super) fn check_segments(segments: &[Segment]) -> Result<(), String> {
    Reads::default().segments(segments)
}

/// Walks a filter, refuses what has no meaning in it, and notes what it reads of the resource.
#[derive(Default)]
struct Reads {
    attributes: Vec<AttrPath>,
    parts: Vec<Part>,
    groups: bool,
    anything: bool,
}

impl Reads {
    /// `top`: outside of every selection, where `@` means nothing.
    fn filter(&mut self, filter: &Filter, top: bool) -> Result<(), String> {
        match filter {
            Filter::Or(parts) | Filter::And(parts) => {
                parts.iter().try_for_each(|part| self.filter(part, top))
            }
            Filter::Atom(FilterAtom::Filter { expr, .. }) => self.filter(expr, top),
            Filter::Atom(FilterAtom::Comparison(comparison)) => {
                let (Comparison::Eq(a, b)
                | Comparison::Ne(a, b)
                | Comparison::Gt(a, b)
                | Comparison::Gte(a, b)
                | Comparison::Lt(a, b)
                | Comparison::Lte(a, b)) = comparison.as_ref();
                self.comparable(a, top)?;
                self.comparable(b, top)
            }
            Filter::Atom(FilterAtom::Test { expr, .. }) => match expr.as_ref() {
                Test::Function(function) => match function.as_ref() {
                    // RFC 9535 section 2.4.3: these give a value, and a value alone is no condition.
                    TestFunction::Length(_) | TestFunction::Count(_) | TestFunction::Value(_) => {
                        Err("length(), count() and value() must be compared with something".to_owned())
                    }
                    other => self.function(other, top),
                },
                other => self.test(other, top),
            },
        }
    }

    fn comparable(&mut self, comparable: &Comparable, top: bool) -> Result<(), String> {
        match comparable {
            Comparable::Literal(_) => Ok(()),
            Comparable::Function(function) => self.function(function, top),
            Comparable::SingularQuery(SingularQuery::Current(segments)) => {
                current(top)?;
                segments.iter().try_for_each(|segment| match segment {
                    SingularQuerySegment::Name(name) => check_name(name),
                    SingularQuerySegment::Index(_) => Ok(()),
                })
            }
            Comparable::SingularQuery(SingularQuery::Root(segments)) => {
                let names = segments.iter().map(|segment| match segment {
                    SingularQuerySegment::Name(name) => Segment::Selector(Selector::Name(name.clone())),
                    SingularQuerySegment::Index(index) => Segment::Selector(Selector::Index(*index)),
                });
                let names: Vec<_> = names.collect();
                self.root(&names);
                self.segments(&names)
            }
        }
    }

    fn test(&mut self, test: &Test, top: bool) -> Result<(), String> {
        match test {
            Test::RelQuery(segments) => {
                current(top)?;
                self.segments(segments)
            }
            Test::AbsQuery(JpQuery { segments }) => {
                self.root(segments);
                self.segments(segments)
            }
            Test::Function(function) => self.function(function, top),
        }
    }

    fn function(&mut self, function: &TestFunction, top: bool) -> Result<(), String> {
        match function {
            TestFunction::Length(argument) => self.argument(argument, top),
            TestFunction::Value(argument) | TestFunction::Count(argument) => self.argument(argument, top),
            TestFunction::Search(..) | TestFunction::Match(..) => Err(
                "match() and search() compile their expression anew for every request, and one that cannot be compiled \
                 never matches: compare with ==, or use a table"
                    .to_owned(),
            ),
            TestFunction::Custom(name, _) => Err(format!("`{name}` is no function of RFC 9535")),
        }
    }

    fn argument(&mut self, argument: &FnArg, top: bool) -> Result<(), String> {
        match argument {
            FnArg::Literal(_) => Ok(()),
            FnArg::Test(test) => self.test(test, top),
            FnArg::Filter(filter) => self.filter(filter, top),
        }
    }

    fn segments(&mut self, segments: &[Segment]) -> Result<(), String> {
        segments.iter().try_for_each(|segment| match segment {
            Segment::Descendant(inner) => self.segments(std::slice::from_ref(inner)),
            Segment::Selector(one) => self.selector(one),
            Segment::Selectors(many) => many.iter().try_for_each(|one| self.selector(one)),
        })
    }

    fn selector(&mut self, selector: &Selector) -> Result<(), String> {
        match selector {
            Selector::Filter(filter) => self.filter(filter, false),
            Selector::Name(name) => check_name(name),
            _ => Ok(()),
        }
    }

    fn root(&mut self, segments: &[Segment]) {
        self.parts.extend(parts::named(segments));
        match path::first_attribute(segments) {
            Some(path) if path.name == "$groups" => self.groups = true,
            Some(path) if path.name == "$op" => {}
            Some(path) if path.name == "$old" => self.anything = true,
            Some(path) => self.attributes.push(path),
            None => self.anything = true,
        }
    }
}

/// The library reads `$.a b` as one name; no attribute has a blank in its own.
fn check_name(name: &str) -> Result<(), String> {
    if name.contains(char::is_whitespace) {
        Err(format!("`{name}` is no name of an attribute"))
    } else {
        Ok(())
    }
}

fn current(top: bool) -> Result<(), String> {
    if top { Err("`@` has a meaning only inside [?…]; the resource is `$`".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    fn holds(expression: &str, user: &str) -> Result<bool, String> {
        let condition = Condition::compile(expression, expression)?;
        let mut user = Value::read(user.as_bytes(), &Limits::REQUEST).unwrap();
        let groups = Value::read(br#"[{"displayName":"Ops"}]"#, &Limits::REQUEST).unwrap();
        let given = Given { groups: Some(&groups), ..Given::default() };
        Ok(with_specials(&mut user, &given, |user| {
            let queried = js_path_process(&condition.query, user).is_ok_and(|found| !found.is_empty());
            assert_eq!(condition.holds(user), queried, "walked by hand, {expression} means the same");
            queried
        }))
    }

    #[test]
    fn conditions_are_of_the_resource() {
        let user = r#"{"userName":"ana","active":true,"emails":[{"type":"work","value":"a@x"}]}"#;
        for (expression, expected) in [
            ("$.userName == 'ana'", true),
            ("$.active == false || $.userName == 'ana'", true),
            ("$.title", false),
            ("!$.title && $.emails", true),
            ("$.emails[?@.type == 'work']", true),
            ("$.emails[?@.type == 'home']", false),
            ("$['$groups'][?@.displayName == 'Ops']", true),
            ("!$['$groups'][?@.displayName == 'Ops']", false),
            ("!(!$['$groups'][?@.displayName == 'Ops'])", true),
            ("$['$groups'][?@.displayName == 'Other' || @.displayName == 'Ops']", true),
            ("$['$groups'][?(@.displayName == 'ops')]", false),
            ("$.emails[?@.type == 'work' && @.value == 'b@x']", false),
            ("$.name[?@.type == 'work']", false),
            ("$['$op'] == 'create'", true),
            ("count($.emails[*]) == 1", true),
            ("length($.userName) > 3", false),
            ("($.userName == 'bo' || $.active == true) && !($.title == 'x')", true),
        ] {
            assert_eq!(holds(expression, user), Ok(expected), "{expression}");
        }
    }

    #[test]
    fn expressions_without_a_meaning_are_refused() {
        for expression in [
            "@.userName == 'ana'",
            "length($.userName)",
            "match($.userName, 'a.*')",
            "$.emails[?search(@.value, 'x')]",
            "in($.userName, $.list)",
            "$.userName = 'ana'",
            "'ana'",
            "",
        ] {
            assert!(holds(expression, "{}").is_err(), "{expression}");
        }
    }

    #[test]
    fn what_is_read_is_known() {
        let compiled = |text: &str| Condition::compile(text, text).unwrap();
        let reads = compiled("$.title == 'x' && $['urn:x:1.0:User'].a && $['$groups'][?@.a == $.locale]");
        let names: Vec<_> = reads.attributes.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["title", "urn:x:1.0:User:a", "locale"]);
        assert!(reads.groups);
        assert!(compiled("$[*]").attributes.is_none());
    }
}
