//! The names of SCIM 1.1 (core schema 1.1 §5.2, §9), in those of RFC 7643 and back. One core schema holds users and
//! groups alike, and an extension `x` is `urn:scim:schemas:extension:x:1.0` instead of
//! `urn:ietf:params:scim:schemas:extension:x:2.0:User`.

use compact_str::{CompactString, format_compact};

use super::name::{AttrPath, ENTERPRISE, is_core_urn};
use super::schema::ResourceType;

/// The core schema of users and groups.
pub const CORE: &str = "urn:scim:schemas:core:1.0";

/// The enterprise extension.
pub const ENTERPRISE_1: &str = "urn:scim:schemas:extension:enterprise:1.0";

const OLD: (&str, &str) = ("urn:scim:schemas:extension:", ":1.0");
const NEW: (&str, &str) = ("urn:ietf:params:scim:schemas:extension:", ":2.0:");

/// A schema's URN as SCIM 1.1 has it; one of another kind is the same in both.
pub fn older(urn: &str) -> CompactString {
    if is_core_urn(urn) {
        return CORE.into();
    }
    let rest = strip_start(urn, NEW.0).and_then(|rest| rest.rsplit_once(NEW.1));
    match rest {
        Some((name, _)) => format_compact!("{}{name}{}", OLD.0, OLD.1),
        None => urn.into(),
    }
}

/// A schema's URN of SCIM 1.1 as RFC 7643 has it; one of another kind is the same in both.
pub fn newer(urn: &str, resource: ResourceType) -> CompactString {
    if urn.eq_ignore_ascii_case(CORE) {
        return resource.urn().into();
    }
    match strip_start(urn, OLD.0).and_then(|rest| rest.strip_suffix(OLD.1)) {
        Some(name) => format_compact!("{}{name}{}{}", NEW.0, NEW.1, resource.name()),
        None => urn.into(),
    }
}

/// An attribute's name: the manager is named by `managerId` (§6), everything else by the same word.
pub fn older_path(path: &AttrPath) -> AttrPath {
    let is_manager = path.schema.as_deref() == Some(ENTERPRISE) && path.name.eq_ignore_ascii_case("manager");
    let sub = path.sub.as_ref().map(|sub| match is_manager && sub.eq_ignore_ascii_case("value") {
        true => "managerId".into(),
        false => sub.clone(),
    });
    AttrPath { schema: path.schema.as_deref().map(older), name: path.name.clone(), sub }
}

fn strip_start<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let head = text.get(..start.len())?;
    head.eq_ignore_ascii_case(start).then(|| &text[start.len()..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_has_a_name_in_each_version() {
        let user = ResourceType::User;
        for (new, old) in [
            (user.urn(), CORE),
            (ENTERPRISE, ENTERPRISE_1),
            (
                "urn:ietf:params:scim:schemas:extension:slack:guest:2.0:User",
                "urn:scim:schemas:extension:slack:guest:1.0",
            ),
            ("urn:okta:custom:group:1.0", "urn:okta:custom:group:1.0"),
        ] {
            assert_eq!((older(new).as_str(), newer(old, user).as_str()), (old, new));
        }
        let manager = AttrPath::parse(&format!("{ENTERPRISE}:manager.value")).unwrap();
        assert_eq!(older_path(&manager).to_string(), format!("{ENTERPRISE_1}:manager.managerId"));
        assert_eq!(older_path(&AttrPath::core("userName")).to_string(), "userName");
    }
}
