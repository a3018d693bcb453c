//! `SDK-HMAC-SHA256`: signs a request with an access key and its secret key.
//!
//! What is signed is read off the request that is sent: its URL, headers and body bytes.

use std::borrow::Cow;
use std::time::SystemTime;

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Request, Url};
use sha2::{Digest, Sha256};

use crate::secret::SecretText;
use crate::time::sdk_date;

pub(crate) const ALGORITHM: &str = "SDK-HMAC-SHA256";

/// The longest body that the service takes with a signature.
const BODY_LIMIT: usize = 12 * 1024 * 1024;

const X_SDK_DATE: HeaderName = HeaderName::from_static("x-sdk-date");
const X_PROJECT_ID: HeaderName = HeaderName::from_static("x-project-id");
const X_SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-security-token");

/// Everything but the unreserved characters of RFC 3986.
pub(crate) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// Signs the request as it is, with the time `now`; what an earlier signing set is replaced.
///
/// The query is put in canonical form. The reason of an error never holds a secret.
pub(crate) fn sign(
    request: &mut Request,
    access_key: &str,
    secret_key: &SecretText,
    security_token: Option<&SecretText>,
    project_id: Option<&str>,
    now: SystemTime,
) -> Result<(), String> {
    let body_hash = hex(&Sha256::digest(body_bytes(request)?));
    let date = sdk_date(now);
    set_signed_headers(request, &date, security_token, project_id)?;
    send_query_as_signed(request.url_mut());
    let message = Message::of(request);
    let names = joined_names(&message.headers);
    let signature = signature(&message, &body_hash, &date, secret_key)?;
    let authorization = authorization(access_key, &names, &signature);
    let authorization = header_value("the access key", &authorization)?;
    request
        .headers_mut()
        .insert(AUTHORIZATION, sensitive(authorization));
    Ok(())
}

/// The bytes that are sent, if they can be signed.
fn body_bytes(request: &Request) -> Result<&[u8], String> {
    let Some(body) = request.body() else {
        return Ok(&[]);
    };
    let bytes = body
        .as_bytes()
        .ok_or("the body is a stream, which can't be signed; nothing was sent")?;
    if bytes.len() > BODY_LIMIT {
        return Err(format!(
            "the body has {} bytes, and more than {BODY_LIMIT} (12 MiB) can't be signed; nothing \
             was sent. Use a token instead of an access key: Credentials::password or \
             Credentials::token",
            bytes.len()
        ));
    }
    Ok(bytes)
}

fn set_signed_headers(
    request: &mut Request,
    date: &str,
    security_token: Option<&SecretText>,
    project_id: Option<&str>,
) -> Result<(), String> {
    let host = host(request.url())?;
    let date = header_value("the date", date)?;
    let project_id = project_id
        .map(|id| header_value("the project id", id))
        .transpose()?;
    let security_token = security_token
        .map(|token| header_value("the security token", token.expose()).map(sensitive))
        .transpose()?;
    let headers = request.headers_mut();
    headers.remove(AUTHORIZATION);
    headers.insert(HOST, host);
    headers.insert(X_SDK_DATE, date);
    replace(headers, X_PROJECT_ID, project_id);
    replace(headers, X_SECURITY_TOKEN, security_token);
    Ok(())
}

fn replace(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    match value {
        Some(value) => drop(headers.insert(name, value)),
        None => drop(headers.remove(name)),
    }
}

fn header_value(what: &str, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_str(value)
        .map_err(|_| format!("{what} has characters that no HTTP header may have"))
}

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// Host and port as the transport sends them.
fn host(url: &Url) -> Result<HeaderValue, String> {
    let host = url.host_str().ok_or("the URL has no host")?;
    match url.port() {
        Some(port) => header_value("the host", &format!("{host}:{port}")),
        None => header_value("the host", host),
    }
}

/// Whether a `+` in a query is a space or a plus is read differently by those who verify. The
/// canonical form has none, and nobody reads it in two ways.
fn send_query_as_signed(url: &mut Url) {
    if let Some(query) = url.query().map(canonical_query) {
        url.set_query(Some(&query));
    }
}

/// The headers that are signed by name, sorted by name, then value.
pub(crate) fn signed_headers(
    headers: &HeaderMap,
    is_signed: impl Fn(&HeaderName) -> bool,
) -> Vec<(&str, &[u8])> {
    let mut signed: Vec<_> = headers
        .iter()
        .filter(|(name, _)| is_signed(name))
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    signed.sort_unstable();
    signed
}

/// The names of signed headers, each once, joined.
fn joined_names(headers: &[(&str, &[u8])]) -> String {
    let mut names: Vec<_> = headers.iter().map(|(name, _)| *name).collect();
    names.dedup();
    names.join(";")
}

