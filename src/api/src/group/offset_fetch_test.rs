//! Tests of [`OffsetFetch`]: the bytes of version 10 are drawn from `OffsetFetchRequest.json` and
//! `OffsetFetchResponse.json`.

use klamm_wire::RequestHeader;

use super::*;

const ID: [u8; 16] = [0x1d, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

/// Group "g" of member "me" in epoch 3 with partitions 1 and 300 of topic `ID`, and group "h" of nobody with all
/// topics; stable offsets only. A tagged field at the end of each kind of struct.
fn body_10() -> Vec<u8> {
    [
        &[3][..],
        &[2, b'g'],
        &[3, b'm', b'e'],
        &[0, 0, 0, 3],
        &[2],
        &ID,
        &[3, 0, 0, 0, 1, 0, 0, 1, 44],
        &[1, 7, 2, 9, 9],
        &[1, 0, 0],
        &[2, b'h'],
        &[0],
        &[255; 4],
        &[0],
        &[0],
        &[1],
        &[1, 5, 1, 0],
    ]
    .concat()
}

fn decode(bytes: &[u8]) -> Result<(OffsetFetchRequest, usize), BodyFault> {
    let mut body = Bytes::copy_from_slice(bytes);
    OffsetFetch::decode(&mut body, 10).map(|request| (request, body.len()))
}

#[test]
fn a_request_of_version_10_is_read_by_the_schema() {
    let (request, left) = decode(&[&body_10()[..], b"behind"].concat()).unwrap();
    assert_eq!((left, request.require_stable, request.groups.len()), (6, true, 2));
    let [first, second] = &request.groups[..] else { panic!("two groups") };
    assert_eq!((&**first.group_id, first.member_id.as_deref(), first.member_epoch), ("g", Some("me"), 3));
    let topics = first.topics.as_ref().unwrap();
    assert_eq!(topics.len(), 1);
    assert_eq!((topics[0].topic_id, &topics[0].partition_indexes[..]), (Uuid::from_bytes(ID), &[1, 300][..]));
    assert_eq!((&**second.group_id, second.member_id.as_deref(), second.member_epoch), ("h", None, -1));
    assert_eq!(second.topics, None);
}

#[test]
fn a_request_of_version_10_that_is_cut_anywhere_is_refused() {
    let whole = body_10();
    for length in 0..whole.len() {
        assert!(decode(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
fn null_groups_and_invented_lengths_are_refused_n6() {
    assert_eq!(decode(&[0, 0, 0]).unwrap_err(), BodyFault::Null);
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    assert_eq!(decode(&[&huge[..], &[0; 20]].concat()).unwrap_err(), BodyFault::Short);
    assert_eq!(decode(&[&[2, 1, 0, 0, 0, 0, 0][..], &huge, &ID, &ID].concat()).unwrap_err(), BodyFault::Short);
    assert_eq!(decode(&[&[2, 1, 0, 0, 0, 0, 0, 2][..], &ID, &huge, &ID].concat()).unwrap_err(), BodyFault::Short);
}

#[test]
fn an_answer_of_version_10_is_written_by_the_schema_and_an_unknown_id_has_its_code_o8() {
    let asked = OffsetFetchRequestTopics::default().with_topic_id(Uuid::from_bytes(ID)).with_partition_indexes(vec![7]);
    let group =
        OffsetFetchResponseGroup::default().with_group_id(GroupId(text("g"))).with_topics(vec![unknown_id(&asked)]);
    let response = OffsetFetchResponse::default().with_groups(vec![group]);
    let header = RequestHeader { api_key: 9, api_version: 10, correlation_id: 9, client_id: String::new() };
    let bytes = OffsetFetch::encode(&header, &response).unwrap().into_chunks().concat();
    let partition = [&[0, 0, 0, 7][..], &[255; 8], &[255; 4], &[1], &[0, 100], &[0]].concat();
    let body = [&[0, 0, 0, 0, 2, 2, b'g', 2][..], &ID, &[2], &partition, &[0], &[0, 0, 0], &[0]].concat();
    let size = u32::try_from(body.len() + 5).unwrap().to_be_bytes();
    assert_eq!(bytes, [&size[..], &[0, 0, 0, 9, 0], &body].concat());
}
