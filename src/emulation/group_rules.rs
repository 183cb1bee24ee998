//! Rules of a vendor for groups: what they are called, and how many there are.
//!
//! Needed by Sentry, Cloudflare, LangSmith and Figma (`name_rule`), Cisco Umbrella, Miro and Slack (`max`).

use regex::Regex;

use super::profile::{Reader, clamp};
use super::resource::Resource;
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::yaml::{Mistake, Node};

/// The rules; none by default.
#[derive(Clone, Debug, Default)]
pub struct GroupRules {
    /// All of a name matches.
    pattern: Option<Regex>,
    /// How many groups there may be.
    pub max: Option<usize>,
}

impl GroupRules {
    /// Reads `name_rule` and `max`, and says the rest with fields that mean the same.
    pub(super) fn read(node: &Node, able: &mut Resource, reader: &mut Reader<'_>) {
        let rule = node.get("name_rule");
        if let Some(most) = rule.and_then(|rule| rule.get("max_len")).and_then(Node::whole) {
            able.bounds.max_len.push((AttrPath::core("displayName"), clamp(most)));
        }
        let pattern = rule.and_then(|rule| rule.get("regex")).and_then(|node| {
            let compiled = Regex::new(&format!("^(?:{})$", node.text().unwrap_or_default()));
            if compiled.is_err() {
                let mistake = Mistake::new(node.span, "the regular expression cannot be compiled");
                reader.mistakes.push(mistake.hint("such as [a-z0-9-]+ : what the whole of a name is"));
            }
            compiled.ok()
        });
        able.group_rules = Self { pattern, max: node.get("max").and_then(Node::whole).map(clamp) };
    }

    pub(super) fn concern(&self, path: &AttrPath) -> bool {
        self.pattern.is_some() && path.is_core("displayName")
    }

    /// Whether a group may be called so, if it was not called so before.
    ///
    /// # Errors
    /// `invalidValue` when it may not.
    pub(super) fn check(&self, group: &Value, before: Option<&Value>) -> Result<(), Error> {
        let name = |group: &Value| group.text_at("displayName").map(str::to_owned);
        let (Some(pattern), Some(now)) = (&self.pattern, name(group)) else { return Ok(()) };
        match before.and_then(name) {
            Some(before) if before == now => Ok(()),
            _ if pattern.is_match(&now) => Ok(()),
            _ => Err(Error::value("displayName is not as the vendor's groups are called")),
        }
    }
}
