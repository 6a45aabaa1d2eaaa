//! Tools that work on files of this machine or stand around a broker.

use crate::table::Tool;

/// The tools of this area.
pub(crate) const TOOLS: &[Tool] = &[];
