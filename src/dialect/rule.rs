//! The tolerances, by name: which form is understood, what it is turned into, and who sends it.
//!
//! Each is applied by the shape of what came, whoever sent it, so that a client nobody has met yet is understood when it
//! does what another does. What only one client means is decided in that client's file.

/// One tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// `"op": "Add"`
    CapitalisedOp,
    /// `"active": "False"`
    StringBoolean,
    /// `roles[primary eq "True"]`
    StringBooleanInPath,
    /// `{"op": "remove", "path": "members", "value": [{"value": "u1"}]}` removes u1, not everybody.
    RemoveByValue,
    /// `{"op": "add", "path": "members[value eq \"u1\"]"}` adds u1.
    AddByPath,
    /// `$ref` in a member or manager: a URL of somebody else, perhaps `null`, perhaps relative.
    ForeignRef,
    /// An operation without a path, whose value names the attributes.
    Pathless,
    /// `"name.givenName": "T"` as the name of a member.
    DottedKey,
    /// `"urn:…:User:department": "D"` as the name of a member.
    UrnKey,
    /// `urn:…:User.department`
    DottedUrn,
    /// `"path": null`
    NullPath,
    /// A value path that selects nothing makes the element.
    MissingElement,
    /// `"manager": "u7"`
    ManagerString,
    /// `"manager": [{"value": "u7"}]`
    ManagerList,
    /// `"manager": {"managerId": "u7"}`
    ManagerId,
    /// `"department": "D"` beside the core attributes.
    UnqualifiedExtension,
    /// `"value": ""` clears.
    EmptyStringClears,
    /// `"value": []` clears.
    EmptyListClears,
    /// `"value": "{\"value\":\"25\",\"displayName\":…}"`
    JsonInString,
    /// `displayName` in an element, for `display`.
    ElementDisplayName,
    /// `[{"$ref": null, "value": "x"}]` for a single `"x"`.
    WrappedSingle,
    /// `[{"value": "12"}]` for a list of strings.
    WrappedStrings,
    /// `"emails": {"value": …}`
    SingleForList,
    /// Two elements with one value, both primary.
    DoublePrimary,
    /// `emails[type eq "work"].value eq "x"` in a filter.
    ElementSubAttribute,
    /// `externalId eq ana`
    BareLiteral,
    /// `userName eq "a%40b"`, encoded twice.
    DoubleEncoding,
    /// `emails eq "x"` means the value of one of them.
    ImplicitValue,
    /// An attribute name in another case than the schema's.
    NameCase,
    /// `id`, `meta`, `groups` in a body: only the service provider writes them.
    ReadOnlyAttribute,
    /// `null` for an attribute that is not there.
    NullAttribute,
    /// `[]` in a creation.
    EmptyList,
    /// `"familyName": ""`
    EmptyName,
    /// A schema URN with a letter missing, or of SCIM 1.1, or of nobody.
    SchemaUrn,
    /// `schemas` lists an extension that has nothing in the resource, or lacks one that has.
    SchemaList,
    /// An attribute that no schema in use has.
    UnknownAttribute,
    /// SCIM 1.1: a PATCH whose body is a part of the resource.
    PartialResource,
    /// SCIM 1.1: a member with `"operation": "delete"`.
    MemberOperation,
    /// SCIM 1.1: `"locale": "en_US"`.
    LocaleUnderscore,
    /// `replace` of `members` with the new ones only; taken as `add`, and only when the configuration says so.
    PartialMembersReplace,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 40] = [
        Self::CapitalisedOp,
        Self::StringBoolean,
        Self::StringBooleanInPath,
        Self::RemoveByValue,
        Self::AddByPath,
        Self::ForeignRef,
        Self::Pathless,
        Self::DottedKey,
        Self::UrnKey,
        Self::DottedUrn,
        Self::NullPath,
        Self::MissingElement,
        Self::ManagerString,
        Self::ManagerList,
        Self::ManagerId,
        Self::UnqualifiedExtension,
        Self::EmptyStringClears,
        Self::EmptyListClears,
        Self::JsonInString,
        Self::ElementDisplayName,
        Self::WrappedSingle,
        Self::WrappedStrings,
        Self::SingleForList,
        Self::DoublePrimary,
        Self::ElementSubAttribute,
        Self::BareLiteral,
        Self::DoubleEncoding,
        Self::ImplicitValue,
        Self::NameCase,
        Self::ReadOnlyAttribute,
        Self::NullAttribute,
        Self::EmptyList,
        Self::EmptyName,
        Self::SchemaUrn,
        Self::SchemaList,
        Self::UnknownAttribute,
        Self::PartialResource,
        Self::MemberOperation,
        Self::LocaleUnderscore,
        Self::PartialMembersReplace,
    ];

    /// Its name, as `explain` prints it.
    pub const fn name(self) -> &'static str {
        self.table().0
    }

    /// What it does, in plain words.
    pub const fn says(self) -> &'static str {
        self.table().1
    }

    const fn table(self) -> (&'static str, &'static str) {
        match self {
            Self::CapitalisedOp => ("capitalised-op", "op in capitals is read in lower case"),
            Self::StringBoolean => ("string-boolean", "\"True\" and \"False\" are read as true and false"),
            Self::StringBooleanInPath => {
                ("string-boolean-in-path", "\"True\" in a path or filter is read as true")
            }
            Self::RemoveByValue => {
                ("remove-by-value", "a removal with a list of values removes those, not everything")
            }
            Self::AddByPath => ("add-by-path", "an addition whose path names the member adds that member"),
            Self::ForeignRef => ("foreign-ref", "$ref is dropped: the value says who is meant"),
            Self::Pathless => ("pathless", "an operation without a path becomes one an attribute"),
            Self::DottedKey => ("dotted-key", "a dotted name is read as a sub-attribute"),
            Self::UrnKey => ("urn-key", "a name with a URN is put under its extension"),
            Self::DottedUrn => ("dotted-urn", "a dot after a schema URN is read as a colon"),
            Self::NullPath => ("null-path", "a null path is read as no path"),
            Self::MissingElement => ("missing-element", "a path that selects no element makes one"),
            Self::ManagerString => ("manager-string", "a plain id is read as {\"value\": id}"),
            Self::ManagerList => ("manager-list", "a list of one is read as its element"),
            Self::ManagerId => ("manager-id", "managerId is read as value"),
            Self::UnqualifiedExtension => {
                ("unqualified-extension", "an extension's attribute without its URN is put where it belongs")
            }
            Self::EmptyStringClears => ("empty-string-clears", "an empty string is read as removal"),
            Self::EmptyListClears => ("empty-list-clears", "an empty list is read as removal"),
            Self::JsonInString => ("json-in-string", "JSON written in a string is read"),
            Self::ElementDisplayName => {
                ("element-display-name", "displayName in an element is read as display")
            }
            Self::WrappedSingle => ("wrapped-single", "a single value in a list of {value} is unwrapped"),
            Self::WrappedStrings => ("wrapped-strings", "strings in {value} are unwrapped"),
            Self::SingleForList => ("single-for-list", "a single element is read as a list of one"),
            Self::DoublePrimary => ("double-primary", "elements with the same value are read as one"),
            Self::ElementSubAttribute => {
                ("element-sub-attribute", "attr[x].sub eq v is read as attr[x and sub eq v]")
            }
            Self::BareLiteral => ("bare-literal", "a value without quotes is read as a string"),
            Self::DoubleEncoding => {
                ("double-encoding", "a value that was percent-encoded twice is decoded again")
            }
            Self::ImplicitValue => ("implicit-value", "a multi-valued attribute is compared by its value"),
            Self::NameCase => ("name-case", "names are spelt as the schema spells them"),
            Self::ReadOnlyAttribute => {
                ("read-only-attribute", "what only the service provider writes is ignored")
            }
            Self::NullAttribute => ("null-attribute", "null is read as not there"),
            Self::EmptyList => ("empty-list", "an empty list in a creation is read as not there"),
            Self::EmptyName => ("empty-name", "an empty part of a name is read as not there"),
            Self::SchemaUrn => ("schema-urn", "schema URNs that no RFC has are read as what they mean"),
            Self::SchemaList => ("schema-list", "schemas lists what the resource really uses"),
            Self::UnknownAttribute => ("unknown-attribute", "an attribute that no schema has is dropped"),
            Self::PartialResource => ("partial-resource", "a SCIM 1.1 PATCH becomes operations"),
            Self::MemberOperation => {
                ("member-operation", "a SCIM 1.1 member with operation delete is removed")
            }
            Self::LocaleUnderscore => ("locale-underscore", "en_US is read as en-US"),
            Self::PartialMembersReplace => {
                ("partial-members-replace", "a replacement of members is read as an addition, as configured")
            }
        }
    }
}

/// Which rules touched a request, each once, in the order they first did.
#[derive(Clone, Debug, Default)]
pub struct Touched(Vec<Rule>);

impl Touched {
    /// Notes that a rule was applied.
    pub fn by(&mut self, rule: Rule) {
        if !self.0.contains(&rule) {
            self.0.push(rule);
        }
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }
}
