//! The client and its builder.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::credentials::Credentials;
use crate::endpoint;
use crate::error::Error;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(60);

/// A client of the service. Cloning it is cheap, clones share their connections.
///
/// It has a method for each operation; they return builders.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    endpoint: String,
    project_id: Option<String>,
    credentials: Credentials,
}

impl Client {
    /// Starts a builder with nothing set.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// The base URL that requests go to.
    pub fn endpoint(&self) -> &str {
        &self.0.endpoint
    }

    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.0.http
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    pub(crate) fn default_project_id(&self) -> Result<String, String> {
        self.0.project_id.clone().ok_or_else(|| {
            "project_id is missing: set it with .project_id(…) on the call or on the client's \
             builder"
                .to_owned()
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("endpoint", &self.0.endpoint)
            .field("project_id", &self.0.project_id)
            .field("credentials", &self.0.credentials)
            .finish_non_exhaustive()
    }
}

/// Builds a [`Client`]. Needed are credentials, and a region or an endpoint.
#[derive(Default)]
#[must_use = "nothing happens before .build()"]
pub struct ClientBuilder {
    region: Option<String>,
    endpoint: Option<String>,
    project_id: Option<String>,
    credentials: Option<Credentials>,
    connect_timeout: Option<Duration>,
    timeout: Option<Duration>,
    allow_http: bool,
    http: Option<reqwest::ClientBuilder>,
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

    /// The project of every call that does not set its own.
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

    /// How long a request may take, from connecting to the last byte of its answer; 60 seconds
    /// unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Whether a plain `http://` endpoint may be on another machine. Credentials and secrets then
    /// travel in clear.
    pub fn allow_http(mut self, allow: bool) -> Self {
        self.allow_http = allow;
        self
    }

    /// Settings of the transport: proxies, certificates, connection pools, default headers.
    ///
    /// Redirects and verbose logging are turned off whatever it says: the one would carry the
    /// token to another host, the other would log what is sent and received. Time-outs that are
    /// set here are replaced by those of this builder.
    pub fn http_client_builder(mut self, builder: reqwest::ClientBuilder) -> Self {
        self.http = Some(builder);
        self
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
        let endpoint = match (&self.endpoint, &self.region) {
            (Some(given), region) => {
                if let Some(region) = region {
                    endpoint::of_region(region).map_err(Error::build)?;
                }
                endpoint::parse(given, self.allow_http).map_err(Error::build)?
            }
            (None, Some(region)) => endpoint::of_region(region).map_err(Error::build)?,
            (None, None) => {
                return Err(Error::build(
                    "neither region nor endpoint; call .region(…) or .endpoint(…)",
                ));
            }
        };
        let http = self
            .http
            .unwrap_or_default()
            .user_agent(concat!("csms-api/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT_TIMEOUT))
            .timeout(self.timeout.unwrap_or(TIMEOUT))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connection_verbose(false)
            .build()
            .map_err(|error| Error::build("the HTTP client can't be built").because(error))?;
        Ok(Client(Arc::new(Inner {
            http,
            endpoint,
            project_id: self.project_id,
            credentials,
        })))
    }
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
            .field("allow_http", &self.allow_http)
            .finish_non_exhaustive()
    }
}
