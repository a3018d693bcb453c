//! The id of the project that has the name of a region, as IAM knows it.

use std::time::Duration;

use reqwest::{Request, Response, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::metadata::{cause, parse_json, read_body};
use super::{Credential, CredentialKind, SourceContext};
use crate::secret::SecretText;

/// How long IAM may take, from connecting to the last byte of its answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// No answer of IAM is longer; that to a token lists all endpoints of the cloud.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// IAM's own words are cut behind so many characters.
const MESSAGE_LIMIT: usize = 300;

/// The id of the project of the client's region, asked for with the credential.
pub(crate) async fn look_up(
    context: &SourceContext,
    credential: &Credential,
) -> Result<String, String> {
    let region = context
        .region
        .as_deref()
        .ok_or("the client has no region")?;
    let iam = credential
        .iam_endpoint
        .as_deref()
        .unwrap_or(&context.iam_endpoint);
    ask(context, credential, iam, region)
        .await
        .map_err(|reason| {
            format!(
                "the project of region {region} can't be looked up: {reason}; set it with \
             .project_id(…)"
            )
        })
}

async fn ask(
    context: &SourceContext,
    credential: &Credential,
    iam: &str,
    region: &str,
) -> Result<String, String> {
    let mut request = request(iam, region)?;
    credential.apply(&mut request, None, context.clock.now())?;
    let answer = exchange(&context.http, iam, request).await?;
    if !answer.status.is_success() {
        return Err(answer.refusal(iam, &secrets(credential)));
    }
    project_id(&answer.body, region).map_err(|reason| format!("{iam}: {reason}"))
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

/// A whole answer of IAM.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) subject_token: Option<SecretText>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Sends a request to IAM and reads its answer, whatever the status.
pub(super) async fn exchange(
    http: &reqwest::Client,
    iam: &str,
    mut request: Request,
) -> Result<Answer, String> {
    *request.timeout_mut() = Some(TIMEOUT);
    let response = http
        .execute(request)
        .await
        .map_err(|error| format!("{iam} does not answer: {}", cause(&error)))?;
    let status = response.status();
    let subject_token = subject_token(&response);
    let body = read_body(response, ANSWER_LIMIT)
        .await
        .map_err(|failure| format!("{iam} answered {}: {}", status.as_u16(), failure.reason));
    Ok(Answer {
        status,
        subject_token,
        // The status of a refusal says more than the break.
        body: match body {
            Err(_) if !status.is_success() => Zeroizing::default(),
            body => body?,
        },
    })
}

fn subject_token(response: &Response) -> Option<SecretText> {
    let token = response.headers().get("x-subject-token")?.to_str().ok()?;
    (!token.is_empty()).then(|| SecretText::from(token))
}

impl Answer {
    /// The status, with IAM's code and message unless they repeat one of the secrets.
    pub(super) fn refusal(&self, iam: &str, secrets: &[&SecretText]) -> String {
        let status = self.status.as_str();
        let is_harmless = |text: &String| !secrets.iter().any(|s| text.contains(s.expose()));
        let value: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let code = first_of(&value, ["error_code", "code"])
            .filter(is_harmless)
            .filter(|code| code != status)
            .map(|code| format!(" {}", cut(&code)));
        let message = first_of(&value, ["error_msg", "message"])
            .filter(is_harmless)
            .map(|message| format!(": {}", cut(&message)));
        let said: String = [code, message].into_iter().flatten().collect();
        format!("{iam} answered {status}{said}")
    }
}

/// The first of the fields that an error answer has, in `error` or beside it.
fn first_of(answer: &Value, names: [&str; 2]) -> Option<String> {
    let mut objects = answer.get("error").into_iter().chain([answer]);
    objects.find_map(|object| {
        names.iter().find_map(|name| match object.get(name)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    })
}

fn cut(text: &str) -> String {
    let text = text.chars().take(MESSAGE_LIMIT);
    text.flat_map(char::escape_debug).collect()
}

#[cfg(test)]
pub(super) fn test_context(iam: &str) -> SourceContext {
    let http = reqwest::Client::builder()
        .no_proxy()
        .tls_certs_only([])
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let now = std::time::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    SourceContext {
        direct: http.clone(),
        http,
        iam_endpoint: iam.to_owned(),
        region: Some("cn-north-4".to_owned()),
        clock: crate::clock::Clock::new(move || now),
    }
}

#[cfg(test)]
mod tests {
    use httpmock::MockServer;
    use serde_json::{Value, json};

    use super::{look_up, test_context};
    use crate::credentials::Credential;

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
        let outcome = look_up(&test_context(&server.base_url()), &credential).await;
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
        assert_eq!(look_up(&context, &credential).await.as_deref(), Ok("p"));
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
        assert_eq!(look_up(&context, &credential).await.as_deref(), Ok("p"));
        mock.assert_async().await;
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
        let reason = look_up(&context, &credential).await.unwrap_err();
        let expected = "http://127.0.0.1:1 does not answer: ";
        assert!(reason.contains(expected), "{reason}");
        context.region = None;
        let reason = look_up(&context, &credential).await.unwrap_err();
        assert_eq!(reason, "the client has no region");
        let unsendable = Credential::token("hunter2\n");
        let context = test_context("http://127.0.0.1:1");
        let reason = look_up(&context, &unsendable).await.unwrap_err();
        assert!(reason.contains("no HTTP header may have"), "{reason}");
    }
}
