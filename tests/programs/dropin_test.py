"""The black-box checks of Postfix's own programs: the same deeds asked of Postfix's and of ours.

Normalised away: dates, message ids, dump ids, the program's path. Where ours departs on purpose
(smtp-sink(1), DIFFERENCES), the departure is tested in source_test.py and the tests of the sink.
"""

import concurrent.futures
import re
import signal
import unittest

import rig

EHLO = b"EHLO x\r\n"
ENVELOPE = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"
MESSAGE = ENVELOPE + b"DATA\r\ntext\r\n.\r\n"

# Options of the sink, what a client sends (each item when the replies to the last have come) and
# nothing else: the replies and whether the server closes are compared.
SINK_DIALOGUES = [
    ([], [EHLO, MESSAGE, b"QUIT\r\n"]),
    ([], [b"helo  x\r\n", b"noop\r\n", b"vrfy x\r\n", b"auth x\r\n", b"xclient x\r\n", b"xforward x\r\n",
          b".\r\n", b"\r\n", b" \t\r\n", b"help\r\n", b"expn\r\n", b"starttls\r\n", b"bdat 1\r\n", b"lhlo x\r\n"]),
    ([], [b"rcpt to:<a>\r\n", b"data\r\n", b"mail\r\n", b"mail\r\n", b"data\r\n", b"rset\r\n", b"data\r\n"]),
    ([], [ENVELOPE + b"HELO x\r\nDATA\r\n", ENVELOPE + b"EHLO x\r\nDATA\r\n"]),
    ([], [ENVELOPE + b"DATA\r\n", b"a\n.\r\nb\r\n.\nc\r.\r\n", b".\r\n"]),
    ([], [ENVELOPE + b"DATA\r\n", b".\r\n", MESSAGE + MESSAGE + b"NOOP\r\n"]),
    ([], [b"noop x\ny\r\n"]),
    ([], [b"x" * 2046 + b"\r\n"]),
    ([], [b"x" * 2047 + b"\r\n"]),
    ([], [b"x" * 5000]),
    (["-8"], [EHLO]), (["-a"], [EHLO, b"AUTH PLAIN\r\n"]), (["-C"], [EHLO, b"XCLIENT a\r\n"]),
    (["-E"], [EHLO]), (["-F"], [EHLO, b"XFORWARD a\r\n"]), (["-N"], [EHLO]), (["-p"], [EHLO]),
    (["-e"], [EHLO, b"HELO x\r\n"]), (["-P"], [EHLO, b"HELO x\r\n"]),
    (["-h", "other.name"], [EHLO, b"HELO x\r\n"]),
    (["-L"], [EHLO, b"HELO x\r\n", b"LHLO x\r\n", ENVELOPE + b"RCPT TO:<e@f>\r\nDATA\r\n.\r\n"]),
    (["-L", "-f", "."], [ENVELOPE + b"RCPT TO:<e@f>\r\nDATA\r\n.\r\n"]),
    (["-r", "."], [MESSAGE, b"QUIT\r\n"]),
    (["-f", "."], [b".\r\n"]),
    (["-f", "connect,HELO quit"], [b"HELO x\r\n", b"QUIT\r\n", b"NOOP\r\n"]),
    (["-r", "mail"], [EHLO, ENVELOPE + b"DATA\r\n"]),
    (["-r", "mail", "-b", "451 4.7.1 later"], [ENVELOPE]),
    (["-f", "rcpt", "-B", "554"], [ENVELOPE]),
    (["-f", "mail", "-r", "mail"], [ENVELOPE]),
    (["-q", "rcpt", "-f", "rcpt"], [ENVELOPE]),
    (["-Q", "data", "-f", "data", "-w", "3"], [b"DATA\r\n"]),
    (["-q", "connect"], []), (["-Q", "connect"], []), (["-q", "."], [MESSAGE]), (["-Q", "."], [MESSAGE]),
    (["-A", "0"], [ENVELOPE + b"DATA\r\n"]),
    (["-W", "mail:1"], [b"MAIL FROM:<a@b>\r\n", b"RCPT TO:<c@d>\r\n", b"QUIT\r\n"]),
    (["-H", "1"], [ENVELOPE + b"DATA\r\n", b"text\r\n.\r\n"]),
]

