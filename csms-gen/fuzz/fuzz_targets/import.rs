//! Whatever a file holds, importing it neither panics nor leaves an inconsistent state.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../invariants.rs"]
mod invariants;

fuzz_target!(|bytes: &[u8]| invariants::hold_for(bytes));
