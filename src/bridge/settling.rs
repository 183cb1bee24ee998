//! What was written a short while ago, at a vendor whose look-ups show it later: whoever looks finds it all the same.
//!
//! A vendor that takes writes into a queue shows them at once when it is asked by id, and by a filter minutes later. An
//! identity provider that looks for whom it has just made would make him once more, and one that looks by an old name would
//! find whom it has just renamed. So what a filter finds is put together: of what was written lately, as it is when it is
//! asked for by its id; of all others, as the vendor finds them.
//!
//! Only the process that wrote knows; after a restart a look-up is the vendor's own, until it has caught up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use compact_str::CompactString;
use tokio::time::{Duration, Instant};

use super::wire::Reply;
use super::{Context, Error, Integration, Kind, read};
use crate::emulation::{Call, Echo, Verb};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::projection::Projection;
use crate::scim::schema::{Catalog, ResourceType};

/// How many are kept in mind; beyond, the oldest are left to the vendor.
const MOST: usize = 20_000;
/// How many are read one by one for one look-up; others are left to the vendor.
const READ: usize = 20;

type Place = (ResourceType, CompactString);

/// What was written lately.
#[derive(Default)]
pub(super) struct Settling(Mutex<State>);

#[derive(Default)]
struct State {
    all: HashMap<Place, Entry>,
    serial: u64,
}

struct Entry {
    at: Instant,
    /// Of all writes, which.
    serial: u64,
    /// As the vendor said that it is.
    said: Option<Value>,
    /// As the identity provider sees it, once somebody has looked; `None` in it: it is gone.
    seen: Option<Option<Value>>,
}

/// One that nobody has looked at since it was written.
struct Unseen {
    id: CompactString,
    serial: u64,
    said: Option<Value>,
}

impl Settling {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a write, and what it was answered with.
    fn note(&self, place: Place, said: Option<Value>, now: Instant) {
        let mut state = self.lock();
        state.serial += 1;
        let serial = state.serial;
        if state.all.len() >= MOST
            && let Some(oldest) =
                state.all.iter().min_by_key(|(_, entry)| entry.serial).map(|(place, _)| place.clone())
        {
            state.all.remove(&oldest);
        }
        state.all.insert(place, Entry { at: now, serial, said, seen: None });
    }

    /// What else belongs to a write is done, too: it is looked at anew.
    fn finished(&self, place: &Place) {
        let mut state = self.lock();
        state.serial += 1;
        let serial = state.serial;
        if let Some(entry) = state.all.get_mut(place) {
            (entry.serial, entry.seen) = (serial, None);
        }
    }

    /// Forgets what has settled; gives those that nobody has looked at, the latest first.
    fn unseen(&self, resource: ResourceType, settle: Duration, now: Instant) -> Vec<Unseen> {
        let mut state = self.lock();
        state.all.retain(|_, entry| now.duration_since(entry.at) < settle);
        let of_type = state.all.iter().filter(|((kind, _), entry)| *kind == resource && entry.seen.is_none());
        let mut unseen: Vec<Unseen> = of_type
            .map(|((_, id), entry)| Unseen { id: id.clone(), serial: entry.serial, said: entry.said.clone() })
            .collect();
        unseen.sort_by_key(|one| std::cmp::Reverse(one.serial));
        unseen
    }

    /// Notes how one is seen, unless it was written since.
    fn see(&self, place: &Place, serial: u64, seen: Option<Value>) {
        let mut state = self.lock();
        if let Some(entry) = state.all.get_mut(place).filter(|entry| entry.serial == serial) {
            (entry.said, entry.seen) = (None, Some(seen));
        }
    }

