//! The compiler of `csms-api`: documentation page → contract → spec → progenitor's input → code.
//!
//! One module per arrow; see `CONTRIBUTING.md` for the chain.

pub mod contract;
pub mod page;
