//! Standard error, with lines that leave together.
//!
//! A system call a line would be the greatest part of what a line costs, so lines are gathered for a moment and written by
//! a thread of their own. A warning or an error is written at once, with all that came before it: what may explain the end
//! of a process must not end with it.

use std::io::{self, Write as _};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing::Level;

/// How long lines are gathered.
const GATHER: Duration = Duration::from_millis(20);
/// How much is gathered. Whoever brings more writes it, and so waits for whoever reads it.
const MOST: usize = 256 * 1024;

struct Gathered {
    lines: Vec<u8>,
    /// There is a thread that writes.
    threaded: bool,
}

static GATHERED: Mutex<Gathered> = Mutex::new(Gathered { lines: Vec::new(), threaded: false });
static BEGUN: Condvar = Condvar::new();

fn gathered() -> MutexGuard<'static, Gathered> {
    GATHERED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a line.
pub(super) fn write(level: Level, line: &[u8]) {
    let mut gathered = gathered();
    let first = gathered.lines.is_empty();
    gathered.lines.extend_from_slice(line);
    if level <= Level::WARN || !gathered.threaded || gathered.lines.len() > MOST {
        drop(gathered);
        flush();
    } else if first {
        drop(gathered);
        BEGUN.notify_one();
    }
}

/// Writes what is gathered. To be called before the process ends.
pub fn flush() {
    // Held first and until the end, so that nobody else's later lines come before these.
    let mut out = io::stderr().lock();
    let mut lines = std::mem::take(&mut gathered().lines);
    // There is nobody to tell that it cannot be told.
    let _ = out.write_all(&lines);
    lines.clear();
    let mut gathered = gathered();
    if gathered.lines.capacity() == 0 && lines.capacity() <= MOST {
        gathered.lines = lines;
    }
}

/// Starts the thread. Without it, each line is written at once.
pub(super) fn start() {
    let started = thread::Builder::new().name("log".to_owned()).spawn(|| {
        loop {
            let begun = BEGUN.wait_while(gathered(), |gathered| gathered.lines.is_empty());
            let begun = begun.unwrap_or_else(PoisonError::into_inner);
            // Nobody tells that time is over: it is only waited for.
            drop(BEGUN.wait_timeout_while(begun, GATHER, |_| true));
            flush();
        }
    });
    gathered().threaded = started.is_ok();
}
