"""A judge of clients (--lint): real clients, those of our own source that misbehave, and what is refused.

With MILLRACE_LINT_TABLE=FILE a table of what was found of each client is written there."""

import contextlib
import email.message
import json
import os
import pathlib
import smtplib
import unittest

import measuring
import readers
import rig

# What a message of the clients that misbehave lacks, whatever else they do.
HEADERLESS = {"no-date", "no-message-id"}
# What may have been lost with the connection.
DISCARDED = {"reset-in-data": HEADERLESS}
# Each kind with a value that is quick, and what is to be found of it. The rest breaks no rule that a
# server sees: it is slow, or asks for much.
KINDS = {
    "early-talker": HEADERLESS | {"before-greeting"},
    "bare-lf LF.LF": HEADERLESS | {"bare-lf"},
    "bare-lf LF.CRLF": HEADERLESS | {"bare-lf"},
    "bare-lf CRLF.LF": HEADERLESS | {"bare-lf"},
    "bare-lf LF.CR": HEADERLESS | {"bare-lf", "bare-cr"},
    "bare-lf CR.LF": HEADERLESS | {"bare-lf", "bare-cr"},
    "bare-lf CR.CR": HEADERLESS | {"bare-cr"},
    "bare-lf CR.CRLF": HEADERLESS | {"bare-cr"},
    "bare-lf CRLF.CR": HEADERLESS | {"bare-cr"},
    "slow-writer 20K": HEADERLESS,
    "slow-reader": {"before-reply", "behind-group-end"},
    "idle 100ms": {"no-quit"},
    "connect-only": {"no-quit"},
    "abort-in-data 5K": HEADERLESS | {"no-quit"},
    "reset-in-data": {"no-quit"},
    "no-quit": HEADERLESS | {"no-quit"},
    "rset-storm 300": set(),
    "rcpt-flood 300": set(),
    "unknown-commands 30": {"unknown-command"},
    "long-line 1K": HEADERLESS | {"long-command", "long-line"},
    "long-header": HEADERLESS,
    "header-flood": HEADERLESS,
    "mime-bomb": HEADERLESS,
    "no-helo": HEADERLESS | {"no-hello"},
    "auth-guess 3": {"clear-auth"},
    "starttls-then-plain": {"no-tls-handshake"},
    "tls-renegotiate": set(),
    "tls-garbage": {"no-tls-handshake"},
    "half-close": HEADERLESS | {"no-quit"},
    "pipelined-after-data": HEADERLESS | {"before-354"},
}
GOOD = b"Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nFrom: <a@b.example>\r\nMessage-ID: <1@b.example>\r\n\r\nHello.\r\n"


def found(run):
    return {one["name"]: one["count"] for one in run["lint"]["findings"]}


class Judged(measuring.MeasureCase):
    rows = {}

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        if path := os.environ.get("MILLRACE_LINT_TABLE"):
            lines = [f"| {client} | {findings} |" for client, findings in Judged.rows.items()]
            pathlib.Path(path).write_text("\n".join(["| client | found |", "|---|---|", *lines]) + "\n")

    @contextlib.contextmanager
    def judging(self, programs, client, *arguments):
        """A sink that judges, and what it has found once it has ended."""
        names = {}
        with self.counting_sink(programs, "--lint", *arguments) as (sink, counted):
            yield sink, names
            rig.wait_for(lambda: sink.open_sessions() == 0, "all to be gone")
        names.update(found(counted[0]))
        shown = ", ".join(f"{name} {count}" for name, count in names.items()) or "nothing"
        Judged.rows.setdefault(client, shown)
        path = self.scratch / "judged.json"
        path.write_text(json.dumps(counted[0]))
        readers.validate(measuring.SCHEMA, path)
        self.assertIn(b"lint: ", sink.err)


