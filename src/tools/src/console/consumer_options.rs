//! The command line of kafka-console-consumer (`ConsoleConsumerOptions`).

use std::collections::BTreeSet;

use klamm_env::Random;

use super::formatter::Formatter;
use super::properties::{by_name, key_values, load, set_all};
use crate::FAILED;
use crate::client_config::ClientConfig;
use crate::clients::consumer::{From, Start};
use crate::io::Io;
use crate::jopt::{Fault, HELP, Opt, Parsed, VERSION, help_or_version, uncaught, usage_fault};
use crate::thrown::Thrown;

const TITLE: &str = "This tool helps to read data from Kafka topics and outputs it to standard output.";

pub(super) const OPTIONS: &[Opt] = &[
    Opt::value(
        &["bootstrap-server"],
        "String: server to connect to",
        "REQUIRED: Brokers to ask first: HOST:PORT, several with commas.",
    ),
    Opt::value(
        &["command-config"],
        "String: config file",
        "A file of consumer properties; --command-property goes before it.",
    ),
    Opt::value(&["command-property"], "String: consumer_prop", "A consumer property, key=value."),
    Opt::value(&["consumer-property"], "String: consumer_prop", "(DEPRECATED) As --command-property."),
    Opt::value(&["consumer.config"], "String: config file", "(DEPRECATED) As --command-config."),
    Opt::flag(&["enable-systest-events"], "Say on standard output when the consumer has shut down."),
    Opt::value(&["formatter"], "String: class", "What prints the messages: one of Kafka's own formatter classes.")
        .or("org.apache.kafka.tools.consumer.DefaultMessageFormatter"),
    Opt::value(
        &["formatter-config"],
        "String: config file",
        "A file of formatter properties; --formatter-property goes before it.",
    ),
    Opt::value(
        &["formatter-property"],
        "String: prop",
        "A formatter property, key=value: print.key, print.value, print.timestamp, print.offset, print.epoch, print.partition, print.headers (true or false), key.separator, line.separator, headers.separator, null.literal, key.deserializer, value.deserializer, headers.deserializer.",
    ),
    Opt::flag(
        &["from-beginning"],
        "Begin at the earliest message where the group has no offset, not behind the latest.",
    ),
    Opt::value(&["group"], "String: consumer group id", "The group to consume in."),
    HELP,
    Opt::value(&["include"], "String: Java regex (String)", "Which topics to consume, as a regular expression."),
    Opt::value(
        &["isolation-level"],
        "String",
        "read_committed leaves out what transactions have not committed; read_uncommitted reads everything.",
    )
    .or("read_uncommitted"),
    Opt::value(&["key-deserializer"], "String: deserializer for keys", "The class by which keys are printed."),
    Opt::value(&["max-messages"], "Integer: num_messages", "End after this many messages; without it, never."),
    Opt::value(&["offset"], "String: consume offset", "Where to begin: an offset, earliest or latest.").or("latest"),
    Opt::value(
        &["partition"],
        "Integer: partition",
        "The one partition to consume, from its end unless --offset says otherwise.",
    ),
    Opt::value(&["property"], "String: prop", "(DEPRECATED) As --formatter-property."),
    Opt::flag(&["skip-message-on-error"], "Pass over a message that cannot be printed; else it is the end."),
    Opt::value(&["timeout-ms"], "Long: timeout_ms", "End if no message comes for so long."),
    Opt::value(&["topic"], "String: topic", "The topic to consume."),
    Opt::value(&["value-deserializer"], "String: deserializer for values", "The class by which values are printed."),
    VERSION,
    // Names of Kafka's past that scripts still use.
    Opt::value(&["whitelist"], "String", "As --include.").hidden(),
    Opt::value(&["zookeeper"], "String", "Kafka has no ZooKeeper any more: the broker is asked at localhost:9092.")
        .hidden(),
    Opt::flag(&["new-consumer"], "There is no other.").hidden(),
];

/// What is to be done.
pub(super) struct Task {
    pub(super) config: ClientConfig,
    pub(super) topic: Option<String>,
    pub(super) include: Option<String>,
    pub(super) partition: Option<i32>,
    pub(super) offset: From,
    pub(super) timeout_ms: Option<u64>,
    pub(super) formatter: Formatter,
    pub(super) skips_errors: bool,
    pub(super) tells_shutdown: bool,
}

