//! Bytes that differ by one number: a user's, of eight digits, wherever the text has [`MARK`].

/// Where the number goes.
pub const MARK: &str = "########";

/// A user's number, as it is written.
pub type Digits = [u8; MARK.len()];

/// Bytes with places for a number.
#[derive(Clone, Debug)]
pub struct Template {
    bytes: Vec<u8>,
    places: Vec<usize>,
}

impl Template {
    /// From a text with marks.
    pub fn new(text: &str) -> Self {
        let places = text.match_indices(MARK).map(|(place, _)| place).collect();
        Self { bytes: text.as_bytes().to_vec(), places }
    }

    /// Puts the bytes with that number in place of what `out` holds.
    pub fn fill(&self, number: Digits, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.bytes);
        for place in &self.places {
            out[*place..place + number.len()].copy_from_slice(&number);
        }
    }
}
