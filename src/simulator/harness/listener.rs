//! Accepts connections and speaks HTTP/1.1 or HTTP/2 with prior knowledge on each, until stopped.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::wire::{Cut, Wire};

/// Serves `listener` until `stop`; connections end with it, answered or not. Returns when all are gone.
pub(super) async fn serve<F, R>(listener: TcpListener, stop: CancellationToken, answer: F)
where
    F: Fn(http::Request<Incoming>, Arc<Cut>) -> R + Clone + Send + 'static,
    R: Future<Output = http::Response<Full<Bytes>>> + Send + 'static,
{
    let connections = TaskTracker::new();
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, say; the next attempt may do better, but not at once.
                    tracing::warn!(%error, "a simulator cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        // Only a matter of latency, so a failure is of no interest.
        let _ = stream.set_nodelay(true);
        let cut = Cut::new(stop.child_token());
        let wire = TokioIo::new(Wire::new(stream, Arc::clone(&cut)));
        let answer = answer.clone();
        connections.spawn(async move {
            let service = {
                let cut = Arc::clone(&cut);
                service_fn(move |request| {
                    let reply = answer(request, Arc::clone(&cut));
                    async move { Ok::<_, Infallible>(reply.await) }
                })
            };
            let server = auto::Builder::new(TokioExecutor::new());
            tokio::select! {
                // How a client ends its connection is its own affair.
                _ = server.serve_connection(wire, service) => {}
                () = cut.ended() => {}
            }
        });
    }
    connections.close();
    connections.wait().await;
}
