"""What the sink keeps (--store): forms that others read, whole at any moment."""

import base64
import collections
import contextlib
import email
import email.policy
import fcntl
import hashlib
import itertools
import json
import mailbox
import os
import random
import re
import resource
import signal
import subprocess
import unittest

import psutil

import rig
from keeping_test import Load

FORMS = ("maildir", "mbox", "eml", "jsonl+message")

ID = re.compile(rb"^id: (\d+-\d+)$", re.MULTILINE)
# What a client of Load sends, with the line ends of the store.
CONTENT = re.compile(rb"id: \d+-\d+\r?\n(?:y{100}|y{150000})\r?\nend\r?\n")


def options(folder, forms=FORMS):
    """Those that have each of these stores in its place."""
    return [word for form in forms for word in ("--store", f"{form}:{folder / form}")]


def without_trace(text):
    """A message as the client sent it, whose own header may come behind the trace fields."""
    lines = text.split(b"\n")
    trace = 0
    while trace < len(lines) and lines[trace].startswith((b"Return-Path:", b"X-Original-To:", b"Received:", b"\t")):
        trace += 1
    return b"\n".join(lines[trace:])


def read_maildir(path):
    box = mailbox.Maildir(path, create=False)
    return [without_trace(box.get_bytes(key)) for key in sorted(box.keys())]


def read_mbox(path):
    """Each message, its quotes taken off; what there is behind the last one is an empty line."""
    box = mailbox.mbox(path, create=False)
    with contextlib.closing(box):
        texts = [box.get_bytes(key) for key in box.keys()]
    return [re.sub(rb"^>(>*From )", rb"\1", without_trace(text), flags=re.MULTILINE) for text in texts]


def content_of(line):
    """The content that a line of JSON tells of, which its size and its hash fit."""
    message = line["message"]
    content = message.encode() if isinstance(message, str) else base64.b64decode(message["base64"])
    if (len(content), hashlib.sha256(content).hexdigest()) != (line["size"], line["sha256"]):
        raise AssertionError(line)
    return content


def read_json_lines(path):
    lines = path.read_bytes().split(b"\n")
    if lines.pop() != b"":
        raise AssertionError("the last line does not end")
    return [json.loads(line) for line in lines]


def read_all(folder):
    """What each store has, by its form."""
    return {
        "maildir": read_maildir(folder / "maildir"),
        "mbox": read_mbox(folder / "mbox"),
        "eml": [without_trace(file.read_bytes()) for file in (folder / "eml").glob("*.eml")],
        "jsonl+message": [content_of(line) for line in read_json_lines(folder / "jsonl+message")],
    }


