//! The id of the project that has the name of a region, as IAM knows it.

use reqwest::{Request, Url};
use serde::Deserialize;

use super::answer::{exchange, parse_json};
use super::{Credential, CredentialKind, SourceContext, SourceError};
use crate::secret::SecretText;

/// The id of the project of the client's region, asked for with the credential.
pub(crate) async fn look_up(
    context: &SourceContext,
    credential: &Credential,
) -> Result<String, SourceError> {
    let region = context
        .region
        .as_deref()
        .ok_or_else(|| SourceError::Invalid("the client has no region".to_owned()))?;
    let of_credential = credential.iam_endpoint.as_deref();
    let iam = of_credential
        .filter(|_| !context.iam_endpoint_is_set)
        .unwrap_or(&context.iam_endpoint);
    ask(context, credential, iam, region)
        .await
        .map_err(|error| {
            error.explain(|reason| {
                format!(
                    "the project of region {region} can't be looked up: {reason}; set it with \
                     .project_id(…)"
                )
            })
        })
}

async fn ask(
    context: &SourceContext,
    credential: &Credential,
    iam: &str,
    region: &str,
) -> Result<String, SourceError> {
    let mut request = request(iam, region).map_err(SourceError::Invalid)?;
    credential
        .apply(&mut request, None, context.clock.now())
        .map_err(SourceError::Invalid)?;
    let answer = exchange(&context.http, iam, request).await?;
    if !answer.status.is_success() {
        return Err(answer.refusal(iam, &secrets(credential)));
    }
    project_id(&answer.body, region)
        .map_err(|reason| SourceError::Invalid(format!("{iam}: {reason}")))
}

fn request(iam: &str, region: &str) -> Result<Request, String> {
    let mut url = Url::parse(&format!("{iam}/v3/projects"))
        .map_err(|error| format!("the endpoint of IAM is no URL ({error})"))?;
    url.query_pairs_mut().append_pair("name", region);
    Ok(Request::new(reqwest::Method::GET, url))
}

fn secrets(credential: &Credential) -> Vec<&SecretText> {
    match &credential.kind {
        CredentialKind::Token(token) => vec![token],
        CredentialKind::AccessKey {
            secret_key,
            security_token,
            ..
        } => std::iter::once(secret_key).chain(security_token).collect(),
    }
}

#[derive(Deserialize)]
struct Projects {
    projects: Option<Vec<Project>>,
}

#[derive(Deserialize)]
struct Project {
    id: Option<String>,
    name: Option<String>,
}

fn project_id(body: &[u8], region: &str) -> Result<String, String> {
    let answer: Projects = parse_json(body)?;
    let projects = answer.projects.ok_or("the answer has no projects")?;
    match projects.as_slice() {
        [] => Err(format!("there is no project named {region}")),
        [Project { id: Some(id), .. }] if !id.is_empty() => Ok(id.clone()),
        [_] => Err(format!("the project named {region} has no id")),
        several => {
            let found: Vec<_> = several.iter().map(shown).collect();
            Err(format!(
                "there are {} projects: {}",
                found.len(),
                found.join(", ")
            ))
        }
    }
}

fn shown(project: &Project) -> String {
    let text = |text: &Option<String>| match text {
        Some(text) => text.escape_debug().to_string(),
        None => "?".to_owned(),
    };
    format!("{} ({})", text(&project.name), text(&project.id))
}

#[cfg(test)]
pub(super) fn test_context(iam: &str) -> SourceContext {
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_000_000);
    SourceContext {
        direct: http.clone(),
        http,
        iam_endpoint: iam.to_owned(),
        iam_endpoint_is_set: false,
        project_id: None,
        region: Some("cn-north-4".to_owned()),
        clock: crate::clock::Clock::new(move || now),
    }
}

#[cfg(test)]
mod tests {
    use httpmock::MockServer;
    use serde_json::{Value, json};

    use super::{look_up, test_context};
    use crate::credentials::{Credential, SourceContext};

    async fn asked(context: &SourceContext, credential: &Credential) -> Result<String, String> {
        let outcome = look_up(context, credential).await;
        outcome.map_err(|error| error.to_string())
    }

    async fn answered(status: u16, body: &str) -> Result<String, String> {
        let server = MockServer::start_async().await;
        let mock = server
            .mock_async(|when, then| {
                when.method("GET")
                    .path("/v3/projects")
                    .query_param("name", "cn-north-4");
                then.status(status).body(body);
            })
            .await;
        let credential = Credential::temporary("ak", "hunter2", "hunter2-st");
        let outcome = asked(&test_context(&server.base_url()), &credential).await;
        mock.assert_async().await;
        if let Err(reason) = &outcome {
            assert!(!reason.contains("hunter2"), "{reason}");
            assert!(reason.contains("cn-north-4"), "{reason}");
            assert!(reason.contains(".project_id("), "{reason}");
        }
        outcome
    }

