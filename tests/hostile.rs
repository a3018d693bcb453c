//! What the client makes of hostile input: odd answers, broken connections, values that could
//! address another resource. Through all of it, no secret shows.

use std::error::Error as StdError;
use std::fmt::Debug;
use std::time::Duration;

use csms_api::types::{
    ChangeUsersPassword, CheckSecretsRequestBody, CreateSecretRequestBody,
    CreateSecretVersionRequestBody, DownloadSecretBlobResponseBody, ImportSecretsRequest,
    UploadSecretBlobRequestBody,
};
use csms_api::{Client, ClientBuilder, Credentials, Error, ResponseValue, RetryPolicy, SecretText};
use serde_json::json;
use tests::raw_server::{RawServer, Step};
use tests::sentinel::{self, SENTINEL};
use tokio::net::TcpSocket;

const TOKEN: &str = "s3nt1nel-token";
const VALUE: &str = "s3nt1nel-value";

const MIB: usize = 1024 * 1024;

const STATUSES: [u16; 11] = [400, 401, 403, 404, 409, 429, 500, 501, 502, 503, 504];

// Calls

/// A transport as a careless user sets it up, without what is slow or differs between machines:
/// the system's proxies and root certificates.
fn transport() -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .connection_verbose(true)
        .redirect(reqwest::redirect::Policy::limited(10))
        .no_proxy()
        .tls_certs_only([])
}

fn client_builder(endpoint: impl Into<String>) -> ClientBuilder {
    sentinel::keep_traces();
    Client::builder()
        .endpoint(endpoint)
        .project_id("project")
        .credentials(Credentials::token(TOKEN))
        .retry(RetryPolicy::none())
        .http_client_builder(transport())
}

fn client(server: &RawServer) -> Client {
    client_builder(server.endpoint()).build().unwrap()
}

/// A client that waits no longer than a busy machine may need for what the server does send.
fn impatient_client(server: &RawServer) -> Client {
    client_builder(server.endpoint())
        .timeout(Duration::from_secs(1))
        .build()
        .unwrap()
}

fn status_of(error: &Error) -> Option<u16> {
    error.status().map(|status| status.as_u16())
}

async fn download(client: &Client) -> Result<ResponseValue<DownloadSecretBlobResponseBody>, Error> {
    let call = client.download_secret_blob().secret_name("demo");
    sentinel::assert_debug_hidden(&call);
    let outcome = call.send().await;
    assert_hidden(client, &outcome);
    outcome
}

/// The errors of three calls: a GET, a POST without a body, and one with a secret in its body.
async fn failures(client: &Client) -> [Error; 3] {
    let show = client
        .show_secret_version()
        .secret_name("demo")
        .version_id("latest");
    let create = client.create_secret().body(
        CreateSecretRequestBody::builder()
            .name("demo")
            .secret_string(VALUE),
    );
    sentinel::assert_debug_hidden(&show);
    sentinel::assert_debug_hidden(&create);
    let (show, create) = (show.send().await, create.send().await);
    assert_hidden(client, &show);
    assert_hidden(client, &create);
    [
        show.unwrap_err(),
        create.unwrap_err(),
        download(client).await.unwrap_err(),
    ]
}

/// Fails if the outcome of a call, the client, a panic or a trace shows a secret.
fn assert_hidden<T: Debug>(client: &Client, outcome: &Result<T, Error>) {
    sentinel::assert_debug_hidden(client);
    sentinel::assert_debug_hidden(outcome);
    if let Err(error) = outcome {
        sentinel::assert_error_hidden(error);
    }
    sentinel::assert_hidden("a panic", &sentinel::unwrap_panic(outcome));
    sentinel::assert_traces_hidden();
}

// Answers

