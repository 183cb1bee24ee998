//! What may stand under `resources`: how users and groups differ.

use super::attrs::{ATTRS, EXTERNAL_ID, EXTERNAL_ID_OF_USERS, MANAGER, ROLES, USERNAME};
use crate::yaml::{Field, Shape};

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
        "combos",
        Shape::List(&Shape::List(&Shape::Text)),
        "all sets of attributes that a filter may compare, joined by `and`",
    ),
    Field::optional("attr_alias", Shape::Map(&Shape::Text), "what it calls attributes in a filter"),
    Field::optional(
        "match_case",
        Shape::Map(&Shape::Word(&["ci", "exact"])),
        "where it compares by case and the schema does not, or the other way round",
    ),
    Field::optional("value_quote", Shape::Word(&["json", "none"]), "whether texts stand in quotes"),
    Field::optional(
        "post_check",
        Shape::Truth,
        "whether it may answer with others than asked for; they are looked through again",
    ),
    Field::optional(
        "unsupported",
        Shape::Word(&["error_400", "silent_empty", "silent_all"]),
        "what it does with another filter; the bridge never sends one",
    ),
]);

const DEACTIVATE: Shape = Shape::Object(&[
    Field::optional(
        "via",
        Shape::WordOrLater(&["patch", "put", "delete"], &["native"]),
        "by active:false in a PATCH (or whatever else the vendor takes), in a PUT, or by DELETE",
    ),
    Field::optional(
        "effect",
        Shape::Word(&["flag", "archive", "revoke", "remove", "obfuscate", "none"]),
        "what becomes of the account; obfuscate: its userName and emails are garbled until it is active again; none: nothing, \
         which is why it must be `via: delete`",
    ),
    Field::optional(
        "keeps_record",
        Shape::Truth,
        "whether the account can still be read, by the same id; if not, the bridge shows it as it was, inactive",
    ),
    Field::optional(
        "loses_memberships",
        Shape::Truth,
        "whether groups have to be given back with access; the bridge remembers them",
    ),
]);

const OP_FORM: Shape = Shape::Object(&[
    Field::optional(
        "op_case",
        Shape::Word(&["lower", "capital"]),
        "how op is spelt: lower as RFC 7644 has it, capital as Entra ID does",
    ),
    Field::optional(
        "bool_strings",
        Shape::Truth,
        "whether truth values are written as \"True\" and \"False\", as Entra ID does",
    ),
    Field::optional(
        "split_pathless",
        Shape::Truth,
        "whether an operation without a path names one attribute; the bridge names one in each operation",
    ),
    Field::optional(
        "dotted_keys",
        Shape::Truth,
        "whether operations have no path, and their value names attributes as name.givenName",
    ),
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
            Shape::Word(&["ok", "single_attr", "never", "required_for_members"]),
            "whether operations without a path are taken; the bridge sends none, but where members need it (WSO2)",
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
        Field::optional("op_form", OP_FORM, "how operations are written"),
    ]),
);

const RETURNED: Shape = Shape::Short(
    &Shape::Word(&["always", "never"]),
    &Shape::Choice(&[
        Field::optional(
            "flag",
            Shape::Short(
                &Shape::Text,
                &Shape::Object(&[
                    Field::required("param", Shape::Text, "the name of the parameter"),
                    Field::optional("value", Shape::Text, "its value; true unless said otherwise"),
                ]),
            ),
            "a parameter with which a group is shown with its members",
        ),
        Field::optional(
            "capped",
            Shape::Short(
                &Shape::Count,
                &Shape::Object(&[
                    Field::required("n", Shape::Count, "how many are shown at most"),
                    Field::optional(
                        "member_list_path",
                        Shape::Text,
                        "where all are, below the group; Members unless said otherwise",
                    ),
                ]),
            ),
            "so many are shown, and all of them page by page elsewhere (Webex)",
        ),
    ]),
);

const PUTS: Shape = Shape::Word(&["full", "active_only", "merge_nonzero", "none"]);

const PUT: Shape = Shape::Short(
    &PUTS,
    &Shape::Object(&[
        Field::optional(
            "kind",
            PUTS,
            "what it changes: all (the default), active alone, what has a value and nothing else, or there is none",
        ),
        Field::optional(
            "omitted",
            Shape::Word(&["cleared", "kept"]),
            "what becomes of what is not named: it goes, whoever wrote it, or it stays",
        ),
    ]),
);

