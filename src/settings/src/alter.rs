//! Whether a configuration may be changed to what is wanted, and what is said if not, in Kafka's words.

use std::collections::BTreeMap;

use klamm_base::ErrorCode;
use klamm_base::name::java_hash;
use regex::Regex;

use crate::broker::read_per_ip_overrides;
use crate::effective::EffectiveBroker;
use crate::group_keys::{GROUP_KEYS, broker_name, client_metrics_key, group_key};
use crate::key::{Key, Scope};
use crate::keys::{PER_LISTENER_ONLY, base_key, base_name, broker_key};
use crate::kind::Kind;
use crate::listeners::ADVERTISED;
use crate::topic::topic_value;
use crate::topic_keys::topic_key;
use crate::value::Value;

/// Why a change is refused: the code and the text of the answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refused {
    /// INVALID_CONFIG or INVALID_REQUEST.
    pub code: ErrorCode,
    /// The text.
    pub message: String,
}

impl Refused {
    fn request(message: impl Into<String>) -> Refused {
        Refused { code: ErrorCode::InvalidRequest, message: message.into() }
    }

    fn config(message: impl Into<String>) -> Refused {
        Refused { code: ErrorCode::InvalidConfig, message: message.into() }
    }
}

type Values = BTreeMap<String, String>;

/// Checks one value of a topic (`LogConfig.validate`).
///
/// # Errors
/// The text of the INVALID_CONFIG that is answered.
pub fn check_topic_value(name: &str, value: &str) -> Result<(), String> {
    let key = topic_key(name).filter(|key| key.in_4_3).ok_or_else(|| format!("Unknown topic config name: {name}"))?;
    key.read(value).map(drop).map_err(|fault| fault.message(name))
}

/// Checks all that would be configured for a topic on `broker` (`LogConfig.validate`).
///
/// # Errors
/// The text of the INVALID_CONFIG that is answered.
pub fn check_topic(values: &Values, broker: &EffectiveBroker) -> Result<(), String> {
    if let Some(unknown) = values.keys().find(|name| topic_key(name).is_none_or(|key| !key.in_4_3)) {
        return Err(format!("Unknown topic config name: {unknown}"));
    }
    values.iter().try_for_each(|(name, value)| check_topic_value(name, value))?;
    let number = |name: &str| topic_value(topic_key(name)?, values, broker)?.number();
    let (low, high) = (number("min.compaction.lag.ms"), number("max.compaction.lag.ms"));
    if let (Some(low), Some(high)) = (low, high)
        && low > high
    {
        return Err(format!(
            "conflict topic config setting min.compaction.lag.ms ({low}) > max.compaction.lag.ms ({high})"
        ));
    }
    let remote = topic_key("remote.storage.enable").and_then(|key| topic_value(key, values, broker));
    if remote == Some(Value::Boolean(true)) {
        let text = "Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log \
                    storage.";
        return Err(text.to_owned());
    }
    Ok(())
}

/// Checks all that would be configured for a group on `broker` (`GroupConfig.validate`).
///
/// # Errors
/// The text of the INVALID_CONFIG that is answered.
pub fn check_group(values: &Values, broker: &EffectiveBroker) -> Result<(), String> {
    if let Some(unknown) = values.keys().find(|name| group_key(name).is_none()) {
        return Err(format!("Unknown group config name: {unknown}"));
    }
    for (name, value) in values {
        let key = group_key(name).ok_or_else(|| format!("Unknown group config name: {name}"))?;
        key.read(value).map_err(|fault| fault.message(name))?;
    }
    let holds = |key: &Key| {
        let set = values.get(key.name).and_then(|text| key.read(text).ok());
        set.or_else(|| broker.read(&broker_name(key.name))).or_else(|| key.default_value())?.number()
    };
    for key in GROUP_KEYS {
        if let Some(number) = holds(key) {
            check_bounds(key.name, number, broker)?;
        }
    }
    for (session, heartbeat) in [
        ("consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"),
        ("share.session.timeout.ms", "share.heartbeat.interval.ms"),
        ("streams.session.timeout.ms", "streams.heartbeat.interval.ms"),
    ] {
        if group_key(session).and_then(holds) <= group_key(heartbeat).and_then(holds) {
            return Err(format!("{session} must be greater than {heartbeat}"));
        }
    }
    Ok(())
}

