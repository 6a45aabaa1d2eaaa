//! Asking the controller.

use std::sync::Arc;
use std::time::Duration;

use klamm_base::{ErrorCode, NodeId};
use klamm_env::Random;
use klamm_metadata::{Image, Record};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::configs::{self, Way};
use crate::controller::Job;
use crate::delete::{self, DeleteTopic, DeletedTopic};
use crate::partitions::{self, NewPartitions};
use crate::producer_ids::{self, ProducerIdBlock};
use crate::topics::{self, CreatedTopic, Ground, NewTopic};
use crate::{Alter, Defaults, Refusal, Registration, Rules, brokers};

/// The way to the controller. Cheap to clone.
///
/// Every method waits for at most `timeout`; then the answer is REQUEST_TIMED_OUT, and whether it was done is open. What
/// was done is committed, and in this node's image.
#[derive(Clone)]
pub struct Handle {
    jobs: mpsc::Sender<Job>,
    random: Random,
    defaults: Arc<Defaults>,
    rules: Arc<dyn Rules>,
}

impl Handle {
    pub(crate) fn new(
        jobs: mpsc::Sender<Job>,
        random: Random,
        defaults: Arc<Defaults>,
        rules: Arc<dyn Rules>,
    ) -> Handle {
        Handle { jobs, random, defaults, rules }
    }

    /// Creates topics; the results are in their order. `validate_only` decides and does nothing.
    ///
    /// # Errors
    /// If nothing can be said about any of them.
    pub async fn create_topics(
        &self,
        topics: Vec<NewTopic>,
        validate_only: bool,
        timeout: Duration,
    ) -> Result<Vec<Result<CreatedTopic, Refusal>>, Refusal> {
        let Handle { random, defaults, rules, .. } = self.clone();
        self.ask(timeout, move |image| {
            let ground = Ground { defaults: &defaults, rules: &*rules, random: &random };
            unless(validate_only, topics::create(image, &ground, &topics))
        })
        .await
    }

    /// Deletes topics by name or id. The results are in no special order; what was named twice has one.
    ///
    /// # Errors
    /// If nothing can be said about any of them.
    pub async fn delete_topics(
        &self,
        topics: Vec<DeleteTopic>,
        timeout: Duration,
    ) -> Result<Vec<DeletedTopic>, Refusal> {
        let defaults = self.defaults.clone();
        self.ask(timeout, move |image| delete::delete(image, &defaults, &topics)).await
    }

    /// Adds partitions to topics; the results are in their order.
    ///
    /// # Errors
    /// If nothing can be said about any of them.
    pub async fn create_partitions(
        &self,
        topics: Vec<NewPartitions>,
        validate_only: bool,
        timeout: Duration,
    ) -> Result<Vec<Result<(), Refusal>>, Refusal> {
        let random = self.random.clone();
        self.ask(timeout, move |image| unless(validate_only, partitions::create_partitions(image, &random, &topics)))
            .await
    }

    /// Changes configurations key by key (KIP-339), as asked of the broker `node`; the results are in order.
    ///
    /// # Errors
    /// If nothing can be said about any of them.
    pub async fn incremental_alter_configs(
        &self,
        node: NodeId,
        resources: Vec<Alter>,
        validate_only: bool,
        timeout: Duration,
    ) -> Result<Vec<Result<(), Refusal>>, Refusal> {
        self.alter(node, Way::Incremental, resources, validate_only, timeout).await
    }

    /// Replaces whole configurations: keys that are not named get back their defaults. As asked of the broker `node`;
    /// the results are in order.
    ///
    /// # Errors
    /// If nothing can be said about any of them.
    pub async fn alter_configs(
        &self,
        node: NodeId,
        resources: Vec<Alter>,
        validate_only: bool,
        timeout: Duration,
    ) -> Result<Vec<Result<(), Refusal>>, Refusal> {
        self.alter(node, Way::Replace, resources, validate_only, timeout).await
    }

    async fn alter(
        &self,
        node: NodeId,
        way: Way,
        resources: Vec<Alter>,
        validate_only: bool,
        timeout: Duration,
    ) -> Result<Vec<Result<(), Refusal>>, Refusal> {
        let rules = self.rules.clone();
        self.ask(timeout, move |image| unless(validate_only, configs::alter(image, &*rules, node, way, &resources)))
            .await
    }

    /// Takes a block of producer ids for a broker. No two blocks ever share an id.
    ///
    /// # Errors
    /// STALE_BROKER_EPOCH if the broker has registered anew since, or never.
    pub async fn allocate_producer_ids(
        &self,
        broker: NodeId,
        epoch: i64,
        timeout: Duration,
    ) -> Result<ProducerIdBlock, Refusal> {
        self.ask(timeout, move |image| match producer_ids::allocate(image, broker, epoch) {
            Ok((record, block)) => (vec![record], Ok(block)),
            Err(refusal) => (Vec::new(), Err(refusal)),
        })
        .await?
    }

    /// Registers a broker, fenced, and returns its epoch.
    ///
    /// # Errors
    /// INCONSISTENT_CLUSTER_ID if it belongs to another cluster.
    pub async fn register_broker(&self, wanted: Registration, timeout: Duration) -> Result<i64, Refusal> {
        self.ask(timeout, move |image| match brokers::register(image, &wanted) {
            Ok((records, epoch)) => (records, Ok(epoch)),
            Err(refusal) => (Vec::new(), Err(refusal)),
        })
        .await?
    }

    /// Lets a registered broker lead and be told to clients.
    ///
    /// # Errors
    /// STALE_BROKER_EPOCH if it has registered anew since, or never.
    pub async fn unfence_broker(&self, broker: NodeId, epoch: i64, timeout: Duration) -> Result<(), Refusal> {
        self.ask(timeout, move |image| match brokers::unfence(image, broker, epoch) {
            Ok(record) => (Vec::from_iter(record), Ok(())),
            Err(refusal) => (Vec::new(), Err(refusal)),
        })
        .await?
    }

    /// Puts a command into the queue and waits for its reply.
    async fn ask<R: Send + 'static>(
        &self,
        timeout: Duration,
        decide: impl FnOnce(&Image) -> (Vec<Record>, R) + Send + 'static,
    ) -> Result<R, Refusal> {
        let deadline = Instant::now() + timeout;
        let (sender, reply) = oneshot::channel();
        let run = move |image: &Image| {
            let (records, decided) = decide(image);
            let answer = move |outcome: Result<(), Refusal>| {
                // A caller that has gone needs no answer.
                let _ = sender.send(outcome.map(|()| decided));
            };
            (records, Box::new(answer) as crate::controller::Answer)
        };
        let asked = async {
            let job = Job { deadline, run: Box::new(run) };
            self.jobs.send(job).await.map_err(|_| Refusal::from(ErrorCode::NotController))?;
            match reply.await {
                Ok(reply) => reply,
                Err(_) if Instant::now() >= deadline => Err(ErrorCode::RequestTimedOut.into()),
                Err(_) => Err(ErrorCode::NotController.into()),
            }
        };
        timeout_at(deadline, asked).await.unwrap_or_else(|_| Err(ErrorCode::RequestTimedOut.into()))
    }
}

/// Drops the records of a command that shall only be checked.
fn unless<R>(validate_only: bool, (records, reply): (Vec<Record>, R)) -> (Vec<Record>, R) {
    (if validate_only { Vec::new() } else { records }, reply)
}
