"""Several listeners in one sink: each speaks as it was told to, and all together are one."""

import contextlib
import json
import os
import pathlib
import re
import unittest

import rig


THREADS = (1, 4)
GREETING = b"220 smtp-sink ESMTP\r\n"
HEADER = b"PROXY TCP4 192.0.2.1 127.0.0.1 4711 25\r\n"
OK = b"250 2.0.0 Ok\r\n"


def local():
    return f"127.0.0.1:{rig.free_port()}"


@contextlib.contextmanager
def listening(programs, *arguments, user="root"):
    """A sink that has no endpoint but those of --listen among `arguments`; ends it and checks how."""
    endpoints = [re.sub(r"^((tls|starttls|lmtp|proxy)\+)*|,name=.*", "", value)
                 for option, value in zip(arguments, arguments[1:]) if option == "--listen"]
    rights = ["-u", user] if os.geteuid() == 0 and user else []
    sink = rig.Sink(programs.command("smtp-sink", [*rights, *arguments]), endpoints[0])
    rig.wait_for(lambda: all(map(rig.listens, endpoints)) or sink.poll() is not None, "all listeners")
    try:
        yield sink
    finally:
        sink.end()
        sink.check()


def extensions(client, hello=b"EHLO"):
    reply = client.talk(hello + b" client.example\r\n", b"250 \r\n")
    return re.findall(rb"250-(\S+)", reply)


