//! `kafka-log-dirs`: what lies in the log directories of brokers, as JSON (`LogDirsCommand`).

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::describe_log_dirs_response::DescribeLogDirsResult;
use kafka_protocol::messages::{DescribeLogDirsRequest, DescribeLogDirsResponse};
use klamm_base::name::java_hash;
use klamm_base::{ErrorCode, TopicPartition};
use klamm_peer::{Client, To};
use serde_json::Value;

use super::connect::{Failure, admin, in_world, properties};
use super::java_map::{in_map_order, partition_hash};
use super::view::live_brokers;
use crate::io::Io;
use crate::jopt::{HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use crate::thrown::Thrown;

const OPTIONS: &[Opt] = &[
    Opt::value(&["bootstrap-server"], "String: The server(s) to use for bootstrapping", "Must be given: brokers."),
    Opt::value(
        &["command-config"],
        "String: Admin client property file",
        "A file of client properties for the connection.",
    ),
    Opt::flag(&["describe"], "Must be given: print what lies in the log directories."),
    Opt::value(&["topic-list"], "String: Topic list", "Which topics, with commas between; all without it.").or(""),
    Opt::value(&["broker-list"], "String: Broker list", "Which brokers, as ids with commas between; all without it.")
        .or(""),
    HELP,
    VERSION,
];

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return Failure::from(fault).tell(io),
    };
    let title = "This tool helps to query log directory usage on the specified brokers.";
    if let Some(code) = help_or_version(io, &parsed, args, title) {
        return code;
    }
    if let Err(message) = parsed.check_required(&["bootstrap-server", "describe"]) {
        return usage_fault(io, OPTIONS, &message);
    }
    work(io, &parsed).unwrap_or_else(|failure| failure.tell(io))
}

fn work(io: &mut Io, parsed: &Parsed) -> Result<u8, Failure> {
    let config = properties(parsed.single("command-config")?)?;
    let servers = parsed.single("bootstrap-server")?.unwrap_or_default();
    in_world(async |env| {
        let client = admin(&env, config, servers, "log-dirs-tool").await?;
        let topics: BTreeSet<&str> = listed(parsed.single("topic-list")?).collect();
        let live = live_brokers(&client, "listNodes").await.map_err(|error| Failure::from(error).executed())?;
        let wanted = listed(parsed.single("broker-list")?).map(read_id).collect::<Result<BTreeSet<i32>, Thrown>>()?;
        let missing: Vec<i32> = wanted.difference(&live).copied().collect();
        if !missing.is_empty() {
            io.complain(format_args!(
                "ERROR: The given brokers do not exist from --broker-list: {}. Current existent brokers: {}",
                ids(missing),
                ids(live)
            ));
            return Ok(crate::FAILED);
        }
        let brokers: Vec<i32> =
            if wanted.is_empty() { live.into_iter().collect() } else { wanted.into_iter().collect() };
        io.say("Querying brokers for log directories information");
        let _ = io.out.flush();
        let found = ask(&client, &brokers).await.map_err(Failure::executed)?;
        io.say(format_args!("Received log directory information from brokers {}", ids(brokers)));
        io.say(as_json(found, &topics));
        Ok(0)
    })
}

fn listed(list: Option<&str>) -> impl Iterator<Item = &str> {
    list.unwrap_or_default().split(',').filter(|item| !item.is_empty())
}

fn read_id(text: &str) -> Result<i32, Thrown> {
    let bad = |_| Thrown::new("java.lang.NumberFormatException", format!("For input string: \"{text}\""));
    text.parse().map_err(bad)
}

/// Ids in the order of a Java hash set, with commas between.
fn ids(ids: impl IntoIterator<Item = i32>) -> String {
    in_map_order(ids.into_iter().collect(), |id| *id).iter().map(i32::to_string).collect::<Vec<_>>().join(",")
}

/// What each broker says of its directories (`Admin.describeLogDirs`).
async fn ask(client: &Client, brokers: &[i32]) -> Result<BTreeMap<i32, DescribeLogDirsResponse>, Failure> {
    let request = DescribeLogDirsRequest::default().with_topics(None);
    let mut answers = BTreeMap::new();
    for id in brokers {
        let answer = client.call("describeLogDirs", &To::Node(*id), &request).await?;
        if answer.results.is_empty() {
            // Brokers before version 3 of the API tell nothing where they may not.
            let code = match ErrorCode::from_wire(answer.error_code) {
                ErrorCode::None => ErrorCode::ClusterAuthorizationFailed,
                code => code,
            };
            return Err(Thrown::coded(code, None).into());
        }
        answers.insert(*id, answer);
    }
    Ok(answers)
}

