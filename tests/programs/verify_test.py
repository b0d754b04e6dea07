"""What a sink finds of stamped messages, and that what it acknowledged is in its journal."""

import collections
import contextlib
import errno
import json
import os
import random
import resource
import select
import signal
import socket
import subprocess
import threading

import journals
import measuring
import readers
import rig
from support import watched_calls

STAMP = 354  # bytes
KEY, OTHER_KEY = "0011" * 8, "2233" * 8
CONTENT = b"From: a@b\r\nSubject: x\r\n\r\n.one\r\n..\r\ntwo and a half\r\n"

SAME, ADDED, REFOLDED, BLANKS, ENCODED, FOOTER, HEADERS, TRUNCATED, BODY, UNSTAMPED, MALFORMED, FORGED = range(12)
UNKNOWN = 65535

OK = b"250 2.0.0 Ok\r\n"


def dotted(content):
    return (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:] + b".\r\n"


def report(original, action=b"failed"):
    """In the form of Postfix's."""
    return (b"Subject: Undelivered Mail Returned to Sender\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"b/mx\"\r\n\r\n"
            b"--b/mx\r\nContent-Type: text/plain\r\n\r\nI'm sorry.\r\n\r\n"
            b"--b/mx\r\nContent-Type: message/delivery-status\r\n\r\n"
            b"Reporting-MTA: dns; mx\r\n\r\n"
            b"Final-Recipient: rfc822; ann-8-1@b.example\r\nAction: " + action + b"\r\nStatus: 5.1.1\r\n\r\n"
            b"--b/mx\r\nContent-Type: message/rfc822\r\n\r\n" + original + b"\r\n--b/mx--\r\n")


class TestCase(rig.TestCase):
    def setUp(self):
        super().setUp()
        self.keys = {}
        for name, digits in (("ours", KEY), ("other", OTHER_KEY)):
            self.keys[name] = self.scratch / name
            self.keys[name].write_text(digits + "\n")
        self.journals = 0

    def journal(self):
        self.journals += 1
        return self.scratch / f"{self.journals}.proof"

    def stamps(self, first=0, count=1, content=CONTENT, key="ours", run=1):
        done = rig.run([journals.TOOL, "stamps", self.keys[key], run, first, count], input=content)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [done.stdout[at:at + STAMP] for at in range(0, len(done.stdout), STAMP)]

    def stamped(self, number, content=CONTENT, **options):
        return self.stamps(number, content=content, **options)[0] + content

    def send(self, client, content, sender=b"a@b", recipients=(b"c@d",), chunks=0):
        for line in [b"MAIL FROM:<%s>" % sender, *[b"RCPT TO:<%s>" % one for one in recipients]]:
            client.talk(line + b"\r\n", b"Ok\r\n")
        if not chunks:
            client.talk(b"DATA\r\n", b"<LF>\r\n")
            return client.talk(dotted(content), b"\r\n")
        while len(content) > chunks:
            client.talk(b"BDAT %d\r\n" % chunks + content[:chunks], b"Ok\r\n")
            content = content[chunks:]
        return client.talk(b"BDAT %d LAST\r\n" % len(content) + content, b"\r\n")


