//! A page's outline made into a contract.

use std::collections::HashSet;

use indexmap::IndexMap;
use indexmap::map::Entry as Slot;

use crate::contract::{Body, Contract, Examples, Location, Origin, Parameter};

use super::examples;
use super::outline::{ExampleBlock, Outline, Placed, Role};
use super::schemas::Schemas;
use super::uri::{self, RequestLine};
use super::vocabulary::{Direction, Section};
use super::{PageError, Warning};

/// Draws the contract from an outline; `last_line` is where the page ends.
pub fn contract(
    outline: &Outline,
    last_line: usize,
    warnings: &mut Vec<Warning>,
) -> Result<Contract, PageError> {
    let (title, title_line, operation_id) = identity(outline, warnings)?;
    let (uri_line, request) = request_line(outline, last_line, warnings)?;
    let parameters = parameters(outline, &request, uri_line, warnings);
    let statuses = status_origins(outline);
    let mut assembly = Assembly {
        outline,
        status_lines: &statuses,
        schemas: Schemas::new(&outline.tables),
        warnings,
    };
    let request_body = assembly.request_body(&request.method)?;
    let responses = assembly.responses(last_line)?;
    assembly.note_parameter_types();
    let examples = assembly.examples(request_body.as_ref(), &responses);
    let Assembly { schemas, .. } = assembly;
    warnings.extend(schemas.finish());
    Ok(Contract {
        operation_id,
        title: Some(title),
        method: request.method,
        path: request.path,
        parameters,
        request_body,
        responses,
        examples,
        origin: origin(outline, title_line),
        statuses,
    })
}

fn warn(warnings: &mut Vec<Warning>, line: usize, message: String) {
    warnings.push(Warning { line, message });
}

fn origin(outline: &Outline, title_line: usize) -> Origin {
    let texts: Vec<&str> = outline
        .function
        .iter()
        .map(|line| line.text.as_str())
        .collect();
    Origin {
        line: outline
            .function
            .first()
            .map_or(title_line, |line| line.line),
        text: texts.join(" "),
    }
}

fn status_origins(outline: &Outline) -> IndexMap<String, Origin> {
    let mut origins = IndexMap::new();
    for row in &outline.statuses {
        for status in &row.statuses {
            origins.entry(status.clone()).or_insert_with(|| Origin {
                line: row.line,
                text: row.text.clone(),
            });
        }
    }
    origins
}

/// The title, its line, and the operation id.
fn identity(
    outline: &Outline,
    warnings: &mut Vec<Warning>,
) -> Result<(String, usize, Option<String>), PageError> {
    let title = outline.title.as_ref().ok_or_else(|| PageError {
        line: 1,
        message: "the page has no title: a page of an API begins with a line `# title`".to_owned(),
    })?;
    let linked = linked_id(outline, warnings);
    let (text, named) = match title_id(&title.text) {
        Some((text, id)) if linked.as_deref().is_none_or(|linked| linked == id) => (text, Some(id)),
        Some((_, id)) => {
            let linked = linked.as_deref().unwrap_or_default();
            warn(
                warnings,
                title.line,
                format!(
                    "the title ends in `{id}` and the API Explorer link names `{linked}`: the link counts and the title stays whole"
                ),
            );
            (title.text.as_str(), None)
        }
        None => (title.text.as_str(), None),
    };
    let id = linked.or(named.map(str::to_owned));
    if id.is_none() {
        warn(warnings, title.line, "neither an API Explorer link (`…?api=NAME`) nor the title (`… - NAME`) names the operation: `operation_id` is null".to_owned());
    }
    Ok((text.to_owned(), title.line, id))
}

fn title_id(title: &str) -> Option<(&str, &str)> {
    let (text, id) = [" - ", " – ", " — "]
        .iter()
        .find_map(|dash| title.rsplit_once(dash))?;
    (is_operation_id(id.trim()) && !text.trim().is_empty()).then(|| (text.trim(), id.trim()))
}

/// Whether a text can be an operation's id.
pub fn is_operation_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The id in the API Explorer link; a link under the heading of debugging counts before others.
fn linked_id(outline: &Outline, warnings: &mut Vec<Warning>) -> Option<String> {
    let named = outline
        .links
        .iter()
        .filter_map(|link| Some((link, api_of(&link.target)?)));
    let (mut debugging, mut others) = (Vec::new(), Vec::new());
    for (link, id) in named {
        if link.section == Section::Debugging {
            debugging.push((link, id));
        } else {
            others.push((link, id));
        }
    }
    let candidates = if debugging.is_empty() {
        others
    } else {
        debugging
    };
    let (_, first) = candidates.first()?;
    if let Some((link, other)) = candidates.iter().find(|(_, id)| id != first) {
        warn(
            warnings,
            link.line,
            format!(
                "this link names the operation `{other}` and an earlier one `{first}`: the earlier counts"
            ),
        );
    }
    Some((*first).to_owned())
}

