//! Every client in front of every simulated vendor, with each setting of a knob that could flip a decision of the bridge:
//! the same life of accounts and groups, told in the client's own requests, ends in the same state, loses nothing on
//! its way, and is read back as it was written.

mod minimum;
mod story;
pub mod vendors;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;

use futures_util::{StreamExt as _, stream};
use scim_bridge::simulator::idp::Client;

use minimum::{EXTRAS, minimum};
use story::Story;
use vendors::{STANDS, Stand};

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    pub client: Client,
    pub stand: &'static Stand,
    /// The knob that is turned, with its value as JSON; none: all as they are at the start.
    pub knob: Option<(&'static str, &'static str)>,
    /// How many are in the large group.
    pub crowd: usize,
}

impl Cell {
    fn name(&self) -> String {
        let knob = self.knob.map(|(name, value)| format!(" with {name}={value}")).unwrap_or_default();
        format!("{} → {}{knob}", self.client.slug(), self.stand.mapping)
    }
}

/// Those in which clients differ most when a group is large: the whole of it, one operation, and a list.
const CROWDED: [Client; 3] = [Client::OktaWizard, Client::Entra, Client::Rfc];

fn cells(stand: &'static Stand) -> Vec<Cell> {
    let knobs = std::iter::once(None).chain(stand.knobs.iter().copied().map(Some));
    knobs
        .flat_map(|knob| {
            Client::ALL.into_iter().map(move |client| {
                let crowd = if knob.is_none() && CROWDED.contains(&client) { 250 } else { 6 };
                Cell { client, stand, knob, crowd }
            })
        })
        .collect()
}

/// Plays the cells of a vendor, and names every one that ends otherwise.
async fn play(mapping: &str) {
    let stand = STANDS.iter().find(|stand| stand.mapping == mapping).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a person looks at one cell")]
    let only = std::env::var("MATRIX_CELL").unwrap_or_default();
    let failed = Mutex::new(Vec::new());
    let cells: Vec<_> = cells(stand).into_iter().filter(|cell| cell.name().contains(&only)).collect();
    let number = cells.len();
    stream::iter(cells)
        .for_each_concurrent(4, |cell| {
            let failed = &failed;
            async move {
                if let Err(why) = Story::play(&cell).await {
                    failed.lock().unwrap().push(format!("{}: {why}", cell.name()));
                }
            }
        })
        .await;
    let mut failed = failed.into_inner().unwrap();
    failed.sort();
    assert!(failed.is_empty(), "{} of {number} cells:\n{}", failed.len(), failed.join("\n"));
}

macro_rules! vendors {
    ($($test:ident: $mapping:literal),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                play($mapping).await;
            }
        )*

        /// Every stand has its test.
        #[test]
        fn every_stand_is_played() {
            let played = [$($mapping),*];
            let stands: Vec<_> = STANDS.iter().map(|stand| stand.mapping).collect();
            assert_eq!(stands, played);
        }
    };
}

vendors! {
    amplitude: "amplitude",
    aws_identity_center: "aws-identity-center",
    bitwarden: "bitwarden",
    github_enterprise: "github-enterprise",
    gitlab: "gitlab",
    knowbe4: "knowbe4",
    launchdarkly: "launchdarkly",
    miro: "miro",
    ninjaone: "ninjaone",
    okta_only: "okta-only",
    rfc: "rfc",
    salesforce: "salesforce",
    segment: "segment",
    sentinelone_api: "sentinelone-api",
    sentry: "sentry",
    servicenow: "servicenow",
    slack: "slack",
    slack_v1: "slack-v1",
    snowflake: "snowflake",
}

/// What each deed of two clients costs at each vendor, in calls: a line of the table says the deed, and then the vendors at
/// which it costs so many. A client that reads before it writes has its own read in it. It is the least that is possible
/// (`minimum`), or a tenth more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_each_deed() {
    let mut table = String::new();
    let mut wrong = Vec::new();
    for client in [Client::Rfc, Client::OktaWizard] {
        let mut deeds: Vec<(String, BTreeMap<usize, Vec<&str>>)> = Vec::new();
        for stand in STANDS {
            let cell = Cell { client, stand, knob: None, crowd: 6 };
            for (title, calls) in Story::play(&cell).await.unwrap() {
                let least = minimum(client, &title, stand.mapping);
                // What can be done with fewer has no such minimum.
                if calls < least || 10 * calls > 11 * least {
                    let who = client.name();
                    wrong.push(format!("{who}: {title} at {}: {calls} instead of {least}", stand.mapping));
                }
                let at = deeds.iter().position(|(known, _)| *known == title).unwrap_or_else(|| {
                    deeds.push((title, BTreeMap::new()));
                    deeds.len() - 1
                });
                deeds[at].1.entry(calls).or_default().push(stand.mapping);
            }
        }
        let _ = writeln!(table, "{}", client.name());
        for (title, calls) in deeds {
            // Those of whom there are most, the cheaper ones where there are as many, are not named.
            let usual = calls.iter().rev().max_by_key(|(_, at)| at.len()).map(|(calls, _)| *calls);
            let shown = calls.iter().map(|(calls, at)| match usual == Some(*calls) && at.len() > 3 {
                true => format!("{calls} at most of them"),
                false => format!("{calls} at {}", at.join(" ")),
            });
            let _ = writeln!(table, "  {title:<32} {}", shown.collect::<Vec<_>>().join("; "));
        }
    }
    let _ =
        writeln!(table, "\nwhat comes to one call for each request, or to three where a PUT follows a read");
    for extra in EXTRAS {
        let _ = writeln!(table, "  {}\n    because {}", extra.text(), extra.why);
    }
    assert!(wrong.is_empty(), "{} of the deeds:\n{}", wrong.len(), wrong.join("\n"));
    insta::assert_snapshot!("matrix_calls", table);
}
