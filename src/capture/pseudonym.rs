//! Stable pseudonyms for personal values: the same value always gets the same one, two values never share one, and it
//! has the same shape, so that what a mapping does with it stays the same.
//!
//! Letters become letters and digits digits, each run of them for itself: an address stays an address, `Ana` and `ana`
//! stay the same but for case, and a word is found again within a sentence. What the mapping itself names (the values
//! that it compares with, the rows of its tables) stays as it is, or another branch of it would be taken.

use std::collections::{BTreeSet, HashSet};

use jiff::ToSpan as _;
use jiff::civil::Date;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

use crate::scim::json::Value;
use crate::scim::name::is_schema_urn;

/// Values that say nothing of a person: words of the RFCs.
const WORDS: [&str; 22] = [
    "work",
    "home",
    "other",
    "mobile",
    "fax",
    "pager",
    "photo",
    "thumbnail",
    "aim",
    "gtalk",
    "icq",
    "xmpp",
    "msn",
    "skype",
    "qq",
    "yahoo",
    "User",
    "Group",
    "direct",
    "indirect",
    "true",
    "false",
];
/// Segments of URLs that say nothing.
const SEGMENTS: [&str; 10] = [
    "Users",
    "Groups",
    "scim",
    "v1",
    "v2",
    "http",
    "https",
    "ServiceProviderConfig",
    "ResourceTypes",
    "Schemas",
];
/// Members whose values are the protocol's, whatever they are.
const PROTOCOL: [&str; 8] =
    ["schemas", "op", "resourceType", "status", "scimType", "totalResults", "itemsPerPage", "startIndex"];
/// Attributes whose values many share, and that are right or wrong: a country that is none would be refused.
const SHARED: [&str; 5] = ["country", "locale", "timezone", "preferredLanguage", "type"];
/// Rounds of the permutation; four make it as good as its keyed function (Luby and Rackoff).
const ROUNDS: u8 = 4;

/// Makes pseudonyms of one capture.
pub struct Pseudonyms {
    key: [u8; 32],
    /// What stays, in lower case.
    kept: HashSet<String>,
    /// Beginnings that stay, longest first.
    beginnings: Vec<String>,
}

impl Pseudonyms {
    /// Pseudonyms under a key, which nobody keeps. What the mappings name stays: whole values, and beginnings of values.
    pub fn new(key: [u8; 32], values: &[String], beginnings: &[String]) -> Self {
        let lower = |literal: &String| literal.to_lowercase();
        let beginnings: BTreeSet<String> =
            beginnings.iter().map(lower).filter(|literal| literal.chars().count() > 1).collect();
        let mut beginnings: Vec<_> = beginnings.into_iter().collect();
        beginnings.sort_by_key(|literal| std::cmp::Reverse(literal.len()));
        let kept = values.iter().map(lower).chain(WORDS.iter().map(|word| word.to_lowercase())).collect();
        Self { key, kept, beginnings }
    }

    /// The pseudonym of one value.
    pub fn text(&self, text: &str) -> String {
        if text.is_empty() || self.kept.contains(&text.to_lowercase()) || is_schema_urn(text) {
            return text.to_owned();
        }
        if let Some(date) = self.date(text) {
            return date;
        }
        if text.starts_with("http://") || text.starts_with("https://") {
            let segment = |segment: &str| match SEGMENTS.contains(&segment.trim_end_matches(':')) {
                true => segment.to_owned(),
                false => self.plain(segment),
            };
            return text.split('/').map(segment).collect::<Vec<_>>().join("/");
        }
        // What follows a beginning that a rule or a table looks for is still somebody's.
        let lower = text.to_lowercase();
        let beginning = self.beginnings.iter().find(|known| lower.starts_with(known.as_str()));
        match beginning.filter(|known| text.is_char_boundary(known.len())) {
            Some(known) => format!("{}{}", &text[..known.len()], self.plain(&text[known.len()..])),
            None => self.plain(text),
        }
    }

