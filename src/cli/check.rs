//! `check`: every mistake at once, before anything is deployed.

use std::path::{Path, PathBuf};

use super::{Exit, complain, say};
use crate::config::{self, Checked, Compiled, Secrets};
use crate::scim::schema::{Attribute, AttributeType, ResourceType, Schema};
use crate::scim::{AttrPath, Path as ScimPath};

/// What `check` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// bridge.yaml, or mapping files
    #[arg(default_value = "bridge.yaml", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print what a PATCH of each attribute needs, and what the mapping assumes
    #[arg(short, long)]
    verbose: bool,
    /// Print the mistakes as JSON, on standard output
    #[arg(long)]
    json: bool,
    /// Do not read the secrets that the file names: for a machine that does not have them
    #[arg(long)]
    without_secrets: bool,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let secrets = if arguments.without_secrets { Secrets::Unread } else { Secrets::Read };
    let mut exit = Exit::Done;
    for file in &arguments.files {
        match config::check(file, secrets) {
            Ok(checked) => right(file, &checked, arguments),
            Err(report) => {
                exit = Exit::Configuration;
                if arguments.json {
                    say(&config::render_json(&report.mistakes, &report.sources));
                } else {
                    complain(config::render(&report.mistakes, &report.sources).trim_end());
                }
            }
        }
    }
    exit
}

fn right(file: &Path, checked: &Checked, arguments: &Arguments) {
    if arguments.json {
        say(&config::render_json(&[], &config::Sources::default()));
        return;
    }
    match checked {
        Checked::Mapping(compiled) => {
            complain(&format!("{}: a mapping for {}, no mistakes", file.display(), compiled.vendor));
            details(compiled, arguments.verbose);
        }
        Checked::Bridge(options) => {
            let count = options.integrations.len();
            let plural = if count == 1 { "" } else { "s" };
            complain(&format!("{}: {count} integration{plural}, no mistakes", file.display()));
            for integration in &options.integrations {
                complain(&format!(
                    "{} ({}): {}",
                    integration.name, integration.path, integration.compiled.vendor
                ));
                details(&integration.compiled, arguments.verbose);
            }
        }
    }
}

fn details(compiled: &Compiled, verbose: bool) {
    for assumption in &compiled.assumed {
        complain(&format!("  assumed: {assumption}"));
    }
    if !verbose {
        return;
    }
    for resource in ResourceType::ALL {
        let lens = compiled.mapping.lens(resource);
        say(&format!("PATCH of a {}:", resource.name()));
        for schema in lens.catalog().schemas() {
            for path in paths(schema, resource) {
                say(&format!("  {:<9} {path}", lens.case(&ScimPath::Attribute(path.clone())).name()));
            }
        }
    }
}

/// Every attribute of a schema, and every part of a complex one.
fn paths(schema: &Schema, resource: ResourceType) -> Vec<AttrPath> {
    let urn = (schema.id != resource.urn()).then(|| schema.id.clone());
    let mut out = Vec::new();
    for attribute in &schema.attributes {
        let whole = AttrPath { schema: urn.clone(), name: attribute.name.clone(), sub: None };
        let has_parts =
            |attribute: &Attribute| attribute.kind == AttributeType::Complex && !attribute.multi_valued;
        if has_parts(attribute) {
            out.extend(attribute.sub_attributes.iter().map(|sub| whole.with_sub(&sub.name)));
        } else {
            out.push(whole);
        }
    }
    out
}