class Verdicts(TestCase):
    def cases(self):
        good = self.stamped(1)
        return [
            (good, SAME),
            (b"Received: by x\r\nX-A: b\r\n" + good, ADDED),
            (good.replace(b"Subject: x", b"SUBJECT:\r\n x"), REFOLDED),
            (good.replace(b"half", b"half  "), BLANKS),
            (good.replace(b"Subject: x", b"Content-Transfer-Encoding: quoted-printable\r\nSubject: x")
             .replace(b"two and", b"two =61nd"), ENCODED),
            (good + b"-- \r\nan advertisement\r\n", FOOTER),
            (good.replace(b"Subject: x", b"Subject: y"), HEADERS),
            (good[:-16], TRUNCATED),
            (good.replace(b"half", b"calf"), BODY),
            (CONTENT, UNSTAMPED),
            (good.replace(b"v:1;", b"v:2;", 1), MALFORMED),
            (self.stamped(1, key="other"), FORGED),
            (CONTENT + self.stamps(1)[0], SAME),  # in the body alone
        ]

    @rig.on_every_engine(thread_counts=(1, 3))
    def test_each_change_has_its_verdict(self, programs):
        journal, summary = self.journal(), self.scratch / "run.json"
        cases = self.cases()
        with programs.sink("--verify", journal, "--stamp-key", self.keys["ours"], "--offer", "CHUNKING",
                           "--json", summary) as sink:
            for chunks in 0, 7, 10_000:
                with sink.connect() as client:
                    client.read_until(b"ESMTP\r\n")
                    for content, verdict in cases:
                        reply = self.send(client, content, chunks=chunks)
                        self.assertEqual(reply, b"250 2.0.0 Ok\r\n")
        records = journals.read_taken(journal)
        self.assertEqual([record.verdict for record in records], 3 * [verdict for _, verdict in cases])
        for record in records:
            stamped = record.verdict < UNSTAMPED
            self.assertEqual(record[:2] + record[4:5], (1, UNKNOWN, 1) if stamped else (0, UNKNOWN, 0))
        readers.validate(measuring.SCHEMA, summary)
        found = json.loads(summary.read_text())["verify"]
        self.assertEqual(found["seen"], 3 * len(cases))
        self.assertEqual(found["altered"], 3 * 4)
        self.assertEqual((found["unstamped"], found["malformed"], found["forged"]), (3, 3, 3))
        self.assertEqual(found["duplicated"], 3 * 10 - 1)
        self.assertTrue(found["checked"])
        self.assertEqual((found["from_due"]["count"], found["from_sent"]["count"]), (3 * 10, 3 * 10))
        # The tool's messages were due ten seconds before they were sent; a histogram has three digits.
        difference = found["from_due"]["mean_us"] - found["from_sent"]["mean_us"]
        self.assertAlmostEqual(difference / 1e6, 10, delta=0.1)
        self.assertIn(b"verify: 39 seen, 29 duplicated, 12 altered", sink.err)

    @rig.on_every_engine()
    def test_without_a_key_stamps_are_believed_and_said_to_be_unchecked(self, programs):
        journal = self.journal()
        with programs.sink("--verify", journal) as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            self.send(client, self.stamped(1, key="other"))
            self.send(client, self.stamped(1, run=2))
        records = journals.read_taken(journal)
        self.assertEqual([(one.verdict, one.run) for one in records], [(SAME, 1), (SAME, 2)])
        self.assertIn(b"unchecked", sink.err)

    @rig.on_every_engine()
    def test_bounces_tell_of_their_message(self, programs):
        journal = self.journal()
        with programs.sink("--verify", journal, "--stamp-key", self.keys["ours"]) as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.send(client, report(self.stamped(8)), sender=b"")
                self.send(client, report(self.stamped(8), b"delayed"), sender=b"")
                self.send(client, report(self.stamped(8, key="other")), sender=b"")
        records = journals.read_taken(journal)
        self.assertEqual([one[:5] for one in records],
                         [(8, 1, SAME, 1, 1), (0, UNKNOWN, UNSTAMPED, 0, 0)])
        self.assertIn(b"3 seen, 0 duplicated, 0 altered, 1 bounced, 1 unstamped", sink.err)

    @rig.on_every_engine()
    def test_each_recipient_of_lmtp_is_on_record_before_its_reply(self, programs):
        journal = self.journal()
        rules = self.scratch / "rules.toml"
        rules.write_text("[[rule]]\nname = 'no'\nmatch = { command = '.', recipient = '/^no/' }\n"
                         "act = { reply = '550 5.1.1 No' }\n")
        recipients = [b"x-5-0@d", b"no-5-1@d", b"x-5-2@d", b"x-6-3@d"]
        with programs.sink("--lmtp", "--verify", journal, "--rules", rules) as sink:
            with sink.connect() as client:
                client.read_until(b"\r\n")
                for one in [b"MAIL FROM:<a@b>", *[b"RCPT TO:<%s>" % one for one in recipients]]:
                    client.talk(one + b"\r\n", b"Ok\r\n")
                client.talk(b"DATA\r\n", b"<LF>\r\n")
                client.send(dotted(self.stamped(5)))
                replies = b""
                while replies.count(b"\r\n") < 4:
                    replies += client.read_until(b"\r\n")
                self.assertEqual([line[:3] for line in replies.splitlines()], [b"250", b"550", b"250", b"250"])
                self.assertEqual([one.recipient for one in journals.read_taken(journal, "broke off")], [0, 2, UNKNOWN])

    @rig.on_every_engine()
    def test_a_client_that_has_ended_its_side_is_answered(self, programs):
        with programs.sink("--verify", self.journal()) as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"MAIL FROM:<a@b>\r\n", b"Ok\r\n")
            client.talk(b"RCPT TO:<c@d>\r\n", b"Ok\r\n")
            client.talk(b"DATA\r\n", b"<LF>\r\n")
            client.send(dotted(self.stamped(1)))
            client.socket.shutdown(socket.SHUT_WR)
            self.assertEqual(client.read_to_end(), b"250 2.0.0 Ok\r\n")

    @rig.on_every_engine(thread_counts=(1, 2))
    def test_replies_come_behind_the_record_under_tls_and_behind_a_pause_too(self, programs):
        journal = self.journal()
        with programs.sink("--tls", "--verify", journal, "-W", ".:0.1") as sink, sink.connect() as client:
            client.start_tls()
            client.read_until(b"ESMTP\r\n")
            for number in 1, 2:
                self.assertEqual(self.send(client, self.stamped(number)), b"250 2.0.0 Ok\r\n")
                self.assertEqual([one.message for one in journals.read_taken(journal, "broke off")], [1, 2][:number])

    @rig.on_every_engine(thread_counts=(1, 2))
    def test_what_comes_behind_a_message_waits_for_its_record(self, programs):
        journal = self.journal()
        with programs.sink("--verify", journal, "--offer", "CHUNKING") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            text = self.stamped(1)
            whole = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT %d LAST\r\n" % len(text) + text
            client.send(300 * whole + b"QUIT\r\n")
            self.assertEqual(client.read_to_end().count(b"250 2.0.0"), 300)
        records = journals.read_taken(journal)
        self.assertEqual(len(records), 300)


