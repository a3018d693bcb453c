//! Access keys in a section of an INI file.

use std::fs::File;
use std::future::ready;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::{Credential, CredentialSource, SourceContext, SourceError, SourceFuture};
use crate::endpoint;

const ACCESS_KEY: &str = "ak";
const SECRET_KEY: &str = "sk";
const SECURITY_TOKEN: &str = "security_token";
const PROJECT_ID: &str = "project_id";
const IAM_ENDPOINT: &str = "iam_endpoint";

const KEYS: [&str; 5] = [
    ACCESS_KEY,
    SECRET_KEY,
    SECURITY_TOKEN,
    PROJECT_ID,
    IAM_ENDPOINT,
];

/// No file of keys is longer.
const LENGTH_LIMIT: u64 = 1024 * 1024;

/// A section of a file like `~/.huaweicloud/credentials`.
#[derive(Debug)]
pub(super) struct ProfileFile {
    path: PathBuf,
    section: String,
}

impl ProfileFile {
    /// The path is taken as it is, `~` is not expanded.
    pub(super) fn new(path: PathBuf, section: String) -> Self {
        Self { path, section }
    }

    fn read(&self) -> Result<Credential, SourceError> {
        let path = self.path.display();
        let bytes = contents(&self.path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => SourceError::NotFound(format!("{path} does not exist")),
            _ => SourceError::Invalid(format!("{path} can't be read: {error}")),
        })?;
        credential(&bytes, &self.section)
            .map_err(|reason| SourceError::Invalid(format!("{path}: {reason}")))
    }
}

impl CredentialSource for ProfileFile {
    fn load<'a>(&'a self, _: &'a SourceContext) -> SourceFuture<'a> {
        Box::pin(ready(self.read()))
    }

    fn place(&self) -> String {
        format!("section [{}] of {}", self.section, self.path.display())
    }
}

fn contents(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len().min(LENGTH_LIMIT);
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let capacity = usize::try_from(length).unwrap_or_default() + 64;
    let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
    let taken = file.take(LENGTH_LIMIT + 1).read_to_end(&mut bytes)?;
    if u64::try_from(taken).is_ok_and(|taken| taken > LENGTH_LIMIT) {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(bytes)
}

fn credential(bytes: &[u8], name: &str) -> Result<Credential, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to()))?;
    let sections = sections(text)?;
    let Some(section) = sections.iter().find(|section| section.name == name) else {
        return Err(no_such_section(name, &sections));
    };
    let access_key = section.required(ACCESS_KEY)?;
    let secret_key = section.required(SECRET_KEY)?;
    let mut credential = match section.value(SECURITY_TOKEN)? {
        Some(token) => Credential::temporary(access_key, secret_key, token),
        None => Credential::access_key(access_key, secret_key),
    };
    if let Some(project_id) = section.value(PROJECT_ID)? {
        credential = credential.with_project_id(project_id);
    }
    credential.iam_endpoint = section.iam_endpoint()?;
    Ok(credential)
}

fn no_such_section(name: &str, sections: &[Section<'_>]) -> String {
    let found: Vec<_> = sections
        .iter()
        .map(|section| format!("[{}]", section.name.escape_debug()))
        .collect();
    match found.as_slice() {
        [] => format!("no section [{name}], nor any other"),
        found => format!("no section [{name}], only {}", found.join(", ")),
    }
}

struct Section<'a> {
    line: usize,
    name: &'a str,
    entries: Vec<Entry<'a>>,
}

struct Entry<'a> {
    line: usize,
    key: &'static str,
    value: &'a str,
}

impl<'a> Section<'a> {
    fn entry(&self, key: &str) -> Option<&Entry<'a>> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn value(&self, key: &str) -> Result<Option<&'a str>, String> {
        match self.entry(key) {
            Some(entry) if entry.value.is_empty() => {
                Err(format!("line {}: {key} has no value", entry.line))
            }
            entry => Ok(entry.map(|entry| entry.value)),
        }
    }

    fn required(&self, key: &str) -> Result<&'a str, String> {
        self.value(key)?.ok_or_else(|| {
            format!(
                "line {}: section [{}] has no key {key}",
                self.line, self.name
            )
        })
    }

    fn iam_endpoint(&self) -> Result<Option<String>, String> {
        let Some(given) = self.value(IAM_ENDPOINT)? else {
            return Ok(None);
        };
        endpoint::parse(given, false).map(Some).map_err(|_| {
            let line = self
                .entry(IAM_ENDPOINT)
                .map_or(self.line, |entry| entry.line);
            format!(
                "line {line}: {IAM_ENDPOINT} must be an https:// URL without user name, query or \
                 fragment"
            )
        })
    }
}

