//! A page's blocks put where they belong: under which heading and status, with which caption.

use std::collections::HashSet;

use crate::contract::Location;

use super::entries::{Entry, entries, has_entries, position};
use super::html::start_of;
use super::markdown::{self, Block, Line};
use super::table::Table;
use super::uri::{self, RequestLine};
use super::vocabulary::{self, Announced, Column, Direction, Section, TableKind};
use super::{PageError, Warning};

/// What a page holds, before any fact is drawn from it.
#[derive(Debug, Default)]
pub struct Outline {
    /// The title.
    pub title: Option<Line>,
    /// The text under the heading of what the operation does.
    pub function: Vec<Line>,
    /// Links outside tables.
    pub links: Vec<Link>,
    /// Where the heading of the URI stands.
    pub uri_heading: Option<usize>,
    /// The request lines under it.
    pub uris: Vec<(usize, RequestLine)>,
    /// The tables of parameters, bodies and schemas.
    pub tables: Vec<Placed>,
    /// The announcements of answers.
    pub answers: Vec<Answer>,
    /// The rows of the status tables.
    pub statuses: Vec<StatusRow>,
    /// The blocks under the headings of examples.
    pub examples: Vec<ExampleBlock>,
    /// The names of all anchors that could name a table.
    pub anchors: HashSet<String>,
}

/// A link.
#[derive(Debug)]
pub struct Link {
    /// Where it stands.
    pub line: usize,
    /// Under which heading.
    pub section: Section,
    /// Its target.
    pub target: String,
}

/// What a table is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Parameters; `None` when path and query parameters may share the table.
    Parameters(Option<Location>),
    /// The fields of a body.
    Body,
    /// The fields of a form.
    Form,
    /// The fields of the schema with this name.
    Schema(String),
}

/// A table in its place.
#[derive(Debug)]
pub struct Placed {
    /// Where it starts.
    pub line: usize,
    /// What it is for.
    pub role: Role,
    /// What it speaks of.
    pub direction: Direction,
    /// The index of the announcement that it stands under.
    pub answer: Option<usize>,
    /// The names of its anchors, nearest last.
    pub anchors: Vec<String>,
    /// Its rows.
    pub entries: Vec<Entry>,
}

/// A line such as `状态码： 200`.
#[derive(Debug)]
pub struct Answer {
    /// Where it stands.
    pub line: usize,
    /// The statuses it names.
    pub statuses: Vec<String>,
    /// Whether an example follows it, not a table.
    pub of_example: bool,
}

/// A row of a status table.
#[derive(Debug)]
pub struct StatusRow {
    /// Where it stands.
    pub line: usize,
    /// The statuses it names.
    pub statuses: Vec<String>,
    /// What it says of them.
    pub text: String,
}

/// A code block under a heading of examples.
#[derive(Debug)]
pub struct ExampleBlock {
    /// Where it starts.
    pub line: usize,
    /// Whose example it is.
    pub direction: Direction,
    /// The statuses announced before it.
    pub statuses: Vec<String>,
    /// Its text.
    pub text: String,
}

/// Puts a page's blocks where they belong.
pub fn outline(
    page: &str,
    last_line: usize,
    warnings: &mut Vec<Warning>,
) -> Result<Outline, PageError> {
    let mut reader = Reader {
        out: Outline::default(),
        section: Section::Other,
        level: 1,
        answer: None,
        caption: None,
        last_text: None,
        anchors: Vec::new(),
        bodies: HashSet::new(),
        warnings: Vec::new(),
    };
    markdown::each_block(page, last_line, warnings, |block| reader.block(block))?;
    warnings.append(&mut reader.warnings);
    Ok(reader.out)
}

struct Reader {
    out: Outline,
    section: Section,
    level: u8,
    answer: Option<usize>,
    caption: Option<String>,
    last_text: Option<String>,
    anchors: Vec<String>,
    bodies: HashSet<(Direction, Option<usize>)>,
    warnings: Vec<Warning>,
}

