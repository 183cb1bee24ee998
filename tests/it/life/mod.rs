//! The life of an account at a vendor that ends, renames, hides or forgets it: the identity provider sees one account, which
//! keeps its id.

mod ids;
