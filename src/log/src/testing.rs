//! What the tests of this room share: batches, a world that can crash, and a check that indexes agree with the log.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};
use klamm_env::{Clock, Disk, DiskMem, DiskOs};
use klamm_record::{Batch, BatchBuilder, Codec, batches};

use crate::{
    AppendError, Appendable, Appended, LogConfig, OpenOptions, Origin, Reader, Writer, parse_offset_index,
    parse_time_index,
};

/// Wall time at which tests begin, in milliseconds.
pub(crate) const NOW_MS: i64 = 1_700_000_000_000;

/// A folder on some disk, and the settings with which logs are opened there.
pub(crate) struct World {
    pub disk: Arc<dyn Disk>,
    pub dir: PathBuf,
    pub config: LogConfig,
    _root: Option<tempfile::TempDir>,
}

impl World {
    /// On the real disk.
    pub(crate) fn real() -> World {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("orders-0");
        World { disk: Arc::new(DiskOs), dir, config: small_config(), _root: Some(root) }
    }

    /// On a simulated disk, which is given too.
    pub(crate) fn simulated() -> (World, DiskMem) {
        let disk = DiskMem::new(Clock::manual(NOW_MS));
        let shared = Arc::new(disk.clone());
        (World { disk: shared, dir: PathBuf::from("/data/orders-0"), config: small_config(), _root: None }, disk)
    }

    /// Both.
    pub(crate) fn each() -> Vec<World> {
        vec![World::real(), World::simulated().0]
    }

    pub(crate) fn open(&self) -> (Writer, Reader) {
        self.open_at(Offset::ZERO, Offset::ZERO)
    }

    /// Opens after an unclean stop.
    pub(crate) fn open_at(&self, recovery_point: Offset, log_start: Offset) -> (Writer, Reader) {
        self.open_with(OpenOptions { clean_shutdown: false, recovery_point, log_start, now_ms: NOW_MS })
    }

    /// Opens after a clean stop.
    pub(crate) fn open_clean(&self) -> (Writer, Reader) {
        let (recovery_point, log_start) = (Offset::ZERO, Offset::ZERO);
        self.open_with(OpenOptions { clean_shutdown: true, recovery_point, log_start, now_ms: NOW_MS })
    }

    pub(crate) fn open_with(&self, options: OpenOptions) -> (Writer, Reader) {
        Writer::open(self.disk.clone(), &self.dir, self.config.clone(), &options).unwrap()
    }

    /// The names in the folder.
    pub(crate) fn names(&self) -> Vec<String> {
        self.disk.list(&self.dir).unwrap().into_iter().map(|entry| entry.name).collect()
    }

    pub(crate) fn path(&self, base: i64, suffix: &str) -> PathBuf {
        self.dir.join(format!("{base:020}.{suffix}"))
    }

    pub(crate) fn bytes(&self, path: &Path) -> Vec<u8> {
        self.disk.read(path).unwrap().to_vec()
    }

    /// Overwrites a file.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) {
        self.disk.replace(path, bytes).unwrap();
    }
}

/// Segments of some 2 KB with many index entries.
pub(crate) fn small_config() -> LogConfig {
    LogConfig { segment_bytes: 2048, index_interval_bytes: 200, ..LogConfig::default() }
}

/// What a batch of a test is made of.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    pub records: i32,
    pub value_bytes: usize,
    pub timestamp_ms: i64,
    pub producer: Option<(i64, i16, i32)>,
    pub codec: Codec,
}

impl Spec {
    pub(crate) fn of(records: i32) -> Spec {
        Spec { records, value_bytes: 20, timestamp_ms: NOW_MS, producer: None, codec: Codec::None }
    }

    pub(crate) fn at(self, timestamp_ms: i64) -> Spec {
        Spec { timestamp_ms, ..self }
    }

    /// With a producer id, its epoch, and the first sequence.
    pub(crate) fn from(self, id: i64, epoch: i16, sequence: i32) -> Spec {
        Spec { producer: Some((id, epoch, sequence)), ..self }
    }

