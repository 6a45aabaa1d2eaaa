//! Reading: whole batches from an offset on, with one read of the disk.

use std::sync::Arc;

use bytes::Bytes;
use klamm_base::{LeaderEpoch, Offset};
use klamm_record::{BatchHeader, HEADER_LEN};

use crate::epochs::{EpochEnd, LeaderEpochs};
use crate::error::{Error, ReadError};
use crate::segment::Segment;
use crate::shared::Shared;

/// A view of a log, cheap to clone. Sees each append when the writer publishes it.
#[derive(Clone)]
pub struct Reader {
    pub(crate) shared: Arc<Shared>,
}

/// Batches as they lie in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Whole batches, the first of which holds the offset that was asked for (it may begin before it). Perhaps empty.
    pub bytes: Bytes,
    /// The offset after the last record in `bytes`; the offset that was asked for if `bytes` is empty.
    pub next_offset: Offset,
}

impl Slice {
    fn empty(from: Offset) -> Slice {
        Slice { bytes: Bytes::new(), next_offset: from }
    }
}

/// How much a read may give.
#[derive(Clone, Copy)]
struct Bound {
    max_bytes: usize,
    min_one: bool,
    upper: Offset,
}

impl Reader {
    /// The first offset that can be read.
    pub fn log_start(&self) -> Offset {
        self.shared.log_start()
    }

    /// The log end offset: one after the last record.
    pub fn leo(&self) -> Offset {
        self.shared.leo()
    }

    /// Everything below survives a power cut.
    pub fn recovery_point(&self) -> Offset {
        self.shared.recovery_point()
    }

    /// The bytes of all segments.
    pub fn size_bytes(&self) -> u64 {
        self.shared.segments().iter().map(|segment| segment.size()).sum()
    }

    /// How many segments there are.
    pub fn segment_count(&self) -> usize {
        self.shared.segments().len()
    }

    /// The base offset of the newest segment: a reader below it reads a segment that grows no more.
    pub fn active_base_offset(&self) -> Offset {
        self.shared.segments().last().map_or(Offset::ZERO, |segment| segment.base_offset)
    }

    /// Reads whole batches from the one that holds `from` on, none of which reaches `upper` (the high watermark, the
    /// last stable offset or the log end), at most `max_bytes` of them; with `min_one` the first is given whatever its
    /// size (KIP-74). They all come from one segment, so there may be more than was read.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] below the log start and above the log end; between `upper` and the log end the slice
    /// is empty. [`ReadError::Fault`] if the disk fails or gives back other bytes than were written.
    pub fn read(&self, from: Offset, max_bytes: usize, min_one: bool, upper: Offset) -> Result<Slice, ReadError> {
        let (log_start, leo) = (self.log_start(), self.leo());
        if from < log_start || from > leo {
            return Err(ReadError::OutOfRange { offset: from, log_start, leo });
        }
        let bound = Bound { max_bytes, min_one, upper: upper.min(leo) };
        if from >= bound.upper || (max_bytes == 0 && !min_one) {
            return Ok(Slice::empty(from));
        }
        let segments = self.shared.segments();
        let first = segments.partition_point(|segment| segment.base_offset <= from).saturating_sub(1);
        for segment in &segments[first..] {
            // Compaction may have emptied the end of a segment; then the next one goes on.
            if let Some(position) = self.locate(segment, from)? {
                return self.read_segment(segment, position, from, bound);
            }
        }
        Ok(Slice::empty(from))
    }

    /// Where the batch with `from` begins.
    fn locate(&self, segment: &Segment, from: Offset) -> Result<Option<u64>, ReadError> {
        if from <= segment.base_offset {
            return Ok((segment.size() > 0).then_some(0));
        }
        if let Some(position) = self.shared.recall(from, segment.base_offset)
            && position < segment.size()
        {
            return Ok(Some(position));
        }
        Ok(segment.find(from)?.map(|placed| placed.position))
    }

    fn read_segment(&self, segment: &Segment, position: u64, from: Offset, bound: Bound) -> Result<Slice, ReadError> {
        let corrupt = || ReadError::Fault(Error::Corrupt { segment: segment.base_offset, position });
        let file = segment.file()?;
        let left = usize::try_from(segment.size().saturating_sub(position)).unwrap_or(usize::MAX);
        let wanted = bound.max_bytes.max(HEADER_LEN).min(left);
        let mut bytes = file.read_at(position, wanted)?;
        let first = BatchHeader::parse(&bytes).map_err(|_| corrupt())?;
        let first_size = first.size_bytes();
        if first_size > left {
            return Err(corrupt());
        }
        if first_size > bound.max_bytes {
            if !bound.min_one {
                return Ok(Slice::empty(from));
            }
            if bytes.len() < first_size {
                bytes = file.read_at(position, first_size)?;
            }
        }
        let (len, next_offset) = whole_batches(&bytes, bound.upper);
        if len == 0 {
            return if bytes.len() < first_size { Err(corrupt()) } else { Ok(Slice::empty(from)) };
        }
        self.shared.remember(next_offset, segment.base_offset, position + len as u64);
        bytes.truncate(len);
        Ok(Slice { bytes, next_offset })
    }

    /// The leader epochs of the log.
    pub fn epochs(&self) -> Arc<LeaderEpochs> {
        self.shared.epochs()
    }

    /// The newest leader epoch.
    pub fn latest_epoch(&self) -> Option<LeaderEpoch> {
        self.shared.epochs().latest()
    }

    /// The leader epoch in which the record at `offset` was appended.
    pub fn epoch_for_offset(&self, offset: Offset) -> Option<LeaderEpoch> {
        self.shared.epochs().epoch_for(offset)
    }

    /// Where `epoch` ended (OffsetForLeaderEpoch).
    pub fn end_offset_for_epoch(&self, epoch: LeaderEpoch) -> EpochEnd {
        let leo = self.leo();
        self.shared.epochs().end_offset_for(epoch, leo)
    }
}

/// The length of the whole batches at the beginning of `bytes` that lie below `upper`, and the offset after them.
fn whole_batches(bytes: &[u8], upper: Offset) -> (usize, Offset) {
    let (mut len, mut next_offset) = (0, Offset::NONE);
    while let Ok(header) = BatchHeader::parse(&bytes[len..]) {
        let end = len + header.size_bytes();
        if end > bytes.len() || header.next_offset() > upper {
            break;
        }
        (len, next_offset) = (end, header.next_offset());
    }
    (len, next_offset)
}
