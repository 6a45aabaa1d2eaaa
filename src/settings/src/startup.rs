//! Values that must go together (`KafkaConfig.validateValues`).

use crate::error::ConfigError;
use crate::given::Given;

const MIB: i64 = 1024 * 1024;

/// Checks numbers against each other.
pub(crate) fn check(given: &Given) -> Result<(), ConfigError> {
    check_logs(given)?;
    check_replication(given)?;
    check_connections(given)
}

fn check_logs(given: &Given) -> Result<(), ConfigError> {
    let below = |key: &str, low: i64| given.some_number(key).is_some_and(|number| number < low);
    if below("log.roll.ms", 1) {
        return Err(given.fault("log.roll.ms", "must be at least 1"));
    }
    if below("log.roll.jitter.ms", 0) {
        return Err(given.fault("log.roll.jitter.ms", "must be at least 0"));
    }
    let retention = ["log.retention.ms", "log.retention.minutes", "log.retention.hours"];
    if let Some(key) = retention.iter().find(|key| given.some_number(key).is_some())
        && given.some_number(key) == Some(0)
    {
        return Err(given.fault(key, "must be -1, which is for ever, or at least 1"));
    }
    let (buffer, threads) = (given.number("log.cleaner.dedupe.buffer.size"), given.number("log.cleaner.threads"));
    if threads > 0 && buffer / threads <= MIB {
        return Err(given.fault("log.cleaner.dedupe.buffer.size", "must be more than 1 MiB for each cleaner thread"));
    }
    Ok(())
}

fn check_replication(given: &Given) -> Result<(), ConfigError> {
    let wait = given.number("replica.fetch.wait.max.ms");
    for key in ["replica.socket.timeout.ms", "replica.lag.time.max.ms"] {
        if wait > given.number(key) {
            return Err(given.fault(key, format!("must be at least replica.fetch.wait.max.ms, which is {wait}")));
        }
    }
    Ok(())
}

fn check_connections(given: &Given) -> Result<(), ConfigError> {
    let (queued, largest) = (given.number("queued.max.request.bytes"), given.number("socket.request.max.bytes"));
    if queued > 0 && queued < largest {
        return Err(given.fault(
            "queued.max.request.bytes",
            format!("must be at least socket.request.max.bytes, which is {largest}"),
        ));
    }
    let overrides = given.text("max.connections.per.ip.overrides").unwrap_or_default();
    if given.number("max.connections.per.ip") == 0 && overrides.is_empty() {
        return Err(given.fault(
            "max.connections.per.ip",
            "can be 0 only if max.connections.per.ip.overrides says who may connect",
        ));
    }
    let delay = given.number("connection.failed.authentication.delay.ms");
    let idle = given.number("connections.max.idle.ms");
    if idle >= 0 && delay >= idle {
        return Err(given.fault(
            "connection.failed.authentication.delay.ms",
            format!("must be less than connections.max.idle.ms, which is {idle}"),
        ));
    }
    Ok(())
}
