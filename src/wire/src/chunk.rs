//! The pieces of an answer.

use std::borrow::Borrow;
use std::fmt::Debug;
use std::io;

use bytes::{Buf, Bytes};

/// Bytes that can be read again from where they came, so that a client that does not read its answer does not keep
/// them in memory (N11). Their number is known from the beginning and never changes.
pub trait Source: Debug + Send + Sync {
    /// What is in memory, from the first byte that is not written yet.
    fn ready(&self) -> &[u8];

    /// How many bytes are not written yet, in memory or not.
    fn remaining(&self) -> usize;

    /// Passes over `count` bytes of what is in memory.
    fn advance(&mut self, count: usize);

    /// Gives the memory back.
    fn release(&mut self);

    /// Reads on if nothing is in memory but something remains.
    ///
    /// # Errors
    /// If the bytes are gone; then the answer cannot be finished.
    fn refill(&mut self) -> io::Result<()>;

    /// True while others wait for memory that this one holds.
    fn is_wanted(&self) -> bool;
}

/// A piece of an answer.
#[derive(Debug)]
pub enum Chunk {
    /// Bytes in memory.
    Bytes(Bytes),
    /// Bytes that may leave memory before they are written.
    Source(Box<dyn Source>),
}

impl Chunk {
    /// What is in memory, from the first byte that is not written yet.
    pub fn ready(&self) -> &[u8] {
        match self {
            Chunk::Bytes(bytes) => bytes,
            Chunk::Source(source) => source.ready(),
        }
    }

    /// How many bytes are not written yet.
    pub fn remaining(&self) -> usize {
        match self {
            Chunk::Bytes(bytes) => bytes.len(),
            Chunk::Source(source) => source.remaining(),
        }
    }

    /// Passes over `count` bytes of what is in memory.
    pub fn advance(&mut self, count: usize) {
        match self {
            Chunk::Bytes(bytes) => bytes.advance(count),
            Chunk::Source(source) => source.advance(count),
        }
    }

    /// Gives back what memory can be given back.
    pub fn release(&mut self) {
        if let Chunk::Source(source) = self {
            source.release();
        }
    }

    /// Reads on if nothing is in memory but something remains.
    ///
    /// # Errors
    /// If the bytes are gone.
    pub fn refill(&mut self) -> io::Result<()> {
        match self {
            Chunk::Source(source) if source.ready().is_empty() => source.refill(),
            _ => Ok(()),
        }
    }

    /// True while others wait for memory that this one could give back.
    pub fn is_wanted(&self) -> bool {
        matches!(self, Chunk::Source(source) if source.is_wanted())
    }
}

impl Borrow<[u8]> for Chunk {
    fn borrow(&self) -> &[u8] {
        self.ready()
    }
}
