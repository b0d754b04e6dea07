"""Sinks on many hosts as one (smtp-sink-mpi): one quota, one report and one end, whatever becomes of a rank."""

import json
import os
import re
import signal
import socket
import subprocess

import psutil

import mpi_test
import rig

RANKS = mpi_test.RANKS
LIMIT = mpi_test.LIMIT


class Sinks(rig.Process):
    """Ranks that listen, each at an endpoint of its own, since here they share a host."""

    def __init__(self, case, ranks, *arguments, statuses=(0,), endpoints=None):
        self.endpoints = endpoints or [f"127.0.0.1:{port}" for port in free_ports(ranks)]
        command = []
        for endpoint in self.endpoints:
            one = case.command(case.programs, 1, *arguments, endpoint)
            command += [":", *one[one.index("-n"):]] if command else one
        super().__init__(command, statuses=statuses)
        rig.wait_for(lambda: self.poll() is not None or all(map(rig.listens, self.endpoints)), "all to listen")

    def counters(self):
        last = re.findall(r"sess=(\d+) quit=(\d+) mesg=(\d+)", bytes(self.out).decode())[-1]
        return dict(zip(("sess", "quit", "mesg"), map(int, last)))

    def wait_messages(self, count):
        rig.wait_for(lambda: self.out and self.counters()["mesg"] >= count, f"{count} messages")

    def said(self):
        return bytes(self.err).decode()


def free_ports(count):
    ports = set()
    while len(ports) < count:
        ports.add(rig.free_port())
    return sorted(ports)


class SinkCase(mpi_test.MpiCase):
    PROGRAM = "smtp-sink-mpi"

    def pour(self, sinks, *arguments):
        """A source into each rank, all at once: how many messages each has delivered."""
        paths = [self.scratch / f"source{rank}.json" for rank in range(len(sinks.endpoints))]
        sources = [self.programs.start("smtp-source", *arguments, "--json", path, endpoint, statuses=(0, 1))
                   for path, endpoint in zip(paths, sinks.endpoints)]
        for source in sources:
            source.wait()
        return [json.loads(path.read_text())["totals"]["messages"] for path in paths]

    def settings(self, run):
        return run["options"]["settings"]


class Quota(SinkCase):
    def test_of_messages_is_exact_over_all_ranks(self):
        for ranks in RANKS:
            with self.subTest(ranks=ranks):
                sinks = Sinks(self, ranks, "-c", "-M", 400)
                delivered = self.pour(sinks, "-A", "-C", 1, "-d", "-s", 5, "-m", 400)
                self.assertEqual(sinks.wait(LIMIT), 0)
                self.assertEqual(sum(delivered), 400)
                self.assertEqual(self.report()["totals"]["messages"], 400)
                self.assertEqual(sinks.counters()["mesg"], 400)

    def test_may_be_used_up_by_one_rank(self):
        for rank in (0, 2):
            with self.subTest(rank=rank):
                sinks = Sinks(self, 3, "-M", 40)
                self.programs.source(sinks.endpoints[rank], "-s", 1, "-m", 40, "-d").returncode
                self.assertEqual(sinks.wait(LIMIT), 0)
                self.assertEqual(self.report()["totals"]["messages"], 40)

    def test_of_quits_is_of_all_ranks(self):
        sinks = Sinks(self, 2, "-n", 5)
        for rank, quits in ((0, 2), (1, 2)):
            self.assertEqual(self.programs.source(sinks.endpoints[rank], "-m", quits).returncode, 0)
        with self.assertRaises(subprocess.TimeoutExpired):
            sinks.wait(0.5)
        self.assertEqual(self.programs.source(sinks.endpoints[1]).returncode, 0)
        self.assertEqual(sinks.wait(LIMIT), 0)

    def test_is_that_of_rank_0_whatever_others_were_told(self):
        first, second = (f"127.0.0.1:{port}" for port in free_ports(2))
        own, other = (self.command(self.programs, 1, "-M", quota, endpoint)
                      for quota, endpoint in ((6, first), (1, second)))
        sinks = rig.Process([*own, ":", *other[other.index("-n"):]])
        rig.wait_for(lambda: rig.listens(first) and rig.listens(second), "both to listen")
        self.programs.source(second, "-m", 6, "-d").returncode
        self.assertEqual(sinks.wait(LIMIT), 0)
        self.assertEqual(self.report()["totals"]["messages"], 6)

    def test_of_idle_time_begins_when_all_are_idle(self):
        sinks = Sinks(self, 2, "--stop-when-idle", "500ms")
        with rig.Client(sinks.endpoints[1]) as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
            self.assertEqual(self.programs.source(sinks.endpoints[0]).returncode, 0)
            with self.assertRaises(subprocess.TimeoutExpired):
                sinks.wait(1.5)
        self.assertEqual(sinks.wait(LIMIT), 0)


