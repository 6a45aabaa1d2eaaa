//! The command line of kafka-producer-perf-test (`ProducerPerformance.argParser`, `ConfigPostProcessor`).

use std::path::Path;

use klamm_env::{Disk, DiskOs, Random};
use regex::Regex;

use super::properties::{load, set_all};
use crate::argparse::{Arg, Group, Parsed, Parser, Stop};
use crate::client_config::ClientConfig;
use crate::io::Io;
use crate::thrown::Thrown;

const ILLEGAL: &str = "java.lang.IllegalArgumentException";
/// How long a transaction is held open where nothing is said.
const TRANSACTION_MS: i64 = 3000;

/// What the tool understands.
pub(super) fn parser() -> Parser {
    let property = || Arg::some(&["--command-property"]).metavar("PROP-NAME=PROP-VALUE");
    Parser::new("kafka-producer-perf-test")
        .default_help()
        .description(
            "This tool measures how fast records are produced. With a transactional id, or with \
             --transaction-duration-ms, they are produced in transactions.",
        )
        .arg(Arg::value(&["--bootstrap-server"]).metavar("BOOTSTRAP-SERVER").help("The brokers to ask first."))
        .arg(Arg::value(&["--topic"]).required().metavar("TOPIC").help("The topic to produce to."))
        .arg(
            Arg::value(&["--num-records"])
                .required()
                .long()
                .metavar("NUM-RECORDS")
                .help("How many records to produce."),
        )
        .arg(
            Arg::value(&["--payload-delimiter"])
                .metavar("PAYLOAD-DELIMITER")
                .or("\\n")
                .help("What stands between the payloads of --payload-file."),
        )
        .arg(
            Arg::value(&["--throughput"])
                .required()
                .double()
                .metavar("THROUGHPUT")
                .help("About how many records a second at most; -1 for as many as go."),
        )
        .arg(
            Arg::some(&["--producer-props"])
                .metavar("PROP-NAME=PROP-VALUE")
                .help("(DEPRECATED) As --command-property."),
        )
        .arg(property().help("Producer properties; they go before those of a file."))
        .arg(Arg::value(&["--producer.config"]).metavar("CONFIG-FILE").help("(DEPRECATED) As --command-config."))
        .arg(Arg::value(&["--command-config"]).metavar("CONFIG-FILE").help("A file of producer properties."))
        .arg(Arg::switch(&["--print-metrics"]).help("Print metrics at the end; this tool has none."))
        .arg(
            Arg::value(&["--transactional-id"])
                .metavar("TRANSACTIONAL-ID")
                .help("The transactional id; by default performance-producer- and a random uuid."),
        )
        .arg(
            Arg::value(&["--transaction-duration-ms"])
                .long()
                .metavar("TRANSACTION-DURATION")
                .help("How long a transaction is held open; 3000 where a transactional id is given without it."),
        )
        .arg(
            Arg::value(&["--warmup-records"])
                .long()
                .or("0")
                .metavar("WARMUP-RECORDS")
                .help("How many records come before the steady state, whose figures have a line of their own."),
        )
        .arg(
            Arg::value(&["--reporting-interval"])
                .long()
                .or("5000")
                .metavar("INTERVAL-MS")
                .help("How often progress is told, in milliseconds."),
        )
        .group(
            Group::one_of()
                .required()
                .described("One of --record-size, --payload-file and --payload-monotonic must be given."),
            [
                Arg::value(&["--record-size"]).integer().metavar("RECORD-SIZE").help("The size of a record in bytes."),
                Arg::value(&["--payload-file"])
                    .metavar("PAYLOAD-FILE")
                    .help("A file of payloads, UTF-8; each record takes one of them at random."),
                Arg::switch(&["--payload-monotonic"]).help("Payloads are numbers, each one more than the last."),
            ],
        )
}

/// What the records hold.
pub(super) enum Payload {
    /// So many random letters.
    Random(usize),
    /// One of these.
    Of(Vec<Vec<u8>>),
    /// The number of the record.
    Number,
}

/// What is to be done.
pub(super) struct Plan {
    pub(super) topic: String,
    pub(super) records: u64,
    pub(super) warmup: u64,
    pub(super) throughput: f64,
    pub(super) payload: Payload,
    pub(super) config: ClientConfig,
    pub(super) transaction_ms: Option<i64>,
    pub(super) interval_ms: i64,
    pub(super) prints_metrics: bool,
}

/// Why there is nothing to do.
pub(super) enum Refusal {
    Stop(Stop),
    Thrown(Thrown),
}

impl From<Thrown> for Refusal {
    fn from(thrown: Thrown) -> Refusal {
        Refusal::Thrown(thrown)
    }
}

