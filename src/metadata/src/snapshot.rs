//! A whole image as records, and back.

use crate::{Delta, Error, Image, Position, Record, apply};

/// The records that make `image` from nothing.
pub fn records(image: &Image) -> impl Iterator<Item = Record> + '_ {
    let id = (!image.cluster.id.is_empty()).then(|| Record::Cluster { id: image.cluster.id.clone() });
    let brokers = image.brokers.values().map(|broker| Record::RegisterBroker((**broker).clone()));
    let topics = image.topics.values().flat_map(|topic| {
        let head = Record::Topic { id: topic.id, name: topic.name.clone() };
        let tail = topic.partitions.iter().zip(0..).map(|(state, partition)| Record::Partition {
            topic: topic.id,
            partition,
            state: state.clone(),
        });
        std::iter::once(head).chain(tail)
    });
    let configs = image.configs.iter().flat_map(|(resource, values)| {
        values.iter().map(|(name, value)| Record::Config {
            resource: resource.clone(),
            name: name.clone(),
            value: Some(value.clone()),
        })
    });
    // Who took the newest block is of interest only in the log.
    let ids = Record::ProducerIds { broker: klamm_base::NodeId::NONE, epoch: -1, next: image.next_producer_id };
    id.into_iter().chain(brokers).chain(topics).chain(configs).chain(std::iter::once(ids))
}

/// The image that `records` make from nothing, as of `at`.
///
/// # Errors
/// If a record does not fit those before it.
pub fn image(records: &[Record], at: Position) -> Result<Image, Error> {
    let mut image = Image::default();
    let mut unread = Delta::default();
    for record in records {
        apply(&mut image, record, at, &mut unread)?;
    }
    image.at = at;
    Ok(image)
}
