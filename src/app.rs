//! Options into a running process, and the order in which it stops.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use governor::Quota;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::{Admin, Ready};
use crate::bridge::{Endpoint, Integration, Locks, Observer, Parts, Wire};
use crate::config::{self, Options, Rate};
use crate::emulation;
use crate::inbound::{self, Gate, Gates, Limits, Listener, Stack, Workers, scim, stack};
use crate::store::{self, Memory, Store};
use crate::upstream;

/// How long requests that have begun may take to finish when the process is told to stop.
const DRAIN: Duration = Duration::from_secs(30);
/// How long the look at the state of a vendor's account may take.
const LOOK: Duration = Duration::from_secs(25);
/// How many calls a vendor account gets at once when its configuration does not say.
const IN_FLIGHT: usize = 32;

/// A bridge that serves.
pub struct Running {
    addr: SocketAddr,
    admin: Option<SocketAddr>,
    stop: CancellationToken,
    done: JoinHandle<usize>,
}

/// Starts serving.
///
/// # Errors
/// When an address cannot be had, a certificate cannot be read, or two integrations are in each other's way.
pub async fn start(options: Options, observer: Option<Observer>) -> io::Result<Running> {
    let sockets =
        inbound::Options { listen: options.listen, tls: options.tls.clone(), limits: Limits::default() };
    let listener = Listener::bind(&sockets).await?;
    let addr = listener.local_addr()?;
    let admin = match options.admin {
        Some(listen) => Some(Admin::bind(listen).await?),
        None => None,
    };
    let admin_addr = admin.as_ref().map(Admin::local_addr).transpose()?;
    // Port 0 is for tests and demonstrations, which learn the URL afterwards.
    let public_url = match options.listen.port() {
        0 => options.public_url.replace(":0", &format!(":{}", addr.port())),
        _ => options.public_url.clone(),
    };
    let tasks = TaskTracker::new();
    let front = stack::Options { hosts: options.hosts.clone(), ..stack::Options::default() };
    let store: Arc<dyn Store> = match &options.store {
        Some(store) => store::open(&store.place, &store.key).await.map_err(io::Error::other)?,
        None => Arc::new(Memory::default()),
    };
    let gates = gates(options, &public_url, &store, &tasks, observer.as_ref())?;
    let stack = Stack::new(&front, gates, scim::serve);
    let workers = Workers::start()?;
    let stop = CancellationToken::new();
    let ready = Ready::default();
    let done = tokio::spawn({
        let stop = stop.clone();
        async move {
            // The admin side ends last: it says "not ready" while requests are being finished.
            let admin_stop = CancellationToken::new();
            let admin = admin.map(|admin| tokio::spawn(admin.serve(ready.clone(), admin_stop.clone())));
            ready.set(true);
            let not_ready = {
                let (ready, stop) = (ready.clone(), stop.clone());
                tokio::spawn(async move {
                    stop.cancelled().await;
                    ready.set(false);
                })
            };
            let cut_off = listener.serve(&workers, move |connection| stack.on(connection), stop, DRAIN).await;
            not_ready.abort();
            // Writes outlive their requests, and the workers outlive the writes.
            tasks.close();
            if tokio::time::timeout(DRAIN, tasks.wait()).await.is_err() {
                tracing::error!("writes were still under way when the time to stop was over");
            }
            drop(workers);
            admin_stop.cancel();
            if let Some(admin) = admin {
                // It was told to stop.
                let _ = admin.await;
            }
            cut_off
        }
    });
    Ok(Running { addr, admin: admin_addr, stop, done })
}

impl Running {
    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where its health checks are.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Stops taking requests, finishes those that have begun, and ends. Gives how many were cut off.
    pub async fn stop(self) -> usize {
        self.stop.cancel();
        self.done.await.unwrap_or_default()
    }
}

fn gates(
    options: Options,
    public_url: &str,
    store: &Arc<dyn Store>,
    tasks: &TaskTracker,
    observer: Option<&Observer>,
) -> io::Result<Gates<Integration>> {
    let lasts = options.store.as_ref().is_some_and(|store| store.place.lasts());
    let mut accounts: HashMap<CompactString, upstream::Account> = HashMap::new();
    let mut locks: HashMap<CompactString, Locks> = HashMap::new();
    let mut gates = Vec::new();
    for one in options.integrations {
        let account = accounts
            .entry(one.vendor.account.clone())
            .or_insert_with(|| account(&one.vendor.limits, &one.compiled.profile.rate));
        if one.remembers && !lasts {
            tracing::info!(integration = %one.name, "what the vendor cannot hold is remembered until the process ends");
        }
        let gate = Gate {
            path: one.path.clone(),
            name: one.name.to_string(),
            digests: one.digests.clone(),
            rate: quota(one.rate),
        };
        let shared =
            one.compiled.profile.locks.then(|| locks.entry(one.vendor.account.clone()).or_default().clone());
        let integration = Integration::new(Parts {
            base: format!("{public_url}{}", one.path),
            dialect: one.dialect,
            remembers: one.remembers,
            held: is_held(&one),
            domains: one.domains.clone(),
            store: store.clone(),
            wire: Wire::Vendor(Endpoint::new(vendor(&one, account.clone())?, &one.compiled.profile)),
            tasks: tasks.clone(),
            observer: observer.cloned(),
            name: one.name,
            mapping: one.compiled.mapping,
            profile: one.compiled.profile,
        });
        let integration = match shared {
            Some(locks) => integration.sharing(locks),
            None => integration,
        };
        let integration = Arc::new(integration);
        integration.resume();
        if integration.profile.truth.probe.is_some() {
            let integration = integration.clone();
            tokio::spawn(async move { integration.look_at_gate(Instant::now() + LOOK).await });
        }
        gates.push((gate, integration));
    }
    Gates::new(gates).map_err(io::Error::other)
}

