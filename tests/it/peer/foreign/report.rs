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
        self.all(Status::Pass).count()
    }

    /// How many checks failed.
    pub fn failed(&self) -> usize {
        self.all(Status::Fail).count()
    }

    /// The checks that pass here and do not pass in `other`.
    pub fn passes_unlike(&self, other: &Self) -> Vec<&str> {
        self.all(Status::Pass).filter(|name| other.results.get(*name) != Some(&Status::Pass)).collect()
    }

    /// The checks that failed.
    pub fn failing(&self) -> Vec<&str> {
        self.all(Status::Fail).collect()
    }

    /// Why a check did not pass.
    pub fn why(&self, name: &str) -> &str {
        self.reasons.get(name).map_or("it was not made", String::as_str)
    }

    fn all(&self, status: Status) -> impl Iterator<Item = &str> {
        self.results.iter().filter(move |(_, held)| **held == status).map(|(name, _)| name.as_str())
    }
}