    /// Puts pseudonyms into a body.
    pub fn body(&self, value: &mut Value) {
        if let Some(items) = value.items_mut() {
            items.iter_mut().for_each(|item| self.body(item));
            return;
        }
        if !value.is_object() {
            self.scalar(value);
            return;
        }
        let mut out = Value::object();
        for (name, mut inner) in std::mem::take(value).into_members() {
            let plain = name.rsplit([':', '.']).next().unwrap_or(&name);
            let is = |known: &&str| plain.eq_ignore_ascii_case(known);
            match inner.as_str() {
                Some(text) if ["path", "filter"].iter().any(&is) => {
                    inner = self.quoted(text).into();
                }
                _ if PROTOCOL.iter().chain(&SHARED).any(is) => {}
                _ => self.body(&mut inner),
            }
            // Some clients name an element in the name of a member.
            out.set(&self.quoted(&name), inner);
        }
        *value = out;
    }

    /// Puts pseudonyms into the texts that stand in quotation marks: a filter, or the path of a PATCH.
    pub fn quoted(&self, filter: &str) -> String {
        let mut out = String::with_capacity(filter.len());
        let mut rest = filter;
        while let Some(open) = rest.find('"') {
            out.push_str(&rest[..open]);
            let end = closing(&rest[open..]).map_or(rest.len(), |at| open + at + 1);
            let literal = &rest[open..end];
            match Value::read(literal.as_bytes(), &crate::scim::json::Limits::REQUEST) {
                Ok(value) => {
                    out.push_str(&Value::from(self.text(value.as_str().unwrap_or_default())).to_json());
                }
                // Not closed, or not a text: nothing of it is shown.
                Err(_) => out.push_str("\"\""),
            }
            rest = &rest[end..];
        }
        out.push_str(rest);
        out
    }

    /// Puts pseudonyms into a path with its query. The path is decoded then, as the door decodes it; the query is encoded.
    pub fn target(&self, target: &str) -> String {
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        let decoded =
            |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        // What comes before the endpoint is the integration's own.
        let mut below = false;
        let segment = |segment: &str| {
            let plain = percent_decode_str(segment).decode_utf8_lossy().into_owned();
            if !below || plain.is_empty() || plain.starts_with('.') {
                below |= SEGMENTS.contains(&plain.as_str()) && plain.starts_with(char::is_uppercase);
                return segment.to_owned();
            }
            // What a path may hold needs no encoding.
            self.text(&plain)
        };
        let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
        let Some(query) = query else { return path };
        let parameter = |pair: &str| match pair.split_once('=') {
            Some((name, value)) => format!("{name}={}", encoded(&self.parameter(name, &decoded(value)))),
            None => pair.to_owned(),
        };
        format!("{path}?{}", query.split('&').map(parameter).collect::<Vec<_>>().join("&"))
    }

    /// The value of a parameter of a query, decoded.
    pub fn parameter(&self, name: &str, value: &str) -> String {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        match name {
            _ if is("filter") => self.quoted(value),
            _ if [
                "startIndex",
                "count",
                "sortBy",
                "sortOrder",
                "attributes",
                "excludedAttributes",
                "page",
            ]
            .into_iter()
            .any(is) =>
            {
                value.to_owned()
            }
            _ => self.text(value),
        }
    }

    fn scalar(&self, value: &mut Value) {
        if let Some(text) = value.as_str() {
            *value = self.text(text).into();
        } else if let Some(number) = value.as_number() {
            // As it is written, digit by digit: what it counts or identifies is somebody's.
            let digits: String = number.chars().map(|c| if c.is_ascii_digit() { c } else { ' ' }).collect();
            if digits.trim().len() > 1 && !digits.trim().contains(' ') {
                let pseudonym = self.run(&digits.trim().chars().collect::<Vec<_>>());
                // No number begins with a zero.
                let text = pseudonym.trim_start_matches('0');
                let text = if text.len() == pseudonym.len() { pseudonym.clone() } else { format!("1{text}") };
                if let Ok(number) = Value::read(text.as_bytes(), &crate::scim::json::Limits::REQUEST) {
                    *value = number;
                }
            }
        }
    }

