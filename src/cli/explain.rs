//! `explain`: one request, hop by hop; nothing is sent.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use compact_str::CompactString;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{Exit, complain, say, story};
use crate::bridge::{self, Context, Dry, Integration, Parts, Step, Trail, Wire};
use crate::config::{self, Secrets};
use crate::dialect::{Hints, Speaker, Touched};
use crate::inbound::route::Route;
use crate::inbound::scim;
use crate::scim::ResourceType;
use crate::scim::json::{Limits, Value};
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
    let options = match config::load(&arguments.config, Secrets::Unread) {
        Ok(options) => options,
        Err(report) => {
            complain(config::render(&report.mistakes, &report.sources).trim_end());
            return Exit::Configuration;
        }
    };
    let known: Vec<String> = options.integrations.iter().map(|one| one.name.to_string()).collect();
    let Some(one) = options.integrations.into_iter().find(|one| one.name == arguments.integration) else {
        complain(&format!(
            "there is no integration `{}`; known: {}",
            arguments.integration,
            known.join(", ")
        ));
        return Exit::Failed;
    };
    let request = match read(&arguments.request).and_then(|text| Request::parse(&text)) {
        Ok(request) => request,
        Err(error) => {
            complain(&format!("the request cannot be read: {error}"));
            return Exit::Failed;
        }
    };
    let state = match arguments.state.as_deref().map(state).transpose() {
        Ok(state) => state.unwrap_or_default(),
        Err(error) => {
            complain(&format!("the state cannot be read: {error}"));
            return Exit::Failed;
        }
    };
    let has_state = !state.is_empty();
    let integration = Arc::new(Integration::new(Parts {
        base: format!("{}{}", options.public_url, one.path),
        name: one.name,
        dialect: one.dialect,
        mapping: one.compiled.mapping,
        profile: one.compiled.profile,
        remembers: one.remembers,
        store: Arc::new(Memory::default()),
        wire: Wire::Dry(Dry::with(state)),
        tasks: TaskTracker::new(),
        observer: None,
    }));
    explain(&integration, &request, has_state).await
}

async fn explain(integration: &Arc<Integration>, request: &Request, has_state: bool) -> Exit {
    say(&format!("  in      {} {}", request.method, request.target));
    let (path, query) = match request.target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (request.target.as_str(), None),
    };
    let Some(route) = Route::of(path).filter(|route| route.takes(&request.method)) else {
        say("  answer  404: there is nothing that takes this");
        return Exit::Failed;
    };
    let hints = Hints {
        user_agent: request.headers.get("user-agent").and_then(|value| value.to_str().ok()),
        adscimversion: request.headers.contains_key("adscimversion"),
    };
    let speaker = Speaker::of(&integration.dialect, &hints);
    let mut touched = Touched::default();
    let head = scim::Head { method: &request.method, query, headers: &request.headers };
    let canonical =
        scim::canonical(integration, &speaker, &route, &head, request.body.as_bytes(), &mut touched);
    print(&[Step::Tolerated(touched.rules().to_vec())]);
    let canonical = match canonical {
        Ok(canonical) => canonical,
        Err(error) => {
            say(&format!("  answer  400 {error}"));
            return Exit::Failed;
        }
    };
    let trail = Trail::kept();
    let context = Context { deadline: Instant::now() + Duration::from_secs(60), trail: trail.clone() };
    let outcome = bridge::handle(integration, canonical, context).await;
    let steps = trail.take();
    let read_first = steps.iter().any(|step| matches!(step, Step::Called { status: Some(404), .. }));
    print(&steps);
    match outcome {
        Ok(answer) => {
            say(&format!("  answer  {answer:?}"));
            say("Nothing was sent.");
            Exit::Done
        }
        Err(error) => {
            say(&format!("  answer  {error}"));
            if read_first && !has_state {
                say("  hint    the vendor would be read first: give what it has with --state FILE");
            }
            say("Nothing was sent.");
            Exit::Failed
        }
    }
}

fn print(steps: &[Step]) {
    story::steps(steps).iter().for_each(|line| say(line));
}

fn read(path: &Path) -> Result<String, String> {
    if path == Path::new("-") {
        return std::io::read_to_string(std::io::stdin()).map_err(|error| error.to_string());
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

fn state(path: &Path) -> Result<Vec<(ResourceType, CompactString, Value)>, String> {
    let value = Value::read(read(path)?.as_bytes(), &Limits::REPLY).map_err(|error| error.to_string())?;
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
        let value = Value::read(text.as_bytes(), &Limits::REQUEST).map_err(|error| error.to_string())?;
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
        let mut words = lines.next().unwrap_or_default().split_whitespace();
        let (Some(verb), Some(target)) = (words.next(), words.next()) else {
            return Err("the first line is not `METHOD /path`".to_owned());
        };
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

fn method(text: &str) -> Result<Method, String> {
    text.parse().map_err(|_| format!("`{text}` is not a method"))
}

fn header_map<'h>(headers: impl IntoIterator<Item = (&'h str, &'h str)>) -> Result<HeaderMap, String> {
    let one = |(name, value): (&str, &str)| {
        let name: HeaderName = name.parse().map_err(|_| format!("`{name}` is not the name of a header"))?;
        let value: HeaderValue = value.parse().map_err(|_| format!("the value of {name} is not one"))?;
        Ok((name, value))
    };
    headers.into_iter().map(one).collect()
}
