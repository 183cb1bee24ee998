//! How a vendor names somebody's manager (RFC 7643 §4.3 has his id).
//!
//! Needed by AWS IAM Identity Center, Notion, Slack and KnowBe4.

use crate::scim::json::Value;
use crate::scim::name::{AttrPath, ENTERPRISE};
use crate::yaml::Node;

/// By what a manager is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// His id.
    Id,
    /// His primary e-mail address.
    Email,
    /// His user name.
    Username,
}

/// Where a manager is named.
pub fn path() -> AttrPath {
    AttrPath { schema: Some(ENTERPRISE.into()), name: "manager".into(), sub: None }
}

impl Manager {
    /// `None` where nothing is said of it, or there is none: then nobody is looked up.
    pub(super) fn read(node: &Node) -> Option<Self> {
        match node.text().or_else(|| node.text_at("kind"))? {
            "email" => Some(Self::Email),
            "username" => Some(Self::Username),
            "id" => Some(Self::Id),
            _ => None,
        }
    }

    /// The name of a user of the vendor's.
    pub fn name(self, user: &Value) -> Option<String> {
        let name = match self {
            Self::Id => user.get("id").and_then(Value::scalar_text),
            Self::Email => super::username::address(user),
            Self::Username => user.text_at("userName"),
        };
        name.map(str::to_owned)
    }
}
