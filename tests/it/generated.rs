//! The laws through the socket, for mappings and vendors that are made up: what a profile says the vendor cannot do it is
//! never asked, whoever speaks leaves the same there, and what was written is read.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use percent_encoding::percent_decode_str;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;
use proptest::test_runner::TestRunner;
use scim_bridge::config::{self, Checked, Secrets};
use scim_bridge::scim::filter::{Filter, Op};
use scim_bridge::scim::json::{Limits, Value as Ours};
use scim_bridge::scim::patch::{self, Operation};
use scim_bridge::scim::{AttrPath, Catalog, Path};
use scim_bridge::simulator::{LogEntry, Simulator, Vendor};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::laws::{held, is_write};
use crate::made::{
    ATTRIBUTES, Change, Members, Rules, THEIRS, WRITTEN, changes, filter, full, head, members, operation,
    rules,
};
use crate::peer::bridge::{Bridge, Plan, vendor};
use crate::peer::client::{Answer, Client};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";

/// How a vendor differs from the RFC, as far as the strict simulator behaves so, or need never be asked otherwise.
#[derive(Clone, Debug)]
struct Differs {
    patch: &'static str,
    put: &'static str,
    delete: &'static str,
    page: Option<usize>,
    no_sort: bool,
    no_projection: bool,
    no_words: bool,
    only_eq: bool,
    filters_by: Option<Vec<&'static str>>,
    questions: &'static str,
    deny: Vec<&'static str>,
    zone: bool,
}

fn differs() -> impl Strategy<Value = Differs> {
    let verbs = select(vec![
        ("full", "full"),
        ("full", "none"),
        ("none", "full"),
        ("none", "{ omitted: kept }"),
        ("active_only", "full"),
        ("active_only", "{ omitted: cleared }"),
    ]);
    let questions = select(vec![
        "",
        ", post_check: true",
        ", match_case: { userName: exact, externalId: ci }",
        ", combos: [[userName], [externalId]]",
    ]);
    let filters_by = option::of(subsequence(vec!["userName", "externalId", "title", "emails.value"], 1..4));
    let deny = subsequence(vec!["nickName", "profileUrl", "userType", "$own.badge", "$ent.department"], 0..2);
    let filters = (filters_by, questions);
    let rest = (select(vec!["hard", "deactivate", "unsupported"]), any::<[bool; 5]>(), filters, deny);
    (verbs, option::of(1_usize..4), rest).prop_map(
        |((patch, put), page, (delete, flags, (filters_by, questions), deny))| {
            let [no_sort, no_projection, no_words, only_eq, zone] = flags;
            Differs {
                patch,
                put,
                delete,
                page,
                no_sort,
                no_projection,
                no_words,
                only_eq,
                filters_by,
                questions,
                deny,
                zone,
            }
        },
    )
}

impl Differs {
    fn yaml(&self) -> String {
        let mut out = "profile:\n  extensions:\n    - urn: $own\n      attrs:\n".to_owned();
        for (name, kind, multi, _) in ATTRIBUTES {
            let _ = writeln!(out, "        - {{ name: {name}, type: {kind}, multi: {multi} }}");
        }
        if let Some(page) = self.page {
            let _ = writeln!(out, "  list: {{ count: {{ max: {page} }} }}");
        }
        let _ = writeln!(out, "  sort: {}\n  projection: {}", !self.no_sort, !self.no_projection);
        let _ = writeln!(
            out,
            "  resources:\n    Users:\n      patch: {}\n      put: {}\n      delete: {}",
            self.patch, self.put, self.delete
        );
        let words = !self.no_words;
        let attrs =
            self.filters_by.as_ref().map(|by| format!("attrs: [{}], ", by.join(", "))).unwrap_or_default();
        let ops = if self.only_eq { "ops: [eq], " } else { "" };
        let _ = writeln!(
            out,
            "      filter: {{ {attrs}{ops}and: {words}, or: {words}, not: {words}, element: {words}{} }}",
            self.questions
        );
        let zone = if self.zone { ", default: { timezone: UTC }" } else { "" };
        let _ = writeln!(out, "      attrs: {{ deny: [{}]{zone} }}", self.deny.join(", "));
        out
    }

