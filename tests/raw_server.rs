//! A server that answers with exactly the bytes a test gives it, well formed or not.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does to a connection, one after the other; then it closes it.
#[derive(Debug, Clone)]
pub enum Step {
    Send(Vec<u8>),
    /// Sends the bytes so many times, without ever holding them all.
    Repeat(Vec<u8>, usize),
    /// Breaks the connection off.
    Reset,
    /// Sends nothing more until the client lets go.
    Silence,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// Request line and headers.
    pub head: String,
    pub body: Vec<u8>,
}

/// A server on a free port of 127.0.0.1 that treats each connection alike: it reads one request,
/// then takes its steps. It lives as long as the runtime of the test.
#[derive(Debug)]
pub struct RawServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    connections: Arc<Mutex<Vec<JoinHandle<usize>>>>,
}

impl RawServer {
    pub async fn start(steps: impl Into<Arc<[Step]>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let server = Self {
            address: listener.local_addr().expect("the port"),
            requests: Arc::default(),
            connections: Arc::default(),
        };
        let (steps, requests) = (steps.into(), server.requests.clone());
        let connections = server.connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = serve(stream, Arc::clone(&steps), requests.clone());
                connections.lock().unwrap().push(tokio::spawn(connection));
            }
        });
        server
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many connections were made, whether or not a request came.
    pub fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Waits until all connections are closed and returns how many bytes they took.
    pub async fn bytes_taken(self) -> usize {
        let connections = std::mem::take(&mut *self.connections.lock().unwrap());
        let mut taken = 0;
        for connection in connections {
            taken += connection.await.expect("the connection's task");
        }
        taken
    }
}

impl Request {
    /// The request line.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

async fn serve(
    mut stream: TcpStream,
    steps: Arc<[Step]>,
    requests: Arc<Mutex<Vec<Request>>>,
) -> usize {
    let Ok(request) = read_request(&mut stream).await else {
        return 0;
    };
    requests.lock().unwrap().push(request);
    let mut taken = 0;
    // The client may let go at any time; what it took until then is what counts.
    let _ = take_steps(&mut stream, &steps, &mut taken).await;
    taken
}

async fn take_steps(stream: &mut TcpStream, steps: &[Step], taken: &mut usize) -> io::Result<()> {
    for step in steps {
        match step {
            Step::Send(bytes) => {
                stream.write_all(bytes).await?;
                *taken += bytes.len();
            }
            Step::Repeat(bytes, times) => {
                for _ in 0..*times {
                    stream.write_all(bytes).await?;
                    *taken += bytes.len();
                }
            }
            Step::Reset => return stream.set_zero_linger(),
            Step::Silence => while stream.read(&mut [0; 64]).await? > 0 {},
        }
    }
    stream.shutdown().await
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    let head_length = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let mut request = Request {
        head: String::from_utf8_lossy(&bytes[..head_length]).into_owned(),
        body: bytes.split_off(head_length),
    };
    let length = request.header("content-length").map_or(Ok(0), str::parse);
    let length = length.map_err(|_| io::ErrorKind::InvalidData)?;
    while request.body.len() < length {
        if stream.read_buf(&mut request.body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(request)
}