/// What is signed of a request beside its body.
pub(crate) struct Message<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    /// Those that are signed, see [`signed_headers`].
    pub(crate) headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Message<'a> {
    fn of(request: &'a Request) -> Self {
        Self {
            method: request.method().as_str(),
            path: request.url().path(),
            query: request.url().query(),
            // Left out is what may be rewritten or dropped on the way.
            headers: signed_headers(request.headers(), |name| {
                *name != CONTENT_TYPE && !name.as_str().contains('_')
            }),
        }
    }
}

/// The signature of a message.
pub(crate) fn signature(
    message: &Message<'_>,
    body_hash: &str,
    date: &str,
    secret_key: &SecretText,
) -> Result<String, String> {
    let mut hash = Sha256::new();
    canonical_request(message, body_hash, |part| hash.update(part));
    let text = string_to_sign(date, &hex(&hash.finalize()));
    let mac = Hmac::<Sha256>::new_from_slice(secret_key.expose().as_bytes())
        .map_err(|_| "the secret key has a length that can't be a key")?
        .chain_update(text);
    Ok(hex(&mac.finalize().into_bytes()))
}

/// Passes the canonical request on part by part: it holds the security token, so there should be
/// no copy of it.
fn canonical_request(message: &Message<'_>, body_hash: &str, mut write: impl FnMut(&[u8])) {
    let query = message.query.map(canonical_query).unwrap_or_default();
    for line in [message.method, &canonical_path(message.path), &query] {
        write(line.as_bytes());
        write(b"\n");
    }
    for (name, value) in &message.headers {
        write(name.as_bytes());
        write(b":");
        write(value.trim_ascii());
        write(b"\n");
    }
    write(b"\n");
    write(joined_names(&message.headers).as_bytes());
    write(b"\n");
    write(body_hash.as_bytes());
}

/// The path with each segment encoded in the one canonical way, ended by a slash.
fn canonical_path(path: &str) -> String {
    let mut canonical = String::with_capacity(path.len() + 1);
    for (at, segment) in path.split('/').enumerate() {
        if at > 0 {
            canonical.push('/');
        }
        let decoded = Cow::from(percent_decode_str(segment));
        canonical.extend(percent_encode(&decoded, RESERVED));
    }
    if !canonical.ends_with('/') {
        canonical.push('/');
    }
    canonical
}

/// The query sorted by name, then value, and encoded in the one canonical way.
fn canonical_query(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode_form(name), decode_form(value)))
        .collect();
    pairs.sort_unstable();
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn decode_form(text: &str) -> Vec<u8> {
    percent_decode_str(&text.replace('+', " ")).collect()
}

fn encode(bytes: &[u8]) -> String {
    percent_encode(bytes, RESERVED).to_string()
}

fn string_to_sign(date: &str, canonical_request_hash: &str) -> String {
    format!("{ALGORITHM}\n{date}\n{canonical_request_hash}")
}

