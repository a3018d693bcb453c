//! A program that has nothing but its environment; `tests/from_env.rs` runs it.

use csms_api::{Client, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    match run().await {
        Ok(name) => println!("{name}"),
        Err(error) => println!("{error}"),
    }
}

async fn run() -> Result<String, Error> {
    let client = Client::from_env().await?;
    let answer = client.show_secret().secret_name("demo").send().await?;
    let name = answer.into_inner().secret.and_then(|secret| secret.name);
    Ok(name.unwrap_or_default())
}
