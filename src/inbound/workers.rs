//! The threads that serve: one a core, each with a runtime of its own.
//!
//! A connection is dealt to one of them and stays there, with every task that its requests start and the connections to
//! vendors that they use. So a request never crosses threads: nothing of it waits for another thread to be woken, and what
//! threads share is hardly ever locked by two at once.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use tokio::runtime::{Builder, Handle};
use tokio_util::sync::{CancellationToken, DropGuard};

/// The threads. They end when this is dropped, and whatever still runs on them is dropped with them.
pub struct Workers {
    runtimes: Vec<Handle>,
    dealt: AtomicUsize,
    _end: DropGuard,
}

impl Workers {
    /// Starts one for each core that the process may use.
    ///
    /// # Errors
    /// The system gives no more threads, or no more file descriptors.
    pub fn start() -> io::Result<Self> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let end = CancellationToken::new();
        let runtimes = (0..count).map(|number| worker(number, end.clone())).collect::<io::Result<_>>()?;
        Ok(Self { runtimes, dealt: AtomicUsize::new(0), _end: end.drop_guard() })
    }

    /// No thread of its own: everything is done by the runtime that this is called on.
    ///
    /// # Panics
    /// When it is not called on one.
    pub fn here() -> Self {
        let end = CancellationToken::new().drop_guard();
        Self { runtimes: vec![Handle::current()], dealt: AtomicUsize::new(0), _end: end }
    }

    /// Whose turn it is.
    pub(super) fn deal(&self) -> &Handle {
        &self.runtimes[self.dealt.fetch_add(1, Relaxed) % self.runtimes.len()]
    }
}

fn worker(number: usize, end: CancellationToken) -> io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    thread::Builder::new()
        .name(format!("worker-{number}"))
        .spawn(move || runtime.block_on(end.cancelled()))?;
    Ok(handle)
}
