//! Encoded answers.

use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::Encodable;

use crate::chunk::{Chunk, Source};
use crate::gather::{Gather, SHARE_FROM_BYTES};

/// A whole answer, its size in front, ready for the socket.
#[derive(Debug)]
pub struct Answer {
    chunks: Vec<Chunk>,
}

/// Why a message could not be written: a field was set that its version does not have, which is a bug of the handler,
/// or it is too large.
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
    /// Where the body holds a value that `version` cannot say, or the answer is larger than 2 GiB.
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
        let fault = |reason| EncodeFault { version, reason };
        body.encode(&mut gather, version).map_err(|reason| fault(reason.to_string()))?;
        let size = i32::try_from(gather.len() - 4).map_err(|_| fault("it is larger than 2 GiB".to_owned()))?;
        gather.head_mut()[..4].copy_from_slice(&size.to_be_bytes());
        Ok(Answer { chunks: gather.into_chunks().into_iter().map(Chunk::Bytes).collect() })
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
        Answer { chunks: vec![Chunk::Bytes(bytes.freeze())] }
    }

    /// Puts `sources`, in the order of the answer, in the place of the chunks whose bytes they hold. A field that was copied, because it is small,
    /// needs no source: its own is dropped.
    #[must_use]
    pub fn with_sources(mut self, sources: impl IntoIterator<Item = Box<dyn Source>>) -> Answer {
        let mut sources = sources.into_iter().filter(|source| source.remaining() >= SHARE_FROM_BYTES).peekable();
        for chunk in &mut self.chunks {
            if let Some(source) = sources.next_if(|source| std::ptr::eq(source.ready(), chunk.ready())) {
                *chunk = Chunk::Source(source);
            }
        }
        self
    }

    /// The bytes, in order.
    pub fn into_chunks(self) -> Vec<Chunk> {
        self.chunks
    }

    /// How many bytes go over the wire.
    pub fn size_bytes(&self) -> usize {
        self.chunks.iter().map(Chunk::remaining).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Buf;
    use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
    use kafka_protocol::messages::{FetchResponse, HeartbeatResponse, MetadataResponse};

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

    /// Bytes that cannot be read again.
    #[derive(Debug)]
    struct Kept(Bytes);

    impl Source for Kept {
        fn ready(&self) -> &[u8] {
            &self.0
        }
        fn remaining(&self) -> usize {
            self.0.len()
        }
        fn advance(&mut self, count: usize) {
            self.0.advance(count);
        }
        fn release(&mut self) {}
        fn refill(&mut self) -> std::io::Result<()> {
            Ok(())
        }
        fn is_wanted(&self) -> bool {
            true
        }
    }

    #[test]
    fn sources_take_the_places_of_their_bytes_and_nothing_else_changes() {
        let records = [vec![1; 5000], vec![2; 10], vec![], vec![3; 1024]].map(Bytes::from);
        let data = |bytes: &Bytes| PartitionData::default().with_records(Some(bytes.clone()));
        let topic = FetchableTopicResponse::default().with_partitions(records.iter().map(data).collect());
        let body = FetchResponse::default().with_responses(vec![topic]);
        let encode = || Answer::encode(1, true, &body, 12, records.iter().cloned()).unwrap();
        let sources = records.iter().map(|bytes| Box::new(Kept(bytes.clone())) as Box<dyn Source>);
        let answer = encode().with_sources(sources);
        assert_eq!(answer.size_bytes(), encode().size_bytes());
        let chunks = answer.into_chunks();
        let wanted: Vec<usize> = chunks.iter().filter(|chunk| chunk.is_wanted()).map(Chunk::remaining).collect();
        assert_eq!(wanted, [5000, 1024], "the small ones were copied");
        assert_eq!(chunks.concat(), encode().into_chunks().concat());
    }

    #[test]
    fn a_value_that_the_version_cannot_say_is_an_error() {
        let body = HeartbeatResponse::default();
        assert!(Answer::encode(1, false, &body, 99, []).is_err());
    }
}
