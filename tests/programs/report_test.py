"""smtp-report, which reads what runs have written; and what a sink reports."""

import base64
import json
import os
import re
import sys
import unittest
import zlib

import measuring
import readers
import rig


class Report(measuring.MeasureCase):
    def report(self, *arguments, status=0):
        done = rig.ours("epoll").run_plain("smtp-report", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def some_runs(self, count, *options):
        """The files of some short runs against a sink with these options."""
        programs = rig.ours("epoll")
        paths = []
        with programs.sink(*options) as sink:
            for number in range(count):
                paths.append(self.scratch / f"{len(options)}.{number}.json")
                done = programs.source(sink.endpoint, "--json", paths[-1], "-m", "200", "-s", "4", "-d", "--summary")
                self.assertEqual(done.returncode, 0, done.stderr)
                (self.scratch / f"{paths[-1].name}.txt").write_bytes(done.stdout)
        return paths

    def test_show_prints_the_summary_again(self):
        (path,) = self.some_runs(1)
        self.assertEqual(self.report("show", path).stdout, (self.scratch / f"{path.name}.txt").read_bytes())

    def test_merge_adds_runs(self):
        paths = self.some_runs(3)
        merged = self.scratch / "all.json"
        self.report("merge", *paths, "-o", merged)
        runs = [json.loads(path.read_text()) for path in paths]
        whole = json.loads(merged.read_text())
        readers.validate(measuring.SCHEMA, merged)
        self.assertEqual(whole["totals"]["messages"], 600)
        for name in ("bytes_sent", "sessions_opened", "recipients"):
            self.assertEqual(whole["totals"][name], sum(run["totals"][name] for run in runs))
        self.assertEqual(whole["latency"]["phases"]["mail"]["count"], 600)
        self.assertEqual(whole["latency"]["intended"]["max_us"],
                         max(run["latency"]["intended"]["max_us"] for run in runs))
        self.assertEqual(sum(row["messages"] for row in whole["series"]), 600)
        self.assertEqual(json.loads(self.report("merge", *paths).stdout), whole)
        self.check_sums(whole)

    def test_merge_asks_thresholds_of_the_whole(self):
        paths = self.some_runs(2)
        merged = self.scratch / "all.json"
        for threshold, passed in (("messages<300", True), ("messages>=300", False)):
            for path in paths:
                run = json.loads(path.read_text())
                run["thresholds"] = [{"threshold": threshold, "value": "200", "passed": passed}]
                path.write_text(json.dumps(run))
            done = self.report("merge", *paths, "-o", merged, status=3 if passed else 0)
            self.assertEqual(done.stderr.decode(), passed * f"smtp-report: warning: threshold failed: {threshold}: 400\n")
            self.assertEqual(json.loads(merged.read_text())["thresholds"],
                             [{"threshold": threshold, "value": "400", "passed": not passed}])
            # Which says what it came to, and judges nothing.
            self.report("show", merged)

    def test_compare_tells_a_regression(self):
        base = self.some_runs(3)
        slow = self.some_runs(3, "-W", ".:20ms")
        done = self.report("compare", *base, "--new", *slow, "--fail-on-regression", "5%", status=4)
        self.assertRegex(done.stdout.decode(), r"latency p50 .*WORSE")
        self.assertIn(b"regression: latency p50: ", done.stderr)
        self.report("compare", *base, "--new", *base, "--fail-on-regression", "5%")
        self.assertRegex(self.report("compare", *slow, "--new", *base).stdout.decode(), r"latency p50 .*better")
        patterns = [str(self.scratch / pattern) for pattern in ("0.?.json", "2.?.json")]
        self.assertEqual(self.report("compare", *patterns).stdout, done.stdout)
        self.report("compare", base[0], slow[0], "--fail-on-regression", "5%", status=4)

    def test_html_makes_the_page(self):
        (path,) = self.some_runs(1)
        self.report("html", path)
        self.check_page(path.with_suffix(".html"), plots=4)

    def test_the_page_leads_with_the_generator_unless_the_server_turned_most_messages_away(self):
        (path,) = self.some_runs(1)
        run = json.loads(path.read_text())
        run["generator"]["busy_share"] = [0.99]
        run["errors"]["rejected"] = {"count": 1, "sample": "550 no"}
        for refused, first, second in ((200, "The generator itself may be", "Errors"),
                                       (201, "Errors", "The generator itself may be")):
            run["totals"]["messages_refused"] = refused
            path.write_text(json.dumps(run))
            self.report("html", path)
            text = self.check_page(path.with_suffix(".html"), plots=4).text
            self.assertIn(second, text.split(first, 1)[1])

    def test_nothing_in_a_run_gets_out_of_its_place_on_the_page(self):
        """What servers and users say is text, whatever it is."""
        hostile = ("</script><script>document.title = 'taken'</script>", "<!-- <script> ", "\u2028 \u2029 \\ \"'`${x}",
                   "<img src=http://127.0.0.1:1/x onerror=document.title='taken'>", "&lt;b&gt;", "-->")
        (path,) = self.some_runs(1)
        run = json.loads(path.read_text())
        run["errors"]["rejected"] = {"count": 1, "sample": " ".join(hostile)}
        run["options"]["command_line"] = list(hostile)
        run["options"]["settings"]["to"] = " ".join(hostile)
        run["stages"] = [{**run["stages"][0], "name": name} for name in hostile]
        path.write_text(json.dumps(run))
        self.report("html", path)
        page = self.check_page(path.with_suffix(".html"), plots=4)
        self.assertTrue(page.title.startswith("smtp-source, "))
        seen = re.sub(r"\s+", " ", page.text)
        for text in hostile:
            self.assertGreaterEqual(seen.count(re.sub(r"\s+", " ", text).strip()), 4, text)

    def test_the_page_of_a_sink(self):
        programs = rig.ours("uring")
        with self.counting_sink(programs, "-q", "data") as (sink, counted):
            self.assertEqual(programs.source(sink.endpoint, "-A", "-m", "5").returncode, 1)
        path = self.scratch / "sink.json"
        path.write_text(json.dumps(counted[0]))
        readers.validate(measuring.SCHEMA, path)
        self.report("html", path, "-o", self.scratch / "sink.html")
        page = self.check_page(self.scratch / "sink.html", plots=2)
        self.assertIn("messages taken", page.text)
        self.assertRegex(page.text, r"Phases\s[^S]*session 5 ")
        self.assertNotIn("Answers", page.text)

    def test_the_page_shows_what_a_sink_verified(self):
        programs = rig.ours("epoll")
        with self.counting_sink(programs, "--verify", self.scratch / "got") as (sink, counted):
            programs.source(sink.endpoint, "--stamp", self.scratch / "sent", "-m", "20")
        path = self.scratch / "sink.json"
        (run,) = counted
        path.write_text(json.dumps(run))
        self.report("html", path)
        figures = self.check_page(path.with_suffix(".html"), plots=2).figures
        self.assertEqual(figures[-4:-1], [("20\nverified", ""), ("0\nduplicated", "good"), ("0\naltered", "good")])
        found = run["verify"]
        names = [name for name, value in found.items() if isinstance(value, int) and name not in ("checked", "seen", "altered")]
        self.assertEqual(len(names), 19)
        found |= {name: 100 + number for number, name in enumerate(names)}
        found |= {"seen": 4321, "checked": False}
        others = json.loads((rig.TOP / "tests/report/published/source-splits-1.4.json").read_text())
        found["from_due"] = others["latency"]["service"]  # of which no two percentiles are the same
        altered = sum(found[name] for name in ("footer_added", "headers_changed", "truncated", "body_changed"))
        path.write_text(json.dumps(run))
        self.report("html", path)
        page = self.check_page(path.with_suffix(".html"), plots=2)
        text = page.text
        self.assertEqual(page.figures[-4:], [("4,321\nverified", ""), (f"{found['duplicated']}\nduplicated", "bad"),
                                             (f"{altered}\naltered", "bad"), ("4.16 ms\np99 from when due", "")])
        verified = text.split("Verified\n")[1]
        shown = verified.split("Stamps are unchecked")[0]
        self.assertTrue(shown.startswith("seen 4,321\n"), shown)
        self.assertEqual(sorted(int(one) for one in re.findall(r" (1\d\d)\b", shown)), [found[name] for name in names])
        self.assertIn("Stamps are unchecked, for want of a key.", verified)
        self.assertRegex(verified, r"Latency to the arrival\s[^L]*from when it was due \d+ ")

    def test_the_page_shows_rules_and_answers(self):
        path = rig.TOP / "tests/report/published/sink-1.2.json"
        readers.validate(measuring.SCHEMA, path)
        run = json.loads(path.read_text())
        run["rules"][1]["name"] = "</script><b>a rule</b>\x07" + " of a long name" * 20
        path = self.scratch / "sink.json"
        path.write_text(json.dumps(run))
        self.report("html", path)
        text = self.check_page(path.with_suffix(".html"), plots=2).text
        self.assertRegex(text, r"Rules\srule hits\snobody-here 225\s</script><b>a rule</b>\\x07 of a long name.* 0\s")
        self.assertIn("Keys of rates and greylists that had to be forgotten: 6.", text)
        self.assertRegex(text, r"Answers\squeued 15\ssent 5\srefused 4\sfailed 3\sdropped 2\sunsent 1\snot allowed 7\s")

    def test_the_page_shows_what_clients_did_wrong(self):
        run = json.loads((rig.TOP / "tests/report/published/sink-1.5.json").read_text())
        run["lint"]["findings"][0]["sample"] = "</script><b>x</b>\x07" + "y" * 60
        path = self.scratch / "judging.json"
        path.write_text(json.dumps(run))
        readers.validate(measuring.SCHEMA, path)
        self.report("html", path)
        text = self.check_page(path.with_suffix(".html"), plots=2).text
        self.assertRegex(text, r"Lint: 1 of 2 sessions broke a rule\s")
        self.assertRegex(text, r"bare-lf an LF without CR \(RFC 5321, 2\.3\.8\) 3 1 </script><b>x</b>\\x07y+\s")

    def test_each_published_form_is_valid(self):
        """What other minor versions lack, or have besides, is allowed."""
        published = sorted((rig.TOP / "tests/report/published").glob("*.json"))
        self.assertGreater(len(published), 4)
        readers.validate(measuring.SCHEMA, *published, named=False)
        for path in published:
            self.report("show", path)

    def test_bad_input_is_one_clear_line(self):
        (path,) = self.some_runs(1)
        good = path.read_text()
        for text, said in (("", "not JSON"), ("1,2", "not JSON"), (good[:5000], "cut short"), ("{}", "no \"schema\""),
                           ('{"schema": "other/7"}', 'its schema is "other/7"'),
                           (good.replace('"totals"', '"sums"', 1), "key 'totals' not found")):
            path.write_text(text)
            for command in (["show", path], ["merge", path], ["html", path], ["compare", path, path]):
                done = self.report(*command, status=1)
                self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
                self.assertIn(f"smtp-report: fatal: {path}: ", done.stderr.decode())
                self.assertIn(said, done.stderr.decode())
        done = self.report("show", "/nonexistent", status=1)
        self.assertEqual(done.stderr, b"smtp-report: fatal: open /nonexistent: No such file or directory\n")

    # Runs a command and tells of it; small itself, since what it begins begins with its memory.
    WATCH = """
import json, os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
said = process.stderr.read().decode()
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps({"said": said, "status": os.waitstatus_to_exitcode(status), "kib": usage.ru_maxrss,
                  "cpu_s": usage.ru_utime + usage.ru_stime}))
"""

    def test_hostile_files_cost_little(self):
        """What is too much is one clear line, within a minute of CPU (as built for debugging, too) and
        256 MiB."""
        (path,) = self.some_runs(1)
        good = path.read_text()
        run = json.loads(good)
        stage = json.dumps(run["stages"][0])
        row = json.dumps(run["series"][0])
        number = re.compile(r'"second": \d+')
        # 188 KiB of memory from some hundred bytes: a count in each of the pages of a histogram.
        pages = b"\x1c\x84\x93\x13" + (46 * 3).to_bytes(4, "big") + bytes(4) + (3).to_bytes(4, "big")
        pages += (1).to_bytes(8, "big") + (3_600_000_000).to_bytes(8, "big") + b"\x3f\xf0\0\0\0\0\0\0"
        pages += b"\x02\xfd\x07" * 46  # one, and 511 noughts
        packed = zlib.compress(pages)
        packed = base64.b64encode(b"\x1c\x84\x93\x14" + len(packed).to_bytes(4, "big") + packed).decode()
        wide = re.sub(r'"hdr": "[^"]*"', f'"hdr": "{packed}"', stage)
        wide_row = re.sub(r'"hdr": "[^"]*"', f'"hdr": "{packed}"', row)
        series = ",".join(number.sub(f'"second": {second}', wide_row, 1) for second in range(10_000))
        named = re.sub(r'"stage": "[^"]*"', f'"stage": "{"x" * 1_000_000}"', row)
        named = ",".join(number.sub(f'"second": {second}', named, 1) for second in range(80))
        arrays = "[" + "[]," * 9_999 + "[]],"
        files = {
            "more than 256 keys in an object": good.replace("{", "{" + "".join(f'"k{i}":0,' for i in range(500_000)), 1),
            "more than 16 levels": "[" * 5_000_000,
            "more than 10000 elements": good.replace("{", '{"x":[' + "0," * 1_000_000 + "0],", 1),
            "a value of more than": good.replace("{", '{"x":"' + "x" * 10_000_000 + '",', 1),
            "bytes of text": good.replace('"series": [', f'"series": [{named},', 1),
            "more than 1000 stages": good.replace('"stages": [', '"stages": [' + (stage + ",") * 1_001, 1),
            "pages of memory": good.replace('"stages": [', '"stages": [' + (wide + ",") * 900, 1),
            "its series goes back": good.replace('"series": [', '"series": [' + (row + ",") * 10_000, 1),
            "its series holds what is no row": good.replace('"series": [', '"series": [' + arrays * 200, 1),
            "its stages hold what is no stage": good.replace('"stages": [', '"stages": [' + arrays * 200, 1),
            "more than 5000 rules": good.replace("{", '{"rules":[' + '{"name":"r","hits":1},' * 500_000 + "0],", 1),
            "more than 1000 objects": good.replace("{", '{"x":[' + "{}," * 500_000 + "0],", 1),
            "more than 256 values in a row": good.replace('{"second":', '{"x":[' + "{}," * 200_000 + '0],"second":', 1),
            "": re.sub(r'"series": \[.*?\n \]', lambda found: f'"series": [{series}]', good, count=1, flags=re.DOTALL),
        }
        for said, text in files.items():
            with self.subTest(said=said or "10 MB of small histograms, and well"):
                self.assertNotEqual(text, good)
                path.write_text(text)
                done = rig.run([sys.executable, "-c", self.WATCH, rig.BUILD / "smtp-report", "show", path],
                               timeout=4 * rig.PATIENCE)
                watched = json.loads(done.stdout)
                self.assertEqual(watched["status"], 1 if said else 0, watched["said"])
                if said:
                    self.assertEqual(watched["said"].count("\n"), 1, watched["said"])
                    self.assertIn(f"smtp-report: fatal: {path}: ", watched["said"])
                    self.assertIn(said, watched["said"])
                if rig.MEASURES_RESOURCES:
                    self.assertLess(watched["kib"], 256 * 1024)
                    self.assertLess(watched["cpu_s"], 60)

    @unittest.skipUnless(rig.MEASURES_RESOURCES, "a sanitizer's memory says nothing of the program's own")
    def test_two_runs_of_a_day_merge_within_512_mib(self):
        """Or such of six hours within a quarter of that. Once decoded, a histogram has a page of 4 KiB at least: those of
        all seconds at a time would not fit, whichever the length."""
        seconds = 86_400 if rig.LONG else 21_600
        (path,) = self.some_runs(1)
        good = path.read_text()
        row = json.loads(good)["series"][0]
        series = ",\n".join(json.dumps(row | {"second": second}) for second in range(seconds))
        path.write_text(re.sub(r'"series": \[.*?\n \]', lambda found: f'"series": [{series}]', good, count=1, flags=re.DOTALL))
        merged = self.scratch / "all.json"
        done = rig.run([sys.executable, "-c", self.WATCH, rig.BUILD / "smtp-report", "merge", path, path, "-o", merged],
                       timeout=4 * rig.PATIENCE)
        watched = json.loads(done.stdout)
        self.assertEqual((watched["status"], watched["said"]), (0, ""))
        rows = json.loads(merged.read_text())["series"]
        self.assertEqual([(one["second"], one["messages"]) for one in rows],
                         [(second, 2 * row["messages"]) for second in range(seconds)])
        self.assertLess(watched["kib"], 512 * 1024 * seconds // 86_400)

    def test_a_pipe_is_read_as_a_file_is(self):
        (path,) = self.some_runs(1)
        with open(path, "rb") as file:
            done = rig.run([rig.BUILD / "smtp-report", "show", "-"], stdin=file)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, self.report("show", path).stdout)

    def test_nothing_that_a_server_said_drives_the_terminal(self):
        hostile = b"550 \x1b]0;owned\x07 \x9b2J \xc2\x9b2J \x7f \xe2\x80\xae\r\n"
        page = self.scratch / "run.html"
        for locale in ("C", "C.UTF-8"):
            programs = rig.Programs("Millrace", rig.BUILD, ["--io", "epoll"], {"LC_ALL": locale})
            answer = rig.refusing("RCPT", hostile)
            with rig.FakeServer(lambda c, answer=answer: rig.play_server(c, answer), connections=3) as server:
                run, done = self.measure(programs, server.endpoint, "-v", "-A", "-m", "3", "--summary", "--html", page)
            path = next(self.scratch.glob("run.*.json"))
            shown = programs.run_plain("smtp-report", "show", path)
            for text in (done.stdout, done.stderr, path.read_bytes(), shown.stdout):
                self.assertNotRegex(text, rb"[\0-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|[^\xc2-\xf4\x80-\xbf][\x80-\xbf]|\xe2\x80\xae")
            self.assertIn(b"\\x1b]0;owned\\x07", done.stdout)
            self.assertIn(b"\\x1b]0;owned\\x07", done.stderr)
            self.assertIn("\x1b]0;owned\x07", run["errors"]["rejected"]["sample"], "as it was said")
            self.assertNotIn(b"\\u001b", page.read_bytes())
            path.unlink()

    def test_wrong_words_are_told(self):
        for arguments, said in (([], "missing command"), (["draw"], "unknown command: draw"), (["show"], "missing file"),
                                (["merge"], "missing files"), (["compare", "a"], "expected two runs"),
                                (["show", "a", "b"], "unexpected argument: b"),
                                (["compare", "a", "b", "--fail-on-regression", "x"], "bad limit: x")):
            done = self.report(*arguments, status=1)
            self.assertIn(said, done.stderr.decode(), arguments)


class SinkReport(measuring.MeasureCase):
    @rig.on_every_engine((1, 4))
    def test_what_a_sink_saw(self, programs):
        path = self.scratch / "sink.json"
        with programs.sink("--summary", "--json", path, "-M", "60") as sink:
            done = programs.source(sink.endpoint, "-s", "6", "-m", "60", "-r", "2", "-d")
            self.assertIn(done.returncode, (0, 1))  # the sink may be gone before the last QUIT
            self.assertEqual(sink.wait(), 0)
            self.assertIn(b"It took 60 messages for 120 recipients over 6 sessions.", sink.out)
        run = json.loads(path.read_text())
        readers.validate(measuring.SCHEMA, path)
        self.assertEqual(run["kind"], "sink")
        self.assertEqual(run["replies"]["DATA"], [{"code": 354, "count": 60}])
        self.assertEqual(run["phases"]["session"]["count"], 6)
        self.assertEqual(sum(row["messages"] for row in run["series"]), 60)
        self.assertEqual(sum(row["bytes_received"] for row in run["series"]), run["totals"]["bytes_received"])

    @rig.on_every_engine()
    def test_what_went_wrong(self, programs):
        with self.counting_sink(programs, "-t", "3") as (sink, counted):
            with sink.connect() as client:
                client.read_until(b"\r\n")
                client.talk(b"BOGUS\r\n", b"\r\n")
                client.talk(b"RCPT TO:<a@b>\r\n", b"\r\n")
                self.assertTrue(client.closed())
            with sink.connect() as client:
                client.read_until(b"\r\n")
            rig.wait_for(lambda: sink.open_sessions() == 0, "the sessions to end")
        errors = counted[0]["errors"]
        self.assertEqual({kind: one["count"] for kind, one in errors.items()},
                         {"timeout": 1, "closed": 1, "rejected": 2})
        self.assertEqual(counted[0]["replies"]["UNKNOWN"], [{"code": 500, "enhanced": "5.5.1", "count": 1}])
        self.assertEqual(counted[0]["replies"]["RCPT"], [{"code": 503, "enhanced": "5.5.1", "count": 1}])

    @rig.on_every_engine()
    def test_what_is_no_reply_has_no_code(self, programs):
        """Bytes that a rule has in place of one."""
        rules = self.scratch / "raw.toml"
        rules.write_text("[[rule]]\nname = 'a'\nmatch = { command = 'NOOP' }\nact = { raw = 'certainly\\x0d\\x0a' }\n")
        path = self.scratch / "sink.json"
        with programs.sink("--rules", rules, "--json", path) as sink, sink.connect() as client:
            client.read_until(b"\r\n")
            client.talk(b"NOOP\r\n", b"certainly\r\n")
        readers.validate(measuring.SCHEMA, path)
        self.assertEqual(json.loads(path.read_text())["replies"]["NOOP"], [{"code": 0, "count": 1}])
        done = programs.run_plain("smtp-report", "show", path)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertRegex(done.stdout.decode(), r"NOOP +0 +1\n")

    def test_a_report_is_written_by_a_sink_that_gave_up_its_rights(self):
        rig.need(os.geteuid() == 0, "only root can become somebody else")
        programs = rig.ours("epoll")
        folder = self.scratch / "roots"
        folder.mkdir(0o700)
        path = folder / "sink.json"
        with programs.sink("--json", path, "-u", "nobody", "-R", "/usr") as sink:
            programs.source(sink.endpoint, "-m", "3")
        self.assertEqual(json.loads(path.read_text())["totals"]["messages"], 3)


if __name__ == "__main__":
    unittest.main()
