//! Writes records from a thread of its own: no request waits for it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;

use super::{Line, Pseudonyms, Recorded};
use crate::bridge::{Observer, Told};

/// How many requests may wait to be written. More come only when the disk is slower than the vendor; they are counted.
const WAITING: usize = 1_024;

/// What becomes of personal values.
pub enum Values {
    /// They get pseudonyms.
    Disguised(Pseudonyms),
    /// They stay as they are.
    Plain,
}

/// A recording.
pub struct Writer {
    queue: SyncSender<Option<Told>>,
    lost: Arc<AtomicU64>,
    thread: JoinHandle<()>,
}

impl Writer {
    /// Appends to a file, which only its owner can read if it is made.
    ///
    /// # Errors
    /// When it cannot be opened, or its first line not written.
    pub fn open(path: &Path, values: Values) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        let mut out = BufWriter::new(file);
        let word = match values {
            Values::Disguised(_) => "pseudonyms",
            Values::Plain => "plain values",
        };
        writeln!(out, "{}", Line::start(word))?;
        out.flush()?;
        let (queue, told) = sync_channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let thread = std::thread::Builder::new().name("capture".to_owned()).spawn({
            let lost = lost.clone();
            move || write(&told, &mut out, &values, &lost)
        })?;
        Ok(Self { queue, lost, thread })
    }

    /// What is told of every request.
    pub fn observer(&self) -> Observer {
        let (queue, lost) = (self.queue.clone(), self.lost.clone());
        Arc::new(move |told: &Told| match queue.try_send(Some(told.clone())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                lost.fetch_add(1, Relaxed);
            }
        })
    }

    /// Writes what waits, and ends.
    pub fn finish(self) {
        // Observers may live on; this is the last that is written.
        if self.queue.send(None).is_ok() && self.thread.join().is_err() {
            tracing::error!("the capture was cut off");
        }
    }
}

fn write(told: &Receiver<Option<Told>>, out: &mut BufWriter<File>, values: &Values, lost: &AtomicU64) {
    let mut failed = false;
    loop {
        let next = match told.try_recv() {
            Ok(next) => Ok(next),
            Err(TryRecvError::Empty) => {
                // Whoever looks while nothing happens sees all that has happened.
                note_failure(out.flush(), &mut failed);
                told.recv()
            }
            Err(TryRecvError::Disconnected) => break,
        };
        let Ok(Some(told)) = next else { break };
        let mut record = Recorded::of(told);
        record.without_passwords();
        if let Values::Disguised(pseudonyms) = values {
            record.disguise(pseudonyms);
        }
        let missing = lost.swap(0, Relaxed);
        if missing > 0 {
            tracing::warn!(requests = missing, "requests came faster than the capture could be written");
            note_failure(writeln!(out, "{}", Line::lost(missing)), &mut failed);
        }
        note_failure(writeln!(out, "{}", record.to_json()), &mut failed);
    }
    note_failure(out.flush(), &mut failed);
}

/// A request never fails because of a capture; the operator is told, once.
fn note_failure(result: io::Result<()>, failed: &mut bool) {
    if let Err(error) = result
        && !std::mem::replace(failed, true)
    {
        tracing::error!(%error, "the capture cannot be written: requests are missing in it");
    }
}
