//! What follows for listeners, where something is left out.
//!
//! ```text
//!   listeners                    <- advertised.listeners, on every address of the container
//!   advertised.listeners         <- listeners; a host that no client can reach is left out, so that each client is
//!                                   told the address that it came by
//!   controller.listener.names    <- CONTROLLER, or the listener on the port of this node's own voter
//!   listener.security.protocol.map   a name of its own without a protocol is PLAINTEXT
//! ```

use std::collections::BTreeSet;

use klamm_settings::Origin;

use crate::Dialect;
use crate::draft::Draft;

const LISTENERS: &str = "listeners";
const ADVERTISED: &str = "advertised.listeners";
const PROTOCOLS: &str = "listener.security.protocol.map";
const CONTROLLERS: &str = "controller.listener.names";
const INTER_BROKER: &str = "inter.broker.listener.name";
const STANDARD: [&str; 4] = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"];

/// What confluent-local listens on, and what it tells.
const LOCAL_LISTENERS: &str = "PLAINTEXT://localhost:29092,PLAINTEXT_HOST://0.0.0.0:9092";
const LOCAL_ADVERTISED: &str = "PLAINTEXT://localhost:29092,PLAINTEXT_HOST://localhost:9092";

/// An end point as it is written; what cannot be read stays in the list for [`klamm_settings`] to refuse.
struct EndPoint {
    name: String,
    host: String,
    /// With its colon; empty if there is none.
    port: String,
}

impl EndPoint {
    fn of(text: &str) -> Option<EndPoint> {
        let (name, address) = text.split_once("://")?;
        let place = address.rfind(':').filter(|place| !address[*place..].contains(']')).unwrap_or(address.len());
        let (host, port) = address.split_at(place);
        Some(EndPoint { name: name.to_owned(), host: host.to_owned(), port: port.to_owned() })
    }

    fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    fn has_port(&self) -> bool {
        self.port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
    }

    /// The same on another host.
    fn on(&self, host: &str) -> String {
        format!("{}://{host}{}", self.name, self.port)
    }
}

fn points(draft: &Draft, key: &str) -> Vec<EndPoint> {
    draft.items(key).iter().filter_map(|item| EndPoint::of(item)).collect()
}

fn has(points: &[EndPoint], name: &str) -> bool {
    points.iter().any(|point| point.is_called(name))
}

/// Fills what is left out.
pub(crate) fn complete(dialect: Dialect, draft: &mut Draft) {
    listen(dialect, draft);
    find_controllers(draft);
    advertise(draft);
    protect(draft);
    name_inter_broker(draft);
}

/// In what is advertised an empty host is the container's name, and 0.0.0.0 is nobody's.
pub(crate) fn name_hosts(hostname: &str, draft: &mut Draft) {
    let items = draft.items(ADVERTISED);
    let name = |item: &String| match EndPoint::of(item) {
        Some(point) if point.host.is_empty() && !point.port.is_empty() => point.on(hostname),
        Some(point) if is_wild(&point.host) => point.on(""),
        _ => item.clone(),
    };
    let named: Vec<String> = items.iter().map(name).collect();
    if points(draft, ADVERTISED).iter().any(|point| is_wild(&point.host)) {
        draft.note_on(ADVERTISED, "no client can connect to every address: each is told the one that it came by");
    }
    if named != items {
        draft.derive(ADVERTISED, &named.join(","), ADVERTISED);
    }
}

fn is_wild(host: &str) -> bool {
    matches!(host, "0.0.0.0" | "[::]" | "::" | "*")
}

fn listen(dialect: Dialect, draft: &mut Draft) {
    if draft.has(LISTENERS) {
        return;
    }
    let advertised = points(draft, ADVERTISED);
    let is_readable = advertised.len() == draft.items(ADVERTISED).len() && advertised.iter().all(EndPoint::has_port);
    // A listener of its own that is not advertised would be of no use to anybody.
    let own: Vec<EndPoint> = LOCAL_LISTENERS.split(',').filter_map(EndPoint::of).collect();
    let is_local = advertised.is_empty()
        || own.iter().all(|point| has(&advertised, &point.name))
            && advertised.iter().all(|point| has(&own, &point.name));
    if dialect == Dialect::ConfluentLocal && is_local {
        draft.fill(LISTENERS, LOCAL_LISTENERS);
        draft.fill(ADVERTISED, LOCAL_ADVERTISED);
    } else if advertised.is_empty() || !is_readable {
        // What cannot be read is refused as its author wrote it, not as something that was made of it.
        draft.fill(LISTENERS, "PLAINTEXT://:9092");
    } else {
        let everywhere: Vec<String> = advertised.iter().map(|point| point.on("0.0.0.0")).collect();
        draft.derive(LISTENERS, &everywhere.join(","), ADVERTISED);
    }
}

