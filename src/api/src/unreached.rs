//! Clients that were sent to an address and never came.
//!
//! The most common fault of a setup is an advertised address that a client cannot reach. The broker sees the client's
//! first connection, by the bootstrap address, on which the client asks where a topic or a group's coordinator is; what
//! should follow is a request that does something, usually on another connection. If it does not, a line says so, once
//! for each client until it has been away for an hour.
//!
//! ```text
//!   asks where ──> waits ── does something, on any connection ──> is here while that connection is open
//!                    ├── has asked 3 times over 3 s: it comes back, or asks again ──> told
//!                    └── a Java client that has waited for 10 s ──> told
//! ```
//! One that asks about no topic or group is idle, unless it is Java's admin client; one that asks once and leaves is a
//! healthcheck: nothing is told of them. Neither is it where the advertised address is the one that was reached, nor of one
//! that is here, nor of one that asks again and again for topics that are not there: it has nothing else to do.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The most clients that are kept; more are not watched.
const CLIENTS_MAX: usize = 1000;
/// How much of a client's id is kept, in bytes.
const CLIENT_ID_MAX: usize = 100;
/// So many questions, over at least so long, are one client in trouble.
const QUESTIONS: u32 = 3;
const QUESTIONS_SPAN: Duration = Duration::from_secs(3);
/// Questions further apart than this have nothing to do with each other.
const QUESTIONS_APART: Duration = Duration::from_secs(60);
/// A Java client asks once and then holds the connection while it tries the advertised address.
const JAVA: &str = "apache-kafka-java";
const JAVA_SILENCE: Duration = Duration::from_secs(10);
/// What Java's admin clients call themselves, Kafka's tools among them. They ask about nothing first, as an idle producer
/// does, but go to a broker at once.
const ADMIN: &str = "adminclient-";
/// So long after its last connection one that was told of may be told of again.
const AWAY: Duration = Duration::from_secs(3600);
/// How often the silent ones are looked at.
const TICK: Duration = Duration::from_secs(2);

/// A client, as far as it can be told from others: its address, what it calls itself, the port that it reached.
type Key = (IpAddr, String, u16);

/// The clients that wait. One for a broker.
#[derive(Default)]
pub struct Unreached(Mutex<BTreeMap<Key, Client>>);

struct Client {
    reached: SocketAddr,
    told: String,
    is_java: bool,
    questions: u32,
    /// When it asked the first of the questions that count, and the latest of them.
    first: Instant,
    counted: Instant,
    /// When it asked at all.
    last: Instant,
    /// How many connections are open on which it asked and did nothing.
    open: usize,
    /// How many connections are open by which it came.
    here: usize,
    warned: bool,
}

/// A connection of a client that is watched; its end is noted when this is dropped.
pub struct Held {
    all: Arc<Unreached>,
    key: Key,
    /// Whether the client came by it; else it asked there and did nothing yet.
    came: bool,
}

/// What a client asked, and how it stands.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who asks.
    pub peer: IpAddr,
    /// What it calls itself.
    pub client_id: &'a str,
    /// What it calls its library, if it said.
    pub software: Option<&'a str>,
    /// Where it reached the broker.
    pub reached: SocketAddr,
    /// The host that it is told.
    pub host: &'a str,
    /// The port that it is told.
    pub port: u16,
    /// What it asked about.
    pub about: About,
}

/// What a client asks about, and so whether it means to go where it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Just where the brokers are.
    Brokers,
    /// Topics, none of which is there: it may come, or ask until they are.
    Missing,
    /// A topic that is there, or a group.
    Known,
}

