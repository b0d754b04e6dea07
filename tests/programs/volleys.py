"""A load of which every reply is known with its time, and what a limit has to let pass of it.

A client is an address with some connections. It says the same command on all of them at once, a
volley, and the next volley when all are answered. So its volleys have an order, and within one all
threads of the sink want the same key."""

import collections
import heapq
import math
import selectors
import socket
import time

import rig

# A worker looks at its clock once a turn, perhaps a moment before a command is there.
LAG = 0.05


class Judge:
    """Whether what passed of one client can be what `over = "COUNT/WINDOW"` lets pass. Commands were
    looked at some time between a volley's sending and its last reply; so when a window began is known
    within bounds, and every state is kept that all replies so far agree with."""

    def __init__(self, count, window):
        self.count, self.window = count, window
        self.full = 0  # volleys of which something was refused
        # How many have passed, and between which times the window began; at first one that is over.
        self._states = {(count, -math.inf, -math.inf)}

    def take(self, sent, answered, asked, passed):
        """Returns whether a limit that counts could have done this."""
        sent -= LAG
        self.full += passed < asked
        if answered - sent >= self.window:  # windows may have come and gone
            self._states = {(number, sent - self.window, answered) for number in range(1, self.count + 1)}
            return True
        self._states = {new for state in self._states for first in range(asked + 1)
                        for new in self._after(state, sent, answered, first, asked - first, passed)}
        return bool(self._states)

    def _after(self, state, sent, answered, first, then, passed):
        """When so many came in the window that was open, `then` more in the next."""
        number, earliest, latest = state
        left = min(first, self.count - number)
        if left + min(then, self.count) != passed:
            return
        if first > 0:
            if sent >= latest + self.window:
                return
            earliest = max(earliest, sent - self.window)
        if then == 0:
            yield number + left, earliest, latest
        elif answered >= earliest + self.window:
            yield min(then, self.count), max(sent, earliest + self.window), answered


class Client:
    """Connections from one address; `judge` looks at its volleys."""

    def __init__(self, address, endpoint, connections, judge):
        self.address, self.judge = address, judge
        host, _, port = endpoint.rpartition(":")
        self.sockets = [socket.create_connection((host, int(port)), rig.PATIENCE, (address, 0))
                        for _ in range(connections)]
        self.due = self.sent = 0.0
        # Of the volley that is open:
        self.waiting = 0
        self.replies = collections.Counter()


class Load:
    """Volleys of `clients`, `rate` commands a second in all. A command that passes is answered by
    `passes`, any other by `refusal`; what else comes, or is no work of the limit, is in `wrong`."""

    def __init__(self, clients, rate, opening, command, passes, refusal):
        self.clients, self.command, self.passes, self.refusal = clients, command, passes, refusal
        self.asked = self.passed = 0
        self.wrong = []
        self._interval = sum(len(client.sockets) for client in clients) / rate  # between a client's volleys
        self._unread = {}
        self._selector = selectors.DefaultSelector()
        for client in clients:
            for one in client.sockets:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                rig.read_line(one)  # the greeting
                for line in opening:
                    one.sendall(line)
                    rig.read_line(one)
                one.setblocking(False)
                self._unread[one] = b""
                self._selector.register(one, selectors.EVENT_READ, client)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._selector.close()
        for one in self._unread:
            one.close()

    def run(self, seconds):
        """Plays for so long, or longer until every client was refused something, with patience.
        Returns how long."""
        begun = time.monotonic()
        due = []  # when a client's next volley is, and the client's place; the next first
        for place, client in enumerate(self.clients):
            client.due = begun + self._interval * place / len(self.clients)
            due.append((client.due, place))
        places = {client: place for place, client in enumerate(self.clients)}
        open_volleys = 0
        while True:
            now = time.monotonic()
            if self._enough(now - begun, seconds):
                due.clear()
            while due and due[0][0] <= now:
                self._send(self.clients[heapq.heappop(due)[1]])
                open_volleys += 1
            if not due and open_volleys == 0:
                return now - begun
            wait = max(0, due[0][0] - now) if due else rig.PATIENCE
            ready = self._selector.select(wait)
            if not ready and not due:
                raise AssertionError("no more replies")
            for key, _ in ready:
                client = key.data
                if self._read(client, key.fileobj):
                    open_volleys -= 1
                    client.due += self._interval
                    heapq.heappush(due, (client.due, places[client]))

    def _enough(self, passed, seconds):
        if self.wrong or passed >= seconds + rig.PATIENCE:
            return True
        return passed >= seconds and all(client.judge.full for client in self.clients)

    def _send(self, client):
        client.replies.clear()
        client.waiting = len(client.sockets)
        client.sent = time.monotonic()
        for one in client.sockets:
            one.send(self.command)

    def _read(self, client, one):
        """Returns whether that was the last reply to the client's volley."""
        data = one.recv(4096)
        if not data:
            raise AssertionError(f"{client.address}: closed")
        self._unread[one] += data
        if not self._unread[one].endswith(b"\n"):
            return False
        client.replies[self._unread[one]] += 1
        self._unread[one] = b""
        client.waiting -= 1
        if client.waiting == 0:
            self._judge(client, time.monotonic())
        return client.waiting == 0

    def _judge(self, client, answered):
        asked, passed = len(client.sockets), client.replies[self.passes]
        self.asked += asked
        self.passed += passed
        known = passed + client.replies[self.refusal]
        if known != asked or not client.judge.take(client.sent, answered, asked, passed):
            self.wrong.append(f"{client.address}: {dict(client.replies)}, sent at {client.sent:.6f}, "
                              f"answered at {answered:.6f}")
