//! One authenticated request, from bytes to canonical SCIM, through the bridge, and back to what this client expects.

use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use http::header::{ACCEPT, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;

use super::authn::Caller;
use super::exchange::RequestId;
use super::respond::{self, Reply};
use super::route::Route;
use super::{body, discovery, query, trace};
use crate::bridge::{self, Answer, Context, Integration, Kind, Step, Trail};
use crate::dialect::{Hints, Manners, Media, Rule, Speaker, Touched};
use crate::scim::error::{Error as ScimError, ErrorType};
use crate::scim::json::{Limits, ReadError, ReadErrorKind, Value};
use crate::scim::request::{Action, Parameters, Request as ScimRequest};
use crate::scim::resource::Write;
use crate::scim::schema::ResourceType;
use crate::scim::version;

/// The largest body about users, and about groups, whose members are many.
const USER_BODY: usize = 1024 * 1024;
const GROUP_BODY: usize = 8 * 1024 * 1024;

/// Answers a request, in the form that its client wants.
pub async fn serve(caller: Caller<Integration>, request: Request<Incoming>) -> Reply {
    let (head, mut incoming) = request.into_parts();
    let speaker = Speaker::of(&caller.integration().dialect, &hints(&head.headers));
    let reply = answered(&caller, &head, &mut incoming, speaker).await;
    body::skip(head.version, incoming);
    dressed(reply, &speaker.manners())
}

/// Errors are made in many places: here alone they get another form than SCIM 2.0's, and every answer its media type.
fn dressed(mut reply: Reply, manners: &Manners) -> Reply {
    if let Some(respond::Detail(detail)) = reply.extensions_mut().remove::<respond::Detail>()
        && let Some(error) = manners.error(reply.status().as_u16(), &detail)
    {
        reply = respond::with_body(reply, error.to_bytes());
    }
    match manners.media {
        Media::ScimJson => reply,
        Media::Json => respond::plain_json(reply),
    }
}

async fn answered(
    caller: &Caller<Integration>,
    head: &Parts,
    incoming: &mut Incoming,
    speaker: Speaker,
) -> Reply {
    let integration = caller.integration().clone();
    let exchange = Exchange {
        id: caller.id(),
        speaker,
        trail: if integration.observer.is_some() { Trail::kept() } else { Trail::default() },
        integration,
    };
    let path = caller.path(&head.uri);
    let Some(route) = Route::of(path) else {
        let detail = "There is nothing at this path: there are Users, Groups, ServiceProviderConfig, ResourceTypes and \
                      Schemas";
        return respond::error(StatusCode::NOT_FOUND, None, detail, exchange.id);
    };
    trace::route(route.template());
    if route == Route::NotOffered {
        let detail = "Bulk and Me are not offered";
        return respond::error(StatusCode::NOT_IMPLEMENTED, None, detail, exchange.id);
    }
    if !route.takes(&head.method) {
        return respond::not_allowed(route.allowed(), exchange.id);
    }
    let (resource, limit) = match route {
        Route::Endpoint(resource) | Route::Resource(resource, _) | Route::Search(resource) => {
            (resource, if resource == ResourceType::Group { GROUP_BODY } else { USER_BODY })
        }
        Route::Everything(_) => (ResourceType::User, USER_BODY),
        _ => return exchange.discover(&route, head.uri.query()),
    };
    let bytes = match head.method {
        Method::GET | Method::DELETE => bytes::Bytes::new(),
        _ => match body::read(&head.headers, incoming, limit, body::DEADLINE).await {
            Ok(bytes) => bytes,
            Err(error) => return error.reply(exchange.id),
        },
    };
    let asked = Head { method: &head.method, query: head.uri.query(), headers: &head.headers };
    let context = Context { deadline: caller.due() - ANSWER_TIME, trail: exchange.trail.clone() };
    let outcome = exchange.carry_out(&route, &asked, &bytes, context).await;
    let (reply, told) = exchange.answer(resource, outcome);
    if let Some(observer) = &exchange.integration.observer {
        observer(&bridge::Told {
            integration: exchange.integration.name.clone(),
            headers: telling(&head.headers),
            method: head.method.to_string(),
            path: head.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            body: Value::read(&bytes, &Limits::REQUEST).ok(),
            steps: exchange.trail.take(),
            status: reply.status().as_u16(),
            answer: told,
        });
    }
    reply
}

/// The headers of a request that decide how it is read and answered.
fn telling(headers: &HeaderMap) -> Vec<(String, String)> {
    const TELLING: [&str; 6] =
        ["user-agent", "accept", "content-type", "adscimversion", "if-match", "if-none-match"];
    let one = |name: &str| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned()));
    TELLING.into_iter().filter_map(one).collect()
}

