//! `kafka-get-offsets`: the offsets of partitions at a point in time (`GetOffsetShell`).

use std::collections::{BTreeMap, BTreeSet};

use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, ListOffsetsRequest, ListOffsetsResponse};
use klamm_base::{ErrorCode, TopicPartition};
use klamm_peer::{Address, Client, Error, To, Verdict};

use super::connect::{BROKER_LIST, Failure, ZOOKEEPER, admin, bootstrap, in_world, properties};
use super::pattern::TopicPattern;
use super::view::{describe_topics, leaders, list_topics, wire};
use crate::io::Io;
use crate::jopt::{HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use crate::thrown::{EXECUTION, RUNTIME, Thrown};

const TITLE: &str = "An interactive shell for getting topic-partition offsets.";

const OPTIONS: &[Opt] = &[
    Opt::value(
        &["bootstrap-server"],
        "String: HOST1:PORT1,...,HOST3:PORT3",
        "Must be given: brokers, as HOST1:PORT1,HOST2:PORT2.",
    ),
    Opt::value(
        &["topic-partitions"],
        "String: topic1:1,topic2:0-3,topic3,topic4:5-,topic5:-3",
        "Which partitions, as a list of TOPIC:PARTITIONS with commas between. TOPIC is a regular expression, or empty for \
         all topics; PARTITIONS is a number, FROM-TO (without TO itself), FROM-, -TO, or left out for all.",
    ),
    Opt::value(
        &["topic"],
        "String: topic",
        "Which topics, as a regular expression; all without it. Not beside --topic-partitions.",
    ),
    Opt::value(
        &["partitions"],
        "String: partition ids",
        "Which partitions, as numbers with commas between; all without it. Not beside --topic-partitions.",
    ),
    Opt::value(
        &["time"],
        "String: <timestamp> / -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or earliest-local / -5 or \
         latest-tiered / -6 or earliest-pending-upload",
        "Which offset: that of the first record at or after a time in milliseconds, or one of those named. A partition \
         without such a record is left out.",
    )
    .or("latest"),
    Opt::value(&["command-config"], "String: config file", "A file of client properties for the connection."),
    Opt::flag(&["exclude-internal-topics"], "Leave out the topics that brokers keep for themselves."),
    HELP,
    VERSION,
    BROKER_LIST,
    ZOOKEEPER,
    // Without effect since 3.0, and still in what people copy.
    Opt::value(&["offsets"], "Integer: count", "The old number of offsets for each partition.").hidden(),
    Opt::value(&["max-wait-ms"], "Integer: ms", "The old patience of a fetch.").hidden(),
];

const TERSE: &str = "org.apache.kafka.tools.TerseException";
/// An answer's offset where there is none.
const NO_OFFSET: i64 = -1;

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    if args.is_empty() {
        return usage_fault(io, OPTIONS, TITLE);
    }
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return tell(io, &terse(fault.to_string()).into()),
    };
    if let Some(code) = help_or_version(io, &parsed, args, TITLE) {
        return code;
    }
    match work(io, &parsed) {
        Ok(code) => code,
        Err(failure) => tell(io, &failure),
    }
}

fn terse(message: impl Into<String>) -> Thrown {
    Thrown::new(TERSE, message)
}

fn tell(io: &mut Io, failure: &Failure) -> u8 {
    io.complain(format_args!("Error occurred: {}", failure.thrown.text()));
    if failure.thrown.class != TERSE {
        failure.tell_trace(io);
    }
    crate::FAILED
}

