//! The image that this broker serves.

use std::sync::Arc;

use arc_swap::ArcSwap;
use klamm_metadata::Image;
use tokio::sync::watch;

/// The newest image of which every change has been handed down to the rooms that act on it. The broker's publisher
/// moves it; handlers read it. Clones share it.
#[derive(Clone)]
pub struct Published {
    image: Arc<ArcSwap<Image>>,
    index: watch::Sender<u64>,
}

impl Default for Published {
    fn default() -> Published {
        Published { image: Arc::new(ArcSwap::from_pointee(Image::default())), index: watch::Sender::new(0) }
    }
}

impl Published {
    /// The image.
    pub fn image(&self) -> Arc<Image> {
        self.image.load_full()
    }

    /// Moves on to `image`. Images come in their order.
    pub fn publish(&self, image: Arc<Image>) {
        let index = image.at.index;
        self.image.store(image);
        self.index.send_replace(index);
    }

    /// Waits until an image of log entry `index` or later is served.
    pub async fn wait_for(&self, index: u64) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.index.subscribe().wait_for(|served| *served >= index).await;
    }
}
