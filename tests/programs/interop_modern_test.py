"""Today's SMTP against real peers: TLS, SASL, CHUNKING, SMTPUTF8, XCLIENT and PROXY with Postfix,
Exim, Dovecot and HAProxy; into the sink with swaks, openssl, curl and Python's smtplib."""

import re
import shutil
import smtplib
import ssl
import textwrap
import unittest

import interop_test
import rig
from interop_test import ROOT


def certificate_in_root(test):
    """The tests' certificate, where the peers can read it; returns its name in there."""
    name = f"/etc/millrace-{rig.free_port()}.pem"
    shutil.copy(rig.certificate().file, f"{ROOT}{name}")
    test.addCleanup((ROOT / name[1:]).unlink)
    return name


def start_dovecot(test, port, services):
    """Dovecot with the users of PASSWORDS; `services`: its configuration. Returns its folder."""
    base = ROOT / f"var/lib/dovecot-{port}"
    (base / "mail").mkdir(parents=True)
    shutil.chown(base / "mail", *interop_test.owner("mail"))
    test.addCleanup(shutil.rmtree, base, ignore_errors=True)
    (base / "passwd").write_text("ann:{PLAIN}secret::::::\nbob:{PLAIN}other::::::\n")
    home = f"/var/lib/dovecot-{port}"
    (base / "conf").write_text(textwrap.dedent(f"""\
        base_dir = {home}/run
        state_dir = {home}/state
        log_path = {home}/log
        first_valid_uid = 1
        mail_location = maildir:{home}/mail/%u
        default_internal_user = dovecot
        default_login_user = dovenull
        auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
        disable_plaintext_auth = no
        passdb {{
          driver = passwd-file
          args = {home}/passwd
        }}
        userdb {{
          driver = static
          args = uid=mail gid=mail home={home}/mail/%u
        }}
        """) + services)
    return base, f"{home}/conf"


def start_haproxy(test, server):
    """HAProxy in front of a server that is told of clients by version 2; returns where it listens."""
    port = rig.free_port()
    name = f"/etc/haproxy-{port}.cfg"
    (ROOT / name[1:]).write_text(textwrap.dedent(f"""\
        defaults
          mode tcp
          timeout connect 5s
          timeout client 20s
          timeout server 20s
        listen mail
          bind 127.0.0.1:{port} accept-proxy
          server mail {server} send-proxy-v2
        """))
    test.addCleanup((ROOT / name[1:]).unlink)
    test.start_in_root(port, "haproxy", "-db", "-f", name)
    return f"127.0.0.1:{port}"


USERS = b"ann,secret\nbob,other\n"