/// Checks a group's number against the bounds that the broker sets for it: `group.share.min.session.timeout.ms` and
/// `group.share.max.session.timeout.ms` for `share.session.timeout.ms`.
fn check_bounds(name: &str, number: i64, broker: &EffectiveBroker) -> Result<(), String> {
    let Some((kind, what)) = name.split_once('.') else { return Ok(()) };
    let what = if what == "num.standby.replicas" { "standby.replicas" } else { what };
    let low = format!("group.{kind}.min.{what}");
    if broker.number(&low).is_some_and(|low| number < low) {
        return Err(format!("{name} must be greater than or equal to {low}"));
    }
    let high = format!("group.{kind}.max.{what}");
    if broker.number(&high).is_some_and(|high| number > high) {
        return Err(format!("{name} must be less than or equal to {high}"));
    }
    Ok(())
}

/// What is known of a client, by which a subscription to its metrics can choose it (`ClientMetricsConfigs`).
const CLIENT_PROPERTIES: [&str; 6] = [
    "client_id",
    "client_instance_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
];

/// Checks all that would be configured for a subscription to client metrics (`ClientMetricsConfigs.validate`).
///
/// # Errors
/// The refusal that is answered.
pub fn check_client_metrics(values: &Values) -> Result<(), Refused> {
    for (name, value) in values {
        let key = client_metrics_key(name)
            .ok_or_else(|| Refused::request(format!("Unknown client metrics configuration: {name}")))?;
        let read = key.read(value).map_err(|fault| Refused::config(fault.message(name)))?;
        match read {
            Value::Number(every_ms) if !(100..=3_600_000).contains(&every_ms) => {
                let text =
                    format!("Invalid value {every_ms} for {name}, interval must be between 100 and 3600000 (1 hour)");
                return Err(Refused::request(text));
            }
            Value::List(items) if *name == "match" => items.iter().try_for_each(|item| check_pattern(item))?,
            _ => {}
        }
    }
    Ok(())
}

fn check_pattern(item: &str) -> Result<(), Refused> {
    let good = item.split_once('=').is_some_and(|(name, pattern)| {
        let alone = !pattern.is_empty() && !pattern.contains('=');
        CLIENT_PROPERTIES.contains(&name.trim()) && alone && Regex::new(pattern.trim()).is_ok()
    });
    if good { Ok(()) } else { Err(Refused::config(format!("Illegal client matching pattern: {item}"))) }
}

/// Checks all that would be configured at run time for one broker (`per_broker`) or for all, where `current` holds now
/// (`DynamicBrokerConfig.validate`).
///
/// # Errors
/// The refusal that is answered.
pub fn check_broker(per_broker: bool, values: &Values, current: &EffectiveBroker) -> Result<(), Refused> {
    let named = |text: &str, wrong: &dyn Fn(&str) -> bool| {
        let names: Vec<&str> = values.keys().map(String::as_str).filter(|name| wrong(name)).collect();
        if names.is_empty() { Ok(()) } else { Err(Refused::request(format!("{text}: [{}]", in_java_order(&names)))) }
    };
    let fixed = |name: &str| broker_key(name).is_some_and(|key| key.in_4_3 && key.scope == Scope::ReadOnly);
    named("Cannot update these configs dynamically", &fixed)?;
    named("These security configs can be dynamically updated only per-listener using the listener prefix", &|name| {
        PER_LISTENER_ONLY.contains(&name)
    })?;
    for (name, value) in values {
        check_broker_value(name, value)?;
    }
    if !per_broker {
        named("Cannot update these configs at default cluster level, broker id must be specified", &is_of_one_broker)?;
    }
    check_together(values)?;
    values.iter().try_for_each(|(name, value)| check_change(name, value, current))
}

/// Whether a key cannot be set for all brokers.
fn is_of_one_broker(name: &str) -> bool {
    match base_name(name) {
        Some(base) => !["max.connections", "max.connection.creation.rate", "num.network.threads"].contains(&base),
        None => broker_key(name).is_some_and(|key| key.scope == Scope::PerBroker),
    }
}

fn check_broker_value(name: &str, value: &str) -> Result<(), Refused> {
    let Some(key) = base_key(name).filter(|key| key.in_4_3) else { return Ok(()) };
    let shown = base_name(name).unwrap_or(name);
    key.read(value).map_err(|fault| Refused::request(fault.message(shown)))?;
    if key.kind == Kind::Class && key.default != Some(value.trim()) {
        // There is no Java here to find a class; only the name of the built-in one means something.
        let text = format!("Invalid value {value} for configuration {shown}: Class {value} could not be found.");
        return Err(Refused::request(text));
    }
    Ok(())
}

