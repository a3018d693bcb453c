//! The service without an account, for tests and trials.

mod service;

pub use service::{Service, ServiceBuilder};
