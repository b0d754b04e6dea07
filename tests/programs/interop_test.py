"""The programs against real peers: Postfix, Exim and Dovecot as servers, swaks, Python's smtplib
and Postfix's smtp(8) as clients.

The servers live in a root directory of their own below build/peers (script/peers servers) and run
there as private instances on loopback ports; nothing on this machine is touched.
"""

import contextlib
import os
import re
import shutil
import signal
import smtplib
import subprocess
import textwrap
import unittest

import psutil

import rig

ROOT = rig.PEERS / "root"
SWAKS_UNAUTHENTICATED = 28


def in_root(*command, timeout=60):
    return rig.run(["chroot", ROOT, *command], timeout=timeout, text=True)


def processes_in_root():
    """The processes whose root directory is that of the peers: all that these tests started."""
    found = set()
    for process in psutil.process_iter():
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/{process.pid}/root") == str(ROOT):
                found.add(process)
    return found


def end_processes(processes):
    for sign in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(sign)
        _, processes = psutil.wait_procs(processes, 5)
    if processes:
        raise AssertionError(f"not even killed: {processes}")


def owner(name):
    """The user and group ids of a user of the peers."""
    for line in (ROOT / "etc/passwd").read_text(encoding="utf-8").splitlines():
        fields = line.split(":")
        if fields[0] == name:
            return int(fields[2]), int(fields[3])
    raise KeyError(name)


class Peers(rig.TestCase):
    @classmethod
    def setUpClass(cls):
        rig.need(os.geteuid() == 0, "the peers' root directory needs root")
        rig.fetch_peers("servers")
        for name in ("null", "zero", "urandom", "random"):
            node = ROOT / "dev" / name
            if not node.exists():
                node.touch()
                subprocess.run(["mount", "--bind", f"/dev/{name}", node], check=True)
        shutil.copy("/etc/hosts", ROOT / "etc/hosts")

    def setUp(self):
        super().setUp()
        before = processes_in_root()
        self.addCleanup(lambda: end_processes(processes_in_root() - before))

    def start_in_root(self, port, *command):
        """Starts a peer in its root directory and waits until it listens."""
        process = rig.Process(["chroot", ROOT, *command], statuses=(0, -signal.SIGTERM))
        self.addCleanup(process.end)
        rig.wait_for(lambda: rig.listens(f"127.0.0.1:{port}") or process.poll() is not None, command[0])
        self.assertIsNone(process.poll(), (process.out, process.err))


