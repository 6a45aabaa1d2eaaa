//! Who this node is, and who decides: as far as a cluster of one node needs it (`KafkaConfig`, `QuorumConfig`).

use crate::error::ConfigError;
use crate::given::Given;

const NODE_ID: &str = "node.id";
const BROKER_ID: &str = "broker.id";
const ROLES: &str = "process.roles";
const VOTERS: &str = "controller.quorum.voters";
const BOOTSTRAP_SERVERS: &str = "controller.quorum.bootstrap.servers";

/// Makes `node.id` and its older name `broker.id` equal. A node without any is 1 if it names no roles, as files from
/// the time of ZooKeeper do, where the id could be left to be drawn. Returns what to warn of.
pub(crate) fn name_node(given: &mut Given) -> Result<Option<String>, ConfigError> {
    let (node, broker) = (given.some_number(NODE_ID), given.number(BROKER_ID));
    match node {
        Some(node) if given.explicit(BROKER_ID).is_some() && node != broker => {
            Err(given.fault(NODE_ID, format!("must be the same as {}", given.written(BROKER_ID))))
        }
        Some(node) => copy(given, node, NODE_ID, BROKER_ID).map(|()| None),
        None if broker >= 0 => copy(given, broker, BROKER_ID, NODE_ID).map(|()| None),
        None if given.explicit(ROLES).is_some() && given.explicit(BROKER_ID).is_some() => {
            Err(given.fault(BROKER_ID, format!("with {ROLES} it must be at least 0")))
        }
        None if given.explicit(ROLES).is_some() => Err(ConfigError::Missing(NODE_ID)),
        None => {
            copy(given, 1, NODE_ID, NODE_ID)?;
            copy(given, 1, NODE_ID, BROKER_ID)?;
            Ok(Some(format!("{NODE_ID} is not set: this node is 1")))
        }
    }
}

fn copy(given: &mut Given, id: i64, from: &str, to: &str) -> Result<(), ConfigError> {
    let origin = given.origin(from);
    given.set(to, &id.to_string(), origin)
}

/// Checks that the node is broker and controller at once, and the only voter.
pub(crate) fn check(given: &Given) -> Result<(), ConfigError> {
    if let Some(roles) = given.list(ROLES)
        && !["broker", "controller"].iter().all(|role| roles.iter().any(|have| have == role))
    {
        return Err(given.fault(ROLES, "a node with one role only is not supported yet: use broker,controller"));
    }
    let voters = given.list(VOTERS).unwrap_or_default();
    for voter in &voters {
        let id =
            voter_id(voter).ok_or_else(|| given.fault(VOTERS, format!("{voter} is not of the form ID@HOST:PORT")))?;
        if voters.len() == 1 && id != given.number(NODE_ID) {
            return Err(given.fault(
                VOTERS,
                format!("the only voter must be this node, whose {NODE_ID} is {}", given.number(NODE_ID)),
            ));
        }
    }
    if voters.len() > 1 {
        let own = format!("{}@localhost:9093", given.number(NODE_ID));
        let problem = format!("several voters are not supported yet (write the one of this node, {own}, or none)");
        return Err(given.fault(VOTERS, problem));
    }
    let servers = given.list(BOOTSTRAP_SERVERS).unwrap_or_default();
    match servers.iter().find(|server| !is_host_and_port(server)) {
        Some(server) => Err(given.fault(BOOTSTRAP_SERVERS, format!("{server} is not of the form HOST:PORT"))),
        None if servers.len() > 1 => {
            Err(given.fault(BOOTSTRAP_SERVERS, "several servers are not supported yet: a cluster has one node"))
        }
        None => Ok(()),
    }
}

fn voter_id(voter: &str) -> Option<i64> {
    let (id, address) = voter.split_once('@')?;
    let id = id.parse::<i32>().ok().filter(|id| *id >= 0)?;
    // Kafka takes an empty host as well, and a node that is alone has no need to find itself.
    let is_own = address.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (is_own || is_host_and_port(address)).then_some(i64::from(id))
}

fn is_host_and_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}