fn work(io: &mut Io, parsed: &Parsed) -> Result<u8, Failure> {
    let Some(servers) = bootstrap(io, parsed)? else {
        return Ok(usage_fault(io, OPTIONS, "Missing required argument \"[bootstrap-server]\""));
    };
    if let Some(message) = bad_servers(&servers) {
        return Ok(usage_fault(io, OPTIONS, message));
    }
    if parsed.has("topic-partitions") && (parsed.has("topic") || parsed.has("partitions")) {
        return Err(terse("--topic-partitions cannot be used with --topic or --partitions").into());
    }
    let timestamp = read_time(parsed.single("time")?.unwrap_or("latest"))?;
    let filters = match parsed.single("topic-partitions")? {
        Some(list) => read_rules(list)?,
        None => vec![Filter {
            topic: TopicPattern::parse(parsed.single("topic")?.unwrap_or(".*"))?,
            partitions: read_partitions(parsed.single("partitions")?.unwrap_or_default())?,
        }],
    };
    let config = properties(parsed.single("command-config")?)?;
    in_world(async |env| {
        let client = admin(&env, config, &servers, "GetOffsetShell").await?;
        print(io, parsed, &client, timestamp, &filters).await
    })?;
    Ok(0)
}

/// What is wrong with a list of brokers (`ToolsUtils.validateBootstrapServer`).
fn bad_servers(servers: &str) -> Option<&'static str> {
    if servers.trim().is_empty() {
        return Some("Error while validating the bootstrap address\n");
    }
    let bad = Address::parse_list(servers).map_or(true, |list| list.is_empty());
    bad.then_some("Please provide valid host:port like host1:9091,host2:9092\n")
}

/// The timestamp on the wire.
fn read_time(text: &str) -> Result<i64, Thrown> {
    Ok(match text {
        "latest" => -1,
        "earliest" => -2,
        "max-timestamp" => -3,
        "earliest-local" => -4,
        "latest-tiered" => -5,
        "earliest-pending-upload" => -6,
        number => number.parse().map_err(|_| {
            terse(format!(
                "Malformed time argument {text}. Please use -1 or latest / -2 or earliest / -3 or max-timestamp / -4 or \
                 earliest-local / -5 or latest-tiered / -6 or earliest-pending-upload, or a specified long format timestamp"
            ))
        })?,
    })
}

/// Partitions of the topics that a pattern allows.
struct Filter {
    topic: TopicPattern,
    partitions: Partitions,
}

#[derive(Debug, PartialEq, Eq)]
enum Partitions {
    /// Those in the set, or all if it is empty.
    Among(BTreeSet<i32>),
    /// From the first to before the second.
    Range(i32, i32),
}

impl Filter {
    fn allows(&self, topic: &str, partition: i32) -> bool {
        self.topic.allows(topic, false)
            && match &self.partitions {
                Partitions::Among(set) => set.is_empty() || set.contains(&partition),
                Partitions::Range(from, to) => partition >= *from && partition < *to,
            }
    }
}

fn read_partitions(list: &str) -> Result<Partitions, Thrown> {
    if list.is_empty() {
        return Ok(Partitions::Among(BTreeSet::new()));
    }
    let numbers = list.trim_end_matches(',').split(',').map(str::parse).collect::<Result<BTreeSet<i32>, _>>();
    numbers.map(Partitions::Among).map_err(|_| {
        terse(format!("--partitions expects a comma separated list of numeric partition ids, but received: {list}"))
    })
}

fn read_rules(list: &str) -> Result<Vec<Filter>, Thrown> {
    list.trim_end_matches(',').split(',').map(read_rule).collect()
}

