"""A raw client, and servers that are made up, well-behaved or not."""

import contextlib
import socket
import ssl
import threading

from .sockets import connect
from .waiting import PATIENCE


class Client:
    """A raw client that sends bytes and collects what comes back."""

    def __init__(self, endpoint):
        self.socket = connect(endpoint)
        self.received = b""

    def start_tls(self, **options):
        """The client's side of a TLS handshake, with any certificate."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket, **options)

    def send(self, data):
        self.socket.sendall(data)

    def read_until(self, wanted):
        """Reads until all that came ends in `wanted`; returns it and forgets it."""
        while not self.received.endswith(wanted):
            data = self.socket.recv(65536)
            if not data:
                raise AssertionError(f"closed after {self.received!r}, wanted {wanted!r}")
            self.received += data
        received, self.received = self.received, b""
        return received

    def read_to_end(self):
        """Reads until the server closes (or resets); returns all."""
        with contextlib.suppress(ConnectionResetError):
            while data := self.socket.recv(65536):
                self.received += data
        received, self.received = self.received, b""
        return received

    def talk(self, data, wanted):
        self.send(data)
        return self.read_until(wanted)

    def message(self, content=b"text\r\n"):
        """Sends one message in steps; returns the last reply."""
        self.talk(b"MAIL FROM:<a@b>\r\n", b"\r\n")
        self.talk(b"RCPT TO:<c@d>\r\n", b"\r\n")
        self.talk(b"DATA\r\n", b"<CR><LF>.<CR><LF>\r\n")
        return self.talk(content + b".\r\n", b"\r\n")

    def closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class FakeServer:
    """A server that does to each connection what a test's function does, one after another or
    `at_once`, until so many were served (None: until it is closed). What goes wrong there fails the
    test, and so does a connection that did not come."""

    def __init__(self, behave, connections=1, at_once=False):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=100)
        self._listener.settimeout(PATIENCE)
        self.endpoint = "127.0.0.1:%d" % self._listener.getsockname()[1]
        self._behave = behave
        self._connections = connections
        self._at_once = at_once
        self._served = 0
        self._closing = False
        self._errors = []
        self._threads = [threading.Thread(target=self._serve, daemon=True)]

    def _serve(self):
        while self._connections is None or self._served < self._connections:
            try:
                connection, _ = self._listener.accept()
            except OSError as error:
                if not self._closing:
                    self._errors.append(error)
                return
            self._served += 1
            if self._at_once:
                self._threads.append(threading.Thread(target=self._attend, args=[connection], daemon=True))
                self._threads[-1].start()
            elif not self._attend(connection):
                return

    def _attend(self, connection):
        """Returns whether nothing went wrong. A client may hang up at any time."""
        connection.settimeout(PATIENCE)
        try:
            with connection, contextlib.suppress(ConnectionError):
                self._behave(connection)
            return True
        except Exception as error:  # told to the test's own thread
            self._errors.append(error)
            return False

    @property
    def has_ended(self):
        return not any(thread.is_alive() for thread in self._threads)

    def __enter__(self):
        self._threads[0].start()
        return self

    def __exit__(self, _, failure, __):
        self._closing = True
        # A thread in accept() is not woken by close().
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        self._listener.close()
        if failure is not None:
            for error in self._errors:
                failure.add_note(f"in the made-up server: {error!r}")
        elif self._errors:
            raise self._errors[0]
        elif not self.has_ended:
            raise AssertionError("the made-up server did not come to an end")
        elif self._connections is not None and self._served < self._connections:
            raise AssertionError(f"{self._served} of {self._connections} connections came")


def read_line(connection):
    line = b""
    while not line.endswith(b"\r\n"):
        byte = connection.recv(1)
        if not byte:
            return line
        line += byte
    return line


# What a well-behaved server says. "." is the end of content.
REPLIES = {"CONNECT": b"220 fake\r\n", "DATA": b"354 go\r\n", "QUIT": b"221 bye\r\n"}


def usual_reply(command):
    return REPLIES.get(command, b"250 ok\r\n")


def play_server(connection, answer=usual_reply, record=None):
    """Greets, and answers each command by what `answer` gives for its verb; content follows 354.
    `record`: a list for all that is read."""
    connection.sendall(answer("CONNECT"))
    in_data = False
    for line in connection.makefile("rb"):
        if record is not None:
            record.append(line)
        if in_data and line != b".\r\n":
            continue
        command = "." if in_data else line[:4].decode("latin-1").strip().upper()
        reply = answer(command)
        in_data = command == "DATA" and reply.startswith(b"354")
        connection.sendall(reply)


def refusing(command, reply):
    """For play_server(): that command gets this reply."""
    return lambda verb: reply if verb == command else usual_reply(verb)


def answer_lmtp():
    """For play_server(): after the content a reply a recipient (RFC 2033, 4.2)."""
    recipients = 0

    def answer(verb):
        nonlocal recipients
        if verb == "RCPT":
            recipients += 1
        if verb != ".":
            return usual_reply(verb)
        replies, recipients = b"250 ok\r\n" * recipients, 0
        return replies

    return answer
