//! What survives a kill and a power cut: torn ends at every byte, lost and damaged files, and a model that is crashed by
//! chance again and again.

use std::collections::BTreeMap;

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset};
use klamm_env::{DiskMem, Random};
use klamm_record::Batch;

use crate::testing::{NOW_MS, Spec, World, append, check, fill, read_all};
use crate::{OpenOptions, Reader, Writer};

#[test]
fn a_torn_batch_is_cut_at_every_byte_w1() {
    let (world, _) = World::simulated();
    let (mut writer, reader) = world.open();
    fill(&mut writer, 3);
    let before = read_all(&reader);
    let whole = reader.size_bytes();
    append(&mut writer, Spec::of(2)).unwrap();
    let path = world.path(0, "log");
    let bytes = world.bytes(&path);
    drop((writer, reader));
    for cut in whole as usize..bytes.len() {
        for fill in [None, Some(0), Some(0xff)] {
            let mut torn = bytes[..cut].to_vec();
            torn.resize(if fill.is_some() { bytes.len() } else { cut }, fill.unwrap_or(0));
            if torn == bytes {
                continue;
            }
            world.put(&path, &torn);
            let (mut writer, reader) = world.open_at(Offset(0), Offset(0));
            assert_eq!(read_all(&reader), before, "cut at {cut}, filled with {fill:?}");
            assert_eq!(append(&mut writer, Spec::of(1)).unwrap().base_offset, Offset(9));
            check(&world, &reader);
        }
    }
}

#[test]
fn nothing_behind_a_hole_comes_back_w4() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 60);
        let segments = reader.shared.segments();
        let (second, count) = (segments[1].base_offset, segments.len());
        assert!(count > 3);
        drop((writer, reader));
        let path = world.path(second.0, "log");
        let mut bytes = world.bytes(&path);
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        world.put(&path, &bytes);
        let (mut writer, reader) = world.open();
        assert_eq!(reader.segment_count(), 2, "later segments are gone");
        assert!(reader.leo() > second && reader.leo() < segments[2].base_offset);
        assert_eq!(world.names().iter().filter(|name| name.ends_with(".log")).count(), 2);
        check(&world, &reader);
        fill(&mut writer, 30);
        check(&world, &reader);
    }
}

#[test]
fn a_segment_that_lost_its_last_batch_ends_the_log_w4() {
    let (world, _) = World::simulated();
    let (mut writer, reader) = world.open();
    fill(&mut writer, 60);
    let last = reader.read(reader.shared.segments()[1].base_offset.plus(-1), 0, true, reader.leo()).unwrap();
    drop((writer, reader));
    let path = world.path(0, "log");
    let bytes = world.bytes(&path);
    world.put(&path, &bytes[..bytes.len() - last.bytes.len()]);
    let (_, reader) = world.open();
    assert_eq!(reader.leo().0, last.next_offset.0 - 3);
    assert_eq!(reader.segment_count(), 1);
}

#[test]
fn segments_below_the_recovery_point_are_not_scanned_w1() {
    let (world, _) = World::simulated();
    let (mut writer, reader) = world.open();
    fill(&mut writer, 60);
    let leo = writer.flush().unwrap();
    let active = reader.active_base_offset();
    drop((writer, reader));
    let path = world.path(0, "log");
    let mut bytes = world.bytes(&path);
    bytes[100] ^= 1;
    world.put(&path, &bytes);
    let (_, reader) = world.open_at(leo, Offset(0));
    assert_eq!(reader.leo(), leo, "damage below is left to readers");
    assert_eq!(reader.recovery_point(), leo);
    let (_, reader) = world.open_at(active, Offset(0));
    assert_eq!((reader.leo(), reader.recovery_point()), (leo, active));
}

#[test]
fn lost_and_damaged_indexes_are_made_anew_w3() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 60);
        let bases: Vec<i64> = reader.shared.segments().iter().map(|segment| segment.base_offset.0).collect();
        let before = read_all(&reader);
        writer.close().unwrap();
        let good: BTreeMap<_, _> = index_files(&world, &bases);
        for base in &bases {
            for suffix in ["index", "timeindex"] {
                let path = world.path(*base, suffix);
                let bytes = &good[&(*base, suffix)];
                let padded = [bytes.as_slice(), &[0; 240]].concat();
                let half = bytes[..bytes.len() - 3].to_vec();
                let garbage = vec![0xa5; bytes.len()];
                for damage in [None, Some(padded), Some(half), Some(garbage)] {
                    match damage {
                        None => world.disk.remove_file(&path).unwrap(),
                        Some(bytes) => world.put(&path, &bytes),
                    }
                    let (writer, reader) = world.open_clean();
                    assert_eq!(read_all(&reader), before);
                    check(&world, &reader);
                    writer.close().unwrap();
                    assert_eq!(index_files(&world, &bases), good);
                }
            }
        }
    }
}

