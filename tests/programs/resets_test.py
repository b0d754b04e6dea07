"""A connection that is reset at any byte of its dialogue: what the source says of each message is what
became of it, and with --retry all of it adds up to what the server took."""

import collections
import json
import re
import socket
import struct

import retry_test
import rig

# How many bytes further on each reset is; every byte with script/test --long.
STEP = 1 if rig.LONG else 5

GREETING = b"220 x ESMTP\r\n"
CAPABILITIES = b"250-x\r\n250-PIPELINING\r\n250 CHUNKING\r\n"
TAKEN = b"250 2.0.0 Ok: queued\r\n"


class Reset(Exception):
    """The connection has come to the byte at which it goes away."""


class Wire:
    """One end of a connection, until so many bytes were heard or said over it (None: as many as come).
    What was heard with the last byte is not answered. When the last byte that is said ends a reply, the
    client's next one is waited for: what it has read by then is no matter of luck."""

    def __init__(self, connection, most_heard, most_said):
        self.connection, self.most_heard, self.most_said = connection, most_heard, most_said
        self.heard = self.said = 0
        self.unread = b""

    def hear(self):
        """Reads more; whether there was more."""
        if self.heard == self.most_heard:
            raise Reset
        data = self.connection.recv(65536 if self.most_heard is None else self.most_heard - self.heard)
        self.unread += data
        self.heard += len(data)
        return bool(data)

    def line(self):
        """The next line of the client, with its end; nothing when no more come."""
        if self.said == self.most_said:
            if not self.unread:
                self.hear()
            raise Reset
        while b"\r\n" not in self.unread:
            if not self.hear():
                return b""
        line, end, self.unread = self.unread.partition(b"\r\n")
        return line + end

    def take(self, size):
        while len(self.unread) < size:
            if not self.hear():
                raise ConnectionError("the client ended amid a chunk")
        taken, self.unread = self.unread[:size], self.unread[size:]
        return taken

    def say(self, reply):
        if self.heard == self.most_heard and not self.unread:
            raise Reset
        said = reply if self.most_said is None else reply[:self.most_said - self.said]
        self.connection.sendall(said)
        self.said += len(said)
        if len(said) < len(reply):
            raise Reset


class Told:
    """What one connection came to."""

    def __init__(self):
        self.wire = None
        self.taken = []     # the Message-Ids of what was taken,
        self.answered = 0   # and how many of these the client was told
        self.in_doubt = False  # it ended in content, or before the reply to that was whole


class ResettingServer(rig.FakeServer):
    """Resets its connections, one after another, as `cuts` say: (heard, said); those that come later
    it serves to their end."""

    def __init__(self, cuts):
        super().__init__(self.serve, connections=None)
        self.cuts = iter(cuts)
        self.told = []  # in the order of the connections

    def serve(self, connection):
        told = Told()
        self.told.append(told)
        told.wire = Wire(connection, *next(self.cuts, (None, None)))
        try:
            self.talk(told.wire, told)
        except Reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def talk(self, wire, told):
        if 0 in (wire.most_heard, wire.most_said):
            raise Reset
        wire.say(GREETING)
        while line := wire.line():
            verb = line[:4]
            if verb == b"DATA":
                wire.say(b"354 go on\r\n")
                told.in_doubt = True  # nothing ends it before the first byte of content
                content = b""
                while (line := wire.line()) not in (b".\r\n", b""):
                    content += line
                self.take(wire, told, content)
            elif verb == b"BDAT":
                told.in_doubt = True
                self.take(wire, told, wire.take(int(line.split()[1])))
            else:
                wire.say({b"EHLO": CAPABILITIES, b"LHLO": CAPABILITIES}.get(verb, b"250 ok\r\n"))

    @staticmethod
    def take(wire, told, content):
        told.taken.append(re.search(rb"Message-Id: <(.*)>", content)[1])
        wire.say(TAKEN)
        told.answered += 1
        told.in_doubt = False

    def sums(self):
        """Of all connections: how many messages were taken, in all and different ones, how many of these
        were answered, and how many connections ended in doubt."""
        taken = collections.Counter(one for told in self.told for one in told.taken)
        return (taken.total(), len(taken), sum(told.answered for told in self.told),
                sum(told.in_doubt for told in self.told))


