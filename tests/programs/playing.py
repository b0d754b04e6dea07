"""What the tests of rules share: dialogues as text, played to a sink that has rules.

A dialogue is a line a step. It begins with a connection and its greeting, unless its first step is
one of the "= connect".

    C: text             the client says this, and CR LF
    S: text             the server says exactly this line; * is any text
    = content N         the client sends a line of N bytes in all, then the end of data
    = bytes TEXT        the server says exactly these bytes (\\r, \\n, \\xHH), no line
    = took N s          since the client last said something, at least so long passed
    = silent            for a moment nothing comes, and the connection is open
    = closed            the server has closed it, and nothing came before that
    = reset             the same, with a reset
    = gone              the same, either way
    = tls               the client turns to TLS
    = connect [WHO]     a further connection goes on from here, without its greeting; WHO: the client
                        that a PROXY header names
    = new [WHO]         the same with its greeting
    = to PORT           those that are made from here on go to this port
    = until REPLY: text the client says this again and again until that is the reply
"""

import contextlib
import fnmatch
import json
import re
import ssl
import time

import rig

RULES = rig.TOP / "share/rules"
MOMENT = 0.3  # seconds in which nothing comes

MAIL = "C: MAIL FROM:<a@b.test>\nS: 250 2.1.0 Ok\n"
RCPT = "C: RCPT TO:<c@d.test>\nS: 250 2.1.5 Ok\n"
DATA = "C: DATA\nS: 354 *\n"
RSET = "C: RSET\nS: 250 *\n"


def mail(sender="a@b.test", recipient="c@d.test"):
    """A message up to its content."""
    return (f"C: MAIL FROM:<{sender}>\nS: 250 2.1.0 Ok\n"
            f"C: RCPT TO:<{recipient}>\nS: 250 2.1.5 Ok\n{DATA}")


def message(reply, content="text", sender="a@b.test", recipient="c@d.test"):
    """A message, content in lines, and the reply to its end."""
    lines = "".join(f"C: {line}\n" for line in content.split("\n"))
    return f"{mail(sender, recipient)}{lines}C: .\nS: {reply}\n"


def refused(recipient, reply):
    return f"C: RCPT TO:<{recipient}>\nS: {reply}\n"


def taken(recipient):
    return refused(recipient, "250 2.1.5 Ok")


