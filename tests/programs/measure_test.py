"""What is measured and reported: totals, latencies, rates, ends, files, the page."""

import base64
import contextlib
import json
import math
import os
import pty
import random
import re
import select
import signal
import socket
import statistics
import subprocess
import sys
import time
import unittest
import zlib

import readers
import rig

SCHEMA = rig.TOP / "doc/millrace-run.schema.json"
# The ends of a message that was begun and not delivered, and of any that was due and was not.
LOST = ("messages_refused", "messages_lost", "messages_unfinished")
FAILED = (*LOST, "messages_unstarted")


class MeasureCase(rig.TestCase):
    def measure(self, programs, endpoint, *arguments, status=0, **options):
        """Runs the source with --json; returns what it wrote, and the finished process. `status`:
        how it must end; one of several, when the sink is in its way."""
        path = self.scratch / f"run.{random.getrandbits(64):x}.json"
        done = programs.source(endpoint, "--json", path, *arguments, **options)
        self.assertIn(done.returncode, status if isinstance(status, tuple) else (status,), done.stderr.decode())
        return json.loads(path.read_text()), done

    def check_sums(self, run):
        """Every message that was begun came to one end or another."""
        totals, warmup = run["totals"], run["warmup"]
        for counters in (totals, warmup):
            ends = counters["messages"] + sum(counters[name] for name in LOST)
            self.assertEqual(counters["messages_started"], ends, counters)
        for name in ("messages", "messages_started", "messages_unstarted", "recipients", "bytes_sent", "sessions_opened"):
            self.assertEqual(totals[name], sum(stage["totals"][name] for stage in run["stages"]))
            self.assertEqual(totals[name] + warmup[name], sum(row[name] for row in run["series"]), name)
        latency = run["latency"]
        self.assertEqual(latency["intended"]["count"], totals["messages"])
        self.assertEqual(latency["service"]["count"], totals["messages"])
        failed = sum(totals[name] for name in FAILED)
        self.assertEqual(latency["failed"]["count"], failed)
        if all_due := totals["messages"] + failed:
            self.assertAlmostEqual(totals["failed_share"], failed / all_due)

    def check_page(self, path, plots):
        """What every page must be; returns it."""
        page = readers.Page(path)
        self.assertEqual((page.errors, page.requests), ([], []))
        self.assertFalse(page.overflows or page.overflows_when_narrow)
        self.assertEqual(len(page.plots), plots)
        for plot in page.plots:
            self.assertGreater(plot["painted"], 2_000)
        return page

    @contextlib.contextmanager
    def counting_sink(self, programs, *arguments):
        """A sink, and a list that holds what it counted once it has ended."""
        path = self.scratch / f"sink.{random.getrandbits(64):x}.json"
        counted = []
        with programs.sink("--json", path, *arguments) as sink:
            yield sink, counted
            sink.end()
        counted.append(json.loads(path.read_text()))


