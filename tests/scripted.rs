//! A server that answers each attempt as a script says, and time that passes only when a test
//! lets it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, spawn_blocking, yield_now};
use tokio::time::{Instant, advance};

/// What the server does with an attempt.
#[derive(Debug, Clone)]
pub enum Act {
    /// Answers with status, headers and body, then closes the connection.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Promises a longer body than it sends.
    CutOff,
    /// Closes the connection without an answer.
    Close,
    /// Never answers.
    Silence,
}

impl Act {
    /// An answer without headers of its own.
    pub fn answer(status: u16, body: &str) -> Self {
        Self::Answer(status, Vec::new(), body.to_owned())
    }

    /// An answer with one header.
    pub fn with_header(status: u16, name: &'static str, value: &str) -> Self {
        Self::Answer(status, vec![(name, value.to_owned())], String::new())
    }
}

/// A request as it came, and when.
#[derive(Debug, Clone)]
pub struct Attempt {
    pub at: Instant,
    pub head: String,
    pub body: Vec<u8>,
}

impl Attempt {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// Method and target.
    pub fn target(&self) -> &str {
        self.head
            .lines()
            .next()
            .unwrap_or_default()
            .trim_end_matches(" HTTP/1.1")
    }
}

/// The server; the last act of its script is repeated for all attempts that follow.
#[derive(Debug)]
pub struct Scripted {
    address: std::net::SocketAddr,
    attempts: Arc<Mutex<Vec<Attempt>>>,
}

impl Scripted {
    pub async fn start(script: Vec<Act>) -> Self {
        Self::answering(move |_, n| script[n.min(script.len() - 1)].clone()).await
    }

    /// A server whose act depends on the request and on how many came before.
    pub async fn answering(act: impl Fn(&Attempt, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            attempts: Arc::default(),
        };
        let attempts = Arc::clone(&server.attempts);
        let act = Arc::new(act);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (attempts, act) = (Arc::clone(&attempts), Arc::clone(&act));
                tokio::spawn(async move { serve(stream, &attempts, &*act).await });
            }
        });
        server
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn attempts(&self) -> Vec<Attempt> {
        self.attempts.lock().unwrap().clone()
    }

    /// The time between each attempt and the one before.
    pub fn gaps(&self) -> Vec<Duration> {
        let attempts = self.attempts();
        attempts
            .windows(2)
            .map(|pair| pair[1].at - pair[0].at)
            .collect()
    }
}

async fn serve(
    mut stream: TcpStream,
    attempts: &Mutex<Vec<Attempt>>,
    act: &(impl Fn(&Attempt, usize) -> Act + ?Sized),
) {
    let Some(attempt) = read(&mut stream).await else {
        return;
    };
    let n = {
        let mut attempts = attempts.lock().unwrap();
        attempts.push(attempt.clone());
        attempts.len() - 1
    };
    let bytes = match act(&attempt, n) {
        Act::Answer(status, headers, body) => {
            let headers: String = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            let length = body.len();
            format!(
                "HTTP/1.1 {status} X\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}"
            )
        }
        Act::CutOff => "HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\n{\"secret".to_owned(),
        Act::Close => return,
        Act::Silence => {
            while stream.read(&mut [0; 64]).await.is_ok_and(|n| n > 0) {}
            return;
        }
    };
    // A client that has let go is no fault of the server.
    let _ = stream.write_all(bytes.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn read(stream: &mut TcpStream) -> Option<Attempt> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut attempt = Attempt {
        at: Instant::now(),
        head: String::from_utf8_lossy(&bytes[..end]).into_owned(),
        body: bytes.split_off(end),
    };
    let length: usize = attempt
        .header("content-length")
        .map_or(Some(0), |n| n.parse().ok())?;
    while attempt.body.len() < length {
        if stream.read_buf(&mut attempt.body).await.ok()? == 0 {
            return None;
        }
    }
    Some(attempt)
}

/// Runs a call to its end in virtual time, which passes in small steps and only while nothing
/// else happens. The runtime must be paused.
pub async fn run<T: Send + 'static>(call: impl Future<Output = T> + Send + 'static) -> T {
    // While a blocking task runs, tokio does not advance the time by itself: it would do so
    // whenever the client waits for the socket.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let inhibitor = spawn_blocking(move || held.recv());
    let call: JoinHandle<T> = tokio::spawn(call);
    while !call.is_finished() {
        for _ in 0..50 {
            yield_now().await;
        }
        advance(Duration::from_millis(10)).await;
    }
    drop(release);
    let _ = inhibitor.await;
    call.await.unwrap()
}
