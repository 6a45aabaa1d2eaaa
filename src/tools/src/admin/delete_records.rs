//! `kafka-delete-records`: deletes the records of partitions before an offset (`DeleteRecordsCommand`).

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::DeleteRecordsRequest;
use kafka_protocol::messages::DeleteRecordsResponse;
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use klamm_base::TopicPartition;
use klamm_peer::{Client, Error, To, Verdict};

use super::connect::{BROKER_LIST, Failure, admin, bootstrap, in_world, properties, read_text};
use super::java_map::{in_map_order, partition_hash};
use super::view::{leaders, wire};
use super::{COMMAND_FAILED, OPERATION, json};
use crate::io::Io;
use crate::jopt::{HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use crate::thrown::{EXECUTION, Thrown};

const OPTIONS: &[Opt] = &[
    Opt::value(&["bootstrap-server"], "String: server(s) to use for bootstrapping", "Must be given: brokers."),
    Opt::value(
        &["offset-json-file"],
        "String: Offset json file path",
        "Must be given: a file that says which records are to go, those before an offset (-1: all).\n\
         {\"partitions\":\n  [{\"topic\": \"foo\", \"partition\": 1, \"offset\": 1}],\n \"version\":1\n}",
    ),
    Opt::value(
        &["command-config"],
        "String: command config property file path",
        "A file of client properties for the connection.",
    ),
    HELP,
    VERSION,
    BROKER_LIST,
];

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let title = "This tool helps to delete records of the given partitions down to the specified offset.";
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return Failure::from(fault).tell(io),
    };
    if let Some(code) = help_or_version(io, &parsed, args, title) {
        return code;
    }
    work(io, &parsed).unwrap_or_else(|failure| failure.tell(io))
}

fn work(io: &mut Io, parsed: &Parsed) -> Result<u8, Failure> {
    let Some(servers) = bootstrap(io, parsed)? else {
        return Ok(usage_fault(io, OPTIONS, "Missing required argument \"[bootstrap-server]\""));
    };
    if let Err(message) = parsed.check_required(&["offset-json-file"]) {
        return Ok(usage_fault(io, OPTIONS, &message));
    }
    let config = properties(parsed.single("command-config")?)?;
    let path = parsed.single("offset-json-file")?.unwrap_or_default().to_owned();
    in_world(async |env| {
        let client = admin(&env, config, &servers, "adminclient-1").await?;
        let wanted = read_offsets(&read_text(&path)?)?;
        io.say("Executing records delete operation");
        io.say("Records delete operation completed:");
        let _ = io.out.flush();
        for (partition, done) in delete(&client, &wanted).await {
            match done {
                Ok(low) => io.say(format_args!("partition: {partition}\tlow_watermark: {low}")),
                Err(thrown) => {
                    io.say(format_args!("partition: {partition}\terror: {}", thrown.within(EXECUTION).text()));
                }
            }
        }
        Ok(())
    })?;
    Ok(0)
}

/// What a file wants, in its order.
fn read_offsets(text: &str) -> Result<Vec<(TopicPartition, i64)>, Thrown> {
    let root = json::parse(text).ok_or_else(|| Thrown::new(OPERATION, "The input string is not a valid JSON"))?;
    let fields = json::object(&root)?;
    match fields.get("version").map(json::integer).transpose()? {
        None | Some(1) => {}
        Some(version) => {
            return Err(Thrown::new(OPERATION, format!("Not supported version field value {version}")));
        }
    }
    let items = fields.get("partitions").ok_or_else(|| Thrown::new(OPERATION, "Missing partitions field"))?;
    let (mut wanted, mut twice) = (Vec::new(), Vec::new());
    for item in json::array(items)? {
        let (partition, fields) = partition_of(item)?;
        let offset = json::long(json::field(fields, "offset")?)?;
        if wanted.iter().any(|(known, _)| *known == partition) {
            if !twice.contains(&partition) {
                twice.push(partition);
            }
        } else {
            wanted.push((partition, offset));
        }
    }
    if !twice.is_empty() {
        let twice: Vec<String> = in_map_order(twice, |one| partition_hash(&one.topic, one.partition))
            .iter()
            .map(TopicPartition::to_string)
            .collect();
        let message = format!("Offset json file contains duplicate topic partitions: {}", twice.join(","));
        return Err(Thrown::new(COMMAND_FAILED, message));
    }
    Ok(wanted)
}