/// What was found, in one line, each object's keys in the order of the stock tool.
fn as_json(found: BTreeMap<i32, DescribeLogDirsResponse>, topics: &BTreeSet<&str>) -> String {
    let brokers = in_map_order(found.into_iter().collect(), |(id, _)| *id);
    let brokers = brokers.into_iter().map(|(id, answer)| {
        let dirs = in_map_order(answer.results, |dir| java_hash(&dir.log_dir));
        let dirs: Vec<String> = dirs.iter().map(|dir| directory(dir, topics)).collect();
        format!("{{\"broker\":{id},\"logDirs\":[{}]}}", dirs.join(","))
    });
    format!("{{\"brokers\":[{}],\"version\":1}}", brokers.collect::<Vec<_>>().join(","))
}

fn directory(dir: &DescribeLogDirsResult, topics: &BTreeSet<&str>) -> String {
    let mut replicas = Vec::new();
    for topic in &dir.topics {
        if topics.is_empty() || topics.contains(topic.name.as_str()) {
            let of_topic = topic.partitions.iter();
            replicas.extend(of_topic.map(|one| (TopicPartition::new(topic.name.as_str(), one.partition_index), one)));
        }
    }
    let replicas = in_map_order(replicas, |(name, _)| partition_hash(&name.topic, name.partition));
    let replica = |(name, one): &(TopicPartition, &_)| {
        let one: &kafka_protocol::messages::describe_log_dirs_response::DescribeLogDirsPartition = one;
        let name = Value::from(name.to_string());
        let (size, lag, future) = (one.partition_size, one.offset_lag, one.is_future_key);
        format!("{{\"partition\":{name},\"size\":{size},\"offsetLag\":{lag},\"isFuture\":{future}}}")
    };
    let replicas: Vec<String> = replicas.iter().map(replica).collect();
    let error = Thrown::wire::<String>(dir.error_code, None);
    let error = error.map_or(Value::Null, |thrown| Value::from(thrown.class.into_owned()));
    let path = Value::from(dir.log_dir.to_string());
    format!("{{\"partitions\":[{}],\"error\":{error},\"logDir\":{path}}}", replicas.join(","))
}

#[cfg(test)]
mod tests {
    use kafka_protocol::messages::describe_log_dirs_response::{DescribeLogDirsPartition, DescribeLogDirsTopic};
    use kafka_protocol::protocol::StrBytes;

    use super::super::view::wire;
    use super::*;

    #[test]
    fn directories_are_told_as_the_stock_tool_does() {
        let replica = DescribeLogDirsPartition::default().with_partition_index(2).with_partition_size(7);
        let topic =
            |name: &str| DescribeLogDirsTopic::default().with_name(wire(name)).with_partitions(vec![replica.clone()]);
        let dir = DescribeLogDirsResult::default()
            .with_log_dir(StrBytes::from_static_str("/a\"b"))
            .with_topics(vec![topic("t"), topic("other")]);
        let broken = DescribeLogDirsResult::default().with_log_dir(StrBytes::from_static_str("/x")).with_error_code(56);
        let answer = DescribeLogDirsResponse::default().with_results(vec![dir, broken]);
        let told = as_json(BTreeMap::from([(1, answer)]), &BTreeSet::from(["t"]));
        let value: Value = serde_json::from_str(&told).unwrap();
        assert_eq!(value["brokers"][0]["broker"], 1);
        assert!(told.contains(
            r#"{"partitions":[{"partition":"t-2","size":7,"offsetLag":0,"isFuture":false}],"error":null,"logDir":"/a\"b"}"#
        ));
        let storage =
            r#"{"partitions":[],"error":"org.apache.kafka.common.errors.KafkaStorageException","logDir":"/x"}"#;
        assert!(told.contains(storage) && told.ends_with(r#"],"version":1}"#), "{told}");
    }

    #[test]
    fn lists_are_read_and_written() {
        assert_eq!(listed(Some("a,,b,")).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(read_id("x").unwrap_err().text(), "For input string: \"x\"");
        assert_eq!(ids([17, 1, 0]), "0,17,1");
    }
}
