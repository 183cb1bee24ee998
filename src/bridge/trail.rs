//! What happened to one request, step by step, for people who ask: `demo` and `explain`. Off, it costs nothing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use compact_str::CompactString;

use super::wire::Reply;
use crate::dialect::Rule;
use crate::emulation::Call;
use crate::mapping::Origin;
use crate::scim::json::Value;

/// One step.
#[derive(Clone, Debug)]
pub enum Step {
    /// The tolerances that made the request canonical.
    Tolerated(Vec<Rule>),
    /// Something worth saying, in words.
    Note(String),
    /// Where the attributes that the vendor gets come from.
    Origins(Vec<Origin>),
    /// A call, and the status of its answer; none when it could not be made or was not.
    Called {
        /// `PATCH /Users/7?…`
        line: String,
        /// What was sent.
        body: Option<Value>,
        /// Why.
        why: &'static str,
        /// What came back.
        status: Option<u16>,
        /// The body of that.
        reply: Option<Value>,
        /// The id at the end of its `Location`.
        located: Option<CompactString>,
    },
}

/// Where steps are noted; a clone notes in the same place.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    steps: Option<Arc<Mutex<Vec<Step>>>>,
    marks: Arc<Marks>,
}

/// What must be known of the steps even if nobody asks.
#[derive(Debug, Default)]
struct Marks {
    /// Something was sent that may have changed something.
    touched: AtomicBool,
    /// A creation was sent of which nobody knows whether it was done.
    doubtful: AtomicBool,
    /// Access was taken away, though the rest was refused.
    relieved: AtomicBool,
}

impl Trail {
    /// A trail that is kept.
    pub fn kept() -> Self {
        Self { steps: Some(Arc::default()), ..Self::default() }
    }

    /// Whether anybody asks.
    pub fn is_kept(&self) -> bool {
        self.steps.is_some()
    }

    /// A trail of something else, noted in the same place.
    #[must_use]
    pub(super) fn apart(&self) -> Self {
        Self { steps: self.steps.clone(), marks: Arc::default() }
    }

    /// Whether anything was sent that may have changed something.
    pub(super) fn touched(&self) -> bool {
        self.marks.touched.load(Ordering::Relaxed)
    }

    /// Notes that something was.
    pub(super) fn touch(&self) {
        self.marks.touched.store(true, Ordering::Relaxed);
    }

    /// Whether a creation was sent of which nobody knows whether it was done.
    pub(super) fn doubtful(&self) -> bool {
        self.marks.doubtful.load(Ordering::Relaxed)
    }

    /// Notes that it is known not to have been done.
    pub(super) fn clear_doubt(&self) {
        self.marks.doubtful.store(false, Ordering::Relaxed);
    }

    /// Notes that one was.
    pub(super) fn doubt(&self) {
        self.marks.doubtful.store(true, Ordering::Relaxed);
    }

    /// Whether access was taken away, though the rest was refused.
    pub(super) fn relieved(&self) -> bool {
        self.marks.relieved.load(Ordering::Relaxed)
    }

    /// Notes that it was.
    pub(super) fn relieve(&self) {
        self.marks.relieved.store(true, Ordering::Relaxed);
    }

    /// Notes a step, made only if anybody asks.
    pub fn step(&self, make: impl FnOnce() -> Step) {
        if let Some(steps) = &self.steps {
            steps.lock().unwrap_or_else(PoisonError::into_inner).push(make());
        }
    }

    /// Notes something in words.
    pub fn note(&self, text: &str) {
        self.step(|| Step::Note(text.to_owned()));
    }

    /// Notes a call.
    pub(super) fn called(&self, call: &Call, reply: Option<&Reply>) {
        self.step(|| Step::Called {
            line: line(call),
            body: call.body.clone(),
            why: call.why,
            status: reply.map(|reply| reply.status),
            reply: reply.and_then(|reply| reply.body.clone()),
            located: reply.and_then(|reply| reply.located.clone()),
        });
    }

    /// The steps so far, taken out.
    pub fn take(&self) -> Vec<Step> {
        match &self.steps {
            Some(steps) => std::mem::take(&mut steps.lock().unwrap_or_else(PoisonError::into_inner)),
            None => Vec::new(),
        }
    }
}

/// A call as it is told: `PATCH /Users/7`, with the query as it is read.
pub(super) fn line(call: &Call) -> String {
    let id = call.id.as_ref().map(|id| format!("/{id}")).unwrap_or_default();
    let below = call.below.as_ref().map(|below| format!("/{below}")).unwrap_or_default();
    let query: Vec<_> = call.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{} /{}{id}{below}{query}", call.verb.word(), call.resource.endpoint())
}
