"""What the tests of whole programs share: starting and stopping them, and talking to them.

Everything runs on loopback, on ports that the system chooses, for seconds at most.
"""

import atexit
import contextlib
import functools
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("MILLRACE_BUILD", TOP / "build/release"))
PEERS = TOP / "build/peers"
PATIENCE = 20  # seconds that anything here may take
ENGINES = ("epoll", "uring")

# What a sanitizer needs of memory and CPU says nothing of the program's own needs.
MEASURES_RESOURCES = os.environ.get("MILLRACE_SANITIZED") != "1"

# script/test --long: what proves by numbers is done in full.
LONG = os.environ.get("MILLRACE_LONG") == "1"

# What no program may say, and the statuses that one may end with by itself.
REPORT_OF_SANITIZER = re.compile(rb"(Address|Leak|Thread|UndefinedBehavior)Sanitizer|: runtime error: ")
STATUSES = range(5)


def need(condition, reason):
    """Skips the test without what it needs; under CI a skipped test is a failure."""
    if condition:
        return
    if os.environ.get("CI") == "true":
        raise AssertionError(f"needed under CI: {reason}")
    raise unittest.SkipTest(reason)


def fetch_peers(what):
    """Makes sure of Postfix's pair ("pair") or the servers ("servers")."""
    done = subprocess.run([TOP / "script/peers", what], capture_output=True, text=True, check=False)
    need(done.returncode == 0, f"script/peers {what}: {done.stderr.strip()}")


_reservations = []


def free_port():
    """A port below those that the system gives to clients, so that none of them can take it. It is
    kept from other tests, which may run in another process, by a UDP socket of the same number."""
    clients = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    while True:
        address = ("127.0.0.1", random.randrange(10_000, int(clients[0])))
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            reservation.bind(address)
            with socket.socket() as probe:
                probe.bind(address)
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        return address[1]


def wait_for(condition, what, seconds=PATIENCE):
    """Waits until `condition()` holds, looking often."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.005)
    return result


def accepts(endpoint):
    """Whether something accepts connections at "host:port" or "unix:path"."""
    try:
        connect(endpoint).close()
        return True
    except OSError:
        return False


def connect(endpoint, timeout=PATIENCE):
    if endpoint.startswith("unix:"):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(timeout)
        client.connect(endpoint.removeprefix("unix:"))
        return client
    host, _, port = endpoint.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)


def listens(endpoint):
    """Whether something listens there, without connecting (a connection counts)."""
    if endpoint.startswith("unix:"):
        path = endpoint.removeprefix("unix:")
        table = pathlib.Path("/proc/net/unix").read_text(encoding="ascii", errors="replace")
        accepting = "00010000"  # among the flags, the fourth column
        return any(line.endswith(" " + path) and line.split()[3] == accepting
                   for line in table.splitlines())
    wanted = f":{int(endpoint.rpartition(':')[2]):04X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError), open(table, encoding="ascii") as lines:
            for fields in map(str.split, lines):
                if fields[1].endswith(wanted) and fields[3] == "0A":
                    return True
    return False


def check_ending(command, status, *outputs, statuses=STATUSES):
    """That a program ended as it may, and that no sanitizer spoke."""
    for output in outputs:
        if isinstance(output, str):
            output = output.encode()
        if output and REPORT_OF_SANITIZER.search(output):
            raise AssertionError(f"{command}: {bytes(output).decode(errors='replace')}")
    if status not in statuses:
        raise AssertionError(f"{command} ended with {status}: {outputs}")


class Done:
    """A program that has ended. A test that does not look at its status relies on 0."""

    unread = []  # those whose status no test has looked at yet

    def __init__(self, done):
        self.args, self.stdout, self.stderr = done.args, done.stdout, done.stderr
        self._returncode = done.returncode
        check_ending(self.args, done.returncode, self.stdout, self.stderr)
        if done.returncode != 0:
            Done.unread.append(self)

    @property
    def returncode(self):
        with contextlib.suppress(ValueError):
            Done.unread.remove(self)
        return self._returncode

    @classmethod
    def check_all_read(cls):
        unread, cls.unread = cls.unread, []
        if unread:
            raise AssertionError("\n".join(
                f"{done.args} ended with {done._returncode}: {done.stderr}" for done in unread))


def run(command, timeout=PATIENCE, **options):
    """Runs a command to its end; returns it as Done, output as bytes unless `text`."""
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, **options}
    return Done(subprocess.run([*map(str, command)], timeout=timeout, check=False, **options))


class Process(subprocess.Popen):
    """A program that runs beside the test; `statuses`: those it may end with."""

    started = []

    def __init__(self, command, statuses=(0,), **options):
        self.statuses = statuses
        self._said = (b"", b"")
        super().__init__([*map(str, command)], stdin=subprocess.DEVNULL,
                         **{"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, **options})
        Process.started.append(self)

    def communicate(self, *arguments, **options):
        self._said = super().communicate(*arguments, **options)
        return self._said

    @classmethod
    def check_all_ended(cls):
        started, cls.started = cls.started, []
        running = [process for process in started if process.poll() is None]
        for process in running:
            process.kill()
        for process in started:
            process.wait()
            rest = [pipe.read() for pipe in (process.stdout, process.stderr) if pipe and not pipe.closed]
            for pipe in (process.stdout, process.stderr):
                if pipe:
                    pipe.close()
            if process not in running:
                check_ending(process.args, process.returncode, *process._said, *rest,
                             statuses=process.statuses)
        if running:
            raise AssertionError(f"left running: {[process.args for process in running]}")


class Programs:
    """One implementation of the pair: ours on an engine, or Postfix's."""

    def __init__(self, name, directory, options=(), environment=None):
        self.name = name
        self.directory = directory
        self.options = list(options)
        self.environment = environment or {}
        self.sink_statuses = {0}  # that a sink ends with when it is told to end

    def command(self, program, arguments):
        return [str(self.directory / program), *map(str, self.options), *map(str, arguments)]

    def run(self, program, *arguments, timeout=PATIENCE, **options):
        """Runs a program to its end; returns it as Done, output as bytes."""
        return run(self.command(program, arguments), timeout,
                   env={**os.environ, **self.environment}, **options)

    def start(self, program, *arguments, **options):
        """Starts a program, to run beside the test; a Process."""
        return Process(self.command(program, arguments),
                       env={**os.environ, **self.environment, **options.pop("environment", {})},
                       **options)

    def run_plain(self, program, *arguments):
        """The same for a program that has none of the options of the pair."""
        return run([self.directory / program, *arguments])

    def source(self, endpoint, *arguments, **options):
        return self.run("smtp-source", *arguments, endpoint, **options)

    @contextlib.contextmanager
    def sink(self, *arguments, endpoint=None, **options):
        """Runs a sink; gives it as a Sink, and ends it."""
        endpoint = endpoint or f"127.0.0.1:{free_port()}"
        command = self.command("smtp-sink", [*arguments, endpoint, 1000])
        if os.geteuid() == 0 and "-u" not in arguments:
            command[1:1] = ["-u", "root"]
        sink = Sink(command, endpoint, {**os.environ, **self.environment}, **options)
        sink.statuses = self.sink_statuses
        try:
            yield sink
        finally:
            sink.end_unseen()


