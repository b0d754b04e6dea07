"""Every example of millrace-rules(5) is read without a complaint, and does what the page says of it."""

import datetime
import email
import re
import socket
import typing
import unittest

from cryptography import x509

import playing
import rig
from playing import DATA, MAIL, RCPT, RSET, mail, message, refused, taken

PAGE = rig.TOP / "doc/millrace-rules.5"
ROFF = {r"\-": "-", r"\e": "\\", r"\(aq": "'", r"\(dq": '"', r"\(ha": "^", r"\(ti": "~", r"\&": ""}


def examples():
    """The examples of the page by their names: what stands behind a comment, between .nf and .fi."""
    found = {}
    for name, block in re.findall(r'^\.\\" example: (\S+)\n(?:\.\w+\n)*?\.nf\n(.*?)^\.fi$',
                                  PAGE.read_text(), re.DOTALL | re.MULTILINE):
        lines = [line for line in block.split("\n") if not line.startswith(".")]
        text = "\n".join(lines)
        assert name not in found, name
        found[name] = re.sub(r"\\(?:\(..|.)", lambda match: ROFF[match.group()], text)
    return found


class Play(typing.NamedTuple):
    """What shows that an example acts: a dialogue, or a function of a Player. `options`: of the sink.
    `figures`: what stands in place of others in the rules. `hits`: of its first rule; None: any."""

    what: typing.Union[str, typing.Callable]
    options: tuple = ()
    figures: dict = {}
    hits: typing.Optional[int] = None


ANN = "C: AUTH PLAIN AGFubgBzZWNyZXQ=\nS: 235 2.7.0 Authentication successful\n"
BOB = "C: AUTH PLAIN AGJvYgBzZWNyZXQ=\nS: 235 2.7.0 Authentication successful\n"
STARTTLS = "C: STARTTLS\nS: 220 2.0.0 Ready to start TLS\n= tls\n"
PROXIED = ("--proxy-from", "127.0.0.1")
LISTENER = rig.free_port()


def some_of_a_thousand(player):
    player.play(MAIL)
    player.say(b"RCPT TO:<c@d.test>\r\n" * 1000)
    replies = [player.line() for _ in range(1000)]
    refusals = replies.count("451 4.4.3 d.test cannot be looked up")
    assert refusals + replies.count("250 2.1.5 Ok") == 1000, set(replies)
    assert 1 <= refusals <= 100, refusals


def expired_certificate(player):
    player.play(STARTTLS)
    certificate = x509.load_der_x509_certificate(player.socket.getpeercert(binary_form=True))
    assert certificate.not_valid_after < datetime.datetime.utcnow(), certificate.not_valid_after


def endless(player):
    player.play("C: EHLO endless.test\n" + "S: 250-MORE\n" * 10_000)


