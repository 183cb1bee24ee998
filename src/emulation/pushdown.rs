//! Which part of a filter the vendor evaluates; the rest is the bridge's.

use super::profile::Profile;
use super::resource;
use crate::scim::filter::{Filter, Op};
use crate::scim::name::AttrPath;
use crate::scim::schema::ResourceType;

/// What the vendor is asked, and whether that is all.
#[derive(Clone, Debug, PartialEq)]
pub struct Pushdown {
    /// The filter to send; `None`: none.
    pub ask: Option<Filter>,
    /// What to ask besides, one after the other: alternatives that the vendor cannot be asked at once.
    pub also: Vec<Filter>,
    /// Whether the answer needs no further filtering.
    pub exact: bool,
    /// Whether the answer may miss what was asked for: when it holds none, all are looked through.
    pub partial: bool,
}

impl Pushdown {
    /// No question: all are looked through.
    pub const NOTHING: Self = Self { ask: None, also: Vec::new(), exact: false, partial: false };

    /// Every question to put; one without a filter where there is nothing to ask for.
    pub fn each(&self) -> impl Iterator<Item = Option<&Filter>> {
        [self.ask.as_ref()].into_iter().chain(self.also.iter().map(Some))
    }
}

/// Splits a filter, in the vendor's terms, at what the vendor can do. A filter that it cannot evaluate is never sent:
/// what vendors answer to those is often an empty list, which reads as "nobody".
pub fn pushdown(profile: &Profile, resource: ResourceType, filter: Filter) -> Pushdown {
    let able = &profile.resource(resource).filter;
    if knows(able, &filter) {
        let exact = !able.wording.widens(&filter);
        return Pushdown { ask: Some(filter), exact, ..Pushdown::NOTHING };
    }
    if is_guess(able, &filter) {
        return Pushdown { ask: Some(filter), partial: true, ..Pushdown::NOTHING };
    }
    let parts = match filter {
        Filter::And(parts) => parts,
        Filter::Or(parts) if parts.iter().all(|part| knows(able, part)) => {
            let mut parts = parts.into_iter();
            return Pushdown { ask: parts.next(), also: parts.collect(), ..Pushdown::NOTHING };
        }
        _ => return Pushdown::NOTHING,
    };
    // An equality selects most.
    if able.wording.combos.is_some() {
        let single = Filter::all(able.wording.most(&parts)).filter(|filter| knows(able, filter));
        return Pushdown { ask: single, ..Pushdown::NOTHING };
    }
    let mut known: Vec<Filter> = parts.into_iter().filter(|part| knows(able, part)).collect();
    known.sort_by_key(|part| part.as_eq().is_none());
    let few =
        |most: usize| (1..=known.len()).rev().find(|few| size(&known[..*few]) < most).unwrap_or_default();
    match able.max_nodes {
        _ if able.no_and => known.truncate(1),
        Some(most) => known.truncate(few(most).max(1)),
        None => {}
    }
    Pushdown { ask: Filter::all(known), ..Pushdown::NOTHING }
}

/// Whether it is worth asking although some may be missed: whoever is found is the one.
fn is_guess(able: &resource::Filter, filter: &Filter) -> bool {
    let Some((path, _)) = filter.as_eq().filter(|(path, _)| able.wording.strict.contains(path)) else {
        return false;
    };
    let mut wording = able.wording.clone();
    wording.strict.clear();
    path.is_core("userName") && knows(&resource::Filter { wording, ..able.clone() }, filter)
}

/// Whether the vendor evaluates a filter.
fn knows(able: &resource::Filter, filter: &Filter) -> bool {
    able.max_nodes.is_none_or(|most| size(std::slice::from_ref(filter)) <= most) && understands(able, filter)
}

/// How many comparisons and operators filters have, together.
fn size(filters: &[Filter]) -> usize {
    let one = |filter: &Filter| match filter {
        Filter::Compare { .. } | Filter::Present(_) => 1,
        Filter::Element(_, inner) | Filter::Not(inner) => 1 + size(std::slice::from_ref(&**inner)),
        Filter::And(parts) | Filter::Or(parts) => 1 + size(parts),
    };
    filters.iter().map(one).sum()
}

