//! Lists: which version is spoken, how large a page is and how pages follow each other.

use super::Probe;
use super::ask::Answer;
use crate::scim::ResourceType;
use crate::scim::json::Value;
use crate::scim::scim11;

/// Names that a parameter for the size of a page has.
const COUNTS: [&str; 4] = ["itemsPerPage", "limit", "pageSize", "per_page"];
/// Sizes that vendors bound their pages to.
const BOUNDS: [&str; 8] = ["1000", "500", "250", "200", "100", "50", "25", "20"];

/// Whether there is a SCIM endpoint that lets the bridge in, and which version it speaks.
pub(super) async fn reached(probe: &mut Probe) -> Result<(), String> {
    let plain = probe.ask.get("Users", &[]).await;
    let (asked, answer) = match plain.status {
        400 | 403 | 422 => {
            let okta = probe.ask.get("Users", &[("startIndex", "1"), ("count", "2")]).await;
            (true, okta)
        }
        _ => (false, plain),
    };
    match answer.status {
        200..300 => {}
        0 => return Err(format!("the vendor gave no answer: {}", answer.failure.unwrap_or_default())),
        401 => return Err("the vendor does not accept the credential (401)".to_owned()),
        404 => {
            return Err(
                "there is no SCIM endpoint: GET /Users is 404; vendor.url ends before /Users".to_owned()
            );
        }
        status => return Err(format!("the vendor does not list users: {status}")),
    }
    if answer.body.is_none() {
        return Err(
            "the vendor answers GET /Users without JSON: is vendor.url the base of its SCIM endpoint?"
                .to_owned(),
        );
    }
    if asked {
        probe.note("speak", "okta");
    }
    if says(&answer, scim11::CORE) {
        probe.note("scim_version", "\"1.1\"");
    }
    discovery(probe).await;
    Ok(())
}

/// `discovery`: nothing depends on it, but people ask.
async fn discovery(probe: &mut Probe) {
    for (path, usual, other) in [
        ("discovery.spc", "ServiceProviderConfig", Some("ServiceProviderConfigs")),
        ("discovery.schemas", "Schemas", None),
        ("discovery.resource_types", "ResourceTypes", None),
    ] {
        let answer = probe.ask.get(usual, &[]).await;
        if answer.is_success() && answer.body.is_some() {
            continue;
        }
        let why = probe.ask.last.clone();
        let word = if answer.is_success() { "broken" } else { "missing" };
        match other {
            Some(other) if probe.ask.get(other, &[]).await.is_success() => probe.note(path, "path"),
            _ => probe.note_why(path, word, why),
        }
    }
}

fn says(answer: &Answer, urn: &str) -> bool {
    let schemas = |value: &Value| {
        let listed = value.get("schemas").map(Value::items).unwrap_or_default();
        listed.iter().any(|one| one.as_str() == Some(urn))
    };
    answer.body.as_ref().is_some_and(schemas) || answer.resources().iter().any(schemas)
}

pub(super) async fn probe(probe: &mut Probe, resource: ResourceType) {
    if probe.ask.profile.speak == crate::emulation::Speak::Okta {
        return;
    }
    let path = resource.endpoint();
    let all = probe.ask.get(path, &[]).await;
    size(probe, path, &all).await;
    order(probe, path, &all).await;
    totals(probe, path).await;
    extras(probe, path, &all).await;
}

/// `list.count`
async fn size(probe: &mut Probe, path: &str, all: &Answer) {
    let (shown, total) = (all.resources().len(), all.number("totalResults").unwrap_or_default());
    if shown > 1 && total > shown {
        probe.note_why("list.count.default", shown.to_string(), format!("GET /{path} → {shown} of {total}"));
    }
    let mut param = "count";
    let one = probe.ask.get(path, &[("count", "1")]).await;
    if one.is_success() && one.resources().len() > 1 {
        for other in COUNTS {
            let one = probe.ask.get(path, &[(other, "1")]).await;
            if one.is_success() && one.resources().len() == 1 {
                param = other;
                probe.note("list.count.param", other);
                break;
            }
        }
    }
    let huge = probe.ask.get(path, &[(param, "100000")]).await;
    let (shown, total) = (huge.resources().len(), huge.number("totalResults").unwrap_or_default());
    if !huge.is_success() {
        for bound in BOUNDS {
            let answer = probe.ask.get(path, &[(param, bound)]).await;
            if answer.is_success() {
                probe.note("list.count.max", bound);
                let why = format!("GET /{path}?{param}=100000 → {}", huge.status);
                probe.note_why("list.count.over", "error", why);
                return;
            }
        }
    } else if shown > 0 && total > shown {
        probe.note("list.count.max", shown.to_string());
    } else if let Some(most) = said(probe).await {
        probe.note("list.count.max", most.to_string());
    }
}

