//! Identifiers that look random and are the same in every run with the same seed.

/// A generator of identifiers (the SplitMix64 sequence). Not for secrets: what it makes can be foretold.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    state: u64,
    number: u64,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, number: 1_000 }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// So many hexadecimal digits.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        let mut text = String::new();
        while text.len() < digits {
            text.push_str(&format!("{:016x}", self.next()));
        }
        text.truncate(digits);
        text
    }

    /// The form of a version 4 UUID.
    pub(crate) fn uuid(&mut self) -> String {
        let h = self.hex(32);
        format!("{}-{}-4{}-a{}-{}", &h[..8], &h[8..12], &h[13..16], &h[17..20], &h[20..])
    }

    /// A number greater than every one before, with gaps, as the key of a table with other customers in it is.
    pub(crate) fn number(&mut self) -> u64 {
        self.number += 1 + self.next() % 9;
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_makes_one_sequence() {
        let (mut a, mut b, mut c) = (Ids::new(7), Ids::new(7), Ids::new(8));
        assert_eq!((a.uuid(), a.number(), a.hex(24)), (b.uuid(), b.number(), b.hex(24)));
        assert_ne!(a.uuid(), c.uuid());
        assert_eq!(a.uuid().len(), 36);
        assert!(a.number() < a.number());
    }
}
