//! What the program does with one canonical request: hops 6 to 11, from what is remembered to what is answered.

mod absent;
mod adopt;
mod aliases;
mod ask;
mod create;
mod delete;
mod direct;
mod doubtful;
mod endpoint;
mod error;
mod finish;
mod groups;
mod intent;
mod kept;
mod list;
mod lock;
mod manager;
mod members;
mod membership;
mod nested;
mod nesting;
mod noted;
mod outbox;
mod pages;
mod parked;
mod present;
mod read;
mod recall;
mod remains;
mod renewal;
mod replay;
mod settling;
mod sort;
mod trail;
mod turn;
mod unlisted;
mod verify;
mod version;
mod wire;
mod write;

use std::sync::Arc;

use compact_str::CompactString;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::dialect;
use crate::emulation::Profile;
use crate::mapping::{Lens, Mapping};
use crate::remainder::Remembered;
use crate::scim::json::Value;
use crate::scim::request::{Action, Request};
use crate::scim::{AttrPath, Catalog, ResourceType};
use crate::store::{Key, Store};

use membership::Learning;
use nesting::Nesting;
use outbox::Outbox;
use renewal::Renewals;
use settling::Settling;

pub use ask::question;
pub use endpoint::Endpoint;
pub use error::{Error, Kind};
pub use lock::Locks;
pub use replay::{Answered, Replay};
pub use trail::{Step, Trail};
pub use wire::{Dry, Wire};

/// What an integration is made of.
pub struct Parts {
    /// Its name in the configuration.
    pub name: CompactString,
    /// The public URL under which its identity provider knows it, without a slash at the end.
    pub base: String,
    /// How its identity provider speaks.
    pub dialect: dialect::Options,
    /// How attributes relate.
    pub mapping: Mapping,
    /// What the vendor can do.
    pub profile: Profile,
    /// Whether anything is remembered.
    pub remembers: bool,
    /// Writes are held until the operator says that he knows what the first of them does.
    pub held: bool,
    /// The e-mail domains of accounts that may be taken over; none: of any.
    pub domains: Vec<CompactString>,
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// The way to the vendor.
    pub wire: Wire,
    /// Writes that go on when their client goes away.
    pub tasks: TaskTracker,
    /// Who is told of every request; nobody, but in a demonstration and for a capture.
    pub observer: Option<Observer>,
}

/// Is told of every request.
pub type Observer = Arc<dyn Fn(&Told) + Send + Sync>;

/// One request, its steps and its answer.
#[derive(Clone, Debug)]
pub struct Told {
    /// The name of the integration.
    pub integration: CompactString,
    /// The headers that tell how the client speaks, and its conditions.
    pub headers: Vec<(String, String)>,
    /// The method.
    pub method: String,
    /// The path and query.
    pub path: String,
    /// The body.
    pub body: Option<Value>,
    /// What happened.
    pub steps: Vec<Step>,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub answer: Option<Value>,
}

/// One identity provider, paired with one vendor account.
pub struct Integration {
    parts: Parts,
    locks: Locks,
    learning: Learning,
    nesting: Nesting,
    renewals: Renewals,
    outbox: Outbox,
    settling: Settling,
    remembered_users: Remembered,
    remembered_groups: Remembered,
}