class EveryByte(retry_test.RetryCase):
    """One session, so that the order of connections is known."""

    OPTIONS = ("-s", 1, "-l", 20, "-t", "foo@b.test", "-M", "h.test")

    def cuts(self, programs, *way, messages=1):
        """A cut at each byte that is heard or said over a connection that carries so many messages."""
        with ResettingServer([]) as server:
            self.measure(programs, server.endpoint, *self.OPTIONS, *way, "-d", "-m", messages)
        (told,) = server.told
        digits = 4  # as many more as the numbers of later messages have
        return ([(heard, None) for heard in range(0, told.wire.heard + digits, STEP)] +
                [(None, said) for said in range(1, told.wire.said + 1, STEP)])

    def run_of(self, programs, cuts, *arguments, messages, status=0):
        with ResettingServer(cuts) as server:
            run, _ = self.measure(programs, server.endpoint, *self.OPTIONS, "-m", messages, *arguments, status=status,
                                  timeout=200)
        self.check_ends(run)
        return run["totals"], server

    WAYS = ((), ("--pipelining",), ("-L",), ("-L", "--pipelining"))

    @rig.on_every_engine()
    def test_each_message_has_the_end_that_it_had(self, programs):
        for way in self.WAYS:
            with self.subTest(way=way):
                cuts = self.cuts(programs, *way)
                log = self.scratch / "log"
                totals, server = self.run_of(programs, cuts, *way, "-A", "--log", log, messages=len(cuts),
                                             status=(0, 1))
                lines = [json.loads(line) for line in log.read_text().splitlines()[:-1]]
                ends = ["accepted" if told.answered else "in_doubt" if told.in_doubt else "lost"
                        for told in server.told]
                self.assertEqual([line["outcome"] for line in sorted(lines, key=lambda line: line["number"])], ends)
                self.assertEqual(set(ends), {"accepted", "in_doubt", "lost"})
                self.assertGreaterEqual(min(collections.Counter(ends).values()), 3)
                self.assertEqual((totals["messages"], totals["messages_lost"]),
                                 (ends.count("accepted"), len(cuts) - ends.count("accepted")))

    @rig.on_every_engine()
    def test_what_comes_back_adds_up_to_what_was_taken(self, programs):
        for way in self.WAYS:
            with self.subTest(way=way):
                cuts = self.cuts(programs, *way)
                totals, server = self.run_of(programs, cuts, *way, "--retry", "99x1ms", messages=len(cuts))
                taken, different, answered, in_doubt = server.sums()
                self.assertEqual((totals["messages"], different, answered), (len(cuts),) * 3)
                self.assertEqual(totals["messages"] + totals["retries"], len(server.told))
                self.assertEqual((totals["losses_in_doubt"], totals["possible_duplicates"]), (in_doubt, in_doubt))
                self.assertGreater(taken - different, 0)
                self.assertLessEqual(taken - different, in_doubt)

    @rig.on_every_engine()
    def test_what_is_given_up_adds_up_too(self, programs):
        for way in self.WAYS:
            with self.subTest(way=way):
                cuts = self.cuts(programs, *way) * 4
                messages = len(cuts) // 4
                totals, server = self.run_of(programs, cuts, *way, "--retry", "1x1ms", messages=messages, status=(0, 1))
                taken, different, answered, in_doubt = server.sums()
                self.assertEqual((totals["messages"], totals["losses_in_doubt"]), (answered, in_doubt))
                self.assertEqual(totals["messages"] + totals["messages_given_up"], messages)
                self.assertEqual(messages + totals["retries"], len(server.told))
                self.assertGreater(totals["messages_given_up"], 0)
                self.assertLessEqual(taken - answered, in_doubt)

    @rig.on_every_engine()
    def test_of_sessions_that_are_kept_too(self, programs):
        """In a window the source may have sent what the server never read: more is in doubt then."""
        for way in (("-d",), ("-d", "-L"), ("-d", "--pipelining", "--chunking", "--pipeline-window", 3)):
            with self.subTest(way=way):
                cuts = self.cuts(programs, *way, messages=2)
                totals, server = self.run_of(programs, cuts, *way, "--retry", "99x1ms", messages=len(cuts) * 2)
                taken, different, answered, in_doubt = server.sums()
                self.assertGreater(len(server.told), len(cuts))
                self.assertEqual((totals["messages"], different), (len(cuts) * 2,) * 2)
                self.assertGreater(taken - different, 0)
                self.assertLessEqual(taken - different, totals["possible_duplicates"])
                self.assertLessEqual(totals["possible_duplicates"], totals["losses_in_doubt"])
                if "--chunking" in way:
                    self.assertGreaterEqual(totals["losses_in_doubt"], in_doubt)
                else:
                    self.assertEqual((answered, totals["losses_in_doubt"]), (totals["messages"], in_doubt))
