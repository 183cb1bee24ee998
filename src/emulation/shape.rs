//! The vocabulary of a profile. What is not built is refused by name, so that no file promises what the bridge does not
//! do.

use crate::yaml::{Field, Shape};

const ATTRIBUTE: Shape = Shape::Short(
    &Shape::Text,
    &Shape::Object(&[
        Field::required("name", Shape::Text, "its name"),
        Field::optional(
            "type",
            Shape::Word(&["string", "boolean", "integer", "decimal", "dateTime", "reference"]),
            "string unless said otherwise",
        ),
        Field::optional("multi", Shape::Truth, "whether it holds a list"),
        Field::optional("case_exact", Shape::Truth, "whether values that differ in case differ"),
        Field::optional("description", Shape::Text, "one sentence"),
    ]),
);

const EXTENSION: Shape = Shape::Object(&[
    Field::required("urn", Shape::Text, "the schema's URN, or a prefix as $name"),
    Field::optional("resource", Shape::Word(&["User", "Group"]), "User unless said otherwise"),
    Field::optional("name", Shape::Text, "a short name"),
    Field::optional("attrs", Shape::List(&ATTRIBUTE), "its attributes"),
]);

const FILTER: Shape = Shape::Object(&[
    Field::optional(
        "attrs",
        Shape::List(&Shape::Text),
        "attributes that the vendor filters by; all unless said otherwise",
    ),
    Field::optional(
        "ops",
        Shape::List(&Shape::Word(&["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le", "pr"])),
        "operators that it knows; all unless said otherwise",
    ),
    Field::optional("and", Shape::Truth, "whether it knows `and`"),
    Field::optional("or", Shape::Truth, "whether it knows `or`"),
    Field::optional("not", Shape::Truth, "whether it knows `not`"),
    Field::optional("element", Shape::Truth, "whether it knows attr[filter]"),
    Field::optional(
        "max_nodes",
        Shape::Count,
        "how many comparisons and operators a filter may have; a longer one is asked in part, or not at all",
    ),
    Field::optional(
        "unsupported",
        Shape::Word(&["error_400", "silent_empty", "silent_all"]),
        "what it does with another filter; the bridge never sends one",
    ),
]);

const ENUM: Shape = Shape::Object(&[
    Field::required("values", Shape::List(&Shape::Text), "the values that the vendor knows"),
    Field::optional("default", Shape::Any, "sent in place of any other; without one, another is refused"),
    Field::optional("case", Shape::Word(&["exact", "ci"]), "ci: another case is corrected (the default)"),
    Field::later("map", "what other values become; use a table in a rule"),
]);

const MAX_LEN: Shape = Shape::Object(&[
    Field::required("n", Shape::Count, "how many characters"),
    Field::optional(
        "over",
        Shape::WordOrLater(&["reject"], &["truncate"]),
        "a longer one is refused; a rule with `fit` cuts it",
    ),
]);

const MAX_VALUES: Shape = Shape::Object(&[
    Field::required("n", Shape::Count, "how many values"),
    Field::optional(
        "keep",
        Shape::WordOrLater(&["primary", "first"], &["type"]),
        "which: the primary one and then the first ones (the default), or just the first ones",
    ),
]);

const ATTRS: Shape = Shape::Object(&[
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
    Field::later("rename", "other names; use `move` rules"),
    Field::later("transform", "what the vendor makes of values by itself"),
    Field::later("element_defaults", "sub-attributes that the vendor needs"),
    Field::later("clearable", "what can be emptied"),
    Field::later("unknown", "what the vendor does with unknown attributes"),
]);

const DEACTIVATE: Shape = Shape::Object(&[
    Field::optional("via", Shape::WordOrLater(&["patch"], &["put", "delete", "native"]), "by active:false"),
    Field::optional(
        "effect",
        Shape::WordOrLater(&["flag", "archive", "revoke", "remove", "obfuscate"], &["none"]),
        "what becomes of the account; obfuscate: its userName and emails are garbled until it is active again",
    ),
    Field::optional(
        "keeps_record",
        Shape::WordOrLater(&["true"], &["false"]),
        "whether the account can still be read, by the same id",
    ),
    Field::later("loses_memberships", "whether groups have to be given back with access"),
]);

