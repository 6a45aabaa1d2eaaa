//! `--reset-offsets`.

use std::collections::{BTreeMap, BTreeSet};

use klamm_base::{ErrorCode, TopicPartition};

use super::options::{SCENARIOS, listed};
use super::plan::{Plan, export, import, in_groups, in_partitions};
use super::targets::{has_partitions, parse_partitions};
use super::when::{parse_datetime, parse_duration};
use super::{Command, say_error};
use crate::admin::java_map::{in_map_order, partition_hash};
use crate::groups::failure::{Failure, read_file};
use crate::groups::offsets::{Committed, EARLIEST, LATEST, Offsets};
use crate::groups::topics::topics_of;
use crate::io::Io;
use crate::thrown::{EXECUTION, RUNTIME, Thrown};

type Targets = BTreeSet<TopicPartition>;

impl Command<'_> {
    /// Makes the new offsets of each group, commits them where `--execute` says so, and prints them.
    pub(super) async fn reset(&self, io: &mut Io) -> Result<(), Failure> {
        let mut groups = Vec::new();
        for group in self.groups().await? {
            let described = self.cluster.describe_group(&group).await;
            groups.push((group, described.map(|group| group.state)));
        }
        let mut plan = Plan::new();
        for (group, state) in groups {
            let inactive = match state {
                Ok("Empty" | "Dead") => true,
                Ok(state) => {
                    say_error(
                        io,
                        &format!(
                            "Assignments can only be reset if the group '{group}' is inactive, but the current state is {state}."
                        ),
                    );
                    false
                }
                Err(thrown) if thrown.code == Some(ErrorCode::GroupIdNotFound) => true,
                Err(thrown) => return Err(thrown.within(EXECUTION).within(RUNTIME).into()),
            };
            let offsets = if inactive { self.reset_group(&group, io).await? } else { Offsets::new() };
            plan.insert(group, offsets);
        }
        if self.parsed.has("export") {
            io.say(export(&plan, self.parsed.values("group").len() == 1));
        } else {
            print_plan(io, &plan);
        }
        Ok(())
    }

    async fn reset_group(&self, group: &str, io: &mut Io) -> Result<Offsets, Failure> {
        let targets = self.targets(group).await?;
        self.check_targets(&targets).await?;
        let offsets = self.new_offsets(group, &targets, io).await?;
        if self.parsed.has("execute") && !self.parsed.has("dry-run") {
            self.cluster.commit(group, &offsets).await?;
        }
        Ok(offsets)
    }

    /// The partitions to reset.
    async fn targets(&self, group: &str) -> Result<Targets, Failure> {
        if self.parsed.has("all-topics") {
            return Ok(self.committed(group).await?.into_keys().collect());
        }
        if !self.parsed.has("topic") {
            if !self.parsed.has("from-file") {
                let text = "One of the reset scopes should be defined: --all-topics, --topic.";
                return Err(Failure::usage(text));
            }
            return Ok(Targets::new());
        }
        let named = self.parsed.values("topic");
        let mut targets = Targets::new();
        for topic in named.iter().filter(|topic| has_partitions(topic)) {
            targets.extend(parse_partitions(topic)?);
        }
        let whole = named.iter().filter(|topic| !has_partitions(topic)).map(|topic| (*topic).to_owned()).collect();
        for (topic, partitions) in self.cluster.all_topics(&whole).await? {
            targets.extend(partitions.keys().map(|index| TopicPartition::new(topic.as_str(), *index)));
        }
        Ok(targets)
    }

    /// What the group has committed.
    pub(super) async fn committed(&self, group: &str) -> Result<BTreeMap<TopicPartition, Committed>, Failure> {
        let committed = self.cluster.committed(group).await;
        Ok(committed.map_err(|thrown| thrown.within(EXECUTION).within(RUNTIME))?)
    }

    /// All partitions must be there and have a leader (`checkAllTopicPartitionsValid`).
    async fn check_targets(&self, targets: &Targets) -> Result<(), Failure> {
        let topics = self.cluster.all_topics(&topics_of(targets)).await;
        let topics = topics.map_err(|thrown| thrown.within(EXECUTION).within(RUNTIME))?;
        let leader = |target: &TopicPartition| topics.get(&*target.topic)?.get(&target.partition).copied();
        let pick = |bad: fn(Option<Option<i32>>) -> bool| {
            let bad = targets.iter().filter(|target| bad(leader(target))).map(ToString::to_string);
            bad.collect::<Vec<_>>().join(",")
        };
        let absent = pick(|leader| leader.is_none());
        if !absent.is_empty() {
            let text = format!("The partitions \"{absent}\" do not exist");
            return Err(Thrown::coded(ErrorCode::UnknownTopicOrPartition, Some(text)).into());
        }
        let headless = pick(|leader| leader == Some(None));
        if !headless.is_empty() {
            let text = format!("The partitions \"{headless}\" have no leader");
            return Err(Thrown::coded(ErrorCode::LeaderNotAvailable, Some(text)).into());
        }
        Ok(())
    }

    async fn new_offsets(&self, group: &str, targets: &Targets, io: &mut Io) -> Result<Offsets, Failure> {
        let parsed = self.parsed;
        if parsed.has("to-offset") {
            let offset = self.to_offset.unwrap_or(0);
            return self.within_logs(targets.iter().map(|target| (target.clone(), offset)).collect(), io).await;
        }
        if parsed.has("to-earliest") {
            return self.log_offsets(targets, EARLIEST).await;
        }
        if parsed.has("to-latest") {
            return self.log_offsets(targets, LATEST).await;
        }
        if parsed.has("shift-by") {
            let shifted = shift(targets, &self.committed(group).await?, self.shift_by.unwrap_or(0))?;
            return self.within_logs(shifted, io).await;
        }
        if parsed.has("to-datetime") {
            let text = parsed.values("to-datetime").first().copied().unwrap_or_default();
            let timestamp = parse_datetime(text).map_err(|thrown| thrown.within(RUNTIME))?;
            return self.offsets_at(targets, timestamp, io).await;
        }
        if let Some(text) = parsed.value("by-duration") {
            let timestamp = self.cluster.env.clock.now_ms().saturating_sub(parse_duration(text)?);
            return self.offsets_at(targets, timestamp, io).await;
        }
        if let Some(path) = parsed.values("from-file").first() {
            return self.planned_offsets(group, path, io).await;
        }
        if parsed.has("to-current") {
            return self.to_current(targets, &self.committed(group).await?).await;
        }
        let scenarios = listed(SCENARIOS);
        Err(Failure::Usage(format!("Option '[reset-offsets]' requires one of the following scenarios: [{scenarios}]")))
    }

    async fn log_offsets(&self, targets: &Targets, timestamp: i64) -> Result<Offsets, Failure> {
        let offsets = self.cluster.log_offsets(targets, timestamp).await;
        Ok(offsets.map_err(|thrown| thrown.within(EXECUTION).within(RUNTIME))?)
    }

    /// The offsets of the first records at or after a time; of a partition that has none, its end.
    async fn offsets_at(&self, targets: &Targets, timestamp: i64, io: &mut Io) -> Result<Offsets, Failure> {
        let mut offsets = self.log_offsets(targets, timestamp).await?;
        let without: Targets = offsets.iter().filter(|(_, offset)| **offset < 0).map(|(key, _)| key.clone()).collect();
        for TopicPartition { topic, partition } in
            in_map_order(without.iter().collect(), |it| partition_hash(&it.topic, it.partition))
        {
            io.say(format_args!(
                "\nWarn: Partition {partition} from topic {topic} is empty. Falling back to latest known offset."
            ));
        }
        offsets.extend(self.log_offsets(&without, LATEST).await?);
        Ok(offsets)
    }

    async fn to_current(
        &self,
        targets: &Targets,
        committed: &BTreeMap<TopicPartition, Committed>,
    ) -> Result<Offsets, Failure> {
        let (with, without): (Targets, Targets) =
            targets.iter().cloned().partition(|target| committed.contains_key(target));
        let mut offsets: Offsets = with.into_iter().map(|target| (target.clone(), committed[&target].offset)).collect();
        offsets.extend(self.log_offsets(&without, LATEST).await?);
        Ok(offsets)
    }

    async fn planned_offsets(&self, group: &str, path: &str, io: &mut Io) -> Result<Offsets, Failure> {
        let unread = |_| Thrown::new("java.io.IOException", format!("Unable to read file {path}")).within(RUNTIME);
        let bytes = read_file(path).map_err(unread)?;
        let groups = self.parsed.values("group");
        let single = if let [group] = groups[..] { Some(group) } else { None };
        let (mut plan, odd) = import(&String::from_utf8_lossy(&bytes), single)?;
        if let Some(odd) = odd {
            io.complain(odd);
        }
        let Some(offsets) = plan.remove(group) else {
            say_error(io, &format!("No reset plan for group {group} found"));
            return Ok(Offsets::new());
        };
        self.within_logs(offsets, io).await
    }

    /// Moves offsets that lie outside of their logs to the nearer end (`checkOffsetsRange`).
    async fn within_logs(&self, mut offsets: Offsets, io: &mut Io) -> Result<Offsets, Failure> {
        let targets: Targets = offsets.keys().cloned().collect();
        let starts = self.log_offsets(&targets, EARLIEST).await?;
        let ends = self.log_offsets(&targets, LATEST).await?;
        for (target, offset) in &mut offsets {
            let moved = match (starts.get(target), ends.get(target)) {
                (_, Some(end)) if *offset > *end => (*end, "higher than latest"),
                (Some(start), _) if *offset < *start => (*start, "lower than earliest"),
                _ => continue,
            };
            let text = format!(
                "New offset ({offset}) is {} offset for topic partition {target}. Value will be set to {}",
                moved.1, moved.0
            );
            io.log("WARN", "org.apache.kafka.tools.OffsetsUtils", &text);
            *offset = moved.0;
        }
        Ok(offsets)
    }
}

