//! The command line. Data goes to standard output, all else to standard error; exit 0 done, 1 failed, 2 usage, 78
//! configuration.

mod certs;
mod check;
mod demo;
mod explain;
mod health;
mod schema;
mod serve;
mod simulate;
mod stage;
mod story;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Run a simulated vendor
    Simulate(simulate::Arguments),
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
    Configuration,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
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
        Command::Simulate(arguments) => run(simulate::run(arguments)),
        Command::Certs(arguments) => certs::run(&arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Health(arguments) => health::run(&arguments),
    };
    crate::telemetry::flush();
    exit.into()
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

/// A line of data, on standard output. When nobody reads it any more there is nothing left to do.
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

/// Waits until the process is told to end.
async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = interrupt => {}
        () = terminate => {}
    }
}
