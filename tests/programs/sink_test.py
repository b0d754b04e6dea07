"""Where the sink listens, how it delays its replies, and what it shows."""

import base64
import contextlib
import os
import pathlib
import selectors
import socket
import time
import unittest

import rig


THREADS = (1, 4)


class SinkTest(rig.TestCase):
    """Every check runs on both engines and with several threads."""

    @rig.on_every_engine(THREADS)
    def test_listens_on_both_families_by_default(self, programs):
        rig.need(socket.has_ipv6 and pathlib.Path("/proc/net/if_inet6").exists(), "no IPv6 here")
        port = rig.free_port()
        with programs.sink(endpoint=f":{port}"):
            for host in ("127.0.0.1", "[::1]"):
                with rig.Client(f"{host}:{port}") as client:
                    client.read_until(b"ESMTP\r\n")

    @rig.on_every_engine(THREADS)
    def test_the_backlog_is_optional(self, programs):
        command = programs.command("smtp-sink", [f"127.0.0.1:{rig.free_port()}"])
        user = ["-u", "root"] if os.geteuid() == 0 else []
        endpoint = command[-1]
        sink = rig.Sink([command[0], *user, *command[1:]], endpoint)
        with sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
        self.assertEqual(sink.end(), 0)

    @rig.on_every_engine(THREADS)
    def test_a_taken_port_is_a_clear_error(self, programs):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            endpoint = "127.0.0.1:%d" % taken.getsockname()[1]
            done = programs.run("smtp-sink", endpoint)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"fatal: bind \[127.0.0.1\]:\d+: Address already in use")

    @rig.on_every_engine(THREADS)
    def test_a_second_sink_at_the_address_is_refused_and_the_next_one_is_not(self, programs):
        endpoint = f"127.0.0.1:{rig.free_port()}"
        refused = f"smtp-sink: fatal: bind [127.0.0.1]:{rig.port_of(endpoint)}: Address already in use\n"
        for _ in range(2):
            with programs.sink(endpoint=endpoint) as sink, sink.connect() as client:
                for threads in THREADS:
                    done = programs.run("smtp-sink", "--threads", threads, endpoint, 10)
                    self.assertEqual(done.returncode, 1)
                    self.assertTrue(done.stderr.decode().endswith(refused), done.stderr)
                client.read_until(b"ESMTP\r\n")
                client.talk(b"QUIT\r\n", b"221 Bye\r\n")
                client.read_to_end()  # the sink has closed first: its side waits (TIME_WAIT)

    @rig.on_every_engine(THREADS)
    def test_a_stale_unix_socket_is_replaced(self, programs):
        path = self.scratch / str(time.monotonic_ns())  # the last one's may still be listed
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(path))
        stale.close()
        with programs.sink(endpoint=f"unix:{path}") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
        path.unlink()

    @rig.on_every_engine(THREADS)
    def test_wait_leaves_what_follows_unread(self, programs):
        with programs.sink("-W", "mail:1") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            started = time.monotonic()
            client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\n", b"250 2.1.5 Ok\r\n")
            self.assertGreaterEqual(time.monotonic() - started, 0.95)

    @rig.on_every_engine()
    def test_waits_for_the_last_chunk_and_for_the_end_add_up(self, programs):
        with programs.sink("--offer", "chunking", "-W", "bdat:0.4", "-W", ".:0.6") as sink, \
                sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\n", b"250 2.1.5 Ok\r\n")
            started = time.monotonic()
            client.talk(b"BDAT 1 LAST\r\nx", b"250 2.0.0 Ok\r\n")
            self.assertGreaterEqual(time.monotonic() - started, 0.95)

    @rig.on_every_engine(THREADS)
    def test_a_delayed_session_does_not_delay_another(self, programs):
        with programs.sink("-W", "helo:60") as sink, sink.connect() as slow, sink.connect() as quick:
            slow.read_until(b"ESMTP\r\n")
            slow.send(b"HELO x\r\n")
            quick.read_until(b"ESMTP\r\n")
            quick.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
            slow.socket.setblocking(False)
            with self.assertRaises(BlockingIOError):  # its turn has not come yet
                slow.socket.recv(1)

    @rig.on_every_engine(THREADS)
    def test_random_delays_are_multiples(self, programs):
        """Their sizes are those of the unit test of sink::Delay; here: some wait, some do not."""
        with programs.sink("-W", "noop:1:50", "-c") as sink:
            with contextlib.ExitStack() as stack:
                clients = [stack.enter_context(sink.connect()) for _ in range(40)]
                for client in clients:
                    client.read_until(b"ESMTP\r\n")
                asked = time.monotonic()
                took = []
                for client in clients:
                    client.send(b"NOOP\r\n")
                waiting = selectors.DefaultSelector()
                for client in clients:
                    waiting.register(client.socket, selectors.EVENT_READ, client)
                while waiting.get_map():
                    ready = waiting.select(rig.PATIENCE)
                    self.assertTrue(ready, "no more replies")
                    for key, _ in ready:
                        self.assertEqual(key.data.read_until(b"\r\n"), b"250 2.0.0 Ok\r\n")
                        took.append(time.monotonic() - asked)
                        waiting.unregister(key.fileobj)
                waiting.close()
        # Half of them wait, and half of those longer: of 40 at least one of each, but for one run in
        # a hundred thousand. None that waits does so for less than a second.
        self.assertGreaterEqual(took[-1], 1.95)
        self.assertLess(took[0], took[-1] - 0.95)

    @rig.on_every_engine(THREADS)
    def test_verbose_shows_the_dialogue(self, programs):
        with programs.sink("-v") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"NOOP \x1b[31m\r\n", b"250 2.0.0 Ok\r\n")
            rig.wait_for(lambda: rb"client: NOOP \x1b[31m" in sink.err, "the command")
            rig.wait_for(lambda: b"server: 250 2.0.0 Ok" in sink.err, "the reply")

    @rig.on_every_engine(THREADS)
    def test_passwords_are_not_shown(self, programs):
        plain, secret = (base64.b64encode(text) for text in (b"\0ann\0secret", b"secret"))
        with programs.sink("-v", "--authenticate") as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.talk(b"AUTH PLAIN " + plain + b"\r\n", b"235 2.7.0 Authentication successful\r\n")
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.talk(b"AUTH LOGIN\r\n", b"\r\n")
                client.talk(secret + b"\r\n", b"\r\n")
                client.talk(secret + b"\r\n", b"235 2.7.0 Authentication successful\r\n")
                client.talk(b"QUIT\r\n", b"221 Bye\r\n")
            rig.wait_for(lambda: b"221 Bye" in sink.err, "the dialogue")
            self.assertEqual(sink.err.count(b"client: (authentication)\n"), 2)
            self.assertIn(b"client: AUTH PLAIN (authentication)\n", sink.err)
            for password in (plain, secret):
                self.assertNotIn(password, sink.err)

    # Who sends AUTH may go on as though it had been taken up.
    @rig.on_every_engine(THREADS)
    def test_passwords_behind_an_auth_that_was_refused_are_not_shown(self, programs):
        name, secret = (base64.b64encode(text) for text in (b"ann of b.example", b"secret"))
        rules = self.scratch / "rules.toml"
        rules.write_text("[[rule]]\nname = 'x'\nmatch = { command = 'AUTH' }\nact = { reply = '535 5.7.8 no' }\n")
        for reply, mechanism, options in ((b"250 ", b"LOGIN", ()), (b"504 ", b"GSSAPI", ("--authenticate",)),
                                          (b"535 ", b"LOGIN", ("--authenticate", "--rules", rules))):
            with self.subTest(reply=reply), programs.sink("-v", *options) as sink, sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.send(b"AUTH %s\r\n%s\r\n%s\r\nQUIT\r\n" % (mechanism, name, secret))
                self.assertRegex(client.read_to_end(), reply + b".*\r\n500 .*\r\n500 .*\r\n221 ")
                rig.wait_for(lambda: b"221 Bye" in sink.err, "the dialogue")
                self.assertEqual(sink.err.count(b"client: (authentication)\n"), 2)
                self.assertIn(b"client: QUIT\n", sink.err)
                for password in (name, secret):
                    self.assertNotIn(password, sink.err)


if __name__ == "__main__":
    unittest.main()
