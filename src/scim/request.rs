//! What an identity provider may ask, in canonical form, and the messages that carry lists (RFC 7644 §3).

use compact_str::CompactString;

use crate::scim::error::{Error, ErrorType};
use crate::scim::filter::Filter;
use crate::scim::json::{Kind, Value};
use crate::scim::name::AttrPath;
use crate::scim::patch::Operation;
use crate::scim::projection::Projection;

use crate::scim::schema::ResourceType;

/// The URN of a list.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// The URN of a query in a body.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Of which type the resources are.
    pub resource: ResourceType,
    /// What is asked.
    pub action: Action,
    /// Which attributes the answer shows.
    pub projection: Projection,
    /// `If-Match` (RFC 7644 §3.14): the version that the client has seen.
    pub if_match: Option<CompactString>,
    /// `If-None-Match`: the version that the client has already.
    pub if_none_match: Option<CompactString>,
}

impl Request {
    /// A request with no projection and no conditions.
    pub fn new(resource: ResourceType, action: Action) -> Self {
        Self { resource, action, projection: Projection::default(), if_match: None, if_none_match: None }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Action {
    /// POST to the endpoint.
    Create(Value),
    /// GET of one.
    Read(CompactString),
    /// GET of the endpoint, or POST to its `.search`.
    List(Query),
    /// PUT.
    Replace(CompactString, Value),
    /// PATCH.
    Modify(CompactString, Vec<Operation>),
    /// DELETE.
    Delete(CompactString),
}

impl Action {
    /// The id of the resource that is asked for; `None` for a creation or a list.
    pub fn id(&self) -> Option<&str> {
        match self {
            Self::Read(id) | Self::Replace(id, _) | Self::Modify(id, _) | Self::Delete(id) => Some(id),
            Self::Create(_) | Self::List(_) => None,
        }
    }

    /// Whether it changes anything.
    pub const fn writes(&self) -> bool {
        !matches!(self, Self::Read(_) | Self::List(_))
    }
}

/// A question for many resources (RFC 7644 §3.4.2).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Which.
    pub filter: Option<Filter>,
    /// From which on, the first being 1.
    pub start_index: Option<usize>,
    /// At most how many.
    pub count: Option<usize>,
    /// In which order.
    pub sort_by: Option<AttrPath>,
    /// The other way round.
    pub descending: bool,
}

/// The parameters of a query as they stand in a URL or a SearchRequest, before the filter is read: reading it is the
/// dialect's business.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    /// `filter`
    pub filter: Option<String>,
    /// Everything of the query but its filter.
    pub query: Query,
    /// `attributes`, `excludedAttributes`
    pub projection: Projection,
}

impl Parameters {
    /// Takes one parameter of a URL. Unknown ones are ignored, as everywhere on the web.
    ///
    /// # Errors
    /// When it stands twice, or its value is not of its type.
    pub fn take(&mut self, name: &str, text: &str) -> Result<(), Error> {
        match name.to_ascii_lowercase().as_str() {
            "filter" if self.filter.is_some() => return Err(Error::filter("there can be one filter")),
            "filter" => self.filter = Some(text.to_owned()),
            "startindex" => self.query.start_index = Some(index(text)?.max(1)),
            "count" => self.query.count = Some(index(text)?),
            "sortby" => self.query.sort_by = Some(path("sortBy", text)?),
            "sortorder" => self.query.descending = order(text)?,
            "attributes" => self.projection.only = paths("attributes", text)?,
            "excludedattributes" => self.projection.without = paths("excludedAttributes", text)?,
            _ => {}
        }
        Ok(())
    }