class Postfix(Peers):
    """source -> Postfix smtpd -> queue -> Postfix smtp -> sink: the main job."""

    def start_postfix(self, sink_endpoint, settings="", services=""):
        port = rig.free_port()
        config = ROOT / f"etc/postfix-{port}"
        queue, data = (ROOT / "var/spool" / f"postfix-{port}", ROOT / "var/lib" / f"postfix-{port}")
        config.mkdir()
        for directory in (config, queue, data):
            self.addCleanup(shutil.rmtree, directory, ignore_errors=True)
        (config / "main.cf").write_text(textwrap.dedent(f"""\
            compatibility_level = 3.6
            queue_directory = /var/spool/postfix-{port}
            data_directory = /var/lib/postfix-{port}
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            mail_owner = postfix
            setgid_group = postdrop
            myhostname = relay.example
            mydestination =
            mynetworks = 127.0.0.0/8
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            relayhost = [127.0.0.1]:{sink_endpoint.rpartition(":")[2]}
            smtpd_client_connection_count_limit = 0
            smtpd_client_connection_rate_limit = 0
            default_destination_concurrency_limit = 50
            initial_destination_concurrency = 50
            alias_maps =
            maillog_file = /var/log/postfix-{port}.log
            maillog_file_prefixes = /var
            """) + settings)
        (config / "master.cf").write_text(textwrap.dedent(f"""\
            {port} inet n - n - 60 smtpd
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 300 1 qmgr
            tlsmgr unix - - n 1000? 1 tlsmgr
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            verify unix - - n - 1 verify
            flush unix n - n 1000? 0 flush
            proxymap unix - - n - - proxymap
            smtp unix - - n - 60 smtp
            lmtp unix - - n - 60 lmtp
            error unix - - n - - error
            retry unix - - n - - error
            anvil unix - - n - 1 anvil
            scache unix - - n - 1 scache
            postlog unix-dgram n - n - 1 postlogd
            """) + services)
        for directory in (queue, data):
            directory.mkdir()
        shutil.chown(data, *owner("postfix"))
        (ROOT / f"var/log/postfix-{port}.log").unlink(missing_ok=True)  # of an earlier one with this port
        in_root("postfix", "-c", f"/etc/postfix-{port}", "start")
        self.addCleanup(self.stop_postfix, port)
        rig.wait_for(lambda: rig.listens(f"127.0.0.1:{port}"), "Postfix to listen")
        return f"127.0.0.1:{port}"

    def stop_postfix(self, port):
        """Stops it, if it runs."""
        done = in_root("postfix", "-c", f"/etc/postfix-{port}", "stop")
        self.assertIn(done.returncode, (0, 1), done.stderr)

    @rig.on_every_engine((2,))
    def test_every_message_arrives_byte_for_byte(self, programs):
        messages = 300
        dump = self.scratch / f"arrived.{programs.name}"
        with programs.sink("-c", "-D", dump) as sink:
            server = self.start_postfix(sink.endpoint)
            for body in (["-l", "1500"], ["-l", "100000"]):
                done = programs.source(server, *body, "-s", "20", "-d", "-m", messages // 2, "-N",
                                       "-M", "client.example", "-f", "from@client.example",
                                       "-t", "to@far.example", timeout=120)
                self.assertEqual(done.returncode, 0, done.stderr)
            rig.wait_for(lambda: sink.counters().get("mesg", 0) >= messages, "all messages to arrive", 60)
            self.stop_postfix(rig.port_of(server))
        text = dump.read_text()
        arrived = text.split("X-Client-Addr: ")[1:]
        self.assertEqual(len(arrived), messages)
        numbers = sorted(int(n) for n in re.findall(r"X-Rcpt-Args: <(\d+)to@far\.example>", text))
        self.assertEqual(numbers, sorted([*range(1, messages // 2 + 1)] * 2))
        ids = [re.search(r"\nMessage-Id: <[^>]+>\n", message).group() for message in arrived]
        self.assertEqual(len(set(ids)), messages)
        bodies = sorted(message.split("\n\n", 1)[1] for message in arrived)
        expected = [self.payload(length) for length in (1_500, 100_000)]
        self.assertEqual(bodies, sorted(expected * (messages // 2)))

    @staticmethod
    def payload(length):
        body = ["X"] * length
        for end in range(80, length, 80):
            body[end - 80] = str(end // 80 % 10)
            body[end - 2:end] = ["\n", ""]
        return "".join(body) + "\n\n"

    @rig.on_every_engine()
    def test_lmtp_sink_takes_what_postfix_delivers(self, programs):
        with programs.sink("-c", "-L") as sink:
            server = self.start_postfix(sink.endpoint)
            port = server.rpartition(":")[2]
            in_root("postconf", "-c", f"/etc/postfix-{port}", "-e",
                    f"default_transport = lmtp:inet:127.0.0.1:{sink.endpoint.rpartition(':')[2]}",
                    "relayhost =")
            in_root("postfix", "-c", f"/etc/postfix-{port}", "reload")
            done = programs.source(server, "-s", "5", "-m", "20", "-r", "3", "-M", "client.example",
                                   "-t", "to@far.example")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("mesg", 20)


def exim_route_to(port):
    """A router and a transport of Exim that send everything to this port here."""
    return ("""
            to_sink:
              driver = manualroute
              transport = sink
              route_list = * 127.0.0.1
              self = send
            """, f"""
            sink:
              driver = smtp
              port = {port}
              allow_localhost
              hosts_try_fastopen =
            """)


class Exim(Peers):
    # What a client must be, and what Exim announces.
    CONDITION, SETTINGS = "", "tls_advertise_hosts ="

    def start_exim(self, routers="", transports=""):
        """Returns where Exim listens and its spool, in which everything stays until it is told to
        deliver by these routers and transports."""
        port = rig.free_port()
        spool = ROOT / f"var/spool/exim-{port}"
        spool.mkdir()
        shutil.chown(spool, *owner("Debian-exim"))
        self.addCleanup(shutil.rmtree, spool, ignore_errors=True)
        (ROOT / f"etc/exim-{port}.conf").write_text(self.SETTINGS + textwrap.dedent(f"""
            primary_hostname = exim.example
            spool_directory = /var/spool/exim-{port}
            log_file_path = /var/spool/exim-{port}/%slog
            daemon_smtp_ports = {port}
            local_interfaces = 127.0.0.1
            pid_file_path = /var/spool/exim-{port}/pid
            queue_only = true
            smtp_accept_max = 200
            smtp_accept_max_per_connection = 0
            smtp_accept_queue_per_connection = 0
            keep_environment =
            acl_smtp_rcpt = take
            acl_smtp_data = take
            host_lookup =
            rfc1413_query_timeout = 0s
            begin acl
            take:
              accept {self.CONDITION}
            """) + "begin routers\n" + textwrap.dedent(routers) + "begin transports\n" + textwrap.dedent(transports))
        self.addCleanup((ROOT / f"etc/exim-{port}.conf").unlink)
        self.start_in_root(port, "/opt/exim/usr/sbin/exim4", "-C", f"/etc/exim-{port}.conf", "-bdf")
        return f"127.0.0.1:{port}", spool

    def expect_stored(self, spool, count):
        """So many messages, each with the payload that -l 3000 makes."""
        stored = list((spool / "input").rglob("*-D"))
        self.assertEqual(len(stored), count)
        bodies = {file.read_text().split("\n", 1)[1].rstrip("\n") for file in stored}
        self.assertEqual(bodies, {Postfix.payload(3_000).rstrip("\n")})

    @rig.on_every_engine((2,))
    def test_takes_what_the_source_sends(self, programs):
        endpoint, spool = self.start_exim()
        done = programs.source(endpoint, "-s", "5", "-m", "50", "-d", "-l", "3000",
                               "-M", "client.example", "-t", "to@far.example", timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.expect_stored(spool, 50)


class Dovecot(Peers):
    def start_dovecot(self, port, socket_path):
        base = ROOT / f"var/lib/dovecot-{port}"
        (base / "mail").mkdir(parents=True)
        shutil.chown(base / "mail", *owner("mail"))
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        home = f"/var/lib/dovecot-{port}"
        (base / "conf").write_text(textwrap.dedent(f"""\
            protocols = lmtp
            base_dir = {home}/run
            state_dir = {home}/state
            log_path = {home}/log
            ssl = no
            first_valid_uid = 1
            mail_location = maildir:{home}/mail/%u
            default_internal_user = dovecot
            default_login_user = dovenull
            userdb {{
              driver = static
              args = uid=mail gid=mail home={home}/mail/%u
            }}
            passdb {{
              driver = static
              args = nopassword=y
            }}
            service lmtp {{
              chroot =
              inet_listener lmtp {{
                address = 127.0.0.1
                port = {port}
              }}
              unix_listener {socket_path} {{
                mode = 0666
              }}
            }}
            """))
        self.start_in_root(port, "dovecot", "-F", "-c", f"{home}/conf")
        return base

    @rig.on_every_engine((2,))
    def test_takes_lmtp_over_tcp_and_a_unix_socket(self, programs):
        port = rig.free_port()
        socket_path = f"/var/lib/dovecot-{port}/lmtp"
        base = self.start_dovecot(port, socket_path)
        ways = ([], ["--pipelining"], ["--chunking", "--pipeline-window", "3", "--body", "8BITMIME"])
        for endpoint in (f"127.0.0.1:{port}", f"unix:{ROOT}{socket_path}"):
            for way in ways:
                done = programs.source(endpoint, "-L", "-s", "3", "-m", "15", "-d", "-r", "2", "-l", "500",
                                       "-M", "client.example", "-t", "box@here.example", *way, timeout=60)
                self.assertEqual(done.returncode, 0, (way, done.stderr, (base / "log").read_text()))
        for box in ("box@here.example", "2box@here.example"):
            stored = [file for file in (base / "mail" / box / "new").iterdir()]
            self.assertEqual(len(stored), 2 * 15 * len(ways))
            self.assertTrue(all(Postfix.payload(500)[:-1] in file.read_text() for file in stored))


class Clients(rig.TestCase):
    @rig.on_every_engine((2,))
    def test_swaks(self, programs):
        rig.fetch_peers("pair")
        dump = self.scratch / f"all.{programs.name}"
        with programs.sink("-c", "-D", dump) as sink:
            for extra in ([], ["--pipeline"], ["--auth", "PLAIN", "--auth-user", "u", "--auth-password", "p"]):
                host, _, port = sink.endpoint.rpartition(":")
                done = rig.run(
                    [rig.PAIR / "usr/bin/swaks", "--server", host, "--port", port, "--from", "a@b",
                     "--to", "c@d,e@f", "--body", "body\n.dot\n", "--helo", "me", *extra],
                    text=True, statuses=(0, SWAKS_UNAUTHENTICATED))
                # The sink of Postfix's kind says 250 where swaks wants 235.
                wanted = SWAKS_UNAUTHENTICATED if "--auth" in extra else 0
                self.assertEqual(done.returncode, wanted, done.stdout + done.stderr)
                self.assertIn("250 2.0.0 Ok", done.stdout)
            sink.wait_counter("mesg", 2)
        text = dump.read_text()
        self.assertEqual(text.count("X-Rcpt-Args: <c@d>\nX-Rcpt-Args: <e@f>\n"), 2)
        self.assertEqual(text.count("\nbody\n.dot\n"), 2)

    @rig.on_every_engine((2,))
    def test_python_smtplib(self, programs):
        with programs.sink("-c") as sink:
            host, _, port = sink.endpoint.rpartition(":")
            with smtplib.SMTP(host, int(port), timeout=rig.PATIENCE) as client:
                client.ehlo("me")
                self.assertTrue(client.has_extn("8bitmime"))
                self.assertEqual(client.sendmail("a@b", ["c@d", "e@f"], b"Subject: x\r\n\r\n.\r\n..\r\nend"), {})
                self.assertEqual(client.noop()[0], 250)
                self.assertEqual(client.verify("x")[0], 250)
            sink.wait_counter("quit", 1)
            self.assertEqual(sink.counters(), {"sess": 1, "quit": 1, "mesg": 1})
        with programs.sink("-c", "-L") as sink:
            host, _, port = sink.endpoint.rpartition(":")
            with smtplib.LMTP(host, int(port)) as client:
                client.ehlo("me")
                self.assertEqual(client.sendmail("a@b", ["c@d"], b"Subject: x\r\n\r\nx"), {})


if __name__ == "__main__":
    unittest.main()
