//! A value that must not be seen: no `Display`, no `Serialize`, a constant `Debug`, wiped when dropped.
//!
//! A secret leaves this type in two ways only: [`Secret::expose`], whose calls can be found by name, and
//! [`Digest`], which is what inbound tokens are kept and compared as (RFC 6750 §5.3 asks that they be protected at rest).

use std::fmt;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize;

/// A value that never shows itself. Equality is not offered: compare [`Digest`]s.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// Gives the value out. Every caller sends it to the one place it is meant for and keeps no copy.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// The SHA-256 of a token. Two are compared in constant time; equal length makes the length no oracle either.
#[derive(Clone, Copy)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a token as presented.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }

    /// Reads 64 hex digits, in either case. `None` when the text is anything else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let text = text.as_bytes();
        if text.len() != 64 {
            return None;
        }
        let mut bytes = [0_u8; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            let digit = |d: u8| (d as char).to_digit(16);
            *byte = u8::try_from(digit(pair[0])? * 16 + digit(pair[1])?).ok()?;
        }
        Some(Self(bytes))
    }

    /// Whether both are of the same token, in time that does not depend on where they differ.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new(String::from("hunter2"));
        assert_eq!(format!("{secret:?} {:?}", Digest::of(b"hunter2")), "[secret] [digest]");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn digests_read_hex_of_either_case_and_refuse_the_rest() {
        let hex = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        assert!(Digest::from_hex(hex).unwrap().matches(&Digest::of(b"test")));
        assert!(Digest::from_hex(&hex.to_uppercase()).unwrap().matches(&Digest::of(b"test")));
        assert!(!Digest::of(b"test").matches(&Digest::of(b"tesu")));
        for bad in ["", "9f86", &hex.replace('9', "g"), &format!("{hex}00")] {
            assert!(Digest::from_hex(bad).is_none(), "{bad}");
        }
    }
}
