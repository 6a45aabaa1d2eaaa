//! `kafka-leader-election`: elects leaders of partitions (`LeaderElectionCommand`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_protocol::messages::ElectLeadersRequest;
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use klamm_base::{ErrorCode, TopicPartition};
use klamm_peer::{Client, To, Verdict};

use super::connect::{BROKER_LIST, Failure, admin, bootstrap, in_world, properties, read_text};
use super::delete_records::partition_of;
use super::java_map::{in_map_order, partition_hash};
use super::view::wire;
use super::{COMMAND_FAILED, OPERATION, json};
use crate::client_config::ClientConfig;
use crate::io::Io;
use crate::jopt::{Fault, HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use crate::thrown::{RUNTIME, Thrown};

const OPTIONS: &[Opt] = &[
    Opt::value(&["bootstrap-server"], "String: host:port", "Must be given: brokers, as HOST1:PORT1,HOST2:PORT2."),
    Opt::value(&["admin.config"], "String: config file", "The old name of --command-config."),
    Opt::value(&["command-config"], "String: Config file", "A file of client properties for the connection."),
    Opt::value(
        &["path-to-json-file"],
        "String: Path to JSON file",
        "A file that names the partitions. Not beside --all-topic-partitions and --topic.\n{\"partitions\":\n\
         \t[{\"topic\": \"foo\", \"partition\": 1},\n\t {\"topic\": \"foobar\", \"partition\": 2}]\n}",
    ),
    Opt::value(
        &["topic"],
        "String: topic name",
        "The topic of the partition. Not beside --path-to-json-file and --all-topic-partitions.",
    ),
    Opt::value(&["partition"], "Integer: partition id", "The partition; must be given with --topic."),
    Opt::flag(
        &["all-topic-partitions"],
        "All partitions that the election is for. Not beside --topic and --path-to-json-file.",
    ),
    Opt::value(
        &["election-type"],
        "[PREFERRED,UNCLEAN]: election type",
        "Must be given. \"preferred\": the first replica leads again where another one does. \"unclean\": where nobody leads, \
         a replica does that is not in sync.",
    ),
    HELP,
    VERSION,
    BROKER_LIST,
];

/// How long the tool waits, where its properties do not say.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a leader is chosen (`ElectionType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Election {
    Preferred,
    Unclean,
}

impl Election {
    fn read(parsed: &Parsed) -> Result<Election, Fault> {
        let text = parsed.single("election-type")?.unwrap_or_default();
        match text.to_ascii_uppercase().as_str() {
            "PREFERRED" => Ok(Election::Preferred),
            "UNCLEAN" => Ok(Election::Unclean),
            _ => Err(Fault::BadArgument { option: "election-type".to_owned(), value: text.to_owned() }),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Election::Preferred => "PREFERRED",
            Election::Unclean => "UNCLEAN",
        }
    }

    fn wire(self) -> i8 {
        match self {
            Election::Preferred => 0,
            Election::Unclean => 1,
        }
    }
}

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let title = "This tool attempts to elect a new leader for a set of topic partitions. The type of elections supported are \
                 preferred replicas and unclean replicas.";
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return Failure::from(fault).tell(io),
    };
    if let Some(code) = help_or_version(io, &parsed, args, title) {
        return code;
    }
    work(io, &parsed).unwrap_or_else(|failure| failure.tell(io))
}

fn failed(message: impl Into<String>) -> Thrown {
    Thrown::new(COMMAND_FAILED, message)
}

fn work(io: &mut Io, parsed: &Parsed) -> Result<u8, Failure> {
    let servers = bootstrap(io, parsed)?;
    check_needed(parsed, servers.is_some())?;
    if let Err(message) = parsed.check_invalid("admin.config", &["command-config"]) {
        return Ok(usage_fault(io, OPTIONS, &message));
    }
    check_choice(parsed)?;
    let election = Election::read(parsed)?;
    let partitions = match parsed.single("path-to-json-file")? {
        Some(path) => Some(read_partitions(path)?),
        None => match (parsed.single("topic")?, parsed.read_value("partition")?) {
            (Some(topic), Some(partition)) => Some(vec![TopicPartition::new(topic, partition)]),
            _ => None,
        },
    };
    let path = parsed.single("admin.config")?.or(parsed.single("command-config")?);
    let mut config = properties(path)?;
    set_patience(&mut config);
    in_world(async |env| {
        let client = admin(&env, config, &servers.unwrap_or_default(), "adminclient-1").await?;
        elect(io, &client, election, partitions.as_deref()).await
    })?;
    Ok(0)
}

