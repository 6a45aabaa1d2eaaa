//! The tools and their names.

use std::collections::BTreeSet;

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

/// The names of all tools, in their order. A name that says what is missing gives way to the tool itself.
pub fn names() -> impl Iterator<Item = &'static str> {
    let mut seen = BTreeSet::new();
    tools().map(|tool| tool.name).filter(move |name| seen.insert(*name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_comes_once_and_stands_for_a_tool_with_and_without_its_ending_anywhere() {
        let all: Vec<_> = names().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        assert!(all.len() > 40, "{all:?}");
        for name in all {
            for program in [name.to_owned(), format!("{name}.sh"), format!("/opt/kafka/bin/{name}.sh")] {
                assert_eq!(tool(&program).map(|tool| tool.name), Some(name));
            }
        }
        assert!(tool("klamm").is_none() && tool("").is_none() && tool(".sh").is_none());
    }
}
