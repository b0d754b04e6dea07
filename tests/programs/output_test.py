"""What a run says and writes: the summary, the live view, and files that all tell the same."""

import contextlib
import json
import os
import pty
import re
import select
import unittest

import measuring
import readers
import rig


class Output(measuring.MeasureCase):
    @rig.on_every_engine()
    def test_without_new_options_nothing_is_said(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "-m", "5", "-w", "0.01")
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, b"", b""))

    @rig.on_every_engine()
    def test_the_summary(self, programs):
        with programs.sink() as sink:
            for options in (["--summary", "-m", "50"], ["--rate", "50/s", "--duration", "1"],
                            ["--duration", "0.3"], ["-m", "50", "--messages-per-session", "5"]):
                done = programs.source(sink.endpoint, *options)
                text = done.stdout.decode()
                for word in ("Totals", "Latency", "Phases", "Replies", "99%", "without an error"):
                    self.assertIn(word, text, options)
                self.assertNotIn("\x1b", text)
                self.assertLessEqual(max(map(len, text.splitlines()[:-1])), 80, text)
            self.assertIn("open loop", programs.source(sink.endpoint, "--rate", "50/s", "-m", "5").stdout.decode())

    def on_terminal(self, programs, endpoint, *arguments, status=0, seen=None, **environment):
        """What the source writes to a terminal of 80 columns; `seen` has it while it comes."""
        seen = bytearray() if seen is None else seen
        master, slave = pty.openpty()
        process = programs.start("smtp-source", *arguments, endpoint, stdout=slave, stderr=slave,
                                 statuses=(status,), environment={"LANG": "C.UTF-8", **environment})
        os.close(slave)
        with contextlib.suppress(OSError):  # EIO: the other end is closed
            while select.select([master], [], [], rig.PATIENCE)[0] and (data := os.read(master, 65536)):
                seen += data
        os.close(master)
        rig.check_ending(process.args, process.wait(), seen, statuses=[status])
        return seen.decode()

    def test_on_a_terminal_it_is_live_and_coloured(self):
        programs = rig.ours("epoll")
        with programs.sink() as sink:
            load = ["--rate", "100/s", "--duration", "2.5"]
            seen = self.on_terminal(programs, sink.endpoint, *load)
            self.assertIn("of 2.5 s [", seen)
            self.assertIn("\x1b[5A\r\x1b[J", seen)
            self.assertRegex(seen, r"rate +\d+\.\d/s of 100\.0/s asked")
            self.assertIn("\x1b[1mTotals\x1b[0m", seen)
            self.assertIn("█", seen)
            plain = self.on_terminal(programs, sink.endpoint, *load, "--progress", "off", NO_COLOR="1")
            self.assertNotIn("\x1b", plain)

    def test_no_message_that_is_shown_drives_the_terminal(self):
        line = b"\x1b]0;owned\x07 \xc3\xa4 \xe2\x80\xae \t|\x7f"
        path = self.scratch / "message.eml"
        path.write_bytes(b"Subject: x\r\n\r\n" + line + b"\r\n")
        programs = rig.ours("epoll")
        shown = self.on_terminal(programs, "localhost", "--corpus", path, "--show", "0")
        self.assertIn("\r\n\r\n\\x1b]0;owned\\x07 ä \\u202e \\t|\\x7f\r\n", shown)
        done = programs.run("smtp-source", "--corpus", path, "--show", "0")
        self.assertIn(b"\n\n" + line + b"\n", done.stdout, "elsewhere it is as it is sent")

    def test_messages_go_above_the_live_view(self):
        """A warning amid the view takes it off, and has it drawn again below."""
        def answer(verb):
            amid = b" s [" in shown and b"warning" not in shown
            return b"451 4.3.0 not now\r\n" if verb == "MAIL" and amid else rig.usual_reply(verb)

        shown = bytearray()
        with rig.FakeServer(lambda connection: rig.play_server(connection, answer), connections=None) as server:
            seen = self.on_terminal(rig.ours("epoll"), server.endpoint, "--rate", "50/s", "--duration", "2.5", "-s", "1",
                                    seen=shown)
        drawn = seen.index("[5A")
        self.assertRegex(seen, r"\x1b\[5A\r\x1b\[Jsmtp-source: warning: sender rejected: 451 4\.3\.0 not now [^\n]*\n[^\n]*of 2\.5 s \[")
        self.assertNotIn("warning", seen[:drawn])

    def test_elsewhere_it_says_a_line_every_ten_seconds(self):
        programs = rig.ours("epoll")
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "--rate", "100/s", "--duration", "12", "-d")
        # Of ten seconds that were seen: a machine that is busy may miss one.
        self.assertRegex(done.stderr.decode(),
                         r"^smtp-source: 1\d\.\d s: \d+\.\d/s of 100\.0/s asked, p50 [^\n]*, 0 errors\n$")

    @rig.on_every_engine((2,))
    def test_all_files_tell_the_same(self, programs):
        names = {name: self.scratch / f"run.{name}" for name in ("json", "html", "csv", "hlog")}
        with programs.sink() as sink:
            done = programs.source(
                sink.endpoint, "-d", "-A", "--progress", "off", "--arrivals", "poisson", "--warmup", "1",
                "--stages", "ramp 0-400/s 1s, hold 400/s 1s", "--threshold", "p99<10s",
                *(word for name, path in names.items() for word in (f"--{name}", path)))
            self.assertEqual(done.returncode, 0, done.stderr)
        readers.validate(measuring.SCHEMA, names["json"])
        run = json.loads(names["json"].read_text())
        self.check_sums(run)
        self.assertEqual([stage["name"] for stage in run["stages"]], ["ramp 0-400/s 1s", "hold 400/s 1s"])

        log = readers.HistogramLog(names["hlog"])
        self.assertEqual(len(log.intervals), len(run["series"]))
        for interval, row in zip(log.intervals, run["series"]):
            self.assertEqual(interval["Int_Count"], row["messages"])
            for percentile, name in (("50%", "p50_us"), ("90%", "p90_us"), ("Max", "max_us")):
                self.assertEqual(interval[f"Int_{percentile}"], row[name], name)
        self.assertAlmostEqual(log.start, run["start_epoch_s"], delta=0.002)
        intended = run["latency"]["intended"]
        whole = readers.histogram(intended["hdr"])
        self.assertEqual(whole.count, intended["count"])
        for percentile, name in (("50%", "p50"), ("90%", "p90"), ("99%", "p99"), ("99.9%", "p99_9"),
                                 ("99.99%", "p99_99"), ("Max", "max")):
            self.assertEqual(whole.percentiles[percentile], intended[f"{name}_us"], name)

        header, *rows = names["csv"].read_text().splitlines()
        self.assertEqual(len(rows), len(run["series"]))
        column = header.split(",").index("messages")
        stages_quoted = [re.sub(r'"[^"]*"', "stage", row).split(",") for row in rows]
        self.assertEqual([int(row[column]) for row in stages_quoted], [row["messages"] for row in run["series"]])

        page = self.check_page(names["html"], plots=4)
        for plot in page.plots:
            self.assertGreater(plot["painted"], 5_000)
            self.assertGreater(plot["colours"], 20)
        self.assertIn(f"{run['totals']['messages']:,}", page.text)
        self.assertIn("hold 400/s 1s", page.text)
        self.assertRegex(page.legend, r"second: \d s\s*delivered: [\d.]+/s\s*asked: [\d.]+/s")
        self.assertTrue(page.pdf.startswith(b"%PDF"))


if __name__ == "__main__":
    unittest.main()
