"""Whose rights the sink has, and what reaches into its jail."""

import os
import socket
import struct
import unittest

import rig


THREADS = (1, 4)


class Rights(rig.TestCase):
    """Every check runs on both engines and with several threads."""

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


if __name__ == "__main__":
    unittest.main()
