"""One run over many processes (smtp-source-mpi): it sends what one process sends, and makes one report of it, whatever
becomes of a rank."""

import json
import math
import os
import re
import shutil
import signal

import psutil

import measuring
import parts_test
import readers
import rig

RANKS = (1, 2, 4, 8)
# Until all others have ended, after one is gone.
LIMIT = 10


class MpiCase(measuring.MeasureCase):
    def setUp(self):
        super().setUp()
        rig.need(shutil.which("mpirun") and (rig.BUILD / "smtp-source-mpi").exists(),
                 "needs Open MPI (script/bootstrap mpi) when it is built")
        self.json = self.scratch / "run.json"
        # Of ranks that tell each other something it makes no difference on which engine.
        self.programs = rig.ours("epoll", "--threads", 1)

    def command(self, programs, ranks, *arguments):
        as_root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        return ["mpirun", *as_root, "--oversubscribe", "--bind-to", "none", "-n", ranks,
                *programs.command("smtp-source-mpi", [*arguments, "--json", self.json])]

    def start(self, programs, ranks, *arguments, statuses=(0,)):
        return rig.Process(self.command(programs, ranks, *arguments), statuses=statuses)

    def pour(self, programs, ranks, *arguments, status=0):
        """Runs all ranks to their ends; what they said, and their report."""
        done = rig.run(self.command(programs, ranks, *arguments))
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done, self.report()

    def report(self):
        readers.validate(measuring.SCHEMA, self.json)
        return json.loads(self.json.read_text())

    def ranks(self, mpirun):
        """The processes, by rank."""
        return {int(process.environ()["OMPI_COMM_WORLD_RANK"]): process
                for process in psutil.Process(mpirun.pid).children()
                if "smtp-source-mpi" in process.name()}


