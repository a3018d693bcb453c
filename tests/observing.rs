//! What a call tells to `tracing`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use csms_api::{Client, Credentials, RetryPolicy};
use tests::scripted::{Act, Scripted};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Spans and events of the client, with their fields as text.
#[derive(Debug, Clone, Default)]
struct Collector(Arc<Mutex<Vec<Seen>>>);

#[derive(Debug, Clone)]
struct Seen {
    span: Option<u64>,
    name: &'static str,
    level: tracing::Level,
    fields: BTreeMap<&'static str, String>,
}

impl Visit for Seen {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Collector {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let metadata = attributes.metadata();
        if metadata.target() == "csms_api" {
            let mut seen = Seen {
                span: Some(id.into_u64()),
                name: metadata.name(),
                level: *metadata.level(),
                fields: BTreeMap::new(),
            };
            attributes.record(&mut seen);
            self.0.lock().unwrap().push(seen);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut all = self.0.lock().unwrap();
        if let Some(seen) = all
            .iter_mut()
            .rfind(|seen| seen.span == Some(id.into_u64()))
        {
            values.record(seen);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "csms_api" {
            let mut seen = Seen {
                span: None,
                name: "event",
                level: *event.metadata().level(),
                fields: BTreeMap::new(),
            };
            event.record(&mut seen);
            self.0.lock().unwrap().push(seen);
        }
    }
}

#[tokio::test]
async fn a_call_is_a_span_and_a_retry_a_warning() {
    let collector = Collector::default();
    let _guard = tracing_subscriber::registry()
        .with(collector.clone())
        .set_default();
    let answer = Act::Answer(
        200,
        vec![("X-Request-Id", "7f3c".to_owned())],
        r#"{"secret_blob": "s3nt1nel-blob"}"#.to_owned(),
    );
    let server = Scripted::start(vec![Act::answer(502, "s3nt1nel-body"), answer]).await;
    let client = Client::builder()
        .endpoint(server.endpoint())
        .project_id("p")
        .credentials(Credentials::token("s3nt1nel-token"))
        .retry(RetryPolicy::default().with_delays(Duration::ZERO, Duration::ZERO))
        .build()
        .unwrap();
    client
        .download_secret_blob()
        .secret_name("demo")
        .send()
        .await
        .unwrap();
    client
        .list_secrets()
        .marker("s3nt1nel-query")
        .send()
        .await
        .unwrap();

    let seen = collector.0.lock().unwrap().clone();
    let names: Vec<_> = seen
        .iter()
        .map(|seen| (seen.name, seen.level.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("csms.DownloadSecretBlob", "INFO"),
            ("event", "WARN"),
            ("csms.ListSecrets", "INFO")
        ]
    );
    let fields = &seen[0].fields;
    assert_eq!(fields["host"], "\"127.0.0.1\"");
    assert_eq!(
        (fields["status"].as_str(), fields["attempts"].as_str()),
        ("200", "2")
    );
    assert_eq!(fields["request_id"], "\"7f3c\"");
    assert!(fields["duration_ms"].parse::<u64>().is_ok());
    assert_eq!(seen[1].fields["status"], "502");
    assert!(!format!("{seen:?}").contains("s3nt1nel"), "{seen:#?}");
}

#[tokio::test]
async fn a_failed_call_completes_its_span() {
    let collector = Collector::default();
    let _guard = tracing_subscriber::registry()
        .with(collector.clone())
        .set_default();
    let server = Scripted::start(vec![Act::answer(404, "")]).await;
    let client = Client::builder()
        .endpoint(server.endpoint())
        .project_id("p")
        .credentials(Credentials::token("t"))
        .build()
        .unwrap();
    client
        .show_secret()
        .secret_name("demo")
        .send()
        .await
        .unwrap_err();
    let seen = collector.0.lock().unwrap().clone();
    assert_eq!(seen.len(), 1);
    assert_eq!(
        (seen[0].name, seen[0].fields["status"].as_str()),
        ("csms.ShowSecret", "404")
    );
}
