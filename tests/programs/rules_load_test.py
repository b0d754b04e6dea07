"""Rules under load: limits of many clients, rules that are swapped, hits that are counted by many
threads, and clients who have a sink with rules do its worst."""

import collections
import concurrent.futures
import contextlib
import json
import os
import re
import signal
import threading
import time
import unittest

import playing
import rig
import volleys

THREADS = (1, 2, 8)


class Rates(playing.RulesCase):
    """What a limit lets pass of each client in each window is exactly what it says."""

    CLIENTS, CONNECTIONS = 200, 4  # and that many commands of a client come at once
    # Commands a second of all clients, for so many seconds; how many of a client pass in a second.
    RATE, SECONDS, COUNT = (10_000, 20, 20) if rig.LONG else (3_000, 2, 6)

    def test_the_judge_tells_too_many_and_too_few(self):
        for commands, right in (
                # (sent, answered, asked, passed), of 6 in a second
                ([(0, 0.1, 4, 4), (0.2, 0.3, 4, 2), (0.4, 0.5, 4, 0), (1.2, 1.3, 4, 4)], True),
                ([(0, 0.1, 4, 4), (0.2, 0.3, 4, 3)], False),  # one too many
                ([(0, 0.1, 4, 4), (0.2, 0.3, 4, 1)], False),  # one too few
                ([(0, 0.1, 4, 4), (0.2, 0.3, 4, 2), (0.4, 0.5, 4, 1)], False),  # too soon
                ([(0, 0.1, 4, 4), (0.2, 0.3, 4, 2), (1.2, 1.3, 4, 0)], False),  # too late
                ([(0, 0.1, 4, 4), (0.2, 0.3, 4, 2), (0.9, 1.1, 4, 2)], True),  # two came in the next
                ([(0, 0.1, 4, 4), (0.2, 0.3, 4, 2), (0.9, 1.1, 4, 2), (1.2, 1.3, 4, 4), (1.4, 1.5, 4, 1)], False),
                ([(0, 0.1, 4, 4), (0.9, 1.1, 4, 4), (1.2, 1.3, 4, 4)], True),  # two in each, or none in the first
                ([(0, 0.1, 4, 4), (0.9, 1.1, 4, 4), (1.2, 1.3, 4, 3)], True),  # one in the first
                ([(0, 0.1, 4, 4), (0.9, 1.1, 4, 4), (1.2, 1.3, 4, 1)], False)):
            judge = volleys.Judge(6, 1.0)
            self.assertEqual(all([judge.take(*one) for one in commands]), right, commands)

    @rig.on_every_engine(THREADS)
    def test_of_each_client_exactly_so_many_pass_in_each_window(self, programs):
        rules = f"""[[rule]]
            name = "rate"
            match = {{ command = "RCPT", over = "{self.COUNT}/1s", per = "client" }}
            act = {{ reply = "450 4.7.1 Slow down" }}"""
        hits = {}
        with self.ruled(programs, rules, hits=hits) as sink:
            clients = [volleys.Client(f"127.0.1.{number + 1}", sink.endpoint, self.CONNECTIONS,
                                      volleys.Judge(self.COUNT, 1.0)) for number in range(self.CLIENTS)]
            with volleys.Load(clients, self.RATE, [b"MAIL FROM:<a@b.test>\r\n"], b"RCPT TO:<c@d.test>\r\n",
                              passes=b"250 2.1.5 Ok\r\n", refusal=b"450 4.7.1 Slow down\r\n") as load:
                took = load.run(self.SECONDS)
        self.assertEqual(load.wrong, [])
        self.assertEqual([client.address for client in clients if not client.judge.full], [], "never too fast")
        self.assertEqual(hits["rate"], load.asked - load.passed)
        if rig.LONG and rig.MEASURES_RESOURCES:
            self.assertGreaterEqual(load.asked / took, 0.95 * self.RATE)


