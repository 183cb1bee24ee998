//! Whether the vendor's SCIM endpoint is where the bridge looks for it.
//!
//! A 404 means "nobody" only from an endpoint. With a wrong base URL everything is 404: a look-up would find nobody, and
//! somebody's removal would count as done. So a vendor that has never answered anything else is asked once for what each
//! endpoint has, before a 404 of its is believed.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use compact_str::CompactString;
use http::{Method, StatusCode};
use tokio::time::Instant;

use crate::emulation::Profile;
use crate::scim::ResourceType;
use crate::upstream::{Failure, Outgoing, Repeat, Reply, Vendor};

/// A vendor, and whether it has ever answered as an endpoint does.
pub struct Endpoint {
    vendor: Vendor,
    /// The paths of users and of groups, where they are others than the RFC's.
    paths: [Option<CompactString>; 2],
    /// Where it tells of itself: `ServiceProviderConfigs` in SCIM 1.1 (§4.5).
    about: &'static str,
    is_there: AtomicBool,
}

impl Endpoint {
    /// An endpoint of which nothing is known yet.
    pub fn new(vendor: Vendor, profile: &Profile) -> Self {
        let about = if profile.scim11 { "ServiceProviderConfigs" } else { "ServiceProviderConfig" };
        Self { vendor, paths: profile.paths.clone(), about, is_there: AtomicBool::new(false) }
    }

    /// The path of a resource type below the base URL.
    pub(super) fn path(&self, resource: ResourceType) -> &str {
        let [users, groups] = &self.paths;
        let own = match resource {
            ResourceType::User => users,
            ResourceType::Group => groups,
        };
        own.as_deref().unwrap_or(resource.endpoint())
    }

    /// Makes a call. `None`: the reply is 404, and so is everything else there.
    pub(super) async fn send(&self, call: &Outgoing<'_>) -> Result<Option<Reply>, Failure> {
        let reply = self.vendor.send(call).await?;
        if reply.status.is_success() {
            // Read first: what is written is taken away from all other cores.
            if !self.is_there.load(Relaxed) {
                self.is_there.store(true, Relaxed);
            }
        } else if reply.status == StatusCode::NOT_FOUND
            && !self.is_there.load(Relaxed)
            && !Box::pin(self.look(call.deadline)).await?
        {
            return Ok(None);
        }
        Ok(Some(reply))
    }

    /// Asks for what an endpoint has: its configuration (RFC 7644 §4), or, since some leave that out, its users.
    async fn look(&self, deadline: Instant) -> Result<bool, Failure> {
        let users = self.path(ResourceType::User);
        for (path, query) in [(self.about, [].as_slice()), (users, &[("count", "1")])] {
            let call = Outgoing {
                method: Method::GET,
                segments: &[path],
                query,
                operations: 1,
                body: None,
                repeat: Repeat::Safe,
                urgent: false,
                if_match: None,
                deadline,
            };
            let reply = self.vendor.send(&call).await?;
            if reply.status.is_success() && reply.body.trim_ascii_start().starts_with(b"{") {
                self.is_there.store(true, Relaxed);
                return Ok(true);
            }
        }
        Ok(false)
    }
}