class Player:
    """Plays dialogues to the sink at `endpoint`."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self._stack = contextlib.ExitStack()
        self.socket = None
        self._unread = b""
        self.spoke = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stack.close()

    def play(self, dialogue):
        steps = [line.lstrip() for line in dialogue.split("\n") if line.strip()]
        if self.socket is None and not (steps and steps[0].startswith(("= connect", "= to", "= new"))):
            self.step_new("")
        for step in steps:
            try:
                self._take(step)
            except Exception as error:
                raise AssertionError(f"{error!r} at {step!r}\n{dialogue}") from error

    def _take(self, step):
        if step.startswith("C:"):
            self.say(step[3:].encode() + b"\r\n")
        elif step.startswith("S:"):
            self.expect_line(step[3:])
        else:
            word, _, rest = step.removeprefix("= ").partition(" ")
            getattr(self, f"step_{word}")(rest.strip())

    def say(self, data):
        self.spoke = time.monotonic()
        self.socket.sendall(data)

    def read(self):
        data = self.socket.recv(65536)
        self._unread += data
        return data

    def line(self):
        while b"\n" not in self._unread:
            if not self.read():
                raise AssertionError(f"closed after {self._unread!r}")
        line, _, self._unread = self._unread.partition(b"\n")
        return line.rstrip(b"\r").decode("latin-1")

    def expect_line(self, wanted):
        line = self.line()
        pattern = re.sub(r"([\[?])", r"[\1]", wanted)  # only * is special
        if not fnmatch.fnmatchcase(line, pattern):
            raise AssertionError(f"{line!r} is not {wanted!r}")

    def step_content(self, size):
        line = b"x" * 98 + b"\r\n"
        whole = line * (int(size) // len(line) + 1)
        with contextlib.suppress(ConnectionError):  # it may hang up at any byte
            self.say(whole[-int(size):])
            self.socket.sendall(b".\r\n")

    def step_bytes(self, text):
        wanted = text.encode().decode("unicode_escape").encode("latin-1")
        while len(self._unread) < len(wanted) and self.read():
            pass
        if not self._unread.startswith(wanted):
            raise AssertionError(f"{self._unread[:200]!r} is not {wanted!r}")
        self._unread = self._unread[len(wanted):]

    def step_took(self, seconds):
        took, least = time.monotonic() - self.spoke, float(seconds.removesuffix("s"))
        if took < least:
            raise AssertionError(f"took {took} s")

    def step_silent(self, _):
        if self._unread:
            raise AssertionError(f"{self._unread!r}")
        self.socket.settimeout(MOMENT)
        try:
            raise AssertionError(f"{self.socket.recv(65536)!r} came")
        except TimeoutError:
            self.socket.settimeout(rig.PATIENCE)

    def _end(self):
        """How the connection ends: "closed" or "reset"."""
        if self.socket is None:
            return "reset"
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            return "reset"
        finally:
            self.socket.close()  # until then the sink waits
        if self._unread or data:
            raise AssertionError(f"{self._unread + data!r} came")
        return "closed"

    def step_closed(self, _):
        self._expect_end("closed")

    def step_reset(self, _):
        self._expect_end("reset")

    def step_gone(self, _):
        self._end()

    def _expect_end(self, wanted):
        if (end := self._end()) != wanted:
            raise AssertionError(end)

    def step_tls(self, _):
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = self._stack.enter_context(context.wrap_socket(self.socket))

    def step_connect(self, who):
        self._unread, self.spoke = b"", time.monotonic()
        try:
            self.socket = self._stack.enter_context(rig.connect(self.endpoint))
        except ConnectionResetError:  # so soon that it is told with the connection
            self.socket = None
            return
        if who:
            self.socket.sendall(f"PROXY TCP4 {who} 127.0.0.1 40000 25\r\n".encode())

    def step_new(self, who):
        self.step_connect(who)
        self.expect_line("220 *")

    def step_to(self, port):
        self.endpoint = f"127.0.0.1:{port}"

    def step_until(self, what):
        """Time counts from the first time."""
        reply, _, text = what.partition(": ")
        began = time.monotonic()

        def replied():
            self.say(text.encode() + b"\r\n")
            return self.line() == reply

        rig.wait_for(replied, reply)
        self.spoke = began


class RulesCase(rig.TestCase):
    """With sinks that have rules."""

    def rules(self, text, figures=None):
        """A file of these rules, in which `figures` stand in place of others: nobody wants to wait
        five minutes for a test."""
        for old, new in (figures or {}).items():
            self.assertIn(old, text, "a figure that is to be replaced")
            text = text.replace(old, new)
        path = self.scratch / f"rules-{time.monotonic_ns()}.toml"
        path.write_text(text)
        path.chmod(0o644)
        return path

    @contextlib.contextmanager
    def ruled(self, programs, text, *options, figures=None, hits=None):
        """A sink with these rules; `hits`: a dictionary for how often each was hit, at the end."""
        report = self.scratch / "sink.json"
        report.unlink(missing_ok=True)
        with programs.sink("--rules", self.rules(text, figures), "--json", report, *options) as sink:
            yield sink
        counted = {rule["name"]: rule["hits"] for rule in json.loads(report.read_text())["rules"]}
        if hits is not None:
            hits.update(counted)

    @contextlib.contextmanager
    def rule_set(self, programs, name, *options, figures=None, hits=None):
        """The same with one of the sets that are installed."""
        with self.ruled(programs, (RULES / f"{name}.toml").read_text(), *options, figures=figures,
                        hits=hits) as sink:
            yield sink

    def play(self, sink, dialogue):
        with Player(sink.endpoint) as player:
            player.play(dialogue)