/// The partition that an item of a file names, and the item's fields.
pub(super) fn partition_of(
    item: &serde_json::Value,
) -> Result<(TopicPartition, &serde_json::Map<String, serde_json::Value>), Thrown> {
    let fields = json::object(item)?;
    let topic = json::string(json::field(fields, "topic")?)?;
    let partition = json::integer(json::field(fields, "partition")?)?;
    Ok((TopicPartition::new(topic, partition), fields))
}

/// Deletes; what became of each partition (`Admin.deleteRecords`).
async fn delete(client: &Client, wanted: &[(TopicPartition, i64)]) -> Vec<(TopicPartition, Result<i64, Thrown>)> {
    let partitions: BTreeSet<TopicPartition> = wanted.iter().map(|(partition, _)| partition.clone()).collect();
    let mut done: BTreeMap<TopicPartition, Result<i64, Thrown>> = BTreeMap::new();
    let mut by_leader: BTreeMap<i32, Vec<(TopicPartition, i64)>> = BTreeMap::new();
    match leaders(client, "deleteRecords", &partitions).await {
        Err(error) => {
            let thrown = Thrown::of(error);
            done.extend(partitions.into_iter().map(|partition| (partition, Err(thrown.clone()))));
        }
        Ok(found) => {
            for (partition, offset) in wanted {
                match found.get(partition) {
                    Some(Ok(leader)) => by_leader.entry(*leader).or_default().push((partition.clone(), *offset)),
                    Some(Err(thrown)) => drop(done.insert(partition.clone(), Err(thrown.clone()))),
                    None => {}
                }
            }
        }
    }
    for (leader, asked) in by_leader {
        match ask_leader(client, leader, &asked).await {
            Ok(answer) => read_answer(&answer, &mut done),
            Err(error) => {
                let thrown = Thrown::of(error);
                done.extend(asked.into_iter().map(|(partition, _)| (partition, Err(thrown.clone()))));
            }
        }
    }
    wanted.iter().filter_map(|(partition, _)| done.remove_entry(partition)).collect()
}

async fn ask_leader(
    client: &Client,
    leader: i32,
    asked: &[(TopicPartition, i64)],
) -> Result<DeleteRecordsResponse, Error> {
    let mut topics: BTreeMap<&str, Vec<DeleteRecordsPartition>> = BTreeMap::new();
    for (TopicPartition { topic, partition }, offset) in asked {
        let asked = DeleteRecordsPartition::default().with_partition_index(*partition).with_offset(*offset);
        topics.entry(topic).or_default().push(asked);
    }
    let topic = |(name, asked)| DeleteRecordsTopic::default().with_name(wire(name)).with_partitions(asked);
    let patience_ms = i32::try_from(client.options().request_timeout.as_millis()).unwrap_or(i32::MAX);
    let request = DeleteRecordsRequest::default()
        .with_topics(topics.into_iter().map(topic).collect())
        .with_timeout_ms(patience_ms);
    let passing = |answer: &DeleteRecordsResponse| {
        let codes = answer.topics.iter().flat_map(|topic| &topic.partitions).map(|partition| partition.error_code);
        codes.map(Verdict::of).find(|verdict| matches!(verdict, Verdict::Again(_))).unwrap_or(Verdict::Done)
    };
    client.call_until("deleteRecords(api=DELETE_RECORDS)", &To::Node(leader), &request, passing).await
}

fn read_answer(answer: &DeleteRecordsResponse, done: &mut BTreeMap<TopicPartition, Result<i64, Thrown>>) {
    for topic in &answer.topics {
        for partition in &topic.partitions {
            let low = match Thrown::wire::<String>(partition.error_code, None) {
                None => Ok(partition.low_watermark),
                Some(thrown) => Err(thrown),
            };
            done.insert(TopicPartition::new(topic.name.as_str(), partition.partition_index), low);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_partitions_and_offsets() {
        let text = r#"{"partitions": [{"topic": "a", "partition": 0, "offset": 7}], "version": 1}"#;
        assert_eq!(read_offsets(text).unwrap(), [(TopicPartition::new("a", 0), 7)]);
        assert!(read_offsets(r#"{"partitions": []}"#).unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_in_kafka_s_words() {
        let said = |text: &str| read_offsets(text).unwrap_err().text().to_owned();
        assert_eq!(said("{"), "The input string is not a valid JSON");
        assert_eq!(said(r#"{"version": 2}"#), "Not supported version field value 2");
        assert_eq!(said("{}"), "Missing partitions field");
        let item = r#"{"topic": "a", "partition": 0, "offset": 1}"#;
        let twice = format!(r#"{{"partitions": [{item}, {item}, {item}]}}"#);
        assert_eq!(said(&twice), "Offset json file contains duplicate topic partitions: a-0");
    }
}
