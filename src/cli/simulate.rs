//! `simulate`: a vendor to try mappings against.

use std::net::SocketAddr;

use super::{Exit, complain, say, told_to_stop};
use crate::clock::Clock;
use crate::simulator::{Options, Simulator, Vendor};

/// What `simulate` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The vendor
    #[arg(required_unless_present = "list")]
    vendor: Option<String>,
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:9100", value_name = "ADDR")]
    listen: SocketAddr,
    /// Where its control plane listens
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
        let known: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.name()).collect();
        complain(&format!("there is no simulated vendor `{name}`; known: {}", known.join(", ")));
        return Exit::Failed;
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
            complain(&format!("the vendor could not start: {error}"));
            return Exit::Failed;
        }
    };
    complain(&format!("{}: {}", vendor.name(), vendor.summary()));
    say(&format!("base     {}", simulator.base_url()));
    say(&format!("token    {}", simulator.token()));
    if let Some(control) = simulator.control_url() {
        say(&format!("control  {control}"));
    }
    told_to_stop().await;
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
