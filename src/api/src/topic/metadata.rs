//! Metadata, key 3.
//!
//! - Versions 0-13. Topics by id from 12 on (KIP-516); the operations that are allowed from 8 on (KIP-430).
//! - Brokers are told by the address of the listener that the client came by.
//! - Topics are created on demand as Kafka does it: the answer says UNKNOWN_TOPIC_OR_PARTITION, the topic is made
//!   meanwhile, and the client asks again.

use std::collections::BTreeSet;
use std::sync::Arc;

use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{BrokerId, MetadataRequest, MetadataResponse};
use klamm_base::name::{is_internal_topic, topic_name_fault};
use klamm_base::{ErrorCode, NodeId, TopicId};
use klamm_metadata::{Image, Partition, Topic};

use crate::call::{Call, Handler};
use crate::convert::{text, topic_id, topic_name, uuid};
use crate::reply::Reply;
use crate::topic::authorized;
use crate::unreached::About;

/// The handler.
pub struct Metadata;

impl Handler for Metadata {
    type Request = MetadataRequest;
    type Response = MetadataResponse;

    async fn handle(call: Call<'_>, request: MetadataRequest) -> Reply<MetadataResponse> {
        let version = call.version();
        if version == 0 && request.topics.is_none() {
            return Reply::Close("the topics of version 0 cannot be null");
        }
        let asked = request.topics.as_deref().unwrap_or_default();
        if let Some(code) = whole_fault(asked, version) {
            return Reply::Now(whole_error(asked, code, version));
        }
        let image = call.services.image();
        let all = if version == 0 { asked.is_empty() } else { request.topics.is_none() };
        let mut topics: Vec<MetadataResponseTopic> = if all {
            image.topics.values().map(|topic| known(call, &image, topic)).collect()
        } else if asked.iter().any(|topic| !topic.topic_id.is_nil()) {
            let ids = distinct(asked, |topic| topic_id(topic.topic_id)).filter(|id| !id.is_zero());
            ids.map(|id| by_id(call, &image, id)).collect()
        } else {
            let allow = version < 4 || request.allow_auto_topic_creation;
            by_names(call, &image, asked, allow)
        };
        call.told(about(asked, &topics));
        if request.include_topic_authorized_operations {
            for topic in topics.iter_mut().filter(|topic| topic.error_code == 0) {
                topic.topic_authorized_operations = authorized::TOPIC;
            }
        }
        let cluster_operations =
            if request.include_cluster_authorized_operations { authorized::CLUSTER } else { authorized::NOT_ASKED };
        Reply::Now(
            MetadataResponse::default()
                .with_brokers(brokers(call, &image))
                .with_cluster_id(Some(text(image.cluster.id.to_string())))
                .with_controller_id(BrokerId(call.services.node.0))
                .with_topics(topics)
                .with_cluster_authorized_operations(cluster_operations),
        )
    }
}

/// What makes the whole answer an error (M1).
fn whole_fault(asked: &[MetadataRequestTopic], version: i16) -> Option<ErrorCode> {
    let named_badly = |topic: &MetadataRequestTopic| topic.name.is_none() || !topic.topic_id.is_nil();
    let nameless = |topic: &MetadataRequestTopic| topic.name.is_none() && topic.topic_id.is_nil();
    match version {
        10..=11 if asked.iter().any(named_badly) => Some(ErrorCode::InvalidRequest),
        12.. if asked.iter().any(nameless) => Some(ErrorCode::UnknownServerError),
        _ => None,
    }
}

fn whole_error(asked: &[MetadataRequestTopic], code: ErrorCode, version: i16) -> MetadataResponse {
    let topic = |topic: &MetadataRequestTopic| {
        MetadataResponseTopic::default()
            .with_error_code(code.code())
            .with_name(Some(topic.name.clone().unwrap_or_default()))
            .with_topic_id(topic.topic_id)
    };
    MetadataResponse::default()
        .with_error_code(if version >= 13 { code.code() } else { 0 })
        .with_cluster_id(None)
        .with_controller_id(BrokerId(-1))
        .with_topics(asked.iter().map(topic).collect())
}

/// What `key` makes of each entry, the first of equals only.
fn distinct<'a, K: Ord + Clone + 'a>(
    asked: &'a [MetadataRequestTopic],
    key: impl Fn(&MetadataRequestTopic) -> K + 'a,
) -> impl Iterator<Item = K> + 'a {
    let mut seen = BTreeSet::new();
    asked.iter().filter_map(move |topic| {
        let key = key(topic);
        seen.insert(key.clone()).then_some(key)
    })
}

