"""Rows of one pair of programs against another, in messages or bytes a second or in CPU."""

import json
import pathlib
import statistics
import subprocess
import tempfile

from contestants import (
    BDAT, DATA, MAIL, RCPT, REPORTS, SINK_REPORT, content, floor_pair, load_options, one_by_one,
    our_sink, our_source, postfix_sink, postfix_source, together)
from figures import Check, figures, measure, of_floor, ratio
from running import SOURCE_CORE, run_pair
from support.places import RELEASE


def pair_row(messages, size, share=None, exchanges=None, at_once=1, reconnect=False, speedup=None,
             engine="uring", extensions=(), offer=(), postfix_messages=None):
    """Postfix's pair, ours and the floor. `share`: of the floor that ours must reach; `exchanges`:
    the floor's round trips for `at_once` messages; `extensions`, `offer`: options of our source
    and our sink that Postfix's pair does not have; `postfix_messages`: fewer, where one count gives
    Postfix minutes or us no time at all."""
    exchanges = exchanges or one_by_one(size)

    def run(rounds):
        load = load_options(messages, size, reconnect=reconnect)
        its_load = load_options(postfix_messages or messages, size, reconnect=reconnect)
        table = measure({
            "Postfix": (postfix_sink(), postfix_source(its_load)),
            "Millrace": (our_sink("--io", engine, *offer),
                         our_source(load, "--io", engine, *extensions)),
            "floor": floor_pair(messages // at_once, exchanges,
                                "reconnect" if reconnect else "keep", engine),
        }, rounds, messages, {"Postfix": postfix_messages or messages})
        checks = [Check("messages/s, x floor", of_floor(table), share)]
        if speedup:
            checks.append(Check("messages/s, x Postfix", ratio(table, "Millrace", "Postfix"), speedup))
        return table, checks

    return run


