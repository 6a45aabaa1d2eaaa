//! Log directories on both disks.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use klamm_base::{NodeId, Offset, TopicId, TopicPartition};
use klamm_env::{Clock, Disk, DiskMem, DiskOs, Random};

use crate::dirs::Offsets;
use crate::testing::NOW_MS;
use crate::{DirError, LogDir, PartitionMetadata, parse_partition_dir_name};

const ID: TopicId = TopicId([7; 16]);

/// A folder on each kind of disk.
fn each() -> Vec<(Arc<dyn Disk>, PathBuf, Option<tempfile::TempDir>)> {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("data");
    vec![
        (Arc::new(DiskOs), path, Some(root)),
        (Arc::new(DiskMem::new(Clock::manual(NOW_MS))), PathBuf::from("/data"), None),
    ]
}

fn orders(partition: i32) -> TopicPartition {
    TopicPartition::new("orders", partition)
}

#[test]
fn one_process_holds_a_directory_w11() {
    for (disk, path, _root) in each() {
        let held = LogDir::open(disk.clone(), &path).unwrap();
        assert!(matches!(LogDir::open(disk.clone(), &path), Err(DirError::Locked { .. })));
        drop(held);
        assert!(LogDir::open(disk, &path).is_ok());
    }
}

#[test]
fn a_directory_of_another_owner_is_refused_w11() {
    for (disk, path, _root) in each() {
        let dir = LogDir::open(disk.clone(), &path).unwrap();
        assert_eq!(dir.meta().unwrap(), None);
        let meta = dir.claim("cluster-a", NodeId(1), ID).unwrap();
        assert_eq!((meta.cluster_id.as_str(), meta.directory_id), ("cluster-a", Some(ID)));
        assert_eq!(dir.claim("cluster-a", NodeId(1), TopicId([9; 16])).unwrap(), meta, "the id stays");
        assert!(matches!(dir.claim("cluster-b", NodeId(1), ID), Err(DirError::ClusterMismatch { .. })));
        assert!(matches!(dir.claim("cluster-a", NodeId(2), ID), Err(DirError::NodeMismatch { .. })));
        disk.replace(&path.join("meta.properties"), b"nonsense").unwrap();
        assert!(matches!(dir.claim("cluster-a", NodeId(1), ID), Err(DirError::BadMeta { .. })));
    }
}

#[test]
fn the_marker_of_a_clean_stop_is_taken_once_w1() {
    for (disk, path, _root) in each() {
        let dir = LogDir::open(disk.clone(), &path).unwrap();
        assert!(!dir.take_clean_marker().unwrap());
        dir.put_clean_marker(-1).unwrap();
        let marker = disk.read(&path.join(".kafka_cleanshutdown")).unwrap();
        assert_eq!(marker, &br#"{"version":0,"brokerEpoch":-1}"#[..]);
        assert!(dir.take_clean_marker().unwrap());
        assert!(!dir.take_clean_marker().unwrap());
    }
}

#[test]
fn only_partitions_are_listed() {
    for (disk, path, _root) in each() {
        let dir = LogDir::open(disk.clone(), &path).unwrap();
        for name in
            ["orders-0", "a-b-12", "__cluster_metadata-0", "lost+found", "raft", "x-1.ab-stray", "x-1.ab-future"]
        {
            disk.create_dir_all(&path.join(name)).unwrap();
        }
        disk.create_dir_all(&path.join("x-1.0123-delete")).unwrap();
        let listing = dir.list().unwrap();
        let names: Vec<String> = listing.partitions.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["a-b-12", "orders-0"]);
        assert_eq!(listing.doomed, [path.join("x-1.0123-delete")]);
        dir.remove_doomed(&listing.doomed[0]).unwrap();
        dir.remove_doomed(&listing.doomed[0]).unwrap();
        assert!(dir.list().unwrap().doomed.is_empty());
    }
}