fn index_files(world: &World, bases: &[i64]) -> BTreeMap<(i64, &'static str), Vec<u8>> {
    let each = bases.iter().flat_map(|base| ["index", "timeindex"].map(|suffix| (*base, suffix)));
    each.map(|(base, suffix)| ((base, suffix), world.bytes(&world.path(base, suffix)))).collect()
}

#[test]
fn a_sealed_index_with_a_lie_in_the_middle_does_not_mislead_a_reader() {
    let (world, _) = World::simulated();
    let (mut writer, reader) = world.open();
    fill(&mut writer, 60);
    let before = read_all(&reader);
    writer.close().unwrap();
    let path = world.path(0, "index");
    let good = world.bytes(&path);
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x11;
        world.put(&path, &bad);
        let (_, reader) = world.open_clean();
        for batch in &before[..20] {
            let offset = batch.header.base_offset.plus(1);
            assert_eq!(
                reader.read(offset, 0, true, reader.leo()).unwrap().bytes,
                batch.bytes,
                "byte {at}, offset {offset}"
            );
        }
    }
}

#[test]
fn epochs_follow_the_log_when_their_file_is_lost_or_damaged_w2() {
    for world in World::each() {
        let (mut writer, _) = world.open();
        for epoch in [1, 1, 4, 6] {
            let batch = Spec::of(2).batch();
            writer.append(&batch, LeaderEpoch(epoch), crate::Origin::Client, NOW_MS).unwrap();
        }
        writer.close().unwrap();
        let path = world.dir.join("leader-epoch-checkpoint");
        for damage in [None, Some(&b""[..]), Some(b"0\n9\n0 0\n"), Some(b"\0\0\0\0")] {
            match damage {
                None => world.disk.remove_file(&path).unwrap(),
                Some(bytes) => world.put(&path, bytes),
            }
            let (writer, reader) = world.open_clean();
            let entries: Vec<_> = reader.epochs().entries().iter().map(|e| (e.epoch.0, e.start_offset.0)).collect();
            assert_eq!(entries, [(1, 0), (4, 4), (6, 6)]);
            writer.close().unwrap();
            assert_eq!(world.bytes(&path), b"0\n3\n1 0\n4 4\n6 6\n", "the file is made again");
        }
    }
}

#[test]
fn a_log_that_ends_before_its_start_begins_anew_w5() {
    for world in World::each() {
        let (mut writer, _) = world.open();
        fill(&mut writer, 30);
        drop(writer);
        let (mut writer, reader) = world.open_at(Offset(0), Offset(500));
        assert_eq!((reader.log_start(), reader.leo(), reader.size_bytes()), (Offset(500), Offset(500), 0));
        assert_eq!(append(&mut writer, Spec::of(1)).unwrap().base_offset, Offset(500));
        check(&world, &reader);
    }
}

#[test]
fn left_overs_of_deletion_and_compaction_are_put_in_order() {
    for world in World::each() {
        let (mut writer, reader) = world.open();
        fill(&mut writer, 60);
        let bases: Vec<i64> = reader.shared.segments().iter().map(|segment| segment.base_offset.0).collect();
        let before = read_all(&reader);
        writer.close().unwrap();
        let second = world.bytes(&world.path(bases[1], "log"));
        world.put(&world.path(bases[1], "log.swap"), &second);
        world.put(&world.path(bases[1], "log"), b"the old one");
        world.put(&world.path(bases[2], "log.cleaned"), b"half");
        world.put(&world.path(bases[2], "log.swap"), b"not whole, since a file being cleaned begins here");
        world.put(&world.path(7777, "index"), b"without a log");
        world.put(&world.path(8888, "log.deleted"), b"on its way");
        world.put(&world.path(0, "index.tmp"), b"half");
        let (_, reader) = world.open_clean();
        assert_eq!(read_all(&reader), before);
        let odd = |name: &String| !["log", "index", "timeindex", "snapshot"].iter().any(|end| name.ends_with(end));
        let left: Vec<String> = world.names().into_iter().filter(odd).collect();
        assert_eq!(left, ["leader-epoch-checkpoint"]);
        assert!(!world.names().iter().any(|name| name.contains("7777") || name.contains("8888")));
        check(&world, &reader);
    }
}

/// A log that is written, flushed, cut short and crashed by chance, beside a list of what it must hold.
struct Model {
    world: World,
    disk: DiskMem,
    random: Random,
    writer: Option<(Writer, Reader)>,
    /// Every batch that was ever appended in the log's present history, by base offset.
    appended: BTreeMap<Offset, Bytes>,
    recovery_point: Offset,
    log_start: Offset,
    epoch: i32,
    sequence: i32,
}

impl Model {
    fn new(seed: u64) -> Model {
        let (world, disk) = World::simulated();
        let mut model = Model {
            world,
            disk,
            random: Random::from_seed(seed),
            writer: None,
            appended: BTreeMap::new(),
            recovery_point: Offset(0),
            log_start: Offset(0),
            epoch: 0,
            sequence: 0,
        };
        model.open(false);
        model
    }

    fn open(&mut self, clean_shutdown: bool) {
        let options = OpenOptions {
            clean_shutdown,
            recovery_point: self.recovery_point,
            log_start: self.log_start,
            now_ms: NOW_MS,
        };
        self.writer = Some(self.world.open_with(options));
    }

