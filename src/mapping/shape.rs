//! What a mapping file may say, but for its profile.

use super::function::Function;
use super::made::Made;
use super::merge::Merge;
use super::table::Match;
use crate::yaml::{Field, Shape};

const RULE: Shape = Shape::Object(&[
    Field::optional(
        "move",
        Shape::List(&Shape::Text),
        "[A, B]: A on the identity provider's side is B on the vendor's",
    ),
    Field::optional("set", Shape::Text, "a path on the vendor's side that is derived"),
    Field::optional("drop", Shape::Text, "a path that is never sent to the vendor"),
    Field::optional("hide", Shape::Text, "a path that the identity provider never sees"),
    Field::optional("refuse", Shape::Text, "an expression; a request whose result satisfies it is refused"),
    Field::optional("use", Shape::Text, "the rules of another mapping, here"),
    Field::optional(
        "from",
        Shape::Any,
        "a path; a list of paths, of which the first that is not empty counts; or names for paths",
    ),
    Field::optional(
        "value",
        Shape::Any,
        "a value, in whose strings {it}, the names of `from` and parameters are filled in",
    ),
    Field::optional("via", Shape::OneOrMore(&Shape::Any), "functions, each a name or a mapping with one key"),
    Field::optional("else", Shape::Any, "the value when there is none otherwise"),
    Field::optional("when", Shape::Text, "an expression of RFC 9535; `else` applies when it is false"),
    Field::optional(
        "ops",
        Shape::OneOrMore(&Shape::Word(&["create", "replace", "patch"])),
        "only on these operations",
    ),
    Field::optional(
        "back",
        Shape::Word(&["invert", "echo", "hide", "vendor"]),
        "what the identity provider reads back",
    ),
    Field::optional("detail", Shape::Text, "with `refuse`: what the administrator is told"),
    Field::optional(
        "merge",
        Shape::Word(&Merge::NAMES),
        "what becomes of the elements that a list at the vendor has already",
    ),
]);

const RULES: Shape = Shape::List(&RULE);

const MATCH: Shape = Shape::Object(&[
    Field::required(
        "by",
        Shape::OneOrMore(&Shape::Text),
        "attributes on the identity provider's side; the first by which anything is found decides",
    ),
    Field::optional("on_many", Shape::Word(&["stop"]), "several: none is taken over (the default)"),
    Field::optional(
        "adopt",
        Shape::Word(&["keep-identifiers"]),
        "userName, addresses and externalId stay in the step that takes it over (the default)",
    ),
]);

const USERS: Shape = Shape::Object(&[
    Field::optional("pass", Shape::Word(&["rest", "none"]), "what happens to attributes that no rule names"),
    Field::optional("rules", RULES, "the rules, in their order"),
    Field::optional("match", MATCH, "how an account that the vendor has already is found, and taken over"),
]);

const GROUPS: Shape = Shape::Object(&[
    Field::optional("pass", Shape::Word(&["rest", "none"]), "what happens to attributes that no rule names"),
    Field::optional("rules", RULES, "the rules, in their order"),
    Field::optional(
        "nested",
        Shape::Word(&["keep", "flatten", "drop"]),
        "groups within groups: keep them, make them flat for the vendor, or tell it of a group's own users alone",
    ),
    Field::optional("match", MATCH, "how a group that the vendor has already is found, and taken over"),
]);

const PARAMETER: Shape = Shape::Object(&[
    Field::optional("default", Shape::Any, "the value when an integration gives none"),
    Field::optional("type", Shape::Word(&["text", "list", "number", "truth"]), "text unless said otherwise"),
    Field::optional("help", Shape::Text, "what it is"),
]);

const TABLE: Shape = Shape::Object(&[
    Field::optional(
        "match",
        Shape::Word(&Match::NAMES),
        "how keys are compared: exact unless said otherwise",
    ),
    Field::optional(
        "keys",
        Shape::List(&Shape::Text),
        "names of several keys, which count together (exact or ci)",
    ),
    Field::required(
        "rows",
        Shape::MapOrList(&Shape::Any, &Shape::List(&Shape::Any)),
        "what each key becomes; with `keys`, lists of the keys and then the value",
    ),
]);

const OPERATION: Shape = Shape::Object(&[
    Field::required("op", Shape::Word(&["add", "replace", "remove"]), "what is done"),
    Field::optional("path", Shape::Text, "to which attribute"),
    Field::optional("value", Shape::Any, "with which value"),
]);

const TEST: Shape = Shape::Object(&[
    Field::required("name", Shape::Text, "what it shows"),
    Field::optional("resource", Shape::Word(&["users", "groups"]), "users unless said otherwise"),
    Field::optional("with", Shape::Map(&Shape::Any), "parameters, for this test"),
    Field::optional("groups", Shape::List(&Shape::Text), "names of the groups that the user is in"),
    Field::optional("now", Shape::Text, "the time at which it happens, as in RFC 3339"),
    Field::optional("op", Shape::Word(&["create", "replace", "patch"]), "create unless said otherwise"),
    Field::optional("idp", Shape::Map(&Shape::Any), "a resource as the identity provider writes it"),
    Field::optional("filter", Shape::Text, "a filter as the identity provider writes it"),
    Field::optional(
        "patch",
        Shape::List(&OPERATION),
        "operations of a PATCH of the resource under `idp`, as the identity provider writes them",
    ),
    Field::optional(
        "vendor",
        Shape::Any,
        "what the vendor gets: a resource, a filter, or for a PATCH its operations ([] is nothing at all)",
    ),
    Field::optional("refused", Shape::Truth, "the resource must be refused"),
]);

/// The whole file. What stands under `profile` has its shape elsewhere.
pub const MAPPING: &[Field] = &[
    Field::required("format", Shape::Word(&["1"]), "the version of this language: 1"),
    Field::required("vendor", Shape::Text, "whose endpoint this is"),
    Field::optional("docs", Shape::List(&Shape::Text), "where the facts come from"),
    Field::optional(
        "assumed",
        Shape::List(&Shape::Text),
        "what no public document says, and this file assumes",
    ),
    Field::optional("prefixes", Shape::Map(&Shape::Text), "names for schema URNs: $name in a path"),
    Field::optional("parameters", Shape::Map(&PARAMETER), "what an integration gives under `with`"),
    Field::optional("profile", Shape::Any, "how the vendor differs from the RFCs"),
    Field::optional("tables", Shape::Map(&TABLE), "what values become, row by row"),
    Field::optional("users", USERS, "rules for users"),
    Field::optional("groups", GROUPS, "rules for groups"),
    Field::optional("tests", Shape::List(&TEST), "examples, run whenever the file is checked"),
];

/// The modifiers that make sense with a verb.
pub(super) fn modifiers(verb: &str) -> &'static [&'static str] {
    match verb {
        "move" => &["via", "else", "when", "ops", "back", "merge"],
        "set" => &["from", "value", "via", "else", "when", "ops", "back", "merge"],
        "drop" => &["back"],
        "refuse" => &["detail"],
        _ => &[],
    }
}

/// Names of functions.
pub(super) fn function_names() -> impl Iterator<Item = &'static str> {
    Function::NAMES.into_iter().chain(Made::NAMES)
}
