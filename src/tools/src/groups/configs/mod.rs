//! kafka-configs (`ConfigCommand`).
//!
//! ```text
//!   options ── entity ────┬─ resources ── calls   topics, brokers, loggers, subscriptions, groups
//!   given (what to set) ──┼─ quotas               users, clients, addresses
//!                         └─ scram                users
//! ```

mod alter;
mod calls;
mod entity;
mod failure;
mod given;
mod options;
mod quotas;
mod resources;
mod scram;

use std::time::Duration;

use klamm_env::Env;

use self::entity::{CLIENTS, IPS, USERS};
use self::failure::Failure;
use self::options::{Entities, OPTIONS, TITLE};
use super::cluster::Cluster;
use super::connect::properties;
use crate::admin::connect::bootstrap;
use crate::io::{Io, block_on_or_end};
use crate::jopt::{Parsed, help_or_version, usage_fault};
use crate::table::Tool;
use crate::thrown::Thrown;

/// The tool.
pub(super) const TOOL: Tool = Tool { name: "kafka-configs", class: "kafka.admin.ConfigCommand", run };

/// How long Kafka's tool gives a change.
const ALTER_TIMEOUT: Duration = Duration::from_secs(30);

/// What a run works with.
struct Command<'a> {
    parsed: &'a Parsed,
    cluster: Cluster,
    /// True if controllers are asked, which are asked by the way that is known.
    controllers: bool,
}

fn run(args: &[String], io: &mut Io) -> u8 {
    match run_args(args, io) {
        Ok(code) => code,
        Err(Failure::Usage(text)) => usage_fault(io, OPTIONS, &text),
        Err(Failure::Told(text)) => {
            io.complain(text);
            crate::FAILED
        }
        Err(Failure::NoClient(fault)) => say_failed(io, args, &fault.trace()),
        Err(Failure::Thrown(thrown)) => say_failed(io, args, &thrown.to_string()),
    }
}

/// Repeats the command line, with the beginning of a stack trace; the exit code.
fn say_failed(io: &mut Io, args: &[String], trace: &str) -> u8 {
    io.complain(format_args!("Error while executing config command with args '{}'", args.join(" ")));
    io.complain(trace);
    crate::FAILED
}

fn run_args(args: &[String], io: &mut Io) -> Result<u8, Failure> {
    let parsed = Parsed::read(OPTIONS, args)?;
    if let Some(code) = help_or_version(io, &parsed, args, TITLE) {
        return Ok(code);
    }
    let entities = options::check(&parsed)?;
    let done = block_on_or_end(async |env| act(&env, &parsed, &entities, io).await);
    done.unwrap_or_else(|error| Err(Thrown::new("java.io.IOException", error.to_string()).into())).map(|()| 0)
}

async fn act(env: &Env, parsed: &Parsed, entities: &Entities, io: &mut Io) -> Result<(), Failure> {
    let mut config = properties(parsed.single("command-config")?)?;
    let controllers = parsed.single("bootstrap-controller")?.map(str::to_owned);
    let servers = match &controllers {
        Some(servers) => servers.clone(),
        None => bootstrap(io, parsed)?.unwrap_or_default(),
    };
    config.set("bootstrap.servers", servers);
    let alters = parsed.has("alter");
    let cluster = Cluster::open(env, &config, alters.then_some(ALTER_TIMEOUT)).await?;
    let command = Command { parsed, cluster, controllers: controllers.is_some() };
    if alters { command.alter(io, entities).await } else { command.describe(io, entities).await }
}

impl Command<'_> {
    async fn describe(&self, io: &mut Io, entities: &Entities) -> Result<(), Failure> {
        let kind = entities.types[0].as_str();
        match kind {
            USERS | CLIENTS => {
                self.describe_quotas(io, entities).await?;
                let users_alone = !entities.any(&[CLIENTS]) && entities.names.iter().all(|name| !name.is_empty());
                if users_alone { self.describe_scram(io, &entities.names).await } else { Ok(()) }
            }
            IPS => self.describe_quotas(io, entities).await,
            kind => self.describe_resources(io, kind, entities.names.first().map(String::as_str)).await,
        }
    }
}
