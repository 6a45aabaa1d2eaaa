//! A cluster, as its client sees it.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{
    BrokerId, FindCoordinatorRequest, FindCoordinatorResponse, MetadataRequest, MetadataResponse,
};
use kafka_protocol::protocol::{Request, StrBytes};
use klamm_base::ErrorCode;
use klamm_env::Env;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::address::Address;
use crate::connection::Connection;
use crate::error::Error;
use crate::versions::Versions;

/// How a client behaves; the names are the Java client's.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// `bootstrap.servers`.
    pub bootstrap: Vec<Address>,
    /// `client.id`.
    pub client_id: String,
    /// `default.api.timeout.ms`: how long a call may take with all its tries.
    pub api_timeout: Duration,
    /// `request.timeout.ms`: how long one try may wait for its answer.
    pub request_timeout: Duration,
    /// `socket.connection.setup.timeout.ms`: how long one attempt to connect may take.
    pub connect_timeout: Duration,
    /// `retry.backoff.ms`: the pause before the second try; each later one is twice as long.
    pub retry_backoff: Duration,
    /// `retry.backoff.max.ms`: the longest pause.
    pub retry_backoff_max: Duration,
}

impl ClientOptions {
    /// The Java client's defaults.
    pub fn new(bootstrap: Vec<Address>, client_id: &str) -> ClientOptions {
        ClientOptions {
            bootstrap,
            client_id: client_id.to_owned(),
            api_timeout: Duration::from_secs(60),
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(1),
        }
    }
}

/// Whom to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// Any broker.
    Any,
    /// The broker that Metadata names as controller.
    Controller,
    /// The broker with this id.
    Node(i32),
    /// The coordinator of this group.
    Group(String),
}

/// What an answer is worth.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is the answer.
    Done,
    /// It holds an error that passes by itself: ask again, after looking anew at who is who.
    Again(ErrorCode),
}

impl Verdict {
    /// Again for errors that pass by themselves: leaders move, coordinators load, controllers change.
    pub fn of(code: i16) -> Verdict {
        let code = ErrorCode::from_wire(code);
        let passes = matches!(
            code,
            ErrorCode::LeaderNotAvailable
                | ErrorCode::NotLeaderOrFollower
                | ErrorCode::FencedLeaderEpoch
                | ErrorCode::UnknownLeaderEpoch
                | ErrorCode::CoordinatorLoadInProgress
                | ErrorCode::CoordinatorNotAvailable
                | ErrorCode::NotCoordinator
                | ErrorCode::NotController
                | ErrorCode::NetworkException
                | ErrorCode::BrokerNotAvailable
                | ErrorCode::ReplicaNotAvailable
        );
        if passes { Verdict::Again(code) } else { Verdict::Done }
    }
}

/// A broker, as Metadata names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// `node.id`.
    pub id: i32,
    /// Where it wants to be reached.
    pub address: Address,
    /// `broker.rack`.
    pub rack: Option<String>,
}

/// A cluster. Connections are opened when they are first wanted, and kept.
pub struct Client {
    env: Env,
    options: ClientOptions,
    cluster: Mutex<Cluster>,
}

#[derive(Default)]
struct Cluster {
    /// What Metadata said last; empty before.
    nodes: Vec<Node>,
    controller: Option<i32>,
    groups: BTreeMap<String, i32>,
    connections: BTreeMap<Address, Arc<Connection>>,
}

impl Client {
    /// A client. Nothing is opened yet.
    pub fn new(env: &Env, options: ClientOptions) -> Client {
        Client { env: env.clone(), options, cluster: Mutex::default() }
    }

    /// How it behaves.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Asks, and asks again where the broker could not be reached or went away, until there is an answer or
    /// [`ClientOptions::api_timeout`] is over. `name` is how the Java client calls this call (`listTopics`); it
    /// stands in the error.
    ///
    /// # Errors
    /// Any [`Error`] but [`Error::Connect`] and [`Error::Lost`].
    pub async fn call<R: Request>(&self, name: &str, to: &To, request: &R) -> Result<R::Response, Error> {
        self.call_until(name, to, request, |_| Verdict::Done).await
    }

    /// As [`Client::call`]; an answer of which `judge` says [`Verdict::Again`] is a failed try as well.
    ///
    /// # Errors
    /// As [`Client::call`]; [`Error::Refused`] with the last code if time is up before a better answer came.
    pub async fn call_until<R: Request>(
        &self,
        name: &str,
        to: &To,
        request: &R,
        judge: impl Fn(&R::Response) -> Verdict,
    ) -> Result<R::Response, Error> {
        self.call_shaped::<R, _>(name, to, |versions| Ok((versions.highest::<R>()?, request)), judge).await
    }