class Sink:
    """A running sink, with what it printed so far."""

    def __init__(self, command, endpoint, environment, **options):
        self.endpoint = endpoint
        self.statuses = {0}
        self._status = None  # once a test has seen it
        wait_for(lambda: not listens(endpoint), "the last one to be gone")  # listed a while longer
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        self.out = bytearray()
        self.err = bytearray()
        self._readers = [
            threading.Thread(target=self._read, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.out), (self.process.stderr, self.err))]
        for reader in self._readers:
            reader.start()
        wait_for(lambda: listens(endpoint) or self.process.poll() is not None, "the sink to listen")

    @staticmethod
    def _read(stream, into):
        while data := stream.read1(65536):
            into += data

    def connect(self):
        return Client(self.endpoint)

    def end_unseen(self):
        """Ends the sink, if the test has not done so and seen the status itself."""
        if self._status is None:
            check_ending(self.process.args, self.end(), self.err,
                         statuses={*self.statuses, -signal.SIGKILL})

    def end(self, sign=signal.SIGTERM):
        """Ends the sink; returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(sign)
        return self.wait()

    def wait(self):
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()  # and let the test fail
            raise
        for reader in self._readers:
            reader.join(PATIENCE)
        self.process.stdout.close()
        self.process.stderr.close()
        self._status = status
        # Nobody but a test kills it.
        check_ending(self.process.args, status, self.out, self.err,
                     statuses={*STATUSES, *self.statuses, -signal.SIGKILL})
        return status

    def counters(self):
        """The last line of -c, as a dictionary."""
        last = bytes(self.out).decode().strip("\r\n").split("\r")[-1]
        return {name: int(value) for name, value in (pair.split("=") for pair in last.split())}

    def wait_counter(self, name, value):
        wait_for(lambda: self.out and self.counters().get(name, 0) >= value, f"{name}={value}")

    def memory_kib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Client:
    """A raw client that sends bytes and collects what comes back."""

    def __init__(self, endpoint):
        self.socket = connect(endpoint)
        self.received = b""

    def start_tls(self, **options):
        """The client's side of a TLS handshake, with any certificate."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, **options)

    def send(self, data):
        self.socket.sendall(data)

    def read_until(self, wanted):
        """Reads until all that came ends in `wanted`; returns it and forgets it."""
        while not self.received.endswith(wanted):
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError(f"closed after {self.received!r}, wanted {wanted!r}")
            self.received += data
        received, self.received = self.received, b""
        return received

    def read_to_end(self):
        """Reads until the server closes (or resets); returns all."""
        with contextlib.suppress(ConnectionResetError):
            while data := self.socket.recv(65536):
                self.received += data
        received, self.received = self.received, b""
        return received

    def talk(self, data, wanted):
        self.send(data)
        return self.read_until(wanted)

    def message(self, content=b"text\r\n"):
        """Sends one message in steps; returns the last reply."""
        self.talk(b"MAIL FROM:<a@b>\r\n", b"\r\n")
        self.talk(b"RCPT TO:<c@d>\r\n", b"\r\n")
        self.talk(b"DATA\r\n", b"<CR><LF>.<CR><LF>\r\n")
        return self.talk(content + b".\r\n", b"\r\n")

    def closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class FakeServer:
    """A server that does to each connection what a test's function does, one after another, until
    so many were served (None: until it is closed). What goes wrong there fails the test."""

    def __init__(self, behave, connections=1):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.listener.settimeout(PATIENCE)
        self.endpoint = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.errors = []
        self._behave = behave
        self._connections = connections
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self):
        served = 0
        try:
            while self._connections is None or served < self._connections:
                try:
                    connection, _ = self.listener.accept()
                except OSError:
                    if self._closing:
                        return
                    raise
                connection.settimeout(PATIENCE)
                with connection, contextlib.suppress(ConnectionError):
                    self._behave(connection)
                served += 1
        except Exception as error:  # told to the test's own thread
            self.errors.append(error)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, failure, *_):
        self._closing = True
        # A thread in accept() is not woken by close().
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)
        self.listener.close()
        if failure is None:
            if self._thread.is_alive():
                raise AssertionError("the server did not come to an end")
            if self.errors:
                raise self.errors[0]


