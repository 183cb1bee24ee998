//! Values with holes: `"{it}"`, `"{first}.{last}@acme.example"`, objects and lists of them.

use crate::scim::json::Value;

/// A value of any shape whose strings may hold names in braces. `{{` is a brace.
#[derive(Clone, Debug)]
pub enum Template {
    /// No holes.
    Literal(Value),
    /// A string that is one hole: it takes the value as it is, of whatever type.
    Hole(String),
    /// A string with holes.
    Text(Vec<Part>),
    /// A list with holes somewhere.
    List(Vec<Template>),
    /// An object with holes somewhere.
    Object(Vec<(String, Template)>),
}

/// A piece of a string.
#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    /// Itself.
    Text(String),
    /// The value of that name.
    Hole(String),
}

impl Template {
    /// Compiles a value.
    ///
    /// # Errors
    /// When a brace is not closed.
    pub fn compile(value: &Value) -> Result<Self, String> {
        if let Some(text) = value.as_str() {
            let parts = parts(text)?;
            return Ok(match parts.as_slice() {
                [] => Self::Literal(value.clone()),
                [Part::Text(text)] => Self::Literal(Value::from(text.as_str())),
                [Part::Hole(name)] => Self::Hole(name.clone()),
                _ => Self::Text(parts),
            });
        }
        let whole = |templates: &[&Template]| templates.iter().all(|part| matches!(part, Self::Literal(_)));
        if value.is_list() {
            let items = value.items().iter().map(Self::compile).collect::<Result<Vec<_>, _>>()?;
            let literal = whole(&items.iter().collect::<Vec<_>>());
            return Ok(if literal { Self::Literal(value.clone()) } else { Self::List(items) });
        }
        if value.is_object() {
            let members = value.members().map(|(name, value)| Ok((name.to_owned(), Self::compile(value)?)));
            let members = members.collect::<Result<Vec<_>, String>>()?;
            let literal = whole(&members.iter().map(|(_, part)| part).collect::<Vec<_>>());
            return Ok(if literal { Self::Literal(value.clone()) } else { Self::Object(members) });
        }
        Ok(Self::Literal(value.clone()))
    }

    /// The names of its holes.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Hole(name) => vec![name],
            Self::Text(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Hole(name) => Some(name.as_str()),
                    Part::Text(_) => None,
                })
                .collect(),
            Self::List(items) => items.iter().flat_map(Self::names).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, part)| part.names()).collect(),
        }
    }

    /// Fills the holes that `known` has a value for, once and for all: parameters are known when a file is loaded. What
    /// a value holds is never a template itself.
    #[must_use]
    pub fn bind(self, known: &impl Fn(&str) -> Option<Value>) -> Self {
        match self {
            Self::Hole(name) => known(&name).map_or(Self::Hole(name), Self::Literal),
            Self::Text(parts) => {
                let parts = parts.into_iter().map(|part| match part {
                    Part::Hole(name) => {
                        match known(&name).and_then(|value| value.scalar_text().map(str::to_owned)) {
                            Some(text) => Part::Text(text),
                            None => Part::Hole(name),
                        }
                    }
                    text @ Part::Text(_) => text,
                });
                let parts: Vec<_> = parts.collect();
                if parts.iter().any(|part| matches!(part, Part::Hole(_))) {
                    return Self::Text(parts);
                }
                let text: String =
                    parts.iter().map(|part| if let Part::Text(text) = part { text } else { "" }).collect();
                Self::Literal(Value::from(text))
            }
            Self::List(items) => Self::List(items.into_iter().map(|item| item.bind(known)).collect()),
            Self::Object(members) => {
                Self::Object(members.into_iter().map(|(name, part)| (name, part.bind(known))).collect())
            }
            literal @ Self::Literal(_) => literal,
        }
    }

    /// The value, its holes filled. `None` when one of a string's is empty: half a name is no name. A list or object
    /// leaves such a part out.
    pub fn fill(&self, value_of: &impl Fn(&str) -> Option<Value>) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value.clone()),
            Self::Hole(name) => value_of(name).filter(|value| !value.is_empty()),
            Self::Text(parts) => {
                let mut out = String::new();
                for part in parts {
                    match part {
                        Part::Text(text) => out.push_str(text),
                        Part::Hole(name) => {
                            let value = value_of(name).filter(|value| !value.is_empty())?;
                            out.push_str(value.scalar_text()?);
                        }
                    }
                }
                Some(Value::from(out))
            }
            Self::List(items) => Some(items.iter().filter_map(|item| item.fill(value_of)).collect()),
            Self::Object(members) => {
                let filled =
                    members.iter().filter_map(|(name, part)| Some((name.as_str(), part.fill(value_of)?)));
                Some(filled.collect())
            }
        }
    }
}

fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        if rest[at + 1..].starts_with(brace) {
            plain.push_str(brace);
            rest = &rest[at + 2..];
            continue;
        }
        let end = rest[at..].find('}').filter(|_| brace == "{");
        let end = end.ok_or_else(|| "a brace stands alone: write {name}, or {{ for a brace".to_owned())?;
        let name = rest[at + 1..at + end].trim();
        if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-') {
            return Err(format!("`{{{name}}}` is no name: write {{name}}, or {{{{ for a brace"));
        }
        if !plain.is_empty() {
            out.push(Part::Text(std::mem::take(&mut plain)));
        }
        out.push(Part::Hole(name.to_owned()));
        rest = &rest[at + end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        out.push(Part::Text(plain));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    fn fill(json: &str) -> Option<String> {
        let template = Template::compile(&Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()).unwrap();
        let template = template.bind(&|name: &str| (name == "org").then(|| Value::from("{it}17")));
        let value_of = |name: &str| match name {
            "it" => Some(Value::from("Bo")),
            "n" => Some(Value::from(5_i64)),
            "none" => Some(Value::from("")),
            _ => None,
        };
        template.fill(&value_of).map(|value| value.to_json())
    }

    #[test]
    fn holes_are_filled() {
        for (template, expected) in [
            (r#""plain""#, Some(r#""plain""#)),
            (r#""{it}""#, Some(r#""Bo""#)),
            (r#""{n}""#, Some("5")),
            (r#""{it}-{n}""#, Some(r#""Bo-5""#)),
            (r#""{{it}}""#, Some(r#""{it}""#)),
            (r#""{org}""#, Some(r#""{it}17""#)), // a parameter's value is no template
            (r#""{it}{none}""#, None),
            (r#""{unknown}""#, None),
            (r#"{"a":"{it}","b":["{none}",true],"c":"{none}"}"#, Some(r#"{"a":"Bo","b":[true]}"#)),
            ("7", Some("7")),
        ] {
            assert_eq!(fill(template).as_deref(), expected, "{template}");
        }
        for bad in ["{", "}", "a{b", "{a b}", "{}"] {
            assert!(Template::compile(&Value::from(bad)).is_err(), "{bad}");
        }
    }
}
