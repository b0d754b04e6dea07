"""Parts of one run (--part): together they send what one process sends, and their reports make its report.
What doc/scale-out.md shows is tried, or at least read, as it stands there."""

import datetime
import functools
import itertools
import json
import os
import pathlib
import re
import signal

import hosts
import journals
import measuring
import readers
import rig

DATE = re.compile(r"^Date: .*$", re.MULTILINE)
# The number of the run, which one process without --part draws.
RUN = re.compile(r"^(Message-Id: <)[0-9a-f]{12}\.", re.MULTILINE | re.IGNORECASE)
SCENARIO = ("--scenario", rig.TOP / "share/scenarios/mailbox-inbound.toml")
PAGE = rig.TOP / "doc/scale-out.md"


def stored(path):
    """What a sink has taken: clients, envelopes and contents, but for the date."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return sorted((line["client"]["address"], line["sender"], *line["recipients"], DATE.sub("", line["message"]))
                  for line in lines)


def without_run(messages):
    return [(*envelope, RUN.sub(r"\1run.", content)) for *envelope, content in messages]


def microseconds(text):
    """Of a moment in UTC, since 1970."""
    moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(microseconds=1)


def scripts(language):
    """The pieces of the page in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


class PartsCase(measuring.MeasureCase):
    def start_parts(self, programs, endpoint, parts, *options, each=lambda number: ()):
        """Runs all parts at once, to their ends."""
        running = [programs.start("smtp-source", "--part", f"{number}/{parts}", "--seed", 7, *options, *each(number),
                                  endpoint) for number in range(1, parts + 1)]
        for one in running:
            self.assertEqual(one.wait(timeout=rig.PATIENCE), 0, bytes(one.err))

    def sent(self, programs, parts, *options, sink_options=(), **others):
        """What arrives of all parts; of 0 parts: of a process without --part."""
        path = self.scratch / "stored"
        path.unlink(missing_ok=True)
        with programs.sink("--store", f"jsonl+message:{path}", *sink_options) as sink:
            if parts > 0:
                self.start_parts(programs, sink.endpoint, parts, *options, **others)
            else:
                self.assertEqual(programs.source(sink.endpoint, *options).returncode, 0)
        return stored(path)

    def report(self, *arguments, status=0):
        done = rig.ours("epoll").run_plain("smtp-report", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done


class Parts(PartsCase):
    def check_all_agree(self, programs, *options, whole=(), **others):
        """That any number of parts sends the same; `whole`: what a process without --part needs besides."""
        one = self.sent(programs, 1, *options, **others)
        self.assertEqual(without_run(self.sent(programs, 0, *options, *whole, **others)), without_run(one))
        self.assertEqual(len({content for *_, content in one}), len(one), "messages are told apart")
        for parts in (2, 3, 8):
            with self.subTest(parts=parts):
                self.assertEqual(self.sent(programs, parts, *options, **others), one)
        return one

    @rig.on_every_engine((2,))
    def test_of_a_closed_loop_send_what_one_process_sends(self, programs):
        for reuse in ((), ("-d",)):
            self.assertEqual(len(self.check_all_agree(programs, "-m", 25, "-s", 9, *reuse)), 25)

    @rig.on_every_engine((2,))
    def test_of_an_open_loop_send_what_one_process_sends(self, programs):
        rate = ("--rate", "100/s", "--duration", "500ms", "-d", "-s", "20")
        self.assertEqual(len(self.check_all_agree(programs, *rate)), 50)
        poisson = self.check_all_agree(programs, *rate, "--arrivals", "poisson", whole=("--seed", 7))
        self.assertGreater(len(poisson), 20)
        self.assertEqual(len(self.check_all_agree(programs, *rate, "-m", 27)), 27)

    @rig.on_every_engine((2,))
    def test_of_a_ramp_of_sessions_send_what_one_process_sends(self, programs):
        ramp = ("--stages", "ramp 0-9 200ms, hold 30s", "-m", 40, "-d")
        self.assertEqual(len(self.check_all_agree(programs, *ramp)), 40)

    @rig.on_every_engine((2,))
    def test_have_the_recipients_of_the_run(self, programs):
        self.check_all_agree(programs, "-m", 20, "-s", 8, "-N", "-r", 3)
        self.check_all_agree(programs, *SCENARIO, "-m", 50, "-s", 8, "-M", "client.test", whole=("--seed", 7))

    @rig.on_every_engine((2,))
    def test_have_the_sessions_of_the_run(self, programs):
        gen = ("--proxy-protocol", "v2", "--proxy-source", "[gen]", "-m", 11, "-s", 11)
        one = self.check_all_agree(programs, *gen, sink_options=("--proxy-from", "127.0.0.0/8"))
        self.assertEqual(sorted({client for client, *_ in one}), sorted(f"198.18.0.{number}" for number in range(11)))

    @rig.on_every_engine()
    def test_that_are_none_are_told(self, programs):
        done = programs.source("127.0.0.1:1", "--part", "1/3", "--seed", 7, "-m", 9, "-s", 2)
        self.assertEqual((done.returncode, done.stderr.decode()),
                         (1, "smtp-source: fatal: 2 sessions (-s) for 3 parts (--part): each needs one\n"))
        done = programs.source("127.0.0.1:1", "--part", "auto", "--seed", 7)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"--part auto: nothing says which part this is", done.stderr)

    @rig.on_every_engine()
    def test_are_told_by_what_started_the_program(self, programs):
        path = self.scratch / programs.options[1]
        with programs.sink("--store", f"jsonl+message:{path}") as sink:
            for rank in range(2):
                command = programs.command("smtp-source", ["--part", "auto/2", "--seed", 7, "-m", 5, "-s", 2,
                                                           sink.endpoint])
                done = rig.run(command, environment={"JOB_COMPLETION_INDEX": str(rank)})
                self.assertEqual(done.returncode, 0, done.stderr)
        taken = stored(path)
        self.assertEqual(taken, self.sent(programs, 1, "-m", 5, "-s", 2))

    @rig.on_every_engine((2,))
    def test_have_their_part_of_clients_that_misbehave(self, programs):
        with programs.sink() as sink:
            self.start_parts(programs, sink.endpoint, 3, "--client", "no-quit", "--client", "connect-only", "-s", 7,
                             "-m", 20, each=lambda number: ("--json", self.scratch / f"{number}.json"))
        self.report("merge", *self.scratch.glob("?.json"), "-o", self.scratch / "all.json")
        whole = json.loads((self.scratch / "all.json").read_text())
        self.assertEqual([client["sessions"] for client in whole["clients"]], [4, 3])
        self.assertEqual(sum(client["connections"] for client in whole["clients"]), 20)


