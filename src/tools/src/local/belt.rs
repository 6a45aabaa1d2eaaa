//! cub, dub and ub: the utility belts of Confluent's images, for what init containers and start scripts call of them.

use std::time::Duration;

use klamm_env::Env;
use rustix::fs::{Access, access};

use super::checks::{http_get, wait_for_brokers, wait_for_port};
use crate::client_config::ClientConfig;
use crate::io::{Io, block_on_or_end};

const ACTIONS: &str = "kafka-ready, zk-ready, sr-ready, kr-ready, connect-ready, ksql-server-ready, control-center-ready, \
                       listeners, ensure, ensure-atleast-one, wait, http-ready, path";

/// cub, dub or ub.
pub(super) fn run(name: &str, args: &[String], io: &mut Io) -> u8 {
    if let Some(code) = super::version_asked(args, io) {
        return code;
    }
    let Some((action, words)) = args.split_first().filter(|(action, _)| !action.starts_with('-')) else {
        io.complain(format_args!("usage: {name} ACTION ... (ACTION is one of {ACTIONS})"));
        return if args.is_empty() { crate::FAILED } else { 0 };
    };
    let result = act(action, words, io);
    match &result {
        Ok(()) => return 0,
        Err(why) if !why.is_empty() => io.complain(why),
        Err(_) => {}
    }
    if name != "cub" {
        io.complain(format_args!("Command [{name} {}] FAILED !", args.join(" ")));
    }
    crate::FAILED
}

fn act(action: &str, words: &[String], io: &mut Io) -> Result<(), String> {
    match (action, words) {
        ("kafka-ready", _) => kafka_ready(words, io),
        ("zk-ready", [_, _]) => {
            io.complain("klamm needs no ZooKeeper: there is nothing to wait for");
            Ok(())
        }
        ("sr-ready", [host, port, seconds]) => http_ready(host, port, "/config", seconds, Some("compatibilityLevel")),
        ("kr-ready", [host, port, seconds]) => http_ready(host, port, "/topics", seconds, None),
        ("connect-ready", [host, port, seconds]) => http_ready(host, port, "/", seconds, Some("version")),
        ("ksql-server-ready", [host, port, seconds]) => http_ready(host, port, "/info", seconds, Some("Ksql")),
        ("control-center-ready", [host, port, seconds]) => http_ready(host, port, "/", seconds, Some("Control Center")),
        ("listeners", [advertised]) => {
            io.say(listeners(advertised));
            if advertised.is_empty() { Err(String::new()) } else { Ok(()) }
        }
        ("ensure", [variable]) => match is_set(variable) {
            true => Ok(()),
            false => Err(format!("{variable} is required.")),
        },
        ("ensure-atleast-one" | "ensureAtLeastOne", variables) => match variables.iter().any(|name| is_set(name)) {
            true => Ok(()),
            false => Err(format!("one of ({}) is required.", variables.join(","))),
        },
        ("wait", [host, port, seconds]) => {
            let (number, patience) = (port_of(port)?, seconds_of(seconds)?);
            match real(async |env| wait_for_port(&env, host, number, patience).await)? {
                true => Ok(()),
                false => Err(format!("{host} cannot be reached on port {port}.")),
            }
        }
        ("http-ready", [url, seconds]) => {
            let (host, port, path) = split_url(url).ok_or_else(|| format!("URL {url} is malformed."))?;
            http_ready(host, port, path, seconds, None)
        }
        ("path", [path, mode]) => path_allows(path, mode),
        (
            "template" | "render-template" | "render-properties" | "ensure-topic" | "formatLogger"
            | "propertiesFromEnv",
            _,
        ) => Err(format!(
            "{action} is not built into klamm, whose images make their configuration of the environment by \
                 themselves; topics are made by kafka-topics --create --if-not-exists"
        )),
        _ if ACTIONS.split(", ").any(|known| known == action) => Err(format!("{action}: wrong number of arguments")),
        _ => Err(format!("invalid choice: {action} (choose from {ACTIONS})")),
    }
}

