//! What happens when a store is opened: it is brought up to date, and refused where it cannot be trusted.

use super::book::params;
use super::schema::{ABOUT, STEPS};
use super::tx::{Param, Tx};
use crate::store::StoreError;
use crate::store::seal::Seal;

/// What the key is known by, sealed.
const KNOWN: &[u8] = b"scim-bridge";

/// What two databases call differently.
#[derive(Clone, Copy, Debug)]
pub struct Names {
    /// A number that counts up by itself.
    pub serial: &'static str,
    /// What has it never give a number again.
    pub ever: &'static str,
    /// Bytes.
    pub bytes: &'static str,
}

impl Names {
    /// The text of a step for this database.
    pub fn fill(&self, sql: &str) -> String {
        sql.replace("{serial}", self.serial).replace("{ever}", self.ever).replace("{bytes}", self.bytes)
    }
}

/// Brings a store up to date, within one transaction.
///
/// # Errors
/// When it was made with another key or by a newer version; nothing of it is changed then.
pub async fn open(tx: &mut dyn Tx, names: Names, seal: &Seal) -> Result<(), StoreError> {
    tx.script(names.fill(ABOUT)).await?;
    let known = about(tx, "key").await?;
    if let Some(sealed) = &known
        && seal.open(b"about key", sealed).ok().as_deref() != Some(KNOWN)
    {
        return Err(StoreError(
            "it was made with another key: store.key is not the one that opens it".into(),
        ));
    }
    let version = match about(tx, "version").await? {
        None => 0,
        Some(text) => {
            std::str::from_utf8(&text).ok().and_then(|text| text.parse::<usize>().ok()).ok_or_else(|| {
                StoreError("it does not say which version it is: it is not a store of this program".into())
            })?
        }
    };
    if version > STEPS.len() {
        return Err(StoreError(format!(
            "it was written by a newer version of this program (its tables are version {version}, this program knows {}): \
             go on with that version, or restore a backup from before",
            STEPS.len()
        )));
    }
    for step in &STEPS[version..] {
        tx.script(names.fill(step)).await?;
    }
    if known.is_none() {
        set_about(tx, "key", seal.seal(b"about key", KNOWN)?).await?;
    }
    if version < STEPS.len() {
        set_about(tx, "version", STEPS.len().to_string().into_bytes()).await?;
    }
    Ok(())
}

/// What the store says of itself.
async fn about(tx: &mut dyn Tx, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let rows = tx.query("SELECT value FROM about WHERE name = $1", params![name]).await?;
    rows.first().map(|row| row.bytes(0).map(<[u8]>::to_vec)).transpose()
}

/// Has the store say this of itself.
pub async fn set_about(tx: &mut dyn Tx, name: &str, value: Vec<u8>) -> Result<(), StoreError> {
    let sql = "INSERT INTO about (name, value) VALUES ($1, $2)
        ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.query(sql, params![name, Param::Bytes(value)]).await.map(drop)
}
