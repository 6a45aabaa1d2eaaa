//! ListOffsets, key 2.
//!
//! - Versions 1-11; version 11 only adds the timestamp -6, so its body is that of version 10.
//! - All special timestamps: -1 latest, -2 earliest, -3 the largest timestamp (KIP-734, from 7), -4 earliest local
//!   (KIP-405, from 8), -5 latest tiered (KIP-1005, from 9), -6 earliest pending upload (KIP-1023, from 11). Nothing is
//!   tiered here, so -4 is the log's start and -5 and -6 find nothing.
//! - A timestamp that the version does not know is UNSUPPORTED_VERSION for its partition (L2).

use std::collections::BTreeMap;

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use kafka_protocol::messages::{ListOffsetsRequest, ListOffsetsResponse};
use klamm_base::{ErrorCode, LeaderEpoch, Offset};
use klamm_replica::{Bound, Partition};

use crate::call::{Call, Handler};
use crate::reply::Reply;

/// The handler.
pub struct ListOffsets;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

/// What a lookup finds: timestamp, offset, epoch; -1 where there is none.
type Found = (i64, Offset, LeaderEpoch);

const NOTHING: Found = (-1, Offset::NONE, LeaderEpoch::NONE);

impl Handler for ListOffsets {
    type Request = ListOffsetsRequest;
    type Response = ListOffsetsResponse;

    const CODEC_MAX: i16 = 10;

    async fn handle(call: Call<'_>, request: ListOffsetsRequest) -> Reply<ListOffsetsResponse> {
        let isolation_known = (0..=1).contains(&request.isolation_level);
        let bound = if request.replica_id.0 != -1 { Bound::LogEnd } else { Bound::HighWatermark };
        let mut topics: Vec<ListOffsetsTopicResponse> = Vec::with_capacity(request.topics.len());
        let mut places: BTreeMap<&str, Places> = BTreeMap::new();
        for topic in request.topics.iter().filter(|topic| !topic.partitions.is_empty()) {
            // A topic named twice has one entry, in which its partitions meet.
            let places = places.entry(topic.name.as_str()).or_insert_with(|| {
                topics.push(ListOffsetsTopicResponse::default().with_name(topic.name.clone()));
                Places { topic: topics.len() - 1, partitions: BTreeMap::new() }
            });
            let answers = &mut topics[places.topic].partitions;
            answer_topic(call, topic, bound, isolation_known, answers, &mut places.partitions);
        }
        Reply::Now(ListOffsetsResponse::default().with_topics(topics))
    }
}

/// Where the answers of a topic stand: its own place, and those of its partitions in it, by index.
struct Places {
    topic: usize,
    partitions: BTreeMap<i32, usize>,
}

fn answer_topic(
    call: Call<'_>,
    topic: &ListOffsetsTopic,
    bound: Bound,
    isolation_known: bool,
    answers: &mut Vec<ListOffsetsPartitionResponse>,
    places: &mut BTreeMap<i32, usize>,
) {
    for part in &topic.partitions {
        let index = part.partition_index;
        if let Some(first) = places.get(&index) {
            // Named twice: one entry, refused (L5).
            answers[*first] = answer(call, index, Err(ErrorCode::InvalidRequest));
            continue;
        }
        places.insert(index, answers.len());
        let found =
            if isolation_known { look_up(call, &topic.name, part, bound) } else { Err(ErrorCode::UnknownServerError) };
        answers.push(answer(call, index, found));
    }
}

fn look_up(call: Call<'_>, topic: &str, part: &ListOffsetsPartition, bound: Bound) -> Result<Found, ErrorCode> {
    if !is_known(part.timestamp, call.version()) {
        return Err(ErrorCode::UnsupportedVersion);
    }
    let partition =
        call.services.replicas.partition(topic, part.partition_index).ok_or(ErrorCode::UnknownTopicOrPartition)?;
    partition.check_epoch_strictly(LeaderEpoch(part.current_leader_epoch))?;
    find(&partition, part.timestamp, bound)
}

fn find(partition: &Partition, timestamp: i64, bound: Bound) -> Result<Found, ErrorCode> {
    match timestamp {
        LATEST => Ok((-1, partition.end(bound), partition.epoch_at_end())),
        EARLIEST | EARLIEST_LOCAL => Ok((-1, partition.log_start(), partition.epoch_at_start())),
        LATEST_TIERED | EARLIEST_PENDING_UPLOAD => Ok(NOTHING),
        MAX_TIMESTAMP => Ok(partition.max_timestamp()?.unwrap_or(NOTHING)),
        timestamp => Ok(partition.find_timestamp(timestamp, bound)?.unwrap_or(NOTHING)),
    }
}

fn is_known(timestamp: i64, version: i16) -> bool {
    let since = match timestamp {
        MAX_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LATEST_TIERED => 9,
        EARLIEST_PENDING_UPLOAD => 11,
        LATEST | EARLIEST | 0.. => 1,
        _ => i16::MAX,
    };
    version >= since
}

fn answer(call: Call<'_>, index: i32, found: Result<Found, ErrorCode>) -> ListOffsetsPartitionResponse {
    let (code, (timestamp, offset, epoch)) = match found {
        Ok(found) => (ErrorCode::None, found),
        Err(code) => (code, NOTHING),
    };
    let answer = ListOffsetsPartitionResponse::default()
        .with_partition_index(index)
        .with_error_code(code.code())
        .with_timestamp(timestamp)
        .with_offset(offset.0);
    if call.version() >= 4 { answer.with_leader_epoch(epoch.0) } else { answer }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_timestamps_belong_to_versions_l2() {
        for (timestamp, since) in [(-1, 1), (-2, 1), (-3, 7), (-4, 8), (-5, 9), (-6, 11), (0, 1), (i64::MAX, 1)] {
            assert!(is_known(timestamp, since), "{timestamp}");
            assert!(since == 1 || !is_known(timestamp, since - 1), "{timestamp}");
        }
        assert!(!is_known(-7, 11));
    }
}
