"""Rules where they touch something else: files that are wrong, SIGHUP, a jail, TLS from the start,
several recipients of LMTP, clients that change, limits of time."""

import contextlib
import os
import signal
import socket
import ssl
import struct
import time
import unittest

import playing
import rig

LOG = "smtp-sink: rules read again"


def refusing(name, reply, command="MAIL"):
    return (f'[[rule]]\nname = "{name}"\nmatch = {{ command = "{command}" }}\n'
            f'act = {{ reply = "{reply}" }}\n')


class Mistakes(playing.RulesCase):
    BAD = '[[rule]]\nname = "a"\nmatch = { command = "RCTP" }\nact = { reply = "250 x" }\n'

    @rig.on_every_engine()
    def test_end_the_program_and_are_all_told(self, programs):
        bad, worse = self.scratch / "bad.toml", self.scratch / "worse.toml"
        bad.write_text(self.BAD)
        worse.write_text(refusing("b", "450 4.0.0 b") + 'x = 1\n')
        files = [word for file in (bad, worse, self.scratch / "none.toml") for word in ("--rules", file)]
        for words in (["--check-rules"], [f"127.0.0.1:{rig.free_port()}"]):
            with self.subTest(words=words):
                done = programs.run("smtp-sink", "-u", "root", *files, *words)
                told = done.stderr.decode()
                self.assertEqual(done.returncode, 1, told)
                self.assertRegex(told, rf"(?m)^{bad}:3:\d+: .*RCTP")
                self.assertRegex(told, rf"(?m)^{worse}:\d+:\d+: .*\bx\b")
                self.assertIn("none.toml: No such file or directory", told)
                self.assertEqual(done.stdout, b"")

    @rig.on_every_engine()
    def test_none_are_told_as_none(self, programs):
        done = programs.run("smtp-sink", "-u", "root", "--check-rules", "--rules",
                            self.rules(refusing("a", "450 4.0.0 a") + refusing("b", "450 4.0.0 b")))
        self.assertEqual((done.returncode, done.stdout), (0, b"2 rules, no mistakes\n"))


class ReadAgain(playing.RulesCase):
    def swap(self, sink, file, text, told):
        """Puts another file in its place, and waits until the sink has said so."""
        other = file.with_suffix(".new")
        other.write_text(text)
        other.chmod(0o644)
        other.rename(file)
        self.hang_up(sink, told)

    def hang_up(self, sink, told):
        before = bytes(sink.err).count(told.encode())
        sink.send_signal(signal.SIGHUP)
        rig.wait_for(lambda: bytes(sink.err).count(told.encode()) > before, told)

    @rig.on_every_engine()
    def test_from_below_another_root(self, programs):
        jail = self.scratch / "jail"
        jail.mkdir(exist_ok=True)
        file = self.rules(refusing("a", "450 4.0.0 a"))
        with programs.sink("-R", jail, "--rules", file) as sink:
            self.play(sink, "C: MAIL FROM:<a@b>\nS: 450 4.0.0 a")
            self.swap(sink, file, refusing("b", "450 4.0.0 b"), LOG)
            self.play(sink, "C: MAIL FROM:<a@b>\nS: 450 4.0.0 b")

    @rig.on_every_engine()
    def test_what_is_no_file_with_rules_changes_nothing(self, programs):
        file = self.rules(refusing("a", "450 4.0.0 a"))
        with programs.sink("--rules", file) as sink:
            for make in (lambda: file.write_text(""), lambda: os.mkfifo(file), lambda: None):
                file.unlink(missing_ok=True)
                make()
                self.hang_up(sink, "the rules stay as they were")
                self.play(sink, "C: MAIL FROM:<a@b>\nS: 450 4.0.0 a")

    @rig.on_every_engine()
    def test_a_sink_without_rules_ends_by_the_signal(self, programs):
        with programs.sink(statuses=(-signal.SIGHUP,)) as sink:
            sink.send_signal(signal.SIGHUP)
            rig.wait_for(lambda: sink.poll() is not None, "the end")


