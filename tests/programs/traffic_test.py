"""Messages that differ: what --scenario and the options beside it send is what was asked for, whoever
sends it, and what is wrong with what they name is said before anything is sent."""

import collections
import email.policy
import json
import mailbox
import re
import socket
import subprocess

import dkim

import rig
import scenarios


def messages_in(folder):
    """Each message that the sink dumped, as often as it did: its envelope and its content."""
    dumped = collections.Counter()
    for path in folder.iterdir():
        head, content = re.fullmatch(rb"(.*?)Received: [^\n]*\n\t[^\n]*\n\t[^\n]*\n(.*)", path.read_bytes(),
                                     re.DOTALL).groups()
        envelope = tuple(line for line in head.splitlines() if line.startswith((b"X-Mail-Args", b"X-Rcpt-Args")))
        dumped[envelope, content.removesuffix(b"\n")] += 1  # a dump ends in an empty line
    return dumped


class TrafficCase(rig.TestCase):
    def write(self, name, text):
        path = self.scratch / name
        path.write_text(text)
        return path

    def sent(self, programs, *arguments, sink_arguments=()):
        """What a run of the source brings to the sink."""
        folder = self.scratch / "dumps"
        folder.mkdir(mode=0o777)
        with programs.sink("-d", folder / "%M.", *sink_arguments) as sink:
            done = programs.source(sink.endpoint, *arguments)
            self.assertEqual(done.returncode, 0, done.stderr)
        found = messages_in(folder)
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
        return found

    def refused(self, *arguments):
        """What is said of a run that is not begun: nobody connects."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            done = rig.ours("epoll").source(f"127.0.0.1:{listener.getsockname()[1]}", *arguments)
            listener.setblocking(False)
            self.assertRaises(BlockingIOError, listener.accept)
        self.assertEqual(done.returncode, 1, done)
        return done.stderr.decode()


class Scenario(TrafficCase):
    def test_sends_the_same_messages_whoever_sends_them(self):
        path = self.write("s.toml", scenarios.MIXED)
        runs = []
        for engine in rig.ENGINES:
            for threads in (1, 2, 8):
                programs = rig.ours(engine, "--threads", threads)
                runs.append(self.sent(programs, "--scenario", path, "--seed", 7, "-m", 300, "-s", 10, "-d", "-M",
                                      "h.test"))
        # The date is that of the run.
        runs = [self.without("Date", run) for run in runs]
        self.assertEqual(sum(runs[0].values()), 300)
        self.assertEqual(len(runs[0]), 300)
        for run in runs[1:]:
            self.assertEqual(run, runs[0])
        other = self.sent(rig.ours(rig.ENGINES[0]), "--scenario", path, "-m", 300, "-M", "h.test", "--seed", 8)
        self.assertNotEqual({envelope for envelope, _ in other}, {envelope for envelope, _ in runs[0]})

    def without(self, field, run):
        return collections.Counter({(envelope, re.sub(rb"\n%s: [^\n]*" % field.encode(), b"", content)): number
                                    for (envelope, content), number in run.items()})

    # A server that looks for duplicates is not to drop them.
    @rig.on_every_engine()
    def test_whose_seed_is_in_the_file_sends_the_same_under_other_names(self, programs):
        path = self.write("s.toml", scenarios.MIXED)
        runs = [self.without("Date", self.sent(programs, "--scenario", path, "-m", 60, "-M", "h.test")) for _ in range(2)]
        names = [set(re.findall(rb"\nMessage-ID: (\S+)", b"".join(content for _, content in run))) for run in runs]
        self.assertEqual([len(one) for one in names], [60, 60])
        self.assertFalse(names[0] & names[1])
        self.assertEqual(*(self.without("Message-ID", run) for run in runs))

    @rig.on_every_engine()
    def test_addresses_in_utf8_are_taken_where_smtputf8_is_asked_for(self, programs):
        pool = self.write("pool.txt", "ann@b.test\nj\u00f6rg@\u00fcber.test\n")
        found = self.sent(programs, "-m", 40, "--smtputf8", "--senders", pool, "--recipients", "u{1-3}\u00e4@b.test",
                          sink_arguments=("--modern",))
        senders = {envelope[0].split()[1].decode() for envelope, _ in found}
        self.assertEqual(senders, {"<ann@b.test>", "<j\u00f6rg@\u00fcber.test>"})
        for envelope, _ in found:
            self.assertRegex(envelope[0].decode(), r" SMTPUTF8\b")
            self.assertRegex(envelope[1].decode(), "<u[123]\u00e4@b.test>")

    def test_addresses_in_utf8_need_to_be_asked_for(self):
        pool = self.write("pool.txt", "ann@b.test\nj\u00f6rg@\u00fcber.test\n")
        self.assertIn("pool.txt:2: 'j\u00f6rg@\u00fcber.test' is more than ASCII: addresses in UTF-8 need --smtputf8",
                      self.refused("--senders", pool))
        self.assertIn("'\u00fcber.test' is more than ASCII", self.refused("--domains", "b.test=3,\u00fcber.test"))
        pool.write_bytes(b"ann@b.test\nj\xf6rg@b.test\n")
        self.assertIn("pool.txt:2: 'j\\xf6rg@b.test' is not UTF-8", self.refused("--smtputf8", "--senders", pool))

    @rig.on_every_engine()
    def test_what_is_not_ascii_says_so_where_the_server_takes_that(self, programs):
        corpus = self.scratch / "corpus"
        corpus.mkdir(exist_ok=True)
        (corpus / "1.eml").write_bytes(b"Subject: a\n\nb\n")
        (corpus / "2.eml").write_bytes(b"Subject: a\n\nGr\xc3\xbc\xc3\x9fe\n")
        for sink_arguments, announced in (((), True), (("--no-8bitmime",), False)):
            found = self.sent(programs, "--ehlo", "-m", 30, "--corpus", corpus, sink_arguments=sink_arguments)
            said = {(b"Gr\xc3\xbc" in content, b"BODY=8BITMIME" in envelope[0]) for envelope, content in found}
            self.assertEqual(said, {(False, False), (True, announced)})

    @rig.on_every_engine()
    def test_sends_well_formed_messages_in_every_way(self, programs):
        path = self.write("s.toml", scenarios.MIXED)
        ways = ((), ("--pipelining",), ("--chunking", "--chunk-size", 1000), ("--pipeline-window", 5, "--chunking"))
        for way in ways:
            found = self.sent(programs, "--scenario", path, "-m", 60, "-d", *way,
                              sink_arguments=("--modern",))
            self.assertEqual(sum(found.values()), 60)
            kinds = collections.Counter()
            for (envelope, content) in found:
                message = email.message_from_bytes(content, policy=email.policy.default)
                self.assertEqual([part.defects for part in message.walk() if part.defects], [], content)
                kinds[message.get_content_type()] += 1
                self.assertEqual(message["X-Kind"], "file" if message.get_content_type() == "multipart/mixed" else None)
                sender = re.search(rb"<(.*?)>", envelope[0])[1].decode()
                if sender:
                    self.assertEqual(message["From"].addresses[0].addr_spec, sender)
                self.assertIn(message["To"].addresses[0].addr_spec.encode(), envelope[1])
                self.assertLessEqual(max(len(line) for line in content.splitlines()), 998)
            self.assertEqual(set(kinds), {"text/plain", "multipart/alternative", "multipart/mixed"})

    def test_the_log_names_kinds(self):
        path = self.write("s.toml", scenarios.MIXED)
        for more in ((), ("--retry", "2x1ms")):
            log = self.scratch / "log"
            self.sent(rig.ours(rig.ENGINES[0]), "--scenario", path, "-m", 200, "--log", log, *more)
            kinds = collections.Counter(json.loads(line)["kind"] for line in log.read_text().splitlines()[:-1])
            self.assertEqual(sum(kinds.values()), 200)
            # 1/2, 1/4, 1/4: within five deviations.
            self.assertTrue(all(abs(kinds[kind] - mean) < 36
                                for kind, mean in (("words", 100), ("page", 50), ("file", 50))), kinds)

    @rig.on_every_engine()
    def test_rows_go_to_the_addresses_in_their_column(self, programs):
        self.write("t.eml", "Subject: {{name}}\n\nFor {{recipient}}.\n")
        fields = self.write("f.csv", "name,mail\nAnn,ann@a.test\nBob,bob@b.test\nCid,cid@c.test\n")
        path = self.write("s.toml", '[recipients]\naddresses = "everybody@else.test"\n'
                          '[[message]]\nname = "merge"\ntemplate = "t.eml"\nfields = "f.csv"\nto = "mail"\n'
                          '[[message]]\nname = "other"\nsize = "1K"\n')
        found = self.sent(programs, "--scenario", path, "-m", 60, "-s", 4, "-d")
        seen = {(envelope[1:], email.message_from_bytes(content)["Subject"], content.split(b"\n\n", 1)[1].strip())
                for envelope, content in found if b"\n\nFor " in content}
        self.assertEqual(seen, {((b"X-Rcpt-Args: <%s>" % mail,), mail[:3].decode().title(), b"For %s." % mail)
                                for mail in (b"ann@a.test", b"bob@b.test", b"cid@c.test")})
        self.assertEqual({envelope[1:] for envelope, content in found if b"\n\nFor " not in content},
                         {(b"X-Rcpt-Args: <everybody@else.test>",)})
        fields.write_text("name,mail\nAnn,ann@a.test\nBob,bob\n,\n")
        told = self.refused("--scenario", path)
        self.assertIn("f.csv:3: mail: 'bob' is no address", told)
        self.assertIn("f.csv:4: mail: '' is no address", told)

    def test_shows_what_it_would_send(self):
        path = self.write("s.toml", scenarios.MIXED)
        programs = rig.ours(rig.ENGINES[0])
        arguments = ("--scenario", path, "--seed", 7, "-M", "h.test")
        (envelope, content), = self.sent(programs, *arguments, "-m", 1)
        done = programs.run("smtp-source", *arguments, "--show", 0)
        self.assertEqual(done.returncode, 0, done.stderr)
        shown, message = done.stdout.split(b"\n\n", 1)
        self.assertEqual(re.findall(rb"<.*?>", shown), [re.search(rb"<.*?>", line)[0] for line in envelope])
        undated = re.compile(rb"\nDate: [^\n]*")
        self.assertEqual(undated.sub(b"", message), undated.sub(b"", content))

    def test_sessions_differ(self):
        path = self.write("s.toml", "seed = 3\n[session]\nmessages = '4'\ntls = '50%'\npipelining = '50%'\n"
                          "helo = 'host{n}.{domain}'\n")
        folder = self.scratch / "dumps"
        folder.mkdir(mode=0o777)
        report = self.scratch / "run.json"
        programs = rig.ours(rig.ENGINES[0])
        with programs.sink("-d", folder / "%M.", "--starttls") as sink:
            done = programs.source(sink.endpoint, "--scenario", path, "-m", 80, "--starttls", "--pipelining",
                                   "-f", "u@a.test", "--json", report)
        self.assertEqual(done.returncode, 0, done.stderr)
        run = json.loads(report.read_text())
        self.assertEqual(run["totals"]["sessions_opened"], 20)
        self.assertTrue(3 <= run["totals"]["tls_handshakes"] <= 17, run["totals"])
        names = collections.Counter(re.search(rb"Received: from (\S+)", path.read_bytes())[1]
                                    for path in folder.iterdir())
        self.assertEqual(names, {b"host%d.a.test" % number: 4 for number in range(20)})


class Options(TrafficCase):
    """Each has a short form."""

    @rig.on_every_engine()
    def test_corpora_go_out_as_they_are(self, programs):
        box = mailbox.mbox(self.scratch / "box")
        texts = [b"To: old@c.test\nMessage-ID: <%d@c.test>\nDate: Thu, 1 Jan 1970 00:00:00 +0000\nSubject: %d\n\n"
                 b".%s\n..\nFrom me\n" % (number, number, b"x" * number) for number in range(20)]
        for text in texts:
            box.add(mailbox.mboxMessage(text))
        box.close()
        path = self.write("s.toml", "[[message]]\nname = 'a'\ncorpus = 'box'\nas = 'is'\n")
        found = self.sent(programs, "--scenario", path, "-m", 400, "-d")
        self.assertEqual({content.rstrip(b"\n") for _, content in found}, {text.rstrip(b"\n") for text in texts})
        fresh = self.sent(programs, "--corpus", self.scratch / "box", "-m", 40, "-f", "s@a.test", "-t", "r@b.test")
        self.assertEqual(sum(fresh.values()), len(fresh))  # no Message-ID comes twice
        for _, content in fresh:
            message = email.message_from_bytes(content)
            self.assertEqual(message.get_all("To"), ["<r@b.test>"])
            self.assertEqual([len(message.get_all(name)) for name in ("Message-ID", "Date", "Subject")], [1, 1, 1])
            self.assertNotIn("c.test", message["Message-ID"])
            self.assertNotIn("1970", message["Date"])
            self.assertRegex(message.get_payload().encode(), rb"^\.x*\n\.\.\n>?From me\n")

    @rig.on_every_engine()
    def test_templates_are_filled_row_by_row(self, programs):
        template = self.write("t.eml", "Subject: Hello {{ name }}\nX-To: {{recipient}}\n\nDear {{name}}, no. {{n}}\n")
        fields = self.write("f.csv", "name\nAnn\n\"Bob, J\u00fcrgen\"\n")
        found = self.sent(programs, "--template", template, "--fields", fields, "-m", 4, "-t", "r@b.test",
                          "--header", "X-More: yes")
        seen = []
        for _, content in found:
            message = email.message_from_bytes(content, policy=email.policy.default)
            body = content.split(b"\n\n", 1)[1].decode().strip()
            seen.append((body, message["Subject"], message["X-To"], message["X-More"]))
        names = ("Ann", "Bob, J\u00fcrgen", "Ann", "Bob, J\u00fcrgen")
        self.assertEqual(sorted(seen), sorted((f"Dear {name}, no. {number}", f"Hello {name}", "r@b.test", "yes")
                                              for number, name in enumerate(names)))

    def test_long_headers_are_folded(self):
        """Where they are text, whose blanks mean nothing: other fields stay as they were written."""
        text, ids = " ".join(["word"] * 60), " ".join(f"<{number}@a.test>" for number in range(40))
        headers = {"X-Text": text, "References": ids}
        path = self.write("s.toml", "[[message]]\nname = 'a'\nsize = '2K'\nheaders = [" +
                          ", ".join(f"'{name}: {value}'" for name, value in headers.items()) + "]\n")
        options = [part for name, value in headers.items() for part in ("--header", f"{name}: {value}")]
        for arguments in (("--scenario", path), ("--size", "2K", *options)):
            (_, content), = self.sent(rig.ours(rig.ENGINES[0]), *arguments, "-m", 1)
            lines = content.split(b"\n\n")[0].splitlines()
            self.assertGreater(sum(line.startswith(b" word") for line in lines), 2)
            self.assertLessEqual(max(len(line) for line in lines if b"word" in line), 78)
            message = email.message_from_bytes(content)
            for name, value in headers.items():
                self.assertEqual("".join(message[name].splitlines()), value)

    @rig.on_every_engine()
    def test_who_and_how_large(self, programs):
        senders = self.write("senders.txt", "# who\na@a.test\nb@b.test\n")
        found = self.sent(programs, "--senders", senders, "--domains", "big.test=9,mid{1-4}.test", "-t", "me@x",
                          "--size", "3000", "-m", 200, "-d", "--seed", 1)
        self.assertEqual({envelope[0] for envelope, _ in found},
                         {b"X-Mail-Args: <a@a.test>", b"X-Mail-Args: <b@b.test>"})
        domains = collections.Counter(envelope[1] for envelope, _ in found.elements())
        self.assertEqual(set(domains), {b"X-Rcpt-Args: <me@big.test>",
                                        *(b"X-Rcpt-Args: <me@mid%d.test>" % number for number in range(1, 5))})
        self.assertGreater(domains[b"X-Rcpt-Args: <me@big.test>"], 150)
        # A CR LF has become an LF.
        self.assertEqual({len(content) + content.count(b"\n") for _, content in found}, {3000})
        numbered = self.sent(programs, "--size", "1K", "-N", "-r", 2, "-m", 3, "-t", "me@x")
        self.assertEqual(sorted(line for envelope, _ in numbered for line in envelope[1:]),
                         [b"X-Rcpt-Args: <%dme@x>" % number for number in range(1, 7)])
        both = self.sent(programs, "--recipients", "r{1-100}@b.test", "-r", 2, "-m", 3)
        self.assertTrue(all(re.fullmatch(rb"X-Rcpt-Args: <r\d+@b.test>", line)
                            for envelope, _ in both for line in envelope[1:]), both)
        self.assertEqual({len(envelope) for envelope, _ in both}, {3})

    def test_what_excludes_each_other(self):
        for arguments, told in (
                (("--size", "1K", "--corpus", "x"), "use only one of --size, --corpus or --template"),
                (("--fields", "x"), "--fields needs --template"),
                (("--size", "1K", "-o"), "-o sends no headers"),
                (("--size", "1K", "-l", 5), "-l"),
                (("--domains", "a.test", "--recipients", "a@b"), "use one of them"),
                (("--size", "quick"), "--size"),
                (("--header", "no colon"), "--header"),
        ):
            self.assertIn(told, self.refused(*arguments))


class Signatures(TrafficCase):
    def test_are_verified_by_others(self):
        key = self.scratch / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024", "-out", key],
                       check=True, capture_output=True)
        public = subprocess.run(["openssl", "pkey", "-in", key, "-pubout"], check=True, capture_output=True,
                                text=True).stdout
        record = "v=DKIM1; k=rsa; p=" + "".join(public.splitlines()[1:-1])
        path = self.write("s.toml", scenarios.MIXED.replace('name = "words"', 'name = "words"\ndkim = { domain = "a.test", '
                                                     'selector = "s1", key = "key.pem" }'))
        found = self.sent(rig.ours(rig.ENGINES[0]), "--scenario", path, "-m", 60)
        signed = 0
        for _, content in found:
            content = content.replace(b"\n", b"\r\n")
            plain = b"Content-Type: text/plain" in content and b"multipart" not in content
            self.assertEqual(content.startswith(b"DKIM-Signature:"), plain)
            if not plain:
                continue
            signed += 1
            dns = {b"s1._domainkey.a.test.": record.encode()}
            self.assertTrue(dkim.verify(content, dnsfunc=lambda name, timeout=5, dns=dns: dns[name]), content)
        self.assertGreater(signed, 10)
