//! Fields of a body in the flexible layout (KIP-482), for the few versions of messages that `kafka-protocol` lacks.
//!
//! Nothing is reserved by a length that the data names: a list grows as its elements are read, and a length that the
//! bytes behind it cannot hold is refused at once, as Kafka's generated readers refuse it.
//!
//! ```text
//!   string, list:  unsigned varint of length + 1, 0 for null | bytes or elements
//!   struct:        its fields | tagged fields
//! ```

use bytes::{Buf, Bytes};
use kafka_protocol::protocol::StrBytes;

use crate::varint::{read_unsigned, skip_tagged_fields};

/// Why a body could not be read. The connection is closed (N6).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// The bytes end before the body does, or a length reaches past their end.
    #[error("the body is cut short")]
    Short,
    /// A variable-length integer has more than 32 bits, or the tagged fields do not parse.
    #[error("the body's lengths or tagged fields are malformed")]
    Malformed,
    /// A field that must be there is null.
    #[error("a field that must not be null is null")]
    Null,
    /// A string is longer than Kafka allows, which is 32767 bytes.
    #[error("a string has {0} bytes")]
    LongString(usize),
    /// What `kafka-protocol` said of a body that it was given.
    #[error("{0}")]
    Codec(String),
}

/// Reads the fields of a body in their order.
pub struct BodyReader<'a> {
    rest: &'a mut Bytes,
}

