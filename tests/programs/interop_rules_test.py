"""A sink that behaves like the internet, with a real server as its client: Postfix in front of rules
slows down and gets everything through, and takes back what comes later."""

import collections
import contextlib
import email
import email.policy
import json
import os
import re
import shutil
import textwrap
import unittest

import interop_test
import playing
import rig
from interop_test import ROOT, in_root

SENDER = "ann@client.example"


class Postfix(interop_test.Postfix, playing.RulesCase):
    # What it inherits is tested where it is written.
    test_every_message_arrives_byte_for_byte = None
    test_lmtp_sink_takes_what_postfix_delivers = None

    def log_of(self, server):
        return (ROOT / f"var/log/postfix-{rig.port_of(server)}.log").read_text(errors="replace")

    def queue_of(self, server):
        """What Postfix has not delivered yet. A file may go while it is listed; one that is moved back to
        where was looked already is found the second time."""
        spool = ROOT / f"var/spool/postfix-{rig.port_of(server)}"
        found = []
        for name in ("maildrop", "incoming", "active", "deferred") * 2:
            with contextlib.suppress(FileNotFoundError):
                found += [path for path in (spool / name).rglob("*") if path.is_file()]
        return found

    def wait_until_idle(self, server, patience=120):
        """Until Postfix has nothing more to deliver. What it took up anew when the last try had not let
        go of it quite yet it leaves alone until it is told to begin again."""
        port, seen = rig.port_of(server), 0

        def idle():
            nonlocal seen
            if (skipped := self.log_of(server).count("skipped, still being delivered")) > seen:
                in_root("postfix", "-c", f"/etc/postfix-{port}", "reload")
                seen = skipped
            return not self.queue_of(server)

        rig.wait_for(idle, "Postfix to have delivered everything", patience)

    def pour(self, programs, server, *options):
        done = programs.source(server, "-M", "client.example", *options, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)

    @staticmethod
    def messages_in(folder):
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
                for file in folder.iterdir()]

    @staticmethod
    def recipient_of(message):
        """Of a dump. Postfix says ORCPT too."""
        return message["X-Rcpt-Args"].split()[0].strip("<>")


class MailboxProvider(Postfix):
    # What is deferred is tried again two seconds later, not minutes; a few sessions at once, each for
    # as many messages as the other side likes.
    SETTINGS = textwrap.dedent("""\
        queue_run_delay = 1s
        minimal_backoff_time = 2s
        maximal_backoff_time = 2s
        transport_retry_time = 1s
        smtp_destination_concurrency_limit = 6
        smtp_initial_destination_concurrency = 6
        smtp_connection_cache_destinations = static:all
        """)

    # So that some forty messages are too many of everything, and get through in seconds; one in five
    # fails for no reason.
    FIGURES = {"sessions_over = 20": "sessions_over = 4", "300/1m": "4/1s", "100/1h": "3/1h", "1000/1m": "7/1s",
               "500/1m": "6/2s", "60/1m": "3/2s", "600/1m": "4/2s", "0.5%": "20%"}

    # Of each rule that defers, what Postfix says of it.
    DEFERRED = {
        "too-many-connections": r"dsn=4\.7\.0, .*refused to talk to me: 421 4\.7\.0 127\.0\.0\.1 has too many",
        "connects-too-fast": r"dsn=4\.7\.0, .*refused to talk to me: 421 4\.7\.0 127\.0\.0\.1 connects too often",
        "messages-a-session": r"dsn=4\.7\.0, .*said: 421 4\.7\.0 Enough for one connection.*MAIL FROM",
        "client-too-fast": r"dsn=4\.7\.28, .*said: 421-4\.7\.28 127\.0\.0\.1 sends more mail.*MAIL FROM",
        "sender-too-fast": r"dsn=4\.7\.1, .*said: 450 4\.7\.1 .* sends faster than we like.*MAIL FROM",
        "recipient-too-popular": r"dsn=4\.2\.1, .*said: 450 4\.2\.1 popular@far\.example is sent more",
        "domain-busy": r"dsn=4\.7\.500, .*said: 451 4\.7\.500 (busy|far)\.example is busy",
        "internal-trouble": r"dsn=4\.3\.0, .*said: 451 4\.3\.0 Something is wrong on our side.*end of DATA",
    }

    @rig.on_every_engine((2,))
    def test_what_is_deferred_arrives_at_last(self, programs):
        inbox = self.scratch / f"inbox.{programs.name}"
        hits = {}
        with self.rule_set(programs, "mailbox-provider", "--seed", "1", "-d", f"{inbox}/m.",
                           figures=self.FIGURES, hits=hits) as sink:
            server = self.start_postfix(sink.endpoint, self.SETTINGS)
            expected = collections.Counter()
            for sender, recipient, count, *options in (("one", "popular@far.example", 7),
                                                       ("two", "ann@busy.example", 10, "-N"),
                                                       ("news", "someone@far.example", 20, "-N")):
                self.pour(programs, server, "-s", "10", "-m", count, "-f", f"{sender}@client.example",
                          "-t", recipient, *options)
                expected.update(f"{number if options else ''}{recipient}" for number in range(1, count + 1))
            self.wait_until_idle(server)
            log = self.log_of(server)
        self.assertEqual({name for name in self.DEFERRED if hits[name] == 0}, set(), hits)
        for name, said in self.DEFERRED.items():
            with self.subTest(rule=name):
                self.assertTrue(re.search(said, log), said)
        self.assertEqual(log.count("status=bounced"), 0)
        sent = re.findall(r"smtp\[\d+\]: (\w+): to=.* status=sent ", log)
        self.assertEqual((len(sent), len(set(sent))), (expected.total(), expected.total()))
        # What was refused at its end is dumped as well: a message is there once for each time that it
        # came so far, the last of which was taken.
        tries = re.findall(r"smtp\[\d+\]: (\w+): to=.*(?: status=sent |in reply to end of DATA)", log)
        arrived = self.messages_in(inbox)
        self.assertEqual(collections.Counter(map(self.queue_id_of, arrived)), collections.Counter(tries))
        recipients = {message["Message-ID"]: self.recipient_of(message) for message in arrived}
        self.assertEqual(collections.Counter(recipients.values()), expected)

    @staticmethod
    def queue_id_of(message):
        return re.search(r"\bby relay\.example .* id (\w+)", message.get_all("Received")[1]).group(1)


