//! The loops: loading, commits that take their time, stopping. G14, G15, G18, G19, O6, O13.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use klamm_base::{ErrorCode, Offset, ProducerEpoch, ProducerId, Sequence, TopicId};
use klamm_env::{Clock, Env, Random};
use klamm_record::{BatchBuilder, Codec, EndTxnMarker};

use super::Groups;
use crate::group::message::{CommitRequest, FetchOffsetsRequest, HeartbeatRequest, ListRequest};
use crate::group::records::{OffsetValue, offset_record};
use crate::group::testing::{commit, join, sync};
use crate::log_mem::LogMem;
use crate::{GroupConfig, PartitionLog};

const PARTITIONS: i32 = 50;

fn env() -> Env {
    Env { clock: Clock::manual(1_700_000_000_000), random: Random::from_seed(1), ..Env::real() }
}

fn unloaded(log: &Arc<LogMem>) -> (Groups, Env) {
    let env = env();
    (Groups::new(env.clone(), GroupConfig::default(), log.clone(), PARTITIONS), env)
}

async fn started(log: &Arc<LogMem>) -> (Groups, Env) {
    let (groups, env) = unloaded(log);
    (0..PARTITIONS).for_each(|partition| groups.load(partition));
    groups.wait_loaded().await;
    (groups, env)
}

fn fetch_request() -> FetchOffsetsRequest {
    FetchOffsetsRequest { group_id: "g".into(), topics: None }
}

fn heartbeat_request(member_id: &str, generation: i32) -> HeartbeatRequest {
    HeartbeatRequest { group_id: "g".into(), generation, member_id: member_id.into(), group_instance_id: None }
}

async fn fetched(groups: &Groups) -> i64 {
    let reply = groups.fetch_offsets(fetch_request()).await.unwrap();
    reply.topics.first().map_or(-1, |topic| topic.partitions[0].offset.0)
}

#[tokio::test(start_paused = true)]
async fn g18_a_group_and_its_offsets_survive_a_restart() {
    let log = Arc::new(LogMem::default());
    let (groups, env) = started(&log).await;
    let refused = groups.join(join("a", "")).await;
    assert_eq!(refused.error, ErrorCode::MemberIdRequired);
    assert!(refused.member_id.starts_with("a-") && refused.member_id.len() == 38, "chance is the broker's");
    let joined = groups.join(join("a", &refused.member_id)).await;
    assert_eq!((joined.error, joined.generation), (ErrorCode::None, 1));
    let id = joined.member_id;
    let synced = groups.sync(sync(&id, 1, &[(id.clone(), "part".into())])).await;
    assert_eq!(&synced.assignment[..], b"part");
    groups.commit(commit(&id, 1, 5)).await.unwrap();
    env.tasks.stop();
    let (groups, _) = started(&log).await;
    assert_eq!(groups.heartbeat(heartbeat_request(&id, 1)).await, ErrorCode::None);
    assert_eq!(&groups.sync(sync(&id, 1, &[])).await.assignment[..], b"part");
    assert_eq!(fetched(&groups).await, 5);
    tokio::time::sleep(Duration::from_secs(46)).await;
    assert_eq!(groups.heartbeat(heartbeat_request(&id, 1)).await, ErrorCode::UnknownMemberId, "the timers run");
}

#[tokio::test(start_paused = true)]
async fn g15_g19_while_a_partition_is_loaded_heartbeats_are_right_and_all_else_must_wait() {
    let log = Arc::new(LogMem::default());
    let (groups, _) = unloaded(&log);
    assert_eq!(groups.heartbeat(heartbeat_request("m", 1)).await, ErrorCode::NotCoordinator);
    assert_eq!(groups.commit(commit("", -1, 1)).await, Err(ErrorCode::NotCoordinator));
    groups.load(groups.partition_of("g"));
    let loading = ErrorCode::CoordinatorLoadInProgress;
    assert_eq!(groups.heartbeat(heartbeat_request("m", 1)).await, ErrorCode::None);
    let (list, join) = (groups.list(ListRequest::default()), groups.join(join("a", "")));
    let describe = groups.describe(vec!["g".into()], 5);
    let commit = groups.commit(commit("", -1, 1));
    assert_eq!((list.await.error, join.await.error), (loading, loading));
    assert_eq!((describe.await[0].error, commit.await), (loading, Err(loading)));
    groups.wait_loaded().await;
    assert_eq!(groups.heartbeat(heartbeat_request("m", 1)).await, ErrorCode::UnknownMemberId);
    groups.unload(groups.partition_of("g"));
    assert_eq!(groups.heartbeat(heartbeat_request("m", 1)).await, ErrorCode::NotCoordinator);
}

