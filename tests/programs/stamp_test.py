"""Stamps (--stamp): each content that arrives says what was sent, however it went out; and the journal
says what became of each message for each recipient."""

import collections
import json
import os
import re
import signal
import subprocess
import threading
import time
import unittest

import dkim

import journals
import playing
import rig
import scenarios

STAMP_SIZE = 354

SIGNED = """
[[message]]
name = "signed"
size = "1K-9K"
dkim = { domain = "a.test", selector = "s1", key = "key.pem" }
"""
FILE = "Subject: a file\n\n.a dot\n..\nX-Millrace-Stamp: not one\nlast without an end"
MULTIPART = ("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\nSubject: two\n\n--b\n"
             "Content-Transfer-Encoding: base64\n\nYWJj\n--b--\n")
ENCODED = "Subject: three\nContent-Transfer-Encoding: base64\n\nYWJj\n"
HEADER = "Subject: no body\r\n"
TEMPLATE = "Subject: Hello {{name}}\n\nDear {{name}},\n.\nbye\n"

Arrival = collections.namedtuple("Arrival", "finding run number due sent header body stamped "
                                 "recipients size content")


def read_content(content, key=None):
    done = rig.run([journals.TOOL, "content", *([key] if key else [])], input=content)
    return done.stdout.decode().split()


class StampCase(playing.RulesCase):
    def setUp(self):
        super().setUp()
        self.key = self.scratch / "key"
        self.key.write_text("0123456789abcdef" * 4 + "\n")

    def write(self, name, text):
        path = self.scratch / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def journal(self):
        """A new one."""
        self.journals = getattr(self, "journals", 0) + 1
        return self.scratch / f"sent{self.journals}.proof"

    def arrived(self, folder):
        """What the sink dumped there; all is gone afterwards."""
        found = []
        for path in sorted(folder.iterdir()):
            head, content = re.fullmatch(rb"(.*?)Received: [^\n]*\n\t[^\n]*\n\t[^\n]*\n(.*)",
                                         path.read_bytes(), re.DOTALL).groups()
            path.unlink()
            content = content.removesuffix(b"\n").replace(b"\n", b"\r\n")  # a dump ends in an empty line
            self.assertTrue(content.startswith(b"X-Millrace-Stamp: v:1; "), content[:400])
            finding, run, number, due, sent, header, body, stamped = read_content(content, self.key)
            recipients = re.findall(rb"(?m)^X-Rcpt-Args: <([^>]*)>", head)
            size = re.search(rb"(?m)^X-Mail-Args: .* SIZE=(\d+)", head)
            found.append(Arrival(finding, run, int(number), int(due), int(sent), header, body, stamped == "true",
                                 [one.decode() for one in recipients], int(size[1]) if size else None, content))
        return sorted(found)

    def sent(self, programs, *arguments, sink_arguments=(), status=0, rules=""):
        """What a run brings to the sink, the run and the records of its journal."""
        folder, journal = self.scratch / "dumps", self.journal()
        folder.mkdir(mode=0o777, exist_ok=True)
        folder.chmod(0o777)
        with self.ruled(programs, rules, "-d", folder / "%M.", *sink_arguments) as sink:
            done = programs.source(sink.endpoint, "--stamp", journal, "--stamp-key", self.key, *arguments)
            self.assertEqual(done.returncode, status, done.stderr)
        return (self.arrived(folder), *journals.read_sent(journal))

    def check_due(self, record, due):
        """A journal has how long a message waited exact up to half a second, and to 4 in a million beyond."""
        waited = record.sent - record.due
        self.assertAlmostEqual(record.due, due, delta=0 if waited < 2**19 else waited * 4e-6)

    def check(self, arrivals, run, records, messages, in_body=False):
        """All arrived, as they are said to have been sent, once a recipient."""
        self.assertEqual([one.number for one in arrivals], list(range(messages)))
        sent = {one.number: one for one in arrivals}
        for one in arrivals:
            self.assertEqual((one.finding, one.run, one.header, one.body), ("genuine", run, "same", "same"), one)
            self.assertEqual(one.stamped, in_body, one)
            self.assertLessEqual(one.due, one.sent)
        wanted = [(one.number, place) for one in arrivals for place in range(len(one.recipients))]
        self.assertEqual([(record.number, record.recipient) for record in records], wanted)
        for record in records:
            self.assertEqual((record.outcome, record.code, record.text), ("accepted", 250, ""))
            self.check_due(record, sent[record.number].due)
            self.assertLessEqual(sent[record.number].sent, record.sent)
            self.assertLessEqual(record.sent, record.acknowledged)
            address = sent[record.number].recipients[record.recipient]
            self.assertTrue(address.endswith("@" + record.domain), (address, record))


