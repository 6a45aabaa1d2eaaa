//! Making, growing and deleting topics.

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::{
    BrokerId, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use klamm_base::ErrorCode;
use klamm_peer::{Client, To, Verdict};
use klamm_settings::check_topic_value;

use super::{ILLEGAL_ARGUMENT, chosen, ensure_found};
use crate::admin::connect::Failure;
use crate::admin::view::{describe_topics, wire};
use crate::io::Io;
use crate::jopt::Parsed;
use crate::thrown::Thrown;

/// What is to become of a topic (`CommandTopicPartition`).
struct Wish {
    partitions: Option<i32>,
    replication_factor: Option<i32>,
    /// The brokers of each partition.
    assignment: Vec<Vec<i32>>,
    configs: BTreeMap<String, String>,
}

impl Wish {
    fn read(parsed: &Parsed) -> Result<Wish, Failure> {
        parsed.single("topic")?;
        let partitions = parsed.read_value("partitions")?;
        let replication_factor = parsed.read_value("replication-factor")?;
        let assignment = match parsed.single("replica-assignment")? {
            Some(text) if !text.is_empty() => read_assignment(text)?,
            _ => Vec::new(),
        };
        let configs = read_configs(&parsed.values("config"))?;
        Ok(Wish { partitions, replication_factor, assignment, configs })
    }
}

/// The pieces of a text as Java's `split` gives them: none at the end that are empty.
fn split(text: &str, at: char) -> Vec<&str> {
    let mut pieces: Vec<&str> = text.split(at).collect();
    while pieces.len() > 1 && pieces.last().is_some_and(|piece| piece.is_empty()) {
        pieces.pop();
    }
    pieces
}

fn read_assignment(text: &str) -> Result<Vec<Vec<i32>>, Thrown> {
    let mut partitions: Vec<Vec<i32>> = Vec::new();
    for piece in split(text, ',') {
        let number = |word: &str| {
            word.parse::<i32>()
                .map_err(|_| Thrown::new("java.lang.NumberFormatException", format!("For input string: \"{word}\"")))
        };
        let brokers = split(piece, ':').into_iter().map(|word| number(word.trim())).collect::<Result<Vec<i32>, _>>()?;
        let mut seen = BTreeSet::new();
        let twice: BTreeSet<i32> = brokers.iter().copied().filter(|id| !seen.insert(*id)).collect();
        if !twice.is_empty() {
            let twice: Vec<String> = twice.iter().map(i32::to_string).collect();
            let message = format!("Partition replica lists may not contain duplicate entries: {}", twice.join(","));
            return Err(Thrown::new("org.apache.kafka.tools.AdminCommandFailedException", message));
        }
        if partitions.first().is_some_and(|first| first.len() != brokers.len()) {
            let message = format!("Partition {} has different replication factor: {brokers:?}", partitions.len());
            return Err(Thrown::new("org.apache.kafka.tools.AdminOperationException", message));
        }
        partitions.push(brokers);
    }
    Ok(partitions)
}

fn read_configs(words: &[&str]) -> Result<BTreeMap<String, String>, Thrown> {
    let mut configs = BTreeMap::new();
    for word in words {
        match split(word, '=')[..] {
            [key, value] => configs.insert(key.trim().to_owned(), value.trim().to_owned()),
            _ => {
                let message = "requirement failed: Invalid topic config: all configs to be added must be in the format \
                               \"key=val\".";
                return Err(Thrown::new(ILLEGAL_ARGUMENT, message));
            }
        };
    }
    let faults: Vec<String> = configs.iter().filter_map(|(key, value)| check_topic_value(key, value).err()).collect();
    // Names are looked at before values (`LogConfig.validate`).
    match faults.iter().find(|fault| fault.starts_with("Unknown topic config name")) {
        Some(unknown) => Err(Thrown::coded(ErrorCode::InvalidConfig, Some(unknown.clone()))),
        None => match faults.into_iter().next() {
            Some(fault) => Err(Thrown::new("org.apache.kafka.common.config.ConfigException", fault)),
            None => Ok(configs),
        },
    }
}

fn brokers(ids: &[i32]) -> Vec<BrokerId> {
    ids.iter().copied().map(BrokerId).collect()
}

fn patience_ms(client: &Client) -> i32 {
    i32::try_from(client.options().request_timeout.as_millis()).unwrap_or(i32::MAX)
}

/// Only a controller that is none any more is a reason to ask again.
fn judge(mut codes: impl Iterator<Item = i16>) -> Verdict {
    match codes.any(|code| ErrorCode::from_wire(code) == ErrorCode::NotController) {
        true => Verdict::Again(ErrorCode::NotController),
        false => Verdict::Done,
    }
}

/// `--create`.
pub(super) async fn create(io: &mut Io, parsed: &Parsed, client: &Client) -> Result<(), Failure> {
    let wish = Wish::read(parsed)?;
    let name = parsed.value("topic").unwrap_or_default();
    if name.contains(['.', '_']) {
        io.say(
            "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. \
             To avoid issues it is best to use either, but not both.",
        );
    }
    check_counts(&wish)?;
    if name.is_empty() {
        let message = "The given topic name '' cannot be represented in a request.";
        return Err(Thrown::coded(ErrorCode::InvalidTopicException, Some(message.to_owned())).into());
    }
    let request =
        CreateTopicsRequest::default().with_topics(vec![creatable(name, &wish)]).with_timeout_ms(patience_ms(client));
    let answer = client
        .call_until("createTopics", &To::Controller, &request, |answer| {
            judge(answer.topics.iter().map(|topic| topic.error_code))
        })
        .await?;
    let refusal = answer.topics.iter().find_map(|topic| Thrown::wire(topic.error_code, topic.error_message.as_ref()));
    match refusal {
        None => io.say(format_args!("Created topic {name}.")),
        Some(refusal) if refusal.code == Some(ErrorCode::TopicAlreadyExists) && parsed.has("if-not-exists") => {}
        Some(refusal) => return Err(refusal.into()),
    }
    Ok(())
}

fn check_counts(wish: &Wish) -> Result<(), Thrown> {
    if wish.replication_factor.is_some_and(|factor| factor < 1 || factor > i32::from(i16::MAX)) {
        let message = format!("The replication factor must be between 1 and {} inclusive", i16::MAX);
        return Err(Thrown::new(ILLEGAL_ARGUMENT, message));
    }
    if wish.partitions.is_some_and(|count| count < 1) {
        return Err(Thrown::new(ILLEGAL_ARGUMENT, "The partitions must be greater than 0"));
    }
    Ok(())
}

fn creatable(name: &str, wish: &Wish) -> CreatableTopic {
    let assignment = |(index, ids): (usize, &Vec<i32>)| {
        CreatableReplicaAssignment::default()
            .with_partition_index(i32::try_from(index).unwrap_or(i32::MAX))
            .with_broker_ids(brokers(ids))
    };
    let config = |(key, value): (&String, &String)| {
        CreatableTopicConfig::default()
            .with_name(StrBytes::from_string(key.clone()))
            .with_value(Some(StrBytes::from_string(value.clone())))
    };
    let factor = wish.replication_factor.and_then(|factor| i16::try_from(factor).ok());
    CreatableTopic::default()
        .with_name(wire(name))
        .with_num_partitions(wish.partitions.unwrap_or(-1))
        .with_replication_factor(factor.unwrap_or(-1))
        .with_assignments(wish.assignment.iter().enumerate().map(assignment).collect())
        .with_configs(wish.configs.iter().map(config).collect())
}

/// `--alter`.
pub(super) async fn alter(parsed: &Parsed, client: &Client) -> Result<(), Failure> {
    let wish = Wish::read(parsed)?;
    let names = chosen(parsed, client).await?;
    ensure_found(parsed, &names)?;
    if names.is_empty() {
        return Ok(());
    }
    let mut topics = Vec::new();
    for topic in describe_topics(client, &names, 2000).await? {
        let rest = wish.assignment.get(topic.partitions.len()..).unwrap_or_default();
        let rest = rest.iter().map(|ids| CreatePartitionsAssignment::default().with_broker_ids(brokers(ids))).collect();
        topics.push(
            CreatePartitionsTopic::default()
                .with_name(wire(&topic.name))
                .with_count(wish.partitions.unwrap_or_default())
                .with_assignments((!wish.assignment.is_empty()).then_some(rest)),
        );
    }
    let request = CreatePartitionsRequest::default().with_topics(topics).with_timeout_ms(patience_ms(client));
    let answer = client
        .call_until("createPartitions", &To::Controller, &request, |answer| {
            judge(answer.results.iter().map(|topic| topic.error_code))
        })
        .await?;
    let refusal = answer.results.iter().find_map(|topic| Thrown::wire(topic.error_code, topic.error_message.as_ref()));
    refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// `--delete`.
pub(super) async fn delete(parsed: &Parsed, client: &Client) -> Result<(), Failure> {
    let names = chosen(parsed, client).await?;
    ensure_found(parsed, &names)?;
    if names.is_empty() {
        return Ok(());
    }
    let wires: Vec<TopicName> = names.iter().map(|name| wire(name)).collect();
    let version = client.connection(&To::Controller).await?.versions().highest::<DeleteTopicsRequest>()?;
    let request = DeleteTopicsRequest::default().with_timeout_ms(patience_ms(client));
    let request = match version {
        6.. => request
            .with_topics(wires.into_iter().map(|name| DeleteTopicState::default().with_name(Some(name))).collect()),
        _ => request.with_topic_names(wires),
    };
    let answer = client
        .call_until("deleteTopics", &To::Controller, &request, |answer| {
            judge(answer.responses.iter().map(|topic| topic.error_code))
        })
        .await?;
    let refusal =
        answer.responses.iter().find_map(|topic| Thrown::wire(topic.error_code, topic.error_message.as_ref()));
    refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_and_its_faults_are_kafka_s() {
        assert_eq!(read_assignment("1:2, 3 : 4,").unwrap(), [[1, 2], [3, 4]]);
        let said = |text: &str| read_assignment(text).unwrap_err().text().to_owned();
        assert_eq!(said("1:1"), "Partition replica lists may not contain duplicate entries: 1");
        assert_eq!(said("1:2,3"), "Partition 1 has different replication factor: [3]");
        assert_eq!(said("x"), "For input string: \"x\"");
        assert_eq!(said("1,,2"), "For input string: \"\"");
    }

    #[test]
    fn settings_are_checked_before_anyone_is_asked() {
        let read = |words: &[&str]| read_configs(words).map_err(|thrown| thrown.text().to_owned());
        assert_eq!(read(&["retention.ms = 5", "retention.ms=6"]).unwrap()["retention.ms"], "6");
        assert!(read(&["a"]).unwrap_err().contains("key=val") && read(&["a="]).unwrap_err().contains("key=val"));
        assert!(read(&["a=b=c"]).unwrap_err().contains("key=val"));
        assert_eq!(read(&["segment.bytes=x", "zzz=1"]).unwrap_err(), "Unknown topic config name: zzz");
        assert_eq!(
            read(&["segment.bytes=x"]).unwrap_err(),
            "Invalid value x for configuration segment.bytes: Not a number of type INT"
        );
    }
}
