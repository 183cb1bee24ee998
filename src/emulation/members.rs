//! What a vendor does with the members of a group.

use super::profile::{Reader, clamp};
use crate::scim::name::AttrPath;
use crate::scim::schema::{Catalog, ResourceType};
use crate::yaml::{Mistake, Node};

/// How members of a group are shown and changed.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// A group is shown without them, and this attribute of users finds them; `None`: it is shown with them.
    pub query: Option<AttrPath>,
    /// `replace` of all members is not taken, or does not take any out.
    pub no_replace: bool,
    /// `remove` of all members is not taken.
    pub no_remove_all: bool,
    /// How a member is taken out.
    pub remove_form: RemoveForm,
    /// How many members a PATCH may change.
    pub per_patch: Option<usize>,
    /// How many members a creation may bring.
    pub per_create: Option<usize>,
}

/// How a member is taken out of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RemoveForm {
    /// `"path": "members[value eq \"x\"]"`
    #[default]
    FilterPath,
    /// `"path": "members[value eq x]"`
    FilterPathUnquoted,
    /// `"path": "members", "value": [{ "value": "x" }]`
    ValueArray,
}

impl Members {
    pub(super) fn read(node: &Node, reader: &mut Reader<'_>) -> Self {
        let query = node.get("query").and_then(|node| {
            let users = Catalog::standard(ResourceType::User);
            reader.path(node.text().unwrap_or_default(), node.span, &users)
        });
        let never = node.text_at("returned") == Some("never");
        if never && node.get("query").is_none() {
            let span = node.get("returned").map_or(node.span, |node| node.span);
            let mistake =
                Mistake::new(span, "members that the vendor never shows must be found in another way");
            reader.mistakes.push(
                mistake.hint("query: groups.value, the attribute by which it lists the users of a group"),
            );
        }
        let count = |key: &str| node.get(key).and_then(Node::whole).map(clamp);
        Self {
            query: query.filter(|_| never),
            no_replace: node.text_at("replace").is_some_and(|word| word != "ok"),
            no_remove_all: node.get("remove_all").and_then(Node::truth) == Some(false),
            remove_form: match node.text_at("remove_form") {
                Some("filter_path_unquoted") => RemoveForm::FilterPathUnquoted,
                Some("value_array") => RemoveForm::ValueArray,
                _ => RemoveForm::FilterPath,
            },
            per_patch: count("per_patch"),
            per_create: count("per_create"),
        }
    }
}
