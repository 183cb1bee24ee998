//! The tolerances, by name: which form is understood, what it is read as, and what happens where an integration has
//! switched the rule off.
//!
//! Each is applied by the shape of what came, whoever sent it, so that a client nobody has met yet is understood when it
//! does what another does. What only one client means is decided in `client.rs`. Which published deviation is handled by
//! which rule is data: `tests/it/deviations.json`.

/// What becomes of a form whose rule is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// The request is refused with 400, and the detail names the form.
    Refused,
    /// The form is left as it is: it is legal, and means something by itself, or nothing at all.
    Passed,
}

/// Makes the enum, the list of all, and the table, from one line a rule. The doc comment is the form itself.
macro_rules! rules {
    ($(#[doc = $form:literal] $rule:ident $name:literal $off:ident $says:literal;)+) => {
        /// One tolerance.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rule {
            $(#[doc = $form] $rule,)+
        }

        impl Rule {
            /// All of them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$rule),+];

            /// Their names, in the same order.
            pub const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// The form that it is about.
            pub const fn form(self) -> &'static str {
                match self { $(Self::$rule => $form,)+ }
            }

            /// What the form is read as, in plain words.
            pub const fn says(self) -> &'static str {
                match self { $(Self::$rule => $says,)+ }
            }

            /// What becomes of the form where the rule is switched off.
            pub const fn off(self) -> Off {
                match self { $(Self::$rule => Off::$off,)+ }
            }
        }
    };
}

