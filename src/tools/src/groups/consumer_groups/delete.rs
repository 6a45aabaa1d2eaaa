//! `--delete` and `--delete-offsets`.

use std::collections::{BTreeMap, BTreeSet};

use klamm_base::name::java_hash;
use klamm_base::{ErrorCode, TopicPartition};

use super::targets::{has_partitions, parse_partitions};
use super::{Command, MISSING, say_error};
use crate::admin::java_map::in_map_order;
use crate::groups::failure::Failure;
use crate::io::Io;
use crate::thrown::Thrown;

impl Command<'_> {
    /// Deletes groups, and says which could not be.
    pub(super) async fn delete(&self, io: &mut Io) -> Result<(), Failure> {
        let (mut deleted, mut failed) = (Vec::new(), Vec::new());
        for group in in_map_order(self.groups().await?, |group| java_hash(group)) {
            match self.cluster.delete_group(&group).await {
                Ok(()) => deleted.push(format!("'{group}'")),
                Err(thrown) => failed.push((group, thrown)),
            }
        }
        let deleted = deleted.join(", ");
        if failed.is_empty() {
            io.say(format_args!("Deletion of requested consumer groups ({deleted}) was successful."));
            return Ok(());
        }
        say_error(io, "Deletion of some consumer groups failed:");
        for (group, thrown) in failed {
            io.say(format_args!("* Group '{group}' could not be deleted due to: {thrown}"));
        }
        if !deleted.is_empty() {
            io.say(format_args!("\nThese consumer groups were deleted successfully: {deleted}"));
        }
        Ok(())
    }

    /// Deletes committed offsets of one group, and says what became of each partition.
    pub(super) async fn delete_offsets(&self, io: &mut Io) -> Result<(), Failure> {
        let group = match self.parsed.single("group") {
            Ok(group) => group.unwrap_or_default(),
            Err(fault) => return Err(Thrown::new(fault.class(), fault.to_string()).into()),
        };
        let mut outcome: Outcome = BTreeMap::new();
        let partitions = self.partitions_to_delete(&mut outcome).await?;
        let answer = self.cluster.delete_offsets(group, &partitions).await;
        for partition in &partitions {
            let thrown = match &answer {
                Err(thrown) => Some(thrown.clone()),
                Ok(codes) => partition_fault(partition, codes),
            };
            outcome.insert(key(&partition.topic, partition.partition), thrown);
        }
        let first = match answer {
            Err(thrown) => Some(thrown),
            Ok(codes) => partitions.iter().find_map(|partition| partition_fault(partition, &codes)),
        };
        say_outcome(io, group, first);
        print_partitions(io, &outcome);
        Ok(())
    }

    /// The partitions that the command line names; topics that are not there get their place in `outcome`.
    async fn partitions_to_delete(&self, outcome: &mut Outcome) -> Result<BTreeSet<TopicPartition>, Failure> {
        let named = self.parsed.values("topic");
        let mut partitions = BTreeSet::new();
        for topic in named.iter().filter(|topic| has_partitions(topic)) {
            partitions.extend(parse_partitions(topic)?);
        }
        let whole = named.iter().filter(|topic| !has_partitions(topic)).map(|topic| (*topic).to_owned()).collect();
        let described = match self.cluster.describe_topics(&whole).await {
            Ok(described) => described,
            Err(thrown) => whole.into_iter().map(|topic| (topic, Err(thrown.clone()))).collect(),
        };
        for (topic, found) in described {
            match found {
                Ok(found) => partitions.extend(found.keys().map(|index| TopicPartition::new(topic.as_str(), *index))),
                Err(thrown) => {
                    outcome.insert(key(&topic, -1), Some(thrown));
                }
            }
        }
        Ok(partitions)
    }
}

/// What became of partitions, in the order in which Kafka prints them: by the topic's name with the number behind it.
type Outcome = BTreeMap<(String, String, i32), Option<Thrown>>;

fn key(topic: &str, partition: i32) -> (String, String, i32) {
    (format!("{topic}{partition}"), topic.to_owned(), partition)
}

fn partition_fault(partition: &TopicPartition, codes: &BTreeMap<TopicPartition, ErrorCode>) -> Option<Thrown> {
    let silent = || {
        let text = format!("Offset deletion result for partition \"{partition}\" was not included in the response");
        Some(Thrown::new("java.lang.IllegalArgumentException", text))
    };
    codes.get(partition).map_or_else(silent, |code| (!code.is_none()).then(|| Thrown::coded(*code, None)))
}

fn say_outcome(io: &mut Io, group: &str, fault: Option<Thrown>) {
    let Some(thrown) = fault else {
        return io.say(format_args!("Request succeeded for deleting offsets from group {group}."));
    };
    match thrown.code.unwrap_or(ErrorCode::UnknownServerError) {
        code @ (ErrorCode::InvalidGroupId
        | ErrorCode::GroupIdNotFound
        | ErrorCode::GroupAuthorizationFailed
        | ErrorCode::NonEmptyGroup) => say_error(io, code.message()),
        ErrorCode::GroupSubscribedToTopic
        | ErrorCode::TopicAuthorizationFailed
        | ErrorCode::UnknownTopicOrPartition => {
            say_error(io, "Encountered some partition-level error, see the follow-up details.");
        }
        code => say_error(io, &format!("Encountered some unknown error: {}", code.name())),
    }
}

fn print_partitions(io: &mut Io, outcome: &Outcome) {
    let width = outcome.keys().map(|(_, topic, _)| topic.chars().count()).max().unwrap_or(0).max(15);
    let mut text = format!("\n{:width$} {:10} {:15}", "TOPIC", "PARTITION", "STATUS");
    for ((_, topic, partition), thrown) in outcome {
        let partition = if *partition >= 0 { partition.to_string() } else { MISSING.to_owned() };
        let status = thrown.as_ref().map_or_else(|| "Successful".to_owned(), |thrown| format!("Error: {thrown}"));
        text += &format!("\n{topic:width$} {partition:10} {status:15}");
    }
    io.say(text);
}
