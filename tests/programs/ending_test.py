"""Programs that are told to end while something holds up their loops."""

import contextlib
import json
import os
import signal
import subprocess
import termios
import time
import unittest

import rig


def fill(descriptor):
    """Fills a pipe up to the last byte: whoever writes to it waits."""
    filler = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(filler, b"\n" * size)
    os.close(filler)


def fill_when_used(descriptor):
    """The same once a program has begun to write what its load, or its report, makes it write."""
    rig.wait_for(lambda: rig.queue_length(descriptor, termios.FIONREAD) > 2_000, "the first of it")
    fill(descriptor)


def blocks(process, number):
    """Whether the signal does not end the process by itself."""
    return int(rig.process_status(process.pid)["SigBlk"], 16) >> (number - 1) & 1


@contextlib.contextmanager
def full_pipe():
    """The end of a pipe that takes nothing more, since nobody reads the other one."""
    reader, writer = os.pipe()
    fill(writer)
    try:
        yield writer
    finally:
        os.close(reader)
        os.close(writer)


class Ending(rig.TestCase):
    def end_twice(self, process):
        """The first signal asks, the second does not; returns the exit status."""
        process.hold_out(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        return process.wait()

    @contextlib.contextmanager
    def holding(self, sink):
        """A client that has so many replies to take that the sink cannot send them all, and takes none."""
        with sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.socket.settimeout(1)
            with contextlib.suppress(TimeoutError):
                while True:
                    client.send(b"EHLO x\r\n" * 10_000)
            yield

    @contextlib.contextmanager
    def mute(self, programs, program, *arguments, statuses):
        """A program whose messages go to a pipe that nobody reads while it lives; gives both. What has
        not ended by then is killed."""
        reading, writing = os.pipe()
        with open(reading, "rb") as pipe:
            process = programs.start(program, *arguments, stderr=writing, statuses=statuses)
            os.close(writing)
            try:
                yield process, pipe
            finally:
                process.kill()
                rig.check_ending(process.args, process.wait(), pipe.read(), statuses=process.statuses)

    @rig.on_every_engine((1, 2))
    def test_a_second_signal_ends_a_sink_whose_messages_nobody_reads(self, programs):
        endpoint = f"127.0.0.1:{rig.free_port()}"
        with self.mute(programs, "smtp-sink", "-v", "-u", "root", endpoint, "100",
                       statuses=[-signal.SIGINT]) as (sink, pipe):
            rig.wait_for(lambda: rig.listens(endpoint), "the sink to listen")
            with self.mute(programs, "smtp-source", "-A", "-d", "-s", "4", "-m", "1000000", endpoint,
                           statuses=[-signal.SIGKILL, 1]):  # 1: the sink is gone, and so is it
                fill_when_used(pipe.fileno())
                self.assertEqual(self.end_twice(sink), -signal.SIGINT)

    @rig.on_every_engine((1, 2))
    def test_a_second_signal_ends_a_source_whose_messages_nobody_reads(self, programs):
        with programs.sink() as sink, self.mute(
                programs, "smtp-source", "-v", "-d", "-s", "4", "-m", "1000000", sink.endpoint,
                statuses=[-signal.SIGINT]) as (source, pipe):
            fill_when_used(pipe.fileno())
            self.assertEqual(self.end_twice(source), -signal.SIGINT)

    @rig.on_every_engine()
    def test_a_third_signal_does_not_wait(self, programs):
        with programs.sink() as sink, self.mute(
                programs, "smtp-source", "-v", "-d", "-s", "4", "-m", "1000000", sink.endpoint,
                statuses=[-signal.SIGTERM]) as (source, pipe):
            fill_when_used(pipe.fileno())
            source.hold_out(signal.SIGINT)
            source.hold_out(signal.SIGINT)
            source.send_signal(signal.SIGTERM)
            self.assertEqual(source.wait(), -signal.SIGTERM)

    @rig.on_every_engine()
    def test_a_second_signal_ends_a_source_whose_report_nobody_reads(self, programs):
        pipe = self.scratch / f"report.{programs.name}"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        with programs.sink() as sink:
            source = programs.start("smtp-source", "--html", pipe, sink.endpoint, statuses=[-signal.SIGINT])
            fill_when_used(reader)
            self.assertEqual(self.end_twice(source), -signal.SIGINT)

    @rig.on_every_engine()
    def test_a_second_signal_ends_a_source_that_waits_for_somebody_to_read_its_report(self, programs):
        pipe = self.scratch / f"report.{programs.name}"
        os.mkfifo(pipe)
        source = programs.start("smtp-source", "--json", pipe, "127.0.0.1:1", statuses=[-signal.SIGINT])
        rig.wait_for(lambda: blocks(source, signal.SIGINT), "it to take signals itself")
        self.assertEqual(self.end_twice(source), -signal.SIGINT)

    @rig.on_every_engine()
    def test_a_second_signal_ends_a_sink_whose_report_nobody_reads(self, programs):
        endpoint = f"127.0.0.1:{rig.free_port()}"
        with full_pipe() as pipe:
            sink = programs.start("smtp-sink", "-u", "root", "--json", "-", "-n", "1", endpoint, "100",
                                  stdout=pipe, statuses=[-signal.SIGINT])
            rig.wait_for(lambda: rig.listens(endpoint), "the sink to listen")
            programs.source(endpoint)
            rig.wait_for(lambda: not rig.listens(endpoint), "its run to be over")
            self.assertEqual(self.end_twice(sink), -signal.SIGINT)

    @rig.on_every_engine()
    def test_a_second_signal_ends_a_sink_that_waits_for_somebody_to_read_its_report(self, programs):
        pipe = self.scratch / f"report.{programs.name}"
        os.mkfifo(pipe)
        endpoint = f"127.0.0.1:{rig.free_port()}"
        sink = programs.start("smtp-sink", "-u", "root", "--json", pipe, endpoint, "100",
                              statuses=[-signal.SIGINT])
        rig.wait_for(lambda: blocks(sink, signal.SIGTERM), "it to take signals itself")
        self.assertEqual(self.end_twice(sink), -signal.SIGINT)

    @rig.on_every_engine((1, 2))
    def test_signals_that_come_together_are_one(self, programs):
        path = self.scratch / "run.json"
        with programs.sink("-c", "-W", ".:0.3") as sink:
            source = programs.start("smtp-source", "-d", "-s", "4", "-m", "1000000", "--json", path, sink.endpoint)
            sink.wait_counter("mesg", 4)
            source.send_signal(signal.SIGINT)  # what is under way may be finished
            source.send_signal(signal.SIGTERM)
            self.assertEqual(source.wait(), 0)
        run = json.loads(path.read_text())
        self.assertEqual((run["ending"], run["errors"]), ("interrupted", {}))
        self.assertEqual(run["totals"]["messages"], sink.counters()["mesg"])

    @rig.on_every_engine((1, 2))
    def test_a_second_signal_ends_a_sink_with_a_report_and_does_not_wait_for_clients(self, programs):
        def give_time(sink):
            sink.send_signal(signal.SIGTERM)
            rig.wait_for(lambda: not sink.has_pending_signal(), "it to take the signal")
            with contextlib.suppress(subprocess.TimeoutExpired):
                sink.wait(0.2)  # the client has a second to take its replies

        path = self.scratch / f"report.{time.monotonic_ns()}"
        with programs.sink() as patient, programs.sink("--json", path) as sink, \
                self.holding(patient), self.holding(sink):
            give_time(patient)
            give_time(sink)
            in_time = patient.poll() is None
            sink.send_signal(signal.SIGINT)
            self.assertEqual(patient.wait(), 0)
            # It was told to end behind the other one, which waits for as long as it would have.
            self.assertTrue(sink.poll() is not None or not in_time)
            self.assertEqual(sink.wait(), 0)
        self.assertEqual(json.loads(path.read_text())["kind"], "sink")

    @rig.on_every_engine((1, 4))
    def test_a_view_that_nobody_reads_holds_no_signal_up(self, programs):
        path = self.scratch / "run.json"
        with programs.sink("-c") as sink, full_pipe() as pipe:
            source = programs.start("smtp-source", "--rate", "100/s", "--progress", "live", "--json", path,
                                    sink.endpoint, stderr=pipe)
            sink.wait_counter("mesg", 150)  # by then it is to be drawn
            self.assertEqual(source.end(signal.SIGINT), 0)
        self.assertEqual(json.loads(path.read_text())["ending"], "interrupted")


if __name__ == "__main__":
    unittest.main()
