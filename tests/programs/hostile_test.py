"""Hostile clients and servers. Each time: the program lives, the session is counted as what it
was, and memory stays flat."""

import base64
import contextlib
import functools
import random
import resource
import signal
import socket
import struct
import time
import unittest

import rig


def reset(connection):
    """Closes with RST in place of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def flood(client, data):
    """Sends the same again and again until the server takes no more."""
    client.socket.settimeout(1)
    with contextlib.suppress(TimeoutError):
        while True:
            client.send(data)


STATES = {
    "greeting": b"",
    "hello": b"HELO x\r\n",
    "half a line": b"MAIL FRO",
    "mail": b"MAIL FROM:<a>\r\n",
    "recipient": b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\n",
    "data": b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n",
    "content": b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\ntext\r\n.\r",
    "answered": b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\ntext\r\n.\r\n",
}


class HostileClients(rig.TestCase):
    def expect_alive(self, sink, sessions, messages=0):
        """Everything so far was counted, and the sink still takes mail."""
        sink.wait_counter("sess", sessions)
        with sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
            client.talk(b"QUIT\r\n", b"221 Bye\r\n")
        sink.wait_counter("sess", sessions + 1)
        self.assertEqual(sink.counters(), {"sess": sessions + 1, "quit": 1, "mesg": messages + 1})

    @rig.on_every_engine()
    def test_an_endless_line(self, programs):
        with programs.sink("-c") as sink:
            with sink.connect() as client, contextlib.suppress(ConnectionError):
                for _ in range(1_000):
                    client.send(b"x" * 65_536)
            rig.wait_for(lambda: b"warning: command line too long" in sink.err, "the warning")
            self.expect_alive(sink, 1)

    @rig.on_every_engine()
    def test_endless_content_costs_no_memory(self, programs):
        with programs.sink("-c") as sink:
            with sink.connect() as client:
                client.talk(STATES["data"], b"<CR><LF>.<CR><LF>\r\n")
                client.send(b"\r\n.\r" * 100_000 + b"x")
                before = sink.memory_kib()
                for _ in range(50):
                    client.send(b"\n.\r\r\n.x" * 50_000)
                if rig.MEASURES_RESOURCES:
                    self.assertLess(sink.memory_kib() - before, 2_048)
            self.expect_alive(sink, 1)

    @rig.on_every_engine()
    def test_endless_content_past_the_limit_costs_no_memory(self, programs):
        with programs.sink("-c", "--offer", "chunking", "--max-size", "1M", "-D",
                           self.scratch / "all") as sink:
            for begin in (STATES["data"], STATES["recipient"] + b"BDAT 18446744073709551615\r\n"):
                with sink.connect() as client:
                    client.talk(begin, b"<LF>\r\n" if begin is STATES["data"] else b" limit\r\n")
                    client.send(b"x" * 8_000_000)  # more than the receive buffers hold
                    before = sink.memory_kib()
                    for _ in range(100):
                        client.send(b"x" * 1_000_000)
                    if rig.MEASURES_RESOURCES:
                        self.assertLess(sink.memory_kib() - before, 2_048)
            self.expect_alive(sink, 2)

    @rig.on_every_engine()
    def test_a_reply_for_each_of_many_recipients(self, programs):
        recipients = 200_000
        one = b"250 2.2.0 Ok\r\n"
        with programs.sink("-c", "-L", "--max-recipients", "0") as sink:
            with sink.connect() as client:
                client.talk(b"MAIL FROM:<a>\r\n", b"250 2.1.0 Ok\r\n")
                for _ in range(recipients // 1_000):
                    client.talk(b"RCPT TO:<b>\r\n" * 1_000, b"250 2.1.5 Ok\r\n" * 1_000)
                client.talk(b"DATA\r\n", b"<LF>\r\n")
                before = sink.memory_kib()
                client.send(b".\r\nNOOP\r\n")
                client.socket.recv(1, socket.MSG_PEEK)
                if rig.MEASURES_RESOURCES:
                    self.assertLess(sink.memory_kib() - before, 1_024)
                heard = client.read_until(b"250 2.0.0 Ok\r\n")
                self.assertEqual(heard, one * recipients + b"250 2.0.0 Ok\r\n")
                client.talk(b"QUIT\r\n", b"221 Bye\r\n")
            sink.wait_counter("mesg", 1)

    @rig.on_every_engine()
    def test_commands_without_end_and_replies_never_read(self, programs):
        with programs.sink("-c") as sink:
            before = sink.memory_kib()
            with sink.connect() as client:
                flood(client, b"EHLO x\r\n" * 10_000)
                if rig.MEASURES_RESOURCES:
                    self.assertLess(sink.memory_kib() - before, 16_384)
                reset(client.socket)
            self.expect_alive(sink, 1)

    @rig.on_every_engine()
    def test_input_while_a_reply_waits_stays_in_the_kernel(self, programs):
        with programs.sink("-c", "-W", "noop:60") as sink:
            before = sink.memory_kib()
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                flood(client, b"NOOP\r\n" * 10_000)
                if rig.MEASURES_RESOURCES:
                    self.assertLess(sink.memory_kib() - before, 8_192)
                reset(client.socket)
            self.assertEqual(sink.end(), 0)

    @rig.on_every_engine()
    def test_one_byte_at_a_time(self, programs):
        with programs.sink("-c") as sink:
            with sink.connect() as client:
                client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in STATES["answered"] + b"QUIT\r\n":
                    client.send(bytes([byte]))
                self.assertTrue(client.read_to_end().endswith(b"250 2.0.0 Ok\r\n221 Bye\r\n"))
            sink.wait_counter("quit", 1)
            self.assertEqual(sink.counters(), {"sess": 1, "quit": 1, "mesg": 1})

    @rig.on_every_engine()
    def test_vanishing_in_every_state(self, programs):
        for vanish in (reset, socket.socket.close):
            with programs.sink("-c") as sink:
                for data in STATES.values():
                    client = sink.connect()
                    client.send(data)
                    if data.endswith(b"\n"):
                        wanted = b"<LF>\r\n" if b"DATA" in data and b"." not in data else b"\r\n"
                        client.read_until(wanted)
                    vanish(client.socket)
                sink.wait_counter("mesg", 1)
                self.expect_alive(sink, len(STATES), messages=1)

    @rig.on_every_engine()
    def test_connect_and_vanish(self, programs):
        with programs.sink("-c") as sink:
            for _ in range(1_000):
                reset(sink.connect().socket)
            sink.wait_counter("sess", 900)  # some are gone before they can be accepted
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")

    @rig.on_every_engine()
    def test_a_half_closed_client_gets_its_answers(self, programs):
        with programs.sink("-c") as sink:
            with sink.connect() as client:
                client.send(STATES["answered"] + b"QUIT\r\n")
                client.socket.shutdown(socket.SHUT_WR)
                self.assertTrue(client.read_to_end().endswith(b"221 Bye\r\n"))
            with programs.sink("-W", "noop:1") as slow, slow.connect() as client:
                client.send(b"NOOP\r\n")
                client.socket.shutdown(socket.SHUT_WR)
                self.assertTrue(client.read_to_end().endswith(b"250 2.0.0 Ok\r\n"))
            sink.wait_counter("quit", 1)

    @rig.on_every_engine()
    def test_random_bytes(self, programs):
        dice = random.Random(1)
        with programs.sink("-c") as sink:
            for _ in range(50):
                with sink.connect() as client, contextlib.suppress(ConnectionError):
                    client.send(dice.randbytes(dice.randrange(1, 10_000)))
                    client.send(b"\r\n")
            sink.wait_counter("sess", 50)
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")

    @rig.on_every_engine()
    def test_ten_thousand_that_say_nothing(self, programs):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        rig.need(hard >= 10_500, f"needs 10,500 descriptors, this shell allows {hard}")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with programs.sink("-c") as sink:
            before = sink.memory_kib()
            silent = [sink.connect() for _ in range(10_000)]
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
            if rig.MEASURES_RESOURCES:
                self.assertLess(sink.memory_kib() - before, 4 * 10_000)
            idle = sink.cpu_seconds()
            time.sleep(0.3)  # what is measured is how little happens
            if rig.MEASURES_RESOURCES:
                self.assertLess(sink.cpu_seconds() - idle, 0.1)
            for client in silent:
                client.close()
            sink.wait_counter("sess", 10_001)


class HostileServers(rig.TestCase):
    def against(self, programs, behave, *options, connections=1):
        with rig.FakeServer(behave, connections) as server:
            done = programs.source(server.endpoint, *options)
        self.assertGreaterEqual(done.returncode, 0, "killed by a signal")
        return done

    @rig.on_every_engine()
    def test_an_endless_reply_line(self, programs):
        def behave(connection):
            while True:
                connection.sendall(b"220 " + b"x" * 65_536)

        done = self.against(programs, behave)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"fatal: reply too long", done.stderr)

    @rig.on_every_engine()
    def test_a_reply_of_endless_lines(self, programs):
        def behave(connection):
            while True:
                connection.sendall(b"220-and so on\r\n" * 1_000)

        done = self.against(programs, behave)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"fatal: reply too long", done.stderr)

    @rig.on_every_engine()
    def test_replies_before_they_are_asked_for(self, programs):
        def behave(connection):
            connection.sendall(b"220 x\r\n250 a\r\n250 b\r\n250 c\r\n354 d\r\n250 e\r\n221 f\r\n")
            rig.read_line(connection)

        done = self.against(programs, behave)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"fatal: unasked reply: 250 a (session 1, ", done.stderr)
        done = self.against(programs, behave, "-A", "-m", "3", connections=3)
        self.assertEqual(done.stderr.count(b"warning: unasked reply"), 3)

    @rig.on_every_engine()
    def test_authentication_without_an_end(self, programs):
        challenge = base64.b64encode(b"r=x,s=QSXCR+Q6sek8bf92,i=4294967295")
        login = ["--auth", "SCRAM-SHA-256", "--auth-user", "ann", "--auth-password", "x"]

        def serve(answers, connection):
            connection.sendall(b"220 x\r\n")
            rig.read_line(connection)
            connection.sendall(b"250-x\r\n250 AUTH SCRAM-SHA-256\r\n")
            for answer in answers:
                rig.read_line(connection)
                connection.sendall(answer)
            rig.read_line(connection)

        for answers, said in (
                ([b"334 " + challenge + b"\r\n", b"501 cancelled\r\n"],
                 b"server asks for 4294967295 iterations, expected 1 to 1000000"),
                ([b"334 " + challenge + b"\0x\r\n", b"501 cancelled\r\n"],
                 b"server sends a malformed challenge"),
                ([b"235 welcome\r\n"], b"server has not proved that it knows the password")):
            done = self.against(programs, functools.partial(serve, answers), *login)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"fatal: authentication by SCRAM-SHA-256 failed: " + said +
                          b" (session 1, AUTH)", done.stderr)

    @rig.on_every_engine()
    def test_notice_of_closing_between_messages(self, programs):
        def behave(connection):
            rig.play_server(connection, rig.refusing(".", b"250 ok\r\n421 4.3.2 shutting down\r\n"))

        done = self.against(programs, behave, "-A", "-d", "-m", "2", connections=2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count(b"unasked reply: 421 4.3.2 shutting down"), 2)

    @rig.on_every_engine()
    def test_replies_that_are_none(self, programs):
        for reply in (b"\r\n", b"hello\r\n", b"\x00\xff\xfe\r\n", b"25\r\n", b"999 what\r\n"):
            done = self.against(programs, lambda c, reply=reply: rig.play_server(c, rig.refusing("MAIL", reply)))
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"fatal: sender rejected: ", done.stderr)

    @rig.on_every_engine()
    def test_a_slow_drip(self, programs):
        def behave(connection):
            def drip(data):
                for byte in data:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.002)  # the drip itself

            for reply in (b"220-a\r\n220 b\r\n", *[b"250 ok\r\n"] * 3, b"354 go\r\n"):
                drip(reply)
                rig.read_line(connection)
            connection.recv(65_536)
            drip(b"250 ok\r\n")
            rig.read_line(connection)
            drip(b"221 bye\r\n")

        done = self.against(programs, behave)
        self.assertEqual(done.returncode, 0, done.stderr)

    @rig.on_every_engine()
    def test_reset_in_every_state(self, programs):
        replies = [b"220 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 ok\r\n"]
        for step in range(len(replies) + 1):
            def behave(connection, step=step):
                for reply in replies[:step]:
                    connection.sendall(reply)
                    connection.recv(65_536)
                reset(connection)

            done = self.against(programs, behave, "-A", "-m", "2", connections=2)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.count(b"warning: lost connection while"), 2, done.stderr)

    @rig.on_every_engine()
    def test_goodbye_in_every_state(self, programs):
        for code in (b"421", b"521"):
            for command in ("CONNECT", "HELO", "MAIL", "RCPT", "DATA", "."):
                answer = rig.refusing(command, code + b" no\r\n")
                done = self.against(programs, lambda c, answer=answer: rig.play_server(c, answer))
                self.assertEqual(done.returncode, 1)
                self.assertIn(code + b" no (session 1, ", done.stderr)

    @rig.on_every_engine()
    def test_a_server_that_does_not_read(self, programs):
        """Large messages against a server that stops reading: other sessions go on."""
        stuck = []

        def behave(connection):
            if not stuck:
                stuck.append(connection.dup())
                connection.sendall(b"220 x\r\n")
                return
            rig.play_server(connection)

        with rig.FakeServer(behave, connections=6) as server:
            process = programs.start("smtp-source", "-s", "2", "-m", "6", "-l", "5000000",
                                     server.endpoint, statuses=(-signal.SIGTERM,))
            rig.wait_for(lambda: server.has_ended, "the other five messages", 60)
            self.assertIsNone(process.poll())
            process.end()
        stuck[0].close()


if __name__ == "__main__":
    unittest.main()
