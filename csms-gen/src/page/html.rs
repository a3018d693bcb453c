//! HTML inside a page: tables, other blocks and single tags, read with html5ever's tokenizer.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::Warning;
use super::markdown::{Block, Line};
use super::prose::Prose;
use super::table::{Cell, Row, Table};

/// No table of a page is wider; what stands further right is not read.
const MAX_COLUMNS: usize = 64;
/// How much text `rowspan` may repeat in one table.
const MAX_REPEATED: usize = 1 << 20;

/// What a tag does to the text around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Separates,
    Emphasises,
    Nothing,
    /// Not a tag of HTML: text such as `Array<String>`.
    Text,
}

fn effect(name: &str) -> Effect {
    match name {
        "p" | "br" | "li" | "ul" | "ol" | "div" | "hr" | "dl" | "dt" | "dd" | "table" | "thead"
        | "tbody" | "tfoot" | "tr" | "td" | "th" | "caption" | "col" | "colgroup" | "pre"
        | "blockquote" | "section" | "article" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
        | "details" | "summary" => Effect::Separates,
        "em" | "i" | "strong" | "b" | "u" | "s" | "del" | "ins" | "sub" | "sup" => {
            Effect::Emphasises
        }
        "a" | "span" | "font" | "code" | "tt" | "kbd" | "samp" | "var" | "img" | "small"
        | "big" | "cite" | "q" | "mark" | "center" | "wbr" | "label" | "abbr" | "nobr" => {
            Effect::Nothing
        }
        _ => Effect::Text,
    }
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs
        .iter()
        .find(|attr| &*attr.name.local == name)
        .map(|attr| &*attr.value)
        .filter(|value| !value.is_empty())
}

fn anchor(tag: &Tag) -> Option<String> {
    attribute(tag, "name")
        .or_else(|| attribute(tag, "id"))
        .map(str::to_owned)
}

fn spelled(tag: &Tag) -> String {
    match tag.kind {
        TagKind::StartTag => format!("<{}>", &*tag.name),
        TagKind::EndTag => format!("</{}>", &*tag.name),
    }
}

fn feed<S: TokenSink>(tokenizer: &Tokenizer<S>, piece: &str) {
    let queue = BufferQueue::default();
    queue.push_back(StrTendril::from_slice(piece));
    // The sinks here never ask the tokenizer to stop, so one call takes all of it.
    let _ = tokenizer.feed(&queue);
}

/// Reads the table that `source` starts with. Gives it and its length in bytes, or `None` when it
/// never ends. `line` is where it starts; `quoted` tells that each line may begin with `>`.
pub fn table(source: &str, line: usize, quoted: bool) -> Option<(Table, usize)> {
    let sink = TableSink(RefCell::new(TableBuilder::new(line)));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let mut position = 0;
    while let Some(end) = end_of_closing_tag(source, position) {
        let piece = source.get(position..end)?;
        if quoted {
            for part in piece.split_inclusive('\n') {
                feed(&tokenizer, part.trim_start_matches([' ', '>']));
            }
        } else {
            feed(&tokenizer, piece);
        }
        position = end;
        if tokenizer.sink.0.borrow().depth == 0 {
            return Some((tokenizer.sink.0.into_inner().finish(), position));
        }
    }
    None
}

/// The offset after the next `</table>`.
fn end_of_closing_tag(source: &str, from: usize) -> Option<usize> {
    let mut position = from;
    loop {
        position += source.get(position..)?.find("</")? + 2;
        let name = source.as_bytes().get(position..position + 5)?;
        if name.eq_ignore_ascii_case(b"table") {
            return Some(position + source.get(position..)?.find('>')? + 1);
        }
    }
}

struct TableSink(RefCell<TableBuilder>);

