//! Tools that produce and consume.

use crate::table::Tool;

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] = &[];
