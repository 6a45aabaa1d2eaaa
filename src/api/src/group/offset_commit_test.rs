//! Tests of [`OffsetCommit`]: the bytes of version 10 are drawn from `OffsetCommitRequest.json` and
//! `OffsetCommitResponse.json`.

use klamm_base::TopicId;
use klamm_metadata::{Delta, Partition, Position, Record, apply_all};
use klamm_wire::RequestHeader;

use super::*;

const ID: [u8; 16] = [0x1d, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// Group "g", generation 3, member "me", no instance; topic `ID` with partition 1 at offset 258 of epoch 5, "x", and
/// partition 2 at -1 with null metadata. A tagged field at the end of each kind of struct.
fn body_10() -> Vec<u8> {
    [
        &[2, b'g'][..],
        &[0, 0, 0, 3],
        &[3, b'm', b'e'],
        &[0],
        &[2],
        &ID,
        &[3],
        &[0, 0, 0, 1],
        &[0, 0, 0, 0, 0, 0, 1, 2],
        &[0, 0, 0, 5],
        &[2, b'x'],
        &[1, 7, 2, 9, 9],
        &[0, 0, 0, 2],
        &[255; 8],
        &[255; 4],
        &[0],
        &[0],
        &[1, 0, 0],
        &[0],
    ]
    .concat()
}

fn decode(bytes: &[u8], version: i16) -> Result<(OffsetCommitRequest, usize), BodyFault> {
    let mut body = Bytes::copy_from_slice(bytes);
    OffsetCommit::decode(&mut body, version).map(|request| (request, body.len()))
}

#[test]
fn a_request_of_version_10_is_read_by_the_schema() {
    let (request, left) = decode(&[&body_10()[..], b"behind"].concat(), 10).unwrap();
    assert_eq!(left, 6);
    assert_eq!((&**request.group_id, request.generation_id_or_member_epoch, &*request.member_id), ("g", 3, "me"));
    assert_eq!((request.group_instance_id, request.retention_time_ms, request.topics.len()), (None, -1, 1));
    let topic = &request.topics[0];
    assert_eq!((topic.topic_id, topic.partitions.len()), (Uuid::from_bytes(ID), 2));
    let fields = |part: &OffsetCommitRequestPartition| {
        let metadata = part.committed_metadata.as_ref().map(ToString::to_string);
        (part.partition_index, part.committed_offset, part.committed_leader_epoch, metadata)
    };
    assert_eq!(fields(&topic.partitions[0]), (1, 258, 5, Some("x".to_owned())));
    assert_eq!(fields(&topic.partitions[1]), (2, -1, -1, None));
}

#[test]
fn a_request_of_version_10_that_is_cut_anywhere_is_refused() {
    let whole = body_10();
    for length in 0..whole.len() {
        assert!(decode(&whole[..length], 10).is_err(), "{length}");
    }
}

#[test]
fn null_topics_and_invented_lengths_are_refused_n6() {
    let head = [2, b'g', 0, 0, 0, 3, 1, 0];
    assert_eq!(decode(&[&head[..], &[0, 0]].concat(), 10).unwrap_err(), BodyFault::Null);
    let huge = [&head[..], &[0xff, 0xff, 0xff, 0xff, 0x0f], &ID, &ID].concat();
    assert_eq!(decode(&huge, 10).unwrap_err(), BodyFault::Short);
}

#[test]
fn an_answer_of_version_10_is_written_by_the_schema() {
    let mut answer = CommitAnswer::new(true);
    answer.merge([CommitReplyTopic {
        topic: "t".into(),
        topic_id: TopicId(ID),
        partitions: vec![(1, ErrorCode::None), (2, ErrorCode::UnknownTopicId)],
    }]);
    let header = RequestHeader { api_key: 8, api_version: 10, correlation_id: 9, client_id: String::new() };
    let bytes = OffsetCommit::encode(&header, &answer.response()).unwrap().into_chunks().concat();
    let body = [&[0, 0, 0, 0, 2][..], &ID, &[3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 100, 0, 0, 0]].concat();
    let frame = [&[0, 0, 0, 43, 0, 0, 0, 9, 0][..], &body].concat();
    assert_eq!(bytes, frame);
}

fn image() -> Image {
    let id = TopicId(ID);
    let partition = |partition| Record::Partition { topic: id, partition, state: Partition::new(vec![], vec![]) };
    let records = [Record::Topic { id, name: "known".into() }, partition(0), partition(1)];
    let mut image = Image::default();
    apply_all(&mut image, &records, Position::default(), &mut Delta::default()).unwrap();
    image
}

fn topic(name: &str, partitions: &[i32]) -> OffsetCommitRequestTopic {
    let partitions =
        partitions.iter().map(|index| OffsetCommitRequestPartition::default().with_partition_index(*index));
    OffsetCommitRequestTopic::default().with_name(topic_name(name)).with_partitions(partitions.collect())
}

/// What the answer says of each topic, by name, once the coordinator has taken all that reached it.
fn answered(topics: Vec<OffsetCommitRequestTopic>) -> Vec<(String, Vec<(i32, i16)>)> {
    let request = OffsetCommitRequest::default().with_topics(topics);
    let (mut answer, known) = split(&image(), &request, 9);
    answer.merge(known.into_iter().map(|topic| refused(topic, ErrorCode::None)));
    let parts = |topic: &OffsetCommitResponseTopic| {
        topic.partitions.iter().map(|part| (part.partition_index, part.error_code)).collect()
    };
    answer.topics.iter().map(|topic| (topic.name.to_string(), parts(topic))).collect()
}

#[test]
fn what_does_not_exist_is_refused_and_stands_before_what_was_committed_o5() {
    let asked = vec![topic("known", &[0, 7, -1]), topic("absent", &[3]), topic("known", &[1])];
    let known = ("known".to_owned(), vec![(7, 3), (-1, 3), (0, 0), (1, 0)]);
    assert_eq!(answered(asked), [known, ("absent".to_owned(), vec![(3, 3)])]);
}

#[test]
fn a_known_topic_without_partitions_is_left_out_and_an_absent_one_is_not_o5() {
    let asked = vec![topic("known", &[]), topic("absent", &[])];
    assert_eq!(answered(asked), [("absent".to_owned(), vec![])]);
    let (answer, known) = split(&image(), &OffsetCommitRequest::default().with_topics(vec![topic("known", &[])]), 9);
    assert!(known.is_empty());
    assert_eq!(answer.response(), OffsetCommitResponse::default());
}

#[test]
fn a_topic_named_twice_is_answered_twice_where_nothing_is_refused_o4() {
    let asked = vec![topic("known", &[0]), topic("known", &[1, 1])];
    let once = |parts| ("known".to_owned(), parts);
    assert_eq!(answered(asked), [once(vec![(0, 0)]), once(vec![(1, 0), (1, 0)])]);
}

#[test]
fn an_unknown_id_of_version_10_is_unknown_topic_id_o5() {
    let ids = [ID, [0; 16], [9; 16]];
    let topics = ids.map(|id| topic("", &[0, 5]).with_topic_id(Uuid::from_bytes(id)));
    let (answer, known) = split(&image(), &OffsetCommitRequest::default().with_topics(topics.to_vec()), 10);
    assert_eq!(known.len(), 1);
    assert_eq!((&*known[0].topic, known[0].topic_id, known[0].partitions.len()), ("known", TopicId(ID), 1));
    let codes = answer.topics.iter().map(|topic| topic.partitions.iter().map(|part| part.error_code).collect());
    assert_eq!(codes.collect::<Vec<Vec<i16>>>(), [vec![3], vec![100, 100], vec![100, 100]]);
    assert_eq!(answer.topics.iter().map(|topic| topic.topic_id.into_bytes()).collect::<Vec<_>>(), ids);
}