const MEMBERS: Shape = Shape::Object(&[
    Field::optional(
        "returned",
        RETURNED,
        "whether a group is shown with its members: always (the RFC's), never, with a parameter, or up to a number of them",
    ),
    Field::optional(
        "query",
        Shape::Text,
        "the attribute of Users by which members that are never shown are found, such as groups.value; without one, the \
         bridge remembers who it has told the vendor of",
    ),
    Field::optional(
        "replace",
        Shape::Word(&["ok", "forbidden", "additive"]),
        "what `replace` of all members does; forbidden and additive are hidden by single changes",
    ),
    Field::optional("remove_all", Shape::Truth, "whether `remove` of all members without a filter is taken"),
    Field::optional(
        "remove_form",
        Shape::Word(&["filter_path", "filter_path_unquoted", "value_array", "v1_operation", "all"]),
        "how a member is taken out; v1_operation: as SCIM 1.1 does (Slack), all: in any of the forms",
    ),
    Field::optional("per_patch", Shape::Count, "how many members a PATCH may change"),
    Field::optional(
        "per_create",
        Shape::Amount,
        "how many members a creation may bring; 0: it makes a group empty, whatever it says (Sentry)",
    ),
    Field::optional(
        "add_form",
        Shape::Word(&["path_array", "pathless_object", "path_object", "partial_resource"]),
        "how members are added: by a path and a list (the RFC's), without a path (WSO2, Salesforce), by a path and an \
         object, or as SCIM 1.1 does (Slack)",
    ),
    Field::optional(
        "hard_max",
        Shape::Count,
        "how many members a group may have; a larger one is refused before the vendor is asked (Slack: 15,000)",
    ),
]);

const ID_KINDS: Shape = Shape::Word(&["opaque", "email", "external_id", "int"]);

const ID: Shape = Shape::Short(
    &ID_KINDS,
    &Shape::Object(&[
        Field::optional("kind", ID_KINDS, "what an identifier is made of; opaque unless said otherwise"),
        Field::optional(
            "json",
            Shape::Word(&["string", "int"]),
            "how it stands in an answer; the bridge reads both, and shows text",
        ),
        Field::optional(
            "stable",
            Shape::Truth,
            "whether it never changes; if not, the identity provider goes on with the first",
        ),
    ]),
);

const DELETES: Shape =
    Shape::Word(&["hard", "deactivate", "archive", "remove", "deny", "irreversible", "unsupported"]);

const DELETE: Shape = Shape::Short(
    &DELETES,
    &Shape::Object(&[
        Field::optional(
            "kind",
            DELETES,
            "the record goes (hard); it stays inactive, archived or outside of the account (and the bridge hides it); it is \
             refused, cannot be undone, or is not there (and the bridge takes access away instead)",
        ),
        Field::optional("allowed", Shape::Truth, "whether there is a DELETE; if not, access is taken away"),
        Field::optional(
            "effect",
            Shape::Word(&["gone", "members_stay"]),
            "what becomes of the members of a group: nothing that the bridge has to do anything about",
        ),
    ]),
);

const EXISTING: Shape = Shape::Word(&["409", "attach", "convert", "400", "500", "200"]);

const CREATE: Shape = Shape::Object(&[
    Field::optional(
        "existing",
        Shape::Short(
            &EXISTING,
            &Shape::Object(&[
                Field::optional("kind", EXISTING, "how the vendor answers; 409 unless said otherwise"),
                Field::optional(
                    "match",
                    Shape::OneOrMore(&Shape::Text),
                    "the attribute by which the account is found, and taken over",
                ),
                Field::optional(
                    "ignores",
                    Shape::List(&Shape::Text),
                    "what the account keeps of its own; the identity provider is shown what it wrote",
                ),
            ]),
        ),
        "what a creation of what is there already does: an error, or attaching, converting or giving it back without a word",
    ),
    Field::optional(
        "inactive",
        Shape::Word(&["ok", "rejected", "ignored"]),
        "whether inactive accounts can be made; if not, the bridge keeps one until it is active; if ignored, deactivates it",
    ),
    Field::optional(
        "side_effect",
        Shape::Word(&["none", "invite_mail", "needs_acceptance"]),
        "what else happens; an invitation that waits is an account for the bridge, as it is for SCIM",
    ),
]);

