"""Ports that are free, and who listens or is connected on this machine."""

import array
import contextlib
import fcntl
import pathlib
import random
import socket
import termios
import typing

from .waiting import PATIENCE

_reservations = []


def free_port():
    """A port below those that the system gives to clients, so that none of them can take it. It is
    kept from other tests, which may run in another process, by a UDP socket of the same number."""
    first, last = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    # Where the system gives away all but the lowest, one of those has to do.
    ours = range(10_000, first) if first > 11_000 else range(max(10_000, min(last + 1, 64_000)), 65_000)
    while True:
        address = ("127.0.0.1", random.choice(ours))
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            reservation.bind(address)
            with socket.socket() as probe:
                probe.bind(address)
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        return address[1]


# States of a TCP socket, as /proc/net/tcp names them (Linux: include/net/tcp_states.h).
ESTABLISHED, TIME_WAIT, LISTEN = "01", "06", "0A"


class TcpSocket(typing.NamedTuple):
    port: int
    peers_port: int
    state: str
    unread: int  # bytes that came and that nobody has read


def tcp_sockets():
    """All of this machine. (psutil looks through the descriptors of every process for them: a
    second and more when thousands are open.)"""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError), open(table, encoding="ascii") as lines:
            next(lines)  # the heading
            for line in lines:
                _, own, peers, state, queues, _ = line.split(maxsplit=5)
                port, peers_port, unread = (int(field.rpartition(":")[2], 16) for field in (own, peers, queues))
                yield TcpSocket(port, peers_port, state, unread)


def queue_length(descriptor, queue):
    """How many bytes a pipe holds (termios.FIONREAD), or a TCP connection that the other end's system
    has not acknowledged (termios.TIOCOUTQ)."""
    number = array.array("i", [0])
    fcntl.ioctl(descriptor, queue, number)
    return number[0]


def all_read(connection):
    """Whether the program at the other end, on this machine, has read all that was sent so far."""
    if queue_length(connection, termios.TIOCOUTQ) > 0:
        return False
    ports = (connection.getpeername()[1], connection.getsockname()[1])
    return any((one.port, one.peers_port) == ports and one.unread == 0 for one in tcp_sockets())


def port_of(endpoint):
    return int(endpoint.rpartition(":")[2])


def listens(endpoint):
    """Whether something listens at "host:port" or "unix:path", without connecting (a connection
    counts)."""
    if endpoint.startswith("unix:"):
        path = endpoint.removeprefix("unix:")
        table = pathlib.Path("/proc/net/unix").read_text(encoding="ascii", errors="replace")
        accepting = "00010000"  # among the flags, the fourth column
        return any(line.endswith(" " + path) and line.split()[3] == accepting
                   for line in table.splitlines())
    return any(one.state == LISTEN and one.port == port_of(endpoint) for one in tcp_sockets())


def connect(endpoint, timeout=PATIENCE):
    if endpoint.startswith("unix:"):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(timeout)
        client.connect(endpoint.removeprefix("unix:"))
        return client
    host, _, port = endpoint.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)
