//! Duties of the Raft leader: commands in, records out
