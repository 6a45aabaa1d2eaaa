//! Sockets.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::Socket;
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
    /// Takes `host` and `port` without listening yet: a client is refused until [`Reserved::listen`]. An empty host is
    /// every address, port 0 any free one.
    ///
    /// # Errors
    /// As the operating system gives them, with the address in the text; `AddrInUse` if somebody listens there.
    pub async fn reserve(&self, host: &str, port: u16, options: ListenOptions) -> io::Result<Reserved> {
        let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, "the host has no address");
        for address in resolve(host, port).await? {
            match bind(address, options) {
                Ok(socket) => return Ok(Reserved { socket, options }),
                Err(error) => last = error,
            }
        }
        Err(io::Error::new(last.kind(), format!("{host}:{port}: {last}")))
    }

    /// Listens on `host` and `port` at once: [`Net::reserve`] and [`Reserved::listen`].
    ///
    /// # Errors
    /// As those.
    pub async fn listen(&self, host: &str, port: u16, options: ListenOptions) -> io::Result<Listener> {
        self.reserve(host, port, options).await?.listen()
    }
}

impl Net {
    /// Connects to `host` and `port`, to each of the host's addresses in turn. The connection has no delay (Nagle off).
    ///
    /// # Errors
    /// If the host cannot be resolved, or as the operating system gives them for the last address. Nothing here ends a
    /// wait; the caller has the deadline.
    pub async fn connect(&self, host: &str, port: u16) -> io::Result<Stream> {
        let mut last = io::Error::new(io::ErrorKind::AddrNotAvailable, format!("{host} has no address"));
        for address in tokio::net::lookup_host((host, port)).await? {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    return Ok(Stream(stream));
                }
                Err(error) => last = error,
            }
        }
        Err(last)
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

fn bind(address: SocketAddr, options: ListenOptions) -> io::Result<Socket> {
    let socket = Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    socket.set_reuse_address(true)?;
    if let Ok(bytes @ 1..) = usize::try_from(options.receive_buffer) {
        socket.set_recv_buffer_size(bytes)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// An address that is ours, on which nobody listens yet.
pub struct Reserved {
    socket: Socket,
    options: ListenOptions,
}

impl Reserved {
    /// The address, with the port that was given for port 0.
    ///
    /// # Errors
    /// As the operating system gives them.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()?.as_socket().ok_or_else(|| io::Error::other("a socket of no IP family"))
    }

    /// Listens: from now on a client can connect.
    ///
    /// # Errors
    /// As the operating system gives them; `AddrInUse` if somebody was quicker.
    pub fn listen(self) -> io::Result<Listener> {
        self.socket.listen(self.options.backlog.max(1))?;
        self.socket.set_nonblocking(true)?;
        Ok(Listener { inner: TcpListener::from_std(self.socket.into())?, options: self.options })
    }
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

    /// The other side's address.
    ///
    /// # Errors
    /// As the operating system gives them.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
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
