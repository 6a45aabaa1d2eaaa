//! The topics that a producer sends to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use klamm_base::ErrorCode;
use klamm_env::Random;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clients::metadata::{Topic, Topics, passes};

/// A topic whose partitions are known.
pub(super) struct KnownTopic {
    pub(super) name: Arc<str>,
    /// The leader of each partition, by partition.
    pub(super) leaders: Vec<Option<i32>>,
    stuck_to: Option<i32>,
    /// What keyless records brought to that partition since it was chosen.
    pub(super) stuck_bytes: usize,
}

/// What is known of topics, and which are to be asked for.
pub(super) struct Known {
    topics: BTreeMap<String, KnownTopic>,
    refusals: BTreeMap<String, ErrorCode>,
    wanted: BTreeSet<String>,
    ask_at: Option<Instant>,
    asking: bool,
    max_age: Duration,
    backoff: Duration,
    lingers: bool,
}

impl Known {
    pub(super) fn new(max_age: Duration, backoff: Duration) -> Known {
        let (topics, refusals, wanted) = (BTreeMap::new(), BTreeMap::new(), BTreeSet::new());
        Known { topics, refusals, wanted, ask_at: None, asking: false, max_age, backoff, lingers: false }
    }

    pub(super) fn get(&self, topic: &str) -> Option<&KnownTopic> {
        self.topics.get(topic)
    }

    pub(super) fn get_mut(&mut self, topic: &str) -> Option<&mut KnownTopic> {
        self.topics.get_mut(topic)
    }

    /// Why the topic cannot be written to; said once, then it is asked for anew.
    pub(super) fn refusal(&mut self, topic: &str) -> Option<ErrorCode> {
        self.refusals.remove(topic)
    }

    /// The topic is to be asked for.
    pub(super) fn want(&mut self, topic: &str) {
        if self.wanted.insert(topic.to_owned()) {
            self.ask_at = Some(Instant::now());
        }
    }

    /// The leaders have moved.
    pub(super) fn outdated(&mut self) {
        let at = Instant::now() + self.backoff;
        self.ask_at = Some(self.ask_at.map_or(at, |other| other.min(at)));
    }

    /// Wakes the sender for the first record that lingers: it does not yet know when to wake by itself.
    pub(super) fn first_record(&mut self, wake: &Notify) {
        if !std::mem::replace(&mut self.lingers, true) {
            wake.notify_one();
        }
    }

    /// The sender looks at the queues now; who lingers from here on must wake it.
    pub(super) fn looked(&mut self) {
        self.lingers = false;
    }

    pub(super) fn ask_at(&self) -> Option<Instant> {
        self.ask_at.filter(|_| !self.asking)
    }

    /// The topics to ask for, if it is time.
    pub(super) fn ask(&mut self, now: Instant) -> Option<Vec<String>> {
        if self.ask_at().is_none_or(|at| at > now) {
            return None;
        }
        self.asking = true;
        Some(self.wanted.iter().chain(self.topics.keys()).cloned().collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Takes an answer; `None` if there was none.
    pub(super) fn take(&mut self, answer: Option<Topics>) {
        self.asking = false;
        let Some(answer) = answer else { return self.outdated_from_now() };
        for (name, told) in answer {
            match told {
                Ok(topic) => self.learn(name, &topic),
                Err(code) if passes(code) => {}
                Err(code) => {
                    self.wanted.remove(&name);
                    self.refusals.insert(name, code);
                }
            }
        }
        let leaderless = self.topics.values().any(|topic| topic.leaders.contains(&None));
        let soon = leaderless || !self.wanted.is_empty();
        self.ask_at = Some(Instant::now() + if soon { self.backoff } else { self.max_age });
    }

    fn outdated_from_now(&mut self) {
        self.ask_at = Some(Instant::now() + self.backoff);
    }

    fn learn(&mut self, name: String, topic: &Topic) {
        if topic.leaders.is_empty() {
            return;
        }
        self.wanted.remove(&name);
        let leaders = topic.leaders.values().copied().collect();
        match self.topics.get_mut(&name) {
            Some(known) => known.leaders = leaders,
            None => {
                let known = KnownTopic { name: name.as_str().into(), leaders, stuck_to: None, stuck_bytes: 0 };
                self.topics.insert(name, known);
            }
        }
    }
}

impl KnownTopic {
    /// Who leads a partition.
    pub(super) fn leader(&self, partition: i32) -> Option<i32> {
        usize::try_from(partition).ok().and_then(|at| self.leaders.get(at).copied().flatten())
    }

    /// The partition that keyless records go to for now.
    pub(super) fn sticky(&mut self, random: &Random) -> i32 {
        match self.stuck_to {
            Some(partition) => partition,
            None => self.move_on(random),
        }
    }

    /// Another one, at random among those that have a leader (KIP-794).
    pub(super) fn move_on(&mut self, random: &Random) -> i32 {
        let led: Vec<usize> = (0..self.leaders.len()).filter(|at| self.leaders[*at].is_some()).collect();
        let all: Vec<usize> = if led.is_empty() { (0..self.leaders.len()).collect() } else { led };
        let at = usize::try_from(random.below(all.len() as u64)).unwrap_or(0);
        let partition = i32::try_from(all.get(at).copied().unwrap_or(0)).unwrap_or(0);
        (self.stuck_to, self.stuck_bytes) = (Some(partition), 0);
        partition
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(name: &str, told: Result<&[Option<i32>], ErrorCode>) -> Topics {
        let topic =
            |leaders: &[Option<i32>]| Topic { leaders: (0..).zip(leaders.iter().copied()).collect(), internal: false };
        BTreeMap::from([(name.to_owned(), told.map(topic))])
    }

    #[tokio::test]
    async fn a_topic_is_asked_for_until_it_is_there_and_a_refusal_is_said_once() {
        let mut known = Known::new(Duration::from_secs(300), Duration::from_millis(100));
        known.want("t");
        let now = Instant::now();
        assert_eq!(known.ask(now).unwrap(), ["t"]);
        assert!(known.ask(now).is_none(), "one question at a time");
        known.take(Some(answer("t", Err(ErrorCode::UnknownTopicOrPartition))));
        assert!(known.ask(now).is_none() && known.ask(now + Duration::from_secs(1)).is_some());
        known.take(Some(answer("t", Ok(&[Some(1)]))));
        assert_eq!(known.get("t").unwrap().leader(0), Some(1));
        assert!(known.ask(now + Duration::from_secs(2)).is_none());
        known.want("x");
        known.ask(Instant::now()).unwrap();
        known.take(Some(answer("x", Err(ErrorCode::InvalidTopicException))));
        assert_eq!((known.refusal("x"), known.refusal("x")), (Some(ErrorCode::InvalidTopicException), None));
    }

    #[tokio::test]
    async fn keyless_records_stick_to_a_partition_that_has_a_leader() {
        let mut known = Known::new(Duration::from_secs(300), Duration::from_millis(100));
        known.take(Some(answer("t", Ok(&[None, Some(1), None]))));
        let topic = known.get_mut("t").unwrap();
        let random = Random::from_seed(1);
        assert!((0..20).all(|_| topic.move_on(&random) == 1 && topic.sticky(&random) == 1));
    }
}
