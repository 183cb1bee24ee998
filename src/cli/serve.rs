//! `serve`: runs the bridge until it is told to stop.

use std::path::{Path, PathBuf};

use super::{Exit, Stop, complain, deaf};
use crate::app;
use crate::capture::{Pseudonyms, Values, Writer};
use crate::config::{self, LogFormat, Secrets};
use crate::telemetry;

/// What `serve` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration
    #[arg(long, default_value = "bridge.yaml", value_name = "FILE")]
    config: PathBuf,
    /// Append every request, its vendor calls and its answer to a file, for `replay`; personal values get pseudonyms
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
    /// Leave personal values in the capture as they are, for mappings that digest, cut or encode them; passwords and tokens are
    /// never in it
    #[arg(long, requires = "capture")]
    capture_plain: bool,
}

pub(super) async fn run(arguments: Arguments) -> Exit {
    let options = match config::load(&arguments.config, Secrets::Read) {
        Ok(options) => options,
        Err(report) => {
            complain(config::render(&report.mistakes, &report.sources).trim_end());
            return Exit::Configuration;
        }
    };
    let format = options.log_format.map(|format| match format {
        LogFormat::Text => telemetry::Format::Text,
        LogFormat::Json => telemetry::Format::Json,
    });
    telemetry::start(format, &options.log_level);
    let stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => return deaf(&error),
    };
    let tls = options.tls.is_some();
    let integrations: Vec<_> = options
        .integrations
        .iter()
        .map(|one| {
            let url = format!("{}{}", options.public_url, one.path);
            (one.name.clone(), url, one.compiled.vendor.clone(), one.vendor.base.to_string())
        })
        .collect();
    let (listen, admin) = (options.listen, options.admin);
    let folder = arguments.config.parent().unwrap_or(Path::new(""));
    let store = options.store.as_ref().map(|store| config::store_told(&store.place, folder));
    let capture =
        match arguments.capture.as_ref().map(|file| capture(file, arguments.capture_plain, &options)) {
            None => None,
            Some(Ok(writer)) => Some(writer),
            Some(Err(error)) => {
                let file = arguments.capture.as_deref().unwrap_or(Path::new("")).display();
                tracing::error!(%error, %file, "the capture cannot be written");
                return Exit::Failed;
            }
        };
    let observer = capture.as_ref().map(Writer::observer);
    let running = match app::start(options, observer).await {
        Ok(running) => running,
        Err(error) => {
            let admin = admin.map(tracing::field::display);
            tracing::error!(%error, %listen, admin, "the bridge could not start");
            return Exit::Failed;
        }
    };
    tracing::info!(listen = %running.local_addr(), tls, version = env!("CARGO_PKG_VERSION"), "serving");
    if let Some(store) = store {
        tracing::info!(store, "what the vendors cannot hold is remembered there");
    }
    for (integration, url, vendor, vendor_url) in integrations {
        // `url` is what the identity provider is given as its SCIM base URL.
        tracing::info!(%integration, url, vendor, vendor_url, "integration");
    }
    if let Some(admin) = running.admin_addr() {
        tracing::info!(listen = %admin, "health checks: GET /healthz, GET /readyz");
    }
    stop.told().await;
    tracing::info!("stopping: requests that have begun are finished");
    let cut_off = running.stop().await;
    if let Some(capture) = capture {
        capture.finish();
    }
    if cut_off > 0 {
        tracing::warn!(cut_off, "requests were cut off");
        return Exit::Failed;
    }
    tracing::info!("stopped");
    Exit::Done
}

/// Begins a capture. Its key is made for it and kept nowhere: nobody can undo the pseudonyms.
fn capture(file: &Path, plain: bool, options: &config::Options) -> std::io::Result<Writer> {
    let values = if plain {
        Values::Plain
    } else {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(std::io::Error::other)?;
        let literals = || options.integrations.iter().map(|one| &one.compiled.literals);
        let values: Vec<_> = literals().flat_map(|all| all.values.iter().cloned()).collect();
        let beginnings: Vec<_> = literals().flat_map(|all| all.beginnings.iter().cloned()).collect();
        Values::Disguised(Pseudonyms::new(key, &values, &beginnings))
    };
    let writer = Writer::open(file, values)?;
    let values = if plain { "as they are" } else { "as pseudonyms" };
    tracing::info!(file = %file.display(), values, "requests are captured");
    Ok(writer)
}
