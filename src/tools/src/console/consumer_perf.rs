//! kafka-consumer-perf-test: how fast records come (`ConsumerPerformance`).

use std::time::Duration;

use klamm_env::{Env, Random};
use tokio::time::Instant;

use super::consumer::pattern;
use super::date_format::DateFormat;
use super::perf_stats::fixed;
use super::properties::{key_values, load, set_all};
use crate::FAILED;
use crate::client_config::ClientConfig;
use crate::clients::consumer::{Consumer, ConsumerConfig, Interest, Records};
use crate::io::{Io, block_on};
use crate::jopt::{Fault, HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use crate::thrown::Thrown;

const TITLE: &str = "This tool is used to verify the consumer performance.";
const COLUMNS: &str = "data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec";
const MEGABYTE: f64 = 1024.0 * 1024.0;

const OPTIONS: &[Opt] = &[
    Opt::value(
        &["bootstrap-server"],
        "String: server to connect to",
        "REQUIRED: Brokers to ask first: HOST:PORT, several with commas.",
    ),
    Opt::value(&["command-config"], "String: config file", "A file of consumer properties."),
    Opt::value(&["command-property"], "String: prop1=val1", "A consumer property; goes before those of files."),
    Opt::value(&["consumer.config"], "String: config file", "(DEPRECATED) As --command-config."),
    Opt::value(&["date-format"], "String: date format", "How times are printed (java.text.SimpleDateFormat).")
        .or("yyyy-MM-dd HH:mm:ss:SSS"),
    Opt::value(&["fetch-size"], "Integer: size", "How much of a partition one request fetches at most.").or("1048576"),
    Opt::flag(&["from-latest"], "Begin behind the latest record where the group has no offset, not at the earliest."),
    Opt::value(
        &["group"],
        "String: gid",
        "The group to consume in; by default one of its own, perf-consumer- and a number.",
    ),
    HELP,
    Opt::flag(&["hide-header"], "Leave out the heading."),
    Opt::value(&["include"], "String: Java regex (String)", "Which topics to consume, as a regular expression."),
    Opt::value(&["messages"], "Long: count", "(DEPRECATED) As --num-records."),
    Opt::value(&["num-records"], "Long: count", "REQUIRED: How many records to consume."),
    Opt::flag(&["print-metrics"], "Print metrics at the end; this tool has none."),
    Opt::value(&["reporting-interval"], "Long: interval_ms", "How often progress is told.").or("5000"),
    Opt::flag(&["show-detailed-stats"], "Tell figures for each interval."),
    Opt::value(&["socket-buffer-size"], "Integer: size", "The size of the socket's buffer.").or("2097152"),
    Opt::value(&["timeout"], "Long: milliseconds", "End if no record comes for so long.").or("10000").optional(),
    Opt::value(&["topic"], "String: topic", "The topic to consume."),
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
    match measure(&parsed, io) {
        Ok(()) => 0,
        Err(thrown) => {
            io.complain(thrown.text());
            io.complain(&thrown);
            FAILED
        }
    }
}

fn check(parsed: &Parsed) -> Result<(), String> {
    if !parsed.has("broker-list") {
        parsed.check_required(&["bootstrap-server"])?;
    }
    for (one, other) in [("topic", "include"), ("messages", "num-records")] {
        if parsed.has(one) == parsed.has(other) {
            return Err(format!("Exactly one of the following arguments is required: [{one}], [{other}]"));
        }
    }
    parsed.check_invalid("consumer.config", &["command-config"])
}

fn thrown(fault: Fault) -> Thrown {
    Thrown { class: fault.class().into(), message: Some(fault.to_string()), code: None }
}

fn measure(parsed: &Parsed, io: &mut Io) -> Result<(), Thrown> {
    let detailed = parsed.has("show-detailed-stats");
    if !parsed.has("hide-header") {
        io.say(format_args!("{}, {COLUMNS}", if detailed { "time, threadId" } else { "start.time, end.time" }));
    }
    let config = ConsumerConfig::read(&properties(parsed).map_err(thrown_or)?, "perf-consumer-client")?;
    let count = if parsed.has("messages") { "messages" } else { "num-records" };
    let wanted = parsed.read_value::<i64>(count).map_err(thrown)?.unwrap_or(0);
    let timeout_ms = parsed.read_value::<i64>("timeout").map_err(thrown)?.unwrap_or(10_000);
    let interval_ms = parsed.read_value::<i64>("reporting-interval").map_err(thrown)?.unwrap_or(5000);
    if interval_ms <= 0 {
        return Err(Thrown::new("java.lang.IllegalArgumentException", "Reporting interval must be greater than 0."));
    }
    let format = DateFormat::parse(parsed.single("date-format").map_err(thrown)?.unwrap_or_default())?;
    let interest = match parsed.single("include").map_err(thrown)? {
        Some(include) => Interest::Pattern(pattern(include)?),
        None => Interest::Topics(vec![parsed.single("topic").map_err(thrown)?.unwrap_or_default().to_owned()]),
    };
    let plan = Plan { wanted, timeout_ms, interval_ms, detailed, format };
    let ran = block_on(async |env| plan.run(&env, io, config, interest).await);
    ran.map_err(|error| Thrown::new("java.io.IOException", error.to_string()))??;
    if parsed.has("print-metrics") {
        io.complain("--print-metrics: this tool keeps no metrics");
    }
    Ok(())
}

/// Why there are no properties.
enum Trouble {
    Option(Fault),
    Thrown(Thrown),
}

fn thrown_or(trouble: Trouble) -> Thrown {
    match trouble {
        Trouble::Option(fault) => thrown(fault),
        Trouble::Thrown(thrown) => thrown,
    }
}

fn properties(parsed: &Parsed) -> Result<ClientConfig, Trouble> {
    let single = |name| parsed.single(name).map_err(Trouble::Option);
    let mut config = ClientConfig::new();
    for option in ["consumer.config", "command-config"] {
        if let Some(path) = single(option)? {
            set_all(&mut config, load(path).map_err(Trouble::Thrown)?);
        }
    }
    set_all(&mut config, key_values(&parsed.values("command-property")));
    config.set("bootstrap.servers", single("bootstrap-server")?.or(single("broker-list")?).unwrap_or_default());
    let own = || format!("perf-consumer-{}", Random::from_system().below(100_000));
    config.set("group.id", single("group")?.map_or_else(own, str::to_owned));
    for (option, key) in [("socket-buffer-size", "receive.buffer.bytes"), ("fetch-size", "max.partition.fetch.bytes")] {
        let size = parsed.read_value::<i32>(option).map_err(Trouble::Option)?.unwrap_or(0);
        config.set(key, size.to_string());
    }
    config.set("auto.offset.reset", if parsed.has("from-latest") { "latest" } else { "earliest" });
    config.set("check.crcs", "false");
    Ok(config)
}

struct Plan {
    wanted: i64,
    timeout_ms: i64,
    interval_ms: i64,
    detailed: bool,
    format: DateFormat,
}

#[derive(Clone, Copy, Default)]
struct Tally {
    records: i64,
    bytes: u64,
}

impl Plan {
    async fn run(&self, env: &Env, io: &mut Io, config: ConsumerConfig, interest: Interest) -> Result<(), Thrown> {
        let start_ms = env.clock.now_ms();
        let mut consumer = Consumer::start(env, config, interest).await?;
        let consumed = self.consume(env, io, &mut consumer).await;
        let end_ms = env.clock.now_ms();
        let (rebalance, _) = consumer.rebalance_time();
        consumer.close().await;
        let tally = consumed?;
        if !self.detailed {
            io.say(self.summary(start_ms, end_ms, rebalance, tally));
        }
        Ok(())
    }

    fn summary(&self, start_ms: i64, end_ms: i64, rebalance: Duration, tally: Tally) -> String {
        let join_ms = i64::try_from(rebalance.as_millis()).unwrap_or(i64::MAX);
        let fetch_ms = end_ms - start_ms - join_ms;
        let (seconds, fetch_seconds) = ((end_ms - start_ms) as f64 / 1000.0, fetch_ms as f64 / 1000.0);
        let (megabytes, records) = (tally.bytes as f64 / MEGABYTE, tally.records as f64);
        format!(
            "{}, {}, {}, {}, {}, {}, {join_ms}, {fetch_ms}, {}, {}",
            self.format.format(start_ms),
            self.format.format(end_ms),
            fixed(megabytes, 4),
            fixed(megabytes / seconds, 4),
            tally.records,
            fixed(records / seconds, 4),
            fixed(megabytes / fetch_seconds, 4),
            fixed(records / fetch_seconds, 4)
        )
    }

    async fn consume(&self, env: &Env, io: &mut Io, consumer: &mut Consumer) -> Result<Tally, Thrown> {
        let (mut tally, mut told) = (Tally::default(), Tally::default());
        let mut now_ms = env.clock.now_ms();
        let (mut told_ms, mut last_ms) = (now_ms, now_ms);
        while tally.records < self.wanted && now_ms - last_ms <= self.timeout_ms {
            let records = consumer.poll(Instant::now() + Duration::from_millis(100)).await?;
            now_ms = env.clock.now_ms();
            let Some(records) = records else { continue };
            last_ms = now_ms;
            count(&mut tally, &records);
            consumer.consumed(&records, records.next_offset);
            if now_ms - told_ms >= self.interval_ms {
                if self.detailed {
                    let (_, rebalance) = consumer.rebalance_time();
                    io.say(self.progress(told_ms, now_ms, rebalance, told, tally));
                }
                (told, told_ms) = (tally, now_ms);
            }
        }
        if tally.records < self.wanted {
            io.say(format_args!(
                "WARNING: Exiting before consuming the expected number of records: timeout ({} ms) exceeded. You can use \
                 the --timeout option to increase the timeout.",
                self.timeout_ms
            ));
        }
        Ok(tally)
    }

    fn progress(&self, from_ms: i64, to_ms: i64, rebalance: Duration, before: Tally, now: Tally) -> String {
        let join_ms = i64::try_from(rebalance.as_millis()).unwrap_or(i64::MAX);
        let (span_ms, fetch_ms) = ((to_ms - from_ms) as f64, to_ms - from_ms - join_ms);
        let megabytes = (now.bytes - before.bytes) as f64 / MEGABYTE;
        let records = (now.records - before.records) as f64;
        let fetched = |amount: f64| if fetch_ms <= 0 { 0.0 } else { 1000.0 * amount / fetch_ms as f64 };
        format!(
            "{}, 0, {}, {}, {}, {}, {join_ms}, {fetch_ms}, {}, {}",
            self.format.format(to_ms),
            fixed(now.bytes as f64 / MEGABYTE, 4),
            fixed(1000.0 * megabytes / span_ms, 4),
            now.records,
            fixed(records / span_ms * 1000.0, 4),
            fixed(fetched(megabytes), 4),
            fixed(fetched(records), 4)
        )
    }
}

fn count(tally: &mut Tally, records: &Records) {
    for record in &records.records {
        let size = |part: &Option<bytes::Bytes>| part.as_ref().map_or(0, bytes::Bytes::len) as u64;
        tally.records += 1;
        tally.bytes += size(&record.key) + size(&record.value);
    }
}
