//! References to secrets, resolved after the file is read: no secret ever stands in a file that is shown.

use std::path::Path;

use super::source::beside;
use crate::secret::Secret;
use crate::yaml::{Mistake, Node};

/// Reads the secret that `{ env: NAME }` or `{ file: PATH }` names.
///
/// # Errors
/// When the variable is not set, the file cannot be read, or there is nothing in it.
#[expect(clippy::disallowed_methods, reason = "the place where references to the environment are resolved")]
pub(super) fn resolve(reference: &Node, asked_by: &Path) -> Result<Secret<String>, Mistake> {
    let (text, of) = if let Some(name) = reference.get("env") {
        let variable = name.text().unwrap_or_default();
        let text = std::env::var(variable);
        let text = text.map_err(|_| {
            Mistake::new(
                name.span,
                format!("the environment variable `{variable}` is not set, or is not text"),
            )
        })?;
        (text, name)
    } else if let Some(file) = reference.get("file") {
        let path = beside(asked_by, file.text().unwrap_or_default());
        let text = std::fs::read_to_string(&path);
        let text =
            text.map_err(|error| Mistake::new(file.span, format!("the file cannot be read: {error}")))?;
        (text, file)
    } else {
        return Err(Mistake::new(reference.span, "a secret is { env: NAME } or { file: PATH }"));
    };
    let trimmed = text.trim_end_matches(['\n', '\r']);
    if trimmed.is_empty() {
        return Err(Mistake::new(of.span, "there is no secret in it"));
    }
    if trimmed.contains(|c: char| c.is_control() || c.is_whitespace()) {
        return Err(Mistake::new(of.span, "the secret holds blanks or control characters"));
    }
    Ok(Secret::new(trimmed.to_owned()))
}
