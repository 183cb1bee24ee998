//! What the rules of a file may refer to: prefixes, parameters, tables; and how paths and expressions use them.

use std::collections::HashMap;
use std::sync::Arc;

use super::expression::special_member;
use super::path::SPECIALS;
use super::rows;
use super::table::{Match, Table};
use crate::scim::json::Value;
use crate::scim::name::is_schema_urn;
use crate::yaml::{Mistake, Node, nearest};

/// Why a path or an expression cannot be used, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

impl Wrong {
    fn unknown(what: String, near: Option<String>) -> Self {
        Self { what, hint: near.map(|near| format!("did you mean `{near}`?")) }
    }

    fn or_hint(mut self, hint: String) -> Self {
        self.hint.get_or_insert(hint);
        self
    }
}

impl From<String> for Wrong {
    fn from(what: String) -> Self {
        Self { what, hint: None }
    }
}

impl From<&str> for Wrong {
    fn from(what: &str) -> Self {
        Self::from(what.to_owned())
    }
}

/// What the rules of a file may refer to.
pub struct Scope {
    /// Names for schema URNs.
    pub prefixes: HashMap<String, String>,
    /// The values of the parameters.
    pub parameters: HashMap<String, Value>,
    /// The tables.
    pub tables: HashMap<String, Arc<Table>>,
}

impl Scope {
    /// Reads `prefixes`, `parameters` and `tables` of a file whose shape is right, with the values that an integration
    /// gives (`with`). A parameter without a value gets its own name in angle brackets, so that the rest of the file
    /// can still be checked.
    pub fn read(file: &Node, with: Option<&Node>, mistakes: &mut Vec<Mistake>) -> Self {
        let mut prefixes = HashMap::new();
        for (key, urn) in entries(file, "prefixes") {
            if SPECIALS.contains(&key.text.as_str()) {
                let mistake = Mistake::new(key.span, format!("${} has a meaning of its own", key.text));
                mistakes.push(mistake.hint("give the prefix another name"));
            } else if !is_schema_urn(urn.text().unwrap_or_default()) {
                let mistake = Mistake::new(urn.span, "not the URN of a schema");
                mistakes.push(mistake.hint("urn:ietf:params:scim:schemas:extension:<vendor>:2.0:User"));
            }
            prefixes.insert(key.text.clone(), urn.text().unwrap_or_default().to_owned());
        }
        let mut parameters = HashMap::new();
        for (key, definition) in entries(file, "parameters") {
            let given = with.and_then(|with| with.get(&key.text));
            parameters.insert(key.text.clone(), parameter(key, definition, given, with, mistakes));
        }
        for (key, _) in with.map(Node::entries).unwrap_or_default() {
            if !parameters.contains_key(&key.text) {
                let mistake = Mistake::new(key.span, format!("the mapping has no parameter `{}`", key.text));
                mistakes.push(match nearest(&key.text, parameters.keys().map(String::as_str)) {
                    Some(name) => mistake.hint(format!("did you mean `{name}`?")),
                    None if parameters.is_empty() => mistake.hint("it takes none: leave `with` out"),
                    None => {
                        let mut known: Vec<_> = parameters.keys().map(String::as_str).collect();
                        known.sort_unstable();
                        mistake.hint(format!("its parameters: {}", known.join(", ")))
                    }
                });
            }
        }
        let mut tables = HashMap::new();
        for (key, definition) in entries(file, "tables") {
            match rows::table(&key.text, definition) {
                Ok(table) => drop(tables.insert(key.text.clone(), Arc::new(table))),
                Err(mistake) => {
                    mistakes.push(mistake);
                    // The rules that use it are not wrong for that.
                    let mut names = rows::names(definition);
                    if names.len() < 2 {
                        names.clear();
                    }
                    let stand_in = Table::new(&key.text, Match::Exact, names, Vec::new());
                    tables.extend(stand_in.ok().map(|table| (key.text.clone(), Arc::new(table))));
                }
            }
        }
        Self { prefixes, parameters, tables }
    }

