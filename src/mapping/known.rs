//! Whether the schemas in use have what a path names; the nearest name where they have not.

use compact_str::CompactString;

use super::compile::Compiler;
use super::expression::special_member;
use super::parts::Part;
use super::path::Place;
use crate::scim::name::AttrPath;
use crate::scim::schema::AttributeType;
use crate::yaml::{Mistake, Span, nearest};

/// What the bridge knows of a group that a user is in.
const GROUP_MEMBERS: [&str; 2] = ["value", "displayName"];

impl Compiler<'_> {
    pub(super) fn check_place(&mut self, place: &Place, span: Span) {
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
    pub(super) fn check_part(&mut self, part: &Part, span: Span) {
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
            mistake.hint(format!("it holds plain values: name it without `.{sub}`"))
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

    /// The attribute of an extension whose name is nearest.
    fn nearly(&self, name: &str) -> Option<(&str, &str)> {
        self.catalog.extensions.iter().find_map(|schema| {
            let near = nearest(name, schema.attributes.iter().map(|attribute| attribute.name.as_str()))?;
            Some((schema.id.as_str(), near))
        })
    }

    /// Whether the schemas in use have the attribute; a mistake with the nearest name if not.
    pub(super) fn check_known(&mut self, path: &AttrPath, span: Span) -> bool {
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
                    None => match self.nearly(&path.name) {
                        Some((other, near)) => mistake.hint(format!("did you mean `{near}` of {other}?")),
                        None => mistake.hint("declare the vendor's own attributes under profile.extensions"),
                    },
                },
            };
        self.mistakes.push(mistake);
        false
    }
}