const PATCHES: Shape = Shape::Word(&["full", "active_only", "none"]);

const PATCH: Shape = Shape::Short(
    &PATCHES,
    &Shape::Object(&[
        Field::optional("kind", PATCHES, "what PATCH does; full unless said otherwise"),
        Field::optional(
            "listed",
            Shape::List(&Shape::Text),
            "the attributes that PATCH changes; others need a PUT",
        ),
        Field::optional("max_ops", Shape::Count, "how many operations a request may hold"),
        Field::optional(
            "pathless",
            Shape::WordOrLater(&["ok", "single_attr", "never"], &["required_for_members"]),
            "whether operations without a path are taken; the bridge sends none",
        ),
        Field::optional(
            "one_op_per_attr",
            Shape::List(&Shape::Text),
            "attributes that one operation of a request may name, and no second",
        ),
        Field::optional(
            "remove_forbidden",
            Shape::List(&Shape::Text),
            "attributes that `remove` must not name",
        ),
        Field::later("op_form", "how operations are written"),
    ]),
);

const MEMBERS: Shape = Shape::Object(&[
    Field::optional(
        "returned",
        Shape::WordOrLater(&["always", "never"], &["flag", "capped"]),
        "whether a group is shown with its members",
    ),
    Field::optional(
        "query",
        Shape::Text,
        "the attribute of Users by which the members of a group are found, such as groups.value",
    ),
    Field::optional(
        "replace",
        Shape::Word(&["ok", "forbidden", "additive"]),
        "what `replace` of all members does; forbidden and additive are hidden by single changes",
    ),
    Field::optional("remove_all", Shape::Truth, "whether `remove` of all members without a filter is taken"),
    Field::optional(
        "remove_form",
        Shape::WordOrLater(&["filter_path", "filter_path_unquoted", "value_array"], &["v1_operation", "all"]),
        "how a member is taken out",
    ),
    Field::optional("per_patch", Shape::Count, "how many members a PATCH may change"),
    Field::optional("per_create", Shape::Count, "how many members a creation may bring"),
    Field::later("add_form", "how a member is added"),
    Field::later("hard_max", "how many members a group may have"),
]);

macro_rules! resource {
    ($($more:expr),* $(,)?) => {
        Shape::Object(&[
            Field::optional("supported", Shape::Truth, "whether the vendor has them at all"),
            Field::optional("patch", PATCH, "what PATCH does"),
            Field::optional("put", Shape::Word(&["full", "none"]), "what PUT does"),
            Field::optional("filter", FILTER, "which filters the vendor evaluates"),
            Field::optional("attrs", ATTRS, "which attributes it has"),
            Field::optional(
                "delete",
                Shape::Word(&["hard", "deactivate", "unsupported"]),
                "what DELETE does: the record goes, it stays inactive, or there is no DELETE",
            ),
            Field::optional("deactivate", DEACTIVATE, "what active:false means"),
            Field::optional(
                "reactivate",
                Shape::WordOrLater(&["patch"], &["post_again", "post_new_id", "impossible"]),
                "how access is given back: by active:true",
            ),
            Field::later("create", "what a creation does"),
            $($more),*
        ])
    };
}

const USERS: Shape = resource![
    Field::later("aliases", "secondary e-mail addresses"),
    Field::later("username", "rules for userName"),
    Field::later("external_id", "how externalId is handled"),
    Field::later("manager", "how the manager is referenced"),
    Field::later("protected", "accounts that cannot be changed"),
    Field::later("id", "the vendor's identifiers"),
];

