//! The cases that an admin client runs.

use contract::{Member, Outcome, WAIT, number, pairs, text, until};
use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication, TopicResult,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaErrorCode;
use serde_json::{Map, Value, json};

use crate::member::GroupMember;
use crate::{block_on, committed, config, consumer, read};

type Admin = AdminClient<DefaultClientContext>;

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(WAIT)).operation_timeout(Some(WAIT))
}

/// The error code of the one topic that a request named, if the broker refused it.
fn refusal(results: &[TopicResult]) -> Option<RDKafkaErrorCode> {
    results.iter().find_map(|result| result.as_ref().err().map(|(_, code)| *code))
}

fn accepted(results: &[TopicResult]) -> Outcome<()> {
    refusal(results).map_or(Ok(()), |code| Err(code.into()))
}

fn partitions_of(reader: &BaseConsumer, topic: &str) -> Outcome<usize> {
    let all = reader.fetch_metadata(None, WAIT)?;
    Ok(all.topics().iter().find(|found| found.name() == topic).map_or(0, |found| found.partitions().len()))
}

fn configs_of(admin: &Admin, topic: &str) -> Outcome<Map<String, Value>> {
    let results = block_on(admin.describe_configs(&[ResourceSpecifier::Topic(topic)], &options()))??;
    let mut configs = Map::new();
    for resource in results {
        configs.extend(resource?.entries.into_iter().map(|entry| (entry.name, json!(entry.value))));
    }
    Ok(configs)
}

pub fn topics(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let admin: Admin = config(bootstrap).create()?;
    let reader = consumer(bootstrap, "unused")?;
    let plain = || NewTopic::new(topic, 2, TopicReplication::Fixed(1));
    let wanted = pairs(args, "configs")?.into_iter().fold(plain(), |made, (name, value)| made.set(name, value));
    accepted(&block_on(admin.create_topics([&wanted], &options()))??)?;
    let made = until("the topic in the list", || partitions_of(&reader, topic), |count| *count == 2)?;
    let again = block_on(admin.create_topics([&plain()], &options()))??;
    let before = configs_of(&admin, topic)?;
    let changes = pairs(args, "alter")?;
    let change = changes
        .iter()
        .fold(AlterConfig::new(ResourceSpecifier::Topic(topic)), |all, (name, value)| all.set(name, value));
    for result in block_on(admin.alter_configs([&change], &options()))?? {
        result.map_err(|(_, code)| code)?;
    }
    let altered =
        |seen: &Map<String, Value>| changes.iter().all(|(name, value)| seen.get(*name) == Some(&json!(value)));
    let after = until("the altered config", || configs_of(&admin, topic), altered)?;
    accepted(&block_on(admin.create_partitions([&NewPartitions::new(topic, 4)], &options()))??)?;
    let grown = until("four partitions", || partitions_of(&reader, topic), |count| *count == 4)?;
    accepted(&block_on(admin.delete_topics(&[topic], &options()))??)?;
    let left = until("the topic to go", || partitions_of(&reader, topic), |count| *count == 0)?;
    Ok(json!({
        "partitions": made, "duplicate": refusal(&again).map(|code| code as i32), "before": before, "after": after, "grown": grown,
        "deleted": left == 0,
    }))
}

/// State and number of members of a group; none when the broker does not know it.
fn described(reader: &BaseConsumer, name: &str) -> Outcome<Option<(String, usize, String)>> {
    let all = reader.fetch_group_list(None, WAIT)?;
    let found = all.groups().iter().find(|group| group.name() == name);
    Ok(found.map(|group| (group.state().to_lowercase(), group.members().len(), group.protocol_type().to_owned())))
}

pub fn groups(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let name = text(args, "group")?;
    let count = number(args, "count")?;
    let admin: Admin = config(bootstrap).create()?;
    let reader = consumer(bootstrap, name)?;
    let member = GroupMember::join(bootstrap, topic, name)?;
    let assigned = until("the member's assignment", || member.owned(), |owned| !owned.is_empty())?;
    let offset = until("the member's commit", || committed(&reader, topic), |seen| *seen == Some(count))?;
    let in_state = |state: &'static str| {
        move |seen: &Option<(String, usize, String)>| seen.as_ref().is_some_and(|found| found.0 == state)
    };
    let whole = until("a stable group", || described(&reader, name), in_state("stable"))?.ok_or("no group")?;
    Box::new(member).stop()?;
    let empty = until("an empty group", || described(&reader, name), in_state("empty"))?.ok_or("no group")?;
    for result in block_on(admin.delete_groups(&[name], &options()))?? {
        result.map_err(|(_, code)| code)?;
    }
    Ok(json!({
        "listed": whole.0, "state": whole.0, "members": whole.1, "protocol_type": whole.2, "assigned": assigned, "committed": offset,
        "after_leave": empty.0, "deleted": described(&reader, name)?.is_none(),
    }))
}

pub fn delete_records(bootstrap: &str, topic: &str, args: &Value) -> Outcome<Value> {
    let admin: Admin = config(bootstrap).create()?;
    let mut upto = TopicPartitionList::new();
    upto.add_partition_offset(topic, 0, Offset::Offset(number(args, "offset")?))?;
    let answer = block_on(admin.delete_records(&upto, &options()))??;
    let low = answer.elements().first().and_then(|part| part.offset().to_raw());
    let (earliest, _) = consumer(bootstrap, "unused")?.fetch_watermarks(topic, 0, WAIT)?;
    let first = read(bootstrap, topic, &[(0, -2)], 1)?;
    Ok(json!({"low": low, "earliest": earliest, "first": first[0]["value"]}))
}
