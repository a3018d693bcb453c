//! How much memory a large answer takes. A target of its own, since it counts what the whole
//! process allocates.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use csms_api::{Client, Credentials};
use tests::raw_server::{RawServer, Step};
use tokio::sync::Mutex;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: all is left to the allocator of the system.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        LIVE.fetch_sub(layout.size(), Relaxed);
        add(size);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn add(size: usize) {
    PEAK.fetch_max(LIVE.fetch_add(size, Relaxed) + size, Relaxed);
}

const MIB: usize = 1024 * 1024;
const LENGTH: usize = 32 * MIB;

/// The tests count together: one at a time.
static TURN: Mutex<()> = Mutex::const_new(());

fn head(headers: &str) -> Step {
    Step::Send(format!("HTTP/1.1 200 OK\r\n{headers}\r\n").into())
}

fn text(text: &str) -> Step {
    Step::Send(text.into())
}

/// A call's blob, and how much more was allocated at its peak than before.
async fn blob_and_peak(steps: Vec<Step>) -> (String, usize) {
    let server = RawServer::start(steps).await;
    let client = Client::builder()
        .endpoint(server.endpoint())
        .project_id("project")
        .credentials(Credentials::token("token"))
        .http_client_builder(reqwest::Client::builder().no_proxy().tls_certs_only([]))
        .timeout(Duration::from_secs(300))
        .build()
        .unwrap();
    let before = LIVE.load(Relaxed);
    PEAK.store(before, Relaxed);
    let backup = client
        .download_secret_blob()
        .secret_name("demo")
        .send()
        .await
        .unwrap();
    let peak = PEAK.load(Relaxed) - before;
    (
        backup.secret_blob.as_ref().unwrap().expose().to_owned(),
        peak,
    )
}

fn assert_at_most_two_and_a_half_times(peak: usize) {
    println!("peak: {:.2} times the blob", peak as f64 / LENGTH as f64);
    assert!(peak >= LENGTH, "{peak} bytes: not counted");
    assert!(
        peak <= LENGTH * 5 / 2,
        "{:.2} times the blob",
        peak as f64 / LENGTH as f64
    );
}

#[tokio::test]
async fn a_blob_of_32_mib_takes_at_most_two_and_a_half_times_its_size() {
    let _turn = TURN.lock().await;
    let pattern = "0123456789abcdef".repeat(4096);
    let (begin, end) = (r#"{"secret_blob":""#, r#""}"#);
    let (blob, peak) = blob_and_peak(vec![
        head(&format!(
            "Content-Length: {}\r\n",
            begin.len() + LENGTH + end.len()
        )),
        text(begin),
        Step::Repeat(pattern.clone().into(), LENGTH / pattern.len()),
        text(end),
    ])
    .await;
    assert!(blob == pattern.repeat(LENGTH / pattern.len()));
    assert_at_most_two_and_a_half_times(peak);
}

#[tokio::test]
async fn a_blob_of_32_mib_in_chunks_takes_at_most_two_and_a_half_times_its_size() {
    let _turn = TURN.lock().await;
    let pattern = "0123456789abcdef".repeat(4096);
    let chunk = format!("{:x}\r\n{pattern}\r\n", pattern.len());
    let (blob, peak) = blob_and_peak(vec![
        head("Transfer-Encoding: chunked\r\n"),
        text("10\r\n{\"secret_blob\":\"\r\n"),
        Step::Repeat(chunk.into(), LENGTH / pattern.len()),
        text("2\r\n\"}\r\n0\r\n\r\n"),
    ])
    .await;
    assert!(blob == pattern.repeat(LENGTH / pattern.len()));
    assert_at_most_two_and_a_half_times(peak);
}
