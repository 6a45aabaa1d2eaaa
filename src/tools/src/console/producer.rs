//! kafka-console-producer: sends lines of standard input (`ConsoleProducer`).

use std::io::IsTerminal;

use klamm_env::Env;
use klamm_peer::Address;

use super::line_reader::{LineReader, Message};
use super::lines::{Line, Lines, as_java_reads};
use super::properties::{by_name, key_values, load, merge, set_all};
use crate::FAILED;
use crate::client_config::ClientConfig;
use crate::clients::producer::{NewRecord, Producer, ProducerConfig, Sent};
use crate::io::{Io, block_on};
use crate::jopt::{Fault, HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use crate::signals::Signals;
use crate::thrown::{EXECUTION, Thrown};

const TITLE: &str = "This tool helps to read data from standard input and publish it to Kafka.";
const READER: &str = "org.apache.kafka.tools.LineMessageReader";
const CALLBACK_LOG: &str = "org.apache.kafka.clients.producer.internals.ErrorLoggingCallback";

const OPTIONS: &[Opt] = &[
    Opt::value(&["batch-size"], "Integer: size", "The size of a batch in bytes (`batch.size`).").or("16384"),
    Opt::value(
        &["bootstrap-server"],
        "String: server to connect to",
        "REQUIRED: Brokers to ask first: HOST1:PORT1,HOST2:PORT2.",
    ),
    Opt::value(
        &["command-config"],
        "String: config file",
        "A file of producer properties; --command-property goes before it.",
    ),
    Opt::value(&["command-property"], "String: producer_prop", "A producer property, key=value."),
    Opt::value(
        &["compression-codec"],
        "String: compression-codec",
        "none, gzip, snappy, lz4 or zstd; without a value, gzip.",
    )
    .optional(),
    HELP,
    Opt::value(
        &["line-reader"],
        "String: reader_class",
        "What makes records of lines: Kafka's own reader, and no other here.",
    )
    .or(READER),
    Opt::value(
        &["max-block-ms"],
        "Long: max block on send",
        "How long a send may wait for metadata or memory (`max.block.ms`).",
    )
    .or("60000"),
    Opt::value(&["max-memory-bytes"], "Long: total memory in bytes", "What may wait to be sent (`buffer.memory`).")
        .or("33554432"),
    Opt::value(
        &["max-partition-memory-bytes"],
        "Integer: memory in bytes per partition",
        "(Deprecated) As --batch-size.",
    )
    .or("16384"),
    Opt::value(&["message-send-max-retries"], "Integer", "How often a refused batch is tried again (`retries`).")
        .or("3"),
    Opt::value(
        &["metadata-expiry-ms"],
        "Long: metadata expiration interval",
        "After how long metadata is asked for anew (`metadata.max.age.ms`).",
    )
    .or("300000"),
    Opt::value(&["producer-property"], "String: producer_prop", "(DEPRECATED) As --command-property."),
    Opt::value(&["producer.config"], "String: config file", "(DEPRECATED) As --command-config."),
    Opt::value(&["property"], "String: prop", "(DEPRECATED) As --reader-property."),
    Opt::value(
        &["reader-config"],
        "String: config file",
        "A file of reader properties; --reader-property goes before it.",
    ),
    Opt::value(
        &["reader-property"],
        "String: prop",
        "A reader property, key=value: parse.key, parse.headers, ignore.error (true or false), key.separator, headers.delimiter, headers.separator, headers.key.separator, null.marker.",
    ),
    Opt::value(&["request-required-acks"], "String: request required acks", "0, 1 or all (`acks`).").or("-1"),
    Opt::value(
        &["request-timeout-ms"],
        "Integer: request timeout ms",
        "How long a request may wait for its answer (`request.timeout.ms`).",
    )
    .or("1500"),
    Opt::value(&["retry-backoff-ms"], "Long", "The pause before a batch is tried again (`retry.backoff.ms`).")
        .or("100"),
    Opt::value(&["socket-buffer-size"], "Integer: size", "The size of the socket's buffer (`send.buffer.bytes`).")
        .or("102400"),
    Opt::flag(&["sync"], "Send each line by itself and wait for its answer."),
    Opt::value(&["timeout"], "Long: timeout_ms", "How long a batch waits to fill up (`linger.ms`).").or("1000"),
    Opt::value(&["topic"], "String: topic", "REQUIRED: The topic to send to."),
    VERSION,
    // A name of Kafka's past that scripts still use.
    Opt::value(&["broker-list"], "String: broker-list", "As --bootstrap-server.").hidden(),
];

/// Runs the tool; its exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return usage_fault(io, OPTIONS, &fault.to_string()),
    };
    if let Some(code) = help_or_version(io, &parsed, args, TITLE) {
        return code;
    }
    if let Err(message) = check(&parsed) {
        return usage_fault(io, OPTIONS, &message);
    }
    let (reader, config) = match prepare(&parsed) {
        Ok(prepared) => prepared,
        Err(Trouble::Option(fault)) => return failed(io, &fault),
        Err(Trouble::Thrown(thrown)) => return failed(io, &thrown),
    };
    let topic = parsed.value("topic").unwrap_or_default().to_owned();
    let sync = parsed.has("sync");
    block_on(async |env| produce(&env, io, reader, config, &topic, sync).await).unwrap_or(FAILED)
}

