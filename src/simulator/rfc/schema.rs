//! The schemas of RFC 7643 §4 and §8.7.1, as tables.

use serde_json::{Map, Value};

/// The enterprise extension.
pub(super) const ENTERPRISE_URN: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A type of resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    User,
    Group,
}

/// The data types of RFC 7643 §2.3 that occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Flag,
    Instant,
    Reference,
    Binary,
    Complex,
}

/// "mutability" of RFC 7643 §7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutability {
    ReadWrite,
    ReadOnly,
    WriteOnly,
    Immutable,
}

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) many: bool,
    pub(super) required: bool,
    pub(super) mutability: Mutability,
    pub(super) unique: bool,
    pub(super) exact: bool,
    /// What a reference leads to, or which texts are usual: published, not enforced (RFC 7643 §7 "canonicalValues").
    pub(super) usual: &'static [&'static str],
    pub(super) parts: &'static [Attribute],
}

impl Attribute {
    const fn new(name: &'static str, kind: Kind) -> Self {
        let exact = matches!(kind, Kind::Reference | Kind::Binary);
        let mutability = Mutability::ReadWrite;
        Self {
            name,
            kind,
            many: false,
            required: false,
            mutability,
            unique: false,
            exact,
            usual: &[],
            parts: &[],
        }
    }

    const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    const fn complex(name: &'static str, parts: &'static [Self]) -> Self {
        Self { parts, ..Self::new(name, Kind::Complex) }
    }

    const fn list(name: &'static str, parts: &'static [Self]) -> Self {
        Self { many: true, ..Self::complex(name, parts) }
    }

    const fn usually(self, usual: &'static [&'static str]) -> Self {
        Self { usual, ..self }
    }

    const fn read_only(self) -> Self {
        Self { mutability: Mutability::ReadOnly, ..self }
    }

    const fn immutable(self) -> Self {
        Self { mutability: Mutability::Immutable, ..self }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }
}

const PRIMARY: Attribute = Attribute::new("primary", Kind::Flag);
const REF: Attribute = Attribute::new("$ref", Kind::Reference).usually(&["User", "Group"]);

/// The sub-attributes that a list has when nothing else is said (RFC 7643 §2.4), with the usual values of `type`.
const fn values(value: Attribute, usual: &'static [&'static str]) -> [Attribute; 4] {
    [value, Attribute::text("display"), Attribute::text("type").usually(usual), PRIMARY]
}

const PLACES: &[&str] = &["work", "home", "other"];
const EMAILS: &[Attribute] = &values(Attribute::text("value"), PLACES);
const PHONES: &[Attribute] =
    &values(Attribute::text("value"), &["work", "home", "mobile", "fax", "pager", "other"]);
