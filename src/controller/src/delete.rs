//! Deleting topics.

use std::collections::BTreeMap;

use klamm_base::{ErrorCode, TopicId};
use klamm_metadata::{Image, Record};

use crate::topics::{RECORDS_MAX, named_twice};
use crate::{Defaults, Refusal};

/// A topic to delete, by name or by id but not both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteTopic {
    /// The name, if the id is [`TopicId::ZERO`].
    pub name: Option<String>,
    /// The id, if there is no name.
    pub id: TopicId,
}

/// What became of a topic that was to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeletedTopic {
    /// Its name, as far as it is known.
    pub name: Option<String>,
    /// Its id, as far as it is known.
    pub id: TopicId,
    /// Whether it was deleted.
    pub result: Result<(), Refusal>,
}

/// Decides about all topics of one request (`ControllerApis.deleteTopics`). What was named twice is answered once.
pub(crate) fn delete(image: &Image, defaults: &Defaults, topics: &[DeleteTopic]) -> (Vec<Record>, Vec<DeletedTopic>) {
    if !defaults.delete_topic_enable {
        let refused = |topic: &DeleteTopic| DeletedTopic {
            name: topic.name.clone(),
            id: topic.id,
            result: Err(ErrorCode::TopicDeletionDisabled.into()),
        };
        return (Vec::new(), topics.iter().map(refused).collect());
    }
    let mut results = Vec::new();
    let (names, ids) = distinct(topics, &mut results);
    let mut found: BTreeMap<TopicId, String> = BTreeMap::new();
    for id in ids {
        match image.topic_by_id(id) {
            Some(topic) => drop(found.insert(id, topic.name.to_string())),
            None => results.push(refused(None, id, ErrorCode::UnknownTopicId.into())),
        }
    }
    for name in names {
        match image.topic(&name).map(|topic| topic.id) {
            None => results.push(refused(Some(name), TopicId::ZERO, ErrorCode::UnknownTopicOrPartition.into())),
            Some(id) if found.remove(&id).is_some() => {
                let text = "The provided topic name maps to an ID that was already supplied.";
                results.push(refused(Some(name), id, Refusal::invalid_request(text)));
            }
            Some(id) => drop(found.insert(id, name)),
        }
    }
    if found.len() > RECORDS_MAX {
        let too_large = |(id, name)| refused(Some(name), id, Refusal::too_large());
        results.extend(found.into_iter().map(too_large));
        return (Vec::new(), results);
    }
    let records = found.keys().map(|id| Record::RemoveTopic { id: *id }).collect();
    results.extend(found.into_iter().map(|(id, name)| DeletedTopic { name: Some(name), id, result: Ok(()) }));
    (records, results)
}

fn refused(name: Option<String>, id: TopicId, refusal: Refusal) -> DeletedTopic {
    DeletedTopic { name, id, result: Err(refusal) }
}

/// The names and ids that occur once; what else is wrong with the request goes to `results`.
fn distinct(topics: &[DeleteTopic], results: &mut Vec<DeletedTopic>) -> (Vec<String>, Vec<TopicId>) {
    let names = topics.iter().filter(|topic| topic.id.is_zero()).filter_map(|topic| topic.name.as_deref());
    let names_twice = named_twice(names.clone());
    let mut ids: BTreeMap<TopicId, usize> = BTreeMap::new();
    for topic in topics {
        match (&topic.name, topic.id) {
            (None, TopicId::ZERO) => {
                let text = "Neither topic name nor id were specified.";
                results.push(refused(None, TopicId::ZERO, Refusal::invalid_request(text)));
            }
            (Some(name), id) if !id.is_zero() => {
                let text = "You may not specify both topic name and topic id.";
                results.push(refused(Some(name.clone()), id, Refusal::invalid_request(text)));
            }
            (None, id) => *ids.entry(id).or_default() += 1,
            (Some(_), _) => {}
        }
    }
    let twice = |name: &&str| {
        refused(Some((*name).to_owned()), TopicId::ZERO, Refusal::invalid_request("Duplicate topic name."))
    };
    results.extend(names_twice.iter().map(twice));
    let twice = |(id, _): (&TopicId, &usize)| refused(None, *id, Refusal::invalid_request("Duplicate topic id."));
    results.extend(ids.iter().filter(|(_, count)| **count > 1).map(twice));
    let once = names.filter(|name| !names_twice.contains(name)).map(str::to_owned).collect();
    (once, ids.into_iter().filter(|(_, count)| *count == 1).map(|(id, _)| id).collect())
}
