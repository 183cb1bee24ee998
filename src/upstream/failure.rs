//! Why there is no reply, in the terms that decide what to do next: was anything sent, may it be sent again, and when.

use std::error::Error;
use std::fmt;
use std::time::Duration;

type Cause = Box<dyn Error + Send + Sync>;

/// What became of a call that has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No byte of the request left: connecting, resolving or TLS failed, the address is not allowed, or there is no such
    /// URL. Nothing can have happened at the vendor.
    NotSent,
    /// It was sent, at least in part, and no whole reply came. The vendor may have done it.
    Ambiguous,
    /// The vendor said 429, or its account is pausing because it said so before. Nothing was done.
    Throttled {
        /// When it is worth trying again: 1 s to 1 h.
        retry_after: Duration,
    },
    /// The reply is larger than the limit. What was asked for has been done.
    TooLarge,
    /// The vendor points elsewhere. Not followed: the token is for the configured origin alone.
    Redirect,
    /// The vendor does not accept our credential (401).
    Unauthorised,
    /// The deadline came before the call's turn. Nothing was sent.
    Overdue,
}

/// A call that has no reply. `Display` is for the operator's log: it holds no token, no URL, no body.
#[derive(Debug)]
pub struct Failure {
    /// What became of it.
    pub kind: Kind,
    cause: Option<Cause>,
}

impl Failure {
    pub(super) fn not_sent(cause: impl Into<Cause>) -> Self {
        Self { kind: Kind::NotSent, cause: Some(cause.into()) }
    }

    pub(super) fn ambiguous(cause: impl Into<Cause>) -> Self {
        Self { kind: Kind::Ambiguous, cause: Some(cause.into()) }
    }

    pub(super) fn throttled(retry_after: Duration) -> Self {
        Self { kind: Kind::Throttled { retry_after }, cause: None }
    }

    pub(super) fn overdue() -> Self {
        Self { kind: Kind::Overdue, cause: None }
    }

    /// What went wrong while a request was sent or the head of its reply was read.
    pub(super) fn of_request(cause: hyper::Error) -> Self {
        match () {
            // hyper calls a request cancelled when it took none of it off our hands.
            () if cause.is_canceled() => Self::not_sent(cause),
            () if cause.is_parse_too_large() => Kind::TooLarge.into(),
            () => Self::ambiguous(cause),
        }
    }
}

impl From<Kind> for Failure {
    fn from(kind: Kind) -> Self {
        Self { kind, cause: None }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::NotSent => f.write_str("the vendor could not be reached")?,
            Kind::Ambiguous => f.write_str("the vendor did not reply after the request was sent")?,
            Kind::Throttled { retry_after } => {
                write!(f, "the vendor asks to wait {} s", retry_after.as_secs())?;
            }
            Kind::TooLarge => f.write_str("the vendor's reply is too large")?,
            Kind::Redirect => f.write_str("the vendor redirects, which is not followed")?,
            Kind::Unauthorised => f.write_str("the vendor does not accept the credential")?,
            Kind::Overdue => f.write_str("the deadline came before the call's turn")?,
        }
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
