//! Connecting to a vendor: which addresses may be called, TCP, TLS.
//!
//! A host *name* is somebody else's word: whoever answers for it could make the bridge call its own network with a
//! vendor's token in hand. So a name must resolve to a public address, or to one in a network that the operator has
//! allowed, and it is the resolved address that is judged and then connected to. An IP address in the configuration is
//! the operator's own word. Proxies named in the environment are not used.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use ipnet::IpNet;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::timeout;
use tower::{BoxError, Service, ServiceExt as _};

/// A connection, with TLS or without.
pub(super) type Stream = <HttpsConnector<HttpConnector<Resolver>> as Service<Uri>>::Response;

/// How long a connection may say nothing before TCP asks whether its other end is still there.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// What a connector is made from.
pub(super) struct Setup<'a> {
    pub(super) secure: bool,
    pub(super) roots: &'a [CertificateDer<'static>],
    pub(super) networks: &'a [IpNet],
    /// For resolving, TCP and TLS together.
    pub(super) timeout: Duration,
}

/// Makes connections, each within its time.
pub(super) struct Connector {
    tls: HttpsConnector<HttpConnector<Resolver>>,
    timeout: Duration,
}

impl Connector {
    /// From the outside in: deadline, TLS, TCP, resolver.
    ///
    /// # Errors
    /// A root that is no certificate.
    pub(super) fn new(setup: &Setup<'_>) -> Result<Self, rustls::Error> {
        let mut tcp = HttpConnector::new_with_resolver(Resolver { networks: setup.networks.into() });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        let tls = HttpsConnectorBuilder::new().with_tls_config(tls(setup.roots)?);
        let tls = if setup.secure { tls.https_only() } else { tls.https_or_http() };
        Ok(Self { tls: tls.enable_all_versions().wrap_connector(tcp), timeout: setup.timeout })
    }

    /// A new connection to the origin of a URL.
    pub(super) async fn connect(&self, origin: Uri) -> Result<Stream, BoxError> {
        timeout(self.timeout, self.tls.clone().oneshot(origin)).await?
    }
}

/// TLS 1.3 or 1.2, verified against the web's roots, or against `roots` alone where there are any: a vendor with a
/// certificate of its own is not to be taken for one that any public authority vouches for.
fn tls(roots: &[CertificateDer<'static>]) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?;
    let builder = if roots.is_empty() {
        builder.with_webpki_roots()
    } else {
        let mut store = RootCertStore::empty();
        roots.iter().try_for_each(|root| store.add(root.clone()))?;
        builder.with_root_certificates(store)
    };
    let mut config = builder.with_no_client_auth();
    config.resumption = Resumption::in_memory_sessions(8);
    Ok(config)
}

/// The system's resolver, of whose answers only those are used that may be.
#[derive(Clone)]
pub(super) struct Resolver {
    networks: Arc<[IpNet]>,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let networks = Arc::clone(&self.networks);
        Box::pin(async move {
            let mut addresses: Vec<SocketAddr> = GaiResolver::new().call(name).await?.collect();
            addresses.retain(|address| may_call(address.ip(), &networks));
            if addresses.is_empty() {
                let text = "the name resolves to no public address, and to none in the vendor's `networks`";
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
            }
            Ok(addresses.into_iter())
        })
    }
}

/// Whether an address that a name resolved to may be called.
fn may_call(address: IpAddr, networks: &[IpNet]) -> bool {
    let plain = address.to_canonical();
    networks.iter().any(|network| network.contains(&address) || network.contains(&plain)) || is_public(plain)
}

/// Whether the address is of the public internet: not in a block of the IANA special-purpose registries that is not
/// globally reachable. Where an IPv4 address is embedded for translation (RFC 6052), that one is judged.
fn is_public(address: IpAddr) -> bool {
    if let IpAddr::V6(v6) = address
        && let [0x64, 0xff9b, 0, 0, 0, 0, high, low] = v6.segments()
    {
        return is_public(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)).into());
    }
    !SPECIAL.iter().any(|block| block.contains(&address))
}

