//! Downloads a backup of a secret.
//!
//! Without an account it starts a mock of the service and backs up a secret from it. With
//! `CSMS_ENDPOINT`, `CSMS_TOKEN` and `CSMS_PROJECT_ID` set it calls the real service;
//! `CSMS_SECRET_NAME` then names the secret, else it is `demo`.

use std::env;
use std::error::Error;

use csms_api::{Client, Credentials};
use httpmock::{Method::POST, MockServer};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mock = mock_service();
    let setting = |name: &str, instead: &str| env::var(name).unwrap_or(instead.to_owned());
    let (endpoint, token, project_id) = match env::var("CSMS_ENDPOINT") {
        Ok(endpoint) => (
            endpoint,
            env::var("CSMS_TOKEN")?,
            env::var("CSMS_PROJECT_ID")?,
        ),
        Err(_) => {
            println!("CSMS_ENDPOINT is not set: calling a mock of the service");
            (
                mock.base_url(),
                "a token".to_owned(),
                "a-project".to_owned(),
            )
        }
    };
    let client = Client::builder()
        .endpoint(endpoint)
        .project_id(project_id)
        .credentials(Credentials::token(token))
        .build()?;

    let name = setting("CSMS_SECRET_NAME", "demo");
    let backup = client
        .download_secret_blob()
        .secret_name(name.as_str())
        .send()
        .await?;
    let blob = backup
        .secret_blob
        .as_ref()
        .ok_or("the answer has no backup")?;
    println!(
        "backed up {name}: {} bytes, shown as {blob:?}",
        blob.expose().len()
    );
    Ok(())
}

fn mock_service() -> MockServer {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.method(POST)
            .path("/v1/a-project/secrets/demo/backup")
            .header("x-auth-token", "a token");
        then.status(200)
            .json_body(json!({ "secret_blob": ")CloudSecretManagementBackupV1.…" }));
    });
    server
}