class Reports(PartsCase):
    LOAD = ("--rate", "200/s", "--duration", "2s", "-d", "-s", "20", "--arrivals", "poisson",
            "--threshold", "rate>50/s")

    def parts(self, programs, parts, *options):
        files = [self.scratch / f"part{number}.json" for number in range(1, parts + 1)]
        # Far enough ahead for all to be started, however busy the machine is.
        start = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=10)
        with programs.sink() as sink:
            self.start_parts(programs, sink.endpoint, parts, *self.LOAD, *options,
                             "--start-at", f"{start:%Y-%m-%dT%H:%M:%SZ}",
                             each=lambda number: ("--json", files[number - 1],
                                                  "--log", files[number - 1].with_suffix(".log")))
        return files

    @rig.on_every_engine((2,))
    def test_make_that_of_the_run(self, programs):
        files = self.parts(programs, 3)
        merged = self.scratch / "all.json"
        done = self.report("merge", *files, "-o", merged)
        self.assertEqual(done.stderr, b"")
        readers.validate(measuring.SCHEMA, merged, *files)
        whole, *runs = (json.loads(path.read_text()) for path in (merged, *files))
        for number, run in enumerate(runs, 1):
            self.assertEqual((run["parts"]["of"], run["parts"]["numbers"]), (3, [number]))
            self.assertEqual((run["start_epoch_s"], run["start_epoch_s"] % 1), (whole["start_epoch_s"], 0))
            self.assertEqual(run["options"]["settings"]["parts"], f"{number} of 3")
            self.assertIn("Z, by a clock ", run["options"]["settings"]["start"])
            self.assertAlmostEqual(run["series"][0]["asked"], 200 / 3, 2)
        self.assertEqual(whole["parts"], {**runs[0]["parts"], "numbers": [1, 2, 3]})
        self.assertEqual(whole["options"]["settings"]["parts"], "1 to 3 of 3")
        self.assertEqual(whole["options"]["settings"]["load"], "open loop, Poisson arrivals, 200.0/s for 2.0 s")
        self.assertNotIn("differing", whole["options"]["settings"])
        self.assertEqual(whole["agreed_start"]["late_us"], max(run["agreed_start"]["late_us"] for run in runs))
        self.assertAlmostEqual(whole["series"][0]["asked"], 200, 1)
        for second in range(2):
            self.assertEqual(whole["series"][second]["messages_started"],
                             sum(run["series"][second]["messages_started"] for run in runs))
        self.check_sums(whole)
        # Some of them, in either order; then the last.
        some = self.scratch / "some.json"
        done = self.report("merge", files[2], files[0], "-o", some)
        self.assertEqual(done.stderr.decode(),
                         "smtp-report: warning: of 3 parts of the run these are missing: 2\n")
        self.assertEqual(json.loads(some.read_text())["options"]["settings"]["parts"], "1 and 3 of 3: not 2")
        self.assertEqual(json.loads(self.report("merge", some, files[1]).stdout)["totals"], whole["totals"])
        done = self.report("merge", some, files[0], status=1)
        self.assertEqual(done.stderr.decode(),
                         f"smtp-report: fatal: {some} and {files[0]} both have part 1 of 3\n")

    def due(self, programs, parts):
        """When messages were due by the log of each part."""
        logs = [path.with_suffix(".log") for path in self.parts(programs, parts)]
        lines = [[json.loads(line) for line in log.read_text().splitlines()][:-1] for log in logs]
        return [{line["number"]: microseconds(line["due"]) for line in of_one} for of_one in lines]

    @rig.on_every_engine((2,))
    def test_have_arrivals_when_the_run_has_them(self, programs):
        (one,) = self.due(programs, 1)
        self.assertEqual(sorted(one), list(range(len(one))))
        for parts in (2, 3):
            seen = []
            for times in self.due(programs, parts):
                first = min(times)
                for number, moment in times.items():
                    # To a microsecond, since both are cut.
                    self.assertLessEqual(abs((moment - times[first]) - (one[number] - one[first])), 1)
                seen += times
            self.assertEqual(sorted(seen), sorted(one))

    @rig.on_every_engine((2,))
    def test_of_journals_are_of_sources_of_their_own(self, programs):
        folder = self.scratch / programs.options[1]
        folder.mkdir()
        got, sent = folder / "got.proof", [folder / f"sent{number}.proof" for number in range(1, 4)]
        with programs.sink("--verify", got) as sink:
            self.start_parts(programs, sink.endpoint, 3, "-m", 100, "-s", 9, "-d", "-r", 2, "--stamp-recipients",
                             "tagged", each=lambda number: ("--stamp", sent[number - 1]))
        runs = set()
        numbers = []
        for path in sent:
            run, records = journals.read_sent(path)
            runs.add(run)
            numbers += [record.number for record in records]
        self.assertEqual(len(runs), 3)
        self.assertEqual(sorted(numbers), sorted([*range(100)] * 2))
        done = self.report("reconcile", *sent, got, "--fail-on", "lost,duplicated,altered,undecided,unexpected")
        self.assertIn(b"Nothing lost: 200 of 200 accepted deliveries were delivered once", done.stdout)