const SPECIAL: [IpNet; 29] = [
    v4([0, 0, 0, 0], 8),                 // this network, RFC 791
    v4([10, 0, 0, 0], 8),                // private, RFC 1918
    v4([100, 64, 0, 0], 10),             // carriers' shared space, RFC 6598
    v4([127, 0, 0, 0], 8),               // loopback, RFC 1122
    v4([169, 254, 0, 0], 16),            // link-local, RFC 3927: the metadata services of clouds
    v4([172, 16, 0, 0], 12),             // private, RFC 1918
    v4([192, 0, 0, 0], 24),              // protocol assignments, RFC 6890
    v4([192, 0, 2, 0], 24),              // documentation, RFC 5737
    v4([192, 88, 99, 0], 24),            // 6to4 relays, RFC 7526
    v4([192, 168, 0, 0], 16),            // private, RFC 1918
    v4([198, 18, 0, 0], 15),             // benchmarks, RFC 2544
    v4([198, 51, 100, 0], 24),           // documentation, RFC 5737
    v4([203, 0, 113, 0], 24),            // documentation, RFC 5737
    v4([224, 0, 0, 0], 4),               // multicast, RFC 1112
    v4([240, 0, 0, 0], 4),               // reserved and broadcast, RFC 1112
    v6([0, 0, 0, 0, 0, 0], 96),          // unspecified, loopback, IPv4-compatible, RFC 4291
    v6([0, 0, 0, 0, 0, 0xffff], 96),     // IPv4-mapped, RFC 4291; read as IPv4 before
    v6([0x64, 0xff9b, 1, 0, 0, 0], 48),  // local translation, RFC 8215
    v6([0x100, 0, 0, 0, 0, 0], 64),      // discard, RFC 6666
    v6([0x100, 0, 0, 1, 0, 0], 64),      // dummy prefix, RFC 9780
    v6([0x2001, 0, 0, 0, 0, 0], 23),     // protocol assignments and Teredo, RFC 2928
    v6([0x2001, 0xdb8, 0, 0, 0, 0], 32), // documentation, RFC 3849
    v6([0x2002, 0, 0, 0, 0, 0], 16),     // 6to4, RFC 3056: IPv4 in disguise
    v6([0x3fff, 0, 0, 0, 0, 0], 20),     // documentation, RFC 9637
    v6([0x5f00, 0, 0, 0, 0, 0], 16),     // segment routing, RFC 9602
    v6([0xfc00, 0, 0, 0, 0, 0], 7),      // unique local, RFC 4193
    v6([0xfe80, 0, 0, 0, 0, 0], 10),     // link-local, RFC 4291
    v6([0xfec0, 0, 0, 0, 0, 0], 10),     // site-local, RFC 3879
    v6([0xff00, 0, 0, 0, 0, 0], 8),      // multicast, RFC 4291
];

const fn v4([a, b, c, d]: [u8; 4], length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length)
}

const fn v6([a, b, c, d, e, f]: [u16; 6], length: u8) -> IpNet {
    IpNet::new_assert(IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, 0, 0)), length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_public_addresses_only() {
        for address in [
            "127.0.0.1",
            "127.255.255.255",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "0.0.0.0",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "100:0:0:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!may_call(address.parse().unwrap(), &[]), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00::1",
        ] {
            assert!(may_call(address.parse().unwrap(), &[]), "{address}");
        }
    }

    #[test]
    fn a_network_of_the_operator_is_allowed_in_either_spelling() {
        let networks: Vec<IpNet> = ["10.1.0.0/16", "fd00::/8"].map(|network| network.parse().unwrap()).into();
        for address in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"] {
            assert!(may_call(address.parse().unwrap(), &networks), "{address}");
        }
        for address in ["10.2.0.1", "127.0.0.1", "fc00::1"] {
            assert!(!may_call(address.parse().unwrap(), &networks), "{address}");
        }
    }
}
