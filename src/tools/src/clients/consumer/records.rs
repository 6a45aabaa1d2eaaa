//! From fetched bytes to records: only what is committed where that was asked for, only from the position on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use kafka_protocol::messages::fetch_response::PartitionData;
use klamm_record::{Batch, BatchFault, ControlType, Record, TimestampType, batches, records};

use super::assignor::Tp;
use crate::thrown::{KAFKA, Thrown};

/// Records of one batch.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) topic: Arc<str>,
    pub(crate) partition: i32,
    pub(crate) timestamp_type: TimestampType,
    /// The records, in their order.
    pub(crate) records: Vec<Record>,
    /// The offset after them; batches may end in offsets without records.
    pub(crate) next_offset: i64,
    /// The epoch of the assignment under which they were fetched.
    pub(super) epoch: u64,
}

#[cfg(test)]
impl Records {
    /// Records as if they had been fetched.
    pub(crate) fn for_test(topic: &str, partition: i32, records: Vec<Record>) -> Records {
        let next_offset = records.last().map_or(0, |record| record.offset.0 + 1);
        Records {
            topic: topic.into(),
            partition,
            timestamp_type: TimestampType::CreateTime,
            records,
            next_offset,
            epoch: 0,
        }
    }
}

/// What was fetched of a partition and not yet handed out.
pub(super) struct Fetched {
    pub(super) tp: Tp,
    topic: Arc<str>,
    pub(super) epoch: u64,
    batches: VecDeque<Batch>,
    bytes: usize,
    /// The next offset to hand out.
    from: i64,
    aborted: Option<Aborted>,
    checks_crcs: bool,
}

/// The transactions that were aborted in a range of offsets (`FetchResponse.AbortedTransaction`).
struct Aborted {
    /// By first offset.
    beginning: VecDeque<(i64, i64)>,
    /// The producers inside one of them.
    open: BTreeSet<i64>,
}

impl Fetched {
    /// What an answer holds of a partition, to be handed out from `from`; and the offset after it.
    ///
    /// # Errors
    /// If the bytes are no batches.
    pub(super) fn read(
        tp: Tp,
        epoch: u64,
        from: i64,
        data: &PartitionData,
        read_committed: bool,
        checks_crcs: bool,
    ) -> Result<Option<(Fetched, i64)>, Thrown> {
        let bytes = data.records.clone().unwrap_or_default();
        let parsed: Result<VecDeque<Batch>, BatchFault> = batches(&bytes).collect();
        let parsed = parsed.map_err(|fault| corrupt(&tp, from, &fault.to_string()))?;
        let Some(last) = parsed.back() else { return Ok(None) };
        let next = last.header.next_offset().0;
        let aborted = read_committed.then(|| Aborted::of(data));
        let topic = Arc::from(tp.0.as_str());
        let bytes = bytes.len();
        Ok(Some((Fetched { tp, topic, epoch, batches: parsed, bytes, from, aborted, checks_crcs }, next)))
    }

    pub(super) fn size_bytes(&self) -> usize {
        self.bytes
    }

    /// The records of the next batch; `None` at the end.
    ///
    /// # Errors
    /// If a batch cannot be read.
    pub(super) fn next(&mut self) -> Result<Option<Records>, Thrown> {
        let Some(batch) = self.batches.pop_front() else { return Ok(None) };
        let next_offset = batch.header.next_offset().0;
        let from = std::mem::replace(&mut self.from, next_offset);
        let fault = |why: &str| corrupt(&self.tp, batch.header.base_offset.0, why);
        if self.checks_crcs && !batch.is_crc_valid() {
            return Err(fault("Record is corrupt (stored crc does not match)"));
        }
        let shown = self.aborted.as_mut().is_none_or(|aborted| aborted.shows(&batch));
        let read = if shown && !batch.header.attributes.is_control() { all(&batch) } else { Ok(Vec::new()) };
        let mut records = read.map_err(|problem| fault(&problem.to_string()))?;
        records.retain(|record| record.offset.0 >= from);
        Ok(Some(Records {
            topic: self.topic.clone(),
            partition: self.tp.1,
            timestamp_type: batch.header.attributes.timestamp_type(),
            records,
            next_offset,
            epoch: self.epoch,
        }))
    }
}

fn all(batch: &Batch) -> Result<Vec<Record>, BatchFault> {
    records(batch).collect()
}

fn corrupt(tp: &Tp, offset: i64, why: &str) -> Thrown {
    let (topic, partition) = tp;
    Thrown::new(
        KAFKA,
        format!("Record batch for partition {topic}-{partition} at offset {offset} is invalid, cause: {why}"),
    )
}

