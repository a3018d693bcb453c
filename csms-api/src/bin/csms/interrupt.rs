//! Being asked to end.

use std::future::pending;
use std::process::exit;

use tokio::signal::ctrl_c;

/// The exit code after Ctrl-C.
pub const CTRL_C: u8 = 130;

/// Waits until the user or the system asks the process to end. Returns the exit code for it.
pub async fn interrupted() -> u8 {
    tokio::select! {
        () = ended(ctrl_c()) => CTRL_C,
        () = terminated() => 143,
    }
}

/// Ends the process when it is asked to, as it would without anyone who waits for signals: once
/// [`interrupted`] has waited, they do nothing by themselves.
pub fn exit_when_interrupted() {
    tokio::spawn(async { exit(i32::from(interrupted().await)) });
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
