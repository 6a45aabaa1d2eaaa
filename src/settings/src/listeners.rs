//! Listeners (`SocketServerConfigs.listenerListToEndPoints`, `KafkaConfig`).
//!
//! ```text
//!   INTERNAL://[::1]:9092        name, host, port; an empty host is every address, port 0 any free one
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, Ipv6Addr};

use crate::error::{ConfigError, Origin};
use crate::given::Given;

const LISTENERS: &str = "listeners";
pub(crate) const ADVERTISED: &str = "advertised.listeners";
const PROTOCOL_MAP: &str = "listener.security.protocol.map";
const CONTROLLER_NAMES: &str = "controller.listener.names";
const INTER_BROKER_NAME: &str = "inter.broker.listener.name";
const INTER_BROKER_PROTOCOL: &str = "security.inter.broker.protocol";

/// Where a broker listens, or what it tells clients to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Its name, in upper case.
    pub name: String,
    /// The host; empty for every address.
    pub host: String,
    /// The port; 0 for any free one.
    pub port: u16,
    /// What protects it.
    pub protocol: SecurityProtocol,
}

/// What protects a listener. Others than this are refused at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityProtocol {
    /// Nothing.
    Plaintext,
}

/// The listeners of a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listeners {
    /// Where it listens; a single node has no use for the controller's listeners and opens none.
    pub listeners: Vec<Listener>,
    /// What clients are told.
    pub advertised: Vec<Listener>,
    /// The listener that brokers use among themselves.
    pub inter_broker: String,
}

/// Text of the form `NAME://HOST:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EndPoint {
    name: String,
    host: String,
    port: u16,
}

/// Reads the listeners of a broker and checks them against each other.
pub(crate) fn read(given: &Given) -> Result<Listeners, ConfigError> {
    let controllers: BTreeSet<String> =
        given.list(CONTROLLER_NAMES).unwrap_or_default().iter().map(|name| name.to_uppercase()).collect();
    let protocols = protocols(given)?;
    let all = end_points(given, LISTENERS)?;
    check_ports(given, &all)?;
    let names: BTreeSet<&str> = all.iter().map(|point| point.name.as_str()).collect();
    if let Some(missing) = controllers.iter().find(|name| !names.contains(name.as_str())) {
        return Err(given.fault(CONTROLLER_NAMES, format!("{missing} is not the name of a listener in {LISTENERS}")));
    }
    let told = if given.explicit(ADVERTISED).is_some() { ADVERTISED } else { LISTENERS };
    let listeners = served(given, LISTENERS, all.clone(), &controllers, &protocols)?;
    let advertised = served(given, told, end_points(given, told)?, &controllers, &protocols)?;
    check_advertised(given, told, &names, &advertised)?;
    let inter_broker = inter_broker(given, &advertised)?;
    Ok(Listeners { listeners, advertised, inter_broker })
}

/// What clients would be told if `text` were configured for this broker while it runs.
pub(crate) fn read_advertised(given: &Given, text: &str) -> Result<Vec<Listener>, ConfigError> {
    let mut given = given.clone();
    given.set(ADVERTISED, text, Origin::Override)?;
    Ok(read(&given)?.advertised)
}

/// The protocol that is written for each name, in upper case.
fn protocols(given: &Given) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = given.text(PROTOCOL_MAP).unwrap_or_default();
    let mut protocols = BTreeMap::new();
    for pair in text.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let known = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];
        let (name, protocol) = pair
            .split_once(':')
            .map(|(name, protocol)| (name.trim().to_uppercase(), protocol.trim().to_uppercase()))
            .filter(|(_, protocol)| known.contains(&protocol.as_str()))
            .ok_or_else(|| {
                given.fault(PROTOCOL_MAP, format!("{pair} is not NAME:PROTOCOL, with one of {}", known.join(", ")))
            })?;
        protocols.insert(name, protocol);
    }
    Ok(protocols)
}

fn end_points(given: &Given, key: &str) -> Result<Vec<EndPoint>, ConfigError> {
    let mut points: Vec<EndPoint> = Vec::new();
    for text in given.list(key).unwrap_or_default() {
        let point = end_point(&text).ok_or_else(|| given.fault(key, form_problem(&text)))?;
        if points.iter().any(|have| have.name == point.name) {
            return Err(given.fault(key, format!("{} is there twice: each listener needs its own name", point.name)));
        }
        points.push(point);
    }
    Ok(points)
}