impl Reader {
    fn block(&mut self, block: Block) -> Result<(), PageError> {
        match block {
            Block::Heading { level, line } => return self.heading(level, line),
            Block::Lines(lines) => lines.into_iter().for_each(|line| self.line(line)),
            Block::Code { line, text } => self.code(line, text),
            Block::Table(table) => self.table(table),
        }
        Ok(())
    }

    fn warn(&mut self, line: usize, message: String) {
        self.warnings.push(Warning { line, message });
    }

    fn heading(&mut self, level: u8, line: Line) -> Result<(), PageError> {
        let section = vocabulary::section(&line.text);
        if self.out.title.is_none() && (level == 1 || section.is_none()) && !line.text.is_empty() {
            self.out.title = Some(line);
            self.level = level;
            return Ok(());
        }
        if let Some(section) = section {
            self.enter(section, line.line)?;
            self.level = level;
            return Ok(());
        }
        let announces = vocabulary::announced(&line.text).is_some()
            || vocabulary::caption(&line.text).is_some();
        if !announces && level <= self.level {
            if level == 1 {
                self.warn(
                    line.line,
                    format!(
                        "a second title, `{}`: one page holds one operation",
                        start_of(&line.text)
                    ),
                );
            }
            self.enter(Section::Other, line.line)?;
            self.level = level;
        }
        self.line(line);
        Ok(())
    }

    fn enter(&mut self, section: Section, line: usize) -> Result<(), PageError> {
        if section == Section::Uri {
            match self.out.uri_heading {
                Some(first) if !self.out.uris.is_empty() => {
                    return Err(PageError {
                        line,
                        message: format!(
                            "a second URI section (the first is in line {first}): give each operation a page of its own"
                        ),
                    });
                }
                _ => self.out.uri_heading = Some(line),
            }
        }
        self.section = section;
        self.answer = None;
        self.forget();
        Ok(())
    }

    /// Whether a line of text may stand for a heading; `URI` often names a part of its own section.
    fn may_enter(&self, section: Section) -> bool {
        section != Section::Uri || self.out.uri_heading.is_none()
    }

    fn forget(&mut self) {
        self.caption = None;
        self.last_text = None;
        self.anchors.clear();
    }

    fn line(&mut self, line: Line) {
        let section = self.section;
        self.out.anchors.extend(line.anchors.iter().cloned());
        self.anchors.extend(line.anchors.iter().cloned());
        let bare = line
            .text
            .split_whitespace()
            .filter(|word| word.contains("://") && word.contains("api="));
        let targets = line
            .links
            .iter()
            .map(String::as_str)
            .chain(bare)
            .map(str::to_owned);
        self.out.links.extend(targets.map(|target| Link {
            line: line.line,
            section,
            target,
        }));
        if line.text.is_empty() {
            return;
        }
        if let Some(announced) = vocabulary::announced(&line.text)
            && self.announce(announced, &line)
        {
            return;
        }
        if let Some(caption) = vocabulary::caption(&line.text) {
            self.caption(caption);
        } else if let Some(section) =
            vocabulary::section(&line.text).filter(|section| self.may_enter(*section))
        {
            // Some pages set their headings as bold text; the level stays that of the last heading.
            if self.enter(section, line.line).is_ok() {
                return;
            }
        } else {
            self.last_text = Some(line.text.clone());
        }
        match section {
            Section::Function => self.out.function.push(line),
            Section::Uri => {
                self.out
                    .uris
                    .extend(uri::request_line(&line.text).map(|uri| (line.line, uri)));
            }
            _ => {}
        }
    }

    /// Prose may begin like a caption (`Table 1 describes …`); it does not push out a real one.
    fn caption(&mut self, caption: &str) {
        let is_real = |caption: &str| {
            vocabulary::table_kind(caption).is_some() || !caption.contains(char::is_whitespace)
        };
        if !self.caption.as_deref().is_some_and(is_real) || is_real(caption) {
            self.caption = Some(caption.to_owned());
        }
    }

