//! Encoded answers.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::Encodable;

use crate::gather::Gather;

/// A whole answer, its size in front, ready for the socket.
#[derive(Clone, Debug)]
pub struct Answer {
    chunks: Vec<Bytes>,
}

/// Why a message could not be written: a field was set that its version does not have. That is a bug of the handler.
#[derive(Debug, thiserror::Error)]
#[error("an answer of version {version} could not be encoded: {reason}")]
pub struct EncodeFault {
    /// The version asked for.
    pub version: i16,
    /// What the encoder said.
    pub reason: String,
}

impl Answer {
    /// Encodes `body` behind an answer header. `flexible_header` is true where that header has tagged fields;
    /// `records` are the byte fields to share instead of copy, in the order in which the body holds them.
    ///
    /// # Errors
    /// Where the body holds a value that `version` cannot say.
    ///
    /// # Panics
    /// If the answer is larger than 2 GiB.
    pub fn encode(
        correlation_id: i32,
        flexible_header: bool,
        body: &impl Encodable,
        version: i16,
        records: impl IntoIterator<Item = Bytes>,
    ) -> Result<Answer, EncodeFault> {
        let mut gather = Gather::with_capacity(256);
        gather.expect(records);
        gather.put_i32(0);
        gather.put_i32(correlation_id);
        if flexible_header {
            gather.put_u8(0);
        }
        body.encode(&mut gather, version).map_err(|reason| EncodeFault { version, reason: reason.to_string() })?;
        let size = i32::try_from(gather.len() - 4).expect("an answer is below 2 GiB");
        gather.head_mut()[..4].copy_from_slice(&size.to_be_bytes());
        Ok(Answer { chunks: gather.into_chunks() })
    }

    /// An answer whose body is encoded already.
    ///
    /// # Panics
    /// If the answer is larger than 2 GiB.
    pub fn from_body(correlation_id: i32, flexible_header: bool, body: &[u8]) -> Answer {
        let mut bytes = BytesMut::with_capacity(body.len() + 9);
        let size = 4 + usize::from(flexible_header) + body.len();
        bytes.put_i32(i32::try_from(size).expect("an answer is below 2 GiB"));
        bytes.put_i32(correlation_id);
        if flexible_header {
            bytes.put_u8(0);
        }
        bytes.put_slice(body);
        Answer { chunks: vec![bytes.freeze()] }
    }

    /// The bytes, in order.
    pub fn into_chunks(self) -> Vec<Bytes> {
        self.chunks
    }

    /// How many bytes go over the wire.
    pub fn size_bytes(&self) -> usize {
        self.chunks.iter().map(Bytes::len).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::{HeartbeatResponse, MetadataResponse};

    #[test]
    fn the_size_in_front_counts_what_follows() {
        for flexible in [false, true] {
            let body = MetadataResponse::default();
            let answer = Answer::encode(7, flexible, &body, if flexible { 12 } else { 8 }, []).unwrap();
            let size = answer.size_bytes();
            let bytes = answer.into_chunks().concat();
            assert_eq!(bytes[..4], u32::try_from(size - 4).unwrap().to_be_bytes());
            assert_eq!(bytes[4..8], 7u32.to_be_bytes());
        }
    }

    #[test]
    fn a_value_that_the_version_cannot_say_is_an_error() {
        let body = HeartbeatResponse::default();
        assert!(Answer::encode(1, false, &body, 99, []).is_err());
    }
}
