"""A sink that is watched: what Prometheus reads, events, clients; and a reset between two tests."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import socket

import api
import playing
import rig


class Metrics(api.HttpCase):
    def test_they_are_what_prometheus_reads(self):
        rules = self.scratch / "rules.toml"
        rules.write_text(api.TOML.replace('"no"', '\'with "quotes" and \\ and ü\''))
        with self.sink("--rules", rules) as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + playing.message("250 *") + playing.MAIL +
                            playing.refused("no@x.test", "550 5.1.1 No"))
            rig.wait_for(lambda: asked.stats()["sessions"]["open"] == 0, "the session to end")
            text = asked.get("/metrics").body.decode()
            values = {}
            for line in text.splitlines():
                if line.startswith("#"):
                    self.assertRegex(line, r"^# (HELP|TYPE) smtp_sink_[a-z_]+ \S")
                    continue
                name, value = line.rsplit(" ", 1)
                self.assertRegex(name, r'^smtp_sink_[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)+\})?$')
                self.assertNotIn(name, values)
                values[name] = float(value)
            self.assertEqual(values["smtp_sink_sessions_total"], 1)
            self.assertEqual(values["smtp_sink_sessions_open"], 0)
            self.assertEqual(values['smtp_sink_messages_total{result="taken"}'], 1)
            self.assertEqual(values['smtp_sink_replies_total{command="RCPT",code="550",enhanced="5.1.1"}'], 1)
            self.assertEqual(values['smtp_sink_commands_total{command="RCPT"}'], 2)
            self.assertEqual(values["smtp_sink_http_failed_total"], 0)
            self.assertEqual(values['smtp_sink_rule_hits_total{rule="with \\"quotes\\" and \\\\ and ü"}'], 1)
            self.assertEqual(values['smtp_sink_session_seconds_bucket{le="+Inf"}'], 1)
            self.assertEqual(values["smtp_sink_session_seconds_count"], 1)
            self.assertNotIn('smtp_sink_verify_total{result="seen"}', values)
            self.assertNotIn('smtp_sink_lint_findings_total{finding="bare-lf"}', values)

    def test_what_was_verified_is_told(self):
        key = self.scratch / "key"
        key.write_text("00112233445566778899aabbccddeeff\n")
        with self.sink("--verify", self.scratch / "got", "--stamp-key", key) as (sink, asked):
            rig.ours("uring").source(sink.endpoint, "--stamp", self.scratch / "sent", "--stamp-key", key, "-d", "-m",
                                     50)
            stats = asked.stats()
            found = stats["verify"]
            self.assertEqual((found["seen"], found["altered"], found["from_due"]["count"]), (50, 0, 50))
            (run,) = found["runs"]
            self.assertEqual((run["come"], run["missing"], found["missing"], found["not_counted"]), (50, 0, 0, 0))
            text = asked.get("/metrics").body.decode()
            self.assertIn('smtp_sink_verify_total{result="seen"} 50', text)
            self.assertIn('smtp_sink_verify_latency_seconds_count{from="sent"} 50', text)
            self.assertEqual(asked.ask("POST", "/api/v1/reset").status, 204)
            found = asked.stats()["verify"]
            self.assertEqual((found["seen"], found["runs"], found["missing"]), (0, [], 0))
            self.assertEqual((found["from_due"]["count"], found["from_sent"]["max"]), (0, 0))
            self.assertIn('smtp_sink_verify_total{result="seen"} 50', asked.get("/metrics").body.decode())


    def test_what_is_missing_of_a_run_is_told_while_it_goes(self):
        (self.scratch / "rules.toml").write_text(
            "[[rule]]\nname = 'third'\nmatch = { command = '.', nth = 3 }\nact = { reply = '550 5.6.0 No' }\n")
        with self.sink("--verify", self.scratch / "got", "--rules", self.scratch / "rules.toml") as (sink, asked):
            for number in (1, 2):
                rig.ours("uring").source(sink.endpoint, "--stamp", self.scratch / f"sent{number}", "-A", "-d", "-m", 10)
                found = asked.stats()["verify"]
                self.assertEqual((found["missing"], len(found["runs"])), (3 * number, number))
            for run in found["runs"]:
                self.assertEqual((run["come"], run["missing"]), (7, 3))
            text = asked.get("/metrics").body.decode()
            for run in found["runs"]:
                self.assertIn(f'smtp_sink_verify_missing{{run="{run["run"]}"}} 3\n', text)

    def test_commands_are_counted_that_no_reply_tells_of(self):
        with self.sink("-q", "VRFY") as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\nC: NOOP\nS: 250 *\nC: NOOP\nS: 250 *\nC: WHAT\nS: 500 *\n"
                            "C: VRFY x\n= closed")
            stats = asked.stats()
            self.assertEqual({row["command"]: row["count"] for row in stats["commands"]},
                             {"CONNECT": 1, "HELO": 1, "NOOP": 2, "UNKNOWN": 1, "VRFY": 1})
            self.assertNotIn("VRFY", [row["command"] for row in stats["replies"]])
            asked.ask("POST", "/api/v1/reset")
            self.assertEqual(asked.stats()["commands"], [])
            self.assertIn('smtp_sink_commands_total{command="VRFY"} 1\n', asked.get("/metrics").body.decode())


class Lint(api.HttpCase):
    def judged(self, asked, sessions):
        rig.wait_for(lambda: asked.stats()["lint"]["sessions"] == sessions, "the session to be judged")
        return asked.get("/api/v1/lint").json

    def test_what_clients_do_wrong_is_told_with_a_sample_and_by_client(self):
        for engine in rig.ENGINES:
            with self.subTest(engine), self.sink("--lint", engine=engine) as (sink, asked):
                self.assertEqual(asked.stats()["lint"], {"sessions": 0, "faulty_sessions": 0, "findings": []})
                with playing.Player(sink.endpoint) as player:
                    player.play("C: HELO me.test\nS: 250 *\nC: MAIL FROM: <a@b.test>\nS: 250 *\n"
                                "C: QUIT\nS: 221 *\n= closed")
                told = self.judged(asked, 1)
                self.assertEqual((told["strict"], told["sessions"], told["faulty_sessions"]), (False, 1, 1))
                (finding,) = told["findings"]
                self.assertEqual((finding["name"], finding["count"], finding["sample"], finding["client"]),
                                 ("blank-before-path", 1, "FROM: <a@b.test>", "127.0.0.1 (me.test)"))
                self.assertEqual(told["clients"], [{"address": "127.0.0.1", "hello": "me.test", "sessions": 1,
                                                    "findings": [{"name": "blank-before-path", "count": 1}]}])
                self.assertEqual(asked.stats()["lint"]["findings"], [{"name": "blank-before-path", "count": 1}])
                text = asked.get("/metrics").body.decode()
                self.assertIn('smtp_sink_lint_findings_total{finding="blank-before-path"} 1\n', text)
                self.assertIn('smtp_sink_lint_findings_total{finding="bare-lf"} 0\n', text)

    def test_a_reset_begins_anew_and_the_report_does_not(self):
        report = self.scratch / "run.json"
        with self.sink("--lint=strict", "--json", report) as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO me.test\nS: 250 *\nC: WHAT\nS: 500 *\nC: QUIT\nS: 221 *\n= closed")
            self.assertTrue(self.judged(asked, 1)["strict"])
            asked.ask("POST", "/api/v1/reset")
            self.assertEqual((self.judged(asked, 0)["findings"], self.judged(asked, 0)["clients"]), ([], []))
        self.assertEqual(json.loads(report.read_text())["lint"]["findings"][0]["name"], "unknown-command")

    def test_what_a_client_says_is_text(self):
        evil = b"MAIL FROM: <script>\x1b[31m\xff\""
        with self.sink("--lint") as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *")
                player.say(evil + b"\r\nQUIT\r\n")
                player.line()
            self.judged(asked, 1)
            body = asked.get("/api/v1/lint").body
            self.assertNotIn(b"\x1b", body)
            self.assertNotIn(b"script", asked.get("/metrics").body)

    def test_without_it_there_is_nothing(self):
        with self.sink() as (_, asked):
            asked.get("/api/v1/lint", 404)
            self.assertIsNone(asked.stats()["lint"])


class Events:
    """Reads events of a sink as they come: each (name, data)."""

    def __init__(self, asked):
        host, port = asked.endpoint.split(":")
        self.socket = socket.create_connection((host, int(port)), rig.PATIENCE)
        token = f"Authorization: Bearer {asked.token}\r\n" if asked.token else ""
        self.socket.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: {asked.endpoint}\r\n{token}\r\n".encode())
        self._connection = http.client.HTTPResponse(self.socket)
        self._connection.begin()
        self.status = self._connection.status
        self.media = self._connection.getheader("Content-Type")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._connection.close()
        self.socket.close()

    def next(self, wanted=None):
        while True:
            name = self._connection.readline()
            if not name:
                return None
            data, end = self._connection.readline(), self._connection.readline()
            assert name.startswith(b"event: ") and data.startswith(b"data: ") and end == b"\n", (name, data, end)
            kind, told = name[7:-1].decode(), json.loads(data[6:])
            api.check_schema(told, {"$ref": f"#/components/schemas/{kind.capitalize()}"})
            if wanted in (None, kind):
                return kind, told


class Watching(api.HttpCase):
    def test_events_lead_to_no_messages_that_are_gone(self):
        with self.sink("--store", "memory:1") as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + 3 * api.mail("x"))
            with Events(asked) as events:
                told = events.next("messages")[1]
                self.assertEqual((len(told["messages"]), told["found"], told["kept"], told["before"]), (1, 3, 1, None))

    def test_events_tell_what_happens(self):
        with self.sink("--store", "memory:100") as (sink, asked), Events(asked) as events:
            self.assertEqual((events.status, events.media), (200, "text/event-stream"))
            self.assertEqual(events.next(), ("rules", {"rules": []}))
            self.assertEqual(events.next("stats")[1]["messages"]["taken"], 0)
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + api.mail("first") + api.mail("second"))
                told = events.next("messages")[1]
                subjects = [one["subject"] for one in told["messages"]]
                self.assertIn(subjects, (["first"], ["first", "second"]))
                self.assertEqual((told["messages"][0]["recipients"], told["messages"][0]["recipient_count"]), (["c@d.test"], 1))
                self.assertIsNone(told["before"])
                while events.next("stats")[1]["messages"]["taken"] < 2:
                    pass
            asked.ask("PUT", "/api/v1/rules", {"rules": [api.RULE]})
            self.assertEqual(events.next("rules")[1]["rules"][0]["name"], "no")

    def test_a_sink_ends_while_it_is_watched(self):
        with self.sink(token=api.TOKEN) as (sink, asked), Events(asked) as events:
            events.next("stats")
            sink.end()
            while events.next() is not None:
                pass

    def test_sixteen_may_watch(self):
        with self.sink() as (_, asked), contextlib.ExitStack() as stack:
            watching = [stack.enter_context(Events(asked)) for _ in range(16)]
            for events in watching:
                self.assertEqual(events.next()[0], "rules")
            self.assertEqual(asked.ask("GET", "/api/v1/events").status, 503)
            watching[0].__exit__()
            rig.wait_for(lambda: self.may_watch(asked), "a place")

    @staticmethod
    def may_watch(asked):
        with Events(asked) as events:
            return events.status == 200

    def test_nothing_is_below_zero_when_it_is_reset_meanwhile(self):
        with self.sink() as (sink, asked), concurrent.futures.ThreadPoolExecutor(4) as threads:
            load = rig.ours("uring").start("smtp-source", "-s", 4, "-m", 5_000, sink.endpoint)

            def reset():
                while load.poll() is None:
                    asked.ask("POST", "/api/v1/reset")

            resets = [threads.submit(reset) for _ in range(2)]
            try:
                while load.poll() is None:
                    stats = asked.stats()
                    for number in (*stats["messages"].values(), stats["recipients"], *stats["bytes"].values(),
                                   *(row["count"] for row in stats["replies"])):
                        self.assertLess(number, 1 << 62)
            finally:
                load.wait()
            for done in resets:
                done.result()

    def test_one_that_reads_nothing_stops_nobody(self):
        with self.sink() as (_, asked), Events(asked):
            for _ in range(20):
                asked.stats()

    def test_clients_are_told_of(self):
        with self.sink("--proxy-from", "127.0.0.2", "--offer", "STARTTLS") as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO me.test\nS: 250 *\n" + api.mail() + "C: NONSENSE\nS: 500 *")
                (one,) = asked.get("/api/v1/clients").json["clients"]
                self.assertEqual(
                    (one["address"], one["helo"], one["sessions_open"], one["sessions"], one["messages"],
                     one["recipients"], one["refused"]), ("127.0.0.1", "me.test", 1, 1, 1, 1, 1))
                self.assertLessEqual(one["first"], one["last"])
            rig.wait_for(lambda: asked.get("/api/v1/clients").json["clients"][0]["sessions_open"] == 0, "its end")
            host, port = sink.endpoint.split(":")
            with socket.create_connection((host, int(port)), rig.PATIENCE, ("127.0.0.2", 0)) as proxy:
                proxy.sendall(b"PROXY TCP4 192.0.2.7 127.0.0.1 40000 25\r\n")
                self.assertTrue(proxy.recv(100).startswith(b"220"))
                clients = asked.get("/api/v1/clients").json["clients"]
                self.assertEqual([one["address"] for one in clients], ["192.0.2.7", "127.0.0.1"])

    def test_a_reset_begins_anew(self):
        (self.scratch / "rules.toml").write_text(api.TOML)
        with self.sink("--store", "memory:9", "--rules", self.scratch / "rules.toml") as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO me.test\nS: 250 *\n" + api.mail() + playing.MAIL +
                            playing.refused("no@x", "550 5.1.1 No"))
                asked.ask("PUT", "/api/v1/rules", {"rules": []})
                before = asked.stats()
                self.assertEqual(asked.ask("POST", "/api/v1/reset").status, 204)
                now = asked.stats()
                self.assertEqual((now["messages"], now["replies"], now["errors"], now["recipients"]),
                                 ({"started": 0, "taken": 0, "refused": 0}, [], [], 0))
                self.assertEqual((now["sessions"]["open"], now["rules"], now["store"]["messages"]),
                                 (1, [{"name": "no", "hits": 0}], 0))
                self.assertEqual(now["start"], before["start"])
                self.assertGreater(now["since"], before["time"])
                player.play(playing.refused("no@x", "550 5.1.1 No"))
                self.assertEqual(asked.stats()["rules"], [{"name": "no", "hits": 1}])
                (one,) = asked.get("/api/v1/clients").json["clients"]
                self.assertEqual((one["sessions_open"], one["messages"], one["refused"]), (1, 0, 1))
            self.assertIn('smtp_sink_messages_total{result="taken"} 1', asked.get("/metrics").body.decode())


class Readme(api.HttpCase):
    def test_its_script_does_what_it_says(self):
        text = (rig.TOP / "README.md").read_text()
        script = text[text.index("    #!/bin/sh -e\n"):]
        script = script[:script.index("\n`/metrics`")]
        script = "".join(line.removeprefix("    ") for line in script.splitlines(keepends=True))
        script = script.replace("8025", str(rig.free_port())).replace("2525", str(rig.free_port()))
        script = script.replace("smtp-sink ", "smtp-sink -u root ") if os.geteuid() == 0 else script
        (self.scratch / "script").write_text(script)
        done = rig.run(["sh", "-e", self.scratch / "script"], environment={"PATH": f"{rig.BUILD}:/usr/bin:/bin"})
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(b"recipient rejected: 452 4.2.2 Mailbox full", done.stderr)
        self.assertIn(b'"found":1', done.stdout)