/// Status line and headers of an answer whose body is said to be so long.
fn head(status: u16, headers: &str, length: usize) -> Step {
    let head = format!(
        "HTTP/1.1 {status} Any\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    Step::Send(head.into())
}

fn answer(status: u16, headers: &str, body: impl Into<Vec<u8>>) -> [Step; 2] {
    let body = body.into();
    [head(status, headers, body.len()), Step::Send(body)]
}

/// So many MiB, without end in sight for the client.
fn flood(mib: usize) -> Step {
    Step::Repeat(
        SENTINEL.repeat(1024).into(),
        mib * MIB / (1024 * SENTINEL.len()),
    )
}

struct ErrorBody {
    name: &'static str,
    body: String,
    code: Option<&'static str>,
    message: Option<&'static str>,
    request_id: Option<&'static str>,
}

/// Every shape of error body seen on the wire, with the sentinel wherever the client has nothing
/// to read.
fn error_bodies() -> [ErrorBody; 12] {
    let known = |name, body: serde_json::Value, code, message, request_id| ErrorBody {
        name,
        body: body.to_string(),
        code: Some(code),
        message: Some(message),
        request_id,
    };
    let unknown = |name, body: String| ErrorBody {
        name,
        body,
        code: None,
        message: None,
        request_id: None,
    };
    [
        known(
            "flat",
            json!({ "error_code": "CSMS.0101", "error_msg": "no such secret", "x": VALUE }),
            "CSMS.0101",
            "no such secret",
            None,
        ),
        known(
            "nested",
            json!({
                "error": { "error_code": "CSMS.0101", "error_msg": "no such secret", "x": VALUE },
                "x": VALUE,
            }),
            "CSMS.0101",
            "no such secret",
            None,
        ),
        known(
            "gateway",
            json!({
                "error_msg": "denied",
                "error_code": "APIGW.0301",
                "request_id": "in-body",
                "x": VALUE,
            }),
            "APIGW.0301",
            "denied",
            Some("in-body"),
        ),
        known(
            "IAM",
            json!({
                "error": { "code": 401, "message": "denied", "title": "Unauthorized", "x": VALUE },
            }),
            "401",
            "denied",
            None,
        ),
        known(
            "code and message",
            json!({ "code": "CSMS.0101", "message": "no such secret", "x": [VALUE] }),
            "CSMS.0101",
            "no such secret",
            None,
        ),
        known(
            "camel case",
            json!({
                "errorCode": "CSMS.0101",
                "errorMsg": "no such secret",
                "x": { VALUE: VALUE },
            }),
            "CSMS.0101",
            "no such secret",
            None,
        ),
        unknown("HTML", format!("<html><title>{VALUE}</title></html>")),
        unknown("text", VALUE.to_owned()),
        unknown("empty", String::new()),
        unknown(
            "cut off",
            format!(r#"{{"error_code":"CSMS.0101","error_msg":"{VALUE}"#),
        ),
        unknown("array", json!(["CSMS.0101", VALUE]).to_string()),
        unknown("8 MiB of text", SENTINEL.repeat(8 * MIB / SENTINEL.len())),
    ]
}

// Error answers

#[tokio::test]
async fn error_answers_keep_status_code_message_and_request_id() {
    for expected in error_bodies() {
        for status in STATUSES {
            for (headers, id_in_header) in [
                ("", None),
                ("X-Request-Id: in-header\r\n", Some("in-header")),
            ] {
                let server =
                    RawServer::start(answer(status, headers, expected.body.as_str())).await;
                for error in failures(&client(&server)).await {
                    let case = format!("{status}, {}, {error}", expected.name);
                    assert_eq!(status_of(&error), Some(status), "{case}");
                    assert_eq!(error.code(), expected.code, "{case}");
                    assert_eq!(error.message(), expected.message, "{case}");
                    assert_eq!(
                        error.request_id(),
                        id_in_header.or(expected.request_id),
                        "{case}"
                    );
                    assert_eq!(error.attempts(), 1, "{case}");
                    assert!(error.to_string().contains(&status.to_string()), "{case}");
                }
                for request in server.requests() {
                    assert_eq!(request.header("X-Auth-Token"), Some(TOKEN));
                }
            }
        }
    }
}

#[tokio::test]
async fn predicates_follow_the_status() {
    for status in STATUSES {
        let server = RawServer::start(answer(status, "", "")).await;
        for error in failures(&client(&server)).await {
            assert_eq!(error.is_unauthorized(), status == 401, "{status}");
            assert_eq!(error.is_forbidden(), status == 403, "{status}");
            assert_eq!(error.is_not_found(), status == 404, "{status}");
            assert_eq!(error.is_conflict(), status == 409, "{status}");
            assert_eq!(error.is_throttled(), status == 429, "{status}");
            assert_eq!(
                error.is_retryable(),
                [429, 502, 503, 504].contains(&status),
                "{status}"
            );
            assert!(!error.is_timeout(), "{status}");
        }
    }
}

#[tokio::test]
async fn an_endless_error_body_is_read_up_to_a_limit() {
    let steps = [head(502, "", 64 * MIB), flood(64)];
    let server = RawServer::start(steps).await;
    let error = download(&client(&server)).await.unwrap_err();
    assert_eq!(status_of(&error), Some(502));
    let taken = server.bytes_taken().await;
    // What the client has not read lies in the buffers of the two sockets.
    assert!(taken < 16 * MIB, "{taken} bytes");
}

#[tokio::test]
async fn an_error_answer_that_breaks_off_keeps_its_status() {
    for (name, end) in [
        ("closed", None),
        ("reset", Some(Step::Reset)),
        ("silent", Some(Step::Silence)),
    ] {
        let body = Step::Send(format!(r#"{{"error_code":"{VALUE}"#).into());
        let steps = [head(503, "X-Request-Id: in-header\r\n", 1000), body]
            .into_iter()
            .chain(end);
        let server = RawServer::start(steps.collect::<Vec<_>>()).await;
        let error = download(&impatient_client(&server)).await.unwrap_err();
        assert_eq!(status_of(&error), Some(503), "{name}");
        assert_eq!(error.request_id(), Some("in-header"), "{name}");
        assert!(!error.is_timeout(), "{name}");
    }
}

// Successful answers

#[tokio::test]
async fn a_200_whose_body_is_not_as_documented_is_an_error_with_its_status() {
    let blob = |value: serde_json::Value| json!({ "secret_blob": value }).to_string();
    for body in [
        format!(r#"{{"secret_blob":"{VALUE}"#),
        format!(r#"{{"secret_blob":"{VALUE}""#),
        format!(r#"{{"secret_blob":"{VALUE}"}}{VALUE}"#),
        format!(r#"{{"secret_blob":"{VALUE}\x"}}"#),
        format!(r#"{{"secret_blob":{VALUE}}}"#),
        VALUE.to_owned(),
        json!(VALUE).to_string(),
        json!([VALUE]).to_string(),
        format!("<html>{VALUE}</html>"),
        "null".to_owned(),
        String::new(),
        " \r\n".to_owned(),
        blob(json!(7)),
        blob(json!([VALUE])),
        blob(json!({ VALUE: VALUE })),
        blob(json!(true)),
        format!(r#"{{"secret_blob":{}"#, "[".repeat(100_000)),
        format!(r#"{{"secret_blob":"{VALUE}\ud800"}}"#),
    ] {
        let server =
            RawServer::start(answer(200, "X-Request-Id: in-header\r\n", body.as_str())).await;
        let error = download(&client(&server)).await.expect_err(&body);
        assert_eq!(status_of(&error), Some(200), "{body}: {error}");
        assert_eq!(error.request_id(), Some("in-header"), "{body}: {error}");
        assert!(!error.is_retryable(), "{body}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_does_not_decode_tells_where_and_not_what() {
    let body = json!({ "version": { "version_metadata": { "create_time": VALUE } } });
    let server = RawServer::start(answer(200, "", body.to_string())).await;
    let client = client(&server);
    let call = client
        .show_secret_version()
        .secret_name("demo")
        .version_id("v1");
    let outcome = call.send().await;
    assert_hidden(&client, &outcome);
    let error = outcome.unwrap_err().to_string();
    let path = "version.version_metadata.create_time";
    for part in ["ShowSecretVersion", "200", path, "line 1", "column"] {
        assert!(error.contains(part), "{part} in {error}");
    }
}

#[tokio::test]
async fn an_answer_cut_off_in_a_secret_object_shows_none_of_its_keys() {
    let body = format!(r#"{{"data":{{"{VALUE}":{{"{VALUE}":tru"#);
    let server = RawServer::start(answer(200, "", body.as_str())).await;
    let client = client(&server);
    let body = CheckSecretsRequestBody::builder()
        .type_("1")
        .data(json!({ VALUE: VALUE }));
    let outcome = client.check_secrets().body(body).send().await;
    assert_hidden(&client, &outcome);
    assert!(outcome.is_err());
}

#[tokio::test]
async fn a_200_with_less_or_more_than_documented_is_decoded() {
    for (body, expected) in [
        ("{}".to_owned(), None),
        (json!({ "secret_blob": null }).to_string(), None),
        (
            json!({ "new": [VALUE], "newer": { "a": VALUE } }).to_string(),
            None,
        ),
        (
            json!({ "secret_blob": VALUE, "new": VALUE }).to_string(),
            Some(VALUE),
        ),
        (
            format!(
                r#"{{"new":{}{}}}"#,
                "[".repeat(100_000),
                "]".repeat(100_000)
            ),
            None,
        ),
        (
            format!("\r\n {{ \"secret_blob\" : \"{VALUE}\" }} \n"),
            Some(VALUE),
        ),
    ] {
        let server = RawServer::start(answer(200, "", body.as_str())).await;
        let backup = download(&client(&server)).await.expect(&body);
        assert_eq!(
            backup.secret_blob.as_ref().map(SecretText::expose),
            expected,
            "{body}"
        );
        assert_eq!(backup.status().as_u16(), 200);
    }
}

#[tokio::test]
async fn an_empty_body_decodes_unless_the_status_is_200() {
    for status in [201, 202, 204] {
        let server = RawServer::start(answer(status, "", "")).await;
        let backup = download(&client(&server)).await.unwrap();
        assert_eq!(backup.status().as_u16(), status);
        assert!(backup.secret_blob.is_none(), "{status}");
    }
}

// Connections

#[tokio::test]
async fn a_refused_connection_is_an_error() {
    // Bound but not listening: the port can't become another test's.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", socket.local_addr().unwrap());
    for error in failures(&client_builder(endpoint).build().unwrap()).await {
        assert_eq!(error.status(), None, "{error}");
        assert!(error.is_retryable() && !error.is_timeout(), "{error}");
    }
}

#[tokio::test]
async fn a_connection_that_ends_before_the_answer_is_an_error() {
    let part_of_head = || Step::Send(format!("HTTP/1.1 200 OK\r\nX: {VALUE}").into());
    for steps in [
        vec![],
        vec![Step::Reset],
        vec![part_of_head()],
        vec![part_of_head(), Step::Reset],
    ] {
        let server = RawServer::start(steps).await;
        for error in failures(&client(&server)).await {
            assert_eq!(error.status(), None, "{error}");
            assert_eq!(error.attempts(), 1, "{error}");
            assert!(error.is_retryable() && !error.is_timeout(), "{error}");
        }
        assert_eq!(server.requests().len(), 3);
    }
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_an_error() {
    for garbage in [
        format!("{VALUE}\r\n\r\n"),
        format!("HTTP/1.1 {VALUE}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nContent-Length: {VALUE}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\n{VALUE}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{VALUE}\r\n"),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", VALUE.repeat(100_000)),
    ] {
        let server = RawServer::start([Step::Send(garbage.into())]).await;
        failures(&client(&server)).await;
    }
}

#[tokio::test]
async fn a_200_that_breaks_off_is_an_error_with_its_status() {
    let begin = || Step::Send(format!(r#"{{"secret_blob":"{VALUE}"#).into());
    // More than the buffers of the two sockets hold: when the server has sent it and breaks the
    // connection, the client has read the beginning.
    let chunked =
        Step::Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"sec".into());
    for (name, steps) in [
        ("closed", vec![head(200, "", 1000), begin()]),
        ("closed between chunks", vec![chunked]),
        (
            "reset",
            vec![head(200, "", 64 * MIB), begin(), flood(32), Step::Reset],
        ),
    ] {
        let server = RawServer::start(steps).await;
        let error = download(&client(&server)).await.expect_err(name);
        assert_eq!(status_of(&error), Some(200), "{name}: {error}");
        assert!(
            error.is_retryable() && !error.is_timeout(),
            "{name}: {error}"
        );
    }
}

#[tokio::test]
async fn a_silent_server_is_a_timeout() {
    let server = RawServer::start([Step::Silence]).await;
    let error = download(&impatient_client(&server)).await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable(), "{error}");
    assert_eq!(status_of(&error), None, "{error}");
}

#[tokio::test]
async fn an_answer_that_falls_silent_is_a_timeout_with_its_status() {
    let begin = Step::Send(format!(r#"{{"secret_blob":"{VALUE}"#).into());
    let server = RawServer::start([head(200, "", 1000), begin, Step::Silence]).await;
    let error = download(&impatient_client(&server)).await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable(), "{error}");
    assert_eq!(status_of(&error), Some(200), "{error}");
}

#[tokio::test]
async fn a_redirect_is_an_error_and_nothing_arrives_at_its_target() {
    let target = RawServer::start(answer(200, "", "{}")).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/v1/elsewhere\r\n", target.endpoint());
        let server = RawServer::start(answer(status, &location, "")).await;
        for error in failures(&client(&server)).await {
            assert_eq!(status_of(&error), Some(status), "{error}");
            assert!(!error.is_retryable(), "{error}");
        }
        assert_eq!(server.requests().len(), 3, "{status}");
        assert_eq!(target.connections(), 0, "{status}");
    }
}

// Path parameters

#[tokio::test]
async fn path_parameters_that_address_another_resource_are_refused_before_sending() {
    let server = RawServer::start(answer(200, "", "{}")).await;
    let client = client(&server);
    let nameless = client_builder(server.endpoint())
        .project_id("")
        .build()
        .unwrap();
    macro_rules! assert_refused {
        ($name:literal: $call:expr) => {
            let call = $call;
            sentinel::assert_debug_hidden(&call);
            let outcome = call.send().await;
            assert_hidden(&client, &outcome);
            let error = outcome.unwrap_err();
            assert!(error.to_string().contains($name), "{error}");
            assert_eq!((error.status(), error.attempts()), (None, 0), "{error}");
            assert!(!error.is_retryable(), "{error}");
        };
    }
    for value in ["", ".", ".."] {
        let call = client.download_secret_blob();
        assert_refused!("secret_name": call.secret_name(value));
        let call = client.download_secret_blob().secret_name("demo");
        assert_refused!("project_id": call.project_id(value));
        let call = client.show_secret_version().secret_name("demo");
        assert_refused!("version_id": call.version_id(value));
        let body = CreateSecretRequestBody::builder()
            .name("demo")
            .secret_string(VALUE);
        assert_refused!("project_id": client.create_secret().project_id(value).body(body));
    }
    assert_refused!("secret_name": client.download_secret_blob());
    assert_refused!("project_id": nameless.download_secret_blob().secret_name("demo"));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn path_parameters_arrive_as_one_segment_each() {
    let body = json!({ "secret_blob": VALUE }).to_string();
    let server = RawServer::start(answer(200, "", body)).await;
    let endpoint = format!("{}/prefix/", server.endpoint());
    let client = client_builder(endpoint).build().unwrap();
    let long = "a".repeat(10_000);
    for value in [
        "a/b",
        "/",
        "a\\b",
        "a?b#c",
        "?",
        "#",
        "a%2Fb",
        "%2e%2e",
        ".%2E",
        "%",
        "a.b",
        "...",
        "a b",
        " ",
        "凭据",
        "a;b",
        "a+b",
        "a&b=c",
        "a:b@c",
        "a\u{0}b",
        "a\tb\r\nc",
        "🔑",
        "\u{202e}txt",
        "~-_'()*!\"<>[]{}|^`$,",
        &long,
    ] {
        for (project_id, secret_name) in [(value, "demo"), ("project", value)] {
            let call = client.download_secret_blob();
            let outcome = call
                .project_id(project_id)
                .secret_name(secret_name)
                .send()
                .await;
            assert_hidden(&client, &outcome);
            assert!(outcome.is_ok(), "{outcome:?}");
            let request = server.requests().pop().unwrap();
            let target = request.line().strip_prefix("POST ").unwrap();
            let target = target.strip_suffix(" HTTP/1.1").unwrap();
            let segments = target.split('/').map(percent_decoded).collect::<Vec<_>>();
            let expected = [
                "",
                "prefix",
                "v1",
                project_id,
                "secrets",
                secret_name,
                "backup",
            ];
            assert_eq!(segments, expected, "{target}");
        }
    }
}

/// The text of a path segment, which may hold unreserved characters and escapes only.
fn percent_decoded(segment: &str) -> String {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::new();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => {
                assert!(
                    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte),
                    "{segment}"
                );
                byte
            }
        });
    }
    String::from_utf8(decoded).unwrap()
}

#[tokio::test]
async fn a_path_parameter_too_long_for_a_url_is_an_error() {
    let server = RawServer::start(answer(200, "", "{}")).await;
    let client = client(&server);
    let name = "凭".repeat(10_000);
    let outcome = client.download_secret_blob().secret_name(name).send().await;
    assert_hidden(&client, &outcome);
    let error = outcome.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    assert_eq!(error.attempts(), 0, "{error}");
    assert_eq!(server.connections(), 0);
}

// Secrets

#[test]
fn neither_builder_nor_client_shows_the_token() {
    sentinel::assert_debug_hidden(&Credentials::token(TOKEN));
    let header = reqwest::header::HeaderValue::from_static(VALUE);
    let transport =
        transport().default_headers([(reqwest::header::COOKIE, header)].into_iter().collect());
    let builder =
        client_builder("https://user:s3nt1nel@example.com").http_client_builder(transport);
    sentinel::assert_debug_hidden(&builder);
    sentinel::assert_debug_hidden(&builder.endpoint("https://example.com").build().unwrap());
}

#[test]
fn a_client_that_can_not_be_built_does_not_say_with_which_secret() {
    for builder in [
        client_builder("https://user:s3nt1nel@example.com"),
        client_builder("https://s3nt1nel@example.com"),
        client_builder("https://example.com?token=s3nt1nel"),
        client_builder("https://example.com#s3nt1nel"),
        client_builder("https://user:s3nt1nel@"),
        client_builder("s3nt1nel"),
        client_builder("https://example.com").credentials(Credentials::token(format!("{TOKEN}\n"))),
        client_builder("https://example.com").credentials(Credentials::token(format!("{TOKEN}\0"))),
    ] {
        let outcome = builder.build();
        sentinel::assert_error_hidden(outcome.as_ref().unwrap_err());
        sentinel::assert_hidden("a panic", &sentinel::unwrap_panic(&outcome));
    }
}

#[tokio::test]
async fn requests_carry_secrets_and_do_not_show_them() {
    let server = RawServer::start(answer(200, "", "{}")).await;
    let client = client(&server);
    let secret = || {
        CreateSecretRequestBody::builder()
            .name("demo")
            .secret_binary(VALUE)
    };
    let secrets = vec![secret().try_into().unwrap()];
    let data = json!({ VALUE: [VALUE] });
    macro_rules! assert_sent_unseen {
        ($($call:ident($body:expr)),* $(,)?) => {$(
            let body = $body;
            sentinel::assert_debug_hidden(&body);
            let call = client.$call().body(body);
            sentinel::assert_debug_hidden(&call);
            assert_hidden(&client, &call.send().await);
            let request = server.requests().pop().unwrap();
            let body = String::from_utf8(request.body).unwrap();
            assert!(body.contains(VALUE), "{}: {body}", stringify!($call));
        )*};
    }
    assert_sent_unseen! {
        create_secret(secret()),
        batch_import_secrets(ImportSecretsRequest::builder().secrets(secrets)),
        upload_secret_blob(UploadSecretBlobRequestBody::builder().secret_blob(VALUE)),
        check_secrets(CheckSecretsRequestBody::builder().type_("1").data(data)),
        update_user_password(ChangeUsersPassword::builder().old_password(VALUE).password(VALUE)),
    }
    let body = CreateSecretVersionRequestBody::builder().secret_string(VALUE);
    let call = client
        .create_secret_version()
        .secret_name("demo")
        .body(body);
    sentinel::assert_debug_hidden(&call);
    assert_hidden(&client, &call.send().await);
    assert_eq!(
        server.requests().pop().unwrap().body,
        br#"{"secret_string":"s3nt1nel-value"}"#
    );
}

#[tokio::test]
async fn a_request_that_is_incomplete_does_not_say_with_which_secret() {
    let server = RawServer::start(answer(200, "", "{}")).await;
    let client = client(&server);
    let create = client
        .create_secret()
        .body_map(|body| body.secret_string(VALUE));
    let import = ImportSecretsRequest::builder();
    sentinel::assert_debug_hidden(&create);
    assert_hidden(&client, &create.send().await);
    let change = client
        .update_user_password()
        .body_map(|body| body.password(VALUE));
    assert_hidden(&client, &change.send().await);
    assert_hidden(
        &client,
        &client.batch_import_secrets().body(import).send().await,
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_answer_that_repeats_what_was_sent_does_not_show_it() {
    let sent = json!({ "name": "demo", "secret_string": VALUE, "token": TOKEN }).to_string();
    let escaped: String = VALUE.bytes().map(|byte| format!("\\u{byte:04X}")).collect();
    for words in [
        &format!("demo: {VALUE} is not allowed with {TOKEN}"),
        &sent,
        &json!(sent).to_string(),
        &escaped,
    ] {
        let body = json!({ "error_code": "C", "error_msg": words, "request_id": words });
        let server = RawServer::start(answer(400, "", body.to_string())).await;
        let client = client(&server);
        let call = client.create_secret().name("demo").secret_string(VALUE);
        let outcome = call.send().await;
        assert_hidden(&client, &outcome);
        let create = outcome.unwrap_err();
        let message = create.message().unwrap();
        assert!(message.contains("<redacted"), "{message}");
        assert!(create.request_id().unwrap().contains("<redacted"));
        assert_eq!(create.code(), Some("C"));
    }
}

#[tokio::test]
async fn answers_carry_secrets_and_do_not_show_them() {
    let version = json!({ "secret_string": VALUE, "secret_binary": VALUE });
    let body = json!({
        "secret_blob": VALUE,
        "password": VALUE,
        "version": version,
        "versions": [version],
        "data": { VALUE: VALUE },
    });
    let headers = format!("Set-Cookie: {VALUE}\r\nX-Subject-Token: {VALUE}\r\n");
    let server = RawServer::start(answer(200, &headers, body.to_string())).await;
    let client = client(&server);

    let backup = download(&client).await.unwrap().into_inner();
    assert_eq!(backup.secret_blob.unwrap().expose(), VALUE);

    let outcome = client.generate_random_password().send().await;
    assert_hidden(&client, &outcome);
    assert_eq!(
        outcome.unwrap().into_inner().password.unwrap().expose(),
        VALUE
    );

    let call = client
        .show_secret_version()
        .secret_name("demo")
        .version_id("v1");
    let outcome = call.send().await;
    assert_hidden(&client, &outcome);
    let version = outcome.unwrap().into_inner().version.unwrap();
    assert_eq!(version.secret_string.unwrap().expose(), VALUE);
    assert_eq!(version.secret_binary.unwrap().expose(), VALUE);

    let outcome = client.batch_get_secret_value().send().await;
    assert_hidden(&client, &outcome);
    assert_eq!(outcome.unwrap().into_inner().versions.unwrap().len(), 1);

    let body = CheckSecretsRequestBody::builder()
        .type_("1")
        .data(json!({}));
    let outcome = client.check_secrets().body(body).send().await;
    assert_hidden(&client, &outcome);
    assert_eq!(
        outcome.unwrap().into_inner().data.unwrap().expose(),
        &json!({ VALUE: VALUE })
    );
}

/// Without this the other tests could look at nothing.
#[tokio::test]
async fn traces_of_the_transport_are_seen() {
    let server = RawServer::start(answer(200, "", "{}")).await;
    download(&client(&server)).await.unwrap();
    tracing::trace!("traced");
    for expected in ["starting new connection", "traced"] {
        assert!(sentinel::traces().contains(expected), "{expected}");
    }
}

// Errors in users' code

#[tokio::test]
async fn the_error_passes_through_question_marks() {
    async fn own(client: &Client) -> Result<Option<SecretText>, Error> {
        let backup = client
            .download_secret_blob()
            .secret_name("demo")
            .send()
            .await?;
        client.list_secrets().send().await?;
        Ok(backup.into_inner().secret_blob)
    }
    async fn boxed(client: &Client) -> Result<(), Box<dyn StdError + Send + Sync>> {
        own(client).await?;
        Ok(())
    }
    let body = json!({ "error_code": "CSMS.0101", "error_msg": "no such secret" }).to_string();
    let server = RawServer::start(answer(404, "", body.as_str())).await;
    let client = client(&server);
    assert!(own(&client).await.unwrap_err().is_not_found());
    let error = boxed(&client).await.unwrap_err();
    assert!(
        error
            .downcast_ref::<Error>()
            .is_some_and(Error::is_not_found)
    );
    assert_eq!(
        error.to_string(),
        "DownloadSecretBlob: 404 CSMS.0101: no such secret"
    );
}

#[tokio::test]
async fn a_call_can_run_as_a_task_of_its_own() {
    let server = RawServer::start(answer(200, "", "{}")).await;
    let client = client(&server);
    let task = tokio::spawn(async move {
        client
            .download_secret_blob()
            .secret_name("demo")
            .send()
            .await
            .map(ResponseValue::into_inner)
    });
    assert!(task.await.unwrap().unwrap().secret_blob.is_none());
}
