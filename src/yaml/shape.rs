//! What a document may say, as a table; and every place where a document says something else.

use super::{Kind, Mistake, Node, nearest, scalar};

/// What may stand at a place.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Any text: numbers and truth values are text, too.
    Text,
    /// `true` or `false`.
    Truth,
    /// A whole number from 1.
    Count,
    /// A whole number, zero included.
    Amount,
    /// `90s`, `30d`.
    Duration,
    /// `10/s`, `600/m`.
    Rate,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of the first words. The others are known but not built, and whoever writes one is told.
    WordOrLater(&'static [&'static str], &'static [&'static str]),
    /// Anything.
    Any,
    /// A sequence of these.
    List(&'static Shape),
    /// A sequence of these, or one alone.
    OneOrMore(&'static Shape),
    /// A mapping with these keys.
    Object(&'static [Field]),
    /// A mapping with exactly one of these keys.
    Choice(&'static [Field]),
    /// The same, naming where a secret is. One that is written out in its place is not shown again.
    Secret(&'static [Field]),
    /// A mapping whose keys the writer chooses.
    Map(&'static Shape),
    /// A mapping whose keys the writer chooses, with these values; or a sequence of those.
    MapOrList(&'static Shape, &'static Shape),
    /// The first for a scalar, the second otherwise.
    Short(&'static Shape, &'static Shape),
}

/// One key of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub name: &'static str,
    /// What stands there.
    pub shape: Shape,
    /// Whether it must be there.
    pub need: Need,
    /// One sentence, for the reader of the JSON Schema and of hints.
    pub help: &'static str,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It may be left out.
    Optional,
    /// It must be there.
    Required,
    /// It is known but not built: whoever writes it is told, and nobody believes that it works.
    Later,
}

impl Field {
    /// A key that may be left out.
    pub const fn optional(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self { name, shape, need: Need::Optional, help }
    }

    /// A key that must be there.
    pub const fn required(name: &'static str, shape: Shape, help: &'static str) -> Self {
        Self { name, shape, need: Need::Required, help }
    }

    /// A key that is not supported yet.
    pub const fn later(name: &'static str, help: &'static str) -> Self {
        Self { name, shape: Shape::Any, need: Need::Later, help }
    }
}

impl Shape {
    /// Adds every mistake in the node to the list.
    pub fn check(&self, node: &Node, mistakes: &mut Vec<Mistake>) {
        match self {
            Self::Any => {}
            Self::Text if matches!(node.kind, Kind::Scalar { .. }) && !node.is_null() => {}
            Self::Truth if node.truth().is_some() => {}
            Self::Count if node.whole().is_some_and(|number| number > 0) => {}
            Self::Amount if node.whole().is_some() => {}
            Self::Duration if node.text().and_then(scalar::duration).is_some() => {}
            Self::Rate if node.text().and_then(scalar::rate).is_some() => {}
            Self::WordOrLater(_, later) if node.text().is_some_and(|text| later.contains(&text)) => {
                let message = format!("`{}` is not supported yet", node.text().unwrap_or_default());
                mistakes.push(Mistake::new(node.span, message).hint(format!("for now, {}", self.wants())));
            }
            Self::Word(words) | Self::WordOrLater(words, _)
                if node.text().is_some_and(|text| words.contains(&text)) => {}
            Self::Word(words) | Self::WordOrLater(words, _) => {
                let given = node.text().unwrap_or_default();
                let mistake = Mistake::new(node.span, format!("expected {}", self.wants()));
                let near = nearest(given, words.iter().copied()).filter(|_| words.len() > 1);
                mistakes.push(match near {
                    Some(word) => mistake.hint(format!("did you mean `{word}`?")),
                    None => mistake,
                });
            }
            Self::List(item) if matches!(node.kind, Kind::List(_)) => {
                node.items().iter().for_each(|node| item.check(node, mistakes));
            }
            Self::OneOrMore(item) => node.each().iter().for_each(|node| item.check(node, mistakes)),
            Self::Map(value) if matches!(node.kind, Kind::Map(_)) => {
                node.entries().iter().for_each(|(_, node)| value.check(node, mistakes));
            }
            Self::Object(fields) => check_object(node, fields, mistakes),
            Self::Secret(_) if matches!(node.kind, Kind::Scalar { .. }) && !node.is_null() => {
                let mistake = Mistake::new(node.span, format!("expected {}", self.wants()));
                let hint = "a secret does not stand in the file itself: say where it is";
                mistakes.push(mistake.hint(hint).hidden());
            }
            Self::Choice(fields) | Self::Secret(fields) if matches!(node.kind, Kind::Map(_)) => {
                keys(node, fields, mistakes);
                if node.entries().len() != 1 {
                    mistakes.push(Mistake::new(node.span, format!("expected {}", self.wants())));
                }
            }
            Self::MapOrList(value, item) => {
                let list = matches!(node.kind, Kind::List(_));
                let shape = if list { Self::List(item) } else { Self::Map(value) };
                shape.check(node, mistakes);
            }
            Self::Short(short, long) => {
                let shape = if matches!(node.kind, Kind::Scalar { .. }) { short } else { long };
                shape.check(node, mistakes);
            }
            _ => mistakes.push(Mistake::new(node.span, format!("expected {}", self.wants()))),
        }
    }

    /// What stands there, in words.
    fn wants(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Truth => "true or false".to_owned(),
            Self::Count => "a whole number from 1".to_owned(),
            Self::Amount => "a whole number".to_owned(),
            Self::Duration => "a duration such as 90s, 15m or 30d".to_owned(),
            Self::Rate => "a rate such as 10/s or 600/m".to_owned(),
            Self::Word([only]) | Self::WordOrLater([only], _) => format!("`{only}`"),
            Self::Word(words) | Self::WordOrLater(words, _) => format!("one of {}", words.join(", ")),
            Self::Any => "a value".to_owned(),
            Self::List(_) | Self::OneOrMore(_) => "a list".to_owned(),
            Self::Map(_) => "a mapping".to_owned(),
            Self::MapOrList(..) => "a mapping or a list".to_owned(),
            Self::Object(fields) => format!("a mapping with {}", names(fields)),
            Self::Choice(fields) | Self::Secret(fields) => format!("exactly one of {}", names(fields)),
            Self::Short(short, long) => format!("{}, or {}", short.wants(), long.wants()),
        }
    }
}

/// Adds every mistake in a mapping with these keys to the list.
pub fn check_object(node: &Node, fields: &[Field], mistakes: &mut Vec<Mistake>) {
    if !matches!(node.kind, Kind::Map(_)) {
        mistakes.push(Mistake::new(node.span, format!("expected a mapping with {}", names(fields))));
        return;
    }
    keys(node, fields, mistakes);
    for field in fields.iter().filter(|field| field.need == Need::Required) {
        if node.get(field.name).is_none() {
            let mistake = Mistake::new(node.span, format!("`{}` is missing", field.name));
            mistakes.push(mistake.hint(format!("{}: {}", field.name, field.help)));
        }
    }
}

fn names(fields: &[Field]) -> String {
    let names: Vec<_> =
        fields.iter().filter(|field| field.need != Need::Later).map(|field| field.name).collect();
    names.join(", ")
}

fn keys(node: &Node, fields: &[Field], mistakes: &mut Vec<Mistake>) {
    for (key, value) in node.entries() {
        match fields.iter().find(|field| field.name == key.text) {
            Some(Field { need: Need::Later, help, .. }) => {
                let mistake = Mistake::new(key.span, format!("`{}` is not supported yet", key.text));
                mistakes.push(mistake.hint(format!("{help}; leave it out for now")));
            }
            Some(field) => {
                let before = mistakes.len();
                field.shape.check(value, mistakes);
                // Whoever wrote the wrong thing is told what the right one is for.
                for mistake in mistakes[before..].iter_mut().filter(|mistake| mistake.hint.is_none()) {
                    mistake.hint = Some(format!("{}: {}", field.name, field.help));
                }
            }
            None => {
                let mistake = Mistake::new(key.span, format!("unknown key `{}`", key.text));
                mistakes.push(match nearest(&key.text, fields.iter().map(|field| field.name)) {
                    Some(name) => mistake.hint(format!("did you mean `{name}`?")),
                    None => mistake.hint(format!("known keys: {}", names(fields))),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    const SHAPE: Shape = Shape::Object(&[
        Field::required("listen", Shape::Text, "where to listen"),
        Field::optional("rate", Shape::Rate, "how many"),
        Field::optional("level", Shape::Word(&["info", "debug"]), "how much"),
        Field::optional("on", Shape::Truth, "whether"),
        Field::later("store", "durable memory"),
        Field::optional(
            "auth",
            Shape::List(&Shape::Choice(&[
                Field::optional("env", Shape::Text, "from the environment"),
                Field::optional("file", Shape::Text, "from a file"),
            ])),
            "tokens",
        ),
    ]);

    #[test]
    fn every_mistake_is_found_at_its_place() {
        let text = "rat: 10/s\nrate: fast\nlevel: inof\non: yes\nstore: x\nauth:\n  - {}\n  - { env: A, file: B }\n  - x\n";
        let mut mistakes = Vec::new();
        SHAPE.check(&parse(0, text).unwrap(), &mut mistakes);
        let shown: Vec<_> = mistakes
            .iter()
            .map(|m| format!("{}: {} ({})", m.span.line, m.message, m.hint.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            shown,
            [
                "1: unknown key `rat` (did you mean `rate`?)",
                "2: expected a rate such as 10/s or 600/m (rate: how many)",
                "3: expected one of info, debug (did you mean `info`?)",
                "4: expected true or false (on: whether)",
                "5: `store` is not supported yet (durable memory; leave it out for now)",
                "7: expected exactly one of env, file (auth: tokens)",
                "8: expected exactly one of env, file (auth: tokens)",
                "9: expected exactly one of env, file (auth: tokens)",
                "1: `listen` is missing (listen: where to listen)",
            ]
        );
    }
}
