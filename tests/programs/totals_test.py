"""What is counted: the sums of a run are those of the sink, whatever goes wrong, and what a silent
server leaves undone has failed."""

import re
import socket
import unittest

import measuring
import rig


class Totals(measuring.MeasureCase):
    MODELS = (
        ["-m", "500", "-s", "10"],
        ["-m", "500", "-s", "10", "-d"],
        ["--duration", "0.5", "-s", "10", "-d"],
        ["--duration", "0.5", "-s", "10", "--messages-per-session", "7"],
        ["--rate", "1000/s", "--duration", "0.5", "-d"],
        ["--rate", "1000/s", "-m", "400", "--arrivals", "poisson"],
        ["--stages", "ramp 0-1000/s 0.3s, hold 0.2s, hold 200/s 0.2s", "--warmup", "0.2", "-d"],
        ["--stages", "ramp 1-20 0.4s, hold 5 0.2s", "-d"],
        ["--duration", "0.5", "-s", "10", "-d", "--pipelining", "--pipeline-window", "4", "-r", "3"],
        ["--rate", "2000/s", "--duration", "0.5", "-s", "2", "-d", "--chunking", "--pipeline-window", "5"],
    )
    # What the sink does amid all this.
    ERRORS = (
        [],
        ["--max-session-time", "150ms"],
        ["--max-commands", "11"],
    )

    @rig.on_every_engine((1, 2, 8))
    def test_equal_what_the_sink_counted(self, programs):
        threads = programs.options[-1]
        for number, model in enumerate(self.MODELS):
            # All with all where threads share little; elsewhere they take turns.
            for errors in self.ERRORS if threads == 2 else [self.ERRORS[number % 3]]:
                with self.subTest(model=model, errors=errors):
                    with self.counting_sink(programs, "--offer", "CHUNKING", *errors) as (sink, counted):
                        run, _ = self.measure(programs, sink.endpoint, "--summary", "-A", *model,
                                              status=(0, 1) if errors else 0)
                    self.check_sums(run)
                    mine, theirs = run["totals"], counted[0]["totals"]
                    warmup = run["warmup"]
                    for name in ("messages", "recipients", "sessions_opened"):
                        self.assertEqual(mine[name] + warmup[name], theirs[name], name)
                    if not errors:
                        self.assertEqual(sum(mine[name] for name in measuring.FAILED), 0)
                        self.assertEqual(run["errors"], {})
                        self.assertEqual(mine["bytes_sent"] + warmup["bytes_sent"], theirs["bytes_received"])

    @rig.on_every_engine()
    def test_of_content_that_nobody_keeps(self, programs):
        """Large chunks, which the kernel drops for a sink that keeps nothing, unless they are shown or
        encrypted."""
        load = ["--chunking", "-l", "300000", "-d", "-s", "2", "-m", "6"]
        for options in ([], ["-W", "bdat:200ms"], ["-M", "6"], ["-v"], ["--starttls"]):
            with self.subTest(options=options):
                over_tls = [option for option in options if option == "--starttls"]
                with self.counting_sink(programs, "--offer", "CHUNKING", *options) as (sink, counted):
                    # At its quota the sink may be gone before all sessions have said QUIT.
                    run, _ = self.measure(programs, sink.endpoint, *load, *over_tls,
                                          status=(0, 1) if "-M" in options else 0)
                    if "-M" in options:
                        self.assertEqual(sink.wait(), 0)
                mine, theirs = run["totals"], counted[0]["totals"]
                self.assertEqual((mine["messages"], theirs["messages"]), (6, 6))
                self.assertGreater(theirs["bytes_received"], 6 * 300_000)
                if "-M" not in options:
                    self.assertEqual(theirs["bytes_received"], mine["bytes_sent"])
                if "-W" in options:
                    self.assertGreaterEqual(run["latency"]["phases"]["content"]["min_us"], 200_000 * 0.999)
                if "-v" in options:
                    chunks, shown = (sum(map(int, re.findall(what, sink.err)))
                                     for what in (rb"client: BDAT (\d+)", rb"client: \((\d+) bytes of content\)"))
                    self.assertEqual(shown, chunks)

    @rig.on_every_engine((1, 4))
    def test_of_messages_and_sessions(self, programs):
        with self.counting_sink(programs) as (sink, counted):
            run, _ = self.measure(programs, sink.endpoint, "-s", "4", "-m", "100", "--messages-per-session", "5")
        self.assertEqual(run["totals"]["messages"], 100)
        self.assertGreaterEqual(counted[0]["totals"]["sessions_opened"], 20)
        self.assertLessEqual(counted[0]["totals"]["sessions_opened"], 23)
        self.assertEqual(run["totals"]["sessions_reused"], 100 - run["totals"]["sessions_opened"])
        self.assertEqual(run["replies"]["RCPT"], [{"code": 250, "count": 100, "enhanced": "2.1.5"}])
        self.assertEqual(counted[0]["replies"]["RCPT"], run["replies"]["RCPT"])

    @rig.on_every_engine((1, 4))
    def test_of_refusals(self, programs):
        with self.counting_sink(programs, "-f", "rcpt", "-B", "550 5.7.1 never") as (sink, counted):
            run, done = self.measure(programs, sink.endpoint, "--rate", "200/s", "--duration", "0.5",
                                     "-d", "--progress", "off", status=1)
        self.assertEqual(run["totals"]["messages"], 0)
        self.assertEqual(run["totals"]["messages_refused"], 100)
        self.assertEqual(run["totals"]["failed_share"], 1)
        self.assertEqual(run["errors"]["rejected"]["count"], 100)
        self.assertIn("recipient rejected: 550 5.7.1 never", run["errors"]["rejected"]["sample"])
        self.assertEqual(run["replies"]["RCPT"], [{"code": 550, "count": 100, "enhanced": "5.7.1"}])
        self.assertEqual(done.stderr.count(b"warning"), 1, "only the first of each kind is told")
        self.assertEqual(counted[0]["errors"]["rejected"]["count"], 100)
        self.assertEqual(counted[0]["totals"]["messages_started"], 100)
        self.check_sums(run)

    @rig.on_every_engine((1, 4))
    def test_of_a_server_that_is_not_there(self, programs):
        endpoint = f"127.0.0.1:{rig.free_port()}"
        run, _ = self.measure(programs, endpoint, "--rate", "100/s", "--duration", "0.5", status=1)
        self.assertEqual(run["errors"]["refused"]["count"], 50)
        self.assertEqual(run["totals"]["messages_lost"], 50)
        self.assertEqual(run["totals"]["sessions_failed"], 50)
        run, _ = self.measure(programs, endpoint, "--duration", "0.5", "-s", "2", status=1)
        self.assertGreaterEqual(run["errors"]["refused"]["count"], 4)
        self.check_sums(run)
        # Only the first attempt of all is told, however many there are (-C).
        run, done = self.measure(programs, endpoint, "--rate", "100/s", "--duration", "0.5", "-C", "3", "--progress", "off",
                                 status=1)
        self.assertEqual(run["totals"]["messages_lost"], 50)
        self.assertRegex(done.stderr.decode(),
                         r"^smtp-source: warning: connect: Connection refused \(session \d+, \[127\.0\.0\.1\]:\d+\)\n$")

    def test_errors_by_kind(self):
        def reset(connection):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

        def close(connection):
            connection.sendall(b"220 x\r\n")
            rig.read_line(connection)

        def babble(connection):
            connection.sendall(b"220 x\r\nwhat\r\nnow\r\n")
            rig.read_line(connection)

        for behave, kind in ((reset, "reset"), (close, "closed"), (babble, "protocol")):
            with self.subTest(kind=kind), rig.FakeServer(behave) as server:
                run, _ = self.measure(rig.ours("epoll"), server.endpoint, "--summary", "-m", "1", status=1)
                self.assertEqual(list(run["errors"]), [kind])
                self.assertEqual(run["errors"][kind]["count"], 1)
                self.assertEqual(run["ending"], "failed")
                self.assertEqual(run["totals"]["messages_lost"] + run["totals"]["messages_unfinished"], 1)