fn api_of(url: &str) -> Option<&str> {
    if !url.to_ascii_lowercase().contains("apiexplorer") {
        return None;
    }
    let pairs = url.split(['?', '&', '#']).skip(1);
    pairs
        .filter_map(|pair| pair.strip_prefix("api="))
        .find(|id| is_operation_id(id))
}

fn request_line(
    outline: &Outline,
    last_line: usize,
    warnings: &mut Vec<Warning>,
) -> Result<(usize, RequestLine), PageError> {
    let Some((line, request)) = outline.uris.first() else {
        return Err(match outline.uri_heading {
            Some(line) => PageError {
                line,
                message: "no request line such as `POST /v1/{project_id}/secrets` stands under this heading: add it".to_owned(),
            },
            None => PageError {
                line: last_line,
                message: "the page has no heading `URI` with a request line such as `POST /v1/{project_id}/secrets`: is it the page of an operation, and whole?".to_owned(),
            },
        });
    };
    if let Some((line, other)) = outline
        .uris
        .iter()
        .find(|(_, other)| (&other.method, &other.path) != (&request.method, &request.path))
    {
        warn(
            warnings,
            *line,
            format!(
                "a second request line, `{} {}`: the first counts",
                other.method, other.path
            ),
        );
    }
    Ok((*line, request.clone()))
}

fn parameters(
    outline: &Outline,
    request: &RequestLine,
    uri_line: usize,
    warnings: &mut Vec<Warning>,
) -> Vec<Parameter> {
    let in_path: HashSet<&str> = uri::path_names(&request.path).collect();
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut seen = HashSet::new();
    for table in &outline.tables {
        let Role::Parameters(location) = table.role else {
            continue;
        };
        for entry in &table.entries {
            let location = location.unwrap_or_else(|| {
                if in_path.contains(&entry.name.as_str()) {
                    return Location::Path;
                }
                warn(
                    warnings,
                    entry.line,
                    format!(
                        "`{}` is not in the path: taken as a parameter of the query",
                        entry.name
                    ),
                );
                Location::Query
            });
            if !seen.insert((rank(location), entry.name.clone())) {
                warn(
                    warnings,
                    entry.line,
                    format!(
                        "the parameter `{}` stands on the page twice: the first counts",
                        entry.name
                    ),
                );
                continue;
            }
            parameters.push(Parameter {
                location,
                name: entry.name.clone(),
                type_name: entry.kind.to_string(),
                required: entry.required,
                origin: Origin {
                    line: entry.line,
                    text: entry.text.clone(),
                },
            });
        }
    }
    parameters.sort_by_key(|parameter| rank(parameter.location));
    check_path(&parameters, &in_path, request, uri_line, warnings);
    parameters
}

fn rank(location: Location) -> u8 {
    match location {
        Location::Path => 0,
        Location::Query => 1,
        Location::Header => 2,
    }
}

fn check_path(
    parameters: &[Parameter],
    in_path: &HashSet<&str>,
    request: &RequestLine,
    uri_line: usize,
    warnings: &mut Vec<Warning>,
) {
    let named: HashSet<(u8, &str)> = parameters
        .iter()
        .map(|parameter| (rank(parameter.location), parameter.name.as_str()))
        .collect();
    let has = |location, name| named.contains(&(rank(location), name));
    for name in uri::path_names(&request.path) {
        if !has(Location::Path, name) {
            warn(
                warnings,
                uri_line,
                format!("`{{{name}}}` is in the path and in no table of path parameters"),
            );
        }
    }
    for name in &request.query {
        if !has(Location::Query, name) {
            warn(
                warnings,
                uri_line,
                format!(
                    "`{name}` is in the query of the request line and in no table of query parameters"
                ),
            );
        }
    }
    for parameter in parameters
        .iter()
        .filter(|parameter| parameter.location == Location::Path)
    {
        if !in_path.contains(&parameter.name.as_str()) {
            warn(
                warnings,
                parameter.origin.line,
                format!(
                    "`{}` is a path parameter by its table and not in the path",
                    parameter.name
                ),
            );
        }
    }
}

