//! The contract of a disk, held by the real one and the simulated one alike.

use std::io::{ErrorKind, IoSlice, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::sync::Arc;

use crate::{Clock, Disk, DiskMem, DiskOs, Mode, Random};

fn on_both(case: impl Fn(Arc<dyn Disk>, &Path)) {
    let dir = tempfile::tempdir().unwrap();
    case(Arc::new(DiskOs), dir.path());
    let memory = DiskMem::new(Clock::manual(0));
    memory.create_dir_all(Path::new("/top")).unwrap();
    case(Arc::new(memory), Path::new("/top"));
}

#[test]
fn what_is_written_in_slices_is_read_as_one() {
    on_both(|disk, dir| {
        let file = disk.open(&dir.join("f"), Mode::Create).unwrap();
        file.write_at(0, &mut [IoSlice::new(b"abc"), IoSlice::new(b""), IoSlice::new(b"def")]).unwrap();
        assert_eq!(&file.read_at(1, 4).unwrap()[..], b"bcde");
        assert_eq!(&file.read_at(4, 100).unwrap()[..], b"ef", "a read stops where the file ends");
        assert!(file.read_at(50, 1).unwrap().is_empty());
        file.set_len(2).unwrap();
        assert_eq!(file.len().unwrap(), 2);
    });
}

#[test]
fn what_says_no_length_is_read_to_its_end() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let long = vec![b'x'; 200_000];
    let (expected, path) = (long.clone(), format!("/dev/fd/{}", reader.as_raw_fd()));
    let read = std::thread::scope(|scope| {
        scope.spawn(move || writer.write_all(&long).unwrap());
        DiskOs.read(Path::new(&path)).unwrap()
    });
    assert_eq!(read.len(), expected.len());
    assert!(read == expected);
    assert!(DiskOs.read(Path::new("/proc/self/status")).unwrap().starts_with(b"Name:"));
    let endless = DiskOs.read(Path::new("/dev/zero")).unwrap_err();
    assert_eq!(endless.kind(), ErrorKind::FileTooLarge);
}

#[test]
fn replace_leaves_no_temporary_file() {
    on_both(|disk, dir| {
        disk.replace(&dir.join("f"), b"one").unwrap();
        disk.replace(&dir.join("f"), b"two").unwrap();
        assert_eq!(&disk.read(&dir.join("f")).unwrap()[..], b"two");
        assert_eq!(disk.list(dir).unwrap().len(), 1);
    });
}

#[test]
fn a_missing_file_is_not_found() {
    on_both(|disk, dir| {
        assert_eq!(disk.open(&dir.join("no"), Mode::Write).err().unwrap().kind(), ErrorKind::NotFound);
        assert_eq!(disk.remove_file(&dir.join("no")).unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(disk.list(&dir.join("no")).unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn a_folder_moves_with_its_files() {
    on_both(|disk, dir| {
        disk.create_dir_all(&dir.join("a")).unwrap();
        disk.replace(&dir.join("a/f"), b"x").unwrap();
        disk.rename(&dir.join("a"), &dir.join("b")).unwrap();
        assert!(disk.exists(&dir.join("b/f")) && !disk.exists(&dir.join("a")));
        disk.remove_dir_all(&dir.join("b")).unwrap();
        assert!(disk.list(dir).unwrap().is_empty());
    });
}

#[test]
fn a_lock_is_held_by_one_and_given_back() {
    on_both(|disk, dir| {
        let held = disk.lock(&dir.join(".lock")).unwrap();
        assert_eq!(disk.lock(&dir.join(".lock")).err().unwrap().kind(), ErrorKind::WouldBlock);
        drop(held);
        disk.lock(&dir.join(".lock")).unwrap();
    });
}

#[test]
fn a_crash_keeps_what_was_synced() {
    for seed in 0..200 {
        let random = Random::from_seed(seed);
        let disk = DiskMem::new(Clock::manual(0));
        let dir = Path::new("/d");
        disk.create_dir_all(dir).unwrap();
        let file = disk.open(&dir.join("f"), Mode::Create).unwrap();
        file.write_at(0, &mut [IoSlice::new(&[1; 2000])]).unwrap();
        file.sync_data().unwrap();
        disk.sync_dir(dir).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        file.write_at(2000, &mut [IoSlice::new(&[2; 2000])]).unwrap();
        disk.crash(&random);
        let kept = disk.read(&dir.join("f")).unwrap();
        assert!(kept.len() >= 2000 && kept[..2000].iter().all(|byte| *byte == 1), "seed {seed}");
    }
}

#[test]
fn a_crash_may_take_what_was_not_synced() {
    let lost = (0..50).filter(|seed| {
        let disk = DiskMem::new(Clock::manual(0));
        disk.create_dir_all(Path::new("/d")).unwrap();
        disk.sync_dir(Path::new("/")).unwrap();
        disk.open(Path::new("/d/f"), Mode::Create).unwrap();
        disk.crash(&Random::from_seed(*seed));
        !disk.exists(Path::new("/d/f"))
    });
    let lost = lost.count();
    assert!(lost > 5 && lost < 45, "{lost} of 50");
}

#[test]
fn an_injected_fault_fails_the_call_it_is_set_for() {
    let disk = DiskMem::new(Clock::manual(0));
    disk.create_dir_all(Path::new("/d")).unwrap();
    let file = disk.open(Path::new("/d/f"), Mode::Create).unwrap();
    disk.fail_after(Some(1));
    file.write_at(0, &mut [IoSlice::new(b"ok")]).unwrap();
    assert!(file.sync_data().is_err());
    disk.fail_after(None);
    file.sync_data().unwrap();
}

#[test]
fn whether_a_folder_may_be_written_is_told_without_writing() {
    on_both(|disk, dir| {
        disk.may_write(dir).unwrap();
        assert!(disk.list(dir).unwrap().is_empty());
        assert_eq!(disk.may_write(&dir.join("missing")).unwrap_err().kind(), ErrorKind::NotFound);
    });
}
