//! What may stand under `list`, `responses` and `errors`: how what a vendor answers differs.

use super::METHOD;
use crate::yaml::{Field, Shape};

const COUNT: Shape = Shape::Object(&[
    Field::optional("default", Shape::Count, "the size of a page when none is asked for"),
    Field::optional("max", Shape::Count, "the largest page"),
    Field::optional(
        "over",
        Shape::Word(&["clamp", "error"]),
        "what happens beyond it; the bridge never asks for more",
    ),
    Field::optional("param", Shape::Text, "the name of the parameter; count unless said otherwise"),
    Field::optional("zero_ok", Shape::Truth, "whether a page of none can be asked for, to count"),
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

pub(super) const LIST: Shape = Shape::Object(&[
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

const EVENTUAL: Shape = Shape::Word(&["sync", "async", "dry_run"]);

const META: Shape = Shape::Word(&["ok", "missing", "wrong"]);

pub(super) const RESPONSES: Shape = Shape::Object(&[
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
    Field::optional(
        "eventual",
        Shape::Short(
            &EVENTUAL,
            &Shape::Object(&[
                Field::optional("kind", EVENTUAL, "when; sync unless said otherwise"),
                Field::optional(
                    "settle",
                    Shape::Duration,
                    "how long look-ups by a filter may show what was before; five minutes unless said otherwise",
                ),
                Field::optional(
                    "test_mode",
                    Shape::Truth,
                    "whether the account may be in a mode in which writes are only tried: each is read again by its id",
                ),
            ]),
        ),
        "when writes take effect: at once, later (it can be read by its id at once, and be found by a filter later), or \
         perhaps never",
    ),
]);

const MEANING: Shape = Shape::Object(&[
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
]);

const CODE: &str = "a regular expression for some text of its body";

const LIE: Shape = Shape::Object(&[
    Field::optional("method", Shape::OneOrMore(&METHOD), "to these methods"),
    Field::optional("resource", TYPE, "about this type of resource"),
    Field::optional("status", Shape::Count, "of this status"),
    Field::optional("code", Shape::Text, CODE),
]);

const TYPE: Shape = Shape::Word(&["Users", "Groups"]);

pub(super) const GATE: Shape = Shape::Object(&[
    Field::optional(
        "probe",
        TYPE,
        "a page of this type is asked for when the bridge starts, so that its operator learns of the state first",
    ),
    Field::required(
        "states",
        Shape::List(&Shape::Object(&[
            Field::required(
                "when",
                Shape::Object(&[
                    Field::optional("status", Shape::Count, "the status of the answer"),
                    Field::optional("code", Shape::Text, CODE),
                ]),
                "which answer tells of it",
            ),
            Field::required(
                "meaning",
                Shape::Text,
                "what state it is, in words: the identity provider reads them, and is asked for patience",
            ),
            Field::optional(
                "retry_after",
                Shape::Duration,
                "when it is worth asking again; in five minutes unless said otherwise",
            ),
        ])),
        "each state; the first that fits decides",
    ),
]);

pub(super) const ERRORS: Shape = Shape::Object(&[
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
                    Field::optional("code", Shape::Text, CODE),
                ]),
                "which error",
            ),
            Field::required("then", MEANING, "what it means"),
        ])),
        "errors that mean something else than they say; the first that fits decides",
    ),
    Field::optional(
        "success_lies",
        Shape::List(&Shape::Object(&[
            Field::optional("when", LIE, "which answers to writes; all successes unless said otherwise"),
            Field::optional(
                "verify",
                Shape::Truth,
                "what was written is read again by its id: if it is not there, the answer was no success (KnowBe4's Test Mode)",
            ),
            Field::optional("then", MEANING, "what such an answer means; without it, that nothing was done"),
        ])),
        "answers of success to writes that were not carried out, or may not have been",
    ),
]);
