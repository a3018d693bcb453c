//! Access keys in the variables of the process.

use std::ffi::OsString;
use std::fmt;
use std::future::ready;
use std::sync::Arc;

use super::{Credential, CredentialSource, SourceContext, SourceError, SourceFuture};

const ACCESS_KEY: &str = "HUAWEICLOUD_SDK_AK";
const SECRET_KEY: &str = "HUAWEICLOUD_SDK_SK";
const SECURITY_TOKEN: &str = "HUAWEICLOUD_SDK_SECURITY_TOKEN";
const PROJECT_ID: &str = "HUAWEICLOUD_SDK_PROJECT_ID";

type LookUp = dyn Fn(&str) -> Option<OsString> + Send + Sync;

/// Looks a variable up by its name.
#[derive(Clone)]
pub(super) struct Variables(Arc<LookUp>);

impl Variables {
    /// Those of the process, as they are when asked.
    pub(super) fn process() -> Self {
        Self::new(|name| std::env::var_os(name))
    }

    pub(super) fn new(look_up: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        Self(Arc::new(look_up))
    }

    pub(super) fn get(&self, name: &str) -> Option<OsString> {
        (self.0)(name)
    }

    /// The variable's text. One that is set and can't be meant so is an error.
    fn text(&self, name: &str) -> Result<Option<String>, SourceError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let invalid = |what: &str| SourceError::Invalid(format!("{name} {what}"));
        let text = value
            .into_string()
            .map_err(|_| invalid("is not valid Unicode"))?;
        if text.is_empty() {
            return Err(invalid("is set but empty; give it a value or unset it"));
        }
        // A line break at the end is what a secret read from a file comes with.
        if text.trim() != text {
            return Err(invalid("begins or ends with white space; take it off"));
        }
        Ok(Some(text))
    }
}

/// `HUAWEICLOUD_SDK_AK` and its companions.
pub(super) struct Environment(Variables);

impl Environment {
    pub(super) fn process() -> Self {
        Self::of(Variables::process())
    }

    pub(super) fn of(variables: Variables) -> Self {
        Self(variables)
    }

    fn read(&self) -> Result<Credential, SourceError> {
        let access_key = self.0.text(ACCESS_KEY)?;
        let secret_key = self.0.text(SECRET_KEY)?;
        let security_token = self.0.text(SECURITY_TOKEN)?;
        let credential = match (access_key, secret_key, security_token) {
            // A project id alone is no credential, it may be meant for those of another source.
            (None, None, None) => {
                return Err(SourceError::NotFound(format!(
                    "{ACCESS_KEY} and {SECRET_KEY} are not set"
                )));
            }
            (Some(access_key), Some(secret_key), None) => {
                Credential::access_key(access_key, secret_key)
            }
            (Some(access_key), Some(secret_key), Some(security_token)) => {
                Credential::temporary(access_key, secret_key, security_token)
            }
            (Some(_), None, _) => return Err(half_set(ACCESS_KEY, SECRET_KEY)),
            (None, Some(_), _) => return Err(half_set(SECRET_KEY, ACCESS_KEY)),
            (None, None, Some(_)) => {
                return Err(SourceError::Invalid(format!(
                    "{SECURITY_TOKEN} is set but {ACCESS_KEY} and {SECRET_KEY} are not; set all \
                     three"
                )));
            }
        };
        Ok(match self.0.text(PROJECT_ID)? {
            Some(project_id) => credential.with_project_id(project_id),
            None => credential,
        })
    }
}

fn half_set(set: &str, missing: &str) -> SourceError {
    SourceError::Invalid(format!("{set} is set but {missing} is not; set both"))
}

impl CredentialSource for Environment {
    fn load<'a>(&'a self, _: &'a SourceContext) -> SourceFuture<'a> {
        Box::pin(ready(self.read()))
    }

    fn place(&self) -> String {
        format!("the variables {ACCESS_KEY} and {SECRET_KEY}")
    }

    fn is_renewable(&self) -> bool {
        false
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, Variables};
    use crate::credentials::{Credential, SourceError};

    fn read(variables: &'static [(&'static str, &'static str)]) -> Result<Credential, SourceError> {
        let look_up = |name: &str| {
            let (_, value) = variables
                .iter()
                .find(|(suffix, _)| name.strip_prefix("HUAWEICLOUD_SDK_") == Some(suffix))?;
            Some(value.into())
        };
        Environment::of(Variables::new(look_up)).read()
    }

    #[test]
    fn keys_are_read() {
        assert_eq!(
            read(&[("AK", "ak"), ("SK", "sk")]),
            Ok(Credential::access_key("ak", "sk"))
        );
        assert_eq!(
            read(&[
                ("AK", "ak"),
                ("SK", "sk"),
                ("SECURITY_TOKEN", "st"),
                ("PROJECT_ID", "p")
            ]),
            Ok(Credential::temporary("ak", "sk", "st").with_project_id("p"))
        );
    }

    #[test]
    fn without_keys_nothing_is_found() {
        for variables in [&[][..], &[("PROJECT_ID", "p")], &[("PROJECT_ID", "")]] {
            let Err(SourceError::NotFound(reason)) = read(variables) else {
                panic!("{variables:?}");
            };
            assert!(reason.contains("HUAWEICLOUD_SDK_AK"), "{reason}");
            assert!(reason.contains("HUAWEICLOUD_SDK_SK"), "{reason}");
        }
    }

    #[test]
    fn what_is_half_set_is_named() {
        let cases: [(&'static [(&str, &str)], &str); 9] = [
            (&[("AK", "hunter2")], "HUAWEICLOUD_SDK_SK is not"),
            (&[("SK", "hunter2")], "HUAWEICLOUD_SDK_AK is not"),
            (
                &[("SECURITY_TOKEN", "hunter2")],
                "HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK are not",
            ),
            (
                &[("AK", "hunter2"), ("SECURITY_TOKEN", "hunter2")],
                "HUAWEICLOUD_SDK_SK is not",
            ),
            (
                &[("AK", "hunter2"), ("SK", "")],
                "HUAWEICLOUD_SDK_SK is set but empty",
            ),
            (
                &[("AK", ""), ("SK", "hunter2")],
                "HUAWEICLOUD_SDK_AK is set but empty",
            ),
            (
                &[("AK", "hunter2"), ("SK", "hunter2"), ("SECURITY_TOKEN", "")],
                "HUAWEICLOUD_SDK_SECURITY_TOKEN is set but empty",
            ),
            (
                &[("AK", "hunter2"), ("SK", "hunter2"), ("PROJECT_ID", "")],
                "HUAWEICLOUD_SDK_PROJECT_ID is set but empty",
            ),
            (
                &[("AK", "hunter2"), ("SK", "hunter2\n")],
                "HUAWEICLOUD_SDK_SK begins or ends with white space",
            ),
        ];
        for (variables, expected) in cases {
            let Err(SourceError::Invalid(reason)) = read(variables) else {
                panic!("{expected}");
            };
            assert!(reason.contains(expected), "{reason}");
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_unicode_is_named() {
        use std::os::unix::ffi::OsStringExt;

        let look_up = |_: &str| Some(std::ffi::OsString::from_vec(vec![b'a', 0xff]));
        assert_eq!(
            Environment::of(Variables::new(look_up)).read(),
            Err(SourceError::Invalid(
                "HUAWEICLOUD_SDK_AK is not valid Unicode".to_owned()
            ))
        );
    }
}
