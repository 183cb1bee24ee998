//! The log: lines on standard error, as text or JSON.
//!
//! What is logged is chosen where it is logged: ids of requests and names of integrations, never a token, a body, a
//! filter, a name or an address of a person.
//!
//! Each request is a line, so a line must cost little: it is formatted once, into a buffer that is there already, and
//! lines leave together.

mod line;
mod log;
mod out;
mod spans;

use std::io::{self, IsTerminal as _};

use tracing::Level;

pub use line::Format;
pub use log::Log;
pub use out::flush;

/// Starts logging at a level (`error` to `trace`; anything else is `info`). Without a format it is text on a terminal and
/// JSON elsewhere. Only the first call has an effect.
pub fn start(format: Option<Format>, level: &str) {
    let level: Level = level.parse().unwrap_or(Level::INFO);
    // Libraries say more than anybody wants to read; at `trace` they are what one wants to read.
    let others = if level == Level::TRACE { Level::DEBUG } else { Level::WARN };
    let terminal = io::stderr().is_terminal();
    let format = format.unwrap_or(if terminal { Format::Text } else { Format::Json });
    let log = Log::new(format, level, others, out::write).coloured(terminal);
    // A second subscriber is refused; the first goes on.
    if tracing::subscriber::set_global_default(log).is_ok() {
        out::start();
    }
}
