//! `replay`: recorded requests against a changed configuration, with the difference shown; nothing is sent.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::difference::{self, Difference};
use super::explain::{below, header_map, method};
use super::{Exit, complain, configured, say, story};
use crate::bridge::{self, Answered, Context, Integration, Parts, Replay, Step, Trail, Wire};
use crate::capture::{Line, Recorded, VendorCall};
use crate::config;
use crate::dialect::{Speaker, Touched};
use crate::inbound::route::Route;
use crate::inbound::scim;
use crate::scim::json::Value;
use crate::store::Memory;

/// What `replay` is told.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration
    #[arg(long, default_value = "bridge.yaml", value_name = "FILE")]
    config: PathBuf,
    /// The integration, by the name that it had when it was captured
    #[arg(long, value_name = "NAME")]
    integration: String,
    /// One JSON object a request, and one for all
    #[arg(long)]
    json: bool,
    /// The capture that `serve --capture` made
    capture: PathBuf,
}

pub(super) async fn run(arguments: Arguments) -> Exit {
    let (options, one) = match configured(&arguments.config, &arguments.integration) {
        Ok(configured) => configured,
        Err(exit) => return exit,
    };
    let name = arguments.capture.display();
    let file = match File::open(&arguments.capture) {
        Ok(file) => BufReader::new(file),
        Err(error) => {
            complain(&format!("the capture {name} cannot be read: {error}"));
            complain("  hint: `scim-bridge serve --capture FILE` makes one");
            return Exit::Failed;
        }
    };
    let player = Player { public_url: &options.public_url, integration: &one };
    let mut playing = player.begin();
    let mut counts = Counts::default();
    for (at, text) in file.lines().enumerate() {
        let number = at + 1;
        let line = text.map_err(|error| error.to_string()).and_then(|text| Line::read(&text));
        let recorded = match line {
            Ok(Line::Start) => {
                playing = player.begin();
                continue;
            }
            Ok(Line::Lost(requests)) => {
                complain(&format!(
                    "{name}:{number}: {requests} requests are missing here: they came too fast to be written"
                ));
                counts.missing += requests;
                continue;
            }
            Ok(Line::Request(recorded)) => recorded,
            Err(why) => {
                complain(&format!("{name}:{number}: the line cannot be read: {why}"));
                counts.unread += 1;
                continue;
            }
        };
        if recorded.integration != arguments.integration {
            counts.others += 1;
            continue;
        }
        let outcome = player.play(&playing, &recorded).await;
        counts.note(&outcome);
        if arguments.json {
            say(&outcome.to_json(number, &recorded));
        } else {
            outcome.lines(number, &recorded).iter().for_each(|line| say(line));
        }
    }
    if arguments.json {
        say(&counts.to_json());
    } else {
        say(&counts.to_string());
    }
    if counts.requests() == 0 && counts.others > 0 {
        complain("  hint: the capture holds requests of other integrations only");
    }
    let same = counts.differ == 0 && counts.unplayed == 0 && counts.unread == 0 && counts.requests() > 0;
    if same { Exit::Done } else { Exit::Failed }
}

/// What is played against.
struct Player<'p> {
    public_url: &'p str,
    integration: &'p config::Integration,
}

impl Player<'_> {
    /// A bridge that remembers nothing yet, and its vendor.
    fn begin(&self) -> Arc<Integration> {
        let one = self.integration;
        Arc::new(Integration::new(Parts {
            base: format!("{}{}", self.public_url, one.path),
            name: one.name.clone(),
            dialect: one.dialect,
            mapping: one.compiled.mapping.clone(),
            profile: one.compiled.profile.clone(),
            remembers: one.remembers,

            held: false,
            domains: one.domains.clone(),
            store: Arc::new(Memory::default()),
            wire: Wire::Replay(Replay::default()),
            tasks: TaskTracker::new(),
            observer: None,
        }))
    }

    async fn play(&self, integration: &Arc<Integration>, recorded: &Recorded) -> Outcome {
        let Wire::Replay(vendor) = &integration.wire else { return Outcome::Unplayed(Vec::new()) };
        let answers: Vec<_> = recorded.calls.iter().map(answered).collect();
        vendor.expect(answers.clone());
        let played = self.answer(integration, recorded).await;
        // What this request did is what the next one finds.
        answers.iter().for_each(|answered| vendor.learn(answered));
        let asked = vendor.take_unknown();
        let (status, answer, calls) = match played {
            Ok(played) => played,
            Err(why) => return Outcome::Unplayed(vec![why]),
        };
        if !asked.is_empty() {
            let why = |line: &String| {
                format!("the capture does not hold what the vendor would answer to {}", story::readable(line))
            };
            return Outcome::Unplayed(asked.iter().map(why).collect());
        }
        let calls = difference::calls(&recorded.calls, &calls);
        // A call without an answer ends in one of several ways that are all the same to the client.
        let unanswered = recorded.calls.iter().any(|call| call.status.is_none());
        let answer = match unanswered {
            true => Vec::new(),
            false => {
                difference::answer((recorded.status, recorded.answer.as_ref()), (status, answer.as_ref()))
            }
        };
        if calls.is_empty() && answer.is_empty() { Outcome::Same } else { Outcome::Differs { calls, answer } }
    }

    /// The status and body of the answer, and the calls that it took.
    async fn answer(
        &self,
        integration: &Arc<Integration>,
        recorded: &Recorded,
    ) -> Result<(u16, Option<Value>, Vec<VendorCall>), String> {
        let target = below(&recorded.target, &self.integration.path);
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        // As at the door, where what a path may hold is checked besides.
        let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
        let verb = method(&recorded.method)?;
        let headers =
            header_map(recorded.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))?;
        let route = Route::of(&path)
            .filter(|route| route.takes(&verb))
            .ok_or("its path is not one that is offered")?;
        let speaker = Speaker::of(&integration.dialect, &scim::hints(&headers));
        let trail = Trail::kept();
        let context = Context { deadline: Instant::now() + Duration::from_secs(60), trail: trail.clone() };
        let head = scim::Head { method: &verb, query, headers: &headers };
        let bytes = recorded.body.as_ref().map(Value::to_bytes).unwrap_or_default();
        let mut touched = Touched::default();
        let mut read =
            |route: &Route<'_>| scim::canonical(integration, &speaker, route, &head, &bytes, &mut touched);
        let (resource, outcome) = match route {
            Route::Endpoint(resource) | Route::Resource(resource, _) | Route::Search(resource) => {
                let outcome = match read(&route) {
                    Ok(request) => bridge::handle(integration, request, context).await,
                    Err(error) => Err(error.into()),
                };
                (resource, outcome)
            }
            _ => return Err("it is about no one type of resource".to_owned()),
        };
        let (status, body) = match outcome {
            Ok(answer) => scim::shown(answer, resource, speaker.manners()),
            Err(error) => (scim::refusal(&error, speaker.manners()).status, None),
        };
        let call = |step: Step| match step {
            Step::Called { line, body, status, .. } => {
                Some(VendorCall { line, body, status, reply: None, located: None })
            }
            _ => None,
        };
        Ok((status.as_u16(), body, trail.take().into_iter().filter_map(call).collect()))
    }
}

