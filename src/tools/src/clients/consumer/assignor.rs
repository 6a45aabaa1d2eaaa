//! Who gets which partitions: what a leader of a group decides (`ConsumerPartitionAssignor`).

use std::collections::{BTreeMap, BTreeSet};

use crate::clients::options::config_fault;
use crate::thrown::Thrown;

/// A topic and a partition.
pub(crate) type Tp = (String, i32);

/// A way to assign. Its name is the protocol's in JoinGroup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assignor {
    /// Runs of partitions, topic by topic.
    Range,
    /// One after the other.
    RoundRobin,
    /// Evenly, and nobody loses what he need not (KIP-429).
    CooperativeSticky,
}

/// A member, as it told of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Subscriber {
    pub(crate) id: String,
    /// `group.instance.id`: static members keep their place in the order by it.
    pub(crate) instance: Option<String>,
    pub(crate) topics: BTreeSet<String>,
    /// What it owns, with the generation in which it was given it.
    pub(crate) owned: BTreeSet<Tp>,
    pub(crate) generation: i32,
}

/// The partitions of each member.
pub(crate) type Assignment = BTreeMap<String, BTreeSet<Tp>>;

const CLASSES: [(Assignor, &str, &str); 3] = [
    (Assignor::Range, "range", "org.apache.kafka.clients.consumer.RangeAssignor"),
    (Assignor::RoundRobin, "roundrobin", "org.apache.kafka.clients.consumer.RoundRobinAssignor"),
    (Assignor::CooperativeSticky, "cooperative-sticky", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor"),
];

impl Assignor {
    /// Reads `partition.assignment.strategy`.
    ///
    /// # Errors
    /// On a class that this client does not have.
    pub(crate) fn read(classes: Option<&str>) -> Result<Vec<Assignor>, Thrown> {
        let Some(classes) = classes else { return Ok(vec![Assignor::Range, Assignor::CooperativeSticky]) };
        let one = |class: &str| {
            let known = CLASSES.iter().find(|(_, _, name)| *name == class);
            known.map(|(assignor, _, _)| *assignor).ok_or_else(|| {
                config_fault(format!("Invalid value {class} for configuration partition.assignment.strategy: Class {class} could not be found."))
            })
        };
        classes.split(',').map(str::trim).filter(|class| !class.is_empty()).map(one).collect()
    }

    pub(crate) fn name(self) -> &'static str {
        CLASSES.iter().find(|(assignor, _, _)| *assignor == self).map_or("", |(_, name, _)| name)
    }

    pub(crate) fn named(name: &str) -> Option<Assignor> {
        CLASSES.iter().find(|(_, other, _)| *other == name).map(|(assignor, _, _)| *assignor)
    }

    /// Assigns the partitions of `topics` (how many each has) to the members that want them.
    pub(crate) fn assign(self, topics: &BTreeMap<String, i32>, members: &[Subscriber]) -> Assignment {
        let mut members = members.to_vec();
        // Static members first, by their instance, then the others by their id (`MemberInfo.compareTo`).
        members.sort_by(|a, b| {
            (a.instance.is_none(), &a.instance, &a.id).cmp(&(b.instance.is_none(), &b.instance, &b.id))
        });
        match self {
            Assignor::Range => range(topics, &members),
            Assignor::RoundRobin => round_robin(topics, &members),
            Assignor::CooperativeSticky => without_conflicts(sticky(topics, &members), &members),
        }
    }
}

fn nobody_has_any(members: &[Subscriber]) -> Assignment {
    members.iter().map(|member| (member.id.clone(), BTreeSet::new())).collect()
}

fn range(topics: &BTreeMap<String, i32>, members: &[Subscriber]) -> Assignment {
    let mut assignment = nobody_has_any(members);
    for (topic, partitions) in topics {
        let wanting: Vec<&Subscriber> = members.iter().filter(|member| member.topics.contains(topic)).collect();
        let Ok(count) = i32::try_from(wanting.len()) else { continue };
        if count == 0 {
            continue;
        }
        let (each, extra) = (partitions / count, partitions % count);
        for (place, member) in (0..).zip(wanting) {
            let from = each * place + extra.min(place);
            let to = from + each + i32::from(place < extra);
            let share = (from..to).map(|partition| (topic.clone(), partition));
            assignment.entry(member.id.clone()).or_default().extend(share);
        }
    }
    assignment
}

fn round_robin(topics: &BTreeMap<String, i32>, members: &[Subscriber]) -> Assignment {
    let mut assignment = nobody_has_any(members);
    let mut next = 0;
    for (topic, partitions) in topics {
        if !members.iter().any(|member| member.topics.contains(topic)) {
            continue;
        }
        for partition in 0..*partitions {
            while !members[next % members.len()].topics.contains(topic) {
                next += 1;
            }
            let member = &members[next % members.len()];
            assignment.entry(member.id.clone()).or_default().insert((topic.clone(), partition));
            next += 1;
        }
    }
    assignment
}

/// Everybody keeps what he owns and wants; the rest goes to who has least, and then from who has most to who has least
/// until none has two more than another who wants the same.
fn sticky(topics: &BTreeMap<String, i32>, members: &[Subscriber]) -> Assignment {
    let mut assignment = nobody_has_any(members);
    let wants = |member: &Subscriber, tp: &Tp| member.topics.contains(&tp.0);
    for topic in topics {
        for tp in (0..*topic.1).map(|partition| (topic.0.clone(), partition)) {
            let owners = members.iter().filter(|member| member.owned.contains(&tp) && wants(member, &tp));
            // Of two who think they own it, the one of the later generation does.
            let owner = owners.max_by_key(|member| member.generation).map(|member| member.id.clone());
            let least = || {
                let wanting = members.iter().filter(|member| wants(member, &tp));
                wanting.min_by_key(|member| assignment[&member.id].len()).map(|member| member.id.clone())
            };
            if let Some(id) = owner.or_else(least) {
                assignment.entry(id).or_default().insert(tp);
            }
        }
    }
    while let Some((from, to, tp)) = unfair(&assignment, members) {
        assignment.entry(from).or_default().remove(&tp);
        assignment.entry(to).or_default().insert(tp);
    }
    assignment
}

/// A partition whose owner has at least two more than another who wants it. Moving it lessens the sum of squares, so
/// there is an end to it.
fn unfair(assignment: &Assignment, members: &[Subscriber]) -> Option<(String, String, Tp)> {
    let mut by_load: Vec<(&String, &BTreeSet<Tp>)> = assignment.iter().collect();
    by_load.sort_by_key(|(_, has)| has.len());
    for (rich, has) in by_load.iter().rev() {
        for (poor, little) in &by_load {
            if has.len() < little.len() + 2 {
                break;
            }
            let Some(member) = members.iter().find(|member| member.id == **poor) else { continue };
            if let Some(tp) = has.iter().rev().find(|tp| member.topics.contains(&tp.0)) {
                return Some(((*rich).clone(), (*poor).clone(), tp.clone()));
            }
        }
    }
    None
}

/// What changes hands is given to nobody until its owner has let it go: he will, and the group joins again.
fn without_conflicts(mut assignment: Assignment, members: &[Subscriber]) -> Assignment {
    for member in members {
        for tp in &member.owned {
            for (id, has) in &mut assignment {
                if *id != member.id {
                    has.remove(tp);
                }
            }
        }
    }
    assignment
}

#[cfg(test)]
#[path = "assignor_test.rs"]
mod assignor_test;
