"""smtp-report reconcile: from journals in which each fault was planted, exactly those are found."""

import collections
import csv
import io
import json
import subprocess
import unittest

import measuring
import readers
import rig

TOOL = rig.BUILD / "tests/proof_tool"
SCHEMA = rig.TOP / "doc/millrace-proof.schema.json"

ACCEPTED, REFUSED, IN_DOUBT, NEVER_SENT = range(4)
(SAME, HEADERS_ADDED, REFOLDED, BLANKS_CHANGED, RE_ENCODED, FOOTER_ADDED, HEADERS_CHANGED, TRUNCATED, BODY_CHANGED,
 UNSTAMPED, MALFORMED, FORGED) = range(12)
SECOND = 1_000_000  # microseconds
WORDS = ("lost", "duplicated", "altered", "late", "bounced", "undecided", "in-doubt", "unexpected", "refused", "never-sent")


class Source:
    """The journal of a source, to be written."""

    def __init__(self, run=1, start=0, boot=1):
        self.lines = ["side sent", f"run {run}", f"start {start}", f"boot {boot}"]

    def name(self, what, index, text):
        self.lines.append(f"{what} {index} {text}")

    def add(self, message, at, outcome=ACCEPTED, code=250, recipient=0, kind=0, domain=0, text=""):
        """Due 2 ms before `at`, sent then, answered 3 ms later."""
        self.lines.append(f"sent {message} {recipient} {outcome} {code} {at - 2000} {at} {at + 3000} {kind} {domain} {text}")


class Sink:
    """That of a sink."""

    def __init__(self, run=100, start=0, boot=1, unchecked=False):
        self.lines = ["side taken", f"run {run}", f"start {start}", f"boot {boot}", *(["unchecked"] if unchecked else [])]

    def listen(self, address):
        self.lines.append(f"address 0 {address}")

    def add(self, message, at, verdict=SAME, recipient=0, run=1, what="copy", text=""):
        self.lines.append(f"taken {run} {message} {recipient} {verdict} {what} {at} {text}")

    def add_stray(self, verdict, at):
        self.lines.append(f"stray {verdict} {at}")