class Postfix(interop_test.Postfix):
    # What it inherits is tested where it is written.
    test_every_message_arrives_byte_for_byte = None
    test_lmtp_sink_takes_what_postfix_delivers = None

    def log_of(self, server):
        return (ROOT / f"var/log/postfix-{server.rpartition(':')[2]}.log").read_text(errors="replace")

    @rig.on_every_engine((2,))
    def test_all_extensions_at_once(self, programs):
        users = self.scratch / "users"
        users.write_bytes(USERS)
        port = rig.free_port()
        _, configuration = start_dovecot(self, port, textwrap.dedent(f"""\
            protocols =
            ssl = no
            service auth {{
              inet_listener {{
                address = 127.0.0.1
                port = {port}
              }}
            }}
            """))
        self.start_in_root(port, "dovecot", "-F", "-c", configuration)
        certificate = certificate_in_root(self)
        dump = self.scratch / f"arrived.{programs.name}"
        with programs.sink("--modern", "-c", "-D", dump) as sink:
            server = self.start_postfix(sink.endpoint, textwrap.dedent(f"""\
                smtpd_tls_security_level = encrypt
                smtpd_tls_cert_file = {certificate}
                smtpd_tls_key_file = {certificate}
                smtpd_tls_loglevel = 1
                smtp_tls_security_level = encrypt
                smtp_tls_loglevel = 1
                smtpd_sasl_auth_enable = yes
                smtpd_sasl_type = dovecot
                smtpd_sasl_path = inet:127.0.0.1:{port}
                smtpd_relay_restrictions = permit_sasl_authenticated, reject
                smtpd_authorized_xclient_hosts = 127.0.0.0/8
                smtpd_authorized_xforward_hosts = 127.0.0.0/8
                smtputf8_enable = yes
                """))
            count = 0
            for way in (["--pipelining"], ["--chunking", "--pipeline-window", "4"],
                        ["--chunking", "--chunk-size", "700"], ["--tls-resume"]):
                for mechanism in ("PLAIN", "CRAM-MD5", "SCRAM-SHA-256"):
                    done = programs.source(
                        server, "--starttls", "--auth", mechanism, "--auth-users", users, *way,
                        "--smtputf8", "--body", "8BITMIME", "--dsn-notify", "FAILURE", "-s", "2",
                        "-m", "6", "-d", "-l", "2000", "-M", "client.example",
                        "-f", "f\u00f6\u00f6@client.example", "-t", "b\u00e4r@far.example",
                        "--xclient", "ADDR=[gen] NAME=[gen] HELO=[gen]", timeout=60)
                    self.assertEqual(done.returncode, 0, (way, mechanism, done.stderr))
                    count += 6
            rig.wait_for(lambda: sink.counters().get("mesg", 0) >= count, "all messages to arrive", 60)
            log = self.log_of(server)
        for wanted in (r"client=client\d+\.example\.com\[198\.18\.0\.\d+\]", "sasl_method=SCRAM-SHA-256",
                       "Anonymous TLS connection established from", "Untrusted TLS connection established to"):
            self.assertRegex(log, wanted)
        text = dump.read_text(encoding="utf-8")
        self.assertEqual(text.count("X-Rcpt-Args: <b\u00e4r@far.example>"), count)
        bodies = [part.split("\n\n", 1)[1] for part in text.split("X-Client-Addr: ")[1:]]
        self.assertEqual(set(bodies), {self.payload(2000)})

    @rig.on_every_engine()
    def test_a_refused_recipient_amid_a_window(self, programs):
        with programs.sink() as sink:
            server = self.start_postfix(sink.endpoint, textwrap.dedent("""\
                smtpd_relay_restrictions = permit_mynetworks, reject
                smtpd_recipient_restrictions = check_recipient_access inline:{1c@d.example=REJECT}
                """))
            done = programs.source(server, "-A", "--chunking", "--pipeline-window", "3", "-d", "-m", "6",
                                   "-N", "-M", "client.example", "-t", "c@d.example")
        self.assertEqual(done.returncode, 0, done.stderr)
        # The second may have been refused in the wake of the first: then it was sent again.
        self.assertEqual(done.stderr.count(b"recipient rejected"), 1, done.stderr)
        self.assertIn(b"RCPT TO:<1c@d.example>", done.stderr)

    @rig.on_every_engine()
    def test_postscreen_behind_the_proxy_protocol(self, programs):
        with programs.sink("-c") as sink:
            port = rig.free_port()
            server = self.start_postfix(sink.endpoint, textwrap.dedent("""\
                postscreen_upstream_proxy_protocol = haproxy
                postscreen_access_list = permit_mynetworks
                """).replace("permit_mynetworks", "static:permit"), textwrap.dedent(f"""\
                {port} inet n - n - 1 postscreen -o mynetworks=198.18.0.0/15
                smtpd pass - - n - - smtpd -o mynetworks=198.18.0.0/15
                dnsblog unix - - n - 0 dnsblog
                tlsproxy unix - - n - 0 tlsproxy
                """))
            rig.wait_for(lambda: rig.listens(f"127.0.0.1:{port}"), "postscreen to listen")
            for endpoint in (f"127.0.0.1:{port}", start_haproxy(self, f"127.0.0.1:{port}")):
                for version in ("v1", "v2"):
                    done = programs.source(endpoint, "--proxy-protocol", version, "--proxy-source", "[gen]",
                                           "-m", "3", "-M", "client.example", "-t", "to@far.example")
                    self.assertEqual(done.returncode, 0, (done.stderr, self.log_of(server)))
            sink.wait_counter("mesg", 12)
            self.assertEqual(len(re.findall(r"CONNECT from \[198\.18\.0\.2\]", self.log_of(server))), 4)


