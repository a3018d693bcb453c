//! What the test targets share.

pub mod checkout;
pub mod raw_server;
pub mod sentinel;
