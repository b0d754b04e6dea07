"""One run over hosts (smtp-source-mpi): those of hosts.py, which mpirun reaches as it does by ssh."""

import collections
import json
import os
import re
import statistics

import hosts
import mpi_test
import parts_test
import rig

DELAY_S = 0.02
# Of mpirun, by what it notices first: that it has lost a host, that ssh has failed, or how rank 0 has ended.
LOST = (205, 255, 1)
MICROSECONDS = {"us": 1, "ms": 1_000, "s": 1_000_000}


class HostsCase(mpi_test.MpiCase):
    def make_hosts(self, delay_s=0):
        self.hosts = hosts.Hosts(self.scratch, 4, delay_s)

    def mpirun(self, _ranks):
        return ["--mca", "plm_rsh_agent", self.hosts.shell, "--map-by", "node",
                "-H", ",".join(host.name for host in self.hosts)]

    def sink_options(self):
        return {"endpoint": f"{hosts.SERVER}:{rig.free_port()}"}

    def pour_and_keep(self, *load):
        """The report of a run over all hosts, and when the sink had each message of each."""
        path = self.scratch / "stored"
        with self.counting_sink(self.programs, "--store", f"jsonl:{path}", **self.sink_options()) as (sink, counted):
            _, run = self.pour(self.programs, 4, *load, "-d", "-s", "40", sink.endpoint)
        self.check_sums(run)
        self.assertEqual(run["totals"]["messages"], counted[0]["totals"]["messages"])
        times = collections.defaultdict(list)
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        # All are named by the host of rank 0.
        self.assertEqual({(line["client"]["helo"], line["sender"]) for line in lines}, {("load1", "foo@load1")})
        for line in lines:
            times[line["client"]["address"]].append(parts_test.microseconds(line["time"]))
        self.assertEqual(sorted(times), [host.address for host in self.hosts])
        self.assertEqual(run["parts"]["numbers"], [1, 2, 3, 4])
        for rank, host in enumerate(self.hosts):
            told = run["options"]["settings"][f"rank {rank}"]
            self.assertTrue(told.startswith(f"{host.name}: {len(times[host.address])} delivered, 0 not"), told)
        return run, times

    def errors(self, run):
        """By how much clocks may be wrong, in us: no less than they are, as all hosts have one."""
        errors = []
        for rank in range(1, 4):
            told = run["options"]["settings"][f"rank {rank}"]
            found = re.search(r"clock ([0-9.]+) (\w+) (?:ahead|behind), known to ([0-9.]+) (\w+)$", told)
            ahead, unit, error, error_unit = found.groups()
            errors.append(float(error) * MICROSECONDS[error_unit])
            # Both are told to three digits.
            self.assertLessEqual(float(ahead) * MICROSECONDS[unit], errors[-1] * 1.01, told)
        return errors

    def check_begin_together(self, times, error_us):
        """Number n of a constant rate is due n times 10 ms after the start, and takes as long from each host."""
        starts = [statistics.median(moment - 10_000 * (4 * number + rank)
                                    for number, moment in enumerate(sorted(times[host.address])))
                  for rank, host in enumerate(self.hosts)]
        self.assertLess(max(starts) - min(starts), error_us)


class Hosts(HostsCase):
    @hosts.on_own_host
    def test_have_arrivals_of_one_poisson_process(self):
        self.make_hosts()
        load = ("--rate", "100/s", "--duration", "4s", "--arrivals", "poisson", "--seed", 7)
        _, times = self.pour_and_keep(*load)
        self.check_come_when_due(sum(times.values(), []), self.due(*load, "-d", "-s", "40"))

    @hosts.on_own_host
    def test_begin_together(self):
        self.make_hosts()
        run, times = self.pour_and_keep("--rate", "100/s", "--duration", "2s")
        self.assertLess(max(self.errors(run)), DELAY_S * 1e6)
        self.check_begin_together(times, DELAY_S * 1e6)


