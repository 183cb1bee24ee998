//! `auth`: how a vendor wants the credential. Needed by SentinelOne and Datadog (words of their own), Zendesk and ServiceNow
//! (RFC 7617).

use super::profile::Reader;
use crate::yaml::{Mistake, Node};

/// How the credential stands in `Authorization`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// `Bearer <token>` (RFC 6750).
    #[default]
    Bearer,
    /// `Basic <base64 of user:password>` (RFC 7617); the token is `user:password`.
    Basic,
    /// The token with a text before it, such as `ApiToken `.
    Prefix(String),
}

impl Auth {
    pub(super) fn read(node: Option<&Node>, reader: &mut Reader<'_>) -> Self {
        let Some(node) = node else { return Self::Bearer };
        let prefix = node.get("prefix");
        let mut wrong =
            |span, text: &str, hint: &str| reader.mistakes.push(Mistake::new(span, text).hint(hint));
        match (node.text_at("kind"), prefix) {
            (Some("basic"), None) => Self::Basic,
            (Some("prefix"), Some(prefix)) => {
                let text = prefix.text().unwrap_or_default();
                if !text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
                    wrong(
                        prefix.span,
                        "a prefix consists of visible ASCII characters",
                        "such as \"ApiToken \"",
                    );
                }
                Self::Prefix(text.to_owned())
            }
            (Some("prefix"), None) => {
                wrong(node.span, "`kind: prefix` needs the prefix", "such as prefix: \"ApiToken \"");
                Self::Bearer
            }
            (_, Some(prefix)) => {
                wrong(prefix.span, "a prefix has no meaning without `kind: prefix`", "leave one of them out");
                Self::Bearer
            }
            _ => Self::Bearer,
        }
    }
}