class Ranks(MpiCase):
    @rig.on_every_engine((2,))
    def test_send_what_one_process_sends(self, programs):
        options = ("--seed", 7, "-m", 25, "-s", 9, "-d")
        path = self.scratch / programs.options[1]
        with programs.sink("--store", f"jsonl+message:{path}") as sink:
            self.assertEqual(programs.source(sink.endpoint, *options, "--part", "1/1").returncode, 0)
        one = parts_test.stored(path)
        for ranks in RANKS:
            path.unlink()
            with programs.sink("--store", f"jsonl+message:{path}") as sink:
                _, run = self.pour(programs, ranks, *options, sink.endpoint)
            self.assertEqual(parts_test.stored(path), one)
            self.assertEqual(run["totals"]["messages"], 25)

    def test_report_together_what_the_sink_has_taken(self):
        load = ("--rate", "200/s", "--duration", "2s", "-d", "-s", "16", "--arrivals", "poisson", "--seed", 7)
        with self.programs.sink() as sink:
            one, _ = self.measure(self.programs, sink.endpoint, *load)
        for ranks in RANKS:
            with self.counting_sink(self.programs) as (sink, counted):
                _, run = self.pour(self.programs, ranks, *load, sink.endpoint)
            self.assertEqual(run["totals"]["messages"], counted[0]["totals"]["messages"])
            self.check_sums(run)
            self.assertEqual(run["totals"]["messages"], one["totals"]["messages"])
            for name in ("intended", "service"):
                self.assertEqual(readers.histogram(run["latency"][name]["hdr"]).above(0), one["latency"][name]["count"])
            for second in range(2):
                self.assertAlmostEqual(run["series"][second]["asked"], 200, 1)
            self.assertEqual(run["environment"]["threads"], ranks)
            settings = run["options"]["settings"]
            self.assertEqual([name for name in settings if name.startswith("rank ")],
                             [f"rank {rank}" for rank in range(ranks)] if ranks > 1 else [])
            self.assertNotIn("differing", settings)

    def test_have_arrivals_of_one_poisson_process(self):
        """By the test of Kolmogorov and Smirnov, of when the sink had each message."""
        path = self.scratch / "stored"
        with self.programs.sink("--store", f"jsonl:{path}") as sink:
            self.pour(self.programs, 4, "--rate", "100/s", "--duration", "4s", "-d", "-s", "40",
                      "--arrivals", "poisson", "--seed", 7, sink.endpoint)
        times = sorted(parts_test.microseconds(json.loads(line)["time"]) for line in path.read_text().splitlines())
        gaps = sorted(after - before for before, after in zip(times, times[1:]))
        self.assertGreater(len(gaps), 300)
        distance = max(abs((number + 0.5) / len(gaps) - (1 - math.exp(-gap / 10_000)))
                       for number, gap in enumerate(gaps))
        # Of the same law it is more than 2 once in 1,500 times; each 10 ms it would be 12.
        self.assertLess(distance * math.sqrt(len(gaps)), 2)

    def test_are_shown_together_while_they_pour(self):
        with self.programs.sink() as sink:
            done, _ = self.pour(self.programs, 3, "--rate", "300/s", "--duration", "12s", "-d", "-s", "12",
                                "--progress", "line", sink.endpoint)
        shown = re.findall(r"^smtp-source-mpi: 1\d\.\d s: (\d+)\.\d/s of 300\.0/s asked, p50 .*, 0 errors$",
                           done.stderr.decode(), re.MULTILINE)
        self.assertEqual(len(shown), 1, done.stderr.decode())
        # Of one rank it would be 100. What comes late is counted with the next second.
        self.assertGreater(int(shown[0]), 200)

    def test_are_judged_together(self):
        load = ("--rate", "100/s", "--duration", "1s", "-d", "-s", "4")
        with self.programs.sink() as sink:
            _, run = self.pour(self.programs, 4, *load, "--threshold", "rate>50/s", sink.endpoint)
            self.assertEqual([one["passed"] for one in run["thresholds"]], [True])
            _, run = self.pour(self.programs, 4, *load, "--threshold", "rate>1000/s", sink.endpoint, status=3)
            self.assertEqual([one["passed"] for one in run["thresholds"]], [False])

    def test_begin_when_they_are_told(self):
        taken = self.scratch / "stored"
        with self.programs.sink("--store", f"jsonl:{taken}") as sink:
            _, run = self.pour(self.programs, 2, "--start-at", "+1s", "-m", 20, "-s", 4, sink.endpoint)
        self.assertEqual(run["start_epoch_s"] % 1, 0)
        for line in taken.read_text().splitlines():
            self.assertGreaterEqual(parts_test.microseconds(json.loads(line)["time"]),
                                    run["start_epoch_s"] * 1_000_000)

    def test_say_once_what_is_wrong(self):
        done = rig.run(self.command(self.programs, 4, "--part", "1/4", "127.0.0.1:1"))
        self.assertEqual(done.returncode, 1)
        said = [line for line in done.stderr.decode().splitlines() if "smtp-source-mpi: " in line]
        self.assertEqual(said, ["smtp-source-mpi: fatal: --part: each rank is a part of the run already"])

    def test_say_who_says_it(self):
        done, run = self.pour(self.programs, 2, "-s", 2, "-m", 2, f"127.0.0.1:{rig.free_port()}", status=1)
        self.assertIn(b"smtp-source-mpi: rank 1: fatal: connect: Connection refused", done.stderr)
        self.assertEqual((run["ending"], run["totals"]["messages"]), ("failed", 0))