class Totals(MeasureCase):
    MODELS = (
        ["-m", "500", "-s", "10"],
        ["-m", "500", "-s", "10", "-d"],
        ["--duration", "0.5", "-s", "10", "-d"],
        ["--duration", "0.5", "-s", "10", "--messages-per-session", "7"],
        ["--rate", "1000/s", "--duration", "0.5", "-d"],
        ["--rate", "1000/s", "-m", "400", "--arrivals", "poisson"],
        ["--stages", "ramp 0-1000/s 0.3s, hold 0.2s, hold 200/s 0.2s", "--warmup", "0.2", "-d"],
        ["--stages", "ramp 1-20 0.4s, hold 5 0.2s", "-d"],
        ["--duration", "0.5", "-s", "10", "-d", "--pipelining", "--pipeline-window", "4", "-r", "3"],
        ["--rate", "2000/s", "--duration", "0.5", "-s", "2", "-d", "--chunking", "--pipeline-window", "5"],
    )
    # What the sink does amid all this.
    ERRORS = (
        [],
        ["--max-session-time", "150ms"],
        ["--max-commands", "11"],
    )

    @rig.on_every_engine((1, 2, 8))
    def test_equal_what_the_sink_counted(self, programs):
        threads = programs.options[-1]
        for number, model in enumerate(self.MODELS):
            # All with all where threads share little; elsewhere they take turns.
            for errors in self.ERRORS if threads == 2 else [self.ERRORS[number % 3]]:
                with self.subTest(model=model, errors=errors):
                    with self.counting_sink(programs, "--offer", "CHUNKING", *errors) as (sink, counted):
                        run, _ = self.measure(programs, sink.endpoint, "--summary", "-A", *model,
                                              status=(0, 1) if errors else 0)
                    self.check_sums(run)
                    mine, theirs = run["totals"], counted[0]["totals"]
                    warmup = run["warmup"]
                    for name in ("messages", "recipients", "sessions_opened"):
                        self.assertEqual(mine[name] + warmup[name], theirs[name], name)
                    if not errors:
                        self.assertEqual(sum(mine[name] for name in FAILED), 0)
                        self.assertEqual(run["errors"], {})
                        self.assertEqual(mine["bytes_sent"] + warmup["bytes_sent"], theirs["bytes_received"])

    @rig.on_every_engine()
    def test_of_content_that_nobody_keeps(self, programs):
        """Large chunks, which the kernel drops for a sink that keeps nothing, unless they are shown or
        encrypted."""
        load = ["--chunking", "-l", "300000", "-d", "-s", "2", "-m", "6"]
        for options in ([], ["-W", "bdat:200ms"], ["-M", "6"], ["-v"], ["--starttls"]):
            with self.subTest(options=options):
                over_tls = [option for option in options if option == "--starttls"]
                with self.counting_sink(programs, "--offer", "CHUNKING", *options) as (sink, counted):
                    # At its quota the sink may be gone before all sessions have said QUIT.
                    run, _ = self.measure(programs, sink.endpoint, *load, *over_tls,
                                          status=(0, 1) if "-M" in options else 0)
                    if "-M" in options:
                        self.assertEqual(sink.wait(), 0)
                mine, theirs = run["totals"], counted[0]["totals"]
                self.assertEqual((mine["messages"], theirs["messages"]), (6, 6))
                self.assertGreater(theirs["bytes_received"], 6 * 300_000)
                if "-M" not in options:
                    self.assertEqual(theirs["bytes_received"], mine["bytes_sent"])
                if "-W" in options:
                    self.assertGreaterEqual(run["latency"]["phases"]["content"]["min_us"], 200_000 * 0.999)
                if "-v" in options:
                    chunks, shown = (sum(map(int, re.findall(what, sink.err)))
                                     for what in (rb"client: BDAT (\d+)", rb"client: \((\d+) bytes of content\)"))
                    self.assertEqual(shown, chunks)

    @rig.on_every_engine((1, 4))
    def test_of_messages_and_sessions(self, programs):
        with self.counting_sink(programs) as (sink, counted):
            run, _ = self.measure(programs, sink.endpoint, "-s", "4", "-m", "100", "--messages-per-session", "5")
        self.assertEqual(run["totals"]["messages"], 100)
        self.assertGreaterEqual(counted[0]["totals"]["sessions_opened"], 20)
        self.assertLessEqual(counted[0]["totals"]["sessions_opened"], 23)
        self.assertEqual(run["totals"]["sessions_reused"], 100 - run["totals"]["sessions_opened"])
        self.assertEqual(run["replies"]["RCPT"], [{"code": 250, "count": 100, "enhanced": "2.1.5"}])
        self.assertEqual(counted[0]["replies"]["RCPT"], run["replies"]["RCPT"])

    @rig.on_every_engine((1, 4))
    def test_of_refusals(self, programs):
        with self.counting_sink(programs, "-f", "rcpt", "-B", "550 5.7.1 never") as (sink, counted):
            run, done = self.measure(programs, sink.endpoint, "--rate", "200/s", "--duration", "0.5",
                                     "-d", "--progress", "off", status=1)
        self.assertEqual(run["totals"]["messages"], 0)
        self.assertEqual(run["totals"]["messages_refused"], 100)
        self.assertEqual(run["totals"]["failed_share"], 1)
        self.assertEqual(run["errors"]["rejected"]["count"], 100)
        self.assertIn("recipient rejected: 550 5.7.1 never", run["errors"]["rejected"]["sample"])
        self.assertEqual(run["replies"]["RCPT"], [{"code": 550, "count": 100, "enhanced": "5.7.1"}])
        self.assertEqual(done.stderr.count(b"warning"), 1, "only the first of each kind is told")
        self.assertEqual(counted[0]["errors"]["rejected"]["count"], 100)
        self.assertEqual(counted[0]["totals"]["messages_started"], 100)
        self.check_sums(run)

    @rig.on_every_engine((1, 4))
    def test_of_a_server_that_is_not_there(self, programs):
        endpoint = f"127.0.0.1:{rig.free_port()}"
        run, _ = self.measure(programs, endpoint, "--rate", "100/s", "--duration", "0.5", status=1)
        self.assertEqual(run["errors"]["refused"]["count"], 50)
        self.assertEqual(run["totals"]["messages_lost"], 50)
        self.assertEqual(run["totals"]["sessions_failed"], 50)
        run, _ = self.measure(programs, endpoint, "--duration", "0.5", "-s", "2", status=1)
        self.assertGreaterEqual(run["errors"]["refused"]["count"], 4)
        self.check_sums(run)
        # Only the first attempt of all is told, however many there are (-C).
        run, done = self.measure(programs, endpoint, "--rate", "100/s", "--duration", "0.5", "-C", "3", "--progress", "off",
                                 status=1)
        self.assertEqual(run["totals"]["messages_lost"], 50)
        self.assertRegex(done.stderr.decode(),
                         r"^smtp-source: warning: connect: Connection refused \(session \d+, \[127\.0\.0\.1\]:\d+\)\n$")

    def test_errors_by_kind(self):
        def reset(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        def close(connection):
            connection.sendall(b"220 x\r\n")
            rig.read_line(connection)

        def babble(connection):
            connection.sendall(b"220 x\r\nwhat\r\nnow\r\n")
            rig.read_line(connection)

        for behave, kind in ((reset, "reset"), (close, "closed"), (babble, "protocol")):
            with self.subTest(kind=kind), rig.FakeServer(behave) as server:
                run, _ = self.measure(rig.ours("epoll"), server.endpoint, "--summary", "-m", "1", status=1)
                self.assertEqual(list(run["errors"]), [kind])
                self.assertEqual(run["errors"][kind]["count"], 1)
                self.assertEqual(run["ending"], "failed")
                self.assertEqual(run["totals"]["messages_lost"] + run["totals"]["messages_unfinished"], 1)


class StallingServer(rig.FakeServer):
    """Serves a connection well, but answers nothing for some seconds, once. Notes when each message
    began and when it was answered."""

    def __init__(self, after, seconds):
        super().__init__(self.serve)
        self.after, self.seconds = after, seconds
        self.messages = []

    def serve(self, connection):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stall_at = time.monotonic() + self.after
        rig.play_server(connection, self.answer)

    def answer(self, verb):
        if verb == "MAIL":
            self.messages.append([time.monotonic()])
        if verb == ".":
            if time.monotonic() > self.stall_at:
                self.stall_at = math.inf
                time.sleep(self.seconds)
            self.messages[-1].append(time.monotonic())
        return rig.usual_reply(verb)

    def latencies(self, gap):
        """How long each message took from when it was due, one every `gap` seconds, in us."""
        start = min(began - number * gap for number, (began, _) in enumerate(self.messages))
        return [1e6 * (answered - start - number * gap)
                for number, (_, answered) in enumerate(self.messages)]


class SilencedServer(rig.FakeServer):
    """Serves each connection at once, well, until so many seconds after the first; from then on it
    reads and says nothing."""

    def __init__(self, seconds):
        super().__init__(lambda connection: rig.play_server(connection, self.answer), connections=None,
                         at_once=True)
        self.seconds = seconds
        self.deadline = None
        self.taken = []  # the times of the replies to messages

    def answer(self, verb):
        if self.deadline is None:
            self.deadline = time.monotonic() + self.seconds
        now = time.monotonic()
        if now >= self.deadline:
            return b""
        if verb == ".":
            self.taken.append(now)
        return rig.usual_reply(verb)


class Silence(MeasureCase):
    """A server that answers for a while and then no more: what was due then has failed, whether a
    session could turn to it or not."""

    def pour(self, programs, seconds, *arguments, status=1, **options):
        with SilencedServer(seconds) as server:
            run, done = self.measure(programs, server.endpoint, "--summary", "--progress", "off", *arguments,
                                     status=status, **options)
        self.check_sums(run)
        # What the server took was delivered; a reply that was on its way at the end may be missed.
        taken = len(server.taken)
        self.assertLessEqual(run["totals"]["messages"] + run["warmup"]["messages"], taken)
        return run, done.stdout.decode(), taken

    def test_fails_thresholds_and_the_run(self):
        run, summary, taken = self.pour(
            rig.ours("uring"), 3, "--rate", "300/s", "--duration", "8s", "--drain", "1s", "--threshold", "errors<1%",
            "--threshold", "p99<250ms", "--threshold", "p10<10s", "--threshold", "connect.p10<10s")
        totals, failed = run["totals"], run["latency"]["failed"]
        self.assertEqual(totals["messages_started"] + totals["messages_unstarted"], 2400)
        # What the sessions were at; one may have said QUIT in vain.
        self.assertIn(totals["messages_unfinished"], range(90, 101))
        self.assertGreaterEqual(totals["messages_unstarted"], 2400 - taken - 100)
        # From when they were due until the end at 9 s: those of the fourth second 5 s and more.
        self.assertGreaterEqual(failed["max_us"], 5_000_000)
        self.assertGreaterEqual(failed["min_us"], 995_000)
        self.assertEqual([one["passed"] for one in run["thresholds"]], [False, False, True, True])
        self.assertEqual(run["thresholds"][1]["value"], run["thresholds"][0]["value"] + " failed")
        unstarted = f"{totals['messages_unstarted']:,}"
        self.assertRegex(summary, rf" {unstarted} due, but never started")
        self.assertRegex(summary, rf"[\d.]+% of 2,400 not delivered \({unstarted} never started\), half of the others")
        # Counted in the second in which that was certain, and in none after the end.
        self.assertEqual(run["series"][-1]["messages_unstarted"], totals["messages_unstarted"])
        self.assertGreaterEqual(run["elapsed_s"], 9)

    @rig.on_every_engine((1, 4))
    def test_is_counted_in_every_kind_of_load(self, programs):
        loads = {
            "kept sessions": ["-d", "-s", "8", "--rate", "400/s", "--duration", "1"],
            "Poisson": ["-s", "8", "--rate", "400/s", "--arrivals", "poisson", "--duration", "1"],
            "stages": ["-d", "-s", "8", "--stages", "ramp 0-400/s 0.6s, hold 400/s 0.4s"],
            "warm-up": ["-d", "-s", "8", "--rate", "400/s", "--warmup", "0.7", "--duration", "0.5"],
            "a number of messages": ["-d", "-s", "8", "--rate", "400/s", "-m", "400", "--duration", "1.2"],
        }
        for what, load in loads.items():
            with self.subTest(load=what):
                run, *_ = self.pour(programs, 0.4, *load, "--drain", "0.3", status=(0, 1))
                counters = [run["totals"], run["warmup"]]
                self.assertGreater(sum(one["messages_unstarted"] for one in counters), 0)
                self.assertIn(sum(one["messages_unfinished"] for one in counters), range(1, 9))
                due = sum(one["messages_started"] + one["messages_unstarted"] for one in counters)
                if what != "Poisson":
                    self.assertEqual(due, {"stages": 280, "warm-up": 480}.get(what, 400))
        # In closed loop nothing is due but what a session is at.
        run, *_ = self.pour(programs, 0.4, "-d", "-s", "8", "--duration", "1", "--drain", "0.3", status=(0, 1))
        self.assertEqual(run["totals"]["messages_unfinished"], 8)
        self.assertEqual(run["totals"]["messages_unstarted"], 0)

    @rig.on_every_engine((1, 4))
    def test_of_a_part_of_the_messages_is_no_failure_of_the_run(self, programs):
        """Half of them and more were delivered: the thresholds say the rest."""
        run, *_ = self.pour(programs, 2, "-d", "-s", "8", "--rate", "100/s", "--duration", "2.5", "--drain", "0.2", status=0)
        self.assertGreater(run["totals"]["failed_share"], 0.1)


class Latency(MeasureCase):
    @rig.on_every_engine((1, 4))
    def test_is_what_the_server_waits(self, programs):
        """Each phase as long as the sink makes it, and together no longer than the run: what was counted
        twice would not fit."""
        waits = {"connect": 30, "helo": 40, "mail": 50, "rcpt": 60, "data": 70, ".": 80}
        delays = [word for verb, wait in waits.items() for word in ("-W", f"{verb}:{wait}ms")]
        with programs.sink(*delays) as sink:
            run, _ = self.measure(programs, sink.endpoint, "-s", "4", "-m", "40")
        latency = run["latency"]
        # The server's wait begins with the connection, of which we learn a moment later.
        phases = latency["phases"]
        self.assertGreaterEqual(phases["connect"]["mean_us"] + phases["banner"]["mean_us"], 29_900)
        for phase, verb in (("ehlo", "helo"), ("mail", "mail"), ("rcpt", "rcpt"),
                            ("data", "data"), ("content", ".")):
            self.check_wait(phases[phase], waits[verb])
        self.check_wait(phases["transaction"], 50 + 60 + 70 + 80)
        self.check_wait(latency["service"], sum(waits.values()))

        def mean(*names):
            return sum(phases[name]["mean_us"] for name in names)

        self.assertLessEqual(mean("mail", "rcpt", "data", "content"), mean("transaction") * 1.001)
        self.assertLessEqual(mean("connect", "banner", "ehlo", "transaction"), latency["service"]["mean_us"] * 1.001)
        self.assert_fits(latency["service"], run, sessions=4)

    def check_wait(self, figures, milliseconds):
        self.assertGreaterEqual(figures["min_us"], milliseconds * 1000 * 0.999)
        self.assertEqual(figures["count"], 40)

    def assert_fits(self, figures, run, sessions):
        """What so many sessions did one after the other took no longer than the run."""
        self.assertLessEqual(figures["mean_us"] * figures["count"], sessions * run["elapsed_s"] * 1e6 * 1.001)

    @rig.on_every_engine()
    def test_of_a_stall_is_that_of_all_who_waited(self, programs):
        """A server that stalls for 2 s, once. In closed loop one message is late; in open loop, at
        100 messages a second, 200 are: the k-th of them by 2 s less k * 10 ms, and what the server
        takes to catch up with them."""
        with StallingServer(after=1, seconds=2) as server:
            closed, _ = self.measure(programs, server.endpoint, "-d", "-s", "1", "--duration", "4", "--progress", "off")
        with StallingServer(after=1, seconds=2) as server:
            opened, _ = self.measure(programs, server.endpoint, "-d", "-s", "1", "--rate", "100/s",
                                     "--duration", "5", "--progress", "off")
        self.assertGreaterEqual(closed["latency"]["intended"]["max_us"], 2_000_000)
        self.assertEqual(opened["totals"]["messages"], 500)
        truth = server.latencies(0.01)
        for wait in (500_000, 1_000_000, 1_500_000):
            late = self.count_above(opened["latency"]["intended"], wait)
            self.assertGreaterEqual(late, (2e6 - wait) / 10_000 - 2)
            # The client learns of nothing sooner than the server says it.
            self.assertGreaterEqual(late, sum(took > wait for took in truth) - 2)
            # What the server was asked for took as long as in closed loop, but users felt more. (One
            # is late; a machine that is busy itself may hold up some others.)
            for few in (closed["latency"]["intended"], opened["latency"]["service"]):
                self.assertGreaterEqual(self.count_above(few, wait), 1)
                self.assertLess(self.count_above(few, wait) * 5, late)
        self.assertGreaterEqual(opened["latency"]["intended"]["max_us"], 0.99 * max(truth))
        self.assertGreaterEqual(opened["latency"]["intended"]["max_us"], 1_990_000)

    def count_above(self, figures, microseconds):
        """How many were above, from the encoded histogram, by the published reader."""
        return readers.histogram(figures["hdr"]).above(microseconds)

    @rig.on_every_engine()
    def test_of_an_exhausted_pool_counts_the_wait(self, programs):
        """Two sessions, each busy for 100 ms: 20 messages a second at most. Asked for 40."""
        with programs.sink("-W", ".:100ms") as sink:
            run, _ = self.measure(programs, sink.endpoint, "-d", "-s", "2", "--rate", "40/s",
                                  "--duration", "2", "--drain", "10", "--progress", "off", "--threads", "1")
        self.assertEqual(run["totals"]["messages"], 80)
        # The last is due at 2 s and done when 80 have been, at 4 s.
        self.assertGreaterEqual(run["latency"]["intended"]["max_us"], 1_950_000)
        self.assert_fits(run["latency"]["service"], run, sessions=2)
        # The wait is the server's, not ours.
        self.assertLess(run["generator"]["start_lag"]["p50_us"] * 5, run["latency"]["intended"]["p50_us"])

    @rig.on_every_engine()
    def test_under_tls(self, programs):
        with programs.sink("--offer", "STARTTLS") as sink:
            run, _ = self.measure(programs, sink.endpoint, "--starttls", "-m", "20")
        self.assertEqual(run["latency"]["phases"]["tls"]["count"], 20)
        self.assertEqual(run["totals"]["tls_handshakes"], 20)
        self.assertEqual(run["latency"]["phases"]["ehlo"]["count"], 40)

    @rig.on_every_engine()
    def test_of_warm_up_is_left_out(self, programs):
        with self.counting_sink(programs) as (sink, counted):
            run, _ = self.measure(programs, sink.endpoint, "--rate", "100/s", "--warmup", "1",
                                  "--duration", "1", "-d", "--progress", "off")
        self.assertEqual(run["totals"]["messages"], 100)
        self.assertEqual(run["warmup"]["messages"], 100)
        self.assertEqual(counted[0]["totals"]["messages"], 200)
        self.assertGreaterEqual(run["measured_s"], 1)
        self.assertGreaterEqual(run["elapsed_s"] - run["measured_s"], 1)

    @rig.on_every_engine()
    def test_of_content_is_once_a_message_until_its_last_reply(self, programs):
        """However many chunks it comes in, and however many replies it gets."""
        chunks = ["--chunking", "--chunk-size", "1K", "-l", "2500"]
        with programs.sink("--offer", "CHUNKING", "-W", "BDAT:50ms") as sink:
            chunked, _ = self.measure(programs, sink.endpoint, "-d", "-m", "4", *chunks)
        with programs.sink("-L", "-W", ".:50ms") as sink:
            lmtp, _ = self.measure(programs, sink.endpoint, "-L", "-d", "-m", "4", "-r", "5")
        self.assertEqual(sum(one["count"] for one in chunked["replies"]["BDAT"]), 12)
        self.assertEqual(sum(one["count"] for one in lmtp["replies"]["."]), 20)
        for run, least in ((chunked, 3 * 50_000), (lmtp, 50_000)):
            content = run["latency"]["phases"]["content"]
            self.assertEqual(content["count"], 4)
            self.assertGreaterEqual(content["min_us"], least * 0.999)
            self.assertLessEqual(content["max_us"], run["latency"]["phases"]["transaction"]["max_us"])

    @rig.on_every_engine()
    def test_of_commands_begins_with_their_transaction(self, programs):
        """A message of several transactions: MAIL of the second goes out when the first is over,
        and what the first took is not its."""
        def answer(verb):
            if verb == ".":
                time.sleep(1)
            return (b"250-x\r\n250-PIPELINING\r\n250 LIMITS RCPTMAX=1\r\n" if verb == "EHLO"
                    else rig.usual_reply(verb))

        with rig.FakeServer(lambda connection: rig.play_server(connection, answer)) as server:
            run, _ = self.measure(programs, server.endpoint, "--pipelining", "-r", "2", "-m", "1")
        phases = run["latency"]["phases"]
        self.assertEqual(phases["mail"]["count"], 2)
        self.assertEqual(phases["content"]["count"], 1)
        self.assertGreaterEqual(phases["content"]["min_us"], 999_000)
        self.assertGreaterEqual(phases["transaction"]["min_us"], 1_999_000)
        # Both replies to content were waited for after those to the commands.
        for phase in ("mail", "rcpt", "data"):
            self.assertLessEqual(phases[phase]["max_us"], phases["transaction"]["max_us"] * 1.001 - 1_998_000, phase)

    @rig.on_every_engine((1, 4))
    def test_of_a_generator_that_stood_still_is_late(self, programs):
        """SIGSTOP: what was due meanwhile starts late, takes as long as a user felt, and the report
        says whose fault it was."""
        path = self.scratch / "run.json"
        with programs.sink("-c") as sink:
            process = programs.start("smtp-source", "-d", "--rate", "200/s", "--duration", "2", "--json", path,
                                     "--progress", "off", sink.endpoint)
            sink.wait_counter("mesg", 20)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.7)  # so long it stands still
            process.send_signal(signal.SIGCONT)
            self.assertEqual(process.wait(), 0)
        run = json.loads(path.read_text())
        self.check_sums(run)
        self.assertEqual(run["totals"]["messages"], 400)
        generator = run["generator"]
        self.assertGreaterEqual(generator["start_lag"]["max_us"], 600_000)
        self.assertGreaterEqual(generator["late_starts"], 100)
        self.assertTrue(generator["is_bottleneck"])
        self.assertGreaterEqual(run["latency"]["intended"]["max_us"], 600_000)
        self.assertIn("more than 1 ms late", " ".join(generator["reasons"]))
        self.assertIn(b"The generator itself may be the bottleneck:", process.out)


