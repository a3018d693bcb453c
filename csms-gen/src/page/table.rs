//! A table of a page, whether it was HTML or pipes.

use super::Warning;

/// A table in page order: the first row is the header.
#[derive(Debug, Default)]
pub struct Table {
    /// Where it starts.
    pub line: usize,
    /// Its caption without `表 1` / `Table 1`.
    pub caption: Option<String>,
    /// The anchors that stand before it, nearest last.
    pub anchors: Vec<String>,
    /// The column names.
    pub header: Vec<Cell>,
    /// The rows under the header.
    pub rows: Vec<Row>,
    /// What was odd about its markup.
    pub warnings: Vec<Warning>,
}

/// A row under the header.
#[derive(Debug, Default)]
pub struct Row {
    /// Where it starts.
    pub line: usize,
    /// The cells that the source has; a short row is short here too.
    pub cells: Vec<Cell>,
}

/// A cell's text and what its markup tells.
#[derive(Debug, Default, Clone)]
pub struct Cell {
    /// The text with whitespace collapsed.
    pub text: String,
    /// The targets of its links.
    pub links: Vec<String>,
    /// Emphasis begins or ends inside a word, so a `_` or `*` may be lost.
    pub inner_markup: bool,
    /// The same inside what looks like a regular expression.
    pub broken_pattern: bool,
}
