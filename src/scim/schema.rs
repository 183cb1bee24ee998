//! Schemas as data: what each attribute is, and how it behaves (RFC 7643 §2.2, §7, §8.7).

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use compact_str::CompactString;

use crate::scim::json::{Limits, Value, kind_of_name, same_name};
use crate::scim::name::AttrPath;

/// The kinds of resource that the bridge carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// RFC 7643 §4.1
    User,
    /// RFC 7643 §4.2
    Group,
}

impl ResourceType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// Its name, as in `meta.resourceType`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Its endpoint, without slashes.
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The URN of its core schema.
    pub const fn urn(self) -> &'static str {
        match self {
            Self::User => "urn:ietf:params:scim:schemas:core:2.0:User",
            Self::Group => "urn:ietf:params:scim:schemas:core:2.0:Group",
        }
    }
}

/// The type of an attribute's value (RFC 7643 §2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC's own words")]
pub enum AttributeType {
    String,
    Boolean,
    Decimal,
    Integer,
    DateTime,
    Binary,
    Reference,
    Complex,
}

/// Who may write an attribute (RFC 7643 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC's own words")]
pub enum Mutability {
    ReadWrite,
    ReadOnly,
    Immutable,
    WriteOnly,
}

/// When an attribute is part of an answer (RFC 7643 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the RFC's own words")]
pub enum Returned {
    Default,
    Always,
    Never,
    Request,
}

/// One attribute or sub-attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Its name, in the schema's spelling.
    pub name: CompactString,
    /// The type of its value, or of each of its values.
    pub kind: AttributeType,
    /// Whether it holds a list.
    pub multi_valued: bool,
    /// Whether it must be there.
    pub required: bool,
    /// Whether two values that differ in case differ.
    pub case_exact: bool,
    /// Who may write it.
    pub mutability: Mutability,
    /// When it is part of an answer.
    pub returned: Returned,
    /// `none`, `server` or `global`.
    pub uniqueness: CompactString,
    /// Values that the schema suggests.
    pub canonical_values: Vec<CompactString>,
    /// What a reference may point at.
    pub reference_types: Vec<CompactString>,
    /// One sentence.
    pub description: CompactString,
    /// Of a complex attribute.
    pub sub_attributes: Attributes,
}

/// Attributes in their order, found by name. Every name of every resource is looked up more than once, so a look must not
/// go through the attributes.
#[derive(Clone, Debug, Default)]
pub struct Attributes {
    list: Vec<Attribute>,
    /// For each kind of name, which of the attributes has one of it. Empty where there are no attributes.
    kinds: Vec<OfKind>,
}

#[derive(Clone, Copy, Debug)]
enum OfKind {
    None,
    One(u16),
    /// Names are told apart by the whole of them.
    Several,
}

impl Attributes {
    /// Few attributes of one resource share one of so many kinds.
    const KINDS: usize = 256;

    /// The one of that name, in any case.
    pub fn named(&self, name: &str) -> Option<&Attribute> {
        let is_named = |attribute: &&Attribute| same_name(&attribute.name, name);
        match self.kinds.get(kind_of_name(name) % Self::KINDS)? {
            OfKind::None => None,
            OfKind::One(at) => self.list.get(usize::from(*at)).filter(is_named),
            OfKind::Several => self.list.iter().find(is_named),
        }
    }
}

impl FromIterator<Attribute> for Attributes {
    fn from_iter<I: IntoIterator<Item = Attribute>>(list: I) -> Self {
        let list: Vec<_> = list.into_iter().collect();
        let mut kinds = if list.is_empty() { Vec::new() } else { vec![OfKind::None; Self::KINDS] };
        for (at, attribute) in list.iter().enumerate() {
            let kind = &mut kinds[kind_of_name(&attribute.name) % Self::KINDS];
            *kind = match (*kind, u16::try_from(at)) {
                (OfKind::None, Ok(at)) => OfKind::One(at),
                _ => OfKind::Several,
            };
        }
        Self { list, kinds }
    }
}

impl Deref for Attributes {
    type Target = [Attribute];

    fn deref(&self) -> &[Attribute] {
        &self.list
    }
}

impl Attribute {
    /// An attribute with the defaults of RFC 7643 §2.2: a single string that is read and written, in any case.
    pub fn string(name: &str) -> Self {
        Self {
            name: name.into(),
            kind: AttributeType::String,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: "none".into(),
            canonical_values: Vec::new(),
            reference_types: Vec::new(),
            description: CompactString::default(),
            sub_attributes: Attributes::default(),
        }
    }

