//! One connection to a broker.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use kafka_protocol::messages::{ApiVersionsRequest, ApiVersionsResponse, RequestHeader};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use klamm_base::ErrorCode;
use klamm_env::{Env, Stream};
use klamm_wire::varint::skip_tagged_fields;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::address::Address;
use crate::error::Error;
use crate::versions::{Versions, api_name};

/// The newest version of ApiVersions that is asked for; the answer tells what the rest may use.
const API_VERSIONS_VERSION: i16 = 3;

/// An answer above this is not believed: brokers bound what they send far below.
const MAX_ANSWER_BYTES: usize = 512 * 1024 * 1024;

/// A connection to a broker. Calls may overlap: they leave in the order in which they were made, and each waits for its
/// own answer. The socket closes when the value is dropped.
pub struct Connection {
    address: Address,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    client_id: StrBytes,
    writer: tokio::sync::Mutex<Writer>,
    waiting: Arc<Mutex<Waiting>>,
    versions: Versions,
    reader: JoinHandle<()>,
}

struct Writer {
    half: WriteHalf<Stream>,
    next_correlation_id: i32,
}

/// Who waits for an answer; the owner of it is the connection's reader.
#[derive(Default)]
struct Waiting {
    answers: BTreeMap<i32, oneshot::Sender<Bytes>>,
    /// Why nothing comes any more.
    lost: Option<String>,
}

impl Connection {
    /// Connects, and asks the broker what it serves.
    ///
    /// # Errors
    /// [`Error::Connect`] if nobody answers within `patience`; [`Error::Lost`] and [`Error::Unreadable`] if what
    /// answers is no broker.
    pub async fn open(env: &Env, address: &Address, client_id: &str, patience: Duration) -> Result<Connection, Error> {
        let late = || io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
        let stream =
            timeout(patience, env.net.connect(&address.host, address.port)).await.unwrap_or_else(|_| Err(late()));
        let stream = stream.map_err(|problem| Error::connect(address, &problem))?;
        let (local, remote) = (stream.local_addr().ok(), stream.peer_addr().ok());
        let (read_half, half) = tokio::io::split(stream);
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let mut connection = Connection {
            address: address.clone(),
            local,
            remote,
            client_id: StrBytes::from_string(client_id.to_owned()),
            writer: tokio::sync::Mutex::new(Writer { half, next_correlation_id: 0 }),
            waiting: waiting.clone(),
            versions: Versions::new(ApiVersionsResponse::default()),
            reader: env.tasks.spawn(read_answers(read_half, waiting)),
        };
        let asked = timeout(patience, connection.ask_versions()).await;
        connection.versions = Versions::new(asked.unwrap_or_else(|_| Err(Error::connect(address, &late())))?);
        Ok(connection)
    }

