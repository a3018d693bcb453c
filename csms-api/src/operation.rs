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
    /// How its answers are paged; `None` for an operation that answers everything at once.
    pub paging: Option<Paging>,
}

/// How a list is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// What the position in the list is.
    pub style: PagingStyle,
    /// Whether position and size are fields of the request's body, not of its query.
    pub in_body: bool,
    /// The name of the parameter or field that holds the position.
    pub position: &'static str,
    /// The name of the parameter or field that limits the items of a page.
    pub size: &'static str,
    /// A JSON pointer to the next position in the answer; null or absent at the end.
    pub next: Option<&'static str>,
    /// A JSON pointer to the items in the answer.
    pub items: &'static str,
}

/// What the position in a paged list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PagingStyle {
    /// Text that the answer before has given.
    Marker,
    /// The number of a page, from 0.
    Page,
    /// The index of an item, from 0.
    Index,
}
