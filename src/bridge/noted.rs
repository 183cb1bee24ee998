//! What the vendor was sent and must be known again: elements of lists that are the bridge's own, and what was made once.

use std::sync::Arc;

use super::{Error, Integration};
use crate::clock::Clock;
use crate::mapping::Moment;
use crate::remainder::{Remainder, Sent};
use crate::scim::json::Value;
use crate::scim::schema::ResourceType;

impl Integration {
    /// The time, and chance from the system, where a rule makes something of them.
    pub(super) fn moment(&self, resource: ResourceType) -> Result<Moment, Error> {
        if !self.lens(resource).needs_moment() {
            return Ok(Moment::default());
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(Error::internal)?;
        Ok(Moment { now: Clock::system().now(), seed })
    }

    /// What was noted of a resource.
    pub(super) async fn noted(
        &self,
        resource: ResourceType,
        id: &str,
    ) -> Result<Option<Arc<Remainder>>, Error> {
        if !self.notes(resource) {
            return Ok(None);
        }
        Ok(self.store.remainder(&self.key(resource, id)).await?)
    }

    /// What must be noted of what is sent; `None` where no rule needs it.
    pub(super) fn to_note(
        &self,
        resource: ResourceType,
        sent: &Value,
        before: Option<&Value>,
        known: Option<&Remainder>,
    ) -> Option<Vec<Sent>> {
        self.notes(resource).then(|| self.lens(resource).sent(sent, before, known))
    }

    /// Notes it, beside what is remembered.
    pub(super) async fn note_sent(
        &self,
        resource: ResourceType,
        id: &str,
        sent: Option<Vec<Sent>>,
    ) -> Result<(), Error> {
        let Some(sent) = sent else { return Ok(()) };
        let key = self.key(resource, id);
        let known = self.store.remainder(&key).await?.map(|known| (*known).clone());
        let remainder = known.unwrap_or_default().with_sent(sent);
        Ok(self.store.keep(&key, remainder).await?)
    }

    fn notes(&self, resource: ResourceType) -> bool {
        self.remembers && self.lens(resource).remembers_what_is_sent()
    }
}
