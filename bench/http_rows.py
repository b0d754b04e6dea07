"""What it costs that a sink can be asked over HTTP while somebody watches it."""

import contextlib
import socket
import threading

from contestants import load_options, our_sink, our_source
from figures import Check, measure, ratio
from support.sockets import free_port


class Watcher(threading.Thread):
    """Reads the events of a sink until it ends, and counts those with its figures."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.stats = 0
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._connection.sendall(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.start()

    def run(self):
        with self._connection, self._connection.makefile("rb") as lines, contextlib.suppress(ConnectionError):
            for line in lines:
                self.stats += line == b"event: stats\n"


def http_row(messages, size, share):
    """`share`: of the rate without HTTP, that must be left."""
    def run(rounds):
        load = load_options(messages, size)
        watchers = []
        place = {}

        def open_sink(port):
            place["port"] = free_port()
            return our_sink("--http", f"127.0.0.1:{place['port']}")(port)

        def watched_source(port):
            watchers.append(Watcher(place["port"]))
            return our_source(load)(port)

        table = measure({
            "without": (our_sink(), our_source(load)),
            "watched": (open_sink, watched_source),
        }, rounds, messages)
        for watcher in watchers:
            watcher.join(10)
            if watcher.stats < 2:
                raise AssertionError(f"a watcher saw {watcher.stats} events of figures")
        return table, [
            Check("messages/s watched over HTTP, x without", ratio(table, "watched", "without"), share),
            Check("sink CPU, x without", ratio(table, "watched", "without", "sink_cpu_us"), None, False),
        ]

    return run
