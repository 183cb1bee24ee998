//! The credential, as the header that carries it. It can be replaced while calls are made; each attempt takes the one of
//! its moment, so that a rotation needs no pause.

use std::fmt;
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use crate::secret::Secret;

/// How a vendor wants its token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer …` (RFC 6750).
    #[default]
    Bearer,
    /// `Authorization: Basic …`, of a token that is `user:password` (RFC 7617).
    Basic,
    /// `Authorization: <prefix><token>`, for vendors with a word of their own, such as `ApiToken `.
    Prefix(String),
}

/// A token that cannot stand in a header, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a token consists of visible ASCII characters and is not empty")]
pub struct InvalidToken;

/// The scheme and the token in use.
pub(super) struct Credential {
    auth: Auth,
    header: RwLock<HeaderValue>,
}

impl Credential {
    pub(super) fn new(auth: Auth, token: &Secret<String>) -> Result<Self, InvalidToken> {
        let header = RwLock::new(header(&auth, token)?);
        Ok(Self { auth, header })
    }

    pub(super) fn replace(&self, token: &Secret<String>) -> Result<(), InvalidToken> {
        *self.header.write().unwrap_or_else(PoisonError::into_inner) = header(&self.auth, token)?;
        Ok(())
    }

    /// The value of `Authorization`, marked sensitive.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[credential]")
    }
}

fn header(auth: &Auth, token: &Secret<String>) -> Result<HeaderValue, InvalidToken> {
    let token = token.expose();
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(InvalidToken);
    }
    let text = match auth {
        Auth::Bearer => format!("Bearer {token}"),
        Auth::Basic => format!("Basic {}", STANDARD.encode(token)),
        Auth::Prefix(prefix) => format!("{prefix}{token}"),
    };
    let mut value = HeaderValue::try_from(text).map_err(|_| InvalidToken)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Secret<String> {
        Secret::new(text.into())
    }

    #[test]
    fn a_token_is_sent_as_the_vendor_wants_it_and_never_shown() {
        let bearer = Credential::new(Auth::Bearer, &token("hunter2")).unwrap();
        assert_eq!(bearer.header(), "Bearer hunter2");
        let basic = Credential::new(Auth::Basic, &token("ana:pw")).unwrap();
        assert_eq!(basic.header(), "Basic YW5hOnB3");
        assert!(!format!("{bearer:?} {:?}", bearer.header()).contains("hunter2"));
        let own = Credential::new(Auth::Prefix("ApiToken ".into()), &token("a")).unwrap();
        own.replace(&token("b")).unwrap();
        assert_eq!(own.header(), "ApiToken b");
        for bad in ["", "a b", "a\n", "é"] {
            assert_eq!(own.replace(&token(bad)), Err(InvalidToken), "{bad:?}");
        }
        assert_eq!(own.header(), "ApiToken b", "a bad token leaves the good one in place");
    }
}
