"""Today's SMTP between both programs, and what goes wrong with it."""

import re
import ssl
import unittest

import rig

# Dots, long lines, no line end at the end.
CONTENT = b"Subject: x\n\n.\n..\n.dot\n" + b"y" * 3000 + b"\nlast"

WAYS = {
    "pipelined": ["--pipelining"],
    "window": ["--pipeline-window", "5"],
    "chunks": ["--chunking"],
    "small chunks": ["--chunking", "--chunk-size", "1K", "--pipelining"],
    "chunk window": ["--chunking", "--pipeline-window", "7"],
    "binary": ["--body", "BINARYMIME"],
    "STARTTLS": ["--starttls", "--pipelining"],
    "STARTTLS, chunks": ["--starttls", "--chunking", "--pipeline-window", "4"],
    "authenticated": ["--auth", "PLAIN", "--auth-in-clear", "--auth-user", "ann", "--auth-password", "x"],
    "all of it": ["--starttls", "--tls-resume", "--auth", "CRAM-MD5", "--auth-user", "ann", "--auth-password",
                  "x", "--smtputf8", "--requiretls", "--dsn-notify", "SUCCESS", "--chunking",
                  "--pipeline-window", "3", "--xclient", "ADDR=[gen]", "--xforward", "NAME=[gen]"],
}


def file_with(test, name, content):
    path = test.scratch / name
    path.write_bytes(content)
    return path


def dumped(path):
    """The messages of a -D file, without what the sink puts ahead of them."""
    text = path.read_bytes()
    return [part.split(b"Received: ", 1)[1].split(b"\n\t", 2)[2].split(b"\n", 1)[1]
            for part in text.split(b"X-Client-Addr: ")[1:]]


class Delivery(rig.TestCase):
    @rig.on_every_engine((1, 3))
    def test_every_way_delivers_the_same(self, programs):
        message = file_with(self, "message", CONTENT)
        for way, options in WAYS.items():
            for lmtp in ([], ["-L"]):
                with self.subTest(way=way, lmtp=lmtp):
                    dump = self.scratch / "dump"
                    dump.unlink(missing_ok=True)
                    with programs.sink("--modern", "-D", dump, *lmtp) as sink:
                        done = programs.source(sink.endpoint, "-F", message, "-d", "-s", "5", "-m",
                                               "60", *options, *lmtp)
                        self.assertEqual(done.returncode, 0, done.stderr)
                    messages = dumped(dump)
                    self.assertEqual(len(messages), 60)
                    # Binary content is not touched; else a line end and an empty line follow. The
                    # sink ends what it keeps by a line end and an empty line.
                    wanted = CONTENT if way == "binary" else CONTENT + b"\n"
                    self.assertEqual({bytes(text) for text in messages}, {wanted + b"\n\n"})

    @rig.on_every_engine()
    def test_the_dialogue_shows_the_content_of_every_part_by_its_length(self, programs):
        with programs.sink("--modern", "--max-recipients", "2") as sink:
            done = programs.source(sink.endpoint, "-v", "--ehlo", "-r", "5")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count(b"RCPT TO:"), 5)
        self.assertEqual(done.stderr.count(b" bytes of content)"), 3)
        self.assertNotIn(b"La de da", done.stderr)

    @rig.on_every_engine()
    def test_it_works_over_unix_sockets(self, programs):
        path = self.scratch / "socket"
        with programs.sink("--modern", "-c", endpoint=f"unix:{path}") as sink:
            done = programs.source(sink.endpoint, "--starttls", "--chunking", "--pipeline-window",
                                   "3", "-d", "-m", "20", "--sni", "x.example")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("mesg", 20)

    @rig.on_every_engine((1, 3))
    def test_a_large_message_passes_under_tls(self, programs):
        with programs.sink("--tls", "-c") as sink:
            done = programs.source(sink.endpoint, "--tls", "-l", "5000000", "-d", "-s", "3", "-m", "9")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("mesg", 9)

    @rig.on_every_engine((1, 3))
    def test_limits_are_obeyed(self, programs):
        dump = self.scratch / "dump"
        dump.unlink(missing_ok=True)
        with programs.sink("--max-messages-per-session", "6", "--max-recipients", "7", "-c", "-D", dump) as sink:
            done = programs.source(sink.endpoint, "--ehlo", "-d", "-m", "10", "-r", "20", "-N", "-s", "2")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.wait_counter("mesg", 30)
            sink.wait_counter("sess", 5)
        numbers = sorted(map(int, re.findall(r"X-Rcpt-Args: <(\d+)foo@", dump.read_text())))
        self.assertEqual(numbers, list(range(1, 201)))

    @rig.on_every_engine()
    def test_a_message_over_the_limit_is_refused(self, programs):
        with programs.sink("--max-size", "2K", "-c") as sink:
            for options in (["--ehlo"], []):
                done = programs.source(sink.endpoint, "-l", "3000", *options)
                self.assertEqual(done.returncode, 1)
                self.assertIn(b"552 5.3.4", done.stderr)
            self.assertEqual(programs.source(sink.endpoint, "--ehlo", "-l", "1000").returncode, 0)


