"""A line a message: what --log says is what happened, and it holds no run up."""

import csv
import datetime
import json
import os
import re
import signal
import threading
import unittest

import playing
import rig

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")

# By the last digit of a recipient's number.
RULES = """
[[rule]]
name = "unknown"
match = { command = "RCPT", recipient = "*5foo@*" }
act = { reply = "550 5.1.1 No such user" }
[[rule]]
name = "later"
match = { command = "RCPT", recipient = "*7foo@*" }
act = { reply = "450 4.2.1 Try again" }
"""


def read_lines(path):
    """The lines of a log in JSON, and its end."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return lines[:-1], lines[-1]


class MessageLog(playing.RulesCase):
    def moment(self, text):
        self.assertRegex(text, UTC)
        return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))

    def check_times(self, line, before):
        due, begun, ended = (self.moment(line[name]) for name in ("due", "begun", "ended"))
        now = datetime.datetime.now(datetime.timezone.utc)
        self.assertTrue(before <= due <= begun <= ended <= now, (line, before, now))

    @rig.on_every_engine((1, 2))
    def test_each_message_has_a_line_with_what_became_of_it(self, programs):
        log, report = self.scratch / "log", self.scratch / "run.json"
        log.write_text("what was there\n" * 100_000)
        before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(milliseconds=1)
        with self.ruled(programs, RULES) as sink:
            done = programs.source(sink.endpoint, "-m", 200, "-s", 4, "-d", "-N", "-A", "-f", "a@b.test",
                                   "-t", "foo@c.test", "-l", 500, "--log", log, "--json", report)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines, end = read_lines(log)
        self.assertEqual(end, {"lines": 200, "dropped": 0})
        self.assertEqual(json.loads(report.read_text())["log"], {"lines": 200, "dropped": 0})
        self.assertEqual(sorted(line["number"] for line in lines), list(range(200)))
        for line in lines:
            number = line["number"] + 1
            fate, reply, sent = {5: ("refused", "550 5.1.1 No such user", 0),
                                 7: ("deferred", "450 4.2.1 Try again", 0)}.get(
                number % 10, ("accepted", "250 2.0.0 Ok", 1))
            self.assertEqual(line["recipients"], [{
                "to": f"{number}foo@c.test", "fate": fate, "reply": "250 2.1.5 Ok" if sent else reply}])
            self.assertEqual([line[name] for name in ("kind", "attempt", "from", "outcome", "queue_id", "tls")],
                             ["", 1, "a@b.test", fate, "", ""])
            self.assertTrue(line["reply"].startswith(reply), line)
            self.assertEqual(line["bytes"] > 500 if sent else line["bytes"] == 0, True, line)
            self.assertIn(line["session"], (1, 2, 3, 4))
            self.check_times(line, before)

    @rig.on_every_engine()
    def test_some_recipients_of_a_message_in_csv_over_tls(self, programs):
        log = self.scratch / "log.csv"
        with self.ruled(programs, RULES.replace("5foo", "2foo"), "--starttls") as sink:
            done = programs.source(sink.endpoint, "-r", 2, "-m", 3, "-A", "--starttls", "-f", "",
                                   "-t", "foo@c.test", "--log", log)
        self.assertEqual(done.returncode, 0, done.stderr)
        with log.open(newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(len(rows), 4)
        for row in rows[:3]:
            self.assertEqual(row["recipients"], "2foo@c.test refused 550 5.1.1 No such user; "
                                                "foo@c.test accepted 250 2.1.5 Ok")
            self.assertEqual((row["outcome"], row["from"], row["tls"]), ("partly_accepted", "", "TLSv1.3"))
        self.assertEqual([value for value in rows[3].values() if value], ["end", "3", "0"])

    @rig.on_every_engine()
    def test_each_recipient_has_its_own_end_in_lmtp(self, programs):
        log = self.scratch / "log"
        said = [b"250 2.0.0 <a> K4oYBmX5Y2VKDgAAvD1Vpg Saved\r\n452 4.2.2 \"full\" \xff\x1b[2J\r\n"]

        def answer(verb):
            return said[0] if verb == "." else rig.usual_reply(verb)

        with rig.FakeServer(lambda connection: rig.play_server(connection, answer)) as server:
            done = programs.source(server.endpoint, "-L", "-r", 2, "-A", "-t", "foo@c.test", "--log", log)
        self.assertEqual(done.returncode, 0, done.stderr)
        (line,), _ = read_lines(log)
        self.assertEqual(line["recipients"], [
            {"to": "2foo@c.test", "fate": "accepted", "reply": "250 2.0.0 <a> K4oYBmX5Y2VKDgAAvD1Vpg Saved"},
            {"to": "foo@c.test", "fate": "deferred", "reply": "452 4.2.2 \"full\" \\xff\\x1b[2J"}])
        self.assertEqual(line["queue_id"], "K4oYBmX5Y2VKDgAAvD1Vpg")

    @rig.on_every_engine()
    def test_what_is_lost_may_have_been_taken_or_not(self, programs):
        def hang_up(connection, after):
            connection.sendall(b"220 fake\r\n")
            for line in connection.makefile("rb"):
                if line == after:
                    return
                if not in_content(line):
                    connection.sendall(rig.usual_reply(line[:4].decode().strip().upper()))

        def in_content(line):
            return line[:4].strip() not in (b"HELO", b"MAIL", b"RCPT", b"DATA")

        for length, after, outcome in ((10, b".\r\n", "in_doubt"), (30_000_000, b"DATA\r\n", "lost"),
                                       (10, b"RCPT TO:<foo@c.test>\r\n", "lost")):
            log = self.scratch / outcome
            with rig.FakeServer(lambda connection: hang_up(connection, after)) as server:
                done = programs.source(server.endpoint, "-l", length, "-t", "foo@c.test", "--log", log)
            self.assertEqual(done.returncode, 1)
            (line,), _ = read_lines(log)
            self.assertEqual((line["outcome"], line["recipients"][0]["fate"]), (outcome, outcome))
            self.assertEqual(line["bytes"] > 0, after == b".\r\n")
        log = self.scratch / "nobody"
        done = programs.source(f"127.0.0.1:{rig.free_port()}", "--duration", 1, "-m", 1, "--log", log)
        self.assertEqual(done.returncode, 1)
        (line,), _ = read_lines(log)
        self.assertEqual((line["outcome"], line["reply"]), ("lost", ""))

    @rig.on_every_engine()
    def test_a_session_that_is_refused_is_told_with_its_message(self, programs):
        """The message that was due there is lost, whether the run ends by that or goes on, or comes back."""
        report = self.scratch / "run.json"
        for refuses in ("CONNECT", "HELO", "MAIL"):
            def answer(verb, refuses=refuses):
                return b"421 4.3.2 busy\r\n" if verb == refuses else rig.usual_reply(verb)

            for options, attempts in (((), 1), (("-A",), 1), (("--retry", "1x10ms"), 2)):
                log = self.scratch / "log"
                with rig.FakeServer(lambda connection: rig.play_server(connection, answer),
                                    connections=attempts) as server:
                    done = programs.source(server.endpoint, *options, "--log", log, "--json", report)
                self.assertEqual(done.returncode, 0 if "-A" in options else 1, done.stderr)
                lines, _ = read_lines(log)
                self.assertEqual([line["attempt"] for line in lines], list(range(1, attempts + 1)))
                for line in lines:
                    self.assertEqual((line["outcome"], line["reply"]), ("lost", "421 4.3.2 busy"),
                                     (refuses, options))
                totals = json.loads(report.read_text())["totals"]
                name = "messages_given_up" if "--retry" in options else "messages_lost"
                self.assertEqual(totals[name], 1, (refuses, options))

    @rig.on_every_engine()
    def test_an_interrupt_leaves_it_complete(self, programs):
        log = self.scratch / f"log-{programs.options[1]}"
        with programs.sink() as sink:
            source = programs.start("smtp-source", "--rate", "500/s", "--duration", 60, "--log", log,
                                    sink.endpoint)
            rig.wait_for(lambda: log.exists() and log.stat().st_size > 100_000, "lines while it runs")
            self.assertEqual(source.end(signal.SIGINT), 0, source.err)
        lines, end = read_lines(log)
        self.assertEqual(end, {"lines": len(lines), "dropped": 0})
        delivered = re.search(rb"([0-9,]+) messages at", source.out)
        self.assertEqual(int(delivered[1].replace(b",", b"")), len(lines))

    @rig.on_every_engine((1, 2))
    def test_an_end_at_once_comes_amid_replies(self, programs):
        report = self.scratch / "run.json"
        for options in (("--log", self.scratch / "log"), ("--retry", "5x1s"), ()):
            for _ in range(2):
                # Each reply takes a second in the mean, and any time: some come at every moment.
                with programs.sink("-W", ".:10ms:99") as sink:
                    source = programs.start("smtp-source", "-s", 300, "-m", 10**8, "-d", "--drain", "1h", "--json",
                                            report, *options, sink.endpoint, statuses=(0, 1))
                    rig.wait_for(lambda sink=sink: sink.open_sessions() >= 300, "all sessions")
                    source.hold_out(signal.SIGINT)
                    self.assertIn(source.end(signal.SIGINT), (0, 1), source.err)  # 1: nothing was delivered
                self.assertGreater(json.loads(report.read_text())["totals"]["messages_unfinished"], 0)

    @rig.on_every_engine()
    def test_standard_output_is_its_own(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "--duration", 1, "--log", "-")
            self.assertEqual(done.returncode, 0, done.stderr)
            refused = programs.source(sink.endpoint, "--summary", "--log", "-")
            self.assertEqual(refused.returncode, 1)
            self.assertIn(b"--summary and --log cannot both be written to standard output", refused.stderr)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(lines[-1], {"lines": len(lines) - 1, "dropped": 0})

    @rig.on_every_engine()
    def test_a_slow_reader_costs_lines_and_holds_nothing_up(self, programs):
        """Nobody reads until all is sent: many times what a pipe and the ring have room for."""
        messages, recipients = 1_500, 100
        pipe, report = self.scratch / f"pipe-{programs.options[1]}", self.scratch / "run.json"
        os.mkfifo(pipe)
        sent, lines = threading.Event(), []

        def read():
            with pipe.open() as file:
                self.assertTrue(sent.wait(rig.PATIENCE))
                lines.extend(json.loads(line) for line in file)

        reader = threading.Thread(target=read)
        with programs.sink("-c") as sink:
            reader.start()
            source = programs.start("smtp-source", "-m", messages, "-s", 2, "-d", "-r", recipients, "-t",
                                    "foo@" + "long." * 45 + "test", "--pipelining", "--log", pipe,
                                    "--json", report, sink.endpoint)
            sink.wait_counter("mesg", messages)
            sent.set()
            self.assertEqual(source.wait(), 0, source.err)
            reader.join()
        counted = json.loads(report.read_text())
        self.assertEqual(counted["totals"]["messages"], messages)
        end = lines.pop()
        self.assertEqual(counted["log"], end)
        self.assertEqual(end["lines"], len(lines))
        self.assertEqual(end["lines"] + end["dropped"], messages)
        self.assertGreater(end["dropped"], 0)
        self.assertIn(f"was too slow for the run: {end['dropped']} of {messages} lines were dropped".encode(),
                      source.err)
        self.assertTrue(all(len(line["recipients"]) == recipients for line in lines))

    @rig.on_every_engine()
    def test_a_full_disk_is_said_once_and_ends_nothing(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "-m", 2_000, "-d", "--log", "/dev/full")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertIn(b"warning: write /dev/full: No space left on device: nothing more is logged",
                          done.stderr)
            missing = programs.source(sink.endpoint, "--log", self.scratch / "missing" / "log")
            self.assertEqual(missing.returncode, 1)
            self.assertIn(b"missing/log: No such file or directory", missing.stderr)


if __name__ == "__main__":
    unittest.main()
