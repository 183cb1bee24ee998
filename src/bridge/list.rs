//! GET of many: asked of the vendor as it is, or walked through and filtered here where the vendor cannot.

use std::collections::HashSet;
use std::ops::ControlFlow;

use compact_str::CompactString;

use super::ask::{is_key, is_name, question, the_one};
use super::pages::{Pages, for_each};
use super::recall::{Recalled, recalled};
use super::sort::sort_by;
use super::{Answer, Context, Error, Integration, Kind};
use crate::alias;
use crate::emulation::{self, At, Paging, Pushdown};
use crate::scim::error::{Error as ScimError, ErrorType};
use crate::scim::filter::Filter;
use crate::scim::json::Value;
use crate::scim::name::AttrPath;
use crate::scim::projection::Projection;
use crate::scim::request::{Action, Query, Request, list_response};
use crate::scim::schema::{Mutability, ResourceType, Returned};

/// The most resources that one page holds.
const MAX_PAGE: usize = 200;
/// The size of a page when the client does not say.
pub(super) const PAGE: usize = 100;
/// How many of the vendor's resources are walked through for one question. A larger directory wants a filter that the
/// vendor can evaluate.
pub(super) const MAX_WALK: usize = 20_000;

/// Answers a query.
pub(super) async fn list(
    integration: &Integration,
    request: &Request,
    query: &Query,
    context: &Context,
) -> Result<Answer, Error> {
    let resource = request.resource;
    check_filter(integration, resource, query.filter.as_ref())?;
    let start = query.start_index.unwrap_or(1);
    let count = query.count.unwrap_or(PAGE).min(MAX_PAGE);
    let mut asked = ask(integration, resource, query);
    let sort = query.sort_by.as_ref().map(|path| integration.lens(resource).sort_by(path));
    let vendor_sorts = match &sort {
        None => true,
        Some(None) => false,
        Some(Some(_)) => {
            integration.profile.sort != Some(false) && integration.profile.speak == emulation::Speak::Rfc
        }
    };
    let sort = sort.flatten();
    let sort = sort.as_ref().filter(|_| vendor_sorts).map(|path| (path, query.descending));
    let shown = with_filter(&request.projection, query);
    let members = shown.shows(&AttrPath::core("members"));
    let projection = integration.vendor_projection(resource, &shown);
    let away = integration.away(resource).await?;
    let fresh = Box::pin(integration.fresh(resource, query.filter.as_ref(), context)).await?;
    let remembered =
        match recalled(integration, resource, query.filter.as_ref(), &projection, context).await? {
            Recalled::All(found) => {
                let found = fresh.merged(integration, resource, found);
                let found = away.merged(integration, resource, query.filter.as_ref(), found);
                return Ok(page_of(integration, request, found, (start, count)));
            }
            Recalled::Some(found) => found,
            Recalled::TooMany => {
                asked = Pushdown::NOTHING;
                Vec::new()
            }
        };
    asked.exact &= remembered.is_empty() && fresh.is_nothing();
    // A page that does not say how many there are is an answer only when it is the last one.
    let paging = &integration.profile.paging;
    let whole = *paging == Paging::Index || query.filter.is_some();
    let all_there = away.is_empty() || query.filter.is_none();
    if asked.exact && vendor_sorts && whole && integration.profile.reaches(start, count) && all_there {
        let at = if *paging == Paging::Index { At::Index(start) } else { paging.first() };
        let ask = integration.asked_by_alias(resource, asked.ask.as_ref()).await?;
        let call = emulation::list(
            &integration.profile,
            resource,
            ask.as_ref(),
            (&at, Some(count)),
            sort,
            &projection,
        );
        // Whom a vendor lists no user of has them all the same.
        let left_out = query.filter.is_none() && integration.is_unlisted(resource);
        let mut page = match fetch(integration, &call, &at, context).await {
            Err(error) if error.kind == Kind::NotImplemented && left_out => Page::nothing(),
            page => page?,
        };
        let left_out = left_out && page.resources.is_empty() && integration.knows_any(resource).await?;
        if members && page.resources.len() <= count {
            for vendor in &mut page.resources {
                *vendor = integration.with_members(resource, std::mem::take(vendor), context).await?;
            }
        }
        if !left_out && let Some(answer) = as_it_is(integration, request, query, page, (start, count)).await?
        {
            return Ok(answer);
        }
        context.trail.note("the vendor's answer holds what was not asked for: it is filtered here");
    }
    let mut found = walk(integration, resource, &asked, (query, members), context).await?;
    if asked.partial && found.is_empty() && remembered.is_empty() {
        let all = Pushdown::NOTHING;
        found = walk(integration, resource, &all, (query, members), context).await?;
    }
    for one in remembered {
        if !found.iter().any(|other| other.get("id") == one.get("id")) {
            found.push(one);
        }
    }
    found = fresh.merged(integration, resource, found);
    found = away.merged(integration, resource, query.filter.as_ref(), found);
    if let Some(filter) = query.filter.as_ref().filter(|filter| found.len() > 1 && is_name(filter)) {
        found = the_one(filter, found)?;
    }
    if let Some(path) = &query.sort_by {
        sort_by(&mut found, path, query.descending, integration, resource);
    }
    Ok(page_of(integration, request, found, (start, count)))
}

