"""Rows of many sessions: how a rate depends on their number, and what each costs."""

import selectors
import socket
import statistics
import time

from contestants import (
    floor_pair, load_options, one_by_one, our_sink, our_source, postfix_sink, postfix_source)
from figures import Check, figures
from running import end, run_pair, start_listening
from support.processes import peak_kib
from support.sockets import free_port
from table import show_curve


def steady_rate(contestant, sessions, messages):
    """Messages a second once all sessions are open: what is left when a run that only opens them
    and sends a message on each is taken away. `contestant` makes a pair for so many messages."""
    opening = run_pair(*contestant(sessions)).seconds
    return messages / (run_pair(*contestant(sessions + messages)).seconds - opening)


def scaling_row(crowds, messages, share, postfix_up_to, postfix_messages):
    """`crowds`: numbers of sessions. Beyond `postfix_up_to` Postfix's pair takes minutes."""
    size = 1024

    def run(rounds):
        rates = {}
        for sessions in crowds:
            contestants = {
                "Millrace": lambda count: (our_sink(),
                                           our_source(load_options(count, size, sessions))),
                "floor": lambda count: floor_pair(count, one_by_one(size), sessions=sessions),
                "Postfix": lambda count: (postfix_sink("-m", sessions),
                                          postfix_source(load_options(count, size, sessions))),
            }
            if sessions > postfix_up_to:
                del contestants["Postfix"]
            found = {name: [] for name in contestants}
            for _ in range(rounds):
                for name, contestant in contestants.items():
                    count = postfix_messages if name == "Postfix" else messages
                    found[name].append(steady_rate(contestant, sessions, count))
            rates[sessions] = {name: statistics.median(some) for name, some in found.items()}
        show_curve(rates)
        return {str(sessions): row for sessions, row in rates.items()}, [
            Check(f"{sessions} sessions, x floor", row["Millrace"] / row["floor"], share)
            for sessions, row in rates.items()
        ]

    return run


def opening_row(sessions, limit):
    """All from one address, a message on each."""
    def run(rounds):
        load = load_options(sessions, 1024, sessions)
        results = [run_pair(our_sink(), our_source(load)) for _ in range(rounds)]
        return {"Millrace": figures(results, sessions)}, [
            Check(f"{sessions:,} sessions opened and used",
                  statistics.median(result.seconds for result in results), limit, False, " s")]

    return run


def tls_memory_row(sessions):
    """Sessions that are all open at once, by the sink's greeting that keeps them waiting. They
    connect over three seconds: OpenSSL's handshake takes some 40 KiB of its own for a moment."""
    def measure_pair(count):
        load = ["-d", "-s", count, "-m", 2 * count, "-l", 1024, "-R", 3]
        return run_pair(our_sink("--tls", "-W", "connect:4"), our_source(load, "--tls"))

    def run(_rounds):
        full, empty = measure_pair(sessions), measure_pair(1)
        sides = {side: (getattr(full, side).peak_kib - getattr(empty, side).peak_kib) / sessions
                 for side in ("source", "sink")}
        table = {"Millrace": {f"{side}_kib_per_session": kib for side, kib in sides.items()}}
        return table, [Check(f"{side} memory a TLS session", kib, 40, False, " KiB")
                       for side, kib in sides.items()]

    return run


def crowd(port, sessions):
    """Opens so many sessions, reads every greeting, then sends a message on each at once.
    Returns how many were accepted."""
    message = (b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n", b"X" * 1024 + b"\r\n.\r\n")
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(sessions)]

    def answers(count):
        replies = {client: b"" for client in clients}
        waiting = selectors.DefaultSelector()
        for client in clients:
            waiting.register(client, selectors.EVENT_READ)
        done = 0
        while done < sessions:
            ready = waiting.select(30)
            if not ready:
                break
            for key, _ in ready:
                data = key.fileobj.recv(4096)
                replies[key.fileobj] += data
                if not data or replies[key.fileobj].count(b"\r\n") >= count:
                    waiting.unregister(key.fileobj)
                    done += 1
        waiting.close()
        return replies

    answers(1)
    time.sleep(1)  # the idle part of the row
    for part, replies in zip(message, (3, 1)):
        for client in clients:
            client.sendall(part)
        last = answers(replies)
    accepted = sum(reply.startswith(b"250") for reply in last.values())
    for client in clients:
        client.close()
    return accepted


def crowd_row(sessions):
    def measure_sink():
        port = free_port()
        server = start_listening(our_sink(), port)
        empty = peak_kib(server.pid)
        accepted = crowd(port, sessions)
        full = peak_kib(server.pid)
        end(server)
        return (full - empty) / sessions, accepted

    def measure_source():
        # The sink makes all sessions wait for its greeting; then all send at once.
        load = ["-d", "-s", sessions, "-m", 2 * sessions, "-l", 1024]
        full = run_pair(our_sink("-W", "connect:3"), our_source(load))
        empty = run_pair(our_sink(), our_source(["-d", "-s", 1, "-m", 1, "-l", 1024]))
        return (full.source.peak_kib - empty.source.peak_kib) / sessions

    def run(_rounds):
        sink_kib, accepted = measure_sink()
        source_kib = measure_source()
        table = {"Millrace": {"sink_kib_per_session": sink_kib,
                              "source_kib_per_session": source_kib,
                              "messages_accepted": accepted}}
        return table, [
            Check("sink memory a session", sink_kib, 4, False, " KiB"),
            Check("source memory a session", source_kib, 6, False, " KiB"),
            Check("messages accepted", accepted, sessions, unit=""),
        ]

    return run
