//! `--describe`: what there is to print.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use klamm_base::TopicPartition;

use super::{Command, views};
use crate::groups::describe_groups::{Group, Member};
use crate::groups::failure::Failure;
use crate::groups::offsets::{Committed, LATEST, Offsets};
use crate::groups::topics::topics_of;
use crate::io::Io;
use crate::thrown::{EXECUTION, RUNTIME};

/// A partition that a group consumes or has committed an offset of (`PartitionAssignmentState`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The partition.
    pub(super) partition: TopicPartition,
    /// What is committed.
    pub(super) committed: Option<Committed>,
    /// Its end; none where it has no leader.
    pub(super) log_end: Option<i64>,
    /// The member that has it: its id, host and client id.
    pub(super) owner: Option<(String, String, String)>,
}

impl Command<'_> {
    /// Describes the groups, in the order of their ids.
    pub(super) async fn describe(&self, io: &mut Io) -> Result<(), Failure> {
        let mut ids = self.groups().await?;
        ids.sort();
        let mut groups = Vec::new();
        for id in ids {
            let group = self.cluster.describe_group(&id).await;
            groups.push(group.map_err(|thrown| thrown.within(EXECUTION))?);
        }
        let verbose = self.parsed.has("verbose");
        if self.parsed.has("members") {
            return groups.iter().try_for_each(|group| views::members(io, group, verbose));
        }
        if self.parsed.has("state") {
            return groups.iter().try_for_each(|group| views::state(io, group, verbose));
        }
        let mut described = Vec::new();
        for group in &groups {
            described.push((group, self.rows(group).await?));
        }
        described.iter().try_for_each(|(group, rows)| views::offsets(io, group, rows, verbose))
    }

    /// The partitions of a group: those of the member with the most first, those without a member last.
    async fn rows(&self, group: &Group) -> Result<Vec<Row>, Failure> {
        let committed = self.committed(&group.id).await?;
        let mut members: Vec<&Member> = group.members.iter().collect();
        members.sort_by_key(|member| Reverse(member.assignment.len()));
        let owned: BTreeSet<&TopicPartition> = members.iter().flat_map(|member| &member.assignment).collect();
        let all: BTreeSet<TopicPartition> = owned.iter().copied().chain(committed.keys()).cloned().collect();
        let ends = self.log_ends(&all).await?;
        let mut rows = Vec::new();
        for member in &members {
            let owner = (member.id.clone(), member.host.clone(), member.client_id.clone());
            rows.extend(member.assignment.iter().map(|partition| row(partition, Some(&owner), &committed, &ends)));
        }
        let orphans = committed.keys().filter(|partition| !owned.contains(partition));
        rows.extend(orphans.map(|partition| row(partition, None, &committed, &ends)));
        Ok(rows)
    }

    /// The ends of those partitions that have a leader.
    async fn log_ends(&self, partitions: &BTreeSet<TopicPartition>) -> Result<Offsets, Failure> {
        let wrapped = |thrown: crate::thrown::Thrown| Failure::from(thrown.within(EXECUTION).within(RUNTIME));
        let topics = self.cluster.all_topics(&topics_of(partitions)).await.map_err(wrapped)?;
        let leader = |it: &TopicPartition| topics.get(&*it.topic).and_then(|topic| topic.get(&it.partition));
        let headless = |it: &&TopicPartition| leader(it) == Some(&None);
        let led = partitions.iter().filter(|partition| !headless(partition));
        self.cluster.log_offsets(led, LATEST).await.map_err(wrapped)
    }
}

fn row(
    partition: &TopicPartition,
    owner: Option<&(String, String, String)>,
    committed: &BTreeMap<TopicPartition, Committed>,
    ends: &Offsets,
) -> Row {
    Row {
        partition: partition.clone(),
        committed: committed.get(partition).copied(),
        log_end: ends.get(partition).copied(),
        owner: owner.cloned(),
    }
}
