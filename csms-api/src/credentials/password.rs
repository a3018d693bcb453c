//! A user's name and password, for which IAM gives a token.

use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Body, Method, Request, Url};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::answer::{Answer, exchange, parse_json};
use super::{Credential, CredentialSource, SourceContext, SourceError, SourceFuture};
use crate::secret::SecretText;
use crate::time::parse_iso8601;

/// A user of IAM who signs in with a password.
///
/// The token is for the project with the [given id](Self::project_id), else for that of the client,
/// else for the project that has the name of the client's region. It is fetched at the first call and kept until shortly
/// before it ends.
///
/// ```
/// use csms_api::{Credentials, PasswordCredentials};
///
/// let user = PasswordCredentials::new("alice", "correct horse", "acme");
/// let credentials = Credentials::password(user);
/// ```
#[derive(Debug, Clone)]
pub struct PasswordCredentials {
    user_name: String,
    password: SecretText,
    domain_name: String,
    project_id: Option<String>,
}

impl PasswordCredentials {
    /// A user by name, and the domain (account) that the user belongs to.
    pub fn new(
        user_name: impl Into<String>,
        password: impl Into<SecretText>,
        domain_name: impl Into<String>,
    ) -> Self {
        Self {
            user_name: user_name.into(),
            password: password.into(),
            domain_name: domain_name.into(),
            project_id: None,
        }
    }

    /// The project that the token is for.
    #[must_use]
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }

    async fn fetch(&self, context: &SourceContext) -> Result<Credential, SourceError> {
        let token = self.token(context).await;
        token.map_err(|error| {
            error.explain(|reason| {
                format!(
                    "no token for user {} of domain {}: {reason}",
                    self.user_name.escape_debug(),
                    self.domain_name.escape_debug()
                )
            })
        })
    }

    async fn token(&self, context: &SourceContext) -> Result<Credential, SourceError> {
        let project_id = self.project_id.as_deref().or(context.project_id());
        let project = match (project_id, &context.region) {
            (Some(id), _) => Project::Id(id),
            (None, Some(region)) => Project::Name(region),
            (None, None) => {
                return Err(SourceError::Invalid(
                    "there is neither a project nor a region; set one with \
                     PasswordCredentials::project_id or the client's .region(…)"
                        .to_owned(),
                ));
            }
        };
        let iam = context.iam_endpoint.as_str();
        let body = self.body(project).map_err(SourceError::Invalid)?;
        let request = request(iam, body).map_err(SourceError::Invalid)?;
        let answer = exchange(&context.http, iam, request).await?;
        if !answer.status.is_success() {
            return Err(answer.refusal(iam, &[&self.password]));
        }
        self.credential(answer)
            .map_err(|reason| SourceError::Invalid(format!("{iam}: {reason}")))
    }

    /// The JSON to send, in the one buffer that the transport gets.
    fn body(&self, project: Project<'_>) -> Result<Zeroizing<Vec<u8>>, String> {
        let texts = [
            &self.user_name,
            self.password.expose(),
            &self.domain_name,
            project.text(),
        ];
        // JSON makes one byte six at most. A buffer that grows would leave copies behind.
        let capacity = 512 + 6 * texts.iter().map(|text| text.len()).sum::<usize>();
        let mut body = Zeroizing::new(Vec::with_capacity(capacity));
        let sent = TokenRequest {
            auth: Auth {
                identity: Identity {
                    methods: ["password"],
                    password: Password {
                        user: User {
                            name: &self.user_name,
                            password: self.password.expose(),
                            domain: Domain {
                                name: &self.domain_name,
                            },
                        },
                    },
                },
                scope: Scope { project },
            },
        };
        serde_json::to_writer(&mut *body, &sent)
            .map_err(|_| "the request can't be written".to_owned())?;
        Ok(body)
    }

    fn credential(&self, answer: Answer) -> Result<Credential, String> {
        let token = answer
            .subject_token
            .ok_or("the answer has no header X-Subject-Token")?;
        let body: TokenAnswer = parse_json(&answer.body)?;
        let about = body.token.ok_or("the answer has no token")?;
        let end = about
            .expires_at
            .ok_or("the answer has no token.expires_at")?;
        let end = parse_iso8601(&end).ok_or("token.expires_at is not a time")?;
        let credential = Credential::token(token).expiring_at(end);
        let project_id = about
            .project
            .and_then(|project| project.id)
            .filter(|id| !id.is_empty())
            .or_else(|| self.project_id.clone());
        Ok(match project_id {
            Some(id) => credential.with_project_id(id),
            None => credential,
        })
    }
}

