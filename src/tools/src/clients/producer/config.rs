//! A producer's configuration (`ProducerConfig`).

use std::time::Duration;

use klamm_peer::ClientOptions;
use klamm_record::Codec;

use crate::client_config::ClientConfig;
use crate::clients::options::{boolean, config_fault, invalid, millis, number, one_of};
use crate::thrown::Thrown;

/// What a producer is told; the names are Kafka's.
#[derive(Clone, Debug)]
pub(crate) struct ProducerConfig {
    pub(crate) client: ClientOptions,
    /// -1 for `all`.
    pub(crate) acks: i16,
    pub(crate) idempotent: bool,
    pub(crate) transactional_id: Option<String>,
    pub(crate) transaction_timeout_ms: i32,
    pub(crate) batch_size_bytes: usize,
    pub(crate) linger: Duration,
    pub(crate) codec: Codec,
    pub(crate) level: i32,
    pub(crate) retries: u32,
    pub(crate) retry_backoff: Duration,
    pub(crate) retry_backoff_max: Duration,
    pub(crate) request_timeout: Duration,
    pub(crate) delivery_timeout: Duration,
    pub(crate) max_block: Duration,
    pub(crate) buffer_memory_bytes: usize,
    pub(crate) max_request_size_bytes: usize,
    pub(crate) max_in_flight: usize,
    pub(crate) metadata_max_age: Duration,
    pub(crate) ignores_keys: bool,
}

impl ProducerConfig {
    /// Reads the properties; `client_id` holds where they name none.
    ///
    /// # Errors
    /// The exceptions of `KafkaProducer`'s constructor.
    pub(crate) fn read(config: &ClientConfig, client_id: &str) -> Result<ProducerConfig, Thrown> {
        let acks = one_of(config, "acks", "all", &["all", "-1", "0", "1"])?;
        let acks: i16 = if acks == "all" { -1 } else { acks.parse().unwrap_or(-1) };
        let codec = codec(config)?;
        let linger = millis(config, "linger.ms", 5)?;
        let size = |key, default, least| number::<i32>(config, key, "INT", default, least).map(i32::unsigned_abs);
        let request_timeout = Duration::from_millis(u64::from(size("request.timeout.ms", 30_000, 0)?));
        let retries = number::<i32>(config, "retries", "INT", i32::MAX, 0)?.unsigned_abs();
        let max_in_flight = size("max.in.flight.requests.per.connection", 5, 1)? as usize;
        let transactional_id = config.get("transactional.id").map(str::to_owned);
        let client = config.options(client_id).map_err(|why| construct(&why))?;
        let told = Told { acks, retries, max_in_flight, transactional: transactional_id.is_some() };
        Ok(ProducerConfig {
            acks: told.acks(config)?,
            idempotent: told.idempotent(config)?,
            transactional_id,
            transaction_timeout_ms: number(config, "transaction.timeout.ms", "INT", 60_000, 0)?,
            batch_size_bytes: size("batch.size", 16_384, 0)? as usize,
            linger,
            codec,
            level: level(config, codec)?,
            retries,
            retry_backoff: client.retry_backoff,
            retry_backoff_max: client.retry_backoff_max.max(client.retry_backoff),
            request_timeout,
            delivery_timeout: delivery_timeout(config, linger + request_timeout)?,
            max_block: millis(config, "max.block.ms", 60_000)?,
            buffer_memory_bytes: usize::try_from(number::<i64>(config, "buffer.memory", "LONG", 32 << 20, 0)?)
                .unwrap_or(0),
            max_request_size_bytes: size("max.request.size", 1 << 20, 0)? as usize,
            max_in_flight,
            metadata_max_age: millis(config, "metadata.max.age.ms", 300_000)?,
            ignores_keys: boolean(config, "partitioner.ignore.keys", false)?,
            client,
        })
    }
}

/// What bears on whether a producer is idempotent.
struct Told {
    acks: i16,
    retries: u32,
    max_in_flight: usize,
    transactional: bool,
}

impl Told {
    /// The acks that hold: a transactional producer's are always all.
    fn acks(&self, config: &ClientConfig) -> Result<i16, Thrown> {
        if self.transactional && config.get("acks").is_some() && self.acks != -1 {
            return Err(needs("acks to all"));
        }
        Ok(self.acks)
    }

