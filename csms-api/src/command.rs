//! Hidden: what the command `csms` needs of the library. Its operations are a table, and one
//! function calls any of them.

use std::time::SystemTime;

use reqwest::header::{DATE, HeaderValue};
use reqwest::{Method, Request, StatusCode};
use serde_json::Value;
use tokio::time::Instant;

use crate::client::Client;
use crate::echo;
use crate::error::Error;
use crate::operation::{Operation, Paging, PagingStyle};
use crate::pagination::{next_marker, next_position};
use crate::rt;
use crate::secret::SecretJson;
use crate::time::parse_http_date;

pub use crate::convenience::write_whole;
pub use crate::generated::commands::{COMMANDS, SECRETS, TIMES};
pub use crate::time::utc;

/// An operation as a command.
#[derive(Debug)]
pub struct Command {
    /// What it calls.
    pub operation: &'static Operation,
    /// What it does, in detail.
    pub description: &'static str,
    /// Path parameters in the order of the path, query and header parameters, the body's fields.
    pub parameters: &'static [Parameter],
    /// Whether the request has a body.
    pub has_body: bool,
    /// Whether a body is documented for the answer.
    pub has_answer: bool,
    /// The names of fields of the answer that are secret as a whole, beside [`SECRETS`].
    pub secrets: &'static [&'static str],
    /// The lists of objects within the answer.
    pub tables: &'static [Table],
}

/// A parameter of an operation, or a field of its body.
#[derive(Debug)]
pub struct Parameter {
    /// The name on the wire.
    pub name: &'static str,
    /// The name on the command line, unique within the command.
    pub flag: &'static str,
    /// Where it is sent.
    pub place: Place,
    /// What it is; of a list, what its elements are.
    pub kind: Kind,
    /// Whether there may be several.
    pub is_list: bool,
    /// Whether the service needs it.
    pub is_required: bool,
    /// Whether it holds a secret, so that it must not stand on a command line.
    pub is_secret: bool,
    /// What is sent when nothing is given.
    pub default: Option<&'static str>,
    /// What it means.
    pub help: &'static str,
    /// The values that are known; there may be others.
    pub values: &'static [&'static str],
}

/// Where a parameter is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In a segment of the path.
    Path,
    /// In the query.
    Query,
    /// In a header.
    Header,
    /// As a field of the JSON body.
    Body,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An object, or any JSON value.
    Json,
}

/// A list of objects within an answer.
#[derive(Debug)]
pub struct Table {
    /// The name of the list's field.
    pub name: &'static str,
    /// The fields of an object that fit in a cell.
    pub columns: &'static [&'static str],
}

/// What a call sends.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// Values of path parameters by name; the project may be left out.
    pub path: Vec<(&'static str, String)>,
    /// Pairs of the query.
    pub query: Vec<(&'static str, String)>,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The JSON body.
    pub body: Option<SecretJson>,
}

/// A successful answer.
#[derive(Debug)]
pub struct Answered {
    /// The HTTP status, 2xx.
    pub status: StatusCode,
    /// The id under which the service has logged the call.
    pub request_id: Option<String>,
    /// How many times the request was sent.
    pub attempts: u32,
    /// The body; null if none is documented.
    pub body: SecretJson,
}

/// Calls an operation as its builder does, with the same checks, retries and errors.
pub async fn send(
    client: &Client,
    command: &Command,
    arguments: &Arguments,
) -> Result<Answered, Error> {
    let operation = command.operation;
    let started = rt::now();
    let request = request(client, operation, arguments, started).await?;
    let answer = rt::execute(client, request, operation, started)
        .await
        .map_err(|error| without_unknown(error, command, arguments))?;
    let (status, attempts) = (answer.status(), answer.attempts());
    let request_id = answer.request_id().map(str::to_owned);
    let body = if command.has_answer {
        answer.decode::<SecretJson>()?.into_inner()
    } else {
        SecretJson::default()
    };
    Ok(Answered {
        status,
        request_id,
        attempts,
        body,
    })
}

/// The error without what was sent in fields that are not documented: they may be misspelt. What is
/// secret in the others is taken out where the error comes from.
fn without_unknown(error: Error, command: &Command, arguments: &Arguments) -> Error {
    let is_known = |name: &str| command.parameters.iter().any(|known| known.name == name);
    let mut sent = Vec::new();
    let body = arguments.body.as_ref().map(SecretJson::expose);
    for (name, value) in body.and_then(Value::as_object).into_iter().flatten() {
        if !is_known(name) {
            echo::collect(&mut value.clone(), true, &mut sent);
        }
    }
    error.without(&sent)
}

async fn request(
    client: &Client,
    operation: &'static Operation,
    arguments: &Arguments,
    started: Instant,
) -> Result<Request, Error> {
    let method = Method::from_bytes(operation.method.as_bytes())
        .map_err(|_| rt::invalid_request(operation, "its method is unknown".to_owned()))?;
    let mut request = client
        .http()
        .request(method, url(client, operation, arguments, started).await?)
        .query(&arguments.query);
    for (name, value) in &arguments.headers {
        let value = HeaderValue::from_str(value).map_err(|_| rt::invalid_header(operation))?;
        request = request.header(*name, value);
    }
    if let Some(body) = &arguments.body {
        request = request.json(body);
    }
    request
        .build()
        .map_err(|error| rt::unbuildable(operation, error))
}

async fn url(
    client: &Client,
    operation: &'static Operation,
    arguments: &Arguments,
    started: Instant,
) -> Result<String, Error> {
    let mut url = client.endpoint().to_owned();
    for segment in operation.path.split('/').skip(1) {
        url.push('/');
        let name = segment
            .strip_prefix('{')
            .and_then(|name| name.strip_suffix('}'));
        let Some(name) = name else {
            url.push_str(segment);
            continue;
        };
        let given = arguments.path.iter().find(|(given, _)| *given == name);
        let given = given.map(|(_, value)| value.clone());
        let value = match (given, name) {
            (Some(value), _) => value,
            (None, "project_id") => {
                rt::project_id(client, operation, client.default_project_id(), started).await?
            }
            (None, _) => {
                return Err(rt::invalid_request(operation, format!("{name} is missing")));
            }
        };
        url.push_str(&rt::path_segment(operation, name, &value)?);
    }
    Ok(url)
}

impl Command {
    /// The parameter that says where a page begins.
    pub fn position(&self) -> Option<&'static Parameter> {
        self.page_parameter(self.operation.paging?, |paging| paging.position)
    }

    /// The parameter that says how long a page is.
    pub fn size(&self) -> Option<&'static Parameter> {
        self.page_parameter(self.operation.paging?, |paging| paging.size)
    }

    fn page_parameter(
        &self,
        paging: Paging,
        name: impl Fn(Paging) -> &'static str,
    ) -> Option<&'static Parameter> {
        let place = if paging.in_body {
            Place::Body
        } else {
            Place::Query
        };
        self.parameters
            .iter()
            .find(|parameter| parameter.place == place && parameter.name == name(paging))
    }

    /// The arguments of the page that follows an answer, and its position; `None` at the end.
    pub fn next_page(&self, arguments: &Arguments, answer: &Value) -> Option<(Arguments, String)> {
        let paging = self.operation.paging?;
        let parameter = self.position()?;
        let next = match paging.style {
            PagingStyle::Marker => {
                let marker = answer.pointer(paging.next?)?.as_str().map(str::to_owned);
                next_marker(marker.as_ref())?
            }
            style => {
                let items = answer.pointer(paging.items).and_then(Value::as_array);
                let count = items.map_or(0, Vec::len);
                let step = if style == PagingStyle::Page { 1 } else { count };
                let position = arguments.value(parameter);
                let size = self.size().and_then(|size| arguments.value(size));
                next_position(&position, &size, count, step)?.to_string()
            }
        };
        let mut following = arguments.clone();
        following.set(parameter, &next);
        Some((following, next))
    }
}

