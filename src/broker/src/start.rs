//! The order of birth and death.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use klamm_api::producer_ids::ProducerIds;
use klamm_api::published::Published;
use klamm_api::topic::create::offsets_topic;
use klamm_api::{Services, Unreached};
use klamm_base::name::CONSUMER_OFFSETS;
use klamm_base::{ErrorCode, NodeId, TopicId};
use klamm_controller::{Controller, Defaults, Handle, Registration};
use klamm_coordinator::{GroupConfig, Groups};
use klamm_env::Env;
use klamm_log::LogDir;
use klamm_raft::{Quorum, Updates};
use klamm_replica::sessions::FetchSessions;
use klamm_replica::{ReplicaMetrics, Replicas};
use klamm_settings::{BrokerConfig, EffectiveBroker, Settings};
use metrics::Recorder;
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::birth::Birth;
use crate::doors::{Bound, accept, bind};
use crate::error::Error;
use crate::ground::survey;
use crate::group_log::GroupLog;
use crate::places::Places;
use crate::publisher::Publisher;
use crate::rules::SettingsRules;
use crate::wishes;

/// The folder of the metadata quorum, under the first log directory: a stock broker passes over a folder of this name.
pub(crate) const QUORUM_DIR: &str = "__cluster_metadata-0";

/// How long the controller may take for what a start needs.
pub(crate) const CONTROLLER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a stop waits for those who still hold partitions; they have been told to end, and the disk may be slow.
const LET_GO_TIMEOUT: Duration = Duration::from_secs(5);

/// A broker that serves.
pub struct Broker {
    env: Env,
    quorum: Quorum,
    replicas: Arc<Replicas>,
    /// What changes partitions by itself: it must have ended before they are closed.
    background: Vec<JoinHandle<()>>,
    listening: Vec<(String, SocketAddr)>,
    admin: Option<SocketAddr>,
}

impl Broker {
    /// Starts a broker and returns once every listener serves: topics can be created, groups joined, records produced.
    ///
    /// # Errors
    /// In one line what is wrong. A start that fails before the log directories are ours changes nothing in them.
    pub async fn start(env: Env, settings: Settings, birth: Birth) -> Result<Broker, Error> {
        let (settings, config) = (Arc::new(settings.clone()), Arc::new(settings.broker_config()));
        let node = NodeId(config.node_id);
        let bound = bind(&env, &config).await?;
        let paths: Vec<PathBuf> = config.log_dirs.iter().map(PathBuf::from).collect();
        let cluster = survey(&*env.disk, &paths, node, birth.cluster_id.as_ref())?;
        let dirs = open_dirs(&env, &paths)?;
        let quorum_dir = paths[0].join(QUORUM_DIR);
        let quorum = Quorum::start(&env, &quorum_dir, node, cluster.as_deref()).await?;
        let started = Broker::start_on(&env, &quorum, settings, config, dirs, bound, birth).await;
        if started.is_err() {
            // Nothing of this broker stays behind in the process.
            env.tasks.stop();
            quorum.stop().await;
        }
        started
    }

