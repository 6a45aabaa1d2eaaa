//! The `server.properties` that images bring along. What stands there as it came says nothing: it is what holds anyway.

use klamm_settings::{ConfigError, Setting, read_properties};

use crate::world::TextFile;
use crate::written::is_written;

/// What Kafka's own files hold, of the last years; a key may come with several values.
const STOCK: &[(&str, &str)] = &[
    ("advertised.listeners", "PLAINTEXT://localhost:9092"),
    ("advertised.listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093"),
    ("controller.listener.names", "CONTROLLER"),
    ("controller.quorum.bootstrap.servers", "localhost:9093"),
    ("controller.quorum.voters", "1@localhost:9093"),
    ("inter.broker.listener.name", "PLAINTEXT"),
    (
        "listener.security.protocol.map",
        "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL",
    ),
    ("listeners", "PLAINTEXT://:9092,CONTROLLER://:9093"),
    ("log.dirs", "/tmp/kraft-combined-logs"),
    ("log.retention.check.interval.ms", "300000"),
    ("log.retention.hours", "168"),
    ("log.segment.bytes", "1073741824"),
    ("node.id", "1"),
    ("num.io.threads", "8"),
    ("num.network.threads", "3"),
    ("num.partitions", "1"),
    ("num.recovery.threads.per.data.dir", "1"),
    ("num.recovery.threads.per.data.dir", "2"),
    ("offsets.topic.replication.factor", "1"),
    ("process.roles", "broker,controller"),
    ("share.coordinator.state.topic.min.isr", "1"),
    ("share.coordinator.state.topic.replication.factor", "1"),
    ("socket.receive.buffer.bytes", "102400"),
    ("socket.request.max.bytes", "104857600"),
    ("socket.send.buffer.bytes", "102400"),
    ("transaction.state.log.min.isr", "1"),
    ("transaction.state.log.replication.factor", "1"),
];

/// The settings of `file` that somebody has changed.
pub(crate) fn changed(file: &TextFile) -> Result<Vec<Setting>, ConfigError> {
    let mut settings = read_properties(&file.name, &file.text)?;
    settings.retain(|setting| !STOCK.contains(&(setting.key.as_str(), setting.value.trim())));
    Ok(settings)
}

/// Whether nobody has changed a `server.properties` since klamm wrote it or it came with the image.
pub fn is_untouched(file: &TextFile) -> bool {
    is_written(&file.text) || changed(file).is_ok_and(|changed| changed.is_empty())
}
