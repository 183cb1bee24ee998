//! `certs dev`: a certificate authority and a server certificate for development.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use super::{Exit, complain, say};

/// What `certs` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// A certificate authority and a server certificate, for development only
    Dev {
        /// The folder to write to
        #[arg(long, default_value = "certs", value_name = "FOLDER")]
        out: PathBuf,
        /// A name or address that the server is reached by; may be given several times
        #[arg(long = "name", value_name = "HOST", default_values = ["localhost", "127.0.0.1", "::1"])]
        names: Vec<String>,
    },
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let What::Dev { out, names } = &arguments.what;
    match dev(out, names) {
        Ok(()) => {
            for (file, what) in [
                ("ca.pem", "the authority's certificate: clients trust it"),
                ("server.pem", "the server's certificate: tls.certificate"),
                ("server-key.pem", "its private key: tls.key"),
            ] {
                say(&format!("{}  {what}", out.join(file).display()));
            }
            let (certificate, key) = (out.join("server.pem"), out.join("server-key.pem"));
            complain(&format!(
                "in bridge.yaml: tls: {{ certificate: {}, key: {} }}",
                certificate.display(),
                key.display()
            ));
            complain(&format!("to call it: curl --cacert {} …", out.join("ca.pem").display()));
            complain(
                "for development only: the authority's own key was thrown away, so it signs nothing else",
            );
            Exit::Done
        }
        Err(error) => {
            complain(&format!("the certificates could not be made in {}: {error}", out.display()));
            Exit::Failed
        }
    }
}

fn dev(out: &Path, names: &[String]) -> io::Result<()> {
    let made = |error: rcgen::Error| io::Error::other(error);
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "scim-bridge development authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let issuer = CertifiedIssuer::self_signed(authority, KeyPair::generate().map_err(made)?).map_err(made)?;
    let mut server = CertificateParams::new(names.to_vec()).map_err(made)?;
    server.distinguished_name.push(DnType::CommonName, names.first().map_or("localhost", String::as_str));
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().map_err(made)?;
    let certificate = server.signed_by(&key, &issuer).map_err(made)?;
    fs::create_dir_all(out)?;
    fs::write(out.join("ca.pem"), issuer.pem())?;
    fs::write(out.join("server.pem"), certificate.pem())?;
    private(&out.join("server-key.pem"), &key.serialize_pem())
}

/// Writes a file that only its owner reads.
fn private(path: &Path, text: &str) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    // One that is there already may be readable by others: it is made anew.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}
