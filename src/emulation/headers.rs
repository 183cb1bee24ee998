//! `headers` and `content_type`: what a vendor wants to read above a body, of every request or of one method.
//!
//! Needed by GitHub and Bitwarden (User-Agent), Zoom, Segment's API, Aha! and SAP; media types by AWS, Zoom and KnowBe4.

use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TE, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::profile::Reader;
use crate::yaml::{Key, Mistake, Node};

/// Headers of requests.
#[derive(Clone, Debug, Default)]
pub struct Headers {
    /// Of every request.
    pub all: HeaderMap,
    /// Of those of one method, in place of the ones of every request.
    pub of: Vec<(Method, HeaderMap)>,
}

impl Headers {
    pub(super) fn read(profile: &Node, reader: &mut Reader<'_>) -> Self {
        let mut out = Self::default();
        for (key, value) in profile.get("headers").map(Node::entries).unwrap_or_default() {
            if value.entries().is_empty() {
                out.all.extend(header(key, value, reader));
            }
            for (method, value) in value.entries() {
                let Ok(method) = Method::from_bytes(method.text.as_bytes()) else { continue };
                out.of(method).extend(header(key, value, reader));
            }
        }
        let media = profile.get("content_type");
        let text =
            |node: &Node, name: &str| node.text_at(name).and_then(|text| HeaderValue::try_from(text).ok());
        let send = media.and_then(|media| {
            media.text().and_then(|text| HeaderValue::try_from(text).ok()).or(text(media, "send"))
        });
        out.all.extend(send.map(|value| (CONTENT_TYPE, value)));
        out.all.extend(media.and_then(|media| text(media, "accept")).map(|value| (ACCEPT, value)));
        out
    }

    fn of(&mut self, method: Method) -> &mut HeaderMap {
        let at = self.of.iter().position(|(known, _)| *known == method).unwrap_or_else(|| {
            self.of.push((method, HeaderMap::new()));
            self.of.len() - 1
        });
        &mut self.of[at].1
    }
}

fn header(key: &Key, value: &Node, reader: &mut Reader<'_>) -> Option<(HeaderName, HeaderValue)> {
    // These belong to the connection and the credential.
    let own = [AUTHORIZATION, HOST, CONTENT_LENGTH, TRANSFER_ENCODING, CONNECTION, TE, UPGRADE];
    let name = key.text.parse::<HeaderName>().ok().filter(|name| !own.contains(name));
    match (name, value.text().unwrap_or_default().parse::<HeaderValue>()) {
        (Some(name), Ok(value)) if !value.is_empty() => Some((name, value)),
        _ => {
            let text = format!("`{}` is not a header that can be set, or not to that", key.text);
            let hint = "the credential, the host and what frames a message are the bridge's own";
            reader.mistakes.push(Mistake::new(key.span, text).hint(hint));
            None
        }
    }
}
