//! Whatever is asked: what is decided fits the image it was decided on.

use klamm_base::{NodeId, TopicId};
use klamm_env::Random;
use klamm_metadata::Image;

use crate::configs::{Alter, ConfigChange, Way, alter};
use crate::delete::{DeleteTopic, delete};
use crate::partitions::{NewPartitions, create_partitions};
use crate::producer_ids::allocate;
use crate::testing::{FewKeys, after, create, defaults, image_with};
use crate::{NewTopic, Registration, brokers};

struct Asker(Random);

impl Asker {
    fn int(&self, from: i32, below: i32) -> i32 {
        from + i32::try_from(self.0.below(u64::try_from(below - from).unwrap())).unwrap()
    }

    fn pick<'a>(&self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.0.below(from.len() as u64)).unwrap()]
    }

    fn some<T>(&self, below: i32, make: impl Fn() -> T) -> Vec<T> {
        (0..self.int(0, below)).map(|_| make()).collect()
    }

    fn name(&self) -> String {
        self.pick(&["a", "b", "a.b", "a_b", "", "..", "x y", "c"]).to_owned()
    }

    fn replicas(&self) -> Vec<NodeId> {
        self.some(4, || NodeId(self.int(0, 5)))
    }

    fn topic(&self) -> NewTopic {
        let by_hand = self.int(0, 3) == 0;
        let number = |from, below| if by_hand && self.int(0, 4) > 0 { -1 } else { self.int(from, below) };
        NewTopic {
            name: self.name(),
            partitions: number(-2, 5),
            replication_factor: i16::try_from(number(-2, 4)).unwrap(),
            assignments: if by_hand { self.some(4, || (self.int(-1, 3), self.replicas())) } else { Vec::new() },
            configs: self.some(2, || {
                let value = (self.int(0, 5) > 0).then(|| self.pick(&["1", "x", ""]).to_owned());
                (self.pick(&["retention.ms", "cleanup.policy", "no.such"]).to_owned(), value)
            }),
        }
    }

    fn delete(&self, image: &Image) -> DeleteTopic {
        let known = image.ids.keys().next().copied().unwrap_or(TopicId([9; 16]));
        DeleteTopic {
            name: (self.int(0, 2) == 0).then(|| self.name()),
            id: if self.int(0, 2) == 0 { known } else { TopicId::ZERO },
        }
    }

    fn grow(&self) -> NewPartitions {
        let assignments = (self.int(0, 3) == 0).then(|| self.some(4, || self.replicas()));
        NewPartitions { name: self.name(), count: self.int(-1, 9), assignments }
    }

    fn alter(&self) -> Alter {
        Alter {
            kind: i8::try_from(self.int(0, 33)).unwrap(),
            name: self.pick(&["a", "b", "", "1", "2", "g"]).to_owned(),
            changes: self.some(3, || ConfigChange {
                name: self.pick(&["retention.ms", "cleanup.policy", "min.insync.replicas", "listeners"]).to_owned(),
                op: i8::try_from(self.int(-1, 5)).unwrap(),
                value: (self.int(0, 5) > 0).then(|| self.pick(&["1", "delete", "a,b", ""]).to_owned()),
            }),
        }
    }

    fn come(&self) -> Registration {
        let id = self.int(1, 4);
        Registration {
            id: NodeId(id),
            incarnation: TopicId([u8::try_from(self.int(1, 4)).unwrap(); 16]),
            cluster_id: self.pick(&["c", "other"]).into(),
            rack: None,
            endpoints: Vec::new(),
            directories: self.some(3, || TopicId([1; 16])),
        }
    }

    /// One command; `after` asserts that its records fit and leave the image whole.
    fn step(&self, image: &mut Image) {
        let records = match self.int(0, 7) {
            0 | 1 => return drop(create(image, &self.some(3, || self.topic()))),
            2 => delete(image, &defaults(), &self.some(3, || self.delete(image))).0,
            3 => create_partitions(image, &self.0, &self.some(3, || self.grow())).0,
            4 => {
                let way = if self.int(0, 2) == 0 { Way::Replace } else { Way::Incremental };
                alter(image, &FewKeys, NodeId(1), way, &self.some(3, || self.alter())).0
            }
            5 => {
                let known = image.brokers.values().next().map_or((NodeId(1), 7), |broker| (broker.id, broker.epoch));
                let unfenced = brokers::unfence(image, known.0, known.1).ok().flatten();
                unfenced
                    .or_else(|| allocate(image, known.0, known.1).ok().map(|(record, _)| record))
                    .into_iter()
                    .collect()
            }
            _ => brokers::register(image, &self.come()).map(|(records, _)| records).unwrap_or_default(),
        };
        after(image, &records);
    }
}

#[test]
fn what_is_decided_always_fits() {
    let mut topics_seen = 0;
    for seed in 0..60 {
        let asker = Asker(Random::from_seed(seed));
        let mut image = image_with(1..=asker.int(1, 4));
        for _ in 0..80 {
            asker.step(&mut image);
            topics_seen = topics_seen.max(image.topics.len());
        }
    }
    assert!(topics_seen >= 3, "the commands reach something");
}