struct Assembly<'a, 'w> {
    outline: &'a Outline,
    status_lines: &'a IndexMap<String, Origin>,
    schemas: Schemas<'a>,
    warnings: &'w mut Vec<Warning>,
}

type Responses = IndexMap<String, Option<Body>>;

impl<'a> Assembly<'a, '_> {
    fn warn(&mut self, line: usize, message: String) {
        warn(self.warnings, line, message);
    }

    fn tables(
        &self,
        role: Role,
        direction: Direction,
    ) -> impl Iterator<Item = &'a Placed> + use<'a> {
        self.outline
            .tables
            .iter()
            .filter(move |table| table.role == role && table.direction == direction)
    }

    fn note_parameter_types(&mut self) {
        for table in &self.outline.tables {
            if let Role::Parameters(_) = table.role {
                for entry in &table.entries {
                    self.schemas.use_in_parameter(table, entry);
                }
            }
        }
    }

    fn request_body(&mut self, method: &str) -> Result<Option<Body>, PageError> {
        for form in self.tables(Role::Form, Direction::Request) {
            self.warn(form.line, "the request is a form (multipart/form-data), which is no part of the contract: its table was not read".to_owned());
        }
        let mut tables = self.tables(Role::Body, Direction::Request);
        let Some(table) = tables.next() else {
            return Ok(None);
        };
        for second in tables {
            self.warn(
                second.line,
                format!(
                    "a second table of the request body: the one in line {} counts",
                    table.line
                ),
            );
        }
        if matches!(method, "GET" | "HEAD") {
            self.warn(
                table.line,
                format!("a {method} request has a body here: is this the table of the query?"),
            );
        }
        self.body(table).map(Some)
    }

    fn body(&mut self, table: &'a Placed) -> Result<Body, PageError> {
        let schema = self.schema_name(table);
        let fields = self.schemas.body_fields(table, schema)?;
        if fields.is_empty() {
            self.warn(table.line, "the table of this body has no rows".to_owned());
        }
        Ok(Body {
            schema: schema.map(str::to_owned),
            fields,
        })
    }

    /// The name in a body's anchor; a number at its end goes only if the anchor without it is on
    /// the page too, for then it counts repeats.
    fn schema_name(&mut self, table: &'a Placed) -> Option<&'a str> {
        let (own, other) = match table.direction {
            Direction::Request => ("request_", "response_"),
            Direction::Response => ("response_", "request_"),
        };
        let anchors = table
            .anchors
            .iter()
            .rev()
            .map(|anchor| (anchor, without_topic(anchor)));
        let (whole, anchor) = anchors
            .into_iter()
            .find(|(_, anchor)| anchor.starts_with(own) || anchor.starts_with(other))?;
        let name = anchor.strip_prefix(own).or_else(|| {
            self.warn(
                table.line,
                format!("the anchor `{anchor}` of this body speaks of the other direction"),
            );
            anchor.strip_prefix(other)
        })?;
        let Some((base, number)) = name.rsplit_once('_') else {
            return Some(name).filter(|name| !name.is_empty());
        };
        if number.is_empty() || base.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit())
        {
            return Some(name);
        }
        let anchor_of_base = whole.get(..whole.len() - number.len() - 1)?;
        if self.outline.anchors.contains(anchor_of_base) {
            return Some(base);
        }
        self.warn(table.line, format!("the anchor `{anchor}` ends in a number, but `{anchor_of_base}` is not on the page: `{name}` was taken as the schema's name"));
        Some(name)
    }

    fn responses(&mut self, last_line: usize) -> Result<Responses, PageError> {
        let mut responses = self.documented_statuses();
        let has_statuses = !responses.is_empty();
        if !has_statuses {
            self.warn(last_line, "the page has no table of statuses: those of the response tables were taken. Is the page whole?".to_owned());
        }
        let mut filled = HashSet::new();
        for table in self.tables(Role::Body, Direction::Response) {
            for status in self.statuses_of(table, &responses) {
                if !filled.insert(status.clone()) {
                    self.warn(
                        table.line,
                        format!("a second body for status {status}: the first counts"),
                    );
                    continue;
                }
                let body = self.body(table)?;
                if has_statuses && !responses.contains_key(&status) {
                    self.warn(table.line, format!("status {status} has a body and is not in the table of statuses: appended"));
                }
                responses.insert(status, Some(body));
            }
        }
        self.check_bodiless(&mut responses, has_statuses, last_line);
        Ok(responses)
    }

    fn documented_statuses(&mut self) -> Responses {
        let mut responses = IndexMap::new();
        for row in &self.outline.statuses {
            for status in &row.statuses {
                match responses.entry(status.clone()) {
                    Slot::Vacant(slot) => _ = slot.insert(None),
                    Slot::Occupied(_) => warn(
                        self.warnings,
                        row.line,
                        format!("status {status} stands twice in the table of statuses"),
                    ),
                }
            }
        }
        responses
    }

    fn statuses_of(&mut self, table: &Placed, responses: &Responses) -> Vec<String> {
        if let Some(answer) = table.answer.and_then(|at| self.outline.answers.get(at)) {
            return answer.statuses.clone();
        }
        if let Some(status) = only_success(responses) {
            self.warn(table.line, format!("no line such as `状态码： 200` names the status of this body: taken as {status}, the only success"));
            return vec![status];
        }
        self.warn(
            table.line,
            "no line such as `状态码： 200` names the status of this body: it was not read"
                .to_owned(),
        );
        Vec::new()
    }

    fn check_bodiless(&mut self, responses: &mut Responses, has_statuses: bool, last_line: usize) {
        for answer in self
            .outline
            .answers
            .iter()
            .filter(|answer| !answer.of_example)
        {
            for status in &answer.statuses {
                if responses.contains_key(status) {
                    continue;
                }
                if has_statuses {
                    self.warn(answer.line, format!("status {status} is announced here, has no body and is not in the table of statuses: left out"));
                } else {
                    responses.insert(status.clone(), None);
                }
            }
        }
        let bodiless: Vec<String> = responses
            .iter()
            .filter(|(status, body)| body.is_none() && status.as_str() != "204")
            .map(|(status, _)| status.clone())
            .collect();
        for status in bodiless {
            let line = self
                .status_lines
                .get(&status)
                .map_or(last_line, |origin| origin.line);
            self.warn(line, format!("status {status} has no table of its body"));
        }
    }

    fn examples(&mut self, request_body: Option<&Body>, responses: &Responses) -> Examples {
        let mut examples = Examples::default();
        for block in &self.outline.examples {
            if block.text.len() > examples::LIMIT {
                let message = format!(
                    "this example has {} bytes and was left out, as everything over {} is: shorten it",
                    block.text.len(),
                    examples::LIMIT
                );
                self.warn(block.line, message);
                continue;
            }
            let value = match examples::json(&block.text) {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                Err(reason) => {
                    self.warn(
                        block.line,
                        format!("this example is not JSON and was left out ({reason})"),
                    );
                    continue;
                }
            };
            if block.direction == Direction::Request {
                self.check_example(block, &value, request_body, "the request");
                examples.request.push(value);
                continue;
            }
            let statuses = self.statuses_of_example(block, responses);
            for status in &statuses {
                let body = responses.get(status).and_then(Option::as_ref);
                self.check_example(block, &value, body, &format!("status {status}"));
            }
            if let Some((last, others)) = statuses.split_last() {
                for status in others {
                    examples
                        .responses
                        .entry(status.clone())
                        .or_default()
                        .push(value.clone());
                }
                examples
                    .responses
                    .entry(last.clone())
                    .or_default()
                    .push(value);
            }
        }
        examples
    }

    fn check_example(
        &mut self,
        block: &ExampleBlock,
        value: &serde_json::Value,
        body: Option<&Body>,
        of: &str,
    ) {
        if let Some(body) = body {
            examples::check(block, value, body, self.warnings);
        } else {
            self.warn(
                block.line,
                format!("{of} has an example and no table of its body"),
            );
        }
    }

    fn statuses_of_example(&mut self, block: &ExampleBlock, responses: &Responses) -> Vec<String> {
        if !block.statuses.is_empty() {
            return block.statuses.clone();
        }
        if let Some(status) = only_success(responses) {
            self.warn(
                block.line,
                format!(
                    "no line names the status of this example: taken as {status}, the only success"
                ),
            );
            return vec![status];
        }
        self.warn(
            block.line,
            "no line such as `状态码： 200` names the status of this example: it was left out"
                .to_owned(),
        );
        Vec::new()
    }
}

/// Some services put `zh-cn_topic_0123_` before each anchor.
fn without_topic(anchor: &str) -> &str {
    let Some((language, rest)) = anchor.split_once("_topic_") else {
        return anchor;
    };
    let number = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    match number.strip_prefix('_') {
        Some(name) if number.len() < rest.len() && !language.contains('_') => name,
        _ => anchor,
    }
}

fn only_success(responses: &Responses) -> Option<String> {
    let mut successes = responses.keys().filter(|status| status.starts_with('2'));
    successes
        .next()
        .filter(|_| successes.next().is_none())
        .cloned()
}
