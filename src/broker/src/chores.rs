//! What is done from time to time.

use std::sync::Arc;
use std::time::Duration;

use klamm_env::Tasks;
use klamm_replica::Replicas;

/// How often logs are looked at: rolled segments are synced, `flush.ms` is kept.
const FLUSH_TICK: Duration = Duration::from_millis(1000);

/// Runs the chores of a broker's partitions until it stops. `checkpoint_every` is
/// `log.flush.offset.checkpoint.interval.ms`.
pub async fn run(replicas: Arc<Replicas>, tasks: Tasks, checkpoint_every: Duration) {
    let mut next_checkpoint = tokio::time::Instant::now() + checkpoint_every;
    loop {
        tokio::select! {
            () = tokio::time::sleep(FLUSH_TICK) => {}
            () = tasks.stopped() => return,
        }
        let checkpoint = tokio::time::Instant::now() >= next_checkpoint;
        if checkpoint {
            next_checkpoint = tokio::time::Instant::now() + checkpoint_every;
        }
        let replicas = replicas.clone();
        tasks.offload(move || once(&replicas, checkpoint)).await;
    }
}

fn once(replicas: &Replicas, checkpoint: bool) {
    let flushed = replicas.flush_due();
    let kept = if checkpoint { replicas.save_checkpoints() } else { Ok(()) };
    if let Err(error) = flushed.and(kept) {
        tracing::error!(%error, "logs could not be synced");
    }
    replicas.remove_doomed();
    if checkpoint {
        replicas.tidy();
    }
}