class Reconcile(measuring.MeasureCase):
    def write(self, name, journal, closed=True):
        path = self.scratch / name
        lines = journal.lines + (["close"] if closed else [])
        done = subprocess.run([TOOL, "write", path], input="\n".join(lines), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path

    def reconcile(self, *arguments, status=0):
        done = rig.ours("epoll").run_plain("smtp-report", "reconcile", *arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def report(self, *arguments):
        path = self.scratch / "proof.json"
        text = self.reconcile("--json", path, *arguments).stdout.decode()
        readers.validate(SCHEMA, path)
        return json.loads(path.read_text()), text

    def rows(self, *arguments):
        text = self.reconcile("--csv", "-", *arguments).stdout.decode()
        self.assertEqual(text.count("\r\n"), text.count("\n"))
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def good(self, messages=100, name=""):
        """Both sides of a run in which all went well."""
        source, sink = Source(), Sink()
        for message in range(messages):
            at = SECOND + message * 10_000
            source.add(message, at, text=f"Q{message}")
            sink.add(message, at + 10_000)
        return self.write(f"sent{name}.proof", source), self.write(f"got{name}.proof", sink)

    def faulty(self):
        """Of a hundred messages these go wrong, each in a way of its own."""
        source, sink = Source(), Sink()
        source.name("kind", 0, "letter")
        source.name("kind", 1, "bulk")
        source.name("domain", 0, "a.test")
        source.name("domain", 1, "b.test")
        outcomes = {15: (IN_DOUBT, 0), 16: (IN_DOUBT, 0), 17: (REFUSED, 550), 18: (NEVER_SENT, 0), 19: (REFUSED, 451)}
        reasons = {15: "connection lost", 17: "no, \"never\"", 19: "not now"}
        verdicts = {9: FOOTER_ADDED, 10: HEADERS_CHANGED, 11: TRUNCATED, 12: BODY_CHANGED, 20: HEADERS_ADDED}
        for message in range(100):
            at = SECOND + message * 10_000
            outcome, code = outcomes.get(message, (ACCEPTED, 250))
            text = reasons.get(message, "" if message in outcomes else f"Q{message}")
            source.add(message, at, outcome, code, kind=message % 2, domain=int(message >= 50), text=text)
            if message in (7, 16, 17, 18):
                continue
            if message == 14:
                sink.add(message, at + 20_000, what="bounce", text="5.1.1")
                continue
            sink.add(message, at + (70 * SECOND if message == 13 else 10_000), verdicts.get(message, SAME), text=f"S{message}")
            if message == 8:
                sink.add(message, at + 500_000)
                sink.add(message, at + 600_000, FOOTER_ADDED)
        sink.add(3, 2 * SECOND, run=5)
        sink.add_stray(UNSTAMPED, 3 * SECOND)
        sink.add_stray(FORGED, 4 * SECOND)
        sink.add_stray(MALFORMED, 5 * SECOND)
        return self.write("sent.proof", source), self.write("got.proof", sink)

    def test_nothing_is_wrong_where_nothing_is(self):
        journals = self.good()
        report, text = self.report(*journals)
        self.assertEqual(report["verdict"], "Nothing lost: 100 of 100 accepted messages were delivered once, unaltered and in time.")
        self.assertTrue(text.startswith(report["verdict"] + "\n"), text)
        self.assertRegex(text, r"\n  accepted +100\n  delivered +100 100%\n  in order +100 .*\n  lost +0\n")
        self.assertNotIn("in doubt", text)
        self.assertIn("all have one clock: times are exact\n", text)
        self.assertEqual(report["counts"], report["counts"] | {"accepted": 100, "delivered": 100, "in_order": 100})
        self.assertTrue(all(report["counts"][word.replace("-", "_")] == 0 for word in WORDS))
        self.assertEqual((report["faults"], report["first_faults"]), (0, []))
        self.assertEqual(report["latency"]["end_to_end"]["p50_us"], 12_007)  # to three digits
        self.assertEqual(report["latency"]["from_sent"]["min_us"], 10_000)
        self.assertEqual(report["latency"]["from_acknowledged"]["max_us"], 7_003)
        self.assertEqual(sum(row["accepted"] for row in report["series"]), 100)
        self.assertEqual(report["series"][-1]["backlog"], 0)
        self.assertEqual(sum(row["count"] for row in report["latency_series"]["rows"]), 100)
        self.assertEqual(self.rows(*journals), [])
        self.reconcile(*journals, "--fail-on", ",".join(WORDS))

    def test_each_fault_is_found_and_nothing_else(self):
        journals = self.faulty()
        report, text = self.report(*journals)
        self.assertEqual(report["counts"], {
            "accepted": 95, "delivered": 93, "in_order": 87, "lost": 1, "duplicated": 1, "altered": 5, "late": 1, "bounced": 1,
            "undecided": 0, "in_doubt": 2, "unexpected": 5, "refused": 1, "never_sent": 1, "surplus_copies": 2,
            "in_doubt_seen": 1, "in_doubt_unseen": 1, "unexpected_other_run": 1, "unexpected_unstamped": 1,
            "unexpected_forged": 2})
        self.assertEqual({name: number for name, number in report["contents"].items() if number},
                         {"same": 88, "headers-added": 1, "footer-added": 2, "headers-changed": 1, "truncated": 1, "body-changed": 1})
        self.assertEqual(report["verdict"], "LOST: 1 of 95 accepted messages never arrived; besides, 1 duplicated, 5 altered, "
                                            "1 late, 1 bounced, 2 in doubt, 5 unexpected.")
        for line in (r"duplicated +1 2 copies too many", r"altered +5", r"late +1 later than 60\.0 s after the server's yes",
                     r"in doubt +2 1 arrived, 1 did not", r"refused +1", r"never sent +1",
                     r"unexpected +5 1 of other runs, 1 unstamped, 2 forged, 1 not accepted", r"footer-added +2 altered",
                     r"letter +48 +0 +.*", r"b\.test +50 +0 +0 +12\.0 ms .*"):
            self.assertRegex(text, rf"\n  {line}\n")
        self.assertEqual({one["name"]: (one["accepted"], one["lost"]) for one in report["kinds"]}, {"letter": (48, 0), "bulk": (47, 1)})
        self.assertEqual({one["name"]: (one["accepted"], one["faults"]) for one in report["domains"]}, {"a.test": (45, 11), "b.test": (50, 0)})
        self.assertEqual(report["faults"], 15)
        self.assertEqual(sum(row["faults"] for row in report["series"]), 15)

    def test_the_table_has_each_fault_with_what_to_look_for_in_the_servers_log(self):
        rows = self.rows(*self.faulty())
        counted = collections.Counter(row["what"] for row in rows)
        self.assertEqual(counted, {"lost": 1, "duplicated": 1, "altered": 5, "late": 1, "bounced": 1, "in-doubt": 2, "unexpected": 5})
        (lost,) = (row for row in rows if row["what"] == "lost")
        self.assertEqual(lost, {
            "what": "lost", "run": "0000000000000007" + "0000000000000001", "message": "7", "recipient": "0", "kind": "bulk",
            "domain": "a.test", "queue_id": "Q7", "code": "250", "due": "2020-01-01T00:00:01.068000Z",
            "sent": "2020-01-01T00:00:01.070000Z", "acknowledged": "2020-01-01T00:00:01.073000Z", "taken": "", "content": "",
            "copies": "0", "reason": "", "sink_text": "", "journal": ""})
        self.assertEqual({row["message"]: row["content"] for row in rows if row["what"] == "altered"},
                         {"8": "footer-added", "9": "footer-added", "10": "headers-changed", "11": "truncated", "12": "body-changed"})
        of = {(row["what"], row["message"]): row for row in rows}
        self.assertEqual((of["duplicated", "8"]["copies"], of["duplicated", "8"]["sink_text"]), ("3", "S8"))
        self.assertEqual(of["late", "13"]["taken"], "2020-01-01T00:01:11.130000Z")
        self.assertEqual((of["bounced", "14"]["sink_text"], of["bounced", "14"]["content"]), ("5.1.1", ""))
        self.assertEqual((of["in-doubt", "15"]["reason"], of["in-doubt", "15"]["queue_id"]), ("connection lost", ""))
        self.assertEqual((of["unexpected", "19"]["code"], of["unexpected", "19"]["reason"]), ("451", "not now"))
        strays = [(row["message"], row["content"]) for row in rows if row["what"] == "unexpected" and row["code"] == ""]
        self.assertEqual(strays, [("3", "same"), ("", "unstamped"), ("", "forged"), ("", "malformed")])
        self.assertTrue(of["unexpected", "3"]["run"].endswith("5"))

    def test_what_servers_said_cannot_break_a_row(self):
        source, sink = Source(), Sink()
        source.add(0, SECOND, text='a "b", c\x1b[31m\r=1')
        source.add(1, SECOND)
        sink.add(1, 2 * SECOND)
        journals = self.write("sent", source), self.write("got", sink)
        (row,) = self.rows(*journals)
        self.assertEqual(row["queue_id"], 'a "b", c\\x1b[31m\\r=1')
        self.assertNotIn("\x1b", self.reconcile(*journals, "--json", "-").stdout.decode())

    def test_exits_with_5_for_what_is_asked_for_only(self):
        journals = self.faulty()
        found = {"lost", "duplicated", "altered", "late", "bounced", "in-doubt", "unexpected", "refused", "never-sent"}
        for word in WORDS:
            done = self.reconcile(*journals, "--fail-on", word, status=5 if word in found else 0)
            self.assertEqual(done.stderr.count(b"\n"), int(word in found), done.stderr)
        done = self.reconcile(*journals, "--fail-on", "undecided,lost,altered", status=5)
        self.assertEqual(done.stderr.decode().splitlines(), ["smtp-report: warning: lost: 1", "smtp-report: warning: altered: 5"])
        done = self.reconcile(*journals, "--fail-on", "lost,missing", status=1)
        self.assertIn("bad fault: missing (--fail-on: expected lost, duplicated, altered, late, bounced, undecided, in-doubt, "
                      "unexpected, refused or never-sent)", done.stderr.decode())

    def test_what_proves_nothing_is_no_pass(self):
        refused, empty, sink = Source(), Source(), Sink()
        for message in range(3):
            refused.add(message, SECOND, REFUSED, 550)
        got = self.write("got", sink)
        for name, source, proven, verdict, warning in (
                ("refused", refused, ("in-doubt", "unexpected", "never-sent"), "Nothing was accepted, so nothing is proven: 3 refused.",
                 "nothing was accepted, so nothing is proven"),
                ("empty", empty, (), "Nothing is in the journals of what was sent, so nothing is proven.",
                 "nothing is in the journals of what was sent, so nothing is proven")):
            sent = self.write(name, source)
            report, text = self.report(sent, got)
            self.assertEqual((report["verdict"], text.splitlines()[0]), (verdict, verdict))
            for word in WORDS:
                done = self.reconcile(sent, got, "--fail-on", word, status=0 if word in proven else 5)
                expected = "refused: 3" if (name, word) == ("refused", "refused") else "" if word in proven else warning
                self.assertEqual(done.stderr.decode(), f"smtp-report: warning: {expected}\n" if expected else "")
            done = self.reconcile(sent, got, "--fail-on", "lost,altered,unexpected", status=5)
            self.assertEqual(done.stderr.decode(), f"smtp-report: warning: {warning}\n")
        page = self.scratch / "proof.html"
        self.reconcile(self.scratch / "refused", got, "--html", page)
        self.assertEqual(readers.Page(page).verdict, "verdict bad")

    def test_where_nothing_arrived_nothing_is_said_of_copies(self):
        source = Source()
        for message in range(3):
            source.add(message, SECOND)
        sent = self.write("sent", source)
        for closed, words, warnings in (
                (True, "duplicated,altered,late", ["nothing arrived, so nothing is proven"]),
                (False, "lost,duplicated,altered", ["3 undecided, so it is not proven that none is lost",
                                                    "nothing arrived, so nothing is proven"])):
            got = self.write(f"got-{closed}", Sink(), closed=closed)
            done = self.reconcile(sent, got, "--fail-on", words, status=5)
            self.assertEqual(done.stderr.decode().splitlines(), [f"smtp-report: warning: {one}" for one in warnings])

    def test_a_source_that_broke_off_is_not_good(self):
        source, sink = Source(), Sink()
        for message in range(3):
            source.add(message, SECOND)
            sink.add(message, 2 * SECOND)
        got, page = self.write("got", sink), self.scratch / "proof.html"
        for closed in (True, False):
            report, _ = self.report("--html", page, self.write(f"sent-{closed}", source, closed=closed), got)
            self.assertEqual((report["good"], report["faults"]), (closed, 0))
            self.assertEqual(readers.Page(page).verdict, "verdict good" if closed else "verdict bad")
            self.reconcile(self.scratch / f"sent-{closed}", got, "--fail-on", "lost", status=0 if closed else 5)

    def test_a_sink_with_another_key_proves_nothing(self):
        source, sink = Source(), Sink()
        for message in range(3):
            source.add(message, SECOND)
            sink.add_stray(FORGED, 2 * SECOND)
        journals = self.write("sent", source), self.write("got", sink)
        report, _ = self.report(*journals)
        self.assertEqual(report["verdict"], "All stamps that arrived were made with another key, so nothing is proven of 3 accepted "
                                            "messages: 3 lost, 3 unexpected.")
        self.reconcile(*journals, "--fail-on", "lost", status=5)

    def test_a_copy_for_nobody_knows_whom_may_hide_a_loss(self):
        for last, good in ((2, True), (3, False)):
            source, sink = Source(), Sink()
            for recipient in range(3):
                source.add(0, SECOND, recipient=recipient)
                sink.add(0, (last if recipient == 2 else 2) * SECOND, recipient=65_535)
            report, text = self.report(self.write(f"sent{last}", source), self.write(f"got{last}", sink))
            self.assertEqual((report["good"], report["counts"]["delivered"]), (good, 3))
            self.assertEqual("Nothing lost by the number of copies, which do not say whose they are: 3 of 3" in text, not good)
            self.assertEqual("  1 message of several recipients came at several moments in copies" in text, not good)

    def test_an_address_that_only_looks_like_a_recipients_makes_no_loss(self):
        source, sink = Source(), Sink()
        for message in range(20):
            source.add(message, SECOND)
            sink.add(message, 2 * SECOND, recipient=1 if message == 7 else 65_535)  # all are news-7-1@a.test
        report, _ = self.report(self.write("sent", source), self.write("got", sink))
        self.assertEqual(report["verdict"], "Nothing lost: 20 of 20 accepted messages were delivered once, unaltered and in time.")

    def test_many_of_one_sort_leave_room_for_the_others(self):
        source, sink = Source(), Sink()
        for message in range(100):
            source.add(message, SECOND)
            sink.add_stray(UNSTAMPED, 2 * SECOND)
            sink.add(message, 2 * SECOND, run=5)
            sink.add(1000 + message, 2 * SECOND)
            if message >= 50:
                sink.add(message, 2 * SECOND, FOOTER_ADDED)
        source.add(100, SECOND, IN_DOUBT)
        page = self.scratch / "proof.html"
        report, _ = self.report("--html", page, self.write("sent", source), self.write("got", sink))
        what = collections.Counter(tuple(one["what"]) for one in report["first_faults"])
        self.assertEqual(what, {("lost",): 20, ("altered",): 20, ("in-doubt",): 1, ("unexpected",): 60})
        self.assertEqual(report["first_faults"][0]["what"], ["lost"])
        unexpected = [one for one in report["first_faults"] if one["what"] == ["unexpected"]]
        self.assertEqual(sum(one["content"] == "unstamped" for one in unexpected), 20)
        self.assertEqual(sum(one["run"] is not None and one["run"].endswith("5") for one in unexpected), 20)
        self.assertEqual(report["faults"], 401)
        self.assertEqual(len(self.rows(self.scratch / "sent", self.scratch / "got")), 401)

    def test_late_is_what_is_asked_for(self):
        journals = self.good()
        for limit, late in (("7ms", 0), ("6.999ms", 100), ("0", 100)):
            report, _ = self.report(*journals, "--late-after", limit)
            self.assertEqual((report["counts"]["late"], report["late_after_s"] > 0), (late, limit != "0"))
        self.reconcile(*journals, "--late-after", "soon", status=1)

    def test_a_message_to_several_is_as_many_deliveries(self):
        source, sink = Source(), Sink()
        for recipient in range(3):
            source.add(0, SECOND, recipient=recipient)
        sink.add(0, 2 * SECOND, recipient=65_535)
        sink.add(0, 2 * SECOND, recipient=1)
        report, text = self.report(self.write("sent", source), self.write("got", sink))
        self.assertEqual((report["unit"], report["messages"], report["counts"]["accepted"]), ("delivery", 1, 3))
        self.assertIn("LOST: 1 of 3 accepted deliveries never arrived.\n", text)
        self.assertIn("\nDeliveries (a message to one recipient)\n", text)

    def test_a_journal_that_broke_off_makes_doubts_and_says_so(self):
        source, sink = Source(), Sink()
        for message in range(10):
            source.add(message, SECOND)
            if message != 3:
                sink.add(message, 2 * SECOND)
        sink.add(10, 2 * SECOND)
        sent, cut_sent = self.write("sent", source), self.write("cut-sent", source, closed=False)
        got, cut_got = self.write("got", sink), self.write("cut-got", sink, closed=False)
        report, text = self.report(sent, cut_got)
        self.assertEqual((report["counts"]["undecided"], report["counts"]["lost"]), (1, 0))
        self.assertIn("Not decided: whether all of 10 accepted messages arrived, since a sink's journal broke off", text)
        self.assertIn(f"{cut_got} broke off: what was accepted and is in no journal is undecided, not lost\n", text)
        self.assertTrue(report["journals"]["taken"][0]["broke_off"])
        report, text = self.report(cut_sent, got)
        self.assertEqual((report["counts"]["in_doubt_seen"], report["counts"]["unexpected"], report["counts"]["lost"]), (1, 0, 1))
        self.assertIn(f"{cut_sent} broke off: what arrived and is not accepted in it is in doubt; what was accepted and "
                      "is neither in it nor arrived is not known\n", text)
        sink.listen("[127.0.0.1]:25")
        listening = self.write("listening-got", sink, closed=False)
        later, elsewhere = Sink(run=101, start=5), Sink(run=102, start=5)
        later.listen("[127.0.0.1]:25")
        elsewhere.listen("[127.0.0.1]:26")
        report, text = self.report(sent, "--", listening, self.write("elsewhere", elsewhere))
        self.assertEqual((report["counts"]["undecided"], report["counts"]["lost"]), (1, 0))
        later.add(3, 2 * SECOND)
        report, text = self.report(sent, "--", listening, self.write("later", later))
        self.assertEqual((report["counts"]["undecided"], report["counts"]["delivered"]), (0, 10))
        self.assertIn(f"{listening} broke off: another sink's goes on behind it, so nothing is undecided\n", text)
        cut_got.write_bytes(cut_got.read_bytes()[:-7])
        _, text = self.report(sent, cut_got)
        self.assertRegex(text, r"cut-got broke off in the middle of a block \(\d+ bytes left out\): ")

    def test_says_how_clocks_stand(self):
        source = Source()
        source.add(0, 10 * SECOND)
        source.add(1, 20 * SECOND)
        sent = self.write("sent", source)
        for start, offset, said, end_to_end in (
                (0, (), "has another clock: it is ahead by 30.0 ms at most, as nothing arrives before it is sent; how far it is "
                        "behind, a run cannot tell", 32_000),
                (-2, (), "has another clock: it is behind by 1.97 s at least, and latencies are too short by that "
                         "(--clock-offset 1.97s or more)", 0),
                (2, ("--clock-offset", "-2s"), "has another clock, to which -2s were added: it is ahead by 30.0 ms at most", 32_000),
                (-2, ("--clock-offset=1s",), "to which 1s were added: it is behind by 970 ms at least, and latencies are too short by "
                                             "that (--clock-offset 1.97s or more)", 0)):
            # As a clock that is set would have it, since the journal itself is as old.
            sink = Sink(start=100 + start, boot=2)
            sink.add(0, 10 * SECOND + 30_000)
            sink.add(1, 20 * SECOND + 40_000)
            (self.scratch / "sent").unlink()
            sent = self.write("sent", Source(start=100))
            (self.scratch / "sent").unlink()
            source.lines[2] = "start 100"
            sent = self.write("sent", source)
            got = self.write(f"got{start}{len(offset)}", sink)
            report, text = self.report(sent, got, *offset)
            self.assertIn(said, text)
            self.assertAlmostEqual(report["latency"]["end_to_end"]["min_us"], end_to_end, delta=32)
            self.assertFalse(report["journals"]["taken"][0]["one_clock"])
        nothing = self.write("nothing", Sink(boot=3))
        self.assertIn(f"{nothing} has another clock: nothing arrived that would tell how far it is off", self.report(sent, nothing)[1])
        for offset in ("--1s", "x", "", "+"):
            self.reconcile(sent, got, f"--clock-offset={offset}", status=1)

    def test_an_offset_is_that_of_a_host_with_all_that_is_on_it(self):
        first, second, sink = Source(), Source(run=2, start=5, boot=2), Sink(start=5, boot=2)
        for message in range(10):
            for source, run in ((first, 1), (second, 2)):
                source.add(message, SECOND)
                sink.add(message, SECOND + 100_000, run=run)
        journals = self.write("sent1", first), self.write("sent2", second), self.write("got", sink)
        report, text = self.report("--clock-offset=-5s", *journals)
        self.assertAlmostEqual(report["latency"]["from_sent"]["min_us"], 100_000, delta=32)
        self.assertAlmostEqual(report["latency"]["from_sent"]["max_us"], 100_000, delta=1_000)
        self.assertIn(f"{journals[1]} has another clock than the first, to which -5s were added: it is a sink's too\n", text)

    def test_tags_that_were_not_checked_are_said(self):
        sink = Sink(unchecked=True)
        sink.add(0, 2 * SECOND)
        source = Source()
        source.add(0, SECOND)
        got = self.write("got", sink)
        report, text = self.report(self.write("sent", source), got)
        self.assertFalse(report["journals"]["taken"][0]["tags_checked"])
        self.assertIn(f"{got} has tags that were not checked: the sink had no key\n", text)

    def test_takes_several_of_each_side_and_patterns(self):
        first, second = Source(), Source(run=2)
        one, other = Sink(), Sink(run=101)
        for message in range(10):
            first.add(message, SECOND)
            second.add(message, SECOND)
            one.add(message, 2 * SECOND)
            other.add(message, 2 * SECOND, run=2)
        for name, journal in (("sent1.proof", first), ("sent2.proof", second), ("got1.proof", one), ("got2.proof", other)):
            self.write(name, journal)
        report, text = self.report(self.scratch / "*.proof")
        self.assertEqual((report["counts"]["in_order"], report["faults"]), (20, 0))
        self.assertRegex(text, r"\n  sent +20 records of 2 journals\n  taken +20 records of 2 journals\n")
        options = ("--late-after", "1h", "--fail-on", "lost,late")
        self.reconcile(*options, self.scratch / "sent*.proof", "--", self.scratch / "got?.proof")
        done = self.reconcile(*options, "--", self.scratch / "got?.proof", status=1)
        self.assertIn(b"no journal of a source", done.stderr)
        # Behind the mark all are files.
        done = self.reconcile(self.scratch / "sent1.proof", "--", self.scratch / "got1.proof", "--json", status=1)
        self.assertIn(b"--json: behind a -- all are journals, and options come ahead of it", done.stderr)

    def test_the_page_draws_it(self):
        page = self.scratch / "proof.html"
        self.reconcile(*self.faulty(), "--html", page)
        seen = self.check_page(page, plots=4)
        self.assertTrue(seen.title.startswith("smtp-report reconcile, 2020-01-01T00:00:00"))
        for text in ("LOST: 1 of 95 accepted messages never arrived", "lost 1 1.05263%", "Backlog in the server over time",
                     "Latency from due to arrival over time", "Faults over time", "lost 7 0 bulk a.test Q7 250 00:00:01.070000",
                     "footer-added 2", "duplicated, altered 8 0 letter a.test Q8"):
            self.assertIn(text, seen.text)
        self.reconcile(*self.good(name="-good"), "--html", page)
        seen = self.check_page(page, plots=3)
        self.assertIn("Nothing lost: 100 of 100", seen.text)
        self.assertEqual(seen.verdict, "verdict good")

    def test_nothing_in_a_journal_gets_out_of_its_place_on_the_page(self):
        hostile = "</script><script>document.title = 'taken'</script><!-- <script> ${x} <img src=http://127.0.0.1:1/x>"
        source, sink = Source(), Sink()
        source.name("kind", 0, hostile)
        source.name("kind", 1, "other")
        source.add(0, SECOND, text=hostile)
        source.add(1, SECOND, kind=1)
        sink.add(1, 2 * SECOND)
        page = self.scratch / "proof.html"
        self.reconcile(self.write("sent", source), self.write("got", sink), "--html", page)
        seen = self.check_page(page, plots=4)
        self.assertTrue(seen.title.startswith("smtp-report reconcile, "))
        self.assertGreaterEqual(seen.text.count(hostile), 3)

    def test_standard_output_has_one_of_them(self):
        journals = self.faulty()
        self.assertEqual(json.loads(self.reconcile(*journals, "--json", "-").stdout)["faults"], 15)
        done = self.reconcile(*journals, "--json", "-", "--csv", "-", status=1)
        self.assertIn(b"--json and --csv cannot both be written to standard output", done.stderr)
        self.reconcile(*journals, "--html", self.scratch / "no/such/folder", status=1)

    def test_two_names_of_one_file_are_one_file(self):
        sent, got = self.faulty()
        whole = sent.read_bytes()
        (self.scratch / "link").symlink_to(sent)
        (self.scratch / "hard").hardlink_to(got)
        (self.scratch / "folder").mkdir()
        for option, name, said in (
                ("--json", "link", f"--json would be written over the journal {sent}"),
                ("--csv", "hard", f"--csv would be written over the journal {got}"),
                ("--html", "folder/../sent.proof", f"--html would be written over the journal {sent}")):
            done = self.reconcile(sent, got, option, f"{self.scratch}/{name}", status=1)
            self.assertIn(said, done.stderr.decode())
        new = self.scratch / "new"
        done = self.reconcile(sent, got, "--json", new, "--csv", f"{self.scratch}/folder/../new", status=1)
        self.assertIn(f"--json and --csv cannot both be written to {new}", done.stderr.decode())
        self.assertFalse(new.exists())
        self.assertEqual(sent.read_bytes(), whole)
        self.reconcile(sent, got, "--json", "/dev/null", "--csv", "/dev/null")

    def test_bad_input_is_one_clear_line(self):
        sent, got = self.good()
        (self.scratch / "empty").write_bytes(b"")
        (self.scratch / "text").write_text("not a journal, but long enough to be one in any case " * 9)
        (self.scratch / "header").write_bytes(sent.read_bytes()[:40])
        damaged = bytearray(got.read_bytes())
        damaged[200] ^= 1
        (self.scratch / "damaged").write_bytes(damaged)
        stranger = Sink(run=102)
        stranger.add(0, SECOND, run=77)
        self.write("stranger", stranger)
        copy = self.scratch / "copy"
        copy.write_bytes(sent.read_bytes())
        for arguments, said in (
                (("empty", got), "empty: it is empty, so it is no journal"),
                (("text", got), "text: no journal: it does not begin as one"),
                (("header", got), "header: cut within its header, at 40"),
                ((sent, "damaged"), "damaged: damaged at 100: a block whose checksum is not right"),
                ((sent, "stranger"), f"stranger: its messages are of other runs than that of {sent}"),
                ((got, "--", sent), f"{got}: the journal of a sink (what was taken), where that of a source (what was sent) is wanted"),
                ((sent, "--", sent), f"{sent}: the journal of a source (what was sent), where that of a sink (what was taken) is wanted"),
                ((sent,), "no journal of a sink, where those of both sides are needed: all that are given are of the other side"),
                ((got,), "no journal of a source, where those of both sides are needed: all that are given are of the other side"),
                ((sent, "--"), "no journal of a sink, where those of both sides are needed"),
                ((), "missing files: which journals are to be reconciled?"),
                ((sent, copy, got), "copy: two journals of one run"),
                (("/nonexistent", got), "open /nonexistent: No such file or directory"),
                ((self.scratch, got), "a journal must be a plain file")):
            files = [self.scratch / one if isinstance(one, str) and one.isalpha() else one for one in arguments]
            csv_file = self.scratch / "faults.csv"
            done = self.reconcile("--csv", csv_file, *files, status=1)
            self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
            self.assertTrue(done.stderr.startswith(b"smtp-report: fatal: "), done.stderr)
            self.assertIn(said, done.stderr.decode())
            self.assertFalse(csv_file.exists())
            self.assertEqual(done.stdout, b"")


if __name__ == "__main__":
    unittest.main()