impl TokenSink for TableSink {
    type Handle = ();

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<()> {
        self.0
            .borrow_mut()
            .take(token, usize::try_from(line_number).unwrap_or(1));
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct CellBuilder {
    prose: Prose,
    links: Vec<String>,
    columns: usize,
    rows: usize,
}

struct Spanned {
    rows: usize,
    cell: Cell,
}

struct TableBuilder {
    depth: usize,
    first_line: usize,
    current_line: usize,
    caption: Option<Prose>,
    cell: Option<CellBuilder>,
    row: Option<Row>,
    rows: Vec<Row>,
    spans: Vec<Option<Spanned>>,
    repeated: usize,
    too_wide: bool,
    table: Table,
}

impl TableBuilder {
    fn new(line: usize) -> Self {
        Self {
            depth: 0,
            first_line: line,
            current_line: line,
            caption: None,
            cell: None,
            row: None,
            rows: Vec::new(),
            spans: Vec::new(),
            repeated: 0,
            too_wide: false,
            table: Table {
                line,
                ..Table::default()
            },
        }
    }

    fn warn(&mut self, message: String) {
        self.table.warnings.push(Warning {
            line: self.current_line,
            message,
        });
    }

    fn take(&mut self, token: Token, line_number: usize) {
        self.current_line = self.first_line + line_number.saturating_sub(1);
        match token {
            Token::TagToken(tag) => self.tag(&tag),
            Token::CharacterTokens(text) => self.text(&text),
            Token::CommentToken(text) if self.cell.is_some() && !text.trim().is_empty() => {
                self.warn(format!(
                    "a comment in a table cell was left out: `{}`",
                    start_of(&text)
                ));
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some(cell) = &mut self.cell {
            cell.prose.push(text);
        } else if self.depth > 0
            && let Some(caption) = &mut self.caption
        {
            caption.push(text);
        }
    }

    fn tag(&mut self, tag: &Tag) {
        let starts = tag.kind == TagKind::StartTag;
        match &*tag.name {
            "table" if starts => self.start_table(tag),
            "table" => self.end_table(),
            "tr" if self.depth == 1 => {
                self.end_row();
                if starts {
                    self.row = Some(Row {
                        line: self.current_line,
                        cells: Vec::new(),
                    });
                }
            }
            "td" | "th" if self.depth == 1 => {
                self.end_cell();
                if starts {
                    self.start_cell(tag);
                }
            }
            "caption" if self.depth == 1 && self.cell.is_none() && starts => {
                self.caption = Some(Prose::default());
            }
            _ => self.inline(tag),
        }
    }

    fn start_table(&mut self, tag: &Tag) {
        self.depth += 1;
        if self.depth == 1 {
            self.table.anchors.extend(anchor(tag));
        } else {
            self.warn("a table inside a table cell was read as text".to_owned());
            self.inline(tag);
        }
    }

    fn end_table(&mut self) {
        if self.depth == 1 {
            self.end_row();
        } else if let Some(cell) = &mut self.cell {
            cell.prose.separate();
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn inline(&mut self, tag: &Tag) {
        let starts = tag.kind == TagKind::StartTag;
        let Some(cell) = &mut self.cell else {
            if starts && self.depth > 0 && &*tag.name == "a" {
                self.table.anchors.extend(anchor(tag));
            }
            return;
        };
        match effect(&tag.name) {
            Effect::Separates => cell.prose.separate(),
            Effect::Emphasises => cell.prose.mark(),
            Effect::Nothing => {
                if starts && let Some(target) = attribute(tag, "href") {
                    cell.links.push(target.to_owned());
                }
            }
            Effect::Text => {
                cell.prose.push(&spelled(tag));
                self.warn(format!("`{}` in a table cell is no tag of HTML and was read as text, perhaps in another case", spelled(tag)));
            }
        }
    }

    fn start_cell(&mut self, tag: &Tag) {
        if self.row.is_none() {
            self.row = Some(Row {
                line: self.current_line,
                cells: Vec::new(),
            });
        }
        let span = |name| {
            attribute(tag, name)
                .and_then(|value| value.trim().parse().ok())
                .unwrap_or(1)
        };
        self.cell = Some(CellBuilder {
            columns: span("colspan"),
            rows: span("rowspan"),
            ..CellBuilder::default()
        });
    }

    fn end_cell(&mut self) {
        let Some(cell) = self.cell.take() else { return };
        self.repeat_from_above();
        let finished = cell.prose.finish();
        let value = Cell::new(finished, cell.links);
        if cell.columns > 1 && !self.rows.is_empty() {
            self.warn(format!("a cell spans {} columns: its text is in the first of them and the others are empty", cell.columns));
        }
        if cell.rows > 1 {
            self.span_rows(cell.rows, cell.columns, &value);
        }
        self.push_cell(value);
        for _ in 1..cell.columns.min(MAX_COLUMNS) {
            self.push_cell(Cell::default());
        }
    }

    fn span_rows(&mut self, rows: usize, columns: usize, value: &Cell) {
        let at = self.row.as_ref().map_or(0, |row| row.cells.len());
        for offset in 0..columns.clamp(1, MAX_COLUMNS) {
            let column = at + offset;
            if column >= MAX_COLUMNS {
                return;
            }
            if self.spans.len() <= column {
                self.spans.resize_with(column + 1, || None);
            }
            let cell = if offset == 0 {
                value.clone()
            } else {
                Cell::default()
            };
            if let Some(slot) = self.spans.get_mut(column) {
                *slot = Some(Spanned {
                    rows: rows - 1,
                    cell,
                });
            }
        }
        if !self.rows.is_empty() {
            self.warn(format!(
                "a cell spans {rows} rows: `{}` stands in each of them",
                start_of(&value.text)
            ));
        }
    }

    /// Puts the cells of earlier rows that reach down into this one at its current end.
    fn repeat_from_above(&mut self) {
        while let Some(row) = &self.row {
            let Some(slot) = self.spans.get_mut(row.cells.len()) else {
                return;
            };
            let Some(spanned) = slot else { return };
            if spanned.rows == 0 {
                *slot = None;
                return;
            }
            spanned.rows -= 1;
            self.repeated = self.repeated.saturating_add(spanned.cell.text.len());
            let cell = if self.repeated <= MAX_REPEATED {
                spanned.cell.clone()
            } else {
                Cell::default()
            };
            self.push_cell(cell);
        }
    }

    fn push_cell(&mut self, cell: Cell) {
        let Some(row) = &mut self.row else { return };
        if row.cells.len() < MAX_COLUMNS {
            row.cells.push(cell);
        } else if !self.too_wide {
            self.too_wide = true;
            self.warn(format!(
                "the table has more than {MAX_COLUMNS} columns: the rest was not read"
            ));
        }
    }

    fn end_row(&mut self) {
        self.end_cell();
        self.repeat_from_above();
        if let Some(mut row) = self.row.take()
            && !row.cells.is_empty()
        {
            row.cells.shrink_to_fit();
            self.rows.push(row);
        }
    }

    fn finish(mut self) -> Table {
        let mut rows = self.rows.into_iter();
        if let Some(header) = rows.next() {
            self.table.header = header.cells;
        }
        self.table.rows = rows.collect();
        self.table.caption = self
            .caption
            .map(|prose| prose.finish().text)
            .filter(|text| !text.is_empty());
        self.table
    }
}

/// The first words of a text, for a message.
pub fn start_of(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Reads an HTML block that is no table; `line` is where it starts.
pub fn blocks(source: &str, line: usize) -> Vec<Block> {
    let sink = BlockSink(RefCell::new(BlockBuilder {
        first_line: line,
        ..BlockBuilder::default()
    }));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    feed(&tokenizer, source);
    tokenizer.end();
    tokenizer.sink.0.into_inner().finish()
}

struct BlockSink(RefCell<BlockBuilder>);

impl TokenSink for BlockSink {
    type Handle = ();

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<()> {
        let mut builder = self.0.borrow_mut();
        let line = builder.first_line + usize::try_from(line_number).unwrap_or(1).saturating_sub(1);
        match token {
            Token::TagToken(tag) => builder.tag(&tag, line),
            Token::CharacterTokens(text) => builder.text(&text, line),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct BlockBuilder {
    first_line: usize,
    prose: Prose,
    line: Line,
    heading: Option<u8>,
    code: Option<(usize, String)>,
    blocks: Vec<Block>,
}

impl BlockBuilder {
    fn text(&mut self, text: &str, line: usize) {
        if let Some((_, code)) = &mut self.code {
            code.push_str(text);
            return;
        }
        if self.prose.is_empty() {
            self.line.line = line;
        }
        self.prose.push(text);
    }

    fn tag(&mut self, tag: &Tag, line: usize) {
        let starts = tag.kind == TagKind::StartTag;
        match effect(&tag.name) {
            Effect::Separates => self.separate(tag, line),
            Effect::Emphasises => self.prose.mark(),
            Effect::Nothing => {}
            Effect::Text => self.text(&spelled(tag), line),
        }
        if starts && &*tag.name == "a" {
            if self.line.line == 0 {
                self.line.line = line;
            }
            self.line.anchors.extend(anchor(tag));
            self.line
                .links
                .extend(attribute(tag, "href").map(str::to_owned));
        }
    }

    fn separate(&mut self, tag: &Tag, line: usize) {
        self.end_line();
        let starts = tag.kind == TagKind::StartTag;
        match (&*tag.name, starts) {
            ("pre", true) => self.code = Some((line, String::new())),
            ("pre", false) => {
                if let Some((line, text)) = self.code.take() {
                    self.blocks.push(Block::Code { line, text });
                }
            }
            (name, true) => self.heading = heading_level(name),
            (_, false) => self.heading = None,
        }
    }

    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.text = std::mem::take(&mut self.prose).finish().text;
        if line.text.is_empty() && line.anchors.is_empty() && line.links.is_empty() {
            return;
        }
        self.blocks.push(match self.heading {
            Some(level) => Block::Heading { level, line },
            None => Block::Lines(vec![line]),
        });
    }

    fn finish(mut self) -> Vec<Block> {
        self.end_line();
        if let Some((line, text)) = self.code.take() {
            self.blocks.push(Block::Code { line, text });
        }
        self.blocks
    }
}

fn heading_level(name: &str) -> Option<u8> {
    name.strip_prefix('h')
        .and_then(|level| level.parse().ok())
        .filter(|level| (1..=6).contains(level))
}

/// What a tag in running text does.
#[derive(Debug, PartialEq, Eq)]
pub enum Inline {
    /// `<br>` and the like.
    Break,
    /// `<em>` and the like.
    Emphasis,
    /// `<a name=… href=…>`.
    Anchor {
        /// Its name.
        name: Option<String>,
        /// Its target.
        target: Option<String>,
    },
    /// Nothing to the text.
    Nothing,
    /// It is no tag but text.
    Text,
}

/// Reads one tag.
pub fn inline(source: &str) -> Inline {
    let sink = InlineSink(RefCell::new(Inline::Nothing));
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    feed(&tokenizer, source);
    tokenizer.sink.0.into_inner()
}

struct InlineSink(RefCell<Inline>);

impl TokenSink for InlineSink {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        if let Token::TagToken(tag) = token {
            *self.0.borrow_mut() = match effect(&tag.name) {
                Effect::Separates => Inline::Break,
                Effect::Emphasises => Inline::Emphasis,
                Effect::Text => Inline::Text,
                Effect::Nothing if &*tag.name == "a" => Inline::Anchor {
                    name: anchor(&tag),
                    target: attribute(&tag, "href").map(str::to_owned),
                },
                Effect::Nothing => Inline::Nothing,
            };
        }
        TokenSinkResult::Continue
    }
}
