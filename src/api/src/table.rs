//! The one table of what is served: keys, versions, handlers. ApiVersions answers from it, the dispatcher looks
//! requests up in it, and nothing else says what klamm can do.

use std::future::Future;
use std::pin::Pin;

use bytes::{Bytes, BytesMut};
use kafka_protocol::protocol::{HeaderVersion, Message, Request};
use klamm_wire::BodyFault;
#[cfg(test)]
use klamm_wire::{Answer, RequestHeader, answer::EncodeFault};

use crate::admin::cluster::DescribeCluster;
use crate::admin::configs_alter::{AlterConfigs, IncrementalAlterConfigs};
use crate::admin::configs_describe::DescribeConfigs;
use crate::admin::configs_list::ListConfigResources;
use crate::admin::quorum::DescribeQuorum;
use crate::auth::api_versions::ApiVersions;
use crate::call::{Call, Handler, serve};
use crate::data::delete_records::DeleteRecords;
use crate::data::describe_producers::DescribeProducers;
use crate::data::fetch::Fetch;
use crate::data::init_producer_id::InitProducerId;
use crate::data::list_offsets::ListOffsets;
use crate::data::offset_for_leader_epoch::OffsetForLeaderEpoch;
use crate::data::produce::Produce;
use crate::group::delete::DeleteGroups;
use crate::group::describe::DescribeGroups;
use crate::group::find_coordinator::FindCoordinator;
use crate::group::heartbeat::Heartbeat;
use crate::group::join::JoinGroup;
use crate::group::leave::LeaveGroup;
use crate::group::list::ListGroups;
use crate::group::offset_commit::OffsetCommit;
use crate::group::offset_delete::OffsetDelete;
use crate::group::offset_fetch::OffsetFetch;
use crate::group::sync::SyncGroup;
use crate::reply::Outcome;
use crate::topic::create::CreateTopics;
use crate::topic::create_partitions::CreatePartitions;
use crate::topic::delete::DeleteTopics;
use crate::topic::describe_partitions::DescribeTopicPartitions;
use crate::topic::elect_leaders::ElectLeaders;
use crate::topic::log_dirs::DescribeLogDirs;
use crate::topic::metadata::Metadata;

/// A range of versions, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The lowest.
    pub min: i16,
    /// The highest.
    pub max: i16,
}

impl Versions {
    /// True if `version` lies in the range.
    pub fn contains(self, version: i16) -> bool {
        self.min <= version && version <= self.max
    }
}

type Serve = for<'a> fn(Call<'a>, Bytes) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// One API.
#[derive(Clone, Copy)]
pub struct Row {
    /// Its key on the wire.
    pub key: i16,
    /// Its name in Kafka.
    pub name: &'static str,
    /// The versions that are served.
    pub served: Versions,
    /// The versions that ApiVersions names. They differ for Produce alone (KAFKA-18659).
    pub advertised: Versions,
    /// The request header's version for a version of the request.
    pub header_version: fn(i16) -> i16,
    /// Decodes a body of a version as its handler does, and drops it. Tests and fuzz targets start here.
    pub decode: fn(&mut Bytes, i16) -> Result<(), BodyFault>,
    /// The body of a request with nothing in it, in the newest version up to this one that `kafka-protocol` writes.
    pub empty_body: fn(i16) -> Option<Bytes>,
    #[cfg(test)]
    empty_answer: fn(&RequestHeader) -> Result<Answer, EncodeFault>,
    pub(crate) serve: Serve,
}

impl Row {
    const fn of<H: Handler>(name: &'static str, min: i16, max: i16) -> Row {
        let versions = Versions { min, max };
        Row {
            key: <H::Request as Request>::KEY,
            name,
            served: versions,
            advertised: versions,
            header_version: <H::Request as HeaderVersion>::header_version,
            decode: |body, version| H::decode(body, version).map(drop),
            empty_body: empty_body::<H::Request>,
            #[cfg(test)]
            empty_answer: |header| H::encode(header, &H::Response::default()),
            serve: |call, body| Box::pin(serve::<H>(call, body)),
        }
    }

    const fn advertised_from(mut self, min: i16) -> Row {
        self.advertised.min = min;
        self
    }
}

fn empty_body<R: Request + Default>(version: i16) -> Option<Bytes> {
    let mut body = BytesMut::new();
    R::default().encode(&mut body, version.min(<R as Message>::VERSIONS.max)).ok()?;
    Some(body.freeze())
}

