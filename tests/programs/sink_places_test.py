"""How many the sink serves at once, and who must wait or go: places, descriptors, idle clients."""

import contextlib
import errno
import json
import os
import pathlib
import resource
import select
import socket
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


class Places(rig.TestCase):
    """Every check runs on both engines and with several threads."""

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
    def test_idle_clients_are_let_go_and_busy_ones_kept(self, programs):
        with programs.sink("-t", "2") as sink, sink.connect() as idle, sink.connect() as busy:
            busy.read_until(b"ESMTP\r\n")
            end = time.monotonic() + 2.5
            while time.monotonic() < end:
                busy.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
                time.sleep(0.1)
            self.assertEqual(idle.read_to_end(), b"220 smtp-sink ESMTP\r\n")


if __name__ == "__main__":
    unittest.main()
