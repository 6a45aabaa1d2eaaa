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

/// An end point as it is written; parts that cannot be read stay for [`klamm_settings`] to refuse.
struct EndPoint<'a> {
    name: &'a str,
    host: &'a str,
    /// With its colon; empty if there is none.
    port: &'a str,
}

impl EndPoint<'_> {
    fn of(text: &str) -> Option<EndPoint<'_>> {
        let (name, address) = text.split_once("://")?;
        let place = address.rfind(':').filter(|place| !address[*place..].contains(']')).unwrap_or(address.len());
        Some(EndPoint { name, host: &address[..place], port: &address[place..] })
    }

    fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }
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
    let mut wild = false;
    let named: Vec<String> = items
        .iter()
        .map(|item| match EndPoint::of(item) {
            Some(EndPoint { name, host: "", port }) if !port.is_empty() => format!("{name}://{hostname}{port}"),
            Some(EndPoint { name, host, port }) if is_wild(host) => {
                wild = true;
                format!("{name}://{port}")
            }
            _ => item.clone(),
        })
        .collect();
    if wild {
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
    let advertised = draft.items(ADVERTISED);
    let local: Vec<&str> = LOCAL_LISTENERS.split(',').collect();
    let is_local = |item: &String| {
        let fits = |point: EndPoint<'_>| {
            local.iter().any(|own| EndPoint::of(own).is_some_and(|own| own.is_called(point.name)))
        };
        EndPoint::of(item).is_some_and(fits)
    };
    if dialect == Dialect::ConfluentLocal && advertised.iter().all(is_local) {
        draft.fill(LISTENERS, LOCAL_LISTENERS);
        draft.fill(ADVERTISED, LOCAL_ADVERTISED);
        return;
    }
    // What cannot be read is refused as its author wrote it, not as something that was made of it.
    let is_whole = |item: &String| {
        EndPoint::of(item)
            .is_some_and(|point| point.port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok()))
    };
    if advertised.is_empty() || !advertised.iter().all(is_whole) {
        draft.fill(LISTENERS, "PLAINTEXT://:9092");
        return;
    }
    let everywhere = advertised.iter().map(|item| match EndPoint::of(item) {
        Some(EndPoint { name, port, .. }) => format!("{name}://0.0.0.0{port}"),
        None => item.clone(),
    });
    let everywhere: Vec<String> = everywhere.collect();
    draft.derive(LISTENERS, &everywhere.join(","), ADVERTISED);
}

/// Names that are no listeners are dropped, for a single node needs no listener for its controller. Without any name,
/// a listener that is plainly the controller's is found.
fn find_controllers(draft: &mut Draft) {
    let listeners = draft.items(LISTENERS);
    let points: Vec<EndPoint<'_>> = listeners.iter().filter_map(|item| EndPoint::of(item)).collect();
    let is_listener = |name: &str| points.iter().any(|point| point.is_called(name));
    let named = draft.items(CONTROLLERS);
    if !named.is_empty() {
        let (have, missing): (Vec<String>, Vec<String>) = named.into_iter().partition(|name| is_listener(name));
        if missing.is_empty() {
            return;
        }
        if have.is_empty() {
            draft.remove(CONTROLLERS);
        } else {
            draft.derive(CONTROLLERS, &have.join(","), CONTROLLERS);
        }
        return;
    }
    let advertised = draft.items(ADVERTISED);
    let is_told = |point: &EndPoint<'_>| {
        advertised.iter().filter_map(|item| EndPoint::of(item)).any(|told| told.is_called(point.name))
    };
    let voters = draft.items("controller.quorum.voters");
    let voter_port = voters.first().and_then(|voter| Some(&voter[voter.rfind(':')?..]));
    let is_controllers =
        |point: &EndPoint<'_>| point.is_called("CONTROLLER") || voter_port.is_some_and(|port| port == point.port);
    let found: Vec<&str> =
        points.iter().filter(|point| !is_told(point) && is_controllers(point)).map(|point| point.name).collect();
    if !found.is_empty() && found.len() < points.len() {
        draft.derive(CONTROLLERS, &found.join(","), LISTENERS);
    }
}

