//! Lists that come in pages.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::response::ResponseValue;

/// The future of one page.
pub type PageFuture<'a, T> =
    Pin<Box<dyn Future<Output = Result<ResponseValue<T>, Error>> + Send + 'a>>;

/// A call that answers a list in pages; implemented by the builders of such operations.
pub trait Paged<'a>: Clone + Send + Unpin + 'a {
    /// The body of an answer.
    type Page: Send + Unpin + 'a;
    /// An item of the list.
    type Item: Send + Unpin + 'a;

    /// Sends the call as it is.
    fn send_page(self) -> PageFuture<'a, Self::Page>;

    /// The call for the page that follows, and its position; `None` at the end.
    fn next_page(self, page: &Self::Page) -> Option<(Self, String)>;

    /// The items of a page.
    fn into_items(page: Self::Page) -> Vec<Self::Item>;
}

/// A stream of pages, made by `.pages()`. A page is requested when it is polled for, an error
/// ends the stream.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Pages<'a, C: Paged<'a>> {
    call: Option<C>,
    pending: Option<PageFuture<'a, C::Page>>,
    seen: HashSet<String>,
}

impl<'a, C: Paged<'a>> Pages<'a, C> {
    pub(crate) fn new(call: C) -> Self {
        Self {
            call: Some(call),
            pending: None,
            seen: HashSet::new(),
        }
    }
}

impl<'a, C: Paged<'a>> Stream for Pages<'a, C> {
    type Item = Result<ResponseValue<C::Page>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(call) = &this.call else {
            return Poll::Ready(None);
        };
        let pending = this.pending.get_or_insert_with(|| call.clone().send_page());
        let result = ready!(pending.as_mut().poll(context));
        this.pending = None;
        let call = this.call.take();
        if let (Ok(page), Some(call)) = (&result, call) {
            // A service that repeats a position would be asked forever.
            this.call = call
                .next_page(page)
                .filter(|(_, position)| this.seen.insert(position.clone()))
                .map(|(call, _)| call);
        }
        Poll::Ready(Some(result))
    }
}

impl<'a, C: Paged<'a>> fmt::Debug for Pages<'a, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages")
            .field("ended", &self.call.is_none())
            .finish_non_exhaustive()
    }
}

/// A stream of items, made by `.stream()`. A page is requested when its first item is polled for,
/// an error ends the stream.
#[must_use = "a stream does nothing unless it is polled"]
pub struct Items<'a, C: Paged<'a>> {
    pages: Pages<'a, C>,
    items: VecDeque<C::Item>,
}

impl<'a, C: Paged<'a>> Items<'a, C> {
    pub(crate) fn new(call: C) -> Self {
        Self {
            pages: Pages::new(call),
            items: VecDeque::new(),
        }
    }
}

impl<'a, C: Paged<'a>> Stream for Items<'a, C> {
    type Item = Result<C::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.items.pop_front() {
                return Poll::Ready(Some(Ok(item)));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(context)) {
                Some(Ok(page)) => self.items = C::into_items(page.into_inner()).into(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<'a, C: Paged<'a>> fmt::Debug for Items<'a, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items")
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}

/// The marker for the next page, unless there is none.
pub(crate) fn next_marker(marker: Option<&String>) -> Option<String> {
    marker.filter(|marker| !marker.is_empty()).cloned()
}

/// The position behind a page of `items` items, in steps of `step`; `None` when the page was the
/// last one: empty, or shorter than was asked for.
pub(crate) fn next_position(
    position: &impl Serialize,
    size: &impl Serialize,
    items: usize,
    step: usize,
) -> Option<u64> {
    let items = u64::try_from(items).ok()?;
    let is_last = items == 0 || number(size).is_some_and(|size| items < size);
    let position = match serde_json::to_value(position).ok()? {
        Value::Null => 0,
        value => as_number(&value)?,
    };
    if is_last {
        None
    } else {
        position.checked_add(u64::try_from(step).ok()?)
    }
}

fn number(value: &impl Serialize) -> Option<u64> {
    as_number(&serde_json::to_value(value).ok()?)
}

/// Positions are numbers on some pages of the documentation and text on others.
fn as_number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

/// A type that a position is sent as.
pub(crate) trait PositionValue: Sized {
    /// The position as this type.
    fn at(position: u64) -> Option<Self>;
}

impl PositionValue for String {
    fn at(position: u64) -> Option<Self> {
        Some(position.to_string())
    }
}

impl PositionValue for i32 {
    fn at(position: u64) -> Option<Self> {
        position.try_into().ok()
    }
}

impl PositionValue for i64 {
    fn at(position: u64) -> Option<Self> {
        position.try_into().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{next_marker, next_position};

    #[test]
    fn an_empty_marker_is_the_end() {
        assert_eq!(next_marker(None), None);
        assert_eq!(next_marker(Some(&String::new())), None);
        assert_eq!(next_marker(Some(&"m".to_owned())), Some("m".to_owned()));
    }

    #[test]
    fn a_short_page_is_the_last() {
        assert_eq!(next_position(&0, &10, 10, 1), Some(1));
        assert_eq!(next_position(&3, &10, 9, 1), None);
        assert_eq!(next_position(&Some("20"), &Some("10"), 10, 10), Some(30));
        assert_eq!(
            next_position(&None::<String>, &None::<String>, 7, 7),
            Some(7)
        );
        assert_eq!(next_position(&None::<String>, &None::<String>, 0, 0), None);
        assert_eq!(next_position(&"not a number", &10, 10, 10), None);
    }
}
