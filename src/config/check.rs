//! From the nodes of bridge.yaml to the options that the program runs on. Everything wrong is found in one go.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use compact_str::CompactString;
use ipnet::IpNet;

use super::mapping::{Compiled, Loader};
use super::secret;
use super::shape::BRIDGE;
use super::source::Sources;
use super::{Account, Integration, LogFormat, Options, Rate, Secrets, Vendor, tls};
use crate::clock::Clock;
use crate::dialect::{self, Dialect, Rule};
use crate::emulation::BaseUrl;
use crate::inbound;
use crate::secret::{Digest, Secret};
use crate::upstream::{Base, BaseError};
use crate::yaml::{Mistake, Node, Span, scalar, shape};

/// No segment of a path is longer (the listener's own bound).
const MAX_SEGMENT: usize = 128;
/// A token shorter than this can be guessed: 128 bits in base64 are 22 characters.
const MIN_TOKEN: usize = 16;

/// Reads the options out of a file. `None` when there are mistakes.
pub(super) fn options(
    file: &Node,
    path: &Path,
    secrets: Secrets,
    sources: &mut Sources,
    mistakes: &mut Vec<Mistake>,
) -> Option<Options> {
    let before = mistakes.len();
    shape::check_object(file, BRIDGE, mistakes);
    let mut reader = Reader { path, secrets, sources, mistakes };
    let tls = file.get("tls").and_then(|tls| reader.tls(tls));
    let listen = file.get("listen").and_then(|node| reader.listen(node, file));
    let public_url = file.get("public_url").and_then(|node| reader.public_url(node));
    let admin = file.get("admin").and_then(|admin| admin.get("listen"));
    let admin = admin.and_then(|node| reader.admin(node, listen));
    let store = file.get("store").and_then(|node| reader.store(node));
    let log = file.get("log");
    let mut integrations = Vec::new();
    let mut paths: Vec<(String, CompactString)> = Vec::new();
    for (key, node) in file.get("integrations").map(Node::entries).unwrap_or_default() {
        let sound = (1..=MAX_SEGMENT).contains(&key.text.len())
            && key.text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !sound {
            let mistake =
                Mistake::new(key.span, format!("`{}` cannot be the name of an integration", key.text));
            reader.mistakes.push(mistake.hint("lower-case letters, digits and hyphens: it is part of a URL"));
        }
        if let Some(path) = reader.path(&key.text, node) {
            let span = node.get("path").map_or(key.span, |node| node.span);
            reader.mistakes.extend(in_the_way(&path, span, &paths));
            paths.push((path, key.text.as_str().into()));
        }
        integrations.extend(reader.integration(&key.text, node));
    }
    if file.get("integrations").is_some_and(|node| node.entries().is_empty()) {
        let span = file.get("integrations").map(|node| node.span).unwrap_or_default();
        let hint = "an integration is an identity provider, a mapping and a vendor, under a name";
        reader.mistakes.push(Mistake::new(span, "there is no integration").hint(hint));
    }
    reader.accounts(&integrations, file);
    if reader.mistakes.len() > before {
        return None;
    }
    let (listen, public_url) = (listen?, public_url?);
    let behind_proxy = file.get("behind_proxy").and_then(Node::truth) == Some(true);
    Some(Options {
        listen,
        hosts: if behind_proxy { Vec::new() } else { hosts(&public_url, listen) },
        public_url,
        tls,
        admin,
        store,
        log_format: match log.and_then(|log| log.text_at("format")) {
            Some("json") => Some(LogFormat::Json),
            Some("text") => Some(LogFormat::Text),
            _ => None,
        },
        log_level: log.and_then(|log| log.text_at("level")).unwrap_or("info").to_owned(),
        integrations,
    })
}

/// The names of a bridge that is called directly: in its public URL, where it listens, and on the machine itself.
fn hosts(public_url: &str, listen: SocketAddr) -> Vec<String> {
    let public = public_url.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let listen = match listen.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    };
    let own = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
    public.into_iter().chain([listen]).chain(own).collect()
}

