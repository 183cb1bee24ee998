//! `schema`: JSON Schema for editors.

use super::{Exit, say};
use crate::config;

/// What `schema` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Of which file: editors take the schema from `# yaml-language-server: $schema=FILE` in its first line
    #[arg(value_enum, default_value = "bridge")]
    of: Of,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Of {
    /// bridge.yaml
    Bridge,
    /// a mapping
    Mapping,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let schema = match arguments.of {
        Of::Bridge => config::bridge_schema(),
        Of::Mapping => config::mapping_schema(),
    };
    say(&format!("{schema:#}"));
    Exit::Done
}
