//! A server may repeat in its words what was sent to it. What was secret there must not show.

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

/// The words without the secrets.
pub(crate) fn without<S: AsRef<str>>(words: &str, secrets: &[S]) -> String {
    let mut secrets: Vec<&str> = secrets.iter().map(S::as_ref).collect();
    secrets.retain(|secret| !secret.is_empty());
    // One may be part of another.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let mut words = words.to_owned();
    for secret in &secrets {
        words = if secret.len() < SHORT {
            without_word(&words, secret)
        } else {
            words.replace(secret, REDACTED)
        };
    }
    let decoded = percent_decode_str(&words).decode_utf8_lossy();
    let forms = [bare(&words), bare(&decoded)];
    if forms.iter().any(|form| repeats(form, &secrets)) {
        return LEFT_OUT.to_owned();
    }
    words
}

fn without_word(words: &str, secret: &str) -> String {
    let mut rest = words;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(secret) {
        let is_part =
            before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        kept.push_str(before);
        kept.push_str(if is_part { secret } else { REDACTED });
        rest = after;
    }
    kept + rest
}

/// Whether words hold a secret or a long stretch of one, or a secret field as JSON writes it; all
/// as [`bare`] has it.
fn repeats(words: &str, secrets: &[&str]) -> bool {
    let field = |name: &&str| words.contains(bare(&format!("{name}\":")).as_str());
    if SECRET_FIELDS.iter().any(field) {
        return true;
    }
    let stretches: HashSet<&[u8]> = words.as_bytes().windows(STRETCH).collect();
    secrets.iter().any(|secret| {
        let encoded = Zeroizing::new(STANDARD_NO_PAD.encode(secret));
        [bare(secret), bare(&encoded)].iter().any(|secret| {
            let is_long = secret.len() >= STRETCH;
            let is_whole = secret.len() >= SHORT && words.contains(secret.as_str());
            let mut windows = secret.as_bytes().windows(STRETCH);
            is_whole || is_long && windows.any(|stretch| stretches.contains(stretch))
        })
    })
}

/// Text in a form that is the same however often it was escaped as JSON: without backslashes and
/// blanks, with `u` and a code, or its letter, instead of what may be escaped.
fn bare(text: &str) -> Zeroizing<String> {
    let mut bare = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        let escape = rest.as_str().strip_prefix('u').filter(|_| char == '\\');
        let code = escape.and_then(|code| u16::from_str_radix(code.get(..4)?, 16).ok());
        if let Some(unit) = code {
            push_unit(&mut bare, unit);
            rest.nth(4);
        } else if !matches!(char, '\\' | ' ') {
            let mut units = [0; 2];
            for unit in char.encode_utf16(&mut units) {
                push_unit(&mut bare, *unit);
            }
        }
    }
    bare
}

fn push_unit(text: &mut String, unit: u16) {
    match u8::try_from(unit) {
        Ok(b'\n') => text.push('n'),
        Ok(b'\r') => text.push('r'),
        Ok(b'\t') => text.push('t'),
        Ok(0x08) => text.push('b'),
        Ok(0x0c) => text.push('f'),
        Ok(byte) if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
        _ => text.push_str(&format!("u{unit:04x}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{LEFT_OUT, secrets_in, without};

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
        let words = "a value of 17 or `a` in 2017 at a bank";
        let expected = "<redacted> value of <redacted> or `<redacted>` in 2017 at <redacted> bank";
        assert_eq!(without(words, &["a", "17"]), expected);
    }

    #[test]
    fn a_secret_field_of_a_repeated_body_is_enough() {
        for words in [
            r#"bad body {"name":"demo","secret_string":"hun"#,
            r#"bad body {\"secret_string\" : \"hun"#,
        ] {
            assert_eq!(without::<&str>(words, &[]), LEFT_OUT, "{words}");
        }
        let words = "secret_string: at most 32 KiB, see 'demo'";
        assert_eq!(without::<&str>(words, &[]), words);
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