impl Aborted {
    fn of(data: &PartitionData) -> Aborted {
        let told = data.aborted_transactions.iter().flatten();
        let mut beginning: Vec<(i64, i64)> = told.map(|one| (one.first_offset, one.producer_id.0)).collect();
        beginning.sort_unstable();
        Aborted { beginning: beginning.into(), open: BTreeSet::new() }
    }

    /// False for a batch of an aborted transaction.
    fn shows(&mut self, batch: &Batch) -> bool {
        let last = batch.header.last_offset().0;
        while self.beginning.front().is_some_and(|(first, _)| *first <= last) {
            self.open.extend(self.beginning.pop_front().map(|(_, producer)| producer));
        }
        let producer = batch.header.producer_id.0;
        if !batch.header.attributes.is_control() {
            return !(batch.header.attributes.is_transactional() && self.open.contains(&producer));
        }
        let key = records(batch).next().and_then(Result::ok).and_then(|record| record.key);
        if key.and_then(|key| ControlType::read(&key)) == Some(ControlType::Abort) {
            self.open.remove(&producer);
        }
        true
    }
}

/// How many bytes wait of each partition.
pub(super) fn waiting_bytes(fetched: &VecDeque<Fetched>) -> BTreeMap<Tp, usize> {
    let mut bytes = BTreeMap::new();
    for one in fetched {
        *bytes.entry(one.tp.clone()).or_insert(0) += one.size_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::fetch_response::AbortedTransaction;
    use klamm_base::{Offset, ProducerEpoch, ProducerId, Sequence};
    use klamm_record::{BatchBuilder, Codec, EndTxnMarker};

    use super::*;

    fn batch(base: i64, producer: i64, values: &[&str]) -> Vec<u8> {
        let mut builder = BatchBuilder::new(Codec::None).base_offset(Offset(base));
        if producer >= 0 {
            builder = builder.producer(ProducerId(producer), ProducerEpoch(0), Sequence(0)).transactional();
        }
        values.iter().for_each(|value| builder.append(1, None, Some(value.as_bytes()), &[]));
        builder.build().to_vec()
    }

    fn marker(base: i64, producer: i64, control_type: ControlType) -> Vec<u8> {
        let marker = EndTxnMarker {
            producer_id: ProducerId(producer),
            producer_epoch: ProducerEpoch(0),
            commit: control_type == ControlType::Commit,
            coordinator_epoch: 0,
        };
        let mut bytes = marker.batch(1).to_vec();
        bytes[..8].copy_from_slice(&base.to_be_bytes());
        bytes
    }

    fn read(parts: &[Vec<u8>], from: i64, aborted: &[(i64, i64)], committed: bool) -> (Vec<String>, i64) {
        let aborted = aborted.iter().map(|(producer, first)| {
            AbortedTransaction::default().with_producer_id((*producer).into()).with_first_offset(*first)
        });
        let data = PartitionData::default()
            .with_records(Some(parts.concat().into()))
            .with_aborted_transactions(Some(aborted.collect()));
        let (mut fetched, next) = Fetched::read(("t".to_owned(), 0), 1, from, &data, committed, true).unwrap().unwrap();
        let mut values = Vec::new();
        while let Some(records) = fetched.next().unwrap() {
            let text = |record: &Record| String::from_utf8(record.value.clone().unwrap().to_vec()).unwrap();
            values.extend(records.records.iter().map(text));
        }
        (values, next)
    }

    #[test]
    fn aborted_records_and_markers_are_left_out_where_only_committed_ones_count() {
        let log = [
            batch(0, 7, &["aborted"]),
            batch(1, 8, &["committed"]),
            batch(2, -1, &["plain"]),
            marker(3, 7, ControlType::Abort),
            batch(4, 7, &["next transaction"]),
            marker(5, 8, ControlType::Commit),
        ];
        assert_eq!(
            read(&log, 0, &[(7, 0)], true),
            (vec!["committed".into(), "plain".into(), "next transaction".into()], 6)
        );
        assert_eq!(read(&log, 0, &[], false).0.len(), 4);
    }

    #[test]
    fn records_before_the_position_are_left_out() {
        assert_eq!(read(&[batch(0, -1, &["a", "b", "c"])], 1, &[], false), (vec!["b".into(), "c".into()], 3));
    }

    #[test]
    fn a_batch_whose_bytes_were_changed_is_an_error() {
        let mut bytes = batch(0, -1, &["a"]);
        *bytes.last_mut().unwrap() ^= 1;
        let data = PartitionData::default().with_records(Some(bytes.into()));
        let (mut fetched, _) = Fetched::read(("t".to_owned(), 3), 1, 0, &data, false, true).unwrap().unwrap();
        assert!(
            fetched.next().unwrap_err().text().starts_with("Record batch for partition t-3 at offset 0 is invalid")
        );
    }
}
