"""Programs that are run to their end or beside a test. Each must end with a status that its test
expects, and no sanitizer may speak in anything that one says."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import threading

from .waiting import PATIENCE, wait_for

REPORT_OF_SANITIZER = re.compile(rb"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|: runtime error: ")
# Those that a program may end with by itself.
STATUSES = range(6)


def check_ending(command, status, *outputs, statuses=STATUSES):
    """That a program ended as it may, and that no sanitizer spoke."""
    for output in outputs:
        if isinstance(output, str):
            output = output.encode()
        if output and REPORT_OF_SANITIZER.search(output):
            raise AssertionError(f"{command}: {bytes(output).decode(errors='replace')}")
    if status not in statuses:
        raise AssertionError(f"{command} ended with {status}: {outputs}")


class Done:
    """A program that has ended. A test that does not look at its status relies on 0."""

    unread = []  # those whose status no test has looked at yet

    def __init__(self, done, statuses):
        self.args, self.stdout, self.stderr = done.args, done.stdout, done.stderr
        self._returncode = done.returncode
        check_ending(self.args, done.returncode, self.stdout, self.stderr, statuses=statuses)
        if done.returncode != 0:
            Done.unread.append(self)

    @property
    def returncode(self):
        with contextlib.suppress(ValueError):
            Done.unread.remove(self)
        return self._returncode

    @classmethod
    def check_all_read(cls):
        unread, cls.unread = cls.unread, []
        if unread:
            raise AssertionError("\n".join(
                f"{done.args} ended with {done._returncode}: {done.stderr}" for done in unread))


def run(command, timeout=PATIENCE, environment=None, statuses=STATUSES, **options):
    """Runs a command to its end; returns it as Done, output as bytes unless `text`. `environment`:
    what it has beyond ours; `statuses`: those that it may end with."""
    if "input" not in options:
        options = {"stdin": subprocess.DEVNULL, **options}
    done = subprocess.run([*map(str, command)], timeout=timeout, check=False, capture_output=True,
                          env={**os.environ, **(environment or {})}, **options)
    return Done(done, statuses)


class Process(subprocess.Popen):
    """A program that runs beside the test. What it says is in `out` and `err`, unless the options
    send it elsewhere. `statuses`: those that it may end with; `environment`: what it has beyond
    ours."""

    started = []  # those that no test has checked yet

    def __init__(self, command, statuses=(0,), environment=None, **options):
        self.statuses = statuses
        self.out, self.err = bytearray(), bytearray()
        super().__init__([*map(str, command)], env={**os.environ, **(environment or {})},
                         **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                            "stderr": subprocess.PIPE, **options})
        Process.started.append(self)
        self._readers = [threading.Thread(target=self._read, args=pair, daemon=True)
                         for pair in ((self.stdout, self.out), (self.stderr, self.err)) if pair[0]]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, into):
        with stream:
            while data := stream.read1(65536):
                into += data

    def first_line(self):
        """Of what it writes to standard error, once that is there."""
        wait_for(lambda: b"\n" in self.err, f"a line of {self.args[0]}")
        return bytes(self.err.partition(b"\n")[0]) + b"\n"

    def wait(self, timeout=PATIENCE):
        """Waits for its end, and for all that it said; returns its exit status."""
        status = super().wait(timeout)
        for reader in self._readers:
            reader.join(PATIENCE)
        return status

    def has_pending_signal(self):
        """Whether one was sent to it that none of its threads has taken yet."""
        return int(process_status(self.pid).get("ShdPnd", "0"), 16) != 0

    def hold_out(self, sign):
        """Sends a signal that does not end it; the next one is not of the same moment."""
        self.send_signal(sign)
        wait_for(lambda: not self.has_pending_signal(), "it to take the signal")
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the signal ended it: {self.wait(0.3)}, {self.err}")

    def end(self, sign=signal.SIGTERM):
        """Has it end, if it has not; returns its exit status."""
        self.send_signal(sign)
        return self.wait()

    def check(self):
        """That it has ended as it may."""
        with contextlib.suppress(ValueError):
            Process.started.remove(self)
        if self.poll() is None:
            self.kill()
            self.wait()
            raise AssertionError(f"left running: {self.args}")
        check_ending(self.args, self.wait(), self.out, self.err, statuses=self.statuses)

    @classmethod
    def check_all(cls):
        wrong = []
        while cls.started:
            try:
                cls.started[0].check()
            except AssertionError as error:
                wrong.append(str(error))
        if wrong:
            raise AssertionError("\n".join(wrong))


def process_status(pid):
    """What the kernel says of a process or a thread, by name ("Uid", "State"); empty when it is
    gone. (psutil tells less: no peak of memory, no threads' states.)"""
    try:
        lines = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def peak_kib(pid):
    """The most memory that a process has used so far; None when it has ended."""
    peak = process_status(pid).get("VmHWM")
    return peak and int(peak.split()[0])
