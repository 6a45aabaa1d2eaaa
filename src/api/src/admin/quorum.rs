//! DescribeQuorum, key 55.
//!
//! - Versions 0-2 (KIP-595, KIP-836, KIP-853). The one topic is `__cluster_metadata`, its one partition the Raft log:
//!   the term is the leader epoch, the committed index the high watermark.

use kafka_protocol::messages::describe_quorum_request::TopicData as AskedTopic;
use kafka_protocol::messages::describe_quorum_response::{Listener, Node, PartitionData, ReplicaState, TopicData};
use kafka_protocol::messages::{BrokerId, DescribeQuorumRequest, DescribeQuorumResponse};
use klamm_base::name::CLUSTER_METADATA;
use klamm_base::{ErrorCode, NodeId};
use klamm_metadata::Broker;
use klamm_raft::QuorumStatus;

use crate::call::{Call, Handler};
use crate::convert::{text, topic_name};
use crate::reply::Reply;

/// The handler.
pub struct DescribeQuorum;

impl Handler for DescribeQuorum {
    type Request = DescribeQuorumRequest;
    type Response = DescribeQuorumResponse;

    async fn handle(call: Call<'_>, request: DescribeQuorumRequest) -> Reply<DescribeQuorumResponse> {
        if !asks_for_metadata(&request.topics) {
            return Reply::Now(refused(&request.topics, call.version()));
        }
        let status = call.services.quorum.status();
        let partition = partition(call, &status);
        let topic = TopicData::default()
            .with_topic_name(topic_name(CLUSTER_METADATA))
            .with_partitions(vec![message(call, partition)]);
        let response = DescribeQuorumResponse::default().with_topics(vec![topic]);
        if call.version() < 2 {
            return Reply::Now(response);
        }
        let image = call.services.image();
        let nodes =
            status.voters.iter().filter_map(|voter| image.brokers.get(&voter.node)).map(|broker| node(call, broker));
        Reply::Now(response.with_error_message(Some(text(""))).with_nodes(nodes.collect()))
    }
}

fn asks_for_metadata(topics: &[AskedTopic]) -> bool {
    match topics {
        [topic] => {
            topic.topic_name.as_str() == CLUSTER_METADATA
                && matches!(topic.partitions.as_slice(), [part] if part.partition_index == 0)
        }
        _ => false,
    }
}

/// Whatever else was asked for does not exist here (`DescribeQuorumRequest.getPartitionLevelErrorResponse`).
fn refused(topics: &[AskedTopic], version: i16) -> DescribeQuorumResponse {
    let code = ErrorCode::UnknownTopicOrPartition;
    let topics = topics.iter().map(|topic| {
        let parts = topic.partitions.iter().map(|part| {
            let data = PartitionData::default().with_partition_index(part.partition_index).with_error_code(code.code());
            if version >= 2 { data.with_error_message(Some(text(code.message()))) } else { data }
        });
        TopicData::default().with_topic_name(topic.topic_name.clone()).with_partitions(parts.collect())
    });
    DescribeQuorumResponse::default().with_topics(topics.collect())
}

fn message(call: Call<'_>, partition: PartitionData) -> PartitionData {
    if call.version() >= 2 { partition.with_error_message(Some(text(""))) } else { partition }
}

/// The voters are told without directory ids: those belong to voters that can be changed at run time (`kraft.version` 1).
fn partition(call: Call<'_>, status: &QuorumStatus) -> PartitionData {
    let now_ms = call.services.env.clock.now_ms();
    let voter = |voter: &klamm_raft::Voter| {
        let is_leader = status.leader == Some(voter.node);
        // The leader is caught up by definition; of others nothing is known here.
        let seen_ms = if is_leader { now_ms } else { -1 };
        let state = ReplicaState::default()
            .with_replica_id(BrokerId(voter.node.0))
            .with_log_end_offset(end(voter.last_log_index));
        if call.version() >= 1 {
            state.with_last_fetch_timestamp(seen_ms).with_last_caught_up_timestamp(seen_ms)
        } else {
            state
        }
    };
    PartitionData::default()
        .with_leader_id(BrokerId(status.leader.unwrap_or(NodeId::NONE).0))
        .with_leader_epoch(i32::try_from(status.term).unwrap_or(i32::MAX))
        .with_high_watermark(end(status.committed))
        .with_current_voters(status.voters.iter().map(voter).collect())
}

/// An end offset is one past the last entry.
fn end(last: Option<u64>) -> i64 {
    last.and_then(|index| i64::try_from(index + 1).ok()).unwrap_or(0)
}

fn node(call: Call<'_>, broker: &Broker) -> Node {
    let listener = |endpoint: &klamm_metadata::Endpoint| {
        Listener::default()
            .with_name(text(endpoint.listener.to_string()))
            .with_host(text(call.host(endpoint).into_owned()))
            .with_port(endpoint.port)
    };
    Node::default().with_node_id(BrokerId(broker.id.0)).with_listeners(broker.endpoints.iter().map(listener).collect())
}
