//! What Metadata tells of topics.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use klamm_base::{ErrorCode, TopicPartition};
use klamm_peer::{To, Verdict, Versions};

use super::cluster::{Cluster, topic_name};
use crate::thrown::Thrown;

/// The partitions of a topic with their leaders, by partition.
pub(crate) type Partitions = BTreeMap<i32, Option<i32>>;

impl Cluster {
    /// The names of all topics, internal ones among them.
    pub(crate) async fn topic_names(&self) -> Result<BTreeSet<String>, Thrown> {
        let request = MetadataRequest::default().with_topics(None);
        let answer = self.client.call("listTopics", &To::Any, &request).await?;
        Ok(answer.topics.into_iter().filter_map(|topic| topic.name).map(|name| name.to_string()).collect())
    }

    /// The partitions of each of these topics, or why it cannot be told.
    pub(crate) async fn describe_topics(
        &self,
        topics: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Result<Partitions, Thrown>>, Thrown> {
        let mut described = BTreeMap::new();
        if topics.contains("") {
            let text = "The given topic name '' cannot be represented in a request.".to_owned();
            described.insert(String::new(), Err(Thrown::coded(ErrorCode::InvalidTopicException, Some(text))));
        }
        let asked: Vec<&String> = topics.iter().filter(|topic| !topic.is_empty()).collect();
        if asked.is_empty() {
            return Ok(described);
        }
        let shape = |versions: &Versions| {
            let version = versions.highest::<MetadataRequest>()?;
            let topic = |name: &&String| MetadataRequestTopic::default().with_name(Some(topic_name(name)));
            let request = MetadataRequest::default()
                .with_topics(Some(asked.iter().map(topic).collect()))
                // Brokers before 0.11 make a topic that is asked for, if they are set to.
                .with_allow_auto_topic_creation(version < 4);
            Ok((version, request))
        };
        let call = self.client.call_shaped::<MetadataRequest, _>("describeTopics", &To::Any, shape, |_| Verdict::Done);
        for topic in call.await?.topics {
            let Some(name) = topic.name else { continue };
            let partition = |(index, leader): (i32, i32)| (index, Some(leader).filter(|id| *id >= 0));
            let pairs = topic.partitions.iter().map(|it| partition((it.partition_index, it.leader_id.0)));
            let outcome = Thrown::wire::<String>(topic.error_code, None).map_or_else(|| Ok(pairs.collect()), Err);
            described.insert(name.to_string(), outcome);
        }
        Ok(described)
    }

    /// The partitions of these topics, all of which there must be.
    ///
    /// # Errors
    /// What one of the topics fails with.
    pub(crate) async fn all_topics(&self, topics: &BTreeSet<String>) -> Result<BTreeMap<String, Partitions>, Thrown> {
        let described = self.describe_topics(topics).await?;
        described.into_iter().map(|(topic, outcome)| Ok((topic, outcome?))).collect()
    }
}

/// The topics of these partitions.
pub(crate) fn topics_of<'a>(partitions: impl IntoIterator<Item = &'a TopicPartition>) -> BTreeSet<String> {
    partitions.into_iter().map(|partition| partition.topic.to_string()).collect()
}