    /// The address that it was opened with.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Our end, if the system told.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.local
    }

    /// Their end, if the system told.
    pub fn remote_addr(&self) -> Option<SocketAddr> {
        self.remote
    }

    /// What the broker serves.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// True while nothing has gone wrong with it.
    pub fn is_open(&self) -> bool {
        self.waiting().lost.is_none()
    }

    /// Sends a request in the highest version that both sides know, and waits for its answer.
    ///
    /// # Errors
    /// As [`Connection::call_at`], and [`Error::Unsupported`].
    pub async fn call<R: Request>(&self, request: &R, patience: Duration) -> Result<R::Response, Error> {
        self.call_at(self.versions.highest::<R>()?, request, patience).await
    }

    /// Sends a request in this version and waits for its answer for up to `patience`. Dropping the future gives up the
    /// answer, not the request; where that is not yet written to its end, the connection is lost.
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::Lost`], [`Error::TimedOut`] or [`Error::Unreadable`].
    pub async fn call_at<R: Request>(
        &self,
        version: i16,
        request: &R,
        patience: Duration,
    ) -> Result<R::Response, Error> {
        let late = || Error::TimedOut { call: api_name(R::KEY), attempts: 1 };
        let answered = async {
            let answer = self.submit_at(version, request).await?;
            answer.await
        };
        timeout(patience, answered).await.map_err(|_| late())?
    }

    /// Sends a request and returns what waits for its answer: whoever sends several in a row keeps the pipe full.
    ///
    /// # Errors
    /// [`Error::Unwritable`] or [`Error::Lost`]; the future gives [`Error::Lost`] or [`Error::Unreadable`].
    pub async fn submit_at<R: Request>(
        &self,
        version: i16,
        request: &R,
    ) -> Result<impl Future<Output = Result<R::Response, Error>> + use<'_, R>, Error> {
        let (sender, receiver) = oneshot::channel();
        self.write(version, request, Some(sender)).await?;
        Ok(async move {
            let frame = receiver.await.map_err(|_| self.loss())?;
            read_answer::<R>(frame, version).map_err(|problem| self.unreadable::<R>(problem))
        })
    }

    /// Sends a request that is never answered: a produce with `acks=0`.
    ///
    /// # Errors
    /// [`Error::Unwritable`] or [`Error::Lost`].
    pub async fn send_at<R: Request>(&self, version: i16, request: &R) -> Result<(), Error> {
        self.write(version, request, None).await
    }

    async fn write<R: Request>(
        &self,
        version: i16,
        request: &R,
        answer: Option<oneshot::Sender<Bytes>>,
    ) -> Result<(), Error> {
        let mut writer = self.writer.lock().await;
        let id = writer.next_correlation_id;
        let frame = write_request(version, request, id, &self.client_id).map_err(Error::Unwritable)?;
        writer.next_correlation_id = id.wrapping_add(1) & i32::MAX;
        if let Some(answer) = answer {
            let mut waiting = self.waiting();
            if waiting.lost.is_none() {
                waiting.answers.insert(id, answer);
            }
        }
        if !self.is_open() {
            return Err(self.loss());
        }
        let torn = Torn(&self.waiting);
        let written = writer.half.write_all(&frame).await;
        std::mem::forget(torn);
        written.map_err(|problem| {
            self.waiting().lose(&problem.to_string());
            self.loss()
        })
    }

    async fn ask_versions(&self) -> Result<ApiVersionsResponse, Error> {
        let named = StrBytes::from_static_str("klamm");
        let version = StrBytes::from_static_str(env!("CARGO_PKG_VERSION"));
        let newest =
            ApiVersionsRequest::default().with_client_software_name(named).with_client_software_version(version);
        let (sender, receiver) = oneshot::channel();
        self.write(API_VERSIONS_VERSION, &newest, Some(sender)).await?;
        let frame = receiver.await.map_err(|_| self.loss())?;
        // A broker that does not know the version says so in version 0, which every one knows (KIP-511).
        let code = frame.get(4..6).map_or(0, |mut code| code.get_i16());
        let answer = if code == ErrorCode::UnsupportedVersion.code() {
            self.call_at(0, &ApiVersionsRequest::default(), Duration::MAX).await?
        } else {
            read_answer::<ApiVersionsRequest>(frame, API_VERSIONS_VERSION)
                .map_err(|problem| self.unreadable::<ApiVersionsRequest>(problem))?
        };
        match answer.error_code {
            0 => Ok(answer),
            code => Err(Error::refused(code, None)),
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn loss(&self) -> Error {
        Error::lost(&self.address, self.waiting().lost.as_deref().unwrap_or("closed"))
    }

    fn unreadable<R: Request>(&self, problem: String) -> Error {
        Error::Unreadable { address: self.address.clone(), api: api_name(R::KEY), problem }
    }
}

/// Dropped where a request was given up half written: what would be sent behind it would be read as its rest.
struct Torn<'a>(&'a Mutex<Waiting>);

impl Drop for Torn<'_> {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lose("a request was given up half written");
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Waiting {
    /// Nothing comes any more; whoever waits hears of it.
    fn lose(&mut self, why: &str) {
        self.lost.get_or_insert_with(|| why.to_owned());
        self.answers.clear();
    }
}

fn write_request<R: Request>(version: i16, request: &R, id: i32, client_id: &StrBytes) -> Result<BytesMut, String> {
    let header = RequestHeader::default()
        .with_request_api_key(R::KEY)
        .with_request_api_version(version)
        .with_correlation_id(id)
        .with_client_id(Some(client_id.clone()));
    let mut frame = BytesMut::new();
    frame.put_i32(0);
    header.encode(&mut frame, R::header_version(version)).map_err(|error| error.to_string())?;
    request.encode(&mut frame, version).map_err(|error| error.to_string())?;
    let size = i32::try_from(frame.len() - 4).map_err(|_| "the request is larger than a frame can be".to_owned())?;
    frame[..4].copy_from_slice(&size.to_be_bytes());
    Ok(frame)
}

/// Reads an answer behind its size: correlation id, tagged fields where the version has them, the message.
fn read_answer<R: Request>(mut frame: Bytes, version: i16) -> Result<R::Response, String> {
    frame.advance(4);
    if <R::Response as HeaderVersion>::header_version(version) >= 1 {
        skip_tagged_fields(&mut frame).ok_or("the header's tagged fields are malformed")?;
    }
    R::Response::decode(&mut frame, version).map_err(|error| error.to_string())
}

/// Hands each answer to who waits for it, until the connection ends.
async fn read_answers(mut half: ReadHalf<Stream>, waiting: Arc<Mutex<Waiting>>) {
    let lock = || waiting.lock().unwrap_or_else(PoisonError::into_inner);
    let mut buffer = BytesMut::with_capacity(16 * 1024);
    loop {
        match next_frame(&mut half, &mut buffer).await {
            Ok(frame) => {
                let id = (&frame[..4]).get_i32();
                if let Some(answer) = lock().answers.remove(&id) {
                    // Whoever asked may have stopped waiting.
                    let _ = answer.send(frame);
                }
            }
            Err(problem) => return lock().lose(&problem.to_string()),
        }
    }
}

/// The next frame without its size; it has four bytes at least.
async fn next_frame(half: &mut ReadHalf<Stream>, buffer: &mut BytesMut) -> io::Result<Bytes> {
    fill(half, buffer, 4).await?;
    let size = buffer.get_i32();
    let size = usize::try_from(size).ok().filter(|size| (4..=MAX_ANSWER_BYTES).contains(size));
    let size =
        size.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a frame of a size that no answer has"))?;
    fill(half, buffer, size).await?;
    Ok(buffer.split_to(size).freeze())
}

/// Reads until `buffer` has `wanted` bytes. It grows as they come.
async fn fill(half: &mut ReadHalf<Stream>, buffer: &mut BytesMut, wanted: usize) -> io::Result<()> {
    while buffer.len() < wanted {
        buffer.reserve((wanted - buffer.len()).min(64 * 1024));
        if half.read_buf(buffer).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the broker closed the connection"));
        }
    }
    Ok(())
}
