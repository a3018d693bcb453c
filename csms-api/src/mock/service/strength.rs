//! The setting of the strength check.

use super::answer::{Outcome, found};
use super::call::Call;
use super::state::State;
use crate::types::{CheckSecretsConfigResponseBody, UpdateSecretsConfigRequestBody};

pub(super) fn show(state: &mut State, _: &Call<'_>) -> Outcome {
    found(&CheckSecretsConfigResponseBody {
        checking_secret_strength: Some(state.checks_strength),
    })
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Outcome {
    let body: UpdateSecretsConfigRequestBody = call.body()?;
    if let Some(checks) = body.checking_secret_strength {
        state.checks_strength = checks;
    }
    show(state, call)
}
