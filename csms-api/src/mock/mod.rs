//! The service without an account, for tests and trials.
//!
//! [`Service`] behaves as the service does: what is created can be read. With the feature `mock`,
//! [`MockServerExt`] makes a server of [httpmock](https://docs.rs/httpmock) give the one answer
//! that a test needs, typed and documented for each operation:
//!
//! ```
//! # #[cfg(feature = "mock")]
//! # #[tokio::main]
//! # async fn main() -> Result<(), csms_api::Error> {
//! use csms_api::mock::MockServerExt;
//! use csms_api::{Client, Credentials, types::DownloadSecretBlobResponseBody};
//! use httpmock::MockServer;
//!
//! let server = MockServer::start_async().await;
//! let body: DownloadSecretBlobResponseBody =
//!     DownloadSecretBlobResponseBody::builder().secret_blob("blob".to_owned()).try_into().unwrap();
//! let mock = server.download_secret_blob(|when, then| {
//!     when.secret_name("demo");
//!     then.ok(&body);
//! });
//!
//! let client = Client::builder()
//!     .endpoint(server.base_url())
//!     .project_id("p")
//!     .credentials(Credentials::token("t"))
//!     .build()?;
//! client.download_secret_blob().secret_name("demo").send().await?;
//! mock.assert();
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "mock"))]
//! # fn main() {}
//! ```
//!
//! httpmock prints the requests that it received, with their bodies, when an assertion of a mock
//! fails: give mocks no real secrets.

#[cfg(feature = "mock")]
pub(crate) mod matching;
mod service;

#[cfg(feature = "mock")]
pub use crate::generated::mock::{MockServerExt, operations};
pub use service::{Service, ServiceBuilder};