def window_row(messages, size, share, share_measured):
    """Ten whole transactions a round trip: without and with everything measured."""
    window = ("--chunking", "--pipeline-window", 10)
    offer = ("--offer", "CHUNKING")
    round_trip = together(*(MAIL, RCPT, BDAT, content(size)) * 10)

    def run(rounds):
        load = load_options(messages, size)
        few = messages // 10
        table = measure({
            "Postfix": (postfix_sink(), postfix_source(load_options(few, size))),
            "Millrace": (our_sink(*offer), our_source(load, *window)),
            "measured": (our_sink(*offer, *SINK_REPORT), our_source(load, *window, *REPORTS)),
            "floor": floor_pair(messages // 10, [round_trip]),
        }, rounds, messages, {"Postfix": few})
        return table, [
            Check("messages/s, x floor", of_floor(table), share),
            Check("messages/s, x floor, measured", of_floor(table, "measured"), share_measured),
        ]

    return run


def unwanted_row(messages, size, advantage):
    """Content by BDAT into a sink that keeps nothing: nobody looks at it, so that it need not be
    copied out of the kernel."""
    def run(rounds):
        load = load_options(messages, size)
        table = measure({
            "DATA": (our_sink(), our_source(load)),
            "BDAT": (our_sink("--offer", "CHUNKING"), our_source(load, "--chunking")),
            "floor": floor_pair(messages, one_by_one(size)),
        }, rounds, messages)
        return table, [Check("messages/s, x by DATA", ratio(table, "BDAT", "DATA"), advantage)]

    return run


def recipients_row(messages, recipients, speedup):
    load = [*load_options(messages, 1024), "-r", recipients]
    # As of the second recipient their numbers make the commands longer.
    group = together(MAIL, *[(20, 14)] * recipients, DATA)

    def run(rounds):
        table = measure({
            "Postfix": (postfix_sink(), postfix_source(load)),
            "Millrace": (our_sink(), our_source(load, "--pipelining")),
            "floor": floor_pair(messages, [group, content(1024)]),
        }, rounds, messages)
        ours, theirs = (table[name]["messages_per_second"] for name in ("Millrace", "Postfix"))
        print(f"  recipients/s: {ours * recipients:,.0f}, Postfix {theirs * recipients:,.0f}")
        return table, [Check("recipients/s, x Postfix", ours / theirs, speedup),
                       Check("recipients/s, x floor", of_floor(table), None)]

    return run


def handshake_row(connections, share):
    load = load_options(connections, 1024, reconnect=True)

    def tls_floor(role):
        return lambda port: [RELEASE / "bench/tls_floor", role, port, connections]

    def run(rounds):
        table = measure({
            "Millrace": (our_sink("--tls"), our_source(load, "--tls", "--tls-version", "1.3")),
            "floor": (tls_floor("serve"), tls_floor("drive")),
        }, rounds, connections)
        return table, [Check("handshakes/s, x bare OpenSSL", of_floor(table), share)]

    return run


def cipher_megabytes_per_second():
    """What one core encrypts with AES-128-GCM in records of 16 KiB."""
    done = subprocess.run(
        ["taskset", "-c", str(SOURCE_CORE), "openssl", "speed", "-seconds", "1", "-bytes", "16384",
         "-evp", "aes-128-gcm", "-mr"], check=True, capture_output=True, text=True)
    return float(done.stdout.strip().splitlines()[-1].split(":")[-1]) / 1e6


def cipher_row(messages, share):
    size = 1_000_000
    load = load_options(messages, size, sessions=10)
    tls = ("--tls-version", "1.3", "--tls-ciphers", "TLS_AES_128_GCM_SHA256")

    def run(rounds):
        results, cipher = [], []
        for _ in range(rounds):
            results.append(run_pair(our_sink("--tls", *tls), our_source(load, "--tls", *tls)))
            cipher.append(cipher_megabytes_per_second())
        table = {"Millrace": figures(results, messages)}
        ours = table["Millrace"]["messages_per_second"] * size / 1e6
        base = statistics.median(cipher)
        print(f"  Millrace {ours:,.0f} MB/s, aes-128-gcm on one core {base:,.0f} MB/s")
        return table, [Check("MB/s, x openssl speed", ours / base, share)]

    return run


def replacement_row(messages, size):
    """Figures without a target: against a slower peer most of it is the kernel's wake-ups."""
    load = load_options(messages, size)

    def run(rounds):
        table = measure({
            "Postfix": (postfix_sink(), postfix_source(load)),
            "our source": (postfix_sink(), our_source(load, "--io", "uring")),
            "our sink": (our_sink("--io", "uring"), postfix_source(load)),
            "floor": floor_pair(messages, one_by_one(size)),
        }, rounds, messages)
        return table, [
            Check(f"{side} CPU, x Postfix's {side}",
                  ratio(table, f"our {side}", "Postfix", f"{side}_cpu_us"), None, False)
            for side in ("source", "sink")
        ]

    return run


def measurement_row(messages):
    """What measuring costs: everything on, against nothing."""
    load = load_options(messages, 1024)

    def run(rounds):
        table = measure({
            "quiet": (our_sink(), our_source(load)),
            "measured": (our_sink(*SINK_REPORT), our_source(load, *REPORTS)),
            "floor": floor_pair(messages, one_by_one(1024)),
        }, rounds, messages)
        return table, [
            Check(f"{side} CPU, x without measuring",
                  ratio(table, "measured", "quiet", f"{side}_cpu_us"), 1.03, False)
            for side in ("source", "sink")
        ]

    return run


def jitter_row(rate, seconds):
    """By how much arrivals begin late, by the source's own account."""
    def run(rounds):
        lags = []
        for _ in range(rounds):
            with tempfile.NamedTemporaryFile(suffix=".json") as report:
                load = ["-d", "--rate", f"{rate}/s", "--duration", seconds, "-l", 1024,
                        "--json", report.name, "--progress", "off"]
                run_pair(our_sink(), our_source(load))
                lags.append(json.loads(pathlib.Path(report.name).read_text())["generator"]["start_lag"])
        p99 = statistics.median(lag["p99_us"] for lag in lags)
        p50 = statistics.median(lag["p50_us"] for lag in lags)
        print(f"  arrivals begin {p50:,.0f} us late (p50), {p99:,.0f} us (p99)")
        return {"Millrace": {"p50_us": p50, "p99_us": p99}}, [
            Check("late at the 99th percentile", p99, 200, False, " us")]

    return run
