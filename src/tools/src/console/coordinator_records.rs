//! The records of `__consumer_offsets` as JSON (`OffsetsMessageFormatter`, `GroupMetadataMessageFormatter`).

use bytes::{Buf, Bytes};
use klamm_base::text::base64url;
use klamm_record::Record;

use crate::thrown::{RUNTIME, Thrown};

/// Which records are shown; the others are passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CoordinatorFormat {
    /// Committed offsets: key types 0 and 1.
    Offsets,
    /// Groups of the classic protocol: key type 2.
    GroupMetadata,
}

impl CoordinatorFormat {
    /// Writes a record as one JSON object, without a line's end.
    ///
    /// # Errors
    /// If its bytes are none of it.
    pub(super) fn write(self, record: &Record, out: &mut Vec<u8>) -> Result<(), Thrown> {
        let Some(key) = &record.key else { return Ok(()) };
        let unreadable =
            || Thrown::new(RUNTIME, format!("Could not read record at offset {} due to: it is cut", record.offset));
        let mut key = Reader { rest: key.clone(), flexible: false };
        let kind = key.int16().ok_or_else(unreadable)?;
        let shown = match self {
            CoordinatorFormat::Offsets => kind == 0 || kind == 1,
            CoordinatorFormat::GroupMetadata => kind == 2,
        };
        if !shown {
            return Ok(());
        }
        let data = match self {
            CoordinatorFormat::Offsets => offset_key(&mut key),
            CoordinatorFormat::GroupMetadata => group_key(&mut key),
        };
        let data = data.ok_or_else(unreadable)?;
        let value = match &record.value {
            None => "null".to_owned(),
            Some(value) => self.value(value).ok_or_else(unreadable)?,
        };
        out.extend_from_slice(format!("{{\"key\":{{\"type\":{kind},\"data\":{data}}},\"value\":{value}}}").as_bytes());
        Ok(())
    }

    fn value(self, bytes: &Bytes) -> Option<String> {
        let mut value = Reader { rest: bytes.clone(), flexible: false };
        let version = value.int16()?;
        value.flexible = version >= 4;
        let data = match self {
            CoordinatorFormat::Offsets => offset_value(&mut value, version),
            CoordinatorFormat::GroupMetadata => group_value(&mut value, version),
        };
        Some(format!("{{\"version\":{version},\"data\":{}}}", data?))
    }
}

fn offset_key(key: &mut Reader) -> Option<String> {
    let (group, topic, partition) = (key.text()?, key.text()?, key.int32()?);
    Some(format!("{{\"group\":{group},\"topic\":{topic},\"partition\":{partition}}}"))
}

fn group_key(key: &mut Reader) -> Option<String> {
    Some(format!("{{\"group\":{}}}", key.text()?))
}

/// `OffsetCommitValue`: the leader's epoch from version 3 on, the expiry in version 1 alone, the topic's id from 4 on
/// as a tagged field.
fn offset_value(value: &mut Reader, version: i16) -> Option<String> {
    let mut fields = vec![format!("\"offset\":{}", value.int64()?)];
    if version >= 3 {
        fields.push(format!("\"leaderEpoch\":{}", value.int32()?));
    }
    fields.push(format!("\"metadata\":{}", value.text()?));
    fields.push(format!("\"commitTimestamp\":{}", value.int64()?));
    if version == 1 {
        fields.push(format!("\"expireTimestamp\":{}", value.int64()?));
    }
    if let Some(id) = value.tagged(0).filter(|id| id.len() == 16 && id.iter().any(|byte| *byte != 0)) {
        fields.push(format!("\"topicId\":\"{}\"", base64url(&id)));
    }
    Some(format!("{{{}}}", fields.join(",")))
}

/// `GroupMetadataValue`.
fn group_value(value: &mut Reader, version: i16) -> Option<String> {
    let mut fields = vec![
        format!("\"protocolType\":{}", value.text()?),
        format!("\"generation\":{}", value.int32()?),
        format!("\"protocol\":{}", value.text()?),
        format!("\"leader\":{}", value.text()?),
    ];
    if version >= 2 {
        fields.push(format!("\"currentStateTimestamp\":{}", value.int64()?));
    }
    let members: Option<Vec<String>> = (0..value.count()?).map(|_| member(value, version)).collect();
    fields.push(format!("\"members\":[{}]", members?.join(",")));
    Some(format!("{{{}}}", fields.join(",")))
}

fn member(value: &mut Reader, version: i16) -> Option<String> {
    let mut fields = vec![format!("\"memberId\":{}", value.text()?)];
    if version >= 3 {
        fields.push(format!("\"groupInstanceId\":{}", value.text()?));
    }
    fields.push(format!("\"clientId\":{}", value.text()?));
    fields.push(format!("\"clientHost\":{}", value.text()?));
    if version >= 1 {
        fields.push(format!("\"rebalanceTimeout\":{}", value.int32()?));
    }
    fields.push(format!("\"sessionTimeout\":{}", value.int32()?));
    fields.push(format!("\"subscription\":{}", value.base64()?));
    fields.push(format!("\"assignment\":{}", value.base64()?));
    value.tagged(i32::MAX as u32);
    Some(format!("{{{}}}", fields.join(",")))
}

/// The bytes of a record that are still to be read; no length in them is believed.
struct Reader {
    rest: Bytes,
    /// Lengths are varints, and tagged fields follow (KIP-482).
    flexible: bool,
}

impl Reader {
    fn int16(&mut self) -> Option<i16> {
        (self.rest.remaining() >= 2).then(|| self.rest.get_i16())
    }

    fn int32(&mut self) -> Option<i32> {
        (self.rest.remaining() >= 4).then(|| self.rest.get_i32())
    }

