//! Accounts that cannot be changed, and roles that cannot be given: refused before the vendor is asked.

use crate::scim::json::Value;
use crate::yaml::Node;

/// What is protected.
#[derive(Clone, Debug, Default)]
pub struct Protected(Vec<Subject>);

/// An account, or all that have a role.
#[derive(Clone, Debug)]
struct Subject {
    what: What,
    value: String,
    deeds: Vec<Deed>,
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Role,
    Id,
    Email,
    UserName,
}

/// What is done to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// It is given a role.
    Assign,
    /// It is changed.
    Update,
    /// It loses access.
    Deactivate,
    /// It is deleted.
    Delete,
}

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was to be done.
    pub deed: Deed,
    /// For the identity provider.
    pub why: String,
}

impl Deed {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Assign, "assign"),
        (Self::Update, "update"),
        (Self::Deactivate, "deactivate"),
        (Self::Delete, "delete"),
    ];
}

impl Protected {
    pub(super) fn read(node: Option<&Node>) -> Self {
        let subject = |node: &Node| {
            let named = |key: &str, what| Some((what, node.text_at(key)?.to_owned()));
            let (what, value) = named("role", What::Role)
                .or_else(|| named("id", What::Id))
                .or_else(|| named("email", What::Email))
                .or_else(|| named("userName", What::UserName))?;
            let words: Option<Vec<&str>> =
                node.get("ops").map(|ops| ops.items().iter().filter_map(Node::text).collect());
            let is_meant = |word: &str| words.as_ref().is_none_or(|words| words.contains(&word));
            let deeds = Deed::ALL.into_iter().filter(|(_, word)| is_meant(word)).map(|(deed, _)| deed);
            Some(Subject {
                what,
                value,
                deeds: deeds.collect(),
                reason: node.text_at("reason").map(str::to_owned),
            })
        };
        Self(node.map(Node::items).unwrap_or_default().iter().filter_map(subject).collect())
    }

    /// Whether nothing is protected.
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// Why an account may not become what it shall be; `None`: it may. `before`: what there is; `after`: what there shall
    /// be, `None` for nothing.
    pub fn refuses(&self, before: Option<&Value>, after: Option<&Value>) -> Option<Refusal> {
        let is_on = |user: &Value| user.get("active").and_then(Value::as_bool) != Some(false);
        let deed = match (before, after) {
            (_, None) => Deed::Delete,
            (Some(before), Some(after)) if is_on(before) && !is_on(after) => Deed::Deactivate,
            (Some(_), Some(_)) => Deed::Update,
            (None, Some(_)) => Deed::Assign,
        };
        self.0.iter().find_map(|subject| {
            let is = |user: Option<&Value>| user.is_some_and(|user| subject.is(user));
            if subject.what == What::Role && !is(before) && is(after) {
                return subject.refusal(Deed::Assign);
            }
            if is(before) { subject.refusal(deed) } else { None }
        })
    }
}

impl Subject {
    fn is(&self, user: &Value) -> bool {
        let same =
            |text: Option<&str>| text.is_some_and(|text| text.to_lowercase() == self.value.to_lowercase());
        let any = |list: &str| {
            let items = user.get(list).map(Value::each).unwrap_or_default();
            items.iter().any(|item| same(item.as_str().or_else(|| item.text_at("value"))))
        };
        match self.what {
            What::Role => any("roles"),
            What::Id => user.get("id").and_then(Value::scalar_text) == Some(&self.value),
            What::Email => any("emails"),
            What::UserName => same(user.text_at("userName")),
        }
    }

    fn refusal(&self, deed: Deed) -> Option<Refusal> {
        if !self.deeds.contains(&deed) {
            return None;
        }
        let what = match deed {
            Deed::Assign => "a role that the vendor protects cannot be given",
            Deed::Update => "the vendor protects this account: it cannot be changed",
            Deed::Deactivate => "the vendor protects this account: it cannot be deactivated",
            Deed::Delete => "the vendor protects this account: it cannot be deleted",
        };
        let why = self.reason.as_ref().map_or(what.to_owned(), |reason| format!("{what} ({reason})"));
        Some(Refusal { deed, why })
    }
}
