//! A page's text made ready for the Markdown parser: HTML tables are cut out and read, because
//! Markdown would unescape what is literal in them; comments are cut out too.
//!
//! A long page comes in pieces, because the parser holds a tree of all that it is given.

use super::table::Table;
use super::{PageError, html};

/// A piece ends at the first fit place after so many bytes.
const PIECE: usize = 256 * 1024;

/// A paragraph of so many bytes is cut between two of its lines.
const LONG: usize = 4 * PIECE;

/// Markdown, with the way back to the page's lines.
#[derive(Debug, Default)]
pub struct Piece {
    /// The Markdown.
    pub text: String,
    /// The HTML tables, each with the offset in `text` where it stood.
    pub tables: Vec<(usize, Table)>,
    /// The offset in `text` of the last HTML table.
    pub last_table: usize,
    /// Whether it begins inside the pipe table that ended the piece before, with its head repeated.
    pub continues_table: bool,
    /// Whether the page ends here.
    pub is_last: bool,
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    at: usize,
    line: usize,
}

struct Fence {
    line: usize,
    sign: u8,
    length: usize,
}

impl Piece {
    fn at_line(line: usize) -> Self {
        Self {
            segments: vec![Segment { at: 0, line }],
            ..Self::default()
        }
    }

    /// Gives lines for offsets in `text`; cheap when they ascend.
    pub fn lines(&self) -> Lines<'_> {
        Lines {
            piece: self,
            segment: 0,
            at: 0,
            line: self.segments.first().map_or(1, |segment| segment.line),
        }
    }

    fn segment(&mut self, line: usize) {
        self.segments.push(Segment {
            at: self.text.len(),
            line,
        });
    }
}

/// Cuts a page.
pub struct Cutter<'a> {
    page: &'a str,
    position: usize,
    line: usize,
    fence: Option<Fence>,
    in_pre: bool,
    /// Since the last blank line something began with `<`: what follows may be HTML.
    in_html: bool,
    after_blank: bool,
    pipes: PipeRows<'a>,
    piece: Piece,
}

/// The pipe table that the lines stand in.
#[derive(Debug, Default, Clone, Copy)]
struct PipeRows<'a> {
    /// The last line, if it is a row.
    last: Option<(&'a str, usize)>,
    /// The header and the delimiter row, each with its line.
    head: Option<[(&'a str, usize); 2]>,
}

impl<'a> Cutter<'a> {
    /// Begins at the page's start.
    pub fn new(page: &'a str) -> Self {
        Self {
            page,
            position: 0,
            line: 1,
            fence: None,
            in_pre: false,
            in_html: false,
            after_blank: true,
            pipes: PipeRows::default(),
            piece: Piece::at_line(1),
        }
    }

    /// The next piece, until one is the last.
    pub fn piece(&mut self) -> Result<Piece, PageError> {
        while self.position < self.page.len() {
            if self.piece.text.len() > PIECE
                && let Some(next) = self.next_piece()
            {
                return Ok(std::mem::replace(&mut self.piece, next));
            }
            self.take_line()?;
        }
        if let Some(fence) = &self.fence {
            return Err(PageError {
                line: fence.line,
                message: "the code block that begins here never ends, so the page seems to be cut inside an example: fetch the whole page, or close the block with a line of ```".to_owned(),
            });
        }
        self.piece.is_last = true;
        Ok(std::mem::take(&mut self.piece))
    }

    /// A new piece, if one may begin with the next line.
    fn next_piece(&self) -> Option<Piece> {
        let rest = self.rest();
        if self.fence.is_some() || self.in_pre || rest.starts_with([' ', '\t', '\n']) {
            return None;
        }
        let is_within_long_text = || {
            self.piece.text.len() > LONG
                && self.pipes.last.is_none()
                && !self.in_html
                && rest.starts_with(char::is_alphanumeric)
        };
        if self.after_blank || is_within_long_text() {
            return Some(Piece::at_line(self.line));
        }
        let head = self.pipes.head.filter(|_| rest.starts_with('|'))?;
        let mut piece = Piece {
            continues_table: true,
            ..Piece::default()
        };
        for (text, line) in head {
            piece.segment(line);
            piece.text.push_str(text);
        }
        piece.segment(self.line);
        Some(piece)
    }

    fn rest(&self) -> &'a str {
        self.page.get(self.position..).unwrap_or_default()
    }

    /// Takes the page up to the end of the line or of the first table in it.
    fn take_line(&mut self) -> Result<(), PageError> {
        let line = self.rest().split_inclusive('\n').next().unwrap_or_default();
        let bare = without_markers(line);
        if let Some(fence) = &self.fence {
            if fence.closed_by(bare) {
                self.fence = None;
            }
            self.keep(line);
            return Ok(());
        }
        self.fence = Fence::opened_by(bare, self.line);
        if self.fence.is_some() {
            self.keep_apart(line, bare);
            return Ok(());
        }
        match first_cut(line, bare) {
            Some(Cut::Table(at)) => self.cut_table(line, at),
            Some(Cut::Comment(at)) => self.cut_comment(line, at),
            None => {
                self.keep_apart(line, bare);
                Ok(())
            }
        }
    }

    fn keep(&mut self, line: &str) {
        self.piece.text.push_str(line);
        self.position += line.len();
        self.line += usize::from(line.ends_with('\n'));
        self.after_blank = line.trim().is_empty();
        self.in_html = !self.after_blank && (self.in_html || line.trim_start().starts_with('<'));
    }

    /// Markdown takes a line right under a pipe table as one more row; a page means the next text.
    fn keep_apart(&mut self, line: &'a str, bare: &str) {
        if self.pipes.last.is_some() && !bare.trim().is_empty() && !line.contains('|') {
            self.piece.text.push('\n');
            self.piece.segment(self.line);
        }
        self.pipes.take(line, bare, self.line);
        self.note_pre(bare);
        self.keep(line);
    }

    /// `<pre>` holds blank lines, so no piece may end in it.
    fn note_pre(&mut self, bare: &str) {
        let has =
            |word: &str| bare.contains(word) || bare.contains(word.to_ascii_uppercase().as_str());
        self.in_pre = !has("</pre") && (self.in_pre || has("<pre"));
    }

    fn keep_before(&mut self, line: &str, at: usize) {
        let before = line.get(..at).unwrap_or_default();
        self.position += before.len();
        if !before.trim().is_empty() {
            self.piece.text.push_str(before);
        }
    }

    fn cut_table(&mut self, line: &str, at: usize) -> Result<(), PageError> {
        self.keep_before(line, at);
        self.piece.text.push('\n');
        let quoted = line.trim_start().starts_with('>');
        let Some((table, length)) = html::table(self.rest(), self.line, quoted) else {
            return Err(PageError {
                line: self.line,
                message: "the table that begins here has no </table>, so the page seems to be cut inside it: fetch the whole page".to_owned(),
            });
        };
        self.piece.last_table = self.piece.text.len();
        self.piece.tables.push((self.piece.last_table, table));
        self.piece.text.push('\n');
        self.skip(length);
        self.after_blank = true;
        self.pipes = PipeRows::default();
        Ok(())
    }

    fn cut_comment(&mut self, line: &str, at: usize) -> Result<(), PageError> {
        self.keep_before(line, at);
        let Some(end) = self.rest().find("-->") else {
            return Err(PageError {
                line: self.line,
                message: "the comment `<!--` that begins here has no `-->`: close it, or fetch the whole page".to_owned(),
            });
        };
        self.skip(end + 3);
        self.after_blank = false;
        Ok(())
    }

    fn skip(&mut self, length: usize) {
        self.line += self
            .rest()
            .get(..length)
            .unwrap_or_default()
            .matches('\n')
            .count();
        self.position += length;
        self.piece.segment(self.line);
    }
}

impl<'a> PipeRows<'a> {
    fn take(&mut self, line: &'a str, bare: &str, number: usize) {
        if !bare.starts_with('|') {
            *self = Self::default();
            return;
        }
        if self.head.is_none()
            && let Some(header) = self.last
            && bare.contains("--")
            && bare.trim_end().chars().all(|c| "|-: ".contains(c))
        {
            self.head = Some([header, (line, number)]);
        }
        self.last = Some((line, number));
    }
}

enum Cut {
    Table(usize),
    Comment(usize),
}

fn first_cut(line: &str, bare: &str) -> Option<Cut> {
    let mut ticks = 0;
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            b'`' => ticks += 1,
            b'<' if ticks % 2 == 0 => {
                let rest = line.get(at + 1..).unwrap_or_default();
                if rest.starts_with("!--") {
                    return Some(Cut::Comment(at));
                }
                if !bare.starts_with('|') && begins_table(rest) {
                    return Some(Cut::Table(at));
                }
            }
            _ => {}
        }
    }
    None
}

