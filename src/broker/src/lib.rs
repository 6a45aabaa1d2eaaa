//! Birth, death and wiring of a node