    #[tokio::test]
    async fn a_request_is_signed_with_the_key() {
        let server = MockServer::start_async().await;
        let mock = server
            .mock_async(|when, then| {
                when.path("/v3/projects")
                    .query_param("name", "cn-north-4")
                    .header("X-Security-Token", "hunter2-st")
                    .header("X-Sdk-Date", "20261118T110640Z")
                    .header_prefix("Authorization", "SDK-HMAC-SHA256 Access=ak, SignedHeaders=")
                    .header_missing("X-Project-Id");
                then.json_body(json!({ "projects": [{ "id": "p", "name": "cn-north-4" }] }));
            })
            .await;
        let credential = Credential::temporary("ak", "hunter2", "hunter2-st");
        let context = test_context(&server.base_url());
        assert_eq!(asked(&context, &credential).await.as_deref(), Ok("p"));
        mock.assert_async().await;
    }

    #[tokio::test]
    async fn a_token_is_sent_and_the_credentials_own_iam_is_asked() {
        let server = MockServer::start_async().await;
        let mock = server
            .mock_async(|when, then| {
                when.path("/v3/projects")
                    .header("X-Auth-Token", "hunter2")
                    .header_missing("Authorization");
                then.json_body(json!({ "projects": [{ "id": "p" }] }));
            })
            .await;
        let mut credential = Credential::token("hunter2");
        credential.iam_endpoint = Some(server.base_url());
        let context = test_context("http://127.0.0.1:1");
        assert_eq!(asked(&context, &credential).await.as_deref(), Ok("p"));
        mock.assert_async().await;

        // Unless the client has been told which.
        credential.iam_endpoint = Some("http://127.0.0.1:1".to_owned());
        let mut context = test_context(&server.base_url());
        context.iam_endpoint_is_set = true;
        assert_eq!(asked(&context, &credential).await.as_deref(), Ok("p"));
    }

    #[tokio::test]
    async fn one_project_is_taken_and_any_other_number_is_listed() {
        let cases: [(Value, Result<&str, &str>); 6] = [
            (json!([{ "id": "p" }]), Ok("p")),
            (json!([]), Err("no project named cn-north-4")),
            (
                json!([{ "id": "p1", "name": "a" }, { "id": "p2" }]),
                Err("2 projects: a (p1), ? (p2)"),
            ),
            (json!([{ "name": "cn-north-4" }]), Err("has no id")),
            (json!([{ "id": "" }]), Err("has no id")),
            (Value::Null, Err("the answer has no projects")),
        ];
        for (projects, expected) in cases {
            let body = json!({ "projects": projects }).to_string();
            match (answered(200, &body).await, expected) {
                (Ok(id), Ok(expected)) => assert_eq!(id, expected),
                (Err(reason), Err(expected)) => assert!(reason.contains(expected), "{reason}"),
                (outcome, _) => panic!("{outcome:?} for {body}"),
            }
        }
    }

    #[tokio::test]
    async fn refusals_say_what_iam_says_and_no_secret() {
        for (status, body, expected) in [
            (
                401,
                r#"{"error":{"code":401,"message":"m","title":"Unauthorized"}}"#,
                " answered 401: m;",
            ),
            (
                403,
                r#"{"error_code":"IAM.0003","error_msg":"m\nn"}"#,
                " answered 403 IAM.0003: m\\nn;",
            ),
            (401, r#"{"error":"m"}"#, " answered 401;"),
            (
                401,
                r#"{"error":{"message":"hunter2 is wrong"}}"#,
                " answered 401;",
            ),
            (302, "", " answered 302;"),
            (502, "<html>hunter2</html>", " answered 502;"),
            (
                200,
                "<html>hunter2</html>",
                ": the answer is not a JSON object;",
            ),
            (
                200,
                r#"{"projects":"hunter2"}"#,
                " not of the documented type at line 1 ",
            ),
        ] {
            let reason = answered(status, body).await.expect_err(body);
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[tokio::test]
    async fn no_region_and_no_answer_are_told() {
        let mut context = test_context("http://127.0.0.1:1");
        let credential = Credential::token("hunter2");
        let reason = asked(&context, &credential).await.unwrap_err();
        let expected = "http://127.0.0.1:1 does not answer: ";
        assert!(reason.contains(expected), "{reason}");
        context.region = None;
        let reason = asked(&context, &credential).await.unwrap_err();
        assert_eq!(reason, "the client has no region");
        let unsendable = Credential::token("hunter2\n");
        let context = test_context("http://127.0.0.1:1");
        let reason = asked(&context, &unsendable).await.unwrap_err();
        assert!(reason.contains("no HTTP header may have"), "{reason}");
    }
}
