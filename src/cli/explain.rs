//! `explain`: one request, hop by hop; nothing is sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::story::Called;
use super::{Exit, complain, configured, say, story};
use crate::bridge::{self, Context, Dry, Integration, Parts, Step, Trail, Wire};
use crate::config::Compiled;
use crate::dialect::{Manners, Speaker, Touched};
use crate::inbound::route::Route;
use crate::inbound::scim;
use crate::mapping::Case;
use crate::scim::json::{Limits, Value};
use crate::scim::name::is_schema_urn;
use crate::scim::patch::Operation;
use crate::scim::request::Action;
use crate::scim::{AttrPath, Path as ScimPath, ResourceType};
use crate::store::Memory;

/// What `explain` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration
    #[arg(long, default_value = "bridge.yaml", value_name = "FILE")]
    config: PathBuf,
    /// The integration
    #[arg(long, value_name = "NAME")]
    integration: String,
    /// What the vendor has: a file with a SCIM resource, or a list of them; a PATCH or PUT may depend on it
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// The request: a file with `POST /Users`, headers, an empty line and a body, as HTTP writes it; or a JSON object with
    /// `method`, `path`, `headers` and `body`; `-` is standard input
    request: PathBuf,
}

pub(super) async fn run(arguments: Arguments) -> Exit {
    let (options, one) = match configured(&arguments.config, &arguments.integration) {
        Ok(configured) => configured,
        Err(exit) => return exit,
    };
    let request = match read(&arguments.request).and_then(|text| Request::parse(&text)) {
        Ok(request) => request,
        Err(error) => {
            complain(&format!("the request in {} cannot be read: {error}", shown(&arguments.request)));
            complain(
                "  hint: its first line is such as `POST /Users`; headers and, after an empty line, a body follow",
            );
            return Exit::Failed;
        }
    };
    let state = match &arguments.state {
        None => Vec::new(),
        Some(file) => match state(file) {
            Ok(state) => state,
            Err(error) => {
                complain(&format!("the state in {} cannot be read: {error}", shown(file)));
                complain("  hint: a SCIM resource with its `id`, or a list of them, as the vendor answers");
                return Exit::Failed;
            }
        },
    };
    let has_state = !state.is_empty();
    let integration = Arc::new(Integration::new(Parts {
        base: format!("{}{}", options.public_url, one.path),
        name: one.name.clone(),
        dialect: one.dialect,
        mapping: one.compiled.mapping.clone(),
        profile: one.compiled.profile.clone(),
        remembers: one.remembers,

        held: false,
        domains: one.domains.clone(),
        store: Arc::new(Memory::default()),
        wire: Wire::Dry(Dry::with(state)),
        tasks: TaskTracker::new(),
        observer: None,
    }));
    let explained = Explained { compiled: &one.compiled, prefix: &one.path, has_state };
    explained.explain(&integration, &request).await
}

/// What is explained, besides the integration itself.
struct Explained<'e> {
    compiled: &'e Compiled,
    prefix: &'e str,
    has_state: bool,
}

