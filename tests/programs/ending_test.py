"""Programs that are told to end while something holds up their loops."""

import array
import contextlib
import fcntl
import signal
import subprocess
import termios
import unittest

import rig


def full(process):
    """A condition: what the process says has not grown for a while, under a load that makes it
    grow. So the pipe is full, and who wants to say more waits."""
    looks = []

    def look():
        held = array.array("i", [0])
        fcntl.ioctl(process.stderr, termios.FIONREAD, held)
        looks.append(held[0])
        return held[0] > 30_000 and len(set(looks[-60:])) == 1 and len(looks) >= 60

    return look


class Ending(rig.TestCase):
    def end_twice(self, process):
        """The first signal asks, the second does not; returns the exit status."""
        process.send_signal(signal.SIGINT)
        with self.assertRaises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(signal.SIGTERM)
        return process.wait(rig.PATIENCE)

    @contextlib.contextmanager
    def mute(self, programs, program, *arguments):
        process = subprocess.Popen(
            programs.command(program, arguments), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    @rig.on_every_engine((1, 2))
    def test_a_second_signal_ends_a_sink_whose_messages_nobody_reads(self, programs):
        endpoint = f"127.0.0.1:{rig.free_port()}"
        with self.mute(programs, "smtp-sink", "-v", "-u", "root", endpoint, "100") as sink:
            rig.wait_for(lambda: rig.listens(endpoint), "the sink to listen")
            with self.mute(programs, "smtp-source", "-A", "-d", "-s", "4", "-m", "1000000", endpoint):
                rig.wait_for(full(sink), "a full pipe")
                self.assertEqual(self.end_twice(sink), -signal.SIGTERM)

    @rig.on_every_engine((1, 2))
    def test_a_second_signal_ends_a_source_whose_messages_nobody_reads(self, programs):
        with programs.sink() as sink, self.mute(
                programs, "smtp-source", "-v", "-d", "-s", "4", "-m", "1000000",
                sink.endpoint) as source:
            rig.wait_for(full(source), "a full pipe")
            self.assertEqual(self.end_twice(source), -signal.SIGINT)

    @rig.on_every_engine()
    def test_a_third_signal_does_not_wait(self, programs):
        with programs.sink() as sink, self.mute(
                programs, "smtp-source", "-v", "-d", "-s", "4", "-m", "1000000",
                sink.endpoint) as source:
            rig.wait_for(full(source), "a full pipe")
            source.send_signal(signal.SIGINT)
            with self.assertRaises(subprocess.TimeoutExpired):
                source.wait(0.5)
            source.send_signal(signal.SIGINT)
            with self.assertRaises(subprocess.TimeoutExpired):
                source.wait(0.5)
            source.send_signal(signal.SIGTERM)
            self.assertEqual(source.wait(rig.PATIENCE), -signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