@functools.cache
def certificate():
    """A file with a certificate for localhost that vouches for itself, and its key."""
    folder = tempfile.mkdtemp(prefix="millrace-certificate-")
    atexit.register(shutil.rmtree, folder)
    key, whole = f"{folder}/key.pem", f"{folder}/whole.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", whole],
        check=True, capture_output=True)
    with open(whole, "ab") as into, open(key, "rb") as source:
        into.write(source.read())
    return whole


def serve_tls(connection, **options):
    """The server's side of a TLS handshake; returns the protected connection."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate())
    for name, value in options.items():
        setattr(context, name, value)
    return context.wrap_socket(connection, server_side=True)


def read_line(connection):
    line = b""
    while not line.endswith(b"\r\n"):
        byte = connection.recv(1)
        if not byte:
            return line
        line += byte
    return line


def play_server(connection, refuse=None, reply=b"", record=None):
    """A well-behaved server; `refuse`: the command that gets `reply`. Records all it reads."""
    def answer(command, usual):
        connection.sendall(reply if command == refuse else usual)

    answer("CONNECT", b"220 fake\r\n")
    stream = connection.makefile("rb")
    in_data = False
    for line in stream:
        if record is not None:
            record.append(line)
        if in_data:
            if line == b".\r\n":
                in_data = False
                answer(".", b"250 ok\r\n")
            continue
        command = line[:4].decode("latin-1").strip().upper()
        if command == "DATA":
            in_data = refuse != "DATA"
            answer("DATA", b"354 go\r\n")
        elif command == "QUIT":
            answer("QUIT", b"221 bye\r\n")
        else:
            answer(command, b"250 ok\r\n")


def ours(engine, *options):
    return Programs(f"Millrace ({engine})", BUILD, ["--io", engine, *options])


def on_every_engine(thread_counts=(1,)):
    """Makes a test of a function of (self, programs): once an engine and number of threads."""
    def decorate(check):
        @functools.wraps(check)
        def test(self):
            for engine in ENGINES:
                for threads in thread_counts:
                    with self.subTest(engine=engine, threads=threads):
                        check(self, ours(engine, "--threads", threads))

        return test

    return decorate


def postfix():
    fetch_peers("pair")
    root = PEERS / "pair"
    libraries = [root / "usr/lib/postfix", *root.glob("usr/lib/*-linux-gnu")]
    pair = Programs("Postfix", root / "usr/sbin",
                    environment={"LD_LIBRARY_PATH": ":".join(map(str, libraries))})
    pair.sink_statuses = {0, -signal.SIGTERM, -signal.SIGINT}
    return pair


class TestCase(unittest.TestCase):
    """With a scratch directory of its own."""

    maxDiff = None

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="millrace."))
        self.addCleanup(shutil.rmtree, self.scratch, ignore_errors=True)
        self.scratch.chmod(0o777)
        self.addCleanup(Done.check_all_read)
        self.addCleanup(Process.check_all_ended)