    /// Gives whether the line was an announcement here.
    fn announce(&mut self, announced: Announced, line: &Line) -> bool {
        match self.section {
            Section::Request => {
                self.warn(
                    line.line,
                    format!(
                        "`{}` stands under the request: what follows was taken as the response",
                        start_of(&line.text)
                    ),
                );
                self.section = Section::Response;
            }
            Section::Response | Section::Examples(_) => {}
            _ => return false,
        }
        let statuses = match announced {
            Announced::Statuses(statuses) => statuses,
            Announced::Unclear => {
                self.warn(line.line, format!("`{}` names no single status: what follows it was not read as a body or an example", start_of(&line.text)));
                Vec::new()
            }
        };
        if statuses.len() > 1 {
            self.warn(
                line.line,
                format!(
                    "`{}` names several statuses: what follows counts for each",
                    start_of(&line.text)
                ),
            );
        }
        self.forget();
        self.answer = Some(self.out.answers.len());
        let of_example = self.section != Section::Response;
        self.out.answers.push(Answer {
            line: line.line,
            statuses,
            of_example,
        });
        true
    }

    fn code(&mut self, line: usize, text: String) {
        match self.section {
            Section::Uri => {
                let lines = text.lines().enumerate();
                let found =
                    lines.filter_map(|(at, text)| Some((line + at, uri::request_line(text)?)));
                self.out.uris.extend(found);
            }
            Section::Examples(Some(direction)) => {
                let statuses = self
                    .answer
                    .and_then(|at| self.out.answers.get(at))
                    .map(|answer| answer.statuses.clone());
                if direction == Direction::Response && statuses.as_ref().is_some_and(Vec::is_empty)
                {
                    return;
                }
                self.out.examples.push(ExampleBlock {
                    line,
                    direction,
                    statuses: statuses.unwrap_or_default(),
                    text,
                });
            }
            Section::Examples(None) => {
                self.warn(
                    line,
                    "nothing says whether this example is a request or a response: it was not read"
                        .to_owned(),
                );
            }
            Section::Request | Section::Response => {
                self.warn(
                    line,
                    "a code block outside the examples was not read".to_owned(),
                );
            }
            _ => {}
        }
    }

    fn table(&mut self, mut table: Table) {
        self.out.anchors.extend(table.anchors.iter().cloned());
        let mut anchors = std::mem::take(&mut self.anchors);
        anchors.append(&mut table.anchors);
        table.anchors = anchors;
        let own = table.caption.take();
        table.caption = own
            .map(|own| vocabulary::caption(&own).map_or(own.clone(), str::to_owned))
            .or_else(|| self.caption.take());
        let before = self.last_text.take();
        self.forget();
        if self.take_statuses(&table) {
            return;
        }
        let Some((role, direction)) = self.role(&table, before) else {
            return;
        };
        self.warnings.append(&mut table.warnings);
        let answer = self.answer.filter(|_| direction == Direction::Response);
        if role == Role::Body {
            self.bodies.insert((direction, answer));
        }
        let (line, anchors) = (table.line, std::mem::take(&mut table.anchors));
        let entries = entries(table, &mut self.warnings);
        self.out.tables.push(Placed {
            line,
            role,
            direction,
            answer,
            anchors,
            entries,
        });
    }

    fn direction(&self) -> Option<Direction> {
        match self.section {
            Section::Uri | Section::Request => Some(Direction::Request),
            Section::Response => Some(Direction::Response),
            _ => None,
        }
    }