    /// Those that match.
    fn matching(&self, resource: ResourceType, filter: &Filter, catalog: &Catalog) -> Vec<Value> {
        let state = self.lock();
        let of_type = state.all.iter().filter(|((kind, _), _)| *kind == resource);
        let seen = of_type.filter_map(|(_, entry)| Some((entry.serial, entry.seen.as_ref()?.as_ref()?)));
        let mut found: Vec<_> = seen.filter(|(_, value)| filter.matches(value, catalog)).collect();
        found.sort_by_key(|(serial, _)| *serial);
        found.into_iter().map(|(_, value)| value.clone()).collect()
    }

    /// Whether it is known better here.
    fn is_seen(&self, place: &Place) -> bool {
        self.lock().all.get(place).is_some_and(|entry| entry.seen.is_some())
    }

    fn has(&self, resource: ResourceType) -> bool {
        self.lock().all.keys().any(|(kind, _)| *kind == resource)
    }
}

/// What was written lately and matches a filter.
pub(super) struct Fresh {
    found: Vec<Value>,
    /// Whether anything was written lately.
    any: bool,
}

impl Integration {
    /// Notes a write that the vendor shows later. `call` and `reply` are in the identity provider's identifiers.
    pub(super) fn settle(&self, call: &Call, reply: &Reply) {
        if self.profile.settle.is_none() || call.verb == Verb::Get || !reply.is_success() {
            return;
        }
        let said = reply.body.as_ref().and_then(|body| body.get("id")).and_then(Value::scalar_text);
        let made = (call.verb == Verb::Post).then(|| said.or(reply.located.as_deref())).flatten();
        let Some(id) = call.id.as_deref().or(made) else { return };
        let whole = call.verb != Verb::Delete
            && self.profile.echo == Echo::Full
            && !self.hides_members(call.resource);
        let body = reply.body.as_ref().filter(|body| whole && said == Some(id) && body.has("schemas"));
        self.settling.note((call.resource, id.into()), body.cloned(), Instant::now());
    }

    /// What is remembered of a write is remembered by now.
    pub(super) fn settled(&self, resource: ResourceType, id: &str) {
        if self.profile.settle.is_some() {
            self.settling.finished(&(resource, id.into()));
        }
    }

    /// What was written lately and matches, as it is.
    pub(super) async fn fresh(
        &self,
        resource: ResourceType,
        filter: Option<&Filter>,
        context: &Context,
    ) -> Result<Fresh, Error> {
        let mut fresh = Fresh { found: Vec::new(), any: false };
        let (Some(settle), Some(filter)) = (self.profile.settle, filter) else { return Ok(fresh) };
        let mut reads = 0;
        for Unseen { id, serial, said } in self.settling.unseen(resource, settle, Instant::now()) {
            let vendor = match said {
                Some(said) => Some(said),
                None if reads < READ => {
                    reads += 1;
                    let why = "the vendor finds it later: it was written a short while ago";
                    match read::fetch(self, resource, &id, &Projection::default(), why, context).await {
                        Ok(vendor) => Some(vendor),
                        Err(error) if error.kind == Kind::NotFound => None,
                        Err(error) => return Err(error),
                    }
                }
                None => continue,
            };
            let seen = match vendor {
                Some(_) if self.is_buried(resource, &id).await? => None,
                Some(vendor) => Some(self.complete(resource, self.back(resource, vendor).await?)),
                None => None,
            };
            self.settling.see(&(resource, id), serial, seen);
        }
        fresh.any = self.settling.has(resource);
        fresh.found = self.settling.matching(resource, filter, self.catalog(resource));
        Ok(fresh)
    }
}

impl Fresh {
    /// Whether the vendor's own answer is the whole one.
    pub(super) fn is_nothing(&self) -> bool {
        !self.any
    }

    /// What the vendor found, with what was written lately in its place.
    pub(super) fn merged(
        self,
        integration: &Integration,
        resource: ResourceType,
        mut found: Vec<Value>,
    ) -> Vec<Value> {
        if !self.any {
            return found;
        }
        found.retain(|one| {
            let id = one.get("id").and_then(Value::scalar_text).unwrap_or_default();
            !integration.settling.is_seen(&(resource, id.into()))
        });
        found.extend(self.found);
        found
    }

