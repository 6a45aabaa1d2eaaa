//! The loop over a real quorum.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use klamm_base::{ErrorCode, NodeId, TopicId};
use klamm_env::Env;
use klamm_metadata::{ConfigResource, check};
use klamm_raft::Quorum;

use crate::testing::{FewKeys, defaults, told, topic};
use crate::{Controller, DeleteTopic, Handle, NewTopic, Registration};

const NODE: NodeId = NodeId(1);
const LONG: Duration = Duration::from_secs(30);

async fn start(dir: &Path, incarnation: u8) -> (Env, Quorum, Handle, i64) {
    let env = Env::real();
    let quorum = Quorum::start(&env, dir, NODE, None).await.unwrap();
    let handle = Controller::start(&env, quorum.clone(), defaults(), Arc::new(FewKeys));
    let wanted = Registration {
        id: NODE,
        incarnation: TopicId([incarnation; 16]),
        cluster_id: quorum.cluster_id(),
        rack: None,
        endpoints: Vec::new(),
        directories: vec![TopicId([1; 16])],
    };
    let epoch = handle.register_broker(wanted, LONG).await.unwrap();
    handle.unfence_broker(NODE, epoch, LONG).await.unwrap();
    (env, quorum, handle, epoch)
}

#[tokio::test]
async fn what_was_answered_is_in_the_image_and_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (env, quorum, handle, epoch) = start(dir.path(), 1).await;
    let configured = NewTopic { configs: vec![("retention.ms".into(), Some("5".into()))], ..topic("a", 2, 1) };
    let made = handle.create_topics(vec![configured, topic("b", 1, 1)], false, LONG).await.unwrap();
    let id = made[0].as_ref().unwrap().id;
    assert_eq!(quorum.image().topic("a").unwrap().id, id);
    let gone = DeleteTopic { name: Some("b".into()), id: TopicId::ZERO };
    handle.delete_topics(vec![gone], LONG).await.unwrap().remove(0).result.unwrap();
    let block = handle.allocate_producer_ids(NODE, epoch, LONG).await.unwrap();
    env.tasks.stop();
    quorum.stop().await;

    let (_, quorum, handle, again) = start(dir.path(), 2).await;
    let image = quorum.image();
    assert_eq!(check(&image), None);
    assert_eq!((image.topics.len(), image.topic("a").unwrap().id), (1, id));
    assert_eq!(image.config(&ConfigResource::topic("a")).unwrap()["retention.ms"], "5");
    assert_eq!(image.config(&ConfigResource::all_brokers()).unwrap()["min.insync.replicas"], "1");
    assert!(again > epoch);
    let next = handle.allocate_producer_ids(NODE, again, LONG).await.unwrap();
    assert_eq!(next.first.0, block.first.0 + block.len, "I14: never the same block twice");
    quorum.stop().await;
}

#[tokio::test]
async fn validate_only_decides_and_does_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (_, quorum, handle, _) = start(dir.path(), 1).await;
    let checked = handle.create_topics(vec![topic("a", 2, 1), topic("b", 0, 1)], true, LONG).await.unwrap();
    assert_eq!(checked[0].as_ref().unwrap().partitions, 2);
    assert_eq!(told(&checked[1]).0, ErrorCode::InvalidPartitions);
    assert!(quorum.image().topics.is_empty());
    quorum.stop().await;
}

#[tokio::test]
async fn of_many_who_want_the_same_name_one_gets_it() {
    let dir = tempfile::tempdir().unwrap();
    let (env, quorum, handle, epoch) = start(dir.path(), 1).await;
    let before = quorum.status().last_log_index.unwrap();
    let ask = |n: i32| {
        let handle = handle.clone();
        env.tasks.spawn(async move {
            let block = handle.allocate_producer_ids(NODE, epoch, LONG).await.unwrap();
            let name = format!("t{}", n % 10);
            (block.first, handle.create_topics(vec![topic(&name, 1, 1)], false, LONG).await.unwrap().remove(0))
        })
    };
    let asked: Vec<_> = (0..200).map(ask).collect();
    let (mut blocks, mut made) = (Vec::new(), 0);
    for task in asked {
        let (block, result) = task.await.unwrap();
        blocks.push(block);
        match result {
            Ok(_) => made += 1,
            Err(refusal) => assert_eq!(refusal.code, ErrorCode::TopicAlreadyExists),
        }
    }
    blocks.sort();
    assert!(blocks.windows(2).all(|pair| pair[1].0 - pair[0].0 == 1000), "I14: no two blocks share an id");
    assert_eq!((made, quorum.image().topics.len()), (10, 10));
    let entries = quorum.status().last_log_index.unwrap() - before;
    println!("210 commands in {entries} entries");
    assert!(entries < 200, "those who wait share an entry");
    quorum.stop().await;
}

#[tokio::test]
async fn a_caller_without_time_is_told_so_and_one_without_a_controller_too() {
    let dir = tempfile::tempdir().unwrap();
    let (env, quorum, handle, _) = start(dir.path(), 1).await;
    let late = handle.create_topics(vec![topic("late", 1, 1)], false, Duration::ZERO).await;
    assert_eq!(told(&late).0, ErrorCode::RequestTimedOut);
    handle.create_topics(vec![topic("t", 1, 1)], false, LONG).await.unwrap().remove(0).unwrap();
    assert!(quorum.image().topic("late").is_none());
    quorum.stop().await;
    let dead = handle.create_topics(vec![topic("u", 1, 1)], false, LONG).await;
    assert_eq!(told(&dead).0, ErrorCode::RequestTimedOut);
    env.tasks.stop();
    tokio::task::yield_now().await;
    let gone = handle.create_topics(vec![topic("u", 1, 1)], false, LONG).await;
    assert_eq!(told(&gone).0, ErrorCode::NotController);
}