    pub(crate) fn batch(self) -> Appendable {
        let mut builder = BatchBuilder::new(self.codec);
        if let Some((id, epoch, sequence)) = self.producer {
            builder = builder.producer(ProducerId(id), ProducerEpoch(epoch), Sequence(sequence));
        }
        for record in 0..self.records {
            let value = vec![b'a' + (record % 26) as u8; self.value_bytes];
            builder.append(self.timestamp_ms + i64::from(record), Some(b"key"), Some(&value), &[]);
        }
        Appendable::from_bytes(&builder.build()).unwrap()
    }
}

/// Appends as a client, in leader epoch 0.
pub(crate) fn append(writer: &mut Writer, spec: Spec) -> Result<Appended, AppendError> {
    writer.append(&spec.batch(), LeaderEpoch(0), Origin::Client, NOW_MS)
}

/// Appends `count` batches of three records.
pub(crate) fn fill(writer: &mut Writer, count: usize) {
    for n in 0..count {
        append(writer, Spec::of(3).at(NOW_MS + 10 * n as i64)).unwrap();
    }
}

/// All batches from the log start to the end, read bit by bit.
pub(crate) fn read_all(reader: &Reader) -> Vec<Batch> {
    let mut found = Vec::new();
    let mut from = reader.log_start();
    while from < reader.leo() {
        let slice = reader.read(from, 700, true, reader.leo()).unwrap();
        assert!(!slice.bytes.is_empty(), "a read below the end gives something, at {from}");
        found.extend(whole(&slice.bytes));
        assert!(slice.next_offset > from);
        from = slice.next_offset;
    }
    found
}

/// The batches in `bytes`, which must be whole and sound.
pub(crate) fn whole(bytes: &Bytes) -> Vec<Batch> {
    let mut iterator = batches(bytes);
    let found: Vec<Batch> = iterator.by_ref().map(|batch| batch.unwrap()).collect();
    assert_eq!(iterator.whole_bytes(), bytes.len(), "only whole batches are read");
    assert!(found.iter().all(Batch::is_crc_valid));
    found
}

/// That offsets are dense, and that every index on disk and every lookup tells the truth.
pub(crate) fn check(world: &World, reader: &Reader) {
    let found = read_all(reader);
    for pair in found.windows(2) {
        assert_eq!(pair[0].header.next_offset(), pair[1].header.base_offset, "offsets are dense");
    }
    for batch in &found {
        for offset in [batch.header.base_offset, batch.header.last_offset()] {
            if offset >= reader.log_start() {
                let slice = reader.read(offset, 0, true, reader.leo()).unwrap();
                assert_eq!(slice.bytes, batch.bytes, "a read at {offset} gives the batch that holds it");
            }
        }
    }
    for segment in reader.shared.segments().iter() {
        check_indexes(world, segment.base_offset.0);
    }
}

/// That the index files of a segment agree with its batches.
pub(crate) fn check_indexes(world: &World, base: i64) {
    let log = Bytes::from(world.bytes(&world.path(base, "log")));
    let mut placed = std::collections::BTreeMap::new();
    let mut at = 0;
    for batch in batches(&log).map_while(Result::ok) {
        placed.insert(at, batch.header);
        at += batch.header.size_bytes();
    }
    for entry in parse_offset_index(&world.bytes(&world.path(base, "index"))).unwrap() {
        let header = &placed[&(entry.position as usize)];
        assert_eq!(header.last_offset().0, base + i64::from(entry.relative_offset));
    }
    let (mut newest, mut first_with) = (-1, std::collections::BTreeMap::new());
    for header in placed.values() {
        if header.max_timestamp_ms > newest {
            newest = header.max_timestamp_ms;
            first_with.insert(header.last_offset().0, newest);
        }
    }
    for entry in parse_time_index(&world.bytes(&world.path(base, "timeindex"))).unwrap() {
        assert_eq!(first_with.get(&(base + i64::from(entry.relative_offset))), Some(&entry.timestamp_ms));
    }
}
