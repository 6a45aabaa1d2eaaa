//! Tools about groups and configurations.

use crate::table::Tool;

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] = &[];
