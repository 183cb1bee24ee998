//! What happened to a request, told for people: what came in, how it was understood, what went out and why.

use crate::bridge::{Step, Told};
use crate::scim::json::Value;

/// A request as lines of text.
pub(super) fn told(told: &Told) -> Vec<String> {
    let mut out = vec![format!("  in      {} {}", told.method, readable(&told.path))];
    out.extend(body(told.body.as_ref()));
    out.extend(steps(&told.steps, Called::Really));
    out.push(answer(told.status, told.answer.as_ref()));
    out
}

/// Whether calls were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Called {
    Really,
    /// They were written down, and answered from what is imagined of the vendor.
    Not,
}

/// Steps as lines of text.
pub(super) fn steps(steps: &[Step], called: Called) -> Vec<String> {
    let mut out = Vec::new();
    for step in steps {
        match step {
            Step::Tolerated(rules) => {
                out.extend(rules.iter().map(|rule| format!("  read    {}: {}", rule.name(), rule.says())));
            }
            Step::Note(text) => out.push(format!("  note    {text}")),
            Step::Origins(origins) => {
                out.extend(origins.iter().enumerate().map(|(at, origin)| {
                    let (target, how, line) = (short(&origin.target), short(&origin.how), origin.rule.line);
                    let again = origins[at + 1..].iter().find(|later| later.target == origin.target);
                    let again = again.map(|later| format!("; the rule at line {} decides", later.rule.line));
                    format!("  map     {target}: {how} (rule at line {line}{})", again.unwrap_or_default())
                }));
            }
            Step::Called { line, body: sent, why, status, .. } => {
                let status = status.map_or("no answer".to_owned(), |status| status.to_string());
                let status = if called == Called::Really { format!(" → {status}") } else { String::new() };
                out.push(format!("  out     {}{status}   ({why})", short(line)));
                out.extend(body(sent.as_ref()));
            }
        }
    }
    out
}

fn body(body: Option<&Value>) -> Option<String> {
    body.map(|body| format!("          {}", short(&body.to_json())))
}

/// An answer as a line of text.
pub(super) fn answer(status: u16, body: Option<&Value>) -> String {
    format!("  answer  {status}{}", summary(body))
}

/// The few words of an answer that tell whether it is the right one.
fn summary(answer: Option<&Value>) -> String {
    let Some(answer) = answer else { return String::new() };
    if let Some(total) = answer.get("totalResults").and_then(Value::as_number) {
        return format!("  totalResults {total}");
    }
    format!("  {}", short(&answer.to_json()))
}

/// URNs that everybody knows, shortened: a line should be read, not scrolled.
pub(super) fn short(text: &str) -> String {
    let text = text
        .replace("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "urn:…:enterprise:2.0:User")
        .replace("urn:ietf:params:scim:schemas:extension:ninjaone:2.0:User", "urn:…:ninjaone:2.0:User")
        .replace("urn:ietf:params:scim:schemas:core:2.0:", "urn:…:core:2.0:")
        .replace("urn:ietf:params:scim:api:messages:2.0:", "urn:…:messages:2.0:");
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

const LONGEST: usize = 480;

pub(super) fn readable(path: &str) -> String {
    percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned()
}