/// The value of the header `Authorization`.
fn authorization(access_key: &str, names: &str, signature: &str) -> String {
    format!("{ALGORITHM} Access={access_key}, SignedHeaders={names}, Signature={signature}")
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(2 * bytes.len());
    for digit in bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]) {
        digits.push(char::from_digit(digit.into(), 16).unwrap_or_default());
    }
    digits
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, SystemTime};

    use reqwest::header::{HeaderName, HeaderValue};
    use reqwest::{Body, Client, Method, Request, Url};
    use serde::Deserialize;
    use sha2::{Digest, Sha256};

    use super::{
        BODY_LIMIT, Message, body_bytes, canonical_path, canonical_query, canonical_request, hex,
        sign, string_to_sign,
    };
    use crate::secret::SecretText;
    use crate::time::parse_iso8601;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    #[derive(Deserialize)]
    struct Vector {
        name: String,
        access_key: String,
        secret_key: String,
        method: String,
        url: String,
        headers: BTreeMap<String, String>,
        body: Option<String>,
        canonical_request: String,
        string_to_sign: String,
        authorization: String,
    }

    impl Vector {
        fn header(&self, name: &str) -> Option<&str> {
            self.headers.get(name).map(String::as_str)
        }

        /// The request before it is signed, without what signing adds.
        fn request(&self) -> Request {
            let method = Method::from_bytes(self.method.as_bytes()).unwrap();
            let mut request = Request::new(method, Url::parse(&self.url).unwrap());
            for (name, value) in &self.headers {
                let added = ["Host", "X-Sdk-Date", "X-Project-Id", "X-Security-Token"];
                if !added.contains(&name.as_str()) {
                    let name: HeaderName = name.parse().unwrap();
                    let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                    request.headers_mut().insert(name, value);
                }
            }
            *request.body_mut() = self.body.clone().map(Body::from);
            request
        }

        fn sign(&self, request: &mut Request) {
            let secret_key = SecretText::from(self.secret_key.as_str());
            let token = self.header("X-Security-Token").map(SecretText::from);
            sign(
                request,
                &self.access_key,
                &secret_key,
                token.as_ref(),
                self.header("X-Project-Id"),
                time_of(self.header("X-Sdk-Date").unwrap()),
            )
            .unwrap();
        }
    }

    /// `20220516T224204Z` as time.
    fn time_of(date: &str) -> SystemTime {
        let part = |range| date.get(range).unwrap();
        parse_iso8601(&format!(
            "{}-{}-{}T{}:{}:{}Z",
            part(0..4),
            part(4..6),
            part(6..8),
            part(9..11),
            part(11..13),
            part(13..15)
        ))
        .unwrap()
    }

    fn vectors() -> Vec<Vector> {
        serde_json::from_str(include_str!("signer/vectors.json")).unwrap()
    }

    fn get(url: &str) -> Request {
        Request::new(Method::GET, Url::parse(url).unwrap())
    }

    fn sign_plainly(request: &mut Request) -> Result<(), String> {
        sign(request, "AK", &"SK".into(), None, None, NOW)
    }

    fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
        let value = request.headers().get(name)?;
        Some(value.to_str().unwrap())
    }

    fn canonical(request: &Request) -> String {
        let mut canonical = Vec::new();
        let body_hash = hex(&Sha256::digest(body_bytes(request).unwrap()));
        canonical_request(&Message::of(request), &body_hash, |part| {
            canonical.extend_from_slice(part);
        });
        String::from_utf8(canonical).unwrap()
    }

    #[test]
    fn every_vector_is_signed_as_it_says() {
        let vectors = vectors();
        assert!(vectors.len() > 14);
        for vector in vectors {
            let mut request = vector.request();
            vector.sign(&mut request);
            assert_eq!(
                header(&request, "authorization").unwrap(),
                vector.authorization,
                "{}",
                vector.name
            );
        }
    }

    #[test]
    fn every_vector_has_the_canonical_request_and_string_to_sign_it_says() {
        for vector in vectors() {
            let mut request = vector.request();
            vector.sign(&mut request);
            request.headers_mut().remove("authorization");
            let canonical = canonical(&request);
            let date = header(&request, "x-sdk-date").unwrap();
            let text = string_to_sign(date, &hex(&Sha256::digest(&canonical)));
            assert_eq!(canonical, vector.canonical_request, "{}", vector.name);
            assert_eq!(text, vector.string_to_sign, "{}", vector.name);
        }
    }

    #[test]
    fn a_path_is_encoded_segment_by_segment() {
        for (path, canonical) in [
            ("", "/"),
            ("/", "/"),
            ("/a", "/a/"),
            ("/a/", "/a/"),
            ("/a//b", "/a//b/"),
            ("/a%2fb", "/a%2Fb/"),
            ("/%41%7e", "/A~/"),
            ("/a+b", "/a%2Bb/"),
            ("/a;b=c*'(d)@e:f", "/a%3Bb%3Dc%2A%27%28d%29%40e%3Af/"),
            ("/%ff%zz%", "/%FF%25zz%25/"),
        ] {
            assert_eq!(canonical_path(path), canonical, "{path}");
        }
    }

    #[test]
    fn a_query_is_decoded_sorted_and_encoded() {
        for (query, canonical) in [
            ("", ""),
            ("a", "a="),
            ("a=", "a="),
            ("=a", "=a"),
            ("&&a=1&", "a=1"),
            ("a=b=c", "a=b%3Dc"),
            ("a=1;b=2", "a=1%3Bb%3D2"),
            ("a=b+c%2Bd%20e", "a=b%20c%2Bd%20e"),
            ("a=%7e*%2a", "a=~%2A%2A"),
            ("b=2&a=2&b=10&a=", "a=&a=2&b=10&b=2"),
            ("a-b=1&a=2", "a=2&a-b=1"),
            ("%C3%A9=1&z=2&A=3&%5B=4", "A=3&%5B=4&z=2&%C3%A9=1"),
            ("a=%ff", "a=%FF"),
        ] {
            assert_eq!(canonical_query(query), canonical, "{query}");
            assert_eq!(canonical_query(canonical), canonical, "{query}");
        }
    }

    #[test]
    fn a_query_is_sent_as_it_is_signed() {
        let request = Client::new()
            .get("http://h/p")
            .query(&[("b", "x y+z"), ("a", "*~")]);
        let mut request = request.build().unwrap();
        assert_eq!(request.url().query(), Some("b=x+y%2Bz&a=*%7E"));
        sign_plainly(&mut request).unwrap();
        assert_eq!(request.url().query(), Some("a=%2A~&b=x%20y%2Bz"));
    }

    #[test]
    fn the_host_is_signed_with_a_port_that_is_not_the_default() {
        for (url, host) in [
            ("https://h.example:443/p", "h.example"),
            ("https://h.example:8443/p", "h.example:8443"),
            ("http://127.0.0.1:80/p", "127.0.0.1"),
            ("http://[::1]:8080/p", "[::1]:8080"),
        ] {
            let mut request = get(url);
            sign_plainly(&mut request).unwrap();
            assert_eq!(header(&request, "host"), Some(host));
        }
        assert!(sign_plainly(&mut get("data:text")).is_err());
    }

    #[test]
    fn signing_again_replaces_what_was_set() {
        let (secret_key, token) = (SecretText::from("SK"), SecretText::from("T"));
        let mut twice = get("https://h/p?a=1+2");
        sign(&mut twice, "OLD", &secret_key, Some(&token), Some("p"), NOW).unwrap();
        let later = NOW + Duration::from_secs(1);
        sign(&mut twice, "AK", &secret_key, None, None, later).unwrap();
        let mut once = get("https://h/p?a=1+2");
        sign(&mut once, "AK", &secret_key, None, None, later).unwrap();
        assert_eq!(twice.headers(), once.headers());
        assert_eq!(header(&once, "x-sdk-date"), Some("19700101T000001Z"));
    }

    #[test]
    fn content_type_and_names_with_an_underscore_are_not_signed() {
        let mut request = get("https://h/p");
        for name in ["content-type", "x_trace", "x-trace", "accept"] {
            let name: HeaderName = name.parse().unwrap();
            request
                .headers_mut()
                .insert(name, HeaderValue::from_static("v"));
        }
        sign_plainly(&mut request).unwrap();
        let authorization = header(&request, "authorization").unwrap();
        assert!(
            authorization.contains(" SignedHeaders=accept;host;x-sdk-date;x-trace, "),
            "{authorization}"
        );
    }

    #[test]
    fn a_repeated_header_is_signed_once_for_each_value() {
        let mut request = get("http://h/");
        for value in ["2", "1"] {
            let value = HeaderValue::from_static(value);
            request.headers_mut().append("x-a", value);
        }
        let nothing = hex(&Sha256::digest([]));
        let expected = format!("GET\n/\n\nx-a:1\nx-a:2\n\nx-a\n{nothing}");
        assert_eq!(canonical(&request), expected);
    }

    #[test]
    fn secrets_in_headers_are_marked_sensitive() {
        let mut request = get("https://h/p");
        let token = SecretText::from("s3nt1nel");
        sign(&mut request, "AK", &"SK".into(), Some(&token), None, NOW).unwrap();
        for name in ["authorization", "x-security-token"] {
            assert!(request.headers()[name].is_sensitive(), "{name}");
        }
        assert!(!format!("{request:?}").contains("s3nt1nel"));
    }

    #[test]
    fn what_no_header_may_have_is_named_without_its_value() {
        let bad = "s3nt1nel\n";
        let token = SecretText::from(bad);
        let key = SecretText::from("SK");
        let mut request = get("https://h/p");
        for (outcome, what) in [
            (
                sign(&mut request, bad, &key, None, None, NOW),
                "the access key",
            ),
            (
                sign(&mut request, "AK", &key, Some(&token), None, NOW),
                "the security token",
            ),
            (
                sign(&mut request, "AK", &key, None, Some(bad), NOW),
                "the project id",
            ),
        ] {
            let reason = outcome.unwrap_err();
            assert!(reason.starts_with(what), "{reason}");
            assert!(!reason.contains("s3nt1nel"), "{reason}");
        }
    }

    #[test]
    fn a_body_over_12_mib_is_refused_and_one_of_12_mib_is_not() {
        let mut request = get("https://h/p");
        *request.body_mut() = Some(vec![b'x'; BODY_LIMIT].into());
        assert_eq!(body_bytes(&request).unwrap().len(), BODY_LIMIT);
        *request.body_mut() = Some(vec![b'x'; BODY_LIMIT + 1].into());
        let reason = sign_plainly(&mut request).unwrap_err();
        assert!(
            reason.contains("12 MiB") && reason.contains("token"),
            "{reason}"
        );
        assert!(request.headers().is_empty());
    }

    #[test]
    fn a_streaming_body_is_refused() {
        let mut request = get("https://h/p");
        *request.body_mut() = Some(Body::wrap(Body::from("x")));
        let reason = sign_plainly(&mut request).unwrap_err();
        assert!(reason.contains("stream"), "{reason}");
    }
}