class OurOwn(Judged):
    @rig.on_every_engine()
    def test_each_client_that_misbehaves_is_named(self, programs):
        for kind, expected in KINDS.items():
            with self.subTest(kind=kind):
                # Greeted late, so that who does not wait for it has the time to show it.
                with self.judging(programs, kind, "--starttls", "-W", "connect:100ms") as (sink, names):
                    done = programs.source(sink.endpoint, "--client", kind, "-m", "1", "--reply-timeout", "20",
                                           "--duration", "3" if kind == "slow-reader" else "20")
                    self.assertIn(done.returncode, (0, 1), done.stderr)
                if kind in ("slow-reader", "tls-renegotiate"):  # how it ends is up to the run
                    names.pop("no-quit", None)
                self.assertEqual(set(names) - DISCARDED.get(kind, set()), expected)

    @rig.on_every_engine((1, 2))
    def test_a_good_client_is_not(self, programs):
        for name, arguments, offered in (
                ("source", (), ()), ("source, kept", ("-d", "-s", "3"), ()),
                ("source, pipelined, modern", ("--pipeline-window", "10", "-d"), ("--modern",)),
                ("source, STARTTLS, chunks", ("--starttls", "--chunking"), ("--modern",)), ("source, LMTP", ("-L",), ("-L",))):
            with self.subTest(name=name):
                with self.judging(programs, name, *offered) as (sink, names):
                    done = programs.source(sink.endpoint, "-m", "20", *arguments)
                    self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(names, {})


class Real(Judged):
    @rig.on_every_engine()
    def test_python_smtplib(self, programs):
        message = email.message.EmailMessage()
        message["Subject"] = "x"
        message.set_content("Hello.\n.a\n")
        with self.judging(programs, "smtplib: send_message()", "--modern") as (sink, names):
            host, _, port = sink.endpoint.rpartition(":")
            with smtplib.SMTP(host, int(port), local_hostname="b.example", timeout=rig.PATIENCE) as client:
                client.send_message(message, "a@b.example", ["c@d.example"])
        self.assertEqual(names, {"no-date": 1, "no-from": 1, "no-message-id": 1})
        with self.judging(programs, "smtplib: sendmail() of a good message", "--modern") as (sink, names):
            host, _, port = sink.endpoint.rpartition(":")
            with smtplib.SMTP(host, int(port), local_hostname="[127.0.0.1]", timeout=rig.PATIENCE) as client:
                client.sendmail("a@b.example", ["c@d.example"], GOOD)
        self.assertEqual(names, {})
        with self.judging(programs, "smtplib: sendmail() of 8-bit text, close()", "--modern") as (sink, names):
            host, _, port = sink.endpoint.rpartition(":")
            client = smtplib.SMTP(host, int(port), local_hostname="b.example", timeout=rig.PATIENCE)
            client.sendmail("a@b.example", ["c@d.example"], GOOD + "ä\r\n".encode())
            client.close()
        self.assertEqual(names, {"8bit-body": 1, "no-quit": 1})
        with self.judging(programs, "smtplib: login() before TLS", "--modern") as (sink, names):
            host, _, port = sink.endpoint.rpartition(":")
            with smtplib.SMTP(host, int(port), local_hostname="b.example", timeout=rig.PATIENCE) as client:
                client.ehlo()
                client.esmtp_features["auth"] = "PLAIN"
                client.login("ann", "secret")
        self.assertEqual(names, {"clear-auth": 1})

    @rig.on_every_engine()
    def test_curl(self, programs):
        message = self.scratch / "message"
        for name, text, more, expected in (
                ("curl", GOOD, (), {}),
                ("curl, bare LFs", GOOD.replace(b"\r\n", b"\n"), (), {"bare-lf": 5}),
                ("curl --crlf", GOOD.replace(b"\r\n", b"\n"), ("--crlf",), {}),
                ("curl, no header", b"Hello.\r\n", (), {"bad-field": 1, "no-date": 1, "no-from": 1, "no-message-id": 1})):
            with self.subTest(name=name):
                message.write_bytes(text)
                with self.judging(programs, name, "--modern", "--max-size", "1M") as (sink, names):
                    done = rig.run(["curl", "-sS", f"smtp://{sink.endpoint}/b.example", *more, "--mail-from", "a@b.example",
                                    "--mail-rcpt", "c@d.example", "-T", message])
                    self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual({**names, **expected}, names)
                self.assertLessEqual(set(names) - set(expected), {"wrong-size"}, names)

    @rig.on_every_engine()
    def test_swaks(self, programs):
        rig.fetch_peers("pair")
        libraries = ":".join(map(str, rig.PAIR.glob("usr/lib/*/perl5/*")))
        for name, more, expected in (
                ("swaks", (), set()),
                ("swaks --tls", ("--tls",), set()),
                ("swaks --pipeline", ("--pipeline",), set()),
                ("swaks --helo 127.0.0.1", ("--helo", "127.0.0.1"), {"hello-name"}),
                ("swaks --drop-after MAIL", ("--drop-after", "MAIL"), {"no-quit"})):
            with self.subTest(name=name):
                with self.judging(programs, name, "--modern") as (sink, names):
                    host, _, port = sink.endpoint.rpartition(":")
                    rig.run([rig.PAIR / "usr/bin/swaks", "--server", host, "--port", port, "--helo", "b.example",
                             "--from", "a@b.example", "--to", "c@d.example", *more],
                            environment={"PATH": "/usr/bin:/bin", "PERL5LIB": libraries})
                self.assertEqual(set(names), expected)

    @rig.on_every_engine()
    def test_postfix_smtp_source(self, programs):
        rig.fetch_peers("pair")
        with self.judging(programs, "Postfix's smtp-source") as (sink, names):
            done = rig.postfix().source(sink.endpoint, "-m", "3", "-f", "a@b.example", "-t", "c@d.example",
                                        "-M", "b.example")
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(names, {})


