//! Handing out producer ids, a block at a time.

use klamm_base::{ErrorCode, NodeId, ProducerId};
use klamm_metadata::{Image, Record};

use crate::Refusal;
use crate::brokers::check_epoch;

/// How many ids a block has (`ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE`).
const BLOCK: i64 = 1000;

/// Producer ids that one broker alone may give to producers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProducerIdBlock {
    /// The first id.
    pub first: ProducerId,
    /// How many there are from it on.
    pub len: i64,
}

/// Takes the next block for a broker. What a broker did not use of its block when it died is never used.
pub(crate) fn allocate(image: &Image, broker: NodeId, epoch: i64) -> Result<(Record, ProducerIdBlock), Refusal> {
    check_epoch(image, broker, epoch)?;
    let first = image.next_producer_id;
    let next = first.0.checked_add(BLOCK).ok_or_else(|| {
        let text = "Exhausted all producerIds as the next block's end producerId has exceeded the int64 type limit";
        Refusal::new(ErrorCode::UnknownServerError, text)
    })?;
    let record = Record::ProducerIds { broker, epoch, next: ProducerId(next) };
    Ok((record, ProducerIdBlock { first, len: BLOCK }))
}
