//! The stage of the demonstration: simulated vendors, each behind an integration of one bridge, and the state in which a
//! whole life cycle must leave them.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};

use crate::app::{self, Running};
use crate::bridge::Observer;
use crate::clock::Clock;
use crate::config;
use crate::dialect;
use crate::secret::{Digest, Secret};
use crate::simulator::idp::Client;
use crate::simulator::{Options, Simulator, Vendor};
use crate::upstream::Base;

/// The token of every identity provider in the demonstration; it guards nothing.
pub(super) const TOKEN: &str = "demo-token-that-guards-nothing";

/// One client, one vendor, and the integration between them.
pub(super) struct Pair {
    pub(super) client: Client,
    pub(super) vendor: Vendor,
    pub(super) name: String,
    pub(super) simulator: Simulator,
}

/// Everything that runs.
pub(super) struct Stage {
    pub(super) pairs: Vec<Pair>,
    pub(super) bridge: Running,
}

impl Stage {
    /// Starts vendors and bridge on loopback.
    pub(super) async fn set(listen: Option<SocketAddr>, observer: Observer) -> Result<Self, String> {
        let mut pairs = Vec::new();
        let mut integrations = Vec::new();
        for vendor in [Vendor::NinjaOne, Vendor::OktaOnly] {
            for client in Client::COMMON {
                let options = Options { clock: Clock::system(), ..Options::default() };
                let simulator = Simulator::start(vendor, options).await.map_err(|error| error.to_string())?;
                let name = format!("{}-{}", client.slug(), vendor.name());
                integrations.push(integration(&name, vendor, &simulator)?);
                pairs.push(Pair { client, vendor, name, simulator });
            }
        }
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listen = listen.unwrap_or(any);
        let options = config::Options {
            listen,
            public_url: format!("http://{listen}"),
            hosts: Vec::new(),
            tls: None,
            admin: Some(any),
            log_format: None,
            store: None,
            log_level: "warn".to_owned(),
            integrations,
        };
        let bridge = app::start(options, Some(observer)).await.map_err(|error| error.to_string())?;
        Ok(Self { pairs, bridge })
    }

    /// The base URL of a pair's integration.
    pub(super) fn base(&self, pair: &Pair) -> String {
        format!("http://{}/{}/scim/v2", self.bridge.local_addr(), pair.name)
    }
}

fn integration(name: &str, vendor: Vendor, simulator: &Simulator) -> Result<config::Integration, String> {
    let compiled = config::shipped(vendor.name(), "{}")
        .map_err(|report| config::render(&report.mistakes, &report.sources))?;
    Ok(config::Integration {
        name: name.into(),
        path: format!("/{name}/scim/v2"),
        dialect: dialect::Options::default(),
        digests: vec![Digest::of(TOKEN.as_bytes())],
        compiled,
        vendor: config::Vendor {
            armed: true,
            base: Base::parse(&simulator.base_url(), false).map_err(|error| error.to_string())?,
            token: Secret::new(simulator.token()),
            networks: Vec::new(),
            roots: Vec::new(),
            account: name.into(),
            limits: config::Account { rate: None, in_flight: None },
        },
        rate: config::Rate { count: 50, period: std::time::Duration::from_secs(1), burst: 200 },
        remembers: true,
        domains: Vec::new(),
    })
}

/// What a vendor must hold when the story is over, whoever told it.
pub(super) fn expected(vendor: Vendor) -> Value {
    let users = match vendor {
        Vendor::NinjaOne => json!([
            { "userName": "ana.silva@acme.example", "active": true, "displayName": "Ana Souza", "familyName": "Souza",
              "email": "ana.souza@acme.example", "department": "IT", "userType": "Technician" },
            { "userName": "bo.lund@acme.example", "active": true, "displayName": "Bo Lund", "familyName": "Lund",
              "email": "bo.lund@acme.example", "department": "Logistics - Porto", "userType": "endUser", "organizationId": "23" },
            { "userName": "cem.arslan@acme.example", "active": false, "displayName": "Cem Arslan", "familyName": "Arslan",
              "email": "cem.arslan@acme.example", "department": "Logistics - Porto", "userType": "endUser", "organizationId": "23" },
        ]),
        _ => json!([
            { "userName": "ana.silva@acme.example", "active": true, "displayName": "Ana Souza", "familyName": "Souza",
              "email": "ana.souza@acme.example" },
            { "userName": "bo.lund@acme.example", "active": true, "displayName": "Bo Lund", "familyName": "Lund",
              "email": "bo.lund@acme.example" },
            { "userName": "cem.arslan@acme.example", "active": false, "displayName": "Cem Arslan", "familyName": "Arslan",
              "email": "cem.arslan@acme.example" },
        ]),
    };
    json!({
        "users": users,
        "groups": [{ "displayName": "NinjaOne Technicians", "members": ["ana.silva@acme.example"] }],
    })
}

/// What a vendor holds, in the same words.
pub(super) fn found(state: &Value) -> Value {
    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    const NINJA: &str = "urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User";
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let people: Vec<Value> =
        list(&state["users"]).iter().map(|user| user.get("scim").unwrap_or(user).clone()).collect();
    let mut users: Vec<Value> = people
        .iter()
        .map(|user| {
            let mut out = json!({
                "userName": user["userName"],
                "active": user["active"],
                "displayName": user["displayName"],
                "familyName": user["name"]["familyName"],
                "email": user["emails"][0]["value"],
            });
            for (name, value) in [
                ("department", &user[ENTERPRISE]["department"]),
                ("userType", &user[NINJA]["userType"]),
                ("organizationId", &user[NINJA]["organizationId"]),
            ] {
                if !value.is_null() {
                    out[name] = value.clone();
                }
            }
            out
        })
        .collect();
    users.sort_by_key(|user| user["userName"].to_string());
    let user_name = |id: &Value| {
        let of = people.iter().find(|user| user["id"] == *id);
        of.map_or(id.clone(), |user| user["userName"].clone())
    };
    let groups: Vec<Value> = list(&state["groups"])
        .iter()
        .map(|group| {
            let members: Vec<_> =
                list(&group["members"]).iter().map(|member| user_name(&member["value"])).collect();
            json!({ "displayName": group["displayName"], "members": members })
        })
        .collect();
    json!({ "users": users, "groups": groups })
}
