//! The vendors that can be simulated, with what tells one from another.

use super::harness::Behaviour;
use super::harness::knobs::Knob;
use super::plain::{
    amplitude, bitwarden, github, gitlab, launchdarkly, miro, salesforce, sentry, servicenow, snowflake,
};
use super::{aws, knowbe4, ninjaone, okta_only, rfc, segment, sentinelone, slack};

/// A vendor that can be simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vendor {
    /// Amplitude, where the e-mail is the id.
    Amplitude,
    /// AWS IAM Identity Center, whose groups are written by the hundred and never read.
    Aws,
    /// Bitwarden, whose filters find nobody rather than refuse.
    Bitwarden,
    /// GitHub Enterprise with managed users, who are obfuscated when deactivated.
    GitHub,
    /// GitLab, whose ids follow the externalId.
    GitLab,
    /// KnowBe4, which accepts more than it applies.
    KnowBe4,
    /// LaunchDarkly, where a deactivated member is frozen.
    LaunchDarkly,
    /// Miro, with limits in half a minute and on the size of a request.
    Miro,
    /// NinjaOne, with its expiring tokens, silent adoption and narrow filters.
    NinjaOne,
    /// A vendor that was built against Okta's traffic and takes nothing else.
    OktaOnly,
    /// A conformant vendor that refuses whatever RFC 7643 and 7644 do not allow.
    Rfc,
    /// Salesforce, where users are never deleted.
    Salesforce,
    /// Segment, whose accounts outlive their membership.
    Segment,
    /// SentinelOne's management API, which is no SCIM at all.
    SentinelOne,
    /// Sentry, where the one change of a user is to be deleted.
    Sentry,
    /// ServiceNow, which drops and cuts without a word.
    ServiceNow,
    /// Slack in SCIM 2.0, with converted names, nulls and rate limits.
    Slack,
    /// Slack in SCIM 1.1, with partial resources and filters of its own.
    SlackV1,
    /// Snowflake, whose lists show one synthetic user.
    Snowflake,
}

/// What the harness must know of a vendor: each names its own.
pub(super) struct Kind {
    /// Its name on the command line.
    pub(super) name: &'static str,
    /// What it is, in one sentence.
    pub(super) summary: &'static str,
    /// The path of its endpoint.
    pub(super) base_path: &'static str,
    pub(super) knobs: &'static [Knob],
    pub(super) new: fn() -> Box<dyn Behaviour>,
}

impl Vendor {
    /// Every vendor, in the order in which they are listed.
    pub const ALL: [Self; 19] = [
        Self::Amplitude,
        Self::Aws,
        Self::Bitwarden,
        Self::GitHub,
        Self::GitLab,
        Self::KnowBe4,
        Self::LaunchDarkly,
        Self::Miro,
        Self::NinjaOne,
        Self::OktaOnly,
        Self::Rfc,
        Self::Salesforce,
        Self::Segment,
        Self::SentinelOne,
        Self::Sentry,
        Self::ServiceNow,
        Self::Slack,
        Self::SlackV1,
        Self::Snowflake,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        self.kind().name
    }

    /// The vendor with that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vendor| vendor.name() == name)
    }

    /// What it is, in one sentence.
    pub fn summary(self) -> &'static str {
        self.kind().summary
    }

    /// What can be turned.
    pub fn knobs(self) -> &'static [Knob] {
        self.kind().knobs
    }

    /// The path of its SCIM endpoint.
    pub fn base_path(self) -> &'static str {
        self.kind().base_path
    }

    pub(super) fn behaviour(self) -> Box<dyn Behaviour> {
        (self.kind().new)()
    }

    fn kind(self) -> &'static Kind {
        match self {
            Self::Amplitude => &amplitude::KIND,
            Self::Aws => &aws::KIND,
            Self::Bitwarden => &bitwarden::KIND,
            Self::GitHub => &github::KIND,
            Self::GitLab => &gitlab::KIND,
            Self::KnowBe4 => &knowbe4::KIND,
            Self::LaunchDarkly => &launchdarkly::KIND,
            Self::Miro => &miro::KIND,
            Self::NinjaOne => &ninjaone::KIND,
            Self::OktaOnly => &okta_only::KIND,
            Self::Rfc => &rfc::KIND,
            Self::Salesforce => &salesforce::KIND,
            Self::Segment => &segment::KIND,
            Self::SentinelOne => &sentinelone::KIND,
            Self::Sentry => &sentry::KIND,
            Self::ServiceNow => &servicenow::KIND,
            Self::Slack => &slack::KIND,
            Self::SlackV1 => &slack::KIND_V1,
            Self::Snowflake => &snowflake::KIND,
        }
    }
}
