//! Which leader epoch began at which offset (KIP-101, `LeaderEpochFileCache`).
//!
//! ```text
//! leader-epoch-checkpoint:   0          version
//!                            2          how many lines follow
//!                            0 0        epoch, its first offset; both strictly rising
//!                            3 1200
//! ```
//!
//! The batches carry their epochs too, so a lost file can be made again from them; therefore it is synced only when the
//! recovery point moves.

use klamm_base::{LeaderEpoch, Offset};

use crate::checkpoint::{encode_lines, parse_lines};

/// One epoch and the offset of its first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEntry {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// The first offset that was appended in it.
    pub start_offset: Offset,
}

/// An epoch and the offset after its last record, as OffsetForLeaderEpoch answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochEnd {
    /// The largest known epoch that is not above the one asked for; -1 if unknown.
    pub epoch: LeaderEpoch,
    /// Where the next epoch begins, or the log ends; -1 if unknown.
    pub end_offset: Offset,
}

impl EpochEnd {
    /// The answer for an epoch that the log does not know.
    pub const UNKNOWN: EpochEnd = EpochEnd { epoch: LeaderEpoch::NONE, end_offset: Offset::NONE };
}

/// The epochs of a partition, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaderEpochs {
    entries: Vec<EpochEntry>,
}

impl LeaderEpochs {
    /// The entries, oldest first.
    pub fn entries(&self) -> &[EpochEntry] {
        &self.entries
    }

    /// The newest epoch.
    pub fn latest(&self) -> Option<LeaderEpoch> {
        self.entries.last().map(|entry| entry.epoch)
    }

    /// Notes that `epoch` begins at `start_offset`. Entries that this contradicts are dropped. False if nothing changed.
    pub(crate) fn assign(&mut self, epoch: LeaderEpoch, start_offset: Offset) -> bool {
        let is_known = self.entries.last().is_some_and(|last| last.epoch == epoch && last.start_offset <= start_offset);
        if epoch.0 < 0 || is_known {
            return false;
        }
        while self.entries.last().is_some_and(|last| last.epoch >= epoch || last.start_offset >= start_offset) {
            self.entries.pop();
        }
        self.entries.push(EpochEntry { epoch, start_offset });
        true
    }

    /// Notes a batch that was found in the log: only a newer epoch than all known ones is news.
    pub(crate) fn observe(&mut self, epoch: LeaderEpoch, start_offset: Offset) {
        if self.latest().is_none_or(|latest| epoch > latest) {
            self.assign(epoch, start_offset);
        }
    }

    /// Drops epochs that begin at `leo` or later: none of their records are left. False if nothing changed.
    pub(crate) fn truncate_end(&mut self, leo: Offset) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.start_offset < leo);
        before != self.entries.len()
    }

    /// Drops epochs that ended at or before `log_start`; the one that holds it begins there now. False if nothing
    /// changed.
    pub(crate) fn truncate_start(&mut self, log_start: Offset) -> bool {
        let ended = self.entries.partition_point(|entry| entry.start_offset <= log_start);
        let Some(holder) = ended.checked_sub(1) else { return false };
        let is_changed = holder > 0 || self.entries[holder].start_offset != log_start;
        self.entries.drain(..holder);
        self.entries[0].start_offset = log_start;
        is_changed
    }

    /// The epoch in which the record at `offset` was appended.
    pub fn epoch_for(&self, offset: Offset) -> Option<LeaderEpoch> {
        let after = self.entries.partition_point(|entry| entry.start_offset <= offset);
        after.checked_sub(1).map(|place| self.entries[place].epoch)
    }

    /// Where `epoch` ended, in a log that ends at `leo` (`LeaderEpochFileCache.endOffsetFor`).
    pub fn end_offset_for(&self, epoch: LeaderEpoch, leo: Offset) -> EpochEnd {
        let (Some(first), Some(last)) = (self.entries.first(), self.entries.last()) else { return EpochEnd::UNKNOWN };
        if epoch.0 < 0 || epoch > last.epoch {
            return EpochEnd::UNKNOWN;
        }
        if epoch == last.epoch {
            return EpochEnd { epoch, end_offset: leo };
        }
        if epoch < first.epoch {
            return EpochEnd { epoch, end_offset: first.start_offset };
        }
        let next = self.entries.partition_point(|entry| entry.epoch <= epoch);
        EpochEnd { epoch: self.entries[next - 1].epoch, end_offset: self.entries[next].start_offset }
    }

    /// The text of the checkpoint file.
    pub(crate) fn encode(&self) -> String {
        encode_lines(self.entries.iter().map(|entry| format!("{} {}", entry.epoch, entry.start_offset)))
    }
}

