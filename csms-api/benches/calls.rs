//! What a call costs beside the same call written by hand on reqwest, over loopback.

#![allow(
    clippy::expect_used,
    reason = "a benchmark that fails has nothing to tell"
)]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::time::SystemTime;

use csms_api::{Client, Credential, Credentials, RetryPolicy};
use divan::Bencher;
use serde::Deserialize;
use tokio::runtime::Runtime;

const IN_FLIGHT: usize = 64;
const BODY: &str = r#"{"secret":{"id":"bb6a3d22-dc93-47ac-b5bd-88df7ad35f1e","name":"test","state":"ENABLED","kms_key_id":"b168fe00ff56492495a7d22974df2d0b","description":"description","create_time":1581507580000,"update_time":1581507580000,"scheduled_delete_time":1581507580000,"secret_type":"COMMON","auto_rotation":false,"event_subscriptions":["event"]}}"#;

static SERVER: LazyLock<SocketAddr> = LazyLock::new(start_server);
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
});

fn main() {
    divan::main();
}

/// Answers every request on every connection alike; each connection has a thread.
fn start_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("the port");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    address
}

fn serve(mut stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{BODY}",
        BODY.len()
    );
    let mut buffer = [0; 4096];
    let mut filled = 0;
    loop {
        filled += match stream.read(buffer.get_mut(filled..)?).ok()? {
            0 => return None,
            read => read,
        };
        if buffer.get(..filled)?.ends_with(b"\r\n\r\n") {
            stream.write_all(answer.as_bytes()).ok()?;
            filled = 0;
        }
    }
}

/// The answer, as someone would write it by hand.
#[derive(Deserialize)]
struct ByHand {
    secret: csms_api::types::Secret,
}

#[derive(Clone)]
struct Bare {
    http: reqwest::Client,
    url: String,
}

impl Bare {
    fn new() -> Self {
        Self {
            http: reqwest::Client::builder().build().expect("a client"),
            url: format!("http://{}/v1/p/secrets/demo", *SERVER),
        }
    }

    async fn call(&self) -> usize {
        let request = self.http.get(&self.url).header("X-Auth-Token", "t");
        let response = request
            .send()
            .await
            .expect("an answer")
            .error_for_status()
            .expect("2xx");
        let answer: ByHand = response.json().await.expect("JSON");
        answer.secret.name.map_or(0, |name| name.len())
    }
}

fn client(credentials: Credentials) -> Client {
    Client::builder()
        .endpoint(format!("http://{}", *SERVER))
        .project_id("p")
        .credentials(credentials)
        .retry(RetryPolicy::default())
        .build()
        .expect("a client")
}

async fn call(client: &Client) -> usize {
    let answer = client
        .show_secret()
        .secret_name("demo")
        .send()
        .await
        .expect("an answer");
    let secret = answer.into_inner().secret.expect("a secret");
    secret.name.map_or(0, |name| name.len())
}

/// As many calls at once as are in flight, each in a task of its own.
async fn many<F, T>(call: F) -> usize
where
    F: Fn() -> T,
    T: Future<Output = usize> + Send + 'static,
{
    let tasks: Vec<_> = (0..IN_FLIGHT).map(|_| tokio::spawn(call())).collect();
    let mut total = 0;
    for task in tasks {
        total += task.await.expect("a call");
    }
    total
}

#[divan::bench_group(sample_count = 2_000, sample_size = 1)]
mod one_call {
    use super::*;

    #[divan::bench]
    fn bare(bencher: Bencher) {
        let bare = Bare::new();
        bencher.bench_local(|| RUNTIME.block_on(bare.call()));
    }

    #[divan::bench]
    fn token(bencher: Bencher) {
        let client = client(Credentials::token("t"));
        bencher.bench_local(|| RUNTIME.block_on(call(&client)));
    }

    #[divan::bench]
    fn signed(bencher: Bencher) {
        let client = client(Credentials::access_key("AK", "SK"));
        bencher.bench_local(|| RUNTIME.block_on(call(&client)));
    }
}

#[divan::bench_group(sample_count = 200, sample_size = 1)]
mod in_flight_64 {
    use super::*;

    #[divan::bench]
    fn bare(bencher: Bencher) {
        let bare = Bare::new();
        bencher.bench_local(|| {
            RUNTIME.block_on(many(|| {
                let bare = bare.clone();
                async move { bare.call().await }
            }))
        });
    }

    #[divan::bench]
    fn token(bencher: Bencher) {
        let client = client(Credentials::token("t"));
        bencher.bench_local(|| {
            RUNTIME.block_on(many(|| {
                let client = client.clone();
                async move { call(&client).await }
            }))
        });
    }

    #[divan::bench]
    fn signed(bencher: Bencher) {
        let client = client(Credentials::access_key("AK", "SK"));
        bencher.bench_local(|| {
            RUNTIME.block_on(many(|| {
                let client = client.clone();
                async move { call(&client).await }
            }))
        });
    }
}

#[divan::bench]
fn signing_alone(bencher: Bencher) {
    let credential = Credential::access_key("AK", "SK");
    let url = "https://kms.cn-north-4.myhuaweicloud.com/v1/p/secrets?limit=50&marker=m";
    let request = reqwest::Request::new(reqwest::Method::GET, url.parse().expect("a URL"));
    bencher
        .with_inputs(|| request.try_clone().expect("a request without a body"))
        .bench_local_refs(|request| credential.sign(request, Some("p"), SystemTime::UNIX_EPOCH));
}