    fn role(&mut self, table: &Table, before: Option<String>) -> Option<(Role, Direction)> {
        // A bold line without `表 1` serves as a caption when it reads like one.
        let stands_in = |text: &String| {
            vocabulary::table_kind(text).is_some()
                || text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let caption = table
            .caption
            .clone()
            .filter(|caption| !caption.is_empty())
            .or(before.filter(stands_in));
        let Some(caption) = caption else {
            return self.role_without_caption(table);
        };
        match vocabulary::table_kind(&caption) {
            Some(kind) => self.role_of_kind(kind, &caption, table),
            None => match self.direction() {
                Some(direction) => Some((Role::Schema(caption), direction)),
                None => self.stray(table),
            },
        }
    }

    /// A table outside request and response: of no concern unless it looks like one of theirs.
    fn stray(&mut self, table: &Table) -> Option<(Role, Direction)> {
        if has_entries(&table.header) {
            self.warn(
                table.line,
                "this table stands outside the request and the response and was not read"
                    .to_owned(),
            );
        }
        None
    }

    fn role_of_kind(
        &mut self,
        kind: TableKind,
        caption: &str,
        table: &Table,
    ) -> Option<(Role, Direction)> {
        let here = self.direction();
        let (role, direction) = match kind {
            TableKind::Uri if self.section == Section::Uri => {
                (Role::Parameters(None), Direction::Request)
            }
            TableKind::Uri => return self.role_without_caption(table),
            TableKind::Parameters(Location::Header) if here == Some(Direction::Response) => {
                return None;
            }
            TableKind::Parameters(location) => {
                (Role::Parameters(Some(location)), Direction::Request)
            }
            TableKind::Form => (Role::Form, Direction::Request),
            TableKind::ResponseHeaders => return None,
            TableKind::Body(named) => match here.or(named) {
                Some(direction) => {
                    if named.is_some_and(|named| named != direction) {
                        self.warn(table.line, format!("the caption `{caption}` does not fit the heading above it: the heading counts"));
                    }
                    if self.section == Section::Uri {
                        self.warn(table.line, format!("the table `{caption}` stands under the URI: taken as the body of the request"));
                    }
                    (Role::Body, direction)
                }
                None => return self.stray(table),
            },
        };
        if here.is_some_and(|here| here != direction) {
            self.warn(
                table.line,
                format!(
                    "the caption `{caption}` does not fit the heading above it: the caption counts"
                ),
            );
        }
        Some((role, direction))
    }

    fn role_without_caption(&mut self, table: &Table) -> Option<(Role, Direction)> {
        let Some(direction) = self.direction() else {
            return self.stray(table);
        };
        let answer = self.answer.filter(|_| direction == Direction::Response);
        let has_body = self.bodies.contains(&(direction, answer));
        let looks_like_headers = table
            .rows
            .iter()
            .filter_map(|row| row.cells.first())
            .any(|cell| is_header_name(&cell.text));
        let (role, what) = if self.section == Section::Uri {
            (
                Role::Parameters(None),
                "parameters of the path and the query",
            )
        } else if looks_like_headers && direction == Direction::Request {
            (
                Role::Parameters(Some(Location::Header)),
                "parameters in headers",
            )
        } else if has_body {
            self.warn(
                table.line,
                "no caption (`表 N`, `Table N`) says what this table holds: it was not read"
                    .to_owned(),
            );
            return None;
        } else {
            (Role::Body, "the body")
        };
        self.warn(
            table.line,
            format!("no caption (`表 N`, `Table N`) says what this table holds: taken as {what}"),
        );
        Some((role, direction))
    }

    /// Reads a status table; gives whether it was one.
    fn take_statuses(&mut self, table: &Table) -> bool {
        let column = position(&table.header, Column::Status);
        let of_errors = position(&table.header, Column::ErrorCode).is_some();
        let outside = self.direction().is_none() && column == Some(0);
        if of_errors
            || self.section == Section::ErrorCodes
            || !(self.section == Section::Statuses || outside)
        {
            return false;
        }
        let column = column.unwrap_or(0);
        let description = position(&table.header, Column::Description)
            .unwrap_or_else(|| table.header.len().saturating_sub(1));
        for row in &table.rows {
            let text = |at: usize| {
                row.cells
                    .get(at)
                    .map(|cell| cell.text.clone())
                    .unwrap_or_default()
            };
            match vocabulary::statuses(&text(column)) {
                Some(statuses) => self.out.statuses.push(StatusRow {
                    line: row.line,
                    statuses,
                    text: text(description).into(),
                }),
                None if text(column).is_empty() || vocabulary::is_nothing(&text(column)) => {}
                None => self.warn(
                    row.line,
                    format!(
                        "`{}` is no single status: the row was not read",
                        start_of(&text(column))
                    ),
                ),
            }
        }
        true
    }
}

fn is_header_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.starts_with("x-") || ["content-type", "authorization", "accept"].contains(&lower.as_str())
}
