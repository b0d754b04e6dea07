"""--find-rate and --find-sessions against sinks whose limits are known. What is said has to agree with what
was measured and with the limit; how near it comes is said by the search's own tests, since here other
programs have the machine as well. Where the generator was late, which a busy machine makes it, nothing is
said of the server: that is looked for again, and then taken for the answer that it is."""

import contextlib
import json
import re
import resource
import signal
import threading

import measuring
import readers
import rig

# A hundred messages a second, in any fifth of it.
LIMITED = """[[rule]]
name = "limit"
match = { command = "MAIL", over = "20/200ms" }
act = { reply = "450 4.7.1 Slow down" }"""

SHORT = ("--probe", "400ms", "--warmup", "200ms", "--confirm", "1s", "--settle", "0")
ATTEMPTS = 3
PATIENCE = 60  # seconds that a search may take


class Capacity(measuring.MeasureCase):
    def search(self, programs, sink, *arguments):
        """What was found: the report, its part about the capacity, and what was printed."""
        for _ in range(ATTEMPTS):
            run, done = self.measure(programs, sink.endpoint, *SHORT, "-d", "--summary", *arguments, status=(0, 3),
                                     timeout=PATIENCE)
            capacity = run["capacity"]
            self.check_sums(run)
            self.check_answer(capacity)
            self.last_line = done.stdout.decode().splitlines()[-1]
            if capacity["limited_by"] != "generator":
                return run, capacity, done
            self.assertEqual(done.returncode, 3)
            self.assertIn(f"The generator was the limit at {self.text(capacity, 'limited_at')}: ", self.last_line)
        rig.generator_was_late()

    @staticmethod
    def text(capacity, name):
        level = capacity[name]
        number = f"{level:,.0f}" if level == int(level) else f"{level:.4g}"
        return f"{number}/s" if capacity["of"] == "rate" else f"{number} session{'' if level == 1 else 's'}"

    def check_answer(self, capacity):
        """The answer follows from the probes."""
        probes = capacity["probes"]
        level = capacity[capacity["of"]]
        for probe in probes:
            self.assertGreaterEqual(probe["level"], capacity["range_low"])
            self.assertLessEqual(probe["level"], capacity["range_high"])
            if probe["outcome"] != "late":
                passed = all(term["passed"] for term in probe["thresholds"])
                behind = passed and "reason" in probe
                self.assertEqual(probe["outcome"], "held" if passed and not behind else "missed")
            else:
                self.assertIn("reason", probe)
            self.assertEqual([term["threshold"] for term in probe["thresholds"]], capacity["objective"])
        if level > 0:
            self.assertIn((level, "held"), [(probe["level"], probe["outcome"]) for probe in probes])
        if capacity["confirmed"]:
            confirming = [probe for probe in probes if probe["confirms"] and probe["outcome"] == "held"]
            self.assertEqual(confirming[-1]["level"], level)
        if capacity["limited_by"] == "server" and level > 0:
            missed = [probe["level"] for probe in probes if probe["outcome"] == "missed"]
            self.assertIn(capacity["limited_at"], missed)
            self.assertGreater(capacity["limited_at"], level)
            step = capacity["limited_at"] / level - 1
            self.assertTrue(step <= capacity["resolution"] + 1e-9 or capacity["of"] == "sessions", capacity)

    @rig.on_every_engine((2,))
    def test_the_rate_above_which_a_sink_refuses(self, programs):
        rules = self.scratch / "rules.toml"
        rules.write_text(LIMITED)
        page = self.scratch / "page.html"
        with programs.sink("--rules", rules) as sink:
            found = self.search(programs, sink, "--find-rate", "errors<10%, max<5s", "--rate-range", "30-400/s",
                                "--html", page)
        run, capacity, done = found
        # Above the limit by a quarter a fifth is refused.
        self.assertGreaterEqual(capacity["rate"], 30)
        self.assertLess(capacity["rate"], 125)
        self.assertEqual(done.returncode, 0 if capacity["confirmed"] else 3)
        # The run that is reported is of the rate that was found.
        self.assertIn(f"{capacity['rate']:g}/s", run["stages"][0]["name"])
        if capacity["confirmed"]:
            self.assertRegex(self.last_line, re.escape(f"holds errors<10%, max<5s up to {self.text(capacity, 'rate')}, "
                                                       f"confirmed for 1 s; at {self.text(capacity, 'limited_at')} "))
        drawn = self.check_page(page, plots=5)
        self.assertIn("Latency against the rate", drawn.text)

    def test_the_rate_that_sessions_can_bear(self):
        programs = rig.ours("epoll")
        with programs.sink("-W", ".:20ms") as sink:
            found = self.search(programs, sink, "-s", "2", "--find-rate", "max<100ms", "--rate-range", "10-400/s",
                                "--arrivals", "poisson", "--seed", "7", "--resolution", "20%")
        _, capacity, _ = found
        # Two sessions can never have more than a hundred a second; what comes above that waits.
        self.assertLess(capacity["rate"], 125)

    def test_a_rate_that_is_only_held_by_going_on_behind_the_end(self):
        programs = rig.ours("epoll")
        with programs.sink("-W", ".:20ms") as sink:
            found = self.search(programs, sink, "-s", "2", "--find-rate", "errors<1%", "--rate-range", "150-600/s",
                                "--probe", "1s")
        # Two sessions have at most a hundred a second.
        _, capacity, done = found
        self.assertEqual((done.returncode, capacity["rate"], capacity["limited_at"]), (3, 0, 150))
        self.assertRegex(self.last_line, r"even at 150/s: only \d+ of \d+ messages were over in time\.$")

    def test_sessions_that_the_server_never_greets(self):
        programs = rig.ours("epoll")
        with programs.sink("-m", "5", "-W", ".:20ms") as sink:
            found = self.search(programs, sink, "--find-sessions", "p99<1s", "--session-range", "4-64", "--probe", "1s")
        _, capacity, _ = found
        self.assertEqual((capacity["sessions"], capacity["limited_at"]), (5, 6))
        self.assertRegex(self.last_line, r"at 6 sessions 1 of the sessions did nothing but their first message\.$")

    def test_a_range_for_which_there_is_no_room_is_refused_before_the_first_probe(self):
        programs = rig.ours("epoll", "--threads", "1")
        command = programs.command("smtp-source", [*SHORT, "-d", "--find-sessions", "max<10s", "--session-range"])
        few_files = ["prlimit", "--nofile=40:40", *command]
        sink = f"127.0.0.1:{rig.free_port()}"  # that nobody needs
        done = rig.run([*few_files, "1-200", sink])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rb"^smtp-source: fatal: 200 sessions \(--session-range\) and \d+ other files are more "
                                      rb"than the 40 open files")
        done = rig.run([*command, "1-30", "--bind", "127.0.0.1-127.0.0.2", "--bind-ports", "20000-20009", sink])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, rb"^smtp-source: fatal: 30 sessions \(--session-range\) are more than the 20 ports "
                                      rb"that there are to connect from")

    def test_a_probe_that_cannot_start_ends_it_with_what_is_known(self):
        programs = rig.ours("epoll", "--threads", "1")
        path = self.scratch / "run.json"
        with programs.sink("-W", ".:20ms") as sink:
            source = programs.start("smtp-source", *SHORT[:6], "--settle", "1s", "-d", "--summary", "--json", path,
                                    "--find-sessions", "p99<10s", "--session-range", "1-200", sink.endpoint,
                                    statuses=(1,))
            rig.wait_for(lambda: b"1 session " in source.err, "the first probe")
            resource.prlimit(source.pid, resource.RLIMIT_NOFILE, (40, 40))
            self.assertEqual(source.wait(), 1)
        readers.validate(measuring.SCHEMA, path)
        run = json.loads(path.read_text())
        capacity = run["capacity"]
        self.assertEqual((run["ending"], capacity["limited_by"]), ("failed", "unknown"))
        self.assertGreater(len(capacity["probes"]), 1)
        self.assertRegex(source.err, rb"sessions \(-s\) and \d+ other files are more than the 40 open files")

    def test_the_number_of_sessions(self):
        programs = rig.ours("epoll")
        with programs.sink("-W", ".:20ms") as sink:
            found = self.search(programs, sink, "--find-sessions", "rate<120/s", "--session-range", "1-64")
        run, capacity, _ = found
        self.assertFalse(run["options"]["open_loop"])
        self.assertEqual(capacity["of"], "sessions")
        # Each has at most fifty a second.
        self.assertGreaterEqual(capacity["sessions"], 2)
        for probe in capacity["probes"]:
            self.assertLessEqual(probe["messages_per_s"], probe["level"] * 50 * 1.1)
            self.assertEqual(probe["level"], int(probe["level"]))

    def test_a_range_that_holds_to_its_end(self):
        programs = rig.ours("epoll")
        with programs.sink() as sink:
            found = self.search(programs, sink, "--find-rate", "max<10s", "--rate-range", "20-50/s")
        _, capacity, done = found
        self.assertEqual((done.returncode, capacity["limited_by"], capacity["limited_at"]), (0, "range", 0))
        self.assertEqual((capacity["rate"], capacity["confirmed"]), (50, True))
        self.assertEqual([probe["level"] for probe in capacity["probes"] if probe["outcome"] == "held"], [20, 40, 50, 50])
        self.assertEqual(self.last_line, "The server holds max<10s up to 50/s, confirmed for 1 s; more was not asked for.")

    def test_nothing_that_holds(self):
        programs = rig.ours("epoll")
        with programs.sink("-W", ".:20ms") as sink:
            found = self.search(programs, sink, "--find-rate", "p50<20ms", "--rate-range", "20-50/s")
        _, capacity, done = found
        self.assertEqual((done.returncode, capacity["limited_by"], capacity["rate"]), (3, "server", 0))
        self.assertFalse(capacity["confirmed"])
        self.assertRegex(self.last_line, r"The server does not hold p50<20ms even at 20/s: p50 was \d")
        self.assertIn(b"FAILED p50<20ms", done.stdout)

    def test_a_server_that_is_not_there(self):
        programs = rig.ours("epoll")
        _, done = self.measure(programs, f"127.0.0.1:{rig.free_port()}", *SHORT, "--find-rate", "max<1s", "--rate-range",
                               "20-50/s", status=(1, 3))
        # Or the generator was late, which is said as well.
        self.assertEqual(done.returncode, 1)

    def test_a_generator_that_is_held_up_is_the_limit(self):
        programs = rig.ours("epoll")
        path = self.scratch / "run.json"
        with programs.sink() as sink:
            source = programs.start("smtp-source", *SHORT, "-d", "--summary", "--json", path, "--find-rate", "max<10s",
                                    "--rate-range", "200-400/s", sink.endpoint, statuses=(3,))
            over = threading.Event()

            def hold_up():
                while not over.wait(0.02):
                    for sign in (signal.SIGSTOP, signal.SIGCONT):
                        with contextlib.suppress(ProcessLookupError):
                            source.send_signal(sign)
                        over.wait(0.02)

            holding = threading.Thread(target=hold_up)
            holding.start()
            try:
                self.assertEqual(source.wait(), 3)
            finally:
                over.set()
                holding.join()
        capacity = json.loads(path.read_text())["capacity"]
        self.check_answer(capacity)
        self.assertEqual((capacity["limited_by"], capacity["confirmed"]), ("generator", False))
        self.assertEqual([probe["outcome"] for probe in capacity["probes"]][-2:], ["late"] * 2)
        self.assertIn(b"\nThe generator was the limit at ", source.out)
        self.assertIn(b"nothing is known of the server, the generator was late: ", source.err)

    def test_an_interrupt_ends_it_with_what_is_known(self):
        programs = rig.ours("epoll")
        path = self.scratch / "run.json"
        with programs.sink() as sink:
            source = programs.start("smtp-source", "--probe", "200ms", "--settle", "1h", "-d", "--summary", "--json", path,
                                    "--find-rate", "max<10s", "--rate-range", "20-400/s", sink.endpoint, statuses=(3,))
            rig.wait_for(lambda: b"20/s" in source.err, "a probe to be over")
            self.assertEqual(source.end(signal.SIGINT), 3)
        run = json.loads(path.read_text())
        readers.validate(measuring.SCHEMA, path)
        capacity = run["capacity"]
        self.check_answer(capacity)
        self.assertEqual((run["ending"], capacity["limited_by"], capacity["confirmed"]), ("interrupted", "unknown", False))
        (probe,) = capacity["probes"]
        if probe["outcome"] == "held":
            self.assertEqual(capacity["rate"], 20)
            self.assertTrue(source.out.endswith(b"The server holds max<10s up to 20/s, not confirmed.\n"), source.out)

    def test_an_interrupt_within_a_probe(self):
        programs = rig.ours("epoll")
        path = self.scratch / "run.json"
        with programs.sink("-c") as sink:
            source = programs.start("smtp-source", "--probe", "1h", "--warmup", "1ms", "-d", "--json", path, "--find-rate",
                                    "max<10s", "--rate-range", "20-400/s", sink.endpoint, statuses=(3,))
            sink.wait_counter("mesg", 3)  # of which the warm-up has the first
            self.assertEqual(source.end(signal.SIGINT), 3)
        run = json.loads(path.read_text())
        self.assertEqual((run["ending"], run["capacity"]["probes"], run["capacity"]["rate"]), ("interrupted", [], 0))
        self.assertGreater(run["totals"]["messages"], 0)

    def test_no_two_messages_of_its_probes_are_the_same(self):
        programs = rig.ours("epoll", "--threads", "2")
        for search, levels in (("--find-rate", ("--rate-range", "20-40/s")),
                               ("--find-sessions", ("--session-range", "1-4"))):
            with self.subTest(search=search):
                dump = self.scratch / f"dump{search}"
                with programs.sink("-W", ".:20ms", "-D", dump) as sink:
                    self.measure(programs, sink.endpoint, *SHORT, "-d", search, "max<10s", *levels, status=(0, 3))
                ids = re.findall(rb"^Message-Id: (\S+)", dump.read_bytes(), re.MULTILINE)
                self.assertGreater(len(ids), 20)
                self.assertEqual(len(ids), len(set(ids)))

    def test_reports_are_compared_by_it_alone(self):
        programs = rig.ours("epoll")
        paths = []
        with programs.sink() as sink:
            for high in ("40", "80"):
                paths.append(self.scratch / f"{high}.json")
                done = programs.source(sink.endpoint, *SHORT, "-d", "--json", paths[-1], "--find-rate", "max<10s",
                                       "--rate-range", f"20-{high}/s")
                self.assertIn(done.returncode, (0, 3))
        for path in paths:
            readers.validate(measuring.SCHEMA, path)
        done = programs.run_plain("smtp-report", "compare", *paths)
        # Whose end was the range's, nobody knows how much it holds.
        self.assertRegex(done.stdout.decode(), r"\ncapacity +\S+/s +\S+/s +\S+ +not known\n")
        self.assertNotIn(b"latency", done.stdout)

