//! An embedded service in memory.

mod answer;
mod authenticate;
mod blob;
mod call;
mod check;
mod events;
mod gateway;
mod iam;
mod operations;
mod page;
mod passwords;
mod random;
mod rotation;
mod route;
mod secrets;
mod server;
mod stages;
mod state;
mod strength;
mod tags;
mod versions;

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::authenticate::{AccessKey, Account};
use self::state::State;
use crate::client::Client;
use crate::clock::Clock;
use crate::credentials::Credentials;
use crate::secret::SecretText;

/// The service in memory, on a port of this machine, with its behaviour instead of canned answers.
///
/// It lives on the runtime that started it and stops when it is dropped; what it holds is gone
/// then.
///
/// ```
/// use csms_api::mock::Service;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = Service::start().await?;
/// let client = service.client()?;
/// client.create_secret().name("demo").secret_string("hunter2").send().await?;
/// let value = client.get_secret_value("demo").await?;
/// assert_eq!(value.text(), Some("hunter2"));
/// # Ok(())
/// # }
/// ```
///
/// # Signing in
///
/// Every request needs the token ([`TOKEN`](Self::TOKEN) unless the builder sets another) in
/// `X-Auth-Token`, or a signature with the access key. A signature is made again from what
/// arrived; its date may be 15 minutes off the service's clock. `POST /v3/auth/tokens` of IAM
/// gives a token for the user, good for 24 hours, and `GET /v3/projects?name=…` tells the one
/// project under whatever name is asked for: set the client's `iam_endpoint` to the service's
/// [`endpoint`](Self::endpoint).
///
/// # What it simulates
///
/// | | |
/// |---|---|
/// | secrets | create, list, show, update, delete, import many; deletion by schedule and its cancelling. A deletion is carried out when its time is past by the service's clock |
/// | versions | `v1`, `v2`, …; the newest is `latest`; `SYSCURRENT` goes to a new version unless stages are given, and whenever creating a version moves it, the version that had it gets `SYSPREVIOUS`, unless that was given too. A secret keeps 20 versions: one more takes the place of the oldest without a stage, which the service may delete |
/// | stages | up to 12; UpdateSecretStage moves that one stage alone, and makes it if it is new |
/// | tags | add (a value for a key that is there replaces it), remove, list, search. Removing many ignores keys that are not there; the tags of a project end with the documented 20 keys of 10 values |
/// | events | create, list, show, update, delete unless subscribed to. Each occurrence on a subscribed secret is a record of ListNotificationRecords with the status `SUCCESS`; nothing is sent. `SECRET_VERSION_NEAR_EXPIRY` does not occur |
/// | backups | text that any such service takes back, with the id, the versions, stages and tags of the secret. It is scrambled, not protected |
/// | rotation | of secrets that are not `COMMON`, when asked for: a value with `users` gets new passwords for them, any other is replaced by random text. Nothing is rotated by itself |
/// | others | BatchGetSecretValue (an unknown or unreadable secret is left out), GenerateRandomPassword (without policies), the setting of the strength check |
///
/// Every other operation answers 501 with its name.
///
/// While the deletion of a secret is scheduled its metadata can be read and its tags can be
/// changed; its values can't be read, and it can't be updated, rotated or backed up, nor can its
/// versions and stages be changed.
///
/// # Errors
///
/// | status | code | for |
/// |---|---|---|
/// | 400 | `CSMS.0002` | a value that is not as documented, too many of something, a name that is taken |
/// | 400 | `CSMS.0003` | what can't be done: to rotate a `COMMON` secret, to delete an event that secrets subscribe to |
/// | 400 | `CSMS.0004` | a body that is no JSON, or lacks a field, or has one of another type |
/// | 400 | `CSMS.0005` | a body that names a version or an event that is not there |
/// | 400 | `CSMS.0103`, `CSMS.0107` | a secret whose deletion is scheduled: it can't be used, or scheduled again |
/// | 400 | `CSMS.0105` | deleting `SYSCURRENT` or `SYSPREVIOUS` |
/// | 400 | `CSMS.0108` | RestoreSecret, when no deletion is scheduled |
/// | 401 | `APIGW.0301` | no token and no signature, or one that is not right |
/// | 403 | `KMS.0321` | another project than the service's |
/// | 404 | `CSMS.0101` | a secret that is not there |
/// | 404 | `CSMS.0005` | a version, stage, tag or event that is not there |
/// | 404, 405 | `APIGW.0101` | a path or a method that is of no operation |
/// | 413 | `APIGW.0201` | a body of more than 12 MiB |
/// | 501 | `MOCK.0501` | an operation that is not simulated |
pub struct Service {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// What every connection works on.
struct Shared {
    account: Account,
    clock: Clock,
    state: Mutex<State>,
}

impl Service {
    /// The token that is good unless [`ServiceBuilder::token`] sets another.
    pub const TOKEN: &'static str = "mock-token";
    /// The access key that is good unless [`ServiceBuilder::access_key`] sets another.
    pub const ACCESS_KEY: &'static str = "MOCKACCESSKEY";
    /// The secret key of [`ACCESS_KEY`](Self::ACCESS_KEY).
    pub const SECRET_KEY: &'static str = "mock-secret-key";
    /// The project unless [`ServiceBuilder::project_id`] sets another.
    pub const PROJECT_ID: &'static str = "0123456789abcdef0123456789abcdef";
    /// The name of the user, and of the domain, unless [`ServiceBuilder::user`] sets others.
    pub const USER: &'static str = "mock";
    /// The password of [`USER`](Self::USER).
    pub const PASSWORD: &'static str = "mock-password";

