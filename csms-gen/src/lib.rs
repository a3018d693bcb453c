//! The compiler of `csms-api`: documentation page → contract → spec → progenitor's input → code.
//!
//! One module per arrow; see `CONTRIBUTING.md` for the chain.

pub mod changes;
pub mod contract;
pub mod drift;
pub mod emit;
pub mod generate;
pub mod import;
pub mod lint;
pub mod lower;
pub mod page;
pub mod problem;
pub mod spec;
pub mod workspace;
