//! Looking through the bytes of strings, eight at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes at the beginning may stand in a JSON string as they are: all but `"`, `\` and control characters (RFC
/// 8259 §7). What is read up to there needs no decoding, and what is printed no encoding.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    before(bytes, special, |byte| byte < 0x20 || byte == b'"' || byte == b'\\')
}

/// Whether all of it is printable ASCII, and none of it separates.
#[inline]
pub(in crate::scim) fn is_one_plain_text(text: &str) -> bool {
    let found =
        before(text.as_bytes(), odd, |byte| !(0x20..0x7f).contains(&byte) || byte == b',' || byte == b';');
    found == text.len()
}

/// How many bytes there are before the first that is looked for: `of_word` gives the high bit of each in a word, up to the
/// first at least.
#[inline]
fn before(bytes: &[u8], of_word: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let found = of_word(u64::from_le_bytes(*word));
        if found != 0 {
            return 8 * at + found.trailing_zeros() as usize / 8;
        }
    }
    match bytes.last_chunk::<8>() {
        _ if rest.is_empty() => bytes.len(),
        // Some of it once more, which does no harm.
        Some(last) => match of_word(u64::from_le_bytes(*last)) {
            0 => bytes.len(),
            found => bytes.len() - 8 + found.trailing_zeros() as usize / 8,
        },
        None => rest.iter().position(|byte| is(*byte)).unwrap_or(bytes.len()),
    }
}

#[inline]
const fn special(word: u64) -> u64 {
    // One bit turned over, `"` comes to lie right behind the control characters, and nothing comes between.
    below(word ^ (ONES * (b'"' ^ 0x20) as u64), 0x21) | equal(word, b'\\')
}

#[inline]
const fn odd(word: u64) -> u64 {
    below(word, 0x20) | equal(word, 0x7f) | equal(word, b',') | equal(word, b';') | (word & HIGH)
}

/// The high bit of each byte that is this one, likewise.
#[inline]
const fn equal(word: u64, byte: u8) -> u64 {
    below(word ^ (ONES * byte as u64), 1)
}

/// The high bit of each byte below a limit. A borrow can set it in bytes after the first of them: only that one counts.
#[inline]
const fn below(word: u64, limit: u64) -> u64 {
    word.wrapping_sub(ONES * limit) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::{is_one_plain_text, plain};

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
    #[test]
    fn one_odd_byte_anywhere_is_seen() {
        for length in 0..40 {
            let text = "~ -:!".repeat(8)[..length].to_owned();
            assert!(is_one_plain_text(&text));
            for at in 0..=length {
                for odd in ["\0", "\u{1f}", "\u{7f}", ",", ";", "é", "\u{80}", "\u{feff}"] {
                    assert!(
                        !is_one_plain_text(&format!("{}{odd}{}", &text[..at], &text[at..])),
                        "{length} {at}"
                    );
                }
            }
        }
    }
}
