//! Kafka's primitive field types, read with every length checked, and written.
//!
//! Records come from disk, so a length is only believed after the bytes are seen. The classic layout has 2-byte text
//! lengths and 4-byte lengths elsewhere; the flexible one (KIP-482) has unsigned varints of length plus one, and
//! tagged fields at the end of each struct.

use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::Error;

/// The longest text that a record can carry, in bytes.
pub const TEXT_MAX: usize = i16::MAX as usize;

/// Reads fields from a record's key or value.
pub struct Reader {
    rest: Bytes,
    flexible: bool,
}

impl Reader {
    /// Reads `bytes` from their beginning, in the classic layout.
    pub fn new(bytes: Bytes) -> Reader {
        Reader { rest: bytes, flexible: false }
    }

    /// Reads on in the flexible layout.
    pub fn flexible(&mut self) {
        self.flexible = true;
    }

    /// The bytes that are left.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Reads an i16.
    pub fn i16(&mut self, what: &'static str) -> Result<i16, Error> {
        self.rest.try_get_i16().map_err(|_| Error::Truncated(what))
    }

    /// Reads an i32.
    pub fn i32(&mut self, what: &'static str) -> Result<i32, Error> {
        self.rest.try_get_i32().map_err(|_| Error::Truncated(what))
    }

    /// Reads an i64.
    pub fn i64(&mut self, what: &'static str) -> Result<i64, Error> {
        self.rest.try_get_i64().map_err(|_| Error::Truncated(what))
    }

    /// Reads an unsigned varint of at most 32 bits.
    pub fn uvarint(&mut self, what: &'static str) -> Result<u32, Error> {
        let mut value = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.rest.try_get_u8().map_err(|_| Error::Truncated(what))?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(value).map_err(|_| Error::Length(what, i64::MAX));
            }
        }
        Err(Error::Length(what, i64::MAX))
    }

    /// Reads text that may be null.
    pub fn nullable_text(&mut self, what: &'static str) -> Result<Option<Arc<str>>, Error> {
        let length = if self.flexible { i64::from(self.uvarint(what)?) - 1 } else { i64::from(self.i16(what)?) };
        if length < 0 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| Error::Length(what, length))?;
        if length > TEXT_MAX {
            return Err(Error::Length(what, length as i64));
        }
        let bytes = self.take(length, what)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Error::Text(what))?;
        Ok(Some(text.into()))
    }

    /// Reads text that must be there.
    pub fn text(&mut self, what: &'static str) -> Result<Arc<str>, Error> {
        self.nullable_text(what)?.ok_or(Error::Length(what, -1))
    }

    /// Reads bytes that must be there. They share memory with the record.
    pub fn bytes(&mut self, what: &'static str) -> Result<Bytes, Error> {
        let length = self.length(what)?;
        self.take(length, what)
    }

    /// Reads the number of elements of a list, which can be no more than there are bytes left.
    pub fn length(&mut self, what: &'static str) -> Result<usize, Error> {
        let length = if self.flexible { i64::from(self.uvarint(what)?) - 1 } else { i64::from(self.i32(what)?) };
        match usize::try_from(length) {
            Ok(length) if length <= self.rest.len() => Ok(length),
            Ok(_) => Err(Error::Truncated(what)),
            Err(_) => Err(Error::Length(what, length)),
        }
    }

    /// Reads the tagged fields at the end of a flexible struct and gives each one's tag and bytes to `field`.
    pub fn tagged(&mut self, mut field: impl FnMut(u32, Bytes) -> Result<(), Error>) -> Result<(), Error> {
        if !self.flexible {
            return Ok(());
        }
        for _ in 0..self.uvarint("number of tagged fields")? {
            let tag = self.uvarint("tag")?;
            let size = self.uvarint("size of a tagged field")? as usize;
            let bytes = self.take(size, "tagged field")?;
            field(tag, bytes)?;
        }
        Ok(())
    }

    /// Says that all was read.
    pub fn end(self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::Trailing(self.rest.len())) }
    }

    fn take(&mut self, length: usize, what: &'static str) -> Result<Bytes, Error> {
        if length > self.rest.len() {
            return Err(Error::Truncated(what));
        }
        Ok(self.rest.split_to(length))
    }
}

/// Writes fields of a record's key or value.
#[derive(Default)]
pub struct Writer {
    out: BytesMut,
    flexible: bool,
}

impl Writer {
    /// Writes on in the flexible layout.
    pub fn flexible(&mut self) {
        self.flexible = true;
    }

    /// Writes an i16.
    pub fn i16(&mut self, value: i16) {
        self.out.put_i16(value);
    }

    /// Writes an i32.
    pub fn i32(&mut self, value: i32) {
        self.out.put_i32(value);
    }

    /// Writes an i64.
    pub fn i64(&mut self, value: i64) {
        self.out.put_i64(value);
    }

    /// Writes an unsigned varint.
    pub fn uvarint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.out.put_u8((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.out.put_u8(value as u8);
    }

    /// Writes text.
    ///
    /// # Panics
    /// If it is longer than [`TEXT_MAX`]: such text is refused before it comes here.
    pub fn text(&mut self, text: &str) {
        let length = i16::try_from(text.len()).expect("long text is refused at the door");
        if self.flexible {
            self.uvarint(length as u32 + 1);
        } else {
            self.out.put_i16(length);
        }
        self.out.put_slice(text.as_bytes());
    }

    /// Writes text that may be null; see [`Writer::text`].
    pub fn nullable_text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => self.text(text),
            None if self.flexible => self.uvarint(0),
            None => self.out.put_i16(-1),
        }
    }

    /// Writes bytes.
    ///
    /// # Panics
    /// If there are 2 GiB of them: no frame is that large.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.out.put_slice(bytes);
    }

    /// Writes the number of elements of a list.
    ///
    /// # Panics
    /// If there are 2^31 of them.
    pub fn length(&mut self, length: usize) {
        let length = i32::try_from(length).expect("a list fits the memory of a frame");
        if self.flexible {
            self.uvarint(length as u32 + 1);
        } else {
            self.out.put_i32(length);
        }
    }

    /// Writes bytes as they are.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.out.put_slice(bytes);
    }

    /// What was written.
    pub fn finish(self) -> Bytes {
        self.out.freeze()
    }
}