/// `kafka-ready BROKERS SECONDS -b HOST:PORT [-c FILE] [-s PROTOCOL]`, in any order.
fn kafka_ready(words: &[String], io: &mut Io) -> Result<(), String> {
    let (mut numbers, mut config, mut bootstrap, mut protocol) = (Vec::new(), ClientConfig::new(), None, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (option, inline) = match word.split_once('=').filter(|_| word.starts_with("--")) {
            Some((option, value)) => (option, Some(value.to_owned())),
            None => (word.as_str(), None),
        };
        if !option.starts_with('-') {
            numbers.push(word.parse::<u32>().map_err(|_| format!("invalid int value: '{word}'"))?);
            continue;
        }
        let value =
            inline.or_else(|| words.next().cloned()).ok_or_else(|| format!("{option}: expected one argument"))?;
        match option {
            "-b" | "--bootstrap_broker_list" | "--bootstrap-broker-list" => bootstrap = Some(value),
            "-z" | "--zookeeper_connect" | "--zookeeper-connect" => {
                io.complain(format_args!(
                    "kafka-ready: there is no ZooKeeper at {value} to ask; asking localhost:9092, \
                    take -b HOST:PORT for another broker"
                ));
                bootstrap = bootstrap.or_else(|| Some("localhost:9092".to_owned()));
            }
            "-c" | "--config" => config.load(&value)?,
            "-s" | "--security-protocol" => protocol = Some(value),
            _ => return Err(format!("unrecognized arguments: {option}")),
        }
    }
    let [brokers, seconds] = numbers[..] else {
        return Err("kafka-ready: BROKERS and SECONDS are required".to_owned());
    };
    match (bootstrap, config.get("bootstrap.servers")) {
        (Some(bootstrap), _) => config.set("bootstrap.servers", bootstrap),
        (None, Some(_)) => {}
        (None, None) => return Err("one of the arguments -b/--bootstrap_broker_list is required".to_owned()),
    }
    protocol.into_iter().for_each(|protocol| config.set("security.protocol", protocol));
    let patience = Duration::from_secs(u64::from(seconds));
    let wanted = usize::try_from(brokers).unwrap_or(usize::MAX);
    real(async |env| wait_for_brokers(&env, &config, wanted, patience).await)?
}

fn http_ready(host: &str, port: &str, path: &str, seconds: &str, needed: Option<&str>) -> Result<(), String> {
    let (number, patience) = (port_of(port)?, seconds_of(seconds)?);
    let answer = real(async |env| match wait_for_port(&env, host, number, patience).await {
        true => http_get(&env, host, number, path).await,
        false => Err(format!("{host} cannot be reached on port {port}.")),
    })?;
    let (status, text) = answer?;
    if status / 100 == 2 && needed.is_none_or(|needed| text.contains(needed)) {
        return Ok(());
    }
    let content: String = text.chars().take(1000).collect();
    Err(format!("Unexpected response for {host}:{port}{path} with code: {status} and content: {content}"))
}

/// `PLAINTEXT://foo:9999` as `PLAINTEXT://0.0.0.0:9999`, for each listener in the text.
fn listeners(advertised: &str) -> String {
    let mut parts = advertised.split("://");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(':') {
            Some((_, port)) => text.push_str(&format!("://0.0.0.0:{port}")),
            None => text.push_str(&format!("://{part}")),
        }
    }
    text
}

/// Host, port and path of a URL without TLS.
fn split_url(url: &str) -> Option<(&str, &str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let (place, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "80"));
    (!host.is_empty()).then_some((host, port, if path.is_empty() { "/" } else { path }))
}

fn path_allows(path: &str, mode: &str) -> Result<(), String> {
    let wanted = match mode {
        "writable" => Access::WRITE_OK,
        "readable" => Access::READ_OK,
        "executable" => Access::EXEC_OK,
        "exists" | "existence" => Access::EXISTS,
        _ => return Err(format!("invalid choice: '{mode}' (choose from writable, readable, executable, exists)")),
    };
    access(path, wanted).map_err(|_| String::new())
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| !value.is_empty())
}

fn port_of(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| format!("invalid int value: '{text}'"))
}

/// Seconds, perhaps with a fraction, or with a unit as `ub` takes them.
fn seconds_of(text: &str) -> Result<Duration, String> {
    let seconds = text.strip_suffix('s').unwrap_or(text).parse::<f64>().ok();
    let span = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // A longer wait than a day is a slip, and no clock can add all that can be written.
    span.map(|span| span.min(Duration::from_secs(86_400))).ok_or_else(|| format!("invalid float value: '{text}'"))
}

fn real<T>(work: impl AsyncFnOnce(Env) -> T) -> Result<T, String> {
    block_on_or_end(work).map_err(|problem| problem.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_bind_everywhere_what_is_advertised() {
        let text = "PLAINTEXT://foo:9999,SSL://bar:9098, SASL_SSL://10.0.4.5:7888";
        assert_eq!(listeners(text), "PLAINTEXT://0.0.0.0:9999,SSL://0.0.0.0:9098, SASL_SSL://0.0.0.0:7888");
        assert_eq!(listeners("x"), "x");
    }

    #[test]
    fn a_url_is_host_port_and_path() {
        assert_eq!(split_url("http://a:8081/subjects?x"), Some(("a", "8081", "/subjects?x")));
        assert_eq!(split_url("http://a"), Some(("a", "80", "/")));
        assert_eq!(split_url("https://a/"), None);
        assert_eq!(split_url("http:///"), None);
    }

    #[test]
    fn a_wait_is_told_in_seconds() {
        assert_eq!(seconds_of("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds_of("20s"), Ok(Duration::from_secs(20)));
        assert_eq!(seconds_of("1e300"), Err("invalid float value: '1e300'".to_owned()));
        assert_eq!(seconds_of("999999999"), Ok(Duration::from_secs(86_400)));
        assert!(seconds_of("-1").is_err() && seconds_of("x").is_err() && seconds_of("nan").is_err());
    }
}
