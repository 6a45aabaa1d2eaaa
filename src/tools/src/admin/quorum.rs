//! `kafka-metadata-quorum`: the voters that keep the cluster's metadata (`MetadataQuorumCommand`).

use kafka_protocol::messages::describe_quorum_request::{PartitionData as AskedPartition, TopicData as AskedTopic};
use kafka_protocol::messages::describe_quorum_response::{Node, PartitionData, ReplicaState};
use kafka_protocol::messages::{DescribeQuorumRequest, RemoveRaftVoterRequest};
use kafka_protocol::protocol::StrBytes;
use klamm_base::TopicId;
use klamm_base::name::CLUSTER_METADATA;
use klamm_env::{Disk, DiskOs};
use klamm_peer::{Client, To, Verdict};
use uuid::Uuid;

use super::cluster::{cluster_id, servers};
use super::connect::{Failure, admin, in_world, properties};
use super::view::wire;
use crate::argparse::{Arg, Group, Parsed, Parser, Stop};
use crate::io::Io;
use crate::thrown::{KAFKA, Thrown};

fn parser() -> Parser {
    let tool = "kafka-metadata-quorum";
    let status = Arg::switch(&["--status"]).help("Print how the quorum is doing, in a few lines.");
    let replication = Arg::switch(&["--replication"]).help("Print how far each replica of the metadata is.");
    let human = Arg::switch(&["--human-readable"]).help("Print how long ago things were instead of timestamps.");
    let dry_run = || Arg::switch(&["--dry-run"]).help("Say what would be done, and do it not.");
    let id = Arg::value(&["--controller-id", "-i"]).integer().required().help("The id of the controller.");
    let directory = Arg::value(&["--controller-directory-id", "-d"]).required().help("The id of its directory.");
    Parser::new(tool)
        .default_help()
        .description("This tool describes kraft metadata quorum status.")
        .group(
            Group::one_of().required(),
            [
                Arg::value(&["--bootstrap-server"]).help("Brokers to ask, as HOST1:PORT1,HOST2:PORT2."),
                Arg::value(&["--bootstrap-controller"]).help("Controllers to ask, as HOST1:PORT1,HOST2:PORT2."),
            ],
        )
        .arg(
            Arg::value(&["--command-config"]).help(
                "A file of client properties for the connection; for add-controller, of the controller's as well.",
            ),
        )
        .command(
            "describe",
            "Print how the quorum is doing.",
            Parser::new(tool)
                .group(Group::titled("Status"), [status])
                .group(Group::titled("Replication"), [replication, human]),
        )
        .command("add-controller", "Make a controller a voter.", Parser::new(tool).arg(dry_run()))
        .command(
            "remove-controller",
            "Take a voter out of the quorum.",
            Parser::new(tool).arg(id).arg(directory).arg(dry_run()),
        )
}

/// The exception of which Kafka's tool prints the message alone.
const TERSE: &str = "org.apache.kafka.tools.TerseException";

fn terse(message: impl Into<String>) -> Failure {
    Thrown::new(TERSE, message).into()
}

/// Runs the tool; the exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let parsed = match parser().parse(args) {
        Ok(parsed) => parsed,
        Err(Stop::Help(text)) => {
            let _ = io.out.write_all(text.as_bytes());
            return 0;
        }
        Err(Stop::Usage(text)) => {
            let _ = io.err.write_all(text.as_bytes());
            return crate::FAILED;
        }
    };
    match work(io, &parsed) {
        Ok(()) => 0,
        Err(failure) if failure.thrown.class == TERSE => {
            io.complain(failure.thrown.text());
            crate::FAILED
        }
        Err(failure) => failure.tell(io),
    }
}

