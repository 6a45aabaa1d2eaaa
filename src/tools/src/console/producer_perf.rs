//! kafka-producer-perf-test: how fast records go (`ProducerPerformance`).

use std::time::Duration;

use klamm_env::{Env, Random};
use tokio::time::sleep;

use super::perf_stats::Stats;
use super::producer_perf_options::{Payload, Plan, Refusal, parser, read};
use crate::FAILED;
use crate::argparse::Stop;
use crate::clients::producer::{Delivery, NewRecord, Producer, ProducerConfig};
use crate::io::{Io, block_on};
use crate::jopt::uncaught;
use crate::thrown::Thrown;

/// Runs the tool; its exit code.
pub(crate) fn run(args: &[String], io: &mut Io) -> u8 {
    let parser = parser();
    if args.is_empty() {
        let _ = io.out.write_all(parser.help_text().as_bytes());
        return 0;
    }
    let plan = match read(&parser, args, io) {
        Ok(plan) => plan,
        Err(Refusal::Stop(Stop::Help(text))) => {
            let _ = io.out.write_all(text.as_bytes());
            return FAILED;
        }
        Err(Refusal::Stop(Stop::Usage(text))) => {
            let _ = io.err.write_all(text.as_bytes());
            return FAILED;
        }
        Err(Refusal::Thrown(thrown)) => return uncaught(io, &thrown.class, thrown.text()),
    };
    let config = match ProducerConfig::read(&plan.config, "perf-producer-client") {
        Ok(config) => config,
        Err(thrown) => return uncaught(io, &thrown.class, thrown.text()),
    };
    match block_on(async |env| Test::run(&env, io, &plan, config).await) {
        Ok(Ok(())) => 0,
        Ok(Err(thrown)) => uncaught(io, &thrown.class, thrown.text()),
        Err(_) => FAILED,
    }
}

struct Test<'a> {
    env: &'a Env,
    plan: &'a Plan,
    producer: Producer,
    stats: Stats,
    steady: Option<Stats>,
    letters: Letters,
    random: Random,
    payload: Vec<u8>,
}

