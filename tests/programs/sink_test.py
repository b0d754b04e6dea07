"""What the sink promises beyond Postfix's: quotas, limits, dumps that survive, orderly ends."""

import base64
import contextlib
import errno
import itertools
import json
import os
import pathlib
import re
import resource
import select
import selectors
import signal
import socket
import struct
import subprocess
import threading
import time
import unittest

import psutil

import rig


THREADS = (1, 4)


def waits(sink):
    """How often its threads have gone to sleep so far."""
    return sum(int(rig.process_status(thread.id)["voluntary_ctxt_switches"])
               for thread in psutil.Process(sink.pid).threads())


class SinkTest(rig.TestCase):
    """Every check runs on both engines and with several threads."""

    @rig.on_every_engine(THREADS)
    def test_ends_after_so_many_messages_and_answers_the_last(self, programs):
        with programs.sink("-c", "-M", "25") as sink:
            done = programs.source(sink.endpoint, "-d", "-s", "5", "-m", "25")
            self.assertEqual(sink.wait(), 0)
            self.assertEqual(sink.counters()["mesg"], 25)
            # The sink may be gone before all sessions have said QUIT, but not before the last reply.
            self.assertIn(done.returncode, (0, 1))
            self.assertNotIn(b"sending message", done.stderr)

    @rig.on_every_engine(THREADS)
    def test_never_accepts_a_message_past_the_quota(self, programs):
        with programs.sink("-c", "-M", "100") as sink:
            done = programs.source(sink.endpoint, "-A", "-C", "1", "-d", "-s", "20", "-m", "2000")
            self.assertEqual(sink.wait(), 0)
            self.assertEqual(sink.counters()["mesg"], 100)
            self.assertEqual(done.returncode, 1)

    @rig.on_every_engine(THREADS)
    def test_a_dot_that_ends_no_message_is_not_counted(self, programs):
        with programs.sink("-c", "-M", "1") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b".\r\n.\r\nNOOP\r\n", b"250 2.0.0 Ok\r\n" * 3)
            self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
            self.assertEqual(sink.wait(), 0)
            self.assertEqual(sink.counters()["mesg"], 1)

    @rig.on_every_engine(THREADS)
    def test_ends_after_so_many_quits_without_counters(self, programs):
        for options in ([], ["--starttls"]):
            with programs.sink("-n", "3", *options) as sink:
                sink.connect().close()  # no QUIT, does not count
                done = programs.source(sink.endpoint, "-m", "3", *options)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(sink.wait(), 0)

    @rig.on_every_engine(THREADS)
    def test_a_quit_whose_client_dies_in_the_pause_does_not_count(self, programs):
        with programs.sink("-n", "1", "-W", "quit:500ms") as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                # The reset is there before the sink reads, and shows when NOOP is answered.
                sink.send_signal(signal.SIGSTOP)
                rig.wait_for(lambda: all(rig.process_status(thread.id)["State"] == "T (stopped)"
                                         for thread in psutil.Process(sink.pid).threads()), "all threads to stop")
                client.send(b"NOOP\r\nQUIT\r\n")
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sink.send_signal(signal.SIGCONT)

            def answered():  # not until the sink has seen the reset; once it has ended, never
                with sink.connect() as client:
                    client.read_until(b"ESMTP\r\n")
                    client.send(b"QUIT\r\n")
                    return client.read_to_end() == b"221 Bye\r\n"

            rig.wait_for(answered, "a QUIT that is answered")
            self.assertEqual(sink.wait(), 0)

    @rig.on_every_engine(THREADS)
    def test_a_quit_whose_client_resets_in_the_pause_does_not_count(self, programs):
        with programs.sink("-c", "-n", "1", "-W", "quit:700ms") as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.send(b"QUIT\r\n")
                rig.wait_for(lambda: rig.all_read(client.socket), "the sink to read")
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sink.wait_counter("sess", 1)
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.assertEqual(client.talk(b"QUIT\r\n", b"\r\n"), b"221 Bye\r\n")
            self.assertEqual(sink.wait(), 0)
            self.assertEqual(sink.counters(), {"sess": 2, "quit": 1, "mesg": 0})

    @rig.on_every_engine(THREADS)
    def test_a_client_may_close_its_side_behind_quit(self, programs):
        for options in ([], ["--tls"]):
            with self.subTest(options=options), \
                    programs.sink("-c", "-n", "1", "-W", "quit:300ms", *options) as sink, \
                    sink.connect() as client:
                if options:
                    client.start_tls()
                client.read_until(b"ESMTP\r\n")
                client.send(b"QUIT\r\n")
                socket.socket.shutdown(client.socket, socket.SHUT_WR)  # not what ssl makes of it
                self.assertEqual(client.read_to_end(), b"221 Bye\r\n")
                self.assertEqual(sink.wait(), 0)
                self.assertEqual(sink.counters()["quit"], 1)

    @rig.on_every_engine(THREADS)
    def test_what_it_ended_itself_is_counted_once(self, programs):
        garbage, header = b"this is no handshake\r\n", b"PROXY nonsense\r\n"
        for options, words, errors in (
                (["--starttls"], [b"STARTTLS\r\n", garbage], {"tls": 1}),
                (["--proxy-from", "127.0.0.1"], [header], {"protocol": 1}),
                (["--max-session-time", "200ms"], [], {"timeout": 1, "rejected": 1}),  # and says so
                (["-t", "200ms"], [], {"timeout": 1}),
                (["-q", "noop"], [b"NOOP\r\n"], {}),
                ([], [b"QUIT\r\n"], {}),
                ([], [b"x" * 3000 + b"\r\n"], {"protocol": 1})):
            with self.subTest(options=options):
                path = self.scratch / "sink.json"
                with programs.sink("--json", path, *options) as sink, sink.connect() as client:
                    if words != [header]:
                        client.read_until(b"ESMTP\r\n")
                    for word in words[:-1]:
                        client.talk(word, b"\r\n")
                    client.send(words[-1] if words else b"")
                    client.read_to_end()
                    client.close()
                    self.assertEqual(sink.end(), 0)
                run = json.loads(path.read_text())
                self.assertEqual({kind: one["count"] for kind, one in run["errors"].items()}, errors)

    @rig.on_every_engine(THREADS)
    def test_sessions_that_its_end_closes_are_no_losses(self, programs):
        path = self.scratch / "sink.json"
        with programs.sink("-c", "--json", path) as sink, sink.connect() as open_one, sink.connect() as quit_one:
            open_one.read_until(b"ESMTP\r\n")
            quit_one.read_until(b"ESMTP\r\n")
            quit_one.talk(b"QUIT\r\n", b"221 Bye\r\n")
            self.assertEqual(sink.end(), 0)
            self.assertEqual(sink.counters(), {"sess": 2, "quit": 1, "mesg": 0})
        run = json.loads(path.read_text())
        self.assertEqual(run["errors"], {})

    @rig.on_every_engine(THREADS)
    def test_serves_at_most_so_many_sessions_at_once(self, programs):
        with programs.sink("-m", "2") as sink:
            first, second = sink.connect(), sink.connect()
            first.read_until(b"ESMTP\r\n")
            second.read_until(b"ESMTP\r\n")
            with sink.connect() as third:
                third.socket.settimeout(0.2)
                with self.assertRaises(TimeoutError):
                    third.socket.recv(1)
                first.talk(b"QUIT\r\n", b"221 Bye\r\n")
                first.close()
                third.socket.settimeout(rig.PATIENCE)
                third.read_until(b"ESMTP\r\n")
            second.close()

    @rig.on_every_engine(THREADS)
    def test_survives_a_lack_of_descriptors_without_spinning(self, programs):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

        with programs.sink("-c", "-m", "1000", preexec_fn=few) as sink:
            clients = [sink.connect() for _ in range(60)]
            rig.wait_for(lambda: b"accept paused: Too many open files" in sink.err, "the pause")
            before = sink.cpu_seconds()
            time.sleep(0.5)  # what is measured is how little happens
            if rig.MEASURES_RESOURCES:
                self.assertLess(sink.cpu_seconds() - before, 0.1)
            for client in clients[:40]:
                client.close()
            for client in clients[40:]:
                self.assertEqual(client.read_until(b"ESMTP\r\n"), b"220 smtp-sink ESMTP\r\n")
                client.close()
            self.assertEqual(sink.end(), 0)

    @rig.on_every_engine(THREADS)
    def test_a_lack_of_descriptors_at_the_last_place_is_told_once_and_does_not_spin(self, programs):
        path = self.scratch / "sink.json"
        with programs.sink("-m", "4", "--json", path) as sink, contextlib.ExitStack() as stack:
            clients = [stack.enter_context(sink.connect()) for _ in range(3)]
            for client in clients:
                client.read_until(b"ESMTP\r\n")
            used = {int(name) for name in os.listdir(f"/proc/{sink.pid}/fd")}
            _, most = resource.prlimit(sink.pid, resource.RLIMIT_NOFILE)
            lowest_free = min(set(range(max(used) + 2)) - used)
            resource.prlimit(sink.pid, resource.RLIMIT_NOFILE, (lowest_free, most))
            clients.append(stack.enter_context(sink.connect()))
            rig.wait_for(lambda: b"accept paused: Too many open files" in sink.err, "the pause")
            before = sink.cpu_seconds()
            time.sleep(0.5)  # what is measured is how little happens
            if rig.MEASURES_RESOURCES:
                self.assertLess(sink.cpu_seconds() - before, 0.1)
            clients[0].close()
            clients[-1].read_until(b"ESMTP\r\n")
            clients.append(stack.enter_context(sink.connect()))  # and short again
            before = waits(sink)
            rig.wait_for(lambda: waits(sink) > before + 3, "some attempts")
            resource.prlimit(sink.pid, resource.RLIMIT_NOFILE, (most, most))
            clients[-1].read_until(b"ESMTP\r\n")
            self.assertEqual(sink.end(), 0)
            self.assertEqual(sink.err.count(b"accept paused"), 1)
        errors = json.loads(path.read_text())["errors"]
        self.assertIn("accept paused: Too many open files", json.dumps(errors["other"]))
        self.assertGreater(errors["other"]["count"], 5)

    @rig.on_every_engine(THREADS)
    def test_signals_end_it_in_order(self, programs):
        for sign in (signal.SIGINT, signal.SIGTERM):
            with programs.sink("-c", "-D", self.scratch / "all") as sink:
                clients = [sink.connect() for _ in range(20)]
                for client in clients:
                    client.read_until(b"ESMTP\r\n")
                    self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
                self.assertEqual(sink.end(sign), 0)
                self.assertEqual(sink.counters()["mesg"], 20)
                for client in clients:
                    self.assertEqual(client.read_to_end(), b"")
                    client.close()

    @rig.on_every_engine(THREADS)
    def test_wait_leaves_what_follows_unread(self, programs):
        with programs.sink("-W", "mail:1") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            started = time.monotonic()
            client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\n", b"250 2.1.5 Ok\r\n")
            self.assertGreaterEqual(time.monotonic() - started, 0.95)

    @rig.on_every_engine()
    def test_waits_for_the_last_chunk_and_for_the_end_add_up(self, programs):
        with programs.sink("--offer", "chunking", "-W", "bdat:0.4", "-W", ".:0.6") as sink, \
                sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\n", b"250 2.1.5 Ok\r\n")
            started = time.monotonic()
            client.talk(b"BDAT 1 LAST\r\nx", b"250 2.0.0 Ok\r\n")
            self.assertGreaterEqual(time.monotonic() - started, 0.95)

    @rig.on_every_engine(THREADS)
    def test_a_delayed_session_does_not_delay_another(self, programs):
        with programs.sink("-W", "helo:5") as sink, sink.connect() as slow, sink.connect() as quick:
            slow.read_until(b"ESMTP\r\n")
            slow.send(b"HELO x\r\n")
            quick.read_until(b"ESMTP\r\n")
            quick.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
            slow.socket.setblocking(False)
            with self.assertRaises(BlockingIOError):  # its turn has not come yet
                slow.socket.recv(1)

    @rig.on_every_engine(THREADS)
    def test_random_delays_are_multiples(self, programs):
        """Their sizes are those of the unit test of sink::Delay; here: some wait, some do not."""
        with programs.sink("-W", "noop:1:50", "-c") as sink:
            with contextlib.ExitStack() as stack:
                clients = [stack.enter_context(sink.connect()) for _ in range(40)]
                for client in clients:
                    client.read_until(b"ESMTP\r\n")
                asked = time.monotonic()
                took = []
                for client in clients:
                    client.send(b"NOOP\r\n")
                waiting = selectors.DefaultSelector()
                for client in clients:
                    waiting.register(client.socket, selectors.EVENT_READ, client)
                while waiting.get_map():
                    ready = waiting.select(rig.PATIENCE)
                    self.assertTrue(ready, "no more replies")
                    for key, _ in ready:
                        self.assertEqual(key.data.read_until(b"\r\n"), b"250 2.0.0 Ok\r\n")
                        took.append(time.monotonic() - asked)
                        waiting.unregister(key.fileobj)
                waiting.close()
        # Half of them wait, and half of those longer: of 40 at least one of each, but for one run in
        # a hundred thousand. None that waits does so for less than a second.
        self.assertGreaterEqual(took[-1], 1.95)
        self.assertLess(took[0], took[-1] - 0.95)

    @rig.on_every_engine(THREADS)
    def test_idle_clients_are_let_go_and_busy_ones_kept(self, programs):
        with programs.sink("-t", "2") as sink, sink.connect() as idle, sink.connect() as busy:
            busy.read_until(b"ESMTP\r\n")
            end = time.monotonic() + 2.5
            while time.monotonic() < end:
                busy.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
                time.sleep(0.1)
            self.assertEqual(idle.read_to_end(), b"220 smtp-sink ESMTP\r\n")

    @rig.on_every_engine(THREADS)
    def test_verbose_shows_the_dialogue(self, programs):
        with programs.sink("-v") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"NOOP \x1b[31m\r\n", b"250 2.0.0 Ok\r\n")
            rig.wait_for(lambda: rb"client: NOOP \x1b[31m" in sink.err, "the command")
            rig.wait_for(lambda: b"server: 250 2.0.0 Ok" in sink.err, "the reply")

    @rig.on_every_engine(THREADS)
    def test_passwords_are_not_shown(self, programs):
        plain, secret = (base64.b64encode(text) for text in (b"\0ann\0secret", b"secret"))
        with programs.sink("-v", "--authenticate") as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.talk(b"AUTH PLAIN " + plain + b"\r\n", b"235 2.7.0 Authentication successful\r\n")
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.talk(b"AUTH LOGIN\r\n", b"\r\n")
                client.talk(secret + b"\r\n", b"\r\n")
                client.talk(secret + b"\r\n", b"235 2.7.0 Authentication successful\r\n")
                client.talk(b"QUIT\r\n", b"221 Bye\r\n")
            rig.wait_for(lambda: b"221 Bye" in sink.err, "the dialogue")
            self.assertEqual(sink.err.count(b"client: (authentication)\n"), 2)
            self.assertIn(b"client: AUTH PLAIN (authentication)\n", sink.err)
            for password in (plain, secret):
                self.assertNotIn(password, sink.err)

    @rig.on_every_engine(THREADS)
    def test_listens_on_both_families_by_default(self, programs):
        rig.need(socket.has_ipv6 and pathlib.Path("/proc/net/if_inet6").exists(), "no IPv6 here")
        port = rig.free_port()
        with programs.sink(endpoint=f":{port}"):
            for host in ("127.0.0.1", "[::1]"):
                with rig.Client(f"{host}:{port}") as client:
                    client.read_until(b"ESMTP\r\n")

    @rig.on_every_engine(THREADS)
    def test_the_backlog_is_optional(self, programs):
        command = programs.command("smtp-sink", [f"127.0.0.1:{rig.free_port()}"])
        user = ["-u", "root"] if os.geteuid() == 0 else []
        endpoint = command[-1]
        sink = rig.Sink([command[0], *user, *command[1:]], endpoint)
        with sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
        self.assertEqual(sink.end(), 0)

    @rig.on_every_engine(THREADS)
    def test_a_taken_port_is_a_clear_error(self, programs):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            endpoint = "127.0.0.1:%d" % taken.getsockname()[1]
            done = programs.run("smtp-sink", endpoint)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr.decode(), r"fatal: bind \[127.0.0.1\]:\d+: Address already in use")

    @rig.on_every_engine(THREADS)
    def test_a_stale_unix_socket_is_replaced(self, programs):
        path = self.scratch / str(time.monotonic_ns())  # the last one's may still be listed
        stale = socket.socket(socket.AF_UNIX)
        stale.bind(str(path))
        stale.close()
        with programs.sink(endpoint=f"unix:{path}") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
        path.unlink()

    @rig.on_every_engine(THREADS)
    def test_root_becomes_nobody_and_says_so(self, programs):
        rig.need(os.geteuid() == 0, "needs root")
        endpoint = f"127.0.0.1:{rig.free_port()}"
        sink = rig.Sink(programs.command("smtp-sink", [endpoint]), endpoint)
        with sink.connect() as client:
            client.read_until(b"ESMTP\r\n")  # it listens before it changes its user
            status = rig.process_status(sink.pid)
        self.assertEqual(sink.end(), 0)
        self.assertIn(b"running as nobody", sink.err)
        self.assertEqual(status["Uid"].split(), ["65534"] * 4)
        self.assertNotIn("0", status["Groups"].split())

    def run_in_own_mounts(self, script, *command, **options):
        """A sink in a mount namespace of its own, which `script` prepares."""
        return rig.Sink([*rig.own_mounts(script), *command], command[-1], **options)

    @rig.on_every_engine()
    def test_its_groups_are_those_of_the_user_even_in_a_jail(self, programs):
        rig.need(os.geteuid() == 0, "needs root")
        groups = self.scratch / "group"
        groups.write_text("root:x:0:\nnogroup:x:65534:\nextra:x:4242:nobody\nother:x:4343:daemon\n")
        endpoint = f"127.0.0.1:{rig.free_port()}"
        sink = self.run_in_own_mounts(
            f'mount --bind "{groups}" /etc/group',
            *programs.command("smtp-sink", ["-u", "nobody", "-R", self.scratch, endpoint]),
            preexec_fn=lambda: os.setgroups([0, 4, 4343]))
        with sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            status = rig.process_status(sink.pid)
        self.assertEqual(sink.end(), 0)
        for ids in ("Uid", "Gid"):  # real, effective, saved, of the file system
            self.assertEqual(status[ids].split(), ["65534"] * 4, ids)
        self.assertEqual(sorted(status["Groups"].split()), ["4242", "65534"])

    @rig.on_every_engine()
    def test_syslog_and_local_time_reach_into_a_jail(self, programs):
        # A zone that only a file knows: half past five hours ahead, without summer time.
        zone = self.scratch / "zone"
        zone.write_bytes(b"TZif" + bytes(16) + struct.pack(">6L", 0, 0, 0, 0, 1, 4)
                         + struct.pack(">lBB", 19_800, 0, 0) + b"ODD\0")
        log, jail = self.scratch / "log", self.scratch / "jail"
        jail.mkdir(exist_ok=True)
        jail.chmod(0o777)
        log.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
            reader.bind(str(log))
            reader.settimeout(rig.PATIENCE)
            log.chmod(0o777)
            endpoint = f"127.0.0.1:{rig.free_port()}"
            sink = self.run_in_own_mounts(
                f'mount -t tmpfs none /dev && ln -s "{log}" /dev/log',
                *programs.command("smtp-sink", ["-u", "nobody", "-R", jail, "-s", "mail", "-D", "/all",
                                                endpoint]),
                environment={"TZ": f":{zone}"})
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
            self.assertEqual(sink.end(), 0)
            self.assertRegex(reader.recv(4096).decode(), r"smtp-sink\[\d+\]: MAIL FROM:<a@b>$")
        self.assertIn(b" +0530 (ODD)\n", (jail / "all").read_bytes())
        (jail / "all").unlink()

    @rig.on_every_engine(THREADS)
    def test_a_client_that_never_reads_after_221_is_let_go(self, programs):
        with programs.sink("-n", "2", "-T", "4096") as sink, sink.connect() as silent, \
                rig.connect(sink.endpoint) as choked:
            silent.read_until(b"ESMTP\r\n")
            silent.send(b"QUIT\r\n")  # it never closes
            # Its replies fill every buffer on the way, so that 221 does not even leave.
            choked.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            choked.sendall(b"EHLO x\r\n" * 1_000 + b"QUIT\r\n")
            self.assertEqual(sink.wait(), 0, "both have said QUIT")

    @rig.on_every_engine(THREADS)
    def test_who_waits_for_a_place_is_served_in_the_end(self, programs):
        served, at_once, most = [], [], []

        def visit():
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                at_once.append(client)
                most.append(len(at_once))
                reply = client.message()
                at_once.remove(client)  # before the sink can give its place to another
                served.append(reply + client.talk(b"QUIT\r\n", b"221 Bye\r\n"))

        with programs.sink("-c", "-m", "3") as sink:
            clients = [threading.Thread(target=visit, daemon=True) for _ in range(60)]
            for client in clients:
                client.start()
            for client in clients:
                client.join(rig.PATIENCE)
            self.assertEqual(served, [b"250 2.0.0 Ok\r\n221 Bye\r\n"] * 60)
            self.assertLessEqual(max(most), 3)
            sink.wait_counter("sess", 60)

    @rig.on_every_engine(THREADS)
    def test_a_full_backlog_moves_on_when_a_place_is_free(self, programs):
        path = f"{self.scratch}/{time.monotonic_ns()}"  # the last one's may still be listed
        endpoint = f"unix:{path}"
        user = ["-u", "root"] if os.geteuid() == 0 else []
        command = programs.command("smtp-sink", [*user, "-m", "1", endpoint, 1])
        sink = rig.Sink(command, endpoint)
        served = []

        def visit():
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(path)  # waits where the queue is full, which it would not with a timeout
                client.settimeout(rig.PATIENCE)
                client.sendall(b"QUIT\r\n")
                served.append(client.makefile("rb").read())

        self.addCleanup(sink.end)
        with sink.connect() as first:
            first.read_until(b"ESMTP\r\n")
            clients = [threading.Thread(target=visit, daemon=True) for _ in range(10)]
            for client in clients:
                client.start()
            with socket.socket(socket.AF_UNIX) as probe:
                probe.setblocking(False)
                rig.wait_for(lambda: probe.connect_ex(path) == errno.EAGAIN, "a full queue")
            self.assertEqual(served, [])
        for client in clients:
            client.join(rig.PATIENCE)
        self.assertEqual(served, [b"220 smtp-sink ESMTP\r\n221 Bye\r\n"] * 10)
        self.assertEqual(sink.end(), 0)
        pathlib.Path(path).unlink()

    @rig.on_every_engine(THREADS)
    def test_every_session_may_hold_a_file_as_well(self, programs):
        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

        folder = self.scratch / f"{programs.name}{programs.options[-1]}"
        folder.mkdir()
        greeting, content = b"220 smtp-sink ESMTP\r\n", b"y" * 100_000 + b"\r\n"
        with programs.sink("-d", folder / "m.", preexec_fn=few) as sink, contextlib.ExitStack() as stack:
            waiting = [stack.enter_context(sink.connect()) for _ in range(64)]
            while waiting:
                # All that are let in at once hold a large message at once.
                ready, _, _ = select.select([client.socket for client in waiting], [], [], rig.PATIENCE)
                self.assertTrue(ready, "nobody is let in")
                time.sleep(0.2)  # for more of them: how many come is not what is tested
                ready, _, _ = select.select([client.socket for client in waiting], [], [], 0)
                let_in = [client for client in waiting if client.socket in ready]
                for client in let_in:
                    client.read_until(greeting)
                    client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n", b"<LF>\r\n")
                    client.send(content)
                for client in let_in:
                    self.assertEqual(client.talk(b".\r\n", b"\r\n"), b"250 2.0.0 Ok\r\n")
                    client.close()
                waiting = [client for client in waiting if client not in let_in]
            self.assertEqual(sink.end(), 0)
        self.assertEqual(len(list(folder.iterdir())), 64)
        self.assertEqual(bytes(sink.err), b"")

    @rig.on_every_engine(THREADS)
    def test_counters_are_for_eyes_and_exact_in_the_end(self, programs):
        with programs.sink("-c") as sink:
            begun = time.monotonic()
            done = programs.source(sink.endpoint, "-c", "-d", "-s", "10", "-m", "5000")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("sess", 10)  # shown although nothing more happens
            self.assertEqual(sink.end(), 0)
            took = time.monotonic() - begun
        shown = bytes(sink.out).split(b"\r")
        self.assertEqual(shown[-2:], [b"sess=10 quit=10 mesg=5000", b""])
        self.assertEqual(done.stdout.split(b"\r")[-2:], [b"5000", b"\n"])
        for updates in (shown, done.stdout.split(b"\r")):
            self.assertLessEqual(len(updates), took * 20 + 3)

    @rig.on_every_engine(THREADS)
    def test_chroot(self, programs):
        rig.need(os.geteuid() == 0, "needs root")
        with programs.sink("-R", self.scratch, "-D", "/in/all") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
        self.assertTrue((self.scratch / "in/all").exists())
        (self.scratch / "in/all").unlink()

    @rig.on_every_engine(THREADS)
    def test_syslog(self, programs):
        # A /dev of its own, with the log socket that this test reads.
        log = self.scratch / "log"
        log.unlink(missing_ok=True)
        reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        reader.bind(str(log))
        reader.settimeout(rig.PATIENCE)
        endpoint = f"127.0.0.1:{rig.free_port()}"
        command = programs.command("smtp-sink", ["-u", "root", "-s", "mail,.,auth", endpoint])
        sink = self.run_in_own_mounts(f'mount -t tmpfs none /dev && ln -s "{log}" /dev/log', *command)
        with sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"mail FROM:<" + b"x" * 200 + b"\x07>\r\n", b"250 2.1.0 Ok\r\n")
            line = reader.recv(4096)
            client.talk(b"AUTH PLAIN AGFubgBzZWNyZXQ=\r\n", b"250 2.0.0 Ok\r\n")
            login = reader.recv(4096)
            client.talk(b"RCPT TO:<a>\r\nRSET\r\n", b"250 2.1.0 Ok\r\n")
        self.assertEqual(sink.end(), 0)
        reader.close()
        self.assertRegex(line.decode(), r"^<22>.*smtp-sink\[\d+\]: MAIL FROM:<x{94}$")
        self.assertRegex(login.decode(), r": AUTH PLAIN \(authentication\)$")


