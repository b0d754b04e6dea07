"""Messages that a sink keeps in memory, asked for over HTTP."""

import contextlib
import hashlib

import api
import playing
import rig


class Messages(api.HttpCase):
    PATH = "/api/v1/messages"

    @contextlib.contextmanager
    def kept(self, most=100, *arguments, **options):
        with self.sink("--store", f"memory:{most}", *arguments, **options) as (sink, asked):
            with playing.Player(sink.endpoint) as player:
                player.play("C: HELO client.test\nS: 250 *")
                yield player, asked

    def subjects(self, asked, query="", status=200):
        return [one["subject"] for one in asked.get(self.PATH + query, status).json["messages"]]

    def test_a_message_is_there_before_it_is_acknowledged(self):
        for engine in rig.ENGINES:
            with self.subTest(engine), self.kept(engine=engine) as (player, asked):
                for number in range(20):
                    player.play(api.mail(f"number {number}"))
                    self.assertEqual(self.subjects(asked)[-1], f"number {number}")

    def test_what_is_known_of_it_is_told(self):
        with self.kept() as (player, asked):
            player.play(api.mail("=?utf-8?q?Gr=C3=BC=C3=9Fe?=\n =?ISO-8859-1?B?5Gg=?= end", header=["X-Y:  z "]))
            (one,) = asked.get(self.PATH).json["messages"]
            self.assertEqual((one["subject"], one["sender"], one["recipients"], one["protocol"], one["tls"]),
                             ("Grüßeäh end", "a@b.test", ["c@d.test"], "SMTP", None))
            self.assertEqual((one["client"]["address"], one["client"]["helo"]), ("127.0.0.1", "client.test"))
            raw = asked.get(f"{self.PATH}/{one['id']}/raw")
            self.assertTrue(raw.body.startswith(b"Subject: =?utf-8?q?Gr=C3"))
            self.assertEqual(raw.header["Content-Disposition"], f'attachment; filename="{one["id"]}.eml"')
            self.assertEqual((one["size"], one["sha256"]),
                             (len(raw.body), hashlib.sha256(raw.body).hexdigest()))
            whole = asked.get(f"{self.PATH}/{one['id']}").json
            self.assertEqual([field["name"] for field in whole.pop("header")], ["Subject", "X-Y"])
            self.assertEqual(whole, one)
            for path in ("/nobody", "/nobody/raw", "/" + one["id"][:-1], "/../rules", "/%2e%2e/raw"):
                asked.get(self.PATH + path, 404)

    def test_they_are_searched(self):
        with self.kept() as (player, asked):
            player.play(api.mail("One", "ann@a.test", "x@one.test") + api.mail("two", "bob@a.test", "x@two.test"))
            since = asked.stats()["time"]
            player.play(api.mail("three", "ann@b.test", "x@one.test"))
            for query, found in (("", ["One", "two", "three"]), ("?last=2", ["two", "three"]),
                                 ("?sender=ANN", ["One", "three"]), ("?recipient=one.test", ["One", "three"]), ("?subject=o", ["One", "two"]),
                                 ("?sender=ann&recipient=one&last=1", ["three"]), (f"?since={since}", ["three"]),
                                 ("?subject=nothing", []), ("?since=2999-01-01T00:00:00Z", [])):
                with self.subTest(query):
                    self.assertEqual(self.subjects(asked, query), found)
            told = asked.get(self.PATH + "?sender=ann&last=1").json
            self.assertEqual((told["found"], told["kept"]), (2, 3))
            for query in ("?last=0", "?last=1001", "?last=x", "?since=yesterday", "?since=2026-13-01T00:00:00Z",
                          "?x=1", "?last=1&last=2", "?sender=a&x=1&sender=b"):
                asked.get(self.PATH + query, 400)
            self.assertEqual(asked.ask("DELETE", self.PATH + "?sender=bob").json, {"deleted": 1})
            self.assertEqual(asked.ask("DELETE", self.PATH + "?last=1").status, 400)
            self.assertEqual(self.subjects(asked), ["One", "three"])
            self.assertEqual(asked.ask("DELETE", self.PATH).json, {"deleted": 2})
            self.assertEqual(self.subjects(asked), [])

    def test_the_last_are_kept(self):
        with self.kept(3) as (player, asked):
            for number in range(5):
                player.play(api.mail(f"{number}"))
            self.assertEqual(self.subjects(asked), ["2", "3", "4"])
            store = asked.stats()["store"]
            self.assertEqual((store["messages"], store["most"]), (3, 3))
            self.assertEqual(store["bytes"], sum(one["size"] + len("a@b.testc@d.test")
                                                  for one in asked.get(self.PATH).json["messages"]))

    def test_none_that_was_refused_is_kept(self):
        rules = self.scratch / "rules.toml"
        rules.write_text("[[rule]]\nname='x'\nmatch={command='.'}\nact={reply='550 no'}\n")
        with self.kept(9, "--rules", rules) as (player, asked):
            player.play(playing.message("550 no"))
            self.assertEqual(self.subjects(asked), [])

    def test_what_a_client_says_is_text_and_nothing_else(self):
        evil = "<script>alert(1)</script>\"'\\ \x7f\x1b[31m \x01"
        with self.kept() as (player, asked):
            player.say(b"HELO " + evil.encode() + b"\xff\r\n")
            player.line()
            player.say(b"MAIL FROM:<\"" + evil.encode().replace(b'"', b"") + b"\xe4\"@b.test>\r\n")
            if player.line().startswith("250"):
                player.play(playing.RCPT + playing.DATA)
                player.say(b"Subject: " + evil.encode() + b"\xff\r\nX-\r\xff: \0\r\n\r\n.\r\n")
                player.expect_line("250 *")
            (one,) = asked.get(self.PATH).json["messages"]  # which is held against the schema
            for path in (self.PATH, f"{self.PATH}/{one['id']}", "/api/v1/clients", "/metrics", "/api/v1/stats"):
                answer = asked.get(path)
                self.assertIn(answer.header["Content-Type"].split(";")[0], ("application/json", "text/plain"))
                self.assertNotIn(b"\x1b", answer.body)
                self.assertNotIn(b"\x01", answer.body)
                if path == "/metrics":
                    self.assertNotIn(b"script", answer.body)

    def test_a_list_of_them_is_bounded_and_one_is_whole(self):
        recipients = [f"{number:04}\x01" + "\x01" * 900 + "@d.test" for number in range(1000)]
        with self.kept() as (player, asked):
            for _ in range(2):
                player.play(playing.MAIL)
                for begin in range(0, 1000, 50):
                    player.say("".join(f"RCPT TO:<{one}>\r\n" for one in recipients[begin:begin + 50]).encode())
                    for _ in range(50):
                        player.expect_line("250 *")
                player.play(playing.DATA + "C: Subject: x\nC:\nC: .\nS: 250 *")
            told = asked.get(self.PATH)
            self.assertLess(len(told.body), 8_400_000)
            (one,) = told.json["messages"]
            (first,) = asked.get(f"{self.PATH}?before={told.json['before']}").json["messages"]
            self.assertNotEqual(first["id"], one["id"])
            self.assertEqual((told.json["found"], one["recipient_count"], one["recipients"]), (2, 1000, recipients))
            self.assertEqual(asked.get(f"{self.PATH}/{one['id']}").json["recipients"], recipients)

    def pages(self, asked, query):
        """All of a list, an answer after the other, from the latest to the first."""
        before = None
        for _ in range(100):
            told = asked.get(f"{self.PATH}?{query}" + (f"&before={before}" if before else "")).json
            yield told["messages"]
            before = told["before"]
            if before is None:
                return
        raise AssertionError("there is no last page")

    def test_all_of_them_are_had_in_pages_while_more_come_and_go(self):
        with self.kept(40) as (player, asked):
            for number in range(40):
                player.play(api.mail(f"{number}", "even@a.test" if number % 2 == 0 else "odd@a.test"))
            for query, wanted in (("last=40", list(range(40))), ("last=1000", list(range(40))), ("last=7", list(range(40))),
                                  ("last=1", list(range(40))), ("sender=odd&last=9", list(range(1, 40, 2))), ("subject=none", [])):
                with self.subTest(query):
                    pages = [[int(one["subject"]) for one in page] for page in self.pages(asked, query)]
                    self.assertEqual([number for page in reversed(pages) for number in page], wanted)
                    self.assertTrue(all(pages) or pages == [[]])
            had = []
            for place, page in enumerate(self.pages(asked, "last=4")):
                had = [one["subject"] for one in page] + had
                player.play(api.mail(f"new {place}") + api.mail(f"newer {place}"))  # as many of the oldest go
                if place == 1:  # what the next answer is to be before is forgotten, and some that had come before it
                    asked.ask("DELETE", f"{self.PATH}?subject={page[0]['subject']}")
                    asked.ask("DELETE", f"{self.PATH}?subject=25")
            self.assertEqual(had, [str(number) for number in range(11, 40) if number != 25])
            self.assertEqual(self.subjects(asked, "?before=1"), [])
            for before in ("0x", "-1", "", "1&before=2"):
                asked.get(f"{self.PATH}?before={before}", 400)
            self.assertEqual(asked.ask("DELETE", self.PATH + "?before=9").status, 400)

    def test_without_a_memory_there_are_none(self):
        with self.sink() as (_, asked):
            for path in ("", "/x", "/x/raw"):
                asked.get(self.PATH + path, 404)
            self.assertEqual(asked.ask("DELETE", self.PATH).status, 404)

    def test_large_ones_are_whole(self):
        with self.kept() as (player, asked):
            player.play(playing.mail() + "= content 3000000\nS: 250 *")
            (one,) = asked.get(self.PATH).json["messages"]
            raw = asked.get(f"{self.PATH}/{one['id']}/raw").body
            self.assertEqual((len(raw), hashlib.sha256(raw).hexdigest()), (one["size"], one["sha256"]))
