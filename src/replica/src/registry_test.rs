use std::sync::Arc;

use klamm_base::{ErrorCode, Offset, TopicId};
use klamm_log::PartitionMetadata;

use crate::testing::{World, all_values, batch, batch_of};
use crate::{Error, Partition, Replicas};

const CLEAN: &str = ".kafka_cleanshutdown";
const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
const LOG_STARTS: &str = "log-start-offset-checkpoint";

fn partition(replicas: &Replicas, topic: &str, index: i32) -> Arc<Partition> {
    replicas.partition(topic, index).unwrap_or_else(|| panic!("{topic}-{index} is here"))
}

fn produce(replicas: &Replicas, topic: &str, values: &[&str]) {
    partition(replicas, topic, 0).produce(&batch(values), 9).unwrap();
}

fn read(replicas: &Replicas, topic: &str) -> Vec<String> {
    all_values(&partition(replicas, topic, 0))
}

#[test]
fn a_clean_stop_keeps_records_producers_and_checkpoints_w1() {
    for mut world in World::both() {
        let replicas = world.start();
        world.create(&replicas, "t", 2);
        let sent = batch_of(3, 0, 0, &["a", "b"]);
        partition(&replicas, "t", 0).produce(&sent, 9).unwrap();
        replicas.close().unwrap();
        drop(replicas);
        assert!(world.exists(0, CLEAN));
        for file in [RECOVERY_POINTS, HIGH_WATERMARKS] {
            assert_eq!(world.checkpoint(0, file, "t", 0), Some(Offset(2)), "{file}");
            assert_eq!(world.checkpoint(0, file, "t", 1), Some(Offset(0)), "{file}");
        }
        let replicas = world.start();
        assert!(!world.exists(0, CLEAN), "the marker is taken away before anything is written");
        assert_eq!(partition(&replicas, "t", 0).recovery_point(), Offset(2));
        let again = partition(&replicas, "t", 0).produce(&sent, 9).unwrap();
        assert_eq!(again.base_offset, Offset(0), "the producer is known (I11)");
        assert_eq!(read(&replicas, "t"), ["a", "b"]);
    }
}

#[test]
fn a_killed_broker_serves_everything_that_was_acknowledged() {
    for mut world in World::both() {
        let replicas = world.start();
        world.create(&replicas, "t", 1);
        produce(&replicas, "t", &["a"]);
        let replicas = world.restart(replicas);
        produce(&replicas, "t", &["b", "c"]);
        let replicas = world.kill(replicas);
        produce(&replicas, "t", &["d"]);
        let replicas = world.kill(replicas);
        assert_eq!(read(&replicas, "t"), ["a", "b", "c", "d"]);
    }
}

#[test]
fn a_power_cut_after_the_marker_was_taken_and_before_a_checkpoint_keeps_what_was_closed() {
    for seed in 0..20 {
        let mut world = World::mem(seed, &["data"]);
        let replicas = world.start();
        world.create(&replicas, "t", 1);
        produce(&replicas, "t", &["a", "b"]);
        let replicas = world.restart(replicas);
        produce(&replicas, "t", &["c"]);
        let replicas = world.crash(replicas);
        let found = read(&replicas, "t");
        assert!(found == ["a", "b"] || found == ["a", "b", "c"], "seed {seed}: {found:?}");
    }
}

#[test]
fn a_topic_that_came_back_under_its_name_is_another_one() {
    for mut world in World::both() {
        let replicas = world.start();
        world.create(&replicas, "t", 1);
        produce(&replicas, "t", &["old 0", "old 1", "old 2"]);
        let old = partition(&replicas, "t", 0);
        old.delete_records(2).unwrap();
        old.flush().unwrap();
        replicas.save_checkpoints().unwrap();
        assert_eq!(world.checkpoint(0, RECOVERY_POINTS, "t", 0), Some(Offset(3)));
        world.delete(&replicas, "t");
        for file in [RECOVERY_POINTS, HIGH_WATERMARKS, LOG_STARTS] {
            assert_eq!(world.checkpoint(0, file, "t", 0), None, "{file} would cut the new topic or trust its tail");
        }
        world.create(&replicas, "t", 1);
        produce(&replicas, "t", &["new"]);
        assert_eq!(old.produce(&batch(&["late"]), 9).unwrap_err().code, ErrorCode::UnknownTopicOrPartition);
        assert_eq!(old.delete_records(3), Err(ErrorCode::UnknownTopicOrPartition));
        assert_ne!(old.topic_id, partition(&replicas, "t", 0).topic_id);
        drop(old);
        let replicas = world.kill(replicas);
        assert_eq!(read(&replicas, "t"), ["new"]);
    }
}