class Report(SinkCase):
    def test_is_of_all_ranks(self):
        sinks = Sinks(self, 3, "-M", 60, "--summary")
        self.assertEqual(self.pour(sinks, "-d", "-s", 2, "-m", 20), [20, 20, 20])
        self.assertEqual(sinks.wait(LIMIT), 0)
        run = self.report()
        self.assertEqual((run["kind"], run["totals"]["messages"], run["totals"]["sessions_opened"]), ("sink", 60, 6))
        self.assertEqual(run["environment"]["threads"], 3)
        for rank, endpoint in enumerate(sinks.endpoints):
            port = endpoint.rpartition(":")[2]
            clock = r"; clock .+, known to .+" if rank > 0 else ""
            self.assertRegex(self.settings(run)[f"rank {rank}"],
                             rf"^\S+: at 127\.0\.0\.1:{port}: 20 taken, 2 sessions{clock}$")
        self.assertIn(b"It took 60 messages for 60 recipients over 6 sessions.", sinks.out)

    def test_without_a_client_at_one_rank_is_of_the_time_of_the_others(self):
        sinks = Sinks(self, 2, "-c", statuses=(1,))
        self.assertEqual(self.programs.source(sinks.endpoints[1], "-m", 2).returncode, 0)
        sinks.wait_messages(2)
        sinks.end(signal.SIGINT)
        run = self.report()
        self.assertEqual(run["totals"]["messages"], 2)
        self.assertLess(run["measured_s"], run["elapsed_s"])

    def test_is_made_when_ctrl_c_ends_all(self):
        self.mpi_options = mpi_test.PATIENT
        sinks = Sinks(self, 4, "-c", statuses=(1,))
        delivered = self.pour(sinks, "-d", "-s", 2, "-m", 10)
        sinks.wait_messages(40)
        sinks.end(signal.SIGINT)
        self.assertNotIn("fatal", sinks.said())
        run = self.report()
        self.assertEqual(run["totals"]["messages"], sum(delivered))
        self.assertEqual(len([name for name in self.settings(run) if name.startswith("rank ")]), 4)

    def interrupt(self, rank, interfere, *statuses):
        sinks = Sinks(self, 4, "-c", "-M", 1000, statuses=statuses)
        self.pour(sinks, "-d", "-s", 2, "-m", 10)
        sinks.wait_messages(40)
        interfere(self.ranks(sinks)[rank])
        sinks.wait(LIMIT)
        return sinks

    def check_without(self, rank, interfere, status):
        sinks = self.interrupt(rank, interfere, status)
        self.assertRegex(sinks.said(), rf"fatal: rank {rank} \(.+\) was not .+: the report is without it")
        self.assertEqual(sinks.said().count("the report is without it"), 1)
        run = self.report()
        self.assertEqual(run["totals"]["messages"], 30)
        self.assertTrue(self.settings(run)[f"rank {rank}"].startswith("not in this report: it was not"))

    def test_is_without_a_rank_that_is_killed(self):
        # mpirun hands on how that rank ended.
        self.check_without(3, psutil.Process.kill, 128 + signal.SIGKILL)

    def test_is_without_a_rank_that_hangs(self):
        self.check_without(2, psutil.Process.suspend, 1)

    def test_is_not_there_without_rank_0(self):
        self.interrupt(0, psutil.Process.kill, 128 + signal.SIGKILL, 1)  # whichever mpirun sees first
        self.assertFalse(self.json.exists())
        # One that hangs may go on again when mpirun ends it.
        self.interrupt(0, psutil.Process.suspend, 1)

    def test_names_a_rank_that_cannot_listen(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            endpoints = [f"127.0.0.1:{port}" for port in (rig.free_port(), taken.getsockname()[1])]
            sinks = Sinks(self, 2, endpoints=endpoints, statuses=(1,))
            sinks.wait(LIMIT)
        self.assertRegex(sinks.said(), r"fatal: rank 1 \(?.*failed: .*Address already in use")

    def test_is_whole_where_one_rank_is_told_to_end(self):
        sinks = self.interrupt(2, psutil.Process.terminate, 0)
        self.assertNotIn("fatal", sinks.said())
        run = self.report()
        self.assertEqual(run["totals"]["messages"], 40)
        self.assertEqual(len([name for name in self.settings(run) if name.startswith("rank ")]), 4)

    def test_is_of_a_process_alone_as_well(self):
        endpoint = f"127.0.0.1:{rig.free_port()}"
        sink = self.programs.start(self.PROGRAM, "-M", 3, "--json", self.json, endpoint)
        rig.wait_for(lambda: rig.listens(endpoint), "it to listen")
        self.assertEqual(self.programs.source(endpoint, "-m", 3).returncode, 0)
        self.assertEqual(sink.wait(LIMIT), 0)
        self.assertEqual(self.report()["totals"]["messages"], 3)


class Rules(SinkCase):
    def test_are_read_again_by_the_rank_that_is_told_to(self):
        rules = self.scratch / "rules.toml"
        reply = '[[rule]]\nname = "x"\nmatch = {{ command = "NOOP" }}\nact = {{ reply = "250 {}" }}\n'
        rules.write_text(reply.format("before"))
        sinks = Sinks(self, 2, "--rules", rules, statuses=(1,))
        rules.write_text(reply.format("behind"))
        self.ranks(sinks)[1].send_signal(signal.SIGHUP)

        def said(rank):
            with rig.Client(sinks.endpoints[rank]) as client:
                client.read_until(b"\r\n")
                client.send(b"NOOP\r\n")
                return client.read_until(b"\r\n")

        rig.wait_for(lambda: b"behind" in said(1), "the rules to be read again")
        self.assertIn(b"before", said(0))
        sinks.end(signal.SIGINT)
        self.assertNotIn("fatal", sinks.said())


class Options(SinkCase):
    def test_make_each_rank_say_what_it_has_to(self):
        sinks = Sinks(self, 2, "-v", "-M", "1")
        self.assertEqual(self.programs.source(sinks.endpoints[0]).returncode, 0)
        self.assertEqual(sinks.wait(LIMIT), 0)
        self.assertRegex(sinks.said(), r"(?m)^smtp-sink-mpi: rank 1: .*epoll")
        self.assertEqual(sinks.said().count("runs as root"), 1 if os.geteuid() == 0 else 0)

    def test_that_are_wrong_are_told_once(self):
        for arguments, said in ((("-D", "x"), "-d and -D write files for each process: use smtp-sink on each host"),
                                (("-M", "0"), None)):
            done = rig.run(self.command(self.programs, 3, *arguments, "127.0.0.1:1"))
            self.assertEqual(done.returncode, 1)
            lines = [line for line in done.stderr.decode().splitlines() if "smtp-sink-mpi: " in line]
            self.assertEqual(len(lines), 1, lines)
            if said:
                self.assertEqual(lines[0], f"smtp-sink-mpi: fatal: {said}")

    def test_that_are_wrong_for_one_rank_are_told_too(self):
        right, wrong = (self.command(self.programs, 1, *arguments, f"127.0.0.1:{rig.free_port()}")
                        for arguments in ((), ("-d", "x")))
        done = rig.run([*right, ":", *wrong[wrong.index("-n"):]])
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"smtp-sink-mpi: fatal: rank 1: -d and -D write files", done.stderr)
