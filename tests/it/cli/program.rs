//! The built program, run to its end or for a while.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// What is waited for at most.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The program in a folder, with nothing of this process's environment that it could read.
pub fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scim-bridge"));
    command.current_dir(folder).args(arguments).env_clear().stdin(Stdio::null());
    command
}

/// Runs it to its end.
pub fn run(folder: &Path, arguments: &[&str]) -> Ended {
    ended(program(folder, arguments).output().unwrap())
}

/// Runs it to its end with something on standard input.
pub fn run_with(folder: &Path, arguments: &[&str], input: &str) -> Ended {
    let mut command = program(folder, arguments);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    ended(child.wait_with_output().unwrap())
}

fn ended(output: std::process::Output) -> Ended {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// A command that stays up. It is killed when it is dropped.
pub struct Up {
    child: Child,
    lines: mpsc::Receiver<String>,
    pub seen: Vec<String>,
}

/// Which of its outputs is followed.
#[derive(Clone, Copy, PartialEq)]
pub enum Follow {
    Out,
    Err,
}

impl Up {
    pub fn start(mut command: Command, follow: Follow) -> Self {
        let of = |followed: Follow| if follow == followed { Stdio::piped() } else { Stdio::null() };
        let mut child = command.stdout(of(Follow::Out)).stderr(of(Follow::Err)).spawn().unwrap();
        let pipe: Box<dyn std::io::Read + Send> = match follow {
            Follow::Out => Box::new(child.stdout.take().unwrap()),
            Follow::Err => Box::new(child.stderr.take().unwrap()),
        };
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            let mut lines = BufReader::new(pipe).lines();
            while let Some(Ok(line)) = lines.next() {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, lines, seen: Vec::new() }
    }

    /// Waits for a line that says so.
    pub fn until(&mut self, says: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(says) {
                        return line;
                    }
                }
                Err(_) => panic!("no line says {says:?}:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// Sends a signal, waits for the end, and gives the exit code and every line.
    pub fn stop(mut self, signal: Signal) -> (Option<i32>, Vec<String>) {
        let id = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(id, signal).unwrap();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.seen.push(line);
        }
        (self.child.wait().unwrap().code(), std::mem::take(&mut self.seen))
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a program is on this machine; the test says so if it is not.
pub fn has(name: &str, test: &str) -> bool {
    let found = Command::new(name).arg("--version").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    match found {
        Ok(mut child) => {
            let _ = child.stdout.take().map(|mut out| out.read_to_end(&mut Vec::new()));
            child.wait().is_ok_and(|status| status.success())
        }
        Err(why) => {
            let _ = std::io::stderr().write_all(format!("skipped: {test}: {name}: {why}\n").as_bytes());
            false
        }
    }
}

/// Text with what differs between machines, and the versions of resources, taken out, for a snapshot.
pub fn stable(text: &str, folder: &Path) -> String {
    let text = text.replace(&format!("{}/", folder.display()), "");
    let mut pieces = text.split("W/\\\"");
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces
        .fold(first, |out, piece| out + "W/\\\"…" + piece.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
}

/// Compares with a snapshot under `tests/it/snapshots`.
#[track_caller]
pub fn is_as_recorded(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}