const IMS: &[Attribute] =
    &values(Attribute::text("value"), &["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]);
const PHOTOS: &[Attribute] =
    &values(Attribute::new("value", Kind::Reference).usually(&["external"]), &["photo", "thumbnail"]);
const PLAIN: &[Attribute] = &values(Attribute::text("value"), &[]);
const CERTIFICATES: &[Attribute] = &values(Attribute::new("value", Kind::Binary), &[]);

const META: &[Attribute] = &[
    Attribute::text("resourceType").exact(),
    Attribute::new("created", Kind::Instant),
    Attribute::new("lastModified", Kind::Instant),
    Attribute::new("location", Kind::Reference).usually(&["uri"]),
    Attribute::text("version").exact(),
];

const COMMON: &[Attribute] = &[
    Attribute { many: true, ..Attribute::text("schemas") },
    Attribute::text("id").exact().read_only(),
    Attribute::text("externalId").exact(),
    Attribute::complex("meta", META).read_only(),
];

const USER: &[Attribute] = &[
    Attribute { unique: true, ..Attribute::text("userName").required() },
    Attribute::complex(
        "name",
        &[
            Attribute::text("formatted"),
            Attribute::text("familyName"),
            Attribute::text("givenName"),
            Attribute::text("middleName"),
            Attribute::text("honorificPrefix"),
            Attribute::text("honorificSuffix"),
        ],
    ),
    Attribute::text("displayName"),
    Attribute::text("nickName"),
    Attribute::new("profileUrl", Kind::Reference).usually(&["external"]),
    Attribute::text("title"),
    Attribute::text("userType"),
    Attribute::text("preferredLanguage"),
    Attribute::text("locale"),
    Attribute::text("timezone"),
    Attribute::new("active", Kind::Flag),
    Attribute { mutability: Mutability::WriteOnly, ..Attribute::text("password") },
    Attribute::list("emails", EMAILS),
    Attribute::list("phoneNumbers", PHONES),
    Attribute::list("ims", IMS),
    Attribute::list("photos", PHOTOS),
    Attribute::list(
        "addresses",
        &[
            Attribute::text("formatted"),
            Attribute::text("streetAddress"),
            Attribute::text("locality"),
            Attribute::text("region"),
            Attribute::text("postalCode"),
            Attribute::text("country"),
            Attribute::text("type").usually(PLACES),
            PRIMARY,
        ],
    ),
    Attribute::list(
        "groups",
        &[
            Attribute::text("value"),
            REF,
            Attribute::text("display"),
            Attribute::text("type").usually(&["direct", "indirect"]),
        ],
    )
    .read_only(),
    Attribute::list("entitlements", PLAIN),
    Attribute::list("roles", PLAIN),
    Attribute::list("x509Certificates", CERTIFICATES),
];

const ENTERPRISE: &[Attribute] = &[
    Attribute::text("employeeNumber"),
    Attribute::text("costCenter"),
    Attribute::text("organization"),
    Attribute::text("division"),
    Attribute::text("department"),
    Attribute::complex(
        "manager",
        &[Attribute::text("value"), REF.usually(&["User"]), Attribute::text("displayName").read_only()],
    ),
];

const GROUP: &[Attribute] = &[
    Attribute::text("displayName").required(),
    Attribute::list(
        "members",
        &[
            Attribute::text("value").required().immutable(),
            REF.immutable(),
            Attribute::text("type").usually(&["User", "Group"]).immutable(),
            // Of the default set of RFC 7643 §2.4; what a member is called is not the group's to say.
            Attribute::text("display").read_only(),
        ],
    ),
];

impl Type {
    /// The type whose resources are at `/endpoint`.
    pub(super) fn at(endpoint: &str) -> Option<Self> {
        [Self::User, Self::Group].into_iter().find(|kind| kind.endpoint() == endpoint)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    pub(super) fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// Its own schema.
    pub(super) fn urn(self) -> &'static str {
        match self {
            Self::User => "urn:ietf:params:scim:schemas:core:2.0:User",
            Self::Group => "urn:ietf:params:scim:schemas:core:2.0:Group",
        }
    }

    pub(super) fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// The attribute at the top of a resource with that name, the common ones included.
    pub(super) fn attribute(self, name: &str) -> Option<&'static Attribute> {
        find(COMMON, name).or_else(|| find(self.attributes(), name))
    }
}

/// The attributes of an extension; `None` for one that is taken as it comes.
pub(super) fn extension(urn: &str) -> Option<&'static [Attribute]> {
    urn.eq_ignore_ascii_case(ENTERPRISE_URN).then_some(ENTERPRISE)
}

/// The attribute of that name, in whatever case.
pub(super) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// An attribute as `/Schemas` shows it (RFC 7643 §7).
pub(super) fn described(attribute: &Attribute) -> Value {
    let kind = match attribute.kind {
        Kind::Text => "string",
        Kind::Flag => "boolean",
        Kind::Instant => "dateTime",
        Kind::Reference => "reference",
        Kind::Binary => "binary",
        Kind::Complex => "complex",
    };
    let (mutability, returned) = match attribute.mutability {
        Mutability::ReadWrite => ("readWrite", "default"),
        Mutability::ReadOnly => ("readOnly", "default"),
        Mutability::WriteOnly => ("writeOnly", "never"),
        Mutability::Immutable => ("immutable", "default"),
    };
    let mut shown = Map::from_iter([
        ("name".to_owned(), Value::from(attribute.name)),
        ("type".to_owned(), Value::from(kind)),
        ("multiValued".to_owned(), Value::from(attribute.many)),
        ("description".to_owned(), Value::from(format!("{}, as of RFC 7643", attribute.name))),
        ("required".to_owned(), Value::from(attribute.required)),
        ("caseExact".to_owned(), Value::from(attribute.exact)),
        ("mutability".to_owned(), Value::from(mutability)),
        ("returned".to_owned(), Value::from(returned)),
        ("uniqueness".to_owned(), Value::from(if attribute.unique { "server" } else { "none" })),
    ]);
    let usual = if attribute.kind == Kind::Reference { "referenceTypes" } else { "canonicalValues" };
    if !attribute.usual.is_empty() {
        shown.insert(usual.to_owned(), Value::from(attribute.usual));
    }
    if !attribute.parts.is_empty() {
        shown.insert("subAttributes".to_owned(), attribute.parts.iter().map(described).collect());
    }
    Value::Object(shown)
}
