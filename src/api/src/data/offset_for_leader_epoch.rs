//! OffsetForLeaderEpoch, key 23.
//!
//! - Versions 2-4. Consumers ask it to find out whether the log was cut behind them (KIP-320).

use kafka_protocol::messages::offset_for_leader_epoch_request::OffsetForLeaderPartition;
use kafka_protocol::messages::offset_for_leader_epoch_response::{EpochEndOffset, OffsetForLeaderTopicResult};
use kafka_protocol::messages::{OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse};
use klamm_base::{ErrorCode, LeaderEpoch, Offset};

use crate::call::{Call, Handler};
use crate::reply::Reply;

/// The handler.
pub struct OffsetForLeaderEpoch;

impl Handler for OffsetForLeaderEpoch {
    type Request = OffsetForLeaderEpochRequest;
    type Response = OffsetForLeaderEpochResponse;

    async fn handle(call: Call<'_>, request: OffsetForLeaderEpochRequest) -> Reply<OffsetForLeaderEpochResponse> {
        let topics = request.topics.iter().map(|topic| {
            let answer = |part: &OffsetForLeaderPartition| {
                let found = end_of_epoch(call, &topic.topic, part);
                let (code, (epoch, end)) = match found {
                    Ok(found) => (ErrorCode::None, found),
                    Err(code) => (code, (LeaderEpoch::NONE, Offset::NONE)),
                };
                EpochEndOffset::default()
                    .with_error_code(code.code())
                    .with_partition(part.partition)
                    .with_leader_epoch(epoch.0)
                    .with_end_offset(end.0)
            };
            OffsetForLeaderTopicResult::default()
                .with_topic(topic.topic.clone())
                .with_partitions(topic.partitions.iter().map(answer).collect())
        });
        Reply::Now(OffsetForLeaderEpochResponse::default().with_topics(topics.collect()))
    }
}

fn end_of_epoch(
    call: Call<'_>,
    topic: &str,
    part: &OffsetForLeaderPartition,
) -> Result<(LeaderEpoch, Offset), ErrorCode> {
    let partition =
        call.services.replicas.partition(topic, part.partition).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    partition.check_epoch_strictly(LeaderEpoch(part.current_leader_epoch))?;
    Ok(partition.end_of_epoch(LeaderEpoch(part.leader_epoch)))
}
