//! The client and its builder.

use std::env;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::credentials::{Credentials, SourceContext};
use crate::endpoint;
use crate::error::Error;
use crate::retry::RetryPolicy;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(30);

const REGION: &str = "HUAWEICLOUD_SDK_REGION";

/// A client of the service. Cloning it is cheap, clones share their connections, credentials and
/// what was looked up.
///
/// It has a method for each operation; they return builders.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    retry: RetryPolicy,
}

struct Shared {
    endpoint: String,
    #[cfg(feature = "tracing")]
    host: String,
    project_id: Option<String>,
    looked_up_project: OnceCell<String>,
    credentials: Credentials,
    context: SourceContext,
    timeout: Duration,
}

impl Client {
    /// Starts a builder with nothing set.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client from the environment alone.
    ///
    /// The region is that of `HUAWEICLOUD_SDK_REGION`; its endpoint may be overridden by
    /// `HUAWEICLOUD_SDK_REGION_CSMS_<REGION>`, the region's id in upper case and with `_` for
    /// `-`. The credentials are those of [`Credentials::default_chain`]. The project is that of
    /// `HUAWEICLOUD_SDK_PROJECT_ID`, of the profile, or is looked up in IAM by the first call
    /// that needs it.
    ///
    /// # Errors
    ///
    /// There is no region, or no credentials: the error lists what was tried.
    pub async fn from_env() -> Result<Self, Error> {
        let client = ClientBuilder::from_env()?.build()?;
        client
            .shared
            .credentials
            .current(&client.shared.context)
            .await
            .map_err(|error| Error::build(format!("no credentials: {error}")))?;
        Ok(client)
    }

    /// The base URL that requests go to.
    pub fn endpoint(&self) -> &str {
        &self.shared.endpoint
    }

    /// The same client whose calls take at most this long, with all their attempts and delays.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        self.with_retry(self.retry.with_overall_timeout(timeout))
    }

    /// The same client with another retry policy.
    #[must_use]
    pub fn with_retry(&self, policy: RetryPolicy) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            retry: policy,
        }
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.shared.context.http
    }

    #[cfg(feature = "tracing")]
    pub(crate) fn host(&self) -> &str {
        &self.shared.host
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.shared.credentials
    }

    pub(crate) fn context(&self) -> &SourceContext {
        &self.shared.context
    }

    pub(crate) fn retry(&self) -> &RetryPolicy {
        &self.retry
    }

    pub(crate) fn attempt_timeout(&self) -> Duration {
        self.shared.timeout
    }

    /// The project of calls that do not set their own, as far as it is known without asking.
    pub(crate) fn known_project_id(&self) -> Option<&str> {
        let looked_up = self.shared.looked_up_project.get();
        self.shared
            .project_id
            .as_deref()
            .or(looked_up.map(String::as_str))
    }

    pub(crate) fn looked_up_project(&self) -> &OnceCell<String> {
        &self.shared.looked_up_project
    }

    pub(crate) fn default_project_id(&self) -> Result<String, String> {
        self.known_project_id()
            .map(str::to_owned)
            .ok_or_else(|| crate::rt::PROJECT_ID_MISSING.to_owned())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.shared.endpoint)
            .field("project_id", &self.known_project_id())
            .field("credentials", &self.shared.credentials)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Builds a [`Client`]. Needed are credentials, and a region or an endpoint.
#[derive(Default)]
#[must_use = "nothing happens before .build()"]
pub struct ClientBuilder {
    region: Option<String>,
    endpoint: Option<String>,
    iam_endpoint: Option<String>,
    project_id: Option<String>,
    credentials: Option<Credentials>,
    connect_timeout: Option<Duration>,
    timeout: Option<Duration>,
    retry: RetryPolicy,
    allow_http: bool,
    user_agent_suffix: Option<String>,
    clock: Clock,
    http: HttpSettings,
}

/// What the user has set of the transport.
#[derive(Default)]
enum HttpSettings {
    #[default]
    Default,
    Custom(Box<reqwest::ClientBuilder>),
}

