//! Why a request was not carried out: what the administrator of the identity provider may read, and what the operator
//! of the bridge must.

use std::fmt;
use std::time::Duration;

use crate::scim::error::{Error as ScimError, ErrorType};
use crate::store::StoreError;

/// A request that was not carried out.
#[derive(Clone, Debug)]
pub struct Error {
    /// What kind of failure; the status is chosen from it, at the edge.
    pub kind: Kind,
    /// For the identity provider: names and advice, never a value and never the vendor's own words.
    pub detail: String,
    /// For the operator's log; never a token, a body or a filter.
    pub cause: Option<String>,
    /// For the operator, too: what to do about it.
    pub advice: Option<&'static str>,
}

/// The kinds of failure that lead to different answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong (400, but for `sensitive`).
    Scim(ErrorType),
    /// There is no such resource (404).
    NotFound,
    /// It is more than the vendor takes in one request (413).
    TooLarge,
    /// It is there already (409).
    Conflict,
    /// It was changed since the client read it (412).
    Changed,
    /// The vendor has another version than the one that was read (412, once it was tried again).
    Outdated,
    /// The vendor does not allow this for this object (403).
    Forbidden,
    /// The vendor has no way to do it (501).
    NotImplemented,
    /// The vendor asks for patience (transient).
    Throttled(Duration),
    /// The vendor cannot be reached, or answers with errors (transient).
    Unavailable(Duration),
    /// The vendor did not answer in time (transient).
    Overdue(Duration),
    /// The vendor's answer makes no sense (502, or transient).
    Broken(Duration),
    /// The bridge itself failed (500, or transient).
    Internal(Duration),
}

