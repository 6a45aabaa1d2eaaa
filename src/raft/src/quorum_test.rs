use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use klamm_base::{NodeId, TopicId};
use klamm_env::{Clock, Disk, DiskMem, Env};
use klamm_metadata::{ConfigResource, Image, Partition, Record, ResourceKind};

use crate::disk::RaftDisk;
use crate::disk_mem::MemDisk;
use crate::{Error, Quorum, QuorumStatus, Voter};

const NODE: NodeId = NodeId(4);

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn topic(n: u8) -> Vec<Record> {
    let (id, state) = (TopicId([n; 16]), Partition::new(vec![NODE], vec![TopicId::ZERO]));
    let name = format!("topic-{n}").into();
    vec![Record::Topic { id, name }, Record::Partition { topic: id, partition: 0, state }]
}

fn value(key: &str, len: usize) -> Vec<Record> {
    let resource = ConfigResource::new(ResourceKind::Group, "g");
    vec![Record::Config { resource, name: key.into(), value: Some("x".repeat(len)) }]
}

async fn start(dir: &Path) -> Quorum {
    Quorum::start(&Env::real(), dir, NODE, None).await.unwrap()
}

/// A world whose snapshots are in memory, for a quorum over [`MemDisk`].
fn memory() -> Env {
    let files: Arc<dyn Disk> = Arc::new(DiskMem::new(Clock::manual(0)));
    Env { disk: files, ..Env::real() }
}

async fn over_memory(env: &Env, disk: &MemDisk) -> Result<Quorum, Error> {
    let dir = Path::new("/meta");
    env.disk.create_dir_all(dir).unwrap();
    let loaded = disk.clone().load().unwrap();
    Quorum::on(env, dir, NODE, None, loaded, disk.clone()).await
}

#[tokio::test]
async fn a_first_start_leads_and_draws_the_clusters_id() {
    let dir = tempfile::tempdir().unwrap();
    let before = tokio::time::Instant::now();
    let quorum = start(dir.path()).await;
    println!("first start: {:?}", before.elapsed());
    assert!(TopicId::parse(&quorum.cluster_id()).is_some());
    let (leader, term) = quorum.leader().borrow().unwrap();
    assert_eq!(leader, NODE);
    let last_log_index = quorum.status().last_log_index;
    let voters = vec![Voter { node: NODE, last_log_index }];
    let want = QuorumStatus { leader: Some(NODE), term, last_log_index, committed: last_log_index, voters };
    assert_eq!(quorum.status(), want);
    quorum.stop().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_restart_in_the_same_process() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = Image::default();
    let mut terms = Vec::new();
    for round in 0..10 {
        let before = tokio::time::Instant::now();
        let quorum = start(dir.path()).await;
        println!("start {round}: {:?}", before.elapsed());
        let image = quorum.image();
        if round > 0 {
            assert_eq!((&image.topics, &image.cluster), (&last.topics, &last.cluster), "round {round}");
        }
        terms.push(quorum.leader().borrow().unwrap().1);
        let index = quorum.propose(topic(round)).await.unwrap();
        quorum.wait_applied(index).await.unwrap();
        assert_eq!(quorum.image().at.index, index);
        last = (*quorum.image()).clone();
        quorum.stop().await;
    }
    assert!(terms.is_sorted_by(|a, b| a < b), "each life has its own term: {terms:?}");
    assert_eq!(last.topics.len(), 10);
}

/// Copies the store while it is open, as it would be found after a kill.
#[allow(clippy::disallowed_methods, reason = "looks at the files behind the store's back")]
fn as_after_a_kill(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
        }
    }
    copy
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let quorum = start(dir.path()).await;
    for n in 0..40 {
        quorum.propose(topic(n)).await.unwrap();
        if n % 8 == 0 {
            let copy = as_after_a_kill(dir.path());
            let again = start(copy.path()).await;
            assert_eq!(again.image().topics, quorum.image().topics);
            assert_eq!(again.cluster_id(), quorum.cluster_id());
            again.stop().await;
        }
    }
    quorum.stop().await;
}

#[test]
fn what_was_acknowledged_is_there_when_nobody_said_stop() {
    let dir = tempfile::tempdir().unwrap();
    let life = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let first = life();
    first.block_on(async {
        let quorum = start(dir.path()).await;
        for n in 0..5 {
            quorum.propose(topic(n)).await.unwrap();
        }
    });
    drop(first);
    life().block_on(async {
        // The disk thread of the first life lets go of the store a moment after its runtime is gone.
        let quorum = loop {
            match Quorum::start(&Env::real(), dir.path(), NODE, None).await {
                Err(Error::InUse(_)) => tokio::time::sleep(Duration::from_millis(2)).await,
                started => break started.unwrap(),
            }
        };
        assert_eq!(quorum.image().topics.len(), 5);
        quorum.stop().await;
    });
}

#[tokio::test]
async fn a_store_of_another_node_or_cluster_or_process_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let env = Env::real();
    let quorum = Quorum::start(&env, dir.path(), NODE, Some("my-cluster")).await.unwrap();
    assert_eq!(&*quorum.cluster_id(), "my-cluster");
    assert!(matches!(Quorum::start(&env, dir.path(), NODE, None).await.err(), Some(Error::InUse(_))));
    quorum.stop().await;
    let other = Quorum::start(&env, dir.path(), NODE, Some("other")).await.err().unwrap();
    assert!(other.to_string().contains("cluster my-cluster, but meta.properties says other"), "{other}");
    let other = Quorum::start(&env, dir.path(), NodeId(5), None).await.err().unwrap();
    assert!(matches!(other, Error::WrongNode { have: NODE, want: NodeId(5) }), "{other}");
    let again = Quorum::start(&env, dir.path(), NODE, Some("my-cluster")).await.unwrap();
    again.stop().await;
}

