//! Whether a vendor did what it says that it did: what was written is read again, where its answers cannot be believed.

use tokio::time::Instant;

use super::wire::Reply;
use super::{Context, Error, Integration, Trail};
use crate::emulation::{self, Call, Verb};
use crate::scim::json::Value;
use crate::scim::projection::Projection;

impl Integration {
    /// Reads what a call was about, in the vendor's identifiers, and compares.
    ///
    /// # Errors
    /// When it is not there, or cannot be read: then it is not known, and not a success.
    pub(super) async fn verify(&self, call: &Call, reply: &Reply, context: &Context) -> Result<(), Error> {
        let made = || reply.body.as_ref().and_then(|body| body.get("id")).and_then(Value::scalar_text);
        let id = match call.verb {
            Verb::Post => made().or(reply.located.as_deref()),
            _ => call.id.as_deref(),
        };
        // Without an id there is nothing to ask for; whoever needs one says so.
        let Some(id) = id else { return Ok(()) };
        let why = "the vendor's word is not enough: is it there?";
        let read = emulation::read(&self.profile, call.resource, id, &Projection::default(), why);
        let there = self.sent(&read, context).await?;
        let there = match there.status {
            404 => None,
            _ if !there.is_success() => return Err(there.error(&read).of_known()),
            _ => there.body.filter(|body| body.text_at("id") == Some(id)),
        };
        let catalog = self.profile.catalog(call.resource);
        let hides = self.hides_members(call.resource);
        if emulation::is_done(call, reply.body.as_ref(), there.as_ref(), &catalog, hides) {
            return Ok(());
        }
        context.trail.clear_doubt();
        let cause = format!(
            "{} {} was answered {}, and is not there",
            call.verb.word(),
            call.resource.endpoint(),
            reply.status
        );
        Err(Error::not_carried_out().because(cause))
    }

    /// Asks the vendor what state its account is in, for its operator: when the bridge starts, and nobody has asked yet.
    pub async fn look_at_gate(&self, deadline: Instant) {
        let Some(resource) = self.profile.truth.probe else { return };
        let at = self.profile.paging.first();
        let call =
            emulation::list(&self.profile, resource, None, (&at, Some(1)), None, &Projection::default());
        let integration = self.name.as_str();
        let context = Context { deadline, trail: Trail::default() };
        match self.call(&call, &context).await {
            Err(error) => tracing::warn!(integration, %error, "the vendor's account does not take requests"),
            Ok(reply) if !reply.is_success() => {
                let error = reply.error(&call);
                tracing::warn!(integration, %error, "the vendor's account does not take requests");
            }
            Ok(_) => tracing::info!(integration, "the vendor's account takes requests"),
        }
    }
}
