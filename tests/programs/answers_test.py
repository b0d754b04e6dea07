"""What comes back later for messages that the sink took, read by Python's email package."""

import contextlib
import email
import email.policy
import unittest

import rig

RULES = """
[[rule]]
name = "bounces"
match = { command = "RCPT", recipient = "bounce@*" }
act = { bounce_later = { reply = "550 5.1.1 User unknown", delay = "0s" } }

[[rule]]
name = "bounces too"
match = { command = "RCPT", recipient = "bounce-*" }
act = { bounce_later = { reply = "550 5.1.1 User unknown" } }

[[rule]]
name = "full"
match = { command = ".", recipient = "bounce-full@*" }
act = { reply = "452 4.2.2 Mailbox full" }

[[rule]]
name = "complaints"
match = { command = "RCPT", recipient = "complaint@*" }
act = { complaint = true }

[[rule]]
name = "away"
match = { command = "RCPT", recipient = "away@*" }
act = { auto_reply = { text = "Bin im Urlaub. Grüße!", delay = "10ms" } }

[[rule]]
name = "soon"
match = { command = "RCPT", recipient = "soon@*" }
act = { bounce_later = { reply = "552 5.2.2 Mailbox full", delay = "300ms" } }

[[rule]]
name = "in a while"
match = { command = "RCPT", recipient = "while@*" }
act = { bounce_later = { reply = "552 5.2.2 Mailbox full", delay = "2s" } }

[[rule]]
name = "much later"
match = { command = "RCPT", recipient = "later@*" }
act = { bounce_later = { reply = "552 5.2.2 Mailbox full", delay = "1h" } }
"""

KINDS = ("bounce", "complaint", "away")

ORIGINAL = b"From: Ann <ann@a.example>\r\nSubject: Hello\r\nMessage-ID: <1@a.example>\r\n"

# Headers as nobody should write them.
HOSTILE = {
    "nothing": b"",
    "8-bit": b"Subject: \xff\xfe\xc3\xa4 x\r\nMessage-ID: <\xff@x>\r\n",
    "NUL": b"Subject: a\0b\r\nX: \0\r\n",
    "60 KiB in a line": b"X-Long: " + b"x" * 60_000 + b"\r\n",
    "60 KiB of subject": b"Subject: " + b"word " * 12_000 + b"\r\n",
    "more than is kept": b"X-Field: value\r\n" * 10_000,
    "a lone CR": b"Subject: a\rTo: b\r\n",
    "a lone LF": b"Subject: a\nTo: b\r\n",
    "boundaries": b"--=_\r\n--=_0000000000000000.1.0--\r\nContent-Type: multipart/mixed; boundary=a\r\n",
    "encoded words": b"Subject: =?utf-8?B?====?= =?x =?utf-8?Q?=C3=A4?=\r\n",
    "dots": b".Subject: x\r\n..: y\r\n",
    "identifiers": b"Message-ID: <<a>@\"b>\r\nReferences: <x@y> <\"z\"@" + b"z" * 3000 + b">\r\n",
}


def kept(header):
    """What of a header comes back: its first 64 KiB in whole lines, with the line ends of a dump."""
    if len(header) >= 65_536:
        header = header[:header.rindex(b"\n", 0, 65_536) + 1]
    return header.replace(b"\r\n", b"\n")


