//! Expiry: offsets that nobody reads on from, and groups that keep nothing (KIP-211).

use std::sync::Arc;

use super::classic::group::{ClassicGroup, State};
use super::config::GroupConfig;
use super::offsets::Offsets;
use super::records::{OffsetValue, group_tombstone, offset_tombstone};
use crate::Record;

/// From when an offset's age counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    /// From when the group became empty, in milliseconds since 1970.
    Empty(i64),
    /// From the commit.
    Commit,
}

/// The records that delete what has expired of `group` at `now_ms` since 1970; the group itself too if it is empty
/// and keeps no offset.
pub fn expired(group: &ClassicGroup, offsets: &Offsets, config: &GroupConfig, now_ms: i64) -> Vec<Record> {
    let mut records = Vec::new();
    let mut all = true;
    for (topic, partitions) in offsets.topics(&group.id) {
        let since = since(group, topic);
        for (partition, value) in partitions {
            if since.is_some_and(|since| is_expired(value, since, config.offsets_retention_ms, now_ms)) {
                records.push(offset_tombstone(&group.id, topic, *partition));
            } else {
                all = false;
            }
        }
    }
    if all && group.state() == State::Empty {
        records.push(group_tombstone(&group.id));
    }
    records
}

/// When the offsets of `topic` began to age; `None` while they are in use (`ClassicGroup.offsetExpirationCondition`).
/// The age of an idle but live group's offsets does not count, or a quiet topic would be read from its beginning.
fn since(group: &ClassicGroup, topic: &Arc<str>) -> Option<Since> {
    if group.is_subscribed(topic) {
        return None;
    }
    match group.state() {
        _ if group.protocol_type().is_none() => Some(Since::Commit),
        State::Empty => Some(group.state_since_ms().map_or(Since::Commit, Since::Empty)),
        State::Stable if group.is_consumer() && group.knows_subscriptions() => Some(Since::Commit),
        _ => None,
    }
}

fn is_expired(value: &OffsetValue, since: Since, retention_ms: i64, now_ms: i64) -> bool {
    if let Some(expire_timestamp_ms) = value.expire_timestamp_ms {
        return now_ms >= expire_timestamp_ms;
    }
    let since_ms = match since {
        Since::Empty(since_ms) => since_ms,
        Since::Commit => value.commit_timestamp_ms,
    };
    now_ms.saturating_sub(since_ms) >= retention_ms
}

#[cfg(test)]
#[path = "expire_test.rs"]
mod expire_test;
