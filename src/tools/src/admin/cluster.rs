//! `kafka-cluster`: the cluster's id, its endpoints, and brokers that are gone for good (`ClusterTool`).

use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::{
    BrokerId, DescribeClusterRequest, DescribeClusterResponse, MetadataRequest, UnregisterBrokerRequest,
};
use klamm_peer::{Client, Error, To, Verdict};

use super::connect::{Failure, admin, in_world, properties};
use crate::argparse::{Arg, Group, Parsed, Parser, Stop};
use crate::io::Io;
use crate::thrown::Thrown;

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    Broker,
    Controller,
}

fn parser() -> Parser {
    let tool = "kafka-cluster";
    let command = || {
        let servers = Arg::value(&["--bootstrap-server", "-b"]).help("Brokers to ask, as HOST1:PORT1,HOST2:PORT2.");
        let controllers =
            Arg::value(&["--bootstrap-controller", "-C"]).help("Controllers to ask, as HOST1:PORT1,HOST2:PORT2.");
        Parser::new(tool)
            .group(Group::one_of().required(), [servers, controllers])
            .arg(Arg::value(&["--config"]).help("The old name of --command-config."))
            .arg(Arg::value(&["--command-config", "-c"]).help("A file of client properties for the connection."))
    };
    let id = Arg::value(&["--id", "-i"]).integer().required().help("The id of the broker.");
    let fenced = Arg::switch(&["--include-fenced-brokers"]).help("Print brokers that are fenced, too.");
    Parser::new(tool)
        .default_help()
        .description("The Kafka cluster tool.")
        .command("cluster-id", "Print the id of the cluster.", command())
        .command("unregister", "Strike a broker off that will not come back.", command().arg(id))
        .command("list-endpoints", "Print where brokers or controllers are.", command().arg(fenced))
}

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match parser().parse(args) {
        Ok(parsed) => parsed,
        Err(stop) => return told(io, &stop),
    };
    match work(io, &parsed) {
        Ok(()) => 0,
        Err(failure) => failure.tell(io),
    }
}

/// Writes what the parser has to say; this tool ends with 1 even where it was asked for help.
fn told(io: &mut Io, stop: &Stop) -> u8 {
    let _ = match stop {
        Stop::Help(text) => io.out.write_all(text.as_bytes()),
        Stop::Usage(text) => io.err.write_all(text.as_bytes()),
    };
    crate::FAILED
}

/// The servers that were named, and what they are.
pub(super) fn servers(parsed: &Parsed) -> (Endpoint, String) {
    match parsed.value("bootstrap_controller") {
        Some(servers) => (Endpoint::Controller, servers.to_owned()),
        None => (Endpoint::Broker, parsed.value("bootstrap_server").unwrap_or_default().to_owned()),
    }
}

fn work(io: &mut Io, parsed: &Parsed) -> Result<(), Failure> {
    let (old, new) = (parsed.value("config"), parsed.value("command_config"));
    if old.is_some() && new.is_some() {
        let class = "net.sourceforge.argparse4j.inf.ArgumentParserException";
        return Err(Thrown::new(class, "--config and --command-config cannot be specified together.").into());
    }
    let config = properties(new.or(old))?;
    let (endpoint, servers) = servers(parsed);
    let fenced = parsed.has("include_fenced_brokers");
    if fenced && endpoint == Endpoint::Controller {
        let message = "The option --include-fenced-brokers is only supported with --bootstrap-server option";
        return Err(Thrown::new("java.lang.IllegalArgumentException", message).into());
    }
    in_world(async |env| {
        let client = admin(&env, config, &servers, "adminclient-1").await?;
        match parsed.command {
            Some("unregister") => unregister(io, &client, parsed.number("id").unwrap_or_default()).await,
            Some("list-endpoints") => list_endpoints(io, &client, endpoint, fenced).await,
            _ => {
                match cluster_id(&client, endpoint).await?.filter(|id| !id.is_empty()) {
                    Some(id) => io.say(format_args!("Cluster ID: {id}")),
                    None => io.say("No cluster ID found. The Kafka version is probably too old."),
                }
                Ok(())
            }
        }
    })
}