class Refusals(TestCase):
    @rig.on_every_engine(thread_counts=(1, 3))
    def test_without_room_messages_are_refused_and_taken_again_with_it(self, programs):
        journal = self.journal()
        with programs.sink("--verify", journal) as sink:
            before = resource.prlimit(sink.pid, resource.RLIMIT_FSIZE)
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.assertEqual(self.send(client, self.stamped(1))[:3], b"250")
                size = journal.stat().st_size
                resource.prlimit(sink.pid, resource.RLIMIT_FSIZE, (size + 20, before[1]))
                for number in 2, 3:
                    self.assertEqual(self.send(client, self.stamped(number))[:9], b"452 4.3.1")
                self.assertEqual(journal.stat().st_size, size)
                resource.prlimit(sink.pid, resource.RLIMIT_FSIZE, before)
                self.assertEqual(self.send(client, self.stamped(4))[:3], b"250")
        self.assertEqual([one.message for one in journals.read_taken(journal)], [1, 4])
        self.assertEqual(sink.err.count(b"messages are refused with 452"), 1)
        self.assertIn(b"2 not recorded", sink.err)

    @rig.on_every_engine()
    def test_a_sink_whose_journal_cannot_be_ended_fails(self, programs):
        journal = self.journal()
        with programs.sink("--verify", journal, statuses=(1,)) as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.assertEqual(self.send(client, self.stamped(1))[:3], b"250")
            size = journal.stat().st_size
            resource.prlimit(sink.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
            self.assertEqual(sink.end(), 1)
        self.assertIn(b"is not ended in order", sink.err)
        journals.read_taken(journal, "broke off")

    @rig.on_every_engine()
    def test_what_has_no_room_in_the_journal_is_in_no_store(self, programs):
        journal = self.journal()
        new = self.scratch / f"maildir{self.journals}/new"
        with programs.sink("--verify", journal, "--store", f"maildir:{new.parent}") as sink, \
                sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            before = resource.prlimit(sink.pid, resource.RLIMIT_FSIZE)
            many = [b"c%d@d" % number for number in range(500)]  # records for more bytes than a message
            self.assertEqual(self.send(client, self.stamped(1), recipients=many)[:3], b"250")
            kept = os.listdir(new)
            resource.prlimit(sink.pid, resource.RLIMIT_FSIZE, (journal.stat().st_size + 20, before[1]))
            self.assertEqual(self.send(client, self.stamped(2))[:9], b"452 4.3.1")
            self.assertEqual((os.listdir(new), os.listdir(new.parent / "tmp")), (kept, []))
            resource.prlimit(sink.pid, resource.RLIMIT_FSIZE, before)
            self.assertEqual(self.send(client, self.stamped(3))[:3], b"250")
            self.assertEqual(len(os.listdir(new)), 2)
        self.assertEqual({one.message for one in journals.read_taken(journal)}, {1, 3})

    @rig.on_every_engine()
    def test_nothing_is_on_record_that_no_store_takes(self, programs):
        journal = self.journal()
        with programs.sink("--verify", journal, "--store", "jsonl:/dev/full") as sink, \
                contextlib.ExitStack() as ends:
            # More records than a block of the journal has room for: of one message, and of a turn.
            for sizes in [5_000], [1_800, 1_800, 1_800, 1]:
                clients = [ends.enter_context(sink.connect()) for _ in sizes]
                for client, size in zip(clients, sizes):
                    client.read_until(b"ESMTP\r\n")
                    client.talk(b"MAIL FROM:<a@b>\r\n", b"Ok\r\n")
                    client.send(b"".join(b"RCPT TO:<c%d@d>\r\n" % one for one in range(size)) + b"DATA\r\n")
                    client.read_until(b"<LF>\r\n")
                os.kill(sink.pid, signal.SIGSTOP)  # they come at once
                for client in clients:
                    client.send(b"x\r\n.\r\n")
                os.kill(sink.pid, signal.SIGCONT)
                for client in clients:
                    self.assertEqual(client.read_until(b"\r\n")[:9], b"452 4.3.1")
        self.assertEqual(journals.read_taken(journal), [])

    # Of one message, and of several that come at once.
    @rig.on_every_engine()
    def test_nothing_is_on_record_that_gets_no_name_in_its_folder(self, programs):
        def replies(numbers):
            texts = [dotted(self.stamped(number)) for number in numbers]
            for client in clients[:len(numbers)]:
                client.talk(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"<LF>\r\n")
            os.kill(sink.pid, signal.SIGSTOP)
            for client, text in zip(clients, texts):
                client.send(text)
            os.kill(sink.pid, signal.SIGCONT)
            return [client.read_until(b"\r\n")[:9] for client in clients[:len(numbers)]]

        journal = self.journal()
        new, lines = self.scratch / f"maildir{self.journals}/new", self.scratch / f"lines{self.journals}"
        away = new.with_name("away")
        with programs.sink("--verify", journal, "--store", f"maildir:{new.parent}", "--store", f"jsonl:{lines}") as sink, \
                contextlib.ExitStack() as ends:
            clients = [ends.enter_context(sink.connect()) for _ in range(3)]
            for client in clients:
                client.read_until(b"ESMTP\r\n")
            for numbers in [1], [2, 3, 4]:
                new.rename(away)
                self.assertEqual(set(replies(numbers)), {b"452 4.3.1"})
                away.rename(new)
                self.assertEqual(set(replies(numbers)), {b"250 2.0.0"})
            self.assertEqual((len(os.listdir(new)), os.listdir(new.parent / "tmp")), (4, []))
        self.assertEqual(sorted(one.message for one in journals.read_taken(journal)), [1, 2, 3, 4])
        self.assertEqual(lines.read_bytes().count(b"\n"), 4)
        self.assertIn(b"verify: 4 seen, 0 duplicated", sink.err)
        self.assertIn(b", 4 not recorded", sink.err)

    @rig.on_every_engine()
    def test_reports_are_answered_as_the_stores_have_them(self, programs):
        journal = self.journal()
        lines = self.scratch / f"lines{self.journals}"
        with programs.sink("--verify", journal, "--store", f"jsonl:{lines}") as sink, \
                sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            delayed = report(self.stamped(8), b"delayed")
            for content in delayed, self.stamped(1), delayed:
                self.assertEqual(self.send(client, content, sender=b"")[:3], b"250")
        self.assertEqual(lines.read_bytes().count(b"\n"), 3)
        lines.unlink()
        lines.symlink_to("/dev/full")
        with programs.sink("--verify", self.journal(), "--store", f"jsonl:{lines}") as sink, \
                sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            self.assertEqual(self.send(client, delayed, sender=b"")[:3], b"452")

    WAYS = {"in chunks": (["--offer", "CHUNKING"], 7), "under TLS": (["--tls"], 0),
            "in chunks under TLS": (["--tls", "--offer", "CHUNKING"], 7), "by LMTP": (["--lmtp"], 0),
            "by LMTP in chunks": (["--lmtp", "--offer", "CHUNKING"], 7)}

    @rig.on_every_engine()
    def test_without_room_they_are_refused_however_they_come(self, programs):
        for way, (options, chunks) in self.WAYS.items():
            with self.subTest(way=way):
                self.check_refusal(programs, options, chunks)

    def check_refusal(self, programs, options, chunks):
        recipients = [b"c@d", b"e@f"] if "--lmtp" in options else [b"c@d"]

        def replies(number):
            text = self.send(client, self.stamped(number), recipients=recipients, chunks=chunks)
            while text.count(b"\r\n") < len(recipients):
                text += client.read_until(b"\r\n")
            return {line[:3] for line in text.splitlines()}

        journal = self.journal()
        with programs.sink("--verify", journal, *options) as sink, sink.connect() as client:
            if "--tls" in options:
                client.start_tls()
            client.read_until(b"\r\n")
            before = resource.prlimit(sink.pid, resource.RLIMIT_FSIZE)
            self.assertEqual(replies(1), {b"250"})
            size = journal.stat().st_size
            resource.prlimit(sink.pid, resource.RLIMIT_FSIZE, (size + 20, before[1]))
            self.assertEqual(replies(2), {b"452"})
            self.assertEqual(journal.stat().st_size, size)
            resource.prlimit(sink.pid, resource.RLIMIT_FSIZE, before)
            self.assertEqual(replies(3), {b"250"})
        self.assertEqual([one.message for one in journals.read_taken(journal)], sorted(2 * [1, 3]) if "--lmtp" in options else [1, 3])

    @rig.on_every_engine()
    def test_what_is_to_be_on_the_disk_is_there_before_the_reply(self, programs):
        rig.need(watched_calls.MACHINE, "numbers of system calls of this machine")
        error, answered_before = 0, []

        def decide():
            if client:
                answered_before.append(bool(select.select([client.socket], [], [], 0)[0]))
            return error

        for options in ["--journal-sync"], []:
            client, error = None, 0
            answered_before.clear()
            watched = watched_calls.WatchedSync(decide)
            statuses = (1,) if options else (0,)  # the end of the journal is to be on the disk, too
            with programs.sink("--verify", self.journal(), *options, statuses=statuses,
                               preexec_fn=watched.prepare) as sink:
                with sink.connect() as client:
                    client.read_until(b"ESMTP\r\n")
                    self.send(client, self.stamped(1))
                    for number in 2, 3:
                        self.assertEqual(self.send(client, self.stamped(number))[:3], b"250")
                    self.assertEqual(len(answered_before) >= 3, bool(options))
                    error = errno.EIO
                    for number in 4, 5:
                        expected = b"452" if options else b"250"
                        self.assertEqual(self.send(client, self.stamped(number))[:3], expected)
                    self.assertEqual(any(answered_before), False)
                    client = None
            watched.close()

    def test_journals_are_not_written_over_and_options_need_each_other(self):
        programs = rig.ours("epoll")
        there = self.scratch / "there"
        there.write_text("something")
        for options, words in ((("--verify", there), b"never written over"),
                               (("--verify", self.scratch), b"Is a directory"),
                               (("--stamp-key", self.keys["ours"]), b"--stamp-key needs --verify"),
                               (("--journal-sync",), b"--journal-sync needs --verify")):
            done = programs.run("smtp-sink", *options, "127.0.0.1:0", 10)
            self.assertEqual(done.returncode, 1)
            self.assertIn(words, done.stderr)
            self.assertEqual(done.stderr.count(b"fatal:"), 1, done.stderr)


class Kills(TestCase):
    CLIENTS, EACH = 6, 4000

    def load(self, endpoint, stamps, acknowledged):
        """Clients that send one message after the other until their server is gone."""
        def send(client_number):
            try:
                with rig.Client(endpoint) as client:
                    client.read_until(b"ESMTP\r\n")
                    for number in range(client_number, len(stamps), self.CLIENTS):
                        client.talk(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"<LF>\r\n")
                        if client.talk(stamps[number] + dotted(CONTENT), b"\r\n").startswith(b"250 "):
                            acknowledged.append(number)
            except (OSError, AssertionError):
                pass  # the server has gone, and so do we

        threads = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(self.CLIENTS)]
        for thread in threads:
            thread.start()
        return threads

    def check_kills(self, programs, sign, *options, again=()):
        chance = random.Random(f"{programs.name}{sign}")
        stamps = self.stamps(0, self.CLIENTS * self.EACH)
        for _ in range(25 if rig.LONG else 1):
            journal, acknowledged = self.journal(), []
            wanted = chance.randrange(20, 400)
            status = 0 if sign == signal.SIGTERM else -sign
            with programs.sink("--verify", journal, *options, statuses=(status,)) as sink:
                threads = self.load(sink.endpoint, stamps, acknowledged)
                rig.wait_for(lambda: len(acknowledged) >= wanted, "some messages to be acknowledged")
                for each in (sign, *again):
                    os.kill(sink.pid, each)
                for thread in threads:
                    thread.join(rig.PATIENCE)
                sink.wait(rig.PATIENCE)
            records = journals.read_taken(journal, "closed" if sign == signal.SIGTERM else "broke off")
            on_record = collections.Counter(one.message for one in records)
            self.assertEqual({number for number in acknowledged if on_record[number] != 1}, set())
            # Of what no client was told there is one message a client at most.
            self.assertLessEqual(len(records) - len(acknowledged), self.CLIENTS)

    @rig.on_every_engine(thread_counts=(1, 2))
    def test_what_was_acknowledged_is_on_record_when_the_sink_is_killed(self, programs):
        self.check_kills(programs, signal.SIGKILL)

    @rig.on_every_engine()
    def test_what_was_acknowledged_is_on_record_when_the_sink_ends(self, programs):
        self.check_kills(programs, signal.SIGTERM, "--journal-sync")

    @rig.on_every_engine()
    def test_what_is_on_record_when_the_sink_ends_was_acknowledged(self, programs):
        """By a client that sends message behind message, with many of them unanswered."""
        journal = self.journal()
        transaction = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" + dotted(CONTENT)
        replies = b""
        with programs.sink("--verify", journal) as sink, rig.connect(sink.endpoint) as client:
            client.sendall(b"HELO x\r\n" + 500 * transaction)  # the sink reads it in one go
            while replies.count(OK) < 20:
                replies += client.recv(4_096)
            os.kill(sink.pid, signal.SIGTERM)
            while more := client.recv(65_536):
                replies += more
            sink.wait(rig.PATIENCE)
        self.assertEqual(len(journals.read_taken(journal)), replies.count(OK))

    @rig.on_every_engine(thread_counts=(1, 2))
    def test_what_was_acknowledged_is_on_record_when_two_signals_come(self, programs):
        report = self.scratch / "run.json"
        self.check_kills(programs, signal.SIGTERM, "--json", report, again=[signal.SIGINT])
        self.assertEqual(json.loads(report.read_text())["verify"]["unrecorded"], 0)

    # Messages stand behind each other: there are always some that wait for their record.
    @rig.on_every_engine(thread_counts=(1, 2))
    def test_what_is_on_record_is_counted_when_two_signals_come(self, programs):
        def send(endpoint, stamps, ended):
            with contextlib.suppress(OSError), rig.Client(endpoint) as client:
                for stamp in stamps:  # and reads no reply
                    client.send(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n" + stamp + dotted(CONTENT))
                ended.wait(rig.PATIENCE)  # to leave would take back what the sink has not read

        stamps = self.stamps(0, self.CLIENTS * self.EACH)
        for moment in (0, 0.15):  # those that come together are one
            journal, report, ended = self.journal(), self.scratch / "run.json", threading.Event()
            with programs.sink("--verify", journal, "--json", report) as sink:
                threads = [threading.Thread(target=send, args=(sink.endpoint, stamps[number::self.CLIENTS], ended),
                                            daemon=True) for number in range(self.CLIENTS)]
                for thread in threads:
                    thread.start()
                rig.wait_for(lambda: journal.exists() and journal.stat().st_size > 2_000, "some messages to be on record")
                sink.send_signal(signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    sink.wait(moment)
                sink.send_signal(signal.SIGINT)
                self.assertEqual(sink.wait(), 0)
                ended.set()
                for thread in threads:
                    thread.join(rig.PATIENCE)
            records = journals.read_taken(journal)
            self.assertEqual(json.loads(report.read_text())["verify"]["seen"], len(records))
