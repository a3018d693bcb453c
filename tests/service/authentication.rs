//! Who may call, and what a gateway says to others.

use std::time::{Duration, UNIX_EPOCH};

use csms_api::mock::Service;
use csms_api::{Client, Clock, Credential, Credentials, PasswordCredentials, RetryPolicy};
use reqwest::Request;
use serde_json::{Value, json};
use tests::lab::{Lab, START};

const UNAUTHORIZED: (u16, &str) = (401, "APIGW.0301");

fn key() -> Credential {
    Credential::access_key(Service::ACCESS_KEY, Service::SECRET_KEY)
}

fn signed_at(mut request: Request, credential: &Credential, milliseconds: u64) -> Request {
    let time = UNIX_EPOCH + Duration::from_millis(milliseconds);
    let project = Some(Service::PROJECT_ID);
    credential.sign(&mut request, project, time).unwrap();
    request
}

fn client(lab: &Lab, credentials: Credentials) -> Client {
    let now = UNIX_EPOCH + Duration::from_millis(lab.now());
    Client::builder()
        .region("cn-north-4")
        .endpoint(lab.service.endpoint())
        .iam_endpoint(lab.service.endpoint())
        .credentials(credentials)
        .clock(Clock::new(move || now))
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

#[tokio::test]
async fn without_a_token_or_a_signature_nothing_is_answered() {
    let lab = Lab::start().await;
    for path in ["secrets", "no/such/path", "/v3/projects", "/"] {
        let answer = lab.send(lab.request("GET", path, None)).await;
        assert_eq!(answer.refusal(), UNAUTHORIZED, "{path}");
        assert!(
            answer
                .message()
                .starts_with("Incorrect IAM authentication information: ")
        );
    }
}

#[tokio::test]
async fn only_the_right_token_is_good() {
    let lab = Lab::with(Service::builder().token("other-token")).await;
    for (token, status) in [("other-token", 200), (Service::TOKEN, 401), ("", 401)] {
        let mut request = lab.request("GET", "secrets", None);
        request
            .headers_mut()
            .insert("x-auth-token", token.parse().unwrap());
        assert_eq!(lab.send(request).await.status, status, "{token}");
    }
}

#[tokio::test]
async fn a_signature_is_good_for_whatever_it_signs() {
    let lab = Lab::start().await;
    let create = json!({ "name": "demo", "secret_string": "é\u{2028}" });
    for (method, path, body) in [
        ("POST", "secrets", Some(&create)),
        ("GET", "secrets?marker=a&limit=10&x=a%20b+c%2Fd&x=&y", None),
        ("GET", "secrets/demo/versions/latest", None),
        ("POST", "secrets/demo/backup", None),
        ("DELETE", "secrets/demo", None),
    ] {
        let request = signed_at(lab.request(method, path, body), &key(), START);
        let answer = lab.send(request).await;
        assert_eq!(answer.status, 200, "{method} {path}: {answer:?}");
    }
    let tag = lab.request(
        "DELETE",
        &format!("csms/{}/tags/%E5%87%AD%20%2F~", "x".repeat(36)),
        None,
    );
    let answer = lab.send(signed_at(tag, &key(), START)).await;
    assert_eq!(answer.status, 404, "{answer:?}");
}

#[tokio::test]
async fn a_signature_of_a_wrong_key_is_refused() {
    let lab = Lab::start().await;
    for (credential, reason) in [
        (
            Credential::access_key(Service::ACCESS_KEY, "wrong"),
            "verify aksk signature fail",
        ),
        (
            Credential::access_key("OTHER", Service::SECRET_KEY),
            "no such access key",
        ),
        (
            Credential::temporary(Service::ACCESS_KEY, Service::SECRET_KEY, "st"),
            "security token",
        ),
    ] {
        let request = signed_at(lab.request("GET", "secrets", None), &credential, START);
        let answer = lab.send(request).await;
        assert_eq!(answer.refusal(), UNAUTHORIZED);
        assert!(answer.message().contains(reason), "{answer:?}");
    }
}

#[tokio::test]
async fn a_temporary_key_needs_its_security_token() {
    let lab = Lab::with(Service::builder().temporary("TEMPORARY", "sk", "st")).await;
    for (credential, status) in [
        (Credential::temporary("TEMPORARY", "sk", "st"), 200),
        (Credential::temporary("TEMPORARY", "sk", "other"), 401),
        (Credential::access_key("TEMPORARY", "sk"), 401),
    ] {
        let request = signed_at(lab.request("GET", "secrets", None), &credential, START);
        assert_eq!(lab.send(request).await.status, status);
    }
}

#[tokio::test]
async fn a_signature_ends_after_fifteen_minutes() {
    let lab = Lab::start().await;
    const LIMIT: u64 = 15 * 60 * 1000;
    for (time, status) in [
        (START - LIMIT, 200),
        (START + LIMIT, 200),
        (START - LIMIT - 1000, 401),
        (START + LIMIT + 1000, 401),
    ] {
        let request = signed_at(lab.request("GET", "secrets", None), &key(), time);
        let answer = lab.send(request).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.headers["date"], "Wed, 25 Nov 2026 03:47:23 GMT");
        if status == 401 {
            assert!(
                answer.message().contains("the signature expired"),
                "{answer:?}"
            );
        }
    }
}

