//! Logging in Kafka's pattern, to stdout, one write for each line.
//!
//! ```text
//!   [2026-11-21 12:00:00,123] INFO created topic t with 3 partitions (klamm.broker.wishes)
//!    local time (TZ)          level message                          logger
//! ```

use std::fmt::{self, Write};

use chrono::{Datelike, Local, TimeZone, Timelike};
use klamm_env::Clock;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// What is told if nobody asks for more or less.
const DEFAULT: &str = "info,openraft=warn,sled=warn";

/// Begins logging. `KLAMM_LOG` filters as `RUST_LOG` does elsewhere, else `filter` does, which came with the
/// configuration, else everything from INFO on is told.
pub fn start(clock: Clock, filter: Option<&str>) {
    let asked = std::env::var("KLAMM_LOG").ok().filter(|asked| !asked.trim().is_empty());
    let (filter, fault) = match EnvFilter::try_new(asked.as_deref().or(filter).unwrap_or(DEFAULT)) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(DEFAULT), Some(error)),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stdout)
        .with_ansi(false)
        // A line that nobody reads is lost. Without this it would be told to stderr, where a failure is a panic.
        .log_internal_errors(false)
        .event_format(KafkaPattern(clock));
    // A process has one; a second broker in it shares the first one's.
    let _ = subscriber.try_init();
    if let Some(error) = fault {
        tracing::warn!("the log filter is not understood and not used: {error}");
    }
}

/// A line in Kafka's pattern, with its end. What would break the line is written as Rust escapes it.
pub fn line(now_ms: i64, level: &str, message: &str, logger: &str) -> String {
    let mut text = String::with_capacity(message.len() + logger.len() + 48);
    text.push('[');
    put_time(&mut text, now_ms);
    let _ = write!(text, "] {level} ");
    for letter in message.chars() {
        match letter {
            '\t' => text.push(letter),
            _ if letter.is_control() => text.extend(letter.escape_default()),
            _ => text.push(letter),
        }
    }
    let _ = writeln!(text, " ({logger})");
    text
}

/// `2026-11-21 12:00:00,123`, in the time zone that `TZ` or the system names.
fn put_time(text: &mut String, now_ms: i64) {
    let Some(time) = Local.timestamp_millis_opt(now_ms).single() else { return };
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (hour, minute, second, ms) = (time.hour(), time.minute(), time.second(), time.timestamp_subsec_millis());
    let _ = write!(text, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02},{ms:03}");
}

/// Formats what the rooms tell.
struct KafkaPattern(Clock);

impl<S, N> FormatEvent<S, N> for KafkaPattern
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut message = String::new();
        context.field_format().format_fields(Writer::new(&mut message), event)?;
        let logger = event.metadata().target().replace("::", ".").replace("klamm_", "klamm.");
        writer.write_str(&line(self.0.now_ms(), event.metadata().level().as_str(), &message, &logger))
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    /// Keeps each write apart.
    #[derive(Clone, Default)]
    struct Writes(Arc<Mutex<Vec<String>>>);

    impl io::Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().push(String::from_utf8(bytes.to_vec()).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'a> MakeWriter<'a> for Writes {
        type Writer = Writes;

        fn make_writer(&'a self) -> Writes {
            self.clone()
        }
    }

    #[test]
    fn a_line_follows_kafkas_pattern_and_stays_one_line() {
        let told = line(1_700_000_000_007, "INFO", "a\nb\u{1b}[1m\tc ü", "x.Y");
        let (time, rest) = told.split_at(26);
        assert!(time.starts_with("[20") && time.ends_with(",007] "), "{time}");
        assert_eq!(time.matches(['-', ':', ',', ' ']).count(), 7, "{time}");
        assert_eq!(rest, "INFO a\\nb\\u{1b}[1m\tc ü (x.Y)\n");
    }

    #[test]
    fn an_event_is_one_write_with_its_fields_behind_the_message() {
        let writes = Writes::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(writes.clone())
            .with_ansi(false)
            .event_format(KafkaPattern(Clock::manual(0)))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "klamm_log::dirs", path = "/x", answer = 42, "ignoring {}", "it");
        });
        let written = writes.0.lock().unwrap();
        assert_eq!(written.len(), 1);
        let (_, rest) = written[0].split_at(26);
        assert_eq!(rest, "WARN ignoring it path=\"/x\" answer=42 (klamm.log.dirs)\n");
    }
}
