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
//! # What to rely on
//!
//! * **Tolerant answers.** Every field of an answer is optional. Null, missing and unknown
//!   fields, new values of enumerations and values beyond documented limits decode.
//! * **Requests as given.** Nothing is sent that was not set, an empty list is sent as `[]`, and
//!   the service judges values. Only an empty path parameter, `.` and `..` are refused, since
//!   they would address another resource.
//! * **One error type.** Every answer other than 2xx is an [`Error`] with its status, code,
//!   message and request id, whatever the body looks like.
//! * **Secrets do not show.** [`SecretText`] and [`SecretJson`] print as `<redacted>`, and no
//!   error, log or `Debug` output contains one, nor a token. Their memory is cleared on drop;
//!   buffers of the transport (HTTP, TLS) are not.
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
//! | `cli` | the command `csms` |
//! | `mock-service` | `mock::Service`, the service in memory |

#![deny(missing_docs)]

mod cache;
mod client;
mod clock;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod command;
mod convenience;
mod credentials;
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
