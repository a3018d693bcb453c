//! How a call proves who makes it: what is sent, where it comes from, when it is renewed.

mod answer;
mod chain;
mod environment;
mod metadata;
mod password;
mod profile;
mod project;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};
use tokio::sync::Mutex;

pub use password::PasswordCredentials;
pub(crate) use project::look_up as look_up_project;

use crate::clock::Clock;
use crate::error::Error;
use crate::secret::SecretText;
use crate::signer::sign;

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// How long before its end a credential is renewed.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);

/// How long a source that failed is left alone while the credential before is still good.
const RENEW_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// What one request signs in with. It never shows its secrets, and their memory is cleared.
#[derive(Clone, Eq)]
pub struct Credential {
    pub(crate) kind: CredentialKind,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) project_id: Option<String>,
    /// Where IAM knows it, if not where the client says.
    pub(crate) iam_endpoint: Option<String>,
    /// Where it was found, as its source says.
    pub(crate) place: Option<String>,
}

#[derive(Clone, PartialEq, Eq)]
pub(crate) enum CredentialKind {
    Token(SecretText),
    AccessKey {
        access_key: String,
        secret_key: SecretText,
        security_token: Option<SecretText>,
    },
}

impl Credential {
    /// A token of the identity service IAM, sent as `X-Auth-Token`.
    pub fn token(token: impl Into<SecretText>) -> Self {
        Self::of(CredentialKind::Token(token.into()))
    }

    /// A permanent access key and its secret key, which sign each request.
    pub fn access_key(access_key: impl Into<String>, secret_key: impl Into<SecretText>) -> Self {
        Self::of(CredentialKind::AccessKey {
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            security_token: None,
        })
    }

    /// A temporary access key, with the security token that goes with it.
    pub fn temporary(
        access_key: impl Into<String>,
        secret_key: impl Into<SecretText>,
        security_token: impl Into<SecretText>,
    ) -> Self {
        Self::of(CredentialKind::AccessKey {
            access_key: access_key.into(),
            secret_key: secret_key.into(),
            security_token: Some(security_token.into()),
        })
    }

    /// When it ends; its source is asked again some minutes before.
    #[must_use]
    pub fn expiring_at(mut self, time: SystemTime) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// The project that it is for, used by clients that have none of their own.
    #[must_use]
    pub fn with_project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }

    fn of(kind: CredentialKind) -> Self {
        Self {
            kind,
            expires_at: None,
            project_id: None,
            iam_endpoint: None,
            place: None,
        }
    }

    /// The access key, if it is one.
    #[cfg(feature = "cli")]
    pub(crate) fn access_key_id(&self) -> Option<&str> {
        match &self.kind {
            CredentialKind::Token(_) => None,
            CredentialKind::AccessKey { access_key, .. } => Some(access_key),
        }
    }

    /// What can be told wrong without asking the service; names no value.
    fn check(&self) -> Result<(), String> {
        match &self.kind {
            CredentialKind::Token(token) => token_header(token).map(drop),
            CredentialKind::AccessKey { access_key, .. } if access_key.is_empty() => {
                Err("the access key is empty".to_owned())
            }
            CredentialKind::AccessKey { secret_key, .. } if secret_key.expose().is_empty() => {
                Err("the secret key is empty".to_owned())
            }
            CredentialKind::AccessKey { .. } => Ok(()),
        }
    }

    /// Signs a request of your own as those of the client are: adds the token, or signs it with the
    /// access key as it is now, its body included.
    ///
    /// # Errors
    ///
    /// The credential can't be sent in a header; the body is a stream, or over 12 MiB, which
    /// only a token can authenticate.
    pub fn sign(
        &self,
        request: &mut Request,
        project_id: Option<&str>,
        now: SystemTime,
    ) -> Result<(), Error> {
        self.apply(request, project_id, now)
            .map_err(|reason| Error::usage("Credential::sign", reason))
    }

    /// Adds to the request what proves who makes it. The reason for a failure names no value.
    pub(crate) fn apply(
        &self,
        request: &mut Request,
        project_id: Option<&str>,
        now: SystemTime,
    ) -> Result<(), String> {
        match &self.kind {
            CredentialKind::Token(token) => {
                request
                    .headers_mut()
                    .insert(AUTH_TOKEN, token_header(token)?);
                Ok(())
            }
            CredentialKind::AccessKey {
                access_key,
                secret_key,
                security_token,
            } => sign(
                request,
                access_key,
                secret_key,
                security_token.as_ref(),
                project_id,
                now,
            ),
        }
    }

    /// The same from nowhere, to compare.
    #[cfg(test)]
    fn without_place(&self) -> Self {
        let mut credential = self.clone();
        credential.place = None;
        credential
    }

    /// What is secret in it.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretText> {
        let secrets = match &self.kind {
            CredentialKind::Token(token) => [Some(token), None],
            CredentialKind::AccessKey {
                secret_key,
                security_token,
                ..
            } => [Some(secret_key), security_token.as_ref()],
        };
        secrets.into_iter().flatten()
    }

    /// Whether it signs requests.
    pub(crate) fn is_key(&self) -> bool {
        matches!(self.kind, CredentialKind::AccessKey { .. })
    }

    fn is_fresh(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| {
            end.duration_since(now)
                .is_ok_and(|left| left > RENEW_BEFORE)
        })
    }

    fn is_valid(&self, now: SystemTime) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// Where it was found does not matter.