impl Explained<'_> {
    async fn explain(&self, integration: &Arc<Integration>, request: &Request) -> Exit {
        let target = below(&request.target, self.prefix);
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let Some(route) = Route::of(path) else {
            complain(&format!("there is nothing at {path}"));
            complain(
                "  hint: a path is such as /Users, /Users/7, /Groups or /Users/.search, with or without the base URL",
            );
            return Exit::Failed;
        };
        if !route.takes(&request.method) {
            complain(&match route.allowed() {
                "" => format!("{path} is not offered"),
                allowed => format!("{path} takes {allowed}, and not {}", request.method),
            });
            return Exit::Failed;
        }
        say(&format!("  in      {} {}", request.method, story::readable(target)));
        let (Route::Endpoint(resource) | Route::Resource(resource, _) | Route::Search(resource)) = route
        else {
            say("  answer  the bridge's own, made from the mapping: the vendor is not asked");
            return Exit::Done;
        };
        let speaker = Speaker::of(&integration.dialect, &scim::hints(&request.headers));
        let mut touched = Touched::default();
        let head = scim::Head { method: &request.method, query, headers: &request.headers };
        let canonical =
            scim::canonical(integration, &speaker, &route, &head, request.body.as_bytes(), &mut touched);
        print(&[Step::Tolerated(touched.rules().to_vec())]);
        let canonical = match canonical {
            Ok(canonical) => canonical,
            Err(error) => return self.refused(&error.into(), speaker.manners(), false),
        };
        let asked = written(&canonical.action);
        let trail = Trail::kept();
        let context = Context { deadline: Instant::now() + Duration::from_secs(60), trail: trail.clone() };
        let outcome = bridge::handle(integration, canonical, context).await;
        let steps = trail.take();
        let missed = steps.iter().any(|step| matches!(step, Step::Called { status: Some(404), .. }));
        // What no rule made is told with what rules made, before the call that carries both.
        let writes = |step: &Step| matches!(step, Step::Called { body: Some(_), .. });
        let (before, after) = steps.split_at(steps.iter().position(writes).unwrap_or(steps.len()));
        print(before);
        self.untouched(resource, &steps, &asked).iter().for_each(|line| say(line));
        print(after);
        match outcome {
            Ok(answer) => {
                let (status, body) = scim::shown(answer, resource, speaker.manners());
                say(&story::answer(status.as_u16(), body.as_ref()));
                say("Nothing was sent: the vendor's answers are imagined.");
                Exit::Done
            }
            Err(error) => self.refused(&error, speaker.manners(), missed),
        }
    }

    fn refused(&self, error: &bridge::Error, manners: Manners, missed: bool) -> Exit {
        let refusal = scim::refusal(error, manners);
        let kind = refusal.scim_type.map(|kind| format!(" {kind}")).unwrap_or_default();
        say(&format!("  answer  {}{kind}: {}", refusal.status.as_u16(), error.detail));
        say("Nothing was sent.");
        if missed && !self.has_state {
            complain("  hint: what happens depends on what the vendor has: give it with --state FILE");
        }
        Exit::Failed
    }

    /// The attributes that no rule made: sent as they are, or kept back.
    fn untouched(&self, resource: ResourceType, steps: &[Step], asked: &[AttrPath]) -> Vec<String> {
        let lens = self.compiled.mapping.lens(resource);
        let mut made = Vec::new();
        let mut sent = Vec::new();
        for step in steps {
            match step {
                Step::Origins(origins) => made.extend(origins.iter().map(|origin| origin.target.as_str())),
                Step::Called { body: Some(body), .. } => sent.extend(attributes(body)),
                _ => {}
            }
        }
        if sent.is_empty() {
            return Vec::new();
        }
        let about = |path: &AttrPath| {
            let text = path.to_string();
            made.iter().any(|target| {
                target.strip_prefix(&text).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            })
        };
        let names = |paths: Vec<&AttrPath>| {
            let names: Vec<_> = paths.into_iter().map(ToString::to_string).collect();
            story::short(&names.join(", "))
        };
        let mut out = Vec::new();
        let as_is: Vec<_> = sent.iter().filter(|path| !about(path)).collect();
        if !as_is.is_empty() {
            out.push(format!("  map     {}: as it was written", names(as_is)));
        }
        let whole = |path: &AttrPath| path.whole();
        let gone = asked.iter().filter(|path| !sent.iter().any(|sent| whole(sent) == whole(path)));
        let remembered = lens.remembered().clone().and(self.compiled.profile.resource(resource).remembered());
        let (kept, lost): (Vec<_>, Vec<_>) = gone
            .filter(|path| lens.case(&ScimPath::Attribute((*path).clone())) != Case::Rewrite)
            .partition(|path| remembered.includes(&path.whole()));
        if !kept.is_empty() {
            out.push(format!("  keep    {}: not sent, and remembered", names(kept)));
        }
        if !lost.is_empty() {
            out.push(format!("  drop    {}: not sent", names(lost)));
        }
        out
    }
}

/// The attributes that a request writes.
fn written(action: &Action) -> Vec<AttrPath> {
    match action {
        Action::Create(body) | Action::Replace(_, body) => attributes(body),
        Action::Modify(_, operations) => {
            operations.iter().filter_map(|one| one.path.as_ref()?.attribute()).collect()
        }
        Action::Read(_) | Action::List(_) | Action::Delete(_) => Vec::new(),
    }
}

