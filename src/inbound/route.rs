//! From method and path to what is asked for (RFC 7644 §3.2).

use http::Method;

use crate::scim::resource::resource_type;
use crate::scim::schema::ResourceType;

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route<'p> {
    /// `/Users`, `/Groups`
    Endpoint(ResourceType),
    /// `/Users/{id}`
    Resource(ResourceType, &'p str),
    /// `/Users/.search`
    Search(ResourceType),
    /// The base itself, or with `true` `/.search`: resources of every type (RFC 7644 §3.4.2.1, §3.4.3).
    Everything(bool),
    /// `/ServiceProviderConfig`
    ServiceProviderConfig,
    /// `/ResourceTypes`, `/ResourceTypes/User`
    ResourceTypes(Option<&'p str>),
    /// `/Schemas`, `/Schemas/urn:…`
    Schemas(Option<&'p str>),
    /// `/Bulk`, `/Me`: of the RFC, and not offered.
    NotOffered,
}

impl<'p> Route<'p> {
    /// The route of a path, which begins with a slash or is empty. `None`: there is nothing.
    pub fn of(path: &'p str) -> Option<Self> {
        if path.is_empty() || path == "/" {
            return Some(Self::Everything(false));
        }
        let mut segments = path.strip_prefix('/')?.split('/');
        let (first, second, more) = (segments.next()?, segments.next(), segments.next());
        match (first, second, more) {
            (_, _, Some(_)) => None,
            // The plural is SCIM 1.1's.
            ("ServiceProviderConfig" | "ServiceProviderConfigs", None, _) => {
                Some(Self::ServiceProviderConfig)
            }
            ("ResourceTypes", name, _) => Some(Self::ResourceTypes(name)),
            ("Schemas", urn, _) => Some(Self::Schemas(urn)),
            ("Bulk" | "Me", None, _) => Some(Self::NotOffered),
            (".search", None, _) => Some(Self::Everything(true)),
            (endpoint, None, _) => resource_type(endpoint).map(Self::Endpoint),
            (endpoint, Some(".search"), _) => resource_type(endpoint).map(Self::Search),
            (endpoint, Some(id), _) => resource_type(endpoint).map(|resource| Self::Resource(resource, id)),
        }
    }

    /// The template, for logs: an id is nobody's business there.
    pub const fn template(&self) -> &'static str {
        match self {
            Self::Endpoint(ResourceType::User) => "/Users",
            Self::Endpoint(ResourceType::Group) => "/Groups",
            Self::Resource(ResourceType::User, _) => "/Users/{id}",
            Self::Resource(ResourceType::Group, _) => "/Groups/{id}",
            Self::Search(ResourceType::User) => "/Users/.search",
            Self::Search(ResourceType::Group) => "/Groups/.search",
            Self::Everything(false) => "/",
            Self::Everything(true) => "/.search",
            Self::ServiceProviderConfig => "/ServiceProviderConfig",
            Self::ResourceTypes(_) => "/ResourceTypes",
            Self::Schemas(_) => "/Schemas",
            Self::NotOffered => "/not-offered",
        }
    }

    /// The methods that it takes, as `Allow` lists them.
    pub const fn allowed(&self) -> &'static str {
        match self {
            Self::Endpoint(_) => "GET, POST",
            Self::Resource(..) => "GET, PUT, PATCH, DELETE",
            Self::Search(_) | Self::Everything(true) => "POST",
            Self::Everything(false)
            | Self::ServiceProviderConfig
            | Self::ResourceTypes(_)
            | Self::Schemas(_) => "GET",
            Self::NotOffered => "",
        }
    }

    /// Whether it takes a method.
    pub fn takes(&self, method: &Method) -> bool {
        self.allowed().split(", ").any(|allowed| allowed == method.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_spelling() {
        for (path, route) in [
            ("/Users", Some(Route::Endpoint(ResourceType::User))),
            ("/Groups/g-1", Some(Route::Resource(ResourceType::Group, "g-1"))),
            ("/Users/.search", Some(Route::Search(ResourceType::User))),
            ("/Schemas/urn:x:User", Some(Route::Schemas(Some("urn:x:User")))),
            ("/ResourceTypes", Some(Route::ResourceTypes(None))),
            ("/Bulk", Some(Route::NotOffered)),
            ("/ServiceProviderConfigs", Some(Route::ServiceProviderConfig)),
            ("/users", None),
            ("/Users/1/2", None),
            ("/Printers", None),
            ("", Some(Route::Everything(false))),
            ("/", Some(Route::Everything(false))),
            ("/.search", Some(Route::Everything(true))),
        ] {
            assert_eq!(Route::of(path), route, "{path}");
        }
        assert!(Route::Endpoint(ResourceType::User).takes(&Method::POST));
        assert!(!Route::Endpoint(ResourceType::User).takes(&Method::DELETE));
        assert!(!Route::NotOffered.takes(&Method::GET));
    }
}
