//! The calls of Kafka's admin client that these tools make, each under the admin client's name for it.

use std::time::Duration;

use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use kafka_protocol::messages::{DeleteGroupsRequest, GroupId, ListGroupsRequest, OffsetDeleteRequest};
use kafka_protocol::protocol::StrBytes;
use klamm_base::name::java_hash;
use klamm_base::{ErrorCode, TopicPartition};
use klamm_env::Env;
use klamm_peer::{Client, Error, Node, To, Verdict, Versions};
use std::collections::{BTreeMap, BTreeSet};

use super::failure::NoClient;
use crate::admin::java_map::in_map_order;
use crate::client_config::{ClientConfig, resolvable};
use crate::thrown::{KAFKA, Thrown};

/// The protocol types of groups that consume: groups that only commit have none.
const CONSUMER_PROTOCOLS: &[&str] = &["", "consumer"];

/// A cluster as an admin client sees it.
pub(crate) struct Cluster {
    /// Its client.
    pub(crate) client: Client,
    /// The clock.
    pub(crate) env: Env,
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedGroup {
    /// Its id.
    pub(crate) id: String,
    /// `Classic`, `Consumer`; empty if the broker does not tell.
    pub(crate) group_type: String,
    /// `Stable`, `Empty`; empty if the broker does not tell.
    pub(crate) state: String,
}

impl Cluster {
    /// A cluster. `api_timeout`, where given, bounds each call with all its tries.
    ///
    /// # Errors
    /// What is wrong with the properties.
    pub(crate) async fn open(
        env: &Env,
        config: &ClientConfig,
        api_timeout: Option<Duration>,
    ) -> Result<Cluster, NoClient> {
        let mut options = config.options("adminclient-1").map_err(NoClient)?;
        options.api_timeout = api_timeout.unwrap_or(options.api_timeout);
        resolvable(&options.bootstrap).await.map_err(NoClient)?;
        Ok(Cluster { client: Client::new(env, options), env: env.clone() })
    }

    /// The brokers.
    pub(crate) async fn nodes(&self, call: &str) -> Result<Vec<Node>, Thrown> {
        Ok(self.client.nodes(call).await?.0)
    }

    /// Groups that consume, in the order in which the stock tools print them. No states and no types: all.
    pub(crate) async fn consumer_groups(&self, states: &[&str], types: &[&str]) -> Result<Vec<ListedGroup>, Thrown> {
        let groups = self.groups(states, types, CONSUMER_PROTOCOLS).await?;
        Ok(in_map_order(groups, |group| java_hash(&group.id)))
    }

    /// Groups of these protocol types; of all, where none is given.
    pub(crate) async fn groups(
        &self,
        states: &[&str],
        types: &[&str],
        protocols: &[&str],
    ) -> Result<Vec<ListedGroup>, Thrown> {
        let nodes = self.nodes("findAllBrokers").await;
        let nodes = nodes.map_err(|_| Thrown::new(KAFKA, "Failed to find brokers to send ListGroups"))?;
        let mut groups: Vec<ListedGroup> = Vec::new();
        let mut seen = BTreeSet::new();
        for node in nodes {
            let to = To::Node(node.id);
            let shape = |versions: &Versions| list_request(versions, states, types);
            let call = self
                .client
                .call_shaped::<ListGroupsRequest, _>("listGroups", &to, shape, |answer| Verdict::of(answer.error_code));
            let answer = call.await?;
            if let Some(thrown) = Thrown::wire::<String>(answer.error_code, None) {
                return Err(thrown);
            }
            for group in answer.groups {
                let id = group.group_id.to_string();
                let wanted = protocols.is_empty() || protocols.contains(&group.protocol_type.as_str());
                if wanted && seen.insert(id.clone()) {
                    let (group_type, state) = (group.group_type.to_string(), group.group_state.to_string());
                    groups.push(ListedGroup { id, group_type, state });
                }
            }
        }
        Ok(groups)
    }

