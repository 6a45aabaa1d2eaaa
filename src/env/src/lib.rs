//! The only door to clock, chance, disk, network and tasks
