//! The one subscriber: log lines on standard error, as text or JSON.
//!
//! What is logged is chosen where it is logged: ids of requests and names of integrations, never a token, a body, a
//! filter, a name or an address of a person.

use std::io::{self, IsTerminal as _};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// Starts logging at a level (`error` to `trace`; anything else is `info`). Without a format it is text on a terminal and
/// JSON elsewhere. Only the first call has an effect.
pub fn start(format: Option<Format>, level: &str) {
    let level: Level = level.parse().unwrap_or(Level::INFO);
    // Libraries say more than anybody wants to read; at `trace` they are what one wants to read.
    let others = if level == Level::TRACE { Level::DEBUG } else { Level::WARN };
    let targets = Targets::new().with_default(others).with_target("scim_bridge", level);
    let format = format.unwrap_or(if io::stderr().is_terminal() { Format::Text } else { Format::Json });
    let registry = tracing_subscriber::registry().with(targets);
    // A second subscriber is refused; the first goes on.
    let _ = match format {
        Format::Text => registry
            .with(
                fmt::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal()).with_target(false),
            )
            .try_init(),
        Format::Json => registry
            .with(
                fmt::layer()
                    .json()
                    .flatten_event(true)
                    .with_writer(io::stderr)
                    .with_current_span(true)
                    .with_span_list(false),
            )
            .try_init(),
    };
}
