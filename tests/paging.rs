//! Lists, page by page and item by item.

use std::pin::Pin;

use csms_api::{Client, Credentials, OPERATIONS, RetryPolicy};
use futures_core::Stream;
use serde_json::{Value, json};
use tests::scripted::{Act, Scripted};

fn client(server: &Scripted) -> Client {
    Client::builder()
        .endpoint(server.endpoint())
        .project_id("p")
        .credentials(Credentials::token("t"))
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    std::future::poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await
}

async fn collect<S: Stream + Unpin>(mut stream: S) -> Vec<S::Item> {
    let mut items = Vec::new();
    while let Some(item) = next(&mut stream).await {
        items.push(item);
    }
    items
}

fn page(secrets: &[&str], marker: Value) -> Act {
    let secrets: Vec<Value> = secrets.iter().map(|name| json!({"name": name})).collect();
    Act::answer(
        200,
        &json!({"secrets": secrets, "page_info": {"next_marker": marker}}).to_string(),
    )
}

fn targets(server: &Scripted) -> Vec<String> {
    server
        .attempts()
        .iter()
        .map(|attempt| attempt.target().to_owned())
        .collect()
}

#[tokio::test]
async fn a_marker_leads_from_page_to_page_until_it_is_null() {
    let server = Scripted::start(vec![
        page(&["a", "b"], json!("m1")),
        page(&[], json!("m2")),
        page(&["c"], Value::Null),
    ])
    .await;
    let client = client(&server);
    let items = collect(client.list_secrets().limit("2").stream()).await;
    let names: Vec<_> = items
        .into_iter()
        .map(|item| item.unwrap().name.unwrap())
        .collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(
        targets(&server),
        [
            "GET /v1/p/secrets?limit=2",
            "GET /v1/p/secrets?limit=2&marker=m1",
            "GET /v1/p/secrets?limit=2&marker=m2",
        ]
    );
}

#[tokio::test]
async fn a_repeated_empty_or_missing_marker_ends_the_list() {
    for (last, expected) in [
        (page(&["b"], json!("m1")), 2),
        (page(&["b"], json!("")), 2),
        (Act::answer(200, r#"{"secrets": [{"name": "b"}]}"#), 2),
        (Act::answer(200, "{}"), 1),
    ] {
        let server = Scripted::start(vec![page(&["a"], json!("m1")), last]).await;
        let items = collect(client(&server).list_secrets().stream()).await;
        assert_eq!((items.len(), server.attempts().len()), (expected, 2));
    }
    // Back and forth between two markers.
    let server = Scripted::answering(|attempt, _| {
        let is_first = attempt.target().contains("marker=one");
        page(&["x"], json!(if is_first { "two" } else { "one" }))
    })
    .await;
    assert_eq!(
        collect(client(&server).list_secrets().stream()).await.len(),
        3
    );
}

#[tokio::test]
async fn an_error_comes_once_and_ends_the_list() {
    let server = Scripted::start(vec![page(&["a"], json!("m1")), Act::answer(500, "")]).await;
    let client = client(&server);
    let mut stream = client.list_secrets().stream();
    assert!(next(&mut stream).await.unwrap().is_ok());
    assert_eq!(
        next(&mut stream)
            .await
            .unwrap()
            .unwrap_err()
            .status()
            .unwrap()
            .as_u16(),
        500
    );
    assert!(next(&mut stream).await.is_none());
    assert!(next(&mut stream).await.is_none());
    assert_eq!(server.attempts().len(), 2);
}

#[tokio::test]
async fn requests_are_made_only_as_items_are_polled() {
    let server = Scripted::start(vec![
        page(&["a", "b"], json!("m1")),
        page(&["c"], json!("m2")),
    ])
    .await;
    let client = client(&server);
    let mut stream = client.list_secrets().stream();
    assert_eq!(server.attempts().len(), 0);
    next(&mut stream).await.unwrap().unwrap();
    next(&mut stream).await.unwrap().unwrap();
    assert_eq!(server.attempts().len(), 1);
    next(&mut stream).await.unwrap().unwrap();
    assert_eq!(server.attempts().len(), 2);
}

#[tokio::test]
async fn pages_are_whole_answers() {
    let server = Scripted::start(vec![page(&["a"], json!("m1")), page(&["b"], Value::Null)]).await;
    let client = client(&server);
    let pages = collect(client.list_secrets().pages()).await;
    let markers: Vec<_> = pages
        .iter()
        .map(|page| {
            page.as_ref()
                .unwrap()
                .page_info
                .as_ref()
                .unwrap()
                .next_marker
                .clone()
        })
        .collect();
    assert_eq!(markers, [Some("m1".to_owned()), None]);
}

#[tokio::test]
async fn a_marker_may_stand_at_the_top_of_the_answer() {
    let tasks = |marker: Value| {
        let body = json!({"tasks": [{"task_id": "t"}], "next_marker": marker});
        Act::answer(200, &body.to_string())
    };
    let server = Scripted::start(vec![tasks(json!("m1")), tasks(Value::Null)]).await;
    let pages = collect(client(&server).list_secret_task().pages()).await;
    assert_eq!(pages.len(), 2);
    assert!(
        targets(&server)[1].ends_with("marker=m1"),
        "{:?}",
        targets(&server)
    );
}

#[tokio::test]
async fn pages_are_counted_where_the_position_is_their_number() {
    let server = Scripted::answering(|attempt, _| {
        let users = if attempt.target().contains("offset=2") {
            3
        } else {
            10
        };
        let users: Vec<Value> = (0..users)
            .map(|n| json!({"user_id": n.to_string()}))
            .collect();
        let operation = OPERATIONS.iter().find(|o| o.id == "ListUsers").unwrap();
        let name = operation.paging.unwrap().items.trim_start_matches('/');
        Act::answer(200, &json!({ name: users }).to_string())
    })
    .await;
    let users = collect(client(&server).list_users().offset(0).limit(10).stream()).await;
    assert_eq!(users.len(), 23);
    let offsets: Vec<_> = targets(&server)
        .iter()
        .map(|target| {
            target
                .split("offset=")
                .nth(1)
                .unwrap()
                .chars()
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(offsets, ['0', '1', '2']);
}

#[tokio::test]
async fn items_are_counted_where_the_position_is_an_index_in_the_body() {
    let server = Scripted::answering(|attempt, _| {
        let body: Value = serde_json::from_slice(&attempt.body).unwrap();
        let count = if body["offset"] == "4" { 1 } else { 2 };
        let resources: Vec<Value> = (0..count)
            .map(|n| json!({"resource_id": n.to_string()}))
            .collect();
        Act::answer(200, &json!({"resources": resources}).to_string())
    })
    .await;
    let client = client(&server);
    let call = client
        .list_resource_instances()
        .resource_instances("resource_instances");
    let resources = collect(call.action("filter").limit("2").stream()).await;
    assert_eq!(resources.len(), 5);
    let offsets: Vec<Value> = server
        .attempts()
        .iter()
        .map(|attempt| serde_json::from_slice::<Value>(&attempt.body).unwrap()["offset"].clone())
        .collect();
    assert_eq!(offsets, [Value::Null, json!("2"), json!("4")]);
}

#[tokio::test]
async fn a_list_without_end_is_never_asked_for_more_than_is_read() {
    let server = Scripted::answering(|_, n| page(&["a"], json!(format!("m{n}")))).await;
    let client = client(&server);
    let mut stream = client.list_secrets().stream();
    for _ in 0..20 {
        next(&mut stream).await.unwrap().unwrap();
    }
    drop(stream);
    assert_eq!(server.attempts().len(), 20);
}