#[tokio::test]
async fn what_is_changed_after_signing_is_refused() {
    type Change = fn(&mut Request);
    let lab = Lab::start().await;
    let body = json!({ "name": "demo", "secret_string": "hunter2" });
    let changes: [(&str, Change); 8] = [
        ("body", |r| *r.body_mut() = Some("{}".into())),
        ("no body", |r| *r.body_mut() = None),
        ("query", |r| r.url_mut().set_query(Some("limit=1"))),
        ("method", |r| *r.method_mut() = reqwest::Method::GET),
        ("path", |r| {
            let path = format!("{}/x", r.url().path());
            r.url_mut().set_path(&path);
        }),
        ("project", |r| {
            drop(
                r.headers_mut()
                    .insert("x-project-id", "other".parse().unwrap()),
            )
        }),
        ("date", |r| {
            drop(
                r.headers_mut()
                    .insert("x-sdk-date", "20261125T034724Z".parse().unwrap()),
            );
        }),
        ("names", |r| {
            let claim = r.headers()["authorization"].to_str().unwrap();
            let claim = claim.replace("host;", "");
            drop(
                r.headers_mut()
                    .insert("authorization", claim.parse().unwrap()),
            );
        }),
    ];
    for (what, change) in changes {
        let mut request = signed_at(lab.request("POST", "secrets", Some(&body)), &key(), START);
        change(&mut request);
        let answer = lab.send(request).await;
        assert_eq!(answer.refusal(), UNAUTHORIZED, "{what}");
        assert!(!answer.body.to_string().contains("hunter2"), "{answer:?}");
    }
    assert_eq!(lab.get("secrets").await["secrets"], json!([]));
}

#[tokio::test]
async fn an_authorization_of_another_form_is_refused() {
    let lab = Lab::start().await;
    for (authorization, date) in [
        ("Basic YTpi", Some("20261125T034723Z")),
        ("SDK-HMAC-SHA256 Access=A", Some("20261125T034723Z")),
        (
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0",
            None,
        ),
        (
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0",
            Some("today"),
        ),
        (
            "SDK-HMAC-SHA256 Access=A, SignedHeaders=host, Signature=0",
            Some("é"),
        ),
    ] {
        let mut request = lab.request("GET", "secrets", None);
        request
            .headers_mut()
            .insert("authorization", authorization.parse().unwrap());
        if let Some(date) = date {
            let date = reqwest::header::HeaderValue::from_bytes(date.as_bytes()).unwrap();
            request.headers_mut().insert("x-sdk-date", date);
        }
        assert_eq!(
            lab.send(request).await.refusal(),
            UNAUTHORIZED,
            "{authorization}"
        );
    }
}

