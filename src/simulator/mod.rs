//! Vendors of our own: SCIM endpoints that behave, and misbehave, as published vendors do.
//!
//! They are for `demo`, for `simulate` and for the tests. They share no code with the bridge (but for the clock): what
//! both got wrong in the same way, no test would show. A simulator holds its state in memory, makes the same identifiers
//! in every run with the same seed, lives in virtual time, and is ordered about over a control plane (see `harness`) or
//! by the methods of [`Simulator`].
//!
//! Each rule of a vendor has an identifier, such as NJ-08, which stands in the code where it is obeyed, with what it
//! rests on: a page of the vendor, or an assumption. An assumption that could make a client act otherwise is a
//! [`Knob`], so that the bridge can be tested with both answers.

mod aws;
mod harness;
pub mod idp;
mod knowbe4;
mod ninjaone;
mod okta_only;
pub mod oracle;
mod plain;
mod rfc;
mod segment;
mod sentinelone;
mod slack;
mod vendor;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
pub use harness::behaviour::Refused;
pub use harness::counters::Counters;
use harness::hub::{Beginning, Hub};
pub use harness::journal::LogEntry;
pub use harness::knobs::{Allowed, Knob};
use harness::time::VirtualTime;
pub use vendor::Vendor;

/// The first instant of virtual time, unless [`Options::clock`] says otherwise: 2026-01-01T00:00:00Z.
const BEGINNING: i64 = 1_767_225_600;

/// How a simulator starts.
#[derive(Clone)]
pub struct Options {
    /// Where the vendor listens; port 0 for any free one.
    pub listen: SocketAddr,
    /// Where the control plane listens, if at all. It asks for no credential: keep it on loopback.
    pub control: Option<SocketAddr>,
    /// The token that is valid at the start; one is made from the seed when it is `None`.
    pub token: Option<String>,
    /// What identifiers are made from.
    pub seed: u64,
    /// The time. A manual clock may be shared with what is tested; with the system's clock, time runs by itself and can
    /// still be moved forward.
    pub clock: Clock,
    /// Knobs that are turned from the start, and again after a reset.
    pub knobs: Map<String, Value>,
    /// The origin in the URLs that the vendor gives out, such as `http://vendor.example:8081`; where it listens when
    /// `None`.
    pub origin: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: loopback,
            control: Some(loopback),
            token: None,
            seed: 1,
            clock: Clock::manual(Timestamp::from_second(BEGINNING).unwrap_or(Timestamp::UNIX_EPOCH)),
            knobs: Map::new(),
            origin: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // All but the token, which is as good as a real one to whoever tests with it.
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("control", &self.control)
            .field("seed", &self.seed)
            .field("clock", &self.clock)
            .field("knobs", &self.knobs)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// A running vendor. It stops when it is dropped.
pub struct Simulator {
    vendor: Vendor,
    hub: Arc<Hub>,
    base_url: String,
    control_url: Option<String>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Simulator {
    /// Binds and serves, in tasks of the current runtime.
    ///
    /// # Errors
    ///
    /// When an address cannot be bound, or a knob of the options does not exist or does not take its value
    /// (`InvalidInput`).
    pub async fn start(vendor: Vendor, options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let origin = match options.origin {
            Some(origin) => origin.trim_end_matches('/').to_owned(),
            None => format!("http://{}", listener.local_addr()?),
        };
        let base_url = format!("{origin}{}", vendor.base_path());
        let beginning = Beginning {
            vendor,
            seed: options.seed,
            token: options.token,
            knobs: options.knobs,
            base_url: base_url.clone(),
        };
        let hub = Hub::new(beginning, VirtualTime::new(options.clock));
        let hub = Arc::new(hub.map_err(|refused| io::Error::new(io::ErrorKind::InvalidInput, refused))?);
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let control_url = match options.control {
            None => None,
            Some(address) => {
                let control = TcpListener::bind(address).await?;
                let url = format!("http://{}", control.local_addr()?);
                tasks.spawn(harness::serve_control(Arc::clone(&hub), control, stop.clone()));
                Some(url)
            }
        };
        tasks.spawn(harness::serve_vendor(Arc::clone(&hub), listener, stop.clone()));
        Ok(Self { vendor, hub, base_url, control_url, stop, tasks })
    }

    /// Which vendor it is.
    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// The URL of the SCIM endpoint, as a client is to be configured with it; no slash at the end.
    pub fn base_url(&self) -> String {
        self.base_url.clone()
    }

    /// The URL of the control plane, to which `/_sim/…` is appended; `None` when it does not listen.
    pub fn control_url(&self) -> Option<String> {
        self.control_url.clone()
    }

    /// The token that was made last; the one valid at the start when none was made since.
    pub fn token(&self) -> String {
        self.hub.token()
    }

    /// Makes a token as the vendor's console does. What it takes depends on the vendor; `null` is always right.
    ///
    /// # Errors
    ///
    /// When the vendor has no token to give.
    pub fn make_token(&self, arguments: &Value) -> Result<String, Refused> {
        self.hub.make_token(arguments)
    }

    /// Every request so far, in the order of arrival; the oldest are forgotten after 100,000.
    pub fn log(&self) -> Vec<LogEntry> {
        self.hub.log()
    }

    /// Forgets the log.
    pub fn clear_log(&self) {
        self.hub.clear_log();
    }

    /// What the vendor holds, the counters and the knobs: the document of `GET /_sim/state`.
    pub fn state(&self) -> Value {
        self.hub.state()
    }

    /// The counters.
    pub fn counters(&self) -> Counters {
        self.hub.counters()
    }

    /// Turns a knob.
    ///
    /// # Errors
    ///
    /// When there is none of that name, or it does not take the value.
    pub fn set_knob(&self, name: &str, value: Value) -> Result<(), Refused> {
        self.hub.set_knobs(&Map::from_iter([(name.to_owned(), value)])).map(drop)
    }

    /// Has the vendor make so many users, outside of its log, and gives their ids. `more` are further attributes of each.
    ///
    /// # Errors
    ///
    /// When the vendor refuses one of them.
    pub fn people(&self, count: u64, more: &Value) -> Result<Vec<Value>, Refused> {
        self.hub.people(count, more.as_object().unwrap_or(&Map::new()))
    }

    /// Does what a person does in the vendor's console.
    ///
    /// # Errors
    ///
    /// When there is no such action, its arguments are wrong, or the vendor does not allow it.
    pub fn console(&self, action: &str, arguments: &Value) -> Result<Value, Refused> {
        self.hub.console(action, arguments)
    }

    /// Orders a fault, as `POST /_sim/fault` does; `null` takes all of them back.
    ///
    /// # Errors
    ///
    /// When the order is not understood.
    pub fn fault(&self, order: &Value) -> Result<(), Refused> {
        self.hub.fault(order)
    }

    /// Moves time forward; a manual clock of the options is moved itself.
    pub fn advance(&self, by: Duration) {
        self.hub.advance(by);
    }

    /// Everything as at the start, but for the time.
    ///
    /// # Errors
    ///
    /// Never in practice: the options were accepted once.
    pub fn reset(&self) -> Result<(), Refused> {
        self.hub.reset()
    }

    /// Stops listening, ends every connection, and returns when all of it is gone.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("vendor", &self.vendor)
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
