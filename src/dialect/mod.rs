//! What identity providers really send, and the canonical SCIM that they mean.
//!
//! Canonical: `op` in lower case; every operation has a path, and one attribute; sub-attributes dotted, extension
//! attributes as `URN:attribute`; a removal has no value, and one member of a group each; JSON types as in the schema,
//! no `null`; `schemas` lists what is used; filters quoted, lower-case, encoded once.

mod body;
mod entra;
mod filter;
mod okta;
mod operation;
mod rule;
mod scim11;
mod value;

use crate::scim::error::Error;
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::patch::{self, Op, Operation};
use crate::scim::resource::{self, Write};
use crate::scim::schema::Catalog;

pub use rule::{Rule, Touched};

/// What an integration's configuration says about its identity provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// Decided for each request, by its shape and headers: one tenant may send two dialects.
    #[default]
    Auto,
    /// Microsoft Entra ID.
    Entra,
    /// Okta.
    Okta,
    /// The RFCs, and nothing besides: nothing is tolerated.
    Rfc,
}

impl Dialect {
    /// The names that a configuration may use.
    pub const NAMES: [&'static str; 4] = ["auto", "entra", "okta", "rfc"];

    /// From its name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "entra" => Some(Self::Entra),
            "okta" => Some(Self::Okta),
            "rfc" => Some(Self::Rfc),
            _ => None,
        }
    }
}

/// The headers of a request that tell clients apart.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hints<'h> {
    /// `User-Agent`
    pub user_agent: Option<&'h str>,
    /// Whether there is an `Adscimversion`.
    pub adscimversion: bool,
}

/// How answers to a client differ where SCIM leaves a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manners {
    /// The status that makes the client try again by itself.
    pub transient: u16,
    /// Whether a PATCH of a group is answered with the group, if there is one to answer with.
    pub group_patch_body: bool,
}

/// How one request is read: the dialect, decided.
#[derive(Clone, Copy, Debug)]
pub struct Speaker {
    strict: bool,
    empty_string_clears: bool,
    partial_members_replace: bool,
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
}

impl Speaker {
    /// Who speaks in this request.
    pub fn of(options: &Options, hints: &Hints<'_>) -> Self {
        let dialect = match options.dialect {
            Dialect::Auto if entra::recognises(hints) => Dialect::Entra,
            Dialect::Auto if okta::recognises(hints) => Dialect::Okta,
            decided => decided,
        };
        Self {
            strict: dialect == Dialect::Rfc,
            // Okta clears by PUT; from anyone else an empty string in a PATCH has only ever been seen to mean removal.
            empty_string_clears: !matches!(dialect, Dialect::Rfc | Dialect::Okta),
            partial_members_replace: options.partial_members_replace && dialect != Dialect::Rfc,
            manners: match dialect {
                Dialect::Entra => entra::MANNERS,
                Dialect::Okta => okta::MANNERS,
                Dialect::Auto | Dialect::Rfc => Manners { transient: 503, group_patch_body: true },
            },
        }
    }

    /// How it wants to be answered.
    pub const fn manners(&self) -> Manners {
        self.manners
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
        let body = if self.strict || !body.is_object() {
            body
        } else {
            body::canonical(body, catalog, write, touched)
        };
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
        let mut out = Vec::new();
        if self.strict {
            let strict = patch::operations(body)?.iter().map(Operation::read);
            out = strict.collect::<Result<_, _>>()?;
            // Elsewhere it says what to remove; the RFC knows no such thing, and would have all of it removed.
            if out.iter().any(|operation| operation.op == Op::Remove && !operation.value.is_null()) {
                return Err(Error::value(
                    "a remove operation has no value: a filter in its path says what goes",
                ));
            }
        } else if let Some(partial) = scim11::operations(body, touched)? {
            out = partial;
        } else {
            for from in patch::operations(body)? {
                out.extend(operation::canonical(from, catalog, self, touched)?);
            }
        }
        out.iter_mut().try_for_each(|operation| resource::check_operation(operation, catalog))?;
        Ok(out)
    }

    /// The filter that a text holds.
    ///
    /// # Errors
    /// `invalidFilter` when it cannot be read.
    pub fn filter(&self, text: &str, catalog: &Catalog, touched: &mut Touched) -> Result<Filter, Error> {
        let filter = if self.strict {
            Filter::parse(text)
                .map_err(|error| Error::filter(format!("the filter cannot be read: {error}")))?
        } else {
            filter::canonical(text, catalog, touched)?
        };
        match filter.check(catalog) {
            Ok(()) => Ok(filter),
            Err(path) => Err(Error::filter(format!("{path} has no order, and cannot be compared by one"))),
        }
    }
}

#[cfg(test)]
mod tests;