    /// Starts all that stands on the quorum.
    async fn start_on(
        env: &Env,
        quorum: &Quorum,
        settings: Arc<Settings>,
        config: Arc<BrokerConfig>,
        dirs: Vec<LogDir>,
        bound: Bound,
        birth: Birth,
    ) -> Result<Broker, Error> {
        let node = NodeId(config.node_id);
        let directories = claim(env, &dirs, &quorum.cluster_id(), node)?;
        let published = Published::default();
        let rules = SettingsRules { settings: settings.clone(), published: published.clone(), node };
        let controller = Controller::start(env, quorum.clone(), defaults(&settings, &config), Arc::new(rules));
        let places = Places::new(node, settings.clone(), bound.ports(), published.clone());
        let registration = Registration {
            id: node,
            incarnation: TopicId::from_random(env.random.bytes16()),
            cluster_id: quorum.cluster_id(),
            rack: config.broker_rack.as_deref().map(Arc::from),
            endpoints: places.endpoints(&config.advertised_listeners),
            directories,
        };
        let epoch = register(&controller, registration).await?;

        let recorder = PrometheusBuilder::new().build_recorder();
        let prometheus = recorder.handle();
        let recorder: Arc<dyn Recorder + Send + Sync> = Arc::new(recorder);
        let replicas = Replicas::new(
            env.clone(),
            dirs,
            EffectiveBroker::new(settings.clone()),
            ReplicaMetrics::new(recorder.clone()),
        )?;
        let replicas = Arc::new(replicas);
        let mut updates = open_partitions(env, quorum, &replicas, &places).await?;
        places.warn();
        let groups = start_groups(env, &config, &controller, &replicas, &places, &mut updates).await?;
        let publisher =
            Publisher { updates, replicas: replicas.clone(), groups: groups.clone(), places, tasks: env.tasks.clone() };

        let checkpoint_every = Duration::from_millis(config.log_flush_offset_checkpoint_interval_ms);
        let background = vec![
            env.tasks.spawn(publisher.run()),
            env.tasks.spawn(crate::chores::run(replicas.clone(), env.tasks.clone(), checkpoint_every)),
        ];
        wishes::create(&controller, &published, quorum, birth.topics).await?;
        let unreached = Arc::new(Unreached::default());
        let services = Services {
            env: env.clone(),
            node,
            settings,
            config: config.clone(),
            published,
            quorum: quorum.clone(),
            controller: controller.clone(),
            replicas: replicas.clone(),
            sessions: FetchSessions::new(
                usize::try_from(config.max_incremental_fetch_session_cache_slots).unwrap_or(0),
            ),
            groups,
            producer_ids: ProducerIds::new(controller, node, epoch),
            gateways: birth.gateways,
            unreached: unreached.clone(),
        };
        let tasks = env.tasks.clone();
        env.tasks.spawn(async move {
            tokio::select! {
                () = unreached.watch() => {}
                () = tasks.stopped() => {}
            }
        });
        let (listening, admin) = accept(env, &config, bound, Arc::new(services), &*recorder, prometheus)?;
        Ok(Broker { env: env.clone(), quorum: quorum.clone(), replicas, background, listening, admin })
    }

    /// The listeners and the addresses on which they really listen.
    pub fn listening(&self) -> &[(String, SocketAddr)] {
        &self.listening
    }

    /// The address of the admin HTTP port, if there is one.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// Waits until the metadata quorum has failed, and says why: then the process must end.
    pub async fn failed(&self) -> String {
        self.quorum.failed().await
    }

    /// Stops: no request is taken any more, the logs are synced and closed, the quorum ends. When this returns the log
    /// directories are free for the next start.
    ///
    /// # Errors
    /// If a log could not be synced; then the next start recovers.
    pub async fn stop(self) -> Result<(), Error> {
        let Broker { env, quorum, replicas, background, .. } = self;
        env.tasks.stop();
        for task in background {
            // One that has panicked has ended as well.
            let _ = task.await;
        }
        let closing = replicas.clone();
        let closed = env.tasks.offload(move || closing.close()).await;
        quorum.stop().await;
        wait_until_alone(&replicas).await;
        Ok(closed?)
    }
}