# What comes back is copied to the sink, which is asked to answer that too.
COPIES = """
[[rule]]
name  = "copies"
match = { command = "RCPT", recipient = "copies@elsewhere.example" }
act   = { bounce_later = { reply = "550 5.1.1 Unknown", delay = "0s" }, auto_reply = { text = "Thanks" } }
"""


class Answers(Postfix):
    """source -> Postfix -> sink, and what the sink has to say of it -> Postfix -> mailbox."""

    @contextlib.contextmanager
    def world(self, programs, rules):
        """Gives where Postfix listens; the sender's mailbox is self.mailbox, what comes to the sink is in
        self.inbox, and what became of its answers, at the end, in self.answers."""
        name = f"/var/mail/millrace-{rig.free_port()}"
        base = ROOT / name[1:]
        base.mkdir()
        self.addCleanup(shutil.rmtree, base, ignore_errors=True)
        user, group = interop_test.owner("nobody")
        os.chown(base, user, group)
        self.mailbox = base / "ann/new"
        self.inbox = self.scratch / f"inbox.{programs.name}"
        report = self.scratch / f"{programs.name}.json"
        endpoint = f"127.0.0.1:{rig.free_port()}"
        server = self.start_postfix(endpoint, textwrap.dedent(f"""\
            virtual_mailbox_domains = client.example
            virtual_mailbox_base = {name}
            virtual_mailbox_maps = static:ann/
            virtual_uid_maps = static:{user}
            virtual_gid_maps = static:{group}
            virtual_alias_maps = inline:{{ {{ {SENDER} = {SENDER}, copies@elsewhere.example }} }}
            """), "virtual unix - n n - - virtual\n")
        with programs.sink("--rules", self.rules(COPIES + rules), "--answer-through", server, "-h", "mx.example",
                           "-d", f"{self.inbox}/m.", "--json", report, endpoint=endpoint):
            yield server
        self.answers = json.loads(report.read_text())["answers"]

    def send(self, programs, server, recipient, count):
        self.pour(programs, server, "-d", "-s", "10", "-N", "-m", count, "-f", SENDER, "-t", recipient)

    def come_back(self, server, count):
        """Waits for so many answers, and for their copies; gives the answers."""
        rig.wait_for(lambda: self.mailbox.exists() and len(list(self.mailbox.iterdir())) >= count,
                     f"{count} answers", 60)
        self.wait_until_idle(server)
        return self.messages_in(self.mailbox)

    def check_no_loop(self, server, messages, count):
        """All of the messages were taken once, all answers sent once, and none was answered."""
        came = self.messages_in(self.inbox)
        self.assertEqual(len({message["Message-ID"] for message in came}), len(came))
        self.assertEqual(collections.Counter(message["X-Mail-Args"].split()[0] for message in came),
                         {f"<{SENDER}>": messages, "<>": count})
        self.assertEqual({name: self.answers[name] for name in self.answers if self.answers[name]},
                         {"queued": count, "sent": count, "not_allowed": 2 * count})
        self.assertEqual(len(list(self.mailbox.iterdir())), count)
        self.assertEqual(re.findall("status=bounced|status=deferred|non-delivery", self.log_of(server)), [])

    def check_well_formed(self, answer):
        self.assertEqual(answer["Return-Path"], "<>")
        self.assertEqual(answer["Delivered-To"], SENDER)
        self.assertEqual(answer["To"].addresses[0].addr_spec, SENDER)
        for part in answer.walk():
            self.assertEqual(part.defects, [])

    def check_report(self, answer, kind):
        """A report; gives its part for programs and the header of the message that it is about."""
        self.check_well_formed(answer)
        self.assertEqual(answer.get_content_type(), "multipart/report")
        self.assertEqual(answer["Content-Type"].params["report-type"], kind)
        text, told, original = answer.get_payload()
        self.assertEqual(text.get_content_type(), "text/plain")
        self.assertEqual(told.get_content_type(), f"message/{kind}")
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        return told.get_payload(), email.message_from_string(original.get_payload())

    def recipients(self):
        """Whom each message went to, by its Message-ID."""
        return {message["Message-ID"]: self.recipient_of(message) for message in self.messages_in(self.inbox)}

    @rig.on_every_engine((2,))
    def test_bounces_come_back_to_the_mailbox_of_the_sender(self, programs):
        messages = 1_000 if rig.LONG else 200
        bounces = messages // 20
        with self.world(programs, """
                [[rule]]
                name  = "left"
                match = { command = "RCPT", recipient = "*@far.example", nth = 20 }
                act   = { bounce_later = { reply = "550 5.1.6 Has left", delay = "10ms-1s" } }
                """) as server:
            self.send(programs, server, "to@far.example", messages)
            answers = self.come_back(server, bounces)
        self.check_no_loop(server, messages, bounces)
        recipients = self.recipients()
        left = set()
        for answer in answers:
            (message, recipient), original = self.check_report(answer, "delivery-status")
            self.assertEqual(message["Reporting-MTA"], "dns; mx.example")
            address = f"rfc822; {recipients[original['Message-ID']]}"
            self.assertEqual(dict(recipient.items()), {
                "Original-Recipient": address, "Final-Recipient": address, "Action": "failed",
                "Status": "5.1.6", "Diagnostic-Code": "smtp; 550 5.1.6 Has left"})
            self.assertIn("by relay.example", original["Received"])
            left.add(original["Message-ID"])
        self.assertEqual(len(left), bounces)

    @rig.on_every_engine((2,))
    def test_complaints_and_automatic_replies_come_back(self, programs):
        each = 5
        with self.world(programs, """
                [[rule]]
                name  = "complaint"
                match = { command = "RCPT", recipient = "*complaint@far.example" }
                act   = { complaint = { delay = "10ms-1s" } }
                [[rule]]
                name  = "away"
                match = { command = "RCPT", recipient = "*away@far.example" }
                act   = { auto_reply = { text = "Bin im Urlaub. Grüße!", delay = "10ms-1s" } }
                """) as server:
            for recipient in ("complaint@far.example", "away@far.example", "neither@far.example"):
                self.send(programs, server, recipient, each)
            answers = self.come_back(server, 2 * each)
        self.check_no_loop(server, 3 * each, 2 * each)
        recipients = self.recipients()
        answered = collections.Counter()
        for answer in answers:
            if answer.get_content_type() == "text/plain":
                self.check_well_formed(answer)
                self.assertEqual(answer["Auto-Submitted"], "auto-replied")
                self.assertEqual(answer["From"].addresses[0].addr_spec, recipients[answer["In-Reply-To"]])
                self.assertIn("Bin im Urlaub. Grüße!", answer.get_content())
                answered[recipients[answer["In-Reply-To"]]] += 1
                continue
            (told,), original = self.check_report(answer, "feedback-report")
            recipient = recipients[original["Message-ID"]]
            expected = {"Feedback-Type": "abuse", "Version": "1", "Original-Mail-From": f"<{SENDER}>",
                        "Source-IP": "127.0.0.1", "Original-Rcpt-To": f"<{recipient}>"}
            self.assertEqual({name: told[name] for name in expected}, expected)
            answered[recipient] += 1
        self.assertEqual(answered, {f"{number}{who}@far.example": 1 for number in range(1, each + 1)
                                    for who in ("complaint", "away")})


if __name__ == "__main__":
    unittest.main()
