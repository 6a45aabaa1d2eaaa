//! What a tool reads and writes.

use std::io::{BufWriter, Read, Write};

use klamm_env::{Clock, Env};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

use crate::signals::Signals;

/// The streams of a tool. A test hands in its own.
pub struct Io {
    /// Standard output; buffered, so a tool that waits flushes before.
    pub out: Box<dyn Write + Send>,
    /// Standard error.
    pub err: Box<dyn Write + Send>,
    /// Standard input.
    pub input: Box<dyn Read + Send>,
}

impl Io {
    /// The process's own.
    pub fn standard() -> Io {
        Io {
            out: Box::new(BufWriter::with_capacity(64 * 1024, std::io::stdout())),
            err: Box::new(std::io::stderr()),
            input: Box::new(std::io::stdin()),
        }
    }

    /// Writes a line to standard output. That nobody reads it is no fault of the tool.
    pub fn say(&mut self, line: impl std::fmt::Display) {
        let _ = writeln!(self.out, "{line}");
    }

    /// Writes a line of the log to standard error, as the stock tools' log4j does: `[time] ERROR message (logger)`.
    /// What follows the first line of `message` follows the line.
    pub fn log(&mut self, level: &str, logger: &str, message: &str) {
        let line = log_line(Clock::real().now_ms(), level, logger, message);
        self.complain(line);
    }

    /// Writes a line to standard error, behind what was said before.
    pub fn complain(&mut self, line: impl std::fmt::Display) {
        let _ = self.out.flush();
        let _ = writeln!(self.err, "{line}");
    }
}

/// A line of the log (`[%d] %p %m (%c)%n` of Kafka's tools-log4j2.yaml), in UTC, without its end. The lines of `message`
/// behind its first, an exception's, come behind it.
pub fn log_line(now_ms: i64, level: &str, logger: &str, message: &str) -> String {
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let break_ = if rest.is_empty() { "" } else { "\n" };
    format!("[{}] {level} {first} ({logger}){break_}{rest}", crate::date::log_time(now_ms))
}

/// From now on, what the house warns of goes to standard error as lines of the log. Nothing below a warning does.
pub fn warnings_to_stderr() {
    // A test may have installed a subscriber of its own; then it hears them.
    let _ = tracing::subscriber::set_global_default(Warnings);
}

/// Prints warnings and errors; knows no spans.
struct Warnings;

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        let logger = event.metadata().target().replace("::", ".");
        let line = log_line(Clock::real().now_ms(), event.metadata().level().as_str(), &logger, &message.0);
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

/// The message of an event.
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

/// As [`block_on`], for work that leaves nothing to tidy up: SIGINT and SIGTERM end the process, with the JVM's codes.
/// They are handled, since the first process of a container is not ended by those that it does not handle.
///
/// # Errors
/// If the system gives no runtime.
pub fn block_on_or_end<T>(work: impl AsyncFnOnce(Env) -> T) -> std::io::Result<T> {
    block_on(async |env| {
        let done = Signals::listen().unless(work(env)).await;
        done.unwrap_or_else(|code| std::process::exit(code.into()))
    })
}

/// Runs the part of a tool that waits for brokers, in the real world, on this thread.
///
/// # Errors
/// If the system gives no runtime.
pub fn block_on<T>(work: impl AsyncFnOnce(Env) -> T) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let value = runtime.block_on(async { work(Env::real()).await });
    // A read of standard input may hang in a thread of its own; nobody waits for it.
    runtime.shutdown_background();
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_log_is_as_log4j_writes_it_and_an_exception_follows_it() {
        assert_eq!(log_line(0, "WARN", "a.B", "m"), "[1970-01-01 00:00:00,000] WARN m (a.B)");
        let line = log_line(1_700_000_000_123, "ERROR", "a.B", "failed: \nx.Exception: y");
        assert_eq!(line, "[2023-11-14 22:13:20,123] ERROR failed:  (a.B)\nx.Exception: y");
    }
}