/// The lock of the log directories goes with the last who holds the partitions: connections and coordinators that were
/// told to stop and are on their way out.
async fn wait_until_alone(replicas: &Arc<Replicas>) {
    let deadline = Instant::now() + LET_GO_TIMEOUT;
    while Arc::strong_count(replicas) > 1 {
        if Instant::now() >= deadline {
            tracing::warn!("a request is still under way; the log directories stay locked until it ends");
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

fn open_dirs(env: &Env, paths: &[PathBuf]) -> Result<Vec<LogDir>, Error> {
    paths.iter().map(|path| Ok(LogDir::open(env.disk.clone(), path)?)).collect()
}

fn claim(env: &Env, dirs: &[LogDir], cluster: &str, node: NodeId) -> Result<Vec<TopicId>, Error> {
    let claim = |dir: &LogDir| {
        let fresh = TopicId::from_random(env.random.bytes16());
        Ok(dir.claim(cluster, node, fresh)?.directory_id.unwrap_or(fresh))
    };
    dirs.iter().map(claim).collect()
}

fn defaults(settings: &Settings, config: &BrokerConfig) -> Defaults {
    Defaults {
        num_partitions: config.num_partitions,
        replication_factor: config.default_replication_factor,
        delete_topic_enable: config.delete_topic_enable,
        min_insync_replicas: settings.value("min.insync.replicas").unwrap_or("1").to_owned(),
    }
}

/// Makes this broker one of the cluster's; its epoch.
async fn register(controller: &Handle, registration: Registration) -> Result<i64, Error> {
    let node = registration.id;
    let epoch = controller.register_broker(registration, CONTROLLER_TIMEOUT).await;
    let epoch = epoch.map_err(Error::refused("the broker could not be registered"))?;
    let unfenced = controller.unfence_broker(node, epoch, CONTROLLER_TIMEOUT).await;
    unfenced.map_err(Error::refused("the broker could not be unfenced"))?;
    Ok(epoch)
}

/// Opens the partitions that the cluster has, and returns the steps of the image that follow.
async fn open_partitions(
    env: &Env,
    quorum: &Quorum,
    replicas: &Arc<Replicas>,
    places: &Places,
) -> Result<Updates, Error> {
    let mut updates = quorum.updates();
    if let Some(first) = updates.next().await {
        let (replicas, image) = (replicas.clone(), first.image.clone());
        env.tasks.offload(move || replicas.open_all(&image)).await?;
        places.publish(first.image);
    }
    Ok(updates)
}

/// Makes the group topic if it is missing, and loads all groups.
async fn start_groups(
    env: &Env,
    config: &BrokerConfig,
    controller: &Handle,
    replicas: &Arc<Replicas>,
    places: &Places,
    updates: &mut Updates,
) -> Result<Groups, Error> {
    if places.image().topic(CONSUMER_OFFSETS).is_none() {
        create_offsets_topic(config, controller).await?;
    }
    while places.image().topic(CONSUMER_OFFSETS).is_none() {
        let Some(update) = updates.next().await else { break };
        let (replicas, step) = (replicas.clone(), update.clone());
        env.tasks.offload(move || replicas.apply(&step.image, &step.delta)).await;
        places.publish(update.image);
    }
    let partitions = places.image().topic(CONSUMER_OFFSETS).map_or(1, |topic| topic.partition_count());
    let groups = Groups::new(env.clone(), group_config(config), Arc::new(GroupLog(replicas.clone())), partitions);
    for partition in 0..partitions {
        groups.load(partition);
    }
    groups.wait_loaded().await;
    Ok(groups)
}

async fn create_offsets_topic(config: &BrokerConfig, controller: &Handle) -> Result<(), Error> {
    let what = "the topic __consumer_offsets could not be created";
    let made = controller.create_topics(vec![offsets_topic(config)], false, CONTROLLER_TIMEOUT).await;
    let refusals = made.map_err(Error::refused(what))?.into_iter().filter_map(Result::err);
    match refusals.into_iter().find(|refusal| refusal.code != ErrorCode::TopicAlreadyExists) {
        Some(refusal) => Err(Error::refused(what)(refusal)),
        None => Ok(()),
    }
}

fn group_config(config: &BrokerConfig) -> GroupConfig {
    GroupConfig {
        min_session_timeout_ms: config.group_min_session_timeout_ms,
        max_session_timeout_ms: config.group_max_session_timeout_ms,
        initial_rebalance_delay_ms: config.group_initial_rebalance_delay_ms,
        max_size: config.group_max_size,
        offset_metadata_max: config.offset_metadata_max_bytes,
        offsets_retention_ms: config.offsets_retention_ms,
        retention_check_interval_ms: config.offsets_retention_check_interval_ms,
        commit_timeout_ms: config.offsets_commit_timeout_ms,
    }
}
