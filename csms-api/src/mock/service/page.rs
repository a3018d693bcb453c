//! Lists that are read page by page.

use super::answer::Refusal;
use super::call::Call;
use super::check::number;
use crate::types::PageInfo;

/// How many items a page has.
pub(super) fn limit(call: &Call<'_>) -> Result<usize, Refusal> {
    number("limit", call.query("limit"), 50, 1..=1000)
}

/// The first items, each with its marker. As in the documented examples, the next page is asked
/// for by the last item of this one.
pub(super) fn page<T>(
    mut items: impl Iterator<Item = (String, T)>,
    limit: usize,
) -> (Vec<T>, PageInfo) {
    let (markers, page): (Vec<_>, Vec<_>) = items.by_ref().take(limit).unzip();
    let is_last = items.next().is_none();
    let info = PageInfo {
        next_marker: markers.last().filter(|_| !is_last).cloned(),
        previous_marker: markers.into_iter().next(),
        current_count: i32::try_from(page.len()).ok(),
    };
    (page, info)
}