    fn writer(&mut self) -> &mut Writer {
        &mut self.writer.as_mut().unwrap().0
    }

    fn reader(&self) -> Reader {
        self.writer.as_ref().unwrap().1.clone()
    }

    fn append(&mut self) {
        self.epoch += i32::from(self.random.below(20) == 0);
        let records = 1 + self.random.below(5) as i32;
        let timestamp_ms = NOW_MS + self.random.below(1000) as i64;
        let value_bytes = self.random.below(300) as usize;
        let spec = Spec { value_bytes, ..Spec::of(records).at(timestamp_ms).from(1, 0, self.sequence) };
        let epoch = LeaderEpoch(self.epoch);
        let appended = self.writer().append(&spec.batch(), epoch, crate::Origin::Client, NOW_MS).unwrap();
        assert!(!appended.duplicate);
        self.sequence += records;
        let slice = self.reader().read(appended.base_offset, 0, true, appended.last_offset.plus(1)).unwrap();
        self.appended.insert(appended.base_offset, slice.bytes);
    }

    fn flush(&mut self) {
        self.recovery_point = self.writer().flush().unwrap();
    }

    fn delete(&mut self) {
        let reader = self.reader();
        let span = reader.leo().0 - reader.log_start().0;
        let to = reader.log_start().plus(self.random.below(span as u64 + 1) as i64);
        self.log_start = self.writer().delete_records(to).unwrap();
        self.writer().retire_segments(NOW_MS).unwrap();
        if self.random.below(2) == 0 {
            self.writer().remove_expired_files(i64::MAX).unwrap();
        }
    }

    /// A stop of some kind, and the next start. What was flushed must be there; the rest may be lost from some batch on.
    fn restart(&mut self) {
        let leo_before = self.reader().leo();
        let (writer, reader) = self.writer.take().unwrap();
        drop(reader);
        let mut clean = false;
        match self.random.below(3) {
            0 => {
                self.recovery_point = writer.close().unwrap();
                clean = true;
                if self.random.below(2) == 0 {
                    self.disk.crash(&self.random);
                }
            }
            1 => drop(writer),
            _ => {
                drop(writer);
                self.disk.crash(&self.random);
                self.open(false);
                return self.after_crash();
            }
        }
        self.open(clean);
        if !self.appended.is_empty() {
            assert_eq!(self.reader().leo(), leo_before, "a stop without a power cut loses nothing");
        }
        self.compare();
    }

    fn after_crash(&mut self) {
        let leo = self.reader().leo();
        assert!(leo >= self.recovery_point, "what was flushed survives: {leo} < {}", self.recovery_point);
        self.appended.retain(|base, _| *base < leo);
        let kept: i32 = self.writer().producers().map(|producer| producer.last_sequence().0 + 1).sum();
        self.sequence = kept;
        self.compare();
    }

    /// That the log holds exactly what the model says, from the log start on.
    fn compare(&self) {
        let reader = self.reader();
        assert!(reader.log_start() >= self.log_start);
        let found = read_all(&reader);
        let first = found.first().map_or(reader.leo(), |batch| batch.header.base_offset);
        let wanted: Vec<Bytes> = self.appended.range(first..).map(|(_, bytes)| bytes.clone()).collect();
        let found: Vec<Bytes> = found.into_iter().map(|batch: Batch| batch.bytes).collect();
        assert_eq!(found, wanted);
        check(&self.world, &reader);
    }
}

#[test]
fn a_log_keeps_its_promises_through_any_history() {
    for seed in 0..60 {
        let mut model = Model::new(seed);
        let run = std::panic::AssertUnwindSafe(|| {
            for _ in 0..120 {
                match model.random.below(40) {
                    0..30 => model.append(),
                    30..34 => model.flush(),
                    34..36 => model.delete(),
                    36 => model.compare(),
                    _ => model.restart(),
                }
            }
        });
        if let Err(panic) = std::panic::catch_unwind(run) {
            eprintln!("seed {seed}");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn a_disk_that_fails_at_any_call_leaves_a_log_that_opens_again_w8() {
    for call in 0..60 {
        let (world, disk) = World::simulated();
        let (mut writer, reader) = world.open();
        fill(&mut writer, 8);
        disk.fail_after(Some(call));
        let mut acked = 8 * 3;
        for _ in 0..30 {
            match append(&mut writer, Spec::of(3)) {
                Ok(appended) => acked = appended.last_offset.0 + 1,
                Err(_) => assert!(append(&mut writer, Spec::of(3)).is_err(), "a poisoned log stays so"),
            }
            if acked % 15 == 0 {
                let _ = writer.flush();
            }
        }
        assert_eq!(reader.leo(), Offset(acked));
        disk.fail_after(None);
        drop((writer, reader));
        let (_, reader) = world.open();
        assert!(reader.leo().0 >= acked, "call {call}: what was acknowledged is there");
        check(&world, &reader);
    }
}
