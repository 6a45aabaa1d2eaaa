//! Who is on a connection.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// One connection, as its requests see it.
#[derive(Debug)]
pub struct Session {
    /// The name of the listener that it came by.
    pub listener: Arc<str>,
    /// Our address, as the client reached it.
    pub local: SocketAddr,
    /// The client's address.
    pub peer: SocketAddr,
    software: Mutex<Option<(String, String)>>,
}

impl Session {
    /// A connection of which nothing is known but its addresses.
    pub fn new(listener: Arc<str>, local: SocketAddr, peer: SocketAddr) -> Session {
        Session { listener, local, peer, software: Mutex::new(None) }
    }

    /// The client's host as Java prints an `InetAddress` without a name: `/127.0.0.1`. An IPv4 client on a socket of
    /// both families is shown as IPv4.
    pub fn client_host(&self) -> String {
        format!("/{}", self.peer.ip().to_canonical())
    }

    /// Notes what the client calls its library and version (ApiVersions 3 and later).
    pub fn set_software(&self, name: &str, version: &str) {
        *self.software.lock().unwrap_or_else(PoisonError::into_inner) = Some((name.to_owned(), version.to_owned()));
    }

    /// What the client calls its library and version, if it said.
    pub fn software(&self) -> Option<(String, String)> {
        self.software.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