class Listeners(rig.TestCase):
    """Every check runs on both engines and with several threads."""

    def socket_path(self):
        path = self.scratch / "inbox"
        path.unlink(missing_ok=True)
        return path

    @rig.on_every_engine(THREADS)
    def test_each_of_four_speaks_as_it_was_told_to(self, programs):
        mail, submission, submissions = local(), local(), local()
        inbox = f"unix:{self.socket_path()}"
        with listening(programs, "--listen", mail, "--listen", f"starttls+{submission}", "--listen",
                       f"tls+{submissions}", "--listen", f"lmtp+{inbox}"):
            with rig.Client(mail) as client:
                client.read_until(GREETING)
                self.assertNotIn(b"STARTTLS", extensions(client))
                client.talk(b"STARTTLS\r\n", b"500 5.5.1 Error: unknown command\r\n")
                self.assertEqual(client.message(), OK)
            with rig.Client(submission) as client:
                client.read_until(GREETING)
                self.assertIn(b"STARTTLS", extensions(client))
                client.talk(b"STARTTLS\r\n", b"220 2.0.0 Ready to start TLS\r\n")
                client.start_tls()
                self.assertNotIn(b"STARTTLS", extensions(client))
                self.assertEqual(client.message(), OK)
            with rig.Client(submissions) as client:
                client.start_tls()
                client.read_until(GREETING)
                self.assertNotIn(b"STARTTLS", extensions(client))
                client.talk(b"STARTTLS\r\n", b"500 5.5.1 Error: unknown command\r\n")
                self.assertEqual(client.message(), OK)
            with rig.Client(inbox) as client:
                client.read_until(GREETING)
                client.talk(b"EHLO client.example\r\n", b"500 5.5.1 Error: unknown command\r\n")
                self.assertNotIn(b"STARTTLS", extensions(client, b"LHLO"))
                client.talk(b"MAIL FROM:<a>\r\nRCPT TO:<b>\r\nRCPT TO:<c>\r\nDATA\r\n", b"<LF>\r\n")
                client.talk(b".\r\n", b"250 2.2.0 Ok\r\n" * 2)

    @rig.on_every_engine(THREADS)
    def test_a_name_that_has_an_address_twice_is_listened_at_once(self, programs):
        hosts = self.scratch / "hosts"
        hosts.write_text("127.0.0.1 localhost\n::1 localhost\n")
        endpoint = f"localhost:{rig.free_port()}"
        command = programs.command("smtp-sink", ["-u", "root", "-4", endpoint])
        sink = rig.Sink([*rig.own_mounts(f"mount --bind {hosts} /etc/hosts"), *command], endpoint)
        with rig.Client(endpoint) as client:
            client.read_until(GREETING)
        sink.end()
        sink.check()

    @rig.on_every_engine(THREADS)
    def test_options_are_of_all_and_prefixes_add_to_them(self, programs):
        both = local()
        with programs.sink("--starttls", "-L", "--listen", f"tls+{both}") as sink:
            rig.wait_for(lambda: rig.listens(both), "the other listener")
            with sink.connect() as client:
                client.read_until(GREETING)
                self.assertIn(b"STARTTLS", extensions(client, b"LHLO"))
            with rig.Client(both) as client:
                client.start_tls()
                client.read_until(GREETING)
                self.assertNotIn(b"STARTTLS", extensions(client, b"LHLO"))

    @rig.on_every_engine(THREADS)
    def test_a_header_of_the_proxy_protocol_is_of_one_listener(self, programs):
        dump = self.scratch / "dump"
        dump.unlink(missing_ok=True)
        direct, behind, secure = local(), local(), local()
        with listening(programs, "-D", dump, "--listen", direct, "--listen", f"proxy+{behind}",
                       "--listen", f"proxy+tls+{secure}") as sink:
            with rig.Client(direct) as client:
                client.read_until(GREETING)
                client.talk(HEADER, b"500 5.5.1 Error: unknown command\r\n")
            with rig.Client(behind) as client:
                client.talk(HEADER, GREETING)
                self.assertEqual(client.message(), OK)
            with rig.Client(secure) as client:
                client.send(HEADER)
                client.start_tls()
                client.read_until(GREETING)
                self.assertEqual(client.message(), OK)
            with rig.Client(behind) as client:
                client.send(b"EHLO client.example\r\n")
                self.assertEqual(client.read_to_end(), b"")
            rig.wait_for(lambda: b"bad PROXY header" in sink.err, "the complaint")
        self.assertEqual(re.findall(r"X-Client-Addr: (\S+)", dump.read_text()), ["192.0.2.1"] * 2)

    @rig.on_every_engine(THREADS)
    def test_places_and_quotas_are_of_all(self, programs):
        one, other = local(), f"unix:{self.socket_path()}"
        with listening(programs, "-m", "1", "-M", "2", "--listen", one, "--listen", other) as sink:
            with rig.Client(one) as first:
                first.read_until(GREETING)
                with rig.Client(other) as second:
                    second.socket.settimeout(0.2)
                    with self.assertRaises(TimeoutError):
                        second.socket.recv(1)
                    second.socket.settimeout(rig.PATIENCE)
                    self.assertEqual(first.message(), OK)
                    first.close()
                    second.read_until(GREETING)
                    self.assertEqual(second.message(), OK)
            self.assertEqual(sink.wait(), 0)  # by itself

    @rig.on_every_engine(THREADS)
    def test_two_at_one_address_are_refused(self, programs):
        port = rig.free_port()
        here = f"127.0.0.1:{port}"
        for arguments, said in (
                ((here, "--listen", f"tls+inet:{here}"),
                 f"two listeners at [127.0.0.1]:{port}: {here} and inet:{here}"),
                (("-4", "--listen", f":{port},name=all", "--listen", here),
                 f"two listeners at [127.0.0.1]:{port}: all and {here}"),
                ((here, "--listen", f"lmtp+{here}"), f"two listeners are named {here}: names must differ"),
                (("--listen", f"{here},name=x", "--listen", f"unix:{self.socket_path()},name=x"),
                 "two listeners are named x: names must differ")):
            done = programs.run("smtp-sink", *arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"smtp-sink: fatal: {said}", done.stderr.decode())

    @rig.on_every_engine(THREADS)
    def test_rights_are_given_up_when_all_listen(self, programs):
        rig.need(os.geteuid() == 0, "needs root")
        private = self.scratch / "private"  # where nobody else may make a socket
        private.mkdir(mode=0o755, exist_ok=True)
        path = private / "inbox"
        path.unlink(missing_ok=True)
        first = local()
        with listening(programs, "--listen", first, "--listen", f"lmtp+unix:{path}", user=None) as sink:
            path.chmod(0o777)
            for endpoint in (first, f"unix:{path}"):
                with rig.Client(endpoint) as client:
                    client.read_until(GREETING)
            self.assertEqual(rig.process_status(sink.pid)["Uid"].split(), ["65534"] * 4)

    @rig.on_every_engine()
    def test_names_are_shown_where_there_are_several(self, programs):
        mail, submission = local(), local()
        with listening(programs, "-v", "--listen", mail, "--listen", f"{submission},name=submission") as sink:
            for endpoint in (mail, submission):
                with rig.Client(endpoint) as client:
                    client.read_until(GREETING)
        self.assertEqual(re.findall(rb"connect from \[127\.0\.0\.1\]:\d+( to .*)?\n", sink.err),
                         [b" to " + mail.encode(), b" to submission"])
        with listening(programs, "-v", "--listen", f"{mail},name=alone") as sink:
            with rig.Client(mail) as client:
                client.read_until(GREETING)
        self.assertRegex(bytes(sink.err), rb"connect from \[127\.0\.0\.1\]:\d+\n")

    @rig.on_every_engine()
    def test_a_report_names_all_places(self, programs):
        report = self.scratch / "report.json"
        mail, inbox = local(), f"unix:{self.socket_path()}"
        with listening(programs, "--json", report, "--listen", mail, "--listen", f"lmtp+{inbox},name=inbox"):
            pass
        settings = json.loads(pathlib.Path(report).read_text())["options"]["settings"]
        self.assertEqual(settings["at"], f"{mail}, {inbox}")


if __name__ == "__main__":
    unittest.main()