class Rates(MeasureCase):
    @rig.on_every_engine((2,))
    def test_are_met(self, programs):
        # A sanitizer leaves room for less.
        loads = ((100, 10), (1_000, 3), (20_000, 10)) if rig.MEASURES_RESOURCES else ((100, 3), (500, 3))
        for rate, seconds in loads:
            with self.subTest(rate=rate), programs.sink() as sink:
                run, _ = self.measure(programs, sink.endpoint, "-d", "--pipelining", "--rate", f"{rate}/s",
                                      "--duration", str(seconds), "--progress", "off", timeout=60)
                self.assertEqual(run["totals"]["messages"], rate * seconds)
                # Not sooner than asked; how much later is the machine's business.
                self.assertGreaterEqual(run["elapsed_s"], seconds)
                self.assertLessEqual(run["totals"]["messages_per_s"], rate * 1.001)
                # Whole seconds ask for whole rates; the last row may be of the drain.
                asked = [row["asked"] for row in run["series"]]
                self.assertAlmostEqual(sum(asked), rate * seconds, delta=0.01 * rate)
                self.assertEqual(asked[0], rate)

    def test_poisson_arrivals_are_those_of_their_seed(self):
        """How many are due in a second or two is chance, and the same for the same seed, whatever
        the engine and the threads. (That the gaps are exponential is in schedule_test.cc.)"""
        def due(engine, threads, seed):
            run, _ = self.measure(rig.ours(engine, "--threads", threads), sink.endpoint, "-d", "--rate", "200/s",
                                  "--duration", "1.5", "--arrivals", "poisson", "--seed", seed, "--progress", "off")
            return run["totals"]["messages"]

        with rig.ours("epoll").sink() as sink:
            numbers = [due(engine, threads, 1) for engine in rig.ENGINES for threads in (1, 4)]
            self.assertEqual(len(set(numbers)), 1, numbers)
            self.assertGreater(len({numbers[0], *(due("epoll", 1, seed) for seed in range(2, 5))}), 1)

    def test_poisson_arrivals_come_with_uneven_gaps(self):
        """As a server sees them: as far from their mean, on average, as they are long. Those of a
        constant rate are at their mean, which a busy machine does not come near to changing."""
        arrivals = []

        def serve(connection):
            arrivals.append(time.monotonic())
            rig.play_server(connection)

        with rig.FakeServer(serve, connections=None, at_once=True) as server:
            self.measure(rig.ours("epoll", "--threads", 2), server.endpoint, "--rate", "200/s",
                         "--arrivals", "poisson", "--seed", 1, "-m", "500", "--progress", "off")
        self.assertEqual(len(arrivals), 500)
        gaps = [later - earlier for earlier, later in zip(arrivals, arrivals[1:])]
        self.assertGreater(statistics.pstdev(gaps) / statistics.mean(gaps), 0.7)


