//! The vendors of the matrix: with which mapping, which of their knobs are turned, and what an identity provider may know
//! that it cannot have there.

use scim_bridge::simulator::{Simulator, Vendor};
use serde_json::{Value, json};

/// A vendor of the matrix.
#[derive(Debug)]
pub struct Stand {
    pub vendor: Vendor,
    /// The shipped mapping.
    pub mapping: &'static str,
    /// The mapping without its limits: what they are is shown elsewhere, and waiting for them takes minutes.
    pub unlimited: bool,
    /// Lines of the integration, indented by four.
    pub more: &'static str,
    /// Knobs as they must be for the whole matrix.
    pub set: &'static [(&'static str, &'static str)],
    /// Each of these is turned by itself, in cells of its own.
    pub knobs: &'static [(&'static str, &'static str)],
    /// Whether it has groups.
    pub groups: bool,
    /// Whether a user can get another `userName`.
    pub renames: bool,
    /// Whether who is deleted is still held, inactive.
    pub keeps: bool,
    /// How many it has besides, who never leave.
    pub others: usize,
    /// What must be done in its console before anything works.
    pub prepare: fn(&Simulator),
}

const PLAIN: Stand = Stand {
    vendor: Vendor::Rfc,
    mapping: "rfc",
    unlimited: false,
    more: "",
    set: &[],
    knobs: &[],
    groups: true,
    renames: true,
    keeps: false,
    others: 0,
    prepare: |_| {},
};

pub const STANDS: &[Stand] = &[
    Stand {
        vendor: Vendor::Amplitude,
        mapping: "amplitude",
        set: &[("limits", "false")],
        renames: false,
        ..PLAIN
    },
    Stand {
        vendor: Vendor::Aws,
        mapping: "aws-identity-center",
        set: &[("rps", "0")],
        knobs: &[
            ("over", "\"clamp\""),
            ("start_index", "\"400\""),
            ("projection", "\"400\""),
            ("unsupported", "\"ignore\""),
            ("unsupported_endpoint", "\"405\""),
            ("unsupported_endpoint", "\"501\""),
            ("unknown_member", "\"400\""),
            ("ids", "\"uuid\""),
        ],
        ..PLAIN
    },
    Stand { vendor: Vendor::Bitwarden, mapping: "bitwarden", renames: false, ..PLAIN },
    Stand {
        vendor: Vendor::GitHub,
        mapping: "github-enterprise",
        set: &[("limits", "false")],
        keeps: true,
        ..PLAIN
    },
    Stand { vendor: Vendor::GitLab, mapping: "gitlab", groups: false, renames: false, ..PLAIN },
    Stand {
        vendor: Vendor::KnowBe4,
        mapping: "knowbe4",
        knobs: &[("nested", "\"ignore\""), ("lag_filter", "true")],
        keeps: true,
        prepare: |simulator| {
            simulator.console("test-mode", &json!({ "on": false })).unwrap();
        },
        ..PLAIN
    },
    Stand { vendor: Vendor::LaunchDarkly, mapping: "launchdarkly", ..PLAIN },
    Stand { vendor: Vendor::Miro, mapping: "miro", set: &[("limits", "false")], ..PLAIN },
    Stand {
        vendor: Vendor::NinjaOne,
        mapping: "ninjaone",
        knobs: &[
            ("org_absent", "\"global\""),
            ("multi_org", "true"),
            ("accept_lower_technician", "true"),
            ("string_booleans", "true"),
            ("delete", "\"hard\""),
            ("replace_members", "\"accept\""),
            ("list", "\"empty\""),
            ("list", "\"501\""),
        ],
        keeps: true,
        ..PLAIN
    },
    Stand { vendor: Vendor::OktaOnly, mapping: "okta-only", keeps: true, ..PLAIN },
    Stand { knobs: &[("max_results", "2")], ..PLAIN },
    Stand {
        vendor: Vendor::Salesforce,
        mapping: "salesforce",
        knobs: &[("bare_members", "\"accept\""), ("delete", "\"deactivate\"")],
        keeps: true,
        ..PLAIN
    },
    Stand {
        vendor: Vendor::Segment,
        mapping: "segment",
        knobs: &[
            ("dup", "\"200\""),
            ("immutable", "\"400\""),
            ("removed_get", "\"inactive\""),
            ("legacy_remove", "\"remove_all\""),
            ("legacy_remove", "\"400\""),
        ],
        renames: false,
        ..PLAIN
    },
    Stand {
        vendor: Vendor::SentinelOne,
        mapping: "sentinelone-api",
        more: "    with: { scope_id: \"17\", role: \"900000000000000002\" }\n",
        knobs: &[("duplicate", "\"409\""), ("single_role", "true")],
        groups: false,
        renames: false,
        others: 1,
        ..PLAIN
    },
    Stand { vendor: Vendor::Sentry, mapping: "sentry", renames: false, ..PLAIN },
    Stand { vendor: Vendor::ServiceNow, mapping: "servicenow", knobs: &[("validate", "true")], ..PLAIN },
    Stand {
        vendor: Vendor::Slack,
        mapping: "slack",
        unlimited: true,
        set: &[("limits", "false")],
        knobs: &[("quoted", "\"400\""), ("v2_filter", "\"eq_username_email\"")],
        keeps: true,
        ..PLAIN
    },
    Stand {
        vendor: Vendor::SlackV1,
        mapping: "slack-v1",
        set: &[("limits", "false")],
        knobs: &[("errors", "\"object\""), ("errors", "\"string\"")],
        keeps: true,
        ..PLAIN
    },
    Stand { vendor: Vendor::Snowflake, mapping: "snowflake", set: &[("legacy", "false")], ..PLAIN },
];

impl Stand {
    pub fn set(&self, knob: Option<(&str, &str)>) -> serde_json::Map<String, Value> {
        let all = self.set.iter().copied().chain(knob);
        all.map(|(name, value)| (name.to_owned(), serde_json::from_str(value).unwrap())).collect()
    }
}
