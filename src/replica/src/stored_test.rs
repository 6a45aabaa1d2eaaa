use std::path::Path;
use std::sync::Arc;

use klamm_base::{LeaderEpoch, TopicId, TopicPartition};
use klamm_env::{Clock, DiskMem, Random};
use klamm_log::{LogDir, OpenOptions, Writer};
use klamm_record::{BatchBuilder, Codec};
use klamm_settings::{EffectiveBroker, Settings, resolve_topic};
use metrics::NoopRecorder;

use super::*;
use crate::config::log_config;
use crate::memory::FetchMemory;
use crate::metric::ReplicaMetrics;
use crate::partition::Opened;
use crate::sessions::Wanted;

const MOST_BYTES: usize = 64 << 20;

/// A partition with batches of one record of each of these sizes.
fn partition(sizes: &[usize]) -> Arc<Partition> {
    let (clock, random) = (Clock::manual(0), Random::from_seed(1));
    let dir = Arc::new(LogDir::open(Arc::new(DiskMem::new(clock.clone())), Path::new("/data")).unwrap());
    let id = TopicPartition::new("orders", 0);
    let settings = Settings::load(None, &[]).unwrap().settings;
    let config = resolve_topic(&Default::default(), &EffectiveBroker::new(Arc::new(settings)));
    let options = OpenOptions {
        clean_shutdown: true,
        recovery_point: Offset::ZERO,
        log_start: Offset::ZERO,
        now_ms: clock.now_ms(),
    };
    let log_config = log_config(&config, 86_400_000, &random);
    let (writer, reader) = Writer::open(dir.disk().clone(), &dir.partition_path(&id), log_config, &options).unwrap();
    let opened = Opened { flusher: writer.flusher(), writer, reader, dir };
    let metrics = ReplicaMetrics::new(Arc::new(NoopRecorder)).topic("orders");
    let topic_id = TopicId::from_random(random.bytes16());
    let partition = Partition::new(id, topic_id, LeaderEpoch(0), opened, config, metrics, clock);
    for (index, size) in sizes.iter().enumerate() {
        let mut batch = BatchBuilder::new(Codec::None);
        batch.append(0, None, Some(&vec![index as u8; *size]), &[]);
        partition.append_own(&batch.build()).unwrap();
    }
    Arc::new(partition)
}

fn wanted() -> Wanted {
    Wanted {
        fetch_offset: Offset(0),
        max_bytes: i32::MAX,
        current_leader_epoch: LeaderEpoch::NONE,
        last_fetched_epoch: LeaderEpoch::NONE,
    }
}

/// The whole partition as an answer would hold it, and its bytes.
fn stored(partition: &Arc<Partition>, memory: &FetchMemory) -> (Stored, Bytes) {
    let fetched = partition.fetch(&wanted(), MOST_BYTES, true).unwrap();
    let held = memory.reserve(fetched.records.len());
    (Stored::new(partition.clone(), &fetched, held), fetched.records)
}

#[test]
fn bytes_that_left_memory_come_back_as_they_were_whenever_that_happens_n11() {
    let partition = partition(&[900_000, 1, 300_000, 70_000, 10, 500_000, 2_000]);
    let memory = FetchMemory::new(MOST_BYTES);
    for step in [1_000, 99_999, 300_100, 1_000_000, 5_000_000] {
        let (mut source, whole) = stored(&partition, &memory);
        let mut written = Vec::new();
        for turn in 0.. {
            assert_eq!(source.remaining(), whole.len() - written.len());
            if source.remaining() == 0 {
                break;
            }
            if turn % 3 != 1 {
                source.release();
                assert_eq!((source.ready().len(), memory.left()), (0, MOST_BYTES));
            }
            source.refill_if_empty();
            let count = source.ready().len().min(step);
            assert!(count > 0);
            written.extend_from_slice(&source.ready()[..count]);
            source.advance(count);
        }
        assert!(written == whole, "in steps of {step}");
        source.release();
        source.refill().unwrap();
        assert_eq!((source.remaining(), memory.left()), (0, MOST_BYTES));
    }
}

#[test]
fn what_comes_back_is_held_in_small_pieces_n11() {
    let partition = partition(&[100_000; 100]);
    let memory = FetchMemory::new(MOST_BYTES);
    let (mut source, whole) = stored(&partition, &memory);
    assert!(whole.len() > 10_000_000);
    source.advance(150_000);
    source.release();
    source.refill().unwrap();
    assert!(MOST_BYTES - memory.left() <= REREAD_BYTES);
    assert_eq!(source.ready(), &whole[150_000..][..source.ready().len()]);
}

#[test]
fn an_answer_whose_topic_was_deleted_meanwhile_cannot_be_finished() {
    let partition = partition(&[100_000; 3]);
    let (mut source, _) = stored(&partition, &FetchMemory::new(MOST_BYTES));
    source.release();
    partition.retire();
    assert!(source.refill().is_err());
}

#[test]
fn an_answer_whose_records_were_deleted_meanwhile_cannot_be_finished() {
    let partition = partition(&[100_000; 3]);
    let (mut source, _) = stored(&partition, &FetchMemory::new(MOST_BYTES));
    source.release();
    partition.delete_records(2).unwrap();
    assert!(source.refill().is_err());
    let (mut kept, whole) = stored_from(&partition, 2);
    kept.release();
    kept.refill().unwrap();
    assert_eq!(kept.ready(), whole);
}

fn stored_from(partition: &Arc<Partition>, offset: i64) -> (Stored, Bytes) {
    let fetched = partition.fetch(&Wanted { fetch_offset: Offset(offset), ..wanted() }, MOST_BYTES, true).unwrap();
    let held = FetchMemory::new(MOST_BYTES).reserve(fetched.records.len());
    (Stored::new(partition.clone(), &fetched, held), fetched.records)
}

impl Stored {
    fn refill_if_empty(&mut self) {
        if self.ready().is_empty() {
            self.refill().unwrap();
        }
    }
}
