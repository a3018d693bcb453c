//! No credential shows: whatever kind it is, whether it is found, used, refused or renewed, in
//! `Debug`, `Display`, a panic, a span, or anything that the process traces at any level.
//!
//! The servers are plain sockets: a mock would trace what it receives.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;

use csms_api::{
    Client, Credential, CredentialSource, Credentials, Error, PasswordCredentials, RetryPolicy,
    SecretCache, SourceContext, SourceError, SourceFuture,
};
use serde_json::json;
use tests::scripted::{Act, Attempt, Scripted};
use tests::sentinel::{self, SENTINEL};

/// What a version of a secret holds.
const VALUE: &str = "s3nt1nel-value";

/// IAM, the metadata of an instance and the service at once; `refuses` all tokens and signatures.
async fn everything(refuses: bool) -> Scripted {
    Scripted::answering(move |attempt, _| answer(attempt, refuses)).await
}

fn answer(attempt: &Attempt, refuses: bool) -> Act {
    let (_, path) = attempt.target().split_once(' ').unwrap();
    // A careless server repeats what it was sent.
    let refusal = json!({"error_code": "X.1", "error_msg": "who is it?", "request_id": "r"});
    match path {
        "/v3/auth/tokens" if refuses => {
            let body = String::from_utf8_lossy(&attempt.body).into_owned();
            Act::answer(
                401,
                &json!({"error": {"code": 401, "message": body}}).to_string(),
            )
        }
        "/v3/auth/tokens" => {
            let body = json!({"token": {
                "expires_at": "2999-01-01T00:00:00.000000Z", "project": {"id": "p"},
            }});
            let token = vec![("X-Subject-Token", format!("{SENTINEL}-issued"))];
            Act::Answer(201, token, body.to_string())
        }
        "/meta-data/latest/api/token" => Act::answer(200, &format!("{SENTINEL}-metadata")),
        "/openstack/latest/securitykey" => {
            let end = "2999-01-01T00:00:00.000000Z";
            let key = json!({"credential": {
                "access": "ak", "secret": SENTINEL, "securitytoken": SENTINEL, "expires_at": end,
            }});
            Act::answer(200, &key.to_string())
        }
        _ if refuses => Act::answer(401, &refusal.to_string()),
        _ => Act::answer(
            200,
            &json!({"version": {"secret_string": VALUE}}).to_string(),
        ),
    }
}

/// A source of a user's own.
#[derive(Debug)]
struct Own;

impl CredentialSource for Own {
    fn load<'a>(&'a self, _: &'a SourceContext) -> SourceFuture<'a> {
        let found = Credential::temporary("ak", SENTINEL, SENTINEL);
        Box::pin(std::future::ready(Ok::<_, SourceError>(found)))
    }
}

fn chain(variables: &[(&str, &str)], home: &std::path::Path, metadata: &str) -> Credentials {
    let variables: BTreeMap<String, String> = variables
        .iter()
        .map(|(name, value)| (format!("HUAWEICLOUD_SDK_{name}"), (*value).to_owned()))
        .collect();
    Credentials::default_chain_over(
        move |name| variables.get(name).map(Into::into),
        Some(home.to_owned()),
        metadata,
    )
}

/// A home directory with a profile file.
fn home(profile: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".huaweicloud")).unwrap();
    fs::write(home.path().join(".huaweicloud/credentials"), profile).unwrap();
    home
}

fn client(server: &Scripted, credentials: &Credentials) -> Client {
    sentinel::keep_traces();
    let transport = reqwest::Client::builder()
        .connection_verbose(true)
        .no_proxy()
        .tls_certs_only([]);
    let client = Client::builder()
        .endpoint(server.endpoint())
        .iam_endpoint(server.endpoint())
        .region("cn-north-4")
        .project_id("p")
        .credentials(credentials.clone())
        .retry(RetryPolicy::none())
        .http_client_builder(transport);
    sentinel::assert_debug_hidden(&client);
    client.build().unwrap()
}

/// Looks at all there is after a call.
fn look<T: Debug>(credentials: &Credentials, client: &Client, outcome: &Result<T, Error>) {
    sentinel::assert_debug_hidden(credentials);
    sentinel::assert_debug_hidden(client);
    sentinel::assert_debug_hidden(outcome);
    if let Err(error) = outcome {
        sentinel::assert_error_hidden(error);
    }
    sentinel::assert_hidden("a panic", &sentinel::unwrap_panic(outcome));
    sentinel::assert_traces_hidden();
}

