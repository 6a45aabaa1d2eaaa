//! One group of the classic protocol (`ClassicGroup`): a generation begins with a join phase and is stable once the
//! leader's assignment is kept.
//!
//! ```text
//!            first member                all joined             assignment kept
//!   Empty ───────────────► Preparing ─────────────► Completing ─────────────► Stable
//!     ▲                    Rebalance ◄───────────── Rebalance ◄──────────────── │
//!     │                      │   ▲    join, leave, silence                      │
//!     └──────────────────────┘   └──────────────────────────────────────────────┘
//!          nobody is left                  join, leave, silence
//! ```

pub mod group;
pub mod heartbeat;
pub mod join;
pub mod kept;
pub mod leave;
pub mod member;
pub mod rebalance;
pub mod rejoin;
pub mod subscription;
pub mod sync;

#[cfg(test)]
mod group_test;
#[cfg(test)]
mod rebalance_test;
#[cfg(test)]
mod static_test;
