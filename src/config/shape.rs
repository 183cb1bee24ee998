//! What bridge.yaml may say. What later versions will know is refused by name until it works.

use crate::dialect::{Dialect, Rule};
use crate::yaml::{Field, Shape};

/// Where a secret comes from: never written into the file itself.
const SECRET: &[Field] = &[
    Field::optional("env", Shape::Text, "the name of an environment variable"),
    Field::optional("file", Shape::Text, "a file; a line end at its end does not count"),
];

const BEARER: Shape = Shape::Secret(&[
    Field::optional("env", Shape::Text, "the name of an environment variable that holds the token"),
    Field::optional("file", Shape::Text, "a file that holds the token"),
    Field::optional("sha256", Shape::Text, "the SHA-256 of the token, in hex"),
]);

const AUTH: Shape = Shape::Choice(&[
    Field::optional("bearer", BEARER, "a bearer token"),
    Field::later("jwt", "tokens that the identity provider signs"),
    Field::later("basic", "a user and a password"),
    Field::later("header", "a header with a secret"),
]);

const RULES: Shape = Shape::Object(&[Field::optional(
    "off",
    Shape::List(&Shape::Word(&Rule::NAMES)),
    "rules that are switched off: what they would put right is refused, or left as it is where that is harmless",
)]);

const IDP: Shape = Shape::Object(&[
    Field::optional(
        "dialect",
        Shape::Word(&Dialect::NAMES),
        "how the identity provider speaks; auto decides for each request",
    ),
    Field::optional("rules", RULES, "which deviations are understood; all of them unless said otherwise"),
    Field::required("auth", Shape::List(&AUTH), "how the identity provider proves who it is"),
    Field::optional(
        "partial_members_replace",
        Shape::Truth,
        "Entra: a replacement of members holds only the new ones, and is taken as an addition",
    ),
]);

const CREDENTIAL: Shape = Shape::Object(&[
    Field::required("token", Shape::Secret(SECRET), "the vendor's bearer token"),
    Field::later("expires", "when the token ends"),
    Field::later("warn", "when to warn of its end"),
    Field::later("oauth2", "client credentials"),
    Field::later("renew", "an API that makes tokens"),
    Field::later("command", "a command that prints the token"),
]);

const LIMITS: Shape = Shape::Object(&[
    Field::optional("rate", Shape::Rate, "requests in a period"),
    Field::optional("burst", Shape::Count, "requests at once"),
    Field::optional("in_flight", Shape::Count, "requests at the same time"),
]);

const INBOUND_LIMITS: Shape = Shape::Object(&[
    Field::optional("rate", Shape::Rate, "requests in a period; 50/s unless said otherwise"),
    Field::optional("burst", Shape::Count, "requests at once; 200 unless said otherwise"),
]);

const VENDOR: Shape = Shape::Object(&[
    Field::optional(
        "url",
        Shape::Text,
        "the vendor's SCIM base URL; not needed where the mapping has a `base_url`",
    ),
    Field::required("credential", CREDENTIAL, "how the bridge proves who it is"),
    Field::optional(
        "account",
        Shape::Text,
        "integrations of one account share its limits; the integration's name unless said otherwise",
    ),
    Field::optional("limits", LIMITS, "what the vendor allows"),
    Field::optional(
        "armed",
        Shape::Truth,
        "the operator knows what the first write does at this vendor; without it, writes to one whose mapping says \
         `arm_required` are held",
    ),
    Field::optional("insecure", Shape::Truth, "http without TLS; for tests"),
    Field::optional(
        "networks",
        Shape::List(&Shape::Text),
        "private networks that the vendor's name may resolve to",
    ),
    Field::optional(
        "tls",
        Shape::Object(&[Field::optional(
            "ca",
            Shape::Text,
            "a PEM file of certificates to trust besides the public ones",
        )]),
        "how the vendor's certificate is checked",
    ),
]);

const INTEGRATION: Shape = Shape::Object(&[
    Field::optional("path", Shape::Text, "the path of its URLs; /NAME/scim/v2 unless said otherwise"),
    Field::required("idp", IDP, "the identity provider"),
    Field::required("mapping", Shape::Text, "the name of a mapping, or the path of a file"),
    Field::optional("with", Shape::Map(&Shape::Any), "the mapping's parameters"),
    Field::required("vendor", VENDOR, "the vendor"),
    Field::optional("limits", INBOUND_LIMITS, "how many requests the identity provider may make"),
    Field::optional(
        "state",
        Shape::Word(&["full", "none"]),
        "none: nothing is remembered, and fewer things work",
    ),
    Field::later("guard", "mass removals are held"),
    Field::optional(
        "allow",
        Shape::Object(&[
            Field::optional(
                "email_domains",
                Shape::List(&Shape::Text),
                "the domains of accounts that may be taken over when the vendor has them already; any unless said otherwise",
            ),
            Field::later("networks", "networks that the identity provider calls from"),
        ]),
        "what is allowed",
    ),
]);

const STORE: Shape = Shape::Object(&[
    Field::required("url", Shape::Text, "sqlite:FILE, sqlite::memory:, or postgres://USER@HOST/DATABASE"),
    Field::optional(
        "key",
        Shape::Secret(SECRET),
        "what personal and secret values are sealed with: 32 bytes in hex or base64, as `scim-bridge store key` makes them",
    ),
    Field::optional("password", Shape::Secret(SECRET), "the password of the PostgreSQL user"),
    Field::optional(
        "ca",
        Shape::Text,
        "a PEM file of certificates to trust for PostgreSQL instead of the public ones",
    ),
]);

/// The whole file.
pub(super) const BRIDGE: &[Field] = &[
    Field::required("listen", Shape::Text, "the address to listen on"),
    Field::optional("behind_proxy", Shape::Truth, "another proxy ends TLS: plain HTTP on any address"),
    Field::required(
        "public_url",
        Shape::Text,
        "the URL that identity providers use; what Location is built from",
    ),
    Field::optional(
        "tls",
        Shape::Object(&[
            Field::required("certificate", Shape::Text, "a PEM file with the certificate chain"),
            Field::required("key", Shape::Text, "a PEM file with the private key"),
            Field::later("client_ca", "mutual TLS"),
        ]),
        "how identity providers are served",
    ),
    Field::optional(
        "admin",
        Shape::Object(&[
            Field::required("listen", Shape::Text, "the address of the health checks"),
            Field::later("token", "the admin API"),
        ]),
        "health checks, on an address of their own",
    ),
    Field::optional("store", STORE, "where what is remembered is kept; without one it ends with the process"),
    Field::optional(
        "log",
        Shape::Object(&[
            Field::optional(
                "format",
                Shape::Word(&["text", "json"]),
                "text on a terminal, json elsewhere, unless said otherwise",
            ),
            Field::optional(
                "level",
                Shape::Word(&["error", "warn", "info", "debug", "trace"]),
                "info unless said otherwise",
            ),
        ]),
        "what is logged",
    ),
    Field::required("integrations", Shape::Map(&INTEGRATION), "identity providers and vendors, by name"),
];
