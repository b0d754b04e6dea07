"""What each rule set of share/rules does. Figures that are too long, or too rare, for a test are
rewritten before it is played; each test says which."""

import contextlib
import datetime
import json
import ssl
import subprocess
import time
import unittest

from cryptography import x509

import playing
import rig
from playing import DATA, MAIL, RCPT, RSET, mail, message, refused, taken

FINE = "S: 250 2.0.0 Ok\n"
HEAD = "From: a\nSubject: s\n\ntext"
HELLO = "S: 250 smtp-sink\n"
OK = message("250 2.0.0 Ok", HEAD)


class RuleSets(playing.RulesCase):
    def all_hit(self, hits, *but):
        """Every rule of the set but these was hit."""
        self.assertEqual({name for name, count in hits.items() if count == 0}, set(but))

    def test_no_set_has_a_mistake(self):
        programs = rig.ours("epoll")
        for path in sorted(playing.RULES.glob("*.toml")):
            with self.subTest(path.name):
                done = programs.run("smtp-sink", "--check-rules", "--rules", path)
                self.assertEqual((done.returncode, done.stderr), (0, b""))

    @rig.on_every_engine((1, 4))
    def test_all_of_them_take_mail_together(self, programs):
        """In the order of their names none of them hinders the next from being read; what is neither
        first nor unlucky gets through."""
        files = [word for path in sorted(playing.RULES.glob("*.toml")) if path.stem not in ("slow", "flaky")
                 for word in ("--rules", path)]
        with programs.sink("--starttls", "--seed", "1", *files) as sink:
            self.play(sink, message("250 2.0.0 Ok", HEAD, sender="", recipient="ann@d.test"))


class Greylisting(RuleSets):
    FIGURES = {"5m": "1s"}

    @rig.on_every_engine()
    def test_who_comes_back_later_gets_through(self, programs):
        hits = {}
        no = "451 4.7.1 Greylisted: c@d.test may be had in five minutes"
        with self.rule_set(programs, "greylisting", figures=self.FIGURES, hits=hits) as sink:
            self.play(sink, MAIL + refused("c@d.test", no) + "= until 250 2.1.5 Ok: RCPT TO:<c@d.test>\n= took 0.5s\n"
                      + DATA + "C: .\n" + FINE + "= new\n" + OK)
        self.assertGreater(hits["greylisting"], 0)

    @rig.on_every_engine()
    def test_another_sender_or_recipient_waits_anew_and_the_network_counts(self, programs):
        with self.rule_set(programs, "greylisting", "--proxy-from", "127.0.0.1", figures=self.FIGURES) as sink:
            self.play(sink, "= new 198.51.100.1\n" + MAIL + "= until 250 2.1.5 Ok: RCPT TO:<c@d.test>\n"
                      + refused("e@d.test", "451 *")
                      + "= new 198.51.100.99\n" + MAIL + RCPT  # of the same /24
                      + "= new 203.0.113.1\n" + MAIL + refused("c@d.test", "451 *")
                      + "= new 198.51.100.1\nC: MAIL FROM:<other@b.test>\nS: 250 *\n" + refused("c@d.test", "451 *"))

    @rig.on_every_engine()
    def test_known_ones_and_the_null_sender_pass_at_once(self, programs):
        hits = {}
        with self.rule_set(programs, "greylisting", "--authenticate", "--proxy-from", "127.0.0.1", hits=hits) as sink:
            self.play(sink, "= new 203.0.113.1\nC: AUTH PLAIN AGFubgBzZWNyZXQ=\nS: 235 *\n" + MAIL + RCPT
                      + "= new 192.0.2.7\n" + MAIL + RCPT
                      + "= new 203.0.113.2\nC: MAIL FROM:<>\nS: 250 *\n" + RCPT)
        self.assertEqual(hits, {"known-users": 1, "known-networks": 1, "null-sender": 1, "greylisting": 0})