/// Whether writes wait for the operator; he is told that they do.
fn is_held(one: &config::Integration) -> bool {
    let held = one.compiled.profile.arm_required && !one.vendor.armed;
    if held {
        tracing::warn!(
            integration = %one.name,
            "the first write at this vendor does what cannot be undone: writes are held until vendor.armed is true"
        );
    }
    held
}

/// The way to the vendor of an integration, for whoever asks it something else than the bridge does.
///
/// # Errors
/// As [`start`]: a token or a certificate that is none.
pub fn vendor_of(one: &config::Integration) -> io::Result<upstream::Vendor> {
    vendor(one, account(&one.vendor.limits, &one.compiled.profile.rate))
}

fn vendor(one: &config::Integration, account: upstream::Account) -> io::Result<upstream::Vendor> {
    let options = upstream::Options {
        auth: match &one.compiled.profile.auth {
            emulation::Auth::Bearer => upstream::Auth::Bearer,
            emulation::Auth::Basic => upstream::Auth::Basic,
            emulation::Auth::Prefix(prefix) => upstream::Auth::Prefix(prefix.clone()),
        },
        headers: one.compiled.profile.headers.all.clone(),
        by_method: one.compiled.profile.headers.of.iter().cloned().collect(),
        roots: one.vendor.roots.clone(),
        networks: one.vendor.networks.clone(),
        retry: retry(&one.compiled.profile.rate.retry)?,
        ..upstream::Options::new(one.vendor.base.clone(), one.vendor.token.clone())
    };
    upstream::Vendor::new(options, account).map_err(io::Error::other)
}

fn retry(header: &emulation::RetryHeader) -> io::Result<upstream::RetryHeader> {
    let name = |name: &str| name.parse().map_err(io::Error::other);
    Ok(match header {
        emulation::RetryHeader::RetryAfter => upstream::RetryHeader::RetryAfter,
        emulation::RetryHeader::Epoch(header) => upstream::RetryHeader::Epoch(name(header)?),
        emulation::RetryHeader::Relative(header) => upstream::RetryHeader::Relative(name(header)?),
        emulation::RetryHeader::Unsaid => upstream::RetryHeader::Unsaid,
    })
}

fn account(limits: &config::Account, vendor: &emulation::Rate) -> upstream::Account {
    // A vendor that says nothing about a rate has none that we know of; the inbound rate bounds it.
    let rate = limits.rate.map_or(Quota::per_second(NonZeroU32::MAX), quota);
    let bucket = |limit: &emulation::Limit| {
        let methods = limit.methods.iter().filter_map(|method| method.parse().ok()).collect();
        let rate = Rate { count: limit.count, period: limit.window, burst: limit.burst };
        let (path, rate) = (limit.path.clone(), quota(rate));
        let bucket = match limit.each {
            true => upstream::Bucket::of_each(methods, path, rate),
            false => upstream::Bucket::new(methods, path, rate),
        };
        bucket.counting(match limit.unit {
            emulation::Unit::Request => upstream::Unit::Call,
            emulation::Unit::Operation => upstream::Unit::Operation,
            emulation::Unit::Creation => upstream::Unit::Creation,
        })
    };
    let buckets = vendor.buckets.iter().map(bucket).collect();
    upstream::Account::limited(rate, limits.in_flight.unwrap_or(IN_FLIGHT), buckets)
}

fn quota(rate: Rate) -> Quota {
    let count = NonZeroU32::new(rate.count).unwrap_or(NonZeroU32::MIN);
    let burst = NonZeroU32::new(rate.burst).unwrap_or(count);
    let each = rate
        .period
        .checked_div(count.get())
        .filter(|each| !each.is_zero())
        .unwrap_or(Duration::from_nanos(1));
    Quota::with_period(each).unwrap_or_else(|| Quota::per_second(count)).allow_burst(burst)
}
