//! Bodies of requests, of every API in every version that is served.

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    CreateTopicsRequest, FetchRequest, GroupId, IncrementalAlterConfigsRequest, JoinGroupRequest, ListOffsetsRequest,
    MetadataRequest, OffsetCommitRequest, OffsetFetchRequest, ProduceRequest, TopicName,
};
use kafka_protocol::protocol::{Request, StrBytes};
use klamm_api::table::{Row, TABLE};

/// Bodies: the first byte picks the API, the second its version. Whatever the lengths in them say, they are read or
/// refused, and what is left is the end of what was given.
pub fn api_body(data: &[u8]) {
    let [api, version, body @ ..] = data else { return };
    let row = &TABLE[usize::from(*api) % TABLE.len()];
    let versions = row.served.max - row.served.min + 1;
    let version = row.served.min + i16::from(*version) % versions;
    let decode = |body: &[u8]| {
        let mut rest = Bytes::copy_from_slice(body);
        (row.decode)(&mut rest, version).map(|()| rest)
    };
    let Ok(rest) = decode(body) else { return };
    assert!(body.ends_with(&rest));
    let used = &body[..body.len() - rest.len()];
    assert_eq!(decode(used), Ok(Bytes::new()), "{} {version}: the same bytes again", row.name);
    if !used.is_empty() {
        let cut = &used[..used.len() - 1];
        assert!(decode(cut).is_err(), "{} {version}: a body that is cut short is read", row.name);
    }
}

/// Which rows and versions there are: the two bytes that pick each, with what they pick.
fn picks() -> impl Iterator<Item = ([u8; 2], &'static Row, i16)> {
    (0..).zip(TABLE).flat_map(|(index, row)| {
        (0..).zip(row.served.min..=row.served.max).map(move |(step, version)| ([index, step], row, version))
    })
}

/// Requests with nothing in them, requests with something in them, and bytes of small numbers, which many schemas take.
pub fn body_seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (pick, row, version) in picks() {
        let empty = (row.empty_body)(version).expect("a request with nothing in it");
        for body in [&empty[..], &[2; 48], &[0, 0, 0, 1].repeat(20), &[0, 1, b'a', 0, 0, 0, 1].repeat(12)] {
            seeds.push([&pick[..], body].concat());
        }
    }
    add(&mut seeds, &produce());
    add(&mut seeds, &fetch());
    add(&mut seeds, &list_offsets());
    add(&mut seeds, &metadata());
    add(&mut seeds, &join_group());
    add(&mut seeds, &create_topics());
    add(&mut seeds, &alter_configs());
    add(&mut seeds, &offset_commit());
    add(&mut seeds, &OffsetFetchRequest::default().with_group_id(group()).with_topics(Some(vec![fetched_topic()])));
    add(&mut seeds, &OffsetFetchRequest::default().with_groups(vec![fetched_group()]));
    add_body(&mut seeds, 8, 10, &OFFSET_COMMIT_10);
    add_body(&mut seeds, 9, 10, &OFFSET_FETCH_10);
    seeds
}

/// Adds `request` in every version that can say it.
fn add<R: Request>(seeds: &mut Vec<Vec<u8>>, request: &R) {
    for version in R::VERSIONS.min..=R::VERSIONS.max {
        let mut body = BytesMut::new();
        if request.encode(&mut body, version).is_ok() {
            add_body(seeds, R::KEY, version, &body);
        }
    }
}

fn add_body(seeds: &mut Vec<Vec<u8>>, key: i16, version: i16, body: &[u8]) {
    let pick = picks().find(|(_, row, served)| row.key == key && *served == version);
    seeds.extend(pick.map(|(pick, _, _)| [&pick[..], body].concat()));
}

/// Version 10, which `kafka-protocol` cannot write: one partition of one topic.
const OFFSET_COMMIT_10: [u8; 46] = {
    let mut body = [0; 46];
    body[0] = 2;
    body[1] = b'g';
    body[6] = 1;
    body[8] = 2;
    body[25] = 2;
    body[29] = 1;
    body[37] = 9;
    body
};

