//! What setters of optional fields accept.

use crate::secret::SecretText;

/// A value for an optional parameter or field: the value itself, an `Option` of it, or text where
/// the value is text.
pub trait IntoOption<T> {
    /// The value to set; `None` leaves it out of the request.
    fn into_option(self) -> Option<T>;
}

impl<T> IntoOption<T> for T {
    fn into_option(self) -> Option<T> {
        Some(self)
    }
}

impl<T> IntoOption<T> for Option<T> {
    fn into_option(self) -> Option<T> {
        self
    }
}

impl IntoOption<String> for &str {
    fn into_option(self) -> Option<String> {
        Some(self.to_owned())
    }
}

impl IntoOption<SecretText> for &str {
    fn into_option(self) -> Option<SecretText> {
        Some(self.into())
    }
}

impl IntoOption<SecretText> for String {
    fn into_option(self) -> Option<SecretText> {
        Some(self.into())
    }
}
