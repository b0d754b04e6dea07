"""What tests share that ask a sink over HTTP: a client that holds every answer against
doc/smtp-sink-api.json."""

import contextlib
import http.client
import json
import os
import re
import socket
import urllib.parse

import jsonschema

import playing
import rig

DOCUMENT = json.loads((rig.TOP / "doc/smtp-sink-api.json").read_text())
TOKEN = "0123456789abcdef0123"


class Answer:
    def __init__(self, status, header, body):
        self.status = status
        self.header = header
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


def row_of(method, path):
    """The operation of the document that a request asks for."""
    for template, operations in DOCUMENT["paths"].items():
        pattern = re.sub(r"\\{[a-z]+\\}", "[^/]+", re.escape(template))
        if re.fullmatch(pattern, path):
            return operations.get(method.lower())
    return None


def resolved(part):
    """A part of the document, or what it refers to."""
    while "$ref" in part:
        name = part["$ref"].removeprefix("#/").split("/")
        part = DOCUMENT
        for key in name:
            part = part[key]
    return part


def check_schema(value, schema):
    """Raises where a value is not what a schema of the document says."""
    whole = {"$schema": DOCUMENT["jsonSchemaDialect"], "components": DOCUMENT["components"], **schema}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)


def check(method, path, answer):
    """Raises where an answer is none that the document has for that request."""
    operation = row_of(method, urllib.parse.urlsplit(path).path)
    media = answer.header.get("Content-Type", "").split(";")[0]
    described = operation and operation["responses"].get(str(answer.status))
    if described is None:
        # What any request may get is in the words of the document's head.
        if answer.status not in (400, 401, 403, 404, 405, 411, 413, 414, 415, 503):
            raise AssertionError(f"{method} {path}: {answer.status} is not in the document")
        if answer.status in (400, 404, 413) and operation:
            raise AssertionError(f"{method} {path}: {answer.status} is not in the document: {answer.body}")
        check_schema(answer.json, {"$ref": "#/components/schemas/Error"})
        return
    content = resolved(described).get("content")
    if not content:
        if answer.body:
            raise AssertionError(f"{method} {path}: {answer.body!r}, not nothing")
        return
    if media not in content:
        raise AssertionError(f"{method} {path}: {media} is not among {list(content)}")
    value = answer.json if media == "application/json" else answer.body.decode("latin-1")
    check_schema(value, content[media]["schema"])


class Api:
    """Asks at an endpoint, over a connection for each request."""

    def __init__(self, endpoint, token=None):
        self.endpoint = endpoint
        self.token = token

    def ask(self, method, path, body=None, media="application/json", accept=None, header=(), checked=True):
        connection = http.client.HTTPConnection(self.endpoint, timeout=rig.PATIENCE)
        try:
            fields = dict(header)
            if self.token:
                fields.setdefault("Authorization", f"Bearer {self.token}")
            if accept:
                fields["Accept"] = accept
            if body is not None:
                fields.setdefault("Content-Type", media)
                if not isinstance(body, (str, bytes)):
                    body = json.dumps(body)
            connection.request(method, path, body.encode() if isinstance(body, str) else body, fields)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
        if checked:
            check(method, path, answer)
        return answer

    def get(self, path, status=200, **options):
        answer = self.ask("GET", path, **options)
        if answer.status != status:
            raise AssertionError(f"{path}: {answer.status}: {answer.body!r}")
        return answer

    def stats(self):
        return self.get("/api/v1/stats").json


def raw(endpoint, data):
    """What comes back for these bytes until it is closed."""
    host, port = endpoint.rsplit(":", 1)
    with socket.create_connection((host, int(port)), rig.PATIENCE) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while more := connection.recv(65536):
            received += more
    return received


def empty(pipe):
    """Reads all that is in it."""
    with contextlib.suppress(BlockingIOError):
        while os.read(pipe, 1 << 20):
            pass


class HttpCase(rig.TestCase):
    def full_pipe(self):
        """A pipe that holds up whoever writes into it: its path, and what it is read of."""
        path = self.scratch / "pipe"
        os.mkfifo(path)
        reader = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(reader, b"x" * 4096)
        return path, reader

    @contextlib.contextmanager
    def sink(self, *arguments, token=None, engine="uring", threads=2, **options):
        """Runs a sink with HTTP; gives it with what asks it."""
        at = f"127.0.0.1:{rig.free_port()}"
        if token:
            (self.scratch / "token").write_text(token + "\n")
            arguments = (*arguments, "--http-token-file", self.scratch / "token")
        with rig.ours(engine, "--threads", threads).sink("--http", at, *arguments, **options) as sink:
            rig.wait_for(lambda: rig.listens(at), "HTTP to be there")
            yield sink, Api(at, token)


RULE = {"name": "no", "match": {"command": "RCPT", "recipient": "no@*"}, "act": {"reply": "550 5.1.1 No"}}
TOML = """[[rule]]
name = "no"
match = { command = "RCPT", recipient = "no@*" }
act = { reply = "550 5.1.1 No" }
"""


def mail(subject="Hello", sender="a@b.test", recipient="c@d.test", header=()):
    content = "\n".join([f"Subject: {subject}", *header, "", "text"])
    return playing.message("250 *", content, sender, recipient)