    /// The same of identifiers.
    pub(super) fn merged_ids(
        self,
        integration: &Integration,
        resource: ResourceType,
        mut found: Vec<CompactString>,
    ) -> Vec<CompactString> {
        if !self.any {
            return found;
        }
        found.retain(|id| !integration.settling.is_seen(&(resource, id.clone())));
        found.extend(self.found.iter().filter_map(|one| one.text_at("id")).map(CompactString::from));
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    const SETTLE: Duration = Duration::from_secs(300);

    fn user(id: &str, name: &str) -> Value {
        Value::read(format!(r#"{{"id":"{id}","userName":"{name}"}}"#).as_bytes(), &Limits::REPLY).unwrap()
    }

    fn found(settling: &Settling, filter: &str) -> Vec<String> {
        let filter = Filter::parse(filter).unwrap();
        let found = settling.matching(ResourceType::User, &filter, &Catalog::standard(ResourceType::User));
        found.iter().map(|one| one.text_at("id").unwrap().to_owned()).collect()
    }

    /// Looks at everything that nobody has looked at, as it was said to be.
    fn look(settling: &Settling, now: Instant) -> usize {
        let unseen = settling.unseen(ResourceType::User, SETTLE, now);
        let number = unseen.len();
        for one in unseen {
            settling.see(&(ResourceType::User, one.id), one.serial, one.said);
        }
        number
    }

    #[test]
    fn what_was_written_is_found_until_it_has_settled() {
        let (settling, start) = (Settling::default(), Instant::now());
        let place = |id: &str| (ResourceType::User, CompactString::from(id));
        let at = |seconds| start + Duration::from_secs(seconds);
        settling.note(place("1"), Some(user("1", "ana")), at(0));
        settling.note(place("2"), Some(user("2", "bo")), at(200));
        assert_eq!((look(&settling, at(200)), look(&settling, at(200))), (2, 0), "each is looked at once");
        assert_eq!(found(&settling, "userName sw \"a\" or userName eq \"BO\""), ["1", "2"]);
        // The first has settled, the second not yet.
        look(&settling, at(300));
        assert_eq!(found(&settling, "userName pr"), ["2"]);
        assert!(!settling.is_seen(&place("1")) && settling.is_seen(&place("2")));
        look(&settling, at(500));
        assert!(!settling.has(ResourceType::User));
    }

    #[test]
    fn what_is_written_again_is_looked_at_again() {
        let (settling, now) = (Settling::default(), Instant::now());
        let place = (ResourceType::User, CompactString::from("1"));
        settling.note(place.clone(), Some(user("1", "ana")), now);
        let old = settling.unseen(ResourceType::User, SETTLE, now).remove(0);
        settling.note(place.clone(), Some(user("1", "ana.souza")), now);
        // Whoever looked before the second write does not tell of it.
        settling.see(&place, old.serial, old.said);
        assert!(!settling.is_seen(&place));
        look(&settling, now);
        assert_eq!(found(&settling, "userName eq \"ana.souza\""), ["1"]);
        settling.finished(&place);
        assert!(!settling.is_seen(&place), "what is remembered of it may be new");
        // Gone: known, and found by nothing.
        let serial = settling.unseen(ResourceType::User, SETTLE, now)[0].serial;
        settling.see(&place, serial, None);
        assert!(settling.is_seen(&place) && found(&settling, "userName pr").is_empty());
    }

    #[test]
    fn the_oldest_are_left_to_the_vendor() {
        let (settling, now) = (Settling::default(), Instant::now());
        for id in 0..=MOST {
            settling.note((ResourceType::Group, CompactString::from(id.to_string())), None, now);
        }
        assert_eq!(settling.lock().all.len(), MOST);
        assert!(!settling.lock().all.contains_key(&(ResourceType::Group, "0".into())));
    }
}