    /// Reads a SearchRequest (RFC 7644 §3.4.3).
    ///
    /// # Errors
    /// When the body is not one.
    pub fn read(body: &Value) -> Result<Self, Error> {
        if !body.is_object() {
            return Err(Error::syntax("the body must be a JSON object"));
        }
        let mut out = Self::default();
        for (name, value) in body.members() {
            let list = value
                .items()
                .iter()
                .map(Value::as_str)
                .collect::<Option<Vec<_>>>()
                .map(|list| list.join(","));
            let text = match (name.to_ascii_lowercase().as_str(), value.kind()) {
                ("schemas", _) | (_, Kind::Null) => continue,
                ("startindex" | "count", Kind::Number) => value.as_number().map(str::to_owned),
                ("attributes" | "excludedattributes", Kind::List) => list,
                ("filter" | "sortby" | "sortorder" | "attributes" | "excludedattributes", Kind::Text) => {
                    value.as_str().map(str::to_owned)
                }
                ("filter" | "startindex" | "count" | "sortby" | "sortorder", _) => None,
                _ => continue,
            };
            let text = text.ok_or_else(|| Error::value(format!("{name} has a value of the wrong type")))?;
            out.take(name, &text)?;
        }
        Ok(out)
    }
}

/// "A value less than 1 SHALL be interpreted as 1", "a negative value SHALL be interpreted as 0" (RFC 7644 §3.4.2.4).
fn index(text: &str) -> Result<usize, Error> {
    match text.parse::<i64>() {
        Ok(number) => Ok(usize::try_from(number).unwrap_or(0)),
        Err(_) => Err(Error::value("startIndex and count must be whole numbers")),
    }
}

fn order(text: &str) -> Result<bool, Error> {
    match text.to_ascii_lowercase().as_str() {
        "ascending" => Ok(false),
        "descending" => Ok(true),
        _ => Err(Error::value("sortOrder must be ascending or descending")),
    }
}

fn path(parameter: &str, text: &str) -> Result<AttrPath, Error> {
    AttrPath::parse(text.trim())
        .ok_or_else(|| Error::new(ErrorType::InvalidPath, format!("{parameter} must name an attribute")))
}

fn paths(parameter: &str, text: &str) -> Result<Vec<AttrPath>, Error> {
    text.split(',').filter(|name| !name.trim().is_empty()).map(|name| path(parameter, name)).collect()
}

/// The message that carries a page of resources (RFC 7644 §3.4.2).
pub fn list_response(total: usize, start_index: usize, resources: Vec<Value>) -> Value {
    let mut out = Value::object();
    out.set("schemas", vec![Value::from(LIST_RESPONSE)]);
    out.set("totalResults", total);
    out.set("startIndex", start_index);
    out.set("itemsPerPage", resources.len());
    out.set("Resources", resources);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scim::json::Limits;

    #[test]
    fn parameters_are_read_from_a_url_and_from_a_body_alike() {
        let mut url = Parameters::default();
        for (name, text) in [
            ("filter", "userName pr"),
            ("startIndex", "0"),
            ("count", "-1"),
            ("sortBy", "name.familyName"),
            ("sortOrder", "descending"),
            ("attributes", "userName, emails.value"),
            ("unknown", "x"),
        ] {
            url.take(name, text).unwrap();
        }
        let body =
            br#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],"filter":"userName pr",
            "startIndex":0,"count":-1,"sortBy":"name.familyName","sortOrder":"descending",
            "attributes":["userName","emails.value"],"excludedAttributes":null,"unknown":{}}"#;
        let body = Parameters::read(&Value::read(body, &Limits::REQUEST).unwrap()).unwrap();
        assert_eq!((&url.filter, &url.query, &url.projection), (&body.filter, &body.query, &body.projection));
        assert_eq!((url.query.start_index, url.query.count), (Some(1), Some(0)));
        assert_eq!(url.projection.only.len(), 2);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (name, text) in [
            ("startIndex", "abc"),
            ("startIndex", "18446744073709551616"),
            ("count", "1.5"),
            ("sortOrder", "up"),
            ("sortBy", "a b"),
            ("attributes", "a,.b"),
        ] {
            assert!(Parameters::default().take(name, text).is_err(), "{name}={text}");
        }
        let mut twice = Parameters::default();
        twice.take("filter", "a pr").unwrap();
        assert_eq!(twice.take("filter", "b pr").unwrap_err().kind, ErrorType::InvalidFilter);
        for body in [r#"{"filter":5}"#, r#"{"count":"all"}"#, r#"{"attributes":[5]}"#, "[]"] {
            assert!(
                Parameters::read(&Value::read(body.as_bytes(), &Limits::REQUEST).unwrap()).is_err(),
                "{body}"
            );
        }
    }
}
