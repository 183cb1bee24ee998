//! Why there is no reply, in the terms that decide what to do next: was anything sent, may it be sent again, and when.

use std::error::Error;
use std::fmt;
use std::io;
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

    /// What the operator can do about it, where that is known.
    pub fn advice(&self) -> Option<&'static str> {
        match self.kind {
            Kind::NotSent => Some(match tls_cause(self) {
                Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
                    "the vendor's certificate is of no known authority: name that under vendor.tls.ca"
                }
                Some(rustls::Error::InvalidCertificate(_)) => {
                    "the vendor's certificate is not valid for vendor.url"
                }
                Some(rustls::Error::InvalidMessage(_)) => "what vendor.url names does not speak TLS",
                _ => "check vendor.url and the way to it",
            }),
            Kind::Redirect => {
                Some("give vendor.url as the vendor's own console shows it: nothing is followed")
            }
            Kind::Ambiguous
            | Kind::Throttled { .. }
            | Kind::TooLarge
            | Kind::Unauthorised
            | Kind::Overdue => None,
        }
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

/// What rustls said, wherever it is among the causes.
fn tls_cause<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // The source of an I/O error is the source of what it wraps; what it wraps is had by another name.
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => tls_cause(wrapped),
        None => tls_cause(error.source()?),
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