class Answers(rig.TestCase):
    @contextlib.contextmanager
    def world(self, programs, *options):
        """A sink that answers, and one that takes what it sends."""
        rules = self.scratch / "rules.toml"
        rules.write_text(RULES)
        self.inbox = self.scratch / f"in.{programs.name}"
        with programs.sink("-d", f"{self.inbox}/m.", endpoint=f"unix:{self.scratch}/mx") as receiver:
            with programs.sink("--rules", rules, "--answer-through", receiver.endpoint, "-h",
                               "sink.example", *options) as sink:
                yield sink

    def answers(self, count):
        """Waits for so many answers; gives them, in no order."""
        def whole():
            files = self.inbox.iterdir() if self.inbox.exists() else ()
            return [file for file in files if file.suffix != ".part"]

        rig.wait_for(lambda: len(whole()) >= count, f"{count} answers")
        texts = [file.read_bytes() for file in whole()]
        self.assertEqual(len(texts), count)
        for text in texts:  # RFC 5322, 2.1.1; ASCII goes where 8BITMIME is not offered
            self.assertTrue(text.isascii() and b"\0" not in text, text)
            self.assertLessEqual(max(map(len, text.split(b"\n"))), 998)
        return [email.message_from_bytes(text, policy=email.policy.default) for text in texts]

    def forget(self):
        for file in self.inbox.iterdir():
            file.unlink()

    def send(self, sink, recipients, header=ORIGINAL, sender="ann@a.example", of_mail="", of_rcpt=""):
        with sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(f"MAIL FROM:<{sender}>{of_mail}\r\n".encode(), b"Ok\r\n")
            for recipient in recipients:
                client.talk(f"RCPT TO:<{recipient}@b.example>{of_rcpt}\r\n".encode(), b"Ok\r\n")
            client.talk(b"DATA\r\n", b"<CR><LF>.<CR><LF>\r\n")
            dotted = b"\r\n".join(b"." + line if line.startswith(b".") else line
                                  for line in header.split(b"\r\n"))
            reply = client.talk(dotted + b"\r\ntext\r\n.\r\n", b"\r\n")
            client.talk(b"QUIT\r\n", b"Bye\r\n")
            return reply

    def check_well_formed(self, answer):
        """As the standards have every answer, whatever it answers."""
        self.assertEqual(answer["X-Mail-Args"].split()[0], "<>")
        self.assertEqual(answer["X-Rcpt-Args"], "<ann@a.example>")
        for part in answer.walk():
            self.assertEqual(part.defects, [])
            if part.get_content_type() == "text/rfc822-headers":
                continue
            for name, value in part.items():
                self.assertEqual(value.defects, (), f"{name}: {value}")
        for name in ("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"):
            self.assertEqual(len(answer.get_all(name)), 1, name)
        self.assertNotIn("Precedence", answer)
        self.assertEqual(answer["To"].addresses[0].addr_spec, "ann@a.example")
        self.assertIsNotNone(answer["Date"].datetime)

    def check_report(self, answer, kind, header):
        """A report; gives its text and its part for programs."""
        self.assertEqual(answer.get_content_type(), "multipart/report")
        self.assertEqual(answer["Content-Type"].params["report-type"], kind)
        text, told, original = answer.get_payload()
        self.assertEqual(told.get_content_type(), f"message/{kind}")
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        self.assertEqual(original.get_payload(decode=True).rstrip(b"\n"), kept(header).rstrip(b"\n"))
        return text.get_content(), told.get_payload()

    def check_bounce(self, answer, header):
        self.assertEqual(answer["Auto-Submitted"], "auto-replied")
        text, told = self.check_report(answer, "delivery-status", header)
        self.assertIn("550 5.1.1 User unknown", text)
        message, recipient = told
        self.assertEqual(message["Reporting-MTA"], "dns; sink.example")
        self.assertIn("Arrival-Date", message)
        self.assertEqual(dict(recipient.items()), {
            "Final-Recipient": "rfc822; bounce@b.example", "Action": "failed", "Status": "5.1.1",
            "Diagnostic-Code": "smtp; 550 5.1.1 User unknown"})

    def check_complaint(self, answer, header):
        _, (told,) = self.check_report(answer, "feedback-report", header)
        self.assertIn("Arrival-Date", told)
        expected = {"Feedback-Type": "abuse", "Version": "1", "User-Agent": "Millrace",
                    "Original-Mail-From": "<ann@a.example>", "Source-IP": "127.0.0.1",
                    "Original-Rcpt-To": "<complaint@b.example>"}
        self.assertEqual({name: told[name] for name in expected}, expected)

    def check_reply(self, answer, _):
        self.assertEqual(answer["Auto-Submitted"], "auto-replied")
        self.assertEqual(answer["From"].addresses[0].addr_spec, "away@b.example")
        self.assertTrue(answer["Subject"].startswith("Auto: "))
        self.assertIn("Bin im Urlaub. Grüße!", answer.get_content())

    def check_all(self, answers, header):
        """One of each kind."""
        checks = {"Mail Delivery System": self.check_bounce, "Abuse Reports": self.check_complaint,
                  "": self.check_reply}
        for answer in answers:
            self.check_well_formed(answer)
            checks.pop(answer["From"].addresses[0].display_name)(answer, header)
        self.assertEqual(checks, {})

    @rig.on_every_engine((1, 4))
    def test_each_kind_is_what_its_standard_says(self, programs):
        with self.world(programs) as sink:
            self.send(sink, KINDS)
            answers = self.answers(3)
            self.check_all(answers, ORIGINAL)
            by_name = {answer["From"].addresses[0].display_name: answer for answer in answers}
            self.assertEqual(by_name[""]["Subject"], "Auto: Hello")
            self.assertEqual(by_name[""]["In-Reply-To"], "<1@a.example>")
            self.assertEqual(by_name[""]["References"], "<1@a.example>")
            self.assertEqual(by_name["Abuse Reports"]["Subject"], "FW: Hello")
            self.forget()

    @rig.on_every_engine()
    def test_hostile_originals_have_well_formed_answers(self, programs):
        with self.world(programs) as sink:
            for name, header in HOSTILE.items():
                with self.subTest(header=name):
                    self.send(sink, KINDS, header)
                    self.check_all(self.answers(3), header)
                    self.forget()

    @rig.on_every_engine()
    def test_programs_and_lists_are_not_answered(self, programs):
        with self.world(programs) as sink:
            for sender in ("", "MAILER-DAEMON@a.example"):
                self.send(sink, KINDS, sender=sender)
            for sender in ("owner-x@a.example", "x-request@a.example"):
                self.send(sink, ("away",), sender=sender)
            for field in (b"Auto-Submitted: auto-generated", b"Precedence: list", b"List-Id: <x.y>",
                          b"Content-Type: multipart/report; boundary=x"):
                self.send(sink, KINDS, ORIGINAL + field + b"\r\n")
            self.send(sink, ("anybody",))
            self.send(sink, KINDS)
            self.check_all(self.answers(3), ORIGINAL)
            self.forget()

    @rig.on_every_engine()
    def test_bulk_mail_is_reported_on(self, programs):
        with self.world(programs) as sink:
            for field in (b"List-Unsubscribe: <https://a.example/>\r\n"
                          b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"Precedence: bulk"):
                self.send(sink, ("away",), ORIGINAL + field + b"\r\n")
                self.send(sink, ("bounce", "complaint"), ORIGINAL + field + b"\r\n")
                reports = self.answers(2)
                self.assertEqual({answer["Content-Type"].params["report-type"] for answer in reports},
                                 {"delivery-status", "feedback-report"})
                self.forget()

    @rig.on_every_engine()
    def test_notifications_are_what_the_client_asks_for(self, programs):
        with self.world(programs) as sink:
            self.send(sink, ("bounce",), of_rcpt=" NOTIFY=NEVER")
            self.send(sink, ("bounce",), of_rcpt=" NOTIFY=SUCCESS")
            self.send(sink, ("bounce",), of_mail=" RET=HDRS ENVID=QQ+2B1",
                      of_rcpt=" NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;robert+2Bx@b.example")
            answer, = self.answers(1)
            self.check_well_formed(answer)
            message, recipient = answer.get_payload()[1].get_payload()
            self.assertEqual(message["Original-Envelope-Id"], "QQ+1")
            self.assertEqual(recipient["Original-Recipient"], "rfc822; robert+x@b.example")
            self.assertEqual(recipient["Final-Recipient"], "rfc822; bounce@b.example")
            self.forget()

    @rig.on_every_engine()
    def test_over_lmtp_only_those_who_were_accepted_are_answered_for(self, programs):
        with self.world(programs, "-L") as sink:
            with sink.connect() as client:
                client.read_until(b"\r\n")
                client.talk(b"LHLO here\r\nMAIL FROM:<ann@a.example>\r\n", b"2.1.0 Ok\r\n")
                for recipient in (b"bounce", b"bounce-full", b"bounce-too"):
                    client.talk(b"RCPT TO:<" + recipient + b"@b.example>\r\n", b"Ok\r\n")
                client.talk(b"DATA\r\n", b"<CR><LF>.<CR><LF>\r\n")
                replies = client.talk(ORIGINAL + b"\r\ntext\r\n.\r\nNOOP\r\n", b"250 2.0.0 Ok\r\n")
                self.assertEqual([line[:3] for line in replies.splitlines()[:3]], [b"250", b"452", b"250"])
                client.talk(b"QUIT\r\n", b"Bye\r\n")
            told = [answer.get_payload()[1].get_payload()[1] for answer in self.answers(2)]
            self.assertEqual({recipient["Final-Recipient"] for recipient in told},
                             {"rfc822; bounce@b.example", "rfc822; bounce-too@b.example"})
            self.forget()

    @rig.on_every_engine()
    def test_a_message_that_was_not_taken_has_no_answer(self, programs):
        with self.world(programs, "--max-size", "1000") as sink:
            reply = self.send(sink, KINDS, ORIGINAL + b"X: " + b"x" * 1_000 + b"\r\n")
            self.assertEqual(reply[:4], b"552 ")
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.talk(b"MAIL FROM:<ann@a.example>\r\n", b"Ok\r\n")
                client.talk(b"RCPT TO:<bounce@b.example>\r\n", b"Ok\r\n")
                client.talk(b"RSET\r\n", b"Ok\r\n")
            self.send(sink, KINDS)
            self.check_all(self.answers(3), ORIGINAL)
            self.forget()

    @rig.on_every_engine((2,))
    def test_at_the_end_what_is_due_within_a_second_is_sent(self, programs):
        with self.world(programs) as sink:
            self.send(sink, ("soon", "later"))
            sink.end()
            answer, = self.answers(1)
            self.assertEqual(answer.get_payload()[1].get_payload()[1]["Status"], "5.2.2")
            self.forget()

    # Longer than the sink waits for at its end.
    @rig.on_every_engine()
    def test_a_sink_is_not_idle_while_an_answer_is_to_be_sent(self, programs):
        with self.world(programs, "--stop-when-idle", "100ms") as sink:
            self.send(sink, ("while",))
            self.assertEqual(sink.wait(), 0)  # by itself
            self.answers(1)
            self.forget()

    @rig.on_every_engine((2,))
    def test_nobody_waits_for_an_endpoint_that_is_not_there(self, programs):
        rules = self.scratch / "rules.toml"
        rules.write_text(RULES)
        with programs.sink("--rules", rules, "--answer-through", f"unix:{self.scratch}/none",
                           "-c") as sink:
            for _ in range(3):
                self.assertEqual(self.send(sink, KINDS)[:4], b"250 ")
            sink.wait_counter("quit", 3)
            sink.end()


if __name__ == "__main__":
    unittest.main()
