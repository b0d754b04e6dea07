"""The times at which messages come back, by the log: none is early, by what --retry says of each wait,
and each message arrives once, whatever rule of the sink it was that refused it."""

import collections
import datetime
import json

import retry_test
import rig

GREYLIST = retry_test.GREYLIST.replace("400ms", "1s")
RATE = """[[rule]]
name = "rate"
match = { command = "MAIL", over = "15/300ms" }
act = { reply = "450 4.7.1 Slow down" }"""
OUTAGE = """[[rule]]
name = "outage"
match = { command = "CONNECT", during = "0s-1s" }
act = { disconnect = "reset" }"""
FLAKY = """[[rule]]
name = "mail"
match = { command = "MAIL", probability = "30%" }
act = { reply = "451 4.3.0 Not now" }
[[rule]]
name = "end"
match = { command = ".", probability = "30%" }
act = { reply = "452 4.3.1 Not now either" }"""

# The log tells times in microseconds, and cuts what is below.
GRAIN = datetime.timedelta(microseconds=1)


def waits(first, factor, most):
    """Of a policy in milliseconds: the wait behind attempt 1, 2, and so on."""
    while True:
        yield datetime.timedelta(milliseconds=first)
        first = min(first * factor, most)


class Schedule(retry_test.RetryCase):
    def attempts(self, log):
        """The lines of each message, in the order of its attempts."""
        found = collections.defaultdict(list)
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual(lines.pop()["dropped"], 0)
        for line in lines:
            for name in ("due", "begun", "ended"):
                line[name] = datetime.datetime.fromisoformat(line[name].replace("Z", "+00:00"))
            found[line["number"]].append(line)
        for of_one in found.values():
            of_one.sort(key=lambda line: line["attempt"])
        return found

    def check_schedule(self, of_one, first, factor, most):
        """Attempts are numbered, one after another, and none before its wait is over."""
        self.assertEqual([line["attempt"] for line in of_one], list(range(1, len(of_one) + 1)))
        for before, after, wait in zip(of_one, of_one[1:], waits(first, factor, most)):
            self.assertGreaterEqual(after["begun"] - before["ended"], wait - GRAIN, (before, after))
        for line in of_one:
            self.assertLessEqual(line["due"], line["begun"])
            self.assertLessEqual(line["begun"], line["ended"])

    def check_not_late(self, attempts, first, factor, most):
        """Most attempts come nearer to the end of their wait than to the end of twice of it: whatever else the
        machine does, which makes some of them late."""
        late = [after["begun"] - before["ended"] > 2 * wait for of_one in attempts.values()
                for before, after, wait in zip(of_one, of_one[1:], waits(first, factor, most))]
        self.assertLess(sum(late), len(late) / 2)

    @rig.on_every_engine((2,))
    def test_each_wait_is_over_before_the_next_attempt(self, programs):
        for name, rules in (("grey", GREYLIST), ("rate", RATE), ("outage", OUTAGE), ("flaky", FLAKY)):
            with self.subTest(rules=name):
                log, hits = self.scratch / "log", {}
                run, dump = self.sent(programs, rules, "--retry", "first 50ms, factor 2, most 300ms, give up 1h",
                                      "-m", "60", "-s", "6", "-d", "-N", "--log", log, hits=hits)
                attempts = self.attempts(log)
                self.assertEqual(sorted(attempts), list(range(60)))
                self.check_not_late(attempts, 50, 2, 300)
                counted = collections.Counter()
                for of_one in attempts.values():
                    self.check_schedule(of_one, 50, 2, 300)
                    counted[len(of_one)] += 1
                    self.assertEqual([line["outcome"] == "accepted" for line in of_one],
                                     [False] * (len(of_one) - 1) + [True])
                # What the report counts are these attempts.
                self.assertEqual(run["attempts"], [counted[number] for number in range(1, max(counted) + 1)])
                self.assertEqual(run["totals"]["retries"], sum(map(len, attempts.values())) - 60)
                self.assertGreater(run["totals"]["retries"], 10)
                # A dump has what was refused at its end as well.
                once = len(dump.recipients) - hits.get("end", 0)
                self.assertEqual((len(dump.taken), len(set(dump.recipients)), once), (60,) * 3)

    @rig.on_every_engine()
    def test_nobody_is_tried_when_the_time_is_over(self, programs):
        log = self.scratch / f"log-{programs.options[1]}"
        run, dump = self.sent(programs, GREYLIST.replace('"1s"', '"1h"'), "--retry",
                              "first 50ms, factor 2, most 100ms, give up 1s", "-m", "10", "-s", "2", "--log", log,
                              status=1)
        self.assertEqual((run["totals"]["messages_given_up"], dump.recipients), (10, []))
        for of_one in self.attempts(log).values():
            self.check_schedule(of_one, 50, 2, 100)
            # Each wait ended within the second from when the message was due, and the next would not have.
            limit = of_one[0]["due"] + datetime.timedelta(seconds=1)
            over = [line["ended"] + wait for line, wait in zip(of_one, waits(50, 2, 100))]
            self.assertLessEqual(max(over[:-1], default=limit), limit + GRAIN)
            self.assertGreaterEqual(over[-1], limit - GRAIN)
