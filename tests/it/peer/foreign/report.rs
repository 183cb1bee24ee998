//! What a conformance client found.

use std::collections::BTreeMap;

use serde_json::Value;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Pass,
    Fail,
    Skip,
    /// A deviation that the client does not call a failure.
    Warn,
}

/// The checks of one run. Their number depends on how far the client got: compare two runs check by check.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Every check. A name is the same in every run.
    pub results: BTreeMap<String, Status>,
    /// Why a check did not pass.
    pub reasons: BTreeMap<String, String>,
}

impl Report {
    /// Reads what a client printed; `None` if that is no report, or an empty one.
    pub(super) fn read(said: &str) -> Option<Self> {
        let said: Value = serde_json::from_str(said).ok()?;
        let mut report = Self::default();
        for row in said["results"].as_array()? {
            let name = row["name"].as_str()?;
            let status = match row["status"].as_str()? {
                "pass" => Status::Pass,
                "skip" => Status::Skip,
                "warn" => Status::Warn,
                _ => Status::Fail,
            };
            report.add(name, status, row["reason"].as_str().unwrap_or_default());
        }
        (!report.results.is_empty()).then_some(report)
    }

    /// A report of nothing but one failure.
    pub(super) fn failure(name: &str, why: &str) -> Self {
        let mut report = Self::default();
        report.add(name, Status::Fail, why);
        report
    }

    fn add(&mut self, name: &str, status: Status, why: &str) {
        let before = self.results.insert(name.to_owned(), status);
        assert_eq!(before, None, "two checks are named {name}");
        if status != Status::Pass {
            self.reasons.insert(name.to_owned(), why.to_owned());
        }
    }

    /// How many checks passed.
    pub fn passed(&self) -> usize {
        self.count(Status::Pass)
    }

    /// How many checks failed.
    pub fn failed(&self) -> usize {
        self.count(Status::Fail)
    }

    fn count(&self, status: Status) -> usize {
        self.results.values().filter(|held| **held == status).count()
    }

    /// The checks that pass in `direct` and do not pass here.
    pub fn lost_against(&self, direct: &Self) -> Vec<String> {
        direct.passing().filter(|name| !self.passes(name)).cloned().collect()
    }

    /// The checks that pass here and do not pass in `direct`.
    pub fn won_against(&self, direct: &Self) -> Vec<String> {
        direct.lost_against(self)
    }

    /// Why a check did not pass.
    pub fn why(&self, name: &str) -> &str {
        self.reasons.get(name).map_or("it was not made", String::as_str)
    }

    fn passes(&self, name: &str) -> bool {
        self.results.get(name) == Some(&Status::Pass)
    }

    fn passing(&self) -> impl Iterator<Item = &String> {
        self.results.iter().filter(|(_, status)| **status == Status::Pass).map(|(name, _)| name)
    }
}
