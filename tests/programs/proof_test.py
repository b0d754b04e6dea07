"""From source to sink through relays that spoil what they take: exactly that is found."""

import collections
import csv
import json
import random
import signal
import subprocess
import sys
import time
import unittest

import journals
import readers
import rig

MESSAGES = 1_000_000 if rig.LONG else 2_000
DELAY, LATE = (90, 60) if rig.LONG else (30, 25)  # seconds
SCHEMA = rig.TOP / "doc/millrace-proof.schema.json"

# What the relay does to the message whose number ends so (support/faulty_relay.py), and what is to be
# found of it: a word of the table and how the content compares. Of lawful changes nothing is.
FAULTS = {
    "lost": ("lost", ""),
    "dies_after_250": ("lost", ""),
    "dies_with_it": ("in-doubt", ""),
    "dies_before_250": ("in-doubt", "same"),
    "doubled": ("duplicated", "same"),
    "flipped": ("altered", "body-changed"),
    "cut": ("altered", "truncated"),
    "footer": ("altered", "footer-added"),
    "unsubjected": ("altered", "headers-changed"),
    "delayed": ("late", "same"),
    "encoded_anew": None,
    "unstamped": None,
    "added": None,
    "overtaken": None,
}
PLAN = {"cycle": 200, "delay": DELAY, "faults": {fault: [3 + 14 * place] for place, fault in enumerate(FAULTS)}}


class FaultyRelay:
    """A relay beside the test, between two ports."""

    def __init__(self, following):
        self.port = rig.free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", "support.faulty_relay", str(self.port), str(following), json.dumps(PLAN)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        rig.wait_for(lambda: rig.listens(f"127.0.0.1:{self.port}"), "the relay to listen")

    def end(self):
        """Waits until all is passed on; returns the numbers of messages by what was done to them."""
        out, _ = self.process.communicate(timeout=DELAY + rig.PATIENCE)
        return json.loads(out)


class ThroughAFaultyRelay(rig.TestCase):
    def test_exactly_its_faults_are_found(self):
        programs = rig.ours("epoll", "--threads", 2)
        key, sent, got = (self.scratch / name for name in ("key", "sent.proof", "got.proof"))
        key.write_text("0123456789abcdef" * 4 + "\n")
        with programs.sink("--verify", got, "--stamp-key", key) as sink:
            relay = FaultyRelay(rig.port_of(sink.endpoint))
            self.addCleanup(relay.process.kill)
            programs.source(f"127.0.0.1:{relay.port}", "--stamp", sent, "--stamp-key", key, "--stamp-body", "-d",
                            "-s", 20, "-m", MESSAGES, "--duration", "1h", "--size", "1K-4K", timeout=3_000)
            done = relay.end()
        self.assertEqual(set(done), set(FAULTS))
        table, report = self.scratch / "faults.csv", self.scratch / "proof.json"
        told = programs.run_plain("smtp-report", "reconcile", "--late-after", f"{LATE}s", "--csv", table, "--json",
                                  report, "--fail-on", "lost,duplicated,altered", sent, got, timeout=600)
        self.assertEqual(told.returncode, 5, told.stderr)
        with table.open(newline="") as file:
            found = collections.Counter((int(row["message"]), row["what"], row["content"]) for row in csv.DictReader(file))
        expected = collections.Counter((number, *FAULTS[fault]) for fault, numbers in done.items() if FAULTS[fault]
                                       for number in numbers)
        self.assertEqual((found - expected, expected - found), ({}, {}))
        readers.validate(SCHEMA, report)
        counts = json.loads(report.read_text())["counts"]
        of = {fault: len(numbers) for fault, numbers in done.items()}
        self.assertEqual(counts["lost"], of["lost"] + of["dies_after_250"])
        self.assertEqual(counts["delivered"] + counts["lost"], counts["accepted"])
        self.assertEqual((counts["bounced"], counts["unexpected"], counts["undecided"]), (0, 0, 0))


