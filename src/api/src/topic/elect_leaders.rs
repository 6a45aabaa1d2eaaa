//! ElectLeaders, key 43.
//!
//! - Versions 0-2 (KIP-183, KIP-460). Without a list it is about all partitions, of which those are named that are not as
//!   they should be.
//! - A cluster of one node has nobody to choose from: a partition keeps the leader that it has, and where there is none
//!   nobody else can lead.

use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use kafka_protocol::messages::{ElectLeadersRequest, ElectLeadersResponse};
use kafka_protocol::protocol::StrBytes;
use klamm_base::{ErrorCode, NodeId};
use klamm_metadata::{Image, Partition, Topic};

use crate::call::{Call, Handler};
use crate::convert::{text, topic_name};
use crate::reply::Reply;

/// The handler.
pub struct ElectLeaders;

impl Handler for ElectLeaders {
    type Request = ElectLeadersRequest;
    type Response = ElectLeadersResponse;

    async fn handle(call: Call<'_>, request: ElectLeadersRequest) -> Reply<ElectLeadersResponse> {
        Reply::Now(answer(&call.services.image(), &request))
    }
}

/// What an election is for (`ElectionType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Election {
    /// The first replica is to lead.
    Preferred,
    /// Anybody is to lead, also one that is not in sync.
    Unclean,
}

impl Election {
    fn of(wire: i8) -> Option<Election> {
        match wire {
            0 => Some(Election::Preferred),
            1 => Some(Election::Unclean),
            _ => None,
        }
    }

    /// What becomes of a partition (`ReplicationControlManager.electLeader`).
    fn held(self, partition: &Partition) -> ErrorCode {
        match self {
            Election::Preferred if partition.replicas.first() == Some(&partition.leader) => {
                ErrorCode::ElectionNotNeeded
            }
            Election::Preferred => ErrorCode::PreferredLeaderNotAvailable,
            Election::Unclean if partition.leader != NodeId::NONE => ErrorCode::ElectionNotNeeded,
            Election::Unclean => ErrorCode::EligibleLeadersNotAvailable,
        }
    }
}

fn answer(image: &Image, request: &ElectLeadersRequest) -> ElectLeadersResponse {
    let named = request.topic_partitions.as_deref();
    let Some(election) = Election::of(request.election_type) else {
        // Told for the whole request, and for each partition that it names.
        let refused = |topic| refused(topic, request.election_type);
        return ElectLeadersResponse::default()
            .with_error_code(ErrorCode::InvalidRequest.code())
            .with_replica_election_results(named.unwrap_or_default().iter().map(refused).collect());
    };
    ElectLeadersResponse::default().with_replica_election_results(match named {
        Some(topics) => topics.iter().map(|topic| of_named(image, topic, election)).collect(),
        None => image.topics.values().map(|topic| of_all(topic, election)).collect(),
    })
}

fn refused(asked: &TopicPartitions, election: i8) -> ReplicaElectionResult {
    let why = format!("Unknown election type {election}");
    let one = |index: &i32| result(*index, ErrorCode::InvalidRequest, Some(why.clone()));
    ReplicaElectionResult::default()
        .with_topic(asked.topic.clone())
        .with_partition_result(asked.partitions.iter().map(one).collect())
}

fn of_named(image: &Image, asked: &TopicPartitions, election: Election) -> ReplicaElectionResult {
    let name = &asked.topic;
    let topic = image.topic(name);
    let one = |index: i32| match (topic, topic.and_then(|topic| topic.partition(index))) {
        (_, Some(partition)) => result(index, election.held(partition), None),
        (Some(_), None) => {
            result(index, ErrorCode::UnknownTopicOrPartition, Some(format!("No such partition as {}-{index}", **name)))
        }
        (None, None) => result(index, ErrorCode::UnknownTopicOrPartition, Some(format!("No such topic as {}", **name))),
    };
    ReplicaElectionResult::default()
        .with_topic(name.clone())
        .with_partition_result(asked.partitions.iter().map(|index| one(*index)).collect())
}

/// Of all partitions those are left out that have the leader that they should have; their topics are not.
fn of_all(topic: &Topic, election: Election) -> ReplicaElectionResult {
    let held = (0..).zip(&topic.partitions).map(|(index, partition)| (index, election.held(partition)));
    let rest = held.filter(|(_, code)| *code != ErrorCode::ElectionNotNeeded);
    ReplicaElectionResult::default()
        .with_topic(topic_name(&topic.name))
        .with_partition_result(rest.map(|(index, code)| result(index, code, None)).collect())
}

fn result(index: i32, code: ErrorCode, why: Option<String>) -> PartitionResult {
    PartitionResult::default()
        .with_partition_id(index)
        .with_error_code(code.code())
        .with_error_message(Some(why.map_or(StrBytes::from_static_str(code.message()), text)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use klamm_base::TopicId;

    use super::*;

    fn partition(replicas: &[i32], leader: i32) -> Partition {
        let replicas: Vec<NodeId> = replicas.iter().map(|id| NodeId(*id)).collect();
        Partition { leader: NodeId(leader), ..Partition::new(replicas, vec![TopicId::ZERO]) }
    }

    fn image() -> Image {
        let mut image = Image::default();
        let partitions = vec![partition(&[1, 2], 1), partition(&[2, 1], 1), partition(&[3], NodeId::NONE.0)];
        let topic = Topic { id: TopicId([7; 16]), name: Arc::from("t"), partitions };
        image.topics.insert(topic.name.clone(), Arc::new(topic));
        image
    }

    fn codes(answer: &ElectLeadersResponse) -> Vec<(i32, i16)> {
        let results = answer.replica_election_results.iter().flat_map(|topic| &topic.partition_result);
        results.map(|result| (result.partition_id, result.error_code)).collect()
    }

    fn asked(election: i8, partitions: Option<&[i32]>) -> ElectLeadersResponse {
        let topic = |indexes: &[i32]| {
            vec![TopicPartitions::default().with_topic(topic_name("t")).with_partitions(indexes.to_vec())]
        };
        let request = ElectLeadersRequest::default().with_election_type(election);
        answer(&image(), &request.with_topic_partitions(partitions.map(topic)))
    }

    #[test]
    fn a_partition_that_has_the_leader_that_is_wanted_keeps_it() {
        assert_eq!(codes(&asked(0, Some(&[0, 1, 2, 3, -1]))), [(0, 84), (1, 80), (2, 80), (3, 3), (-1, 3)]);
        assert_eq!(codes(&asked(1, Some(&[0, 1, 2, 3]))), [(0, 84), (1, 84), (2, 83), (3, 3)]);
    }

    #[test]
    fn of_all_partitions_those_are_named_that_lack_it() {
        assert_eq!(codes(&asked(0, None)), [(1, 80), (2, 80)]);
        assert_eq!(codes(&asked(1, None)), [(2, 83)]);
    }

    #[test]
    fn another_kind_of_election_is_none() {
        for kind in [-1, 2, i8::MAX] {
            let answer = asked(kind, None);
            assert_eq!((answer.error_code, answer.replica_election_results.len()), (42, 0));
            let answer = asked(kind, Some(&[0, 9]));
            assert_eq!((answer.error_code, codes(&answer)), (42, vec![(0, 42), (9, 42)]));
        }
    }
}