/// What the cluster is (`Admin.describeCluster`).
async fn describe(client: &Client, endpoint: Endpoint, fenced: bool) -> Result<DescribeClusterResponse, Failure> {
    if endpoint == Endpoint::Broker {
        // Kafka's client asks every broker for the cluster's metadata first, and fails with whom it cannot ask.
        client.nodes("listNodes").await.map_err(|error| Failure::from(error).executed())?;
    }
    let request = DescribeClusterRequest::default()
        .with_endpoint_type(if endpoint == Endpoint::Broker { 1 } else { 2 })
        .with_include_fenced_brokers(fenced);
    let answer = client.call_until("listNodes", &To::Any, &request, |answer| Verdict::of(answer.error_code)).await;
    let answer = answer.map_err(|error| Failure::from(error).executed())?;
    match Thrown::wire(answer.error_code, answer.error_message.as_ref()) {
        Some(thrown) => Err(Failure::from(thrown).executed()),
        None => Ok(answer),
    }
}

/// The cluster's id, if it has one.
pub(super) async fn cluster_id(client: &Client, endpoint: Endpoint) -> Result<Option<String>, Failure> {
    if endpoint == Endpoint::Controller {
        return Ok(Some(describe(client, endpoint, false).await?.cluster_id.to_string()));
    }
    let request = MetadataRequest::default().with_topics(Some(Vec::new()));
    let answer = client.call("listNodes", &To::Any, &request).await;
    Ok(answer.map_err(|error| Failure::from(error).executed())?.cluster_id.map(|id| id.to_string()))
}

async fn unregister(io: &mut Io, client: &Client, id: i32) -> Result<(), Failure> {
    let request = UnregisterBrokerRequest::default().with_broker_id(BrokerId(id));
    let asked =
        client.call_until("unregisterBroker", &To::Any, &request, |answer| Verdict::of(answer.error_code)).await;
    let answer = match asked {
        Err(Error::Unsupported { .. }) => {
            io.say("The target cluster does not support the broker unregistration API.");
            return Ok(());
        }
        asked => asked.map_err(|error| Failure::from(error).executed())?,
    };
    if let Some(thrown) = Thrown::wire(answer.error_code, answer.error_message.as_ref()) {
        return Err(Failure::from(thrown).executed());
    }
    io.say(format_args!("Broker {id} is no longer registered."));
    Ok(())
}

async fn list_endpoints(io: &mut Io, client: &Client, endpoint: Endpoint, fenced: bool) -> Result<(), Failure> {
    let mut brokers = describe(client, endpoint, fenced).await?.brokers;
    brokers.sort_by_key(|broker| broker.broker_id.0);
    table(&brokers, endpoint).iter().for_each(|line| io.say(line));
    Ok(())
}

fn table(brokers: &[DescribeClusterBroker], endpoint: Endpoint) -> Vec<String> {
    let host_width = brokers.iter().map(|broker| broker.host.len()).max().unwrap_or(100);
    let rack_width =
        brokers.iter().filter_map(|broker| broker.rack.as_ref().map(|rack| rack.len())).max().unwrap_or(10);
    let line = |id: &str, host: &str, port: &str, rack: &str, state: &str, kind: &str| {
        let state = if endpoint == Endpoint::Broker { format!("{state:<10} ") } else { String::new() };
        format!("{id:<10} {host:<host_width$} {port:<10} {rack:<rack_width$} {state}{kind:<15}")
    };
    let kind = if endpoint == Endpoint::Broker { "broker" } else { "controller" };
    let mut lines = vec![line("ID", "HOST", "PORT", "RACK", "STATE", "ENDPOINT_TYPE")];
    lines.extend(brokers.iter().map(|broker| {
        let rack = broker.rack.as_ref().map_or("null", |rack| rack.as_str());
        let state = if broker.is_fenced { "fenced" } else { "unfenced" };
        line(&broker.broker_id.0.to_string(), &broker.host, &broker.port.to_string(), rack, state, kind)
    }));
    lines
}

#[cfg(test)]
mod tests {
    use kafka_protocol::protocol::StrBytes;

    use super::*;

    #[test]
    fn endpoints_stand_in_kafka_s_columns() {
        let broker = DescribeClusterBroker::default()
            .with_broker_id(BrokerId(1))
            .with_host(StrBytes::from_static_str("127.0.0.1"))
            .with_port(29673);
        assert_eq!(
            table(std::slice::from_ref(&broker), Endpoint::Broker),
            [
                "ID         HOST      PORT       RACK       STATE      ENDPOINT_TYPE  ",
                "1          127.0.0.1 29673      null       unfenced   broker         "
            ]
        );
        assert_eq!(
            table(&[broker], Endpoint::Controller),
            [
                "ID         HOST      PORT       RACK       ENDPOINT_TYPE  ",
                "1          127.0.0.1 29673      null       controller     "
            ]
        );
    }
}
