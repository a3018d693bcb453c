//! Reads a documentation page.