class MailboxProvider(RuleSets):
    NO_DICE = {"0.5%": "0%"}

    def provider(self, programs, *options, figures=None, hits=None):
        return self.rule_set(programs, "mailbox-provider", *options, figures={**self.NO_DICE, **(figures or {})},
                             hits=hits)

    @rig.on_every_engine()
    def test_connections_are_limited_in_number_and_rate(self, programs):
        with self.provider(programs) as sink:
            self.play(sink, "= new\n" * 20
                      + "= connect\nS: 421 4.7.0 127.0.0.1 has too many connections open, close some\n= closed")
        with self.provider(programs, figures={"300/1m": "3/1m"}) as sink:
            self.play(sink, "= new\n" * 3
                      + "= connect\nS: 421 4.7.0 127.0.0.1 connects too often, wait a minute\n= closed")

    @rig.on_every_engine()
    def test_messages_of_a_session_a_client_and_a_sender_are_limited(self, programs):
        for figures, refusal, ends in (
                ({"100/1h": "2/1h"}, "S: 421 4.7.0 Enough for one connection, open another\n", True),
                ({"1000/1m": "2/1m"}, "S: 421-4.7.28 127.0.0.1 sends more mail than we take from it\n"
                 "S: 421 4.7.28 3 messages in less than a minute; slow down and come back\n", True),
                ({"500/1m": "2/1m"}, "S: 450 4.7.1 a@b.test sends faster than we like, try later\n", False)):
            with self.subTest(figures=figures), self.provider(programs, figures=figures) as sink:
                self.play(sink, OK * 2 + "C: MAIL FROM:<a@b.test>\n" + refusal + ("= closed\n" if ends else "")
                          + ("= new\n" if "100/1h" in figures else "")
                          + ("" if "1000/1m" in figures else message("250 2.0.0 Ok", HEAD, sender="other@b.test")))

    @rig.on_every_engine()
    def test_recipients_and_domains_are_limited(self, programs):
        with self.provider(programs, figures={"60/1m": "2/1m"}) as sink:
            self.play(sink, MAIL + RCPT * 2
                      + refused("c@d.test", "450 4.2.1 c@d.test is sent more than it can take, try later")
                      + taken("e@d.test"))
        with self.provider(programs, figures={"600/1m": "2/1m"}) as sink:
            self.play(sink, MAIL + taken("a@d.test") + taken("b@d.test")
                      + refused("c@d.test", "451 4.7.500 d.test is busy, try later") + taken("a@e.test"))

    @rig.on_every_engine()
    def test_mailboxes_and_messages_are_looked_at(self, programs):
        hits = {}
        with self.provider(programs, "--offer", "SIZE", figures={">25M": ">100K"}, hits=hits) as sink:
            self.play(sink, "C: MAIL FROM:<a@b.test> SIZE=200000\n"
                      "S: 552 5.3.4 200000 bytes are more than the 25 MiB that we take\n" + MAIL
                      + refused("nobody@d.test", "550 5.1.1 nobody@d.test is nobody here")
                      + refused("unknown7@d.test", "550 5.1.1 unknown7@d.test is nobody here")
                      + refused("disabled@d.test", "550 5.2.1 disabled@d.test is closed")
                      + refused("full@d.test", "452 4.2.2 full@d.test is out of space, try later")
                      + RSET + mail() + "= content 200000\nS: 552 5.3.4 *\n"
                      + message("550 5.7.1 A message without From: *", "Subject: s\n\nFrom: b")
                      + message("550 5.7.1 This looks like spam", "From: a\nSubject: a Test-of-spam-filters\n\nx")
                      + message("550 5.7.1 This looks like spam", "X-Spam-Flag: YES\nFrom: a\n\nx") + OK)
        self.assertEqual({name: count for name, count in hits.items() if count},
                         {"too-large": 2, "no-such-user": 2, "disabled": 1, "out-of-space": 1, "no-from": 1,
                          "looks-like-spam": 2})

    @rig.on_every_engine()
    def test_a_few_messages_fail_for_no_reason(self, programs):
        with self.rule_set(programs, "mailbox-provider", "--seed", "1", figures={"0.5%": "50%"}) as sink, \
                playing.Player(sink.endpoint) as player:
            player.play("")
            replies = set()
            for _ in range(40):
                player.play(mail() + "C: From: a\nC:\nC: .")
                replies.add(player.line())
        self.assertEqual(replies, {"250 2.0.0 Ok", "451 4.3.0 Something is wrong on our side, try later"})

    @rig.on_every_engine((1, 2))
    def test_who_slows_down_gets_everything_through(self, programs):
        """With a limit of ten messages a second for thirty messages."""
        hits = {}
        with self.provider(programs, "-c", figures={"1000/1m": "10/1s", "300/1m": "3000/1m"}, hits=hits) as sink:
            with playing.Player(sink.endpoint) as player:
                for _ in range(30):
                    def began():
                        player.play("= new\nC: MAIL FROM:<a@b.test>")
                        if (reply := player.line()).startswith("421-"):
                            player.play("S: 421 *\n= closed")
                        return reply == "250 2.1.0 Ok"

                    rig.wait_for(began, "a place")
                    player.play(RCPT + DATA + "C: From: a\nC: .\n" + FINE + "C: QUIT\nS: 221 Bye\n= closed")
            sink.wait_counter("mesg", 30)
        self.assertGreater(hits["client-too-fast"], 0)


