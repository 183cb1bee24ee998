//! The fewest calls with which a deed can be done at a vendor, and why it is not done with fewer. A call that keeps a promise
//! belongs to it: that the client reads back what it wrote, that nothing is taken from anybody by mistake, that what a vendor
//! forgets is not lost.

use scim_bridge::simulator::idp::Client;

/// Calls of a vendor that come to those that every deed needs.
pub struct Extra {
    /// None: of both.
    client: Option<Client>,
    vendors: &'static [&'static str],
    deeds: &'static [&'static str],
    calls: i32,
    pub why: &'static str,
}

const RFC: Option<Client> = Some(Client::Rfc);
const OKTA: Option<Client> = Some(Client::OktaWizard);

const CREATIONS: &[&str] =
    &["creates", "creates the group", "creates one of many", "creates the large group"];
const NAME: &str = "gives Ana another name";
const ADDRESS: &str = "gives Ana another address";
const DEPARTMENT: &str = "moves Bo";
const PHONES: &[&str] = &["gives Bo two phones", "takes one of them away"];
const TITLE: &str = "takes Bo's title away";
const LEAVES: &[&str] = &["deactivates Bo", "lets Cem go"];
const RETURN: &str = "lets Bo come back";
const MEMBERS: &[&str] = &[
    "adds Ana and Bo",
    "adds Cem",
    "removes Ana",
    "adds Ana and Bo again",
    "fills it",
    "adds one",
    "removes two",
];
const RENAME: &str = "renames the group";

/// What every vendor needs: one call for a request. Okta's wizard applications read before they write a user, and write by
/// PUT: what differs from what is there must be known, so that nothing else is written.
fn least(client: Client, deed: &str) -> i32 {
    let of_user = [NAME, ADDRESS, DEPARTMENT, TITLE, RETURN];
    let user = of_user.contains(&deed) || PHONES.contains(&deed) || LEAVES.contains(&deed);
    match client {
        Client::OktaWizard if user => 3,
        Client::OktaWizard if MEMBERS.contains(&deed) || deed == RENAME => 2,
        _ => 1,
    }
}

const NO_PLACE: &str =
    "the vendor has no place for it: nothing is sent, and the client is told when the account is gone";
const REPEATS: &str = "its answers repeat what was sent: what it made of it, a read shows";
const NO_BODY: &str = "PATCH is answered without the resource, which the answer to a PUT must show";
const FORGETS: &str = "it forgets whom it deactivates: what he had must be known before";
const GROUPS: &str = "memberships end with access: where he is in must be known before";
const GIVEN_BACK: &str = "memberships ended with access: they are given back";
const THERE: &str = "whether an administrator has him back must be known before he is invited";
const GARBLES: &str =
    "it garbles who is inactive: what was there must be known to be shown, and written again";

const UNBELIEVED: &str =
    "in Test Mode it says yes and does nothing: whether a write was carried out, only a read tells";

