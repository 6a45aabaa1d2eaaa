//! kafka-console-consumer: prints the messages of topics (`ConsoleConsumer`).

use std::io::Write;
use std::time::Duration;

use klamm_env::Env;
use regex::Regex;
use tokio::time::{Instant, timeout};

use super::consumer_options::{Task, read};
use super::output::Output;
use crate::FAILED;
use crate::clients::consumer::{Consumer, ConsumerConfig, Interest, Records};
use crate::io::{Io, block_on};
use crate::jopt::Parsed;
use crate::signals::Signals;
use crate::thrown::Thrown;

const LOG: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const ROOM_FOR_ALL: Duration = Duration::from_secs(60 * 60 * 24 * 365);
/// What is printed at once.
const PIECE_BYTES: usize = 64 * 1024;
/// How long a stopped tool waits for somebody to read what it has printed.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs the tool; its exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let (parsed, task) = match read(args, io) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let config = match ConsumerConfig::read(&task.config, "console-consumer") {
        Ok(config) => config,
        Err(fault) => return unknown_error(io, &fault),
    };
    let interest = match interest(&task) {
        Ok(interest) => interest,
        Err(fault) => return unknown_error(io, &fault),
    };
    let tells_shutdown = task.tells_shutdown;
    let ended = block_on(async |env| consume(&env, io, &parsed, task, config, interest).await);
    let code = ended.unwrap_or(FAILED);
    if tells_shutdown {
        io.say("shutdown_complete");
    }
    code
}

fn unknown_error(io: &mut Io, fault: &Thrown) -> u8 {
    io.log("ERROR", LOG, &format!("Unknown error when running consumer: \n{fault}"));
    FAILED
}

fn interest(task: &Task) -> Result<Interest, Thrown> {
    match (&task.topic, &task.include, task.partition) {
        (Some(topic), _, Some(partition)) => Ok(Interest::Partition(topic.clone(), partition, task.offset)),
        (Some(topic), _, None) => Ok(Interest::Topics(vec![topic.clone()])),
        (None, include, _) => pattern(include.as_deref().unwrap_or_default()).map(Interest::Pattern),
    }
}

/// The topics whose whole name matches (`Pattern.matcher(name).matches()`).
///
/// # Errors
/// If the text is no expression.
pub(super) fn pattern(text: &str) -> Result<Regex, Thrown> {
    let bad = |error: regex::Error| Thrown::new("java.util.regex.PatternSyntaxException", error.to_string());
    Regex::new(text).map_err(bad)?;
    Regex::new(&format!("^(?:{text})$")).map_err(bad)
}

async fn consume(
    env: &Env,
    io: &mut Io,
    parsed: &Parsed,
    task: Task,
    config: ConsumerConfig,
    interest: Interest,
) -> u8 {
    let mut signals = Signals::listen();
    let consumer = match signals.unless(Consumer::start(env, config, interest)).await {
        Ok(Ok(consumer)) => consumer,
        Ok(Err(fault)) => return unknown_error(io, &fault),
        Err(code) => return code,
    };
    let output = match Output::new(env, std::mem::replace(&mut io.out, Box::new(std::io::sink()))) {
        Ok(output) => output,
        Err(error) => return unknown_error(io, &Thrown::new("java.lang.OutOfMemoryError", error.to_string())),
    };
    let mut printer = Printer { task, consumer, output, text: Vec::new(), count: 0 };
    let end = match parsed.read_value::<i32>("max-messages") {
        Ok(most) => tokio::select! {
            end = printer.run(io, most.unwrap_or(-1)) => end,
            code = signals.wait() => End::Signal(code),
        },
        Err(fault) => End::Failed(Thrown { class: fault.class().into(), message: Some(fault.to_string()), code: None }),
    };
    finish(io, printer, end).await
}

