"""What must not be lost, and what must not be left: dumps and reports under kills and full disks."""

import collections
import os
import random
import re
import resource
import signal
import socket
import threading
import unittest

import rig


class Load:
    """Clients that send one message after the other until their server is gone, and know which
    were acknowledged. One in five messages is so large that it does not stay in memory."""

    LARGE = 150_000

    def __init__(self, endpoint, clients=6):
        self.acknowledged = []
        self._threads = [threading.Thread(target=self._send, args=(endpoint, number), daemon=True)
                         for number in range(clients)]
        for thread in self._threads:
            thread.start()

    def _send(self, endpoint, client):
        try:
            with rig.Client(endpoint) as talk:
                talk.read_until(b"ESMTP\r\n")
                for number in range(1_000_000):
                    talk.talk(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"<LF>\r\n")
                    filling = b"y" * (self.LARGE if number % 5 == 4 else 100)
                    content = b"id: %d-%d\r\n%s\r\nend\r\n.\r\n" % (client, number, filling)
                    if talk.talk(content, b"\r\n").startswith(b"250 "):
                        self.acknowledged.append(b"%d-%d" % (client, number))
        except (OSError, AssertionError):
            pass  # the server has gone, and so do we

    def join(self):
        for thread in self._threads:
            thread.join(rig.PATIENCE)


MESSAGE = re.compile(
    rb"X-Client-Addr: 127\.0\.0\.1\nX-Client-Proto: SMTP\nX-Mail-Args: <a@b>\nX-Rcpt-Args: <c@d>\n"
    rb"Received: [^\n]+\n(?:\t[^\n]+\n){2}id: (\d+-\d+)\n(?:y{100}|y{150000})\nend\n\n")


class Acknowledged(rig.TestCase):
    ROUNDS = 50 if rig.LONG else 1  # of each engine

    def check_kills(self, programs, option, sign):
        chance = random.Random(f"{programs.name}{option}{sign}")
        for attempt in range(self.ROUNDS):
            folder = self.scratch / f"{programs.name}{option}{sign}{attempt}"
            folder.mkdir()
            os.chmod(folder, 0o777)
            wanted = chance.randrange(20, 400)
            wanted_status = 0 if sign == signal.SIGTERM else -sign
            with programs.sink(option, folder / "m.", statuses=[wanted_status]) as sink:
                load = Load(sink.endpoint)
                rig.wait_for(lambda: len(load.acknowledged) >= wanted, "so many messages")
                self.assertEqual(sink.end(sign), wanted_status)
                load.join()
            self.check_dump(folder, load.acknowledged, killed=sign == signal.SIGKILL)

    def check_dump(self, folder, acknowledged, killed):
        whole = [file for file in folder.iterdir() if file.suffix != ".part"]
        if not killed:
            self.assertEqual(sorted(folder.iterdir()), sorted(whole), "an orderly end leaves nothing")
        if killed and whole == [folder / "m."]:  # -D: the child of the dead cuts it back
            rig.wait_for(lambda: MESSAGE.sub(b"", whole[0].read_bytes()) == b"", "the guard")
        found = collections.Counter()
        for file in whole:
            text = file.read_bytes()
            self.assertEqual(MESSAGE.sub(b"", text), b"", file)
            found.update(MESSAGE.findall(text))
        self.assertEqual([id for id, times in found.items() if times > 1], [], "twice")
        self.assertEqual(set(acknowledged) - set(found), set(), "acknowledged and lost")

    @rig.on_every_engine((4,))
    def test_is_in_its_file_when_killed(self, programs):
        self.check_kills(programs, "-d", signal.SIGKILL)

    @rig.on_every_engine((4,))
    def test_is_in_the_one_file_when_killed(self, programs):
        self.check_kills(programs, "-D", signal.SIGKILL)

    @rig.on_every_engine((4,))
    def test_is_in_its_file_at_an_orderly_end(self, programs):
        self.check_kills(programs, "-d", signal.SIGTERM)

    @rig.on_every_engine((4,))
    def test_is_in_the_one_file_at_an_orderly_end(self, programs):
        self.check_kills(programs, "-D", signal.SIGTERM)