class FullMailboxes(RuleSets):
    @rig.on_every_engine()
    def test_each_is_full_in_its_own_way(self, programs):
        hits = {}
        with self.rule_set(programs, "full-mailboxes", "--offer", "SIZE", hits=hits) as sink:
            self.play(sink, MAIL + refused("Full@d.test", "452 4.2.2 Full@d.test has no room left, try later")
                      + refused("quota@d.test", "552 5.2.2 quota@d.test is over its quota")
                      + refused("tuesday@d.test", "452 4.2.2 tuesday@d.test is full today, try tomorrow")
                      + refused("user17@d.test", "452 4.2.2 user17@d.test has no room left, try later")
                      + taken("user18@d.test") + taken("small@d.test") + RSET
                      + "C: MAIL FROM:<a@b.test> SIZE=200000\nS: 250 *\n"
                      + refused("small@d.test", "552 5.2.2 small@d.test has no room for 200000 bytes") + RSET
                      + mail(recipient="small@d.test") + "= content 200000\nS: 552 5.2.2 No room for 200000 bytes\n"
                      + mail(recipient="small@d.test") + "= content 50000\nS: 250 2.0.0 Ok\n")
        self.all_hit(hits)

    @rig.on_every_engine()
    def test_tuesday_passes(self, programs):
        """Two minutes of every ten: here the first hour is not, and the second is."""
        with self.rule_set(programs, "full-mailboxes", figures={"0s-2m": "1h-2h", "10m": "3h"}) as sink:
            self.play(sink, MAIL + taken("tuesday@d.test"))

    @rig.on_every_engine()
    def test_over_lmtp_each_recipient_has_its_own_answer(self, programs):
        with self.rule_set(programs, "full-mailboxes", "-L") as sink:
            self.play(sink, MAIL + taken("ann@d.test") + taken("small@d.test") + taken("bob@d.test") + DATA
                      + "= content 200000\nS: 250 *\nS: 552 5.2.2 No room for 200000 bytes\nS: 250 *\n")