/// The names of the listeners that clients may use.
fn client_names(draft: &Draft, key: &str) -> Vec<String> {
    let controllers = draft.items(CONTROLLERS);
    let is_clients = |point: &EndPoint<'_>| !controllers.iter().any(|name| point.is_called(name));
    let items = draft.items(key);
    items.iter().filter_map(|item| EndPoint::of(item)).filter(is_clients).map(|point| point.name.to_owned()).collect()
}

fn advertise(draft: &mut Draft) {
    if draft.has(ADVERTISED) {
        return;
    }
    let clients = client_names(draft, LISTENERS);
    let items = draft.items(LISTENERS);
    let told = items
        .iter()
        .filter_map(|item| EndPoint::of(item))
        .filter(|point| clients.iter().any(|name| point.is_called(name)));
    let told: Vec<String> = told
        .map(|EndPoint { name, host, port }| format!("{name}://{}{port}", if is_wild(host) { "" } else { host }))
        .collect();
    if !told.is_empty() {
        draft.derive(ADVERTISED, &told.join(","), LISTENERS);
    }
}

fn protect(draft: &mut Draft) {
    let pairs = draft.items(PROTOCOLS);
    let has = |name: &str| {
        pairs.iter().any(|pair| pair.split(':').next().is_some_and(|have| have.eq_ignore_ascii_case(name)))
    };
    let items = draft.items(LISTENERS);
    let names: BTreeSet<String> =
        items.iter().filter_map(|item| EndPoint::of(item)).map(|point| point.name.to_uppercase()).collect();
    let missing: Vec<&String> = names.iter().filter(|name| !name.is_empty() && !has(name)).collect();
    let (standard, own): (Vec<&String>, Vec<&String>) =
        missing.into_iter().partition(|name| STANDARD.contains(&name.as_str()));
    if own.is_empty() && (standard.is_empty() || pairs.is_empty()) {
        return;
    }
    let controllers = draft.items(CONTROLLERS);
    let assumed: Vec<&str> = own
        .iter()
        .map(|name| name.as_str())
        .filter(|name| !controllers.iter().any(|controller| controller.eq_ignore_ascii_case(name)))
        .collect();
    if !assumed.is_empty() && !is_image(draft, LISTENERS) {
        let line = format!("{PROTOCOLS} says nothing of {}: PLAINTEXT is assumed", assumed.join(", "));
        draft.notes.push(line);
    }
    let source = if pairs.is_empty() { LISTENERS } else { PROTOCOLS };
    let standard: Vec<&str> =
        if pairs.is_empty() { STANDARD.to_vec() } else { standard.iter().map(|name| name.as_str()).collect() };
    let more = standard.into_iter().map(|name| format!("{name}:{name}"));
    let more = more.chain(own.iter().map(|name| format!("{name}:PLAINTEXT")));
    let all: Vec<String> = pairs.iter().cloned().chain(more).collect();
    draft.derive(PROTOCOLS, &all.join(","), source);
}

fn is_image(draft: &Draft, key: &str) -> bool {
    draft.setting(key).is_some_and(|setting| setting.origin == klamm_settings::Origin::Image)
}

/// Where no listener has the name that Kafka assumes for brokers among themselves, a single node can take any.
fn name_inter_broker(draft: &mut Draft) {
    if draft.has(INTER_BROKER) || draft.has("security.inter.broker.protocol") {
        return;
    }
    let names = client_names(draft, ADVERTISED);
    if let Some(first) = names.first().filter(|_| !names.iter().any(|name| name.eq_ignore_ascii_case("PLAINTEXT"))) {
        let first = first.to_uppercase();
        draft.derive(INTER_BROKER, &first, ADVERTISED);
    }
}
