//! What is sent again, when, and what never is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use csms_api::{Client, Clock, Credentials, Error, OPERATIONS, PasswordCredentials, RetryPolicy};
use serde_json::{Map, Value, json};
use tests::chain::call;
use tests::scripted::{Act, Scripted, run};

const OK: &str = "{}";

fn client(server: &Scripted) -> Client {
    builder(server).build().unwrap()
}

fn builder(server: &Scripted) -> csms_api::ClientBuilder {
    Client::builder()
        .endpoint(server.endpoint())
        .project_id("p")
        .credentials(Credentials::token("t"))
}

/// A read that is a POST, and a write that must not be done twice.
async fn repeatable(client: Client) -> Result<u16, Error> {
    let answer = client
        .download_secret_blob()
        .secret_name("demo")
        .send()
        .await?;
    Ok(answer.status().as_u16())
}

async fn once(client: Client) -> Result<u16, Error> {
    let answer = client
        .create_secret()
        .name("demo")
        .secret_string("s")
        .send()
        .await?;
    Ok(answer.status().as_u16())
}

#[tokio::test(start_paused = true)]
async fn each_failure_is_repeated_only_where_that_is_safe() {
    let unavailable = |seconds| Act::with_header(503, "Retry-After", seconds);
    for (first, repeats_read, repeats_write) in [
        (Act::answer(429, ""), true, true),
        (Act::with_header(429, "Retry-After", "1"), true, true),
        (unavailable("1"), true, true),
        (Act::answer(502, ""), true, false),
        (Act::answer(503, ""), true, false),
        (Act::answer(504, "<html>"), true, false),
        (Act::Close, true, false),
        (Act::CutOff, true, false),
        (Act::Silence, true, false),
        (Act::answer(500, ""), false, false),
        (Act::answer(400, ""), false, false),
        (Act::answer(409, ""), false, false),
        (Act::answer(401, ""), false, false),
    ] {
        let script = vec![first.clone(), Act::answer(200, OK)];
        for (is_read, repeats) in [(true, repeats_read), (false, repeats_write)] {
            let server = Scripted::start(script.clone()).await;
            let client = client(&server);
            let result = match is_read {
                true => run(repeatable(client)).await,
                false => run(once(client)).await,
            };
            let expected = if repeats { 2 } else { 1 };
            assert_eq!(
                server.attempts().len(),
                expected,
                "{first:?}, read: {is_read}"
            );
            match result {
                Ok(status) => assert!(repeats && status == 200),
                Err(error) => assert!(!repeats && error.attempts() == 1, "{error}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_end_and_are_counted() {
    for attempts in [1, 2, 3, 5] {
        let server = Scripted::start(vec![Act::answer(502, "")]).await;
        let policy = RetryPolicy::default().with_max_attempts(attempts);
        let client = builder(&server).retry(policy).build().unwrap();
        let error = run(repeatable(client)).await.unwrap_err();
        assert_eq!(server.attempts().len(), attempts as usize);
        assert_eq!(
            (error.attempts(), error.status().unwrap().as_u16()),
            (attempts, 502)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn retries_are_off_with_one_call() {
    let server = Scripted::start(vec![Act::answer(429, "")]).await;
    let error = run(repeatable(client(&server).with_retry(RetryPolicy::none())))
        .await
        .unwrap_err();
    assert!(error.is_throttled());
    assert_eq!((error.attempts(), server.attempts().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn delays_stay_within_their_bounds() {
    let server = Scripted::start(vec![Act::answer(502, "")]).await;
    let policy = RetryPolicy::default()
        .with_max_attempts(6)
        .with_delays(Duration::from_millis(100), Duration::from_millis(400));
    run(repeatable(builder(&server).retry(policy).build().unwrap()))
        .await
        .unwrap_err();
    let gaps = server.gaps();
    assert_eq!(gaps.len(), 5);
    // What the exchange itself takes of virtual time is a few steps.
    let slack = Duration::from_millis(150);
    for (gap, limit) in gaps.iter().zip([100, 200, 400, 400, 400]) {
        assert!(*gap <= Duration::from_millis(limit) + slack, "{gaps:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_honoured_in_seconds_and_as_a_date() {
    let date = vec![
        ("Date", "Tue, 24 Nov 2026 04:00:00 GMT".to_owned()),
        ("Retry-After", "Tue, 24 Nov 2026 04:00:07 GMT".to_owned()),
    ];
    for (first, seconds) in [
        (Act::with_header(429, "Retry-After", "5"), 5),
        (Act::Answer(503, date, String::new()), 7),
        (Act::with_header(429, "Retry-After", "0"), 0),
    ] {
        let server = Scripted::start(vec![first, Act::answer(200, OK)]).await;
        run(once(client(&server))).await.unwrap();
        let gap = server.gaps()[0];
        assert!(gap >= Duration::from_secs(seconds), "{gap:?}");
        assert!(
            gap < Duration::from_secs(seconds) + Duration::from_millis(500),
            "{gap:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_the_overall_limit_is_not_waited_for() {
    let server = Scripted::start(vec![Act::with_header(429, "Retry-After", "3600")]).await;
    let before = tokio::time::Instant::now();
    let error = run(repeatable(client(&server))).await.unwrap_err();
    assert_eq!((server.attempts().len(), error.attempts()), (1, 1));
    assert!(error.is_throttled() && before.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_ends_by_attempt_and_overall() {
    let server = Scripted::start(vec![Act::Silence]).await;
    let patient = builder(&server)
        .timeout(Duration::from_secs(2))
        .build()
        .unwrap();
    let before = tokio::time::Instant::now();
    let error = run(repeatable(patient.clone())).await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!((server.attempts().len(), error.attempts()), (3, 3));
    assert!(before.elapsed() >= Duration::from_secs(6));

    let before = tokio::time::Instant::now();
    let error = run(repeatable(patient.with_timeout(Duration::from_secs(3))))
        .await
        .unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(
        before.elapsed() < Duration::from_secs(4),
        "{:?}",
        before.elapsed()
    );
}

#[tokio::test]
async fn no_connection_is_repeated_for_every_operation() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let policy = RetryPolicy::default().with_delays(Duration::ZERO, Duration::ZERO);
    let client = Client::builder()
        .endpoint(endpoint)
        .project_id("p")
        .retry(policy)
        .credentials(Credentials::token("t"))
        .build()
        .unwrap();
    let error = once(client).await.unwrap_err();
    assert!(error.is_retryable() && error.status().is_none());
    assert_eq!(error.attempts(), 3);
}

#[tokio::test]
async fn every_operation_keeps_to_what_the_spec_says_of_it() {
    let seen: Mutex<HashMap<String, usize>> = Mutex::default();
    let server = Scripted::answering(move |attempt, _| {
        let mut seen = seen.lock().unwrap();
        let times = seen.entry(attempt.target().to_owned()).or_default();
        *times += 1;
        Act::answer(if *times == 1 { 502 } else { 200 }, OK)
    })
    .await;
    let policy = RetryPolicy::default().with_delays(Duration::ZERO, Duration::ZERO);
    let client = builder(&server).retry(policy).build().unwrap();
    for operation in OPERATIONS {
        let before = server.attempts().len();
        let result = call(operation.id).send(&client, values(operation.id)).await;
        assert_eq!(result.is_ok(), operation.safe_to_repeat, "{}", operation.id);
        let expected = if operation.safe_to_repeat { 2 } else { 1 };
        assert_eq!(
            server.attempts().len() - before,
            expected,
            "{}",
            operation.id
        );
    }
}

/// What a call of the operation needs.
fn values(id: &str) -> Map<String, Value> {
    let operation = tests::chain::operation(id);
    let mut values: Map<String, Value> = tests::chain::SPEC
        .parameters(&operation)
        .iter()
        .filter(|p| p.value["required"] == true && p.name != "project_id")
        .map(|p| {
            let is_number = p.value["schema"]["type"] == "integer";
            (
                p.name.to_owned(),
                if is_number { json!(10) } else { json!("x") },
            )
        })
        .collect();
    if let Some(schema) = tests::sample::request_schema(id) {
        values.insert("body".to_owned(), tests::sample::minimal(schema));
    }
    values
}

#[tokio::test]
async fn dropping_the_call_cancels_it() {
    let server = Scripted::start(vec![Act::Silence]).await;
    let client = client(&server);
    let call = tokio::spawn(repeatable(client));
    while server.attempts().is_empty() {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert_eq!(server.attempts().len(), 1);
}

#[tokio::test]
async fn each_attempt_is_signed_anew() {
    let seconds = Arc::new(AtomicUsize::new(0));
    let ticks = Arc::clone(&seconds);
    let clock = Clock::new(move || {
        let second = ticks.fetch_add(1, Ordering::SeqCst) as u64;
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + second)
    });
    let server = Scripted::start(vec![Act::answer(429, ""), Act::answer(200, OK)]).await;
    let policy = RetryPolicy::default().with_delays(Duration::ZERO, Duration::ZERO);
    let client = builder(&server)
        .credentials(Credentials::access_key("AK", "SK"))
        .clock(clock)
        .retry(policy)
        .build()
        .unwrap();
    once(client).await.unwrap();
    let attempts = server.attempts();
    assert_ne!(
        attempts[0].header("x-sdk-date"),
        attempts[1].header("x-sdk-date")
    );
    assert_ne!(
        attempts[0].header("authorization"),
        attempts[1].header("authorization")
    );
    assert_eq!(attempts[0].header("x-project-id"), Some("p"));
    assert_eq!(attempts[0].header("x-auth-token"), None);
}

#[tokio::test]
async fn a_wrong_clock_is_named_when_a_signature_is_refused() {
    let refused = Act::Answer(
        401,
        vec![("Date", "Tue, 24 Nov 2026 04:20:05 GMT".to_owned())],
        json!({"error_msg": "signature expired", "error_code": "APIGW.0301"}).to_string(),
    );
    let server = Scripted::start(vec![refused]).await;
    // 2026-11-24T04:00:00Z
    let clock = Clock::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_492_800));
    let client = builder(&server)
        .credentials(Credentials::access_key("AK", "SK"))
        .clock(clock)
        .build()
        .unwrap();
    let error = repeatable(client).await.unwrap_err();
    assert!(error.to_string().contains("20 min 5 s behind"), "{error}");
    assert!(error.is_unauthorized());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once_all_end_and_none_is_done_twice() {
    let done: Arc<Mutex<HashMap<String, usize>>> = Arc::default();
    let created = Arc::clone(&done);
    let server = Scripted::answering(move |attempt, n| {
        // Every third attempt fails, in one of three ways.
        match n % 10 {
            0 => Act::answer(429, ""),
            3 => Act::answer(502, ""),
            7 => Act::Close,
            _ => {
                let body: Value = serde_json::from_slice(&attempt.body).unwrap_or_default();
                if let Some(name) = body["name"].as_str() {
                    *created.lock().unwrap().entry(name.to_owned()).or_default() += 1;
                }
                Act::answer(200, OK)
            }
        }
    })
    .await;
    let policy = RetryPolicy::default()
        .with_max_attempts(8)
        .with_delays(Duration::from_millis(1), Duration::from_millis(5));
    let client = builder(&server).retry(policy).build().unwrap();
    let calls: Vec<_> = (0..1_000)
        .map(|n| {
            let client = client.clone();
            tokio::spawn(async move {
                if n % 2 == 0 {
                    return client
                        .show_secret()
                        .secret_name("demo")
                        .send()
                        .await
                        .map(drop);
                }
                let name = format!("secret-{n}");
                client.create_secret().name(name).send().await.map(drop)
            })
        })
        .collect();
    let mut created = 0;
    for (n, call) in calls.into_iter().enumerate() {
        let result = call.await.expect("every call ends");
        match result {
            Ok(()) if n % 2 == 1 => created += 1,
            Ok(()) => {}
            Err(error) => assert!(n % 2 == 1, "a read failed: {error}"),
        }
    }
    let done = done.lock().unwrap();
    assert!(
        done.values().all(|times| *times == 1),
        "something was created twice"
    );
    assert_eq!(done.len(), created, "what was created is what was told");
}

/// What IAM gives for a password.
fn token() -> Act {
    let body = json!({ "token": {
        "expires_at": "2999-11-25T03:47:23.000000Z",
        "project": { "id": "p" },
    }});
    let headers = vec![("X-Subject-Token", "t".to_owned())];
    Act::Answer(201, headers, body.to_string())
}

fn with_password(server: &Scripted, iam: &Scripted) -> Client {
    let user = PasswordCredentials::new("alice", "s3nt1nel", "acme").project_id("p");
    builder(server)
        .credentials(Credentials::password(user))
        .iam_endpoint(iam.endpoint())
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_token_that_iam_fails_to_give_is_asked_for_again() {
    for first in [
        Act::answer(503, ""),
        Act::answer(429, ""),
        Act::answer(500, ""),
        Act::Close,
        Act::CutOff,
    ] {
        let server = Scripted::start(vec![Act::answer(200, OK)]).await;
        let iam = Scripted::start(vec![first, token()]).await;
        // A write too: nothing of it was sent.
        let status = run(once(with_password(&server, &iam))).await.unwrap();
        assert_eq!((status, iam.attempts().len()), (200, 2));
        assert_eq!(server.attempts().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_token_fails_and_may_be_repeated_unless_iam_refused() {
    let unused = || Scripted::start(vec![Act::answer(200, OK)]);
    for (act, asked, is_retryable) in [
        (Act::answer(503, ""), 3, true),
        (Act::Close, 3, true),
        (Act::answer(401, ""), 1, false),
        (Act::answer(201, "{}"), 1, false),
    ] {
        let (server, iam) = (unused().await, Scripted::start(vec![act]).await);
        let client = with_password(&server, &iam);
        let error = run(repeatable(client)).await.unwrap_err();
        assert_eq!(iam.attempts().len(), asked, "{error}");
        assert_eq!(error.is_retryable(), is_retryable, "{error}");
        assert!(error.is_credentials() && error.attempts() == 0, "{error}");
        assert_eq!(server.attempts().len(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_project_that_iam_fails_to_tell_is_asked_for_again() {
    let server = Scripted::start(vec![Act::answer(200, OK)]).await;
    let found = json!({ "projects": [{ "id": "found" }] }).to_string();
    let iam = Scripted::start(vec![Act::answer(503, ""), Act::answer(200, &found)]).await;
    let client = Client::builder()
        .region("cn-north-4")
        .endpoint(server.endpoint())
        .iam_endpoint(iam.endpoint())
        .credentials(Credentials::access_key("ak", "s3nt1nel"))
        .build()
        .unwrap();
    run(repeatable(client)).await.unwrap();
    assert_eq!(iam.attempts().len(), 2);
    let attempts = server.attempts();
    assert!(attempts[0].target().contains("/v1/found/"), "{attempts:?}");
}

#[tokio::test(start_paused = true)]
async fn looking_up_the_project_counts_for_the_overall_limit() {
    let server = Scripted::start(vec![Act::Silence]).await;
    let found = json!({ "projects": [{ "id": "found" }] }).to_string();
    let busy = Act::with_header(503, "Retry-After", "9");
    let iam = Scripted::start(vec![busy, Act::answer(200, &found)]).await;
    let delay = Duration::from_secs(9);
    let policy = RetryPolicy::default()
        .with_delays(delay, delay)
        .with_overall_timeout(Duration::from_secs(10));
    let client = Client::builder()
        .region("cn-north-4")
        .endpoint(server.endpoint())
        .iam_endpoint(iam.endpoint())
        .credentials(Credentials::access_key("ak", "s3nt1nel"))
        .retry(policy)
        .build()
        .unwrap();
    let before = tokio::time::Instant::now();
    let error = run(repeatable(client)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(iam.attempts().len(), 2);
    let passed = before.elapsed();
    assert!(passed < Duration::from_millis(10_500), "{passed:?}");
}