fn work(io: &mut Io, parsed: &Parsed) -> Result<(), Failure> {
    let path = parsed.value("command_config");
    if let Some(path) = path.filter(|path| !DiskOs.exists(std::path::Path::new(path))) {
        return Err(terse(format!("Properties file {path} does not exists!")));
    }
    let config = properties(path)?;
    let (endpoint, servers) = servers(parsed);
    let (status, replication, human) = (parsed.has("status"), parsed.has("replication"), parsed.has("human_readable"));
    in_world(async |env| {
        let client = admin(&env, config, &servers, "adminclient-1").await?;
        match parsed.command {
            Some("add-controller") if path.is_none() => Err(terse(
                "You must supply the configuration file of the controller you are adding when using add-controller.",
            )),
            Some("add-controller") => Err(terse(
                "kafka-metadata-quorum: add-controller is not part of this tool; use the one of Apache Kafka on the \
                 controller's machine.",
            )),
            Some("remove-controller") => remove(io, parsed, &client).await,
            _ if status && replication => {
                Err(terse("Only one of --status or --replication should be specified with describe sub-command"))
            }
            _ if replication => {
                let quorum = Quorum::ask(&client).await?;
                let now_ms = human.then(|| env.clock.now_ms());
                table(&quorum.rows(now_ms)?).iter().for_each(|line| io.say(line));
                Ok(())
            }
            _ if status && human => {
                Err(terse("The option --human-readable is only supported along with --replication"))
            }
            _ if status => {
                let id = cluster_id(&client, endpoint).await?;
                let quorum = Quorum::ask(&client).await?;
                io.say(quorum.status(id.as_deref().unwrap_or("null"))?);
                Ok(())
            }
            _ => Err(terse("One of --status or --replication must be specified with describe sub-command")),
        }
    })
}

/// What DescribeQuorum says.
struct Quorum {
    partition: PartitionData,
    nodes: Vec<Node>,
}

impl Quorum {
    async fn ask(client: &Client) -> Result<Quorum, Failure> {
        let partition = AskedPartition::default().with_partition_index(0);
        let topic = AskedTopic::default().with_topic_name(wire(CLUSTER_METADATA)).with_partitions(vec![partition]);
        let request = DescribeQuorumRequest::default().with_topics(vec![topic]);
        let answer =
            client.call_until("describeMetadataQuorum", &To::Any, &request, |answer| Verdict::of(answer.error_code));
        let answer = answer.await.map_err(|error| Failure::from(error).executed())?;
        let refused = |thrown: Thrown| Err(Failure::from(thrown).executed());
        if let Some(thrown) = Thrown::wire(answer.error_code, answer.error_message.as_ref()) {
            return refused(thrown);
        }
        let partition = answer.topics.into_iter().next().and_then(|topic| topic.partitions.into_iter().next());
        let Some(partition) = partition else {
            let message = "DescribeMetadataQuorum received 0 topics when 1 was expected";
            return refused(Thrown::coded(klamm_base::ErrorCode::UnknownServerError, Some(message.to_owned())));
        };
        match Thrown::wire(partition.error_code, partition.error_message.as_ref()) {
            Some(thrown) => refused(thrown),
            None => Ok(Quorum { partition, nodes: answer.nodes }),
        }
    }

    fn leader(&self) -> Result<&ReplicaState, Thrown> {
        let is_leader = |voter: &&ReplicaState| voter.replica_id == self.partition.leader_id;
        let found = self.partition.current_voters.iter().find(is_leader);
        found.ok_or_else(|| Thrown::new("java.util.NoSuchElementException", "No value present"))
    }

    fn status(&self, cluster_id: &str) -> Result<String, Thrown> {
        let leader = self.leader()?;
        let slowest = self.partition.current_voters.iter().min_by_key(|voter| voter.log_end_offset).unwrap_or(leader);
        let lag_ms = if slowest.replica_id == leader.replica_id {
            0
        } else if leader.last_caught_up_timestamp >= 0 && slowest.last_caught_up_timestamp >= 0 {
            leader.last_caught_up_timestamp - slowest.last_caught_up_timestamp
        } else {
            -1
        };
        let PartitionData { leader_id, leader_epoch, high_watermark, current_voters, observers, .. } = &self.partition;
        let lag = leader.log_end_offset - slowest.log_end_offset;
        Ok([
            format!("ClusterId:              {cluster_id}"),
            format!("LeaderId:               {}", leader_id.0),
            format!("LeaderEpoch:            {leader_epoch}"),
            format!("HighWatermark:          {high_watermark}"),
            format!("MaxFollowerLag:         {lag}"),
            format!("MaxFollowerLagTimeMs:   {lag_ms}"),
            format!("CurrentVoters:          {}", self.replicas(current_voters)),
            format!("CurrentObservers:       {}", self.replicas(observers)),
        ]
        .join("\n"))
    }