    /// Whether an answer has it when nobody asks for it, nor for anything else.
    pub const fn is_shown(&self) -> bool {
        matches!(self.returned, Returned::Always | Returned::Default)
    }

    /// The sub-attribute of that name, in any case.
    pub fn sub(&self, name: &str) -> Option<&Attribute> {
        self.sub_attributes.named(name)
    }

    /// Reads the form of RFC 7643 §7. What is missing has the RFC's default; `None` when a word is unknown.
    pub fn read(from: &Value) -> Option<Self> {
        let flag = |name| from.get(name).and_then(Value::as_bool).unwrap_or(false);
        let texts = |name| -> Vec<CompactString> {
            let list = from.get(name).map(Value::items).unwrap_or_default();
            list.iter().filter_map(Value::as_str).map(Into::into).collect()
        };
        Some(Self {
            name: from.text_at("name")?.into(),
            kind: AttributeType::parse(from.text_at("type").unwrap_or("string"))?,
            multi_valued: flag("multiValued"),
            required: flag("required"),
            case_exact: flag("caseExact"),
            mutability: Mutability::parse(from.text_at("mutability").unwrap_or("readWrite"))?,
            returned: Returned::parse(from.text_at("returned").unwrap_or("default"))?,
            uniqueness: from.text_at("uniqueness").unwrap_or("none").into(),
            canonical_values: texts("canonicalValues"),
            reference_types: texts("referenceTypes"),
            description: from.text_at("description").unwrap_or_default().into(),
            sub_attributes: from
                .get("subAttributes")
                .map(Value::items)
                .unwrap_or_default()
                .iter()
                .map(Self::read)
                .collect::<Option<_>>()?,
        })
    }

    /// The form of RFC 7643 §7, every characteristic said.
    pub fn to_value(&self) -> Value {
        let words =
            |list: &[CompactString]| list.iter().map(|word| Value::from(word.as_str())).collect::<Value>();
        let mut out = Value::object();
        out.set("name", self.name.as_str());
        out.set("type", self.kind.word());
        out.set("multiValued", self.multi_valued);
        out.set("description", self.description.as_str());
        out.set("required", self.required);
        if !self.canonical_values.is_empty() {
            out.set("canonicalValues", words(&self.canonical_values));
        }
        if self.kind != AttributeType::Complex {
            out.set("caseExact", self.case_exact);
        }
        out.set("mutability", self.mutability.word());
        out.set("returned", self.returned.word());
        out.set("uniqueness", self.uniqueness.as_str());
        if !self.reference_types.is_empty() {
            out.set("referenceTypes", words(&self.reference_types));
        }
        if !self.sub_attributes.is_empty() {
            out.set("subAttributes", self.sub_attributes.iter().map(Self::to_value).collect::<Value>());
        }
        out
    }
}

macro_rules! words {
    ($type:ty { $($variant:ident = $word:literal),+ $(,)? }) => {
        impl $type {
            /// The RFC's word for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// From the RFC's word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

words!(AttributeType {
    String = "string",
    Boolean = "boolean",
    Decimal = "decimal",
    Integer = "integer",
    DateTime = "dateTime",
    Binary = "binary",
    Reference = "reference",
    Complex = "complex",
});
words!(Mutability {
    ReadWrite = "readWrite",
    ReadOnly = "readOnly",
    Immutable = "immutable",
    WriteOnly = "writeOnly"
});
words!(Returned { Default = "default", Always = "always", Never = "never", Request = "request" });

/// A set of attributes with a URN.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The URN.
    pub id: CompactString,
    /// A short name.
    pub name: CompactString,
    /// One sentence.
    pub description: CompactString,
    /// Its attributes.
    pub attributes: Attributes,
}

impl Schema {
    /// The attribute of that name, in any case.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.named(name)
    }

    /// Reads the form of RFC 7643 §7.
    pub fn read(from: &Value) -> Option<Self> {
        Some(Self {
            id: from.text_at("id")?.into(),
            name: from.text_at("name")?.into(),
            description: from.text_at("description").unwrap_or_default().into(),
            attributes: from.get("attributes")?.items().iter().map(Attribute::read).collect::<Option<_>>()?,
        })
    }
}

/// The attributes of every resource (RFC 7643 §3, §3.1), as if they were a schema.
static COMMON: LazyLock<Schema> = LazyLock::new(|| shipped(include_str!("schemas/common.json")));
static USER: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(shipped(include_str!("schemas/user.json"))));
static GROUP: LazyLock<Arc<Schema>> = LazyLock::new(|| Arc::new(shipped(include_str!("schemas/group.json"))));
static ENTERPRISE_USER: LazyLock<Arc<Schema>> =
    LazyLock::new(|| Arc::new(shipped(include_str!("schemas/enterprise_user.json"))));