impl Test<'_> {
    async fn run(env: &Env, io: &mut Io, plan: &Plan, config: ProducerConfig) -> Result<(), Thrown> {
        let producer = Producer::start(env, config, true).await?;
        if plan.transaction_ms.is_some() {
            producer.init_transactions().await?;
        }
        if plan.warmup > 0 {
            let warmup = plan.warmup;
            io.say(format_args!(
                "Warmup first {warmup} records. Steady state results will print after the complete test summary."
            ));
        }
        let mut test = Test {
            env,
            plan,
            producer,
            stats: Stats::new(plan.records, plan.interval_ms, false, env.clock.now_ms()),
            steady: None,
            letters: Letters(0),
            random: Random::from_seed(0),
            payload: Vec::new(),
        };
        test.send_all(io).await?;
        test.producer.flush().await;
        test.hear(io);
        let now_ms = env.clock.now_ms();
        io.say(test.stats.total(now_ms));
        if let Some(mut steady) = test.steady {
            io.say(steady.total(now_ms));
        }
        if plan.prints_metrics {
            io.complain("--print-metrics: this tool keeps no metrics");
        }
        Ok(())
    }

    async fn send_all(&mut self, io: &mut Io) -> Result<(), Thrown> {
        let start_ms = self.env.clock.now_ms();
        let mut throttle = Throttle { target: self.plan.throughput, start_ms, deficit: Duration::ZERO };
        let mut transaction_start_ms = None;
        for number in 0..self.plan.records {
            self.fill(number);
            let now_ms = self.env.clock.now_ms();
            let begun_ms = *transaction_start_ms.get_or_insert(now_ms);
            if self.plan.warmup > 0 && number == self.plan.warmup {
                let steady = self.plan.records - self.plan.warmup;
                self.steady = Some(Stats::new(steady, self.plan.interval_ms, true, now_ms));
                self.stats.hush();
            }
            let record = NewRecord { key: None, value: Some(&self.payload), headers: &[] };
            self.producer.send(&self.plan.topic, record).await?;
            self.hear(io);
            if self.plan.transaction_ms.is_some_and(|span| span <= now_ms - begun_ms) {
                self.producer.commit().await?;
                transaction_start_ms = None;
            }
            if throttle.is_ahead(number, now_ms) {
                throttle.wait().await;
            }
        }
        if self.plan.transaction_ms.is_some() && transaction_start_ms.is_some() {
            self.producer.commit().await?;
        }
        Ok(())
    }

    /// Makes the payload of a record.
    fn fill(&mut self, number: u64) {
        match &self.plan.payload {
            Payload::Random(size) => {
                self.payload.resize(*size, 0);
                self.letters.fill(&mut self.payload);
            }
            Payload::Of(list) => {
                let at = usize::try_from(self.random.below(list.len() as u64)).unwrap_or(0);
                self.payload.clone_from(&list[at]);
            }
            Payload::Number => self.payload = number.to_string().into_bytes(),
        }
    }

    /// Counts what was delivered, and says what was not.
    fn hear(&mut self, io: &mut Io) {
        let deliveries = self.producer.deliveries();
        if deliveries.is_empty() {
            return;
        }
        let now_ms = self.env.clock.now_ms();
        for Delivery { sent, fault, .. } in deliveries {
            for one in sent {
                if let Some(fault) = &fault {
                    io.complain(fault);
                    continue;
                }
                let latency_ms = u32::try_from(one.at.elapsed().as_millis()).unwrap_or(u32::MAX);
                let bytes = one.value_bytes.unwrap_or(0);
                let mut lines = self.stats.record(latency_ms, bytes, now_ms);
                lines.extend(
                    self.steady.as_mut().map(|steady| steady.record(latency_ms, bytes, now_ms)).unwrap_or_default(),
                );
                lines.iter().for_each(|line| io.say(line));
                if !lines.is_empty() {
                    let _ = io.out.flush();
                }
            }
        }
    }
}

/// Random capital letters (`SplittableRandom`'s generator, which is as quick as it gets).
struct Letters(u64);

impl Letters {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            for (byte, random) in chunk.iter_mut().zip(self.next().to_le_bytes()) {
                *byte = b'A' + u8::try_from(u16::from(random) * 26 / 256).unwrap_or(0);
            }
        }
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Holds the rate down (`ThroughputThrottler`): short waits are saved up until they are worth a sleep.
struct Throttle {
    target: f64,
    start_ms: i64,
    deficit: Duration,
}

/// A sleep below this is not worth it.
const LEAST_SLEEP: Duration = Duration::from_millis(2);

impl Throttle {
    fn is_ahead(&self, so_far: u64, now_ms: i64) -> bool {
        let seconds = (now_ms - self.start_ms) as f64 / 1000.0;
        self.target >= 0.0 && seconds > 0.0 && so_far as f64 / seconds > self.target
    }

    async fn wait(&mut self) {
        if self.target == 0.0 {
            return std::future::pending().await;
        }
        self.deficit += Duration::from_secs_f64(1.0 / self.target);
        if self.deficit >= LEAST_SLEEP {
            sleep(std::mem::take(&mut self.deficit)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_are_capital_letters() {
        let mut payload = [0; 1003];
        Letters(0).fill(&mut payload);
        assert!(payload.iter().all(u8::is_ascii_uppercase));
        assert!((b'A'..=b'Z').all(|letter| payload.contains(&letter)));
    }

    #[test]
    fn a_rate_is_exceeded_only_where_there_is_one() {
        let throttle = |target| Throttle { target, start_ms: 0, deficit: Duration::ZERO };
        assert!(throttle(10.0).is_ahead(11, 1000) && !throttle(10.0).is_ahead(10, 1000));
        assert!(!throttle(-1.0).is_ahead(1_000_000, 1) && !throttle(10.0).is_ahead(5, 0));
    }
}
