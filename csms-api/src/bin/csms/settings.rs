//! What applies to every command, from flags and the environment.

use std::io::{IsTerminal, stdout};

use clap::ArgMatches;
use csms_api::{Client, ClientBuilder, Credentials, Error};

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
    pub fn of(matches: &ArgMatches) -> Self {
        let text = |id: &str| matches.get_one::<String>(id).cloned();
        Self {
            region: text("region"),
            project_id: text("project-id"),
            endpoint: text("endpoint"),
            profile: text("profile"),
            format: match text("output").as_deref() {
                Some("json") => Format::Json,
                Some(_) => Format::Table,
                None if stdout().is_terminal() => Format::Table,
                None => Format::Json,
            },
            verbose: matches.get_flag("verbose"),
        }
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
        if let Some(section) = &self.profile {
            builder = builder.credentials(Credentials::profile_section(section));
        }
        builder
            .user_agent_suffix(concat!("csms/", env!("CARGO_PKG_VERSION")))
            .build()
    }
}