class Stores(rig.TestCase):
    @rig.on_every_engine((1, 4))
    def test_have_each_message_as_it_was_sent(self, programs):
        folder = self.scratch / f"{programs.name}{programs.options[-1]}"
        contents = [b"Subject: one\r\n\r\nFrom here\r\n>From there\r\n",
                    b"Subject: two\r\n\r\n" + b"0123456789\r\n" * 20_000,
                    b"Subject: =?x\r\n\r\n\xff\r\n"]
        with programs.sink(*options(folder), "--store", f"jsonl:{folder}/jsonl") as sink, \
                sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"EHLO client.test\r\nNOOP\r\n", b"250 2.0.0 Ok\r\n")
            for content in contents:
                self.assertEqual(client.message(content), b"250 2.0.0 Ok\r\n")
            stored = read_all(folder)  # while it runs: they were acknowledged
        in_lf = [content.replace(b"\r\n", b"\n") for content in contents]
        self.assertEqual(stored["maildir"], in_lf)
        self.assertEqual(stored["mbox"], in_lf)
        self.assertEqual(sorted(stored["eml"]), sorted(contents))
        self.assertEqual(stored["jsonl+message"], contents)
        box = mailbox.mbox(folder / "mbox")
        self.assertRegex(box[0].get_from(), r"^a@b [A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$")
        self.assertEqual((box[0]["Return-Path"], box[0]["X-Original-To"]), ("<a@b>", "c@d"))
        self.assertIn("from client.test ([127.0.0.1])", box[0]["Received"])
        box.close()
        for file in (folder / "eml").iterdir():
            message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
            self.assertEqual(message["Return-Path"], "<a@b>")
        lines = read_json_lines(folder / "jsonl")
        self.assertEqual([line["size"] for line in lines], [len(content) for content in contents])
        self.assertEqual(lines[0]["client"]["helo"], "client.test")
        self.assertNotIn("message", lines[0])

    @rig.on_every_engine()
    def test_tell_of_tls(self, programs):
        with programs.sink("--starttls", "--store", f"jsonl:{self.scratch}/jsonl") as sink:
            self.assertEqual(programs.source(sink.endpoint, "--starttls", "-m", 1).returncode, 0)
        line = read_json_lines(self.scratch / "jsonl")[-1]
        self.assertEqual((line["protocol"], line["tls"]["version"]), ("ESMTPS", "TLSv1.3"))

    @rig.on_every_engine()
    def test_let_nothing_of_a_client_be_more_than_text(self, programs):
        folder = self.scratch / programs.name
        evil = b"../../x\nFrom y z\rX-Evil: 1"
        with programs.sink(*options(folder)) as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"HELO " + evil + b"\r\n", b"\r\n")
            client.talk(b"MAIL FROM:<" + evil + b">\r\n", b"\r\n")
            client.talk(b"RCPT TO:<" + evil + b">\r\n", b"\r\n")
            client.talk(b"DATA\r\n", b"<CR><LF>.<CR><LF>\r\n")
            reply = client.talk(b"From a b\r\n\nFrom c d\r\n\r\nFrom e Thu Jan  1 00:00:00 1970\r\n.\r\n", b"\r\n")
            self.assertEqual(reply, b"250 2.0.0 Ok\r\n")
        self.assertEqual(sorted(path.name for path in folder.iterdir()), sorted(FORMS))
        texts = [(folder / "mbox").read_bytes(),
                 *(file.read_bytes() for file in (folder / "maildir/new").iterdir())]
        for text in texts:
            self.assertEqual(re.findall(rb"^X-Evil", text.replace(b"\r", b"\n"), re.MULTILINE), [])
        self.assertEqual(len(re.findall(rb"^From ", texts[0], re.MULTILINE)), 1)
        self.assertEqual(len(read_mbox(folder / "mbox")), 1)
        line, = read_json_lines(folder / "jsonl+message")
        self.assertEqual(line["sender"].encode(), evil)
        self.assertEqual({len(contents) for contents in read_all(folder).values()}, {1})

    @rig.on_every_engine()
    def test_have_only_what_was_taken(self, programs):
        folder = self.scratch / programs.name
        with programs.sink("-L", *options(folder)) as sink, sink.connect() as client:
            client.read_until(b"\r\n")
            client.talk(b"LHLO x\r\nNOOP\r\n", b"250 2.0.0 Ok\r\n")
            client.talk(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"<LF>\r\n")
            client.send(b"half of it")
        with programs.sink("-f", ".", *options(folder)) as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            self.assertEqual(client.message()[:1], b"5")
        self.assertEqual({len(contents) for contents in read_all(folder).values()}, {0})

    def test_need_a_place_to_write_to(self):
        rig.need(os.geteuid() == 0, "needs root")
        programs = rig.ours("epoll")
        folder = self.scratch / "root's"
        folder.mkdir(mode=0o755)
        for form in FORMS:
            done = programs.run("smtp-sink", "-u", "nobody", *options(folder, [form]),
                                f"127.0.0.1:{rig.free_port()}")
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr.decode(),
                             f"smtp-sink: fatal: store {folder / form}: Permission denied\n")
        jail = self.scratch / "jail"
        jail.mkdir()
        jail.chmod(0o777)
        with programs.sink("-R", jail, "-u", "nobody", "--store", "mbox:/mbox",
                           "--store", "maildir:/maildir") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            self.assertEqual(client.message(b"y" * 100_000 + b"\r\n"), b"250 2.0.0 Ok\r\n")
        self.assertEqual(len(read_mbox(jail / "mbox")), 1)
        self.assertEqual((jail / "mbox").owner(), "nobody")

    @rig.on_every_engine()
    def test_may_be_a_pipe(self, programs):
        with programs.sink("--store", "jsonl:/dev/stdout") as sink:
            self.assertEqual(programs.source(sink.endpoint, "-m", 3).returncode, 0)
        self.assertEqual(len([json.loads(line) for line in bytes(sink.out).splitlines()]), 3)


    @rig.on_every_engine()
    def test_may_be_a_pipe_that_is_left(self, programs):
        pipe = self.scratch / programs.name
        os.mkfifo(pipe)
        with programs.sink("--store", f"jsonl:{pipe}") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            self.assertEqual(client.message()[:10], b"452 4.3.1 ")
            reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
            self.assertEqual(client.message(), b"250 2.0.0 Ok\r\n")
            self.assertEqual(os.read(reader, 100_000).count(b"\n"), 1)
            os.close(reader)
            self.assertEqual(client.message()[:10], b"452 4.3.1 ")

    def test_are_at_places_that_differ(self):
        rig.need(os.geteuid() == 0, "needs root")
        programs = rig.ours("epoll")
        one, other = self.scratch / "one", self.scratch / "other"
        one.touch()
        other.symlink_to(one)
        done = programs.run("smtp-sink", "-u", "root", "--store", f"jsonl:{one}", "--store", f"mbox:{other}",
                            f"127.0.0.1:{rig.free_port()}")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.decode(), f"smtp-sink: fatal: stores {one} and {other} are one: "
                                               "each needs a place of its own\n")

    def test_have_room_beside_them_for_large_messages(self):
        rig.need(os.geteuid() == 0, "needs root")
        programs = rig.ours("epoll")
        folder = self.scratch / "closed"
        folder.mkdir(mode=0o755)
        (folder / "lines").touch()
        (folder / "lines").chmod(0o666)
        done = programs.run("smtp-sink", "-u", "nobody", "--store", f"jsonl:{folder}/lines",
                            f"127.0.0.1:{rig.free_port()}")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.decode(), f"smtp-sink: fatal: store {folder}/lines: "
                                               f"folder {folder}/: Permission denied\n")

    @rig.on_every_engine()
    def test_keep_a_last_line_that_does_not_end(self, programs):
        path = self.scratch / programs.name
        mine = b'{"mine":1}\n{"mine":2}'
        path.write_bytes(mine)
        with programs.sink("--store", f"jsonl:{path}") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            self.assertEqual(path.read_bytes(), mine + b"\n")
            with path.open("ab") as file:
                file.write(b'{"id":"3')
        self.assertEqual(path.read_bytes(), mine + b'\n{"id":"3')

    @rig.on_every_engine()
    def test_show_a_message_when_all_have_it(self, programs):
        folder = self.scratch / programs.name
        with programs.sink("--store", f"maildir:{folder}/a", "--store", f"jsonl:{folder}/b") as sink, \
                sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.talk(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"<LF>\r\n")
            with open(folder / "b", "r+b") as file:
                fcntl.lockf(file, fcntl.LOCK_EX)
                client.send(b"x\r\n.\r\n")
                rig.wait_for(lambda: os.listdir(folder / "a/tmp"), "the message")
                self.assertEqual(os.listdir(folder / "a/new"), [])
            client.read_until(b"250 2.0.0 Ok\r\n")
            self.assertEqual(os.listdir(folder / "a/tmp"), [])
            self.assertEqual(len(os.listdir(folder / "a/new")), 1)