/// What the whole configuration must satisfy (`KafkaConfig.validateValues`).
fn check_together(values: &Values) -> Result<(), Refused> {
    let number = |name: &str| broker_key(name)?.read(values.get(name)?).ok()?.number();
    let require = |holds: bool, text: &str| {
        if holds { Ok(()) } else { Err(Refused::request(format!("requirement failed: {text}"))) }
    };
    let roll = number("log.roll.ms").is_none_or(|roll_ms| roll_ms >= 1);
    require(roll, "log.roll.ms must be greater than or equal to 1")?;
    let jitter = number("log.roll.jitter.ms").is_none_or(|jitter_ms| jitter_ms >= 0);
    require(jitter, "log.roll.jitter.ms must be greater than or equal to 0")?;
    let retention = number("log.retention.ms") != Some(0);
    require(retention, "log.retention.ms must be unlimited (-1) or, greater than or equal to 1")?;
    let overrides = values.get("max.connections.per.ip.overrides").map_or("", String::as_str);
    read_per_ip_overrides(overrides).map_err(|pair| {
        let text = format!("Error parsing configuration property 'max.connections.per.ip.overrides': {pair}");
        Refused::request(text)
    })?;
    require(
        number("max.connections.per.ip") != Some(0) || !overrides.is_empty(),
        "max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.",
    )
}

/// Sizes of thread pools that change at most by a factor of two at a time (`DynamicThreadPool`).
const THREADS: [&str; 5] = [
    "num.io.threads",
    "num.network.threads",
    "num.replica.fetchers",
    "num.recovery.threads.per.data.dir",
    "background.threads",
];

/// Whether the step from what holds now to `value` can be done (`BrokerReconfigurable.validateReconfiguration`).
fn check_change(name: &str, value: &str, current: &EffectiveBroker) -> Result<(), Refused> {
    let refuse = |text: String| {
        let text = format!(
            "Invalid value org.apache.kafka.common.config.ConfigException: {text} for configuration Invalid dynamic \
             configuration"
        );
        Err(Refused::request(text))
    };
    if name == "listeners" && current.value(name) != Some(value) {
        return Err(Refused::request(format!("Cannot update these configs dynamically: [{name}]")));
    }
    if name == ADVERTISED {
        let wrong = |problem| format!("Invalid value {value} for configuration {name}: {problem}");
        return current.settings().advertised(value).map(drop).map_err(|problem| Refused::request(wrong(problem)));
    }
    let number = broker_key(name).and_then(|key| key.read(value).ok()).and_then(|value| value.number());
    let (Some(wanted), Some(now)) = (number, current.number(name)) else { return Ok(()) };
    let failed = |why: String| {
        format!("Dynamic thread count update validation failed for {name}={wanted}, {why} the current value {now}")
    };
    match name {
        "max.connections" if wanted == 0 => refuse("Invalid max.connections 0".to_owned()),
        "log.cleaner.threads" if wanted < 1 => refuse("Log cleaner threads should be at least 1".to_owned()),
        "log.cleaner.threads" if wanted < now / 2 => {
            refuse(format!("Log cleaner threads cannot be reduced to less than half the current value {now}"))
        }
        "log.cleaner.threads" if wanted > now * 2 => {
            refuse(format!("Log cleaner threads cannot be increased to more than double the current value {now}"))
        }
        name if THREADS.contains(&name) && wanted < now / 2 => {
            refuse(failed("value should be at least half".to_owned()))
        }
        name if THREADS.contains(&name) && wanted > now * 2 => {
            refuse(failed("value should not be greater than double".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Names in the order of a Java `HashSet`, which Kafka's texts show.
fn in_java_order(names: &[&str]) -> String {
    let slots = (names.len() * 4 / 3 + 1).max(16).next_power_of_two();
    let slot = |name: &&str| {
        let hash = java_hash(name).cast_unsigned();
        (hash ^ (hash >> 16)) as usize & (slots - 1)
    };
    let mut names = names.to_vec();
    names.sort_by_key(slot);
    names.join(", ")
}

/// What a broker's list is before something is appended to it: its default; `None` if the key is no list.
pub fn broker_list_default(name: &str) -> Option<String> {
    list_default(base_key(name).filter(|key| key.in_4_3))
}

/// What a topic's list is before something is appended to it: its default; `None` if the key is no list.
pub fn topic_list_default(name: &str) -> Option<String> {
    list_default(topic_key(name).filter(|key| key.in_4_3))
}

fn list_default(key: Option<&Key>) -> Option<String> {
    key.filter(|key| key.kind == Kind::List).map(|key| key.default.unwrap_or_default().to_owned())
}

#[cfg(test)]
#[path = "alter_test.rs"]
mod alter_test;
