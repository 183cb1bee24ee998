//! `probe`: learns a vendor's profile by asking. Reads alone, unless it may write: then on users and a group that it
//! makes, whose names say what they are, and removes again.
//!
//! What is tried is written by `emulation` with the profile that is being tried, and read back: so a line that is found
//! is one that the bridge can live with.

mod ask;
mod filter;
mod finding;
mod group;
mod list;
mod member;
mod user;

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Exit, complain, say, unknown};
use crate::config::{self, Secrets};
use crate::scim::ResourceType;
use crate::scim::json::{Limits, Value};
use crate::{app, emulation};
use ask::Asker;
use finding::Findings;

/// What `probe` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration
    #[arg(long, default_value = "bridge.yaml", value_name = "FILE")]
    config: PathBuf,
    /// The integration whose vendor is asked
    #[arg(long, value_name = "NAME")]
    integration: String,
    /// Make users and a group named scim-bridge-probe-…, try on them what the vendor does, and remove them again
    #[arg(long)]
    write: bool,
    /// The domain of their e-mail addresses, where the vendor takes those of some domains alone
    #[arg(long, value_name = "DOMAIN", default_value = "example.com", requires = "write")]
    domain: String,
    /// What each of those users must have besides, as a JSON object: a file
    #[arg(long, value_name = "FILE", requires = "write")]
    user: Option<PathBuf>,
    /// Print findings for a machine
    #[arg(long)]
    json: bool,
}

/// What the questions share.
struct Probe {
    ask: Asker,
    found: Findings,
    /// Users that were made for it.
    people: Vec<String>,
    /// What is left at the vendor.
    left: Vec<(ResourceType, String)>,
    domain: String,
    /// What each user must have.
    user: Value,
}

impl Probe {
    /// Notes a line that rests on the last question.
    fn note(&mut self, path: &'static str, value: impl Into<String>) {
        let why = self.ask.last.clone();
        self.note_why(path, value, why);
    }

    /// Notes a line; from now on calls are written with it.
    fn note_why(&mut self, path: &'static str, value: impl Into<String>, why: impl Into<String>) {
        self.found.note(path, value, why);
        if let Ok(profile) = self.found.profile(&[]) {
            self.ask.profile = profile;
        }
    }
}

pub(super) async fn run(arguments: Arguments) -> Exit {
    let options = match config::load(&arguments.config, Secrets::Read) {
        Ok(options) => options,
        Err(report) => {
            complain(config::render(&report.mistakes, &report.sources).trim_end());
            return Exit::Configuration;
        }
    };
    let Some(one) = options.integrations.iter().find(|one| one.name == arguments.integration) else {
        let known: Vec<_> = options.integrations.iter().map(|one| one.name.as_str()).collect();
        return unknown("integration", &arguments.integration, &known);
    };
    let user = match arguments.user.as_deref().map(attributes) {
        None => Value::object(),
        Some(Ok(user)) => user,
        Some(Err(why)) => {
            complain(&format!("--user cannot be used: {why}"));
            return Exit::Usage;
        }
    };
    let vendor = match app::vendor_of(one) {
        Ok(vendor) => vendor,
        Err(error) => {
            complain(&format!("the vendor cannot be called: {error}"));
            return Exit::Configuration;
        }
    };
    let ask = Asker::new(vendor, emulation::Profile::default());
    let mut probe = Probe {
        ask,
        found: Findings::default(),
        people: Vec::new(),
        left: Vec::new(),
        domain: arguments.domain,
        user,
    };
    probe.configured(&one.compiled.profile);
    let outcome = probe.everything(arguments.write).await;
    probe.clean().await;
    if let Err(why) = outcome {
        complain(&why);
        return Exit::Failed;
    }
    if let Err(error) = probe.found.profile(&[]) {
        complain(&format!("what was found is no profile: {error}"));
        return Exit::Failed;
    }
    complain(&format!("{} requests were sent to {}", probe.ask.sent, one.vendor.base));
    say(&match arguments.json {
        true => json_of(&probe.found),
        false => mapping(&one.name, &probe.found, arguments.write),
    });
    if probe.left.is_empty() { Exit::Done } else { Exit::Failed }
}

/// Attributes from a file.
fn attributes(file: &Path) -> Result<Value, String> {
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    let value = Value::read(&bytes, &Limits::REQUEST).map_err(|error| error.to_string())?;
    if value.is_object() { Ok(value) } else { Err("it holds no JSON object".to_owned()) }
}

impl Probe {
    /// Where things are, and the headers that are sent, the configuration says; how the vendor behaves is what is asked.
    fn configured(&mut self, profile: &emulation::Profile) {
        let why = "as the configuration has it";
        for (path, own) in ["paths.Users", "paths.Groups"].into_iter().zip(&profile.paths) {
            if let Some(own) = own {
                self.note_why(path, serde_json::Value::from(own.as_str()).to_string(), why);
            }
        }
        let headers: serde_json::Map<String, serde_json::Value> = profile
            .headers
            .all
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
            .collect();
        if !headers.is_empty() {
            self.note_why("headers", serde_json::Value::from(headers).to_string(), why);
        }
    }

    async fn everything(&mut self, write: bool) -> Result<(), String> {
        list::reached(self).await?;
        let subject = if write { user::made(self).await } else { None };
        list::probe(self, ResourceType::User).await;
        filter::probe(self, ResourceType::User, subject.as_deref()).await;
        if let Some(subject) = &subject {
            user::probe(self, subject).await;
        }
        group::probe(self, subject.as_deref()).await;
        if let Some(subject) = &subject {
            user::end(self, subject).await;
        }
        Ok(())
    }

    /// Removes what was made, and says what could not be.
    async fn clean(&mut self) {
        let mut kept = Vec::new();
        for (resource, id) in std::mem::take(&mut self.left).into_iter().rev() {
            let gone = self.ask.delete(resource, &id).await;
            if matches!(gone.status, 405 | 501) {
                user::off(self, resource, &id).await;
            }
            if !gone.is_success() && gone.status != 404 {
                kept.push((resource, id));
            }
        }
        for (resource, id) in &kept {
            complain(&format!("{} {id} is left at the vendor, which does not delete it", resource.name()));
        }
        // Where there is no DELETE, somebody inactive is all that can be left.
        let deletes = |resource: ResourceType| {
            self.ask.profile.resource(resource).removal.way == emulation::Way::Delete
        };
        kept.retain(|(resource, _)| deletes(*resource));
        self.left = kept;
    }
}

fn mapping(vendor: &str, found: &Findings, write: bool) -> String {
    let by = if write { "by reading, and by writing what was removed again" } else { "by reading alone" };
    let profile = match found.all().is_empty() {
        true => "profile: {}  # nothing was found that differs from the RFCs\n".to_owned(),
        false => format!("profile:\n{}", found.yaml(2, true)),
    };
    let text = format!(
        "# Found {by}. What is not here was not asked, or is as RFC 7643 and 7644 have it.\nformat: 1\nvendor: {vendor}\n{profile}"
    );
    text.trim_end().to_owned()
}

fn json_of(found: &Findings) -> String {
    let one = |finding: &finding::Finding| json!({ "path": finding.path.join("."), "value": finding.value, "evidence": finding.why });
    json!({ "findings": found.all().iter().map(one).collect::<Vec<_>>() }).to_string()
}
