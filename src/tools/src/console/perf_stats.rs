//! The figures of kafka-producer-perf-test (`ProducerPerformance.Stats`).

/// Latencies that are kept for the percentiles.
const SAMPLES: u64 = 500_000;

/// A number as Java's `%.Nf` prints it.
pub(super) fn fixed(number: f64, digits: usize) -> String {
    match number {
        _ if number.is_nan() => "NaN".to_owned(),
        _ if number.is_infinite() => if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned(),
        _ => format!("{number:.digits$}"),
    }
}

/// What was sent, and how long it took.
pub(super) struct Stats {
    start_ms: i64,
    latencies: Vec<u32>,
    sampling: u64,
    iteration: u64,
    all: Sum,
    window: Sum,
    window_start_ms: i64,
    interval_ms: i64,
    steady: bool,
    quiet: bool,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    count: u64,
    bytes: u64,
    latency_ms: u64,
    most_ms: u32,
}

impl Sum {
    fn add(&mut self, latency_ms: u32, bytes: usize) {
        self.count += 1;
        self.bytes += bytes as u64;
        self.latency_ms += u64::from(latency_ms);
        self.most_ms = self.most_ms.max(latency_ms);
    }

    fn per_second(&self, elapsed_ms: i64) -> (f64, f64) {
        let rate = |amount: f64| 1000.0 * amount / elapsed_ms as f64;
        (rate(self.count as f64), rate(self.bytes as f64) / (1024.0 * 1024.0))
    }

    fn average_ms(&self) -> f64 {
        self.latency_ms as f64 / self.count as f64
    }
}

impl Stats {
    pub(super) fn new(records: u64, interval_ms: i64, steady: bool, now_ms: i64) -> Stats {
        Stats {
            start_ms: now_ms,
            latencies: Vec::new(),
            sampling: (records / records.clamp(1, SAMPLES)).max(1),
            iteration: 0,
            all: Sum::default(),
            window: Sum::default(),
            window_start_ms: now_ms,
            interval_ms,
            steady,
            quiet: false,
        }
    }

    /// The windows are another's to tell from here on.
    pub(super) fn hush(&mut self) {
        self.quiet = true;
    }

    /// Takes a record; the lines to print now.
    pub(super) fn record(&mut self, latency_ms: u32, bytes: usize, now_ms: i64) -> Vec<String> {
        self.all.add(latency_ms, bytes);
        self.window.add(latency_ms, bytes);
        if self.iteration.is_multiple_of(self.sampling) {
            self.latencies.push(latency_ms);
        }
        self.iteration += 1;
        let mut lines = Vec::new();
        if now_ms - self.window_start_ms >= self.interval_ms {
            if self.steady && self.all.count == self.window.count {
                lines.push("In steady state.".to_owned());
            }
            if !self.quiet {
                lines.push(self.window_line(now_ms));
            }
            self.window = Sum::default();
            self.window_start_ms = now_ms;
        }
        lines
    }

    fn window_line(&self, now_ms: i64) -> String {
        let (records, megabytes) = self.window.per_second(now_ms - self.window_start_ms);
        format!(
            "{} records sent, {} records/sec ({} MB/sec), {} ms avg latency, {} ms max latency.",
            self.window.count,
            fixed(records, 1),
            fixed(megabytes, 2),
            fixed(self.window.average_ms(), 1),
            fixed(f64::from(self.window.most_ms), 1)
        )
    }

    /// The line of the whole test.
    pub(super) fn total(&mut self, now_ms: i64) -> String {
        self.latencies.sort_unstable();
        let at = |share: f64| {
            let place = (share * self.latencies.len() as f64) as usize;
            self.latencies.get(place).or(self.latencies.last()).copied().unwrap_or(0)
        };
        let (records, megabytes) = self.all.per_second(now_ms - self.start_ms);
        format!(
            "{}{} records sent, {} records/sec ({} MB/sec), {} ms avg latency, {} ms max latency, {} ms 50th, {} ms \
             95th, {} ms 99th, {} ms 99.9th.",
            self.all.count,
            if self.steady { " steady state" } else { "" },
            fixed(records, 6),
            fixed(megabytes, 2),
            fixed(self.all.average_ms(), 2),
            fixed(f64::from(self.all.most_ms), 2),
            at(0.5),
            at(0.95),
            at(0.99),
            at(0.999)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_the_stock_tool_s() {
        let mut stats = Stats::new(1000, 5000, false, 0);
        for number in 0..999 {
            assert!(stats.record(number % 100, 1024, 10).is_empty());
        }
        let window = stats.record(7, 1024, 5000);
        assert_eq!(
            window,
            ["1000 records sent, 200.0 records/sec (0.20 MB/sec), 49.4 ms avg latency, 99.0 ms max latency."]
        );
        assert_eq!(
            stats.total(10_000),
            "1000 records sent, 100.000000 records/sec (0.10 MB/sec), 49.41 ms avg latency, 99.00 ms max latency, \
             49 ms 50th, 94 ms 95th, 98 ms 99th, 99 ms 99.9th."
        );
    }

    #[test]
    fn nothing_sent_has_no_average() {
        let total = Stats::new(1, 5000, false, 0).total(100);
        assert_eq!(
            total,
            "0 records sent, 0.000000 records/sec (0.00 MB/sec), NaN ms avg latency, 0.00 ms max latency, 0 ms 50th, \
             0 ms 95th, 0 ms 99th, 0 ms 99.9th."
        );
        assert_eq!(fixed(1.0 / 0.0, 4), "Infinity");
    }

    #[test]
    fn a_steady_state_is_announced_with_its_first_window() {
        let mut stats = Stats::new(10, 10, true, 0);
        assert_eq!(stats.record(1, 1, 10)[0], "In steady state.");
        assert_eq!(stats.record(1, 1, 20).len(), 1);
        assert!(stats.total(30).starts_with("2 steady state records sent, "));
    }
}