#[test]
fn a_topic_deleted_and_made_again_in_one_step_is_the_new_one() {
    let mut world = World::mem(1, &["data"]);
    let replicas = world.start();
    world.create(&replicas, "t", 3);
    produce(&replicas, "t", &["old"]);
    let mut delta = world.commit_deletion("t");
    delta.merge(world.commit(&world.new_topic("t", 1)));
    replicas.apply(&world.image, &delta);
    assert_eq!(read(&replicas, "t"), [""; 0]);
    assert!(replicas.partition("t", 1).is_none(), "it has one partition now");
    assert_eq!(replicas.all().len(), 1);
}

#[test]
fn a_deleted_topics_folder_waits_for_the_chore_that_removes_it() {
    for mut world in World::both() {
        let replicas = world.start();
        world.create(&replicas, "t", 2);
        world.delete(&replicas, "t");
        let folders = world.folders(0);
        assert_eq!(folders.len(), 2);
        assert!(folders.iter().all(|name| name.ends_with("-delete")), "{folders:?}");
        replicas.remove_doomed();
        assert_eq!(world.folders(0), [""; 0]);
    }
}

#[test]
fn folders_of_deleted_topics_that_a_stop_left_are_removed_after_the_next_start() {
    let mut world = World::mem(1, &["data"]);
    let replicas = world.start();
    world.create(&replicas, "t", 1);
    world.delete(&replicas, "t");
    let replicas = world.restart(replicas);
    assert_eq!(world.folders(0).len(), 1);
    replicas.remove_doomed();
    assert_eq!(world.folders(0), [""; 0]);
}

#[test]
fn a_folder_that_the_cluster_does_not_know_is_set_aside_and_kept() {
    for mut world in World::both() {
        let replicas = world.start();
        world.create(&replicas, "t", 1);
        produce(&replicas, "t", &["a"]);
        partition(&replicas, "t", 0).delete_records(1).unwrap();
        drop(replicas);
        // The deletion was committed, and the broker died before it was done.
        world.commit_deletion("t");
        let replicas = world.start();
        assert!(replicas.all().is_empty());
        let [folder] = &world.folders(0)[..] else { panic!("one folder is there") };
        assert!(folder.starts_with("t-0.") && folder.ends_with("-stray"), "{folder}");
        assert_eq!(world.checkpoint(0, LOG_STARTS, "t", 0), None);
        let replicas = world.restart(replicas);
        assert_eq!(world.folders(0), std::slice::from_ref(folder), "it stays for a person to look at");
        world.create(&replicas, "t", 1);
        assert_eq!(read(&replicas, "t"), [""; 0]);
    }
}

#[test]
fn a_folder_of_an_earlier_topic_of_the_name_is_set_aside() {
    let mut world = World::mem(1, &["data"]);
    let replicas = world.start();
    world.create(&replicas, "t", 1);
    produce(&replicas, "t", &["old", "old"]);
    partition(&replicas, "t", 0).delete_records(1).unwrap();
    drop(replicas);
    world.commit_deletion("t");
    let new = world.new_topic("t", 1);
    world.commit(&new);
    let replicas = world.start();
    assert_eq!(read(&replicas, "t"), [""; 0]);
    produce(&replicas, "t", &["new"]);
    let replicas = world.kill(replicas);
    assert_eq!(read(&replicas, "t"), ["new"], "and its start does not cut the new one");
}

#[test]
fn a_start_of_a_folder_that_is_gone_does_not_cut_the_topic_that_comes_after_it() {
    let mut world = World::mem(1, &["data"]);
    let replicas = world.start();
    world.create(&replicas, "t", 1);
    produce(&replicas, "t", &["old", "old"]);
    partition(&replicas, "t", 0).delete_records(2).unwrap();
    drop(replicas);
    world.disk.remove_dir_all(&world.roots[0].join("t-0")).unwrap();
    let replicas = world.start();
    produce(&replicas, "t", &["new"]);
    let replicas = world.kill(replicas);
    assert_eq!(read(&replicas, "t"), ["new"]);
}

