//! Typed mocks: each stands for just the calls that it says, and gives the documented answers.

use csms_api::mock::MockServerExt;
use csms_api::types::{
    CreateSecretRequestBody, DownloadSecretBlobResponseBody, ErrorRsp, ListSecretResponseBody,
};
use csms_api::{Client, Credentials};
use httpmock::MockServer;

fn client(server: &MockServer) -> Client {
    Client::builder()
        .endpoint(server.base_url())
        .project_id("p")
        .credentials(Credentials::token("t"))
        .build()
        .unwrap()
}

fn backup() -> DownloadSecretBlobResponseBody {
    let body = DownloadSecretBlobResponseBody::builder().secret_blob("blob");
    body.try_into().unwrap()
}

async fn matches(server: &MockServer, name: &str) -> bool {
    let client = client(server);
    let call = client.download_secret_blob().secret_name(name);
    call.send().await.is_ok()
}

#[tokio::test]
async fn a_documented_answer_is_given_and_decoded() {
    let server = MockServer::start_async().await;
    let mock = server.download_secret_blob(|when, then| {
        when.project_id("p").secret_name("demo");
        then.ok(&backup());
    });
    let client = client(&server);
    let call = client.download_secret_blob().secret_name("demo");
    let answer = call.send().await.unwrap();
    assert_eq!(answer.secret_blob.as_ref().unwrap().expose(), "blob");
    mock.assert_async().await;
}

#[tokio::test]
async fn a_documented_error_is_given_and_read() {
    let server = MockServer::start_async().await;
    let body = ErrorRsp::builder()
        .error_code("CSMS.0101")
        .error_msg("gone");
    let body = body.try_into().unwrap();
    server.download_secret_blob(|_, then| {
        then.not_found(&body);
    });
    let client = client(&server);
    let call = client.download_secret_blob().secret_name("demo");
    let error = call.send().await.unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert_eq!(error.code(), Some("CSMS.0101"));
}

#[tokio::test]
async fn a_name_stands_for_itself_alone() {
    let names = [
        "a.b", "axb", "a+b", "a b", "a%20b", "a%b", "名", "a/b", "(", "[a]", "a|b", "^", "$",
        "a-b~_", "*", "\\d", "\n",
    ];
    for name in names {
        let server = MockServer::start_async().await;
        server.download_secret_blob(|when, then| {
            when.secret_name(name);
            then.ok(&backup());
        });
        for other in names {
            assert_eq!(
                matches(&server, other).await,
                name == other,
                "{name} {other}"
            );
        }
    }
}

#[tokio::test]
async fn another_operation_on_a_longer_path_is_not_meant() {
    let server = MockServer::start_async().await;
    let mock = server.show_secret(|_, then| {
        then.into_inner().status(200).body("{}");
    });
    assert!(!matches(&server, "demo").await);
    let client = client(&server);
    let call = client.show_secret().secret_name("demo");
    call.send().await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn a_query_parameter_is_there_or_is_not() {
    let server = MockServer::start_async().await;
    let answer: ListSecretResponseBody = ListSecretResponseBody::builder().try_into().unwrap();
    let second = server.list_secrets(|when, then| {
        when.limit("5").marker("m & n");
        then.ok(&answer);
    });
    let first = server.list_secrets(|when, then| {
        when.limit("5").marker(None);
        then.ok(&answer);
    });
    let client = client(&server);
    let call = || client.list_secrets().limit("5");
    call().send().await.unwrap();
    call().marker("m & n").send().await.unwrap();
    call().marker("m").send().await.unwrap_err();
    first.assert_async().await;
    second.assert_async().await;
}

#[tokio::test]
async fn a_body_is_compared_as_json() {
    let server = MockServer::start_async().await;
    let body = CreateSecretRequestBody::builder()
        .name("demo")
        .secret_string("s");
    let body: CreateSecretRequestBody = body.try_into().unwrap();
    let mock = server.create_secret(|when, then| {
        when.body(&body);
        then.into_inner().status(200).body("{}");
    });
    let client = client(&server);
    client
        .create_secret()
        .body(body.clone())
        .send()
        .await
        .unwrap();
    let other = client.create_secret().name("demo").secret_string("other");
    other.send().await.unwrap_err();
    mock.assert_async().await;
}
