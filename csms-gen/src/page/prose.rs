//! Text with its whitespace collapsed, and the places where emphasis begins or ends in it.

/// What only a regular expression contains.
const PATTERN_SIGNS: &[&str] = &[
    "(?", "^[", "^(", "]*", "]+", "]{", "\\p{", "\\w", "\\d", "\\s", "[a-z", "[A-Z", "[0-9", ")$",
    "]$",
];

/// Collects text piece by piece.
#[derive(Debug, Default)]
pub struct Prose {
    text: String,
    space: bool,
    marks: Vec<usize>,
}

/// What [`Prose::finish`] found.
#[derive(Debug, Default)]
pub struct Finished {
    /// The text, trimmed.
    pub text: String,
    /// Emphasis begins or ends inside a word.
    pub inner_markup: bool,
    /// Emphasis begins or ends inside a regular expression.
    pub broken_pattern: bool,
}

impl Prose {
    /// Whether nothing but whitespace came so far.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends a piece.
    pub fn push(&mut self, piece: &str) {
        for character in piece.chars() {
            if character.is_whitespace() {
                self.space = true;
                continue;
            }
            if self.space && !self.text.is_empty() {
                self.text.push(' ');
            }
            self.space = false;
            self.text.push(character);
        }
    }

    /// Separates what comes from what came.
    pub fn separate(&mut self) {
        self.space = true;
    }

    /// Notes that emphasis begins or ends here.
    pub fn mark(&mut self) {
        if !self.space && self.marks.last() != Some(&self.text.len()) {
            self.marks.push(self.text.len());
        }
    }

    /// Ends the text.
    pub fn finish(self) -> Finished {
        let (inner_markup, broken_pattern) = judge_marks(&self.text, &self.marks);
        Finished {
            text: self.text,
            inner_markup,
            broken_pattern,
        }
    }
}

/// Looks at each run of printable ASCII that has a mark strictly inside.
fn judge_marks(text: &str, marks: &[usize]) -> (bool, bool) {
    let mut inner = false;
    let mut pattern = false;
    let mut rest = marks.iter().copied().peekable();
    let mut start = 0;
    for piece in text.split_inclusive(|c: char| !c.is_ascii_graphic()) {
        let run = piece.trim_end_matches(|c: char| !c.is_ascii_graphic());
        let end = start + run.len();
        let mut hit = false;
        while let Some(mark) = rest.next_if(|mark| *mark < start + piece.len()) {
            hit |= mark > start && mark < end;
        }
        if hit {
            inner = true;
            pattern |= PATTERN_SIGNS.iter().any(|sign| run.contains(sign));
        }
        start += piece.len();
    }
    (inner, pattern)
}
