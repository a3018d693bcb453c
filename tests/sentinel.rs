//! A secret that must not show, and looks at the places where it could.

use std::cell::RefCell;
use std::error::Error;
use std::fmt::Debug;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, Once};

use tracing_subscriber::filter::LevelFilter;

/// Part of every secret that the tests send or answer.
pub const SENTINEL: &str = "s3nt1nel";

/// Fails if the text shows the sentinel, be it as the numbers of its bytes.
pub fn assert_hidden(place: &str, text: &str) {
    assert!(!shows_sentinel(text), "{place} shows a secret: {text}");
}

fn shows_sentinel(text: &str) -> bool {
    let text = text.split_whitespace().collect::<String>();
    let numbers = SENTINEL
        .bytes()
        .map(|byte| byte.to_string())
        .collect::<Vec<_>>()
        .join(",");
    text.contains(SENTINEL) || text.contains(&numbers)
}

/// Fails if the value's `Debug` shows the sentinel, plain or pretty.
pub fn assert_debug_hidden(value: &impl Debug) {
    for text in [format!("{value:?}"), format!("{value:#?}")] {
        assert_hidden("Debug", &text);
    }
}

/// Fails if the error or one of its sources shows the sentinel.
pub fn assert_error_hidden(error: &(dyn Error + 'static)) {
    let mut next = Some(error);
    while let Some(error) = next {
        assert_debug_hidden(&error);
        for text in [format!("{error}"), format!("{error:#}")] {
            assert_hidden("Display", &text);
        }
        next = error.source();
    }
}

/// What is printed when unwrapping the result panics, as it does one way or the other.
pub fn unwrap_panic<T: Debug, E: Debug>(result: &Result<T, E>) -> String {
    let result = result.as_ref();
    match result {
        Ok(_) => panic_text(|| _ = result.unwrap_err()),
        Err(_) => panic_text(|| _ = result.unwrap()),
    }
}

thread_local! {
    /// The text of the panic that this thread waits for.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

fn panic_text(panics: impl FnOnce()) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            let is_awaited = PANIC.with_borrow_mut(|text| {
                text.as_mut()
                    .map(|text| *text = panic.to_string())
                    .is_some()
            });
            if !is_awaited {
                usual(panic);
            }
        }));
    });
    PANIC.set(Some(String::new()));
    let outcome = panic::catch_unwind(AssertUnwindSafe(panics));
    let text = PANIC.take().unwrap_or_default();
    assert!(outcome.is_err(), "no panic");
    text
}

static TRACES: Mutex<Traces> = Mutex::new(Traces {
    text: String::new(),
    leak: None,
});

struct Traces {
    text: String,
    leak: Option<String>,
}

/// From now on keeps all that the process traces and logs, at every level.
///
/// Nothing but the client may run in such a process beside the test: a mock server would trace
/// what it receives.
pub fn keep_traces() {
    static SUBSCRIBER: Once = Once::new();
    SUBSCRIBER.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(LevelFilter::TRACE)
            .with_ansi(false)
            .with_writer(|| TraceWriter)
            .init();
    });
}

/// Fails if the sentinel was traced.
pub fn assert_traces_hidden() {
    if let Some(leak) = &TRACES.lock().unwrap().leak {
        panic!("a trace shows a secret: {leak}");
    }
}

/// All that was traced so far.
pub fn traces() -> String {
    TRACES.lock().unwrap().text.clone()
}

struct TraceWriter;

impl io::Write for TraceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let event = String::from_utf8_lossy(bytes);
        let mut traces = TRACES.lock().unwrap();
        if shows_sentinel(&event) {
            traces.leak.get_or_insert_with(|| event.to_string());
        }
        traces.text.push_str(&event);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
