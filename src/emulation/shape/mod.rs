//! The vocabulary of a profile. What is not built is refused by name, so that no file promises what the bridge does not
//! do.

mod answer;
mod attrs;
mod resource;

use answer::{ERRORS, GATE, LIST, RESPONSES};
use resource::{GROUPS, USERS};

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

const METHOD: Shape = Shape::Word(&["GET", "POST", "PUT", "PATCH", "DELETE"]);

const BUCKET: Shape = Shape::Object(&[
    Field::optional(
        "match",
        Shape::Object(&[
            Field::optional(
                "method",
                Shape::OneOrMore(&METHOD),
                "calls of these methods; of all unless said",
            ),
            Field::optional(
                "path",
                Shape::Text,
                "to this path, or to all that begin so: /Users*; to all unless said",
            ),
        ]),
        "which calls are counted; all unless said otherwise",
    ),
    Field::required("limit", Shape::Count, "how many in the window"),
    Field::required("window", Shape::Duration, "the window, such as 60s"),
    Field::optional(
        "burst",
        Shape::Count,
        "how many at once; unless said otherwise a tenth of the limit, and so many fewer later",
    ),
    Field::optional(
        "scope",
        Shape::Word(&["token", "org", "shared", "resource"]),
        "whose calls are counted together; the bridge counts those of an account, and heeds a 429 for the others; resource: \
         each resource has the limit to itself (Miro: so many changes of one group)",
    ),
    Field::optional(
        "unit",
        Shape::Word(&["request", "op", "create"]),
        "what is counted: calls (the default), the operations of a PATCH, or resources that are made",
    ),
]);

const RETRY: Shape = Shape::Word(&["retry_after", "x_reset_epoch", "x_reset_relative", "none"]);

const RATE: Shape = Shape::Object(&[
    Field::optional(
        "lock",
        Shape::Word(&["none", "per_resource"]),
        "per_resource: two writes of one resource at a time are refused (Slack); the integrations of an account wait \
         for each other",
    ),
    Field::optional("buckets", Shape::List(&BUCKET), "each limit, with the calls that it counts"),
    Field::optional(
        "retry_header",
        Shape::Short(
            &RETRY,
            &Shape::Object(&[
                Field::optional("kind", RETRY, "what the header holds: seconds, or the second of the epoch"),
                Field::optional("name", Shape::Text, "its name; x-ratelimit-reset unless said otherwise"),
            ]),
        ),
        "how a refusal says how long to wait; by Retry-After unless said otherwise",
    ),
]);

const UNABLE: Shape = Shape::Word(&["reject", "shadow", "drop"]);

const POLICY: Shape = Shape::Object(&[
    Field::optional(
        "unsupported",
        Shape::Short(
            &UNABLE,
            &Shape::Object(&[
                Field::optional("default", UNABLE, "refused (the default), remembered, or let go"),
                Field::optional(
                    "identity",
                    UNABLE,
                    "the same of userName, a group's displayName and externalId",
                ),
            ]),
        ),
        "what becomes of a change that no call of the vendor's makes; access and membership are always refused",
    ),
    Field::optional(
        "delete",
        Shape::Word(&["pass", "as_deactivate", "reject"]),
        "what becomes of a user whom the identity provider deletes: he is deleted (the default, but where that cannot be \
         undone), or deactivated, or the request is refused",
    ),
    Field::optional(
        "adopt_by",
        Shape::List(&Shape::Text),
        "attributes by which an account that the vendor has already is found, and taken over; `users.match` says the same",
    ),
    Field::optional(
        "import",
        Shape::WordOrLater(&["full", "none"], &["native_api"]),
        "whether users can be listed: all (the default), or perhaps none, as with `visibility: none`",
    ),
    Field::optional(
        "arm_required",
        Shape::Truth,
        "whether the first write does what cannot be undone, such as removing addresses (KnowBe4): writes are held until an \
         integration says `vendor: { armed: true }`",
    ),
]);

/// A list: elsewhere than it should be, in several places.
const DISCOVERED: Shape =
    Shape::Short(&Shape::Word(&["ok", "missing", "path", "broken"]), &Shape::List(&Shape::Text));

