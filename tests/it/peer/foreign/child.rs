//! A process in a group of its own, which ends with its value.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{ChildStdout, Command};

use super::setup;

/// How much of a log is shown.
const SHOWN: usize = 4_000;

/// A child. When a test fails, what it logged is shown and kept, and removed otherwise.
#[derive(Debug)]
pub(super) struct Child {
    name: &'static str,
    /// It holds standard input open: a peer ends when that is closed, even if this process is killed.
    process: tokio::process::Child,
    stdout: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Child {
    pub(super) fn start(name: &'static str, command: &mut Command) -> Self {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = setup::root().join("logs");
        std::fs::create_dir_all(&folder).unwrap();
        let log = folder.join(format!("{name}-{}-{number}.log", std::process::id()));
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        let mut process = command
            .env_remove("PYTHONPATH")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Sets are gone through in one order in every run.
            .env("PYTHONHASHSEED", "0")
            .env("NODE_ENV", "production")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{name} did not start: {error}"));
        let stdout = BufReader::new(process.stdout.take().unwrap());
        Self { name, process, stdout, log }
    }

    /// The first line that it prints; nothing if it ends before.
    pub(super) async fn first_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).await.unwrap();
        line
    }

    /// All that it prints until it ends.
    pub(super) async fn output(&mut self) -> String {
        let mut said = String::new();
        self.stdout.read_to_string(&mut said).await.unwrap();
        self.process.wait().await.unwrap();
        said
    }

    /// The end of what it logged.
    pub(super) fn log(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&log[log.len().saturating_sub(SHOWN)..]).into_owned()
    }
}

impl Drop for Child {
    #[expect(clippy::print_stderr, reason = "it belongs to the output of the test that fails")]
    fn drop(&mut self) {
        // There is no id any more once it has been waited for: then the number may be another's.
        let group = self.process.id().and_then(|id| Pid::from_raw(id.cast_signed()));
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        if std::thread::panicking() {
            eprintln!("--- {} logged, in {}:\n{}---", self.name, self.log.display(), self.log());
        } else {
            let _ = std::fs::remove_file(&self.log);
        }
    }
}
