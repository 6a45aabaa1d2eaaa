//! One file per Kafka API key: decode, ask, answer.
//!
//! Law: no state of its own. A handler turns a message into questions to the rooms below and their answers into a
//! message. What is served is data: [`table::TABLE`].
//!
//! ```text
//!   frame ─> dispatch: header ─> row(key, version) ─> Handler::handle ─> Reply ─> Answer
//! ```
//!
//! To add an API: write its file with a card on top, implement [`call::Handler`], add its row to the table.

pub mod admin;
pub mod advertised;
pub mod auth;
pub mod call;
mod convert;
pub mod data;
pub mod dispatch;
pub mod group;
pub mod metric;
pub mod producer_ids;
pub mod published;
pub mod reply;
pub mod services;
pub mod session;
pub mod table;
pub mod topic;
pub mod unreached;

pub use call::{Call, Handler};
pub use dispatch::Api;
pub use metric::ApiMetrics;
pub use reply::{Outcome, Reply};
pub use services::Services;
pub use session::Session;
pub use unreached::Unreached;
