//! `store`: makes keys for the store, copies it, and brings a copy back.

use std::path::{Path, PathBuf};

use super::{Exit, complain, say};
use crate::config::{self, Secrets};
use crate::store::{self, Place, StoreKey};

/// What `store` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Print a new key for `store.key`; keep it where the backups of the store are not
    Key,
    /// Copy the store to a file; a bridge that serves from it goes on
    Backup {
        /// The configuration
        #[arg(long, default_value = "bridge.yaml", value_name = "FILE")]
        config: PathBuf,
        /// The file of the copy; there must be none yet
        #[arg(value_name = "FILE")]
        to: PathBuf,
    },
    /// Put a copy in the place of the store, while no bridge serves from it; what was there is kept beside it
    Restore {
        /// The configuration
        #[arg(long, default_value = "bridge.yaml", value_name = "FILE")]
        config: PathBuf,
        /// The file of the copy
        #[arg(value_name = "FILE")]
        from: PathBuf,
    },
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    match &arguments.what {
        What::Key => match StoreKey::random() {
            Ok(key) => {
                say(&key.to_hex());
                Exit::Done
            }
            Err(error) => failed(&error),
        },
        What::Backup { config, to } => match configured(config, Secrets::Unread) {
            Ok((file, _)) => match store::backup(&file, to) {
                Ok(()) => {
                    say(&format!(
                        "{} is a copy of {}; it opens with the same key",
                        to.display(),
                        file.display()
                    ));
                    Exit::Done
                }
                Err(error) => failed(&error),
            },
            Err(exit) => exit,
        },
        What::Restore { config, from } => match configured(config, Secrets::Read) {
            Ok((file, key)) => match store::restore(from, &file, &key) {
                Ok(before) => {
                    say(&format!("{} is what {} holds", file.display(), from.display()));
                    if let Some(before) = before {
                        say(&format!("what was there before is {}", before.display()));
                    }
                    Exit::Done
                }
                Err(error) => failed(&error),
            },
            Err(exit) => exit,
        },
    }
}

/// The file of the store, and its key, of a configuration that has one.
fn configured(path: &Path, secrets: Secrets) -> Result<(PathBuf, StoreKey), Exit> {
    let options = config::load(path, secrets).map_err(|report| {
        complain(config::render(&report.mistakes, &report.sources).trim_end());
        Exit::Configuration
    })?;
    match options.store {
        Some(config::Store { place: Place::File(file), key }) => Ok((file, key)),
        Some(config::Store { place: Place::Postgres(_), .. }) => {
            complain("the store is in PostgreSQL: `pg_dump` copies it and `pg_restore` brings it back");
            Err(Exit::Failed)
        }
        Some(_) | None => {
            complain("the store of this configuration ends with the process");
            complain("  hint: `store: { url: \"sqlite:bridge.db\", key: { file: store.key } }`");
            Err(Exit::Failed)
        }
    }
}

fn failed(error: &store::StoreError) -> Exit {
    complain(&error.to_string());
    Exit::Failed
}
