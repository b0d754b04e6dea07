"""Clients that misbehave against real servers: Postfix, Postfix behind postscreen, Exim, and our sink.

With MILLRACE_CLIENTS_TABLE=FILE a table of what each server did to each kind is written there.
"""

import os
import pathlib
import shutil
import textwrap

import interop_modern_test
import interop_test
import measuring
import rig

# Every kind, with values that a server should notice and that are quick.
KINDS = (
    "early-talker", "slow-writer 2K", "slow-reader", "idle 2s", "connect-only", "abort-in-data", "reset-in-data",
    "no-quit", "rset-storm 200", "rcpt-flood 2000", "unknown-commands 50", "long-line 1M", "long-header 1M",
    "header-flood 20000", "mime-bomb 2000", "no-helo", "auth-guess 30", "starttls-then-plain", "tls-renegotiate",
    "tls-garbage", "half-close", "pipelined-after-data")
ENDS = {
    "connects_refused": "connect refused", "closed_after_quit": "QUIT", "closed_by_server": "server hung up",
    "reset_by_server": "server reset", "closed_by_client": "client left", "timed_out": "timed out",
    "failed": "TLS failed", "closed_by_end_of_run": "end of run"}
WHO = ("-M", "client.example", "-f", "from@client.example", "-t", "to@far.example")


def told(one):
    """What a server did to a client, in a few words."""
    ends = [name for end, name in ENDS.items() if one[end]]
    what = [f"{name} {one[key]}" for key, name in (
        ("content_taken", "taken"), ("content_rejected", "rejected"), ("smuggled_taken", "SMUGGLED")) if one[key]]
    codes = {}
    for replies in one["replies"].values():
        for reply in replies:
            codes[reply["code"]] = codes.get(reply["code"], 0) + reply["count"]
    replies = " ".join(f"{code}x{count}" if count > 1 else str(code) for code, count in sorted(codes.items()))
    return f"{', '.join(ends + what)} after {one['held']['max_us'] / 1e6:.2f} s; {replies or 'no reply'}"


class Kinds(interop_test.Peers, measuring.MeasureCase):
    """Each kind once; every connection must end, and the server must live."""

    rows = {}

    def misbehave(self, name, endpoint, kinds=(*KINDS, "bare-lf"), serves=True):
        programs = rig.ours("epoll")
        by_kind = {}
        for kind in kinds:
            connections = 8 if kind == "bare-lf" else 1
            with self.subTest(server=name, kind=kind):
                run, _ = self.measure(programs, endpoint, "--client", kind, "-m", connections, *WHO,
                                      "--reply-timeout", "20", "--duration", "45", timeout=90)
                for one in run["clients"]:
                    self.assertEqual(one["connections"], 1, one)
                    self.assertEqual((one["closed_by_end_of_run"], one["timed_out"]), (0, 0), one)
                    by_kind[one["kind"]] = one
                    Kinds.rows.setdefault(one["kind"], {})[name] = told(one)
        # Beside all that, it still serves; or says to everybody that they should come again.
        done = programs.source(endpoint, "-m", "3", *WHO, timeout=60)
        self.assertEqual(done.returncode, 0 if serves else 1, done.stderr)
        return by_kind

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        path = os.environ.get("MILLRACE_CLIENTS_TABLE")
        if not path:
            return
        names = [name for name in ("Postfix", "Postfix, forbidding", "postscreen", "postscreen, deep", "Exim", "smtp-sink")
                 if any(name in row for row in cls.rows.values())]
        lines = ["| kind | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        lines += [f"| {kind} | " + " | ".join(row.get(name, "") for name in names) + " |"
                  for kind, row in cls.rows.items()]
        pathlib.Path(path).write_text("\n".join(lines) + "\n")

    def smuggled(self, by_kind):
        return {kind.split()[1] for kind, one in by_kind.items() if one["smuggled_taken"]}


