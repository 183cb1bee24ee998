//! Queries: RFC 7644 §3.4.2 and §3.4.3 (`/.search`).

use std::cmp::Ordering;

use http::Method;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::schema::Type;
use super::{Rfc, check, filters, malformed, not_allowed, wrong_value};
use crate::simulator::harness::World;
use crate::simulator::harness::message::{Reply, Request, list};
use crate::simulator::harness::projection::Projection;
use crate::simulator::harness::records::Record;
use crate::simulator::oracle::attribute::{AttributePath, member};
use crate::simulator::oracle::filter::{self, Filter};
use crate::simulator::oracle::matches;

/// What is asked for.
struct Query {
    filter: Option<Filter>,
    sort_by: Option<AttributePath>,
    descending: bool,
    start: usize,
    count: Option<usize>,
    projection: Projection,
}

impl Rfc {
    /// A query in the URL.
    pub(super) fn query(&self, request: &Request, kinds: &[Type], world: &mut World) -> Result<Reply, Reply> {
        let text = |name: &str| request.parameter(name);
        let number = |name: &str| -> Result<Option<i64>, Reply> {
            let read = |text: String| {
                text.parse().map_err(|_| wrong_value(format!("{name} must be a whole number")))
            };
            text(name).map(read).transpose()
        };
        let query = Asked {
            filter: text("filter"),
            sort_by: text("sortBy"),
            sort_order: text("sortOrder"),
            start: number("startIndex")?,
            count: number("count")?,
            projection: Projection::of(request)?,
        };
        self.run(&query.read(kinds)?, kinds, world)
    }

    /// A query in the body of a POST to `/.search`.
    pub(super) fn search(
        &self,
        request: &Request,
        kinds: &[Type],
        world: &mut World,
    ) -> Result<Reply, Reply> {
        if request.method != Method::POST {
            return Err(not_allowed("POST"));
        }
        let body = request.json()?;
        let members =
            ["filter", "sortBy", "sortOrder", "startIndex", "count", "attributes", "excludedAttributes"];
        let body = check::message(&body, "urn:ietf:params:scim:api:messages:2.0:SearchRequest", &members)?;
        let text = |name: &str| match body.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(wrong_value(format!("{name} must be a string"))),
        };
        let number = |name: &str| match body.get(name) {
            None => Ok(None),
            Some(value) => {
                value.as_i64().map(Some).ok_or_else(|| wrong_value(format!("{name} must be a whole number")))
            }
        };
        let names = |name: &str| match body.get(name) {
            None => Ok(None),
            Some(value) => {
                let names = value
                    .as_array()
                    .and_then(|names| names.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
                let names = names.ok_or_else(|| malformed(format!("{name} must be a list of strings")))?;
                Ok::<_, Reply>(Some(names.into_iter().map(str::to_owned).collect::<Vec<_>>()))
            }
        };
        let query = Asked {
            filter: text("filter")?,
            sort_by: text("sortBy")?,
            sort_order: text("sortOrder")?,
            start: number("startIndex")?,
            count: number("count")?,
            projection: Projection::new(
                names("attributes")?.as_deref(),
                names("excludedAttributes")?.as_deref(),
            )?,
        };
        self.run(&query.read(kinds)?, kinds, world)
    }

    fn run(&self, query: &Query, kinds: &[Type], world: &mut World) -> Result<Reply, Reply> {
        let whole = ["groups", "members"].iter().any(|name| {
            query.filter.as_ref().is_some_and(|filter| filter.mentions(name))
                || query.sort_by.as_ref().is_some_and(|path| path.name.eq_ignore_ascii_case(name))
        });
        let mut found: Vec<(Type, &Record, Map<String, Value>)> = Vec::new();
        for kind in kinds {
            let key = query.filter.as_ref().and_then(|filter| filters::wanted_key(*kind, filter));
            let likely = |record: &&Record| key.as_ref().is_none_or(|key| record.key == *key);
            for record in self.records(*kind).iter().filter(likely) {
                let seen = if whole {
                    self.shown(*kind, record, world)
                } else {
                    self.sketched(*kind, record, world)
                };
                if query.filter.as_ref().is_none_or(|filter| matches(filter, &seen)) {
                    found.push((*kind, record, seen));
                }
            }
        }
        if let Some(path) = &query.sort_by {
            found.sort_by(|(_, _, a), (_, _, b)| {
                let order = compare(path, sort_key(path, a), sort_key(path, b));
                if query.descending { order.reverse() } else { order }
            });
        }
        let most = usize::try_from(world.knobs.count("max_results")).unwrap_or(usize::MAX);
        let count = query.count.unwrap_or(most).min(most);
        let total = found.len();
        let mut page = Vec::new();
        for (kind, record, _) in found.into_iter().skip(query.start - 1).take(count) {
            if kind == Type::Group && query.projection.shows("members") {
                world.members.shown(&record.id);
            }
            page.push(Value::Object(query.projection.apply(self.shown(kind, record, world))));
        }
        Ok(Reply::scim(200, list(total, query.start, page)))
    }
}

/// The parameters as given, wherever they were.
struct Asked {
    filter: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
    start: Option<i64>,
    count: Option<i64>,
    projection: Projection,
}

impl Asked {
    fn read(self, kinds: &[Type]) -> Result<Query, Reply> {
        let filter = self.filter.map(|filter| filter::parse(&filter)).transpose()?;
        if let Some(filter) = &filter {
            filters::check(kinds, filter)?;
        }
        let sort_by = match self.sort_by {
            None => None,
            Some(path) => {
                let path = AttributePath::parse(&path).map_err(wrong_value)?;
                if !kinds.iter().any(|kind| filters::target(*kind, &path).is_some()) {
                    return Err(wrong_value("sortBy names no attribute"));
                }
                Some(path)
            }
        };
        let descending = match self.sort_order.as_deref() {
            None | Some("ascending") => false,
            Some("descending") => true,
            Some(_) => return Err(wrong_value("sortOrder is ascending or descending")),
        };
        // "A value less than 1 SHALL be interpreted as 1", "a negative value SHALL be interpreted as 0" (§3.4.2.4).
        let whole = |number: i64, least: i64| usize::try_from(number.max(least)).unwrap_or(usize::MAX);
        Ok(Query {
            filter,
            sort_by,
            descending,
            start: whole(self.start.unwrap_or(1), 1),
            count: self.count.map(|count| whole(count, 0)),
            projection: self.projection,
        })
    }
}

/// "If the attribute is multi-valued, […] the primary or first value" (RFC 7644 §3.4.2.3).
fn sort_key<'v>(path: &AttributePath, resource: &'v Map<String, Value>) -> Option<&'v Value> {
    let values = path.values(resource);
    let primary =
        values.iter().copied().find(|value| value.get("primary").is_some_and(|primary| primary == true));
    let chosen = primary.or_else(|| values.first().copied())?;
    match chosen {
        Value::Object(complex) => member(complex, "value").map(|(_, value)| value),
        simple => Some(simple),
    }
}

/// Ascending order; "resources that have no value sort last".
fn compare(path: &AttributePath, a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let text = |value: &Value| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if path.is_case_exact() { text } else { text.to_lowercase() }
    };
    let instant = |value: &Value| value.as_str().and_then(|text| text.parse::<Timestamp>().ok());
    match (a, b) {
        (Some(a), Some(b)) if path.is_date_time() => instant(a).cmp(&instant(b)),
        (Some(a), Some(b)) => text(a).cmp(&text(b)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