class Files(MpiCase):
    """Read by rank 0, in a directory of its own; the second rank is in another one, which has none of them."""

    def setUp(self):
        super().setUp()
        self.first, self.second = self.scratch / "first", self.scratch / "second"
        self.first.mkdir()
        self.second.mkdir()

    def write(self, name, text, *directories):
        for directory in directories or [self.first]:
            (directory / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / name).write_text(text)

    def apart(self, *arguments, status=0):
        """Runs a rank in each of both; what they said."""
        command = self.command(self.programs, 1, *arguments)
        ranks = command.index("-n")
        start, program = command[:ranks], command[ranks + 2:]
        done = rig.run([*start, "-n", 1, "-wdir", self.first, *program,
                        ":", "-n", 1, "-wdir", self.second, *program])
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def write_scenario(self):
        self.write("people/from.csv", "address,weight\n" + "".join(f"u{n}@a.test,{n}\n" for n in range(1, 9)))
        self.write("letter", "Subject: to {{name}}\n\nDear {{name}}\n")
        self.write("names.csv", "name,address\nAnn,ann@b.test\nBob,bob@b.test\n")
        # More than goes into one letter of MPI.
        self.write("mail/cur/large", "Subject: large\n\n" + "all of it\n" * 150_000)
        self.write("mail/new/small", "Subject: small\n\nx\n")
        self.write("mail/none", "")
        self.write("all.toml", """
            [senders]
            addresses = "people/from.csv"
            [[message]]
            name = "letter"
            template = "letter"
            fields = "names.csv"
            to = "address"
            weight = 3
            [[message]]
            name = "mail"
            corpus = "mail"
            """)

    def test_are_those_of_rank_0_everywhere(self):
        self.write_scenario()
        path = self.scratch / "stored"
        options = ("--scenario", "all.toml", "--seed", 7, "-m", 40, "-s", 4, "-d")
        with self.programs.sink("--store", f"jsonl+message:{path}") as sink:
            done = self.programs.source(sink.endpoint, *options, "--part", "1/1", cwd=self.first)
            self.assertEqual(done.returncode, 0, done.stderr)
        one = parts_test.stored(path)
        self.assertTrue(any("Subject: large" in content for *_, content in one))
        path.unlink()
        with self.programs.sink("--store", f"jsonl+message:{path}") as sink:
            self.apart(*options, sink.endpoint)
        self.assertEqual(parts_test.stored(path), one)
        settings = self.report()["options"]["settings"]
        for rank in (0, 1):
            self.assertIn(": 20 delivered, 0 not", settings[f"rank {rank}"])
        self.assertNotIn("differing", settings)

    def test_say_whom_to_trust(self):
        self.write("authority.pem", rig.certificate().authority.read_text())
        with self.programs.sink("--starttls", "--tls-cert", rig.certificate().file) as sink:
            self.apart("--starttls", "--tls-verify", "--sni", "localhost", "--tls-ca-file", "authority.pem",
                       "-m", 4, "-s", 2, sink.endpoint)
        self.assertEqual(self.report()["totals"]["messages"], 4)

    def test_with_secrets_stay_where_they_are(self):
        self.write("users", "user,secret\n", self.first, self.second)
        self.write("password", "secret\n")
        with self.programs.sink("--auth-users", self.first / "users") as sink:
            load = ("--auth", "CRAM-MD5", "-m", 4, "-s", 2, sink.endpoint)
            said = self.apart("--auth-user", "user", "--auth-password-file", "password", *load, status=1)
            self.assertRegex(said, r"fatal: rank 1 failed: open password: No such file or directory")
            self.apart("--auth-users", "users", *load)
        self.assertEqual(self.report()["totals"]["messages"], 4)

    def test_are_missed_once(self):
        said = self.apart("-F", "none", "127.0.0.1:1", status=1)
        self.assertEqual(re.findall("smtp-source-mpi: .*", said),
                         ["smtp-source-mpi: fatal: open none: No such file or directory"])

    def test_that_are_strange_are_told_of_once(self):
        self.write("message", "Subject: x\n\n" + "x" * 2_000 + "\n")
        with self.programs.sink() as sink:
            said = self.apart("--corpus", "message", "-m", 2, "-s", 2, sink.endpoint)
        self.assertEqual(len(re.findall("smtp-source-mpi: .*warning: message: lines of more than", said)), 1, said)