class Ends(MeasureCase):
    def start(self, programs, endpoint, *arguments):
        path = self.scratch / f"run.{random.getrandbits(64):x}.json"
        process = programs.start("smtp-source", "--json", path, *arguments, endpoint, statuses=(0, 1))
        # From when it has opened its files on, an interrupt is an end of the run.
        rig.wait_for(lambda: list(self.scratch.glob(f"{path.name}.*.part")), "the run to begin")
        return process, path

    @rig.on_every_engine((1, 4))
    def test_an_interrupt_at_any_moment_leaves_a_whole_report(self, programs):
        random.seed(5)
        files = []
        models = (["--rate", "3000/s", "-d", "--warmup", "0.1"], ["--duration", "30", "-s", "20"],
                  ["-m", "10000000", "-s", "5", "-d", "--pipelining"])
        for trial in range(18):
            with self.counting_sink(programs) as (sink, counted):
                process, path = self.start(programs, sink.endpoint, *models[trial % 3])
                time.sleep(random.uniform(0, 0.5))
                sign = random.choice((signal.SIGINT, signal.SIGTERM))
                self.assertIn(process.end(sign), (0, 1), process.err)
            run = json.loads(path.read_text())
            self.assertEqual(run["ending"], "interrupted")
            self.check_sums(run)
            self.assertEqual(run["totals"]["messages_unfinished"], 0)
            self.assertEqual(run["totals"]["messages"] + run["warmup"]["messages"],
                             counted[0]["totals"]["messages"])
            files.append(path)
        readers.validate(SCHEMA, *files)

    @rig.on_every_engine()
    def test_an_interrupted_run_without_a_report_ends_by_the_signal(self, programs):
        for sign in (signal.SIGINT, signal.SIGTERM):
            with programs.sink("-c") as sink:
                process = programs.start("smtp-source", "-m", "1000000", "-s", "5", sink.endpoint,
                                         statuses=(-sign,))
                sink.wait_counter("mesg", 100)
                self.assertEqual((process.end(sign), process.out, process.err), (-sign, b"", b""))

    @rig.on_every_engine((1, 4))
    def test_the_second_interrupt_does_not_wait(self, programs):
        with programs.sink("-W", ".:150") as sink:
            process, path = self.start(programs, sink.endpoint, "--rate", "50/s", "-s", "10")
            rig.wait_for(lambda: sink.open_sessions() >= 10, "ten sessions")
            time.sleep(0.5)  # in which 25 more are due
            process.send_signal(signal.SIGINT)
            with self.assertRaises(subprocess.TimeoutExpired):
                process.wait(1)
            process.end(signal.SIGINT)
        run = json.loads(path.read_text())
        self.assertEqual(run["totals"]["messages_unfinished"], 10)
        self.assertGreater(run["totals"]["messages_unstarted"], 10)
        self.check_sums(run)

    @rig.on_every_engine((1, 4))
    def test_draining_is_bounded(self, programs):
        with programs.sink("-W", ".:150") as sink:
            run, _ = self.measure(programs, sink.endpoint, "--rate", "20/s", "-s", "10", "--duration", "1",
                                  "--drain", "500ms", status=1)
        self.assertEqual(run["totals"]["messages_unfinished"], 10)
        self.assertEqual(run["totals"]["messages_unstarted"], 10)
        self.assertGreaterEqual(run["latency"]["failed"]["min_us"], 500_000)
        self.check_sums(run)

    @rig.on_every_engine((1, 4))
    def test_a_reply_that_does_not_come_is_lost(self, programs):
        def greet(connection):
            connection.sendall(b"220 and no more\r\n")
            connection.recv(100)
            connection.recv(100)

        with rig.FakeServer(greet) as server:
            run, done = self.measure(programs, server.endpoint, "-m", "1", "--reply-timeout", "300ms", status=1)
        self.assertIn(b"timeout while sending EHLO", done.stderr.replace(b"HELO", b"EHLO").replace(b"EEHLO", b"EHLO"))
        self.assertEqual(run["errors"]["timeout"]["count"], 1)
        self.assertGreaterEqual(run["latency"]["failed"]["min_us"], 299_000)
        # In a load over time each is lost, and the next one tries anew.
        with SilencedServer(0) as server:
            run, _ = self.measure(programs, server.endpoint, "--duration", "1", "-s", "4", "--reply-timeout", "0.2",
                                  "--progress", "off", status=1)
        self.assertGreaterEqual(run["errors"]["timeout"]["count"], 4)
        self.assertEqual(run["totals"]["messages"], 0)
        self.check_sums(run)

    @rig.on_every_engine()
    def test_a_session_whose_tls_has_failed_takes_no_message(self, programs):
        """While it waits for the server to hang up, the messages that are due are left to its next
        connection."""
        broken = []
        rig.certificate()  # made before anything is due

        def serve(connection):
            with connection.dup() as plain, rig.serve_tls(connection) as protected:
                protected.sendall(b"220 x\r\n")
                stream = protected.makefile("rb")
                for line in stream:
                    if line.startswith(b"MAIL") and not broken:
                        broken.append(line)
                        plain.sendall(b"no record of TLS\r\n")
                        time.sleep(1.5)  # so long it does not hang up
                        return
                    if line.startswith(b"BDAT"):
                        stream.read(int(line.split()[1]))
                    protected.sendall(b"250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n" if line.startswith(b"EHLO")
                                      else b"250 ok\r\n")

        with rig.FakeServer(serve, connections=2) as server:
            run, _ = self.measure(programs, server.endpoint, "--tls", "-d", "-s", "1", "--chunking",
                                  "--pipeline-window", "8", "--rate", "4/s", "--duration", "2", "--progress", "off")
        self.check_sums(run)
        totals = run["totals"]
        # One, or another that was due just then.
        self.assertIn(totals["messages_lost"], (1, 2), totals)
        self.assertEqual(totals["messages"], 8 - totals["messages_lost"])

    @rig.on_every_engine((1, 4))
    def test_a_hopeless_run_is_given_up(self, programs):
        with programs.sink("-f", "rcpt", "-B", "550 5.7.1 never") as sink:
            run, done = self.measure(programs, sink.endpoint, "--rate", "200/s", "--duration", "1h", "-d",
                                     "--abort-on", "errors>20%", "--progress", "off", status=1)
        self.assertRegex(done.stderr.decode(),
                         r"fatal: gave up: 100\.0% of \d+ messages failed, more than 20% \(--abort-on\)\n")
        self.assertEqual(run["ending"], "failed")
        self.assertGreaterEqual(run["totals"]["messages_refused"], 20)
        self.check_sums(run)
        self.assertIn(b"Given up; until then: nothing was delivered of ", done.stdout)
        # A healthy one goes on to its end, with a progress or without one.
        with programs.sink() as sink:
            run, _ = self.measure(programs, sink.endpoint, "--rate", "50/s", "--duration", "2.2", "-d",
                                  "--abort-on", "errors>0", "--progress", "off")
        self.assertEqual(run["ending"], "completed")

    def test_what_is_no_condition_is_told(self):
        for text in ("errors<20%", "p99>1s", "errors>120%", "errors>x", ""):
            done = rig.ours("epoll").source("127.0.0.1:1", "--abort-on", text)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"(--abort-on: expected a share of failed messages, as errors>20%)", done.stderr)

    @rig.on_every_engine((2,))
    def test_goodbyes_that_last_have_no_rows(self, programs):
        """They are over long after the last message: what they count is the last row's."""
        with self.counting_sink(programs, "-W", "quit:2.5") as (sink, counted):
            run, _ = self.measure(programs, sink.endpoint, "-s", "4", "-m", "20", "-d")
        self.assertEqual(len(run["series"]), 1)
        self.assertGreater(run["series"][0]["length_s"], 0)
        self.check_sums(run)
        self.assertEqual(sum(row["bytes_received"] for row in run["series"]), run["totals"]["bytes_received"])
        self.assertEqual(run["totals"]["bytes_received"], counted[0]["totals"]["bytes_sent"])

    @rig.on_every_engine()
    def test_thresholds_set_the_exit_status(self, programs):
        with programs.sink() as sink:
            good = ["--threshold", "p99<10s", "--threshold", "errors<0.1%"]
            self.measure(programs, sink.endpoint, "-m", "10", *good)
            run, done = self.measure(programs, sink.endpoint, "-m", "10", *good, "--threshold",
                                     "rate>=1000000/s", status=3)
        self.assertEqual([one["passed"] for one in run["thresholds"]], [True, True, False])
        self.assertEqual(done.stdout, b"")
        self.assertRegex(done.stderr.decode(), r"^smtp-source: warning: threshold failed: rate>=1000000/s: [\d.,]+/s\n$")

    @rig.on_every_engine()
    def test_a_load_of_which_nothing_was_measured_fails(self, programs):
        with programs.sink() as sink:
            run, done = self.measure(programs, sink.endpoint, "--rate", "200/s", "--warmup", "0.5", "--duration", "0.5",
                                     "-m", "50", status=1)
        self.assertEqual((run["warmup"]["messages"], run["totals"]["messages"]), (50, 0))
        self.assertIn(b"\nnothing was measured.\n", done.stdout)

    @rig.on_every_engine()
    def test_a_file_that_cannot_be_written_is_told_before_the_run(self, programs):
        with programs.sink("-c") as sink:
            for option in ("--json", "--html", "--csv", "--hlog"):
                done = programs.source(sink.endpoint, option, "/nonexistent/file", "-m", "5")
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr, b"smtp-source: fatal: create /nonexistent/file: No such file or directory\n")
            sink.end()
            self.assertEqual(sink.out, b"")
        self.assertEqual(list(self.scratch.iterdir()), [])

    @rig.on_every_engine((1, 4))
    def test_a_run_that_is_given_up_is_reported(self, programs):
        with programs.sink("-r", "data") as sink:
            run, done = self.measure(programs, sink.endpoint, "-m", "5", status=1)
        self.assertEqual(run["ending"], "failed")
        self.assertEqual(run["errors"]["rejected"]["count"], 1)
        self.assertIn(b"fatal: data rejected: 450", done.stderr)