/// Why there is nothing to do.
enum Stop {
    /// Said together with the options.
    Usage(String),
    /// The line of an exception that nobody catches.
    Uncaught(String, String),
    /// A line by itself.
    Said(String),
}

impl std::convert::From<Fault> for Stop {
    fn from(fault: Fault) -> Stop {
        Stop::Uncaught(fault.class().to_owned(), fault.to_string())
    }
}

impl std::convert::From<Thrown> for Stop {
    fn from(thrown: Thrown) -> Stop {
        Stop::Uncaught(thrown.class.to_string(), thrown.text().to_owned())
    }
}

/// Reads the command line; the exit code if there is nothing to do.
pub(super) fn read(args: &[String], io: &mut Io) -> Result<(Parsed, Task), u8> {
    let parsed = Parsed::read(OPTIONS, args).map_err(|fault| usage_fault(io, OPTIONS, &fault.to_string()))?;
    if let Some(code) = help_or_version(io, &parsed, args, TITLE) {
        return Err(code);
    }
    let task = task(&parsed, io).map_err(|stop| match stop {
        Stop::Usage(message) => usage_fault(io, OPTIONS, &message),
        Stop::Uncaught(class, message) => uncaught(io, &class, &message),
        Stop::Said(line) => {
            io.complain(line);
            FAILED
        }
    })?;
    Ok((parsed, task))
}

fn task(parsed: &Parsed, io: &mut Io) -> Result<Task, Stop> {
    let partition = check_required(parsed)?;
    let together =
        |one: &str, other: &str| Stop::Usage(format!("Options {one} and {other} cannot be specified together."));
    for (old, new) in [("consumer-property", "command-property"), ("consumer.config", "command-config")] {
        if parsed.has(old) && parsed.has(new) {
            return Err(together(&format!("--{old}"), &format!("--{new}")));
        }
    }
    let file = either(parsed, "command-config", "consumer.config")?;
    let from_file = file.map(load).transpose()?.unwrap_or_default();
    let mut words = parsed.values("command-property");
    words.extend(parsed.values("consumer-property"));
    let extra = key_values(&words);
    let group = group(parsed, &from_file, &extra, partition)?;
    let config = config(parsed, from_file, extra, group, io)?;
    let offset = offset(parsed)?;
    let timeout = if parsed.has("timeout-ms") { parsed.read_value::<i64>("timeout-ms")? } else { None };
    let formatter = formatter(parsed, io)?;
    Ok(Task {
        config,
        topic: parsed.single("topic")?.map(str::to_owned),
        include: either(parsed, "include", "whitelist")?.map(str::to_owned),
        partition,
        offset,
        timeout_ms: timeout.and_then(|ms| u64::try_from(ms).ok()),
        formatter,
        skips_errors: parsed.has("skip-message-on-error"),
        tells_shutdown: parsed.has("enable-systest-events"),
    })
}

fn either<'a>(parsed: &'a Parsed, one: &str, other: &str) -> Result<Option<&'a str>, Fault> {
    if parsed.has(one) { parsed.single(one) } else { parsed.single(other) }
}

fn check_required(parsed: &Parsed) -> Result<Option<i32>, Stop> {
    let usage = |text: &str| Err(Stop::Usage(text.to_owned()));
    if parsed.has("topic") == (parsed.has("include") || parsed.has("whitelist")) {
        return usage("Exactly one of the following arguments is required: [topic], [include]");
    }
    let partition = if parsed.has("partition") { parsed.read_value::<i32>("partition")? } else { None };
    if partition.is_some() {
        if !parsed.has("topic") {
            return usage("The topic is required when partition is specified.");
        }
        if parsed.has("from-beginning") && parsed.has("offset") {
            return usage("Options from-beginning and offset cannot be specified together.");
        }
    } else if parsed.has("offset") {
        return usage("The partition is required when offset is specified.");
    }
    if !parsed.has("zookeeper") {
        parsed.check_required(&["bootstrap-server"]).map_err(Stop::Usage)?;
    }
    Ok(partition)
}

type Pairs = Vec<(String, String)>;

