//! Clients in other languages work with the service in memory: the vendor's SDK for Python.

use std::env;
use std::io::{self, Write};
use std::process::Stdio;

use csms_api::mock::Service;
use tokio::process::Command;

/// A Python that has the package; without one, nothing can be shown.
async fn python() -> Option<String> {
    let python = env::var("CSMS_TEST_PYTHON").unwrap_or("python3".to_owned());
    let import = ["-c", "import huaweicloudsdkcsms"];
    let outcome = Command::new(&python)
        .args(import)
        .stderr(Stdio::null())
        .status()
        .await;
    match outcome {
        Ok(status) if status.success() => Some(python),
        Ok(_) => skip(&format!("{python} has no package huaweicloudsdkcsms")),
        Err(error) => skip(&format!("{python} can't be run: {error}")),
    }
}

/// Tells so even when the output of tests is captured.
fn skip(reason: &str) -> Option<String> {
    let hint = "CSMS_TEST_PYTHON names a Python that has the package";
    let line = format!("skipped: {reason}; {hint}\n");
    io::stderr().write_all(line.as_bytes()).unwrap();
    None
}

#[tokio::test]
async fn the_sdk_for_python_works_with_the_service() {
    let Some(python) = python().await else { return };
    let service = Service::start().await.unwrap();
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python_sdk.py"))
        .args([&service.endpoint(), service.project_id()])
        .args([Service::ACCESS_KEY, Service::SECRET_KEY])
        .env("no_proxy", "127.0.0.1")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{errors}");
    assert!(said.contains("the SDK works with the service"), "{said}");
}