    /// As [`Client::call_until`] for a request that looks different in different versions: `shape` sees what the broker
    /// serves and gives the version and the request.
    ///
    /// # Errors
    /// As [`Client::call_until`], and what `shape` says.
    pub async fn call_shaped<R: Request, B: Borrow<R>>(
        &self,
        name: &str,
        to: &To,
        shape: impl Fn(&Versions) -> Result<(i16, B), Error>,
        judge: impl Fn(&R::Response) -> Verdict,
    ) -> Result<R::Response, Error> {
        let mut tries = Tries::new(name, &self.options);
        loop {
            let problem = match self.try_once::<R, B>(&mut tries, to, &shape).await {
                Ok(answer) => match judge(&answer) {
                    Verdict::Done => return Ok(answer),
                    Verdict::Again(code) => Error::Refused { code, message: None },
                },
                Err(error) if passes(&error) => error,
                Err(error) => return Err(error),
            };
            self.forget().await;
            tries.pause(problem).await?;
        }
    }

    async fn try_once<R: Request, B: Borrow<R>>(
        &self,
        tries: &mut Tries,
        to: &To,
        shape: impl Fn(&Versions) -> Result<(i16, B), Error>,
    ) -> Result<R::Response, Error> {
        let connection = self.connection_within(to, tries.left()).await?;
        let (version, request) = shape(connection.versions())?;
        tries.asked();
        connection.call_at(version, request.borrow(), tries.left().min(self.options.request_timeout)).await
    }

    /// A connection to the broker that `to` names; kept for the next who asks.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Lost`] and what finding the broker gives; one try, no retries.
    pub async fn connection(&self, to: &To) -> Result<Arc<Connection>, Error> {
        self.connection_within(to, self.options.api_timeout).await
    }

    async fn connection_within(&self, to: &To, left: Duration) -> Result<Arc<Connection>, Error> {
        let patience = left.min(self.options.request_timeout);
        let mut cluster = self.cluster.lock().await;
        match to {
            To::Any => self.any(&mut cluster, left).await,
            To::Node(id) => self.node(&mut cluster, *id, left).await,
            To::Controller => {
                if cluster.controller.is_none() {
                    self.learn(&mut cluster, left).await?;
                }
                match cluster.controller {
                    Some(id) => self.node(&mut cluster, id, left).await,
                    None => Err(Error::Refused { code: ErrorCode::BrokerNotAvailable, message: None }),
                }
            }
            To::Group(group) => {
                let id = match cluster.groups.get(group) {
                    Some(id) => *id,
                    None => self.find_coordinator(&mut cluster, group, left, patience).await?,
                };
                self.node(&mut cluster, id, left).await
            }
        }
    }