fn set_patience(config: &mut ClientConfig) {
    for (key, span) in [("default.api.timeout.ms", PATIENCE), ("request.timeout.ms", PATIENCE / 2)] {
        if config.get(key).is_none() {
            config.set(key, span.as_millis().to_string());
        }
    }
}

fn check_needed(parsed: &Parsed, has_server: bool) -> Result<(), Thrown> {
    let mut missing = Vec::new();
    if !has_server {
        missing.push("bootstrap-server");
    }
    if !parsed.has("election-type") {
        missing.push("election-type");
    }
    if missing.is_empty() { Ok(()) } else { Err(failed(format!("Missing required option(s): {}", missing.join(", ")))) }
}

fn check_choice(parsed: &Parsed) -> Result<(), Thrown> {
    let choices = ["topic", "all-topic-partitions", "path-to-json-file"];
    if choices.iter().filter(|choice| parsed.has(choice)).count() != 1 {
        let choices = choices.join(", ");
        return Err(failed(format!("One and only one of the following options is required: {choices}")));
    }
    match (parsed.has("topic"), parsed.has("partition")) {
        (true, false) => Err(failed("Missing required option(s): partition")),
        (false, true) => Err(failed("Option partition is only allowed if topic is used")),
        _ => Ok(()),
    }
}

fn read_partitions(path: &str) -> Result<Vec<TopicPartition>, Failure> {
    let text = read_text(path).map_err(|failure| Failure {
        cause: Some(failure.thrown.to_string()),
        thrown: failure.thrown.within(RUNTIME),
    })?;
    Ok(partitions_in(&text)?)
}

fn partitions_in(text: &str) -> Result<Vec<TopicPartition>, Thrown> {
    let operation = |message: String| Thrown::new(OPERATION, message);
    // Kafka wraps what its JSON reader throws.
    let wrapped = |thrown: Thrown| thrown.within(RUNTIME);
    let root = json::parse(text).ok_or_else(|| operation("Replica election data is empty".to_owned()))?;
    let missing = || operation("Replica election data is missing \"partitions\" field".to_owned());
    let items = json::object(&root).map_err(wrapped)?.get("partitions").ok_or_else(missing)?;
    let mut partitions: Vec<TopicPartition> = Vec::new();
    let mut twice = BTreeSet::new();
    for item in json::array(items).map_err(wrapped)? {
        let (partition, _) = partition_of(item).map_err(wrapped)?;
        if partitions.contains(&partition) {
            twice.insert(partition);
        } else {
            partitions.push(partition);
        }
    }
    if !twice.is_empty() {
        let twice: Vec<String> = in_order(twice).iter().map(TopicPartition::to_string).collect();
        return Err(operation(format!("Replica election data contains duplicate partitions: [{}]", twice.join(", "))));
    }
    Ok(partitions)
}

/// Partitions in the order of a Java hash set.
fn in_order(partitions: impl IntoIterator<Item = TopicPartition>) -> Vec<TopicPartition> {
    in_map_order(partitions.into_iter().collect(), |one| partition_hash(&one.topic, one.partition))
}

async fn elect(
    io: &mut Io,
    client: &Client,
    election: Election,
    partitions: Option<&[TopicPartition]>,
) -> Result<(), Failure> {
    let results = match ask(client, election, partitions).await {
        Ok(results) => results,
        Err(thrown) => return Err(lost(io, thrown)),
    };
    let (mut elected, mut valid, mut refused) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (partition, refusal) in results {
        match refusal {
            None => elected.push(partition),
            Some(thrown) if thrown.code == Some(ErrorCode::ElectionNotNeeded) => valid.push(partition),
            Some(thrown) => drop(refused.insert(partition, thrown)),
        }
    }
    let joined = |partitions: Vec<TopicPartition>| {
        in_order(partitions).iter().map(TopicPartition::to_string).collect::<Vec<_>>().join(", ")
    };
    let name = election.name();
    if !elected.is_empty() {
        let elected = joined(elected);
        io.say(format_args!("Successfully completed leader election ({name}) for partitions {elected}"));
    }
    if !valid.is_empty() {
        io.say(format_args!("Valid replica already elected for partitions {}", joined(valid)));
    }
    if refused.is_empty() {
        return Ok(());
    }
    for partition in in_order(refused.keys().cloned()) {
        let thrown = &refused[&partition];
        io.say(format_args!("Error completing leader election ({name}) for partition: {partition}: {thrown}"));
    }
    Err(failed(format!("{} replica(s) could not be elected", refused.len())).into())
}