class Tls(rig.TestCase):
    @rig.on_every_engine()
    def test_the_certificate_is_verified_when_asked(self, programs):
        trust = ["--tls-ca-file", rig.certificate().authority]
        for of_the_sink, options, wanted in (
                (["--tls-cert", rig.certificate().file], ["--sni", "localhost", *trust], b""),
                (["--tls-cert", rig.certificate().file], ["--sni", "localhost"],
                 b"unable to get local issuer certificate"),
                (["--tls-cert", rig.certificate().file], ["--sni", "other.example", *trust], b"hostname mismatch"),
                ([], ["--sni", "localhost", *trust], b"self-signed certificate")):
            with programs.sink("--starttls", *of_the_sink) as sink:
                done = programs.source(sink.endpoint, "--starttls", "--tls-verify", *options)
                self.assertEqual(done.returncode, 1 if wanted else 0, done.stderr)
                self.assertIn(wanted, done.stderr)

    @rig.on_every_engine()
    def test_sessions_resume_and_client_certificates_are_seen(self, programs):
        with programs.sink("--tls", "--tls-ask-cert", "-v") as sink:
            for version in ("1.2", "1.3"):
                done = programs.source(sink.endpoint, "--tls", "--tls-version", version,
                                       "--tls-resume", "--tls-cert", rig.certificate().file, "-m", "5", "-v")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(done.stderr.count(b", resumed"), 4, done.stderr)
                self.assertIn(b"TLS: 5 handshakes, 4 resumed", done.stderr)
            sink.end()
            self.assertGreaterEqual(sink.err.count(b"with a client certificate"), 2)
            self.assertIn(b"TLS: 10 handshakes, 8 resumed", sink.err)

    @rig.on_every_engine()
    def test_versions_ciphers_and_groups(self, programs):
        for key, options, wanted in (
                ("rsa", ["--tls-version", "1.2", "--tls-ciphers", "ECDHE-RSA-AES128-GCM-SHA256"],
                 b"TLSv1.2, ECDHE-RSA-AES128-GCM-SHA256"),
                ("ecdsa", ["--tls-ciphers", "TLS_CHACHA20_POLY1305_SHA256", "--tls-groups", "P-384"],
                 b"TLSv1.3, TLS_CHACHA20_POLY1305_SHA256")):
            with programs.sink("--tls", "--tls-key-type", key) as sink:
                done = programs.source(sink.endpoint, "--tls", *options, "-v")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(wanted, done.stderr)

    @rig.on_every_engine()
    def test_a_server_without_tls(self, programs):
        with programs.sink() as sink:
            done = programs.source(sink.endpoint, "--starttls")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"server does not announce STARTTLS", done.stderr)
            done = programs.source(sink.endpoint, "--starttls", "--if-offered")
            self.assertEqual(done.returncode, 0, done.stderr)
            done = programs.source(sink.endpoint, "--tls")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"TLS handshake: ", done.stderr)

    @rig.on_every_engine()
    def test_a_client_without_tls(self, programs):
        with programs.sink("--tls") as sink, sink.connect() as client:
            client.send(b"EHLO x\r\n")
            client.read_to_end()
            self.assertEqual(sink.end(), 0)
            self.assertIn(b"warning: TLS handshake: ", sink.err)

    @rig.on_every_engine()
    def test_the_sink_takes_no_command_from_before_the_handshake(self, programs):
        """Command injection, CVE-2011-0411: in the same segment, and in a later one."""
        for first, second in ((b"STARTTLS\r\nNOOP\r\n", b""), (b"STARTTLS\r\n", b"NOOP\r\n")):
            with programs.sink("--starttls") as sink, sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.send(first)
                got = b""
                while not got.endswith(b"TLS\r\n"):
                    got += client.socket.recv(100)
                client.send(second)
                rest = client.read_to_end()
                self.assertNotIn(b"250", got + rest)
                self.assertEqual(sink.end(), 0)
                self.assertIn(b"TLS handshake: ", sink.err)

    @rig.on_every_engine()
    def test_the_source_takes_no_reply_from_before_the_handshake(self, programs):
        def serve(connection):
            connection.sendall(b"220 x\r\n")
            rig.read_line(connection)
            connection.sendall(b"250-x\r\n250 STARTTLS\r\n")
            rig.read_line(connection)
            connection.sendall(b"220 go\r\n250 injected\r\n")
            connection.recv(4096)

        with rig.FakeServer(serve) as server:
            done = programs.source(server.endpoint, "--starttls")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"TLS handshake: ", done.stderr)
        self.assertNotIn(b"injected", done.stderr)

    @rig.on_every_engine()
    def test_a_handshake_that_stops(self, programs):
        with programs.sink("--tls", "-t", "3", "-c") as sink:
            hello = ssl.MemoryBIO()
            context = ssl.create_default_context()
            with self.assertRaises(ssl.SSLWantReadError):
                context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="x").do_handshake()
            clients = [sink.connect() for _ in range(20)]
            for place, client in enumerate(clients):
                client.send(hello.read()[:place * 20] if place else b"")
            for client in clients:
                client.read_to_end()
                client.close()
            done = programs.source(sink.endpoint, "--tls")
            self.assertEqual(done.returncode, 0, done.stderr)

    @rig.on_every_engine()
    def test_a_name_given_in_the_clear_is_forgotten(self, programs):
        dump = self.scratch / programs.name.replace(" ", "")
        with programs.sink("--starttls", "-D", dump) as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"EHLO in.the.clear\r\n", b"250 \r\n")
            client.talk(b"STARTTLS\r\n", b"TLS\r\n")
            client.start_tls()
            self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
        text = dump.read_text(encoding="ascii")
        self.assertNotIn("in.the.clear", text)
        self.assertIn("X-Client-Proto: SMTP\n", text)

    @rig.on_every_engine()
    def test_a_client_that_speaks_in_small_records(self, programs):
        with programs.sink("--starttls", "-c") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"STARTTLS\r\n", b"TLS\r\n")
            client.start_tls()
            for byte in b"MAIL FROM:<a@b>\r\n":
                client.send(bytes([byte]))
            client.read_until(b"250 2.1.0 Ok\r\n")
            client.talk(b"RCPT TO:<c@d>\r\nDATA\r\n", b"<CR><LF>.<CR><LF>\r\n")
            client.talk(b"x" * 100_000 + b"\r\n.\r\n", b"250 2.0.0 Ok\r\n")
            client.talk(b"QUIT\r\n", b"221 Bye\r\n")
            self.assertEqual(client.socket.recv(1), b"")
            sink.wait_counter("mesg", 1)