const GROUPS: Shape = resource![
    Field::optional("members", MEMBERS, "how members are shown and changed"),
    Field::later("as", "what a group is at the vendor"),
    Field::later("nested", "groups within groups"),
    Field::later("max", "how many"),
    Field::later("name_rule", "rules for names"),
    Field::optional("rename", Shape::Truth, "whether a group can be renamed; if not, a change is refused"),
    Field::later("unknown_member", "what happens to a member that the vendor does not know"),
];

const COUNT: Shape = Shape::Object(&[
    Field::optional("default", Shape::Count, "the size of a page when none is asked for"),
    Field::optional("max", Shape::Count, "the largest page"),
    Field::optional(
        "over",
        Shape::Word(&["clamp", "error"]),
        "what happens beyond it; the bridge never asks for more",
    ),
    Field::optional("param", Shape::Text, "the name of the parameter; count unless said otherwise"),
]);

const CURSOR: Shape = Shape::Object(&[
    Field::optional("param", Shape::Text, "the name of the parameter; cursor unless said otherwise"),
    Field::optional(
        "next",
        Shape::Text,
        "where a page holds the next one's value; nextCursor unless said otherwise",
    ),
    Field::optional("first", Shape::Text, "what asks for the first page, where something must"),
]);

const PAGING: Shape = Shape::Short(
    &Shape::Word(&["index", "cursor", "page", "none"]),
    &Shape::Choice(&[
        Field::optional("cursor", CURSOR, "each page says how the next is asked for"),
        Field::optional(
            "page",
            Shape::Object(&[Field::optional(
                "param",
                Shape::Text,
                "the name of the parameter; page unless said otherwise",
            )]),
            "pages are numbered, from 1",
        ),
    ]),
);

const LIST: Shape = Shape::Object(&[
    Field::optional("count", COUNT, "the sizes of pages"),
    Field::optional("paging", PAGING, "how pages follow each other: by index unless said otherwise"),
    Field::optional(
        "total",
        Shape::Word(&["provided", "absent", "wrong"]),
        "whether totalResults is given, and right; if not, the bridge counts",
    ),
    Field::optional(
        "items_per_page",
        Shape::Word(&["actual", "requested", "absent"]),
        "what itemsPerPage means; the bridge gives its own",
    ),
]);

const META: Shape = Shape::Word(&["ok", "missing", "wrong"]);

const RESPONSES: Shape = Shape::Object(&[
    Field::optional(
        "status",
        Shape::Map(&Shape::Count),
        "codes of success that the RFC does not name, by \"METHOD /Resource\"; any 2xx is one",
    ),
    Field::optional(
        "body",
        Shape::Word(&["full", "none", "echo_request", "partial"]),
        "what the answer to a write holds; what is not the whole is read again",
    ),
    Field::optional(
        "meta",
        Shape::Short(
            &META,
            &Shape::Object(&[
                Field::optional("location", META, "meta.location"),
                Field::optional("created", META, "meta.created"),
                Field::optional("version", META, "meta.version"),
                Field::optional("resource_type", META, "meta.resourceType"),
            ]),
        ),
        "what is wrong with meta; the bridge gives resourceType, location and version of its own",
    ),
    Field::optional("nulls", Shape::Truth, "whether unset attributes are shown as null; they are left out"),
    Field::optional(
        "types",
        Shape::List(&Shape::Object(&[
            Field::required("path", Shape::Text, "the attribute; of one resource type as Users.active"),
            Field::optional(
                "cast",
                Shape::Word(&["string", "boolean", "number", "list"]),
                "what it should be; string unless said otherwise",
            ),
        ])),
        "values of a wrong JSON type",
    ),
    Field::optional(
        "rename",
        Shape::List(&Shape::Object(&[
            Field::required("from", Shape::Text, "the name of a member of the resource"),
            Field::required("to", Shape::Text, "the attribute that it is"),
        ])),
        "members of a resource that stand under another name",
    ),
    Field::later("eventual", "writes that take effect later"),
]);

