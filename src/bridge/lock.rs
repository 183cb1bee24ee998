//! One writer a resource: what is read, changed and written must not be changed by another in between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};

use super::Error;
use crate::scim::ResourceType;

type Place = (ResourceType, CompactString);

/// The locks of one integration, or of all that write to an account where two writes at a time are refused. A lock that
/// nobody holds takes no memory. Clones are the same locks.
#[derive(Clone, Default)]
pub struct Locks(Arc<Mutex<HashMap<Place, Arc<tokio::sync::Mutex<()>>>>>);

/// The right to write a resource, until it is dropped.
pub struct Held {
    place: Place,
    guard: Option<OwnedMutexGuard<()>>,
    locks: Arc<Mutex<HashMap<Place, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Locks {
    /// Waits for the right to write a resource, at most until the deadline.
    ///
    /// # Errors
    /// When another writer has it for longer.
    pub async fn hold(&self, resource: ResourceType, id: &str, deadline: Instant) -> Result<Held, Error> {
        let place = (resource, CompactString::from(id));
        let mut held = Held { guard: None, place, locks: self.0.clone() };
        let lock = {
            let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            locks.entry(held.place.clone()).or_default().clone()
        };
        let guard = timeout_at(deadline, lock.lock_owned()).await;
        held.guard =
            Some(guard.map_err(|_| Error::overdue().because("another write of the resource took too long"))?);
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
        self.guard = None;
        // Only the map itself holds it: nobody waits.
        if locks.get(&self.place).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            locks.remove(&self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_resource_has_one_writer_and_others_do_not_wait() {
        let locks = Locks::default();
        let soon = Instant::now() + Duration::from_secs(60);
        let first = locks.hold(ResourceType::Group, "g", soon).await.unwrap();
        let other = locks.hold(ResourceType::User, "g", soon).await.unwrap();
        let second = locks.hold(ResourceType::Group, "g", soon);
        tokio::pin!(second);
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        assert!(locks.hold(ResourceType::Group, "g", Instant::now()).await.is_err(), "nobody waits for ever");
        drop(first);
        drop(second.await.unwrap());
        assert_eq!(locks.0.lock().unwrap().len(), 1);
        drop(other);
        assert!(locks.0.lock().unwrap().is_empty());
    }
}
