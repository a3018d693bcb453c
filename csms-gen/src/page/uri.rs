//! A request line: `POST https://{endpoint}/v1/{project_id}/secrets?limit={limit}`.

const METHODS: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

/// A method and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestLine {
    /// In upper case.
    pub method: String,
    /// Without scheme, host and query.
    pub path: String,
    /// The names in the query string.
    pub query: Vec<String>,
}

/// Whether a text is an HTTP method in upper case.
pub fn is_method(text: &str) -> bool {
    METHODS.contains(&text)
}

/// Finds the first request line in a line of text.
pub fn request_line(text: &str) -> Option<RequestLine> {
    let mut words = text.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let (word, glued) = word.find('/').map_or((word, None), |at| {
            (word.get(..at).unwrap_or(word), word.get(at..))
        });
        let method = word
            .trim_matches(|c: char| !c.is_ascii_alphabetic())
            .to_ascii_uppercase();
        if !is_method(&method) || word.chars().any(|c| c.is_ascii_digit()) {
            continue;
        }
        if let Some((path, query)) = glued
            .or_else(|| words.peek().copied())
            .and_then(path_and_query)
        {
            return Some(RequestLine {
                method,
                path,
                query,
            });
        }
    }
    None
}

fn path_and_query(word: &str) -> Option<(String, Vec<String>)> {
    let url: String = word
        .trim_start_matches(['`', '*', '"'])
        .chars()
        .take_while(char::is_ascii_graphic)
        .filter(|c| *c != '\\')
        .collect();
    let url = url.trim_end_matches(['`', '*', '"', ',', ';', '.', ')']);
    let url = url.split('#').next().unwrap_or_default();
    let path = if url.starts_with('/') {
        url
    } else {
        after_host(url)?
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let names = query
        .split('&')
        .filter_map(|pair| pair.split('=').next())
        .filter(|name| !name.is_empty());
    Some((path.to_owned(), names.map(str::to_owned).collect()))
}

fn after_host(url: &str) -> Option<&str> {
    let lower = url.to_ascii_lowercase();
    let host = if lower.starts_with("https://") {
        url.get(8..)?
    } else if lower.starts_with("http://") {
        url.get(7..)?
    } else if lower.starts_with("{endpoint}") {
        url
    } else {
        return None;
    };
    host.get(host.find('/')?..)
}

/// The names in `{…}` of a path.
pub fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name)
}
