"""A source that sends again what was not taken (--retry), against sinks that refuse for a while, and
servers that go away at any point of the dialogue."""

import collections
import json
import random
import re
import signal
import socket
import struct
import threading
import time

import journals
import measuring
import playing
import rig

GREYLIST = """[[rule]]
name = "grey"
match = { command = "RCPT" }
act = { greylist = "400ms", reply = "451 4.7.1 Come back later" }"""


class Dump:
    """What a sink has taken, by its -D file: the recipients of each Message-Id, in its order. (There is
    none before the first message.)"""

    def __init__(self, path):
        self.taken = collections.defaultdict(list)
        text = path.read_bytes() if path.exists() else b""
        for message in re.split(rb"(?m)^X-Client-Addr:", text)[1:]:
            number = re.search(rb"(?mi)^Message-Id: <([^>]*)>", message)[1]
            self.taken[number] += re.findall(rb"(?m)^X-Rcpt-Args: <([^>]*)>", message)

    @property
    def recipients(self):
        return sorted(one for taken in self.taken.values() for one in taken)


class RetryCase(measuring.MeasureCase, playing.RulesCase):
    def sent(self, programs, rules, *arguments, hits=None, status=0):
        """A run against a sink with these rules; returns its report and what the sink has taken."""
        path = self.scratch / f"dump-{time.monotonic_ns()}"
        with self.ruled(programs, rules, "-D", path, hits=hits) as sink:
            run, _ = self.measure(programs, sink.endpoint, *arguments, status=status)
        self.check_ends(run)
        return run, Dump(path)

    def check_ends(self, run):
        """Every message came to one end."""
        totals = run["totals"]
        ends = sum(totals[f"messages{end}"] for end in
                   ("", "_refused", "_lost", "_unfinished", "_given_up", "_waiting"))
        self.assertEqual(totals["messages_started"], ends, totals)
        self.assertEqual(run["latency"]["intended"]["count"], totals["messages"])
        over = totals["messages"] + totals["messages_refused"] + totals["messages_given_up"]
        self.assertEqual(sum(run["attempts"]), over)
        for name in ("messages", "retries", "losses_in_doubt", "messages_given_up", "messages_waiting", "messages_shed"):
            self.assertEqual(totals[name], sum(row[name] for row in run["series"]), name)


