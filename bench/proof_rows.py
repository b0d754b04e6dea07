"""What it takes to hold journals of both sides against each other."""

import pathlib
import statistics
import subprocess
import tempfile
import time

from figures import Check
from running import PeakWatch
from support.places import RELEASE
from support.processes import Process

PROOF_TOOL = RELEASE / "tests/proof_tool"
# So many messages at a time are out of order, as sessions side by side make it.
WINDOW = 64
# What tells which numbers are missing, or there twice, and no more.
COMM = "LC_ALL=C; export LC_ALL; comm -3 <(sort -S 384M {0}/sent.txt) <(sort -S 384M {0}/got.txt)"


def write_journals(folder, messages):
    names = [f"kind {number} kind{number}" for number in range(4)]
    names += [f"domain {number} d{number}.test" for number in range(16)]
    for name, lines in (("sent", ["side sent", "run 1", *names, f"many {messages} {WINDOW}"]),
                        ("got", ["side taken", "run 100", f"many {messages} {WINDOW} 1"])):
        subprocess.run([PROOF_TOOL, "write", folder / f"{name}.proof"], input="\n".join([*lines, "close"]), text=True, check=True)
        with (folder / f"{name}.txt").open("w", encoding="ascii") as numbers:
            subprocess.run(["seq", "-w", "0", str(messages - 1)], stdout=numbers, check=True)


def timed(command):
    """Seconds, and peak memory in MiB; on all cores."""
    begin = time.monotonic()
    process = Process(command, stdout=subprocess.DEVNULL)
    peak = PeakWatch(process.pid)
    process.wait(timeout=600)
    process.check()
    seconds = time.monotonic() - begin
    peak.join()
    return seconds, peak.kib / 1024


def reconcile_row(messages):
    def run(rounds):
        with tempfile.TemporaryDirectory(prefix="millrace.", dir="/var/tmp") as scratch:
            folder = pathlib.Path(scratch)
            write_journals(folder, messages)
            ours, theirs = [], []
            for _ in range(rounds):
                ours.append(timed([RELEASE / "smtp-report", "reconcile", "--fail-on", "lost",
                                   folder / "sent.proof", folder / "got.proof"]))
                theirs.append(timed(["bash", "-c", COMM.format(folder)]))
        seconds = statistics.median(one for one, _ in ours)
        records = 2 * messages / seconds
        table = {"Millrace": {"records_per_second": records, "peak_mib": max(mib for _, mib in ours)},
                 "sort and comm": {"records_per_second": 2 * messages / statistics.median(one for one, _ in theirs)}}
        return table, [
            Check("records a second", records / 1e6, 100 / 60, unit=" M"),
            Check("peak memory", table["Millrace"]["peak_mib"], 1024, False, " MiB"),
            Check("times as fast as sort and comm", records / table["sort and comm"]["records_per_second"], None),
        ]

    return run
