//! A bridge of the test's own, from a bridge.yaml, on a free port.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use scim_bridge::app::{self, Running};
use scim_bridge::bridge::{Observer, Told};
use scim_bridge::config::{self, Secrets};
use scim_bridge::simulator::{Options, Simulator, Vendor};

use super::client::Client;

/// The token that every client of a test has.
pub const TOKEN: &str = "token-of-the-identity-provider";

/// The simulated vendors that need no more of the bridge than their rules and what it learns at once.
pub const UNPROFILED: [Vendor; 3] = [Vendor::NinjaOne, Vendor::OktaOnly, Vendor::Rfc];

/// A running bridge, and the folder with its files.
pub struct Bridge {
    running: Running,
    _folder: tempfile::TempDir,
}

/// A bridge that is being described.
pub struct Plan {
    folder: tempfile::TempDir,
    integrations: String,
    head: String,
}

/// One integration that is being described.
pub struct Integration<'p> {
    plan: &'p mut Plan,
    name: String,
    mapping: String,
    vendor: (String, String),
    idp: String,
    more: String,
    /// More lines about the vendor.
    at_vendor: String,
}

impl Plan {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("idp.token"), format!("{TOKEN}\n")).unwrap();
        Self { folder, integrations: String::new(), head: String::new() }
    }

    /// Adds lines at the top of bridge.yaml.
    pub fn head(mut self, yaml: &str) -> Self {
        self.head.push_str(yaml);
        self
    }

    /// Adds a file beside bridge.yaml.
    pub fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.folder.path().join(name), text).unwrap();
        self
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Describes an integration with a vendor at a URL.
    pub fn integration(&mut self, name: &str, url: &str, token: &str) -> Integration<'_> {
        let vendor = (url.to_owned(), token.to_owned());
        let (name, mapping) = (name.to_owned(), "rfc".to_owned());
        Integration {
            plan: self,
            name,
            mapping,
            vendor,
            idp: String::new(),
            more: String::new(),
            at_vendor: String::new(),
        }
    }

    /// The whole bridge.yaml.
    pub fn yaml(&self) -> String {
        let head = if self.head.contains("listen:") {
            ""
        } else {
            "listen: 127.0.0.1:0\npublic_url: http://127.0.0.1:0\n"
        };
        format!("{head}{}integrations:\n{}", self.head, self.integrations)
    }

    /// Writes bridge.yaml, for a bridge in another process.
    pub fn write(self) -> tempfile::TempDir {
        std::fs::write(self.folder().join("bridge.yaml"), self.yaml()).unwrap();
        self.folder
    }

    pub async fn start(self) -> Bridge {
        self.start_with(None).await
    }

    /// The same, and everything that happens in it is told.
    pub async fn start_watched(self) -> (Bridge, Arc<Mutex<Vec<Told>>>) {
        let told: Arc<Mutex<Vec<Told>>> = Arc::default();
        let heard = told.clone();
        let observer: Observer = Arc::new(move |told: &Told| heard.lock().unwrap().push(told.clone()));
        (self.start_with(Some(observer)).await, told)
    }

    async fn start_with(self, observer: Option<Observer>) -> Bridge {
        let folder = self.write();
        let path = folder.path().join("bridge.yaml");
        let options = config::load(&path, Secrets::Read)
            .unwrap_or_else(|report| panic!("{}", config::render(&report.mistakes, &report.sources)));
        let running = app::start(options, observer).await.unwrap();
        Bridge { running, _folder: folder }
    }
}

impl Integration<'_> {
    pub fn mapping(mut self, mapping: &str) -> Self {
        self.mapping = mapping.to_owned();
        self
    }

    pub fn dialect(mut self, dialect: &str) -> Self {
        let _ = writeln!(self.idp, "      dialect: {dialect}");
        self
    }

    /// More lines about the identity provider, indented by six.
    pub fn idp(mut self, yaml: &str) -> Self {
        self.idp.push_str(yaml);
        self
    }

    /// More lines of the integration, indented by four.
    pub fn more(mut self, yaml: &str) -> Self {
        self.more.push_str(yaml);
        self
    }

    /// More lines about the vendor, indented by six.
    pub fn vendor(mut self, yaml: &str) -> Self {
        self.at_vendor.push_str(yaml);
        self
    }

    pub fn done(self) {
        let Self { plan, name, mapping, vendor: (url, token), idp, more, mut at_vendor } = self;
        // What its first write does is a test's own matter.
        if mapping == "knowbe4" {
            at_vendor.push_str("      armed: true\n");
        }
        std::fs::write(plan.folder.path().join(format!("{name}.token")), token).unwrap();
        let _ = write!(
            plan.integrations,
            "  {name}:\n    mapping: {mapping}\n    limits: {{ rate: 10000/s, burst: 10000 }}\n{more}    idp:\n      auth: [bearer: {{ file: idp.token }}]\n{idp}    vendor:\n      \
             url: {url}\n{at_vendor}      credential: {{ token: {{ file: {name}.token }} }}\n"
        );
    }
}

impl Bridge {
    /// A bridge with one integration, `acme`, to a simulated vendor with that vendor's own mapping.
    pub async fn to(simulator: &Simulator) -> Self {
        Self::with(simulator, simulator.vendor().name()).await
    }

    /// The same with another mapping.
    pub async fn with(simulator: &Simulator, mapping: &str) -> Self {
        let mut plan = Plan::new();
        plan.integration("acme", &simulator.base_url(), &simulator.token()).mapping(mapping).done();
        plan.start().await
    }

    /// The base URL of an integration.
    pub fn url(&self, integration: &str) -> String {
        format!("http://{}/{integration}/scim/v2", self.running.local_addr())
    }

    /// A client of the integration `acme`.
    pub fn client(&self) -> Client {
        Client::new(self.url("acme"), TOKEN)
    }

    pub fn addr(&self) -> std::net::SocketAddr {
        self.running.local_addr()
    }

    pub async fn stop(self) -> usize {
        self.running.stop().await
    }
}

/// A simulated vendor.
pub async fn vendor(vendor: Vendor) -> Simulator {
    Simulator::start(vendor, Options::default()).await.unwrap()
}