#[test]
fn a_folder_that_could_not_be_removed_gives_no_records_to_the_next_topic_of_its_name() {
    let mut world = World::mem(1, &["data"]);
    let replicas = world.start();
    world.create(&replicas, "t", 1);
    produce(&replicas, "t", &["old"]);
    let disk = world.mem.clone().unwrap();
    disk.fail_after(Some(0));
    world.delete(&replicas, "t");
    disk.fail_after(None);
    assert_eq!(world.folders(0), ["t-0"], "the disk refused");
    world.create(&replicas, "t", 1);
    assert_eq!(read(&replicas, "t"), [""; 0]);
    produce(&replicas, "t", &["new"]);
    let replicas = world.kill(replicas);
    assert_eq!(read(&replicas, "t"), ["new"]);
}

#[test]
fn a_partition_that_cannot_be_made_is_made_when_the_disk_lets_it() {
    let mut world = World::mem(1, &["data"]);
    let replicas = world.start();
    let disk = world.mem.clone().unwrap();
    disk.fail_after(Some(3));
    world.create(&replicas, "t", 2);
    disk.fail_after(None);
    assert!(replicas.partition("t", 0).is_none());
    world.grow(&replicas, "t");
    assert_eq!(replicas.all().len(), 3);
    produce(&replicas, "t", &["a"]);
    let replicas = world.kill(replicas);
    assert_eq!(read(&replicas, "t"), ["a"]);
}

#[test]
fn partitions_that_are_added_leave_the_others_alone() {
    let mut world = World::mem(1, &["data"]);
    let replicas = world.start();
    world.create(&replicas, "t", 1);
    let first = partition(&replicas, "t", 0);
    produce(&replicas, "t", &["a"]);
    world.grow(&replicas, "t");
    assert!(Arc::ptr_eq(&first, &partition(&replicas, "t", 0)));
    assert_eq!(partition(&replicas, "t", 1).high_watermark(), Offset(0));
    for outside in [-1, 2, i32::MIN, i32::MAX] {
        assert!(replicas.partition("t", outside).is_none(), "{outside}");
    }
}

#[test]
fn partitions_are_spread_over_log_directories_and_stay_where_they_are() {
    for mut world in [World::mem(1, &["a", "b", "c"]), World::os(&["a", "b", "c"])] {
        let replicas = world.start();
        for topic in ["s", "t", "u"] {
            world.create(&replicas, topic, 2);
            produce(&replicas, topic, &[topic]);
        }
        let placed = |replicas: &Replicas| -> Vec<Vec<String>> {
            let of = |report: crate::DirReport| report.partitions.into_iter().map(|(id, _)| id.to_string()).collect();
            replicas.describe_dirs().into_iter().map(of).collect()
        };
        let before = placed(&replicas);
        assert_eq!(before.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 2]);
        let replicas = world.restart(replicas);
        assert_eq!(placed(&replicas), before);
        for topic in ["s", "t", "u"] {
            assert_eq!(read(&replicas, topic), [topic]);
        }
        let sizes = replicas.describe_dirs().into_iter().flat_map(|report| report.partitions);
        assert_eq!(sizes.filter(|(_, bytes)| *bytes > 0).count(), 3, "the bytes of a log are told");
    }
}

#[test]
fn a_new_partition_goes_where_the_fewest_are() {
    let mut world = World::mem(1, &["a", "b"]);
    let replicas = world.start();
    world.create(&replicas, "t", 4);
    world.create(&replicas, "u", 1);
    world.delete(&replicas, "t");
    world.create(&replicas, "v", 1);
    let loads: Vec<usize> = replicas.describe_dirs().iter().map(|report| report.partitions.len()).collect();
    assert_eq!(loads, [1, 1]);
}

#[test]
fn a_partition_in_two_log_directories_stops_the_start_w11() {
    let mut world = World::mem(1, &["a", "b"]);
    let replicas = world.start();
    world.create(&replicas, "t", 1);
    drop(replicas);
    let id = PartitionMetadata { topic_id: world.image.topic("t").unwrap().id };
    id.write(&*world.disk, &world.roots[1].join("t-0")).unwrap();
    assert!(matches!(world.try_start(), Err(Error::Twice { partition, .. }) if partition == "t-0"));
}

#[test]
fn only_the_directory_with_a_fault_is_recovered_at_the_next_start() {
    let mut world = World::mem(1, &["a", "b"]);
    let replicas = world.start();
    world.create(&replicas, "t", 2);
    for index in 0..2 {
        partition(&replicas, "t", index).produce(&batch(&["a"]), 9).unwrap();
    }
    let disk = world.mem.clone().unwrap();
    disk.fail_after(Some(0));
    partition(&replicas, "t", 0).produce(&batch(&["b"]), 9).unwrap_err();
    disk.fail_after(None);
    assert!(replicas.close().is_err());
    assert_eq!([world.exists(0, CLEAN), world.exists(1, CLEAN)], [false, true]);
    let replicas = world.kill(replicas);
    assert_eq!(all_values(&partition(&replicas, "t", 0)), ["a"]);
    assert_eq!(all_values(&partition(&replicas, "t", 1)), ["a"]);
}