class Page(MpiCase):
    def test_the_script_runs(self):
        """That of doc/scale-out.md, with three ranks of this host for three hosts."""
        script = self.scratch / "run-ranks"
        script.write_text(next(one for one in parts_test.scripts("sh") if "exec mpirun" in one))
        with self.programs.sink() as sink:
            rig.run(["sh", script], cwd=self.scratch, environment={
                "PATH": f"{rig.BUILD}:{os.environ['PATH']}", "hosts": "localhost:3", "server": sink.endpoint,
                "load": "--threads 1 -M load.test -d -s 30 --rate 150/s --arrivals poisson --duration 1s",
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
        run = self.report()
        self.assertEqual(run["parts"]["numbers"], [1, 2, 3])
        self.assertGreater(run["totals"]["messages"], 100)


class Endings(MpiCase):
    LOAD = ("--rate", "200/s", "--duration", "60s", "-d", "-s", "8")

    def interrupt(self, interfere, *arguments, statuses, ranks=4):
        """Does something to a run on its way; returns what it said, its report, and the sink's."""
        with self.counting_sink(self.programs, "-c") as (sink, counted):
            running = self.start(self.programs, ranks, *self.LOAD, *arguments, sink.endpoint, statuses=statuses)
            sink.wait_counter("mesg", 100)
            interfere(running)
            running.wait(LIMIT)
        return bytes(running.err).decode(), self.report(), counted[0]

    def test_by_ctrl_c_is_with_one_whole_report(self):
        said, run, taken = self.interrupt(lambda mpirun: mpirun.send_signal(signal.SIGINT), statuses=(1,))
        self.assertNotIn("fatal", said)
        self.assertEqual((run["ending"], run["parts"]["numbers"]), ("interrupted", [1, 2, 3, 4]))
        self.assertEqual(run["totals"]["messages"], taken["totals"]["messages"])
        self.check_sums(run)

    def check_without(self, rank, said, run, taken):
        self.assertRegex(said, rf"fatal: rank {rank} \(.+\) was not .+: the report is without it")
        self.assertEqual(said.count("the report is without it"), 1)
        self.assertEqual(run["parts"]["numbers"], [number for number in (1, 2, 3, 4) if number != rank + 1])
        self.assertEqual(run["ending"], "interrupted")
        self.assertLess(0, run["totals"]["messages"])
        self.assertLess(run["totals"]["messages"], taken["totals"]["messages"])
        self.assertTrue(run["options"]["settings"][f"rank {rank}"].startswith("not in this report: it was not"))
        self.check_sums(run)

    def test_without_a_rank_that_is_killed(self):
        for rank in (1, 3):
            with self.subTest(rank=rank):
                # mpirun hands on how that rank ended.
                said, run, taken = self.interrupt(lambda mpirun: self.ranks(mpirun)[rank].kill(),
                                                  statuses=(128 + signal.SIGKILL,))
                self.check_without(rank, said, run, taken)

    def test_without_a_rank_that_hangs(self):
        said, run, taken = self.interrupt(lambda mpirun: self.ranks(mpirun)[2].suspend(), statuses=(1,))
        self.check_without(2, said, run, taken)

    def test_without_the_first_rank_is_without_a_report(self):
        for interfere, status in ((psutil.Process.kill, 128 + signal.SIGKILL), (psutil.Process.suspend, 1)):
            with self.programs.sink("-c") as sink:
                running = self.start(self.programs, 2, *self.LOAD, sink.endpoint, statuses=(status,))
                sink.wait_counter("mesg", 100)
                interfere(self.ranks(running)[0])
                running.wait(LIMIT)

    def test_without_a_rank_that_cannot_begin(self):
        (self.scratch / "message").write_text("Subject: x\n\nx\n")
        with self.programs.sink() as sink:
            first, second = (self.command(self.programs, 1, *self.LOAD, "-F", self.scratch / name, sink.endpoint)
                             for name in ("message", "none"))
            done = rig.run([*first, ":", *second[second.index("-n"):]])
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"fatal: rank 1 failed: open .*none: it is not among the files that "
                                               r"were handed out: the report is without it")
        run = self.report()
        self.assertEqual((run["parts"]["numbers"], run["totals"]["messages_started"]), ([1], 0))
