//! How many connections there are, how many there may be, and what they share.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::frame_memory::FrameMemory;

/// Bounds on connections (N10). A connection beyond one is accepted and closed at once, as Kafka does.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// `max.connections`.
    pub max: usize,
    /// `max.connections.per.ip`.
    pub max_per_ip: usize,
    /// `max.connections.per.ip.overrides`.
    pub overrides: BTreeMap<IpAddr, usize>,
}

/// The connections of one broker. Clones share the count.
#[derive(Clone)]
pub struct Connections {
    limits: Arc<ConnectionLimits>,
    open: Arc<Mutex<Open>>,
    frame_memory: FrameMemory,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_ip: BTreeMap<IpAddr, usize>,
}

/// A place among the connections, given back when dropped.
pub struct Place {
    open: Arc<Mutex<Open>>,
    ip: IpAddr,
    frame_memory: FrameMemory,
}

impl Connections {
    /// None yet, bounded by `limits`.
    pub fn new(limits: ConnectionLimits) -> Connections {
        Connections { limits: Arc::new(limits), open: Arc::default(), frame_memory: FrameMemory::default() }
    }

    /// Takes a place for a connection from `ip`; `None` if a bound is reached.
    pub fn admit(&self, ip: IpAddr) -> Option<Place> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed = self.limits.overrides.get(&ip).copied().unwrap_or(self.limits.max_per_ip);
        let from_ip = open.by_ip.get(&ip).copied().unwrap_or(0);
        if open.all >= self.limits.max || from_ip >= allowed {
            return None;
        }
        open.all += 1;
        open.by_ip.insert(ip, from_ip + 1);
        Some(Place { open: self.open.clone(), ip, frame_memory: self.frame_memory.clone() })
    }

    /// How many are open.
    pub fn count(&self) -> usize {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).all
    }
}

impl Place {
    /// The room that the large frames of all connections share.
    pub fn frame_memory(&self) -> FrameMemory {
        self.frame_memory.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        if let Some(from_ip) = open.by_ip.get_mut(&self.ip) {
            *from_ip -= 1;
            if *from_ip == 0 {
                open.by_ip.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(last: u8) -> IpAddr {
        IpAddr::from([127, 0, 0, last])
    }

    #[test]
    fn a_place_is_refused_at_the_bound_and_given_back_n10() {
        let overrides = BTreeMap::from([(ip(9), 1)]);
        let connections = Connections::new(ConnectionLimits { max: 4, max_per_ip: 2, overrides });
        let first = connections.admit(ip(1)).unwrap();
        let _second = connections.admit(ip(1)).unwrap();
        assert!(connections.admit(ip(1)).is_none(), "two from one address");
        let _third = connections.admit(ip(9)).unwrap();
        assert!(connections.admit(ip(9)).is_none(), "its override says one");
        let _fourth = connections.admit(ip(2)).unwrap();
        assert!(connections.admit(ip(3)).is_none(), "four in all");
        drop(first);
        assert_eq!(connections.count(), 3);
        assert!(connections.admit(ip(1)).is_some());
    }
}
