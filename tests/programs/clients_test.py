"""Clients that misbehave: every kind against our sink, whose report says what it saw, and beside good
clients, whose figures stay theirs."""

import json
import pathlib
import re
import resource
import signal
import socket
import time

import measuring
import readers
import rig

# Every kind with a value that is quick, and how a connection of it ends at our sink, which takes much.
KINDS = {
    "early-talker": "closed_after_quit",
    "slow-writer 20K": "closed_after_quit",
    "idle 100ms": "closed_by_client",
    "connect-only": "closed_by_client",
    "abort-in-data 5K": "closed_by_client",
    "reset-in-data": "closed_by_client",
    "no-quit": "closed_by_client",
    "rset-storm 300": "closed_after_quit",
    "rcpt-flood 300": "closed_after_quit",
    "unknown-commands 30": "closed_after_quit",
    "long-line 1K": "closed_after_quit",
    "long-line 1M": "closed_by_server",
    "long-header": "closed_after_quit",
    "header-flood": "closed_after_quit",
    "mime-bomb": "closed_after_quit",
    "no-helo": "closed_after_quit",
    "auth-guess 3": "closed_after_quit",
    "starttls-then-plain": "closed_by_server",
    "tls-renegotiate": "failed",
    "tls-garbage": "closed_by_server",
    "half-close": "closed_by_client",
    "pipelined-after-data": "closed_after_quit",
}
FALSE_ENDS = {"LF.LF", "LF.CRLF", "CRLF.LF", "LF.CR", "CR.LF", "CR.CR", "CR.CRLF", "CRLF.CR"}
ENDS = ("closed_after_quit", "closed_by_server", "reset_by_server", "closed_by_client", "timed_out", "failed",
        "closed_by_end_of_run")
TAKING = {"early-talker", "slow-writer 20K", "no-quit", "long-line 1K", "long-header", "header-flood", "mime-bomb",
          "no-helo", "half-close", "pipelined-after-data"}


def warnings(said):
    """Those among what a source said on standard error."""
    return re.findall(r"^smtp-source: warning: (.*)$", bytes(said).decode(), re.MULTILINE)


class Misbehaving(measuring.MeasureCase):
    def misbehave(self, programs, endpoint, kind, *arguments, messages=1):
        """Runs such clients; returns what is told of them, by kind."""
        run, _ = self.measure(programs, endpoint, "--client", kind, "-m", messages, "--reply-timeout", "20",
                              *arguments)
        for one in run["clients"]:
            self.assertEqual(sum(one[end] for end in ENDS), one["connections"], one)
            self.assertEqual(one["held"]["count"], one["connections"], one)
        return {one["kind"]: one for one in run["clients"]}