class FarHosts(HostsCase):
    def setUp(self):
        super().setUp()
        # Which the kernel has or has not; hosts without a delay are tested in any case.
        if not hosts.can_delay():
            self.skipTest("no /dev/net/tun here, that links with a delay are made by")

    @hosts.on_own_host
    def test_begin_together(self):
        self.make_hosts(DELAY_S)
        run, times = self.pour_and_keep("--rate", "100/s", "--duration", "2s")
        # Half of a round trip, on which both are delayed.
        self.assertGreaterEqual(min(self.errors(run)), DELAY_S * 1e6)
        self.check_begin_together(times, min(self.errors(run)))


class Endings(HostsCase):
    def check_end(self):
        rig.wait_for(lambda: not any(host.processes() for host in self.hosts if host is not self.hosts[2]),
                     "the other hosts to be left")

    @hosts.on_own_host
    def test_without_a_host_that_is_killed(self):
        self.make_hosts()
        said, run, taken = self.interrupt(lambda _: self.hosts[2].kill(), statuses=LOST)
        self.check_end()
        self.check_without(2, said, run, taken)
        self.assertIn("fatal: rank 2 (load3) was not there any more: the report is without it", said)

    @hosts.on_own_host
    def test_without_a_host_that_is_unplugged(self):
        self.make_hosts()
        options = re.findall(r"--mca oob_tcp_keepalive\w+ \d+", parts_test.PAGE.read_text())
        self.assertEqual(len(options), 3)
        self.mpi_options = " ".join(options).split()
        said, run, taken = self.interrupt(lambda _: self.hosts[2].unplug(), statuses=LOST)
        self.check_end()
        self.check_without(2, said, run, taken)


class Sinks(HostsCase):
    PROGRAM = "smtp-sink-mpi"

    def accepts(self, endpoint):
        try:
            rig.connect(endpoint).close()
        except ConnectionRefusedError:
            return False
        return True

    @hosts.on_own_host
    def test_have_one_quota_and_one_report(self):
        self.make_hosts()
        port = rig.free_port()
        sinks = self.start(self.programs, 4, "-M", 50, f":{port}")
        endpoints = [f"{host.address}:{port}" for host in self.hosts]
        rig.wait_for(lambda: all(map(self.accepts, endpoints)), "all hosts to listen")
        paths = [self.scratch / f"source{number}.json" for number in range(4)]
        sources = [self.programs.start("smtp-source", "-m", 20, "-s", 2, "-d", "--json", path, endpoint,
                                       statuses=(0, 1)) for path, endpoint in zip(paths, endpoints)]
        for source in sources:
            source.wait()
        self.assertEqual(sinks.wait(mpi_test.LIMIT), 0)
        run = self.report()
        delivered = [json.loads(path.read_text())["totals"]["messages"] for path in paths]
        self.assertEqual((run["totals"]["messages"], sum(delivered)), (50, 50))
        for rank, host in enumerate(self.hosts):
            told = run["options"]["settings"][f"rank {rank}"]
            self.assertIn(f"{host.name}: at ", told)
            self.assertIn(f": {delivered[rank]} taken, ", told)


class Page(HostsCase):
    @hosts.on_own_host
    def test_the_script_runs_over_hosts(self):
        self.make_hosts()
        script = self.scratch / "run-ranks"
        script.write_text(next(one for one in parts_test.scripts("sh") if "exec mpirun" in one))
        with self.programs.sink(**self.sink_options()) as sink:
            rig.run(["sh", script], cwd=self.scratch, environment={
                "PATH": f"{rig.BUILD}:{os.environ['PATH']}", "server": sink.endpoint,
                "load": "--threads 1 -M load.test -d -s 30 --rate 150/s --arrivals poisson --duration 1s",
                "OMPI_MCA_plm_rsh_agent": self.hosts.shell, "OMPI_MCA_orte_tmpdir_base": str(self.scratch),
                "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"})
        run = self.report()
        self.assertEqual((run["parts"]["numbers"], run["environment"]["host"]), ([1, 2, 3], "load1, load2, load3"))
        self.assertGreater(run["totals"]["messages"], 100)