class HaProxy(interop_test.Peers):
    @rig.on_every_engine((2,))
    def test_it_stands_between_both_programs(self, programs):
        with programs.sink("--proxy-from", "127.0.0.0/8", "-v") as sink:
            endpoint = start_haproxy(self, sink.endpoint)
            for version in ("v1", "v2"):
                done = programs.source(endpoint, "--proxy-protocol", version, "--proxy-source", "[gen]",
                                       "-s", "2", "-m", "4")
                self.assertEqual(done.returncode, 0, done.stderr)
            sink.end()
            seen = re.findall(rb"on behalf of \[198\.18\.0\.(\d+)\]", sink.err)
            self.assertEqual(len(seen), 8)
            self.assertGreaterEqual(len(set(seen)), 4)


class Exim(interop_test.Exim):
    test_takes_what_the_source_sends = None  # tested where it is written
    CONDITION = "encrypted = *"

    @rig.on_every_engine((2,))
    def test_tls_and_chunking(self, programs):
        self.SETTINGS = textwrap.dedent(f"""\
            tls_advertise_hosts = *
            tls_certificate = {certificate_in_root(self)}
            chunking_advertise_hosts = *
            smtputf8_advertise_hosts = *
            dsn_advertise_hosts = *""")
        endpoint, spool = self.start_exim()
        ways = (["--pipelining"], ["--chunking", "--chunk-size", "500"],
                ["--chunking", "--pipelining", "--dsn-ret", "HDRS", "--dsn-orcpt"], ["--tls-resume"])
        for way in ways:
            done = programs.source(endpoint, "--starttls", *way, "-s", "3", "-m", "12", "-d", "-l", "3000",
                                   "-M", "client.example", "-t", "to@far.example", timeout=60)
            self.assertEqual(done.returncode, 0, (way, done.stderr))
        self.expect_stored(spool, 12 * len(ways))


class Dovecot(interop_test.Peers):
    @rig.on_every_engine((2,))
    def test_submission_with_every_mechanism(self, programs):
        users = self.scratch / "users"
        users.write_bytes(USERS)
        certificate = certificate_in_root(self)
        with programs.sink("--modern", "-c") as sink:
            host, _, relay = sink.endpoint.rpartition(":")
            port = rig.free_port()
            base, configuration = start_dovecot(self, port, textwrap.dedent(f"""\
                protocols = submission
                ssl = yes
                ssl_cert = <{certificate}
                ssl_key = <{certificate}
                submission_relay_host = {host}
                submission_relay_port = {relay}
                hostname = submission.example
                service submission-login {{
                  inet_listener submission {{
                    address = 127.0.0.1
                    port = {port}
                  }}
                  inet_listener submissions {{
                    port = 0
                  }}
                }}
                """))
            self.start_in_root(port, "dovecot", "-F", "-c", configuration)
            count = 0
            for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"):
                for way in ([], ["--chunking", "--pipelining"]):
                    done = programs.source(f"127.0.0.1:{port}", "--starttls", "--auth", mechanism,
                                           "--auth-users", users, "-s", "2", "-m", "4", *way,
                                           "-M", "client.example", "-t", "to@far.example", timeout=60)
                    self.assertEqual(done.returncode, 0,
                                     (mechanism, way, done.stderr, (base / "log").read_text()))
                    count += 4
            sink.wait_counter("mesg", count)