fn failed(io: &mut Io, what: &dyn std::fmt::Display) -> u8 {
    io.complain(what);
    FAILED
}

fn check(parsed: &Parsed) -> Result<(), String> {
    parsed.check_required(&["topic"])?;
    let pairs = [
        ("command-config", "producer.config"),
        ("command-property", "producer-property"),
        ("reader-property", "property"),
    ];
    if let Some((new, old)) = pairs.iter().find(|(new, old)| parsed.has(new) && parsed.has(old)) {
        return Err(format!("Options --{new} and --{old} cannot be specified together."));
    }
    check_servers(servers(parsed).unwrap_or_default())
}

fn servers(parsed: &Parsed) -> Option<&str> {
    parsed.value("bootstrap-server").or_else(|| parsed.value("broker-list"))
}

/// `ToolsUtils.validateBootstrapServer`.
fn check_servers(servers: &str) -> Result<(), String> {
    if servers.trim().is_empty() {
        return Err("Error while validating the bootstrap address\n".to_owned());
    }
    match Address::parse_list(servers) {
        Ok(list) if !list.is_empty() => Ok(()),
        _ => Err("Please provide valid host:port like host1:9091,host2:9092\n".to_owned()),
    }
}

/// Why nothing can be sent.
enum Trouble {
    Option(Fault),
    Thrown(Thrown),
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Trouble {
        Trouble::Option(fault)
    }
}

impl From<Thrown> for Trouble {
    fn from(thrown: Thrown) -> Trouble {
        Trouble::Thrown(thrown)
    }
}

fn prepare(parsed: &Parsed) -> Result<(LineReader, ProducerConfig), Trouble> {
    let reader_class = parsed.single("line-reader")?.unwrap_or(READER);
    if reader_class != READER {
        return Err(Thrown::new("java.lang.ClassNotFoundException", reader_class).into());
    }
    let mut pairs = parsed.single("reader-config")?.map(load).transpose()?.unwrap_or_default();
    parsed.single("topic")?;
    let mut words = parsed.values("reader-property");
    words.extend(parsed.values("property"));
    pairs.extend(key_values(&words));
    let reader = LineReader::configure(&by_name(pairs))?;
    let config = producer_properties(parsed)?;
    Ok((reader, ProducerConfig::read(&config, "console-producer")?))
}

fn producer_properties(parsed: &Parsed) -> Result<ClientConfig, Trouble> {
    let mut config = ClientConfig::new();
    for file in ["command-config", "producer.config"] {
        set_all(&mut config, parsed.single(file)?.map(load).transpose()?.unwrap_or_default());
    }
    let mut words = parsed.values("command-property");
    words.extend(parsed.values("producer-property"));
    set_all(&mut config, key_values(&words));
    config.set("bootstrap.servers", servers(parsed).unwrap_or_default());
    let codec = match (parsed.has("compression-codec"), parsed.single("compression-codec")?) {
        (false, _) => "none",
        (true, None | Some("")) => "gzip",
        (true, Some(codec)) => codec,
    };
    config.set("compression.type", codec);
    merge::<i64>(&mut config, "linger.ms", parsed, "timeout")?;
    merge::<String>(&mut config, "acks", parsed, "request-required-acks")?;
    merge::<i32>(&mut config, "request.timeout.ms", parsed, "request-timeout-ms")?;
    merge::<i32>(&mut config, "retries", parsed, "message-send-max-retries")?;
    merge::<i64>(&mut config, "retry.backoff.ms", parsed, "retry-backoff-ms")?;
    merge::<i32>(&mut config, "send.buffer.bytes", parsed, "socket-buffer-size")?;
    merge::<i64>(&mut config, "buffer.memory", parsed, "max-memory-bytes")?;
    merge::<i32>(&mut config, "batch.size", parsed, "batch-size")?;
    merge::<i32>(&mut config, "batch.size", parsed, "max-partition-memory-bytes")?;
    merge::<i64>(&mut config, "metadata.max.age.ms", parsed, "metadata-expiry-ms")?;
    merge::<i64>(&mut config, "max.block.ms", parsed, "max-block-ms")?;
    Ok(config)
}