class Strict(Judged):
    @rig.on_every_engine()
    def test_names_what_it_refuses(self, programs):
        with programs.sink("--lint=strict") as sink, sink.connect() as client:
            client.read_until(b"\r\n")
            for said, told in ((b"EHLO 1.2.3.4\r\n", b"501 5.5.4 Error: .*hello-name: RFC 5321, 4.1.1.1"),
                               (b"HELO b.example\r\n", b"250 "), (b"MAIL FROM: <a@b.example>\r\n", b"501 .*blank-before-path"),
                               (b"MAIL FROM:<a@b.example>\r\n", b"250 "), (b"RCPT TO:c@d.example\r\n", b"501 .*no-brackets"),
                               (b"RCPT TO:<c@d.example>\r\n", b"250 "), (b"DATA\r\n", b"354 "),
                               (b"From: a\nb\r\n.\r\n", b"550 5.5.2 .*bare-lf"), (b"QUIT\r\n", b"221 ")):
                self.assertRegex(client.talk(said, b"\r\n"), told)

    # While the greeting waits, as it does already when the sink says who has come.
    @rig.on_every_engine()
    def test_refuses_who_speaks_first(self, programs):
        with programs.sink("--lint=strict", "-v", "-W", "connect:2s") as sink, sink.connect() as client:
            rig.wait_for(lambda: b"connect from" in sink.err, "the client to be there")
            client.send(b"HELO b.example\r\n")
            self.assertRegex(client.read_until(b"4.3.1)\r\n"), b"220 .*\r\n503 5.5.0 .*before-greeting")

    @rig.on_every_engine((2,))
    def test_takes_what_is_right(self, programs):
        with programs.sink("-c", "--lint=strict", "--modern") as sink:
            done = programs.source(sink.endpoint, "-m", "200", "-s", "4", "-d", "--pipeline-window", "10", "-f", "a@b.example",
                                   "-t", "c@d.example")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("mesg", 200)

    # A rule's reply to EHLO announces what its clients may use.
    @rig.on_every_engine()
    def test_what_a_rule_announces_counts(self, programs):
        rules = self.scratch / "rules.toml"
        rules.write_text('[[rule]]\nname = "x"\nmatch = { command = "EHLO" }\nact = { reply = ["250 sink.test", "SIZE 99"] }\n')
        with programs.sink("--lint=strict", "--rules", rules) as sink, sink.connect() as client:
            client.read_until(b"\r\n")
            self.assertEqual(client.talk(b"EHLO b.example\r\n", b"SIZE 99\r\n"), b"250-sink.test\r\n250 SIZE 99\r\n")
            for said, told in ((b"MAIL FROM:<a@b.example> RET=HDRS\r\n", b"555 5.5.4 .*not-announced"),
                               (b"AUTH PLAIN AGEAYg==\r\n", b"502 5.5.1 .*not-announced"),
                               (b"MAIL FROM:<a@b.example> SIZE=9\r\n", b"250 ")):
                self.assertRegex(client.talk(said, b"\r\n"), told)
            client.send(b"RSET\r\nNOOP\r\n")
            self.assertRegex(client.read_until(b"250 2.0.0 Ok\r\n"), b"503 5.5.0 .*before-reply.*\r\n250 2.0.0 Ok\r\n")

    # RFC 4954, 4: a token may be longer than any other command.
    @rig.on_every_engine()
    def test_a_long_auth_is_answered(self, programs):
        with programs.sink("--lint=strict") as sink:
            for length, reply in ((3_000, b"250 2.0.0 Ok\r\n"), (13_000, b"500 5.5.6 ")):
                with sink.connect() as client:
                    client.read_until(b"\r\n")
                    client.talk(b"EHLO b.example\r\n", b"250 \r\n")
                    client.send(b"AUTH SCRAM-SHA-1 " + b"x" * length + b"\r\n")
                    self.assertTrue(client.read_until(b"\r\n").startswith(reply), reply)

    def test_a_word_that_is_none_is_told(self):
        done = rig.ours("epoll").run("smtp-sink", "--lint=strictly", "127.0.0.1:0")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"bad lint: strictly (--lint: expected strict)", done.stderr)


