"""What the sink stores: whole messages, or a refusal."""

import itertools
import os
import re
import signal
import subprocess
import unittest

import rig


class Dumps(rig.TestCase):
    @rig.on_every_engine((4,))
    def test_workers_never_interleave(self, programs):
        path = self.scratch / f"all.{programs.name}"
        with programs.sink("-D", path) as sink:
            for length in (50, 200_000):
                done = programs.source(sink.endpoint, "-s", "20", "-m", "200", "-d", "-l", length)
                self.assertEqual(done.returncode, 0, done.stderr)
        text = path.read_bytes()
        whole = rb"X-Client-Addr: [^\n]+\n(?:[^\n]+\n)+\n(?:\dX{77}\n)*X+\n\n"
        self.assertEqual(len(re.findall(whole, text)), 400)
        self.assertEqual(re.sub(whole, b"", text), b"")

    @rig.on_every_engine((4,))
    def test_killed_in_the_middle_nothing_half_is_left(self, programs):
        for attempt in range(5):
            path = self.scratch / f"killed.{programs.name}.{attempt}"
            each = self.scratch / f"each.{programs.name}.{attempt}"
            for option, target in (("-D", path), ("-d", f"{each}/m.")):
                with programs.sink("-c", option, target, statuses=[-signal.SIGKILL]) as sink:
                    source = programs.start("smtp-source", "-d", "-s", "8", "-m", "100000", "-l",
                                            "300000", sink.endpoint, statuses=(1,))
                    sink.wait_counter("mesg", 10 + attempt)
                    sink.kill()
                    source.wait()
            body = rb"(?:\dX{77}\n)*X+\n\n"
            whole = rb"X-Client-Addr: [^\n]+\n(?:[^\n]+\n)+\n" + body
            rig.wait_for(lambda: re.sub(whole, b"", path.read_bytes()) == b"", "the guard")
            self.assertGreaterEqual(len(re.findall(whole, path.read_bytes())), 10)
            for file in each.iterdir():
                if file.suffix != ".part":
                    self.assertTrue(re.fullmatch(whole, file.read_bytes()), file)
            for file in each.iterdir():
                file.unlink()

    @rig.on_every_engine((4,))
    def test_a_full_disk_refuses_the_message_and_lives(self, programs):
        with programs.sink("-D", "/dev/full") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            for _ in range(2):
                self.assertEqual(client.message()[:10], b"452 4.3.1 ")
            client.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
            complaint = b"message not stored in /dev/full: No space left on device"
            rig.wait_for(lambda: complaint in sink.err, "the complaint")

    @rig.on_every_engine((4,))
    def test_a_disk_that_fills_up(self, programs):
        rig.need(os.geteuid() == 0, "needs root to mount a small file system")
        small = self.scratch / "small"
        small.mkdir(exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", small],
                                 capture_output=True, check=False)
        rig.need(mounted.returncode == 0, "may not mount a file system here")
        try:
            # The larger one does not stay in memory until it is complete.
            for option, size in itertools.product(("-d", "-D"), (50_000, 100_000)):
                with programs.sink(option, small / "m.") as sink, sink.connect() as client:
                    client.read_until(b"ESMTP\r\n")
                    replies = [client.message(b"y" * size + b"\r\n") for _ in range(8)]
                    self.assertEqual(replies[0], b"250 2.0.0 Ok\r\n")
                    self.assertEqual(replies[-1][:10], b"452 4.3.1 ")
                stored = b"".join(file.read_bytes() for file in small.iterdir())
                accepted = replies.count(b"250 2.0.0 Ok\r\n")
                self.assertEqual(stored.count(b"X-Client-Addr"), accepted)
                self.assertEqual(stored.count(b"y" * size + b"\n\n"), accepted)
                for file in small.iterdir():
                    file.unlink()
        finally:
            rig.run(["umount", small])

    @rig.on_every_engine()
    def test_a_message_above_the_limit_leaves_nothing(self, programs):
        each = self.scratch / f"large.{programs.name}"
        for limit in (["--max-dump-size", "200K"], ["--max-size", "200K"]):
            with programs.sink(*limit, "--offer", "chunking", "-d", f"{each}/m.") as sink, \
                    sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n", b"<LF>\r\n")
                client.send(b"x" * 150_000)
                rig.wait_for(lambda: each.exists() and list(each.glob("*.part")), "the dump")
                client.send(b"x" * 150_000)
                rig.wait_for(lambda: not list(each.iterdir()), "the end of the dump")
                client.talk(b"x\r\n.\r\n", b"552 5.3.4 Error: message size exceeds fixed limit\r\n")
                client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nBDAT 150000\r\n" + b"x" * 150_000,
                            b"250 2.0.0 Ok\r\n")
                self.assertTrue(list(each.glob("*.part")))
                client.send(b"BDAT 150000 LAST\r\n")
                if limit[0] == "--max-dump-size":
                    client.send(b"x" * 150_000)
                client.read_until(b"552 5.3.4 Error: message size exceeds fixed limit\r\n")
                self.assertEqual(list(each.iterdir()), [])

    @rig.on_every_engine((4,))
    def test_an_unwritable_directory_refuses_the_message_and_lives(self, programs):
        with programs.sink("-L", "-d", "/proc/no/m.") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"MAIL FROM:<>\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\nDATA\r\n", b"<LF>\r\n")
            text = client.talk(b".\r\nNOOP\r\n", b"250 2.0.0 Ok\r\n")
            self.assertEqual(text.count(b"452 4.3.1"), 2)
            rig.wait_for(lambda: b"message not stored in /proc/no/m." in sink.err, "the message")


if __name__ == "__main__":
    unittest.main()
