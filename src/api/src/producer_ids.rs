//! Ids for idempotent producers, out of blocks from the controller (I14).

use std::sync::Arc;
use std::time::Duration;

use klamm_base::{ErrorCode, NodeId, ProducerId};
use klamm_controller::Handle as Controller;
use tokio::sync::Mutex;

/// Hands out producer ids, each once. Clones share the block; what is left of it at a crash is never used.
#[derive(Clone)]
pub struct ProducerIds {
    controller: Controller,
    node: NodeId,
    epoch: i64,
    block: Arc<Mutex<Block>>,
}

/// How long a block may take to come.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Block {
    next: i64,
    end: i64,
}

impl ProducerIds {
    /// Ids for the broker `node`, registered in `epoch`, from `controller`.
    pub fn new(controller: Controller, node: NodeId, epoch: i64) -> ProducerIds {
        ProducerIds { controller, node, epoch, block: Arc::default() }
    }

    /// The next id. The lock is held while a new block is fetched: the others need that block too.
    ///
    /// # Errors
    /// As the controller refuses a block; a client asks again (COORDINATOR_LOAD_IN_PROGRESS, as Kafka answers).
    pub async fn next(&self) -> Result<ProducerId, ErrorCode> {
        let mut block = self.block.lock().await;
        if block.next == block.end {
            let fresh = self.controller.allocate_producer_ids(self.node, self.epoch, TIMEOUT).await;
            let fresh = fresh.map_err(|_| ErrorCode::CoordinatorLoadInProgress)?;
            *block = Block { next: fresh.first.0, end: fresh.first.0 + fresh.len };
        }
        let id = ProducerId(block.next);
        block.next += 1;
        Ok(id)
    }
}