class Authentication(rig.TestCase):
    MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2",
                  "OAUTHBEARER")

    @rig.on_every_engine((1, 3))
    def test_users_take_turns(self, programs):
        users = file_with(self, "users", b"ann,secret\nbob,other\n")
        wrong = file_with(self, "wrong", b"ann,secret\nbob,wrong\n")
        with programs.sink("--auth-users", users, "-c") as sink:
            for mechanism in self.MECHANISMS:
                load = ["--auth", mechanism, "-s", "4", "-m", "8"]
                if mechanism in ("PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER"):
                    load.append("--auth-in-clear")
                done = programs.source(sink.endpoint, *load, "--auth-users", users)
                self.assertEqual(done.returncode, 0, (mechanism, done.stderr))
                done = programs.source(sink.endpoint, *load, "-A", "--auth-users", wrong)
                refused = re.findall(rb"535 5.7.8 .* \(session (\d), AUTH\)", done.stderr)
                self.assertEqual(set(refused), {b"2", b"4"}, (mechanism, done.stderr))

    def test_the_password_comes_from_a_file(self):
        programs = rig.ours(rig.ENGINES[0])
        password = file_with(self, "password", b"secret\n")
        users = file_with(self, "users", b"ann,secret\n")
        with programs.sink("--auth-users", users) as sink:
            login = ["--auth", "scram-sha-256", "--auth-user", "ann"]
            done = programs.source(sink.endpoint, *login, "--auth-password-file", password)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            done = programs.source(sink.endpoint, *login, "--auth-password", "secret")
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"better --auth-password-file", done.stderr)
            done = programs.source(sink.endpoint, "--auth", "PLAIN", "--auth-user", "ann", "--auth-password-file",
                                   self.scratch / "none")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"No such file", done.stderr)


