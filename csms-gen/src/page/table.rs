//! A table of a page, whether it was HTML or pipes.

use super::Warning;
use super::prose::Finished;

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

/// A cell's text and what its markup tells. Large pages have millions of them.
#[derive(Debug, Default, Clone)]
pub struct Cell {
    /// The text with whitespace collapsed.
    pub text: Box<str>,
    /// What few cells have.
    markup: Option<Box<Markup>>,
}

#[derive(Debug, Default, Clone)]
struct Markup {
    links: Vec<String>,
    inner: bool,
    broken_pattern: bool,
}

impl Cell {
    /// A cell with this text and the targets of its links.
    pub fn new(text: Finished, links: Vec<String>) -> Self {
        let has_markup = text.inner_markup || text.broken_pattern || !links.is_empty();
        Self {
            text: text.text.into(),
            markup: has_markup.then(|| {
                Box::new(Markup {
                    links,
                    inner: text.inner_markup,
                    broken_pattern: text.broken_pattern,
                })
            }),
        }
    }

    /// The targets of its links.
    pub fn links(&self) -> &[String] {
        self.markup.as_ref().map_or(&[], |markup| &markup.links)
    }

    /// Emphasis begins or ends inside a word, so a `_` or `*` may be lost.
    pub fn inner_markup(&self) -> bool {
        self.markup.as_ref().is_some_and(|markup| markup.inner)
    }

    /// The same inside what looks like a regular expression.
    pub fn broken_pattern(&self) -> bool {
        self.markup
            .as_ref()
            .is_some_and(|markup| markup.broken_pattern)
    }
}