/// Reads a leader-epoch checkpoint.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse_epoch_checkpoint(bytes: &[u8]) -> Result<LeaderEpochs, String> {
    let mut epochs = LeaderEpochs::default();
    for line in parse_lines(bytes)? {
        let malformed = || format!("malformed line {line:?}");
        let (epoch, start_offset) = line.split_once(' ').ok_or_else(malformed)?;
        let entry = EpochEntry {
            epoch: LeaderEpoch(epoch.parse().map_err(|_| malformed())?),
            start_offset: Offset(start_offset.trim().parse().map_err(|_| malformed())?),
        };
        let rises = epochs
            .entries
            .last()
            .is_none_or(|last: &EpochEntry| last.epoch < entry.epoch && last.start_offset < entry.start_offset);
        if entry.epoch.0 < 0 || entry.start_offset.0 < 0 || !rises {
            return Err(format!("line {line:?} is out of order"));
        }
        epochs.entries.push(entry);
    }
    Ok(epochs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(entries: &[(i32, i64)]) -> LeaderEpochs {
        let mut epochs = LeaderEpochs::default();
        for (epoch, start) in entries {
            assert!(epochs.assign(LeaderEpoch(*epoch), Offset(*start)));
        }
        epochs
    }

    fn end(epochs: &LeaderEpochs, epoch: i32) -> (i32, i64) {
        let end = epochs.end_offset_for(LeaderEpoch(epoch), Offset(100));
        (end.epoch.0, end.end_offset.0)
    }

    #[test]
    fn the_end_of_an_epoch_is_where_the_next_begins_l6() {
        let known = epochs(&[(2, 10), (4, 50), (7, 60)]);
        let expected = [(-1, (-1, -1)), (0, (0, 10)), (1, (1, 10)), (2, (2, 50)), (3, (2, 50)), (4, (4, 60))];
        for (asked, answer) in expected.into_iter().chain([(5, (4, 60)), (7, (7, 100)), (8, (-1, -1))]) {
            assert_eq!(end(&known, asked), answer, "epoch {asked}");
        }
        assert_eq!(end(&LeaderEpochs::default(), 0), (-1, -1));
    }

    #[test]
    fn an_epoch_without_records_gives_way_to_the_next_at_its_offset() {
        let known = epochs(&[(0, 0), (1, 8), (2, 8)]);
        assert_eq!(known.entries().len(), 2);
        assert_eq!(known.epoch_for(Offset(8)), Some(LeaderEpoch(2)));
        assert_eq!(known.epoch_for(Offset(7)), Some(LeaderEpoch(0)));
    }

    #[test]
    fn epochs_of_lost_and_of_deleted_records_go_w2() {
        let mut known = epochs(&[(0, 0), (1, 8), (2, 20)]);
        assert!(known.truncate_end(Offset(20)));
        assert!(!known.truncate_end(Offset(20)));
        assert!(known.truncate_start(Offset(10)));
        assert!(!known.truncate_start(Offset(10)));
        assert_eq!(known.entries(), [EpochEntry { epoch: LeaderEpoch(1), start_offset: Offset(10) }]);
    }

    #[test]
    fn the_file_comes_back_and_damage_is_refused_w2() {
        let known = epochs(&[(0, 0), (3, 1200)]);
        assert_eq!(known.encode(), "0\n2\n0 0\n3 1200\n");
        assert_eq!(parse_epoch_checkpoint(known.encode().as_bytes()), Ok(known));
        for bad in ["", "0\n1\n0\n", "0\n2\n1 5\n1 6\n", "0\n2\n1 5\n2 5\n", "0\n1\n-1 0\n", "0\n1\n0 0 0\n", "1\n0\n"]
        {
            assert!(parse_epoch_checkpoint(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