    /// `[{"id": 1, "directoryId": "...", "endpoints": ["CONTROLLER://host:9093"]}]`.
    fn replicas(&self, replicas: &[ReplicaState]) -> String {
        let one = |replica: &ReplicaState| {
            let mut fields = vec![format!("\"id\": {}", replica.replica_id.0)];
            if !replica.replica_directory_id.is_nil() {
                fields.push(format!("\"directoryId\": \"{}\"", directory(replica)));
            }
            let node = self.nodes.iter().find(|node| node.node_id == replica.replica_id);
            let listeners = node.map(|node| node.listeners.as_slice()).unwrap_or_default();
            let endpoints: Vec<String> = listeners
                .iter()
                .map(|listener| {
                    let host = &listener.host;
                    let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
                    format!("\"{}://{host}:{}\"", listener.name, listener.port)
                })
                .collect();
            if !endpoints.is_empty() {
                fields.push(format!("\"endpoints\": [{}]", endpoints.join(", ")));
            }
            format!("{{{}}}", fields.join(", "))
        };
        format!("[{}]", replicas.iter().map(one).collect::<Vec<_>>().join(", "))
    }

    /// A row for each replica, the leader first. With `now_ms`, times are told by how long ago they were.
    fn rows(&self, now_ms: Option<i64>) -> Result<Vec<Vec<String>>, Thrown> {
        let leader = self.leader()?;
        let followers = self.partition.current_voters.iter().filter(|voter| voter.replica_id != leader.replica_id);
        let all = std::iter::once((leader, "Leader"))
            .chain(followers.map(|voter| (voter, "Follower")))
            .chain(self.partition.observers.iter().map(|observer| (observer, "Observer")));
        let names =
            ["NodeId", "DirectoryId", "LogEndOffset", "Lag", "LastFetchTimestamp", "LastCaughtUpTimestamp", "Status"];
        let mut rows = vec![names.map(str::to_owned).to_vec()];
        for (replica, status) in all {
            rows.push(vec![
                replica.replica_id.0.to_string(),
                directory(replica),
                replica.log_end_offset.to_string(),
                (leader.log_end_offset - replica.log_end_offset).to_string(),
                time(replica.last_fetch_timestamp, now_ms, "last fetch")?,
                time(replica.last_caught_up_timestamp, now_ms, "last caught up")?,
                status.to_owned(),
            ]);
        }
        Ok(rows)
    }
}

fn directory(replica: &ReplicaState) -> String {
    TopicId(replica.replica_directory_id.into_bytes()).to_string()
}

fn time(at_ms: i64, now_ms: Option<i64>, what: &str) -> Result<String, Thrown> {
    match now_ms {
        _ if at_ms < 0 => Ok("-1".to_owned()),
        None => Ok(at_ms.to_string()),
        Some(now_ms) if at_ms > 0 && at_ms <= now_ms => Ok(format!("{} ms ago", now_ms - at_ms)),
        Some(now_ms) => Err(Thrown::new(
            KAFKA,
            format!(
                "Error while computing relative time, possible drift in system clock.\nCurrent timestamp is {now_ms}, \
                 {what} timestamp is {at_ms}"
            ),
        )),
    }
}

/// Rows as a table, each cell as wide as the widest of its column (`ToolsUtils.prettyPrintTable`).
fn table(rows: &[Vec<String>]) -> Vec<String> {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate();
        cells.map(|(column, cell)| format!("{cell:<width$}\t", width = width(column))).collect::<String>()
    };
    rows.iter().map(line).collect()
}

async fn remove(io: &mut Io, parsed: &Parsed, client: &Client) -> Result<(), Failure> {
    let id = parsed.number::<i32>("controller_id").unwrap_or_default();
    if id < 0 {
        return Err(terse(format!("Invalid negative --controller-id: {id}")));
    }
    let text = parsed.value("controller_directory_id").unwrap_or_default();
    let directory = super::topics::read_id(text)
        .map_err(|thrown| terse(format!("Failed to parse --controller-directory-id: {}", thrown.text())))?;
    let dry_run = parsed.has("dry_run");
    if !dry_run {
        let request = RemoveRaftVoterRequest::default()
            .with_cluster_id(None)
            .with_voter_id(id)
            .with_voter_directory_id(Uuid::from_bytes(directory.0));
        let answer = client
            .call_until("removeRaftVoter", &To::Any, &request, |answer| Verdict::of(answer.error_code))
            .await
            .map_err(|error| Failure::from(error).executed())?;
        if let Some(thrown) = Thrown::wire::<StrBytes>(answer.error_code, answer.error_message.as_ref()) {
            return Err(Failure::from(thrown).executed());
        }
    }
    let done = if dry_run { "DRY RUN of removing " } else { "Removed " };
    io.say(format_args!("{done} KRaft controller {id} with directory id {directory}"));
    Ok(())
}

#[cfg(test)]
#[path = "quorum_test.rs"]
mod quorum_test;
