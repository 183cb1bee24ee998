//! Rules of a vendor for `userName`: it is the e-mail address, in lower case, of certain characters.
//!
//! What the vendor gets is made here, from the resource in its own terms; what the identity provider wrote is remembered,
//! read back and found by a filter.
//! Needed by Segment, Bitwarden, Webex, Asana, Cloudflare, Sentry, 6sense, Amplitude and Twilio Flex.

use regex::Regex;

use super::profile::Reader;
use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::yaml::{Mistake, Node};

/// The rules; none by default.
#[derive(Clone, Debug, Default)]
pub struct Username {
    /// It is the primary e-mail address, or the first one.
    pub equals_email: bool,
    /// It has no capitals.
    pub lower: bool,
    /// All of it matches.
    charset: Option<Regex>,
}

impl Username {
    pub(super) fn read(node: &Node, reader: &mut Reader<'_>) -> Self {
        let is = |key: &str| node.get(key).and_then(Node::truth) == Some(true);
        let charset = node.get("charset").and_then(|node| {
            let compiled = Regex::new(&format!("^[{}]*$", node.text().unwrap_or_default()));
            if compiled.is_err() {
                let mistake = Mistake::new(node.span, "not a set of characters");
                reader.mistakes.push(mistake.hint("such as a-z0-9._- : characters, and from which to which"));
            }
            compiled.ok()
        });
        Self { equals_email: is("equals_email"), lower: is("lower"), charset }
    }

    /// Whether a name may become another one.
    pub fn changes(&self) -> bool {
        self.equals_email || self.lower
    }

    /// Whether any name will do.
    pub fn is_nothing(&self) -> bool {
        !self.changes() && self.charset.is_none()
    }

    /// Whether what becomes of an attribute depends on more than itself.
    pub(super) fn concerns(&self, path: &AttrPath) -> bool {
        (!self.is_nothing() && path.is_core("userName")) || (self.equals_email && path.is_core("emails"))
    }

    /// Gives a resource the name that the vendor wants. `before`: what the vendor has, and what the identity provider saw of
    /// it, unless it is about to be made. A name of which nothing changes stays as it is there.
    ///
    /// # Errors
    /// `invalidValue` when there is no such name.
    pub fn apply(
        &self,
        resource: &mut Value,
        written: &Value,
        before: Option<(&Value, Option<&Value>)>,
    ) -> Result<(), Error> {
        if self.is_nothing() {
            return Ok(());
        }
        if let Some((there, Some(old))) = before
            && let Some(name) = there.get("userName")
            && same(old, written, "userName")
            && (!self.equals_email || same(old, written, "emails"))
        {
            resource.set("userName", name.clone());
            return Ok(());
        }
        if self.equals_email
            && let Some(address) = address(resource).or_else(|| address(written)).map(str::to_owned)
        {
            resource.set("userName", address);
        }
        // Only a creation needs one, and says so elsewhere.
        let Some(name) = resource.text_at("userName") else { return Ok(()) };
        let name = if self.lower { name.to_lowercase() } else { name.to_owned() };
        if self.equals_email && !name.contains('@') {
            let why = "the vendor's user names are e-mail addresses, and no address was sent";
            return Err(Error::value(format!("userName cannot be made: {why}")));
        }
        if self.charset.as_ref().is_some_and(|charset| !charset.is_match(&name)) {
            return Err(Error::value("userName has characters that the vendor does not take"));
        }
        resource.set("userName", name);
        Ok(())
    }
}

/// The primary address, or the first one.
pub(super) fn address(user: &Value) -> Option<&str> {
    let emails = user.get("emails")?.each();
    let primary = emails.iter().find(|email| email.get("primary").and_then(Value::as_bool) == Some(true));
    primary
        .into_iter()
        .chain(emails)
        .find_map(|email| email.text_at("value").filter(|value| !value.is_empty()))
}

fn same(old: &Value, new: &Value, name: &str) -> bool {
    let of = |user: &'_ Value| user.get(name).filter(|value| !value.is_unassigned()).cloned();
    of(old) == of(new)
}