rules! {
    /// `"op": "Add"`: the word in capitals
    CapitalisedOp "capitalised-op" Refused "op in capitals is read in lower case";
    /// `"active": "False"`: a truth value in a string
    StringBoolean "string-boolean" Refused "\"True\" and \"False\" are read as true and false";
    /// `roles[primary eq "True"]`: a truth value in a string, within a path or filter
    StringBooleanInPath "string-boolean-in-path" Refused "\"True\" in a path or filter is read as true";
    /// `{"op": "remove", "path": "members", "value": [{"value": "u1"}]}`: a removal with values
    RemoveByValue "remove-by-value" Refused "a removal with a list of values removes those, not everything";
    /// `{"op": "add", "path": "members[value eq \"u1\"]"}`: an addition without a value
    AddByPath "add-by-path" Refused "an addition whose path names the member adds that member";
    /// `$ref` in a member or manager: a URL of somebody else, perhaps `null`, perhaps relative
    ForeignRef "foreign-ref" Passed "$ref is dropped: the value says who is meant";
    /// an operation without a path, whose value names the attributes
    Pathless "pathless" Refused "an operation without a path becomes one an attribute";
    /// `"name.givenName": "T"`: a dotted name of a member
    DottedKey "dotted-key" Refused "a dotted name is read as a sub-attribute";
    /// `"urn:…:User:department": "D"`: a URN in the name of a member
    UrnKey "urn-key" Refused "a name with a URN is put under its extension";
    /// `urn:…:User.department`: a dot after a schema URN
    DottedUrn "dotted-urn" Refused "a dot after a schema URN is read as a colon";
    /// `"path": null` or, in a removal, `"value": null`
    NullMember "null-member" Refused "a null path, or the null value of a removal, is read as not there";
    /// `"name": "addMember"` beside `op`, `path` and `value`
    OperationExtra "operation-extra" Passed "what an operation holds besides op, path and value is ignored";
    /// `{"name": {"givenName": "T"}}` as the value of an operation: a part of a complex attribute
    SplitComplex "split-complex" Passed "parts of a complex attribute are changed each by itself: the others stay";
    /// a value path that selects nothing
    MissingElement "missing-element" Passed "a path that selects no element makes one";
    /// `"manager": "u7"`: an id where an object belongs
    ManagerString "manager-string" Refused "a plain id is read as {\"value\": id}";
    /// `"manager": [{"value": "u7"}]`: a list where an object belongs
    ManagerList "manager-list" Refused "a list of one is read as its element";
    /// `"manager": {"managerId": "u7"}`, as in SCIM 1.1
    ManagerId "manager-id" Refused "managerId is read as value";
    /// `"department": "D"` beside the core attributes: an extension's attribute without its URN
    UnqualifiedExtension "unqualified-extension" Refused "an extension's attribute without its URN is put where it belongs";
    /// `"value": ""` in an operation
    EmptyStringClears "empty-string-clears" Passed "an empty string is read as removal";
    /// `"value": []` in an operation
    EmptyListClears "empty-list-clears" Passed "an empty list is read as removal";
    /// `"value": "{\"value\":\"25\",\"displayName\":…}"`: JSON within a string
    JsonInString "json-in-string" Refused "JSON written in a string is read";
    /// `displayName` in an element of a list, for `display`
    ElementDisplayName "element-display-name" Refused "displayName in an element is read as display";
    /// `[{"$ref": null, "value": "x"}]` for a single `"x"`
    WrappedSingle "wrapped-single" Refused "a single value in a list of {value} is unwrapped";
    /// `[{"value": "12"}]` for a list of strings
    WrappedStrings "wrapped-strings" Refused "strings in {value} are unwrapped";
    /// `"emails": {"value": …}`: one element where a list belongs
    SingleForList "single-for-list" Refused "a single element is read as a list of one";
    /// two elements with one value, both primary
    DoublePrimary "double-primary" Refused "elements with the same value are read as one";
    /// `emails[type eq "work"].value eq "x"` in a filter
    ElementSubAttribute "element-sub-attribute" Refused "attr[x].sub eq v is read as attr[x and sub eq v]";
    /// `externalId eq ana`: a value without quotes in a filter
    BareLiteral "bare-literal" Refused "a value without quotes is read as a string";
    /// `userName eq "a%40b"`: a value that was encoded twice
    DoubleEncoding "double-encoding" Passed "a value that was percent-encoded twice is decoded again";
    /// `emails eq "x"`: a list of objects compared with a string
    ImplicitValue "implicit-value" Passed "a multi-valued attribute is compared by its value";
    /// an attribute's name in another case than the schema's
    NameCase "name-case" Passed "names are spelt as the schema spells them";
    /// `id`, `meta` or `groups` in a body
    ReadOnlyAttribute "read-only-attribute" Passed "what only the service provider writes is ignored";
    /// `null` for an attribute that is not there
    NullAttribute "null-attribute" Passed "null is read as not there";
    /// `[]` in a creation
    EmptyList "empty-list" Passed "an empty list in a creation is read as not there";
    /// `"familyName": ""`: an empty part of a name
    EmptyName "empty-name" Passed "an empty part of a name is read as not there";
    /// a schema URN with a letter missing, or of SCIM 1.1, or of nobody
    SchemaUrn "schema-urn" Refused "schema URNs that no RFC has are read as what they mean";
    /// `schemas` that is missing, lists an extension that has nothing in the resource, or lacks one that has
    SchemaList "schema-list" Passed "schemas lists what the resource really uses";
    /// an attribute that no schema in use has
    UnknownAttribute "unknown-attribute" Refused "an attribute that no schema has is dropped";
    /// SCIM 1.1: a PATCH whose body is a part of the resource
    PartialResource "partial-resource" Refused "a SCIM 1.1 PATCH becomes operations";
    /// SCIM 1.1: a member with `"operation": "delete"`
    MemberOperation "member-operation" Refused "a SCIM 1.1 member with operation delete is removed";
    /// Okta's SCIM 1.1: `"urn:okta:custom:group:1.0": {"description": …}`
    GroupDescription "group-description" Refused "the description of a group, which SCIM 2.0 does not have, is dropped";
    /// `"locale": "en_US"`: an underscore in a language tag
    LocaleUnderscore "locale-underscore" Passed "en_US is read as en-US";
    /// a `replace` of `members` that holds the new ones only, where `partial_members_replace` says so
    PartialMembersReplace "partial-members-replace" Passed "a replacement of members is read as an addition, as configured";
    /// `/Users/7?` or `…&`: a separator at the end of the URL
    TrailingSeparator "trailing-separator" Refused "a separator at the end of the URL is ignored";
    /// `Content-Type: application/json`
    JsonContentType "json-content-type" Refused "application/json is read as application/scim+json";
}

impl Rule {
    /// Its name, as `explain` prints it and a configuration switches it off.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }
}

/// A set of rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules(u64);

// One bit each.
const _: () = assert!(Rule::ALL.len() <= 64);

impl Rules {
    /// Whether a rule is in it.
    pub const fn has(self, rule: Rule) -> bool {
        self.0 & (1 << rule as u64) != 0
    }
}

impl FromIterator<Rule> for Rules {
    fn from_iter<I: IntoIterator<Item = Rule>>(rules: I) -> Self {
        Self(rules.into_iter().fold(0, |bits, rule| bits | 1 << rule as u64))
    }
}

/// Which rules touched a request, each once, in the order they first did; and which one would have had to, but is
/// switched off.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    rules: Vec<Rule>,
    off: Rules,
    refused: Option<Rule>,
}

impl Touched {
    /// Notes that the form of a rule was met. Whether to apply the rule: not if it is switched off.
    pub(super) fn by(&mut self, rule: Rule) -> bool {
        if self.off.has(rule) {
            if rule.off() == Off::Refused {
                self.refused.get_or_insert(rule);
            }
            return false;
        }
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
        true
    }

    /// From now on, these are off.
    pub(super) fn without(&mut self, off: Rules) {
        self.off = off;
    }

    /// The rule that is switched off and whose form was met, if there is one.
    pub(super) const fn refused(&self) -> Option<Rule> {
        self.refused
    }

    /// The rules.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}