#[tokio::test]
async fn updates_begin_with_the_whole_and_miss_no_step() {
    let (env, disk) = (memory(), MemDisk::default());
    let quorum = over_memory(&env, &disk).await.unwrap();
    quorum.propose(topic(1)).await.unwrap();
    let mut updates = quorum.updates();
    let first = updates.next().await.unwrap();
    assert!(first.delta.cluster && first.delta.created.len() == 1);
    let follower = env.tasks.spawn(async move {
        let mut seen = 1;
        while let Some(update) = updates.next().await {
            seen += update.delta.created.len();
            assert_eq!(update.image.topics.len(), seen, "the image and the steps agree");
        }
        seen
    });
    for n in 2..100 {
        quorum.propose(topic(n)).await.unwrap();
        if n % 7 == 0 {
            tokio::task::yield_now().await;
        }
    }
    quorum.stop().await;
    assert_eq!(follower.await.unwrap(), 99);
}

#[tokio::test]
async fn records_that_do_not_fit_stop_the_quorum_rather_than_spoil_the_image() {
    let quorum = over_memory(&memory(), &MemDisk::default()).await.unwrap();
    quorum.propose(topic(1)).await.unwrap();
    assert!(matches!(quorum.propose(topic(1)).await, Err(Error::Stopped(_))));
    assert!(!quorum.failed().await.is_empty());
    assert_eq!(quorum.image().topics.len(), 1);
    quorum.stop().await;
}

#[tokio::test]
async fn a_failed_sync_acknowledges_nothing_and_a_power_cut_takes_nothing_acknowledged() {
    for syncs in 0..6 {
        let (env, disk) = (memory(), MemDisk::default());
        let quorum = over_memory(&env, &disk).await.unwrap();
        quorum.propose(topic(200)).await.unwrap();
        disk.fail_sync_after(syncs);
        let mut acknowledged = vec![200];
        for n in 0..20 {
            match quorum.propose(topic(n)).await {
                Ok(_) => acknowledged.push(n),
                Err(error) => {
                    assert!(matches!(error, Error::Stopped(_)), "{error}");
                    break;
                }
            }
        }
        assert!(acknowledged.len() <= syncs as usize + 1);
        let fault = quorum.failed().await;
        assert!(fault.contains("injected fault"), "{fault}");
        quorum.stop().await;
        disk.cut_power();
        let content = disk.clone().load().unwrap();
        let fresh = MemDisk::default();
        let mut writer = fresh.clone();
        let again = Quorum::on(&env, Path::new("/meta"), NODE, None, content, {
            writer.write(&crate::disk::Change::Identity(0)).unwrap();
            writer
        })
        .await
        .unwrap();
        for n in acknowledged {
            assert!(again.image().topic(&format!("topic-{n}")).is_some(), "topic {n} after {syncs} syncs");
        }
        again.stop().await;
    }
}

#[tokio::test]
async fn a_snapshot_lets_the_log_be_short_and_makes_the_same_image() {
    let dir = tempfile::tempdir().unwrap();
    let quorum = start(dir.path()).await;
    for n in 0..30 {
        quorum.propose(topic(n)).await.unwrap();
    }
    let raft = quorum.raft();
    raft.trigger().snapshot().await.unwrap();
    let snapped = raft.wait(Some(PATIENCE));
    snapped.metrics(|metrics| metrics.snapshot.is_some(), "snapshot").await.unwrap();
    raft.trigger().purge_log(20).await.unwrap();
    let purged = raft.wait(Some(PATIENCE));
    purged.metrics(|metrics| metrics.purged.is_some_and(|id| id.index == 20), "purged").await.unwrap();
    quorum.propose(topic(30)).await.unwrap();
    let want = quorum.image();
    quorum.stop().await;
    let again = start(dir.path()).await;
    assert_eq!((&again.image().topics, &again.image().ids), (&want.topics, &want.ids));
    assert_eq!(again.cluster_id(), want.cluster.id);
    again.stop().await;
    remove_snapshots(dir.path());
    let gap = Quorum::start(&Env::real(), dir.path(), NODE, None).await.err().unwrap();
    assert!(gap.to_string().contains("begins after entry 20"), "{gap}");
}

#[allow(clippy::disallowed_methods, reason = "damages the store behind its back")]
fn remove_snapshots(dir: &Path) {
    for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().ends_with(".snap") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
}

#[tokio::test]
async fn many_bytes_are_worth_a_snapshot_and_too_many_at_once_are_refused() {
    let quorum = over_memory(&memory(), &MemDisk::default()).await.unwrap();
    assert!(matches!(quorum.propose(value("k", 17 << 20)).await, Err(Error::TooLarge(_))));
    for n in 0..5 {
        quorum.propose(value(&format!("k{n}"), 4 << 20)).await.unwrap();
    }
    let snapped = quorum.raft().wait(Some(PATIENCE));
    snapped.metrics(|metrics| metrics.snapshot.is_some(), "snapshot").await.unwrap();
    quorum.stop().await;
}
