"""What the tests of whole programs share: both programs, ours and Postfix's, and what fails a test.

Everything runs on loopback, on ports that nobody else has, for seconds at most.
"""

import contextlib
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import psutil

# Tests use them by this module's name.
from support.certificates import certificate, serve_tls
from support.dialogues import (
    Client, FakeServer, answer_lmtp, play_server, read_line, refusing, usual_reply)
from support.places import BUILD, PAIR, PEERS, TOP, pair_environment
from support.processes import Done, Process, check_ending, process_status, run
from support.sockets import (
    ESTABLISHED, TIME_WAIT, all_read, connect, free_port, listens, port_of, queue_length, tcp_sockets)
from support.waiting import PATIENCE, wait_for

ENGINES = ("epoll", "uring")

# By which sanitizers, as -fsanitize has it.
SANITIZED = os.environ.get("MILLRACE_SANITIZED", "")
# What a sanitizer needs of memory and CPU says nothing of the program's own needs.
MEASURES_RESOURCES = not SANITIZED

# script/test --long: what proves by numbers is done in full.
LONG = os.environ.get("MILLRACE_LONG") == "1"


def need(condition, reason):
    """Skips the test without what it needs; under CI a skipped test is a failure."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        raise AssertionError(f"needed under CI: {reason}")
    raise unittest.SkipTest(reason)


def generator_was_late():
    """Skips the test: in each attempt the generator was late, which a busy machine makes it, or a fault. Where there
    is a list of those (MILLRACE_LATE) it is put there, to be run once more by itself, and then it fails."""
    reason = "the generator was late in each attempt"
    late = os.environ.get("MILLRACE_LATE")
    need(late != "fails", f"{reason}, though the machine did nothing else")
    if late:
        with open(late, "a", encoding="utf-8") as file:
            print(f"programs.{sys.argv[-1]}", file=file)
    raise unittest.SkipTest(reason)


def fetch_peers(what):
    """Makes sure of Postfix's pair ("pair") or the servers ("servers")."""
    done = subprocess.run([TOP / "script/peers", what], capture_output=True, text=True, check=False)
    need(done.returncode == 0, f"script/peers {what}: {done.stderr.strip()}")


def own_mounts(script):
    """What comes before a command that is to have a mount namespace of its own, which `script`
    prepares."""
    need(os.geteuid() == 0, "needs root for a mount namespace")
    need(run(["unshare", "-m", "true"]).returncode == 0, "no mount namespaces here")
    return ["unshare", "-m", "sh", "-c", f'{script} && exec "$@"', "sh"]


class Programs:
    """One implementation of the pair: ours on an engine, or Postfix's."""

    def __init__(self, name, directory, options=(), environment=None):
        self.name = name
        self.directory = directory
        self.options = list(options)
        self.environment = environment or {}
        self.sink_statuses = (0,)  # that a sink ends with when it is told to end

    def command(self, program, arguments):
        return [str(self.directory / program), *map(str, self.options), *map(str, arguments)]

    def run(self, program, *arguments, timeout=PATIENCE, **options):
        """Runs a program to its end; returns it as Done, output as bytes."""
        return run(self.command(program, arguments), timeout, self.environment, **options)

    def start(self, program, *arguments, environment=None, **options):
        """Starts a program, to run beside the test; a Process."""
        return Process(self.command(program, arguments),
                       environment={**self.environment, **(environment or {})}, **options)

    def run_plain(self, program, *arguments, **options):
        """The same for a program that has none of the options of the pair."""
        return run([self.directory / program, *arguments], environment=self.environment, **options)

    def source(self, endpoint, *arguments, **options):
        return self.run("smtp-source", *arguments, endpoint, **options)

    @contextlib.contextmanager
    def sink(self, *arguments, endpoint=None, statuses=None, **options):
        """Runs a sink; gives it as a Sink, ends it, and checks how it ended."""
        endpoint = endpoint or f"127.0.0.1:{free_port()}"
        if os.geteuid() == 0 and "-u" not in arguments:
            arguments = ("-u", "root", *arguments)
        sink = Sink(self.command("smtp-sink", [*arguments, endpoint, 1000]), endpoint,
                    statuses=statuses or self.sink_statuses, environment=self.environment, **options)
        try:
            yield sink
        finally:
            sink.end()
            sink.check()


class Sink(Process):
    """A running sink that listens at `endpoint`."""

    def __init__(self, command, endpoint, **options):
        self.endpoint = endpoint
        wait_for(lambda: not listens(endpoint), "the last one to be gone")  # listed a while longer
        super().__init__(command, **options)
        wait_for(lambda: listens(endpoint) or self.poll() is not None, "the sink to listen")

    def connect(self):
        return Client(self.endpoint)

    def counters(self):
        """The last line of -c, as a dictionary."""
        last = bytes(self.out).decode().strip("\r\n").split("\r")[-1]
        return {name: int(value) for name, value in (pair.split("=") for pair in last.split())}

    def wait_counter(self, name, value):
        wait_for(lambda: self.out and self.counters().get(name, 0) >= value, f"{name}={value}")

    def open_sessions(self):
        """By what the kernel tells."""
        port = port_of(self.endpoint)
        return sum(one.port == port for one in tcp_sockets(ESTABLISHED))

    def memory_kib(self):
        return psutil.Process(self.pid).memory_info().rss // 1024

    def cpu_seconds(self):
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system


def ours(engine, *options):
    return Programs(f"Millrace ({engine})", BUILD, ["--io", engine, *options])


def on_every_engine(thread_counts=(1,)):
    """Makes a test of a function of (self, programs): once an engine and number of threads. Sanitizers see with
    the most of them what they would see with fewer, and what one worker has with other threads is the same on any
    engine."""
    counts = (max(thread_counts),) if SANITIZED else thread_counts
    engines = ENGINES[-1:] if SANITIZED == "thread" and counts == (1,) else ENGINES

    def decorate(check):
        @functools.wraps(check)
        def test(self):
            for engine in engines:
                for threads in counts:
                    with self.subTest(engine=engine, threads=threads):
                        check(self, ours(engine, "--threads", threads))

        return test

    return decorate


def postfix():
    fetch_peers("pair")
    pair = Programs("Postfix", PAIR / "usr/sbin", environment=pair_environment())
    pair.sink_statuses = (0, -signal.SIGTERM, -signal.SIGINT)
    return pair


class TestCase(unittest.TestCase):
    """With a scratch directory of its own. What fails it beside its own assertions: a program that
    ended otherwise than it said, or was left running; a sanitizer's report; an exception in a thread."""

    maxDiff = None

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="millrace."))
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.scratch.chmod(0o777)
        in_threads = []
        threading.excepthook = in_threads.append
        self.addCleanup(setattr, threading, "excepthook", threading.__excepthook__)
        self.addCleanup(lambda: self.assertEqual([repr(one.exc_value) for one in in_threads], []))
        self.addCleanup(Done.check_all_read)
        self.addCleanup(Process.check_all)
