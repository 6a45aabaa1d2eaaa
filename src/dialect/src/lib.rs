//! The front door of a container: environment variables of five image families and a mounted file become one
//! configuration, with the name of where each value came from.
//!
//! Law: pure. Variables, files and host names are handed in; nothing here reads the world.