/// The page of all that was found.
fn page_of(
    integration: &Integration,
    request: &Request,
    found: Vec<Value>,
    (start, count): (usize, usize),
) -> Answer {
    let total = found.len();
    let page = found.into_iter().skip(start - 1).take(count);
    let page = page.map(|one| integration.show(request.resource, one, &request.projection));
    Answer::Page(list_response(total, start, page.collect()))
}

/// Answers a query for every type of resource, one type after the other, each in its order.
pub(super) async fn everything(
    integration: &Integration,
    requests: [Request; 2],
    context: &Context,
) -> Result<Answer, Error> {
    let (mut total, mut resources, mut first) = (0, Vec::new(), 1);
    for request in requests {
        let Action::List(query) = &request.action else { continue };
        if integration.profile.resource(request.resource).unsupported {
            continue;
        }
        first = query.start_index.unwrap_or(1);
        let rest = Query {
            start_index: Some(first.saturating_sub(total).max(1)),
            count: Some(query.count.unwrap_or(PAGE).min(MAX_PAGE) - resources.len()),
            ..query.clone()
        };
        let Answer::Page(mut page) = list(integration, &request, &rest, context).await? else { continue };
        total += page
            .get("totalResults")
            .and_then(Value::as_i64)
            .and_then(|total| usize::try_from(total).ok())
            .unwrap_or(0);
        resources.extend(page.remove("Resources").map(Value::into_items).unwrap_or_default());
    }
    Ok(Answer::Page(list_response(total, first, resources)))
}

/// What is never returned cannot be asked about, or the question would be an oracle. What is never read back cannot
/// either: "nobody" would be no answer, and an identity provider that hears it creates everybody once more.
fn check_filter(
    integration: &Integration,
    resource: ResourceType,
    filter: Option<&Filter>,
) -> Result<(), Error> {
    let mut sensitive = false;
    if let Some(filter) = filter {
        filter.each_path(&mut |path: &AttrPath| {
            let attribute = integration.catalog(resource).attribute(path);
            sensitive |= attribute.is_some_and(|attribute| attribute.returned == Returned::Never);
        });
    }
    if sensitive {
        return Err(ScimError::new(
            ErrorType::Sensitive,
            "the filter asks about an attribute that is never shown",
        )
        .into());
    }
    let why = filter.and_then(|filter| unanswerable(integration, resource, filter));
    why.map_or(Ok(()), |why| Err(ScimError::filter(why).into()))
}