/// What is left of the request's time for writing the answer.
const ANSWER_TIME: Duration = Duration::from_millis(500);

/// What the headers of a request tell about its client.
pub fn hints(headers: &HeaderMap) -> Hints<'_> {
    Hints {
        user_agent: headers.get(USER_AGENT).and_then(|value| value.to_str().ok()),
        adscimversion: headers.contains_key("adscimversion"),
        accept: headers.get(ACCEPT).and_then(|value| value.to_str().ok()),
    }
}

/// What a request is read from, besides its route and body.
#[derive(Clone, Copy, Debug)]
pub struct Head<'h> {
    /// The method, one that the route takes.
    pub method: &'h Method,
    /// The query of the URL, as it is.
    pub query: Option<&'h str>,
    /// The headers.
    pub headers: &'h HeaderMap,
}

/// The canonical request that a client means.
///
/// # Errors
/// What is wrong with it, in the words of RFC 7644 §3.12.
pub fn canonical(
    integration: &Integration,
    speaker: &Speaker,
    route: &Route<'_>,
    head: &Head<'_>,
    bytes: &[u8],
    touched: &mut Touched,
) -> Result<ScimRequest, ScimError> {
    let resource = match route {
        Route::Endpoint(resource) | Route::Resource(resource, _) | Route::Search(resource) => *resource,
        _ => return Err(ScimError::syntax("this is not a request for resources")),
    };
    if head.query.is_some_and(|query| query.is_empty() || query.ends_with('&')) {
        speaker.meets(Rule::TrailingSeparator, touched)?;
    }
    if head.headers.get(CONTENT_TYPE).is_some_and(is_plain_json) {
        speaker.meets(Rule::JsonContentType, touched)?;
    }
    let catalog = integration.catalog(resource);
    let body = || Value::read(bytes, &Limits::REQUEST).map_err(|error| unreadable(&error, route));
    let mut parameters = match route {
        Route::Search(_) => Parameters::read(&body()?)?,
        _ => query::parameters(head.query)?,
    };
    let action = match (route, head.method.as_str()) {
        (Route::Endpoint(_), "POST") => {
            Action::Create(speaker.resource(body()?, catalog, Write::Create, touched)?)
        }
        (Route::Resource(_, id), "PUT") => {
            Action::Replace((*id).into(), speaker.resource(body()?, catalog, Write::Replace, touched)?)
        }
        (Route::Resource(_, id), "PATCH") => {
            Action::Modify((*id).into(), speaker.operations(&body()?, catalog, touched)?)
        }
        (Route::Resource(_, id), "DELETE") => Action::Delete((*id).into()),
        (Route::Resource(_, id), _) => Action::Read((*id).into()),
        _ => {
            if let Some(text) = &parameters.filter {
                parameters.query.filter = Some(speaker.filter(text, catalog, touched)?);
            }
            Action::List(parameters.query)
        }
    };
    let (if_match, if_none_match) =
        (condition(head.headers, &IF_MATCH)?, condition(head.headers, &IF_NONE_MATCH)?);
    Ok(ScimRequest { resource, action, projection: parameters.projection, if_match, if_none_match })
}

