//! Random operations against a model of what a node must keep. A failing run prints its seed; `KLAMM_SEED` runs one.

use std::collections::BTreeMap;

use klamm_base::Offset;
use klamm_env::Random;
use klamm_metadata::ConfigResource;

use crate::Replicas;
use crate::testing::{NOW_MS, World, all_values, batch, batch_of};

const RUNS: u64 = 60;
const STEPS: usize = 120;
const TOPICS: [&str; 3] = ["a", "b", "c"];

/// A log as it must be.
#[derive(Clone, Debug, Default)]
struct Log {
    /// The value of each offset from 0 on; below `start` nobody looks.
    values: Vec<String>,
    start: usize,
    /// Everything below survives a power cut.
    flushed: usize,
    /// The newest batch of the one producer that every log has: its first sequence, its offset and its values.
    newest: Option<(i32, i64, Vec<String>)>,
    next_sequence: i32,
}

struct Run {
    seed: u64,
    random: Random,
    world: World,
    replicas: Replicas,
    logs: BTreeMap<(&'static str, i32), Log>,
    written: usize,
}

impl Run {
    fn new(seed: u64) -> Run {
        let world = World::mem(seed, &["x", "y"]);
        let replicas = world.start();
        Run { seed, random: Random::from_seed(!seed), world, replicas, logs: BTreeMap::new(), written: 0 }
    }

    fn pick(&self) -> Option<(&'static str, i32)> {
        let place = self.random.below(self.logs.len() as u64) as usize;
        self.logs.keys().nth(place).copied()
    }

    fn step(mut self) -> Run {
        match self.random.below(40) {
            0..=11 => self.produce(),
            12..=16 => self.produce_in_sequence(),
            17 | 18 => self.repeat(),
            19..=22 => self.flush(),
            23 | 24 => self.delete_records(),
            25..=27 => self.create_or_grow(),
            28 => self.delete_topic(),
            29 => self.replicas.save_checkpoints().unwrap(),
            30 => self.chores(),
            31 => self.configure(),
            32 | 33 => return self.restart(),
            34 | 35 => return self.kill(),
            36 => return self.die_in_a_change(),
            _ => return self.crash(),
        }
        self
    }

    fn new_values(&mut self) -> Vec<String> {
        let count = 1 + self.random.below(4) as usize;
        self.written += count;
        (self.written - count..self.written).map(|n| format!("value {n}")).collect()
    }

    fn produce(&mut self) {
        let Some(key) = self.pick() else { return };
        let values = self.new_values();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let produced = self.replicas.partition(key.0, key.1).unwrap().produce(&batch(&texts), 9).unwrap();
        let log = self.logs.get_mut(&key).unwrap();
        assert_eq!(produced.base_offset.0, log.values.len() as i64, "seed {}: {key:?}", self.seed);
        log.values.extend(values);
    }

    fn produce_in_sequence(&mut self) {
        let Some(key) = self.pick() else { return };
        let values = self.new_values();
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let log = self.logs.get_mut(&key).unwrap();
        let sent = batch_of(9, 0, log.next_sequence, &texts);
        let produced = self.replicas.partition(key.0, key.1).unwrap().produce(&sent, 9).unwrap();
        assert_eq!(produced.base_offset.0, log.values.len() as i64, "seed {}: {key:?}", self.seed);
        log.newest = Some((log.next_sequence, produced.base_offset.0, values.clone()));
        log.next_sequence += values.len() as i32;
        log.values.extend(values);
    }

    /// I2: the newest batch of a producer is known, also when its records are deleted (I6).
    fn repeat(&mut self) {
        let Some(key) = self.pick() else { return };
        let Some((sequence, offset, values)) = &self.logs[&key].newest else { return };
        let texts: Vec<&str> = values.iter().map(String::as_str).collect();
        let again = self.replicas.partition(key.0, key.1).unwrap().produce(&batch_of(9, 0, *sequence, &texts), 9);
        assert_eq!(again.map(|again| again.base_offset.0), Ok(*offset), "seed {}: {key:?}", self.seed);
    }

    fn flush(&mut self) {
        let Some(key) = self.pick() else { return };
        let flushed = self.replicas.partition(key.0, key.1).unwrap().flush().unwrap();
        let log = self.logs.get_mut(&key).unwrap();
        assert_eq!(flushed.0, log.values.len() as i64);
        log.flushed = log.values.len();
    }

    fn delete_records(&mut self) {
        let Some(key) = self.pick() else { return };
        let log = self.logs.get_mut(&key).unwrap();
        let to = self.random.below(log.values.len() as u64 + 1) as usize;
        let start = self.replicas.partition(key.0, key.1).unwrap().delete_records(to as i64).unwrap();
        log.start = log.start.max(to);
        assert_eq!(start.0, log.start as i64);
    }

