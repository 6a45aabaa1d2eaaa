//! The few shapes that records are written in: varints, strings, ids, lists.
//!
//! Reading trusts no length: a list grows as its elements are read, so hostile bytes cost no more memory than they are
//! long, times the size of an element.

use std::sync::Arc;

use bytes::{Buf, BufMut};
use klamm_base::{NodeId, TopicId};

use crate::Error;

pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// A signed number, small in either direction.
pub(crate) fn put_zigzag(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub(crate) fn put_str(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.put_slice(text.as_bytes());
}

pub(crate) fn put_option(out: &mut Vec<u8>, text: Option<&str>) {
    out.put_u8(u8::from(text.is_some()));
    if let Some(text) = text {
        put_str(out, text);
    }
}

pub(crate) fn put_id(out: &mut Vec<u8>, id: TopicId) {
    out.put_slice(&id.0);
}

pub(crate) fn put_list<T>(out: &mut Vec<u8>, list: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    put_varint(out, list.len() as u64);
    for element in list {
        put(out, element);
    }
}

pub(crate) fn put_node(out: &mut Vec<u8>, node: &NodeId) {
    put_zigzag(out, i64::from(node.0));
}

/// Reads what the functions above write.
pub(crate) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn u8(&mut self) -> Result<u8, Error> {
        self.0.try_get_u8().map_err(|_| Error::CutShort)
    }

    pub fn bool(&mut self) -> Result<bool, Error> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::Bad("boolean")),
        }
    }

    pub fn varint(&mut self) -> Result<u64, Error> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(Error::Bad("varint"));
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Error::Bad("varint"))
    }

    pub fn zigzag(&mut self) -> Result<i64, Error> {
        let raw = self.varint()?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    pub fn i32(&mut self) -> Result<i32, Error> {
        i32::try_from(self.zigzag()?).map_err(|_| Error::Bad("32-bit number"))
    }

    pub fn node(&mut self) -> Result<NodeId, Error> {
        self.i32().map(NodeId)
    }

    pub fn slice(&mut self, len: u64) -> Result<&'a [u8], Error> {
        let len = usize::try_from(len).map_err(|_| Error::CutShort)?;
        let (head, tail) = self.0.split_at_checked(len).ok_or(Error::CutShort)?;
        self.0 = tail;
        Ok(head)
    }

    pub fn str(&mut self) -> Result<&'a str, Error> {
        let len = self.varint()?;
        std::str::from_utf8(self.slice(len)?).map_err(|_| Error::Bad("text"))
    }

    pub fn shared_str(&mut self) -> Result<Arc<str>, Error> {
        self.str().map(Arc::from)
    }

    pub fn option(&mut self) -> Result<Option<&'a str>, Error> {
        if self.bool()? { self.str().map(Some) } else { Ok(None) }
    }

    pub fn id(&mut self) -> Result<TopicId, Error> {
        let bytes = self.slice(16)?;
        bytes.try_into().map(TopicId).map_err(|_| Error::CutShort)
    }

    pub fn list<T>(&mut self, read: impl Fn(&mut Reader<'a>) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        let len = self.varint()?;
        let mut list = Vec::new();
        for _ in 0..len {
            list.push(read(self)?);
        }
        Ok(list)
    }

    pub fn end(&self) -> Result<(), Error> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Bad("length")) }
    }
}
