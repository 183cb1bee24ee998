//! Recorded traffic: one JSON object a line, for `serve --capture` to write and `replay` to play again.
//!
//! A record holds a request, the calls that were made for it with the vendor's answers, and the answer: all that it takes
//! to play it against another mapping without a vendor. Tokens and passwords are in no record, and personal values are
//! replaced by stable pseudonyms unless the operator wants them as they are.

mod pseudonym;
mod record;
mod secrets;
mod writer;

pub use pseudonym::Pseudonyms;
pub use record::{Line, Recorded, VendorCall};
pub use writer::{Values, Writer};
