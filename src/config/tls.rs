//! The certificates that a file names, read and judged when it is checked: what `check` calls right, `serve` can use.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::source::beside;
use crate::inbound::tls;
use crate::yaml::{Mistake, Node};

/// The certificate that the bridge shows, and its key. They must be there, be of each other, and be valid now.
pub(super) fn server(
    node: &Node,
    asked_by: &Path,
    now: Timestamp,
    mistakes: &mut Vec<Mistake>,
) -> Option<tls::Options> {
    let (certificate, key) = (node.get("certificate")?, node.get("key")?);
    let options = options(node, asked_by)?;
    let before = mistakes.len();
    mistakes.extend(shown(certificate, &options.certificate, now).err());
    if let Err(why) = PrivateKeyDer::from_pem_file(&options.key) {
        mistakes.push(unread(key, &options.key, "private key", &why));
    }
    if mistakes.len() == before
        && let Err(why) = tls::Certificate::load(&options)
    {
        let mistake = Mistake::new(key.span, format!("the key and the certificate cannot be used: {why}"));
        mistakes.push(mistake.hint("they must be of each other: `certificate` begins with the server's own"));
    }
    (mistakes.len() == before).then_some(options)
}

/// Where the files are, not yet read.
pub(super) fn options(node: &Node, asked_by: &Path) -> Option<tls::Options> {
    let file = |key: &str| node.text_at(key).map(|path| beside(asked_by, path));
    Some(tls::Options { certificate: file("certificate")?, key: file("key")? })
}

/// Certificate authorities to trust.
pub(super) fn roots(
    node: &Node,
    asked_by: &Path,
    mistakes: &mut Vec<Mistake>,
) -> Vec<CertificateDer<'static>> {
    let path = beside(asked_by, node.text().unwrap_or_default());
    match certificates(node, &path) {
        Ok(found) => {
            let mut store = rustls::RootCertStore::empty();
            if let Some(why) = found.iter().find_map(|one| store.add(one.clone()).err()) {
                let message = format!("a certificate in {} cannot be trusted: {why}", path.display());
                mistakes.push(Mistake::new(node.span, message));
            }
            found
        }
        Err(mistake) => {
            mistakes.push(mistake);
            Vec::new()
        }
    }
}

fn certificates(node: &Node, path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, Mistake> {
    let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let found = found.map_err(|why| unread(node, path, "certificate", &why))?;
    if found.is_empty() {
        return Err(unread(node, path, "certificate", &pem::Error::NoItemsFound));
    }
    Ok(found)
}

fn shown(node: &Node, path: &PathBuf, now: Timestamp) -> Result<(), Mistake> {
    let found = certificates(node, path)?;
    let own = found.first().ok_or_else(|| unread(node, path, "certificate", &pem::Error::NoItemsFound))?;
    let Ok((_, own)) = X509Certificate::from_der(own) else {
        return Err(Mistake::new(node.span, format!("the certificate in {} cannot be read", path.display())));
    };
    let (from, until) = (own.validity().not_before.timestamp(), own.validity().not_after.timestamp());
    let day = |seconds| Timestamp::from_second(seconds).map_or_else(|_| "?".to_owned(), |at| at.to_string());
    let now = now.as_second();
    if until < now {
        let mistake = Mistake::new(node.span, format!("the certificate ended on {}", day(until)));
        return Err(mistake.hint("no identity provider accepts it: have it renewed"));
    }
    if from > now {
        let mistake = Mistake::new(node.span, format!("the certificate is valid from {} on", day(from)));
        return Err(mistake.hint("is the clock of this machine right?"));
    }
    Ok(())
}

/// Why a PEM file gives nothing, in the words of whoever wrote its name.
fn unread(node: &Node, path: &Path, what: &str, why: &pem::Error) -> Mistake {
    let path = path.display();
    let message = match why {
        pem::Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mistake = Mistake::new(node.span, format!("there is no file {path}"));
            return mistake.hint("`scim-bridge certs dev` makes certificates for development");
        }
        pem::Error::Io(error) => format!("{path} cannot be read: {error}"),
        pem::Error::NoItemsFound => format!("there is no {what} in {path}"),
        why => format!("{path} cannot be read: {why}"),
    };
    Mistake::new(node.span, message).hint("a PEM file is needed")
}