class Output(MeasureCase):
    @rig.on_every_engine()
    def test_without_new_options_nothing_is_said(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "-m", "5", "-w", "0.01")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    @rig.on_every_engine()
    def test_the_summary(self, programs):
        with programs.sink() as sink:
            for options in (["--summary", "-m", "50"], ["--rate", "50/s", "--duration", "1"],
                            ["--duration", "0.3"], ["-m", "50", "--messages-per-session", "5"]):
                done = programs.source(sink.endpoint, *options)
                text = done.stdout.decode()
                for word in ("Totals", "Latency", "Phases", "Replies", "99%", "without an error"):
                    self.assertIn(word, text, options)
                self.assertNotIn("\x1b", text)
                self.assertLessEqual(max(map(len, text.splitlines()[:-1])), 80, text)
            self.assertIn("open loop", programs.source(sink.endpoint, "--rate", "50/s", "-m", "5").stdout.decode())

    def on_terminal(self, programs, endpoint, *arguments, status=0, seen=None, **environment):
        """What the source writes to a terminal of 80 columns; `seen` has it while it comes."""
        seen = bytearray() if seen is None else seen
        master, slave = pty.openpty()
        process = programs.start("smtp-source", *arguments, endpoint, stdout=slave, stderr=slave,
                                 statuses=(status,), environment={"LANG": "C.UTF-8", **environment})
        os.close(slave)
        with contextlib.suppress(OSError):  # EIO: the other end is closed
            while select.select([master], [], [], rig.PATIENCE)[0] and (data := os.read(master, 65536)):
                seen += data
        os.close(master)
        rig.check_ending(process.args, process.wait(), seen, statuses=[status])
        return seen.decode()

    def test_on_a_terminal_it_is_live_and_coloured(self):
        programs = rig.ours("epoll")
        with programs.sink() as sink:
            load = ["--rate", "100/s", "--duration", "2.5"]
            seen = self.on_terminal(programs, sink.endpoint, *load)
            self.assertIn("of 2.5 s [", seen)
            self.assertIn("\x1b[5A\r\x1b[J", seen)
            self.assertRegex(seen, r"rate +\d+\.\d/s of 100\.0/s asked")
            self.assertIn("\x1b[1mTotals\x1b[0m", seen)
            self.assertIn("█", seen)
            plain = self.on_terminal(programs, sink.endpoint, *load, "--progress", "off", NO_COLOR="1")
            self.assertNotIn("\x1b", plain)

    def test_messages_go_above_the_live_view(self):
        """A warning amid the view takes it off, and has it drawn again below."""
        def answer(verb):
            amid = b" s [" in shown and b"warning" not in shown
            return b"451 4.3.0 not now\r\n" if verb == "MAIL" and amid else rig.usual_reply(verb)

        shown = bytearray()
        with rig.FakeServer(lambda connection: rig.play_server(connection, answer), connections=None) as server:
            seen = self.on_terminal(rig.ours("epoll"), server.endpoint, "--rate", "50/s", "--duration", "2.5", "-s", "1",
                                    seen=shown)
        drawn = seen.index("[5A")
        self.assertRegex(seen, r"\x1b\[5A\r\x1b\[Jsmtp-source: warning: sender rejected: 451 4\.3\.0 not now [^\n]*\n[^\n]*of 2\.5 s \[")
        self.assertNotIn("warning", seen[:drawn])

    def test_elsewhere_it_says_a_line_every_ten_seconds(self):
        programs = rig.ours("epoll")
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "--rate", "100/s", "--duration", "12", "-d")
        # Of ten seconds that were seen: a machine that is busy may miss one.
        self.assertRegex(done.stderr.decode(),
                         r"^smtp-source: 1\d\.\d s: \d+\.\d/s of 100\.0/s asked, p50 [^\n]*, 0 errors\n$")

    @rig.on_every_engine((2,))
    def test_all_files_tell_the_same(self, programs):
        names = {name: self.scratch / f"run.{name}" for name in ("json", "html", "csv", "hlog")}
        with programs.sink() as sink:
            done = programs.source(
                sink.endpoint, "-d", "-A", "--progress", "off", "--arrivals", "poisson", "--warmup", "1",
                "--stages", "ramp 0-400/s 1s, hold 400/s 1s", "--threshold", "p99<10s",
                *(word for name, path in names.items() for word in (f"--{name}", path)))
            self.assertEqual(done.returncode, 0, done.stderr)
        readers.validate(SCHEMA, names["json"])
        run = json.loads(names["json"].read_text())
        self.check_sums(run)
        self.assertEqual([stage["name"] for stage in run["stages"]], ["ramp 0-400/s 1s", "hold 400/s 1s"])

        log = readers.HistogramLog(names["hlog"])
        self.assertEqual(len(log.intervals), len(run["series"]))
        for interval, row in zip(log.intervals, run["series"]):
            self.assertEqual(interval["Int_Count"], row["messages"])
            for percentile, name in (("50%", "p50_us"), ("90%", "p90_us"), ("Max", "max_us")):
                self.assertEqual(interval[f"Int_{percentile}"], row[name], name)
        self.assertAlmostEqual(log.start, run["start_epoch_s"], delta=0.002)
        intended = run["latency"]["intended"]
        whole = readers.histogram(intended["hdr"])
        self.assertEqual(whole.count, intended["count"])
        for percentile, name in (("50%", "p50"), ("90%", "p90"), ("99%", "p99"), ("99.9%", "p99_9"),
                                 ("99.99%", "p99_99"), ("Max", "max")):
            self.assertEqual(whole.percentiles[percentile], intended[f"{name}_us"], name)

        header, *rows = names["csv"].read_text().splitlines()
        self.assertEqual(len(rows), len(run["series"]))
        column = header.split(",").index("messages")
        stages_quoted = [re.sub(r'"[^"]*"', "stage", row).split(",") for row in rows]
        self.assertEqual([int(row[column]) for row in stages_quoted], [row["messages"] for row in run["series"]])

        page = self.check_page(names["html"], plots=4)
        for plot in page.plots:
            self.assertGreater(plot["painted"], 5_000)
            self.assertGreater(plot["colours"], 20)
        self.assertIn(f"{run['totals']['messages']:,}", page.text)
        self.assertIn("hold 400/s 1s", page.text)
        self.assertRegex(page.legend, r"second: \d s\s*delivered: [\d.]+/s\s*asked: [\d.]+/s")
        self.assertTrue(page.pdf.startswith(b"%PDF"))