class Flaky(RuleSets):
    # Whoever waits for a slow store only waits, and always as long.
    FIGURES = {"lognormal 800ms 2.0": "1ms", "lognormal 300ms 1.0": "60ms"}
    MESSAGES = 500
    HANDSHAKES = 200

    def deliver(self, player, lines):
        """One message of so many lines on a connection of its own; what became of it: the first reply
        that is no success, or what the sink has said nothing to before the connection was over."""
        content = b"x" * 78 + b"\r\n"
        said = "connect"
        try:
            player.step_connect("")
            if player.socket is None:
                return "lost at connect"
            for said in ("connect", "MAIL FROM:<a@b.test>", "RCPT TO:<c@d.test>", "DATA"):
                if said != "connect":
                    player.say(said.encode() + b"\r\n")
                if (reply := player.line())[0] not in "23":
                    return reply
            said = f"{lines} lines"
            player.say(content * lines + b".\r\n")
            return player.line()
        except (AssertionError, ConnectionError):
            return f"lost at {said.partition(' ')[0]}"
        finally:
            if player.socket is not None:
                player.socket.close()

    @rig.on_every_engine()
    def test_everything_goes_wrong_now_and_then_and_most_goes_well(self, programs):
        hits = {}
        with self.rule_set(programs, "flaky", "--seed", "1", "--starttls", figures=self.FIGURES, hits=hits) as sink, \
                playing.Player(sink.endpoint) as player:
            fates, slow = [], 0
            for number in range(self.MESSAGES):
                fates.append(self.deliver(player, 100 if number % 2 else 1))
                slow += time.monotonic() - player.spoke > 0.06
            for _ in range(self.HANDSHAKES):
                with contextlib.suppress(ConnectionError, AssertionError):
                    player.step_connect("")
                    if player.socket is not None and player.line().startswith("220"):
                        player.say(b"STARTTLS\r\n")
                        fates.append(player.line())
                        player.socket.close()
        good = fates.count("250 2.0.0 Ok") / self.MESSAGES
        self.assertTrue(0.8 < good < 0.97, good)
        self.all_hit(hits)
        for reply in ("421 4.3.2 Not now", "451 4.3.0 Something went wrong, try again",
                      "451 4.4.3 d.test cannot be looked up, try again",
                      "452 4.3.1 No room in the queue, try again", "451 4.3.0 The store is busy, try again",
                      "454 4.7.0 TLS is not available for a moment",
                      "lost at connect", "lost at RCPT", "lost at 100", "lost at 1"):
            self.assertIn(reply, fates)
        # Some at the end of a message, the others amid it.
        self.assertGreater(fates.count("lost at 100") + fates.count("lost at 1"), hits["answer-is-lost"])
        self.assertGreaterEqual(slow, hits["slow-store"])

    def test_a_seed_makes_it_go_the_same_way_again(self):
        runs = []
        for engine, seed in (("epoll", "7"), ("epoll", "7"), ("uring", "7"), ("uring", "8")):
            with self.rule_set(rig.ours(engine, "--threads", "1"), "flaky", "--seed", seed, figures=self.FIGURES) as sink, \
                    playing.Player(sink.endpoint) as player:
                runs.append([self.deliver(player, 1) for _ in range(200)])
        self.assertEqual(runs[0], runs[1])
        self.assertEqual(runs[0], runs[2])
        self.assertNotEqual(runs[2], runs[3])


class Outage(RuleSets):
    """Each of its times in its turn, moved to where the sink is when the test comes."""

    LATER = {"10m": "3h"}

    def outage(self, programs, *options, figures, hits=None):
        return self.rule_set(programs, "outage", *options, figures={**self.LATER, **figures}, hits=hits)

    @rig.on_every_engine()
    def test_before_it_all_is_well(self, programs):
        """The minute before it is an hour here."""
        with self.outage(programs, figures={"50s-60s": "1h-2h", "60s-90s": "1h-2h", "90s-100s": "1h-2h"}) as sink:
            self.play(sink, OK)

    @rig.on_every_engine()
    def test_first_it_gets_slow(self, programs):
        """By 300 ms each, not by some seconds."""
        with self.outage(programs, figures={"50s-60s": "0s-1h", "exponential 2s": "300ms"}) as sink:
            self.play(sink, "= new\n= took 0.3s\n" + MAIL + "= took 0.3s\n" + RCPT + "= took 0.3s\n")

    @rig.on_every_engine()
    def test_then_it_is_gone(self, programs):
        with self.outage(programs, figures={"60s-90s": "0s-1h"}) as sink:
            self.play(sink, "= connect\n= reset\n" * 3)

    @rig.on_every_engine()
    def test_open_sessions_are_told_to_go(self, programs):
        """It begins after five seconds, in which a session opens."""
        hits = {}
        with self.outage(programs, figures={"60s-90s": "5s-1h"}, hits=hits) as sink:
            with playing.Player(sink.endpoint) as player:
                player.play("")
                rig.wait_for(lambda: self.gone(sink), "the outage")
                player.play("C: HELO x\nS: 421 4.3.2 Going down\n= closed")
        self.assertEqual(hits["open-sessions-end"], 1)

    @staticmethod
    def gone(sink):
        with playing.Player(sink.endpoint) as player:
            player.step_connect("")
            with contextlib.suppress(AssertionError):
                player.step_reset("")
                return True
        return False

    @rig.on_every_engine()
    def test_when_it_is_back_half_are_turned_away(self, programs):
        with self.outage(programs, "--seed", "1", figures={"90s-100s": "0s-1h"}) as sink:
            greetings = set()
            with playing.Player(sink.endpoint) as player:
                for _ in range(40):
                    player.step_connect("")
                    greetings.add(player.line())
        self.assertEqual(greetings, {"220 smtp-sink ESMTP", "421 4.3.2 Coming up, not ready yet"})


