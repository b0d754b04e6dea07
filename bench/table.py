"""What is printed of a row."""

import sys

from figures import ratio


def show(table, checks):
    for name, row in table.items():
        if "messages_per_second" not in row:
            continue
        share = ""
        if "floor" in table:
            share = f"{ratio(table, name, 'floor'):7.0%} of floor"
        speedup = ""
        if "Postfix" in table:
            speedup = f"{ratio(table, name, 'Postfix'):6.2f} x Postfix"
        print(f"  {name:<12}{row['messages_per_second']:>10,.0f} msg/s {speedup} {share}"
              f"   CPU/msg: source {row['source_cpu_us']:8.1f} us, sink {row['sink_cpu_us']:8.1f} us"
              f"   peak: {row['source_peak_kib'] / 1024:.0f} + {row['sink_peak_kib'] / 1024:.0f} MiB")
    for check in checks:
        target = ""
        if check.target is not None:
            verdict = "met" if check.met() else "MISSED"
            target = f"(target {'>=' if check.at_least else '<='} {check.target:g}{check.unit}) {verdict}"
        print(f"  {check.name:<40}{check.value:10.2f}{check.unit:<5} {target}".rstrip())
    sys.stdout.flush()


def show_curve(rates):
    """A line for so many sessions: a bar of ours, F where the floor is and P where Postfix is."""
    width = 46
    most = max(rate for row in rates.values() for rate in row.values())
    for sessions, row in rates.items():
        bar = list(f"{'=' * round(row['Millrace'] / most * width):<{width + 1}}")
        for mark, name in (("P", "Postfix"), ("F", "floor")):
            if name in row:
                bar[round(row[name] / most * width)] = mark
        theirs = f"{row['Postfix']:>8,.0f}" if "Postfix" in row else "       -"
        print(f"  {sessions:>6}  {row['Millrace']:>8,.0f} of {row['floor']:>8,.0f}"
              f" {row['Millrace'] / row['floor']:>5.0%}  Postfix {theirs}  {''.join(bar).rstrip()}")
