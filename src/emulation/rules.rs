//! Fields of a profile that say what rules of the mapping language say: they become such rules, and with them give the body,
//! the answer, the filter and the path of a PATCH.
//!
//! Needed by Slack, Sentry, GitHub, Infor, Quickbase and Bitwarden (`transform`), Sentry and Cloudflare (`name_rule`).

use crate::scim::schema::ResourceType;
use crate::yaml::{Key, Kind, Node, Span};

/// The rules that the profile of a mapping file stands for. Each stands where its field does, so that a mistake in it is
/// shown there.
pub fn rules(profile: &Node, resource: ResourceType) -> Vec<Node> {
    let able = profile.get("resources").and_then(|resources| resources.get(resource.endpoint()));
    let Some(able) = able else { return Vec::new() };
    let attrs = able.get("attrs");
    let transformed = attrs.and_then(|attrs| attrs.get("transform")).map(Node::items).unwrap_or_default();
    let transformed = transformed.iter().filter_map(|one| {
        let path = one.get("path")?;
        Some(transform(path.text().unwrap_or_default(), path.span, one.get("fn")?))
    });
    let named = able.get("name_rule").and_then(|rule| rule.get("transform"));
    let named = named.map(|via| transform("displayName", via.span, via));
    transformed.chain(named).collect()
}

/// What the vendor makes of a value by itself is made here, too: so it is known what it has.
fn transform(path: &str, span: Span, via: &Node) -> Node {
    let place = || Node { span, kind: text(&json_path(path)) };
    let list = |items: Vec<Node>, span: Span| Node { span, kind: Kind::List(items) };
    let entry = |key: &str, node: Node| (Key { span: node.span, text: key.to_owned() }, node);
    let entries = vec![
        entry("move", list(vec![place(), place()], span)),
        entry("via", list(via.each().to_vec(), via.span)),
        entry("back", Node { span, kind: text("echo") }),
    ];
    Node { span, kind: Kind::Map(entries) }
}

fn text(text: &str) -> Kind {
    Kind::Scalar { text: text.to_owned(), plain: true }
}

/// The path of a rule for the name of an attribute: `$.title` for `title`.
fn json_path(name: &str) -> String {
    match name.rsplit_once(':') {
        _ if name.starts_with('$') => name.to_owned(),
        Some((urn, attribute)) => format!("$['{urn}'].{attribute}"),
        None => format!("$.{name}"),
    }
}