/// Version 10, which `kafka-protocol` cannot write: one partition of one topic of one group.
const OFFSET_FETCH_10: [u8; 34] = {
    let mut body = [0; 34];
    body[0] = 2;
    body[1] = 2;
    body[2] = b'g';
    body[8] = 2;
    body[25] = 2;
    body
};

fn text(text: &'static str) -> StrBytes {
    StrBytes::from_static_str(text)
}

fn topic() -> TopicName {
    TopicName(text("orders"))
}

fn group() -> GroupId {
    GroupId(text("readers"))
}

fn produce() -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(1).with_records(Some(Bytes::from_static(&[7; 70])));
    let topic = TopicProduceData::default().with_name(topic()).with_partition_data(vec![data.clone(), data]);
    ProduceRequest::default().with_acks(-1).with_timeout_ms(1000).with_topic_data(vec![topic])
}

fn fetch() -> FetchRequest {
    let partition = FetchPartition::default().with_partition(1).with_fetch_offset(9).with_partition_max_bytes(1 << 20);
    let topic = FetchTopic::default().with_topic(topic()).with_partitions(vec![partition]);
    FetchRequest::default().with_max_wait_ms(500).with_min_bytes(1).with_max_bytes(1 << 20).with_topics(vec![topic])
}

fn list_offsets() -> ListOffsetsRequest {
    let partition = ListOffsetsPartition::default().with_partition_index(1).with_timestamp(-1);
    let topic = ListOffsetsTopic::default().with_name(topic()).with_partitions(vec![partition]);
    ListOffsetsRequest::default().with_topics(vec![topic])
}

fn metadata() -> MetadataRequest {
    let topics = vec![MetadataRequestTopic::default().with_name(Some(topic()))];
    MetadataRequest::default().with_topics(Some(topics)).with_allow_auto_topic_creation(true)
}

fn join_group() -> JoinGroupRequest {
    let protocol =
        JoinGroupRequestProtocol::default().with_name(text("range")).with_metadata(Bytes::from_static(&[0; 12]));
    JoinGroupRequest::default()
        .with_group_id(group())
        .with_session_timeout_ms(45_000)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol])
}

fn create_topics() -> CreateTopicsRequest {
    let config = CreatableTopicConfig::default().with_name(text("retention.ms")).with_value(Some(text("1000")));
    let assigned = CreatableReplicaAssignment::default().with_broker_ids(vec![1.into(), 2.into()]);
    let topic = CreatableTopic::default()
        .with_name(topic())
        .with_num_partitions(-1)
        .with_replication_factor(-1)
        .with_assignments(vec![assigned])
        .with_configs(vec![config]);
    CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(1000)
}

fn alter_configs() -> IncrementalAlterConfigsRequest {
    let config = AlterableConfig::default().with_name(text("retention.ms")).with_value(Some(text("1000")));
    let resource = AlterConfigsResource::default()
        .with_resource_type(2)
        .with_resource_name(text("orders"))
        .with_configs(vec![config]);
    IncrementalAlterConfigsRequest::default().with_resources(vec![resource])
}

fn offset_commit() -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default()
        .with_partition_index(1)
        .with_committed_offset(9)
        .with_committed_metadata(Some(text("words")));
    let topic = OffsetCommitRequestTopic::default().with_name(topic()).with_partitions(vec![partition]);
    OffsetCommitRequest::default().with_group_id(group()).with_topics(vec![topic])
}

fn fetched_topic() -> OffsetFetchRequestTopic {
    OffsetFetchRequestTopic::default().with_name(topic()).with_partition_indexes(vec![0, 1])
}

fn fetched_group() -> OffsetFetchRequestGroup {
    let topic = OffsetFetchRequestTopics::default().with_name(topic()).with_partition_indexes(vec![0, 1]);
    OffsetFetchRequestGroup::default().with_group_id(group()).with_topics(Some(vec![topic]))
}