class Told(Judged):
    # What a proxy sends on with its header was said before the greeting.
    @rig.on_every_engine()
    def test_who_speaks_first_through_a_proxy_is_seen(self, programs):
        with self.judging(programs, "through a proxy", "--proxy-from", "127.0.0.1") as (sink, names):
            with sink.connect() as client:
                client.send(b"PROXY TCP4 192.0.2.1 127.0.0.1 1 25\r\nQUIT\r\n")
                client.read_to_end()
        self.assertEqual(names, {"before-greeting": 1})

    def test_samples_are_harmless_and_clients_apart(self):
        programs = rig.ours("epoll")
        path = self.scratch / "run.json"
        with programs.sink("--lint", "--summary", "--json", path, "--proxy-from", "127.0.0.1") as sink:
            for number in range(3):
                with sink.connect() as client:
                    client.talk(b"PROXY TCP4 192.0.2.%d 127.0.0.1 1 25\r\n" % number, b"\r\n")
                    client.talk(b"HELO one\x1b[2J.example\r\n", b"\r\n")
                    client.talk(b"QUIT\r\n", b"\r\n")
            sink.end()
        run = json.loads(path.read_text())
        self.assertEqual([one["address"] for one in run["lint"]["clients"]], [f"192.0.2.{n}" for n in range(3)])
        self.assertEqual({one["hello"] for one in run["lint"]["clients"]}, {"one\\x1b[2J.example"})
        self.assertNotIn(b"\x1b", sink.out)
        self.assertIn(b"Lint: 3 of 3 sessions broke a rule", sink.out)


if __name__ == "__main__":
    unittest.main()
