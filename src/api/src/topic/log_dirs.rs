//! DescribeLogDirs, key 35.
//!
//! - Versions 1-5 (KIP-113, KIP-827, KIP-1066). `kafka-protocol` knows versions up to 4, so version 5 is written here:
//!   it adds one byte to each log directory, whether it is cordoned, and nothing is.

use std::collections::{BTreeMap, BTreeSet};

use bytes::{BufMut, BytesMut};
use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use kafka_protocol::protocol::Encodable;
use klamm_base::ErrorCode;
use klamm_replica::DirReport;
use klamm_wire::answer::EncodeFault;
use klamm_wire::{Answer, RequestHeader};

use crate::call::{Call, Handler};
use crate::convert::{text, topic_name};
use crate::reply::Reply;

/// The handler.
pub struct DescribeLogDirs;

impl Handler for DescribeLogDirs {
    type Request = DescribeLogDirsRequest;
    type Response = DescribeLogDirsResponse;

    const CODEC_MAX: i16 = 4;

    async fn handle(call: Call<'_>, request: DescribeLogDirsRequest) -> Reply<DescribeLogDirsResponse> {
        let wanted = request.topics.as_ref().map(|topics| {
            let pairs =
                topics.iter().flat_map(|topic| topic.partitions.iter().map(|index| (topic.topic.to_string(), *index)));
            pairs.collect::<BTreeSet<_>>()
        });
        let results = call.services.replicas.describe_dirs().into_iter().map(|dir| result(call, dir, wanted.as_ref()));
        Reply::Now(DescribeLogDirsResponse::default().with_results(results.collect()))
    }

    fn encode(header: &RequestHeader, response: &DescribeLogDirsResponse) -> Result<Answer, EncodeFault> {
        if header.api_version < 5 {
            let flexible = header.api_version >= 2;
            return Answer::encode(header.correlation_id, flexible, response, header.api_version, []);
        }
        Ok(Answer::from_body(header.correlation_id, true, &version_5(response)?))
    }
}

fn result(call: Call<'_>, dir: DirReport, wanted: Option<&BTreeSet<(String, i32)>>) -> DescribeLogDirsResult {
    let mut topics: BTreeMap<String, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    for (id, size_bytes) in dir.partitions {
        if wanted.is_some_and(|wanted| !wanted.contains(&(id.topic.to_string(), id.partition))) {
            continue;
        }
        let partition = DescribeLogDirsPartition::default()
            .with_partition_index(id.partition)
            .with_partition_size(i64::try_from(size_bytes).unwrap_or(i64::MAX));
        topics.entry(id.topic.to_string()).or_default().push(partition);
    }
    let topic = |(name, partitions): (String, Vec<DescribeLogDirsPartition>)| {
        DescribeLogDirsTopic::default().with_name(topic_name(&name)).with_partitions(partitions)
    };
    let result = DescribeLogDirsResult::default()
        .with_error_code(if dir.online { 0 } else { ErrorCode::KafkaStorageError.code() })
        .with_log_dir(text(dir.path))
        .with_topics(topics.into_iter().map(topic).collect());
    if call.version() < 4 {
        return result;
    }
    let bytes = |bytes: Option<u64>| bytes.and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(-1);
    result.with_total_bytes(bytes(dir.total_bytes)).with_usable_bytes(bytes(dir.usable_bytes))
}

/// Version 5: as version 4, with `IsCordoned` behind `UsableBytes`, that is before the tagged fields that end a result.
fn version_5(response: &DescribeLogDirsResponse) -> Result<BytesMut, EncodeFault> {
    let mut body = BytesMut::new();
    body.put_i32(response.throttle_time_ms);
    body.put_i16(response.error_code);
    klamm_wire::varint::write_unsigned(&mut body, u32::try_from(response.results.len() + 1).unwrap_or(u32::MAX));
    for result in &response.results {
        let mut encoded = BytesMut::new();
        let fault = |error: &dyn std::fmt::Display| EncodeFault { version: 5, reason: error.to_string() };
        result.encode(&mut encoded, 4).map_err(|error| fault(&error))?;
        // The result ends with an empty section of tagged fields: one byte.
        let fields = encoded.len() - 1;
        body.put_slice(&encoded[..fields]);
        body.put_u8(0);
        body.put_slice(&encoded[fields..]);
    }
    body.put_u8(0);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_5_adds_one_byte_to_each_directory() {
        let dir = |path: &'static str| DescribeLogDirsResult::default().with_log_dir(text(path));
        let response = DescribeLogDirsResponse::default().with_results(vec![dir("/a"), dir("/bc")]);
        let mut version_4 = BytesMut::new();
        response.encode(&mut version_4, 4).unwrap();
        let version_5 = version_5(&response).unwrap();
        assert_eq!(version_5.len(), version_4.len() + 2);
        assert_eq!(version_5[..7], version_4[..7], "throttle, error and count are the same");
        let first = 7 + 2 + 3 + 1 + 16;
        assert_eq!(version_5[first - 1..first + 2], [255, 0, 0], "usable bytes (-1) end, not cordoned, no tags");
    }
}
