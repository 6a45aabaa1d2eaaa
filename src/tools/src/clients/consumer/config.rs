//! A consumer's configuration (`ConsumerConfig`).

use std::time::Duration;

use klamm_peer::ClientOptions;

use super::assignor::Assignor;
use super::duration::iso_duration;
use crate::client_config::ClientConfig;
use crate::clients::options::{boolean, config_fault, invalid, millis, number, one_of};
use crate::thrown::Thrown;

/// Where to begin in a partition without a position (`auto.offset.reset`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Earliest,
    Latest,
    /// At the first record that is at most this old (KIP-1106).
    ByDuration(Duration),
    /// Nowhere: it is an error.
    None,
}

/// What a consumer is told; the names are Kafka's.
#[derive(Clone, Debug)]
pub(crate) struct ConsumerConfig {
    pub(crate) client: ClientOptions,
    pub(crate) group_id: String,
    pub(crate) group_instance_id: Option<String>,
    pub(crate) start: Start,
    pub(crate) read_committed: bool,
    pub(crate) auto_commit: Option<Duration>,
    pub(crate) assignors: Vec<Assignor>,
    pub(crate) session_timeout: Duration,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) max_poll_interval: Duration,
    pub(crate) fetch_min_bytes: i32,
    pub(crate) fetch_max_bytes: i32,
    pub(crate) fetch_max_wait: Duration,
    pub(crate) max_partition_fetch_bytes: i32,
    pub(crate) check_crcs: bool,
    pub(crate) auto_create: bool,
    pub(crate) excludes_internal: bool,
    pub(crate) metadata_max_age: Duration,
    pub(crate) rack: String,
}

/// `KafkaException: Failed to construct kafka consumer`, whose cause says why.
pub(super) fn construct(why: &str) -> Thrown {
    Thrown::new(crate::thrown::KAFKA, format!("Failed to construct kafka consumer: {why}"))
}

impl ConsumerConfig {
    /// Reads the properties; `client_id` holds where they name none.
    ///
    /// # Errors
    /// The exceptions of `KafkaConsumer`'s constructor.
    pub(crate) fn read(config: &ClientConfig, client_id: &str) -> Result<ConsumerConfig, Thrown> {
        let level = one_of(config, "isolation.level", "read_uncommitted", &["read_committed", "read_uncommitted"])?;
        let protocol = one_of(config, "group.protocol", "classic", &["classic", "consumer"])?;
        if protocol != "classic" {
            return Err(config_fault("group.protocol=consumer: this tool speaks the classic group protocol only"));
        }
        let client = config.options(client_id).map_err(|why| construct(&why))?;
        let int = |key, default, least| number::<i32>(config, key, "INT", default, least);
        let span = |key, default| int(key, default, 0).map(|ms| Duration::from_millis(u64::from(ms.unsigned_abs())));
        let commits = boolean(config, "enable.auto.commit", true)?;
        Ok(ConsumerConfig {
            client,
            group_id: config.get("group.id").unwrap_or_default().to_owned(),
            group_instance_id: config.get("group.instance.id").map(str::to_owned),
            start: start(config)?,
            read_committed: level == "read_committed",
            auto_commit: if commits { Some(span("auto.commit.interval.ms", 5000)?) } else { None },
            assignors: Assignor::read(config.get("partition.assignment.strategy"))?,
            session_timeout: span("session.timeout.ms", 45_000)?,
            heartbeat_interval: span("heartbeat.interval.ms", 3000)?,
            max_poll_interval: span("max.poll.interval.ms", 300_000)?,
            fetch_min_bytes: int("fetch.min.bytes", 1, 0)?,
            fetch_max_bytes: int("fetch.max.bytes", 50 << 20, 0)?,
            fetch_max_wait: span("fetch.max.wait.ms", 500)?,
            max_partition_fetch_bytes: int("max.partition.fetch.bytes", 1 << 20, 0)?,
            check_crcs: boolean(config, "check.crcs", true)?,
            auto_create: boolean(config, "allow.auto.create.topics", true)?,
            excludes_internal: boolean(config, "exclude.internal.topics", true)?,
            metadata_max_age: millis(config, "metadata.max.age.ms", 300_000)?,
            rack: config.get("client.rack").unwrap_or_default().to_owned(),
        })
    }
}

fn start(config: &ClientConfig) -> Result<Start, Thrown> {
    let key = "auto.offset.reset";
    let text = config.get(key).unwrap_or("latest");
    match text.split_once(':') {
        None if text == "earliest" => return Ok(Start::Earliest),
        None if text == "latest" => return Ok(Start::Latest),
        None if text == "none" => return Ok(Start::None),
        Some(("by_duration", span)) => {
            if let Some(span) = iso_duration(span) {
                return Ok(Start::ByDuration(span));
            }
        }
        _ => {}
    }
    let why = format!(
        "Invalid value `{text}` for configuration {key}. The value must be either 'earliest', 'latest', 'none' or of \
         the format 'by_duration:<PnDTnHnMn.nS.>'."
    );
    Err(invalid(key, text, &why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<ConsumerConfig, String> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", "localhost:9092");
        pairs.iter().for_each(|(key, value)| config.set(*key, *value));
        ConsumerConfig::read(&config, "me").map_err(|fault| fault.text().to_owned())
    }

    #[test]
    fn the_start_is_a_word_or_a_duration() {
        let start = |text| read(&[("auto.offset.reset", text)]).map(|config| config.start);
        assert_eq!(start("earliest"), Ok(Start::Earliest));
        assert_eq!(start("by_duration:PT1H"), Ok(Start::ByDuration(Duration::from_secs(3600))));
        assert!(
            start("foo").unwrap_err().starts_with("Invalid value foo for configuration auto.offset.reset: Invalid")
        );
        assert!(start("by_duration:x").is_err());
        assert_eq!(read(&[]).unwrap().start, Start::Latest);
    }

    #[test]
    fn words_that_are_none_are_refused_in_kafka_s_words() {
        assert_eq!(
            read(&[("isolation.level", "foo")]).unwrap_err(),
            "Invalid value foo for configuration isolation.level: String must be one of: read_committed, read_uncommitted"
        );
        assert!(read(&[("partition.assignment.strategy", "Foo")]).unwrap_err().contains("Foo"));
        assert!(read(&[("group.protocol", "consumer")]).unwrap_err().contains("classic"));
    }
}
