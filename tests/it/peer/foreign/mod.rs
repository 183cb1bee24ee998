//! SCIM servers and conformance clients that nobody here wrote, from public package registries.
//!
//! They are installed once, under `target/peers`, by the test that needs one first (`setup`). On a machine that has
//! no Python, no Node or no way to a registry, whoever asks for one gets `None`, and the test says `skipped: <peer>:
//! <why>` and passes. Every server has a port of its own choice, keeps all in memory, and ends with its value.
//!
//! ```ignore
//! let Some(vendor) = foreign::server(Kind::Scimmy).await else { return };
//! let endpoint = (vendor.base().to_owned(), vendor.token().to_owned());
//! let Some(reports) = foreign::run(Client::OktaSpec, &[endpoint]).await else { return };
//! assert_eq!(reports[0].failed(), 0);
//! ```

mod child;
mod report;
mod setup;

use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use child::Child;
pub use report::{Report, Status};

/// What every server wants to be shown.
const TOKEN: &str = "peer-token-0123456789";
/// For a server to listen; for a client to end at all its endpoints. Both are many times what it takes.
const START: Duration = Duration::from_secs(60);
const RUN: Duration = Duration::from_secs(480);

/// A server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PyPI scim2-server: strict and complete.
    Scim2Server,
    /// npm scimmy: no Location, relative `meta.location`.
    Scimmy,
    /// npm better-auth: strict, with few filters.
    BetterAuth,
    /// PyPI django-scim2: much of PATCH is missing, ids are integers.
    DjangoScim2,
}

/// A conformance client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// PyPI scim2-tester.
    Scim2Tester,
    /// PyPI scim-sanity.
    ScimSanity,
    /// What Okta's published tests check.
    OktaSpec,
    /// Whether every URL shown is under the one that the client used.
    UrlAudit,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Scim2Server, Self::Scimmy, Self::BetterAuth, Self::DjangoScim2];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Scim2Server => "scim2-server",
            Self::Scimmy => "scimmy",
            Self::BetterAuth => "better-auth",
            Self::DjangoScim2 => "django-scim2",
        }
    }

    async fn command(self) -> Result<Command, String> {
        let mut command = match self {
            Self::Scim2Server => python("server_scim2_server.py").await?,
            Self::DjangoScim2 => python("server_django_scim2.py").await?,
            Self::Scimmy => node("scimmy.mjs").await?,
            Self::BetterAuth => node("better-auth.mjs").await?,
        };
        command.arg(TOKEN);
        Ok(command)
    }
}

impl Client {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Scim2Tester, Self::ScimSanity, Self::OktaSpec, Self::UrlAudit];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Scim2Tester => "scim2-tester",
            Self::ScimSanity => "scim-sanity",
            Self::OktaSpec => "okta-spec",
            Self::UrlAudit => "url-audit",
        }
    }

    const fn script(self) -> &'static str {
        match self {
            Self::Scim2Tester => "client_scim2_tester.py",
            Self::ScimSanity => "client_scim_sanity.py",
            Self::OktaSpec => "client_okta_spec.py",
            Self::UrlAudit => "client_url_audit.py",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    base: String,
    _child: Child,
}

impl Server {
    /// Its SCIM base URL, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The bearer token that it wants.
    pub fn token(&self) -> &str {
        TOKEN
    }
}

/// Starts a server with nothing in it; `None` when this machine cannot.
pub async fn server(kind: Kind) -> Option<Server> {
    let mut command = unless_skipped(&kind, kind.command().await)?;
    let mut child = Child::start(kind.name(), &mut command);
    let line = timeout(START, child.first_line()).await;
    let Some(base) = line.as_deref().unwrap_or_default().strip_prefix("ready ") else {
        panic!("{kind} did not listen: it said {line:?}");
    };
    Some(Server { base: base.trim().to_owned(), _child: child })
}

/// Runs a client against SCIM base URLs, each with its token, one after another; `None` when this machine cannot.
pub async fn run(client: Client, endpoints: &[(String, String)]) -> Option<Vec<Report>> {
    let mut command = unless_skipped(&client, python(client.script()).await)?;
    for (base, token) in endpoints {
        command.args([base, token]);
    }
    let mut child = Child::start(client.name(), &mut command);
    let said = timeout(RUN, child.output()).await.unwrap_or_default();
    let mut reports: Vec<_> = said.lines().map_while(Report::read).collect();
    while reports.len() < endpoints.len() {
        let why = format!("{said}{}", child.log());
        reports.push(Report::failure("(client) gave a report in time", &why));
    }
    Some(reports)
}

/// A script of ours, in the interpreter that has the peers.
async fn python(script: &str) -> Result<Command, String> {
    let mut command = Command::new(setup::python().await?.join("bin/python"));
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peer/python").join(script));
    Ok(command)
}

/// A script of ours, beside the packages of the peers.
async fn node(script: &str) -> Result<Command, String> {
    let mut command = Command::new("node");
    command.arg(setup::node().await?.join(script));
    Ok(command)
}

/// Says what is left out. Not through `eprintln`, which the test harness keeps to itself when a test passes.
fn unless_skipped<T>(peer: &dyn fmt::Display, found: Result<T, String>) -> Option<T> {
    match found {
        Ok(value) => Some(value),
        Err(why) => {
            let _ = std::io::stderr().write_all(format!("skipped: {peer}: {why}\n").as_bytes());
            None
        }
    }
}