    fn denies(&self, path: &str) -> bool {
        self.deny.iter().any(|deny| deny.replace("$own.", "own:").replace("$ent.", "ent:") == path)
    }
}

/// What is special about a case.
fn told(rules: &Rules, differs: &Differs) -> String {
    let (_, special) =
        differs.yaml().split_once("  sort: ").map(|(_, rest)| ((), rest.to_owned())).unwrap_or_default();
    format!("page: {:?}, sort: {special}{}", differs.page, rules.text())
}

fn mapping(rules: &Rules, differs: &Differs) -> String {
    let rules = rules.text();
    format!("format: 1\nvendor: one that is made up\n{}{}{rules}", head(&rules), differs.yaml())
}

/// How a change is spoken, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Whole,
    Paths,
    OneByOne,
    Pathless,
    Capitals,
    Dotted,
}

const WAYS: [(&str, Form); 8] = [
    ("rfc", Form::Whole),
    ("okta", Form::Whole),
    ("okta", Form::Pathless),
    ("okta", Form::Paths),
    ("entra", Form::Capitals),
    ("entra", Form::Dotted),
    ("rfc", Form::OneByOne),
    ("entra", Form::OneByOne),
];

fn ours(text: &str) -> Ours {
    Ours::read(text.as_bytes(), &Limits::REQUEST).unwrap()
}

fn theirs(value: &Ours) -> Value {
    serde_json::from_str(&value.to_json()).unwrap()
}

/// A user in JSON; whoever it is, it has a name.
fn body(parts: &[(&str, String)], name: Option<&str>) -> Ours {
    let mut out = Ours::object();
    out.set("schemas", ours(&format!("[\"{USER}\"]")));
    let name = name.map(|name| ("userName", format!("\"{name}\"")));
    for (path, json) in parts.iter().chain(&name) {
        AttrPath::parse(&full(path)).unwrap().set(&mut out, ours(json));
    }
    if !out.has("userName") {
        out.set("userName", "ana");
    }
    scim_bridge::scim::resource::list_schemas(&mut out, &catalog());
    out
}

/// The standard schemas; a vendor's own need none for what is asked of it here.
fn catalog() -> Catalog {
    Catalog::standard(scim_bridge::scim::ResourceType::User)
}