/// The attributes of a resource, or those that the operations of a PATCH are about.
fn attributes(body: &Value) -> Vec<AttrPath> {
    if let Some(operations) = body.get("Operations") {
        let read = operations.items().iter().filter_map(|one| Operation::read(one).ok());
        return read.filter_map(|one| one.path.as_ref()?.attribute()).collect();
    }
    let mut out = Vec::new();
    for (name, value) in body.members() {
        match name {
            "schemas" | "id" | "meta" => {}
            urn if is_schema_urn(urn) => {
                let of = |name: &str| AttrPath { schema: Some(urn.into()), name: name.into(), sub: None };
                out.extend(value.members().map(|(name, _)| of(name)));
            }
            name => out.push(AttrPath::core(name)),
        }
    }
    out
}

/// A target below an integration's base: people paste whole URLs.
pub(super) fn below<'t>(target: &'t str, prefix: &str) -> &'t str {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => target,
    };
    match path.strip_prefix(prefix) {
        Some(rest) if rest.is_empty() || rest.starts_with(['/', '?']) => rest,
        _ => path,
    }
}

fn print(steps: &[Step]) {
    story::steps(steps, Called::Not).iter().for_each(|line| say(line));
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() }
}

fn read(path: &Path) -> Result<String, String> {
    if path == Path::new("-") {
        return std::io::read_to_string(std::io::stdin()).map_err(|error| error.to_string());
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

fn state(path: &Path) -> Result<Vec<(ResourceType, CompactString, Value)>, String> {
    let text = read(path)?;
    let value = Value::read(text.as_bytes(), &Limits::REPLY).map_err(|_| "it is not JSON".to_owned())?;
    let resources = value.get("Resources").unwrap_or(&value);
    let one = |resource: &Value| {
        let id = resource.get("id").and_then(Value::scalar_text).ok_or("a resource has no `id`")?;
        let is_group = resource.get("meta").and_then(|meta| meta.text_at("resourceType")) == Some("Group")
            || (!resource.has("userName") && resource.has("displayName"));
        let kind = if is_group { ResourceType::Group } else { ResourceType::User };
        Ok((kind, id.into(), resource.clone()))
    };
    resources.each().iter().map(one).collect()
}

struct Request {
    method: Method,
    target: String,
    headers: HeaderMap,
    body: String,
}

impl Request {
    fn parse(text: &str) -> Result<Self, String> {
        if text.trim_start().starts_with('{') { Self::parse_json(text) } else { Self::parse_http(text) }
    }

    fn parse_json(text: &str) -> Result<Self, String> {
        let value =
            Value::read(text.as_bytes(), &Limits::REQUEST).map_err(|_| "it is not JSON".to_owned())?;
        let value = value.get("request").unwrap_or(&value);
        let headers = value.get("headers").cloned().unwrap_or_default();
        let headers = headers.members().map(|(name, value)| (name, value.as_str().unwrap_or_default()));
        Ok(Self {
            method: method(value.text_at("method").ok_or("there is no `method`")?)?,
            target: value.text_at("path").ok_or("there is no `path`")?.to_owned(),
            headers: header_map(headers)?,
            body: value.get("body").filter(|body| !body.is_null()).map(Value::to_json).unwrap_or_default(),
        })
    }

    fn parse_http(text: &str) -> Result<Self, String> {
        let text = text.replace("\r\n", "\n");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        // People write filters as they read them, with blanks.
        let first = lines.next().unwrap_or_default().trim();
        let first = first.strip_suffix("HTTP/1.1").unwrap_or(first);
        let Some((verb, target)) = first.split_once(' ').filter(|(_, target)| !target.trim().is_empty())
        else {
            return Err("the first line is not `METHOD /path`".to_owned());
        };
        let target = target.trim();
        let headers: Option<Vec<_>> =
            lines.map(|line| line.split_once(':').map(|(n, v)| (n.trim(), v.trim()))).collect();
        Ok(Self {
            method: method(verb)?,
            target: target.to_owned(),
            headers: header_map(headers.ok_or("a header is not `Name: value`")?)?,
            body: body.trim().to_owned(),
        })
    }
}

pub(super) fn method(text: &str) -> Result<Method, String> {
    const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    let found = METHODS.into_iter().find(|method| method.as_str().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("`{text}` is not a method that SCIM has"))
}

pub(super) fn header_map<'h>(
    headers: impl IntoIterator<Item = (&'h str, &'h str)>,
) -> Result<HeaderMap, String> {
    let one = |(name, value): (&str, &str)| {
        let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is not the name of a header"))?;
        let value: HeaderValue = value.parse().map_err(|_| format!("the value of {name} is not one"))?;
        Ok((name, value))
    };
    headers.into_iter().map(one).collect()
}