/// Closes everything and says how many messages there were, whatever the end was.
async fn finish(io: &mut Io, printer: Printer, end: End) -> u8 {
    let Printer { consumer, output, text, count, .. } = printer;
    let last_words = async {
        output.write(text).await;
        output.finish().await
    };
    let out = match end {
        End::Signal(_) => timeout(LAST_WORDS, last_words).await.ok().flatten(),
        _ => last_words.await,
    };
    if let Some(out) = out {
        io.out = out;
    }
    consumer.close().await;
    io.complain(format_args!("Processed a total of {count} messages"));
    match end {
        End::Done => 0,
        End::Signal(code) => code,
        End::Failed(fault) => unknown_error(io, &fault),
    }
}

/// How it ended.
enum End {
    /// There is no more to do.
    Done,
    /// By a signal, with the exit code of it.
    Signal(u8),
    /// By an exception that the tool does not expect.
    Failed(Thrown),
}

struct Printer {
    task: Task,
    consumer: Consumer,
    output: Output,
    /// What is formatted and not yet handed to the output.
    text: Vec<u8>,
    count: i64,
}

impl Printer {
    async fn run(&mut self, io: &mut Io, most: i32) -> End {
        let span = self.task.timeout_ms.map_or(ROOM_FOR_ALL, Duration::from_millis);
        while self.has_room(most) {
            let records = match self.next(span).await {
                Ok(Some(records)) => records,
                Ok(None) => return terminate(io, &Thrown { class: TIMEOUT.into(), message: None, code: None }),
                Err(Next::Closed) => return self.closed(io),
                Err(Next::Fault(fault)) => return terminate(io, &fault),
            };
            if let Err(fault) = self.print(io, &records, most) {
                return End::Failed(fault);
            }
            if self.text.len() >= PIECE_BYTES && !self.hand_over().await {
                return self.closed(io);
            }
        }
        End::Done
    }

    fn has_room(&self, most: i32) -> bool {
        most == -1 || self.count < i64::from(most)
    }

    /// The next records. Before it waits, everything is handed to the output.
    async fn next(&mut self, span: Duration) -> Result<Option<Records>, Next> {
        if let Some(records) = self.consumer.poll(Instant::now()).await.map_err(Next::Fault)? {
            return Ok(Some(records));
        }
        if !self.hand_over().await {
            return Err(Next::Closed);
        }
        let until = Instant::now().checked_add(span).unwrap_or_else(|| Instant::now() + ROOM_FOR_ALL);
        tokio::select! {
            records = self.consumer.poll(until) => records.map_err(Next::Fault),
            () = self.output.closed() => Err(Next::Closed),
        }
    }

    async fn hand_over(&mut self) -> bool {
        let text = std::mem::take(&mut self.text);
        text.is_empty() || self.output.write(text).await
    }

    fn print(&mut self, io: &mut Io, records: &Records, most: i32) -> Result<(), Thrown> {
        for record in &records.records {
            if !self.has_room(most) {
                self.consumer.consumed(records, record.offset.0);
                return Ok(());
            }
            self.count += 1;
            match self.task.formatter.write(records, record, &mut self.text) {
                Err(fault) if self.task.skips_errors => {
                    io.log("ERROR", LOG, &format!("Error processing message, skipping this message: \n{fault}"));
                }
                Err(fault) => {
                    self.consumer.consumed(records, record.offset.0 + 1);
                    return Err(fault);
                }
                Ok(()) => {}
            }
        }
        self.consumer.consumed(records, records.next_offset);
        Ok(())
    }

    fn closed(&self, io: &mut Io) -> End {
        io.complain("Unable to write to standard out, closing consumer.");
        End::Done
    }
}

const TIMEOUT: &str = "org.apache.kafka.common.errors.TimeoutException";

/// Why there are no next records.
enum Next {
    /// Nobody reads the output.
    Closed,
    Fault(Thrown),
}

fn terminate(io: &mut Io, fault: &Thrown) -> End {
    let _ = io.out.flush();
    io.log("ERROR", LOG, &format!("Error processing message, terminating consumer process: \n{fault}"));
    End::Done
}
