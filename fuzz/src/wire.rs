//! What stands around a message: request headers, tagged fields, and the reader of hand-written bodies.

use bytes::Bytes;
use klamm_wire::varint::{read_unsigned, skip_tagged_fields, write_unsigned};
use klamm_wire::{BodyFault, BodyReader, RequestHeader};

/// Request headers. An odd first byte makes them flexible.
pub fn wire_request_header(data: &[u8]) {
    let Some((choice, frame)) = data.split_first() else { return };
    let read = |flexible| {
        let mut rest = Bytes::copy_from_slice(frame);
        RequestHeader::read(&mut rest, flexible).map(|header| (header, rest))
    };
    let Ok((header, rest)) = read(choice & 1 == 1) else { return };
    assert!(frame.ends_with(&rest));
    assert_eq!(RequestHeader::peek(frame), Ok((header.api_key, header.api_version)));
    let (plain, body) = read(false).expect("tagged fields only add to a header");
    assert_eq!(plain, header);
    assert!(body.ends_with(&rest));
}

/// A section of tagged fields: what is skipped is one, and every shorter piece of it is none.
pub fn wire_tagged_fields(data: &[u8]) {
    let mut rest = data;
    if skip_tagged_fields(&mut rest).is_some() {
        let skipped = &data[..data.len() - rest.len()];
        assert_eq!(skip_tagged_fields(&mut &*skipped), Some(()));
        assert_eq!(skip_tagged_fields(&mut &skipped[..skipped.len() - 1]), None);
    }
    let mut rest = data;
    if let Some(value) = read_unsigned(&mut rest) {
        let mut written = Vec::new();
        write_unsigned(&mut written, value);
        assert!(written.len() <= data.len() - rest.len());
        assert_eq!(read_unsigned(&mut &written[..]), Some(value));
    }
}

/// Bodies of a made-up schema: the first byte says how many fields there are, the next ones of which types.
pub fn wire_body(data: &[u8]) {
    let Some((count, rest)) = data.split_first() else { return };
    let Some((schema, body)) = rest.split_at_checked(usize::from(count % 16)) else { return };
    let mut bytes = Bytes::copy_from_slice(body);
    let mut reader = BodyReader::new(&mut bytes);
    let mut elements = 0;
    let whole = schema.iter().try_for_each(|kind| field(&mut reader, *kind, 0, &mut elements));
    assert!(body.ends_with(&bytes));
    assert!(elements <= body.len(), "more elements than bytes");
    if whole.is_ok() {
        let used = &body[..body.len() - bytes.len()];
        let mut again = Bytes::copy_from_slice(used);
        let mut reader = BodyReader::new(&mut again);
        schema.iter().try_for_each(|kind| field(&mut reader, *kind, 0, &mut 0)).expect("the same bytes again");
        assert!(again.is_empty());
    }
}

fn field(reader: &mut BodyReader<'_>, kind: u8, depth: u32, elements: &mut usize) -> Result<(), BodyFault> {
    match kind % 9 {
        0 => reader.i32().map(drop),
        1 => reader.i64().map(drop),
        2 => reader.bool().map(drop),
        3 => reader.uuid().map(drop),
        4 => reader.string().map(|text| assert!(text.len() <= 3 * i16::MAX as usize)),
        5 => reader.nullable_string().map(drop),
        6 => reader.tagged_fields(),
        nullable if depth < 3 => {
            let mut element = |reader: &mut BodyReader<'_>| {
                *elements += 1;
                field(reader, kind / 9, depth + 1, elements)
            };
            match nullable {
                7 => reader.list(&mut element).map(drop),
                _ => reader.nullable_list(&mut element).map(drop),
            }
        }
        _ => reader.i32().map(drop),
    }
}

/// Headers of each kind, with bodies behind them.
pub fn header_seeds() -> Vec<Vec<u8>> {
    let plain = b"\0\0\x03\0\x08\0\0\0\x07\0\x05kafka\0\0\0\0";
    let null = b"\0\0\x12\0\0\0\0\0\x07\xff\xff";
    let flexible = b"\x01\0\x03\0\x0c\0\0\0\x07\0\x05kafka\0\x01\0";
    let tagged = b"\x01\0\x03\0\x0c\0\0\0\x07\0\x02me\x02\x05\x01\x09\x05\x02\x09\x09\x01\0";
    vec![plain.to_vec(), null.to_vec(), flexible.to_vec(), tagged.to_vec()]
}

/// Sections of none, one and several fields, and long numbers.
pub fn tag_seeds() -> Vec<Vec<u8>> {
    let several = [3, 5, 1, 9, 2, 0, 0x85, 0x01, 2, 7, 7, 42];
    vec![
        vec![0],
        vec![1, 0, 3, 1, 2, 3, 9],
        several.to_vec(),
        vec![0xff, 0xff, 0xff, 0xff, 0x0f],
        vec![0x80, 0x80, 0x01],
    ]
}

/// A body with a field of every type, and lists of lists.
pub fn body_seeds() -> Vec<Vec<u8>> {
    let plain = [&[7, 0, 1, 2, 3, 4, 5, 6][..], &[0; 12], &[1], &[9; 16], &[3, b'h', b'i'], &[0], &[1, 4, 1, 7]];
    let lists =
        [&[3, 7, 8 + 9 * 4, 7 + 9 * 7][..], &[3, 0, 0, 0, 1, 0, 0, 0, 2], &[3, 2, b'a', 1], &[2, 2, 0, 0, 0, 5]];
    vec![plain.concat(), lists.concat(), [&[1, 7 + 9 * 4][..], &[0xff, 0xff, 0xff, 0xff, 0x0f, 2, b'a']].concat()]
}
