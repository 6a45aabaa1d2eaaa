//! An encode target that keeps large byte fields as shared slices instead of copying them.

use bytes::buf::UninitSlice;
use bytes::{BufMut, Bytes, BytesMut};
use kafka_protocol::protocol::buf::ByteBufMut;

/// Collects an encoded message as chunks. A byte field that was announced by [`Gather::expect`] becomes a chunk of its
/// own, shared with its owner; everything else is written into small buffers between them.
pub struct Gather {
    head: BytesMut,
    /// Announced fields, in the order in which the encoder will write them.
    expected: std::vec::IntoIter<Bytes>,
    next: Option<Bytes>,
    /// Where in `head` a shared chunk belongs, and the chunk.
    shared: Vec<(usize, Bytes)>,
}

/// A field shorter than this is copied: a chunk of its own costs more than the copy.
pub(crate) const SHARE_FROM_BYTES: usize = 1024;

impl Gather {
    /// An empty target with room for `capacity` bytes beside the shared ones.
    pub fn with_capacity(capacity: usize) -> Gather {
        Gather {
            head: BytesMut::with_capacity(capacity),
            expected: Vec::new().into_iter(),
            next: None,
            shared: Vec::new(),
        }
    }

    /// Announces the byte fields that the encoder is going to write, in its order. Only those of some size matter;
    /// others may be left out.
    pub fn expect(&mut self, fields: impl IntoIterator<Item = Bytes>) {
        let large: Vec<Bytes> = fields.into_iter().filter(|field| field.len() >= SHARE_FROM_BYTES).collect();
        self.expected = large.into_iter();
        self.next = self.expected.next();
    }

    /// How many bytes were written, shared ones included.
    pub fn len(&self) -> usize {
        self.head.len() + self.shared.iter().map(|(_, chunk)| chunk.len()).sum::<usize>()
    }

    /// True if nothing was written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The small bytes written so far, to fill in a length at the front.
    pub fn head_mut(&mut self) -> &mut [u8] {
        &mut self.head
    }

    /// The chunks, in order, none empty.
    pub fn into_chunks(mut self) -> Vec<Bytes> {
        let mut chunks = Vec::with_capacity(self.shared.len() * 2 + 1);
        let mut taken = 0;
        for (at, chunk) in self.shared {
            let before = self.head.split_to(at - taken).freeze();
            taken = at;
            chunks.extend([before, chunk].into_iter().filter(|bytes| !bytes.is_empty()));
        }
        if !self.head.is_empty() {
            chunks.push(self.head.freeze());
        }
        chunks
    }
}

// SAFETY: `chunk_mut` and `advance_mut` are those of `BytesMut`, unchanged, so that their contract holds as it does
// there. `put_slice` either forwards to it or writes nothing into `head` at all.
#[allow(unsafe_code, reason = "BufMut is an unsafe trait; every unsafe part is BytesMut's own")]
unsafe impl BufMut for Gather {
    fn remaining_mut(&self) -> usize {
        self.head.remaining_mut()
    }

    unsafe fn advance_mut(&mut self, count: usize) {
        // SAFETY: the caller's promise, passed on.
        unsafe { self.head.advance_mut(count) }
    }

    fn chunk_mut(&mut self) -> &mut UninitSlice {
        self.head.chunk_mut()
    }

    fn put_slice(&mut self, bytes: &[u8]) {
        let announced = |field: &mut Bytes| field.as_ptr() == bytes.as_ptr() && field.len() == bytes.len();
        match self.next.take_if(announced) {
            Some(field) => {
                self.shared.push((self.head.len(), field));
                self.next = self.expected.next();
            }
            None => self.head.extend_from_slice(bytes),
        }
    }
}

/// Offsets are those of the small bytes alone: the encoder uses them only to come back to a gap that it left there.
impl ByteBufMut for Gather {
    fn offset(&self) -> usize {
        self.head.len()
    }

    fn seek(&mut self, offset: usize) {
        self.head.resize(offset, 0);
    }

    fn range(&mut self, range: std::ops::Range<usize>) -> &mut [u8] {
        &mut self.head[range]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kafka_protocol::messages::FetchResponse;
    use kafka_protocol::messages::fetch_response::{FetchableTopicResponse, PartitionData};
    use kafka_protocol::protocol::Encodable;

    fn response(records: &[Bytes]) -> FetchResponse {
        let data = |bytes: &Bytes| PartitionData::default().with_records(Some(bytes.clone()));
        let topic = FetchableTopicResponse::default().with_partitions(records.iter().map(data).collect());
        FetchResponse::default().with_responses(vec![topic])
    }

    #[test]
    fn the_chunks_together_are_what_a_plain_buffer_would_hold() {
        let records =
            [Bytes::from(vec![1; 5000]), Bytes::from_static(b"tiny"), Bytes::new(), Bytes::from(vec![2; 1024])];
        for version in 4..=18 {
            let message = response(&records);
            let mut plain = BytesMut::new();
            message.encode(&mut plain, version).unwrap();
            let mut gather = Gather::with_capacity(64);
            gather.expect(records.iter().cloned());
            message.encode(&mut gather, version).unwrap();
            assert_eq!(gather.len(), plain.len());
            assert_eq!(gather.into_chunks().concat(), plain, "version {version}");
        }
    }

    #[test]
    fn not_one_record_byte_is_copied() {
        let records = [Bytes::from(vec![1; 5000]), Bytes::from(vec![2; 4096])];
        let mut gather = Gather::with_capacity(64);
        gather.expect(records.iter().cloned());
        response(&records).encode(&mut gather, 12).unwrap();
        let chunks = gather.into_chunks();
        for record in &records {
            assert!(chunks.iter().any(|chunk| chunk.as_ptr() == record.as_ptr() && chunk.len() == record.len()));
        }
        let copied: usize = chunks.iter().filter(|chunk| chunk.len() < 1024).map(Bytes::len).sum();
        assert!(copied < 200, "{copied}");
    }
}
