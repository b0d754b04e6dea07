"""What was found: figures of contestants, and checks of them against their targets."""

import dataclasses
import statistics

from running import run_pair


@dataclasses.dataclass
class Check:
    """One figure, its target, and whether higher is better."""

    name: str
    value: float
    target: float | None  # None: for reading only
    at_least: bool = True
    unit: str = "x"

    def met(self):
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target


def figures(results, messages):
    """Medians of one contestant."""
    def median(of):
        return statistics.median(of(result) for result in results)

    return {
        "messages_per_second": median(lambda r: messages / r.seconds),
        "source_cpu_us": median(lambda r: r.source.cpu_seconds / messages * 1e6),
        "sink_cpu_us": median(lambda r: r.sink.cpu_seconds / messages * 1e6),
        "source_peak_kib": median(lambda r: r.source.peak_kib),
        "sink_peak_kib": median(lambda r: r.sink.peak_kib),
    }


def measure(contestants, rounds, messages, fewer=None):
    """A table of the figures of each contestant: a name, and a sink and a source of so many messages
    (`fewer`: of those that are given fewer, by name). They take turns."""
    results = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, (sink, source) in contestants.items():
            results[name].append(run_pair(sink, source))
    return {name: figures(found, (fewer or {}).get(name, messages)) for name, found in results.items()}


def ratio(table, one, other, figure="messages_per_second"):
    return table[one][figure] / table[other][figure]


def of_floor(table, name="Millrace"):
    return ratio(table, name, "floor")