fn shipped(json: &str) -> Schema {
    let read = Value::read(json.as_bytes(), &Limits::REQUEST).ok().as_ref().and_then(Schema::read);
    #[expect(clippy::expect_used, reason = "the file is part of the program, and a test reads each")]
    read.expect("a shipped schema reads")
}

/// The schemas in use for one resource type: its core schema, and the extensions that resources may carry.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The type.
    pub resource: ResourceType,
    /// The core schema.
    pub core: Arc<Schema>,
    /// The extensions.
    pub extensions: Vec<Arc<Schema>>,
}

impl Catalog {
    /// Core User with the enterprise extension, or core Group.
    pub fn standard(resource: ResourceType) -> Self {
        match resource {
            ResourceType::User => {
                Self { resource, core: USER.clone(), extensions: vec![ENTERPRISE_USER.clone()] }
            }
            ResourceType::Group => Self { resource, core: GROUP.clone(), extensions: Vec::new() },
        }
    }

    /// The extension with that URN, in any case.
    pub fn extension(&self, urn: &str) -> Option<&Schema> {
        self.extensions.iter().find(|schema| same_name(&schema.id, urn)).map(AsRef::as_ref)
    }

    /// The attribute that a path names, without regard to its sub-attribute. `None` when no schema in use has it.
    pub fn attribute(&self, path: &AttrPath) -> Option<&Attribute> {
        match &path.schema {
            Some(urn) => self.extension(urn)?.attribute(&path.name),
            None => self.core.attribute(&path.name).or_else(|| COMMON.attribute(&path.name)),
        }
    }

    /// The attribute or sub-attribute that a path names.
    pub fn target(&self, path: &AttrPath) -> Option<&Attribute> {
        let attribute = self.attribute(path)?;
        match &path.sub {
            Some(sub) => attribute.sub(sub),
            None => Some(attribute),
        }
    }

    /// An extension that has an attribute of that name, if exactly one does.
    pub fn only_extension_with(&self, name: &str) -> Option<&Schema> {
        let mut having = self.extensions.iter().filter(|schema| schema.attribute(name).is_some());
        having.next().filter(|_| having.next().is_none()).map(AsRef::as_ref)
    }

    /// The core attribute of that name; common ones included.
    pub fn core_attribute(&self, name: &str) -> Option<&Attribute> {
        self.core.attribute(name).or_else(|| COMMON.attribute(name))
    }

    /// All schemas in use, the core one first.
    pub fn schemas(&self) -> impl Iterator<Item = &Schema> {
        std::iter::once(self.core.as_ref()).chain(self.extensions.iter().map(AsRef::as_ref))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::name::ENTERPRISE;

    #[test]
    fn attributes_are_found_by_path() {
        let users = Catalog::standard(ResourceType::User);
        let kind = |path: &str| users.target(&AttrPath::parse(path).unwrap()).map(|attribute| attribute.kind);
        assert_eq!(kind("USERNAME"), Some(AttributeType::String));
        assert_eq!(kind("emails.primary"), Some(AttributeType::Boolean));
        assert_eq!(kind("meta.created"), Some(AttributeType::DateTime));
        assert_eq!(kind(&format!("{ENTERPRISE}:manager")), Some(AttributeType::Complex));
        assert_eq!(kind("department"), None);
        assert_eq!(kind("emails.nothing"), None);
        assert_eq!(users.only_extension_with("department").unwrap().id, ENTERPRISE);
        assert!(Catalog::standard(ResourceType::Group).core_attribute("members").unwrap().multi_valued);
    }

    #[test]
    fn an_attribute_reads_back_from_what_it_prints() {
        for resource in ResourceType::ALL {
            for schema in Catalog::standard(resource).schemas() {
                for attribute in schema.attributes.iter() {
                    let printed = attribute.to_value();
                    assert_eq!(Attribute::read(&printed).unwrap().to_value(), printed, "{}", attribute.name);
                }
            }
        }
    }
}
