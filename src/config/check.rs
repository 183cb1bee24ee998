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
use super::source::{Sources, beside};
use super::{Account, Integration, LogFormat, Options, Rate, Secrets, Vendor};
use crate::dialect::{self, Dialect};
use crate::inbound::tls;
use crate::secret::{Digest, Secret};
use crate::upstream::Base;
use crate::yaml::{Mistake, Node, scalar, shape};

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
    let listen = file.get("listen").and_then(|node| reader.listen(node, tls.is_some(), file));
    let public_url = file.get("public_url").and_then(|node| reader.public_url(node));
    let admin = file.get("admin").and_then(|admin| admin.get("listen")).and_then(|node| reader.address(node));
    let log = file.get("log");
    let mut integrations = Vec::new();
    let mut paths: HashMap<String, CompactString> = HashMap::new();
    for (key, node) in file.get("integrations").map(Node::entries).unwrap_or_default() {
        let sound = !key.text.is_empty()
            && key.text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !sound {
            let mistake =
                Mistake::new(key.span, format!("`{}` cannot be the name of an integration", key.text));
            reader.mistakes.push(mistake.hint("lower-case letters, digits and hyphens: it is part of a URL"));
        }
        let Some(integration) = reader.integration(&key.text, node) else { continue };
        if let Some(other) = paths.insert(integration.path.clone(), integration.name.clone()) {
            let span = node.get("path").map_or(key.span, |node| node.span);
            let message = format!("`{}` has the same path {}", other, integration.path);
            reader.mistakes.push(Mistake::new(span, message));
        }
        integrations.push(integration);
    }
    if file.get("integrations").is_some_and(|node| node.entries().is_empty()) {
        let span = file.get("integrations").map(|node| node.span).unwrap_or_default();
        reader.mistakes.push(Mistake::new(span, "there is no integration"));
    }
    reader.accounts(&integrations, file);
    if reader.mistakes.len() > before {
        return None;
    }
    Some(Options {
        listen: listen?,
        public_url: public_url?,
        tls,
        admin,
        log_format: match log.and_then(|log| log.text_at("format")) {
            Some("json") => Some(LogFormat::Json),
            Some("text") => Some(LogFormat::Text),
            _ => None,
        },
        log_level: log.and_then(|log| log.text_at("level")).unwrap_or("info").to_owned(),
        integrations,
    })
}

