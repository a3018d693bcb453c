//! Which operation a request is for.

use percent_encoding::percent_decode_str;

use crate::operation::Operation;

/// An operation, and what stands in its path for the parameters.
pub(super) struct Route {
    pub(super) operation: &'static Operation,
    pub(super) parameters: Vec<(&'static str, String)>,
    /// Which segments are given by the template; of two routes the one with the earlier wins.
    literals: Vec<bool>,
}

/// Why there is none.
pub(super) enum NoRoute {
    Path,
    Method,
}

pub(super) fn find(method: &str, path: &str) -> Result<Route, NoRoute> {
    let routes = || crate::OPERATIONS.iter().filter_map(|o| matched(o, path));
    routes()
        .filter(|route| route.operation.method == method)
        .max_by(|a, b| a.literals.cmp(&b.literals))
        .ok_or_else(|| match routes().next() {
            Some(_) => NoRoute::Method,
            None => NoRoute::Path,
        })
}

fn matched(operation: &'static Operation, path: &str) -> Option<Route> {
    let mut route = Route {
        operation,
        parameters: Vec::new(),
        literals: Vec::new(),
    };
    let mut segments = path.split('/');
    for expected in operation.path.split('/') {
        let segment = segments.next()?;
        let segment = percent_decode_str(segment).decode_utf8_lossy();
        let parameter = expected.strip_prefix('{').and_then(|e| e.strip_suffix('}'));
        route.literals.push(parameter.is_none());
        match parameter {
            // The template says so: its only value is its name.
            Some("resource_instances") if segment != "resource_instances" => return None,
            Some(name) if !segment.is_empty() => route.parameters.push((name, segment.into())),
            None if segment == expected => {}
            _ => return None,
        }
    }
    segments.next().is_none().then_some(route)
}

#[cfg(test)]
mod tests {
    use super::{NoRoute, find};

    #[test]
    fn every_template_is_its_own_route() {
        for operation in crate::OPERATIONS {
            let route = find(operation.method, operation.path);
            let path = operation
                .path
                .replace("{resource_instances}", "resource_instances");
            let route = route.or_else(|_| find(operation.method, &path));
            assert_eq!(route.ok().unwrap().operation.id, operation.id);
        }
    }

    #[test]
    fn parameters_are_decoded() {
        let route = find("GET", "/v1/p/secrets/%E5%87%AD%2F").ok().unwrap();
        assert_eq!(route.operation.id, "ShowSecret");
        let parameters = [("project_id", "p".into()), ("secret_name", "凭/".into())];
        assert_eq!(route.parameters, parameters);
    }

    #[test]
    fn a_wrong_method_is_told_from_a_wrong_path() {
        let none = |method, path| find(method, path).err().unwrap();
        assert!(matches!(none("PATCH", "/v1/p/secrets"), NoRoute::Method));
        for path in [
            "/",
            "/v1/p/secrets/",
            "/v1/p/secrets/a/b",
            "/v1/p/csms/other/action",
        ] {
            assert!(matches!(none("POST", path), NoRoute::Path), "{path}");
        }
    }
}
