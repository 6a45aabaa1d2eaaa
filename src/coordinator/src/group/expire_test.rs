//! O7, and the end of empty groups (G20).

use klamm_base::Offset;

use super::*;
use crate::group::testing::{Bench, commit, join};

const INTERVAL_MS: i64 = 600_000;
const RETENTION_MS: i64 = 7 * 24 * 3_600_000;

#[test]
fn o7_a_simple_groups_offsets_age_from_their_commit() {
    let mut bench = Bench::new();
    bench.commit(commit("", -1, 5)).unwrap();
    bench.pass(RETENTION_MS - INTERVAL_MS);
    assert_eq!(bench.fetch("t").offset, Offset(5));
    bench.commit(commit("", -1, 6)).unwrap();
    bench.pass(2 * INTERVAL_MS);
    assert_eq!(bench.fetch("t").offset, Offset(6), "the age began anew");
    bench.pass(RETENTION_MS);
    assert_eq!(bench.fetch("t").offset, Offset(-1));
    assert_eq!(bench.state("g"), None, "the group went with its last offset");
    assert_eq!(bench.reloaded(GroupConfig::default()).shard.groups().count(), 0);
    assert_eq!(bench.shard.next_deadline(), None, "nothing is left to wake up for");
}

#[test]
fn o7_an_empty_groups_offsets_age_from_when_it_became_empty() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    bench.commit(commit(&ids[0], 1, 5)).unwrap();
    for _ in 0..2 * RETENTION_MS / 40_000 {
        bench.pass(40_000);
        bench.heartbeat(&ids[0], 1);
    }
    bench.leave(&[(&ids[0], None)]);
    bench.pass(RETENTION_MS - INTERVAL_MS);
    assert_eq!(bench.fetch("t").offset, Offset(5), "two weeks old, but in use until now");
    bench.pass(2 * INTERVAL_MS);
    assert_eq!(bench.fetch("t").offset, Offset(-1));
}

#[test]
fn o7_a_live_groups_offsets_age_only_for_topics_that_nobody_subscribes_to() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    let mut request = commit(&ids[0], 1, 5);
    let mut other = request.topics[0].clone();
    other.topic = "old".into();
    request.topics.push(other);
    bench.commit(request).unwrap();
    for _ in 0..(RETENTION_MS + 2 * INTERVAL_MS) / 40_000 {
        bench.pass(40_000);
        bench.heartbeat(&ids[0], 1);
    }
    assert_eq!((bench.fetch("t").offset, bench.fetch("old").offset), (Offset(5), Offset(-1)));
    assert_eq!(bench.state("g"), Some(State::Stable));
}

#[test]
fn o7_other_live_groups_keep_all_offsets_and_so_do_consumers_that_cannot_be_understood() {
    for (protocol_type, metadata) in [("connect", &b"\0\0\0\0\0\0"[..]), ("consumer", b"?")] {
        let mut bench = Bench::new();
        let mut request = join("a", "");
        (request.version, request.protocol_type) = (3, protocol_type.into());
        request.protocols[0].metadata = metadata.into();
        let ticket = bench.send(request.into());
        bench.pass(3_000);
        let id = bench.joined(ticket).member_id;
        let mut request = crate::group::testing::sync(&id, 1, &[]);
        request.protocol_type = Some(protocol_type.into());
        bench.send(request.into());
        bench.commit(commit(&id, 1, 5)).unwrap();
        for _ in 0..2 * RETENTION_MS / 40_000 {
            bench.pass(40_000);
            bench.heartbeat(&id, 1);
        }
        assert_eq!(bench.fetch("t").offset, Offset(5), "{protocol_type}");
    }
}

#[test]
fn o7_a_time_of_expiry_that_came_with_the_commit_counts() {
    let mut bench = Bench::new();
    let mut request = commit("", -1, 5);
    (request.retention_ms, request.version) = (Some(1_000_000), 4);
    bench.commit(request).unwrap();
    bench.pass(INTERVAL_MS);
    assert_eq!(bench.reloaded(GroupConfig::default()).fetch("t").offset, Offset(5));
    bench.pass(INTERVAL_MS);
    assert_eq!(bench.fetch("t").offset, Offset(-1));
}

#[test]
fn all_shards_look_at_the_same_moments_whenever_their_first_groups_came() {
    let deadline_after = |wait_ms: i64| {
        let mut bench = Bench::new();
        bench.pass(wait_ms);
        bench.commit(commit("", -1, 5)).unwrap();
        bench.shard.next_deadline()
    };
    let first = deadline_after(1).unwrap();
    assert_eq!(first % INTERVAL_MS, 0);
    assert_eq!(deadline_after(INTERVAL_MS / 3), Some(first));
    assert_eq!(deadline_after(INTERVAL_MS), Some(first + INTERVAL_MS));
}

#[test]
fn g20_an_empty_group_without_offsets_disappears_at_the_next_run() {
    let mut bench = Bench::new();
    let ids = bench.stable(&["a"]);
    bench.leave(&[(&ids[0], None)]);
    assert_eq!(bench.describe("g", 5).state, "Empty");
    bench.pass(INTERVAL_MS);
    assert_eq!(bench.describe("g", 5).state, "Dead");
}

#[test]
fn a_long_list_of_expired_offsets_is_deleted_in_several_batches() {
    let mut bench = Bench::new();
    let mut request = commit("", -1, 5);
    let one = request.topics[0].partitions[0].clone();
    request.topics[0].partitions =
        (0..2_500).map(|partition| crate::group::message::CommitPartition { partition, ..one.clone() }).collect();
    bench.commit(request).unwrap();
    bench.now_ms += 2 * RETENTION_MS;
    let outcome = bench.shard.on_time(bench.now());
    let sizes: Vec<usize> = outcome.writes.iter().map(|write| write.records.len()).collect();
    assert_eq!(sizes, [1_000, 1_000, 501]);
}
