//! `check`: every mistake at once, before anything is deployed.

use std::path::{Path, PathBuf};

use super::{Exit, complain, say, story};
use crate::config::{self, Checked, Compiled, Secrets};
use crate::emulation;
use crate::mapping::Case;
use crate::scim::patch::{Op, Operation};
use crate::scim::schema::{Attribute, AttributeType, Mutability, ResourceType, Returned, Schema};
use crate::scim::{AttrPath, Path as ScimPath};

/// What `check` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// bridge.yaml, or mapping files
    #[arg(default_value = "bridge.yaml", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print what a PATCH needs attribute by attribute
    #[arg(short, long)]
    verbose: bool,
    /// Print the mistakes as JSON, on standard output
    #[arg(long)]
    json: bool,
    /// Do not read the tokens, keys and certificates that the file names: for a machine without them
    #[arg(long)]
    without_secrets: bool,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let secrets = if arguments.without_secrets { Secrets::Unread } else { Secrets::Read };
    let mut reports = Vec::new();
    let mut right_ones = Vec::new();
    for file in &arguments.files {
        match config::check(file, secrets) {
            Ok(checked) if !arguments.json => right(file, &checked, arguments.verbose),
            Ok(checked) => right_ones.push((file.as_path(), checked)),
            Err(report) => {
                if !arguments.json {
                    complain(config::render(&report.mistakes, &report.sources).trim_end());
                }
                reports.push(report);
            }
        }
    }
    if arguments.json {
        say(&config::render_json(&reports, &right_ones));
    }
    if reports.is_empty() { Exit::Done } else { Exit::Configuration }
}

fn right(file: &Path, checked: &Checked, verbose: bool) {
    match checked {
        Checked::Mapping(compiled) => {
            say(&format!("{}: a mapping for {}, no mistakes", file.display(), compiled.vendor));
            details(compiled, true, verbose);
        }
        Checked::Bridge(options) => {
            say(&format!(
                "{}: {}, no mistakes",
                file.display(),
                count(options.integrations.len(), "integration")
            ));
            for integration in &options.integrations {
                say(&format!(
                    "{} ({}{}): {}",
                    integration.name, options.public_url, integration.path, integration.compiled.vendor
                ));
                details(&integration.compiled, integration.remembers, verbose);
            }
        }
    }
}

fn details(compiled: &Compiled, remembers: bool, verbose: bool) {
    say(&match compiled.tests {
        0 => "  tests: none of its own".to_owned(),
        tests => format!("  tests: {tests} passed"),
    });
    if !compiled.assumed.is_empty() {
        say(&format!("  {} assumed, not documented by the vendor:", count(compiled.assumed.len(), "thing")));
    }
    for assumption in &compiled.assumed {
        say(&format!("    {assumption}"));
    }
    for warning in &compiled.warnings {
        say(&format!("  warning: {warning}"));
    }
    for resource in ResourceType::ALL {
        let lens = compiled.mapping.lens(resource);
        let all = lens.catalog().schemas().flat_map(|schema| paths(schema, resource));
        let all: Vec<(Case, AttrPath)> = all.map(|path| (case(compiled, resource, &path), path)).collect();
        say(&format!("  PATCH of a {}:", resource.name()));
        if verbose {
            for (case, what) in CASES.iter().filter(|(case, _)| all.iter().any(|(of, _)| of == case)) {
                say(&format!("    {}: {what}", case.name()));
            }
            for (case, path) in all {
                let note = match case {
                    Case::Local if remembers && is_remembered(compiled, resource, &path) => " (remembered)",
                    Case::Local => " (not remembered)",
                    _ => "",
                };
                say(&format!("    {:<9} {}{note}", case.name(), story::short(&path.to_string())));
            }
            continue;
        }
        for (case, what) in CASES {
            let of: Vec<_> =
                all.iter().filter(|(of, _)| *of == case).map(|(_, path)| path.to_string()).collect();
            match (case, of.is_empty()) {
                (_, true) => {}
                (Case::Pass, false) => say(&format!("    {:<9} the rest: {what}", case.name())),
                (_, false) => {
                    say(&format!("    {:<9} {}: {what}", case.name(), story::short(&of.join(", "))));
                }
            }
        }
    }
}

/// What a PATCH of an attribute needs: the rules decide, and then what the vendor accepts.
fn case(compiled: &Compiled, resource: ResourceType, path: &AttrPath) -> Case {
    let able = compiled.profile.resource(resource);
    let about = |other: &AttrPath| other.same_attribute(path);
    let lens = compiled.mapping.lens(resource);
    // Whether the vendor would take one operation there, as it is.
    let takes = |path: &AttrPath| {
        let operation = Operation::new(Op::Replace, ScimPath::Attribute(path.clone()), true);
        emulation::direct(&compiled.profile, resource, "id", &[operation], lens.catalog()).is_some()
    };
    match lens.case(&ScimPath::Attribute(path.clone())) {
        Case::Pass if able.deny.iter().any(|other| about(other) && other.sub.is_none()) => Case::Local,
        Case::Pass if able.allow.as_ref().is_some_and(|allow| !allow.iter().any(about)) => Case::Local,
        Case::Pass if able.remembered().includes(&path.whole()) || !takes(path) => Case::Diff,
        Case::Rewrite if !takes(&lens.vendor_side(path)) => Case::Diff,
        case => case,
    }
}

/// Whether what is written there is remembered, so that it can be read back: a password never is.
fn is_remembered(compiled: &Compiled, resource: ResourceType, path: &AttrPath) -> bool {
    let lens = compiled.mapping.lens(resource);
    let attribute = lens.catalog().attribute(path);
    let changed = lens.remembered().clone().and(compiled.profile.resource(resource).remembered());
    changed.includes(&path.whole()) && attribute.is_none_or(|attribute| attribute.returned != Returned::Never)
}

/// The cases of a PATCH, those that need a rule first.
const CASES: [(Case, &str); 5] = [
    (Case::Rewrite, "sent with its path and value mapped"),
    (Case::Recompute, "sent with what is derived from it"),
    (Case::Local, "not sent to the vendor"),
    (Case::Diff, "the resource is read, and what differs is sent"),
    (Case::Pass, "sent as it is"),
];

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Every attribute of a schema, and every part of a complex one.
fn paths(schema: &Schema, resource: ResourceType) -> Vec<AttrPath> {
    let urn = (schema.id != resource.urn()).then(|| schema.id.clone());
    let mut out = Vec::new();
    // What nobody can write has no case.
    let can_be_written = |attribute: &&Attribute| attribute.mutability != Mutability::ReadOnly;
    for attribute in schema.attributes.iter().filter(can_be_written) {
        let whole = AttrPath { schema: urn.clone(), name: attribute.name.clone(), sub: None };
        let has_parts =
            |attribute: &Attribute| attribute.kind == AttributeType::Complex && !attribute.multi_valued;
        if has_parts(attribute) {
            out.extend(
                attribute.sub_attributes.iter().filter(can_be_written).map(|sub| whole.with_sub(&sub.name)),
            );
        } else {
            out.push(whole);
        }
    }
    out
}