/// The failure of the election as a whole.
fn lost(io: &mut Io, thrown: Thrown) -> Failure {
    let message = match thrown.code {
        Some(ErrorCode::RequestTimedOut) => "Timeout waiting for election results",
        Some(ErrorCode::ClusterAuthorizationFailed) => "Not authorized to perform leader election",
        _ => return Failure { cause: None, thrown: Failure::from(thrown).executed().thrown.within(RUNTIME) },
    };
    io.say(message);
    Failure { thrown: failed(message), cause: Some(thrown.to_string()) }
}

/// What became of each partition (`Admin.electLeaders`).
async fn ask(
    client: &Client,
    election: Election,
    partitions: Option<&[TopicPartition]>,
) -> Result<Vec<(TopicPartition, Option<Thrown>)>, Thrown> {
    let topics = partitions.map(|partitions| {
        let mut topics: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
        for TopicPartition { topic, partition } in partitions {
            topics.entry(topic).or_default().push(*partition);
        }
        let topic = |(name, partitions)| TopicPartitions::default().with_topic(wire(name)).with_partitions(partitions);
        topics.into_iter().map(topic).collect()
    });
    let patience_ms = i32::try_from(client.options().request_timeout.as_millis()).unwrap_or(i32::MAX);
    let request = ElectLeadersRequest::default()
        .with_election_type(election.wire())
        .with_topic_partitions(topics)
        .with_timeout_ms(patience_ms);
    let answer =
        client.call_until("electLeaders", &To::Controller, &request, |answer| Verdict::of(answer.error_code)).await?;
    if let Some(thrown) = Thrown::wire::<String>(answer.error_code, None) {
        return Err(thrown);
    }
    let mut results = Vec::new();
    for topic in &answer.replica_election_results {
        for result in &topic.partition_result {
            let partition = TopicPartition::new(topic.topic.as_str(), result.partition_id);
            results.push((partition, Thrown::wire(result.error_code, result.error_message.as_ref())));
        }
    }
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Parsed {
        Parsed::read(OPTIONS, &line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn one_way_to_name_partitions_must_be_chosen() {
        let said = |line: &str| check_choice(&read(line)).unwrap_err().text().to_owned();
        let one =
            "One and only one of the following options is required: topic, all-topic-partitions, path-to-json-file";
        assert_eq!([said(""), said("--topic a --all-topic-partitions")], [one, one]);
        assert_eq!(said("--topic a"), "Missing required option(s): partition");
        assert_eq!(said("--partition 1 --all-topic-partitions"), "Option partition is only allowed if topic is used");
        assert_eq!(
            check_needed(&read(""), false).unwrap_err().text(),
            "Missing required option(s): bootstrap-server, election-type"
        );
    }

    #[test]
    fn elections_have_names_in_any_case() {
        assert_eq!(Election::read(&read("--election-type Unclean")), Ok(Election::Unclean));
        let fault = Election::read(&read("--election-type x")).unwrap_err();
        assert_eq!(fault.to_string(), "Cannot parse argument 'x' of option election-type");
    }

    #[test]
    fn a_file_names_partitions_once() {
        let item = r#"{"topic": "a", "partition": 0}"#;
        assert_eq!(partitions_in(&format!(r#"{{"partitions": [{item}]}}"#)).unwrap(), [TopicPartition::new("a", 0)]);
        let said = |text: &str| partitions_in(text).unwrap_err().text().to_owned();
        assert_eq!(
            said(&format!(r#"{{"partitions": [{item}, {item}]}}"#)),
            "Replica election data contains duplicate partitions: [a-0]"
        );
        assert_eq!(said("{"), "Replica election data is empty");
        assert_eq!(said("{}"), "Replica election data is missing \"partitions\" field");
        assert!(said("[]").ends_with("JsonMappingException: Expected JSON object, received []"));
    }
}
