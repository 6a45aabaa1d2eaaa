//! Sockets.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// The network: the operating system's TCP.
#[derive(Clone, Copy, Debug, Default)]
pub struct Net;

/// What a listener is asked for beyond its address. Sizes are in bytes, -1 for the system's own.
#[derive(Clone, Copy, Debug)]
pub struct ListenOptions {
    /// `socket.listen.backlog.size`.
    pub backlog: i32,
    /// `socket.send.buffer.bytes`.
    pub send_buffer: i32,
    /// `socket.receive.buffer.bytes`.
    pub receive_buffer: i32,
}

impl Net {
    /// Listens on `host` and `port`; an empty host is every address, port 0 any free one.
    ///
    /// # Errors
    /// As the operating system gives them, with the address in the text.
    pub async fn listen(&self, host: &str, port: u16, options: ListenOptions) -> io::Result<Listener> {
        let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
        for address in resolve(host, port).await? {
            match bind(address, options) {
                Ok(listener) => return Ok(Listener { inner: listener, options }),
                Err(error) => last = error,
            }
        }
        Err(io::Error::new(last.kind(), format!("{host}:{port}: {last}")))
    }
}

async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if host.is_empty() {
        // Both families by one socket where the system has IPv6, else IPv4 alone.
        return Ok(vec![SocketAddr::from(([0u16; 8], port)), SocketAddr::from(([0u8; 4], port))]);
    }
    let found = tokio::net::lookup_host((host, port)).await;
    Ok(found.map_err(|error| io::Error::new(error.kind(), format!("{host}:{port}: {error}")))?.collect())
}

fn bind(address: SocketAddr, options: ListenOptions) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    if let Ok(bytes @ 1..) = usize::try_from(options.receive_buffer) {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(&address.into())?;
    socket.listen(options.backlog.max(1))?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// A socket that accepts connections.
pub struct Listener {
    inner: TcpListener,
    options: ListenOptions,
}

impl Listener {
    /// The address it really listens on.
    ///
    /// # Errors
    /// As the operating system gives them.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    /// Hands the socket to a library that drives it itself (the admin HTTP port).
    pub fn into_tokio(self) -> TcpListener {
        self.inner
    }

    /// Waits for the next connection. It has no delay (Nagle off) and keep-alive on.
    ///
    /// # Errors
    /// As the operating system gives them, among them that there is no file descriptor left: the caller backs off.
    pub async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        let (stream, peer) = self.inner.accept().await?;
        stream.set_nodelay(true)?;
        let socket = socket2::SockRef::from(&stream);
        socket.set_keepalive(true)?;
        if let Ok(bytes @ 1..) = usize::try_from(self.options.send_buffer) {
            socket.set_send_buffer_size(bytes)?;
        }
        Ok((Stream(stream), peer))
    }
}

/// A connection.
pub struct Stream(TcpStream);

impl Stream {
    /// Our side's address.
    ///
    /// # Errors
    /// As the operating system gives them.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// Waits until there is something to read, or the other side has closed.
    ///
    /// # Errors
    /// As the operating system gives them.
    pub async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}
