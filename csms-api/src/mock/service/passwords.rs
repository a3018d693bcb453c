//! Random passwords.

use super::answer::{Outcome, Refusal, found};
use super::call::Call;
use super::random::below;
use super::state::State;
use crate::secret::SecretText;
use crate::types::{CreatePasswordRequestBody, CreatePasswordResponse};

const LENGTH: usize = 32;

/// The documentation names no limit.
const LENGTH_LIMIT: usize = 4096;

const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// Letters and digits that make a value of a rotated secret.
pub(super) fn random() -> SecretText {
    let kinds = [LOWERCASE, UPPERCASE, NUMBERS].map(|kind| kind.chars().collect());
    SecretText::from(password(&kinds, LENGTH, true))
}

pub(super) fn generate(_: &mut State, call: &Call<'_>) -> Outcome {
    let body: CreatePasswordRequestBody = call.body()?;
    if body.password_policy_name.is_some() {
        return Err(Refusal::value("password_policy_name is not simulated"));
    }
    let length = body
        .length
        .map_or(Some(LENGTH), |length| usize::try_from(length).ok())
        .filter(|length| (1..=LENGTH_LIMIT).contains(length))
        .ok_or_else(|| Refusal::value("length is 1 to 4096"))?;
    let kinds = kinds(&body);
    let must_have_all = body.require_each_included_type.unwrap_or_default();
    if kinds.is_empty() {
        return Err(Refusal::value("every character is excluded"));
    }
    if must_have_all && kinds.len() > length {
        return Err(Refusal::value("length is too short for each included type"));
    }
    found(&CreatePasswordResponse {
        password: Some(SecretText::from(password(&kinds, length, must_have_all))),
    })
}

/// The characters of each kind that may occur, without kinds that have none.
fn kinds(body: &CreatePasswordRequestBody) -> Vec<Vec<char>> {
    let excluded = body.exclude_characters.as_deref().unwrap_or_default();
    let kinds = [
        (LOWERCASE, body.exclude_lowercase),
        (UPPERCASE, body.exclude_uppercase),
        (NUMBERS, body.exclude_numbers),
        (PUNCTUATION, body.exclude_punctuation),
        (" ", Some(body.include_space != Some(true))),
    ];
    kinds
        .into_iter()
        .filter(|(_, is_excluded)| *is_excluded != Some(true))
        .map(|(kind, _)| kind.chars().filter(|c| !excluded.contains(*c)).collect())
        .filter(|kind: &Vec<char>| !kind.is_empty())
        .collect()
}

fn password(kinds: &[Vec<char>], length: usize, must_have_all: bool) -> String {
    let all = kinds.concat();
    let required = kinds.iter().filter(|_| must_have_all).take(length);
    let mut characters: Vec<_> = required.filter_map(|kind| pick(kind)).collect();
    while characters.len() < length {
        let Some(character) = pick(&all) else { break };
        characters.push(character);
    }
    for place in (1..characters.len()).rev() {
        characters.swap(place, below(place + 1));
    }
    characters.into_iter().collect()
}

fn pick(characters: &[char]) -> Option<char> {
    characters.get(below(characters.len())).copied()
}
