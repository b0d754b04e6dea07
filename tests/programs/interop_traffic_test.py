"""Messages that differ, through real servers: what Postfix and Exim take from the source and deliver to
the sink is what was sent, byte for byte, but for the lines that each of them adds by name."""

import collections
import mailbox
import random
import re
import unittest

import dkim

import dkim_test
import interop_test
import rig
from interop_test import ROOT, in_root
from traffic_test import messages_in

HEADER = b"From: a@a.test\nTo: b@b.test\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nMessage-ID: <%s@a.test>\nSubject: %s\n"

BODIES = {
    "plain": b"text\n",
    "empty": b"",
    "one-empty-line": b"\n",
    "no-last-newline": b"text without its end",
    "empty-lines-behind": b"\n\ntext\n\n\n\n",
    "dots": b".\n..\n...\n.x\n..x\n x.\n.\n\n.\n.",
    "end-marks": b"x\n.\n\n.\n\nQUIT\nRSET\n.\n",
    "longest-lines": b"".join(bytes([letter]) * 998 + b"\n" for letter in b"abc."),
    "longest-with-dots": b"." * 998 + b"\n" + b"." * 997 + b"\n.\n",
    "eight-bit": bytes(range(0x80, 0x100)) + b"\n" + "Grüße, 日本語\n".encode() + b"\xff\xfe\n",
    "controls": bytes(byte for byte in range(1, 32) if byte not in b"\r\n") + b"\x7f\n",
    "blanks": b" \n\t\n text \t \n \n",
    "from-lines": b"From me to you\n\nFrom you\n>From both\n>>From all\nFrom",
    "header-like": b"Received: from nowhere\nBcc: c@c.test\nMessage-ID: <body@a.test>\n\nSubject: x\n",
    "multipart": b"--x\nContent-Type: text/plain\n\npart\n--x\n\n.\n--x--\nepilogue\n",
}


def random_body(dice):
    """Lines of any bytes but those that no line has (RFC 5321, 2.3.8; RFC 2045, 2.8)."""
    letters = bytes(byte for byte in range(1, 256) if byte not in b"\r\n") + b"." * 20
    lines = [bytes(dice.choices(letters, k=min(int(dice.expovariate(1 / 60)), 998)))
             for _ in range(dice.randrange(30))]
    return b"".join(dice.choice((b"", b"."))[:998 - len(line)] + line + b"\n" for line in lines)


def corpus_messages():
    """Messages of every form that a file may have, by name, with lines as they arrive in a dump."""
    dice = random.Random(11)
    bodies = {**BODIES, **{f"random-{number}": random_body(dice) for number in range(30)}}
    messages = {name: HEADER % (name.encode(), name.encode()) + b"\n" + body for name, body in bodies.items()}
    folded = b"X-Folded: one\n two\n\tthree \n  \t four\nX-Empty:\nX-Blank: \t\nx-case:no blank\n"
    messages["folded"] = HEADER % (b"folded", b"folded") + folded + b"\nbody\n"
    messages["long-header"] = HEADER % (b"long", b"long") + b"X-Long: " + b"y" * 990 + b"\n\nbody\n"
    messages["doubled"] = HEADER % (b"doubled", b"doubled") + b"Received: from x by y; now\nX-A: 1\nX-A: 1\n\nbody\n"
    return messages


def write_corpus(folder, messages):
    """As files with LF and with CR LF, an mbox, and a Maildir: each message in one of them, or more."""
    folder.mkdir()
    for number, (name, text) in enumerate(sorted(messages.items())):
        if number % 2 == 0:
            (folder / f"{name}.eml").write_bytes(text)
        else:
            (folder / f"{name}.eml").write_bytes(text.replace(b"\n", b"\r\n"))
    box = mailbox.mbox(folder / "box.mbox")
    boxed = {name: text for name, text in messages.items() if text.endswith(b"\n")}  # it adds one to others
    for text in boxed.values():
        box.add(text)
    box.close()
    maildir = mailbox.Maildir(folder / "maildir")
    for name in ("dots", "eight-bit", "from-lines", "longest-lines", "no-last-newline"):
        maildir.add(messages[name])
    maildir.close()


def lines_ended(text):
    return text if text.endswith(b"\n") else text + b"\n"


def addresses(envelope):
    """The sender and the recipients of an envelope in a dump, without the parameters that a server adds
    or leaves out. Either server has an order of its own for recipients, and takes who comes twice once."""
    sender, *recipients = (re.match(rb"X-\w+-Args: (<[^>]*>)", line)[1] for line in envelope)
    return sender, frozenset(recipients)