impl PartialEq for Credential {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.expires_at == other.expires_at
            && self.project_id == other.project_id
            && self.iam_endpoint == other.iam_endpoint
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Credential");
        match &self.kind {
            CredentialKind::Token(_) => shown.field("token", &"<redacted>"),
            CredentialKind::AccessKey { access_key, .. } => shown
                .field("access_key", access_key)
                .field("secret_key", &"<redacted>"),
        };
        shown
            .field("expires_at", &self.expires_at)
            .field("project_id", &self.project_id)
            .field("iam_endpoint", &self.iam_endpoint)
            .finish()
    }
}

fn token_header(token: &SecretText) -> Result<HeaderValue, String> {
    if token.expose().is_empty() {
        return Err("the token is empty".to_owned());
    }
    let mut value = HeaderValue::from_str(token.expose()).map_err(|_| {
        "the token has characters that no HTTP header may have, such as a line break at its end"
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// Why a source has no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// There is nothing where the source looks; a chain goes on with the next one. The text says
    /// where it looked and what was missing.
    NotFound(String),
    /// There is something and it can't be used: half set, malformed, refused. A chain stops here.
    /// The text says what and what to do, without any secret.
    Invalid(String),
    /// There is something that can't be reached, or fails, for now: the same may succeed later, and
    /// calls ask again as their retry policy says. A chain stops here.
    Unavailable(String),
}

impl SourceError {
    /// The same with more in its text.
    fn explain(self, about: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::NotFound(reason) => Self::NotFound(about(reason)),
            Self::Invalid(reason) => Self::Invalid(about(reason)),
            Self::Unavailable(reason) => Self::Unavailable(about(reason)),
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(reason) | Self::Invalid(reason) | Self::Unavailable(reason) => {
                f.write_str(reason)
            }
        }
    }
}

impl std::error::Error for SourceError {}

/// What a source may use to get its credential.
#[derive(Clone)]
pub struct SourceContext {
    /// The client's own transport; it never follows redirects.
    pub(crate) http: reqwest::Client,
    /// The same without any proxy, for addresses of the instance itself.
    pub(crate) direct: reqwest::Client,
    /// The base URL of IAM, without a slash at its end.
    pub(crate) iam_endpoint: String,
    /// Whether the user has said so, and it is not derived from the region.
    pub(crate) iam_endpoint_is_set: bool,
    /// The project that the user has set on the client.
    pub(crate) project_id: Option<String>,
    /// The region of the client.
    pub(crate) region: Option<String>,
    /// The time.
    pub(crate) clock: Clock,
}

impl SourceContext {
    /// The client's own transport; it never follows redirects.
    pub fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// The base URL of IAM, without a slash at its end.
    pub fn iam_endpoint(&self) -> &str {
        &self.iam_endpoint
    }

    /// The project that was set on the client's builder.
    pub fn project_id(&self) -> Option<&str> {
        self.project_id.as_deref()
    }

    /// The region of the client.
    pub fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl fmt::Debug for SourceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceContext")
            .field("iam_endpoint", &self.iam_endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// The future that a source returns.
pub type SourceFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Credential, SourceError>> + Send + 'a>>;

/// Where credentials come from. Implement it to bring your own source.
///
/// It is asked at the first call, and again shortly before what it gave ends; many calls that
/// need it at once ask it once. Its `Debug` output must not show a secret.
pub trait CredentialSource: fmt::Debug + Send + Sync {
    /// A credential as it is now.
    fn load<'a>(&'a self, context: &'a SourceContext) -> SourceFuture<'a>;

    /// What can be told wrong without asking anyone; [`ClientBuilder::build`] fails with it.
    ///
    /// [`ClientBuilder::build`]: crate::ClientBuilder::build
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// Whether asking again may give another credential when the service refused the first with
    /// 401. A source of fixed credentials says no.
    fn is_renewable(&self) -> bool {
        true
    }

    /// Where it looks, in words that show no secret.
    #[doc(hidden)]
    fn place(&self) -> String {
        "a source of the program".to_owned()
    }
}

/// What a [`Client`](crate::Client) signs in with. Cloning is cheap, clones share what was loaded.
/// It never shows what it holds.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    /// What its owner gave.
    Fixed(Arc<Credential>),
    Loaded(Arc<Source>),
}

struct Source {
    source: Box<dyn CredentialSource>,
    /// The lock is held while the source is asked: whoever comes meanwhile waits for its answer.
    loaded: Mutex<Loaded>,
}

#[derive(Default)]
struct Loaded {
    credential: Option<Arc<Credential>>,
    /// When the source failed last; it is left alone for a while if there is still a credential.
    failed_at: Option<SystemTime>,
}

impl Credentials {
    /// A token of the identity service IAM, sent as `X-Auth-Token`. Tokens live 24 hours.
    pub fn token(token: impl Into<SecretText>) -> Self {
        Self::fixed(Credential::token(token))
    }

    /// A permanent access key and its secret key, which sign each request.
    pub fn access_key(access_key: impl Into<String>, secret_key: impl Into<SecretText>) -> Self {
        Self::fixed(Credential::access_key(access_key, secret_key))
    }

    /// A temporary access key, with the security token that goes with it.
    pub fn temporary(
        access_key: impl Into<String>,
        secret_key: impl Into<SecretText>,
        security_token: impl Into<SecretText>,
    ) -> Self {
        Self::fixed(Credential::temporary(
            access_key,
            secret_key,
            security_token,
        ))
    }

    /// A user's name and password, for which IAM gives a token.
    pub fn password(credentials: PasswordCredentials) -> Self {
        Self::from_source(credentials)
    }

    /// `HUAWEICLOUD_SDK_AK`, `HUAWEICLOUD_SDK_SK`, `HUAWEICLOUD_SDK_SECURITY_TOKEN` and
    /// `HUAWEICLOUD_SDK_PROJECT_ID`, read when they are first needed.
    pub fn environment() -> Self {
        Self::from_source(environment::Environment::process())
    }

    /// A section of an INI file with the keys `ak`, `sk`, `security_token`, `project_id` and
    /// `iam_endpoint`, read when it is first needed.
    pub fn profile_file(path: impl Into<PathBuf>, section: impl Into<String>) -> Self {
        Self::from_source(profile::ProfileFile::new(path.into(), section.into()))
    }

    /// The temporary key that the metadata service gives to an instance with an agency.
    pub fn instance_metadata() -> Self {
        Self::from_source(metadata::InstanceMetadata::default())
    }

    /// The environment, then the section `basic` of the profile file
    /// (`HUAWEICLOUD_SDK_CREDENTIALS_FILE`, else `~/.huaweicloud/credentials`), then the instance
    /// metadata: the first that has anything.
    pub fn default_chain() -> Self {
        Self::from_source(chain::Chain::default_for_process())
    }

    /// A section of the profile file where the default chain looks for one.
    #[doc(hidden)]
    pub fn profile_section(section: impl Into<String>) -> Self {
        Self::from_source(chain::DefaultProfile::for_process(section.into()))
    }

    /// The default chain over other variables, another home and another metadata service, for
    /// tests.
    #[doc(hidden)]
    pub fn default_chain_over(
        variables: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
        home: Option<PathBuf>,
        metadata: &str,
    ) -> Self {
        Self::from_source(chain::Chain::over(
            environment::Variables::new(variables),
            move || home.clone(),
            metadata::InstanceMetadata::at(metadata),
        ))
    }

    /// A source of your own.
    pub fn from_source(source: impl CredentialSource + 'static) -> Self {
        Self(Kind::Loaded(Arc::new(Source {
            source: Box::new(source),
            loaded: Mutex::default(),
        })))
    }

    fn fixed(credential: Credential) -> Self {
        Self(Kind::Fixed(Arc::new(credential)))
    }

    /// What can be told wrong without asking anyone; names no value.
    pub(crate) fn check(&self) -> Result<(), String> {
        match &self.0 {
            Kind::Fixed(credential) => credential.check(),
            Kind::Loaded(source) => source.source.check(),
        }
    }

    /// The credential that is always the same, if nobody has to be asked for one.
    pub(crate) fn fixed_one(&self) -> Option<&Arc<Credential>> {
        match &self.0 {
            Kind::Fixed(credential) => Some(credential),
            Kind::Loaded(_) => None,
        }
    }

    /// The credential for a request that is sent now.
    pub(crate) async fn current(
        &self,
        context: &SourceContext,
    ) -> Result<Arc<Credential>, SourceError> {
        match &self.0 {
            Kind::Fixed(credential) => Ok(Arc::clone(credential)),
            Kind::Loaded(source) => source.current(context).await,
        }
    }

    /// Forgets a credential that the service refused. Returns whether another may be had.
    pub(crate) async fn refuse(&self, refused: &Credential) -> bool {
        match &self.0 {
            Kind::Fixed(_) => false,
            Kind::Loaded(source) => source.refuse(refused).await,
        }
    }
}

impl Source {
    async fn current(&self, context: &SourceContext) -> Result<Arc<Credential>, SourceError> {
        let mut loaded = self.loaded.lock().await;
        let now = context.clock.now();
        let has_just_failed = loaded.failed_at.is_some_and(|failed| {
            now.duration_since(failed)
                .is_ok_and(|passed| passed < RENEW_AGAIN_AFTER)
        });
        let usable = loaded.credential.as_ref().filter(|credential| {
            credential.is_fresh(now) || (has_just_failed && credential.is_valid(now))
        });
        if let Some(credential) = usable {
            return Ok(Arc::clone(credential));
        }
        match self.source.load(context).await {
            Ok(mut credential) => {
                let place = credential.place.take();
                credential.place = place.or_else(|| Some(self.source.place()));
                let credential = Arc::new(credential);
                loaded.credential = Some(Arc::clone(&credential));
                loaded.failed_at = None;
                Ok(credential)
            }
            // The old one serves to its end.
            Err(error) => {
                loaded.failed_at = Some(now);
                let old = loaded.credential.as_ref().filter(|old| old.is_valid(now));
                old.cloned().ok_or(error)
            }
        }
    }

    async fn refuse(&self, refused: &Credential) -> bool {
        if !self.source.is_renewable() {
            return false;
        }
        let mut loaded = self.loaded.lock().await;
        // Another call may have renewed it meanwhile.
        if loaded.credential.as_deref() == Some(refused) {
            loaded.credential = None;
        }
        true
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_tuple("Credentials");
        match &self.0 {
            Kind::Fixed(credential) => shown.field(credential),
            Kind::Loaded(source) => shown.field(&source.source),
        };
        shown.finish()
    }
}