/// One entry with an id makes the entries by name vanish, as in Kafka (M1).
fn by_id(call: Call<'_>, image: &Image, id: TopicId) -> MetadataResponseTopic {
    match image.topic_by_id(id) {
        Some(topic) => known(call, image, topic),
        None => MetadataResponseTopic::default()
            .with_error_code(ErrorCode::UnknownTopicId.code())
            .with_name(None)
            .with_topic_id(uuid(id)),
    }
}

fn by_names(call: Call<'_>, image: &Image, asked: &[MetadataRequestTopic], allow: bool) -> Vec<MetadataResponseTopic> {
    let create = allow && call.services.config.auto_create_topics_enable;
    let mut missing = Vec::new();
    let names = distinct(asked, |topic| topic.name.as_ref().map(|name| name.to_string()).unwrap_or_default());
    let topics = names.map(|name| match image.topic(&name) {
        Some(topic) => known(call, image, topic),
        None => {
            let code = match topic_name_fault(&name) {
                Some(_) => ErrorCode::InvalidTopicException,
                None => ErrorCode::UnknownTopicOrPartition,
            };
            let answer = MetadataResponseTopic::default()
                .with_error_code(code.code())
                .with_name(Some(topic_name(&name)))
                .with_is_internal(is_internal_topic(&name));
            if code == ErrorCode::UnknownTopicOrPartition {
                missing.push(name);
            }
            answer
        }
    });
    let topics = topics.collect();
    if create && !missing.is_empty() {
        crate::topic::create::in_background(call, missing);
    }
    topics
}

/// Whoever asks for topics by name means to go to where they are.
fn about(asked: &[MetadataRequestTopic], topics: &[MetadataResponseTopic]) -> About {
    match asked {
        [] => About::Brokers,
        _ if topics.iter().any(|topic| topic.error_code == 0) => About::Known,
        _ => About::Missing,
    }
}

fn brokers(call: Call<'_>, image: &Image) -> Vec<MetadataResponseBroker> {
    let on_listener = image.alive_brokers().filter_map(|broker| {
        let endpoint = broker.endpoint(&call.session.listener)?;
        Some(
            MetadataResponseBroker::default()
                .with_node_id(BrokerId(broker.id.0))
                .with_host(text(call.host(endpoint).into_owned()))
                .with_port(i32::from(endpoint.port))
                .with_rack(broker.rack.as_ref().map(|rack| text(rack.to_string()))),
        )
    });
    on_listener.collect()
}

fn known(call: Call<'_>, image: &Image, topic: &Arc<Topic>) -> MetadataResponseTopic {
    let partition = |(index, partition): (usize, &Partition)| {
        let leader = leader(call, image, partition);
        MetadataResponsePartition::default()
            .with_error_code(leader.err().map_or(0, ErrorCode::code))
            .with_partition_index(i32::try_from(index).unwrap_or(i32::MAX))
            .with_leader_id(BrokerId(leader.unwrap_or(NodeId::NONE).0))
            .with_leader_epoch(partition.leader_epoch.0)
            .with_replica_nodes(node_ids(&partition.replicas))
            .with_isr_nodes(node_ids(&partition.isr))
            .with_offline_replicas(node_ids(&offline(image, partition)))
    };
    MetadataResponseTopic::default()
        .with_name(Some(topic_name(&topic.name)))
        .with_topic_id(uuid(topic.id))
        .with_is_internal(is_internal_topic(&topic.name))
        .with_partitions(topic.partitions.iter().enumerate().map(partition).collect())
}

/// The leader as this listener's clients can reach it (M4).
pub(crate) fn leader(call: Call<'_>, image: &Image, partition: &Partition) -> Result<NodeId, ErrorCode> {
    let alive = image.alive_brokers().find(|broker| broker.id == partition.leader);
    let broker = alive.ok_or(ErrorCode::LeaderNotAvailable)?;
    match broker.endpoint(&call.session.listener) {
        Some(_) => Ok(broker.id),
        None if call.header.api_key == 3 && call.version() < 6 => Err(ErrorCode::LeaderNotAvailable),
        None => Err(ErrorCode::ListenerNotFound),
    }
}

/// The replicas that are on no live broker.
pub(crate) fn offline(image: &Image, partition: &Partition) -> Vec<NodeId> {
    let alive = |node: &NodeId| image.alive_brokers().any(|broker| broker.id == *node);
    partition.replicas.iter().copied().filter(|node| !alive(node)).collect()
}

pub(crate) fn node_ids(nodes: &[NodeId]) -> Vec<BrokerId> {
    nodes.iter().map(|node| BrokerId(node.0)).collect()
}