def files_stay_small():
    """A disk that is full after some bytes, as every user can have it."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))


def need_mounts():
    done = rig.run(["unshare", "-m", "true"])
    rig.need(done.returncode == 0 and os.geteuid() == 0, "needs root and mount namespaces")


class FullDisk(rig.TestCase):
    """One clear sentence, a status that is not 0, and nothing that looks like a report."""

    def setUp(self):
        super().setUp()
        self.report = self.scratch / "report"
        self.report.write_text("earlier")

    def check(self, status, err, left="earlier"):
        said = [line for line in bytes(err).decode().splitlines() if "running as nobody" not in line]
        self.assertEqual(len(said), 1, said)
        self.assertRegex(said[0], rf"^smtp-\w+: fatal: write {self.report}: File too large$")
        self.assertEqual(status, 1)
        self.assertEqual(list(self.scratch.iterdir()), [self.report])
        self.assertEqual(self.report.read_text(), left)

    @rig.on_every_engine()
    def test_for_each_report_of_a_source(self, programs):
        with programs.sink() as sink:
            for kind in ("--json", "--html", "--csv", "--hlog"):
                with self.subTest(kind=kind):
                    done = programs.source(sink.endpoint, "-m", "3", kind, self.report,
                                           preexec_fn=files_stay_small)
                    self.check(done.returncode, done.stderr)

    @rig.on_every_engine()
    def test_for_the_report_of_a_sink(self, programs):
        with programs.sink("--json", self.report, statuses=[1], preexec_fn=files_stay_small) as sink:
            programs.source(sink.endpoint, "-m", "3")
            status = sink.end()
        self.check(status, sink.err)

    @rig.on_every_engine()
    def test_for_the_report_of_a_sink_that_gave_up_its_rights(self, programs):
        rig.need(os.geteuid() == 0, "needs root")
        with programs.sink("--json", self.report, "-u", "nobody", statuses=[1],
                           preexec_fn=files_stay_small) as sink:
            programs.source(sink.endpoint, "-m", "3")
            status = sink.end()
        self.check(status, sink.err, left="")

    @rig.on_every_engine()
    def test_for_a_dump(self, programs):
        for option in ("-d", "-D"):
            (self.scratch / "m.").unlink(missing_ok=True)
            with programs.sink(option, self.scratch / "m.", preexec_fn=files_stay_small) as sink, \
                    sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                for content in (b"y\r\n", b"y" * 100_000 + b"\r\n"):
                    self.assertEqual(client.message(content)[:10], b"452 4.3.1 ")
                client.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
            self.assertEqual([file.stat().st_size for file in self.scratch.glob("m.*")], [0] * (option == "-D"))

    def test_for_a_report_of_reports(self):
        programs = rig.ours("epoll")
        run = self.scratch / "run.json"
        with programs.sink() as sink:
            self.assertEqual(programs.source(sink.endpoint, "-m", "3", "--json", run).returncode, 0)
        command = [programs.directory / "smtp-report", "merge", "-o", self.report, run, run]
        done = rig.run(command, preexec_fn=files_stay_small)
        run.unlink()
        self.check(done.returncode, done.stderr)

    def test_that_is_one_indeed(self):
        need_mounts()
        programs = rig.ours("epoll")
        small = self.scratch / "small"
        small.mkdir()
        # In a mount namespace of its own, which goes with the program.
        script = ('mount -t tmpfs -o size=4k none "$0" && echo earlier >"$0/report" && '
                  '{ "$@"; status=$?; ls -A "$0"; cat "$0/report"; exit $status; }')
        with programs.sink() as sink:
            command = programs.command("smtp-source", ["-m", "3", "--html", small / "report", sink.endpoint])
            done = rig.run(["unshare", "-m", "sh", "-c", script, small, *command])
        self.assertEqual(done.stderr.decode(),
                         f"smtp-source: fatal: write {small}/report: No space left on device\n")
        self.assertEqual(done.stdout, b"report\nearlier\n")
        self.assertEqual(done.returncode, 1)


class Reports(rig.TestCase):
    programs = rig.ours("epoll")  # the engine has no part in it

    def test_of_root_follow_no_link(self):
        rig.need(os.geteuid() == 0, "needs root")
        victim, link = self.scratch / "victim", self.scratch / "report"
        victim.write_text("precious")
        link.symlink_to(victim)
        endpoint = f"127.0.0.1:{rig.free_port()}"
        done = self.programs.run("smtp-sink", "-u", "nobody", "--json", link, endpoint)
        self.assertEqual(done.stderr.decode(),
                         f"smtp-sink: fatal: create {link}: symbolic links are not followed\n")
        self.assertEqual(done.returncode, 1)
        link.unlink()
        link.write_text("somebody's")
        os.chown(link, 65534, 65534)
        done = self.programs.run("smtp-sink", "-u", "nobody", "--json", link, endpoint)
        self.assertIn(b"there is a file of another user, which is not written over", done.stderr)
        self.assertEqual(done.returncode, 1)
        self.assertEqual((victim.read_text(), link.read_text()), ("precious", "somebody's"))

    def test_that_are_not_complete_have_another_name(self):
        report = self.scratch / "report"
        with self.programs.sink("--json", report) as sink:
            own, = self.scratch.iterdir()
            self.assertRegex(own.name, rf"^report\.{re.escape(socket.gethostname())}\.{sink.pid}\.[0-9a-f]{{16}}\.part$")
            sink.end()
        self.assertEqual(list(self.scratch.iterdir()), [report])

    def test_go_to_a_pipe_of_the_shell(self):
        reading, writing = os.pipe()
        with self.programs.sink("--json", f"/dev/fd/{writing}", pass_fds=[writing]) as sink:
            os.close(writing)
            sink.end()
        with open(reading, encoding="utf-8") as stream:
            self.assertIn('"kind": "sink"', stream.read())

    def test_of_a_sink_in_a_jail_get_their_name(self):
        rig.need(os.geteuid() == 0, "needs root")
        report, jail = self.scratch / "report", self.scratch / "jail"
        jail.mkdir()
        with self.programs.sink("--json", report, "-R", jail):
            pass
        self.assertIn('"kind": "sink"', report.read_text())
        self.assertEqual(sorted(self.scratch.iterdir()), [jail, report])


if __name__ == "__main__":
    unittest.main()
