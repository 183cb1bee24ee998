//! The thread that writes: many verbs, one commit.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{Transaction, failed, gone};
use crate::store::{Mark, StoreError};

/// How long what nobody waits for stays uncommitted, at most.
const LINGER: Duration = Duration::from_millis(10);
/// After so many verbs those who wait have waited long enough.
const MANY: usize = 2_000;

/// Runs in a transaction; whether it is to stand.
type Run = Box<dyn FnOnce(&mut Transaction<'_>) -> bool + Send>;

/// What the thread is asked.
pub(super) enum Job {
    /// To look something up that is not committed yet.
    Read(Run),
    /// To write; writes are numbered in the order in which they were asked for.
    Write(u64, Run),
    /// To say when all before it lasts.
    Sync(Mark, oneshot::Sender<Result<(), StoreError>>),
}

/// The way to the thread.
pub(super) struct Writer {
    jobs: Option<std::sync::Mutex<Jobs>>,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

struct Jobs {
    sender: Sender<Job>,
    /// The number of the last write.
    last: u64,
}

#[derive(Default)]
struct State {
    /// Every write up to this one lasts.
    committed: AtomicU64,
    /// How often writes were lost, because they could not be committed.
    lost: AtomicU64,
}

impl Writer {
    pub fn start(connection: Connection) -> Result<Self, StoreError> {
        let (sender, jobs) = channel();
        let state = Arc::new(State::default());
        let thread = std::thread::Builder::new().name("store".to_owned()).spawn({
            let state = state.clone();
            move || Thread { connection, state, open: None, waiting: Vec::new() }.run(&jobs)
        });
        let thread = thread.map_err(|error| StoreError(format!("no thread for it: {error}")))?;
        Ok(Self { jobs: Some(Jobs { sender, last: 0 }.into()), state, thread: Some(thread) })
    }

    pub fn committed(&self) -> u64 {
        self.state.committed.load(Ordering::Acquire)
    }

    pub fn mark(&self) -> Mark {
        Mark(self.state.lost.load(Ordering::Acquire))
    }

    pub fn send(&self, job: Job) -> Result<(), StoreError> {
        self.with(|jobs| jobs.sender.send(job).map_err(|_| gone()))
    }

    /// Sends a write, and notes its number in `last` before anybody can see what it wrote.
    pub fn send_write(&self, last: &AtomicU64, run: Run) -> Result<(), StoreError> {
        self.with(|jobs| {
            jobs.last += 1;
            last.store(jobs.last, Ordering::Release);
            jobs.sender.send(Job::Write(jobs.last, run)).map_err(|_| gone())
        })
    }

    fn with(&self, run: impl FnOnce(&mut Jobs) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        run(&mut jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Drop for Writer {
    /// What was asked is carried out and committed before the store is closed.
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            // It ended for a reason of its own, if it did: nothing more can be done here.
            let _ = thread.join();
        }
    }
}

struct Thread {
    connection: Connection,
    state: Arc<State>,
    /// The verbs in the open transaction and the number of the last, if one is open.
    open: Option<(usize, u64)>,
    waiting: Vec<(Mark, oneshot::Sender<Result<(), StoreError>>)>,
}

impl Thread {
    fn run(mut self, jobs: &Receiver<Job>) {
        loop {
            let job = match jobs.try_recv() {
                Ok(job) => job,
                Err(TryRecvError::Disconnected) => return self.commit(),
                Err(TryRecvError::Empty) if !self.waiting.is_empty() => {
                    self.commit();
                    continue;
                }
                Err(TryRecvError::Empty) if self.open.is_some() => match jobs.recv_timeout(LINGER) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Timeout) => {
                        self.commit();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return self.commit(),
                },
                Err(TryRecvError::Empty) => match jobs.recv() {
                    Ok(job) => job,
                    Err(_) => return,
                },
            };
            match job {
                Job::Read(run) => drop(run(&mut Transaction(&mut self.connection))),
                Job::Write(number, run) => self.write(number, run),
                Job::Sync(since, reply) => self.waiting.push((since, reply)),
            }
            if !self.waiting.is_empty() && self.open.is_some_and(|(verbs, _)| verbs >= MANY) {
                self.commit();
            }
        }
    }

    fn write(&mut self, number: u64, run: Run) {
        if self.open.is_none() && self.execute("BEGIN IMMEDIATE").is_err() {
            // The verb is dropped, and whoever asked hears that it was not done.
            self.state.lost.fetch_add(1, Ordering::AcqRel);
            self.state.committed.store(number, Ordering::Release);
            return;
        }
        let verbs = self.open.map_or(0, |(verbs, _)| verbs);
        self.open = Some((verbs + 1, number));
        let done = self.execute("SAVEPOINT verb").is_ok() && run(&mut Transaction(&mut self.connection));
        let end = if done { "RELEASE verb" } else { "ROLLBACK TO verb" };
        if self.execute(end).is_err() || (!done && self.execute("RELEASE verb").is_err()) {
            // SQLite has ended the transaction by itself, as it does when the disk is full: what was in it is gone.
            self.lose("the transaction was ended");
        }
    }

    fn commit(&mut self) {
        if let Some((_, last)) = self.open {
            match self.execute("COMMIT") {
                Ok(()) => self.open = None,
                Err(error) => self.lose(&error.0),
            }
            // Lost or kept, what is read now is what is there.
            self.state.committed.store(last, Ordering::Release);
        }
        let lost = self.state.lost.load(Ordering::Acquire);
        for (since, reply) in self.waiting.drain(..) {
            let answer = if since.0 == lost {
                Ok(())
            } else {
                Err(StoreError("what was to be remembered could not be written to the disk".to_owned()))
            };
            // Whoever asked may have gone.
            let _ = reply.send(answer);
        }
    }

    /// What was in the open transaction is gone: whoever waits for it, or will, hears so.
    fn lose(&mut self, why: &str) {
        tracing::error!(why, "the store could not be written to");
        self.state.lost.fetch_add(1, Ordering::AcqRel);
        // If it is over already, there is nothing to roll back.
        let _ = self.execute("ROLLBACK");
        self.open = None;
    }

    fn execute(&self, sql: &'static str) -> Result<(), StoreError> {
        let run = || self.connection.prepare_cached(sql)?.execute(()).map(drop);
        run().map_err(|error| failed(&error))
    }
}
