"""What the tests of measurements share: a measured run and the sums that it must keep to, and servers
whose pauses are known."""

import contextlib
import json
import math
import random
import socket
import time

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
    def counting_sink(self, programs, *arguments, **options):
        """A sink, and a list that holds what it counted once it has ended."""
        path = self.scratch / f"sink.{random.getrandbits(64):x}.json"
        counted = []
        with programs.sink("--json", path, *arguments, **options) as sink:
            yield sink, counted
            sink.end()
        counted.append(json.loads(path.read_text()))


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