struct Reader<'r> {
    path: &'r Path,
    secrets: Secrets,
    sources: &'r mut Sources,
    mistakes: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    fn wrong<T>(&mut self, mistake: Mistake) -> Option<T> {
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

    fn listen(&mut self, node: &Node, tls: bool, file: &Node) -> Option<SocketAddr> {
        let address = self.address(node)?;
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
            return self.wrong(mistake.hint("such as https://scim.acme.example"));
        }
        Some(text.trim_end_matches('/').to_owned())
    }

    fn tls(&mut self, node: &Node) -> Option<tls::Options> {
        let mut file = |key: &str| {
            let node = node.get(key)?;
            let path = beside(self.path, node.text()?);
            if !path.is_file() {
                let mistake = Mistake::new(node.span, format!("there is no file {}", path.display()));
                self.mistakes
                    .push(mistake.hint("`scim-bridge certs dev` makes a certificate for development"));
            }
            Some(path)
        };
        Some(tls::Options { certificate: file("certificate")?, key: file("key")? })
    }

    fn integration(&mut self, name: &str, node: &Node) -> Option<Integration> {
        let path = match node.get("path") {
            None => format!("/{name}/scim/v2"),
            Some(node) => self.url_path(node)?,
        };
        let idp = node.get("idp");
        let dialect = dialect::Options {
            dialect: idp.and_then(|idp| idp.text_at("dialect")).and_then(Dialect::parse).unwrap_or_default(),
            partial_members_replace: idp
                .and_then(|idp| idp.get("partial_members_replace"))
                .and_then(Node::truth)
                == Some(true),
        };
        let digests = idp.and_then(|idp| idp.get("auth")).map(|auth| self.digests(auth));
        let remembers = node.text_at("state") != Some("none");
        let mapping = node.get("mapping").and_then(|mapping| self.mapping(mapping, node, remembers));
        let vendor = node.get("vendor").and_then(|vendor| self.vendor(name, vendor));
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
        })
    }

    fn url_path(&mut self, node: &Node) -> Option<String> {
        let text = node.text()?.trim_end_matches('/');
        let plain = |segment: &str| {
            let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
            !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(allowed)
        };
        let mut segments = text.split('/');
        if segments.next() != Some("") || !text.contains('/') || !segments.all(plain) {
            return self.wrong(Mistake::new(node.span, "expected a path such as /acme/scim/v2"));
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
                    None => self
                        .mistakes
                        .push(Mistake::new(hex.span, "expected 64 hex digits: the SHA-256 of the token")),
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
            self.mistakes.push(Mistake::new(auth.span, "without a token, nobody could call"));
        }
        out
    }

    fn secret(&mut self, reference: &Node) -> Option<Secret<String>> {
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

    fn vendor(&mut self, name: &str, node: &Node) -> Option<Vendor> {
        let insecure = node.get("insecure").and_then(Node::truth) == Some(true);
        let url = node.get("url")?;
        let base = match Base::parse(url.text()?, insecure) {
            Ok(base) => Some(base),
            Err(error) => {
                self.wrong(Mistake::new(url.span, format!("the vendor's URL cannot be used: {error}")))
            }
        };
        let token = node.get("credential").and_then(|credential| credential.get("token"));
        let token = token.and_then(|token| self.secret(token));
        let mut networks = Vec::new();
        for network in node.get("networks").map(Node::items).unwrap_or_default() {
            let text = network.text().unwrap_or_default();
            match text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)) {
                Some(parsed) => networks.push(parsed),
                None => {
                    self.mistakes.push(Mistake::new(network.span, "expected a network such as 10.0.0.0/8"));
                }
            }
        }
        let roots = node.get("tls").and_then(|tls| tls.get("ca")).map(|node| self.roots(node));
        let limits = node.get("limits");
        let number = |key: &str| limits.and_then(|limits| limits.get(key)).and_then(Node::whole);
        Some(Vendor {
            base: base?,
            token: token?,
            networks,
            roots: roots.unwrap_or_default(),
            account: node.text_at("account").unwrap_or(name).into(),
            limits: Account {
                rate: limits
                    .and_then(|limits| limits.get("rate"))
                    .map(|_| rate(limits, (10, Duration::from_secs(1)), 10)),
                in_flight: number("in_flight").and_then(|number| usize::try_from(number).ok()),
            },
        })
    }

    fn roots(&mut self, node: &Node) -> Vec<rustls_pki_types::CertificateDer<'static>> {
        use rustls_pki_types::pem::PemObject as _;
        let path = beside(self.path, node.text().unwrap_or_default());
        let read = rustls_pki_types::CertificateDer::pem_file_iter(&path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>);
        match read {
            Ok(certificates) if !certificates.is_empty() => certificates,
            Ok(_) => {
                self.mistakes.push(Mistake::new(node.span, "there is no certificate in the file"));
                Vec::new()
            }
            Err(error) => {
                self.mistakes
                    .push(Mistake::new(node.span, format!("the certificates cannot be read: {error}")));
                Vec::new()
            }
        }
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
                self.mistakes.push(Mistake::new(span, message));
            }
        }
    }
}

fn rate(limits: Option<&Node>, default: (u32, Duration), default_burst: u32) -> Rate {
    let given = limits.and_then(|limits| limits.text_at("rate")).and_then(scalar::rate);
    let (count, period) = given.unwrap_or(default);
    let burst = limits.and_then(|limits| limits.get("burst")).and_then(Node::whole);
    let burst = burst.and_then(|burst| u32::try_from(burst).ok()).filter(|burst| *burst > 0);
    let fallback = if given.is_some() { count } else { default_burst };
    Rate { count, period, burst: burst.unwrap_or(fallback) }
}
