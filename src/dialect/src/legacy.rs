//! Addresses in parts, as wurstmeister, Debezium and spotify have them: `KAFKA_ADVERTISED_HOST_NAME` and
//! `KAFKA_ADVERTISED_PORT`, without `KAFKA_` too, and pairs of protocol names that wurstmeister composes.

use klamm_settings::{Origin, Setting};

use crate::Dialect;
use crate::draft::{Draft, derived};
use crate::variables::{Variables, setting_of};

const HOSTS: &[&str] =
    &["KAFKA_ADVERTISED_HOST_NAME", "KAFKA_ADVERTISED_HOST", "ADVERTISED_HOST_NAME", "ADVERTISED_HOST"];
const PORTS: &[&str] = &["KAFKA_ADVERTISED_PORT", "ADVERTISED_PORT"];
const KAFKAS_PORT: &str = "9092";

/// Sets listeners and advertised listeners from their parts, where they are not set as a whole.
pub(crate) fn overlay(dialect: Dialect, variables: &Variables, draft: &mut Draft) {
    let bind = Bind::new(dialect, variables);
    let told = told(variables, &bind);
    if draft.has("listener.security.protocol.map") && compose(variables, &bind, told.as_ref(), draft) {
        return;
    }
    if draft.has("advertised.listeners") {
        return;
    }
    if let Some(told) = &told {
        let value = format!("PLAINTEXT://{}:{}", told.host, told.port);
        draft.put(Setting::new("advertised.listeners", &value, told.origin.clone()));
    }
    if (told.is_some() || bind.name.is_some()) && !draft.has("listeners") {
        let value = format!("PLAINTEXT://{}:{}", bind.host, bind.port);
        let origin = match &bind.name {
            Some(name) => derived(&setting_of(name, "", variables.get(name).unwrap_or_default())),
            None => Origin::Image,
        };
        draft.put(Setting::new("listeners", &value, origin));
    }
}

/// Where the broker listens, in parts.
struct Bind {
    host: String,
    port: String,
    /// The variable that says so, if one does.
    name: Option<&'static str>,
}

impl Bind {
    fn new(dialect: Dialect, variables: &Variables) -> Bind {
        let debezium = dialect == Dialect::Debezium;
        let ports: &[&'static str] = if debezium { &["KAFKA_PORT", "PORT"] } else { &["KAFKA_PORT"] };
        let hosts: &[&'static str] = if debezium { &["KAFKA_HOST_NAME", "HOST_NAME"] } else { &["KAFKA_HOST_NAME"] };
        // Kubernetes puts a URL there.
        let port = variables.first(ports).filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        let host = variables.first(hosts);
        Bind {
            host: host.map_or("", |(_, host)| host).to_owned(),
            port: port.map_or(KAFKAS_PORT, |(_, port)| port).to_owned(),
            name: port.or(host).map(|(name, _)| name),
        }
    }
}

/// What clients are told, in parts.
struct Told {
    host: String,
    port: String,
    origin: Origin,
}

/// A host may be written as a URL (`PLAINTEXT://127.0.0.1`), with or without its port.
fn told(variables: &Variables, bind: &Bind) -> Option<Told> {
    let (host, port) = (variables.first(HOSTS), variables.first(PORTS));
    let port = port.filter(|(_, port)| !port.contains("://"));
    // A port that is none is to be blamed on whoever wrote it.
    let is_bad = |(_, port): &(&str, &str)| port.parse::<u16>().is_err();
    let (name, value) = port.filter(is_bad).or(host).or(port)?;
    let (_, text) = host.unwrap_or_default();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.trim_matches(|c: char| c == '"' || c == '\'' || c == '/' || c.is_whitespace());
    let (text, own_port) = match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = port.map(|(_, port)| port).or(own_port).unwrap_or(&bind.port);
    // Nobody can connect to every address; each client is told the one that it came by.
    let text = if matches!(text, "0.0.0.0" | "[::]") { "" } else { text };
    Some(Told { host: text.to_owned(), port: port.to_owned(), origin: derived(&setting_of(name, "", value)) })
}

/// What wurstmeister's start script makes of protocol names: one listener for what is advertised, one for the port of
/// its own. True if there are such names.
fn compose(variables: &Variables, bind: &Bind, told: Option<&Told>, draft: &mut Draft) -> bool {
    const ADVERTISED: &str = "KAFKA_ADVERTISED_PROTOCOL_NAME";
    const OWN: &str = "KAFKA_PROTOCOL_NAME";
    let Some((name, _)) = variables.first(&[ADVERTISED, OWN]) else { return false };
    let origin = derived(&setting_of(name, "", variables.get(name).unwrap_or_default()));
    let mut listeners = draft.items("listeners");
    let mut advertised = draft.items("advertised.listeners");
    if let (Some(told), Some(protocol)) = (told, variables.get(ADVERTISED)) {
        listeners = vec![format!("{protocol}://:{}", told.port)];
        advertised = vec![format!("{protocol}://{}:{}", told.host, told.port)];
    }
    let own = variables.first(&[OWN, ADVERTISED]).map_or("PLAINTEXT", |(_, own)| own);
    let end_point = format!("{own}://{}:{}", bind.host, bind.port);
    for list in [&mut listeners, &mut advertised] {
        add(list, own, &end_point);
    }
    let inter_broker = draft.get("inter.broker.listener.name").unwrap_or(own).to_owned();
    let next_port = bind.port.parse::<u16>().ok().and_then(|port| port.checked_add(1)).unwrap_or(9093).to_string();
    let port = variables.get("KAFKA_INTER_BROKER_PORT").unwrap_or(&next_port);
    for list in [&mut listeners, &mut advertised] {
        add(list, &inter_broker, &format!("{inter_broker}://:{port}"));
    }
    draft.put(Setting::new("listeners", &listeners.join(","), origin.clone()));
    draft.put(Setting::new("advertised.listeners", &advertised.join(","), origin.clone()));
    if !draft.has("inter.broker.listener.name") {
        draft.put(Setting::new("inter.broker.listener.name", own, origin));
    }
    true
}

/// Adds an end point, unless one of this name is there.
fn add(list: &mut Vec<String>, name: &str, end_point: &str) {
    if !list.iter().any(|have| have.split("://").next() == Some(name)) {
        list.push(end_point.to_owned());
    }
}
