"""Mail servers as private instances: each in namespaces of its own for mounts and processes, so that it
shares nothing with others but the loopback, can be killed as a whole, and leaves nothing behind.

Programs are those of script/peers servers; all that a server writes is in the test's own directory,
which it sees as /mnt.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import stat
import sys
import tempfile
import textwrap

import psutil

import rig

ROOT = rig.PEERS / "root"
# The directory of the test, the program, and where else a server must find what is its own.
MOUNTS = """
set -e; cd "$1"; shift
mount --rbind {root} root
mount --rbind /dev root/dev
mount -t tmpfs none root/run
{queue}
mount --rbind home root/mnt
{more}
exec chroot root "$@"
"""


class Server:
    """One that takes mail at `endpoint` and relays all of it to a port. `filtered`: through a content
    filter, which adds a field to each header; `room`: of its queue, as tmpfs(5) takes it."""

    MORE_MOUNTS = ""  # within the directory that has root/ and home/

    def __init__(self, test, next_port, filtered=False, room=""):
        rig.need(os.geteuid() == 0, "the servers need root")
        rig.fetch_peers("servers")
        self.port, self.next_port, self.filtered = rig.free_port(), next_port, filtered
        self.endpoint = f"127.0.0.1:{self.port}"
        # What is synced to a disk outlasts a machine, and none goes down here; in memory it takes no time.
        in_memory = pathlib.Path("/dev/shm")
        place = in_memory if in_memory.is_dir() and not rig.LONG else test.scratch
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="millrace.", dir=place))
        test.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.directory.chmod(0o755)
        self.home = self.directory / "home"
        for directory in (self.directory / "root", self.home / "queue", self.home / "log"):
            directory.mkdir(parents=True)
        self.configure(test)
        queue = (self.home / "queue").stat()
        of_queue = f"mode={queue.st_mode & 0o777:o},uid={queue.st_uid},gid={queue.st_gid}"
        self.mounts = MOUNTS.format(root=ROOT, more=self.MORE_MOUNTS,
                                    queue=room and f"mount -t tmpfs -o size={room},{of_queue} none home/queue")
        self.process = None
        test.addCleanup(self.kill)
        self.start()

    def configure(self, test):
        """Writes into `home` what the server needs."""
        raise NotImplementedError

    def start(self):
        said = self.home / "log/said"
        with said.open("ab") as file:
            self.process = rig.Process(
                ["unshare", "--mount", "--pid", "--fork", "sh", "-c", self.mounts, "sh", self.directory, *self.COMMAND],
                statuses=(-signal.SIGKILL,), stdout=file, stderr=file)
        rig.wait_for(lambda: rig.listens(self.endpoint) or self.process.poll() is not None, "the server to listen", 60)
        if self.process.poll() is not None:
            raise AssertionError(f"{self.COMMAND}: {said.read_text()}")

    def kill(self):
        """All of its processes at once: the first one of its namespace takes the others with it."""
        if not self.process or self.process.poll() is not None:
            return
        first = psutil.Process(self.process.pid).children()
        self.process.kill()
        self.process.wait()
        for process in first:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(first, rig.PATIENCE)

    def queued(self):
        """Some file of its queue, in any of five looks: a message may just be on its way from one directory to
        another. None when it is empty."""
        top = f"/proc/{self.process.pid}/root{self.home}/queue"
        for _ in range(5):
            for name in self.QUEUE:
                for directory, _, files in os.walk(f"{top}/{name}"):
                    for file in files:
                        if self.is_message(f"{directory}/{file}"):
                            return file
        return None

    @staticmethod
    def is_message(_file):
        """Whether a file of the queue is a message that the server has taken."""
        return True

    def hurry(self):
        """Has it try again at once what was deferred, where its configuration cannot say so."""

    def give(self, directory, user):
        """Makes a directory the user's."""
        users = (line.split(":") for line in (ROOT / "etc/passwd").read_text(encoding="utf-8").splitlines())
        (user, group), = ((int(fields[2]), int(fields[3])) for fields in users if fields[0] == user)
        shutil.chown(directory, user, group)


class Postfix(Server):
    COMMAND = ("postfix", "-c", "/mnt/etc", "start-fg")
    QUEUE = ("maildrop", "incoming", "active", "deferred")

    @staticmethod
    def is_message(file):
        # One that is not complete has another mode, and stays when Postfix is killed.
        with contextlib.suppress(FileNotFoundError):
            return os.stat(file).st_mode & stat.S_IXUSR != 0
        return True

    def configure(self, test):
        for name in ("etc", "data"):
            (self.home / name).mkdir()
        self.give(self.home / "data", "postfix")
        ports = (self.port,)
        if self.filtered:
            ports += (rig.free_port(), rig.free_port())
            filtering = rig.Process([sys.executable, "-B", "-m", "support.adding_filter", *ports[1:]],
                                    statuses=(-signal.SIGTERM,))
            test.addCleanup(filtering.end)
            rig.wait_for(lambda: rig.listens(f"127.0.0.1:{ports[1]}"), "the filter to listen")
        (self.home / "etc/main.cf").write_text(textwrap.dedent(f"""\
            compatibility_level = 3.6
            queue_directory = /mnt/queue
            data_directory = /mnt/data
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            mail_owner = postfix
            setgid_group = postdrop
            myhostname = relay.example
            mydestination =
            mynetworks = 127.0.0.0/8
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            relayhost = [127.0.0.1]:{self.next_port}
            smtpd_client_connection_count_limit = 0
            smtpd_client_connection_rate_limit = 0
            alias_maps =
            maillog_file = /mnt/log/mail.log
            maillog_file_prefixes = /mnt
            # What was deferred comes back while the test waits for it; not while who deferred it still holds
            # it, since then it comes back in a minute.
            minimal_backoff_time = 3s
            maximal_backoff_time = 3s
            queue_run_delay = 1s
            transport_retry_time = 1s
            service_throttle_time = 1s
            # No mail of its own about a full disk.
            notify_classes =
            # The disk itself says when it is full.
            message_size_limit = 0
            """))
        (self.home / "etc/master.cf").write_text(textwrap.dedent(f"""\
            {self.port} inet n - n - 60 smtpd {f"-o content_filter=smtp:[127.0.0.1]:{ports[1]}" if self.filtered else ""}
            {f"{ports[2]} inet n - n - 60 smtpd" if self.filtered else ""}
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 1 1 qmgr
            tlsmgr unix - - n 1000? 1 tlsmgr
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            verify unix - - n - 1 verify
            flush unix n - n 1000? 0 flush
            proxymap unix - - n - - proxymap
            smtp unix - - n - 60 smtp
            error unix - - n - - error
            retry unix - - n - - error
            anvil unix - - n - 1 anvil
            scache unix - - n - 1 scache
            postlog unix-dgram n - n - 1 postlogd
            """))