/// What a conditional request asks for. Text that is no condition could be taken for one that does not hold, and the
/// client told to read again and again what it has.
fn condition(headers: &HeaderMap, name: &HeaderName) -> Result<Option<CompactString>, ScimError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if version::is_condition(text) => Ok(Some(text.into())),
        _ => Err(ScimError::value(format!("{name} must be * or entity tags such as W/\"1\""))),
    }
}

/// A body of the wrong form, or of the right form with a value that is none.
fn unreadable(error: &ReadError, route: &Route<'_>) -> ScimError {
    let kind = match (error.kind, route) {
        // The only text in a query that can be long.
        (ReadErrorKind::Length, Route::Search(_)) => ErrorType::InvalidFilter,
        (ReadErrorKind::Length | ReadErrorKind::Nul, _) => ErrorType::InvalidValue,
        _ => ErrorType::InvalidSyntax,
    };
    ScimError::new(kind, error.to_string())
}

fn is_plain_json(content_type: &HeaderValue) -> bool {
    let essence = content_type.to_str().ok().and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}

struct Exchange {
    id: RequestId,
    speaker: Speaker,
    trail: Trail,
    integration: Arc<Integration>,
}

impl Exchange {
    async fn carry_out(
        &self,
        route: &Route<'_>,
        head: &Head<'_>,
        bytes: &[u8],
        context: Context,
    ) -> Result<Answer, bridge::Error> {
        let integration = &self.integration;
        let mut touched = Touched::default();
        let mut read =
            |route: &Route<'_>| canonical(integration, &self.speaker, route, head, bytes, &mut touched);
        if let Route::Everything(search) = route {
            let of = if *search { Route::Search } else { Route::Endpoint };
            let requests = [read(&of(ResourceType::User))?, read(&of(ResourceType::Group))?];
            return bridge::everything(integration, requests, &context).await;
        }
        let request = read(route);
        self.trail.step(|| Step::Tolerated(touched.rules().to_vec()));
        bridge::handle(integration, request?, context).await
    }

    fn discover(&self, route: &Route<'_>, query: Option<&str>) -> Reply {
        // "If a filter is provided, the service provider SHALL respond with 403" (RFC 7644 §4).
        if query.is_some_and(|query| query.split('&').any(|pair| pair.starts_with("filter="))) {
            return respond::error(StatusCode::FORBIDDEN, None, "Discovery cannot be filtered", self.id);
        }
        let integration = &self.integration;
        let found = match route {
            Route::ServiceProviderConfig => Some(discovery::service_provider_config(integration)),
            Route::ResourceTypes(None) => Some(discovery::resource_types(integration)),
            Route::ResourceTypes(Some(name)) => discovery::one_resource_type(integration, name),
            Route::Schemas(None) => Some(discovery::schemas(integration)),
            Route::Schemas(Some(urn)) => discovery::one_schema(integration, urn),
            _ => None,
        };
        match found {
            Some(found) => {
                respond::json(StatusCode::OK, self.speaker.manners().body(found).to_bytes(), None, None)
            }
            None => respond::error(
                StatusCode::NOT_FOUND,
                None,
                "There is no such schema or resource type",
                self.id,
            ),
        }
    }

    /// The answer as this client wants it, and its body if anybody watches.
    fn answer(
        &self,
        resource: ResourceType,
        outcome: Result<Answer, bridge::Error>,
    ) -> (Reply, Option<Value>) {
        let manners = self.speaker.manners();
        let answer = match outcome {
            Ok(Answer::Unchanged(version)) => return (respond::unchanged(&version), None),
            Ok(answer) => answer,
            Err(error) => return (self.refuse(&error, manners), None),
        };
        let (status, body) = shown(answer, resource, manners);
        let Some(body) = body else { return (respond::empty(status), None) };
        let meta = body.get("meta");
        let location =
            meta.and_then(|meta| meta.text_at("location")).filter(|_| status == StatusCode::CREATED);
        let version = meta.and_then(|meta| meta.text_at("version"));
        let reply = respond::json(status, body.to_bytes(), location, version);
        (reply, self.integration.observer.is_some().then_some(body))
    }