    /// A day, with or without a time, as another: all of a capture move by the same number of days, so that what was
    /// earlier is earlier.
    fn date(&self, text: &str) -> Option<String> {
        let day = text.get(..10)?;
        let rest = &text[10..];
        let date: Date =
            day.parse().ok().filter(|_| day.len() == 10 && (rest.is_empty() || rest.starts_with('T')))?;
        let days = i64::from(u16::from_be_bytes([self.key[0], self.key[1]]) % 3_000) + 30;
        let moved = date.checked_sub(days.days()).ok()?;
        Some(format!("{moved}{rest}"))
    }

    /// Letters for letters and digits for digits; all else stays.
    fn plain(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut run: Vec<char> = Vec::new();
        let hex = is_uuid(text);
        for c in text.chars().chain(['\0']) {
            if c.is_alphanumeric() {
                run.push(c);
                continue;
            }
            if !run.is_empty() {
                out.push_str(&self.permuted(&run, hex));
                run.clear();
            }
            if c != '\0' {
                out.push(c);
            }
        }
        out
    }

    fn run(&self, run: &[char]) -> String {
        self.permuted(run, false)
    }

    /// A permutation of all runs of the same length and classes: what two values share of their letters does not show.
    fn permuted(&self, run: &[char], hex: bool) -> String {
        let classes: Vec<Class> = run.iter().map(|c| Class::of(*c, hex)).collect();
        let mut places: Vec<u32> = run.iter().zip(&classes).map(|(c, class)| class.place(*c)).collect();
        let middle = places.len() / 2;
        for round in 0..ROUNDS {
            // Halves take turns; one of a single letter is turned by the key alone.
            let (from, to) = if round % 2 == 0 {
                (0..middle, middle..places.len())
            } else {
                (middle..places.len(), 0..middle)
            };
            let from: Vec<u32> = places[from].to_vec();
            for (at, place) in to.clone().zip(places[to].iter_mut()) {
                let size = classes[at].size();
                *place = (*place + self.number(round, run.len(), at, &from) % size) % size;
            }
        }
        let shown = run.iter().zip(&classes).zip(&places).map(|((was, class), place)| class.at(*place, *was));
        shown.collect()
    }

    fn number(&self, round: u8, length: usize, at: usize, from: &[u32]) -> u32 {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update([round]);
        hash.update(length.to_be_bytes());
        hash.update(at.to_be_bytes());
        from.iter().for_each(|place| hash.update(place.to_be_bytes()));
        let hash = hash.finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }
}

/// Characters that stand for each other.
#[derive(Clone, Copy)]
enum Class {
    Digit,
    /// `a` to `f`, in a UUID.
    Hex,
    Letter,
    /// Letters of the Latin-1 block with accents, in lower case.
    Accent,
    /// Every other letter, as one of those that are written the same in both cases.
    Other,
}

impl Class {
    fn of(c: char, hex: bool) -> Self {
        match c {
            '0'..='9' => Self::Digit,
            'a'..='f' | 'A'..='F' if hex => Self::Hex,
            'a'..='z' | 'A'..='Z' => Self::Letter,
            '\u{e0}'..='\u{f6}' | '\u{c0}'..='\u{d6}' => Self::Accent,
            _ => Self::Other,
        }
    }

    const fn first(self) -> u32 {
        match self {
            Self::Digit => '0' as u32,
            Self::Hex | Self::Letter => 'a' as u32,
            Self::Accent => 0xe0,
            Self::Other => 0x4e00,
        }
    }

    const fn size(self) -> u32 {
        match self {
            Self::Digit => 10,
            Self::Hex => 6,
            Self::Letter => 26,
            Self::Accent => 23,
            Self::Other => 0x5200,
        }
    }

    fn place(self, c: char) -> u32 {
        let lower = c.to_lowercase().next().unwrap_or(c) as u32;
        match self {
            Self::Other => lower % self.size(),
            _ => lower - self.first(),
        }
    }

    fn at(self, place: u32, was: char) -> char {
        let c = char::from_u32(self.first() + place).unwrap_or('x');
        if was.is_uppercase() { c.to_uppercase().next().unwrap_or(c) } else { c }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
}

/// Where the quotation mark is that closes the first one.
fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scim::json::Limits;

    fn pseudonyms() -> Pseudonyms {
        let values = ["Retail", "NinjaOne Technicians"].map(str::to_owned);
        Pseudonyms::new([7; 32], &values, &["Retail".to_owned()])
    }

