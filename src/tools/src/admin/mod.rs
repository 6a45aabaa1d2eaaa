//! Tools about topics, logs and brokers.

use crate::table::Tool;

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] = &[];
