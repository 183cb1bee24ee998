//! Tables and parameters that nothing in a file uses: a name of one's own for what another file calls otherwise would
//! change nothing, and nobody would notice.

use crate::yaml::{Kind, Mistake, Node, nearest};

/// Adds a mistake for each table and parameter of the file itself that neither its rules nor those of the files on which
/// it stands use. A file without rules is for others to use.
pub(super) fn check(file: &Node, mistakes: &mut Vec<Mistake>) {
    let rules = |section: &str| file.get(section).and_then(|section| section.get("rules"));
    let rules: Vec<&Node> = ["users", "groups"].into_iter().filter_map(rules).collect();
    if rules.iter().all(|rules| rules.items().is_empty()) {
        return;
    }
    let mut tables = Vec::new();
    let mut texts = Vec::new();
    rules.iter().for_each(|rules| gather(rules, &mut tables, &mut texts));
    // What the profile makes of values, it may make by a table.
    file.get("profile").into_iter().for_each(|node| gather(node, &mut tables, &mut texts));
    file.get("tables").into_iter().for_each(|node| gather(node, &mut Vec::new(), &mut texts));
    let own = |section: &str| {
        let entries = file.get(section).map(Node::entries).unwrap_or_default();
        entries.iter().map(|(key, _)| key).filter(|key| key.span.file == file.span.file)
    };
    let defined =
        |section: &str, name: &str| file.get(section).is_some_and(|names| names.get(name).is_some());
    for key in own("tables").filter(|key| !tables.contains(&key.text.as_str())) {
        let mistake = Mistake::new(key.span, format!("no rule uses the table `{}`", key.text));
        mistakes.push(
            match nearest(&key.text, tables.iter().copied().filter(|name| defined("tables", name))) {
                Some(near) => mistake.hint(format!("did you mean `{near}`, which the rules use?")),
                None => {
                    mistake.hint(format!("use it in a rule, as via: [table: {}], or take it out", key.text))
                }
            },
        );
    }
    let is_used = |name: &str| texts.iter().any(|text| has_hole(text, name));
    for key in own("parameters").filter(|key| !is_used(&key.text)) {
        let mistake = Mistake::new(key.span, format!("nothing uses the parameter `{}`", key.text));
        mistakes
            .push(mistake.hint(format!("write {{{}}} where its value belongs, or take it out", key.text)));
    }
}

/// The names of tables and all texts that stand in a node.
fn gather<'n>(node: &'n Node, tables: &mut Vec<&'n str>, texts: &mut Vec<&'n str>) {
    match &node.kind {
        Kind::Scalar { text, .. } => texts.push(text),
        Kind::List(items) => items.iter().for_each(|item| gather(item, tables, texts)),
        Kind::Map(entries) => {
            for (key, node) in entries {
                tables.extend(node.text().filter(|_| key.text == "table"));
                gather(node, tables, texts);
            }
        }
    }
}

/// Whether a text has the name in braces.
fn has_hole(text: &str, name: &str) -> bool {
    let ends = |rest: &str| rest.split_once('}').is_some_and(|(inner, _)| inner.trim() == name);
    text.split('{').skip(1).any(ends)
}