class Through:
    """What both servers must keep to. A class for each says how it is started so that all goes to the
    sink (`start`), and how it is made to deliver what it took (`deliver`)."""

    NAME = ""  # in the Received line that it adds

    def write(self, name, text):
        path = self.scratch / name
        path.write_text(text)
        return path

    def dumped(self, programs, through, *arguments, messages):
        """What comes to the sink, by what was asked of the source: straight to it, or through the server."""
        folder = self.scratch / f"dumps-{random.getrandbits(64):x}"
        folder.mkdir(mode=0o777)
        with programs.sink("-c", "-d", folder / "%M.") as sink:
            server = self.start(sink.endpoint) if through else sink.endpoint
            done = programs.source(server, "-M", "client.example", "-d", "-s", "8", "-m", messages, *arguments,
                                   timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            if through:
                self.deliver(server)
            rig.wait_for(lambda: sink.counters().get("mesg", 0) >= messages, "all messages", 120)
        found = messages_in(folder)
        self.assertEqual(found.total(), messages)
        return found

    def without_trace(self, content):
        """Without the one line of the server's own, at the top."""
        field = re.match(rb"Received: [^\n]*(?:\n[ \t][^\n]*)*\n", content)
        self.assertIsNotNone(field, content)
        self.assertIn(self.NAME, field[0])
        return content[field.end():]

    def arrived(self, programs, *arguments, messages):
        found = collections.Counter()
        for (envelope, content), number in self.dumped(programs, True, *arguments, messages=messages).items():
            found[addresses(envelope), self.without_trace(content)] += number
        return found

    def sent(self, programs, *arguments, messages):
        found = collections.Counter()
        for (envelope, content), number in self.dumped(programs, False, *arguments, messages=messages).items():
            found[addresses(envelope), content] += number
        return found

    def check_same(self, sent, arrived):
        """Both are of (envelope, content); said in few words where they differ."""
        missing, more = sent - arrived, arrived - sent
        self.assertEqual((missing.total(), more.total()), (0, 0),
                         f"sent and not arrived so: {next(iter(missing), '')}; arrived: {next(iter(more), '')}")

    def check_corpus(self, programs, messages):
        """Every message of it is sent, is what its file has, and arrives as it was sent."""
        texts = corpus_messages()
        folder = self.scratch / "corpus"
        write_corpus(folder, texts)
        path = self.write("kept.toml", f"seed = 7\n[senders]\naddresses = 's{{1-50}}@a.test'\n[recipients]\n"
                        f"addresses = 'r{{1-50}}@b.test'\ncount = {{ 1 = 3, '2-4' = 1 }}\n"
                        f"[[message]]\nname = 'kept'\ncorpus = '{folder}'\nas = 'is'\n")
        arguments = ("--scenario", path, "--body", "8BITMIME")
        messages *= 4 if rig.LONG else 1
        sent = self.sent(programs, *arguments, messages=messages)
        self.assertEqual({content for _, content in sent}, set(map(lines_ended, texts.values())))
        arrived = self.arrived(programs, *arguments, messages=messages)
        self.check_same(sent, arrived)

    def check_mix(self, programs):
        """Three kinds, generated and signed; each arrives once, and its signature is still right."""
        key, record = dkim_test.private_key(self.scratch, "s1", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024")
        kind = f"dkim = {{ domain = 'a.test', selector = 's1', key = '{key}' }}\n"
        path = self.write("mix.toml", "[senders]\naddresses = 's{1-500}@a.test'\nnull = '5%'\n[recipients]\n"
                        "domains = { 'big.test' = 3, 'small{1-9}.test' = 1 }\nlocal = 'r{1-1000}'\n"
                        "count = { 1 = 8, '2-5' = 2 }\n"
                        "[[message]]\nname = 'words'\nweight = 2\nsize = 'lognormal 2K 1.0'\n" + kind +
                        "[[message]]\nname = 'page'\nsize = '4K-8K'\nbody = 'html'\n" + kind +
                        "[[message]]\nname = 'file'\nsize = '6K-40K'\nbody = 'attachment'\n" + kind)
        messages = 300
        arguments = ("--scenario", path, "--pipelining", "--seed", 5)  # with the same Message-IDs each time
        # Date and signature are those of the run.
        run = re.compile(rb"\A((?:.*\n)*?)Date: [^\n]*\n", re.MULTILINE)

        def undated(found):
            kept = collections.Counter()
            for (envelope, content), number in found.items():
                unsigned = re.sub(rb"\ADKIM-Signature: [^\n]*\n(?:[ \t][^\n]*\n)*", b"", content)
                self.assertNotEqual(unsigned, content)
                kept[envelope, run.sub(rb"\1", unsigned)] += number
            return kept

        arrived = self.arrived(programs, *arguments, messages=messages)
        self.check_same(undated(self.sent(programs, *arguments, messages=messages)), undated(arrived))
        self.assertEqual(len(arrived), messages)  # no Message-ID comes twice
        for _, content in arrived:
            self.assertTrue(dkim.verify(content.replace(b"\n", b"\r\n"), dnsfunc=lambda name, timeout=5: record),
                            content)

    def check_changes(self, programs, changes):
        """What the server makes of odd messages: of each file's text what arrives, with all that it makes
        up as it goes said as "now"."""
        folder = self.scratch / "odd"
        folder.mkdir()
        for number, text in enumerate(changes):
            (folder / f"{number}.eml").write_bytes(text)
        path = self.write("odd.toml", f"seed = 3\n[[message]]\nname = 'odd'\ncorpus = '{folder}'\nas = 'is'\n")
        found = self.arrived(programs, "--scenario", path, "-f", "s@a.test", "-t", "r@b.test",
                             messages=20 * len(changes))
        made_up = re.compile(rb"<\d+\.\w+@relay\.example>|(?<=Date: )[^\n]* \(UTC\)(?=\n)")
        self.assertEqual({made_up.sub(b"now", content) for _, content in found}, set(changes.values()))


# A header section of its own, and files that have something odd.
HEAD = HEADER % (b"odd", b"odd")
TRACE = b"Return-Path: <x@a.test>\nEnvelope-To: x@a.test\nDelivery-Date: yesterday\n"
UNDATED = b"From: a@a.test\nMessage-ID: <undated@a.test>\n\ntext\n"
BARE = b"Subject: bare\n\ntext\n"
SHORT_NAMES = b"From: ann\nTo: Bob <bob>, (c) b@b.test\n" + HEAD[HEAD.index(b"Date"):] + b"\ntext\n"
BLIND = HEAD + b"Bcc: c@a.test\nContent-Length: 5\nX-Last: 1\n\ntext\n"
TRACED = HEAD + TRACE + b"X-Last: 1\n\ntext\n"
NO_BODY = HEAD
NO_COLON = HEAD + b"this is no field\nX-A: b\n\ntext\n"
NO_HEADER = b"text without a header\n\ntext\n"
EMPTY_HEADER = b"\ntext\n"
LONG = HEAD + b"X-Long: " + b"y" * 1_500 + b"\n\n" + b"z" * 2_500 + b"\n.\n"


class Postfix(interop_test.Postfix, Through):
    NAME = b"by relay.example (Postfix)"
    # What it inherits is tested where it is written.
    test_every_message_arrives_byte_for_byte = None
    test_lmtp_sink_takes_what_postfix_delivers = None

    def start(self, sink):
        self.server = self.start_postfix(sink)
        return self.server

    def deliver(self, _):
        """It does so by itself."""

    def test_corpora_come_out_as_they_went_in(self):
        self.check_corpus(rig.ours("uring", "--threads", 2), 800)

    def test_what_it_changes_it_may(self):
        """It completes what a client of its own network sends (local_header_rewrite_clients), leaves out
        message_drop_headers, and breaks lines that no client may send (smtp_line_length_limit)."""
        new = b"Message-Id: now\nDate: now\nFrom: s@a.test\n"
        self.check_changes(rig.ours("uring"), {
            UNDATED: UNDATED.replace(b"\n\n", b"\nDate: now\n\n"),
            BARE: BARE.replace(b"\n\n", b"\n" + new + b"\n"),
            SHORT_NAMES: SHORT_NAMES.replace(b"ann", b"ann@relay.example").replace(
                b"<bob>, (c) b@b.test", b"<bob@relay.example>, b@b.test (c)"),
            BLIND: BLIND.replace(b"Bcc: c@a.test\nContent-Length: 5\n", b""),
            TRACED: TRACED.replace(b"Return-Path: <x@a.test>\n", b""),
            NO_BODY: NO_BODY,
            NO_COLON: NO_COLON.replace(b"this", b"\nthis"),
            NO_HEADER: new + b"\n" + NO_HEADER,
            EMPTY_HEADER: new + EMPTY_HEADER,
            LONG: HEAD + b"X-Long: " + b"y" * 990 + b"\n " + b"y" * 510 + b"\n\n" +
                  b"z" * 998 + b"\n " + b"z" * 997 + b"\n " + b"z" * 505 + b"\n.\n"})

    def test_a_signed_mix_comes_out_signed(self):
        self.check_mix(rig.ours("epoll", "--threads", 2))


class Exim(interop_test.Exim, Through):
    NAME = b"by exim.example with"
    test_takes_what_the_source_sends = None

    def start(self, sink):
        server, self.spool = self.start_exim(*interop_test.exim_route_to(rig.port_of(sink)))
        return server

    def deliver(self, server):
        """It keeps all until it is told to deliver."""
        port = rig.port_of(server)
        done = in_root("/opt/exim/usr/sbin/exim4", "-C", f"/etc/exim-{port}.conf", "-qf", timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(list((self.spool / "input").rglob("*-D")), [])

    def test_corpora_come_out_as_they_went_in(self):
        self.check_corpus(rig.ours("epoll", "--threads", 2), 500)

    def test_what_it_changes_it_may(self):
        """It leaves out what the last server adds (return_path_remove and the like), and ends a header
        section that has no end."""
        self.check_changes(rig.ours("epoll"), {
            UNDATED: UNDATED, BARE: BARE, SHORT_NAMES: SHORT_NAMES, BLIND: BLIND, EMPTY_HEADER: EMPTY_HEADER,
            TRACED: TRACED.replace(TRACE, b""),
            NO_BODY: NO_BODY + b"\n",
            NO_COLON: NO_COLON.replace(b"this", b"\nthis"),
            NO_HEADER: b"\n" + NO_HEADER})

    def test_a_signed_mix_comes_out_signed(self):
        self.check_mix(rig.ours("uring", "--threads", 2))


if __name__ == "__main__":
    unittest.main()
