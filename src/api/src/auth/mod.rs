//! What a client asks before it does anything.

pub mod api_versions;
