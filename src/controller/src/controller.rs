//! The one loop: it owns the scratch image, and nobody else proposes.

use std::sync::Arc;

use klamm_base::ErrorCode;
use klamm_base::limits::CONTROLLER_QUEUE;
use klamm_env::Env;
use klamm_metadata::{Delta, Image, Record, apply_all, codec};
use klamm_raft::{Error, Quorum};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::configs::first_record;
use crate::{Handle, Refusal, Rules};

/// The most bytes of records of one command.
const COMMAND_BYTES: usize = 4 * 1024 * 1024;

/// No further command joins a proposal that has so many bytes of records.
const PROPOSAL_BYTES: usize = 4 * 1024 * 1024;

/// What the controller needs of the broker's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// `num.partitions`.
    pub num_partitions: i32,
    /// `default.replication.factor`.
    pub replication_factor: i16,
    /// `delete.topic.enable`.
    pub delete_topic_enable: bool,
    /// `min.insync.replicas`, which a new cluster keeps as a dynamic default of all brokers.
    pub min_insync_replicas: String,
}

/// Runs a command against the scratch image: its records, and how to answer once they are committed or refused.
pub(crate) type Run = Box<dyn FnOnce(&Image) -> (Vec<Record>, Answer) + Send>;

/// Answers the caller.
pub(crate) type Answer = Box<dyn FnOnce(Result<(), Refusal>) + Send>;

/// A command that waits.
pub(crate) struct Job {
    pub deadline: Instant,
    pub run: Run,
}

/// The loop.
pub struct Controller {
    quorum: Quorum,
    jobs: mpsc::Receiver<Job>,
}

impl Controller {
    /// Starts the loop. It ends when the tasks of `env` are told to stop, or all handles are gone.
    pub fn start(env: &Env, quorum: Quorum, defaults: Defaults, rules: Arc<dyn Rules>) -> Handle {
        let (sender, jobs) = mpsc::channel(CONTROLLER_QUEUE);
        let controller = Controller { quorum, jobs };
        let tasks = env.tasks.clone();
        let min_insync_replicas = defaults.min_insync_replicas.clone();
        env.tasks.spawn(async move {
            tokio::select! {
                biased;
                () = tasks.stopped() => {}
                () = controller.run(min_insync_replicas) => {}
            }
        });
        Handle::new(sender, env.random.clone(), Arc::new(defaults), rules)
    }

    async fn run(mut self, min_insync_replicas: String) {
        if let Some(record) = first_record(&self.quorum.image(), &min_insync_replicas)
            && let Err(error) = self.quorum.propose(vec![record]).await
        {
            tracing::error!("the cluster's first configuration was not written: {error}");
        }
        while let Some(first) = self.jobs.recv().await {
            let (records, answers) = self.decide(first);
            let outcome = if records.is_empty() {
                Ok(())
            } else {
                self.quorum.propose(records).await.map(drop).map_err(|error| refusal(&error))
            };
            answers.into_iter().for_each(|answer| answer(outcome.clone()));
        }
    }

    /// Runs `first` and all that waits behind it, each against what those before it have made.
    fn decide(&mut self, first: Job) -> (Vec<Record>, Vec<Answer>) {
        let mut scratch = (*self.quorum.image()).clone();
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        let mut next = Some(first);
        while let Some(job) = next {
            // A caller whose time is up has been told so already.
            if job.deadline > Instant::now() {
                let (made, answer) = (job.run)(&scratch);
                match accept(&mut scratch, &made) {
                    Ok(len) => {
                        bytes += len;
                        records.extend(made);
                        answers.push(answer);
                    }
                    Err(refusal) => answer(Err(refusal)),
                }
            }
            next = if bytes < PROPOSAL_BYTES { self.jobs.try_recv().ok() } else { None };
        }
        (records, answers)
    }
}

/// Applies a command's records to the scratch image, all or none, and says how many bytes they have.
fn accept(scratch: &mut Image, made: &[Record]) -> Result<usize, Refusal> {
    if made.is_empty() {
        return Ok(0);
    }
    let len = codec::encode(made).len();
    if len > COMMAND_BYTES {
        return Err(Refusal::too_large());
    }
    let mut after = scratch.clone();
    match apply_all(&mut after, made, scratch.at, &mut Delta::default()) {
        Ok(()) => {
            *scratch = after;
            Ok(len)
        }
        Err(error) => {
            tracing::error!("a decision does not fit the image it was taken on: {error}");
            Err(ErrorCode::UnknownServerError.into())
        }
    }
}

/// What a caller is told when a proposal failed. After a stop it is in doubt, which a timeout says best.
fn refusal(error: &Error) -> Refusal {
    match error {
        Error::NotLeader { .. } => ErrorCode::NotController.into(),
        Error::TooLarge(_) => Refusal::too_large(),
        _ => {
            tracing::error!("a decision could not be committed: {error}");
            ErrorCode::RequestTimedOut.into()
        }
    }
}
