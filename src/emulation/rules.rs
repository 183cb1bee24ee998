//! Fields of a profile that say what rules of the mapping language say: they become such rules, and with them give the body,
//! the answer, the filter and the path of a PATCH.

use crate::scim::schema::ResourceType;
use crate::yaml::{Key, Kind, Node, Span};

/// The rules that the profile of a mapping file stands for. Each stands where its field does, so that a mistake in it is
/// shown there.
pub fn rules(profile: &Node, resource: ResourceType) -> Vec<Node> {
    let able = profile.get("resources").and_then(|resources| resources.get(resource.endpoint()));
    let Some(able) = able else { return Vec::new() };
    let attrs = able.get("attrs");
    let transformed = attrs.and_then(|attrs| attrs.get("transform")).map(Node::items).unwrap_or_default();
    transformed.iter().filter_map(transform).collect()
}

/// What the vendor makes of a value by itself is made here, too: so it is known what it has.
fn transform(node: &Node) -> Option<Node> {
    let (path, via) = (node.get("path")?, node.get("fn")?);
    let place = || Node { span: path.span, kind: text(&json_path(path.text().unwrap_or_default())) };
    let list = |items: Vec<Node>, span: Span| Node { span, kind: Kind::List(items) };
    let entry = |key: &str, node: Node| (Key { span: node.span, text: key.to_owned() }, node);
    let entries = vec![
        entry("move", list(vec![place(), place()], path.span)),
        entry("via", list(via.each().to_vec(), via.span)),
        entry("back", Node { span: path.span, kind: text("echo") }),
    ];
    Some(Node { span: node.span, kind: Kind::Map(entries) })
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