class Silence(measuring.MeasureCase):
    """A server that answers for a while and then no more: what was due then has failed, whether a
    session could turn to it or not."""

    def pour(self, programs, seconds, *arguments, status=1, **options):
        with measuring.SilencedServer(seconds) as server:
            run, done = self.measure(programs, server.endpoint, "--summary", "--progress", "off", *arguments,
                                     status=status, **options)
        self.check_sums(run)
        # What the server took was delivered; a reply that was on its way at the end may be missed.
        taken = len(server.taken)
        self.assertLessEqual(run["totals"]["messages"] + run["warmup"]["messages"], taken)
        return run, done.stdout.decode(), taken

    def test_fails_thresholds_and_the_run(self):
        run, summary, taken = self.pour(
            rig.ours("uring"), 3, "--rate", "300/s", "--duration", "8s", "--drain", "1s", "--threshold", "errors<1%",
            "--threshold", "p99<250ms", "--threshold", "p10<10s", "--threshold", "connect.p10<10s")
        totals, failed = run["totals"], run["latency"]["failed"]
        self.assertEqual(totals["messages_started"] + totals["messages_unstarted"], 2400)
        # What the sessions were at; one may have said QUIT in vain.
        self.assertIn(totals["messages_unfinished"], range(90, 101))
        self.assertGreaterEqual(totals["messages_unstarted"], 2400 - taken - 100)
        # From when they were due until the end at 9 s: those of the fourth second 5 s and more.
        self.assertGreaterEqual(failed["max_us"], 5_000_000)
        self.assertGreaterEqual(failed["min_us"], 995_000)
        self.assertEqual([one["passed"] for one in run["thresholds"]], [False, False, True, True])
        self.assertEqual(run["thresholds"][1]["value"], run["thresholds"][0]["value"] + " failed")
        unstarted = f"{totals['messages_unstarted']:,}"
        self.assertRegex(summary, rf" {unstarted} due, but never started")
        self.assertRegex(summary, rf"[\d.]+% of 2,400 not delivered \({unstarted} never started\), half of the others")
        # Counted in the second in which that was certain, and in none after the end.
        self.assertEqual(run["series"][-1]["messages_unstarted"], totals["messages_unstarted"])
        self.assertGreaterEqual(run["elapsed_s"], 9)

    @rig.on_every_engine((1, 4))
    def test_is_counted_in_every_kind_of_load(self, programs):
        loads = {
            "kept sessions": ["-d", "-s", "8", "--rate", "400/s", "--duration", "1"],
            "Poisson": ["-s", "8", "--rate", "400/s", "--arrivals", "poisson", "--duration", "1"],
            "stages": ["-d", "-s", "8", "--stages", "ramp 0-400/s 0.6s, hold 400/s 0.4s"],
            "warm-up": ["-d", "-s", "8", "--rate", "400/s", "--warmup", "0.7", "--duration", "0.5"],
            "a number of messages": ["-d", "-s", "8", "--rate", "400/s", "-m", "400", "--duration", "1.2"],
        }
        for what, load in loads.items():
            with self.subTest(load=what):
                run, *_ = self.pour(programs, 0.4, *load, "--drain", "0.3", status=(0, 1))
                counters = [run["totals"], run["warmup"]]
                self.assertGreater(sum(one["messages_unstarted"] for one in counters), 0)
                self.assertIn(sum(one["messages_unfinished"] for one in counters), range(1, 9))
                due = sum(one["messages_started"] + one["messages_unstarted"] for one in counters)
                if what != "Poisson":
                    self.assertEqual(due, {"stages": 280, "warm-up": 480}.get(what, 400))
        # In closed loop nothing is due but what a session is at.
        run, *_ = self.pour(programs, 0.4, "-d", "-s", "8", "--duration", "1", "--drain", "0.3", status=(0, 1))
        self.assertEqual(run["totals"]["messages_unfinished"], 8)
        self.assertEqual(run["totals"]["messages_unstarted"], 0)

    @rig.on_every_engine((1, 4))
    def test_of_a_part_of_the_messages_is_no_failure_of_the_run(self, programs):
        """Half of them and more were delivered: the thresholds say the rest."""
        run, *_ = self.pour(programs, 2, "-d", "-s", "8", "--rate", "100/s", "--duration", "2.5", "--drain", "0.2", status=0)
        self.assertGreater(run["totals"]["failed_share"], 0.1)


if __name__ == "__main__":
    unittest.main()