const PROTECTED: Shape = Shape::Object(&[
    Field::optional("role", Shape::Text, "whoever has this value among his roles"),
    Field::optional("id", Shape::Text, "whoever has this id"),
    Field::optional("email", Shape::Text, "whoever has this address"),
    Field::optional("userName", Shape::Text, "whoever has this name"),
    Field::optional(
        "ops",
        Shape::List(&Shape::Word(&["assign", "update", "deactivate", "delete"])),
        "what is refused; everything unless said otherwise",
    ),
    Field::optional("reason", Shape::Text, "what the identity provider is told"),
]);

macro_rules! resource {
    ($($more:expr),* $(,)?) => {
        Shape::Object(&[
            Field::optional("supported", Shape::Truth, "whether the vendor has them at all"),
            Field::optional("patch", PATCH, "what PATCH does"),
            Field::optional("put", PUT, "what PUT does"),
            Field::optional("filter", FILTER, "which filters the vendor evaluates"),
            Field::optional("attrs", ATTRS, "which attributes it has"),
            Field::optional("delete", DELETE, "what DELETE does"),
            Field::optional(
                "pre_delete",
                Shape::Word(&["none", "disable_first"]),
                "whether an account must be deactivated before it is deleted",
            ),
            Field::optional("deactivate", DEACTIVATE, "what active:false means"),
            Field::optional(
                "reactivate",
                Shape::OneOrMore(&Shape::Word(&["patch", "post_again", "post_new_id", "impossible"])),
                "how access is given back: by active:true, by making the account again (under the same id or another), or \
                 not at all; two: the second where the vendor does not know the account any more",
            ),
            Field::optional("create", CREATE, "what a creation does"),
            $($more),*
        ])
    };
}

pub(super) const USERS: Shape = resource![
    Field::later("aliases", "secondary e-mail addresses"),
    Field::optional("username", USERNAME, "rules for userName"),
    Field::optional("external_id", EXTERNAL_ID_OF_USERS, "how externalId is handled"),
    Field::optional(
        "groups_returned",
        Shape::Truth,
        "whether a user is shown with his groups; if not, they are asked for by their members when he is read",
    ),
    Field::optional("manager", MANAGER, "how a manager is named"),
    Field::optional("roles_form", ROLES, "what roles are"),
    Field::optional(
        "inactive_frozen",
        Shape::Truth,
        "whether an inactive account takes no change but active:true; the bridge keeps changes until then",
    ),
    Field::optional(
        "visibility",
        Shape::Word(&["all", "provisioned_only", "none"]),
        "which accounts lists show; the identity provider is shown those, and a creation finds the others; none: of those whom \
         it made through the bridge, each is read by his id (NinjaOne, 6sense)",
    ),
    Field::optional(
        "protected",
        Shape::List(&PROTECTED),
        "accounts that cannot be changed and roles that cannot be given; refused before the vendor is asked",
    ),
    Field::optional("id", ID, "the vendor's identifiers"),
];

const NAME_RULE: Shape = Shape::Object(&[
    Field::optional("regex", Shape::Text, "what the whole of a name matches; another is refused"),
    Field::optional("max_len", Shape::Count, "how many characters it may have"),
    Field::optional(
        "transform",
        Shape::OneOrMore(&Shape::Any),
        "the function that makes the vendor's name, or several, as under `via`; what was written is read",
    ),
]);

pub(super) const GROUPS: Shape = resource![
    Field::optional("external_id", Shape::Object(&EXTERNAL_ID), "how externalId is handled"),
    Field::optional("members", MEMBERS, "how members are shown and changed"),
    Field::optional(
        "as",
        Shape::Word(&["group", "role", "team", "attribute"]),
        "what a group is at the vendor; attribute: the vendor has none, the bridge keeps them, and rules of users make of \
         `$groups` what it has instead (SentinelOne, Aha!, Asana)",
    ),
    Field::later("nested", "groups within groups"),
    Field::optional("max", Shape::Count, "how many there may be; one more is refused"),
    Field::optional("name_rule", NAME_RULE, "how groups are called"),
    Field::optional("rename", Shape::Truth, "whether a group can be renamed; if not, a change is refused"),
    Field::optional(
        "unknown_member",
        Shape::Word(&["error", "dropped", "invites"]),
        "what happens to a member that the vendor does not know; whoever is away is not sent, so that it is nobody whom the \
         identity provider has from the bridge",
    ),
];
