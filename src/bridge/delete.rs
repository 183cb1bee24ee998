//! DELETE: the call that ends a resource, or what takes its place where a vendor has none.

use super::membership::{Now, Pending};
use super::turn::Wanted;
use super::wire::Reply;
use super::write::{Write, off};
use super::{Answer, Error, Integration, Kind, read};
use crate::emulation::{self, Call, Deed, Refusal, Way};
use crate::scim::error::{Error as ScimError, ErrorType};
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::patch::{Op, Operation as PatchOperation};
use crate::scim::path::Path;
use crate::scim::projection::Projection;
use crate::scim::schema::ResourceType;
use crate::store::State;

impl Write<'_> {
    pub(super) async fn delete(&self, id: &str) -> Result<Answer, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let _held = integration.locks.hold(resource, id, self.context.deadline).await?;
        if self.if_match.is_some() && !integration.is_buried(resource, id).await? {
            self.before(id, "the client says which version it has seen").await?;
        }
        self.may_end(id).await?;
        let removal = integration.profile.resource(resource).removal;
        let absent = integration.absent(resource, id).await?;
        // A resource that was deleted before, and that the vendor keeps, is deleted again: it may have come back there.
        let was_there = match removal.way {
            _ if absent.is_some_and(|absent| absent.state == State::Pending) => false,
            Way::Refuse => return Err(Error::refused("users are not deleted here: deactivate them instead")),
            Way::Disable => {
                self.context.trail.note("it is not deleted: access is taken away, and the record stays");
                self.disable(id).await?
            }
            Way::Delete => {
                if removal.disable_first {
                    self.disable(id).await?;
                }
                self.end(id).await?
            }
        };
        let key = integration.key(resource, id);
        if was_there && integration.may_be_buried(resource) {
            integration.store.bury(&key).await?;
        } else if integration.has_aliases() {
            integration.store.unbind(&key).await?;
        }
        integration.store.forget(&key).await?;
        match resource {
            ResourceType::User => {
                integration.store.forget_member(&integration.name, id).await?;
                integration.nested_user_gone(id).await?;
            }
            ResourceType::Group => {
                integration.wait_for(id, &[]).await?;
                integration.told(resource, id, None).await?;
            }
        }
        Ok(Answer::Deleted)
    }

    /// Whether an account may be deleted; it is read first where some may not.
    async fn may_end(&self, id: &str) -> Result<(), Error> {
        let (integration, resource) = (self.integration, self.resource);
        if integration.profile.resource(resource).protected.is_nothing() {
            return Ok(());
        }
        let why = "some accounts cannot be deleted";
        match read::fetch(integration, resource, id, &Projection::default(), why, self.context).await {
            Ok(vendor) => integration.allow(resource, Some(&vendor), None),
            Err(error) if error.kind == Kind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// DELETE at the vendor. What is gone already is gone: a repeated removal succeeds. Gives whether it was there.
    async fn end(&self, id: &str) -> Result<bool, Error> {
        let (integration, resource) = (self.integration, self.resource);
        let pending = match resource {
            ResourceType::Group => integration.expect_end(id, self.context).await?,
            ResourceType::User => Pending::default(),
        };
        let call = emulation::delete(&integration.profile, resource, id);
        let outcome = match self.sent(&call).await {
            Ok(reply) if matches!(reply.status, 412 | 428) && integration.has_conditions() => {
                self.sent(&call).await
            }
            outcome => outcome,
        };
        let error = match outcome {
            Ok(reply) if reply.is_success() || reply.status == 404 => {
                integration.done(id, pending, Now::Gone, self.context).await?;
                return Ok(reply.is_success());
            }
            Ok(reply) => reply.error(&call),
            // Looked for before it was deleted, and gone already.
            Err(error) if error.kind == Kind::NotFound => {
                integration.done(id, pending, Now::Gone, self.context).await?;
                return Ok(false);
            }
            Err(error) => error,
        };
        integration.not_done(id, pending, &error).await?;
        Err(error)
    }

    async fn sent(&self, call: &Call) -> Result<Reply, Error> {
        let conditional = self.integration.conditional(call, None, self.context).await?;
        self.integration.call(conditional.as_ref().unwrap_or(call), self.context).await
    }

    /// Takes access away: an account is deactivated, a group loses its members. Gives whether it was there.
    async fn disable(&self, id: &str) -> Result<bool, Error> {
        let disabled = match self.resource {
            ResourceType::User => {
                let off = [off()];
                match Box::pin(self.turn(id, &Wanted::Changed(&off))).await {
                    Ok(None) => self.changed(id, &off).await.map(drop),
                    turned => turned.map(drop),
                }
            }
            ResourceType::Group => {
                let members = Path::Attribute(AttrPath::core("members"));
                self.changed(id, &[PatchOperation::new(Op::Remove, members, Value::null())]).await.map(drop)
            }
        };
        match disabled {
            Ok(()) => Ok(true),
            Err(error) if error.kind == Kind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl Integration {
    /// Whether an account may become what it shall be: some are protected at the vendor.
    pub(super) fn allow(
        &self,
        resource: ResourceType,
        before: Option<&Value>,
        after: Option<&Value>,
    ) -> Result<(), Error> {
        match self.profile.resource(resource).protected.refuses(before, after) {
            None => Ok(()),
            Some(Refusal { deed: Deed::Assign, why }) => {
                Err(ScimError::new(ErrorType::Mutability, why).into())
            }
            Some(Refusal { why, .. }) => Err(Error::refused(&why)),
        }
    }
}