class Rules(RetryCase):
    """Against our sink."""

    @rig.on_every_engine((1, 2))
    def test_through_greylisting_every_message_arrives_once(self, programs):
        hits = {}
        run, dump = self.sent(programs, GREYLIST, "--retry", "first 500ms, give up 1m", "-m", "60", "-s", "8",
                              "-d", "-N", hits=hits)
        totals = run["totals"]
        self.assertEqual((totals["messages"], totals["recipients"], totals["retries"]), (60, 60, 60))
        self.assertEqual(run["attempts"], [0, 60])
        self.assertEqual(hits["grey"], 60)
        self.assertEqual(len(dump.taken), 60)
        self.assertEqual(len(set(dump.recipients)), 60)
        # From when it was due first, over both attempts; the second alone took no time.
        self.assertGreaterEqual(run["latency"]["intended"]["min_us"], 499_000)
        self.assertLess(run["latency"]["service"]["p50_us"], run["latency"]["intended"]["min_us"])

    @rig.on_every_engine()
    def test_in_open_loop_retries_are_on_top_of_the_arrivals(self, programs):
        run, dump = self.sent(programs, GREYLIST, "--retry", "5x500ms", "-m", "100", "--rate", "200", "-s", "20",
                              "-d", "-N")
        totals = run["totals"]
        self.assertEqual((totals["messages"], totals["retries"]), (100, 100))
        self.assertEqual(len(set(dump.recipients)), 100)
        self.assertEqual((totals["messages_started"], totals["messages_unstarted"]), (100, 0))

    @rig.on_every_engine()
    def test_only_the_recipient_that_was_refused_for_now_comes_back(self, programs):
        rules = """[[rule]]
            name = "second"
            match = { command = "RCPT", recipient = "2foo@*" }
            act = { greylist = "100ms", reply = "450 4.2.1 Busy" }
            [[rule]]
            name = "third"
            match = { command = "RCPT", recipient = "3foo@*" }
            act = { reply = "550 5.1.1 Nobody" }"""
        run, dump = self.sent(programs, rules, "--retry", "5x200ms", "-r", "3", "-t", "foo@b.test")
        totals = run["totals"]
        self.assertEqual((totals["messages"], totals["recipients"], totals["retries"]), (1, 2, 1))
        self.assertEqual(run["attempts"], [0, 1])
        # One Message-Id, in two transactions.
        self.assertEqual(list(dump.taken.values()), [[b"foo@b.test", b"2foo@b.test"]])
        codes = {one["code"]: one["count"] for one in run["replies"]["RCPT"]}
        self.assertEqual(codes, {250: 2, 450: 1, 550: 1})

    @rig.on_every_engine()
    def test_in_windows_and_over_lmtp_each_recipient_arrives_once(self, programs):
        rules = GREYLIST.replace('"RCPT" }', '"RCPT", recipient = "/^[0-9]*[13579]foo@/" }')
        for options in (["--pipelining", "--pipeline-window", "5"], ["-L"],
                        ["-L", "--pipelining", "--pipeline-window", "5"]):
            path = self.scratch / f"dump-{time.monotonic_ns()}"
            lmtp = [option for option in options if option == "-L"]
            with self.ruled(programs, rules, "-D", path, *lmtp) as sink:
                run, _ = self.measure(programs, sink.endpoint, "--retry", "9x500ms", "-m", "40", "-s", "3", "-r", "4",
                                      "-N", "-t", "foo@b.test", "-d", *options)
            self.check_ends(run)
            self.assertEqual((run["totals"]["recipients"], run["attempts"]), (160, [0, 40]), options)
            dump = Dump(path)
            self.assertEqual(dump.recipients, sorted(b"%dfoo@b.test" % (i + 1) for i in range(160)), options)
            self.assertEqual(len(dump.taken), 40)

    def test_the_page_tells_of_attempts_and_of_the_time_over_all_of_them(self):
        page = self.scratch / "run.html"
        self.sent(rig.ours("epoll"), GREYLIST, "--retry", "5x1s", "-m", "20", "-s", "2", "-w", "200ms", "-N", "--html",
                  page)
        shown = self.check_page(page, plots=4)
        self.assertRegex(shown.text, r"Attempts\s+attempts messages\s+1 0\s+2 20\n")
        self.assertRegex(shown.text, r"\nintended 20 ")
        self.assertRegex(shown.text, r"\nretries 20\n")

    @rig.on_every_engine()
    def test_what_a_rate_limit_refuses_comes_back_until_it_passes(self, programs):
        rules = """[[rule]]
            name = "rate"
            match = { command = "MAIL", over = "20/500ms" }
            act = { reply = "450 4.7.1 Slow down" }"""
        run, dump = self.sent(programs, rules, "--retry", "first 100ms, factor 1.5, most 1s, give up 1m",
                              "-m", "100", "-s", "10", "-d", "-N")
        self.assertEqual(run["totals"]["messages"], 100)
        self.assertGreater(run["totals"]["retries"], 60)
        self.assertEqual(len(set(dump.recipients)), 100)
        self.assertEqual(len(dump.recipients), 100)

    @rig.on_every_engine((1, 2))
    def test_an_outage_is_outlived(self, programs):
        rules = """[[rule]]
            name = "outage"
            match = { command = "CONNECT", during = "0s-2s" }
            act = { disconnect = "reset" }"""
        hits = {}
        run, dump = self.sent(programs, rules, "--retry", "first 300ms, factor 1, give up 1m", "-m", "20", "-s", "4",
                              "-N", hits=hits)
        self.assertEqual(run["totals"]["messages"], 20)
        self.assertEqual(run["totals"]["losses_in_doubt"], 0)
        self.assertEqual(hits["outage"], run["totals"]["retries"])
        self.assertEqual(len(dump.recipients), 20)

    @rig.on_every_engine()
    def test_what_is_refused_for_good_does_not_come_back(self, programs):
        rules = """[[rule]]
            name = "no"
            match = { command = "DATA" }
            act = { reply = "550 5.7.1 No" }"""
        run, dump = self.sent(programs, rules, "--retry", "5x10ms", "-m", "3", status=1)
        self.assertEqual((run["totals"]["messages_refused"], run["totals"]["retries"]), (3, 0))
        self.assertFalse(dump.taken)

    @rig.on_every_engine((1, 2))
    def test_what_never_passes_is_given_up(self, programs):
        rules = """[[rule]]
            name = "busy"
            match = { command = "RCPT", recipient = "2foo@*" }
            act = { reply = "450 4.2.1 Busy" }"""
        run, dump = self.sent(programs, rules, "--retry", "2x50ms", "-m", "4", "-s", "2", "-r", "2", "-t", "foo@b.test")
        totals = run["totals"]
        self.assertEqual((totals["messages"], totals["recipients_given_up"], totals["retries"]), (4, 4, 8))
        self.assertEqual(run["attempts"], [0, 0, 4])
        self.assertEqual(dump.recipients, [b"foo@b.test"] * 4)
        rules = rules.replace(', recipient = "2foo@*"', "")
        run, dump = self.sent(programs, rules, "--retry", "2x50ms", "-m", "4", "-s", "2", status=1)
        self.assertEqual((run["totals"]["messages_given_up"], run["totals"]["retries"]), (4, 8))
        self.assertFalse(dump.taken)

    @rig.on_every_engine((1, 2))
    def test_what_waits_at_the_end_is_counted(self, programs):
        rules = GREYLIST.replace("400ms", "1h")
        for load in (["--duration", "1s", "-s", "4", "-m", "40"], ["--duration", "1s", "--rate", "40", "-s", "4"]):
            run, dump = self.sent(programs, rules, "--retry", "5x30s", *load, "-N", status=1)
            self.assertEqual((run["totals"]["messages_waiting"], run["totals"]["messages"]), (40, 0))
            self.assertFalse(dump.taken)

    @rig.on_every_engine()
    def test_a_signal_ends_the_wait(self, programs):
        path = self.scratch / "run.json"
        with self.ruled(programs, GREYLIST.replace("400ms", "1h"), "-c") as sink:
            source = programs.start("smtp-source", "--json", path, "--retry", "5x1h", "-m", "3", sink.endpoint,
                                    statuses=(1,))
            sink.wait_counter("quit", 3)
            source.end(signal.SIGINT)
        totals = json.loads(path.read_text())["totals"]
        self.assertEqual((totals["messages_waiting"], totals["messages_started"]), (3, 3))

    @rig.on_every_engine()
    def test_new_arrivals_are_shed_while_too_many_wait(self, programs):
        rules, journal = GREYLIST.replace("400ms", "1h"), self.scratch / f"sent-{programs.name}"
        run, _ = self.sent(programs, rules, "--retry", "5x1m", "--retry-limit", "10", "--duration", "1s", "--rate",
                           "100", "-s", "1", "-N", "--stamp", journal, status=1)
        totals = run["totals"]
        self.assertEqual((totals["messages_waiting"], totals["messages_shed"]), (10, 90))
        self.assertEqual(run["latency"]["failed"]["count"], 100)
        _, records = journals.read_sent(journal)
        self.assertEqual([(one.number, one.outcome) for one in records],
                         [(number, "refused" if number < 10 else "never_sent") for number in range(100)])