impl ClientBuilder {
    /// The region whose endpoint is called, such as `cn-north-4`.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// The base URL to call instead of the region's; it may have a path.
    ///
    /// Plain `http://` is accepted for loopback hosts only, see [`allow_http`](Self::allow_http).
    pub fn endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.endpoint = Some(endpoint.into());
        self
    }

    /// The base URL of IAM, which gives tokens and knows projects, instead of the region's or that
    /// of a profile.
    pub fn iam_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.iam_endpoint = Some(endpoint.into());
        self
    }

    /// The project of every call that does not set its own.
    ///
    /// Without one, the project of the credentials is used, else that of the region is looked up
    /// in IAM by the first call that needs it.
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.project_id = Some(project_id.into());
        self
    }

    /// What to sign in with.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// How long connecting may take; 10 seconds unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// How long one attempt may take, from connecting to the last byte of its answer; 30 seconds
    /// unless set. The whole call is limited by [`RetryPolicy::overall_timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// When calls are sent again; [`RetryPolicy::none`] turns that off.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Whether a plain `http://` endpoint may be on another machine. Credentials and secrets then
    /// travel in clear.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// What to add to the header `User-Agent`, such as `my-program/1.0`.
    pub fn user_agent_suffix(mut self, suffix: impl Into<String>) -> Self {
        self.user_agent_suffix = Some(suffix.into());
        self
    }

    /// The clock that requests are signed with, for tests.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Settings of the transport: proxies, certificates, connection pools, default headers.
    ///
    /// Redirects and verbose logging are turned off whatever it says: the one would carry the
    /// token to another host, the other would log what is sent and received. Its own time-outs
    /// and its `User-Agent` are replaced by those of this builder.
    pub fn http_client_builder(mut self, builder: reqwest::ClientBuilder) -> Self {
        self.http = HttpSettings::Custom(Box::new(builder));
        self
    }

    /// The settings that the environment gives, see [`Client::from_env`].
    fn from_env() -> Result<Self, Error> {
        let builder = Self::of_environment(None);
        match builder.region {
            Some(_) => Ok(builder),
            None => Err(Error::build(format!(
                "no region: set {REGION}, such as cn-north-4"
            ))),
        }
    }

    /// The settings that the environment gives; a region that is given wins over the variable.
    #[doc(hidden)]
    pub fn of_environment(region: Option<String>) -> Self {
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let region = region.or_else(|| variable(REGION));
        let endpoint = region.as_deref().and_then(|region| {
            let id = region.to_uppercase().replace('-', "_");
            variable(&format!("{REGION}_CSMS_{id}"))
        });
        Self {
            region,
            endpoint,
            project_id: variable("HUAWEICLOUD_SDK_PROJECT_ID"),
            credentials: Some(Credentials::default_chain()),
            ..Self::default()
        }
    }

    /// Builds the client.
    ///
    /// # Errors
    ///
    /// Credentials are missing or can't be sent, there is neither region nor endpoint, or they
    /// are not valid, or TLS can't be set up.
    pub fn build(self) -> Result<Client, Error> {
        let credentials = self
            .credentials
            .ok_or_else(|| Error::build("no credentials; call .credentials(…)"))?;
        credentials.check().map_err(Error::build)?;
        let region = self.region.as_deref();
        let of_region = region
            .map(endpoint::of_region)
            .transpose()
            .map_err(Error::build)?;
        let endpoint = match (&self.endpoint, of_region) {
            (Some(given), _) => endpoint::parse(given, self.allow_http).map_err(Error::build)?,
            (None, Some(of_region)) => of_region,
            (None, None) => {
                return Err(Error::build(
                    "neither region nor endpoint; call .region(…) or .endpoint(…)",
                ));
            }
        };
        let iam_endpoint = match &self.iam_endpoint {
            Some(given) => endpoint::parse(given, self.allow_http)
                .map_err(|reason| Error::build(format!("IAM: {reason}")))?,
            None => endpoint::of_iam(region).map_err(Error::build)?,
        };
        let user_agent = user_agent(self.user_agent_suffix.as_deref());
        let connect_timeout = self.connect_timeout.unwrap_or(CONNECT_TIMEOUT);
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        let prepare = |builder: reqwest::ClientBuilder| {
            builder
                .timeout(timeout)
                .user_agent(&user_agent)
                .connect_timeout(connect_timeout)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .connection_verbose(false)
                .build()
                .map_err(|error| Error::build("the HTTP client can't be built").because(error))
        };
        let http = match self.http {
            HttpSettings::Default => reqwest::Client::builder(),
            HttpSettings::Custom(builder) => *builder,
        };
        let json = HeaderValue::from_static("application/json");
        let http = http.default_headers(HeaderMap::from_iter([(ACCEPT, json)]));
        Ok(Client {
            shared: Arc::new(Shared {
                #[cfg(feature = "tracing")]
                host: endpoint::host(&endpoint),
                endpoint,
                project_id: self.project_id.clone(),
                looked_up_project: OnceCell::new(),
                credentials,
                context: SourceContext {
                    http: prepare(http)?,
                    direct: prepare(direct_transport())?,
                    iam_endpoint,
                    iam_endpoint_is_set: self.iam_endpoint.is_some(),
                    project_id: self.project_id.clone(),
                    region: self.region,
                    clock: self.clock,
                },
                timeout,
            }),
            retry: self.retry,
        })
    }
}

/// The transport to addresses of the instance itself: no proxy, and no TLS to load roots for.
fn direct_transport() -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder().no_proxy();
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    let builder = builder.tls_certs_only([]);
    builder
}

fn user_agent(suffix: Option<&str>) -> String {
    let own = concat!("csms-api/", env!("CARGO_PKG_VERSION"));
    suffix.map_or_else(|| own.to_owned(), |suffix| format!("{own} {suffix}"))
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An endpoint that build() has not judged yet may hold a password, the settings of the
        // transport may hold headers.
        f.debug_struct("ClientBuilder")
            .field("region", &self.region)
            .field("project_id", &self.project_id)
            .field("credentials", &self.credentials)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("allow_http", &self.allow_http)
            .finish_non_exhaustive()
    }
}
