//! `simulate`: a vendor to try mappings against.

use std::net::SocketAddr;

use super::{Exit, Stop, complain, deaf, say, unknown};
use crate::clock::Clock;
use crate::simulator::{Options, Simulator, Vendor};

/// What `simulate` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The vendor, one of those that --list names
    #[arg(required_unless_present = "list")]
    vendor: Option<String>,
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:9100", value_name = "ADDR")]
    listen: SocketAddr,
    /// Where its control plane listens: what it holds, what it saw, and what can be turned
    #[arg(long, default_value = "127.0.0.1:9101", value_name = "ADDR")]
    control: SocketAddr,
    /// The token that it accepts; made up unless given
    #[arg(long)]
    token: Option<String>,
    /// Name the vendors and what can be turned on each
    #[arg(long)]
    list: bool,
}

pub(super) async fn run(arguments: Arguments) -> Exit {
    if arguments.list {
        list();
        return Exit::Done;
    }
    let name = arguments.vendor.unwrap_or_default();
    let Some(vendor) = Vendor::from_name(&name) else {
        return unknown("simulated vendor", &name, &Vendor::ALL.map(Vendor::name));
    };
    let stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => return deaf(&error),
    };
    let options = Options {
        listen: arguments.listen,
        control: Some(arguments.control),
        token: arguments.token,
        clock: Clock::system(),
        ..Options::default()
    };
    let simulator = match Simulator::start(vendor, options).await {
        Ok(simulator) => simulator,
        Err(error) => {
            let addresses = format!("{} and {}", arguments.listen, arguments.control);
            complain(&format!("the vendor could not start at {addresses}: {error}"));
            complain("  hint: --listen and --control take other addresses");
            return Exit::Failed;
        }
    };
    complain(vendor.summary());
    say(&format!("base     {}", simulator.base_url()));
    say(&format!("token    {}", simulator.token()));
    if let Some(control) = simulator.control_url() {
        say(&format!("control  {control}"));
        complain(&format!("  curl -s {control}/_sim/state     # what it holds"));
        complain(&format!("  curl -s {control}/_sim/log       # every request that it saw"));
        complain(&format!(
            "  curl -s {control}/_sim/people -d '{{\"count\": 5000}}'   # that many users at once"
        ));
        complain(&format!(
            "  curl -s {control}/_sim/knobs     # what can be turned, by PATCH with an object of them"
        ));
    }
    complain("Ctrl-C ends it.");
    stop.told().await;
    simulator.stop().await;
    Exit::Done
}

fn list() {
    for vendor in Vendor::ALL {
        say(&format!("{}\n  {}", vendor.name(), vendor.summary()));
        for knob in vendor.knobs() {
            say(&format!("  {:<24} {} [{}; {}]", knob.name, knob.help, knob.default, knob.allowed));
        }
    }
}
