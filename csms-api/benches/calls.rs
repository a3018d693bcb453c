//! What a call costs beside the same call written by hand on reqwest, over loopback.

#![allow(
    clippy::expect_used,
    reason = "a benchmark that fails has nothing to tell"
)]

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime};

use csms_api::{Client, Credential, Credentials, RetryPolicy};
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
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("nothing is measured without --bench");
        return;
    }
    let subjects = Subjects {
        bare: Bare::new(),
        token: client(Credentials::token("t")),
        signed: client(Credentials::access_key("AK", "SK")),
    };
    println!("| | bare | token | signed |\n|---|---|---|---|");
    println!("{}", one_call(&subjects).row("one call"));
    let in_flight = in_flight(&subjects);
    println!("{}", in_flight.row("64 calls in flight, all"));
    println!("\nsigning alone: {:.2?}", signing_alone());
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

/// What is compared. Each has its own connections.
struct Subjects {
    bare: Bare,
    token: Client,
    signed: Client,
}

/// The times of bare, token and signed. They take turns, each comes first as often, so that
/// whatever else the machine does slows all of them alike.
struct Times([Vec<Duration>; 3]);

impl Times {
    fn of(rounds: usize, mut calls: [&mut dyn FnMut() -> usize; 3]) -> Self {
        let mut times = Self(Default::default());
        let warm_up = rounds / 10;
        for round in 0..warm_up + rounds {
            for turn in 0..calls.len() {
                let at = (round + turn) % calls.len();
                let (Some(call), Some(times)) = (calls.get_mut(at), times.0.get_mut(at)) else {
                    continue;
                };
                let time = timed(call);
                if round >= warm_up {
                    times.push(time);
                }
            }
        }
        times
    }

    /// A row of a table: medians, and their ratio to the first.
    fn row(mut self, name: &str) -> String {
        let [bare, token, signed] = self.0.each_mut().map(|times| median(times));
        let ratio = |time: Duration| time.as_secs_f64() / bare.as_secs_f64();
        format!(
            "| {name} | {bare:.2?} | {token:.2?} ({:.2}×) | {signed:.2?} ({:.2}×) |",
            ratio(token),
            ratio(signed)
        )
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn timed<T>(call: impl FnOnce() -> T) -> Duration {
    let started = Instant::now();
    black_box(call());
    started.elapsed()
}

fn one_call(subjects: &Subjects) -> Times {
    Times::of(
        5_000,
        [
            &mut || RUNTIME.block_on(subjects.bare.call()),
            &mut || RUNTIME.block_on(call(&subjects.token)),
            &mut || RUNTIME.block_on(call(&subjects.signed)),
        ],
    )
}

fn in_flight(subjects: &Subjects) -> Times {
    let ours = |client: &Client| {
        let client = client.clone();
        async move { call(&client).await }
    };
    let theirs = || {
        let bare = subjects.bare.clone();
        async move { bare.call().await }
    };
    Times::of(
        1_000,
        [
            &mut || RUNTIME.block_on(many(theirs)),
            &mut || RUNTIME.block_on(many(|| ours(&subjects.token))),
            &mut || RUNTIME.block_on(many(|| ours(&subjects.signed))),
        ],
    )
}

fn signing_alone() -> Duration {
    const TIMES: u32 = 20_000;
    let credential = Credential::access_key("AK", "SK");
    let url = "https://kms.cn-north-4.myhuaweicloud.com/v1/p/secrets?limit=50&marker=m";
    let mut request = reqwest::Request::new(reqwest::Method::GET, url.parse().expect("a URL"));
    let time = timed(|| {
        for _ in 0..TIMES {
            let signed = credential.sign(&mut request, Some("p"), SystemTime::UNIX_EPOCH);
            signed.expect("a signature");
        }
    });
    time / TIMES
}
