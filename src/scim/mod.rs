//! SCIM 2.0 itself (RFC 7643, RFC 7644), pure: resources, schemas, paths, filters, PATCH, messages, errors.

pub mod diff;
pub mod error;
pub mod filter;
pub mod json;
pub mod name;
pub mod patch;
pub mod path;
pub mod projection;
pub mod request;
pub mod resource;
pub mod schema;
pub mod scim11;
pub mod version;

pub use error::{Error, ErrorType};
pub use filter::Filter;
pub use json::Value;
pub use name::AttrPath;
pub use path::Path;
pub use schema::{Catalog, ResourceType};