pub const EXTRAS: &[Extra] = &[
    Extra {
        client: OKTA,
        vendors: &["bitwarden", "gitlab", "segment", "sentry"],
        deeds: &[NAME],
        calls: -1,
        why: NO_PLACE,
    },
    Extra {
        client: OKTA,
        vendors: &[
            "amplitude",
            "bitwarden",
            "github-enterprise",
            "gitlab",
            "okta-only",
            "segment",
            "sentry",
            "servicenow",
            "snowflake",
        ],
        deeds: &[DEPARTMENT],
        calls: -1,
        why: NO_PLACE,
    },
    Extra {
        client: OKTA,
        vendors: &[
            "amplitude",
            "bitwarden",
            "github-enterprise",
            "gitlab",
            "knowbe4",
            "ninjaone",
            "okta-only",
            "segment",
            "sentry",
            "snowflake",
        ],
        deeds: PHONES,
        calls: -1,
        why: NO_PLACE,
    },
    Extra {
        client: OKTA,
        vendors: &[
            "amplitude",
            "bitwarden",
            "github-enterprise",
            "gitlab",
            "okta-only",
            "segment",
            "sentry",
            "snowflake",
        ],
        deeds: &[TITLE],
        calls: -1,
        why: NO_PLACE,
    },
    Extra {
        client: RFC,
        vendors: &[
            "aws-identity-center",
            "github-enterprise",
            "knowbe4",
            "launchdarkly",
            "miro",
            "ninjaone",
            "okta-only",
            "rfc",
            "salesforce",
            "servicenow",
            "slack",
            "slack-v1",
            "snowflake",
        ],
        deeds: &[ADDRESS],
        calls: 1,
        why: "it names an element by its type: which one that is, and whether there is one, only the vendor knows",
    },
    Extra { client: None, vendors: &["amplitude"], deeds: CREATIONS, calls: 1, why: REPEATS },
    Extra { client: None, vendors: &["amplitude"], deeds: &[NAME, RETURN], calls: 1, why: REPEATS },
    Extra { client: OKTA, vendors: &["amplitude"], deeds: MEMBERS, calls: 1, why: REPEATS },
    Extra { client: OKTA, vendors: &["amplitude"], deeds: &[RENAME], calls: 1, why: REPEATS },
    Extra {
        client: RFC,
        vendors: &["amplitude", "aws-identity-center"],
        deeds: &[NAME],
        calls: 1,
        why: "it needs every name, and one that is missing is made of another: which there are must be known",
    },
    Extra {
        client: RFC,
        vendors: &["launchdarkly"],
        deeds: &[
            NAME,
            DEPARTMENT,
            "gives Bo two phones",
            "takes one of them away",
            TITLE,
            "deactivates Bo",
            RETURN,
            "lets Cem go",
        ],
        calls: 1,
        why: "a deactivated member is frozen, and what is said of him meanwhile is kept for later: whether he is must be known",
    },
    Extra {
        client: RFC,
        vendors: &["okta-only"],
        deeds: &[NAME],
        calls: 1,
        why: "names are changed by PUT alone: what is there must go with it",
    },
    Extra {
        client: RFC,
        vendors: &["ninjaone"],
        deeds: &[DEPARTMENT],
        calls: 2,
        why: "rules depend on groups: who is in which is read once; and the organisation on what else he is",
    },
    Extra {
        client: OKTA,
        vendors: &["ninjaone"],
        deeds: &[NAME],
        calls: 1,
        why: "rules depend on groups: who is in which is read once",
    },
    Extra { client: None, vendors: &["knowbe4"], deeds: CREATIONS, calls: 1, why: UNBELIEVED },
    Extra { client: None, vendors: &["knowbe4"], deeds: MEMBERS, calls: 1, why: UNBELIEVED },
    Extra { client: None, vendors: &["knowbe4"], deeds: LEAVES, calls: 1, why: UNBELIEVED },
    Extra {
        client: None,
        vendors: &["knowbe4"],
        deeds: &[
            NAME,
            ADDRESS,
            DEPARTMENT,
            TITLE,
            RETURN,
            RENAME,
            "deletes one of many",
            "deletes the large group",
        ],
        calls: 1,
        why: UNBELIEVED,
    },
    Extra { client: RFC, vendors: &["sentinelone-api"], deeds: LEAVES, calls: 1, why: FORGETS },
    Extra { client: RFC, vendors: &["sentinelone-api"], deeds: &[RETURN], calls: 1, why: THERE },
    Extra {
        client: None,
        vendors: &["sentinelone-api"],
        deeds: &[RETURN],
        calls: 1,
        why: "who comes back is made again, and has what he had: it is read when it is there",
    },
    Extra {
        client: RFC,
        vendors: &["sentinelone-api"],
        deeds: &[NAME],
        calls: 1,
        why: "it has one name, made of several: what of them stays must be known",
    },
    Extra {
        client: RFC,
        vendors: &["sentry"],
        deeds: &[RENAME],
        calls: 1,
        why: "it makes a slug of the name, and does not answer with it: what it made of it is remembered",
    },
    Extra {
        client: OKTA,
        vendors: &["bitwarden", "okta-only", "sentry", "aws-identity-center"],
        deeds: MEMBERS,
        calls: 1,
        why: NO_BODY,
    },
    Extra {
        client: OKTA,
        vendors: &["bitwarden", "okta-only", "sentry", "aws-identity-center"],
        deeds: &[RENAME],
        calls: 1,
        why: NO_BODY,
    },
    Extra {
        client: OKTA,
        vendors: &["aws-identity-center"],
        deeds: MEMBERS,
        calls: 1,
        why: "members are never shown with their group: the users who are in it are asked for",
    },
    Extra {
        client: OKTA,
        vendors: &["aws-identity-center"],
        deeds: &[RENAME],
        calls: 1,
        why: "members are never shown with their group: the users who are in it are asked for",
    },
    Extra {
        client: None,
        vendors: &["github-enterprise"],
        deeds: &["deletes one of many"],
        calls: 1,
        why: "a deletion cannot be undone, so it deactivates; it garbles who is inactive: what was there must be known",
    },
    Extra { client: RFC, vendors: &["github-enterprise"], deeds: LEAVES, calls: 1, why: GARBLES },
    Extra { client: RFC, vendors: &["github-enterprise"], deeds: &[RETURN], calls: 1, why: GARBLES },
    Extra {
        client: RFC,
        vendors: &["gitlab", "amplitude", "segment", "sentry"],
        deeds: LEAVES,
        calls: 1,
        why: FORGETS,
    },
    Extra {
        client: RFC,
        vendors: &["bitwarden"],
        deeds: &["deactivates Bo", "lets Cem go", RETURN],
        calls: 1,
        why: "whether he has access must be known: memberships end with it, and are given back with it",
    },
    Extra {
        client: None,
        vendors: &["amplitude", "segment", "sentry", "bitwarden"],
        deeds: LEAVES,
        calls: 1,
        why: GROUPS,
    },
    Extra { client: OKTA, vendors: &["bitwarden"], deeds: LEAVES, calls: 1, why: NO_BODY },
    Extra {
        client: RFC,
        vendors: &["gitlab", "amplitude", "segment", "sentry"],
        deeds: &[RETURN],
        calls: 1,
        why: THERE,
    },
    Extra {
        client: None,
        vendors: &["amplitude", "segment", "sentry", "bitwarden"],
        deeds: &[RETURN],
        calls: 1,
        why: GIVEN_BACK,
    },
    Extra {
        client: None,
        vendors: &["bitwarden"],
        deeds: &[RETURN],
        calls: 1,
        why: "PATCH is answered without the account: what it had before is compared with what it has now",
    },
    Extra {
        client: None,
        vendors: &["gitlab"],
        deeds: &[RETURN],
        calls: 1,
        why: "an identity that is there still keeps what he may do: it is tried before he is invited again",
    },
];

impl Extra {
    fn is_about(&self, client: Client, deed: &str, vendor: &str) -> bool {
        self.client.is_none_or(|one| one == client)
            && self.vendors.contains(&vendor)
            && self.deeds.contains(&deed)
    }

    /// What it is about.
    pub fn text(&self) -> String {
        let client = self.client.map(|client| format!("{}: ", client.name())).unwrap_or_default();
        format!("{:+} {client}{} at {}", self.calls, self.deeds.join(", "), self.vendors.join(" "))
    }
}

/// The fewest calls.
pub fn minimum(client: Client, deed: &str, vendor: &str) -> usize {
    let extras = EXTRAS.iter().filter(|extra| extra.is_about(client, deed, vendor));
    let calls = least(client, deed) + extras.map(|extra| extra.calls).sum::<i32>();
    usize::try_from(calls).unwrap()
}
