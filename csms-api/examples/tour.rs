//! A tour without an account: starts the service in memory, creates a secret, backs it up, deletes
//! it, restores it and reads it again.
//!
//! `cargo run -p csms-api --features mock --example tour`

use std::error::Error;
use std::io::{self, Write};

use csms_api::mock::Service;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tour(&mut io::stdout()).await
}

/// Tells each step.
pub async fn tour(out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let service = Service::start().await?;
    let client = service.client()?;
    writeln!(out, "the service in memory is at {}", service.endpoint())?;

    let created = client
        .create_secret()
        .name("demo")
        .secret_string("hunter2")
        .send()
        .await?;
    let secret = created.secret.as_ref().ok_or("no secret came back")?;
    let id = secret.id.as_deref().unwrap_or("?");
    writeln!(out, "created demo, id {id}")?;

    let backup = client.download_secret_blob().secret_name("demo").send();
    let blob = backup.await?.into_inner().secret_blob;
    let blob = blob.ok_or("no backup came back")?;
    let length = blob.expose().len();
    writeln!(out, "backed up demo: {length} bytes, shown as {blob:?}")?;

    client.delete_secret().secret_name("demo").send().await?;
    match client.show_secret().secret_name("demo").send().await {
        Err(error) if error.is_not_found() => writeln!(out, "deleted demo: {error}")?,
        Err(error) => return Err(error.into()),
        Ok(_) => return Err("demo is still there".into()),
    }

    client.upload_secret_blob().secret_blob(blob).send().await?;
    writeln!(out, "restored demo from the backup")?;

    let value = client.get_secret_value("demo").await?;
    let length = value.bytes().len();
    writeln!(out, "read demo: {length} bytes, shown as {value:?}")?;
    Ok(())
}