class Dumps(rig.TestCase):
    @rig.on_every_engine((4,))
    def test_workers_never_interleave(self, programs):
        path = self.scratch / f"all.{programs.name}"
        with programs.sink("-D", path) as sink:
            for length in (50, 200_000):
                done = programs.source(sink.endpoint, "-s", "20", "-m", "200", "-d", "-l", length)
                self.assertEqual(done.returncode, 0, done.stderr)
        text = path.read_bytes()
        whole = rb"X-Client-Addr: [^\n]+\n(?:[^\n]+\n)+\n(?:\dX{77}\n)*X+\n\n"
        self.assertEqual(len(re.findall(whole, text)), 400)
        self.assertEqual(re.sub(whole, b"", text), b"")

    @rig.on_every_engine((4,))
    def test_killed_in_the_middle_nothing_half_is_left(self, programs):
        for attempt in range(5):
            path = self.scratch / f"killed.{programs.name}.{attempt}"
            each = self.scratch / f"each.{programs.name}.{attempt}"
            for option, target in (("-D", path), ("-d", f"{each}/m.")):
                with programs.sink("-c", option, target, statuses=[-signal.SIGKILL]) as sink:
                    source = programs.start("smtp-source", "-d", "-s", "8", "-m", "100000", "-l",
                                            "300000", sink.endpoint, statuses=(1,))
                    sink.wait_counter("mesg", 10 + attempt)
                    sink.kill()
                    source.wait()
            body = rb"(?:\dX{77}\n)*X+\n\n"
            whole = rb"X-Client-Addr: [^\n]+\n(?:[^\n]+\n)+\n" + body
            rig.wait_for(lambda: re.sub(whole, b"", path.read_bytes()) == b"", "the guard")
            self.assertGreaterEqual(len(re.findall(whole, path.read_bytes())), 10)
            for file in each.iterdir():
                if file.suffix != ".part":
                    self.assertTrue(re.fullmatch(whole, file.read_bytes()), file)
            for file in each.iterdir():
                file.unlink()

    @rig.on_every_engine((4,))
    def test_a_full_disk_refuses_the_message_and_lives(self, programs):
        with programs.sink("-D", "/dev/full") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            for _ in range(2):
                self.assertEqual(client.message()[:10], b"452 4.3.1 ")
            client.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
            complaint = b"message not stored in /dev/full: No space left on device"
            rig.wait_for(lambda: complaint in sink.err, "the complaint")

    @rig.on_every_engine((4,))
    def test_a_disk_that_fills_up(self, programs):
        rig.need(os.geteuid() == 0, "needs root to mount a small file system")
        small = self.scratch / "small"
        small.mkdir(exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", small],
                                 capture_output=True, check=False)
        rig.need(mounted.returncode == 0, "may not mount a file system here")
        try:
            # The larger one does not stay in memory until it is complete.
            for option, size in itertools.product(("-d", "-D"), (50_000, 100_000)):
                with programs.sink(option, small / "m.") as sink, sink.connect() as client:
                    client.read_until(b"ESMTP\r\n")
                    replies = [client.message(b"y" * size + b"\r\n") for _ in range(8)]
                    self.assertEqual(replies[0], b"250 2.0.0 Ok\r\n")
                    self.assertEqual(replies[-1][:10], b"452 4.3.1 ")
                stored = b"".join(file.read_bytes() for file in small.iterdir())
                accepted = replies.count(b"250 2.0.0 Ok\r\n")
                self.assertEqual(stored.count(b"X-Client-Addr"), accepted)
                self.assertEqual(stored.count(b"y" * size + b"\n\n"), accepted)
                for file in small.iterdir():
                    file.unlink()
        finally:
            rig.run(["umount", small])

    @rig.on_every_engine()
    def test_a_message_above_the_limit_leaves_nothing(self, programs):
        each = self.scratch / f"large.{programs.name}"
        for limit in (["--max-dump-size", "200K"], ["--max-size", "200K"]):
            with programs.sink(*limit, "--offer", "chunking", "-d", f"{each}/m.") as sink, \
                    sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n", b"<LF>\r\n")
                client.send(b"x" * 150_000)
                rig.wait_for(lambda: each.exists() and list(each.glob("*.part")), "the dump")
                client.send(b"x" * 150_000)
                rig.wait_for(lambda: not list(each.iterdir()), "the end of the dump")
                client.talk(b"x\r\n.\r\n", b"552 5.3.4 Error: message size exceeds fixed limit\r\n")
                client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nBDAT 150000\r\n" + b"x" * 150_000,
                            b"250 2.0.0 Ok\r\n")
                self.assertTrue(list(each.glob("*.part")))
                client.send(b"BDAT 150000 LAST\r\n")
                if limit[0] == "--max-dump-size":
                    client.send(b"x" * 150_000)
                client.read_until(b"552 5.3.4 Error: message size exceeds fixed limit\r\n")
                self.assertEqual(list(each.iterdir()), [])

    @rig.on_every_engine((4,))
    def test_an_unwritable_directory_refuses_the_message_and_lives(self, programs):
        with programs.sink("-L", "-d", "/proc/no/m.") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"MAIL FROM:<>\r\nRCPT TO:<a>\r\nRCPT TO:<b>\r\nDATA\r\n", b"<LF>\r\n")
            text = client.talk(b".\r\nNOOP\r\n", b"250 2.0.0 Ok\r\n")
            self.assertEqual(text.count(b"452 4.3.1"), 2)
            rig.wait_for(lambda: b"message not stored in /proc/no/m." in sink.err, "the message")


if __name__ == "__main__":
    unittest.main()
