//! `kafka-topics`: lists, creates, describes, changes and deletes topics (`TopicCommand`).

mod change;
mod describe;
mod options;

use klamm_peer::{Client, ClientOptions};

use super::connect::{Failure, admin_options, bootstrap, check_addresses, in_world, properties};
use super::pattern::TopicPattern;
use super::view::list_topics;
use crate::io::Io;
use crate::jopt::{Parsed, help_or_version, usage_fault};
use crate::thrown::Thrown;
pub(super) use describe::read_id;
use options::{OPTIONS, check};

/// The exception for arguments that make no sense.
const ILLEGAL_ARGUMENT: &str = "java.lang.IllegalArgumentException";

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    if args.is_empty() {
        return usage_fault(io, OPTIONS, "Create, delete, describe, or change a topic.");
    }
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return Failure::from(fault).tell(io),
    };
    let title = "This tool helps to create, delete, describe, or change a topic.";
    if let Some(code) = help_or_version(io, &parsed, args, title) {
        return code;
    }
    match prepare(io, &parsed) {
        Ok(Some(options)) => work(io, &parsed, options),
        Ok(None) => crate::FAILED,
        Err(failure) => failure.tell(io),
    }
}

/// Whom to ask and how; `None` where the usage was told.
fn prepare(io: &mut Io, parsed: &Parsed) -> Result<Option<ClientOptions>, Failure> {
    let servers = bootstrap(io, parsed)?;
    match check(io, parsed, servers.is_some()) {
        Ok(()) => {}
        Err(options::Wrong::Usage(message)) => {
            usage_fault(io, OPTIONS, &message);
            return Ok(None);
        }
        Err(options::Wrong::Thrown(thrown)) => return Err(thrown.into()),
    }
    let config = properties(parsed.single("command-config")?)?;
    let options = admin_options(config, &servers.unwrap_or_default(), "adminclient-1")?;
    in_world(async |_| check_addresses(&options).await)?;
    Ok(Some(options))
}

fn work(io: &mut Io, parsed: &Parsed, options: ClientOptions) -> u8 {
    let done = in_world(async |env| act(io, parsed, &Client::new(&env, options)).await);
    match done {
        Ok(()) => 0,
        Err(failure) => {
            io.say(format_args!("Error while executing topic command : {}", failure.thrown.text()));
            let _ = io.out.flush();
            tracing::error!(target: "org.apache.kafka.tools.TopicCommand", "{}", failure.thrown);
            crate::FAILED
        }
    }
}

async fn act(io: &mut Io, parsed: &Parsed, client: &Client) -> Result<(), Failure> {
    if parsed.has("create") {
        change::create(io, parsed, client).await
    } else if parsed.has("alter") {
        change::alter(parsed, client).await
    } else if parsed.has("list") {
        let topics = chosen(parsed, client).await?;
        io.say(topics.join("\n"));
        Ok(())
    } else if parsed.has("describe") {
        describe::describe(io, parsed, client).await
    } else {
        change::delete(parsed, client).await
    }
}

/// The names of the topics that `--topic` means, or of all.
async fn chosen(parsed: &Parsed, client: &Client) -> Result<Vec<String>, Failure> {
    let pattern = parsed.single("topic")?.map(str::to_owned);
    let exclude = parsed.has("exclude-internal");
    let all = list_topics(client, !exclude).await?;
    let pattern = pattern.as_deref().map(TopicPattern::parse).transpose()?;
    let is_meant = |name: &String| pattern.as_ref().is_none_or(|pattern| pattern.allows(name, exclude));
    Ok(all.into_iter().map(|topic| topic.name).filter(is_meant).collect())
}

/// Topics that `--topic` names must be there, unless `--if-exists` excuses them.
fn ensure_found(parsed: &Parsed, found: &[String]) -> Result<(), Thrown> {
    match parsed.value("topic") {
        Some(topic) if !topic.is_empty() && found.is_empty() && !parsed.has("if-exists") => {
            Err(Thrown::new(ILLEGAL_ARGUMENT, format!("Topic '{topic}' does not exist as expected")))
        }
        _ => Ok(()),
    }
}