class Killed(rig.TestCase):
    ROUNDS = 25 if rig.LONG else 1  # of each engine, with its guard and without, with --store-sync and without

    def check_stores(self, folder, acknowledged, guarded):
        """That all are whole, and have what was acknowledged, once each. Without a guard the last
        message of a mailbox may be torn."""
        whole = rb"\A" + CONTENT.pattern + rb"\Z"
        for form, contents in read_all(folder).items():
            if form == "mbox" and not guarded and contents and not re.search(whole, contents[-1]):
                contents.pop()
            found = collections.Counter()
            for content in contents:
                self.assertRegex(content, whole, form)
                found.update(ID.findall(content.replace(b"\r", b"")))
            self.assertEqual([id for id, times in found.items() if times > 1], [], form)
            self.assertEqual(acknowledged - set(found), set(), form)

    def check_kills(self, programs, guarded):
        chance = random.Random(f"{programs.name}{guarded}")
        for attempt, sync in itertools.product(range(self.ROUNDS), (["--store-sync"], [])):
            folder = self.scratch / f"{programs.name}{guarded}{attempt}{len(sync)}"
            with programs.sink(*sync, *options(folder), statuses=[-signal.SIGKILL]) as sink:
                load = Load(sink.endpoint)
                wanted = chance.randrange(20, 200)
                rig.wait_for(lambda: len(load.acknowledged) >= wanted, "so many messages")
                guards = psutil.Process(sink.pid).children()
                self.assertEqual(len(guards), 1)
                if not guarded:
                    guards[0].kill()
                sink.end(signal.SIGKILL)
                load.join()
            if guarded:
                rig.wait_for(lambda: not guards[0].is_running() or guards[0].status() == psutil.STATUS_ZOMBIE, "the guard")
            else:  # the next one finds what the last one left
                with programs.sink(*options(folder)):
                    pass
            self.assertEqual([file.name for file in folder.iterdir() if file.name == "mbox.lock"], [])
            self.check_stores(folder, set(load.acknowledged), guarded)

    @rig.on_every_engine((4,))
    def test_leaves_whole_messages(self, programs):
        self.check_kills(programs, guarded=True)

    @rig.on_every_engine((4,))
    def test_with_its_guard_leaves_them_to_the_next_start(self, programs):
        self.check_kills(programs, guarded=False)