/// What may stand under `profile`.
pub const PROFILE: Shape = Shape::Object(&[
    Field::optional(
        "scim_version",
        Shape::Word(&["2.0", "1.1", "none"]),
        "the version of the protocol; with 1.1, everything is said and read in its words; none: the vendor has an interface of \
         its own, which makes, reads, lists, replaces and deletes users (SentinelOne)",
    ),
    Field::optional(
        "native",
        Shape::Object(&[Field::optional(
            "wrap",
            Shape::Text,
            "the member of each body and answer in which the resource stands, or the list of them",
        )]),
        "how an interface without SCIM differs; what attributes are called `attrs.rename` says, and a filter of one of them is a \
         parameter",
    ),
    Field::optional(
        "speak",
        Shape::WordOrLater(&["rfc", "okta"], &["entra"]),
        "whose requests the vendor was made for",
    ),
    Field::optional(
        "headers",
        Shape::Map(&Shape::Short(
            &Shape::Text,
            &Shape::Object(&[
                Field::optional("GET", Shape::Text, "its value in a GET"),
                Field::optional("POST", Shape::Text, "its value in a POST"),
                Field::optional("PUT", Shape::Text, "its value in a PUT"),
                Field::optional("PATCH", Shape::Text, "its value in a PATCH"),
                Field::optional("DELETE", Shape::Text, "its value in a DELETE"),
            ]),
        )),
        "headers that the vendor insists on, in every request or by method",
    ),
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
    Field::optional(
        "base_url",
        Shape::Text,
        "the address, with {name} for what an integration gives under `with`; vendor.url takes its place",
    ),
    Field::optional(
        "vars",
        Shape::Map(&Shape::Object(&[
            Field::optional("enum", Shape::List(&Shape::Text), "all that it can be"),
            Field::optional("pattern", Shape::Text, "a regular expression for the whole of it"),
            Field::optional("default", Shape::Text, "what it is when the integration does not say"),
        ])),
        "the names in base_url, such as a region or a tenant",
    ),
    Field::optional(
        "paths",
        Shape::Object(&[
            Field::optional("Users", Shape::Text, "the path of users below the base URL"),
            Field::optional("Groups", Shape::Text, "the path of groups below the base URL"),
        ]),
        "other paths than the RFC's",
    ),
    Field::optional(
        "content_type",
        Shape::Short(
            &Shape::Text,
            &Shape::Object(&[
                Field::optional(
                    "send",
                    Shape::Text,
                    "the type of a body; application/scim+json unless said otherwise",
                ),
                Field::optional("accept", Shape::Text, "the types that are asked for"),
                Field::optional(
                    "tolerate",
                    Shape::List(&Shape::Text),
                    "other types that its answers say; the bridge reads JSON whatever it is called",
                ),
            ]),
        ),
        "media types",
    ),
    Field::optional(
        "auth",
        Shape::Object(&[
            Field::optional(
                "kind",
                Shape::WordOrLater(
                    &["bearer", "oauth2_static", "basic", "prefix"],
                    &["oauth2_client_credentials", "oauth2_refresh"],
                ),
                "bearer: a token of the vendor's; oauth2_static: an access token that does not expire; basic: the token is \
                 user:password (RFC 7617); prefix: a word of the vendor's own before it",
            ),
            Field::optional(
                "prefix",
                Shape::Text,
                "what stands before the token, such as \"ApiToken \" (SentinelOne)",
            ),
        ]),
        "how the bridge authenticates",
    ),
    Field::later("token", "the life of the vendor's tokens"),
    Field::optional(
        "discovery",
        Shape::Object(&[
            Field::optional("spc", DISCOVERED, "ServiceProviderConfig"),
            Field::optional("schemas", DISCOVERED, "Schemas"),
            Field::optional("resource_types", DISCOVERED, "ResourceTypes"),
            Field::optional("auth", Shape::Truth, "whether they need the credential"),
        ]),
        "the state of the vendor's discovery endpoints; nothing depends on them: the bridge serves its own",
    ),
    Field::optional("responses", RESPONSES, "how answers differ"),
    Field::optional("errors", ERRORS, "how errors differ"),
    Field::optional("rate", RATE, "the vendor's limits, besides those of the integration's vendor.limits"),
    Field::optional(
        "body_max_bytes",
        Shape::Count,
        "how long the body of a request may be (HCP Terraform, Miro); members are sent in parts, what cannot be is refused",
    ),
    Field::optional("policy", POLICY, "what the bridge does where the vendor cannot, or should not"),
    Field::optional(
        "if_match",
        Shape::Word(&["never", "wildcard", "etag"]),
        "whether writes need If-Match: never (the RFC's), always `*`, or the version that was read (SAP, Figma)",
    ),
    Field::optional(
        "gate",
        GATE,
        "states of the whole account that look like errors of one resource, such as a pause or a plan",
    ),
]);