#[test]
fn a_deletion_that_names_another_incarnation_touches_nothing() {
    let mut world = World::mem(1, &["data"]);
    let replicas = world.start();
    world.create(&replicas, "t", 1);
    produce(&replicas, "t", &["a"]);
    let mut other = (**world.image.topic("t").unwrap()).clone();
    other.id = TopicId::from_random([9; 16]);
    let deleted = [(other.id, Arc::new(other))].into();
    replicas.apply(&world.image, &klamm_metadata::Delta { deleted, ..Default::default() });
    assert_eq!(read(&replicas, "t"), ["a"]);
}

#[test]
fn a_stop_between_appends_keeps_exactly_what_was_acknowledged() {
    for round in 0..10 {
        let mut world = World::os(&["data"]);
        let replicas = Arc::new(world.start());
        world.create(&replicas, "t", 1);
        let tasks = world.env().tasks;
        let produce = |producer: usize| {
            let (partition, tasks) = (partition(&replicas, "t", 0), tasks.clone());
            let work = move || {
                let mut acknowledged = Vec::new();
                for n in 0..10_000 {
                    let value = format!("{producer}/{n}");
                    match partition.produce(&batch(&[&value]), 9) {
                        Ok(_) => acknowledged.push(value),
                        Err(refusal) => {
                            assert_eq!(refusal.code, ErrorCode::NotLeaderOrFollower);
                            return acknowledged;
                        }
                    }
                }
                acknowledged
            };
            tasks.clone().spawn(async move { tasks.offload(work).await })
        };
        let producers: Vec<_> = (0..3).map(produce).collect();
        let waits_for = Offset(10 * (round + 1));
        while partition(&replicas, "t", 0).high_watermark() < waits_for {
            std::thread::yield_now();
        }
        replicas.close().unwrap();
        let mut acknowledged: Vec<String> =
            producers.into_iter().flat_map(|producer| world.block_on(producer).unwrap()).collect();
        assert!(world.exists(0, CLEAN));
        drop(Arc::into_inner(replicas).unwrap());
        let mut found = read(&world.start(), "t");
        acknowledged.sort();
        found.sort();
        assert_eq!(found, acknowledged);
    }
}

#[test]
fn a_topic_that_is_deleted_under_its_users_leaves_nothing_behind() {
    for _ in 0..20 {
        let mut world = World::os(&["data"]);
        let replicas = Arc::new(world.start());
        world.create(&replicas, "t", 1);
        produce(&replicas, "t", &["a", "b", "c"]);
        let tasks = world.env().tasks;
        let run = |work: Box<dyn Fn(&Partition) -> bool + Send>| {
            let (partition, tasks) = (partition(&replicas, "t", 0), tasks.clone());
            let work = move || while work(&partition) {};
            tasks.clone().spawn(async move { tasks.offload(work).await })
        };
        let gone = |code: ErrorCode| {
            assert_eq!(code, ErrorCode::UnknownTopicOrPartition);
            false
        };
        let users = [
            run(Box::new(move |partition| {
                partition.produce(&batch(&["d"]), 9).map_or_else(|no| gone(no.code), |_| true)
            })),
            run(Box::new(move |partition| {
                let fetched = partition.fetch(&crate::testing::wanted(partition.high_watermark().0), 100, true);
                fetched.map_or_else(|code| code == ErrorCode::OffsetOutOfRange || gone(code), |_| true)
            })),
            run(Box::new(move |partition| partition.delete_records(-1).map_or_else(gone, |_| true))),
        ];
        while partition(&replicas, "t", 0).log_start() < Offset(10) {
            std::thread::yield_now();
        }
        world.delete(&replicas, "t");
        world.create(&replicas, "t", 1);
        produce(&replicas, "t", &["new"]);
        for user in users {
            world.block_on(user).unwrap();
        }
        assert_eq!(world.checkpoint(0, LOG_STARTS, "t", 0), None);
        let replicas = world.kill(Arc::into_inner(replicas).unwrap());
        assert_eq!(read(&replicas, "t"), ["new"]);
    }
}
