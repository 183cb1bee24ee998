//! The shared middle of a simulator: the vendor, its world, the log and the faults, behind one lock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::behaviour::{Behaviour, Refused, World};
use super::counters::Counters;
use super::fault::Fault;
use super::ids::Ids;
use super::journal::{Journal, LogEntry};
use super::knobs::{Knob, Knobs};
use super::membership::Membership;
use super::time::VirtualTime;
use super::tokens::Tokens;
use crate::simulator::Vendor;

/// What a simulator starts with, and goes back to when it is reset.
#[derive(Clone)]
pub(crate) struct Beginning {
    pub(crate) vendor: Vendor,
    pub(crate) seed: u64,
    pub(crate) token: Option<String>,
    pub(crate) knobs: Map<String, Value>,
    pub(crate) base_url: String,
}

/// A simulator without its sockets.
pub(crate) struct Hub {
    beginning: Beginning,
    inner: Mutex<Inner>,
}

/// What the lock guards.
pub(super) struct Inner {
    pub(super) behaviour: Box<dyn Behaviour>,
    pub(super) world: World,
    pub(super) journal: Journal,
    pub(super) faults: Vec<Fault>,
    /// By path: how many writes to it are being answered.
    pub(super) writing: HashMap<String, usize>,
}

impl Hub {
    /// # Errors
    ///
    /// When one of the knobs does not exist or does not take its value.
    pub(crate) fn new(beginning: Beginning, time: VirtualTime) -> Result<Self, Refused> {
        let (behaviour, world) = begin(&beginning, time)?;
        let inner = Inner {
            behaviour,
            world,
            journal: Journal::default(),
            faults: Vec::new(),
            writing: HashMap::new(),
        };
        Ok(Self { beginning, inner: Mutex::new(inner) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        // A vendor that panicked has lost one connection; the others may as well go on.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn base_path(&self) -> &'static str {
        self.beginning.vendor.base_path()
    }

    /// Everything as at the start, but for the time, which only goes forward.
    pub(crate) fn reset(&self) -> Result<(), Refused> {
        let mut inner = self.lock();
        let (behaviour, world) = begin(&self.beginning, inner.world.time.clone())?;
        inner.behaviour = behaviour;
        inner.world = world;
        inner.journal.clear();
        inner.faults.clear();
        Ok(())
    }

    pub(crate) fn state(&self) -> Value {
        let inner = self.lock();
        let mut state = json!({
            "vendor": self.beginning.vendor.name(),
            "base_url": self.beginning.base_url,
            "now": inner.world.now().to_string(),
            "counters": inner.world.counters.to_json(),
            "knobs": inner.world.knobs.to_json(),
            "tokens": inner.world.tokens.to_json(),
        });
        if let (Some(state), Value::Object(own)) =
            (state.as_object_mut(), inner.behaviour.state(&inner.world))
        {
            state.extend(own);
        }
        state
    }

    pub(crate) fn counters(&self) -> Counters {
        self.lock().world.counters
    }

    pub(crate) fn log(&self) -> Vec<LogEntry> {
        self.lock().journal.entries()
    }

    pub(crate) fn clear_log(&self) {
        self.lock().journal.clear();
    }

    pub(crate) fn token(&self) -> String {
        self.lock().world.tokens.latest().to_owned()
    }

    pub(crate) fn make_token(&self, arguments: &Value) -> Result<String, Refused> {
        let inner = &mut *self.lock();
        inner.behaviour.make_token(arguments, &mut inner.world)
    }

    pub(crate) fn console(&self, action: &str, arguments: &Value) -> Result<Value, Refused> {
        let inner = &mut *self.lock();
        inner.behaviour.console(action, arguments, &mut inner.world)
    }

    pub(crate) fn set_knobs(&self, given: &Map<String, Value>) -> Result<Value, Refused> {
        let knobs = &mut self.lock().world.knobs;
        knobs.set(given).map_err(Refused::invalid)?;
        Ok(knobs.to_json())
    }

    /// The knobs with what is known about each.
    pub(crate) fn explain_knobs(&self) -> Value {
        let values = self.lock().world.knobs.to_json();
        let explain = |knob: &Knob| {
            json!({
                "name": knob.name,
                "value": values[knob.name],
                "default": knob.default_value(),
                "allowed": knob.allowed.to_string(),
                "help": knob.help,
            })
        };
        self.beginning.vendor.knobs().iter().map(explain).collect()
    }

    /// Adds an order; `null` takes all of them back.
    pub(crate) fn fault(&self, order: &Value) -> Result<(), Refused> {
        let faults = &mut self.lock().faults;
        if order.is_null() {
            faults.clear();
        } else {
            faults.push(Fault::parse(order).map_err(Refused::invalid)?);
        }
        Ok(())
    }

    pub(crate) fn advance(&self, by: Duration) -> String {
        let inner = self.lock();
        inner.world.time.advance(by);
        inner.world.now().to_string()
    }
}

fn begin(beginning: &Beginning, time: VirtualTime) -> Result<(Box<dyn Behaviour>, World), Refused> {
    let mut knobs = Knobs::new(beginning.vendor.knobs());
    knobs.set(&beginning.knobs).map_err(Refused::invalid)?;
    let mut world = World {
        time,
        ids: Ids::new(beginning.seed),
        knobs,
        counters: Counters::default(),
        members: Membership::default(),
        tokens: Tokens::default(),
        base_url: beginning.base_url.clone(),
        base_path: beginning.vendor.base_path(),
        admitted: VecDeque::new(),
    };
    let mut behaviour = beginning.vendor.behaviour();
    let first = match &beginning.token {
        Some(token) => json!({ "value": token }),
        None => json!({}),
    };
    behaviour.make_token(&first, &mut world)?;
    Ok((behaviour, world))
}
