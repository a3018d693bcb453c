//! Sockets and HTTP.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::Shared;
use super::answer::{Answer, Form, Refusal};
use super::gateway::{self, Received};
use super::random::uuid;
use crate::time::http_date;

/// The longest body that a gateway takes.
const BODY_LIMIT: usize = 12 * 1024 * 1024;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How long to wait when there is no connection to be had, as when files run out.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until it is aborted, and with it they are.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&shared)));
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let answer = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(&shared, request).await) }
    });
    // Small answers would wait for the client's acknowledgement; without it they are only slower.
    drop(stream.set_nodelay(true));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), answer);
    // A client that hangs up in the middle is its own affair.
    drop(connection.await);
}

async fn respond(shared: &Shared, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let request_id = uuid();
    let answer = match receive(request).await {
        Ok(received) => gateway::answer(shared, &received, &request_id),
        Err(refusal) => refusal.answer(Form::Gateway, &request_id),
    };
    response(answer, &request_id, &http_date(shared.clock.now()))
}

async fn receive(request: Request<Incoming>) -> Result<Received, Refusal> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, BODY_LIMIT)
        .collect()
        .await
        .map_err(|_| Refusal {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            code: "APIGW.0201",
            message: "the body can't be read, or has more than 12 MiB".to_owned(),
        })?;
    Ok(Received {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: body.to_bytes(),
    })
}

fn response(answer: Answer, request_id: &str, date: &str) -> Response<Full<Bytes>> {
    let mut headers = answer.headers;
    if answer.body.is_some() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for (name, value) in [(X_REQUEST_ID, request_id), (DATE, date)] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    let body = Bytes::from(answer.body.unwrap_or_default());
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = answer.status;
    *response.headers_mut() = headers;
    response
}