class Postfix(Kinds):
    start_postfix = interop_test.Postfix.start_postfix
    stop_postfix = interop_test.Postfix.stop_postfix

    def settings(self):
        certificate = interop_modern_test.certificate_in_root(self)
        return textwrap.dedent(f"""\
            smtpd_tls_security_level = may
            smtpd_tls_cert_file = {certificate}
            smtpd_tls_key_file = {certificate}
            smtpd_error_sleep_time = 0
            """)

    @staticmethod
    def screen(port):
        return textwrap.dedent(f"""\
            {port} inet n - n - 1 postscreen
            smtpd pass - - n - - smtpd
            dnsblog unix - - n - 0 dnsblog
            tlsproxy unix - - n - 0 tlsproxy
            """)

    def test_postfix(self):
        with rig.ours("epoll").sink("-c") as sink:
            by_kind = self.misbehave("Postfix", self.start_postfix(sink.endpoint, self.settings()))
        self.assertTrue(by_kind["early-talker"]["content_taken"])
        # CVE-2023-51764: what 3.7 takes for an end unless it is told otherwise.
        self.assertEqual(self.smuggled(by_kind), {"LF.LF", "LF.CRLF", "CRLF.LF"})
        self.assertTrue(by_kind["unknown-commands 50"]["closed_by_server"])  # smtpd_hard_error_limit

    def test_postfix_that_forbids_bare_newlines(self):
        with rig.ours("epoll").sink("-c") as sink:
            endpoint = self.start_postfix(sink.endpoint, self.settings() + "smtpd_forbid_bare_newline = yes\n"
                                          "smtpd_forbid_bare_newline_exclusions =\n")
            by_kind = self.misbehave("Postfix, forbidding", endpoint, kinds=("bare-lf",))
        self.assertEqual(self.smuggled(by_kind), set())

    def test_postscreen(self):
        port = rig.free_port()
        with rig.ours("epoll").sink("-c") as sink:
            self.start_postfix(sink.endpoint, self.settings() + textwrap.dedent("""\
                postscreen_access_list =
                postscreen_greet_wait = 1s
                postscreen_greet_banner = wait
                postscreen_greet_action = drop
                postscreen_pipelining_enable = no
                """), self.screen(port))
            rig.wait_for(lambda: rig.listens(f"127.0.0.1:{port}"), "postscreen to listen")
            early, = self.measure(rig.ours("epoll"), f"127.0.0.1:{port}", "--client", "early-talker", "-m", "1",
                                  *WHO)[0]["clients"]
            self.assertFalse(early["content_taken"], early)
            self.assertTrue(early["closed_by_server"] or early["reset_by_server"], early)
            self.misbehave("postscreen", f"127.0.0.1:{port}")

    def test_postscreen_that_looks_deeper(self):
        """Its tests of what comes after the greeting have to be passed each time anew."""
        port = rig.free_port()
        with rig.ours("epoll").sink("-c") as sink:
            self.start_postfix(sink.endpoint, self.settings() + textwrap.dedent("""\
                postscreen_access_list =
                postscreen_cache_map =
                postscreen_greet_wait = 1s
                postscreen_pipelining_enable = yes
                postscreen_pipelining_action = drop
                postscreen_non_smtp_command_enable = yes
                postscreen_non_smtp_command_action = drop
                postscreen_bare_newline_enable = yes
                postscreen_bare_newline_action = drop
                """), self.screen(port))
            rig.wait_for(lambda: rig.listens(f"127.0.0.1:{port}"), "postscreen to listen")
            by_kind = self.misbehave("postscreen, deep", f"127.0.0.1:{port}", serves=False)
        self.assertEqual(self.smuggled(by_kind), set())
        self.assertEqual(sum(one["content_taken"] for one in by_kind.values()), 0)


class Sink(Kinds):
    def test_sink(self):
        with rig.ours("epoll").sink("-c", "--starttls") as sink:
            self.assertEqual(self.smuggled(self.misbehave("smtp-sink", sink.endpoint)), set())


class Exim(Kinds):
    CONDITION = ""
    start_exim = interop_test.Exim.start_exim

    def test_exim(self):
        certificate = interop_modern_test.certificate_in_root(self)
        shutil.chown(f"{interop_test.ROOT}{certificate}", *interop_test.owner("Debian-exim"))
        self.SETTINGS = f"tls_advertise_hosts = *\ntls_certificate = {certificate}"
        endpoint, _ = self.start_exim()
        self.assertEqual(self.smuggled(self.misbehave("Exim", endpoint)), set())
