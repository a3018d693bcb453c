//! The client's own conveniences against the service.

use std::sync::Arc;
use std::time::Duration;

use csms_api::mock::Service;
use csms_api::types::{EventState, EventType, NotificationRequest, SecretState, TagItemRequest};
use csms_api::{Error, RetryPolicy, SecretCache, SecretValue};
use futures_core::Stream;

/// What a stream yields, to its end.
async fn collect<T>(stream: impl Stream<Item = Result<T, Error>>) -> Vec<T> {
    let mut stream = Box::pin(stream);
    let mut items = Vec::new();
    while let Some(item) = std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await
    {
        items.push(item.unwrap());
    }
    items
}

#[tokio::test]
async fn lists_are_streamed_page_by_page() {
    let service = Service::start().await.unwrap();
    let client = service.client().unwrap();
    for number in 0..7 {
        let create = client.create_secret().name(format!("s{number}"));
        create.secret_string("x").send().await.unwrap();
    }
    let secrets = collect(client.list_secrets().limit("2").stream()).await;
    let names: Vec<_> = secrets.iter().filter_map(|s| s.name.as_deref()).collect();
    assert_eq!(names, ["s0", "s1", "s2", "s3", "s4", "s5", "s6"]);
}

#[tokio::test]
async fn a_backup_goes_to_a_file_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.backup");
    let service = Service::start().await.unwrap();
    let client = service.client().unwrap();
    let create = client.create_secret().name("demo").secret_binary("AAH/");
    create.send().await.unwrap();
    client.backup_to_file("demo", &path).await.unwrap();
    let taken = client.restore_from_file(&path).await.unwrap_err();
    assert_eq!(taken.code(), Some("CSMS.0002"));
    client
        .delete_secret()
        .secret_name("demo")
        .send()
        .await
        .unwrap();
    client.restore_from_file(&path).await.unwrap();
    let value = client.get_secret_value("demo").await.unwrap();
    assert!(matches!(value, SecretValue::Bytes(_)));
    assert_eq!(value.bytes(), [0, 1, 255]);
}

#[tokio::test]
async fn a_cache_keeps_the_value_that_it_has_read() {
    let service = Service::start().await.unwrap();
    let client = service.client().unwrap();
    let create = client.create_secret().name("demo").secret_string("one");
    create.send().await.unwrap();
    let cache = SecretCache::new(client.clone());
    let first: Arc<SecretValue> = cache.get("demo").await.unwrap();
    let version = client.create_secret_version().secret_name("demo");
    version.secret_string("two").send().await.unwrap();
    let second = cache.get("demo").await.unwrap();
    assert_eq!((first.text(), second.text()), (Some("one"), Some("one")));
}

#[tokio::test]
async fn typed_calls_and_answers_fit() {
    let service = Service::start().await.unwrap();
    let client = service.client().unwrap();
    let topic = NotificationRequest::builder()
        .target_type("SMN")
        .target_id("urn:smn:x")
        .target_name("topic");
    let event = client
        .create_secret_event()
        .name("event")
        .event_types(vec![EventType::SecretDeleted])
        .state(EventState::Enabled)
        .notification(topic);
    event.send().await.unwrap();
    let create = client.create_secret().name("demo").secret_string("x");
    let subscribed = create.event_subscriptions(vec!["event".to_owned()]);
    let secret = subscribed
        .send()
        .await
        .unwrap()
        .into_inner()
        .secret
        .unwrap();
    let id = secret.id.unwrap();
    let tag = TagItemRequest::builder().key("team").value("x");
    let tag = client.create_secret_tag().secret_id(&id).tag(tag);
    tag.send().await.unwrap();
    let tags = client
        .list_secret_tags()
        .secret_id(&id)
        .send()
        .await
        .unwrap();
    assert_eq!(tags.tags.as_ref().unwrap()[0].value.as_deref(), Some("x"));
    let schedule = client.delete_secret_for_schedule().secret_name("demo");
    let pending = schedule.recovery_window_in_days(7).send().await.unwrap();
    let state = pending.secret.as_ref().unwrap().state.clone();
    assert_eq!(state, Some(SecretState::PendingDelete));
    let error = client.get_secret_value("demo").await.unwrap_err();
    assert_eq!((error.code(), error.attempts()), (Some("CSMS.0103"), 1));
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_by_the_client() {
    let ahead = csms_api::Clock::new(|| std::time::SystemTime::now() + Duration::from_secs(3600));
    let service = Service::builder().clock(ahead).start().await.unwrap();
    let client = csms_api::Client::builder()
        .endpoint(service.endpoint())
        .project_id(service.project_id())
        .credentials(csms_api::Credentials::access_key(
            Service::ACCESS_KEY,
            Service::SECRET_KEY,
        ))
        .retry(RetryPolicy::none())
        .build()
        .unwrap();
    let error = client.list_secrets().send().await.unwrap_err().to_string();
    assert!(error.contains("the signature expired"), "{error}");
    assert!(error.contains("behind"), "{error}");
}
