"""How runs end: by signals, limits, thresholds, or because they are hopeless; each leaves a whole report."""

import json
import random
import select
import signal
import socket
import subprocess
import time
import unittest

import measuring
import readers
import rig


class Ends(measuring.MeasureCase):
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
        readers.validate(measuring.SCHEMA, *files)

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
            run, done = self.measure(programs, server.endpoint, "-m", "1", "--reply-timeout", "2s", status=1)
        self.assertIn(b"timeout while sending EHLO", done.stderr.replace(b"HELO", b"EHLO").replace(b"EEHLO", b"EHLO"))
        self.assertEqual(run["errors"]["timeout"]["count"], 1)
        self.assertGreaterEqual(run["latency"]["failed"]["min_us"], 1_999_000)
        # In a load over time each is lost, and the next one tries anew.
        with measuring.SilencedServer(0) as server:
            run, _ = self.measure(programs, server.endpoint, "--duration", "1", "-s", "4", "--reply-timeout", "0.2",
                                  "--progress", "off", status=1)
        self.assertGreaterEqual(run["errors"]["timeout"]["count"], 4)
        self.assertEqual(run["totals"]["messages"], 0)
        self.check_sums(run)

    @rig.on_every_engine()
    def test_a_reply_that_only_begins_is_lost_as_well(self, programs):
        """It may come byte by byte, or line by line, and never be there."""
        for greeting in ([bytes([byte]) for byte in b"220 a name of so many letters"] + [b"\r\n"],
                         [b"220-a line\r\n"] * 30 + [b"220 there\r\n"]):
            def greet(connection, greeting=greeting):
                for piece in greeting:
                    connection.sendall(piece)
                    if select.select([connection], [], [], 0.1)[0]:
                        break  # hung up, or goes on
                rig.play_server(connection, rig.refusing("CONNECT", b""))

            with self.subTest(greeting=greeting), rig.FakeServer(greet) as server:
                run, done = self.measure(programs, server.endpoint, "-m", "1", "--reply-timeout", "1", status=1)
                self.assertIn(b"timeout while", done.stderr)
                self.assertEqual(run["errors"]["timeout"]["count"], 1)

    @rig.on_every_engine()
    def test_content_may_take_longer_than_a_reply(self, programs):
        """What counts is that it goes on."""
        def serve(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            def read_content():
                connection.sendall(b"354 go\r\n")
                content = b""
                while not content.endswith(b"\r\n.\r\n"):
                    time.sleep(0.02)
                    content = content[-5:] + connection.recv(65536)
                return b"250 ok\r\n"

            rig.play_server(connection, lambda verb: read_content() if verb == "DATA" else rig.usual_reply(verb))

        with rig.FakeServer(serve) as server:
            began = time.monotonic()
            self.measure(programs, server.endpoint, "-m", "1", "-l", "6M", "-T", "60000", "--reply-timeout", "1")
            self.assertGreater(time.monotonic() - began, 1.5)

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
        # One, or a few that were due just then; not those of the time in which it does not hang up.
        self.assertIn(totals["messages_lost"], range(1, 5), totals)
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

    @rig.on_every_engine((2,))
    def test_a_hopeless_run_is_given_up_whatever_is_told_of_it(self, programs):
        with programs.sink("-f", "rcpt", "-B", "550 5.7.1 never") as sink:
            done = programs.source(sink.endpoint, "-A", "-d", "-m", "100000000", "--abort-on", "errors>20%", "--log", "-")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"fatal: gave up: 100\.0% of \d+ messages failed, more than 20%")

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


if __name__ == "__main__":
    unittest.main()
