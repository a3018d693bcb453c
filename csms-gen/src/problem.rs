//! One thing that is wrong with one link of the chain.

use std::fmt;

/// What is wrong, and exactly where; printed on one line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the user would name it.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: Option<usize>,
    /// The operation that is affected.
    pub operation: Option<String>,
    /// A JSON pointer into the file.
    pub pointer: Option<String>,
    /// What was expected, what is there, what to do.
    pub message: String,
}

impl Problem {
    /// A problem with a whole file.
    pub fn new(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            message: message.into(),
            ..Self::default()
        }
    }

    /// The same problem, at a line.
    #[must_use]
    pub fn at_line(mut self, line: usize) -> Self {
        self.line = (line > 0).then_some(line);
        self
    }

    /// The same problem, at a place of a JSON document.
    #[must_use]
    pub fn at(mut self, operation: Option<&str>, pointer: &str) -> Self {
        self.operation = operation.map(str::to_owned);
        self.pointer = Some(pointer.to_owned());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(operation) = &self.operation {
            write!(f, ": {operation}")?;
        }
        if let Some(pointer) = self.pointer.as_deref().filter(|p| !p.is_empty()) {
            write!(f, ": {pointer}")?;
        }
        write!(f, ": {}", self.message)
    }
}
