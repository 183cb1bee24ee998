//! The subscriber: from events of `tracing` to lines.

use std::cell::RefCell;

use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_core::span::Current;

use super::line::{self, Fields, Format, Stamp};
use super::spans;
use crate::clock::Clock;

/// Gives each event, as a line, to a sink. A line carries the fields of the innermost span.
pub struct Log<W> {
    format: Format,
    coloured: bool,
    level: Level,
    others: Level,
    clock: Clock,
    sink: W,
}

/// What a thread writes a line with.
#[derive(Default)]
struct Desk {
    line: String,
    stamp: Stamp,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::default();
}

impl<W: Fn(Level, &[u8]) + 'static> Log<W> {
    /// A log of what this crate says at a level or above, and of what `others` say.
    pub fn new(format: Format, level: Level, others: Level, sink: W) -> Self {
        Self { format, coloured: false, level, others, clock: Clock::system(), sink }
    }

    pub(super) fn coloured(self, coloured: bool) -> Self {
        Self { coloured, ..self }
    }

    fn takes(&self, metadata: &Metadata<'_>) -> bool {
        let ours = metadata.target().strip_prefix("scim_bridge");
        let ours = ours.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        *metadata.level() <= if ours { self.level } else { self.others }
    }

    fn write(&self, event: &Event<'_>, line: &mut String, stamp: &mut Stamp) {
        let metadata = event.metadata();
        let span =
            event.parent().map(Id::into_u64).or_else(|| spans::current().filter(|_| event.is_contextual()));
        let now = self.clock.now();
        match self.format {
            Format::Json => {
                line.push_str("{\"timestamp\":\"");
                stamp.write(now, line);
                line.push_str("\",\"level\":\"");
                line.push_str(metadata.level().as_str());
                line.push('"');
                event.record(&mut Fields { format: self.format, line });
                line.push_str(",\"target\":\"");
                line::escape(metadata.target(), line);
                line.push('"');
                let inside = |open: &mut spans::Open| {
                    line.push_str(",\"span\":{\"name\":\"");
                    line.push_str(open.metadata.name());
                    line.push('"');
                    line.push_str(&open.fields);
                    line.push('}');
                };
                span.and_then(|span| spans::with(span, inside));
                line.push('}');
            }
            Format::Text => {
                stamp.write(now, line);
                line.push(' ');
                line.push_str(line::level(*metadata.level(), self.coloured));
                let inside = |open: &mut spans::Open| {
                    line.push(' ');
                    line.push_str(open.metadata.name());
                    line.push('{');
                    line.push_str(open.fields.trim_start());
                    line.push_str("}:");
                };
                span.and_then(|span| spans::with(span, inside));
                event.record(&mut Fields { format: self.format, line });
            }
        }
        line.push('\n');
    }
}

impl<W: Fn(Level, &[u8]) + 'static> Subscriber for Log<W> {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.takes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.level.max(self.others).into())
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.takes(metadata)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        spans::open(span.metadata(), |line| span.record(&mut Fields { format: self.format, line }))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        // Taken out meanwhile: a value that logs while it is shown must find the span unlocked.
        let fields = spans::with(span.into_u64(), |open| std::mem::take(&mut open.fields));
        let Some(mut fields) = fields else { return };
        values.record(&mut Fields { format: self.format, line: &mut fields });
        spans::with(span.into_u64(), |open| open.fields = fields);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        DESK.with(|desk| match desk.try_borrow_mut() {
            Ok(mut desk) => {
                let Desk { line, stamp } = &mut *desk;
                line.clear();
                self.write(event, line, stamp);
                (self.sink)(*event.metadata().level(), line.as_bytes());
            }
            // A value that logs while it is shown.
            Err(_) => {
                let mut line = String::new();
                self.write(event, &mut line, &mut Stamp::default());
                (self.sink)(*event.metadata().level(), line.as_bytes());
            }
        });
    }

    fn enter(&self, span: &Id) {
        spans::enter(span);
    }

    fn exit(&self, span: &Id) {
        spans::leave(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        spans::hold(span);
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        spans::release(&span)
    }

    fn current_span(&self) -> Current {
        let current = spans::current().and_then(|id| Some((id, spans::with(id, |open| open.metadata)?)));
        match current {
            Some((id, metadata)) => Current::new(Id::from_u64(id), metadata),
            None => Current::none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What is logged while `run` runs.
    fn logged(format: Format, run: impl FnOnce()) -> String {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let log = Log::new(format, Level::DEBUG, Level::WARN, move |_, line: &[u8]| {
            sink.lock().unwrap().extend_from_slice(line);
        });
        tracing::subscriber::with_default(log, run);
        String::from_utf8(lines.lock().unwrap().clone()).unwrap()
    }

    fn say() {
        let span = tracing::info_span!("request", id = "x1", route = tracing::field::Empty);
        span.in_scope(|| {
            tracing::Span::current().record("route", "/Users/{id}");
            tracing::warn!(status = 503_u16, dry = true, text = %"a\"b\n", "cannot {}", "go on");
            tracing::trace!("too quiet");
        });
        tracing::info!(parent: &span, "afterwards");
        tracing::info!("outside");
        tracing::info!(target: "others", "not ours");
        tracing::warn!(target: "scim_bridge_too", "not ours either");
    }

    #[test]
    fn a_json_line_is_one_object_with_its_span() {
        let text = logged(Format::Json, say);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [first, afterwards, outside, other] = &lines[..] else { panic!("{text}") };
        assert_eq!(first["level"], "WARN");
        assert_eq!((&first["message"], &first["status"]), (&"cannot go on".into(), &503.into()));
        assert_eq!((&first["dry"], &first["text"]), (&true.into(), &"a\"b\n".into()));
        assert_eq!(first["target"], "scim_bridge::telemetry::log::tests");
        let span = serde_json::json!({"name": "request", "id": "x1", "route": "/Users/{id}"});
        assert_eq!((&first["span"], &afterwards["span"]), (&span, &span));
        assert_eq!((&outside["message"], outside.get("span")), (&"outside".into(), None));
        assert_eq!(other["target"], "scim_bridge_too");
        assert!(text.starts_with("{\"timestamp\":\"20"));
    }

    #[test]
    fn a_text_line_is_for_people() {
        let text = logged(Format::Text, say);
        let first = text.lines().next().unwrap().split_once(' ').unwrap().1;
        assert_eq!(
            first,
            r#" WARN request{id=x1 route=/Users/{id}}: cannot go on status=503 dry=true text=a\"b\n"#
        );
    }
}
