//! A copy of a store, and a store from a copy.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{Sqlite, beside, check, failed, lock};
use crate::store::StoreError;
use crate::store::seal::Seal;

/// Copies the store in one file to another, which there is none of yet; a bridge that serves from it goes on. What is sealed
/// stays so: the copy opens with the same key.
///
/// # Errors
/// When there is no such store, it is damaged, or the copy cannot be written.
pub fn backup(from: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError(format!("{} is there already", to.display())));
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(from, flags)
        .map_err(|error| StoreError(format!("{}: {error}", from.display())))?;
    check(&connection, from)?;
    // Beside it first: a copy that was cut short has another name.
    let partial = named(to, ".partial");
    remove(&partial)?;
    let text = partial.to_str().ok_or_else(|| StoreError(format!("{} is not text", to.display())))?;
    connection.execute("VACUUM INTO ?1", (text,)).map_err(|error| failed(&error))?;
    let moved = || {
        std::fs::File::open(&partial)?.sync_all()?;
        std::fs::rename(&partial, to)
    };
    moved().map_err(|error| StoreError(format!("{}: {error}", to.display())))
}

/// Puts a copy where a store was or is to be. The copy is opened first, so that nothing is put there that no bridge would
/// open; what was there before is kept beside it, and its name given.
///
/// # Errors
/// When the copy does not open with that key, or a bridge has the store open. What is there stays.
pub fn restore(from: &Path, to: &Path, seal: &Seal) -> Result<Option<PathBuf>, StoreError> {
    let held = lock(to)?;
    let io = |error: std::io::Error| StoreError(format!("{}: {error}", to.display()));
    let partial = named(to, ".partial");
    remove(&partial)?;
    std::fs::copy(from, &partial).map_err(|error| StoreError(format!("{}: {error}", from.display())))?;
    drop(Sqlite::file(&partial, seal)?);
    remove(&beside(&partial))?;
    let before = to.exists().then(|| named(to, ".before"));
    if let Some(before) = &before {
        // All of it is in the one file once it was opened and closed; a store that cannot be opened is kept as it is.
        for ending in ["", "-wal", "-shm"] {
            let (old, kept) = (named(to, ending), named(before, ending));
            remove(&kept)?;
            if old.exists() {
                std::fs::rename(old, kept).map_err(io)?;
            }
        }
    }
    std::fs::rename(&partial, to).map_err(io)?;
    drop(held);
    Ok(before)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError(format!("{}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::ResourceType;
    use crate::store::{Key, Place, StoreKey, open};

    #[tokio::test]
    async fn a_copy_holds_what_was_there_and_brings_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let (file, copy) = (folder.path().join("bridge.db"), folder.path().join("copy.db"));
        let (place, key) = (Place::File(file.clone()), StoreKey::random().unwrap());
        let seal = Seal::new(&key).unwrap();
        let who = |id: &str| Key { integration: "acme".into(), resource: ResourceType::User, id: id.into() };
        let store = open(&place, &key).await.unwrap();
        store.bury(&who("1")).await.unwrap();
        store.sync(store.mark()).await.unwrap();
        backup(&file, &copy).unwrap();
        assert!(backup(&file, &copy).is_err(), "a copy is not written over");
        store.bury(&who("2")).await.unwrap();
        assert!(restore(&copy, &file, &seal).is_err(), "a bridge has it open");
        drop(store);
        let other = Seal::new(&StoreKey::random().unwrap()).unwrap();
        assert!(restore(&copy, &file, &other).unwrap_err().0.contains("another key"));
        let before = restore(&copy, &file, &seal).unwrap().unwrap();
        let store = open(&place, &key).await.unwrap();
        assert!(store.is_buried(&who("1")).await.unwrap() && !store.is_buried(&who("2")).await.unwrap());
        let store = open(&Place::File(before), &key).await.unwrap();
        assert!(store.is_buried(&who("2")).await.unwrap(), "what was there is kept");
    }

    #[tokio::test]
    async fn a_damaged_a_strange_and_a_newer_store_are_refused_and_left_as_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("bridge.db");
        let (place, key) = (Place::File(file.clone()), StoreKey::random().unwrap());
        drop(open(&place, &key).await.unwrap());
        let refused = async |place: &Place, key: &StoreKey, words: &str| {
            let before = std::fs::read(&file).unwrap();
            let error = open(place, key).await.err().unwrap().to_string();
            assert!(error.contains(words), "{error}");
            assert_eq!(std::fs::read(&file).unwrap(), before);
        };
        refused(&place, &StoreKey::random().unwrap(), "another key").await;
        let version = |version: &str| {
            let connection = Connection::open(&file).unwrap();
            let sql = "UPDATE about SET value = CAST(?1 AS BLOB) WHERE name = 'version'";
            connection.execute(sql, (version,)).unwrap();
        };
        version("99");
        refused(&place, &key, "newer version").await;
        version("x");
        refused(&place, &key, "not a store of this program").await;
        version("1");
        drop(open(&place, &key).await.unwrap());
        let mut bytes = std::fs::read(&file).unwrap();
        for at in (4_096..bytes.len()).step_by(4_096) {
            bytes[at..at + 64].fill(0x5A);
        }
        std::fs::write(&file, &bytes).unwrap();
        refused(&place, &key, "damaged").await;
        std::fs::write(&file, "not a database, but long enough to be taken for one. ".repeat(40)).unwrap();
        refused(&place, &key, "damaged").await;
    }
}
