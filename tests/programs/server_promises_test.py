"""What a real server promised, and what it did: from a source that stamps to a sink that verifies, with
the server in between in good days and in bad ones. It may send a message twice, never lose one."""

import json
import re
import sys
import time
import unittest

import private_servers
import rig

MESSAGES = 100_000 if rig.LONG else 300
DOWN = 60 if rig.LONG else 2  # seconds
REFUSING = "".join(f"[[rule]]\nname = 'no {name}'\nmatch = {{ command = '{name}', probability = '20%' }}\n"
                   f"act = {{ reply = '451 4.3.0 Not now' }}\n" for name in ("RCPT", "."))
COLUMNS = ("accepted", "delivered", "late", "duplicated", "altered", "lost", "bounced", "undecided", "unexpected",
           "in_doubt")


class Promises:
    """With a server, which is to be `SERVER`."""

    def setUp(self):
        super().setUp()
        self.begin = time.monotonic()
        self.programs = rig.ours("epoll", "--threads", 2)
        self.key, self.sent, self.log = (self.scratch / name for name in ("key", "sent.proof", "log"))
        self.key.write_text("0123456789abcdef" * 4 + "\n")
        self.journals = []
        self.next_port = rig.free_port()

    def start(self, **options):
        return self.SERVER(self, self.next_port, **options)

    def sink(self, *arguments, **options):
        self.journals.append(self.scratch / f"got{len(self.journals)}.proof")
        return self.programs.sink("--verify", self.journals[-1], "--stamp-key", self.key, *arguments,
                                  endpoint=f"127.0.0.1:{self.next_port}", **options)

    def sending(self, server):
        """Begins to send all messages, again and again until the server has taken them, with two recipients
        each; returns the source."""
        return self.programs.start(
            "smtp-source", "--stamp", self.sent, "--stamp-key", self.key, "--stamp-recipients", "tagged", "-d", "-s", 10,
            "-r", 2, "-m", MESSAGES, "--size", "lognormal 2K 1.0", "--retry", "10000x100ms", "--log", self.log,
            server.endpoint)

    def wait_until_taken(self):
        rig.wait_for(lambda: self.journals[0].exists() and self.journals[0].stat().st_size > 2_000, "the sink to have taken some")

    def wait_for_all(self, server, sending):
        """Until the server has taken all, and its queue is empty."""
        deadline = time.monotonic() + (3_600 if rig.LONG else 120)
        while sending.poll() is None or server.queued():
            self.assertLess(time.monotonic(), deadline, f"still in the queue: {server.queued()}")
            server.hurry()
            time.sleep(10 if rig.LONG else 0.5)

    def counts(self):
        """What became of all."""
        report = self.scratch / "proof.json"
        told = self.programs.run_plain("smtp-report", "reconcile", "--json", report, self.sent, "--", *self.journals)
        self.assertEqual(told.returncode, 0, told.stderr)
        counts = json.loads(report.read_text())["counts"]
        if rig.LONG:
            print("", self.id().partition(".")[2], MESSAGES, *(f"{name}={counts[name]}" for name in COLUMNS),
                  f"{time.monotonic() - self.begin:.0f}s", file=sys.stderr)
        self.assertEqual(counts["accepted"] + counts["in_doubt"], 2 * MESSAGES, counts)
        self.assertEqual((counts["undecided"], counts["bounced"]), (0, 0), counts)
        return counts

    def check_none_lost(self):
        counts = self.counts()
        self.assertEqual((counts["lost"], counts["unexpected"], counts["altered"]), (0, 0, 0), counts)
        return counts

    def check_all_once(self):
        counts = self.check_none_lost()
        self.assertEqual((counts["delivered"], counts["duplicated"]), (2 * MESSAGES, 0), counts)

    def test_in_good_days_delivers_each_message_once(self):
        with self.sink():
            server = self.start()
            self.wait_for_all(server, self.sending(server))
        self.check_all_once()

    def test_delivers_once_what_is_refused_for_a_while(self):
        rules = self.scratch / "refusing.toml"
        rules.write_text(REFUSING)
        with self.sink("--rules", rules):
            server = self.start()
            self.wait_for_all(server, self.sending(server))
        self.check_all_once()

    def test_delivers_once_what_a_filter_adds_to(self):
        dump = self.scratch / "dump"
        with self.sink("-D", dump):
            server = self.start(filtered=True)
            self.wait_for_all(server, self.sending(server))
        arrived = dump.read_bytes()  # one or the other in two copies, as its recipients were taken apart
        self.assertEqual(arrived.count(b"\nX-Filtered: yes\n"), arrived.count(b"\nX-Millrace-Stamp: "))
        self.check_all_once()

    def test_loses_nothing_while_the_sink_is_killed_and_away(self):
        with self.sink(statuses=(-9,)) as sink:
            server = self.start()
            sending = self.sending(server)
            self.wait_until_taken()
            sink.kill()
            sink.wait()
        time.sleep(DOWN)
        with self.sink():
            self.wait_for_all(server, sending)
        self.check_none_lost()

    def test_loses_nothing_when_it_is_killed(self):
        with self.sink():
            server = self.start()
            sending = self.sending(server)
            self.wait_until_taken()
            server.kill()
            server.start()
            self.wait_for_all(server, sending)
        self.check_none_lost()

    def test_refuses_what_its_queue_has_no_room_for(self):
        server = self.start(room=f"{MESSAGES * 2}k")
        sending = self.sending(server)
        refused = re.compile(rb'"reply":"4')
        rig.wait_for(lambda: self.log.exists() and refused.search(self.log.read_bytes()), "the queue to be full", 600)
        with self.sink():
            self.wait_for_all(server, sending)
        self.check_when_full()

    check_when_full = check_none_lost


class Postfix(Promises, rig.TestCase):
    SERVER = private_servers.Postfix


class Exim(Promises, rig.TestCase):
    SERVER = private_servers.Exim


class OpenSmtpd(Promises, rig.TestCase):
    SERVER = private_servers.OpenSmtpd

    def check_when_full(self):
        # 6.8.0 does not look whether all was written when it closes a message's file: it accepts what there was
        # no room for, and delivers it empty (there is no stamp then) or cut.
        counts = self.counts()
        self.assertEqual(counts["lost"], counts["unexpected"], counts)


if __name__ == "__main__":
    unittest.main()
