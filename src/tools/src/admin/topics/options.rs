//! The options of `kafka-topics`, and which of them go together.

use super::ILLEGAL_ARGUMENT;
use crate::admin::connect::{BROKER_LIST, ZOOKEEPER};
use crate::io::Io;
use crate::jopt::{HELP, Opt, Parsed, VERSION};
use crate::thrown::Thrown;

/// The options.
pub(super) const OPTIONS: &[Opt] = &[
    Opt::value(&["bootstrap-server"], "String: server to connect to", "Must be given: a broker, as HOST:PORT."),
    Opt::value(
        &["command-config"],
        "String: command config property file",
        "A file of client properties for the connection.",
    ),
    Opt::flag(&["list"], "Print the names of the topics."),
    Opt::flag(&["create"], "Make a topic."),
    Opt::flag(&["delete"], "Remove topics with all their records."),
    Opt::flag(&["alter"], "Give topics more partitions. Settings of topics are changed by kafka-configs."),
    Opt::flag(&["describe"], "Print what topics consist of: partitions, leaders, replicas, settings."),
    Opt::value(
        &["topic"],
        "String: topic",
        "Which topic. A regular expression, which the whole name must match, except where a topic is made.",
    ),
    Opt::value(&["topic-id"], "String: topic-id", "Which topic to describe, by its id."),
    Opt::value(
        &["config"],
        "String: name=value",
        "A setting of the topic that is made, such as retention.ms=3600000; may come several times.",
    ),
    Opt::value(&["delete-config"], "String: name", "Has had no effect since 4.0."),
    Opt::value(
        &["partitions"],
        "Integer: # of partitions",
        "How many partitions the topic shall have; without it, as many as the broker's num.partitions. \
         More partitions for a topic with keys move keys to other partitions.",
    ),
    Opt::value(
        &["replication-factor"],
        "Integer: replication factor",
        "How many replicas each partition of the new topic shall have; without it, the broker's default.",
    ),
    Opt::value(
        &["replica-assignment"],
        "String: broker_id_for_part1_replica1 : broker_id_for_part1_replica2 , \
         broker_id_for_part2_replica1 : broker_id_for_part2_replica2 , ...",
        "The brokers of each partition, the preferred leader first.",
    ),
    Opt::flag(&["under-replicated-partitions"], "Describe only partitions that lack in-sync replicas."),
    Opt::flag(&["unavailable-partitions"], "Describe only partitions without a live leader."),
    Opt::flag(
        &["under-min-isr-partitions"],
        "Describe only partitions with fewer in-sync replicas than min.insync.replicas.",
    ),
    Opt::flag(
        &["at-min-isr-partitions"],
        "Describe only partitions with exactly as many in-sync replicas as min.insync.replicas.",
    ),
    Opt::flag(&["topics-with-overrides"], "Describe only topics with settings of their own."),
    Opt::flag(&["if-exists"], "A topic that is not there is no error to --alter, --delete and --describe."),
    Opt::flag(&["if-not-exists"], "A topic that is there already is no error to --create."),
    Opt::flag(&["exclude-internal"], "Leave out the topics that brokers keep for themselves."),
    Opt::value(
        &["partition-size-limit-per-response"],
        "Integer: maximum number of partitions per response",
        "How many partitions to ask for at once.",
    ),
    HELP,
    VERSION,
    BROKER_LIST,
    ZOOKEEPER,
];

/// What is wrong with a command line.
pub(super) enum Wrong {
    /// The usage is told with this message.
    Usage(String),
    /// This is thrown.
    Thrown(Thrown),
}

impl From<String> for Wrong {
    fn from(message: String) -> Wrong {
        Wrong::Usage(message)
    }
}

const ACTIONS: [&str; 5] = ["alter", "create", "describe", "list", "delete"];
const REPORTS: [&str; 4] =
    ["under-replicated-partitions", "under-min-isr-partitions", "at-min-isr-partitions", "unavailable-partitions"];

/// Checks what goes together, in the order in which the stock tool does.
pub(super) fn check(io: &mut Io, parsed: &Parsed, has_server: bool) -> Result<(), Wrong> {
    if ACTIONS.iter().filter(|action| parsed.has(action)).count() != 1 {
        let message = "Command must include exactly one action: --list, --describe, --create, --alter or --delete";
        return Err(Wrong::Usage(message.to_owned()));
    }
    if parsed.has("delete-config") {
        io.complain(
            "delete-config option is no longer supported and deprecated since version 4.0. The config will be fully \
             removed in future releases.",
        );
    }
    if !has_server {
        return Err(Wrong::Thrown(Thrown::new(ILLEGAL_ARGUMENT, "--bootstrap-server must be specified")));
    }
    check_needed(io, parsed)?;
    check_clashes(parsed).map_err(Wrong::Usage)
}

fn check_needed(io: &mut Io, parsed: &Parsed) -> Result<(), String> {
    if parsed.has("describe") && parsed.has("if-exists") {
        if !parsed.has("topic") && !parsed.has("topic-id") {
            return Err("--topic or --topic-id is required to describe a topic".to_owned());
        }
        if parsed.has("topic") && parsed.has("topic-id") {
            io.say(
                "Only topic id will be used when both --topic and --topic-id are specified and topicId is not \
                 Uuid.ZERO_UUID",
            );
        }
    }
    if !parsed.has("list") && !parsed.has("describe") {
        parsed.check_required(&["topic"])?;
    }
    if parsed.has("alter") {
        if parsed.has("config") {
            return Err("Option combination \"[[bootstrap-server], [config]]\" can't be used with option \"[alter]\" \
                        (To alter topic configurations, the kafka-configs tool can be used.)"
                .to_owned());
        }
        parsed.check_required(&["partitions"])?;
    }
    Ok(())
}

fn check_clashes(parsed: &Parsed) -> Result<(), String> {
    let only_with = |used: &str, allowed: &[&str], beside: &[&str]| {
        let others = ACTIONS.iter().filter(|action| !allowed.contains(action)).chain(beside);
        let others: Vec<&str> = others.copied().filter(|other| *other != used).collect();
        parsed.check_invalid(used, &others)
    };
    only_with("config", &["alter", "create"], &[])?;
    only_with("partitions", &["alter", "create"], &[])?;
    only_with("replication-factor", &["create"], &[])?;
    only_with("replica-assignment", &["alter", "create"], &[])?;
    if parsed.has("create") {
        parsed.check_invalid("replica-assignment", &["partitions", "replication-factor"])?;
    }
    for report in REPORTS {
        only_with(report, &["describe"], &["topics-with-overrides"])?;
    }
    only_with("topics-with-overrides", &["describe"], &REPORTS)?;
    only_with("if-exists", &["alter", "delete", "describe"], &[])?;
    only_with("if-not-exists", &["create"], &[])?;
    only_with("exclude-internal", &["list", "describe"], &[])
}
