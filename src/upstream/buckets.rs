//! A vendor's limits for some calls: so many with these methods, to these paths, in a window of time.

use governor::Quota;
use http::Method;
use tokio::time::Duration;

use super::account::Limiter;

/// One limit, and what is left of it.
pub struct Bucket {
    methods: Vec<Method>,
    path: Option<String>,
    limiter: Limiter,
}

impl Bucket {
    /// A limit for calls of these methods (of all, if there are none) to a path below the base, or to all that begin with
    /// what stands before a `*` at its end; to all paths, if there is none.
    pub fn new(methods: Vec<Method>, path: Option<String>, quota: Quota) -> Self {
        Self { methods, path, limiter: super::account::limiter(quota) }
    }

    /// Whether it counts a call.
    pub(super) fn counts(&self, method: &Method, segments: &[&str]) -> bool {
        let place = format!("/{}", segments.join("/"));
        let path = self.path.as_deref().is_none_or(|path| match path.strip_suffix('*') {
            Some(begin) => place.starts_with(begin),
            None => place == path,
        });
        path && (self.methods.is_empty() || self.methods.contains(method))
    }

    /// Takes one call out of it.
    ///
    /// # Errors
    /// How long to wait until there is one.
    pub(super) fn take(&self) -> Result<(), Duration> {
        use governor::clock::Clock as _;
        self.limiter.check().map_err(|until| until.wait_time_from(self.limiter.clock().now()))
    }
}