class Report(MeasureCase):
    def report(self, *arguments, status=0):
        done = rig.ours("epoll").run_plain("smtp-report", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def some_runs(self, count, *options):
        """The files of some short runs against a sink with these options."""
        programs = rig.ours("epoll")
        paths = []
        with programs.sink(*options) as sink:
            for number in range(count):
                paths.append(self.scratch / f"{len(options)}.{number}.json")
                done = programs.source(sink.endpoint, "--json", paths[-1], "-m", "200", "-s", "4", "-d", "--summary")
                self.assertEqual(done.returncode, 0, done.stderr)
                (self.scratch / f"{paths[-1].name}.txt").write_bytes(done.stdout)
        return paths

    def test_show_prints_the_summary_again(self):
        (path,) = self.some_runs(1)
        self.assertEqual(self.report("show", path).stdout, (self.scratch / f"{path.name}.txt").read_bytes())

    def test_merge_adds_runs(self):
        paths = self.some_runs(3)
        merged = self.scratch / "all.json"
        self.report("merge", *paths, "-o", merged)
        runs = [json.loads(path.read_text()) for path in paths]
        whole = json.loads(merged.read_text())
        readers.validate(SCHEMA, merged)
        self.assertEqual(whole["totals"]["messages"], 600)
        for name in ("bytes_sent", "sessions_opened", "recipients"):
            self.assertEqual(whole["totals"][name], sum(run["totals"][name] for run in runs))
        self.assertEqual(whole["latency"]["phases"]["mail"]["count"], 600)
        self.assertEqual(whole["latency"]["intended"]["max_us"],
                         max(run["latency"]["intended"]["max_us"] for run in runs))
        self.assertEqual(sum(row["messages"] for row in whole["series"]), 600)
        self.assertEqual(json.loads(self.report("merge", *paths).stdout), whole)
        self.check_sums(whole)

    def test_compare_tells_a_regression(self):
        base = self.some_runs(3)
        slow = self.some_runs(3, "-W", ".:20ms")
        done = self.report("compare", *base, "--new", *slow, "--fail-on-regression", "5%", status=4)
        self.assertRegex(done.stdout.decode(), r"latency p50 .*WORSE")
        self.assertIn(b"regression: latency p50: ", done.stderr)
        self.report("compare", *base, "--new", *base, "--fail-on-regression", "5%")
        self.assertRegex(self.report("compare", *slow, "--new", *base).stdout.decode(), r"latency p50 .*better")
        patterns = [str(self.scratch / pattern) for pattern in ("0.?.json", "2.?.json")]
        self.assertEqual(self.report("compare", *patterns).stdout, done.stdout)
        self.report("compare", base[0], slow[0], "--fail-on-regression", "5%", status=4)

    def test_html_makes_the_page(self):
        (path,) = self.some_runs(1)
        self.report("html", path)
        self.check_page(path.with_suffix(".html"), plots=4)

    def test_the_page_leads_with_the_generator_unless_the_server_turned_most_messages_away(self):
        (path,) = self.some_runs(1)
        run = json.loads(path.read_text())
        run["generator"]["busy_share"] = [0.99]
        run["errors"]["rejected"] = {"count": 1, "sample": "550 no"}
        for refused, first, second in ((200, "The generator itself may be", "Errors"),
                                       (201, "Errors", "The generator itself may be")):
            run["totals"]["messages_refused"] = refused
            path.write_text(json.dumps(run))
            self.report("html", path)
            text = self.check_page(path.with_suffix(".html"), plots=4).text
            self.assertIn(second, text.split(first, 1)[1])

    def test_nothing_in_a_run_gets_out_of_its_place_on_the_page(self):
        """What servers and users say is text, whatever it is."""
        hostile = ("</script><script>document.title = 'taken'</script>", "<!-- <script> ", "\u2028 \u2029 \\ \"'`${x}",
                   "<img src=http://127.0.0.1:1/x onerror=document.title='taken'>", "&lt;b&gt;", "-->")
        (path,) = self.some_runs(1)
        run = json.loads(path.read_text())
        run["errors"]["rejected"] = {"count": 1, "sample": " ".join(hostile)}
        run["options"]["command_line"] = list(hostile)
        run["options"]["settings"]["to"] = " ".join(hostile)
        run["stages"] = [{**run["stages"][0], "name": name} for name in hostile]
        path.write_text(json.dumps(run))
        self.report("html", path)
        page = self.check_page(path.with_suffix(".html"), plots=4)
        self.assertTrue(page.title.startswith("smtp-source, "))
        seen = re.sub(r"\s+", " ", page.text)
        for text in hostile:
            self.assertGreaterEqual(seen.count(re.sub(r"\s+", " ", text).strip()), 4, text)

    def test_the_page_of_a_sink(self):
        programs = rig.ours("uring")
        with self.counting_sink(programs, "-q", "data") as (sink, counted):
            self.assertEqual(programs.source(sink.endpoint, "-A", "-m", "5").returncode, 1)
        path = self.scratch / "sink.json"
        path.write_text(json.dumps(counted[0]))
        readers.validate(SCHEMA, path)
        self.report("html", path, "-o", self.scratch / "sink.html")
        page = self.check_page(self.scratch / "sink.html", plots=2)
        self.assertIn("messages taken", page.text)
        self.assertRegex(page.text, r"Phases\s[^S]*session 5 ")

    def test_each_published_form_is_valid(self):
        """What other minor versions lack, or have besides, is allowed."""
        published = sorted((rig.TOP / "tests/report/published").glob("*.json"))
        self.assertGreater(len(published), 4)
        readers.validate(SCHEMA, *published, named=False)
        for path in published:
            self.report("show", path)

    def test_bad_input_is_one_clear_line(self):
        (path,) = self.some_runs(1)
        good = path.read_text()
        for text, said in (("", "not JSON"), ("1,2", "not JSON"), (good[:5000], "cut short"), ("{}", "no \"schema\""),
                           ('{"schema": "other/7"}', 'its schema is "other/7"'),
                           (good.replace('"totals"', '"sums"', 1), "key 'totals' not found")):
            path.write_text(text)
            for command in (["show", path], ["merge", path], ["html", path], ["compare", path, path]):
                done = self.report(*command, status=1)
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                self.assertIn(f"smtp-report: fatal: {path}: ", done.stderr.decode())
                self.assertIn(said, done.stderr.decode())
        done = self.report("show", "/nonexistent", status=1)
        self.assertEqual(done.stderr, b"smtp-report: fatal: open /nonexistent: No such file or directory\n")

    # Runs a command and tells of it; small itself, since what it begins begins with its memory.
    WATCH = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
said = process.stderr.read().decode()
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps({"said": said, "status": os.waitstatus_to_exitcode(status), "kib": usage.ru_maxrss,
                  "cpu_s": usage.ru_utime + usage.ru_stime}))