/// `TOPIC`, `TOPIC:3`, `TOPIC:0-3`, `TOPIC:3-`, `TOPIC:-3`, each with or without the topic.
fn read_rule(rule: &str) -> Result<Filter, Thrown> {
    let (topic, partitions) = rule.split_once(':').unwrap_or((rule, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str, empty: i32| match text {
        "" => Ok(empty),
        text => text
            .parse()
            .map_err(|_| Thrown::new("java.lang.NumberFormatException", format!("For input string: \"{text}\""))),
    };
    let pattern = TopicPattern::parse(if topic.is_empty() { ".*" } else { topic });
    let partitions = match partitions.split_once('-') {
        Some((from, to)) if digits(from) && digits(to) => Partitions::Range(number(from, 0)?, number(to, i32::MAX)?),
        None if partitions.is_empty() => Partitions::Range(0, i32::MAX),
        None if digits(partitions) => Partitions::Among(BTreeSet::from([number(partitions, 0)?])),
        _ => return Err(terse(format!("Invalid rule specification: {rule}")).within(RUNTIME)),
    };
    Ok(Filter { topic: pattern?, partitions })
}

async fn print(
    io: &mut Io,
    parsed: &Parsed,
    client: &Client,
    timestamp: i64,
    filters: &[Filter],
) -> Result<(), Failure> {
    let executed = |failure: Failure| failure.executed();
    let excluded = parsed.has("exclude-internal-topics");
    let topics = list_topics(client, !excluded).await.map_err(|error| executed(error.into()))?;
    let names: Vec<String> = topics.into_iter().map(|topic| topic.name).collect();
    let names: Vec<String> =
        names.into_iter().filter(|name| filters.iter().any(|filter| filter.topic.allows(name, false))).collect();
    let topics = describe_topics(client, &names, 2000).await.map_err(|thrown| executed(thrown.into()))?;
    let mut wanted = BTreeSet::new();
    for topic in &topics {
        for partition in &topic.partitions {
            if filters.iter().any(|filter| filter.allows(&topic.name, partition.index)) {
                wanted.insert(TopicPartition::new(topic.name.as_str(), partition.index));
            }
        }
    }
    if wanted.is_empty() {
        return Err(terse("Could not match any topic-partitions with the specified filters").into());
    }
    let offsets = list_offsets(client, &wanted, timestamp).await.map_err(|error| executed(error.into()))?;
    let mut lines = BTreeMap::new();
    for (partition, offset) in offsets {
        match offset {
            Ok(NO_OFFSET) => {}
            Ok(offset) => {
                let TopicPartition { topic, partition: index } = &partition;
                lines.insert(partition.to_string(), format!("{topic}:{index}:{offset}"));
            }
            Err(thrown) => io.complain(format_args!(
                "Skip getting offsets for topic-partition {partition} due to error: {}",
                thrown.within(EXECUTION).text()
            )),
        }
    }
    lines.values().for_each(|line| io.say(line));
    Ok(())
}

type Offsets = BTreeMap<TopicPartition, Result<i64, Thrown>>;

/// The offsets at `timestamp`, each leader asked for its own (`Admin.listOffsets`).
async fn list_offsets(client: &Client, wanted: &BTreeSet<TopicPartition>, timestamp: i64) -> Result<Offsets, Error> {
    let mut offsets = Offsets::new();
    let mut by_leader: BTreeMap<i32, Vec<TopicPartition>> = BTreeMap::new();
    for (partition, leader) in leaders(client, "listOffsets", wanted).await? {
        match leader {
            Ok(leader) => by_leader.entry(leader).or_default().push(partition),
            Err(thrown) => {
                offsets.insert(partition, Err(thrown));
            }
        }
    }
    for (leader, partitions) in by_leader {
        match ask_leader(client, leader, &partitions, timestamp).await {
            Ok(answer) => read_offsets(&answer, &mut offsets),
            Err(error) => {
                let thrown = unsupported(leader, timestamp, &error).unwrap_or_else(|| Thrown::of(error));
                offsets.extend(partitions.into_iter().map(|partition| (partition, Err(thrown.clone()))));
            }
        }
    }
    Ok(offsets)
}

/// The version of ListOffsets that first knew a timestamp (KIP-734, KIP-405, KIP-1005, KIP-1023).
fn least_version(timestamp: i64) -> i16 {
    match timestamp {
        -3 => 7,
        -4 => 8,
        -5 => 9,
        -6 => 11,
        _ => 0,
    }
}

fn unsupported(leader: i32, timestamp: i64, error: &Error) -> Option<Thrown> {
    let message = match timestamp {
        -3 => format!("Broker {leader} does not support MAX_TIMESTAMP offset specs"),
        -6 => "This tool cannot ask for earliest-pending-upload".to_owned(),
        _ => format!("The node does not support offset specs of the time {timestamp}"),
    };
    let is_it = matches!(error, Error::Unsupported { .. }) && least_version(timestamp) > 0;
    is_it.then(|| Thrown::coded(ErrorCode::UnsupportedVersion, Some(message)))
}

async fn ask_leader(
    client: &Client,
    leader: i32,
    partitions: &[TopicPartition],
    timestamp: i64,
) -> Result<ListOffsetsResponse, Error> {
    let to = To::Node(leader);
    if client.connection(&to).await?.versions().highest::<ListOffsetsRequest>()? < least_version(timestamp) {
        return Err(Error::Unsupported { api: "LIST_OFFSETS".to_owned() });
    }
    let mut topics: BTreeMap<&str, Vec<ListOffsetsPartition>> = BTreeMap::new();
    for TopicPartition { topic, partition } in partitions {
        let asked = ListOffsetsPartition::default().with_partition_index(*partition).with_timestamp(timestamp);
        topics.entry(topic).or_default().push(asked);
    }
    let topic = |(name, asked)| ListOffsetsTopic::default().with_name(wire(name)).with_partitions(asked);
    let patience_ms = i32::try_from(client.options().request_timeout.as_millis()).unwrap_or(i32::MAX);
    let request = ListOffsetsRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_topics(topics.into_iter().map(topic).collect())
        .with_timeout_ms(patience_ms);
    let passing = |answer: &ListOffsetsResponse| {
        let codes = answer.topics.iter().flat_map(|topic| &topic.partitions).map(|partition| partition.error_code);
        codes.map(Verdict::of).find(|verdict| matches!(verdict, Verdict::Again(_))).unwrap_or(Verdict::Done)
    };
    client.call_until("listOffsets(api=LIST_OFFSETS)", &to, &request, passing).await
}

fn read_offsets(answer: &ListOffsetsResponse, offsets: &mut Offsets) {
    for topic in &answer.topics {
        for partition in &topic.partitions {
            let offset = match Thrown::wire::<String>(partition.error_code, None) {
                None => Ok(partition.offset),
                Some(thrown) => Err(thrown),
            };
            offsets.insert(TopicPartition::new(topic.name.as_str(), partition.partition_index), offset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_a_topic_and_its_partitions() {
        let partitions = |rule: &str| read_rule(rule).unwrap().partitions;
        assert_eq!(partitions("a"), Partitions::Range(0, i32::MAX));
        assert_eq!(partitions("a:3"), Partitions::Among(BTreeSet::from([3])));
        assert_eq!([partitions("a:0-3"), partitions(":3-")], [Partitions::Range(0, 3), Partitions::Range(3, i32::MAX)]);
        assert_eq!([partitions(":-3"), partitions("a:-")], [Partitions::Range(0, 3), Partitions::Range(0, i32::MAX)]);
        let rules = read_rules("a.*:0-1,b").unwrap();
        let allows = |topic: &str, partition| rules.iter().any(|rule| rule.allows(topic, partition));
        assert!(allows("ax", 0) && !allows("ax", 1) && allows("b", 7) && !allows("c", 0));
    }

    #[test]
    fn what_is_no_rule_is_refused_in_kafka_s_words() {
        let said = |rule: &str| read_rule(rule).map(drop).unwrap_err().text().to_owned();
        assert_eq!(said("a:b"), "org.apache.kafka.tools.TerseException: Invalid rule specification: a:b");
        assert_eq!(said("a:1:2"), "org.apache.kafka.tools.TerseException: Invalid rule specification: a:1:2");
        assert_eq!(said("a:99999999999"), "For input string: \"99999999999\"");
        assert!(read_partitions("1,x").unwrap_err().text().ends_with("but received: 1,x"));
        assert!(read_time("soon").unwrap_err().text().starts_with("Malformed time argument soon. Please use -1"));
    }

    #[test]
    fn times_have_names_and_numbers() {
        let times = ["latest", "-2", "max-timestamp", "earliest-local", "-5", "-6", "1700000000000"];
        assert_eq!(times.map(|time| read_time(time).unwrap()), [-1, -2, -3, -4, -5, -6, 1_700_000_000_000]);
        assert!(bad_servers("x").is_some() && bad_servers(" ").is_some() && bad_servers("a:1,b:2").is_none());
    }
}