    /// Deletes a group.
    pub(crate) async fn delete_group(&self, group: &str) -> Result<(), Thrown> {
        let request = DeleteGroupsRequest::default().with_groups_names(vec![group_id(group)]);
        let code = |answer: &kafka_protocol::messages::DeleteGroupsResponse| {
            answer.results.first().map_or(ErrorCode::UnknownServerError.code(), |result| result.error_code)
        };
        let call = "deleteConsumerGroups(api=FIND_COORDINATOR)";
        let answer = self.client.call_until(call, &at(group), &request, |answer| Verdict::of(code(answer))).await?;
        Thrown::wire::<String>(code(&answer), None).map_or(Ok(()), Err)
    }

    /// Deletes offsets of a group; what became of each partition.
    pub(crate) async fn delete_offsets(
        &self,
        group: &str,
        partitions: &BTreeSet<TopicPartition>,
    ) -> Result<BTreeMap<TopicPartition, ErrorCode>, Thrown> {
        let topics = by_topic(partitions).into_iter().map(|(topic, partitions)| {
            let partition = |index| OffsetDeleteRequestPartition::default().with_partition_index(index);
            OffsetDeleteRequestTopic::default()
                .with_name(topic_name(&topic))
                .with_partitions(partitions.into_iter().map(partition).collect())
        });
        let request = OffsetDeleteRequest::default().with_group_id(group_id(group)).with_topics(topics.collect());
        let call = "offsetDelete(api=FIND_COORDINATOR)";
        let judge = |answer: &kafka_protocol::messages::OffsetDeleteResponse| Verdict::of(answer.error_code);
        let answer = self.client.call_until(call, &at(group), &request, judge).await?;
        if let Some(thrown) = Thrown::wire::<String>(answer.error_code, None) {
            return Err(thrown);
        }
        let mut outcome = BTreeMap::new();
        for topic in answer.topics {
            for partition in topic.partitions {
                let key = TopicPartition::new(topic.name.as_str(), partition.partition_index);
                outcome.insert(key, ErrorCode::from_wire(partition.error_code));
            }
        }
        Ok(outcome)
    }
}

/// ListGroups in the version that the broker serves (`ListGroupsRequest.Builder`): old ones know no filters.
fn list_request(versions: &Versions, states: &[&str], types: &[&str]) -> Result<(i16, ListGroupsRequest), Error> {
    let version = versions.highest::<ListGroupsRequest>()?;
    let list = |names: &[&str]| names.iter().map(|name| StrBytes::from_string((*name).to_owned())).collect();
    let mut request = ListGroupsRequest::default();
    if !states.is_empty() {
        if version < 4 {
            let text = "The broker only supports ListGroups v{}, but we need v4 or newer to request groups by states.";
            return Err(Error::Unwritable(text.replace("{}", &version.to_string())));
        }
        request.states_filter = list(states);
    }
    // Brokers before 3.8 know no groups but classic ones: a filter that lets these pass can be left out.
    let needs_filter = !types.is_empty() && !types.contains(&"Classic");
    if version >= 5 {
        request.types_filter = list(types);
    } else if needs_filter {
        let text = "The broker only supports ListGroups v{}, but we need v5 or newer to request groups by type. Requested group types: [{types}].";
        let text = text.replace("{types}", &types.join(", ")).replace("{}", &version.to_string());
        return Err(Error::Unwritable(text));
    }
    Ok((version, request))
}

/// The coordinator of a group.
pub(crate) fn at(group: &str) -> To {
    To::Group(group.to_owned())
}

/// A group's id on the wire.
pub(crate) fn group_id(group: &str) -> GroupId {
    GroupId(StrBytes::from_string(group.to_owned()))
}

/// A topic's name on the wire.
pub(crate) fn topic_name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

/// The partitions of each topic.
pub(crate) fn by_topic<'a>(partitions: impl IntoIterator<Item = &'a TopicPartition>) -> BTreeMap<String, Vec<i32>> {
    let mut topics: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for TopicPartition { topic, partition } in partitions {
        topics.entry(topic.to_string()).or_default().push(*partition);
    }
    topics
}