#[tokio::test]
async fn another_project_is_forbidden() {
    let lab = Lab::start().await;
    let (flat, nested) = ("/v1/other/secrets", "/v1/other/csms/tags");
    for path in [flat, nested] {
        assert_eq!(
            lab.refused("GET", path, None).await,
            (403, "KMS.0321".into())
        );
    }
    assert_eq!(
        lab.call("GET", "/v1/csms/agencies?secret_type=RDS-FG", None)
            .await
            .status,
        501
    );
}

#[tokio::test]
async fn what_is_no_operation_is_told_as_a_gateway_does() {
    let lab = Lab::start().await;
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "secrets/", 404),
        ("GET", "secrets/a/b", 404),
        ("POST", "csms/other_instances/action", 404),
        ("PATCH", "secrets", 405),
        ("POST", "secrets/demo", 405),
        ("POST", "/v3/projects", 404),
    ] {
        let refused = lab.refused(method, path, None).await;
        assert_eq!(refused, (status, "APIGW.0101".into()), "{method} {path}");
    }
}

#[tokio::test]
async fn every_answer_has_a_request_id_of_its_own() {
    let lab = Lab::start().await;
    let first = lab.call("GET", "secrets", None).await;
    let second = lab.call("GET", "secrets", None).await;
    assert_ne!(
        first.headers["x-request-id"],
        second.headers["x-request-id"]
    );
}

#[tokio::test]
async fn a_password_gives_a_token_until_it_ends() {
    let lab = Lab::start().await;
    let user = PasswordCredentials::new(Service::USER, Service::PASSWORD, Service::USER);
    let client = client(&lab, Credentials::password(user));
    // The project, too, is the one that IAM has told.
    client.list_secrets().send().await.unwrap();
    lab.pass(Duration::from_secs(24 * 60 * 60 - 1));
    client.list_secrets().send().await.unwrap();

    let answer = lab
        .send(lab.request("POST", "/v3/auth/tokens", Some(&sign_in("mock", None))))
        .await;
    assert_eq!(answer.status, 201);
    let token = answer.headers["x-subject-token"].clone();
    assert_eq!(answer.body["token"]["expires_at"], "2026-11-27T03:47:22Z");
    for (time, status) in [
        (Duration::ZERO, 200),
        (Duration::from_secs(24 * 60 * 60), 401),
    ] {
        lab.pass(time);
        let mut request = lab.request("GET", "secrets", None);
        request.headers_mut().insert("x-auth-token", token.clone());
        assert_eq!(lab.send(request).await.status, status);
    }
}

fn sign_in(name: &str, project: Option<&str>) -> Value {
    json!({ "auth": {
        "identity": { "methods": ["password"], "password": { "user": {
            "name": name, "password": Service::PASSWORD, "domain": { "name": "mock" },
        } } },
        "scope": { "project": { "id": project } },
    } })
}

#[tokio::test]
async fn a_wrong_user_or_project_gets_no_token() {
    let lab = Lab::start().await;
    for body in [sign_in("other", None), sign_in("mock", Some("other"))] {
        let answer = lab
            .send(lab.request("POST", "/v3/auth/tokens", Some(&body)))
            .await;
        assert_eq!(
            (answer.status, &answer.body["error"]["code"]),
            (401, &json!(401))
        );
        assert!(!answer.body.to_string().contains(Service::PASSWORD));
    }
    let answer = lab
        .send(lab.request("POST", "/v3/auth/tokens", Some(&json!({}))))
        .await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn a_project_is_looked_up_by_its_region() {
    let lab = Lab::start().await;
    let credentials = Credentials::access_key(Service::ACCESS_KEY, Service::SECRET_KEY);
    client(&lab, credentials)
        .list_secrets()
        .send()
        .await
        .unwrap();
    let answer = lab.get("/v3/projects?name=cn-north-4").await;
    assert_eq!(answer["projects"][0]["name"], "cn-north-4");
    assert_eq!(answer["projects"][0]["id"], Service::PROJECT_ID);
}
