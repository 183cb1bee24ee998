//! What may stand under `attrs`, and what single attributes are.

use crate::yaml::{Field, Shape};

const ENUM: Shape = Shape::Object(&[
    Field::required("values", Shape::List(&Shape::Text), "the values that the vendor knows"),
    Field::optional("default", Shape::Any, "sent in place of any other; without one, another is refused"),
    Field::optional("case", Shape::Word(&["exact", "ci"]), "ci: another case is corrected (the default)"),
    Field::optional("map", Shape::Map(&Shape::Text), "what other values become"),
]);

const MAX_LEN: Shape = Shape::Object(&[
    Field::required("n", Shape::Count, "how many characters"),
    Field::optional(
        "over",
        Shape::Word(&["reject", "truncate"]),
        "a longer one is refused (the default), or cut, and remembered whole",
    ),
]);

const MAX_VALUES: Shape = Shape::Object(&[
    Field::required("n", Shape::Count, "how many values"),
    Field::optional(
        "keep",
        Shape::Word(&["primary", "first", "type"]),
        "which: the primary one and then the first ones (the default), just the first ones, or so many of each type",
    ),
]);

pub(super) const ATTRS: Shape = Shape::Object(&[
    Field::optional(
        "allow",
        Shape::List(&Shape::Text),
        "all that the vendor accepts; the rest is remembered, not sent",
    ),
    Field::optional(
        "deny",
        Shape::List(&Shape::Text),
        "what the vendor does not accept; remembered, not sent",
    ),
    Field::optional(
        "required",
        Shape::List(&Shape::Text),
        "what a creation needs; refused before the vendor is asked",
    ),
    Field::optional("enum", Shape::Map(&ENUM), "closed sets of values"),
    Field::optional(
        "default",
        Shape::Map(&Shape::Any),
        "what a creation sends when the identity provider does not",
    ),
    Field::optional(
        "max_len",
        Shape::Map(&Shape::Short(&Shape::Count, &MAX_LEN)),
        "how many characters a text may have; refused before the vendor is asked",
    ),
    Field::optional(
        "max_values",
        Shape::Map(&Shape::Short(&Shape::Count, &MAX_VALUES)),
        "how many values a list may have; the others are remembered, not sent",
    ),
    Field::optional(
        "create_only",
        Shape::List(&Shape::Text),
        "what only a creation can set; a change is remembered, not sent",
    ),
    Field::optional("immutable", Shape::List(&Shape::Text), "what can never be changed; a change is refused"),
    Field::optional(
        "rename",
        Shape::List(&Shape::Object(&[
            Field::required("scim", Shape::Text, "the attribute, such as name.givenName"),
            Field::required("vendor", Shape::Text, "what the vendor calls it, such as first_name"),
        ])),
        "attributes of another name in bodies, paths, filters and answers; those of other schemas are moved by rules",
    ),
    Field::optional(
        "transform",
        Shape::List(&Shape::Object(&[
            Field::required("path", Shape::Text, "the attribute"),
            Field::required("fn", Shape::OneOrMore(&Shape::Any), "the function, or several, as under `via`"),
        ])),
        "what the vendor makes of values by itself; it is asked by that, and what was written is read",
    ),
    Field::optional(
        "element_defaults",
        Shape::Map(&Shape::Map(&Shape::Any)),
        "sub-attributes that the vendor needs in every element of a list, or gives it: { emails: { type: work } }",
    ),
    Field::optional(
        "clearable",
        Shape::List(&Shape::Text),
        "all that can be emptied; of the rest is remembered that it is gone",
    ),
    Field::optional(
        "unknown",
        Shape::Word(&["ignored", "rejected", "silently_lost"]),
        "what it does with attributes that no schema has; unless ignored, they are remembered, not sent",
    ),
]);

pub(super) const USERNAME: Shape = Shape::Object(&[
    Field::optional("equals_email", Shape::Truth, "it is the primary e-mail address, or the first one"),
    Field::optional("max_len", Shape::Count, "how many characters it may have"),
    Field::optional("charset", Shape::Text, "the characters that it may have, such as a-z0-9._-"),
    Field::optional("lower", Shape::Truth, "it has no capitals"),
]);

pub(super) const EXTERNAL_ID: [Field; 4] = [
    Field::optional("stored", Shape::Truth, "whether the vendor has one; if not, the bridge keeps it"),
    Field::optional("returned", Shape::Truth, "whether it is shown; if not, the bridge remembers it"),
    Field::optional("required", Shape::Truth, "whether a creation needs one"),
    Field::optional(
        "mutable",
        Shape::Truth,
        "whether it can be changed; if not, a change is remembered, not sent",
    ),
];

pub(super) const EXTERNAL_ID_OF_USERS: Shape = Shape::Object(&[
    EXTERNAL_ID[0],
    EXTERNAL_ID[1],
    EXTERNAL_ID[2],
    EXTERNAL_ID[3],
    Field::optional("groups", Shape::Truth, "whether groups have one, too"),
]);

const MANAGERS: Shape = Shape::Word(&["id", "email", "username", "none"]);

pub(super) const MANAGER: Shape = Shape::Short(
    &MANAGERS,
    &Shape::Object(&[
        Field::optional(
            "kind",
            MANAGERS,
            "by what he is named, if it is said: he is looked up, and named once he is there",
        ),
        Field::optional("key", Shape::Text, "the member that has it; value unless said otherwise"),
    ]),
);

const ROLE_FORMS: Shape = Shape::Word(&["string", "object", "array"]);

pub(super) const ROLES: Shape = Shape::Short(
    &ROLE_FORMS,
    &Shape::Object(&[
        Field::optional(
            "form",
            ROLE_FORMS,
            "one text, one object, or a list of texts; else a list of objects",
        ),
        Field::optional("max", Shape::Count, "how many there may be; the others are remembered, not sent"),
    ]),
);