/// Whether the vendor understands it, whatever its length.
fn understands(able: &resource::Filter, filter: &Filter) -> bool {
    let attribute = |path: &AttrPath| {
        !able.unreliable.iter().any(|other| other.same_attribute(path))
            && able.attributes.as_ref().is_none_or(|known| known.contains(path))
    };
    if let Filter::And(parts) = filter
        && able.wording.combos.is_some()
    {
        let each = |part: &Filter| {
            part.as_eq().is_some_and(|(path, _)| attribute(path))
                && able.ops.as_ref().is_none_or(|ops| ops.contains(&Op::Eq))
        };
        return able.wording.takes_all(parts) && parts.iter().all(each);
    }
    if !able.wording.takes(filter) {
        return false;
    }
    match filter {
        Filter::Compare { path, op, .. } => {
            attribute(path) && able.ops.as_ref().is_none_or(|ops| ops.contains(op))
        }
        Filter::Present(path) => attribute(path) && !able.no_present,
        Filter::Element(path, inner) => attribute(path) && !able.no_element && knows_inner(able, inner),
        Filter::And(parts) => !able.no_and && parts.iter().all(|part| understands(able, part)),
        Filter::Or(parts) => !able.no_or && parts.iter().all(|part| understands(able, part)),
        Filter::Not(inner) => !able.no_not && understands(able, inner),
    }
}

fn knows_inner(able: &resource::Filter, filter: &Filter) -> bool {
    match filter {
        Filter::Compare { op, .. } => able.ops.as_ref().is_none_or(|ops| ops.contains(op)),
        Filter::Present(_) => !able.no_present,
        Filter::Element(..) => false,
        Filter::And(parts) => !able.no_and && parts.iter().all(|part| knows_inner(able, part)),
        Filter::Or(parts) => !able.no_or && parts.iter().all(|part| knows_inner(able, part)),
        Filter::Not(inner) => !able.no_not && knows_inner(able, inner),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::yaml::parse;

    #[test]
    fn a_filter_that_is_too_long_is_asked_in_part_or_not_at_all() {
        let text = "resources:\n  Users:\n    filter: { max_nodes: 3 }\n";
        let mut mistakes = Vec::new();
        let short = Profile::read(Some(&parse(0, text).unwrap()), &HashMap::new(), &mut mistakes);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        for (filter, ask, exact) in [
            (r#"title sw "a" and title ew "b""#, Some(r#"title sw "a" and title ew "b""#), true),
            (
                r#"title sw "a" and title ew "b" and userName eq "c""#,
                Some(r#"userName eq "c" and title sw "a""#),
                false,
            ),
            (r#"not (title sw "a" and title ew "b")"#, None, false),
        ] {
            let got = pushdown(&short, ResourceType::User, Filter::parse(filter).unwrap());
            assert_eq!((got.ask.map(|f| f.to_string()).as_deref(), got.exact), (ask, exact), "{filter}");
        }
    }

    #[test]
    fn the_vendor_is_asked_what_it_knows() {
        let text = "resources:\n  Users:\n    filter: { attrs: [userName, emails.value], ops: [eq], and: false, or: false, not: false }\n";
        let mut mistakes = Vec::new();
        let narrow = Profile::read(Some(&parse(0, text).unwrap()), &HashMap::new(), &mut mistakes);
        assert!(mistakes.is_empty(), "{mistakes:?}");
        for (filter, ask, exact) in [
            (r#"userName eq "a""#, Some(r#"userName eq "a""#), true),
            (r#"emails.value eq "a""#, Some(r#"emails.value eq "a""#), true),
            (r#"userName sw "a""#, None, false),
            (r#"userName pr"#, None, false),
            (r#"externalId eq "a""#, None, false),
            (r#"externalId eq "a" and userName eq "b""#, Some(r#"userName eq "b""#), false),
            (r#"userName eq "a" or userName eq "b""#, Some(r#"userName eq "a""#), false), // and then the other
            (r#"userName eq "a" or title eq "b""#, None, false),
            (r#"emails[type eq "work" and value eq "x"]"#, None, false),
        ] {
            let got = pushdown(&narrow, ResourceType::User, Filter::parse(filter).unwrap());
            assert_eq!((got.ask.map(|f| f.to_string()).as_deref(), got.exact), (ask, exact), "{filter}");
            let all = pushdown(&Profile::default(), ResourceType::User, Filter::parse(filter).unwrap());
            assert_eq!((all.ask.map(|f| f.to_string()).as_deref(), all.exact), (Some(filter), true));
        }
    }
}
