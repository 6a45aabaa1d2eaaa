//! Handing metadata down: replicas first, then coordinators, then everyone who asks.

use std::sync::Arc;

use klamm_coordinator::Groups;
use klamm_env::Tasks;
use klamm_metadata::Update;
use klamm_raft::Updates;
use klamm_replica::Replicas;

use crate::places::Places;

/// Takes the steps of the image, one after the other, to the rooms that act on them.
pub(crate) struct Publisher {
    pub updates: Updates,
    pub replicas: Arc<Replicas>,
    pub groups: Groups,
    pub places: Places,
    pub tasks: Tasks,
}

impl Publisher {
    /// Publishes until the broker or the quorum stops; a step that was begun is done to its end.
    pub async fn run(mut self) {
        let tasks = self.tasks.clone();
        loop {
            let update = tokio::select! {
                biased;
                () = tasks.stopped() => return,
                update = self.updates.next() => update,
            };
            match update {
                Some(update) => self.publish(update).await,
                None => return,
            }
        }
    }

    async fn publish(&self, update: Update) {
        let (replicas, step) = (self.replicas.clone(), update.clone());
        self.tasks.offload(move || replicas.apply(&step.image, &step.delta)).await;
        let deleted: Vec<_> = update.delta.deleted.values().map(|topic| (topic.name.clone(), topic.id)).collect();
        self.places.publish(update.image);
        if !deleted.is_empty() {
            // The offsets of deleted topics go when the coordinator finds the time; nobody waits for it.
            let groups = self.groups.clone();
            self.tasks.spawn(async move { groups.topics_deleted(deleted).await });
        }
    }
}
