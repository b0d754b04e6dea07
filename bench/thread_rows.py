"""A row of ever more threads on the cores that there are: none may make a message dearer."""

import statistics

from contestants import our_sink, our_source
from figures import Check
from running import HALF_EACH, Counter, run_pair

SIDES = ("source", "sink")


def cores_used(threads):
    """By both sides together."""
    return sum(min(threads, len(cores)) for cores in (HALF_EACH.sink, HALF_EACH.source))


def cost(result, messages, counted):
    """What a message cost each side: instructions, or else microseconds of CPU, in user space."""
    def of(usage):
        return (usage.instructions if counted else usage.user_seconds * 1e6) / messages

    return {side: of(getattr(result, side)) for side in SIDES}


def threads_row(crowd, sessions, messages, rate, growth):
    """`crowd`: numbers of threads of each side, which share its half of the cores, with `sessions`
    each: what a turn of a loop costs is of as many of them. In closed loop, and Poisson arrivals of
    a `rate` that is beyond everybody. `growth`: of the instructions a message, from the fewest
    threads to the most."""
    loads = {
        "closed": [],
        "poisson": ["--rate", f"{rate}/s", "--arrivals", "poisson", "--seed", 1],
    }

    def source(name, threads):
        kept = ["-d", "-s", sessions * threads, "-m", messages, "-l", 1024, "--threads", threads]
        return our_source(kept, *loads[name])

    def run(rounds):
        counted = Counter.works()
        unit = "instructions" if counted else "us of user CPU"
        found = {(name, threads): [] for name in loads for threads in crowd}
        for _ in range(rounds):
            for name, threads in found:
                found[name, threads].append(run_pair(
                    our_sink("--threads", threads), source(name, threads), HALF_EACH, counted))
        table = {}
        for (name, threads), results in found.items():
            costs = [cost(result, messages, counted) for result in results]
            row = {side: statistics.median(one[side] for one in costs) for side in SIDES}
            row["unit"] = unit
            row["messages_per_second_and_core"] = statistics.median(
                messages / result.seconds / cores_used(threads) for result in results)
            table[f"{name}, {threads} threads"] = row
            print(f"  {name:<8}{threads:>3} threads  {row['messages_per_second_and_core']:>8,.0f} msg/s a core"
                  f"   {unit} a message: source {row['source']:>9,.1f}, sink {row['sink']:>9,.1f}")
        fewest, most = (f", {threads} threads" for threads in (min(crowd), max(crowd)))
        # CPU tells of the kernel's mood as well, and is for reading.
        return table, [
            Check(f"{side}, {name}: {max(crowd)} threads, x {min(crowd)}",
                  table[name + most][side] / table[name + fewest][side],
                  growth if counted else None, False)
            for name in loads for side in SIDES
        ]

    return run