class Lmtp(playing.RulesCase):
    RULES = """
[[rule]]
name = "waits"
match = { command = ".", recipient = "slow@*" }
act = { delay = "700ms", reply = "250 2.1.5 slow" }
[[rule]]
name = "ends it"
match = { command = ".", recipient = "last@*" }
act = { disconnect = "421" }
[[rule]]
name = "every second message"
match = { command = ".", nth = 2 }
act = { reply = "451 4.3.0 second" }
"""

    @rig.on_every_engine()
    def test_rules_about_a_message_are_asked_once_and_all_waits_hold(self, programs):
        hits = {}
        recipients = "".join(f"C: RCPT TO:<{name}@d>\nS: 250 2.1.5 Ok\n" for name in ("x", "slow", "y"))
        message = f"C: MAIL FROM:<a@b>\nS: 250 *\n{recipients}C: DATA\nS: 354 *\nC: .\n"
        with self.ruled(programs, self.RULES, "-L", hits=hits) as sink:
            self.play(sink, f"""
                {message}
                S: 250 2.2.0 Ok
                S: 250 2.1.5 slow
                S: 250 2.2.0 Ok
                = took 0.6s
                {message}
                S: 451 4.3.0 second
                S: 250 2.1.5 slow
                S: 451 4.3.0 second
                C: MAIL FROM:<a@b>
                S: 250 *
                C: RCPT TO:<x@d>
                S: 250 *
                C: RCPT TO:<last@d>
                S: 250 *
                C: DATA
                S: 354 *
                C: .
                S: 421 *
                = closed""")
        self.assertEqual(hits, {"waits": 2, "ends it": 1, "every second message": 1})


class Hits(playing.RulesCase):
    @rig.on_every_engine()
    def test_who_decides_is_hit_whatever_the_sink_does_then(self, programs):
        hits = {}
        with self.ruled(programs, refusing("words", "250 2.1.5 Welcome", "RCPT"), hits=hits) as sink:
            self.play(sink, """
                C: RCPT TO:<c@d>
                S: 503 *
                C: MAIL FROM:<a@b>
                S: 250 *
                C: RCPT TO:<c@d>
                S: 250 2.1.5 Welcome""")
        self.assertEqual(hits, {"words": 2})


class TlsFromTheStart(playing.RulesCase):
    def handshake(self, sink, patience):
        """How it ends: "done", or what went wrong; and how long it took."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        began = time.monotonic()
        try:
            with rig.connect(sink.endpoint) as connection:
                connection.settimeout(patience)
                with context.wrap_socket(connection) as secured:
                    self.assertTrue(secured.recv(1000).startswith(b"220 "))
                    how = "done"
        except TimeoutError:
            how = "nothing"
        except ConnectionResetError:
            how = "reset"
        except (ssl.SSLError, OSError):
            how = "closed"
        return how, time.monotonic() - began

    @rig.on_every_engine()
    def test_options_about_starttls_are_about_the_command(self, programs):
        with programs.sink("--tls", "-r", "STARTTLS") as sink:
            self.assertEqual(self.handshake(sink, rig.PATIENCE)[0], "done")

    @rig.on_every_engine()
    def test_rules_about_starttls_come_before_the_handshake(self, programs):
        for act, end, least in (('delay = "700ms"', "done", 0.6), ("stall = true", "nothing", 1),
                                ('disconnect = "reset"', "reset", 0), ('disconnect = "close"', "closed", 0),
                                ('delay = "700ms", disconnect = "close"', "closed", 0.6)):
            rule = f'[[rule]]\nname = "it"\nmatch = {{ command = "STARTTLS" }}\nact = {{ {act} }}\n'
            with self.subTest(act=act), self.ruled(programs, rule, "--tls") as sink:
                how, took = self.handshake(sink, 1 if end == "nothing" else rig.PATIENCE)
                self.assertEqual(how, end)
                self.assertGreaterEqual(took, least)


class Clients(playing.RulesCase):
    @rig.on_every_engine()
    def test_one_that_speaks_for_another_is_that_other(self, programs):
        rules = """