impl CredentialSource for PasswordCredentials {
    fn load<'a>(&'a self, context: &'a SourceContext) -> SourceFuture<'a> {
        Box::pin(self.fetch(context))
    }
}

fn request(iam: &str, mut body: Zeroizing<Vec<u8>>) -> Result<Request, String> {
    let url = Url::parse(&format!("{iam}/v3/auth/tokens"))
        .map_err(|error| format!("the endpoint of IAM is no URL ({error})"))?;
    let mut request = Request::new(Method::POST, url);
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json);
    *request.body_mut() = Some(Body::from(std::mem::take(&mut *body)));
    Ok(request)
}

#[derive(Serialize)]
struct TokenRequest<'a> {
    auth: Auth<'a>,
}

#[derive(Serialize)]
struct Auth<'a> {
    identity: Identity<'a>,
    scope: Scope<'a>,
}

#[derive(Serialize)]
struct Identity<'a> {
    methods: [&'static str; 1],
    password: Password<'a>,
}

#[derive(Serialize)]
struct Password<'a> {
    user: User<'a>,
}

#[derive(Serialize)]
struct User<'a> {
    name: &'a str,
    password: &'a str,
    domain: Domain<'a>,
}

#[derive(Serialize)]
struct Domain<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Scope<'a> {
    project: Project<'a>,
}

#[derive(Serialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Project<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl<'a> Project<'a> {
    fn text(self) -> &'a str {
        match self {
            Self::Id(text) | Self::Name(text) => text,
        }
    }
}

#[derive(Deserialize)]
struct TokenAnswer {
    token: Option<About>,
}

#[derive(Deserialize)]
struct About {
    expires_at: Option<String>,
    project: Option<AnsweredProject>,
}

#[derive(Deserialize)]
struct AnsweredProject {
    id: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use httpmock::MockServer;
    use serde_json::{Value, json};

    use super::PasswordCredentials;
    use crate::credentials::project::test_context;
    use crate::credentials::{Credential, Credentials, SourceContext, SourceError};

    fn user() -> PasswordCredentials {
        PasswordCredentials::new("alice", "hunter2 \"\\\u{1}é", "acme")
    }

    fn sent(scope: Value) -> Value {
        json!({ "auth": {
            "identity": {
                "methods": ["password"],
                "password": { "user": {
                    "name": "alice",
                    "password": "hunter2 \"\\\u{1}é",
                    "domain": { "name": "acme" },
                }},
            },
            "scope": { "project": scope },
        }})
    }

    fn answer() -> Value {
        json!({ "token": {
            "expires_at": "2026-11-25T03:47:23.000000Z",
            "project": { "id": "p", "name": "cn-north-4" },
            "catalog": [],
        }})
    }

