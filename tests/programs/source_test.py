"""What the source promises beyond Postfix's: exact totals, threads, addresses, what it says."""

import base64
import pathlib
import re
import sys
import threading
import time
import unittest

import rig


THREADS = (1, 4)


class SourceTest(rig.TestCase):
    @rig.on_every_engine(THREADS)
    def test_totals_are_exact(self, programs):
        for load in (["-s", "7", "-m", "100"], ["-s", "7", "-m", "1000", "-d"], ["-s", "50", "-m", "3"]):
            with programs.sink("-c") as sink:
                done = programs.source(sink.endpoint, *load)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(sink.end(), 0)
                sessions = int(load[1]) if "-d" in load else int(load[3])
                self.assertEqual(sink.counters(), {"sess": sessions, "quit": sessions, "mesg": int(load[3])})

    @rig.on_every_engine(THREADS)
    def test_recipient_numbers_and_message_ids_are_unique(self, programs):
        path = self.scratch / f"all.{time.monotonic_ns()}"
        with programs.sink("-D", path) as sink:
            for _ in range(2):
                programs.source(sink.endpoint, "-d", "-s", "8", "-m", "300", "-r", "3", "-N", "-M", "h")
        text = path.read_text()
        numbers = sorted(map(int, re.findall(r"X-Rcpt-Args: <(\d+)foo@h>", text)))
        self.assertEqual(numbers, sorted(2 * list(range(1, 901))))
        ids = re.findall(r"Message-Id: (<[0-9a-f]+\.[0-9a-f]{4,}\.[0-9a-f]{4,}@h>)", text)
        self.assertEqual(len(set(ids)), 600)

    @rig.on_every_engine(THREADS)
    def test_the_counter_reaches_the_total(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "-c", "-d", "-s", "4", "-m", "50")
        counts = list(map(int, done.stdout.strip().split(b"\r")))
        self.assertEqual(counts, sorted(set(counts)))
        self.assertEqual(counts[-1], 50)
        self.assertTrue(done.stdout.endswith(b"\n"))

    @rig.on_every_engine(THREADS)
    def test_it_connects_as_many_sessions_at_once_as_asked(self, programs):
        # No session gets its greeting until all have connected.
        everybody = threading.Barrier(100)

        def serve(connection):
            everybody.wait(rig.PATIENCE)
            rig.play_server(connection)

        with rig.FakeServer(serve, connections=100, at_once=True) as server:
            done = programs.source(server.endpoint, "-s", "100", "-m", "100")
        self.assertEqual(done.returncode, 0, done.stderr)

    @rig.on_every_engine(THREADS)
    def test_pauses(self, programs):
        with programs.sink() as sink:
            started = time.monotonic()
            done = programs.source(sink.endpoint, "-w", "1", "-s", "5", "-m", "10", "-d")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(time.monotonic() - started, 1.95)
            # Of 20 random pauses up to 1 s, one after the other, next to none are as short together
            # as 2 s (1 in 10^15).
            started = time.monotonic()
            done = programs.source(sink.endpoint, "-R", "1", "-d", "-m", "20")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(time.monotonic() - started, 2)

    @rig.on_every_engine(THREADS)
    def test_a_million_ports_are_not_needed(self, programs):
        """Many connections, one after the other, leave no TIME_WAIT behind."""
        with programs.sink() as sink:
            def waiting():
                port = rig.port_of(sink.endpoint)
                return {one for one in rig.tcp_sockets(rig.TIME_WAIT) if port in (one.port, one.peers_port)}

            before = waiting()
            done = programs.source(sink.endpoint, "-s", "20", "-m", "3000", timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(waiting() - before, set())

    @rig.on_every_engine(THREADS)
    def test_the_other_addresses_are_tried(self, programs):
        """A host that is both ::1 and 127.0.0.1; the sink listens on one of them only."""
        rig.need(pathlib.Path("/proc/net/if_inet6").exists(), "no IPv6 here")
        hosts = self.scratch / "hosts"
        hosts.write_text("::1 both.example\n127.0.0.1 both.example\n")
        with programs.sink("-c") as sink:
            port = rig.port_of(sink.endpoint)
            done = rig.run([*rig.own_mounts(f'mount --bind "{hosts}" /etc/hosts'),
                            *programs.command("smtp-source", ["-v", "-s", "3", "-m", "6", f"both.example:{port}"])])
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("mesg", 6)
        refused = re.findall(rf"connect: Connection refused \(session \d, \[::1\]:{port}\)\n", done.stderr.decode())
        self.assertGreaterEqual(len(refused), 3)

    @rig.on_every_engine(THREADS)
    def test_it_tries_again_as_often_as_asked(self, programs):
        endpoint = f"127.0.0.1:{rig.free_port()}"
        process = programs.start("smtp-source", "-C", "1000", endpoint)
        host, _, port = endpoint.rpartition(":")
        self.assertEqual(process.first_line().decode(),
                         f"smtp-source: warning: connect: Connection refused (session 1, [{host}]:{port})\n")
        with programs.sink(endpoint=endpoint):
            self.assertEqual(process.wait(), 0, process.err)

    @rig.on_every_engine(THREADS)
    def test_a_refusal_names_session_command_and_reply(self, programs):
        refused = rig.refusing("RCPT", b"550-5.1.1 no\r\n550 such\r\n")
        with rig.FakeServer(lambda c: rig.play_server(c, refused)) as server:
            done = programs.source(server.endpoint, "-t", "a@b")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stderr.decode(),
            "smtp-source: fatal: recipient rejected: 550 5.1.1 no such (session 1, RCPT TO:<a@b>)\n")

    @rig.on_every_engine(THREADS)
    def test_what_goes_wrong_between_messages_names_the_server_and_no_command(self, programs):
        for last, said in ((b"421 4.4.2 idle\r\n", "unasked reply: 421 4.4.2 idle"),
                           (b"", "lost connection between messages")):
            def serve(connection, last=last):
                connection.sendall(b"220 x\r\n")
                for reply in (b"250 helo\r\n", b"250 mail\r\n", b"250 rcpt\r\n", b"354 data\r\n"):
                    rig.read_line(connection)
                    connection.sendall(reply)
                while rig.read_line(connection) != b".\r\n":
                    pass
                connection.sendall(b"250 end\r\n")
                rig.wait_for(lambda: rig.all_read(connection), "the reply to be read by itself")
                connection.sendall(last)

            with self.subTest(said), rig.FakeServer(serve) as server:
                done = programs.source(server.endpoint, "-d", "-m", "2", "-w", "1")
                host, _, port = server.endpoint.rpartition(":")
                self.assertEqual(done.returncode, 1)
                self.assertEqual(done.stderr.decode(),
                                 f"smtp-source: fatal: {said} (session 1, [{host}]:{port})\n")

    @rig.on_every_engine(THREADS)
    def test_carrying_on_after_421(self, programs):
        for refuse in ("CONNECT", "HELO", "MAIL", "RCPT", "DATA", "."):
            answer = rig.refusing(refuse, b"421 4.3.2 closing\r\n")
            with rig.FakeServer(lambda c, answer=answer: rig.play_server(c, answer), connections=3) as server:
                done = programs.source(server.endpoint, "-A", "-m", "3", "-d")
            self.assertEqual(done.returncode, 0, (refuse, done.stderr))
            self.assertEqual(done.stderr.count(b"421 4.3.2 closing"), 3, refuse)

    @rig.on_every_engine(THREADS)
    def test_carrying_on_after_a_lost_session_is_told_at_the_end(self, programs):
        with rig.FakeServer(lambda c: c.sendall(b"220 x\r\n"), connections=3) as server:
            done = programs.source(server.endpoint, "-A", "-m", "3")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count(b"warning: lost connection while"), 3)

    @rig.on_every_engine(THREADS)
    def test_a_server_that_closes_is_told_of_whatever_it_answers(self, programs):
        """421 and 521 are never foreseen (RFC 5321, 3.8; RFC 7504): to EHLO, where HELO would follow
        another no; to an exchange that was cancelled, whose reason is what counts."""
        challenge = base64.b64encode(b"r=x,s=QSXCR+Q6sek8bf92,i=4294967295")
        scram = ["--auth", "SCRAM-SHA-1", "--auth-user", "tim", "--auth-password", "x"]
        for options, replies, said in (
                (["--ehlo"], [b"521 no mail here"], "EHLO rejected: 521 no mail here"),
                (scram, [b"250-x\r\n250 AUTH SCRAM-SHA-1", b"334 " + challenge, b"421 bye"],
                 "4294967295")):
            def serve(connection, replies=replies):
                connection.sendall(b"220 x\r\n")
                for reply in replies:
                    rig.read_line(connection)
                    connection.sendall(reply + b"\r\n")
                connection.recv(1)

            with self.subTest(options), rig.FakeServer(serve) as server:
                done = programs.source(server.endpoint, *options)
                self.assertEqual(done.returncode, 1)
                self.assertIn(said, done.stderr.decode())

    @rig.on_every_engine(THREADS)
    def test_verbose_shows_the_dialogue(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "-v", "-M", "h")
        for line in (b"<<< 220 smtp-sink ESMTP", b"HELO h", b"MAIL FROM:<foo@h>", b"bytes of content)",
                     b"<<< 250 2.0.0 Ok", b"QUIT", b"<<< 221 Bye"):
            self.assertIn(line, done.stderr)

    @rig.on_every_engine(THREADS)
    def test_io_engines_are_named(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "-v", "-m", "9", "-s", "9")
        _, engine, _, threads = programs.options
        self.assertIn("{}, {} thread{}\n".format(
            {"uring": "io_uring"}.get(engine, engine), threads, "" if threads == 1 else "s"),
            done.stderr.decode())

    def test_io_uring_falls_back_where_it_is_forbidden(self):
        command = [str(rig.BUILD / "smtp-source"), "-v", "127.0.0.1:1"]
        script = ("import ctypes, os, struct, sys\n"
                  # A seccomp filter: io_uring_setup (425) fails with EPERM, all else is allowed.
                  "code = struct.pack('HBBI' * 4, 0x20, 0, 0, 0, 0x15, 0, 1, 425,"
                  " 6, 0, 0, 0x00050001, 6, 0, 0, 0x7fff0000)\n"
                  "buffer = ctypes.create_string_buffer(code)\n"
                  "class Program(ctypes.Structure):\n"
                  "    _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]\n"
                  "libc = ctypes.CDLL(None, use_errno=True)\n"
                  "program = Program(4, ctypes.addressof(buffer))\n"
                  "assert libc.prctl(38, 1, 0, 0, 0) == 0\n"
                  "assert libc.prctl(22, 2, ctypes.byref(program)) == 0, ctypes.get_errno()\n"
                  "os.execv(sys.argv[1], sys.argv[1:])\n")
        def run(*arguments):
            return rig.run([sys.executable, "-c", script, command[0], *arguments, *command[1:]])

        fallen_back = run()
        self.assertEqual(fallen_back.returncode, 1)  # nobody listens there
        self.assertIn(b"epoll, 1 thread", fallen_back.stderr)
        forced = run("--io", "uring")
        self.assertEqual(forced.returncode, 1)
        self.assertIn(b"io_uring is not available here", forced.stderr)

    def test_help_and_version(self):
        for program in ("smtp-source", "smtp-sink"):
            done = rig.ours("epoll").run(program, "--help")
            self.assertEqual(done.returncode, 0)
            groups = done.stdout.decode().split("\n\n")
            self.assertTrue(all(len(group.splitlines()) <= 24 for group in groups), "a screen a group")
            done = rig.ours("epoll").run(program, "--version")
            self.assertRegex(done.stdout.decode(), rf"^{program} \(Millrace\) \d+\.\d+\.\d+\n$")


if __name__ == "__main__":
    unittest.main()