#[tokio::test(start_paused = true)]
async fn g19_who_waits_is_told_when_the_broker_stops_or_the_partition_moves() {
    for stops in [true, false] {
        let (groups, env) = started(&Arc::new(LogMem::default())).await;
        let mut request = join("a", "");
        request.version = 3;
        let waiting = env.tasks.spawn(groups.join(request));
        tokio::time::sleep(Duration::from_millis(10)).await;
        if stops {
            env.tasks.stop()
        } else {
            groups.unload(groups.partition_of("g"))
        }
        let code = if stops { ErrorCode::CoordinatorNotAvailable } else { ErrorCode::NotCoordinator };
        assert_eq!(waiting.await.unwrap().error, code);
        assert_eq!(groups.commit(commit("", -1, 1)).await, Err(code));
    }
}

#[tokio::test(start_paused = true)]
async fn o6_nothing_is_answered_or_shown_before_it_is_committed() {
    let log = Arc::new(LogMem::default());
    let (groups, _) = started(&log).await;
    log.hold_back();
    let (mut commit, mut fetch) =
        (Box::pin(groups.commit(commit("", -1, 5))), Box::pin(groups.fetch_offsets(fetch_request())));
    let early = tokio::time::timeout(Duration::from_secs(1), async { tokio::join!(&mut commit, &mut fetch) }).await;
    assert!(early.is_err());
    log.commit();
    let (commit, fetch) = tokio::join!(commit, fetch);
    assert_eq!(commit.unwrap().topics[0].partitions, [(0, ErrorCode::None)]);
    assert_eq!(fetch.unwrap().topics[0].partitions[0].offset, Offset(5));
}

#[tokio::test(start_paused = true)]
async fn o6_a_commit_that_takes_too_long_is_answered_after_the_commit_timeout() {
    let log = Arc::new(LogMem::default());
    let (groups, _) = started(&log).await;
    log.hold_back();
    let before = tokio::time::Instant::now();
    assert_eq!(groups.commit(commit("", -1, 5)).await, Err(ErrorCode::CoordinatorNotAvailable));
    assert_eq!(before.elapsed().as_secs(), 5);
    log.commit();
    assert_eq!(fetched(&groups).await, 5, "it was written after all");
}

#[tokio::test(start_paused = true)]
async fn g14_an_append_that_is_refused_is_answered_at_once() {
    let log = Arc::new(LogMem::default());
    let (groups, _) = started(&log).await;
    log.refuse(Some(ErrorCode::KafkaStorageError));
    assert_eq!(groups.commit(commit("", -1, 5)).await, Err(ErrorCode::NotCoordinator));
    log.refuse(None);
    assert_eq!(fetched(&groups).await, -1);
}

#[tokio::test(start_paused = true)]
async fn o13_calls_are_decided_in_the_order_in_which_they_are_made() {
    let log = Arc::new(LogMem::default());
    let (groups, _) = started(&log).await;
    let calls: Vec<_> = (0..100).map(|offset| groups.commit(commit("", -1, offset))).collect();
    for call in calls.into_iter().rev() {
        call.await.unwrap();
    }
    assert_eq!(fetched(&groups).await, 99);
}

#[tokio::test(start_paused = true)]
async fn describe_delete_and_list_ask_every_shard_and_answer_in_order() {
    let (groups, _) = started(&Arc::new(LogMem::default())).await;
    let ids: Vec<Arc<str>> = (0..20).map(|id| format!("group-{id}").into()).collect();
    for id in &ids {
        groups.commit(CommitRequest { group_id: id.clone(), ..commit("", -1, 1) }).await.unwrap();
    }
    let described = groups.describe(ids.clone(), 6).await;
    assert!(described.iter().zip(&ids).all(|(group, id)| group.group_id == *id && group.state == "Empty"));
    assert_eq!(groups.list(ListRequest::default()).await.groups.len(), 20);
    let deleted = groups.delete(ids.iter().chain(&ids).cloned().collect()).await.groups;
    assert_eq!(deleted, ids.iter().map(|id| (id.clone(), ErrorCode::None)).collect::<Vec<_>>());
    assert!(groups.list(ListRequest::default()).await.groups.is_empty());
}