/// Why a filter has no true answer.
fn unanswerable(integration: &Integration, resource: ResourceType, filter: &Filter) -> Option<String> {
    let (lens, profile) = (integration.lens(resource), integration.profile.resource(resource));
    let why = lens.unread(filter, integration.remembers);
    if why.is_some() || integration.remembers {
        return why;
    }
    let mut lost = None;
    filter.each_path(&mut |path: &AttrPath| {
        let of_service =
            ["id", "meta", "schemas"].iter().any(|name| AttrPath::core(name).same_attribute(path));
        let written = integration
            .catalog(resource)
            .attribute(path)
            .is_none_or(|attribute| attribute.mutability != Mutability::ReadOnly);
        if !of_service && written && !profile.keeps(&lens.vendor_side(path)) {
            lost = lost.take().or_else(|| Some(path.clone()));
        }
    });
    lost.map(|path| {
        format!(
            "{path} cannot be asked about: the vendor does not keep it, and nothing is remembered here (`state: none`)"
        )
    })
}

fn ask(integration: &Integration, resource: ResourceType, query: &Query) -> Pushdown {
    let Some(filter) = &query.filter else { return Pushdown { exact: true, ..Pushdown::NOTHING } };
    if integration.has_aliases() && alias::looks_into_ids(resource, filter) {
        return Pushdown::NOTHING;
    }
    // Who is a member at the vendor may be so through a group within, and a group within is no member there.
    if resource == ResourceType::Group && integration.nesting.has_edges() {
        let mut members = false;
        filter.each_path(&mut |path| members |= path.is_core("members"));
        if members {
            return Pushdown::NOTHING;
        }
    }
    let (lens, remembered) = (integration.lens(resource), integration.remembered(resource));
    question(filter, resource, lens, &integration.profile, remembered)
}

pub(super) struct Page {
    /// As the vendor says; some say nothing.
    pub(super) total: Option<usize>,
    pub(super) start: Option<usize>,
    pub(super) resources: Vec<Value>,
    /// The page that follows; `None` after the last.
    pub(super) next: Option<At>,
}

impl Page {
    /// The page of a vendor that has no list.
    pub(super) const fn nothing() -> Self {
        Self { total: Some(0), start: None, resources: Vec::new(), next: None }
    }
}

pub(super) async fn fetch(
    integration: &Integration,
    call: &emulation::Call,
    at: &At,
    context: &Context,
) -> Result<Page, Error> {
    let reply = integration.call(call, context).await?;
    // Some answer "nobody" with 404: passed on, it would end the identity provider's trust in the endpoint.
    let filtered = call.query.iter().any(|(name, _)| name == "filter");
    if reply.status == 404 && filtered {
        return Ok(Page::nothing());
    }
    if !reply.is_success() {
        let error = reply.error(call);
        return Err(match error.kind {
            // The whole endpoint is not where it should be: "no such resource" would be taken for an empty directory.
            Kind::NotFound => Error::misplaced(),
            // It is not about anybody, so it is about us.
            Kind::Forbidden => Error::credential().because(error),
            _ => error,
        });
    }
    let mut body = reply.body.ok_or_else(|| Error::broken("a query was answered without a body"))?;
    let number = |name: &str| {
        let value = body.get(name)?;
        value.scalar_text()?.parse::<usize>().ok()
    };
    let profile = &integration.profile;
    let (mut total, start) = (number("totalResults").filter(|_| !profile.wrong_total), number("startIndex"));
    let mut resources = body.remove("Resources").map(Value::into_items).unwrap_or_default();
    if resources.iter().any(|resource| !resource.is_object()) {
        return Err(Error::broken("a list holds something else than resources"));
    }
    let next = profile.paging.next(at, resources.len(), &body);
    resources.retain(|resource| resource.text_at("id").is_some_and(|id| !id.is_empty()));
    if total.is_none() && resources.is_empty() && !body.has("schemas") {
        return Err(Error::broken("a query was answered with something else than a list"));
    }
    if profile.paging != Paging::Index && next.is_none() && *at == profile.paging.first() {
        total = Some(resources.len());
    }
    Ok(Page { total, start, resources, next })
}

