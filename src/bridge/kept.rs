//! Groups of a vendor that has none, but an attribute of its users: the bridge keeps them, and answers for the vendor whatever
//! is asked of them. What they mean the rules of users say, which read `$groups`.
//!
//! So a group is changed, listed, and has its rules run for whoever joins or leaves, as it would at a vendor.

use super::wire::Reply;
use super::{Context, Error, Integration};
use crate::emulation::{Call, Verb};
use crate::scim::error::Error as ScimError;
use crate::scim::json::Value;
use crate::scim::patch::{self, Operation};
use crate::scim::request::list_response;
use crate::scim::schema::ResourceType;
use crate::store::{Absent, State};

const GROUP: ResourceType = ResourceType::Group;

/// Who gives a group a name waits for whoever else does. No resource has this id: one that stands in a URL has no slash.
const NAMES: &str = "/names";

impl Integration {
    /// Whether resources of a type are kept here, and not at the vendor.
    pub(super) fn is_kept(&self, resource: ResourceType) -> bool {
        resource == GROUP && self.profile.resource(resource).kept
    }

    /// Answers a call about groups in the vendor's place.
    pub(super) async fn kept(&self, call: &Call, context: &Context) -> Result<Reply, Error> {
        let reply =
            |status: u16, body: Option<Value>| Ok(Reply { status, body, located: None, retry_after: None });
        let body = || call.body.clone().unwrap_or_default();
        context.trail.note("the vendor has no groups: the bridge keeps them");
        let Some(id) = call.id.as_deref() else {
            if call.verb == Verb::Get {
                let all = self.store.all_absent(&self.name, GROUP).await?;
                let all: Vec<Value> = all.into_iter().map(|(_, kept)| kept.account.clone()).collect();
                return reply(200, Some(list_response(all.len(), 1, all)));
            }
            let _names = self.locks.hold(GROUP, NAMES, context.deadline).await?;
            let id = self.new_key(GROUP)?.id;
            let mut group = body();
            group.set("id", id.as_str());
            if self.has_name_of(&group).await? {
                return reply(409, None);
            }
            self.keep_group(&id, group.clone()).await?;
            return reply(201, Some(group));
        };
        let Some(kept) = self.store.absent(&self.key(GROUP, id)).await? else { return reply(404, None) };
        let mut after = match call.verb {
            Verb::Get => return reply(200, Some(kept.account.clone())),
            Verb::Delete => {
                self.store.set_absent(&self.key(GROUP, id), None).await?;
                return reply(204, None);
            }
            Verb::Post | Verb::Put => body(),
            Verb::Patch => {
                let body = body();
                let operations = patch::operations(&body)?;
                let operations: Result<Vec<_>, ScimError> = operations.iter().map(Operation::read).collect();
                match patch::apply(kept.account.clone(), &operations?, self.catalog(GROUP)) {
                    Ok(after) => after,
                    Err(error) => {
                        let kind = [("scimType", Value::from(error.kind.word()))];
                        return reply(400, Some(kind.into_iter().collect()));
                    }
                }
            }
        };
        after.set("id", id);
        let renamed = after.text_at("displayName") != kept.account.text_at("displayName");
        let _names = match renamed {
            true => Some(self.locks.hold(GROUP, NAMES, context.deadline).await?),
            false => None,
        };
        if renamed && self.has_name_of(&after).await? {
            return reply(409, None);
        }
        self.keep_group(id, after.clone()).await?;
        reply(200, Some(after))
    }

    async fn keep_group(&self, id: &str, account: Value) -> Result<(), Error> {
        let kept = Absent { account, state: State::Pending };
        Ok(self.store.set_absent(&self.key(GROUP, id), Some(kept)).await?)
    }

    /// Whether another group is called so (in any case: RFC 7643 §2.2, `displayName` has none).
    async fn has_name_of(&self, group: &Value) -> Result<bool, Error> {
        let name = |group: &Value| group.text_at("displayName").map(str::to_lowercase);
        let all = self.store.all_absent(&self.name, GROUP).await?;
        let other = |kept: &Value| kept.get("id") != group.get("id") && name(kept) == name(group);
        Ok(all.iter().any(|(_, kept)| other(&kept.account)))
    }

    /// Takes a user who is gone out of every group, as a vendor does.
    pub(super) async fn leave_kept(&self, user: &str, context: &Context) -> Result<(), Error> {
        if !self.is_kept(GROUP) {
            return Ok(());
        }
        let is_it = |member: &Value| member.text_at("value") == Some(user);
        for (id, _) in self.store.all_absent(&self.name, GROUP).await? {
            let _held = self.locks.hold(GROUP, &id, context.deadline).await?;
            let Some(kept) = self.store.absent(&self.key(GROUP, &id)).await? else { continue };
            let members = kept.account.get("members").map(Value::items).unwrap_or_default();
            if members.iter().any(is_it) {
                let mut group = kept.account.clone();
                let others: Vec<Value> = members.iter().filter(|member| !is_it(member)).cloned().collect();
                group.set("members", others);
                self.keep_group(&id, group).await?;
            }
        }
        Ok(())
    }
}