/// Reads the command line.
pub(super) fn read(parser: &Parser, args: &[String], io: &mut Io) -> Result<Plan, Refusal> {
    let parsed = parser.parse(args).map_err(Refusal::Stop)?;
    if let Some(why) = nonsense(&parsed) {
        return Err(Refusal::Stop(parser.refuse(why)));
    }
    let number = |name: &str| parsed.number::<i64>(name);
    let payload = payload(&parsed, io)?;
    let mut config = properties(&parsed)?;
    if let Some(servers) = parsed.value("bootstrap_server") {
        config.set("bootstrap.servers", servers);
    }
    let mut transaction_ms = number("transaction_duration_ms");
    if transaction_ms.is_some()
        || parsed.value("transactional_id").is_some()
        || config.get("transactional.id").is_some()
    {
        let named = parsed.value("transactional_id").or(config.get("transactional.id")).map(str::to_owned);
        let id = named.unwrap_or_else(|| {
            let uuid = klamm_base::text::base64url(&Random::from_system().bytes16());
            format!("performance-producer-{uuid}")
        });
        config.set("transactional.id", id);
        transaction_ms = transaction_ms.or(Some(TRANSACTION_MS));
    }
    Ok(Plan {
        topic: parsed.value("topic").unwrap_or_default().to_owned(),
        records: number("num_records").unwrap_or(0).unsigned_abs(),
        warmup: number("warmup_records").unwrap_or(0).max(0).unsigned_abs(),
        throughput: parsed.number("throughput").unwrap_or(-1.0),
        payload,
        config,
        transaction_ms,
        interval_ms: number("reporting_interval").unwrap_or(5000),
        prints_metrics: parsed.has("print_metrics"),
    })
}

/// What the parser lets pass and makes no sense.
fn nonsense(parsed: &Parsed) -> Option<&'static str> {
    let number = |name: &str| parsed.number::<i64>(name);
    let given = |name: &str| !parsed.values(name).is_empty();
    let (records, warmup) = (number("num_records").unwrap_or(0), number("warmup_records").unwrap_or(0).max(0));
    let sources = ["bootstrap_server", "command_property", "producer_props", "producer.config", "command_config"];
    if records <= 0 {
        return Some("--num-records should be greater than zero.");
    }
    if warmup >= records {
        return Some(
            "The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.",
        );
    }
    if number("record_size").is_some_and(|size| size <= 0) {
        return Some("--record-size should be greater than zero.");
    }
    if !sources.iter().any(|name| given(name)) {
        return Some(
            "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or \
             --command-config must be specified.",
        );
    }
    if given("command_property") && given("producer_props") {
        return Some("--command-property and --producer-props cannot be specified together.");
    }
    if given("command_config") && given("producer.config") {
        return Some("--command-config and --producer.config cannot be specified together.");
    }
    if number("transaction_duration_ms").is_some_and(|ms| ms <= 0) {
        return Some("--transaction-duration-ms should be greater than zero.");
    }
    number("reporting_interval")
        .is_some_and(|ms| ms <= 0)
        .then_some("--reporting-interval should be greater than zero.")
}

fn payload(parsed: &Parsed, io: &mut Io) -> Result<Payload, Thrown> {
    if let Some(path) = parsed.value("payload_file") {
        let delimiter = parsed.value("payload_delimiter").unwrap_or("\\n");
        return payloads(path, if delimiter == "\\n" { "\n" } else { delimiter }, io).map(Payload::Of);
    }
    Ok(match parsed.number::<usize>("record_size") {
        Some(size) => Payload::Random(size),
        None => Payload::Number,
    })
}

/// The payloads of a file. The delimiter is an expression; one at the beginning or at the end of the file has nothing
/// before or behind it.
fn payloads(path: &str, delimiter: &str, io: &mut Io) -> Result<Vec<Vec<u8>>, Thrown> {
    let shown = std::path::absolute(path).map_or_else(|_| path.to_owned(), |path| path.display().to_string());
    io.say(format_args!("Reading payloads from: {shown}"));
    let bytes = DiskOs.read(Path::new(path)).unwrap_or_default();
    if bytes.is_empty() {
        return Err(Thrown::new(ILLEGAL, "File does not exist or empty file provided."));
    }
    let text = String::from_utf8_lossy(&bytes);
    let bad = |error: regex::Error| Thrown::new("java.util.regex.PatternSyntaxException", error.to_string());
    let mut parts: Vec<&str> = Regex::new(delimiter).map_err(bad)?.split(&text).collect();
    if parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    if parts.first().is_some_and(|part| part.is_empty()) {
        parts.remove(0);
    }
    io.say(format_args!("Number of records read: {}", parts.len()));
    Ok(parts.into_iter().map(|part| part.as_bytes().to_vec()).collect())
}

fn properties(parsed: &Parsed) -> Result<ClientConfig, Thrown> {
    let mut config = ClientConfig::new();
    for option in ["producer.config", "command_config"] {
        if let Some(path) = parsed.value(option) {
            set_all(&mut config, load(path)?);
        }
    }
    for word in parsed.values("producer_props").iter().chain(parsed.values("command_property")) {
        match word.split('=').collect::<Vec<_>>()[..] {
            [key, value] if !value.is_empty() => config.set(key, value),
            _ => return Err(Thrown::new(ILLEGAL, format!("Invalid property: {word}"))),
        }
    }
    Ok(config)
}
