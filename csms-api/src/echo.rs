//! A server may repeat in its words what was sent to it. What was secret there must not show.

use std::cmp::Reverse;
use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::generated::operations::SECRET_FIELDS;

const REDACTED: &str = "<redacted>";

/// Said instead of words that repeat a secret in some escaped or shortened form.
const LEFT_OUT: &str = "<redacted: the answer repeats what was sent>";

/// Shorter secrets are taken out only where they stand as a word: they are in every text.
const SHORT: usize = 4;

/// So much of a secret is as bad as all of it.
const STRETCH: usize = 16;

/// As much of a secret is looked for: the body of an error is not read further either.
const LONGEST: usize = 64 * 1024;

/// The secrets within a JSON body: what the fields hold that are documented as secret.
pub(crate) fn secrets_in(body: &[u8]) -> Vec<Zeroizing<String>> {
    let mut found = Vec::new();
    if let Ok(mut body) = serde_json::from_slice(body) {
        collect(&mut body, false, &mut found);
    }
    found
}

/// Takes all texts out of a value, and keeps what is secret.
pub(crate) fn collect(value: &mut Value, is_secret: bool, found: &mut Vec<Zeroizing<String>>) {
    match value {
        // Moved out, so that no copy stays that nobody clears.
        Value::String(text) => {
            let text = Zeroizing::new(std::mem::take(text));
            if is_secret {
                found.push(text);
            }
        }
        Value::Number(number) if is_secret => found.push(Zeroizing::new(number.to_string())),
        Value::Array(list) => {
            for value in list {
                collect(value, is_secret, found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_secret = is_secret || SECRET_FIELDS.contains(&name.as_str());
                collect(value, is_secret, found);
            }
        }
        _ => {}
    }
}

/// The words without the secrets. Of a long secret, only the start is looked for.
pub(crate) fn without<S: AsRef<str>>(words: &str, secrets: &[S]) -> String {
    let mut secrets: Vec<&str> = secrets
        .iter()
        .map(|secret| start(secret.as_ref()))
        .collect();
    secrets.retain(|secret| !secret.is_empty());
    if secrets.is_empty() {
        return words.to_owned();
    }
    // One may be part of another.
    secrets.sort_by_key(|secret| Reverse(secret.len()));
    let mut words = words.to_owned();
    for secret in &secrets {
        words = if is_short(secret) {
            without_word(&words, secret)
        } else {
            words.replace(secret, REDACTED)
        };
    }
    let decoded = percent_decode_str(&words).decode_utf8_lossy();
    if repeats(&bare(&words), &secrets) || repeats(&bare(&decoded), &secrets) {
        return LEFT_OUT.to_owned();
    }
    words
}

/// A code or an id without the secrets, which it holds whole if at all: what is in it by chance
/// stays.
pub(crate) fn id_without<S: AsRef<str>>(id: &str, secrets: &[S]) -> String {
    /// No chance has so many characters.
    const LONG: usize = 8;
    let secrets = secrets.iter().map(S::as_ref);
    let secrets: Vec<&str> = secrets
        .filter(|secret| *secret == id || secret.chars().count() >= LONG)
        .collect();
    without(id, &secrets)
}

fn is_short(secret: &str) -> bool {
    secret.chars().count() < SHORT
}

fn start(secret: &str) -> &str {
    let end = secret.char_indices().nth(LONGEST);
    end.and_then(|(end, _)| secret.get(..end)).unwrap_or(secret)
}

fn without_word(words: &str, secret: &str) -> String {
    let mut rest = words;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(secret) {
        kept.push_str(before);
        let is_part = goes_on(kept.chars().rev()) || goes_on(after.chars());
        kept.push_str(if is_part { secret } else { REDACTED });
        rest = after;
    }
    kept + rest
}

/// Whether a word goes on with these characters: `can't` and `a.b` are one, the end of a sentence
/// is none.
fn goes_on(mut chars: impl Iterator<Item = char>) -> bool {
    match chars.next() {
        Some('\'' | '.' | '-') => chars.next().is_some_and(char::is_alphanumeric),
        Some(char) => char == '_' || char.is_alphanumeric(),
        None => false,
    }
}

/// Whether words hold a secret or a long stretch of one, or a secret field as JSON writes it; the
/// words as [`bare`] has them.
fn repeats(words: &[u16], secrets: &[&str]) -> bool {
    let has = |part: &[u16]| words.windows(part.len()).any(|window| window == part);
    // JSON, and what some languages print instead.
    let is_field = |name: &&str| {
        let fields = ['"', '\''].map(|quote| bare(&format!("{quote}{name}{quote}:")));
        let values = ['"', '\'', '{', '['].map(|value| bare(&value.to_string()));
        fields.iter().any(|field| {
            let mut after = words
                .windows(field.len() + 1)
                .filter_map(|part| part.strip_prefix(field.as_slice()));
            after.any(|after| values.iter().any(|value| **value == *after))
        })
    };
    if SECRET_FIELDS.iter().any(is_field) {
        return true;
    }
    let stretches: HashSet<&[u16]> = words.windows(STRETCH).collect();
    secrets
        .iter()
        .filter(|secret| !is_short(secret))
        .any(|secret| {
            let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(secret));
            [bare(secret), bare(&encoded)].iter().any(|secret| {
                let mut windows = secret.windows(STRETCH);
                let is_whole = secret.len() >= SHORT && secret.len() < STRETCH && has(secret);
                is_whole || windows.any(|stretch| stretches.contains(stretch))
            })
        })
}