CONDITIONS = {
    "command": Play("C: NOOP\nS: 502 5.5.1 Not here\nC: VRFY x\nS: 502 5.5.1 Not here\n" + MAIL, hits=2),
    "command-all": Play("C: NOOP\nS: 250 2.0.0 Ok\n= took 0.1s\nC: HELO x\nS: 250 smtp-sink\n= took 0.1s", hits=2),
    "sender": Play("C: MAIL FROM:<bulk@Shop.test>\nS: 550 5.7.1 bulk@Shop.test: no, thank you\n"
                   "C: MAIL FROM:<orders@shop.test>\nS: 250 2.1.0 Ok", hits=1),
    "null-sender": Play("C: MAIL FROM:<>\nS: 250 2.1.0 Ok\n" + refused("c@d.test", "550 5.7.1 c@d.test never sends mail")
                        + RSET + MAIL + RCPT, hits=1),
    "recipient": Play(MAIL + refused("ann@BIG.test", "450 4.7.1 127.0.0.1: slow down")
                      + taken("abuse@big.test") + taken("ann@big.test.test"), hits=1),
    "regex": Play(MAIL + refused("USER14@d.test", "450 4.2.1 Number 14 is busy") + taken("user5@d.test"), hits=1),
    "domain": Play(MAIL + refused("a@mx.away.test", "451 4.4.1 mx.away.test does not answer")
                   + refused("a@away.test", "451 4.4.1 away.test does not answer") + taken("away.test@d.test"), hits=2),
    "helo": Play("C: EHLO a.localdomain\nS: 550 5.7.1 a.localdomain is everybody's name\n"
                 "C: EHLO localhost\nS: 550 5.7.1 localhost is everybody's name\n"
                 "C: HELO localhost\nS: 250 smtp-sink", hits=2),
    "header": Play(message("550 5.7.1 We have paid", "From: a\nSubject: Your INVOICE of May\n\ntext")
                   + message("550 5.7.1 We have paid", "Subject: Your\n\tinvoice\n\ntext")
                   + message("250 2.0.0 Ok", "Subject: Hello\n\nSubject: invoice"), hits=2),
    "header-missing": Play(message("550 5.6.0 When was that?", "From: a\n\nDate: today")
                           + message("250 2.0.0 Ok", "From: a\nDate: today\nTo: b\n\ntext"), hits=1),
    "client": Play("= connect 10.0.0.1\nS: 554 5.7.1 10.0.0.1 is not known here\n"
                   "= new 10.0.0.9\n= new 192.0.2.1", PROXIED, hits=1),
    "listener": Play(f"{MAIL}= to {LISTENER}\n= new\nC: MAIL FROM:<a@b.test>\nS: 530 5.7.0 Users come by TLS",
                     ("--listen", f"127.0.0.1:{LISTENER},name=submission"), hits=1),
    "tls": Play(f"C: MAIL FROM:<a@b.test>\nS: 530 5.7.0 Must issue STARTTLS first\n{STARTTLS}{MAIL}",
                ("--starttls",), hits=1),
    "tls-version": Play(f"{STARTTLS}C: EHLO x\nS: 550 5.7.10 TLS 1.3 is wanted here",
                        ("--starttls", "--tls-version", "1.2"), hits=1),
    "authenticated": Play(MAIL + refused("c@d.test", "550 5.7.1 Relaying denied") + taken("c@ours")
                          + "= new\n" + ANN + MAIL + taken("c@d.test"), ("--authenticate",), hits=1),
    "authenticated-user": Play(ANN + "C: MAIL FROM:<a@b.test>\nS: 452 4.7.1 Enough for today\n= new\n" + BOB + MAIL
                               + "= new\n" + MAIL, ("--authenticate",), hits=1),
    "size": Play("C: MAIL FROM:<a@b.test> SIZE=2000000\nS: 552 5.3.4 2000000 bytes are too many\n"
                 + mail() + "= content 1100000\nS: 552 5.3.4 1100000 bytes are too many\n"
                 + mail() + "= content 1000000\nS: 250 2.0.0 Ok", ("--offer", "SIZE"), hits=2),
    "during": Play("= connect\n= reset", figures={"60s-90s": "0s-9m"}, hits=1),
    "sessions_over": Play("= new\n" * 10 + "= connect\nS: 421 4.7.0 Too many\n= closed", hits=1),
    "nth": Play((MAIL + RSET) * 2 + "C: MAIL FROM:<a@b.test>\nS: 451 4.3.0 Not this one\n" + MAIL, hits=1),
    "probability": Play(some_of_a_thousand),
    "over": Play("= new 10.0.0.1\n" + MAIL + RCPT * 20
                 + refused("c@d.test", "450 4.7.1 10.0.0.1: 21 in a minute")
                 + refused("c@d.test", "450 4.7.1 10.0.0.1: 22 in a minute")
                 + "= new 10.0.0.2\n" + MAIL + RCPT, PROXIED, hits=2),
}
ACTIONS = {
    "reply": Play(MAIL + "C: RCPT TO:<nobody@d.test>\nS: 550-5.1.1 nobody@d.test is not here\n"
                  "S: 550 5.1.1 nor is anybody else at d.test\n" + RCPT, hits=1),
    "reply-positive": Play("C: HELO me.test\nS: 250 smtp-sink\n"
                           + refused("c@d.test", "503 5.5.1 Error: need MAIL command") + MAIL
                           + refused("c@d.test", "250 2.1.5 c@d.test is known, me.test") + DATA),
    "disconnect-close": Play(MAIL + "C: RCPT TO:<drop@d.test>\n= closed", hits=1),
    "disconnect-reset": Play(mail("lost@b.test") + "C: .\n= reset", hits=1),
    "disconnect-421": Play(MAIL + RSET + "C: MAIL FROM:<a@b.test>\nS: 421 *\n= closed",
                           figures={"100/1h": "1/1h"}, hits=1),
    "delay": Play(mail() + "C: .\nS: 250 2.0.0 Ok\n= took 0.3s", figures={"800ms 2.0": "800ms 0.1"}, hits=1),
    "delay-range": Play(MAIL + refused("full@d.test", "452 4.2.2 It is full") + "= took 0.2s\n", hits=1),
    "delay-group": Play(MAIL + taken("delay-300ms@d.test") + "= took 0.3s\n" + RCPT, hits=1),
    "tarpit": Play("C: NOOP\nS: 250 2.0.0 Yes\n= took 0.6s", hits=1),
    "throttle": Play(mail("bulk@b.test") + "= content 30000\nS: 250 2.0.0 Ok\n= took 1.5s", hits=1),
    "stall": Play(mail(recipient="stall@d.test") + "C: .\n= silent\nC: NOOP\n= silent\n= new\n" + message("250 2.0.0 Ok"),
                  hits=1),
    "drop_after": Play(mail("bulk@b.test") + "= content 50000\n= gone\n= new\n" + mail("bulk@b.test")
                       + "= content 900\nS: 250 2.0.0 Ok", hits=2),
    "greylist": Play(MAIL + refused("c@grey.test", "451 4.7.1 Come back later")
                     + "= until 250 2.1.5 Ok: RCPT TO:<c@grey.test>\n= took 0.5s\n"
                     + refused("other@grey.test", "451 4.7.1 Come back later") + taken("c@d.test"),
                     figures={"5m": "1s"}),
    "tls_fault": Play(expired_certificate, ("--starttls",), hits=1),
    "raw": Play(r"""
        C: NOOP
        = bytes 250 2.0.0 Ok\x00\n
        """, hits=1),
    "raw-repeat": Play(endless, hits=1),
    "log": Play(MAIL + taken("ceo@d.test") + RCPT, hits=1),
    "accept": Play("C: MAIL FROM:<a@ours.test>\nS: 250 2.1.0 Ok\n" + RCPT + RSET + MAIL
                   + refused("c@d.test", "550 5.7.1 Who are you?"), hits=1),
}
ELSEWHERE = {
    "tables": Play(MAIL + refused("nobody@d.test", "550 5.1.1 nobody@d.test is not here") + RCPT, hits=1),
    "lmtp": Play(MAIL + taken("ann@d.test") + taken("full@d.test") + DATA
                 + "C: .\nS: 250 2.*\nS: 452 4.2.2 full@d.test is full", ("-L",), hits=1),
    "placeholders": Play(MAIL + refused("ann+news@d.test", "550 5.1.1 {ann} news at d.test: says it all"), hits=1),
    "flaky-store": Play(mail() + "= content 1100000\nS: 451 4.3.0 Try again\n= took 0.1s",
                        figures={"20%": "100%", "1s-2s": "100ms-200ms"}, hits=1),
}