impl Error {
    fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), cause: None, advice: None }
    }

    /// The same with a cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Whether the same request may succeed later, as it is. Otherwise the answer is certain: nothing was done.
    pub const fn passes(&self) -> bool {
        matches!(
            self.kind,
            Kind::Throttled(_)
                | Kind::Unavailable(_)
                | Kind::Overdue(_)
                | Kind::Broken(_)
                | Kind::Internal(_)
        )
    }

    /// The same with what the operator is to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<Option<&'static str>>) -> Self {
        self.advice = advice.into();
        self
    }

    /// The same about a resource that was read just now: what the vendor does not find then is something else, such as a
    /// member, or the way to change it. As 404 it would make the identity provider create the resource once more.
    #[must_use]
    pub fn of_known(self) -> Self {
        match self.kind {
            Kind::NotFound => {
                let cause = self.cause.unwrap_or_default();
                Self::broken(format!("{cause}, of a resource that it has"))
            }
            _ => self,
        }
    }

    /// The same about a group that was read just now and gets members: what the vendor does not find then is one of them.
    #[must_use]
    pub fn of_members(self) -> Self {
        match self.kind {
            Kind::NotFound => {
                let detail = "the vendor does not know one of the members that are added";
                let error = Self::from(ScimError::new(ErrorType::InvalidValue, detail));
                error.because(self.cause.unwrap_or_default())
            }
            _ => self,
        }
    }

    /// No resource has that id.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "there is no such resource")
    }

    /// Another resource has the same name.
    pub fn conflict() -> Self {
        Self::new(Kind::Conflict, "the vendor has a resource with the same identifying attributes already")
    }

    /// More than one resource has what identifies one.
    pub fn several() -> Self {
        let detail =
            "the vendor has several users of this name, in other letters: one of them must be renamed there";
        Self::new(Kind::Conflict, detail)
    }

    /// The vendor takes no body of that length, and it cannot be sent in parts.
    pub fn too_large(most: usize) -> Self {
        let detail =
            format!("the vendor takes at most {most} bytes in a request, and this change needs more in one");
        Self::new(Kind::TooLarge, detail)
    }

    /// Another resource has the same name, and why that is so.
    pub fn taken(why: &str) -> Self {
        Self::new(Kind::Conflict, why)
    }

    /// The client's version is not the current one.
    pub fn changed() -> Self {
        Self::new(Kind::Changed, "the resource was changed since it was read: read it again")
    }

    /// The vendor's version is not the one that was read just now.
    pub fn outdated() -> Self {
        Self::new(Kind::Outdated, "the resource was changed at the vendor at the same time: read it again")
    }

    /// The vendor refuses this for this object.
    pub fn forbidden() -> Self {
        Self::new(Kind::Forbidden, "the vendor does not allow this for this resource")
    }

    /// It is not allowed here, and why.
    pub fn refused(why: &str) -> Self {
        Self::new(Kind::Forbidden, why)
    }

    /// The vendor cannot do it, and neither can the bridge in its place.
    pub fn not_implemented(what: &str) -> Self {
        Self::new(Kind::NotImplemented, format!("the vendor does not support {what}"))
    }

    /// The vendor's limit is reached.
    pub fn throttled(after: Duration) -> Self {
        let error = Self::new(Kind::Throttled(after), "the vendor asks to slow down");
        error.advise("if it happens often, give the integration a lower vendor.limits.rate")
    }

    /// The vendor cannot be reached or fails.
    pub fn unavailable(after: Duration) -> Self {
        Self::new(Kind::Unavailable(after), "the vendor is not available right now")
    }

    /// There is nothing at the vendor's URL. Never passed on as 404: that would make the identity provider think that
    /// nobody is there.
    pub fn misplaced() -> Self {
        let detail =
            "the vendor has no SCIM endpoint where the bridge looks for it: its operator must correct that";
        let error = Self::new(Kind::Unavailable(5 * MINUTE), detail);
        error
            .because("the vendor answers 404 to what every SCIM endpoint has")
            .advise("correct vendor.url: it ends before /Users")
    }

    /// The vendor answered with success, and has nothing of what it was told. Never passed on as a success: the identity
    /// provider would not say it again.
    pub fn not_carried_out() -> Self {
        let detail = "the vendor answered with success and did nothing: is its account in a test mode?";
        let error = Self::new(Kind::Unavailable(5 * MINUTE), detail);
        error.advise("look in the vendor's console whether provisioning is switched on, and not only tried")
    }

    /// The vendor's account is in a state in which it does not do what it is asked. Never passed on as it is: it would be
    /// taken for an answer about one resource.
    pub fn gated(meaning: &str, after: Duration) -> Self {
        Self::new(Kind::Unavailable(after), format!("the vendor takes no requests now: {meaning}"))
    }

    /// Nothing is written until the operator says that it may be. Never passed on as a refusal: the change is not lost.
    pub fn held() -> Self {
        let detail = "the first change at this vendor removes what cannot be restored: changes are held until the operator of \
                      the bridge has said that it may";
        let error = Self::new(Kind::Unavailable(60 * MINUTE), detail);
        error.advise(
            "see with `scim-bridge explain` what would be sent, then say vendor: { armed: true } and restart",
        )
    }

    /// The vendor did not answer in time.
    pub fn overdue() -> Self {
        Self::new(Kind::Overdue(MINUTE), "the vendor did not answer in time")
    }

    /// The vendor refuses the bridge's own credential. Never passed on as 401: that would make the identity provider
    /// doubt its own.
    pub fn credential() -> Self {
        let detail =
            "the vendor does not accept the credential that the bridge has: its operator must renew it";
        let error = Self::new(Kind::Unavailable(2 * MINUTE), detail);
        error.advise(
            "make a new token at the vendor, put it where vendor.credential.token points, and restart",
        )
    }

    /// The vendor's answer makes no sense.
    pub fn broken(cause: impl fmt::Display) -> Self {
        let error =
            Self::new(Kind::Broken(5 * MINUTE), "the vendor's answer could not be used").because(cause);
        error.advise("is vendor.url the base of the vendor's SCIM endpoint?")
    }

    /// Something in the bridge failed.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(Kind::Internal(MINUTE / 2), "the bridge could not do this right now").because(cause)
    }
}

/// How long a client is asked to wait for most things.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

impl From<ScimError> for Error {
    fn from(error: ScimError) -> Self {
        Self::new(Kind::Scim(error.kind), error.detail)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::internal(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        match &self.cause {
            Some(cause) => write!(f, " ({cause})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