    fn body(json: &str) -> String {
        let mut value = Value::read(json.as_bytes(), &Limits::REQUEST).unwrap();
        pseudonyms().body(&mut value);
        value.to_json()
    }

    #[test]
    fn shapes_and_what_the_mapping_names_stay() {
        let all = pseudonyms();
        for kept in [
            "work",
            "NinjaOne Technicians",
            "ninjaone technicians",
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "",
            "@.-",
        ] {
            assert_eq!(all.text(kept), kept);
        }
        let address = all.text("Ana.Silva@acme.example");
        let (name, domain) = address.split_once('@').unwrap();
        assert!(
            name.contains('.') && domain.contains('.') && !address.to_lowercase().contains("ana"),
            "{address}"
        );
        assert_eq!(all.text("ana.silva@ACME.example").to_lowercase(), address.to_lowercase());
        assert_eq!(
            all.text("Ana"),
            address.split('.').next().unwrap(),
            "a word is the same wherever it stands"
        );
        let shop = all.text("Retail - Lisbon");
        assert!(shop.starts_with("Retail - ") && !shop.contains("Lisbon"), "{shop}");
        let id = all.text("2819c223-7f76-453a-919d-413861904646");
        assert!(is_uuid(&id) && id != "2819c223-7f76-453a-919d-413861904646", "{id}");
        let (day, later) = (all.text("2026-05-01"), all.text("2026-05-02T08:00:00Z"));
        assert!(day < later && later.ends_with("T08:00:00Z") && day.parse::<Date>().is_ok(), "{day} {later}");
    }

    #[test]
    fn bodies_keep_their_form() {
        let shown = body(
            r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
                {"op":"Replace","path":"emails[type eq \"work\"].value","value":"ana@acme.example"},
                {"Op":"replace","Path":"phoneNumbers[type eq \"work\"].value","Value":"0815"},
                {"op":"remove","path":"members[value eq \"u7\"]"},
                {"op":"add","path":"addresses","value":[{"type":"work","country":"PT"}]},
                {"op":"add","value":{"active":true,"emails[type eq \"home\"].value":"a@b"}}],
               "totalResults":12,"employeeNumber":70012,"filter":"userName sw \"Quirina\""}"#,
        );
        for gone in ["ana", "acme", "0815", "\"u7", "70012", "Quirina"] {
            assert!(!shown.contains(gone), "{gone} in {shown}");
        }
        for stays in [
            "Replace",
            r#"emails[type eq \"work\"].value"#,
            "\"totalResults\":12",
            "\"active\":true",
            "\"country\":\"PT\"",
        ] {
            assert!(shown.contains(stays), "{stays} not in {shown}");
        }
    }

    #[test]
    fn targets_keep_what_the_protocol_says() {
        let all = pseudonyms();
        let shown =
            all.target("/acme/scim/v2/Users/ana%40x?attributes=userName&filter=userName+eq+%22ana%40x%22");
        let id = all.text("ana@x");
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let filter = encoded(&format!("userName eq \"{id}\""));
        assert_eq!(shown, format!("/acme/scim/v2/Users/{id}?attributes=userName&filter={filter}"));
        assert_eq!(all.quoted("title eq \"a"), "title eq \"\"");
    }

    proptest! {
        #[test]
        fn two_values_never_share_one(a in "[a-z]{1,6}", b in "[a-z]{1,6}") {
            let all = pseudonyms();
            prop_assert_eq!(a == b, all.text(&a) == all.text(&b), "{} {}", all.text(&a), all.text(&b));
        }

        #[test]
        fn the_form_stays(text in "[A-Za-z0-9äÖ@. _-]{0,24}") {
            let all = pseudonyms();
            let shown = all.plain(&text);
            let form = |text: &str| text.chars().map(|c| (c.is_numeric(), c.is_uppercase(), c.is_alphabetic(), if c.is_alphanumeric() { ' ' } else { c })).collect::<Vec<_>>();
            prop_assert_eq!(form(&text), form(&shown));
            prop_assert_eq!(all.plain(&text.to_lowercase()), shown.to_lowercase());
        }
    }
}
