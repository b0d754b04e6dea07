"""Plays the golden dialogues against the running programs, over both engines."""

import re
import shlex
import socket
import unittest

import rig

FOLDER = rig.TOP / "tests/transcripts"
CLIENT, SERVER, TLS = "C", "S", "="


def unescape(text):
    end = b"\r\n"
    if text.endswith("\\c"):
        text, end = text[:-2], b""
    named = {"r": b"\r", "n": b"\n", "t": b"\t", "0": b"\0", "\\": b"\\"}

    def replace(match):
        code = match.group(1)
        return bytes([int(code[1:], 16)]) if code[:1] == b"x" else named[code.decode()]

    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[rnt0\\])", replace, text.encode("latin-1")) + end


def load(path):
    """The program's words, its rules, the turns as [speaker, bytes], and whether the server closes."""
    lines = path.read_text(encoding="latin-1").split("\n")
    rules, turns, closed = "", [], False
    for line in lines[1:]:
        if line.startswith("#") or not line:
            continue
        if line == "= closed":
            closed = True
            continue
        if line == "= tls":
            turns.append([TLS, b""])
            continue
        if line.startswith("R: "):
            rules += line[3:] + "\n"
            continue
        speaker, text = line[0], unescape(line[3:])
        if not turns or turns[-1][0] != speaker:
            turns.append([speaker, b""])
        turns[-1][1] += text
    return shlex.split(lines[0]), rules, turns, closed


def matches(pattern, data):
    parts = map(re.escape, pattern.split(b"*"))
    return re.fullmatch(rb"[^\n]*".join(parts), data, re.DOTALL)


def read_exactly(connection, length):
    data = b""
    while len(data) < length and (more := connection.recv(length - len(data))):
        data += more
    return data


class ServerTranscripts(rig.TestCase):
    def play(self, engine, path):
        words, rules, turns, closed = load(path)
        if rules:
            file = self.scratch / "rules.toml"
            file.write_text(rules, encoding="latin-1")
            words += ["--rules", file]
        with rig.ours(engine).sink(*words[1:]) as sink, sink.connect() as client:
            for speaker, data in turns:
                if speaker == CLIENT:
                    client.send(data)
                elif speaker == TLS:
                    client.start_tls()
                else:
                    self.assertEqual(read_exactly(client.socket, len(data)), data)
            if closed:
                self.assertTrue(client.closed())
            else:  # nothing is left to be said: a client that says no more is let go
                client.socket.shutdown(socket.SHUT_WR)
                self.assertEqual(client.read_to_end(), b"")

    def test_every_transcript(self):
        for engine in rig.ENGINES:
            for path in sorted((FOLDER / "server").glob("*.txt")):
                with self.subTest(engine=engine, transcript=path.stem):
                    self.play(engine, path)


class ClientTranscripts(rig.TestCase):
    def play(self, engine, path):
        words, _, turns, closed = load(path)
        spoken = []

        def serve(connection):
            for speaker, data in turns:
                if speaker == TLS:
                    connection = rig.serve_tls(connection)
                elif speaker == SERVER:
                    connection.sendall(data)
                elif speaker == CLIENT:
                    heard = b""
                    while not matches(data, heard) and (more := connection.recv(65536)):
                        heard += more
                    spoken.append((data, heard))
            connection.close()

        with rig.FakeServer(serve) as server:
            done = rig.ours(engine).source(server.endpoint, *words[1:])
        for answer, heard in spoken:
            self.assertTrue(matches(answer, heard), f"{heard!r} is not {answer!r}")
        self.assertEqual(len(spoken), sum(speaker == CLIENT for speaker, _ in turns))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_every_transcript(self):
        for engine in rig.ENGINES:
            for path in sorted((FOLDER / "client").glob("*.txt")):
                with self.subTest(engine=engine, transcript=path.stem):
                    self.play(engine, path)


if __name__ == "__main__":
    unittest.main()
