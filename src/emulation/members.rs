//! What a vendor does with the members of a group.

use compact_str::CompactString;

use super::plan::{Call, Verb};
use super::profile::{Profile, Reader, clamp};
use crate::scim::error::{Error, ErrorType};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::schema::{Catalog, ResourceType};
use crate::yaml::Node;

/// How members of a group are shown and changed.
#[derive(Clone, Debug, Default)]
pub struct Members {
    /// A group is shown without them, and this attribute of users finds them; `None`: it is shown with them.
    pub query: Option<AttrPath>,
    /// A group is shown without them, and nothing finds them: who the vendor was told of is remembered.
    pub remembered: bool,
    /// A parameter, and its value, with which a group is shown with them.
    pub flag: Option<(CompactString, CompactString)>,
    /// So many are shown at most, and all of them are found at a path below the group.
    pub capped: Option<(usize, CompactString)>,
    /// `replace` of all members is not taken, or does not take any out.
    pub no_replace: bool,
    /// `remove` of all members is not taken.
    pub no_remove_all: bool,
    /// How a member is taken out.
    pub remove_form: RemoveForm,
    /// How a member is added.
    pub add_form: AddForm,
    /// The most members that a group has at the vendor.
    pub hard_max: Option<usize>,
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
    /// `"members": [{ "value": "x", "operation": "delete" }]`: a part of the resource, as SCIM 1.1 has it (§3.3.2).
    V1Operation,
}

/// How members are added to a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AddForm {
    /// `"path": "members", "value": [{ "value": "x" }]`
    #[default]
    PathArray,
    /// `"value": { "members": [{ "value": "x" }] }`
    PathlessObject,
    /// `"path": "members", "value": { "members": [{ "value": "x" }] }`
    PathObject,
    /// `"members": [{ "value": "x" }]`: a part of the resource, as SCIM 1.1 has it (§3.3.2).
    PartialResource,
}

impl Members {
    /// Whether an answer to a write, or to a plain read, may lack some of them.
    pub fn are_hidden(&self) -> bool {
        self.query.is_some() || self.flag.is_some() || self.capped.is_some() || self.remembered
    }

    /// Whether a group has no more of them than the vendor takes, or fewer than before.
    ///
    /// # Errors
    /// `tooMany`: the vendor is not asked.
    pub(super) fn within(&self, after: &Value, before: Option<&Value>) -> Result<(), Error> {
        let Some(most) = self.hard_max else { return Ok(()) };
        let number = |group: &Value| group.get("members").map_or(0, |members| members.each().len());
        let (now, then) = (number(after), before.map_or(0, number));
        if now <= most || now <= then {
            return Ok(());
        }
        let detail =
            format!("the vendor takes at most {most} members in a group, and this one would have {now}");
        Err(Error::new(ErrorType::TooMany, detail))
    }

    pub(super) fn read(node: &Node, reader: &mut Reader<'_>) -> Self {
        let query = node.get("query").and_then(|node| {
            let users = Catalog::standard(ResourceType::User);
            reader.path(node.text().unwrap_or_default(), node.span, &users)
        });
        let returned = node.get("returned");
        let part = |key: &str| returned.and_then(|returned| returned.get(key));
        let text = |node: &Node, key: &str| node.text().or(node.text_at(key)).map(CompactString::from);
        let flag = part("flag")
            .and_then(|flag| Some((text(flag, "param")?, flag.text_at("value").unwrap_or("true").into())));
        let capped = part("capped").and_then(|capped| {
            let n = capped.whole().or(capped.get("n").and_then(Node::whole)).map(clamp)?;
            Some((n, capped.text_at("member_list_path").unwrap_or("Members").trim_matches('/').into()))
        });
        let never = node.text_at("returned") == Some("never");
        let count = |key: &str| node.get(key).and_then(Node::whole).map(clamp);
        Self {
            remembered: never && node.get("query").is_none(),
            query: query.filter(|_| never),
            flag,
            capped,
            no_replace: node.text_at("replace").is_some_and(|word| word != "ok"),
            no_remove_all: node.get("remove_all").and_then(Node::truth) == Some(false),
            remove_form: match node.text_at("remove_form") {
                Some("filter_path_unquoted") => RemoveForm::FilterPathUnquoted,
                Some("value_array") => RemoveForm::ValueArray,
                Some("v1_operation") => RemoveForm::V1Operation,
                // Who understands all of them understands the RFC's.
                _ => RemoveForm::FilterPath,
            },
            add_form: match node.text_at("add_form") {
                Some("pathless_object") => AddForm::PathlessObject,
                Some("path_object") => AddForm::PathObject,
                Some("partial_resource") => AddForm::PartialResource,
                _ => AddForm::PathArray,
            },
            hard_max: count("hard_max"),
            per_patch: count("per_patch"),
            per_create: node.get("per_create").and_then(Node::whole).and_then(|most| most.try_into().ok()),
        }
    }
}

/// The call for a page of the members of a group, from a vendor that shows some of them with it.
pub fn page(profile: &Profile, group: &str, (start, count): (usize, usize)) -> Option<Call> {
    let (_, path) = profile.resource(ResourceType::Group).members.capped.as_ref()?;
    let why = "the vendor shows some of the members with their group, and all of them here";
    let mut call = Call::new(Verb::Get, ResourceType::Group, Some(group), why);
    call.below = Some(path.clone());
    call.query.push(("startIndex".into(), start.to_string()));
    call.query.push((profile.count_param.clone(), count.to_string()));
    Some(call)
}
