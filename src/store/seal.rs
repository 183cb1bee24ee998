//! What is personal or secret, as it is kept: sealed, and looked up by a keyed hash.
//!
//! Sealed with AES-256-GCM-SIV (RFC 8452), which survives a nonce that is drawn twice; each value is bound to the place where
//! it is kept, so that a row that was moved does not open. Names are looked up by HMAC-SHA-256 (RFC 2104): without the key, a
//! store tells neither who is in it nor whether somebody is. Both keys are derived from the one of the configuration (RFC
//! 5869).

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::StoreError;
use crate::secret::Secret;

/// The bytes of a keyed hash that are kept: two names of a million collide with a chance of 10⁻²⁷.
const HASH: usize = 16;
/// What a sealed value begins with.
const VERSION: u8 = 1;

/// The key of a store, as the operator keeps it.
#[derive(Clone, Debug)]
pub struct StoreKey(Secret<[u8; 32]>);

impl StoreKey {
    /// Reads 64 hex digits, or 32 bytes in base64 (RFC 4648 §4), with white space around them. `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bytes = match text.len() {
            64 => (0..32)
                .map(|at| text.get(2 * at..2 * at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
                .collect::<Option<Vec<u8>>>()?,
            _ => STANDARD.decode(text).ok()?,
        };
        Some(Self(Secret::new(bytes.try_into().ok()?)))
    }

    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn random() -> Result<Self, StoreError> {
        Ok(Self(Secret::new(random()?)))
    }

    /// As [`StoreKey::parse`] reads it: 64 hex digits.
    pub fn to_hex(&self) -> String {
        self.0.expose().iter().fold(String::with_capacity(64), |mut hex, byte| {
            for digit in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(digit.into(), 16).unwrap_or_default());
            }
            hex
        })
    }
}

/// Seals, opens and hashes under one key.
pub struct Seal {
    aead: LessSafeKey,
    names: hmac::Key,
}

impl Seal {
    /// With the keys that are derived from this one.
    ///
    /// # Errors
    /// Never, in practice: the lengths are fixed.
    pub fn new(key: &StoreKey) -> Result<Self, StoreError> {
        let root = Salt::new(HKDF_SHA256, b"scim-bridge store").extract(key.0.expose());
        let derive = |info: &[u8]| -> Result<[u8; 32], StoreError> {
            let mut out = [0; 32];
            let info = [info];
            let okm = root.expand(&info, Length).map_err(|_| broken("no key could be derived"))?;
            okm.fill(&mut out).map_err(|_| broken("no key could be derived"))?;
            Ok(out)
        };
        let (seal, names) = (Secret::new(derive(b"seal 1")?), Secret::new(derive(b"names 1")?));
        let unbound = UnboundKey::new(&AES_256_GCM_SIV, seal.expose()).map_err(|_| broken("no key"))?;
        Ok(Self { aead: LessSafeKey::new(unbound), names: hmac::Key::new(hmac::HMAC_SHA256, names.expose()) })
    }

    /// The value, sealed for this place.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub fn seal(&self, place: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + value.len() + AES_256_GCM_SIV.tag_len());
        sealed.push(VERSION);
        sealed.extend(nonce);
        let mut body = value.to_vec();
        self.aead
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut body)
            .map_err(|_| broken("a value could not be sealed"))?;
        sealed.extend(body);
        Ok(sealed)
    }

    /// What was sealed for this place.
    ///
    /// # Errors
    /// When it was sealed under another key, for another place, or is not what was written.
    pub fn open(&self, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
        let damaged = || broken("a sealed value does not open: it is damaged, or was moved");
        let (version, rest) = sealed.split_first().ok_or_else(damaged)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        if *version != VERSION {
            return Err(damaged());
        }
        let mut body = body.to_vec();
        let length = self
            .aead
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut body)
            .map_err(|_| damaged())?
            .len();
        body.truncate(length);
        Ok(body)
    }

    /// What a name is looked up by. The parts are kept apart: `ab`, `c` is not `a`, `bc`.
    pub fn hash(&self, parts: &[&[u8]]) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.names);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        context.sign().as_ref()[..HASH].to_vec()
    }
}

/// As long as both keys are.
struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        32
    }
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| broken("the system has no randomness"))?;
    Ok(bytes)
}

fn broken(what: &str) -> StoreError {
    StoreError(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        let key = StoreKey::random().unwrap();
        let again = StoreKey::parse(&format!(" {}\n", key.to_hex())).unwrap();
        assert_eq!(again.0.expose(), key.0.expose());
        let base64 = STANDARD.encode(key.0.expose());
        assert_eq!(StoreKey::parse(&base64).unwrap().0.expose(), key.0.expose());
        for wrong in ["", "abc", &"g".repeat(64), &"é".repeat(32), &"a".repeat(63)] {
            assert!(StoreKey::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_value_opens_in_its_place_under_its_key_and_nowhere_else() {
        let seal = Seal::new(&StoreKey::random().unwrap()).unwrap();
        let other = Seal::new(&StoreKey::random().unwrap()).unwrap();
        let sealed = seal.seal(b"here", b"Ana").unwrap();
        assert_eq!(seal.open(b"here", &sealed).unwrap(), b"Ana");
        assert!(seal.open(b"there", &sealed).is_err());
        assert!(other.open(b"here", &sealed).is_err());
        assert_ne!(sealed, seal.seal(b"here", b"Ana").unwrap(), "nobody sees that both are the same");
        for at in 0..sealed.len() {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(seal.open(b"here", &flipped).is_err(), "{at}");
            assert!(seal.open(b"here", &sealed[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn a_hash_tells_its_parts_apart() {
        let seal = Seal::new(&StoreKey::parse(&"0a".repeat(32)).unwrap()).unwrap();
        assert_eq!(seal.hash(&[b"a", b"b"]), seal.hash(&[b"a", b"b"]));
        assert_ne!(seal.hash(&[b"ab", b"c"]), seal.hash(&[b"a", b"bc"]));
        assert_ne!(seal.hash(&[b"a"]), Seal::new(&StoreKey::random().unwrap()).unwrap().hash(&[b"a"]));
    }
}
