//! What applies to every command, from flags and the environment.

use std::env;
use std::io::{IsTerminal, stdout};

use clap::ArgMatches;
use csms_api::{Client, ClientBuilder, Credentials, Error};

use crate::failure::Failure;

const REGION: &str = "HUAWEICLOUD_SDK_REGION";

/// How answers are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

#[derive(Debug)]
pub struct Settings {
    pub region: Option<String>,
    pub project_id: Option<String>,
    pub endpoint: Option<String>,
    pub profile: Option<String>,
    pub format: Format,
    pub verbose: bool,
}

impl Settings {
    /// Text that is empty is refused: it comes from a variable that the caller believes is set.
    pub fn of(matches: &ArgMatches) -> Result<Self, Failure> {
        let text = |id: &str| match matches.get_one::<String>(id) {
            Some(text) if text.is_empty() => Err(Failure::usage(format!("--{id} is empty"))
                .with_hint("give it a value, or leave it out")),
            text => Ok(text.cloned()),
        };
        Ok(Self {
            region: text("region")?,
            project_id: text("project-id")?,
            endpoint: text("endpoint")?,
            profile: text("profile")?,
            format: match text("output")?.as_deref() {
                Some("json") => Format::Json,
                Some(_) => Format::Table,
                None if stdout().is_terminal() => Format::Table,
                None => Format::Json,
            },
            verbose: matches.get_flag("verbose"),
        })
    }

    /// A client; flags win over variables.
    pub fn client(&self) -> Result<Client, Error> {
        let mut builder = ClientBuilder::of_environment(self.region.clone());
        if let Some(endpoint) = &self.endpoint {
            builder = builder.endpoint(endpoint);
        }
        if let Some(project_id) = &self.project_id {
            builder = builder.project_id(project_id);
        }
        builder
            .credentials(self.credentials())
            .user_agent_suffix(concat!("csms/", env!("CARGO_PKG_VERSION")))
            .build()
    }

    /// A client that can sign in, whatever is wrong with region and endpoint. It can't call.
    pub fn client_without_endpoint(&self) -> Result<Client, Error> {
        Client::builder()
            .endpoint("https://endpoint.invalid")
            .credentials(self.credentials())
            .build()
    }

    fn credentials(&self) -> Credentials {
        match &self.profile {
            Some(section) => Credentials::profile_section(section),
            None => Credentials::default_chain(),
        }
    }

    /// The region, and where it is from.
    pub fn region(&self) -> Option<(String, &'static str)> {
        match &self.region {
            Some(region) => Some((region.clone(), "--region")),
            None => Some((variable(REGION)?, REGION)),
        }
    }

    /// Where an endpoint is from that is not the region's.
    pub fn endpoint_place(&self) -> Option<String> {
        if self.endpoint.is_some() {
            return Some("--endpoint".to_owned());
        }
        let (region, _) = self.region()?;
        let name = format!("{REGION}_CSMS_{}", region.to_uppercase().replace('-', "_"));
        variable(&name).map(|_| name)
    }
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
