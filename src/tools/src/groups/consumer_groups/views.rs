//! `--describe`: the tables.

use std::collections::{BTreeMap, BTreeSet};

use klamm_base::TopicPartition;

use super::describe::Row;
use super::{MISSING, say_error};
use crate::groups::describe_groups::{Group, Member};
use crate::groups::failure::Failure;
use crate::io::Io;
use crate::thrown::{KAFKA, Thrown};

/// The narrowest column.
const NARROW: usize = 15;

/// Says what is to be known of the group's state; true if there are rows to print (`shouldPrintMemberState`).
fn worth_a_table(io: &mut Io, group: &Group, rows: usize) -> Result<bool, Failure> {
    let id = &group.id;
    match group.state {
        "Dead" => say_error(io, &format!("Consumer group '{id}' does not exist.")),
        "Empty" => io.complain(format_args!("\nConsumer group '{id}' has no active members.")),
        "PreparingRebalance" | "CompletingRebalance" | "Assigning" | "Reconciling" => {
            io.complain(format_args!("\nWarning: Consumer group '{id}' is rebalancing."));
        }
        "Stable" => {}
        state => {
            let text = format!("Expected a valid consumer group state, but found '{state}'.");
            return Err(Thrown::new(KAFKA, text).into());
        }
    }
    Ok(group.state != "Dead" && rows > 0)
}

/// A line: each value as wide as its column, the last one as it is. A line begins with a line feed.
fn line(values: &[&str], widths: &[usize]) -> String {
    let cells: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(at, value)| widths.get(at).map_or_else(|| (*value).to_owned(), |width| format!("{value:width$}")))
        .collect();
    format!("\n{}", cells.join(" "))
}

fn width<'a>(values: impl Iterator<Item = &'a str>, least: usize) -> usize {
    values.map(|value| value.chars().count()).max().unwrap_or(0).max(least)
}

fn shown(value: Option<impl ToString>) -> String {
    value.map_or_else(|| MISSING.to_owned(), |value| value.to_string())
}

/// The partitions with their offsets and lag (`printOffsets`).
pub(super) fn offsets(io: &mut Io, group: &Group, rows: &[Row], verbose: bool) -> Result<(), Failure> {
    if !worth_a_table(io, group, rows.len())? {
        return Ok(());
    }
    let owner = |row: &Row| row.owner.clone().unwrap_or_else(|| (MISSING.into(), MISSING.into(), MISSING.into()));
    let owners: Vec<(String, String, String)> = rows.iter().map(owner).collect();
    let mut widths = vec![
        width([group.id.as_str()].into_iter(), NARROW),
        width(rows.iter().map(|row| &*row.partition.topic), NARROW),
        10,
        15,
        15,
        15,
        width(owners.iter().map(|owner| owner.0.as_str()), NARROW),
        width(owners.iter().map(|owner| owner.1.as_str()), NARROW),
    ];
    let mut header = vec![
        "GROUP",
        "TOPIC",
        "PARTITION",
        "CURRENT-OFFSET",
        "LOG-END-OFFSET",
        "LAG",
        "CONSUMER-ID",
        "HOST",
        "CLIENT-ID",
    ];
    if verbose {
        widths.insert(3, 15);
        header.insert(3, "LEADER-EPOCH");
    }
    let mut text = line(&header, &widths);
    for (row, (member, host, client)) in rows.iter().zip(&owners) {
        let offset = row.committed.map(|committed| committed.offset);
        let lag = offset.and_then(|offset| row.log_end.map(|end| end - offset));
        let (partition, epoch) =
            (row.partition.partition.to_string(), shown(row.committed.and_then(|it| it.leader_epoch)));
        let (offset, end, lag) = (shown(offset), shown(row.log_end), shown(lag));
        let mut values =
            vec![group.id.as_str(), &row.partition.topic, &partition, &offset, &end, &lag, member, host, client];
        if verbose {
            values.insert(3, &epoch);
        }
        text += &line(&values, &widths);
    }
    io.say(text);
    Ok(())
}

