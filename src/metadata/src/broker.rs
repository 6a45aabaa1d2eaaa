//! Brokers.

use std::sync::Arc;

use klamm_base::{NodeId, TopicId};

/// A registered broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its id.
    pub id: NodeId,
    /// The number of this registration: higher for each later one of any broker.
    pub epoch: i64,
    /// An id that the process draws when it starts, so that a repeated registration is told from a restart.
    pub incarnation: TopicId,
    /// Where it stands, if told.
    pub rack: Option<Arc<str>>,
    /// How clients reach it, per listener.
    pub endpoints: Vec<Endpoint>,
    /// True while it must neither lead nor be told to clients.
    pub fenced: bool,
    /// The ids of its log directories (KIP-858).
    pub directories: Vec<TopicId>,
}

impl Broker {
    /// The endpoint of the listener with this name.
    pub fn endpoint(&self, listener: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| &*endpoint.listener == listener)
    }
}

/// How clients reach a broker by one listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The listener's name.
    pub listener: Arc<str>,
    /// The advertised host.
    pub host: Arc<str>,
    /// The advertised port.
    pub port: u16,
    /// What is spoken there.
    pub protocol: SecurityProtocol,
}

/// What protects a listener (`SecurityProtocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecurityProtocol {
    /// Nothing.
    Plaintext,
    /// TLS.
    Ssl,
    /// SASL on a bare connection.
    SaslPlaintext,
    /// SASL on TLS.
    SaslSsl,
}

impl SecurityProtocol {
    /// Kafka's number of it.
    pub fn id(self) -> u8 {
        match self {
            SecurityProtocol::Plaintext => 0,
            SecurityProtocol::Ssl => 1,
            SecurityProtocol::SaslPlaintext => 2,
            SecurityProtocol::SaslSsl => 3,
        }
    }

    /// The protocol with this number.
    pub fn from_id(id: u8) -> Option<SecurityProtocol> {
        [SecurityProtocol::Plaintext, SecurityProtocol::Ssl, SecurityProtocol::SaslPlaintext, SecurityProtocol::SaslSsl]
            .into_iter()
            .find(|protocol| protocol.id() == id)
    }
}
