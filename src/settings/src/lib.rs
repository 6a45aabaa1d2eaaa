//! One table of configuration keys, and everything that is derived from it
