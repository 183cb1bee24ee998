//! The spans that are open: what their lines have in common, formatted once.
//!
//! Each thread has a shelf of its own for the spans that it opens, so that threads which serve do not wait for each other;
//! a span that goes to another thread is found by its id all the same.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use slab::Slab;
use tracing::Metadata;
use tracing::span::Id;

/// An open span.
pub(super) struct Open {
    pub(super) metadata: &'static Metadata<'static>,
    /// Its fields as they stand in a line.
    pub(super) fields: String,
    handles: usize,
}

const SHELVES: usize = 64;

/// On a cache line of its own.
#[repr(align(128))]
struct Shelf(Mutex<Slab<Open>>);

static ALL: [Shelf; SHELVES] = [const { Shelf(Mutex::new(Slab::new())) }; SHELVES];
static THREADS: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static OWN: usize = THREADS.fetch_add(1, Relaxed) % SHELVES;
    /// The spans that this thread is in, the innermost last.
    static INSIDE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
    /// The text of a span that was closed, to be used again.
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

fn shelf(number: usize) -> MutexGuard<'static, Slab<Open>> {
    ALL[number].0.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a span is: its shelf, and its place on it. An id is not zero.
fn place(id: u64) -> (usize, usize) {
    let id = usize::try_from(id - 1).unwrap_or_default();
    (id % SHELVES, id / SHELVES)
}

/// Opens a span; `write` appends its fields.
pub(super) fn open(metadata: &'static Metadata<'static>, write: impl FnOnce(&mut String)) -> Id {
    let mut fields = SPARE.take();
    fields.clear();
    write(&mut fields);
    let own = OWN.with(|own| *own);
    let at = shelf(own).insert(Open { metadata, fields, handles: 1 });
    Id::from_u64((at * SHELVES + own) as u64 + 1)
}

/// Does something with a span that is open.
pub(super) fn with<T>(id: u64, run: impl FnOnce(&mut Open) -> T) -> Option<T> {
    let (number, at) = place(id);
    shelf(number).get_mut(at).map(run)
}

/// One more handle to a span.
pub(super) fn hold(id: &Id) {
    with(id.into_u64(), |open| open.handles += 1);
}

/// One handle less; whether it was the last.
pub(super) fn release(id: &Id) -> bool {
    let (number, at) = place(id.into_u64());
    let mut shelf = shelf(number);
    let Some(open) = shelf.get_mut(at) else { return false };
    open.handles -= 1;
    if open.handles > 0 {
        return false;
    }
    let closed = shelf.remove(at);
    drop(shelf);
    SPARE.set(closed.fields);
    true
}

/// This thread is in a span from now on.
pub(super) fn enter(id: &Id) {
    INSIDE.with_borrow_mut(|inside| inside.push(id.into_u64()));
}

/// It has left it.
pub(super) fn leave(id: &Id) {
    INSIDE.with_borrow_mut(|inside| {
        if let Some(at) = inside.iter().rposition(|other| *other == id.into_u64()) {
            inside.remove(at);
        }
    });
}

/// The innermost span that this thread is in.
pub(super) fn current() -> Option<u64> {
    INSIDE.with_borrow(|inside| inside.last().copied())
}