class Clients(rig.TestCase):
    def swaks(self, sink, *options):
        host, _, port = sink.endpoint.rpartition(":")
        libraries = map(str, rig.PAIR.glob("usr/lib/*/perl5/*"))
        return rig.run(
            [rig.PAIR / "usr/bin/swaks", "--server", host, "--port", port, "--from", "a@b",
             "--to", "c@d", "--helo", "me", *options], text=True,
            statuses=(0, interop_test.SWAKS_UNAUTHENTICATED),
            environment={"PATH": "/usr/bin:/bin", "PERL5LIB": ":".join(libraries)})

    @rig.on_every_engine((2,))
    def test_swaks(self, programs):
        rig.fetch_peers("pair")
        users = self.scratch / "users"
        users.write_bytes(USERS)
        with programs.sink("--modern", "--auth-users", users, "-c") as sink:
            for tls in ([], ["--tls"]):
                for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
                    login = ["--auth", mechanism, "--auth-user", "ann", "--auth-password"]
                    done = self.swaks(sink, *tls, *login, "secret")
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    done = self.swaks(sink, *tls, *login, "wrong")
                    self.assertEqual(done.returncode, interop_test.SWAKS_UNAUTHENTICATED)
                    self.assertIn("535 5.7.8", done.stdout)
            done = self.swaks(sink, "--xclient", "ADDR=1.2.3.4 NAME=x.example")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            sink.wait_counter("mesg", 7)
        with programs.sink("--tls", "-c") as sink:
            done = self.swaks(sink, "--tls-on-connect")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with programs.sink("--proxy-from", "127.0.0.1", "-v") as sink:
            for version in ("1", "2"):
                done = self.swaks(sink, "--proxy-version", version, "--proxy-family",
                                  "TCP4" if version == "1" else "AF_INET", "--proxy-source", "1.2.3.4", "--proxy-source-port", "5",
                                  "--proxy-dest", "5.6.7.8", "--proxy-dest-port", "25",
                                  *(["--proxy-protocol", "STREAM", "--proxy-command", "PROXY"] if version == "2" else []))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            sink.end()
            self.assertEqual(sink.err.count(b"on behalf of [1.2.3.4]:5"), 2, sink.err)

    @rig.on_every_engine()
    def test_openssl(self, programs):
        own = rig.certificate()
        with programs.sink("--starttls", "--tls-cert", own.file) as sink:
            done = rig.run(
                ["openssl", "s_client", "-starttls", "smtp", "-connect", sink.endpoint, "-CAfile", own.authority,
                 "-verify_hostname", "localhost", "-verify_return_error", "-quiet", "-crlf"],
                input=b"MAIL FROM:<a@b>\nQUIT\n")
            self.assertIn(b"250 2.1.0 Ok\r\n221 Bye", done.stdout, done.stderr)

    @rig.on_every_engine()
    def test_curl(self, programs):
        message = self.scratch / "message"
        message.write_bytes(b"Subject: x\r\n\r\n.dot\r\n" + b"y" * 70_000 + b"\r\n")
        dump = self.scratch / "dump"
        dump.unlink(missing_ok=True)
        with programs.sink("--modern", "--max-size", "1M", "-D", dump) as sink:
            done = rig.run(
                ["curl", "-sS", f"smtp://{sink.endpoint}/me", "--ssl-reqd", "--insecure", "--user", "ann:x",
                 "--mail-from", "a@b", "--mail-rcpt", "c@d", "--mail-rcpt", "e@f", "-T", message])
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("\n.dot\n" + "y" * 70_000 + "\n", dump.read_text())

    @rig.on_every_engine()
    def test_python_smtplib(self, programs):
        users = self.scratch / "users"
        users.write_bytes(USERS)
        own = rig.certificate()
        context = ssl.create_default_context(cafile=own.authority)
        with programs.sink("--modern", "--auth-users", users, "--tls-cert", own.file, "-c") as sink:
            port = int(sink.endpoint.rpartition(":")[2])
            with smtplib.SMTP("localhost", port, timeout=rig.PATIENCE) as client:
                client.starttls(context=context)
                client.ehlo("me")
                self.assertFalse(client.has_extn("starttls"))
                self.assertTrue(client.has_extn("smtputf8"))
                client.login("bob", "other")
                self.assertEqual(client.send_message(self.message()), {})
            sink.wait_counter("mesg", 1)

    @staticmethod
    def message():
        from email.message import EmailMessage
        message = EmailMessage()
        message["From"], message["To"] = "f\u00f6\u00f6@x.example", "b\u00e4r@y.example"
        message.set_content("text\n")
        return message


if __name__ == "__main__":
    unittest.main()
