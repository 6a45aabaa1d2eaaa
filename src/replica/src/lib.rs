//! A partition in the cluster: role, watermarks, appends, reads, waiters, fetch sessions
