//! Conformance clients that nobody here wrote, at servers that nobody here wrote and at every simulated vendor: what each
//! of them finds with nothing in between, and what it finds through a bridge with the mapping of the vendor. A check that
//! passes directly passes through the bridge. Each client gets vendors of its own, both times, so that none sees what
//! another left.

mod excused;
mod table;

use std::any::Any;

use scim_bridge::simulator::{Options, Simulator, Vendor};

use crate::matrix::vendors::{STANDS, Stand};
use crate::peer::bridge::{Bridge, Plan, TOKEN};
use crate::peer::foreign::{self, Client, Kind, Status};
use table::{Pair, Table};

/// Where a client is sent, and what is there.
struct Stop {
    name: &'static str,
    mapping: &'static str,
    base: String,
    token: String,
    /// It runs until this is dropped.
    _held: Box<dyn Any + Send>,
}

/// Files beside bridge.yaml, for those that are not conformant.
const MAPPINGS: [(&str, &str); 2] = [
    ("better-auth.yaml", include_str!("../peer/foreign/better-auth.yaml")),
    ("django-scim2.yaml", include_str!("../peer/foreign/django-scim2.yaml")),
];

async fn server(kind: Kind) -> Option<Stop> {
    let server = foreign::server(kind).await?;
    let mapping = match kind {
        Kind::Scim2Server | Kind::Scimmy => "rfc",
        Kind::BetterAuth => "./better-auth.yaml",
        Kind::DjangoScim2 => "./django-scim2.yaml",
    };
    let (base, token) = (server.base().to_owned(), server.token().to_owned());
    Some(Stop { name: kind.name(), mapping, base, token, _held: Box::new(server) })
}

async fn simulator(stand: &'static Stand) -> Stop {
    let options = Options { knobs: stand.set(None), ..Options::default() };
    let simulator = Simulator::start(stand.vendor, options).await.unwrap();
    (stand.prepare)(&simulator);
    let (base, token) = (simulator.base_url(), simulator.token());
    Stop { name: stand.mapping, mapping: stand.mapping, base, token, _held: Box::new(simulator) }
}

/// Everything there is, with nothing in it: the servers that this machine can run, and all the simulators.
async fn stops() -> Vec<Stop> {
    let mut stops = Vec::new();
    for kind in Kind::ALL {
        stops.extend(server(kind).await);
    }
    for stand in visited() {
        stops.push(simulator(stand).await);
    }
    stops
}

/// A bridge of its own: one remembers of an address how often it failed to log in anywhere.
async fn bridge(stop: &Stop) -> Bridge {
    let mut plan = Plan::new();
    for (name, text) in MAPPINGS {
        plan = plan.file(name, text);
    }
    plan.integration("acme", &stop.base, &stop.token).mapping(stop.mapping).done();
    plan.start().await
}

/// Sends a client everywhere, directly and through the bridge.
async fn nothing_is_lost(client: Client) {
    let direct = stops().await;
    let behind = stops().await;
    let mut bridges = Vec::new();
    for stop in &behind {
        bridges.push(bridge(stop).await);
    }
    let mut endpoints: Vec<_> = direct.iter().map(|stop| (stop.base.clone(), stop.token.clone())).collect();
    endpoints.extend(bridges.iter().map(|bridge| (bridge.url("acme"), TOKEN.to_owned())));
    let Some(reports) = foreign::run(client, &endpoints).await else { return };
    let (before, after) = reports.split_at(direct.len());
    let pairs = direct.iter().zip(before).zip(after);
    let pairs = pairs.map(|((stop, direct), through)| Pair { server: stop.name, direct, through }).collect();
    let table = Table::new(client, pairs);
    let lost = table.lost();
    assert!(lost.is_empty(), "{client} loses, before\n{lost}");
    // A table of a machine that has not got all of them is not to be compared with the whole one.
    if direct.len() == Kind::ALL.len() + visited().count() {
        let unused = table.unused();
        assert!(unused.is_empty(), "excused for nothing: {unused:#?}");
        insta::assert_snapshot!(client.name(), table.render());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim2_tester_loses_nothing() {
    nothing_is_lost(Client::Scim2Tester).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scim_sanity_loses_nothing() {
    nothing_is_lost(Client::ScimSanity).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn okta_spec_loses_nothing() {
    nothing_is_lost(Client::OktaSpec).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn url_audit_loses_nothing() {
    nothing_is_lost(Client::UrlAudit).await;
}

/// Those that speak SCIM.
fn visited() -> impl Iterator<Item = &'static Stand> {
    STANDS.iter().filter(|stand| stand.vendor != Vendor::SentinelOne)
}

/// Every simulated vendor is in the table, but for the one that speaks no SCIM.
#[test]
fn every_simulator_is_visited() {
    for vendor in Vendor::ALL {
        let visited = visited().any(|stand| stand.vendor == vendor);
        assert_eq!(visited, vendor != Vendor::SentinelOne, "{}", vendor.name());
    }
}

/// What runs beside the tests ends with them, and a wrong token is not let in.
#[tokio::test]
async fn a_server_wants_its_token_and_ends_with_its_value() {
    for kind in Kind::ALL {
        let Some(server) = foreign::server(kind).await else { continue };
        let endpoint = [(server.base().to_owned(), "wrong".to_owned())];
        let Some(reports) = foreign::run(Client::OktaSpec, &endpoint).await else { continue };
        let report = &reports[0];
        assert_eq!(report.results["11 bad token: 401"], Status::Pass, "{kind}: {report:?}");
        assert!(report.why("setup: one user exists").starts_with("401"), "{kind}: {report:?}");
        drop(server);
        let Some(reports) = foreign::run(Client::OktaSpec, &endpoint).await else { continue };
        let why = reports[0].why("(client) ran to its end");
        assert!(why.contains("ConnectionRefusedError"), "{kind}: {:?}", reports[0]);
    }
}