impl Arguments {
    /// What is sent for a parameter of the query or the body.
    pub fn value(&self, parameter: &Parameter) -> Option<Value> {
        if parameter.place == Place::Body {
            return self.body.as_ref()?.expose().get(parameter.name).cloned();
        }
        let pair = self.query.iter().find(|(name, _)| *name == parameter.name);
        pair.map(|(_, value)| Value::from(value.as_str()))
    }

    /// Sets a parameter of the query or the body, which was set before or not.
    fn set(&mut self, parameter: &'static Parameter, value: &str) {
        if parameter.place != Place::Body {
            self.query.retain(|(name, _)| *name != parameter.name);
            self.query.push((parameter.name, value.to_owned()));
            return;
        }
        let value = match (parameter.kind, value.parse::<u64>()) {
            (Kind::Integer | Kind::Number, Ok(number)) => Value::from(number),
            _ => Value::from(value),
        };
        let body = self.body.get_or_insert_default();
        if let Some(fields) = body.expose_mut().as_object_mut() {
            fields.insert(parameter.name.to_owned(), value);
        }
    }
}

/// What a client signs in with, without any secret.
#[derive(Debug)]
pub struct SignIn {
    /// Where it was found.
    pub place: String,
    /// The access key that signs; none for a token.
    pub access_key: Option<String>,
    /// When it ends.
    pub expires_at: Option<SystemTime>,
}

/// Asks the client's source for its credential.
pub async fn sign_in(client: &Client) -> Result<SignIn, Error> {
    let credential = client.credentials().current(client.context()).await;
    let credential = credential.map_err(|error| Error::credentials("credentials", error))?;
    Ok(SignIn {
        place: credential.place.clone().unwrap_or_default(),
        access_key: credential.access_key_id().map(str::to_owned),
        expires_at: credential.expires_at,
    })
}

/// The project that calls are about, looked up in IAM if nobody gave it.
pub async fn project_id(client: &Client, command: &Command) -> Result<String, Error> {
    let own = client.default_project_id();
    rt::project_id(client, command.operation, own, rt::now()).await
}

/// Asks the endpoint for nothing, unsigned: any answer will do. Tells the time by its clock.
pub async fn knock(client: &Client) -> Result<Option<SystemTime>, Error> {
    let request = client.http().get(client.endpoint());
    let request = request.timeout(client.attempt_timeout());
    let answer = request
        .send()
        .await
        .map_err(|error| Error::transport("GET /", "the connection broke", error))?;
    let date = answer
        .headers()
        .get(DATE)
        .and_then(|date| date.to_str().ok());
    Ok(date.and_then(parse_http_date))
}
