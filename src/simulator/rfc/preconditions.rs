//! Versions, RFC 7644 §3.14: `ETag`, `If-Match`, `If-None-Match`.

use crate::simulator::harness::message::{Reply, Request};
use crate::simulator::harness::records::Record;

/// The entity tag of a resource; weak, as the RFC's own.
pub(super) fn etag(record: &Record) -> String {
    format!("W/\"{}\"", record.version)
}

/// The answer 412 to a write that is conditional on another version.
pub(super) fn for_write(request: &Request, record: &Record) -> Result<(), Reply> {
    let failed = || Err(Reply::error(412, None, "the resource has changed"));
    if request.header("if-match").is_some_and(|tags| !names(tags, record)) {
        return failed();
    }
    if request.header("if-none-match").is_some_and(|tags| names(tags, record)) {
        return failed();
    }
    Ok(())
}

/// The answer 304 to a reader who has this version.
pub(super) fn for_read(request: &Request, record: &Record) -> Option<Reply> {
    let same = request.header("if-none-match").is_some_and(|tags| names(tags, record));
    same.then(|| Reply::empty(304).header("etag", etag(record)))
}

/// Whether a write proves that its sender knows this version, rather than any.
pub(super) fn knows_current(request: &Request) -> bool {
    request.header("if-match").is_some_and(|tags| tags.trim() != "*")
}

/// Weak comparison (RFC 9110 §8.8.3.2): resources of this vendor have no bytes to compare.
fn names(tags: &str, record: &Record) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let own = opaque(&etag(record));
    tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == own)
}