# Command lines that are refused; the words up to the explanation are compared.
SINK_MISTAKES = [
    ["-t", "0"], ["-f", "bogus"], ["-W", "mail"], ["-W", "mail:0"], ["-W", "mail:1:100"],
    ["-d", "a", "-D", "b"], ["-m", "0"], ["-M", "0"], ["-n", "0"], ["-H", "0"], ["-T", "0"],
    ["-u", "no-such-user"], ["-q", "nothing"],
]
SOURCE_MISTAKES = [
    ["-m", "0"], ["-l", "0"], ["-l", "x"], ["-s", "0"], ["-r", "0"], ["-C", "0"], ["-T", "0"],
    ["-w", "0"], ["-R", "x"], ["-l", "5", "-F", "/dev/null"], ["-w", "1", "-R", "1"],
    ["-F", "/nonexistent"],
]

SOURCE_DIALOGUES = [
    [], ["-o"], ["-L"], ["-L", "-r", "2"], ["-l", "1"], ["-l", "80"], ["-l", "81"], ["-l", "160"],
    ["-l", "1024"], ["-S", "a subject"], ["-f", ""], ["-f", "a@b", "-t", "c@d"], ["-r", "3"],
    ["-N"], ["-N", "-r", "2", "-m", "2", "-d"], ["-m", "3"], ["-m", "3", "-d"], ["-M", "[192.0.2.1]"],
    ["-M", "host.example"], ["-o", "-l", "5"], ["-t", "local-part-only", "-r", "2"],
]


def normalised(data):
    data = re.sub(rb"Message-Id: <[0-9a-f.]+@", b"Message-Id: <ID@", data)
    data = re.sub(rb"Date: [^\r\n]+", b"Date: DATE", data)
    data = re.sub(rb" id [0-9a-f]+;\n\t[^\n]+", b" id ID;\n\tDATE", data)
    return data


def said(done):
    """The first sentence on standard error, without the program's name and our explanation."""
    text = done.stderr.decode(errors="replace")
    for line in text.splitlines():
        match = re.search(r"(fatal|error): (.*)", line)
        if match:
            return re.sub(r" \((-|--|expected|session).*", "", match.group(2))
    return text