    /// The reply to a failure. The operator gets the cause.
    fn refuse(&self, error: &bridge::Error, manners: Manners) -> Reply {
        let (id, detail) = (self.id, error.detail.as_str());
        // The span names the request and its integration.
        match (error.kind, error.advice) {
            // Clients ask for what may not be there, and that is no news.
            (Kind::NotFound | Kind::Changed | Kind::Outdated, _) => tracing::debug!(%error, "refused"),
            (Kind::Scim(_) | Kind::Conflict | Kind::TooLarge, _) => tracing::info!(%error, "refused"),
            (_, None) => tracing::warn!(%error, "failed"),
            (_, Some(advice)) => tracing::warn!(%error, advice, "failed"),
        }
        match refusal(error, manners) {
            Refusal { status, after: Some(after), .. } => respond::later(status, after, detail, id),
            Refusal { status, scim_type, .. } => respond::error(status, scim_type, detail, id),
        }
    }
}

/// The status of an answer, and its body in the client's version of SCIM, if it gets one.
pub fn shown(answer: Answer, resource: ResourceType, manners: Manners) -> (StatusCode, Option<Value>) {
    match answer {
        Answer::Created(body) => (StatusCode::CREATED, Some(manners.body(body))),
        Answer::Found(body) | Answer::Replaced(body) | Answer::Page(body) => {
            (StatusCode::OK, Some(manners.body(body)))
        }
        Answer::Modified(Some(body)) if resource == ResourceType::User || manners.group_patch_body => {
            (StatusCode::OK, Some(manners.body(body)))
        }
        Answer::Modified(_) | Answer::Deleted => (StatusCode::NO_CONTENT, None),
        Answer::Unchanged(_) => (StatusCode::NOT_MODIFIED, None),
    }
}

/// How a failure is told.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// The word of RFC 7644 §3.12, if there is one for it.
    pub scim_type: Option<&'static str>,
    /// When it is worth trying again, if it passes.
    pub after: Option<Duration>,
}

/// Chooses the status of a failure: the one place where that is done.
pub fn refusal(error: &bridge::Error, manners: Manners) -> Refusal {
    let transient = StatusCode::from_u16(manners.transient).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let okta = transient == StatusCode::TOO_MANY_REQUESTS;
    let is = |status: StatusCode, kind: Option<ErrorType>| Refusal {
        status,
        scim_type: kind.map(ErrorType::word),
        after: None,
    };
    let later = |status: StatusCode, after: Duration| Refusal { status, scim_type: None, after: Some(after) };
    match error.kind {
        Kind::Scim(kind @ ErrorType::Sensitive) => is(StatusCode::FORBIDDEN, Some(kind)),
        Kind::Scim(ErrorType::Uniqueness) | Kind::Conflict => {
            is(StatusCode::CONFLICT, Some(ErrorType::Uniqueness))
        }
        Kind::Scim(kind) => is(StatusCode::BAD_REQUEST, Some(kind)),
        Kind::NotFound => is(StatusCode::NOT_FOUND, None),
        Kind::TooLarge => is(StatusCode::PAYLOAD_TOO_LARGE, None),
        Kind::Changed | Kind::Outdated => is(StatusCode::PRECONDITION_FAILED, None),
        Kind::Forbidden => is(StatusCode::FORBIDDEN, None),
        Kind::NotImplemented => is(StatusCode::NOT_IMPLEMENTED, None),
        Kind::Throttled(after) => later(StatusCode::TOO_MANY_REQUESTS, after),
        Kind::Unavailable(after) => later(transient, after),
        Kind::Overdue(after) => later(if okta { transient } else { StatusCode::GATEWAY_TIMEOUT }, after),
        Kind::Broken(after) => later(if okta { transient } else { StatusCode::BAD_GATEWAY }, after),
        Kind::Internal(after) => {
            later(if okta { transient } else { StatusCode::INTERNAL_SERVER_ERROR }, after)
        }
    }
}