class Contents(StampCase):
    def setUp(self):
        super().setUp()
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024",
                        "-out", self.scratch / "key.pem"], check=True, capture_output=True)
        for name, text in (("1", FILE), ("2", MULTIPART)):
            self.write(f"corpus/{name}.eml", text)
        self.write("t.txt", TEMPLATE)
        self.write("t.csv", "name\nAnn\nBob\n")
        self.write("s.toml", scenarios.MIXED)
        self.contents = (
            ("-l", 3000), ("-l", 100_000, "-S", "x"), ("-F", self.write("file", FILE)), ("--size", "1K-9K"),
            ("--corpus", self.scratch / "corpus"), ("--scenario", self.scratch / "s.toml"),
            ("--template", self.scratch / "t.txt", "--fields", self.scratch / "t.csv"))

    @rig.on_every_engine((1, 2))
    def test_are_what_their_stamps_say(self, programs):
        for content in self.contents:
            self.check(*self.sent(programs, "-m", 9, "-s", 3, *content), 9)

    @rig.on_every_engine()
    def test_are_so_in_every_dialogue(self, programs):
        for content in self.contents:
            for dialogue, sink in (
                    (("-d", "--pipelining", "--pipeline-window", 4), ("--modern",)),
                    (("-d", "--chunking", "--chunk-size", 500), ("--modern",)),
                    (("-d", "--chunking", "--pipelining"), ("--modern",)),
                    (("-L", "--starttls"), ("-L", "--starttls"))):
                arrivals, run, records = self.sent(programs, "-m", 5, "-s", 2, *content, *dialogue,
                                                   sink_arguments=sink)
                self.check(arrivals, run, records, 5)
                for one in arrivals:
                    if one.size is not None:
                        self.assertEqual(one.size, len(one.content))

    @rig.on_every_engine()
    def test_have_the_stamp_in_the_body_too(self, programs):
        for content in self.contents:
            for dialogue in ((), ("--chunking", "--chunk-size", 99)):
                arrivals, run, records = self.sent(programs, "-m", 5, "--stamp-body", *content, *dialogue,
                                                   sink_arguments=("--modern",))
                self.check(arrivals, run, records, 5, in_body=True)
                for one in arrivals:
                    self.assertEqual(one.content[:STAMP_SIZE], one.content[-STAMP_SIZE:])
                    if one.size is not None:
                        self.assertEqual(one.size, len(one.content))

    @rig.on_every_engine()
    def test_without_lines_in_the_body_have_none_there(self, programs):
        for text in (ENCODED, HEADER):
            path = self.write("file", text)
            self.check(*self.sent(programs, "-m", 2, "-F", path, "--stamp-body"), 2)

    @rig.on_every_engine()
    def test_keep_their_signatures(self, programs):
        public = subprocess.run(["openssl", "pkey", "-in", self.scratch / "key.pem", "-pubout"], check=True,
                                capture_output=True, text=True).stdout
        dns = {b"s1._domainkey.a.test.": ("v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1])).encode()}
        path = self.write("signed.toml", SIGNED)
        arrivals, run, records = self.sent(programs, "-m", 5, "-f", "a@a.test", "--scenario", path)
        self.check(arrivals, run, records, 5)
        for one in arrivals:
            self.assertTrue(one.content[STAMP_SIZE:].startswith(b"DKIM-Signature:"))
            self.assertTrue(dkim.verify(one.content, dnsfunc=lambda name, timeout=5: dns[name]), one.content)
        done = programs.source("127.0.0.1:9", "--stamp", self.journal(), "--stamp-body", "--scenario", path)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"--stamp-body cannot be used: the scenario says dkim", done.stderr)

    def test_are_forged_for_who_has_another_key(self):
        arrivals, run, _ = self.sent(rig.ours("epoll"), "-m", 1)
        other = self.write("other", "f" * 64)
        (one,) = arrivals
        self.assertEqual(one.finding, "genuine")
        self.assertEqual(read_content(one.content, other)[0], "forged")
        self.assertEqual(read_content(one.content)[:2], ["unchecked", run])


class Journals(StampCase):
    CLOCKS = 0.1  # seconds that the clock may have been set meanwhile

    @rig.on_every_engine((1, 3))
    def test_name_each_recipient_by_its_address(self, programs):
        for form, pattern in (("tagged", r"\+m[0-9a-z]+"), ("numbered", r"-(\d+)-(\d+)")):
            arrivals, run, records = self.sent(programs, "-m", 20, "-s", 5, "-r", 3, "-t", "foo@d.test",
                                               "--stamp-recipients", form)
            self.check(arrivals, run, records, 20)
            addresses = [address for one in arrivals for address in one.recipients]
            self.assertEqual(len(set(addresses)), 60)
            for one in arrivals:
                for place, address in enumerate(one.recipients):
                    found = re.fullmatch(rf"\d?foo{pattern}@d\.test", address)
                    self.assertTrue(found, address)
                    if form == "numbered":
                        self.assertEqual(found.groups(), (str(one.number), str(place)))

    @rig.on_every_engine((1, 2))
    def test_have_a_record_for_each_attempt(self, programs):
        grey = """[[rule]]
name = "grey"
match = { command = "RCPT", recipient = "2foo@*" }
act = { greylist = "200ms", reply = "451 4.7.1 Come back later" }
[[rule]]
name = "unknown"
match = { command = "RCPT", recipient = "3foo@*" }
act = { reply = "550 5.1.1 No such user" }"""
        path = self.scratch / "run.json"
        arrivals, run, records = self.sent(programs, "-m", 10, "-s", 2, "-r", 3, "-t", "foo@d.test", "--retry",
                                           "50x100ms", "--json", path, rules=grey)
        self.assertTrue(all(one.finding == "genuine" and one.run == run for one in arrivals))
        by_message = collections.defaultdict(list)
        for one in arrivals:
            by_message[one.number].append(one)
        for number in range(10):
            mine = [record for record in records if record.number == number]
            self.assertEqual({(record.recipient, record.outcome, record.code, record.text) for record in mine},
                             {(0, "refused", 550, "550 5.1.1 No such user"),
                              (1, "refused", 451, "451 4.7.1 Come back later"),
                              (1, "accepted", 250, ""), (2, "accepted", 250, "")})
            # Each attempt has the same number, is due since then, and was sent at its own time.
            first, second = sorted(by_message[number], key=lambda one: one.sent)
            self.assertEqual(first.due, second.due)
            accepted = {record.recipient: record for record in mine if record.outcome == "accepted"}
            self.assertEqual((accepted[2].sent, accepted[1].sent), (first.sent, second.sent))
            for record in mine:
                self.check_due(record, first.due)
        replies = {one["code"]: one["count"] for one in json.loads(path.read_text())["replies"]["RCPT"]}
        self.assertEqual(replies, collections.Counter(record.code for record in records))

    @rig.on_every_engine()
    def test_say_what_was_refused_and_why(self, programs):
        for verb, reply, code in (("MAIL", b"553 5.1.8 Not you", 553), ("RCPT", b"450 4.2.0 Later", 450),
                                  ("DATA", b"451 4.3.0 No", 451), (".", b"552 5.3.4 Too\r\n", 552)):
            said = reply.removesuffix(b"\r\n") + b"\r\n"
            journal = self.journal()
            with rig.FakeServer(lambda connection: rig.play_server(connection, rig.refusing(verb, said))) as server:
                done = programs.source(server.endpoint, "-m", 2, "-d", "-A", "-t", "foo@c.test", "--stamp", journal)
            self.assertEqual(done.returncode, 0, done.stderr)
            _, records = journals.read_sent(journal)
            text = said.strip().decode()
            self.assertEqual([one[:6] + one[9:] for one in records],
                             [(number, 0, "refused", code, "", "c.test", text) for number in (0, 1)])

    @rig.on_every_engine((1, 2))
    def test_have_the_queue_ids_that_the_server_gave_and_the_times_of_the_run(self, programs):
        journal, given, stamped = self.journal(), {}, {}

        def serve(connection):
            read = []

            def answer(verb):
                if verb != ".":
                    return rig.usual_reply(verb)
                text = b"".join(read)
                number, due, sent = map(int, re.findall(rb"(?m)^ n:(\d+); due:(\d+); sent:(\d+);", text)[-1])
                stamped[number], given[number] = (due, sent), f"4ABCdz{number:03}Zz1"
                return f"250 2.0.0 Ok: queued as {given[number]}\r\n".encode()

            rig.play_server(connection, answer, read)

        begin = time.time() - self.CLOCKS
        with rig.FakeServer(serve, connections=4, at_once=True) as server:
            done = programs.source(server.endpoint, "-d", "-s", 4, "-m", 40, "-t", "foo@c.test", "-r", 2, "--stamp", journal)
        end = time.time() + self.CLOCKS
        self.assertEqual(done.returncode, 0, done.stderr)
        _, records = journals.read_sent(journal)
        self.assertEqual([(one.number, one.recipient, one.outcome, one.text) for one in records],
                         [(number, recipient, "accepted", given[number]) for number in range(40) for recipient in (0, 1)])
        for one in records:
            times = [one.due, stamped[one.number][1], one.sent, one.acknowledged]
            self.check_due(one, stamped[one.number][0])
            self.assertEqual(times, sorted(times), one)
            self.assertTrue(begin * 1e6 <= one.due and one.acknowledged <= end * 1e6, (begin, one, end))

    @rig.on_every_engine((1, 2))
    def test_tell_recipients_apart_as_the_journal_of_the_sink_does(self, programs):
        rules = """[[rule]]
name = "unknown"
match = { command = "RCPT", recipient = "*7foo*@*" }
act = { reply = "550 5.1.1 No such user" }
[[rule]]
name = "grey"
match = { command = "RCPT", recipient = "*3foo*@*" }
act = { greylist = "100ms", reply = "451 4.7.1 Come back later" }"""
        refused = {40 - number for number in (7, 17, 27, 37)}
        for form in ("tagged", "numbered"):
            for protocol in ((), ("-L",)):
                got = self.journal()
                arrivals, _, records = self.sent(programs, "-m", 10, "-s", 3, "-d", "-r", 40, "-t", "foo@d.test",
                                                 "--stamp-recipients", form, "--retry", "100x50ms", *protocol,
                                                 sink_arguments=("--verify", got, *protocol), rules=rules)
                taken = collections.Counter((one.message, one.recipient) for one in journals.read_taken(got))
                told = {outcome: collections.Counter((one.number, one.recipient) for one in records if one.code == code)
                        for outcome, code in (("accepted", 250), ("refused", 550))}
                self.assertEqual(taken, told["accepted"])
                self.assertEqual(told["refused"], {(number, one): 1 for number in range(10) for one in refused})
                self.assertEqual(told["accepted"], {(number, one): 1 for number in range(10) for one in
                                                    set(range(40)) - refused})
                for number, address in ((one.number, address) for one in arrivals for address in one.recipients):
                    found = re.fullmatch(r"(\d*)foo(?:-(\d+)-(\d+)|\+\w+)@d\.test", address)
                    if form == "numbered":
                        self.assertEqual(found.groups()[1:], (str(number), str(40 - int(found[1] or 1))), address)

    def test_have_numbers_for_all_recipients_or_none_is_sent(self):
        programs = rig.ours(rig.ENGINES[0])
        scenario = self.scratch / "many.toml"
        for count in ("70000", "1-70000", '{ "1" = 1, "70000" = 1 }'):
            scenario.write_text(f"[recipients]\ncount = {count if '{' in count else repr(count)}\n")
            done = programs.source("127.0.0.1:9", "--stamp", self.journal(), "--scenario", scenario)
            self.assertEqual((done.returncode, done.stderr.decode()), (1,
                             "smtp-source: fatal: --stamp tells at most 65,535 recipients of a message apart: the "
                             "scenario has a count of more\n"))
        # What is rarely drawn is no reason to send nothing.
        scenario.write_text("[recipients]\ncount = 'pareto 65000 0.001'\n")
        journal = self.journal()
        with programs.sink("--offer", "PIPELINING", "--max-recipients", 0) as sink:
            done = programs.source(sink.endpoint, "--stamp", journal, "--scenario", scenario, "--pipelining")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([one.recipient for one in journals.read_sent(journal)[1]], list(range(65_535)))

    @rig.on_every_engine((2,))
    def test_have_what_was_due_and_never_begun(self, programs):
        """Two sessions turn to their messages, and all others wait until the run is over."""
        journal, report = self.journal(), self.scratch / "run.json"
        with programs.sink("-W", "data:60") as sink:
            done = programs.source(sink.endpoint, "-s", 2, "-d", "-r", 3, "-t", "foo@c.test", "--rate", 100, "--duration",
                                   "1s", "--drain", "200ms", "--stamp", journal, "--json", report)
            self.assertEqual(done.returncode, 1, done.stderr)
        totals = json.loads(report.read_text())["totals"]
        self.assertGreater(totals["messages_unstarted"], 50)
        due = totals["messages_unstarted"] + totals["messages_unfinished"]
        _, records = journals.read_sent(journal)
        self.assertEqual([(one.number, one.recipient, one.outcome, one.domain) for one in records],
                         [(number, recipient, "never_sent", "c.test") for number in range(due) for recipient in range(3)])
        first, last = records[0], records[-1]
        self.assertAlmostEqual(last.due - first.due, (due - 1) * 10_000, delta=5)

    @rig.on_every_engine((1, 2))
    def test_wait_with_what_was_never_begun_for_the_sessions_and_end_at_once_without(self, programs):
        """Some hundred million records are due then: more than anybody writes before the second signal."""
        journal, report = self.journal(), self.scratch / "run.json"
        content, signalled, quits = threading.Event(), threading.Event(), threading.Semaphore(0)

        def serve(connection):
            def answer(verb):
                if verb == ".":
                    time.sleep(0.5)
                    content.set()
                    self.assertTrue(signalled.wait(rig.PATIENCE))
                if verb == "QUIT":
                    quits.release()
                return rig.usual_reply(verb)

            rig.play_server(connection, answer)

        with rig.FakeServer(serve, connections=2, at_once=True) as server:
            source = programs.start("smtp-source", "-s", 2, "-d", "-r", 2_000, "--rate", "100000",
                                    "--duration", "1h", "--drain", "1h", "--stamp", journal, "--json", report,
                                    server.endpoint, statuses=(1,))
            self.assertTrue(content.wait(rig.PATIENCE))
            source.send_signal(signal.SIGINT)
            rig.wait_for(lambda: not source.has_pending_signal(), "the first signal to be taken")
            signalled.set()
            for _ in range(2):
                self.assertTrue(quits.acquire(timeout=rig.PATIENCE))
            with self.assertRaises(subprocess.TimeoutExpired):
                source.wait(0.2)  # a signal that came sooner would be the same one
            rig.wait_for(lambda: journal.stat().st_size > 100_000, "some of it to be told")
            source.send_signal(signal.SIGTERM)
            source.wait()
        run = json.loads(report.read_text())
        told = run["proof"]
        self.assertEqual(told["records"] + told["lost"], (run["totals"]["messages"] +
                                                          run["totals"]["messages_unstarted"]) * 2_000)
        self.assertGreater(min(told["records"], told["lost"]), 0)
        self.assertRegex(source.err.decode(), rf"fatal: {journal} lacks {told['lost']} of \d+ records: "
                                              r"the run was ended at once\n")

    @rig.on_every_engine()
    def test_say_what_nobody_knows(self, programs):
        def hang_up(connection, after):
            connection.sendall(b"220 fake\r\n")
            for line in connection.makefile("rb"):
                if line == after:
                    return
                if line[:4].strip() in (b"HELO", b"MAIL", b"RCPT", b"DATA"):
                    connection.sendall(rig.usual_reply(line[:4].decode().strip().upper()))

        for length, after, outcome in ((10, b".\r\n", "in_doubt"), (30_000_000, b"DATA\r\n", "never_sent"),
                                       (10, b"RCPT TO:<foo@c.test>\r\n", "never_sent")):
            journal = self.journal()
            with rig.FakeServer(lambda connection: hang_up(connection, after)) as server:
                done = programs.source(server.endpoint, "-l", length, "-t", "foo@c.test", "--stamp", journal)
            self.assertEqual(done.returncode, 1)
            _, (record,) = journals.read_sent(journal)
            self.assertEqual((record.outcome, record.code, record.text), (outcome, 0, ""))

    # Whether the server has taken it, what is neither yes nor no to the end of a message does not say.
    @rig.on_every_engine()
    def test_leave_in_doubt_what_was_answered_by_neither_yes_nor_no(self, programs):
        for verb, said, outcome, code in (
                (".", b"hm", "in_doubt", 0), (".", b"", "in_doubt", 0), (".", b"150 hm", "in_doubt", 150),
                (".", b"354 again", "in_doubt", 354), (".", b"554 no", "refused", 554), ("MAIL", b"hm", "refused", 0),
                ("RCPT", b"150 hm", "refused", 150), ("DATA", b"hm", "refused", 0)):
            journal, log = self.journal(), self.scratch / "log"
            answer = rig.refusing(verb, said + b"\r\n")
            with rig.FakeServer(lambda connection: rig.play_server(connection, answer)) as server:
                done = programs.source(server.endpoint, "--stamp", journal, "--log", log)
            self.assertEqual(done.returncode, 1)
            _, (record,) = journals.read_sent(journal)
            self.assertEqual((record.outcome, record.code, record.text), (outcome, code, said.decode()))
            line = json.loads(log.read_text().splitlines()[0])
            self.assertEqual((line["outcome"] == "in_doubt", line["reply"]), (outcome == "in_doubt", said.decode()))

    @rig.on_every_engine((2,))
    def test_end_in_order_when_the_run_is_interrupted_and_not_when_it_is_killed(self, programs):
        for number, statuses in ((signal.SIGINT, (0, -signal.SIGINT)), (signal.SIGKILL, (-signal.SIGKILL,))):
            journal, taken = self.journal(), self.scratch / f"taken.{number}"
            with programs.sink("-c", "-D", taken) as sink:
                source = programs.start("smtp-source", "-d", "-s", 4, "-m", 10_000_000, "-l", 100, "--stamp", journal,
                                        sink.endpoint, statuses=statuses)
                sink.wait_counter("mesg", 2000)
                source.send_signal(number)
                source.wait()
            rig.wait_for(lambda: taken.exists(), "the dump")
            run, records = journals.read_sent(journal, "closed" if number == signal.SIGINT else "broke off")
            accepted = {record.number for record in records if record.outcome == "accepted"}
            arrived = {int(one) for one in re.findall(rb"(?m)^ n:(\d{20});", taken.read_bytes())}
            self.assertEqual(accepted - arrived, set())
            doubt = {record.number for record in records if record.outcome == "in_doubt"}
            if number == signal.SIGINT:
                self.assertEqual(arrived - accepted - doubt, set())
            taken.unlink()

    @rig.on_every_engine((2,))
    def test_leave_in_doubt_what_has_no_answer_when_the_run_ends_at_once(self, programs):
        journal, ended = self.journal(), threading.Semaphore(0)

        def serve(connection):
            def answer(verb):
                if verb != ".":
                    return rig.usual_reply(verb)
                ended.release()
                return b""

            rig.play_server(connection, answer)

        with rig.FakeServer(serve, connections=4, at_once=True) as server:
            # Nothing but the second signal ends it.
            source = programs.start("smtp-source", "-d", "-s", 4, "-m", 100, "--drain", "1h", "--stamp", journal,
                                    server.endpoint, statuses=(0, 1, -signal.SIGINT))
            for _ in range(4):
                self.assertTrue(ended.acquire(timeout=rig.PATIENCE))
            source.hold_out(signal.SIGINT)
            source.end(signal.SIGINT)
        _, records = journals.read_sent(journal)
        self.assertEqual([one[:4] for one in records], [(number, 0, "in_doubt", 0) for number in range(4)])

    @rig.on_every_engine()
    def test_are_told_of_in_reports(self, programs):
        journal, report = self.journal(), self.scratch / "run.json"
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "-m", 7, "-r", 2, "--stamp", journal, "--journal-sync", "--json", report)
            self.assertEqual(done.returncode, 0, done.stderr)
            run, records = journals.read_sent(journal)
            self.assertEqual(len(records), 14)
            self.assertEqual(json.loads(report.read_text())["proof"],
                             {"run": run, "journal": str(journal), "records": 14, "lost": 0})
            other = self.journal()
            done = programs.source(sink.endpoint, "-m", 7, "--stamp", other, "--summary")
            self.assertIn(f"\n  proof                     7 records in {other}\n".encode(), done.stdout)
            self.assertNotEqual(journals.read_sent(other)[0], run)

    def test_are_never_written_over(self):
        programs, journal, report = rig.ours("epoll"), self.journal(), self.scratch / "x"
        journal.write_text("mine")
        for arguments, told in (
                (("--stamp", journal), f"{journal}: there is something in it, and a journal is never written over"),
                (("--stamp", report, "--json", report), f"--json and --stamp cannot both be written to {report}"),
                (("--stamp", "-"), "expected the name of a file"),
                (("--stamp", self.scratch), "directory")):
            done = programs.source(f"127.0.0.1:{rig.free_port()}", *arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn(told, done.stderr.decode())
        self.assertEqual(journal.read_text(), "mine")

    @rig.on_every_engine((2,))
    def test_on_a_full_disk_cost_records_and_not_the_run(self, programs):
        rig.need(os.geteuid() == 0, "needs root to mount a small file system")
        small = self.scratch / "small"
        small.mkdir(exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", small],
                                 capture_output=True, check=False)
        rig.need(mounted.returncode == 0, "may not mount a file system here")
        try:
            report, journal = self.scratch / "run.json", small / "sent.proof"
            with programs.sink("-c") as sink:
                done = programs.source(sink.endpoint, "-m", 20_000, "-s", 4, "-d", "--stamp", journal, "--json", report)
                sink.wait_counter("mesg", 20_000)
            self.assertEqual(done.returncode, 1)
            proof = json.loads(report.read_text())["proof"]
            self.assertEqual(proof["records"] + proof["lost"], 20_000)
            self.assertRegex(done.stderr.decode(), rf"^smtp-source: fatal: {journal} lacks {proof['lost']} of 20000 "
                             r"records: No space left on device\n$")
            self.assertEqual(len(journals.read_sent(journal, "broke off")[1]), proof["records"])
        finally:
            rig.run(["umount", small])


if __name__ == "__main__":
    unittest.main()
