"""Rules that are changed over HTTP while a sink runs."""

import contextlib
import http.client
import json
import os
import signal

import api
import playing
import rig


class Rules(api.HttpCase):
    PATH = "/api/v1/rules"

    @contextlib.contextmanager
    def ruled(self, text, *arguments, **options):
        (self.scratch / "rules.toml").write_text(text)
        with self.sink("--rules", self.scratch / "rules.toml", *arguments, **options) as (sink, asked):
            yield sink, asked

    def names(self, asked):
        return [rule["name"] for rule in asked.get(self.PATH).json["rules"]]

    def change(self, asked, method, path, body=None, status=200, **options):
        answer = asked.ask(method, self.PATH + path, body, **options)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json if answer.body else None

    def mistakes(self, asked, method, path, body, **options):
        return self.change(asked, method, path, body, 400, **options)["mistakes"]

    def test_those_of_a_file_are_told(self):
        with self.ruled(api.TOML, "-r", "MAIL") as (_, asked):
            self.assertEqual(asked.get(self.PATH).json, {"rules": [{**api.RULE, "enabled": True, "hits": 0}]})
            self.assertEqual(asked.get(f"{self.PATH}/no").json, {**api.RULE, "enabled": True, "hits": 0})
            asked.get(f"{self.PATH}/other", 404)

    def test_as_toml_they_are_a_file_that_a_sink_takes(self):
        for rules in sorted(playing.RULES.glob("*.toml")):
            with self.subTest(rules.name), self.ruled(rules.read_text()) as (_, asked):
                told = asked.get(self.PATH, accept="application/toml").body
                (self.scratch / "again.toml").write_bytes(told)
                done = rig.ours("uring").run("smtp-sink", "--check-rules", "--rules", self.scratch / "again.toml")
                self.assertEqual(done.returncode, 0, done.stderr)
                before = asked.get(self.PATH).json
                self.assertEqual(self.change(asked, "PUT", "", told, media="application/toml"), before)
                self.assertEqual(self.change(asked, "PUT", "", before), before)
                for rule in before["rules"]:
                    alone = asked.get(f"{self.PATH}/{rule['name'].replace(' ', '%20')}", accept="application/toml")
                    self.assertIn(alone.body, told)

    def test_what_is_put_holds_when_it_is_answered(self):
        for engine in rig.ENGINES:
            with self.subTest(engine), self.sink(engine=engine, threads=4) as (sink, asked), \
                    contextlib.ExitStack() as stack:
                players = [stack.enter_context(playing.Player(sink.endpoint)) for _ in range(8)]
                for player in players:
                    player.play("C: HELO x\nS: 250 *\n" + playing.MAIL + playing.taken("no@x.test"))
                self.change(asked, "PUT", "", {"rules": [api.RULE]})
                for player in players:
                    player.play(playing.refused("no@x.test", "550 5.1.1 No"))
                self.assertEqual(asked.get(f"{self.PATH}/no").json["hits"], 8)
                self.change(asked, "PATCH", "/no", {"enabled": False})
                for player in players:
                    player.play(playing.taken("no@x.test"))
                self.change(asked, "PATCH", "/no", {"enabled": True, "act": {"reply": "450 4.1.1 {count}"}})
                for number, player in enumerate(players):
                    player.play(playing.refused("no@x.test", f"450 4.1.1 {number + 1}"))
                self.assertEqual(asked.stats()["rules"], [{"name": "no", "hits": 16}])
                self.change(asked, "DELETE", "/no", status=204)
                for player in players:
                    player.play(playing.taken("no@x.test"))
                self.assertEqual(self.names(asked), [])

    def test_a_patch_leaves_what_it_does_not_name(self):
        with self.ruled(api.TOML) as (_, asked):
            changed = self.change(asked, "PATCH", "/no", {"match": {"recipient": ["a@*", "b@*"]}})
            self.assertEqual(changed["match"], {"command": "RCPT", "recipient": ["a@*", "b@*"]})
            changed = self.change(asked, "PATCH", "/no", {"match": {"recipient": None}, "name": "to all / of them"})
            self.assertEqual((changed["name"], changed["match"]), ("to all / of them", {"command": "RCPT"}))
            path = "/to%20all%20%2f%20of%20them"
            changed = self.change(asked, "PATCH", path, 'act = { reply = "550 5.7.1 \\"x\\"" }\nenabled = false\n',
                                  media="application/toml")
            self.assertEqual((changed["act"], changed["enabled"]), ({"reply": '550 5.7.1 "x"'}, False))
            self.change(asked, "PATCH", path, {"hits": 5, "enabled": True}, media="application/merge-patch+json")
            asked.get(f"{self.PATH}/no", 404)

    def test_all_mistakes_are_told_and_change_nothing(self):
        with self.ruled(api.TOML) as (_, asked):
            before = asked.get(self.PATH).body
            known = "(expected one of name, enabled, match, act)"
            for method, path, body, told in (
                    ("PUT", "", {"rules": [api.RULE, api.RULE]}, ["no: no is the name of another rule"]),
                    ("PUT", "", {"rules": [{**api.RULE, "x": 1, "enabled": "yes"}]},
                     ["no: bad enabled: yes (expected true or false)", f"no: unknown key of rule: x {known}"]),
                    ("PUT", "", {"rules": [{"name": "a"}, 5]}, ["rule 2: a rule is an object"]),
                    ("PUT", "", {"rules": [{"match": {"command": None}, "act": {"reply": 2**63}}]},
                     ["rule 1: a number is too large", "rule 1: null says nothing (expected a value, or no key)"]),
                    ("PUT", "", {"rules": {}}, ['expected {"rules": [...]}']),
                    ("PUT", "", [], ['expected {"rules": [...]}']),
                    ("PUT", "", "{", ["no JSON: wrong at byte 2"]),
                    ("PUT", "", b'{"rules": ["\xff"]}', ["no JSON: wrong at byte 13"]),
                    ("PUT", "", "[" * 100_000, ["values are too deep within each other"]),
                    ("PUT", "", '{"rules":[' + '{"x":' * 50_000, ["values are too deep within each other"]),
                    ("PATCH", "/no", [], ["expected an object with what is to change"]),
                    ("PATCH", "/no", {"act": {"reply": "200 x"}}, None),
                    ("PATCH", "/no", {"act": None}, ["no: a rule without act (expected name, match and act)"]),
                    ("PATCH", "/no", {"name": ""}, None)):
                with self.subTest(str(body)[:60]):
                    found = self.mistakes(asked, method, path, body)
                    if told is not None:
                        self.assertEqual(sorted(found), sorted(told))
                    self.assertEqual(asked.get(self.PATH).body, before)
            for body, told in (("[[rule]]\nname = 'x'\n", "rules:1:1: a rule without match"),
                               ("x", "rules:1:2: "), ("[[rule]]\n" * 6000, "rules:"), (b"\xff\xfe", "rules:1:1")):
                with self.subTest(body[:20]):
                    found = self.mistakes(asked, "PUT", "", body, media="application/toml")
                    self.assertTrue(found[0].startswith(told), found[0])
            for media in ("text/plain", "", "application/x-www-form-urlencoded"):
                self.change(asked, "PUT", "", {"rules": []}, 415, media=media)
                self.change(asked, "PATCH", "/no", {}, 415, media=media)
            self.change(asked, "PATCH", "/other", {}, 404)
            self.change(asked, "DELETE", "/other", status=404)
            self.assertEqual(asked.get(self.PATH).body, before)

    def test_a_name_that_another_has_is_refused(self):
        with self.ruled(api.TOML + api.TOML.replace('"no"', '"other"')) as (_, asked):
            self.assertEqual(self.mistakes(asked, "PATCH", "/no", {"name": "other"}),
                             ["other: is the name of another rule"])
            self.change(asked, "PATCH", "/no", {"name": "no"})
            self.assertEqual(self.names(asked), ["no", "other"])

    def test_a_hangup_reads_the_files_again(self):
        with self.ruled(api.TOML) as (sink, asked):
            self.change(asked, "PUT", "", {"rules": []})
            sink.send_signal(signal.SIGHUP)
            rig.wait_for(lambda: self.names(asked) == ["no"], "the rules of the file")

    def test_a_change_that_a_thread_has_not_taken_is_not_answered_as_done(self):
        """A pipe that nobody reads holds up the thread that has to write a message into it."""
        pipe, reader = self.full_pipe()
        with self.sink("--store", f"jsonl:{pipe}", threads=1) as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO x\nS: 250 *\n" + playing.mail() + "C: .")
                rig.wait_for(lambda: asked.ask("PUT", self.PATH, {"rules": [api.RULE]}).status == 503,
                             "the thread to wait")
                self.assertEqual(self.names(asked), ["no"])  # for all that come now
                self.assertEqual(asked.ask("POST", "/api/v1/reset").status, 503)
                api.empty(reader)
                player.expect_line("250 *")
                self.change(asked, "PUT", "", {"rules": [api.RULE]})
                player.play(playing.MAIL + playing.refused("no@x.test", "550 5.1.1 No"))
                self.assertEqual(asked.ask("POST", "/api/v1/reset").status, 204)

    def test_a_thousand_changes_under_load(self):
        """Every recipient gets one of the two replies, and each refusal is a hit."""
        for engine in rig.ENGINES:
            with self.subTest(engine), self.ruled(api.TOML, engine=engine, threads=4) as (sink, asked):
                source = rig.ours(engine).start(
                    "smtp-source", "-A", "-d", "-s", 20, "-m", 30_000, "-t", "no@x.test", sink.endpoint)
                connection = http.client.HTTPConnection(asked.endpoint, timeout=rig.PATIENCE)
                for number in range(1000):
                    connection.request("PATCH", "/api/v1/rules/no", json.dumps({"enabled": number % 2 == 0}),
                                       {"Content-Type": "application/json"})
                    response = connection.getresponse()
                    told = json.loads(response.read())
                    self.assertEqual((response.status, told["enabled"]), (200, number % 2 == 0))
                connection.close()
                source.wait(120)
                source.statuses = (0, 1)
                stats = asked.stats()
                replies = {reply["code"]: reply["count"] for reply in stats["replies"] if reply["command"] == "RCPT"}
                self.assertEqual(sum(replies.values()), 30_000)
                self.assertEqual(replies.get(550, 0), stats["rules"][0]["hits"])
                self.assertEqual(stats["messages"]["taken"], replies.get(250, 0))
