//! The documented forms and limits of values.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::answer::Refusal;
use super::state::Value;
use crate::secret::SecretText;

/// The longest value, and the longest base64 of one.
const VALUE_LIMIT: usize = 32 * 1024;

const HOUR: i64 = 60 * 60 * 1000;

fn is_name(text: &str, others: &[char]) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || others.contains(&c);
    (1..=64).contains(&text.len()) && text.chars().all(fits)
}

/// The name of a secret.
pub(super) fn secret_name(name: &str) -> Result<(), Refusal> {
    if is_name(name, &['_', '-', '.']) {
        return Ok(());
    }
    Err(Refusal::value(
        "the name of a secret has 1 to 64 letters, digits, `_`, `-` or `.`",
    ))
}

/// The name of an event, a topic or a stage.
pub(super) fn plain_name(what: &str, name: &str) -> Result<(), Refusal> {
    if is_name(name, &['_', '-']) {
        return Ok(());
    }
    Err(Refusal::value(format!(
        "the name of {what} has 1 to 64 letters, digits, `_` or `-`"
    )))
}

/// Text of so many characters at most.
pub(super) fn at_most(limit: usize, what: &str, text: Option<&str>) -> Result<(), Refusal> {
    match text {
        Some(text) if text.chars().count() > limit => Err(Refusal::value(format!(
            "{what} has at most {limit} characters"
        ))),
        _ => Ok(()),
    }
}

/// Exactly one of text and bytes.
pub(super) fn value(text: Option<SecretText>, bytes: Option<SecretText>) -> Result<Value, Refusal> {
    let value = match (text, bytes) {
        (Some(text), None) => Value::Text(text),
        (None, Some(bytes)) => Value::Bytes(bytes),
        _ => {
            return Err(Refusal::value(
                "give exactly one of secret_string and secret_binary",
            ));
        }
    };
    let (Value::Text(held) | Value::Bytes(held)) = &value;
    if held.expose().len() > VALUE_LIMIT {
        return Err(Refusal::value("a value has at most 32 KiB"));
    }
    if matches!(value, Value::Bytes(_)) && BASE64_STANDARD.decode(held.expose()).is_err() {
        return Err(Refusal::value("secret_binary is no base64"));
    }
    Ok(value)
}

/// A time that a version expires at.
pub(super) fn expire_time(time: Option<i64>) -> Result<(), Refusal> {
    match time {
        Some(time) if !(0..=9_999_999_999_999).contains(&time) => Err(Refusal::value(
            "expire_time is in milliseconds, 0 to 9999999999999",
        )),
        _ => Ok(()),
    }
}

/// `12h` in milliseconds.
pub(super) fn rotation_period(text: &str) -> Result<i64, Refusal> {
    let milliseconds = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit = match unit {
            "d" => 24 * HOUR,
            "h" => HOUR,
            "m" => HOUR / 60,
            "s" => 1000,
            _ => return None,
        };
        let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
        let number: i64 = is_number.then(|| number.parse().ok())??;
        number.checked_mul(unit)
    };
    milliseconds()
        .filter(|period| (6 * HOUR..=365 * 24 * HOUR).contains(period))
        .ok_or_else(|| {
            Refusal::value("rotation_period is a number and d, h, m or s, from 6 hours to 365 days")
        })
}

/// The id of a key. The page of UpdateSecret takes any text of 2 to 64 characters, but no key has
/// an id of another form.
pub(super) fn key_id(text: &str) -> Result<(), Refusal> {
    if is_uuid(text) {
        return Ok(());
    }
    Err(Refusal::value("kms_key_id is no UUID"))
}

/// An id in the form of a UUID.
fn is_uuid(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.chars().all(fits))
}

/// A tag's key as it may be set.
pub(super) fn tag_key(key: &str) -> Result<(), Refusal> {
    let fits = |c: char| is_tag_character(c) && c != '/';
    let is_key = (1..=128).contains(&key.chars().count())
        && key.chars().all(fits)
        && !key.starts_with("_sys_")
        && !key.starts_with(char::is_whitespace)
        && !key.ends_with(char::is_whitespace);
    is_key.then_some(()).ok_or_else(|| {
        Refusal::value(
            "a tag's key has 1 to 128 letters, digits, spaces or `_.:=+-@`, no space at its ends, \
             and does not start with `_sys_`",
        )
    })
}

pub(super) fn tag_value(value: &str) -> Result<(), Refusal> {
    let is_value = value.chars().count() <= 255 && value.chars().all(is_tag_character);
    is_value.then_some(()).ok_or_else(|| {
        Refusal::value("a tag's value has at most 255 letters, digits, spaces or `_.:/=+-@`")
    })
}

fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

/// The number that a limit or an offset says.
pub(super) fn number(
    what: &str,
    text: Option<&str>,
    default: usize,
    range: std::ops::RangeInclusive<usize>,
) -> Result<usize, Refusal> {
    let Some(text) = text else {
        return Ok(default);
    };
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten();
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (from, to) = (range.start(), range.end());
            Refusal::value(format!("{what} is a number from {from} to {to}"))
        })
}
