"""One run over many processes (smtp-source-mpi): it sends what one process sends, and makes one report of it, whatever
becomes of a rank."""

import contextlib
import json
import os
import re
import shutil
import signal
import statistics
import threading

import psutil

import capacity_test
import measuring
import parts_test
import readers
import rig

RANKS = (1, 2, 4, 8)
# Until all others have ended, after one is gone.
LIMIT = 10
# As between hosts; ranks of one host have memory in common.
TCP = ("--mca", "pml", "ob1", "--mca", "btl", "tcp,self", "--mca", "btl_tcp_if_include", "lo")
# So many seconds for the report when mpirun ends all; a busy machine may need more than one.
PATIENT = ("--mca", "odls_base_sigkill_timeout", "5")


class MpiCase(measuring.MeasureCase):
    PROGRAM = "smtp-source-mpi"
    mpi_options = ()  # further ones of mpirun
    # Of a run that does not come to its end.
    LOAD = ("--rate", "200/s", "--duration", "60s", "-d", "-s", "8")

    def setUp(self):
        super().setUp()
        rig.need(shutil.which("mpirun") and (rig.BUILD / self.PROGRAM).exists(),
                 "needs Open MPI (script/bootstrap mpi) when it is built")
        self.json = self.scratch / "run.json"
        # Of ranks that tell each other something it makes no difference on which engine.
        self.programs = rig.ours("epoll", "--threads", 1)

    def mpirun(self, ranks):
        """Its options for so many ranks."""
        return ["--oversubscribe", "-n", ranks]

    def command(self, programs, ranks, *arguments):
        as_root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        # What mpirun is killed before it has removed goes with the test.
        return ["mpirun", *as_root, "--bind-to", "none", "--mca", "orte_tmpdir_base", self.scratch, *self.mpi_options, *self.mpirun(ranks),
                *programs.command(self.PROGRAM, [*arguments, "--json", self.json])]

    def together(self, *commands):
        """One run of several commands, a rank each."""
        first, *others = commands
        return [*first, *(word for one in others for word in (":", *one[one.index("-n"):]))]

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
                if self.PROGRAM in process.name()}

    def due(self, *load):
        """When one process has these messages due, in us."""
        log = self.scratch / "due.log"
        with self.programs.sink() as sink:
            done = self.programs.source(sink.endpoint, *load, "--part", "1/1", "--log", log)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return sorted(parts_test.microseconds(json.loads(line)["due"]) for line in log.read_text().splitlines()[:-1])

    def check_come_when_due(self, times, due):
        """That messages came when they were due, but for when the run began and what the machine was busy with."""
        times = sorted(times)
        self.assertEqual(len(times), len(due))
        behind = [came - moment for came, moment in zip(times, due)]
        begin = statistics.median(behind)
        # Were each of four ranks 10 ms behind the one before it, half of all would be 4.3 to 5 ms off and more, by what
        # the machine adds.
        self.assertLess(statistics.median(abs(one - begin) for one in behind), 3_000)

    def sink_options(self):
        """Those of the test's sinks."""
        return {}

    def interrupt(self, interfere, *arguments, statuses, ranks=4):
        """Does something to a run on its way; returns what it said, its report, and the sink's."""
        with self.counting_sink(self.programs, "-c", **self.sink_options()) as (sink, counted):
            running = self.start(self.programs, ranks, *self.LOAD, *arguments, sink.endpoint, statuses=statuses)
            sink.wait_counter("mesg", 100)
            interfere(running)
            running.wait(LIMIT)
        return bytes(running.err).decode(), self.report(), counted[0]

    def check_without(self, rank, said, run, taken):
        self.assertRegex(said, rf"fatal: rank {rank} \(.+\) was not .+: the report is without it")
        self.assertEqual(said.count("the report is without it"), 1)
        self.assertEqual(run["parts"]["numbers"], [number for number in (1, 2, 3, 4) if number != rank + 1])
        self.assertEqual(run["ending"], "interrupted")
        self.assertLess(0, run["totals"]["messages"])
        self.assertLess(run["totals"]["messages"], taken["totals"]["messages"])
        self.assertTrue(run["options"]["settings"][f"rank {rank}"].startswith("not in this report: it was not"))
        self.check_sums(run)


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
        load = ("--rate", "100/s", "--duration", "4s", "-d", "-s", "40", "--arrivals", "poisson", "--seed", 7)
        path = self.scratch / "stored"
        with self.programs.sink("--store", f"jsonl:{path}") as sink:
            self.pour(self.programs, 4, *load, sink.endpoint)
        lines = path.read_text().splitlines()
        self.check_come_when_due((parts_test.microseconds(json.loads(line)["time"]) for line in lines), self.due(*load))

    def test_are_shown_together_while_they_pour(self):
        with self.programs.sink() as sink:
            done, _ = self.pour(self.programs, 3, "--rate", "300/s", "--duration", "12s", "-d", "-s", "12",
                                "--progress", "line", sink.endpoint)
        shown = re.findall(r"^smtp-source-mpi: 1\d\.\d s: (\d+)\.\d/s of 300\.0/s asked, p50 .*, 0 errors$",
                           done.stderr.decode(), re.MULTILINE)
        self.assertEqual(len(shown), 1, done.stderr.decode())
        # Of two ranks it would be 200. What comes late is counted with the next second.
        self.assertGreater(int(shown[0]), 220)

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

    def test_are_not_those_of_another_mpi(self):
        done = rig.run(self.programs.command("smtp-source-mpi", ["127.0.0.1:1"]), environment={"PMI_SIZE": "3"})
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"fatal: PMI_SIZE says that there are 3 ranks, this MPI knows of 1: ", done.stderr)

    def test_with_other_options_are_found_out_before_they_send(self):
        with self.counting_sink(self.programs) as (sink, counted):
            one, other = (self.command(self.programs, 1, "-m", 10, "-s", 2, "-l", size, sink.endpoint) for size in (100, 200))
            done = rig.run(self.together(one, other))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"fatal: rank 1 \(.+\) is of another version, or has other "
                                               r"options or files, than rank 0: the report")
        self.assertEqual(counted[0]["totals"]["messages"], 0)

    def test_help_is_that_of_their_program(self):
        done = rig.run(self.command(self.programs, 2, "--help"))
        self.assertIn(b"Usage: smtp-source-mpi ", done.stdout)
        self.assertEqual(done.stdout.count(b"Usage: "), 1)

    def test_help_is_that_of_rank_0_whoever_starts_them(self):
        for name in ("OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK"):
            for rank, said in (("0", 1), ("1", 0)):
                with self.subTest(name=name, rank=rank):
                    done = rig.run(self.programs.command(self.PROGRAM, ["--help"]), environment={name: rank})
                    self.assertEqual((done.returncode, done.stdout.count(b"Usage: ")), (0, said))

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

    def test_may_be_a_pipe_that_says_whom_to_trust(self):
        pipe = self.first / "authority.pem"
        os.mkfifo(pipe)
        once = threading.Thread(target=pipe.write_bytes, args=(rig.certificate().authority.read_bytes(),), daemon=True)
        once.start()
        with self.programs.sink("--starttls", "--tls-cert", rig.certificate().file) as sink:
            self.apart("--starttls", "--tls-verify", "--sni", "localhost", "--tls-ca-file", "authority.pem",
                       "-m", 4, "-s", 2, sink.endpoint)
        once.join()
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
                "OMPI_MCA_orte_tmpdir_base": str(self.scratch),
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
        run = self.report()
        self.assertEqual(run["parts"]["numbers"], [1, 2, 3])
        self.assertGreater(run["totals"]["messages"], 100)

    def test_a_part_that_mpirun_starts_costs_no_other_its_report(self):
        text = next(one for one in parts_test.scripts("sh") if "-x seed" in one)
        (self.scratch / "run-parts").write_text(text.replace("load1,load2,load3", "localhost:3"))
        # The last part ends after the others have been seen to be gone.
        source = self.scratch / "smtp-source"
        source.write_text("""#!/bin/sh
rank=$OMPI_COMM_WORLD_RANK
echo "$PPID" >"shell$rank"
set -- $statuses
shift "$rank"
[ "$rank" -ne 2 ] || for other in 0 1; do
  until [ -s "shell$other" ]; do sleep 0.05; done
  while kill -0 "$(cat "shell$other")" 2>/dev/null; do sleep 0.05; done
done
[ "$rank" -ne 2 ] || sleep 1
echo report >"part$rank.json"
exit "$1"
""")
        source.chmod(0o755)
        for statuses, whole in (("0 0 0", 0), ("3 0 0", 0), ("3 1 0", 1), ("0 0 1", 1)):
            with self.subTest(statuses=statuses):
                for left in (*self.scratch.glob("part*.json"), *self.scratch.glob("shell*")):
                    left.unlink()
                done = rig.run(["sh", self.scratch / "run-parts"], cwd=self.scratch, statuses=(whole,), environment={
                    "PATH": f"{self.scratch}:{os.environ['PATH']}", "statuses": statuses, "OMPI_MCA_orte_tmpdir_base": str(self.scratch),
                    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
                self.assertEqual(done.returncode, whole, done.stderr)
                self.assertEqual(sorted(path.name for path in self.scratch.glob("part*.json")),
                                 [f"part{rank}.json" for rank in range(3)])


class Endings(MpiCase):
    def test_by_ctrl_c_is_with_one_whole_report(self):
        self.mpi_options = PATIENT
        said, run, taken = self.interrupt(lambda mpirun: mpirun.send_signal(signal.SIGINT), statuses=(1,))
        self.assertNotIn("fatal", said)
        self.assertEqual((run["ending"], run["parts"]["numbers"]), ("interrupted", [1, 2, 3, 4]))
        self.assertEqual(run["totals"]["messages"], taken["totals"]["messages"])
        self.check_sums(run)

    def test_by_a_signal_to_one_rank_is_with_one_whole_report(self):
        said, run, taken = self.interrupt(lambda mpirun: self.ranks(mpirun)[2].send_signal(signal.SIGINT),
                                          statuses=(0,))
        self.assertNotIn("fatal", said)
        self.assertEqual((run["ending"], run["parts"]["numbers"]), ("interrupted", [1, 2, 3, 4]))
        self.assertEqual(run["totals"]["messages"], taken["totals"]["messages"])

    def test_have_as_long_as_mpirun_is_told_to_leave_them(self):
        # Of these seconds three quarters are for all, and half of those for what is on its way.
        self.mpi_options = ("--mca", "odls_base_sigkill_timeout", "3")
        with self.counting_sink(self.programs, "-c", "-W", ".:500ms") as (sink, counted):
            running = self.start(self.programs, 2, *self.LOAD, sink.endpoint, statuses=(1,))
            sink.wait_counter("mesg", 1)
            running.send_signal(signal.SIGINT)
            running.wait(LIMIT)
        totals = self.report()["totals"]
        self.assertEqual((totals["messages_unfinished"], totals["messages"]), (0, counted[0]["totals"]["messages"]))

    def test_by_a_rank_that_gives_up_while_another_hangs(self):
        with self.programs.sink("-c") as sink:
            places = (sink.endpoint, f"127.0.0.1:{rig.free_port()}", sink.endpoint)
            running = rig.Process(self.together(*(
                self.command(self.programs, 1, *self.LOAD, "--abort-on", "errors>50%", place) for place in places)),
                                  statuses=(1,))
            sink.wait_counter("mesg", 5)
            self.ranks(running)[2].suspend()
            running.wait(LIMIT)
        said = bytes(running.err).decode()
        self.assertIn("rank 1: fatal: gave up: ", said)
        self.assertRegex(said, r"fatal: rank 2 \(.+\) was not .+: the report is without it")
        self.assertEqual(self.report()["parts"]["numbers"], [1, 2])

    def test_without_a_rank_that_is_killed(self):
        for rank, mpi in ((1, ()), (3, ()), (2, TCP)):
            with self.subTest(rank=rank, mpi=mpi):
                self.mpi_options = mpi
                self.json.unlink(missing_ok=True)
                # mpirun hands on how that rank ended.
                said, run, taken = self.interrupt(lambda mpirun: self.ranks(mpirun)[rank].kill(),
                                                  statuses=(128 + signal.SIGKILL,))
                self.check_without(rank, said, run, taken)
                # By then, so not because mpirun ends them: a second later its SIGTERM would come.
                self.assertIn(f"fatal: rank {rank} ({run['environment']['host']}) was not there any more:", said)

    def test_without_a_rank_that_hangs(self):
        said, run, taken = self.interrupt(lambda mpirun: self.ranks(mpirun)[2].suspend(), statuses=(1,))
        self.check_without(2, said, run, taken)

    def test_without_the_first_rank_is_without_a_report(self):
        # Which of both has ended mpirun may see first.
        for interfere, statuses, says in ((psutil.Process.kill, (128 + signal.SIGKILL, 1), ""),
                                          (psutil.Process.suspend, (1,),
                                           "rank 1: rank 0 is silent: nothing is reported")):
            with self.programs.sink("-c") as sink:
                running = self.start(self.programs, 2, *self.LOAD, sink.endpoint, statuses=statuses)
                sink.wait_counter("mesg", 100)
                interfere(self.ranks(running)[0])
                running.wait(LIMIT)
            self.assertIn(says, bytes(running.err).decode())
            # mpirun has one go on that is stopped, before it ends it: then it reports what it has.
            if interfere is psutil.Process.kill:
                self.assertFalse(self.json.exists())

    def test_without_a_rank_that_cannot_begin(self):
        (self.scratch / "message").write_text("Subject: x\n\nx\n")
        with self.programs.sink() as sink:
            first, second = (self.command(self.programs, 1, *self.LOAD, "-F", self.scratch / name, sink.endpoint)
                             for name in ("message", "none"))
            done = rig.run(self.together(first, second))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"fatal: rank 1 failed: open .*none: it is not among the files that "
                                               r"were handed out: the report is without it")
        run = self.report()
        self.assertEqual((run["parts"]["numbers"], run["totals"]["messages_started"]), ([1], 0))


class Searches(MpiCase):
    """A rate or a number of sessions that is searched is that of all ranks."""
    SHORT = capacity_test.SHORT

    def search(self, ranks, *arguments):
        """What was found, and the report."""
        for _ in range(capacity_test.ATTEMPTS):
            done = rig.run(self.command(self.programs, ranks, *self.SHORT, "-d", "--summary", *arguments),
                           timeout=capacity_test.PATIENCE)
            self.assertIn(done.returncode, (0, 3), done.stderr.decode())
            run = self.report()
            self.check_sums(run)
            capacity_test.Capacity.check_answer(self, run["capacity"])
            if run["capacity"]["limited_by"] != "generator":
                return run["capacity"], run
            for probe in run["capacity"]["probes"]:
                if probe["outcome"] == "late":
                    # Few late starts of each may be many of all, which is nobody's own.
                    self.assertRegex(probe["reason"], r"^(rank \d \(.+\): |it began )")
        rig.generator_was_late()

    def test_find_the_rate_above_which_a_sink_refuses(self):
        rules = self.scratch / "rules.toml"
        rules.write_text(capacity_test.LIMITED)
        with self.programs.sink("--rules", rules) as sink:
            capacity, run = self.search(2, "--find-rate", "errors<10%, max<5s", "--rate-range", "30-400/s", sink.endpoint)
        # Above the limit by a quarter a fifth is refused. Of one rank alone it would be twice as much.
        self.assertLess(capacity["rate"], 125)
        self.assertEqual(run["parts"]["numbers"], [1, 2])
        self.assertIn(f"{capacity['rate']:g}/s", run["stages"][0]["name"])
        self.assertAlmostEqual(run["series"][0]["asked"], capacity["rate"], 1)
        settings = run["options"]["settings"]
        self.assertIn("the highest of 30/s to 400/s with errors<10%, max<5s", settings["load"])
        self.assertNotIn("differing", settings)
        self.assertTrue({"rank 0", "rank 1"} <= settings.keys())

    def test_find_the_number_of_sessions(self):
        with self.programs.sink("-W", ".:20ms") as sink:
            capacity, _ = self.search(2, "--find-sessions", "rate<120/s", "--session-range", "2-64", sink.endpoint)
        # Each has at most fifty a second, and each rank half of them: not all that hold are fast enough for more.
        self.assertGreaterEqual(capacity["sessions"], 2)
        held = [probe for probe in capacity["probes"] if probe["level"] == capacity["sessions"]][-1]
        self.assertLess(held["messages_per_s"], 120)
        for probe in capacity["probes"]:
            self.assertLessEqual(probe["messages_per_s"], probe["level"] * 50 * 1.1)

    def test_send_no_message_twice(self):
        for search, levels in (("--find-rate", ("--rate-range", "20-40/s")),
                               ("--find-sessions", ("--session-range", "2-4"))):
            with self.subTest(search=search):
                dump = self.scratch / f"dump{search}"
                with self.programs.sink("-W", ".:20ms", "-D", dump) as sink:
                    self.search(2, search, "max<10s", *levels, sink.endpoint)
                ids = re.findall(rb"^Message-Id: (\S+)", dump.read_bytes(), re.MULTILINE)
                self.assertGreater(len(ids), 20)
                self.assertEqual(len(ids), len(set(ids)))

    def test_say_whose_generator_was_late(self):
        with self.programs.sink() as sink:
            running = self.start(self.programs, 2, *self.SHORT, "-d", "--summary", "--find-rate", "max<10s",
                                 "--rate-range", "200-400/s", sink.endpoint, statuses=(3,))
            rig.wait_for(lambda: len(self.ranks(running)) == 2, "both ranks to be there")
            late, over = self.ranks(running)[1], threading.Event()

            def hold_up():
                while not over.wait(0.02):
                    with contextlib.suppress(psutil.Error):
                        late.suspend()
                        over.wait(0.02)
                        late.resume()

            holding = threading.Thread(target=hold_up)
            holding.start()
            try:
                running.wait(capacity_test.PATIENCE)
            finally:
                over.set()
                holding.join()
        capacity = self.report()["capacity"]
        capacity_test.Capacity.check_answer(self, capacity)
        self.assertEqual(capacity["limited_by"], "generator")
        self.assertRegex(capacity["probes"][-1]["reason"], r"rank 1 \(.+\): ")
        self.assertRegex(bytes(running.err), rb"nothing is known of the server, the generator was late: .*rank 1 \(")

    def interfere(self, interfere, *arguments, statuses, began):
        """Does something to a search on its way; what it said, and its report."""
        with self.programs.sink("-c") as sink:
            running = self.start(self.programs, 3, "-d", "--find-rate", "max<10s", "--rate-range", "20-400/s",
                                 *arguments, sink.endpoint, statuses=statuses)
            began(running, sink)
            interfere(running)
            running.wait(LIMIT)
        run = self.report()
        capacity_test.Capacity.check_answer(self, run["capacity"])
        self.assertEqual((run["ending"], run["capacity"]["limited_by"]), ("interrupted", "unknown"))
        return bytes(running.err).decode(), run

    def check_without(self, rank, said, run):
        self.assertRegex(said, rf"fatal: rank {rank} \(.+\) was not .+: the search has ended there")
        self.assertEqual(said.count("the search has ended there"), 1)
        self.assertIn(" was not ", run["options"]["settings"][f"rank {rank}"])

    # Whoever interferes, and with which status mpirun ends then.
    ENDS = (("a rank is killed", lambda self, mpirun: self.ranks(mpirun)[1].kill(), 128 + signal.SIGKILL),
            ("a rank hangs", lambda self, mpirun: self.ranks(mpirun)[1].suspend(), 1),
            ("its user ends it", lambda self, mpirun: mpirun.send_signal(signal.SIGINT), 1))

    def test_end_between_two_probes_with_what_is_known(self):
        def is_over(running, _):
            rig.wait_for(lambda: b"20/s" in running.err, "a probe to be over")
        for what, interfere, status in self.ENDS:
            with self.subTest(what):
                said, run = self.interfere(lambda mpirun: interfere(self, mpirun), "--probe", "200ms", "--settle", "1h",
                                           statuses=(status,), began=is_over)
                (probe,) = run["capacity"]["probes"]
                self.assertEqual(run["capacity"]["rate"], 20 if probe["outcome"] == "held" else 0)
                # That probe was of all.
                self.assertEqual(run["parts"]["numbers"], [1, 2, 3])
                if what.startswith("a rank"):
                    self.check_without(1, said, run)
                    self.assertIn(" delivered", run["options"]["settings"]["rank 1"])
                else:
                    self.assertNotIn("fatal", said)

    def test_end_within_a_probe(self):
        def has_begun(_, sink):
            sink.wait_counter("mesg", 6)  # of which the warm-up has the first
        for what, interfere, status in self.ENDS:
            with self.subTest(what):
                said, run = self.interfere(lambda mpirun: interfere(self, mpirun), "--probe", "1h", "--warmup", "1ms",
                                           statuses=(status,), began=has_begun)
                self.assertEqual((run["capacity"]["probes"], run["capacity"]["rate"]), ([], 0))
                if what.startswith("a rank"):
                    self.check_without(1, said, run)
                    self.assertEqual(run["parts"]["numbers"], [1, 3])
                else:
                    self.assertNotIn("fatal", said)
                    self.assertGreater(run["totals"]["messages"], 0)

    def test_end_where_a_rank_cannot_begin(self):
        (self.scratch / "message").write_text("Subject: x\n\nx\n")
        search = (*self.SHORT, "--find-rate", "max<10s", "--rate-range", "20-400/s")
        with self.programs.sink() as sink:
            first, second = (self.command(self.programs, 1, *search, "-F", self.scratch / name, sink.endpoint)
                             for name in ("message", "none"))
            done = rig.run(self.together(first, second))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(), r"fatal: rank 1 failed: open .*none: it is not among the files that "
                                               r"were handed out: the search has ended there")
        self.assertEqual(self.report()["capacity"]["probes"], [])
