"""What proofs cost: stamps and journals while a run goes, and to hold journals against each other."""

import pathlib
import statistics
import subprocess
import tempfile
import time

from contestants import load_options, our_sink, our_source
from figures import Check, measure, ratio
from running import PeakWatch
from support.places import RELEASE
from support.processes import Process

PROOF_TOOL = RELEASE / "tests/proof_tool"
# So many messages at a time are out of order, as sessions side by side make it.
WINDOW = 64
# What tells which numbers are missing, or there twice, and no more.
COMM = "LC_ALL=C; export LC_ALL; comm -3 <(sort -S 384M {0}/sent.txt) <(sort -S 384M {0}/got.txt)"


def proof_row(messages, size, share):
    """Each side with its part of the proof, against without; `share`: of the rate that must be left."""
    def run(rounds):
        load = load_options(messages, size)
        with tempfile.TemporaryDirectory(prefix="millrace.") as scratch:
            folder = pathlib.Path(scratch)
            folder.chmod(0o777)
            key = folder / "key"
            key.write_text("0123456789abcdef" * 4 + "\n")
            key.chmod(0o644)

            def fresh(contestant, option, *options):
                """Each run begins with no journal."""
                def command(port):
                    journal = folder / option
                    journal.unlink(missing_ok=True)
                    return contestant(*options, "--stamp-key", key, option, journal)(port)

                return command

            def stamping(*options):
                return our_source([*load, *options])

            stamped = fresh(stamping, "--stamp")
            table = measure({
                "neither": (our_sink(), our_source(load)),
                "stamped": (our_sink(), stamped),
                "verified": (fresh(our_sink, "--verify"), stamped),
            }, rounds, messages)
        return table, [
            Check("messages/s of a source that stamps, x without", ratio(table, "stamped", "neither"), share),
            Check("messages/s into a sink that verifies, x without", ratio(table, "verified", "stamped"), share),
            Check("source CPU, x without", ratio(table, "stamped", "neither", "source_cpu_us"), None, False),
            Check("sink CPU, x without", ratio(table, "verified", "stamped", "sink_cpu_us"), None, False),
        ]

    return run


def write_journals(folder, messages):
    names = [f"kind {number} kind{number}" for number in range(4)]
    names += [f"domain {number} d{number}.test" for number in range(16)]
    for name, lines in (("sent", ["side sent", "run 1", *names, f"many {messages} {WINDOW}"]),
                        ("got", ["side taken", "run 100", f"many {messages} {WINDOW} 1"])):
        subprocess.run([PROOF_TOOL, "write", folder / f"{name}.proof"], input="\n".join([*lines, "close"]),
                       text=True, check=True)
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
