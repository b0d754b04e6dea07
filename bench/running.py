"""Runs a sink and a source, each on a core of its own, and tells what they used."""

import dataclasses
import os
import signal
import subprocess
import threading
import time

from support.places import PAIR, RELEASE, pair_environment
from support.processes import Process, peak_kib
from support.sockets import free_port, listens
from support.waiting import wait_for

DEADLINE_SECONDS = 120
CORES = sorted(os.sched_getaffinity(0))
SINK_CORE, SOURCE_CORE = CORES[0], CORES[-1]


@dataclasses.dataclass
class Usage:
    """What one side of a run cost."""

    cpu_seconds: float
    peak_kib: int


@dataclasses.dataclass
class Result:
    seconds: float
    source: Usage
    sink: Usage


class PeakWatch(threading.Thread):
    """Follows the peak memory of a process. (What wait4() tells of it includes the memory of
    the process that started it.)"""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid = pid
        self.kib = 0
        self.start()

    def run(self):
        while (kib := peak_kib(self.pid)) is not None:
            self.kib = kib
            time.sleep(0.25)


class Contestant(Process):
    """A process on one core, killed when it takes too long."""

    def __init__(self, command, core, statuses=(0,)):
        of_pair = str(command[0]).startswith(str(PAIR))
        super().__init__(command, statuses, pair_environment() if of_pair else None,
                         preexec_fn=lambda: os.sched_setaffinity(0, {core}), stdout=subprocess.DEVNULL)
        self._peak = PeakWatch(self.pid)
        self._deadline = threading.Timer(DEADLINE_SECONDS, self.kill)
        self._deadline.daemon = True
        self._deadline.start()

    def reap(self):
        """Waits for its end; returns what it used, and notes when that was."""
        # Not by Popen: that would take what wait4() is to tell.
        _, status, usage = os.wait4(self.pid, 0)
        self.ended = time.monotonic()
        self.returncode = os.waitstatus_to_exitcode(status)
        self._deadline.cancel()
        self._peak.join()
        self.check()
        return Usage(usage.ru_utime + usage.ru_stime, self._peak.kib)


def start_listening(sink, port):
    """Starts a sink (a function of the port). Ours ends in order, others by the signal."""
    command = sink(port)
    statuses = (0,) if command[0] == RELEASE / "smtp-sink" else (0, -signal.SIGTERM)
    server = Contestant(command, SINK_CORE, statuses)
    wait_for(lambda: listens(f"127.0.0.1:{port}") or server.poll() is not None,
             f"{server.args[0]} to listen", 10)
    if server.poll() is not None:
        server.wait()
        raise AssertionError(f"{server.args[0]} does not listen: {server.err.decode(errors='replace')}")
    return server


def end(server):
    os.kill(server.pid, signal.SIGTERM)
    return server.reap()


def run_pair(sink, source):
    """Runs one sink with one source (functions of the port) to the source's end."""
    port = free_port()
    server = start_listening(sink, port)
    begun = time.monotonic()
    client = Contestant(source(port), SOURCE_CORE)
    used_by_source = client.reap()
    return Result(client.ended - begun, used_by_source, end(server))
