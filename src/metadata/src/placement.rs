//! Which brokers hold the replicas of new partitions.
//!
//! Brokers stand in a ring. Each partition takes the next ones in the ring, and the next partition begins one place
//! further, so that leaders and replicas spread evenly. Where the ring begins is the caller's chance (`seed`), so that
//! many topics of one partition do not all land on the first broker. Fenced brokers come last within a partition and
//! never first: they may hold a replica but cannot lead (`StripedReplicaPlacer`).

use klamm_base::NodeId;

/// A broker that may hold replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The broker.
    pub id: NodeId,
    /// True if it cannot lead now.
    pub fenced: bool,
}

/// Why replicas cannot be placed. The texts are the ones that Kafka's tools print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A replication factor of zero or less.
    #[error("Invalid replication factor {0}: the replication factor must be positive.")]
    NotPositive(i16),
    /// More replicas than brokers.
    #[error(
        "The target replication factor of {wanted} cannot be reached because only {have} broker(s) are registered or \
         some brokers have all their log directories cordoned."
    )]
    TooFewBrokers {
        /// How many replicas were asked for.
        wanted: i16,
        /// How many brokers there are.
        have: usize,
    },
    /// No broker can lead.
    #[error("All brokers are currently fenced.")]
    AllFenced,
}

/// The replicas of `count` partitions with `replication_factor` replicas each, the leader first.
///
/// # Errors
/// If there are too few brokers.
pub fn place(
    candidates: &[Candidate],
    count: usize,
    replication_factor: i16,
    seed: u64,
) -> Result<Vec<Vec<NodeId>>, Error> {
    let wanted = usize::try_from(replication_factor).unwrap_or(0);
    if wanted == 0 {
        return Err(Error::NotPositive(replication_factor));
    }
    if wanted > candidates.len() {
        return Err(Error::TooFewBrokers { wanted: replication_factor, have: candidates.len() });
    }
    let ring = |fenced: bool| -> Vec<NodeId> {
        let mut ids: Vec<NodeId> = candidates.iter().filter(|one| one.fenced == fenced).map(|one| one.id).collect();
        ids.sort();
        ids
    };
    let (alive, fenced) = (ring(false), ring(true));
    if alive.is_empty() {
        return Err(Error::AllFenced);
    }
    let begin = usize::try_from(seed % alive.len() as u64).unwrap_or(0);
    Ok((0..count).map(|partition| replicas_of(begin + partition, &alive, &fenced, wanted)).collect())
}

/// After each whole turn the followers shift by one more, so that one broker's followers are not always the same.
fn replicas_of(turn: usize, alive: &[NodeId], fenced: &[NodeId], wanted: usize) -> Vec<NodeId> {
    let leader = turn % alive.len();
    let others = alive.len() - 1;
    let shift = if others == 0 { 0 } else { (turn / alive.len()) % others };
    let followers = (0..others).map(|step| alive[(leader + 1 + (step + shift) % others) % alive.len()]);
    let spare = (0..fenced.len()).map(|step| fenced[(turn + step) % fenced.len()]);
    std::iter::once(alive[leader]).chain(followers).chain(spare).take(wanted).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn brokers(alive: i32, fenced: i32) -> Vec<Candidate> {
        (0..alive + fenced).map(|id| Candidate { id: NodeId(id), fenced: id >= alive }).collect()
    }

    #[test]
    fn replicas_of_a_partition_are_different_brokers_and_leaders_spread_evenly() {
        for (alive, fenced, factor) in [(1, 0, 1), (3, 0, 3), (5, 2, 3), (2, 3, 5), (7, 0, 2)] {
            let placed = place(&brokers(alive, fenced), 70, factor, 11).unwrap();
            let mut leads: BTreeMap<NodeId, usize> = BTreeMap::new();
            for replicas in &placed {
                assert_eq!(replicas.iter().collect::<BTreeSet<_>>().len(), usize::try_from(factor).unwrap());
                assert!(replicas[0].0 < alive, "a fenced broker does not lead");
                *leads.entry(replicas[0]).or_default() += 1;
            }
            let (least, most) = (leads.values().min().unwrap(), leads.values().max().unwrap());
            assert!(most - least <= 1 && leads.len() == usize::try_from(alive).unwrap(), "{leads:?}");
        }
    }

    #[test]
    fn the_seed_moves_the_first_leader() {
        let first = |seed| place(&brokers(3, 0), 1, 1, seed).unwrap()[0][0];
        assert_eq!((0..3).map(first).collect::<BTreeSet<_>>().len(), 3);
    }

    #[test]
    fn too_few_brokers_are_told_in_kafkas_words() {
        let text = |result: Result<_, Error>| result.unwrap_err().to_string();
        assert_eq!(
            text(place(&brokers(1, 0), 1, 3, 0)),
            "The target replication factor of 3 cannot be reached because only 1 broker(s) are registered or some brokers have all their log directories cordoned."
        );
        assert_eq!(text(place(&brokers(0, 2), 1, 1, 0)), "All brokers are currently fenced.");
        assert!(text(place(&brokers(1, 0), 1, 0, 0)).contains("must be positive"));
    }
}
