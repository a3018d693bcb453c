//! What is known about an operation before it is called.

/// An operation of the service, as [`OPERATIONS`](crate::OPERATIONS) lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Operation {
    /// The documented id, such as `DownloadSecretBlob`.
    pub id: &'static str,
    /// The HTTP method in upper case.
    pub method: &'static str,
    /// The path template, such as `/v1/{project_id}/secrets`.
    pub path: &'static str,
    /// The group that the operation belongs to.
    pub tag: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Whether it may be sent again when it can't be known if the service acted on it.
    pub safe_to_repeat: bool,
    /// The words of its command, such as `["secret", "list"]`; unique.
    pub command: &'static [&'static str],
}
