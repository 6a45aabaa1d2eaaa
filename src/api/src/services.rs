//! The rooms below, as handlers reach them.

use std::net::IpAddr;
use std::sync::Arc;

use klamm_base::{NodeId, TopicId};
use klamm_controller::Handle as Controller;
use klamm_coordinator::Groups;
use klamm_env::Env;
use klamm_metadata::Image;
use klamm_raft::Quorum;
use klamm_replica::Replicas;
use klamm_replica::sessions::FetchSessions;
use klamm_settings::{BrokerConfig, Settings};

use crate::producer_ids::ProducerIds;
use crate::published::Published;
use crate::unreached::Unreached;

/// What a handler may ask. One for a broker, shared by all connections.
pub struct Services {
    /// The world.
    pub env: Env,
    /// This broker.
    pub node: NodeId,
    /// The settings as they were given, with their sources.
    pub settings: Arc<Settings>,
    /// The settings as the code uses them.
    pub config: Arc<BrokerConfig>,
    /// The cluster as this broker serves it.
    pub published: Published,
    /// The metadata quorum.
    pub quorum: Quorum,
    /// Who changes the cluster.
    pub controller: Controller,
    /// The partitions here.
    pub replicas: Arc<Replicas>,
    /// What consumers fetch again and again.
    pub sessions: FetchSessions,
    /// The group coordinator.
    pub groups: Groups,
    /// Ids for idempotent producers.
    pub producer_ids: ProducerIds,
    /// The addresses by which clients on the host come to this broker's container; none outside of one.
    pub gateways: Vec<IpAddr>,
    /// Clients that were told where to go and have not come yet.
    pub unreached: Arc<Unreached>,
}

impl Services {
    /// The cluster as this broker serves it: every change in it has reached the partitions and coordinators here.
    pub fn image(&self) -> Arc<Image> {
        self.published.image()
    }

    /// What clients compare feature levels by: it grows with the metadata log.
    pub fn metadata_epoch(&self) -> i64 {
        i64::try_from(self.image().at.index).unwrap_or(i64::MAX)
    }

    /// The name of the topic with this id, if there is one.
    pub fn topic_name(&self, id: TopicId) -> Option<Arc<str>> {
        self.image().ids.get(&id).cloned()
    }

    /// Waits until this broker serves all that the controller has decided so far, so that the answer to a change is
    /// true of this broker.
    pub async fn settle(&self) {
        self.published.wait_for(self.quorum.image().at.index).await;
    }
}