    fn int64(&mut self) -> Option<i64> {
        (self.rest.remaining() >= 8).then(|| self.rest.get_i64())
    }

    /// A length; `Some(None)` is that of a null.
    fn length(&mut self, wide: bool) -> Option<Option<usize>> {
        let length = match (self.flexible, wide) {
            (true, _) => i64::from(klamm_wire::varint::read_unsigned(&mut self.rest)?) - 1,
            (false, true) => i64::from(self.int32()?),
            (false, false) => i64::from(self.int16()?),
        };
        let length = usize::try_from(length).ok();
        if length.is_some_and(|length| length > self.rest.remaining()) { None } else { Some(length) }
    }

    fn count(&mut self) -> Option<usize> {
        self.length(true)?.or(Some(0))
    }

    /// A string as JSON, or null.
    fn text(&mut self) -> Option<String> {
        let Some(length) = self.length(false)? else { return Some("null".to_owned()) };
        let text = self.rest.split_to(length);
        Some(quoted(&String::from_utf8_lossy(&text)))
    }

    /// Bytes as JSON has them.
    fn base64(&mut self) -> Option<String> {
        let Some(length) = self.length(true)? else { return Some("null".to_owned()) };
        let mut text = base64url(&self.rest.split_to(length)).replace('-', "+").replace('_', "/");
        while !text.len().is_multiple_of(4) {
            text.push('=');
        }
        Some(format!("\"{text}\""))
    }

    /// Reads the tagged fields that end a structure; the one with this tag.
    fn tagged(&mut self, wanted: u32) -> Option<Bytes> {
        if !self.flexible {
            return None;
        }
        let mut found = None;
        for _ in 0..klamm_wire::varint::read_unsigned(&mut self.rest)? {
            let tag = klamm_wire::varint::read_unsigned(&mut self.rest)?;
            let size = usize::try_from(klamm_wire::varint::read_unsigned(&mut self.rest)?).ok()?;
            let field = (size <= self.rest.remaining()).then(|| self.rest.split_to(size))?;
            if tag == wanted {
                found = Some(field);
            }
        }
        found
    }
}

/// A JSON string, with the escapes that Jackson writes.
fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            letter if u32::from(letter) < 0x20 => json.push_str(&format!("\\u{:04X}", u32::from(letter))),
            letter => json.push(letter),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use bytes::{BufMut, BytesMut};
    use klamm_base::Offset;

    use super::*;

    fn record(key: &[u8], value: Option<&[u8]>) -> Record {
        Record {
            offset: Offset(3),
            timestamp_ms: 1,
            key: Some(Bytes::copy_from_slice(key)),
            value: value.map(Bytes::copy_from_slice),
            headers: klamm_record::Headers::default(),
        }
    }

    fn shown(format: CoordinatorFormat, record: &Record) -> String {
        let mut out = Vec::new();
        match format.write(record, &mut out) {
            Ok(()) => String::from_utf8(out).unwrap(),
            Err(fault) => fault.text().to_owned(),
        }
    }

    fn string(bytes: &mut BytesMut, text: &str) {
        bytes.put_i16(i16::try_from(text.len()).unwrap());
        bytes.put_slice(text.as_bytes());
    }

    #[test]
    fn a_committed_offset_is_shown_as_kafka_shows_it() {
        let mut key = BytesMut::new();
        key.put_i16(1);
        string(&mut key, "g\"");
        string(&mut key, "t");
        key.put_i32(4);
        let mut value = BytesMut::new();
        value.put_i16(3);
        value.put_i64(7);
        value.put_i32(-1);
        string(&mut value, "");
        value.put_i64(99);
        let data = "{\"group\":\"g\\\"\",\"topic\":\"t\",\"partition\":4}";
        assert_eq!(
            shown(CoordinatorFormat::Offsets, &record(&key, Some(&value))),
            format!(
                "{{\"key\":{{\"type\":1,\"data\":{data}}},\"value\":{{\"version\":3,\"data\":\
                 {{\"offset\":7,\"leaderEpoch\":-1,\"metadata\":\"\",\"commitTimestamp\":99}}}}}}"
            )
        );
        assert!(shown(CoordinatorFormat::Offsets, &record(&key, None)).ends_with(",\"value\":null}"));
        assert_eq!(shown(CoordinatorFormat::GroupMetadata, &record(&key, None)), "");
        assert!(
            shown(CoordinatorFormat::Offsets, &record(&key[..5], None))
                .starts_with("Could not read record at offset 3")
        );
    }

    #[test]
    fn a_group_is_shown_with_its_members() {
        let mut key = BytesMut::new();
        key.put_i16(2);
        string(&mut key, "g");
        let mut value = BytesMut::new();
        value.put_i16(3);
        string(&mut value, "consumer");
        value.put_i32(5);
        string(&mut value, "range");
        value.put_i16(-1);
        value.put_i64(42);
        value.put_i32(1);
        string(&mut value, "m");
        value.put_i16(-1);
        string(&mut value, "c");
        string(&mut value, "/127.0.0.1");
        value.put_i32(6);
        value.put_i32(7);
        value.put_i32(1);
        value.put_slice(&[0xff]);
        value.put_i32(0);
        let text = shown(CoordinatorFormat::GroupMetadata, &record(&key, Some(&value)));
        assert!(text.contains(
            "\"protocol\":\"range\",\"leader\":null,\"currentStateTimestamp\":42,\"members\":[{\"memberId\":\"m\""
        ));
        assert!(
            text.contains("\"groupInstanceId\":null") && text.contains("\"subscription\":\"/w==\",\"assignment\":\"\"")
        );
    }
}
