//! The bearer tokens that a vendor's console has handed out.

use jiff::Timestamp;
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

/// One token.
#[derive(Clone)]
pub(crate) struct Token {
    value: String,
    pub(crate) created: Timestamp,
    pub(crate) expires: Option<Timestamp>,
    revoked: bool,
    /// Where it is good, for vendors with regions; whose it is, for vendors where it is somebody's.
    pub(crate) realm: String,
}

/// All of them, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Tokens(Vec<Token>);

impl Tokens {
    /// Adds one. `expires` is the first instant at which it is good no more.
    pub(crate) fn issue(&mut self, value: &str, now: Timestamp, expires: Option<Timestamp>, realm: &str) {
        let (value, realm) = (value.to_owned(), realm.to_owned());
        self.0.push(Token { value, created: now, expires, revoked: false, realm });
    }

    /// The token that was presented, when it is good.
    pub(crate) fn find(&self, presented: Option<&str>, now: Timestamp) -> Option<&Token> {
        let presented = presented?;
        self.0.iter().find(|token| {
            bool::from(token.value.as_bytes().ct_eq(presented.as_bytes()))
                && !token.revoked
                && token.expires.is_none_or(|end| now < end)
        })
    }

    /// How many are good.
    pub(crate) fn live(&self, now: Timestamp) -> usize {
        self.0.iter().filter(|token| !token.revoked && token.expires.is_none_or(|end| now < end)).count()
    }

    /// Ends every token, or the one given. Gives how many that were.
    pub(crate) fn revoke(&mut self, value: Option<&str>) -> usize {
        let of = |token: &&mut Token| !token.revoked && value.is_none_or(|value| token.value == value);
        self.0.iter_mut().filter(of).map(|token| token.revoked = true).count()
    }

    /// The token of a realm, when one is good.
    pub(crate) fn of(&self, realm: &str, now: Timestamp) -> Option<&Token> {
        self.0
            .iter()
            .rev()
            .find(|token| token.realm == realm && !token.revoked && token.expires.is_none_or(|end| now < end))
    }

    /// Ends every token of a realm. Gives how many that were.
    pub(crate) fn revoke_of(&mut self, realm: &str) -> usize {
        let of = |token: &&mut Token| !token.revoked && token.realm == realm;
        self.0.iter_mut().filter(of).map(|token| token.revoked = true).count()
    }

    /// The one made last.
    pub(crate) fn latest(&self) -> &str {
        self.0.last().map_or("", |token| &token.value)
    }

    /// All but the values: like a console, which shows a token once.
    pub(crate) fn to_json(&self) -> Value {
        let shown = |token: &Token| {
            json!({
                "created": token.created.to_string(),
                "expires": token.expires.map(|end| end.to_string()),
                "revoked": token.revoked,
                "realm": token.realm,
            })
        };
        self.0.iter().map(shown).collect()
    }
}
