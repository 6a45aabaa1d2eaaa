use std::sync::{Arc, Mutex};

use klamm_base::TopicPartition;
use klamm_peer::{Address, Node};

use super::*;
use crate::groups::offsets::Committed;

/// A stream that keeps what is written to it.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What `print` writes to standard output and standard error.
fn printed(print: impl FnOnce(&mut Io) -> Result<(), Failure>) -> (String, String) {
    let (out, err) = (Kept::default(), Kept::default());
    let mut io = Io { out: Box::new(out.clone()), err: Box::new(err.clone()), input: Box::new(std::io::empty()) };
    print(&mut io).unwrap();
    let text = |kept: &Kept| String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    (text(&out), text(&err))
}

fn member(id: &str, partitions: &[i32]) -> Member {
    Member {
        id: id.to_owned(),
        client_id: "c".to_owned(),
        host: "/127.0.0.1".to_owned(),
        assignment: partitions.iter().map(|index| TopicPartition::new("t", *index)).collect(),
        ..Member::default()
    }
}

fn group(state: &'static str, members: Vec<Member>) -> Group {
    let address = Address { host: "localhost".to_owned(), port: 9092 };
    Group {
        id: "g".to_owned(),
        state,
        assignor: if members.is_empty() { String::new() } else { "range".to_owned() },
        coordinator: Some(Node { id: 1, address, rack: None }),
        group_epoch: None,
        assignment_epoch: None,
        members,
    }
}

fn row(partition: i32, committed: Option<(i64, Option<i32>)>, log_end: Option<i64>, owner: Option<&str>) -> Row {
    Row {
        partition: TopicPartition::new("t", partition),
        committed: committed.map(|(offset, leader_epoch)| Committed { offset, leader_epoch }),
        log_end,
        owner: owner.map(|id| (id.to_owned(), "/127.0.0.1".to_owned(), "c".to_owned())),
    }
}

#[test]
fn partitions_are_shown_with_their_lag_and_a_dash_for_what_is_not_known() {
    let rows = [
        row(0, Some((3, Some(2))), Some(10), Some("consumer-1-abcdefgh")),
        row(1, None, Some(4), None),
        row(2, Some((5, None)), None, None),
    ];
    let stable = group("Stable", vec![member("consumer-1-abcdefgh", &[0])]);
    let (out, err) = printed(|io| offsets(io, &stable, &rows, false));
    assert_eq!(
        out,
        "\nGROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID         HOST            CLIENT-ID\
         \ng               t               0          3               10              7               consumer-1-abcdefgh /127.0.0.1      c\
         \ng               t               1          -               4               -               -                   -               -\
         \ng               t               2          5               -               -               -                   -               -\n"
    );
    assert_eq!(err, "");
    let (out, _) = printed(|io| offsets(io, &stable, &rows[..1], true));
    assert_eq!(
        out,
        "\nGROUP           TOPIC           PARTITION  LEADER-EPOCH    CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID         HOST            CLIENT-ID\
         \ng               t               0          2               3               10              7               consumer-1-abcdefgh /127.0.0.1      c\n"
    );
}

#[test]
fn the_state_of_a_group_decides_what_is_said_beside_the_table() {
    let said = |state, rows: &[Row]| printed(|io| offsets(io, &group(state, Vec::new()), rows, false));
    assert_eq!(said("Empty", &[]), (String::new(), "\nConsumer group 'g' has no active members.\n".to_owned()));
    assert_eq!(said("Dead", &[]), ("\nError: Consumer group 'g' does not exist.\n".to_owned(), String::new()));
    assert_eq!(said("Assigning", &[]).1, "\nWarning: Consumer group 'g' is rebalancing.\n");
    assert_eq!(said("Stable", &[]), (String::new(), String::new()));
    let mut io =
        Io { out: Box::new(Kept::default()), err: Box::new(Kept::default()), input: Box::new(std::io::empty()) };
    let thrown = offsets(&mut io, &group("Unknown", Vec::new()), &[], false).unwrap_err();
    let text = "Expected a valid consumer group state, but found 'Unknown'.";
    assert_eq!(thrown, Failure::Thrown(Thrown::new(KAFKA, text)));
}

#[test]
fn members_are_shown_and_their_header_even_without_them() {
    let (out, err) = printed(|io| members(io, &group("Empty", Vec::new()), false));
    assert_eq!(out, "\nGROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     \n");
    assert_eq!(err, "\nConsumer group 'g' has no active members.\n");
    let stable =
        group("Stable", vec![member("m1", &[1, 0]), Member { instance_id: "one".to_owned(), ..member("m2", &[]) }]);
    let (out, _) = printed(|io| members(io, &stable, true));
    assert_eq!(
        out,
        "\nGROUP           CONSUMER-ID     GROUP-INSTANCE-ID HOST            CLIENT-ID       #PARTITIONS     CURRENT-EPOCH   CURRENT-ASSIGNMENT   TARGET-EPOCH    TARGET-ASSIGNMENT   \
         \ng               m1                                /127.0.0.1      c               2               -               t:0,1                -               -                   \
         \ng               m2              one               /127.0.0.1      c               0               -               -                    -               -                   \n"
    );
}

#[test]
fn a_group_on_its_way_to_the_new_protocol_shows_who_has_arrived() {
    let arrived = |id: &str, upgraded| Member { epoch: Some(4), upgraded: Some(upgraded), ..member(id, &[0]) };
    let mut moving = group("Stable", vec![arrived("m1", true), arrived("m2", false)]);
    moving.assignment_epoch = Some(5);
    let (out, _) = printed(|io| members(io, &moving, true));
    let lines: Vec<&str> = out.lines().skip(1).collect();
    assert!(lines[0].ends_with("TARGET-EPOCH    TARGET-ASSIGNMENT    UPGRADED"), "{out}");
    assert!(
        lines[1].ends_with("4               t:0                  5               -                    true"),
        "{out}"
    );
    assert!(lines[2].ends_with("false"), "{out}");
}

#[test]
fn the_state_is_shown_with_the_coordinator() {
    let (out, _) = printed(|io| state(io, &group("Stable", vec![member("m", &[0])]), false));
    assert_eq!(
        out,
        "\nGROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS\
         \ng               localhost:9092  (1)       range                Stable               1\n"
    );
    let mut new = group("Empty", Vec::new());
    (new.group_epoch, new.assignment_epoch) = (Some(7), Some(6));
    let (out, err) = printed(|io| state(io, &new, true));
    assert_eq!(
        out,
        "\nGROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                GROUP-EPOCH     TARGET-ASSIGNMENT-EPOCH   #MEMBERS\
         \ng               localhost:9092  (1)       -                    Empty                7               6                         0\n"
    );
    assert_eq!(err, "\nConsumer group 'g' has no active members.\n");
}