fn operations(changes: &[Change], form: Form) -> Vec<String> {
    let one = |change: &Change| {
        let (path, value) = change;
        let Some(value) = value.as_ref().filter(|_| !path.contains('[')) else {
            let operation = operation(change);
            return if form == Form::Capitals { capital(&operation) } else { operation };
        };
        match form {
            Form::Capitals => capital(&operation(change)),
            Form::Pathless => match (path.rsplit_once(':'), path.split_once('.')) {
                (Some((urn, name)), _) => {
                    format!(r#"{{"op":"replace","value":{{"{urn}":{{"{name}":{value}}}}}}}"#)
                }
                (None, Some((name, sub))) => {
                    format!(r#"{{"op":"replace","value":{{"{name}":{{"{sub}":{value}}}}}}}"#)
                }
                _ => format!(r#"{{"op":"replace","value":{{"{path}":{value}}}}}"#),
            },
            Form::Dotted => format!(r#"{{"op":"Replace","value":{{"{path}":{value}}}}}"#),
            Form::Whole | Form::Paths | Form::OneByOne => operation(change),
        }
    };
    changes.iter().map(one).collect()
}

/// As Entra's older dialect says it.
fn capital(operation: &str) -> String {
    let operation = operation
        .replace(r#""op":"replace""#, r#""op":"Replace""#)
        .replace(r#""op":"remove""#, r#""op":"Remove""#);
    operation
        .replace(r#""value":true}"#, r#""value":"True"}"#)
        .replace(r#""value":false}"#, r#""value":"False"}"#)
}

/// The bodies with which a change is made.
fn requests(own: &Ours, changes: &[Change], form: Form) -> Vec<(&'static str, String)> {
    let message = |operations: &[String]| {
        let list = operations.join(",");
        format!(r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{list}]}}"#)
    };
    let operations = operations(changes, form);
    match form {
        Form::Whole => vec![("PUT", own.to_json())],
        Form::OneByOne => {
            operations.iter().map(|one| ("PATCH", message(std::slice::from_ref(one)))).collect()
        }
        _ => vec![("PATCH", message(&operations))],
    }
}

/// Every attribute with its value, those of extensions under their full name; nothing that says nothing.
fn leaves(resource: &Value) -> Map<String, Value> {
    let said = |value: &Value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty());
    let mut out = Map::new();
    for (name, value) in resource.as_object().into_iter().flatten() {
        match value.as_object().filter(|_| name.starts_with("urn:")) {
            Some(inner) => {
                out.extend(inner.iter().map(|(sub, value)| (format!("{name}:{sub}"), value.clone())));
            }
            None if ["id", "meta", "schemas", "groups"].contains(&name.as_str()) => {}
            None => drop(out.insert(name.clone(), value.clone())),
        }
    }
    out.retain(|_, value| said(value));
    out
}

/// What differs, by name.
fn between(before: &Map<String, Value>, after: &Map<String, Value>) -> BTreeSet<String> {
    let names = before.keys().chain(after.keys());
    names.filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}

/// The attributes that a PATCH carries.
fn carried(entry: &LogEntry) -> BTreeSet<String> {
    let body = entry.body.clone().unwrap_or_default();
    let operations = body["Operations"].as_array().cloned().unwrap_or_default();
    let of = |operation: &Value| match operation["path"].as_str() {
        Some(path) => match Path::parse(path).unwrap().attribute() {
            Some(attribute) => vec![attribute.whole().to_string()],
            None => leaves(&json!({ path: operation["value"] })).keys().cloned().collect(),
        },
        None => leaves(&operation["value"]).keys().cloned().collect(),
    };
    operations.iter().flat_map(of).collect()
}

/// What the vendor holds of the one user that it has.
fn state(simulator: &Simulator) -> Map<String, Value> {
    leaves(&held(simulator)["users"][0])
}

/// No call is one that the profile says the vendor does not take.
fn within(differs: &Differs, log: &[LogEntry]) -> Result<(), String> {
    for entry in log {
        let bad = match entry.method.as_str() {
            "PATCH" if differs.patch == "none" => true,
            "PATCH" if differs.patch == "active_only" => {
                carried(entry) != BTreeSet::from(["active".to_owned()])
            }
            "PUT" => differs.put == "none" || differs.patch == "full",
            "DELETE" => differs.delete == "unsupported",
            "GET" => entry.query.split('&').any(|pair| !differs.takes(pair)),
            _ => false,
        };
        if bad || entry.status.is_none_or(|status| status == 500 || status == 501) {
            return Err(format!(
                "{} {}?{} {:?} → {:?}",
                entry.method, entry.path, entry.query, entry.body, entry.response
            ));
        }
    }
    Ok(())
}

impl Differs {
    fn takes(&self, pair: &str) -> bool {
        let Some((name, value)) = pair.split_once('=') else { return true };
        let value = percent_decode_str(&value.replace('+', " ")).decode_utf8_lossy().into_owned();
        match name {
            "sortBy" => !self.no_sort,
            "attributes" | "excludedAttributes" => !self.no_projection,
            "count" => value.parse::<usize>().is_ok_and(|count| self.page.is_none_or(|page| count <= page)),
            "filter" if value.contains("members") => true,
            "filter" => self.evaluates(&Filter::parse(&value).unwrap()),
            _ => true,
        }
    }

    fn evaluates(&self, filter: &Filter) -> bool {
        let by = |path: &AttrPath| {
            self.filters_by.as_ref().is_none_or(|by| by.contains(&path.to_string().as_str()))
        };
        match filter {
            Filter::Compare { path, op, .. } => by(path) && (!self.only_eq || *op == Op::Eq),
            Filter::Present(path) => by(path) && !self.only_eq,
            Filter::Element(path, _) => by(path) && !self.no_words,
            Filter::And(parts) | Filter::Or(parts) => {
                !self.no_words && parts.iter().all(|part| self.evaluates(part))
            }
            Filter::Not(inner) => !self.no_words && self.evaluates(inner),
        }
    }
}

/// Servers that stay while mappings come and go.
struct Stage {
    runtime: Runtime,
    simulator: Simulator,
}

impl Stage {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let simulator = runtime.block_on(vendor(Vendor::Rfc));
        Self { runtime, simulator }
    }

    fn reset(&self, differs: &Differs) {
        self.simulator.reset().unwrap();
        self.simulator.set_knob("max_results", json!(differs.page.unwrap_or(200))).unwrap();
    }

    /// A bridge with the mapping, an integration a dialect; `None`: the mapping is refused, since a value does not read back.
    fn bridge(&self, mapping: &str, more: &str) -> Option<Bridge> {
        let mut plan = Plan::new().file("made.yaml", mapping);
        if !is_right(&plan.folder().join("made.yaml")) {
            return None;
        }
        for dialect in ["rfc", "okta", "entra"] {
            let integration = plan.integration(dialect, &self.simulator.base_url(), &self.simulator.token());
            integration.mapping("./made.yaml").dialect(dialect).more(more).done();
        }
        Some(self.runtime.block_on(plan.start()))
    }
}

fn is_right(file: &std::path::Path) -> bool {
    match config::check(file, Secrets::Unread) {
        Ok(_) => true,
        Err(report) => {
            let refused = |message: &str| message.contains("read") || message.contains("undone");
            let other = report.mistakes.iter().find(|mistake| !refused(&mistake.message));
            assert!(
                other.is_none(),
                "{}\n{}",
                config::render(&report.mistakes, &report.sources),
                std::fs::read_to_string(file).unwrap()
            );
            false
        }
    }
}

fn client(bridge: &Bridge, dialect: &str) -> Client {
    Client::new(bridge.url(dialect), crate::peer::bridge::TOKEN)
}

/// What one way of speaking leaves.
struct Left {
    statuses: Vec<u16>,
    state: Map<String, Value>,
    read: Map<String, Value>,
}

struct Case {
    rules: Rules,
    differs: Differs,
    user: Members,
    changes: Vec<Change>,
}

impl Case {
    fn of(
        &self,
        stage: &Stage,
        bridge: &Bridge,
        (dialect, form): (&str, Form),
    ) -> Result<Option<Left>, String> {
        stage.reset(&self.differs);
        stage.runtime.block_on(self.walk(&stage.simulator, &client(bridge, dialect), form))
    }

    /// Makes the user, changes it, and looks at everything that holds for every way of speaking.
    async fn walk(&self, simulator: &Simulator, idp: &Client, form: Form) -> Result<Option<Left>, String> {
        let (rules, differs) = (&self.rules, &self.differs);
        let written = body(&self.user, None);
        let made = idp.send("POST", "/Users", Some(written.to_json()), &[]).await;
        within(differs, &simulator.log())?;
        if made.status != 201 {
            ensure(simulator.state()["users"] == json!([]), || format!("refused, and made: {made:?}"))?;
            return Ok(None);
        }
        let start = state(simulator);
        self.untouched(&theirs(&written), &start)?;
        let place = format!("/Users/{}", made.body["id"].as_str().unwrap());
        let path = |change: &Change| Operation::read(&ours(&operation(change))).unwrap();
        let changed = patch::apply(written, &self.changes.iter().map(path).collect::<Vec<_>>(), &catalog());
        let Ok(own) = changed else { return Ok(None) };
        simulator.clear_log();
        let requests = requests(&own, &self.changes, form);
        let mut statuses = Vec::new();
        for (method, body) in &requests {
            let answer = idp.send(method, &place, Some(body.clone()), &[]).await;
            statuses.push(answer.status);
            if answer.status >= 400 {
                break;
            }
        }
        let log = simulator.log();
        within(differs, &log)?;
        let after = state(simulator);
        if statuses.last().is_some_and(|status| *status >= 400) {
            let whole = requests.len() > 1 || after == start;
            ensure(whole, || format!("refused, and changed: {start:?} {after:?}"))?;
            return Ok(Some(Left { statuses, state: after, read: Map::new() }));
        }
        self.minimal(&log, &between(&start, &after))?;
        self.nothing_invented(&after)?;
        let read = idp.get(&place).await;
        let read = leaves(&read.body);
        // What the identity provider wrote is what it reads.
        let expected = leaves(&theirs(&own));
        let mut differing = between(&expected, &read);
        differing.retain(|name| !self.reads_otherwise(name));
        ensure(differing.is_empty(), || format!("{differing:?} of {expected:?} is read as {read:?}"))?;
        // Once more, and nothing changes.
        if !rules.made.iter().any(crate::made::Made::reads_everything) {
            simulator.clear_log();
            let (method, body) = requests.last().unwrap();
            let again = idp.send(method, &place, Some(body.clone()), &[]).await;
            ensure(again.status < 300 || rules.minds_the_way(), || {
                format!("refused when repeated: {again:?}")
            })?;
            let now = state(simulator);
            ensure(now == after, || format!("a repetition changes {:?}", between(&after, &now)))?;
            let (log, before) = (simulator.log(), log);
            for (at, entry) in log.iter().enumerate().filter(|(_, entry)| is_write(entry)) {
                let looked = log[..at].iter().any(|other| other.method == "GET" && other.path == entry.path);
                let same = before.iter().any(|other| other.body == entry.body) && entry.method == "PATCH";
                ensure(!looked && same, || format!("a repetition is sent: {:?}", entry.body))?;
            }
        }
        Ok(Some(Left { statuses, state: after, read }))
    }

    /// No attribute travels that was not named, and does not follow from what was.
    fn minimal(&self, log: &[LogEntry], changed: &BTreeSet<String>) -> Result<(), String> {
        let named = |name: &str| self.changes.iter().any(|(path, _)| attribute(path) == *name);
        let follows = |name: &str| {
            self.rules.made.iter().any(|rule| {
                let writes = rule.writes.iter().any(|path| full(path) == *name);
                writes && (rule.reads_everything() || rule.reads.iter().any(|path| named(&full(path))))
            })
        };
        for entry in log.iter().filter(|entry| entry.method == "PATCH") {
            for name in carried(entry) {
                ensure(named(&name) || follows(&name) || changed.contains(&name), || {
                    format!("{name} travels: {:?}", entry.body)
                })?;
            }
        }
        for name in changed {
            ensure(named(name) || follows(name), || format!("{name} changed"))?;
        }
        Ok(())
    }

    /// Everything at the vendor was said by the identity provider, a rule or the profile.
    fn nothing_invented(&self, after: &Map<String, Value>) -> Result<(), String> {
        let said = |name: &String| {
            self.user.iter().any(|(path, _)| full(path) == *name)
                || self.changes.iter().any(|(path, _)| attribute(path) == *name)
                || self.rules.writes().iter().any(|path| full(path) == *name)
                || name == "userName"
                || (name == "timezone" && self.differs.zone)
        };
        let invented = after.keys().find(|name| !said(name));
        ensure(invented.is_none(), || format!("{invented:?} came from nowhere"))
    }

    /// What no rule touches is at the vendor as it was sent, digit by digit.
    fn untouched(&self, user: &Value, start: &Map<String, Value>) -> Result<(), String> {
        let touched = [self.rules.reads(), self.rules.writes()].concat();
        let sent = leaves(user);
        for path in WRITTEN.iter().filter(|path| !touched.contains(path)) {
            let goes = self.rules.pass && !self.differs.denies(path);
            let (sent, arrived) = (sent.get(&full(path)).filter(|_| goes), start.get(&full(path)));
            ensure(sent == arrived, || format!("{path}: {sent:?} arrived as {arrived:?}"))?;
        }
        Ok(())
    }

    /// What is read of an attribute is the vendor's word, or none.
    fn reads_otherwise(&self, name: &str) -> bool {
        self.rules.shows_otherwise().iter().any(|path| full(path) == *name) || name == "timezone"
    }
}

/// The attribute of a path.
fn attribute(path: &str) -> String {
    Path::parse(path).unwrap().attribute().unwrap().whole().to_string()
}

fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

/// The same few cases each time; `PROPTEST_CASES` makes it more, and others.
fn config(few: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let usual =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() };
    match asked {
        true => usual,
        false => ProptestConfig { cases: few, rng_seed: RngSeed::Fixed(7644), ..usual },
    }
}

fn ways(stage: &Stage, case: &Case, ways: &[(&'static str, Form)]) -> Result<bool, String> {
    let Some(bridge) = stage.bridge(&mapping(&case.rules, &case.differs), "") else { return Ok(false) };
    let first = case.of(stage, &bridge, ("rfc", Form::Paths)).map_err(|why| format!("rfc, paths: {why}"))?;
    let Some(first) = first else { return Ok(false) };
    let has_active = |parts: &Members| parts.iter().any(|(path, _)| *path == "active");
    let loses_active = case.changes.iter().any(|(path, value)| path == "active" && value.is_none());
    for &(dialect, form) in ways {
        let at_once = form != Form::Whole && form != Form::OneByOne;
        // Whether somebody has access is nothing that a PUT can leave open: what it does not say stays.
        if (case.rules.minds_the_way() && !at_once)
            || (form == Form::Whole && loses_active && has_active(&case.user))
        {
            continue;
        }
        let way =
            case.of(stage, &bridge, (dialect, form)).map_err(|why| format!("{dialect}, {form:?}: {why}"))?;
        let Some(left) = way else { return Err(format!("{dialect}, {form:?}: cannot make the user")) };
        let refused = |left: &Left| left.statuses.last().is_some_and(|status| *status >= 400);
        // What a PUT would say anew, and cannot, is not asked of a PATCH, and the other way round.
        if refused(&left) || refused(&first) {
            ensure(refused(&left) == refused(&first) || !at_once, || {
                format!(
                    "{dialect}, {form:?} is answered with {:?} instead of {:?}",
                    left.statuses, first.statuses
                )
            })?;
            continue;
        }
        let mut other = between(&first.state, &left.state);
        // Chance makes another with each account.
        other.retain(|name| !["own:stamp", "own:pin"].iter().any(|made| full(made) == *name));
        ensure(other.is_empty(), || {
            format!("{dialect}, {form:?} leaves {:?} instead of {:?}: {other:?}", left.state, first.state)
        })?;
        let other = between(&first.read, &left.read);
        ensure(other.is_empty(), || {
            format!("{dialect}, {form:?} reads {:?} instead of {:?}", left.read, first.read)
        })?;
    }
    stage.runtime.block_on(bridge.stop());
    Ok(true)
}

#[test]
fn whoever_speaks_leaves_the_same_and_reads_what_was_written() {
    let stage = Stage::new();
    let (mut tried, mut kept) = (0, 0);
    let counts = std::sync::Mutex::new((&mut tried, &mut kept));
    let strategy = (rules(), differs(), members(&WRITTEN), changes(), subsequence(WAYS.to_vec(), 3));
    let run = TestRunner::new(config(32)).run(&strategy, |(rules, differs, user, changes, others)| {
        let case = Case { rules, differs, user, changes };
        let done = ways(&stage, &case, &others);
        let mut counts = counts.lock().unwrap();
        *counts.0 += 1;
        *counts.1 += usize::from(done == Ok(true));
        let told = || format!("{:?}\n{:?}\n{}", case.user, case.changes, told(&case.rules, &case.differs));
        done.map(drop).map_err(|why| TestCaseError::fail(format!("{why}\n{}", told())))
    });
    if let Err(proptest::test_runner::TestError::Fail(why, _)) = run {
        panic!("{why}");
    }
    assert!(kept * 6 > tried, "only {kept} of {tried} were mappings that load and users whom they take");
}

/// All resources of a query, in pages of a size; the total is the same on each.
async fn all(idp: &Client, query: &str, size: usize) -> Result<Vec<Value>, Answer> {
    let (mut found, mut total) = (Vec::new(), None);
    loop {
        let page = idp.get(&format!("/Users?count={size}&startIndex={}{query}", found.len() + 1)).await;
        if page.status != 200 {
            return Err(page);
        }
        let resources = page.body["Resources"].as_array().cloned().unwrap_or_default();
        assert_eq!(
            *total.get_or_insert(page.body["totalResults"].clone()),
            page.body["totalResults"],
            "{query}"
        );
        if resources.is_empty() {
            assert_eq!(total, Some(json!(found.len())), "{query}, {size} a page");
            return Ok(found);
        }
        found.extend(resources);
    }
}

fn ids(resources: &[Value]) -> BTreeSet<&str> {
    resources.iter().filter_map(|one| one["id"].as_str()).collect()
}

struct Asked {
    rules: Rules,
    differs: Differs,
    remembers: bool,
    users: Vec<(Members, Members)>,
    filters: Vec<String>,
}

impl Asked {
    fn mapping(&self) -> String {
        let text = mapping(&self.rules, &self.differs);
        if self.remembers {
            return text;
        }
        text.replace("back: echo", "back: vendor").replace("merge: owned", "merge: union")
    }

    async fn hold(&self, simulator: &Simulator, idp: &Client, catalog: &Catalog) -> Result<(), String> {
        let direct = Client::new(simulator.base_url(), simulator.token()).with("x-direct", "yes");
        for (at, (written, besides)) in self.users.iter().enumerate() {
            let name = format!("user{at}");
            // Some were there before the bridge.
            let (to, user) = match at % 2 {
                0 => (idp, body(written, Some(&name))),
                _ => (&direct, body(&[written.clone(), besides.clone()].concat(), Some(&name))),
            };
            to.send("POST", "/Users", Some(user.to_json()), &[]).await;
        }
        let Ok(shown) = all(idp, "", 100).await else { return Err("no list".to_owned()) };
        for (at, text) in self.filters.iter().enumerate() {
            let filter = Filter::parse(text).unwrap();
            let query = format!(
                "&filter={}",
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
            );
            let expected = shown.iter().filter(|one| filter.matches(&ours(&one.to_string()), catalog));
            let expected: Vec<Value> = expected.cloned().collect();
            match all(idp, &query, [1, 2, 7][at % 3]).await {
                Ok(found) => {
                    let twice = found.len() != ids(&found).len();
                    ensure(!twice && ids(&found) == ids(&expected), || {
                        format!("{text} finds {:?} instead of {:?}", ids(&found), ids(&expected))
                    })?;
                }
                Err(answer) => {
                    let detail = answer.body["detail"].as_str().unwrap_or_default();
                    let kind = answer.body["scimType"] == "invalidFilter";
                    let told = detail.contains("cannot be asked about");
                    // A strict vendor, and so the bridge, refuses what compares things of different kinds.
                    let same = direct.get(&format!("/Users?{}", &query[1..])).await;
                    let meant = filter.check(catalog).is_ok() && !told && same.status == 200;
                    ensure(answer.status == 400 && kind && !meant, || format!("{text}: {answer:?}"))?;
                    // What can be read was not refused for being hidden.
                    let hidden = detail.contains("never read back");
                    let seen =
                        |path: &AttrPath| shown.iter().any(|one| path.get(&ours(&one.to_string())).is_some());
                    // Some elements of a list may be hidden, and others not.
                    let otherwise = |path: &AttrPath| {
                        self.rules
                            .shows_otherwise()
                            .iter()
                            .any(|other| full(other) == path.whole().to_string())
                    };
                    let mut readable = true;
                    filter.each_path(&mut |path: &AttrPath| readable &= seen(path) && !otherwise(path));
                    ensure(!hidden || !readable, || {
                        format!("{text} is refused, and could be read: {detail}")
                    })?;
                }
            }
        }
        let log = simulator.log().into_iter();
        let asked: Vec<_> =
            log.filter(|entry| entry.method == "GET" && entry.header("x-direct").is_none()).collect();
        within(&self.differs, &asked)
    }
}

#[test]
fn filters_find_what_is_read_or_are_refused() {
    let stage = Stage::new();
    let users = vec((members(&WRITTEN), members(&THEIRS)), 4);
    let strategy = (rules(), differs(), prop::bool::weighted(0.7), users, vec(filter(), 8));
    let run = TestRunner::new(config(16)).run(&strategy, |(rules, differs, remembers, users, filters)| {
        let case = Asked { rules, differs, remembers, users, filters };
        let text = case.mapping();
        let more = if remembers { "" } else { "    state: none\n" };
        let Some(bridge) = stage.bridge(&text, more) else { return Ok(()) };
        stage.reset(&case.differs);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("made.yaml"), &text).unwrap();
        let Ok(Checked::Mapping(compiled)) = config::check(&folder.path().join("made.yaml"), Secrets::Unread)
        else {
            return Ok(());
        };
        let idp = client(&bridge, "rfc");
        let done =
            stage.runtime.block_on(case.hold(&stage.simulator, &idp, compiled.mapping.users.catalog()));
        stage.runtime.block_on(bridge.stop());
        done.map_err(|why| {
            TestCaseError::fail(format!("{why}\nremembers: {remembers}\n{:?}\n{text}", case.users))
        })
    });
    if let Err(proptest::test_runner::TestError::Fail(why, _)) = run {
        panic!("{why}");
    }
}

/// One case that was found by chance, and stays.
fn found(
    rules: &[(&str, &'static str, &'static str)],
    change: impl FnOnce(&mut Differs),
    user: Members,
    changes: &[(&str, Option<&str>)],
) {
    let made = rules.iter().map(|(text, reads, writes)| {
        let paths = |path: &'static str| if path.is_empty() { vec![] } else { vec![path] };
        crate::made::Made { text: format!("    - {text}\n"), reads: paths(reads), writes: paths(writes) }
    });
    let mut differs = Differs {
        patch: "full",
        put: "full",
        delete: "hard",
        page: None,
        no_sort: false,
        no_projection: false,
        no_words: false,
        only_eq: false,
        filters_by: None,
        questions: "",
        deny: vec![],
        zone: false,
    };
    change(&mut differs);
    let changes =
        changes.iter().map(|(path, value)| ((*path).to_owned(), value.map(str::to_owned))).collect();
    let case = Case { rules: Rules { made: made.collect(), pass: true }, differs, user, changes };
    assert_eq!(ways(&Stage::new(), &case, &WAYS), Ok(true));
}

#[test]
fn a_resource_written_anew_keeps_what_its_creation_was_given() {
    let title = vec![("title", "\"a\"".to_owned())];
    found(&[], |differs| differs.zone = true, title, &[("title", Some("\"b\""))]);
}

#[test]
fn what_a_condition_made_goes_with_it_without_a_look_at_the_vendor() {
    let active = vec![("active", "true".to_owned()), ("title", "\"a\"".to_owned())];
    let rule = "set: $own.kept\n      value: k\n      when: $.title == 'a'\n      back: vendor";
    found(&[(rule, "title", "own:kept")], |_| {}, active, &[("title", Some("\"b\""))]);
}
