//! How a page has changed since its contract was stored, and what that means for callers.

use std::fmt;

use indexmap::IndexMap;

use crate::contract::{Body, Contract, Field, Parameter};
use crate::spec::escape;

/// What a change means for programs that were written against the old page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Calls or their results no longer work as they did.
    Breaking,
    /// Something new that nobody has to use.
    Additive,
    /// Nothing but documentation.
    Editorial,
}

/// One fact that has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The place in the contract; rows of a table go by their names.
    pub pointer: String,
    /// What it was and what it is.
    pub message: String,
    /// What it means for callers.
    pub effect: Effect,
    /// The line of the new page.
    pub line: usize,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match self.effect {
            Effect::Breaking => "breaking",
            Effect::Additive => "additive",
            Effect::Editorial => "editorial",
        };
        write!(f, "{} ({effect})", self.message)
    }
}

/// All changes from `old` to `new`, in page order.
pub fn changes(old: &Contract, new: &Contract) -> Vec<Change> {
    let mut found = Found(Vec::new());
    let line = new.origin.line;
    if old.title != new.title {
        found.add(
            "/title",
            "the title changed".to_owned(),
            Effect::Editorial,
            line,
        );
    }
    found.value("/method", &old.method, &new.method, Effect::Breaking, line);
    found.value("/path", &old.path, &new.path, Effect::Breaking, line);
    found.parameters(&old.parameters, &new.parameters);
    found.request(old.request_body.as_ref(), new.request_body.as_ref(), line);
    found.responses(&old.responses, new);
    let (before, after) = (&old.examples, &new.examples);
    if before.request != after.request || before.responses != after.responses {
        found.add(
            "/examples",
            "the examples changed".to_owned(),
            Effect::Editorial,
            line,
        );
    }
    found.0
}

/// Which way a body travels; what is additive one way is breaking the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Request,
    Answer,
}

struct Found(Vec<Change>);

impl Found {
    fn add(&mut self, pointer: &str, message: String, effect: Effect, line: usize) {
        self.0.push(Change {
            pointer: pointer.to_owned(),
            message,
            effect,
            line,
        });
    }

    fn value(&mut self, pointer: &str, old: &str, new: &str, effect: Effect, line: usize) {
        if old != new {
            self.add(pointer, format!("was {old}, is {new}"), effect, line);
        }
    }

    fn required(&mut self, pointer: &str, old: Option<bool>, new: Option<bool>, line: usize) {
        let word = |required| match required {
            Some(true) => "required",
            Some(false) => "optional",
            None => "unstated",
        };
        if old != new {
            let effect = if new == Some(true) {
                Effect::Breaking
            } else {
                Effect::Additive
            };
            let message = format!("was {}, is {}", word(old), word(new));
            self.add(&format!("{pointer}/required"), message, effect, line);
        }
    }

    fn parameters(&mut self, old: &[Parameter], new: &[Parameter]) {
        let same = |a: &Parameter, b: &Parameter| a.location == b.location && a.name == b.name;
        for parameter in new {
            let at = format!("/parameters/{}", escape(&parameter.name));
            let line = parameter.origin.line;
            match old.iter().find(|other| same(other, parameter)) {
                Some(before) => {
                    let (was, is) = (&before.type_name, &parameter.type_name);
                    self.value(&format!("{at}/type"), was, is, Effect::Breaking, line);
                    self.required(&at, before.required, parameter.required, line);
                }
                None => {
                    self.add(&at, "is new".to_owned(), added(parameter.required), line);
                }
            }
        }
        for parameter in old {
            if !new.iter().any(|other| same(other, parameter)) {
                let at = format!("/parameters/{}", escape(&parameter.name));
                self.add(&at, "is gone".to_owned(), Effect::Breaking, 0);
            }
        }
    }

    fn request(&mut self, old: Option<&Body>, new: Option<&Body>, line: usize) {
        let at = "/request_body";
        match (old, new) {
            (None, Some(body)) => {
                let required = body.fields.iter().any(|field| field.required == Some(true));
                self.add(at, "is new".to_owned(), added(Some(required)), line);
            }
            (Some(_), None) => self.add(at, "is gone".to_owned(), Effect::Breaking, line),
            (Some(old), Some(new)) => self.body(at, old, new, Direction::Request),
            (None, None) => {}
        }
    }

    fn responses(&mut self, old: &IndexMap<String, Option<Body>>, new: &Contract) {
        for (status, body) in &new.responses {
            let at = format!("/responses/{status}");
            let line = new
                .statuses
                .get(status)
                .map_or(new.origin.line, |origin| origin.line);
            match (old.get(status), body) {
                (None, _) => self.add(&at, "is new".to_owned(), Effect::Additive, line),
                (Some(Some(before)), Some(after)) => {
                    self.body(&at, before, after, Direction::Answer);
                }
                (Some(None), Some(_)) => {
                    self.add(&at, "has a body now".to_owned(), Effect::Additive, line);
                }
                (Some(Some(_)), None) => {
                    self.add(
                        &at,
                        "has no body any more".to_owned(),
                        Effect::Breaking,
                        line,
                    );
                }
                (Some(None), None) => {}
            }
        }
        for status in old
            .keys()
            .filter(|status| !new.responses.contains_key(*status))
        {
            let at = format!("/responses/{status}");
            self.add(&at, "is gone".to_owned(), Effect::Breaking, new.origin.line);
        }
    }

    fn body(&mut self, at: &str, old: &Body, new: &Body, direction: Direction) {
        if old.schema != new.schema {
            let name = |schema: &Option<String>| schema.clone().unwrap_or("unnamed".to_owned());
            let message = format!("was {}, is {}", name(&old.schema), name(&new.schema));
            let line = new.fields.first().map_or(0, |field| field.origin.line);
            self.add(&format!("{at}/schema"), message, Effect::Editorial, line);
        }
        self.fields(at, &old.fields, &new.fields, direction);
    }

    fn fields(&mut self, at: &str, old: &[Field], new: &[Field], direction: Direction) {
        for field in new {
            let at = format!("{at}/fields/{}", escape(&field.name));
            let line = field.origin.line;
            let Some(before) = old.iter().find(|other| other.name == field.name) else {
                let effect = match direction {
                    Direction::Request => added(field.required),
                    Direction::Answer => Effect::Additive,
                };
                self.add(&at, "is new".to_owned(), effect, line);
                continue;
            };
            let (was, is) = (&before.type_name, &field.type_name);
            self.value(&format!("{at}/type"), was, is, Effect::Breaking, line);
            self.required(&at, before.required, field.required, line);
            let none = Vec::new();
            let before = before.fields.as_ref().unwrap_or(&none);
            self.fields(
                &at,
                before,
                field.fields.as_ref().unwrap_or(&none),
                direction,
            );
        }
        for field in old
            .iter()
            .filter(|f| !new.iter().any(|other| other.name == f.name))
        {
            let at = format!("{at}/fields/{}", escape(&field.name));
            self.add(&at, "is gone".to_owned(), Effect::Breaking, 0);
        }
    }
}

/// Something new in a request breaks callers only if they must give it.
fn added(required: Option<bool>) -> Effect {
    if required == Some(true) {
        Effect::Breaking
    } else {
        Effect::Additive
    }
}