    /// Puts URNs and specials where a path or expression has `$name`.
    pub(super) fn expand(&self, text: &str, specials_as_members: bool) -> Result<String, Wrong> {
        let mut out = String::with_capacity(text.len() + 64);
        let mut quote = None;
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let step = c.len_utf8();
            if quote == Some(c) {
                quote = None;
            } else if quote.is_none() && (c == '\'' || c == '"') {
                quote = Some(c);
            } else if quote.is_none() && c == '$' {
                let end = rest[1..]
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .map_or(rest.len(), |at| at + 1);
                let name = &rest[1..end];
                if !name.is_empty() {
                    out.push_str(&self.name(name, specials_as_members)?);
                    rest = &rest[end..];
                    continue;
                }
            } else if quote.is_none() && c == '{' {
                let end = rest.find('}').ok_or("a brace is not closed")?;
                self.parameter(rest[1..end].trim(), &mut out)?;
                rest = &rest[end + 1..];
                continue;
            }
            out.push(c);
            rest = &rest[step..];
        }
        Ok(out)
    }

    fn name(&self, name: &str, specials_as_members: bool) -> Result<String, Wrong> {
        if SPECIALS.contains(&name) {
            let member = special_member(name);
            return Ok(if specials_as_members { format!("$['{member}']") } else { member });
        }
        match self.prefixes.get(name) {
            Some(urn) => Ok(format!("$['{urn}']")),
            None => {
                let near = nearest(name, self.prefixes.keys().map(String::as_str).chain(SPECIALS));
                let wrong =
                    Wrong::unknown(format!("unknown prefix `${name}`"), near.map(|near| format!("${near}")));
                Err(wrong
                    .or_hint(format!("an attribute is written $.{name}; prefixes are defined at the top")))
            }
        }
    }

    /// A parameter in an expression: a literal, or for a list after `==` any of its values.
    fn parameter(&self, name: &str, out: &mut String) -> Result<(), Wrong> {
        let value = self.parameters.get(name).ok_or_else(|| {
            let near = nearest(name, self.parameter_names()).map(str::to_owned);
            Wrong::unknown(format!("unknown parameter `{name}`"), near)
                .or_hint("parameters are defined at the top of the file".to_owned())
        })?;
        if !value.is_list() {
            out.push_str(&literal(value));
            return Ok(());
        }
        let left = out.trim_end().strip_suffix("==").map(str::trim_end);
        let left =
            left.ok_or_else(|| format!("`{{{name}}}` is a list, and can only stand after =="))?.to_owned();
        let operand = left[operand_start(&left)..].to_owned();
        out.truncate(left.len() - operand.len());
        let any: Vec<_> =
            value.items().iter().map(|item| format!("{operand} == {}", literal(item))).collect();
        out.push_str(&if any.is_empty() { "(1 == 2)".to_owned() } else { format!("({})", any.join(" || ")) });
        Ok(())
    }

    pub(super) fn parameter_names(&self) -> impl Iterator<Item = &str> {
        self.parameters.keys().map(String::as_str)
    }
}

/// Where the operand begins that a text ends with: after the last blank, parenthesis or operator outside of brackets.
fn operand_start(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices().rev() {
        match c {
            ']' => depth += 1,
            '[' if depth == 0 => return at + 1,
            '[' => depth -= 1,
            '(' | '?' | '!' | '&' | '|' if depth == 0 => return at + 1,
            c if c.is_whitespace() && depth == 0 => return at + c.len_utf8(),
            _ => {}
        }
    }
    0
}

fn literal(value: &Value) -> String {
    match value.as_str() {
        Some(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        None => value.to_json(),
    }
}

fn entries<'n>(file: &'n Node, key: &str) -> &'n [(crate::yaml::Key, Node)] {
    file.get(key).map(Node::entries).unwrap_or_default()
}

fn parameter(
    key: &crate::yaml::Key,
    definition: &Node,
    given: Option<&Node>,
    with: Option<&Node>,
    mistakes: &mut Vec<Mistake>,
) -> Value {
    let Some(node) = given.or_else(|| definition.get("default")) else {
        if let Some(with) = with {
            let help = definition.text_at("help").map(|help| format!(": {help}")).unwrap_or_default();
            let message = format!("the mapping needs the parameter `{}`{help}", key.text);
            let hint = format!("with: {{ {}: … }}", key.text);
            mistakes.push(Mistake::new(with.span, message).hint(hint));
        }
        return Value::from(format!("<{}>", key.text));
    };
    let value = node.to_value();
    match definition.text_at("type").unwrap_or("text") {
        "list" if value.is_list() => value,
        "number" if value.as_number().is_some() => value,
        "truth" if value.as_bool().is_some() => value,
        "text" if value.scalar_text().is_some() => Value::from(value.scalar_text().unwrap_or_default()),
        kind => {
            let (what, hint) = match kind {
                "list" => ("a list", "such as [one, two]"),
                "number" => ("a number", "such as 7, without quotes"),
                "truth" => ("true or false", "without quotes"),
                _ => ("text", "one value; in quotes if it has brackets or a colon in it"),
            };
            let mistake = Mistake::new(node.span, format!("the parameter `{}` must be {what}", key.text));
            mistakes.push(mistake.hint(hint));
            Value::from(format!("<{}>", key.text))
        }
    }
}
