//! The cluster as a value: image, record, apply, delta, placement
