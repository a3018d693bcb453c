//! What is signed is what arrives: every request that a server receives is signed again from its
//! bytes, by code of its own, with the key that only client and test know.

use std::collections::BTreeMap;

use csms_api::{Client, Credentials};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use sha2::{Digest, Sha256};
use tests::raw_server::{RawServer, Request, Step};
use tokio::runtime::Runtime;

const SECRET_KEY: &str = "SK+/凭";

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

async fn server() -> RawServer {
    let answer = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    RawServer::start([Step::Send(answer.to_vec())]).await
}

fn client(server: &RawServer, credentials: Credentials) -> Client {
    Client::builder()
        .endpoint(server.endpoint())
        .project_id("p")
        .credentials(credentials)
        .build()
        .unwrap()
}

fn last(server: &RawServer) -> Request {
    server.requests().pop().expect("a request arrived")
}

// Signing again, from the bytes on the wire

/// What `Authorization` claims.
#[derive(Debug)]
struct Claim {
    access_key: String,
    signed_headers: String,
    signature: String,
}

fn claim(request: &Request) -> Claim {
    let authorization = request.header("authorization").expect("a signature");
    let fields = authorization
        .strip_prefix("SDK-HMAC-SHA256 ")
        .expect(authorization);
    let fields: BTreeMap<_, _> = fields
        .split(", ")
        .map(|field| field.split_once('=').expect(authorization))
        .collect();
    Claim {
        access_key: fields["Access"].to_owned(),
        signed_headers: fields["SignedHeaders"].to_owned(),
        signature: fields["Signature"].to_owned(),
    }
}

/// The signature that the request should have.
fn signature(request: &Request, signed_headers: &str) -> String {
    let mut line = request.line().split(' ');
    let (method, target) = (line.next().unwrap(), line.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let segments: Vec<_> = path.split('/').map(|part| encode(&decode(part))).collect();
    let mut pairs: Vec<_> = pairs(query);
    pairs.sort();
    let pairs: Vec<_> = pairs
        .iter()
        .map(|(name, value)| encode(name) + "=" + &encode(value))
        .collect();
    let headers: String = signed_headers
        .split(';')
        .map(|name| format!("{name}:{}\n", only_header(request, name)))
        .collect();
    let slash = if path.ends_with('/') { "" } else { "/" };
    let canonical = format!(
        "{method}\n{}{slash}\n{}\n{headers}\n{signed_headers}\n{}",
        segments.join("/"),
        pairs.join("&"),
        hex(&Sha256::digest(&request.body)),
    );
    let text = format!(
        "SDK-HMAC-SHA256\n{}\n{}",
        only_header(request, "x-sdk-date"),
        hex(&Sha256::digest(canonical)),
    );
    let mac = Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).unwrap();
    hex(&mac.chain_update(text).finalize().into_bytes())
}

fn only_header<'a>(request: &'a Request, name: &str) -> &'a str {
    let mut values = request.head.lines().skip(1).filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    });
    let value = values.next().expect(name);
    assert_eq!(values.next(), None, "{name} is sent twice");
    value
}

/// Names and values of a query, read as a form. The client leaves no `+` that could be misread.
fn pairs(query: &str) -> Vec<(Vec<u8>, Vec<u8>)> {
    assert!(!query.contains('+'), "{query}");
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn decode(text: &str) -> Vec<u8> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
        bytes.extend(rest.as_bytes());
    }
    bytes
}

fn encode(bytes: &[u8]) -> String {
    let encoded = bytes.iter().map(|&byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Fails unless the request is signed as it arrived.
fn assert_signed(request: &Request) {
    let claim = claim(request);
    assert_eq!(claim.access_key, "AK");
    let expected = signature(request, &claim.signed_headers);
    assert_eq!(claim.signature, expected, "{}", request.head);
    let names: Vec<_> = claim.signed_headers.split(';').collect();
    assert!(names.is_sorted(), "{names:?}");
    assert!(names.contains(&"host") && names.contains(&"x-sdk-date"));
    assert!(!names.contains(&"content-type"));
    if request.header("x-security-token").is_some() {
        assert!(names.contains(&"x-security-token"));
    }
    assert_eq!(request.header("x-auth-token"), None);
}

// The tests

#[test]
fn any_path_query_and_body_is_signed_as_it_arrives() {
    let runtime = runtime();
    let server = runtime.block_on(server());
    let client = client(&server, Credentials::access_key("AK", SECRET_KEY));
    // Arbitrary text, and text of what URLs and forms treat in their own ways.
    let text = || prop_oneof![any::<String>(), "[ +%/;=&?#~*.:@'凭é😀a-c]{0,12}"];
    let config = ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..Default::default()
    };
    let inputs = (text(), text(), text());
    let result = TestRunner::new(config).run(&inputs, |(name, value, body)| {
        prop_assume!(!matches!(name.as_str(), "" | "." | ".."));
        runtime.block_on(async {
            let call = client.show_secret().secret_name(name.as_str());
            call.send().await.unwrap();
            let request = last(&server);
            assert_signed(&request);
            let segment = request.line().split(['/', ' ']).nth(5).unwrap();
            assert_eq!(decode(segment), name.as_bytes());

            let call = client.list_secrets().marker(value.as_str()).limit("20");
            call.send().await.unwrap();
            let request = last(&server);
            assert_signed(&request);
            let query = request.line().split(['?', ' ']).nth(2).unwrap();
            let sent = [
                (b"limit".to_vec(), b"20".to_vec()),
                (b"marker".to_vec(), value.into_bytes()),
            ];
            assert_eq!(pairs(query), sent);

            let call = client
                .create_secret()
                .name("n")
                .secret_string(body.as_str());
            call.send().await.unwrap();
            let request = last(&server);
            assert_signed(&request);
            let sent: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
            assert_eq!(sent["secret_string"], body);
        });
        Ok(())
    });
    result.unwrap();
}

#[tokio::test]
async fn temporary_keys_sign_and_send_their_security_token() {
    let server = server().await;
    let credentials = Credentials::temporary("AK", SECRET_KEY, "security/token+=");
    let client = client(&server, credentials);
    client
        .download_secret_blob()
        .secret_name("x")
        .send()
        .await
        .unwrap();
    let request = last(&server);
    assert_eq!(request.header("x-security-token"), Some("security/token+="));
    assert_eq!(request.body, b"");
    assert_signed(&request);
}

#[tokio::test]
async fn a_request_that_is_changed_on_its_way_is_not_signed() {
    let server = server().await;
    let client = client(&server, Credentials::access_key("AK", SECRET_KEY));
    let call = client.create_secret().name("n").secret_string("s");
    call.send().await.unwrap();
    let sent = last(&server);
    let claim = claim(&sent);
    let changed = |from: &str, to: &str| {
        assert!(sent.head.contains(from), "{}", sent.head);
        let mut request = sent.clone();
        request.head = request.head.replacen(from, to, 1);
        request
    };
    let mut other_body = sent.clone();
    other_body.body.push(b' ');
    for request in [
        other_body,
        changed("POST ", "PUT "),
        changed("/secrets ", "/secret "),
        changed("/secrets ", "/secrets?a "),
        changed("\r\nhost: 127.0.0.1", "\r\nhost: 127.0.0.2"),
        changed("\r\nx-sdk-date: 2", "\r\nx-sdk-date: 3"),
    ] {
        let actual = signature(&request, &claim.signed_headers);
        assert_ne!(claim.signature, actual, "{}", request.head);
    }
    assert_signed(&sent);
}