#[tokio::test(start_paused = true)]
async fn o7_topics_that_are_deleted_take_their_offsets_along() {
    let (groups, _) = started(&Arc::new(LogMem::default())).await;
    groups.commit(commit("", -1, 1)).await.unwrap();
    assert_eq!(groups.topics_deleted(vec![("t".into(), TopicId([7; 16]))]).await, Ok(()));
    assert_eq!(fetched(&groups).await, -1);
}

fn offset_batch(builder: BatchBuilder, offset: i64) -> Bytes {
    let mut builder = builder;
    let value = OffsetValue {
        offset: Offset(offset),
        leader_epoch: klamm_base::LeaderEpoch::NONE,
        metadata: "".into(),
        commit_timestamp_ms: 1_700_000_000_000,
        expire_timestamp_ms: None,
        topic_id: TopicId::ZERO,
    };
    let record = offset_record("g", "t", 0, &value);
    builder.append(0, Some(&record.key), record.value.as_deref(), &[]);
    builder.append(0, Some(b"\0\x09unknown"), Some(b"x"), &[]);
    builder.append(0, Some(b"\0\x01\0\x01"), Some(b"cut"), &[]);
    builder.append(0, None, Some(b"no key"), &[]);
    builder.build()
}

#[tokio::test(start_paused = true)]
async fn a_log_of_a_kafka_broker_is_loaded_with_its_transactions_and_without_what_cannot_be_read() {
    let producer =
        |id| BatchBuilder::new(Codec::None).producer(ProducerId(id), ProducerEpoch(0), Sequence(0)).transactional();
    let end = |id, commit| {
        let marker = EndTxnMarker {
            producer_id: ProducerId(id),
            producer_epoch: ProducerEpoch(0),
            commit,
            coordinator_epoch: 0,
        };
        marker.batch(0)
    };
    let partition = crate::route::partition_of("g", PARTITIONS);
    for (batches, expected) in [
        (vec![offset_batch(BatchBuilder::new(Codec::Zstd), 1)], 1),
        (vec![offset_batch(producer(1), 2), end(1, true)], 2),
        (vec![offset_batch(BatchBuilder::new(Codec::None), 1), offset_batch(producer(1), 2), end(1, false)], 1),
        (vec![offset_batch(producer(1), 2), offset_batch(producer(2), 3), end(2, true), end(1, true)], 2),
        (vec![offset_batch(producer(1), 2)], -1),
    ] {
        let log = Arc::new(LogMem::default());
        for batch in &batches {
            log.put(partition, batch);
        }
        let (groups, _) = started(&log).await;
        assert_eq!(fetched(&groups).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_whose_log_cannot_be_read_is_not_served_and_holds_nobody_up() {
    struct Broken;
    impl PartitionLog for Broken {
        fn append(&self, _: i32, _: &Bytes) -> Result<Offset, ErrorCode> {
            Err(ErrorCode::KafkaStorageError)
        }
        fn high_watermark(&self, _: i32) -> Offset {
            Offset::ZERO
        }
        fn committed(&self, _: i32, _: Offset) -> crate::Committed<'_> {
            Box::pin(async { Err(ErrorCode::KafkaStorageError) })
        }
        fn bounds(&self, _: i32) -> Result<(Offset, Offset), ErrorCode> {
            Ok((Offset(0), Offset(9)))
        }
        fn read(&self, _: i32, _: Offset, _: usize) -> Result<Bytes, ErrorCode> {
            Err(ErrorCode::KafkaStorageError)
        }
    }
    let groups = Groups::new(env(), GroupConfig::default(), Arc::new(Broken), PARTITIONS);
    groups.load(groups.partition_of("g"));
    groups.wait_loaded().await;
    assert_eq!(groups.commit(commit("", -1, 1)).await, Err(ErrorCode::NotCoordinator));
}

#[tokio::test(start_paused = true)]
async fn idle_shards_write_nothing_and_wake_for_nothing() {
    let log = Arc::new(LogMem::default());
    let (_groups, _) = started(&log).await;
    tokio::time::sleep(Duration::from_secs(30 * 24 * 3600)).await;
    assert!((0..PARTITIONS).all(|partition| log.batches(partition) == 0));
}
