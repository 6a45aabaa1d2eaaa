//! Topics that a start was asked for, made before anybody is served.

use std::collections::BTreeSet;

use klamm_api::published::Published;
use klamm_base::ErrorCode;
use klamm_controller::{Handle, NewTopic};
use klamm_raft::Quorum;

use crate::birth::TopicWish;
use crate::error::Error;
use crate::start::CONTROLLER_TIMEOUT;

/// Creates the topics that are missing and returns when they serve. One that cannot be created is told by a line and
/// does not keep the broker from starting, as in the images that brought this custom up.
///
/// # Errors
/// If the controller does not answer.
pub(crate) async fn create(
    controller: &Handle,
    published: &Published,
    quorum: &Quorum,
    wishes: Vec<TopicWish>,
) -> Result<(), Error> {
    if wishes.is_empty() {
        return Ok(());
    }
    let brokers = i16::try_from(published.image().alive_brokers().count()).unwrap_or(i16::MAX).max(1);
    let wishes = first_of_equals(wishes);
    let names: Vec<String> = wishes.iter().map(|wish| wish.name.clone()).collect();
    let topics = wishes.into_iter().map(|wish| new_topic(wish, brokers)).collect();
    let made = controller.create_topics(topics, false, CONTROLLER_TIMEOUT).await;
    let made = made.map_err(Error::refused("the topics to create at the start"))?;
    published.wait_for(quorum.image().at.index).await;
    for (topic, made) in names.iter().zip(made) {
        match made {
            Ok(made) => tracing::info!("created topic {topic} with {} partitions", made.partitions),
            Err(refusal) if refusal.code == ErrorCode::TopicAlreadyExists => {}
            Err(refusal) => tracing::warn!("topic {topic} was not created: {}", refusal.message),
        }
    }
    Ok(())
}

/// The controller refuses both of two topics of one name in one request.
fn first_of_equals(wishes: Vec<TopicWish>) -> Vec<TopicWish> {
    let mut seen = BTreeSet::new();
    let is_first = |wish: &TopicWish| {
        let first = seen.insert(wish.name.clone());
        if !first {
            tracing::warn!("topic {} is to be created twice: only the first of the two counts", wish.name);
        }
        first
    };
    wishes.into_iter().filter(is_first).collect()
}

fn new_topic(wish: TopicWish, brokers: i16) -> NewTopic {
    if wish.replication_factor > brokers {
        tracing::warn!(
            "topic {} shall have {} replicas, but there are only so many brokers: it gets {brokers}",
            wish.name,
            wish.replication_factor
        );
    }
    NewTopic {
        name: wish.name,
        partitions: wish.partitions,
        replication_factor: wish.replication_factor.min(brokers),
        assignments: Vec::new(),
        configs: wish.configs.into_iter().map(|(key, value)| (key, Some(value))).collect(),
    }
}