fn begins_table(after_bracket: &str) -> bool {
    let name = after_bracket.get(..5).unwrap_or_default();
    let next = after_bracket.get(5..).and_then(|rest| rest.chars().next());
    name.eq_ignore_ascii_case("table")
        && next.is_none_or(|c| c.is_whitespace() || c == '>' || c == '/')
}

/// A line without its indentation, quote and list markers.
fn without_markers(line: &str) -> &str {
    let mut bare = line.trim_start();
    loop {
        let shorter = bare
            .strip_prefix('>')
            .or_else(|| bare.strip_prefix("- "))
            .or_else(|| bare.strip_prefix("* "))
            .or_else(|| bare.strip_prefix("+ "))
            .or_else(|| without_number(bare));
        match shorter {
            Some(shorter) => bare = shorter.trim_start(),
            None => return bare,
        }
    }
}

fn without_number(line: &str) -> Option<&str> {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    if rest.len() == line.len() {
        return None;
    }
    rest.strip_prefix(". ").or_else(|| rest.strip_prefix(") "))
}

impl Fence {
    fn opened_by(bare: &str, line: usize) -> Option<Self> {
        let sign = bare
            .bytes()
            .next()
            .filter(|byte| matches!(byte, b'`' | b'~'))?;
        let length = bare.bytes().take_while(|byte| *byte == sign).count();
        let info = bare.get(length..).unwrap_or_default();
        (length >= 3 && !(sign == b'`' && info.contains('`'))).then_some(Self {
            line,
            sign,
            length,
        })
    }

    fn closed_by(&self, bare: &str) -> bool {
        let bare = bare.trim_end();
        bare.len() >= self.length && bare.bytes().all(|byte| byte == self.sign)
    }
}

/// Counts lines of the page along a piece.
pub struct Lines<'a> {
    piece: &'a Piece,
    segment: usize,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    /// The page's line of an offset in the piece.
    pub fn at(&mut self, offset: usize) -> usize {
        if offset < self.at {
            *self = self.piece.lines();
        }
        while let Some(next) = self
            .piece
            .segments
            .get(self.segment + 1)
            .filter(|next| next.at <= offset)
        {
            self.segment += 1;
            (self.at, self.line) = (next.at, next.line);
        }
        self.line += self
            .piece
            .text
            .get(self.at..offset)
            .unwrap_or_default()
            .matches('\n')
            .count();
        self.at = offset;
        self.line
    }
}