async fn produce(env: &Env, io: &mut Io, reader: LineReader, config: ProducerConfig, topic: &str, sync: bool) -> u8 {
    let limit = config.max_request_size_bytes.max(config.buffer_memory_bytes);
    let input = std::mem::replace(&mut io.input, Box::new(std::io::empty()));
    let lines = match Lines::of(env, input, limit) {
        Ok(lines) => lines,
        Err(error) => return failed(io, &error),
    };
    let (mut first, mut second) = (Signals::listen(), Signals::listen());
    let producer = match first.unless(Producer::start(env, config, false)).await {
        Ok(Ok(producer)) => producer,
        Ok(Err(fault)) => return failed(io, &fault),
        Err(code) => return code,
    };
    let prompts = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let mut sending = Sending { reader, producer, topic, sync, prompts };
    tokio::select! {
        code = sending.run(io, lines, &mut first) => code,
        // The first one ends the reading, the next one the waiting for the broker, too.
        code = async { second.wait().await; second.wait().await } => code,
    }
}

struct Sending<'a> {
    reader: LineReader,
    producer: Producer,
    topic: &'a str,
    sync: bool,
    prompts: bool,
}

impl Sending<'_> {
    /// Sends the lines, and whatever the end was, what was read before it.
    async fn run(&mut self, io: &mut Io, lines: Lines, signals: &mut Signals) -> u8 {
        let code = match self.all(io, lines, signals).await {
            Ok(code) => code,
            Err(fault) => failed(io, &fault),
        };
        self.producer.flush().await;
        self.report(io);
        code
    }

    /// Takes the lines up to the end, or to a signal.
    async fn all(&mut self, io: &mut Io, mut lines: Lines, signals: &mut Signals) -> Result<u8, Thrown> {
        let mut code = 0;
        loop {
            if self.prompts && code == 0 {
                let _ = write!(io.out, ">").and_then(|()| io.out.flush());
            }
            let read = tokio::select! {
                biased;
                signal = signals.wait(), if code == 0 => {
                    code = signal;
                    lines.close();
                    continue;
                }
                read = lines.next() => read,
            };
            let read =
                read.map_err(|error| Thrown::new(crate::thrown::KAFKA, format!("java.io.IOException: {error}")))?;
            let Some(line) = read else { return Ok(code) };
            self.one(line).await?;
            if self.sync {
                self.producer.flush().await;
                if let Some(fault) = self.producer.deliveries().into_iter().find_map(|delivery| delivery.fault) {
                    return Err(fault.within(EXECUTION));
                }
            } else {
                self.report(io);
            }
        }
    }

    async fn one(&mut self, line: Line) -> Result<(), Thrown> {
        let cut_bytes = line.cut_bytes;
        let text = as_java_reads(line.bytes);
        let Message { key, value, headers } = self.reader.read(&text)?;
        let headers: Vec<(&[u8], Option<&[u8]>)> =
            headers.iter().map(|(key, value)| (key.as_bytes(), value.map(str::as_bytes))).collect();
        let record = NewRecord { key: key.map(str::as_bytes), value: value.map(str::as_bytes), headers: &headers };
        if cut_bytes > 0 {
            self.producer.refuse_cut(self.topic, record, cut_bytes);
            return Ok(());
        }
        self.producer.send(self.topic, record).await
    }

    /// Says in the log which records were not delivered (`ErrorLoggingCallback`).
    fn report(&self, io: &mut Io) {
        for delivery in self.producer.deliveries() {
            let Some(fault) = delivery.fault else { continue };
            for Sent { key_bytes, value_bytes, .. } in delivery.sent {
                let size = |bytes: Option<usize>| bytes.map_or("null".to_owned(), |bytes| format!("{bytes} bytes"));
                let (topic, key, value) = (&delivery.topic, size(key_bytes), size(value_bytes));
                let line =
                    format!("Error when sending message to topic {topic} with key: {key}, value: {value} with error:");
                io.log("ERROR", CALLBACK_LOG, &format!("{line}\n{fault}"));
            }
        }
    }
}
