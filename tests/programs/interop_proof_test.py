"""What a real server promised, and what it did: from a source that stamps to a sink that verifies, with
the server in between in good days and in bad ones. It may send a message twice, never lose one."""

import json
import threading
import time
import unittest

import interop_test
import rig
from interop_test import in_root, processes_in_root

MESSAGES = 100_000 if rig.LONG else 1_000
DOWN = 60 if rig.LONG else 2  # seconds
# So that what was deferred comes back while the test waits for it.
SOON = "minimal_backoff_time = 1s\nmaximal_backoff_time = 1s\nqueue_run_delay = 1s\n"
REFUSING = "".join(f"[[rule]]\nname = '{name}'\nmatch = {{ command = '{name}', probability = '20%' }}\n"
                   f"act = {{ reply = '451 4.3.0 Not now' }}\n" for name in ("RCPT", "CONTENT"))


class Postfix(interop_test.Postfix):
    # What it inherits is tested where it is written.
    test_every_message_arrives_byte_for_byte = None
    test_lmtp_sink_takes_what_postfix_delivers = None

    def setUp(self):
        super().setUp()
        self.programs = rig.ours("epoll", "--threads", 2)
        self.key, self.sent = self.scratch / "key", self.scratch / "sent.proof"
        self.key.write_text("0123456789abcdef" * 4 + "\n")
        self.journals = []
        self.endpoint = f"127.0.0.1:{rig.free_port()}"

    def sink(self, *arguments, **options):
        self.journals.append(self.scratch / f"got{len(self.journals)}.proof")
        return self.programs.sink("--verify", self.journals[-1], "--stamp-key", self.key, *arguments,
                                  endpoint=self.endpoint, **options)

    def send(self):
        """All messages, again and again until the server has taken them, with two recipients each."""
        self.programs.source(self.server, "--stamp", self.sent, "--stamp-key", self.key, "--stamp-recipients", "tagged",
                             "-d", "-s", 10, "-r", 2, "-m", MESSAGES, "--size", "lognormal 2K 1.0", "--retry",
                             "1000x100ms", timeout=1_200)

    def wait_for_queue(self):
        queue = ("postqueue", "-c", f"/etc/postfix-{rig.port_of(self.server)}", "-p")
        rig.wait_for(lambda: "is empty" in in_root(*queue).stdout, "the queue to be empty", 600)

    def counts(self):
        report = self.scratch / "proof.json"
        told = self.programs.run_plain("smtp-report", "reconcile", "--json", report, self.sent, "--", *self.journals)
        self.assertEqual(told.returncode, 0, told.stderr)
        counts = json.loads(report.read_text())["counts"]
        self.assertEqual(counts["accepted"] + counts["in_doubt"], 2 * MESSAGES, counts)
        self.assertEqual((counts["lost"], counts["undecided"], counts["bounced"], counts["unexpected"],
                          counts["altered"]), (0, 0, 0, 0, 0), counts)
        return counts

    def test_in_good_days_delivers_each_message_once(self):
        with self.sink():
            self.server = self.start_postfix(self.endpoint)
            self.send()
            self.wait_for_queue()
        counts = self.counts()
        self.assertEqual((counts["delivered"], counts["duplicated"]), (2 * MESSAGES, 0), counts)

    def test_delivers_once_what_is_refused_for_a_while(self):
        rules = self.scratch / "refusing.toml"
        rules.write_text(REFUSING)
        with self.sink("--rules", rules):
            self.server = self.start_postfix(self.endpoint, SOON)
            self.send()
            self.wait_for_queue()
        counts = self.counts()
        self.assertEqual((counts["delivered"], counts["duplicated"]), (2 * MESSAGES, 0), counts)

    def test_loses_nothing_while_the_sink_is_killed_and_away(self):
        self.server = None
        with self.sink(statuses=(-9,)) as sink:
            self.server = self.start_postfix(self.endpoint, SOON)
            sending = threading.Thread(target=self.send)
            sending.start()
            rig.wait_for(lambda: self.journals[0].stat().st_size > 5_000, "the sink to have taken some")
            sink.kill()
            sink.wait()
        time.sleep(DOWN)
        with self.sink():
            sending.join()
            self.wait_for_queue()
        self.counts()

    def test_loses_nothing_when_it_is_killed(self):
        before = processes_in_root()
        with self.sink():
            self.server = self.start_postfix(self.endpoint, SOON)
            sending = threading.Thread(target=self.send)
            sending.start()
            rig.wait_for(lambda: self.journals[0].stat().st_size > 5_000, "the sink to have taken some")
            for process in processes_in_root() - before:
                process.kill()
            rig.wait_for(lambda: not processes_in_root() - before, "Postfix to be dead")
            in_root("postfix", "-c", f"/etc/postfix-{rig.port_of(self.server)}", "start")
            sending.join()
            self.wait_for_queue()
        self.counts()


if __name__ == "__main__":
    unittest.main()
