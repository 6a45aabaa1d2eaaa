use openraft::EntryPayload;

use crate::Error;
use crate::disk::{Change, Loaded, RaftDisk};
use crate::sled_disk::SledDisk;
use crate::types::{Batch, Entry, Vote, log_id};

fn entry(index: u64, bytes: usize) -> Entry {
    Entry { log_id: log_id(1, index), payload: EntryPayload::Normal(Batch(vec![index as u8; bytes])) }
}

fn after(changes: &[Change]) -> Loaded {
    let dir = tempfile::tempdir().unwrap();
    let mut disk = SledDisk::open(dir.path()).unwrap();
    changes.iter().for_each(|change| disk.write(change).unwrap());
    disk.sync().unwrap();
    drop(disk);
    SledDisk::open(dir.path()).unwrap().load().unwrap()
}

#[test]
fn what_was_written_is_there_after_opening_again() {
    let loaded = after(&[
        Change::Identity(77),
        Change::Append(vec![entry(0, 10), entry(1, 0)]),
        Change::Vote(Vote::new(5, 77)),
        Change::Committed(log_id(1, 1)),
    ]);
    assert_eq!(loaded.entries, [entry(0, 10), entry(1, 0)]);
    assert_eq!((loaded.identity, loaded.vote), (Some(77), Some(Vote::new(5, 77))));
    assert_eq!((loaded.committed, loaded.purged), (Some(log_id(1, 1)), None));
}

#[test]
fn a_large_entry_is_kept_in_pieces_and_a_shorter_one_in_its_place_leaves_none_of_them() {
    let large = entry(1, 1_000_000);
    let loaded = after(&[Change::Append(vec![entry(0, 1), large.clone(), entry(2, 5000)])]);
    assert_eq!(loaded.entries[1], large);
    let loaded = after(&[Change::Append(vec![entry(0, 1), large]), Change::Append(vec![entry(1, 3), entry(2, 3)])]);
    assert_eq!(loaded.entries, [entry(0, 1), entry(1, 3), entry(2, 3)]);
}

#[test]
fn large_entries_leave_no_file_that_sled_would_not_sync() {
    let dir = tempfile::tempdir().unwrap();
    let mut disk = SledDisk::open(dir.path()).unwrap();
    for index in 0..20 {
        disk.write(&Change::Append(vec![entry(index, 200_000)])).unwrap();
        disk.sync().unwrap();
    }
    let blobs = std::path::Path::new(dir.path()).join("blobs");
    #[allow(clippy::disallowed_methods, reason = "looks at sled's own files")]
    let blobs = std::fs::read_dir(blobs).map_or(0, Iterator::count);
    assert_eq!(blobs, 0);
}

#[test]
fn truncating_and_purging_keep_the_middle() {
    let loaded = after(&[
        Change::Append((0..10).map(|index| entry(index, 6000)).collect()),
        Change::TruncateFrom(8),
        Change::PurgeUpto(log_id(1, 3)),
    ]);
    assert_eq!(loaded.purged, Some(log_id(1, 3)));
    assert_eq!(loaded.entries, (4..8).map(|index| entry(index, 6000)).collect::<Vec<_>>());
}

#[test]
fn a_gap_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let mut disk = SledDisk::open(dir.path()).unwrap();
    disk.write(&Change::Append(vec![entry(0, 1), entry(2, 1)])).unwrap();
    let error = disk.load().unwrap_err();
    assert!(matches!(&error, Error::Damaged { what, .. } if what.contains("entry 1")), "{error}");
}

#[test]
fn a_second_opener_is_told_that_the_store_is_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let held = SledDisk::open(dir.path()).unwrap();
    assert!(matches!(SledDisk::open(dir.path()).err(), Some(Error::InUse(_))));
    drop(held);
    SledDisk::open(dir.path()).unwrap();
}

#[test]
#[allow(clippy::disallowed_methods, reason = "puts a file where sled would leave it")]
fn a_file_that_an_interrupted_opening_left_does_not_stop_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut disk = SledDisk::open(dir.path()).unwrap();
    disk.write(&Change::Append(vec![entry(0, 1)])).unwrap();
    disk.sync().unwrap();
    drop(disk);
    std::fs::write(dir.path().join("snap.0000000000000123.generating"), b"half").unwrap();
    assert_eq!(SledDisk::open(dir.path()).unwrap().load().unwrap().entries, [entry(0, 1)]);
}

#[test]
#[allow(clippy::disallowed_methods, reason = "damages a file of sled's")]
fn damage_never_yields_entries_that_were_not_written() {
    for first in [600, 3000, 30_000, 200_000] {
        let dir = tempfile::tempdir().unwrap();
        let mut disk = SledDisk::open(dir.path()).unwrap();
        let written: Vec<Entry> = (0..200).map(|index| entry(index, 2000)).collect();
        written.iter().for_each(|entry| disk.write(&Change::Append(vec![entry.clone()])).unwrap());
        disk.sync().unwrap();
        drop(disk);
        let path = dir.path().join("db");
        let mut bytes = std::fs::read(&path).unwrap();
        (first..bytes.len()).step_by(977).for_each(|at| bytes[at] ^= 0x55);
        std::fs::write(&path, &bytes).unwrap();
        match SledDisk::open(dir.path()).and_then(|mut disk| disk.load()) {
            Ok(loaded) => assert!(written.starts_with(&loaded.entries), "from byte {first}"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