class EveryKind(Misbehaving):
    @rig.on_every_engine()
    def test_ends_as_it_should_and_the_sink_lives(self, programs):
        with programs.sink("-c", "--starttls") as sink:
            for kind, end in KINDS.items():
                with self.subTest(kind=kind):
                    told = self.misbehave(programs, sink.endpoint, kind)[kind]
                    self.assertEqual((told["connections"], told[end]), (1, 1), told)
                    self.assertEqual(told["content_taken"], 1 if kind in TAKING else 0, told)
            self.assertEqual(programs.source(sink.endpoint, "-m", "5").returncode, 0)
            rig.wait_for(lambda: sink.open_sessions() == 0, "all to be gone")

    @rig.on_every_engine()
    def test_the_sink_takes_no_false_end(self, programs):
        with programs.sink("-c") as sink:
            told = self.misbehave(programs, sink.endpoint, "bare-lf", messages=8)
            self.assertEqual(set(told), {f"bare-lf {end}" for end in FALSE_ENDS})
            for one in told.values():
                self.assertEqual((one["content_taken"], one["smuggled_taken"]), (1, 0), one)
            sink.wait_counter("mesg", 8)
        self.assertEqual(sink.counters()["mesg"], 8)

    @rig.on_every_engine()
    def test_a_slow_reader_looks_only_now_and_then(self, programs):
        with programs.sink("-c") as sink:
            told = self.misbehave(programs, sink.endpoint, "slow-reader", "--duration", "3")
            self.assertEqual(told["slow-reader"]["closed_by_end_of_run"], 1)
            (replies,) = told["slow-reader"]["replies"]["EHLO"]
            self.assertLess(replies["count"], 1_000)

    @rig.on_every_engine()
    def test_who_leaves_and_who_resets_differ(self, programs):
        for kind, error in (("abort-in-data", "closed"), ("reset-in-data", "reset")):
            with self.subTest(kind=kind):
                with self.counting_sink(programs) as (sink, counted):
                    self.misbehave(programs, sink.endpoint, kind)
                    rig.wait_for(lambda sink=sink: sink.open_sessions() == 0, "all to be gone")
                seen = {what: one["count"] for what, one in counted[0]["errors"].items() if one["count"]}
                self.assertEqual(seen, {error: 1})

    # Once before TLS and once within it; and what is new in TLS 1.3 is allowed where the other was not.
    @rig.on_every_engine()
    def test_who_renegotiates_is_within_tls(self, programs):
        with programs.sink("-c", "--starttls") as sink:
            for arguments, end in (((), "failed"), (("--tls-version", "1.3"), "closed_after_quit")):
                with self.subTest(arguments=arguments):
                    told = self.misbehave(programs, sink.endpoint, "tls-renegotiate", *arguments)["tls-renegotiate"]
                    self.assertEqual(told[end], 1, told)
                    self.assertEqual([(one["code"], one["count"]) for one in told["replies"]["EHLO"]], [(250, 2)])

    @rig.on_every_engine()
    def test_none_connects_more_than_ten_times_a_second(self, programs):
        with programs.sink("-c") as sink:
            begin = time.monotonic()
            self.misbehave(programs, sink.endpoint, "no-quit", messages=6)
            self.assertGreaterEqual(time.monotonic() - begin, 0.5)

    # A server that takes everything for the end.
    def test_smuggling_is_seen_where_it_works(self):
        programs = rig.ours("epoll")

        def naive(client):
            with client.makefile("rb") as lines:
                client.sendall(b"220 hi\r\n")
                content = False
                for line in lines:
                    if content and line.strip() != b".":
                        continue
                    word = line[:4].strip().upper()
                    content = word == b"DATA"
                    client.sendall(b"354 go\r\n" if content else b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
                    if word == b"QUIT":
                        return

        with rig.FakeServer(naive) as server:
            told = self.misbehave(programs, server.endpoint, "bare-lf LF.LF")["bare-lf LF.LF"]
        self.assertEqual((told["content_taken"], told["smuggled_taken"], told["closed_after_quit"]), (1, 1, 1), told)

    # That is longer than a server has to hang up on who has left.
    def test_who_has_left_waits_for_the_reply_that_is_owed(self):
        programs = rig.ours("epoll")

        def slow(client):
            with client.makefile("rb") as lines:
                client.sendall(b"220 hi\r\n")
                for line in lines:
                    if line == b".\r\n":
                        time.sleep(12)
                        client.sendall(b"250 taken\r\n")
                        return
                    if line[:4] in (b"EHLO", b"MAIL", b"RCPT"):
                        client.sendall(b"250 ok\r\n")
                    elif line == b"DATA\r\n":
                        client.sendall(b"354 go\r\n")

        with rig.FakeServer(slow) as server:
            told = self.misbehave(programs, server.endpoint, "half-close")["half-close"]
        self.assertEqual((told["content_taken"], told["closed_by_client"]), (1, 1), told)


class BesideGoodClients(measuring.MeasureCase):
    @rig.on_every_engine((1, 2))
    def test_their_figures_are_apart(self, programs):
        with self.counting_sink(programs) as (sink, counted):
            alone, _ = self.measure(programs, sink.endpoint, "-s", "3", "-m", "500", "-d", "--duration", "60")
            run, done = self.measure(programs, sink.endpoint, "-s", "20", "-m", "500", "-d",
                                     "--client", "15 slow-writer 1", "--client", "2 rset-storm 10000")
        self.assertEqual(run["totals"]["messages"], 500)
        self.assertEqual(run["totals"]["sessions_opened"], 3)
        self.check_sums(run)
        self.assertNotIn("RSET", run["replies"])
        slow, storm = run["clients"]
        self.assertEqual((slow["kind"], slow["sessions"], slow["connections"]), ("slow-writer 1", 15, 15))
        self.assertEqual(slow["closed_by_end_of_run"], 15)
        self.assertGreaterEqual(storm["connections"], 2)
        # The bytes of the ones are not those of the others, and all together are what the sink took.
        few = alone["totals"]["bytes_sent"] / 50
        for name in ("bytes_sent", "bytes_received"):
            self.assertAlmostEqual(run["totals"][name], alone["totals"][name], delta=few)
        took = counted[0]["totals"]["bytes_received"]
        sent = sum(part["bytes_sent"] for part in (alone["totals"], run["totals"], *run["clients"]))
        self.assertAlmostEqual(sent, took, delta=few)
        self.assertIn(b"Clients that misbehave", done.stdout)
        path = self.scratch / f"clients.{programs.name}.json"
        path.write_text(json.dumps(run))
        readers.validate(measuring.SCHEMA, path)
        self.assertIn(b"15 slow-writer 1, 2 rset-storm 10000, 3 good", done.stdout)

    @rig.on_every_engine((1, 2))
    def test_open_loop_keeps_its_rate(self, programs):
        with programs.sink("-c") as sink:
            run, _ = self.measure(programs, sink.endpoint, "-s", "20", "--rate", "100", "--duration", "1",
                                  "--client", "50% idle 60s")
        self.assertEqual(run["totals"]["messages"], 100)
        self.assertEqual(run["clients"][0]["closed_by_end_of_run"], 10)

    @rig.on_every_engine((8,))
    def test_threads_without_a_good_one_take_no_part_in_the_load(self, programs):
        with programs.sink("-c") as sink:
            run, _ = self.measure(programs, sink.endpoint, "-s", "21", "--rate", "200", "--duration", "1", "--ehlo",
                                  "-d", "--client", "20 idle 60s", "--client", "good", "--retry", "2x1s")
        self.assertEqual((run["totals"]["messages"], run["totals"]["messages_unstarted"]), (200, 0))

    @rig.on_every_engine((2,))
    def test_the_first_interrupt_ends_all(self, programs):
        with programs.sink("-c") as sink:
            path = self.scratch / f"run.{programs.name}.json"
            source = programs.start("smtp-source", "-s", "10", "--client", "idle 1h", "-m", "1000000",
                                    "--json", path, sink.endpoint, statuses=(0, 1))
            rig.wait_for(lambda: sink.open_sessions() == 10, "all to be there")
            source.send_signal(signal.SIGINT)
            source.wait(rig.PATIENCE)

    def test_a_scenario_says_the_same(self):
        programs = rig.ours("epoll")
        mix = self.scratch / "mix.toml"
        mix.write_text("[[client]]\nkind = 'good'\nweight = 1\n[[client]]\nkind = 'idle 1h'\nweight = 4\n")
        with programs.sink("-c") as sink:
            run, _ = self.measure(programs, sink.endpoint, "-s", "10", "-m", "50", "--scenario", mix)
        self.assertEqual((run["totals"]["messages"], run["clients"][0]["sessions"]), (50, 8))


class Ways(Misbehaving):
    """How such clients come to a server: as good ones do."""

    @rig.on_every_engine()
    def test_they_come_from_the_addresses_that_are_given(self, programs):
        with programs.sink("-v") as sink:
            self.misbehave(programs, sink.endpoint, "no-quit", "--bind", "127.0.0.5-127.0.0.7", "-s", "3", messages=3)
            sink.end()
            seen = re.findall(rb"connect from \[127\.0\.0\.(\d)\]", sink.err)
            self.assertEqual(sorted(seen), [b"5", b"6", b"7"])

    # Each connection is another client, and none of the good ones.
    @rig.on_every_engine()
    def test_they_are_named_to_a_proxy(self, programs):
        for tls in ([], ["--tls"]):
            with programs.sink("--proxy-from", "127.0.0.1", "-v", *tls) as sink:
                told = self.misbehave(programs, sink.endpoint, "2 no-quit", "--proxy-protocol", "v2",
                                      "--proxy-source", "[gen]", "-s", "2", *tls, messages=4)["no-quit"]
                self.assertEqual(told["content_taken"], 4)
                sink.end()
                seen = re.findall(rb"on behalf of \[198\.19\.0\.(\d)\]", sink.err)
                self.assertEqual(sorted(seen), [b"0", b"1", b"2", b"3"])

    @rig.on_every_engine()
    def test_they_begin_with_tls(self, programs):
        with programs.sink("-c", "--tls") as sink:
            told = self.misbehave(programs, sink.endpoint, "half-close", "--tls")["half-close"]
            self.assertEqual((told["content_taken"], told["closed_by_client"]), (1, 1), told)
            told = self.misbehave(programs, sink.endpoint, "half-close", "--tls", "--tls-verify", "--sni", "localhost")
            self.assertEqual((told["half-close"]["content_taken"], told["half-close"]["failed"]), (0, 1), told)


class Page(measuring.MeasureCase):
    def test_has_a_table_of_them(self):
        programs = rig.ours("epoll")
        path = self.scratch / "run.html"
        with programs.sink("-c") as sink:
            self.measure(programs, sink.endpoint, "-s", "4", "-m", "50", "--client", "2 idle 1h", "--html", path)
        page = self.check_page(path, plots=4)
        self.assertRegex(page.text, r"Clients that misbehave\s")
        self.assertRegex(page.text, r"idle 1h\s+2\s")


class Connecting(measuring.MeasureCase):
    @rig.on_every_engine()
    def test_nobody_there_is_not_asked_again_at_once(self, programs):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # and does not listen
            run, _ = self.measure(programs, f"127.0.0.1:{taken.getsockname()[1]}", "-s", "2", "--client", "idle",
                                  "--duration", "1", status=1)
        (told,) = run["clients"]
        self.assertEqual(told["connections"], 0)
        # 0, 200, 600 ms: three each.
        self.assertLessEqual(told["connects_refused"], 6)
        self.assertGreaterEqual(told["connects_refused"], 2)


    # The same as of good clients, which each lose a message.
    @rig.on_every_engine()
    def test_a_hopeless_server_uses_up_the_connections(self, programs):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            run, done = self.measure(programs, f"127.0.0.1:{port}", "-s", "2", "--client", "idle", "-m", "4", status=1)
        (told,) = run["clients"]
        self.assertEqual((told["connections"], told["connects_refused"]), (0, 4))
        self.assertEqual(warnings(done.stderr), [f"connect: Connection refused (idle, [127.0.0.1]:{port})"])

    @rig.on_every_engine()
    def test_all_addresses_of_the_server_are_tried(self, programs):
        rig.need(pathlib.Path("/proc/net/if_inet6").exists(), "no IPv6 here")
        hosts, path = self.scratch / "hosts", self.scratch / f"both.{programs.name}.json"
        hosts.write_text("::1 both.example\n127.0.0.1 both.example\n")
        with programs.sink("-c") as sink:
            port = rig.port_of(sink.endpoint)
            done = rig.run([*rig.own_mounts(f'mount --bind "{hosts}" /etc/hosts'), *programs.command(
                "smtp-source", ["--client", "no-quit", "-m", "3", "--json", path, f"both.example:{port}"])])
            self.assertEqual((done.returncode, done.stderr), (0, b""))
        (told,) = json.loads(path.read_text())["clients"]
        self.assertEqual((told["connections"], told["connects_refused"]), (3, 0))

    @rig.on_every_engine()
    def test_why_there_is_no_connection_is_told(self, programs):
        with programs.sink("-c") as sink, socket.socket() as holder:
            only = rig.free_port()
            host, _, port = sink.endpoint.rpartition(":")
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            holder.bind((host, only))
            holder.connect((host, int(port)))
            run, done = self.measure(programs, sink.endpoint, "--client", "no-quit", "-m", "2", "--bind", host,
                                     "--bind-ports", only, status=1)
            self.assertEqual(run["clients"][0]["connects_refused"], 2)
        self.assertEqual(warnings(done.stderr), ["connect: Cannot assign requested address: is no local port left? "
                                                 f"--bind connects from more addresses (no-quit, [{host}]:{port})"])

    # They come and go, until there is nothing left that they could come by.
    @rig.on_every_engine()
    def test_that_there_are_no_descriptors_is_told(self, programs):
        with programs.sink("-c") as sink:
            source = programs.start("smtp-source", "-s", "3", "--client", "connect-only", "-m", "1000000", sink.endpoint)
            rig.wait_for(lambda: sink.counters().get("sess", 0) > 0, "one to come")
            limits = resource.prlimit(source.pid, resource.RLIMIT_NOFILE)
            resource.prlimit(source.pid, resource.RLIMIT_NOFILE, (3, limits[1]))
            rig.wait_for(lambda: warnings(source.err), "a warning")
            resource.prlimit(source.pid, resource.RLIMIT_NOFILE, limits)
            source.send_signal(signal.SIGINT)
            source.wait(rig.PATIENCE)
        port = rig.port_of(sink.endpoint)
        self.assertEqual(warnings(source.err), ["socket: Too many open files: more are to be had by ulimit -n "
                                                f"(connect-only, [127.0.0.1]:{port})"])


class Mistakes(rig.TestCase):
    def test_are_told_in_a_sentence(self):
        programs = rig.ours("epoll")
        secure, idle = self.scratch / "secure.toml", self.scratch / "idle.toml"
        secure.write_text("[[client]]\nkind = 'tls-renegotiate'\nweight = 1\n")
        idle.write_text("[[client]]\nkind = 'idle'\nweight = 1\n")
        for arguments, told in (
                (("--client", "polite"), b"bad client: polite"),
                (("--client", "idle", "-L"), b"-L cannot be used"),
                (("--client", "idle 0"), b"bad client: idle 0 (--client: expected a time"),
                (("--client", "5 idle"), b"5 are more clients than the 1 session (-s): it takes 5"),
                (("-s", "10", "--client", "1% idle", "--client", "good"), b"none is left for idle: it takes 50"),
                (("--client", "tls-garbage", "--tls"), b"--tls cannot be used with them"),
                (("--scenario", secure, "--tls"), b"--tls cannot be used with them"),
                (("--client", "idle", "--tls-version", "1.3"), b"--tls-version needs --starttls or --tls"),
                (("--scenario", idle, "--tls-version", "1.3"), b"options of TLS need --starttls or --tls"),
                (("--client", "idle", "--rate", "5"), b"a rate is that of good clients")):
            with self.subTest(arguments=arguments):
                done = programs.source("127.0.0.1:1", *arguments)
                self.assertEqual(done.returncode, 1)
                self.assertIn(told, done.stderr)
                self.assertEqual(done.stderr.count(b"\n"), 1)