class Starts(PartsCase):
    @rig.on_every_engine((2,))
    def test_nothing_is_sent_before(self, programs):
        for load in (("-m", 20, "-s", 4), ("--rate", "100/s", "-m", 20)):
            path, taken = self.scratch / "run.json", self.scratch / "taken"
            taken.unlink(missing_ok=True)
            with programs.sink("--store", f"jsonl:{taken}") as sink:
                done = programs.source(sink.endpoint, "--start-at", "+1s", *load, "--json", path)
                self.assertEqual(done.returncode, 0, done.stderr)
            run = json.loads(path.read_text())
            readers.validate(measuring.SCHEMA, path)
            self.assertEqual(run["start_epoch_s"] % 1, 0)
            self.assertNotIn("parts", run)
            for line in taken.read_text().splitlines():
                self.assertGreaterEqual(microseconds(json.loads(line)["time"]),
                                        run["start_epoch_s"] * 1_000_000)

    @rig.on_every_engine((2,))
    def test_a_run_that_is_ended_before_sends_nothing(self, programs):
        for load in ((), ("--rate", "100/s"), ("--client", "connect-only"), ("--progress", "off")):
            path = self.scratch / "run.json"
            with programs.sink("-c") as sink:
                source = programs.start("smtp-source", "--start-at", "2100-01-01T00:00:00Z", "-s", 3, "-m", 9, *load,
                                        "--json", path, sink.endpoint)
                waits = pathlib.Path(f"/proc/{source.pid}/task")
                rig.wait_for(lambda: len(list(waits.iterdir())) >= 3, "its threads to be there")
                source.send_signal(signal.SIGINT)
                source.statuses = (0, 1)
                source.wait(timeout=rig.PATIENCE)
            self.assertEqual(sink.out, b"", "it counts no session")
            told = re.findall(rb"^smtp-source: the run begins at 2100-01-01T00:00:00Z, in \d+ h \d+ min$", source.err, re.M)
            self.assertEqual(len(told), 0 if "off" in load else 1, bytes(source.err))
            run = json.loads(path.read_text())
            self.assertEqual((run["ending"], run["totals"]["messages_started"]), ("interrupted", 0))
            self.assertEqual((run["generator"]["is_bottleneck"], run["generator"]["reasons"]), (False, []))

    @rig.on_every_engine()
    def test_one_that_is_over_is_told(self, programs):
        done = programs.source("127.0.0.1:1", "--start-at", "2026-01-01T00:00:00Z")
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.decode(),
                         r"^smtp-source: fatal: --start-at 2026-01-01T00:00:00Z is over: it is 20\d\d-.*Z\n$")


