//! One writer a resource: what is read, changed and written must not be changed by another in between.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;
use tokio::sync::OwnedMutexGuard;

use crate::scim::ResourceType;

type Place = (ResourceType, CompactString);

/// The locks of one integration. A lock that nobody holds takes no memory.
#[derive(Default)]
pub struct Locks(Arc<Mutex<HashMap<Place, Arc<tokio::sync::Mutex<()>>>>>);

/// The right to write a resource, until it is dropped.
pub struct Held {
    place: Place,
    guard: Option<OwnedMutexGuard<()>>,
    locks: Arc<Mutex<HashMap<Place, Arc<tokio::sync::Mutex<()>>>>>,
}

impl Locks {
    /// Waits for the right to write a resource.
    pub async fn hold(&self, resource: ResourceType, id: &str) -> Held {
        let place = (resource, CompactString::from(id));
        let lock =
            self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(place.clone()).or_default().clone();
        Held { guard: Some(lock.lock_owned().await), place, locks: self.0.clone() }
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
    use super::*;

    #[tokio::test]
    async fn a_resource_has_one_writer_and_others_do_not_wait() {
        let locks = Locks::default();
        let first = locks.hold(ResourceType::Group, "g").await;
        let _other = locks.hold(ResourceType::User, "g").await;
        let second = locks.hold(ResourceType::Group, "g");
        tokio::pin!(second);
        assert!(futures_util::poll!(second.as_mut()).is_pending());
        drop(first);
        drop(second.await);
        assert_eq!(locks.0.lock().unwrap().len(), 1);
    }
}
