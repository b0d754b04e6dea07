"""How the programs get their connections and threads, and what they say when the system has no more."""

import contextlib
import fcntl
import json
import os
import pathlib
import resource
import signal
import socket
import struct
import sys
import time
import unittest

import rig

# Linux: linux/sockios.h, net/if.h.
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def at_most(kind, number):
    """For a process to be started: a limit that it cannot raise."""
    return lambda: resource.setrlimit(kind, (number, number))


@contextlib.contextmanager
def with_threads(programs, program, number):
    """How to start a program as nobody, who may have so many processes and threads. It is opened
    before, since nobody may not come near it where the checkout is root's own."""
    def limit():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        resource.setrlimit(resource.RLIMIT_NPROC, (number, number))

    with open(programs.directory / program, "rb") as file:
        yield {"executable": f"/proc/self/fd/{file.fileno()}", "pass_fds": [file.fileno()],
               "preexec_fn": limit}


PORTS = range(30_000, 32_000)


def meet_a_crowd(engine):
    """As root, in a network namespace of its own: so few ports, of which each fifth is taken by a
    connection to the same sink, and 1,500 sessions."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", IFF_UP))
    pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{PORTS[0]} {PORTS[-1]}")
    programs = rig.ours(engine)
    with programs.sink("-c") as sink, contextlib.ExitStack() as held:
        host, _, port = sink.endpoint.rpartition(":")
        for taken in PORTS[::5]:
            holder = held.enter_context(socket.socket())
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind((host, taken))
            holder.connect((host, int(port)))
        done = programs.source(sink.endpoint, "-d", "-s", "1500", "-m", "1500")
        if (done.returncode, done.stderr) != (0, b""):
            raise AssertionError(done.stderr)
        sink.wait_counter("mesg", 1500)


class Connecting(rig.TestCase):
    @rig.on_every_engine()
    def test_a_port_that_another_socket_holds_is_passed_over(self, programs):
        with programs.sink("-c") as sink:
            host, _, port = sink.endpoint.rpartition(":")
            first = rig.free_port()
            # The same port to the same server: binding to it works, connecting does not.
            with socket.socket() as holder:
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                holder.bind((host, first))
                holder.connect((host, int(port)))
                done = programs.source(sink.endpoint, "--bind", host, "--bind-ports",
                                       f"{first}-{first + 1}", "-m", "3")
                self.assertEqual(done.stderr, b"")
                self.assertEqual(done.returncode, 0)
                sink.wait_counter("mesg", 3)

    @rig.on_every_engine()
    def test_ports_that_are_all_taken_are_told(self, programs):
        with programs.sink() as sink:
            host, _, port = sink.endpoint.rpartition(":")
            only = rig.free_port()
            with socket.socket() as holder:
                holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                holder.bind((host, only))
                holder.connect((host, int(port)))
                done = programs.source(sink.endpoint, "--bind", host, "--bind-ports", only)
                self.assertIn(b"connect: Cannot assign requested address: is no local port left? "
                              b"--bind connects from more addresses (session 1, [127.0.0.1]:", done.stderr)
                self.assertEqual(done.returncode, 1)

    @rig.on_every_engine()
    def test_an_address_that_is_not_ours_is_told_with_the_session(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "--bind", "192.0.2.1")  # RFC 5737
            host, _, port = sink.endpoint.rpartition(":")
            self.assertEqual(done.stderr.decode(),
                             "smtp-source: fatal: bind [192.0.2.1]:0: Cannot assign requested address "
                             f"(session 1, [{host}]:{port})\n")
            self.assertEqual(done.returncode, 1)

    @rig.on_every_engine()
    def test_many_sessions_open_from_one_address(self, programs):
        with programs.sink("-c") as sink:
            done = programs.source(sink.endpoint, "-d", "-s", "1500", "-m", "1500")
            self.assertEqual(done.stderr, b"")
            self.assertEqual(done.returncode, 0)
            sink.wait_counter("mesg", 1500)

    def test_a_crowd_passes_over_ports_that_are_taken(self):
        rig.need(os.geteuid() == 0, "needs root for a network namespace")
        rig.need(rig.run(["unshare", "-n", "true"]).returncode == 0, "no network namespaces here")
        for engine in rig.ENGINES:
            with self.subTest(engine=engine):
                done = rig.run(["unshare", "-n", sys.executable, "-B", "-c",
                                f"import connecting_test; connecting_test.meet_a_crowd('{engine}')"],
                               timeout=3 * rig.PATIENCE, cwd=pathlib.Path(__file__).parent)
                self.assertEqual(done.returncode, 0, done.stderr.decode())

    @rig.on_every_engine()
    def test_more_sessions_than_descriptors_are_told_at_once(self, programs):
        for sessions in (500, 95):  # the second are fewer, but there are other files
            done = programs.source("127.0.0.1:1", "-s", sessions, "-m", sessions,
                                   preexec_fn=at_most(resource.RLIMIT_NOFILE, 100))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(),
                             rf"fatal: {sessions} sessions .* \d+ .* 100 open files.*ulimit -n")
            self.assertEqual(done.stderr.count(b"\n"), 1)

    @rig.on_every_engine()
    def test_a_limit_of_descriptors_that_may_be_raised_is_none(self, programs):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        rig.need(most >= 1_000, "1,000 descriptors")

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, most))

        with programs.sink("-c", "-m", "200", preexec_fn=few) as sink:
            done = programs.source(sink.endpoint, "-d", "-s", "200", "-m", "200", preexec_fn=few)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            sink.wait_counter("mesg", 200)
        self.assertEqual(bytes(sink.err), b"")

    @rig.on_every_engine()
    def test_a_lack_of_descriptors_ends_no_run_that_counts_errors(self, programs):
        with programs.sink("-c") as sink:
            source = programs.start("smtp-source", "--rate", "100/s", "-s", "20", "-m", "100000", sink.endpoint,
                                    statuses=(0, 1))
            sink.wait_counter("mesg", 20)
            _, most = resource.prlimit(source.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(source.pid, resource.RLIMIT_NOFILE, (4, most))
            self.assertRegex(source.first_line(),
                             rb"warning: socket: Too many open files: more are to be had by ulimit -n \(session \d+, \[127.0.0.1\]:\d+\)\n")
            before = sink.counters()["mesg"]
            resource.prlimit(source.pid, resource.RLIMIT_NOFILE, (most, most))
            sink.wait_counter("mesg", before + 50)
            source.end(signal.SIGINT)
            self.assertNotIn(b"fatal", source.err)

    @rig.on_every_engine()
    def test_a_lack_of_descriptors_with_many_messages_due_is_only_counted(self, programs):
        """50,000 that fail at once, one after the other."""
        path = self.scratch / "run.json"
        with programs.sink("-c") as sink:
            source = programs.start("smtp-source", "--stages", "hold 20/s 1s, hold 50000/s 1s", "--json", path,
                                    sink.endpoint, statuses=(1,))
            sink.wait_counter("mesg", 5)
            _, most = resource.prlimit(source.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(source.pid, resource.RLIMIT_NOFILE, (4, most))
            self.assertIn(b"Too many open files", source.first_line())
            source.send_signal(signal.SIGSTOP)
            time.sleep(2)  # until all of them are due
            source.send_signal(signal.SIGCONT)
            source.wait()
        totals = json.loads(path.read_text())["totals"]
        self.assertEqual(totals["messages"] + totals["messages_lost"] + totals["messages_unstarted"], 50_020)
        self.assertGreater(totals["messages_lost"], 10_000)


class Threads(rig.TestCase):
    @rig.on_every_engine()
    def test_that_cannot_start_are_told(self, programs):
        rig.need(os.geteuid() == 0, "root, to become another user")
        # Looking for leaks takes a thread more.
        programs.environment = {**programs.environment, "ASAN_OPTIONS": "detect_leaks=0"}
        for number in (1, 2, 4):  # the second is that which waits for signals
            for program, arguments in (("smtp-source", ["-s", "4", "127.0.0.1:1"]),
                                       ("smtp-sink", [f"127.0.0.1:{rig.free_port()}", "10"])):
                with with_threads(programs, program, number) as options:
                    done = programs.run(program, "--threads", "4", *arguments, **options)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, rb"fatal: .*thread.*Resource temporarily unavailable")


if __name__ == "__main__":
    unittest.main()
