"""Ports that are free, and who listens or is connected on this machine."""

import array
import contextlib
import fcntl
import os
import pathlib
import random
import socket
import struct
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
                probe.bind(("", address[1]))
        except OSError:
            reservation.close()
            continue
        _reservations.append(reservation)
        return address[1]


# States of a TCP socket (Linux: include/net/tcp_states.h), and those in which bytes still come.
ESTABLISHED, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE_WAIT, LISTEN = 1, 4, 5, 6, 8, 10
_OPEN = (ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT)

# sock_diag(7): the constants that Python has no names for.
_NETLINK_SOCK_DIAG, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, _NLM_F_DUMP, _NLMSG_ERROR, _NLMSG_DONE = 4, 20, 1, 0x300, 2, 3
_HEAD = struct.Struct("=IHHII")                 # nlmsghdr
_REQUEST = struct.Struct("=BBBBI48x")           # inet_diag_req_v2: family, protocol, states
_SOCKET = struct.Struct("!xBxxHH")              # inet_diag_msg: state and ports ...
_UNREAD = (_HEAD.size + 56, struct.Struct("=I"))  # ... and where it has its receive queue


class TcpSocket(typing.NamedTuple):
    port: int
    peers_port: int
    state: int
    unread: int  # bytes that came and that nobody has read


def tcp_sockets(*states):
    """All of this machine that are in one of these states."""
    try:
        return list(_asked(states))
    except OSError:  # a kernel without sock_diag
        return [one for one in _listed() if one.state in states]


def _asked(states):
    wanted = sum(1 << state for state in states)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as kernel:
        for family in (socket.AF_INET, socket.AF_INET6):
            request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, wanted)
            kernel.send(_HEAD.pack(_HEAD.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST | _NLM_F_DUMP, 0, 0)
                        + request)
            yield from _answers(kernel)


def _answers(kernel):
    while True:
        batch = kernel.recv(1 << 20)
        while batch:
            length, kind, *_ = _HEAD.unpack_from(batch)
            if kind == _NLMSG_DONE:
                return
            if kind == _NLMSG_ERROR:
                error = -struct.unpack_from("=i", batch, _HEAD.size)[0]
                raise OSError(error, f"sock_diag: {os.strerror(error)}")
            state, port, peers_port = _SOCKET.unpack_from(batch, _HEAD.size)
            at, unread = _UNREAD
            yield TcpSocket(port, peers_port, state, *unread.unpack_from(batch, at))
            batch = batch[(length + 3) & ~3:]


def _listed():
    """However few there are, this walks through all of the kernel's table: 25 ms."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(FileNotFoundError), open(table, encoding="ascii") as lines:
            next(lines)  # the heading
            for line in lines:
                _, own, peers, state, queues, _ = line.split(maxsplit=5)
                port, peers_port, unread = (int(field.rpartition(":")[2], 16) for field in (own, peers, queues))
                yield TcpSocket(port, peers_port, int(state, 16), unread)


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
    return any((one.port, one.peers_port) == ports and one.unread == 0 for one in tcp_sockets(*_OPEN))


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
    return any(one.port == port_of(endpoint) for one in tcp_sockets(LISTEN))


def connect(endpoint, timeout=PATIENCE):
    if endpoint.startswith("unix:"):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(timeout)
        client.connect(endpoint.removeprefix("unix:"))
        return client
    host, _, port = endpoint.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)
