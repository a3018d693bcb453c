//! A typed async client for Huawei Cloud CSMS, the Cloud Secret Management Service.
//!
//! Every operation of the service is a method of [`Client`] that returns a builder: set the
//! parameters, [`send`](builder::DownloadSecretBlob::send), and read a typed answer. Methods and
//! [`types`] are generated from an OpenAPI spec of the service; [`OPERATIONS`] lists them.
//!
//! ```no_run
//! use csms_api::{Client, Credentials, Error};
//!
//! # async fn example() -> Result<(), Error> {
//! let client = Client::builder()
//!     .region("cn-north-4")
//!     .project_id("0d0466b0e8e34b9aa2e4ed7e4c6c2e2e")
//!     .credentials(Credentials::token("MIIDkgYJ…"))
//!     .build()?;
//!
//! let backup = client.download_secret_blob().secret_name("demo").send().await?;
//! let blob = backup.secret_blob.as_ref().map_or("", |blob| blob.expose());
//! println!("{} bytes, request id {:?}", blob.len(), backup.request_id());
//! # Ok(())
//! # }
//! ```
//!
//! # Sign in
//!
//! [`Client::from_env`] takes what is there: region and keys from the environment, a profile file
//! or the metadata of the instance. [`Credentials`] has each source on its own, and
//! [`CredentialSource`] is for one of your own. Tokens and temporary keys are renewed before they
//! end. A project id that nobody gave is looked up once.
//!
//! # Errors
//!
//! Every failure is an [`Error`], without a type parameter, so that `?` works. Any answer other
//! than 2xx keeps its status, code, message and request id, whatever its body looks like:
//!
//! ```no_run
//! # async fn example(client: csms_api::Client) -> Result<(), csms_api::Error> {
//! match client.show_secret().secret_name("demo").send().await {
//!     Ok(answer) => println!("{:?}", answer.secret),
//!     Err(error) if error.is_not_found() => println!("there is none"),
//!     // ShowSecret: 403 CSMS.0003: … (request id 7f3c…)
//!     Err(error) => return Err(error),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Retries and time
//!
//! A call is sent up to three times within 60 seconds, see [`RetryPolicy`]. What may have been
//! done is sent again only where the [operation](OPERATIONS) is safe to repeat: never two creates.
//! `Retry-After` is honoured. [`Client::with_timeout`] and [`Client::with_retry`] change the policy
//! for one call; dropping a call's future cancels it.
//!
//! # Requests and answers
//!
//! * **Tolerant answers.** Every field of an answer is optional. Null, missing and unknown
//!   fields, new values of enumerations and values beyond documented limits decode.
//! * **Requests as given.** Nothing is sent that was not set, an empty list is sent as `[]`, and
//!   the service judges values. Only an empty path parameter, `.` and `..` are refused, since
//!   they would address another resource.
//! * **Lists.** The builders of paged lists have `.stream()` for items and `.pages()` for whole
//!   answers; a page is requested when it is polled for.
//!
//! # Secrets
//!
//! [`SecretText`] and [`SecretJson`] print as `<redacted>`; `.expose()` gives what they hold. No
//! error, log, span or `Debug` output contains a secret, a token or a key. Their memory is cleared
//! on drop; buffers of the transport (HTTP, TLS) are not.
//!
//! # What counts as a breaking change
//!
//! What a newer service adds is not one: new operations, fields, values of enumerations, statuses.
//! Types are `#[non_exhaustive]` and built by builders, enumerations keep values they do not know.
//! Not one either: texts of errors and logs, the order of fields, documentation, hidden items, a
//! higher `rust-version` (in a minor version). One is: a name that goes or changes its type, a
//! field of a request that becomes required, another default of [`RetryPolicy`], another meaning
//! of an exit status of the command. Before version 1.0 a breaking change raises the minor version.
//!
//! # Features
//!
//! | feature | for |
//! |---|---|
//! | `rustls` (default) | TLS with rustls |
//! | `native-tls` | TLS of the operating system |
//! | `http2` | HTTP/2 |
//! | `schemars` | `JsonSchema` for all [`types`] |
//! | `tracing` | a span for each call, an event for each retry |
//! | `mock-service` | `mock::Service`, the service in memory, for tests |
//! | `mock` | also typed mocks of every operation for httpmock |
//! | `cli` | the command `csms`: `cargo install csms-api --features cli` |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod cache;
mod client;
mod clock;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod command;
mod convenience;
mod credentials;
mod echo;
mod endpoint;
mod error;
#[rustfmt::skip]
#[allow(clippy::all, clippy::pedantic)]
mod generated;
mod into_option;
#[cfg(feature = "mock-service")]
pub mod mock;
mod observe;
mod open_enum;
mod operation;
mod pagination;
#[cfg(feature = "schemars")]
#[doc(hidden)]
pub mod registry;
mod response;
mod retry;
mod rt;
mod secret;
mod signer;
mod time;

pub use cache::SecretCache;
pub use client::{Client, ClientBuilder};
pub use clock::Clock;
pub use convenience::{SecretBytes, SecretValue};
pub use credentials::{
    Credential, CredentialSource, Credentials, PasswordCredentials, SourceContext, SourceError,
    SourceFuture,
};
pub use error::Error;
pub use generated::operations::OPERATIONS;
pub use generated::{builder, types};
pub use into_option::IntoOption;
pub use open_enum::UnknownValue;
pub use operation::{Operation, Paging, PagingStyle};
pub use pagination::{Items, PageFuture, Paged, Pages};
pub use response::ResponseValue;
pub use retry::RetryPolicy;
pub use secret::{SecretJson, SecretText};

/// The examples of the README compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
