//! The notation of types: what a page writes and what a contract keeps.

use std::fmt;

/// Types nest no deeper on any page.
const MAX_DEPTH: usize = 8;

/// A type as a page states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// `string`, `int32` and so on.
    Plain(&'static str),
    /// A schema by its name.
    Schema(String),
    /// `array<…>`.
    Array(Box<Type>),
    /// `map<…>`.
    Map(Box<Type>),
    /// Text that says nothing certain, kept as it is.
    Unknown(String),
}

const PLAIN: &[(&str, &[&str])] = &[
    ("string", &["string", "strings"]),
    ("int32", &["integer", "integers", "int", "ints", "int32"]),
    ("int64", &["long", "longs", "int64"]),
    ("boolean", &["boolean", "booleans", "bool"]),
    ("float", &["float", "floats"]),
    ("double", &["double", "doubles"]),
    ("object", &["object", "objects"]),
    ("date", &["date", "dates"]),
    (
        "date-time",
        &["datetime", "datetimes", "date-time", "date-times"],
    ),
];

/// Words of types that the notation has no place for.
const NO_SCHEMA: &[&str] = &[
    "array", "arrays", "list", "map", "number", "numbers", "file", "files", "binary", "byte",
    "short", "enum", "json",
];

impl Type {
    /// Reads a cell's text.
    pub fn read(text: &str) -> Self {
        parse(text.trim(), 0).unwrap_or_else(|| Self::Unknown(text.trim().to_owned()))
    }

    /// The name that may be a schema's: that of `array<X>` and `map<X>` too.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Schema(name) | Self::Unknown(name) => Some(name),
            Self::Array(inner) | Self::Map(inner) => inner.name(),
            Self::Plain(_) => None,
        }
    }

    /// Whether the text said something certain.
    pub fn is_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::Array(inner) | Self::Map(inner) => inner.is_known(),
            Self::Plain(_) | Self::Schema(_) => true,
        }
    }

    /// Whether it is an object, or objects, without a name.
    pub fn is_bare_object(&self) -> bool {
        match self {
            Self::Plain(name) => *name == "object",
            Self::Array(inner) | Self::Map(inner) => inner.is_bare_object(),
            Self::Schema(_) | Self::Unknown(_) => false,
        }
    }

    /// The same type with `object` inside replaced by a schema.
    pub fn with_schema(self, name: &str) -> Self {
        match self {
            Self::Plain("object") => Self::Schema(name.to_owned()),
            Self::Array(inner) => Self::Array(Box::new(inner.with_schema(name))),
            Self::Map(inner) => Self::Map(Box::new(inner.with_schema(name))),
            other => other,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain(name) => f.write_str(name),
            Self::Schema(name) | Self::Unknown(name) => f.write_str(name),
            Self::Array(inner) => write!(f, "array<{inner}>"),
            Self::Map(inner) => write!(f, "map<{inner}>"),
        }
    }
}

fn parse(text: &str, depth: usize) -> Option<Type> {
    if depth > MAX_DEPTH {
        return None;
    }
    if let Some(plain) = plain(text) {
        return Some(Type::Plain(plain));
    }
    if let Some(items) = after_word(text, "array of ").or_else(|| after_word(text, "list of ")) {
        return Some(Type::Array(Box::new(items_of(items, depth)?)));
    }
    if let Some(items) = in_brackets(text, "array").or_else(|| in_brackets(text, "list")) {
        return Some(Type::Array(Box::new(member(items, depth)?)));
    }
    if let Some(pair) = in_brackets(text, "map") {
        let (keys, values) = pair.split_once([',', '，'])?;
        let keyed_by_string = plain(keys.trim()) == Some("string");
        return Some(Type::Map(Box::new(
            member(values, depth).filter(|_| keyed_by_string)?,
        )));
    }
    if let Some(items) = text.strip_suffix("[]") {
        return Some(Type::Array(Box::new(member(items, depth)?)));
    }
    object(text, " object").map(Type::Schema)
}

/// What stands inside `<…>`: there a schema needs no `object` behind it.
fn member(text: &str, depth: usize) -> Option<Type> {
    let text = text.trim();
    parse(text, depth + 1).or_else(|| schema_name(text).map(Type::Schema))
}

/// What stands after `Array of`.
fn items_of(text: &str, depth: usize) -> Option<Type> {
    let text = text.trim();
    if let Some(name) = object(text, " objects") {
        return Some(Type::Schema(name));
    }
    parse(text, depth + 1).or_else(|| {
        let items = cut_word(text, " objects")?;
        items
            .ends_with('>')
            .then(|| parse(items, depth + 1))
            .flatten()
    })
}

fn plain(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    PLAIN
        .iter()
        .find(|(_, spellings)| spellings.contains(&lower.as_str()))
        .map(|(name, _)| *name)
}

/// The text after a beginning in any case.
fn after_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let start = text.get(..word.len())?;
    start
        .eq_ignore_ascii_case(word)
        .then(|| text.get(word.len()..))
        .flatten()
}

/// The text before an ending in any case.
fn cut_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let at = text.len().checked_sub(word.len())?;
    text.get(at..)?
        .eq_ignore_ascii_case(word)
        .then(|| text.get(..at))
        .flatten()
}

/// The text in `word<…>` or `word[…]`.
fn in_brackets<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = after_word(text, word)?.trim_start();
    rest.strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .or_else(|| {
            rest.strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
        })
}

fn object(text: &str, ending: &str) -> Option<String> {
    cut_word(text, ending).and_then(schema_name)
}

/// A text that can be a schema's name and is no other type's.
fn schema_name(text: &str) -> Option<String> {
    let name = text.trim();
    let lower = name.to_ascii_lowercase();
    let spelled = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "_-.".contains(c));
    let reserved = plain(name).is_some() || NO_SCHEMA.contains(&lower.as_str());
    (spelled && !reserved).then(|| name.to_owned())
}

/// Whether a stored type can be told apart from a mistake: not empty, brackets in pairs.
pub fn is_well_formed(notation: &str) -> bool {
    let mut inner = notation;
    while let Some(shorter) = inner
        .strip_prefix("array<")
        .or_else(|| inner.strip_prefix("map<"))
    {
        match shorter.strip_suffix('>') {
            Some(shorter) => inner = shorter,
            None => return false,
        }
    }
    let open = inner.matches('<').count();
    !inner.trim().is_empty() && open == inner.matches('>').count()
}
