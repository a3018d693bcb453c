//! A page's blocks in their order, whatever they were written in.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::prose::Prose;
use super::source::{Cutter, Lines, Piece};
use super::table::{Cell, Row, Table};
use super::{PageError, Warning, html};

/// A block has so many lines at most.
const MAX_LINES: usize = 4096;

/// A line of running text.
#[derive(Debug, Default)]
pub struct Line {
    /// Where it stands.
    pub line: usize,
    /// Its text with whitespace collapsed.
    pub text: String,
    /// The names of its anchors.
    pub anchors: Vec<String>,
    /// The targets of its links.
    pub links: Vec<String>,
}

/// A block of a page.
#[derive(Debug)]
pub enum Block {
    /// A heading.
    Heading {
        /// 1 to 6.
        level: u8,
        /// Its text.
        line: Line,
    },
    /// A paragraph, line by line.
    Lines(Vec<Line>),
    /// A code block.
    Code {
        /// Where it starts.
        line: usize,
        /// Its text.
        text: String,
    },
    /// A table.
    Table(Table),
}

/// Hands over the blocks of a page one by one. Warns of what looks like a table and is none.
pub fn each_block(
    page: &str,
    last_line: usize,
    warnings: &mut Vec<Warning>,
    mut take: impl FnMut(Block) -> Result<(), PageError>,
) -> Result<(), PageError> {
    let mut cutter = Cutter::new(page);
    // The last block waits, for it may be a table that goes on in the next piece.
    let mut held: Option<Block> = None;
    loop {
        let mut piece = cutter.piece()?;
        for (at, block) in blocks(&mut piece, last_line, warnings)?
            .into_iter()
            .enumerate()
        {
            match (held.as_mut(), block) {
                (Some(Block::Table(table)), Block::Table(mut more))
                    if at == 0 && piece.continues_table =>
                {
                    table.rows.append(&mut more.rows);
                    table.warnings.append(&mut more.warnings);
                }
                (_, block) => {
                    if let Some(earlier) = held.replace(block) {
                        take(earlier)?;
                    }
                }
            }
        }
        if piece.is_last {
            return held.map_or(Ok(()), take);
        }
    }
}

fn blocks(
    piece: &mut Piece,
    last_line: usize,
    warnings: &mut Vec<Warning>,
) -> Result<Vec<Block>, PageError> {
    let mut tables = std::mem::take(&mut piece.tables).into_iter().peekable();
    let mut reader = Reader::new(piece);
    for (event, range) in Parser::new_ext(&piece.text, Options::ENABLE_TABLES).into_offset_iter() {
        while let Some((_, table)) = tables.next_if(|(at, _)| *at <= range.start) {
            reader.end_lines();
            reader.blocks.push(Block::Table(table));
        }
        reader.take(event, &range)?;
    }
    reader.end_lines();
    reader
        .blocks
        .extend(tables.map(|(_, table)| Block::Table(table)));
    reader.check_stray_rows(last_line, warnings)?;
    Ok(reader.blocks)
}

struct Reader<'a> {
    piece: &'a Piece,
    lines: Lines<'a>,
    blocks: Vec<Block>,
    paragraph: Vec<Line>,
    line: Line,
    prose: Prose,
    heading: Option<u8>,
    code: Option<(usize, String)>,
    html: Option<(usize, String)>,
    table: Option<PipeTable>,
}

struct PipeTable {
    table: Table,
    start: usize,
    head_open: bool,
    row: Row,
    row_start: usize,
    /// The targets of the links of the cell.
    links: Vec<String>,
}

impl<'a> Reader<'a> {
    fn new(piece: &'a Piece) -> Self {
        Self {
            piece,
            lines: piece.lines(),
            blocks: Vec::new(),
            paragraph: Vec::new(),
            line: Line::default(),
            prose: Prose::default(),
            heading: None,
            code: None,
            html: None,
            table: None,
        }
    }