[[rule]]
name = "that client"
match = { command = "MAIL", client = "192.0.2.1", helo = "other.test", authenticated = "ann" }
act = { reply = "550 5.7.1 {client} {helo}" }
[[rule]]
name = "that client, version 6"
match = { command = "MAIL", client = "2001:db8::/32" }
act = { reply = "550 5.7.1 {client}" }
"""
        with self.ruled(programs, rules, "--obey-xclient") as sink:
            self.play(sink, """
                C: MAIL FROM:<a@b>
                S: 250 *
                C: RSET
                S: 250 *
                C: XCLIENT ADDR=192.0.2.1 HELO=other.test LOGIN=ann
                S: 220 *
                C: MAIL FROM:<a@b>
                S: 550 5.7.1 192.0.2.1 other.test
                C: XCLIENT ADDR=[UNAVAILABLE] LOGIN=[UNAVAILABLE]
                S: 220 *
                C: MAIL FROM:<a@b>
                S: 550 5.7.1 192.0.2.1 other.test
                C: XCLIENT ADDR=ipv6:2001:db8::1
                S: 220 *
                C: MAIL FROM:<a@b>
                S: 550 5.7.1 2001:db8::1""")

    @rig.on_every_engine()
    def test_sessions_are_counted_for_whom_they_are(self, programs):
        rules = """
