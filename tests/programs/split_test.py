"""What a report says of messages that differ: by kind, by domain and by sender, each adding up to the
totals and to what the sink counted."""

import collections
import json
import re

import measuring
import playing
import readers
import rig

SCENARIO = """
seed = 11
[senders]
addresses = "u{1-90}@a.test"
null = "10%"
[recipients]
domains = { "big.test" = 3, "Small{1-4}.test" = 1, "no.test" = 1 }
local = "r{1-1000}"
count = { "1" = 3, "2-5" = 1 }
[[message]]
name = "short"
weight = 2
size = "1K"
[[message]]
name = "</script><script>alert(1)</script>"
size = "6K-9K"
"""
RULES = """
[[rule]]
name = "refused"
match = { command = "RCPT", recipient = "*@no.test" }
act = { reply = "550 5.1.1 Nobody" }
[[rule]]
name = "greylisted"
match = { command = "RCPT", recipient = "*@small2.test" }
act = { greylist = "100ms", reply = "451 4.7.1 Later" }
"""
MESSAGES = ("messages", "messages_refused", "messages_lost", "messages_unfinished", "messages_given_up",
            "messages_waiting", "losses_in_doubt")


def domain_of(address):
    return address.rsplit(b"@", 1)[1].lower().decode()


class SplitTest(measuring.MeasureCase, playing.RulesCase):
    def split(self, programs, *arguments):
        """A run of the scenario: its report, how often rules matched, and the sender and the recipients of
        each message that the sink took."""
        scenario = self.scratch / "s.toml"
        scenario.write_text(SCENARIO)
        dump = self.scratch / "dump"
        dump.unlink(missing_ok=True)
        hits = {}
        with self.ruled(programs, RULES, "-D", dump, hits=hits) as sink:
            run, _ = self.measure(programs, sink.endpoint, "--scenario", scenario, "-m", 400, "-s", 8, "-d",
                                  *arguments)
        taken = [(re.search(rb"(?m)^X-Mail-Args: <([^>]*)>", message)[1],
                  re.findall(rb"(?m)^X-Rcpt-Args: <([^>]*)>", message))
                 for message in re.split(rb"(?m)^X-Client-Addr:", dump.read_bytes())[1:]]
        return run, hits, taken

    def check_sums(self, run):
        """Rows and others add up to the totals."""
        totals, count = run["totals"], run["latency"]["intended"]["count"]
        for name in ("kinds", "senders"):
            rows = [*run[name]["rows"], run[name]["others"]]
            for counter in MESSAGES:
                self.assertEqual(sum(row[counter] for row in rows), totals[counter], (name, counter))
            self.assertEqual(sum(row["latency"]["count"] for row in rows), count, name)
        rows = [*run["domains"]["rows"], run["domains"]["others"]]
        for counted in ([row["recipients"] for row in rows], [row["latency"]["count"] for row in rows]):
            self.assertEqual(sum(counted), totals["recipients"])

    @rig.on_every_engine((1, 3))
    def test_adds_up_to_the_totals_and_to_what_the_sink_counted(self, programs):
        run, hits, taken = self.split(programs, "-A")
        self.check_sums(run)
        totals = run["totals"]
        self.assertEqual(len(taken), totals["messages"])
        self.assertGreater(totals["messages_refused"], 20)
        domains = {row["name"]: row for row in run["domains"]["rows"]}
        self.assertEqual(set(domains), {"big.test", "no.test", *(f"small{number}.test" for number in range(1, 5))})
        self.assertEqual(domains["no.test"]["recipients_refused"], hits["refused"])
        self.assertEqual(domains["no.test"]["recipients"], 0)
        self.assertEqual(domains["small2.test"]["recipients_deferred"], hits["greylisted"])
        self.assertEqual(sum(row["recipients_refused"] for row in domains.values()), hits["refused"])
        accepted = collections.Counter(domain_of(one) for _, recipients in taken for one in recipients)
        self.assertEqual(accepted, {name: row["recipients"] for name, row in domains.items() if row["recipients"]})
        self.assertEqual({row["name"] for row in run["kinds"]["rows"]},
                         {"short", "</script><script>alert(1)</script>"})
        short = next(row for row in run["kinds"]["rows"] if row["name"] == "short")
        self.assertAlmostEqual(short["content_bytes"] / short["messages"], 1024, delta=8)
        # Of 91 senders 50 have a row.
        senders = collections.Counter((sender or b"<>").decode() for sender, _ in taken)
        self.assertEqual(len(run["senders"]["rows"]), 50)
        self.assertEqual(run["senders"]["untold"], 0)
        for row in run["senders"]["rows"]:
            self.assertEqual(row["messages"], senders[row["name"]], row["name"])
        self.assertEqual(run["senders"]["rows"][0]["name"], "<>")

    @rig.on_every_engine()
    def test_adds_up_where_messages_come_back(self, programs):
        run, hits, taken = self.split(programs, "--retry", "5x200ms")
        self.check_sums(run)
        accepted = collections.Counter(domain_of(one) for _, recipients in taken for one in recipients)
        later = next(row for row in run["domains"]["rows"] if row["name"] == "small2.test")
        self.assertEqual(later["recipients_deferred"], hits["greylisted"])
        self.assertEqual(later["recipients"], accepted["small2.test"])
        self.assertGreaterEqual(later["latency"]["min_us"], 199_000)

    @rig.on_every_engine()
    def test_leaves_out_the_warm_up_and_what_never_started(self, programs):
        run, _, _ = self.split(programs, "--rate", 400, "--warmup", "500ms")
        self.assertGreater(run["warmup"]["messages"], 50)
        self.assertGreater(run["totals"]["messages"], 50)
        self.check_sums(run)

    @rig.on_every_engine((2,))
    def test_leaves_out_messages_that_no_session_turned_to(self, programs):
        """A server that holds each reply back for long: two sessions turn to their messages, and the others that
        were due when the time is over never start."""
        scenario = self.scratch / "s.toml"
        scenario.write_text(SCENARIO)
        with programs.sink("-W", "data:60") as sink:
            run, _ = self.measure(programs, sink.endpoint, "--scenario", scenario, "-s", 2, "-d", "--rate", 100,
                                  "--duration", 1, "--drain", "200ms", status=(0, 1))
        totals = run["totals"]
        self.assertGreater(totals["messages_unstarted"], 50)
        self.assertEqual(totals["messages_unfinished"], 2)
        self.check_sums(run)
        for name in ("kinds", "senders"):
            rows = [*run[name]["rows"], run[name]["others"]]
            self.assertEqual(sum(row[counter] for row in rows for counter in MESSAGES[:-1]), 2, name)

    def test_is_in_every_face_and_merges(self):
        programs = rig.ours(rig.ENGINES[0])
        files = [self.scratch / name for name in ("a.json", "b.json", "all.json", "all.html")]
        for seed, path in enumerate(files[:2]):
            path.write_text(json.dumps(self.split(programs, "-A", "--seed", seed)[0]))
        done = programs.run_plain("smtp-report", "merge", "-o", files[2], *files[:2])
        self.assertEqual(done.returncode, 0, done.stderr)
        readers.validate(measuring.SCHEMA, *files[:3])
        self.check_sums(json.loads(files[2].read_text()))
        shown = programs.run_plain("smtp-report", "show", files[2]).stdout
        for heading in (rb"\nKinds  +delivered +refused +not done ", rb"\nDomains, by attempt  +accepted ",
                        rb"\nSenders  +delivered +refused +not done ",
                        rb"\n  no\.test ", rb"\n  all others "):
            self.assertRegex(shown, heading)
        self.assertNotIn(b"\x1b", shown)
        self.assertEqual(programs.run_plain("smtp-report", "html", "-o", files[3], files[2]).returncode, 0)
        page = self.check_page(files[3], plots=4)
        self.assertNotIn("in doubt", page.text.split("Kinds\n")[1].split("Domains: ")[0])
        for text in ("Kinds\n", "Domains: recipients, by attempt\n", "Senders\n", "not done", "accepted", "no.test ", "all others ", "<script>alert(1)</script> "):
            self.assertIn(text, page.text)

    def test_a_run_of_one_text_has_none(self):
        programs = rig.ours(rig.ENGINES[0])
        with programs.sink() as sink:
            run, _ = self.measure(programs, sink.endpoint, "-m", 20, "-N")
            self.assertEqual({"kinds", "domains", "senders"} & set(run), set())
            run, _ = self.measure(programs, sink.endpoint, "-m", 20, "--recipients", "r{1-9}@d{1-3}.test")
            self.assertEqual({"kinds", "domains", "senders"} & set(run), {"domains"})
