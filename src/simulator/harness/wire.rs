//! A TCP connection that can be cut at a given byte, or reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

/// The handle by which a fault ends the connection that it came over.
#[derive(Debug)]
pub(super) struct Cut {
    ended: CancellationToken,
    reset: AtomicBool,
    /// How many bytes may still be written.
    left: AtomicUsize,
}

impl Cut {
    pub(super) fn new(ended: CancellationToken) -> Arc<Self> {
        Arc::new(Self { ended, reset: AtomicBool::new(false), left: AtomicUsize::new(usize::MAX) })
    }

    /// Closes the connection now.
    pub(super) fn close(&self) {
        self.ended.cancel();
    }

    /// Resets it now: the peer sees "connection reset" and not an orderly end.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::SeqCst);
        self.ended.cancel();
    }

    /// Closes it once so many more bytes were written. An answer that is shorter goes out whole.
    pub(super) fn close_after(&self, bytes: usize) {
        self.left.store(bytes, Ordering::SeqCst);
        if bytes == 0 {
            self.close();
        }
    }

    pub(super) async fn ended(&self) {
        self.ended.cancelled().await;
    }
}

/// The connection itself.
pub(super) struct Wire {
    stream: TcpStream,
    cut: Arc<Cut>,
}

impl Wire {
    pub(super) fn new(stream: TcpStream, cut: Arc<Cut>) -> Self {
        Self { stream, cut }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.cut.reset.load(Ordering::SeqCst) {
            // Without lingering the kernel answers a close with RST. If it refuses, the close is an orderly one.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let left = self.cut.left.load(Ordering::SeqCst);
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let written =
            std::task::ready!(Pin::new(&mut self.stream).poll_write(cx, &buf[..buf.len().min(left)]))?;
        if left != usize::MAX {
            self.cut.left.store(left - written, Ordering::SeqCst);
            if left == written {
                self.cut.close();
            }
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