/// The members (`printMembers`). The header comes even where there is nothing below it.
pub(super) fn members(io: &mut Io, group: &Group, verbose: bool) -> Result<(), Failure> {
    let members = &group.members;
    let fitted: &[Member] = if worth_a_table(io, group, members.len())? { members } else { &[] };
    let with_instance = fitted.iter().any(|member| !member.instance_id.is_empty());
    let migrates = [true, false].iter().all(|upgraded| fitted.iter().any(|member| member.upgraded == Some(*upgraded)));
    let ids = fitted.iter().map(|_| group.id.as_str());
    let mut widths = vec![width(ids, NARROW), width(fitted.iter().map(|it| it.id.as_str()), NARROW)];
    if with_instance {
        widths.push(width(fitted.iter().map(|it| it.instance_id.as_str()), 17));
    }
    widths.push(width(fitted.iter().map(|it| it.host.as_str()), NARROW));
    widths.push(width(fitted.iter().map(|it| it.client_id.as_str()), NARROW));
    widths.push(15);
    let have: Vec<String> = fitted.iter().map(|member| partitions(&member.assignment)).collect();
    let want: Vec<String> = fitted.iter().map(|member| partitions(&member.target)).collect();
    let more = [15, width(have.iter().map(String::as_str), 20), 15, width(want.iter().map(String::as_str), 20)];
    let print = |values: &[&str], behind: [&str; 5]| {
        let values: Vec<&str> = values.iter().copied().filter(|value| *value != SKIPPED).collect();
        let mut text = line(&values, &widths)[1..].to_owned() + " ";
        if verbose {
            let count = if migrates { 5 } else { 4 };
            text += &line(&behind[..count], &more)[1..];
        }
        text
    };
    let instance = |value: &'static str| if with_instance { value } else { SKIPPED };
    let header = ["GROUP", "CONSUMER-ID", instance("GROUP-INSTANCE-ID"), "HOST", "CLIENT-ID", "#PARTITIONS"];
    let behind = ["CURRENT-EPOCH", "CURRENT-ASSIGNMENT", "TARGET-EPOCH", "TARGET-ASSIGNMENT", "UPGRADED"];
    io.say(format_args!("\n{}", print(&header, behind)));
    for member in members {
        let count = member.assignment.len().to_string();
        let instance_id = if with_instance { member.instance_id.as_str() } else { SKIPPED };
        let values = [group.id.as_str(), &member.id, instance_id, &member.host, &member.client_id, &count];
        let (epoch, target_epoch) = (shown(member.epoch), shown(group.assignment_epoch));
        let (have, want, upgraded) =
            (partitions(&member.assignment), partitions(&member.target), shown(member.upgraded));
        io.say(print(&values, [&epoch, &have, &target_epoch, &want, &upgraded]));
    }
    Ok(())
}

/// Stands for a column that is left out; no member's word holds it.
const SKIPPED: &str = "\0";

/// `t:0,1;u:0`.
fn partitions(assignment: &BTreeSet<TopicPartition>) -> String {
    let mut topics: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for partition in assignment {
        topics.entry(&partition.topic).or_default().push(partition.partition.to_string());
    }
    let mut texts: Vec<String> = topics.iter().map(|(topic, list)| format!("{topic}:{}", list.join(","))).collect();
    texts.sort();
    if texts.is_empty() { MISSING.to_owned() } else { texts.join(";") }
}

/// The state of the group (`printStates`).
pub(super) fn state(io: &mut Io, group: &Group, verbose: bool) -> Result<(), Failure> {
    if !worth_a_table(io, group, 1)? {
        return Ok(());
    }
    let coordinator = group
        .coordinator
        .as_ref()
        .map_or_else(String::new, |node| format!("{}:{}  ({})", node.address.host, node.address.port, node.id));
    let assignor = if group.assignor.is_empty() { MISSING } else { &group.assignor };
    let members = group.members.len().to_string();
    let (epoch, target_epoch) = (shown(group.group_epoch), shown(group.assignment_epoch));
    let mut widths =
        vec![width([group.id.as_str()].into_iter(), NARROW), width([coordinator.as_str()].into_iter(), 25), 20, 20];
    let mut header = vec!["GROUP", "COORDINATOR (ID)", "ASSIGNMENT-STRATEGY", "STATE", "#MEMBERS"];
    let mut values = vec![group.id.as_str(), &coordinator, assignor, group.state, &members];
    if verbose {
        widths.extend([15, 25]);
        header.splice(4..4, ["GROUP-EPOCH", "TARGET-ASSIGNMENT-EPOCH"]);
        values.splice(4..4, [epoch.as_str(), target_epoch.as_str()]);
    }
    io.say(line(&header, &widths) + &line(&values, &widths));
    Ok(())
}

#[cfg(test)]
#[path = "views_test.rs"]
mod views_test;