def rules_of(letter, turned=False):
    """A set of which every reply says whose it is. "told" is in each."""
    rules = [f"""[[rule]]
        name = "{name}"
        match = {{ {match} }}
        act = {{ {act} }}
        """ for name, match, act in (
            (f"{letter} mail", 'command = "MAIL", sender = "mail@*"', f'reply = "450 4.7.1 {letter}"'),
            (f"{letter} rcpt", 'command = "RCPT", sender = "rcpt@*"', f'reply = "450 4.7.1 {letter}2"'),
            (f"{letter} never", 'command = ".", header = "Never: *"', "stall = true"),
            ("told", 'command = "NOOP"', f'reply = ["450 4.7.1 {letter} {{client}}", "{letter}", "{letter}"]'))]
    return "".join(rules[::-1] if turned else rules)


class Repeating(threading.Thread):
    """Does `once` again and again while its block lasts."""

    def __enter__(self):
        self._stop_now = False
        self.start()
        return self

    def __exit__(self, *_):
        self._stop_now = True
        self.join()

    def run(self):
        while not self._stop_now:
            self.once()


class Sending(Repeating):
    """Runs of a source of which every message is refused. `replies` are counted; `other` is what it
    had to say besides."""

    def __init__(self, programs, endpoint, sender):
        super().__init__()
        self.replies = collections.Counter()
        self.other = []
        self._run_source = lambda: programs.source(
            endpoint, "-A", "-d", "-s", 10, "-m", 2_000, "-f", f"{sender}@x.test", timeout=120)

    def once(self):
        for line in self._run_source().stderr.decode().splitlines():
            if refused := re.search(r" rejected: (.*) \(session ", line):
                self.replies[refused[1]] += 1
            else:
                self.other.append(line)


class Asking(Repeating):
    """A client that says NOOP, some at once. Replies of which all lines are of one set are counted
    in `told`; `mixed` are the others."""

    WHOLE = re.compile(rb"450-4\.7\.1 ([AB]) 127\.0\.0\.1\r\n450-4\.7\.1 \1\r\n450 4\.7\.1 \1\r\n")

    def __init__(self, endpoint):
        super().__init__()
        self.told = collections.Counter()
        self.mixed = []
        self._socket = rig.connect(endpoint)
        self._lines = self._socket.makefile("rb")
        self._lines.readline()  # the greeting

    def once(self, times=4):
        """Returns of which sets the replies were."""
        self._socket.sendall(b"NOOP\r\n" * times)
        return [self._take(b"".join(self._lines.readline() for _ in range(3))) for _ in range(times)]

    def _take(self, reply):
        whole = self.WHOLE.fullmatch(reply)
        if whole is None:
            self.mixed.append(reply)
            return None
        self.told[whole[1]] += 1
        return whole[1]

    def close(self):
        self._lines.close()
        self._socket.close()


