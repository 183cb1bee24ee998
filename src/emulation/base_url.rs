//! `base_url` and `vars`: a vendor's address with places for a region, a tenant or a directory, filled in by the integration
//! (`with:`) and checked before anything is sent there.
//!
//! Needed by nearly everybody who has regions or tenants: AWS, KnowBe4, GitHub, Atlassian, GitLab, Databricks and others.

use regex::Regex;

use super::profile::Reader;
use crate::yaml::{Mistake, Node, Span};

/// What stands for a value when the file does not say: no sign that could end a host or a segment.
const PLAIN: &str = "[A-Za-z0-9._-]+";

/// An address with places in it.
#[derive(Clone, Debug)]
pub struct BaseUrl {
    template: String,
    vars: Vec<Var>,
}

/// A place.
#[derive(Clone, Debug)]
struct Var {
    name: String,
    /// All values that it can have; `None`: those of the pattern.
    one_of: Option<Vec<String>>,
    pattern: Option<Regex>,
    default: Option<String>,
}

impl BaseUrl {
    pub(super) fn read(profile: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let mut vars = Vec::new();
        for (key, node) in profile.get("vars").map(Node::entries).unwrap_or_default() {
            let pattern = node.get("pattern");
            let text = pattern.and_then(Node::text).unwrap_or(PLAIN);
            let compiled = Regex::new(&format!("^(?:{text})$"));
            if compiled.is_err() {
                let span = pattern.map_or(key.span, |node| node.span);
                let mistake = Mistake::new(span, "the regular expression cannot be compiled");
                reader.mistakes.push(mistake.hint("such as '[a-z0-9-]+'; it is about the whole value"));
            }
            let words = node.get("enum").map(|list| {
                list.items().iter().filter_map(Node::text).map(str::to_owned).collect::<Vec<_>>()
            });
            vars.push(Var {
                name: key.text.clone(),
                one_of: words,
                pattern: compiled.ok(),
                default: node.text_at("default").map(str::to_owned),
            });
        }
        let node = profile.get("base_url")?;
        let template = node.text()?.to_owned();
        for place in places(&template) {
            if !vars.iter().any(|var| var.name == place) {
                let names = vars.iter().map(|var| var.name.as_str());
                let mistake = Mistake::new(node.span, format!("`{{{place}}}` is none of `vars`"));
                reader.mistakes.push(match crate::yaml::nearest(place, names) {
                    Some(near) => mistake.hint(format!("did you mean `{{{near}}}`?")),
                    None => mistake.hint(format!("vars: {{ {place}: {{ pattern: '[a-z0-9-]+' }} }}")),
                });
            }
        }
        Some(Self { template, vars })
    }

    /// The names that an integration may give values.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.vars.iter().map(|var| var.name.as_str())
    }

    /// The address, with the values of an integration. `at`: where they should be.
    ///
    /// # Errors
    /// Every value that is missing or cannot be one.
    pub fn render(&self, with: Option<&Node>, at: Span) -> Result<String, Vec<Mistake>> {
        let (mut out, mut mistakes) = (self.template.clone(), Vec::new());
        for var in self.vars.iter().filter(|var| places(&self.template).any(|place| place == var.name)) {
            let given = with.and_then(|with| with.get(&var.name));
            let Some(text) = given.and_then(Node::text).or(var.default.as_deref()) else {
                let mistake = Mistake::new(at, format!("the vendor's address needs `{}`", var.name));
                mistakes.push(mistake.hint(format!("with: {{ {}: {} }}", var.name, var.example())));
                continue;
            };
            if !var.takes(text) {
                let span = given.map_or(at, |node| node.span);
                let mistake = Mistake::new(span, format!("`{text}` cannot be the vendor's `{}`", var.name));
                mistakes.push(mistake.hint(var.example()));
            }
            out = out.replace(&format!("{{{}}}", var.name), text);
        }
        if mistakes.is_empty() { Ok(out) } else { Err(mistakes) }
    }
}

impl Var {
    fn takes(&self, text: &str) -> bool {
        match &self.one_of {
            Some(words) => words.iter().any(|word| word == text),
            None => self.pattern.as_ref().is_some_and(|pattern| pattern.is_match(text)),
        }
    }

    /// What it can be, for people.
    fn example(&self) -> String {
        match (&self.one_of, &self.pattern) {
            (Some(words), _) => format!("one of {}", words.join(", ")),
            (None, Some(pattern)) => {
                let text = pattern.as_str();
                format!(
                    "text of the form {}",
                    text.strip_prefix("^(?:").and_then(|text| text.strip_suffix(")$")).unwrap_or(text)
                )
            }
            (None, None) => "a text".to_owned(),
        }
    }
}

/// The names in braces.
fn places(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}').map(|(name, _)| name))
}