    fn take(&mut self, event: Event<'_>, range: &Range<usize>) -> Result<(), PageError> {
        match event {
            Event::Start(tag) => self.start(&tag, range),
            Event::End(tag) => self.end(tag, range)?,
            Event::Text(text) | Event::Code(text) => self.text(&text, range),
            Event::Html(text) => match &mut self.html {
                Some((_, html)) => html.push_str(&text),
                None => self.text(&text, range),
            },
            Event::InlineHtml(text) => self.inline_html(&text, range),
            Event::SoftBreak | Event::HardBreak => self.break_line(),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str, range: &Range<usize>) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(text);
            return;
        }
        self.note_line(range);
        self.prose.push(text);
    }

    fn note_line(&mut self, range: &Range<usize>) {
        if self.table.is_none() && self.line.line == 0 {
            self.line.line = self.lines.at(range.start);
        }
    }

    fn inline_html(&mut self, text: &str, range: &Range<usize>) {
        match html::inline(text) {
            html::Inline::Break => self.break_line(),
            html::Inline::Emphasis => self.prose.mark(),
            html::Inline::Text => self.text(text, range),
            html::Inline::Nothing => {}
            html::Inline::Anchor { name, target } => {
                if let Some(table) = &mut self.table {
                    table.links.extend(target);
                    return;
                }
                self.note_line(range);
                self.line.anchors.extend(name);
                self.line.links.extend(target);
            }
        }
    }

    fn break_line(&mut self) {
        if self.table.is_some() || self.heading.is_some() {
            self.prose.separate();
        } else {
            self.end_line();
        }
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.text = std::mem::take(&mut self.prose).finish().text;
        if !line.text.is_empty() || !line.anchors.is_empty() || !line.links.is_empty() {
            self.paragraph.push(line);
            // Who reads lines takes them one by one: a long list need not be in one piece.
            if self.paragraph.len() == MAX_LINES {
                self.flush_lines();
            }
        }
    }

    fn end_lines(&mut self) {
        self.end_line();
        if !self.paragraph.is_empty() {
            self.flush_lines();
        }
    }

    fn flush_lines(&mut self) {
        let lines = std::mem::take(&mut self.paragraph);
        self.blocks.push(Block::Lines(lines));
    }

    fn start(&mut self, tag: &Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::Emphasis | Tag::Strong | Tag::Strikethrough => self.prose.mark(),
            Tag::Link { dest_url, .. } => {
                self.note_line(range);
                match &mut self.table {
                    Some(table) => table.links.push(dest_url.to_string()),
                    None => self.line.links.push(dest_url.to_string()),
                }
            }
            Tag::Image { .. } => {}
            Tag::TableHead | Tag::TableRow => self.start_row(range),
            Tag::TableCell => self.prose = Prose::default(),
            _ => self.start_block(tag, range),
        }
    }

    fn start_block(&mut self, tag: &Tag<'_>, range: &Range<usize>) {
        self.end_lines();
        match tag {
            Tag::Heading { level, .. } => self.heading = Some(level_number(*level)),
            Tag::CodeBlock(_) => self.code = Some((self.lines.at(range.start), String::new())),
            Tag::HtmlBlock => self.html = Some((self.lines.at(range.start), String::new())),
            Tag::Table(_) => {
                let line = self.lines.at(range.start);
                self.table = Some(PipeTable {
                    table: Table {
                        line,
                        ..Table::default()
                    },
                    start: range.start,
                    head_open: false,
                    row: Row::default(),
                    row_start: range.start,
                    links: Vec::new(),
                });
            }
            _ => {}
        }
    }

    fn start_row(&mut self, range: &Range<usize>) {
        let line = self.lines.at(range.start);
        if let Some(table) = &mut self.table {
            table.row = Row {
                line,
                cells: Vec::new(),
            };
            table.row_start = range.start;
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) -> Result<(), PageError> {
        match tag {
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.prose.mark(),
            TagEnd::Link | TagEnd::Image => {}
            TagEnd::TableCell => self.end_cell(range),
            TagEnd::TableHead => self.end_head(range),
            TagEnd::TableRow => self.end_row(range),
            TagEnd::Table => self.end_table(range)?,
            TagEnd::Heading(_) => self.end_heading(),
            TagEnd::CodeBlock => {
                if let Some((line, text)) = self.code.take() {
                    self.blocks.push(Block::Code { line, text });
                }
            }
            TagEnd::HtmlBlock => {
                if let Some((line, text)) = self.html.take() {
                    self.blocks.extend(html::blocks(&text, line));
                }
            }
            _ => self.end_lines(),
        }
        Ok(())
    }

    fn end_heading(&mut self) {
        self.end_line();
        let level = self.heading.take().unwrap_or(6);
        let lines = std::mem::take(&mut self.paragraph);
        self.blocks
            .extend(lines.into_iter().map(|line| Block::Heading { level, line }));
    }

    fn end_cell(&mut self, range: &Range<usize>) {
        let finished = std::mem::take(&mut self.prose).finish();
        let Some(table) = &mut self.table else { return };
        let links = std::mem::take(&mut table.links);
        // The parser makes up empty cells for a short row.
        if range.is_empty() {
            return;
        }
        table.row.cells.push(Cell::new(finished, links));
    }

    fn end_head(&mut self, _: &Range<usize>) {
        if let Some(table) = &mut self.table {
            table.table.header = std::mem::take(&mut table.row).cells;
            table.head_open = true;
        }
    }

    fn end_row(&mut self, range: &Range<usize>) {
        let Some(table) = &mut self.table else { return };
        let mut row = std::mem::take(&mut table.row);
        row.cells.shrink_to_fit();
        let count = cells_in(self.piece.text.get(range.clone()).unwrap_or_default());
        if count > table.table.header.len() {
            let message = format!(
                "the row has {count} cells and the header {}: a `|` without `\\` splits a cell, and what follows the last column was not read",
                table.table.header.len()
            );
            table.table.warnings.push(Warning {
                line: row.line,
                message,
            });
        }
        table.table.rows.push(row);
    }

    fn end_table(&mut self, range: &Range<usize>) -> Result<(), PageError> {
        let Some(pipe) = self.table.take() else {
            return Ok(());
        };
        let at_end = self.piece.is_last
            && self
                .piece
                .text
                .get(range.end..)
                .unwrap_or_default()
                .trim()
                .is_empty()
            && range.end > self.piece.last_table;
        if at_end && pipe.is_cut(&self.piece.text, range.end) {
            let line = pipe
                .table
                .rows
                .last()
                .map_or(pipe.table.line, |row| row.line);
            return Err(cut_row(line));
        }
        self.blocks.push(Block::Table(pipe.table));
        Ok(())
    }

    /// Lines with pipes outside a table are a table that Markdown did not see.
    fn check_stray_rows(
        &self,
        last_line: usize,
        warnings: &mut Vec<Warning>,
    ) -> Result<(), PageError> {
        let lines = self.blocks.iter().filter_map(|block| match block {
            Block::Lines(lines) => Some(lines),
            _ => None,
        });
        for line in lines.flatten().filter(|line| is_stray_row(&line.text)) {
            if line.line >= last_line {
                return Err(cut_row(line.line));
            }
            warnings.push(Warning {
                line: line.line,
                message: "this looks like a row of a table, but a blank line or a wrong delimiter row (`|---|---|`) keeps it out: it was not read".to_owned(),
            });
        }
        Ok(())
    }
}

