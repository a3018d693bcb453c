//! `csms mock`: the service in memory, to try commands on.

use std::net::SocketAddr;

use clap::ArgMatches;
use csms_api::mock::Service;
use serde_json::json;

use crate::failure::Failure;
use crate::interrupt::interrupted;
use crate::output;
use crate::settings::Format;

/// A region that no other has: its endpoint is set by a variable.
const REGION: &str = "mock";

/// Serves until the process is asked to end.
pub async fn run(format: Format, matches: &ArgMatches) -> Result<(), Failure> {
    let address = matches.get_one::<SocketAddr>("listen").copied();
    let address = address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
    let service = Service::builder().listen(address).await;
    let service = service.map_err(|error| {
        Failure::usage(error.to_string())
            .with_hint("choose another --listen ADDRESS; the port 0 is a free one")
    })?;
    tell(&service, format)?;
    interrupted().await;
    Ok(())
}

/// What to use: lines for a shell, or JSON.
fn tell(service: &Service, format: Format) -> std::io::Result<()> {
    let endpoint = service.endpoint();
    let project_id = service.project_id();
    if format == Format::Json {
        return output::print_json(&json!({
            "endpoint": endpoint,
            "token": Service::TOKEN,
            "access_key": Service::ACCESS_KEY,
            "secret_key": Service::SECRET_KEY,
            "project_id": project_id,
        }));
    }
    let text = format!(
        "# The service answers until Ctrl-C. In another shell:\n\
         export HUAWEICLOUD_SDK_REGION={REGION}\n\
         export HUAWEICLOUD_SDK_REGION_CSMS_{}={endpoint}\n\
         export HUAWEICLOUD_SDK_AK={}\n\
         export HUAWEICLOUD_SDK_SK={}\n\
         export HUAWEICLOUD_SDK_PROJECT_ID={project_id}\n\
         # The token {} is good as well.\n",
        REGION.to_uppercase(),
        Service::ACCESS_KEY,
        Service::SECRET_KEY,
        Service::TOKEN,
    );
    output::write(text.as_bytes())
}