class Exim(Server):
    COMMAND = ("/opt/exim/usr/sbin/exim4", "-bdf", "-q1s")
    # It trusts the file of its own name alone.
    MORE_MOUNTS = "mkdir -p root/etc/exim4; mount --bind home root/etc/exim4"
    QUEUE = ("input",)

    @staticmethod
    def is_message(file):
        # Its -H is written last and its -D goes first: killed in between, Exim leaves the one without the other.
        return file.endswith("-H") and os.path.exists(f"{file[:-1]}D")

    def configure(self, test):
        for name in ("queue", "log"):
            self.give(self.home / name, "Debian-exim")
        (self.home / "exim4.conf").write_text(textwrap.dedent(f"""\
            primary_hostname = exim.example
            exim_path = /opt/exim/usr/sbin/exim4
            spool_directory = /mnt/queue
            log_file_path = /mnt/log/%slog
            pid_file_path = /run/exim.pid
            daemon_smtp_ports = {self.port}
            local_interfaces = 127.0.0.1
            smtp_accept_max = 200
            smtp_accept_max_per_connection = 0
            smtp_accept_queue_per_connection = 0
            queue_only_load = 20
            queue_run_max = 5
            split_spool_directory = true
            message_logs = false
            # Of what it keeps free; without any it cannot deliver either.
            check_spool_space = 128K
            check_spool_inodes = 0
            tls_advertise_hosts =
            keep_environment =
            notifier_socket =
            acl_smtp_rcpt = accept
            acl_smtp_data = accept
            host_lookup =
            rfc1413_query_timeout = 0s

            begin routers
            onward:
              driver = manualroute
              route_list = * 127.0.0.1
              self = send
              transport = onward

            begin transports
            onward:
              driver = smtp
              port = {self.next_port}
              {'transport_filter = /bin/sed "1i X-Filtered: yes"' if self.filtered else ""}

            begin retry
            * * F,4d,1s
            """))


class OpenSmtpd(Server):
    COMMAND = ("/opt/opensmtpd/usr/sbin/smtpd", "-d", "-f", "/mnt/smtpd.conf")
    # Where it looks for its queue and its programs is built into it.
    MORE_MOUNTS = """mkdir -p root/usr/libexec root/var/lib/opensmtpd/empty root/var/spool/smtpd
mount --bind root/opt/opensmtpd/usr/libexec root/usr/libexec
mount --bind home/queue root/var/spool/smtpd"""
    QUEUE = ("incoming", "queue", "offline")
    # By its protocol for filters (smtpd-filters(7)): of each message a line more, ahead of the first one.
    FILTER = r"""
        $| = 1;
        my %begun;
        while (<STDIN>) {
          print "register|filter|smtp-in|data-line\nregister|ready\n" if /^config\|ready$/;
          next unless /^filter\|/;
          chomp;
          my (undef, undef, undef, undef, undef, $session, $token, $line) = split /\|/, $_, 8;
          print "filter-dataline|$session|$token|X-Filtered: yes\n" unless $begun{$session}++;
          print "filter-dataline|$session|$token|$line\n";
          delete $begun{$session} if $line eq ".";
        }
        """

    def configure(self, test):
        (self.home / "queue").chmod(0o711)
        (self.home / "filter.pl").write_text(textwrap.dedent(self.FILTER))
        (self.home / "smtpd.conf").write_text(textwrap.dedent(f"""\
            smtp limit max-mails 1000000
            smtp limit max-rcpt 1000000
            bounce warn-interval 6d
            mta limit conn-delay-route 0
            mta limit reconn-delay-route 0
            {'filter "adds" proc-exec "/usr/bin/perl /mnt/filter.pl"' if self.filtered else ""}
            listen on 127.0.0.1 port {self.port} hostname opensmtpd.example {'filter "adds"' if self.filtered else ""}
            action "onward" relay host "smtp://127.0.0.1:{self.next_port}"
            match from any for any action "onward"
            """))

    def hurry(self):
        first, = psutil.Process(self.process.pid).children()
        done = rig.run(["nsenter", "--mount", "--pid", "--root", "--wd", "-t", first.pid,
                        "/opt/opensmtpd/usr/sbin/smtpctl", "schedule", "all"], timeout=600)
        assert done.returncode == 0, done.stderr
