//! The newest image: one writer, any number of readers and followers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwap;
use klamm_metadata::{Delta, Image, Update};
use tokio::sync::watch;

use crate::updates::{Slot, Updates};

/// Holds the newest image. The state machine writes it; reading takes no lock.
pub(crate) struct ImageCell {
    image: ArcSwap<Image>,
    /// One more than the index of the last entry applied; 0 for none.
    applied: watch::Sender<u64>,
    /// Also held while the image is stored, so that a new follower begins exactly where its first image ends.
    followers: Mutex<Vec<Weak<Slot>>>,
}

impl ImageCell {
    /// A cell with this image. `applied` is one more than the index of the last entry in it.
    pub fn new(image: Image, applied: u64) -> ImageCell {
        let followers = Mutex::new(Vec::new());
        ImageCell { image: ArcSwap::from_pointee(image), applied: watch::Sender::new(applied), followers }
    }

    pub fn load(&self) -> Arc<Image> {
        self.image.load_full()
    }

    /// Replaces the image after a step that changed `delta`.
    pub fn store(&self, image: Image, delta: Delta) {
        let applied = image.at.index + 1;
        let image = Arc::new(image);
        {
            let mut followers = self.followers();
            self.image.store(image.clone());
            if !delta.is_empty() {
                followers.retain(|slot| {
                    let Some(slot) = slot.upgrade() else { return false };
                    slot.push(Update { image: image.clone(), delta: delta.clone() });
                    true
                });
            }
        }
        self.applied.send_replace(applied);
    }

    /// The steps from now on; the first is from nothing to the image of now.
    pub fn follow(&self) -> Updates {
        let slot = Arc::new(Slot::default());
        let mut followers = self.followers();
        let image = self.load();
        slot.push(Update { delta: Delta::between(&Image::default(), &image), image });
        followers.push(Arc::downgrade(&slot));
        Updates(slot)
    }

    /// Waits until the entry `index` is in the image. False if that will never be.
    pub async fn wait_applied(&self, index: u64) -> bool {
        self.applied.subscribe().wait_for(|applied| *applied > index).await.is_ok()
    }

    /// Tells the followers that no more steps will come.
    pub fn close(&self) {
        self.followers().drain(..).filter_map(|slot| slot.upgrade()).for_each(|slot| slot.close());
    }

    fn followers(&self) -> MutexGuard<'_, Vec<Weak<Slot>>> {
        self.followers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ImageCell {
    fn drop(&mut self) {
        self.close();
    }
}