class CuttingServer(rig.FakeServer):
    """Takes messages, and hangs up after any byte of what a client says, without an answer to that;
    often when it has taken the message. Spares so much of all connections."""

    LONGEST = 1_000  # bytes until the cut: that of some messages
    TAKEN = b"250 taken\r\n"

    def __init__(self, seed, spared=0.2):
        super().__init__(self.serve, connections=None, at_once=True)
        self.random, self.spared = random.Random(seed), spared
        self.lock = threading.Lock()
        self.taken = collections.Counter()  # by Message-Id
        self.cut_in_content = 0  # or at its end

    def serve(self, connection):
        with self.lock:
            dice = self.random.random()
            cut = None if dice < self.spared + 0.2 else self.random.randrange(self.LONGEST)
            behind_end = self.spared <= dice < self.spared + 0.2
            reset = self.random.random() < 0.5
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if cut == 0:
            return
        connection.sendall(b"220 x\r\n")
        heard, content = b"", None
        while data := connection.recv(65536 if cut is None else cut):
            if cut is not None:
                cut -= len(data)
            heard, answer = heard + data, None
            while (end := heard.find(b"\r\n") + 2) > 1:
                line, heard = heard[:end], heard[end:]
                content, answer = self.take(line, content)
                if answer == self.TAKEN and behind_end:
                    cut = 0
                if answer and (cut != 0 or heard):
                    connection.sendall(answer)
            if cut == 0:
                in_content = content is not None and (content or heard)
                with self.lock:
                    self.cut_in_content += bool(in_content or answer == self.TAKEN)
                return

    def take(self, line, content):
        """Returns the content so far, nothing outside of it, and the answer to the line."""
        if content is None:
            return (b"", b"354 go on\r\n") if line == b"DATA\r\n" else (None, b"250 x\r\n")
        if line != b".\r\n":
            return content + line, None
        with self.lock:
            self.taken[re.search(rb"Message-Id: <(.*)>", content)[1]] += 1
        return None, self.TAKEN


