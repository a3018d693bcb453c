//! What holds for every file that is imported. The fuzz target and `tests/pages.rs` check it.

use std::sync::LazyLock;

use csms_gen::changes::changes;
use csms_gen::contract::Contract;
use csms_gen::import::contract_text;
use csms_gen::lint::lint;
use csms_gen::page;
use csms_gen::spec::Spec;
use csms_gen::spec::compare::compare;
use csms_gen::spec::corrections::Corrections;
use csms_gen::spec::merge::Merger;
use serde_json::Value;

/// A spec with two operations, and their contracts.
struct Base {
    spec: Spec,
    contracts: Vec<Contract>,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let text = r#"{
        "openapi": "3.0.3",
        "info": {"title": "Widgets", "version": "1"},
        "security": [{"token": []}],
        "paths": {},
        "components": {
            "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "X-Auth-Token"}},
            "schemas": {"SecretText": {"type": "string", "format": "password"}}
        }
    }"#;
    let mut spec = Spec::parse("base.json", text).expect("the base is an object");
    let corrections = Corrections::default();
    let mut merger = Merger::new(&mut spec, &corrections);
    let contracts: Vec<Contract> = [
        page::read(include_str!("../src/page/fixtures/repo-zh.md")),
        page::read_contract(include_str!(
            "../../openapi/contracts/CreateSecretEvent.json"
        )),
    ]
    .map(|page| page.expect("the base's pages can be read").contract)
    .into();
    for contract in &contracts {
        merger.merge(contract);
        assert_eq!(compare(contract, merger.spec()), []);
    }
    Base { spec, contracts }
});

/// Reads `bytes` as a page and as a contract; what can be read is imported.
///
/// # Panics
///
/// When something does not hold.
pub fn hold_for(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    for page in [page::read(text), page::read_contract(text)]
        .into_iter()
        .flatten()
    {
        is_stored_faithfully(&page.contract);
        if page.contract.operation_id.is_some() {
            is_merged_wholly_or_not_at_all(&page.contract);
        }
    }
}

/// What is written to a contract's file reads back as the same contract.
fn is_stored_faithfully(contract: &Contract) {
    let text = contract_text(contract);
    let again = match page::read_contract(&text) {
        Ok(page) => page.contract,
        Err(error) => panic!("its own contract is refused: {error}\n{text}"),
    };
    assert_eq!(contract_text(&again), text);
    assert_eq!(changes(contract, &again), []);
}

fn is_merged_wholly_or_not_at_all(contract: &Contract) {
    let corrections = Corrections::default();
    let mut spec = BASE.spec.clone();
    let before = spec.text();
    let conflicts = conflicts(contract);
    let mut merger = Merger::new(&mut spec, &corrections);
    let affected = merger.merge(contract);
    let merged = merger.spec().text();
    only_adds(&BASE.spec.value, &merger.spec().value, "");
    let differences = merger.compare(contract);
    assert_eq!(differences, compare(contract, merger.spec()));
    if !conflicts {
        assert_eq!(differences, [], "{merged}");
    }
    for other in &BASE.contracts {
        let id = other.operation_id.as_deref().unwrap_or_default();
        let is_affected = affected.contains(id) || contract.operation_id.as_deref() == Some(id);
        assert!(is_affected || merger.compare(other).is_empty(), "{merged}");
    }
    lint(merger.spec());

    merger.undo();
    assert_eq!(merger.spec().text(), before, "undo leaves something behind");
    merger.merge(contract);
    assert_eq!(merger.spec().text(), merged, "undo changes the next merge");
    if differences.is_empty() {
        merger.merge(contract);
        assert_eq!(merger.spec().text(), merged, "the second merge adds");
    }
}

/// Whether the base has the operation, or another one at its place.
fn conflicts(contract: &Contract) -> bool {
    let method = contract.method.to_lowercase();
    BASE.spec.operations().any(|operation| {
        operation.id == contract.operation_id.as_deref()
            || (operation.path == contract.path && operation.method == method)
    })
}

/// Everything that was there is there still, in its order.
fn only_adds(before: &Value, after: &Value, pointer: &str) {
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let mut keys = after.keys();
            for (key, value) in before {
                let at = format!("{pointer}/{key}");
                assert!(keys.any(|k| k == key), "{at} is gone or moved");
                only_adds(value, after.get(key).unwrap_or(&Value::Null), &at);
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            assert!(before.len() <= after.len(), "{pointer} is shorter");
            for (i, (before, after)) in before.iter().zip(after).enumerate() {
                only_adds(before, after, &format!("{pointer}/{i}"));
            }
        }
        _ => assert_eq!(before, after, "{pointer} has changed"),
    }
}
