//! Configuration: the one place that knows that options come from files.
//!
//! A file is read into nodes that know their place, checked as a whole, and turned into [`Options`], in which nothing is
//! optional that is not optional. Every mistake is found at once.

mod check;
mod literals;
mod mapping;
mod render;
mod secret;
mod shape;
mod shipped;
mod source;
mod store;
mod tests;
mod tls;
mod unused;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use compact_str::CompactString;
use ipnet::IpNet;
use rustls_pki_types::CertificateDer;

use crate::dialect;
use crate::inbound;
use crate::secret::{Digest, Secret};
use crate::upstream::Base;
use crate::yaml::{Kind, Mistake, Node, Shape, Span, json_schema};

pub use literals::Literals;
pub use mapping::Compiled;
pub use render::{render, render_json};
pub use shipped::SHIPPED;
pub use source::Sources;
pub use store::{Store, told as store_told};

/// What the program runs on.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The URL that identity providers use, without a slash at the end.
    pub public_url: String,
    /// The host names that it is called by, without ports; none: any, since a proxy in front of it decides.
    pub hosts: Vec<String>,
    /// How it serves TLS; `None`: it does not.
    pub tls: Option<inbound::tls::Options>,
    /// Where the health checks are.
    pub admin: Option<SocketAddr>,
    /// Where what is remembered is kept; `None`: nowhere, it ends with the process.
    pub store: Option<Store>,
    /// How it logs; `None`: as suits standard error.
    pub log_format: Option<LogFormat>,
    /// How much it logs.
    pub log_level: String,
    /// What it serves.
    pub integrations: Vec<Integration>,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// One integration.
#[derive(Clone, Debug)]
pub struct Integration {
    /// Its name.
    pub name: CompactString,
    /// The path of its URLs.
    pub path: String,
    /// How its identity provider speaks.
    pub dialect: dialect::Options,
    /// The tokens that it accepts.
    pub digests: Vec<Digest>,
    /// Its mapping and the vendor's profile.
    pub compiled: Compiled,
    /// Its vendor.
    pub vendor: Vendor,
    /// What its identity provider may ask.
    pub rate: Rate,
    /// Whether anything is remembered.
    pub remembers: bool,
    /// The e-mail domains of accounts that may be taken over; none: of any.
    pub domains: Vec<CompactString>,
}

/// The way to a vendor.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// Where it is.
    pub base: Base,
    /// The bridge's token there.
    pub token: Secret<String>,
    /// Private networks that its name may resolve to.
    pub networks: Vec<IpNet>,
    /// Certificates to trust besides the public ones.
    pub roots: Vec<CertificateDer<'static>>,
    /// The account, whose limits integrations share.
    pub account: CompactString,
    /// What the vendor allows.
    pub limits: Account,
    /// The operator knows what the first write does.
    pub armed: bool,
}

/// What a vendor allows an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Requests in a period; `None`: any number.
    pub rate: Option<Rate>,
    /// Requests at the same time; `None`: any number.
    pub in_flight: Option<usize>,
}

/// So many in a period, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In which time.
    pub period: Duration,
    /// How many at once.
    pub burst: u32,
}

/// Whether the secrets that a file names are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// They are.
    Read,
    /// They are not: the file is only checked, where the secrets are not.
    Unread,
}

/// What is wrong with files, and the files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The files.
    pub sources: Sources,
    /// The mistakes, in the order of their places.
    pub mistakes: Vec<Mistake>,
}

impl Report {
    fn finish(&mut self) {
        self.mistakes.sort_by_key(|mistake| (mistake.span, mistake.message.clone()));
        self.mistakes.dedup();
    }
}

/// What a file that was checked holds.
#[derive(Clone, Debug)]
pub enum Checked {
    /// A bridge.yaml.
    Bridge(Box<Options>),
    /// A mapping.
    Mapping(Box<Compiled>),
}