/// Text in a form that is the same however often it was escaped as JSON, in units of UTF-16:
/// without backslashes and blanks, with the letter of an escape instead of its character.
fn bare(text: &str) -> Zeroizing<Vec<u16>> {
    const DROPPED: [u16; 2] = [b'\\' as u16, b' ' as u16];
    // Never more, so that no copy stays behind.
    let mut bare = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        let escape = rest.as_str().strip_prefix('u').filter(|_| char == '\\');
        let code = escape.and_then(|code| u16::from_str_radix(code.get(..4)?, 16).ok());
        let mut units = [0; 2];
        let units = match code {
            Some(unit) => {
                rest.nth(4);
                units[0] = unit;
                &units[..1]
            }
            None => char.encode_utf16(&mut units),
        };
        let kept = units.iter().filter(|unit| !DROPPED.contains(unit));
        bare.extend(kept.copied().map(letter));
    }
    bare
}

/// What stands behind the backslash for a character that has a letter there.
fn letter(unit: u16) -> u16 {
    let letter = match u8::try_from(unit) {
        Ok(b'\n') => b'n',
        Ok(b'\r') => b'r',
        Ok(b'\t') => b't',
        Ok(0x08) => b'b',
        Ok(0x0c) => b'f',
        _ => return unit,
    };
    u16::from(letter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{LEFT_OUT, id_without, secrets_in, without};

    #[test]
    fn a_secret_is_taken_out_in_whatever_form() {
        let secret = "p\"w\\d\n<é𝄞>/x";
        let json = serde_json::to_string(secret).unwrap();
        let twice = serde_json::to_string(&json).unwrap();
        for words in [
            json,
            twice,
            r#"p\"w\\d\n<\u00e9\uD834\uDD1E>\/x"#.to_owned(),
            r#"p\u0022w\u005cd\u000a\u003cé𝄞\u003E/x"#.to_owned(),
            "p%22w%5Cd%0A%3C%C3%A9%F0%9D%84%9E%3E%2Fx".to_owned(),
        ] {
            let words = format!("bad value: {words}!");
            assert_eq!(without(&words, &[secret]), LEFT_OUT, "{words}");
        }
        let words = format!("bad value: {secret}!");
        assert_eq!(without(&words, &[secret]), "bad value: <redacted>!");
    }

    #[test]
    fn a_part_of_a_secret_is_as_bad_as_all_of_it() {
        let secret = "correct horse battery staple";
        for (words, is_bad) in [
            ("is correct horse battery…", true),
            ("is Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==", true),
            ("a battery is needed", false),
        ] {
            assert_eq!(without(words, &[secret]) == LEFT_OUT, is_bad, "{words}");
        }
    }

    #[test]
    fn a_short_secret_is_taken_out_as_a_word() {
        let words = "a value of 17 or `a` in 2017 at a bank can't be 17.";
        let expected = "<redacted> value of <redacted> or `<redacted>` in 2017 at <redacted> bank \
             can't be <redacted>.";
        assert_eq!(without(words, &["a", "17", "t"]), expected);
        for (words, secret) in [
            ("access denied", "s"),
            ("100", "0"),
            ("well-known é", "-"),
            ("7f3c-1a", "-1"),
        ] {
            assert_eq!(without(words, &[secret]), words);
        }
    }

    #[test]
    fn what_secret_and_words_share_by_chance_stays() {
        for (secret, words) in [
            (
                "https://hooks.example/T0/B0",
                "see https://support.example/faq",
            ),
            ("{\"name\":\"bob\"}", "bad {\"name\":\"demo\"}"),
            ("until 2026-10-01", "since 2026-10-01 it is gone"),
            ("192.168.0.1 db", "host 192.168.0.12 refused"),
            ("密码长度不足", "密码长度为八"),
        ] {
            assert_eq!(without(words, &[secret]), words, "{secret}");
        }
        assert_eq!(id_without("CSMS.0101", &["0101", "CSMS"]), "CSMS.0101");
        assert_eq!(id_without("0101", &["0101"]), "<redacted>");
        assert_eq!(
            id_without("a-long-secret!", &["long-secret"]),
            "a-<redacted>!"
        );
    }

    #[test]
    fn a_long_secret_takes_no_time() {
        let secret = "ab\"c".repeat(8 * 1024 * 1024);
        let words = format!(
            "bad: {}",
            serde_json::to_string(&secret["ab".len()..100]).unwrap()
        );
        assert_eq!(without(&words, &[&secret]), LEFT_OUT);
    }

    #[test]
    fn a_secret_field_of_a_repeated_body_is_enough() {
        for (words, is_bad) in [
            (r#"bad body {"name":"demo","secret_string":"hun"#, true),
            (r#"bad body {\"secret_string\" : \"hun"#, true),
            (r#"{"metadata":"x"}"#, false),
            (r#"field "secret_string": too long"#, false),
            ("secret_string: at most 32 KiB, see 'demo'", false),
        ] {
            assert_eq!(without(words, &["another"]) == LEFT_OUT, is_bad, "{words}");
            assert_eq!(without::<&str>(words, &[]), words);
        }
    }

    #[test]
    fn what_secret_fields_hold_is_found_at_any_depth() {
        let body = json!({
            "name": "n",
            "secret_string": "s",
            "list": [{ "password": { "deep": ["d", 7] }, "other": 8 }],
        });
        let found = secrets_in(body.to_string().as_bytes());
        let mut found: Vec<&str> = found.iter().map(|secret| secret.as_str()).collect();
        found.sort_unstable();
        assert_eq!(found, ["7", "d", "s"]);
        assert_eq!(secrets_in(b"no JSON").len(), 0);
    }
}
