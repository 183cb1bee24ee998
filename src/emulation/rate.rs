//! A vendor's limits, and how it says that one is reached: `rate`.
//!
//! Needed by Slack, SentinelOne, Amplitude, GitHub, Miro, Zscaler and HCP Terraform, whose limits differ by method and path, by
//! what is counted (`unit`), or are those of one resource (`scope: resource`).

use std::time::Duration;

use compact_str::CompactString;
use http::HeaderName;

use super::profile::clamp;
use crate::yaml::{Mistake, Node, scalar};

/// The limits.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    /// Each with the calls that it counts; a call is counted by all that it matches.
    pub buckets: Vec<Limit>,
    /// How long to wait is said so.
    pub retry: RetryHeader,
}

/// One limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// Of these methods; of all, if there are none.
    pub methods: Vec<CompactString>,
    /// To this path below the base URL, or to all that begin with what stands before a `*`; to all, if there is none.
    pub path: Option<String>,
    /// How many are given back in the window.
    pub count: u32,
    /// The window.
    pub window: Duration,
    /// How many at once.
    pub burst: u32,
    /// What is counted.
    pub unit: Unit,
    /// Each resource has a limit of its own; calls about none are not counted.
    pub each: bool,
}

/// What a limit counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unit {
    /// Calls.
    #[default]
    Request,
    /// The operations of a PATCH; one for any other call.
    Operation,
    /// Resources that are made.
    Creation,
}

/// How a vendor says how long to wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RetryHeader {
    /// By `Retry-After` (RFC 9110 §10.2.3).
    #[default]
    RetryAfter,
    /// By a header that holds the second of the epoch from which on it takes calls again.
    Epoch(String),
    /// By a header that holds how many seconds that is from now.
    Relative(String),
    /// Not at all.
    Unsaid,
}

impl Rate {
    pub(super) fn read(node: &Node, mistakes: &mut Vec<Mistake>) -> Self {
        let buckets = node.get("buckets").map(Node::items).unwrap_or_default();
        let retry = node.get("retry_header");
        let name = retry.and_then(|retry| retry.text_at("name")).unwrap_or("x-ratelimit-reset").to_owned();
        if let Some(node) = retry.and_then(|retry| retry.get("name"))
            && name.parse::<HeaderName>().is_err()
        {
            let mistake = Mistake::new(node.span, "not a name of a header");
            mistakes.push(mistake.hint("such as x-ratelimit-reset"));
        }
        let kind = retry.and_then(|retry| retry.text().or_else(|| retry.text_at("kind")));
        Self {
            buckets: buckets.iter().filter_map(limit).collect(),
            retry: match kind {
                Some("x_reset_epoch") => RetryHeader::Epoch(name),
                Some("x_reset_relative") => RetryHeader::Relative(name),
                Some("none") => RetryHeader::Unsaid,
                _ => RetryHeader::RetryAfter,
            },
        }
    }
}

fn limit(node: &Node) -> Option<Limit> {
    let matched = node.get("match");
    let methods = matched.and_then(|matched| matched.get("method")).map(Node::each).unwrap_or_default();
    let number =
        |key: &str| node.get(key).and_then(Node::whole).map(clamp).and_then(|n| u32::try_from(n).ok());
    let limit = number("limit")?;
    // A vendor that counts the calls of a window, and speaks of no burst, counts those at its beginning, too: what may come
    // at once is no more to come later.
    let (count, burst) = match number("burst") {
        Some(burst) => (limit, burst),
        None => (limit - limit.div_ceil(10).min(limit - 1), limit.div_ceil(10)),
    };
    Some(Limit {
        methods: methods.iter().filter_map(Node::text).map(CompactString::from).collect(),
        path: matched.and_then(|matched| matched.text_at("path")).map(str::to_owned),
        count,
        window: node.text_at("window").and_then(scalar::duration)?,
        burst,
        unit: match node.text_at("unit") {
            Some("op") => Unit::Operation,
            Some("create") => Unit::Creation,
            _ => Unit::Request,
        },
        each: node.text_at("scope") == Some("resource"),
    })
}
