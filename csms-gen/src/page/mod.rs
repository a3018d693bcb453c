//! Reads a documentation page into a [`Contract`].
//!
//! `source` cuts HTML tables out of the Markdown, `markdown` and `html` give blocks, `outline`
//! puts them in their places with the words of `vocabulary`, and `assemble` draws the contract.
//! One reader serves all forms in which the vendor publishes its pages.

use std::borrow::Cow;
use std::path::Path;

use crate::contract::Contract;

mod assemble;
mod entries;
mod examples;
mod html;
mod markdown;
mod outline;
mod prose;
mod schemas;
mod source;
mod stored;
mod table;
mod types;
mod uri;
mod vocabulary;

#[cfg(test)]
mod tests;

/// What a page states, and what is odd about the page.
#[derive(Debug, Clone)]
pub struct Page {
    /// The facts.
    pub contract: Contract,
    /// What could not be read with certainty, in the order of its lines.
    pub warnings: Vec<Warning>,
}

/// Something odd on a page; what was done about it is in the message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Warning {
    /// The line, counted from 1.
    pub line: usize,
    /// What is odd, and what it was taken for.
    pub message: String,
}

/// Why a page cannot be read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PageError {
    /// The line, counted from 1; 1 when the file itself is the trouble.
    pub line: usize,
    /// What was expected and what to do.
    pub message: String,
}

/// Reads a Markdown page.
pub fn read(text: &str) -> Result<Page, PageError> {
    let text = plain_lines(text);
    let start = text.trim_start();
    if start.is_empty() {
        return Err(whole_file("the file is empty: fetch the page again"));
    }
    if text.contains('\0') {
        return Err(whole_file(
            "the file is binary: give a page as Markdown text, or a contract as .json",
        ));
    }
    if is_html_document(start) {
        return Err(whole_file(
            "this is an HTML document: give the page's Markdown, which begins with `# title`",
        ));
    }
    let mut warnings = Vec::new();
    let last_line = text.lines().count();
    let outline = outline::outline(&text, last_line, &mut warnings)?;
    let contract = assemble::contract(&outline, last_line, &mut warnings)?;
    warnings.sort();
    warnings.dedup();
    Ok(Page { contract, warnings })
}

/// Reads a stored contract.
pub fn read_contract(text: &str) -> Result<Page, PageError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(whole_file("the file is empty: a contract is a JSON object"));
    }
    let mut warnings = Vec::new();
    let contract = stored::contract(text, &mut warnings)?;
    Ok(Page { contract, warnings })
}

/// Reads a file: a contract if it ends in `.json` or starts with `{`, otherwise a Markdown page.
pub fn read_file(path: &Path) -> Result<Page, PageError> {
    if path.is_dir() {
        return Err(whole_file(
            "this is a folder: give the files in it, such as FOLDER/*.md",
        ));
    }
    let bytes = std::fs::read(path).map_err(|error| {
        whole_file(&format!(
            "the file cannot be read ({error}): check the name and the rights"
        ))
    })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| not_utf8(error.as_bytes(), error.utf8_error().valid_up_to()))?;
    let is_json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if is_json
        || text
            .trim_start_matches('\u{feff}')
            .trim_start()
            .starts_with('{')
    {
        read_contract(&text)
    } else {
        read(&text)
    }
}

fn whole_file(message: &str) -> PageError {
    PageError {
        line: 1,
        message: message.to_owned(),
    }
}

fn not_utf8(bytes: &[u8], valid: usize) -> PageError {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return whole_file("the file is UTF-16: save it as UTF-8");
    }
    if bytes.contains(&0) {
        return whole_file(
            "the file is binary: give a page as Markdown text, or a contract as .json",
        );
    }
    let line = bytes
        .iter()
        .take(valid)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1;
    PageError {
        line,
        message: "the file is not UTF-8 text from this line on: save it as UTF-8".to_owned(),
    }
}

/// The text without a byte order mark and with `\n` as its only line end.
fn plain_lines(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

fn is_html_document(start: &str) -> bool {
    let begins = |word: &str| {
        start
            .get(..word.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    begins("<!doctype") || begins("<html") || begins("<?xml") || begins("<head")
}