[[rule]]
name = "too many"
match = { command = "CONNECT", sessions_over = 2, per = "client" }
act = { reply = "421 4.7.0 {client}", disconnect = "421" }
"""
        with self.ruled(programs, rules, "--proxy-from", "127.0.0.1") as sink, \
                playing.Player(sink.endpoint) as player:
            player.play("""
                = new 192.0.2.1
                = new 192.0.2.1
                = new 192.0.2.2
                = new 192.0.2.2
                = connect 192.0.2.1
                S: 421 4.7.0 192.0.2.1
                = closed""")

    @rig.on_every_engine()
    def test_who_it_was_is_forgotten_with_tls(self, programs):
        rules = refusing("x", "550 5.7.1 {client}").replace('"MAIL"', '"MAIL", authenticated = true')
        with self.ruled(programs, rules, "--starttls", "--authenticate") as sink:
            self.play(sink, """
                C: AUTH PLAIN AGFubgBzZWNyZXQ=
                S: 235 *
                C: MAIL FROM:<a@b>
                S: 550 5.7.1 127.0.0.1
                C: STARTTLS
                S: 220 *
                = tls
                C: MAIL FROM:<a@b>
                S: 250 *""")


class Time(playing.RulesCase):
    SLOW = '[[rule]]\nname = "slow"\nmatch = { command = "CONTENT" }\nact = { throttle = "10K/s" }\n'
    STALL = '[[rule]]\nname = "stall"\nmatch = { command = "NOOP" }\nact = { stall = true }\n'

    @rig.on_every_engine()
    def test_chunks_are_read_slowly_however_they_come(self, programs):
        with self.ruled(programs, self.SLOW, "--offer", "CHUNKING") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", b"250 2.1.5 Ok\r\n")
            for chunks in (b"BDAT 10240 LAST\r\n" + b"x" * 10240,
                           (b"BDAT 512\r\n" + b"x" * 512) * 19 + b"BDAT 512 LAST\r\n" + b"x" * 512):
                began = time.monotonic()
                client.send(chunks)
                replies = b""
                while replies.count(b"250 2.0.0 Ok\r\n") < chunks.count(b"BDAT"):
                    replies += client.socket.recv(65536)
                self.assertGreaterEqual(time.monotonic() - began, 0.7)
                client.talk(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n", b"250 2.1.5 Ok\r\n")

    @rig.on_every_engine()
    def test_a_stalled_session_outlasts_patience_and_not_its_limit(self, programs):
        with self.ruled(programs, self.STALL, "-t", "1") as sink, playing.Player(sink.endpoint) as player:
            player.play("C: NOOP")
            player.socket.settimeout(2.5)
            with self.assertRaises(TimeoutError):
                player.socket.recv(1)
        with self.ruled(programs, self.STALL, "--max-session-time", "1") as sink:
            self.play(sink, "C: NOOP\n= closed\n")

    @rig.on_every_engine()
    def test_the_limit_of_a_session_holds_whatever_rules_do(self, programs):
        tarpit = self.STALL.replace("stall = true", 'tarpit = "100ms", raw = "250-x\\r\\n", repeat = "forever"')
        delay = self.STALL.replace("stall = true", 'delay = "60s"')
        for rules, steps in ((tarpit, "C: NOOP"), (delay, "C: NOOP"),
                             (self.SLOW, playing.mail() + "= content 100000")):
            with self.subTest(rules=rules), \
                    self.ruled(programs, rules, "--max-session-time", "1") as sink, \
                    playing.Player(sink.endpoint) as player:
                player.play(steps)
                player.socket.settimeout(rig.PATIENCE)
                said = b""
                try:
                    while more := player.socket.recv(65536):
                        said += more
                        self.assertLess(time.monotonic() - player.spoke, rig.PATIENCE, "it goes on")
                    self.assertIn(b"421 ", said)
                except ConnectionResetError:  # what was not read
                    pass

    @rig.on_every_engine()
    def test_a_session_is_timed_out_after_a_long_reply(self, programs):
        rules = self.STALL.replace("stall = true", 'delay = "10ms", raw = "250-x\\r\\n", repeat = 300000')
        with self.ruled(programs, rules, "-t", "1") as sink, playing.Player(sink.endpoint) as player:
            player.play("C: NOOP")
            player.socket.settimeout(rig.PATIENCE)
            got = 0
            while got < 300000 * 7:
                got += len(player.socket.recv(65536))
            self.assertEqual(got, 300000 * 7)
            try:
                self.assertEqual(player.socket.recv(1), b"")
            except ConnectionResetError:
                pass


class Gone(playing.RulesCase):
    """Clients that go while they wait for an hour."""

    @staticmethod
    def waits(command, act='delay = "1h"', name="waits"):
        return f'[[rule]]\nname = "{name}"\nmatch = {{ command = "{command}" }}\nact = {{ {act} }}\n'

    @contextlib.contextmanager
    def ended(self, programs, rules, *options):
        """A sink with these rules, which sees that a session ends while it waits."""
        with self.ruled(programs, rules, "-c", *options) as sink:
            yield sink
            sink.wait_counter("sess", 1)

    @staticmethod
    def reset(client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    @rig.on_every_engine()
    def test_a_reset_ends_the_wait(self, programs):
        for command, steps in (("NOOP", "C: NOOP\nC: RSET"), ("CONTENT", playing.mail() + "C: text\nC: .")):
            with self.subTest(command=command), self.ended(programs, self.waits(command)) as sink, \
                    playing.Player(sink.endpoint) as player:
                player.play(steps)
                self.reset(player.socket)

    @rig.on_every_engine()
    def test_so_does_an_end_where_nothing_is_to_be_answered(self, programs):
        drop = 'delay = "1h", disconnect = "close"'
        for rules, steps in ((self.waits("CONTENT"), playing.mail()), (self.waits("NOOP", drop), "C: NOOP")):
            with self.subTest(rules=rules), self.ended(programs, rules) as sink, \
                    playing.Player(sink.endpoint) as player:
                player.play(steps)
                player.socket.shutdown(socket.SHUT_WR)
        with self.ended(programs, self.waits("STARTTLS"), "--tls") as sink:
            rig.connect(sink.endpoint).close()

    @rig.on_every_engine()
    def test_a_client_at_a_unix_socket_has_gone_when_it_has_closed(self, programs):
        endpoint = f"unix:{self.scratch}/sink"
        with self.ended(programs, self.waits("NOOP"), "--listen", endpoint):
            rig.wait_for(lambda: rig.listens(endpoint), "the second listener")
            with playing.Player(endpoint) as player:
                player.play("C: NOOP")
                player.socket.close()

    @rig.on_every_engine()
    def test_who_only_ends_its_side_is_answered(self, programs):
        """Later than it is looked whether it is there."""
        rules = self.waits("NOOP", 'delay = "3s"') + self.waits("CONTENT", 'delay = "3s"', "content")
        with self.ruled(programs, rules) as sink:
            for steps, replies in (("C: NOOP", "S: 250 *\n= closed"),
                                   (playing.mail() + "C: .\nC: QUIT", "S: 250 *\nS: 221 *\n= closed")):
                with self.subTest(steps=steps), playing.Player(sink.endpoint) as player:
                    player.play(steps)
                    player.socket.shutdown(socket.SHUT_WR)
                    player.play(f"{replies}\n= took 2.5s")  # since QUIT, which comes behind what waits

    @unittest.skipUnless(rig.LONG, "waits for the kernel to forget a connection")
    @rig.on_every_engine()
    def test_one_that_has_closed_is_found_out(self, programs):
        """It could still read, for all that the sink is told, until its system says that it is not there."""
        with self.ruled(programs, self.waits("NOOP"), "-c") as sink, playing.Player(sink.endpoint) as player:
            player.play("C: NOOP")
            player.socket.close()
            rig.wait_for(lambda: sink.out and sink.counters().get("sess", 0) == 1, "the end", 240)


if __name__ == "__main__":
    unittest.main()