impl Unreached {
    /// Notes that a client asked where something is; `open` says whether it did so on this connection before. What comes
    /// back belongs to the connection; there is none if nothing is to be watched, or there are too many.
    pub fn asked(self: &Arc<Unreached>, question: Question<'_>, open: bool) -> Option<Held> {
        let reached = SocketAddr::new(question.reached.ip().to_canonical(), question.reached.port());
        if question.host == reached.ip().to_string() && question.port == reached.port() {
            // It is where it was sent to.
            return if open { None } else { self.came(question.peer, question.client_id, reached.port()) };
        }
        let is_java = question.software == Some(JAVA);
        let is_admin = is_java && question.client_id.starts_with(ADMIN);
        if question.about == About::Brokers && !is_admin {
            return None;
        }
        let now = Instant::now();
        let key = key(question.peer, question.client_id, reached.port());
        let mut clients = self.lock();
        if clients.len() >= CLIENTS_MAX && !clients.contains_key(&key) {
            return None;
        }
        let client = clients.entry(key.clone()).or_insert_with(|| Client {
            reached,
            told: String::new(),
            is_java: false,
            questions: 0,
            first: now,
            counted: now,
            last: now,
            open: 0,
            here: 0,
            warned: false,
        });
        if client.questions == 0 || now - client.last > QUESTIONS_APART {
            (client.questions, client.first) = (0, now);
        }
        // librdkafka asks each connection anew for its group's coordinator; a second one may be that of a client that has come.
        let is_another = client.open > 0 && !open && question.software.is_some_and(is_librdkafka);
        if client.questions == 0 || (question.about != About::Missing && !is_another) {
            client.questions += 1;
            client.counted = now;
        }
        client.last = now;
        client.reached = reached;
        client.told = format!("{}:{}", bracketed(question.host), question.port);
        client.is_java = is_java;
        if let Some(line) = client.complaint(&key, now) {
            tracing::warn!("{line}");
        }
        if open {
            return None;
        }
        // A Java client leaves its first connection alone once it knows the brokers, and may do nothing but to ask.
        let came = is_java && client.open > 0;
        client.hold(came);
        Some(Held { all: self.clone(), key, came })
    }

    /// Notes that a client did something on a connection to `port`: it reached an address that was told. What comes back
    /// belongs to the connection; there is none if the client is not watched.
    pub fn came(self: &Arc<Unreached>, peer: IpAddr, client_id: &str, port: u16) -> Option<Held> {
        let key = key(peer, client_id, port);
        let mut clients = self.lock();
        // It may have been sent here from another listener.
        let every_port = (key.0, key.1.clone(), 0)..=(key.0, key.1.clone(), u16::MAX);
        clients.range_mut(every_port).for_each(|(_, client)| client.questions = 0);
        clients.get_mut(&key)?.hold(true);
        Some(Held { all: self.clone(), key, came: true })
    }

    /// Looks at the silent ones from time to time, until dropped.
    pub async fn watch(self: Arc<Unreached>) {
        loop {
            tokio::time::sleep(TICK).await;
            for line in self.look(Instant::now()) {
                tracing::warn!("{line}");
            }
        }
    }

    /// What is to be told now; forgets those who left, so that there is room for others.
    fn look(&self, now: Instant) -> Vec<String> {
        let mut clients = self.lock();
        let lines = clients.iter_mut().filter_map(|(key, client)| client.complaint(key, now)).collect();
        clients.retain(|_, client| {
            let kept = if client.warned { AWAY } else { QUESTIONS_APART };
            client.open > 0 || client.here > 0 || now - client.last <= kept
        });
        lines
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Client>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Client {
    /// Counts one more connection.
    fn hold(&mut self, came: bool) {
        if came {
            (self.here, self.questions) = (self.here + 1, 0);
        } else {
            self.open += 1;
        }
    }

    /// Counts one less. Questions that were asked while it was here say nothing of what follows.
    fn let_go(&mut self, came: bool) {
        if came {
            (self.here, self.questions) = (self.here.saturating_sub(1), 0);
        } else {
            self.open = self.open.saturating_sub(1);
        }
    }

    /// The line about this client, if it is in trouble and nobody was told yet.
    fn complaint(&mut self, (peer, client_id, _): &Key, now: Instant) -> Option<String> {
        let comes_back = self.questions >= QUESTIONS && self.counted - self.first >= QUESTIONS_SPAN;
        let is_silent = self.questions > 0 && self.is_java && self.open > 0 && now - self.first >= JAVA_SILENCE;
        if self.warned || self.here > 0 || !(comes_back || is_silent) {
            return None;
        }
        self.warned = true;
        let (reached, told) = (self.reached, &self.told);
        Some(format!(
            "client {client_id:?} at {peer} reached this broker at {reached} but was told to go to {told} and never came: \
             set advertised.listeners (KAFKA_ADVERTISED_LISTENERS) to an address that it can reach, with a listener of \
             its own for each network"
        ))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(client) = self.all.lock().get_mut(&self.key) {
            client.let_go(self.came);
        }
    }
}

/// librdkafka, or a binding of it that tells its own name.
fn is_librdkafka(software: &str) -> bool {
    software == "librdkafka" || software.starts_with("confluent-kafka")
}

fn key(peer: IpAddr, client_id: &str, port: u16) -> Key {
    let end = client_id.floor_char_boundary(CLIENT_ID_MAX);
    (peer.to_canonical(), client_id[..end].to_owned(), port)
}

/// An IPv6 address before a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
#[path = "unreached_test.rs"]
mod unreached_test;