/// The group, wherever it is named; everybody who names one must name the same.
fn group(parsed: &Parsed, from_file: &Pairs, extra: &Pairs, partition: Option<i32>) -> Result<Option<String>, Stop> {
    let last = |pairs: &Pairs| pairs.iter().rev().find(|(key, _)| key == "group.id").map(|(_, value)| value.clone());
    let named = parsed.has("group").then(|| parsed.single("group")).transpose()?.flatten().map(str::to_owned);
    let groups: BTreeSet<String> = [named, last(from_file), last(extra)].into_iter().flatten().collect();
    if groups.len() > 1 {
        let list: Vec<String> = groups.iter().map(|group| format!("'{group}'")).collect();
        return Err(Stop::Usage(format!(
            "The group ids provided in different places (directly using '--group', via '--consumer-property', or via \
             '--consumer.config') do not match. Detected group ids: {}",
            list.join(", ")
        )));
    }
    if !groups.is_empty() && partition.is_some() {
        return Err(Stop::Usage("Options group and partition cannot be specified together.".to_owned()));
    }
    Ok(groups.into_iter().next())
}

fn config(
    parsed: &Parsed,
    from_file: Pairs,
    extra: Pairs,
    group: Option<String>,
    io: &mut Io,
) -> Result<ClientConfig, Stop> {
    let mut config = ClientConfig::new();
    set_all(&mut config, from_file);
    set_all(&mut config, extra);
    let beginning = parsed.has("from-beginning");
    match config.get("auto.offset.reset") {
        Some(reset) if beginning && reset != "earliest" => {
            return Err(Stop::Said(format!(
                "Can't simultaneously specify --from-beginning and 'auto.offset.reset={reset}', please remove one option"
            )));
        }
        Some(_) => {}
        None => config.set("auto.offset.reset", if beginning { "earliest" } else { "latest" }),
    }
    let servers = match parsed.single("bootstrap-server")? {
        Some(servers) => servers,
        None => {
            io.complain("--zookeeper: Kafka has no ZooKeeper any more; asking the broker at localhost:9092");
            "localhost:9092"
        }
    };
    config.set("bootstrap.servers", servers);
    if parsed.has("isolation-level") || config.get("isolation.level").is_none() {
        config.set("isolation.level", parsed.single("isolation-level")?.unwrap_or("read_uncommitted"));
    }
    match group {
        Some(group) => config.set("group.id", group),
        None => {
            config.set("group.id", format!("console-consumer-{}", Random::from_system().below(100_000)));
            // The offsets of a group that nobody knows the name of serve nobody.
            if config.get("enable.auto.commit").is_none() {
                config.set("enable.auto.commit", "false");
            }
        }
    }
    Ok(config)
}

fn offset(parsed: &Parsed) -> Result<From, Stop> {
    if !parsed.has("offset") {
        let start = if parsed.has("from-beginning") { Start::Earliest } else { Start::Latest };
        return Ok(From::Start(start));
    }
    let text = parsed.single("offset")?.unwrap_or("latest");
    match text.to_lowercase().as_str() {
        "earliest" => Ok(From::Start(Start::Earliest)),
        "latest" => Ok(From::Start(Start::Latest)),
        _ => match text.parse::<i64>() {
            Ok(offset) if offset >= 0 => Ok(From::Offset(offset)),
            _ => Err(Stop::Usage(format!(
                "The provided offset value '{text}' is incorrect. Valid values are 'earliest', 'latest', or a \
                 non-negative long."
            ))),
        },
    }
}

fn formatter(parsed: &Parsed, io: &mut Io) -> Result<Formatter, Stop> {
    let class = parsed.single("formatter")?.unwrap_or_default();
    if parsed.has("property") && parsed.has("formatter-property") {
        let why = "Options --property and --formatter-property cannot be specified together.";
        return Err(Stop::Usage(why.to_owned()));
    }
    let usage = |thrown: Thrown| Stop::Usage(thrown.text().to_owned());
    let mut pairs = parsed.single("formatter-config")?.map(load).transpose().map_err(usage)?.unwrap_or_default();
    for (option, key) in [("key-deserializer", "key.deserializer"), ("value-deserializer", "value.deserializer")] {
        if let Some(class) = parsed.single(option)?.filter(|class| !class.is_empty()) {
            pairs.push((key.to_owned(), class.to_owned()));
        }
    }
    let mut words = parsed.values("formatter-property");
    words.extend(parsed.values("property"));
    pairs.extend(key_values(&words));
    Formatter::of_class(class, &by_name(pairs), io).ok_or_else(|| Stop::Usage(class.to_owned()))
}
