//! The sources that the vendor's SDKs look at, one after the other.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::{Environment, Variables};
use super::metadata::InstanceMetadata;
use super::profile::ProfileFile;
use super::{Credential, CredentialSource, SourceContext, SourceError, SourceFuture};

const FILE_VARIABLE: &str = "HUAWEICLOUD_SDK_CREDENTIALS_FILE";
const FILE_AT_HOME: &str = ".huaweicloud/credentials";
const SECTION: &str = "basic";

/// Sources by name. The first that has anything decides: a credential, or an error if what it has
/// can't be used. A renewal asks them all over again.
#[derive(Debug)]
pub(super) struct Chain(Vec<(&'static str, Box<dyn CredentialSource>)>);

impl Chain {
    pub(super) fn default_for_process() -> Self {
        Self::over(
            Variables::process(),
            std::env::home_dir,
            InstanceMetadata::default(),
        )
    }

    /// The default chain over other variables, another home and another metadata service.
    pub(super) fn over(
        variables: Variables,
        home: impl Fn() -> Option<PathBuf> + Send + Sync + 'static,
        metadata: InstanceMetadata,
    ) -> Self {
        let profile = DefaultProfile {
            variables: variables.clone(),
            home: Arc::new(home),
            section: SECTION.to_owned(),
        };
        Self(vec![
            ("environment", Box::new(Environment::of(variables))),
            ("profile file", Box::new(profile)),
            ("instance metadata", Box::new(metadata)),
        ])
    }

    async fn first(&self, context: &SourceContext) -> Result<Credential, SourceError> {
        let mut tried = Vec::new();
        for (name, source) in &self.0 {
            match source.load(context).await {
                Ok(mut credential) => {
                    credential.place = Some(source.place());
                    return Ok(credential);
                }
                Err(SourceError::NotFound(reason)) => tried.push(format!("{name}: {reason}")),
                Err(error) => {
                    return Err(error.explain(|reason| match tried.as_slice() {
                        [] => format!("{name}: {reason}"),
                        tried => format!("{name}: {reason} (tried before: {})", tried.join("; ")),
                    }));
                }
            }
        }
        Err(SourceError::NotFound(format!(
            "no credentials found; tried {}",
            tried.join("; ")
        )))
    }
}

impl CredentialSource for Chain {
    fn load<'a>(&'a self, context: &'a SourceContext) -> SourceFuture<'a> {
        Box::pin(self.first(context))
    }
}

/// The profile file that the environment names, else the one at home.
pub(super) struct DefaultProfile {
    variables: Variables,
    home: Arc<dyn Fn() -> Option<PathBuf> + Send + Sync>,
    section: String,
}

impl DefaultProfile {
    pub(super) fn for_process(section: String) -> Self {
        Self {
            variables: Variables::process(),
            home: Arc::new(std::env::home_dir),
            section,
        }
    }

    fn path(&self) -> Result<PathBuf, SourceError> {
        match self.variables.get(FILE_VARIABLE) {
            Some(path) if path.is_empty() => Err(SourceError::Invalid(format!(
                "{FILE_VARIABLE} is set but empty; give it a path or unset it"
            ))),
            Some(path) => Ok(PathBuf::from(path)),
            None => self.path_at_home(),
        }
    }

    fn path_at_home(&self) -> Result<PathBuf, SourceError> {
        (self.home)()
            .filter(|home| home != Path::new(""))
            .map(|home| home.join(FILE_AT_HOME))
            .ok_or_else(|| {
                SourceError::NotFound(format!(
                    "{FILE_VARIABLE} is not set and there is no home directory with \
                     {FILE_AT_HOME}"
                ))
            })
    }
}

impl CredentialSource for DefaultProfile {
    fn load<'a>(&'a self, context: &'a SourceContext) -> SourceFuture<'a> {
        Box::pin(async move {
            let file = ProfileFile::new(self.path()?, self.section.clone());
            file.load(context).await
        })
    }

    fn place(&self) -> String {
        let file = |path| ProfileFile::new(path, self.section.clone()).place();
        self.path().map_or_else(|error| error.to_string(), file)
    }
}

impl fmt::Debug for DefaultProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DefaultProfile")
    }
}

#[cfg(test)]
mod tests {
    use super::Chain;
    use crate::credentials::environment::Variables;
    use crate::credentials::metadata::InstanceMetadata;
    use crate::credentials::project::test_context;
    use crate::credentials::{CredentialSource, SourceError};

    // The cases with files and a metadata service are folders in tests/credentials.

    #[tokio::test]
    async fn without_a_home_the_chain_goes_on() {
        for home in [None, Some("".into())] {
            let variables = Variables::new(|_| None);
            let metadata = InstanceMetadata::at("http://127.0.0.1:1");
            let chain = Chain::over(variables, move || home.clone(), metadata);
            let outcome = chain.load(&test_context("http://127.0.0.1:1")).await;
            let Err(SourceError::NotFound(reason)) = outcome else {
                panic!("{outcome:?}");
            };
            for expected in [
                "environment: HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are not set;",
                "profile file: HUAWEICLOUD_SDK_CREDENTIALS_FILE is not set and there is no home",
                "instance metadata: http://127.0.0.1:1 does not answer",
            ] {
                assert!(reason.contains(expected), "{reason}");
            }
        }
    }

    #[tokio::test]
    async fn an_empty_path_is_an_error() {
        let variables = Variables::new(|name| {
            (name == "HUAWEICLOUD_SDK_CREDENTIALS_FILE").then(Default::default)
        });
        let metadata = InstanceMetadata::at("http://127.0.0.1:1");
        let chain = Chain::over(variables, || None, metadata);
        let outcome = chain.load(&test_context("http://127.0.0.1:1")).await;
        let Err(SourceError::Invalid(reason)) = outcome else {
            panic!("{outcome:?}");
        };
        let expected = "profile file: HUAWEICLOUD_SDK_CREDENTIALS_FILE is set but empty";
        assert!(reason.starts_with(expected), "{reason}");
        assert!(reason.contains("(tried before: environment: "), "{reason}");
    }
}
