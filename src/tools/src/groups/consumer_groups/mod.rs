//! kafka-consumer-groups (`ConsumerGroupCommand`).
//!
//! Whatever fails behind the command line is told on standard output as `Error: ...`, and the exit code is 0, as Kafka's
//! is: only a command line that makes no sense ends with 1.

mod delete;
mod describe;
mod list;
mod options;
mod plan;
mod regex;
mod reset;
mod targets;
mod views;
mod when;

use std::time::Duration;

use klamm_env::Env;

use self::options::{ACTIONS, OPTIONS, TITLE};
use super::cluster::Cluster;
use super::connect::properties;
use super::failure::{Failure, NoClient};
use crate::admin::connect::bootstrap;
use crate::io::{Io, block_on_or_end};
use crate::jopt::{Fault, Parsed, help_or_version, uncaught, usage_fault};
use crate::table::Tool;
use crate::thrown::{RUNTIME, Thrown};

/// The tool.
pub(super) const TOOL: Tool =
    Tool { name: "kafka-consumer-groups", class: "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", run };

/// What is printed where there is nothing to print.
const MISSING: &str = "-";

/// What a run works with.
struct Command<'a> {
    parsed: &'a Parsed,
    cluster: Cluster,
    /// Numbers of the command line, read.
    to_offset: Option<i64>,
    shift_by: Option<i64>,
}

fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return uncaught(io, fault.class(), &fault.to_string()),
    };
    if let Some(text) = options::unavailable(&parsed) {
        return uncaught(io, "joptsimple.UnavailableOptionException", &text);
    }
    if let Some(code) = help_or_version(io, &parsed, args, TITLE) {
        return code;
    }
    if let Err(text) = options::check(&parsed, io) {
        return usage_fault(io, OPTIONS, &text);
    }
    if ACTIONS.iter().filter(|action| parsed.has(action)).count() != 1 {
        let actions: Vec<String> = ACTIONS.iter().map(|action| format!("--{action}")).collect();
        let text = format!("Command must include exactly one action: {}", actions.join(", "));
        return usage_fault(io, OPTIONS, &text);
    }
    if parsed.has("validate-regex") {
        return match parsed.single("validate-regex") {
            Ok(text) => regex::validate(text.unwrap_or_default(), io),
            Err(fault) => usage_fault(io, OPTIONS, &fault.to_string()),
        };
    }
    let done = block_on_or_end(async |env| act(&env, &parsed, io).await);
    match done.unwrap_or_else(|error| Err(Thrown::new("java.io.IOException", error.to_string()).into())) {
        Ok(()) => 0,
        Err(Failure::Usage(text)) => usage_fault(io, OPTIONS, &text),
        Err(Failure::NoClient(fault)) => say_failed(io, NoClient::thrown().text(), &fault.trace()),
        Err(Failure::Thrown(thrown)) => say_failed(io, thrown.text(), &thrown.to_string()),
    }
}

/// Says that the command failed, with the beginning of a stack trace; the exit code.
fn say_failed(io: &mut Io, text: &str, trace: &str) -> u8 {
    say_error(io, &format!("Executing consumer group command failed due to {text}"));
    io.complain(trace);
    0
}

async fn act(env: &Env, parsed: &Parsed, io: &mut Io) -> Result<(), Failure> {
    let command = open(env, parsed, io).await?;
    match ACTIONS.iter().find(|action| parsed.has(action)).copied() {
        Some("list") => command.list(io).await,
        Some("describe") => command.describe(io).await,
        Some("delete") => command.delete(io).await,
        Some("delete-offsets") => command.delete_offsets(io).await,
        _ => command.reset(io).await,
    }
}

async fn open<'a>(env: &Env, parsed: &'a Parsed, io: &mut Io) -> Result<Command<'a>, Failure> {
    let bad = |fault: Fault| Thrown::new(fault.class(), fault.to_string());
    let path = parsed.single("command-config").map_err(bad)?;
    let mut config = properties(path).map_err(|thrown| thrown.within(RUNTIME))?;
    config.set("bootstrap.servers", bootstrap(io, parsed).map_err(bad)?.unwrap_or_default());
    let to_offset = read_all::<i64>(parsed, "to-offset").map_err(bad)?;
    parsed.single("by-duration").map_err(bad)?;
    let shift_by = parsed.read_value::<i64>("shift-by").map_err(bad)?;
    let timeout_ms = parsed.read_value::<i64>("timeout").map_err(bad)?.unwrap_or_default();
    let timeout = Duration::from_millis(u64::try_from(timeout_ms).unwrap_or(0));
    let cluster = Cluster::open(env, &config, Some(timeout)).await?;
    Ok(Command { parsed, cluster, to_offset, shift_by })
}

/// The first of the values of an option, all of which must be numbers (`OptionSet.valuesOf`).
fn read_all<T: std::str::FromStr>(parsed: &Parsed, name: &str) -> Result<Option<T>, Fault> {
    let bad = |value: &str| Fault::BadArgument { option: name.to_owned(), value: value.to_owned() };
    let values = parsed.values(name).into_iter().map(|value| value.parse::<T>().map_err(|_| bad(value)));
    Ok(values.collect::<Result<Vec<T>, Fault>>()?.into_iter().next())
}

impl Command<'_> {
    /// The groups that the command line names.
    async fn groups(&self) -> Result<Vec<String>, Failure> {
        if self.parsed.has("all-groups") {
            return self.all_groups().await;
        }
        let mut groups: Vec<String> = self.parsed.values("group").into_iter().map(str::to_owned).collect();
        groups.sort();
        groups.dedup();
        Ok(groups)
    }
}

/// `Error: ...`, behind an empty line (`printError`).
fn say_error(io: &mut Io, text: &str) {
    io.say(format_args!("\nError: {text}"));
}