/// Every kind of credentials, all of them good.
fn good(home: &std::path::Path, server: &Scripted) -> Vec<Credentials> {
    let user = PasswordCredentials::new("alice", SENTINEL, "acme");
    sentinel::assert_debug_hidden(&user);
    let empty = tempfile::tempdir().unwrap();
    let keys = [("AK", "ak"), ("SK", SENTINEL), ("SECURITY_TOKEN", SENTINEL)];
    vec![
        Credentials::token(SENTINEL),
        Credentials::access_key("ak", SENTINEL),
        Credentials::temporary("ak", SENTINEL, SENTINEL),
        Credentials::password(user),
        Credentials::profile_file(home.join(".huaweicloud/credentials"), "basic"),
        Credentials::from_source(Own),
        chain(&keys, empty.path(), &server.endpoint()),
        chain(&[], home, &server.endpoint()),
        chain(&[], empty.path(), &server.endpoint()),
    ]
}

#[tokio::test]
async fn no_kind_of_credentials_shows_whether_it_is_taken_or_refused() {
    let home = home(&format!(
        "[basic]\nak = ak\nsk = {SENTINEL}\nsecurity_token = {SENTINEL}\n"
    ));
    for refuses in [false, true] {
        let server = everything(refuses).await;
        for credentials in good(home.path(), &server) {
            let client = client(&server, &credentials);
            let outcome = client.get_secret_value("demo").await;
            assert_eq!(outcome.is_err(), refuses, "{credentials:?}: {outcome:?}");
            look(&credentials, &client, &outcome);
        }
        assert!(server.attempts().len() > 9);
    }
    // What was traced is about these calls.
    assert!(sentinel::traces().contains("csms.ShowSecretVersion"));
}

#[tokio::test]
async fn no_source_that_can_not_be_used_says_what_it_has() {
    let server = everything(false).await;
    let unreachable = "http://127.0.0.1:1";
    let sk = ("SK", SENTINEL);
    let profiles = [
        format!("[basic]\nsk = {SENTINEL}\n"),
        format!("[basic]\nak = ak\nsk = {SENTINEL}\nsk = {SENTINEL}\n"),
        format!("[basic]\nak = ak\nsk =\n  {SENTINEL}\n"),
        format!("[basic\nak = ak\nsk = {SENTINEL}\n"),
        format!("[basic]\n{SENTINEL}\n"),
        format!(
            "[basic]\nak = ak\nsk = {SENTINEL}\niam_endpoint = http://u:{SENTINEL}@example.com\n"
        ),
        format!("[other]\nak = ak\nsk = {SENTINEL}\n"),
    ];
    let homes: Vec<_> = profiles.iter().map(|profile| home(profile)).collect();
    let nobody = tempfile::tempdir().unwrap();
    let nobody = nobody.path();
    let mut bad = vec![
        chain(&[sk], nobody, unreachable),
        chain(&[("AK", "ak"), ("SK", "s3nt1nel\n")], nobody, unreachable),
        chain(&[("SECURITY_TOKEN", SENTINEL)], nobody, unreachable),
        chain(
            &[("CREDENTIALS_FILE", "/s3nt1ne1/is/no/file")],
            nobody,
            unreachable,
        ),
        chain(&[], nobody, unreachable),
    ];
    bad.extend(
        homes
            .iter()
            .map(|home| chain(&[], home.path(), unreachable)),
    );
    for credentials in bad {
        let client = client(&server, &credentials);
        let outcome = client.get_secret_value("demo").await;
        let error = outcome.as_ref().unwrap_err();
        assert!(error.is_credentials(), "{error}");
        look(&credentials, &client, &outcome);
    }
    assert!(server.attempts().is_empty());
}

#[tokio::test]
async fn the_cache_shows_neither_value_nor_credential() {
    let credentials = Credentials::access_key("ak", SENTINEL);
    let server = everything(false).await;
    let cache = SecretCache::new(client(&server, &credentials));
    let outcome = cache.get("demo").await;
    let value = outcome.as_ref().unwrap();
    assert_eq!(value.text(), Some(VALUE));
    sentinel::assert_debug_hidden(&cache);
    look(&credentials, &client(&server, &credentials), &outcome);

    let server = everything(true).await;
    let cache = SecretCache::new(client(&server, &credentials));
    let outcome = cache.get("demo").await;
    assert!(outcome.as_ref().unwrap_err().is_unauthorized());
    sentinel::assert_debug_hidden(&cache);
    look(&credentials, &client(&server, &credentials), &outcome);
}
