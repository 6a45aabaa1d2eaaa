//! One request in the hands of its handler.

use std::future::Future;

use bytes::Bytes;
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request};
use klamm_wire::{Answer, BodyFault, RequestHeader, Source};

use crate::reply::{Outcome, Reply};
use crate::services::Services;
use crate::session::Session;

/// What a handler may ask besides the request itself.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The rooms below.
    pub services: &'a Services,
    /// The connection.
    pub session: &'a Session,
    /// The request's header.
    pub header: &'a RequestHeader,
}

impl Call<'_> {
    /// The version in which the client wrote the request and reads the answer.
    pub fn version(&self) -> i16 {
        self.header.api_version
    }
}

/// The handler of one API: a file of its own implements it and opens with a card of what is served.
pub trait Handler: 'static {
    /// The request as `kafka-protocol` decodes it.
    type Request: Request<Response = Self::Response> + Decodable + Default + Send;
    /// The answer as `kafka-protocol` encodes it.
    type Response: Encodable + HeaderVersion + Default + Send;

    /// The highest version that `kafka-protocol` knows. A later version whose body is the same is decoded and encoded
    /// as this one; where the body differs, the handler implements [`Handler::decode`] or [`Handler::encode`].
    const CODEC_MAX: i16 = i16::MAX;

    /// Decides. Awaiting holds up the later requests of the same connection, as Kafka's muted channel does (N7).
    fn handle(call: Call<'_>, request: Self::Request) -> impl Future<Output = Reply<Self::Response>> + Send;

    /// The record bytes in an answer, in the order in which it holds them: they are shared with the socket, not copied.
    fn records(_response: &Self::Response) -> Vec<Bytes> {
        Vec::new()
    }

    /// Decodes a request's body and leaves `body` behind it.
    ///
    /// # Errors
    /// Where the bytes are not a body of this version. The connection is closed then.
    fn decode(body: &mut Bytes, version: i16) -> Result<Self::Request, BodyFault> {
        decode_by_codec(body, version.min(Self::CODEC_MAX))
    }

    /// Encodes an answer.
    ///
    /// # Errors
    /// Where the answer holds a value that the version cannot say: a bug of the handler.
    fn encode(header: &RequestHeader, response: &Self::Response) -> Result<Answer, klamm_wire::answer::EncodeFault> {
        let version = header.api_version.min(Self::CODEC_MAX);
        let flexible = <Self::Response as HeaderVersion>::header_version(version) > 0;
        Answer::encode(header.correlation_id, flexible, response, version, Self::records(response))
    }
}

/// Decodes a request as `kafka-protocol` does.
pub(crate) fn decode_by_codec<R: Decodable>(body: &mut Bytes, version: i16) -> Result<R, BodyFault> {
    R::decode(body, version).map_err(|error| BodyFault::Codec(error.to_string()))
}

/// Decodes, handles and encodes one request of `H`. Bytes behind the body are ignored, as Kafka ignores them (N3).
pub(crate) async fn serve<H: Handler>(call: Call<'_>, mut body: Bytes) -> Outcome {
    let request = match H::decode(&mut body, call.version()) {
        Ok(request) => request,
        Err(error) => return Outcome::Close(format!("the body does not parse: {error}")),
    };
    // A request that waits for something must not hold its frame: what stands behind the body may be much.
    drop(body);
    match H::handle(call, request).await {
        Reply::Now(response) => encoded::<H>(call, &response, Vec::new()),
        Reply::Streamed(response, sources) => encoded::<H>(call, &response, sources),
        Reply::Nothing => Outcome::Nothing,
        Reply::Close(reason) => Outcome::Close(reason.to_owned()),
    }
}

fn encoded<H: Handler>(call: Call<'_>, response: &H::Response, sources: Vec<Box<dyn Source>>) -> Outcome {
    match H::encode(call.header, response) {
        Ok(answer) => Outcome::Answer(answer.with_sources(sources)),
        Err(error) => {
            tracing::error!(api_key = call.header.api_key, %error, "a handler set a field its version lacks");
            Outcome::Close(error.to_string())
        }
    }
}
