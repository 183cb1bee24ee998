//! How the bridge hides what a vendor cannot do.
//!
//! A vendor's deviations are data, the [`Profile`]; an empty one is a vendor that does all that RFC 7643 and 7644 ask.
//! The planner turns *before → after* into the fewest calls that this vendor accepts.

mod adoption;
mod auth;
mod base_url;
mod blind;
mod bounds;
mod elements;
mod external_id;
mod fit;
mod group_rules;
mod headers;
mod id;
mod life;
mod manager;
mod members;
mod native;
mod okta;
mod op_form;
mod paging;
mod patch;
mod plan;
mod policy;
mod profile;
mod protect;
mod pushdown;
mod put;
mod question;
mod rate;
mod removal;
mod repair;
mod resource;
mod rules;
mod scim11;
mod shape;
mod truth;
mod username;
mod words;

pub use adoption::{Adoption, Known};
pub use auth::Auth;
pub use base_url::BaseUrl;
pub use blind::blind;
pub use fit::{fit, keep_defaults};
pub use headers::Headers;
pub use id::Ids;
pub use life::{Life, Via, leave};
pub use manager::{Manager, path as manager_path};
pub use members::page as page_of_members;
pub use paging::{At, Paging};
pub use patch::{as_members, members_of};
pub use plan::{Call, Verb, as_they_are, change, create, delete, direct, list, read, replace};
pub use profile::{Echo, IfMatch, Profile, Speak};
pub use protect::{Deed, Protected, Refusal};
pub use pushdown::{Pushdown, pushdown};
pub use put::Put;
pub use rate::{Limit, Rate, RetryHeader, Unit};
pub use removal::{Inactive, Removal, Way};
pub use repair::Status;
pub use resource::{Patch, Resource};
pub use rules::rules;
pub use scim11::{merged, read as read_scim11};
pub use shape::PROFILE as SHAPE;
pub use truth::{Truth, Verdict, is_done};