impl std::ops::Deref for Integration {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

/// What belongs to one request besides what it asks.
#[derive(Clone, Debug)]
pub struct Context {
    /// When the client stops waiting.
    pub deadline: Instant,
    /// Where its steps are noted.
    pub trail: Trail,
}

/// What a request is answered with.
#[derive(Clone, Debug)]
pub enum Answer {
    /// A resource was made.
    Created(Value),
    /// The resource as it was asked for.
    Found(Value),
    /// The client has this version already.
    Unchanged(String),
    /// A page of resources.
    Page(Value),
    /// The resource as it is after a PUT.
    Replaced(Value),
    /// What a PATCH made of the resource, if that is known without asking for it.
    Modified(Option<Value>),
    /// It is gone.
    Deleted,
}

/// Carries out one request. A write that was begun is finished even if nobody waits for it any more: half a plan is
/// worse than either end of it.
///
/// # Errors
/// When it cannot be carried out; the kind says what the client should do.
pub async fn handle(
    integration: &Arc<Integration>,
    request: Request,
    context: Context,
) -> Result<Answer, Error> {
    let lost = integration.is_kept(request.resource) && !integration.remembers;
    if integration.profile.resource(request.resource).unsupported || lost {
        return Err(Error::not_implemented(&format!("{}s", request.resource.name())));
    }
    // Boxed apart, so that each takes the room that it needs itself.
    if !request.action.writes() {
        return match request.action {
            Action::List(ref query) => Box::pin(list::list(integration, &request, query, &context)).await,
            Action::Read(ref id) => Box::pin(read::read(integration, &request, id, &context)).await,
            _ => Err(Error::internal("a read that is none")),
        };
    }
    if integration.held {
        return Err(Error::held());
    }
    let owned = integration.clone();
    finish::finished(
        &integration.tasks,
        Box::pin(async move { intent::carry_out(&owned, request, &context).await }),
    )
    .await
}

/// Carries out one query for resources of every type: the same query, of users and of groups.
///
/// # Errors
/// When one of them cannot be carried out.
pub async fn everything(
    integration: &Arc<Integration>,
    requests: [Request; 2],
    context: &Context,
) -> Result<Answer, Error> {
    list::everything(integration, requests, context).await
}

impl Integration {
    /// Puts it together.
    pub fn new(parts: Parts) -> Self {
        let [remembered_users, remembered_groups] =
            [ResourceType::User, ResourceType::Group].map(|resource| remembered(&parts, resource));
        Self {
            parts,
            locks: Locks::default(),
            learning: Learning::default(),
            nesting: Nesting::default(),
            renewals: Renewals::default(),
            outbox: Outbox::default(),
            settling: Settling::default(),
            remembered_users,
            remembered_groups,
        }
    }

    /// The same, waiting for the writes of others that have these locks, too.
    #[must_use]
    pub fn sharing(mut self, locks: Locks) -> Self {
        self.locks = locks;
        self
    }

    /// The rules of a resource type.
    pub fn lens(&self, resource: ResourceType) -> &Lens {
        self.mapping.lens(resource)
    }

    /// The schemas of a resource type.
    pub fn catalog(&self, resource: ResourceType) -> &Catalog {
        self.lens(resource).catalog()
    }

    /// Which attributes, on the identity provider's side, have to be remembered.
    fn remembered(&self, resource: ResourceType) -> &Remembered {
        match resource {
            ResourceType::User => &self.remembered_users,
            ResourceType::Group => &self.remembered_groups,
        }
    }

    fn key(&self, resource: ResourceType, id: &str) -> Key {
        Key { integration: self.name.clone(), resource, id: id.into() }
    }

    /// Whether a resource that the identity provider deleted may still be there.
    fn may_be_buried(&self, resource: ResourceType) -> bool {
        self.profile.resource(resource).removal.keeps
    }

    async fn is_buried(&self, resource: ResourceType, id: &str) -> Result<bool, Error> {
        if !self.may_be_buried(resource) {
            return Ok(false);
        }
        Ok(self.store.is_buried(&self.key(resource, id)).await?)
    }

    /// Whether there is any resource that the identity provider deleted and the vendor may have still.
    async fn has_buried(&self, resource: ResourceType) -> Result<bool, Error> {
        Ok(self.may_be_buried(resource) && self.store.has_buried(&self.name, resource).await?)
    }
}

fn remembered(parts: &Parts, resource: ResourceType) -> Remembered {
    if !parts.remembers {
        return Remembered::default();
    }
    let lens = parts.mapping.lens(resource);
    let on_our_side = |paths: Vec<AttrPath>| paths.iter().map(|path| lens.idp_side(path)).collect();
    let fitted = match parts.profile.resource(resource).remembered() {
        Remembered::These(paths) => Remembered::These(on_our_side(paths)),
        Remembered::AllBut(paths) => Remembered::AllBut(on_our_side(paths)),
    };
    lens.remembered().clone().and(fitted)
}
