//! What identity providers really send, and the canonical SCIM that they mean.
//!
//! Canonical: `op` in lower case; every operation has a path, and one attribute; sub-attributes dotted, extension
//! attributes as `URN:attribute`; a removal has no value, and one member of a group each; JSON types as in the schema,
//! no `null`; `schemas` lists what is used; filters quoted, lower-case, encoded once.

mod body;
mod client;
mod filter;
mod operation;
mod rfc;
mod rule;
mod scim11;
mod value;

use crate::scim::error::{Error, ErrorType};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::patch::{self, Operation};
use crate::scim::resource::{self, Write};
use crate::scim::schema::Catalog;

pub use client::Dialect;
pub use rule::{Off, Rule, Rules, Touched};

/// The headers of a request that tell clients apart, and what they want.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'h> {
    /// `User-Agent`
    pub user_agent: Option<&'h str>,
    /// Whether there is an `Adscimversion`.
    pub adscimversion: bool,
    /// `Accept`
    pub accept: Option<&'h str>,
}

/// The media type of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/scim+json`
    ScimJson,
    /// `application/json`, which RFC 7644 §3.1 also has.
    Json,
}

/// The version of SCIM in which a client is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SCIM 1.1
    One,
    /// SCIM 2.0
    Two,
}

/// How answers to a client differ where SCIM leaves a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// The status that makes the client try again by itself.
    pub transient: u16,
    /// Whether a PATCH of a group is answered with the group, if there is one to answer with.
    pub group_patch_body: bool,
    /// The media type.
    pub media: Media,
    /// The form of resources, lists and errors.
    pub version: Version,
}

impl Manners {
    /// An answer in the client's version of SCIM.
    pub fn body(&self, canonical: Value) -> Value {
        match self.version {
            Version::One => scim11::answer(canonical),
            Version::Two => canonical,
        }
    }

    /// An error in the client's version of SCIM, if that is not 2.0.
    pub fn error(&self, status: u16, detail: &str) -> Option<Value> {
        (self.version == Version::One).then(|| scim11::error(status, detail))
    }
}

/// How one request is read: the dialect, decided.
#[derive(Clone, Copy, Debug)]
pub struct Speaker {
    dialect: Dialect,
    partial_members_replace: bool,
    off: Rules,
    manners: Manners,
}

/// The settings of an integration that decide what ambiguous forms mean.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whose dialect.
    pub dialect: Dialect,
    /// A `replace` of `members` holds only the new ones. Entra sends that to a service that shows members although
    /// `excludedAttributes=members` was asked; the request alone does not tell.
    pub partial_members_replace: bool,
    /// The rules that are switched off.
    pub off: Rules,
}

impl Speaker {
    /// Who speaks in this request.
    pub fn of(options: &Options, hints: &Hints<'_>) -> Self {
        let dialect = options.dialect.decided(hints);
        let mut manners = dialect.manners();
        if hints.accept.is_some_and(wants_plain_json) {
            manners.media = Media::Json;
        }
        Self { dialect, partial_members_replace: options.partial_members_replace, off: options.off, manners }
    }

    /// Whose dialect this request is in.
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// How it wants to be answered.
    pub const fn manners(&self) -> Manners {
        self.manners
    }

    fn is_strict(&self) -> bool {
        self.dialect == Dialect::Rfc
    }

    /// Notes that the form of a rule was met outside a body or filter: in a header, or in the URL.
    ///
    /// # Errors
    /// When the rule is switched off, and the form is refused then.
    pub fn meets(&self, rule: Rule, touched: &mut Touched) -> Result<(), Error> {
        if self.is_strict() {
            return Ok(());
        }
        touched.without(self.off);
        touched.by(rule);
        refused(touched, ErrorType::InvalidSyntax)
    }

    /// The resource that the body of a POST or PUT describes.
    ///
    /// # Errors
    /// When the body is no resource, or a value does not fit its attribute.
    pub fn resource(
        &self,
        body: Value,
        catalog: &Catalog,
        write: Write,
        touched: &mut Touched,
    ) -> Result<Value, Error> {
        if !body.is_object() {
            return resource::accept(body, catalog, write);
        }
        if self.is_strict() {
            rfc::check_resource(&body, catalog)?;
            return resource::accept(body, catalog, write);
        }
        touched.without(self.off);
        let body = body::canonical(body, catalog, write, touched);
        refused(touched, ErrorType::InvalidSyntax)?;
        resource::accept(body, catalog, write)
    }

    /// The operations that the body of a PATCH holds.
    ///
    /// # Errors
    /// When the body is no PATCH, a path cannot be read, or a value does not fit its attribute.
    pub fn operations(
        &self,
        body: &Value,
        catalog: &Catalog,
        touched: &mut Touched,
    ) -> Result<Vec<Operation>, Error> {
        if !body.is_object() {
            return Err(Error::syntax("the body must be a JSON object"));
        }
        let mut out = if self.is_strict() {
            rfc::operations(body, catalog)?
        } else {
            touched.without(self.off);
            let read = self.tolerant(body, catalog, touched);
            // What is switched off is said first: what else is wrong may come of it.
            refused(touched, ErrorType::InvalidSyntax)?;
            read?
        };
        out.iter_mut().try_for_each(|operation| resource::check_operation(operation, catalog))?;
        Ok(out)
    }

    fn tolerant(
        &self,
        body: &Value,
        catalog: &Catalog,
        touched: &mut Touched,
    ) -> Result<Vec<Operation>, Error> {
        if let Some(parts) = scim11::operations(body, catalog, self, touched)? {
            return Ok(parts);
        }
        let mut out = Vec::new();
        for from in patch::operations(body)? {
            out.extend(operation::canonical(from, catalog, self, touched)?);
        }
        Ok(out)
    }

    /// The filter that a text holds.
    ///
    /// # Errors
    /// `invalidFilter` when it cannot be read.
    pub fn filter(&self, text: &str, catalog: &Catalog, touched: &mut Touched) -> Result<Filter, Error> {
        let filter = if self.is_strict() {
            Filter::parse(text)
                .map_err(|error| Error::filter(format!("the filter cannot be read: {error}")))?
        } else {
            touched.without(self.off);
            let filter = filter::canonical(text, catalog, touched);
            refused(touched, ErrorType::InvalidFilter)?;
            filter?
        };
        match filter.check(catalog) {
            Ok(()) => Ok(filter),
            Err(path) => Err(Error::filter(format!("{path} has no order, and cannot be compared by one"))),
        }
    }
}

/// The refusal of a form whose rule is switched off.
fn refused(touched: &Touched, kind: ErrorType) -> Result<(), Error> {
    let Some(rule) = touched.refused() else { return Ok(()) };
    let (form, name) = (rule.form().trim(), rule.name());
    Err(Error::new(kind, format!("this integration does not take {form} (its rule {name} is switched off)")))
}

/// Whether an `Accept` asks for plain JSON, and would not have SCIM's own media type.
fn wants_plain_json(accept: &str) -> bool {
    let named = |media: &str| {
        let mut types = accept.split(',').filter_map(|part| part.split(';').next());
        types.any(|one| one.trim().eq_ignore_ascii_case(media))
    };
    let others = ["application/scim+json", "application/*", "*/*"];
    named("application/json") && !others.into_iter().any(named)
}

#[cfg(test)]
mod tests;