fn shift(targets: &Targets, committed: &BTreeMap<TopicPartition, Committed>, by: i64) -> Result<Offsets, Failure> {
    let moved = |target: &TopicPartition| match committed.get(target) {
        Some(current) => Ok((target.clone(), current.offset.wrapping_add(by))),
        None => Err(Failure::Usage(format!(
            "Cannot shift offset for partition {target} since there is no current committed offset"
        ))),
    };
    targets.iter().map(moved).collect()
}

/// The table of new offsets (`OffsetsUtils.printOffsetsToReset`).
fn print_plan(io: &mut Io, plan: &Plan) {
    let widest = |lengths: &mut dyn Iterator<Item = usize>| lengths.max().unwrap_or(0).max(15);
    let group_width = widest(&mut plan.keys().map(|group| group.chars().count()));
    let topics = plan.values().flat_map(|offsets| offsets.keys().map(|target| target.topic.chars().count()));
    let topic_width = widest(&mut { topics });
    let mut text = String::new();
    if !plan.is_empty() {
        text += &format!("\n{:group_width$} {:topic_width$} {:10} NEW-OFFSET", "GROUP", "TOPIC", "PARTITION");
    }
    for (group, offsets) in in_groups(plan) {
        for (target, offset) in in_partitions(offsets) {
            text += &format!("\n{group:group_width$} {:topic_width$} {:<10} {offset}", target.topic, target.partition);
        }
    }
    io.say(text);
}
