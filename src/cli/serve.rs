//! `serve`: runs the bridge until it is told to stop.

use std::path::PathBuf;

use super::{Exit, Stop, complain, deaf};
use crate::app;
use crate::config::{self, LogFormat, Secrets};
use crate::telemetry;

/// What `serve` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration
    #[arg(long, default_value = "bridge.yaml", value_name = "FILE")]
    config: PathBuf,
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
    let running = match app::start(options, None).await {
        Ok(running) => running,
        Err(error) => {
            let admin = admin.map(tracing::field::display);
            tracing::error!(%error, %listen, admin, "the bridge could not start");
            return Exit::Failed;
        }
    };
    tracing::info!(listen = %running.local_addr(), tls, version = env!("CARGO_PKG_VERSION"), "serving");
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
    if cut_off > 0 {
        tracing::warn!(cut_off, "requests were cut off");
        return Exit::Failed;
    }
    tracing::info!("stopped");
    Exit::Done
}
