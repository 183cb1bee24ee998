//! The command line. Data goes to standard output, all else to standard error; exit 0 done, 1 failed, 2 usage, 78
//! configuration.

mod certs;
mod check;
mod demo;
mod difference;
mod explain;
mod health;
mod probe;
mod replay;
mod schema;
mod serve;
mod simulate;
mod stage;
mod store;
mod story;

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config;

/// Lets any identity provider provision any vendor over SCIM 2.0.
#[derive(Debug, Parser)]
#[command(name = "scim-bridge", version, about, max_term_width = 110)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the bridge
    Serve(serve::Arguments),
    /// Play identity provider traffic through a bridge to simulated vendors, all in this process
    Demo(demo::Arguments),
    /// Find every mistake in bridge.yaml and in mappings
    Check(check::Arguments),
    /// Show what would become of one request; nothing is sent
    Explain(explain::Arguments),
    /// Play recorded requests against this configuration, and show what would be different; nothing is sent
    Replay(replay::Arguments),
    /// Learn a vendor's profile by asking it, and print it
    Probe(probe::Arguments),
    /// Run a simulated vendor
    Simulate(simulate::Arguments),
    /// Make a key for the store, copy it, or bring a copy back
    Store(store::Arguments),
    /// Make certificates
    Certs(certs::Arguments),
    /// Print the JSON Schema of bridge.yaml or of a mapping
    Schema(schema::Arguments),
    /// Ask a running bridge whether it is well; for container health checks
    Health(health::Arguments),
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    Done,
    Failed,
    /// An argument that cannot be right, as clap's own.
    Usage,
    Configuration,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Usage => Self::from(2),
            // EX_CONFIG of sysexits.h
            Exit::Configuration => Self::from(78),
        }
    }
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let exit = match cli.command {
        Command::Serve(arguments) => run(serve::run(arguments)),
        Command::Demo(arguments) => run(demo::run(arguments)),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => run(explain::run(arguments)),
        Command::Replay(arguments) => run(replay::run(arguments)),
        Command::Probe(arguments) => run(probe::run(arguments)),
        Command::Simulate(arguments) => run(simulate::run(arguments)),
        Command::Store(arguments) => store::run(&arguments),
        Command::Certs(arguments) => certs::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Health(arguments) => health::run(&arguments),
    };
    crate::telemetry::flush();
    exit.into()
}

/// Says that the process could not listen for signals.
fn deaf(error: &std::io::Error) -> Exit {
    complain(&format!("the signals that end the process cannot be listened to: {error}"));
    Exit::Failed
}

/// Runs a command that waits for things.
fn run(command: impl Future<Output = Exit>) -> Exit {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(command),
        Err(error) => {
            complain(&format!("the runtime could not start: {error}"));
            Exit::Failed
        }
    }
}

/// Lines of data, on standard output. When nobody reads it any more there is nothing left to do.
fn say(line: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// A line for people, on standard error.
fn complain(line: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Says that a name among the arguments is not known, with the nearest that is.
fn unknown(what: &str, name: &str, known: &[&str]) -> Exit {
    complain(&format!("there is no {what} `{name}`"));
    complain(&match crate::yaml::nearest(name, known.iter().copied()) {
        Some(near) => format!("  hint: did you mean `{near}`?"),
        None => format!("  hint: there are {}", known.join(", ")),
    });
    Exit::Usage
}

/// What a configuration says, and one of its integrations. Secrets are not read: nothing is sent.
fn configured(file: &Path, name: &str) -> Result<(config::Options, config::Integration), Exit> {
    let options = config::load(file, config::Secrets::Unread).map_err(|report| {
        complain(config::render(&report.mistakes, &report.sources).trim_end());
        Exit::Configuration
    })?;
    match options.integrations.iter().find(|one| one.name == name).cloned() {
        Some(one) => Ok((options, one)),
        None => {
            let known: Vec<_> = options.integrations.iter().map(|one| one.name.as_str()).collect();
            Err(unknown("integration", name, &known))
        }
    }
}

/// The signals that tell the process to end. They are listened to from the moment on in which this is made: before
/// anything says that the process is up, or whoever reads that and ends it would cut it off.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits until the process is told to end.
    async fn told(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