class Answered(typing.NamedTuple):
    """A message to this recipient is answered with one of this type, in which that stands."""

    recipient: str
    type: str
    text: str
    figures: dict = {}


ANSWERS = {
    "bounce_later": Answered("bounce@d.test", "multipart/report", "5.1.1"),
    "complaint": Answered("complaint@d.test", "multipart/report", "Feedback-Type: abuse", {"10s": "100ms"}),
    "auto_reply": Answered("ooto@d.test", "text/plain", "I am away"),
}
PLAYS = CONDITIONS | ACTIONS | ELSEWHERE


class Page(playing.RulesCase):
    def test_every_example_is_played(self):
        self.assertEqual(list(sorted(examples())), sorted([*PLAYS, *ANSWERS]))

    def test_every_condition_and_action_has_an_example(self):
        """Those that the page tells of in a paragraph of their own."""
        text = PAGE.read_text().replace(r"\(dq", '"')
        sections = dict(re.findall(r"^\.SH (.*)\n((?:(?!\.SH ).*\n)*)", text, re.MULTILINE))
        for section, table in (("CONDITIONS", "match"), ("ACTIONS", "act")):
            heads = re.findall(r'^\.TP 4\n\.B\w? "?(.*)', sections[section], re.MULTILINE)
            told = {key for head in heads for key in re.findall(r"(\w+) = ", head)}
            self.assertGreater(len(told), 10)
            used = {key for rule in examples().values() for line in rule.split("\n") if line.startswith(table)
                    for key in re.findall(r"(\w+) = ", line.partition("{")[2])}
            self.assertEqual(told, used, section)

    def test_every_rule_set_is_told_of(self):
        told = re.findall(r"^\.B (\S+\.toml)$", PAGE.read_text().replace(r"\-", "-"), re.MULTILINE)
        self.assertEqual(sorted(told), sorted(path.name for path in playing.RULES.glob("*.toml")))

    def test_no_example_has_a_mistake(self):
        programs = rig.ours("epoll")
        for name, text in examples().items():
            with self.subTest(example=name):
                done = programs.run("smtp-sink", "--check-rules", "--rules", self.rules(text))
                self.assertEqual((done.returncode, done.stderr), (0, b""))

    def show(self, programs, plays):
        for name, play in plays.items():
            with self.subTest(example=name):
                hits = {}
                with self.ruled(programs, examples()[name], "--seed", "1", *play.options,
                                figures=play.figures, hits=hits) as sink, playing.Player(sink.endpoint) as player:
                    player.play(play.what) if isinstance(play.what, str) else play.what(player)
                first = next(iter(hits.values()))
                if play.hits is None:
                    self.assertGreater(first, 0)
                else:
                    self.assertEqual(first, play.hits)

    @rig.on_every_engine()
    def test_every_condition_holds_where_the_page_says(self, programs):
        self.show(programs, CONDITIONS)

    @rig.on_every_engine()
    def test_every_action_does_what_the_page_says(self, programs):
        self.show(programs, ACTIONS)

    @rig.on_every_engine()
    def test_the_other_examples_do_what_the_page_says(self, programs):
        self.show(programs, ELSEWHERE)

    @rig.on_every_engine()
    def test_what_comes_later_comes(self, programs):
        for name, answer in ANSWERS.items():
            with self.subTest(example=name):
                said = []
                with rig.FakeServer(lambda connection: rig.play_server(connection, record=said)) as server:
                    with self.ruled(programs, examples()[name], "--answer-through", server.endpoint,
                                    figures=answer.figures) as sink:
                        self.play(sink, message("250 2.0.0 Ok", "Subject: hello\nMessage-Id: <1@b.test>\n\ntext",
                                                recipient=answer.recipient))
                        rig.wait_for(lambda: b".\r\n" in said, "the answer")
                lines = b"".join(said)
                self.assertRegex(lines, rb"(?m)^MAIL FROM:<>")
                self.assertRegex(lines, rb"(?m)^RCPT TO:<a@b\.test>")
                content = lines.split(b"DATA\r\n", 1)[1].split(b"\r\n.\r\n", 1)[0]
                self.assertEqual(email.message_from_bytes(content).get_content_type(), answer.type)
                self.assertIn(answer.text.encode(), content)

    @rig.on_every_engine()
    def test_what_is_logged_names_rule_command_and_recipient(self, programs):
        # A /dev of its own, with the log socket that this test reads.
        log = self.scratch / "log"
        log.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
            reader.bind(str(log))
            reader.settimeout(rig.PATIENCE)
            endpoint = f"127.0.0.1:{rig.free_port()}"
            rules = self.rules(examples()["log"])
            command = programs.command("smtp-sink", ["-u", "root", "--rules", rules, endpoint])
            sink = rig.Sink([*rig.own_mounts(f'mount -t tmpfs none /dev && ln -s "{log}" /dev/log'), *command],
                            endpoint)
            self.play(sink, MAIL + RCPT + taken("ceo@d.test"))
            self.assertEqual(sink.end(), 0)
            self.assertRegex(reader.recv(4096).decode(), r"smtp-sink\[\d+\]: rule watch this one: RCPT from 127\.0\.0\.1, .*<ceo@d\.test>$")


if __name__ == "__main__":
    unittest.main()
