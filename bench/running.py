"""Runs a sink and a source, each on a core of its own, and tells what they used."""

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
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
class Cores:
    """Where each side may run."""

    sink: set
    source: set


ONE_EACH = Cores({SINK_CORE}, {SOURCE_CORE})
HALF_EACH = Cores(set(CORES[:max(len(CORES) // 2, 1)]), set(CORES[len(CORES) // 2:]))


@dataclasses.dataclass
class Usage:
    """What one side of a run cost."""

    cpu_seconds: float
    peak_kib: int
    user_seconds: float
    instructions: int | None  # in user space, where they were counted


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


class Counter:
    """Has perf count the instructions of a command that it runs."""

    EVENT = "instructions:u"

    def __init__(self):
        self._file = tempfile.NamedTemporaryFile(prefix="millrace.")

    def command(self, command):
        return ["perf", "stat", "-x", ",", "-e", self.EVENT, "-o", self._file.name, "--", *command]

    def found(self):
        """Nothing where this machine does not count them."""
        for line in pathlib.Path(self._file.name).read_text(encoding="utf-8").splitlines():
            fields = line.split(",")
            if self.EVENT in fields and fields[0].isdigit():
                return int(fields[0])
        return None

    @classmethod
    def works(cls):
        if shutil.which("perf") is None:
            return False
        counter = cls()
        subprocess.run(counter.command(["true"]), check=False, capture_output=True)
        return counter.found() is not None


class Contestant(Process):
    """A process on its cores, killed when it takes too long. `counter`: counts its instructions."""

    def __init__(self, command, cores, statuses=(0,), counter=None):
        of_pair = str(command[0]).startswith(str(PAIR))
        self._counter = counter
        super().__init__(counter.command(command) if counter else command, statuses,
                         pair_environment() if of_pair else None,
                         preexec_fn=lambda: os.sched_setaffinity(0, cores), stdout=subprocess.DEVNULL)
        self._peak = PeakWatch(self.pid)
        self._deadline = threading.Timer(DEADLINE_SECONDS, self.kill)
        self._deadline.daemon = True
        self._deadline.start()

    def itself(self):
        """The process of the program: where it is counted, the one that perf has begun."""
        if not self._counter:
            return self.pid
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return int(children.split()[0]) if children else self.pid

    def send_signal(self, sig):
        if self.poll() is None:
            os.kill(self.itself(), sig)

    def reap(self):
        """Waits for its end; returns what it used, and notes when that was."""
        # Not by Popen: that would take what wait4() is to tell.
        _, status, usage = os.wait4(self.pid, 0)
        self.ended = time.monotonic()
        self.returncode = os.waitstatus_to_exitcode(status)
        self._deadline.cancel()
        self._peak.join()
        self.check()
        return Usage(usage.ru_utime + usage.ru_stime, self._peak.kib, usage.ru_utime,
                     self._counter.found() if self._counter else None)


def start_listening(sink, port, cores=ONE_EACH, counter=None):
    """Starts a sink (a function of the port). Ours ends in order, others by the signal."""
    command = sink(port)
    statuses = (0,) if command[0] == RELEASE / "smtp-sink" else (0, -signal.SIGTERM)
    server = Contestant(command, cores.sink, statuses, counter)
    wait_for(lambda: listens(f"127.0.0.1:{port}") or server.poll() is not None,
             f"{server.args[0]} to listen", 10)
    if server.poll() is not None:
        server.wait()
        raise AssertionError(f"{server.args[0]} does not listen: {server.err.decode(errors='replace')}")
    return server


def end(server):
    os.kill(server.itself(), signal.SIGTERM)
    return server.reap()


def run_pair(sink, source, cores=ONE_EACH, counted=False):
    """Runs one sink with one source (functions of the port) to the source's end."""
    port = free_port()
    server = start_listening(sink, port, cores, Counter() if counted else None)
    begun = time.monotonic()
    client = Contestant(source(port), cores.source, counter=Counter() if counted else None)
    used_by_source = client.reap()
    return Result(client.ended - begun, used_by_source, end(server))