fn cut_row(line: usize) -> PageError {
    PageError {
        line,
        message:
            "the page ends inside this row of a table, so it seems to be cut: fetch the whole page"
                .to_owned(),
    }
}

fn is_stray_row(text: &str) -> bool {
    let delimiter =
        text.contains('|') && text.contains("--") && text.chars().all(|c| "|-: ".contains(c));
    text.starts_with('|') || delimiter
}

impl PipeTable {
    fn is_cut(&self, text: &str, end: usize) -> bool {
        let source = text.get(self.start..end).unwrap_or_default();
        let head = source.lines().next().unwrap_or_default().trim_end();
        let last = source.trim_end().lines().next_back().unwrap_or_default();
        let short = self
            .table
            .rows
            .last()
            .is_some_and(|row| row.cells.len() < self.table.header.len());
        short || (head.ends_with('|') && !last.ends_with('|'))
    }
}

/// How many cells a row's source has.
fn cells_in(row: &str) -> usize {
    let row = row.trim().trim_start_matches('>').trim_start();
    let row = row.strip_prefix('|').unwrap_or(row);
    let mut cells = 1;
    let mut escaped = false;
    let mut open = false;
    for byte in row.bytes() {
        open = true;
        match byte {
            b'\\' => escaped = !escaped,
            b'|' if !escaped => {
                cells += 1;
                open = false;
            }
            _ => escaped = false,
        }
        if byte == b'|' {
            escaped = false;
        }
    }
    if open { cells } else { cells - 1 }
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