/// Reads bridge.yaml or a mapping and everything that it names.
///
/// # Errors
/// Every mistake, with the files to show them in.
pub fn check(path: &Path, secrets: Secrets) -> Result<Checked, Report> {
    let mut report = Report::default();
    let checked = match report.sources.open(path) {
        Ok(file) if is_mapping(&file) => {
            let Report { sources, mistakes } = &mut report;
            let mut loader = mapping::Loader { sources, mistakes, asked_by: path };
            loader.compile(&file, None, true).map(|compiled| Checked::Mapping(Box::new(compiled)))
        }
        Ok(file) if file.entries().is_empty() => {
            let empty = file.is_null() || !matches!(file.kind, Kind::Scalar { .. } | Kind::List(_));
            let what = if empty { "the file is empty" } else { "not a configuration" };
            report.mistakes.push(Mistake::new(file.span, what).hint(
                "bridge.yaml has `listen`, `public_url` and `integrations`; a mapping has `format: 1` and `vendor`",
            ));
            None
        }
        Ok(file) => {
            let Report { sources, mistakes } = &mut report;
            let options = check::options(&file, path, secrets, sources, mistakes);
            options.map(|options| Checked::Bridge(Box::new(options)))
        }
        Err(mistake) => {
            report.mistakes.push(mistake);
            None
        }
    };
    report.finish();
    match checked {
        Some(checked) if report.mistakes.is_empty() => Ok(checked),
        _ => Err(report),
    }
}

/// Reads bridge.yaml, to run.
///
/// # Errors
/// As [`check()`], and when the file is a mapping.
pub fn load(path: &Path, secrets: Secrets) -> Result<Options, Report> {
    match check(path, secrets)? {
        Checked::Bridge(options) => Ok(*options),
        Checked::Mapping(_) => {
            let mut report = Report::default();
            drop(report.sources.open(path));
            let span = Span { line: 1, column: 1, width: 1, file: 0 };
            report.mistakes.push(
                Mistake::new(span, "this is a mapping, and not the configuration of a bridge").hint(
                    "a mapping is named by an integration in bridge.yaml, and checked by `scim-bridge check`",
                ),
            );
            Err(report)
        }
    }
}

/// Compiles a shipped mapping with parameters, as JSON text.
///
/// # Errors
/// Every mistake, when there is no such mapping or the parameters do not fit.
pub fn shipped(name: &str, with: &str) -> Result<Compiled, Report> {
    let mut report = Report::default();
    let compiled = {
        let Report { sources, mistakes } = &mut report;
        let mut loader = mapping::Loader { sources, mistakes, asked_by: Path::new("") };
        let with = Node::from_json(with).unwrap_or(Node::empty(Span::default()));
        loader.shipped(name).and_then(|file| loader.compile(&file, Some(&with), true))
    };
    report.finish();
    compiled.ok_or(report)
}

fn is_mapping(file: &Node) -> bool {
    let has = |keys: &[&str]| keys.iter().any(|key| file.get(key).is_some());
    !has(&["integrations", "listen", "public_url"])
        && has(&["format", "vendor", "profile", "tables", "prefixes", "users", "groups", "tests", "use"])
}

/// The JSON Schema of bridge.yaml.
pub fn bridge_schema() -> serde_json::Value {
    json_schema("bridge.yaml of scim-bridge", &Shape::Object(shape::BRIDGE))
}

/// The JSON Schema of a mapping file.
pub fn mapping_schema() -> serde_json::Value {
    let mut schema = json_schema("A mapping of scim-bridge", &Shape::Object(crate::mapping::SHAPE));
    schema["properties"]["profile"] =
        json_schema("How the vendor differs from the RFCs", &crate::emulation::SHAPE);
    schema["properties"]["use"] = serde_json::json!({
        "type": "string",
        "description": "another mapping, on which this one stands"
    });
    // A file that stands on another says only what differs.
    schema["required"] = serde_json::json!(["format"]);
    schema["anyOf"] = serde_json::json!([{ "required": ["vendor"] }, { "required": ["use"] }]);
    schema
}