class Alone(rig.TestCase):
    """A source and a sink with nothing between: what the sink does not take is sent again."""

    # What the sink refuses is not on its record, and what is on it is not refused.
    @rig.on_every_engine((1, 2))
    def test_sessions_that_are_cut_short_double_nothing(self, programs):
        sent, got = (self.scratch / f"{time.monotonic_ns()}.{side}" for side in ("sent", "got"))
        with programs.sink("--verify", got, "--max-session-time", "300ms") as sink:
            programs.source(sink.endpoint, "--stamp", sent, "-d", "-s", 50, "-r", 3, "--stamp-recipients", "tagged",
                            "--duration", "3s", "--retry", "50x20ms")
        told = programs.run_plain("smtp-report", "reconcile", "--fail-on", "lost,undecided,duplicated,unexpected,altered",
                                  sent, got)
        self.assertEqual(told.returncode, 0, told.stderr)
        self.assertIn(b"delivered once", told.stdout)

    @rig.on_every_engine((1, 2))
    def test_what_no_store_takes_at_first_is_delivered_once(self, programs):
        sent, got, maildir = (self.scratch / f"{time.monotonic_ns()}.{side}" for side in ("sent", "got", "maildir"))
        new, away = maildir / "new", maildir / "away"
        with programs.sink("--verify", got, "--store", f"maildir:{maildir}") as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")  # the folder is there by then
            new.rename(away)
            source = programs.start("smtp-source", "--stamp", sent, "-d", "-s", 5, "-m", 50, "--retry", "100000x20ms",
                                    sink.endpoint)
            rig.wait_for(lambda: b"message not stored in" in sink.err, "a refusal")
            away.rename(new)
            self.assertEqual(source.wait(), 0, bytes(source.err))
        self.assertEqual(len(list(new.iterdir())), 50)
        told = programs.run_plain("smtp-report", "reconcile", "--fail-on", "lost,undecided,duplicated,unexpected,altered",
                                  sent, got)
        self.assertEqual(told.returncode, 0, told.stdout)

    # By what begins with 3 the sink takes a message, by the others it does not.
    @rig.on_every_engine()
    def test_what_was_answered_by_neither_yes_nor_no_is_in_doubt(self, programs):
        rules, report = self.scratch / "rules.toml", self.scratch / "proof.json"
        for said, seen in (("354 again", 2), ("150 hm", 0), ("", 0)):
            rules.write_text(f'[[rule]]\nname = "unclear"\nmatch = {{ command = "." }}\nact = {{ raw = "{said}\\r\\n" }}\n')
            for options in [], ["--chunking"]:
                sent, got = (self.scratch / f"{time.monotonic_ns()}.{side}" for side in ("sent", "got"))
                with programs.sink("--modern", "--verify", got, "--rules", rules) as sink:
                    programs.source(sink.endpoint, "-A", "-d", "-m", 2, "--stamp", sent, *options)
                told = programs.run_plain("smtp-report", "reconcile", "--json", report, sent, got)
                self.assertEqual(told.returncode, 0, told.stderr)
                counts = json.loads(report.read_text())["counts"]
                words = ("in_doubt_seen", "in_doubt_unseen", "accepted", "refused", "unexpected")
                self.assertEqual([counts[word] for word in words], [seen, 2 - seen, 0, 0, 0])

    @rig.on_every_engine((1, 2))
    def test_a_sink_ends_when_nobody_has_been_connected_for_so_long(self, programs):
        sent, got = (self.scratch / f"{time.monotonic_ns()}.{side}" for side in ("sent", "got"))
        with programs.sink("--verify", got, "--stop-when-idle", "200ms") as sink:
            with self.assertRaises(subprocess.TimeoutExpired):
                sink.wait(0.6)  # for the first one
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                programs.source(sink.endpoint, "--stamp", sent, "-s", 2, "-m", 20)
                with self.assertRaises(subprocess.TimeoutExpired):
                    sink.wait(0.6)  # for the last one
                client.talk(b"QUIT\r\n", b"221 Bye\r\n")
            self.assertEqual(sink.wait(), 0)  # by itself
        told = programs.run_plain("smtp-report", "reconcile", "--fail-on", "lost,undecided", sent, got)
        self.assertEqual(told.returncode, 0, told.stderr)


class Ended(rig.TestCase):
    """Sinks end, one after the other, while a source sends as fast as it can: each leaves behind what it has
    not read, and what it has read and not answered. The next one takes the rest."""

    LOADS = {
        "kept sessions": ("-d", "-s", 30, "-m", 1_500),
        "windows of messages": ("-d", "-s", 10, "-m", 1_000, "--pipelining", "--pipeline-window", 8, "--chunking"),
        "large messages": ("-d", "-s", 20, "-m", 300, "-l", 100_000),
        "a session a message": ("-s", 20, "-m", 800),
    }

    def play(self, programs, load, end, *sink_options):
        """Sinks until all is sent. `end(sink, journal)` waits for the moment in which one is to end, or for its end.
        Returns what each has on record."""
        endpoint = f"127.0.0.1:{rig.free_port()}"
        sent, got = self.scratch / f"{time.monotonic_ns()}.sent", []
        source = programs.start("smtp-source", "--stamp", sent, "-r", 2, "--stamp-recipients", "tagged", "--retry",
                                "100000x5ms", *load, endpoint)
        while source.poll() is None:
            got.append(sent.with_suffix(f".{len(got)}.got"))
            with programs.sink("--modern", "--verify", got[-1], *sink_options, endpoint=endpoint) as sink:
                rig.wait_for(lambda: source.poll() is not None or end(sink, got[-1]), "the moment")
        self.assertEqual(source.wait(), 0, bytes(source.err))
        report = self.scratch / "proof.json"
        told = programs.run_plain("smtp-report", "reconcile", "--json", report, sent, "--", *got)
        self.assertEqual(told.returncode, 0, told.stderr)
        counts = json.loads(report.read_text())["counts"]
        words = ("lost", "undecided", "duplicated", "altered", "bounced", "unexpected", "refused")
        self.assertEqual({word: counts[word] for word in words}, dict.fromkeys(words, 0))
        self.assertEqual(counts["delivered"] + counts["in_doubt_seen"], 2 * load[load.index("-m") + 1])
        self.assertEqual(counts["in_doubt_unseen"], 0)  # since it was sent again
        return [journals.read_taken(path) for path in got]  # each was closed in order

    @staticmethod
    def holds_some(_, journal):
        return journal.exists() and journal.stat().st_size > 2_000  # it listens a moment before

    @rig.on_every_engine((2,))
    def test_by_a_signal(self, programs):
        rounds = []
        for name, load in self.LOADS.items():
            with self.subTest(load=name):
                rounds += self.play(programs, load, self.holds_some)
        self.assertGreater(len(rounds), len(self.LOADS))  # one may have taken all before it was told to end

    # What was admitted is answered before the end; what came behind it is not on record.
    @rig.on_every_engine((2,))
    def test_by_a_quota(self, programs):
        for name, load in self.LOADS.items():
            with self.subTest(load=name):
                *full, last = self.play(programs, load, lambda sink, journal: sink.poll() is not None, "-M", 100)
                self.assertGreater(len(full), 1)
                self.assertEqual({len(records) for records in full}, {200})
                self.assertLessEqual(len(last), 200)

    @rig.on_every_engine((2,))
    def test_when_they_are_idle(self, programs):
        load = ("-s", 20, "-m", 100, "--rate", "50/s")
        rounds = self.play(programs, load, lambda sink, journal: sink.poll() is not None, "--stop-when-idle", "5ms")
        self.assertGreater(len(rounds), 1)


