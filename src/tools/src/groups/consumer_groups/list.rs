//! `--list`.

use super::Command;
use crate::groups::cluster::ListedGroup;
use crate::groups::describe_groups::parse_state;
use crate::groups::failure::Failure;
use crate::io::Io;
use crate::thrown::{EXECUTION, RUNTIME};

/// The states that a group which consumes can be in.
const STATES: &[&str] =
    &["PreparingRebalance", "CompletingRebalance", "Stable", "Dead", "Empty", "Assigning", "Reconciling"];
/// The types of groups that consume.
const TYPES: &[&str] = &["Classic", "Consumer"];
/// The types of groups (`GroupType`).
const ALL_TYPES: &[&str] = &["Unknown", "Consumer", "Classic", "Share", "Streams"];

impl Command<'_> {
    /// Lists the groups, with types and states where these are asked for.
    pub(super) async fn list(&self, io: &mut Io) -> Result<(), Failure> {
        let (with_type, with_state) = (self.parsed.has("type"), self.parsed.has("state"));
        if !with_type && !with_state {
            self.all_groups().await?.iter().for_each(|group| io.say(group));
            return Ok(());
        }
        let types = wanted(self.parsed.value("type"), parse_types)?;
        let states = wanted(self.parsed.value("state"), parse_states)?;
        let groups = self.cluster.consumer_groups(&states, &types).await.map_err(|thrown| thrown.within(EXECUTION))?;
        print_groups(io, &groups, with_type, with_state);
        Ok(())
    }

    /// The ids of all groups that consume.
    pub(super) async fn all_groups(&self) -> Result<Vec<String>, Failure> {
        let groups = self.cluster.consumer_groups(&[], TYPES).await;
        let groups = groups.map_err(|thrown| thrown.within(EXECUTION).within(RUNTIME))?;
        Ok(groups.into_iter().map(|group| group.id).collect())
    }
}

type Names = Vec<&'static str>;

fn wanted(text: Option<&str>, parse: fn(&str) -> Result<Names, String>) -> Result<Names, Failure> {
    match text {
        None | Some("") => Ok(Names::new()),
        Some(text) => parse(text).map_err(Failure::Usage),
    }
}

fn parse_states(text: &str) -> Result<Names, String> {
    let states: Names = text.split(',').map(|name| parse_state(name.trim())).collect();
    let wrong = || format!("Invalid state list '{text}'. Valid states are: {}", STATES.join(", "));
    if states.iter().all(|state| STATES.contains(state)) { Ok(states) } else { Err(wrong()) }
}

fn parse_types(text: &str) -> Result<Names, String> {
    let types: Names = text.split(',').map(|name| parse_type(name.trim())).collect();
    let wrong = || format!("Invalid types list '{text}'. Valid types are: {}", TYPES.join(", "));
    if types.iter().all(|name| TYPES.contains(name)) { Ok(types) } else { Err(wrong()) }
}

/// A type as Kafka writes it, however it is written (`GroupType.parse`).
fn parse_type(name: &str) -> &'static str {
    ALL_TYPES.iter().find(|known| known.eq_ignore_ascii_case(name)).copied().unwrap_or("Unknown")
}

fn print_groups(io: &mut Io, groups: &[ListedGroup], with_type: bool, with_state: bool) {
    let width = groups.iter().map(|group| group.id.chars().count()).max().unwrap_or(0).max(15) + 10;
    let mut row = |id: &str, group_type: &str, state: &str| {
        let mut line = format!("{id:width$}");
        if with_type {
            line += &format!(" {group_type:20}");
        }
        if with_state {
            line += &format!(" {state:20}");
        }
        io.say(line);
    };
    row("GROUP", "TYPE", "STATE");
    for group in groups {
        row(&group.id, parse_type(&group.group_type), parse_state(&group.state));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_and_types_are_taken_in_any_case_and_refused_in_kafka_s_words() {
        assert_eq!(parse_states("stable, EMPTY").unwrap(), ["Stable", "Empty"]);
        let refusal = parse_states("stable,odd").unwrap_err();
        assert!(refusal.starts_with("Invalid state list 'stable,odd'. Valid states are: "), "{refusal}");
        assert!(parse_states("NotReady").is_err(), "that is a state of streams groups");
        assert_eq!(parse_types("classic,Consumer").unwrap(), ["Classic", "Consumer"]);
        assert_eq!(parse_types("share").unwrap_err(), "Invalid types list 'share'. Valid types are: Classic, Consumer");
    }
}