    fn expected() -> Credential {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_578_443);
        Credential::token("hunter2-token")
            .expiring_at(end)
            .with_project_id("p")
    }

    async fn fails(user: &PasswordCredentials, context: &SourceContext) -> String {
        match user.fetch(context).await {
            Err(SourceError::Invalid(reason) | SourceError::Unavailable(reason)) => {
                assert!(!reason.contains("hunter2"), "{reason}");
                assert!(reason.contains("user alice of domain acme"), "{reason}");
                reason
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_password_does_not_show_and_is_written_once() {
        let user = user();
        assert!(!format!("{user:?} {user:#?}").contains("hunter2"));
        let nasty = PasswordCredentials::new("\u{1}".repeat(999), "\u{1}".repeat(999), "");
        let body = nasty.body(super::Project::Name("")).unwrap();
        assert_eq!(body.capacity(), 512 + 6 * 2 * 999);
    }

    #[tokio::test]
    async fn the_token_is_for_the_region_or_the_given_project() {
        for (user, of_client, scope) in [
            (user(), None, json!({ "name": "cn-north-4" })),
            (user(), Some("c"), json!({ "id": "c" })),
            (user().project_id("q"), Some("c"), json!({ "id": "q" })),
        ] {
            let server = MockServer::start_async().await;
            let mock = server
                .mock_async(|when, then| {
                    when.method("POST")
                        .path("/v3/auth/tokens")
                        .header("Content-Type", "application/json")
                        .json_body(sent(scope));
                    then.status(201)
                        .header("X-Subject-Token", "hunter2-token")
                        .json_body(answer());
                })
                .await;
            let mut context = test_context(&server.base_url());
            context.project_id = of_client.map(str::to_owned);
            let outcome = user.fetch(&context).await;
            assert_eq!(outcome, Ok(expected()));
            mock.assert_async().await;
        }
    }

    #[tokio::test]
    async fn refusals_name_the_user() {
        for (status, body, expected) in [
            (
                401,
                r#"{"error":{"code":401,"message":"The username or password is wrong."}}"#,
                " answered 401: The username or password is wrong.",
            ),
            (
                400,
                r#"{"error_code":"IAM.0011","error_msg":"m"}"#,
                " answered 400 IAM.0011: m",
            ),
            (
                401,
                "{\"error\":{\"message\":\"hunter2 \\\"\\\\\\u0001é is wrong\"}}",
                " answered 401",
            ),
            (302, "", " answered 302"),
            (503, "<html>hunter2</html>", " answered 503"),
            (201, "{}", ": the answer has no header X-Subject-Token"),
        ] {
            let server = MockServer::start_async().await;
            server
                .mock_async(|_, then| {
                    then.status(status).body(body);
                })
                .await;
            let reason = fails(&user(), &test_context(&server.base_url())).await;
            assert!(reason.ends_with(expected), "{reason}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_not_as_documented_is_refused() {
        for (body, expected) in [
            ("", ": the answer is not a JSON object"),
            ("{}", ": the answer has no token"),
            (
                r#"{"token":{"expires_at":"hunter2"}}"#,
                ": token.expires_at is not a time",
            ),
            (r#"{"token":{}}"#, ": the answer has no token.expires_at"),
        ] {
            let server = MockServer::start_async().await;
            server
                .mock_async(|_, then| {
                    then.status(201)
                        .header("X-Subject-Token", "hunter2-token")
                        .body(body);
                })
                .await;
            let reason = fails(&user(), &test_context(&server.base_url())).await;
            assert!(reason.ends_with(expected), "{reason}");
        }
    }

    #[tokio::test]
    async fn no_region_and_no_answer_are_told() {
        let mut context = test_context("http://127.0.0.1:1");
        let reason = fails(&user(), &context).await;
        assert!(reason.contains(" does not answer: "), "{reason}");
        context.region = None;
        let reason = fails(&user(), &context).await;
        assert!(
            reason.contains("neither a project nor a region"),
            "{reason}"
        );
    }

    #[tokio::test]
    async fn many_tasks_fetch_one_token() {
        let server = MockServer::start_async().await;
        let mock = server
            .mock_async(|_, then| {
                then.status(201)
                    .header("X-Subject-Token", "hunter2-token")
                    .json_body(answer())
                    .delay(Duration::from_millis(50));
            })
            .await;
        let context = test_context(&server.base_url());
        let credentials = Credentials::password(user());
        assert!(!format!("{credentials:?}").contains("hunter2"));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let (credentials, context) = (credentials.clone(), context.clone());
                tokio::spawn(async move { credentials.current(&context).await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().unwrap().without_place(), expected());
        }
        mock.assert_async().await;

        // Refused by many, it is fetched once more.
        let refused = credentials.current(&context).await.unwrap();
        for _ in 0..3 {
            assert!(credentials.refuse(&refused).await);
        }
        assert_eq!(
            credentials.current(&context).await.unwrap().without_place(),
            expected()
        );
        assert_eq!(
            credentials.current(&context).await.unwrap().without_place(),
            expected()
        );
        assert_eq!(mock.calls_async().await, 2);
    }
}
