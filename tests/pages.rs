//! Pages → contracts, and what holds for any file that is imported.

use std::fs;
use std::path::Path;

use csms_gen::import::contract_text;
use csms_gen::page;
use tests::chain::{CONTRACTS, id};

#[path = "../csms-gen/fuzz/invariants.rs"]
mod invariants;
mod page_renderer;

#[test]
fn every_contract_reads_back_from_its_page() {
    for contract in CONTRACTS.iter() {
        let text = page_renderer::page(contract, "做一件事。");
        let read = page::read(&text).unwrap_or_else(|error| panic!("{}: {error}", id(contract)));
        let mut expected = contract.clone();
        // Those that have no page have no title.
        expected
            .title
            .get_or_insert_with(|| id(contract).to_owned());
        assert_eq!(
            contract_text(&read.contract),
            contract_text(&expected),
            "{:#?}\n{text}",
            read.warnings
        );
    }
}

/// The fuzz target's corpus: what it found, and what it starts from.
#[test]
fn corpus_is_imported_consistently() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../csms-gen/fuzz/corpus/import");
    let mut count = 0;
    for file in fs::read_dir(corpus).unwrap() {
        invariants::hold_for(&fs::read(file.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0);
}