#[test]
fn names_of_folders_are_parsed_as_kafka_does() {
    assert_eq!(parse_partition_dir_name("a-b-12"), Some(TopicPartition::new("a-b", 12)));
    for name in [
        "",
        "-",
        "-0",
        "orders",
        "orders-",
        "orders-x",
        "orders--1-",
        "orders-1.ab-delete",
        "or ders-1",
        "orders-99999999999",
        "ä-1",
        "..-1",
    ] {
        assert_eq!(parse_partition_dir_name(name), None, "{name:?}");
    }
}

#[test]
fn a_deleted_partition_gets_another_name_of_legal_length() {
    for (disk, path, _root) in each() {
        let dir = LogDir::open(disk.clone(), &path).unwrap();
        let long = TopicPartition::new("t".repeat(249), 10);
        for partition in [orders(3), long] {
            let folder = dir.partition_path(&partition);
            PartitionMetadata { topic_id: ID }.write(disk.as_ref(), &folder).unwrap();
            assert_eq!(PartitionMetadata::read(disk.as_ref(), &folder).unwrap().map(|meta| meta.topic_id), Some(ID));
            let doomed = dir.doom(&partition, [0xab; 16]).unwrap();
            let name = doomed.file_name().unwrap().to_str().unwrap().to_owned();
            assert!(
                name.len() <= 255 && name.ends_with(&format!("-{}.{}-delete", partition.partition, "ab".repeat(16)))
            );
            assert!(!disk.exists(&folder));
            assert_eq!(PartitionMetadata::read(disk.as_ref(), &folder).unwrap(), None);
            assert!(dir.list().unwrap().doomed.contains(&doomed));
        }
        disk.create_dir_all(&dir.partition_path(&orders(4))).unwrap();
        let stray = dir.set_stray(&orders(4), [1; 16]).unwrap();
        assert!(disk.exists(&stray) && dir.list().unwrap().partitions.is_empty());
    }
}

#[test]
fn checkpoints_come_back_and_damaged_hints_are_forgotten_w2() {
    for (disk, path, _root) in each() {
        let dir = LogDir::open(disk.clone(), &path).unwrap();
        assert!(dir.recovery_points().unwrap().is_empty());
        let offsets: Offsets = [(orders(0), Offset(5)), (orders(1), Offset(0))].into();
        dir.save_recovery_points(&offsets).unwrap();
        dir.save_high_watermarks(&offsets).unwrap();
        assert_eq!((dir.recovery_points().unwrap(), dir.high_watermarks().unwrap()), (offsets.clone(), offsets));
        disk.replace(&path.join("recovery-point-offset-checkpoint"), b"0\n3\n").unwrap();
        disk.replace(&path.join("replication-offset-checkpoint"), &[0; 100]).unwrap();
        assert!(dir.recovery_points().unwrap().is_empty() && dir.high_watermarks().unwrap().is_empty());
    }
}

#[test]
fn a_log_start_survives_a_power_cut_and_damage_is_not_overlooked_d6() {
    for seed in 0..20 {
        let disk = DiskMem::new(Clock::manual(NOW_MS));
        let path = Path::new("/data");
        let shared: Arc<dyn Disk> = Arc::new(disk.clone());
        shared.create_dir_all(path).unwrap();
        shared.sync_dir(Path::new("/")).unwrap();
        let dir = LogDir::open(shared.clone(), path).unwrap();
        dir.save_log_start(&orders(0), Some(Offset(10))).unwrap();
        dir.save_log_start(&orders(1), Some(Offset(20))).unwrap();
        dir.save_log_start(&orders(1), None).unwrap();
        dir.save_log_start(&orders(0), Some(Offset(30))).unwrap();
        drop(dir);
        disk.crash(&Random::from_seed(seed));
        let dir = LogDir::open(shared.clone(), path).unwrap();
        assert_eq!(dir.log_starts(), Offsets::from([(orders(0), Offset(30))]));
        drop(dir);
        shared.replace(&path.join("log-start-offset-checkpoint"), b"0\n7\n").unwrap();
        assert!(matches!(LogDir::open(shared, path), Err(DirError::BadCheckpoint { .. })));
    }
}