class FullDisk(rig.TestCase):
    @rig.on_every_engine((1, 4))
    def test_refuses_the_message_and_lives(self, programs):
        rig.need(os.geteuid() == 0, "needs root to mount a small file system")
        small = self.scratch / "small"
        small.mkdir(exist_ok=True)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", small],
                                 capture_output=True, check=False)
        rig.need(mounted.returncode == 0, "may not mount a file system here")
        try:
            for size in (20_000, 100_000):
                folder = small / str(size)
                with programs.sink(*options(folder)) as sink, sink.connect() as client:
                    client.read_until(b"ESMTP\r\n")
                    replies = [client.message(b"y" * size + b"\r\n") for _ in range(10)]
                    self.assertEqual(replies[0], b"250 2.0.0 Ok\r\n")
                    self.assertEqual(replies[-1][:10], b"452 4.3.1 ")
                    for file in (folder / "eml").iterdir():
                        file.unlink()  # room for one more
                    for file in (folder / "maildir/new").iterdir():
                        file.unlink()
                    self.assertEqual(client.message(b"z\r\n"), b"250 2.0.0 Ok\r\n")
                stored = read_all(folder)
                taken = replies.count(b"250 2.0.0 Ok\r\n") + 1
                self.assertEqual({form: len(contents) for form, contents in stored.items()},
                                 {"maildir": 1, "mbox": taken, "eml": 1, "jsonl+message": taken})
                subprocess.run(["rm", "-r", folder], check=True)
        finally:
            rig.run(["umount", small])

    @rig.on_every_engine((4,))
    def test_of_one_store_leaves_nothing_in_the_others(self, programs):
        folder = self.scratch / programs.name
        complaint = f"message not stored in jsonl:{folder / 'jsonl'}: No space left on device"
        folder.mkdir()
        (folder / "jsonl").symlink_to("/dev/full")
        with programs.sink(*options(folder), "--store", f"jsonl:{folder / 'jsonl'}", "--verify",
                           folder / "proof") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            for _ in range(2):
                self.assertEqual(client.message()[:10], b"452 4.3.1 ")
            client.talk(b"NOOP\r\n", b"250 2.0.0 Ok\r\n")
            rig.wait_for(lambda: complaint.encode() in sink.err, "the complaint")
        self.assertEqual({len(contents) for contents in read_all(folder).values()}, {0})
        self.assertIn(b"verify: 0 seen,", bytes(sink.err))
        self.assertIn(b", 2 not recorded", bytes(sink.err))

    @rig.on_every_engine((4,))
    def test_as_every_user_can_have_it(self, programs):
        def few_bytes():
            resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000))

        for form in FORMS:
            folder = self.scratch / f"{programs.name}{form}"
            with programs.sink(*options(folder, [form]), preexec_fn=few_bytes) as sink, \
                    sink.connect() as client:
                client.read_until(b"ESMTP\r\n")
                self.assertEqual(client.message(b"y" * 20_000 + b"\r\n")[:10], b"452 4.3.1 ")
                self.assertEqual(client.message(b"y" * 100_000 + b"\r\n")[:10], b"452 4.3.1 ")
                self.assertEqual(client.message(b"y\r\n"), b"250 2.0.0 Ok\r\n")
            files = [file for file in folder.rglob("*") if file.is_file()]
            self.assertEqual(len(files), 1, files)
            self.assertLess(files[0].stat().st_size, 1_000)


class TwoSinks(rig.TestCase):
    @rig.on_every_engine((2,))
    def test_on_the_same_files_leave_them_whole(self, programs):
        folder = self.scratch / programs.name
        forms = ("mbox", "maildir", "jsonl+message")
        with programs.sink(*options(folder, forms)) as one, programs.sink(*options(folder, forms)) as other:
            loads = [programs.start("smtp-source", "-d", "-s", 10, "-m", 300, "-l", size, sink.endpoint)
                     for sink, size in ((one, 500), (other, 70_000))]
            for load in loads:
                self.assertEqual(load.wait(), 0)
        lines = read_json_lines(folder / "jsonl+message")
        self.assertEqual(len({line["id"] for line in lines}), 600)
        for line in lines:
            content_of(line)
        sent = collections.Counter(content_of(line).replace(b"\r\n", b"\n") for line in lines)
        self.assertEqual(collections.Counter(read_mbox(folder / "mbox")), sent)
        self.assertEqual(collections.Counter(read_maildir(folder / "maildir")), sent)

    @rig.on_every_engine()
    def test_wait_for_other_programs(self, programs):
        path = self.scratch / "mbox"
        with programs.sink("--store", f"mbox:{path}") as sink, sink.connect() as client:
            client.read_until(b"ESMTP\r\n")
            client.message()
            box = mailbox.mbox(path)
            box.lock()
            client.talk(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"<LF>\r\n")
            client.send(b"Subject: from the sink\r\n\r\n.\r\n")
            box.add("Subject: from Python\n\n")
            box.flush()
            box.unlock()
            client.read_until(b"250 2.0.0 Ok\r\n")
            box.close()
        box = mailbox.mbox(path)
        self.assertEqual({message["Subject"] for message in box},
                         {None, "from Python", "from the sink"})
        box.close()
        path.unlink()


if __name__ == "__main__":
    unittest.main()