/// Names that are no listeners are dropped, for a single node needs no listener for its controller. Without any name,
/// a listener that is plainly the controller's is found.
fn find_controllers(draft: &mut Draft) {
    let listeners = points(draft, LISTENERS);
    let named = draft.items(CONTROLLERS);
    if named.is_empty() {
        return guess_controllers(&listeners, draft);
    }
    let have: Vec<&String> = named.iter().filter(|name| has(&listeners, name)).collect();
    if have.is_empty() {
        draft.remove(CONTROLLERS);
    } else if have.len() < named.len() {
        let have: Vec<&str> = have.into_iter().map(String::as_str).collect();
        draft.derive(CONTROLLERS, &have.join(","), CONTROLLERS);
    }
}

fn guess_controllers(listeners: &[EndPoint], draft: &mut Draft) {
    let advertised = points(draft, ADVERTISED);
    let voters = draft.items("controller.quorum.voters");
    let voter_port = voters.first().and_then(|voter| voter.get(voter.rfind(':')?..));
    let is_controllers =
        |point: &&EndPoint| point.is_called("CONTROLLER") || voter_port.is_some_and(|port| port == point.port);
    let found = listeners.iter().filter(|point| !has(&advertised, &point.name)).filter(is_controllers);
    let found: Vec<&str> = found.map(|point| point.name.as_str()).collect();
    if !found.is_empty() && found.len() < listeners.len() {
        draft.derive(CONTROLLERS, &found.join(","), LISTENERS);
    }
}

/// The end points that clients may use.
fn of_clients(draft: &Draft, key: &str) -> Vec<EndPoint> {
    let controllers = draft.items(CONTROLLERS);
    let mut points = points(draft, key);
    points.retain(|point| !controllers.iter().any(|name| point.is_called(name)));
    points
}

fn advertise(draft: &mut Draft) {
    let listeners = of_clients(draft, LISTENERS);
    if draft.has(ADVERTISED) {
        return say_left_out(&listeners, draft);
    }
    if listeners.is_empty() {
        return;
    }
    let told = listeners.iter().map(|point| point.on(if is_wild(&point.host) { "" } else { &point.host }));
    let told: Vec<String> = told.collect();
    draft.derive(ADVERTISED, &told.join(","), LISTENERS);
}

/// Kafka names no broker to a client that comes by a listener that is not advertised.
fn say_left_out(listeners: &[EndPoint], draft: &mut Draft) {
    let told = points(draft, ADVERTISED);
    let left_out = listeners.iter().map(|point| point.name.as_str()).filter(|name| !has(&told, name));
    let left_out: Vec<&str> = left_out.collect();
    if !left_out.is_empty() && !told.is_empty() {
        let line = format!("says nothing of {}: whoever connects there is told of no broker", left_out.join(", "));
        draft.note_on(ADVERTISED, &line);
    }
}

/// Adds a protocol for each listener that has none. Kafka knows those of standard names where no map is given.
fn protect(draft: &mut Draft) {
    let pairs = draft.items(PROTOCOLS);
    let is_given = |name: &str| {
        pairs.iter().any(|pair| pair.split(':').next().is_some_and(|have| have.eq_ignore_ascii_case(name)))
    };
    // What is advertised and is no listener is refused for that, not for want of a protocol.
    let all = points(draft, LISTENERS).into_iter().chain(points(draft, ADVERTISED));
    let names: BTreeSet<String> = all.map(|point| point.name.to_uppercase()).collect();
    let missing = names.into_iter().filter(|name| !name.is_empty() && !is_given(name));
    let (mut standard, own): (Vec<String>, Vec<String>) = missing.partition(|name| STANDARD.contains(&name.as_str()));
    let source = if pairs.is_empty() { LISTENERS } else { PROTOCOLS };
    if pairs.is_empty() {
        standard = STANDARD.map(str::to_owned).to_vec();
        if own.is_empty() {
            return;
        }
    }
    if standard.is_empty() && own.is_empty() {
        return;
    }
    say_assumed(&own, draft);
    let more = standard.iter().map(|name| format!("{name}:{name}"));
    let more = more.chain(own.iter().map(|name| format!("{name}:PLAINTEXT")));
    let all: Vec<String> = pairs.iter().cloned().chain(more).collect();
    draft.derive(PROTOCOLS, &all.join(","), source);
}

fn say_assumed(names: &[String], draft: &mut Draft) {
    let clients = of_clients(draft, LISTENERS);
    let assumed: Vec<&str> = names.iter().map(String::as_str).filter(|name| has(&clients, name)).collect();
    let is_told = draft.setting(LISTENERS).is_some_and(|setting| setting.origin != Origin::Image);
    if is_told && !assumed.is_empty() {
        let line = format!("{PROTOCOLS} says nothing of {}: PLAINTEXT is assumed", assumed.join(", "));
        draft.notes.push(line);
    }
}

/// Where no listener has the name that Kafka assumes for brokers among themselves, a single node can take any.
fn name_inter_broker(draft: &mut Draft) {
    if draft.has(INTER_BROKER) || draft.has("security.inter.broker.protocol") {
        return;
    }
    let advertised = of_clients(draft, ADVERTISED);
    if let Some(first) = advertised.first().filter(|_| !has(&advertised, "PLAINTEXT")) {
        draft.derive(INTER_BROKER, &first.name.to_uppercase(), ADVERTISED);
    }
}