/// What the vendor must show so that its answer can be checked: what the client asks for, and what the filter reads.
fn with_filter(projection: &Projection, query: &Query) -> Projection {
    let mut out = projection.clone();
    let mut needed = |path: &AttrPath| {
        if !out.only.is_empty()
            && !out.only.iter().any(|other| other.sub.is_none() && other.same_attribute(path))
        {
            out.only.push(path.whole());
        }
        out.without.retain(|other| !other.same_attribute(path));
    };
    if let Some(filter) = &query.filter {
        filter.each_path(&mut needed);
    }
    out
}

/// The vendor's page as the answer, if it holds nothing but what was asked for.
async fn as_it_is(
    integration: &Integration,
    request: &Request,
    query: &Query,
    page: Page,
    (start, count): (usize, usize),
) -> Result<Option<Answer>, Error> {
    let resource = request.resource;
    if page.resources.len() > count && count > 0 {
        return Ok(None);
    }
    // It gave another page than the one asked for.
    if start > 1 && !page.resources.is_empty() && page.start.is_some_and(|given| given != start) {
        return Ok(None);
    }
    let end = start - 1 + page.resources.len();
    let is_key = query.filter.as_ref().is_some_and(is_key);
    // Without a total, nobody knows whether it is the last page.
    let total = page.total.or((is_key || page.resources.is_empty()).then_some(end));
    let Some(total) = total else { return Ok(None) };
    // One name is one resource's: more are an answer to another question, and not all of it can be checked.
    if is_key && (total > end || (end > 1 && query.filter.as_ref().is_some_and(is_name))) {
        return Ok(None);
    }
    // What the identity provider deleted, and the vendor has still, is a gap: on this page or before it, so that the total,
    // and where this page begins, are others. A directory that is too large for a walk is shown with its gaps.
    let gaps = async || {
        let away = integration.away(resource).await?;
        Ok::<_, Error>(!away.is_empty() || integration.has_buried(resource).await?)
    };
    if !is_key && total <= MAX_WALK && gaps().await? {
        return Ok(None);
    }
    let past_the_end = total < start;
    let mut shown = Vec::with_capacity(page.resources.len());
    let mut seen = HashSet::new();
    let mut hidden = 0;
    for vendor in page.resources.into_iter().filter(|_| !past_the_end) {
        let id = vendor.get("id").and_then(Value::scalar_text).unwrap_or_default().to_owned();
        if integration.is_buried(resource, &id).await? {
            hidden += 1;
            continue;
        }
        // Listed twice: the vendor's total counts it twice, too, and perhaps others on other pages.
        if !seen.insert(id) {
            return Ok(None);
        }
        let canonical = integration.back(resource, vendor).await?;
        if let Some(filter) = &query.filter
            && !filter.matches(&canonical, integration.catalog(resource))
        {
            return Ok(None);
        }
        let complete = integration.complete(resource, canonical);
        shown.push(integration.show(resource, complete, &request.projection));
    }
    if count == 0 {
        shown.clear();
    }
    let total = total.saturating_sub(hidden).max(shown.len());
    Ok(Some(Answer::Page(list_response(total, start, shown))))
}

/// All resources that match, complete, in the vendor's order.
async fn walk(
    integration: &Integration,
    resource: ResourceType,
    asked: &Pushdown,
    (query, members): (&Query, bool),
    context: &Context,
) -> Result<Vec<Value>, Error> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    for ask in asked.each() {
        let pages = Pages::new(integration, resource, ask, MAX_WALK).with_members(members);
        for_each(pages, context, |canonical| {
            let matches = query
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(&canonical, integration.catalog(resource)));
            // What an earlier alternative found already.
            let mut known = || {
                let id = canonical.get("id").and_then(Value::scalar_text).unwrap_or_default();
                !asked.also.is_empty() && !seen.insert(CompactString::from(id))
            };
            if matches && !known() {
                found.push(integration.complete(resource, canonical));
            }
            ControlFlow::Continue(())
        })
        .await?;
    }
    Ok(found)
}