"""

    def test_hostile_files_cost_little(self):
        """What is too much is one clear line, within a minute of CPU (as built for debugging, too) and
        256 MiB."""
        (path,) = self.some_runs(1)
        good = path.read_text()
        run = json.loads(good)
        stage = json.dumps(run["stages"][0])
        row = json.dumps(run["series"][0])
        number = re.compile(r'"second": \d+')
        # 188 KiB of memory from some hundred bytes: a count in each of the pages of a histogram.
        pages = b"\x1c\x84\x93\x13" + (46 * 3).to_bytes(4, "big") + bytes(4) + (3).to_bytes(4, "big")
        pages += (1).to_bytes(8, "big") + (3_600_000_000).to_bytes(8, "big") + b"\x3f\xf0\0\0\0\0\0\0"
        pages += b"\x02\xfd\x07" * 46  # one, and 511 noughts
        packed = zlib.compress(pages)
        packed = base64.b64encode(b"\x1c\x84\x93\x14" + len(packed).to_bytes(4, "big") + packed).decode()
        wide = re.sub(r'"hdr": "[^"]*"', f'"hdr": "{packed}"', stage)
        wide_row = re.sub(r'"hdr": "[^"]*"', f'"hdr": "{packed}"', row)
        series = ",".join(number.sub(f'"second": {second}', wide_row, 1) for second in range(10_000))
        named = re.sub(r'"stage": "[^"]*"', f'"stage": "{"x" * 1_000_000}"', row)
        named = ",".join(number.sub(f'"second": {second}', named, 1) for second in range(80))
        arrays = "[" + "[]," * 9_999 + "[]],"
        files = {
            "more than 256 keys in an object": good.replace("{", "{" + "".join(f'"k{i}":0,' for i in range(500_000)), 1),
            "more than 16 levels": "[" * 5_000_000,
            "more than 10000 elements": good.replace("{", '{"x":[' + "0," * 1_000_000 + "0],", 1),
            "a value of more than": good.replace("{", '{"x":"' + "x" * 10_000_000 + '",', 1),
            "bytes of text": good.replace('"series": [', f'"series": [{named},', 1),
            "more than 1000 stages": good.replace('"stages": [', '"stages": [' + (stage + ",") * 1_001, 1),
            "pages of memory": good.replace('"stages": [', '"stages": [' + (wide + ",") * 900, 1),
            "its series goes back": good.replace('"series": [', '"series": [' + (row + ",") * 10_000, 1),
            "its series holds what is no row": good.replace('"series": [', '"series": [' + arrays * 200, 1),
            "its stages hold what is no stage": good.replace('"stages": [', '"stages": [' + arrays * 200, 1),
            "more than 1000 objects": good.replace("{", '{"x":[' + "{}," * 500_000 + "0],", 1),
            "more than 256 values in a row": good.replace('{"second":', '{"x":[' + "{}," * 200_000 + '0],"second":', 1),
            "": re.sub(r'"series": \[.*?\n \]', lambda found: f'"series": [{series}]', good, count=1, flags=re.DOTALL),
        }
        for said, text in files.items():
            with self.subTest(said=said or "10 MB of small histograms, and well"):
                self.assertNotEqual(text, good)
                path.write_text(text)
                done = rig.run([sys.executable, "-c", self.WATCH, rig.BUILD / "smtp-report", "show", path],
                               timeout=4 * rig.PATIENCE)
                watched = json.loads(done.stdout)
                self.assertEqual(watched["status"], 1 if said else 0, watched["said"])
                if said:
                    self.assertEqual(watched["said"].count("\n"), 1, watched["said"])
                    self.assertIn(f"smtp-report: fatal: {path}: ", watched["said"])
                    self.assertIn(said, watched["said"])
                if rig.MEASURES_RESOURCES:
                    self.assertLess(watched["kib"], 256 * 1024)
                    self.assertLess(watched["cpu_s"], 60)

    def test_a_pipe_is_read_as_a_file_is(self):
        (path,) = self.some_runs(1)
        with open(path, "rb") as file:
            done = rig.run([rig.BUILD / "smtp-report", "show", "-"], stdin=file)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, self.report("show", path).stdout)

    def test_nothing_that_a_server_said_drives_the_terminal(self):
        hostile = b"550 \x1b]0;owned\x07 \x9b2J \xc2\x9b2J \x7f \xe2\x80\xae\r\n"
        page = self.scratch / "run.html"
        for locale in ("C", "C.UTF-8"):
            programs = rig.Programs("Millrace", rig.BUILD, ["--io", "epoll"], {"LC_ALL": locale})
            answer = rig.refusing("RCPT", hostile)
            with rig.FakeServer(lambda c, answer=answer: rig.play_server(c, answer), connections=3) as server:
                run, done = self.measure(programs, server.endpoint, "-v", "-A", "-m", "3", "--summary", "--html", page)
            path = next(self.scratch.glob("run.*.json"))
            shown = programs.run_plain("smtp-report", "show", path)
            for text in (done.stdout, done.stderr, path.read_bytes(), shown.stdout):
                self.assertNotRegex(text, rb"[\0-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|[^\xc2-\xf4\x80-\xbf][\x80-\xbf]|\xe2\x80\xae")
            self.assertIn(b"\\x1b]0;owned\\x07", done.stdout)
            self.assertIn(b"\\x1b]0;owned\\x07", done.stderr)
            self.assertIn("\x1b]0;owned\x07", run["errors"]["rejected"]["sample"], "as it was said")
            self.assertNotIn(b"\\u001b", page.read_bytes())
            path.unlink()

    def test_wrong_words_are_told(self):
        for arguments, said in (([], "missing command"), (["draw"], "unknown command: draw"), (["show"], "missing file"),
                                (["merge"], "missing files"), (["compare", "a"], "expected two runs"),
                                (["show", "a", "b"], "unexpected argument: b"),
                                (["compare", "a", "b", "--fail-on-regression", "x"], "bad limit: x")):
            done = self.report(*arguments, status=1)
            self.assertIn(said, done.stderr.decode(), arguments)


class SinkReport(MeasureCase):
    @rig.on_every_engine((1, 4))
    def test_what_a_sink_saw(self, programs):
        path = self.scratch / "sink.json"
        with programs.sink("--summary", "--json", path, "-M", "60") as sink:
            done = programs.source(sink.endpoint, "-s", "6", "-m", "60", "-r", "2", "-d")
            self.assertIn(done.returncode, (0, 1))  # the sink may be gone before the last QUIT
            self.assertEqual(sink.wait(), 0)
            self.assertIn(b"It took 60 messages for 120 recipients over 6 sessions.", sink.out)
        run = json.loads(path.read_text())
        readers.validate(SCHEMA, path)
        self.assertEqual(run["kind"], "sink")
        self.assertEqual(run["replies"]["DATA"], [{"code": 354, "count": 60}])
        self.assertEqual(run["phases"]["session"]["count"], 6)
        self.assertEqual(sum(row["messages"] for row in run["series"]), 60)
        self.assertEqual(sum(row["bytes_received"] for row in run["series"]), run["totals"]["bytes_received"])

    @rig.on_every_engine()
    def test_what_went_wrong(self, programs):
        with self.counting_sink(programs, "-t", "3") as (sink, counted):
            with sink.connect() as client:
                client.read_until(b"\r\n")
                client.talk(b"BOGUS\r\n", b"\r\n")
                client.talk(b"RCPT TO:<a@b>\r\n", b"\r\n")
                self.assertTrue(client.closed())
            with sink.connect() as client:
                client.read_until(b"\r\n")
            rig.wait_for(lambda: sink.open_sessions() == 0, "the sessions to end")
        errors = counted[0]["errors"]
        self.assertEqual({kind: one["count"] for kind, one in errors.items()},
                         {"timeout": 1, "closed": 1, "rejected": 2})
        self.assertEqual(counted[0]["replies"]["UNKNOWN"], [{"code": 500, "enhanced": "5.5.1", "count": 1}])
        self.assertEqual(counted[0]["replies"]["RCPT"], [{"code": 503, "enhanced": "5.5.1", "count": 1}])

    def test_a_report_is_written_by_a_sink_that_gave_up_its_rights(self):
        rig.need(os.geteuid() == 0, "only root can become somebody else")
        programs = rig.ours("epoll")
        folder = self.scratch / "roots"
        folder.mkdir(0o700)
        path = folder / "sink.json"
        with programs.sink("--json", path, "-u", "nobody", "-R", "/usr") as sink:
            programs.source(sink.endpoint, "-m", "3")
        self.assertEqual(json.loads(path.read_text())["totals"]["messages"], 3)


if __name__ == "__main__":
    unittest.main()
