//! `patch.op_form`: how a vendor wants operations written, where it wants them otherwise than RFC 7644 §3.5.2 has them.
//!
//! Needed by Egnyte, WSO2 and vendors that were tried with Entra ID's older dialect alone.

use crate::scim::json::Value;
use crate::scim::patch::{Op, Operation};
use crate::scim::path::Path;
use crate::yaml::Node;

/// How operations are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct OpForm {
    /// `Add`, `Replace`, `Remove`.
    capital: bool,
    /// `"True"`, `"False"`.
    bool_strings: bool,
    /// No path; the value names the attribute.
    dotted_keys: bool,
}

impl OpForm {
    pub(super) fn read(node: &Node) -> Self {
        let is = |key: &str| node.get(key).and_then(Node::truth) == Some(true);
        Self {
            capital: node.text_at("op_case") == Some("capital"),
            bool_strings: is("bool_strings"),
            dotted_keys: is("dotted_keys"),
        }
    }

    /// Puts an operation, as it stands in the message, into the form.
    pub(super) fn apply(self, operation: &Operation, written: &mut Value) {
        if self.capital {
            let word = match operation.op {
                Op::Add => "Add",
                Op::Replace => "Replace",
                Op::Remove => "Remove",
            };
            written.set("op", word);
        }
        if let Some(truth) = written.get("value").and_then(Value::as_bool).filter(|_| self.bool_strings) {
            written.set("value", if truth { "True" } else { "False" });
        }
        // What is removed, and an element of a list, can only be named by a path.
        let plain = operation.path.as_ref().and_then(Path::as_plain);
        let plain = plain.filter(|path| !path.is_core("members") && operation.op != Op::Remove);
        if let (true, Some(path)) = (self.dotted_keys, plain) {
            let value = written.remove("value").unwrap_or_default();
            written.remove("path");
            written.set("value", Value::from_iter([(path.to_string().as_str(), value)]));
        }
    }
}
