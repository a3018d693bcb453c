//! Being asked to end.

use std::future::pending;

use tokio::signal::ctrl_c;

/// Waits until the user or the system asks the process to end. Returns the exit code for it.
pub async fn interrupted() -> u8 {
    tokio::select! {
        () = ended(ctrl_c()) => 130,
        () = terminated() => 143,
    }
}

/// A signal that can't be waited for never comes.
async fn ended(signal: impl Future<Output = std::io::Result<()>>) {
    if signal.await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signal) => drop(signal.recv().await),
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}
