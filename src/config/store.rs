//! The `store` of bridge.yaml: where it is, and the key that seals it.

use std::path::Path;

use super::check::Reader;
use super::source::beside;
use super::{Secrets, tls};
use crate::store::{Place, StoreKey};
use crate::yaml::{Mistake, Node};

/// Where what is remembered is kept, and under which key.
#[derive(Clone, Debug)]
pub struct Store {
    /// Where.
    pub place: Place,
    /// The key.
    pub key: StoreKey,
}

impl Reader<'_> {
    /// Reads it. A file is relative to bridge.yaml.
    pub(super) fn store(&mut self, node: &Node) -> Option<Store> {
        let url = node.get("url")?;
        let place = match Place::parse(url.text()?) {
            Ok(place) => place,
            Err(why) => return self.wrong(Mistake::new(url.span, why).hint("such as `sqlite:bridge.db`")),
        };
        let place = match place {
            Place::File(file) => Place::File(beside(self.path, &file.to_string_lossy())),
            Place::Memory => Place::Memory,
            Place::Postgres(mut database) => {
                database.password = node.get("password").and_then(|password| self.secret(password));
                if let Some(ca) = node.get("ca") {
                    database.roots = tls::roots(ca, self.path, self.mistakes);
                }
                Place::Postgres(database)
            }
        };
        if !matches!(place, Place::Postgres(_)) {
            for name in ["password", "ca"] {
                if let Some(unused) = node.get(name) {
                    self.mistakes.push(Mistake::new(unused.span, format!("`{name}` is for PostgreSQL")));
                }
            }
        }
        let key = match node.get("key") {
            Some(reference) if self.secrets == Secrets::Read => {
                let secret = self.secret(reference)?;
                StoreKey::parse(secret.expose()).or_else(|| {
                    let mistake = Mistake::new(reference.span, "the key is not 32 bytes in hex or base64");
                    self.wrong(mistake.hint("`scim-bridge store key` makes one"))
                })?
            }
            None if place.lasts() => {
                let mistake =
                    Mistake::new(node.span, "a store that lasts needs a `key`: what it holds is personal");
                return self
                    .wrong(mistake.hint("`key: { file: store.key }`; `scim-bridge store key` makes one"));
            }
            // One that nobody can open again is right for what ends with the process, and for what is only checked.
            _ => StoreKey::random().map_err(|why| self.mistakes.push(Mistake::new(node.span, why.0))).ok()?,
        };
        Some(Store { place, key })
    }
}

/// Where the store of a configuration is said to be, for messages.
pub fn told(place: &Place, beside: &Path) -> String {
    match place {
        Place::Memory => "the memory of the process".to_owned(),
        Place::Postgres(database) => {
            database.url.split_once('@').map_or("PostgreSQL", |(_, host)| host).to_owned()
        }
        Place::File(file) => file.strip_prefix(beside).unwrap_or(file).display().to_string(),
    }
}
