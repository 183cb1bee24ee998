//! The socket of a connection, with the limits that hyper does not keep.
//!
//! Measured on hyper 1.12 and h2 0.4: a connection that falls silent before or inside a request head, between requests,
//! or while it is sent a reply may stay for ever, and any number of PING or SETTINGS frames is answered. All of that is
//! visible where bytes pass, so one place keeps all of it, for HTTP/1.1 and HTTP/2 alike:
//!
//! - first byte, request head and idle time each have a deadline, while no request is being served;
//! - a reply that is owed must make progress;
//! - bytes that arrive without an authenticated request being finished are counted, and the count is bounded;
//! - a closed connection first drains a little of what the peer still sends, since a socket closed on unread bytes
//!   answers with a reset, which can destroy the reply on its way (RFC 9112 §9.6).
//!
//! One lazy timer serves all deadlines: it is only ever moved to an *earlier* time, and looks again when it fires. A
//! request on a busy connection therefore costs a look at the clock and no timer operation.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::connection::Connection;
use super::listener::Limits;

/// After closing its own half, how long and how much of the peer's half is still read.
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 64 * 1024;

/// What the connection is doing as long as no request is being served.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// No byte yet.
    Fresh,
    /// A part of a request head has arrived.
    Head,
    /// Between two requests.
    Idle,
    /// A request is being served; it has deadlines of its own.
    Serving,
}

/// A socket (or a TLS stream on it) that fails with `TimedOut` or `QuotaExceeded` when its peer breaks a limit.
pub(super) struct GuardIo<T> {
    io: T,
    connection: Arc<Connection>,
    limits: Arc<Limits>,
    http2: bool,
    /// What was read from the socket to find out the version of HTTP; read first.
    prefix: Bytes,
    timer: Pin<Box<Sleep>>,
    /// Whether the timer knows this task.
    armed: bool,
    phase: Phase,
    since: Instant,
    /// [`Connection::begun`] when the phase was last looked at.
    begun: usize,
    /// Bytes have arrived since.
    arrived: bool,
    /// The socket took no more bytes when it was last tried.
    blocked: bool,
    /// Since when no byte that is owed was taken.
    stalled: Option<Instant>,
    /// The peer has closed its half.
    ended: bool,
    /// Bytes read and thrown away since we closed ours.
    drained: Option<usize>,
}

impl<T> GuardIo<T> {
    pub(super) fn new(
        io: T,
        connection: Arc<Connection>,
        limits: Arc<Limits>,
        http2: bool,
        prefix: Bytes,
    ) -> Self {
        let timer = Box::pin(sleep(limits.first_byte));
        Self {
            io,
            connection,
            limits,
            http2,
            prefix,
            timer,
            armed: false,
            phase: Phase::Fresh,
            since: Instant::now(),
            begun: 0,
            arrived: false,
            blocked: false,
            stalled: None,
            ended: false,
            drained: None,
        }
    }

    /// When the peer must have done something, judged by what has happened up to now; `None` if it is our turn.
    fn due(&mut self) -> Option<Instant> {
        if self.blocked || self.connection.owes() {
            return Some(*self.stalled.get_or_insert_with(Instant::now) + self.limits.write);
        }
        self.stalled = None;
        if self.connection.is_open() {
            self.phase = Phase::Serving;
            return None;
        }
        let begun = self.connection.begun();
        if self.phase == Phase::Serving || begun != self.begun {
            (self.phase, self.since, self.begun, self.arrived) = (Phase::Idle, Instant::now(), begun, false);
        }
        // On HTTP/2 bytes between requests are not a head: the answer to a PING is one too.
        if self.arrived && !self.http2 && self.phase != Phase::Head {
            (self.phase, self.since) = (Phase::Head, Instant::now());
        }
        Some(
            self.since
                + match self.phase {
                    Phase::Fresh if self.http2 => self.limits.first_byte + self.limits.head,
                    Phase::Fresh => self.limits.first_byte,
                    Phase::Head => self.limits.head,
                    Phase::Idle | Phase::Serving => self.limits.idle,
                },
        )
    }

    /// Ready when the peer has let a deadline pass; otherwise sees to it that the task is woken in time.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        match self.due() {
            Some(due) if due < self.timer.deadline() => self.timer.as_mut().reset(due),
            _ if self.armed && !self.timer.is_elapsed() => return Poll::Pending,
            _ => {}
        }
        self.armed = true;
        loop {
            ready!(self.timer.as_mut().poll(cx));
            let now = Instant::now();
            let next = match self.due() {
                Some(due) if due <= now => return Poll::Ready(io::ErrorKind::TimedOut.into()),
                Some(due) => due,
                // A request that ends in another task does not wake this one: look again in time.
                None => now + self.limits.idle,
            };
            self.timer.as_mut().reset(next);
        }
    }

    /// What follows a write or a flush.
    fn written<R>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<R>>) -> Poll<io::Result<R>> {
        self.blocked = result.is_pending();
        if self.blocked { self.poll_overdue(cx).map(Err) } else { result }
    }

    fn progress(&mut self, bytes: usize) {
        self.connection.sent(bytes);
        self.stalled = None;
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for GuardIo<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if this.prefix.is_empty() {
            match Pin::new(&mut this.io).poll_read(cx, buffer) {
                Poll::Ready(read) => read?,
                Poll::Pending => return this.poll_overdue(cx).map(Err),
            }
        } else {
            let count = buffer.remaining().min(this.prefix.len());
            buffer.put_slice(&this.prefix.split_to(count));
        }
        let count = buffer.filled().len() - before;
        this.ended |= count == 0 && buffer.remaining() > 0;
        this.arrived |= count > 0;
        if this.connection.received(count) > this.limits.unauthenticated_bytes {
            return Poll::Ready(Err(io::ErrorKind::QuotaExceeded.into()));
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for GuardIo<T> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = result {
            this.progress(count);
        }
        this.written(cx, result)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_write_vectored(cx, slices);
        if let Poll::Ready(Ok(count)) = result {
            this.progress(count);
        }
        this.written(cx, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.io).poll_flush(cx);
        this.written(cx, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut drained = match this.drained {
            Some(drained) => drained,
            None => {
                let result = Pin::new(&mut this.io).poll_shutdown(cx);
                ready!(this.written(cx, result))?;
                this.timer.as_mut().reset(Instant::now() + LINGER);
                0
            }
        };
        while !this.ended && drained < LINGER_BYTES {
            this.drained = Some(drained);
            let mut scratch = [0_u8; 2048];
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut this.io).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => drained += buffer.filled().len(),
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(this.timer.as_mut().poll(cx));
                    break;
                }
            }
        }
        this.ended = true;
        Poll::Ready(Ok(()))
    }
}
