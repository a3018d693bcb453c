//! What the test targets share.

pub mod chain;
pub mod checkout;
pub mod json_schema;
pub mod lab;
pub mod raw_server;
pub mod sample;
pub mod scripted;
pub mod sentinel;
