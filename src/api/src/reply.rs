//! What a handler decided, and what leaves for the socket.

use klamm_wire::{Answer, Source};

/// What a handler decided.
#[derive(Debug)]
pub enum Reply<R> {
    /// This answer.
    Now(R),
    /// This answer, whose record bytes these sources hold, in its order.
    Streamed(R, Vec<Box<dyn Source>>),
    /// No answer at all: produce with acks=0.
    Nothing,
    /// Close the connection, for the reason given: the way Kafka refuses what has no error answer.
    Close(&'static str),
}

/// What the connection does next.
#[derive(Debug)]
pub enum Outcome {
    /// Writes this.
    Answer(Answer),
    /// Goes on with the next request.
    Nothing,
    /// Closes, for the reason given.
    Close(String),
}
