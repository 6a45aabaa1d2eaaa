//! The options of kafka-configs, and which of them go together (`ConfigCommandOptions`).

use std::collections::BTreeSet;

use super::entity::{BROKER_LOGGERS, BROKERS, CLIENT_METRICS, CLIENTS, GROUPS, IPS, TOPICS, TYPES, USERS};
use super::failure::{Failure, illegal};
use crate::admin::connect::{BROKER_LIST, ZOOKEEPER};
use crate::jopt::{HELP, Opt, Parsed, VERSION};

/// What the tool is for.
pub(super) const TITLE: &str = "This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or group";

/// The options.
pub(super) const OPTIONS: &[Opt] = &[
    Opt::value(
        &["add-config"],
        "String",
        "Settings to make: key=value with commas between them; brackets hold together a value that has commas of its \
         own: key=[a,b].",
    ),
    Opt::value(&["add-config-file"], "String", "A file with properties to set."),
    Opt::flag(&["all"], "With describe: every setting, not only those that were made."),
    Opt::flag(&["alter"], "Change the configuration."),
    Opt::value(
        &["bootstrap-controller"],
        "String: controller to connect to",
        "Controllers to begin with, as host:port with commas.",
    ),
    Opt::value(
        &["bootstrap-server"],
        "String: server to connect to",
        "Brokers to begin with, as host:port with commas.",
    ),
    Opt::value(&["broker"], "String", "The id of a broker."),
    Opt::flag(&["broker-defaults"], "What holds for all brokers."),
    Opt::value(&["broker-logger"], "String", "The id of a broker whose loggers are meant."),
    Opt::value(&["client"], "String", "The id of a client."),
    Opt::flag(&["client-defaults"], "What holds for all clients."),
    Opt::value(&["client-metrics"], "String", "The name of a subscription to metrics of clients."),
    Opt::value(&["command-config"], "String: command config property file", "A file with properties of the client."),
    Opt::value(&["delete-config"], "String", "Keys to unset, with commas."),
    Opt::flag(&["describe"], "Show the configuration."),
    Opt::flag(&["entity-default"], "In the place of a name: what holds for all clients, users, brokers or ips."),
    Opt::value(&["entity-name"], "String", "The name: of a topic, client, user, broker, ip, group or subscription."),
    Opt::value(
        &["entity-type"],
        "String",
        "The kind: topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups.",
    ),
    Opt::value(&["group"], "String", "The id of a group."),
    HELP,
    Opt::value(&["ip"], "String", "An address."),
    Opt::flag(&["ip-defaults"], "What holds for all addresses."),
    Opt::value(&["topic"], "String", "The name of a topic."),
    Opt::value(&["user"], "String", "The name of a user."),
    Opt::flag(&["user-defaults"], "What holds for all users."),
    VERSION,
    BROKER_LIST,
    ZOOKEEPER,
];

/// Options that name an entity.
const NAMED: &[(&str, &str)] = &[
    ("topic", TOPICS),
    ("client", CLIENTS),
    ("user", USERS),
    ("broker", BROKERS),
    ("broker-logger", BROKER_LOGGERS),
    ("ip", IPS),
    ("client-metrics", CLIENT_METRICS),
    ("group", GROUPS),
];
/// Options that mean all entities of a type.
const DEFAULTS: &[(&str, &str)] =
    &[("client-defaults", CLIENTS), ("user-defaults", USERS), ("broker-defaults", BROKERS), ("ip-defaults", IPS)];

/// Which configuration is meant: types and names in pairs; an empty name is what holds for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entities {
    pub(super) types: Vec<String>,
    pub(super) names: Vec<String>,
}

impl Entities {
    /// The entities that the command line names.
    ///
    /// # Errors
    /// If an option that may come once came twice.
    pub(super) fn of(parsed: &Parsed) -> Result<Entities, Failure> {
        let mut types: Vec<String> = parsed.values("entity-type").into_iter().map(str::to_owned).collect();
        let flags = NAMED.iter().chain(DEFAULTS).filter(|(option, _)| parsed.has(option));
        types.extend(flags.map(|(_, entity_type)| (*entity_type).to_owned()));
        let mut given = parsed.values("entity-name").into_iter();
        let spelled = parsed.order().filter(|name| matches!(*name, "entity-name" | "entity-default"));
        let spelled = spelled.map(|name| if name == "entity-name" { given.next().unwrap_or_default() } else { "" });
        let mut names: Vec<String> = spelled.map(str::to_owned).collect();
        for (option, _) in NAMED.iter().filter(|(option, _)| parsed.has(option)) {
            names.push(parsed.single(option)?.unwrap_or_default().to_owned());
        }
        names.extend(DEFAULTS.iter().filter(|(option, _)| parsed.has(option)).map(|_| String::new()));
        Ok(Entities { types, names })
    }

    /// True if one of the types is among these.
    pub(super) fn any(&self, types: &[&str]) -> bool {
        self.types.iter().any(|entity_type| types.contains(&entity_type.as_str()))
    }
}