    /// Starts a service with defaults on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Starts a builder with defaults.
    pub fn builder() -> ServiceBuilder {
        ServiceBuilder::default()
    }

    /// The base URL, for clients on this machine; it serves IAM, too.
    pub fn endpoint(&self) -> String {
        let mut address = self.address;
        // No address to call, but all those to listen on.
        match address.ip() {
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            _ => {}
        }
        format!("http://{address}")
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The project that it serves.
    pub fn project_id(&self) -> &str {
        &self.shared.account.project_id
    }

    /// A client of this service, signed in with its token.
    ///
    /// # Errors
    ///
    /// Those of [`ClientBuilder::build`](crate::ClientBuilder::build): a token that can't be sent,
    /// or an address that is not of this machine.
    pub fn client(&self) -> Result<Client, crate::Error> {
        Client::builder()
            .endpoint(self.endpoint())
            .iam_endpoint(self.endpoint())
            .project_id(self.project_id())
            .credentials(Credentials::token(self.shared.account.token.clone()))
            .build()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The task owns the connections, which end with it.
        self.accepting.abort();
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("address", &self.address)
            .field("project_id", &self.project_id())
            .finish_non_exhaustive()
    }
}

/// Builds a [`Service`]. Whatever is not set is as the constants of [`Service`] say.
#[derive(Debug, Clone)]
#[must_use = "nothing happens before .start() or .listen(…)"]
pub struct ServiceBuilder {
    account: Account,
    clock: Clock,
}

impl Default for ServiceBuilder {
    fn default() -> Self {
        Self {
            account: Account {
                token: Service::TOKEN.into(),
                access_key: AccessKey {
                    id: Service::ACCESS_KEY.to_owned(),
                    secret_key: Service::SECRET_KEY.into(),
                    security_token: None,
                },
                project_id: Service::PROJECT_ID.to_owned(),
                user: Service::USER.to_owned(),
                password: Service::PASSWORD.into(),
                domain: Service::USER.to_owned(),
            },
            clock: Clock::default(),
        }
    }
}

impl ServiceBuilder {
    /// The token that is good, for as long as the service runs.
    pub fn token(mut self, token: impl Into<SecretText>) -> Self {
        self.account.token = token.into();
        self
    }

    /// The permanent access key whose signature is good.
    pub fn access_key(
        mut self,
        access_key: impl Into<String>,
        secret_key: impl Into<SecretText>,
    ) -> Self {
        self.account.access_key = AccessKey {
            id: access_key.into(),
            secret_key: secret_key.into(),
            security_token: None,
        };
        self
    }

    /// The temporary access key whose signature is good, together with its security token.
    pub fn temporary(
        mut self,
        access_key: impl Into<String>,
        secret_key: impl Into<SecretText>,
        security_token: impl Into<SecretText>,
    ) -> Self {
        self.account.access_key = AccessKey {
            id: access_key.into(),
            secret_key: secret_key.into(),
            security_token: Some(security_token.into()),
        };
        self
    }

    /// The user to whom IAM gives a token: name, password and the domain (account).
    pub fn user(
        mut self,
        name: impl Into<String>,
        password: impl Into<SecretText>,
        domain: impl Into<String>,
    ) -> Self {
        self.account.user = name.into();
        self.account.password = password.into();
        self.account.domain = domain.into();
        self
    }

    /// The project that the service serves.
    pub fn project_id(mut self, project_id: impl Into<String>) -> Self {
        self.account.project_id = project_id.into();
        self
    }

    /// The clock that signatures, tokens, times of secrets and scheduled deletions go by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Starts the service on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// There is no free port.
    pub async fn start(self) -> io::Result<Service> {
        self.listen(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// Starts the service on an address; the port 0 means a free one.
    ///
    /// # Errors
    ///
    /// The address can't be listened on, as when the port is in use; the error names it.
    pub async fn listen(self, address: SocketAddr) -> io::Result<Service> {
        let name_address = |error: io::Error| {
            io::Error::new(
                error.kind(),
                format!("{address} can't be listened on: {error}"),
            )
        };
        let listener = TcpListener::bind(address).await.map_err(name_address)?;
        let address = listener.local_addr().map_err(name_address)?;
        let shared = Arc::new(Shared {
            account: self.account,
            clock: self.clock,
            state: Mutex::new(State::new()),
        });
        let accepting = tokio::spawn(server::accept(listener, Arc::clone(&shared)));
        Ok(Service {
            address,
            shared,
            accepting,
        })
    }
}