/// What is wrong with a text that is no end point, and what would be right where that is plain.
fn form_problem(text: &str) -> String {
    let form = format!("{text} is not of the form NAME://HOST:PORT");
    match text.split_once("://") {
        Some((name, host)) if !name.is_empty() && !host.trim_end_matches(':').contains(':') => {
            let bare = text.trim_end_matches(':');
            format!("{text} has no port (write {bare}:9092, for example)")
        }
        None if text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) => {
            format!("{form} (write PLAINTEXT://{text}, for example)")
        }
        _ => form,
    }
}

fn end_point(text: &str) -> Option<EndPoint> {
    let (name, address) = text.split_once("://")?;
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let fits = |c: char| c.is_ascii_alphanumeric() || "-%._:".contains(c);
    if name.is_empty() || !host.chars().all(fits) || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(EndPoint { name: name.to_uppercase(), host: host.to_owned(), port: port.parse().ok()? })
}

/// One port serves two listeners only if one is of IPv4 and the other of IPv6 (KIP-797).
fn check_ports(given: &Given, points: &[EndPoint]) -> Result<(), ConfigError> {
    for (place, point) in points.iter().enumerate().filter(|(_, point)| point.port != 0) {
        for other in points[..place].iter().filter(|other| other.port == point.port) {
            let is_four = |point: &EndPoint| point.host.parse::<Ipv4Addr>().is_ok();
            let is_six = |point: &EndPoint| point.host.parse::<Ipv6Addr>().is_ok();
            if !(is_four(point) && is_six(other) || is_six(point) && is_four(other)) {
                let problem =
                    format!("{} and {} have the same port: each listener needs its own", other.name, point.name);
                return Err(given.fault(LISTENERS, problem));
            }
        }
    }
    Ok(())
}

/// The end points that clients use, with what protects them.
fn served(
    given: &Given,
    key: &str,
    points: Vec<EndPoint>,
    controllers: &BTreeSet<String>,
    protocols: &BTreeMap<String, String>,
) -> Result<Vec<Listener>, ConfigError> {
    let mut listeners = Vec::with_capacity(points.len());
    for EndPoint { name, host, port } in points.into_iter().filter(|point| !controllers.contains(&point.name)) {
        match protocols.get(&name).map(String::as_str) {
            Some("PLAINTEXT") => {
                listeners.push(Listener { name, host, port, protocol: SecurityProtocol::Plaintext });
            }
            Some(protocol) => {
                // The pair says it, if a person wrote it; else the listener's name does.
                let key = if given.origin(PROTOCOL_MAP).is_told() { PROTOCOL_MAP } else { key };
                let problem = format!("{name} speaks {protocol}, which is not supported yet: use PLAINTEXT");
                return Err(given.fault(key, problem));
            }
            None => {
                let problem = format!("no security protocol is defined for {name}: {PROTOCOL_MAP} must name it");
                return Err(given.fault(key, problem));
            }
        }
    }
    Ok(listeners)
}

fn check_advertised(
    given: &Given,
    key: &str,
    names: &BTreeSet<&str>,
    advertised: &[Listener],
) -> Result<(), ConfigError> {
    if advertised.is_empty() {
        return Err(given.fault(key, format!("no listener is left for clients: all are in {CONTROLLER_NAMES}")));
    }
    if advertised.iter().any(|listener| listener.host == "0.0.0.0") {
        let problem = "clients cannot be told 0.0.0.0: advertised.listeners must name an address that they can reach";
        return Err(given.fault(key, problem));
    }
    match advertised.iter().find(|listener| !names.contains(listener.name.as_str())) {
        Some(stranger) => {
            let have: Vec<&str> = names.iter().copied().collect();
            let problem = format!("{} is not the name of a listener, which are {}", stranger.name, have.join(", "));
            Err(given.fault(key, problem))
        }
        None => Ok(()),
    }
}

fn inter_broker(given: &Given, advertised: &[Listener]) -> Result<String, ConfigError> {
    let named = given.text(INTER_BROKER_NAME);
    if named.is_some() && given.explicit(INTER_BROKER_PROTOCOL).is_some() {
        return Err(given.fault(INTER_BROKER_NAME, format!("cannot be set together with {INTER_BROKER_PROTOCOL}")));
    }
    let key = if named.is_some() { INTER_BROKER_NAME } else { INTER_BROKER_PROTOCOL };
    let name = given.text(key).unwrap_or_default().to_uppercase();
    if advertised.iter().any(|listener| listener.name == name) {
        return Ok(name);
    }
    let have: Vec<&str> = advertised.iter().map(|listener| listener.name.as_str()).collect();
    let problem = format!("{INTER_BROKER_NAME} must name an advertised listener, which are {}", have.join(", "));
    Err(given.fault(key, problem))
}

#[cfg(test)]
#[path = "listeners_test.rs"]
mod listeners_test;
