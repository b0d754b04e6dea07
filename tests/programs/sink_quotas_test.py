"""What the sink counts, each once, and how it ends: at a quota, by a signal."""

import json
import signal
import socket
import struct
import subprocess
import time
import unittest

import psutil

import rig


THREADS = (1, 4)


class Quotas(rig.TestCase):
    """Every check runs on both engines and with several threads."""

    @rig.on_every_engine(THREADS)
    def test_ends_after_so_many_messages_and_answers_the_last(self, programs):
        with programs.sink("-c", "-M", "25") as sink:
            done = programs.source(sink.endpoint, "-d", "-s", "5", "-m", "25")
            self.assertEqual(sink.wait(), 0)
            self.assertEqual(sink.counters()["mesg"], 25)
            # The sink may be gone before all sessions have said QUIT, but not before the last reply.
            self.assertIn(done.returncode, (0, 1))
            self.assertNotIn(b"sending message", done.stderr)

    @rig.on_every_engine(THREADS)
    def test_never_accepts_a_message_past_the_quota(self, programs):
        with programs.sink("-c", "-M", "100") as sink:
            done = programs.source(sink.endpoint, "-A", "-C", "1", "-d", "-s", "20", "-m", "2000")
            self.assertEqual(sink.wait(), 0)
            self.assertEqual(sink.counters()["mesg"], 100)
            self.assertEqual(done.returncode, 1)

    @rig.on_every_engine(THREADS)
    def test_a_dot_that_ends_no_message_is_not_counted(self, programs):
        with programs.sink("-c", "-M", "1") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b".\r\n.\r\nNOOP\r\n", b"250 2.0.0 Ok\r\n" * 3)
            self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
            self.assertEqual(sink.wait(), 0)
            self.assertEqual(sink.counters()["mesg"], 1)

    @rig.on_every_engine(THREADS)
    def test_ends_after_so_many_quits_without_counters(self, programs):
        for options in ([], ["--starttls"]):
            with programs.sink("-n", "3", *options) as sink:
                sink.connect().close()  # no QUIT, does not count
                done = programs.source(sink.endpoint, "-m", "3", *options)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(sink.wait(), 0)

    @rig.on_every_engine(THREADS)
    def test_ends_when_idle_and_nothing_else_wakes_it(self, programs):
        with programs.sink("--stop-when-idle", "100ms") as sink:
            programs.source(sink.endpoint)
            self.assertEqual(sink.wait(), 0)  # by itself

    @rig.on_every_engine()
    def test_who_only_asks_whether_it_is_there_is_no_client(self, programs):
        for options in ([], ["--tls"]):
            with programs.sink("--stop-when-idle", "100ms", *options) as sink:
                sink.connect().close()
                with self.assertRaises(subprocess.TimeoutExpired):
                    sink.wait(0.5)
                programs.source(sink.endpoint, *options)
                self.assertEqual(sink.wait(), 0)

    @rig.on_every_engine(THREADS)
    def test_a_quit_whose_client_dies_in_the_pause_does_not_count(self, programs):
        with programs.sink("-n", "1", "-W", "quit:500ms") as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                # The reset is there before the sink reads, and shows when NOOP is answered.
                sink.send_signal(signal.SIGSTOP)
                rig.wait_for(lambda: all(rig.process_status(thread.id)["State"] == "T (stopped)"
                                         for thread in psutil.Process(sink.pid).threads()), "all threads to stop")
                client.send(b"NOOP\r\nQUIT\r\n")
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sink.send_signal(signal.SIGCONT)

            def answered():  # not until the sink has seen the reset; once it has ended, never
                with sink.connect() as client:
                    client.read_until(b"ESMTP\r\n")
                    client.send(b"QUIT\r\n")
                    return client.read_to_end() == b"221 Bye\r\n"

            rig.wait_for(answered, "a QUIT that is answered")
            self.assertEqual(sink.wait(), 0)

    @rig.on_every_engine(THREADS)
    def test_a_quit_whose_client_resets_in_the_pause_does_not_count(self, programs):
        with programs.sink("-c", "-n", "1", "-W", "quit:3") as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.send(b"QUIT\r\n")
                rig.wait_for(lambda: rig.all_read(client.socket), "the sink to read")
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sink.wait_counter("sess", 1)
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.assertEqual(client.talk(b"QUIT\r\n", b"\r\n"), b"221 Bye\r\n")
            self.assertEqual(sink.wait(), 0)
            self.assertEqual(sink.counters(), {"sess": 2, "quit": 1, "mesg": 0})

    @rig.on_every_engine(THREADS)
    def test_a_client_may_close_its_side_behind_quit(self, programs):
        for options in ([], ["--tls"]):
            with self.subTest(options=options), \
                    programs.sink("-c", "-n", "1", "-W", "quit:300ms", *options) as sink, \
                    sink.connect() as client:
                if options:
                    client.start_tls()
                client.read_until(b"ESMTP\r\n")
                client.send(b"QUIT\r\n")
                socket.socket.shutdown(client.socket, socket.SHUT_WR)  # not what ssl makes of it
                self.assertEqual(client.read_to_end(), b"221 Bye\r\n")
                self.assertEqual(sink.wait(), 0)
                self.assertEqual(sink.counters()["quit"], 1)

    @rig.on_every_engine(THREADS)
    def test_a_client_that_never_reads_after_221_is_let_go(self, programs):
        with programs.sink("-n", "2", "-T", "4096") as sink, sink.connect() as silent, \
                rig.connect(sink.endpoint) as choked:
            silent.read_until(b"ESMTP\r\n")
            silent.send(b"QUIT\r\n")  # it never closes
            # Its replies fill every buffer on the way, so that 221 does not even leave.
            choked.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            choked.sendall(b"EHLO x\r\n" * 1_000 + b"QUIT\r\n")
            self.assertEqual(sink.wait(), 0, "both have said QUIT")

    @rig.on_every_engine(THREADS)
    def test_what_it_ended_itself_is_counted_once(self, programs):
        garbage, header = b"this is no handshake\r\n", b"PROXY nonsense\r\n"
        for options, words, errors in (
                (["--starttls"], [b"STARTTLS\r\n", garbage], {"tls": 1}),
                (["--proxy-from", "127.0.0.1"], [header], {"protocol": 1}),
                (["--max-session-time", "200ms"], [], {"timeout": 1}),
                (["-t", "200ms"], [], {"timeout": 1}),
                (["-q", "noop"], [b"NOOP\r\n"], {}),
                ([], [b"QUIT\r\n"], {}),
                ([], [b"x" * 3000 + b"\r\n"], {"protocol": 1})):
            with self.subTest(options=options):
                path = self.scratch / "sink.json"
                with programs.sink("--json", path, *options) as sink, sink.connect() as client:
                    if words != [header]:
                        client.read_until(b"ESMTP\r\n")
                    for word in words[:-1]:
                        client.talk(word, b"\r\n")
                    client.send(words[-1] if words else b"")
                    client.read_to_end()
                    client.close()
                    self.assertEqual(sink.end(), 0)
                run = json.loads(path.read_text())
                self.assertEqual({kind: one["count"] for kind, one in run["errors"].items()}, errors)

    @rig.on_every_engine(THREADS)
    def test_sessions_that_its_end_closes_are_no_losses(self, programs):
        path = self.scratch / "sink.json"
        with programs.sink("-c", "--json", path) as sink, sink.connect() as open_one, sink.connect() as quit_one:
            open_one.read_until(b"ESMTP\r\n")
            quit_one.read_until(b"ESMTP\r\n")
            quit_one.talk(b"QUIT\r\n", b"221 Bye\r\n")
            self.assertEqual(sink.end(), 0)
            self.assertEqual(sink.counters(), {"sess": 2, "quit": 1, "mesg": 0})
        run = json.loads(path.read_text())
        self.assertEqual(run["errors"], {})

    @rig.on_every_engine(THREADS)
    def test_signals_end_it_in_order(self, programs):
        for sign in (signal.SIGINT, signal.SIGTERM):
            with programs.sink("-c", "-D", self.scratch / "all") as sink:
                clients = [sink.connect() for _ in range(20)]
                for client in clients:
                    client.read_until(b"ESMTP\r\n")
                    self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
                self.assertEqual(sink.end(sign), 0)
                self.assertEqual(sink.counters()["mesg"], 20)
                for client in clients:
                    self.assertEqual(client.read_to_end(), b"")
                    client.close()

    @rig.on_every_engine(THREADS)
    def test_counters_are_for_eyes_and_exact_in_the_end(self, programs):
        with programs.sink("-c") as sink:
            begun = time.monotonic()
            done = programs.source(sink.endpoint, "-c", "-d", "-s", "10", "-m", "5000")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("sess", 10)  # shown although nothing more happens
            self.assertEqual(sink.end(), 0)
            took = time.monotonic() - begun
        shown = bytes(sink.out).split(b"\r")
        self.assertEqual(shown[-2:], [b"sess=10 quit=10 mesg=5000", b""])
        self.assertEqual(done.stdout.split(b"\r")[-2:], [b"5000", b"\n"])
        for updates in (shown, done.stdout.split(b"\r")):
            self.assertLessEqual(len(updates), took * 20 + 3)


if __name__ == "__main__":
    unittest.main()
