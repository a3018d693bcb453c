//! What a call tells to `tracing`: never headers, query values or bodies.

use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::operation::Operation;
use crate::rt::Answer;

/// Runs a call within a span of its own; without the feature `tracing`, just runs it.
#[cfg(feature = "tracing")]
macro_rules! traced {
    ($name:literal, $client:expr, $call:expr) => {{
        let span = tracing::info_span!(
            target: "csms_api",
            $name,
            host = $client.host(),
            status = tracing::field::Empty,
            attempts = tracing::field::Empty,
            request_id = tracing::field::Empty,
            duration_ms = tracing::field::Empty,
        );
        tracing::Instrument::instrument($call, span)
    }};
}

#[cfg(not(feature = "tracing"))]
macro_rules! traced {
    ($name:literal, $client:expr, $call:expr) => {
        $call
    };
}

pub(crate) use traced;

/// Completes the span of the call.
#[cfg(feature = "tracing")]
pub(crate) fn finished(result: &Result<Answer, Error>, started: Instant) {
    let (status, attempts, request_id) = match result {
        Ok(answer) => (
            Some(answer.status()),
            answer.attempts(),
            answer.request_id(),
        ),
        Err(error) => (error.status(), error.attempts(), error.request_id()),
    };
    let span = tracing::Span::current();
    if let Some(status) = status {
        span.record("status", status.as_u16());
    }
    span.record("attempts", attempts);
    if let Some(request_id) = request_id {
        span.record("request_id", request_id);
    }
    span.record(
        "duration_ms",
        u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    );
}

/// Tells that an attempt failed and another follows.
#[cfg(feature = "tracing")]
pub(crate) fn retrying(operation: &Operation, error: &Error, delay: Duration) {
    tracing::warn!(
        target: "csms_api",
        operation = operation.id,
        attempt = error.attempts(),
        status = error.status().map(|status| status.as_u16()),
        delay_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
        "retrying"
    );
}

#[cfg(not(feature = "tracing"))]
pub(crate) fn finished(_: &Result<Answer, Error>, _: Instant) {}

#[cfg(not(feature = "tracing"))]
pub(crate) fn retrying(_: &Operation, _: &Error, _: Duration) {}