pub(super) struct Reader<'r> {
    pub(super) path: &'r Path,
    pub(super) secrets: Secrets,
    sources: &'r mut Sources,
    pub(super) mistakes: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    pub(super) fn wrong<T>(&mut self, mistake: Mistake) -> Option<T> {
        self.mistakes.push(mistake);
        None
    }

    fn address(&mut self, node: &Node) -> Option<SocketAddr> {
        match node.text()?.parse() {
            Ok(address) => Some(address),
            Err(_) => {
                let mistake = Mistake::new(node.span, "expected an address and port");
                self.wrong(mistake.hint("such as 0.0.0.0:8443, 127.0.0.1:8080 or [::]:8443"))
            }
        }
    }

    fn listen(&mut self, node: &Node, file: &Node) -> Option<SocketAddr> {
        let address = self.address(node)?;
        let tls = file.get("tls").is_some();
        let behind_proxy = file.get("behind_proxy").and_then(Node::truth) == Some(true);
        if !tls && !behind_proxy && !address.ip().is_loopback() {
            let mistake =
                Mistake::new(node.span, "without `tls`, only a loopback address can be listened on");
            return self.wrong(
                mistake.hint("add `tls:`, or say `behind_proxy: true` if another proxy ends TLS in front"),
            );
        }
        Some(address)
    }

    /// The health checks. They are plain HTTP and say nothing that is a secret.
    fn admin(&mut self, node: &Node, listen: Option<SocketAddr>) -> Option<SocketAddr> {
        let address = self.address(node)?;
        let taken = |other: SocketAddr| {
            let any = address.ip().is_unspecified() || other.ip().is_unspecified();
            address.port() != 0 && address.port() == other.port() && (any || address.ip() == other.ip())
        };
        if listen.is_some_and(taken) {
            let mistake = Mistake::new(node.span, "identity providers are served at this address already");
            return self.wrong(mistake.hint("give the health checks a port of their own"));
        }
        Some(address)
    }

    fn public_url(&mut self, node: &Node) -> Option<String> {
        let text = node.text()?;
        let parsed = text.parse::<http::Uri>().ok();
        let sound = parsed.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("https" | "http"))
                && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
                && uri.query().is_none()
        });
        if !sound || text.contains('#') {
            let mistake = Mistake::new(node.span, "expected a URL");
            let mistake = mistake.hint("such as https://scim.acme.example");
            return self.wrong(if text.contains('@') { mistake.hidden() } else { mistake });
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    fn tls(&mut self, node: &Node) -> Option<inbound::tls::Options> {
        match self.secrets {
            Secrets::Read => tls::server(node, self.path, Clock::system().now(), self.mistakes),
            Secrets::Unread => tls::options(node, self.path),
        }
    }

    /// The path of an integration's URLs, as it is written or by default.
    fn path(&mut self, name: &str, node: &Node) -> Option<String> {
        match node.get("path") {
            None => Some(default_path(name)),
            Some(node) => self.url_path(node),
        }
    }

    fn integration(&mut self, name: &str, node: &Node) -> Option<Integration> {
        let path = node.text_at("path").map_or_else(|| default_path(name), |path| trimmed(path).to_owned());
        let idp = node.get("idp");
        let dialect = dialect::Options {
            dialect: idp.and_then(|idp| idp.text_at("dialect")).and_then(Dialect::parse).unwrap_or_default(),
            partial_members_replace: idp
                .and_then(|idp| idp.get("partial_members_replace"))
                .and_then(Node::truth)
                == Some(true),
            off: idp
                .and_then(|idp| idp.get("rules"))
                .and_then(|rules| rules.get("off"))
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .filter_map(|rule| rule.text().and_then(Rule::parse))
                .collect(),
        };
        let digests = idp.and_then(|idp| idp.get("auth")).map(|auth| self.digests(auth));
        let remembers = node.text_at("state") != Some("none");
        let mapping = node.get("mapping").and_then(|mapping| self.mapping(mapping, node, remembers));
        let template = mapping.as_ref().and_then(|mapping| mapping.profile.base_url.clone());
        let vendor = node.get("vendor").and_then(|vendor| {
            let url = self.vendor_url(vendor, template.as_ref(), node.get("with"), mapping.is_some());
            self.vendor(name, vendor, url)
        });
        let limits = node.get("limits");
        Some(Integration {
            name: name.into(),
            path,
            dialect,
            digests: digests?,
            compiled: mapping?,
            vendor: vendor?,
            rate: rate(limits, (50, Duration::from_secs(1)), 200),
            remembers,
            domains: self.domains(node),
        })
    }

    fn domains(&mut self, integration: &Node) -> Vec<CompactString> {
        let domains = integration.get("allow").and_then(|allow| allow.get("email_domains"));
        let mut out = Vec::new();
        for node in domains.map(Node::items).unwrap_or_default() {
            let text = node.text().unwrap_or_default();
            let plain = |label: &str| {
                !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            };
            if text.contains('.') && text.split('.').all(plain) {
                out.push(text.into());
            } else {
                let mistake = Mistake::new(node.span, "expected a domain such as acme.example");
                self.mistakes
                    .push(mistake.hint("what stands behind the @, letter by letter: subdomains are others"));
            }
        }
        out
    }

    fn url_path(&mut self, node: &Node) -> Option<String> {
        let text = trimmed(node.text()?);
        let plain = |segment: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
            (1..=MAX_SEGMENT).contains(&segment.len())
                && segment != "."
                && segment != ".."
                && segment.bytes().all(allowed)
        };
        let mut segments = text.split('/');
        if segments.next() != Some("") || !text.contains('/') || !segments.all(plain) {
            let mistake = Mistake::new(node.span, "expected a path such as /acme/scim/v2");
            return self.wrong(mistake.hint("letters, digits and . _ ~ - between slashes"));
        }
        Some(text.to_owned())
    }

    fn digests(&mut self, auth: &Node) -> Vec<Digest> {
        let mut out = Vec::new();
        for method in auth.items() {
            let Some(bearer) = method.get("bearer") else { continue };
            if let Some(hex) = bearer.get("sha256") {
                match hex.text().and_then(Digest::from_hex) {
                    Some(digest) => out.push(digest),
                    None => {
                        let mistake =
                            Mistake::new(hex.span, "expected 64 hex digits: the SHA-256 of the token");
                        let hint = "printf %s \"$TOKEN\" | sha256sum";
                        self.mistakes.push(mistake.hint(hint).hidden());
                    }
                }
            } else if let Some(token) = self.secret(bearer) {
                if token.expose().len() < MIN_TOKEN {
                    let mistake =
                        Mistake::new(bearer.span, format!("the token has fewer than {MIN_TOKEN} characters"));
                    self.mistakes.push(mistake.hint("make one with `openssl rand -base64 32`"));
                }
                out.push(Digest::of(token.expose().as_bytes()));
            }
        }
        if auth.items().is_empty() && matches!(auth.kind, crate::yaml::Kind::List(_)) {
            let mistake = Mistake::new(auth.span, "without a token, nobody could call");
            self.mistakes.push(mistake.hint("such as `- bearer: { env: ACME_TOKEN }`"));
        }
        out
    }

    pub(super) fn secret(&mut self, reference: &Node) -> Option<Secret<String>> {
        if reference.entries().is_empty() {
            return None; // its shape is a mistake already
        }
        if self.secrets == Secrets::Unread {
            return Some(Secret::new("x".repeat(2 * MIN_TOKEN)));
        }
        match secret::resolve(reference, self.path) {
            Ok(secret) => Some(secret),
            Err(mistake) => self.wrong(mistake),
        }
    }

    fn mapping(&mut self, name: &Node, integration: &Node, remembers: bool) -> Option<Compiled> {
        let empty = Node::empty(name.span);
        let with = integration.get("with").unwrap_or(&empty);
        let mut loader = Loader { sources: self.sources, mistakes: self.mistakes, asked_by: self.path };
        let file = loader.find(name.text()?, name.span)?;
        loader.compile(&file, Some(with), remembers)
    }

    /// The vendor's address as the integration has it, or as the mapping makes it of what the integration says.
    fn vendor_url(
        &mut self,
        vendor: &Node,
        template: Option<&BaseUrl>,
        with: Option<&Node>,
        known: bool,
    ) -> Option<(String, Span)> {
        if let Some(url) = vendor.get("url") {
            return Some((url.text()?.to_owned(), url.span));
        }
        match template {
            Some(template) => match template.render(with, with.map_or(vendor.span, |with| with.span)) {
                Ok(url) => Some((url, vendor.span)),
                Err(mistakes) => {
                    self.mistakes.extend(mistakes);
                    None
                }
            },
            // What a mapping has that is not right nobody knows.
            None if known => {
                let mistake = Mistake::new(vendor.span, "`url` is missing: the vendor's SCIM base URL");
                self.wrong(mistake.hint("such as https://eu.vendor.example/scim/v2"))
            }
            None => None,
        }
    }

    fn vendor(&mut self, name: &str, node: &Node, url: Option<(String, Span)>) -> Option<Vendor> {
        let insecure = node.get("insecure").and_then(Node::truth) == Some(true);
        let base = url.and_then(|(text, span)| match Base::parse(&text, insecure) {
            Ok(base) => Some(base),
            Err(error) => {
                let mistake = Mistake::new(span, format!("the vendor's URL cannot be used: {error}"));
                let mistake = mistake.hint("such as https://eu.vendor.example/scim/v2");
                self.wrong(if error == BaseError::Userinfo { mistake.hidden() } else { mistake })
            }
        });
        let token = node.get("credential").and_then(|credential| credential.get("token"));
        let token = token.and_then(|token| self.secret(token));
        let mut networks = Vec::new();
        for network in node.get("networks").map(Node::items).unwrap_or_default() {
            let text = network.text().unwrap_or_default();
            match text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)) {
                Some(parsed) => networks.push(parsed),
                None => {
                    let mistake = Mistake::new(network.span, "expected a network such as 10.0.0.0/8");
                    self.mistakes.push(mistake.hint("an address and how many of its bits count"));
                }
            }
        }
        let roots = node.get("tls").and_then(|tls| tls.get("ca")).filter(|_| self.secrets == Secrets::Read);
        let roots = roots.map(|node| tls::roots(node, self.path, self.mistakes));
        let limits = node.get("limits");
        if let Some(burst) = limits.filter(|limits| limits.get("rate").is_none()).and_then(|l| l.get("burst"))
        {
            let mistake = Mistake::new(burst.span, "`burst` has no meaning without `rate`");
            self.mistakes.push(mistake.hint("such as { rate: 10/s, burst: 20 }"));
        }
        let number = |key: &str| limits.and_then(|limits| limits.get(key)).and_then(Node::whole);
        Some(Vendor {
            base: base?,
            token: token?,
            networks,
            roots: roots.unwrap_or_default(),
            account: node.text_at("account").unwrap_or(name).into(),
            armed: node.get("armed").and_then(Node::truth) == Some(true),
            limits: Account {
                rate: limits
                    .and_then(|limits| limits.get("rate"))
                    .map(|_| rate(limits, (10, Duration::from_secs(1)), 10)),
                in_flight: number("in_flight").and_then(|number| usize::try_from(number).ok()),
            },
        })
    }

    /// Integrations of one account share its limits, so they must say the same.
    fn accounts(&mut self, integrations: &[Integration], file: &Node) {
        let mut seen: HashMap<&str, &Integration> = HashMap::new();
        for integration in integrations {
            let first = *seen.entry(&integration.vendor.account).or_insert(integration);
            if first.vendor.limits != integration.vendor.limits {
                let place = file.get("integrations").and_then(|all| all.get(&integration.name));
                let limits = place.and_then(|node| node.get("vendor"));
                let span = limits
                    .and_then(|vendor| vendor.get("limits"))
                    .or(limits)
                    .map(|node| node.span)
                    .unwrap_or_default();
                let message = format!(
                    "the account `{}` has other limits in the integration `{}`",
                    integration.vendor.account, first.name
                );
                let hint = "say the same limits in both, or give one of them an `account` of its own";
                self.mistakes.push(Mistake::new(span, message).hint(hint));
            }
        }
    }
}

fn default_path(name: &str) -> String {
    format!("/{name}/scim/v2")
}

fn trimmed(path: &str) -> &str {
    path.trim_end_matches('/')
}

/// Two integrations cannot be told apart when the path of one begins with the path of the other.
fn in_the_way(path: &str, span: Span, others: &[(String, CompactString)]) -> Option<Mistake> {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let (other, name) = others.iter().find(|(other, _)| within(path, other) || within(other, path))?;
    let message = match other == path {
        true => format!("`{name}` has the same path {path}"),
        false => format!("one of the paths {path} and {other} (of `{name}`) is within the other"),
    };
    Some(Mistake::new(span, message).hint("give each integration a path of its own"))
}

fn rate(limits: Option<&Node>, default: (u32, Duration), default_burst: u32) -> Rate {
    let given = limits.and_then(|limits| limits.text_at("rate")).and_then(scalar::rate);
    let (count, period) = given.unwrap_or(default);
    let burst = limits.and_then(|limits| limits.get("burst")).and_then(Node::whole);
    let burst = burst.and_then(|burst| u32::try_from(burst).ok()).filter(|burst| *burst > 0);
    let fallback = if given.is_some() { count } else { default_burst };
    Rate { count, period, burst: burst.unwrap_or(fallback) }
}