impl<'a> BodyReader<'a> {
    /// Reads from the beginning of `body`, and leaves it behind what was read.
    pub fn new(body: &'a mut Bytes) -> BodyReader<'a> {
        BodyReader { rest: body }
    }

    /// An int32.
    ///
    /// # Errors
    /// Where the body ends.
    pub fn i32(&mut self) -> Result<i32, BodyFault> {
        self.rest.try_get_i32().map_err(|_| BodyFault::Short)
    }

    /// An int64.
    ///
    /// # Errors
    /// Where the body ends.
    pub fn i64(&mut self) -> Result<i64, BodyFault> {
        self.rest.try_get_i64().map_err(|_| BodyFault::Short)
    }

    /// A bool: every byte but zero is true, as in Java's reader.
    ///
    /// # Errors
    /// Where the body ends.
    pub fn bool(&mut self) -> Result<bool, BodyFault> {
        self.rest.try_get_u8().map(|byte| byte != 0).map_err(|_| BodyFault::Short)
    }

    /// The 16 bytes of a uuid.
    ///
    /// # Errors
    /// Where the body ends.
    pub fn uuid(&mut self) -> Result<[u8; 16], BodyFault> {
        let mut id = [0; 16];
        self.rest.try_copy_to_slice(&mut id).map_err(|_| BodyFault::Short)?;
        Ok(id)
    }

    /// A string. It shares memory with the body; bytes that are not UTF-8 are replaced, as Java does.
    ///
    /// # Errors
    /// If it is null, too long, or the body ends.
    pub fn string(&mut self) -> Result<StrBytes, BodyFault> {
        self.nullable_string()?.ok_or(BodyFault::Null)
    }

    /// A string that may be null. See [`BodyReader::string`].
    ///
    /// # Errors
    /// If it is too long, or the body ends.
    pub fn nullable_string(&mut self) -> Result<Option<StrBytes>, BodyFault> {
        let Some(length) = self.length()? else { return Ok(None) };
        if length > i16::MAX as usize {
            return Err(BodyFault::LongString(length));
        }
        if length > self.rest.len() {
            return Err(BodyFault::Short);
        }
        let bytes = self.rest.split_to(length);
        let text = StrBytes::from_utf8(bytes.clone())
            .unwrap_or_else(|_| StrBytes::from_string(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Some(text))
    }

    /// A list, whose elements `element` reads.
    ///
    /// # Errors
    /// If it is null, or an element does not parse.
    pub fn list<T>(&mut self, element: impl FnMut(&mut Self) -> Result<T, BodyFault>) -> Result<Vec<T>, BodyFault> {
        self.nullable_list(element)?.ok_or(BodyFault::Null)
    }

    /// A list that may be null. See [`BodyReader::list`].
    ///
    /// # Errors
    /// If an element does not parse.
    pub fn nullable_list<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, BodyFault>,
    ) -> Result<Option<Vec<T>>, BodyFault> {
        let Some(length) = self.length()? else { return Ok(None) };
        // Every element has one byte or more.
        if length > self.rest.len() {
            return Err(BodyFault::Short);
        }
        let mut list = Vec::new();
        for _ in 0..length {
            list.push(element(self)?);
        }
        Ok(Some(list))
    }

    /// Skips the tagged fields that end a struct.
    ///
    /// # Errors
    /// If they do not parse.
    pub fn tagged_fields(&mut self) -> Result<(), BodyFault> {
        skip_tagged_fields(self.rest).ok_or(BodyFault::Malformed)
    }

    fn length(&mut self) -> Result<Option<usize>, BodyFault> {
        let plus_one = read_unsigned(self.rest).ok_or(BodyFault::Malformed)?;
        Ok(plus_one.checked_sub(1).map(|length| length as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(bytes: &[u8]) -> Bytes {
        Bytes::copy_from_slice(bytes)
    }

    #[test]
    fn fields_are_read_in_their_order() {
        let mut bytes = body(
            &[
                &[0, 0, 1, 0][..],
                &[255; 8],
                &[7],
                &[3; 16],
                &[3, b'h', b'i'],
                &[0],
                &[3, 0, 0, 0, 4, 0, 0, 0, 5],
                &[0],
                &[1, 9, 2, 1, 1],
                b"rest",
            ]
            .concat(),
        );
        let mut reader = BodyReader::new(&mut bytes);
        assert_eq!(reader.i32(), Ok(256));
        assert_eq!(reader.i64(), Ok(-1));
        assert_eq!(reader.bool(), Ok(true));
        assert_eq!(reader.uuid(), Ok([3; 16]));
        assert_eq!(reader.string().as_deref(), Ok("hi"));
        assert_eq!(reader.nullable_string(), Ok(None));
        assert_eq!(reader.list(BodyReader::i32), Ok(vec![4, 5]));
        assert_eq!(reader.nullable_list(BodyReader::i32), Ok(None));
        reader.tagged_fields().unwrap();
        assert_eq!(bytes, "rest");
    }

    #[test]
    fn null_where_none_is_allowed_is_refused_n6() {
        assert_eq!(BodyReader::new(&mut body(&[0])).string(), Err(BodyFault::Null));
        assert_eq!(BodyReader::new(&mut body(&[0])).list(BodyReader::i32), Err(BodyFault::Null));
    }

    #[test]
    fn a_length_past_the_end_is_refused_before_an_element_is_read() {
        for length in [3, 4_096, i32::MAX as u32, u32::MAX] {
            let mut bytes = Vec::new();
            crate::varint::write_unsigned(&mut bytes, length);
            bytes.push(1);
            let list = BodyReader::new(&mut body(&bytes)).list(|_| -> Result<(), _> { panic!("read an element") });
            assert_eq!(list, Err(BodyFault::Short));
            assert!(BodyReader::new(&mut body(&bytes)).string().is_err());
        }
    }

    #[test]
    fn a_string_has_32767_bytes_at_most_and_bad_utf8_is_replaced() {
        let string = |length: usize, byte: u8| {
            let mut bytes = Vec::new();
            crate::varint::write_unsigned(&mut bytes, length as u32 + 1);
            bytes.resize(bytes.len() + length, byte);
            BodyReader::new(&mut body(&bytes)).string()
        };
        assert_eq!(string(32_767, b'x').unwrap().len(), 32_767);
        assert_eq!(string(32_768, b'x'), Err(BodyFault::LongString(32_768)));
        assert_eq!(string(2, 0xff).as_deref(), Ok("\u{fffd}\u{fffd}"));
    }

    #[test]
    fn numbers_that_are_cut_are_refused() {
        assert_eq!(BodyReader::new(&mut body(&[0; 3])).i32(), Err(BodyFault::Short));
        assert_eq!(BodyReader::new(&mut body(&[0; 7])).i64(), Err(BodyFault::Short));
        assert_eq!(BodyReader::new(&mut body(&[])).bool(), Err(BodyFault::Short));
        assert_eq!(BodyReader::new(&mut body(&[0; 15])).uuid(), Err(BodyFault::Short));
        assert_eq!(BodyReader::new(&mut body(&[0x80; 6])).string(), Err(BodyFault::Malformed));
        assert_eq!(BodyReader::new(&mut body(&[1, 0, 9])).tagged_fields(), Err(BodyFault::Malformed));
    }
}