/// Every API that is served, by key. A broker may serve fewer rows, never others.
pub const TABLE: &[Row] = &[
    Row::of::<Produce>("Produce", 3, 13).advertised_from(0),
    Row::of::<Fetch>("Fetch", 4, 18),
    Row::of::<ListOffsets>("ListOffsets", 1, 11),
    Row::of::<Metadata>("Metadata", 0, 13),
    Row::of::<OffsetCommit>("OffsetCommit", 2, 10),
    Row::of::<OffsetFetch>("OffsetFetch", 1, 10),
    Row::of::<FindCoordinator>("FindCoordinator", 0, 6),
    Row::of::<JoinGroup>("JoinGroup", 0, 9),
    Row::of::<Heartbeat>("Heartbeat", 0, 4),
    Row::of::<LeaveGroup>("LeaveGroup", 0, 5),
    Row::of::<SyncGroup>("SyncGroup", 0, 5),
    Row::of::<DescribeGroups>("DescribeGroups", 0, 6),
    Row::of::<ListGroups>("ListGroups", 0, 5),
    Row::of::<ApiVersions>("ApiVersions", 0, 4),
    Row::of::<CreateTopics>("CreateTopics", 2, 7),
    Row::of::<DeleteTopics>("DeleteTopics", 1, 6),
    Row::of::<DeleteRecords>("DeleteRecords", 0, 2),
    Row::of::<InitProducerId>("InitProducerId", 0, 5),
    Row::of::<OffsetForLeaderEpoch>("OffsetForLeaderEpoch", 2, 4),
    Row::of::<DescribeConfigs>("DescribeConfigs", 1, 4),
    Row::of::<AlterConfigs>("AlterConfigs", 0, 2),
    Row::of::<DescribeLogDirs>("DescribeLogDirs", 1, 5),
    Row::of::<CreatePartitions>("CreatePartitions", 0, 3),
    Row::of::<DeleteGroups>("DeleteGroups", 0, 2),
    Row::of::<ElectLeaders>("ElectLeaders", 0, 2),
    Row::of::<IncrementalAlterConfigs>("IncrementalAlterConfigs", 0, 1),
    Row::of::<OffsetDelete>("OffsetDelete", 0, 0),
    Row::of::<DescribeQuorum>("DescribeQuorum", 0, 2),
    Row::of::<DescribeCluster>("DescribeCluster", 0, 2),
    Row::of::<DescribeProducers>("DescribeProducers", 0, 0),
    Row::of::<ListConfigResources>("ListConfigResources", 0, 1),
    Row::of::<DescribeTopicPartitions>("DescribeTopicPartitions", 0, 0),
];

/// The row for `key`.
pub fn row(key: i16) -> Option<&'static Row> {
    TABLE.binary_search_by_key(&key, |row| row.key).ok().map(|index| &TABLE[index])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_in_the_order_of_their_keys() {
        assert!(TABLE.is_sorted_by_key(|row| row.key));
        for pair in TABLE.windows(2) {
            assert_ne!(pair[0].key, pair[1].key, "{}", pair[0].name);
        }
    }

    /// Each row with each version that it serves.
    fn served() -> impl Iterator<Item = (&'static Row, i16)> {
        TABLE.iter().flat_map(|row| (row.served.min..=row.served.max).map(move |version| (row, version)))
    }

    #[test]
    fn a_request_of_every_version_that_is_served_can_be_decoded() {
        for (row, version) in served() {
            let mut body = (row.empty_body)(version).expect(row.name);
            (row.decode)(&mut body, version).unwrap_or_else(|fault| panic!("{} {version}: {fault}", row.name));
            assert!(body.is_empty(), "{} {version} leaves {} bytes", row.name, body.len());
        }
    }

    #[test]
    fn an_answer_of_every_version_that_is_served_can_be_encoded() {
        for (row, version) in served() {
            let header =
                RequestHeader { api_key: row.key, api_version: version, correlation_id: 1, client_id: String::new() };
            (row.empty_answer)(&header).unwrap_or_else(|fault| panic!("{} {version}: {fault}", row.name));
        }
    }

    #[test]
    fn a_body_without_bytes_is_refused_in_every_version_that_has_fields() {
        for (row, version) in
            served().filter(|(row, version)| (row.empty_body)(*version).is_some_and(|b| !b.is_empty()))
        {
            assert!((row.decode)(&mut Bytes::new(), version).is_err(), "{} {version}", row.name);
        }
    }

    #[test]
    fn produce_alone_advertises_more_than_it_serves_a6() {
        for row in TABLE {
            assert_eq!(row.advertised != row.served, row.key == 0, "{}", row.name);
        }
    }
}
