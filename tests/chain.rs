//! The links of the chain as they are stored: spec, contracts, corrections, registry.

use std::path::Path;
use std::sync::LazyLock;

use csms_api::registry::{BODIES, Body, CALLS, Call};
use csms_gen::contract::Contract;
use csms_gen::spec::corrections::{Corrections, Kind};
use csms_gen::spec::{Operation, Spec};
use csms_gen::workspace::Workspace;

static WORKSPACE: LazyLock<Workspace> = LazyLock::new(|| {
    Workspace::around(Path::new(env!("CARGO_MANIFEST_DIR"))).expect("tests lie in the workspace")
});

/// The spec.
pub static SPEC: LazyLock<Spec> = LazyLock::new(|| WORKSPACE.spec().expect("the spec is JSON"));

/// Every stored contract.
pub static CONTRACTS: LazyLock<Vec<Contract>> = LazyLock::new(|| {
    let (contracts, problems) = WORKSPACE.contracts();
    assert!(problems.is_empty(), "{problems:?}");
    contracts
        .into_iter()
        .map(|stored| stored.contract)
        .collect()
});

/// Every correction.
pub static CORRECTIONS: LazyLock<Corrections> =
    LazyLock::new(|| WORKSPACE.corrections().expect("the corrections are a list"));

/// The documented id of a contract's operation.
pub fn id(contract: &Contract) -> &str {
    contract
        .operation_id
        .as_deref()
        .expect("stored contracts have an id")
}

/// An operation of the spec.
pub fn operation(id: &str) -> Operation<'static> {
    SPEC.operation(id)
        .unwrap_or_else(|| panic!("{id} is in the spec"))
}

/// The generated type of a body: of the request, or of the answer with a status.
pub fn body(id: &str, status: Option<&str>) -> Option<&'static Body> {
    BODIES
        .iter()
        .find(|body| body.operation.id == id && body.status == status)
}

/// An operation as a function of JSON values.
pub fn call(id: &str) -> &'static Call {
    CALLS
        .iter()
        .find(|call| call.operation.id == id)
        .unwrap_or_else(|| panic!("{id} is in the registry"))
}

/// Whether a correction says that this field of this operation is otherwise than its page says.
pub fn is_corrected(id: &str, field: &str) -> bool {
    let end = format!("/properties/{field}");
    CORRECTIONS.entries.iter().any(|entry| {
        entry.kind == Kind::Fact
            && entry.operations.iter().any(|operation| operation == id)
            && entry
                .pointers
                .iter()
                .any(|pointer| pointer.trim_end_matches("/type").ends_with(&end))
    })
}