class Page(PartsCase):
    def test_scripts_are_scripts(self):
        shell = scripts("sh")
        self.assertEqual(len(shell), 6)
        for number, text in enumerate(shell):
            path = self.scratch / f"script{number}"
            path.write_text(text)
            shebang = text.splitlines()[0]
            self.assertIn(shebang, ("#!/bin/sh", "#!/bin/bash"))
            done = rig.run([shebang[2:], "-n", path])
            self.assertEqual((done.returncode, done.stderr), (0, b""), text)

    def test_the_job_is_one_of_kubernetes(self):
        (text,) = scripts("json")
        job = json.loads(text.replace("SEED", "7").replace("START", "2100-01-01T00:00:00Z"))
        spec, pod = job["spec"], job["spec"]["template"]["spec"]
        self.assertEqual((job["apiVersion"], job["kind"], spec["completionMode"]), ("batch/v1", "Job", "Indexed"))
        self.assertEqual((spec["parallelism"], spec["backoffLimitPerIndex"]), (spec["completions"], 0))
        self.assertEqual(pod["restartPolicy"], "Never")
        (container,) = pod["containers"]
        shell, option, command = container["command"]
        self.assertEqual((shell, option), ("sh", "-c"))
        self.assertIn(f"--part auto/{spec['completions']} ", command)
        self.assertIn(f" --threads {container['resources']['limits']['cpu']} ", command)
        # As it is, but that it only shows a message.
        command = command.removeprefix("exec ").replace("2>/dev/termination-log", "--show 2")
        done = rig.run(["sh", "-c", command], environment={
            "JOB_COMPLETION_INDEX": "2", "PATH": f"{rig.BUILD}:{os.environ['PATH']}"})
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"MAIL FROM:<foo@load.test>", done.stdout)

    def merged(self, folder=None):
        """What a script has made, in a folder of its own."""
        (path,) = (folder or self.scratch).glob("run-*/run.json")
        readers.validate(measuring.SCHEMA, path)
        return json.loads(path.read_text())

    def script_of(self, word, folder, **stubs):
        """The command that runs the script with this word there, and its environment: programs that stand for others."""
        (folder / "bin").mkdir(parents=True)
        for name, text in stubs.items():
            (folder / "bin" / name.replace("_", "-")).write_text("#!/bin/sh\n" + text)
            (folder / "bin" / name.replace("_", "-")).chmod(0o755)
        text = next(one for one in scripts("sh") if word in one)
        (folder / "bin/run-parts").write_text(text)
        # Left by an earlier run.
        (folder / "part9.json").write_text("stale")
        return ([text.splitlines()[0][2:], folder / "bin/run-parts"],
                {"PATH": f"{folder}/bin:{rig.BUILD}:{os.environ['PATH']}"})

    def run_script(self, word, status, folder=None, **stubs):
        folder = folder or self.scratch
        command, environment = self.script_of(word, folder, **stubs)
        return rig.run(command, cwd=folder, timeout=rig.PATIENCE, statuses=(status,), environment={
            **environment, "SLURM_JOB_ID": "-7", "SLURM_CPUS_PER_TASK": "1"})

    def test_the_script_over_ssh_merges_the_parts_that_there_are(self):
        report = rig.TOP / "tests/report/published/source-parts-1.5.json"
        done = self.run_script("ssh", 255, ssh=f"if [ $1 = load2 ]; then cat {report}; else echo no way >&2; exit 255; fi\n")
        self.assertEqual((done.returncode, self.merged()["parts"]["numbers"]), (255, [1, 3]))
        self.assertIn(b"1 and 3 of 4", done.stdout)
        self.assertEqual(done.stderr.splitlines()[:2], [b"part1.load1: no way", b"part3.load3: no way"])

    def test_the_script_of_kubernetes_merges_the_parts_that_there_are(self):
        report = rig.TOP / "tests/report/published/source-parts-1.5.json"
        (self.scratch / "millrace.json").write_text(scripts("json")[0])
        calls = self.scratch / "calls"
        done = self.run_script("kubectl", 1, kubectl=f"""echo "$*" >>{calls}
case "$1 $2" in
"create -f") cat >/dev/null ;;
"get job") echo FailureTarget Failed ;;
"get pods") printf 'millrace-0-x 0 1\nmillrace-1-y 1 0\n' ;;
"logs millrace-1-y") cat {report} ;;
esac
""")
        self.assertEqual((done.returncode, self.merged()["parts"]["numbers"]), (1, [1, 3]))
        self.assertEqual(len(list(self.scratch.glob("run-*/part1.json"))), 1)
        self.assertEqual(calls.read_text().splitlines()[-1], "delete job millrace")

    def test_no_signal_leaves_the_job_of_kubernetes(self):
        for number, moment in itertools.product((signal.SIGHUP, signal.SIGINT, signal.SIGTERM), ("create", "get")):
            with self.subTest(signal=number.name, moment=moment):
                folder = self.scratch / number.name / moment
                calls, made = folder / "calls", folder / "made"
                command, environment = self.script_of("kubectl", folder, sleep="exec /bin/sleep 0.05\n",
                                                      kubectl=f"""echo "$*" >>{calls}
[ "$1" != create ] || {{ cat >/dev/null; read -r _ <{made}; }}
""")
                (folder / "millrace.json").write_text(scripts("json")[0])
                os.mkfifo(made)  # what `kubectl create` waits for
                # One that is ignored where the tests are run no script can change.
                running = rig.Process(command, statuses=(128 + number,), cwd=folder, environment=environment,
                                      preexec_fn=functools.partial(signal.signal, number, signal.SIG_DFL))
                if moment == "get":
                    made.write_text("\n")
                rig.wait_for(lambda path=calls, part=moment: path.exists() and part in path.read_text(), moment)
                running.send_signal(number)
                if moment == "create":
                    made.write_text("\n")
                running.wait()
                self.assertEqual(calls.read_text().splitlines()[-1], "delete job millrace")
                self.assertEqual("get job" in calls.read_text(), moment == "get")

    def test_the_script_of_kubernetes_says_what_is_lost(self):
        report = rig.TOP / "tests/report/published/source-parts-1.5.json"
        (self.scratch / "millrace.json").write_text(scripts("json")[0])
        done = self.run_script("kubectl", 1, kubectl=f"""case "$*" in
"create -f -"*) cat >/dev/null ;;
"get job millrace --output=jsonpath={{.spec.completions}}") echo 2 ;;
"get job"*) echo Complete ;;
"get pods"*) printf 'pod-x 0 0\npod-y 1 0\n' ;;
"get pod pod-x"*terminated.message*) printf 'smtp-source: warning: one\nsmtp-source: warning: two\n\n' ;;
"logs pod-x") exit 1 ;;
"logs pod-y") cat {report} ;;
esac
""")
        self.assertEqual((done.returncode, self.merged()["parts"]["numbers"]), (1, [1, 3]))
        self.assertEqual(done.stderr.decode().splitlines()[:3],
                         ["pod-x: smtp-source: warning: one", "pod-x: smtp-source: warning: two",
                          "pod-x: its log is lost"])

    def test_the_script_of_kubernetes_says_that_it_has_waited_enough(self):
        (self.scratch / "millrace.json").write_text(scripts("json")[0])
        command, environment = self.script_of("kubectl", self.scratch, kubectl="""case "$*" in
"create -f -"*) cat >/dev/null ;;
"get pods"*) echo 'pod-x 0' ;;
"get pod pod-x"*waiting.message*) echo 'Back-off pulling image' ;;
"logs pod-x") exit 1 ;;
esac
""")
        done = rig.run(command, cwd=self.scratch, statuses=(1,), environment={**environment, "limit": "0"})
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.decode().splitlines()[:3],
                         ["not done after 0 s", "pod-x: Back-off pulling image", "pod-x: its log is lost"])

    def test_scripts_end_as_the_whole_does(self):
        """A threshold may fail in each part and not in the whole, and the other way round."""
        run = json.loads((rig.TOP / "tests/report/published/source-parts-1.5.json").read_text())
        bound = 2 * run["totals"]["messages"]
        run["parts"]["of"] = 3
        for word in ("ssh", "srun", "kubectl"):
            for threshold, parts, whole in ((f"messages>={bound}", (3, 3, 3), 0), (f"messages<{bound}", (0, 0, 0), 3),
                                            (f"messages>={bound}", (3, 1, 0), 1), (f"messages<{bound}", (0, 1, 0), 1)):
                with self.subTest(word=word, threshold=threshold, parts=parts):
                    folder = self.scratch / f"{word}{threshold}{parts[1]}"
                    folder.mkdir()
                    (folder / "millrace.json").write_text(scripts("json")[0])
                    run["thresholds"] = [{"threshold": threshold, "value": "", "passed": parts[0] == 0}]
                    for number in (1, 2, 3):
                        run["parts"]["numbers"] = [number]
                        (folder / f"report{number}").write_text(json.dumps(run))
                    done = self.run_script(
                        word, whole, folder,
                        ssh='shift\nexec sh -c "$*"\n',
                        # Which ends as the worst of its tasks.
                        srun="""while [ "${1#--}" != "$1" ]; do
  [ "${1#--error=}" = "$1" ] || error=${1#--error=}
  shift
done
worst=0
for task in 0 1 2; do
  SLURM_PROCID=$task "$@" >part$task.json 2>"$(echo "$error" | sed "s/%t/$task/; s/%N/load$task/")" || { ended=$?; [ $ended -lt $worst ] || worst=$ended; }
done
exit $worst
""",
                        smtp_source=f"""part=${{2%/*}}
[ "$part" != auto ] || part=$((SLURM_PROCID + 1))
cat "{folder}/report$part"
echo "this is $part" >&2
set -- {" ".join(map(str, parts))}
shift $((part - 1))
exit "$1"
""",
                        kubectl=f"""case "$*" in
"create -f -"*) cat >/dev/null ;;
"get job millrace --output=jsonpath={{.spec.completions}}") echo 3 ;;
"get job"*) echo {"Failed" if any(parts) else "Complete"} ;;
"get pods"*) printf 'pod-1 0 {parts[0]}\npod-2 1 {parts[1]}\npod-3 2 {parts[2]}\n' ;;
"logs pod-"*) cat "{folder}/report${{2#pod-}}" ;;
esac
""")
                    self.assertEqual(done.returncode, whole, done.stderr)
                    if word != "kubectl":
                        self.assertRegex(done.stderr, rb"part\d\.load2: this is [23]\n")
                    self.assertEqual(self.merged(folder)["parts"]["numbers"], [1, 2, 3])
                    self.assertIn(f" {threshold} ".encode(), done.stdout)

    def interrupt_over_ssh(self, folder, ssh, status):
        """What the script has made that was told to end on the way, and what it said."""
        programs = rig.ours("epoll")
        command, environment = self.script_of("ssh", folder, ssh=ssh)
        with self.counting_sink(programs, "-c") as (sink, counted):
            # Where all of the tests are run in the background SIGINT is ignored, which no script can change.
            running = rig.Process(command, statuses=(status,), cwd=folder, environment={
                **environment, "server": sink.endpoint, "lead": "2",
                "load": "--io epoll --threads 1 -d -s 30 --rate 150/s --duration 30s"},
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            sink.wait_counter("mesg", 50)
            running.send_signal(signal.SIGINT)
            running.wait()
        run = self.merged(folder)
        self.assertEqual((run["ending"], run["totals"]["messages"]), ("interrupted", counted[0]["totals"]["messages"]))
        return run, bytes(running.out)

    def test_ctrl_c_ends_all_parts_over_ssh(self):
        run, said = self.interrupt_over_ssh(self.scratch / "all", 'shift\nexec sh -c "$*"\n', 0)
        self.assertEqual(run["parts"]["numbers"], [1, 2, 3])
        self.assertIn(b"1 to 3 of 3", said)

    def test_ctrl_c_ends_parts_over_ssh_that_have_not_begun(self):
        hangs = 'case "$1 $2" in\n"load2 smtp-source") exec sleep 60 ;;\nload2*) exit 1 ;;\nesac\nshift\nexec sh -c "$*"\n'
        run, _ = self.interrupt_over_ssh(self.scratch / "some", hangs, 128 + signal.SIGTERM)
        self.assertEqual(run["parts"]["numbers"], [1, 3])

    @hosts.on_own_host
    def test_the_script_over_ssh_runs_over_hosts(self):
        made = hosts.Hosts(self.scratch, 3)
        script = next(one for one in scripts("sh") if "ssh" in one)
        for engine in rig.ENGINES:
            with self.subTest(engine=engine):
                folder = self.scratch / engine
                (folder / "bin").mkdir(parents=True)
                (folder / "bin/ssh").symlink_to(made.shell)
                (folder / "bin/run-parts").write_text(script)
                with rig.ours(engine).sink("--store", f"jsonl:{folder}/stored",
                                           endpoint=f"{hosts.SERVER}:{rig.free_port()}") as sink:
                    rig.run(["sh", folder / "bin/run-parts"], cwd=folder, timeout=2 * rig.PATIENCE, environment={
                        "PATH": f"{folder}/bin:{rig.BUILD}:{os.environ['PATH']}", "server": sink.endpoint, "lead": "5",
                        "load": f"--io {engine} -M load.test -d -s 30 --rate 150/s --arrivals poisson --duration 2s"})
                run = self.merged(folder)
                self.assertEqual(run["parts"]["numbers"], [1, 2, 3])
                lines = [json.loads(line) for line in (folder / "stored").read_text().splitlines()]
                self.assertEqual(len(lines), run["totals"]["messages"])
                self.assertGreater(len(lines), 200)
                self.assertEqual({line["client"]["address"] for line in lines}, {host.address for host in made})
