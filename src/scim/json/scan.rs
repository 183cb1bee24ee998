//! Looking through the bytes of strings, eight at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes at the beginning may stand in a JSON string as they are: all but `"`, `\` and control characters (RFC
/// 8259 §7). What is read up to there needs no decoding, and what is printed no encoding.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = special(*word);
        if found != 0 {
            return 8 * at + found.trailing_zeros() as usize / 8;
        }
    }
    match bytes.last_chunk::<8>() {
        _ if rest.is_empty() => bytes.len(),
        // Some of it once more, which does no harm.
        Some(last) => match special(*last) {
            0 => bytes.len(),
            found => bytes.len() - 8 + found.trailing_zeros() as usize / 8,
        },
        None => {
            let found = rest.iter().position(|byte| *byte < 0x20 || *byte == b'"' || *byte == b'\\');
            found.unwrap_or(bytes.len())
        }
    }
}

/// The high bit of each byte that is special, up to the first at least.
#[inline]
const fn special(word: [u8; 8]) -> u64 {
    let word = u64::from_le_bytes(word);
    below(word, 0x20) | below(word ^ (ONES * b'"' as u64), 1) | below(word ^ (ONES * b'\\' as u64), 1)
}

/// The high bit of each byte below a limit. A borrow can set it in bytes after the first of them: only that one counts.
#[inline]
const fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for length in 0..40 {
            for at in 0..=length {
                for special in [0_u8, 0x1f, b'"', b'\\'] {
                    let mut bytes = vec![b'\x7f'; length];
                    bytes.iter_mut().step_by(3).for_each(|byte| *byte = 0x20);
                    bytes.iter_mut().step_by(5).for_each(|byte| *byte = 0xff);
                    if at < length {
                        bytes[at] = special;
                        bytes[at + 1..].fill(b'!');
                    }
                    assert_eq!(plain(&bytes), at, "{bytes:?}");
                }
            }
        }
    }
}
