//! What is told of a quorum.

use kafka_protocol::messages::BrokerId;
use kafka_protocol::messages::describe_quorum_response::Listener;

use super::*;

fn replica(id: i32, end: i64, caught_up: i64) -> ReplicaState {
    ReplicaState::default()
        .with_replica_id(BrokerId(id))
        .with_log_end_offset(end)
        .with_last_fetch_timestamp(caught_up)
        .with_last_caught_up_timestamp(caught_up)
}

fn quorum() -> Quorum {
    let listener = Listener::default()
        .with_name(StrBytes::from_static_str("CONTROLLER"))
        .with_host(StrBytes::from_static_str("::1"))
        .with_port(9093);
    let nodes = vec![Node::default().with_node_id(BrokerId(1)).with_listeners(vec![listener])];
    let partition = PartitionData::default()
        .with_leader_id(BrokerId(1))
        .with_leader_epoch(3)
        .with_high_watermark(9)
        .with_current_voters(vec![replica(2, 7, 80), replica(1, 10, 100)])
        .with_observers(vec![replica(4, 9, -1).with_replica_directory_id(Uuid::from_bytes([1; 16]))]);
    Quorum { partition, nodes }
}

#[test]
fn the_status_tells_how_far_the_slowest_voter_is_behind() {
    let expected = "\
ClusterId:              abc
LeaderId:               1
LeaderEpoch:            3
HighWatermark:          9
MaxFollowerLag:         3
MaxFollowerLagTimeMs:   20
CurrentVoters:          [{\"id\": 2}, {\"id\": 1, \"endpoints\": [\"CONTROLLER://[::1]:9093\"]}]
CurrentObservers:       [{\"id\": 4, \"directoryId\": \"AQEBAQEBAQEBAQEBAQEBAQ\"}]";
    assert_eq!(quorum().status("abc").unwrap(), expected);
}

#[test]
fn replicas_stand_in_a_table_with_the_leader_first() {
    let lines = table(&quorum().rows(None).unwrap());
    assert_eq!(
        lines[0],
        "NodeId\tDirectoryId           \tLogEndOffset\tLag\tLastFetchTimestamp\tLastCaughtUpTimestamp\tStatus  \t"
    );
    assert_eq!(
        lines[1],
        "1     \tAAAAAAAAAAAAAAAAAAAAAA\t10          \t0  \t100               \t100                  \tLeader  \t"
    );
    assert!(lines[3].ends_with("\t1  \t-1                \t-1                   \tObserver\t"), "{}", lines[3]);
    let human = quorum().rows(Some(130)).unwrap();
    assert_eq!(human[2][4..6], ["50 ms ago", "50 ms ago"]);
    assert!(quorum().rows(Some(10)).unwrap_err().text().contains("possible drift in system clock"));
}

#[test]
fn a_leader_that_is_no_voter_is_an_error() {
    let mut lost = quorum();
    lost.partition.leader_id = BrokerId(-1);
    assert_eq!(lost.status("abc").unwrap_err().text(), "No value present");
}
