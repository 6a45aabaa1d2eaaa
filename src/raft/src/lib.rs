//! The metadata quorum: openraft over sled
