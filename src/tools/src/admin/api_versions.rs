//! `kafka-broker-api-versions`: which versions of which APIs each broker serves (`BrokerApiVersionsCommand`).

use std::collections::BTreeMap;
use std::time::Duration;

use kafka_protocol::messages::MetadataRequest;
use klamm_peer::{Address, Client, Error, Node, To, Versions};

use super::api_table::APIS;
use super::connect::{BROKER_LIST, Failure, ZOOKEEPER, bootstrap, in_world, properties};
use crate::client_config::resolvable;
use crate::io::Io;
use crate::jopt::{HELP, Opt, Parsed, VERSION, help_or_version, usage_fault};
use crate::thrown::{RUNTIME, Thrown};

const OPTIONS: &[Opt] = &[
    Opt::value(
        &["command-config"],
        "String: command config property file",
        "A file of client properties for the connection.",
    ),
    Opt::value(&["bootstrap-server"], "String: server(s) to use for bootstrapping", "Must be given: brokers."),
    HELP,
    VERSION,
    BROKER_LIST,
    ZOOKEEPER,
];

/// How long a broker may take to answer, where the properties do not say.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match Parsed::read(OPTIONS, args) {
        Ok(parsed) => parsed,
        Err(fault) => return Failure::from(fault).tell(io),
    };
    if let Some(code) = help_or_version(io, &parsed, args, "This tool helps to retrieve broker version information.") {
        return code;
    }
    work(io, &parsed).unwrap_or_else(|failure| failure.tell(io))
}

fn work(io: &mut Io, parsed: &Parsed) -> Result<u8, Failure> {
    let Some(servers) = bootstrap(io, parsed)? else {
        return Ok(usage_fault(io, OPTIONS, "Missing required argument \"[bootstrap-server]\""));
    };
    let mut config = properties(parsed.single("command-config")?)?;
    if config.get("request.timeout.ms").is_none() {
        config.set("request.timeout.ms", PATIENCE.as_millis().to_string());
    }
    config.set("bootstrap.servers", servers.as_str());
    let unfit = |problem: String| Thrown::new("org.apache.kafka.common.config.ConfigException", problem);
    let options = config.options("admin-1").map_err(unfit)?;
    in_world(async |env| {
        resolvable(&options.bootstrap).await.map_err(unfit)?;
        let client = Client::new(&env, options);
        for node in brokers(&client).await? {
            let name = node_name(&node);
            match client.connection(&To::Node(node.id)).await {
                Ok(connection) => io.say(format_args!("{name} -> {}", versions_text(connection.versions()))),
                Err(error) => {
                    io.say(format_args!("{name} -> ERROR: {}", Failure::from(error).executed().thrown.text()));
                }
            }
        }
        Ok(())
    })?;
    Ok(0)
}

/// The brokers of the cluster. This tool asks each of those that it was given once; it does not wait for one to come up.
async fn brokers(client: &Client) -> Result<Vec<Node>, Failure> {
    loop {
        let nodes = match client.connection(&To::Any).await {
            Ok(connection) => {
                let request = MetadataRequest::default().with_topics(Some(Vec::new()));
                connection.call(&request, client.options().request_timeout).await
            }
            Err(error) => Err(error),
        };
        let answer = nodes.map_err(|error| nobody(client, &error))?;
        let mut nodes: Vec<Node> = answer.brokers.iter().map(node_of).collect();
        if !nodes.is_empty() {
            nodes.sort_by_key(|node| node.id);
            return Ok(nodes);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn node_of(broker: &kafka_protocol::messages::metadata_response::MetadataResponseBroker) -> Node {
    Node {
        id: broker.node_id.0,
        address: Address { host: broker.host.to_string(), port: u16::try_from(broker.port).unwrap_or(0) },
        rack: broker.rack.as_ref().map(ToString::to_string),
    }
}

fn nobody(client: &Client, error: &Error) -> Failure {
    let bootstrap = &client.options().bootstrap;
    let names = bootstrap.iter().enumerate().map(|(place, address)| {
        let id = -1 - i32::try_from(place).unwrap_or(0);
        node_name(&Node { id, address: address.clone(), rack: None })
    });
    let names: Vec<String> = names.collect();
    let message = format!("Request METADATA failed on brokers [{}]", names.join(", "));
    Failure { thrown: Thrown::new(RUNTIME, message), cause: Some(error.to_string()) }
}

/// `localhost:9092 (id: 1 rack: null isFenced: false)` (`Node.toString`).
fn node_name(Node { id, address, rack }: &Node) -> String {
    let Address { host, port } = address;
    format!("{host}:{port} (id: {id} rack: {} isFenced: false)", rack.as_deref().unwrap_or("null"))
}

/// `NodeApiVersions.toString`, an API in a line.
fn versions_text(versions: &Versions) -> String {
    let mut lines: BTreeMap<i16, String> = BTreeMap::new();
    for api in &versions.answer().api_keys {
        lines.insert(api.api_key, api_text(api.api_key, api.min_version, api.max_version));
    }
    for api in APIS.iter().filter(|api| api.of_brokers) {
        lines.entry(api.key).or_insert_with(|| format!("{}({}): UNSUPPORTED", api.name, api.key));
    }
    let lines: Vec<String> = lines.into_values().collect();
    format!("(\n\t{}\n)", lines.join(",\n\t"))
}

fn api_text(key: i16, min: i16, max: i16) -> String {
    let served = if min == max { min.to_string() } else { format!("{min} to {max}") };
    let Some(api) = APIS.iter().find(|api| api.key == key) else { return format!("UNKNOWN({key}): {served}") };
    let usable = if api.max < min {
        "unusable: node too new".to_owned()
    } else if max < api.min {
        "unusable: node too old".to_owned()
    } else {
        format!("usable: {}", api.max.min(max))
    };
    format!("{}({key}): {served} [{usable}]", api.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_is_told_with_what_kafka_s_clients_can_use_of_it() {
        assert_eq!(api_text(0, 3, 13), "Produce(0): 3 to 13 [usable: 13]");
        assert_eq!(api_text(0, 0, 2), "Produce(0): 0 to 2 [unusable: node too old]");
        assert_eq!(api_text(3, 90, 99), "Metadata(3): 90 to 99 [unusable: node too new]");
        assert_eq!(api_text(999, 1, 1), "UNKNOWN(999): 1");
    }

    #[test]
    fn a_broker_is_named_as_java_names_it() {
        let address = Address { host: "h".to_owned(), port: 9 };
        let node = Node { id: 1, address, rack: Some("r".to_owned()) };
        assert_eq!(node_name(&node), "h:9 (id: 1 rack: r isFenced: false)");
    }

    #[test]
    fn the_table_of_apis_is_in_order() {
        assert!(APIS.is_sorted_by(|one, next| one.key < next.key));
    }
}