class Losses(RetryCase):
    """Against a server that goes away at any byte."""

    MESSAGES = 150

    def check_losses(self, run, server):
        totals, taken = run["totals"], server.taken
        self.assertEqual(totals["losses_in_doubt"], server.cut_in_content)
        twice = sum(taken.values()) - len(taken)
        self.assertLessEqual(twice, totals["possible_duplicates"])
        self.assertLessEqual(totals["possible_duplicates"], totals["losses_in_doubt"])
        # Each was taken and said to be, or taken in doubt; none of the others was.
        unsaid = sum(taken.values()) - totals["messages"]
        self.assertGreaterEqual(unsaid, 0)
        self.assertLessEqual(unsaid, totals["losses_in_doubt"])
        return twice

    @rig.on_every_engine((1, 2))
    def test_all_arrive_and_what_may_be_twice_is_known(self, programs):
        for kept in ([], ["-d"]):
            with CuttingServer(seed=7) as server:
                run, _ = self.measure(programs, server.endpoint, "--retry", "first 10ms, factor 1.2, most 200ms, give up 1m",
                                      "-m", self.MESSAGES, "-s", "5", *kept)
            self.check_ends(run)
            self.assertEqual((run["totals"]["messages"], len(server.taken)), (self.MESSAGES, self.MESSAGES))
            self.assertGreater(self.check_losses(run, server), 0, "a message that came twice")

    @rig.on_every_engine()
    def test_what_is_given_up_may_have_been_taken_in_doubt(self, programs):
        with CuttingServer(seed=11, spared=0) as server:
            run, _ = self.measure(programs, server.endpoint, "--retry", "2x10ms", "-m", self.MESSAGES, "-s", "5",
                                  status=(0, 1))
        self.check_ends(run)
        self.check_losses(run, server)
        totals = run["totals"]
        self.assertGreater(totals["messages_given_up"], 0)
        self.assertEqual(totals["messages"] + totals["messages_given_up"], self.MESSAGES)
        self.assertGreaterEqual(len(server.taken), totals["messages"])

    # By what is neither yes nor no it does not say whether it has taken the first.
    @rig.on_every_engine()
    def test_what_was_not_answered_clearly_may_be_there_twice(self, programs):
        said = [b"150 hm\r\n"]

        def answer(verb):
            return said.pop() if verb == "." and said else rig.usual_reply(verb)

        with rig.FakeServer(lambda connection: rig.play_server(connection, answer), connections=None) as server:
            run, _ = self.measure(programs, server.endpoint, "--retry", "1x10ms")
        self.check_ends(run)
        totals = run["totals"]
        self.assertEqual((totals["messages"], totals["retries"], totals["losses_in_doubt"]), (1, 1, 1))
        self.assertEqual(totals["possible_duplicates"], 1)

    @rig.on_every_engine()
    def test_what_found_nobody_there_comes_back(self, programs):
        port, log = rig.free_port(), self.scratch / f"log-{programs.options[1]}"
        results = []
        source = threading.Thread(target=lambda: results.append(
            self.measure(programs, f"127.0.0.1:{port}", "--retry", "first 200ms, factor 1, give up 1m", "-m", "5",
                         "-s", "2", "-N", "--log", log)))
        source.start()
        # More lines than there are messages: some have come back already.
        rig.wait_for(lambda: log.exists() and log.read_bytes().count(b"\n") > 10, "attempts in vain")
        with programs.sink(endpoint=f"127.0.0.1:{port}"):
            source.join()
        totals = results[0][0]["totals"]
        self.assertEqual((totals["messages"], totals["messages_lost"], totals["losses_in_doubt"]), (5, 0, 0))
        self.assertGreater(totals["retries"], 5)
        self.assertEqual(totals["sessions_failed"], totals["retries"])

    # Else those that come back at once would keep all others from being sent.
    @rig.on_every_engine((1, 2))
    def test_every_message_begins_where_all_come_back_at_once(self, programs):
        log = self.scratch / f"log-{time.monotonic_ns()}"
        source = programs.start("smtp-source", "--retry", "1000000x10ms", "-m", 5, "-s", 4, "-N", "--log", log,
                                f"127.0.0.1:{rig.free_port()}", statuses=(0, 1, -signal.SIGINT))

        def begun():
            lines = log.read_bytes().split(b"\n")[:-1] if log.exists() else []
            return {json.loads(line)["number"] for line in lines}

        rig.wait_for(lambda: begun() == set(range(5)), "the fifth message to begin")
        source.send_signal(signal.SIGINT)
        source.wait()


class Times(RetryCase):
    """Waits between attempts are those that were asked for."""

    @rig.on_every_engine()
    def test_each_wait_is_so_many_times_the_one_before(self, programs):
        begun = []

        def serve(connection):
            begun.append(time.monotonic())
            rig.play_server(connection, lambda verb: b"451 4.3.0 Later\r\n" if verb == "MAIL"
                            else rig.usual_reply(verb))

        with rig.FakeServer(serve, connections=4) as server:
            run, _ = self.measure(programs, server.endpoint, "--retry", "first 200ms, factor 2, most 500ms, give up 1600ms",
                                  "-m", "1", status=1)
        waits = [after - before for before, after in zip(begun, begun[1:])]
        self.assertEqual(len(waits), 3)  # the next would have been due after 200 + 400 + 500 + 500 ms and more
        for wait, asked in zip(waits, (0.2, 0.4, 0.5)):
            self.assertGreater(wait, asked - 0.002)
        self.assertEqual(run["attempts"], [0, 0, 0, 1])
        self.assertEqual(run["totals"]["messages_given_up"], 1)