class DropIn(rig.TestCase):
    """Each check gives what can be observed; it must be the same for all programs."""

    @classmethod
    def setUpClass(cls):
        cls.postfix = rig.postfix()
        cls.ours = [rig.ours(engine, "--threads", "2") for engine in rig.ENGINES]

    def expect_same(self, observe):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            seen = list(pool.map(observe, [self.postfix, *self.ours]))
        for programs, ours in zip(self.ours, seen[1:]):
            self.assertEqual(ours, seen[0], programs.name)

    def test_sink_dialogues(self):
        def observe(programs, options, steps, expected=None):
            """What was heard after each step, and how it ended. Silence means that all has been
            said; where it is known how much is to come, that is waited for first."""
            with programs.sink(*options) as sink, sink.connect() as client:
                heard = []
                ending = "open"
                for place, data in enumerate([b"", *steps]):
                    wanted = len(expected[place]) if expected and place < len(expected) else 0
                    try:
                        client.send(data)
                        while ending == "open":
                            known = len(client.received) < wanted
                            client.socket.settimeout(rig.PATIENCE if known else silence(options, expected))
                            more = client.socket.recv(65536)
                            client.received += more
                            ending = "open" if more else "closed"
                    except TimeoutError:
                        pass
                    except ConnectionError:
                        ending = "closed"
                    heard.append(client.received)
                    client.received = b""
                return heard, ending

        def silence(options, expected):
            if expected:
                return 0.2
            return 2.5 if {"-W", "-H", "-w"} & set(options) else 1

        def compare(dialogue):
            theirs = observe(self.postfix, *dialogue)
            return theirs, [observe(programs, *dialogue, theirs[0]) for programs in self.ours]

        with concurrent.futures.ThreadPoolExecutor(24) as pool:  # they mostly wait
            seen = list(pool.map(compare, SINK_DIALOGUES))
        for (options, steps), (theirs, ours) in zip(SINK_DIALOGUES, seen):
            for programs, heard in zip(self.ours, ours):
                with self.subTest(programs.name, options=options, steps=[s[:60] for s in steps]):
                    self.assertEqual(heard, theirs)

    def test_sink_mistakes(self):
        def observe(programs):
            user = [] if "-u" in options else ["-u", "nobody"]
            done = programs.run("smtp-sink", *user, *options, f"127.0.0.1:{rig.free_port()}", "10")
            return done.returncode, said(done)

        for options in SINK_MISTAKES:
            with self.subTest(options=options):
                self.expect_same(observe)

    def test_source_mistakes(self):
        def observe(programs):
            done = programs.source("127.0.0.1:1", *options)
            return done.returncode, said(done)

        for options in SOURCE_MISTAKES:
            with self.subTest(options=options):
                self.expect_same(observe)
        with self.subTest("bad host name"):  # each in words of its own
            self.expect_same(lambda p: p.source("127.0.0.1:1", "-M", "a b").returncode == 1)

    def observe_source(self, programs, options, connections):
        records = []

        def serve(connection):
            records.append([])
            answer = rig.answer_lmtp() if "-L" in options else rig.usual_reply
            rig.play_server(connection, answer, records[-1])

        with rig.FakeServer(serve, connections) as server:
            done = programs.source(server.endpoint, *options)
        return done.returncode, done.stderr, [normalised(b"".join(record)) for record in records]

    def test_source_dialogues(self):
        for options in SOURCE_DIALOGUES:
            connections = 3 if options == ["-m", "3"] else 1
            with self.subTest(options=options):
                self.expect_same(lambda p: self.observe_source(p, options, connections))

    def test_source_sends_files_as_they_are(self):
        for name, text in {
            "dots": b"Subject: a\n\n.dot\n..x\n.\nend\n", "no end": b"a\n\nlast",
            "blank": b"\n", "8 bit": b"\xff\xfe\x00x\n",
        }.items():
            path = self.scratch / "message"
            path.write_bytes(text)
            with self.subTest(name):
                self.expect_same(lambda p: self.observe_source(p, ["-F", path], 1))

    def test_source_refused(self):
        def observe(programs):
            record = []
            with rig.FakeServer(
                    lambda c: rig.play_server(c, rig.refusing(refuse, b"550 5.1.1 no\r\n"), record)) as server:
                done = programs.source(server.endpoint)
            return done.returncode, said(done)

        for refuse in ("CONNECT", "HELO", "MAIL", "RCPT", "DATA", "."):
            with self.subTest(refuse):
                self.expect_same(observe)

    def test_source_refused_and_carrying_on(self):
        def observe(programs):
            record = []
            with rig.FakeServer(
                    lambda c: rig.play_server(c, rig.refusing(refuse, b"450 4.1.1 no\r\n"), record)) as server:
                done = programs.source(server.endpoint, "-A", "-d", "-m", "2")
            warnings = re.findall(rb"warning: (\D+: 450 4.1.1 no)", done.stderr)
            return done.returncode, normalised(b"".join(record)), warnings

        for refuse in ("CONNECT", "HELO", "MAIL", "RCPT", "DATA", "."):
            with self.subTest(refuse):
                self.expect_same(observe)

    def test_source_lost(self):
        def observe(programs):
            def vanish(connection):
                """Answers so many commands, reads one more and hangs up."""
                replies = [b"220 x\r\n", *[b"250 ok\r\n"] * 3, b"354 go\r\n"]
                for reply in replies[:step]:
                    connection.sendall(reply)
                    rig.read_line(connection)

            with rig.FakeServer(vanish) as server:
                done = programs.source(server.endpoint)
            return done.returncode, said(done)

        for step in range(1, 6):
            with self.subTest(step=step):
                self.expect_same(observe)

    def test_source_counts_on_standard_output(self):
        def observe(programs):  # ours does not show every number, but always the last
            return self.deliver(programs, ["-c", "-d", "-m", "3"])[0].stdout.split(b"\r")[-2:]

        self.expect_same(observe)

    def test_nobody_listens(self):
        def observe(programs):
            done = programs.source(f"127.0.0.1:{rig.free_port()}", "-C", "2")
            return done.returncode, done.stderr.count(b"connect: Connection refused")

        self.expect_same(observe)

    def deliver(self, programs, load, *sink_options, count=None):
        """One source into its own sink; gives the source's result and the final counters."""
        with programs.sink("-c", *sink_options) as sink:
            done = programs.source(sink.endpoint, *load)
            if count:
                sink.wait_counter("sess", count)
            counters = sink.counters()
            sink.end(signal.SIGTERM)
        return done, counters

    def test_counters(self):
        for load, sessions in ((["-m", "7"], 7), (["-d", "-m", "7"], 1), (["-d", "-s", "3", "-m", "20"], 3)):
            with self.subTest(load=load):
                self.expect_same(lambda p: self.deliver(p, load, count=sessions)[1])

    def test_dump_to_one_file(self):
        talks = [
            (["-S", "From me\\tand you\\n"], [EHLO, b"MAIL FROM: <a@b> SIZE=5\r\n", b"RCPT TO:<c@d>\r\n",
             b"RCPT TO: <e@f> X\r\n", b"DATA\r\n", b"..dot\r\n.x\r\nb\rc\nd\n.e\n..f\r\n\r\n.\r\n"]),
            ([], [b"MAIL FROM:<>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n", b".\r\n"]),
            ([], [b"HELO there\r\n", b"MAIL FROM:<a>\r\n", b"RCPT TO:<b>\r\n", b"RSET\r\n",
                  b"MAIL FROM:<a>\r\n", b"RCPT TO:<b>\r\n", b"DATA\r\n", b"x\r\n.\r\n"]),
            (["-f", "."], [b"MAIL FROM:<>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n", b".\r\n"]),
            (["-h", "sink.name"], [b"MAIL FROM:<>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n", b".\r\n"]),
            (["-L"], [b"LHLO there\r\n", b"MAIL FROM:<>\r\n", b"RCPT TO:<c@d>\r\n", b"DATA\r\n", b".\r\n"]),
        ]

        def observe(programs):
            path = self.scratch / programs.name.replace(" ", "") / "all"
            with programs.sink("-D", path, *options) as sink, sink.connect() as client:
                client.read_until(b"\r\n")
                for step in steps:
                    client.talk(step, b"250 \r\n" if step[1:4] == b"HLO" else b"\r\n")
            text = path.read_bytes()
            path.unlink()
            return normalised(text)

        for options, steps in talks:
            with self.subTest(options=options, steps=steps):
                self.expect_same(observe)

    def test_dump_to_a_file_each(self):
        def observe(programs):
            top = self.scratch / programs.name.replace(" ", "")
            with programs.sink("-d", f"{top}/%Y/m.") as sink:
                done = programs.source(sink.endpoint, "-m", "3", "-M", "h", "-l", "100")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            files = sorted(top.rglob("*"))
            self.assertEqual(sum(file.is_file() for file in files), 3)
            names = [re.sub(r"[0-9a-f]{8}$", "X" * 8, file.name) for file in files if file.is_file()]
            modes = {oct(file.stat().st_mode) for file in files}
            return names, modes, [normalised(file.read_bytes()) for file in files if file.is_file()]

        self.expect_same(observe)

    def test_unix_sockets(self):
        def observe(programs):
            endpoint = f"unix:{self.scratch}/{programs.name.replace(' ', '')}"
            path = self.scratch / f"all.{programs.name}"
            with programs.sink("-c", "-D", path, endpoint=endpoint) as sink:
                done = programs.source(endpoint, "-m", "2", "-d", "-M", "h")
                sink.wait_counter("sess", 1)
                counters = sink.counters()
            return done.returncode, counters, normalised(path.read_bytes())

        self.expect_same(observe)

    def test_ipv6(self):
        def observe(programs):
            path = self.scratch / f"six.{programs.name}"
            with programs.sink("-6", "-D", path, endpoint=f"[::1]:{rig.free_port()}") as sink:
                done = programs.source(sink.endpoint, "-6", "-M", "h")
            return done.returncode, normalised(path.read_bytes())

        self.expect_same(observe)

    def test_idle_limit(self):
        def observe(programs):
            with programs.sink("-t", "1") as sink, sink.connect() as client:
                return client.read_to_end(), sink.end(), b"read timeout" in sink.err

        expected = (b"220 smtp-sink ESMTP\r\n", True)
        for programs in [self.postfix, *self.ours]:
            heard, _, warned = observe(programs)
            self.assertEqual((heard, warned), expected, programs.name)

    def test_our_programs_work_with_postfixs(self):
        for programs in self.ours:
            with programs.sink("-c") as sink:
                done = self.postfix.source(sink.endpoint, "-d", "-s", "5", "-m", "200", "-l", "3000")
                self.assertEqual(done.returncode, 0, done.stderr)
                sink.wait_counter("mesg", 200)
        for programs in self.ours:
            with self.postfix.sink("-c") as sink:
                done = programs.source(sink.endpoint, "-d", "-s", "5", "-m", "200", "-l", "3000")
                self.assertEqual(done.returncode, 0, done.stderr)
                sink.wait_counter("mesg", 200)


if __name__ == "__main__":
    unittest.main()