    /// Idempotent unless something else was asked for that rules it out (KIP-679).
    fn idempotent(&self, config: &ClientConfig) -> Result<bool, Thrown> {
        let wanted = boolean(config, "enable.idempotence", true)?;
        let explicit = self.transactional || (wanted && config.get("enable.idempotence").is_some());
        if self.transactional && !wanted {
            return Err(config_fault("Cannot set a transactional.id without also enabling idempotence."));
        }
        let possible = self.acks == -1 && self.retries > 0 && self.max_in_flight <= 5;
        if explicit && !possible {
            return Err(match self {
                Told { retries: 0, .. } => needs("retries to non-zero when using"),
                Told { max_in_flight: 6.., .. } => needs("max.in.flight.requests.per.connection to at most 5 to use"),
                _ => needs("acks to all in order to use"),
            });
        }
        Ok(wanted && possible)
    }
}

fn needs(what: &str) -> Thrown {
    let tail = if what.ends_with("use") { ". Otherwise we cannot guarantee idempotence." } else { "." };
    config_fault(format!("Must set {what} the idempotent producer{tail}"))
}

/// `KafkaException: Failed to construct kafka producer`, whose cause says why.
pub(super) fn construct(why: &str) -> Thrown {
    Thrown::new(crate::thrown::KAFKA, format!("Failed to construct kafka producer: {why}"))
}

fn codec(config: &ClientConfig) -> Result<Codec, Thrown> {
    let names = Codec::ALL.map(Codec::name);
    let name = one_of(config, "compression.type", "none", &names)?;
    Ok(Codec::ALL.into_iter().find(|codec| codec.name() == name).unwrap_or(Codec::None))
}

fn level(config: &ClientConfig, codec: Codec) -> Result<i32, Thrown> {
    let key = format!("compression.{}.level", codec.name());
    let level = number(config, &key, "INT", codec.default_level(), i32::MIN)?;
    match codec.levels() {
        Some(levels) if level != codec.default_level() && !levels.contains(&level) => {
            let why = format!("Value must be between {} and {}", levels.start(), levels.end());
            Err(invalid(&key, &level.to_string(), &why))
        }
        _ => Ok(level),
    }
}

/// At least what lingering and one try take.
fn delivery_timeout(config: &ClientConfig, least: Duration) -> Result<Duration, Thrown> {
    let span = millis(config, "delivery.timeout.ms", 120_000)?;
    if span >= least {
        return Ok(span);
    }
    match config.get("delivery.timeout.ms") {
        Some(_) => {
            Err(config_fault("delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms"))
        }
        None => Ok(least),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<ProducerConfig, String> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", "localhost:9092");
        pairs.iter().for_each(|(key, value)| config.set(*key, *value));
        ProducerConfig::read(&config, "me").map_err(|fault| fault.text().to_owned())
    }

    #[test]
    fn a_producer_is_idempotent_until_something_rules_it_out() {
        let idempotent = |pairs: &[(&str, &str)]| read(pairs).unwrap().idempotent;
        assert!(idempotent(&[]) && idempotent(&[("acks", "-1")]) && idempotent(&[("retries", "3")]));
        assert!(!idempotent(&[("acks", "1")]) && !idempotent(&[("retries", "0")]));
        assert!(!idempotent(&[("enable.idempotence", "false")]));
        let refused = read(&[("acks", "1"), ("enable.idempotence", "true")]).unwrap_err();
        assert_eq!(
            refused,
            "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence."
        );
    }

    #[test]
    fn codecs_levels_and_times_are_checked() {
        assert_eq!(
            read(&[("compression.type", "foo")]).unwrap_err(),
            "Invalid value foo for configuration compression.type: String must be one of: none, gzip, snappy, lz4, zstd"
        );
        assert_eq!(read(&[("compression.type", "zstd"), ("compression.zstd.level", "5")]).unwrap().level, 5);
        assert!(read(&[("compression.type", "lz4"), ("compression.lz4.level", "99")]).is_err());
        assert_eq!(
            read(&[("linger.ms", "1000"), ("request.timeout.ms", "1500")]).unwrap().delivery_timeout.as_secs(),
            120
        );
        assert!(read(&[("delivery.timeout.ms", "10")]).unwrap_err().contains("equal to or larger"));
    }
}
