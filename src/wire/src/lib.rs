//! Kafka's framing: what stands around a message on a connection.
//!
//! Law: no behaviour and no sockets. A request's header is read here by hand, because it must be read even where the
//! body is of a version that nobody serves; bodies are `kafka-protocol`'s, and `body` reads the few versions that it
//! lacks. An answer is a list of chunks, so that
//! record bytes travel from the file to the socket without a copy.
//!
//! ```text
//!   request:   size:int32 | api_key:int16 | api_version:int16 | correlation_id:int32 | client_id:nullable string
//!              | tagged fields (flexible versions) | body
//!   answer:    size:int32 | correlation_id:int32 | tagged fields (flexible versions, never ApiVersions) | body
//! ```

pub mod answer;
pub mod body;
pub mod chunk;
pub mod gather;
pub mod header;
pub mod varint;

pub use answer::Answer;
pub use body::{BodyFault, BodyReader};
pub use chunk::{Chunk, Source};
pub use gather::Gather;
pub use header::{HeaderFault, RequestHeader};
