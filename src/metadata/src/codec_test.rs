use klamm_base::TopicId;
use proptest::prelude::*;

use crate::codec::{decode, encode};
use crate::testing::record;
use crate::{Error, Record};

proptest! {
    #[test]
    fn records_survive_their_bytes(records in proptest::collection::vec(record(), 0..20)) {
        prop_assert_eq!(decode(&encode(&records)).unwrap(), records);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
        let mut with_crc = vec![1];
        with_crc.extend(&bytes);
        with_crc.extend(crc32c::crc32c(&with_crc).to_be_bytes());
        let _ = decode(&with_crc);
    }

    #[test]
    fn damaged_bytes_are_noticed(records in proptest::collection::vec(record(), 1..5), at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = encode(&records);
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(decode(&bytes), Err(Error::Checksum));
    }
}

fn sealed(body: &[u8]) -> Vec<u8> {
    let mut out = body.to_vec();
    out.extend(crc32c::crc32c(body).to_be_bytes());
    out
}

#[test]
fn an_unknown_kind_or_version_is_a_clear_error() {
    assert_eq!(decode(&sealed(&[1, 99, 0, 0])), Err(Error::UnknownRecord { kind: 99, version: 0 }));
    assert_eq!(decode(&sealed(&[1, 1, 7, 0])), Err(Error::UnknownRecord { kind: 1, version: 7 }));
    assert_eq!(decode(&sealed(&[2])), Err(Error::Format(2)));
    let text = decode(&sealed(&[1, 99, 3, 0])).unwrap_err().to_string();
    assert!(text.contains("kind 99 version 3") && text.contains("newer version"), "{text}");
}

#[test]
fn a_list_that_lies_about_its_length_costs_nothing() {
    // A partition whose list of replicas says that it has 2^63 elements.
    let mut body = vec![0; 16];
    body.extend([0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]);
    let mut batch = vec![1, 7, 0, u8::try_from(body.len()).unwrap()];
    batch.extend(body);
    assert_eq!(decode(&sealed(&batch)), Err(Error::CutShort));
}

#[test]
fn the_layout_of_version_0_does_not_change() {
    let records = [
        Record::Cluster { id: "c".into() },
        Record::Topic { id: TopicId([7; 16]), name: "t".into() },
        Record::RemoveTopic { id: TopicId([7; 16]) },
    ];
    let mut want = vec![1, 1, 0, 2, 1, b'c', 5, 0, 18];
    want.extend([7; 16]);
    want.extend([1, b't', 6, 0, 16]);
    want.extend([7; 16]);
    assert_eq!(encode(&records), sealed(&want));
}