class Swaps(playing.RulesCase):
    TIMES = 1_000 if rig.LONG else 50
    BAD_EVERY = 10

    def swap(self, sink, path, text, answer):
        """Puts these rules in place of those in the file, and waits for what the sink says of it."""
        before = sink.err.count(answer)
        fresh = path.with_suffix(".fresh")
        fresh.write_text(text)
        fresh.chmod(0o644)
        os.replace(fresh, path)
        sink.send_signal(signal.SIGHUP)
        rig.wait_for(lambda: sink.err.count(answer) > before, answer)

    @rig.on_every_engine((4,))
    def test_each_reply_is_of_one_set_and_each_hit_is_counted(self, programs):
        sets = {b"A": rules_of("A"), b"B": rules_of("B", turned=True)}
        path, report = self.rules(sets[b"A"]), self.scratch / "sink.json"
        with programs.sink("--rules", path, "--json", report) as sink:
            clients = [Asking(sink.endpoint) for _ in range(4)]
            sources = [Sending(programs, sink.endpoint, sender) for sender in ("mail", "rcpt")]
            own = clients[-1]
            with contextlib.ExitStack() as running:
                for one in (*clients[:-1], *sources):
                    running.enter_context(one)
                for number in range(self.TIMES):
                    name = (b"B", b"A")[number % 2]
                    self.swap(sink, path, sets[name], b"rules read again\n")
                    if number % self.BAD_EVERY == 0:
                        rig.wait_for(lambda: own.once(1) == [name], "the other set")
                        self.swap(sink, path, sets[name] + "[[rule]]\nnone = 1\n",
                                  b"mistakes in rules: the rules stay as they were\n")
                        self.assertEqual(own.once(20), [name] * 20)
                for name in sets:  # which a source on a busy machine may not have met yet
                    self.swap(sink, path, sets[name], b"rules read again\n")
                    for one in sources:
                        rig.wait_for(lambda: any(b" " + name in reply.encode() for reply in list(one.replies)), "its replies")
            for one in clients:
                one.close()
        hits = {rule["name"]: rule["hits"] for rule in json.loads(report.read_text())["rules"]}
        self.assertEqual(sum((one.mixed for one in clients), []), [])
        self.assertEqual(sum((one.other for one in sources), []), [])
        replies = sources[0].replies + sources[1].replies
        self.assertEqual(set(replies), {"450 4.7.1 A", "450 4.7.1 A2", "450 4.7.1 B", "450 4.7.1 B2"})
        told = sum((one.told for one in clients), collections.Counter())
        self.assertEqual(set(told), {b"A", b"B"})
        self.assertEqual(hits, {"A mail": replies["450 4.7.1 A"], "A rcpt": replies["450 4.7.1 A2"], "A never": 0,
                                "B mail": replies["450 4.7.1 B"], "B rcpt": replies["450 4.7.1 B2"], "B never": 0,
                                "told": told.total()})