const ERRORS: Shape = Shape::Object(&[
    Field::optional(
        "shape",
        Shape::Short(
            &Shape::Text,
            &Shape::Object(&[
                Field::optional("status", Shape::Text, "where the status is"),
                Field::optional("code", Shape::Text, "where the code is"),
                Field::optional("detail", Shape::Text, "where the text is"),
                Field::optional("scim_type", Shape::Text, "where the scimType is"),
            ]),
        ),
        "where an error's parts are; the bridge looks everywhere",
    ),
    Field::optional(
        "map",
        Shape::List(&Shape::Object(&[
            Field::required(
                "when",
                Shape::Object(&[
                    Field::optional("status", Shape::Count, "the status that it comes with"),
                    Field::optional("code", Shape::Text, "a regular expression for some text of its body"),
                ]),
                "which error",
            ),
            Field::required(
                "then",
                Shape::Object(&[
                    Field::optional("status", Shape::Count, "the status that it means"),
                    Field::optional(
                        "scimType",
                        Shape::Word(&[
                            "invalidFilter",
                            "tooMany",
                            "uniqueness",
                            "mutability",
                            "invalidSyntax",
                            "invalidPath",
                            "noTarget",
                            "invalidValue",
                            "invalidVers",
                            "sensitive",
                        ]),
                        "the scimType that it means",
                    ),
                ]),
                "what it means",
            ),
        ])),
        "errors that mean something else than they say; the first that fits decides",
    ),
    Field::later("success_lies", "successes that are none"),
]);

/// What may stand under `profile`.
pub const PROFILE: Shape = Shape::Object(&[
    Field::optional("scim_version", Shape::WordOrLater(&["2.0"], &["1.1"]), "the version of the protocol"),
    Field::optional(
        "speak",
        Shape::WordOrLater(&["rfc", "okta"], &["entra"]),
        "whose requests the vendor was made for",
    ),
    Field::optional("headers", Shape::Map(&Shape::Text), "headers that the vendor insists on"),
    Field::optional("extensions", Shape::List(&EXTENSION), "the vendor's own schemas"),
    Field::optional(
        "resources",
        Shape::Object(&[
            Field::optional("Users", USERS, "how users differ"),
            Field::optional("Groups", GROUPS, "how groups differ"),
        ]),
        "how each resource type differs",
    ),
    Field::optional("list", LIST, "how lists are asked for"),
    Field::optional("sort", Shape::Truth, "whether sortBy is honoured"),
    Field::optional("projection", Shape::Truth, "whether attributes and excludedAttributes are honoured"),
    Field::later("base_url", "the address with placeholders; give the integration a vendor.url"),
    Field::later("vars", "placeholders of base_url"),
    Field::optional(
        "paths",
        Shape::Object(&[
            Field::optional("Users", Shape::Text, "the path of users below the base URL"),
            Field::optional("Groups", Shape::Text, "the path of groups below the base URL"),
        ]),
        "other paths than the RFC's",
    ),
    Field::later("content_type", "other media types"),
    Field::optional(
        "auth",
        Shape::Object(&[Field::optional(
            "kind",
            Shape::WordOrLater(
                &["bearer", "oauth2_static"],
                &["basic", "prefix", "oauth2_client_credentials", "oauth2_refresh"],
            ),
            "bearer: a token of the vendor's; oauth2_static: an access token that does not expire",
        )]),
        "how the bridge authenticates",
    ),
    Field::later("token", "the life of the vendor's tokens"),
    Field::later("discovery", "the state of the vendor's discovery endpoints"),
    Field::optional("responses", RESPONSES, "how answers differ"),
    Field::optional("errors", ERRORS, "how errors differ"),
    Field::later("rate", "the vendor's limits; give the integration vendor.limits"),
    Field::later("policy", "what the bridge does where the vendor cannot"),
    Field::later("if_match", "whether writes need a version"),
    Field::later("gate", "states of the account that look like errors"),
]);
