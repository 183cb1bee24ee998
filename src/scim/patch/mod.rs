//! PATCH (RFC 7644 §3.5.2): the message, and what it does to a resource.

mod apply;

use crate::scim::error::Error;
use crate::scim::json::Value;
use crate::scim::path::Path;

pub use apply::apply;
pub(in crate::scim) use apply::check_mutability;

/// The URN of the PATCH message.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// More operations than that in one request are an attack.
pub const MAX_OPERATIONS: usize = 1_000;

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC's own words")]
pub enum Op {
    Add,
    Replace,
    Remove,
}

impl Op {
    /// The RFC's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }

    /// From the RFC's word, exactly as it is written there.
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Add, Self::Replace, Self::Remove].into_iter().find(|op| op.word() == word)
    }
}

/// What happens when a value path matches no element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missing {
    /// "If the target location is a multi-valued attribute for which a value selection filter has been supplied that
    /// matches no values, the service provider SHALL indicate failure" (RFC 7644 §3.5.2.3).
    #[default]
    Refuse,
    /// The element is made: Entra ID expects that of every attribute that it maps to `emails[type eq "work"].value`.
    Create,
}

/// One operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// What it does.
    pub op: Op,
    /// Where; `None` is the resource itself, and then the value names the attributes.
    pub path: Option<Path>,
    /// With what; `null` for `remove`.
    pub value: Value,
    /// When a value path matches nothing.
    pub missing: Missing,
}

impl Operation {
    /// An operation at a path.
    pub fn new(op: Op, path: Path, value: impl Into<Value>) -> Self {
        Self { op, path: Some(path), value: value.into(), missing: Missing::Refuse }
    }

    /// Reads the RFC's form of one operation.
    ///
    /// # Errors
    /// When `op` is unknown, the path cannot be read, or a path or value is missing where it must be.
    pub fn read(from: &Value) -> Result<Self, Error> {
        let op = from.text_at("op").and_then(Op::parse);
        let op =
            op.ok_or_else(|| Error::syntax("each operation needs an \"op\" of add, remove or replace"))?;
        let path = match from.get("path") {
            None => None,
            Some(path) => {
                let path = path.as_str().ok_or_else(|| Error::path("a path must be a string"))?;
                Some(
                    Path::parse(path)
                        .map_err(|error| Error::path(format!("the path cannot be read: {error}")))?,
                )
            }
        };
        let value = from.get("value");
        match op {
            Op::Remove if path.is_none() => {
                Err(Error::new(crate::scim::error::ErrorType::NoTarget, "a remove operation needs a path"))
            }
            Op::Add | Op::Replace if value.is_none() => {
                Err(Error::value(format!("the {} operation needs a value", op.word())))
            }
            _ => Ok(Self { op, path, value: value.cloned().unwrap_or_default(), missing: Missing::Refuse }),
        }
    }

    /// The RFC's form.
    pub fn to_value(&self) -> Value {
        let mut out = Value::object();
        out.set("op", self.op.word());
        if let Some(path) = &self.path {
            out.set("path", path.to_string());
        }
        if self.op != Op::Remove || !self.value.is_null() {
            out.set("value", self.value.clone());
        }
        out
    }
}

/// The operations of a PATCH message, each as it stands there.
///
/// # Errors
/// When the body is no object, or has no list of operations, an empty one, or more than [`MAX_OPERATIONS`].
pub fn operations(body: &Value) -> Result<&[Value], Error> {
    let operations = body.get("Operations").filter(|list| list.is_list());
    let operations =
        operations.ok_or_else(|| Error::syntax("a PATCH body needs a list of \"Operations\""))?.items();
    if operations.is_empty() {
        return Err(Error::syntax("a PATCH body needs at least one operation"));
    }
    if operations.len() > MAX_OPERATIONS {
        let detail = format!("a PATCH body may hold {MAX_OPERATIONS} operations");
        return Err(Error::new(crate::scim::error::ErrorType::TooMany, detail));
    }
    Ok(operations)
}

/// The message that carries these operations.
pub fn message(operations: &[Operation]) -> Value {
    envelope(operations.iter().map(Operation::to_value).collect())
}

/// The message that carries operations in whatever form they are written.
pub fn envelope(operations: Vec<Value>) -> Value {
    let mut body = Value::object();
    body.set("schemas", vec![Value::from(PATCH_OP)]);
    body.set("Operations", operations);
    body
}
