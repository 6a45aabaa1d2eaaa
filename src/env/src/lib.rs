//! The only door to clock, chance, disk, network and tasks.
//!
//! Law: every other room reaches the world through an [`Env`] value that was handed to it, so that the same house
//! stands on real ground and on a simulated one. The top `clippy.toml` bans the direct calls; this room lifts the ban
//! for itself. Monotonic time is `tokio::time`, which a test can pause, so it needs no door of its own.
//!
//! ```text
//!            Env ──┬── Clock    wall time in milliseconds          real | set by hand
//!                  ├── Random   ids, jitter, placement             from the system | from a seed
//!                  ├── Disk     files and folders                  DiskOs | DiskMem (loses what was not synced)
//!                  ├── Net      listeners and streams              tokio's TCP
//!                  └── Tasks    spawn, offload, stop               the runtime it was made on
//! ```

pub mod clock;
pub mod disk;
pub mod disk_mem;
pub mod disk_os;
#[cfg(test)]
mod disk_test;
pub mod net;
pub mod random;
pub mod tasks;

use std::sync::Arc;

pub use clock::Clock;
pub use disk::{Disk, Entry, File, Mode};
pub use disk_mem::DiskMem;
pub use disk_os::DiskOs;
pub use net::{Listener, Net, Stream};
pub use random::Random;
pub use tasks::Tasks;

/// The world as a value. Cheap to clone.
#[derive(Clone)]
pub struct Env {
    /// Wall time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// Files.
    pub disk: Arc<dyn Disk>,
    /// Sockets.
    pub net: Net,
    /// Tasks and the signal to stop.
    pub tasks: Tasks,
}

impl Env {
    /// The real world. Must be called inside a tokio runtime.
    pub fn real() -> Env {
        Env {
            clock: Clock::real(),
            random: Random::from_system(),
            disk: Arc::new(DiskOs),
            net: Net,
            tasks: Tasks::on_current_runtime(),
        }
    }
}
