//! Each link of the chain is broken in turn: `cargo xtask generate --check` names what was broken.

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use csms_gen::workspace::{CONTRACTS, CORRECTIONS, GENERATED, SPEC};
use serde_json::{Value, json};
use tests::checkout::{Checkout, Edit, remove, rename, set};

const CHECK: [&str; 2] = ["generate", "--check"];

const BACKUP: &str = "/paths/~1v1~1{project_id}~1secrets~1{secret_name}~1backup";
const CHECKER: &str = "/paths/~1v1~1{project_id}~1secrets~1checker~1check";
const EVENTS: &str = "/paths/~1v1~1{project_id}~1csms~1events";
const SCHEMAS: &str = "/components/schemas";
const JSON: &str = "content/application~1json";

/// What each neighbour says at a place.
struct Difference {
    place: String,
    page_says: &'static str,
    spec_says: &'static str,
}

fn differ(place: String, page_says: &'static str, spec_says: &'static str) -> Difference {
    Difference {
        place,
        page_says,
        spec_says,
    }
}

/// A name, the break, and the differences that the report must list.
type Break = (&'static str, Vec<Edit>, Vec<Difference>);

/// Makes each break in a copy of its own. The report must list each difference with the contract's
/// file, the operation and the place in the spec. All failures are told at once.
fn assert_differences(id: &str, broken_file: &str, breaks: &[Break]) {
    let contract = format!("error: {CONTRACTS}/{id}.json: {id}: ");
    let failures =
        breaks.iter().filter_map(|(name, edits, differences)| {
            let checkout = Checkout::small();
            checkout.edit(broken_file, edits);
            let lines: Vec<String> = differences
            .iter()
            .map(|Difference { place, page_says, spec_says }| {
                format!("{contract}{place}: the page says {page_says}, the spec says {spec_says};")
            })
            .collect();
            let findings: Vec<[&str; 1]> = lines.iter().map(|line| [line.as_str()]).collect();
            let failure = checkout.refuses(&CHECK, &slices(&findings)).err()?;
            Some(format!("{name}: {failure}"))
        });
    let failures: Vec<String> = failures.collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn assert_contract_breaks(id: &str, breaks: &[Break]) {
    assert_differences(id, &format!("{CONTRACTS}/{id}.json"), breaks);
}

fn assert_spec_breaks(id: &str, breaks: &[Break]) {
    assert_differences(id, SPEC, breaks);
}

fn slices<const N: usize>(findings: &[[&'static str; N]]) -> Vec<&'static [&'static str]> {
    findings.iter().map(|parts| parts.as_slice()).collect()
}