fn answered(call: &VendorCall) -> Answered {
    Answered {
        line: call.line.clone(),
        status: call.status,
        body: call.reply.clone(),
        located: call.located.as_deref().map(Into::into),
    }
}

/// What became of one request.
enum Outcome {
    Same,
    Differs {
        calls: Vec<Difference>,
        answer: Vec<String>,
    },
    /// Why it could not be played.
    Unplayed(Vec<String>),
}

impl Outcome {
    fn lines(&self, number: usize, recorded: &Recorded) -> Vec<String> {
        let head = format!("{number}: {} {}", recorded.method, story::readable(&recorded.target));
        match self {
            Self::Same => Vec::new(),
            Self::Unplayed(why) => {
                let why = why.iter().map(|why| format!("  could not be replayed: {why}"));
                [head].into_iter().chain(why).collect()
            }
            Self::Differs { calls, answer } => {
                let calls = calls.iter().flat_map(Difference::lines);
                let answer = answer.iter().map(|line| format!("  answer  {line}"));
                [head].into_iter().chain(calls).chain(answer).collect()
            }
        }
    }

    fn to_json(&self, number: usize, recorded: &Recorded) -> String {
        let mut out = Value::object();
        out.set("line", number);
        out.set("method", recorded.method.as_str());
        out.set("target", recorded.target.as_str());
        let texts =
            |lines: &[String]| lines.iter().map(|line| Value::from(line.as_str())).collect::<Vec<_>>();
        match self {
            Self::Same => out.set("outcome", "same"),
            Self::Unplayed(why) => {
                out.set("outcome", "unplayed");
                out.set("why", texts(why));
            }
            Self::Differs { calls, answer } => {
                out.set("outcome", "differs");
                out.set("calls", calls.iter().map(Difference::to_value).collect::<Vec<_>>());
                out.set("answer", texts(answer));
            }
        }
        out.to_json()
    }
}

#[derive(Default)]
struct Counts {
    same: u64,
    differ: u64,
    unplayed: u64,
    /// Requests of other integrations.
    others: u64,
    /// Lines that cannot be read.
    unread: u64,
    /// Requests that were not captured.
    missing: u64,
}

impl Counts {
    fn note(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Same => self.same += 1,
            Outcome::Differs { .. } => self.differ += 1,
            Outcome::Unplayed(_) => self.unplayed += 1,
        }
    }

    fn requests(&self) -> u64 {
        self.same + self.differ + self.unplayed
    }

    fn named(&self) -> [(&'static str, u64); 7] {
        [
            ("requests", self.requests()),
            ("same", self.same),
            ("differ", self.differ),
            ("unplayed", self.unplayed),
            ("others", self.others),
            ("unread", self.unread),
            ("missing", self.missing),
        ]
    }

    fn to_json(&self) -> String {
        let number = |(name, number): (&'static str, u64)| {
            (name, Value::from(i64::try_from(number).unwrap_or(i64::MAX)))
        };
        self.named().into_iter().map(number).collect::<Value>().to_json()
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} requests: {} the same, {} differ", self.requests(), self.same, self.differ)?;
        for (number, what) in [
            (self.unplayed, "could not be replayed"),
            (self.others, "of other integrations left out"),
            (self.unread, "lines could not be read"),
            (self.missing, "not captured"),
        ] {
            if number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        Ok(())
    }
}
