//! Chance.

use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};

/// A generator of random values: seeded from the system, or from a number so that a run can be repeated.
/// Clones share one sequence. Not for secrets.
#[derive(Clone)]
pub struct Random(Arc<Mutex<SmallRng>>);

impl Random {
    /// Seeded by the operating system.
    pub fn from_system() -> Random {
        Random(Arc::new(Mutex::new(SmallRng::from_os_rng())))
    }

    /// Seeded by `seed`: the same seed gives the same sequence.
    pub fn from_seed(seed: u64) -> Random {
        Random(Arc::new(Mutex::new(SmallRng::seed_from_u64(seed))))
    }

    /// Any 64 bits.
    pub fn next_u64(&self) -> u64 {
        self.with(RngCore::next_u64)
    }

    /// A number in `0..bound`; 0 if `bound` is 0.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.with(|rng| rng.random_range(0..bound)) }
    }

    /// Sixteen random bytes, for ids.
    pub fn bytes16(&self) -> [u8; 16] {
        self.with(|rng| {
            let mut bytes = [0; 16];
            rng.fill_bytes(&mut bytes);
            bytes
        })
    }

    /// A version-4 UUID in its usual text form (36 characters), as member ids carry it.
    pub fn uuid_text(&self) -> String {
        let mut b = self.bytes16();
        b[6] = (b[6] & 0x0f) | 0x40;
        b[8] = (b[8] & 0x3f) | 0x80;
        let hex = |part: &[u8]| part.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        [hex(&b[..4]), hex(&b[4..6]), hex(&b[6..8]), hex(&b[8..10]), hex(&b[10..])].join("-")
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut SmallRng) -> T) -> T {
        use_it(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (a, b) = (Random::from_seed(7), Random::from_seed(7));
        assert_eq!(a.uuid_text(), b.uuid_text());
        assert_eq!(a.next_u64(), b.next_u64());
    }

    #[test]
    fn a_uuid_has_the_usual_form() {
        let text = Random::from_seed(1).uuid_text();
        assert_eq!(text.len(), 36);
        assert_eq!(text.as_bytes()[14], b'4');
    }
}
