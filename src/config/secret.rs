//! References to secrets, resolved after the file is read: no secret ever stands in a file that is shown.

use std::io;
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
            let message = format!("the environment variable `{variable}` is not set, or is not text");
            Mistake::new(name.span, message)
                .hint("set it where the bridge runs; `check --without-secrets` reads no secrets")
        })?;
        (text, name)
    } else if let Some(file) = reference.get("file") {
        let path = beside(asked_by, file.text().unwrap_or_default());
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|error| {
            let message = match error.kind() {
                io::ErrorKind::NotFound => format!("there is no file {}", path.display()),
                _ => format!("{} cannot be read: {error}", path.display()),
            };
            let hint = "a path is relative to bridge.yaml; `check --without-secrets` reads no secrets";
            Mistake::new(file.span, message).hint(hint)
        })?;
        (text, file)
    } else {
        return Err(Mistake::new(reference.span, "a secret is { env: NAME } or { file: PATH }"));
    };
    let trimmed = text.trim_end_matches(['\n', '\r']);
    if trimmed.is_empty() {
        return Err(Mistake::new(of.span, "there is no secret in it"));
    }
    // What else could not stand in a header (RFC 6750 §2.1).
    if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
        let mistake =
            Mistake::new(of.span, "the secret holds blanks, control or other characters than ASCII's");
        return Err(mistake.hint("the token alone, without `Bearer` and on one line"));
    }
    Ok(Secret::new(trimmed.to_owned()))
}
