//! What the test targets share.

pub mod chain;
pub mod checkout;
pub mod json_schema;
pub mod raw_server;
pub mod sample;
pub mod scripted;
pub mod sentinel;
