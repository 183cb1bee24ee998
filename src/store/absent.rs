//! Accounts that the identity provider knows and the vendor does not have, and memberships that wait for them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use compact_str::CompactString;

use crate::scim::ResourceType;
use crate::scim::json::Value;

/// An account that the vendor does not have, or does not show as it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Absent {
    /// What the identity provider reads of it; never a password.
    pub account: Value,
    /// Why.
    pub state: State,
}

/// Why the vendor does not have an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being taken out; whether it is, is not known yet.
    Leaving,
    /// It was deactivated, and the vendor forgets whom it deactivates.
    Left,
    /// It is being given access again, as far as that has come.
    Returning,
    /// It was never there: it is made once it is active.
    Pending,
    /// It is there, inactive, and takes no change until it is active.
    Frozen,
}

/// What is remembered of them, in the process's own memory.
#[derive(Default)]
pub(super) struct Absents {
    accounts: HashMap<ResourceType, BTreeMap<CompactString, Arc<Absent>>>,
    /// Groups, by user.
    parked: BTreeMap<CompactString, BTreeSet<CompactString>>,
}

impl Absents {
    pub fn get(&self, resource: ResourceType, id: &str) -> Option<Arc<Absent>> {
        self.accounts.get(&resource)?.get(id).cloned()
    }

    pub fn all(&self, resource: ResourceType) -> Vec<(CompactString, Arc<Absent>)> {
        let all = self.accounts.get(&resource).into_iter().flatten();
        all.map(|(id, absent)| (id.clone(), absent.clone())).collect()
    }

    pub fn any(&self, resource: ResourceType) -> bool {
        self.accounts.get(&resource).is_some_and(|all| !all.is_empty())
    }

    pub fn set(&mut self, resource: ResourceType, id: &CompactString, absent: Option<Absent>) {
        let all = self.accounts.entry(resource).or_default();
        match absent {
            Some(absent) => drop(all.insert(id.clone(), Arc::new(absent))),
            None => drop(all.remove(id)),
        }
    }

    pub fn park(&mut self, user: &str, groups: &[CompactString]) {
        if !groups.is_empty() {
            self.parked.entry(user.into()).or_default().extend(groups.iter().cloned());
        }
    }

    pub fn unpark(&mut self, user: Option<&str>, group: Option<&str>) {
        self.parked.retain(|one, groups| {
            if user.is_none_or(|user| user == one) {
                match group {
                    Some(group) => drop(groups.remove(group)),
                    None => groups.clear(),
                }
            }
            !groups.is_empty()
        });
    }

    pub fn parked_of(&self, user: &str) -> Vec<CompactString> {
        self.parked.get(user).into_iter().flatten().cloned().collect()
    }

    pub fn parked_in(&self, group: &str) -> Vec<CompactString> {
        let waits = self.parked.iter().filter(|(_, groups)| groups.contains(group));
        waits.map(|(user, _)| user.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memberships_wait_until_they_are_given_or_taken() {
        let mut absents = Absents::default();
        let ids = |ids: &[&str]| ids.iter().map(|id| CompactString::from(*id)).collect::<Vec<_>>();
        absents.park("a", &ids(&["g", "h"]));
        absents.park("b", &ids(&["g"]));
        absents.park("c", &[]);
        assert_eq!((absents.parked_of("a"), absents.parked_in("g")), (ids(&["g", "h"]), ids(&["a", "b"])));
        absents.unpark(Some("a"), Some("g"));
        assert_eq!(absents.parked_in("g"), ids(&["b"]));
        absents.unpark(None, Some("g"));
        absents.unpark(Some("a"), None);
        assert!(absents.parked.is_empty());
    }

    #[test]
    fn types_do_not_see_each_other() {
        let mut absents = Absents::default();
        let absent = Absent { account: Value::object(), state: State::Left };
        absents.set(ResourceType::User, &"1".into(), Some(absent.clone()));
        assert!(absents.get(ResourceType::Group, "1").is_none() && !absents.any(ResourceType::Group));
        assert_eq!(absents.all(ResourceType::User), [("1".into(), Arc::new(absent))]);
        absents.set(ResourceType::User, &"1".into(), None);
        assert!(!absents.any(ResourceType::User));
    }
}
