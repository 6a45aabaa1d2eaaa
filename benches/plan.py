"""What is measured, and with how much data. Sizes are chosen for a machine of two cores."""

from dataclasses import dataclass

AREAS = ("start", "idle", "produce", "consume", "latency", "size")
"""The areas that --only names."""

RECORD_SIZES = {"100 B": 100, "1 KB": 1024}
PARTITIONS = (1, 16)
ACKS = ("1", "all")


@dataclass(frozen=True)
class Plan:
    """The sizes of one run."""

    rounds: int
    starts: int
    """Starts on an empty directory per visit."""
    idle_settle_s: float
    idle_window_s: float
    records: dict[str, int]
    """Records per produce and consume case, by record size."""
    warmup_records: int
    """Records of 100 B that are produced and consumed, unmeasured, before the first case: a JVM compiles while it works."""
    latency_rate: int
    latency_s: float
    latency_warmup_s: float


DEFAULT = Plan(rounds=3, starts=2, idle_settle_s=4, idle_window_s=10, records={"100 B": 2_000_000, "1 KB": 600_000},
               warmup_records=1_000_000, latency_rate=10_000, latency_s=10, latency_warmup_s=4)

QUICK = Plan(rounds=1, starts=1, idle_settle_s=2, idle_window_s=5, records={"100 B": 1_000_000, "1 KB": 250_000},
             warmup_records=500_000, latency_rate=10_000, latency_s=6, latency_warmup_s=3)


@dataclass(frozen=True)
class Load:
    """The cases of one record size and partition count: a produce for each acks, one consume."""

    size_name: str
    partitions: int

    @property
    def record_size(self) -> int:
        return RECORD_SIZES[self.size_name]

    @property
    def name(self) -> str:
        return f"{self.size_name}, {self.partitions} partition{'s' if self.partitions > 1 else ''}"

    def topic(self, acks: str) -> str:
        return f"load-{self.record_size}-{self.partitions}-{acks}"


def loads(round_number: int) -> list[Load]:
    """All loads; every other round backwards, since a broker that has run longer may be faster."""
    every = [Load(size_name, partitions) for size_name in RECORD_SIZES for partitions in PARTITIONS]
    return every if round_number % 2 == 1 else every[::-1]


def visits(rounds: int, kinds: list[str]) -> list[tuple[int, str]]:
    """(round, broker) in the order of A B, B A, A B: drift of the machine falls on both alike."""
    return [(number, kind) for number in range(1, rounds + 1) for kind in (kinds if number % 2 == 1 else kinds[::-1])]