    /// The brokers of the cluster and their controller, asked for anew.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn nodes(&self, name: &str) -> Result<(Vec<Node>, Option<i32>), Error> {
        let answer = self.call(name, &To::Any, &no_topics()).await?;
        let mut cluster = self.cluster.lock().await;
        cluster.take(&answer);
        Ok((cluster.nodes.clone(), cluster.controller))
    }

    /// The coordinator of `group`, if a call has looked for it.
    pub async fn known_coordinator(&self, group: &str) -> Option<Node> {
        let cluster = self.cluster.lock().await;
        let id = cluster.groups.get(group)?;
        cluster.nodes.iter().find(|node| node.id == *id).cloned()
    }

    /// Forgets who is who, and the connections that are lost: an answer said that somebody else leads or coordinates.
    pub async fn forget(&self) {
        let mut cluster = self.cluster.lock().await;
        cluster.groups.clear();
        cluster.controller = None;
        cluster.connections.retain(|_, connection| connection.is_open());
    }

    /// An open connection if there is one, else a new one to the first broker that answers.
    async fn any(&self, cluster: &mut Cluster, left: Duration) -> Result<Arc<Connection>, Error> {
        if let Some(open) = cluster.connections.values().find(|connection| connection.is_open()) {
            return Ok(open.clone());
        }
        let known = cluster.nodes.iter().map(|node| &node.address);
        let candidates: Vec<Address> = self.options.bootstrap.iter().chain(known).cloned().collect();
        let mut problem = Error::Refused { code: ErrorCode::BrokerNotAvailable, message: None };
        for address in candidates {
            match self.open(cluster, &address, left).await {
                Ok(connection) => return Ok(connection),
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    async fn open(&self, cluster: &mut Cluster, address: &Address, left: Duration) -> Result<Arc<Connection>, Error> {
        if let Some(open) = cluster.connections.get(address).filter(|connection| connection.is_open()) {
            return Ok(open.clone());
        }
        let patience = left.min(self.options.connect_timeout);
        let opened = Connection::open(&self.env, address, &self.options.client_id, patience).await;
        let opened = Arc::new(opened.inspect_err(|error| tracing::warn!("{error}"))?);
        cluster.connections.insert(address.clone(), opened.clone());
        Ok(opened)
    }

    /// The connection to a node. The only broker of a cluster is asked by the way that was found to it: the address it
    /// advertises need not be reachable from here.
    async fn node(&self, cluster: &mut Cluster, id: i32, left: Duration) -> Result<Arc<Connection>, Error> {
        let known =
            |cluster: &Cluster| cluster.nodes.iter().find(|node| node.id == id).map(|node| node.address.clone());
        if known(cluster).is_none() {
            self.learn(cluster, left).await?;
        }
        let Some(address) = known(cluster) else {
            return Err(Error::Refused { code: ErrorCode::BrokerNotAvailable, message: None });
        };
        if cluster.nodes.len() == 1 {
            return self.any(cluster, left).await;
        }
        self.open(cluster, &address, left).await
    }

    /// Asks who is who.
    async fn learn(&self, cluster: &mut Cluster, left: Duration) -> Result<(), Error> {
        let connection = self.any(cluster, left).await?;
        let answer = connection.call(&no_topics(), left.min(self.options.request_timeout)).await?;
        cluster.take(&answer);
        Ok(())
    }

    async fn find_coordinator(
        &self,
        cluster: &mut Cluster,
        group: &str,
        left: Duration,
        patience: Duration,
    ) -> Result<i32, Error> {
        // Who all the brokers are decides how one of them is reached.
        if cluster.nodes.is_empty() {
            self.learn(cluster, left).await?;
        }
        let connection = self.any(cluster, left).await?;
        let version = connection.versions().highest::<FindCoordinatorRequest>()?;
        let key = StrBytes::from_string(group.to_owned());
        let request = match version {
            4.. => FindCoordinatorRequest::default().with_coordinator_keys(vec![key]),
            _ => FindCoordinatorRequest::default().with_key(key),
        };
        let answer = connection.call_at(version, &request, patience).await?;
        let found = coordinator_of(answer);
        if found.error_code != 0 {
            return Err(Error::refused(found.error_code, found.error_message.map(|text| text.to_string())));
        }
        let node = Node {
            id: found.node_id.0,
            address: Address { host: found.host.to_string(), port: u16::try_from(found.port).unwrap_or(0) },
            rack: None,
        };
        if !cluster.nodes.iter().any(|known| known.id == node.id) {
            cluster.nodes.push(node);
        }
        cluster.groups.insert(group.to_owned(), found.node_id.0);
        Ok(found.node_id.0)
    }
}

impl Cluster {
    fn take(&mut self, answer: &MetadataResponse) {
        let node = |broker: &kafka_protocol::messages::metadata_response::MetadataResponseBroker| Node {
            id: broker.node_id.0,
            address: Address { host: broker.host.to_string(), port: u16::try_from(broker.port).unwrap_or(0) },
            rack: broker.rack.as_ref().map(StrBytes::to_string),
        };
        self.nodes = answer.brokers.iter().map(node).collect();
        self.controller = Some(answer.controller_id.0).filter(|id| *id >= 0);
    }
}

/// The answer's one coordinator; before version 4 it stands in the answer itself.
fn coordinator_of(answer: FindCoordinatorResponse) -> Coordinator {
    let FindCoordinatorResponse { error_code, error_message, node_id, host, port, coordinators, .. } = answer;
    coordinators.into_iter().next().unwrap_or_else(|| {
        Coordinator::default()
            .with_error_code(error_code)
            .with_error_message(error_message)
            .with_node_id(BrokerId(node_id.0))
            .with_host(host)
            .with_port(port)
    })
}

/// True for what another try may mend.
fn passes(error: &Error) -> bool {
    match error {
        Error::Connect { .. } | Error::Lost { .. } | Error::TimedOut { .. } => true,
        Error::Refused { code, .. } => matches!(Verdict::of(code.code()), Verdict::Again(_)),
        _ => false,
    }
}

/// Metadata of the brokers alone.
fn no_topics() -> MetadataRequest {
    MetadataRequest::default().with_topics(Some(Vec::new()))
}

/// The tries of one call: one deadline, and pauses that grow.
struct Tries {
    name: String,
    deadline: Instant,
    pause: Duration,
    pause_max: Duration,
    attempts: u32,
}

impl Tries {
    fn new(name: &str, options: &ClientOptions) -> Tries {
        Tries {
            name: name.to_owned(),
            deadline: Instant::now() + options.api_timeout,
            pause: options.retry_backoff,
            pause_max: options.retry_backoff_max,
            attempts: 0,
        }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// A broker was reached and is being asked.
    fn asked(&mut self) {
        self.attempts += 1;
    }

    /// Waits before the next try.
    ///
    /// # Errors
    /// If there is no time for one: `problem` where it is a broker's own, else that time is up.
    async fn pause(&mut self, problem: Error) -> Result<(), Error> {
        let wake = Instant::now() + self.pause;
        if wake >= self.deadline {
            sleep_until(self.deadline).await;
            return Err(match (problem, self.attempts) {
                (problem @ Error::Refused { .. }, _) => problem,
                (_, 0) => Error::NoNode { call: self.name.clone() },
                (_, attempts) => Error::TimedOut { call: self.name.clone(), attempts },
            });
        }
        sleep_until(wake).await;
        self.pause = (self.pause * 2).min(self.pause_max);
        Ok(())
    }
}