    fn create_or_grow(&mut self) {
        let topic = TOPICS[self.random.below(3) as usize];
        match self.world.image.topic(topic).map(|topic| topic.partition_count()) {
            None => {
                let partitions = 1 + self.random.below(2) as i32;
                self.world.create(&self.replicas, topic, partitions);
                self.logs.extend((0..partitions).map(|index| ((topic, index), Log::default())));
            }
            Some(count) if count < 4 => {
                self.world.grow(&self.replicas, topic);
                self.logs.insert((topic, count), Log::default());
            }
            Some(_) => {}
        }
    }

    fn delete_topic(&mut self) {
        let Some((topic, _)) = self.pick() else { return };
        self.world.delete(&self.replicas, topic);
        self.logs.retain(|(name, _), _| *name != topic);
    }

    fn chores(&mut self) {
        self.world.clock.set(self.world.clock.now_ms() + 30_000);
        self.replicas.flush_due().unwrap();
        self.replicas.remove_doomed();
        self.replicas.tidy();
    }

    fn configure(&mut self) {
        let Some((topic, _)) = self.pick() else { return };
        let bytes = ["200", "500", "5000"][self.random.below(3) as usize];
        self.world.configure(&self.replicas, ConfigResource::topic(topic), "internal.segment.bytes", Some(bytes));
    }

    fn restart(self) -> Run {
        let replicas = self.world.restart(self.replicas);
        let mut run = Run { replicas, ..self };
        for log in run.logs.values_mut() {
            log.flushed = log.values.len();
        }
        run
    }

    fn kill(self) -> Run {
        let replicas = self.world.kill(self.replicas);
        Run { replicas, ..self }
    }

    /// A topic goes and comes back, and the node dies before it hears of it, or of half of it.
    fn die_in_a_change(mut self) -> Run {
        let Some((topic, _)) = self.pick() else { return self };
        let delta = self.world.commit_deletion(topic);
        if self.random.below(2) == 0 {
            self.replicas.apply(&self.world.image, &delta);
        }
        let new = self.world.new_topic(topic, 1);
        self.world.commit(&new);
        self.logs.retain(|(name, _), _| *name != topic);
        self.logs.insert((topic, 0), Log::default());
        self.kill()
    }

    fn crash(self) -> Run {
        let replicas = self.world.crash(self.replicas);
        let mut run = Run { replicas, ..self };
        let seed = run.seed;
        for (key, log) in &mut run.logs {
            let partition = run.replicas.partition(key.0, key.1).unwrap();
            let survived = partition.high_watermark().0 as usize;
            let least = log.flushed.max(log.start);
            assert!((least..=log.values.len()).contains(&survived), "seed {seed}: {key:?}: {survived} of {log:?}");
            log.values.truncate(survived);
            let start = partition.log_start().0 as usize;
            if log.flushed <= log.start && start > log.start && start <= survived {
                // Nothing was ever synced, and of the segments' names only later ones came through.
                log.start = start;
            }
            // The state of a producer outlives its records as long as there is power.
            let is_there = |at: usize, len: usize| log.start <= at && at + len <= survived;
            if log.newest.as_ref().is_some_and(|(_, at, values)| !is_there(*at as usize, values.len())) {
                log.newest = None;
            }
            // A producer of which a part was lost goes on with a new number.
            if log.newest.is_none() {
                let next = partition.producers().first().map_or(log.next_sequence, |known| known.last_sequence.0 + 1);
                log.next_sequence = next;
            }
        }
        run
    }

    fn check(&self) {
        let seed = self.seed;
        assert_eq!(self.replicas.all().len(), self.logs.len(), "seed {seed}");
        for (key, log) in &self.logs {
            let partition = self.replicas.partition(key.0, key.1).unwrap();
            assert_eq!(partition.log_start(), Offset(log.start as i64), "seed {seed}: {key:?}");
            assert_eq!(partition.high_watermark(), Offset(log.values.len() as i64), "seed {seed}: {key:?}");
            assert!(partition.recovery_point() <= partition.high_watermark(), "seed {seed}: {key:?}");
            assert_eq!(all_values(&partition), log.values[log.start..], "seed {seed}: {key:?}");
        }
    }
}

#[test]
fn whatever_happens_what_was_promised_is_there() {
    let seeds = match std::env::var("KLAMM_SEED") {
        Ok(seed) => vec![seed.parse().expect("KLAMM_SEED is a number")],
        Err(_) => (0..RUNS).map(|run| NOW_MS as u64 + run).collect(),
    };
    for seed in seeds {
        println!("KLAMM_SEED={seed}");
        let mut run = Run::new(seed);
        for _ in 0..STEPS {
            run = run.step();
            run.check();
        }
    }
}
