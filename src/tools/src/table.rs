//! The tools and their names.

use crate::io::Io;
use crate::{admin, console, groups, local};

/// A tool: what it is called, and what it does with its arguments.
pub struct Tool {
    /// Its name without `.sh`.
    pub name: &'static str,
    /// The Java class that does it in Kafka, for `kafka-run-class`; empty if there is none.
    pub class: &'static str,
    /// Does it; the exit code.
    pub run: fn(&[String], &mut Io) -> u8,
}

/// Every tool, an area at a time.
const AREAS: &[&[Tool]] = &[admin::TOOLS, groups::TOOLS, console::TOOLS, local::TOOLS, local::MISSING];

/// Every tool.
fn tools() -> impl Iterator<Item = &'static Tool> {
    AREAS.iter().flat_map(|area| area.iter())
}

/// The tool that a program name stands for: the last part of a path, with or without `.sh`.
pub fn tool(program: &str) -> Option<&'static Tool> {
    let name = program.rsplit('/').next().unwrap_or(program);
    let name = name.strip_suffix(".sh").unwrap_or(name);
    tools().find(|tool| tool.name == name)
}

/// The tool that does what a Java class does in Kafka.
pub(crate) fn tool_of_class(class: &str) -> Option<&'static Tool> {
    tools().find(|tool| !tool.class.is_empty() && tool.class == class)
}

/// The names of all tools.
pub fn names() -> impl Iterator<Item = &'static str> {
    // A name that says what is missing gives way to the tool itself.
    tools().filter(|one| tool(one.name).is_some_and(|first| std::ptr::eq(first, *one))).map(|tool| tool.name)
}