/// Which options go together, in the order in which Kafka asks.
///
/// # Errors
/// In Kafka's words what does not.
pub(super) fn check(parsed: &Parsed) -> Result<Entities, Failure> {
    if parsed.has("alter") == parsed.has("describe") {
        return Err(Failure::Usage("Command must include exactly one action: --describe, --alter".to_owned()));
    }
    parsed.check_invalid("alter", &["describe"]).map_err(Failure::Usage)?;
    parsed.check_invalid("describe", &["alter", "add-config", "delete-config"]).map_err(Failure::Usage)?;
    let entities = Entities::of(parsed)?;
    check_types(parsed, &entities)?;
    if parsed.has("bootstrap-server") && parsed.has("bootstrap-controller") {
        return Err(illegal("Only one of --bootstrap-server or --bootstrap-controller can be specified"));
    }
    check_names(parsed, &entities)?;
    if parsed.has("describe") { check_describe(parsed, &entities) } else { check_alter(parsed, &entities) }?;
    Ok(entities)
}

fn check_types(parsed: &Parsed, entities: &Entities) -> Result<(), Failure> {
    let types = &entities.types;
    let mut seen = BTreeSet::new();
    let twice: Vec<&str> = types.iter().map(String::as_str).filter(|name| !seen.insert(*name)).collect();
    if !twice.is_empty() {
        return Err(illegal(format!("Duplicate entity type(s) specified: {}", twice.join(","))));
    }
    if !["bootstrap-server", "bootstrap-controller", "broker-list", "zookeeper"].iter().any(|option| parsed.has(option))
    {
        return Err(illegal("Either --bootstrap-server or --bootstrap-controller must be specified."));
    }
    if let Some(odd) = types.iter().find(|name| !TYPES.contains(&name.as_str())) {
        return Err(illegal(format!(
            "Invalid entity type {odd}, the entity type must be one of {} with a --bootstrap-server or --bootstrap-controller argument",
            TYPES.join(", ")
        )));
    }
    if types.is_empty() {
        return Err(illegal("At least one entity type must be specified"));
    }
    if types.len() > 1 && seen != BTreeSet::from([USERS, CLIENTS]) {
        return Err(illegal(format!("Only '{USERS}' and '{CLIENTS}' entity types may be specified together")));
    }
    let long = ["entity-name", "entity-type", "entity-default"].iter().any(|option| parsed.has(option));
    if long && NAMED.iter().chain(DEFAULTS).any(|(option, _)| parsed.has(option)) {
        let text = "--entity-{type,name,default} should not be used in conjunction with specific entity flags";
        return Err(illegal(text));
    }
    Ok(())
}

fn check_names(parsed: &Parsed, entities: &Entities) -> Result<(), Failure> {
    if entities.names.iter().all(String::is_empty) {
        return Ok(());
    }
    let named = |options: &[&str]| -> Result<Vec<String>, Failure> {
        let given = options.iter().filter(|option| parsed.has(option));
        given.map(|option| Ok(parsed.single(option)?.unwrap_or_default().to_owned())).collect()
    };
    let first = entities.types.first().map_or("", String::as_str);
    if entities.any(&[BROKERS, BROKER_LOGGERS]) {
        for name in named(&["entity-name", "broker", "broker-logger"])? {
            if name.parse::<i32>().is_err() {
                let text = "The entity name for {} must be a valid integer broker id, but it is: ";
                return Err(illegal(text.replace("{}", first) + &name));
            }
        }
    }
    if entities.any(&[IPS]) {
        for name in named(&["entity-name", "ip"])? {
            if !is_address(&name) {
                let text = "The entity name for {} must be a valid IP or resolvable host, but it is: ";
                return Err(illegal(text.replace("{}", first) + &name));
            }
        }
    }
    Ok(())
}

/// True for an address and for a name that has one (`InetAddress.getByName`).
fn is_address(name: &str) -> bool {
    if name.is_empty() || name.parse::<std::net::IpAddr>().is_ok() {
        return true;
    }
    let found = crate::io::block_on(async |_| tokio::net::lookup_host((name, 0)).await.is_ok());
    found.unwrap_or(false)
}

fn check_describe(parsed: &Parsed, entities: &Entities) -> Result<(), Failure> {
    let listed = entities.types.join(",");
    if !entities.any(&[USERS, CLIENTS, BROKERS, IPS]) && parsed.has("entity-default") {
        return Err(illegal(format!("--entity-default must not be specified with --describe of {listed}")));
    }
    if entities.any(&[BROKER_LOGGERS]) && entities.names.iter().all(String::is_empty) {
        return Err(illegal(format!("An entity name must be specified with --describe of {listed}")));
    }
    Ok(())
}

fn check_alter(parsed: &Parsed, entities: &Entities) -> Result<(), Failure> {
    if entities.any(&[USERS, CLIENTS, BROKERS, IPS]) {
        if entities.names.is_empty() {
            let text =
                "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips";
            return Err(illegal(text));
        }
    } else if entities.names.iter().all(String::is_empty) {
        let listed = entities.types.join(",");
        return Err(illegal(format!("An entity name must be specified with --alter of {listed}")));
    }
    let ways = ["add-config", "add-config-file", "delete-config"];
    if parsed.has("add-config") && parsed.has("add-config-file") {
        return Err(illegal("Only one of --add-config or --add-config-file must be specified"));
    }
    if !ways.iter().any(|way| parsed.has(way)) {
        let text = "At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter";
        return Err(illegal(text));
    }
    Ok(())
}
