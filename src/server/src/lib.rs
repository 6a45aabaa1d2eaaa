//! Sockets: listeners, connections, order and limits
