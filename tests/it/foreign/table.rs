//! What a client found everywhere, as a table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::excused::{EXCUSED, Excuse};
use crate::peer::foreign::{Client, Report};

/// What it found at a server, directly and through the bridge.
pub struct Pair<'r> {
    pub server: &'static str,
    pub direct: &'r Report,
    pub through: &'r Report,
}

pub struct Table<'r> {
    client: Client,
    pairs: Vec<Pair<'r>>,
}

/// A list of what holds at which servers.
type Listed<'r> = BTreeMap<String, Vec<&'r str>>;

impl<'r> Table<'r> {
    pub fn new(client: Client, pairs: Vec<Pair<'r>>) -> Self {
        Self { client, pairs }
    }

    fn excuse(&self, pair: &Pair<'_>, check: &str) -> Option<&'static Excuse> {
        EXCUSED.iter().find(|excuse| excuse.covers(self.client, pair.server, check))
    }

    /// The checks that pass directly and not through the bridge, and nobody excuses: a line each.
    pub fn lost(&self) -> String {
        let mut lost = String::new();
        for pair in &self.pairs {
            for check in pair.direct.passes_unlike(pair.through) {
                if self.excuse(pair, check).is_none() {
                    let _ = writeln!(lost, "{}: {check}: {}", pair.server, pair.through.why(check));
                }
            }
        }
        lost
    }

    /// What excuses nothing.
    pub fn unused(&self) -> Vec<&'static Excuse> {
        let of_this_client = EXCUSED.iter().filter(|excuse| excuse.client == self.client);
        let covers = |excuse: &Excuse| {
            self.pairs.iter().any(|pair| {
                let lost = pair.direct.passes_unlike(pair.through);
                lost.iter().any(|check| excuse.covers(self.client, pair.server, check))
            })
        };
        of_this_client.filter(|excuse| !covers(excuse)).collect()
    }

    pub fn render(&self) -> String {
        let mut text = format!("{}\n\n", self.client.name());
        let _ = writeln!(text, "{:<22}{:>16}{:>24}", "", "directly", "through the bridge");
        let columns = ["passed", "failed", "passed", "failed", "gained", "excused"];
        let [direct, failed, through, still, gained, excused] = columns;
        let _ = writeln!(
            text,
            "{:<22}{direct:>8}{failed:>8}{through:>12}{still:>8}{gained:>9}{excused:>9}",
            "at"
        );
        for Pair { server, direct, through } in &self.pairs {
            let excused = direct.passes_unlike(through).len();
            let gained = through.passes_unlike(direct).len();
            let _ = writeln!(
                text,
                "{server:<22}{:>8}{:>8}{:>12}{:>8}{gained:>9}{excused:>9}",
                direct.passed(),
                direct.failed(),
                through.passed(),
                through.failed()
            );
        }
        let gained = self.list(|pair| pair.through.passes_unlike(pair.direct));
        let _ = writeln!(text, "\ngained: passes through the bridge, and not directly");
        self.write(&mut text, &gained);
        let excused = self.list(|pair| pair.direct.passes_unlike(pair.through));
        if !excused.is_empty() {
            let _ = writeln!(text, "\nexcused: passes directly, and not through the bridge");
            for (check, servers) in &excused {
                self.write(&mut text, &Listed::from([(check.clone(), servers.clone())]));
                let pair = self.pairs.iter().find(|pair| pair.server == servers[0]);
                let excuse = pair.and_then(|pair| self.excuse(pair, check));
                let _ =
                    writeln!(text, "    because {}", excuse.map_or("nobody excuses it", |excuse| excuse.why));
            }
        }
        let failing = self.list(|pair| pair.through.failing());
        if !failing.is_empty() {
            let _ = writeln!(
                text,
                "\nfails through the bridge; directly it fails as well, or the client does not get so far"
            );
            self.write(&mut text, &failing);
        }
        text
    }

    fn list(&self, of: impl Fn(&Pair<'r>) -> Vec<&'r str>) -> Listed<'r> {
        let mut listed = Listed::new();
        for pair in &self.pairs {
            for check in of(pair) {
                listed.entry(check.to_owned()).or_default().push(pair.server);
            }
        }
        listed
    }

    fn write(&self, text: &mut String, listed: &Listed<'_>) {
        for (check, servers) in listed {
            let at =
                if servers.len() == self.pairs.len() { "all of them".to_owned() } else { servers.join(" ") };
            let _ = writeln!(text, "  {check}\n    at {at}");
        }
    }
}
