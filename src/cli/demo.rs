//! `demo`: identity providers, bridge and vendors in one process, and the story of a request told hop by hop.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::stage::{Pair, Stage, TOKEN, expected, found};
use super::{Exit, Stop, complain, deaf, say, story};
use crate::bridge::{Observer, Told};
use crate::simulator::Vendor;
use crate::simulator::idp::{Idp, Stage as Part, Step};
use crate::telemetry;

/// What `demo` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Play, compare the vendors with what is expected, and end: exit code 0 if all is well, 1 if not
    #[arg(long)]
    once: bool,
    /// Where the bridge listens; a free port of the loopback address unless given
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Only say how each life cycle ended
    #[arg(long)]
    quiet: bool,
}

pub(super) async fn run(arguments: Arguments) -> Exit {
    telemetry::start(None, "warn");
    let heard: Arc<Mutex<Vec<Told>>> = Arc::default();
    let observer: Observer = {
        let heard = heard.clone();
        Arc::new(move |told: &Told| heard.lock().unwrap_or_else(PoisonError::into_inner).push(told.clone()))
    };
    let stage = match Stage::set(arguments.listen, observer).await {
        Ok(stage) => stage,
        Err(error) => {
            complain(&format!("the demonstration could not start: {error}"));
            if arguments.listen.is_some() {
                complain("  hint: without --listen, it takes a free port");
            }
            return Exit::Failed;
        }
    };
    let mut well = true;
    for pair in &stage.pairs {
        well &= play(&stage, pair, &heard, arguments.quiet).await;
    }
    say(if well {
        "\nEvery vendor is in the expected state."
    } else {
        "\nNot everything is as expected: see above."
    });
    if !arguments.once {
        let stop = match Stop::listen() {
            Ok(stop) => stop,
            Err(error) => return deaf(&error),
        };
        invite(&stage);
        stop.told().await;
    }
    stage.bridge.stop().await;
    for pair in stage.pairs {
        pair.simulator.stop().await;
    }
    if well { Exit::Done } else { Exit::Failed }
}

/// Plays the whole life cycle of one client against one vendor. Whether all went as it should.
async fn play(stage: &Stage, pair: &Pair, heard: &Mutex<Vec<Told>>, quiet: bool) -> bool {
    say(&format!("\n━━ {} → {} ━━", pair.client.name(), title(pair.vendor)));
    let mut idp = Idp::new(pair.client, &stage.base(pair), TOKEN);
    let mut well = true;
    let mut part = None;
    for step in pair.client.life_cycle() {
        if !quiet && part != Some(step.stage) {
            part = Some(step.stage);
            say(&format!("\n{}", heading(step.stage)));
        }
        let outcome = idp.play(&step).await;
        let lines: Vec<String> = {
            let told = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
            told.iter().flat_map(story::told).collect()
        };
        if !quiet {
            say(&format!("\n  {} {}", pair.client.name(), step.title));
            lines.iter().for_each(|line| say(line));
        }
        if let Err(why) = check(&step, outcome) {
            say(&format!("  WRONG   {}: {why}", step.title));
            well = false;
        }
    }
    let (wanted, got) = (expected(pair.vendor), found(&pair.simulator.state()));
    if wanted == got {
        say(&format!("\n  {} holds what it should: {}", title(pair.vendor), summary(&got)));
    } else {
        say(&format!("\n  WRONG   {} holds\n{got:#}\n  and should hold\n{wanted:#}", title(pair.vendor)));
    }
    well && wanted == got
}

fn check(step: &Step, outcome: Result<crate::simulator::idp::Answer, String>) -> Result<(), String> {
    let answer = outcome?;
    if !step.expect.contains(&answer.status) {
        return Err(format!("answered {} {}", answer.status, answer.body));
    }
    if step.stage == Part::Read {
        // An identity provider reads back what it wrote, and nothing of what the bridge added.
        let text = answer.body.to_string();
        if text.contains("organizationId") || text.contains("extension:ninjaone") {
            return Err("the identity provider sees what it did not write".to_owned());
        }
        let department =
            &answer.body["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["department"];
        if department.is_null() || answer.body["title"].is_null() {
            return Err("the identity provider does not see what it wrote".to_owned());
        }
    }
    Ok(())
}

fn title(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::NinjaOne => "NinjaOne",
        Vendor::OktaOnly => "a vendor that knows only Okta",
        Vendor::Rfc => "a conformant vendor",
        other => other.name(),
    }
}

const fn heading(part: Part) -> &'static str {
    match part {
        Part::Connect => "The connection is tested.",
        Part::Create => "Three people are looked up and created.",
        Part::Rename => "One of them gets another family name.",
        Part::Department => "One moves to another department.",
        Part::Group => "A group is created, gets two members, and loses one.",
        Part::Suspend => "One is deactivated, and comes back.",
        Part::Leave => "One leaves.",
        Part::Read => "The identity provider reads what it wrote.",
    }
}

fn summary(state: &Value) -> String {
    let users = state["users"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |user: &Value| {
        let active = if user["active"] == true { "active" } else { "inactive" };
        let name = user["displayName"].as_str().unwrap_or_default();
        let extra: Vec<_> = ["userType", "organizationId"]
            .iter()
            .filter_map(|name| user[name].as_str())
            .map(str::to_owned)
            .collect();
        if extra.is_empty() {
            format!("{name} ({active})")
        } else {
            format!("{name} ({active}, {})", extra.join(", "))
        }
    };
    users.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// What to try next: lines that work when pasted.
fn invite(stage: &Stage) {
    let Some(pair) = stage.pairs.first() else { return };
    let base = stage.base(pair);
    let auth = format!("-H 'Authorization: Bearer {TOKEN}'");
    let body = r#"{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"dee@acme.example","active":"True","emails":[{"value":"dee@acme.example","type":"work","primary":true}],"name":{"givenName":"Dee","familyName":"Ray"},"department":"Retail"}"#;
    say("\nThe bridge stays up. Paste, and watch what NinjaOne gets:\n");
    say(&format!("  curl -s {auth} '{base}/Users?filter=userName%20eq%20%22bo.lund@acme.example%22'"));
    say(&format!("  curl -s {auth} -H 'Content-Type: application/scim+json' {base}/Users -d '{body}'"));
    say(&format!("  curl -s {auth} '{base}/Groups'"));
    if let Some(control) = pair.simulator.control_url() {
        say(&format!("  curl -s {control}/_sim/state     # what the vendor holds"));
        say(&format!("  curl -s {control}/_sim/log       # every request that it saw"));
    }
    if let Some(admin) = stage.bridge.admin_addr() {
        say(&format!("  curl -s http://{admin}/readyz    # the admin address"));
    }
    say("\nThe other integrations:");
    for pair in &stage.pairs {
        say(&format!("  {}", stage.base(pair)));
    }
    say("\nCtrl-C ends it.");
}
