//! The front door of a container: the environment variables of five image families, and files that lie in the
//! container, become one list of settings, each with where it comes from.
//!
//! Law: pure. Variables, files, mounts and host names are handed in; nothing here reads the world. All five families
//! are understood at once; which one it is decides only what they read differently: the escapes in names of variables,
//! data directories, defaults.
//!
//! ```text
//!   variables ──┐                   ┌ variables  KAFKA_*, KAFKA_CFG_*      ┐            ┌ settings ─> klamm_settings
//!   files ──────┼─ World ─ resolve ─┤ legacy     ADVERTISED_HOST_NAME, ... ├─ Resolved ─┼ notes, one line each
//!   mounts ─────┤                   │ listeners  what follows from what    │            └ cluster id, topics,
//!   hostname ───┘                   └ gaps       what is left out          ┘               log filter
//! ```
//!
//! It may use `base` and `settings`.

mod cleaning;
mod cluster;
mod dialect;
mod draft;
mod gaps;
mod legacy;
mod listeners;
mod log_filter;
mod names;
mod resolve;
#[cfg(test)]
mod samples_test;
mod several;
mod stock;
#[cfg(test)]
mod testing;
mod topics;
mod variables;
mod world;
mod written;

pub use cluster::ClusterId;
pub use dialect::Dialect;
pub use resolve::{Resolved, resolve};
pub use stock::is_untouched;
pub use topics::Topic;
pub use world::{Mount, TextFile, World};
pub use written::{is_written, write};
