//! Groups: members, assignments, committed offsets. Each file turns one message into a request to the coordinator and
//! its reply into the answer.

pub mod delete;
pub mod describe;
pub mod find_coordinator;
pub mod heartbeat;
pub mod join;
pub mod leave;
pub mod list;
pub mod offset_commit;
pub mod offset_delete;
pub mod offset_fetch;
pub mod sync;
