//! Who is on a connection.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::unreached::{About, Held, Question, Unreached};

/// One connection, as its requests see it.
pub struct Session {
    /// The name of the listener that it came by.
    pub listener: Arc<str>,
    /// Our address, as the client reached it.
    pub local: SocketAddr,
    /// The client's address.
    pub peer: SocketAddr,
    software: Mutex<Option<(String, String)>>,
    /// True once the client has done more than to ask where things are.
    acted: AtomicBool,
    /// That it has asked, where that is watched; dropped with the connection.
    waiting: OnceLock<Held>,
    /// That it has come, where that is watched; dropped with the connection.
    here: OnceLock<Held>,
}

impl Session {
    /// A connection of which nothing is known but its addresses.
    pub fn new(listener: Arc<str>, local: SocketAddr, peer: SocketAddr) -> Session {
        Session {
            listener,
            local,
            peer,
            software: Mutex::new(None),
            acted: AtomicBool::new(false),
            waiting: OnceLock::new(),
            here: OnceLock::new(),
        }
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

    /// Notes that the client asked where something is and was told `host` and `port`.
    pub(crate) fn asked_where(&self, unreached: &Arc<Unreached>, client_id: &str, host: &str, port: u16, about: About) {
        if self.acted.load(Ordering::Relaxed) {
            return;
        }
        let software = self.software().map(|(name, _)| name);
        let (peer, reached) = (self.peer.ip(), self.local);
        let question = Question { peer, client_id, software: software.as_deref(), reached, host, port, about };
        if let Some(waiting) = unreached.asked(question, self.waiting.get().is_some()) {
            // The requests of a connection come one after the other, so the place is free.
            let _ = self.waiting.set(waiting);
        }
    }

    /// Notes that the client does something else than to ask where things are.
    pub(crate) fn acts(&self, unreached: &Arc<Unreached>, client_id: &str) {
        if !self.acted.load(Ordering::Relaxed) {
            self.acted.store(true, Ordering::Relaxed);
            if let Some(here) = unreached.came(self.peer.ip(), client_id, self.local.port()) {
                // Nobody else has been here: this is done once.
                let _ = self.here.set(here);
            }
        }
    }

    /// What the client calls its library and version, if it said.
    pub fn software(&self) -> Option<(String, String)> {
        self.software.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