/// Reads an INI file. Quotes are part of a value, and so is everything behind it.
///
/// The reasons quote nothing of a line but the names of sections and of the keys that are ours: a
/// secret pasted on a line of its own may look like a key.
fn sections(text: &str) -> Result<Vec<Section<'_>>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut sections: Vec<Section<'_>> = Vec::new();
    for (line, content) in (1..).zip(text.lines().map(str::trim)) {
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(header) = content.strip_prefix('[') {
            let name = header
                .strip_suffix(']')
                .ok_or_else(|| format!("line {line}: the section's name does not end with ]"))?
                .trim();
            if let Some(first) = sections.iter().find(|section| section.name == name) {
                return Err(format!(
                    "line {line}: section [{}] is there twice, first in line {}",
                    name.escape_debug(),
                    first.line
                ));
            }
            sections.push(Section {
                line,
                name,
                entries: Vec::new(),
            });
            continue;
        }
        let (key, value) = content.split_once('=').ok_or_else(|| {
            format!("line {line}: expected a [section], a key = value or a # comment")
        })?;
        let section = sections
            .last_mut()
            .ok_or_else(|| format!("line {line}: a key before the first [section]"))?;
        let Some(key) = KEYS
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(key.trim()))
        else {
            continue;
        };
        if let Some(first) = section.entry(key) {
            return Err(format!(
                "line {line}: {key} is there twice, first in line {}",
                first.line
            ));
        }
        section.entries.push(Entry {
            line,
            key,
            value: value.trim(),
        });
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::{ProfileFile, credential};
    use crate::credentials::{Credential, SourceError};

    #[test]
    fn keys_are_read() {
        let permanent = Credential::access_key("a", "s");
        let mut full = Credential::temporary("a", "s", "t").with_project_id("p");
        full.iam_endpoint = Some("https://iam.example.com".to_owned());
        for (text, expected) in [
            ("[basic]\nak=a\nsk=s", &permanent),
            ("\u{feff}[basic]\r\nak = a\r\nsk = s\r\n", &permanent),
            (
                "# c\n; c\n\n  [ basic ]  \n\tAk\t=\ta\n  # c\n sk = s\nregion = x\n",
                &permanent,
            ),
            ("[global]\nak=x\nsk=x\n[basic]\nsk=s\nak=a\n", &permanent),
            (
                "[basic]\nak=a\nsk=s\nsecurity_token=t\nproject_id=p\n\
                 iam_endpoint=https://iam.example.com/\n",
                &full,
            ),
        ] {
            assert_eq!(credential(text.as_bytes(), "basic").as_ref(), Ok(expected));
        }
    }

    #[test]
    fn quotes_and_what_follows_belong_to_the_value() {
        assert_eq!(
            credential(b"[basic]\nak=\"a\"\nsk=s=1 ; # x\n", "basic"),
            Ok(Credential::access_key("\"a\"", "s=1 ; # x"))
        );
    }

    #[test]
    fn what_is_wrong_is_named_without_a_value() {
        let cases: [(&[u8], &str); 21] = [
            (b"", "no section [basic], nor any other"),
            (
                b"[global]\nak=hunter2\n[x]",
                "no section [basic], only [global], [x]",
            ),
            (b"[basic]\n", "line 1: section [basic] has no key ak"),
            (
                b"\n[basic]\nsk=hunter2",
                "line 2: section [basic] has no key ak",
            ),
            (
                b"[basic]\nak=hunter2",
                "line 1: section [basic] has no key sk",
            ),
            (
                b"[basic]\nsecurity_token=hunter2",
                "line 1: section [basic] has no key ak",
            ),
            (
                b"[basic]\nak=hunter2\n[global]\nsk=hunter2",
                "line 1: section [basic] has no key sk",
            ),
            (b"[basic]\nak=hunter2\nsk=  ", "line 3: sk has no value"),
            (b"[basic]\nak=\nsk=hunter2", "line 2: ak has no value"),
            (
                b"[basic]\nak=hunter2\nsk=hunter2\nsecurity_token=",
                "line 4: security_token has no value",
            ),
            (
                b"[basic]\nak=hunter2\nsk=hunter2\nproject_id=",
                "line 4: project_id has no value",
            ),
            (
                b"[basic]\nak=hunter2\nsk=hunter2\niam_endpoint=http://hunter2.com",
                "line 4: iam_endpoint must be an https:// URL",
            ),
            (
                b"[basic]\nak=hunter2\nsk=hunter2\niam_endpoint=https://x:hunter2@y.com",
                "line 4: iam_endpoint must be an https:// URL",
            ),
            (
                b"[basic]\nsk=hunter2\nak=hunter2\nsk=hunter2",
                "line 4: sk is there twice, first in line 2",
            ),
            (
                b"[basic]\n[x]\n[basic]",
                "line 3: section [basic] is there twice, first in line 1",
            ),
            (b"ak=hunter2\n", "line 1: a key before the first [section]"),
            (b"hunter2=\n", "line 1: a key before the first [section]"),
            (b"[basic]\nhunter2", "line 2: expected"),
            (b"[basic\nak=hunter2", "line 1: the section's name"),
            (b"[basic]\nak=hunter2\xff", "not UTF-8 at byte 18"),
            (b"\xff\xfe[\0b\0a\0s\0i\0c\0]\0", "not UTF-8 at byte 0"),
        ];
        for (text, expected) in cases {
            let reason = credential(text, "basic").expect_err(expected);
            assert!(reason.contains(expected), "{reason}");
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[test]
    fn keys_of_others_may_be_there_twice() {
        assert!(credential(b"[basic]\nak=a\nsk=s\nx=\nx=", "basic").is_ok());
    }

    #[test]
    fn a_missing_file_is_not_found_and_a_folder_is_unreadable() {
        let read = |path: &str| ProfileFile::new(path.into(), "basic".to_owned()).read();
        assert_eq!(
            read("/no/such/file"),
            Err(SourceError::NotFound(
                "/no/such/file does not exist".to_owned()
            ))
        );
        let folder = env!("CARGO_MANIFEST_DIR");
        let Err(SourceError::Invalid(reason)) = read(folder) else {
            panic!("{folder}");
        };
        assert!(reason.contains(folder), "{reason}");
    }
}
