//! The verbs of a store, each as one that runs in a transaction of its own.

use std::sync::Arc;

use compact_str::CompactString;

use super::{Backend, Mode, Sql};
use crate::groups::Stored;
use crate::remainder::Remainder;
use crate::scim::request::Request;
use crate::scim::{AttrPath, ResourceType};
use crate::store::{
    Absent, Debt, Doubt, Group, GroupChange, Intent, Key, Later, Mark, Said, Store, Target, Told, VendorId,
};

impl<B: Backend> Store for Sql<B> {
    fn mark(&self) -> Mark {
        self.backend.mark()
    }

    fn sync(&self, since: Mark) -> Later<'_, ()> {
        self.backend.sync(since)
    }

    fn remainder<'a>(&'a self, key: &'a Key) -> Later<'a, Option<Arc<Remainder>>> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Read, &at.integration, move |mut book| {
            Box::pin(async move { book.remainder(key.resource, &key.id).await })
        })
    }

    fn keep<'a>(&'a self, key: &'a Key, remainder: Remainder) -> Later<'a, ()> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.keep(key.resource, &key.id, &remainder).await })
        })
    }

    fn wrote<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        attribute: &'a AttrPath,
        text: &'a str,
    ) -> Later<'a, Vec<CompactString>> {
        let attribute = attribute.clone();
        let text = CompactString::from(text);
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.wrote(resource, &attribute, &text).await })
        })
    }

    fn forget<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.forget(key.resource, &key.id).await })
        })
    }

    fn vendor_ids<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        ids: &'a [CompactString],
    ) -> Later<'a, Vec<Option<VendorId>>> {
        let ids = ids.to_vec();
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.vendor_ids(resource, &ids).await })
        })
    }

    fn own_ids<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
        ids: &'a [VendorId],
    ) -> Later<'a, Vec<Option<CompactString>>> {
        let ids = ids.to_vec();
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.own_ids(resource, &ids).await })
        })
    }

    fn bind<'a>(&'a self, key: &'a Key, vendor: VendorId) -> Later<'a, ()> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.bind(key.resource, &key.id, &vendor).await })
        })
    }

    fn mint<'a>(&'a self, key: &'a Key, vendor: VendorId) -> Later<'a, CompactString> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.mint(key.resource, &key.id, &vendor).await })
        })
    }

    fn unbind<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.unbind(key.resource, &key.id).await })
        })
    }

    fn absent<'a>(&'a self, key: &'a Key) -> Later<'a, Option<Arc<Absent>>> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Read, &at.integration, move |mut book| {
            Box::pin(async move { book.absent(key.resource, &key.id).await })
        })
    }

    fn set_absent<'a>(&'a self, key: &'a Key, absent: Option<Absent>) -> Later<'a, ()> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.set_absent(key.resource, &key.id, absent.as_ref()).await })
        })
    }

    fn has_absent<'a>(&'a self, integration: &'a str, resource: ResourceType) -> Later<'a, bool> {
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.has_absent(resource).await })
        })
    }

    fn all_absent<'a>(
        &'a self,
        integration: &'a str,
        resource: ResourceType,
    ) -> Later<'a, Vec<(CompactString, Arc<Absent>)>> {
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.all_absent(resource).await })
        })
    }

    fn park<'a>(&'a self, integration: &'a str, user: &'a str, groups: &'a [CompactString]) -> Later<'a, ()> {
        let user = CompactString::from(user);
        let groups = groups.to_vec();
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.park(&user, &groups).await })
        })
    }

    fn unpark<'a>(
        &'a self,
        integration: &'a str,
        user: Option<&'a str>,
        group: Option<&'a str>,
    ) -> Later<'a, ()> {
        let user = user.map(CompactString::from);
        let group = group.map(CompactString::from);
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.unpark(user.as_deref(), group.as_deref()).await })
        })
    }

    fn parked_of<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, Vec<CompactString>> {
        let user = CompactString::from(user);
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.parked_of(&user).await })
        })
    }

    fn parked_in<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Vec<CompactString>> {
        let group = CompactString::from(group);
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.parked_in(&group).await })
        })
    }

    fn told<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Told> {
        let group = CompactString::from(group);
        self.with(Mode::Read, integration, move |mut book| Box::pin(async move { book.told(&group).await }))
    }

    fn tell<'a>(
        &'a self,
        integration: &'a str,
        group: &'a str,
        change: Option<GroupChange>,
    ) -> Later<'a, ()> {
        let group = CompactString::from(group);
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.tell(&group, change.as_ref()).await })
        })
    }

    fn claim<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.claim(key.resource, &key.id).await })
        })
    }

    fn is_claimed<'a>(&'a self, key: &'a Key) -> Later<'a, bool> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Read, &at.integration, move |mut book| {
            Box::pin(async move { book.is_claimed(key.resource, &key.id).await })
        })
    }

    fn bury<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.bury(key.resource, &key.id).await })
        })
    }

    fn is_buried<'a>(&'a self, key: &'a Key) -> Later<'a, bool> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Read, &at.integration, move |mut book| {
            Box::pin(async move { book.is_buried(key.resource, &key.id).await })
        })
    }

    fn has_buried<'a>(&'a self, integration: &'a str, resource: ResourceType) -> Later<'a, bool> {
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.has_buried(resource).await })
        })
    }

    fn unbury<'a>(&'a self, key: &'a Key) -> Later<'a, ()> {
        let at = key;
        let key = key.clone();
        self.with(Mode::Write, &at.integration, move |mut book| {
            Box::pin(async move { book.unbury(key.resource, &key.id).await })
        })
    }

    fn doubt<'a>(
        &'a self,
        integration: &'a str,
        group: &'a str,
        losing: &'a [CompactString],
        others: &'a [CompactString],
    ) -> Later<'a, Doubt> {
        let group = CompactString::from(group);
        let losing = losing.to_vec();
        let others = others.to_vec();
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.doubt(&group, &losing, &others).await })
        })
    }

    fn take_back<'a>(&'a self, integration: &'a str, group: &'a str, doubt: Doubt) -> Later<'a, ()> {
        let group = CompactString::from(group);
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.take_back(&group, &doubt).await })
        })
    }

    fn doubtful<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<CompactString>> {
        self.with(Mode::Read, integration, move |mut book| Box::pin(async move { book.doubtful().await }))
    }

    fn owed<'a>(&'a self, integration: &'a str, group: Option<&'a str>) -> Later<'a, Vec<Debt>> {
        let group = group.map(CompactString::from);
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.owed(group.as_deref()).await })
        })
    }

    fn debt<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, Option<Debt>> {
        let user = CompactString::from(user);
        self.with(Mode::Read, integration, move |mut book| Box::pin(async move { book.debt(&user).await }))
    }

    fn settle<'a>(&'a self, integration: &'a str, debt: &'a Debt) -> Later<'a, ()> {
        let debt = debt.clone();
        self.with(Mode::Write, integration, move |mut book| Box::pin(async move { book.settle(&debt).await }))
    }

    fn knows_groups<'a>(&'a self, integration: &'a str) -> Later<'a, bool> {
        self.with(Mode::Read, integration, move |mut book| Box::pin(async move { book.knows_groups().await }))
    }

    fn learn_groups<'a>(
        &'a self,
        integration: &'a str,
        groups: Vec<(CompactString, Group)>,
    ) -> Later<'a, ()> {
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.learn_groups(&groups).await })
        })
    }

    fn groups_of<'a>(
        &'a self,
        integration: &'a str,
        user: &'a str,
    ) -> Later<'a, Vec<(CompactString, CompactString)>> {
        let user = CompactString::from(user);
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.groups_of(&user).await })
        })
    }

    fn members_of<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Vec<CompactString>> {
        let group = CompactString::from(group);
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.members_of(&group).await })
        })
    }

    fn name_of<'a>(&'a self, integration: &'a str, group: &'a str) -> Later<'a, Option<CompactString>> {
        let group = CompactString::from(group);
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.name_of(&group).await })
        })
    }

    fn learn_group<'a>(&'a self, integration: &'a str, group: &'a str, now: Option<Group>) -> Later<'a, ()> {
        let group = CompactString::from(group);
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.learn_group(&group, now.as_ref()).await })
        })
    }

    fn change_group<'a>(
        &'a self,
        integration: &'a str,
        group: &'a str,
        change: GroupChange,
    ) -> Later<'a, ()> {
        let group = CompactString::from(group);
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.change_group(&group, &change).await })
        })
    }

    fn forget_member<'a>(&'a self, integration: &'a str, user: &'a str) -> Later<'a, ()> {
        let user = CompactString::from(user);
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.forget_member(&user).await })
        })
    }

    fn intend<'a>(
        &'a self,
        integration: &'a str,
        target: &'a Target,
        request: &'a Request,
        revokes: bool,
        since: i64,
    ) -> Later<'a, u64> {
        let (target, request) = (target.clone(), request.clone());
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.intend(&target, &request, revokes, since).await })
        })
    }

    fn intents_for<'a>(&'a self, integration: &'a str, target: &'a Target) -> Later<'a, Vec<Intent>> {
        let target = target.clone();
        self.with(Mode::Read, integration, move |mut book| {
            Box::pin(async move { book.intents_for(&target).await })
        })
    }

    fn intents<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<Intent>> {
        self.with(Mode::Read, integration, move |mut book| Box::pin(async move { book.intents().await }))
    }

    fn tried<'a>(&'a self, integration: &'a str, number: u64, tries: u32, parked: bool) -> Later<'a, ()> {
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.tried(number, tries, parked).await })
        })
    }

    fn fulfil<'a>(&'a self, integration: &'a str, numbers: &'a [u64]) -> Later<'a, ()> {
        let numbers = numbers.to_vec();
        self.with(Mode::Write, integration, move |mut book| {
            Box::pin(async move { book.fulfil(&numbers).await })
        })
    }

    fn nested<'a>(&'a self, integration: &'a str) -> Later<'a, Vec<Stored>> {
        self.with(Mode::Read, integration, move |mut book| Box::pin(async move { book.nested().await }))
    }

    fn say<'a>(&'a self, integration: &'a str, said: Vec<Said>) -> Later<'a, ()> {
        self.with(Mode::Write, integration, move |mut book| Box::pin(async move { book.say(&said).await }))
    }
}