class Slow(RuleSets):
    @rig.on_every_engine()
    def test_everything_takes_its_time_and_nothing_fails(self, programs):
        """Distributions are as good as fixed, so that there is something to hold a clock against."""
        hits = {}
        figures = {"1s-5s": "400ms-500ms", "lognormal 100ms 1.0": "300ms", "exponential 200ms": "300ms",
                   "lognormal 5s 1.0": "900ms", "lognormal 800ms 1.0": "300ms", ">1M": ">1K"}
        with self.rule_set(programs, "slow", figures=figures, hits=hits) as sink:
            self.play(sink, "= new\n= took 0.4s\nC: HELO x\nS: 250 smtp-sink\n= took 0.2s\n"
                      + MAIL + "= took 0.3s\n" + RCPT + "= took 0.3s\n" + DATA
                      + "C: text\nC: .\nS: 250 2.0.0 Ok\n= took 0.3s\n"
                      + mail() + "= content 2000\nS: 250 2.0.0 Ok\n= took 0.9s\n"
                      + mail() + "= content 200000\nS: 250 2.0.0 Ok\n= took 2.4s\n"
                      + mail("bulk7@b.test") + "= content 20000\nS: 250 2.0.0 Ok\n= took 2.4s\n")
        self.all_hit(hits)


class BrokenTls(RuleSets):
    def handshake(self, sink, patience):
        """What STARTTLS leads to: an error, or the certificate."""
        with playing.Player(sink.endpoint) as player:
            player.play("C: STARTTLS\nS: 220 *")
            player.socket.settimeout(patience)
            try:
                player.step_tls("")
            except TimeoutError:
                return "stall"
            except ssl.SSLError as error:
                return error.reason
            return x509.load_der_x509_certificate(player.socket.getpeercert(binary_form=True))

    @rig.on_every_engine()
    def test_one_in_seven_fares_as_each_of_the_rules_says(self, programs):
        hits = {}
        own = rig.certificate().file
        with self.rule_set(programs, "broken-tls", "--starttls", "--tls-cert", own, "--hostname", "localhost",
                           hits=hits) as sink:
            text = own.read_bytes()
            own = x509.load_pem_x509_certificate(text[text.index(b"-----BEGIN CERT"):])
            now = datetime.datetime.utcnow()
            for _ in range(2):
                good, self_signed, wrong_name, expired, garbage = (self.handshake(sink, rig.PATIENCE) for _ in range(5))
                stall, alert = self.handshake(sink, 1), self.handshake(sink, rig.PATIENCE)
                self.assertEqual(good, own)
                for one in (self_signed, wrong_name, expired):
                    self.assertNotEqual(one, own)
                self.assertEqual(self_signed.issuer, self_signed.subject)
                self.assertTrue(self_signed.not_valid_before <= now < self_signed.not_valid_after)
                self.assertIn("localhost", names(self_signed))
                self.assertNotIn("localhost", names(wrong_name))
                self.assertTrue(now < wrong_name.not_valid_after)
                self.assertLess(expired.not_valid_after, now)
                self.assertIn("localhost", names(expired))
                self.assertIn(garbage, ("WRONG_VERSION_NUMBER", "UNEXPECTED_MESSAGE"))
                self.assertEqual(stall, "stall")
                self.assertRegex(str(alert), "ALERT")
        self.assertEqual(set(hits.values()), {2})

    def what_is_wrong(self, sink, authority):
        """What a client says that verifies, and trusts this certificate."""
        with playing.Player(sink.endpoint) as player:
            player.play("C: STARTTLS\nS: 220 *")
            context = ssl.create_default_context(cafile=authority)
            try:
                context.wrap_socket(player.socket, server_hostname="localhost").close()
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
            return "nothing"

    @rig.on_every_engine()
    def test_a_client_that_trusts_the_sink_sees_what_is_wrong(self, programs):
        for key in ("rsa:2048", "ed25519"):
            own = self.scratch / f"{key}.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", key, "-nodes", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{own}.key", "-out", own],
                           check=True, stderr=subprocess.DEVNULL)
            with self.subTest(key=key), self.rule_set(
                    programs, "broken-tls", "--starttls", "--tls-cert", own, "--tls-key", f"{own}.key",
                    "--hostname", "localhost") as sink:
                self.assertEqual([self.what_is_wrong(sink, own) for _ in range(4)],
                                 ["nothing", "self-signed certificate",
                                  "Hostname mismatch, certificate is not valid for 'localhost'.",
                                  "certificate has expired"])

    @rig.on_every_engine()
    def test_the_same_where_tls_is_from_the_start(self, programs):
        with self.rule_set(programs, "broken-tls", "--tls") as sink:
            ends = []
            for _ in range(7):
                client = rig.Client(sink.endpoint)
                client.socket.settimeout(1 if len(ends) == 5 else rig.PATIENCE)
                try:
                    client.start_tls()
                    ends.append("done")
                except TimeoutError:
                    ends.append("stall")
                except ssl.SSLError:
                    ends.append("error")
                client.close()
        self.assertEqual(ends, ["done"] * 4 + ["error", "stall", "error"])


