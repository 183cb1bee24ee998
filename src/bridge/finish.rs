//! What is finished even if nobody waits for it any more.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// Something under way.
type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Runs in place, as long as somebody waits; dropped before its end, it goes on as a task. So the usual case costs no task.
pub(super) fn finished<T: Send + 'static>(
    tasks: &TaskTracker,
    running: Running<T>,
) -> impl Future<Output = T> {
    Finished { running: Some(running), tasks: tasks.clone() }
}

struct Finished<T: Send + 'static> {
    running: Option<Running<T>>,
    tasks: TaskTracker,
}

impl<T: Send + 'static> Future for Finished<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        // Taken out meanwhile: what panics is not gone on with.
        let Some(mut running) = self.running.take() else { return Poll::Pending };
        let poll = running.as_mut().poll(cx);
        if poll.is_pending() {
            self.running = Some(running);
        }
        poll
    }
}

impl<T: Send + 'static> Drop for Finished<T> {
    fn drop(&mut self) {
        // Without a runtime there is nothing that it could go on with.
        if let (Some(running), Ok(runtime)) = (self.running.take(), Handle::try_current()) {
            drop(self.tasks.spawn_on(running, &runtime));
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_nobody_waits_for_is_finished() {
        let tasks = TaskTracker::new();
        let (go, wait) = oneshot::channel::<()>();
        let (tell, done) = oneshot::channel();
        let work = async move {
            wait.await.unwrap();
            tell.send("done").unwrap();
        };
        let mut waiting = Box::pin(finished(&tasks, Box::pin(work)));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        assert_eq!(tasks.len(), 0, "as long as somebody waits there is no task");
        drop(waiting);
        assert_eq!(tasks.len(), 1);
        go.send(()).unwrap();
        assert_eq!(done.await, Ok("done"));
        tasks.close();
        tasks.wait().await;
    }

    #[tokio::test]
    async fn what_is_done_and_what_panicked_leave_nothing_behind() {
        let tasks = TaskTracker::new();
        assert_eq!(finished(&tasks, Box::pin(async { 7 })).await, 7);
        let panics = tokio::spawn({
            let tasks = tasks.clone();
            async move { finished(&tasks, Box::pin(async { panic!("as the test wants") })).await }
        });
        assert!(panics.await.is_err());
        assert!(tasks.is_empty());
    }
}