class Hits(playing.RulesCase):
    """Every reply of these rules has the name of its rule, and how often it was used."""

    CLIENTS, MESSAGES = 16, 100
    RULES = "".join(f"""[[rule]]
        name = "{name}"
        match = {{ {match} }}
        act = {{ {act} }}
        """ for name, match, act in (
            ("greeting", 'command = "CONNECT", nth = 2', 'reply = "220 {rule} {count}"'),
            ("nth", 'command = "MAIL", nth = 7', 'reply = "450 4.7.1 {rule} {count}"'),
            ("chance", 'command = "RCPT", probability = "30%"', 'reply = "450 4.7.1 {rule} {count}"'),
            ("taken", 'command = "RCPT", recipient = "*7@*"', 'reply = "250 2.1.5 {rule} {count}"'),
            ("end", 'command = ".", sender = "?@*"', 'reply = "451 4.3.0 {rule} {count}"'),
            ("slow", 'command = "NOOP", nth = 50', 'reply = "250 2.0.0 {rule} {count}", delay = "10ms"'),
            ("unused", 'command = "VRFY"', 'reply = "450 4.7.1 {rule} {count}"')))

    def converse(self, endpoint, number, heard):
        with rig.connect(endpoint) as connection, connection.makefile("rb") as lines:
            heard.append(lines.readline())
            for message in range(self.MESSAGES):
                for words in ([f"MAIL FROM:<{message % 20}@x.test>"],
                              [f"RCPT TO:<{number}{message}@d.test>", "RCPT TO:<last@d.test>", "NOOP", "DATA"],
                              ["text\r\n."]):
                    connection.sendall("".join(word + "\r\n" for word in words).encode())
                    heard += [lines.readline() for _ in words]
                    if heard[-1][:1] not in b"23":
                        connection.sendall(b"RSET\r\n")
                        heard.append(lines.readline())
                        break

    @rig.on_every_engine((8,))
    def test_as_many_as_replies_were_heard(self, programs):
        hits, heard = {}, []
        with self.ruled(programs, self.RULES, hits=hits) as sink:
            threads = [threading.Thread(target=self.converse, args=(sink.endpoint, number, heard))
                       for number in range(self.CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        counts = {name: [] for name in hits}
        for reply in heard:
            if found := re.fullmatch(rb"[\d.]+ (?:[\d.]+ )?([a-z]+) (\d+)\r\n", reply):
                counts[found[1].decode()].append(int(found[2]))
        self.assertEqual([name for name, numbers in counts.items() if not numbers], ["unused"])
        for name, numbers in counts.items():
            self.assertEqual(sorted(numbers), [*range(1, hits[name] + 1)], name)


class HostileUsers(playing.RulesCase):
    """Who knows that a sink has rules, and sends and takes all it can at each that holds something
    back."""

    CLIENTS = 4 if rig.MEASURES_RESOURCES else 1  # at each
    RULES = "".join(f"""[[rule]]
        name = "{name}"
        match = {{ {match} }}
        act = {{ {act} }}
        """ for name, match, act in (
            ("stall", 'command = "NOOP"', "stall = true"),
            ("delay", 'command = "RSET"', 'delay = "1h"'),
            ("tarpit", 'command = "VRFY"', 'tarpit = "1s", reply = ["250 no", "no"]'),
            ("throttle", 'command = "CONTENT", sender = "bulk@*"', 'throttle = "1K/s"'),
            ("forever", 'command = "EHLO", helo = "endless.test"',
             r'raw = "250-MORE\r\n", repeat = "forever"')))
    ENDLESS = b"EHLO endless.test\r\n"
    BULK = b"MAIL FROM:<bulk@x.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n"
    # What is said first, and then again and again.
    HELD = {"delay": (b"", b"RSET\r\n"), "tarpit": (b"", b"VRFY x\r\n"),
            "throttle": (BULK, b"x" * 78 + b"\r\n"), "forever": (ENDLESS, ENDLESS)}
    # Of these the sink takes, or gives, without end.
    ENDLESSLY = {"stall": (b"", b"NOOP\r\n"), "forever": (ENDLESS, b"")}

    # In MiB: what these move meanwhile, and what a session may cost: under io_uring, what came in at
    # once before reading was stopped.
    MOVED, COST = 256, 4

    def flood(self, client, words, moved, enough):
        """Says these words, or listens where there are none, until the sink takes no more, or enough
        is had. Counts bytes in `moved`."""
        data = words * (65_536 // max(len(words), 1))
        with contextlib.suppress(TimeoutError, ConnectionError):
            while not enough.is_set():
                if data:
                    client.sendall(data)
                    moved[client] += len(data)
                elif heard := client.recv(65_536):
                    moved[client] += len(heard)
                else:
                    break

    @rig.on_every_engine((2,))
    def test_cost_little_memory_and_nobody_else(self, programs):
        enough = threading.Event()
        hits, moved = {}, collections.Counter()
        with self.ruled(programs, self.RULES, hits=hits) as sink, contextlib.ExitStack() as stack:
            before = sink.memory_kib()

            def flooding(first, words, moved, patience):
                client = stack.enter_context(rig.connect(sink.endpoint, patience))
                client.sendall(first)
                return pool.submit(self.flood, client, words, moved, enough)

            pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(100))
            stack.callback(enough.set)
            held = [flooding(*words, collections.Counter(), 1)
                    for words in self.HELD.values() for _ in range(self.CLIENTS)]
            endless = [flooding(*words, moved, rig.PATIENCE)
                       for words in self.ENDLESSLY.values() for _ in range(self.CLIENTS)]
            for _ in range(3):  # while they flood
                self.play(sink, playing.message("250 2.0.0 Ok"))
                self.assertEqual(programs.source(sink.endpoint, "-d", "-s", 5, "-m", 50).returncode, 0)
            for one in held:
                one.result(3 * rig.PATIENCE)
            self.assertFalse(any(one.done() for one in endless))
            if rig.MEASURES_RESOURCES:
                rig.wait_for(lambda: moved.total() > self.MOVED << 20, "more than memory may grow")
                self.assertLess(sink.memory_kib() - before, (self.COST << 10) * len(held + endless))
            self.play(sink, playing.message("250 2.0.0 Ok"))
            begun = time.monotonic()
            sink.end()
            self.assertLess(time.monotonic() - begun, 10)
        self.assertGreaterEqual(hits.pop("tarpit"), self.CLIENTS)
        self.assertEqual(hits, {"stall": self.CLIENTS, "delay": self.CLIENTS, "throttle": self.CLIENTS,
                                "forever": 2 * self.CLIENTS})


if __name__ == "__main__":
    unittest.main()