/// What it says itself: `filter.maxResults` (RFC 7643 §5).
async fn said(probe: &mut Probe) -> Option<usize> {
    let name = if probe.ask.profile.scim11 { "ServiceProviderConfigs" } else { "ServiceProviderConfig" };
    let config = probe.ask.get(name, &[]).await;
    let most = config.body?.get("filter")?.get("maxResults")?.scalar_text()?.parse().ok();
    most.filter(|most| *most > 0)
}

/// `list.paging`
async fn order(probe: &mut Probe, path: &str, all: &Answer) {
    let ids = |answer: &Answer| -> Vec<String> {
        let id = |one: &Value| one.get("id").and_then(Value::scalar_text).unwrap_or_default().to_owned();
        answer.resources().iter().map(id).collect()
    };
    let known = ids(all);
    let param = probe.ask.profile.count_param.clone();
    if known.len() < 2 {
        return;
    }
    let second = probe.ask.get(path, &[("startIndex", "2"), (&param, "1")]).await;
    if second.is_success() && ids(&second).first() != known.first() {
        return;
    }
    let why = probe.ask.last.clone();
    let cursor = probe.ask.get(path, &[("cursor", ""), (&param, "1")]).await;
    if cursor.body.as_ref().is_some_and(|body| body.text_at("nextCursor").is_some()) {
        probe.note("list.paging", "{ cursor: { param: cursor, next: /nextCursor, first: \"\" } }");
        return;
    }
    let page = probe.ask.get(path, &[("page", "2"), (&param, "1")]).await;
    if page.is_success() && ids(&page).first().is_some_and(|id| Some(id) != known.first()) {
        probe.note("list.paging", "page");
    } else {
        probe.note_why("list.paging", "none", format!("{why}, the first again"));
    }
}

/// `list.total`, of a page as the bridge asks for it.
async fn totals(probe: &mut Probe, path: &str) {
    let cursor = matches!(probe.ask.profile.paging, crate::emulation::Paging::Cursor { .. });
    let query: &[(&str, &str)] = if cursor { &[("cursor", "")] } else { &[] };
    let all = probe.ask.get(path, query).await;
    if !all.is_success() {
        return;
    }
    match all.number("totalResults") {
        None => probe.note("list.total", "absent"),
        Some(total) if total < all.resources().len() => probe.note("list.total", "wrong"),
        Some(_) => {}
    }
    let few = probe.ask.get(path, &[(&probe.ask.profile.count_param.clone(), "7")]).await;
    match few.number("itemsPerPage") {
        None if few.is_success() => probe.note("list.items_per_page", "absent"),
        Some(7) if few.resources().len() < 7 => probe.note("list.items_per_page", "requested"),
        _ => {}
    }
}

/// `sort` and `projection`
async fn extras(probe: &mut Probe, path: &str, all: &Answer) {
    let names = |answer: &Answer| -> Vec<String> {
        let name = |one: &Value| one.text_at("userName").unwrap_or_default().to_lowercase();
        answer.resources().iter().map(name).collect()
    };
    let (shown, total) = (all.resources().len(), all.number("totalResults"));
    if shown > 1 && total.is_none_or(|total| total == shown) {
        let down = [("sortBy", "userName"), ("sortOrder", "descending")];
        let up = probe.ask.get(path, &down[..1]).await;
        let down = probe.ask.get(path, &down).await;
        let (mut up, down) = (names(&up), names(&down));
        up.reverse();
        if up != down || up.len() != shown || up.first() == up.last() {
            probe.note("sort", "false");
        }
    }
    if shown > 0 {
        let only = probe
            .ask
            .get(path, &[("attributes", "userName"), (&probe.ask.profile.count_param.clone(), "1")])
            .await;
        let more = |one: &Value| {
            let always = ["schemas", "id", "meta", "userName"];
            one.members().any(|(name, value)| !always.contains(&name) && !value.is_null())
        };
        if !only.is_success() || only.resources().iter().any(more) {
            probe.note("projection", "false");
        }
    }
}