class Killed(rig.TestCase):
    """Source, sink or both end by SIGKILL at any moment; then another sink takes the rest. What a journal
    cannot know is in doubt: neither lost, nor delivered, nor anybody's fault."""

    ROUNDS = 200 if rig.LONG else 9
    MESSAGES = 6_000

    def test_no_conclusion_is_wrong(self):
        dice = random.Random(12)
        seen = collections.Counter()
        for number in range(self.ROUNDS):
            victims = ("source", "sink", "both")[number % 3]
            with self.subTest(round=number, victims=victims):
                counts = self.play(number, victims, dice.uniform(0.1, 2.5))
                self.assertEqual({word: counts[word] for word in
                                  ("lost", "undecided", "duplicated", "altered", "bounced", "unexpected")},
                                 dict.fromkeys(("lost", "undecided", "duplicated", "altered", "bounced", "unexpected"), 0))
                seen[victims] += counts["delivered"]
        for victims, delivered in seen.items():
            self.assertGreater(delivered, 0, victims)

    def wait_for_records(self, journal):
        head = 8_192  # bytes: more than it has
        rig.wait_for(lambda: journal.exists() and journal.stat().st_size > head, f"records in {journal.name}")

    def play(self, number, victims, moment):
        programs = rig.ours(rig.ENGINES[number // 3 % 2], "--threads", 2)
        sent, first, second = (self.scratch / f"{number}.{name}.proof" for name in ("sent", "first", "second"))
        with programs.sink("--verify", first, statuses=(0, -signal.SIGKILL)) as sink:
            source = programs.start("smtp-source", "--stamp", sent, "-d", "-s", 20, "-m", self.MESSAGES, "--rate", "2000", "-r", 2,
                                    "--stamp-recipients", "tagged", "--retry", "10000x20ms", sink.endpoint,
                                    statuses=(0, -signal.SIGKILL))
            if number >= 3:  # else it may be before the first message, too
                self.wait_for_records(first)
            if number >= 6:  # nor before the source has told its journal, which it does each second
                self.wait_for_records(sent)
            time.sleep(moment)
            if victims != "sink":
                source.kill()
                source.wait()
            if victims != "source":
                sink.kill()
                sink.wait()
        if victims == "sink":
            with programs.sink("--verify", second, endpoint=sink.endpoint):
                self.assertEqual(source.wait(rig.PATIENCE), 0)
        report = self.scratch / "proof.json"
        told = programs.run_plain("smtp-report", "reconcile", "--json", report, sent, "--", first,
                                  *([second] if victims == "sink" else []))
        self.assertEqual(told.returncode, 0, told.stderr)
        counts = json.loads(report.read_text())["counts"]
        # What is concluded is what both say, recipient by recipient, and no more than that.
        source_died, sink_died = victims != "sink", victims != "source"
        _, records = journals.read_sent(sent, "broke off" if source_died else "closed")
        accepted = {(one.number, one.recipient) for one in records if one.outcome == "accepted"}
        taken = journals.read_taken(first, "broke off" if sink_died else "closed")
        if victims == "sink":
            taken += journals.read_taken(second)
        seen = {(one.message, one.recipient) for one in taken}
        self.assertEqual((counts["delivered"], counts["in_doubt_seen"]), (len(accepted & seen), len(seen - accepted)))
        if victims == "sink":
            self.assertEqual(len(seen), 2 * self.MESSAGES)
            if number >= 3:  # the first has records: that the other took its place says so
                self.assertIn(b"another sink's goes on behind it, so nothing is undecided", told.stdout)
        return counts


if __name__ == "__main__":
    unittest.main()