class Addresses(rig.TestCase):
    @rig.on_every_engine((1, 3))
    def test_proxy_headers_are_taken_from_allowed_peers(self, programs):
        for version in ("v1", "v2"):
            for tls in ([], ["--tls"]):
                with programs.sink("--proxy-from", "10.0.0.0/8,127.0.0.0/8", "-v", *tls) as sink:
                    done = programs.source(sink.endpoint, "--proxy-protocol", version, "--proxy-source", "[gen]",
                                           "-s", "3", "-m", "6", *tls)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(sink.end(), 0)
                    seen = set(re.findall(rb"on behalf of \[198\.18\.0\.(\d+)\]", sink.err))
                    self.assertEqual(len(seen), 6)

    @rig.on_every_engine()
    def test_proxy_headers_of_others_are_commands(self, programs):
        with programs.sink("--proxy-from", "10.0.0.0/8") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", b"500 5.5.1 Error: unknown command\r\n")
        with programs.sink("--proxy-from", "127.0.0.1") as sink, sink.connect() as client:
            client.send(b"EHLO x\r\n")
            self.assertEqual(client.read_to_end(), b"")
            self.assertEqual(sink.end(), 0)
            self.assertIn(b"bad PROXY header", sink.err)

    @rig.on_every_engine((1, 3))
    def test_addresses_and_ports_to_connect_from_take_turns(self, programs):
        with programs.sink("-v") as sink:
            done = programs.source(sink.endpoint, "--bind", "127.0.0.5-127.0.0.7,127.0.0.9", "-s", "2",
                                   "-m", "8", "--bind-ports", "9400-9401")
            self.assertEqual(done.returncode, 0, done.stderr)
            sink.end()
            seen = re.findall(rb"connect from \[127\.0\.0\.(\d)\]:940([01])", sink.err)
            self.assertEqual(len(set(seen)), 8)

    @rig.on_every_engine()
    def test_xclient_is_believed_of_some_only(self, programs):
        refusal = b"550 5.7.0 Error: insufficient authorization\r\n"
        header = b"PROXY TCP4 192.0.2.1 127.0.0.1 5 25\r\n"
        local = b"PROXY UNKNOWN\r\n"
        for options, before, wanted in (
                (["--obey-xclient"], b"", b"ESMTP\r\n"),
                (["--modern"], b"", b"ESMTP\r\n"),
                (["--obey-xclient", "--xclient-from", "192.0.2.0/24,::1"], b"", refusal),
                # Behind a proxy it is the client who is believed or not.
                (["--obey-xclient", "--proxy-from", "127.0.0.1"], header, refusal),
                (["--obey-xclient", "--proxy-from", "127.0.0.1"], local, b"ESMTP\r\n"),
                (["--xclient-from", "192.0.2.1", "--proxy-from", "127.0.0.1"], header, b"ESMTP\r\n")):
            with self.subTest(options=options, header=before):
                with programs.sink(*options) as sink, sink.connect() as client:
                    client.talk(before, b"ESMTP\r\n")
                    client.talk(b"XCLIENT NAME=a.example\r\n", wanted)

    @rig.on_every_engine()
    def test_xclient_takes_effect(self, programs):
        dump = self.scratch / "dump"
        dump.unlink(missing_ok=True)
        with programs.sink("--obey-xclient", "-D", dump) as sink:
            done = programs.source(sink.endpoint, "--xclient", "ADDR=[gen] NAME=[gen] PORT=[gen] LOGIN=[gen]",
                                   "-s", "2", "-m", "4")
            self.assertEqual(done.returncode, 0, done.stderr)
        seen = re.findall(r"X-Client-Addr: (\S+)\nX-Client-Proto: ESMTP\nX-Client-Name: (\S+)\n"
                          r"X-Client-Port: (\S+)\nX-Client-Login: (\S+)\nX-Helo-Args: ", dump.read_text())
        self.assertEqual(len(set(seen)), 4)
        for address, name, port, login in seen:
            number = int(address.removeprefix("198.18.0."))
            self.assertEqual((name, port, login), (f"client{number + 1}.example.com",
                                                   str(1024 + number), f"user{number + 1}"))

    @rig.on_every_engine()
    def test_a_session_has_its_time(self, programs):
        goodbye = b"421 4.4.2 smtp-sink Error: session time exceeded\r\n"
        with programs.sink("--max-session-time", "3", "-v") as sink:
            with sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                client.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
                self.assertEqual(client.read_to_end(), goodbye)
            sink.end()
            self.assertIn(goodbye.strip(), sink.err)


if __name__ == "__main__":
    unittest.main()