def names(certificate):
    """All that it says to be for."""
    found = [one.value for one in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    for extension in certificate.extensions:
        if isinstance(extension.value, x509.SubjectAlternativeName):
            found += extension.value.get_values_for_type(x509.DNSName)
    return found


class HostileServer(RuleSets):
    # What a client that gives this name is told, up to where it shows.
    SAID = {
        "endless-reply": "S: 250-AND-ANOTHER-ONE\n" * 1000,
        "endless-line": "= bytes " + "250-and on and on and " * 1000,
        "two-codes": "S: 250-one.test\nS: 550-two.test\nS: 250 three.test\n",
        "bare-lf": HELLO + "C: MAIL FROM:<a@b.test>\n= bytes 250 2.1.0 Ok\\n\n",
        "bare-cr": HELLO + "C: MAIL FROM:<a@b.test>\n= bytes 250 2.1.0 Ok\\r\n= silent\n",
        "half-a-reply": HELLO + "C: MAIL FROM:<a@b.test>\n= bytes 250 2.1\n= closed\n",
        "no-code": HELLO + "C: MAIL FROM:<a@b.test>\nS: certainly, with pleasure\n",
        "code-999": HELLO + "C: MAIL FROM:<a@b.test>\nS: 999 9.9.9 Ok\n",
        "go-ahead-at-once": HELLO + MAIL + "C: RCPT TO:<c@d.test>\nS: 354 Go ahead\n",
        "no-go-ahead": HELLO + MAIL + RCPT + "C: DATA\nS: 250 2.0.0 Delivered already\n",
        "binary": HELLO + MAIL + "C: RCPT TO:<c@d.test>\n"
                  + "= bytes 250 \\x00\\x1b[2J\\x1b]0;owned\\x07\\xff\\xfe\\r\\n\n",
        "long-line": HELLO + MAIL + "C: RCPT TO:<c@d.test>\n= bytes " + ("250-" + "a" * 76) * 1000 + "\n= closed\n",
        "early-replies": HELLO + "C: MAIL FROM:<a@b.test>\nS: 250 2.1.0 Ok\nS: 250 2.1.5 Ok\nS: 354 Go ahead\n"
                         "S: 250 2.0.0 Delivered\n",
        "words-before-tls": HELLO + "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\nS: 250-injected.test\n"
                            "S: 250 AUTH PLAIN\n",
        "silence": HELLO + mail() + "C: .\n= silent\nC: NOOP\n= silent\n",
        "dribble": HELLO + mail() + "C: .\n= bytes 25\n= took 1s\n",
        "gone-in-content": HELLO + mail() + "= content 1000\n= gone\n",
        "gone-at-the-end": HELLO + mail() + "C: .\n= reset\n",
    }

    @rig.on_every_engine()
    def test_the_name_in_ehlo_says_what_comes(self, programs):
        hits = {}
        with self.rule_set(programs, "hostile-server", "--starttls", hits=hits) as sink:
            for name, said in self.SAID.items():
                with self.subTest(rule=name):
                    self.play(sink, f"C: HELO {name}.test\n{said}")
            self.play(sink, "C: HELO friend.test\n" + HELLO + OK)
        self.all_hit(hits)

    # What our source counts, once; of the others, which break no rule that a client has to insist on,
    # it counts a message. A connection that closes over unread content may be reset.
    COUNTED = {
        "endless-reply": ("protocol",),
        "endless-line": ("protocol",),
        "bare-cr": ("timeout",),
        "half-a-reply": ("closed",),
        "no-code": ("rejected",),
        "code-999": ("rejected",),
        "go-ahead-at-once": ("rejected",),
        "no-go-ahead": ("rejected",),
        "long-line": ("protocol",),
        "early-replies": ("protocol",),
        "words-before-tls": ("tls",),
        "silence": ("timeout",),
        "dribble": ("timeout",),
        "gone-in-content": ("closed", "reset"),
        "gone-at-the-end": ("reset",),
    }

    @rig.on_every_engine()
    def test_our_source_survives_all_of_it(self, programs):
        with self.rule_set(programs, "hostile-server", "--starttls") as sink:
            for name in self.SAID:
                with self.subTest(rule=name):
                    report = self.scratch / f"{name}.json"
                    tls = ["--starttls"] if name == "words-before-tls" else []
                    done = programs.source(sink.endpoint, "-M", f"{name}.test", "-l", "1000",
                                           "--reply-timeout", "2", "--json", report, *tls)
                    run = json.loads(report.read_text())
                    errors = {kind: error["count"] for kind, error in run["errors"].items() if error["count"]}
                    wanted = [{kind: 1} for kind in self.COUNTED.get(name, ())] or [{}]
                    self.assertIn(errors, wanted)
                    delivered = wanted == [{}]
                    self.assertEqual((done.returncode, run["ending"], run["totals"]["messages"]),
                                     (0, "completed", 1) if delivered else (1, "failed", 0), done.stderr)
                    # What is said of it is one line, whatever the server's was.
                    self.assertRegex(done.stderr, rb"\A\Z" if delivered else rb"\Asmtp-source: fatal: [ -~]+\n\Z")


class ByAddress(RuleSets):
    @rig.on_every_engine()
    def test_the_recipient_gets_what_it_asks_for(self, programs):
        hits = {}
        with self.rule_set(programs, "by-address", hits=hits) as sink:
            self.play(sink, MAIL + refused("450-4.7.1@d.test", "450 4.7.1 As 450-4.7.1@d.test wishes")
                      + refused("550-5.1.1@d.test", "550 5.1.1 As 550-5.1.1@d.test wishes")
                      + refused("552@d.test", "552 As 552@d.test wishes")
                      + refused("451@d.test", "451 As 451@d.test wishes")
                      + taken("450-5.1.1@d.test") + taken("550-4.7.1@d.test") + taken("460-4.7.1@d.test")
                      + taken("650-5.1.1@d.test") + taken("x550-5.1.1@d.test") + taken("ann@d.test")
                      + taken("delay-400ms@d.test") + "= took 0.4s\n"
                      + taken("delay-0.5s@d.test") + "= took 0.5s\n"
                      + taken("bounce@d.test") + taken("bounce-552-5.2.2@d.test") + taken("complaint@d.test")
                      + taken("ooto@d.test") + DATA + "C: .\n" + FINE
                      + "= new\n" + MAIL + "C: RCPT TO:<drop@d.test>\n= closed\n"
                      + "= new\n" + MAIL + "C: RCPT TO:<reset@d.test>\n= reset\n"
                      + "= new\n" + MAIL + "C: RCPT TO:<stall@d.test>\n= silent\nC: QUIT\n= silent\n")
        self.all_hit(hits)

    @rig.on_every_engine()
    def test_what_is_to_come_later_comes(self, programs):
        """At once, not after seconds."""
        figures = {"1s-5s": "10ms", "1s-10s": "10ms"}
        said = []
        with rig.FakeServer(lambda connection: rig.play_server(connection, record=said),
                            connections=None, at_once=True) as server:
            with self.rule_set(programs, "by-address", "--answer-through", server.endpoint, figures=figures) as sink:
                for recipient, text in (("bounce@d.test", rb"^Status: 5\.1\.1"), ("complaint@d.test", rb"^Feedback-Type: abuse"),
                                        ("bounce-552-5.2.2@d.test", rb"^Status: 5\.2\.2"), ("ooto@d.test", rb"^I am away until Monday")):
                    with self.subTest(recipient=recipient):
                        said.clear()
                        self.play(sink, message("250 2.0.0 Ok", HEAD, recipient=recipient))
                        rig.wait_for(lambda: b".\r\n" in said, "the answer")
                        self.assertRegex(b"".join(said), b"(?mi)" + text)


if __name__ == "__main__":
    unittest.main()
